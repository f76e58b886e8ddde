"""A stage that does nothing: the same engine, the same transactions, the record handed on as it is. `python -m bench.identity N`."""

import asyncio
import sys
from collections.abc import Sequence

from streams.records import Inbound, Outbound, Place
from streams.shell.engine import Engine, EngineSettings, StageSpec
from streams.shell.settings import Settings
from streams.shell.worker import input_topics

STEPS = 3


class Identity:
    """Hands on what it gets, under the keys that the pipeline uses: a jurisdiction in the middle, one for each report at the end.

    The keys matter: spread over all partitions, each batch would fall into 32 small transactions, and the limit would look too low.
    """

    def __init__(self, resume_at: int, step: int, target: str) -> None:
        self.resume_at = resume_at
        self._last = step == STEPS
        self._target = target

    async def handle(self, records: Sequence[Inbound]) -> Sequence[Outbound]:
        return [Outbound(self._target, dict(r.headers)["ce_subject"] if self._last else b"bench", r.value, r.headers) for r in records]


def topics_of(step: int, settings: Settings) -> tuple[tuple[str, ...], str]:
    """(inputs, output) of the step."""
    first = tuple(settings.naming.of(topic) for topic in input_topics("normalise", settings.channels))
    return (first if step == 1 else (f"bench.identity.{step - 1}",)), f"bench.identity.{step}"


def main(step: int) -> None:
    settings = Settings()
    inputs, target = topics_of(step, settings)

    async def take_over(_place: Place, committed: int | None) -> Identity:
        return Identity(committed or 0, step, target)

    spec = StageSpec(f"bench-identity-{step}", inputs, take_over, "bench.none")
    engine = EngineSettings(settings.kafka_bootstrap, settings.batch, settings.within_s, settings.session_timeout_s)
    Engine(spec, engine).run()


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main(int(sys.argv[1]))
