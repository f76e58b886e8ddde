import re

import pytest

from onecase.generate import Published, published, settings_table
from schemas.types import EVENT_TYPES, JOURNAL_TYPES, OTHER_TYPES
from streams.shell.settings import Settings


def test_every_type_is_published_once_at_a_path_of_its_own() -> None:
    found = published()
    assert len(found) == len(JOURNAL_TYPES) + len(EVENT_TYPES) + len(OTHER_TYPES)
    assert len({item.path for item in found}) == len(found)
    assert {item.model for item in found} == {*JOURNAL_TYPES.values(), *EVENT_TYPES.values(), *OTHER_TYPES.values()}


@pytest.mark.parametrize("item", published(), ids=lambda item: f"{item.folder}/{item.name}")
def test_what_others_consume_is_held_to_the_stricter_mode(item: Published) -> None:
    assert item.mode == ("full" if item.folder in {"case-events", "cases", "case-members"} else "backward")


def test_every_setting_has_a_line_with_a_meaning() -> None:
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in settings_table().splitlines()]
    assert rows[0] == ["variable", "meaning", "default"]
    assert [row[0] for row in rows[2:]] == [f"`ONECASE_{name.upper()}`" for name in Settings.model_fields]
    for variable, meaning, default in rows[2:]:
        field = Settings.model_fields[variable.strip("`").removeprefix("ONECASE_").lower()]
        assert meaning, variable
        assert (default == "required") == field.is_required()


def test_no_secret_stands_in_the_table() -> None:
    for name, field in Settings.model_fields.items():
        if "secret" in name or "password" in name or "dsn" in name:
            assert field.is_required() or field.default is None
