"""What holds for every journal: replay and recovery equal live, byte for byte; numbers without a gap; nothing lost, nothing twice."""

import hashlib
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import events as ev
from schemas.ids import case_id
from streams.steps.consolidate import Ledgers
from streams.steps.wire import read_journal
from tests.streams.build import on_the_wire, policy
from tests.streams.fingerprint import fingerprint
from tests.streams.journals import CITIES, STORIES, TEXTS, Entry, decided, flat, published, written


@given(STORIES)
def test_replay_equals_live(story: list[Entry]) -> None:
    records = written(story)
    assert on_the_wire(flat(decided(records))) == on_the_wire(flat(decided(records)))


@given(STORIES, st.data())
def test_recovery_equals_live(story: list[Entry], data: st.DataObject) -> None:
    records = written(story)
    live = Ledgers(policy())
    expected = decided(records, live)
    cut = data.draw(st.integers(0, len(records)), label="published records")
    recovered = Ledgers(policy())
    for record, events in zip(records[:cut], expected[:cut], strict=True):
        recovered.recover(read_journal(record), published(events))
    assert on_the_wire(flat(decided(records[cut:], recovered))) == on_the_wire(flat(expected[cut:]))
    assert fingerprint(recovered) == fingerprint(live)


@given(STORIES)
def test_the_sums_hold(story: list[Entry]) -> None:
    records, ledgers = written(story), Ledgers(policy())
    deliveries = decided(records, ledgers)
    for record, events in zip(records, deliveries, strict=True):
        assert [event.caused_by for event in events] == [
            ev.Cause(partition=0, offset=record.offset, ordinal=ordinal, of=len(events)) for ordinal in range(len(events))
        ]
        assert events, "every journal record has at least one event"
    found = flat(deliveries)
    for city in {event.jurisdiction for event in found}:
        own = [event for event in found if event.jurisdiction == city]
        assert [event.number for event in own] == list(range(1, len(own) + 1))
        assert [isinstance(event, ev.PolicyActivated) for event in own] == [True] + [False] * (len(own) - 1)
    placed = Counter(event.report.report_id for event in found if isinstance(event, ev.CaseOpened | ev.ReportJoined))
    assert set(placed.values()) <= {1}, "a report is placed once"
    sent = {record.fact.report_id for record in map(read_journal, records) if getattr(record.fact, "type", None) == "report.received"}  # type: ignore[union-attr]
    assert placed.keys() == sent


@given(STORIES)
def test_the_ledger_agrees_with_itself(story: list[Entry]) -> None:
    ledgers = Ledgers(policy())
    decided(written(story), ledgers)
    for city in CITIES:
        ledger = ledgers.of(city)
        counting = Counter(one.case_id for one in ledger.reports.values() if not one.withdrawn)
        assert {case: state.counting for case, state in ledger.cases.items()} == {case: counting[case] for case in ledger.cases}
        for report, one in ledger.reports.items():
            assert one.case_id in ledger.cases
            assert ledger.matcher.case_of(report) == (None if one.withdrawn else one.case_id)
        for case, state in ledger.cases.items():
            assert any(case == case_id(report) for report in ledger.reports), "a case is named after one of its reports"
            known = [standing for standing in ledger.reports.values() if standing.case_id == case]
            assert Counter(standing.person for standing in known if standing.person) == dict(enumerate(state.people.reports, 1))
            assert set(state.people.by_token.values()) == set(range(1, len(state.people.reports) + 1))


@given(STORIES)
def test_cities_in_one_partition_do_not_disturb_each_other(story: list[Entry]) -> None:
    records = written(story)
    together = flat(decided(records))
    alone = [
        event
        for jurisdiction in sorted({read_journal(record).jurisdiction for record in records})
        for event in flat(decided([record for record in records if read_journal(record).jurisdiction == jurisdiction]))
    ]
    assert on_the_wire(sorted(together, key=lambda event: (event.jurisdiction, event.number))) == on_the_wire(alone)


@given(STORIES, st.randoms(use_true_random=False))
def test_the_order_between_cities_does_not_matter(story: list[Entry], chance: random.Random) -> None:
    def told(order: list[Entry]) -> list[dict[str, object]]:
        events = sorted(flat(decided(written(order))), key=lambda event: (event.jurisdiction, event.number))
        return [event.model_dump(exclude={"caused_by": {"offset"}, "at": True}) for event in events]

    cities = [entry.city if entry.what != "garbage" or entry.number > 1 else "" for entry in story]
    left = {city: [entry for entry, own in zip(story, cities, strict=True) if own == city] for city in cities}
    shuffled = [*cities]
    chance.shuffle(shuffled)
    assert told([left[city].pop(0) for city in shuffled]) == told(story)


@given(STORIES)
def test_secrets_and_accusations_are_never_joined_to_strangers(story: list[Entry]) -> None:
    for event in flat(decided(written(story))):
        if isinstance(event, ev.ReportJoined) and (event.report.confidential or "举报" in (event.report.category or "")):
            assert event.relation in ("same_person", "same_person_other_channel")


@given(STORIES)
def test_matching_and_counting_know_the_same_people(story: list[Entry]) -> None:
    for event in flat(decided(written(story))):
        if isinstance(event, ev.ReportJoined):
            same = any(measure.name == "person" and measure.sentence.startswith("同一") for measure in event.evidence.measures)
            assert not (same and event.relation == "other_person")


STORY = [
    Entry(city, number=number, text=(number * 3 + turn) % len(TEXTS), phone=number % 3, channel=("hotline", "board")[turn % 2])
    for turn in range(3)
    for number in range(1, 6)
    for city in CITIES
]


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_another_process_decides_the_same_bytes(seed: str) -> None:
    """Sets and hash() of text differ from process to process; decisions must not."""
    code = (
        "import hashlib; from tests.streams import test_journals as t; "
        "print(hashlib.sha256(repr(t.on_the_wire(t.flat(t.decided(t.written(t.STORY))))).encode()).hexdigest())"
    )
    ours = hashlib.sha256(repr(on_the_wire(flat(decided(written(STORY))))).encode()).hexdigest()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": seed},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == ours
    assert any(isinstance(event, ev.ReportJoined) for event in flat(decided(written(STORY))))
