"""The whole flow on real Kafka and Postgres: what goes in comes out, once, and the same offline."""

import asyncio
import json
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors import registry
from connectors.kafka import serve
from connectors.settings import KafkaSettings
from onecase.demo.feeds import feed_path, month, prepare, steps, write
from schemas.contact import CHANNELS, Contact
from schemas.topics import CASES, JOURNAL, REJECTED, raw_topic
from schemas.views import CaseView
from streams.shell.policies import load_pack
from streams.steps.offline import Run as OfflineRun
from streams.steps.offline import export_line
from streams.steps.project import published_case
from tests.streams.integration.conftest import Make
from tests.streams.integration.harness import Run, export_lines

pytestmark = pytest.mark.servers


async def through_connectors(run: Run, feeds: Path) -> int:
    """Plays the demo's month through the four connectors."""
    prepare(feeds)
    settings = KafkaSettings(kafka_bootstrap=run.settings.kafka_bootstrap, suffix=run.suffix)
    published = 0
    for part in steps(month()):
        write(feeds, part)
        for channel in CHANNELS:
            spec = registry.find(channel)
            connector = spec.build(spec.settings(path=feed_path(feeds, channel), jurisdiction="yunxi"))
            published += await serve(connector, settings, once=True, poll_s=1, stop=asyncio.Event())
    return published


async def test_a_month_comes_through_and_the_export_decides_the_same_offline(make_run: Make, tmp_path: Path) -> None:
    """Connectors, Kafka, agents, Postgres; then the exported journal consolidated offline puts every report into the same case."""
    run = await make_run().prepare()
    run.start("normalise", "consolidate", "project")
    published = await through_connectors(run, tmp_path / "feeds")
    assert published == len(month())
    result = await run.settled(raw=published)
    assert result.holds, result.problems
    assert result.counts["rejected"] == 2  # the broken work order and the letter without its number

    live = {row["report_id"]: row["case_id"] for row in (await run.dump())["members"]}
    journal = sorted(await run.read(JOURNAL), key=lambda record: (record.place.partition, record.offset))
    offline = OfflineRun(load_pack(None))
    lines = export_lines(export_line(record) for record in journal).splitlines()
    decided = {}
    for number, line in enumerate(lines, 1):
        row = offline.take(number, line)
        if row["case_id"]:
            decided[row["report_id"]] = row["case_id"]
    assert decided == live
    consumer_sees_the_same(run, {row["case_id"]: row["view"] for row in (await run.dump())["cases"]})


def consumer_sees_the_same(run: Run, stored: dict[str, str]) -> None:
    """A downstream system with another client library ends with the same cases as Postgres."""
    topic = run.settings.naming.of(CASES)
    consumer = Consumer({"bootstrap.servers": run.settings.kafka_bootstrap, "group.id": run.suffix, "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(CASES.partitions)])
    newest: dict[str, bytes] = {}
    try:
        while messages := consumer.consume(500, timeout=3.0):
            for message in messages:
                assert message.error() is None
                newest[(message.key() or b"").decode()] = message.value() or b""
    finally:
        consumer.close()
    expected = {case_id: published_case(CaseView.model_validate_json(view)) for case_id, view in stored.items()}
    assert {case_id: CaseView.model_validate_json(value) for case_id, value in newest.items()} == expected
    assert all(json.loads(value)["case_id"] == case_id for case_id, value in newest.items())


async def test_bad_records_end_in_the_dead_letters_with_their_bytes(make_run: Make) -> None:
    """One raw record of each bad kind: each is rejected with bytes, headers, place, stage, reason and sentence; good ones go on."""
    run = await make_run(more={"ONECASE_REJECT_SHARE_MAX": "1"}).prepare()
    contact = {"channel": "hotline", "source_id": "X1", "reported_at": "2026-03-01T08:00:00+08:00", "body": "路灯坏了"}
    base = {"connector": "test", "channel": "hotline", "received_at": "2026-03-01T00:00:01Z", "payload": ""}
    good = run.encoded(Contact.model_validate(contact))
    headers = good[3]

    def raw(**changes: object) -> bytes:
        return json.dumps(base | {"contact": contact | changes}).encode()

    newer = [(name, b"onecase.raw.contact.v2" if name == "ce_type" else value) for name, value in headers]
    rows: list[tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
        ("value.not-json", b"k1", b"{half", headers),
        ("value.not-json", b"k2", '{"channel": "热线"}'.encode("gb18030"), headers),
        ("value.not-json", b"k3", b'{"channel": "\xff\xfe"}', headers),
        ("value.not-json", b"k4", b'{"channel": "\\ud800"}', headers),
        ("value.wrong-field", b"k5", raw(body=5), headers),
        ("value.wrong-field", b"k6", raw(body="雨" * 1_700_000), headers),  # 5 MB
        ("value.wrong-field", b"k7", json.dumps({"channel": "hotline"}).encode(), headers),
        ("time.unreadable", b"k8", raw(reported_at="gestern"), headers),
        ("channel.unknown", b"k9", raw(channel="telex"), headers),
        ("value.null", b"k10", None, headers),
        ("key.missing", None, raw(), headers),
        ("key.missing", None, b"", headers),
        ("version.unknown", b"k11", raw(), newer),
        ("envelope.missing", b"k12", raw(), []),
    ]
    await run.write(lambda _: raw_topic("hotline"), [("hotline", *row[1:]) for row in rows])
    await run.write(lambda _: raw_topic("hotline"), [("hotline", b"k13", raw(body="路灯\u0000坏了"), headers), ("hotline", *good[1:])])
    run.start("normalise", "consolidate", "project")
    result = await run.settled(raw=len(rows) + 2)
    assert result.holds, result.problems
    letters = await run.read(REJECTED)
    assert len(letters) == len(rows)
    by_key = {(letter.key, letter.value): dict(letter.headers) for letter in letters}
    for reason, key, value, sent in rows:
        found = by_key[key, value]
        assert found["onecase-reason"] == reason.encode(), (key, found)
        assert found["onecase-stage"] == b"normalise"
        assert len(found["onecase-sentence"] or b"") > 20
        assert {name: found[name] for name, _ in sent} == dict(sent)
    assert result.counts["journal"] == 2


async def test_a_bad_journal_record_becomes_an_event_and_a_dead_letter(make_run: Make) -> None:
    """Whoever writes nonsense into the journal does not stop it: the record is refused by an event, under its number."""
    run = await make_run(more={"ONECASE_REJECT_SHARE_MAX": "1"}).prepare()
    await run.write(lambda _: JOURNAL, [("", b"yunxi", b"nonsense", []), ("", None, b"{}", []), ("", b"yunxi", None, [])])
    run.start("consolidate", "project")
    result = await run.settled(raw=0)
    while result.counts["events"] < 3:
        result = await run.settled(raw=0)
    types = [row["type"] for row in (await run.dump())["events"]]
    assert types.count("record.refused") == 3
    assert result.holds, result.problems
    assert len(await run.read(REJECTED)) == 3
