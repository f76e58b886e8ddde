"""One suite for the runner's ports: the ones in memory, and on a real broker."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.base import Position
from connectors.kafka import KafkaCursors, KafkaPublisher
from connectors.runner import CursorStore, Outgoing, Publisher
from tests.connectors.broker import Broker, new_topics
from tests.connectors.memory import MemoryCursors, MemoryPublisher


@dataclass
class Ports:
    """`stored` reads the raw topic; `reopened` is a cursor store as a new process sees it."""

    publisher: Publisher
    cursors: CursorStore
    reopened: CursorStore
    topic: str
    broker: Broker | None

    async def stored(self) -> list[Outgoing]:
        if self.broker is not None:
            return await self.broker.read(self.topic)
        assert isinstance(self.publisher, MemoryPublisher)
        return self.publisher.topics.get(self.topic, [])


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.servers)])
async def ports(request: pytest.FixtureRequest) -> AsyncIterator[Ports]:
    if request.param == "memory":
        cursors = MemoryCursors()
        yield Ports(MemoryPublisher(), cursors, MemoryCursors(cursors.saved), "intake.raw.hotline", None)
        return
    bootstrap: str = request.getfixturevalue("bootstrap")
    naming = await new_topics(bootstrap)
    publisher = KafkaPublisher(bootstrap)
    yield Ports(
        publisher,
        KafkaCursors(publisher, bootstrap, naming.cursors),
        KafkaCursors(publisher, bootstrap, naming.cursors),
        naming.raw,
        Broker(bootstrap),
    )
    await publisher.close()


async def test_what_is_published_is_stored_as_it_is_and_in_order(ports: Ports) -> None:
    records = [Outgoing(b"hotline/RX1", b"%d" % n, (("ce_id", b"%d" % n), ("content-type", b"application/json"))) for n in range(700)]
    await ports.publisher.publish(ports.topic, records[:500])
    assert await ports.stored() == records[:500]
    await ports.publisher.publish(ports.topic, records[500:])
    assert await ports.stored() == records


async def test_publishing_nothing_is_nothing(ports: Ports) -> None:
    await ports.publisher.publish(ports.topic, [])
    assert await ports.stored() == []


async def test_a_large_record_is_taken(ports: Ports) -> None:
    record = Outgoing(b"k", b"x" * (16 * 1024 * 1024 - 64 * 1024), (("ce_id", b"1"),))
    await ports.publisher.publish(ports.topic, [record])
    assert await ports.stored() == [record]


async def test_an_instance_that_never_saved_has_no_position(ports: Ports) -> None:
    await ports.cursors.save("another", {"offset": 1})
    assert await ports.cursors.load("hotline") is None


async def test_the_newest_position_of_the_instance_counts(ports: Ports) -> None:
    positions: list[Position] = [
        {"offset": 10, "fingerprint": "ab"},
        {"floor": 0, "recent": {"1203440017.txt": 1_772_409_600_123_456_789, "信.txt": 1}},
        {},
    ]
    for position in positions:
        await ports.cursors.save("hotline", position)
        await ports.cursors.save("hotline-2", {"offset": 99})
        assert await ports.reopened.load("hotline") == position
    assert await ports.reopened.load("hotline-2") == {"offset": 99}


async def test_a_position_of_half_a_megabyte_is_kept(ports: Ports) -> None:
    position: dict[str, Any] = {"floor": 0, "recent": {f"{n:010}.txt": 1_772_409_600_000_000_000 + n for n in range(12_000)}}
    await ports.cursors.save("mailbox", position)
    assert await ports.reopened.load("mailbox") == position


async def test_both_ports_may_be_used_at_once(ports: Ports) -> None:
    records = [Outgoing(b"%d" % n, b"x", (("ce_id", b"1"),)) for n in range(50)]
    await asyncio.gather(ports.publisher.publish(ports.topic, records), *(ports.cursors.save(f"c{n}", {"offset": n}) for n in range(5)))
    assert len(await ports.stored()) == 50
    assert [await ports.cursors.load(f"c{n}") for n in range(5)] == [{"offset": n} for n in range(5)]
