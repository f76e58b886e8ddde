"""What must hold for any reports: reading changes nothing, taking back restores, the same decisions everywhere, bounds are kept."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.matcher import Matcher
from dedup.policy import parse_policy
from schemas.ids import case_id
from schemas.journal import ReportReceived
from tests.dedup.build import POLICY, changed, report, run

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


def state(matcher: Matcher) -> tuple[object, ...]:
    cases = {case: (tuple(one.members), one.newest) for case, one in matcher._cases.items()}
    indexes = [dict(index._slots) for index in (matcher._bigrams, matcher._persons, matcher._numbers)]
    return matcher._next, dict(matcher._slots), dict(matcher._case_ids), dict(matcher._features), cases, indexes


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
    parts = [f"{m.action} {m.evidence.to_json() if m.evidence else ''!r} {m.suggestions!r}" for m in run(generated(200))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@given(streams, texts)
@settings(max_examples=40, deadline=None)
def test_match_changes_nothing(drawn: list[tuple[str, int, str | None]], body: str) -> None:
    matcher = Matcher(POLICY)
    run(reports_of(drawn), matcher=matcher)
    before = state(matcher)
    one = report("new", body, day=100, phone="13900000001", quoted="0")
    first = matcher.match(one)
    assert state(matcher) == before
    assert matcher.match(one) == first


@given(streams, texts, texts)
@settings(max_examples=40, deadline=None)
def test_place_and_remove_leave_no_trace(drawn: list[tuple[str, int, str | None]], body: str, asked: str) -> None:
    matcher = Matcher(POLICY)
    run(reports_of(drawn), matcher=matcher)
    question, passing = report("question", asked, day=90), report("passing", body, day=90)
    before, index = matcher.match(question), dict(matcher._bigrams._slots)
    matcher.place(passing, case_id(passing.report_id))
    matcher.remove(passing.report_id)
    assert matcher.match(question) == before
    assert matcher._bigrams._slots == index
    assert matcher.case_of(passing.report_id) is None


@given(streams)
@settings(max_examples=25, deadline=None)
def test_what_is_published_keeps_the_rules(drawn: list[tuple[str, int, str | None]]) -> None:
    lines = POLICY.lines
    for match in run(reports_of(drawn)):
        assert len(match.suggestions) <= 3
        assert (match.action == "suggest") == bool(match.suggestions)
        for evidence in match.suggestions:
            assert evidence.points >= lines.review
        if match.evidence is not None:
            assert match.evidence.points == sum(measure.points for measure in match.evidence.measures)
        if match.action == "join":
            assert match.evidence is not None
            assert match.evidence.points >= match.evidence.line == lines.join
            assert not any(measure.veto for measure in match.evidence.measures)


@given(st.lists(texts, min_size=1, max_size=60), st.integers(4, 9))
@settings(max_examples=20, deadline=None)
def test_posting_lists_are_bounded(bodies: list[str], bound: int) -> None:
    policy = parse_policy(changed(limits={"postings": bound}))
    matcher = Matcher(policy)
    run([report(str(number), body) for number, body in enumerate(bodies)], policy, matcher)
    assert max(map(len, matcher._bigrams._slots.values())) <= bound


def test_everything_removed_is_everything_forgotten() -> None:
    matcher = Matcher(POLICY)
    reports = generated(50)
    run(reports, matcher=matcher)
    for one in reports:
        matcher.remove(one.report_id)
    assert state(matcher)[1:] == state(Matcher(POLICY))[1:]


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
    actions = [match.action for match in run(generated(200))]
    assert {"join", "suggest", "open"} <= set(actions)
