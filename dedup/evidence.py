"""Reasons in words (判重依据): sentences for a clerk, with both values. Built only for what ends up in an event or is asked for."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from dedup.entities import unit_of
from dedup.measures import FEATURES, MEASURES, measure_sums
from dedup.measures.names import shared_names, unheard
from dedup.model import Model, rounded
from dedup.pair import UNKNOWN, Pair, passages, quotes
from dedup.policy import Policy
from dedup.reading import Name, Reading
from dedup.vetoes import exchanged, other_numbers, other_places, vetoes_of
from schemas.events import Evidence, Measure

CHANNELS = {"hotline": "热线", "mailbox": "信箱", "board": "留言板", "petition": "信访"}
PERSONS = {
    UNKNOWN: "至少一方没有可比的身份信息",
    0: "身份信息不同，看不出是同一人",
    1: "同一账号",
    2: "同一人（电话或证件号相同）",
}
UNITS = {"栋": "楼栋", "期": "分期", "号线": "线路", "标段": "标段", "路": "公交线路", "道": "道路编号", "单元": "单元"}
FRAGMENTS, FRAGMENT_MAX, HEAD_SHOWN, ASK_SHOWN = 2, 12, 18, 20
Said = dict[str, int]


def evidence_of(
    pair: Pair, values: npt.NDArray[np.int32], policy: Policy, case_id: str, line: int, *, points: int, case_points: int, others: int
) -> Evidence:
    """A pair and its values -> evidence that the newer report is of the older one's case, or not. Measures without points are left out.

    `points`: of the pair; `case_points`: those of the case, which is more than this pair; `others`: how many further members were compared.
    """
    found = [measure for measure in _measures(pair, values, policy, points) if measure.points]
    if case_points != points:
        sentence = f"本案另有 {others} 件也比过，不如这一件相近"
        found.append(Measure(name="members", points=case_points - points, sentence=sentence))
    if quotes(pair):
        found.append(Measure(name="quoted", points=0, sentence=f"来件引用编号 {pair.new.quoted_number}，即对方的编号"))
    against = [Measure(name=name, points=0, sentence=VETOES[name](pair), veto=True) for name in vetoes_of(pair, policy.vetoes)]
    return Evidence(case_id=case_id, report_id=pair.old.report_id, points=case_points, line=line, measures=(*found, *against))


def _measures(pair: Pair, values: npt.NDArray[np.int32], policy: Policy, points: int) -> list[Measure]:
    said = dict(zip(FEATURES, values.tolist(), strict=True))
    worths = rounded(measure_sums(contributions(policy.model, values)), points)
    return [
        Measure(name=measure.name, points=worth, sentence=SENTENCES[measure.name](pair, said))
        for measure, worth in zip(MEASURES, worths, strict=True)
    ]


def contributions(model: Model, values: npt.NDArray[np.int32]) -> list[int]:
    """1/100 points of each feature, in the order of FEATURES; those that the model does not use have none."""
    mine = dict(zip(model.features, model.contributions(model.chosen(values[None])[0]).tolist(), strict=True))
    return [mine.get(name, 0) for name in FEATURES]


def _percent(permille: int) -> str:
    return "无从比较" if permille < 0 else f"{permille // 10}%"


def _quoted(items: Iterable[str]) -> str:
    return "".join(f"「{item}」" for item in items) or "无"


def _listed(items: Iterable[str]) -> str:
    return "、".join(sorted(items)) or "无"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _text(pair: Pair, said: Said) -> str:
    common = [_cut(passage.text, FRAGMENT_MAX) for passage in passages(pair, FRAGMENTS) if len(passage.text) > 1]
    shown = f"，如{_quoted(common)}" if common else ""
    return f"文字重合 {_percent(said['text.cosine'])}，短文的 {_percent(said['text.contained'])} 见于长文{shown}"


def _subject(pair: Pair, said: Said) -> str:
    one, two = _cut(pair.new.head, HEAD_SHOWN), _cut(pair.old.head, HEAD_SHOWN)
    return f"来件主题「{one}」在对方见到 {_percent(said['subject.of_new'])}，对方主题「{two}」在来件见到 {_percent(said['subject.of_old'])}"


def _names(pair: Pair, _: Said) -> str:
    shared = sorted(shared_names(pair), key=lambda name: (-name.weight, name.text))
    if shared:
        return f"同一名称{_quoted(name.text for name in shared[:2])}"
    one, two = _heaviest(unheard(pair.new, pair.old)), _heaviest(unheard(pair.old, pair.new))
    return f"名称不同：来件{one}，对方{two}" if one != two else "双方都没有可比的名称"


def _heaviest(names: Iterable[Name]) -> str:
    ordered = sorted(names, key=lambda name: (-name.weight, name.text))
    return f"「{ordered[0].text}」" if ordered else "未提名称"


def _sound(pair: Pair, said: Said) -> str:
    alike = _alike(pair)
    return f"读音重合 {_percent(said['sound.cosine'])}" + (f"，「{alike[0]}」与「{alike[1]}」读音相近" if alike else "")


def _alike(pair: Pair) -> tuple[str, str] | None:
    for mine in pair.new.lead_names:
        for other in pair.old.lead_names:
            if mine.text != other.text and (mine.sounds & other.sounds) and len(mine.sounds ^ other.sounds) <= 2:
                return mine.text, other.text
    return None


def _meaning(_: Pair, said: Said) -> str:
    return f"用词相近：来件的 {_percent(said['meaning.of_new'])} 见于对方，对方的 {_percent(said['meaning.of_old'])} 见于来件"


def _problem(pair: Pair, _: Said) -> str:
    shared = sorted(pair.new.head_problems & pair.old.problems.keys() or pair.new.problems.keys() & pair.old.head_problems)
    one, two = _leading(pair.new), _leading(pair.old)
    if one == two != "":
        words = f"，都说到{_quoted(shared[:2])}" if shared else ""
        return f"同类问题「{one}」{words}"
    if not one or not two:
        return f"问题类型无从比较：来件{_quoted([one] if one else [])}，对方{_quoted([two] if two else [])}"
    return f"问题类型不同：来件「{one}」，对方「{two}」" + (f"，但都说到{_quoted(shared[:2])}" if shared else "")


def _leading(reading: Reading) -> str:
    return reading.head_types.leading or reading.types.leading


def _demand(pair: Pair, said: Said) -> str:
    one, two = _cut(pair.new.ask, ASK_SHOWN), _cut(pair.old.ask, ASK_SHOWN)
    return f"诉求互见 {_percent(said['demand.words_min'])}：来件「{one}」，对方「{two}」"


def _numbers(pair: Pair, _: Said) -> str:
    one, two = _numbered(pair.new), _numbered(pair.old)
    if one & two:
        return f"编号相同：{_listed(one & two)}"
    same = pair.new.numbers & pair.old.numbers
    if same:
        return f"数字相同：{_listed(same)}"
    return f"编号：来件{_listed(one)}，对方{_listed(two)}"


def _numbered(reading: Reading) -> frozenset[str]:
    return reading.lines | reading.buildings | reading.plates


def _stance(pair: Pair, said: Said) -> str:
    one, two = _listed(pair.new.agrees - pair.old.agrees), _listed(pair.old.agrees - pair.new.agrees)
    if said["stance.opposite"] or said["stance.against"]:
        return f"态度相反：来件{_listed(pair.new.agrees | pair.new.opposes)}，对方{_listed(pair.old.agrees | pair.old.opposes)}"
    return f"态度用语：来件{one}，对方{two}" if one != two else "态度用语没有差别"


def _form(pair: Pair, _: Said) -> str:
    sides = [
        f"{CHANNELS.get(side.channel, side.channel)} {len(side.plain)} 字{'（称曾反映过）' if side.chases else ''}"
        for side in (pair.new, pair.old)
    ]
    return f"来件{sides[0]}，对方{sides[1]}"


SENTENCES: dict[str, Callable[[Pair, Said], str]] = {
    "text": _text,
    "subject": _subject,
    "names": _names,
    "sound": _sound,
    "meaning": _meaning,
    "problem": _problem,
    "demand": _demand,
    "numbers": _numbers,
    "stance": _stance,
    "person": lambda _, said: PERSONS[said["person.same"]],
    "gap": lambda pair, _: f"相隔 {abs(pair.new.time - pair.old.time) // 86_400} 天",
    "form": _form,
}


def _different_numbers(pair: Pair) -> str:
    parts = []
    for unit in other_numbers(pair):
        one, two = (_listed(item for item in side.lead_numbers if unit_of(item) == unit) for side in (pair.new, pair.old))
        parts.append(f"{UNITS.get(unit, unit)}不同：来件{one}，对方{two}")
    return "；".join(parts)


def _different_places(pair: Pair) -> str:
    mine, other = other_places(pair)[0]
    return f"名称不同：来件「{mine.text}」，对方「{other.text}」"


def _exchanged(pair: Pair) -> str:
    mine, other = exchanged(pair) or ("", "")
    return f"文字几乎相同，只是名称换了：来件「{mine}」，对方「{other}」"


VETOES: dict[str, Callable[[Pair], str]] = {
    "exchanged": _exchanged,
    "places": _different_places,
    "numbers": _different_numbers,
    "wishes": lambda pair: (
        f"诉求方向相反：来件{_listed(pair.new.agrees | pair.new.opposes)}，对方{_listed(pair.old.agrees | pair.old.opposes)}"
    ),
    "plates": lambda pair: f"车牌不同：来件{_listed(pair.new.plates)}，对方{_listed(pair.old.plates)}",
}
