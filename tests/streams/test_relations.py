"""Who is the same person, how often, by which channel; and what is never joined to somebody else's case."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas import events as ev
from schemas.ids import case_id
from schemas.journal import ReportReceived
from schemas.types import event_type
from tests.streams.build import LAMPS, NOISE, report, run

LI, WANG = "13812345678", "13987654321"


def names(facts: Sequence[ReportReceived]) -> list[str]:
    return [event_type(event) for event in run(facts)]


def last_join(facts: Sequence[ReportReceived]) -> ev.ReportJoined:
    event = run(facts)[-1]
    assert isinstance(event, ev.ReportJoined), event_type(event)
    return event


PERSON_1: dict[str, Any] = {"contact_phone": LI}


@pytest.mark.parametrize(
    ("fields", "relation", "person", "repeat"),
    [
        pytest.param(PERSON_1, "same_person", 1, 2, id="again"),
        pytest.param({**PERSON_1, "channel": "mailbox"}, "same_person_other_channel", 1, 2, id="other channel"),
        pytest.param({"contact_phone": WANG}, "other_person", 2, 1, id="other person"),
        pytest.param({"contact_phone": WANG, "channel": "board"}, "other_person", 2, 1, id="other person, other channel"),
        pytest.param({}, "other_person", None, 1, id="anonymous"),
        pytest.param(
            {**PERSON_1, "author": "老李", "channel": "board"}, "same_person_other_channel", 1, 2, id="known by one of two tokens"
        ),
    ],
)
def test_relation_and_repeat(fields: dict[str, Any], relation: str, person: int | None, repeat: int) -> None:
    joined = last_join([report("1", **PERSON_1), report("2", **fields)])
    assert (joined.relation, joined.report.person_number, joined.report.repeat_number) == (relation, person, repeat)


def test_people_are_counted_on() -> None:
    facts = [
        report("1"),  # anonymous
        report("2", contact_phone=LI),
        report("3", contact_phone=LI, author="老李", channel="board"),
        report("4", author="老李", channel="board"),  # known by the account alone
        report("5", contact_phone=WANG),
        report("6", contact_phone=LI),
    ]
    joined = [event for event in run(facts) if isinstance(event, ev.ReportJoined)]
    assert [(event.report.person_number, event.report.repeat_number, event.relation) for event in joined] == [
        (1, 1, "other_person"),
        (1, 2, "same_person_other_channel"),
        (1, 3, "same_person"),
        (2, 1, "other_person"),
        (1, 4, "same_person"),
    ]


def test_a_token_stays_with_the_person_who_had_it_first() -> None:
    board: dict[str, Any] = {"author": "老李", "channel": "board"}
    facts = [report("1", contact_phone=LI), report("2", **board), report("3", contact_phone=LI, **board), report("4", **board)]
    numbers = [event.report.person_number for event in run(facts) if isinstance(event, ev.ReportJoined)]
    assert numbers == [2, 1, 2]


def test_a_writer_who_is_named_by_an_edit_is_known_from_then_on() -> None:
    events = run([report("1"), report("1", LAMPS, contact_phone=LI), report("2", LAMPS, contact_phone=LI)])
    revised, joined = events[-2:]
    assert isinstance(revised, ev.ReportRevised)
    assert isinstance(joined, ev.ReportJoined)
    assert (revised.report.person_number, revised.report.repeat_number) == (1, 1)
    assert (joined.relation, joined.report.person_number, joined.report.repeat_number) == ("same_person", 1, 2)


def test_an_edit_keeps_its_writer_and_adds_his_other_number() -> None:
    facts = [
        report("1", contact_phone=LI),
        report("2", contact_phone=LI),
        report("1", NOISE + "昨晚又施工到两点。", contact_phone=WANG),
        report("3", contact_phone=WANG),
    ]
    revised, joined = run(facts)[-2:]
    assert isinstance(revised, ev.ReportRevised)
    assert isinstance(joined, ev.ReportJoined)
    assert (revised.report.person_number, revised.report.repeat_number) == (1, 1)  # its own number, not that of the newest one
    assert (joined.report.person_number, joined.report.repeat_number) == (1, 3)


KEPT_APART: list[dict[str, Any]] = [{"confidential": True}, {"category": "举报"}, {"category": "投诉举报"}, {"category": "舉報"}]


@pytest.mark.parametrize("fields", KEPT_APART)
def test_accusations_and_secrets_join_nobody_elses_case(fields: dict[str, Any]) -> None:
    founder = report("1", contact_phone=LI)
    assert names([founder, report("2", contact_phone=WANG)])[-1] == "report.joined"  # it would, without
    for stranger in (report("2", contact_phone=WANG, **fields), report("2", **fields)):
        assert names([founder, stranger])[2] == "case.opened"
    own = last_join([founder, report("2", contact_phone=LI, **fields)])
    assert own.relation == "same_person"


def test_an_anonymous_secret_joins_no_anonymous_case() -> None:
    assert names([report("1"), report("2", confidential=True)])[2] == "case.opened"


def test_a_quoted_number_of_a_stranger_opens_nobody_elses_case() -> None:
    events = run([report("1", contact_phone=LI), report("2", LAMPS, contact_phone=WANG, quoted_number="1")])
    assert [event_type(event) for event in events][2:] == ["case.opened", "join.suggested"]
    own = last_join([report("1", contact_phone=LI), report("2", LAMPS, contact_phone=LI, quoted_number="1")])
    assert own.case_id == case_id(report("1").report_id)


@pytest.mark.parametrize("secret", [{"confidential": True}, {"category": "举报"}], ids=["confidential", "accusation"])
def test_a_secret_case_attracts_nobody_else(secret: dict[str, Any]) -> None:
    """The same words of another person found a case of their own, and no word of the secret one stands in their evidence."""
    events = run([report("1", **PERSON_1, **secret), report("2", contact_phone=WANG), report("3", **PERSON_1)])
    opened = [event for event in events if isinstance(event, ev.CaseOpened)]
    assert [event.report.source_id for event in opened] == ["1", "2"]
    assert opened[1].nearest is None
    assert not [event for event in events if isinstance(event, ev.JoinSuggested)]
    # who wrote the secret one is known again there
    [joined] = [event for event in events if isinstance(event, ev.ReportJoined)]
    assert joined.relation == "same_person"
