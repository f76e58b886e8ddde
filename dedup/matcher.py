"""The matcher: which case a report belongs to. In memory, for one jurisdiction, a pure fold of what was placed and removed."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from dedup.evidence import evidence_of
from dedup.features import Features, features_of
from dedup.index import Postings
from dedup.measures import Line, Pair, Probe, card_of, quotes_own, vetoes_of
from dedup.policy import Policy
from schemas.events import Evidence
from schemas.ids import case_id as case_id_of
from schemas.journal import ReportReceived

SUGGESTIONS_MAX = 3
RECENT_OF_A_PERSON = 8

Action = Literal["join", "suggest", "open"]


@dataclass(frozen=True, slots=True)
class Match:
    """The proposal for one report. `evidence`: the case to join, else the nearest one; None if even that is below `lines.nearest`."""

    action: Action
    evidence: Evidence | None
    suggestions: tuple[Evidence, ...]
    features: Features


@dataclass(slots=True)
class _Case:
    """Slots of the members, founder first, and the newest effective time among them."""

    members: list[int] = field(default_factory=list)
    newest: int = 0


@dataclass(frozen=True, slots=True)
class _Scored:
    pair: Pair
    slot: int
    card: list[Line]
    points: int


@dataclass(frozen=True, slots=True)
class _Rival:
    """A case with the members that were compared, best one first."""

    case_id: str
    scored: tuple[_Scored, ...]
    quoted: bool

    @property
    def best(self) -> _Scored:
        return self.scored[0]


class Matcher:
    """Reports and cases of one jurisdiction. `match` reads, `place` and `remove` change; each costs about the length of the report."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._next = 1
        self._features: dict[int, Features] = {}
        self._slots: dict[str, int] = {}
        self._case_ids: dict[int, str] = {}
        self._cases: dict[str, _Case] = {}
        self._bigrams = Postings(policy.limits.postings, policy.limits.entries)
        self._persons = Postings(RECENT_OF_A_PERSON)
        self._numbers = Postings(RECENT_OF_A_PERSON)
        self._last: tuple[ReportReceived, Features] | None = None  # a report is usually matched, then placed

    def place(self, report: ReportReceived, case_id: str) -> None:
        """The report becomes a member of the case, its founder if it is the first. A known one is revised and keeps its rank."""
        features = self._features_of(report)
        rank = None
        if features.report_id in self._slots:
            slot = self._slots[features.report_id]
            rank = self._cases[case_id].members.index(slot) if self._case_ids[slot] == case_id else None
            self.remove(features.report_id)
        slot = self._next
        self._next += 1
        case = self._cases.setdefault(case_id, _Case(newest=features.time))
        case.members.insert(len(case.members) if rank is None else rank, slot)
        case.newest = max(case.newest, features.time)
        self._slots[features.report_id] = slot
        self._features[slot] = features
        self._case_ids[slot] = case_id
        self._bigrams.add(slot, features.codes[: features.keys])
        self._persons.add(slot, features.persons)
        self._numbers.add(slot, (features.source_id,))
        if (founder := case.members[0]) != slot:
            kept = self._features[founder]
            self._bigrams.keep(founder, kept.codes[: kept.keys])

    def remove(self, report_id: str) -> None:
        """The report is forgotten (withdrawn, or its case long silent). Raises KeyError if it is not here."""
        slot = self._slots.pop(report_id)
        features, case_id = self._features.pop(slot), self._case_ids.pop(slot)
        self._bigrams.discard(slot, features.codes[: features.keys])
        self._persons.discard(slot, features.persons)
        self._numbers.discard(slot, (features.source_id,))
        case = self._cases[case_id]
        case.members.remove(slot)
        if case.members:
            case.newest = max(self._features[member].time for member in case.members)
        else:
            del self._cases[case_id]

    def case_of(self, report_id: str) -> str | None:
        """The case in which the report was placed; None if it is not here."""
        slot = self._slots.get(report_id)
        return None if slot is None else self._case_ids[slot]

    def match(self, report: ReportReceived, *, exclude_cases: AbstractSet[str] = frozenset(), only_same_person: bool = False) -> Match:
        """What to do with a report. Changes nothing. `only_same_person`: join only where that person has reported before."""
        features = self._features_of(report)
        rivals = self._rivals(features, exclude_cases)
        if not rivals:
            return Match("open", None, (), features)
        best, *others = rivals
        runner_up = others[0] if others else None
        if self._joins(features, best, runner_up, only_same_person=only_same_person):
            line = self.policy.lines.quoted if best.quoted else self.policy.lines.join
            return Match("join", self._evidence(best, runner_up, line), (), features)
        review = self.policy.lines.review
        near = [rival for rival in rivals if rival.quoted or rival.best.points >= review][:SUGGESTIONS_MAX]
        suggestions = tuple(self._evidence(rival, best if rival is not best else runner_up, review) for rival in near)
        if suggestions:
            return Match("suggest", suggestions[0], suggestions, features)
        nearest = self._evidence(best, runner_up, review) if best.best.points >= self.policy.lines.nearest else None
        return Match("open", nearest, (), features)

    def _features_of(self, report: ReportReceived) -> Features:
        if self._last is None or self._last[0] is not report:
            self._last = (report, features_of(report, self.policy))
        return self._last[1]

    def _candidates(self, features: Features, excluded: AbstractSet[str]) -> Iterator[int]:
        """Slots worth comparing, best first: reports with the most rare bigrams in common, then the person's newest ones."""
        left = self.policy.limits.candidates
        for slot in self._bigrams.find(features.codes[: features.keys]):
            if self._attracts(slot, features, excluded):
                yield slot
                left -= 1
                if not left:
                    break
        for person in sorted(features.persons):
            yield from (slot for slot in self._persons.of(person)[::-1] if self._attracts(slot, features, excluded))

    def _attracts(self, slot: int, features: Features, excluded: AbstractSet[str]) -> bool:
        case_id = self._case_ids[slot]
        silent = features.time - self._cases[case_id].newest > self.policy.window
        return not silent and case_id not in excluded and self._features[slot].report_id != features.report_id

    def _rivals(self, features: Features, excluded: AbstractSet[str]) -> list[_Rival]:
        """The cases that come into question, best first: a quoted one of the same person, then by points, then by the newer member."""
        limits = self.policy.limits
        probe = Probe(features)
        quoted = [slot for slot in self._quoted(features) if self._attracts(slot, features, excluded)]
        pairs = {slot: probe.beside(self._features[slot]) for slot in self._candidates(features, excluded)}
        near = sorted(((pair.cosine, slot) for slot, pair in pairs.items() if pair.cosine >= limits.finalist_floor), reverse=True)
        by_case: dict[str, list[_Scored]] = {}
        left = limits.finalists
        for slot in [*quoted, *(slot for _, slot in near if slot not in quoted)]:
            members = by_case.setdefault(self._case_ids[slot], [])
            if left and len(members) < limits.finalists_a_case:
                left -= 1
                pair = pairs.get(slot) or probe.beside(self._features[slot])
                members.append(self._scored(pair, slot))
        marked = {self._case_ids[slot] for slot in quoted}
        rivals = [
            _Rival(case_id, tuple(sorted(members, key=lambda one: (-quotes_own(one.pair), -one.points, -one.slot))), case_id in marked)
            for case_id, members in by_case.items()
            if members
        ]
        return sorted(rivals, key=lambda rival: (-quotes_own(rival.best.pair), -rival.best.points, -rival.best.slot))

    def _scored(self, pair: Pair, slot: int) -> _Scored:
        card = card_of(pair, self.policy)
        return _Scored(pair, slot, card, sum(line.points for line in card))

    def _quoted(self, features: Features) -> tuple[int, ...]:
        return self._numbers.of(features.quoted_number) if features.quoted_number else ()

    def _reported_by(self, features: Features, rival: _Rival) -> bool:
        members = self._cases[rival.case_id].members
        return any(not features.persons.isdisjoint(self._features[member].persons) for member in members)

    def _joins(self, features: Features, best: _Rival, runner_up: _Rival | None, *, only_same_person: bool) -> bool:
        lines, top = self.policy.lines, best.best
        if vetoes_of(top.pair, self.policy) or (only_same_person and not self._reported_by(features, best)):
            return False
        if quotes_own(top.pair):
            return True  # that needs no likeness
        line = lines.quoted if best.quoted else lines.join
        if top.points < line or top.pair.cosine < lines.text_floor:
            return False
        if runner_up is not None and not best.quoted and top.points - runner_up.best.points < lines.margin:
            return False
        return self._supported(features, best)

    def _supported(self, features: Features, best: _Rival) -> bool:
        """The founder or a second member is near too, so that a case does not grow into a chain."""
        review = self.policy.lines.review
        founder = self._cases[best.case_id].members[0]
        if best.best.slot == founder or any(other.points >= review for other in best.scored[1:]):
            return True
        return self._scored(Probe(features).beside(self._features[founder]), founder).points >= review

    def _evidence(self, rival: _Rival, other: _Rival | None, line: int) -> Evidence:
        evidence = evidence_of(rival.best.pair, rival.best.card, self.policy, rival.case_id, line)
        if other is None:
            return evidence
        return evidence.model_copy(update={"runner_up_case_id": other.case_id, "runner_up_points": other.best.points})


def compare(new: ReportReceived, old: ReportReceived, policy: Policy) -> Evidence:
    """Any two reports side by side, as if the older one had founded its case alone. Line: the joining line."""
    pair = Probe(features_of(new, policy)).beside(features_of(old, policy))
    return evidence_of(pair, card_of(pair, policy), policy, case_id_of(old.report_id), policy.lines.join)
