"""project on Kafka: case events -> Postgres first, then the current view of every case and member in the batch."""

from collections.abc import Sequence

import asyncpg

from schemas.codec import DecodeError, Envelope, decode, encode
from schemas.topics import CASE_MEMBERS, CASES, REJECTED, Naming
from schemas.types import EVENT_TYPES
from schemas.views import CaseMember, CaseView
from streams.errors import HistoryBroken
from streams.records import Inbound, Outbound, Place, dead_letter
from streams.steps.project import Projection, fold, published_case, published_member
from streams.store.database import Session
from streams.store.projection import Located, load, lock_position, write

STAGE = "project"
SOURCE = "/onecase/project"


def encode_case(topic: str, view: CaseView) -> Outbound:
    """The record of a case in the compacted topic."""
    shown = published_case(view)
    value, headers = encode(Envelope(f"{view.case_id}/{view.number}", "case.view", SOURCE, view.case_id, view.changed_at), shown)
    return Outbound(topic, view.case_id.encode(), value, headers)


def encode_member(topic: str, member: CaseMember) -> Outbound:
    """The record of a report's place in the compacted topic."""
    shown = published_member(member)
    identity = f"{member.report_id}/{member.number}"
    value, headers = encode(Envelope(identity, "case.member", SOURCE, member.report_id, member.changed_at), shown)
    return Outbound(topic, member.report_id.encode(), value, headers)


class ProjectWork:
    """One partition of the case events."""

    def __init__(self, resume_at: int, session: Session, schema: str, naming: Naming, place: Place) -> None:
        self.resume_at = resume_at
        self._session = session
        self._schema = schema
        self._place = place
        self._cases, self._members, self._rejected = (naming.of(topic) for topic in (CASES, CASE_MEMBERS, REJECTED))

    async def handle(self, records: Sequence[Inbound]) -> Sequence[Outbound]:
        """Views of what the batch touches, also of events that Postgres had seen: the transaction before may have been lost."""
        located: list[Located] = []
        letters: list[Outbound] = []
        for record in records:
            try:
                located.append(Located(record.offset, decode(EVENT_TYPES, record.headers, record.value)[1]))
            except DecodeError as error:
                letters.append(dead_letter(self._rejected, STAGE, record, error))
        position = records[-1].offset + 1

        async def work(connection: asyncpg.Connection) -> Projection:
            seen = await lock_position(connection, self._schema, self._place)
            state = await load(connection, self._schema, [item.event for item in located])
            fresh = [item for item in located if item.offset >= seen]
            try:
                fold(state, (item.event for item in fresh))
            except KeyError as missing:
                sentence = f"Postgres lacks case or report {missing.args[0]}, which an event needs; rebuild the projection."
                raise HistoryBroken(sentence) from None
            if position > seen:
                await write(connection, self._schema, state, fresh=fresh, place=self._place, position=position)
            return state

        state = await self._session.transact(work)
        views = [encode_case(self._cases, state.cases[case]) for case in sorted(state.cases)]
        members = [encode_member(self._members, state.members[report]) for report in sorted(state.members)]
        return [*letters, *views, *members]


async def take_over(place: Place, committed: int | None, *, session: Session, schema: str, naming: Naming) -> ProjectWork:
    """Goes on where the group stands; Postgres knows by itself what it has seen. Raises HistoryBroken if it has seen less."""
    seen = await session.transact(lambda connection: lock_position(connection, schema, place))
    if committed is not None and committed > seen:
        raise HistoryBroken(
            f"{place.topic}/{place.partition}: the group stands at {committed}, but Postgres has seen only what is before {seen} (an "
            f"older backup?); set the group back to {seen}."
        )
    return ProjectWork(committed or 0, session, schema, naming, place)
