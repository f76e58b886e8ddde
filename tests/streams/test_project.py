"""The projection: what the fold says equals a plain count, in whatever batches; and what is published of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import events as ev
from schemas.ids import case_id
from schemas.journal import Flag
from schemas.views import MEMBERS_SHOWN, CaseMember, CaseView
from streams.shell.project import encode_case, encode_member
from streams.steps.project import Projection, fold, published_case, published_member, touched
from tests.streams.build import FEES, LAMPS, NOISE, report, run, withdrawal
from tests.streams.journals import STORIES, Entry, decided, flat, published, written

VIEW_BYTES_MAX = 256 * 1024
PEOPLE: tuple[dict[str, Any], ...] = ({"contact_phone": "13812345678"}, {"contact_phone": "13987654321"})


def stored(state: Projection, events: Sequence[ev.CaseEvent]) -> Projection:
    """What a batch loads: the cases and members that it touches, through JSON as from Postgres."""
    cases, reports = touched(events)
    return Projection(
        {key: CaseView.model_validate_json(state.cases[key].to_json()) for key in cases & state.cases.keys()},
        {key: CaseMember.model_validate_json(state.members[key].to_json()) for key in reports & state.members.keys()},
    )


def as_bytes(state: Projection) -> dict[str, bytes]:
    return {key: record.to_json() for part in (state.cases, state.members) for key, record in part.items()}


def view_of(facts: Sequence[Any], case: str | None = None) -> CaseView:
    views = fold(Projection(), run(facts)).cases
    return views[case] if case else next(iter(views.values()))


def counted(events: Sequence[ev.CaseEvent]) -> dict[str, dict[str, Any]]:
    """The oracle: walks through the events once, with one row a report, and counts the rows."""
    rows: dict[str, dict[str, Any]] = {}
    redelivered: Counter[str] = Counter()
    emptied: dict[str, bool] = {}
    newest: dict[str, int] = {}
    for event in events:
        case = getattr(event, "case_id", None)
        summary = getattr(event, "report", None)
        if isinstance(event, ev.CaseOpened | ev.ReportJoined):
            rows[event.report.report_id] = {
                "case": case,
                "channel": event.report.channel,
                "nameless": event.report.person_number is None,
                "gone": False,
            }
        if isinstance(event, ev.ReportTakenBack):
            rows[event.report_id]["gone"] = True
        if summary is not None:
            rows[summary.report_id]["gone"] = False
            rows[summary.report_id]["person"] = summary.person_number
            rows[summary.report_id]["secret"] = rows[summary.report_id].get("secret", False) or summary.confidential
            emptied[str(case)] = False
        redelivered[str(case)] += isinstance(event, ev.ReportRedelivered)
        if isinstance(event, ev.CaseEmptied):
            emptied[event.case_id] = True
        if not isinstance(event, ev.ReportSuperseded) and not (isinstance(event, ev.ReportTakenBack) and event.repeated):
            newest[str(case)] = event.number
    found = {}
    for case in {row["case"] for row in rows.values()}:
        own = {report: row for report, row in rows.items() if row["case"] == case}
        living = [row for row in own.values() if not row["gone"]]
        found[case] = {
            "number": newest[case],
            "state": "emptied" if emptied[case] else "open",
            "withheld": any(row["secret"] for row in own.values()),
            "reports": len(living),
            "withdrawn": len(own) - len(living),
            "people": len({row["person"] for row in own.values()} - {None}),
            "anonymous": sum(row["nameless"] for row in own.values()),
            "by_channel": dict(Counter(row["channel"] for row in living)),
            "redelivered": redelivered[case],
            "first_members": [(report, row["gone"]) for report, row in own.items()][:MEMBERS_SHOWN],
        }
    return found


@given(STORIES)
def test_fold_equals_a_plain_count(story: list[Entry]) -> None:
    events = flat(decided(written(story)))
    state = fold(Projection(), events)
    expected = counted(events)
    assert state.cases.keys() == expected.keys()
    for case, row in expected.items():
        view = state.cases[case]
        shown = {name: getattr(view, name) for name in row if name != "first_members"}
        shown["first_members"] = [(line.report_id, line.withdrawn) for line in view.first_members]
        assert shown == row
        assert (view.reports == 0) == (view.state == "emptied")
        members = {key: member for key, member in state.members.items() if member.case_id == case}
        assert len(members) == view.reports + view.withdrawn
        assert {key for key, member in members.items() if member.withdrawn} == {key for key, gone in shown["first_members"] if gone}


@given(STORIES, st.data())
def test_batches_make_no_difference(story: list[Entry], data: st.DataObject) -> None:
    events = published(tuple(flat(decided(written(story)))))
    at_once = fold(Projection(), events)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(events)), max_size=6), label="cuts"))
    kept = Projection()
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        batch = fold(stored(kept, events[start:end]), events[start:end])
        kept.cases |= batch.cases
        kept.members |= batch.members
    assert as_bytes(kept) == as_bytes(at_once)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([report("1", **PEOPLE[0])], {"reports": 1, "people": 1, "anonymous": 0, "by_channel": {"hotline": 1}}),
        ([report("1")], {"reports": 1, "people": 0, "anonymous": 1}),
        (
            [report("1", **PEOPLE[0]), report("2", **PEOPLE[0], channel="board"), report("3", **PEOPLE[1]), report("4")],
            {"reports": 4, "people": 2, "anonymous": 1, "by_channel": {"board": 1, "hotline": 3}},
        ),
        ([report("1"), report("1"), report("1")], {"reports": 1, "redelivered": 2}),
        ([report("1"), report("2"), withdrawal("1")], {"reports": 1, "withdrawn": 1, "state": "open", "by_channel": {"hotline": 1}}),
        ([report("1"), withdrawal("1"), withdrawal("1")], {"reports": 0, "withdrawn": 1, "state": "emptied", "by_channel": {}}),
        ([report("1"), withdrawal("1"), report("1", LAMPS)], {"reports": 1, "withdrawn": 0, "state": "open", "by_channel": {"hotline": 1}}),
        ([report("1", joint_names=["李", "王"]), report("2", joint_names=["陈"])], {"joint_signatories": 3}),
        ([report("1", category="噪音"), report("2", LAMPS, quoted_number="1")], {"category": "噪音", "reports": 1}),
        ([report("1"), report("1", LAMPS, category="路灯")], {"excerpt": report("1", LAMPS).body, "category": "路灯"}),
        ([report("1"), report("2"), report("2", FEES)], {"excerpt": report("1").body, "reports": 2}),
        ([report("1", revision=2), report("1", LAMPS, revision=1)], {"excerpt": report("1").body, "number": 2}),
    ],
)  # fmt: skip
def test_what_a_view_says(facts: list[Any], expected: dict[str, Any]) -> None:
    view = view_of(facts, case_id(report("1").report_id))
    assert {name: getattr(view, name) for name in expected} == expected


def test_times_and_relations() -> None:
    facts = [
        report("1", reported_at="2026-03-01T08:00:00Z", **PEOPLE[0]),
        report("2", reported_at="2026-02-27T08:00:00Z", **PEOPLE[0]),
        report("3", reported_at="2026-03-01T20:00:00Z", channel="board", **PEOPLE[1]),
    ]
    view = view_of(facts)
    assert (view.opened_at, view.last_reported_at) == (facts[0].effective_at, facts[2].effective_at)
    assert [(line.relation, line.person_number, line.repeat_number) for line in view.first_members] == [
        (None, 1, 1), ("same_person", 1, 2), ("other_person", 2, 1),
    ]  # fmt: skip


def test_an_edit_keeps_relation_and_repeat_number() -> None:
    view = view_of([report("1", **PEOPLE[0]), report("2", **PEOPLE[0]), report("1", FEES, **PEOPLE[0])])
    assert [(line.relation, line.person_number, line.repeat_number) for line in view.first_members] == [(None, 1, 1), ("same_person", 1, 2)]


def test_a_suggestion_stands_in_the_view_of_the_new_case() -> None:
    events = run([report("1", **PEOPLE[0]), report("2", LAMPS, **PEOPLE[1], quoted_number="1")])
    state = fold(Projection(), events)
    (line,) = state.cases[case_id(report("2").report_id)].suggestions
    assert (line.case_id, line.report_id) == (case_id(report("1").report_id), report("2").report_id)


def test_each_flag_once() -> None:
    facts = [report(str(number), reported_at="2026-03-02 08:00") for number in range(60)]
    assert [flag.code for flag in view_of(facts).flags] == ["zone.assumed"]


SECRET = [report("1", **PEOPLE[0], category="举报", reported_at="2026-03-02 08:00"), report("2", confidential=True, **PEOPLE[0])]


def test_the_words_of_a_secret_case_are_not_published() -> None:
    state = fold(Projection(), run(SECRET))
    (view,) = state.cases.values()
    assert view.withheld
    shown = published_case(view)
    assert (shown.excerpt, shown.first_members, shown.last_members, shown.suggestions, shown.flags, shown.by_channel) == (
        None,
        (),
        (),
        (),
        (),
        {},
    )
    assert (shown.reports, shown.people, shown.number, shown.case_id) == (view.reports, view.people, view.number, view.case_id)
    value = encode_case("intake.cases", view).value or b""
    for word in ("金色家园", "hotline", "source_id"):
        assert word.encode() not in value
    members = [state.members[fact.report_id] for fact in SECRET]
    assert members[1].evidence is not None
    assert published_member(members[1]).evidence is None
    assert "金色家园".encode() not in (encode_member("intake.case-members", members[1]).value or b"")


@pytest.mark.parametrize(
    "facts", [[report("1", confidential=True)], [report("1"), report("1", LAMPS, confidential=True)], [*SECRET, withdrawal("2")]]
)
def test_once_secret_always_secret(facts: list[Any]) -> None:
    # Also after an edit without the mark, or a withdrawal: what was promised to a person is not taken back by a machine.
    assert view_of([*facts, report("1", FEES)]).withheld


def test_an_open_case_is_published_as_it_is() -> None:
    state = fold(Projection(), run([report("1"), report("2")]))
    assert [published_case(view) for view in state.cases.values()] == list(state.cases.values())
    assert [published_member(member) for member in state.members.values()] == list(state.members.values())


def joined(count: int, **summary: Any) -> list[ev.CaseEvent]:
    """One case of many members, without matching."""
    opened, first = run([report("0"), report("1")])[1:]
    assert isinstance(opened, ev.CaseOpened)
    assert isinstance(first, ev.ReportJoined)
    more = [
        first.model_copy(
            update={
                "number": number + 2,
                "report": first.report.model_copy(update={"report_id": report(str(number)).report_id, "source_id": f"{number:04d}" + "号" * 196} | summary),
            }
        )
        for number in range(1, count)
    ]  # fmt: skip
    return [opened, *more]


def test_a_case_of_5000_members_fits() -> None:
    flags = tuple(Flag(code=f"flag-{number}", sentence="说" * 500) for number in range(20))
    events = joined(5000, excerpt="\U00020bb7" * 200, flags=flags, channel="c" * 63, source_system="s" * 63)
    (view,) = fold(Projection(), events).cases.values()
    assert (view.reports, view.anonymous) == (5000, 5000)
    assert [line.source_id[:4] for line in view.first_members][1:] == [f"{number:04d}" for number in range(1, 50)]
    assert [line.source_id[:4] for line in view.last_members] == [f"{number:04d}" for number in range(4950, 5000)]
    assert len(view.to_json()) <= VIEW_BYTES_MAX


@pytest.mark.parametrize(("count", "first", "last"), [(1, 1, 0), (50, 50, 0), (51, 50, 1), (100, 50, 50), (101, 50, 50)])
def test_first_and_last_members(count: int, first: int, last: int) -> None:
    (view,) = fold(Projection(), joined(count)).cases.values()
    assert (len(view.first_members), len(view.last_members)) == (first, last)
    assert len({line.report_id for line in (*view.first_members, *view.last_members)}) == first + last


def test_an_event_of_an_unknown_case_stops_the_fold() -> None:
    with pytest.raises(KeyError):
        fold(Projection(), run([report("1"), report("2", NOISE)])[2:])
