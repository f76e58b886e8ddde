import pytest

from dedup.entities import buildings_of, lines_of, named, numbers_of, plates_of, spans, unit_of
from tests.dedup.build import POLICY


def names(text: str) -> dict[str, str]:
    return named(text, spans(text, POLICY.naming), POLICY.naming)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("丽发新城旁边的搅拌站夜间施工", {"丽发新城": "estate"}),
        ("反映福元中路积水严重", {"福元中路": "road"}),
        ("投诉长虹物业有限公司乱收费", {"长虹物业": "company"}),
        ("麓谷中学门口堵车", {"麓谷中学": "school"}),
        ("梅岭镇清水村的路灯", {"梅岭镇": "village", "清水村": "village"}),
        ("湘雅三医院停车难", {"湘雅三医院": "hospital"}),
        ("希望尽快解决停水问题", {}),
        ("该小区的幼儿园", {}),
        ("a7县星沙大道", {"星沙大道": "road"}),
    ],
)
def test_names_are_found_by_their_endings(text: str, found: dict[str, str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "lines", "buildings"),
    [
        ("我是3栋业主", set(), {"3栋"}),
        ("我是3号楼业主", set(), {"3栋"}),
        ("2期交房延迟", set(), {"2期"}),
        ("地铁6号线工地", {"6号线"}, set()),
        ("g107国道破损", {"g107"}, set()),
        ("15路公交车太少", {"15路"}, set()),
        ("x115路公交太少", {"x115"}, set()),
        ("为期3个月共20户", set(), set()),
    ],
)
def test_numbered_things(text: str, lines: set[str], buildings: set[str]) -> None:
    assert lines_of(text) == lines
    assert buildings_of(text) == buildings


def test_plates_and_rare_numbers() -> None:
    assert plates_of("湘a12345停在门口") == {"湘a12345"}
    assert numbers_of("收了3480元，2019年10月") == {"3480"}


@pytest.mark.parametrize(("item", "unit"), [("3栋", "栋"), ("6号线", "号线"), ("g107", "道")])
def test_the_unit_of_a_numbered_thing(item: str, unit: str) -> None:
    assert unit_of(item) == unit
