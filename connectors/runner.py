"""Fetch, publish, wait for the broker's ack of all of it, then save the cursor: never the cursor first."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from pydantic_core import PydanticSerializationError

from connectors.base import Connector, Found, Position, Retry, too_large
from schemas.base import from_millis, to_millis
from schemas.codec import Envelope, Headers, encode
from schemas.contact import RAW_BYTES_MAX, RawContact
from schemas.ids import raw_id

RETRY_S_MAX = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record ready for the broker."""

    key: bytes
    value: bytes
    headers: Headers


class Publisher(Protocol):
    """Writes to Kafka."""

    async def publish(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Returns when the broker has acknowledged all of them, in order of the sequence within a key.

        Raises Retry (some may stand in the topic all the same) or StopSource.
        """


class CursorStore(Protocol):
    """Keeps how far each connector instance has read."""

    async def load(self, connector: str) -> Position | None:
        """The newest saved position; None: never saved. Raises Retry, or BadConfig where a newer program has written it."""

    async def save(self, connector: str, position: Position) -> None:
        """Returns when it is safe. Raises Retry or StopSource."""


async def run(
    connector: Connector,
    publisher: Publisher,
    cursors: CursorStore,
    *,
    topic: str,
    once: bool,
    poll_s: float,
    stop: asyncio.Event,
    on_batch: Callable[[int], None] = lambda _published: None,
) -> int:
    """Bring a source into `topic`: what is there now (`once`), or on and on, asking again after `poll_s` seconds.

    Returns the number of records published, when caught up or after the batch in which `stop` was set. `on_batch` is given the
    number of each batch. Retry is waited out, longer each time, or raised with `once`; StopSource and BadConfig are raised.
    """
    published, failures = 0, 0
    position = await cursors.load(connector.name)
    while not stop.is_set():
        wait_s = poll_s
        try:
            async with aclosing(connector.fetch(position)) as batches:
                async for batch in batches:
                    if batch.contacts:
                        await publisher.publish(topic, to_records(connector, batch.contacts, _now()))
                    await cursors.save(connector.name, batch.position)
                    position, failures = batch.position, 0
                    published += len(batch.contacts)
                    on_batch(len(batch.contacts))
                    if stop.is_set():
                        return published
        except Retry as reason:
            if once:
                raise
            wait_s = min(poll_s * 2**failures, max(RETRY_S_MAX, poll_s))
            failures = min(failures + 1, 16)
            log.warning("%s: %s Trying again in %g s.", connector.name, reason, wait_s)
        if once:
            break
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s)
    return published


def to_records(connector: Connector, contacts: Sequence[Found], received_at: datetime) -> list[Outgoing]:
    """What goes to the raw topic. Whatever cannot be written as it is becomes an unreadable record that says so."""
    return [_to_record(connector, found, received_at) for found in contacts]


def _to_record(connector: Connector, found: Found, received_at: datetime) -> Outgoing:
    digest = found.sha256 or sha256(found.payload).hexdigest()
    try:
        record = _encode(connector, found, digest, received_at)
    except PydanticSerializationError:  # for a text with half a character, which JSON's escapes can bring in
        reason = "The record holds half a character (a lone surrogate), which no UTF-8 text can carry."
        found = Found(found.payload, found.content_type, unreadable=reason)
        record = _encode(connector, found, digest, received_at)
    if len(record.value) <= RAW_BYTES_MAX:
        return record
    return _encode(connector, too_large(len(found.payload), digest, found.content_type), digest, received_at)


def _encode(connector: Connector, found: Found, digest: str, received_at: datetime) -> Outgoing:
    contact = found.contact
    key = f"unreadable/{digest}" if contact is None else f"{contact.source_system or contact.channel}/{contact.source_id}"
    envelope = Envelope(
        id=raw_id(connector.name, key, digest, contact.revision if contact else None),
        type="raw.contact",
        source=f"/onecase/connector/{connector.name}",
        subject=key,
        time=received_at,
    )
    raw = RawContact(
        connector=connector.name,
        channel=connector.channel,
        received_at=received_at,
        zone=connector.zone,
        jurisdiction=connector.jurisdiction,
        content_type=found.content_type,
        payload=found.payload,
        contact=contact,
        unreadable=found.unreadable,
    )
    value, headers = encode(envelope, raw)
    return Outgoing(key.encode(), value, headers)


def _now() -> datetime:
    return from_millis(to_millis(datetime.now(UTC)))
