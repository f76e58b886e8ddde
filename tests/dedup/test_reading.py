"""What a report is understood to say, and that any text can be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.keys import BIGRAMS_ASKED, keys_of
from dedup.measures import FEATURES, values_of
from dedup.pair import pair_of
from dedup.reading import Reading, read, scan, source_of
from tests.dedup.build import POLICY, report

LETTER = (
    "尊敬的市长：我是丽发新城3栋的业主，之前反映过小区北面的混凝土搅拌站，夜间施工噪音大。"
    "罐车湘A12345每天凌晨进出。希望环保部门查处搅拌站，依法关停。"
)


def reading(body: str, title: str = "", **known: str) -> Reading:
    return read(scan(source_of(report("1", body, title, **known)), POLICY), POLICY)  # type: ignore[arg-type]


def test_a_letter_is_understood() -> None:
    found = reading(LETTER, "丽发新城旁搅拌站扰民")
    assert "丽发新城" in {name.text for name in found.head_names}
    assert "3栋" in found.buildings
    assert found.plates == {"湘a12345"}
    assert "搅拌站" in found.head_problems or "搅拌站" in found.problems
    assert found.chases
    assert "查处" in found.ask
    assert found.requests
    assert found.head == "丽发新城旁搅拌站扰民"


def test_a_note_without_title_has_its_first_words_for_a_subject() -> None:
    found = reading("市民来电反映湘府路与韶山路交叉口人行道塌陷，请尽快修复。")
    assert found.head.startswith("市民来电反映湘府路")
    assert {"湘府路", "韶山路"} & {name.text for name in found.head_names}


def test_sounds_are_the_same_for_homophones() -> None:
    one, two = reading("投诉余易贷平台拖欠本金"), reading("投诉余宜贷平台拖欠本金")
    assert one.sounds.keys() == two.sounds.keys()
    assert one.codes != two.codes


def test_an_address_is_read_as_text_and_as_name() -> None:
    found = reading("路灯不亮", address="湘春小区5栋")
    assert "5栋" in found.buildings
    assert "湘春" in {name.text for name in found.lead_names}


HARD = {
    "empty": "",
    "one character": "好",
    "punctuation only": "。。。！？……——",
    "50,000 characters": "丽发新城旁边的搅拌站夜间施工，噪音很大。" * 2500,
    "the same word": "水" * 5000,
    "traditional": "麗發新城旁邊的攪拌站夜間施工，噪音很大",
    "dialect and slips": "丽发新成旁边咯搅半站半夜里嗡嗡响，伢子都困不着觉",
    "English": "The street lamp in front of No. 5 Guihua Road has been broken for two weeks. Please repair it.",
    "emoji": "🚧🚧🚧路灯坏了😡😡",
    "one line of digits": "1234567890" * 30,
}


@pytest.mark.parametrize("body", HARD.values(), ids=HARD)
def test_any_text_can_be_read_and_compared(body: str) -> None:
    found, other = reading(body), reading(LETTER, "丽发新城旁搅拌站扰民")
    assert len(found.plain) <= POLICY.limits.characters
    assert found.weight == sum(found.weights.values())
    keys = keys_of(scan(source_of(report("1", body)), POLICY), POLICY)
    assert len(keys.asked) <= BIGRAMS_ASKED + 60
    for pair in (pair_of(found, other), pair_of(other, found), pair_of(found, found)):
        values = values_of(pair)
        assert len(values) == len(FEATURES)
        assert all(-1000 <= value < 2**31 for value in values)


@given(st.text(max_size=200), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_nothing_crashes_and_shares_are_shares(body: str, title: str) -> None:
    pair = pair_of(reading(body, title), reading(LETTER))
    named = dict(zip(FEATURES, values_of(pair), strict=True))
    for share in ("text.cosine", "text.contained", "subject.max", "meaning.of_new", "problem.types", "sound.cosine"):
        assert -1 <= named[share] <= 1000


@given(st.text(alphabet="丽发新城搅拌站噪音，3栋号线", max_size=80))
@settings(max_examples=40, deadline=None)
def test_a_reading_depends_on_the_report_alone(body: str) -> None:
    assert values_of(pair_of(reading(body), reading(LETTER))) == values_of(pair_of(reading(body), reading(LETTER)))
