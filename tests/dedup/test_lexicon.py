from hypothesis import given
from hypothesis import strategies as st

from dedup.lexicon import WordList, longest_first
from dedup.text import BREAK


def test_the_longest_word_counts_and_none_inside_it() -> None:
    words = WordList(["停车", "停车场", "车场", "收费"])
    assert list(words.found("地下停车场乱收费，停车难")) == ["停车场", "收费", "停车"]
    assert words.within("停车难")
    assert not words.within("")


def test_no_words_find_nothing() -> None:
    assert not WordList([]).within("任何文字\x01")


@given(st.text(alphabet="停车场收费难，", max_size=40))
def test_cutting_keeps_every_place(text: str) -> None:
    cut = WordList(["停车场", "收费"]).cut(text)
    assert len(cut) == len(text)
    assert all(mine in {character, BREAK} for mine, character in zip(cut, text, strict=True))


def test_alternatives_stand_longest_first() -> None:
    assert longest_first(["路", "大道", "路口", "路"]) == ["大道", "路口", "路"]
