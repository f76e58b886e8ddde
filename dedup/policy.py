"""A policy pack made ready: tables compiled, still nothing but constants. Safe to share between ledgers."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from dedup import pack as file
from dedup.entities import Naming, naming
from dedup.lexicon import WordList
from dedup.model import Model
from dedup.pack import Limits, Lines, Pack, PolicyError
from dedup.text import bigrams

__all__ = ["SECONDS_A_DAY", "Policy", "PolicyError", "parse_policy"]

SECONDS_A_DAY = 86_400


class RarityTable(dict[int, int]):
    """Bigram -> rarity; `unseen` for one that is not in the table."""

    def __init__(self, table: file.Rarity) -> None:
        super().__init__({code: int(level) for level, groups in table.levels.items() for code in _codes(groups)})
        self.unseen = table.unseen
        self.of = self.__getitem__

    def __missing__(self, _: int) -> int:
        return self.unseen


@dataclass(frozen=True, slots=True)
class Problems:
    """Problem words, their rarity, their types, and the types' groups."""

    list: WordList
    rarity: Mapping[str, int]
    types: Mapping[str, Sequence[str]]
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary: rarity, bigrams and vector of each word by its number."""

    list: WordList
    rarity: Sequence[int]
    codes: Sequence[frozenset[int]]
    vectors: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Policy:
    """What every decision is made by."""

    name: str
    digest: str
    fitted_on: str
    window: int  # seconds
    lines: Lines
    limits: Limits
    vetoes: tuple[str, ...]
    lexicon_version: int
    rarity: RarityTable
    sound_rarity: RarityTable
    syllables: Mapping[int, int]
    naming: Naming
    stock: WordList
    asks: WordList
    agree: WordList
    oppose: WordList
    requests: Mapping[str, WordList]
    chasers: WordList
    wish: WordList
    wish_bits: Mapping[str, int]
    problems: Problems
    words: Words
    proposal: npt.NDArray[np.int64]  # weight of each sign of the cheap score
    model: Model
    dictionary: bytes  # of frequent words, for compressing texts


def parse_policy(data: bytes) -> Policy:
    """Bytes of a pack file -> policy. Raises PolicyError with a sentence that says what to repair.

    The digest is SHA-256 over canonical JSON (keys sorted, no blanks), so layout does not matter and content does.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise PolicyError(f"The policy pack is not JSON: {error}.") from None
    if isinstance(raw, dict) and raw.get("format") not in {None, file.FORMAT}:
        raise PolicyError(
            f"The policy pack cannot be used, at format: {raw['format']!r} is not {file.FORMAT}; fit it anew with `onecase policy fit`."
        )
    try:
        # strict JSON mode: a float or a number in quotes is refused, a list is taken for a tuple
        pack = Pack.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the pack"
        raise PolicyError(f"The policy pack cannot be used, at {place}: {first['msg']}.") from None
    _known(pack)
    return compile_pack(pack, digest_of(raw))


def digest_of(raw: object) -> str:
    """SHA-256 of the canonical JSON of a pack."""
    return hashlib.sha256(json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _known(pack: Pack) -> None:
    from dedup.candidates import SIGNS  # they are typed by Policy
    from dedup.measures import FEATURES
    from dedup.vetoes import VETOES

    for what, have, want in (
        ("signs", set(pack.proposal), set(SIGNS)),
        ("features", set(pack.model.features), set(FEATURES)),
        ("vetoes", set(pack.vetoes), set(VETOES)),
    ):
        if have - want:
            raise PolicyError(f"The policy pack names {what} that this version does not know: {', '.join(sorted(have - want))}.")


def compile_pack(pack: Pack, digest: str) -> Policy:
    """Pack -> policy."""
    from dedup.candidates import SIGNS
    from dedup.measures import FEATURES

    lexicon = pack.lexicon
    bits: dict[str, int] = {}
    for number, pair in enumerate(lexicon.opposites):
        for side in (0, 1):
            for word in pair[side]:
                bits[word] = bits.get(word, 0) | 1 << (2 * number + side)
    words = pack.words.words()
    return Policy(
        name=pack.name,
        digest=digest,
        fitted_on=pack.fitted_on,
        window=pack.window_days * SECONDS_A_DAY,
        lines=pack.lines,
        limits=pack.limits,
        vetoes=pack.vetoes,
        lexicon_version=lexicon.version,
        rarity=RarityTable(pack.rarity),
        sound_rarity=RarityTable(pack.sounds.rarity),
        syllables={ord(character): ord(group[0]) for group in pack.sounds.groups for character in group},
        naming=naming({str(kind): endings for kind, endings in lexicon.kinds.items()}, lexicon.cuts, lexicon.generic, lexicon.trim),
        stock=WordList(lexicon.stock),
        asks=WordList(lexicon.asks),
        agree=WordList(lexicon.agree),
        oppose=WordList(lexicon.oppose),
        requests={kind: WordList(found) for kind, found in lexicon.requests.items()},
        chasers=WordList(lexicon.chasers),
        wish=WordList(bits),
        wish_bits=bits,
        problems=_problems(pack),
        words=_words(words, pack.words),
        proposal=np.array([pack.proposal.get(sign, 0) for sign in SIGNS], np.int64),
        model=Model.of(pack.model, FEATURES),
        dictionary=_dictionary(words),
    )


def _problems(pack: Pack) -> Problems:
    types: dict[str, list[str]] = {}
    for kind, problem in pack.lexicon.problems.items():
        for word in problem.words:
            types.setdefault(word, []).append(kind)
    known = {word: int(level) for level, found in pack.problems.items() for word in found.split(" ")}
    rarity = {word: known.get(word, pack.rarity.unseen) for word in types}
    return Problems(WordList(sorted(types)), rarity, types, {kind: problem.group for kind, problem in pack.lexicon.problems.items()})


def _words(words: Mapping[str, int], table: file.Vocabulary) -> Words:
    vectors = np.frombuffer(base64.b64decode(table.vectors), np.int8).reshape(-1, table.dimensions)
    return Words(WordList(words), tuple(words.values()), tuple(frozenset(bigrams(word)) for word in words), vectors.astype(np.float32))


def _dictionary(words: Mapping[str, int]) -> bytes:
    """What compressed texts may refer back to: commonest words last, where deflate reaches them most cheaply."""
    ordered = sorted(words, key=lambda word: (-words[word], word))
    return "".join(ordered).encode("gb18030")[-32_000:]


def _codes(groups: str) -> list[int]:
    return [bigrams(group[0] + second)[0] for group in groups.split(" ") if group for second in group[1:]]
