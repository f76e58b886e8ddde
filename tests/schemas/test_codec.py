"""The codec against the CloudEvents SDK as an oracle, and what it says about records that cannot be read."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from cloudevents.kafka import KafkaMessage, from_binary, to_binary
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Record
from schemas.codec import DecodeError, Envelope, decode, decode_as, encode, envelope_of, iso
from schemas.contact import Contact, RawContact
from schemas.ids import report_id
from schemas.journal import ReportReceived
from schemas.types import EVENT_TYPES, JOURNAL_TYPES, type_name
from schemas.views import CaseView
from tests.schemas.examples import Example, examples

TIME = datetime(2026, 3, 2, 11, 43, 1, 287000, tzinfo=UTC)
PHONE = "13900002054"
SECRET = f"周先生的电话是{PHONE}"
REPORT = {
    "jurisdiction": "yunxi",
    "report_id": report_id("hotline", "hotline", "RX1"),
    "channel": "hotline",
    "source_system": "hotline",
    "source_id": "RX1",
    "digest": "ab" * 32,
    "reported_at": "2026-03-02T19:42:18+08:00",
    "effective_at": "2026-03-02T19:42:18+08:00",
}
CONTACT = {"channel": "hotline", "source_id": "RX1", "reported_at": "2026-03-02 19:42:18", "body": "路灯不亮"}
HEADERS = {
    "ce_specversion": b"1.0",
    "ce_id": b"0b7c",
    "ce_type": b"onecase.report.received.v1",
    "ce_source": b"/onecase/normalise",
    "ce_subject": b"yunxi",
    "ce_time": b"2026-03-02T11:43:01.287Z",
    "content-type": b"application/json",
}


def refused(headers: Mapping[str, bytes | None], value: bytes | None, types: Mapping[str, type[Record]] = JOURNAL_TYPES) -> DecodeError:
    with pytest.raises(DecodeError) as error:
        decode(types, headers.items(), value)
    return error.value


def without(*names: str) -> dict[str, bytes | None]:
    return {name: value for name, value in HEADERS.items() if name not in names}


# The SDK as an oracle


@pytest.mark.parametrize("sequence", [None, 1, 10**15])
@pytest.mark.parametrize("example", examples("full"), ids=str)
def test_the_sdk_reads_what_we_write(example: Example, sequence: int | None) -> None:
    record = example.item.model.model_validate_json(example.value())
    value, headers = encode(Envelope("0b7c", example.item.name, "/onecase/test", "桂花路", TIME, sequence), record)
    event = from_binary(KafkaMessage(dict(headers), b"yunxi", value))
    assert event["specversion"] == "1.0"
    assert event["id"] == "0b7c"
    assert event["type"] == type_name(example.item.name)
    assert event["source"] == "/onecase/test"
    assert event["subject"] == "桂花路"
    assert datetime.fromisoformat(event["time"]) == TIME
    assert event["datacontenttype"] == "application/json"
    assert event.get("sequence") == (None if sequence is None else f"{sequence:020d}")
    assert event.get_data() == json.loads(record.to_json())


@pytest.mark.parametrize("sequence", [None, 1, 10**15])
@pytest.mark.parametrize("example", examples(), ids=str)
def test_we_read_what_the_sdk_writes(example: Example, sequence: int | None) -> None:
    attributes = {
        "id": "0b7c",
        "type": type_name(example.item.name),
        "source": "/somebody/else",
        "subject": "桂花路",
        "time": "2026-03-02T19:43:01.287654+08:00",
        "datacontenttype": "application/json",
    }
    if sequence is not None:
        attributes["sequence"] = str(sequence)
    message = to_binary(CloudEvent.create(attributes, example.json()), key_mapper=lambda _: "yunxi")
    assert isinstance(message.value, bytes)
    envelope, record = decode({example.item.name: example.item.model}, list(message.headers.items()), message.value)
    assert envelope == Envelope("0b7c", example.item.name, "/somebody/else", "桂花路", TIME, sequence)
    assert record == example.item.model.model_validate_json(example.value())


def test_both_write_the_same_headers() -> None:
    record = ReportReceived.model_validate(REPORT)
    value, headers = encode(Envelope("0b7c", "report.received", "/onecase/normalise", "yunxi", TIME, 7), record)
    theirs = to_binary(from_binary(KafkaMessage(dict(headers), b"yunxi", value)))
    assert dict(headers) == theirs.headers
    assert json.loads(theirs.value) == json.loads(value)


# Envelopes


def test_equal_records_give_equal_bytes() -> None:
    one = ReportReceived.model_validate(REPORT)
    other = ReportReceived.model_validate(dict(reversed(REPORT.items())) | {"effective_at": "2026-03-02T11:42:18Z", "title": ""})
    envelope = Envelope("0b7c", "report.received", "/onecase", "yunxi", TIME)
    assert encode(envelope, one) == encode(envelope, other)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis wants them bare
def test_a_time_is_written_in_one_length_and_read_again(at: datetime) -> None:
    text = iso(at)
    assert len(text) == len("2026-03-01T08:00:00.000Z")
    assert envelope_of({**HEADERS, "ce_time": text.encode()}.items()).time == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(st.lists(st.integers(1, 10**18), min_size=2, max_size=2))
def test_numbers_sort_as_text(numbers: list[int]) -> None:
    def header(number: int) -> bytes:
        envelope = Envelope("0b7c", "report.received", "/onecase", "yunxi", TIME, number)
        return dict(encode(envelope, ReportReceived.model_validate(REPORT))[1])["ce_sequence"]

    assert sorted(map(header, numbers)) == [header(number) for number in sorted(numbers)]


def test_subject_and_sequence_may_be_absent() -> None:
    found = envelope_of(without("ce_subject").items())
    assert (found.subject, found.sequence) == ("", None)


# What cannot be read: the code is stable, the sentence names the place and never shows what stands there

BAD_HEADERS: list[tuple[str, dict[str, bytes | None], str, str]] = [
    ("no id", without("ce_id"), "envelope.missing", "lacks the header ce_id"),
    ("no type", without("ce_type"), "envelope.missing", "lacks the header ce_type"),
    ("no source", without("ce_source"), "envelope.missing", "lacks the header ce_source"),
    ("no time", without("ce_time"), "envelope.missing", "lacks the header ce_time"),
    ("a null header", {**HEADERS, "ce_id": None}, "envelope.missing", "lacks the header ce_id"),
    ("no headers at all", {}, "envelope.missing", "lacks the header ce_id"),
    ("bytes that are no text", {**HEADERS, "ce_source": b"\xff\xfe"}, "envelope.unreadable", "header of the record is not readable"),
    ("a subject that is no text", {**HEADERS, "ce_subject": b"\xff"}, "envelope.unreadable", "header of the record is not readable"),
    ("a time that is none", {**HEADERS, "ce_time": SECRET.encode()}, "envelope.unreadable", "header of the record is not readable"),
    ("a time without zone", {**HEADERS, "ce_time": b"2026-03-02T11:43:01"}, "envelope.unreadable", "header of the record is not readable"),
    ("a number that is none", {**HEADERS, "ce_sequence": SECRET.encode()}, "envelope.unreadable", "header of the record is not readable"),
    ("a time in seconds", {**HEADERS, "ce_time": b"1700000000"}, "envelope.unreadable", "header of the record is not readable"),
    ("an odd number", {**HEADERS, "ce_sequence": b" 1_0 "}, "envelope.unreadable", "header of the record is not readable"),
    ("an older CloudEvents", {**HEADERS, "ce_specversion": b"0.3"}, "envelope.unreadable", "header of the record is not readable"),
    ("an unknown type", {**HEADERS, "ce_type": b"onecase.report.sung.v1"}, "type.unknown", "'report.sung' does not belong into this topic"),
    ("a type of another topic", {**HEADERS, "ce_type": b"onecase.case.opened.v1"}, "type.unknown", "'case.opened' does not belong"),
    ("a newer version", {**HEADERS, "ce_type": b"onecase.report.received.v2"}, "version.unknown", "Version '2' of 'report.received'"),
    ("a version that is none", {**HEADERS, "ce_type": b"onecase.report.received.vx"}, "version.unknown", "Version 'x'"),
    ("no version", {**HEADERS, "ce_type": b"onecase.report.received"}, "type.unknown", "'onecase.report.received' is not one of onecase's"),
    ("a foreign type", {**HEADERS, "ce_type": b"com.example.report.v1"}, "type.unknown", "'com.example.report.v1' is not one of onecase's"),
    ("an endless type", {**HEADERS, "ce_type": b"x" * 10_000}, "type.unknown", "x' is not one of onecase's"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "code", "said"), [row[1:] for row in BAD_HEADERS], ids=[row[0] for row in BAD_HEADERS])
def test_headers_that_cannot_be_read(headers: dict[str, bytes | None], code: str, said: str) -> None:
    error = refused(headers, json.dumps(REPORT).encode())
    assert error.code == code
    assert said in error.sentence
    assert PHONE not in error.sentence
    assert len(error.sentence) < 300
    assert error.sentence == str(error)


def changed(base: Mapping[str, Any], **fields: Any) -> bytes:
    return json.dumps({**base, **fields}, ensure_ascii=False).encode()


RAW = {"connector": "hotline-1", "channel": "hotline", "received_at": "2026-03-02T11:43:00Z", "payload": "e30="}
VIEW = next(example for example in examples("minimal") if example.item.name == "case.view").json()
MEMBER = {"report_id": REPORT["report_id"], "channel": "hotline", "source_system": "hotline", "source_id": "RX1", "reported_at": SECRET}

BAD_VALUES: list[tuple[str, type[Record], bytes | None, str, str]] = [
    ("null", ReportReceived, None, "value.null", "has no value (a tombstone)"),
    ("empty", ReportReceived, b"", "value.not-json", "The value is not JSON in UTF-8"),
    ("not JSON", ReportReceived, SECRET.encode(), "value.not-json", "line 1 column 1"),
    ("half of it", ReportReceived, changed(REPORT, body=SECRET)[:-30], "value.not-json", "The value is not JSON in UTF-8"),
    ("invalid UTF-8", ReportReceived, changed(REPORT, body="X").replace(b"X", SECRET.encode()[:-1] + b"\xff"), "value.not-json", "UTF-8"),
    ("a lone surrogate", ReportReceived, changed(REPORT, body="X").replace(b"X", SECRET.encode() + b"\\ud800"), "value.not-json", "UTF-8"),
    ("a number of a float", ReportReceived, b"NaN", "value.wrong-field", "Field the record:"),
    ("a list", ReportReceived, b"[]", "value.wrong-field", "Field the record:"),
    ("another type of field", ReportReceived, changed(REPORT, body=[SECRET]), "value.wrong-field", "Field body: input should be a valid string."),
    ("a missing field", ReportReceived, changed(REPORT, body=SECRET).replace(b'"digest"', b'"digested"'), "value.wrong-field", "Field digest: field required."),
    ("a token of another form", ReportReceived, changed(REPORT, persons=[PHONE]), "value.wrong-field", "Field persons.0: string should match pattern"),
    ("an id that is not derived", ReportReceived, changed(REPORT, report_id=PHONE), "value.wrong-field", "Field report_id: string should match"),
    ("a time without zone", ReportReceived, changed(REPORT, reported_at="2026-03-02T19:42:18"), "value.wrong-field", "Field reported_at: value error, a time on the wire has a zone"),
    ("a time that is none", ReportReceived, changed(REPORT, reported_at=SECRET), "value.wrong-field", "Field reported_at: input should be a valid datetime"),
    ("a float", ReportReceived, changed(REPORT, revision=1.5), "value.wrong-field", "Field revision: input should be a valid integer"),
    ("too low", ReportReceived, changed(REPORT, revision=-1), "value.wrong-field", "Field revision: input should be greater than or equal to 0."),
    ("several wrong fields", ReportReceived, changed(REPORT, body=[SECRET], title=[SECRET]), "value.wrong-field", "Field title: input should be a valid string (1 more)."),
    ("another type inside", ReportReceived, changed(REPORT, type=SECRET), "value.wrong-field", "Field type: input should be 'report.received'."),
    ("a key of another form", Contact, changed(CONTACT, source_id=""), "value.wrong-field", "Field source_id: string should have at least 1 character"),
    ("a phone as a number", Contact, changed(CONTACT, contact_phone=int(PHONE)), "value.wrong-field", "Field contact_phone: input should be a valid string."),
    ("five megabytes", Contact, changed(CONTACT, body=PHONE * 480_000), "value.wrong-field", "Field body: string should have at most 100000 characters."),
    ("five megabytes inside", RawContact, changed(RAW, contact=CONTACT | {"body": "路" * 1_700_000}), "value.wrong-field", "Field contact.body: string should have at most"),
    ("many joint names", Contact, changed(CONTACT, joint_names=[SECRET] * 2001), "value.wrong-field", "Field joint_names: tuple should have at most 2000 items"),
    ("not base64", RawContact, changed(RAW, payload=SECRET), "value.wrong-field", "Field payload: value error,"),
    ("base64 of the URL kind", RawContact, changed(RAW, payload="-_-_"), "value.wrong-field", "Field payload: value error,"),
    ("in a member's line", CaseView, changed(VIEW, first_members=[MEMBER]), "value.wrong-field", "Field first_members.0.reported_at: input should be"),
    ("too many members", CaseView, changed(VIEW, first_members=[MEMBER] * 51), "value.wrong-field", "Field first_members"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "value", "code", "said"), [row[1:] for row in BAD_VALUES], ids=[row[0] for row in BAD_VALUES])
def test_values_that_cannot_be_read(model: type[Record], value: bytes | None, code: str, said: str) -> None:
    with pytest.raises(DecodeError) as error:
        decode_as(model, value)
    assert error.value.code == code
    assert said in error.value.sentence
    assert_nothing_is_shown(error.value)


def assert_nothing_is_shown(error: DecodeError) -> None:
    """Neither the sentence nor what a traceback prints holds a value of the record."""
    assert error.__suppress_context__ or error.__context__ is None
    assert PHONE not in error.sentence
    assert "周先生" not in error.sentence
    assert len(error.sentence) < 300
    assert error.sentence.endswith(".")


@given(
    field=st.sampled_from(sorted(ReportReceived.model_fields)),
    value=st.sampled_from([SECRET, [SECRET], {"a": SECRET}, [[SECRET]], int(PHONE), 1.5]),
)
def test_no_wrong_field_shows_its_value(field: str, value: Any) -> None:
    error = failure(ReportReceived, changed(REPORT, **{field: value}))
    if error is not None:
        assert field in error.sentence
        assert_nothing_is_shown(error)


def failure(model: type[Record], value: bytes) -> DecodeError | None:
    try:
        decode_as(model, value)
    except DecodeError as error:
        return error
    return None


def test_a_tombstone_is_refused_before_its_headers_are_read() -> None:
    assert refused({}, None).code == "value.null"


READABLE: list[tuple[str, bytes, dict[str, Any]]] = [
    ("NUL in a text", changed(REPORT, body="路灯\0不亮"), {"body": "路灯\0不亮"}),
    ("a character outside the first plane", changed(REPORT, body="𠮷野家门口"), {"body": "𠮷野家门口"}),
    ("the same, escaped", changed(REPORT, body="X").replace(b"X", b"\\ud842\\udfb7"), {"body": "𠮷"}),
    ("unknown fields", changed(REPORT, urgency="普通", raw={"topic": "t", "partition": 0, "offset": 1, "epoch": 4}), {"title": ""}),
    ("a null where there may be none", changed(REPORT, address=None), {"address": None}),
    ("blanks between", json.dumps(REPORT, indent=4).encode(), {"channel": "hotline"}),
]


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in READABLE], ids=[row[0] for row in READABLE])
def test_values_that_are_read(value: bytes, expected: dict[str, Any]) -> None:
    _, record = decode(JOURNAL_TYPES, HEADERS.items(), value)
    assert {name: getattr(record, name) for name in expected} == expected
    assert decode_as(ReportReceived, record.to_json()) == record


def test_a_name_may_be_a_fact_and_an_event() -> None:
    """The topic's table says which: both `report.withdrawn` are read by their own model."""
    for types in (JOURNAL_TYPES, EVENT_TYPES):
        values: Iterable[Example] = [example for example in examples("full") if example.item.model is types["report.withdrawn"]]
        for example in values:
            _, record = decode(types, {**HEADERS, "ce_type": b"onecase.report.withdrawn.v1"}.items(), example.value())
            assert type(record) is types["report.withdrawn"]
