"""The ledgers of one journal partition as bytes and back (快照). A cache: a damaged or older one is refused and made anew from the topics.

Layout: a line `onecase-ledgers 1`, a line of JSON (what follows, and for which engine, policies and journal offset), the arrays one after
the other, and 32 bytes BLAKE2b over all of it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from dedup.kernels import Kernels
from dedup.policy import Policy
from dedup.snapshot import freeze, thaw
from streams.steps.consolidate import ENGINE, Ledgers
from streams.steps.ledger import CaseState, Ledger, People, Standing

MAGIC = b"onecase-ledgers 1\n"
DIGEST = 32


class SnapshotRefused(ValueError):
    """The bytes are no snapshot that this version may use; the message says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Ledgers, and the journal offset from which they have not seen anything."""

    ledgers: Ledgers
    resume_at: int


def write(ledgers: Ledgers, resume_at: int) -> Iterator[bytes]:
    """The bytes, in pieces. The ledgers must not change meanwhile."""
    parts, arrays = [], []
    for name, ledger in sorted(ledgers.by_jurisdiction.items()):
        frozen = freeze(ledger.matcher)
        reports = [
            [report, one.case_id, one.digest, one.revision, one.person, one.repeat, one.withdrawn] for report, one in ledger.reports.items()
        ]
        cases = [
            [
                case,
                one.people.by_token,
                one.people.reports,
                [sorted(channels) for channels in one.people.channels],
                one.counting,
                one.secret,
            ]
            for case, one in ledger.cases.items()
        ]
        small = {"jurisdiction": name, "number": ledger.number, "policy": ledger.policy.digest, "reports": reports, "cases": cases}
        listed = [[key, array.dtype.str, list(array.shape)] for key, array in frozen.arrays.items()]
        parts.append(small | {"matcher": frozen.small, "arrays": listed})
        arrays += list(frozen.arrays.values())
    head = {"engine": ENGINE, "resume_at": resume_at, "ledgers": parts}
    digest = blake2b(digest_size=DIGEST)
    for piece in (MAGIC, json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n", *map(_bytes, arrays)):
        digest.update(piece)
        yield bytes(piece)
    yield digest.digest()


def _bytes(array: Any) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def read(data: bytes, policies: Mapping[str, Policy], configured: Policy, kernels: Kernels) -> Snapshot:
    """Bytes -> ledgers. Raises SnapshotRefused for anything that is not whole, of this engine, and of policies that are here."""
    if not data.startswith(MAGIC):
        raise SnapshotRefused("it is of another format")
    if len(data) < len(MAGIC) + DIGEST or blake2b(memoryview(data)[:-DIGEST], digest_size=DIGEST).digest() != data[-DIGEST:]:
        raise SnapshotRefused("it is damaged")
    end = data.index(b"\n", len(MAGIC))
    head = json.loads(data[len(MAGIC) : end])
    if head["engine"] != ENGINE:
        raise SnapshotRefused(f"it is of engine {head['engine']}, this is engine {ENGINE}")
    ledgers = Ledgers(configured, policies, kernels)
    place = end + 1
    for part in head["ledgers"]:
        if part["policy"] not in policies:
            raise SnapshotRefused(f"it needs policy {part['policy'][:12]}, which is not here")
        arrays = {}
        for key, kind, shape in part["arrays"]:
            count = int(np.prod(shape, dtype=np.int64))
            arrays[key] = np.frombuffer(data, kind, count, place).reshape(shape).copy()
            place += arrays[key].nbytes
        ledgers.by_jurisdiction[part["jurisdiction"]] = _ledger(part, arrays, policies[part["policy"]], kernels)
    return Snapshot(ledgers, head["resume_at"])


def _ledger(part: Mapping[str, Any], arrays: Mapping[str, Any], policy: Policy, kernels: Kernels) -> Ledger:
    ledger = Ledger(part["jurisdiction"], policy, kernels)
    ledger.number = part["number"]
    ledger.matcher = thaw(part["matcher"], arrays, policy, kernels)
    ledger.reports = {report: Standing(*rest) for report, *rest in part["reports"]}
    ledger.cases = {
        case: CaseState(People(by_token, reports, [set(found) for found in channels]), counting, secret)
        for case, by_token, reports, channels, counting, secret in part["cases"]
    }
    return ledger
