"""What every record shares: frozen, unknown fields ignored, canonical JSON."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, WithJsonSchema


class Record(BaseModel):
    """A frozen record. Readers ignore fields that they do not know, so that a newer writer does not stop an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    def to_json(self) -> bytes:
        """Canonical bytes: fields in the order of the model, absent where None, no blanks. Equal records give equal bytes."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time on the wire has a zone")
    value = value.astimezone(UTC)
    # Kafka's own timestamps are milliseconds; finer digits would not survive the round trip.
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


UtcTime = Annotated[datetime, AfterValidator(_utc)]
"""A time with zone, brought to UTC and whole milliseconds."""


def _from_base64(value: bytes | str) -> bytes:
    return b64decode(value, validate=True) if isinstance(value, str) else value


Payload = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(lambda value: b64encode(value).decode(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""Bytes as they came; in JSON the usual base64 (pydantic's own is the URL-safe kind, which surprises other readers)."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A name we choose: channel, connector, jurisdiction, source system. Lower case, so that it can stand in a topic's name."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name that an outside system chose: a source number (流水号, 信件编号)."""

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$")]
"""A derived id, see ids.py."""


_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def from_millis(millis: int) -> datetime:
    """Kafka timestamp (milliseconds since 1970, UTC) -> time. What lies outside the years 1 to 9999 (any client may write it) is cut."""
    millis = min(max(millis, _FIRST_MS), _LAST_MS)
    seconds, rest = divmod(millis, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def to_millis(at: datetime) -> int:
    """Time -> Kafka timestamp, without a float on the way."""
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
