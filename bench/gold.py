"""data/gold as reports, a streaming loop over the matcher, and the scorer that comes with the data."""

import hashlib
import importlib.util
import json
import unicodedata
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from opencc import OpenCC

from dedup.matcher import Matcher
from dedup.policy import Policy
from schemas.ids import case_id, report_id
from schemas.journal import ReportReceived

SIMPLIFY = OpenCC("t2s").convert
ZONE = ZoneInfo("Asia/Shanghai")
Report = ReportReceived
Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def normalise(text: str) -> str:
    return str(SIMPLIFY(unicodedata.normalize("NFKC", text)))


def token(kind: str, value: str) -> str:
    return f"hs256.bench.{kind}.{hashlib.sha256(f'{kind}:{value}'.encode()).hexdigest()[:32]}"


def report_of(row: Row) -> Report:
    """A line of the offline format -> a report as the pipeline would have normalised it, roughly."""
    at = datetime.fromisoformat(row["reported_at"]).replace(tzinfo=ZONE)
    phone = "".join(filter(str.isdigit, unicodedata.normalize("NFKC", row.get("contact_phone") or "")))
    persons = [token("phone", phone)] if phone else []
    persons += [token("account", row["author"])] if row.get("author") else []
    title, body = normalise(row.get("title") or ""), normalise(row["body"])
    return ReportReceived(
        jurisdiction="local",
        report_id=report_id(row["channel"], row["channel"], row["source_id"]),
        channel=row["channel"],
        source_system=row["channel"],
        source_id=row["source_id"],
        digest=hashlib.sha256(f"{title}\n{body}".encode()).hexdigest(),
        reported_at=at,
        effective_at=at,
        title=title,
        body=body,
        address=row.get("address"),
        category=row.get("category"),
        quoted_number=row.get("quoted_number"),
        persons=tuple(persons),
    )


class Gold:
    """The gold reports in file order, and their cases."""

    def __init__(self, data: Path) -> None:
        self.rows = rows(data / "gold" / "cases.jsonl")
        self.torn = json.loads((data / "gold" / "torn_pairs.json").read_text(encoding="utf-8"))
        self.case = {row["id"]: row["case"] for row in self.rows}
        self.lines = rows(data / "gold" / "input.jsonl")
        self.reports = [report_of(row) for row in self.lines]


def stream(reports: list[Report], policy: Policy) -> list[Row]:
    """Reports in order -> lines as `score_cases.py` reads them: what the pipeline would do with them."""
    matcher, out = Matcher(policy), []
    for report in reports:
        match = matcher.match(report)
        case = match.evidence.case_id if match.action == "join" and match.evidence else case_id(report.report_id)
        matcher.place(report, case)
        suggestions = [{"case_id": one.case_id, "points": one.points} for one in match.suggestions]
        out.append({"source_id": report.source_id, "case_id": case, "suggestions": suggestions})
    return out


def scorer_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_cases", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
