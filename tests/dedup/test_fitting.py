"""Fitting and measuring: figures against the gold data's own scorer, folds by case, and the same pack twice."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("lightgbm", reason="the extra `fit` is not installed")

from dedup.fitting.evaluation import strata
from dedup.fitting.pairs import Labelled, Pairs, folds_of, weights_of
from dedup.fitting.scores import Decided, Truth, measure
from dedup.fitting.tables import sounds_of, syllable, tables_of
from dedup.fitting.trees import fit, pruned
from dedup.measures import FEATURES
from dedup.model import Model
from dedup.pack import Forest
from tests.dedup.build import report

SCORER = Path(__file__).resolve().parents[3] / "shared" / "tools" / "score_cases.py"
drawn = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans(), st.lists(st.integers(0, 5), max_size=3)), min_size=2, max_size=25
)


@pytest.mark.skipif(not SCORER.exists(), reason="the gold data's scorer is not beside the repository")
@given(drawn)
@settings(max_examples=60, deadline=None)
def test_figures_are_those_of_the_gold_datas_scorer(rows: list[tuple[int, int, bool, list[int]]]) -> None:
    spec = importlib.util.spec_from_file_location("score_cases", SCORER)
    assert spec
    assert spec.loader
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    truths = [
        Truth(str(at), f"g{gold}", "different" if alike else None, str(at - 1) if alike and at else None)
        for at, (gold, _, alike, _) in enumerate(rows)
    ]
    decided = [Decided(str(at), f"c{case}", tuple(f"c{other}" for other in more)) for at, (_, case, _, more) in enumerate(rows)]
    near = {"0": {"1"}, "1": {"0"}}
    gold_rows = [{"id": one.source_id, "case": one.case, "relation": one.relation, "written_from": one.written_from} for one in truths]
    predicted = [
        {"source_id": one.source_id, "case_id": one.case_id, "suggestions": [{"case_id": case} for case in one.suggestions]}
        for one in decided
    ]
    expected = scorer.measure(gold_rows, predicted, [["0", "1"]], resamples=2)
    found = measure(truths, decided, near, spans=False)
    for key in ("link_precision", "link_recall", "link_f1", "ordinary_precision", "ordinary_recall", "ordinary_f1", "lookalikes_joined",
                "cross_recall", "found_top3", "review_share"):  # fmt: skip
        assert found[key] == expected[key], key


def test_intervals_hold_the_figure() -> None:
    truths = [Truth(str(at), f"g{at // 3}") for at in range(60)]
    decided = [Decided(str(at), f"c{at // 4}") for at in range(60)]
    found = measure(truths, decided, {})
    for key in ("ordinary_precision", "ordinary_recall", "ordinary_f1"):
        low, high = found[f"{key}_95"]
        assert low <= found[key] <= high


@given(st.lists(st.sampled_from("abcdefghij"), min_size=10, max_size=60))
def test_a_case_is_in_one_fold_and_folds_are_even(cases: list[str]) -> None:
    folds = folds_of(cases)
    assert all(len({fold for fold, one in zip(folds, cases, strict=True) if one == case}) == 1 for case in set(cases))
    assert set(folds) <= set(range(5))


def test_a_big_case_does_not_drown_the_rest() -> None:
    pairs = Pairs(np.array([1, 2, 2, 2]), np.array([0, 0, 1, 1]), np.zeros((4, 1), np.int32))
    weights = weights_of(pairs, np.array([True, True, True, False]))
    assert weights.tolist() == [3.0, 3 / 2**0.75, 3 / 2**0.75, 1.0]


def test_the_same_input_gives_the_same_model_in_whole_numbers() -> None:
    values = np.random.default_rng(1).integers(0, 1000, (3000, len(FEATURES))).astype(np.int32)
    same = values[:, 0] + values[:, 3] > 1100
    one, two = (pruned(fit(values, same, np.ones(3000), seeds=(1,))) for _ in range(2))
    assert json.dumps(one) == json.dumps(two)
    model = Model.of(Forest.model_validate_json(json.dumps(one)), FEATURES)
    points = np.array(model.points(model.chosen(values)))
    assert points[same].mean() > points[~same].mean() + 20


def test_tables_of_a_few_texts() -> None:
    lexicon = {"problems": {"路灯": {"words": ["路灯", "照明"], "group": "市政"}}, "stopwords": ["我们"]}
    texts = [
        "桂花路路灯不亮\n我们晚上出门看不见路灯",
        "桂花路照明损坏\n我们希望维修路灯",
        "停水两天\n我们没有水用",
        "路灯不亮\n我们看不见",
    ] * 30
    one, two = tables_of(texts, lexicon), tables_of(texts, lexicon)
    assert one == two
    assert "路灯" in " ".join(one["problems"].values())
    assert "我们" not in " ".join(one["words"]["levels"].values())


@pytest.mark.parametrize(("one", "two"), [("易", "宜"), ("张", "脏"), ("林", "零"), ("男", "兰")])
def test_what_southern_speakers_do_not_tell_apart_sounds_alike(one: str, two: str) -> None:
    assert syllable(one) == syllable(two)
    assert sounds_of(one + two) == sounds_of(two + one)


def test_strata_count_every_report_that_has_an_earlier_mate() -> None:
    reports = [report(str(at), "路灯不亮", day=at) for at in range(4)]
    truths = [
        Truth("0", "a"),
        Truth("1", "a"),
        Truth("2", "b", "different", "0", "opposite-wish"),
        Truth("3", "a", "same_person", "0", "chaser"),
    ]
    decided = [Decided("0", "x"), Decided("1", "x"), Decided("2", "x"), Decided("3", "y", ("x",))]
    found = {row.name: row for row in strata(truths, Labelled(reports, ["a", "a", "b", "a"], frozenset()), decided)}
    assert (found["relation: same_person"].joined, found["relation: same_person"].found) == (0.0, 1.0)
    assert found["look-alike: opposite-wish"].wrong == 1.0
    assert found["channels: hotline-hotline"].reports == 2
