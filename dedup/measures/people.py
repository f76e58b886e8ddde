"""Who wrote, and when."""

from math import isqrt

from dedup.pair import UNKNOWN, Pair

Values = tuple[int, ...]
STRONG_KINDS = (".phone.", ".id.")

PERSON = ("same",)


def person(pair: Pair) -> Values:
    """同一人: -1 somebody unknown, 0 different or not comparable, 1 the same account, 2 the same phone or identity number."""
    if not (pair.new.persons and pair.old.persons):
        return (UNKNOWN,)
    same = pair.new.persons & pair.old.persons
    if not same:
        return (0,)
    return (2 if any(kind in token for token in same for kind in STRONG_KINDS) else 1,)


GAP = ("days",)


def gap(pair: Pair) -> Values:
    """相隔: time between the two reports, as 100 x square root of days, so that days count among near ones and months among far ones."""
    return (isqrt(abs(pair.new.time - pair.old.time) * 10_000 // 86_400),)
