"""A petition (信访件): one JSON document; the first of 信访人 is the contact, the others and 联名人 sign with them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from connectors.base import Found
from connectors.reading import Body, Flag, Number, OptionalText, Source, SourceTime, Unreadable, found, json_as
from schemas.contact import Contact

CHANNEL = "petition"
CONTENT_TYPE = "application/json"
_JOINT_NAMES_MAX = 2000  # as many as Contact takes


def _list(value: object) -> object:
    return [] if value is None else value


class Person(Source):
    """信访人."""

    contact_name: OptionalText = Field(None, alias="姓名")
    contact_id_number: OptionalText = Field(None, alias="证件号")
    contact_phone: OptionalText = Field(None, alias="电话")
    contact_address: OptionalText = Field(None, alias="住址")


class Document(Source):
    """信访件. Without 信访人 it is anonymous."""

    source_id: Number = Field(alias="信访件编号")
    reported_at: SourceTime = Field(alias="登记时间")
    body: Body = Field(alias="反映内容")
    people: Annotated[tuple[Person, ...], BeforeValidator(_list)] = Field((), alias="信访人")
    names: Annotated[tuple[OptionalText, ...], BeforeValidator(_list)] = Field((), alias="联名人")
    address: OptionalText = Field(None, alias="问题发生地")
    division_code: OptionalText = Field(None, alias="区划代码")
    title: OptionalText = Field(None, alias="概况")
    category: OptionalText = Field(None, alias="类别")
    confidential: Flag = Field(False, alias="要求保密")
    withdrawn: Flag = Field(False, alias="撤回")


def parse(payload: bytes, source_system: str = CHANNEL) -> Found:
    """One file -> contact or reason."""

    def read(payload: bytes) -> Contact:
        document = json_as(Document, payload)
        fields, extra = document.known(), document.unknown()
        people: tuple[Person, ...] = fields.pop("people")
        joint = [name for name in (*(p.contact_name for p in people[1:]), *fields.pop("names")) if name]
        if len(joint) > _JOINT_NAMES_MAX:
            raise Unreadable(f"Fields 信访人 and 联名人 together have more than {_JOINT_NAMES_MAX} names besides the first.")
        if people:
            fields |= people[0].known()
            # Contact knows the others by name only; the rest of what is said about people is kept aside.
            asides = [people[0].unknown(), *(p.model_dump(by_alias=True, exclude_none=True) for p in people[1:])]
            extra |= {"信访人": asides} if any(asides) else {}
        return Contact(channel=CHANNEL, source_system=source_system, joint_names=tuple(joint), extra=extra, **fields)

    return found(payload, CONTENT_TYPE, read)
