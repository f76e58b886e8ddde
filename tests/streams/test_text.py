"""One form of text: tables of what it does, and what always holds."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.steps.text import clean

TABLE = [
    ("", ""),
    ("舉報桂花路88號違規施工", "举报桂花路88号违规施工"),
    ("乾隆年間的老房子、牆面乾燥開裂", "乾隆年间的老房子、墙面干燥开裂"),
    ("ＡＢＣ１２３，％", "ABC123，%"),
    ("３棟１２０２室　（一期）", "3栋1202室 (一期)"),
    ("  兩邊  的\t空白\u3000 ", "两边 的 空白"),
    ("第一行 \r\n\r\n  第二行\r第三行\n", "第一行\n第二行\n第三行"),
    ("路\u200b灯\ufeff不\u2060亮", "路灯不亮"),
    ("从右\u202e到左\u2066隔离\u2069", "从右到左隔离"),
    ("葛\U000e0100飾區", "葛饰区"),
    ("前\x00后\x07响铃\x7f", "前后响铃"),
    ("分\u2028行\x0b与\x85换\x1f页", "分 行 与 换 页"),
    ("𠮷祥里𪚥巷", "𠮷祥里𪚥巷"),
    ("占地120㎡，约①处", "占地120m2，约1处"),
    ("e\u200b\u0301", "é"),
    ("薴", "苎"),
    ("噪音👨\u200d👩\u200d👧扰民", "噪音👨👩👧扰民"),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_table(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_every_character_alone() -> None:
    # Not one of the assigned characters comes out differently when it is cleaned once more, or stays as a control character.
    codes = [*range(0xD800), *range(0xF900, 0x33480), *range(0xE0000, 0xE0200)]
    text = "\n".join(chr(code) + "中" for code in codes)
    once = clean(text)
    assert clean(once) == once
    assert {unicodedata.category(character) for character in set(once) - {"\n"}}.isdisjoint({"Cc", "Zl", "Zp"})


MIXED = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("舉報髮發後裡乾薴e\u0301\u0338\u200b \n\r\t\u3000\x00\x1f㎡①ｶﾞ\u1100\u1161\u11a8"),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    )
)


@given(MIXED)
@example("a \u200b b")
@example("\u200b")
@example(" \n \u0301 ")
def test_once_is_enough(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(unicodedata.category(character) == "Cc" for character in once.replace("\n", ""))
    assert not ({"\u200b", "\ufeff", "\u202e", "\u2066", "\u00ad"} & set(once))
    assert "  " not in once
    assert "\n\n" not in once
    assert once == once.strip()
