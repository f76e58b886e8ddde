"""The model (打分): boosted trees with whole numbers, so that a pair has the same points on every machine.

Points are log-odds: 10 points double the odds. Inside, 1/100 points are counted. What a measure contributes is what the expectation
changes at each of its splits on the way to the leaves (Saabas 2014, "Interpreting random forests"): exact, and it adds up to the points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from dedup.kernels import NUMPY, Ints, Kernels
from dedup.pack import Forest

CENTS = 100
"""The trees count in 1/100 points."""


@dataclass(frozen=True, slots=True)
class Model:
    """All trees in one row of nodes. `feature` -1 is a leaf; a leaf's children are itself, so a walk may go on too long."""

    features: tuple[str, ...]
    columns: npt.NDArray[np.intp]  # where its features stand among all
    feature: Ints
    threshold: Ints
    left: Ints
    right: Ints
    value: Ints
    roots: Ints
    depth: int
    base: int  # 1/100 points that an average pair gets: it is taken off

    @classmethod
    def of(cls, forest: Forest, known: Sequence[str]) -> Self:
        """The pack's trees, laid out one after the other. `known`: the features of this version, in their order."""
        parts: dict[str, list[int]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
        roots, depth = [], 0
        for tree in forest.trees:
            begin = len(parts["feature"])
            roots.append(begin)
            depth = max(depth, _depth(tree.left, tree.right))
            for name in ("feature", "threshold", "value"):
                parts[name] += getattr(tree, name)
            for name in ("left", "right"):
                parts[name] += [begin + child for child in getattr(tree, name)]
        arrays = {name: np.array(values, np.int32) for name, values in parts.items()}
        base = int(arrays["value"][roots].sum()) if roots else 0
        columns = np.array([known.index(name) for name in forest.features], np.intp)
        return cls(forest.features, columns, roots=np.array(roots, np.int32), depth=depth, base=base, **arrays)

    def chosen(self, values: Ints) -> Ints:
        """Of all features (pairs x features) those that the model uses."""
        return values[:, self.columns]

    def points(self, values: Ints, kernels: Kernels = NUMPY) -> list[int]:
        """Feature values of pairs (pairs x features) -> whole points of each."""
        if not len(values) or not len(self.roots):
            return [0] * len(values)
        totals = kernels.leaves(values, self.feature, self.threshold, self.left, self.right, self.value, self.roots, self.depth)
        return [total // CENTS for total in (totals - self.base).tolist()]

    def contributions(self, values: Ints) -> npt.NDArray[np.int64]:
        """Values of one pair -> 1/100 points of each feature; their sum is the pair's total."""
        features, moved = [], []
        node = self.roots
        for _ in range(self.depth):
            feature = self.feature[node]
            node = node[feature >= 0]
            feature = feature[feature >= 0]
            following = np.where(values[feature] <= self.threshold[node], self.left[node], self.right[node])
            features.append(feature)
            moved.append(self.value[following] - self.value[node])
            node = following
        if not features:
            return np.zeros(len(self.features), np.int64)
        # float64 holds these whole numbers exactly
        return np.bincount(np.concatenate(features), np.concatenate(moved), len(self.features)).astype(np.int64)


def _depth(left: Sequence[int], right: Sequence[int]) -> int:
    depth = [0] * len(left)
    for node, children in enumerate(zip(left, right, strict=True)):
        for child in children:
            if child != node:
                depth[child] = depth[node] + 1
    return max(depth)


def rounded(parts: Sequence[int], total: int) -> list[int]:
    """1/100 points -> whole points that add up to `total` exactly: the largest remainders are rounded up (Hamilton's method)."""
    whole = [part // CENTS for part in parts]
    left = total - sum(whole)
    order = sorted(range(len(parts)), key=lambda place: (-(parts[place] % CENTS), place))
    for place in order[:left]:
        whole[place] += 1
    return whole
