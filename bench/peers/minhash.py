"""datasketch's MinHash LSH over character bigrams finds candidates, rapidfuzz puts them in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from datasketch import MinHash, MinHashLSH
from rapidfuzz import fuzz, process

from bench.gold import Report
from bench.peers.subject import HITS, Hit, Setup, bigrams, head_of, text_of

BANDS, ROWS = 128, 2
RARITY_MIN = 3.5
"""Only bigrams in fewer than 3 % of the reference texts make the sketch: with all of them fewer mates are found, and more others."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is compared again: the uncommon bigrams with blanks between, the head, and the whole text."""

    pairs: str
    head: str
    text: str


class Minhash:
    """Candidates share a band. Their order: alike by bigrams; the first 50 then also by how much of one's title stands in the other."""

    def __init__(self, rarity: dict[str, float], unseen: float) -> None:
        self._rarity, self._unseen = rarity, unseen
        self._lsh = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
        self._kept: dict[int, Kept] = {}
        self._last: tuple[Report, MinHash, Kept] | None = None

    def ask(self, report: Report) -> Sequence[Hit]:
        sketch, seen = self._look(report)
        found = {number: self._kept[number].pairs for number in self._lsh.query(sketch)}
        best = process.extract(seen.pairs, found, scorer=fuzz.token_set_ratio, processor=None, limit=HITS)
        hits = [(number, alike + titles(seen, self._kept[number])) for _, alike, number in best]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def add(self, number: int, report: Report) -> None:
        sketch, kept = self._look(report)
        self._lsh.insert(number, sketch)
        self._kept[number] = kept

    def stored(self) -> int | None:
        return None

    def versions(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass

    def _look(self, report: Report) -> tuple[MinHash, Kept]:
        if self._last is None or self._last[0] is not report:
            text = text_of(report)
            pairs = sorted(pair for pair in bigrams(text) if self._rarity.get(pair, self._unseen) >= RARITY_MIN)
            sketch = MinHash(num_perm=BANDS * ROWS, hashfunc=crc32)
            sketch.update_batch([pair.encode() for pair in pairs])
            self._last = (report, sketch, Kept(" ".join(pairs), head_of(report), text))
        return self._last[1], self._last[2]


def titles(one: Kept, two: Kept) -> float:
    """Mean of how well each one's head fits somewhere into the other's text, of 100."""
    return (fuzz.partial_ratio(one.head, two.text) + fuzz.partial_ratio(two.head, one.text)) / 2


def build(setup: Setup) -> Minhash:
    """Only the rarity of bigrams is known beforehand."""
    return Minhash(setup.rarity, setup.unseen)
