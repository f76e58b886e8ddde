import pytest

from dedup.pair import pair_of
from dedup.reading import read, scan, source_of
from dedup.vetoes import VETOES
from tests.dedup.build import POLICY, report
from tests.dedup.texts import PLANT, PLANT_COPY, PLANT_ELSEWHERE


def vetoes(new: str, old: str) -> set[str]:
    one, two = (read(scan(source_of(report(number, body)), POLICY), POLICY) for number, body in (("2", new), ("1", old)))
    pair = pair_of(one, two)
    return {name for name, stands in VETOES.items() if stands(pair)}


LIFT = "丽发新城{}电梯坏了半个月没人修，老人上不了楼"


@pytest.mark.parametrize(
    ("new", "old", "found"),
    [
        (LIFT.format("5栋"), LIFT.format("3栋"), {"numbers"}),
        (LIFT.format("三栋"), LIFT.format("3栋"), set()),
        (LIFT.format(""), LIFT.format("3栋"), set()),
        ("建议地铁六号线延伸到动物园", "建议地铁三号线延伸到动物园", {"numbers"}),
        ("支持在湖畔社区建垃圾中转站，方便大家", "反对在湖畔社区建垃圾中转站，气味太大", {"wishes"}),
        ("湘a12345乱停在门口", "湘a54321乱停在门口", {"plates"}),
        ("湖畔公寓的热水太贵", "碧云公寓的热水太贵", {"places", "exchanged"}),
        (PLANT, PLANT_ELSEWHERE, {"exchanged"}),
        (PLANT, PLANT_COPY, set()),
        ("", LIFT.format("3栋"), set()),
    ],
)
def test_vetoes(new: str, old: str, found: set[str]) -> None:
    assert vetoes(new, old) == found
