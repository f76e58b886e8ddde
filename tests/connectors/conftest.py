import pytest

from tests.servers import Servers


@pytest.fixture
def bootstrap(servers: Servers) -> str:
    """The real broker's host:port."""
    return servers.endpoints.kafka_bootstrap
