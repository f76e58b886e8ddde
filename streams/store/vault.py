"""The vault (personal data) and the jurisdiction pins: written by normalise only, under a role of its own."""

import json
from collections.abc import Mapping, Sequence

import asyncpg

from streams.steps.normalise import Held
from streams.store.database import VAULT_ROLE, Session


class Vault:
    """Names, numbers and addresses of people (个人信息), and which city each report belongs to."""

    def __init__(self, dsn: str, schema: str) -> None:
        self._session = Session(dsn, VAULT_ROLE)
        self._schema = schema

    async def pin(self, wishes: Mapping[str, str]) -> dict[str, str]:
        """Report id -> jurisdiction as fixed at first sight: the first wish wins, later ones get the first back."""
        if not wishes:
            return {}
        reports = sorted(wishes)  # one order everywhere, so that two workers cannot deadlock

        async def work(connection: asyncpg.Connection) -> dict[str, str]:
            await connection.execute(
                f"INSERT INTO {self._schema}.jurisdictions (report_id, jurisdiction) "  # noqa: S608  # the schema is ours
                "SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
                reports,
                [wishes[report] for report in reports],
            )
            rows = await connection.fetch(
                f"SELECT report_id, jurisdiction FROM {self._schema}.jurisdictions WHERE report_id = ANY($1)",  # noqa: S608
                reports,
            )
            return {row["report_id"]: row["jurisdiction"] for row in rows}

        return await self._session.transact(work)

    async def hold(self, batch: Sequence[Held]) -> None:
        """Stores the people of these reports; what is held already stays as it is."""
        if not batch:
            return

        async def work(connection: asyncpg.Connection) -> None:
            await connection.executemany(
                f"INSERT INTO {self._schema}.people (report_id, digest, held, tokens) VALUES ($1, $2, $3, $4) "  # noqa: S608
                "ON CONFLICT DO NOTHING",
                sorted((held.report_id, held.digest, json.dumps(held.people, ensure_ascii=False), held.tokens) for held in batch),
            )

        await self._session.transact(work)
