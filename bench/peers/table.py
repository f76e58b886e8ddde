"""The results as a Markdown page."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.peers.lines import PRECISION
from bench.peers.roster import ONECASE, ROSTER

Result = dict[str, Any]
TASK = """\
{reports:,} reports of the gold data go one by one, in file order, through each decider: which earlier case does this one belong to?
A report joins the case of its nearest neighbour from a line on, else it opens a case and suggests up to three."""
GENEROUS = f"""\
- **Generous to the peers.** Each peer has the line at which its own ordinary F1 on these very reports is highest, and beside it
  the line of its highest ordinary recall with a precision of {PRECISION}. What is told of its set-up below was chosen on them, too.
  In life nobody knows these lines.
- A peer's lower line, for suggestions, is the lowest at which no more than {{share}} of all reports carry some:
  {{source}}.
- `ordinary_*`: without the look-alikes, which were written to deceive and are far more frequent here than in life.
  Intervals: 95 %, bootstrap over gold cases, seed fixed. The other figures are the scorer's, at the line of the best F1."""
OWN = f"""\
- Onecase has its shipped lines; its recall stands under P ≥ {PRECISION} only if these keep that precision here. Each
  report is decided by a model that was fitted without its case and its fold (out of fold); the lines were chosen on these reports, as
  those of the peers were. Its pack says of itself: “{{fitted}}.”"""
COSTS = """\
- Time: asking and adding, one report after the other, one thread, wall clock.
- Memory: growth of the process's resident memory from the first report to the last, with the texts a decider needs for itself;
  for Postgres the size of table and indexes. Divided by the number of reports.
- Visible: a report from outside gold is handed in; the time until the first question for the same text is sent that finds it.
  Inside one process that is the insert.
- Only Postgres has written a report to disk when it is visible. The others, onecase's matcher among them, hold memory here;
  what onecase's journal and pipeline add is measured by `onecase bench pipeline`."""
COMMAND = "python -m bench.peers DATA_DIR SCORER --table docs/peers.md"


def page(results: Mapping[str, Result], failed: Mapping[str, str], about: Result) -> str:
    """Everything that docs/peers.md says."""
    parts = [
        "# Peers side by side",
        f"Written by `{COMMAND}`; do not edit by hand.",
        TASK.format(reports=about["reports"]),
        "## Decisions",
        _grid(_decision_head(), [_decisions(name, one) for name, one in results.items()]),
        _notes(results, about),
        "## Cost",
        _grid(_cost_head(), [_costs(name, one) for name, one in results.items()]),
        COSTS,
    ]
    if ONECASE in results:
        ratios = [_ratios(name, one, results[ONECASE]) for name, one in results.items()]
        parts += [
            "## Beside onecase",
            _grid(["decider", "ordinary F1", "time a report", "memory a report"], ratios),
            "Onecase of the same run is 1.",
        ]
    parts += [
        "## How each one was set up",
        _list(f"**{ROSTER[name].title}**: {ROSTER[name].how}. {_versions(one)}." for name, one in results.items()),
    ]
    if failed:
        parts += ["## Not measured", _list(f"**{ROSTER[name].title}**: {why}" for name, why in failed.items())]
    parts += ["## Machine", _machine(about)]
    return "\n\n".join(parts) + "\n"


def machine() -> Result:
    """Processor, cores, memory, system."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor() or "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _decision_head() -> list[str]:
    return [
        "decider",
        "ordinary precision",
        "ordinary recall",
        "ordinary F1",
        "look-alikes joined",
        f"recall at P ≥ {PRECISION}",
        "found_top3",
        "review_share",
    ]


def _decisions(name: str, one: Result) -> list[str]:
    best = one["best_f1"]
    strict = one["strict"]
    return [
        ROSTER[name].title,
        *(_with_interval(best, f"ordinary_{key}") for key in ("precision", "recall", "f1")),
        f"{best['lookalikes_joined']:.3f}",
        f"{strict['ordinary_recall']:.3f}" if strict else "–",
        f"{best['found_top3']:.3f}",
        f"{best['review_share']:.3f}",
    ]


def _with_interval(found: Result, key: str) -> str:
    low, high = found[f"{key}_95"]
    return f"{found[key]:.3f} ({low:.3f}–{high:.3f})"


def _notes(results: Mapping[str, Result], about: Result) -> str:
    source = "what onecase asks of people in this run" if ONECASE in results else "a usual share; onecase was not in this run"
    text = GENEROUS.format(share=f"{about['review_share']:.1%}", source=source)
    return f"{text}\n{OWN.format(fitted=about['fitted_on'].rstrip('.'))}" if ONECASE in results else text


def _cost_head() -> list[str]:
    return [
        "decider",
        "time a report, mean",
        "p99",
        "memory a report",
        "visible to the next report after, median",
        "longest",
        "before the first report",
    ]


def _costs(name: str, one: Result) -> list[str]:
    kept = f"{one['memory_bytes'] / 1000:.1f} kB {'in memory' if one['in_process'] else 'in files'}"
    seen = [_time(one["visible_ms"][key]) if one["visible_ms"][key] is not None else "–" for key in ("median", "longest")]
    if missed := one["visible_ms"]["missed"]:
        seen[1] = f"{missed} of {one['visible_ms']['probes']} never found"
    return [ROSTER[name].title, _time(one["mean_ms"]), _time(one["p99_ms"]), kept, *seen, f"{one['setup_s']:.1f} s"]


def _time(ms: float) -> str:
    return f"{ms:.0f} ms" if ms >= 100 else f"{ms:.1f} ms" if ms >= 1 else f"{ms:.2f} ms"


def _ratios(name: str, one: Result, own: Result) -> list[str]:
    by_f1 = one["best_f1"]["ordinary_f1"] / own["best_f1"]["ordinary_f1"]
    by_memory = one["memory_bytes"] / own["memory_bytes"] if own["memory_bytes"] > 0 else float("nan")
    return [ROSTER[name].title, f"{by_f1:.2f}", f"{one['mean_ms'] / own['mean_ms']:.2f}", f"{by_memory:.2f}"]


def _versions(one: Result) -> str:
    return ", ".join(f"{name} {number}" for name, number in one["versions"].items())


def _machine(about: Result) -> str:
    it = about["machine"]
    box = f"{it['processor']}, {it['cores']} cores, {it['memory_gib']} GiB; {it['system']}; Python {it['python']}"
    return f"{box}. Load when it began: {it['load']:.1f}. The run took {about['took_s']:.0f} s."


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *body))
