"""The projection in Postgres: cases, members, events, and up to which position of the case events they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from schemas.events import CaseEvent
from schemas.ids import event_id
from schemas.types import event_type
from schemas.views import CaseMember, CaseView
from streams.records import Place
from streams.steps.project import Projection, report_of, touched


@dataclass(frozen=True, slots=True)
class Located:
    """A case event and its offset in the case-events topic."""

    offset: int
    event: CaseEvent


async def lock_position(connection: asyncpg.Connection, schema: str, place: Place) -> int:
    """The next offset that these tables have not seen; nobody else moves it before this transaction ends."""
    await connection.execute(
        f"INSERT INTO {schema}.positions VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",  # noqa: S608  # the schema is ours
        place.topic,
        place.partition,
    )
    position: int = await connection.fetchval(
        f"SELECT next_offset FROM {schema}.positions WHERE topic = $1 AND partition = $2 FOR UPDATE",  # noqa: S608
        place.topic,
        place.partition,
    )
    return position


async def load(connection: asyncpg.Connection, schema: str, events: Sequence[CaseEvent]) -> Projection:
    """The present state of every case and member that these events touch."""
    cases, reports = touched(events)
    views = await connection.fetch(f"SELECT view FROM {schema}.cases WHERE case_id = ANY($1)", list(cases))  # noqa: S608
    members = await connection.fetch(f"SELECT member FROM {schema}.members WHERE report_id = ANY($1)", list(reports))  # noqa: S608
    state = Projection()
    for row in views:
        view = CaseView.model_validate_json(row["view"])
        state.cases[view.case_id] = view
    for row in members:
        member = CaseMember.model_validate_json(row["member"])
        state.members[member.report_id] = member
    return state


async def write(
    connection: asyncpg.Connection, schema: str, state: Projection, *, fresh: Sequence[Located], place: Place, position: int
) -> None:
    """Writes events, cases and members set by set, and moves the position."""
    await _write_events(connection, schema, [located.event for located in fresh])
    views = sorted(state.cases.values(), key=lambda view: view.case_id)
    await connection.execute(
        f"INSERT INTO {schema}.cases AS old (case_id, jurisdiction, number, view) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[]) "
        "ON CONFLICT (case_id) DO UPDATE SET number = excluded.number, view = excluded.view",
        [view.case_id for view in views],
        [view.jurisdiction for view in views],
        [view.number for view in views],
        [view.to_json().decode() for view in views],
    )
    # Where the text of the newest revision stands in the journal, for `onecase why`.
    causes = {report: located.event.caused_by for located in fresh if (report := _written_report(located.event)) is not None}
    members = sorted((member for member in state.members.values() if member.report_id in causes), key=lambda member: member.report_id)
    await connection.execute(
        f"INSERT INTO {schema}.members AS old (report_id, case_id, jurisdiction, channel, source_id, number, journal_partition, "  # noqa: S608
        "journal_offset, member) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::bigint[], "
        "$9::jsonb[]) "
        "ON CONFLICT (report_id) DO UPDATE SET case_id = excluded.case_id, number = excluded.number, "
        "journal_partition = excluded.journal_partition, journal_offset = excluded.journal_offset, member = excluded.member",
        [member.report_id for member in members],
        [member.case_id for member in members],
        [member.jurisdiction for member in members],
        [member.channel for member in members],
        [member.source_id for member in members],
        [member.number for member in members],
        [causes[member.report_id].partition for member in members],
        [causes[member.report_id].offset for member in members],
        [member.to_json().decode() for member in members],
    )
    withdrawn = [member for report, member in sorted(state.members.items()) if report not in causes]
    await connection.execute(
        f"UPDATE {schema}.members AS old SET number = new.number, member = new.member "  # noqa: S608
        "FROM unnest($1::text[], $2::bigint[], $3::jsonb[]) AS new(report_id, number, member) WHERE old.report_id = new.report_id",
        [member.report_id for member in withdrawn],
        [member.number for member in withdrawn],
        [member.to_json().decode() for member in withdrawn],
    )
    await connection.execute(
        f"UPDATE {schema}.positions SET next_offset = $3 WHERE topic = $1 AND partition = $2",  # noqa: S608
        place.topic,
        place.partition,
        position,
    )


def _written_report(event: CaseEvent) -> str | None:
    """The report whose text the event's journal record carries and which counts from here on."""
    return report_of(event) if getattr(event, "report", None) is not None else None


async def _write_events(connection: asyncpg.Connection, schema: str, events: Sequence[CaseEvent]) -> None:
    await connection.execute(
        f"INSERT INTO {schema}.events (event_id, jurisdiction, number, type, case_id, report_id, at, event) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[])",
        [event_id(e.jurisdiction, e.caused_by.partition, e.caused_by.offset, e.caused_by.ordinal) for e in events],
        [e.jurisdiction for e in events],
        [e.number for e in events],
        [event_type(e) for e in events],
        [getattr(e, "case_id", None) for e in events],
        [report_of(e) for e in events],
        [e.at for e in events],
        [e.to_json().decode() for e in events],
    )
