"""UUID -> row, in arrays: a hash table with open addressing and linear probing (Knuth 6.4, algorithm L).

A dict of five million ids takes a gigabyte; this one takes a twentieth.
"""

from uuid import UUID

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint64]
EMPTY, DELETED = 0, -1
SIZE_MIN = 1 << 10
GOLDEN = 0x9E3779B97F4A7C15


def halves(text: str) -> tuple[int, int]:
    """The two 64-bit halves of a UUID."""
    whole = UUID(text).int
    return whole >> 64, whole & 0xFFFFFFFFFFFFFFFF


def text_of(high: int, low: int) -> str:
    """The UUID of two halves."""
    return str(UUID(int=int(high) << 64 | int(low)))


class IdMap:
    """Finds the row (from 1) at which an id stands in an array of ids (rows x 2 halves) that somebody else keeps."""

    def __init__(self, size: int = SIZE_MIN) -> None:
        self._rows: npt.NDArray[np.int32] = np.zeros(size, np.int32)
        self._used = 0

    def get(self, ids: Ids, text: str) -> int:
        """The row of the id, or 0."""
        high, low = halves(text)
        at, mask = self._start(low), len(self._rows) - 1
        while (row := int(self._rows[at])) != EMPTY:
            if row > 0 and int(ids[row, 1]) == low and int(ids[row, 0]) == high:
                return row
            at = at + 1 & mask
        return 0

    def add(self, ids: Ids, row: int) -> None:
        """Enters a row whose id already stands in the array and is new."""
        if (self._used + 1) * 3 > len(self._rows) * 2:
            self._rebuild(ids, self._rows[self._rows > 0])
        at, mask = self._start(int(ids[row, 1])), len(self._rows) - 1
        while self._rows[at] > 0:
            at = at + 1 & mask
        self._used += int(self._rows[at] == EMPTY)
        self._rows[at] = row

    def remove(self, ids: Ids, row: int) -> None:
        """Takes a row out that is there."""
        at, mask = self._start(int(ids[row, 1])), len(self._rows) - 1
        while self._rows[at] != row:
            at = at + 1 & mask
        self._rows[at] = DELETED

    def _start(self, low: int) -> int:
        return (low * GOLDEN & 0xFFFFFFFFFFFFFFFF) >> 32 & len(self._rows) - 1

    @classmethod
    def of(cls, ids: Ids, rows: npt.NDArray[np.int64]) -> "IdMap":
        """All these rows at once."""
        found = cls()
        found._rebuild(ids, rows.astype(np.int32))
        return found

    def _rebuild(self, ids: Ids, rows: npt.NDArray[np.int32]) -> None:
        size = SIZE_MIN
        while size < (len(rows) + 1) * 3:
            size *= 2
        self._rows, self._used = np.zeros(size, np.int32), len(rows)
        mask = size - 1
        waiting = np.sort(rows)
        at = ((ids[waiting, 1] * np.uint64(GOLDEN)) >> np.uint64(32)).astype(np.int64) & mask
        while len(waiting):  # all at once: those who find a free place take it (one a place), the others move on
            free = self._rows[at] == EMPTY
            places, first = np.unique(np.where(free, at, -1), return_index=True)
            first = first[places >= 0]
            self._rows[at[first]] = waiting[first]
            left = np.ones(len(waiting), bool)
            left[first] = False
            waiting, at = waiting[left], at[left]
            at = np.where(self._rows[at] == EMPTY, at, at + 1 & mask)
