"""Invented reports for the tests of dedup, and the committed policy."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dedup.matcher import Match, Matcher
from dedup.pack import Lines
from dedup.policy import Policy, parse_policy
from schemas.ids import case_id, report_id
from schemas.journal import ReportReceived

PACK = Path(__file__).resolve().parents[2] / "dedup" / "packs" / "second-1.json"
POLICY = parse_policy(PACK.read_bytes())
EAGER = replace(POLICY, lines=Lines(join=15, review=-40, nearest=-60, quoted=0, tie=30, margin=0))
"""The committed pack with lines at which short texts join, for tests of what follows."""
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def changed(**parts: dict[str, Any] | list[str] | int | str) -> bytes:
    """The committed pack with fields of its parts replaced."""
    pack = json.loads(PACK.read_bytes())
    for name, part in parts.items():
        pack[name] = pack.get(name, {}) | part if isinstance(part, dict) else part
    return json.dumps(pack).encode()


def token(kind: str, value: str) -> str:
    return f"hs256.test.{kind}.{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def report(
    number: str,
    body: str,
    title: str = "",
    *,
    day: float = 0,
    phone: str | None = None,
    account: str | None = None,
    quoted: str | None = None,
    channel: str = "hotline",
    address: str | None = None,
) -> ReportReceived:
    at = START + timedelta(days=day)
    persons = [token(kind, value) for kind, value in (("phone", phone), ("account", account)) if value]
    return ReportReceived(
        jurisdiction="local",
        report_id=report_id(channel, channel, number),
        channel=channel,
        source_system=channel,
        source_id=number,
        digest=hashlib.sha256(f"{title}\n{body}".encode()).hexdigest(),
        reported_at=at,
        effective_at=at,
        title=title,
        body=body,
        address=address,
        quoted_number=quoted,
        persons=tuple(persons),
    )


def run(reports: list[ReportReceived], policy: Policy = POLICY, matcher: Matcher | None = None) -> list[Match]:
    """What the pipeline does: match, then place in the case joined, or in an own one."""
    matcher = matcher or Matcher(policy)
    found = []
    for one in reports:
        match = matcher.match(one)
        matcher.place(one, match.evidence.case_id if match.action == "join" and match.evidence else case_id(one.report_id))
        found.append(match)
    return found
