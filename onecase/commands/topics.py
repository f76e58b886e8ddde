"""`onecase topics apply | check`."""

import asyncio
from typing import Annotated

import typer

from onecase.commands.servers import Demo, Json
from onecase.context import out, print_json, settings
from schemas.topics import topics_for
from streams.shell import topics

app = typer.Typer(no_args_is_help=True, help="Create and check the topics.")


@app.command()
def apply(
    demo: Demo = False,
    json: Json = False,
    replication: Annotated[int, typer.Option(help="Replication factor of new topics; 3 in production.")] = 1,
) -> None:
    """Create the topics that are missing. Existing ones are never changed."""
    s = settings(demo=demo)
    created = asyncio.run(topics.apply(s.kafka_bootstrap, s.naming, replication=replication, topics=topics_for(s.channels)))
    if json:
        print_json({"created": created})
    else:
        out.print("\n".join(f"created {name}" for name in created) or "All topics are there.")


@app.command()
def check(demo: Demo = False, json: Json = False) -> None:
    """Compare the topics with what they must be (exit code 1 if they differ)."""
    s = settings(demo=demo)
    findings = asyncio.run(topics.check(s.kafka_bootstrap, s.naming, topics=topics_for(s.channels)))
    if json:
        print_json([{"topic": f.topic, "finding": f.sentence, "fatal": f.fatal} for f in findings])
    else:
        out.print("\n".join(f"{f.topic} {f.sentence}" for f in findings) or "All topics are as they must be.", highlight=False)
    if findings:
        raise typer.Exit(1)
