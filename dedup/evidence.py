"""Reasons in words (判重依据): sentences for a clerk, with both values. Built only for what ends up in an event or is asked for."""

from collections.abc import Callable, Iterable

from dedup.measures import Line, Pair, beyond_names, conflicts, kind_of, missing, opposite, quotes, same_name, substituted, vetoes_of
from dedup.policy import Policy
from schemas.events import Evidence, Measure

PERSONS = {
    -1: "至少一方没有可比的身份信息",
    0: "身份信息不同，不是同一人",
    1: "同一账号",
    2: "同一人（电话或证件号相同）",
}
KIND_NAMES = {"栋": "楼栋", "期": "分期", "号线": "线路", "标段": "标段", "路": "公交线路", "道": "道路编号"}
Say = Callable[[Pair, int, int], str]


def evidence_of(pair: Pair, card: list[Line], policy: Policy, case_id: str, line: int) -> Evidence:
    """A pair and its card -> evidence that the newer report is of the older one's case, or not. Measures without points are left out."""
    found = [Measure(name=name, points=points, sentence=SENTENCES[name](pair, u, v)) for name, u, v, points in card if points]
    if quotes(pair):
        found.append(Measure(name="quoted", points=0, sentence=f"来件引用编号 {pair.new.quoted_number}，即对方的编号"))
    vetoes = [Measure(name=name, points=0, sentence=VETO_SENTENCES[name](pair, policy), veto=True) for name in vetoes_of(pair, policy)]
    points = sum(measure.points for measure in found)
    return Evidence(case_id=case_id, report_id=pair.old.report_id, points=points, line=line, measures=(*found, *vetoes))


def _percent(permille: int) -> str:
    return "无" if permille < 0 else f"{permille // 10}%"


def _listed(items: Iterable[str]) -> str:
    return "、".join(sorted(items)) or "无"


def _names(pair: Pair, _u: int, _v: int) -> str:
    if shared := same_name(pair)[1]:
        return f"同一名称「{shared}」"
    one, two = (next((f"「{name}」" for name, _ in missing(a, b)), "无") for a, b in ((pair.new, pair.old), (pair.old, pair.new)))
    return f"没有同一名称：{one}／{two}"


def _numbers(pair: Pair, _u: int, _v: int) -> str:
    if same := pair.new.numbers & pair.old.numbers:
        return f"编号相同：{_listed(same)}"
    return f"编号：{_listed(pair.new.numbers)}／{_listed(pair.old.numbers)}"


SENTENCES: dict[str, Say] = {
    "text": lambda _, u, v: f"文字重合 {_percent(u)}，篇幅比 {v}%",
    "containment": lambda _, u, _v: f"短文的 {_percent(u)} 见于长文",
    "subject": lambda _, u, v: f"主题词互见 {_percent(u)}／{_percent(v)}",
    "named": lambda _, u, v: f"地名和单位互见 {_percent(u)}／{_percent(v)}",
    "names": _names,
    "order": lambda _, u, _v: f"标题或首句同序 {max(u, 0)}%",
    "numbers": _numbers,
    "person": lambda _, u, _v: PERSONS[u],
    "gap": lambda _, u, _v: f"相隔 {u} 天",
    "wishes": lambda _, u, _v: "诉求方向相反" if u else "诉求方向没有相反",
}


def _substituted(pair: Pair, _: Policy) -> str:
    one, two = substituted(pair) or ("", "")
    return f"名称不同：「{one}」／「{two}」"


def _different_numbers(pair: Pair, _: Policy) -> str:
    parts = []
    for kind in conflicts(pair):
        one, two = (_listed(item for item in side.numbers if kind_of(item) == kind) for side in (pair.new, pair.old))
        parts.append(f"{KIND_NAMES.get(kind, kind)}不同：{one}／{two}")
    return "；".join(parts)


def _opposite_wishes(pair: Pair, policy: Policy) -> str:
    about = opposite(pair)
    about |= about << 1
    one, two = (
        _listed(word for word, bit in policy.wish_bits.items() if bit & about & side.wishes and word in side.plain)
        for side in (pair.new, pair.old)
    )
    return f"诉求方向相反：{one}／{two}"


VETO_SENTENCES: dict[str, Callable[[Pair, Policy], str]] = {
    "names": _substituted,
    "topic": lambda pair, _: f"除名称外只有 {_percent(beyond_names(pair))} 相同，可能是同一地点的另一件事",
    "numbers": _different_numbers,
    "wishes": _opposite_wishes,
}
