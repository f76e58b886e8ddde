"""How good a consolidation is (评测): link precision and recall with intervals, look-alikes, suggestions, and the same by stratum.

The definitions are those of the gold data's scorer: precision is, over reports that were joined to others, the mean share of their
case-mates that are right; recall, over reports that have case-mates in gold, the mean share of them found.
`ordinary_*`: without look-alikes (written to deceive). Intervals: 95 %, percentile bootstrap over gold cases with a fixed seed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 200
Near = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about one report, in the order of decision: its case, and up to three suggested ones."""

    source_id: str
    case_id: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """A report's case in gold; for a written record its relation to the report it was written from, and its kind."""

    source_id: str
    case: str
    relation: str | None = None
    written_from: str | None = None
    kind: str | None = None

    @property
    def lookalike(self) -> bool:
        """It was written to be taken for another matter."""
        return self.relation == "different"


def mean(values: Iterable[float], default: float = 1.0) -> float:
    """The arithmetic mean; the default where there is nothing."""
    found = list(values)
    return sum(found) / len(found) if found else default


def harmonic(precision: float, recall: float) -> float:
    """F1."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def link_shares(truth: Mapping[str, str], case_of: Mapping[str, str], near: Near) -> tuple[dict[str, float], dict[str, float]]:
    """For each report the share of its predicted mates that are right, and of its gold mates that are found. `near` pairs do not count."""
    by_gold, by_case = defaultdict(list), defaultdict(list)
    for report, case in truth.items():
        by_gold[case].append(report)
        by_case[case_of[report]].append(report)
    right, found = {}, {}
    for report, case in truth.items():
        mates = [other for other in by_case[case_of[report]] if other != report and other not in near.get(report, ())]
        if mates:
            right[report] = mean(truth[other] == case for other in mates)
        mates = [other for other in by_gold[case] if other != report]
        if mates:
            found[report] = mean(case_of[other] == case_of[report] for other in mates)
    return right, found


def intervals(truth: Mapping[str, str], right: Mapping[str, float], found: Mapping[str, float]) -> dict[str, list[float]]:
    """95 % intervals of precision, recall and F1."""
    cases = sorted(set(truth.values()))
    row = {case: at for at, case in enumerate(cases)}
    sums = np.zeros((len(cases), 4))
    for report, case in truth.items():
        sums[row[case]] += (right.get(report, 0), report in right, found.get(report, 0), report in found)
    draws = np.random.default_rng(7).integers(0, len(cases), (RESAMPLES, len(cases)))
    drawn = np.stack([sums[draw].sum(0) for draw in draws])
    precision, recall = drawn[:, 0] / np.maximum(drawn[:, 1], 1), drawn[:, 2] / np.maximum(drawn[:, 3], 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    spans = {"precision": precision, "recall": recall, "f1": f1}
    return {name: [round(float(bound), 3) for bound in np.quantile(values, (0.025, 0.975))] for name, values in spans.items()}


def measure(truths: Sequence[Truth], decided: Sequence[Decided], near: Near, *, spans: bool = True) -> dict[str, Any]:
    """All figures."""
    case_of = {truth.source_id: f"alone-{truth.source_id}" for truth in truths} | {one.source_id: one.case_id for one in decided}
    out: dict[str, Any] = {"reports": len(truths)}
    ordinary = [truth for truth in truths if not truth.lookalike]
    for name, group in (("link", truths), ("ordinary", ordinary)):
        gold = {truth.source_id: truth.case for truth in group}
        right, found = link_shares(gold, case_of, near)
        precision, recall = mean(right.values()), mean(found.values())
        bounds = intervals(gold, right, found) if spans else {}
        for key, value in (("precision", precision), ("recall", recall), ("f1", harmonic(precision, recall))):
            out[f"{name}_{key}"] = round(value, 4)
            if spans:
                out[f"{name}_{key}_95"] = bounds[key]
    return out | _lookalikes(truths, case_of) | _suggestions(truths, decided)


def _lookalikes(truths: Sequence[Truth], case_of: Mapping[str, str]) -> dict[str, Any]:
    written = [
        (truth.lookalike, case_of[truth.source_id] == case_of.get(truth.written_from or "")) for truth in truths if truth.written_from
    ]
    return {
        "lookalikes": sum(truth.lookalike for truth in truths),
        "lookalikes_joined": round(mean((joined for lookalike, joined in written if lookalike), 0.0), 4),
        "cross_recall": round(mean((joined for lookalike, joined in written if not lookalike), 0.0), 4),
    }


def _suggestions(truths: Sequence[Truth], decided: Sequence[Decided]) -> dict[str, Any]:
    gold = {truth.source_id: truth.case for truth in truths}
    seen: dict[str, set[str]] = defaultdict(set)
    before: set[str] = set()
    hit = had = review = 0
    for one in decided:
        case = gold.get(one.source_id)
        if case is None:
            continue
        review += bool(one.suggestions) and one.case_id not in before
        before.add(one.case_id)
        if seen[case]:
            had += 1
            hit += not {one.case_id, *one.suggestions}.isdisjoint(seen[case])
        seen[case].add(one.case_id)
    return {"found_top3": round(hit / had, 4) if had else None, "review_share": round(review / max(len(decided), 1), 4)}
