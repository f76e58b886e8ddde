"""Case events: every change of every case, numbered without a gap per jurisdiction, each with its cause and its reason."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.base import Id, Key, Name, Record, UtcTime
from schemas.journal import Flag, PersonToken

EXCERPT_CHARACTERS_MAX = 200
Excerpt = Annotated[str, StringConstraints(max_length=EXCERPT_CHARACTERS_MAX)]

Relation = Literal["same_person", "same_person_other_channel", "other_person"]
"""重复诉求 / 多头反映 / 多人同诉 (domain.md §2). Redelivery has an event of its own; merely similar is a suggestion."""


class Cause(Record):
    """Which journal record led to this event, and which of its events this is."""

    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    ordinal: int = Field(ge=0, description="from 0")
    of: int = Field(ge=1, description="how many events this journal record has")


class PolicyRef(Record):
    """A policy pack by name and digest (SHA-256 of its canonical JSON)."""

    name: Name
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class Measure(Record):
    """One reason for or against, with both values in words that a clerk understands."""

    name: Name
    points: int
    sentence: str = Field(description="Chinese, with both values")
    veto: bool = Field(False, description="stands against joining by machine, whatever the points")


class Evidence(Record):
    """Why a report was, or was not, put beside another one (判重依据)."""

    case_id: Id = Field(description="the case compared with")
    report_id: Id = Field(description="the member that decided")
    points: int
    line: int = Field(description="the threshold that applied: joining line or review line")
    measures: tuple[Measure, ...] = ()
    runner_up_case_id: Id | None = None
    runner_up_points: int | None = None


class ReportSummary(Record):
    """What case events tell of a report: never the whole text."""

    report_id: Id
    channel: Name
    source_system: Name
    source_id: Key
    revision: int | None = None
    digest: str
    reported_at: UtcTime
    effective_at: UtcTime
    excerpt: Excerpt = Field(description="masked")
    category: str | None = None
    persons: tuple[PersonToken, ...] = ()
    person_number: int | None = Field(None, ge=1, description="which person of the case, from 1; absent if anonymous (匿名)")
    repeat_number: int = Field(1, ge=1, description="the how-manieth report of this person on this case (第几次反映)")
    joint_count: int = 0
    confidential: bool = False
    flags: tuple[Flag, ...] = ()


class CaseEvent(Record):
    """What every event carries. `number` is gapless per jurisdiction, from 1."""

    jurisdiction: Name
    number: int = Field(ge=1)
    at: UtcTime = Field(description="the time of the journal record that caused it")
    caused_by: Cause
    engine: int = Field(ge=1, description="version of the deciding code, raised by hand")
    policy: PolicyRef


class PolicyActivated(CaseEvent):
    """Event 1 of every jurisdiction: from here on this pack decides."""

    type: Literal["policy.activated"] = "policy.activated"


class CaseOpened(CaseEvent):
    """A report founded a case (立单)."""

    type: Literal["case.opened"] = "case.opened"
    case_id: Id
    report: ReportSummary
    nearest: Evidence | None = Field(None, description="the best other case, and so why it was not joined")


class ReportJoined(CaseEvent):
    """A report was joined to a case (并单)."""

    type: Literal["report.joined"] = "report.joined"
    case_id: Id
    report: ReportSummary
    relation: Relation
    evidence: Evidence


class ReportRedelivered(CaseEvent):
    """The same report in the same revision came again (重复推送); nothing changes."""

    type: Literal["report.redelivered"] = "report.redelivered"
    case_id: Id
    report_id: Id
    digest: str


class ReportRevised(CaseEvent):
    """A report was edited at its source; it stays in its case."""

    type: Literal["report.revised"] = "report.revised"
    case_id: Id
    report: ReportSummary
    previous_digest: str
    returned: bool = Field(False, description="the report had been withdrawn and counts again")


class ReportSuperseded(CaseEvent):
    """An older revision arrived after a newer one; nothing changes."""

    type: Literal["report.superseded"] = "report.superseded"
    case_id: Id
    report_id: Id
    revision: int
    current_revision: int


class ReportTakenBack(CaseEvent):
    """A report was withdrawn (撤回); it stays visible but no longer counts."""

    type: Literal["report.withdrawn"] = "report.withdrawn"
    case_id: Id
    report_id: Id
    repeated: bool = Field(False, description="it had been withdrawn before; nothing changes")


class CaseEmptied(CaseEvent):
    """No report of the case counts any more."""

    type: Literal["case.emptied"] = "case.emptied"
    case_id: Id


class JoinSuggested(CaseEvent):
    """The report may belong to another case: for a person to decide (疑似重复)."""

    type: Literal["join.suggested"] = "join.suggested"
    case_id: Id = Field(description="the case the report is in")
    report_id: Id
    rank: int = Field(ge=1, le=3)
    evidence: Evidence


class MergeSuggested(CaseEvent):
    """A report that was joined is as near to a second case: perhaps both cases are one, for a person to decide (疑似并案)."""

    type: Literal["merge.suggested"] = "merge.suggested"
    case_id: Id = Field(description="the case the report was joined to")
    report_id: Id = Field(description="the report that ties both cases together")
    rank: int = Field(ge=1, le=3)
    evidence: Evidence = Field(description="of the report beside the other case, evidence.case_id")


class RecordRefused(CaseEvent):
    """A journal record that could not be carried out, and why. It never stops the stream."""

    type: Literal["record.refused"] = "record.refused"
    reason: Name = Field(description="such as report.unknown, type.unknown, value.unreadable")
    sentence: str
    report_id: Id | None = None


AnyCaseEvent = Annotated[
    PolicyActivated
    | CaseOpened
    | ReportJoined
    | ReportRedelivered
    | ReportRevised
    | ReportSuperseded
    | ReportTakenBack
    | CaseEmptied
    | JoinSuggested
    | MergeSuggested
    | RecordRefused,
    Field(discriminator="type"),
]
