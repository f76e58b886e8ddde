"""Both sets of kernels give the same bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.kernels import NUMPY, WIDTH, Kernels, mixed
from dedup.ring import Ring
from tests.dedup.build import POLICY

numba_kernels = pytest.importorskip("dedup.kernels_numba", reason="the extra `fast` is not installed")
NUMBA: Kernels = numba_kernels.NUMBA

key_sets = st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40, unique=True), min_size=1, max_size=60)


@given(key_sets, st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40, unique=True))
@settings(max_examples=60, deadline=None)
def test_insert_and_find(sets: list[list[int]], asked: list[int]) -> None:
    asked = [*asked, *(key for keys in sets[:3] for key in keys)]
    weights = np.arange(1, len(asked) + 1, dtype=np.int64)
    found = []
    for kernels in (NUMPY, NUMBA):
        ring = Ring(kernels)
        for slot, keys in enumerate(sets, 1):
            ring.insert(slot, np.array(keys, np.uint32))
        rows, votes = ring.find(np.array(asked, np.uint32), weights)
        found.append((ring.entries.tobytes(), ring.fill.tobytes(), rows.tolist(), votes.tolist()))
    assert found[0] == found[1]


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_leaves(seed: int, pairs: int) -> None:
    model = POLICY.model
    values = np.random.default_rng(seed).integers(-1, 1200, (pairs, len(model.features))).astype(np.int32)
    assert model.points(values, NUMPY) == model.points(values, NUMBA)


def test_mixing_is_a_permutation_on_a_sample_and_fixed() -> None:
    values = np.arange(100_000, dtype=np.uint32)
    assert len(np.unique(mixed(values))) == len(values)
    assert mixed(np.array([1], np.uint32)).tolist() == [0x514E28B7]  # MurmurHash3's finaliser of 1
    assert WIDTH == 32
