"""The journal: one order per jurisdiction of everything that happened. It holds facts; people's commands come with a later release."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.base import Id, Key, Name, Record, UtcTime


class Flag(Record):
    """Advice to a person, never a refusal: what was noticed about a report."""

    code: Name = Field(description="such as zone.assumed, time.future, jurisdiction.differs")
    sentence: str = Field(max_length=500)


class RawPosition(Record):
    """Where in the raw topics a journal record or a dead letter comes from."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


PersonToken = Annotated[str, StringConstraints(pattern=r"^hs256\.[a-z0-9-]+\.(phone|id|account|name-address)\.[0-9a-f]{32}$")]
"""Keyed token of a person (同人标识): algorithm, key id, kind, first 128 bits of HMAC-SHA-256. Equal tokens, same person."""


class ReportReceived(Record):
    """`report.received`: a report as normalised. New, repeat, edit or late older edit is for consolidate to say."""

    type: Literal["report.received"] = "report.received"
    jurisdiction: Name
    report_id: Id
    channel: Name
    source_system: Name
    source_id: Key
    revision: int | None = Field(None, ge=0)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the normalised, masked content; tells an edit from a repeat")
    reported_at: UtcTime
    effective_at: UtcTime = Field(description="the earlier of reported_at and the raw record's own timestamp; the time used in decisions")
    title: str = Field("", description="masked")
    body: str = Field("", description="masked")
    address: str | None = Field(None, description="where the matter is, masked, without the room number")
    division_code: str | None = None
    category: str | None = None
    quoted_number: Key | None = None
    persons: tuple[PersonToken, ...] = Field((), description="tokens of the person who reports")
    joint_count: int = Field(0, ge=0, description="joint signatories (联名人数); their names are in the vault")
    confidential: bool = False
    flags: tuple[Flag, ...] = ()
    connector: Name | None = None
    raw: RawPosition | None = Field(None, description="absent in offline runs")


class ReportWithdrawn(Record):
    """`report.withdrawn`: the source says that a report was taken back (撤回)."""

    type: Literal["report.withdrawn"] = "report.withdrawn"
    jurisdiction: Name
    report_id: Id
    channel: Name
    source_system: Name
    source_id: Key
    effective_at: UtcTime
    flags: tuple[Flag, ...] = ()
    connector: Name | None = None
    raw: RawPosition | None = None


JournalFact = ReportReceived | ReportWithdrawn
