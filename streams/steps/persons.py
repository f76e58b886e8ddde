"""Person tokens (同人标识): keyed hashes by which the same person is known again without being named."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from schemas.contact import Contact
from streams.steps.text import clean

_NOT_DIGIT = re.compile(r"[^0-9]")
_NOBODY = frozenset(("", "匿名", "匿名用户", "网友", "市民", "无", "未知", "-"))  # placeholders: all of them would be one person
_SEVERAL = re.compile(r"[/,;，；：、|转或]")  # two numbers in one field, or an extension (转801), which is no number by itself
_ABROAD = re.compile(r"(?:00)?86(?=0\d{10,11}$|1[3-9]\d{9}$|[1-9]\d{9,10}$)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_NOT_ID = re.compile(r"[^0-9X]")
_BLANK = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key under which tokens are made. Its id stands in front of every token, so that a key can be changed one day."""

    key_id: str
    secret: bytes = field(repr=False)

    def token(self, kind: str, *parts: str) -> str:
        """`hs256.<key id>.<kind>.<32 hex digits>`."""
        message = "\x1f".join((kind, *parts)).encode()
        return f"hs256.{self.key_id}.{kind}.{hmac.new(self.secret, message, hashlib.sha256).hexdigest()[:32]}"


def phone_number(text: str) -> str | None:
    """Digits without country prefix; None where it cannot be a number at all, or is masked already (138****5678 is many people's)."""
    if "*" in text:
        return None
    digits = _NOT_DIGIT.sub("", text)
    if prefix := _ABROAD.match(digits):
        digits = digits[prefix.end() :]
        if digits[0] != "0" and not _MOBILE.fullmatch(digits):
            digits = f"0{digits}"  # an area code loses its 0 behind +86
    return digits if 7 <= len(digits) <= 15 and len(set(digits)) > 1 else None


def tokens_of(contact: Contact, source_system: str, keyring: Keyring) -> tuple[str, ...]:
    """The tokens of the person who reports, sorted. Empty if anonymous (匿名).

    One each by phone number, identity card, account at the source system, and name with address (a name alone is no person).
    """
    found: set[str] = set()
    if contact.contact_phone:
        phones = map(phone_number, _SEVERAL.split(clean(contact.contact_phone)))
        found.update(keyring.token("phone", phone) for phone in phones if phone)
    if contact.contact_id_number and "*" not in contact.contact_id_number:
        number = _NOT_ID.sub("", clean(contact.contact_id_number).upper())
        if len(number) in (15, 18):
            found.add(keyring.token("id", number))
    if contact.author and (author := clean(contact.author)) not in _NOBODY:
        found.add(keyring.token("account", source_system, author))
    if contact.contact_name and contact.contact_address:
        name, address = (_BLANK.sub("", clean(text)) for text in (contact.contact_name, contact.contact_address))
        if name and address:
            found.add(keyring.token("name-address", name, address))
    return tuple(sorted(found))
