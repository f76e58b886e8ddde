"""Following files: a JSONL file that grows, and a folder whose files come and change.

Both keep a small position that survives restarts, and both would rather deliver again than leave out.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, replace
from heapq import nlargest
from os import scandir
from pathlib import Path
from typing import BinaryIO

from connectors.base import BATCH_RECORDS, BadConfig, Batch, Found, Position, Retry, too_large
from schemas.contact import RAW_BYTES_MAX

BATCH_BYTES = 8 * 1024 * 1024  # a batch ends with the record that passes this: what is in memory at once
CHUNK = 1024 * 1024
FINGERPRINT_BYTES = 1024  # at the head and before the offset
RECENT_FILES = 2000  # files whose change times are kept one by one; some 80 KB of cursor

log = logging.getLogger(__name__)

Parse = Callable[[bytes], Found]


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one line or file; without them (None) where there are too many, then size and digest say which they were."""

    payload: bytes | None
    size: int
    sha256: str | None = None

    def found(self, parse: Parse, content_type: str) -> Found:
        """What the connector hands over for it."""
        return parse(self.payload) if self.payload is not None else too_large(self.size, self.sha256 or "", content_type)


# A file of lines


def fingerprint(file: BinaryIO, offset: int) -> str:
    """Digest of what stands at the head of the file and just before `offset`: another file has another one."""
    digest = hashlib.sha256()
    for start in (0, max(0, offset - FINGERPRINT_BYTES)):
        file.seek(start)
        digest.update(file.read(min(FINGERPRINT_BYTES, offset - start)))
    return digest.hexdigest()


def read_lines(file: BinaryIO, offset: int) -> tuple[list[Piece], int]:
    """Whole lines from `offset` on, and the offset behind them. Blank lines are passed over; a last line without newline is left."""
    pieces: list[Piece] = []
    start = offset
    file.seek(offset)
    while len(pieces) < BATCH_RECORDS and offset - start < BATCH_BYTES:
        line = file.readline(RAW_BYTES_MAX)
        piece = Piece(line.removesuffix(b"\n").removesuffix(b"\r"), len(line)) if line.endswith(b"\n") else _rest_of_long_line(file, line)
        if piece is None:
            break
        offset += piece.size
        if piece.payload is None or piece.payload.strip():
            pieces.append(piece)
    return pieces, offset


def _rest_of_long_line(file: BinaryIO, line: bytes) -> Piece | None:
    """Reads a line to its end without keeping it. None: it has not been written to its end yet."""
    digest, size = hashlib.sha256(line), len(line)
    while line and not line.endswith(b"\n"):
        line = file.readline(CHUNK)
        digest.update(line)
        size += len(line)
    return Piece(None, size, digest.hexdigest()) if line else None


@dataclass(frozen=True)
class FollowedLines:
    """A connector on a growing file of lines. Position: `offset` in bytes and the `fingerprint` of what was read.

    A file that was replaced or cut short is read from its start again.
    """

    name: str
    channel: str
    jurisdiction: str
    zone: str
    path: Path
    content_type: str
    parse: Parse

    async def fetch(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Lines behind the position, see Connector."""
        try:
            with await asyncio.to_thread(self.path.open, "rb") as file:
                offset = await asyncio.to_thread(self._resume, file, position)
                while True:
                    pieces, end, digest = await asyncio.to_thread(self._read, file, offset)
                    if end == offset:
                        return
                    offset = end
                    yield Batch(
                        tuple(piece.found(self.parse, self.content_type) for piece in pieces), {"offset": offset, "fingerprint": digest}
                    )
        except OSError as error:
            raise _explained(error, self.path) from None

    def _read(self, file: BinaryIO, offset: int) -> tuple[list[Piece], int, str]:
        pieces, end = read_lines(file, offset)
        return pieces, end, fingerprint(file, end)

    def _resume(self, file: BinaryIO, position: Position | None) -> int:
        if position is None:
            return 0
        offset, known = position.get("offset"), position.get("fingerprint")
        if not isinstance(offset, int) or not isinstance(known, str):
            raise _foreign_cursor(self.name)
        if fingerprint(file, offset) == known:
            return offset
        log.warning("%s is not the file that was read before (replaced or cut short): it is read from its start.", self.path)
        return 0


# A folder of files


@dataclass(frozen=True, slots=True)
class Delivered:
    """Which files of a folder were delivered. A stamp is a file's change time (`st_ctime_ns`).

    The change time, not the modification time, which `cp -p`, `mv` and `rsync -t` bring along from the past; it also tells a change
    that keeps the size. Up to 2,000 files all are known one by one and no clock matters. Above, those older than the newest 2,000 are
    under the `floor`. Files that share a stamp with the floor are kept by name, so none of them is missed.
    """

    floor: int = 0
    recent: frozenset[tuple[str, int]] = frozenset()
    after: str = ""
    """The last name delivered, in a pass that was not finished; files under `upto` and not behind it need not come again."""
    upto: int = 0

    def due(self, stamps: dict[str, int]) -> list[str]:
        """New and changed files by name, given name -> stamp of all that are there."""
        return sorted(
            name
            for name, stamp in stamps.items()
            if stamp >= self.floor and (name, stamp) not in self.recent and not (name <= self.after and stamp < self.upto)
        )

    def within(self, stamps: dict[str, int], after: str) -> "Delivered":
        """Those due were delivered up to the name `after`. A file that comes in the newest stamp's tick may still have a lower name."""
        return replace(self, after=after, upto=max(stamps.values()))

    @staticmethod
    def all_of(stamps: dict[str, int]) -> "Delivered":
        """All that are there were delivered."""
        floor = nlargest(RECENT_FILES, stamps.values())[-1] if len(stamps) > RECENT_FILES else 0
        return Delivered(floor, frozenset((name, stamp) for name, stamp in stamps.items() if stamp >= floor))

    def position(self) -> Position:
        """As it stands in the cursor."""
        unfinished: dict[str, str | int] = {"after": self.after, "upto": self.upto} if self.after else {}
        return {"floor": self.floor, "recent": dict(sorted(self.recent)), **unfinished}

    @staticmethod
    def read(position: Position | None, name: str) -> "Delivered":
        """From the cursor of the connector `name`. Raises BadConfig."""
        if position is None:
            return Delivered()
        floor, recent = position.get("floor"), position.get("recent")
        after, upto = position.get("after", ""), position.get("upto", 0)
        if not isinstance(floor, int) or not isinstance(recent, dict) or not isinstance(after, str) or not isinstance(upto, int):
            raise _foreign_cursor(name)
        return Delivered(floor, frozenset(recent.items()), after, upto)


def scan(folder: Path) -> dict[str, int]:
    """Name -> stamp of the files in a folder; hidden ones and those being written (`.tmp`, `.part`) are passed over."""
    stamps: dict[str, int] = {}
    with scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower().endswith((".tmp", ".part")):
                continue
            try:
                if entry.is_file():
                    stamps[entry.name] = entry.stat().st_ctime_ns
            except FileNotFoundError:  # gone since the folder was listed
                continue
    return stamps


def read_files(folder: Path, names: Iterator[str]) -> tuple[list[Piece], str]:
    """The next files, at most a batch, and the name of the last of them ("": none were left). Files that have gone are passed over."""
    pieces: list[Piece] = []
    size, last = 0, ""
    for name in names:
        last = name
        try:
            with (folder / name).open("rb") as file:
                piece = _whole(file)
        except FileNotFoundError:
            continue
        pieces.append(piece)
        size += len(piece.payload or b"")
        if len(pieces) == BATCH_RECORDS or size >= BATCH_BYTES:
            break
    return pieces, last


def _whole(file: BinaryIO) -> Piece:
    payload = file.read(RAW_BYTES_MAX + 1)
    if len(payload) <= RAW_BYTES_MAX:
        return Piece(payload, len(payload))
    digest, size = hashlib.sha256(payload), len(payload)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return Piece(None, size, digest.hexdigest())


@dataclass(frozen=True)
class FollowedFolder:
    """A connector on a folder: each file is one record, and comes again when it changes. Position: see Delivered."""

    name: str
    channel: str
    jurisdiction: str
    zone: str
    path: Path
    content_type: str
    parse: Parse

    async def fetch(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """New and changed files by name, see Connector."""
        delivered = Delivered.read(position, self.name)
        try:
            stamps = await asyncio.to_thread(scan, self.path)
            due = delivered.due(stamps)
            names = iter(due)
            while due:
                pieces, last = await asyncio.to_thread(read_files, self.path, names)
                done = last in ("", due[-1])
                reached = Delivered.all_of(stamps) if done else delivered.within(stamps, last)
                yield Batch(tuple(piece.found(self.parse, self.content_type) for piece in pieces), reached.position())
                if done:
                    return
        except OSError as error:
            raise _explained(error, self.path) from None


def _explained(error: OSError, path: Path) -> Exception:
    if isinstance(error, FileNotFoundError):
        return Retry(f"There is no {path} yet; check the path, or wait until the source has written it.")
    if isinstance(error, (PermissionError, IsADirectoryError, NotADirectoryError)):
        return BadConfig(f"{path} cannot be read: {error.strerror}.")
    return Retry(f"{path} could not be read: {error.strerror or error}.")


def _foreign_cursor(name: str) -> BadConfig:
    return BadConfig(f"The cursor of {name!r} was written by another kind of connector; give this instance a name of its own.")
