"""The candidate index: which earlier reports share rare bigrams with a new one. Bounded, and the same on every run."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, repeat

SLOT_BITS = 40


class Postings:
    """Key -> the newest `bound` slots under it, oldest first. A slot is the running number under which a report was placed.

    Tuples, because most keys have one or two slots: they are small, and Python's collector leaves tuples of numbers alone.
    """

    def __init__(self, bound: int, entries: int = 0) -> None:
        self._bound = bound
        self._entries = entries
        self._slots: dict[Hashable, tuple[int, ...]] = {}

    def add(self, slot: int, keys: Iterable[Hashable]) -> None:
        """Enters the slot as the newest under each key; the oldest one goes where there are too many."""
        slots, bound = self._slots, self._bound
        for key in keys:
            slots[key] = (*slots.get(key, ()), slot)[-bound:]

    def keep(self, slot: int, keys: Iterable[Hashable]) -> None:
        """Makes an old slot the newest again where it would soon go: the founder of a case that still grows stays findable."""
        recent = self._bound // 2
        for key in keys:
            have = self._slots.get(key, ())
            if slot not in have[-recent:]:
                self._slots[key] = (*(other for other in have if other != slot), slot)[-self._bound :]

    def discard(self, slot: int, keys: Iterable[Hashable]) -> None:
        """Takes the slot out from under each key."""
        for key in keys:
            left = tuple(other for other in self._slots.get(key, ()) if other != slot)
            if left:
                self._slots[key] = left
            else:
                self._slots.pop(key, None)

    def of(self, key: Hashable) -> tuple[int, ...]:
        """The slots under one key, oldest first."""
        return self._slots.get(key, ())

    def find(self, keys: Sequence[Hashable]) -> list[int]:
        """Slots under any of the keys: those with most keys in common first, among equals the newer one.

        The shortest lists are read first and reading stops after `entries`: a full list belongs to a common key, and says little.
        """
        lists, left = [], self._entries
        for slots in sorted(map(self._slots.get, keys, repeat(())), key=len):
            lists.append(slots)
            left -= len(slots)
            if left < 0:
                break
        counts = Counter(chain.from_iterable(lists))
        single = 1 if len(counts) <= self._bound else 2  # among many, one bigram in common is no sign
        mask = (1 << SLOT_BITS) - 1
        ranked = sorted([count << SLOT_BITS | slot for slot, count in counts.items() if count >= single], reverse=True)
        return [code & mask for code in ranked]
