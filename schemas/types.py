"""Every record type by its CloudEvents name. The name and its version go on the wire, the names of our classes never do."""

from typing import get_args

from schemas import events, journal, views
from schemas.base import Record
from schemas.contact import RawContact

PREFIX = "onecase."

JOURNAL_TYPES: dict[str, type[journal.ReportReceived] | type[journal.ReportWithdrawn]] = {
    "report.received": journal.ReportReceived,
    "report.withdrawn": journal.ReportWithdrawn,
}
EVENT_TYPES: dict[str, type[events.CaseEvent]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(events.AnyCaseEvent)[0])
}
OTHER_TYPES: dict[str, type[Record]] = {
    "raw.contact": RawContact,
    "case.view": views.CaseView,
    "case.member": views.CaseMember,
    "cursor": views.Cursor,
}
# A name may be a journal fact and a case event (`report.withdrawn`): the topic tells which table to read.
VERSION = 1  # of every type so far; a new version gets its own entry and an upcaster


def event_type(event: events.CaseEvent) -> str:
    """`case.opened` and the like."""
    name: str = type(event).model_fields["type"].default
    return name


def type_name(name: str, version: int = VERSION) -> str:
    """`case.opened` -> `onecase.case.opened.v1`."""
    return f"{PREFIX}{name}.v{version}"
