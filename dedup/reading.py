"""Understanding a report (读件): everything that matching needs of its text, computed once and recomputable at any time.

A reading depends on the report and the policy alone, so that it can be thrown away and made again, and a policy can be switched.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, pairwise
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.entities import DIVISION, GROUPS, buildings_of, generic, lines_of, named, numbers_of, plates_of, spans
from dedup.policy import Policy, RarityTable
from dedup.text import BREAK, bigrams, segments
from schemas.base import to_millis
from schemas.journal import ReportReceived

Types = dict[str, int]
Place = tuple[int, int, str]
Codes = frozenset[int]

HEAD_MIN = 6
"""A title of fewer characters says too little to be the subject."""
HEAD_MAX, LEAD_OF_BODY, LEAD_ALONE, LEAD_MIN = 100, 80, 120, 60
EARLY, NUMBERED = 150, 200
WORDS_MAX = 60
RARE = 60
"""From this rarity on a bigram is rare."""
REPEATED = (0, 100, 135, 155, 169, 180, 190, 197, 204, 210)
"""100 x (1 + ln(n) / 2): how much more a word counts that stands n times."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a place or an organisation: the group it is compared in, the rarity of its bigrams together, and how it sounds."""

    text: str
    group: str
    weight: int
    sound: str
    sounds: Codes
    letters: str  # its syllables in the order of their numbers, for what was turned round


@dataclass(frozen=True, slots=True)
class Part:
    """Some bigrams of a text, and their rarity together."""

    codes: Codes
    weight: int


@dataclass(frozen=True, slots=True)
class Kinds:
    """Problem types with their weight, the sum of squares, and the strongest of them."""

    weights: Types
    square: int
    leading: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One report as matching sees it. Codes are bigrams (text.py); weights are rarities, or sums of them."""

    report_id: str
    source_id: str
    quoted_number: str | None
    channel: str
    time: int  # effective time, seconds since 1970
    persons: frozenset[str]
    plain: str  # title, address and body without anything between
    head: str  # the subject: the title, or the first words of the body
    weights: Mapping[int, int]  # rarity of each different bigram
    codes: Codes
    weight: int
    norm: int  # sum of squared rarities
    rare: int  # how many of them are rare
    heading: Part  # bigrams of the head
    opening: Part  # bigrams of the lead
    sequence: Sequence[int]  # its bigrams as they stand
    places: Mapping[int, int]  # where each bigram stands first
    sounds: Mapping[int, int]  # the same text by ear: rarity of each different pair of syllables
    sound_codes: Codes
    sound_norm: int
    subject: Part  # of the head, without stock phrases and problem words: mostly the name of the thing
    subject_sounds: Part
    subject_names: Part  # of the names in the head
    subject_name_sounds: Part
    subject_rest: Part  # of the head, neither names nor problem words
    names: Mapping[str, Name]
    head_names: tuple[Name, ...]
    head_groups: Mapping[str, Sequence[Name]]  # the same by group
    lead_names: tuple[Name, ...]
    divisions: frozenset[str]
    head_divisions: frozenset[str]
    lines: frozenset[str]
    head_lines: frozenset[str]
    buildings: frozenset[str]
    plates: frozenset[str]
    numbers: frozenset[str]
    lead_numbers: frozenset[str]
    problems: Mapping[str, int]  # words that tell a problem -> where they stand first
    problem_rarity: Mapping[str, int]
    problem_weight: int
    head_problems: frozenset[str]
    types: Kinds  # problem types with their weight, by the whole text, by the head, by the demand
    head_types: Kinds
    ask_types: Kinds
    groups: Kinds
    ask: str  # the clauses that ask for something
    asked: Part  # their bigrams
    requests: frozenset[str]
    agrees: frozenset[str]
    opposes: frozenset[str]
    leads_agreeing: bool
    leads_opposing: bool
    wishes: int  # bits, see Policy.wish_bits
    chases: bool  # 催办: it says that the matter was reported before
    words: Mapping[int, int]  # numbers of its rarest known words -> their places in the arrays
    word_set: frozenset[int]  # of all known words
    word_vectors: npt.NDArray[np.float32]
    word_weights: npt.NDArray[np.int64]  # three rows: of all its words, of those that are no part of a name, of those in the lead
    word_sums: tuple[int, ...]  # of each row
    topics: npt.NDArray[np.int64]  # three rows alike: sums of word vectors, weighted by rarity: what the text is about
    topic_squares: tuple[int, ...]  # of each row


@dataclass(frozen=True, slots=True)
class Source:
    """What matching keeps of a report, so that its reading can be made again."""

    report_id: str
    channel: str
    source_id: str
    quoted_number: str | None
    time: int  # effective time, seconds since 1970
    persons: tuple[str, ...]
    title: str
    address: str
    body: str


def source_of(report: ReportReceived) -> Source:
    """A journal record -> what matching keeps of it."""
    return Source(
        report_id=report.report_id,
        channel=report.channel,
        source_id=report.source_id,
        quoted_number=report.quoted_number,
        time=to_millis(report.effective_at) // 1000,
        persons=report.persons,
        title=report.title,
        address=report.address or "",
        body=report.body,
    )


@dataclass(frozen=True, slots=True)
class Scan:
    """The first look at a report: what the candidate index needs. What is not compared is never read further."""

    source: Source
    text: str  # clauses with separators between
    plain: str
    head: str
    lead: str
    codes: Sequence[int]
    weights: Mapping[int, int]
    places: Sequence[Place]  # of what is called like a place or an organisation: start, end, kind
    head_places: Sequence[Place]
    names: Mapping[str, str]  # name -> kind
    subject: tuple[str, str, str]  # the head without stock phrases and problems; its names; the rest, each with separators
    problems: Mapping[str, int]  # words that tell a problem -> where they stand first
    head_problems: frozenset[str]
    types: Types


def scan(source: Source, policy: Policy) -> Scan:
    """Source -> first look. Cost rises with its length up to `limits.characters`; about 300 microseconds for a usual one."""
    limit = policy.limits.characters
    title, place, body = (segments(text) for text in (source.title[:limit], source.address[:limit], source.body[:limit]))
    text = BREAK.join([*title, *place, *body])[:limit]
    plain = text.replace(BREAK, "")
    heading, rest = BREAK.join(title), BREAK.join([*place, *body])
    head = (heading if len(heading) >= HEAD_MIN else f"{heading}{BREAK}{rest}" if heading else rest)[:HEAD_MAX]
    lead = f"{heading[:HEAD_MAX]}{BREAK}{rest[:LEAD_OF_BODY]}" if heading else rest[:LEAD_ALONE]
    codes = bigrams(plain)
    places = spans(text, policy.naming)
    head_places = _places_in(head, text, places, policy)
    problems, counts = _problems(text, policy)
    head_problems = frozenset(word for word in policy.problems.list.found(head) if word in problems)
    return Scan(
        source=source,
        text=text,
        plain=plain,
        head=head,
        lead=lead,
        codes=codes,
        weights=rarities(codes, policy.rarity),
        places=places,
        head_places=head_places,
        names=named(text, places, policy.naming),
        subject=_subject(head, head_places, policy),
        problems=problems,
        head_problems=head_problems,
        types=_types(counts, head_problems, policy),
    )


def read(seen: Scan, policy: Policy) -> Reading:
    """First look -> reading, for reports that are compared by all measures."""
    source, text, plain, head, lead, weights = seen.source, seen.text, seen.plain, seen.head, seen.lead, seen.weights
    sequence = _sequence(plain, seen.codes)
    sounds = rarities(bigrams(plain.translate(policy.syllables)), policy.sound_rarity)
    lead_text = lead if len(lead) >= LEAD_MIN else text[:LEAD_ALONE]
    made: dict[tuple[str, str], Name] = {}
    names = _names(seen.names, made, weights, policy)
    head_names = _names(named(head, seen.head_places, policy.naming), made, weights, policy)
    lead_places = _places_in(lead_text, text, seen.places, policy)
    lead_names = _names(named(lead_text, lead_places, policy.naming), made, weights, policy)
    lines, buildings = lines_of(text), buildings_of(text)
    subject, subject_names, subject_rest = seen.subject
    problems, head_problems, types = seen.problems, seen.head_problems, seen.types
    asking = BREAK.join(clause for clause in text.split(BREAK) if policy.asks.within(clause)) or text.rpartition(BREAK)[2]
    return Reading(
        report_id=source.report_id,
        source_id=source.source_id,
        quoted_number=source.quoted_number,
        channel=source.channel,
        time=source.time,
        persons=frozenset(source.persons),
        plain=plain,
        head=head.replace(BREAK, ""),
        weights=weights,
        codes=frozenset(weights),
        weight=sum(weights.values()),
        norm=sum([value * value for value in weights.values()]),
        rare=sum([value >= RARE for value in weights.values()]),
        heading=_part(head.replace(BREAK, ""), weights),
        opening=_part(lead.replace(BREAK, ""), weights),
        sequence=sequence,
        places=dict(zip(reversed(sequence), range(len(sequence) - 1, -1, -1), strict=True)),
        sounds=sounds,
        sound_codes=frozenset(sounds),
        sound_norm=sum([value * value for value in sounds.values()]),
        subject=_part(subject, weights),
        subject_sounds=_part(subject.translate(policy.syllables), sounds),
        subject_names=_part(subject_names, weights),
        subject_name_sounds=_part(subject_names.translate(policy.syllables), sounds),
        subject_rest=_part(subject_rest, weights),
        names={name.text: name for name in names},
        head_names=head_names,
        head_groups=_grouped(head_names),
        lead_names=lead_names,
        divisions=_divisions(text),
        head_divisions=_divisions(head),
        lines=lines,
        head_lines=lines_of(head),
        buildings=buildings,
        plates=plates_of(text),
        numbers=numbers_of(text),
        lead_numbers=(lines | buildings if len(text) <= NUMBERED else lines_of(text[:NUMBERED]) | buildings_of(text[:NUMBERED])),
        problems=problems,
        problem_rarity={word: policy.problems.rarity[word] for word in problems},
        problem_weight=sum([policy.problems.rarity[word] for word in problems]),
        head_problems=head_problems,
        types=_kinds(types),
        head_types=_kinds(_plain_types(head_problems or [word for word, at in problems.items() if at < EARLY], policy)),
        ask_types=_kinds(_plain_types(policy.problems.list.found(asking), policy)),
        groups=_kinds(_groups(types, policy)),
        ask=asking,
        asked=_part(asking.replace(BREAK, ""), weights),
        requests=frozenset(kind for kind, found in policy.requests.items() if found.within(lead)),
        agrees=frozenset(policy.agree.found(text)),
        opposes=frozenset(policy.oppose.found(text)),
        leads_agreeing=policy.agree.within(lead),
        leads_opposing=policy.oppose.within(lead),
        wishes=_wishes(text[: policy.limits.lead], policy),
        chases=policy.chasers.within(text),
        **_words(text, len(lead), subject_names, policy),
    )


def rarities(codes: Iterable[int], table: RarityTable) -> dict[int, int]:
    """Rarity of each different bigram, in the order in which they stand first."""
    get, unseen = table.get, table.unseen
    return {code: get(code, unseen) for code in codes}


def _sequence(plain: str, codes: Sequence[int]) -> list[int]:
    """The bigrams as they stand, from those at even places and then those at odd ones."""
    if len(codes) != len(plain) - 1:  # characters of two UTF-16 units
        return [first | second << 16 for first, second in pairwise(map(ord, plain))]
    sequence = [0] * len(codes)
    even = len(plain) // 2
    sequence[::2], sequence[1::2] = codes[:even], codes[even:]
    return sequence


def _places_in(part: str, text: str, places: Sequence[Place], policy: Policy) -> Sequence[Place]:
    """The places of a part of the text. Clauses stand for themselves: of a beginning only one that was cut off is looked at again."""
    if not text.startswith(part):
        return spans(part, policy.naming)
    whole = part == text or text[len(part)] == BREAK
    cut = len(part) if whole else part.rfind(BREAK) + 1
    begun = [(cut + start, cut + end, kind) for start, end, kind in spans(part[cut:], policy.naming)]
    return [place for place in places if place[1] <= cut] + begun


def _part(text: str, known: Mapping[int, int]) -> Part:
    """Bigrams of a text in which what does not count was replaced by separators: a separator is in no bigram of the plain text."""
    codes = frozenset(filter(known.__contains__, bigrams(text)))
    return Part(codes, sum(map(known.__getitem__, codes)))


def _kinds(types: Types) -> Kinds:
    leading = max(types, key=lambda kind: (types[kind], kind), default="")
    return Kinds(types, sum([value * value for value in types.values()]), leading)


def _name(text: str, kind: str, weights: Mapping[int, int], policy: Policy) -> Name:
    sound = text.translate(policy.syllables)
    weight = sum([weights.get(code, policy.rarity.unseen) for code in bigrams(text)])
    return Name(text, GROUPS[kind], weight, sound, frozenset(bigrams(sound)), "".join(sorted(sound)))


def _names(found: Mapping[str, str], made: dict[tuple[str, str], Name], weights: Mapping[int, int], policy: Policy) -> tuple[Name, ...]:
    """Name -> kind made names; `made` holds those that this report has already."""
    for one in found.items() - made.keys():
        made[one] = _name(*one, weights, policy)
    return tuple(map(made.__getitem__, found.items()))


def _grouped(names: Iterable[Name]) -> dict[str, list[Name]]:
    groups: dict[str, list[Name]] = {}
    for name in names:
        groups.setdefault(name.group, []).append(name)
    return groups


def _subject(head: str, places: Sequence[Place], policy: Policy) -> tuple[str, str, str]:
    """The head three times, with separators in place of what does not count: without problems, names alone, neither."""
    whole, names = list(head), [BREAK] * len(head)
    for _, start, end in chain(policy.stock.spans(head), policy.problems.list.spans(head)):
        whole[start:end] = BREAK * (end - start)
    for match in DIVISION.finditer(head):
        whole[match.start() : match.end()] = BREAK * len(match[0])
    rest = whole.copy()
    for start, end, _ in places:
        if not generic(head[start:end], policy.naming):
            whole[start:end] = names[start:end] = head[start:end]
            rest[start:end] = BREAK * (end - start)
    return "".join(whole), "".join(names), "".join(rest)


def _divisions(text: str) -> frozenset[str]:
    return frozenset(code for code in DIVISION.findall(text) if len(code) > 2)


def _problems(text: str, policy: Policy) -> tuple[dict[str, int], dict[str, int]]:
    first: dict[str, int] = {}
    counts: dict[str, int] = {}
    words = policy.problems.list.words
    for number, start, _ in policy.problems.list.spans(text):
        word = words[number]
        first.setdefault(word, start)
        counts[word] = counts.get(word, 0) + 1
    return first, counts


def _types(counts: Mapping[str, int], head: AbstractSet[str], policy: Policy) -> Types:
    """Each word's rarity, shared among its types; three times as much in the head."""
    problems = policy.problems
    out: Types = {}
    for word, count in counts.items():
        worth = problems.rarity[word] * (REPEATED[min(count, len(REPEATED) - 1)] + (300 if word in head else 0))
        kinds = problems.types[word]
        for kind in kinds:
            out[kind] = out.get(kind, 0) + worth // len(kinds)
    return out


def _plain_types(words: Iterable[str], policy: Policy) -> Types:
    problems = policy.problems
    out: Types = {}
    for word in words:
        kinds = problems.types[word]
        for kind in kinds:
            out[kind] = out.get(kind, 0) + problems.rarity[word] * 100 // len(kinds)
    return out


def _groups(types: Types, policy: Policy) -> Types:
    groups = policy.problems.groups
    out: Types = {}
    for kind, value in types.items():
        out[groups[kind]] = out.get(groups[kind], 0) + value
    return out


def _wishes(text: str, policy: Policy) -> int:
    bits = 0
    for word in policy.wish.found(text):
        bits |= policy.wish_bits[word]
    return bits


def _words(text: str, lead: int, names: str, policy: Policy) -> dict[str, Any]:
    """The rarest known words, and what they are together about."""
    vocabulary = policy.words
    first = {number: start for number, start, _ in reversed(vocabulary.list.spans(text))}
    kept = sorted(sorted(first), key=vocabulary.rarity.__getitem__, reverse=True)[:WORDS_MAX]
    parts = frozenset(bigrams(names))
    rarity = [vocabulary.rarity[number] for number in kept]
    beyond = [value * parts.isdisjoint(vocabulary.codes[number]) for value, number in zip(rarity, kept, strict=True)]
    early = [value * (first[number] < lead) for value, number in zip(rarity, kept, strict=True)]
    weights = np.array((rarity, beyond, early), np.float32)
    vectors = vocabulary.vectors[kept]
    # Whole numbers below 2^24 in float32: the sums are exact in whatever order they are made, so the same on every machine.
    topics = (weights @ vectors).astype(np.int64)
    return {
        "words": dict(zip(kept, range(len(kept)), strict=True)),
        "word_set": frozenset(first),
        "word_vectors": vectors,
        "word_weights": weights.astype(np.int64),
        "word_sums": (sum(rarity), sum(beyond), sum(early)),
        "topics": topics,
        "topic_squares": tuple((topics * topics).sum(1).tolist()),
    }


def share_of(dot: int, one: int, two: int) -> int:
    """Cosine in permille from a dot product and two sums of squares; 0 where one of them is nothing."""
    return dot * 1000 // (isqrt(one * two) or 1)
