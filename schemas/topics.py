"""The topics: one table, from which creation, checks, documentation and manifests come."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from schemas import types
from schemas.base import Record
from schemas.contact import CHANNELS, RawContact
from schemas.views import CaseMember, CaseView, Cursor

DAY_MS = 24 * 60 * 60 * 1000
MIB = 1024 * 1024
JOURNAL_PARTITIONS = 32  # for ever: a jurisdiction's order lives in one partition, and its number comes from this count


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it must be. `retention_ms` None = for ever. `max_bytes` is the topic's max.message.bytes."""

    name: str
    key: str
    holds: str
    records: tuple[type[Record], ...]
    partitions: int
    retention_ms: int | None
    compacted: bool
    access: Literal["restricted", "internal", "published"]
    owner: str
    max_bytes: int = MIB
    side: Literal["intake", "derived"] = "intake"
    """intake: shared by every run that reads the same journal. derived: written anew by each run with a suffix."""

    def config(self) -> dict[str, str]:
        """Kafka's topic settings."""
        settings = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_bytes),
            "min.insync.replicas": "1",
        }
        if not self.compacted:
            settings["retention.ms"] = str(-1 if self.retention_ms is None else self.retention_ms)
        return settings


def raw_topic(channel: str) -> Topic:
    """`intake.raw.<channel>`."""
    return Topic(
        f"intake.raw.{channel}", "source system + source number", "what arrived, byte for byte", (RawContact,),
        partitions=4, retention_ms=30 * DAY_MS, compacted=False, access="restricted", owner="connectors", max_bytes=16 * MIB,
    )  # fmt: skip


JOURNAL = Topic(
    "intake.journal", "jurisdiction", "one order per jurisdiction: what happened", tuple(types.JOURNAL_TYPES.values()),
    partitions=JOURNAL_PARTITIONS, retention_ms=None, compacted=False, access="restricted", owner="normalise",
)  # fmt: skip
CASE_EVENTS = Topic(
    "intake.case-events", "jurisdiction", "every change of every case, numbered, with its reason", tuple(types.EVENT_TYPES.values()),
    partitions=JOURNAL_PARTITIONS, retention_ms=None, compacted=False, access="internal", owner="consolidate", side="derived",
)  # fmt: skip
CASES = Topic(
    "intake.cases", "case id", "the newest state of each case", (CaseView,),
    partitions=8, retention_ms=None, compacted=True, access="published", owner="project", side="derived",
)  # fmt: skip
CASE_MEMBERS = Topic(
    "intake.case-members", "report id", "the case a report belongs to, its relation and evidence", (CaseMember,),
    partitions=8, retention_ms=None, compacted=True, access="published", owner="project", side="derived",
)  # fmt: skip
REJECTED = Topic(
    "intake.rejected", "as it came", "dead letters: bytes, headers, place, stage, reason", (),
    partitions=4, retention_ms=30 * DAY_MS, compacted=False, access="restricted", owner="all stages", max_bytes=16 * MIB + MIB // 4,
)  # fmt: skip
CURSORS = Topic(
    "intake.cursors", "connector instance", "how far a connector has read", (Cursor,),
    partitions=1, retention_ms=None, compacted=True, access="internal", owner="connectors",
)  # fmt: skip


def topics_for(channels: Iterable[str]) -> tuple[Topic, ...]:
    """Every topic of a run with these channels."""
    return (*(raw_topic(channel) for channel in channels), JOURNAL, CASE_EVENTS, CASES, CASE_MEMBERS, REJECTED, CURSORS)


TOPICS = topics_for(CHANNELS)


@dataclass(frozen=True, slots=True)
class Naming:
    """How this run's topics are called. Runs stand side by side by their suffix; a second run over the same journal names that run's
    suffix as `journal_suffix`.
    """

    suffix: str = ""
    journal_suffix: str | None = None

    def of(self, topic: Topic) -> str:
        """The topic's name in Kafka."""
        suffix = self.suffix if topic.side == "derived" or self.journal_suffix is None else self.journal_suffix
        return f"{topic.name}.{suffix}" if suffix else topic.name


def markdown_table() -> str:
    """The table as it stands in ARCHITECTURE.md."""
    rows = [
        "| topic | key | holds | partitions | kept | access | written by |",
        "|---|---|---|---|---|---|---|",
    ]
    for topic in (raw_topic("<channel>"), *TOPICS[len(CHANNELS) :]):
        kept = "compacted" if topic.compacted else "for ever" if topic.retention_ms is None else f"{topic.retention_ms // DAY_MS} days"
        rows.append(f"| `{topic.name}` | {topic.key} | {topic.holds} | {topic.partitions} | {kept} | {topic.access} | {topic.owner} |")
    return "\n".join(rows) + "\n"
