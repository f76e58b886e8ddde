"""Both servers for real: they outlive their starter, keep ports and data, and come back after kill -9."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from onecase.local import postgres, process
from onecase.local.postgres import LocalPostgres
from onecase.local.servers import Endpoints, Status, down, status, up
from tests.servers import Servers, temporary_folder

pytestmark = [pytest.mark.servers, pytest.mark.slow]

TOPIC = "onecase.local.test"
LARGEST = 16 << 20


def modes(folder: Path) -> dict[Path, int]:
    return {parent: parent.stat().st_mode for parent in folder.parents}


async def write(endpoints: Endpoints, text: str) -> None:
    """The text as one record and one row; makes the topic and the table where they are missing."""
    admin = AIOKafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap)
    await admin.start()
    if TOPIC not in await admin.list_topics():
        limit = {"max.message.bytes": str(LARGEST + (1 << 16))}
        await admin.create_topics([NewTopic(TOPIC, 1, 1, topic_configs=limit)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=endpoints.kafka_bootstrap, max_request_size=17 << 20) as producer:
        await producer.send_and_wait(TOPIC, text.encode())
    connection = await asyncpg.connect(endpoints.postgres_dsn)
    await connection.execute("create table if not exists texts (text text primary key)")
    await connection.execute("insert into texts values (md5($1))", text)
    await connection.close()


async def holds(endpoints: Endpoints, text: str) -> tuple[bool, bool]:
    """Whether Kafka and whether Postgres has the text."""
    partition = TopicPartition(TOPIC, 0)
    async with AIOKafkaConsumer(bootstrap_servers=endpoints.kafka_bootstrap, max_partition_fetch_bytes=17 << 20) as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        in_kafka = False
        while await consumer.position(partition) < end:
            in_kafka |= (await consumer.getone()).value == text.encode()
    connection = await asyncpg.connect(endpoints.postgres_dsn)
    in_postgres = await connection.fetchval("select exists (select from texts where text = md5($1))", text)
    await connection.close()
    return in_kafka, in_postgres


async def greet(dsn: str) -> None:
    await (await asyncpg.connect(dsn)).close()


def pids(servers: Servers) -> list[int]:
    found = [server.kept.pid for server in (servers.kafka, servers.postgres) if server.kept]
    assert all(found)
    return [pid for pid in found if pid]


@pytest.fixture(scope="module")
def down_pair() -> Iterator[Servers]:
    with temporary_folder() as folder:
        yield Servers(folder)


@pytest.fixture
def pair(down_pair: Servers) -> Servers:
    """The module's own pair, for these tests stop and kill it at will."""
    up(down_pair.folder, say=print)
    return down_pair


def test_they_outlive_the_program_that_started_them(down_pair: Servers) -> None:
    down(down_pair.folder)
    before = modes(down_pair.folder)
    program = "import sys; from pathlib import Path; from onecase.local.servers import up; up(Path(sys.argv[1]), say=print)"
    subprocess.run([sys.executable, "-c", program, str(down_pair.folder)], check=True)
    assert status(down_pair.folder) == Status("running", "running", down_pair.endpoints)
    assert modes(down_pair.folder) == before
    assert all(os.getsid(pid) == pid for pid in pids(down_pair)), "a hang-up of the starter's terminal would reach them"


async def test_a_clean_restart_keeps_ports_and_data_and_leaves_no_process(pair: Servers) -> None:
    endpoints, old = pair.endpoints, pids(pair)
    await write(endpoints, "井盖缺失")
    down(pair.folder)
    assert [process.start_time(pid) for pid in old] == [None, None]
    assert status(pair.folder) == Status("stopped", "stopped", endpoints)
    assert up(pair.folder, say=print) == endpoints
    assert await holds(endpoints, "井盖缺失") == (True, True)


async def test_after_kill_9_up_works_on_the_same_data(pair: Servers) -> None:
    endpoints = pair.endpoints
    await write(endpoints, "路灯不亮")
    for pid in pids(pair):
        os.kill(pid, signal.SIGKILL)
    assert process.wait_until(lambda: status(pair.folder) == Status("stale", "stale", endpoints), 10)
    assert up(pair.folder, say=print) == endpoints
    assert await holds(endpoints, "路灯不亮") == (True, True)


@pytest.mark.parametrize("name", ["kafka", "postgres"])
def test_one_alone_can_be_killed_and_started_again(pair: Servers, name: str) -> None:
    endpoints, server = pair.endpoints, getattr(pair, name)
    server.kill()
    assert server.state == "stale"
    assert getattr(status(pair.folder), {"kafka": "postgres", "postgres": "kafka"}[name]) == "running"
    server.start()
    server.stop()
    assert server.state == "stopped"
    server.start()
    assert status(pair.folder) == Status("running", "running", endpoints)


def test_up_again_starts_nothing(pair: Servers) -> None:
    before = pids(pair)
    assert up(pair.folder, say=print) == pair.endpoints
    assert pids(pair) == before


def test_two_at_once_start_one_pair(pair: Servers) -> None:
    down(pair.folder)
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(up, pair.folder, say=print) for _ in range(2)]
    assert [call.result() for call in calls] == [pair.endpoints] * 2
    assert status(pair.folder) == Status("running", "running", pair.endpoints)


async def test_a_record_of_16_mib_passes(pair: Servers) -> None:
    text = os.urandom(LARGEST // 2).hex()
    assert len(text) == LARGEST
    await write(pair.endpoints, text)
    assert await holds(pair.endpoints, text) == (True, True)


def test_a_lock_whose_pid_belongs_to_another_process_now_does_not_stop_postgres(pair: Servers) -> None:
    server = pair.postgres
    server.kill()
    with subprocess.Popen(["sleep", "60"], **server._user()) as stranger:
        old, lock = server.kept, server.data / "postmaster.pid"
        assert old
        assert old.pid
        lock.write_text(lock.read_text().replace(str(old.pid), str(stranger.pid), 1))
        server.state_file.write_text(server.state_file.read_text().replace(str(old.pid), str(stranger.pid), 1))
        assert server.state == "stale"
        server.start()
        assert stranger.poll() is None
        stranger.kill()
    asyncio.run(greet(server.address))


async def test_a_wrong_password_is_refused(pair: Servers) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(pair.endpoints.postgres_dsn, password="wrong")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands Postgres to another user")
def test_under_a_folder_only_root_may_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    before, said = modes(tmp_path / "x"), list[str]()
    with temporary_folder() as reachable:
        reachable.mkdir()
        monkeypatch.setattr(postgres, "ELSEWHERE", reachable)
        monkeypatch.setattr(postgres, "open_to_all", lambda path: "site-packages" not in path.parts and reachable in path.parents)
        server = LocalPostgres(tmp_path / "x", say=said.append)
        try:
            server.start()
            asyncio.run(greet(server.address))
        finally:
            server.stop()
        assert server.place.parent == reachable.resolve()
        assert str(server.place) in said[0]
        assert modes(tmp_path / "x") == before
