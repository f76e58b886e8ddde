"""What matching needs of one report, computed once and recomputable at any time (so that a policy can be switched)."""

import re
from array import array
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import repeat
from operator import mul

from dedup.policy import Policy
from dedup.text import bigrams, segments
from schemas.base import to_millis
from schemas.journal import ReportReceived

NUMBERED = re.compile(r"(\d{1,4})(号线|号楼|标段|栋|幢|期(?![间限待望货])|路(?=公交|车|线|$|[，的]))|([gsxy]\d{3,4})(?!\d)")
SAME_KIND = {"幢": "栋", "号楼": "栋"}
NAME_LENGTH_MIN, NAME_LENGTH_MAX = 3, 8  # the ending not counted for the longest
LEAD_NAMES_MAX = 8


@dataclass(frozen=True, slots=True)
class Features:
    """One report as matching sees it. Codes are bigrams (text.py), weights are sums of their rarity."""

    report_id: str
    source_id: str
    quoted_number: str | None
    time: int  # effective time, seconds since 1970
    persons: frozenset[str]
    plain: str  # folded title, address and body without anything between
    head: str  # folded beginning: title if there is one, and the first words
    codes: "array[int]"  # all different codes, index keys first
    rarities: bytes  # one for each code
    keys: int  # how many of them are index keys
    weight: int
    norm: int  # sum of squared rarities
    subject: "array[int]"  # of the title without stock phrases, or of the first sentence
    subject_weight: int
    named: "array[int]"  # of the names
    named_weight: int
    names: tuple[tuple[str, int], ...]  # names of places and organisations with their weight, heaviest first
    numbers: frozenset[str]  # numbered things such as 3栋, 6号线, g107
    wishes: int  # bits, see Policy.wish_bits


def features_of(report: ReportReceived, policy: Policy) -> Features:
    """Report -> features. Cost rises with its length up to `limits.characters`."""
    limits = policy.limits
    title, place, body = (segments(text) for text in (report.title, report.address or "", report.body[: limits.characters]))
    plain = "".join([*title, *place, *body])[: limits.characters]
    begin = "，".join([*title, *place, *body])[: limits.lead + sum(map(len, title))]
    cut = begin
    for pattern in policy.cuts:
        cut = pattern.sub("，", cut)
    head = ("".join(title) or "".join(body))[: limits.head]
    codes = bigrams(plain)
    weights = dict(zip(codes, map(policy.rarity.get, codes, repeat(policy.unseen)), strict=True))
    names = _names(cut, weights, policy)
    # a separator is in no bigram of the plain text, so what crosses one drops out here
    named = weights.keys() & bigrams("，".join([name for name, _ in names]))
    subject = weights.keys() & bigrams(cut[: len(head)])
    ordered, keys = _keys_first(weights, subject | named, policy)
    return Features(
        report_id=report.report_id,
        source_id=report.source_id,
        quoted_number=report.quoted_number,
        time=to_millis(report.effective_at) // 1000,
        persons=frozenset(report.persons),
        plain=plain,
        head=head,
        codes=ordered,
        rarities=bytes(map(weights.__getitem__, ordered)),
        keys=keys,
        weight=sum(weights.values()),
        norm=sum(map(mul, weights.values(), weights.values())),
        subject=array("I", subject),
        subject_weight=sum(map(weights.__getitem__, subject)),
        named=array("I", named),
        named_weight=sum(map(weights.__getitem__, named)),
        names=names,
        numbers=frozenset(_numbers(begin)),
        wishes=_wishes(begin, policy),
    )


def _keys_first(weights: dict[int, int], subject: AbstractSet[int], policy: Policy) -> tuple["array[int]", int]:
    """Codes with those first under which the report is found: those of subject and names, the rarest known ones, and the first new ones."""
    limits = policy.limits
    new = list(weights.values()).count(policy.unseen)
    rarest = sorted(weights, key=weights.__getitem__, reverse=True)  # stable: equally rare ones as they stand in the text
    telling = [code for code in subject if weights[code] >= limits.key_rarity]
    keys = dict.fromkeys([*telling, *rarest[new : new + limits.known_keys], *rarest[: min(new, limits.new_keys)]])
    return array("I", dict.fromkeys([*keys, *rarest])), len(keys)


def _names(text: str, weights: dict[int, int], policy: Policy) -> tuple[tuple[str, int], ...]:
    """Names in a text whose stock phrases were replaced by separators, heaviest first."""
    found: dict[str, int] = {}
    end = 0
    for match in policy.suffix.finditer(text):
        begin = match.start()
        start = max(end, begin - NAME_LENGTH_MAX, text.rfind("，", end, begin) + 1)
        end = match.end()
        name = text[start:end]
        if start < begin and len(name) >= NAME_LENGTH_MIN and name not in policy.generic:
            found[name] = sum(map(weights.get, bigrams(name), repeat(0)))
    return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:LEAD_NAMES_MAX])


def _numbers(text: str) -> list[str]:
    return [road or f"{int(number)}{SAME_KIND.get(unit, unit)}" for number, unit, road in NUMBERED.findall(text)]


def _wishes(text: str, policy: Policy) -> int:
    bits = 0
    for word in policy.wish.findall(text):
        bits |= policy.wish_bits[word]
    return bits
