"""data/gold as reports, a streaming loop over the matcher, and the figures of `score_cases.py` for all and for each half."""

import hashlib
import importlib.util
import json
import unicodedata
from collections import defaultdict
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
KEYS = (
    "ordinary_precision",
    "ordinary_recall",
    "ordinary_f1",
    "link_precision",
    "link_recall",
    "link_f1",
    "over_merged",
    "lookalikes_joined",
    "cross_recall",
    "found_top3",
    "review_share",
)

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
    """The gold reports in file order, their cases, and which half each case belongs to."""

    def __init__(self, data: Path) -> None:
        self.rows = rows(data / "gold" / "cases.jsonl")
        self.torn = json.loads((data / "gold" / "torn_pairs.json").read_text(encoding="utf-8"))
        self.case = {row["id"]: row["case"] for row in self.rows}
        self.lines = rows(data / "gold" / "input.jsonl")
        self.reports = [report_of(row) for row in self.lines]

    def held_out(self, source_id: str) -> bool:
        return hashlib.sha256(self.case[source_id].encode()).digest()[0] % 2 == 1


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


def figures(gold: Gold, out: list[Row], scorer: ModuleType) -> dict[str, Row]:
    """The scorer's figures for all, and the same measures over the reports of each half (links to the other half count against it)."""
    whole = scorer.measure(gold.rows, out, gold.torn, resamples=20)
    found = {"whole": {key: whole[key] for key in KEYS}}
    lookalike = {row["id"] for row in gold.rows if row.get("relation") == "different"}
    pred = {row["source_id"]: row["case_id"] for row in out}
    near: dict[str, set[str]] = defaultdict(set)
    for one, two in gold.torn:
        near[str(one)].add(str(two))
        near[str(two)].add(str(one))
    plain = {id_: case for id_, case in gold.case.items() if id_ not in lookalike}
    right, share, _, _ = scorer.link_shares(plain, pred, near)
    for half, wanted in (("fitted half", False), ("held-out half", True)):
        p = scorer.mean(value for id_, value in right.items() if gold.held_out(id_) is wanted)
        r = scorer.mean(value for id_, value in share.items() if gold.held_out(id_) is wanted)
        part = scorer.measure([row for row in gold.rows if gold.held_out(row["id"]) is wanted], out, gold.torn, resamples=20)
        found[half] = {key: part[key] for key in KEYS if not key.startswith("link")}
        found[half] |= {"ordinary_precision": round(p, 4), "ordinary_recall": round(r, 4), "ordinary_f1": round(scorer.harmonic(p, r), 4)}
    return found


def scorer_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_cases", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
