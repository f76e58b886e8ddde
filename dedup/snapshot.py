"""The matcher as arrays and back (快照). A cache, never the truth: whoever holds the topics can make it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.kernels import Kernels
from dedup.matcher import Matcher
from dedup.policy import Policy
from dedup.ring import Ring
from dedup.table import Table

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Frozen:
    """A matcher's state: what is small as JSON, what is big as arrays."""

    small: dict[str, Any]
    arrays: Arrays


def freeze(matcher: Matcher) -> Frozen:
    """Matcher -> state. The arrays are the matcher's own: write them before it changes."""
    table = matcher.table
    texts = [text or b"" for text in table.texts]
    rows = len(texts)
    small = {
        "bits": matcher.ring.bits,
        "hand": matcher.hand,
        "latest": matcher.latest,
        "apart": {report: sorted(others) for report, others in sorted(matcher.apart.items())},
        "case_rows": table.case_rows,
        "free": table.free_cases,
    }
    arrays = {
        **matcher.ring.arrays(),
        **table.reports.arrays("reports", rows),
        **table.cases.arrays("cases", table.case_rows),
        "text_sizes": np.array([len(text) for text in texts], np.uint32),
        "texts": np.frombuffer(b"".join(texts), np.uint8),
    }
    return Frozen(small, arrays)


def thaw(small: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], policy: Policy, kernels: Kernels) -> Matcher:
    """State -> matcher that decides as the frozen one would have."""
    matcher = Matcher(policy, kernels)
    matcher.ring = Ring.of(kernels, small["bits"], arrays)
    matcher.hand, matcher.latest = small["hand"], small["latest"]
    matcher.apart = {report: set(others) for report, others in small["apart"].items()}
    matcher.table = Table.of(1 << small["bits"], policy.dictionary, small["case_rows"], small["free"], arrays)
    return matcher
