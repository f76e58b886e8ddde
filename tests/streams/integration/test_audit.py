"""The audit finds what it is for: a planted loss and a planted double at every joint of the flow."""

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import CASES, JOURNAL, raw_topic
from streams.kafka import group_offsets
from streams.shell.audit import audit
from streams.store.database import connect
from tests.streams.integration.conftest import Make
from tests.streams.integration.harness import Run
from tests.streams.integration.stories import stretch

pytestmark = pytest.mark.servers


async def finished(make_run: Make) -> Run:
    """A run that went well and whose workers have ended."""
    run = await make_run().prepare()
    run.start("normalise", "consolidate", "project")
    count = await run.publish(stretch(30))
    result = await run.settled(raw=count)
    assert result.holds, result.problems
    run.stop()
    return run


async def problems(run: Run) -> list[str]:
    result = await audit(run.settings)
    assert result.problem_count == len(result.problems)
    return result.problems


async def skip(run: Run, topic: str, partition: int, offset: int) -> None:
    """Moves normalise's group past a record that nobody has read: what a careless reset of offsets does."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=run.settings.kafka_bootstrap, group_id=run.settings.group("normalise"), enable_auto_commit=False
    )
    await consumer.start()
    try:
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        await consumer.commit({place: offset})
    finally:
        await consumer.stop()


async def test_a_raw_record_that_was_skipped_is_found(make_run: Make) -> None:
    run = await finished(make_run)
    before = await group_offsets(run.settings.kafka_bootstrap, run.settings.group("normalise"))
    await run.publish(stretch(1, prefix="lost"))
    raw = [record for channel in run.settings.channels for record in await run.read(raw_topic(channel))]
    [lost] = [record for record in raw if b"lost" in (record.key or b"")]
    assert await problems(run) == []  # it only waits
    assert lost.offset >= before.get(lost.place, 0)
    await skip(run, lost.place.topic, lost.place.partition, lost.offset + 1)
    [sentence] = await problems(run)
    assert f"offset {lost.offset} is lost" in sentence


async def test_a_journal_record_written_twice_is_found(make_run: Make) -> None:
    run = await finished(make_run)
    record = (await run.read(JOURNAL))[3]
    await run.write(lambda _: JOURNAL, [("", record.key, record.value, [(name, value or b"") for name, value in record.headers])])
    [sentence] = await problems(run)
    assert "doubled: it has 2 outcomes" in sentence


async def test_an_event_missing_in_postgres_and_one_too_many_are_found(make_run: Make) -> None:
    run = await finished(make_run)
    connection = await connect(run.settings.postgres_dsn.get_secret_value())
    try:
        schema = run.settings.projection_schema
        await connection.execute(f"DELETE FROM {schema}.events WHERE number = 7")
        await connection.execute(
            f"INSERT INTO {schema}.events SELECT 'invented', jurisdiction, 100000, type, case_id, report_id, at, event FROM {schema}.events LIMIT 1"
        )
        await connection.execute(
            f"UPDATE {schema}.cases SET view = jsonb_set(view, '{{reports}}', '41') WHERE case_id IN (SELECT min(case_id) FROM {schema}.cases)"
        )
    finally:
        await connection.close()
    found = await problems(run)
    assert any("Event 7 of yunxi is missing in Postgres" in sentence for sentence in found)
    assert any("Postgres has event 100000 of yunxi, which was never published" in sentence for sentence in found)
    assert any("differs between Postgres and its topic" in sentence for sentence in found)
    assert any("counts 41 reports" in sentence for sentence in found)


async def test_a_view_that_somebody_overwrote_is_found(make_run: Make) -> None:
    run = await finished(make_run)
    record = (await run.read(CASES))[0]
    changed = (record.value or b"").replace(b'"reports":', b'"reports":9')
    await run.write(lambda _: CASES, [("", record.key, changed, [(name, value or b"") for name, value in record.headers])])
    assert any((record.key or b"").decode() in sentence for sentence in await problems(run))
