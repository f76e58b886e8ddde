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


FORM = ("length_ratio", "shorter", "subject_size", "channels", "chases")


def form(pair: Pair) -> Values:
    """体裁: how many times longer the longer text is, the shorter one's length (both as 100 x square root), channels, whether it chases."""
    lengths = sorted((len(pair.new.plain), len(pair.old.plain)))
    boards = (pair.new.channel == "board") + (pair.old.channel == "board")
    return (
        isqrt(lengths[1] * 10_000 // (lengths[0] or 1)),
        isqrt(lengths[0] * 10_000),
        min(len(pair.new.subject.codes), len(pair.old.subject.codes)),
        2 - boards,
        pair.new.chases + 2 * pair.old.chases,
    )
