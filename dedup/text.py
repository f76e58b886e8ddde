"""Folding of normalised text to what matching compares: letters and digits only, numerals as digits, bigrams as integers."""

import re
import struct

WORD = re.compile(r"[^\W_]+")
NUMERAL = re.compile("[零〇一二两三四五六七八九十百]{1,4}(?=号线|号楼|标段|单元|路公交|路车|栋|幢|期|组|楼|层)")
DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
UNITS = {"十": 10, "百": 100}
LINK = re.compile(r"https?://[a-z0-9./?=&_%#-]*")
BREAK = "，"
"""Stands between clauses where they must be kept apart; no clause holds one."""


def segments(text: str) -> list[str]:
    """Normalised text -> its clauses: runs of letters and digits, lower case, blanks within a line and links gone, 十六栋 as 16栋."""
    return WORD.findall(NUMERAL.sub(_digits, LINK.sub("", text.lower()).replace(" ", "")))


def _digits(match: re.Match[str]) -> str:
    numeral = match[0]
    if not any(unit in numeral for unit in UNITS):
        return "".join(str(DIGITS[character]) for character in numeral)
    total = digit = 0
    for character in numeral:
        if character in UNITS:
            total += (digit or 1) * UNITS[character]
            digit = 0
        else:
            digit = DIGITS[character]
    return str(total + digit)


def bigrams(text: str) -> tuple[int, ...]:
    """Text -> one code per two neighbouring characters, those at even places first, with repeats.

    A code is the two UTF-16 units read as one little-endian number, so it is the same everywhere; `hash()` is not.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    even, odd = len(units) // 4, max(len(units) - 2, 0) // 4
    return struct.unpack_from(f"<{even}I", units) + struct.unpack_from(f"<{odd}I", units, 2 if odd else 0)


def bigram(code: int) -> str:
    """A code -> its two characters, for explaining."""
    return struct.pack("<I", code).decode("utf-16-le", "replace")
