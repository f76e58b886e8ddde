"""The contract of a connector: batches of contacts with the position behind them, and errors named after what happens next."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.base import Name
from schemas.contact import RAW_BYTES_MAX, Contact

BATCH_RECORDS = 500
"""A batch holds no more: it is what is in flight at once, and what comes again after a failure."""

Position = Mapping[str, str | int | dict[str, int]]
"""How far a connector has read. Only the connector understands it; it must stay small (the cursor's topic takes 1 MiB)."""


class Retry(Exception):
    """The source or the broker does not answer just now: the same is tried again later."""


class StopSource(Exception):
    """Trying again will not help: this source stops until a person has looked."""


class BadConfig(Exception):
    """A setting is wrong: nothing runs before it is put right."""


@dataclass(frozen=True, slots=True)
class Found:
    """One record as it stood in the source: either read (`contact`) or not (`unreadable` says why, in one sentence)."""

    payload: bytes
    content_type: str
    contact: Contact | None = None
    unreadable: str | None = None
    sha256: str | None = None
    """Hex digest of the whole payload, given only where the payload was too large to be kept."""

    def __post_init__(self) -> None:
        if (self.contact is None) == (self.unreadable is None):
            raise ValueError("a record has either a contact or a reason why there is none")


def too_large(size: int, sha256: str, content_type: str) -> Found:
    """What stands for a payload that no raw topic takes: no bytes, but their number and digest, for the dead letters."""
    reason = f"The payload of {size} bytes exceeds the {RAW_BYTES_MAX} bytes that a raw record may have; its sha256 is {sha256}."
    return Found(b"", content_type, unreadable=reason, sha256=sha256)


@dataclass(frozen=True, slots=True)
class Batch:
    """At most 500 records, and the position behind the last of them. Without records it only moves the position."""

    contacts: tuple[Found, ...]
    position: Position

    def __post_init__(self) -> None:
        if len(self.contacts) > BATCH_RECORDS:
            raise ValueError(f"a batch has at most {BATCH_RECORDS} records, this one has {len(self.contacts)}")


class Connector(Protocol):
    """A source that can be read on from any position it has given out."""

    @property
    def name(self) -> Name:
        """The instance: the key of its cursor, and `connector` in each raw record. Two instances never share a name."""

    @property
    def channel(self) -> Name:
        """Names the raw topic."""

    @property
    def jurisdiction(self) -> Name:
        """The city that answers where the contact itself does not say."""

    @property
    def zone(self) -> str:
        """IANA zone of times that carry none."""

    def fetch(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """What is there now behind `position` (None: from the start), in order; ends when caught up, the runner asks again.

        A record that cannot be read is yielded as `unreadable` and never raised: it must not hold up those behind it.
        Raises Retry, StopSource or BadConfig.
        """
