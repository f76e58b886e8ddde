"""Ends a worker that stands still while there is work: a client can hang for ever, and then only a new process helps.

Seen on Kafka 4.1: a broker that dies while a consumer joins its group leaves the consumer waiting in silence after the broker is back.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from aiokafka.errors import KafkaError

from streams.errors import Unreachable
from streams.kafka import group_offsets, reader
from streams.records import Place

log = logging.getLogger("onecase.watchdog")

Positions = Callable[[], Mapping[Place, int | None] | None]
"""Where each of our partitions goes on (None: not taken over yet); None as a whole while the group is not settled."""


async def waiting(bootstrap: str, group: str, positions: Mapping[Place, int | None]) -> Place | None:
    """A partition that has a committed record at or behind its position; None if there is none. Offsets alone would not tell: markers."""
    if not positions:
        return None
    committed = await group_offsets(bootstrap, group)
    start = {place: committed.get(place, 0) if at is None else at for place, at in positions.items()}
    async with reader(bootstrap, list(start), from_offsets=start) as consumer:
        found = await consumer.getmany(timeout_ms=2000, max_records=1)
    return next((Place(partition.topic, partition.partition) for partition in found), None)


class Watchdog:
    """Told of each batch by `at_work`. `stall_s`: how long a worker may stand still beside work, or without a settled group."""

    def __init__(self, bootstrap: str, group: str, stall_s: float) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._stall_s = stall_s
        self._moved = True
        self._busy = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While a batch is handled or a partition recovered the worker does not stand still, however long it takes."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._moved = True

    async def watch(self, positions: Positions) -> None:
        """Looks every `stall_s` seconds; ends the process, without ceremony, when it stands still. Nothing half done is committed."""
        while True:
            self._moved = False
            before = positions()
            await asyncio.sleep(self._stall_s)
            if self._moved or self._busy:
                continue
            if (reason := await self._stalled(before, positions())) is not None:
                log.critical("%s for %.0f s; this process ends and has to be started again", reason, self._stall_s)
                os._exit(1)

    async def _stalled(self, before: Mapping[Place, int | None] | None, now: Mapping[Place, int | None] | None) -> str | None:
        if before is None and now is None:
            return "no partitions were assigned"
        if before is None or now is None or before != now:
            return None
        try:
            place = await waiting(self._bootstrap, self._group, now)
        except (KafkaError, OSError, Unreachable):
            return None  # the broker is away; that is not this worker's fault
        if place is None or self._moved or self._busy:
            return None
        return f"nothing was read from {place.topic}/{place.partition}, which has records"
