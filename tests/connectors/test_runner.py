import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Batch, Found, Position, Retry, StopSource
from connectors.runner import Outgoing, run, to_records
from schemas.codec import decode
from schemas.contact import RAW_BYTES_MAX, Contact, RawContact
from tests.connectors.memory import MemoryCursors, MemoryPublisher

TOPIC = "intake.raw.hotline"
AT = datetime(2026, 3, 2, 0, 12, 33, 456000, UTC)


def contact(number: str = "RX1", body: str = "路灯不亮", **more: object) -> Found:
    read = Contact.model_validate({"channel": "hotline", "source_id": number, "reported_at": "2026-03-02 08:00", "body": body, **more})
    return Found(number.encode(), "application/json", contact=read)


@dataclass
class Source:
    """A connector over a list; its position is how many were given out. `on_fetch` runs before each fetch."""

    records: list[Found]
    size: int = 2
    name: str = "hotline-1"
    channel: str = "hotline"
    jurisdiction: str = "changsha"
    zone: str = "Asia/Urumqi"
    errors: list[Exception] = field(default_factory=list)
    fetched: int = 0
    on_idle: asyncio.Event | None = None

    async def fetch(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        self.fetched += 1
        if self.errors:
            raise self.errors.pop(0)
        start = position["count"] if position else 0
        assert isinstance(start, int)
        while start < len(self.records):
            batch = tuple(self.records[start : start + self.size])
            start += len(batch)
            yield Batch(batch, {"count": start})
        if self.on_idle is not None:
            self.on_idle.set()


@dataclass
class FailingPublisher(MemoryPublisher):
    """Does not acknowledge the batches with these numbers, although the first record of them is written."""

    failing: set[int] = field(default_factory=set)
    calls: int = 0

    async def publish(self, topic: str, records: Sequence[Outgoing]) -> None:
        self.calls += 1
        if self.calls in self.failing:
            await super().publish(topic, records[:1])
            raise Retry("the broker did not acknowledge.")
        await super().publish(topic, records)


def numbers(publisher: MemoryPublisher) -> list[str]:
    return [record.key.decode().removeprefix("hotline/") for record in publisher.topics.get(TOPIC, [])]


def read(record: Outgoing) -> RawContact:
    return decode({"raw.contact": RawContact}, record.headers, record.value)[1]


async def once(source: Source, publisher: MemoryPublisher, cursors: MemoryCursors) -> int:
    return await run(source, publisher, cursors, topic=TOPIC, once=True, poll_s=0, stop=asyncio.Event())


async def test_everything_is_published_and_the_cursor_stands_behind_it() -> None:
    publisher, cursors, seen = MemoryPublisher(), MemoryCursors(), list[int]()
    source = Source([contact(f"RX{n}") for n in range(5)])
    published = await run(source, publisher, cursors, topic=TOPIC, once=True, poll_s=0, stop=asyncio.Event(), on_batch=seen.append)
    assert published == 5
    assert seen == [2, 2, 1]
    assert numbers(publisher) == ["RX0", "RX1", "RX2", "RX3", "RX4"]
    assert cursors.saved == {"hotline-1": {"count": 5}}


async def test_an_idle_source_emits_nothing_and_saves_nothing() -> None:
    publisher, cursors = MemoryPublisher(), MemoryCursors({"hotline-1": {"count": 2}})
    cursors.save = None  # type: ignore[method-assign, assignment]
    assert await once(Source([contact("RX0"), contact("RX1")]), publisher, cursors) == 0
    assert publisher.topics == {}


async def test_without_the_ack_the_cursor_stays_and_all_comes_again() -> None:
    publisher, cursors = FailingPublisher(failing={2}), MemoryCursors()
    source = Source([contact(f"RX{n}") for n in range(6)])
    with pytest.raises(Retry, match="did not acknowledge"):
        await once(source, publisher, cursors)
    assert cursors.saved == {"hotline-1": {"count": 2}}
    assert await once(source, publisher, cursors) == 4
    assert numbers(publisher) == ["RX0", "RX1", "RX2", "RX2", "RX3", "RX4", "RX5"]


async def test_a_cursor_that_is_not_saved_brings_the_batch_again() -> None:
    class Failing(MemoryCursors):
        async def save(self, connector: str, position: Position) -> None:
            raise Retry("the broker has gone.")

    publisher = MemoryPublisher()
    for _ in range(2):
        with pytest.raises(Retry):
            await once(Source([contact("RX0")]), publisher, Failing())
    assert numbers(publisher) == ["RX0", "RX0"]


@given(failing=st.sets(st.integers(1, 12), max_size=8), count=st.integers(0, 9), size=st.integers(1, 4))
async def test_whatever_fails_nothing_is_left_out(failing: set[int], count: int, size: int) -> None:
    stop = asyncio.Event()
    publisher, cursors = FailingPublisher(failing=failing), MemoryCursors()
    source = Source([contact(f"RX{n}") for n in range(count)], size=size, on_idle=stop)
    await run(source, publisher, cursors, topic=TOPIC, once=False, poll_s=0, stop=stop)
    assert set(numbers(publisher)) == {f"RX{n}" for n in range(count)}
    assert sorted(set(numbers(publisher)), key=numbers(publisher).index) == [f"RX{n}" for n in range(count)]
    assert cursors.saved.get("hotline-1", {"count": 0}) == {"count": count}


async def test_retry_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    stop = asyncio.Event()
    source = Source([contact("RX0")], errors=[Retry("the source is away."), Retry("the source is away.")], on_idle=stop)
    assert await run(source, MemoryPublisher(), MemoryCursors(), topic=TOPIC, once=False, poll_s=0.001, stop=stop) == 1
    assert source.fetched == 3
    assert "hotline-1: the source is away. Trying again in 0.001 s." in caplog.text
    assert "Trying again in 0.002 s." in caplog.text


async def test_each_poll_goes_on_where_the_last_one_ended() -> None:
    class Polled(Source):
        async def fetch(self, position: Position | None) -> AsyncGenerator[Batch, None]:
            async for batch in super().fetch(position):
                yield batch
            self.records.append(contact(f"RX{self.fetched}"))
            if self.fetched == 4:
                stop.set()

    stop = asyncio.Event()
    publisher = MemoryPublisher()
    await run(Polled([contact("RX0")]), publisher, MemoryCursors(), topic=TOPIC, once=False, poll_s=0, stop=stop)
    assert numbers(publisher) == ["RX0", "RX1", "RX2", "RX3"]


async def test_stop_source_ends_the_run() -> None:
    source = Source([contact("RX0")], errors=[StopSource("the account is locked.")])
    with pytest.raises(StopSource, match="locked"):
        await run(source, MemoryPublisher(), MemoryCursors(), topic=TOPIC, once=False, poll_s=0, stop=asyncio.Event())


async def test_a_stop_lets_the_batch_be_finished() -> None:
    stop = asyncio.Event()
    publisher, cursors = MemoryPublisher(), MemoryCursors()
    source = Source([contact(f"RX{n}") for n in range(6)])
    published = await run(source, publisher, cursors, topic=TOPIC, once=False, poll_s=3600, stop=stop, on_batch=lambda _: stop.set())
    assert published == 2
    assert cursors.saved == {"hotline-1": {"count": 2}}


async def test_a_stop_ends_the_wait_for_the_next_poll() -> None:
    stop = asyncio.Event()
    source = Source([], on_idle=asyncio.Event())
    assert source.on_idle is not None
    running = asyncio.create_task(run(source, MemoryPublisher(), MemoryCursors(), topic=TOPIC, once=False, poll_s=3600, stop=stop))
    await source.on_idle.wait()
    stop.set()
    assert await asyncio.wait_for(running, 10) == 0


# The record


def test_a_contact_becomes_a_raw_record() -> None:
    (record,) = to_records(Source([]), [contact("RX1", source_system="12345", revision=3)], AT)
    envelope, raw = decode({"raw.contact": RawContact}, record.headers, record.value)
    assert record.key == b"12345/RX1"
    assert (envelope.type, envelope.source, envelope.subject) == ("raw.contact", "/onecase/connector/hotline-1", "12345/RX1")
    assert envelope.time == raw.received_at == AT
    assert envelope.id == "fd159e32-9742-5bfd-a10b-91ad7eb57dcd"
    assert (raw.connector, raw.channel, raw.jurisdiction, raw.zone) == ("hotline-1", "hotline", "changsha", "Asia/Urumqi")
    assert raw.payload == b"RX1"
    assert raw.contact is not None
    assert raw.contact.reported_at == "2026-03-02 08:00"
    assert raw.contact.jurisdiction is None


def test_the_key_without_a_source_system_names_the_channel() -> None:
    (record,) = to_records(Source([]), [contact("RX1")], AT)
    assert record.key == b"hotline/RX1"


def test_the_id_is_the_same_whenever_the_record_is_read_and_another_for_other_bytes() -> None:
    found = contact("RX1")
    changed = Found(b"other", found.content_type, contact=found.contact)
    later = datetime(2026, 3, 3, tzinfo=UTC)
    ids = [dict(to_records(Source([]), [f], at)[0].headers)["ce_id"] for f, at in ((found, AT), (found, later), (changed, AT))]
    assert ids[0] == ids[1] != ids[2]


def test_what_cannot_be_read_has_its_digest_for_a_key() -> None:
    (record,) = to_records(Source([]), [Found(b"\xff\x00", "text/plain", unreadable="The payload is not UTF-8.")], AT)
    raw = read(record)
    assert record.key.decode() == f"unreadable/{hashlib.sha256(bytes([255, 0])).hexdigest()}"
    assert (raw.payload, raw.contact, raw.unreadable) == (b"\xff\x00", None, "The payload is not UTF-8.")


@pytest.mark.parametrize("found", [contact(extra={"sign": "\ud83d"}), contact(extra={"a": [{"b": "\udc00"}]})])
def test_half_a_character_makes_a_record_unreadable(found: Found) -> None:
    (record,) = to_records(Source([]), [found], AT)
    raw = read(record)
    assert raw.contact is None
    assert raw.payload == found.payload
    assert raw.unreadable == "The record holds half a character (a lone surrogate), which no UTF-8 text can carry."


def test_a_nul_is_left_to_normalise() -> None:
    (record,) = to_records(Source([]), [contact("RX\x001", body="a\x00b")], AT)
    raw = read(record)
    assert raw.contact is not None
    assert (raw.contact.source_id, raw.contact.body) == ("RX\x001", "a\x00b")


@pytest.mark.parametrize(("size", "fits"), [(5_000_000, True), (12_400_000, True), (12_600_000, False), (RAW_BYTES_MAX, False)])
def test_what_the_topic_does_not_take_leaves_size_and_digest(size: int, fits: bool) -> None:
    payload = b"x" * size
    (record,) = to_records(Source([]), [Found(payload, "application/json", contact=contact("RX1").contact)], AT)
    raw = read(record)
    assert len(record.value) <= RAW_BYTES_MAX
    if fits:
        assert raw.payload == payload
    else:
        digest = hashlib.sha256(payload).hexdigest()
        assert (record.key.decode(), raw.payload, raw.contact) == (f"unreadable/{digest}", b"", None)
        assert raw.unreadable == (
            f"The payload of {size} bytes exceeds the {RAW_BYTES_MAX} bytes that a raw record may have; its sha256 is {digest}."
        )


def test_two_payloads_that_were_never_kept_are_two_records() -> None:
    found = [Found(b"", "text/plain", unreadable="too large", sha256=digest * 64) for digest in "ab"]
    first, second = to_records(Source([]), found, AT)
    assert (first.key, second.key) == (b"unreadable/" + b"a" * 64, b"unreadable/" + b"b" * 64)
    assert dict(first.headers)["ce_id"] != dict(second.headers)["ce_id"]


ANY_TEXT = st.text(st.characters())  # lone surrogates too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=5
)


@given(extra=st.dictionaries(st.text(), JSON, max_size=2), payload=st.binary())
def test_whatever_a_source_sends_becomes_a_record_that_can_be_read(extra: dict[str, object], payload: bytes) -> None:
    found = contact(extra=extra)
    (record,) = to_records(Source([]), [Found(payload, "text/plain", contact=found.contact)], AT)
    raw = read(record)
    assert raw.payload == payload
    assert (raw.contact is None) != (raw.unreadable is None)
    surrogate = any("\ud800" <= c <= "\udfff" for c in json.dumps(extra, ensure_ascii=False))
    assert surrogate == (raw.contact is None)


def test_a_record_is_either_read_or_not() -> None:
    with pytest.raises(ValueError, match="either a contact or a reason"):
        Found(b"", "text/plain")
    with pytest.raises(ValueError, match="either a contact or a reason"):
        Found(b"", "text/plain", contact=contact().contact, unreadable="both")
    with pytest.raises(ValueError, match="at most 500"):
        Batch((contact(),) * 501, {})
