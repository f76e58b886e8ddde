import pytest

from dedup.text import bigram, bigrams, segments


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("丽发新城 A 区，3 栋。", ["丽发新城a区", "3栋"]),
        ("十六栋和二十号楼", ["16栋和20号楼"]),
        ("地铁六号线、一〇二栋", ["地铁6号线", "102栋"]),
        ("一百零五栋", ["105栋"]),
        ("一直没人管，十分气愤", ["一直没人管", "十分气愤"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("见 https://example.org/a?b=1 图", ["见图"]),
        ("", []),
        ("。。。！？", []),
    ],
)
def test_folding(text: str, folded: list[str]) -> None:
    assert segments(text) == folded


def test_bigrams_are_the_same_numbers_everywhere() -> None:
    assert sorted(bigrams("小区a")) == sorted([0x533A5C0F, 0x0061533A])
    assert bigrams("区") == bigrams("") == ()
    assert len(bigrams("一二三四五")) == 4


def test_a_code_can_be_read() -> None:
    assert [bigram(code) for code in bigrams("路灯")] == ["路灯"]
