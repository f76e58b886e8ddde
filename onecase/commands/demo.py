"""`onecase demo`: the whole job on a local Kafka and Postgres, and what happened in plain words."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from connectors import registry
from connectors.kafka import serve
from connectors.settings import KafkaSettings, read_settings
from onecase.commands.servers import Json
from onecase.commands.worker import COMMAND
from onecase.context import DEMO, Exit, err, fail, out, point_at, print_json
from onecase.demo.feeds import feed_path, month, prepare, steps, write
from onecase.demo.summary import Story, go_on, tell
from onecase.local.servers import down, up
from schemas.contact import CHANNELS
from schemas.topics import REJECTED
from streams.kafka import partitions_of, read_to_end
from streams.records import Place
from streams.shell import topics
from streams.shell.audit import audit
from streams.shell.settings import Settings
from streams.shell.worker import ready
from streams.steps.audit import Audit
from streams.store.database import PROJECT_ROLE, connect
from streams.store.queries import Queries

JURISDICTION = "yunxi"
SETTLE_S = 120.0


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the servers running at the end.")] = False,
    json: Json = False,
) -> None:
    """Play a month of one city's contacts through all four channels, and say what became of them.

    Uses only .onecase/demo, emptied at the start and stopped at the end; nothing that you have configured is touched. Go on afterwards with
    `onecase up --demo`.
    """
    for name in [name for name in os.environ if name.startswith("ONECASE_") and name != "ONECASE_CACHE"]:
        del os.environ[name]
    down(DEMO)
    _empty(DEMO)
    try:
        endpoints = up(DEMO, say=lambda text: err.print(text, style="dim"))
        point_at(endpoints, DEMO, os.environ)
        story = asyncio.run(_play(Settings()))
    finally:
        if not keep:
            down(DEMO)
    if json:
        print_json(story.as_json())
    else:
        tell(story, out)
        go_on(story, out)
    if not story.audit.holds:
        raise typer.Exit(Exit.NO)


def _empty(folder: Path) -> None:
    postgres = folder / "postgres"
    if postgres.is_symlink():  # it lies elsewhere where its user may enter
        shutil.rmtree(postgres.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


async def _play(s: Settings) -> Story:
    await topics.apply(s.kafka_bootstrap, s.naming)
    await ready(s)
    feeds = DEMO / "feeds"
    prepare(feeds)
    published = dict.fromkeys(CHANNELS, 0)
    arrivals = month()
    with _worker(DEMO / "worker.log") as alive, Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("March 2026 passes", total=len(arrivals))
        for part in steps(arrivals):
            write(feeds, part)
            for channel, number in zip(CHANNELS, await asyncio.gather(*(_connect(channel, feeds) for channel in CHANNELS)), strict=True):
                published[channel] += number
            progress.advance(task, len(part))
        task = progress.add_task("the agents finish", total=None)
        result = await _settled(s, sum(published.values()), alive)
    return await _story(s, published, result)


async def _connect(channel: str, feeds: Path) -> int:
    spec = registry.find(channel)
    settings = read_settings(spec.settings, path=feed_path(feeds, channel), jurisdiction=JURISDICTION)
    return await serve(spec.build(settings), read_settings(KafkaSettings), once=True, poll_s=1, stop=asyncio.Event())


@contextmanager
def _worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`onecase worker` in a process of its own; stopped at the end."""
    with log.open("wb") as file, subprocess.Popen(COMMAND, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()


async def _settled(s: Settings, expected: int, worker: subprocess.Popen[bytes]) -> Audit:
    """The audit once every record has gone through, or as it stands after two minutes."""
    end = time.monotonic() + SETTLE_S
    while True:
        result = await audit(s)
        counts = result.counts
        waiting = counts["raw_waiting"] + counts["journal_waiting"] + counts["events_waiting"]
        if counts["raw"] >= expected and not waiting and counts["cases"] == counts["topic_cases"]:
            return result
        if worker.poll() is not None:
            fail(Exit.NO, f"The worker has ended; {DEMO / 'worker.log'} says why.")
        if time.monotonic() > end:
            fail(Exit.NO, f"After {SETTLE_S:.0f} s {waiting} records still wait; {DEMO / 'worker.log'} says why.")
        await asyncio.sleep(0.3)


async def _story(s: Settings, published: dict[str, int], result: Audit) -> Story:
    name = s.naming.of(REJECTED)
    count = (await partitions_of(s.kafka_bootstrap, [name]))[name]
    rejected = [record async for record in read_to_end(s.kafka_bootstrap, [Place(name, partition) for partition in range(count)])]
    connection = await connect(s.postgres_dsn.get_secret_value(), role=PROJECT_ROLE)
    try:
        queries = Queries(connection, s.projection_schema)
        examples = [(view, await queries.members(view.case_id)) for view in await queries.largest(3)]
        return Story(published, await queries.counts(), examples, rejected, result, s.kafka_bootstrap)
    finally:
        await connection.close()
