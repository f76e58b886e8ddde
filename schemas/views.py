"""What downstream systems read: the newest state of each case and of each report's place in it."""

from typing import Literal

from pydantic import Field

from schemas.base import Id, Key, Name, Record, UtcTime
from schemas.events import Evidence, Excerpt, PolicyRef, Relation
from schemas.journal import Flag

MEMBERS_SHOWN = 50
"""A view lists the first and the last 50 members; `intake.case-members` has them all."""


class MemberLine(Record):
    """A member as it stands in the view of its case."""

    report_id: Id
    channel: Name
    source_system: Name
    source_id: Key
    reported_at: UtcTime
    relation: Relation | None = Field(None, description="absent for the founding report (主件)")
    person_number: int | None = None
    repeat_number: int = 1
    withdrawn: bool = False


class SuggestionLine(Record):
    """An open suggestion (疑似重复): this case's report may belong to another case."""

    report_id: Id
    case_id: Id
    points: int


class CaseView(Record):
    """Value of `intake.cases`, at most 256 KB. The newest one per case id counts.

    A case with a confidential member (要求保密) is not published: its view says `withheld` and carries neither excerpt, members nor
    suggestions.
    """

    case_id: Id
    jurisdiction: Name
    state: Literal["open", "emptied"]
    withheld: bool = False
    number: int = Field(description="number of the newest case event in this view; a higher one is newer")
    changed_at: UtcTime = Field(description="time of that event")
    policy: PolicyRef
    founding_report_id: Id
    excerpt: Excerpt | None = Field(None, description="of the founding report, masked")
    category: str | None = None
    opened_at: UtcTime
    last_reported_at: UtcTime
    reports: int = Field(ge=0, description="件数: reports that count")
    withdrawn: int = Field(0, ge=0)
    people: int = Field(ge=0, description="反映人数: distinct people known by token")
    anonymous: int = Field(0, ge=0, description="reports without any token of a person")
    joint_signatories: int = Field(0, ge=0, description="联名人数, as the reports claim")
    by_channel: dict[str, int] = Field(default_factory=dict, description="reports that count, by channel")
    redelivered: int = Field(0, ge=0, description="重复推送, dropped and counted")
    first_members: tuple[MemberLine, ...] = Field((), max_length=MEMBERS_SHOWN)
    last_members: tuple[MemberLine, ...] = Field((), max_length=MEMBERS_SHOWN, description="those not among the first")
    suggestions: tuple[SuggestionLine, ...] = Field((), max_length=30)
    flags: tuple[Flag, ...] = Field((), max_length=50)


class CaseMember(Record):
    """Value of `intake.case-members`: which case a report belongs to, how and why."""

    report_id: Id
    case_id: Id
    jurisdiction: Name
    number: int = Field(description="number of the newest case event in this record")
    changed_at: UtcTime = Field(description="time of that event")
    channel: Name
    source_system: Name
    source_id: Key
    reported_at: UtcTime
    relation: Relation | None = None
    evidence: Evidence | None = None
    withheld: bool = False
    withdrawn: bool = False


class Cursor(Record):
    """Value of `intake.cursors`: how far a connector instance has read."""

    connector: Name
    format: int = Field(1, ge=1, description="format of `position`; older ones are read for ever")
    position: dict[str, str | int | dict[str, int]]
    saved_at: UtcTime
