import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.measures import FEATURES, MEASURE_OF, MEASURES, measure_sums
from dedup.model import CENTS, Model, rounded
from dedup.pack import Forest
from tests.dedup.build import POLICY

STUMP = Forest(
    features=("text.cosine", "gap.days"),
    trees=(
        {
            "feature": (0, -1, 1, -1, -1),
            "threshold": (300, 0, 50, 0, 0),
            "left": (1, 1, 3, 3, 4),
            "right": (2, 1, 4, 3, 4),
            "value": (-500, -900, 300, 700, 100),
        },  # type: ignore[arg-type]
    ),
)


def values(**said: int) -> np.ndarray:
    return np.array([[said.get(name.replace(".", "_"), 0) for name in FEATURES]], np.int32)


def test_points_are_the_leaf_less_what_an_average_pair_gets() -> None:
    model = Model.of(STUMP, FEATURES)
    for said, points in (
        (values(text_cosine=100), -4),
        (values(text_cosine=301, gap_days=50), 12),
        (values(text_cosine=900, gap_days=51), 6),
    ):
        chosen = model.chosen(said)
        assert model.points(chosen) == [points]
        assert model.contributions(chosen[0]).sum() // CENTS == points


def test_contributions_are_those_of_the_splits_on_the_way() -> None:
    model = Model.of(STUMP, FEATURES)
    assert model.contributions(model.chosen(values(text_cosine=400, gap_days=10))[0]).tolist() == [800, 400]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_contributions_add_up_whatever_the_values(seed: int) -> None:
    model = POLICY.model
    chosen = np.random.default_rng(seed).integers(-1, 1500, (1, len(model.features))).astype(np.int32)
    assert int(model.contributions(chosen[0]).sum()) // CENTS == model.points(chosen)[0]


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=14))
def test_rounding_adds_up_and_moves_nobody_by_a_point(parts: list[int]) -> None:
    total = sum(parts) // CENTS
    whole = rounded(parts, total)
    assert sum(whole) == total
    assert all(abs(points * CENTS - part) <= CENTS for points, part in zip(whole, parts, strict=True))


def test_every_feature_belongs_to_one_measure() -> None:
    assert len(FEATURES) == len(set(FEATURES)) == len(MEASURE_OF)
    assert measure_sums([1] * len(FEATURES)) == [len(measure.values) for measure in MEASURES]


def test_a_model_without_trees_gives_no_points() -> None:
    model = Model.of(Forest(features=(), trees=()), FEATURES)
    assert model.points(model.chosen(values())) == [0]
    assert model.contributions(model.chosen(values())[0]).sum() == 0
