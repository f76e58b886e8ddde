"""The kernels compiled by numba (extra `fast`), bit for bit equal to those of `dedup.kernels`. Importing takes seconds; workers do."""

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from dedup.kernels import WIDTH, Bytes, Counts, Ints, Kernels, Slots, Words

compiled = numba.njit(nogil=True, boundscheck=False)


@compiled
def _insert(ring: npt.NDArray[np.uint32], fill: Bytes, buckets: Slots, entries: Words) -> None:
    for at in range(len(buckets)):
        bucket = buckets[at]
        ring[bucket, fill[bucket]] = entries[at]
        fill[bucket] = (fill[bucket] + 1) % WIDTH


@compiled
def _find(
    ring: npt.NDArray[np.uint32], buckets: Slots, prints: Words, weights: Counts, bits: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    mask, shift = np.uint32((1 << bits) - 1), np.uint32(bits)
    hits = np.empty(len(buckets) * WIDTH, np.int64)
    count = 0
    for at in range(len(buckets)):
        for place in range(WIDTH):
            entry = ring[buckets[at], place]
            if entry & mask and entry >> shift == prints[at]:
                hits[count] = (np.int64(entry & mask) << 24) | np.int64(weights[at])
                count += 1
    ordered = np.sort(hits[:count])
    slots, sums = np.empty(count, np.int64), np.empty(count, np.int64)
    last = -1
    for hit in ordered:
        slot = hit >> 24
        if last < 0 or slots[last] != slot:
            last += 1
            slots[last] = slot
            sums[last] = 0
        sums[last] += hit & 0xFFFFFF
    return slots[: last + 1], sums[: last + 1]


@compiled
def _leaves(values: Ints, feature: Ints, threshold: Ints, left: Ints, right: Ints, value: Ints, roots: Ints) -> npt.NDArray[np.int64]:
    out = np.zeros(len(values), np.int64)
    for row in range(len(values)):
        total = 0
        for root in roots:
            node = root
            while feature[node] >= 0:
                node = left[node] if values[row, feature[node]] <= threshold[node] else right[node]
            total += value[node]
        out[row] = total
    return out


@dataclass(frozen=True, slots=True)
class NumbaKernels:
    """Compiled on first use."""

    def insert(self, ring: npt.NDArray[np.uint32], fill: Bytes, buckets: Slots, entries: Words) -> None:  # noqa: D102
        _insert(ring, fill, buckets, entries)

    def find(self, ring: npt.NDArray[np.uint32], buckets: Slots, prints: Words, weights: Counts, bits: int) -> tuple[Slots, Counts]:  # noqa: D102
        return _find(ring, buckets, prints, weights, bits)

    def leaves(  # noqa: D102
        self,
        values: Ints,
        feature: Ints,
        threshold: Ints,
        left: Ints,
        right: Ints,
        value: Ints,
        roots: Ints,
        depth: int,  # noqa: ARG002
    ) -> Counts:
        return _leaves(values, feature, threshold, left, right, value, roots)


NUMBA: Kernels = NumbaKernels()
