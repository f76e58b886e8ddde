"""The committed policy on the gold data, where it lies beside the repository."""

from pathlib import Path

import pytest

from bench.gold import Gold, scorer_at, stream
from tests.dedup.build import POLICY

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA, SCORER = SHARED / "data", SHARED / "tools" / "score_cases.py"


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "gold" / "input.jsonl").exists() or not SCORER.exists(), reason=f"no gold data under {SHARED}")
def test_the_committed_policy_is_good_enough() -> None:
    gold = Gold(DATA)
    found = scorer_at(SCORER).measure(gold.rows, stream(gold.reports, POLICY), gold.torn, resamples=20)
    assert found["ordinary_f1"] >= 0.72
    assert found["ordinary_precision"] >= 0.88  # over-merging is the worse failure
    assert found["review_share"] <= 0.2
