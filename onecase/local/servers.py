"""Kafka and Postgres together: up, down, status. The command line stands on these three functions."""

import errno
import fcntl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from onecase.local import process
from onecase.local.base import LocalServer, State
from onecase.local.kafka import LocalKafka
from onecase.local.postgres import LocalPostgres
from onecase.local.process import LocalServerError


@dataclass(frozen=True)
class Endpoints:
    """Where clients connect: `host:port` and a DSN."""

    kafka_bootstrap: str
    postgres_dsn: str


@dataclass(frozen=True)
class Status:
    """What runs under a folder; `endpoints` is None unless both have been started before."""

    kafka: State
    postgres: State
    endpoints: Endpoints | None


def up(folder: Path, *, say: Callable[[str], None]) -> Endpoints:
    """Start what does not run yet under the folder, both at once; returns when both answer.

    They outlive the program that called. When one cannot start, what this call started is stopped again. Raises `LocalServerError`.
    """
    kafka, postgres = LocalKafka(folder, say=say), LocalPostgres(folder, say=say)
    with _clear_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, say):
            fresh = [server for server in (kafka, postgres) if server.state != "running"]
            try:
                _both("start", fresh)
            except BaseException:
                _both("stop", fresh)
                raise
            return Endpoints(kafka.address, postgres.address)


def down(folder: Path, *, say: Callable[[str], None] = lambda _: None) -> None:
    """Stop both; the data stay. No error when nothing runs. Raises `LocalServerError`."""
    if not folder.exists():
        return
    with _clear_errors(folder), _locked(folder, say):
        _both("stop", [LocalKafka(folder), LocalPostgres(folder)])


def status(folder: Path) -> Status:
    """What runs under the folder; changes nothing and waits for nobody."""
    kafka, postgres = LocalKafka(folder), LocalPostgres(folder)
    with _clear_errors(folder):
        known = kafka.kept is not None and postgres.kept is not None and postgres.data.exists()
        return Status(kafka.state, postgres.state, Endpoints(kafka.address, postgres.address) if known else None)


def _both(action: Literal["start", "stop"], servers: Sequence[LocalServer]) -> None:
    """Do it to all at once; the first error is raised when all are through."""
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(getattr(server, action)) for server in servers]
    for future in futures:
        future.result()


@contextmanager
def _locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One command at a time per folder; the system opens the lock when its holder dies."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another onecase command is at work under {folder}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Turn the system's refusals into sentences that say what to do."""
    try:
        yield
    except PermissionError as error:
        raise LocalServerError(
            f"{error.filename or folder} belongs to another user: run the command as that user, or choose another folder."
        ) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise process.no_space(Path(error.filename or folder)) from error
