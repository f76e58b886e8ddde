"""Masking of numbers and addresses of people in free text (脱敏). Names in free text are not found by machine; that is said openly."""

import re
from dataclasses import dataclass

PHONE, ID_CARD, BANK_CARD, MAIL = "电话", "身份证号", "银行卡号", "邮箱"

# Digits may be written in groups. Longest first: an identity card holds a run that looks like a phone number.
# A number glued to Latin letters, or of 16 and more digits that begin with a date, is an order or document number (工单编号).
_GAP = r"[ ]?[\-‐‑–—.·]?[ ]?"
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ABROAD = rf"(?:\+|00)86{_GAP}"
_PATTERN = re.compile(
    rf"""
    (?P<mail> [A-Za-z0-9._%+\-]{{1,64}} @ [A-Za-z0-9\-]+ (?:\.[A-Za-z0-9\-]+)+ )
  | (?P<id> {_START} [1-9]\d{{5}} {_GAP} (?:18|19|20)\d{{2}} {_GAP} {_MONTH_DAY} {_GAP} \d{{3}}[\dXx] {_END} )
  | (?P<id15> {_START} [1-9]\d{{5}} \d{{2}} {_MONTH_DAY} \d{{3}} {_END} )
  | (?P<card> {_START} (?: (?!(?:19|20)\d\d{_MONTH_DAY})\d{{16,19}}
      | (?!(?:19|20)\d\d[ \-](?:19|20)) \d{{4}}(?:[ \-]\d{{4}}){{3}}(?:[ \-]?\d{{1,3}})? ) {_END} )  # not a row of years
  | (?P<mobile> {_START} (?:{_ABROAD}|86{_GAP})? 1[3-9]\d {_GAP} \d{{4}} {_GAP} \d{{4}} (?!\d) )
  | (?P<landline> {_START} (?: (?:{_ABROAD})?(?P<open>\()?0 | {_ABROAD} )
      (?: (?:10|2\d)(?(open)\)){_GAP}[2-9]\d{{3}} | [3-9]\d\d(?(open)\)){_GAP}[2-9]\d{{2,3}} ) {_GAP} \d{{4}} (?!\d) )
    """,
    re.VERBOSE,
)
_KIND = {"mail": MAIL, "id": ID_CARD, "id15": ID_CARD, "card": BANK_CARD, "mobile": PHONE, "landline": PHONE}
_MAY_HOLD = re.compile(r"\d{3}|@")

_ROOM = re.compile(
    r"[ \-]?(?<![A-Za-z0-9])[A-Za-z]?\d{2,5} ?(?:室|房间?(?![屋产地]))"
    r"|(?<=[栋幢座号楼层元门\-]) ?\d{2,5} ?户"
    r"|(?<=[栋幢座楼元]) ?\d{3,4}(?!\d|路|号|弄|巷|米|栋|幢)"
    r"|(?<=[栋幢元]) ?\d{3,4}号(?![楼院门线])"
)


@dataclass(frozen=True, slots=True)
class Masked:
    """Text with its numbers replaced by 〔kind〕, and what was taken out, for the vault."""

    text: str
    taken: tuple[tuple[str, str], ...] = ()
    """(kind, value) in the order of the text."""


def mask(text: str) -> Masked:
    """Replaces phone, identity card, bank card numbers and mail addresses. Expects cleaned text (half-width digits)."""
    if not _MAY_HOLD.search(text):
        return Masked(text)
    taken: list[tuple[str, str]] = []

    def replace(found: re.Match[str]) -> str:
        kind = _KIND[str(found.lastgroup)]
        taken.append((kind, found[0]))
        return f"〔{kind}〕"

    return Masked(_PATTERN.sub(replace, text), tuple(taken))


def without_room(address: str) -> str:
    """An address down to the building: the room (室) says who lives there, not where the matter is."""
    return _ROOM.sub("", address).strip()
