"""A folder of labelled reports: `input.jsonl` (format of `onecase consolidate`), `cases.jsonl` (id, case …), optionally
`torn_pairs.json`.

Reports are normalised as the pipeline does it, so that a pack is fitted on what it will see.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dedup.fitting.making import Gold
from dedup.fitting.pairs import Labelled
from dedup.fitting.scores import Truth
from schemas.codec import DecodeError
from schemas.journal import ReportReceived
from streams.steps.offline import contact_fact, parse_line
from streams.steps.text import clean


class GoldError(ValueError):
    """The folder cannot be used; the message says which line and why."""


def load_gold(folder: Path, texts: Sequence[Path] = ()) -> Gold:
    """The folder, and further texts without labels (JSON lines with title or subject, and body)."""
    for name in ("input.jsonl", "cases.jsonl"):
        if not (folder / name).is_file():
            raise GoldError(f"{folder} has no {name}; give a folder with input.jsonl and cases.jsonl.")
    truths = [_truth(folder / "cases.jsonl", number, line) for number, line in _lines(folder / "cases.jsonl")]
    cases = {truth.source_id: truth.case for truth in truths}
    pins: dict[str, str] = {}
    reports = [_report(folder / "input.jsonl", number, line, pins) for number, line in _lines(folder / "input.jsonl")]
    unknown = [report.source_id for report in reports if report.source_id not in cases]
    if unknown:
        raise GoldError(f"{folder / 'cases.jsonl'} has no case for report {unknown[0]} ({len(unknown)} in all).")
    torn_file = folder / "torn_pairs.json"
    torn = json.loads(torn_file.read_text(encoding="utf-8")) if torn_file.is_file() else []
    near: dict[str, set[str]] = defaultdict(set)
    for one, two in torn:
        near[str(one)].add(str(two))
        near[str(two)].add(str(one))
    labelled = Labelled(reports, [cases[report.source_id] for report in reports], frozenset(frozenset(map(str, pair)) for pair in torn))
    plain = [_text(json.loads(line)) for path in texts for _, line in _lines(path)]
    return Gold(labelled, truths, near, [*plain, *(f"{report.title}\n{report.body}" for report in reports)])


def _lines(path: Path) -> list[tuple[int, bytes]]:
    return [(number, line) for number, line in enumerate(path.read_bytes().splitlines(), 1) if line.strip()]


def _truth(path: Path, number: int, line: bytes) -> Truth:
    try:
        row = parse_line(line)
        return Truth(str(row["id"]), str(row["case"]), row.get("relation"), row.get("written_from"), row.get("kind"))
    except (DecodeError, KeyError) as error:
        raise GoldError(f"{path}, line {number}: {error!r} is missing or cannot be read.") from error


def _report(path: Path, number: int, line: bytes, pins: dict[str, str]) -> ReportReceived:
    try:
        fact = contact_fact(parse_line(line), pins)
    except DecodeError as error:
        raise GoldError(f"{path}, line {number}: {error.sentence}") from error
    if not isinstance(fact, ReportReceived):
        raise GoldError(f"{path}, line {number}: a withdrawal; gold holds reports only.")
    return fact


def _text(row: dict[str, Any]) -> str:
    return f"{clean(str(row.get('title') or row.get('subject') or ''))}\n{clean(str(row.get('body') or ''))}"
