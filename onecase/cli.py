"""The command line: a few lines of wiring for each command."""

import logging
import sys
from typing import Annotated

import typer
from rich.markup import escape

from connectors.base import BadConfig, Retry, StopSource
from onecase.commands import bench, consolidate, demo, flow, journal, policy, query, servers, topics, worker
from onecase.context import Exit, err
from onecase.local.process import LocalServerError
from streams.errors import HistoryBroken, Unreachable

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="onecase: every contact from every channel becomes part of exactly one case (并单).\n\n"
    "Begin with [bold]onecase demo[/]. Servers are taken from ONECASE_KAFKA_BOOTSTRAP and ONECASE_POSTGRES_DSN, else the local ones of "
    "[bold]onecase up[/].\n\nExit codes: 0 done, 1 the answer is no, 2 wrong use, 3 something outside did not answer.",
)

BEGIN, RUN, LOOK = "Begin here", "Run the pipeline", "Look and check"
app.command(rich_help_panel=BEGIN)(demo.demo)
app.command(rich_help_panel=BEGIN)(consolidate.consolidate)
app.command(rich_help_panel=BEGIN)(servers.up)
app.command(rich_help_panel=BEGIN)(servers.down)
app.command(rich_help_panel=BEGIN)(servers.status)
app.add_typer(topics.app, name="topics", rich_help_panel=RUN)
app.command(rich_help_panel=RUN)(worker.worker)
app.command(rich_help_panel=RUN)(flow.connect)
app.add_typer(journal.app, name="journal", rich_help_panel=RUN)
app.command(rich_help_panel=LOOK)(query.case)
app.command(rich_help_panel=LOOK)(query.report)
app.command(rich_help_panel=LOOK)(query.why)
app.command(rich_help_panel=LOOK)(query.audit)
app.add_typer(policy.app, name="policy", rich_help_panel=LOOK)
app.add_typer(bench.app, name="bench", rich_help_panel=LOOK)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"onecase {version_of('onecase')}")
        raise typer.Exit


def main() -> None:
    """Runs a command; known errors become one sentence and an exit code."""
    logging.basicConfig(level=logging.ERROR)  # libraries tell of every retry; a command's errors are ours to tell
    try:
        app()
    except (Unreachable, LocalServerError, Retry) as error:
        _end(Exit.OUTSIDE, error)
    except (HistoryBroken, StopSource) as error:
        _end(Exit.NO, error)
    except (BadConfig, ValueError) as error:
        _end(Exit.USAGE, error)


def _end(code: Exit, error: Exception) -> None:
    err.print(f"[red]Error:[/] {escape(str(error))}", highlight=False)
    sys.exit(code)
