"""Questions to the projection. Reading only."""

import json
from dataclasses import dataclass
from typing import Any

import asyncpg

from schemas.views import CaseMember, CaseView


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A report's place, and where in the journal its newest text stands."""

    member: CaseMember
    journal_partition: int
    journal_offset: int


class Queries:
    """`schema` is the projection's."""

    def __init__(self, connection: asyncpg.Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    async def case(self, reference: str) -> CaseView | None:
        """By case id or the beginning of one (8 characters or more); None if there is none or more than one."""
        rows = await self._connection.fetch(
            f"SELECT view FROM {self._schema}.cases WHERE case_id = $1 OR (length($1) >= 8 AND starts_with(case_id, $1)) LIMIT 2",  # noqa: S608
            reference,
        )
        return CaseView.model_validate_json(rows[0]["view"]) if len(rows) == 1 else None

    async def members(self, case_id: str) -> list[MemberRow]:
        """All members of a case in the order of their events."""
        return await self._members("case_id = $1 ORDER BY number, report_id", case_id)

    async def report(self, reference: str) -> list[MemberRow]:
        """By report id, or by source number; several if channels share a number."""
        return await self._members("report_id = $1 OR source_id = $1 ORDER BY channel LIMIT 20", reference)

    async def _members(self, condition: str, value: str) -> list[MemberRow]:
        rows = await self._connection.fetch(
            f"SELECT member, journal_partition, journal_offset FROM {self._schema}.members WHERE {condition}",  # noqa: S608
            value,
        )
        return [MemberRow(CaseMember.model_validate_json(row[0]), row[1], row[2]) for row in rows]

    async def history(self, *, case_id: str | None = None, report_id: str | None = None) -> list[dict[str, Any]]:
        """The events of a case or of a report, in order."""
        column, value = ("case_id", case_id) if case_id is not None else ("report_id", report_id)
        rows = await self._connection.fetch(
            f"SELECT event FROM {self._schema}.events WHERE {column} = $1 ORDER BY jurisdiction, number",  # noqa: S608
            value,
        )
        return [json.loads(row["event"]) for row in rows]

    async def largest(self, limit: int) -> list[CaseView]:
        """The cases with the most channels, then the most reports."""
        rows = await self._connection.fetch(
            f"SELECT view FROM {self._schema}.cases WHERE NOT (view->>'withheld')::bool "  # noqa: S608
            "ORDER BY (SELECT count(*) FROM jsonb_object_keys(view->'by_channel')) DESC, (view->>'reports')::int DESC, case_id LIMIT $1",
            limit,
        )
        return [CaseView.model_validate_json(row["view"]) for row in rows]

    async def counts(self) -> dict[str, Any]:
        """Cases, reports by channel, events by type, and reports that carry a suggestion."""
        cases = await self._connection.fetchval(f"SELECT count(*) FROM {self._schema}.cases")  # noqa: S608
        channels = await self._connection.fetch(f"SELECT channel, count(*) FROM {self._schema}.members GROUP BY 1 ORDER BY 1")  # noqa: S608
        types = await self._connection.fetch(f"SELECT type, count(*) FROM {self._schema}.events GROUP BY 1 ORDER BY 1")  # noqa: S608
        suggested = await self._connection.fetchval(
            f"SELECT count(DISTINCT report_id) FROM {self._schema}.events WHERE type = 'join.suggested'"  # noqa: S608
        )
        return {
            "cases": cases,
            "reports": {row[0]: row[1] for row in channels},
            "events": {row[0]: row[1] for row in types},
            "suggested": suggested,
        }

    async def events(self) -> dict[str, tuple[str, int]]:
        """Event id -> (jurisdiction, number)."""
        rows = await self._connection.fetch(f"SELECT event_id, jurisdiction, number FROM {self._schema}.events")  # noqa: S608
        return {row[0]: (row[1], row[2]) for row in rows}

    async def all_views(self) -> tuple[dict[str, CaseView], dict[str, CaseMember]]:
        """Every case and every member."""
        cases = await self._connection.fetch(f"SELECT case_id, view FROM {self._schema}.cases")  # noqa: S608
        members = await self._connection.fetch(f"SELECT report_id, member FROM {self._schema}.members")  # noqa: S608
        return (
            {row[0]: CaseView.model_validate_json(row[1]) for row in cases},
            {row[0]: CaseMember.model_validate_json(row[1]) for row in members},
        )
