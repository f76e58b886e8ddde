"""`onecase bench`: measurements live in bench/ beside the packages and are not shipped."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated

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
    root = Path(__file__).resolve().parents[2]
    if not (root / "bench" / "pipeline.py").is_file():
        fail(Exit.USAGE, "Benchmarks are not part of the installed package; run this from a checkout of the repository.")
    if importlib.util.find_spec("bench") is None:
        sys.path.insert(0, str(root))
    module = importlib.import_module("bench.pipeline")
    module.main(reports, as_json=json)
