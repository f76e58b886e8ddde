"""Boosted trees fitted by LightGBM and written down in whole numbers.

Why trees: on gold they lead at every line over an integer points card, a linear logistic model and a cosine line (ARCHITECTURE.md).
"""

import math
from collections.abc import Iterable
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from dedup.measures import FEATURES
from dedup.model import CENTS

Part = dict[str, Any]
SEEDS = (1, 2, 3)
ROUNDS = 200
PARAMETERS: Part = {
    "objective": "binary",
    "num_leaves": 15,
    "max_depth": 8,
    "learning_rate": 0.07,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.35,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "use_missing": False,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
POINTS_A_LOGIT = 10 / math.log(2)
"""10 points double the odds."""


def fit(values: npt.NDArray[np.int32], same: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64], seeds: Iterable[int] = SEEDS) -> Part:
    """Values (pairs x FEATURES), labels and weights -> the pack's model: the mean of one forest a seed. Same input, same output."""
    data = lightgbm.Dataset(values.astype(np.float64), same.astype(np.int32), weight=weights, params=PARAMETERS, free_raw_data=False)
    forests = [lightgbm.train(PARAMETERS | {"seed": seed}, data, ROUNDS).dump_model()["tree_info"] for seed in seeds]
    share = POINTS_A_LOGIT * CENTS / len(forests)
    return {
        "features": list(FEATURES),
        "trees": [_tree(tree["tree_structure"], share) for forest in forests for tree in forest],
    }


def pruned(model: Part) -> Part:
    """The same model without the features that no tree asks for."""
    used = sorted({feature for tree in model["trees"] for feature in tree["feature"] if feature >= 0})
    place = {feature: at for at, feature in enumerate(used)} | {-1: -1}
    trees = [tree | {"feature": [place[feature] for feature in tree["feature"]]} for tree in model["trees"]]
    return {"features": [model["features"][feature] for feature in used], "trees": trees}


def _tree(root: Part, share: float) -> Part:
    """LightGBM's nested nodes -> lists, node by node, children behind their parents."""
    out: dict[str, list[int]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}

    def add(node: Part) -> int:
        place = len(out["feature"])
        inner = "split_feature" in node
        out["feature"].append(node["split_feature"] if inner else -1)
        out["threshold"].append(math.floor(node["threshold"]) if inner else 0)
        out["value"].append(round((node["internal_value"] if inner else node["leaf_value"]) * share))
        out["left"].append(place)
        out["right"].append(place)
        if inner:
            out["left"][place] = add(node["left_child"])
            out["right"][place] = add(node["right_child"])
        return place

    add(root)
    return out
