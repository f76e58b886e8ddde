"""The tables of a pack, learned from texts without labels: rarity, sounds, problem words, the vocabulary with its vectors."""

import base64
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import rjieba
from pypinyin import Style, lazy_pinyin
from scipy.sparse import coo_matrix, csr_matrix

from dedup.lexicon import WordList
from dedup.text import BREAK, WORD, segments

Part = dict[str, Any]
TEXTS_MIN, WORD_TEXTS_MIN = 3, 4
"""What two texts have and no third is as good as unseen: a repeat of tomorrow will have such words too."""
DIMENSIONS, WINDOW, LENGTH = 100, 6, 127
CHARACTERS = 3000
FOLDED = ((r"^zh", "z"), (r"^ch", "c"), (r"^sh", "s"), (r"^l(?=[aeiou])", "n"), (r"ng$", "n"))


def tables_of(texts: Sequence[str], lexicon: Mapping[str, Any]) -> Part:
    """Normalised texts (title and body with a line break between) and lexicon -> the parts rarity, sounds, problems and words of a pack."""
    joined = [BREAK.join(segments(text[:CHARACTERS])) for text in texts]
    plain = [text.replace(BREAK, "") for text in joined]
    groups = sounds_of("".join(plain))
    syllables = {ord(character): ord(group[0]) for group in groups for character in group}
    return {
        "rarity": _bigram_rarity(plain),
        "sounds": {"groups": groups, "rarity": _bigram_rarity([text.translate(syllables) for text in plain])},
        "problems": _levels(_problem_words(joined, lexicon), len(texts)),
        "words": _vocabulary(joined, lexicon["stopwords"]),
    }


def level(texts: int, having: float) -> int:
    """8 x ln(texts / texts that have it), a whole number from 1 to 255."""
    return max(1, min(255, round(8 * math.log(texts / having))))


def _bigram_rarity(texts: Sequence[str]) -> Part:
    frequency: Counter[str] = Counter()
    for text in texts:
        frequency.update({text[at : at + 2] for at in range(len(text) - 1)})
    levels: dict[int, dict[str, str]] = defaultdict(dict)
    for pair, count in sorted(frequency.items()):
        if count >= TEXTS_MIN and len(pair.encode("utf-16-le", "surrogatepass")) == 4:
            firsts = levels[level(len(texts) + 1, count + 0.5)]
            firsts[pair[0]] = firsts.get(pair[0], "") + pair[1]
    grouped = {str(key): " ".join(first + seconds for first, seconds in sorted(firsts.items())) for key, firsts in sorted(levels.items())}
    return {"unseen": level(len(texts) + 1, 2), "levels": grouped}


def sounds_of(text: str) -> list[str]:
    """Characters of a text that sound alike after folding; the commonest of a group first."""
    counts = Counter(character for character in text if "一" <= character <= "鿿")
    groups: dict[str, list[str]] = defaultdict(list)
    for character in sorted(counts, key=lambda one: (-counts[one], one)):
        groups[syllable(character)].append(character)
    return sorted("".join(group) for group in groups.values())


def syllable(character: str) -> str:
    """The commonest reading of a character without tone, with what southern speakers do not tell apart folded."""
    found = str(lazy_pinyin(character, style=Style.NORMAL)[0])
    for pattern, folded in FOLDED:
        found = re.sub(pattern, folded, found)
    return found


def _levels(counts: Mapping[str, int], texts: int) -> Part:
    levels: dict[int, list[str]] = defaultdict(list)
    for word, count in sorted(counts.items()):
        levels[level(texts + 1, count + 1)].append(word)
    return {str(key): " ".join(words) for key, words in sorted(levels.items())}


def _problem_words(texts: Iterable[str], lexicon: Mapping[str, Any]) -> dict[str, int]:
    words = WordList(sorted({word for problem in lexicon["problems"].values() for word in problem["words"]}))
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(words.found(text)))
    return {word: counts[word] for word in words.words}


def _vocabulary(texts: Sequence[str], stopwords: Iterable[str]) -> Part:
    """Words of two characters and more in at least four texts; vectors by positive pointwise mutual information within a window of
    six words and a truncated singular value decomposition (Levy and Goldberg 2014), normalised to length 127 and rounded.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word for word in rjieba.cut(text) if len(word) > 1 and WORD.fullmatch(word)})
    stop = set(stopwords)
    kept = sorted(
        word for word, count in counts.items() if count >= WORD_TEXTS_MIN and word not in stop and not re.search(r"[a-z0-9]", word)
    )
    words = WordList(kept)
    sequences = [[number for number, _, _ in words.spans(text)] for text in texts]
    having = Counter(number for sequence in sequences for number in set(sequence))
    vectors = _vectors(sequences, len(kept))
    table = _levels({word: having[number] for number, word in enumerate(kept)}, len(texts))
    return {"levels": table, "dimensions": vectors.shape[1], "vectors": base64.b64encode(vectors.tobytes()).decode()}


def _vectors(sequences: Sequence[Sequence[int]], size: int) -> npt.NDArray[np.int8]:
    together: Counter[tuple[int, int]] = Counter()
    for sequence in sequences:
        for at, word in enumerate(sequence):
            together.update((word, other) for other in sequence[at + 1 : at + 1 + WINDOW])
    pairs = np.array(sorted(together), np.int64)
    counts = np.array([together[one, two] for one, two in pairs.tolist()], np.float64)
    matrix = coo_matrix((counts, (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    matrix = (matrix + matrix.T).tocoo()
    sums = np.asarray(matrix.sum(1)).ravel() + 1e-9
    context = sums**0.75 / (sums**0.75).sum()
    information = np.maximum(np.log(matrix.data / (sums[matrix.row] * context[matrix.col])), 0)
    found = _factors(coo_matrix((information, (matrix.row, matrix.col)), shape=matrix.shape).tocsr(), min(DIMENSIONS, size))
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-12
    return np.asarray(np.round(found * LENGTH).astype(np.int8))


def _factors(matrix: csr_matrix, dimensions: int) -> npt.NDArray[np.float64]:
    """Left singular vectors times the roots of their values, largest first, by a randomised range finder with a fixed seed
    (Halko, Martinsson and Tropp 2011, algorithm 4.4): scipy's svds gave other vectors at each call.
    """
    width = min(dimensions + 20, matrix.shape[0])
    basis, _ = np.linalg.qr(matrix @ np.random.default_rng(1).standard_normal((matrix.shape[1], width)))
    for _ in range(6):
        basis, _ = np.linalg.qr(matrix.T @ basis)
        basis, _ = np.linalg.qr(matrix @ basis)
    u, values, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    found = (basis @ u)[:, :dimensions]
    found *= np.where(found[np.abs(found).argmax(0), np.arange(dimensions)] < 0, -1, 1)  # the sign of a direction is chance
    return np.asarray(found * np.sqrt(values[:dimensions]))
