"""What two reports are compared by (判据). A measure is a small function that gives whole numbers; the model turns them into points.

Shares are in permille; directed ones are given newer -> older, older -> newer, and as minimum or maximum. UNKNOWN (-1) stands for "cannot
be said".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from dedup.measures import meaning, names, people, subject, text
from dedup.pair import Pair

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One reason that a clerk understands, and the values that the model sees of it."""

    name: str
    values: tuple[str, ...]
    of: Callable[[Pair], Values]


MEASURES: tuple[Measure, ...] = (
    Measure("text", text.TEXT, text.text),
    Measure("subject", subject.SUBJECT, subject.subject),
    Measure("names", names.NAMES, names.names),
    Measure("sound", subject.SOUND, subject.sound),
    Measure("meaning", meaning.MEANING, meaning.meaning),
    Measure("problem", meaning.PROBLEM, meaning.problem),
    Measure("demand", meaning.DEMAND, meaning.demand),
    Measure("numbers", names.NUMBERS, names.numbers),
    Measure("stance", meaning.STANCE, meaning.stance),
    Measure("person", people.PERSON, people.person),
    Measure("gap", people.GAP, people.gap),
    Measure("form", text.FORM, text.form),
)
"""By the name that stands in events. The order is that of the values."""

FEATURES: tuple[str, ...] = tuple(f"{measure.name}.{value}" for measure in MEASURES for value in measure.values)
MEASURE_OF: tuple[int, ...] = tuple(number for number, measure in enumerate(MEASURES) for _ in measure.values)
"""For each feature the number of its measure."""


def values_of(pair: Pair) -> list[int]:
    """The values of all measures, in the order of FEATURES."""
    return list(chain.from_iterable([measure.of(pair) for measure in MEASURES]))


def measure_sums(cents: Sequence[int]) -> list[int]:
    """Contributions by feature -> by measure."""
    sums = [0] * len(MEASURES)
    for number, value in zip(MEASURE_OF, cents, strict=True):
        sums[number] += value
    return sums
