"""Policy packs from files. The pack's digest, not its path, is its identity."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from dedup.policy import Policy, PolicyError, parse_policy

BUILT_IN = "second-1.json"


def load_pack(path: Path | None) -> Policy:
    """The pack in a file, or the built-in one. Raises ValueError that names the file."""
    if path is None:
        return parse_policy((files("dedup") / "packs" / BUILT_IN).read_bytes())
    try:
        return parse_policy(path.read_bytes())
    except (OSError, PolicyError) as error:
        raise ValueError(f"Policy pack {path} cannot be read: {error}") from error


def load_packs(path: Path | None, more: Sequence[Path]) -> tuple[Policy, dict[str, Policy]]:
    """The pack for new jurisdictions, and all packs by digest."""
    policy = load_pack(path)
    packs = [policy, load_pack(None), *(load_pack(other) for other in more)]
    return policy, {pack.digest: pack for pack in packs}
