"""The committed schemas: current, all in use, without floats, and guarded against breaking changes."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from onecase import generate
from onecase.generate import ROOT, SCHEMAS, Published, breaking, filled, main, markers, published, schema_files
from schemas.types import type_name

CASE_OPENED = SCHEMAS / "case-events" / "case.opened.v1.json"
ANYTHING = {"raw/raw.contact $defs.Contact.properties.extra"}
"""Where any JSON may stand: fields of the source that nobody knows. They never leave the raw topic."""


def nodes(schema: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema inside a schema that says what a value is."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for key in ("properties", "$defs"):
        for name, part in schema.get(key, {}).items():
            yield from nodes(part, f"{path}.{key}.{name}".lstrip("."))
    for key in ("items", "additionalProperties"):
        yield from nodes(schema.get(key), f"{path}.{key}")
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for number, part in enumerate(schema.get(key, ())):
            yield from nodes(part, f"{path}.{key}{number}")


def loose(schema: Any) -> list[str]:
    """Where a schema lets a float through: by its type, or because it lets anything through."""
    return [
        path
        for path, node in nodes(schema)
        if node.get("type") == "number"
        or node.get("additionalProperties") is True
        or not {"type", "anyOf", "$ref", "oneOf", "const", "enum"} & set(node)
    ]


def committed(item: Published) -> Any:
    return json.loads((ROOT / item.path).read_bytes())


def names(item: Published) -> str:
    return f"{item.folder}/{item.name}"


@pytest.mark.parametrize("item", published(), ids=names)
def test_it_is_a_schema_of_draft_2020_12_under_its_wire_name(item: Published) -> None:
    schema = committed(item)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == type_name(item.name)
    Draft202012Validator.check_schema(schema)


def test_the_committed_schemas_are_current_and_all_in_use() -> None:
    expected = dict(schema_files())
    assert {path for path in (ROOT / SCHEMAS).rglob("*") if path.is_file()} == set(expected)
    assert [str(path) for path, text in expected.items() if path.read_text(encoding="utf-8") != text] == []


@pytest.mark.parametrize("item", published(), ids=names)
def test_there_is_no_float_on_the_wire(item: Published) -> None:
    assert {f"{names(item)} {path}" for path in loose(committed(item))} <= ANYTHING


def test_the_only_place_for_anything_is_in_use() -> None:
    assert {f"{names(item)} {path}" for item in published() for path in loose(committed(item))} == ANYTHING


@pytest.mark.parametrize(
    "planted", [{"type": "number"}, {}, {"type": "object", "additionalProperties": True}, {"anyOf": [{"type": "number"}]}]
)
def test_a_float_would_be_seen(planted: Any) -> None:
    assert loose({"type": "object", "$defs": {"Part": {"type": "object", "properties": {"share": planted}}}})


def test_the_models_have_no_breaking_change() -> None:
    assert breaking() == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / SCHEMAS, tmp_path / SCHEMAS)
    for document, (name, _) in generate.TABLES.items():
        (tmp_path / document).write_text("\n".join(["# Title", *markers(name), "end\n"]), encoding="utf-8")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_writing_fills_the_tables_and_then_nothing_is_stale(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(check=True, root=copy) == 1
    assert capsys.readouterr().out == (
        "ARCHITECTURE.md is stale; run make fmt and commit it.\nREADME.md is stale; run make fmt and commit it.\n"
    )
    assert main(check=False, root=copy) == 0
    assert "| `intake.journal` |" in (copy / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "| `ONECASE_TOKEN_KEY_ID` |" in (copy / "README.md").read_text(encoding="utf-8")
    assert main(check=True, root=copy) == 0


def test_a_field_that_consumers_read_cannot_go(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The committed schema has a field that today's model lacks: the change is named, the file stays as it was."""
    edit(copy / CASE_OPENED, '"category": {', '"mood": {"type": "string"}, "category": {')
    before = (copy / CASE_OPENED).read_bytes()
    assert [(path, str(change)) for path, change in breaking(copy)] == [(CASE_OPENED, "report.mood: the field is gone")]
    for check in (True, False):
        assert main(check=check, root=copy) == 1
        assert f"{CASE_OPENED}: breaking: report.mood: the field is gone. Give the type a new version" in capsys.readouterr().out
    assert (copy / CASE_OPENED).read_bytes() == before


def test_a_type_cannot_go(copy: Path) -> None:
    gone = SCHEMAS / "journal" / "call.ended.v1.json"
    shutil.copy(copy / CASE_OPENED, copy / gone)
    assert [(path, str(change)) for path, change in breaking(copy)] == [
        (gone, "the record: the type is gone, but its records are still there to be read")
    ]


def test_a_benign_change_is_stale_until_it_is_written(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy / CASE_OPENED, "A report founded a case", "A case was founded")
    assert breaking(copy) == []
    assert main(check=False, root=copy) == 0
    capsys.readouterr()
    (copy / CASE_OPENED).unlink()
    assert main(check=True, root=copy) == 1
    assert capsys.readouterr().out == f"{CASE_OPENED} is stale; run make fmt and commit it.\n"


def test_a_document_without_a_place_for_its_table_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "README.md").write_text("# Title\n", encoding="utf-8")
    (copy / "ARCHITECTURE.md").unlink()
    (copy / CASE_OPENED).unlink()
    assert main(check=False, root=copy) == 1
    said = capsys.readouterr().out
    assert "README.md lacks the lines <!-- settings: generated by make fmt --> and <!-- end of settings -->; add them" in said
    assert "ARCHITECTURE.md lacks the lines <!-- topics:" in said
    assert (copy / CASE_OPENED).exists(), "the schemas are written all the same"


def test_a_table_is_replaced_and_the_rest_stays() -> None:
    begin, end = markers("topics")
    document = f"before\n{begin}\n| old |\n{end}\nafter\n"
    assert filled(document, "topics", "| \\1 |\n") == f"before\n{begin}\n| \\1 |\n{end}\nafter\n"
    assert filled(document, "settings", "| x |\n") is None
