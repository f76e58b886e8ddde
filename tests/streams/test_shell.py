"""What the agents do with records before and after the pure steps, without Kafka: reading, dead letters, the journal's own errors."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.policy import parse_policy
from schemas import events as ev
from schemas.base import from_millis
from schemas.codec import DecodeError
from schemas.events import RecordRefused
from schemas.topics import REJECTED, Naming
from streams.records import Inbound, Place, RawHeaders, dead_letter
from streams.shell.consolidate import ConsolidateWork
from streams.shell.normalise import read
from streams.shell.policies import load_pack, load_packs
from streams.shell.rejects import LEAST, WINDOW, RejectShare, TooManyRejects
from streams.steps.consolidate import Ledgers
from streams.steps.wire import read_journal
from tests.streams.build import START, contact, journal_inbound, policy, raw_inbound, report, withdrawal

GOOD = raw_inbound(contact(), offset=12)


def headers(record: Inbound, **changes: bytes | None) -> RawHeaders:
    """The record's headers with some changed, or left out where None."""
    named = {name.replace("-", "_"): value for name, value in record.headers} | changes
    return tuple((name, value) for name, value in named.items() if value is not None)


def value(record: Inbound, **changes: Any) -> bytes:
    found = json.loads(record.value or b"{}") | changes
    return json.dumps({name: item for name, item in found.items() if item is not ...}).encode()


def test_a_raw_record_is_read() -> None:
    found = read(GOOD)
    assert found.contact == contact()
    assert found.arrival.raw is not None
    assert (found.arrival.raw.topic, found.arrival.raw.partition, found.arrival.raw.offset) == ("intake.raw.hotline", 0, 12)
    assert (found.arrival.arrived_at, found.arrival.zone, found.arrival.connector) == (START, "Asia/Shanghai", "hotline-1")
    assert found.wish == "local"
    assert read(raw_inbound(contact(jurisdiction="changsha"), jurisdiction="zhuzhou")).wish == "changsha"
    assert read(raw_inbound(contact(), jurisdiction="zhuzhou")).wish == "zhuzhou"


def test_newer_fields_are_ignored() -> None:
    newer = json.loads(GOOD.value or b"") | {"priority": {"level": 3}}
    newer["contact"]["mood"] = "angry"
    assert read(replace(GOOD, value=json.dumps(newer).encode())).contact == contact()
    assert read(replace(GOOD, headers=(*GOOD.headers, ("traceparent", b"00-1"), ("ce_id", None)))).contact == contact()


BAD_RAW = [
    pytest.param(replace(GOOD, key=None), "key.missing", id="no key"),
    pytest.param(replace(GOOD, value=None), "value.null", id="no value"),
    pytest.param(replace(GOOD, value=b""), "value.not-json", id="empty value"),
    pytest.param(replace(GOOD, value=b"\xff\xfe"), "value.not-json", id="no JSON"),
    pytest.param(replace(GOOD, value=b"[1]"), "value.wrong-field", id="no object"),
    pytest.param(replace(GOOD, value=value(GOOD, channel=...)), "value.wrong-field", id="a field is missing"),
    pytest.param(replace(GOOD, value=value(GOOD, payload="%%%")), "value.wrong-field", id="no base64"),
    pytest.param(
        replace(GOOD, value=value(GOOD, received_at="2026-03-02 09:00")), "value.wrong-field", id="a time without zone on the wire"
    ),
    pytest.param(replace(GOOD, headers=()), "envelope.missing", id="no envelope"),
    pytest.param(replace(GOOD, headers=headers(GOOD, ce_time=None)), "envelope.missing", id="no time"),
    pytest.param(replace(GOOD, headers=headers(GOOD, ce_time=b"today")), "envelope.unreadable", id="no such time"),
    pytest.param(replace(GOOD, headers=headers(GOOD, ce_source=b"\xff")), "envelope.unreadable", id="a header that is not UTF-8"),
    pytest.param(replace(GOOD, headers=headers(GOOD, ce_type=b"com.example.raw.v1")), "type.unknown", id="somebody else's type"),
    pytest.param(replace(GOOD, headers=headers(GOOD, ce_type=b"onecase.case.opened.v1")), "type.unknown", id="a type of another topic"),
    pytest.param(replace(GOOD, headers=headers(GOOD, ce_type=b"onecase.raw.contact.v2")), "version.unknown", id="a newer version"),
    pytest.param(raw_inbound(None, unreadable="Row 7 has 3 columns, not 12."), "payload.unreadable", id="the connector could not read it"),
    pytest.param(raw_inbound(None), "payload.unreadable", id="and does not say why"),
    pytest.param(raw_inbound(contact(), channel="board"), "channel.unknown", id="the contact is of another channel"),
    pytest.param(replace(GOOD, place=Place("intake.raw.board", 0)), "channel.unknown", id="a record in another channel's topic"),
]


@pytest.mark.parametrize(("record", "code"), BAD_RAW)
def test_raw_records_that_are_refused(record: Inbound, code: str) -> None:
    with pytest.raises(DecodeError) as error:
        read(record)
    assert error.value.code == code
    assert error.value.sentence.endswith(".")


def test_a_refusal_never_repeats_personal_data() -> None:
    broken = json.loads(GOOD.value or b"")
    broken["contact"] |= {"contact_phone": 13812345678, "source_id": {"李建国": 1}}
    with pytest.raises(DecodeError) as error:
        read(replace(GOOD, value=json.dumps(broken).encode()))
    assert "13812345678" not in error.value.sentence
    assert "李建国" not in error.value.sentence


def test_the_connectors_sentence_is_the_reason() -> None:
    with pytest.raises(DecodeError, match="Row 7 has 3 columns, not 12"):
        read(raw_inbound(None, unreadable="Row 7 has 3 columns, not 12."))


BYTES = st.none() | st.binary(max_size=30)
ERROR = DecodeError("value.not-json", "The value is not JSON in UTF-8: 施工.")


@given(key=BYTES, value=BYTES, given_headers=st.lists(st.tuples(st.sampled_from(["ce_id", "x", "onecase-stage"]), BYTES), max_size=4))
def test_a_dead_letter_is_the_record_itself(key: bytes | None, value: bytes | None, given_headers: list[tuple[str, bytes | None]]) -> None:
    record = Inbound(Place("intake.raw.hotline", 3), 41, 1_772_413_200_123, key, value, tuple(given_headers))
    letter = dead_letter("intake.rejected", "normalise", record, ERROR)
    assert (letter.topic, letter.key) == ("intake.rejected", key)
    assert letter.value == (b"" if key is None and value is None else value)
    assert letter.headers[: len(given_headers)] == tuple(given_headers)  # as they came: repeated ones, null ones
    ours = dict(letter.headers[len(given_headers) :])
    assert ours.pop("onecase-value-was-null", None) == (b"true" if key is None and value is None else None)
    assert ours == {
        "onecase-topic": b"intake.raw.hotline",
        "onecase-partition": b"3",
        "onecase-offset": b"41",
        "onecase-timestamp": b"1772413200123",
        "onecase-stage": b"normalise",
        "onecase-reason": b"value.not-json",
        "onecase-sentence": ERROR.sentence.encode(),
    }


def test_a_sentence_with_half_a_character_does_not_stop_the_letter() -> None:
    letter = dead_letter("intake.rejected", "normalise", GOOD, DecodeError("x", "half \ud800"))
    assert dict(letter.headers)["onecase-sentence"] == b"half ?"


FACT = journal_inbound(report(), 9, partition=4)


@pytest.mark.parametrize("fact", [report(), withdrawal()])
def test_a_journal_record_is_read(fact: Any) -> None:
    found = read_journal(journal_inbound(fact, 9, partition=4))
    assert (found.jurisdiction, found.partition, found.offset, found.at, found.fact) == ("local", 4, 9, START, fact)


@pytest.mark.parametrize(
    ("record", "jurisdiction", "code"),
    [
        pytest.param(replace(FACT, key=b"changsha"), "changsha", "key.wrong", id="another city's key"),
        pytest.param(replace(FACT, key=None), "unplaced-4", "key.wrong", id="no key"),
        pytest.param(replace(FACT, key=b"\xff"), "unplaced-4", "key.wrong", id="a key that is no text"),
        pytest.param(replace(FACT, key=b"Local"), "unplaced-4", "key.wrong", id="a key that is no name"),
        pytest.param(replace(FACT, key=b"local\n"), "unplaced-4", "key.wrong", id="a key with a line break"),
        pytest.param(replace(FACT, headers=headers(FACT, ce_type=b"onecase.link.confirmed.v1")), "local", "type.unknown", id="a type of a later release"),
        pytest.param(replace(FACT, headers=headers(FACT, ce_type=b"onecase.report.received.v2")), "local", "version.unknown", id="a later version"),
        pytest.param(replace(FACT, headers=()), "local", "envelope.missing", id="no envelope"),
        pytest.param(replace(FACT, value=None), "local", "value.null", id="no value"),
        pytest.param(replace(FACT, value=b"{"), "local", "value.not-json", id="no JSON"),
        pytest.param(replace(FACT, value=b"{", key=None), "unplaced-4", "value.not-json", id="nothing at all"),
    ],
)  # fmt: skip
def test_a_journal_record_that_cannot_be_read(record: Inbound, jurisdiction: str, code: str) -> None:
    found = read_journal(record)
    assert isinstance(found.fact, DecodeError)
    assert (found.jurisdiction, found.fact.code, found.at) == (jurisdiction, code, from_millis(record.timestamp))
    activated, refused = Ledgers(policy()).decide(found)
    assert isinstance(refused, RecordRefused)
    assert (refused.jurisdiction, refused.reason, refused.number) == (jurisdiction, code, 2)
    assert isinstance(activated, ev.PolicyActivated)


async def test_consolidate_writes_events_beside_the_journal_and_keeps_what_it_cannot_read() -> None:
    records = [replace(FACT, offset=0), replace(FACT, offset=1, value=b"{"), replace(FACT, offset=2)]
    out = await ConsolidateWork(0, Ledgers(policy()), Naming("run1")).handle(records)
    assert [(one.topic, one.partition) for one in out] == [
        ("intake.case-events.run1", 4), ("intake.case-events.run1", 4), ("intake.rejected.run1", None),
        ("intake.case-events.run1", 4), ("intake.case-events.run1", 4),
    ]  # fmt: skip
    assert {one.timestamp_ms for one in out if one.partition == 4} == {FACT.timestamp}
    assert {one.key for one in out} == {b"local"}
    assert out[2].value == b"{"
    assert Naming("run1").of(REJECTED) == out[2].topic


@pytest.mark.parametrize(
    ("share", "batches", "stops"),
    [
        (0.5, [(LEAST - 1, LEAST - 1)], False),  # too few to say
        (0.5, [(LEAST, LEAST // 2)], False),
        (0.5, [(LEAST, LEAST // 2 + 1)], True),
        (1.0, [(5000, 5000)] * 3, False),
        (0.5, [(60, 60), (60, 0)], False),
        (0.5, [(60, 60), (59, 0)], True),
        (0.5, [(WINDOW, 0), (WINDOW // 2, WINDOW // 2)], False),
        (0.5, [(WINDOW, 0), (WINDOW // 2, WINDOW // 2), (WINDOW // 2, WINDOW // 2)], True),  # the good ones are long ago
        (0.5, [(500, 500), *[(500, 0)] * 2], True),
        (0.01, [(100, 1)], False),
        (0.01, [(100, 2)], True),
        (0.5, [(0, 0), (1, 0)], False),
    ],
)
def test_too_many_rejects(share: float, batches: Sequence[tuple[int, int]], stops: bool) -> None:
    rejects = RejectShare(share)

    def go() -> None:
        for seen, rejected in batches:
            rejects.note(seen, rejected)

    if stops:
        with pytest.raises(TooManyRejects, match="ONECASE_REJECT_SHARE_MAX"):
            go()
    else:
        go()


def test_the_built_in_pack() -> None:
    assert load_pack(None).digest == policy().digest
    assert len(policy().digest) == 64


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"format":2}'])
def test_a_pack_that_cannot_be_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pack.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"pack\.json cannot be read: .") as error:
        load_pack(path)
    assert "\n" not in str(error.value)


def test_a_pack_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Policy pack .*missing\.json cannot be read"):
        load_pack(tmp_path / "missing.json")


def test_packs_go_by_their_digest(tmp_path: Path) -> None:
    pack = json.loads((Path(__file__).parents[2] / "dedup" / "packs" / "second-1.json").read_bytes())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(pack | {"name": "other-1"}), encoding="utf-8")
    chosen, packs = load_packs(None, [other])
    assert chosen.digest == policy().digest
    assert packs.keys() == {chosen.digest, parse_policy(other.read_bytes()).digest}
    assert load_packs(other, [])[0].name == "other-1"
