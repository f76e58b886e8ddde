"""Postgres: connection, retry, and the tables, created where they are missing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import stamina

from streams.errors import Unreachable

T = TypeVar("T")
TRANSIENT = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.OperatorInterventionError,  # the server is shutting down or starting up
    asyncpg.exceptions.SerializationError,
    asyncpg.exceptions.DeadlockDetectedError,
    asyncpg.exceptions.DiskFullError,
    asyncpg.exceptions.TooManyConnectionsError,
)
RETRY_S = 60.0  # then the worker crashes and is started again from outside

VAULT_ROLE = "onecase_vault"
PROJECT_ROLE = "onecase_project"
_ROLES = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{VAULT_ROLE}') THEN CREATE ROLE {VAULT_ROLE} NOLOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{PROJECT_ROLE}') THEN CREATE ROLE {PROJECT_ROLE} NOLOGIN; END IF;
END $$;
GRANT {VAULT_ROLE}, {PROJECT_ROLE} TO CURRENT_USER;
"""  # noqa: S608  # names are constants above

# The vault is a schema of its own under a role of its own: what projects and answers queries cannot read it.
_VAULT = """
CREATE SCHEMA IF NOT EXISTS {vault};
CREATE TABLE IF NOT EXISTS {vault}.people (
  report_id text, digest text, held jsonb NOT NULL, tokens text[] NOT NULL, stored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (report_id, digest));
CREATE TABLE IF NOT EXISTS {vault}.jurisdictions (
  report_id text PRIMARY KEY, jurisdiction text NOT NULL, pinned_at timestamptz NOT NULL DEFAULT now());
GRANT USAGE ON SCHEMA {vault} TO {vault_role};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {vault} TO {vault_role};
"""
_PROJECTION = """
CREATE SCHEMA IF NOT EXISTS {main};
CREATE TABLE IF NOT EXISTS {main}.positions (
  topic text, partition int, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS {main}.cases (
  case_id text PRIMARY KEY, jurisdiction text NOT NULL, number bigint NOT NULL, view jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS {main}.members (
  report_id text PRIMARY KEY, case_id text NOT NULL, jurisdiction text NOT NULL, channel text NOT NULL, source_id text NOT NULL,
  number bigint NOT NULL, journal_partition int NOT NULL, journal_offset bigint NOT NULL, member jsonb NOT NULL);
CREATE INDEX IF NOT EXISTS members_case ON {main}.members (case_id);
CREATE INDEX IF NOT EXISTS members_source ON {main}.members (source_id);
CREATE TABLE IF NOT EXISTS {main}.events (
  event_id text PRIMARY KEY, jurisdiction text NOT NULL, number bigint NOT NULL, type text NOT NULL, case_id text, report_id text,
  at timestamptz NOT NULL, event jsonb NOT NULL, UNIQUE (jurisdiction, number));
CREATE INDEX IF NOT EXISTS events_case ON {main}.events (case_id, number);
CREATE INDEX IF NOT EXISTS events_report ON {main}.events (report_id, number);
GRANT USAGE ON SCHEMA {main} TO {project_role};
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {main} TO {project_role};
"""
_LOCK = 0x6F6E6563  # "onec": two workers that start together must not create the same table twice


async def connect(dsn: str, *, role: str | None = None, wait_s: float = 30.0) -> asyncpg.Connection:
    """A connection, as `role` if given; waits up to `wait_s` and raises Unreachable."""
    loop = asyncio.get_running_loop()
    end = loop.time() + wait_s
    while True:
        try:
            return await asyncpg.connect(dsn, timeout=10, server_settings={"role": role} if role else {})
        except asyncpg.InvalidParameterValueError as error:
            raise ValueError(f"Postgres knows no role {role}; start `onecase worker` once, which makes roles and tables.") from error
        except TRANSIENT as error:
            if loop.time() > end:
                raise Unreachable(
                    "Postgres does not answer; start it (`onecase up` for a local one) or set ONECASE_POSTGRES_DSN."
                ) from error
            await asyncio.sleep(0.3)


async def prepare(dsn: str, *, main: str, vault: str) -> None:
    """Creates roles, schemas and tables where they are missing. May run any number of times, also at once."""
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute(_ROLES)
            await connection.execute(_VAULT.format(vault=vault, vault_role=VAULT_ROLE))
            await connection.execute(_PROJECTION.format(main=main, project_role=PROJECT_ROLE))
    finally:
        await connection.close()


class Session:
    """One connection that is made anew after a transient error; the work is then done again as a whole."""

    def __init__(self, dsn: str, role: str | None = None) -> None:
        self._dsn = dsn
        self._role = role
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()

    async def transact(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Runs `work` in a transaction; retries transient errors for a minute, then raises the last."""
        async with self._lock:
            async for attempt in stamina.retry_context(on=(*TRANSIENT, Unreachable), attempts=None, timeout=RETRY_S, wait_max=3.0):
                with attempt:
                    try:
                        if self._connection is None or self._connection.is_closed():
                            self._connection = await connect(self._dsn, role=self._role, wait_s=5.0)
                        async with self._connection.transaction():
                            return await work(self._connection)
                    except TRANSIENT:
                        await self.close()
                        raise
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Drops the connection, if there is one."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
