"""`python -m bench.peers DATA_DIR SCORER [--json FILE] [--table docs/peers.md] [--only NAME,...]`: minutes, on one core."""

import argparse
import json
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.gold import Gold, Row, scorer_at
from bench.peers.lines import PRECISION, best_lines, cases_at, decided, figures, review_line
from bench.peers.measure import MeasureError, Run, run_alone
from bench.peers.roster import ONECASE, ROSTER
from bench.peers.table import Result, machine, page

REVIEW_SHARE = 0.15
"""Share of reports that may carry suggestions, where onecase is not there to say how many it needs."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help="folder with gold/ and reference/")
    parser.add_argument("scorer", type=Path, metavar="SCORER", help="score_cases.py")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the Markdown page here")
    parser.add_argument("--only", type=_names, default=tuple(ROSTER), metavar="NAME,...", help=f"of {', '.join(ROSTER)}")
    return parser.parse_args()


def _names(given: str) -> tuple[str, ...]:
    names = given.split(",")
    if unknown := set(names) - set(ROSTER):
        raise argparse.ArgumentTypeError(f"no such decider: {', '.join(sorted(unknown))}; there are {', '.join(ROSTER)}")
    return tuple(name for name in ROSTER if name in names)


def run_all(names: tuple[str, ...], data: Path, reports: int, console: Console) -> tuple[dict[str, Run], dict[str, str]]:
    """(runs, why others could not be measured), by name."""
    runs, failed = {}, {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for name in names:
            task = progress.add_task(ROSTER[name].title, total=reports)
            try:
                runs[name] = run_alone(name, data, lambda done, task=task: progress.update(task, completed=done))  # type: ignore[misc]
            except MeasureError as error:
                failed[name] = str(error)
                console.print(f"{ROSTER[name].title}: {error}", style="red")
            progress.stop_task(task)
    return runs, failed


def result_of(name: str, run: Run, gold: Gold, scorer: ModuleType, share: float | None) -> Result:
    """All figures of one decider. `share`: of reports that may carry suggestions; None: its own lower line."""
    own = ROSTER[name].lines
    join, strict = (own[0], own[0]) if own else best_lines(gold, run.hits)
    review = own[1] if own else review_line(run.hits, cases_at(run.hits, join), REVIEW_SHARE if share is None else share)
    best = figures(gold, decided(gold, run.hits, join, review), scorer)
    at_strict = best if strict == join else figures(gold, decided(gold, run.hits, strict, strict), scorer)
    seen = sorted(value * 1e3 for value in run.visible_s if value is not None)
    return {
        "lines": {"join": join, "review": review, "strict": strict},
        "best_f1": best,
        "strict": at_strict if at_strict["ordinary_precision"] >= PRECISION else None,
        "mean_ms": round(float(run.seconds.mean()) * 1e3, 4),
        "p99_ms": round(float(np.quantile(run.seconds, 0.99)) * 1e3, 4),
        "memory_bytes": round(run.bytes_total / len(run.seconds)),
        "in_process": run.in_process,
        "visible_ms": {
            "median": round(seen[len(seen) // 2], 4) if seen else None,
            "longest": round(seen[-1], 4) if seen else None,
            "missed": len(run.visible_s) - len(seen),
            "probes": len(run.visible_s),
        },
        "setup_s": round(run.setup_s, 2),
        "versions": run.versions,
    }


def results_of(runs: dict[str, Run], gold: Gold, scorer: ModuleType) -> tuple[dict[str, Result], float]:
    """(figures by name, in the order of the roster; the share of reports that peers may suggest for)."""
    found: dict[str, Result] = {}
    share = REVIEW_SHARE
    if ONECASE in runs:
        found[ONECASE] = result_of(ONECASE, runs[ONECASE], gold, scorer, None)
        share = found[ONECASE]["best_f1"]["review_share"]
    for name, run in runs.items():
        if name != ONECASE:
            found[name] = result_of(name, run, gold, scorer, share)
    return {name: found[name] for name in runs}, share


def main() -> int:
    """0; 1 if a decider that was asked for could not be measured."""
    given = arguments()
    console = Console(stderr=True)
    begun, box = time.perf_counter(), machine()
    gold, scorer = Gold(given.data), scorer_at(given.scorer)
    runs, failed = run_all(given.only, given.data, len(gold.reports), console)
    results, share = results_of(runs, gold, scorer)
    about: Row = {"reports": len(gold.reports), "review_share": share, "machine": box, "fitted_on": ""}
    if ONECASE in runs:
        from bench.peers.onecase import fitted_on

        about["fitted_on"] = fitted_on()
    about["took_s"] = round(time.perf_counter() - begun, 1)
    text = page(results, failed, about)
    if given.json:
        whole = json.dumps({"about": about, "results": results, "not_measured": failed}, ensure_ascii=False, indent=1)
        given.json.write_text(whole + "\n", encoding="utf-8")
    if given.table:
        given.table.parent.mkdir(parents=True, exist_ok=True)
        given.table.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
