"""People go to the vault and nowhere else, and the vault takes whatever comes."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import DecodeError, decode_as
from schemas.contact import Contact
from schemas.journal import ReportReceived
from tests.streams.build import contact, normalised


def test_nobody_needs_no_vault() -> None:
    assert normalised(contact()).held is None


PEOPLE: dict[str, Any] = {
    "contact_name": "欧阳建国",
    "contact_phone": "13812345678",
    "contact_id_number": "11010519491231002X",
    "contact_address": "桂花路88号3栋1202室",
    "author": "湘江边的老欧阳",
    "joint_names": ["司马桂芳", "诸葛小兰"],
    "address": "银杏路5号2栋2单元1707室",
    "extra": {"回拨号码": "13700001111", "坐席": "上官"},
}
SECRETS = ("欧阳", "13812345678", "11010519491231002", "88号3栋", "1202", "司马", "诸葛", "1707", "13700001111", "上官")


def test_people_are_in_the_vault_and_not_in_the_fact() -> None:
    text = "夜里有噪音，请打13987654321或写到li@example.com，卡号6222 0212 3456 7890。"
    result = normalised(contact(title="电话0731-82221234", body=text, category="回访13600002222", quoted_number="13500003333", **PEOPLE))
    assert isinstance(result.fact, ReportReceived)
    told = result.fact.to_json().decode()
    for secret in (*SECRETS, "13987654321", "li@example.com", "6222", "82221234", "13600002222", "13500003333"):
        assert secret not in told
    assert "噪音" in told
    assert result.fact.address == "银杏路5号2栋2单元"
    assert result.held is not None
    assert {name: value for name, value in result.held.people.items() if name != "masked"} == PEOPLE
    assert [value for _, value in result.held.people["masked"]] == [
        "0731-82221234", "13987654321", "li@example.com", "6222 0212 3456 7890", "13600002222", "13500003333",
    ]  # fmt: skip
    assert (result.held.report_id, result.held.digest, result.held.tokens) == (
        result.fact.report_id,
        result.fact.digest,
        result.fact.persons,
    )
    assert len(result.fact.persons) == 4


NAMES = st.text(st.sampled_from("欧阳司马诸葛上官慕容尉迟"), min_size=2, max_size=4)
NUMBERS = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(name=NAMES, phone=NUMBERS, second=NUMBERS, seat=NAMES, room=st.integers(101, 3304))
def test_no_person_in_any_fact(name: str, phone: str, second: str, seat: str, room: int) -> None:
    result = normalised(
        contact(
            body=f"路灯坏了，请回电{second}。",
            contact_name=name,
            contact_phone=phone,
            contact_address=f"银杏路5号{room}室",
            author=name,
            joint_names=[name, seat],
            address=f"银杏路2栋{room}室",
            extra={"坐席": seat},
        )
    )
    assert isinstance(result.fact, ReportReceived)
    told = result.fact.to_json().decode()
    for secret in (name, seat, phone, second):
        assert secret not in told
    # three digits may stand in an id or a time by chance
    assert f"{room}" not in f"{result.fact.title}{result.fact.body}{result.fact.address}"
    assert result.held is not None
    assert result.held.people["masked"] == [("电话", second)]
    assert result.held.people["contact_phone"] == phone


def jsonb_takes(value: Any) -> bool:
    """What Postgres refuses in a jsonb: NUL, half a character, and numbers that are none."""
    if isinstance(value, str):
        return "\0" not in value and not any(0xD800 <= ord(character) < 0xE000 for character in value)
    if isinstance(value, dict):
        return all(jsonb_takes(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple):
        return all(map(jsonb_takes, value))
    return not isinstance(value, float) or math.isfinite(value)


BAD = "李\0建国"


def test_nul_characters_do_not_reach_postgres() -> None:
    fields: dict[str, Any] = dict.fromkeys(PEOPLE, BAD) | {"joint_names": [BAD], "extra": {BAD: [BAD, {"x": BAD}], "n": 1}}
    result = normalised(
        contact(body="路\0灯，电话138\x001234\x005678", title=BAD, category=BAD, division_code=BAD, quoted_number=BAD, **fields)
    )
    assert isinstance(result.fact, ReportReceived)
    assert jsonb_takes(json.loads(result.fact.to_json()))
    assert result.fact.body == "路灯，电话〔电话〕"
    assert result.held is not None
    assert jsonb_takes(result.held.people)
    assert result.held.people["contact_name"] == "李\ufffd建国"
    assert result.held.people["extra"] == {"李\ufffd建国": ["李\ufffd建国", {"x": "李\ufffd建国"}], "n": 1}


def test_a_nul_in_the_source_number_is_refused() -> None:
    for withdrawn in (False, True):
        with pytest.raises(DecodeError) as error:
            normalised(contact("2026\x000302", withdrawn=withdrawn))
        assert error.value.code == "source-id.nul"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    st.text(st.characters(), max_size=8),
)
def test_the_vault_takes_anything(value: Any, name: str) -> None:
    found = contact().model_copy(update={"extra": {"x": value}, "contact_name": f"李{name}"})
    held = normalised(found).held
    assert held is not None
    assert jsonb_takes(held.people)
    json.dumps(held.people, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "\\ud83d"])
def test_half_a_character_is_refused_before(escape: str) -> None:
    line = contact(body="HERE").to_json().replace(b"HERE", escape.encode())
    with pytest.raises(DecodeError) as error:
        decode_as(Contact, line)
    assert error.value.code == "value.not-json"
