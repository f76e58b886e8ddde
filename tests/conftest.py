"""Fixtures of all tests. Real servers start once a run, on first use."""

from collections.abc import Iterator

import pytest

from tests.servers import Servers, temporary_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The run's own Kafka and Postgres."""
    with temporary_servers() as found:
        yield found
