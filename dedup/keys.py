"""Under which keys a report is found, and its sketch (索引键、草图).

Keys are 32-bit hashes of: its rarest bigrams; the sound of each name; sounds of the subject together with each leading problem type (so
that a note of 40 characters finds a long letter, misspelt or not); and exact ones: persons, source number, the whole text. A report asks
under more bigrams than it is entered under, so that a short text finds a long one and the other way round. The sketch is a fingerprint of
16 bits for each of its bigrams, for a likeness without the text.

MinHash bands over rare bigrams, which find copies, found 27 % of the earlier mates in gold with 40 keys; the 96 rarest bigrams 99 %. A
Bloom filter of 1,024 bits as sketch kept 79 % of them among the best eight; fingerprints of all bigrams keep 98 %.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from dedup.kernels import Counts, Words, mixed
from dedup.policy import Policy
from dedup.reading import Scan, rarities
from dedup.text import BREAK, bigrams

BIGRAMS_ENTERED, BIGRAMS_ASKED = 96, 160
NAMES, SOUNDS, TYPES = 12, 8, 3
BIGRAM_RARITY = 24
"""A bigram in more than 5 % of texts is no key."""
SKETCH_RARITY = 16
"""Nor is one in more than 13 % of texts in a sketch."""
SKETCH_MAX = 500
MATTER, PERSON, EXACT = 1 << 14, 1 << 20, 1 << 22
"""Weights of the other kinds of keys, so that a sum of votes tells them apart: below 2^14 the rarity of bigrams, then how many names and
subjects with their problem are shared, then whether a person is the same, then whether the number or the whole text is."""
SEPARATOR = ord(BREAK)
BIGRAM_SALT, SKETCH_SALT = np.uint32(0x9E3779B9), np.uint32(0x51ED270B)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys to ask under with their weights, those to enter under, and the sketch: fingerprints with their squared rarities."""

    asked: Words
    weights: Counts
    entered: Words
    prints: npt.NDArray[np.uint16]
    squares: Counts


def keys_of(seen: Scan, policy: Policy) -> Keys:
    """First look -> keys, all different, and sketch."""
    codes = np.fromiter(seen.weights.keys(), np.uint32, len(seen.weights))
    rarities = np.fromiter(seen.weights.values(), np.int64, len(seen.weights))
    rarest = _rarest(rarities, policy.rarity.unseen)
    other = dict(_named(seen, policy))
    others = np.fromiter(other.keys(), np.uint32, len(other))
    hashes = mixed(np.concatenate((codes[rarest] ^ BIGRAM_SALT, others)))
    weights = np.concatenate((rarities[rarest], np.fromiter(other.values(), np.int64, len(other))))
    entered = np.concatenate((hashes[: len(rarest)][:BIGRAMS_ENTERED], hashes[len(rarest) :]))
    keys, first = np.unique(hashes, return_index=True)
    return Keys(keys, weights[first], entered, *_sketch(codes, rarities))


def key_of(*parts: str) -> int:
    """Words -> a key before mixing: CRC-32."""
    return crc32("\x1f".join(parts).encode("utf-8", "surrogatepass"))


def number_key(source_id: str) -> int:
    """The key of a source number, before mixing: of the report itself, and of one that quotes it."""
    return key_of("number", source_id)


def _rarest(rarities: Counts, unseen: int) -> npt.NDArray[np.int64]:
    """Where the rarest known ones stand, then those that nobody has seen; equals as they stand in the text."""
    order = np.argsort(np.where(rarities >= unseen, 0, -rarities), kind="stable")
    return order[rarities[order] >= BIGRAM_RARITY][:BIGRAMS_ASKED]


def _named(seen: Scan, policy: Policy) -> Iterator[tuple[int, int]]:
    """(key, weight) of names, of the subject with the problem, and of what is exactly the same."""
    for name in sorted(seen.names, key=lambda name: (-_weight(name, seen, policy), name))[:NAMES]:
        yield key_of("name", name.translate(policy.syllables)), MATTER
    types = [crc32(kind.encode()) for kind in sorted(seen.types, key=lambda kind: (-seen.types[kind], kind))[:TYPES]]
    sounds = _subject_sounds(seen, policy) if types else {}
    for code in sorted(sounds, key=lambda code: (-sounds[code], code))[:SOUNDS]:
        for kind in types:
            yield code ^ kind, MATTER
    source = seen.source
    for person in source.persons:
        yield key_of("person", person), PERSON
    yield number_key(source.source_id), EXACT
    yield key_of("text", seen.plain), EXACT


def _subject_sounds(seen: Scan, policy: Policy) -> dict[int, int]:
    """Rarity of each pair of syllables of the subject that no separator is part of."""
    codes = bigrams(seen.subject[0].translate(policy.syllables))
    return rarities([code for code in codes if code & 0xFFFF != SEPARATOR != code >> 16], policy.sound_rarity)


def _weight(name: str, seen: Scan, policy: Policy) -> int:
    return sum([seen.weights.get(code, policy.rarity.unseen) for code in bigrams(name)])


def _sketch(codes: Words, rarities: Counts) -> tuple[npt.NDArray[np.uint16], Counts]:
    kept = np.flatnonzero(rarities >= SKETCH_RARITY)
    if len(kept) > SKETCH_MAX:
        kept = kept[np.argsort(-rarities[kept], kind="stable")[:SKETCH_MAX]]
    prints = (mixed(codes[kept] ^ SKETCH_SALT) >> np.uint32(16)).astype(np.uint16)
    return prints, rarities[kept] * rarities[kept]
