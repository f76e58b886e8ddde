"""`onecase bench`: measurements live in bench/ beside the packages and are not shipped."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from onecase.commands.servers import Json
from onecase.context import Exit, fail

app = typer.Typer(no_args_is_help=True, help="Measure (from a checkout only).")


@app.command()
def pipeline(
    reports: Annotated[int, typer.Option(min=100, help="How many reports to send.")] = 20_000,
    json: Json = False,
) -> None:
    """Reports a second from connector to projection, beside identity steps and a plain copy loop on the same servers; and the latency."""
    _module("bench.pipeline").main(reports, as_json=json)


@app.command()
def decide(
    reports: Annotated[int, typer.Option(min=1000, help="How many reports the stream has.")] = 100_000,
    decided: Annotated[int | None, typer.Option(min=100, help="Decide only the last ones; those before are placed.")] = None,
    without_numba: Annotated[bool, typer.Option("--without-numba", help="The numpy kernels, even where numba is there.")] = False,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="At the end, write the matcher to a file and read it back.")] = False,
    json: Json = False,
) -> None:
    """Text to decision on one core, over an invented stream: reports a second, p50, p99, bytes a report, resident memory."""
    _module("bench.decide").main(reports, decided, without_numba=without_numba, snapshot=snapshot, as_json=json)


def _module(name: str) -> Any:
    root = Path(__file__).resolve().parents[2]
    if not (root / "bench" / "pipeline.py").is_file():
        fail(Exit.USAGE, "Benchmarks are not part of the installed package; run this from a checkout of the repository.")
    if importlib.util.find_spec("bench") is None:
        sys.path.insert(0, str(root))
    return importlib.import_module(name)
