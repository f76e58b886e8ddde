"""`onecase topics apply | check`."""

import asyncio
from typing import Annotated

import typer

from onecase.commands.servers import Demo, Json
from onecase.context import out, print_json, settings
from schemas.topics import TOPICS, raw_topic
from streams.shell import topics

app = typer.Typer(no_args_is_help=True, help="Create and check the topics.")

Channel = Annotated[list[str] | None, typer.Option("--channel", help="A further channel's raw topic, for a connector of your own.")]


@app.command()
def apply(
    demo: Demo = False,
    json: Json = False,
    channel: Channel = None,
    replication: Annotated[int, typer.Option(help="Replication factor of new topics; 3 in production.")] = 1,
) -> None:
    """Create the topics that are missing. Existing ones are never changed."""
    s = settings(demo=demo)
    wanted = (*TOPICS, *(raw_topic(name) for name in channel or ()))
    created = asyncio.run(topics.apply(s.kafka_bootstrap, s.naming, replication=replication, topics=wanted))
    if json:
        print_json({"created": created})
    else:
        out.print("\n".join(f"created {name}" for name in created) or "All topics are there.")


@app.command()
def check(demo: Demo = False, json: Json = False) -> None:
    """Compare the topics with what they must be (exit code 1 if they differ)."""
    s = settings(demo=demo)
    findings = asyncio.run(topics.check(s.kafka_bootstrap, s.naming))
    if json:
        print_json([{"topic": f.topic, "finding": f.sentence, "fatal": f.fatal} for f in findings])
    else:
        out.print("\n".join(f"{f.topic} {f.sentence}" for f in findings) or "All topics are as they must be.", highlight=False)
    if findings:
        raise typer.Exit(1)
