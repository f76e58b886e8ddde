"""The folder of examples, read once for the tests of examples, codec and schemas."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onecase.generate import ROOT, Published, published
from schemas.types import VERSION

FOLDER = ROOT / "schemas" / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """One file of `schemas/examples/<folder>/<type>.v1/`."""

    item: Published
    path: Path

    def __str__(self) -> str:
        return f"{self.item.folder}/{self.item.name}/{self.path.stem}"

    def value(self) -> bytes:
        return self.path.read_bytes()

    def json(self) -> Any:
        return json.loads(self.value())

    def schema(self) -> Any:
        """The committed one."""
        return json.loads((ROOT / self.item.path).read_bytes())


def folder_of(item: Published) -> Path:
    return FOLDER / item.folder / f"{item.name}.v{VERSION}"


def examples(name: str = "*") -> list[Example]:
    return [Example(item, path) for item in published() for path in sorted(folder_of(item).glob(f"{name}.json"))]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a value, itself included."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(part)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
