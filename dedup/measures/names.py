"""Whether the places, organisations and numbers agree or contradict each other."""

from collections.abc import Iterator, Sequence
from math import isqrt

from rapidfuzz.distance import LCSseq

from dedup.pair import UNKNOWN, Pair, covered, smaller
from dedup.reading import Name, Reading

Values = tuple[int, ...]

NAMES = (
    "heads_of_new",
    "heads_of_old",
    "heads_min",
    "shared",
    "shared_weight",
    "heaviest",
    "estate",
    "road",
    "village",
    "organisation",
    "conflicts",
    "agreements",
    "nearest",
    "whole_of_new",
    "whole_of_old",
    "whole_min",
    "whole_max",
    "lacking_min",
    "lacking_max",
    "lacking_number",
    "substituted",
    "substituted_loosely",
    "substitutions",
    "lead_lacking_new",
    "lead_lacking_old",
    "lead_lacking_min",
    "same_letters",
    "divisions",
    "divisions_differ",
    "head_divisions",
)
GROUPS = ("estate", "road", "village", "organisation")
ALIKE = 70
"""Percent of two names' syllables in the same order from which they count as one name misspelt."""
HEARD = 60
COMPARED_MAX, LETTERED_MAX = 12, 4


def names(pair: Pair) -> Values:
    """名称: shared names and their rarity; by kind agree (2), stands in the other text (1), conflict (-2); lacking ones; substitutions."""
    new, old = pair.new, pair.old
    one = covered(new.subject_names, pair.shared, new.weights)
    two = covered(old.subject_names, pair.shared, old.weights)
    weights = sorted((name.weight for name in shared_names(pair)), reverse=True)
    kinds = [_agreement(new.head_groups.get(group, ()), old.head_groups.get(group, ()), new, old) for group in GROUPS]
    whole_new, lack_new, number_new = _whole(new, old)
    whole_old, lack_old, number_old = _whole(old, new)
    return (
        one,
        two,
        smaller(one, two) if new.subject_names.codes and old.subject_names.codes else UNKNOWN,
        len(weights),
        sum(weights),
        weights[0] if weights else 0,
        *kinds,
        -sum([kind for kind in kinds if kind < 0]),
        sum([kind for kind in kinds if kind > 0]),
        _nearest(new, old),
        whole_new,
        whole_old,
        smaller(whole_new, whole_old),
        max(whole_new, whole_old),
        min(lack_new, lack_old),
        max(lack_new, lack_old),
        min(number_new, number_old),
        *_substitutions(new, old),
        _same_letters(new, old),
        len(new.divisions & old.divisions),
        bool(new.divisions and old.divisions) and not new.divisions & old.divisions,
        _signed(new.head_divisions, old.head_divisions),
    )


def shared_names(pair: Pair) -> Iterator[Name]:
    """Names of either text that stand in the other one too, each once."""
    new, old = pair.new, pair.old
    for text, name in new.names.items():
        if text in old.names or (len(text) > 2 and text in old.plain):
            yield name
    for text, name in old.names.items():
        if text not in new.names and len(text) > 2 and text in new.plain:
            yield name


def _agreement(one: Sequence[Name], two: Sequence[Name], new: Reading, old: Reading) -> int:
    """2 the heads name the same thing, 1 the one head's stands in the other text, 0 none named, -1 only one names any, -2 differing."""
    if one and two:
        held = any(_held(name, old) for name in one) or any(_held(name, new) for name in two)
        return 2 if held or any(alike(mine, other) >= ALIKE for mine in one for other in two) else -2
    if one or two:
        return 1 if any(name.text in old.plain for name in one) or any(name.text in new.plain for name in two) else -1
    return 0


def _held(name: Name, other: Reading) -> bool:
    return name.text in other.plain or (other.sound_codes >= name.sounds)


def alike(one: Name, two: Name) -> int:
    """Percent of two names' syllables that stand in the same order."""
    return LCSseq.similarity(one.sound, two.sound) * 200 // (len(one.sound) + len(two.sound))


def _nearest(new: Reading, old: Reading) -> int:
    found = [
        LCSseq.similarity(one.text, two.text) * 200 // (len(one.text) + len(two.text))
        for one in new.head_names[:COMPARED_MAX]
        for two in old.head_names[:COMPARED_MAX]
    ]
    return max(found, default=UNKNOWN)


def _whole(one: Reading, other: Reading) -> tuple[int, int, int]:
    """Share of one text's names, by weight, that the other text has, if only by ear; the heaviest that it lacks, and how many."""
    whole = met = lacking = number = 0
    sounds = other.sound_codes
    for text, name in one.names.items():
        share = 100 if text in other.plain else len(name.sounds & sounds) * 100 // (len(name.sounds) or 1)
        whole += name.weight * 100
        met += name.weight * share
        if share < 50:
            number += 1
            lacking = max(lacking, name.weight * (100 - share) // 100)
    return (met * 1000 // whole if whole else UNKNOWN), lacking, number


def unheard(one: Reading, other: Reading) -> list[Name]:
    """Names at the beginning of one text that the other does not have, not even by ear."""
    sounds = other.sound_codes
    return [name for name in _lacking(one, other) if len(name.sounds & sounds) * 100 < HEARD * (len(name.sounds) or 1)]


def _lacking(one: Reading, other: Reading) -> list[Name]:
    return [name for name in one.lead_names if name.text not in other.plain]


def _substitutions(new: Reading, old: Reading) -> Values:
    """Names that end alike where the rest differs (岳林／天马学生公寓): the weight of the lighter one; their number; lacking shares."""
    one, two = unheard(new, old), unheard(old, new)
    closely = loosely = number = 0
    for mine in one[:COMPARED_MAX]:
        for other in two[:COMPARED_MAX]:
            last = mine.text[-1] == other.text[-1]
            number += last or mine.group == other.group
            if last:
                weight = min(mine.weight, other.weight)
                loosely = max(loosely, weight)
                if mine.text[-2:] == other.text[-2:]:
                    closely = max(closely, weight)
    lacking_new = len(one) * 1000 // len(new.lead_names) if new.lead_names else UNKNOWN
    lacking_old = len(two) * 1000 // len(old.lead_names) if old.lead_names else UNKNOWN
    return closely, loosely, min(number, 6), lacking_new, lacking_old, smaller(lacking_new, lacking_old)


def _same_letters(new: Reading, old: Reading) -> int:
    """Percent of syllables that two differing names have in common in any order: 楷林／林凯, 利聚／聚利网."""
    best = 0
    others = _lacking(old, new)[:LETTERED_MAX]
    for mine in _lacking(new, old)[:LETTERED_MAX] if others else ():
        for other in others:
            # sorted letters in the same order are the letters in common
            common = LCSseq.similarity(mine.letters, other.letters)
            best = max(best, common * 200 // (len(mine.sound) + len(other.sound)))
    return best


def _signed(one: frozenset[str], two: frozenset[str]) -> int:
    """1 they share something, -1 both have some and share none, 0 one has none."""
    if not one or not two:
        return 0
    return 1 if one & two else -1


NUMBERS = ("lines", "buildings", "shared", "shared_of_fewer", "lead", "lead_differing", "plates", "heads")


def numbers(pair: Pair) -> Values:
    """编号: lines, buildings, plates and rare numbers that agree (1), contradict (-1) or are missing (0); how many rare ones are shared."""
    new, old = pair.new, pair.old
    shared = new.numbers & old.numbers
    least = min(len(new.numbers), len(old.numbers))
    lines = 1 if new.head_lines & old.lines or old.head_lines & new.lines else -bool(new.head_lines and old.head_lines)
    return (
        lines,
        _signed(new.buildings, old.buildings),
        sum([min(len(number), 6) for number in shared]),
        len(shared) * 1000 // least if least else UNKNOWN,
        _signed(new.lead_numbers, old.lead_numbers),
        len(new.lead_numbers ^ old.lead_numbers) if new.lead_numbers and old.lead_numbers else UNKNOWN,
        _signed(new.plates, old.plates),
        isqrt(len(new.numbers) * len(old.numbers)),
    )
