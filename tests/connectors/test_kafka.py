"""The runner on a real broker, and what it says where there is none."""

import asyncio
import json
import socket
import time
from pathlib import Path

import pytest

from connectors.base import BadConfig, Retry, StopSource
from connectors.hotline.connector import build
from connectors.hotline.settings import HotlineSettings
from connectors.kafka import KafkaCursors, KafkaPublisher, serve, wait_for_topics
from connectors.runner import Outgoing
from connectors.settings import KafkaSettings
from schemas.base import from_millis
from schemas.codec import Envelope, decode, encode
from schemas.contact import RawContact
from schemas.views import Cursor
from tests.connectors.broker import Broker, new_topics


def order(number: int) -> bytes:
    return json.dumps(
        {
            "order_no": f"RX20260302{number:06}",
            "accept_time": "2026-03-02 08:12:33",
            "caller": {"name": "龙先生", "phone": f"139{number:08}"},
            "area_code": "430104",
            "address": f"桂花路{number}号",
            "type": "求助",
            "content": f"桂花路{number}号门前路灯连着三晚不亮，老人晚上出门看不清台阶，上周已经有人摔倒，请尽快安排维修。",
        },
        ensure_ascii=False,
    ).encode()


@pytest.mark.servers
async def test_a_feed_comes_into_the_raw_topic_and_a_restart_goes_on(bootstrap: str, tmp_path: Path) -> None:
    names = await new_topics(bootstrap)
    kafka = KafkaSettings(kafka_bootstrap=bootstrap, suffix=names.suffix)
    feed = tmp_path / "work_orders.jsonl"
    connector = build(HotlineSettings(path=feed, jurisdiction="changsha"))

    async def connect() -> int:
        return await serve(connector, kafka, once=True, poll_s=1, stop=asyncio.Event())

    feed.write_bytes(order(1) + b"\n" + order(2) + b"\nnot an order\n")
    assert await connect() == 3
    assert await connect() == 0
    with feed.open("ab") as file:
        file.write(order(3) + b"\n")
    assert await connect() == 1
    stored = await Broker(bootstrap).read(names.raw)
    raws = [decode({"raw.contact": RawContact}, record.headers, record.value)[1] for record in stored]
    assert sorted(raw.payload for raw in raws) == sorted([order(1), order(2), order(3), b"not an order"])
    assert {raw.jurisdiction for raw in raws} == {"changsha"}
    assert [raw.unreadable is None for raw in raws].count(False) == 1


@pytest.mark.servers
async def test_a_stop_ends_a_connector_that_follows(bootstrap: str, tmp_path: Path) -> None:
    names = await new_topics(bootstrap)
    kafka = KafkaSettings(kafka_bootstrap=bootstrap, suffix=names.suffix)
    feed, stop = tmp_path / "work_orders.jsonl", asyncio.Event()
    feed.write_bytes(order(1) + b"\n")
    connector = build(HotlineSettings(path=feed))
    assert await serve(connector, kafka, once=False, poll_s=3600, stop=stop, on_batch=lambda _: stop.set()) == 1


@pytest.mark.servers
async def test_missing_topics_are_named(bootstrap: str) -> None:
    with pytest.raises(BadConfig, match=r"has no topic intake.raw.nowhere; create it with `onecase topics apply`"):
        await wait_for_topics(bootstrap, ["intake.raw.nowhere"])


async def test_without_a_broker_the_wait_is_bounded() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Retry, match=f"Kafka at {address} did not answer within 0.3 s; start it or set ONECASE_KAFKA_BOOTSTRAP"):
            await wait_for_topics(address, [], wait_s=0.3)
        with pytest.raises(Retry, match="did not take records"):
            await KafkaPublisher(address).publish("intake.raw.hotline", [])
        with pytest.raises(Retry, match="did not give the cursors"):
            await KafkaCursors(KafkaPublisher(address), address, "intake.cursors").load("hotline")


@pytest.mark.servers
async def test_a_record_that_no_topic_takes_stops_the_source_and_the_publisher_stays_usable(bootstrap: str) -> None:
    names = await new_topics(bootstrap)
    publisher = KafkaPublisher(bootstrap)
    small = Outgoing(b"small", b"x", ())
    try:
        for size in (16 * 1024 * 1024 + 1000, 18 * 1024 * 1024):  # refused by the broker, refused by the producer
            with pytest.raises(StopSource, match=r"did not take records for .*: MessageSizeTooLargeError"):
                await publisher.publish(names.raw, [small, Outgoing(b"large", b"x" * size, ())])
        await publisher.publish(names.raw, [small])
    finally:
        await publisher.close()
    assert {record.key for record in await Broker(bootstrap).read(names.raw)} == {b"small"}


def cursor(position_format: int) -> Outgoing:
    at = from_millis(1_772_409_600_000)
    record = Cursor(connector="hotline", format=position_format, position={"offset": 1}, saved_at=at)
    value, headers = encode(Envelope("id", "cursor", "/onecase/connector/hotline", "hotline", at), record)
    return Outgoing(b"hotline", value, headers)


@pytest.mark.servers
async def test_cursors_of_other_programs(bootstrap: str) -> None:
    names = await new_topics(bootstrap)
    broker, publisher = Broker(bootstrap), KafkaPublisher(bootstrap)
    cursors = KafkaCursors(publisher, bootstrap, names.cursors)
    newer_type = tuple((k, v.replace(b".v1", b".v2")) for k, v in cursor(1).headers)
    for record, reason in (
        (cursor(2), "has format 2, which is newer than this program; upgrade it first"),
        (Outgoing(b"hotline", b"{}", newer_type), "Version '2' of 'cursor' is not known here; upgrade this program first"),
        (Outgoing(b"hotline", b"12", ()), "cannot be read: The record lacks the header ce_id"),
    ):
        await broker.write(names.cursors, record)
        with pytest.raises(BadConfig, match=reason):
            await cursors.load("hotline")
    await broker.write(names.cursors, cursor(1))
    assert await cursors.load("hotline") == {"offset": 1}
    await broker.write(names.cursors, Outgoing(b"hotline", None, ()))  # type: ignore[arg-type]
    assert await cursors.load("hotline") is None


@pytest.mark.servers
@pytest.mark.slow
async def test_publishing_does_not_wait_record_by_record(bootstrap: str, tmp_path: Path) -> None:
    """Target 5,000 records/s; waiting for each ack gives a few hundred. The bound leaves room for a busy machine."""
    names = await new_topics(bootstrap)
    kafka = KafkaSettings(kafka_bootstrap=bootstrap, suffix=names.suffix)
    feed = tmp_path / "work_orders.jsonl"
    feed.write_bytes(b"".join(order(n) + b"\n" for n in range(20_000)))
    start = time.monotonic()
    published = await serve(build(HotlineSettings(path=feed)), kafka, once=True, poll_s=1, stop=asyncio.Event())
    rate = published / (time.monotonic() - start)
    print(f"{rate:,.0f} records/s")
    assert published == 20_000
    assert rate > 2_000
