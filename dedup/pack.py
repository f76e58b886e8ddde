"""The policy pack as it stands in its file (判重策略): every number and word that a decision depends on. JSON without floats."""

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT = 2


class PolicyError(ValueError):
    """The bytes are not a policy pack; the message says in one sentence what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Lines(_Part):
    """Thresholds, in points."""

    join: int = Field(description="自动线: from here on the machine joins")
    review: int = Field(description="人工线: from here on a person is asked")
    nearest: int = Field(description="from here on an opened case says which other one was nearest, and why it was not joined")
    quoted: int = Field(description="joining line where the report quotes the other one's number")
    tie: int = Field(description="from here on a second case beside the joined one is suggested for merging")
    margin: int = Field(ge=0, description="points that the best case must be ahead of the next one to be joined")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.nearest <= self.review <= self.quoted <= self.join or self.tie < self.review:
            raise ValueError("lines must rise: nearest <= review <= quoted <= join, review <= tie")
        return self


class Limits(_Part):
    """How much of a report is looked at, and how many others it is compared with."""

    characters: int = Field(ge=100, description="of title, address and body together that count")
    lead: int = Field(ge=40, description="first characters in which wishes are looked for")
    candidates: int = Field(ge=8, le=256, description="earlier reports that the index proposes and that are compared by sketch")
    finalists: int = Field(ge=2, le=16, description="reports that are compared by all measures")
    finalists_a_case: int = Field(ge=1, le=8)
    finalist_floor: int = Field(description="cheap score, in 1/100,000 of a logit, without which a candidate is no finalist")
    slots_max: int = Field(ge=10, le=23, description="log2 of the reports that an index can hold; beyond, the oldest give way")


class Lexicon(_Part):
    """Words by which a report is understood (词表)."""

    version: int
    kinds: dict[Literal["estate", "road", "village", "school", "hospital", "company", "project", "venue"], tuple[str, ...]] = Field(
        description="kind of name -> endings (小区, 大道, 有限公司)"
    )
    cuts: tuple[str, ...] = Field(description="what stands outside names (反映, 的, 居民)")
    stock: tuple[str, ...] = Field(description="stock phrases that tell nothing about the subject (请求, 何时)")
    generic: tuple[str, ...] = Field(description="names that name nothing (本小区)")
    trim: tuple[str, ...] = Field(description="endings that add nothing to a name (小区)")
    asks: tuple[str, ...] = Field(description="words of a clause that asks for something (诉求, 希望)")
    agree: tuple[str, ...] = Field(description="words of somebody who agrees, or wants a thing kept")
    oppose: tuple[str, ...] = Field(description="words of somebody who is against a thing")
    requests: dict[str, tuple[str, ...]] = Field(description="request type (诉求类型) -> words")
    opposites: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = Field(
        max_length=16, description="words for one wish, words for its opposite"
    )
    chasers: tuple[str, ...] = Field(description="words of a report that chases an earlier one (催办)")
    stopwords: tuple[str, ...] = Field(description="words left out of the vocabulary when a pack is fitted")
    problems: dict[str, "Problem"] = Field(description="problem types (问题类型)")


class Problem(_Part):
    """One problem type: the words that tell it, and the group that it belongs to."""

    words: tuple[str, ...]
    group: str


Level = Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]


class Rarity(_Part):
    """How rare a pair of characters is: 8 x the negative natural logarithm of the share of texts that have it."""

    unseen: int = Field(gt=0, lt=256)
    levels: dict[Level, str] = Field(
        description="rarity -> groups with a blank between; a group is a first character and all its second ones"
    )


class Sounds(_Part):
    """Which characters sound alike (同音字), after folding zh/z, ch/c, sh/s, l/n, -ng/-n; and how rare pairs of syllables are."""

    groups: tuple[str, ...] = Field(description="characters of one syllable; the first stands for all")
    rarity: Rarity


class Vocabulary(_Part):
    """Known words, their rarity, and a vector of whole numbers each, so that 停水 is near 断水."""

    levels: dict[Level, str] = Field(description="rarity -> words with a blank between")
    dimensions: int = Field(ge=1, le=256)
    vectors: str = Field(description="base64 of int8, `dimensions` a word, words in the order of their characters' numbers")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        try:
            found = len(base64.b64decode(self.vectors, validate=True))
        except binascii.Error as error:
            raise ValueError(f"vectors are not base64: {error}") from None
        if found != self.dimensions * len(set(self.words())):
            raise ValueError("vectors must hold `dimensions` bytes for each word")
        return self

    def words(self) -> dict[str, int]:
        """Word -> rarity, in the order of the vectors."""
        return dict(sorted((word, int(level)) for level, words in self.levels.items() for word in words.split(" ") if word))


class Tree(_Part):
    """One decision tree, node by node, the root first. A leaf has feature -1 and itself for children."""

    feature: tuple[int, ...]
    threshold: tuple[int, ...] = Field(description="up to here the left child, beyond the right one")
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[int, ...] = Field(description="1/100 points; of an inner node what is expected there, for explaining")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        size = len(self.feature)
        if not size or any(len(part) != size for part in (self.threshold, self.left, self.right, self.value)):
            raise ValueError("a tree's lists must be equally long and not empty")
        for node, (feature, left, right) in enumerate(zip(self.feature, self.left, self.right, strict=True)):
            children = (left, right)
            if (feature < 0 and children != (node, node)) or (feature >= 0 and not all(node < child < size for child in children)):
                raise ValueError("a tree's nodes must point forward, and leaves to themselves")
        return self


class Forest(_Part):
    """The model: a pair's points are the sum of its trees' leaves, less what an average pair gets."""

    features: tuple[str, ...]
    trees: tuple[Tree, ...]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if any(feature >= len(self.features) for tree in self.trees for feature in tree.feature):
            raise ValueError("a tree asks for a feature beyond the list")
        return self


class Pack(_Part):
    """The pack file."""

    format: Literal[2]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    fitted_on: str = Field(description="which data the model comes from, and how good it was on what it had not seen")
    window_days: int = Field(ge=1, description="a case silent for longer attracts nothing")
    lines: Lines
    limits: Limits
    vetoes: tuple[str, ...]
    lexicon: Lexicon
    rarity: Rarity
    sounds: Sounds
    problems: dict[Level, str] = Field(description="rarity -> problem words with a blank between")
    words: Vocabulary
    proposal: dict[str, int] = Field(description="cheap score: sign -> weight of one unit, in 1/100,000 of a logit")
    model: Forest
