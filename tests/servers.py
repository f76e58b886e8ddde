"""The test run's own Kafka and Postgres: one temporary pair, the same code as `onecase up`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onecase.local.kafka import LocalKafka
from onecase.local.postgres import LocalPostgres
from onecase.local.servers import Endpoints, down, up


class Servers:
    """Both servers and, for fault tests, the handles `kill()` (kill -9), `stop()` and `start()` (same port, same data) of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kafka = LocalKafka(folder)
        self.postgres = LocalPostgres(folder)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.kafka.address, self.postgres.address)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for servers, which are stopped and wiped at the end whatever happened."""
    top = Path(tempfile.mkdtemp(prefix="onecase-test-"))
    top.chmod(0o711)  # under root, Postgres runs as another user and must get in
    folder = top / "并单 .onecase"  # a name that is neither ASCII nor one word
    try:
        yield folder
    finally:
        down(folder)
        shutil.rmtree(LocalPostgres(folder).place, ignore_errors=True)  # may lie elsewhere, behind a link
        shutil.rmtree(top)


@contextmanager
def temporary_servers() -> Iterator[Servers]:
    """A running pair; a session fixture around it starts them on first use."""
    with temporary_folder() as folder:
        up(folder, say=print)
        yield Servers(folder)
