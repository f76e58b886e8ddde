"""Which earlier reports come into question (候选): the index proposes, a small linear score ranks, without reading any text.

The score sees sketches, keys and sizes alone. On gold, the best four by it hold an earlier mate of 98.4 % of the reports that have one, the
best eight 98.9 %, the best twelve 99.3 %; all that the index proposes 99.5 %.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dedup.kernels import Counts, Slots, mixed
from dedup.keys import EXACT, MATTER, PERSON, Keys, number_key
from dedup.ring import BITS_MAX, Ring
from dedup.table import Table

PRINTS = 1 << 16
NAME_WORTH = 120
BY_LIKENESS, BY_VOTES = 24, 20
"""How many candidates are scored: the likest, and those with most votes."""
SIGNS = (
    "likeness",
    "likeness_root",
    "votes",
    "votes_root",
    "matters",
    "any_matter",
    "gap_root",
    "sizes",
    "smaller_root",
    "contained",
    "contained_root",
    "matters_contained",
    "person",
)
"""What the score adds up, in this order."""


def proposed(
    keys: Keys,
    time: int,
    quoted: str | None,
    ring: Ring,
    table: Table,
    attracts: Callable[[Slots], npt.NDArray[np.bool_]],
    most: int,
) -> tuple[Slots, Counts, npt.NDArray[np.bool_]]:
    """Rows of at most `most` reports under the keys that `attracts` lets pass, their signs (rows x SIGNS), and which share an exact key."""
    wanted, weights = keys.asked, keys.weights
    if quoted is not None:
        wanted = np.append(wanted, mixed(np.array([number_key(quoted)], np.uint32)))
        weights = np.append(weights, EXACT)
    rows, votes = ring.find(wanted, weights)
    passing = attracts(rows)
    rows, votes = rows[passing], votes[passing]
    rarity, matters, persons = votes % MATTER, votes % PERSON // MATTER, votes // PERSON
    order = _best(rarity + matters * NAME_WORTH + persons * PERSON, rows, most)
    rows, votes = rows[order], votes[order]
    signs = signs_of(keys, time, rows, votes, table)
    likest = _best(signs[:, 0], rows, BY_LIKENESS)
    kept = np.union1d(likest, np.arange(min(len(rows), BY_VOTES)))
    return rows[kept], signs[kept], votes[kept] >= EXACT


def _best(worth: Counts, rows: Slots, most: int) -> Slots:
    """Where the `most` that are worth most stand, best first; among equals the one in the higher row."""
    ordered = worth << BITS_MAX | rows
    near = np.argpartition(ordered, -most)[-most:] if len(rows) > most else np.arange(len(rows))
    return near[np.argsort(-ordered[near])]


def signs_of(keys: Keys, time: int, rows: Slots, votes: Counts, table: Table) -> Counts:
    """Signs of each row: whole numbers; shares in permille, roots ten times."""
    shared, sizes = _shared(keys, rows, table)
    mine, theirs = int(keys.squares.sum()) or 1, np.maximum(table.reports.sketch_norm[rows], 1)
    likeness = np.minimum(shared * 1000 // np.maximum(_root(mine * theirs), 1), 1000)
    contained = np.minimum(shared * 1000 // np.minimum(mine, theirs), 1000)
    whole = int(keys.weights[keys.weights < MATTER].sum()) or 1
    share = votes % MATTER * 1000 // whole
    matters = np.minimum(votes % PERSON // MATTER, 12)
    size = len(keys.prints)
    smaller = np.minimum(sizes, size)
    days = np.abs(time - table.reports.time[rows]) // 86_400
    roots = _root(np.stack((likeness, share, days, smaller, contained)) * 100)
    signs = (
        likeness,
        roots[0],
        share,
        roots[1],
        matters,
        np.minimum(matters, 1),
        roots[2],
        smaller * 1000 // np.maximum(np.maximum(sizes, size), 1),
        roots[3],
        contained,
        roots[4],
        matters * contained,
        np.minimum(votes // PERSON % (EXACT // PERSON), 1),
    )
    return np.stack(signs, 1)


def _root(values: Counts) -> Counts:
    """Whole square roots. IEEE 754 demands that a root is rounded correctly, so this is the same everywhere."""
    return np.sqrt(values.astype(np.float64)).astype(np.int64)


def _shared(keys: Keys, rows: Slots, table: Table) -> tuple[Counts, Counts]:
    """Squared rarity of the fingerprints that each sketch shares, and its size; two bigrams have one fingerprint once in 65,536 times."""
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    weights = np.zeros(PRINTS, np.int32)  # squares of numbers of three digits; the smaller the table, the nearer it is kept
    weights[keys.prints] = keys.squares
    sketches = [table.sketch(row) for row in rows.tolist()]
    sizes = np.fromiter(map(len, sketches), np.int64, len(sketches)) // 2
    ends = np.cumsum(sizes)
    sums = np.zeros(ends[-1] + 1, np.int64)
    np.cumsum(weights.take(np.frombuffer(b"".join(sketches), "<u2")), out=sums[1:])
    return sums[ends] - sums[ends - sizes], sizes
