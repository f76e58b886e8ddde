import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors import files
from connectors.base import BadConfig, Batch, Found, Position, Retry
from connectors.files import Delivered, FollowedFolder, FollowedLines, scan
from schemas.contact import RAW_BYTES_MAX

TYPE = "application/octet-stream"


def as_it_is(payload: bytes) -> Found:
    return Found(payload, TYPE, unreadable="not looked at")


def lines(path: Path) -> FollowedLines:
    return FollowedLines("feed", "hotline", "local", "Asia/Shanghai", path, TYPE, as_it_is)


def folder(path: Path) -> FollowedFolder:
    return FollowedFolder("letters", "mailbox", "local", "Asia/Shanghai", path, TYPE, as_it_is)


async def batches(source: FollowedLines | FollowedFolder, position: Position | None = None) -> list[Batch]:
    return [batch async for batch in source.fetch(position)]


def payloads(found: Sequence[Batch]) -> list[bytes]:
    return [record.payload for batch in found for record in batch.contacts]


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


# A file of lines


async def test_a_growing_file_is_read_on_and_an_idle_one_emits_nothing(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, b"one\ntwo\n")
    first = await batches(lines(feed))
    assert payloads(first) == [b"one", b"two"]
    assert await batches(lines(feed), first[-1].position) == []
    append(feed, b"three\n")
    assert payloads(await batches(lines(feed), first[-1].position)) == [b"three"]


async def test_the_last_line_waits_for_its_newline(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, b"one\ntw")
    first = await batches(lines(feed))
    assert payloads(first) == [b"one"]
    append(feed, b"o\n")
    assert payloads(await batches(lines(feed), first[-1].position)) == [b"two"]


async def test_blank_lines_only_move_the_position(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, b"\n \t\r\n\n")
    (only,) = await batches(lines(feed))
    assert only.contacts == ()
    assert await batches(lines(feed), only.position) == []


async def test_a_line_keeps_its_bytes_but_for_the_line_end(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, b"\xef\xbb\xbf one \r\n\xff\x00\n")
    assert payloads(await batches(lines(feed))) == [b"\xef\xbb\xbf one ", b"\xff\x00"]


@pytest.mark.parametrize(
    "now",
    [b"new\n", b"", b"new one, longer than the old one was\nand more\n", b"one\nXwo\nthree\n"],
    ids=["cut short", "emptied", "replaced", "changed before the offset"],
)
async def test_a_replaced_file_is_read_from_its_start(tmp_path: Path, now: bytes, caplog: pytest.LogCaptureFixture) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, b"one\ntwo\n")
    (first,) = await batches(lines(feed))
    feed.write_bytes(now)
    assert payloads(await batches(lines(feed), first.position)) == now.split(b"\n")[:-1]
    assert "is not the file that was read before" in caplog.text


async def test_a_batch_has_at_most_500_records(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, b"".join(b"%d\n" % n for n in range(1201)))
    found = await batches(lines(feed))
    assert [len(batch.contacts) for batch in found] == [500, 500, 201]
    again = await batches(lines(feed), found[0].position)
    assert payloads(again) == [b"%d" % n for n in range(500, 1201)]


async def test_a_batch_ends_when_it_holds_8_mib(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    append(feed, (b"x" * 3_000_000 + b"\n") * 7)
    assert [len(batch.contacts) for batch in await batches(lines(feed))] == [3, 3, 1]


async def test_a_line_over_the_limit_leaves_its_size_and_digest(tmp_path: Path) -> None:
    feed = tmp_path / "work_orders.jsonl"
    long = b"x" * (RAW_BYTES_MAX + 5_000_000) + b"\n"
    append(feed, b"one\n" + long + b"two\n" + long[:-1])  # the second has no end yet
    found = [record for batch in await batches(lines(feed)) for record in batch.contacts]
    assert [record.payload for record in found] == [b"one", b"", b"two"]
    assert found[1].sha256 == hashlib.sha256(long).hexdigest()
    assert found[1].unreadable is not None
    assert f"payload of {len(long)} bytes exceeds" in found[1].unreadable


@given(data=st.data(), texts=st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"n").replace(b"\r", b"r")), max_size=30))
async def test_any_way_of_appending_yields_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, texts: list[bytes]
) -> None:
    whole = b"".join(text + b"\n" for text in texts)
    feed = tmp_path_factory.mktemp("feed") / "posts.jsonl"
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=6).map(sorted))
    position: Position | None = None
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        append(feed, whole[start:end])
        for batch in await batches(lines(feed), position):
            found += [record.payload for record in batch.contacts]
            position = batch.position
    assert found == [text for text in texts if text.strip()]


@given(texts=st.lists(st.sampled_from([b"a", b"bb", b"", b" ", b"ccc"]), max_size=20), size=st.integers(1, 5))
async def test_a_restart_at_any_saved_position_goes_on_behind_it(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes], size: int
) -> None:
    feed = tmp_path_factory.mktemp("feed") / "posts.jsonl"
    append(feed, b"".join(text + b"\n" for text in texts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BATCH_RECORDS", size)
        all_of_them = await batches(lines(feed))
        for number, batch in enumerate(all_of_them):
            assert await batches(lines(feed), batch.position) == all_of_them[number + 1 :]


# A folder of files


async def test_new_and_changed_files_come_in_order_of_name(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        (tmp_path / f"120344000{number}.txt").write_bytes(b"letter %d" % number)
    first = await batches(folder(tmp_path))
    assert payloads(first) == [b"letter 1", b"letter 2", b"letter 3"]
    position = first[-1].position
    assert await batches(folder(tmp_path), position) == []
    rewrite(tmp_path / "1203440002.txt", b"LETTER 2")
    (tmp_path / "1203440000.txt").write_bytes(b"letter 0")
    assert payloads(await batches(folder(tmp_path), position)) == [b"letter 0", b"LETTER 2"]


def rewrite(path: Path, data: bytes) -> None:
    """Like another program would, some time later: until the file system's clock has moved on."""
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:
        path.write_bytes(data)


async def test_the_modification_time_may_lie(tmp_path: Path) -> None:
    """`cp -p` and `rsync -t` bring old times along; a rewrite may keep size and time."""
    old, late = tmp_path / "a.json", tmp_path / "b.json"
    old.write_bytes(b"1")
    os.utime(old, (1_000_000, 1_000_000))
    (first,) = await batches(folder(tmp_path))
    late.write_bytes(b"2")
    os.utime(late, (999_999, 999_999))
    rewrite(old, b"3")
    os.utime(old, (1_000_000, 1_000_000))
    assert payloads(await batches(folder(tmp_path), first.position)) == [b"3", b"2"]


async def test_files_being_written_and_folders_are_passed_over(tmp_path: Path) -> None:
    for name in (".hidden.txt", "a.tmp", "a.PART", "a.txt.part"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / "old").mkdir()
    assert await batches(folder(tmp_path)) == []
    (tmp_path / "a.tmp").rename(tmp_path / "a.txt")
    assert payloads(await batches(folder(tmp_path))) == [b"half"]


async def test_a_file_that_has_gone_is_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    pieces, last = files.read_files(tmp_path, iter(["a", "gone", "c", "gone too"]))
    assert [piece.payload for piece in pieces] == [b"a", b"c"]
    assert last == "gone too"


async def test_a_file_over_the_limit_leaves_its_size_and_digest(tmp_path: Path) -> None:
    data = b"x" * (RAW_BYTES_MAX + 1)
    (tmp_path / "a.json").write_bytes(data)
    (tmp_path / "b.json").write_bytes(data[1:])
    first, second = [record for batch in await batches(folder(tmp_path)) for record in batch.contacts]
    assert (first.payload, first.sha256) == (b"", hashlib.sha256(data).hexdigest())
    assert second.payload == data[1:]


async def test_a_pass_can_be_taken_up_at_each_of_its_batches(tmp_path: Path) -> None:
    for number in range(1100):
        (tmp_path / f"{number:04}.json").write_bytes(b"%d" % number)
    rewrite(tmp_path / "0000.json", b"0")
    found = await batches(folder(tmp_path))
    assert [len(batch.contacts) for batch in found] == [500, 500, 100]
    rest = payloads(await batches(folder(tmp_path), found[0].position))
    assert rest == [b"0", *(b"%d" % n for n in range(500, 1100))]  # what shares the newest stamp comes again, to be safe
    assert await batches(folder(tmp_path), found[-1].position) == []


# Which files are due: histories of a folder, with few stamps so that many share one

NAMES = st.sampled_from([f"{n}.json" for n in range(8)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES),
        st.tuples(st.just("tick"), st.just("")),
        st.tuples(st.just("remove"), NAMES),
        st.tuples(st.just("poll"), st.just("")),
        st.tuples(st.just("crash"), st.integers(0, 4)),
    ),
    max_size=40,
)


@given(steps=STEPS, recent=st.integers(1, 4), batch=st.integers(1, 3))
@example(steps=[("write", "1.json"), ("write", "2.json"), ("poll", ""), ("write", "3.json")], recent=1, batch=1)  # all in one tick
@example(steps=[("write", "1.json"), ("write", "3.json"), ("crash", 1), ("write", "0.json")], recent=1, batch=1)  # behind the pass
@settings(max_examples=400)
def test_no_file_is_left_out_and_without_a_crash_none_comes_twice(steps: list[tuple[str, str | int]], recent: int, batch: int) -> None:
    stamps: dict[str, int] = {}
    tick, crashed = 1, False
    got: list[tuple[str, int]] = []
    position: Position | None = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "RECENT_FILES", recent)
        for step, what in [*steps, ("poll", "")]:
            match step:
                case "write" if stamps.get(str(what)) != tick:  # two writes in one tick look the same to anybody
                    stamps[str(what)] = tick
                case "remove":
                    stamps.pop(str(what), None)
                case "tick":
                    tick += 1
                case "poll" | "crash":
                    crashed |= step == "crash"
                    position = poll(position, stamps, batch, got, batches_left=what if isinstance(what, int) else 1000)
    assert set(stamps.items()) <= set(got)
    assert crashed or len(got) == len(set(got))


def poll(position: Position | None, stamps: dict[str, int], size: int, got: list[tuple[str, int]], batches_left: int) -> Position | None:
    """FollowedFolder.fetch without its files; it ends early when no batches are left."""
    delivered = Delivered.read(position, "letters")
    due = delivered.due(stamps)
    for start in range(0, len(due), size):
        if batches_left == 0:
            return position
        batches_left -= 1
        names = due[start : start + size]
        got += [(name, stamps[name]) for name in names]
        done = names[-1] == due[-1]
        position = (Delivered.all_of(stamps) if done else delivered.within(stamps, names[-1])).position()
    return position


def test_a_folder_of_a_million_files_has_a_small_position() -> None:
    stamps = {f"{n:010}.txt": 1_772_409_600_000_000_000 + n // 3 for n in range(1_000_000)}
    position = Delivered.all_of(stamps).position()
    assert len(str(position)) < 100_000
    delivered = Delivered.read(position, "letters")
    assert delivered.due(stamps) == []
    assert delivered.due({**stamps, "new.txt": max(stamps.values())}) == ["new.txt"]


def test_scan_gives_change_times(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert scan(tmp_path) == {"a.txt": (tmp_path / "a.txt").stat().st_ctime_ns}


# What goes wrong


@pytest.mark.parametrize("source", [lines, folder])
async def test_what_is_not_there_yet_is_tried_again(source: Callable[[Path], FollowedLines | FollowedFolder], tmp_path: Path) -> None:
    with pytest.raises(Retry, match=r"There is no .*nowhere yet; check the path"):
        await batches(source(tmp_path / "nowhere"))


async def test_a_file_for_a_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadConfig, match="cannot be read: Not a directory"):
        await batches(folder(tmp_path / "file"))
    with pytest.raises(BadConfig, match="cannot be read: Is a directory"):
        await batches(lines(tmp_path))


async def test_the_cursor_of_another_kind_of_connector_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"one\n")
    (of_lines,) = await batches(lines(tmp_path / "file"))
    (of_folder,) = await batches(folder(tmp_path))
    with pytest.raises(BadConfig, match="give this instance a name of its own"):
        await batches(folder(tmp_path), of_lines.position)
    with pytest.raises(BadConfig, match="give this instance a name of its own"):
        await batches(lines(tmp_path / "file"), of_folder.position)
