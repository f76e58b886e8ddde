"""From hits to cases: streaming with a line, the search for each decider's best lines, and the scorer's figures with intervals."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from bench.gold import Gold, Row

PRECISION = 0.97
SUGGESTIONS = 3
RESAMPLES, SEED = 1000, 7
STEPS = 150
"""Lines tried over the whole range, and as many again around the best one."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Of each report the numbers of the nearest earlier ones, best first, -1 where there are no more, and how near they are."""

    numbers: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]

    def tops(self) -> npt.NDArray[np.float64]:
        """The best score of each report that has a hit."""
        return np.asarray(self.scores[:, 0][self.numbers[:, 0] >= 0])


def cases_at(hits: Hits, join: float) -> list[int]:
    """The case of each report, by the number of its founder: that of its nearest neighbour if that is near enough."""
    cases: list[int] = []
    for number, (nearest, score) in enumerate(zip(hits.numbers[:, 0].tolist(), hits.scores[:, 0].tolist(), strict=True)):
        cases.append(cases[nearest] if nearest >= 0 and score >= join else number)
    return cases


def review_line(hits: Hits, cases: list[int], share: float) -> float:
    """The lowest line at which no more than this share of all reports opens a case and carries a suggestion."""
    opened = [number for number, case in enumerate(cases) if case == number and hits.numbers[number, 0] >= 0]
    tops = sorted((float(hits.scores[number, 0]) for number in opened), reverse=True)
    allowed = int(share * len(cases))
    if allowed >= len(tops):
        return float("-inf")
    higher = [top for top in tops[:allowed] if top > tops[allowed]]
    return higher[-1] if higher else float("inf")


def decided(gold: Gold, hits: Hits, join: float, review: float) -> list[Row]:
    """What the scorer reads. Reports that open a case suggest those of their neighbours over the lower line, at most three."""
    cases = cases_at(hits, join)
    out = []
    for number, (report, case) in enumerate(zip(gold.reports, cases, strict=True)):
        near = zip(hits.numbers[number].tolist(), hits.scores[number].tolist(), strict=True)
        offered = [] if case != number else list(dict.fromkeys(cases[other] for other, score in near if other >= 0 and score >= review))
        out.append(
            {
                "source_id": report.source_id,
                "case_id": str(case),
                "suggestions": [{"case_id": str(one)} for one in offered[:SUGGESTIONS]],
            }
        )
    return out


class Ordinary:
    """The scorer's ordinary precision and recall, counted instead of compared pair by pair, so that many lines can be tried."""

    def __init__(self, gold: Gold) -> None:
        lookalike = {row["id"] for row in gold.rows if row.get("relation") == "different"}
        self._plain = [number for number, report in enumerate(gold.reports) if report.source_id not in lookalike]
        self._gold = [gold.case[report.source_id] for report in gold.reports]
        place = {report.source_id: number for number, report in enumerate(gold.reports)}
        kept = set(self._plain)
        self._near: dict[int, set[int]] = defaultdict(set)
        for one, two in gold.torn:
            pair = place[str(one)], place[str(two)]
            if kept.issuperset(pair):
                self._near[pair[0]].add(pair[1])
                self._near[pair[1]].add(pair[0])
        self._sizes = Counter(self._gold[number] for number in self._plain)

    def __call__(self, cases: list[int]) -> tuple[float, float]:
        """(precision, recall)."""
        together = Counter((cases[number], self._gold[number]) for number in self._plain)
        size = Counter(cases[number] for number in self._plain)
        right, found = [], []
        for number in self._plain:
            case, truth = cases[number], self._gold[number]
            same, mates = together[case, truth] - 1, size[case] - 1
            if self._sizes[truth] > 1:
                found.append(same / (self._sizes[truth] - 1))
            for other in self._near.get(number, ()):  # neither right nor wrong
                mates -= cases[other] == case
                same -= cases[other] == case and self._gold[other] == truth
            if mates:
                right.append(same / mates)
        return sum(right) / len(right) if right else 1.0, sum(found) / len(found)


def best_lines(gold: Gold, hits: Hits) -> tuple[float, float]:
    """(line of the highest ordinary F1, line of the highest ordinary recall with a precision of .97), searched on the gold data itself."""
    ordinary, tried = Ordinary(gold), {}

    def judge(lines: npt.NDArray[np.float64]) -> None:
        for line in lines.tolist():
            if line not in tried:
                tried[line] = ordinary(cases_at(hits, line))

    tops = np.unique(hits.tops())
    places = np.unique(np.linspace(0, len(tops) - 1, STEPS).astype(int))
    judge(tops[places])
    chosen = []
    for rank in (_by_f1, _by_recall):
        centre = int(np.searchsorted(tops, max(tried, key=lambda line: rank(*tried[line]))))
        reach = len(tops) // STEPS + 1
        judge(tops[max(centre - reach, 0) : centre + reach + 1])
        chosen.append(max(tried, key=lambda line: rank(*tried[line])))
    return chosen[0], chosen[1]


def _by_f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _by_recall(precision: float, recall: float) -> float:
    return recall if precision >= PRECISION else -1.0


def figures(gold: Gold, out: list[Row], scorer: ModuleType) -> Row:
    """The scorer's figures, and intervals of the ordinary ones as the scorer makes those of the links: bootstrap over gold cases."""
    found: Row = scorer.measure(gold.rows, out, gold.torn, resamples=20)
    return {key: value for key, value in found.items() if not key.startswith("link_")} | intervals(gold, out, scorer)


def intervals(gold: Gold, out: list[Row], scorer: ModuleType) -> Row:
    """95 % intervals of ordinary precision, recall and F1."""
    pred = {row["source_id"]: row["case_id"] for row in out}
    lookalike = {row["id"] for row in gold.rows if row.get("relation") == "different"}
    near: dict[str, set[str]] = defaultdict(set)
    for one, two in gold.torn:
        near[str(one)].add(str(two))
        near[str(two)].add(str(one))
    plain = {id_: case for id_, case in gold.case.items() if id_ not in lookalike}
    right, share, by_case, _ = scorer.link_shares(plain, pred, near)
    sums = np.array([_sums(right, ids) + _sums(share, ids) for ids in by_case.values()])
    draw = np.random.default_rng(SEED)
    drawn = np.array([sums[draw.integers(0, len(sums), len(sums))].sum(0) for _ in range(RESAMPLES)])
    precision, recall = drawn[:, 0] / drawn[:, 1], drawn[:, 2] / drawn[:, 3]
    values = {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}
    return {f"ordinary_{name}_95": [round(float(edge), 3) for edge in np.quantile(of, (0.025, 0.975))] for name, of in values.items()}


def _sums(shares: dict[str, float], ids: list[str]) -> tuple[float, int]:
    kept = [shares[id_] for id_ in ids if id_ in shares]
    return sum(kept), len(kept)
