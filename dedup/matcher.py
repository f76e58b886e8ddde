"""The matcher: which case a report belongs to (判重). In memory, for one jurisdiction, a pure fold of what was placed and removed."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dedup.candidates import proposed
from dedup.evidence import evidence_of
from dedup.kernels import NUMPY, Kernels, Slots
from dedup.keys import Keys, keys_of
from dedup.measures import values_of
from dedup.pair import Pair, pair_of, quotes, quotes_own
from dedup.policy import Policy
from dedup.reading import Reading, Scan, read, scan, source_of
from dedup.ring import BITS_MIN, Ring
from dedup.table import Table
from dedup.vetoes import vetoes_of
from schemas.events import Evidence
from schemas.ids import case_id as case_id_of
from schemas.journal import ReportReceived

SUGGESTIONS_MAX = 3
READINGS_KEPT = 1024
LIVE_SHARE = 0.75
"""If more of the rows than this are in use by live cases, the index doubles; else rows of silent cases are used again."""

Action = Literal["join", "suggest", "open"]


@dataclass(frozen=True, slots=True)
class Match:
    """The proposal for one report. `evidence`: the case to join, else the nearest one; None if even that is below `lines.nearest`.

    `ties`: beside the case to join, others that the report is as near to: perhaps they are one case.
    """

    action: Action
    evidence: Evidence | None
    suggestions: tuple[Evidence, ...] = ()
    ties: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """A member of a case that was compared by all measures."""

    row: int
    pair: Pair
    values: npt.NDArray[np.int32]
    points: int


@dataclass(frozen=True, slots=True)
class Rival:
    """A case with the members that were compared, best one first, and its points."""

    case: int
    case_id: str
    compared: tuple[Compared, ...]
    points: int
    quoted: bool
    quoted_own: bool

    @property
    def best(self) -> Compared:
        """The member that speaks most for the case."""
        return self.compared[0]


def case_points(points: Sequence[int]) -> int:
    """Points of a case from those of its compared members, best first: half the best, half the mean. One lucky member is not enough."""
    return (points[0] + sum(points) // len(points)) // 2


class Matcher:
    """Reports and cases of one jurisdiction. `match` reads, `place` and `remove` change."""

    def __init__(self, policy: Policy, kernels: Kernels = NUMPY) -> None:
        self.policy = policy
        self._kernels = kernels
        self.ring = Ring(kernels, BITS_MIN)
        self.table = Table(1 << BITS_MIN, policy.dictionary)
        self.hand = 0
        self.latest = 0
        self.apart: dict[str, set[str]] = {}
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._last: tuple[ReportReceived, Scan, Keys] | None = None  # a report is usually matched, then placed
        self._last_reading: Reading | None = None

    # --- changing -----------------------------------------------------------------------------------------------------------------

    def place(self, report: ReportReceived, case_id: str) -> None:
        """The report becomes a member of the case, its founder if it is the first. A known one is revised and keeps its rank."""
        seen, keys = self._look(report)
        table = self.table
        row, after = self._free_row(), None  # first, since it may empty a row that the report is to stand behind
        if known := table.row_of(report.report_id):
            stays = table.case_id(int(table.reports.case[known])) == case_id
            alone = next(iter(table.members(int(table.reports.case[known])))) == known and not table.reports.following[known]
            before = self._drop(known)
            after = before if stays and not alone else None
        self.latest = max(self.latest, seen.source.time)
        table.put(row, seen.source, keys, case_id, after)
        self.ring.insert(row, keys.entered)
        if self._last_reading is not None:
            self._remember(report.report_id, self._last_reading)
        founder = table.founder(int(table.reports.case[row]))
        if founder != row:  # the founder of a case that still grows stays findable
            self.ring.insert(founder, keys_of(scan(table.source(founder), self.policy), self.policy).entered)

    def remove(self, report_id: str) -> None:
        """The report is forgotten (withdrawn). One that is not here, or had given way already, is no error."""
        if row := self.table.row_of(report_id):
            self._drop(row)

    def keep_apart(self, one: str, two: str) -> None:
        """These two reports never in one case (不得并单): the machine neither joins nor suggests it."""
        self.apart.setdefault(one, set()).add(two)
        self.apart.setdefault(two, set()).add(one)

    def case_of(self, report_id: str) -> str | None:
        """The case in which the report was placed; None if it is not here."""
        row = self.table.row_of(report_id)
        return self.table.case_id(int(self.table.reports.case[row])) if row else None

    def _drop(self, row: int) -> int:
        self._readings.pop(self.table.report_id(row), None)
        return self.table.drop(row)

    def _free_row(self) -> int:
        """The next row: a new one while there are any; then the index doubles, or rows of silent cases are used again."""
        size = 1 << self.ring.bits
        for _ in range(2 * size):
            self.hand += 1
            if self.hand == size:
                self.hand = 1
                if self._live_share() > LIVE_SHARE and self.ring.bits < self.policy.limits.slots_max:
                    self.ring.grow()
                    self.table.reports.grow(2 * size)
                    self.hand, size = size, 2 * size
            case = int(self.table.reports.case[self.hand])
            if not case:
                return self.hand
            silent = self.latest - int(self.table.cases.newest[case]) > self.policy.window
            if silent or self.ring.bits == self.policy.limits.slots_max:
                self._drop(self.hand)
                return self.hand
        raise AssertionError("every row was looked at twice")

    def _live_share(self) -> float:
        case = self.table.reports.case
        live = self.latest - self.table.cases.newest[case] <= self.policy.window
        return float(np.count_nonzero(live & (case != 0))) / len(case)

    # --- reading ------------------------------------------------------------------------------------------------------------------

    def match(self, report: ReportReceived, *, exclude_cases: AbstractSet[str] = frozenset(), only_same_person: bool = False) -> Match:
        """What to do with a report. Changes nothing. `only_same_person`: join only where that person has reported before."""
        rivals = self.rivals(report, exclude_cases)
        if not rivals:
            return Match("open", None)
        best, *others = rivals
        runner_up = others[0] if others else None
        lines = self.policy.lines
        if self._joins(report, best, runner_up, only_same_person=only_same_person):
            line = lines.quoted if best.quoted else lines.join
            ties = tuple(self._evidence(rival, best, lines.tie) for rival in others[:SUGGESTIONS_MAX] if rival.points >= lines.tie)
            return Match("join", self._evidence(best, runner_up, line), ties=ties)
        near = [rival for rival in rivals if rival.quoted or rival.points >= lines.review][:SUGGESTIONS_MAX]
        suggestions = tuple(self._evidence(rival, best if rival is not best else runner_up, lines.review) for rival in near)
        if suggestions:
            return Match("suggest", suggestions[0], suggestions)
        return Match("open", self._evidence(best, runner_up, lines.review) if best.points >= lines.nearest else None)

    def rivals(self, report: ReportReceived, exclude_cases: AbstractSet[str] = frozenset()) -> list[Rival]:
        """The cases that come into question, best first: a quoted one of the same person, then by points, then by the newer member."""
        seen, keys = self._look(report)
        rows = self.finalists(seen, keys, exclude_cases)
        if not rows:
            return []
        reading = self._last_reading = self._last_reading or read(seen, self.policy)
        compared = self.compare_all(reading, rows)
        by_case: dict[int, list[Compared]] = {}
        for one in compared:
            by_case.setdefault(int(self.table.reports.case[one.row]), []).append(one)
        rivals = [self._rival(case, members) for case, members in by_case.items()]
        return sorted(rivals, key=lambda rival: (-rival.quoted_own, -rival.points, -rival.best.row))

    def finalists(self, seen: Scan, keys: Keys, exclude_cases: AbstractSet[str]) -> list[int]:
        """Rows of the reports that are compared by all measures: exact ones first, then by the cheap score, a few of a case."""
        reports = self.table.reports
        excluded = [case for case in map(self.table.case_row, exclude_cases) if case]
        excluded += [int(reports.case[row]) for row in map(self.table.row_of, self.apart.get(seen.source.report_id, ())) if row]
        own = self.table.row_of(seen.source.report_id)

        def attracts(slots: Slots) -> npt.NDArray[np.bool_]:
            case = reports.case[slots]
            silent = seen.source.time - self.table.cases.newest[case] > self.policy.window
            return np.asarray((case != 0) & ~silent & (slots != own) & ~np.isin(case, excluded))

        limits = self.policy.limits
        slots, signs, exact = proposed(
            keys, seen.source.time, seen.source.quoted_number, self.ring, self.table, attracts, limits.candidates
        )
        scores = signs @ self.policy.proposal
        passing = np.flatnonzero(exact | (scores >= limits.finalist_floor))
        ordered = passing[np.lexsort((-slots[passing], -scores[passing], ~exact[passing]))]
        taken = Counter[int]()
        rows: list[int] = []
        for row in slots[ordered].tolist():
            case = int(reports.case[row])
            taken[case] += 1
            if taken[case] <= limits.finalists_a_case:
                rows.append(row)
            if len(rows) == limits.finalists:
                break
        return rows

    def compare_all(self, reading: Reading, rows: Sequence[int]) -> list[Compared]:
        """The report beside each of these rows, by all measures."""
        pairs = [pair_of(reading, self._reading_at(row)) for row in rows]
        values = np.array([values_of(pair) for pair in pairs], np.int32)
        points = self.policy.model.points(self.policy.model.chosen(values), self._kernels)
        return [Compared(*one) for one in zip(rows, pairs, values, points, strict=True)]

    def _rival(self, case: int, members: list[Compared]) -> Rival:
        ordered = sorted(members, key=lambda one: (-quotes_own(one.pair), -one.points, -one.row))
        points = case_points(sorted((one.points for one in members), reverse=True))
        quoted, own = any(quotes(one.pair) for one in members), quotes_own(ordered[0].pair)
        return Rival(case, self.table.case_id(case), tuple(ordered), points, quoted, own)

    def _joins(self, report: ReportReceived, best: Rival, runner_up: Rival | None, *, only_same_person: bool) -> bool:
        lines = self.policy.lines
        if only_same_person and not self._reported_by(report, best):
            return False
        if best.quoted_own:
            return True  # that needs no likeness
        if best.points < (lines.quoted if best.quoted else lines.join) or vetoes_of(best.best.pair, self.policy.vetoes):
            return False
        return runner_up is None or best.quoted or best.points - runner_up.points >= lines.margin

    def _reported_by(self, report: ReportReceived, rival: Rival) -> bool:
        persons = set(report.persons)
        return any(not persons.isdisjoint(self.table.source(row).persons) for row in self.table.members(rival.case))

    def _look(self, report: ReportReceived) -> tuple[Scan, Keys]:
        if self._last is None or self._last[0] is not report:
            seen = scan(source_of(report), self.policy)
            self._last = (report, seen, keys_of(seen, self.policy))
            self._last_reading = None
        return self._last[1], self._last[2]

    def _reading_at(self, row: int) -> Reading:
        report_id = self.table.report_id(row)
        found = self._readings.pop(report_id, None) or read(scan(self.table.source(row), self.policy), self.policy)
        self._remember(report_id, found)
        return found

    def _remember(self, report_id: str, reading: Reading) -> None:
        self._readings[report_id] = reading
        if len(self._readings) > READINGS_KEPT:
            self._readings.popitem(last=False)

    def _evidence(self, rival: Rival, other: Rival | None, line: int) -> Evidence:
        best = rival.best
        evidence = evidence_of(
            best.pair,
            best.values,
            self.policy,
            rival.case_id,
            line,
            points=best.points,
            case_points=rival.points,
            others=len(rival.compared) - 1,
        )
        if other is None:
            return evidence
        return evidence.model_copy(update={"runner_up_case_id": other.case_id, "runner_up_points": other.points})


def compare(new: ReportReceived, old: ReportReceived, policy: Policy) -> Evidence:
    """Any two reports side by side, as if the older one had founded its case alone. Line: the joining line."""
    pair = pair_of(read(scan(source_of(new), policy), policy), read(scan(source_of(old), policy), policy))
    values = np.array(values_of(pair), np.int32)
    points = policy.model.points(policy.model.chosen(values[None]))[0]
    return evidence_of(pair, values, policy, case_id_of(old.report_id), policy.lines.join, points=points, case_points=points, others=0)
