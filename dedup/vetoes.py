"""What stands against joining by machine, whatever the points (否决): the report is then suggested to a person instead."""

from collections.abc import Callable

from rapidfuzz.distance import Levenshtein

from dedup.entities import unit_of
from dedup.measures.meaning import opposite
from dedup.measures.names import ALIKE, GROUPS, alike, unheard
from dedup.pair import Pair
from dedup.reading import Name, Reading

SUBSTITUTED_WEIGHT_MIN = 120
NEAR_COPY, SAME_PATTERN = 400, 70
"""Permille of common text, and percent of the subjects that two of one pattern have in common."""


def other_places(pair: Pair) -> list[tuple[Name, Name]]:
    """Both beginnings name a thing of one kind and none is shared, contained, or sounds alike: (the newer's, the older's)."""
    found = []
    for group in GROUPS:
        one = [name for name in pair.new.lead_names if name.group == group]
        two = [name for name in pair.old.lead_names if name.group == group]
        lacking_one = [name for name in unheard(pair.new, pair.old) if name.group == group]
        lacking_two = [name for name in unheard(pair.old, pair.new) if name.group == group]
        if not one or len(one) != len(lacking_one) or len(two) != len(lacking_two):
            continue
        found += [(mine, other) for mine in one for other in two if _another(mine, other)][:1]
    return found


def _another(mine: Name, other: Name) -> bool:
    heavy = min(mine.weight, other.weight) >= SUBSTITUTED_WEIGHT_MIN
    return heavy and mine.text[-1] == other.text[-1] and alike(mine, other) < ALIKE


def exchanged(pair: Pair) -> tuple[str, str] | None:
    """In texts that are nearly copies, what stands in one subject in place of something else: (the newer's, the older's).

    So it is with a form letter for several estates, or a series of one writer about street after street. One character may be a slip of
    the pen, what sounds alike a misspelling, and what the other text has elsewhere was only moved.
    """
    mine, other = pair.new.head, pair.old.head
    if pair.cosine < NEAR_COPY or Levenshtein.distance(mine, other) * 100 > (100 - SAME_PATTERN) * max(len(mine), len(other)):
        return None
    for step in Levenshtein.opcodes(other, mine):
        there, here = other[step.src_start : step.src_end], mine[step.dest_start : step.dest_end]
        if (
            step.tag == "replace"
            and _named(here, pair.new) + _named(there, pair.old) + (min(len(there), len(here)) > 2) > 1
            and not _tells_a_problem(here, pair.new)
            and not _tells_a_problem(there, pair.old)
            and set(there).isdisjoint(here)
            and here not in pair.old.plain
            and there not in pair.new.plain
        ):
            return here, there
    return None


def _named(part: str, reading: Reading) -> bool:
    return len(part) > 1 and any(part in text for text in reading.names)


def _tells_a_problem(part: str, reading: Reading) -> bool:
    return any(word in part for word in reading.problems)


def other_numbers(pair: Pair) -> list[str]:
    """Units of which both beginnings name a number and none the same (3栋／5栋, 6号线／3号线)."""
    one, two = pair.new.lead_numbers, pair.old.lead_numbers
    if not one or not two:
        return []
    same = set(map(unit_of, one & two))
    return sorted((set(map(unit_of, one)) & set(map(unit_of, two))) - same)


VETOES: dict[str, Callable[[Pair], bool]] = {
    "exchanged": lambda pair: exchanged(pair) is not None,
    "places": lambda pair: bool(other_places(pair)),
    "numbers": lambda pair: bool(other_numbers(pair)),
    "wishes": lambda pair: bool(opposite(pair)),
    "plates": lambda pair: bool(pair.new.plates and pair.old.plates and not pair.new.plates & pair.old.plates),
}
"""By the name that stands in packs."""


def vetoes_of(pair: Pair, names: tuple[str, ...]) -> list[str]:
    """Those of the pack's vetoes that stand against joining this pair."""
    return [name for name in names if VETOES[name](pair)]
