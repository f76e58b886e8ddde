"""Plays the month (month.jsonl) into four feed folders, a few days at a time, as the channels' systems would write them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from schemas.contact import CHANNELS

GROWING = {"hotline": "work_orders.jsonl", "board": "posts.jsonl"}
"""Channels whose feed is one growing file; the others are folders of documents."""

STEP = 60


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record as a channel writes it. `note` says what is special about it."""

    channel: str
    file: str
    text: str
    matter: str | None
    note: str | None


def month() -> list[Arrival]:
    """The demo's records in the order of their arrival."""
    text = (files("onecase.demo") / "month.jsonl").read_text(encoding="utf-8")
    return [Arrival(**json.loads(line)) for line in text.splitlines()]


def steps(arrivals: Sequence[Arrival], size: int = STEP) -> Iterator[list[Arrival]]:
    """Parts of the month. A document that is rewritten comes in a later part than its first version, or that would never be seen."""
    part: list[Arrival] = []
    written: set[tuple[str, str]] = set()
    for arrival in arrivals:
        again = arrival.channel not in GROWING and (arrival.channel, arrival.file) in written
        if len(part) >= size or again:
            yield part
            part, written = [], set()
        part.append(arrival)
        written.add((arrival.channel, arrival.file))
    if part:
        yield part


def feed_path(folder: Path, channel: str) -> Path:
    """What the channel's connector follows."""
    return folder / channel / GROWING[channel] if channel in GROWING else folder / channel


def prepare(folder: Path) -> None:
    """Empty feeds."""
    for channel in CHANNELS:
        (folder / channel).mkdir(parents=True)
        if channel in GROWING:
            feed_path(folder, channel).touch()


def write(folder: Path, part: Sequence[Arrival]) -> None:
    """Writes a part of the month into the feeds."""
    for arrival in part:
        path = folder / arrival.channel / arrival.file
        if arrival.channel in GROWING:
            with path.open("a", encoding="utf-8") as feed:
                feed.write(arrival.text + "\n")
        else:
            path.write_text(arrival.text, encoding="utf-8")
