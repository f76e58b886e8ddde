"""Which changes break whom, as a table; the schemas are written by pydantic from small models where that is shorter."""

import copy
from types import GenericAlias
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from onecase.generate import Published, published
from schemas.compat import Mode, compare

MODES: tuple[Mode, ...] = ("backward", "full")
NONE, FULL, BOTH = "nobody", "full", "both"


class Lamp(BaseModel):
    type: Literal["lamp"] = "lamp"
    poles: int


class Road(BaseModel):
    type: Literal["road"] = "road"
    name: str


class Bin(BaseModel):
    type: Literal["bin"] = "bin"


class LampWithHeight(BaseModel):
    type: Literal["lamp"] = "lamp"
    poles: int
    height: int


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class Open(BaseModel):
    name: str


def union(*models: Any) -> Any:
    found = models[0]
    for model in models[1:]:
        found = found | model
    return Annotated[found, Field(discriminator="type")]


def of(annotation: Any, *default: Any, **more: Any) -> dict[str, Any]:
    """The schema of a record with one field `x`, and what is given."""
    fields: dict[str, Any] = {"x": (annotation, *default) if default else annotation} | more
    namespace: dict[str, Any] = {"__annotations__": {}}
    for name, field in fields.items():
        namespace["__annotations__"][name], *value = field if isinstance(field, tuple) else (field,)
        namespace |= dict.fromkeys([name], value[0]) if value else {}
    model: type[BaseModel] = type("Record", (BaseModel,), namespace)
    return model.model_json_schema()


def bounded(**limits: Any) -> Any:
    return Annotated[str, Field(**limits)] if {"min_length", "max_length", "pattern"} & set(limits) else Annotated[int, Field(**limits)]


def many(item: Any) -> Any:
    return GenericAlias(list, (item,))


NOTHING: dict[str, Any] = {"type": "object", "properties": {}}

CHANGES: list[tuple[str, Any, Any, str, str]] = [
    # name, before, after, whom it breaks, what is said first
    ("a field more, optional", of(str), of(str, y=(int, 0)), NONE, "y: a new optional field"),
    ("a field more, required", of(str), of(str, y=int), BOTH, "y: a new required field"),
    ("a required field less", of(str, y=int), of(str), BOTH, "y: the field is gone"),
    ("an optional field less", of(str, y=(int, 0)), of(str), FULL, "y: the field is gone"),
    ("renamed", of(str, y=int), of(str, z=int), BOTH, "y: the field is gone"),
    ("now required", of(str, ""), of(str), BOTH, "x: has become required"),
    ("no longer required", of(str), of(str, ""), FULL, "x: is no longer required"),
    ("another default", of(str, "Asia/Shanghai"), of(str, "UTC"), BOTH, "x: the default 'Asia/Shanghai' became 'UTC'"),
    ("another type", of(int), of(str), BOTH, "x: no longer allows integer"),
    ("a list of one", of(str), of(list[str]), BOTH, "x: no longer allows string"),
    ("None too", of(str | None), of(str | None), NONE, ""),
    ("now also None", of(str), of(str | None), FULL, "x: now allows null"),
    ("no longer None", of(str | None), of(str), BOTH, "x: no longer allows null"),
    ("one type more", of(str | int), of(str | int | bool), FULL, "x: now allows boolean"),
    ("one type less", of(str | int | bool), of(str | int), BOTH, "x: no longer allows boolean"),
    ("anything now", of(str), of(Any), FULL, "x: now allows any"),
    ("no longer anything", of(Any), of(str), BOTH, "x: no longer allows any"),
    ("a value more", of(Literal["a", "b"]), of(Literal["a", "b", "c"]), FULL, "x: value 'c' is new"),
    ("a value less", of(Literal["a", "b"]), of(Literal["a"]), BOTH, "x: value 'b' is gone"),
    ("one value, then two", of(Literal["a"]), of(Literal["a", "b"]), FULL, "x: value 'b' is new"),
    ("another constant", of(Literal["a"]), of(Literal["b"]), BOTH, "x: value 'a' is gone"),
    ("values closed", of(str), of(Literal["a"]), BOTH, "x: is a closed list of values"),
    ("values opened", of(Literal["a"]), of(str), FULL, "x: is no longer a closed list of values"),
    ("longer", of(bounded(max_length=5)), of(bounded(max_length=9)), FULL, "x: maxLength 5 became 9"),
    ("shorter", of(bounded(max_length=9)), of(bounded(max_length=5)), BOTH, "x: maxLength 9 became 5"),
    ("bounded", of(str), of(bounded(max_length=5)), BOTH, "x: maxLength None became 5"),
    ("unbounded", of(bounded(max_length=5)), of(str), FULL, "x: maxLength 5 became None"),
    ("not empty", of(str), of(bounded(min_length=1)), BOTH, "x: minLength None became 1"),
    ("may be lower", of(bounded(ge=1)), of(bounded(ge=0)), FULL, "x: minimum 1 became 0"),
    ("must be higher", of(bounded(ge=0)), of(bounded(ge=1)), BOTH, "x: minimum 0 became 1"),
    ("may be higher", of(bounded(lt=5)), of(bounded(lt=6)), FULL, "x: exclusiveMaximum 5 became 6"),
    ("another pattern", of(bounded(pattern="^a$")), of(bounded(pattern="^b$")), BOTH, "x: pattern ^a$ became ^b$"),
    ("no pattern", of(bounded(pattern="^a$")), of(str), FULL, "x: pattern ^a$ became None"),
    ("more items", of(Annotated[list[int], Field(max_length=3)]), of(Annotated[list[int], Field(max_length=4)]), FULL, "x: maxItems 3 became 4"),
    ("other items", of(list[int]), of(list[str]), BOTH, "x[]: no longer allows integer"),
    ("longer items", of(many(bounded(max_length=5))), of(many(bounded(max_length=6))), FULL, "x[]: maxLength 5 became 6"),
    ("items of any kind", of(list[Any]), of(list[int]), BOTH, "x[]: no longer allows any"),
    ("other values of a map", of(dict[str, int]), of(dict[str, str]), BOTH, "x[]: no longer allows integer"),
    ("a map of anything, then of numbers", of(dict[str, Any]), of(dict[str, int]), BOTH, "x[]: no longer allows any"),
    ("a map of numbers, then of anything", of(dict[str, int]), of(dict[str, Any]), FULL, "x[]: now allows any"),
    ("unknown fields refused", of(Open), of(Closed), BOTH, "x: additionalProperties True became False"),
    ("unknown fields taken", of(Closed), of(Open), FULL, "x: additionalProperties False became True"),
    ("a nested field more", of(Lamp), of(LampWithHeight), BOTH, "x.height: a new required field"),
    ("a nested field less", of(LampWithHeight), of(Lamp), BOTH, "x.height: the field is gone"),
    ("nested in a list", of(list[LampWithHeight]), of(list[Lamp]), BOTH, "x[].height: the field is gone"),
    ("nested behind None", of(LampWithHeight | None, None), of(Lamp | None, None), BOTH, "x.height: the field is gone"),
    ("a nested record may be absent", of(Lamp), of(Lamp | None), FULL, "x: now allows null"),
    ("a nested record must be there", of(Lamp | None), of(Lamp), BOTH, "x: no longer allows null"),
    ("another class of the same shape", of(Lamp), of(type("Lantern", (Lamp,), {})), NONE, ""),
    ("another nested record", of(Open), of(Bin), BOTH, "x.name: the field is gone"),
    ("a kind more", of(union(Lamp, Road)), of(union(Lamp, Road, Bin)), FULL, "x: now allows object bin"),
    ("a kind less", of(union(Lamp, Road, Bin)), of(union(Lamp, Road)), BOTH, "x: no longer allows object bin"),
    ("a field more in one kind", of(union(Lamp, Road)), of(union(LampWithHeight, Road)), BOTH, "x.height: a new required field"),
    ("kinds in another order", of(union(Lamp, Road)), of(union(Road, Lamp)), NONE, ""),
    ("kinds or None", of(union(Lamp, Road)), of(union(Lamp, Road) | None), FULL, "x: now allows null"),
    ("a list of kinds", of(many(union(Lamp, Road))), of(many(union(Lamp, Bin))), BOTH, "x[]: no longer allows object road"),
    ("other words", NOTHING | {"title": "a", "description": "b"}, NOTHING | {"title": "c"}, NONE, ""),
    ("a keyword that nobody here knows", NOTHING, NOTHING | {"minProperties": 1}, BOTH, "the record: minProperties None became 1"),
    ("a set", of(list[int]), of(set[int]), BOTH, "x: uniqueItems None became True"),
    ("a tuple of fixed length", of(tuple[int, int]), of(tuple[int, str]), BOTH, "x: prefixItems"),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("before", "after", "breaks", "said"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_change(before: Any, after: Any, breaks: str, said: str, mode: Mode) -> None:
    changes = compare(before, after, mode)
    assert any(change.breaking for change in changes) == (breaks == BOTH or (breaks == FULL and mode == "full"))
    if said:
        assert any(str(change).startswith(said) for change in changes), [str(change) for change in changes]
    else:
        assert changes == []


def test_every_row_is_a_change_of_its_own() -> None:
    assert len({row[0] for row in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("mode", MODES)
def test_a_union_without_discriminator_is_refused(mode: Mode) -> None:
    with pytest.raises(ValueError, match=r"^x may be one of two kinds of object; give them a discriminator\.$"):
        compare(of(Lamp | Road), of(Lamp | Road), mode)


def objects(node: Any) -> list[dict[str, Any]]:
    """Every part of a schema that describes an object with fields."""
    if isinstance(node, list):
        return [found for part in node for found in objects(part)]
    if not isinstance(node, dict):
        return []
    return ([node] if isinstance(node.get("properties"), dict) else []) + [found for part in node.values() for found in objects(part)]


@pytest.mark.parametrize("item", published(), ids=lambda item: f"{item.folder}/{item.name}")
@pytest.mark.parametrize("mode", MODES)
def test_a_schema_is_equal_to_itself(item: Published, mode: Mode) -> None:
    assert compare(item.schema(), copy.deepcopy(item.schema()), mode) == []


FIELDS = st.sampled_from([of(str), of(int, 0), of(list[Lamp], ()), of(str | None, None), of(Literal["a", "b"], "a")]).map(
    lambda schema: schema["properties"]["x"]
)
SCHEMAS = {(item.folder, item.name): item.schema() for item in published()}


@given(data=st.data(), key=st.sampled_from(sorted(SCHEMAS)), mode=st.sampled_from(MODES), field=FIELDS)
def test_an_optional_field_more_breaks_nobody_and_taking_it_back_breaks_consumers(
    data: st.DataObject, key: tuple[str, str], mode: Mode, field: Any
) -> None:
    old, new = SCHEMAS[key], copy.deepcopy(SCHEMAS[key])
    data.draw(st.sampled_from(objects(new)), "object")["properties"]["urgency"] = field
    changes = compare(old, new, mode)
    assert changes, "the difference is seen"
    assert {change.what for change in changes} == {"a new optional field"}
    assert not any(change.breaking for change in changes)
    assert any(change.breaking for change in compare(new, old, mode)) == (mode == "full")


@given(data=st.data(), key=st.sampled_from(sorted(SCHEMAS)), mode=st.sampled_from(MODES))
def test_a_required_field_more_breaks_everybody(data: st.DataObject, key: tuple[str, str], mode: Mode) -> None:
    new = copy.deepcopy(SCHEMAS[key])
    place = data.draw(st.sampled_from(objects(new)), "object")
    place["properties"]["urgency"] = {"type": "string"}
    place["required"] = [*place.get("required", ()), "urgency"]
    assert any(change.breaking for change in compare(SCHEMAS[key], new, mode))
