"""normalise, the pure step: a contact in its channel's words -> a journal fact, and what must go to the vault first."""

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.base import Name, UtcTime
from schemas.codec import DecodeError
from schemas.contact import BODY_CHARACTERS_MAX, Contact
from schemas.ids import report_id
from schemas.journal import Flag, JournalFact, RawPosition, ReportReceived, ReportWithdrawn
from streams.steps.masking import mask, without_room
from streams.steps.persons import Keyring, tokens_of
from streams.steps.text import clean

CLOCK_SLACK = timedelta(minutes=5)  # two honest clocks differ a little
SHORT, NUMBER = 1000, 200  # the longest that records allow; cleaning may lengthen a text


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a contact came in: settings of its connector, and its place in the raw topic (None, None: offline)."""

    jurisdiction: Name
    zone: str
    arrived_at: UtcTime | None = None
    connector: str | None = None
    raw: RawPosition | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What the vault keeps of one report: the people in it, and what masking took out."""

    report_id: str
    digest: str
    people: dict[str, Any]
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Normalised:
    """A journal fact and, for a report with people in it, the vault's part."""

    fact: JournalFact
    held: Held | None


def identity(contact: Contact) -> str:
    """The report id of a contact; the source system defaults to the channel."""
    return report_id(contact.channel, contact.source_system or contact.channel, contact.source_id)


def reported_time(text: str, zone: str) -> tuple[datetime, tuple[Flag, ...]]:
    """ISO 8601 -> UTC; without zone the connector's is taken, with a flag. Raises DecodeError."""
    try:
        at = datetime.fromisoformat(clean(text).replace("：", ":"))
    except ValueError:
        raise DecodeError(
            "time.unreadable", f"Field reported_at: {text[:40]!r} is not an ISO 8601 time such as 2026-03-01T08:30:00+08:00."
        ) from None
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC), ()
        flag = Flag(code="zone.assumed", sentence=f"The source gave no time zone; {zone} was taken.")
        return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), (flag,)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Asia" is a folder
        raise DecodeError("zone.unknown", f"The connector's zone {zone[:40]!r} is not an IANA zone such as Asia/Shanghai.") from None
    except OverflowError:
        raise DecodeError("time.unreadable", f"Field reported_at: {text[:40]!r} lies outside the calendar.") from None


def normalise(contact: Contact, arrival: Arrival, jurisdiction: str, keyring: Keyring) -> Normalised:
    """Contact -> journal fact. `jurisdiction` is the pinned one (first at sight); raises DecodeError for what cannot be read."""
    if "\0" in contact.source_id:
        raise DecodeError("source-id.nul", "Field source_id holds a NUL character, which Postgres cannot keep; mend the export.")
    reported_at, flags = reported_time(contact.reported_at, arrival.zone)
    effective_at = reported_at
    if arrival.arrived_at is not None and reported_at > arrival.arrived_at:
        effective_at = arrival.arrived_at
        if reported_at > arrival.arrived_at + CLOCK_SLACK:
            flags += (Flag(code="time.future", sentence="The source's time lies after the arrival; the arrival counts."),)
    wished = contact.jurisdiction or arrival.jurisdiction
    if wished != jurisdiction:
        flags += (Flag(code="jurisdiction.differs", sentence=f"The source now names {wished}; the report stays with {jurisdiction}."),)
    source_system = contact.source_system or contact.channel
    same: dict[str, Any] = {
        "jurisdiction": jurisdiction,
        "report_id": identity(contact),
        "channel": contact.channel,
        "source_system": source_system,
        "source_id": contact.source_id,
        "effective_at": effective_at,
        "connector": arrival.connector,
        "raw": arrival.raw,
    }
    if contact.withdrawn:
        return Normalised(ReportWithdrawn(**same, flags=flags), None)
    return _received(contact, same, reported_at, flags, keyring)


def _received(contact: Contact, same: dict[str, Any], reported_at: datetime, flags: tuple[Flag, ...], keyring: Keyring) -> Normalised:
    title, body = mask(clean(contact.title or "")), mask(clean(contact.body))
    place = mask(without_room(clean(contact.address or "")))
    division, category, quoted = (mask(clean(text or "")) for text in (contact.division_code, contact.category, contact.quoted_number))
    if not title.text and not body.text:
        flags += (Flag(code="text.empty", sentence="The report has no text; a person should look at it."),)
    if len(body.text) > BODY_CHARACTERS_MAX:  # some characters become several: ㎡
        flags += (Flag(code="text.cut", sentence=f"The text was cut after {BODY_CHARACTERS_MAX} characters."),)
    content = {
        "title": title.text,
        "body": body.text[:BODY_CHARACTERS_MAX],
        "address": place.text or None,
        "division_code": division.text[:SHORT] or None,
        "category": category.text[:SHORT] or None,
        "quoted_number": quoted.text[:NUMBER] or None,
        "joint_count": len(contact.joint_names),
        "confidential": contact.confidential,
    }
    # Over the masked content, so that an exported journal gives the same digest as the live run.
    digest = hashlib.sha256(json.dumps(list(content.values()), ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
    persons = tokens_of(contact, same["source_system"], keyring)
    fact = ReportReceived(
        **same, **content, revision=contact.revision, digest=digest, reported_at=reported_at, persons=persons, flags=flags
    )
    people = {
        name: _storable(value)
        for name in ("contact_name", "contact_phone", "contact_id_number", "contact_address", "author", "joint_names", "address", "extra")
        if (value := getattr(contact, name))
    }
    if taken := [pair for part in (title, body, place, division, category, quoted) for pair in part.taken]:
        people["masked"] = taken
    return Normalised(fact, Held(fact.report_id, digest, people, persons) if people else None)


def _storable(value: Any) -> Any:
    """What Postgres' jsonb takes: no NUL, half character or NaN. The raw record keeps them as they came."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {_storable(str(name)): _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
