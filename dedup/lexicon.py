"""Word lists made ready (词表): each list is one automaton that finds its longest words from left to right."""

from collections.abc import Iterable, Iterator, Sequence

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from dedup.text import BREAK


class WordList:
    """Words to be found in a text: the longest at each place, none inside another. A few tens of microseconds a report."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words: tuple[str, ...] = tuple(dict.fromkeys(words))
        self._found = AhoCorasick(
            self.words or ("\x00",), matchkind=MatchKind.LeftmostLongest, store_patterns=False, implementation=Implementation.DFA
        )

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        """(number of the word, start, end) in the order of the text."""
        return self._found.find_matches_as_indexes(text)

    def found(self, text: str) -> Iterator[str]:
        """The words of the text, repeats included."""
        return (self.words[number] for number, _, _ in self.spans(text))

    def within(self, text: str) -> bool:
        """Whether any of the words stands in the text."""
        return bool(self._found.find_matches_as_indexes(text))

    def cut(self, text: str) -> str:
        """The text with each word replaced by separators, so that places stay the same."""
        parts: list[str] = []
        end = 0
        for _, start, stop in self.spans(text):
            parts += (text[end:start], BREAK * (stop - start))
            end = stop
        return "".join((*parts, text[end:]))


def longest_first(words: Iterable[str]) -> Sequence[str]:
    """The order in which alternatives of a regular expression must stand."""
    return sorted(set(words), key=lambda word: (-len(word), word))
