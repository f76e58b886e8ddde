"""Kafka records as the stages see them, and the dead letter."""

from dataclasses import dataclass

from schemas.codec import DecodeError

RawHeaders = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A topic's partition."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """A record as it came. `timestamp` is in milliseconds since 1970, UTC."""

    place: Place
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders


@dataclass(frozen=True, slots=True)
class Outbound:
    """A record to be written. Without `partition` the key decides; without `timestamp_ms` the producer's clock does."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: RawHeaders = ()
    partition: int | None = None
    timestamp_ms: int | None = None


def dead_letter(topic: str, stage: str, record: Inbound, error: DecodeError) -> Outbound:
    """The record with its bytes, key and headers as they came; place, stage, reason code and sentence as `onecase-*` headers."""
    ours: list[tuple[str, bytes | None]] = [
        ("onecase-topic", record.place.topic.encode()),
        ("onecase-partition", str(record.place.partition).encode()),
        ("onecase-offset", str(record.offset).encode()),
        ("onecase-timestamp", str(record.timestamp).encode()),
        ("onecase-stage", stage.encode()),
        ("onecase-reason", error.code.encode()),
        ("onecase-sentence", error.sentence.encode("utf-8", "replace")),
    ]
    value = record.value
    if value is None and record.key is None:
        # aiokafka refuses to send a record with neither key nor value, and would crash the worker for ever.
        value = b""
        ours.append(("onecase-value-was-null", b"true"))
    return Outbound(topic, record.key, value, (*record.headers, *ours))
