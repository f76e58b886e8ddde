"""`onecase journal export`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from onecase.commands.servers import Demo
from onecase.context import err, settings
from schemas.topics import JOURNAL
from streams.kafka import partitions_of, read_to_end
from streams.records import Place
from streams.shell.settings import Settings
from streams.steps.offline import export_line

app = typer.Typer(no_args_is_help=True, help="The journal (restricted: it holds masked texts).")


@app.command()
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: standard output.", dir_okay=False)] = None,
    demo: Demo = False,
) -> None:
    """Write the journal as lines that `onecase consolidate` reads: partition by partition, in order."""
    count = asyncio.run(_export(settings(demo=demo), output))
    err.print(f"{count} journal records exported.", highlight=False)


async def _export(s: Settings, output: Path | None) -> int:
    name = s.naming.of(JOURNAL)
    partitions = (await partitions_of(s.kafka_bootstrap, [name])).get(name)
    if partitions is None:
        raise ValueError(f"Topic {name} does not exist; run `onecase topics apply`.")
    count = 0
    file = output.open("w", encoding="utf-8") if output else sys.stdout
    try:
        with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
            for partition in progress.track(range(partitions), description="exporting"):
                async for record in read_to_end(s.kafka_bootstrap, [Place(name, partition)]):
                    file.write(json.dumps(export_line(record), ensure_ascii=False) + "\n")
                    count += 1
    finally:
        if output:
            file.close()
    return count
