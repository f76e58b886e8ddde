"""The reasons that a clerk reads: both values, real words, sums that add up."""

import re

import pytest

from dedup.evidence import SENTENCES, VETOES
from dedup.matcher import compare
from dedup.measures import MEASURES
from dedup.vetoes import VETOES as RULES
from schemas.events import Evidence
from tests.dedup.build import POLICY, report
from tests.dedup.texts import LIFT, METRO, PLANT, PLANT_COPY, PLANT_ELSEWHERE, PLANT_LETTER, PLANT_NOTE, ROAD, ROAD_AGAIN

PAIRS = [
    (PLANT_NOTE, PLANT_LETTER),
    (PLANT_COPY, PLANT),
    (PLANT, LIFT),
    (PLANT, PLANT_ELSEWHERE),
    (ROAD_AGAIN, ROAD),
    (METRO, ROAD),
    ("", PLANT),
]


def evidence(new: str, old: str) -> Evidence:
    return compare(report("2", new, day=23), report("1", old), POLICY)


def test_every_measure_and_every_veto_has_a_sentence() -> None:
    assert set(SENTENCES) == {measure.name for measure in MEASURES}
    assert set(VETOES) == set(RULES)


@pytest.mark.parametrize(("new", "old"), PAIRS)
def test_points_add_up(new: str, old: str) -> None:
    found = evidence(new, old)
    assert found.points == sum(measure.points for measure in found.measures)
    assert all(measure.points or measure.veto for measure in found.measures)


@pytest.mark.parametrize(("new", "old"), PAIRS)
def test_sentences_are_chinese_and_name_no_machinery(new: str, old: str) -> None:
    for measure in evidence(new, old).measures:
        assert re.search("[一-龥]", measure.sentence)
        assert not re.search(r"[{}\[\]<>]|0x|None|True|hash|bigram", measure.sentence)
        assert len(measure.sentence) <= 160


def test_what_is_shared_is_quoted() -> None:
    sentences = " ".join(measure.sentence for measure in evidence(PLANT_NOTE, PLANT_LETTER).measures)
    assert "同一名称「丽发新城」" in sentences
    assert re.search("文字重合 [0-9]+%", sentences)
    assert "搅拌站" in sentences


def test_both_sides_are_told_where_they_differ() -> None:
    found = {measure.name: measure.sentence for measure in evidence(PLANT, PLANT_ELSEWHERE).measures}
    assert "金科东方" in " ".join(found.values())
    assert "丽发新城" in " ".join(found.values())
    assert "相隔 23 天" in found["gap"]
