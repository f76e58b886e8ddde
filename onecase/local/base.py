"""What Kafka and Postgres have in common as local servers: a state file, a start, a stop."""

import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from onecase.local import process
from onecase.local.process import LocalServerError

State = Literal["running", "stopped", "stale"]  # stale: it died without having been stopped; `start` makes it well

START_SECONDS = 120
STOP_SECONDS = 30
KILL_SECONDS = 10


@dataclass(frozen=True)
class Kept:
    """The state file's content. `ports` are chosen once; `pid` and `started` name the process, None after a clean stop."""

    ports: tuple[int, ...]
    pid: int | None = None
    started: str | None = None


class LocalServer(ABC):
    """One server whose data lie under `folder` and whose state file is `<folder>/<name>.json`.

    Starting twice or stopping twice does no harm. The same ports are used at every start; when another program has taken one,
    `start` refuses and names the file to delete, rather than move away silently from where clients look for it.
    """

    name: ClassVar[str]
    port_count: ClassVar[int] = 1
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> None:
        self.folder = folder.resolve()
        self.say = say
        self.state_file = self.folder / f"{self.name.lower()}.json"

    @property
    @abstractmethod
    def address(self) -> str:
        """What a client connects to; the server must have been started once."""

    @abstractmethod
    def _prepare(self) -> None:
        """Everything before the start, such as making an empty store."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The server's command line."""

    @abstractmethod
    def _ready(self, pid: int) -> bool:
        """Whether the server takes requests."""

    def _env(self) -> dict[str, str]:
        return process.clean_env()

    def _user(self) -> Mapping[str, Any]:
        return {}

    def _mend(self) -> None:  # noqa: B027 - Kafka needs no mending
        """Put right what a crash left behind and the server itself would not."""

    @property
    def kept(self) -> Kept | None:
        """The state file's content; None before the first start."""
        try:
            found = json.loads(self.state_file.read_text())
            return Kept(**found | {"ports": tuple(found["ports"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise LocalServerError(f"{self.state_file} cannot be read: delete it, and new ports are chosen.") from error

    def _keep(self, kept: Kept) -> Kept:
        fresh = self.state_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(kept)) + "\n")
        fresh.replace(self.state_file)
        return kept

    @property
    def place(self) -> Path:
        """Where the data lie."""
        return (self.folder / self.name.lower()).resolve()

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.place / "log"

    def _kept(self) -> Kept:
        if kept := self.kept:
            return kept
        raise LocalServerError(f"{self.name} was never started under {self.folder}: run onecase up.")

    @property
    def state(self) -> State:
        """Whether the server runs."""
        kept = self.kept
        if kept is None or kept.pid is None:
            return "stopped"
        return "running" if process.start_time(kept.pid) == kept.started else "stale"

    def start(self) -> None:
        """Start, unless it runs, and return when it answers. Raises `LocalServerError`."""
        if self.state == "running":
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        process.need_space(self.place)
        if self.state == "stale":
            self._mend()
        kept = self.kept or self._keep(Kept(process.choose_ports(self.port_count)))
        for port in kept.ports:
            if not process.port_free(port):
                raise LocalServerError(
                    f"Port {port} of {self.name} is taken by another program: stop that program, "
                    f"or delete {self.state_file} to have a new port chosen."
                )
        self._prepare()
        self._launch(kept)

    def _launch(self, kept: Kept) -> None:
        begin = self.log.stat().st_size if self.log.exists() else 0
        pid = process.spawn(self._command(), cwd=self.place, log=self.log, env=self._env(), user=self._user())
        self._keep(replace(kept, pid=pid, started=process.start_time(pid) or "dead"))
        in_time = process.wait_until(lambda: self.state != "running" or self._ready(pid), START_SECONDS)
        if in_time and self.state == "running":
            return
        self.kill()
        self._keep(kept)
        with self.log.open("rb") as log:
            log.seek(begin)
            tail = "\n".join(log.read().decode(errors="replace").split("\n")[-12:]).strip()
        if "No space left on device" in tail:
            raise process.no_space(self.place)
        what = "died while it started" if in_time else f"did not answer within {START_SECONDS} s"
        raise LocalServerError(f"{self.name} {what}: mend what its log {self.log} names, then try again; the log ends with\n{tail}")

    def stop(self) -> None:
        """Stop cleanly, by force after half a minute; returns when the process is gone."""
        if self.state == "stale":
            self._mend()
        if self._end(self.stop_signal, STOP_SECONDS) or self._end(signal.SIGKILL, KILL_SECONDS):
            if kept := self.kept:
                self._keep(replace(kept, pid=None, started=None))
            return
        raise LocalServerError(f"{self.name} (process {self._kept().pid}) does not end: end it by hand, then try again.")

    def kill(self) -> None:
        """End the process by force (kill -9), as a crash would."""
        self._end(signal.SIGKILL, KILL_SECONDS)

    def _end(self, sign: signal.Signals, seconds: float) -> bool:
        kept = self.kept
        if kept and kept.pid and self.state == "running":
            with suppress(ProcessLookupError):
                os.kill(kept.pid, sign)
        return process.wait_until(lambda: self.state != "running", seconds)
