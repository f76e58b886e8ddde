"""The policy pack (判重策略): every number and word that a decision depends on, named and digested."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dedup.text import bigrams

FORMAT = 1
SECONDS_A_DAY = 86_400


class PolicyError(ValueError):
    """The bytes are not a policy pack; the message says in one sentence what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Lines(_Part):
    """Thresholds, in points of the card."""

    join: int = Field(description="自动线: from here on the machine joins")
    review: int = Field(description="人工线: from here on a person is asked")
    nearest: int = Field(description="from here on an opened case says which other one was nearest, and why it was not joined")
    quoted: int = Field(description="joining line where the report quotes the other one's number")
    margin: int = Field(ge=0, description="points that the best case must be ahead of the next one to be joined")
    text_floor: int = Field(ge=0, le=1000, description="permille of common text without which nothing is joined, whoever writes")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.nearest <= self.review <= self.quoted <= self.join:
            raise ValueError("lines must rise: nearest <= review <= quoted <= join")
        return self


class Limits(_Part):
    """How much of a report is looked at, and how many others it is compared with."""

    characters: int = Field(ge=100, description="of title and body together that count")
    lead: int = Field(ge=40, description="characters of the body from which names and subject are read")
    head: int = Field(ge=10, description="characters of the title, or of the body where there is none, that are taken for the subject")
    key_rarity: int = Field(ge=0, description="rarity from which a bigram of subject or names is indexed in any case")
    known_keys: int = Field(ge=4, description="rarest bigrams of the rarity table that are indexed for a report")
    new_keys: int = Field(ge=0, description="bigrams outside the table that are indexed for a report, first ones of the text")
    postings: int = Field(ge=4, description="newest reports kept for one bigram")
    entries: int = Field(ge=48, description="entries of the index that are read for a report, rarest bigrams first")
    candidates: int = Field(ge=8, description="reports that are compared by bigrams")
    finalists: int = Field(ge=2, le=8, description="reports that are compared by all measures")
    finalists_a_case: int = Field(ge=1, le=8)
    finalist_floor: int = Field(ge=0, le=1000, description="permille of common text without which a candidate is no finalist")


class Table(_Part):
    """Points of one measure. Value u falls into row `bisect_right(rows, u)`, v into column `bisect_right(columns, v)`."""

    rows: tuple[int, ...]
    columns: tuple[int, ...] = ()
    points: tuple[tuple[int, ...], ...]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if any(list(cuts) != sorted(set(cuts)) for cuts in (self.rows, self.columns)):
            raise ValueError("cuts must rise")
        if len(self.points) != len(self.rows) + 1 or any(len(row) != len(self.columns) + 1 for row in self.points):
            raise ValueError("points must have one row and one column more than there are cuts")
        return self


class Lexicon(_Part):
    """Words by which names and wishes are found."""

    suffixes: dict[str, tuple[str, ...]] = Field(description="kind of name -> endings (小区, 大道, 有限公司)")
    cuts: tuple[str, ...] = Field(
        description="what stands outside names (反映, 的, 居民): regular expressions, applied one after the other"
    )
    generic: tuple[str, ...] = Field(description="names that name nothing (本小区)")
    opposites: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = Field(
        max_length=16, description="words for one wish, words for its opposite"
    )


class Rarity(_Part):
    """How rare a pair of characters is: 8 x the negative natural logarithm of the share of texts that have it."""

    unseen: int = Field(gt=0, lt=256)
    levels: dict[Annotated[str, Field(pattern=r"^[0-9]{1,3}$")], str] = Field(
        description="rarity -> groups with a blank between; a group is a first character and all its second ones"
    )


class Pack(_Part):
    """The pack file, JSON."""

    format: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    fitted_on: str = Field(description="which data the points come from, and how good they were on what they had not seen")
    window_days: int = Field(ge=1, description="a case silent for longer attracts nothing")
    lines: Lines
    limits: Limits
    measures: dict[str, Table]
    vetoes: tuple[str, ...]
    lexicon: Lexicon
    rarity: Rarity


@dataclass(frozen=True, slots=True)
class Policy:
    """A pack made ready: tables compiled, still nothing but constants. Safe to share."""

    name: str
    digest: str
    fitted_on: str
    window: int
    lines: Lines
    limits: Limits
    measures: dict[str, Table]
    vetoes: tuple[str, ...]
    rarity: dict[int, int]
    unseen: int
    cuts: tuple[re.Pattern[str], ...]
    suffix: re.Pattern[str]
    generic: frozenset[str]
    wish: re.Pattern[str]
    wish_bits: dict[str, int]


def parse_policy(data: bytes) -> Policy:
    """Bytes of a pack file -> policy. Raises PolicyError with a sentence that says what to repair.

    The digest is SHA-256 over canonical JSON (keys sorted, no blanks), so layout does not matter and content does.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise PolicyError(f"The policy pack is not JSON: {error}.") from None
    try:
        # strict JSON mode: a float or a number in quotes is refused, a list is taken for a tuple
        pack = Pack.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the pack"
        raise PolicyError(f"The policy pack cannot be used, at {place}: {first['msg']}.") from None
    _known(pack)
    canonical = json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return _compile(pack, hashlib.sha256(canonical).hexdigest())


def _known(pack: Pack) -> None:
    from dedup.measures import MEASURES, VETOES  # they are typed by Policy

    for what, have, want in (("measures", set(pack.measures), set(MEASURES)), ("vetoes", set(pack.vetoes), set(VETOES))):
        if have - want:
            raise PolicyError(f"The policy pack names {what} that this version does not know: {', '.join(sorted(have - want))}.")


def _compile(pack: Pack, digest: str) -> Policy:
    lexicon = pack.lexicon
    endings = sorted({ending for kind in lexicon.suffixes.values() for ending in kind}, key=lambda ending: (-len(ending), ending))
    bits: dict[str, int] = {}
    for number, pair in enumerate(lexicon.opposites):
        for side in (0, 1):
            for word in pair[side]:
                bits[word] = bits.get(word, 0) | 1 << (2 * number + side)
    wishes = sorted(bits, key=lambda word: (-len(word), word))
    try:
        cuts = tuple(map(re.compile, lexicon.cuts))
    except re.error as error:
        raise PolicyError(f"The policy pack cannot be used, at lexicon.cuts: {error}.") from None
    return Policy(
        name=pack.name,
        digest=digest,
        fitted_on=pack.fitted_on,
        window=pack.window_days * SECONDS_A_DAY,
        lines=pack.lines,
        limits=pack.limits,
        measures=pack.measures,
        vetoes=pack.vetoes,
        rarity={code: int(level) for level, groups in pack.rarity.levels.items() for code in _codes(groups)},
        unseen=pack.rarity.unseen,
        cuts=cuts,
        suffix=_alternatives(endings, "+"),
        generic=frozenset(lexicon.generic),
        wish=_alternatives(wishes, ""),
        wish_bits=bits,
    )


def _alternatives(words: list[str], repeated: str) -> re.Pattern[str]:
    if not words:
        return re.compile("(?!)")
    # the look-ahead lets the search skip places where no word can begin: four times as fast as without
    firsts = "".join(sorted({re.escape(word[0]) for word in words}))
    return re.compile(f"(?=[{firsts}])(?:{'|'.join(map(re.escape, words))}){repeated}")


def _codes(groups: str) -> list[int]:
    return [bigrams(group[0] + second)[0] for group in groups.split(" ") if group for second in group[1:]]
