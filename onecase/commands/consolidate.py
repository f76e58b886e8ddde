"""`onecase consolidate`: the same core on a file, without a broker."""

import json
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from onecase.commands.servers import Json
from onecase.context import Exit, err, fail, print_json
from schemas.codec import DecodeError
from streams.shell.policies import load_pack
from streams.shell.worker import spare_collector
from streams.steps.offline import Run


def consolidate(
    source: Annotated[
        Path, typer.Argument(metavar="IN.jsonl", help="Contacts or an exported journal, one JSON object a line.", dir_okay=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="One line a report, in input order.", dir_okay=False)],
    policy: Annotated[Path | None, typer.Option(help="Policy pack; default: the built-in one.")] = None,
    json_: Json = False,
) -> None:
    """Consolidate a file offline: which reports are one case, and why.

    A line needs channel, source_id, reported_at and body. A line that cannot be read goes to OUT.rejected.jsonl with its number, its
    bytes and the reason; the rest goes on, and the exit code is then 1.
    """
    if not source.is_file():
        fail(Exit.USAGE, f"There is no file {source}; give a file with one JSON object a line.")
    rejected_path = output.with_suffix(".rejected.jsonl")
    if source.resolve() in (output.resolve(), rejected_path.resolve()):
        fail(Exit.USAGE, f"The output would overwrite the input {source}; choose another name.")
    if not output.parent.is_dir():
        fail(Exit.USAGE, f"There is no folder {output.parent}; make it first.")
    spare_collector()
    run, counts = Run(load_pack(policy)), Counter[str]()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[reports]} reports"),
        TimeRemainingColumn(),
    )
    with (
        source.open("rb") as lines,
        output.open("w", encoding="utf-8", newline="\n") as out_file,
        rejected_path.open("w", encoding="utf-8", newline="\n") as rejected,
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress,
    ):
        task = progress.add_task("consolidating", total=source.stat().st_size, reports=0)
        for number, line in enumerate(lines, 1):
            text = line.rstrip(b"\r\n")
            if text.strip():
                try:
                    row = run.take(number, text)
                except DecodeError as error:
                    counts["rejected"] += 1
                    letter = {"line": number, "reason": error.code, "sentence": error.sentence, "bytes": b64encode(text).decode()}
                    rejected.write(json.dumps(letter, ensure_ascii=False) + "\n")
                else:
                    counts[row["action"]] += 1
                    out_file.write(json.dumps(row, ensure_ascii=False) + "\n")
            progress.update(task, advance=len(line), reports=counts.total())
    if not counts["rejected"]:
        rejected_path.unlink()
    _say(counts, output, rejected_path, json_=json_)
    if counts["rejected"]:
        raise typer.Exit(Exit.NO)


def _say(counts: Counter[str], output: Path, rejected: Path, *, json_: bool) -> None:
    if json_:
        print_json(dict(sorted(counts.items())) | {"output": str(output)})
        return
    told = ", ".join(f"{number} {action}" for action, number in sorted(counts.items()) if action != "rejected") or "no reports"
    err.print(f"{told}; written to {output}.", highlight=False)
    if counts["rejected"]:
        err.print(f"{counts['rejected']} lines could not be read; {rejected} says which and why.", highlight=False)
