"""The candidate index against a dict of lists, and its bounds."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.kernels import NUMPY, WIDTH
from dedup.ring import BITS_MIN, Ring

few_keys = st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True), min_size=1, max_size=80)


def keys_of(numbers: list[int]) -> np.ndarray:
    # far apart, so that no two share a bucket and the oracle needs no buckets
    return np.array([number * 7 + 1 for number in numbers], np.uint32)


@given(few_keys, st.lists(st.integers(0, 400), min_size=1, max_size=20, unique=True))
@settings(max_examples=80, deadline=None)
def test_it_finds_what_a_dict_of_lists_finds(sets: list[list[int]], asked: list[int]) -> None:
    ring = Ring(NUMPY)
    oracle: dict[int, list[int]] = defaultdict(list)
    for slot, numbers in enumerate(sets, 1):
        ring.insert(slot, keys_of(numbers))
        for number in numbers:
            oracle[number] = [*oracle[number], slot][-WIDTH:]
    weights = np.arange(1, len(asked) + 1, dtype=np.int64)
    expected = Counter[int]()
    for number, weight in zip(asked, weights.tolist(), strict=True):
        for slot in oracle[number]:
            expected[slot] += weight
    rows, votes = ring.find(keys_of(asked), weights)
    assert dict(zip(rows.tolist(), votes.tolist(), strict=True)) == expected


@given(few_keys, st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_growing_changes_nothing_that_is_found(sets: list[list[int]], times: int) -> None:
    ring = Ring(NUMPY)
    for slot, numbers in enumerate(sets, 1):
        ring.insert(slot, keys_of(numbers))
    asked = keys_of(list(range(401)))
    before = [found.tolist() for found in ring.find(asked, np.ones(401, np.int64))]
    for _ in range(times):
        ring.grow()
    assert ring.bits == BITS_MIN + times
    assert [found.tolist() for found in ring.find(asked, np.ones(401, np.int64))] == before


def test_the_oldest_gives_way_before_and_after_growing() -> None:
    ring, key = Ring(NUMPY), np.array([77], np.uint32)
    for slot in range(1, WIDTH + 6):
        ring.insert(slot, key)
    ring.grow()
    ring.insert(900, key)
    rows, _ = ring.find(key, np.ones(1, np.int64))
    assert rows.tolist() == [*range(7, WIDTH + 6), 900]


def test_memory_is_fixed() -> None:
    ring = Ring(NUMPY)
    size = ring.entries.nbytes
    for slot in range(1, 1 << BITS_MIN):
        ring.insert(slot, np.arange(slot, slot + 60, dtype=np.uint32) * np.uint32(2654435761))
    assert ring.entries.nbytes == size == 128 << (BITS_MIN + 2)


@pytest.mark.parametrize("bits", [10, 13])
def test_a_snapshot_gives_the_same_index(bits: int) -> None:
    ring = Ring(NUMPY, bits)
    ring.insert(5, np.arange(50, dtype=np.uint32))
    again = Ring.of(NUMPY, bits, ring.arrays())
    asked = np.arange(60, dtype=np.uint32)
    assert [found.tolist() for found in again.find(asked, np.ones(60, np.int64))] == [
        found.tolist() for found in ring.find(asked, np.ones(60, np.int64))
    ]
