"""Which reports belong together: tables of invented reports, rankings, vetoes, and the rules about persons and quoted numbers."""

import pytest

from dedup.matcher import Matcher, compare
from dedup.policy import parse_policy
from schemas.ids import case_id
from tests.dedup.build import POLICY, changed, report, run

PLANT = "市民来电反映，丽发新城旁边的混凝土搅拌站每天夜里十一点以后还在生产，噪音很大，粉尘飘进家里，老人小孩睡不着。诉求：要求环保部门查处搅拌站。"
PLANT_COPY = "丽发新城旁边的混凝土搅拌站每天夜里十一点以后还在生产，噪音很大，粉尘飘进家里，老人小孩睡不着，要求环保部门查处搅拌站。"
PLANT_LETTER = (
    "尊敬的市长：我是丽发新城的业主。去年底小区北面建起一座混凝土搅拌站，离最近的居民楼不到八十米。白天粉尘大，阳台半天就是一层灰；"
    "夜里罐车进出，搅拌的噪音一直响到凌晨两三点，家里有高考的孩子，根本没法休息。我们给环保局打过几次电话，都说已经转办，至今没有结果。"
    "恳请市里派人实地测一测粉尘和噪音，该停的停，该搬的搬。"
)
PLANT_PETITION = (
    "本人系丽发新城住户，现反映小区北侧混凝土搅拌站违法建设、夜间生产扰民一事：一、粉尘；二、噪音；三、罐车压坏道路。请求依法关停搬迁。"
)
PLANT_NOTE = "丽发新城居民来电，称小区旁的搅拌站夜间施工噪音大、灰尘大，影响休息，希望查处。"
PLANT_ELSEWHERE = "市民来电反映，金科东方旁边的混凝土搅拌站每天夜里十一点以后还在生产，噪音很大，粉尘飘进家里，老人小孩睡不着。诉求：要求环保部门查处搅拌站。"
LIFT = "丽发新城业主来电，小区电梯上个月坏了三次，物业说没有维修基金，一直不修。诉求：督促物业尽快维修电梯。"
SUBSIDY = "市民来电咨询灵活就业人员社保补贴今年什么时候发放，去年是九月到账的。"
ROAD = "湘府路与韶山路交叉口东北角的人行道塌陷，形成一个半米深的坑，晚上没有路灯，已有老人摔倒，请尽快回填修复。"
ROAD_AGAIN = "再次来电反映湘府路韶山路口人行道塌陷的坑，一个星期了没有人来修，晚上看不见，很危险，请市政部门尽快处理。"
METRO = "建议地铁六号线延伸到动物园，周末去动物园的市民太多，公交车挤不上去，停车也没有地方，请规划部门考虑六号线东延。"


@pytest.mark.parametrize(
    ("first", "second", "action"),
    [
        (PLANT, PLANT_COPY, "join"),
        (PLANT, PLANT_LETTER, "join"),
        (PLANT_LETTER, PLANT, "join"),
        (PLANT_LETTER, PLANT_PETITION, "join"),
        (PLANT, PLANT_NOTE, "join"),
        (ROAD, ROAD_AGAIN, "join"),
        (METRO, METRO.replace("建议", "请问能不能把").replace("请规划部门考虑六号线东延", "盼复"), "join"),
        (PLANT, PLANT_ELSEWHERE, "suggest"),
        (PLANT, LIFT, "suggest"),
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
    ("first", "second", "name", "words"),
    [
        ("丽发新城3栋电梯坏了半个月没人修，老人上不了楼", "丽发新城5栋电梯坏了半个月没人修，老人上不了楼", "numbers", "楼栋不同：5栋／3栋"),
        ("锦绣华庭一期交房延期，开发商不给说法", "锦绣华庭二期交房延期，开发商不给说法", "numbers", "分期不同：2期／1期"),
        (METRO, METRO.replace("六号线", "三号线"), "numbers", "线路不同：3号线／6号线"),
        ("支持在湖畔社区建垃圾中转站，方便大家", "反对在湖畔社区建垃圾中转站，气味太大", "wishes", "诉求方向相反：反对／支持"),
        (PLANT, PLANT_ELSEWHERE, "names", "名称不同：「金科东方」／「丽发新城」"),
        (PLANT, LIFT, "topic", "除名称外只有"),
    ],
)
def test_a_veto_says_both_values_and_keeps_from_joining(first: str, second: str, name: str, words: str) -> None:
    old, new = report("1", first), report("2", second, day=1)
    vetoes = {measure.name: measure.sentence for measure in compare(new, old, POLICY).measures if measure.veto}
    assert words in vetoes[name]
    assert run([old, new])[1].action != "join"


def test_reasons_add_up_and_say_both_values() -> None:
    evidence = compare(report("2", PLANT_NOTE, day=23), report("1", PLANT), POLICY)
    assert evidence.points == sum(measure.points for measure in evidence.measures)
    sentences = " ".join(measure.sentence for measure in evidence.measures)
    assert "同一名称「丽发新城」" in sentences
    assert "文字重合" in sentences


def test_the_runner_up_stands_beside_the_chosen_case() -> None:
    plant, lift = report("1", PLANT), report("2", LIFT)
    match = run([plant, lift, report("3", PLANT_COPY, day=2)])[2]
    assert match.action == "join"
    assert match.evidence is not None
    assert match.evidence.case_id == case_id(plant.report_id)
    assert match.evidence.runner_up_case_id == case_id(lift.report_id)
    assert match.evidence.runner_up_points is not None
    assert match.evidence.runner_up_points < match.evidence.points


def test_two_equally_near_cases_are_left_to_a_person() -> None:
    matcher = Matcher(POLICY)
    for number in ("1", "2"):
        one = report(number, PLANT)
        matcher.place(one, case_id(one.report_id))
    match = matcher.match(report("3", PLANT_COPY, day=1))
    assert match.action == "suggest"
    # equal points: the newer report's case comes first
    assert [one.case_id for one in match.suggestions] == [case_id(report(number, PLANT).report_id) for number in ("2", "1")]


def test_a_case_that_fell_silent_attracts_nothing() -> None:
    days = POLICY.window // 86_400
    assert run([report("1", PLANT), report("2", PLANT_COPY, day=days - 1)])[1].action == "join"
    assert run([report("1", PLANT), report("2", PLANT_COPY, day=days + 1)])[1].action == "open"
    kept_alive = [report("1", PLANT), report("2", PLANT_COPY, day=days - 1), report("3", PLANT_COPY, day=days + 1)]
    assert run(kept_alive)[2].action == "join"


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
    matcher = Matcher(POLICY)
    matcher.place(plant, case_id(plant.report_id))
    assert matcher.match(report("2", PLANT_COPY), exclude_cases={case_id(plant.report_id)}).action == "open"


def test_a_person_alone_is_no_reason_to_join() -> None:
    plant = report("1", PLANT, phone="13900000001")
    match = run([plant, report("2", SUBSIDY, day=1, phone="13900000001")])[1]
    assert match.action == "open"


def test_accusations_join_only_the_same_persons_case() -> None:
    matcher = Matcher(POLICY)
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
    match = run([plant, report("2", body, day=3, phone=phone, quoted="20260302001")])[1]
    assert match.action == action
    assert match.evidence is not None
    assert "来件引用编号 20260302001，即对方的编号" in {measure.sentence for measure in match.evidence.measures}


def test_an_unknown_quoted_number_changes_nothing() -> None:
    plain, quoting = (run([report("1", PLANT), report("2", PLANT_NOTE, day=1, quoted=quoted)])[1] for quoted in (None, "404"))
    assert plain.evidence == quoting.evidence


def test_a_withdrawn_report_is_not_found_and_its_case_lives_on() -> None:
    founder, second = report("1", PLANT), report("2", PLANT_COPY, day=1)
    matcher = Matcher(POLICY)
    run([founder, second], matcher=matcher)
    matcher.remove(founder.report_id)
    assert matcher.case_of(founder.report_id) is None
    assert matcher.case_of(second.report_id) == case_id(founder.report_id)
    match = matcher.match(report("3", PLANT_NOTE, day=2))
    assert match.evidence is not None
    assert (match.evidence.case_id, match.evidence.report_id) == (case_id(founder.report_id), second.report_id)
    with pytest.raises(KeyError):
        matcher.remove(founder.report_id)


def test_a_revised_report_is_found_by_its_new_text_only() -> None:
    first, edited = report("1", PLANT), report("1", ROAD)
    matcher = Matcher(POLICY)
    matcher.place(first, case_id(first.report_id))
    matcher.place(edited, case_id(first.report_id))
    assert matcher.match(report("2", PLANT_COPY)).action == "open"
    assert matcher.match(report("2", ROAD_AGAIN)).action == "join"


def test_the_founder_of_a_growing_case_stays_findable() -> None:
    policy = parse_policy(changed(limits={"postings": 4}))
    matcher = Matcher(policy)
    founder = report("0", PLANT)
    run([founder, *(report(str(number), PLANT_COPY, day=number) for number in range(1, 30))], policy, matcher)
    match = matcher.match(report("99", PLANT, day=30))
    assert match.evidence is not None
    assert match.evidence.case_id == case_id(founder.report_id)
    assert matcher._slots[founder.report_id] in matcher._candidates(matcher._features_of(report("98", PLANT)), frozenset())
