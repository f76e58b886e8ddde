"""A letter of the mayor's mailbox (市长信箱): head lines, a blank line, the letter."""

import re

from pydantic import Field

from connectors.base import Found
from connectors.reading import Body, Number, OptionalNumber, OptionalText, Source, SourceTime, Unreadable, checked, found, text_of
from schemas.contact import Contact

CHANNEL = "mailbox"
CONTENT_TYPE = "text/plain; charset=utf-8"
_COLON = re.compile("[:：]")  # clerks who correct a head by hand type the full-width one
_HEAD_LINES_MAX = 100  # a text without any blank line is no letter; do not read it all as head


class Letter(Source):
    """来信. 邮箱 has no place in Contact and is kept aside with the unknown head lines."""

    source_id: Number = Field(alias="信件编号")
    reported_at: SourceTime = Field(alias="收信时间")
    contact_name: OptionalText = Field(None, alias="写信人")
    contact_phone: OptionalText = Field(None, alias="电话")
    title: OptionalText = Field(None, alias="主题")
    category: OptionalText = Field(None, alias="类型")
    quoted_number: OptionalNumber = Field(None, alias="前次受理编号")
    body: Body = Field(alias="信件正文")  # not a head line: what stands behind the blank line


def split(text: str) -> dict[str, str]:
    """Head lines by key, and the letter as 信件正文. Raises Unreadable."""
    lines = text.replace("\r\n", "\n").split("\n")
    fields: dict[str, str] = {}
    for number, line in enumerate(lines[:_HEAD_LINES_MAX]):
        if not line.strip():
            if number == 0:
                raise Unreadable("The letter begins with a blank line instead of its head lines.")
            return fields | {"信件正文": "\n".join(lines[number + 1 :]).strip("\n")}
        key, *value = _COLON.split(line, maxsplit=1)
        if not value:
            raise Unreadable(f"Line {number + 1} of the letter's head is not `key: value`.")
        fields[key.strip()] = value[0].strip()
    raise Unreadable("The letter has no blank line between its head and its text.")


def parse(payload: bytes, source_system: str = CHANNEL) -> Found:
    """One file -> contact or reason."""

    def read(payload: bytes) -> Contact:
        text = text_of(payload)
        if not text.strip():
            raise Unreadable("The payload is empty.")
        letter = checked(Letter, split(text))
        return Contact(channel=CHANNEL, source_system=source_system, extra=letter.unknown(), **letter.known())

    return found(payload, CONTENT_TYPE, read)
