"""Contacts, facts and journal records for the tests of the pure core. Every person and place is invented."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dedup.pack import Lines
from dedup.policy import Policy
from schemas import events as ev
from schemas.base import to_millis
from schemas.codec import DecodeError, Envelope, encode
from schemas.contact import Contact, RawContact
from schemas.ids import journal_id
from schemas.journal import JournalFact, RawPosition, ReportReceived
from schemas.topics import JOURNAL, raw_topic
from streams.records import Inbound, Place
from streams.shell.policies import load_pack
from streams.steps.consolidate import JournalRecord, Ledgers
from streams.steps.normalise import Arrival, Normalised, normalise
from streams.steps.persons import Keyring
from streams.steps.wire import encode_event

KEYRING = Keyring("k1", b"a secret of the tests, thirty-two characters and more")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
JURISDICTION = "local"

NOISE = "金色家园小区北侧工地每天夜里十一点以后仍在打桩，噪音很大，老人和小孩无法入睡，请尽快制止夜间施工。"
LAMPS = "梅溪湖路与桐梓坡路口的路灯坏了一个星期，晚上一片漆黑，行人过马路很危险，希望尽快派人维修。"
FEES = "银杏苑物业公司没有经过业主大会同意，擅自把物业费由每平方米1.8元涨到2.6元，业主多次交涉无果。"
WATER = "枫林村三组自来水连续停了四天，村民只能到河边挑水吃，给水厂打电话一直说在抢修，没有给准信。"
MATTERS = (NOISE, LAMPS, FEES, WATER)


@functools.cache
def policy() -> Policy:
    """The built-in pack with lines at which the short texts of these tests join: they are about what follows from a join."""
    return replace(load_pack(None), lines=Lines(join=15, review=-40, nearest=-40, quoted=0, tie=10**6, margin=0))


def contact(number: str = "20260302000001", body: str = NOISE, **fields: Any) -> Contact:
    return Contact.model_validate(
        {"channel": "hotline", "source_id": number, "reported_at": "2026-03-02T09:00:00+08:00", "body": body} | fields
    )


def normalised(found: Contact, *, at: datetime = START, jurisdiction: str = JURISDICTION, zone: str = "Asia/Shanghai") -> Normalised:
    """As the worker does it, from offset 7 of a raw topic."""
    raw = RawPosition(topic=f"intake.raw.{found.channel}", partition=0, offset=7)
    return normalise(found, Arrival(JURISDICTION, zone, at, "hotline-1", raw), jurisdiction, KEYRING)


def report(
    number: str = "20260302000001", body: str = NOISE, *, jurisdiction: str = JURISDICTION, at: datetime = START, **fields: Any
) -> ReportReceived:
    """A `report.received`, normalised."""
    fact = normalised(contact(number, body, **fields), at=at, jurisdiction=jurisdiction).fact
    assert isinstance(fact, ReportReceived)
    return fact


def withdrawal(number: str = "20260302000001", *, jurisdiction: str = JURISDICTION, **fields: Any) -> JournalFact:
    """A `report.withdrawn` of the same source number."""
    return normalised(contact(number, withdrawn=True, **fields), jurisdiction=jurisdiction).fact


def journal(facts: Iterable[JournalFact | DecodeError], *, partition: int = 0, jurisdiction: str = JURISDICTION) -> list[JournalRecord]:
    """Facts at the offsets 0, 1, 2… of one partition, a minute apart. What cannot be read belongs to `jurisdiction`."""
    return [
        JournalRecord(
            jurisdiction if isinstance(fact, DecodeError) else fact.jurisdiction, partition, offset, START + timedelta(minutes=offset), fact
        )
        for offset, fact in enumerate(facts)
    ]


def run(facts: Iterable[JournalFact | DecodeError]) -> list[ev.CaseEvent]:
    """The events of a journal, decided from the beginning."""
    ledgers = Ledgers(policy())
    return [event for record in journal(facts) for event in ledgers.decide(record)]


def on_the_wire(events: Sequence[ev.CaseEvent]) -> list[tuple[bytes, Any]]:
    """What a reader of the topic would compare: values and headers."""
    return [encode_event(event) for event in events]


def journal_inbound(fact: JournalFact, offset: int = 0, *, partition: int = 0, at: datetime = START) -> Inbound:
    """The Kafka record that normalise would write."""
    identity = journal_id("intake.raw.hotline", 0, offset)
    value, headers = encode(Envelope(identity, fact.type, "/onecase/normalise", fact.report_id, at), fact)
    return Inbound(Place(JOURNAL.name, partition), offset, to_millis(at), fact.jurisdiction.encode(), value, headers)


def raw_inbound(found: Contact | None, *, offset: int = 0, at: datetime = START, **fields: Any) -> Inbound:
    """The Kafka record that a connector would write. `fields` are those of RawContact."""
    channel = found.channel if found else "hotline"
    raw = RawContact.model_validate(
        {"connector": "hotline-1", "channel": channel, "received_at": at, "payload": b"{}", "contact": found} | fields
    )
    value, headers = encode(Envelope(f"raw-{offset}", "raw.contact", "/onecase/connect", "hotline 1", at), raw)
    return Inbound(Place(raw_topic(channel).name, 0), offset, to_millis(at), b"hotline 1", value, headers)
