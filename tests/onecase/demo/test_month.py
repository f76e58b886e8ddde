"""The demo's month is data a visitor reads first: it must parse with the real connectors and hold every special record it promises."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import pytest

from connectors.base import Found
from connectors.board.parse import parse as board
from connectors.hotline.parse import parse as hotline
from connectors.mailbox.parse import parse as mailbox
from connectors.petition.parse import parse as petition
from schemas.contact import Contact

PARSE = {"hotline": hotline, "mailbox": mailbox, "board": board, "petition": petition}
BEIJING = timezone(timedelta(hours=8))
REPEATS = ("redelivery", "edit", "late-edit", "withdrawal")
PHONE = re.compile(r"(?<!\d)(?:\+86-?)?(1\d{2}[- ]?\d{4}[- ]?\d{4})(?!\d)")
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dX](?!\d)")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Row(NamedTuple):
    channel: str
    file: str
    text: str
    matter: str | None
    note: str | None

    def found(self) -> Found:
        return PARSE[self.channel](self.text.encode())

    def kinds(self) -> set[str]:
        return {part.strip().split(":")[0] for part in (self.note or "").split(";")} - {""}


@cache
def rows() -> tuple[Row, ...]:
    lines = files("onecase.demo").joinpath("month.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Row(**json.loads(line)) for line in lines)


def read() -> Iterator[tuple[Row, Contact]]:
    for row in rows():
        contact = row.found().contact
        if contact is not None:
            yield row, contact


def of_kind(kind: str) -> list[tuple[Row, Contact]]:
    return [(row, contact) for row, contact in read() if kind in row.kinds()]


def at(row: Row, contact: Contact) -> datetime:
    if row.channel == "board":
        return datetime.fromtimestamp(json.loads(row.text)["posted_at"], UTC)
    when = datetime.fromisoformat(str(contact.reported_at))
    return when if when.tzinfo else when.replace(tzinfo=BEIJING)


def phone(contact: Contact) -> str:
    return re.sub(r"\D", "", contact.contact_phone or "")[-11:]


def test_exactly_the_broken_line_and_the_letter_without_number_are_unreadable() -> None:
    unreadable = [row for row in rows() if row.found().contact is None]

    assert {(row.channel, *row.kinds()) for row in unreadable} == {("hotline", "broken"), ("mailbox", "no-number")}
    assert len(unreadable) == 2
    assert [row for row in rows() if row.matter is None] == [row for row in unreadable if "broken" in row.kinds()]


@pytest.mark.parametrize(
    ("channel", "low", "high"),
    [("hotline", 0.40, 0.50), ("mailbox", 0.16, 0.24), ("board", 0.18, 0.26), ("petition", 0.10, 0.16)],
)
def test_each_channel_has_its_share(channel: str, low: float, high: float) -> None:
    assert low <= sum(row.channel == channel for row in rows()) / len(rows()) <= high


def test_size_of_the_month() -> None:
    first = [row for row in rows() if row.matter and not row.kinds() & set(REPEATS)]
    reports = Counter(row.matter for row in first)

    assert 280 <= len(rows()) <= 320
    assert 135 <= len(reports) <= 165
    assert 40 <= sum(count > 1 for count in reports.values()) <= 60
    assert max(reports.values()) <= 10


@pytest.mark.parametrize(
    ("channel", "pattern"),
    [
        ("hotline", r"work_orders\.jsonl"),
        ("board", r"posts\.jsonl"),
        ("mailbox", r"\d{10}\.txt|scan-0317\.txt"),
        ("petition", r"XF2026-03-\d{4}\.json"),
    ],
)
def test_files_are_those_of_the_feed(channel: str, pattern: str) -> None:
    texts = [row for row in rows() if row.channel == channel]

    assert all(re.fullmatch(pattern, row.file) for row in texts)
    assert channel in {"mailbox", "petition"} or not any("\n" in row.text for row in texts)


def test_a_letter_or_petition_lies_in_the_file_of_its_number() -> None:
    for row, contact in read():
        if row.channel in {"mailbox", "petition"}:
            assert row.file.split(".", maxsplit=1)[0] == contact.source_id


def test_numbers_come_again_only_where_it_is_meant() -> None:
    seen: set[tuple[str, str]] = set()
    for row, contact in read():
        number = (row.channel, str(contact.source_id))
        assert (number in seen) == bool(row.kinds() & set(REPEATS)), row
        seen.add(number)


def test_quoted_numbers_are_numbers_of_earlier_records() -> None:
    seen: set[str] = set()
    quoted = 0
    for _, contact in read():
        if contact.quoted_number:
            assert contact.quoted_number in seen
            quoted += 1
        seen.add(str(contact.source_id))
    assert quoted >= 5


def test_time_rises_within_march() -> None:
    before = datetime(2026, 3, 1, tzinfo=BEIJING)
    for row, contact in read():
        if row.kinds() & {*REPEATS, "future-time"}:
            continue
        assert before <= at(row, contact) < datetime(2026, 4, 1, tzinfo=BEIJING), row
        before = at(row, contact)


def test_one_clock_is_wrong() -> None:
    [(row, contact)] = of_kind("future-time")
    assert at(row, contact).year > 2060


def test_phones_are_invented() -> None:
    found = [re.sub(r"\D", "", number) for row in rows() for number in PHONE.findall(row.text)]
    assert len(found) > 200
    assert {number[:7] for number in found} == {"1990000", "1390000"}


def test_id_numbers_have_a_right_checksum_and_no_real_area() -> None:
    found = [number for row in rows() for number in ID_NUMBER.findall(row.text)]
    assert len(found) > 40
    for number in found:
        check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False)) % 11]
        assert (number[:2], number[-1]) == ("99", check)


def test_an_id_number_a_bank_card_and_a_phone_stand_in_bodies() -> None:
    [(_, petitioned)] = of_kind("id-and-card")
    [(_, called)] = of_kind("id-number")

    assert ID_NUMBER.search(petitioned.body)
    assert re.search(r"6299( \d{4}){3} \d{3}", petitioned.body)
    assert ID_NUMBER.search(called.body)
    assert PHONE.search(called.body)


def test_a_redelivery_is_the_same_line() -> None:
    again = [index for index, row in enumerate(rows()) if "redelivery" in row.kinds()]

    assert len(again) >= 2
    for index in again:
        assert rows()[index].text in [row.text for row in rows()[:index]]


def test_edits_arrive_once_twice_and_late() -> None:
    edits: dict[str, list[int | None]] = defaultdict(list)
    for row, contact in read():
        if row.channel == "board":
            edits[str(contact.source_id)].append(contact.revision)
    assert Counter(tuple(numbers) for numbers in edits.values() if len(numbers) > 1) == {(0, 1): 2, (0, 1, 2): 1, (0, 2, 1): 1}

    texts = {(contact.source_id, contact.revision): contact.body for row, contact in read() if row.channel == "board"}
    for row, contact in of_kind("edit"):
        assert len(contact.body) > len(texts[contact.source_id, 0]), row


def test_hotline_board_and_petition_each_have_one_withdrawal() -> None:
    withdrawn = [(row, contact) for row, contact in read() if contact.withdrawn]

    assert sorted(row.channel for row, _ in withdrawn) == ["board", "hotline", "petition"]
    assert withdrawn == of_kind("withdrawal")


def test_confidential_reports() -> None:
    assert {row.channel for row, contact in of_kind("confidential") if contact.confidential} == {"hotline", "petition"}
    assert all("confidential" in row.kinds() for row, contact in read() if contact.confidential)


def test_traditional_characters() -> None:
    [(row, contact)] = of_kind("traditional")
    assert row.channel == "mailbox"
    assert set("鷺電請懇") <= set(contact.body)


def test_the_lamps_reach_every_channel_by_one_person_and_by_neighbours() -> None:
    lamps = [(row, contact) for row, contact in read() if row.matter == "lamp-guihua-road"]
    own = next(phone(contact) for row, contact in lamps if row.channel == "petition")
    by_him = [row for row, contact in lamps if own in (phone(contact), *map(phone_digits, PHONE.findall(contact.body)))]
    neighbours = [row for row, _ in lamps if row not in by_him]

    assert {row.channel for row in by_him} == set(PARSE)
    assert Counter(row.channel for row in by_him)["hotline"] > 1
    assert {row.channel for row in neighbours} >= {"hotline", "mailbox", "board"}


def phone_digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def test_look_alikes_are_matters_of_their_own() -> None:
    matters = {row.matter for row in rows()}
    apart = [
        ("lift-install-jixiechang-for", "lift-install-jixiechang-against"),
        ("nightmarket-bailu-for", "nightmarket-bailu-against"),
        ("bus-12-reroute", "bus-112-interval"),
        ("elevator-wanghe-3", "wall-wanghe-5"),
        ("heating-fenglin", "heating-jixiechang"),
        ("lamp-guihua-road", "lamp-fenglin-road"),
    ]
    assert matters.issuperset(matter for pair in apart for matter in pair)
    assert sum("look-alike" in row.kinds() for row in rows()) >= 15


def test_no_two_reports_are_paraphrases() -> None:
    """Reports of one matter are worded independently: they share names, not sentences."""
    bodies = [contact.body for row, contact in read() if not row.kinds() & set(REPEATS)]
    grams = [{body[i : i + 3] for i in range(len(body) - 2)} for body in bodies]
    shared = [len(a & b) / min(len(a), len(b)) for i, a in enumerate(grams) for b in grams[:i]]
    assert max(shared) < 0.35
