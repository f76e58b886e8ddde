"""A work order (工单) of the 12345 hotline: one JSON object."""

from pydantic import Field

from connectors.base import Found
from connectors.reading import Body, Flag, Number, OptionalNumber, OptionalText, Source, SourceTime, found, json_as
from schemas.contact import Contact

CHANNEL = "hotline"
CONTENT_TYPE = "application/json"


class Caller(Source):
    """来电人."""

    contact_name: OptionalText = Field(None, alias="name")
    contact_phone: OptionalText = Field(None, alias="phone")


class Order(Source):
    """工单, as the call desk's system writes it."""

    source_id: Number = Field(alias="order_no")
    reported_at: SourceTime = Field(alias="accept_time")
    body: Body = Field(alias="content")
    caller: Caller | None = None
    division_code: OptionalText = Field(None, alias="area_code")
    address: OptionalText = None
    category: OptionalText = Field(None, alias="type")
    quoted_number: OptionalNumber = Field(None, alias="related_order")
    confidential: Flag = False
    withdrawn: Flag = Field(False, alias="revoked")


def parse(payload: bytes, source_system: str = CHANNEL) -> Found:
    """One line of the feed -> contact or reason."""

    def read(payload: bytes) -> Contact:
        order = json_as(Order, payload)
        fields, extra = order.known(), order.unknown()
        caller = fields.pop("caller")
        if caller is not None:
            fields |= caller.known()
            extra |= {"caller": caller.unknown()} if caller.unknown() else {}
        return Contact(channel=CHANNEL, source_system=source_system, extra=extra, **fields)

    return found(payload, CONTENT_TYPE, read)
