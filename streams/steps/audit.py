"""The audit, the pure part: do the sums hold? Nothing lost, nothing twice, from raw position to case view."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import DecodeError, decode
from schemas.ids import event_id
from schemas.types import EVENT_TYPES, JOURNAL_TYPES
from schemas.views import CaseMember, CaseView
from streams.records import Inbound, Place
from streams.steps.project import published_case, published_member

PROBLEMS_SHOWN = 50


@dataclass(slots=True)
class Audit:
    """Counts, and what is wrong in sentences. `holds` says whether the sums are right; what waits is not wrong."""

    counts: dict[str, int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0

    @property
    def holds(self) -> bool:
        """No loss and no double was found."""
        return self.problem_count == 0

    def problem(self, sentence: str) -> None:
        """Notes a problem; the first fifty are kept in words."""
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append(sentence)


Position = tuple[str, int, int]


def outcomes(journal: Iterable[Inbound], rejected: Iterable[Inbound]) -> Counter[Position]:
    """How many outcomes each raw position has: journal records that name it, and dead letters of normalise."""
    found: Counter[Position] = Counter()
    for record in journal:
        try:
            raw = decode(JOURNAL_TYPES, record.headers, record.value)[1].raw
        except DecodeError:
            continue  # not normalise's; consolidate refuses it by an event
        if raw is not None:
            found[raw.topic, raw.partition, raw.offset] += 1
    for record in rejected:
        ours = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers if name.startswith("onecase-")}
        if ours.get("onecase-stage") == "normalise":
            found[ours["onecase-topic"], int(ours["onecase-partition"]), int(ours["onecase-offset"])] += 1
    return found


def check_raw(audit: Audit, raw: Iterable[Position], found: Counter[Position], done: Mapping[Place, int]) -> None:
    """Every raw position below the group's offset has exactly one outcome, and none beyond it has two."""
    for topic, partition, offset in raw:
        audit.counts["raw"] += 1
        number = found[topic, partition, offset]
        if offset >= done.get(Place(topic, partition), 0):
            audit.counts["raw_waiting"] += 1
            if number > 1:
                audit.problem(f"{topic}/{partition} offset {offset} is doubled: it has {number} outcomes.")
        elif number != 1:
            what = "lost: it has no journal record and no dead letter" if not number else f"doubled: it has {number} outcomes"
            audit.problem(f"{topic}/{partition} offset {offset} is {what}.")


@dataclass(slots=True)
class Events:
    """What the case-events topic holds, as far as the audit needs it."""

    by_cause: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=dict)
    """(journal partition, offset) -> (ordinal, of) of its events."""
    ids: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Event id -> (jurisdiction, number)."""
    last: dict[str, int] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    """Ids that project has not committed yet."""


def read_events(audit: Audit, records: Iterable[Inbound], done: Mapping[Place, int]) -> Events:
    """Reads the case events in order; numbers must follow each other in every jurisdiction."""
    events = Events()
    for record in records:
        try:
            envelope, event = decode(EVENT_TYPES, record.headers, record.value)
        except DecodeError as error:
            audit.problem(f"{record.place.topic}/{record.place.partition} offset {record.offset} is not a case event: {error.sentence}")
            continue
        audit.counts["events"] += 1
        cause = event.caused_by
        if envelope.id != event_id(event.jurisdiction, cause.partition, cause.offset, cause.ordinal):
            audit.problem(f"Event {envelope.id} does not bear the id that its cause gives.")
        last = events.last.get(event.jurisdiction, 0)
        if event.number != last + 1:
            audit.problem(f"In {event.jurisdiction} number {event.number} follows number {last}.")
        events.last[event.jurisdiction] = event.number
        events.by_cause.setdefault((cause.partition, cause.offset), []).append((cause.ordinal, cause.of))
        events.ids[envelope.id] = (event.jurisdiction, event.number)
        if record.offset >= done.get(record.place, 0):
            events.waiting.add(envelope.id)
    return events


def check_journal(audit: Audit, journal: Iterable[tuple[int, int]], events: Events, done: Mapping[int, int]) -> None:
    """Every journal record below the group's offset has all of its events once; `done` is by partition."""
    known = set()
    for partition, offset in journal:
        audit.counts["journal"] += 1
        known.add((partition, offset))
        found = sorted(events.by_cause.get((partition, offset), []))
        if offset >= done.get(partition, 0) and not found:
            audit.counts["journal_waiting"] += 1
        elif not found:
            audit.problem(f"Journal partition {partition} offset {offset} is lost: it has no events.")
        elif found != [(ordinal, found[0][1]) for ordinal in range(found[0][1])]:
            audit.problem(f"Journal partition {partition} offset {offset} has events {found}, not each of {found[0][1]} once.")
    for partition, offset in sorted(events.by_cause.keys() - known):
        audit.problem(f"Events name journal partition {partition} offset {offset}, which does not exist.")


def check_projection(audit: Audit, events: Events, stored: Mapping[str, tuple[str, int]]) -> None:
    """Postgres holds each committed event once (its key forbids twice), and no other."""
    audit.counts["stored_events"] = len(stored)
    audit.counts["events_waiting"] = len((events.ids.keys() - stored.keys()) & events.waiting)
    for identity in sorted(events.ids.keys() - stored.keys() - events.waiting):
        jurisdiction, number = events.ids[identity]
        audit.problem(f"Event {number} of {jurisdiction} is missing in Postgres.")
    for identity in sorted(stored.keys() - events.ids.keys()):
        jurisdiction, number = stored[identity]
        audit.problem(f"Postgres has event {number} of {jurisdiction}, which was never published.")


def check_views(
    audit: Audit,
    stored: tuple[Mapping[str, CaseView], Mapping[str, CaseMember]],
    topic_cases: Mapping[str, CaseView],
    topic_members: Mapping[str, CaseMember],
    *,
    settled: bool,
) -> None:
    """The compacted topics say what Postgres says. Differences count only when nothing is on its way (`settled`)."""
    cases, members = stored
    audit.counts |= {"cases": len(cases), "members": len(members), "topic_cases": len(topic_cases), "topic_members": len(topic_members)}
    if not settled:
        return
    _same(audit, "case", {key: published_case(view) for key, view in cases.items()}, topic_cases)
    _same(audit, "report", {key: published_member(member) for key, member in members.items()}, topic_members)
    counted: Counter[str] = Counter(member.case_id for member in members.values())
    for key, view in cases.items():
        if view.reports + view.withdrawn != counted[key]:
            audit.problem(f"Case {key} counts {view.reports} reports and {view.withdrawn} withdrawn, but has {counted[key]} members.")


def _same(audit: Audit, what: str, ours: Mapping[str, Any], topic: Mapping[str, Any]) -> None:
    for key in sorted(ours.keys() | topic.keys()):
        if ours.get(key) != topic.get(key):
            audit.problem(f"The view of {what} {key} differs between Postgres and its topic.")
