"""The pairs that a model is fitted on: each labelled report beside the earlier ones that the index finds, without a look at the labels."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dedup.kernels import Kernels
from dedup.matcher import Matcher
from dedup.policy import Policy
from schemas.ids import case_id
from schemas.journal import ReportReceived

NEAREST = 16
"""Candidates of a report that a model learns from: what is far off teaches it nothing about the line (with 40 it was worse)."""
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """Reports in the order of time, the case of each, and the pairs (source ids) about which careful readers disagree."""

    reports: Sequence[ReportReceived]
    cases: Sequence[str]
    torn: frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of reports by their number (new, old: the newer first, ascending), and their values (pairs x features)."""

    new: npt.NDArray[np.int64]
    old: npt.NDArray[np.int64]
    values: npt.NDArray[np.int32]

    def same(self, labelled: Labelled) -> npt.NDArray[np.bool_]:
        """Which pairs are one case."""
        cases = np.array(labelled.cases)
        return np.asarray(cases[self.new] == cases[self.old])

    def torn(self, labelled: Labelled) -> npt.NDArray[np.bool_]:
        """Which pairs are neither right nor wrong."""
        ids = [report.source_id for report in labelled.reports]
        return np.array([frozenset((ids[new], ids[old])) in labelled.torn for new, old in zip(self.new, self.old, strict=True)], np.bool_)


def pairs_of(reports: Sequence[ReportReceived], policy: Policy, kernels: Kernels, told: Callable[[int], None] = lambda _: None) -> Pairs:
    """Each report beside the `NEAREST` that the index finds, every report as a case of its own. `told` hears of each report done."""
    limits = policy.limits.model_copy(update={"finalists": NEAREST, "finalist_floor": -(10**9)})
    matcher = Matcher(replace(policy, limits=limits), kernels)
    number: dict[int, int] = {}
    new, old, values = [], [], []
    for at, report in enumerate(reports):
        for rival in sorted(matcher.rivals(report), key=lambda rival: rival.best.row):
            new.append(at)
            old.append(number[rival.best.row])
            values.append(rival.best.values)
        matcher.place(report, case_id(report.report_id))
        number[matcher.table.row_of(report.report_id)] = at
        told(at + 1)
    return Pairs(np.array(new, np.int64), np.array(old, np.int64), np.array(values, np.int32))


def folds_of(cases: Sequence[str], folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """Which fold each report is in: whole cases, biggest first, each into the fold that has fewest reports; ties by digest."""
    counts = Counter(cases)
    load, fold = [0] * folds, {}
    for case in sorted(counts, key=lambda case: (-counts[case], hashlib.sha256(case.encode()).hexdigest())):
        fold[case] = min(range(folds), key=lambda number: (load[number], number))
        load[fold[case]] += counts[case]
    return np.array([fold[case] for case in cases])


def weights_of(pairs: Pairs, same: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """3 / (positives of that report)^0.75 a positive, so that a case of fifty members does not drown the rest; 1 a negative."""
    positives: Iterable[int] = pairs.new[same].tolist()
    counts = Counter(positives)
    weights = np.ones(len(same))
    weights[same] = [3 / counts[new] ** 0.75 for new in pairs.new[same].tolist()]
    return weights
