"""From labelled reports to a pack: tables, cheap score, pairs, lines chosen out of fold, and at last the model of everything."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dedup.fitting.evaluation import fold_models, frontier, oof_points, simulated
from dedup.fitting.pairs import Labelled, Pairs, pairs_of, weights_of
from dedup.fitting.proposal import fit_proposal
from dedup.fitting.scores import Truth, measure
from dedup.fitting.tables import tables_of
from dedup.fitting.trees import fit, pruned
from dedup.kernels import Kernels
from dedup.pack import FORMAT, Pack
from dedup.policy import Policy, compile_pack, digest_of

Part = dict[str, Any]
PRECISION, LOOKALIKES, REVIEW_SHARE = 0.975, 0.08, 0.172
"""What the lines are set for, out of fold: a little better than what is promised (.97, .08, .18), since a line slips on other data."""
WINDOW_DAYS = 365
LIMITS = {
    "characters": 3000,
    "lead": 300,
    "candidates": 128,
    "finalists": 8,
    "finalists_a_case": 3,
    "finalist_floor": 640_000,
    "slots_max": 23,
}
OPEN = {"join": 10**6, "review": 10**6, "nearest": 10**6, "quoted": 10**6, "tie": 10**6, "margin": 0}
VETOES = ["exchanged", "numbers", "plates", "wishes"]


@dataclass(frozen=True, slots=True)
class Gold:
    """Labelled reports, what is known of each, pairs that do not count, and further texts without labels."""

    labelled: Labelled
    truths: Sequence[Truth]
    near: Mapping[str, set[str]]
    texts: Sequence[str]


Step = Callable[[str, int], Callable[[int], None]]
"""Name of a step and how many things it has to do -> hears how many are done."""


def make(gold: Gold, lexicon: Mapping[str, Any], name: str, kernels: Kernels, step: Step) -> tuple[Part, Part]:
    """Gold and lexicon -> the pack's parts, and the figures out of fold by which its lines were chosen."""
    labelled = gold.labelled
    told = step("tables", 1)
    tables = tables_of(gold.texts, lexicon)
    told(1)
    pack = {"format": FORMAT, "name": name, "fitted_on": "", "window_days": WINDOW_DAYS, "lines": OPEN, "limits": LIMITS, "vetoes": VETOES}
    pack |= {"lexicon": lexicon, **tables, "proposal": {}, "model": {"features": [], "trees": []}}
    told = step("cheap score", 1)
    pack["proposal"] = fit_proposal(labelled.reports, labelled.cases, policy_of(pack), kernels)
    told(1)
    pairs = pairs_of(labelled.reports, policy_of(pack), kernels, step("pairs", len(labelled.reports)))
    points = oof_points(labelled, pairs, fold_models(labelled, pairs, step("folds", 5)), kernels)
    lines, figures = choose(gold, pairs, points)
    told = step("model", 1)
    same, torn = pairs.same(labelled), pairs.torn(labelled)
    model = pruned(fit(pairs.values[~torn], same[~torn], weights_of(pairs, same)[~torn]))
    told(1)
    kept = ("ordinary_precision", "ordinary_recall", "lookalikes_joined", "found_top3", "review_share")
    note = (
        f"{len(labelled.reports)} reports in {len(set(labelled.cases))} cases, {len(pairs.new)} pairs; lines set out of fold at "
        + ", ".join(f"{key} {figures[key]}" for key in kept)
    )
    return pack | {"fitted_on": note, "lines": lines, "model": model}, figures


def policy_of(parts: Part) -> Policy:
    """Parts -> policy, as if read from a file."""
    return compile_pack(Pack.model_validate_json(json.dumps(parts)), digest_of(parts))


def choose(gold: Gold, pairs: Pairs, points: Any) -> tuple[Part, Part]:
    """Points out of fold -> the lines, and the figures there: most recall at the precision that is asked for, then most suggestions."""
    a_case = LIMITS["finalists_a_case"]

    def best_of(curve: list[Part]) -> int:
        good = [row for row in curve if row["ordinary_precision"] >= PRECISION and row["lookalikes_joined"] <= LOOKALIKES]
        return int(max(good, key=lambda row: row["ordinary_recall"], default=curve[-1])["line"])

    coarse = frontier(gold.labelled, gold.truths, gold.near, pairs, points, a_case)
    join = best_of(coarse)
    below = max((row["line"] for row in coarse if row["line"] < join), default=join)
    join = best_of(frontier(gold.labelled, gold.truths, gold.near, pairs, points, a_case, range(below, join + 1)))
    low, high = -200, join  # fewer reports carry a suggestion, the higher the line
    while high - low > 1:
        middle = (low + high) // 2
        found = measure(gold.truths, simulated(gold.labelled, pairs, points, join, middle, a_case), gold.near, spans=False)
        low, high = (middle, high) if found["review_share"] > REVIEW_SHARE else (low, middle)
    figures = measure(gold.truths, simulated(gold.labelled, pairs, points, join, high, a_case), gold.near)
    middle = (join + high) // 2
    return {"join": join, "review": high, "nearest": high, "quoted": middle, "tie": middle, "margin": 0}, figures
