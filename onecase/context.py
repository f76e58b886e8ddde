"""Where the servers are: configured ones win, else the local ones under `.onecase/`. And how commands speak and end."""

import json
import os
import secrets
from collections.abc import MutableMapping
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from onecase.local.servers import Endpoints, status
from streams.shell.settings import Settings

FOLDER = Path(".onecase")
DEMO = FOLDER / "demo"

out = Console()
err = Console(stderr=True)


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    NO = 1
    """The answer is no: a check failed, lines were rejected."""
    USAGE = 2
    OUTSIDE = 3
    """Something outside did not answer."""


def fail(code: Exit, sentence: str) -> NoReturn:
    """Ends the command with one sentence that says what to do."""
    err.print(f"[red]Error:[/] {sentence}", highlight=False, markup=True)
    raise typer.Exit(code)


def print_json(data: Any) -> None:
    """One JSON document on standard output, for a script to read."""
    typer.echo(json.dumps(data, ensure_ascii=False, default=str))


def token_key(folder: Path) -> Path:
    """The local secret for person tokens, made at first use and readable by its owner alone."""
    path = folder / "token.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_hex(32) + "\n")
    return path


def point_at(endpoints: Endpoints, folder: Path, environment: MutableMapping[str, str]) -> None:
    """Fills in what is not configured: after this the pipeline, the connectors and child processes all find the local servers."""
    environment.setdefault("ONECASE_KAFKA_BOOTSTRAP", endpoints.kafka_bootstrap)
    environment.setdefault("ONECASE_POSTGRES_DSN", endpoints.postgres_dsn)
    if "ONECASE_TOKEN_KEY" not in environment:
        environment.setdefault("ONECASE_TOKEN_KEY_FILE", str(token_key(folder)))


def settings(*, demo: bool = False) -> Settings:
    """Settings from the environment, completed from the local servers. Ends the command where something is missing."""
    configured = {"ONECASE_KAFKA_BOOTSTRAP", "ONECASE_POSTGRES_DSN"} <= os.environ.keys()
    if not configured:
        folder = DEMO if demo else FOLDER
        found = status(folder)
        if found.endpoints is None:
            hint = "`onecase up --demo`" if demo else "`onecase up`"
            fail(
                Exit.OUTSIDE,
                f"No servers are configured and none are local; start some with {hint}, "
                "or set ONECASE_KAFKA_BOOTSTRAP and ONECASE_POSTGRES_DSN.",
            )
        point_at(found.endpoints, folder, os.environ)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = f"ONECASE_{'_'.join(str(part) for part in first['loc'])}".upper().rstrip("_")
        fail(Exit.USAGE, f"{name}: {first['msg'].removeprefix('Value error, ')}.")
