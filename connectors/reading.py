"""From bytes to a source's own model: every problem becomes one sentence that names the field and never shows a value."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import from_json

from connectors.base import Found
from schemas.base import Key
from schemas.contact import BODY_CHARACTERS_MAX, Contact, ShortText

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CJK_SHARE_MIN = 0.5  # GB18030 decodes much that is not text; Chinese text read with it is mostly Chinese characters
_SECONDS_MAX = 4_102_444_800  # the year 2100; milliseconds sent as seconds lie far behind it

S = TypeVar("S", bound="Source")


class Unreadable(ValueError):
    """Why a payload cannot be read, in one sentence."""


class Source(BaseModel):
    """A source's document. Fields are called as in `Contact`, their aliases as in the source: the model is the mapping."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    def known(self) -> dict[str, Any]:
        """Field of Contact -> value."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def unknown(self) -> dict[str, Any]:
        """The source's fields that the model does not name."""
        return dict(self.model_extra or {})


def _text(value: object) -> object:
    """Numbers that a source writes without quotes are texts to us; blanks around them are nobody's."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else value


def _text_or_none(value: object) -> object:
    text = _text(value)
    return None if text == "" else text


def _false_if_none(value: object) -> object:
    return False if value is None else value


Number = Annotated[Key, BeforeValidator(_text)]
"""The source's number of a report (流水号)."""
OptionalNumber = Annotated[Key | None, BeforeValidator(_text_or_none)]
OptionalText = Annotated[ShortText | None, BeforeValidator(_text_or_none)]
"""A short text; blank is absent."""
Flag = Annotated[bool, BeforeValidator(_false_if_none)]
SourceTime = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
"""A time as the source writes it; normalise reads it."""
Body = Annotated[str, StringConstraints(max_length=BODY_CHARACTERS_MAX)]


def _epoch(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _SECONDS_MAX:
        raise ValueError("is not a number of seconds since 1970")
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}"


EpochTime = Annotated[str, BeforeValidator(_epoch)]
"""Whole seconds since 1970, UTC -> ISO 8601."""


def found(payload: bytes, content_type: str, read: Callable[[bytes], Contact]) -> Found:
    """Read a payload: what `read` refuses becomes an unreadable record."""
    try:
        return Found(payload, content_type, contact=read(payload))
    except Unreadable as reason:
        return Found(payload, content_type, unreadable=str(reason))
    except ValidationError as error:
        return Found(payload, content_type, unreadable=sentence(error))


def text_of(payload: bytes) -> str:
    """UTF-8, with or without a byte order mark. Raises Unreadable."""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        more = "it looks like GB18030, let the source write UTF-8" if _looks_like_gb18030(payload) else "let the source write UTF-8"
        raise Unreadable(f"The payload is not UTF-8 from byte {error.start} on; {more}.") from None


def _looks_like_gb18030(payload: bytes) -> bool:
    try:
        text = payload.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond_ascii = [c for c in text if c > "\x7f"]
    return sum("\u4e00" <= c <= "\u9fff" for c in beyond_ascii) > _CJK_SHARE_MIN * len(beyond_ascii)


def json_as(model: type[S], payload: bytes) -> S:
    """A JSON object as the source's model. Raises Unreadable."""
    text = text_of(payload)
    if not text.strip():
        raise Unreadable("The payload is empty.")
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        if "hex escape" in str(error) and _SURROGATE.search(payload):
            raise Unreadable(f"The payload holds half a character (a lone surrogate), which no UTF-8 text can carry: {error}.") from None
        raise Unreadable(f"The payload is not JSON: {error}.") from None
    return checked(model, value)


def checked(model: type[S], value: object) -> S:
    """A value as the source's model. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("The payload is not a JSON object.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Unreadable(sentence(error)) from None


_KINDS = {
    "missing": "is missing",
    "string_type": "is not a text",
    "string_too_short": "is empty",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "tuple_type": "is not a list",
    "model_type": "is not an object",
}


def sentence(error: ValidationError) -> str:
    """The first problem, with the source's name of the field: `Field caller.phone is not a text.`"""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "of the payload"
    if first["type"] == "string_too_long":
        what = f"has more than {first['ctx']['max_length']} characters"
    elif first["type"] == "too_long":
        what = f"has more than {first['ctx']['max_length']} entries"
    else:
        what = _KINDS.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"Field {where} {what}{more}."
