"""normalise on Kafka: raw topics -> journal and dead letters; the vault first, then the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.base import from_millis
from schemas.codec import DecodeError, Envelope, decode, encode
from schemas.contact import Contact, RawContact
from schemas.ids import journal_id
from schemas.journal import RawPosition
from schemas.topics import JOURNAL, REJECTED, Naming
from streams.records import Inbound, Outbound, Place, dead_letter
from streams.steps.normalise import Arrival, identity, normalise
from streams.steps.persons import Keyring
from streams.store.vault import Vault

STAGE = "normalise"
SOURCE = "/onecase/normalise"
_RAW = {"raw.contact": RawContact}


@dataclass(frozen=True, slots=True)
class _Read:
    record: Inbound
    contact: Contact
    arrival: Arrival

    @property
    def wish(self) -> str:
        return self.contact.jurisdiction or self.arrival.jurisdiction


def read(record: Inbound) -> _Read:
    """A raw record -> contact and how it arrived; raises DecodeError."""
    if record.key is None:
        raise DecodeError("key.missing", "The record has no key; a connector writes source system and source number as the key.")
    _, raw = decode(_RAW, record.headers, record.value)
    if raw.contact is None:
        raise DecodeError("payload.unreadable", raw.unreadable or "The connector could not read the payload and does not say why.")
    if raw.contact.channel != raw.channel or f"raw.{raw.channel}" not in record.place.topic:
        raise DecodeError("channel.unknown", f"A contact of channel {raw.contact.channel} does not belong into {record.place.topic}.")
    place = RawPosition(topic=record.place.topic, partition=record.place.partition, offset=record.offset)
    return _Read(record, raw.contact, Arrival(raw.jurisdiction, raw.zone, from_millis(record.timestamp), raw.connector, place))


class NormaliseWork:
    """One raw partition."""

    def __init__(self, resume_at: int, vault: Vault, keyring: Keyring, naming: Naming) -> None:
        self.resume_at = resume_at
        self._vault = vault
        self._keyring = keyring
        self._journal = naming.of(JOURNAL)
        self._rejected = naming.of(REJECTED)

    async def handle(self, records: Sequence[Inbound]) -> Sequence[Outbound]:
        """Each record gives one journal record or one dead letter."""
        outputs: dict[int, Outbound] = {}
        found: list[_Read] = []
        for record in records:
            try:
                found.append(read(record))
            except DecodeError as error:
                outputs[record.offset] = dead_letter(self._rejected, STAGE, record, error)
        wishes: dict[str, str] = {}
        for item in found:
            wishes.setdefault(identity(item.contact), item.wish)
        pins = await self._vault.pin(wishes)
        held = []
        for item in found:
            try:
                result = normalise(item.contact, item.arrival, pins[identity(item.contact)], self._keyring)
            except DecodeError as error:
                outputs[item.record.offset] = dead_letter(self._rejected, STAGE, item.record, error)
                continue
            if result.held is not None:
                held.append(result.held)
            place = item.record.place
            envelope = Envelope(
                journal_id(place.topic, place.partition, item.record.offset),
                result.fact.type,
                SOURCE,
                result.fact.report_id,
                from_millis(item.record.timestamp),
            )
            value, headers = encode(envelope, result.fact)
            key = result.fact.jurisdiction.encode()
            outputs[item.record.offset] = Outbound(self._journal, key, value, headers, timestamp_ms=item.record.timestamp)
        await self._vault.hold(held)
        return [outputs[offset] for offset in sorted(outputs)]


async def take_over(_place: Place, committed: int | None, *, vault: Vault, keyring: Keyring, naming: Naming) -> NormaliseWork:
    """Normalise remembers nothing: it goes on where the group stands."""
    return NormaliseWork(committed or 0, vault, keyring, naming)
