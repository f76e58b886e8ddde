"""What a decider of this benchmark is, and what all of them get."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Protocol

from bench.gold import Gold, Report, normalise, report_of, rows

Hit = tuple[int, float]
"""Number of an earlier report, and how near it is."""

HITS = 50
"""Hits that a decider gives at most: enough for three other cases beside a big one."""


class Subject(Protocol):
    """A decider. `ask` reads, `add` changes; the benchmark asks about each report, then adds it."""

    def ask(self, report: Report) -> Sequence[Hit]:
        """The nearest earlier reports, best first, at most `HITS`."""

    def add(self, number: int, report: Report) -> None:
        """From now on the report can be found, under its number."""

    def stored(self) -> int | None:
        """Bytes of its index where that lies outside this process; None where it is in this process."""

    def versions(self) -> dict[str, str]:
        """Versions of servers that it uses, beside `Entry.packages`."""

    def close(self) -> None:
        """Stop what it started."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A decider by name: module with `build(setup) -> Subject`, the packages whose versions count, and its lines if it brings some."""

    module: str
    title: str
    how: str
    packages: tuple[str, ...]
    lines: tuple[float, float] | None = None

    def build(self, setup: "Setup") -> Subject:
        """The decider, empty."""
        made: Subject = import_module(self.module).build(setup)
        return made


class Setup:
    """The gold reports, and the reference texts from which tables may be made beforehand."""

    def __init__(self, data: Path) -> None:
        self.gold = Gold(data)
        names = ("answered_messages.jsonl", "categorised_messages.jsonl")
        found = [row for name in names for row in rows(data / "reference" / name)]
        self.reference = [(normalise(row["subject"]), normalise(row["body"])) for row in found]

    @cached_property
    def rarity(self) -> dict[str, float]:
        """Bigram -> natural logarithm of (texts / texts that have it), over the reference texts."""
        frequency = Counter(pair for title, body in self.reference for pair in bigrams(f"{title}\n{body}"))
        return {pair: math.log((len(self.reference) + 1) / count) for pair, count in frequency.items()}

    @cached_property
    def unseen(self) -> float:
        """Rarity of a bigram that no reference text has."""
        return math.log(len(self.reference) + 1)

    def strangers(self, count: int) -> Iterator[tuple[Report, Report]]:
        """Reports that are not in gold, of the day of the last gold report, each twice under two ids: to be added, and to be asked for."""
        day = self.gold.lines[-1]["reported_at"]
        for number, (title, body) in enumerate(self.reference[:count]):
            line = {"channel": "board", "reported_at": day, "title": title, "body": body, "author": f"stranger-{number}"}
            yield report_of(line | {"source_id": f"stranger-{number}"}), report_of(line | {"source_id": f"again-{number}"})


def text_of(report: Report) -> str:
    """Title and body, in lower case."""
    return f"{report.title or ''}\n{report.body}".strip().lower()


def head_of(report: Report, length: int = 40) -> str:
    """The title, or the first characters of the body where there is none."""
    return (report.title or report.body[:length]).lower()


def bigrams(text: str) -> set[str]:
    """All pairs of neighbouring characters that are letters or digits."""
    return {text[at : at + 2] for at in range(len(text) - 1) if text[at].isalnum() and text[at + 1].isalnum()}
