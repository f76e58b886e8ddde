from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.base import Id, Name, Payload, Record, UtcTime, from_millis, to_millis

LAST = 253_402_300_799_999  # the last millisecond of the year 9999
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001 - Hypothesis wants them bare


class At(Record):
    at: UtcTime
    note: str | None = None


class Bytes(Record):
    payload: Payload


@given(st.integers(-62_135_596_800_000, LAST))
def test_milliseconds_survive_the_round_trip(millis: int) -> None:
    assert to_millis(from_millis(millis)) == millis


@given(TIMES)
def test_a_time_comes_back_to_the_millisecond(at: datetime) -> None:
    back = from_millis(to_millis(at))
    assert back.utcoffset() == timedelta(0)
    assert timedelta(0) <= at - back < timedelta(milliseconds=1)


@given(TIMES)
def test_milliseconds_are_exact(at: datetime) -> None:
    exact = Fraction((at - EPOCH) // timedelta(microseconds=1), 1000)
    assert to_millis(at) == exact.__floor__()


@given(TIMES)
def test_a_time_on_the_wire_is_utc_in_whole_milliseconds(at: datetime) -> None:
    record = At(at=at)
    assert record.at == from_millis(to_millis(at))
    assert At.model_validate_json(record.to_json()) == record
    assert record.to_json() == At(at=record.at).to_json()


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="a time on the wire has a zone"):
        At.model_validate({"at": "2026-03-02T19:42:18"})


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-03-02T19:42:18+08:00", b'{"at":"2026-03-02T11:42:18Z"}'),
        ("2026-03-02T11:42:18.2879Z", b'{"at":"2026-03-02T11:42:18.287000Z"}'),
        ("2026-03-02T00:30:00+08:00", b'{"at":"2026-03-01T16:30:00Z"}'),
    ],
)
def test_canonical_bytes(text: str, written: bytes) -> None:
    assert At.model_validate({"at": text}).to_json() == written


def test_an_error_never_shows_what_was_given() -> None:
    with pytest.raises(ValidationError) as error:
        At.model_validate({"at": "13900002054号"})
    assert "13900002054" not in str(error.value)


def test_a_record_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        At(at=EPOCH).note = "x"  # type: ignore[misc]  # that is what is tested


@given(st.binary(max_size=300))
def test_a_payload_survives_as_the_usual_base64(payload: bytes) -> None:
    written = Bytes(payload=payload).to_json()
    assert Bytes.model_validate_json(written).payload == payload
    assert b"-" not in written
    assert b"_" not in written


@pytest.mark.parametrize("text", ["e30", "e30=\n", "-_-_", "e3 0="])
def test_other_kinds_of_base64_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Bytes.model_validate({"payload": text})


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Name, ["hotline", "yunxi-12345", "0", "a" * 63], ["", "Hotline", "热线", "-a", "a" * 64, "a/b", "a\n"]),
        (
            Id,
            ["9649daa5-0393-5465-8477-b408935f3623"],
            ["9649DAA5-0393-5465-8477-B408935F3623", "9649daa5-0393-4465-8477-b408935f3623", ""],
        ),
    ],
)
def test_names_and_ids(kind: Any, good: list[str], bad: list[str]) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    assert [adapter.validate_python(text) for text in good] == good
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)
