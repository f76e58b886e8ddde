"""One decider over all gold reports, in a process of its own: hits, time, memory, and how soon a report is found by the next question."""

import ctypes
import gc
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.gold import Report
from bench.peers.lines import Hits
from bench.peers.roster import ROSTER
from bench.peers.subject import HITS, Hit, Setup, Subject

WARM = 60
"""Reference texts that a throw-away decider gets first: imports, compiled code and caches are no report's cost."""
PROBES, TRIES = 50, 100
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What one decider did. `visible_s`: of each probe, from handing in to the first question that finds it; None: never."""

    hits: Hits
    seconds: npt.NDArray[np.float64]
    bytes_total: int
    in_process: bool
    setup_s: float
    visible_s: list[float | None]
    versions: dict[str, str] = field(default_factory=dict)


class MeasureError(RuntimeError):
    """The decider did not come to its end; the message says why."""


def run_alone(name: str, data: Path, told: Told) -> Run:
    """Measure in a fresh process, so that no decider pays for, or gains from, what another left in memory. `told` hears of reports done."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    before = {key: os.environ.get(key) for key in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # read when the child imports its libraries
    child = context.Process(target=_child, args=(name, data, there), daemon=True)
    child.start()
    there.close()
    for key, value in before.items():
        if value is None:
            del os.environ[key]
        else:
            os.environ[key] = value
    try:
        while True:
            got: int | str | Run = here.recv()
            if isinstance(got, Run):
                return got
            if isinstance(got, str):
                raise MeasureError(got)
            told(got)
    except EOFError:
        raise MeasureError("its process ended without a word") from None
    finally:
        child.join(timeout=60)


def _child(name: str, data: Path, there: Connection) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a decider's servers end with it
    try:
        there.send(course(name, Setup(data), there.send))
    except Exception as error:  # noqa: BLE001 - whatever it is, the table says it
        there.send(f"{type(error).__name__}: {error}")
    finally:
        there.close()


def course(name: str, setup: Setup, told: Told) -> Run:
    """Each report is asked about, then added."""
    start = time.perf_counter()
    _warm(name, setup)
    subject = ROSTER[name].build(setup)
    setup_s = time.perf_counter() - start
    reports = setup.gold.reports
    numbers = np.full((len(reports), HITS), -1, np.int32)
    scores = np.full((len(reports), HITS), -np.inf)
    seconds = np.full(len(reports), np.nan)  # all written to beforehand: results are no growth of the decider
    try:
        before = resident()
        for number, report in enumerate(reports):
            begun = time.perf_counter()
            hits = subject.ask(report)
            subject.add(number, report)
            seconds[number] = time.perf_counter() - begun
            _note(hits, numbers[number], scores[number])
            if number % 20 == 0:
                told(number)
        grown = resident() - before
        stored = subject.stored()
        visible = [visible_after(subject, len(reports) + at, *pair) for at, pair in enumerate(setup.strangers(PROBES))]
        found = subject.versions()
    finally:
        subject.close()
    told(len(reports))
    in_process = stored is None
    return Run(Hits(numbers, scores), seconds, grown if stored is None else stored, in_process, setup_s, visible, _versions(name) | found)


def visible_after(subject: Subject, number: int, report: Report, again: Report) -> float | None:
    """Seconds from handing in a report to sending the first question for the same text that finds it."""
    begun = time.perf_counter()
    subject.add(number, report)
    for _ in range(TRIES):
        sent = time.perf_counter()
        if any(hit == number for hit, _ in subject.ask(again)):
            return sent - begun
    return None


def resident() -> int:
    """Resident bytes of this process, after free memory went back to the system: else a decider would grow into room left by its set-up."""
    gc.collect()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _warm(name: str, setup: Setup) -> None:
    subject = ROSTER[name].build(setup)
    try:
        for number, (report, again) in enumerate(setup.strangers(WARM)):
            subject.ask(report)
            subject.add(number, report)
            subject.ask(again)
    finally:
        subject.close()


def _note(hits: Sequence[Hit], numbers: npt.NDArray[np.int32], scores: npt.NDArray[np.float64]) -> None:
    for place, (other, score) in enumerate(hits[:HITS]):
        numbers[place], scores[place] = other, score


def _versions(name: str) -> dict[str, str]:
    found = {}
    for package in ROSTER[name].packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "from source"
    return found
