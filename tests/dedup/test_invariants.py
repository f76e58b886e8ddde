"""What must hold for any reports: reading changes nothing, taking back restores, the same decisions everywhere, bounds are kept."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.kernels import NUMPY, Kernels
from dedup.matcher import Matcher
from dedup.snapshot import freeze, thaw
from schemas.ids import case_id
from schemas.journal import ReportReceived
from streams.shell.kernels import fastest
from tests.dedup.build import EAGER, report, run

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("丽发新城", "星河湾小区", "湘府路", "韶山南路", "福元社区", "长虹机械厂", "麓谷中学", "梅岭镇清水村")
MATTERS = (
    "夜间施工噪音扰民",
    "路灯坏了没人修",
    "垃圾堆在门口发臭",
    "物业乱收停车费",
    "水管爆裂停水两天",
    "拖欠农民工工资",
    "公交车一小时一班",
)
DETAILS = (
    "已经打过几次电话",
    "老人和小孩无法休息",
    "3栋的住户都受影响",
    "5栋楼下最严重",
    "希望尽快处理",
    "请给书面答复",
    "从去年国庆一直到现在",
)

texts = st.builds(
    lambda place, matter, details: "，".join((f"{place}{matter}", *details)),
    st.sampled_from(PLACES),
    st.sampled_from(MATTERS),
    st.lists(st.sampled_from(DETAILS), max_size=3),
)
streams = st.lists(st.tuples(texts, st.integers(0, 250), st.sampled_from((None, "13900000001", "13900000002"))), min_size=1, max_size=25)


def reports_of(drawn: list[tuple[str, int, str | None]]) -> list[ReportReceived]:
    return [report(str(number), body, day=day, phone=phone) for number, (body, day, phone) in enumerate(drawn)]


def state(matcher: Matcher) -> bytes:
    """Everything that a decision may depend on."""
    frozen = freeze(matcher)
    return repr(frozen.small).encode() + b"".join(array.tobytes() for array in frozen.arrays.values())


def generated(count: int) -> list[ReportReceived]:
    """Reports without chance: every choice is a digest of the number."""
    found = []
    for number in range(count):
        draw = hashlib.sha256(str(number).encode()).digest()
        details = [DETAILS[byte % len(DETAILS)] for byte in draw[3 : 3 + draw[2] % 4]]
        body = "，".join((f"{PLACES[draw[0] % len(PLACES)]}{MATTERS[draw[1] % len(MATTERS)]}", *details))
        found.append(
            report(str(number), body, day=number / 2, phone=f"1390000{draw[8] % 20:04}", quoted=str(draw[9]) if draw[10] < 20 else None)
        )
    return found


def digest_of_decisions() -> str:
    parts = [f"{m.action} {m.evidence.to_json() if m.evidence else ''!r} {m.suggestions!r}" for m in run(generated(200), EAGER)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@given(streams, texts)
@settings(max_examples=40, deadline=None)
def test_match_changes_nothing(drawn: list[tuple[str, int, str | None]], body: str) -> None:
    matcher = Matcher(EAGER)
    run(reports_of(drawn), matcher=matcher)
    before = state(matcher)
    one = report("new", body, day=100, phone="13900000001", quoted="0")
    first = matcher.match(one)
    assert state(matcher) == before
    assert matcher.match(one) == first


@given(streams, texts, texts)
@settings(max_examples=25, deadline=None)
def test_place_and_remove_leave_no_trace(drawn: list[tuple[str, int, str | None]], body: str, asked: str) -> None:
    matcher = Matcher(EAGER)
    run(reports_of(drawn), matcher=matcher)
    question, passing = report("question", asked, day=90), report("passing", body, day=90)
    before = matcher.match(question)
    matcher.place(passing, case_id(passing.report_id))
    matcher.remove(passing.report_id)
    assert matcher.match(question) == before
    assert matcher.case_of(passing.report_id) is None


@given(streams)
@settings(max_examples=25, deadline=None)
def test_what_is_published_keeps_the_rules(drawn: list[tuple[str, int, str | None]]) -> None:
    lines = EAGER.lines
    for match in run(reports_of(drawn), EAGER):
        assert len(match.suggestions) <= 3
        assert (match.action == "suggest") == bool(match.suggestions)
        for evidence in match.suggestions:
            assert evidence.points >= lines.review
        if match.evidence is not None:
            assert match.evidence.points == sum(measure.points for measure in match.evidence.measures)
        if match.action == "join":
            assert match.evidence is not None
            assert match.evidence.points >= match.evidence.line == lines.join
            assert all(tie.points >= lines.tie and tie.case_id != match.evidence.case_id for tie in match.ties)
            assert not any(measure.veto for measure in match.evidence.measures)


@given(streams, st.integers(0, 24), st.sampled_from((NUMPY, fastest())))
@settings(max_examples=20, deadline=None)
def test_snapshot_and_resume_at_any_point_decide_the_same(drawn: list[tuple[str, int, str | None]], stop: int, kernels: Kernels) -> None:
    reports = reports_of(drawn)
    straight, first = Matcher(EAGER), Matcher(EAGER)
    expected = run(reports, matcher=straight)
    before = run(reports[:stop], matcher=first)
    frozen = freeze(first)
    resumed = thaw(json.loads(json.dumps(frozen.small)), {name: array.copy() for name, array in frozen.arrays.items()}, EAGER, kernels)
    assert before + run(reports[stop:], matcher=resumed) == expected
    assert state(resumed) == state(straight)


@given(streams)
@settings(max_examples=20, deadline=None)
def test_numpy_and_numba_decide_the_same(drawn: list[tuple[str, int, str | None]]) -> None:
    reports = reports_of(drawn)
    assert run(reports, matcher=Matcher(EAGER, fastest())) == run(reports, matcher=Matcher(EAGER, NUMPY))


@given(streams, st.data())
@settings(max_examples=20, deadline=None)
def test_reports_kept_apart_are_never_joined_nor_suggested(drawn: list[tuple[str, int, str | None]], data: st.DataObject) -> None:
    reports = reports_of(drawn)
    numbers = st.integers(0, len(reports) - 1)
    apart = data.draw(st.lists(st.tuples(numbers, numbers), max_size=8))
    matcher = Matcher(EAGER)
    for one, two in apart:
        matcher.keep_apart(reports[one].report_id, reports[two].report_id)
    run(reports, matcher=matcher)
    for one, two in apart:
        if one != two:
            assert matcher.case_of(reports[one].report_id) != matcher.case_of(reports[two].report_id)


@given(streams)
@settings(max_examples=20, deadline=None)
def test_a_report_is_in_exactly_one_case(drawn: list[tuple[str, int, str | None]]) -> None:
    reports, matcher = reports_of(drawn), Matcher(EAGER)
    run([*reports, *reports[::2]], matcher=matcher)  # placed again: revised, not doubled
    table = matcher.table
    members = [row for case in range(1, table.case_rows) if case not in table.free_cases for row in table.members(case)]
    assert len(members) == len(set(members)) == len(reports) == table.count


def test_everything_removed_is_everything_forgotten() -> None:
    matcher = Matcher(EAGER)
    reports = generated(50)
    run(reports, matcher=matcher)
    for one in reports:
        matcher.remove(one.report_id)
        matcher.remove(one.report_id)  # once more is no error
    assert matcher.table.count == 0
    assert matcher.match(report("new", MATTERS[0])).action == "open"


def test_rows_of_silent_cases_are_used_again_and_memory_stays() -> None:
    matcher = Matcher(EAGER)
    days = EAGER.window // 86_400
    for number in range(3000):
        one = report(str(number), f"{PLACES[number % 8]}{MATTERS[number % 7]}第{number}次", day=number * days / 300)
        matcher.place(one, case_id(one.report_id))
    assert matcher.ring.bits == 10
    assert matcher.table.count <= 1023


def test_the_index_grows_while_its_cases_live() -> None:
    matcher = Matcher(EAGER)
    for number in range(1500):
        one = report(str(number), f"{PLACES[number % 8]}{MATTERS[number % 7]}第{number}次", day=number / 100)
        matcher.place(one, case_id(one.report_id))
    assert matcher.ring.bits == 11
    assert matcher.table.count == 1500
    assert matcher.case_of(report("0", "").report_id) is not None


def test_decisions_do_not_depend_on_the_hash_seed() -> None:
    program = "from tests.dedup.test_invariants import digest_of_decisions; print(digest_of_decisions())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "4242")
    }
    assert digests == {digest_of_decisions()}
    actions = [match.action for match in run(generated(200), EAGER)]
    assert {"join", "suggest", "open"} <= set(actions)
