"""The core without a broker: lines in, decisions out; an exported journal says what the plain lines said."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import DecodeError
from schemas.contact import BODY_CHARACTERS_MAX
from schemas.ids import case_id, report_id
from streams.records import Inbound, Place
from streams.steps.offline import LINE_BYTES_MAX, Run, export_line, journal_line
from tests.streams.build import FEES, LAMPS, NOISE, journal_inbound, normalised, policy
from tests.streams.build import contact as contact_of
from tests.streams.journals import STORIES, Entry, decided, written

LINE: dict[str, Any] = {"channel": "hotline", "source_id": "1", "reported_at": "2026-03-02T09:00:00+08:00", "body": NOISE}


def line(**fields: Any) -> bytes:
    return json.dumps(LINE | fields, ensure_ascii=False).encode()


def take(*lines: bytes) -> list[dict[str, Any]]:
    run = Run(policy())
    return [run.take(number, one) for number, one in enumerate(lines, 1)]


def test_what_a_line_of_output_says() -> None:
    first, second, third, fourth = take(
        line(contact_phone="13812345678"),
        line(source_id="2", channel="board", contact_phone="13812345678"),
        line(),
        line(source_id="3", body=LAMPS, quoted_number="1"),
    )
    case = case_id(report_id("hotline", "hotline", "1"))
    assert first == {
        "channel": "hotline", "source_id": "1", "report_id": report_id("hotline", "hotline", "1"), "case_id": case,
        "action": "opened", "relation": None, "points": None, "evidence": [], "suggestions": [],
    }  # fmt: skip
    assert (second["action"], second["case_id"], second["relation"]) == ("joined", case, "same_person_other_channel")
    assert second["points"] > 0
    assert all(isinstance(sentence, str) for sentence in second["evidence"])
    assert (third["action"], third["case_id"]) == ("redelivered", case)
    assert (fourth["action"], [suggestion["case_id"] for suggestion in fourth["suggestions"]]) == ("opened", [case])
    assert any("引用编号" in sentence for sentence in fourth["suggestions"][0]["evidence"])


@pytest.mark.parametrize(
    ("lines", "actions"),
    [
        ([line(), line(body=LAMPS)], ["opened", "revised"]),
        ([line(revision=2), line(revision=1, body=LAMPS)], ["opened", "superseded"]),
        ([line(), line(withdrawn=True), line(body=LAMPS)], ["opened", "withdrawn", "revised"]),
        ([line(withdrawn=True)], ["refused"]),
        ([line(), line(source_system="other")], ["opened", "joined"]),
        ([line(), line(jurisdiction="changsha", source_id="2")], ["opened", "opened"]),
        ([line(), line(jurisdiction="changsha")], ["opened", "redelivered"]),  # pinned at first sight
    ],
)
def test_actions(lines: list[bytes], actions: list[str]) -> None:
    assert [row["action"] for row in take(*lines)] == actions


GOOD = [
    pytest.param(line(), [], id="plain"),
    pytest.param(b"\xef\xbb\xbf" + line(), [], id="BOM"),
    pytest.param(json.dumps(LINE).encode(), [], id="escaped"),
    pytest.param(line(reported_at="2026-03-02 09:00"), ["zone.assumed"], id="no zone"),
    pytest.param(line(reported_at="2199-01-01T00:00:00Z"), [], id="future: offline there is no arrival"),
    pytest.param(line(channel="wechat-mini.program_2"), [], id="a channel of one's own"),
    pytest.param(line(坐席=8, 附件=["a.jpg"], extra={"x": 1}), [], id="unknown fields"),
    pytest.param(line(partition=0, offset=1), [], id="unknown fields that a journal has"),
    pytest.param(line(body=""), ["text.empty"], id="empty text"),
    pytest.param(line(body="路\0灯", contact_name="李\0"), [], id="NUL"),
    pytest.param(line(body="施" * BODY_CHARACTERS_MAX), [], id="the longest text"),
    pytest.param(line(备注="详" * 2_000_000), [], id="a huge unknown field"),
    pytest.param(line(score=float("nan")), [], id="NaN"),
]


@pytest.mark.parametrize(("text", "flags"), GOOD)
def test_lines_that_are_read(text: bytes, flags: list[str]) -> None:
    (row,) = take(text)
    assert row["action"] == "opened"
    assert row.get("flags", []) == flags


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in LINE.items() if key != name}).encode()


EXPORTED = export_line(journal_inbound(normalised(contact_of()).fact))
BAD = [
    pytest.param(b"channel,source_id,body", "line.not-json", "not JSON", id="CSV"),
    pytest.param(line()[:-1], "line.not-json", "not JSON", id="cut"),
    pytest.param(b"[" + line() + b"]", "line.not-an-object", "braces", id="array"),
    pytest.param(b"null", "line.not-an-object", "braces", id="null"),
    pytest.param(b'"' + b"x" * 5_000_000 + b'"', "line.not-an-object", "braces", id="huge text"),
    pytest.param(b'{"x":' + b"1" * 5000 + b"}", "line.not-json", "digits", id="5,000 digits"),
    pytest.param(line()[:-1] + b',"x":' + b"[" * 500 + b"]" * 500 + b"}", "value.not-json", "recursion", id="deep"),
    pytest.param(line()[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "line.not-json", "recursion", id="deeper"),
    pytest.param(without("channel"), "value.wrong-field", "channel", id="no channel"),
    pytest.param(without("source_id"), "value.wrong-field", "source_id", id="no source number"),
    pytest.param(without("reported_at"), "value.wrong-field", "reported_at", id="no time"),
    pytest.param(without("body"), "value.wrong-field", "body", id="no body"),
    pytest.param(line(body=7), "value.wrong-field", "body", id="wrong type"),
    pytest.param(line(source_id=20260302000001), "value.wrong-field", "source_id", id="a number as a number"),
    pytest.param(line(source_id=""), "value.wrong-field", "source_id", id="empty source number"),
    pytest.param(line(source_id="1\0"), "source-id.nul", "NUL", id="NUL in the source number"),
    pytest.param(line(channel="热线"), "value.wrong-field", "channel", id="a channel that is no name"),
    pytest.param(line(extra=[1], y=2), "value.wrong-field", "extra", id="extra is no object"),
    pytest.param(line(body="施" * 1_700_000), "value.wrong-field", "body", id="a body of 5 MB"),
    pytest.param(json.dumps(LINE | {"body": "\ud800"}).encode(), "text.surrogate", "half a character", id="lone surrogate"),
    pytest.param(line(reported_at="去年"), "time.unreadable", "ISO 8601", id="no time at all"),
    pytest.param("施工噪音".encode("gb18030"), "line.not-utf8", "GB18030", id="GB18030"),
    pytest.param(line().replace("金".encode(), b"\xff\xff"), "line.not-utf8", "at byte", id="invalid UTF-8"),
    pytest.param(b" " * (LINE_BYTES_MAX + 1), "line.too-long", str(LINE_BYTES_MAX), id="24 MiB"),
    pytest.param(json.dumps(EXPORTED | {"headers": None}).encode(), "journal.unreadable", "exported", id="journal: no headers"),
    pytest.param(json.dumps(EXPORTED | {"offset": -1}).encode(), "journal.unreadable", "negative", id="journal: negative offset"),
    pytest.param(json.dumps(EXPORTED | {"offset": float("inf")}).encode(), "journal.unreadable", "exported", id="journal: endless offset"),
    pytest.param(json.dumps(EXPORTED | {"headers": [], "timestamp": 10**30}).encode(), "envelope.missing", "ce_id", id="journal: no time"),
    pytest.param(json.dumps(EXPORTED | {"value": {"base64": "?"}}).encode(), "journal.unreadable", "base64", id="journal: no base64"),
    pytest.param(json.dumps(EXPORTED | {"value": "{}"}).encode(), "value.wrong-field", "Field", id="journal: empty record"),
    pytest.param(json.dumps(EXPORTED | {"headers": []}).encode(), "envelope.missing", "ce_id", id="journal: no envelope"),
    pytest.param(json.dumps(EXPORTED | {"key": "changsha"}).encode(), "key.wrong", "jurisdiction", id="journal: other key"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "word"), BAD)
def test_lines_that_are_not_read(text: bytes, code: str, word: str) -> None:
    run = Run(policy())
    with pytest.raises(DecodeError) as error:
        run.take(1, text)
    assert error.value.code == code
    assert word in error.value.sentence
    assert len(error.value.sentence) < 400
    assert run.take(2, line())["action"] == "opened"  # the rest goes on


def test_a_refused_journal_record_takes_its_number() -> None:
    run = Run(policy())
    run.take(1, json.dumps(EXPORTED).encode())
    with pytest.raises(DecodeError):
        run.take(2, json.dumps(EXPORTED | {"value": "{}", "offset": 1}).encode())
    assert run.ledgers.of("local").number == 3  # policy, opened, refused: as in the live run


def test_invalid_utf8_that_is_no_gb18030_either() -> None:
    with pytest.raises(DecodeError, match=r"at byte 1\.$"):
        take(b"\xff\xff")


BYTES = st.none() | st.binary(max_size=20) | st.text(max_size=10).map(str.encode)
INBOUNDS = st.builds(
    Inbound,
    place=st.builds(Place, topic=st.text(min_size=1, max_size=20), partition=st.integers(0, 1000)),
    offset=st.integers(0, 2**63 - 1),
    timestamp=st.integers(-1, 2**63 - 1),
    key=BYTES,
    value=BYTES,
    headers=st.lists(st.tuples(st.text(max_size=10), BYTES), max_size=4).map(tuple),
)


@given(INBOUNDS)
def test_an_exported_record_comes_back(record: Inbound) -> None:
    text = json.dumps(export_line(record), ensure_ascii=False).encode()
    assert journal_line(json.loads(text)) == record


@given(STORIES)
def test_an_exported_journal_decides_as_the_live_one(story: list[Entry]) -> None:
    records = written(story)
    run = Run(policy())
    for record, events in zip(records, decided(records), strict=True):
        text = json.dumps(export_line(record), ensure_ascii=False).encode()
        case = next((event.case_id for event in events if hasattr(event, "case_id")), None)
        if record.value == b"\xff{":
            with pytest.raises(DecodeError):
                run.take(1, text)
        else:
            assert run.take(1, text)["case_id"] == case


def test_plain_lines_and_their_exported_journal_agree() -> None:
    fields = [
        {
            "source_id": str(number),
            "body": (NOISE, LAMPS, FEES)[number % 3],
            "contact_phone": f"1381234567{number % 4}",
            "reported_at": "2026-03-02 09:00",
        }
        for number in range(12)
    ]
    plain = take(*(line(**one) for one in fields))
    facts = [
        normalised(contact_of(**{"number": one["source_id"]} | {name: value for name, value in one.items() if name != "source_id"})).fact
        for one in fields
    ]
    journal = take(*(json.dumps(export_line(journal_inbound(fact, offset))).encode() for offset, fact in enumerate(facts)))
    compared = ("report_id", "case_id", "action", "relation", "points", "evidence")
    assert [{name: row[name] for name in compared} for row in journal] == [{name: row[name] for name in compared} for row in plain]
    assert {row["action"] for row in plain} == {"opened", "joined"}
