"""The candidate index (候选索引): a fingerprinted ring-bucket index of fixed memory over a numpy array.

A key is a 32-bit hash: its low bits name the bucket, and an entry holds the other ones as fingerprint above the `bits` of the slot. There
are four buckets a slot (a report has some 100 keys, a bucket 32 entries), but never more than 2^23, which is 1.07 GB. So an entry and its
bucket hold the whole key, and the index can double without knowing any text: each entry moves to its new bucket. An insertion writes over
the oldest of the 32 entries of its bucket; nothing is allocated and nothing is deleted. Stale entries are harmless, since every candidate
is looked at again. Slot 0 means empty. A jurisdiction of a thousand reports takes half a megabyte.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.kernels import WIDTH, Counts, Kernels, Slots, Words

BITS_MIN = 10
BITS_MAX = 23
BLOCK = 1 << 16
"""Buckets that are moved at a time when the index grows."""


class Ring:
    """Keys -> the newest slots under them."""

    def __init__(self, kernels: Kernels, bits: int = BITS_MIN) -> None:
        self._kernels = kernels
        self.bits = bits
        self._buckets = min(bits + 2, BITS_MAX)
        self.entries: npt.NDArray[np.uint32] = np.zeros((1 << self._buckets, WIDTH), np.uint32)
        self.fill: npt.NDArray[np.uint8] = np.zeros(1 << self._buckets, np.uint8)

    def insert(self, slot: int, keys: Words) -> None:
        """Enters a slot (1 to 2^bits - 1) under each key. Of two keys in one bucket the first counts."""
        buckets, first = np.unique(self._bucket(keys), return_index=True)
        entries = ((keys[first] >> np.uint32(self._buckets)) << np.uint32(self.bits)) | np.uint32(slot)
        self._kernels.insert(self.entries, self.fill, buckets, entries)

    def find(self, keys: Words, weights: Counts) -> tuple[Slots, Counts]:
        """Slots that stand under any of the keys, ascending, with the weights (below 2^24) of those keys together."""
        return self._kernels.find(self.entries, self._bucket(keys), keys >> np.uint32(self._buckets), weights, self.bits)

    def _bucket(self, keys: Words) -> Slots:
        return (keys & np.uint32((1 << self._buckets) - 1)).astype(np.int64)

    def grow(self) -> None:
        """Twice the slots and, up to the bound, twice the buckets. Entries keep their order of age in each bucket."""
        size, grown = 1 << self._buckets, Ring(self._kernels, self.bits + 1)
        halves = 1 << (grown._buckets - self._buckets)
        for begin in range(0, size, BLOCK):
            block = slice(begin, min(size, begin + BLOCK))
            # The oldest entry stands where the next one would be written; from there on they are younger and younger.
            turns = (self.fill[block, None] + np.arange(WIDTH, dtype=np.uint8)) % WIDTH
            aged = np.take_along_axis(self.entries[block], turns.astype(np.intp), axis=1)
            slots, prints = aged & np.uint32((1 << self.bits) - 1), aged >> np.uint32(self.bits)
            moved = np.where(slots != 0, prints >> np.uint32(halves - 1) << np.uint32(grown.bits) | slots, np.uint32(0))
            for half in range(halves):
                mine = (slots != 0) & ((prints & np.uint32(halves - 1)) == half)
                front = np.argsort(~mine, axis=1, kind="stable")
                rows = slice(block.start + half * size, block.stop + half * size)
                grown.entries[rows] = np.take_along_axis(np.where(mine, moved, np.uint32(0)), front, axis=1)
                grown.fill[rows] = mine.sum(axis=1) % WIDTH
        self.bits, self._buckets, self.entries, self.fill = grown.bits, grown._buckets, grown.entries, grown.fill

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a snapshot."""
        return {"ring.entries": self.entries, "ring.fill": self.fill}

    @classmethod
    def of(cls, kernels: Kernels, bits: int, arrays: Mapping[str, npt.NDArray[Any]]) -> "Ring":
        """From a snapshot."""
        ring = cls(kernels, bits)
        ring.entries, ring.fill = arrays["ring.entries"], arrays["ring.fill"]
        return ring
