"""Masking: what goes, what stays, and that nothing generated survives."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.steps.masking import BANK_CARD, ID_CARD, MAIL, PHONE, mask, without_room
from streams.steps.text import clean

TAKEN = [
    ("13812345678", PHONE),
    ("138 1234 5678", PHONE),
    ("138-1234-5678", PHONE),
    ("138 - 1234 - 5678", PHONE),
    ("138.1234.5678", PHONE),
    ("+8613812345678", PHONE),
    ("+86 138 1234 5678", PHONE),
    ("86-13812345678", PHONE),
    ("0086 138-1234-5678", PHONE),
    ("１３８１２３４５６７８", PHONE),
    ("0731-82221234", PHONE),
    ("（0731）82221234", PHONE),
    ("（0731） 8222-1234", PHONE),
    ("(0731)-82221234", PHONE),
    ("0731 — 82221234", PHONE),
    ("073182221234", PHONE),
    ("0735-7654321", PHONE),
    ("010-62221234", PHONE),
    ("021 6222 1234", PHONE),
    ("+86-731-82221234", PHONE),
    ("+86 10 6222 1234", PHONE),
    ("430102199001011234", ID_CARD),
    ("11010519491231002X", ID_CARD),
    ("11010519491231002x", ID_CARD),
    ("４３０１０２１９９００１０１１２３Ｘ", ID_CARD),
    ("430102 19900101 1234", ID_CARD),
    ("430102900101123", ID_CARD),
    ("4392250012345678", BANK_CARD),
    ("6222021234567890123", BANK_CARD),
    ("6222 0212 3456 7890", BANK_CARD),
    ("6222-0212-3456-7890", BANK_CARD),
    ("6222 0212 3456 7890 123", BANK_CARD),
    ("430102199013011234", BANK_CARD),  # a mistyped identity card: no 13th month, and still nobody else's business
    ("liu.wei_88@example.com", MAIL),
    ("liuwei＠mail.example.cn", MAIL),
]


@pytest.mark.parametrize(("number", "kind"), TAKEN)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("请打电话", "联系我。"), ("联系方式:", ",谢谢"), ("（", "）")])
def test_what_goes(number: str, kind: str, before: str, after: str) -> None:
    masked = mask(clean(before + number + after))
    assert masked.text == clean(before) + f"〔{kind}〕" + clean(after)
    assert masked.taken == ((kind, clean(number)),)


def test_several_in_order() -> None:
    masked = mask("张某13812345678、0731-82221234转801，身份证430102199001011234，邮箱a@b.cn")
    assert masked.text == "张某〔电话〕、〔电话〕转801，身份证〔身份证号〕，邮箱〔邮箱〕"
    assert [kind for kind, _ in masked.taken] == [PHONE, PHONE, ID_CARD, MAIL]


STAYS = [
    "",
    "没有数字的一句话",
    "工单RX20260301000458至今没有回复",
    "受理编号20260301000458",
    "工单编号2026030100000458",
    "流水号202603010000045812",
    "信件编号0312345678",
    "查询码1234567890",
    "金额1234567.89元，另付138000元",
    "¥13800",
    "2026年3月1日",
    "2026-03-01 08:30",
    "20260301",
    "2022 2023 2024 2025",
    "2021-2022 2023-2024",
    "12路和912路公交车",
    "桂花路88号3栋",
    "邮编410000",
    "12345热线",
    "110、120",
    "统一社会信用代码91430100MA4L16JQ9K",
    "第138123456789号文件",
    "4月12日至6月30日",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_stays(text: str) -> None:
    assert mask(clean(text)).text == clean(text)
    assert mask(clean(text)).taken == ()


@pytest.mark.timeout(30)
def test_a_long_hostile_text_takes_no_time() -> None:
    for piece in ("a", "1", "a@", "a.@", "1 ", "138 ", "0731", "a@b.", "6222 "):
        mask(piece * (100_000 // len(piece)))  # quadratic work would run into the time limit of the test


DIGITS = st.text("0123456789", min_size=4, max_size=4)
GAP = st.sampled_from(["", " ", "-"])


@st.composite
def phones(draw: st.DrawFn) -> str:
    gap = draw(GAP)
    if draw(st.booleans()):
        start = draw(st.sampled_from(["", "+86", "+86 ", "0086-", "86 "])) + "1" + draw(st.sampled_from("3456789")) + draw(DIGITS)[0]
        return start + gap + draw(DIGITS) + gap + draw(DIGITS)
    area = draw(st.sampled_from(["010", "021", "0731", "0735", "(0731)", "(010)", "+86-731", "+86 10", "+860731"]))
    return area + gap + draw(st.sampled_from("23456789")) + draw(DIGITS)[:3] + gap + draw(DIGITS)


@st.composite
def id_cards(draw: st.DrawFn) -> str:
    area = draw(st.sampled_from(["110105", "210102", "430102", "650104"]))
    born = f"{draw(st.integers(1930, 2025))}{draw(st.integers(1, 12)):02d}{draw(st.integers(1, 28)):02d}"
    return area + born + draw(DIGITS)[:3] + draw(st.sampled_from("0123456789Xx"))


@st.composite
def cards(draw: st.DrawFn) -> str:
    fours = [draw(st.sampled_from(["6222", "6217", "4392", "5309", "9558"])), draw(DIGITS), draw(DIGITS), draw(DIGITS)]
    return draw(GAP).join(fours) + draw(st.sampled_from(["", "1", "12", "123"]))


MAILS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}[a-z0-9]@[a-z0-9]{1,8}(\.[a-z]{2,3}){1,2}", fullmatch=True)
SECRET = st.one_of(phones(), id_cards(), cards(), MAILS)
CHINESE = st.text(st.sampled_from("的是路号小区电话请在夜里施工，。：、「」（）我\n元栋"), max_size=12)


@given(CHINESE, SECRET, CHINESE, SECRET, CHINESE)
def test_nothing_generated_survives(first: str, one: str, between: str, two: str, last: str) -> None:
    assume(between)
    before, middle, after = clean(first), clean(f"，{between}，"), clean(last)
    masked = mask(before + one + middle + two + after)
    assert not any(character.isascii() and character.isalnum() for character in masked.text)
    assert [value for _, value in masked.taken] == [one, two]
    assert masked.text == f"{before}〔{masked.taken[0][0]}〕{middle}〔{masked.taken[1][0]}〕{after}"


@given(st.text(st.sampled_from("0123456789-+ ().@aXx.路号，"), max_size=60))
def test_masked_text_masks_to_itself(text: str) -> None:
    once = mask(text)
    assert mask(once.text).text == once.text
    assert "".join(value for _, value in once.taken) == "" or len(once.text) < len(text) + 6 * len(once.taken)


ROOMS = [
    ("3栋1202室", "3栋"),
    ("桂花路88号3栋2单元1202室", "桂花路88号3栋2单元"),
    ("2单元301", "2单元"),
    ("3栋2单元 301", "3栋2单元"),
    ("桂花小区302室", "桂花小区"),
    ("3-2-1202室", "3-2"),
    ("3栋-1202房", "3栋"),
    ("3栋B1202室", "3栋"),
    ("B座1202", "B座"),
    ("2栋301号", "2栋"),
    ("88号1202房间", "88号"),
    ("12层03户", "12层"),
    ("桂花路88号", "桂花路88号"),
    ("五一大道120号", "五一大道120号"),
    ("鼓楼120号", "鼓楼120号"),
    ("金色家园3期5栋", "金色家园3期5栋"),
    ("2栋301号楼", "2栋301号楼"),
    ("12栋13栋", "12栋13栋"),
    ("共320户", "共320户"),
    ("302房屋", "302房屋"),
    ("12路公交站旁", "12路公交站旁"),
    ("", ""),
]


@pytest.mark.parametrize(("address", "expected"), ROOMS)
def test_without_room(address: str, expected: str) -> None:
    assert without_room(address) == expected
    assert without_room(expected) == expected
