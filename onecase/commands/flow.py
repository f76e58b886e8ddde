"""`onecase connect`: runs a connector."""

import asyncio
import signal
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from connectors import registry
from connectors.base import Connector
from connectors.kafka import serve
from connectors.settings import KafkaSettings, read_settings
from onecase.commands.servers import Demo, Json
from onecase.context import err, out, print_json, settings


def connect(
    name: Annotated[str | None, typer.Argument(help="Name of the connector; without it the installed ones are listed.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Read what is there now and end, instead of following on.")] = False,
    poll_s: Annotated[float, typer.Option("--poll", min=0.1, help="Seconds between two looks at the source.")] = 2.0,
    demo: Demo = False,
    json: Json = False,
) -> None:
    """Bring a source's contacts to Kafka: hotline (12345热线), mailbox (市长信箱), board (领导留言板), petition (信访), or one of your own.

    Each has its settings in the environment, such as ONECASE_HOTLINE_PATH. The cursor moves only after the broker has acknowledged, so
    a record may come twice but is never lost.
    """
    if name is None:
        for known in registry.known():
            out.print(f"{known:10} {registry.find(known).summary}", highlight=False)
        return
    spec = registry.find(name)
    settings(demo=demo)
    connector = spec.build(read_settings(spec.settings))
    published = asyncio.run(_serve(connector, once=once, poll_s=poll_s))
    if json:
        print_json({"connector": connector.name, "published": published})
    else:
        err.print(f"{connector.name}: {published} records published.", highlight=False)


async def _serve(connector: Connector, *, once: bool, poll_s: float) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} records"))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(connector.name, total=None)
        return await serve(
            connector,
            read_settings(KafkaSettings),
            once=once,
            poll_s=poll_s,
            stop=stop,
            on_batch=lambda number: progress.advance(task, number),
        )
