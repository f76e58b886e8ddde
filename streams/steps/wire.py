"""Journal records and case events between wire and model: the same for the worker, the offline command and the tests."""

import re

from schemas.base import from_millis
from schemas.codec import DecodeError, Envelope, decode, encode
from schemas.events import CaseEvent
from schemas.ids import event_id
from schemas.journal import ReportReceived, ReportWithdrawn
from schemas.types import event_type
from streams.records import Inbound, RawHeaders
from streams.steps.consolidate import JournalRecord
from streams.steps.project import report_of

SOURCE = "/onecase/consolidate"
_FACTS: dict[str, type[ReportReceived | ReportWithdrawn]] = {"report.received": ReportReceived, "report.withdrawn": ReportWithdrawn}
_JURISDICTION = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def read_journal(record: Inbound) -> JournalRecord:
    """A journal record; what cannot be read becomes a fact of its own kind, so that it still leads to an event."""
    partition = record.place.partition
    key = (record.key or b"").decode("utf-8", "replace")
    jurisdiction = key if _JURISDICTION.fullmatch(key) else f"unplaced-{partition}"
    try:
        envelope, fact = decode(_FACTS, record.headers, record.value)
        if fact.jurisdiction != jurisdiction:
            raise DecodeError("key.wrong", f"The record's key is not its jurisdiction {fact.jurisdiction}.")
    except DecodeError as error:
        return JournalRecord(jurisdiction, partition, record.offset, from_millis(record.timestamp), error)
    return JournalRecord(jurisdiction, partition, record.offset, envelope.time, fact)


def encode_event(event: CaseEvent) -> tuple[bytes, RawHeaders]:
    """Event -> value and headers; the same for the worker, the offline command and the tests."""
    cause = event.caused_by
    identity = event_id(event.jurisdiction, cause.partition, cause.offset, cause.ordinal)
    subject = report_of(event) or getattr(event, "case_id", None) or event.jurisdiction
    return encode(Envelope(identity, event_type(event), SOURCE, subject, event.at, event.number), event)
