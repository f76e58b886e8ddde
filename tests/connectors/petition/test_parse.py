import json
from typing import Any

import pytest

from connectors.petition.parse import parse
from schemas.contact import Contact

DOCUMENT: dict[str, Any] = {
    "信访件编号": "XF2026-03-0007",
    "登记时间": "2026-03-02T10:00:00+08:00",
    "信访人": [{"姓名": "卜秋菊", "证件号": "430104196802300029", "电话": "13900005678", "住址": "梧桐巷12号3栋"}],
    "联名人": ["殷大勇", "蒙小兰"],
    "问题发生地": "梧桐巷老棉纺厂宿舍",
    "区划代码": "430104",
    "概况": "宿舍楼墙面脱落",
    "反映内容": "老棉纺厂宿舍三栋外墙大块脱落，去年冬天砸坏两辆电动车，至今没有单位来修。",
    "类别": "投诉",
    "要求保密": False,
    "撤回": False,
}


def document(**changes: Any) -> bytes:
    return json.dumps(DOCUMENT | changes, ensure_ascii=False, indent=2).encode()


def contact(payload: bytes) -> Contact:
    found = parse(payload)
    assert found.contact is not None, found.unreadable
    return found.contact


def test_a_petition_becomes_a_contact() -> None:
    assert contact(document()) == Contact(
        channel="petition",
        source_id="XF2026-03-0007",
        source_system="petition",
        reported_at="2026-03-02T10:00:00+08:00",
        title="宿舍楼墙面脱落",
        body=DOCUMENT["反映内容"],
        contact_name="卜秋菊",
        contact_phone="13900005678",
        contact_id_number="430104196802300029",
        contact_address="梧桐巷12号3栋",
        joint_names=("殷大勇", "蒙小兰"),
        address="梧桐巷老棉纺厂宿舍",
        division_code="430104",
        category="投诉",
    )


def test_the_others_sign_with_the_first_and_what_is_said_of_them_is_kept_aside() -> None:
    second = {"姓名": "殷大勇", "电话": "13900009012", "关系": "邻居"}
    read = contact(document(信访人=[*DOCUMENT["信访人"], second], 联名人=["蒙小兰", "", None]))
    assert read.contact_name == "卜秋菊"
    assert read.joint_names == ("殷大勇", "蒙小兰")
    assert read.extra == {"信访人": [{}, second]}


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"信访人": []}, "contact_name", None),
        ({"信访人": None, "联名人": None}, "joint_names", ()),
        ({"撤回": True}, "withdrawn", True),
        ({"要求保密": True}, "confidential", True),
        ({"承办单位": "住建局"}, "extra", {"承办单位": "住建局"}),
        ({"区划代码": 430104}, "division_code", "430104"),
    ],
)
def test_fields(changes: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(contact(document(**changes)), field) == expected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "The payload is empty."),
        (document()[:200], "The payload is not JSON: EOF while parsing a string at line 8 column "),
        (document(反映内容="墙").replace("墙".encode(), b"\xe5\xa2"), "The payload is not UTF-8 from byte "),
        (document()[:-5], "The payload is not JSON: "),
        (document(信访件编号=None), "Field 信访件编号 is not a text."),
        (document(信访人="卜秋菊"), "Field 信访人 is not a list."),
        (document(信访人=["卜秋菊"]), "Field 信访人.0 is not an object."),
        (document(信访人=[{"姓名": ["卜秋菊"]}]), "Field 信访人.0.姓名 is not a text."),
        (document(联名人=["殷大勇", {}]), "Field 联名人.1 is not a text."),
        (document(联名人=["殷大勇"] * 2001), "Fields 信访人 and 联名人 together have more than 2000 names besides the first."),
        (document(撤回="已撤回"), "Field 撤回 is neither true nor false."),
        (document(反映内容="墙" * 100_001), "Field 反映内容 has more than 100000 characters."),
        (
            document().decode().encode("gb18030"),
            "The payload is not UTF-8 from byte 5 on; it looks like GB18030, let the source write UTF-8.",
        ),
    ],
)
def test_what_cannot_be_read_says_why(payload: bytes, reason: str) -> None:
    found = parse(payload)
    assert found.contact is None
    assert found.unreadable is not None
    assert found.unreadable.startswith(reason)
