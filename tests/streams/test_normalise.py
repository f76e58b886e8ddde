"""A contact becomes a journal fact: times, jurisdiction, flags, digest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.codec import DecodeError
from schemas.contact import BODY_CHARACTERS_MAX
from schemas.ids import report_id
from schemas.journal import JournalFact, ReportReceived, ReportWithdrawn
from streams.steps.normalise import Arrival, normalise, reported_time
from tests.streams.build import JURISDICTION, KEYRING, START, contact, normalised, report


def flags(fact: JournalFact) -> list[str]:
    return [flag.code for flag in fact.flags]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "expected", "flagged"),
    [
        ("2026-03-02T09:00:00+08:00", "Asia/Shanghai", utc("2026-03-02T01:00:00"), []),
        ("2026-03-02T01:00:00Z", "Asia/Shanghai", utc("2026-03-02T01:00:00"), []),
        ("2026-03-02 09:00:00", "Asia/Shanghai", utc("2026-03-02T01:00:00"), ["zone.assumed"]),
        ("2026-03-02", "Asia/Shanghai", utc("2026-03-01T16:00:00"), ["zone.assumed"]),
        ("２０２６-０３-０２　０９：００", "Asia/Shanghai", utc("2026-03-02T01:00:00"), ["zone.assumed"]),
        (" 2026-03-02T09:00:00 ", "Asia/Urumqi", utc("2026-03-02T03:00:00"), ["zone.assumed"]),
        ("2026-03-02T09:00:00.123456+08:00", "Asia/Shanghai", utc("2026-03-02T01:00:00.123456"), []),
        ("1988-07-01T09:00:00", "Asia/Shanghai", utc("1988-07-01T00:00:00"), ["zone.assumed"]),  # summer time was in force then
        ("0001-01-02T00:00:00", "Asia/Shanghai", utc("0001-01-01T15:54:17"), ["zone.assumed"]),  # local mean time
        ("9999-12-31T23:59:59", "Asia/Shanghai", utc("9999-12-31T15:59:59"), ["zone.assumed"]),
    ],
)
def test_times(text: str, zone: str, expected: datetime, flagged: list[str]) -> None:
    at, found = reported_time(text, zone)
    assert at == expected
    assert at.tzinfo is UTC
    assert [flag.code for flag in found] == flagged


@pytest.mark.parametrize(
    ("text", "zone", "code"),
    [
        ("", "Asia/Shanghai", "time.unreadable"),
        ("昨天晚上", "Asia/Shanghai", "time.unreadable"),
        ("2026年3月2日", "Asia/Shanghai", "time.unreadable"),
        ("2026-02-30T09:00:00", "Asia/Shanghai", "time.unreadable"),
        ("2026-03-02T25:00:00", "Asia/Shanghai", "time.unreadable"),
        ("0000-00-00 00:00:00", "Asia/Shanghai", "time.unreadable"),
        ("2026-03-02T09:00:00+99:99", "Asia/Shanghai", "time.unreadable"),
        ("0001-01-01T00:00:00+08:00", "Asia/Shanghai", "time.unreadable"),
        ("0001-01-01T00:00:00", "Asia/Shanghai", "time.unreadable"),
        ("9999-12-31T23:59:59-08:00", "Asia/Shanghai", "time.unreadable"),
        ("9999-12-31T23:59:59", "America/New_York", "time.unreadable"),
        ("2026-03-02T09:00:00", "Asia/Chongqing2", "zone.unknown"),
        ("2026-03-02T09:00:00", "Asia", "zone.unknown"),  # a folder among the zones
        ("2026-03-02T09:00:00", "", "zone.unknown"),
        ("2026-03-02T09:00:00", "../../etc/passwd", "zone.unknown"),
        ("2026-03-02T09:00:00", "北京\x00", "zone.unknown"),
    ],
)
def test_times_that_cannot_be_read(text: str, zone: str, code: str) -> None:
    with pytest.raises(DecodeError) as error:
        reported_time(text, zone)
    assert error.value.code == code
    assert error.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("ahead", "flagged"),
    [
        (timedelta(), []),
        (timedelta(minutes=5), []),
        (timedelta(minutes=5, seconds=1), ["time.future"]),
        (timedelta(days=900), ["time.future"]),
    ],
)
def test_a_time_in_the_future(ahead: timedelta, flagged: list[str]) -> None:
    fact = report(reported_at=(START + ahead).isoformat(), at=START)
    assert (fact.reported_at, fact.effective_at) == (START + ahead, START)
    assert flags(fact) == flagged


def test_a_late_report_keeps_its_own_time() -> None:
    fact = report(reported_at="2025-12-24T09:00:00+08:00", at=START)
    assert fact.effective_at == fact.reported_at == utc("2025-12-24T01:00:00")
    offline = normalise(contact(reported_at="2099-01-01T00:00:00Z"), Arrival("local", "Asia/Shanghai"), "local", KEYRING).fact
    assert offline.effective_at == utc("2099-01-01T00:00:00")
    assert flags(offline) == []


@pytest.mark.parametrize(
    ("wish", "pinned", "flagged"),
    [
        (None, "local", []),
        ("local", "local", []),
        ("changsha", "changsha", []),
        ("changsha", "local", ["jurisdiction.differs"]),
        (None, "changsha", ["jurisdiction.differs"]),
    ],
)
def test_the_pinned_jurisdiction_stays(wish: str | None, pinned: str, flagged: list[str]) -> None:
    for withdrawn in (False, True):
        fact = normalised(contact(jurisdiction=wish, withdrawn=withdrawn), jurisdiction=pinned).fact
        assert fact.jurisdiction == pinned
        assert flags(fact) == flagged


@pytest.mark.parametrize(
    ("fields", "flagged"),
    [
        ({"body": ""}, ["text.empty"]),
        ({"body": " \u200b\n\x00 "}, ["text.empty"]),
        ({"body": "", "title": "路灯不亮"}, []),
        ({"body": "㎡" * (BODY_CHARACTERS_MAX - 1)}, ["text.cut"]),
        ({"reported_at": "2026-03-02 09:00"}, ["zone.assumed"]),
        ({"reported_at": "2027-03-02 09:00", "body": ""}, ["zone.assumed", "time.future", "text.empty"]),
    ],
)
def test_flags(fields: dict[str, str], flagged: list[str]) -> None:
    fact = normalised(contact(**fields)).fact
    assert flags(fact) == flagged
    assert all(flag.sentence.endswith(".") for flag in fact.flags)


def test_the_longest_text_fits_into_the_journal() -> None:
    # U+FDFA becomes 18 characters; 100,000 of them would be more than a journal record may hold.
    assert len(report(body="\ufdfa" * BODY_CHARACTERS_MAX, title="\ufdfa" * 1000, category="\ufdfa" * 1000).to_json()) < 512 * 1024
    assert len(report(body="\U00020bb7" * BODY_CHARACTERS_MAX).to_json()) < 512 * 1024


def test_identity() -> None:
    fact = report("A-1", channel="board")
    assert fact.report_id == report_id("board", "board", "A-1")
    assert fact.source_system == "board"
    other = report("A-1", channel="board", source_system="rednet")
    assert other.report_id == report_id("board", "rednet", "A-1")
    assert (other.connector, other.raw and other.raw.offset) == ("hotline-1", 7)


def test_withdrawn() -> None:
    result = normalised(contact(withdrawn=True, contact_phone="13812345678", body=""))
    assert isinstance(result.fact, ReportWithdrawn)
    assert result.fact.report_id == report().report_id
    assert result.held is None


BASE = report(contact_phone="13812345678").digest


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"contact_phone": "13987654321"}, True),
        ({"contact_name": "李建国", "author": "老李", "extra": {"坐席": 8}}, True),
        ({"revision": 3, "reported_at": "2026-03-01T00:00:00Z"}, True),
        ({"body": report().body + " "}, True),
        ({"body": report().body + "又一晚。"}, False),
        ({"title": "夜间施工"}, False),
        ({"address": "桂花路88号"}, False),
        ({"category": "举报"}, False),
        ({"division_code": "430102"}, False),
        ({"quoted_number": "1"}, False),
        ({"confidential": True}, False),
        ({"joint_names": ["李建国"]}, False),
    ],
)
def test_the_digest_tells_an_edit_from_a_repeat(fields: dict[str, Any], same: bool) -> None:
    assert (report(**fields).digest == BASE) is same


def test_another_phone_in_the_text_is_no_edit() -> None:
    # Over the masked text: an exported journal must give the same digest.
    assert report(body="请打13812345678").digest == report(body="请打13987654321").digest


def test_confidential_and_joint() -> None:
    result = normalised(contact(confidential=True, joint_names=["李建国", "王桂芳"]))
    assert isinstance(result.fact, ReportReceived)
    assert result.fact.confidential
    assert result.fact.joint_count == 2
    assert result.held is not None
    assert result.held.people == {"joint_names": ["李建国", "王桂芳"]}


def test_a_blank_optional_field_is_absent() -> None:
    fact = report(quoted_number=" ", category="\u200b", division_code="　", address="1202室")
    assert (fact.quoted_number, fact.category, fact.division_code, fact.address) == (None, None, None, None)
    assert report(quoted_number="\ufdfa" * 200).quoted_number is not None  # cleaning makes it longer than a number may be


def test_the_same_contact_gives_the_same_bytes() -> None:
    one, two = (normalised(contact(contact_phone="13812345678", author="老李")).fact for _ in range(2))
    assert one.to_json() == two.to_json()
    assert one.jurisdiction == JURISDICTION
