"""A run of the real pipeline in a test: worker processes, records in, everything that came out."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from schemas.base import from_millis
from schemas.codec import Envelope, encode
from schemas.contact import Contact, RawContact
from schemas.ids import raw_id
from schemas.topics import CASE_EVENTS, Topic, raw_topic
from streams.kafka import partitions_of, read_to_end
from streams.records import Inbound, Place
from streams.shell import topics
from streams.shell.audit import audit
from streams.shell.settings import Settings
from streams.shell.worker import ready
from streams.steps.audit import Audit
from streams.store.database import connect
from tests.servers import Servers

KEY = "0" * 64
ROOT = Path(__file__).resolve().parents[3]


def unique() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@dataclass
class Run:
    """One run beside others: its suffix, its settings, its worker processes."""

    servers: Servers
    folder: Path
    suffix: str = field(default_factory=unique)
    journal_suffix: str | None = None
    more: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        found = {
            "ONECASE_KAFKA_BOOTSTRAP": self.servers.endpoints.kafka_bootstrap,
            "ONECASE_POSTGRES_DSN": self.servers.endpoints.postgres_dsn,
            "ONECASE_SUFFIX": self.suffix,
            "ONECASE_TOKEN_KEY": KEY,
            "ONECASE_SESSION_TIMEOUT_S": "3",
        } | self.more
        return found | ({"ONECASE_JOURNAL_SUFFIX": self.journal_suffix} if self.journal_suffix else {})

    @property
    def settings(self) -> Settings:
        values = {name.removeprefix("ONECASE_").lower(): value for name, value in self.environment.items()}
        return Settings(**values)  # type: ignore[arg-type]  # text, as from the environment

    @property
    def log(self) -> Path:
        return self.folder / f"{self.suffix}.log"

    async def prepare(self) -> "Run":
        await topics.apply(self.settings.kafka_bootstrap, self.settings.naming)
        await ready(self.settings)
        return self

    def start(self, *stages: str, log: Path | None = None) -> list[subprocess.Popen[bytes]]:
        """Starts a process for each stage."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONECASE_")} | self.environment
        started = []
        with (log or self.log).open("ab") as file:
            for stage in stages:
                command = [sys.executable, "-P", "-m", "onecase", "worker", "--only", stage]
                started.append(subprocess.Popen(command, env=environment, stdout=file, stderr=file, cwd=self.folder))
        self.running += started
        return started

    def start_supervisor(self) -> subprocess.Popen[bytes]:
        """`onecase worker` with its three children."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONECASE_")} | self.environment
        with self.log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "onecase", "worker"], env=environment, stdout=file, stderr=file, cwd=self.folder
            )
        self.running.append(process)
        return process

    def stop(self, processes: Iterable[subprocess.Popen[bytes]] | None = None) -> None:
        for process in list(processes or self.running):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in list(processes or self.running):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.running = [other for other in self.running if other is not process]

    async def publish(self, contacts: Iterable[Contact], jurisdiction: str = "yunxi") -> int:
        """Writes raw records as a connector does."""
        records = [self.encoded(contact, jurisdiction) for contact in contacts]
        await self.write(raw_topic, records)
        return len(records)

    def encoded(self, contact: Contact, jurisdiction: str = "yunxi") -> tuple[str, bytes, bytes, list[tuple[str, bytes]]]:
        key = f"{contact.source_system or contact.channel}/{contact.source_id}"
        now = from_millis(time.time_ns() // 1_000_000)
        raw = RawContact(
            connector="test",
            channel=contact.channel,
            received_at=now,
            jurisdiction=jurisdiction,
            content_type="application/json",
            payload=contact.to_json(),
            contact=contact,
        )
        value, headers = encode(Envelope(raw_id("test", key, "0" * 64, None), "raw.contact", "/onecase/connector/test", key, now), raw)
        return contact.channel, key.encode(), value, list(headers)

    async def write(
        self, topic_of: Callable[[str], Topic], records: Sequence[tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]]
    ) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_idempotence=True, max_request_size=17 * 1024 * 1024
        )
        await producer.start()
        try:
            for name, key, value, headers in records:
                await producer.send_and_wait(self.settings.naming.of(topic_of(name)), value=value, key=key, headers=headers)
        finally:
            await producer.stop()

    async def read(self, topic: Topic) -> list[Inbound]:
        name = self.settings.naming.of(topic)
        count = (await partitions_of(self.settings.kafka_bootstrap, [name]))[name]
        return [record async for record in read_to_end(self.settings.kafka_bootstrap, [Place(name, p) for p in range(count)])]

    async def settled(self, *, raw: int, limit_s: float = 90.0) -> Audit:
        """The audit once `raw` records went all the way; fails with the workers' log after the limit."""
        end = time.monotonic() + limit_s
        while True:
            result = await audit(self.settings)
            counts = result.counts
            waiting = counts["raw_waiting"] + counts["journal_waiting"] + counts["events_waiting"]
            if counts["raw"] >= raw and not waiting and counts["cases"] == counts["topic_cases"]:
                return result
            assert time.monotonic() < end, f"not settled: {dict(counts)}\n{self.tail()}"
            await asyncio.sleep(0.3)

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8")[-3000:] if self.log.exists() else ""

    async def events(self) -> list[tuple[int, int, bytes | None, bytes | None, Any]]:
        """What a `read_committed` reader sees of the case events, in order, without their offsets."""
        found = [(r.place.partition, r.timestamp, r.key, r.value, r.headers) for r in await self.read(CASE_EVENTS)]
        return sorted(found, key=lambda row: row[0])  # stable: the order within a partition stays

    async def dump(self) -> dict[str, list[Any]]:
        """The projection, ordered by key, without wall clock and case-event offsets."""
        connection = await connect(self.settings.postgres_dsn.get_secret_value())
        try:
            schema = self.settings.projection_schema
            return {
                table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {schema}.{table} ORDER BY 1")]
                for table in ("cases", "members", "events")
            }
        finally:
            await connection.close()


async def until(condition: Callable[[], bool], what: str, limit_s: float = 60.0) -> None:
    """Waits for something outside to come true."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"after {limit_s:.0f} s still not: {what}"
        await asyncio.sleep(0.1)


def children_of(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    found = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False)
    return [int(text) for text in found.stdout.split()]


def alive(pids: Iterable[int]) -> list[int]:
    """Those that still run."""
    listed = subprocess.run(["ps", "-o", "pid=", "-p", ",".join(map(str, pids))], capture_output=True, text=True, check=False)
    return [int(text) for text in listed.stdout.split()]


def export_lines(records: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)
