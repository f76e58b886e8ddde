"""How far the wording is the same, and what kind of texts they are."""

from math import isqrt

from rapidfuzz.distance import LCSseq

from dedup.pair import UNKNOWN, Pair, covered, mass, passages
from dedup.reading import RARE

Values = tuple[int, ...]

TEXT = (
    "cosine",
    "contained",
    "contained_weight",
    "jaccard",
    "opening",
    "order",
    "head_in_new",
    "head_in_old",
    "passage",
    "passages",
    "rare",
    "rare_share",
)
BEGINNING, PASSAGES = 150, 3


def text(pair: Pair) -> Values:
    """文字重合: rarity-weighted cosine; the shorter text's share in the longer; common share of all; openings; passages."""
    new, old = pair.new, pair.old
    shorter, everything = min(new.weight, old.weight), new.weight + old.weight - pair.common
    one, two = new.plain[:BEGINNING], old.plain[:BEGINNING]
    found = [passage.weight for passage in passages(pair, PASSAGES)]
    rare, rarest = sum([new.weights[code] >= RARE for code in pair.shared]), min(new.rare, old.rare)
    opening = mass(new.opening.codes, old.opening.codes, new.weights)
    return (
        pair.cosine,
        pair.common * 1000 // shorter if shorter else UNKNOWN,
        pair.common,
        pair.common * 1000 // everything if everything else UNKNOWN,
        opening * 1000 // new.opening.weight if new.opening.weight else UNKNOWN,
        LCSseq.similarity(one, two) * 2000 // (len(one) + len(two) or 1),
        covered(new.heading, pair.shared, new.weights),
        covered(old.heading, pair.shared, old.weights),
        found[0] if found else 0,
        sum(found),
        rare,
        rare * 1000 // rarest if rarest else UNKNOWN,
    )


FORM = ("length_ratio", "subject_size", "chases")


def form(pair: Pair) -> Values:
    """体裁: how many times longer the longer text is (100 x square root), how much subject there is, whether it chases (催办).

    Neither the channels nor the length of the shorter text: the written records of gold tell of one board message each, so that two of them
    are seldom one case, and a model that sees this learns that two callers never mean the same thing. In life they do.
    """
    lengths = sorted((len(pair.new.plain), len(pair.old.plain)))
    return (
        isqrt(lengths[1] * 10_000 // (lengths[0] or 1)),
        min(len(pair.new.subject.codes), len(pair.old.subject.codes)),
        pair.new.chases + 2 * pair.old.chases,
    )
