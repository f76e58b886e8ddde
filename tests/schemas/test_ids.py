"""Every id ever published depends on these recipes: the values below must never change."""

import json
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas import ids
from schemas.base import Id

GOLDEN = [
    (ids.report_id("hotline", "yunxi-12345", "RX20260302001068"), "b82ff31d-389e-5b56-b226-b78ca0376126"),
    (ids.report_id("mailbox", "mayor-mail", '信件 2603-0021 "急"'), "7e3a9af3-6233-5208-b3ef-da5f707b1ba4"),
    (ids.case_id("9649daa5-0393-5465-8477-b408935f3623"), "80f5fb63-67cc-5a0e-9129-e45b6ebe84cf"),
    (ids.event_id("yunxi", 19, 204, 0), "46e8ea10-5a1a-52ff-ac0d-3f25b2fb1a1b"),
    (ids.event_id("yunxi", 19, 204, 1), "d39b46a1-6bfe-5615-b2c0-6acd11d037a5"),
    (ids.journal_id("intake.raw.hotline", 2, 118), "bfb0a9b9-daa8-54d2-8c74-73c9b67223c2"),
    (ids.raw_id("hotline-1", "yunxi-12345/RX20260302001068", "ab" * 32, None), "1f8768cc-57eb-515a-9bf7-3126313cd792"),
    (ids.raw_id("board-1", "leaders-board/812460", "ab" * 32, 1), "8c189434-7055-5b5f-b77b-b05eb70d50c6"),
    (ids.cursor_id("board-1", '{"offset":91120}'), "afdca2d9-5db0-5deb-af89-35c43ab9bc46"),
]

ADAPTER: TypeAdapter[str] = TypeAdapter(Id)
PARTS = st.lists(st.text(max_size=20), min_size=3, max_size=3)


@pytest.mark.parametrize(("found", "pinned"), GOLDEN)
def test_the_recipe_is_pinned(found: str, pinned: str) -> None:
    assert found == pinned


def test_every_recipe_is_pinned() -> None:
    recipes = {name for name, value in vars(ids).items() if callable(value) and name.endswith("_id")}
    assert recipes == {"report_id", "case_id", "event_id", "journal_id", "raw_id", "cursor_id"}
    assert len(GOLDEN) >= len(recipes)


def test_the_namespace_is_pinned() -> None:
    assert str(ids.NS) == "6f9b1c52-0c3e-5d0a-9a67-0f2f3c1d7e11"


def test_a_recipe_is_uuid5_of_a_compact_json_array() -> None:
    """So that a program in another language can derive them."""
    text = '["report","hotline","yunxi-12345","RX2026号"]'
    assert json.loads(text) == ["report", "hotline", "yunxi-12345", "RX2026号"]
    assert ids.report_id("hotline", "yunxi-12345", "RX2026号") == str(uuid5(UUID("6f9b1c52-0c3e-5d0a-9a67-0f2f3c1d7e11"), text))
    assert ids.raw_id("a", "b", "c", None) == str(uuid5(ids.NS, '["raw","a","b","c",null]'))
    assert ids.event_id("yunxi", 19, 204, 1) == str(uuid5(ids.NS, '["event","yunxi",19,204,1]'))


@given(PARTS, PARTS)
def test_different_facts_have_different_ids(one: list[str], other: list[str]) -> None:
    first, second = (ids.report_id(*parts) for parts in (one, other))
    assert (first == second) == (one == other)
    assert ADAPTER.validate_python(first) == first


@given(st.text(max_size=20), st.text(max_size=20))
def test_where_a_part_ends_matters(one: str, other: str) -> None:
    assert ids.report_id("hotline", one + '","', other) != ids.report_id("hotline", one, '","' + other)


def test_kinds_never_meet() -> None:
    assert (
        len(
            {ids.case_id("x"), ids.cursor_id("x", "x"), ids.report_id("x", "x", "x"), ids.journal_id("x", 0, 0), ids.event_id("x", 0, 0, 0)}
        )
        == 5
    )
