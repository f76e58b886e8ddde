"""Small dealings with Kafka outside the engine: wait for it, how far a group came, read a partition to its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import stamina
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.errors import Unreachable
from streams.records import Inbound, Place


@asynccontextmanager
async def admin(bootstrap: str, wait_s: float = 30.0) -> AsyncIterator[AIOKafkaAdminClient]:
    """An administration client; waits up to `wait_s` for the broker and raises Unreachable."""
    loop = asyncio.get_running_loop()
    end = loop.time() + wait_s
    while True:
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
        try:
            await client.start()
            break
        except (KafkaError, OSError) as error:
            await client.close()
            if loop.time() > end:
                raise Unreachable(
                    f"Kafka at {bootstrap} does not answer; start it (`onecase up` for a local one) or set ONECASE_KAFKA_BOOTSTRAP."
                ) from error
            await asyncio.sleep(0.2)
    try:
        yield client
    finally:
        await client.close()


def _passing(error: Exception) -> bool:
    return isinstance(error, KafkaError) and bool(error.retriable)


async def group_offsets(bootstrap: str, group: str) -> dict[Place, int]:
    """How far a group has committed, by place; a partition that it never committed is absent."""
    # The first question about any group makes the broker create its offsets topic, and answers "not yet" meanwhile.
    async for attempt in stamina.retry_context(on=_passing, attempts=None, timeout=30.0, wait_max=1.0):
        with attempt:
            async with admin(bootstrap) as client:
                found = await client.list_consumer_group_offsets(group)
    return {Place(tp.topic, tp.partition): answer.offset for tp, answer in found.items() if answer.offset >= 0}


@asynccontextmanager
async def reader(
    bootstrap: str, places: Sequence[Place], *, from_offsets: dict[Place, int] | None = None
) -> AsyncIterator[AIOKafkaConsumer]:
    """A `read_committed` consumer outside any group, set to the beginning or to the given offsets."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(place.topic, place.partition) for place in places]
        consumer.assign(partitions)
        for place, partition in zip(places, partitions, strict=True):
            if from_offsets and place in from_offsets:
                consumer.seek(partition, from_offsets[place])
            else:
                await consumer.seek_to_beginning(partition)
        yield consumer
    finally:
        await consumer.stop()


async def read_to_end(bootstrap: str, places: Sequence[Place]) -> AsyncIterator[Inbound]:
    """Every committed record of these partitions up to their present ends; in order within a partition.

    Counts by position, never by records: markers and compaction leave holes. An end inside an open transaction is waited for, at most as
    long as the broker lets a transaction hang (60 s).
    """
    if not places:
        return
    async with reader(bootstrap, places) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        open_ = {partition for partition, end in ends.items() if await consumer.position(partition) < end}
        while open_:
            batches = await consumer.getmany(timeout_ms=200, max_records=2000)
            for partition, records in batches.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield inbound(record)
            for partition in list(open_):
                if await consumer.position(partition) >= ends[partition]:
                    open_.discard(partition)
                    consumer.pause(partition)


def inbound(record: Any) -> Inbound:
    """aiokafka's record -> ours."""
    place = Place(record.topic, record.partition)
    return Inbound(place, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))


async def partitions_of(bootstrap: str, topics: Sequence[str]) -> dict[str, int]:
    """Number of partitions by topic; a topic that does not exist is absent."""
    async with admin(bootstrap) as client:
        described = await client.describe_topics(list(topics))
    return {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}


async def fetch_one(bootstrap: str, place: Place, offset: int) -> Inbound:
    """The committed record at one offset. Raises LookupError if there is none."""
    async with reader(bootstrap, [place], from_offsets={place: offset}) as consumer:
        batches = await consumer.getmany(timeout_ms=10_000, max_records=1)
    for records in batches.values():
        if records[0].offset == offset:
            return inbound(records[0])
    raise LookupError(f"{place.topic}/{place.partition} has no record at offset {offset}.")
