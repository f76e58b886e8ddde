"""The cheap score, fitted: a logistic regression over the signs of candidates, rounded to whole weights."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedup.candidates import SIGNS, proposed
from dedup.kernels import Kernels, Slots
from dedup.keys import keys_of
from dedup.policy import Policy
from dedup.reading import scan, source_of
from dedup.ring import BITS_MIN, Ring
from dedup.table import Table
from schemas.ids import case_id
from schemas.journal import ReportReceived

SCALE = 100_000
RIDGE, STEPS = 1.0, 30
Floats = npt.NDArray[np.float64]


def fit_proposal(reports: Sequence[ReportReceived], cases: Sequence[str], policy: Policy, kernels: Kernels) -> dict[str, int]:
    """Reports in the order of time with their cases -> the pack's `proposal`.

    A report's positives weigh one together, so that big cases do not drown the rest. The constant is left out: only the order and the floor
    use the score, and the floor is set on the same scale.
    """
    signs, same, weights = _examples(reports, cases, policy, kernels)
    scale = signs.std(0) + 1e-9
    design = np.column_stack((signs / scale, np.ones(len(signs))))
    beta = np.zeros(design.shape[1])
    ridge = np.diag([RIDGE] * len(SIGNS) + [0.0])
    for _ in range(STEPS):  # Newton's method
        chance = 1 / (1 + np.exp(-(design @ beta)))
        gradient = design.T @ (weights * (same - chance)) - ridge @ beta
        curvature = (design * (weights * chance * (1 - chance))[:, None]).T @ design + ridge
        beta += np.linalg.solve(curvature, gradient)
    return {sign: round(float(value)) for sign, value in zip(SIGNS, beta[:-1] / scale * SCALE, strict=True)}


def _examples(
    reports: Sequence[ReportReceived], cases: Sequence[str], policy: Policy, kernels: Kernels
) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    bits = max(BITS_MIN, len(reports).bit_length() + 1)
    ring, table = Ring(kernels, bits), Table(1 << bits, policy.dictionary)
    signs, same, weights = [], [], []
    for row, (report, case) in enumerate(zip(reports, cases, strict=True), 1):
        seen = scan(source_of(report), policy)
        keys = keys_of(seen, policy)
        rows, found, exact = proposed(keys, seen.source.time, None, ring, table, _anything, policy.limits.candidates)
        mates = np.array([cases[other - 1] == case for other in rows.tolist()], np.bool_)
        signs.append(found[~exact])
        same.append(mates[~exact])
        weights.append(np.where(mates, 1 / max(int(mates.sum()), 1), 1.0)[~exact])
        table.put(row, seen.source, keys, case_id(report.report_id))
        ring.insert(row, keys.entered)
    return np.concatenate(signs).astype(np.float64), np.concatenate(same), np.concatenate(weights)


def _anything(rows: Slots) -> npt.NDArray[np.bool_]:
    return np.ones(len(rows), np.bool_)
