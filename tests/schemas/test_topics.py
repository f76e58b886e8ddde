from dataclasses import replace

import pytest

from schemas.contact import CHANNELS, RAW_BYTES_MAX
from schemas.topics import (
    CASE_EVENTS,
    CASE_MEMBERS,
    CASES,
    CURSORS,
    DAY_MS,
    JOURNAL,
    MIB,
    REJECTED,
    TOPICS,
    Naming,
    Topic,
    markdown_table,
    raw_topic,
)
from schemas.types import EVENT_TYPES, JOURNAL_TYPES, OTHER_TYPES

FOR_EVER = None
KEPT = {
    **{f"intake.raw.{channel}": 30 * DAY_MS for channel in CHANNELS},
    "intake.journal": FOR_EVER,
    "intake.case-events": FOR_EVER,
    "intake.cases": "compacted",
    "intake.case-members": "compacted",
    "intake.rejected": 30 * DAY_MS,
    "intake.cursors": "compacted",
}


def names(topic: Topic) -> str:
    return topic.name


def test_names_are_unique_and_can_stand_in_kafka() -> None:
    found = [topic.name for topic in TOPICS]
    assert len(set(found)) == len(found)
    for name in found:
        assert name.startswith("intake.")
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    # Kafka's metrics write . as _: two names that differ only there would meet
    assert len({name.replace(".", "_") for name in found}) == len(found)


@pytest.mark.parametrize("topic", TOPICS, ids=names)
def test_it_is_kept_as_long_as_was_promised(topic: Topic) -> None:
    assert ("compacted" if topic.compacted else topic.retention_ms) == KEPT[topic.name]


@pytest.mark.parametrize("topic", TOPICS, ids=names)
def test_kafkas_settings_follow(topic: Topic) -> None:
    config = topic.config()
    assert config["cleanup.policy"] == ("compact" if topic.compacted else "delete")
    assert config.get("retention.ms") == (None if topic.compacted else str(-1 if topic.retention_ms is None else topic.retention_ms))
    assert config["max.message.bytes"] == str(topic.max_bytes)
    assert all(isinstance(value, str) for value in config.values())


@pytest.mark.parametrize("topic", TOPICS, ids=names)
def test_a_compacted_topic_has_no_retention(topic: Topic) -> None:
    assert not (topic.compacted and topic.retention_ms is not None)


def test_raw_records_of_16_mib_are_taken_and_so_are_their_dead_letters() -> None:
    for channel in (*CHANNELS, "wechat"):
        assert raw_topic(channel).max_bytes == 16 * MIB
    assert REJECTED.max_bytes > 16 * MIB, "a dead letter has our headers besides"
    assert RAW_BYTES_MAX < 16 * MIB
    assert {topic.max_bytes for topic in TOPICS if topic.owner not in {"connectors", "all stages"}} == {MIB}


def test_only_cases_and_members_are_published() -> None:
    assert {topic.name for topic in TOPICS if topic.access == "published"} == {"intake.cases", "intake.case-members"}
    assert {topic.name for topic in TOPICS if topic.access == "restricted"} == {
        "intake.journal", "intake.rejected", *(f"intake.raw.{channel}" for channel in CHANNELS),
    }  # fmt: skip


def test_only_what_a_run_derives_is_written_anew_by_each_run() -> None:
    assert {topic.name for topic in TOPICS if topic.side == "derived"} == {"intake.case-events", "intake.cases", "intake.case-members"}


def test_events_and_journal_have_the_same_partitions() -> None:
    """A jurisdiction's journal partition is its event partition: one fenced producer writes both."""
    assert JOURNAL.partitions == CASE_EVENTS.partitions == 32
    assert CURSORS.partitions == 1


def test_every_type_has_a_topic() -> None:
    carried = {model for topic in TOPICS for model in topic.records}
    assert carried == {*JOURNAL_TYPES.values(), *EVENT_TYPES.values(), *OTHER_TYPES.values()}
    assert [topic.name for topic in TOPICS if not topic.records] == ["intake.rejected"]


@pytest.mark.parametrize(
    ("naming", "journal", "events"),
    [
        (Naming(), "intake.journal", "intake.case-events"),
        (Naming("r1"), "intake.journal.r1", "intake.case-events.r1"),
        (Naming("r2", "r1"), "intake.journal.r1", "intake.case-events.r2"),
        (Naming("r2", ""), "intake.journal", "intake.case-events.r2"),
        (Naming("", "r1"), "intake.journal.r1", "intake.case-events"),
    ],
)
def test_runs_stand_side_by_side_by_their_suffix(naming: Naming, journal: str, events: str) -> None:
    assert naming.of(JOURNAL) == journal
    assert naming.of(CASE_EVENTS) == events
    assert (
        naming.of(CASES).removeprefix("intake.cases")
        == naming.of(CASE_MEMBERS).removeprefix("intake.case-members")
        == events.removeprefix("intake.case-events")
    )
    for topic in (CURSORS, REJECTED, raw_topic("board")):
        assert naming.of(topic) == topic.name + journal.removeprefix("intake.journal")


def test_a_rerun_never_writes_into_the_live_runs_topics() -> None:
    live, rerun = Naming(), Naming("r1", "")
    for topic in TOPICS:
        assert (live.of(topic) == rerun.of(topic)) == (topic.side == "intake")


def test_the_table_for_people() -> None:
    lines = markdown_table().splitlines()
    assert lines[:3] == [
        "| topic | key | holds | partitions | kept | access | written by |",
        "|---|---|---|---|---|---|---|",
        "| `intake.raw.<channel>` | source system + source number | what arrived, byte for byte | 4 | 30 days | restricted | connectors |",
    ]
    assert (
        "| `intake.journal` | jurisdiction | one order per jurisdiction: what happened | 32 | for ever | restricted | normalise |" in lines
    )
    assert "| `intake.cases` | case id | the newest state of each case | 8 | compacted | published | project |" in lines
    assert len(lines) == 2 + 1 + len(TOPICS) - len(CHANNELS)
    assert all(line.count("|") == 8 for line in lines)


def test_the_checks_would_see_a_compacted_topic_with_retention() -> None:
    wrong = replace(CASES, retention_ms=DAY_MS)
    with pytest.raises(AssertionError):
        test_a_compacted_topic_has_no_retention(wrong)
