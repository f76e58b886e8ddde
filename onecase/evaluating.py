"""An evaluation of a pack on gold, and its picture and lists."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from dedup.fitting.evaluation import Stratum, decide_all, fold_models, frontier, oof_points, strata
from dedup.fitting.making import Gold
from dedup.fitting.pairs import pairs_of
from dedup.fitting.scores import Decided, measure
from dedup.kernels import Kernels
from dedup.matcher import Match
from dedup.policy import Policy

Step = Callable[[str, int], Callable[[int], None]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found. `curve` is empty where the pack's own model was used."""

    gold: Gold
    decided: Sequence[Decided]
    matches: Sequence[Match]
    figures: dict[str, Any]
    board: dict[str, Any]
    strata: Sequence[Stratum]
    curve: Sequence[dict[str, Any]]

    @classmethod
    def run(cls, gold: Gold, policy: Policy, kernels: Kernels, step: Step, *, in_sample: bool) -> Self:
        """Decides all reports as in production, each by a model that has not seen its case, and measures."""
        labelled, models, curve = gold.labelled, [], []
        if not in_sample:
            pairs = pairs_of(labelled.reports, policy, kernels, step("pairs", len(labelled.reports)))
            models = fold_models(labelled, pairs, step("folds", 5))
            points = oof_points(labelled, pairs, models, kernels)
            curve = frontier(labelled, gold.truths, gold.near, pairs, points, policy.limits.finalists_a_case)
        both = list(decide_all(labelled, policy, kernels, models, step("deciding", len(labelled.reports))))
        decided, matches = [one for one, _ in both], [match for _, match in both]
        board = {report.source_id for report in labelled.reports if report.channel == "board"}
        return cls(
            gold,
            decided,
            matches,
            measure(gold.truths, decided, gold.near),
            measure(
                [truth for truth in gold.truths if truth.source_id in board], [one for one in decided if one.source_id in board], gold.near
            ),
            strata(gold.truths, labelled, decided),
            curve,
        )

    def as_json(self) -> dict[str, Any]:
        """For a script."""
        rows = [
            {"name": row.name, "reports": row.reports, "joined": row.joined, "found": row.found, "wrong": row.wrong} for row in self.strata
        ]
        return {"figures": self.figures, "board": self.board, "strata": rows, "frontier": list(self.curve)}


def error_lines(found: Evaluation) -> Iterator[dict[str, Any]]:
    """Every wrong join and every miss by ids, with points and the measures that spoke; no texts."""
    truth = {one.source_id: one for one in found.gold.truths}
    source = {report.report_id: report.source_id for report in found.gold.labelled.reports}
    gold_of: dict[str, set[str]] = defaultdict(set)
    homes: dict[str, set[str]] = defaultdict(set)
    for one, match in zip(found.decided, found.matches, strict=True):
        gold = truth[one.source_id]
        wrong = one.case_id in gold_of and gold.case not in gold_of[one.case_id]
        missed = bool(homes[gold.case]) and one.case_id not in homes[gold.case]
        if wrong or missed:
            evidence = match.evidence
            yield {
                "error": "wrong join" if wrong else "miss",
                "id": one.source_id,
                "kind": gold.kind or gold.relation,
                "suggested": not homes[gold.case].isdisjoint(one.suggestions),
                "nearest": evidence and source.get(evidence.report_id),
                "points": evidence and evidence.points,
                "measures": {measure.name: measure.points for measure in evidence.measures} if evidence else {},
                "vetoes": [measure.name for measure in evidence.measures if measure.veto] if evidence else [],
            }
        gold_of[one.case_id].add(gold.case)
        homes[gold.case].add(one.case_id)


def plot_frontier(found: Evaluation, path: Path) -> None:
    """Precision over recall at all lines, the look-alikes joined, and where the shipped line stands."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    recall = [row["ordinary_recall"] for row in found.curve]
    left.plot(recall, [row["ordinary_precision"] for row in found.curve], marker=".", label="out of fold, without vetoes")
    left.plot(found.figures["ordinary_recall"], found.figures["ordinary_precision"], "o", color="C3", label="shipped line, with vetoes")
    left.set(xlabel="link recall (ordinary)", ylabel="link precision (ordinary)", title="Automatic line: the frontier")
    left.axhline(0.97, color="grey", linewidth=0.8, linestyle=":")
    left.legend()
    right.plot(recall, [row["lookalikes_joined"] for row in found.curve], marker=".")
    right.plot(found.figures["ordinary_recall"], found.figures["lookalikes_joined"], "o", color="C3")
    right.set(xlabel="link recall (ordinary)", ylabel="share of look-alikes joined", title="Look-alikes joined")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)
