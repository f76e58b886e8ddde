"""Every example is valid, is read, comes back, and shows nobody's number. The folders are read: what is added is tested."""

import json
import re
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from onecase.generate import Published, published
from schemas import ids
from schemas.codec import Envelope, decode, encode
from schemas.types import EVENT_TYPES
from streams.steps.masking import mask
from tests.schemas.examples import FOLDER, Example, examples, folder_of, objects, texts

TIME = datetime(2026, 3, 2, 11, 43, 1, 287000, tzinfo=UTC)
PAYLOADS = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


@pytest.mark.parametrize("item", published(), ids=lambda item: f"{item.folder}/{item.name}")
def test_every_type_has_its_examples(item: Published) -> None:
    assert {"minimal", "full"} <= {path.stem for path in folder_of(item).glob("*.json")}


def test_no_example_is_unused() -> None:
    used = {example.path for example in examples()}
    assert {path for path in FOLDER.rglob("*") if path.is_file()} == used


@pytest.mark.parametrize("example", examples(), ids=str)
def test_it_keeps_to_its_committed_schema(example: Example) -> None:
    Draft202012Validator(example.schema()).validate(example.json())


@pytest.mark.parametrize("example", examples(), ids=str)
def test_it_is_read_and_comes_back(example: Example) -> None:
    model = example.item.model
    record = model.model_validate_json(example.value())
    assert model.model_validate_json(record.to_json()) == record
    # what our writers write keeps to the schema too
    Draft202012Validator(example.schema()).validate(json.loads(record.to_json()))


@pytest.mark.parametrize("example", examples(), ids=str)
def test_it_goes_through_the_codec(example: Example) -> None:
    record = example.item.model.model_validate_json(example.value())
    envelope = Envelope("0b7c", example.item.name, "/onecase/test", "桂花路", TIME, 7)
    value, headers = encode(envelope, record)
    assert decode({example.item.name: example.item.model}, headers, value) == (envelope, record)


@pytest.mark.parametrize("example", examples("minimal"), ids=str)
def test_minimal_has_the_required_fields_only(example: Example) -> None:
    assert set(example.json()) == set(example.schema().get("required", ()))


@pytest.mark.parametrize("example", examples("full"), ids=str)
def test_full_has_every_field(example: Example) -> None:
    # a raw record has either a contact or a reason why there is none
    left_out = {"unreadable"} if example.item.name == "raw.contact" else set()
    assert set(example.json()) == set(example.schema()["properties"]) - left_out


@pytest.mark.parametrize("example", examples("from-a-newer-writer"), ids=str)
def test_a_newer_writers_fields_are_ignored(example: Example) -> None:
    record = example.item.model.model_validate_json(example.value())
    read = json.loads(record.to_json())
    unknown = set(example.json()) - set(example.schema()["properties"])
    assert unknown
    assert not unknown & set(read)
    known = {name: value for name, value in example.json().items() if name not in unknown}
    assert example.item.model.model_validate_json(json.dumps(known)) == record


def test_some_examples_come_from_a_newer_writer() -> None:
    assert {example.item.folder for example in examples("from-a-newer-writer")} == {item.folder for item in published()} - {"case-members"}


def shown(value: Any) -> list[str]:
    """The texts of an example, its payload decoded."""
    found = list(texts(value))
    return found + [b64decode(text).decode() for text in found if PAYLOADS.fullmatch(text) and len(text) % 4 == 0 and text != text.lower()]


@pytest.mark.parametrize("example", examples(), ids=str)
def test_it_shows_nobodys_number(example: Example) -> None:
    assert [(text, mask(text).taken) for text in shown(example.json()) if mask(text).taken] == []


@pytest.mark.parametrize("planted", ["13900002054", "请打199 0000 8309", "990127195905095284", "zhoujp@mail.example"])
def test_a_number_would_be_seen(planted: str) -> None:
    raw = next(example for example in examples("full") if example.item.name == "raw.contact").json()
    assert any("〔电话〕" in text and "信件编号" in text for text in shown(raw)), "the payload is looked into"
    assert any(mask(text).taken for text in shown(raw | {"note": [{"inside": planted}]}))


@pytest.mark.parametrize("example", examples(), ids=str)
def test_its_ids_are_derived(example: Example) -> None:
    for found in objects(example.json()):
        if {"report_id", "channel", "source_system", "source_id"} <= set(found):
            assert found["report_id"] == ids.report_id(found["channel"], found["source_system"], found["source_id"])
        if "founding_report_id" in found:
            assert found["case_id"] == ids.case_id(found["founding_report_id"])
        if found.get("type") == "case.opened":
            assert found["case_id"] == ids.case_id(found["report"]["report_id"])


@pytest.mark.parametrize("example", examples(), ids=str)
def test_its_points_add_up(example: Example) -> None:
    for found in objects(example.json()):
        if "measures" in found:
            assert found["points"] == sum(measure["points"] for measure in found["measures"])


def test_an_event_says_its_type_in_value_and_header_alike() -> None:
    for name, model in EVENT_TYPES.items():
        assert model.model_fields["type"].default == name
