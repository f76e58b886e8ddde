"""Names and numbered things in a text (地名、单位、编号): found by their endings, without a gazetteer.

A name is what stands before an ending (小区, 大道, 有限公司) up to the nearest word that stands outside names. The longest chain of endings
counts (星河湾 + 小区). Names that name nothing (本小区) are dropped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dedup.lexicon import WordList, longest_first
from dedup.text import BREAK

NAME_LENGTH_MAX = 10
NAME_LENGTH_MIN = 3
# In the data places are anonymised as A市, A7县; codes of this form are divisions, not names.
DIVISION = re.compile(r"西地省|[a-z]\d{0,2}[市区县]市?")
LINE = re.compile(r"(?=[a-z\d])(?:(\d{1,2}号线)|([a-z]?\d{1,4})(?:路公交|路车|路(?![一-龥])|公交)|([gsxy]\d{3,4})(?!\d))")
BUILDING = re.compile(r"(\d{1,3})(栋|幢|号楼|期(?![间限待望货])|标段|单元)")
PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][a-z0-9]{5,6}(?![a-z0-9])")
MEASURED = re.compile(r"\d+(?:\.\d+)?")
SAME_UNIT = {"幢": "栋", "号楼": "栋"}
COMMON_NUMBERS = frozenset(("10", "12", "20", "30", "2018", "2019", "2020", "100"))
GROUPS = {
    "estate": "estate",
    "road": "road",
    "village": "village",
    "school": "organisation",
    "hospital": "organisation",
    "company": "organisation",
    "project": "organisation",
    "venue": "organisation",
}
"""Kind of a name -> the group in which names are compared: a school may be called a company, an estate never a road."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The lexicon's part that finds names."""

    endings: re.Pattern[str]
    kinds: Mapping[str, str]
    outside: WordList
    generic: frozenset[str]
    trim: Sequence[str]


def naming(kinds: Mapping[str, Sequence[str]], outside: Sequence[str], generic: Sequence[str], trim: Sequence[str]) -> Naming:
    """Endings by kind, words that stand outside names, names that name nothing, endings that add nothing -> ready to find."""
    by_ending = {ending: kind for kind in reversed(list(kinds)) for ending in kinds[kind]}
    pattern = re.compile("|".join(map(re.escape, longest_first(by_ending))) or "(?!)")
    return Naming(pattern, by_ending, WordList(outside), frozenset(generic), tuple(trim))


def spans(text: str, found: Naming) -> list[tuple[int, int, str]]:
    """(start, end, kind) of everything in the text that is called like a place or an organisation."""
    out = []
    cut = DIVISION.sub(lambda match: BREAK * len(match[0]), found.outside.cut(text))
    begin = 0
    for chunk in cut.split(BREAK):
        if len(chunk) > 1:
            out += _chain(chunk, begin, found)
        begin += len(chunk) + 1
    return out


def _chain(chunk: str, offset: int, found: Naming) -> list[tuple[int, int, str]]:
    out: list[tuple[int, int, str]] = []
    start = 0
    while match := found.endings.search(chunk, start + (start == 0)):
        end, last = match.end(), match
        while following := found.endings.match(chunk, end):
            end, last = following.end(), following
        first = max(start, end - NAME_LENGTH_MAX)
        if end - first >= NAME_LENGTH_MIN:
            out.append((offset + first, offset + end, found.kinds[last[0]]))
        start = end
    return out


def trimmed(name: str, found: Naming) -> str:
    """湘府小区 and 湘府 are one name: an ending that adds nothing goes, unless too little would be left."""
    for ending in found.trim:
        if name.endswith(ending):
            rest = name[: -len(ending)]
            return rest if len(rest) > 1 and rest not in found.generic else name
    return name


def generic(name: str, found: Naming) -> bool:
    """Whether the name names nothing (本小区)."""
    return name in found.generic or trimmed(name, found) in found.generic


def named(text: str, places: Iterable[tuple[int, int, str]], found: Naming) -> dict[str, str]:
    """The names at these places, trimmed, with their kind; generic ones left out. In the order of the text."""
    out: dict[str, str] = {}
    for start, end, kind in places:
        name = text[start:end]
        short = trimmed(name, found)
        if name not in found.generic and short not in found.generic:
            out.setdefault(short, kind)
    return out


def lines_of(text: str) -> frozenset[str]:
    """Metro and bus lines and numbered roads: 6号线, 15路, g107."""
    return frozenset(metro or road or (f"{bus}路" if bus.isdigit() else bus) for metro, bus, road in LINE.findall(text))


def buildings_of(text: str) -> frozenset[str]:
    """Buildings, phases, lots: 3栋, 2期, 1标段."""
    return frozenset(f"{int(number)}{SAME_UNIT.get(unit, unit)}" for number, unit in BUILDING.findall(text))


def plates_of(text: str) -> frozenset[str]:
    """Number plates (车牌)."""
    return frozenset(PLATE.findall(text))


def numbers_of(text: str) -> frozenset[str]:
    """Numbers of two digits and more that are not too common to say anything."""
    return frozenset(number for number in MEASURED.findall(DIVISION.sub("", text)) if len(number) > 1) - COMMON_NUMBERS


def unit_of(item: str) -> str:
    """Numbered thing -> its unit: 3栋 -> 栋, g107 -> 道."""
    return item.lstrip("0123456789") if item[0].isdigit() else "道"
