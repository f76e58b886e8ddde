"""What two reports are compared by. Each measure gives one or two whole numbers; the pack's table turns them into points.

Shares are in permille. -1 stands for "cannot be said" (no name on one side, nobody known). A docstring here is what an operator
reads about the measure of that name. Sentences are built in `dedup.evidence`, and only for pairs that somebody gets to see.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isqrt
from operator import mul
from typing import NamedTuple

from rapidfuzz.distance import LCSseq, Levenshtein

from dedup.features import Features
from dedup.policy import SECONDS_A_DAY, Policy

UNKNOWN = -1
STRONG_KINDS = (".phone.", ".id.")
ENDING = 2
SUBSTITUTED_WEIGHT_MIN = 120
BEYOND_NAMES_MIN = 40  # permille
NEAR_COPY = 500  # permille of common text
SAME_PATTERN = 70  # percent of the subjects that two of one pattern have in common
EVEN_BITS = 0x55555555


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports, the newer one first, and the bigrams that both have."""

    new: Features
    old: Features
    weights: dict[int, int]  # of the newer report's bigrams
    shared: set[int]
    common: int  # weight of the shared bigrams
    cosine: int  # permille


class Probe:
    """One report to be compared with many."""

    __slots__ = ("_codes", "_weights", "features")

    def __init__(self, features: Features) -> None:
        self.features = features
        self._codes = set(features.codes)
        self._weights = dict(zip(features.codes, features.rarities, strict=True))

    def beside(self, old: Features) -> Pair:
        """The pair with an older report: cost rises with the length of that one."""
        new = self.features
        shared = self._codes.intersection(old.codes)
        weights = list(map(self._weights.__getitem__, shared))
        product = new.norm * old.norm
        cosine = sum(map(mul, weights, weights)) * 1000 // isqrt(product) if product else 0
        return Pair(new, old, self._weights, shared, sum(weights), cosine)


def _covered(pair: Pair, codes: Iterable[int], weight: int) -> int:
    """Permille of these bigrams, by weight, that both texts have."""
    if not weight:
        return UNKNOWN
    return sum(map(pair.weights.__getitem__, pair.shared.intersection(codes))) * 1000 // weight


def text(pair: Pair) -> tuple[int, int]:
    """文字重合: rarity-weighted cosine of both texts' bigrams; beside it, how long the shorter text is in percent of the longer."""
    longer = max(pair.new.weight, pair.old.weight)
    return pair.cosine, min(pair.new.weight, pair.old.weight) * 100 // longer if longer else 0


def containment(pair: Pair) -> tuple[int, int]:
    """短文见于长文: share of the shorter text that the longer one has (a note against a letter); beside it, the weight of the shorter."""
    shorter = min(pair.new.weight, pair.old.weight)
    return pair.common * 1000 // shorter if shorter else 0, shorter


def subject(pair: Pair) -> tuple[int, int]:
    """主题词: share of the subject, without stock phrases, that the other text has: the better direction, beside it the worse."""
    one = _covered(pair, pair.new.subject, pair.new.subject_weight)
    two = _covered(pair, pair.old.subject, pair.old.subject_weight)
    return max(one, two), min(one, two)


def named(pair: Pair) -> tuple[int, int]:
    """地名和单位: share of what the names consist of that the other text has: the better direction, beside it the worse."""
    one = _covered(pair, pair.new.named, pair.new.named_weight)
    two = _covered(pair, pair.old.named, pair.old.named_weight)
    return max(one, two), min(one, two)


def missing(mine: Features, other: Features) -> list[tuple[str, int]]:
    """Names, with their weight, that only the first report has; heaviest first."""
    return [(name, weight) for name, weight in mine.names if name not in other.plain]


def same_name(pair: Pair) -> tuple[int, str]:
    """The heaviest name that stands in both texts, and its weight; (0, "") if there is none."""
    return max(_heaviest(pair.new, pair.old)[0], _heaviest(pair.old, pair.new)[0])


def _heaviest(mine: Features, other: Features) -> tuple[tuple[int, str], int]:
    """Of one report's names: the heaviest that the other text has, and the weight of the heaviest that it lacks."""
    shared, alone = (0, ""), 0
    for name, weight in mine.names:
        if name in other.plain:
            shared = shared if shared[0] else (weight, name)
        else:
            alone = alone or weight
        if alone and shared[0]:
            break
    return shared, alone


def names(pair: Pair) -> tuple[int, int]:
    """同一名称: weight of the heaviest name that both have; beside it, the heaviest name that only one has (the lighter side's)."""
    (one, mine), (two, other) = _heaviest(pair.new, pair.old), _heaviest(pair.old, pair.new)
    return max(one[0], two[0]), min(mine, other) if pair.new.names and pair.old.names else UNKNOWN


def order(pair: Pair) -> tuple[int, int]:
    """标题: percent of the shorter title (or first words) that stands in the other one in the same order; beside it nothing."""
    shorter = min(len(pair.new.head), len(pair.old.head))
    return LCSseq.similarity(pair.new.head, pair.old.head) * 100 // shorter if shorter else UNKNOWN, 0


def numbers(pair: Pair) -> tuple[int, int]:
    """编号: how many numbered things (栋, 期, 号线, 路) agree; beside it, how many kinds both have without one agreeing."""
    return len(pair.new.numbers & pair.old.numbers), len(conflicts(pair))


def conflicts(pair: Pair) -> list[str]:
    """Kinds of numbered things that both texts have, and none the same (3栋／5栋)."""
    if not (pair.new.numbers and pair.old.numbers):
        return []
    same = set(map(kind_of, pair.new.numbers & pair.old.numbers))
    return sorted((set(map(kind_of, pair.new.numbers)) & set(map(kind_of, pair.old.numbers))) - same)


def kind_of(item: str) -> str:
    """Numbered thing -> its kind: 3栋 -> 栋, g107 -> 道."""
    return item.lstrip("0123456789") if item[0].isdigit() else "道"


def person(pair: Pair) -> tuple[int, int]:
    """同一人: -1 somebody unknown, 0 different, 1 the same account, 2 the same phone or identity number; beside it nothing."""
    if not (pair.new.persons and pair.old.persons):
        return UNKNOWN, 0
    same = pair.new.persons & pair.old.persons
    if not same:
        return 0, 0
    return 2 if any(kind in token for token in same for kind in STRONG_KINDS) else 1, 0


def gap(pair: Pair) -> tuple[int, int]:
    """相隔: whole days between the two reports; beside it nothing."""
    return abs(pair.new.time - pair.old.time) // SECONDS_A_DAY, 0


def wishes(pair: Pair) -> tuple[int, int]:
    """诉求方向: 1 if one wants what the other does not (支持/反对, 保留/拆除), else 0."""
    return (1 if opposite(pair) else 0), 0


def opposite(pair: Pair) -> int:
    """Bits (the first side's) of the wishes about which the two say opposite things. Who uses words of both sides says neither."""
    one, two = (_one_sided(features.wishes) for features in (pair.new, pair.old))
    return (one & EVEN_BITS & (two >> 1)) | ((one >> 1) & two & EVEN_BITS)


def _one_sided(bits: int) -> int:
    both = bits & (bits >> 1) & EVEN_BITS
    return bits & ~(both | (both << 1))


def substituted(pair: Pair) -> tuple[str, str] | None:
    """What stands in one subject where the other has something else, so that two places or firms are meant: (the newer's, the older's).

    Either names that end alike and begin differently, where the texts share no name; or, in texts that are nearly copies, a rare word for
    another one (a series of one writer, or a form letter with the place exchanged).
    """
    if pair.cosine >= NEAR_COPY:
        return _exchanged(pair)
    if same_name(pair)[0]:
        return None
    for mine, weight in missing(pair.new, pair.old):
        for other, other_weight in missing(pair.old, pair.new):
            heavy = min(weight, other_weight) >= SUBSTITUTED_WEIGHT_MIN
            alike = mine[-ENDING:] == other[-ENDING:] and set(mine[:-ENDING]).isdisjoint(other[:-ENDING])
            if heavy and alike and mine in pair.new.head and other in pair.old.head:
                return mine, other
    return None


def _exchanged(pair: Pair) -> tuple[str, str] | None:
    mine, other = pair.new.head, pair.old.head
    if Levenshtein.distance(mine, other) * 100 > (100 - SAME_PATTERN) * max(len(mine), len(other)):
        return None
    for step in Levenshtein.opcodes(other, mine):
        if step.tag == "replace":
            there, here = other[step.src_start : step.src_end], mine[step.dest_start : step.dest_end]
            # one character may be a slip of the pen; what both texts have elsewhere was only moved
            if (
                min(len(there), len(here)) > 1
                and set(there).isdisjoint(here)
                and here not in pair.old.plain
                and there not in pair.new.plain
            ):
                return here, there
    return None


def beyond_names(pair: Pair) -> int:
    """Permille of the shorter text, names left out, that both have: next to nothing means one place and two problems."""
    of = pair.weights
    weight = sum(map(of.__getitem__, pair.shared.intersection(pair.new.named).union(pair.shared.intersection(pair.old.named))))
    shorter = min(pair.new.weight, pair.old.weight) - weight
    return (pair.common - weight) * 1000 // shorter if shorter > 0 else 1000


MEASURES: dict[str, Callable[[Pair], tuple[int, int]]] = {
    measure.__name__: measure for measure in (text, containment, subject, named, names, order, numbers, person, gap, wishes)
}
"""By the name that stands in packs and in events."""

VETOES: dict[str, Callable[[Pair], bool]] = {
    "names": lambda pair: substituted(pair) is not None,
    "topic": lambda pair: beyond_names(pair) < BEYOND_NAMES_MIN,
    "numbers": lambda pair: bool(conflicts(pair)),
    "wishes": lambda pair: bool(opposite(pair)),
}
"""What stands against joining by machine, whatever the points; by the name that stands in packs."""

OF_TEXT = ("names", "topic")


class Line(NamedTuple):
    """One measure's line on the card of a pair: its two values and their points."""

    name: str
    u: int
    v: int
    points: int


def card_of(pair: Pair, policy: Policy) -> list[Line]:
    """The pack's measures of a pair; the pair's points are their sum."""
    card = []
    for name, table in policy.measures.items():
        u, v = MEASURES[name](pair)
        card.append(Line(name, u, v, table.points[bisect_right(table.rows, u)][bisect_right(table.columns, v)]))
    return card


def quotes(pair: Pair) -> bool:
    """The newer report quotes the older one's number."""
    return pair.new.quoted_number is not None and pair.new.quoted_number == pair.old.source_id


def quotes_own(pair: Pair) -> bool:
    """The newer report quotes the older one's number, and the same person sent both."""
    return quotes(pair) and not pair.new.persons.isdisjoint(pair.old.persons)


def vetoes_of(pair: Pair, policy: Policy) -> list[str]:
    """The pack's vetoes that stand against joining. A person who quotes an own number need not repeat the text."""
    return [name for name in policy.vetoes if VETOES[name](pair) and not (name in OF_TEXT and quotes_own(pair))]
