"""What the tests ask of a real broker."""

from dataclasses import dataclass
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from connectors.runner import Outgoing
from schemas.topics import CURSORS, Naming, Topic, raw_topic


@dataclass(frozen=True)
class Names:
    """A test's own topics."""

    suffix: str
    raw: str
    cursors: str


async def new_topics(bootstrap: str, topics: tuple[Topic, ...] = (raw_topic("hotline"), CURSORS)) -> Names:
    naming = Naming(f"t{uuid4().hex[:12]}")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(naming.of(t), t.partitions, 1, topic_configs=t.config()) for t in topics])
        assert [error[1] for error in answer.topic_errors] == [0] * len(topics), answer
    finally:
        await admin.close()
    return Names(naming.suffix, naming.of(raw_topic("hotline")), naming.of(CURSORS))


@dataclass(frozen=True)
class Broker:
    bootstrap: str

    async def read(self, topic: str) -> list[Outgoing]:
        """All records of a topic, in order within each partition."""
        found: list[Outgoing] = []
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, p) for p in range(await self._partitions(topic))]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            while [p for p in partitions if await consumer.position(p) < ends[p]]:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [Outgoing(r.key, r.value, tuple(r.headers)) for r in records]
        finally:
            await consumer.stop()
        return found

    async def write(self, topic: str, record: Outgoing) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        try:
            await producer.send_and_wait(topic, record.value, record.key, headers=list(record.headers))
        finally:
            await producer.stop()

    async def _partitions(self, topic: str) -> int:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            return len((await admin.describe_topics([topic]))[0]["partitions"])
        finally:
            await admin.close()
