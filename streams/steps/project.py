"""project, the pure step: case events -> the newest view of each case and the place of each report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas import events as ev
from schemas.journal import Flag
from schemas.views import MEMBERS_SHOWN, CaseMember, CaseView, MemberLine, SuggestionLine

SUGGESTIONS_SHOWN = 30
FLAGS_SHOWN = 50


@dataclass(slots=True)
class Projection:
    """Cases by case id and members by report id, as far as a batch touches them."""

    cases: dict[str, CaseView] = field(default_factory=dict)
    members: dict[str, CaseMember] = field(default_factory=dict)


def touched(events: Iterable[ev.CaseEvent]) -> tuple[set[str], set[str]]:
    """The case ids and report ids whose present state a fold of these events needs."""
    cases, reports = set(), set()
    for event in events:
        if (case := getattr(event, "case_id", None)) is not None:
            cases.add(case)
        if (report := report_of(event)) is not None:
            reports.add(report)
    return cases, reports


def report_of(event: ev.CaseEvent) -> str | None:
    """The id of the report an event is about, if it is about one."""
    summary = getattr(event, "report", None)
    found = summary.report_id if isinstance(summary, ev.ReportSummary) else getattr(event, "report_id", None)
    return found if isinstance(found, str) else None


def fold(state: Projection, events: Iterable[ev.CaseEvent]) -> Projection:
    """Applies events in order, in place. Each event must come after all that its cases have seen."""
    for event in events:
        match event:
            case ev.CaseOpened():
                state.cases[event.case_id] = _opened(event)
                state.members[event.report.report_id] = _member(event, None, event.nearest)
            case ev.ReportJoined():
                state.cases[event.case_id] = _joined(state.cases[event.case_id], event)
                state.members[event.report.report_id] = _member(event, event.relation, event.evidence)
            case ev.ReportRevised():
                _revised(state, event)
            case ev.ReportTakenBack(repeated=False):
                _taken_back(state, event)
            case ev.ReportRedelivered():
                view = state.cases[event.case_id]
                state.cases[event.case_id] = _changed(view, event, redelivered=view.redelivered + 1)
            case ev.CaseEmptied():
                state.cases[event.case_id] = _changed(state.cases[event.case_id], event, state="emptied")
            case ev.JoinSuggested() | ev.MergeSuggested():
                view = state.cases[event.case_id]
                line = SuggestionLine(report_id=event.report_id, case_id=event.evidence.case_id, points=event.evidence.points)
                state.cases[event.case_id] = _changed(view, event, suggestions=(*view.suggestions, line)[:SUGGESTIONS_SHOWN])
            case _:
                pass  # policy.activated, record.refused, report.superseded: no case changes
    return state


def published_case(view: CaseView) -> CaseView:
    """The view as the case topic shows it: a case with a confidential member (要求保密) keeps its counts and loses its words."""
    if not view.withheld:
        return view
    hidden: dict[str, Any] = {
        "excerpt": None,
        "category": None,
        "first_members": (),
        "last_members": (),
        "suggestions": (),
        "flags": (),
        "by_channel": {},
    }
    return view.model_copy(update=hidden)


def published_member(member: CaseMember) -> CaseMember:
    """The member as the topic shows it: no evidence for a confidential report."""
    return member.model_copy(update={"evidence": None}) if member.withheld else member


def _changed(view: CaseView, event: ev.CaseEvent, **changes: Any) -> CaseView:
    return view.model_copy(update={"number": event.number, "changed_at": event.at, "policy": event.policy, **changes})


def _line(event: ev.CaseOpened | ev.ReportJoined | ev.ReportRevised, relation: ev.Relation | None) -> MemberLine:
    report = event.report
    return MemberLine(
        report_id=report.report_id,
        channel=report.channel,
        source_system=report.source_system,
        source_id=report.source_id,
        reported_at=report.reported_at,
        relation=relation,
        person_number=report.person_number,
        repeat_number=report.repeat_number,
    )


def _member(event: ev.CaseOpened | ev.ReportJoined, relation: ev.Relation | None, evidence: ev.Evidence | None) -> CaseMember:
    report = event.report
    return CaseMember(
        report_id=report.report_id,
        case_id=event.case_id,
        jurisdiction=event.jurisdiction,
        number=event.number,
        changed_at=event.at,
        channel=report.channel,
        source_system=report.source_system,
        source_id=report.source_id,
        reported_at=report.reported_at,
        relation=relation,
        evidence=evidence,
        withheld=report.confidential,
    )


def _opened(event: ev.CaseOpened) -> CaseView:
    report = event.report
    return CaseView(
        case_id=event.case_id,
        jurisdiction=event.jurisdiction,
        state="open",
        withheld=report.confidential,
        number=event.number,
        changed_at=event.at,
        policy=event.policy,
        founding_report_id=report.report_id,
        excerpt=report.excerpt,
        category=report.category,
        opened_at=report.effective_at,
        last_reported_at=report.effective_at,
        reports=1,
        people=1 if report.person_number else 0,
        anonymous=0 if report.person_number else 1,
        joint_signatories=report.joint_count,
        by_channel={report.channel: 1},
        first_members=(_line(event, None),),
        flags=report.flags[:FLAGS_SHOWN],
    )


def _joined(view: CaseView, event: ev.ReportJoined) -> CaseView:
    report = event.report
    line = _line(event, event.relation)
    room = len(view.first_members) < MEMBERS_SHOWN
    return _changed(
        view,
        event,
        withheld=view.withheld or report.confidential,
        last_reported_at=max(view.last_reported_at, report.effective_at),
        reports=view.reports + 1,
        people=max(view.people, report.person_number or 0),
        anonymous=view.anonymous + (report.person_number is None),
        joint_signatories=view.joint_signatories + report.joint_count,
        by_channel=_counted(view.by_channel, report.channel, 1),
        first_members=(*view.first_members, line) if room else view.first_members,
        last_members=view.last_members if room else (*view.last_members, line)[-MEMBERS_SHOWN:],
        flags=_flags(view, report),
    )


def _revised(state: Projection, event: ev.ReportRevised) -> None:
    report = event.report
    view, member = state.cases[event.case_id], state.members[report.report_id]
    founding = report.report_id == view.founding_report_id
    back = 1 if event.returned else 0

    state.cases[event.case_id] = _changed(
        _lines_changed(view, report.report_id, lambda line: _line(event, line.relation)),
        event,
        state="open",
        withheld=view.withheld or report.confidential,
        excerpt=report.excerpt if founding else view.excerpt,
        category=report.category if founding else view.category,
        last_reported_at=max(view.last_reported_at, report.effective_at),
        reports=view.reports + back,
        people=max(view.people, report.person_number or 0),
        withdrawn=view.withdrawn - back,
        by_channel=_counted(view.by_channel, report.channel, back),
        flags=_flags(view, report),
    )
    changes = {"number": event.number, "changed_at": event.at, "reported_at": report.reported_at, "withdrawn": False}
    state.members[report.report_id] = member.model_copy(update=changes | {"withheld": member.withheld or report.confidential})


def _taken_back(state: Projection, event: ev.ReportTakenBack) -> None:
    view, member = state.cases[event.case_id], state.members[event.report_id]
    view = _lines_changed(view, event.report_id, lambda line: line.model_copy(update={"withdrawn": True}))
    counts = {
        "reports": view.reports - 1,
        "withdrawn": view.withdrawn + 1,
        "by_channel": _counted(view.by_channel, member.channel, -1),
    }
    state.cases[event.case_id] = _changed(view, event, **counts)
    state.members[event.report_id] = member.model_copy(update={"withdrawn": True, "number": event.number, "changed_at": event.at})


def _lines_changed(view: CaseView, report_id: str, change: Callable[[MemberLine], MemberLine]) -> CaseView:
    def mapped(lines: tuple[MemberLine, ...]) -> tuple[MemberLine, ...]:
        return tuple(change(line) if line.report_id == report_id else line for line in lines)

    return view.model_copy(update={"first_members": mapped(view.first_members), "last_members": mapped(view.last_members)})


def _flags(view: CaseView, report: ev.ReportSummary) -> tuple[Flag, ...]:
    """Each flag once: a source without time zones would else fill the list with one sentence."""
    return (*view.flags, *(flag for flag in report.flags if flag not in view.flags))[:FLAGS_SHOWN]


def _counted(by_channel: dict[str, int], channel: str, change: int) -> dict[str, int]:
    """Counts by channel in the order of their names, so that equal counts are equal bytes; a channel that has none is left out."""
    counts = {**by_channel, channel: by_channel.get(channel, 0) + change}
    return {name: counts[name] for name in sorted(counts) if counts[name]}
