"""Postgres with pg_trgm, on a cluster of its own that ends with the run.

The locale must know Chinese letters: in a database of locale C, pg_trgm sees none and finds nothing.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from bench.gold import Report
from bench.peers.subject import HITS, Hit, Setup, text_of

LOCALE = "C.UTF-8"
ABSENT = "Postgres with pg_trgm is not here: apt-get install postgresql postgresql-contrib"
SETTINGS = {"listen_addresses": "", "shared_buffers": "256MB", "jit": "off", "max_parallel_workers_per_gather": "0"}
START_S = 30
TABLE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
DROP TABLE IF EXISTS report;
CREATE TABLE report (number int PRIMARY KEY, body text NOT NULL);
CREATE INDEX ON report USING gist (body gist_trgm_ops (siglen = 256));
"""
QUERY = "SELECT number, 1 - (body <-> $1) AS near FROM report ORDER BY body <-> $1 LIMIT $2"
"""Nearest neighbours by the index. Over the whole text: titles alone, words of one in the other, and sums of these were worse."""
EXTENSION = "SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'"
T = TypeVar("T")


def binaries() -> Path:
    """The newest server's programs. Raises FileNotFoundError saying what to install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise FileNotFoundError(ABSENT)


class Cluster:
    """A Postgres of its own in a temporary folder, reached by a unix socket only. Root starts it as user postgres, as Postgres demands."""

    def __init__(self) -> None:
        programs = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="peers-pg-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self._as = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        data = self.folder / "data"
        command: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-E",
            "UTF8",
            f"--locale={LOCALE}",
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as)
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", self.folder, *options], stdout=log, stderr=log, cwd=self.folder, **self._as
            )

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection, as soon as the server takes one."""
        until = time.monotonic() + START_S
        while True:
            try:
                return await asyncpg.connect(host=str(self.folder), user="postgres", database="postgres")
            except (OSError, asyncpg.CannotConnectNowError):
                if time.monotonic() > until or self._server.poll() is not None:
                    raise
                await asyncio.sleep(0.1)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait(timeout=START_S)
        shutil.rmtree(self.folder, ignore_errors=True)


class Trgm:
    """Trigram similarity in Postgres. Each report is committed before the next one is asked about."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop = cluster, asyncio.new_event_loop()
        self._db = self._run(cluster.connect())
        self._run(self._db.execute(TABLE))

    def ask(self, report: Report) -> Sequence[Hit]:
        found = self._run(self._db.fetch(QUERY, text_of(report), HITS))
        return sorted(((row["number"], row["near"]) for row in found), key=lambda hit: (-hit[1], hit[0]))  # the index leaves ties open

    def add(self, number: int, report: Report) -> None:
        self._run(self._db.execute("INSERT INTO report VALUES ($1, $2)", number, text_of(report)))

    def stored(self) -> int | None:
        return int(self._run(self._db.fetchval("SELECT pg_total_relation_size('report')")))

    def versions(self) -> dict[str, str]:
        server = self._run(self._db.fetchval("SHOW server_version"))
        return {"Postgres": str(server), "pg_trgm": str(self._run(self._db.fetchval(EXTENSION)))}

    def close(self) -> None:
        try:
            self._run(self._db.close())
            self._loop.close()
        finally:
            self._cluster.stop()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)


def build(_: Setup) -> Trgm:
    """A new cluster with an empty table."""
    cluster = Cluster()
    try:
        return Trgm(cluster)
    except BaseException:
        cluster.stop()
        raise
