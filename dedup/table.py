"""The reports and cases of one jurisdiction that matching knows, in columns of arrays (报告表). Row 0 stands for nothing.

A report takes some 60 bytes, its sketch and its compressed text; a case 36. Rows are numbered as in the candidate index.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dedup.idmap import IdMap, halves, text_of
from dedup.keys import Keys
from dedup.reading import Source

REPORT_COLUMNS = {
    "ids": (np.uint64, 2),
    "case": (np.int32, 0),
    "following": (np.int32, 0),  # the next member of its case
    "time": (np.int64, 0),
    "sketch_norm": (np.int64, 0),  # sum of squared rarities of the sketch
}
CASE_COLUMNS = {"ids": (np.uint64, 2), "first": (np.int32, 0), "last": (np.int32, 0), "newest": (np.int64, 0)}
CASES_MIN = 1 << 10
LEVEL = 6


class Columns:
    """Arrays of one length that grow together. Pages that were never written take no memory."""

    def __init__(self, columns: Mapping[str, tuple[Any, int]], size: int) -> None:
        self._columns = columns
        for name, (kind, width) in columns.items():
            setattr(self, name, np.zeros((size, width) if width else size, kind))

    def __getattr__(self, name: str) -> npt.NDArray[Any]:
        raise AttributeError(name)

    def grow(self, size: int) -> None:
        """At least as many rows; new ones are zero."""
        for name, (kind, width) in self._columns.items():
            old = getattr(self, name)
            new = np.zeros((size, width) if width else size, kind)
            new[: len(old)] = old
            setattr(self, name, new)

    def arrays(self, prefix: str, rows: int) -> dict[str, npt.NDArray[Any]]:
        """The first rows, for a snapshot."""
        return {f"{prefix}.{name}": getattr(self, name)[:rows] for name in self._columns}

    def restore(self, prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """From a snapshot."""
        for name in self._columns:
            saved = arrays[f"{prefix}.{name}"]
            getattr(self, name)[: len(saved)] = saved


class Table:
    """Which report stands in which row, in which case, after which other member."""

    def __init__(self, rows: int, dictionary: bytes) -> None:
        self._dictionary = dictionary
        self.reports = Columns(REPORT_COLUMNS, rows)
        self.texts: list[bytes | None] = [None]
        self.cases = Columns(CASE_COLUMNS, CASES_MIN)
        self._by_report, self._by_case = IdMap(), IdMap()
        self.case_rows = 1
        self.free_cases: list[int] = []
        self.count = 0

    def row_of(self, report_id: str) -> int:
        """The report's row, or 0."""
        return self._by_report.get(self.reports.ids, report_id)

    def case_row(self, case_id: str) -> int:
        """The case's row, or 0."""
        return self._by_case.get(self.cases.ids, case_id)

    def case_id(self, case: int) -> str:
        """The id of the case in a row."""
        return text_of(*self.cases.ids[case].tolist())

    def report_id(self, row: int) -> str:
        """The id of the report in a row."""
        return text_of(*self.reports.ids[row].tolist())

    def members(self, case: int) -> Iterator[int]:
        """The rows of a case's reports, founder first."""
        row = int(self.cases.first[case])
        while row:
            yield row
            row = int(self.reports.following[row])

    def founder(self, case: int) -> int:
        """The row of the report that stands first in a case."""
        return int(self.cases.first[case])

    def put(self, row: int, source: Source, keys: Keys, case_id: str, after: int | None = None) -> None:
        """Writes a report into an empty row as a member of the case: its last one, or after a given member (0: the first)."""
        case = self.case_row(case_id) or self._new_case(case_id)
        self.reports.ids[row] = halves(source.report_id)
        self.reports.case[row] = case
        self.reports.time[row] = source.time
        self._by_report.add(self.reports.ids, row)
        while len(self.texts) <= row:
            self.texts.append(None)
        self.texts[row] = len(keys.prints).to_bytes(2, "little") + keys.prints.astype("<u2").tobytes() + self._packed(source)
        self.reports.sketch_norm[row] = keys.squares.sum()
        self._chain(case, row, int(self.cases.last[case]) if after is None else after)
        self.cases.newest[case] = max(int(self.cases.newest[case]), source.time)
        self.count += 1

    def _chain(self, case: int, row: int, after: int) -> None:
        following = self.reports.following
        if after:
            following[row], following[after] = following[after], row
        else:
            following[row], self.cases.first[case] = self.cases.first[case], row
        if int(self.cases.last[case]) == after:
            self.cases.last[case] = row

    def drop(self, row: int) -> int:
        """Empties a row. Returns the member before it (0 if it was the first); a case without members goes too."""
        case, following = int(self.reports.case[row]), self.reports.following
        before, at = 0, self.founder(case)
        while at != row:
            before, at = at, int(following[at])
        if before:
            following[before] = following[row]
        else:
            self.cases.first[case] = following[row]
        if int(self.cases.last[case]) == row:
            self.cases.last[case] = before
        self._by_report.remove(self.reports.ids, row)
        self.reports.case[row] = self.reports.following[row] = 0
        self.texts[row] = None
        self.count -= 1
        if self.cases.first[case]:
            self.cases.newest[case] = max(int(self.reports.time[member]) for member in self.members(case))
        else:
            self._by_case.remove(self.cases.ids, case)
            self.free_cases.append(case)
        return before

    def _new_case(self, case_id: str) -> int:
        if self.free_cases:
            case = self.free_cases.pop()
        else:
            case = self.case_rows
            self.case_rows += 1
            if case == len(self.cases.ids):
                self.cases.grow(2 * case)
        self.cases.ids[case] = halves(case_id)
        self.cases.first[case] = self.cases.last[case] = 0
        self.cases.newest[case] = np.iinfo(np.int64).min
        self._by_case.add(self.cases.ids, case)
        return case

    def sketch(self, row: int) -> bytes:
        """The fingerprints of the report in a row, two bytes each."""
        packed = self.texts[row]
        return packed[2 : 2 + 2 * (packed[0] | packed[1] << 8)] if packed else b""

    def source(self, row: int) -> Source:
        """The report in a row, as it was put there. Raises KeyError for an empty row."""
        packed = self.texts[row]
        if packed is None:
            raise KeyError(row)
        unpacking = zlib.decompressobj(-15, self._dictionary)
        text = unpacking.decompress(packed[2 + 2 * (packed[0] | packed[1] << 8) :]).decode("gb18030")
        channel, source_id, quoted, persons, title, address, body = json.loads(text)
        return Source(self.report_id(row), channel, source_id, quoted, int(self.reports.time[row]), tuple(persons), title, address, body)

    def _packed(self, source: Source) -> bytes:
        fields = [source.channel, source.source_id, source.quoted_number, source.persons, source.title, source.address, source.body]
        packing = zlib.compressobj(LEVEL, zlib.DEFLATED, -15, zdict=self._dictionary)
        return packing.compress(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("gb18030")) + packing.flush()

    @classmethod
    def of(cls, rows: int, dictionary: bytes, case_rows: int, free: Sequence[int], arrays: Mapping[str, npt.NDArray[Any]]) -> "Table":
        """From a snapshot."""
        table = cls(rows, dictionary)
        table.reports.restore("reports", arrays)
        while len(table.cases.ids) < case_rows:
            table.cases.grow(2 * len(table.cases.ids))
        table.cases.restore("cases", arrays)
        table.case_rows, table.free_cases = case_rows, list(free)
        ends = np.cumsum(arrays["text_sizes"], dtype=np.int64).tolist()
        whole = arrays["texts"].tobytes()
        table.texts = [whole[start:end] or None for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        held = np.flatnonzero(table.reports.case)
        table._by_report = IdMap.of(table.reports.ids, held)
        table._by_case = IdMap.of(table.cases.ids, np.setdiff1d(np.arange(1, case_rows), np.array(free, np.int64)))
        table.count = len(held)
        return table
