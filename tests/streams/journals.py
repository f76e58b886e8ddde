"""Random journals out of a small pool of matters, persons, edits, withdrawals and garbage, as Kafka records of one partition."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from schemas import events as ev
from schemas.base import to_millis
from schemas.codec import decode
from schemas.journal import JournalFact
from schemas.topics import JOURNAL
from schemas.types import EVENT_TYPES
from streams.records import Inbound, Place
from streams.steps.consolidate import Ledgers
from streams.steps.wire import encode_event, read_journal
from tests.streams.build import FEES, LAMPS, NOISE, START, journal_inbound, policy, report, withdrawal

NOISE_TOLD_ANEW = "我住在金色家园小区，北侧工地夜里十一点以后还在打桩施工，噪音很大，影响老人小孩休息，请尽快制止。"
LAMPS_TOLD_ANEW = "梅溪湖路桐梓坡路口路灯坏了一周没人修，晚上漆黑一片，过马路很危险，请尽快维修路灯。"
STOPPED = "阳光花园小区{}栋停水两天，居民用水十分困难，请尽快恢复供水。"
TEXTS = (NOISE, NOISE_TOLD_ANEW, LAMPS, LAMPS_TOLD_ANEW, FEES, STOPPED.format(3), STOPPED.format(5), "")
PHONES = (None, "13812345678", "13987654321")
CITIES = ("changsha", "zhuzhou")
CHANNELS = ("hotline", "board")

Delivered = tuple[ev.CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal record of a story. `what`: report, withdrawal or garbage."""

    city: str
    what: str = "report"
    number: int = 1
    channel: str = "hotline"
    text: int = 0
    phone: int = 0
    revision: int | None = None
    category: str | None = None
    confidential: bool = False
    quoted: int | None = None


ENTRIES = st.builds(
    Entry,
    city=st.sampled_from(CITIES),
    what=st.sampled_from(["report"] * 7 + ["withdrawal"] * 2 + ["garbage"]),
    number=st.integers(1, 5),
    channel=st.sampled_from(CHANNELS),
    text=st.integers(0, len(TEXTS) - 1),
    phone=st.integers(0, len(PHONES) - 1),
    revision=st.sampled_from([None, None, None, 1, 2, 3]),
    category=st.sampled_from([None, None, "投诉", "举报"]),
    confidential=st.sampled_from([False, False, False, True]),
    quoted=st.sampled_from([None, None, None, 1, 2]),
)
STORIES = st.lists(ENTRIES, min_size=1, max_size=3) | st.lists(ENTRIES, min_size=12, max_size=32)


@functools.cache
def fact_of(entry: Entry) -> JournalFact:
    number = f"{entry.city}-{entry.number}"  # a report belongs to one city: normalise pins it
    if entry.what == "withdrawal":
        return withdrawal(number, channel=entry.channel, jurisdiction=entry.city)
    return report(
        number,
        TEXTS[entry.text],
        jurisdiction=entry.city,
        channel=entry.channel,
        contact_phone=PHONES[entry.phone],
        revision=entry.revision,
        category=entry.category,
        confidential=entry.confidential,
        quoted_number=entry.quoted and f"{entry.city}-{entry.quoted}",
    )


def written(story: Sequence[Entry], *, partition: int = 0) -> list[Inbound]:
    """The story as the journal holds it. Between two offsets may lie transaction markers, so every third is left out."""
    records = []
    for place, entry in enumerate(story):
        offset, at = place + place // 2, START + timedelta(minutes=place)
        if entry.what == "garbage":
            garbage = Inbound(Place(JOURNAL.name, partition), offset, to_millis(at), entry.city.encode(), b"\xff{", (("ce_id", None),))
            # the number says whose it is: a city's, or nobody's
            records.append(garbage if entry.number > 1 else replace(garbage, key=None))
        else:
            records.append(journal_inbound(fact_of(entry), offset, partition=partition, at=at))
    return records


def decided(records: Sequence[Inbound], ledgers: Ledgers | None = None) -> list[Delivered]:
    """The events of each record."""
    ledgers = ledgers or Ledgers(policy())
    return [ledgers.decide(read_journal(record)) for record in records]


def published(delivered: Delivered) -> Delivered:
    """Events as somebody reads them who was not there: over the wire."""
    return tuple(decode(EVENT_TYPES, headers, value)[1] for value, headers in map(encode_event, delivered))


def flat(deliveries: Sequence[Delivered]) -> list[ev.CaseEvent]:
    return [event for delivered in deliveries for event in delivered]
