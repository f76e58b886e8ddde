"""A deep picture of any state, for comparing before and after."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

CACHES = {"_last", "_last_reading", "_readings"}  # what the matcher computed last; decisions do not depend on it
CONSTANT = {"policy", "_policy", "_packs", "_kernels", "_columns", "_dictionary"}


def fingerprint(value: Any) -> Any:  # noqa: PLR0911  # one line for each kind
    """Nested tuples that are equal where the states are. Order of mappings and sequences counts: decisions may depend on it."""
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case np.ndarray():
            return (value.dtype.str, value.shape, value.tobytes())
        case BaseModel():
            return (type(value).__name__, value.model_dump_json())
        case Mapping():
            return tuple((fingerprint(key), fingerprint(item)) for key, item in value.items())
        case AbstractSet():
            return tuple(sorted(map(repr, map(fingerprint, value))))
        case list() | tuple():
            return tuple(map(fingerprint, value))
    names = (
        [field.name for field in fields(value)]
        if is_dataclass(value)
        else [*getattr(value, "__slots__", ()), *getattr(value, "__dict__", ())]
    )
    assert names, f"{type(value)} holds what cannot be compared"
    return (type(value).__name__, *((name, fingerprint(getattr(value, name))) for name in names if name not in CACHES | CONSTANT))
