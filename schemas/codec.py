"""CloudEvents 1.0 in Kafka's binary mode: attributes in headers, JSON in the value. The one place that knows both.

A small codec of our own, because the SDK's second major version is unstable; the tests hold it against the SDK.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from schemas.base import Record, UtcTime
from schemas.types import PREFIX, VERSION, type_name

Headers = tuple[tuple[str, bytes], ...]
R = TypeVar("R", bound=Record)

_TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)


class DecodeError(ValueError):
    """A record that cannot be read. `code` is stable (for counting), the text is one sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents attributes. `type` is the bare name, such as `case.opened`; prefix and version are added on the wire."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int | None = None


def iso(at: datetime) -> str:
    """`2026-03-01T08:00:00.000Z`: always milliseconds, so that equal times are equal bytes."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def encode(envelope: Envelope, record: Record) -> tuple[bytes, Headers]:
    """Record -> (value, headers)."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_type", type_name(envelope.type).encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_subject", envelope.subject.encode()),
        ("ce_time", iso(envelope.time).encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.sequence is not None:
        # The sequence extension is a string; padded, it sorts as text as it does as a number.
        headers.insert(6, ("ce_sequence", f"{envelope.sequence:020d}".encode()))
    return record.to_json(), tuple(headers)


def envelope_of(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Headers -> envelope; raises DecodeError."""
    found = {name: value for name, value in headers if value is not None}
    try:
        text = {name: found[name].decode() for name in ("ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion")}
        subject = found.get("ce_subject", b"").decode()
        sequence = found["ce_sequence"].decode() if "ce_sequence" in found else None
        time = _TIME.validate_python(datetime.fromisoformat(text["ce_time"]))
        if text["ce_specversion"] != "1.0" or not (sequence or "0").isdecimal():
            raise ValueError(text)
        number = int(sequence) if sequence is not None else None
    except KeyError as missing:
        raise DecodeError(
            "envelope.missing", f"The record lacks the header {missing.args[0]}; write it with CloudEvents headers."
        ) from None
    except ValueError:
        raise DecodeError(
            "envelope.unreadable",
            "A CloudEvents 1.0 header of the record is not readable: version 1.0, UTF-8, ISO 8601 time, decimal number.",
        ) from None
    name, dot, version = text["ce_type"].removeprefix(PREFIX).rpartition(".v")
    if not dot or not text["ce_type"].startswith(PREFIX):
        raise DecodeError("type.unknown", f"The record's type {text['ce_type'][:100]!r} is not one of onecase's.")
    if version != str(VERSION):
        raise DecodeError("version.unknown", f"Version {version[:20]!r} of {name[:100]!r} is not known here; upgrade this program first.")
    return Envelope(text["ce_id"], name, text["ce_source"], subject, time, number)


def decode_as(model: type[R], value: bytes | None) -> R:
    """Value -> record of the given model; raises DecodeError with the field that is wrong, and never with the value itself."""
    if value is None:
        raise DecodeError("value.null", "The record has no value (a tombstone); this topic takes none.")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        raise DecodeError(*_explain(error)) from None


def decode(types: Mapping[str, type[R]], headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> tuple[Envelope, R]:
    """Headers and value -> envelope and record of one of `types` (a table of schemas/types.py); raises DecodeError."""
    if value is None:
        raise DecodeError("value.null", "The record has no value (a tombstone); this topic takes none.")
    envelope = envelope_of(headers)
    model = types.get(envelope.type)
    if model is None:
        raise DecodeError("type.unknown", f"A record of type {envelope.type[:100]!r} does not belong into this topic.")
    return envelope, decode_as(model, value)


def _explain(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return "value.not-json", f"The value is not JSON in UTF-8: {first['msg'].removeprefix('Invalid JSON: ')}."
    where = ".".join(str(part) for part in first["loc"]) or "the record"
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return "value.wrong-field", f"Field {where}: {first['msg'][0].lower()}{first['msg'][1:]}{more}."
