"""Which reports belong together: tables of invented reports, rankings, vetoes, and the rules about persons and quoted numbers."""

import pytest

from dedup.keys import keys_of
from dedup.matcher import Matcher, compare
from dedup.policy import parse_policy
from dedup.reading import scan, source_of
from schemas.ids import case_id
from tests.dedup.build import EAGER, POLICY, changed, report, run
from tests.dedup.texts import (
    LIFT,
    METRO,
    PLANT,
    PLANT_COPY,
    PLANT_ELSEWHERE,
    PLANT_LETTER,
    PLANT_NOTE,
    PLANT_PETITION,
    ROAD,
    ROAD_AGAIN,
    SUBSIDY,
)


@pytest.mark.parametrize(
    ("first", "second", "action"),
    [
        (PLANT, PLANT_COPY, "join"),
        (PLANT, PLANT_LETTER, "join"),
        (PLANT_LETTER, PLANT, "suggest"),
        (PLANT_LETTER, PLANT_PETITION, "suggest"),
        (PLANT, PLANT_NOTE, "join"),
        (ROAD, ROAD_AGAIN, "join"),
        (METRO, METRO.replace("建议", "请问能不能把").replace("请规划部门考虑六号线东延", "盼复"), "join"),
        (PLANT, PLANT_ELSEWHERE, "suggest"),
        (PLANT, LIFT, "open"),
        (METRO, METRO.replace("六号线", "三号线"), "suggest"),
        (PLANT, SUBSIDY, "open"),
        (ROAD, METRO, "open"),
        (SUBSIDY, LIFT, "open"),
    ],
)
def test_two_reports(first: str, second: str, action: str) -> None:
    _, match = run([report("1", first), report("2", second, day=9)])
    assert match.action == action
    if action == "join":
        assert match.evidence is not None
        assert match.evidence.points >= match.evidence.line
        assert not any(measure.veto for measure in match.evidence.measures)
        assert match.suggestions == ()


@pytest.mark.parametrize(
    ("report_text", "nearer", "farther"),
    [
        (PLANT_NOTE, PLANT, LIFT),
        (PLANT_LETTER, PLANT, PLANT_ELSEWHERE),
        (PLANT_COPY, PLANT, PLANT_NOTE),
        (LIFT, "丽发新城3栋的电梯又停了，物业不管，请督促维修。", PLANT),
        (ROAD_AGAIN, ROAD, "湘府路上的路灯坏了三盏，请维修。"),
        (METRO, "盼地铁6号线通到动物园，方便市民。", "盼地铁3号线通到机场，方便市民。"),
    ],
)
def test_the_nearer_one_has_more_points(report_text: str, nearer: str, farther: str) -> None:
    new = report("new", report_text, day=5)
    assert compare(new, report("a", nearer), POLICY).points > compare(new, report("b", farther), POLICY).points


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("丽发新城3栋电梯坏了半个月没人修，老人上不了楼", "丽发新城5栋电梯坏了半个月没人修，老人上不了楼"),
        ("锦绣华庭一期交房延期，开发商不给说法", "锦绣华庭二期交房延期，开发商不给说法"),
        (METRO, METRO.replace("六号线", "三号线")),
        (PLANT, PLANT_ELSEWHERE),
        (PLANT, LIFT),
    ],
)
def test_look_alikes_are_not_joined(first: str, second: str) -> None:
    assert run([report("1", first), report("2", second, day=1)])[1].action != "join"


@pytest.mark.parametrize("name", ["numbers", "wishes", "places", "plates"])
def test_a_veto_of_the_pack_keeps_from_joining_whatever_the_points(name: str) -> None:
    policy = parse_policy(changed(vetoes=[name], lines={"join": -400, "review": -400, "nearest": -400, "quoted": -400, "tie": 400}))
    first, second = {
        "numbers": (METRO, METRO.replace("六号线", "三号线")),
        "wishes": ("支持在湖畔社区建垃圾中转站，方便大家", "反对在湖畔社区建垃圾中转站，气味太大"),
        "places": ("碧云公寓的热水太贵，请查一查", "湖畔公寓的热水太贵，请查一查"),
        "plates": ("湘a54321乱停在湖畔社区门口", "湘a12345乱停在湖畔社区门口"),
    }[name]
    match = run([report("1", first), report("2", second, day=1)], policy)[1]
    assert match.action == "suggest"
    assert [measure.name for measure in match.suggestions[0].measures if measure.veto] == [name]
    assert run([report("1", first), report("2", first, day=1)], policy)[1].action == "join"


def test_the_runner_up_stands_beside_the_chosen_case() -> None:
    plant, lift = report("1", PLANT), report("2", LIFT)
    match = run([plant, lift, report("3", PLANT_COPY, day=2)], EAGER)[2]
    assert match.action == "join"
    assert match.evidence is not None
    assert match.evidence.case_id == case_id(plant.report_id)
    assert match.evidence.runner_up_case_id == case_id(lift.report_id)
    assert match.evidence.runner_up_points is not None
    assert match.evidence.runner_up_points < match.evidence.points


def test_a_case_that_fell_silent_attracts_nothing() -> None:
    days = POLICY.window // 86_400
    assert run([report("1", PLANT), report("2", PLANT_COPY, day=days - 1)], EAGER)[1].action == "join"
    assert run([report("1", PLANT), report("2", PLANT_COPY, day=days + 1)], EAGER)[1].action == "open"
    kept_alive = [report("1", PLANT), report("2", PLANT_COPY, day=days - 1), report("3", PLANT_COPY, day=days + 1)]
    assert run(kept_alive, EAGER)[2].action == "join"


def test_no_more_than_three_suggestions_best_first() -> None:
    matcher = Matcher(POLICY)
    for number, estate in enumerate(("金科东方", "星河湾小区", "万科花园", "碧桂园", "恒大名都")):
        one = report(str(number), PLANT.replace("丽发新城", estate))
        matcher.place(one, case_id(one.report_id))
    match = matcher.match(report("9", PLANT, day=1))
    assert match.action == "suggest"
    assert len(match.suggestions) == 3
    points = [one.points for one in match.suggestions]
    assert points == sorted(points, reverse=True)
    assert match.evidence == match.suggestions[0]


def test_excluded_cases_are_not_proposed() -> None:
    plant = report("1", PLANT)
    matcher = Matcher(EAGER)
    matcher.place(plant, case_id(plant.report_id))
    assert matcher.match(report("2", PLANT_COPY), exclude_cases={case_id(plant.report_id)}).action == "open"


def test_a_person_alone_is_no_reason_to_join() -> None:
    plant = report("1", PLANT, phone="13900000001")
    match = run([plant, report("2", SUBSIDY, day=1, phone="13900000001")], EAGER)[1]
    assert match.action == "open"


def test_accusations_join_only_the_same_persons_case() -> None:
    matcher = Matcher(EAGER)
    plant = report("1", PLANT, phone="13900000001")
    matcher.place(plant, case_id(plant.report_id))
    other, same, nameless = (report("2", PLANT_COPY, day=1, phone=phone) for phone in ("13900000002", "13900000001", None))
    assert matcher.match(other, only_same_person=True).action == "suggest"
    assert matcher.match(nameless, only_same_person=True).action == "suggest"
    assert matcher.match(same, only_same_person=True).action == "join"


@pytest.mark.parametrize(
    ("body", "phone", "action"),
    [
        ("之前反映的事情还是没有人处理，请催办。", "13900000001", "join"),
        ("之前反映的事情还是没有人处理，请催办。", "13900000002", "suggest"),
        ("之前反映的事情还是没有人处理，请催办。", None, "suggest"),
        (PLANT_NOTE, "13900000002", "join"),
    ],
)
def test_a_quoted_number_needs_the_same_person_or_likeness(body: str, phone: str | None, action: str) -> None:
    plant = report("20260302001", PLANT, phone="13900000001")
    match = run([plant, report("2", body, day=3, phone=phone, quoted="20260302001")], EAGER)[1]
    assert match.action == action
    assert match.evidence is not None
    assert "来件引用编号 20260302001，即对方的编号" in {measure.sentence for measure in match.evidence.measures}


def test_an_unknown_quoted_number_changes_nothing() -> None:
    plain, quoting = (run([report("1", PLANT), report("2", PLANT_NOTE, day=1, quoted=quoted)], EAGER)[1] for quoted in (None, "404"))
    assert plain.evidence == quoting.evidence


def test_a_withdrawn_report_is_not_found_and_its_case_lives_on() -> None:
    founder, second = report("1", PLANT), report("2", PLANT_COPY, day=1)
    matcher = Matcher(EAGER)
    run([founder, second], matcher=matcher)
    matcher.remove(founder.report_id)
    assert matcher.case_of(founder.report_id) is None
    assert matcher.case_of(second.report_id) == case_id(founder.report_id)
    match = matcher.match(report("3", PLANT_NOTE, day=2))
    assert match.evidence is not None
    assert (match.evidence.case_id, match.evidence.report_id) == (case_id(founder.report_id), second.report_id)
    matcher.remove(founder.report_id)  # once more is no error


def test_a_revised_report_is_found_by_its_new_text_only() -> None:
    first, edited = report("1", PLANT), report("1", ROAD)
    matcher = Matcher(EAGER)
    matcher.place(first, case_id(first.report_id))
    matcher.place(edited, case_id(first.report_id))
    assert matcher.match(report("2", PLANT_COPY)).action == "open"
    assert matcher.match(report("2", ROAD_AGAIN)).action == "join"


def test_the_founder_of_a_growing_case_stays_findable() -> None:
    matcher = Matcher(EAGER)
    founder = report("0", PLANT)
    run([founder, *(report(str(number), PLANT_COPY, day=number) for number in range(1, 60))], matcher=matcher)
    row = matcher.table.row_of(founder.report_id)
    seen = scan(source_of(report("98", PLANT)), POLICY)
    rows, _ = matcher.ring.find(keys_of(seen, POLICY).asked, keys_of(seen, POLICY).weights)
    assert row in rows.tolist()
    match = matcher.match(report("99", PLANT, day=30))
    assert match.evidence is not None
    assert match.evidence.case_id == case_id(founder.report_id)


def test_a_report_that_ties_two_cases_together_says_so() -> None:
    matcher = Matcher(EAGER)
    for number in ("1", "2"):
        one = report(number, PLANT)
        matcher.place(one, case_id(one.report_id))
    match = matcher.match(report("3", PLANT_COPY, day=1))
    assert match.action == "join"
    assert match.evidence is not None
    assert [tie.case_id for tie in match.ties] == [case_id(report("1", PLANT).report_id)]
    assert match.evidence.case_id == case_id(report("2", PLANT).report_id)  # equal points: the newer report's case


def test_reports_kept_apart() -> None:
    matcher = Matcher(EAGER)
    plant, copy = report("1", PLANT), report("2", PLANT_COPY, day=1)
    matcher.place(plant, case_id(plant.report_id))
    assert matcher.match(copy).action == "join"
    matcher.keep_apart(copy.report_id, plant.report_id)
    match = matcher.match(copy)
    assert (match.action, match.suggestions) == ("open", ())


def test_a_mass_petition_for_different_estates_is_not_one_case() -> None:
    """The same letter from many estates: suggested perhaps, never joined, in bounded time."""
    estates = [
        "丽发新城",
        "金科花园",
        "星河湾小区",
        "湖畔云庭",
        "枫林公寓",
        "碧桂豪园",
        "恒大名都",
        "万科紫台",
        "保利香槟苑",
        "润和佳苑",
        "八方小区",
        "中海国际",
    ]
    letter = "我们是{0}的业主，{0}小区的供暖从去年冬天起一直不足，室温只有十四度，供热公司推给开发商，开发商推给物业，请政府出面协调。"
    matches = run([report(str(number), letter.format(estate), day=number / 10) for number, estate in enumerate(estates)])
    assert [match.action for match in matches].count("join") <= 1


def test_the_same_letter_a_thousand_times_is_one_case() -> None:
    matches = run([report(str(number), PLANT, day=number / 100) for number in range(300)])
    assert [match.action for match in matches] == ["open", *["join"] * 299]
