import pytest

from dedup.features import Features, features_of
from dedup.text import bigrams, segments
from tests.dedup.build import POLICY, report


def features(body: str, title: str = "") -> Features:
    return features_of(report("1", body, title), POLICY)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("丽发新城 A 区，3 栋。", ["丽发新城a区", "3栋"]),
        ("十六栋和二十号楼", ["16栋和20号楼"]),
        ("地铁六号线、一〇二栋", ["地铁6号线", "102栋"]),
        ("一百零五栋", ["105栋"]),
        ("一直没人管，十分气愤", ["一直没人管", "十分气愤"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("", []),
    ],
)
def test_folding(text: str, folded: list[str]) -> None:
    assert segments(text) == folded


def test_bigrams_are_the_same_numbers_everywhere() -> None:
    assert sorted(bigrams("小区a")) == sorted([0x533A5C0F, 0x0061533A])
    assert bigrams("区") == bigrams("") == ()
    assert len(bigrams("一二三四五")) == 4


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("丽发新城旁边的搅拌站夜间施工", {"丽发新城"}),
        ("反映福元中路积水严重", {"福元中路"}),
        ("投诉长虹物业有限公司乱收费", {"长虹物业有限公司"}),
        ("希望尽快解决停水问题", set()),
        ("该小区的幼儿园", set()),
    ],
)
def test_names_are_found_by_their_endings(body: str, named: set[str]) -> None:
    assert {name for name, _ in features(body).names} == named


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("我是3栋业主", {"3栋"}),
        ("我是三号楼业主", {"3栋"}),
        ("二期交房延迟", {"2期"}),
        ("地铁六号线工地", {"6号线"}),
        ("G107国道破损", {"g107"}),
        ("15路公交车太少", {"15路"}),
        ("为期3个月，共20户", set()),
    ],
)
def test_numbered_things(body: str, numbers: set[str]) -> None:
    assert features(body).numbers == numbers


def test_address_counts_as_text_and_as_name() -> None:
    found = features_of(report("1", "路灯不亮", address="湘春小区5栋"), POLICY)
    assert "5栋" in found.numbers
    assert "湘春小区" in {name for name, _ in found.names}


@pytest.mark.parametrize("body", ["", "好", "。。。", "ok", "🚧🚧" * 400, "水" * 5000])
def test_any_text_has_features(body: str) -> None:
    found = features(body)
    assert len(found.plain) <= POLICY.limits.characters
    assert len(found.codes) == len(set(found.codes)) == len(found.rarities)
    assert found.weight == sum(found.rarities)
