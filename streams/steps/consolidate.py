"""consolidate: the only place where a decision is made. `decide` reads the ledger, `apply` changes it; neither knows clock, chance or I/O.

The worker, the offline command, recovery and the tests all use these two. Recovery folds *published* events by `apply` and never decides
again what was published; so a fix in the code does not rewrite history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dedup.kernels import NUMPY, Kernels
from dedup.matcher import Match
from dedup.policy import Policy
from schemas import events as ev
from schemas.codec import DecodeError
from schemas.ids import case_id as case_id_of
from schemas.journal import JournalFact, ReportReceived, ReportWithdrawn
from streams.steps.ledger import CaseState, Ledger, Standing

ENGINE = 2
"""Version of the deciding code. Raise it by hand when the same journal would give other events."""

ACCUSATION = "举报"
"""An accusation is never joined by machine to another person's case (design §3.6)."""


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """A journal record at its place. `fact` is a DecodeError where it could not be read."""

    jurisdiction: str
    partition: int
    offset: int
    at: datetime
    fact: JournalFact | DecodeError


Draft = tuple[type[ev.CaseEvent], dict[str, Any]]


def decide(ledger: Ledger, record: JournalRecord) -> tuple[ev.CaseEvent, ...]:
    """The events of one journal record: at least one. Reads the ledger, changes nothing."""
    drafts: list[Draft] = [] if ledger.number else [(ev.PolicyActivated, {})]
    match record.fact:
        case ReportReceived() as report:
            drafts += _received(ledger, report)
        case ReportWithdrawn() as report:
            drafts += _withdrawn(ledger, report)
        case DecodeError() as error:
            drafts.append((ev.RecordRefused, {"reason": error.code, "sentence": error.sentence}))
    return tuple(
        model(
            jurisdiction=ledger.jurisdiction,
            number=ledger.number + ordinal + 1,
            at=record.at,
            caused_by=ev.Cause(partition=record.partition, offset=record.offset, ordinal=ordinal, of=len(drafts)),
            engine=ENGINE,
            policy=ledger.policy_ref,
            **fields,
        )
        for ordinal, (model, fields) in enumerate(drafts)
    )


def _received(ledger: Ledger, report: ReportReceived) -> list[Draft]:
    known = ledger.reports.get(report.report_id)
    return _new(ledger, report) if known is None else _again(ledger, report, known)


def _again(ledger: Ledger, report: ReportReceived, known: Standing) -> list[Draft]:
    """Redelivery, edit or late older edit: by the source's revision where it has one, else by the *current* digest (A, B, A is an edit)."""
    where = {"case_id": known.case_id}
    if report.revision is not None and known.revision is not None and report.revision != known.revision:
        if report.revision < known.revision:
            superseded = {"report_id": report.report_id, "revision": report.revision, "current_revision": known.revision}
            return [(ev.ReportSuperseded, where | superseded)]
    elif report.digest == known.digest:
        return [(ev.ReportRedelivered, where | {"report_id": report.report_id, "digest": report.digest})]
    number, repeat = known.person, known.repeat
    if number is None:  # an anonymous report may name its writer later on
        number, repeat, _ = ledger.repeat_of(report, known.case_id)
    revised = {"report": summarise(report, number, repeat), "previous_digest": known.digest, "returned": known.withdrawn}
    return [(ev.ReportRevised, where | revised)]


def _new(ledger: Ledger, report: ReportReceived) -> list[Draft]:
    match = _match(ledger, report)
    if match.action == "join" and match.evidence is not None:
        case = match.evidence.case_id
        number, repeat, same_channel = ledger.repeat_of(report, case)
        relation = "other_person" if repeat == 1 else "same_person" if same_channel else "same_person_other_channel"
        joined = {"case_id": case, "report": summarise(report, number, repeat), "relation": relation, "evidence": match.evidence}
        tied: list[Draft] = [
            (ev.MergeSuggested, {"case_id": case, "report_id": report.report_id, "rank": rank, "evidence": evidence})
            for rank, evidence in enumerate(match.ties, 1)
        ]
        return [(ev.ReportJoined, joined), *tied]
    case = case_id_of(report.report_id)
    number = 1 if report.persons else None
    opened: Draft = (ev.CaseOpened, {"case_id": case, "report": summarise(report, number, 1), "nearest": match.evidence})
    suggested: list[Draft] = [
        (ev.JoinSuggested, {"case_id": case, "report_id": report.report_id, "rank": rank, "evidence": evidence})
        for rank, evidence in enumerate(match.suggestions, 1)
    ]
    return [opened, *suggested]


def kept_apart(report: ReportReceived) -> bool:
    """Confidential reports and accusations join only their own writer's cases, and only their writer joins theirs (design §3.6)."""
    return report.confidential or ACCUSATION in (report.category or "")


def _match(ledger: Ledger, report: ReportReceived) -> Match:
    """The matcher's proposal without secret cases of other people: their words must not stand in this report's evidence either."""
    strangers: set[str] = set()
    while True:
        match = ledger.matcher.match(report, exclude_cases=strangers, only_same_person=kept_apart(report))
        near = {evidence.case_id for evidence in (match.evidence, *match.suggestions, *match.ties) if evidence is not None}
        secret = {case for case in near if ledger.cases[case].secret and ledger.cases[case].people.find(report.persons) is None}
        if not secret:
            return match
        strangers |= secret


def _withdrawn(ledger: Ledger, report: ReportWithdrawn) -> list[Draft]:
    known = ledger.reports.get(report.report_id)
    if known is None:
        sentence = f"Report {report.source_id} of {report.source_system} was withdrawn but never seen; nothing was changed."
        return [(ev.RecordRefused, {"reason": "report.unknown", "sentence": sentence, "report_id": report.report_id})]
    taken_back: Draft = (ev.ReportTakenBack, {"case_id": known.case_id, "report_id": report.report_id, "repeated": known.withdrawn})
    if known.withdrawn or ledger.cases[known.case_id].counting > 1:
        return [taken_back]
    return [taken_back, (ev.CaseEmptied, {"case_id": known.case_id})]


def summarise(report: ReportReceived, person_number: int | None, repeat_number: int) -> ev.ReportSummary:
    """What events tell of a report: an excerpt, never the whole text."""
    text = f"{report.title}：{report.body}" if report.title and report.body else report.title or report.body
    return ev.ReportSummary(
        report_id=report.report_id,
        channel=report.channel,
        source_system=report.source_system,
        source_id=report.source_id,
        revision=report.revision,
        digest=report.digest,
        reported_at=report.reported_at,
        effective_at=report.effective_at,
        excerpt=text if len(text) <= ev.EXCERPT_CHARACTERS_MAX else text[: ev.EXCERPT_CHARACTERS_MAX - 1] + "…",
        category=report.category,
        persons=report.persons,
        person_number=person_number,
        repeat_number=repeat_number,
        joint_count=report.joint_count,
        confidential=report.confidential,
        flags=report.flags,
    )


def apply(ledger: Ledger, record: JournalRecord, events: Sequence[ev.CaseEvent]) -> Ledger:
    """Folds the events of one journal record into the ledger, in place, and returns it.

    Raises ValueError where the events' numbers do not follow the ledger's: then a loss or a double has happened and nothing may go on.
    """
    for event in events:
        if event.number != ledger.number + 1 or event.jurisdiction != ledger.jurisdiction:
            raise ValueError(
                f"Event {event.number} of {event.jurisdiction} follows number {ledger.number}; run `onecase audit` before anything else."
            )
        ledger.number = event.number
        _apply_one(ledger, record, event)
    return ledger


def _apply_one(ledger: Ledger, record: JournalRecord, event: ev.CaseEvent) -> None:
    match event, record.fact:
        case (ev.CaseOpened() | ev.ReportJoined(), ReportReceived() as report):
            case = ledger.cases.setdefault(event.case_id, CaseState())
            case.counting += 1
            if event.report.person_number is not None:
                case.people.note(event.report.person_number, report.persons, report.channel)
            _stands(ledger, report, event)
        case (ev.ReportRevised(), ReportReceived() as report):
            known, case = ledger.reports[report.report_id], ledger.cases[event.case_id]
            case.counting += known.withdrawn
            if event.report.person_number is not None:
                case.people.note(event.report.person_number, report.persons, report.channel, reports=1 if known.person is None else 0)
            _stands(ledger, report, event)
        case (ev.ReportTakenBack(repeated=False), _):
            ledger.reports[event.report_id].withdrawn = True
            ledger.cases[event.case_id].counting -= 1
            ledger.matcher.remove(event.report_id)
        case _:
            pass  # nothing that decisions depend on


def _stands(ledger: Ledger, report: ReportReceived, event: ev.CaseOpened | ev.ReportJoined | ev.ReportRevised) -> None:
    summary = event.report
    standing = Standing(event.case_id, report.digest, report.revision, summary.person_number, summary.repeat_number)
    ledger.reports[report.report_id] = standing
    ledger.cases[event.case_id].secret |= kept_apart(report)
    ledger.matcher.place(report, event.case_id)


class Ledgers:
    """The ledgers of one journal partition: several jurisdictions share it, each with its own numbers."""

    def __init__(self, policy: Policy, packs: Mapping[str, Policy] | None = None, kernels: Kernels = NUMPY) -> None:
        self._policy = policy
        self._kernels = kernels
        self._packs = {policy.digest: policy, **(packs or {})}
        self.by_jurisdiction: dict[str, Ledger] = {}

    def of(self, jurisdiction: str) -> Ledger:
        """The ledger, a new one under the configured policy if the jurisdiction has none."""
        ledger = self.by_jurisdiction.get(jurisdiction)
        if ledger is None:
            ledger = self.by_jurisdiction[jurisdiction] = Ledger(jurisdiction, self._policy, self._kernels)
        return ledger

    def decide(self, record: JournalRecord) -> tuple[ev.CaseEvent, ...]:
        """Decides and applies: the events of one record."""
        ledger = self.of(record.jurisdiction)
        events = decide(ledger, record)
        apply(ledger, record, events)
        return events

    def recover(self, record: JournalRecord, events: Sequence[ev.CaseEvent]) -> None:
        """Folds published events. Raises LookupError if their policy pack is not here: a worker without it must not start."""
        if record.jurisdiction not in self.by_jurisdiction:
            ref = events[0].policy
            if ref.digest not in self._packs:
                raise LookupError(
                    f"Jurisdiction {record.jurisdiction} is decided by policy {ref.name} ({ref.digest[:12]}), which this worker lacks; "
                    "give its file in ONECASE_POLICY_PACKS."
                )
            self.by_jurisdiction[record.jurisdiction] = Ledger(record.jurisdiction, self._packs[ref.digest], self._kernels)
        apply(self.of(record.jurisdiction), record, events)
