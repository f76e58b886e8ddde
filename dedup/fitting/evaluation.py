"""How good a policy would be on reports it has not seen (折外评测): models by fold, decisions out of fold, the frontier, and strata.

A report is decided by a model that never saw a pair touching its case or any case of its fold. Rarity, sounds, vectors and the cheap score
come from the texts of all folds, without labels but for the cheap score's thirteen weights.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.fitting.pairs import FOLDS, Labelled, Pairs, folds_of, weights_of
from dedup.fitting.scores import Decided, Truth, mean, measure
from dedup.fitting.trees import fit
from dedup.kernels import Kernels
from dedup.matcher import SUGGESTIONS_MAX, Match, Matcher, case_points
from dedup.measures import FEATURES
from dedup.model import Model
from dedup.pack import Forest
from dedup.policy import Policy
from schemas.ids import case_id

Told = Callable[[int], None]


def model_of(part: dict[str, Any]) -> Model:
    """A fitted model, made ready."""
    return Model.of(Forest.model_validate_json(json.dumps(part)), FEATURES)


def fold_models(labelled: Labelled, pairs: Pairs, told: Told = lambda _: None) -> list[Model]:
    """For each fold a model of the pairs that touch none of its cases."""
    same, torn, folds = pairs.same(labelled), pairs.torn(labelled), folds_of(labelled.cases)
    weights = weights_of(pairs, same)
    models = []
    for fold in range(FOLDS):
        seen = (folds[pairs.new] != fold) & (folds[pairs.old] != fold) & ~torn
        models.append(model_of(fit(pairs.values[seen], same[seen], weights[seen])))
        told(fold + 1)
    return models


def oof_points(labelled: Labelled, pairs: Pairs, models: Sequence[Model], kernels: Kernels) -> npt.NDArray[np.int64]:
    """Points of each pair by the model of the newer report's fold."""
    folds, points = folds_of(labelled.cases)[pairs.new], np.zeros(len(pairs.new), np.int64)
    for fold, model in enumerate(models):
        mine = folds == fold
        points[mine] = model.points(model.chosen(pairs.values[mine]), kernels)
    return points


def decide_all(
    labelled: Labelled, policy: Policy, kernels: Kernels, models: Sequence[Model] = (), told: Told = lambda _: None
) -> Iterator[tuple[Decided, Match]]:
    """Each report through the matcher as in production; with models by fold, each by the model that has not seen it."""
    folds = folds_of(labelled.cases)
    policies = [replace(policy, model=model) for model in models] or [policy] * FOLDS
    matcher = Matcher(policy, kernels)
    for at, report in enumerate(labelled.reports):
        matcher.policy = policies[folds[at]]
        match = matcher.match(report)
        joined = match.evidence.case_id if match.action == "join" and match.evidence else None
        case = joined or case_id(report.report_id)
        matcher.place(report, case)
        suggested = tuple(one.case_id for one in (*match.suggestions, *match.ties))[:SUGGESTIONS_MAX]
        yield Decided(report.source_id, case, suggested), match
        told(at + 1)


def simulated(labelled: Labelled, pairs: Pairs, points: npt.NDArray[np.int64], join: int, review: int, a_case: int) -> list[Decided]:
    """The decisions at other lines, from points alone: what `decide_all` would do without vetoes, margin and the bound on finalists."""
    starts = np.searchsorted(pairs.new, np.arange(len(labelled.reports) + 1)).tolist()
    old, scored = pairs.old.tolist(), points.tolist()
    case: list[int] = []
    out = []
    for at, report in enumerate(labelled.reports):
        by_case: dict[int, list[int]] = defaultdict(list)
        for pair in range(starts[at], starts[at + 1]):
            by_case[case[old[pair]]].append(scored[pair])
        ranked = sorted(((case_points(sorted(found, reverse=True)[:a_case]), other) for other, found in by_case.items()), reverse=True)
        joined = bool(ranked) and ranked[0][0] >= join
        case.append(ranked[0][1] if joined else at)
        suggested = [str(other) for worth, other in ranked[joined:] if worth >= review]
        out.append(Decided(report.source_id, str(case[at]), tuple(suggested[:SUGGESTIONS_MAX])))
    return out


def frontier(
    labelled: Labelled,
    truths: Sequence[Truth],
    near: Mapping[str, set[str]],
    pairs: Pairs,
    points: npt.NDArray[np.int64],
    a_case: int,
    lines: Sequence[int] = (),
) -> list[dict[str, Any]]:
    """The figures at these lines; at forty, from many joins to few, where none are given."""
    best = [int(points[pairs.new == at].max(initial=-(10**6))) for at in range(len(labelled.reports))]
    lines = lines or sorted({int(line) for line in np.quantile(best, np.linspace(0.5, 0.98, 40))})
    return [{"line": line} | measure(truths, simulated(labelled, pairs, points, line, 10**6, a_case), near, spans=False) for line in lines]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Reports of one kind: how many, which share was joined rightly, which was joined or suggested rightly, which was joined wrongly."""

    name: str
    reports: int
    joined: float
    found: float
    wrong: float


def strata(truths: Sequence[Truth], labelled: Labelled, decided: Sequence[Decided]) -> list[Stratum]:
    """By relation and kind for the written records; by channel pair, length and gap for all reports that have an earlier mate."""
    truth = {one.source_id: one for one in truths}
    groups: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    members: dict[str, list[int]] = defaultdict(list)
    homes: dict[str, set[str]] = defaultdict(set)
    gold_of: dict[str, set[str]] = defaultdict(set)
    for at, (report, one) in enumerate(zip(labelled.reports, decided, strict=True)):
        gold = truth[report.source_id]
        joined = one.case_id in gold_of
        result = (
            one.case_id in homes[gold.case],
            not homes[gold.case].isdisjoint({one.case_id, *one.suggestions}),
            joined and gold.case not in gold_of[one.case_id],
        )
        for name in _groups(gold, at, labelled, members[gold.case]):
            groups[name].append(result)
        members[gold.case].append(at)
        homes[gold.case].add(one.case_id)
        gold_of[one.case_id].add(gold.case)
    return [
        Stratum(name, len(found), *(round(mean(result[part] for result in found), 3) for part in range(3)))
        for name, found in sorted(groups.items())
    ]


def _groups(gold: Truth, at: int, labelled: Labelled, mates: Sequence[int]) -> Iterable[str]:
    if gold.lookalike:
        yield f"look-alike: {gold.kind or 'unnamed'}"
        return
    if gold.relation:
        yield f"relation: {gold.relation}"
        yield f"kind: {gold.kind or 'unnamed'}"
    if not mates:
        yield "no earlier mate"
        return
    report, mate = labelled.reports[at], labelled.reports[mates[-1]]
    yield f"channels: {'-'.join(sorted((report.channel, mate.channel)))}"
    length = len(report.title) + len(report.body)
    yield f"length: {_bin(length, (80, 160, 320, 640))}"
    days = abs((report.effective_at - mate.effective_at).days)
    yield f"gap: {_bin(days, (1, 7, 30, 90))} days"


def _bin(value: int, bounds: Sequence[int]) -> str:
    return next((f"up to {bound}" for bound in bounds if value <= bound), f"over {bounds[-1]}")
