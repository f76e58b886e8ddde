"""Derived ids: the same facts give the same id on every machine, so nothing can be decided twice under two names.

Each is ``uuid5(NS, compact JSON array)``. NS is committed and never changes: every id ever published depends on it.
"""

import json
from uuid import UUID, uuid5

NS = UUID("6f9b1c52-0c3e-5d0a-9a67-0f2f3c1d7e11")


def _derive(*parts: str | int | None) -> str:
    return str(uuid5(NS, json.dumps(parts, ensure_ascii=False, separators=(",", ":"))))


def report_id(channel: str, source_system: str, source_id: str) -> str:
    """A report (诉求) is its source number within its source system; a later edit keeps the id."""
    return _derive("report", channel, source_system, source_id)


def case_id(founding_report_id: str) -> str:
    """A case (并单后的工单) is named after the report that founded it, never after a counter."""
    return _derive("case", founding_report_id)


def event_id(jurisdiction: str, partition: int, offset: int, ordinal: int) -> str:
    """A case event is the n-th consequence of one journal record. `ordinal` counts from 0."""
    return _derive("event", jurisdiction, partition, offset, ordinal)


def journal_id(topic: str, partition: int, offset: int) -> str:
    """A journal record is the outcome of one raw position."""
    return _derive("journal", topic, partition, offset)


def raw_id(connector: str, key: str, payload_sha256: str, revision: int | None) -> str:
    """A raw record is what one connector read: the same payload read again has the same id."""
    return _derive("raw", connector, key, payload_sha256, revision)


def cursor_id(connector: str, cursor: str) -> str:
    """A cursor record is what it says; `cursor` is its JSON."""
    return _derive("cursor", connector, cursor)
