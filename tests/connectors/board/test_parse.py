import json
from typing import Any

import pytest

from connectors.board.parse import parse
from schemas.contact import Contact

POST: dict[str, Any] = {
    "tid": 812345,
    "edit": 0,
    "target": "市长",
    "subject": "梅溪里小区二次供水压力不足",
    "content": "我家住十八楼，入春以来每晚七点到九点没有水，物业说水泵坏了要等配件，已经等了三周。",
    "user": "u58231",
    "purpose": "投诉",
    "posted_at": 1772409600,
    "deleted": False,
}


def line(**changes: Any) -> bytes:
    return json.dumps(POST | changes, ensure_ascii=False).encode()


def contact(payload: bytes) -> Contact:
    found = parse(payload)
    assert found.contact is not None, found.unreadable
    return found.contact


def test_a_post_becomes_a_contact() -> None:
    assert contact(line()) == Contact(
        channel="board",
        source_id="812345",
        source_system="board",
        revision=0,
        reported_at="2026-03-02T00:00:00Z",
        title="梅溪里小区二次供水压力不足",
        body=POST["content"],
        author="u58231",
        category="投诉",
        extra={"target": "市长"},
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"tid": "812345"}, "source_id", "812345"),
        ({"edit": 3}, "revision", 3),
        ({"edit": None}, "revision", None),
        ({"deleted": True}, "withdrawn", True),
        ({"user": 58231}, "author", "58231"),
        ({"posted_at": 0}, "reported_at", "1970-01-01T00:00:00Z"),
        ({"subject": None}, "title", None),
        ({"revision": 9}, "revision", 0),
    ],
)
def test_fields(changes: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(contact(line(**changes)), field) == expected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"tid=812345", "The payload is not JSON: expected ident at line 1 column 2."),
        (line(tid=None), "Field tid is not a text."),
        (line(tid={}), "Field tid is not a text."),
        (line(edit=-1), "Field edit "),
        (line(edit="1"), "Field edit is not a whole number."),
        (line(edit=1.5), "Field edit is not a whole number."),
        (line(posted_at="2026-03-02 08:00"), "Field posted_at is not a number of seconds since 1970."),
        (line(posted_at=1772409600000), "Field posted_at is not a number of seconds since 1970."),
        (line(posted_at=-1), "Field posted_at is not a number of seconds since 1970."),
        (line(posted_at=True), "Field posted_at is not a number of seconds since 1970."),
        (line(posted_at=10**30), "Field posted_at is not a number of seconds since 1970."),
        (line(subject="水" * 1001), "Field subject has more than 1000 characters."),
        (line(content=None, edit="x"), "Field edit is not a whole number (1 more)."),
        (line().decode().encode("gb18030"), "The payload is not UTF-8 from byte "),
    ],
)
def test_what_cannot_be_read_says_why(payload: bytes, reason: str) -> None:
    found = parse(payload)
    assert found.contact is None
    assert found.unreadable is not None
    assert found.unreadable.startswith(reason)
