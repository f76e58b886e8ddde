"""Start check: each of our top-level packages has one owner. Their names are common; another distribution may bring a `schemas` too."""

from collections.abc import Mapping
from importlib.metadata import packages_distributions

OURS = ("streams", "schemas", "dedup", "connectors", "onecase")


def two_owners(found: Mapping[str, list[str]]) -> list[str]:
    """Sentences about packages that more than one distribution owns. None at all is fine: so it is in an editable install."""
    return [
        f"The package {name} belongs to {' and '.join(sorted(set(found[name])))}: one has overwritten the other. "
        f"Install onecase into an environment of its own."
        for name in OURS
        if len(set(found.get(name, []))) > 1
    ]


def refuse_two_owners() -> None:
    """Raises RuntimeError if a package has two owners."""
    if sentences := two_owners(packages_distributions()):
        raise RuntimeError(" ".join(sentences))
