"""Tokens of persons: equal where the person is, and silent about who it is."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.steps.persons import Keyring, phone_number, tokens_of
from tests.streams.build import KEYRING, contact


def tokens(keyring: Keyring = KEYRING, /, system: str = "hotline", **fields: Any) -> tuple[str, ...]:
    return tokens_of(contact(**fields), system, keyring)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"contact_phone": "13812345678"}, "phone"),
        ({"contact_id_number": "11010519491231002X"}, "id"),
        ({"contact_id_number": "430102900101123"}, "id"),
        ({"author": "湘江边的老李"}, "account"),
        ({"contact_name": "李建国", "contact_address": "桂花路88号"}, "name-address"),
    ],
)
def test_shape(fields: dict[str, str], kind: str) -> None:
    (token,) = tokens(**fields)
    assert re.fullmatch(rf"hs256\.k1\.{kind}\.[0-9a-f]{{32}}", token)
    assert not any(value in token for value in fields.values())


@pytest.mark.parametrize(
    "writing",
    [
        "138 1234 5678",
        "138-1234-5678",
        "+86 13812345678",
        "86-138-1234-5678",
        "008613812345678",
        "１３８１２３４５６７８",
        "电话：13812345678 ",
        "138\u200b12345678",
    ],
)
def test_one_phone_in_many_writings(writing: str) -> None:
    assert tokens(contact_phone=writing) == tokens(contact_phone="13812345678")


@pytest.mark.parametrize("writing", ["（0731）82221234", "+86-731-82221234", "+86 0731 82221234", "0731 8222 1234", "0731-82221234转801"])
def test_one_landline_in_many_writings(writing: str) -> None:
    assert tokens(contact_phone=writing) == tokens(contact_phone="0731-82221234")


@pytest.mark.parametrize(
    "writing", ["13812345678/0731-82221234", "13812345678、0731-82221234", "0731-82221234；13812345678", "13812345678或0731-82221234"]
)
def test_two_phones_in_one_field(writing: str) -> None:
    both = {*tokens(contact_phone="13812345678"), *tokens(contact_phone="0731-82221234")}
    assert set(tokens(contact_phone=writing)) == both


@pytest.mark.parametrize(
    "garbage", ["", " ", "无", "不详", "12345", "0000000", "00000000000", "1" * 16, "138****5678", "138＊＊＊＊5678", "\x00"]
)
def test_garbage_is_nobody(garbage: str) -> None:
    assert tokens(contact_phone=garbage) == ()


@pytest.mark.parametrize("garbage", ["", "不详", "4301021990", "430102********1234", "43010219900101***X", "1" * 17])
def test_half_an_identity_card_is_nobody(garbage: str) -> None:
    assert tokens(contact_id_number=garbage) == ()


def test_identity_card_in_two_writings() -> None:
    assert tokens(contact_id_number="110105 19491231 002x") == tokens(contact_id_number="11010519491231002Ｘ")


@pytest.mark.parametrize(
    "fields",
    [
        {"contact_name": "李建国"},
        {"contact_address": "桂花路88号"},
        {"contact_name": " ", "contact_address": "桂花路"},
        {"author": " "},
        {},
    ],
)
def test_a_name_alone_is_no_person(fields: dict[str, Any]) -> None:
    assert tokens(**fields) == ()


def test_name_and_address_without_blanks() -> None:
    assert tokens(contact_name="李 建国", contact_address="桂花路 88 號") == tokens(contact_name="李建国", contact_address="桂花路88号")


def test_an_account_belongs_to_its_source_system() -> None:
    assert tokens(system="board", author="老李") != tokens(system="mailbox", author="老李")
    assert tokens(system="board", contact_phone="13812345678") == tokens(system="mailbox", contact_phone="13812345678")


def test_another_key_gives_other_tokens() -> None:
    other = Keyring("k1", b"another secret")
    assert set(tokens(contact_phone="13812345678")).isdisjoint(tokens(other, contact_phone="13812345678"))
    (named,) = tokens(Keyring("k2", KEYRING.secret), contact_phone="13812345678")
    assert named == tokens(contact_phone="13812345678")[0].replace(".k1.", ".k2.")


def test_the_kinds_do_not_meet() -> None:
    # The same characters as a phone, an account or a name are different persons, and parts do not run into each other.
    assert KEYRING.token("phone", "1") != KEYRING.token("account", "1")
    assert KEYRING.token("account", "ab", "c") != KEYRING.token("account", "a", "bc")


def test_sorted_and_once() -> None:
    found = tokens(contact_phone="13812345678,138-1234-5678", author="老李", contact_id_number="11010519491231002X")
    assert list(found) == sorted(set(found))
    assert len(found) == 3


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(KEYRING)
    assert KEYRING.secret.decode() not in f"{KEYRING} {KEYRING!r}"


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = phone_number(text)
    assert number is None or (number.isascii() and number.isdigit() and 7 <= len(number) <= 16)
    assert number is None or phone_number(number) == number or number.startswith(("86", "0086"))
