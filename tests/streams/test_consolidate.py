"""decide and apply, case by case: what each record leads to, and that deciding changes nothing."""

from collections.abc import Sequence
from typing import TypeVar

import pytest

from schemas import events as ev
from schemas.codec import DecodeError, envelope_of
from schemas.ids import case_id, event_id
from schemas.journal import Flag, JournalFact
from schemas.types import event_type
from streams.steps.consolidate import ENGINE, Ledgers, apply, decide, summarise
from streams.steps.ledger import Ledger
from tests.streams.build import FEES, JURISDICTION, LAMPS, NOISE, START, journal, on_the_wire, policy, report, run, withdrawal
from tests.streams.fingerprint import fingerprint

E = TypeVar("E", bound=ev.CaseEvent)
LI, WANG = "13812345678", "13987654321"
REFUSED = DecodeError("type.unknown", "A record of type 'x' does not belong into this topic.")


def names(events: Sequence[ev.CaseEvent]) -> list[str]:
    return [event_type(event) for event in events]


def last(facts: Sequence[JournalFact | DecodeError], kind: type[E]) -> E:
    """The last event of a journal, which must be of this kind."""
    event = run(facts)[-1]
    assert isinstance(event, kind), event_type(event)
    return event


OPENED = ["policy.activated", "case.opened"]
A, B, C = (report("1", body) for body in (NOISE, LAMPS, FEES))
A_AGAIN = report("1", NOISE + "昨晚又施工到两点。")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([A], [], id="new"),
        pytest.param([A, A], ["report.redelivered"], id="redelivered"),
        pytest.param([A, report("1", contact_phone=LI)], ["report.redelivered"], id="only the phone differs"),
        pytest.param([A, A_AGAIN], ["report.revised"], id="edited"),
        pytest.param([A, A_AGAIN, A], ["report.revised", "report.revised"], id="edited, and back again"),
        pytest.param([A, A_AGAIN, A_AGAIN], ["report.revised", "report.redelivered"], id="the edit redelivered"),
        pytest.param([report("1", revision=2), report("1", revision=2)], ["report.redelivered"], id="same revision"),
        pytest.param([report("1", revision=2), report("1", LAMPS, revision=1)], ["report.superseded"], id="a late older revision"),
        pytest.param([report("1", revision=2), report("1", NOISE, revision=1)], ["report.superseded"], id="a late older one, same words"),
        pytest.param([report("1", revision=1), report("1", NOISE, revision=2)], ["report.revised"], id="a new revision, same words"),
        pytest.param([report("1", revision=2), report("1", LAMPS, revision=2)], ["report.revised"], id="same revision, other words"),
        pytest.param([A, report("1", LAMPS, revision=1)], ["report.revised"], id="a revision for the first time"),
        pytest.param([A, withdrawal("1")], ["report.withdrawn", "case.emptied"], id="withdrawn"),
        pytest.param([A, withdrawal("1"), withdrawal("1")], ["report.withdrawn", "case.emptied", "report.withdrawn"], id="withdrawn twice"),
        pytest.param([A, withdrawal("1"), A], ["report.withdrawn", "case.emptied", "report.redelivered"], id="redelivered after that"),
        pytest.param([A, withdrawal("1"), A_AGAIN], ["report.withdrawn", "case.emptied", "report.revised"], id="returned"),
        pytest.param([A, withdrawal("2")], ["record.refused"], id="an unknown report withdrawn"),
        pytest.param([A, REFUSED], ["record.refused"], id="unreadable"),
        pytest.param([A, report("2", LAMPS)], ["case.opened"], id="another matter"),
        pytest.param([A, report("2")], ["report.joined"], id="the same matter"),
        pytest.param([A, report("2"), withdrawal("2")], ["report.joined", "report.withdrawn"], id="one of two withdrawn"),
        pytest.param([A, report("2"), withdrawal("1"), withdrawal("2")], ["report.joined", "report.withdrawn", "report.withdrawn", "case.emptied"], id="both withdrawn"),
        pytest.param([A, report("2"), withdrawal("1"), report("3")], ["report.joined", "report.withdrawn", "report.joined"], id="the founder withdrawn, the case lives"),
        pytest.param([A, withdrawal("1"), report("2")], ["report.withdrawn", "case.emptied", "case.opened"], id="an emptied case attracts nothing"),
    ],
)  # fmt: skip
def test_what_a_journal_leads_to(facts: list[JournalFact | DecodeError], expected: list[str]) -> None:
    events = run(facts)
    assert names(events) == OPENED + expected
    assert [event.number for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize(("first", "expected"), [(REFUSED, "record.refused"), (withdrawal("9"), "record.refused"), (A, "case.opened")])
def test_event_1_names_the_policy(first: JournalFact | DecodeError, expected: str) -> None:
    activated, second = run([first])
    assert (event_type(activated), event_type(second)) == ("policy.activated", expected)
    assert activated.policy == second.policy == ev.PolicyRef(name=policy().name, digest=policy().digest)


def test_cause_engine_time_and_id_of_each_event() -> None:
    records = journal([A, REFUSED, withdrawal("1")], partition=5)
    ledgers = Ledgers(policy())
    for record, count in zip(records, (2, 1, 2), strict=True):
        events = ledgers.decide(record)
        assert len(events) == count
        for ordinal, event in enumerate(events):
            assert event.caused_by == ev.Cause(partition=5, offset=record.offset, ordinal=ordinal, of=count)
            assert (event.at, event.engine, event.jurisdiction) == (record.at, ENGINE, JURISDICTION)
        for event, (_, headers) in zip(events, on_the_wire(events), strict=True):
            envelope = envelope_of(headers)
            assert envelope.id == event_id(JURISDICTION, 5, record.offset, event.caused_by.ordinal)
            assert (envelope.sequence, envelope.time, envelope.type) == (event.number, record.at, event_type(event))


def test_a_case_is_named_after_its_founder() -> None:
    opened = last([A], ev.CaseOpened)
    assert opened.case_id == case_id(A.report_id)
    joined = last([A, report("2")], ev.ReportJoined)
    assert joined.case_id == opened.case_id
    assert (joined.evidence.case_id, joined.evidence.report_id) == (opened.case_id, A.report_id)
    assert joined.evidence.points == sum(measure.points for measure in joined.evidence.measures)
    assert joined.evidence.points >= joined.evidence.line


def test_redelivered_and_superseded_name_what_stands() -> None:
    assert last([A, A], ev.ReportRedelivered).digest == A.digest
    superseded = last([report("1", revision=4), report("1", LAMPS, revision=3)], ev.ReportSuperseded)
    assert (superseded.revision, superseded.current_revision) == (3, 4)


def test_revised_keeps_the_case() -> None:
    # Even where the new words are of quite another matter: a person moves it, not an edit.
    revised = last([A, report("2"), report("2", LAMPS)], ev.ReportRevised)
    assert revised.case_id == case_id(A.report_id)
    assert revised.previous_digest == A.digest
    assert revised.report.digest == B.digest
    assert not revised.returned
    # and what is like the new words now finds it there
    assert last([A, report("1", LAMPS), report("3", LAMPS)], ev.ReportJoined).case_id == case_id(A.report_id)


def test_returned_counts_again() -> None:
    assert last([A, withdrawal("1"), A_AGAIN], ev.ReportRevised).returned
    again = report("1", revision=2)
    assert last([report("1", revision=1), withdrawal("1"), again], ev.ReportRevised).returned
    facts = [A, withdrawal("1"), A_AGAIN, withdrawal("1")]
    assert names(run(facts))[-2:] == ["report.withdrawn", "case.emptied"]
    assert last([A, withdrawal("1"), A_AGAIN, report("2")], ev.ReportJoined).case_id == case_id(A.report_id)


def test_withdrawn_twice_says_so() -> None:
    assert last([A, withdrawal("1"), withdrawal("1")], ev.ReportTakenBack).repeated
    assert not last([A, report("2"), withdrawal("1")], ev.ReportTakenBack).repeated


def test_refused_says_why() -> None:
    refused = last([A, REFUSED], ev.RecordRefused)
    assert (refused.reason, refused.sentence, refused.report_id) == (REFUSED.code, REFUSED.sentence, None)
    unknown = last([withdrawal("2")], ev.RecordRefused)
    assert (unknown.reason, unknown.report_id) == ("report.unknown", report("2").report_id)


def test_suggestions_come_after_the_opening() -> None:
    water = "阳光花园小区{}栋停水两天，居民用水十分困难，请尽快恢复供水。"
    events = run([report(str(number), water.format(number)) for number in range(3, 9)])
    suggested = [event for event in events if isinstance(event, ev.JoinSuggested)]
    assert suggested
    for event in suggested:
        assert event.rank <= 3
        assert event.case_id == case_id(event.report_id)
        assert event.evidence.case_id != event.case_id
        assert any(measure.veto for measure in event.evidence.measures)  # 3栋 is not 5栋
    of_last = [event.rank for event in suggested if event.caused_by.offset == 5]
    assert of_last == list(range(1, len(of_last) + 1))


@pytest.mark.parametrize(
    ("title", "body", "excerpt"),
    [
        ("路灯不亮", LAMPS, f"路灯不亮：{report(body=LAMPS).body}"),
        (None, LAMPS, report(body=LAMPS).body),
        ("路灯不亮", "", "路灯不亮"),
        (None, "", ""),
        (None, "施" * 200, "施" * 200),
        (None, "施" * 201, "施" * 199 + "…"),
        ("路" * 100, "\U00020bb7" * 5000, "路" * 100 + "：" + "\U00020bb7" * 98 + "…"),
    ],
)
def test_excerpt(title: str | None, body: str, excerpt: str) -> None:
    summary = summarise(report(title=title, body=body), None, 1)
    assert summary.excerpt == excerpt
    assert len(summary.excerpt) <= ev.EXCERPT_CHARACTERS_MAX


def test_events_never_carry_the_whole_text() -> None:
    body = NOISE * 20
    for event in run([report("1", body), report("2", body), report("2", body + LAMPS)]):
        assert body not in event.to_json().decode()


def test_what_a_summary_says() -> None:
    found = report("1", revision=3, category="噪音", joint_names=["李建国", "王桂芳"], confidential=True, reported_at="2026-03-02 09:00")
    summary = summarise(found, 2, 4)
    assert (summary.person_number, summary.repeat_number, summary.joint_count, summary.revision) == (2, 4, 2, 3)
    assert (summary.confidential, summary.category, summary.digest) == (True, "噪音", found.digest)
    assert [flag.code for flag in summary.flags] == ["zone.assumed"]
    assert all(isinstance(flag, Flag) for flag in summary.flags)


HISTORY: list[JournalFact | DecodeError] = [
    report("1", contact_phone=LI), report("2", contact_phone=WANG), report("3", LAMPS), report("3", FEES), withdrawal("2"), REFUSED,
    report("4", contact_phone=LI, channel="board"), withdrawal("1"),
]  # fmt: skip


@pytest.mark.parametrize(
    "fact",
    [report("9"), report("9", LAMPS, contact_phone=LI), report("1"), report("3", NOISE), report("2", LAMPS), withdrawal("4"), withdrawal("2"), withdrawal("8"), REFUSED],
)  # fmt: skip
def test_decide_changes_nothing(fact: JournalFact | DecodeError) -> None:
    *before, record = journal([*HISTORY, fact])
    ledger = Ledger(JURISDICTION, policy())
    for earlier in before:
        apply(ledger, earlier, decide(ledger, earlier))
    state = fingerprint(ledger)
    once, twice = decide(ledger, record), decide(ledger, record)
    assert fingerprint(ledger) == state
    assert on_the_wire(once) == on_the_wire(twice)
    apply(ledger, record, once)
    assert fingerprint(ledger) != state  # the fingerprint does see changes; the number moves at least


def test_apply_refuses_a_gap_a_double_and_a_stranger() -> None:
    first, second = journal([A, report("2")])
    ledger = Ledger(JURISDICTION, policy())
    opened = decide(ledger, first)
    with pytest.raises(ValueError, match="follows number 0"):
        apply(ledger, first, opened[1:])
    ledger = apply(Ledger(JURISDICTION, policy()), first, opened)
    with pytest.raises(ValueError, match="follows number 2"):
        apply(ledger, first, opened)
    stranger = [event.model_copy(update={"jurisdiction": "changsha"}) for event in decide(ledger, second)]
    with pytest.raises(ValueError, match="of changsha"):
        apply(ledger, second, stranger)
    assert ledger.number == 2


def test_recovery_refuses_a_pack_that_is_not_here() -> None:
    (record,) = journal([A])
    events = Ledgers(policy()).decide(record)
    lost = [event.model_copy(update={"policy": ev.PolicyRef(name="lost-7", digest="0" * 64)}) for event in events]
    with pytest.raises(LookupError, match=r"lost-7 \(000000000000\).*ONECASE_POLICY_PACKS"):
        Ledgers(policy()).recover(record, lost)


def test_recovery_takes_published_events_as_they_are() -> None:
    # An earlier engine opened a case where today's would join: the fact stands, and what comes next builds upon it.
    first, second, third = journal([A, report("2"), report("3")])
    ledgers = Ledgers(policy())
    ledgers.recover(first, Ledgers(policy()).decide(first))
    opened = run([report("2")])[1].model_copy(update={"number": 3, "at": START})
    ledgers.recover(second, [opened])
    (event,) = [event for event in ledgers.decide(third) if isinstance(event, ev.ReportJoined | ev.CaseOpened)]
    assert event.number == 4
    assert ledgers.of(JURISDICTION).reports[report("2").report_id].case_id == case_id(report("2").report_id)
