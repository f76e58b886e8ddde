"""Splink's live comparison: a Fellegi-Sunter model in DuckDB, one call of `compare_records` a report.

A call costs many milliseconds whatever it compares, so the candidates are few: the earlier reports that share most rare bigrams.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nlargest
from typing import Any

import duckdb
import pyarrow as pa
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.realtime import compare_records

from bench.gold import Report
from bench.peers.subject import HITS, Hit, Setup, bigrams, head_of, text_of

CANDIDATES = 20
RARE, WHOLE = 24, 120
"""Bigrams of a report that are compared, the rarest ones; and those that block, too."""
RARITY_MIN = 3.0
PAIRS_SAMPLED, SEED = 1e5, 7
SETS = ("head", "lead", "rare", "whole")
COLUMNS = pa.schema([("unique_id", pa.int64()), *((name, pa.list_(pa.int32())) for name in SETS), ("case_id", pa.string())])
CACHE = "peers"
Record = dict[str, Any]


class Reader:
    """Report -> record: sets of bigrams of its title, of its first characters, its rarest ones, and all that are not common."""

    def __init__(self, setup: Setup) -> None:
        self._rarity = {code_of(pair): rarity for pair, rarity in setup.rarity.items()}
        self._unseen = setup.unseen

    def __call__(self, number: int, report: Report, case: str | None = None) -> Record:
        text = text_of(report)
        whole = self._uncommon(text)[:WHOLE]
        return {
            "unique_id": number,
            "head": self._uncommon(head_of(report)),
            "lead": self._uncommon(text[:120]),
            "rare": whole[:RARE],
            "whole": whole,
            "case_id": case,
        }

    def weight(self, code: int) -> float:
        """Rarity of a bigram by its number."""
        return self._rarity.get(code, self._unseen)

    def _uncommon(self, text: str) -> list[int]:
        ranked = sorted((-self.weight(code), code) for code in map(code_of, bigrams(text)))
        return [code for rarity, code in ranked if -rarity >= RARITY_MIN]


def code_of(pair: str) -> int:
    """A bigram as a number: lists of numbers are compared much faster than lists of texts."""
    return ((ord(pair[0]) & 0x7FFF) << 16) | (ord(pair[1]) & 0xFFFF)


def settings() -> SettingsCreator:
    """The model: coverage of the title, of the first characters and of the whole; how many rare bigrams both have."""
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            coverage("head", (0.9, 0.7, 0.5, 0.35, 0.2)),
            coverage("lead", (0.6, 0.4, 0.25, 0.15, 0.08)),
            comparisons.ArrayIntersectAtSizes("rare", [12, 8, 5, 3, 2, 1]),
            coverage("whole", (0.6, 0.4, 0.25, 0.15, 0.08)),
        ],
        retain_matching_columns=False,
    )


def coverage(column: str, steps: Iterable[float]) -> comparisons.CustomComparison:
    """Levels by the share of the shorter one's bigrams that the longer one has, too."""
    left, right = f"{column}_l", f"{column}_r"
    shared = f"len(list_intersect({left}, {right})) / greatest(least(len({left}), len({right})), 4)"
    made = [levels.CustomLevel(f"{shared} >= {step}", f"{column} {step}") for step in steps]
    return comparisons.CustomComparison([levels.NullLevel(column), *made, levels.ElseLevel()], column)


def api_alone() -> DuckDBAPI:
    """A database in memory of its own, one thread, no bars."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET enable_progress_bar = false")
    return DuckDBAPI(connection)


@lru_cache(maxsize=1)
def trained(setup: Setup) -> dict[str, Any]:
    """The model with m from the gold labels themselves (generous) and u from random pairs."""
    reader = Reader(setup)
    records = [reader(number, report, setup.gold.case[report.source_id]) for number, report in enumerate(setup.gold.reports)]
    api = api_alone()
    logging.disable(logging.WARNING)  # pages of it, into the progress bars
    try:
        linker = Linker(api.register(pa.Table.from_pylist(records, COLUMNS)), settings())
        linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS_SAMPLED, seed=SEED, min_count_per_level=None, num_chunks=1)
        linker.training.estimate_m_from_label_column("case_id")
    finally:
        logging.disable(logging.NOTSET)
    model: dict[str, Any] = linker.misc.save_model_to_json()
    return model


class SplinkLive:
    """Blocks by rare bigrams, compares all candidates in one call."""

    def __init__(self, reader: Reader, model: dict[str, Any]) -> None:
        self._reader, self._model = reader, SettingsCreator.from_path_or_dict(model)
        self._api = api_alone()
        self._records: dict[int, Record] = {}
        self._block: dict[int, list[int]] = defaultdict(list)
        self._last: tuple[Report, Record] | None = None

    def ask(self, report: Report) -> Sequence[Hit]:
        record = self._look(report)
        found = self._candidates(record)
        if not found:
            return []
        left, right = (pa.Table.from_pylist(part, COLUMNS) for part in ([record], found))
        compared = compare_records(left, right, self._model, self._api, sql_cache_key=CACHE)
        hits = self._api.duckdb_con.table(compared.physical_name).project("unique_id_r, match_weight").fetchall()
        self._tidy(compared.physical_name)
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:HITS]

    def add(self, number: int, report: Report) -> None:
        record = self._look(report) | {"unique_id": number}
        self._records[number] = record
        for code in record["whole"]:
            self._block[code].append(number)

    def stored(self) -> int | None:
        return None

    def versions(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        self._api.duckdb_con.close()

    def _candidates(self, record: Record) -> list[Record]:
        shared: dict[int, float] = defaultdict(float)
        for code in record["whole"]:
            weight = self._reader.weight(code)
            for number in self._block.get(code, ()):
                shared[number] += weight
        return [self._records[number] for number in nlargest(CANDIDATES, shared, key=lambda number: shared[number])]

    def _look(self, report: Report) -> Record:
        if self._last is None or self._last[0] is not report:
            self._last = (report, self._reader(-1, report))
        return self._last[1]

    def _tidy(self, result: str) -> None:
        """compare_records leaves two views and a table behind at each call; a service that keeps them grows without end."""
        con = self._api.duckdb_con
        con.execute(f"DROP TABLE {result}")
        for name in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            con.unregister(name[0])


def build(setup: Setup) -> SplinkLive:
    """The trained model, no records."""
    return SplinkLive(Reader(setup), trained(setup))
