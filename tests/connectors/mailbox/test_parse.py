import pytest

from connectors.mailbox.parse import parse
from schemas.contact import Contact

HEAD = """信件编号: 1203440017
收信时间: 2026-03-02T19:44:10+08:00
写信人: 卜秋菊
电话: 13900005678
邮箱: qiuju@example.com
主题: 幼儿园门口违停
类型: 投诉
前次受理编号: 1203391162
"""
TEXT = "市长您好：\n\n每天下午四点半，晨光幼儿园门口两侧停满了车，接孩子只能走在机动车道上。\n上次答复说已加强管理，但现在还是老样子。\n\n盼复。"
LETTER = f"{HEAD}\n{TEXT}\n"


def contact(text: str) -> Contact:
    found = parse(text.encode())
    assert found.contact is not None, found.unreadable
    return found.contact


def test_a_letter_becomes_a_contact() -> None:
    assert contact(LETTER) == Contact(
        channel="mailbox",
        source_id="1203440017",
        source_system="mailbox",
        reported_at="2026-03-02T19:44:10+08:00",
        title="幼儿园门口违停",
        body=TEXT,
        contact_name="卜秋菊",
        contact_phone="13900005678",
        category="投诉",
        quoted_number="1203391162",
        extra={"邮箱": "qiuju@example.com"},
    )


@pytest.mark.parametrize(
    "letter",
    [LETTER.replace("\n", "\r\n"), "\ufeff" + LETTER, HEAD.replace(": ", "：") + "\n" + TEXT, HEAD.replace(": ", ":") + "  \n" + TEXT],
    ids=["CRLF", "byte order mark", "full-width colon", "no blanks"],
)
def test_the_same_letter_otherwise_written(letter: str) -> None:
    assert contact(letter) == contact(LETTER)


@pytest.mark.parametrize(
    ("letter", "field", "expected"),
    [
        (LETTER.replace("前次受理编号: 1203391162", "前次受理编号:"), "quoted_number", None),
        (LETTER.replace("幼儿园门口违停", "再问:违停"), "title", "再问:违停"),
        (LETTER.replace("主题: 幼儿园门口违停\n", ""), "title", None),
        (f"{HEAD}\n", "body", ""),
        (f"{HEAD}信件正文: 假的\n\n{TEXT}", "body", TEXT),
        (f"{HEAD}\n{TEXT}\x00", "body", TEXT + "\x00"),
    ],
)
def test_fields(letter: str, field: str, expected: object) -> None:
    assert getattr(contact(letter), field) == expected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "The payload is empty."),
        (b"\n\n", "The payload is empty."),
        (f"\n{LETTER}".encode(), "The letter begins with a blank line instead of its head lines."),
        (HEAD.strip().encode(), "The letter has no blank line between its head and its text."),
        (("请看附件: 1\n" * 5000).encode(), "The letter has no blank line between its head and its text."),
        (LETTER.replace("主题: ", "主题 ").encode(), "Line 6 of the letter's head is not `key: value`."),
        (LETTER.replace("信件编号: 1203440017\n", "").encode(), "Field 信件编号 is missing."),
        (LETTER.replace("1203440017", "").encode(), "Field 信件编号 is empty."),
        (LETTER.replace("2026-03-02T19:44:10+08:00", " ").encode(), "Field 收信时间 is empty."),
        (LETTER.encode("gb18030"), "The payload is not UTF-8 from byte 0 on; it looks like GB18030, let the source write UTF-8."),
        (LETTER.encode() + b"\x80", f"The payload is not UTF-8 from byte {len(LETTER.encode())} on; let the source write UTF-8."),
        (f"{HEAD}\n{'长' * 100_001}".encode(), "Field 信件正文 has more than 100000 characters."),
        (f"{HEAD}\n{'x' * 5_000_000}".encode(), "Field 信件正文 has more than 100000 characters."),
    ],
)
def test_what_cannot_be_read_says_why(payload: bytes, reason: str) -> None:
    found = parse(payload)
    assert found.contact is None
    assert found.payload == payload
    assert found.unreadable == reason
