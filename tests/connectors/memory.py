"""The runner's ports without a broker. The suite in test_ports.py holds them to what the real ones do."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.base import Position
from connectors.runner import Outgoing


@dataclass
class MemoryPublisher:
    topics: dict[str, list[Outgoing]] = field(default_factory=dict)

    async def publish(self, topic: str, records: Sequence[Outgoing]) -> None:
        self.topics.setdefault(topic, []).extend(records)


@dataclass
class MemoryCursors:
    saved: dict[str, Position] = field(default_factory=dict)

    async def load(self, connector: str) -> Position | None:
        return self.saved.get(connector)

    async def save(self, connector: str, position: Position) -> None:
        self.saved[connector] = dict(position)
