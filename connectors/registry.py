"""Finds connectors by the entry points of the installed packages, so that a third party's needs no change here."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from pydantic_settings import BaseSettings

from connectors.base import BadConfig, Connector
from schemas.base import Name

GROUP = "onecase.connectors"

B = TypeVar("B", bound=BaseSettings)


@dataclass(frozen=True, slots=True)
class Spec(Generic[B]):
    """What an entry point names: everything known about a connector before it is configured."""

    name: Name
    channel: Name
    summary: str
    settings: type[B]
    build: Callable[[B], Connector]


def known() -> dict[str, EntryPoint]:
    """Installed connectors by name; none of them is imported."""
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def find(name: str) -> Spec[Any]:
    """The connector of that name. Raises BadConfig."""
    points = known()
    if name not in points:
        raise BadConfig(f"There is no connector {name!r}; installed are: {', '.join(points) or 'none'}.")
    spec = points[name].load()
    if not isinstance(spec, Spec):
        raise BadConfig(f"The entry point {points[name].value!r} of connector {name!r} is not a connectors.registry.Spec.")
    return spec
