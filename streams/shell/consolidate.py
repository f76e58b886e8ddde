"""consolidate on Kafka: the journal -> case events, in the journal record's own partition."""

from collections.abc import AsyncIterator, Mapping, Sequence

from dedup.kernels import NUMPY, Kernels
from dedup.policy import Policy
from schemas.base import to_millis
from schemas.codec import DecodeError, decode
from schemas.events import CaseEvent
from schemas.topics import CASE_EVENTS, JOURNAL, REJECTED, Naming
from schemas.types import EVENT_TYPES
from streams.errors import HistoryBroken
from streams.kafka import read_to_end
from streams.records import Inbound, Outbound, Place, dead_letter
from streams.steps.consolidate import Ledgers
from streams.steps.wire import encode_event, read_journal

STAGE = "consolidate"


class ConsolidateWork:
    """One journal partition: the ledgers of its jurisdictions."""

    def __init__(self, resume_at: int, ledgers: Ledgers, naming: Naming) -> None:
        self.resume_at = resume_at
        self._ledgers = ledgers
        self._events = naming.of(CASE_EVENTS)
        self._rejected = naming.of(REJECTED)

    async def handle(self, records: Sequence[Inbound]) -> Sequence[Outbound]:
        """Each journal record gives at least one event. The ledgers run ahead of the commit: an abort must end the process."""
        outputs = []
        for record in records:
            journal = read_journal(record)
            if isinstance(journal.fact, DecodeError):
                outputs.append(dead_letter(self._rejected, STAGE, record, journal.fact))
            for event in self._ledgers.decide(journal):
                value, headers = encode_event(event)
                outputs.append(
                    Outbound(self._events, event.jurisdiction.encode(), value, headers, record.place.partition, to_millis(event.at))
                )
        return outputs


async def take_over(
    place: Place,
    committed: int | None,
    *,
    bootstrap: str,
    naming: Naming,
    policy: Policy,
    packs: Mapping[str, Policy],
    kernels: Kernels = NUMPY,
) -> ConsolidateWork:
    """Folds the published events over the journal and goes on after the last journal offset that has its events.

    Raises HistoryBroken where the group stands beyond that (records were skipped), or an event's journal record is missing.
    """
    ledgers = Ledgers(policy, packs, kernels)
    journal = aiter(read_to_end(bootstrap, [Place(naming.of(JOURNAL), place.partition)]))
    resume_at = 0
    async for offset, events in _by_cause(bootstrap, Place(naming.of(CASE_EVENTS), place.partition)):
        record = await anext(journal, None)
        if record is None or record.offset != offset:
            found = "nothing" if record is None else f"offset {record.offset}"
            raise HistoryBroken(
                f"{place.topic}/{place.partition}: the next events were caused by offset {offset}, but the journal has {found} there; "
                "run `onecase audit`."
            )
        ledgers.recover(read_journal(record), events)
        resume_at = offset + 1
    if committed is not None and committed > resume_at:
        # Offsets in between may be transaction markers alone, which no reader sees.
        left = await anext(journal, None)
        if left is not None and left.offset < committed:
            raise HistoryBroken(
                f"{place.topic}/{place.partition}: the group stands at {committed}, but events exist only up to journal offset "
                f"{resume_at - 1}; set the group back to {resume_at} (nothing will be decided twice) and run `onecase audit`."
            )
    return ConsolidateWork(resume_at, ledgers, naming)


async def _by_cause(bootstrap: str, place: Place) -> AsyncIterator[tuple[int, list[CaseEvent]]]:
    """The published events of one partition, grouped by the journal offset that caused them."""
    group: list[CaseEvent] = []
    async for record in read_to_end(bootstrap, [place]):
        try:
            _, event = decode(EVENT_TYPES, record.headers, record.value)
        except DecodeError as error:
            raise HistoryBroken(f"{place.topic}/{place.partition} offset {record.offset} is not a case event: {error.sentence}") from error
        if group and event.caused_by.offset != group[-1].caused_by.offset:
            yield group[-1].caused_by.offset, _whole(group, place)
            group = []
        group.append(event)
    if group:
        yield group[-1].caused_by.offset, _whole(group, place)


def _whole(group: list[CaseEvent], place: Place) -> list[CaseEvent]:
    cause = group[0].caused_by
    if [event.caused_by.ordinal for event in group] != list(range(cause.of)):
        raise HistoryBroken(
            f"{place.topic}/{place.partition}: journal offset {cause.offset} has {len(group)} of its {cause.of} events; "
            "run `onecase audit`."
        )
    return group
