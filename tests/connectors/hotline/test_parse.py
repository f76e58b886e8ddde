import json
from typing import Any

import pytest

from connectors.hotline.parse import parse
from schemas.contact import Contact

ORDER: dict[str, Any] = {
    "order_no": "RX20260302000123",
    "accept_time": "2026-03-02 08:12:33",
    "caller": {"name": "龙先生", "phone": "13900001234"},
    "area_code": "430104",
    "address": "桂花路与晨光街路口",
    "type": "求助",
    "content": "路口东北角的窨井盖松动，车一压就响，晚上吵得睡不着，请尽快派人固定。",
    "related_order": None,
    "confidential": False,
    "revoked": False,
}


def line(**changes: Any) -> bytes:
    return json.dumps(ORDER | changes, ensure_ascii=False).encode()


def without(name: str) -> bytes:
    return json.dumps({k: v for k, v in ORDER.items() if k != name}, ensure_ascii=False).encode()


def contact(payload: bytes) -> Contact:
    found = parse(payload)
    assert found.payload == payload
    assert found.contact is not None, found.unreadable
    return found.contact


def test_a_work_order_becomes_a_contact() -> None:
    assert contact(line()) == Contact(
        channel="hotline",
        source_id="RX20260302000123",
        source_system="hotline",
        reported_at="2026-03-02 08:12:33",
        body=ORDER["content"],
        contact_name="龙先生",
        contact_phone="13900001234",
        address="桂花路与晨光街路口",
        division_code="430104",
        category="求助",
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"order_no": 20260302000123}, "source_id", "20260302000123"),
        ({"order_no": " RX1 "}, "source_id", "RX1"),
        ({"caller": {"phone": 13900001234}}, "contact_phone", "13900001234"),
        ({"caller": None}, "contact_name", None),
        ({"caller": {"name": "  "}}, "contact_name", None),
        ({"related_order": "RX20260215000871"}, "quoted_number", "RX20260215000871"),
        ({"related_order": ""}, "quoted_number", None),
        ({"revoked": True}, "withdrawn", True),
        ({"confidential": None}, "confidential", False),
        ({"confidential": True}, "confidential", True),
        ({"content": ""}, "body", ""),
        ({"content": "a\x00b"}, "body", "a\x00b"),
        ({"content": "井盖😀" * 30_000}, "body", "井盖😀" * 30_000),
        ({"jurisdiction": "changsha"}, "jurisdiction", None),
        ({"agent": "0173", "score": 4.5}, "extra", {"agent": "0173", "score": 4.5}),
        ({"caller": {"name": "龙先生", "gender": "男"}}, "extra", {"caller": {"gender": "男"}}),
        ({"source_id": "not the number", "body": "x"}, "source_id", "RX20260302000123"),
    ],
)
def test_fields(changes: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(contact(line(**changes)), field) == expected


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert contact(b"\xef\xbb\xbf" + line()).source_id == "RX20260302000123"


def test_the_source_system_is_the_setting() -> None:
    found = parse(line(), source_system="12345-changsha")
    assert found.contact is not None
    assert found.contact.source_system == "12345-changsha"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "The payload is empty."),
        (b"  \r\n", "The payload is empty."),
        (b"\xef\xbb\xbf", "The payload is empty."),
        (b"RX20260302000123,08:12", "The payload is not JSON: expected value at line 1 column 1."),
        (line()[:-20], "The payload is not JSON: EOF while parsing a value at line 1 column "),
        (b'[{"order_no": "RX1"}]', "The payload is not a JSON object."),
        (b'"RX1"', "The payload is not a JSON object."),
        (b"[" * 100_000, "The payload is not JSON: recursion limit exceeded at line 1 column "),
        (b'{"order_no": NaN}', "The payload is not JSON: expected value at line 1 column 14."),
        (b'{"order_no": ' + b"1" * 5000 + b"}", "The payload is not JSON: number out of range at line 1 column "),
        (line().decode().encode("gb18030"), "The payload is not UTF-8 from byte 91 on; it looks like GB18030, let the source write UTF-8."),
        (b'{"order_no": "\xff\xfe\x00"}', "The payload is not UTF-8 from byte 14 on; let the source write UTF-8."),
        (line(content="井盖").replace("井".encode(), b"\xe4\xba"), "The payload is not UTF-8 from byte "),
        (
            line(content="井盖？").replace("？".encode(), rb"\ud83d"),
            "The payload holds half a character (a lone surrogate), which no UTF-8 text can carry: ",
        ),
        (line(agent="?").replace(b'"?"', rb'"\udc00"'), "The payload holds half a character (a lone surrogate)"),
        (line(content="a?b").replace(b"?", b"\x00"), "The payload is not JSON: control character"),
        (without("order_no"), "Field order_no is missing."),
        (without("content"), "Field content is missing."),
        (b"{}", "Field order_no is missing (2 more)."),
        (line(order_no=""), "Field order_no is empty."),
        (line(order_no=None), "Field order_no is not a text."),
        (line(order_no=True), "Field order_no is not a text."),
        (line(order_no="9" * 201), "Field order_no has more than 200 characters."),
        (line(accept_time=20260302), "Field accept_time is not a text."),
        (line(accept_time="2" * 65), "Field accept_time has more than 64 characters."),
        (line(caller="龙先生"), "Field caller is not an object."),
        (line(caller={"phone": ["13900001234"]}), "Field caller.phone is not a text."),
        (line(revoked="maybe"), "Field revoked is neither true nor false."),
        (line(content=["井盖"]), "Field content is not a text."),
        (line(content="井" * 100_001), "Field content has more than 100000 characters."),
        (line(content="x" * 5_000_000), "Field content has more than 100000 characters."),
        (line(address="路" * 1001), "Field address has more than 1000 characters."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(payload: bytes, reason: str) -> None:
    found = parse(payload)
    assert found.contact is None
    assert found.payload == payload
    assert found.unreadable is not None
    assert found.unreadable.startswith(reason)
    assert found.unreadable.endswith(".")
    assert "龙先生" not in found.unreadable
    assert len(found.unreadable) < 300
