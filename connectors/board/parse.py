"""A post of the leaders' message board (领导留言板): one JSON object; an edited post comes again with a higher `edit`."""

from pydantic import Field

from connectors.base import Found
from connectors.reading import Body, EpochTime, Flag, Number, OptionalText, Source, found, json_as
from schemas.contact import Contact

CHANNEL = "board"
CONTENT_TYPE = "application/json"


class Post(Source):
    """留言. `target` (whom it addresses) has no place in Contact and is kept aside with the unknown fields."""

    source_id: Number = Field(alias="tid")
    revision: int | None = Field(None, alias="edit", ge=0, strict=True)
    reported_at: EpochTime = Field(alias="posted_at")
    title: OptionalText = Field(None, alias="subject")
    body: Body = Field(alias="content")
    author: OptionalText = Field(None, alias="user")
    category: OptionalText = Field(None, alias="purpose")
    withdrawn: Flag = Field(False, alias="deleted")


def parse(payload: bytes, source_system: str = CHANNEL) -> Found:
    """One line of the feed -> contact or reason."""

    def read(payload: bytes) -> Contact:
        post = json_as(Post, payload)
        return Contact(channel=CHANNEL, source_system=source_system, extra=post.unknown(), **post.known())

    return found(payload, CONTENT_TYPE, read)
