"""The ports of the runner on a real broker, with aiokafka."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import stamina
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from connectors.base import BadConfig, Connector, Position, Retry, StopSource
from connectors.runner import Outgoing, run
from connectors.settings import KafkaSettings
from schemas.base import from_millis, to_millis
from schemas.codec import DecodeError, Envelope, decode, encode
from schemas.ids import cursor_id
from schemas.topics import CURSORS, MIB, raw_topic
from schemas.views import Cursor

CURSOR_FORMAT = 1
WAIT_S = 30.0
_FOR_A_PERSON = (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
"""Errors that trying again does not cure."""


class KafkaPublisher:
    """Idempotent, acks of all replicas. After a failure the producer is replaced: its sequence numbers may have a hole."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, topic: str, records: Sequence[Outgoing]) -> None:
        """See Publisher."""
        try:
            producer = await self._started()
            acks: list[asyncio.Future[object]] = []
            try:
                for record in records:
                    acks.append(await producer.send(topic, record.value, record.key, headers=list(record.headers)))  # noqa: PERF401 - a comprehension would lose them
            finally:  # those already sent are waited for in any case
                results = await asyncio.gather(*acks, return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        except KafkaError as error:
            await self.close()
            sentence = f"Kafka at {self._bootstrap} did not take records for {topic}: {type(error).__name__}."
            raise (StopSource(sentence) if isinstance(error, _FOR_A_PERSON) else Retry(sentence)) from error

    async def close(self) -> None:
        """Ends the connection; the next publish makes another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                self._producer = await _producer(self._bootstrap)
            return self._producer


async def _producer(bootstrap: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        max_request_size=17 * MIB,
        max_batch_size=MIB // 4,  # the default of 16 KB makes a request of a handful of letters
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


class KafkaCursors:
    """Cursors in the compacted topic, the newest of an instance counts."""

    def __init__(self, publisher: KafkaPublisher, bootstrap: str, topic: str) -> None:
        self._publisher = publisher
        self._bootstrap = bootstrap
        self._topic = topic

    async def load(self, connector: str) -> Position | None:
        """See CursorStore. Reads the topic to its end."""
        newest: list[ConsumerRecord] = []
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
        try:
            await consumer.start()
            partition = TopicPartition(self._topic, 0)  # the topic has one, see schemas.topics
            consumer.assign([partition])
            end = (await consumer.end_offsets([partition]))[partition]
            # Compaction leaves holes: the position tells the end, a count would not.
            while await consumer.position(partition) < end:
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    newest = [record for record in records if record.key == connector.encode()][-1:] or newest
        except KafkaError as error:
            raise Retry(f"Kafka at {self._bootstrap} did not give the cursors of {self._topic}: {type(error).__name__}.") from error
        finally:
            await consumer.stop()
        # A tombstone is how an operator makes an instance start over.
        return _position(connector, newest[0]) if newest and newest[0].value is not None else None

    async def save(self, connector: str, position: Position) -> None:
        """See CursorStore."""
        now = from_millis(to_millis(datetime.now(UTC)))
        cursor = Cursor(connector=connector, format=CURSOR_FORMAT, position=dict(position), saved_at=now)
        envelope = Envelope(cursor_id(connector, cursor.to_json().decode()), "cursor", f"/onecase/connector/{connector}", connector, now)
        value, headers = encode(envelope, cursor)
        await self._publisher.publish(self._topic, [Outgoing(connector.encode(), value, headers)])


def _position(connector: str, record: ConsumerRecord) -> Position:
    try:
        _, cursor = decode({"cursor": Cursor}, record.headers, record.value)
    except DecodeError as error:
        raise BadConfig(f"The cursor of {connector!r} cannot be read: {error.sentence}") from None
    if cursor.format > CURSOR_FORMAT:
        raise BadConfig(f"The cursor of {connector!r} has format {cursor.format}, which is newer than this program; upgrade it first.")
    return cursor.position


async def wait_for_topics(bootstrap: str, topics: Iterable[str], wait_s: float = WAIT_S) -> None:
    """Waits for the broker, at most `wait_s` seconds (Retry), and sees that the topics are there (BadConfig)."""
    try:
        async for attempt in stamina.retry_context(on=KafkaError, attempts=None, timeout=wait_s, wait_initial=0.2, wait_max=2):
            with attempt:
                present = await _topics(bootstrap)
    except KafkaError:
        raise Retry(f"Kafka at {bootstrap} did not answer within {wait_s:g} s; start it or set ONECASE_KAFKA_BOOTSTRAP.") from None
    missing = sorted(set(topics) - present)
    if missing:
        raise BadConfig(f"Kafka at {bootstrap} has no topic {', '.join(missing)}; create it with `onecase topics apply`.")


async def _topics(bootstrap: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def serve(
    connector: Connector,
    kafka: KafkaSettings,
    *,
    once: bool,
    poll_s: float,
    stop: asyncio.Event,
    on_batch: Callable[[int], None] = lambda _published: None,
) -> int:
    """`runner.run` on the configured broker."""
    topic, cursors = kafka.naming.of(raw_topic(connector.channel)), kafka.naming.of(CURSORS)
    await wait_for_topics(kafka.kafka_bootstrap, (topic, cursors))
    publisher = KafkaPublisher(kafka.kafka_bootstrap)
    try:
        store = KafkaCursors(publisher, kafka.kafka_bootstrap, cursors)
        return await run(connector, publisher, store, topic=topic, once=once, poll_s=poll_s, stop=stop, on_batch=on_batch)
    finally:
        await publisher.close()
