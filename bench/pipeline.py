"""The pipeline beside two limits measured in the same run: the same three stages doing nothing, and a plain transactional copy loop.

    onecase bench pipeline --reports 20000 --json

Servers of its own under a temporary folder; everything on loopback. Both courses get the same raw records while their workers are warm and
waiting, and end when a `read_committed` reader has seen the last output of every record.
"""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.console import Console

from bench.identity import topics_of
from bench.reports import reports
from onecase.context import point_at
from onecase.local.kafka import LocalKafka
from onecase.local.postgres import LocalPostgres
from onecase.local.servers import down, up
from schemas.base import from_millis
from schemas.codec import Envelope, encode
from schemas.contact import RawContact
from schemas.ids import raw_id, report_id
from schemas.topics import CASE_EVENTS, CASE_MEMBERS, JOURNAL_PARTITIONS, Naming, Topic, raw_topic
from streams.kafka import partitions_of
from streams.shell import topics
from streams.shell.settings import Settings
from streams.shell.worker import STAGES, input_topics, ready

ROOT = Path(__file__).resolve().parents[1]
LATENCY_RATE, LATENCY_REPORTS = 50, 1000
err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Raw:
    """An encoded raw record."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    report: str


def encoded(count: int, naming: Naming, prefix: str) -> list[Raw]:
    """Raw records as a connector writes them."""
    found = []
    for invented in reports(count):
        contact = invented.model_copy(update={"source_id": prefix + invented.source_id})
        payload = contact.to_json()
        key = f"{contact.channel}/{contact.source_id}"
        now = from_millis(time.time_ns() // 1_000_000)
        raw = RawContact(
            connector="bench", channel=contact.channel, received_at=now, jurisdiction="bench", content_type="application/json",
            payload=payload, contact=contact,
        )  # fmt: skip
        value, headers = encode(Envelope(raw_id("bench", key, "0" * 64, None), "raw.contact", "/onecase/connector/bench", key, now), raw)
        report = report_id(contact.channel, contact.channel, contact.source_id)
        found.append(Raw(naming.of(raw_topic(contact.channel)), key.encode(), value, list(headers), report))
    return found


async def send(bootstrap: str, records: Sequence[Raw]) -> None:
    """As fast as one producer can."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, max_batch_size=256 * 1024)
    await producer.start()
    try:
        deliveries = [await producer.send(r.topic, value=r.value, key=r.key, headers=r.headers) for r in records]
        await asyncio.gather(*deliveries)
    finally:
        await producer.stop()


@contextmanager
def processes(commands: Sequence[Sequence[str]], log: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes, ended at the end."""
    with log.open("ab") as file:
        running = [subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT) for command in commands]
        try:
            yield running
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(60)


async def ends(bootstrap: str, names: Sequence[str]) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        counts = await partitions_of(bootstrap, names)
        found: dict[TopicPartition, int] = await consumer.end_offsets([TopicPartition(n, p) for n, c in counts.items() for p in range(c)])
        return found
    finally:
        await consumer.stop()


async def arrived(bootstrap: str, topic: str, partitions: int, keys: set[bytes], sender: Awaitable[None], limit_s: float = 600.0) -> float:
    """Sends, and returns the seconds until a `read_committed` reader of `topic` has seen every key."""
    missing = set(keys)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        await consumer.seek_to_end()
        start = time.perf_counter()
        sending = asyncio.ensure_future(sender)
        while missing and time.perf_counter() - start < limit_s:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                missing.difference_update(record.key for record in batch)
        took = time.perf_counter() - start
        await sending
    finally:
        await consumer.stop()
    if missing:
        raise TimeoutError(f"{len(missing)} of {len(keys)} keys never came to {topic}; the workers' log says why")
    return took


def cpu_seconds(pids: dict[str, int]) -> dict[str, float]:
    """User and system time of processes and their children that ended, from /proc; empty elsewhere."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for name, pid in pids.items():
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
            found[name] = sum(map(int, fields[11:15])) / ticks
    return found


def server_pids(folder: Path) -> dict[str, int]:
    """Kafka, and Postgres with the backends that do its work."""
    kafka, postgres = LocalKafka(folder).kept, LocalPostgres(folder).kept
    found = {name: kept.pid for name, kept in (("kafka", kafka), ("postgres", postgres)) if kept and kept.pid}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == found.get("postgres"):
            found[f"postgres {stat.parent.name}"] = int(stat.parent.name)
    return found


def stage_commands(stages: Sequence[str] = STAGES) -> dict[str, list[str]]:
    return {stage: [sys.executable, "-P", "-m", "onecase", "worker", "--only", stage] for stage in stages}


def identity_commands() -> dict[str, list[str]]:
    return {f"identity-{step}": [sys.executable, "-m", "bench.identity", str(step)] for step in (1, 2, 3)}


@dataclass(frozen=True, slots=True)
class Course:
    """What is timed: worker processes by name, the topic where their last output lands, and the key a raw record has there."""

    commands: Mapping[str, Sequence[str]]
    target: str
    partitions: int
    key: Callable[[Raw], bytes]


async def timed(
    bootstrap: str, course: Course, records: Sequence[Raw], warm: Sequence[Raw], folder: Path
) -> tuple[float, dict[str, float]]:
    """Seconds from the first raw record to the last output, and CPU seconds by process."""
    with processes(list(course.commands.values()), folder / "workers.log") as running:

        async def run(part: Sequence[Raw]) -> float:
            keys = {course.key(record) for record in part}
            return await arrived(bootstrap, course.target, course.partitions, keys, send(bootstrap, part))

        await run(warm)
        pids = dict(zip(course.commands, (process.pid for process in running), strict=True)) | server_pids(folder)
        before = cpu_seconds(pids)
        took = await run(records)
        after = cpu_seconds(pids)
    used: dict[str, float] = {}
    for name, seconds in after.items():
        label = name.partition(" ")[0]
        used[label] = round(used.get(label, 0) + seconds - before.get(name, 0), 2)
    return took, used


async def all_seen(seen: Mapping[bytes, float], count: int, limit_s: float = 180.0) -> None:
    deadline = time.monotonic() + limit_s
    while len(seen) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {len(seen)} of {count} reports had an event after {limit_s:.0f} s")
        await asyncio.sleep(0.1)


async def latencies(settings: Settings, log: Path) -> list[float]:
    """Milliseconds from the send of a raw record to its first case event in the hands of a `read_committed` reader."""
    records = encoded(LATENCY_REPORTS + 100, settings.naming, "L")
    sent: dict[bytes, float] = {}
    took: dict[bytes, float] = {}
    with processes(list(stage_commands(STAGES[:2]).values()), log):
        topic = settings.naming.of(CASE_EVENTS)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka_bootstrap, isolation_level="read_committed", auto_offset_reset="latest"
        )
        await consumer.start()
        consumer.assign([TopicPartition(topic, p) for p in range(JOURNAL_PARTITIONS)])
        await consumer.seek_to_end()
        producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap, enable_idempotence=True)
        await producer.start()

        async def watch() -> None:
            async for record in consumer:
                now = time.perf_counter()
                subject = dict(record.headers).get("ce_subject", b"")
                if subject in sent:
                    took.setdefault(subject, (now - sent[subject]) * 1000)

        watching = asyncio.create_task(watch())
        for raw in records[:100]:  # the first ones pay for the take-over
            sent[raw.report.encode()] = time.perf_counter()
            await producer.send(raw.topic, value=raw.value, key=raw.key, headers=raw.headers)
        await all_seen(took, 100)
        took.clear()
        start = time.perf_counter()
        for number, raw in enumerate(records[100:]):
            await asyncio.sleep(max(0.0, start + number / LATENCY_RATE - time.perf_counter()))
            sent[raw.report.encode()] = time.perf_counter()
            await producer.send(raw.topic, value=raw.value, key=raw.key, headers=raw.headers)
        await all_seen(took, LATENCY_REPORTS)
        watching.cancel()
        await producer.stop()
        await consumer.stop()
    return sorted(took.values())


async def copy_loop(bootstrap: str, sources: Sequence[str], target: str, count: int) -> float:
    """Records a second of one plain transactional aiokafka loop with batches of 500, in this process."""
    consumer = AIOKafkaConsumer(
        *sources, bootstrap_servers=bootstrap, group_id="bench-copy", isolation_level="read_committed", enable_auto_commit=False,
        auto_offset_reset="earliest", max_poll_records=500,
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="bench-copy", max_batch_size=256 * 1024)
    await consumer.start()
    await producer.start()
    try:
        done, start = 0, 0.0
        while done < count:
            batches = await consumer.getmany(timeout_ms=1000, max_records=500)
            start = start or time.perf_counter()
            async with producer.transaction():
                deliveries = [
                    await producer.send(target, value=r.value, key=r.key, headers=list(r.headers))
                    for batch in batches.values()
                    for r in batch
                ]
                await asyncio.gather(*deliveries)
                offsets = {tp: batch[-1].offset + 1 for tp, batch in batches.items() if batch}
                if offsets:
                    await producer.send_offsets_to_transaction(offsets, "bench-copy")
            done += len(deliveries)
        return done / (time.perf_counter() - start)
    finally:
        await consumer.stop()
        await producer.stop()


def machine() -> dict[str, Any]:
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    packages = ("onecase", "faust-streaming", "aiokafka", "pydantic", "asyncpg", "rapidfuzz")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kafka": "4.1.0 (one node, same machine)",
        "postgres": "18 (same machine)",
        "versions": {name: version(name) for name in packages},
    }


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


async def measure(count: int, folder: Path) -> dict[str, Any]:
    settings = Settings()
    bootstrap, naming = settings.kafka_bootstrap, settings.naming
    await topics.apply(bootstrap, naming)
    plain = Topic("", "", "", (), JOURNAL_PARTITIONS, None, compacted=False, access="internal", owner="bench")
    extra = [f"bench.identity.{step}" for step in (1, 2, 3)] + ["bench.copy"]
    await topics.apply(bootstrap, Naming(), topics=[replace(plain, name=name) for name in extra])
    await ready(settings)
    warm, records = encoded(300, naming, "W"), encoded(count, naming, "")
    err.print(f"{count} reports, {sum(len(r.value) for r in records) // count} bytes a raw record")
    pipeline = Course(stage_commands(), naming.of(CASE_MEMBERS), CASE_MEMBERS.partitions, lambda raw: raw.report.encode())
    took, cpu = await timed(bootstrap, pipeline, records, warm, folder)
    err.print(f"pipeline {count / took:.0f}/s")
    # The identity stages start where the pipeline has read to, so that each sees its records once.
    await at_the_end(bootstrap, "bench-identity-1", topics_of(1, settings)[0])
    identity = Course(identity_commands(), "bench.identity.3", JOURNAL_PARTITIONS, lambda raw: raw.key)
    took_identity, cpu_identity = await timed(bootstrap, identity, records, warm, folder)
    err.print(f"identity {count / took_identity:.0f}/s")
    raw_topics = [naming.of(topic) for topic in input_topics("normalise", settings.channels)]
    copied = await copy_loop(bootstrap, raw_topics, "bench.copy", count)
    err.print(f"copy {copied:.0f}/s")
    await at_the_end(bootstrap, settings.group("normalise"), raw_topics)
    found = await latencies(settings, folder / "workers.log")
    return {
        "reports": count,
        "pipeline_per_s": round(count / took),
        "identity_per_s": round(count / took_identity),
        "copy_per_s": round(copied),
        "ratio_to_identity": round(took_identity / took, 3),
        "latency_ms": {"p50": round(found[len(found) // 2]), "p99": round(found[int(len(found) * 0.99)])},
        "cpu_s": {"pipeline": cpu, "identity": cpu_identity},
        "machine": machine(),
    }


async def at_the_end(bootstrap: str, group: str, names: Sequence[str]) -> None:
    """Sets an idle group to the ends of its inputs."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        counts = await partitions_of(bootstrap, names)
        found = await consumer.end_offsets([TopicPartition(name, number) for name, count in counts.items() for number in range(count)])
        consumer.assign(list(found))
        await consumer.commit(found)
    finally:
        await consumer.stop()


def main(count: int, *, as_json: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="onecase-bench-"))
    folder.chmod(0o711)
    for name in [name for name in os.environ if name.startswith("ONECASE_") and name != "ONECASE_CACHE"]:
        del os.environ[name]
    try:
        point_at(up(folder, say=err.print), folder, os.environ)
        result = asyncio.run(measure(count, folder))
    finally:
        down(folder)
        shutil.rmtree(LocalPostgres(folder).place, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result, indent=None if as_json else 1))
