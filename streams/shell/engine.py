"""The engine: Faust in the only shape that loses nothing. No other module knows Faust.

Each stage reads, handles, writes and advances its offset in one Kafka transaction per input partition. The transactional producer of a
partition is started at take-over, which shuts out (fences) whoever held the partition before: a frozen worker that wakes up can write
nothing that a `read_committed` reader would see. Why each override stands here: docs/engine.md of the design, and ARCHITECTURE.md.
"""

import asyncio
import getpass
import logging
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import faust
import mode
from aiokafka import AIOKafkaProducer, TopicPartition
from faust.transport.drivers import aiokafka as driver

from schemas.topics import MIB
from streams.kafka import group_offsets
from streams.records import Inbound, Outbound, Place
from streams.shell.rejects import RejectShare
from streams.shell.watchdog import Watchdog

log = logging.getLogger("onecase.engine")

# Faust wants a folder and keeps nothing in it (no tables); one for all workers, so that crashes leave no heap of them.
_DATA = Path(tempfile.gettempdir()) / f"onecase-faust-{getpass.getuser()}"
PRODUCER_BYTES_MAX = 17 * MIB


class Work(Protocol):
    """A stage at work on one input partition."""

    resume_at: int
    """The first offset that has not been handled yet; what comes below it is a transport repeat and is dropped."""

    async def handle(self, records: Sequence[Inbound]) -> Sequence[Outbound]:
        """The records to write for these. Bad records become dead letters here; what is raised crashes the worker."""


TakeOver = Callable[[Place, int | None], Awaitable[Work]]
"""Called after the fence with the group's committed offset: recovers what the stage needs to know and says where it goes on."""


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage as the engine needs it."""

    group: str
    topics: tuple[str, ...]
    take_over: TakeOver
    rejected_topic: str


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Sizes and times; seconds."""

    bootstrap: str
    batch: int = 500
    within_s: float = 0.05
    session_timeout_s: float = 6.0
    reject_share_max: float = 0.5
    stall_s: float = 30.0


class _Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001  # Faust offers no setting for it
        return consumer


class _Consumer(driver.Consumer):  # type: ignore[misc]
    def _new_consumer_thread(self) -> Any:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def _new_offset(self, tp: Any) -> None:
        """Faust must not commit: offsets travel in the transaction, and a late commit would set them back."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Holes in the offsets (transaction markers) are nothing to wait for."""


class _Producer(driver.Producer):  # type: ignore[misc]
    def _settings_extra(self) -> Any:
        return {**super()._settings_extra(), "acks": "all", "enable_idempotence": True}


class _Transport(driver.Transport):  # type: ignore[misc]
    Consumer, Producer = _Consumer, _Producer


class _App(faust.App):  # type: ignore[misc]
    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self)


class _Schema(faust.Schema):  # type: ignore[misc]
    """Decodes nothing: the stages read the message itself, so that no bad value can stop the stream in silence."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> bytes:  # noqa: ARG002
        return b""

    def loads_value(self, app: Any, message: Any, **_: Any) -> bytes:  # noqa: ARG002
        return b""


class _Worker(faust.Worker):  # type: ignore[misc]
    def _setup_logging(self) -> None:
        """Logging belongs to the program."""


@dataclass(slots=True)
class _Taken:
    """A partition in our hands: its producer, its work, and the lock that lets a rebalance wait for the batch in flight."""

    producer: AIOKafkaProducer
    work: Work
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Engine:
    """One stage on Faust."""

    def __init__(self, spec: StageSpec, settings: EngineSettings) -> None:
        self._spec = spec
        self._settings = settings
        self._taken: dict[Place, _Taken] = {}
        self._taking = asyncio.Lock()
        self._settled = asyncio.Event()
        self._share = RejectShare(settings.reject_share_max)
        self._watchdog = Watchdog(settings.bootstrap, spec.group, settings.stall_s)
        self.app = self._build()

    def _build(self) -> Any:
        app = _App(
            self._spec.group,
            broker=";".join(f"kafka://{host.strip()}" for host in self._settings.bootstrap.split(",")),
            autodiscover=False,
            store="memory://",
            table_standby_replicas=0,
            topic_disable_leader=True,
            topic_allow_declare=False,
            web_enabled=False,
            agent_supervisor=mode.CrashingSupervisor,
            broker_session_timeout=self._settings.session_timeout_s,
            broker_heartbeat_interval=self._settings.session_timeout_s / 3,
            broker_request_timeout=max(30.0, self._settings.session_timeout_s),
            consumer_auto_offset_reset="earliest",
            datadir=_DATA,
            worker_redirect_stdouts=False,
        )
        source = app.topic(*self._spec.topics, schema=_Schema(), internal=True)
        app.agent(source, name=self._spec.group)(self._agent)
        app.on_partitions_assigned.connect(self._assigned, weak=False)
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        app.task(self._watch)
        return app

    async def _agent(self, stream: Any) -> None:
        async for batch in stream.noack().noack_take(self._settings.batch, within=self._settings.within_s):
            await self._settled.wait()  # a rebalance is under way: what we hold may be another worker's by now
            parts: dict[Place, list[Inbound]] = {}
            for event in batch:
                record = _inbound(event.message)
                parts.setdefault(record.place, []).append(record)
            with self._watchdog.at_work():
                await asyncio.gather(*(self._transact(place, records) for place, records in parts.items()))
            for event in batch:
                event.ack()

    async def _transact(self, place: Place, records: Sequence[Inbound]) -> None:
        taken = await self._take(place)
        if taken is None:
            return  # the partition has gone to another worker, which reads these records itself
        async with taken.lock:
            fresh = [record for record in records if record.offset >= taken.work.resume_at]
            if not fresh:
                return
            outputs = await taken.work.handle(fresh)
            self._share.note(len(fresh), sum(output.topic == self._spec.rejected_topic for output in outputs))
            position = fresh[-1].offset + 1
            async with taken.producer.transaction():
                deliveries = [await _send(taken.producer, output) for output in outputs]
                await asyncio.gather(*deliveries)
                offsets = {TopicPartition(place.topic, place.partition): position}
                await taken.producer.send_offsets_to_transaction(offsets, self._spec.group)
            taken.work.resume_at = position

    async def _take(self, place: Place) -> _Taken | None:
        """The partition, taken over at the first record: fence, then read how far the group came, then recover."""
        async with self._taking:
            if place not in self._assignment():
                return None
            taken = self._taken.get(place)
            if taken is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._settings.bootstrap,
                    transactional_id=f"{self._spec.group}-{place.topic}-{place.partition}",
                    max_request_size=PRODUCER_BYTES_MAX,
                    max_batch_size=256 * 1024,
                )
                await producer.start()
                committed = (await group_offsets(self._settings.bootstrap, self._spec.group)).get(place)
                work = await self._spec.take_over(place, committed)
                log.info("took over %s/%s, going on at offset %s", place.topic, place.partition, work.resume_at)
                taken = self._taken[place] = _Taken(producer, work)
            return taken

    def _assignment(self) -> set[Place]:
        return {Place(tp.topic, tp.partition) for tp in self.app.consumer.assignment()}

    async def _watch(self) -> None:
        await self._watchdog.watch(self._positions)

    def _positions(self) -> dict[Place, int | None] | None:
        """Where each of our partitions goes on, None where it has not been taken over; None while the group is not settled."""
        if not self._settled.is_set():
            return None
        return {place: self._taken[place].work.resume_at if place in self._taken else None for place in self._assignment()}

    async def _revoked(self, _app: Any, _partitions: Any, **_: Any) -> None:
        """Lets the batches in flight end before the group goes on."""
        self._settled.clear()
        for taken in list(self._taken.values()):
            async with taken.lock:
                pass

    async def _assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        """Gives back what went to others. What stayed is kept: had another worker held it meanwhile, its fence would stop us."""
        ours = {Place(tp.topic, tp.partition) for tp in assigned}
        for place in [place for place in self._taken if place not in ours]:
            await self._taken.pop(place).producer.stop()
        self._settled.set()

    def run(self) -> None:
        """Runs until SIGTERM or SIGINT, or raises what crashed it."""
        worker = _Worker(self.app, quiet=True, redirect_stdouts=False)
        worker.spinner = None
        worker.execute_from_commandline()


def _inbound(message: Any) -> Inbound:
    place = Place(message.topic, message.partition)
    milliseconds = round(message.timestamp * 1000)  # Faust made a float of Kafka's integer; rounding gives it back exactly
    return Inbound(place, message.offset, milliseconds, message.key, message.value, tuple(message.headers or ()))


async def _send(producer: AIOKafkaProducer, record: Outbound) -> asyncio.Future[Any]:
    delivery: asyncio.Future[Any] = await producer.send(
        record.topic,
        value=record.value,
        key=record.key,
        partition=record.partition,
        timestamp_ms=record.timestamp_ms,
        headers=list(record.headers),
    )
    return delivery
