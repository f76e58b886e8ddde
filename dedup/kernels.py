"""The few loops over arrays that decide how fast matching is, in numpy. `dedup.kernels_numba` has them compiled, bit for bit equal.

Everything is unsigned 32-bit arithmetic that wraps, so there is nothing that a machine could round otherwise.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
Slots = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

WIDTH = 32
"""Entries of a bucket."""


class Kernels(Protocol):
    """What both sets of kernels offer."""

    def insert(self, ring: npt.NDArray[np.uint32], fill: Bytes, buckets: Slots, entries: Words) -> None:
        """Writes each entry over the oldest one of its bucket. No bucket may stand twice."""
        ...

    def find(self, ring: npt.NDArray[np.uint32], buckets: Slots, prints: Words, weights: Counts, bits: int) -> tuple[Slots, Counts]:
        """The slots under the keys, ascending, each with the weight of the keys under which it stands. Entry 0 is empty."""
        ...

    def leaves(self, values: Ints, feature: Ints, threshold: Ints, left: Ints, right: Ints, value: Ints, roots: Ints, depth: int) -> Counts:
        """Values of pairs (pairs x features) -> the sum of the leaves that each pair falls into."""
        ...


def mixed(values: Words) -> Words:
    """A 32-bit finaliser (MurmurHash3's): every bit of the input changes every bit of the output half of the time."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values = values ^ (values >> np.uint32(13))
    values = values * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


@dataclass(frozen=True, slots=True)
class NumpyKernels:
    """Without any dependency beyond numpy."""

    def insert(self, ring: npt.NDArray[np.uint32], fill: Bytes, buckets: Slots, entries: Words) -> None:  # noqa: D102
        at = fill[buckets]
        ring[buckets, at] = entries
        fill[buckets] = (at + 1) % WIDTH

    def find(self, ring: npt.NDArray[np.uint32], buckets: Slots, prints: Words, weights: Counts, bits: int) -> tuple[Slots, Counts]:  # noqa: D102
        found = ring[buckets]
        rows, columns = np.nonzero((found >> np.uint32(bits) == prints[:, None]) & (found & np.uint32((1 << bits) - 1) != 0))
        slots, places = np.unique(found[rows, columns] & np.uint32((1 << bits) - 1), return_inverse=True)
        return slots.astype(np.int64), np.bincount(places, weights[rows], len(slots)).astype(np.int64)

    def leaves(  # noqa: D102
        self, values: Ints, feature: Ints, threshold: Ints, left: Ints, right: Ints, value: Ints, roots: Ints, depth: int
    ) -> Counts:
        node = np.broadcast_to(roots, (len(values), len(roots)))
        rows = np.arange(len(values))[:, None]
        for _ in range(depth):
            node = np.where(values[rows, feature[node]] <= threshold[node], left[node], right[node])
        return np.asarray(value[node].sum(axis=1, dtype=np.int64))


NUMPY: Kernels = NumpyKernels()
