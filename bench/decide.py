"""`onecase bench decide`: from text to decision on one core, with the shipped pack, over an invented stream (bench/synthetic.py).

Each report is matched and then placed in the case joined, or in one of its own. Timed is that alone: not the making of the text, nor of the
record around it. With `decided` below `reports` the first ones are only placed, each as a case of its own, as a back-fill of decided
history would do; the figures are those of the decided ones at the end. The whole stream lies within half of the pack's window, so that
every report is active.
"""

import gc
import hashlib
import json
import platform
import resource
import sys
import tempfile
import time
from array import array
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.synthetic import Stream, Synthetic
from dedup.kernels import NUMPY, Kernels
from dedup.matcher import Matcher
from dedup.snapshot import freeze, thaw
from schemas.ids import case_id, report_id
from schemas.journal import ReportReceived
from streams.shell.kernels import fastest
from streams.shell.policies import load_pack

START = datetime(2026, 1, 1, tzinfo=UTC)


def report_of(one: Synthetic, seconds: float) -> ReportReceived:
    """An invented report as the pipeline would have normalised it; built without validation, which is not what is measured."""
    at = START + timedelta(seconds=seconds)
    source_id = str(one.number)
    token = hashlib.sha256(str(one.person).encode()).hexdigest()[:32]
    return ReportReceived.model_construct(
        type="report.received",
        jurisdiction="bench",
        report_id=report_id(one.channel, one.channel, source_id),
        channel=one.channel,
        source_system=one.channel,
        source_id=source_id,
        digest="0" * 64,
        reported_at=at,
        effective_at=at,
        title=one.title,
        body=one.body,
        persons=() if one.person is None else (f"hs256.bench.phone.{token}",),
    )


def run(reports: int, decided: int, kernels: Kernels, told: Any, *, snapshot: bool) -> dict[str, Any]:
    """The figures of one run."""
    policy = load_pack(None)
    gc.disable()
    before = _rss()
    matcher, stream = Matcher(policy, kernels), Stream()
    apart = policy.window / 2 / reports
    spent, actions, right = array("d"), Counter[str](), Counter[str]()
    homes: dict[int, str] = {}
    for number, one in enumerate(stream.reports(0, reports)):
        report = report_of(one, number * apart)
        if number < reports - decided:
            matcher.place(report, case_id(report.report_id))
            told(number + 1)
            continue
        began = time.perf_counter()
        match = matcher.match(report)
        case = match.evidence.case_id if match.action == "join" and match.evidence else case_id(report.report_id)
        matcher.place(report, case)
        spent.append(time.perf_counter() - began)
        actions[match.action] += 1
        homes[number] = case
        if one.of in homes and one.kind in {"repeat", "near_miss", "mass"}:
            met = homes[one.of] in {case, *(evidence.case_id for evidence in match.suggestions)}
            right[f"{one.kind} {'joined' if homes[one.of] == case else 'suggested' if met else 'apart'}"] += 1
        told(number + 1)
    kept = _snapshot(matcher, kernels) if snapshot else {}
    times = np.array(spent)[len(spent) // 50 :] * 1e6  # the first ones compile and fill caches
    rss = _rss()
    return {
        "reports": reports,
        "decided": decided,
        "per_s": round(1e6 / times.mean()),
        "p50_us": round(float(np.percentile(times, 50))),
        "p99_us": round(float(np.percentile(times, 99))),
        "max_us": round(float(times.max())),
        "bytes_per_report": round((rss - before) * 2**20 / reports),
        "rss_mb": rss,
        "actions": dict(actions),
        "against_the_stream": dict(sorted(right.items())),
        "quarters_us": [round(float(part.mean())) for part in np.array_split(times, 4)],
        **kept,
        "policy": policy.name,
        "kernels": type(kernels).__name__,
        "machine": f"{platform.machine()}, {_cpu()}, Python {platform.python_version()}, numpy {version('numpy')}",
    }


def _snapshot(matcher: Matcher, kernels: Kernels) -> dict[str, Any]:
    """Seconds to write the matcher to a file with its digest, and to read it back; and whether what came back is the same."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matcher.npz"
        frozen = freeze(matcher)
        np.savez(path, small=np.frombuffer(json.dumps(frozen.small).encode(), np.uint8), **frozen.arrays)  # type: ignore[arg-type]  # by name
        digest = hashlib.blake2b(path.read_bytes()).hexdigest()
        wrote = time.perf_counter()
        same = hashlib.blake2b(path.read_bytes()).hexdigest() == digest
        with np.load(path) as found:
            again = thaw(json.loads(found["small"].tobytes()), {name: found[name] for name in found.files}, matcher.policy, kernels)
        read = time.perf_counter()
        size = path.stat().st_size
    same &= again.table.count == matcher.table.count
    return {
        "snapshot_write_s": round(wrote - began, 1),
        "snapshot_read_s": round(read - wrote, 1),
        "snapshot_mb": size >> 20,
        "snapshot_whole": same,
    }


def _rss() -> int:
    """Resident memory now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) if sys.platform == "linux" else 0
    return pages * resource.getpagesize() // 2**20


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown processor"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor")


def main(reports: int, decided: int | None, *, without_numba: bool, snapshot: bool, as_json: bool) -> None:
    """Runs and prints."""
    columns = (TextColumn("deciding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    step = max(reports // 1000, 1)
    began = time.perf_counter()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=reports)

        def told(done: int) -> None:
            if done % step == 0:
                progress.update(task, completed=done)

        found = run(reports, min(decided or reports, reports), NUMPY if without_numba else fastest(), told, snapshot=snapshot)
    found["took_s"] = round(time.perf_counter() - began)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        print(f"{name:20} {value}")
