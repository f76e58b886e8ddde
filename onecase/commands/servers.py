"""`onecase up | down | status`: a real Kafka and a real Postgres for development, without Docker."""

import os
from typing import Annotated

import typer

from onecase.context import DEMO, FOLDER, err, out, print_json
from onecase.local.servers import down as stop
from onecase.local.servers import status as look
from onecase.local.servers import up as start

Demo = Annotated[bool, typer.Option("--demo", help="The demo's own servers under .onecase/demo.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def _configured() -> None:
    for name in ("ONECASE_KAFKA_BOOTSTRAP", "ONECASE_POSTGRES_DSN"):
        if name in os.environ:
            err.print(f"[yellow]Note:[/] {name} is set and wins over the local server.")


def up(demo: Demo = False, json: Json = False) -> None:
    """Start a local Kafka and Postgres under .onecase/ and keep them running.

    The first start loads Kafka (about 42 MiB) from the package registry; later ones need no network and take seconds.
    """
    _configured()
    folder = DEMO if demo else FOLDER
    endpoints = start(folder, say=lambda text: err.print(text, style="dim"))
    if json:
        print_json({"kafka_bootstrap": endpoints.kafka_bootstrap, "postgres_dsn": endpoints.postgres_dsn})
        return
    flag = " --demo" if demo else ""
    out.print(f"Kafka     {endpoints.kafka_bootstrap}\nPostgres  {endpoints.postgres_dsn}", highlight=False)
    out.print(f"Data lie under {folder}. Next: [bold]onecase topics apply{flag}[/], then [bold]onecase worker{flag}[/].")


def down(demo: Demo = False) -> None:
    """Stop the local servers; their data stay."""
    stop(DEMO if demo else FOLDER, say=lambda text: err.print(text, style="dim"))
    out.print("The local servers are stopped; their data stay.")


def status(demo: Demo = False, json: Json = False) -> None:
    """Say whether the local servers run (exit code 1 if not both do)."""
    found = look(DEMO if demo else FOLDER)
    if json:
        print_json(
            {
                "kafka": found.kafka,
                "postgres": found.postgres,
                "kafka_bootstrap": found.endpoints and found.endpoints.kafka_bootstrap,
                "postgres_dsn": found.endpoints and found.endpoints.postgres_dsn,
            }
        )
    else:
        out.print(f"Kafka     {found.kafka}\nPostgres  {found.postgres}", highlight=False)
        if found.endpoints:
            out.print(f"{found.endpoints.kafka_bootstrap}\n{found.endpoints.postgres_dsn}", highlight=False)
    if {found.kafka, found.postgres} != {"running"}:
        raise typer.Exit(1)
