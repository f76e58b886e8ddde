"""What a connector hands over: one contact in the shared vocabulary, and the bytes it was read from."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schemas.base import Key, Name, Payload, Record, UtcTime

CHANNELS = ("hotline", "mailbox", "board", "petition")
"""The channels that onecase brings; a third party's connector adds its own by ONECASE_CHANNELS."""

BODY_CHARACTERS_MAX = 100_000
RAW_BYTES_MAX = 16 * 1024 * 1024 - 64 * 1024  # the topic takes 16 MiB; room for key, headers and base64 is counted by the caller

ShortText = Annotated[str, StringConstraints(max_length=1000)]


class Contact(Record):
    """One contact (一件诉求) in the words that all channels share. It is also the line format of `onecase consolidate`."""

    channel: Name = Field(description="hotline, mailbox, board, petition or a connector's own (诉求来源)")
    source_id: Key = Field(description="the source's own number of this report (流水号, 信件编号)")
    reported_at: str = Field(max_length=64, description="when the citizen reported, ISO 8601; without zone the connector's zone is taken")
    body: str = Field(max_length=BODY_CHARACTERS_MAX, description="what the citizen says (诉求内容)")
    title: ShortText | None = Field(None, description="subject line (标题)")
    source_system: Name | None = Field(None, description="which system gave the number; default: the channel (来源系统)")
    revision: int | None = Field(None, ge=0, description="the source's own revision, rising with each edit, where it has one (版本)")
    author: ShortText | None = Field(None, description="account name or number of the writer at the source")
    contact_name: ShortText | None = Field(None, description="name of the person (姓名)")
    contact_phone: ShortText | None = Field(None, description="phone number (联系电话)")
    contact_id_number: ShortText | None = Field(None, description="identity card number (身份证号)")
    contact_address: ShortText | None = Field(None, description="where the person lives, not where the matter is (联系地址)")
    joint_names: tuple[ShortText, ...] = Field((), max_length=2000, description="joint signatories (联名人)")
    address: ShortText | None = Field(None, description="where the matter is (事发地址)")
    division_code: ShortText | None = Field(None, description="administrative division (行政区划代码)")
    jurisdiction: Name | None = Field(None, description="the city that must answer, from a structural field of the source")
    category: ShortText | None = Field(None, description="request type or category as the source has it (诉求分类)")
    quoted_number: Key | None = Field(None, description="an earlier number that the citizen quotes (前次受理编号)")
    confidential: bool = Field(False, description="the citizen asks for secrecy (要求保密)")
    withdrawn: bool = Field(False, description="the source says that this report was withdrawn (撤回)")
    extra: dict[str, Any] = Field(default_factory=dict, description="fields that nobody knows, kept aside")


class RawContact(Record):
    """Value of `intake.raw.<channel>`: the payload byte for byte, and the connector's reading of it.

    The mapping from a source's format to `contact` is the connector's (the pipeline never imports one). Where the mapping fails
    `contact` is absent and `unreadable` says why: normalise sends such a record to the dead letters, so that each raw position has
    exactly one outcome.
    """

    connector: Name = Field(description="connector instance that read it")
    channel: Name
    received_at: UtcTime = Field(description="when the connector read it")
    zone: str = Field("Asia/Shanghai", max_length=64, description="IANA zone for times that carry none")
    jurisdiction: Name = Field("local", description="the connector's setting; the contact's own wins")
    content_type: str = Field("application/octet-stream", max_length=200)
    payload: Payload = Field(description="as received; base64 in JSON")
    contact: Contact | None = None
    unreadable: str | None = Field(None, max_length=2000, description="why the payload could not be read, in one sentence")
