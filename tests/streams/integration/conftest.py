"""Fixtures of the tests that run the whole pipeline on real Kafka and Postgres."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import Servers
from tests.streams.integration.harness import Run

Make = Callable[..., Run]


@pytest.fixture
def make_run(servers: Servers, tmp_path: Path) -> Iterator[Make]:
    """Makes runs whose processes are ended after the test."""
    made: list[Run] = []

    def make(**options: object) -> Run:
        run = Run(servers, tmp_path, **options)  # type: ignore[arg-type]
        made.append(run)
        return run

    yield make
    for run in made:
        run.stop()
