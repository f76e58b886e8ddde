"""onecase itself: its matcher with its shipped policy pack and its shipped lines. The only module here that knows its inside."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

from bench.gold import Report
from bench.peers.subject import Hit, Setup
from dedup.fitting.evaluation import fold_models
from dedup.fitting.pairs import Labelled, folds_of, pairs_of
from dedup.matcher import Match, Matcher
from dedup.policy import Policy, parse_policy
from schemas.ids import case_id
from streams.shell.kernels import fastest

JOIN, REVIEW = 1.0, 0.5
"""Its own lines decide; the benchmark only hears which one was reached."""


def pack() -> bytes:
    """The shipped pack. Raises ValueError if there is not exactly one."""
    (only,) = [file for file in files("dedup").joinpath("packs").iterdir() if file.name.endswith(".json")]
    return only.read_bytes()


def fitted_on() -> str:
    """What the pack says about where it comes from."""
    return str(json.loads(pack()).get("fitted_on", ""))


class Onecase:
    """A case goes by the number of its founder. Each report is decided by a model that has seen no pair of its case."""

    def __init__(self, matcher: Matcher, policies: Mapping[str, Policy]) -> None:
        self._matcher = matcher
        self._policies = policies
        self._founders: dict[str, int] = {}
        self._last: tuple[Report, Match] | None = None

    def ask(self, report: Report) -> Sequence[Hit]:
        self._matcher.policy = self._policies.get(report.source_id, self._matcher.policy)
        match = self._matcher.match(report)
        self._last = (report, match)
        if match.action == "join" and match.evidence:
            return [(self._founders[match.evidence.case_id], JOIN)]
        return [(self._founders[one.case_id], REVIEW) for one in match.suggestions]

    def add(self, number: int, report: Report) -> None:
        match = self._last[1] if self._last and self._last[0] is report else None
        case = match.evidence.case_id if match and match.action == "join" and match.evidence else case_id(report.report_id)
        self._founders.setdefault(case, number)
        self._matcher.place(report, case)

    def stored(self) -> int | None:
        return None

    def versions(self) -> dict[str, str]:
        return {"policy pack": json.loads(pack())["name"]}

    def close(self) -> None:
        pass


def build(setup: Setup) -> Onecase:
    """The shipped pack with its model fitted anew for each fold of the cases (out of fold), and an empty matcher."""
    policy, kernels, gold = parse_policy(pack()), fastest(), setup.gold
    torn = frozenset(frozenset(map(str, pair)) for pair in gold.torn)
    labelled = Labelled(gold.reports, [gold.case[report.source_id] for report in gold.reports], torn)
    models = fold_models(labelled, pairs_of(labelled.reports, policy, kernels))
    policies = [replace(policy, model=model) for model in models]
    folds = folds_of(labelled.cases).tolist()
    by_report = {report.source_id: policies[fold] for report, fold in zip(gold.reports, folds, strict=True)}
    return Onecase(Matcher(policy, kernels), by_report)
