"""`onecase worker`: the three stages."""

import asyncio
import logging
import sys
from typing import Annotated, Literal

import typer

from onecase.commands.servers import Demo
from onecase.context import settings
from onecase.owners import refuse_two_owners
from streams.shell.worker import Supervisor, ready, run_stage

COMMAND = (sys.executable, "-P", "-m", "onecase", "worker")  # -P: no package from the current folder


def worker(
    only: Annotated[
        Literal["normalise", "consolidate", "project"] | None,
        typer.Option("--only", help="Run one stage in this process, as in production."),
    ] = None,
    demo: Demo = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    child: Annotated[bool, typer.Option("--child", hidden=True, help="End when standard input ends.")] = False,
) -> None:
    """Run the pipeline: normalise, consolidate and project, each in a process of its own.

    A stage that crashes is started again; all three end with this command. Stop it with Ctrl-C or SIGTERM. Scale by starting more
    workers: the partitions are shared out among them, and a worker that was thought dead can write nothing any more.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format=f"%(asctime)s %(levelname)s {only or 'worker'} %(name)s: %(message)s",
        stream=sys.stderr,
        force=True,
    )
    for noisy in ("aiokafka", "faust", "mode", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.INFO if verbose else logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    refuse_two_owners()
    s = settings(demo=demo)
    if only:
        run_stage(only, s, die_with_parent=child)
    else:
        asyncio.run(_supervise())


class Seldom(logging.Filter):
    """Lets the same complaint of a library through once in ten seconds: aiokafka writes one every 0.1 s while a broker is away."""

    PAUSE_S = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what was said just now."""
        if record.name.startswith("onecase"):
            return True
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) < self.PAUSE_S:
            return False
        self._last[place] = record.created
        return True


async def _supervise() -> None:
    s = settings()
    await ready(s)
    await Supervisor(COMMAND).run()
