"""Two reports side by side: what several measures need of both, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedup.reading import Codes, Part, Reading, share_of

UNKNOWN = -1
"""A value that cannot be said: no name on one side, nobody known."""
LENGTH = 127
"""Of the word vectors."""


Soft = npt.NDArray[np.int64]
"""For each known word of one text: how well it is met in the other (permille of the nearest word's squared cosine; 1000 if it stands
there), and whether it stands there."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The newer report first. `shared` and `heard` are the bigrams and pairs of syllables that both have."""

    new: Reading
    old: Reading
    shared: Codes
    common: int  # rarity of the shared bigrams
    cosine: int  # permille
    heard: Codes
    heard_cosine: int
    soft_new: Soft
    soft_old: Soft
    subject_new: int  # rarity of the subject's bigrams that both have
    subject_old: int


def pair_of(new: Reading, old: Reading) -> Pair:
    """Two readings -> a pair; cost rises with the length of the shorter text."""
    shared, heard = new.codes & old.codes, new.sound_codes & old.sound_codes
    rarities = [new.weights[code] for code in shared]
    sounds = [new.sounds[code] for code in heard]
    return Pair(
        new,
        old,
        shared,
        sum(rarities),
        share_of(sum([value * value for value in rarities]), new.norm, old.norm),
        heard,
        share_of(sum([value * value for value in sounds]), new.sound_norm, old.sound_norm),
        *_soft(new, old),
        mass(new.subject.codes, shared, new.weights),
        mass(old.subject.codes, shared, old.weights),
    )


def _soft(new: Reading, old: Reading) -> tuple[Soft, Soft]:
    mine, theirs = len(new.words), len(old.words)
    soft = np.zeros((mine + theirs, 2), np.int64)
    if mine and theirs:
        # Vectors have length 127 and whole numbers: the products are exact in float32, whoever multiplies.
        cosines = new.word_vectors @ old.word_vectors.T
        nearest = np.maximum(np.concatenate((cosines.max(1), cosines.max(0))), 0).astype(np.int64)
        soft[:, 0] = np.minimum(nearest * nearest * 1000 // LENGTH**4, 1000)
    both = new.word_set & old.word_set
    same = [new.words[number] for number in both if number in new.words]
    same += [mine + old.words[number] for number in both if number in old.words]
    soft[same] = 1000, 1
    return soft[:mine], soft[mine:]


def covered(part: Part, shared: Codes, rarity: Mapping[int, int]) -> int:
    """Permille of these bigrams, by rarity, that both texts have; UNKNOWN where there are none."""
    return share(mass(part.codes, shared, rarity), part)


def share(weight: int, part: Part) -> int:
    """Permille that a rarity is of all these bigrams; UNKNOWN where there are none."""
    return weight * 1000 // part.weight if part.weight else UNKNOWN


def mass(codes: Codes, shared: Codes, rarity: Mapping[int, int]) -> int:
    """Rarity of those of the bigrams that both texts have."""
    return sum(map(rarity.__getitem__, codes & shared))


def smaller(one: int, two: int) -> int:
    """The smaller of two shares; the other where one cannot be said."""
    return max(one, two) if UNKNOWN in {one, two} else min(one, two)


def quotes(pair: Pair) -> bool:
    """The newer report quotes the older one's number."""
    return pair.new.quoted_number is not None and pair.new.quoted_number == pair.old.source_id


def quotes_own(pair: Pair) -> bool:
    """The newer report quotes the older one's number, and the same person sent both."""
    return quotes(pair) and not pair.new.persons.isdisjoint(pair.old.persons)


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of characters that both texts have, and the rarity of its bigrams together."""

    weight: int
    text: str


def passages(pair: Pair, most: int) -> list[Passage]:
    """The rarest passages that stand in both texts word for word, rarest first; what is told by name has no ending to be found by."""
    shorter, longer = (pair.new, pair.old) if len(pair.new.plain) <= len(pair.old.plain) else (pair.old, pair.new)
    weights, shared = shorter.weights, pair.shared
    runs: list[tuple[int, int, int]] = []
    start = weight = 0
    end = -1
    for at, code in [(at, code) for at, code in enumerate(shorter.sequence) if code in shared]:
        if at > end:
            runs.append((weight, -start, end + 1))
            start, weight = at, 0
        weight += weights[code]
        end = at + 1
    runs.append((weight, -start, end + 1))
    found: dict[str, int] = {}
    for worth, begin, end in sorted(runs, reverse=True)[: 2 * most]:
        text = shorter.plain[-begin:end]
        if worth and text in longer.plain:
            found.setdefault(text, worth)
    return [Passage(worth, text) for text, worth in list(found.items())[:most]]
