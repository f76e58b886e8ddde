"""`onecase audit`: reads everything and counts. It changes nothing and may run beside the workers."""

from schemas.codec import decode_as
from schemas.topics import CASE_EVENTS, CASE_MEMBERS, CASES, JOURNAL, REJECTED, Topic, raw_topic
from schemas.views import CaseMember, CaseView
from streams.kafka import group_offsets, partitions_of, read_to_end
from streams.records import Inbound, Place
from streams.shell.settings import Settings
from streams.steps import audit as pure
from streams.store.database import PROJECT_ROLE, connect
from streams.store.queries import Queries


async def audit(settings: Settings) -> pure.Audit:
    """Raw positions against outcomes, journal against events, events against Postgres, Postgres against the compacted topics."""
    result = pure.Audit()
    reading = _Reading(settings)
    connection = await connect(settings.postgres_dsn.get_secret_value(), role=PROJECT_ROLE)
    try:
        queries = Queries(connection, settings.projection_schema)
        # Positions first, then from the end of the flow to its beginning: what is written meanwhile counts as waiting, never as lost.
        done_raw = {
            place: at for channel in settings.channels for place, at in (await reading.done("normalise", raw_topic(channel))).items()
        }
        done_journal = await reading.done("consolidate", JOURNAL)
        done_events = await reading.done("project", CASE_EVENTS)
        stored = await queries.events()
        events = pure.read_events(result, await reading.all(CASE_EVENTS), done_events)
        journal, rejected = await reading.all(JOURNAL), await reading.all(REJECTED)
        raw = [(r.place.topic, r.place.partition, r.offset) for channel in settings.channels for r in await reading.all(raw_topic(channel))]
        result.counts["rejected"] = len(rejected)
        pure.check_raw(result, raw, pure.outcomes(journal, rejected), done_raw)
        places = ((record.place.partition, record.offset) for record in journal)
        pure.check_journal(result, places, events, {place.partition: at for place, at in done_journal.items()})
        pure.check_projection(result, events, stored)
        waiting = result.counts["raw_waiting"] + result.counts["journal_waiting"] + result.counts["events_waiting"]
        cases = {r.key.decode(): decode_as(CaseView, r.value) for r in await reading.all(CASES) if r.key is not None}
        members = {r.key.decode(): decode_as(CaseMember, r.value) for r in await reading.all(CASE_MEMBERS) if r.key is not None}
        pure.check_views(result, await queries.all_views(), cases, members, settled=waiting == 0 and not events.waiting)
    finally:
        await connection.close()
    return result


class _Reading:
    """Topics of this run, read whole."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def places(self, topic: Topic) -> list[Place]:
        name = self._settings.naming.of(topic)
        count = (await partitions_of(self._settings.kafka_bootstrap, [name])).get(name, 0)
        return [Place(name, partition) for partition in range(count)]

    async def all(self, topic: Topic) -> list[Inbound]:
        return [record async for record in read_to_end(self._settings.kafka_bootstrap, await self.places(topic))]

    async def done(self, stage: str, topic: Topic) -> dict[Place, int]:
        """Committed offsets of a stage's group by place; 0 where it never committed."""
        wanted = set(await self.places(topic))
        found = await group_offsets(self._settings.kafka_bootstrap, self._settings.group(stage))
        return {place: offset for place, offset in found.items() if place in wanted}
