"""Faults for real: kill -9, frozen workers, servers that go away. Nothing is lost, nothing is decided twice."""

import asyncio
import random
import signal
import subprocess
from collections import Counter

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import CASE_EVENTS, JOURNAL, REJECTED, raw_topic
from streams.kafka import group_offsets
from tests.servers import Servers
from tests.streams.integration.conftest import Make
from tests.streams.integration.harness import Run, alive, children_of, until
from tests.streams.integration.stories import stretch

pytestmark = [pytest.mark.servers, pytest.mark.slow]

SEED = 20261125


async def journal_of(run: Run, reports: int) -> int:
    """Fills the journal and ends normalise."""
    published = await run.publish(stretch(reports))
    started = run.start("normalise")
    for _ in range(600):
        if len(await run.read(JOURNAL)) >= published:
            break
        await asyncio.sleep(0.2)
    run.stop(started)
    assert len(await run.read(JOURNAL)) == published, run.tail()
    return published


async def done(run: Run, journal: int, limit_s: float = 240) -> None:
    """Waits until every journal record has its events and Postgres has them all."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_s
    while True:
        result = await run.settled(raw=journal, limit_s=limit_s)
        if result.counts["events"] == result.counts["stored_events"]:
            assert result.holds, result.problems
            return
        assert loop.time() < end, run.tail()


async def test_ten_kills_and_other_batches_change_nothing(make_run: Make) -> None:
    """One journal, two runs: one undisturbed; one with small batches and its workers killed (-9) ten times. Both publish the same bytes."""
    source = await make_run().prepare()
    count = await journal_of(source, 1500)

    calm = await make_run(journal_suffix=source.suffix).prepare()
    calm.start("consolidate", "project")
    await done(calm, count)
    calm.stop()

    rough = await make_run(
        journal_suffix=source.suffix, more={"ONECASE_BATCH": "7", "ONECASE_WITHIN_S": "0.01", "ONECASE_SESSION_TIMEOUT_S": "2"}
    ).prepare()
    dice = random.Random(SEED)
    kills, midway = 0, 0
    workers: dict[str, subprocess.Popen[bytes]] = {}
    while kills < 10:
        for stage in ("consolidate", "project"):
            if stage not in workers or workers[stage].poll() is not None:
                [workers[stage]] = rough.start(stage)
        await asyncio.sleep(dice.uniform(3.0, 7.0))
        for stage in dice.choice((("consolidate",), ("project",), ("consolidate", "project"))):
            workers[stage].kill()
            workers[stage].wait()
            kills += 1
        midway += 0 < len(await rough.read(CASE_EVENTS)) < len(await calm.read(CASE_EVENTS))
    assert midway, "every kill came before or after the work; nothing was tested"
    rough.start("consolidate", "project")
    await done(rough, count)

    assert await rough.events() == await calm.events()
    numbers = Counter(dict(headers)["ce_sequence"] for *_, headers in await rough.events())
    assert sorted(numbers) == [f"{number:020d}".encode() for number in range(1, len(numbers) + 1)]
    assert set(numbers.values()) == {1}
    assert await rough.dump() == await calm.dump()


async def test_a_zombie_is_shut_out(make_run: Make) -> None:
    """Two consolidate workers; the one at work is frozen past its session and woken: nothing it writes is ever seen."""
    run = await make_run(more={"ONECASE_BATCH": "5", "ONECASE_SESSION_TIMEOUT_S": "2"}).prepare()
    run.start("normalise", "project")
    logs = [run.folder / f"{name}.log" for name in ("first", "second")]
    workers = [run.start("consolidate", log=log)[0] for log in logs]
    count = await run.publish(stretch(60, prefix="a"))
    await run.settled(raw=count)
    owner = next(number for number, log in enumerate(logs) if "took over" in log.read_text(encoding="utf-8"))
    zombie, other = workers[owner], logs[1 - owner]

    more = asyncio.create_task(run.publish(stretch(400, prefix="b")))
    await asyncio.sleep(0.5)  # it is in the middle of its work
    zombie.send_signal(signal.SIGSTOP)
    count += await more + await run.publish(stretch(40, prefix="c"))
    await until(lambda: "took over" in other.read_text(encoding="utf-8"), "the other worker takes over")
    zombie.send_signal(signal.SIGCONT)
    result = await run.settled(raw=count)
    assert result.holds, result.problems
    await until(lambda: zombie.poll() is not None, "the zombie ends", 40)
    log = logs[owner].read_text(encoding="utf-8")
    assert zombie.poll() == 1, log[-2000:]
    assert "Fenced" in log or "ProducerEpoch" in log or "fenced" in log, log[-3000:]
    result = await run.settled(raw=count)
    assert result.holds, result.problems


async def test_servers_come_and_go(make_run: Make, servers: Servers) -> None:
    """The broker and the database are restarted while the three stages run under their supervisor; all recover by themselves."""
    run = await make_run().prepare()
    supervisor = run.start_supervisor()
    count = await run.publish(stretch(200, prefix="a"))
    await asyncio.to_thread(servers.postgres.kill)
    await asyncio.sleep(2)
    await asyncio.to_thread(servers.postgres.start)
    count += await run.publish(stretch(100, prefix="b"))
    await asyncio.to_thread(servers.kafka.kill)
    await asyncio.sleep(2)
    await asyncio.to_thread(servers.kafka.start)
    count += await run.publish(stretch(100, prefix="c"))
    await asyncio.to_thread(servers.postgres.stop)
    await asyncio.to_thread(servers.postgres.start)
    count += await run.publish(stretch(50, prefix="d"))
    await asyncio.to_thread(servers.kafka.stop)
    await asyncio.to_thread(servers.kafka.start)
    count += await run.publish(stretch(50, prefix="e"))
    result = await run.settled(raw=count, limit_s=180)
    assert result.holds, result.problems
    assert supervisor.poll() is None


async def test_stages_die_with_their_supervisor(make_run: Make) -> None:
    """kill -9 of the supervisor leaves no stage behind."""
    run = await make_run().prepare()
    supervisor = run.start_supervisor()
    await until(lambda: len(children_of(supervisor.pid)) == 3, "three stages run")
    children = children_of(supervisor.pid)
    supervisor.kill()
    supervisor.wait()
    await until(lambda: not alive(children), "the stages end", 40)


async def test_a_group_beyond_the_events_refuses_to_start(make_run: Make) -> None:
    """Offsets that were moved past undecided records are not believed: the worker says so and ends."""
    run = await make_run().prepare()
    count = await journal_of(run, 20)
    [place] = {record.place for record in await run.read(JOURNAL)}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=run.settings.kafka_bootstrap, group_id=run.settings.group("consolidate"), enable_auto_commit=False
    )
    await consumer.start()
    tp = TopicPartition(place.topic, place.partition)
    consumer.assign([tp])
    await consumer.commit({tp: count - 3})
    await consumer.stop()
    [worker] = run.start("consolidate")
    await asyncio.wait_for(asyncio.to_thread(worker.wait), 60)
    assert worker.returncode == 1
    assert "set the group back to 0" in run.tail()
    assert (await group_offsets(run.settings.kafka_bootstrap, run.settings.group("consolidate")))[place] == count - 3


async def test_too_many_rejects_stop_the_worker(make_run: Make) -> None:
    """A bad deployment must not pour the whole topic into the dead letters."""
    run = await make_run().prepare()
    await run.write(raw_topic, [("board", f"k{number}".encode(), b"{", []) for number in range(400)])
    [worker] = run.start("normalise")
    await asyncio.wait_for(asyncio.to_thread(worker.wait), 60)
    assert worker.returncode == 1
    assert "ONECASE_REJECT_SHARE_MAX" in run.tail()
    assert len(await run.read(REJECTED)) < 400
