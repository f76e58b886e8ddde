"""Tells a breaking change of a schema from a benign one. Pure: schemas in, changes out.

A rule table of our own: the libraries that were tried call every added optional field breaking, because an old record of an open schema
might by chance have used the name (jsoncompat 0.3).

`backward`: today's reader must read every old record (raw, journal, cursors). `full`: besides, an old reader must read today's records
(what others consume: case events, cases, members).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["backward", "full"]
Schema = Mapping[str, Any]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_EXACT = ("pattern", "format")
_INSIDE = ("items", "additionalProperties")
_SILENT = ("$schema", "$defs", "$ref", "title", "description", "examples", "deprecated")  # change nothing of what is read
_KNOWN = {*_LOWER, *_UPPER, *_EXACT, *_INSIDE, *_SILENT, "type", "enum", "const", "default", "properties", "required"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is like `report.revision`; `what` is a short sentence."""

    path: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: {self.what}"


def compare(old: Schema, new: Schema, mode: Mode) -> list[Change]:
    """Every difference between two JSON Schemas of one type and version, as pydantic writes them.

    A keyword that is not known here and differs counts as breaking. Raises ValueError for a union whose branches cannot be told apart.
    """
    return list(_node(old, new, "", _Context(old.get("$defs", {}), new.get("$defs", {}), mode == "full")))


@dataclass(frozen=True, slots=True)
class _Context:
    old_defs: Schema
    new_defs: Schema
    full: bool


def _resolve(node: Schema, defs: Schema) -> Schema:
    while "$ref" in node:
        node = {**defs[node["$ref"].rpartition("/")[2]], **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _branches(node: Schema, defs: Schema, path: str) -> dict[str, Schema]:
    """The alternatives of a node by what tells them apart: their type, or the value of the discriminator."""
    node = _resolve(node, defs)
    if "discriminator" in node:
        return {f"object {value}": _resolve({"$ref": ref}, defs) for value, ref in node["discriminator"]["mapping"].items()}
    if "anyOf" not in node:
        return {str(node.get("type", "any")): node}
    found: dict[str, Schema] = {}
    for branch in node["anyOf"]:
        for kind, resolved in _branches(branch, defs, path).items():
            if kind in found:
                raise ValueError(f"{path or 'The record'} may be one of two kinds of {kind}; give them a discriminator.")
            found[kind] = resolved
    return found


def _node(old: Schema, new: Schema, path: str, context: _Context) -> Iterator[Change]:
    before, after = _branches(old, context.old_defs, path), _branches(new, context.new_defs, path)
    for kind in sorted(before.keys() - after.keys() if "any" not in after else ()):
        yield Change(path, f"no longer allows {kind}", breaking=True)
    for kind in sorted(after.keys() - before.keys()):
        yield Change(path, f"now allows {kind}", breaking=context.full)
    for kind in sorted(before.keys() & after.keys()):
        yield from _same_kind(before[kind], after[kind], path, context)
    before_default, after_default = (_resolve(*side).get("default", ...) for side in ((old, context.old_defs), (new, context.new_defs)))
    if ... not in (before_default, after_default) and before_default != after_default:
        yield Change(path, f"the default {before_default!r} became {after_default!r}: old records would say something else", breaking=True)


def _same_kind(old: Schema, new: Schema, path: str, context: _Context) -> Iterator[Change]:
    yield from _values(old, new, path, context)
    yield from _bounds(old, new, path, context)
    yield from _fields(old, new, path, context)
    for key in _INSIDE:
        if key not in old and key not in new:
            continue
        before, after = old.get(key, True), new.get(key, True)
        if False in (before, after):
            if before != after:
                yield Change(path, f"{key} {before} became {after}", breaking=after is False or context.full)
        else:
            # absent and `true` say the same as the empty schema: anything goes
            yield from _node({} if before is True else before, {} if after is True else after, f"{path}[]", context)
    for key in sorted((old.keys() | new.keys()) - _KNOWN):
        if old.get(key) != new.get(key):
            yield Change(path, f"{key} {old.get(key)} became {new.get(key)}, and it is not known here what that means", breaking=True)


def _values(old: Schema, new: Schema, path: str, context: _Context) -> Iterator[Change]:
    before, after = (set(node.get("enum", [node["const"]] if "const" in node else [])) for node in (old, new))
    if bool(before) != bool(after):
        what = "is a closed list of values" if after else "is no longer a closed list of values"
        yield Change(path, what, breaking=bool(after) or context.full)
        return
    for value in sorted(map(str, before - after)):
        yield Change(path, f"value {value!r} is gone", breaking=True)
    for value in sorted(map(str, after - before)):
        yield Change(path, f"value {value!r} is new", breaking=context.full)


def _bounds(old: Schema, new: Schema, path: str, context: _Context) -> Iterator[Change]:
    for key in (*_LOWER, *_UPPER, *_EXACT):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key in _EXACT or before is None or after is None:
            tighter = after is not None
        else:
            tighter = after > before if key in _LOWER else after < before
        yield Change(path, f"{key} {before} became {after}", breaking=tighter or context.full)


def _fields(old: Schema, new: Schema, path: str, context: _Context) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield Change(_join(path, name), "the field is gone", breaking=context.full or name in needed_before)
    for name in sorted(after.keys() - before.keys()):
        required = name in needed_after
        yield Change(_join(path, name), f"a new {'required' if required else 'optional'} field", breaking=required)
    for name in sorted(before.keys() & after.keys()):
        if name in needed_after - needed_before:
            yield Change(_join(path, name), "has become required", breaking=True)
        if name in needed_before - needed_after:
            yield Change(_join(path, name), "is no longer required", breaking=context.full)
        yield from _node(before[name], after[name], _join(path, name), context)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
