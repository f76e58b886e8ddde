"""An endless stream of invented citizen reports for runs of 100 k to 5 M: each report is a pure function of (seed, number).

A report is clauses about a matter: a place from a name grammar, words of a problem, and filler from a word-order-1 Markov chain whose
counts (`statistics.json`) were learned from real messages. A transition is there only if five people used it, so no sentence can be
replayed. A repeat regenerates the earlier report's matter from its number; nothing is kept in memory but the tables.

    python -m bench.synthetic --make DATA_DIR    writes statistics.json anew
    python -m bench.synthetic --check DATA_DIR   compares the invented with the gold texts
    python -m bench.synthetic --show N           prints N reports, each with the earlier one that it goes back to
"""

import argparse
import json
import math
import re
import string
import time
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from statistics import fmean
from struct import unpack
from typing import Literal

Kind = Literal["new", "repeat", "near_miss", "mass"]

A_DAY = 2_000
"""Reports."""
REPEATS, NEAR_MISSES = 0.12, 0.08
COPIES = 0.15
"""Of the repeats: those that hardly differ."""
CAMPAIGN, BURST, IN_BURST = 30_000, 3_000, 0.1
"""A mass petition every so many reports; its reports are a tenth of a burst of that many: 1 % of all."""
CHANNELS = ("hotline", "board", "mailbox", "petition")
CHANNEL_SHARES = (45, 22, 20, 13)
NAMES = 40_000
ZIPF = 0.7
BOUND = 0.3
"""Weight that is left to a word of some topic where there is another: words come in bursts, 教育 in few reports and there often."""
LEXICON = 30_000
FLATTER = 0.8
"""Exponent of the words' counts where a word is drawn afresh: such words are what a report is about, not what holds it together."""

_STATISTICS = Path(__file__).with_name("statistics.json")
_DIGITS = string.digits + string.ascii_letters + "!#$%&()*+-./:;<=>?@[]^_`{|}~"
_SEEN_BY = 5
"""People who must have used a word or a transition before it may be committed."""
_BASE = len(_DIGITS)
_MOST_WORDS = 6_000
"""At most _BASE ** 2."""
_SIZES = (1, 2, 3)
"""Characters of a word."""
_LARGEST = 150_000
"""Bytes of statistics.json."""
_BROKEN = "\ufffd"
_HAN = re.compile(f"{_BROKEN}?[\u4e00-\u9fff]+{_BROKEN}?")
_CODES = re.compile(r"(?:西地省)?[A-Za-z]+[0-9]*[市区县]?|[0-9]+(?:\.[0-9]+)?[年月日号栋元点时分米楼个万多路%]*|西地省")
_END = "\n"
_HERE = "\0"
"""Stands in a clause where the place is named, so that a clause can be told of another place."""


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A report. `of` is the first report of the same matter (`repeat`), the report that it merely looks like (`near_miss`), or the
    first petition of the same campaign about other estates (`mass`: the same template, not the same case).
    """

    number: int
    title: str
    body: str
    channel: str
    day: float
    person: int | None
    of: int | None
    kind: Kind


# ---------------------------------------------------------------------------------------------------------------- names


def _said(text: str, silent: int = 0) -> list[str]:
    """The words, and nothing so many times."""
    return text.split() + [""] * silent


_STEMS = (
    "桂云晨枫丽湖江星南北东西文华安宁和平新城景阳春秋金银翠竹松柏兰亭海棠玉泉龙凤福祥康泰明月清风书香紫薇碧水青山石桥柳荷梅鹤雁梧桐"
    "万恒瑞盛嘉佳美润天地国际世纪长乐永兴富民德仁义信诚达通航鑫荣辉光宏博雅贤圣学府御珑湾岛岸滨林溪泊麓岭峰峻高远望观澜保利中大"
    "建工业人红旗幸向朝阳霞彩虹四季花果橘榴樱桃杏李杨樟榕槐楠枣茶稻谷麦田园圃坪塘坝洲洋渡口关铺驿营垅冲坡岗岩洞井沙浦港汇源"
)
_ESTATES = _said(
    "花园 小区 家园 苑 公馆 新村 名邸 雅苑 华府 新城 国际 佳园 名城 豪庭 嘉园 公寓 山庄 府 城 里 湾 名苑 领域 广场 时代 一号 天下 "
    "安置小区 宿舍 家属院 绿洲 半岛 壹品 悦府 上院 尚城 学府 花苑 景苑 水岸"
)
_ROADS = _said("路 路 路 大道 街 巷 东路 西路 南路 北路 中路 一路 二路 三路 立交桥 大桥 高架 隧道")
_SCHOOLS = _said("小学 中学 幼儿园 实验小学 实验中学 学校 职业学院 高级中学 附属小学 第一小学 第二中学 艺术幼儿园 技工学校 培训学校")
_TRADES = _said("物业 置业 房地产 建筑 教育 科技 食品 商贸 装饰 汽车 驾校 环保 劳务 建材 旅行社 金融 燃气 供水 健身 家政 传媒 医疗")
_BUILDINGS = _said(
    "大厦 医院 菜市场 公园 商场 建材市场 汽车站 购物中心 加油站 搅拌站 垃圾站 步行街 卫生院 酒店 体育馆 工业园 农贸市场 地铁站"
)
_VILLAGES = _said("村 村 村 社区 家村 家冲村 家湾村 塘村 岭村 桥村 坪村 山村 冲组 家坝村 湖村 屋场")
_FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭肖蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金"
_GREETINGS = frozenset(
    _said("您好 你好 尊敬的 尊敬 书记 书记您好 市长 领导 领导您好 谢谢 感谢 咨询 投诉 来电 市民 反映 请求 希望 恳请 诉求 要求 致敬 此致")
)
"""Words of the openings and the closings, which are not to be strewn over the filler."""
_CITY = "南岭市"
_PHASES = ("", "", "", "", "", "", "一期", "二期", "三期", "A区", "B区", "南区", "北区", "东苑")


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    short: str
    district: str
    estate: bool


def _stem(dice: Random) -> str:
    return "".join(dice.choice(_STEMS) for _ in range(dice.choice((2, 2, 2, 3, 4))))


def _name(dice: Random) -> tuple[str, str, bool]:
    """A name, how people shorten it, and whether it is an estate's."""
    sort = dice.choices(("estate", "road", "village", "school", "firm", "building", "line"), (42, 18, 12, 8, 11, 7, 2))[0]
    stem = _stem(dice)
    match sort:
        case "estate":
            name, short = stem + dice.choice(_ESTATES) + dice.choice(_PHASES), stem if len(stem) > 2 else stem + "小区"
        case "road":
            road = dice.choice(_ROADS)
            name, short = stem[:3] + road, stem[:3] + road[-1]
        case "village":
            name = short = (dice.choice(_FAMILIES) if dice.random() < 0.4 else stem[:2]) + dice.choice(_VILLAGES)
        case "school":
            name, short = stem + dice.choice(_SCHOOLS), stem + "学校"
        case "firm":
            name, short = stem + dice.choice(_TRADES) + dice.choice(("公司", "有限公司", "集团", "店", "")), stem + "公司"
        case "building":
            name, short = stem + dice.choice(_BUILDINGS), stem
        case _:
            line = dice.randrange(1, 990)
            metro = f"地铁{line % 12 + 1}号线"
            name, short = (f"{line}路公交车", f"{line}路") if dice.random() < 0.6 else (f"{metro}{stem}站", metro)
    return name, short, sort == "estate"


def _places(seed: int) -> list[_Place]:
    """Places, the best known first."""
    dice = Random(seed)
    districts = [_stem(dice)[:2] + dice.choice("区区区县市") for _ in range(12)]
    towns = [dice.choice(districts) + _stem(dice)[:2] + dice.choice(("街道", "街道", "镇", "乡")) for _ in range(150)]
    names: dict[str, _Place] = {}
    while len(names) < NAMES:
        name, short, estate = _name(dice)
        where = dice.choice(towns) if dice.random() < 0.4 else dice.choice(districts)
        names.setdefault(name, _Place(name, short, where, estate))
    return list(names.values())


def _misspelt(name: str, dice: Random) -> str:
    at = dice.randrange(len(name) - 1)
    if dice.random() < 0.3:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + dice.choice(_STEMS) + name[at + 1 :]


# --------------------------------------------------------------------------------------------------------------- tables


@dataclass(frozen=True, slots=True)
class _Problem:
    words: tuple[str, ...]
    topic: tuple[int, ...]
    """64 slots of filler words that go with it."""
    phrases: tuple[str, ...]
    """64 turns of phrase that many use about it: pieces of the chain, the same for all."""


@dataclass(frozen=True, slots=True)
class _Tables:
    """The statistics, laid out so that one draw of a few bits is one look-up."""

    words: list[str]
    ids: dict[str, int]
    rows: list[list[int]]
    """Per word 256 words that follow it."""
    starts: list[int]
    ends: list[int]
    common: list[int]
    lexicon: list[str]
    """Invented words, the commonest first: what the vocabulary of frequent words leaves out."""
    problems: list[_Problem]
    problem_slots: list[int]
    clause: list[int]
    lengths: dict[str, tuple[list[int], list[int]]]


def _slots(weights: Sequence[float], size: int, dice: Random) -> list[int]:
    """`size` indices in proportion to the weights. Shuffled first, so that of many small ones every so-manieth is in."""
    order = list(range(len(weights)))
    dice.shuffle(order)
    total, reached = sum(weights), 0.0
    slots: list[int] = []
    for index in order:
        reached += weights[index]
        slots += [index] * (round(reached / total * size) - len(slots))
    return slots


def _packed(pairs: Iterable[tuple[int, float]]) -> str:
    """Word ids with their weights, three characters each: two of the id, one of the weight's logarithm."""
    return "".join(
        _DIGITS[word // _BASE] + _DIGITS[word % _BASE] + _DIGITS[min(_BASE - 1, round(4 * math.log2(weight)))] for word, weight in pairs
    )


def _unpacked(text: str) -> tuple[list[int], list[float]]:
    codes = [_DIGITS.index(character) for character in text]
    return [a * _BASE + b for a, b in zip(codes[::3], codes[1::3], strict=True)], [2.0 ** (code / 4) for code in codes[2::3]]


def _tables() -> _Tables:
    kept = json.loads(_STATISTICS.read_text(encoding="utf-8"))
    dice = Random(0)
    words = kept["words"].split()
    counts = _unpacked(kept["counts"])[1]
    topics = [_unpacked(each["topic"]) for each in kept["problems"]]
    bound = {word for topic, _ in topics for word in topic} | {at for at, word in enumerate(words) if word in _GREETINGS}
    common = _slots([count**FLATTER * (BOUND if at in bound else 1) for at, count in enumerate(counts)], 2**14, dice)

    def row(text: str, size: int, uses: float) -> list[int]:
        """The words that follow; for the uses that no transition accounts for any words."""
        following, seen = _unpacked(text)
        slots = _slots([*seen, max(0.0, uses - sum(seen))], size, dice)
        return [following[slot] if slot < len(following) else common[dice.getrandbits(14)] for slot in slots]

    rows = [row(text, 256, uses) for text, uses in zip(kept["next"].split(","), counts, strict=True)]

    def phrase(topic: list[int]) -> str:
        steps = [dice.choice(topic)]
        for _ in range(dice.choice((1, 2, 2, 3))):
            steps.append(rows[steps[-1]][dice.getrandbits(8)])
        return "".join(words[step] for step in steps)

    def problem(spoken: str, ids: list[int], weights: list[float]) -> _Problem:
        topic = [ids[slot] for slot in _slots(weights, 64, dice)] if ids else common[:64]
        return _Problem(tuple(spoken.split()), tuple(topic), tuple(phrase(topic) for _ in range(64)))

    return _Tables(
        words=words,
        ids={word: at for at, word in enumerate(words)},
        rows=rows,
        starts=row(kept["starts"], 2**12, kept["clauses"]),
        ends=row(kept["ends"], 2**12, kept["clauses"]),
        common=common,
        lexicon=[_coined(kept["characters"], dice) for _ in range(LEXICON)],
        problems=[problem(each["words"], *topic) for each, topic in zip(kept["problems"], topics, strict=True)],
        problem_slots=_slots([each["weight"] for each in kept["problems"]], 2**12, dice),
        clause=[_at(kept["clause"], slot / 256) for slot in range(256)],
        lengths={channel: (title, body) for channel, (title, body) in kept["lengths"].items()},
    )


def _coined(characters: str, dice: Random) -> str:
    """Two or three characters, the frequent ones likelier."""
    return "".join(characters[int(len(characters) * dice.random() ** 1.6)] for _ in range(dice.choice((2, 2, 2, 3))))


def _at(quantiles: Sequence[int], share: float) -> int:
    """The value below which that share lies."""
    place = share * (len(quantiles) - 1)
    low = int(place)
    return round(quantiles[low] + (quantiles[min(low + 1, len(quantiles) - 1)] - quantiles[low]) * (place - low))


# --------------------------------------------------------------------------------------------------------------- phrases

_OPENINGS = {
    "hotline": _said(
        "市民来电反映， 来电人称： 市民反映 来电投诉： 市民来电咨询： 来电人反映： 市民来电称， 群众来电： 业主来电， 来电称", 9
    ),
    "board": _said("领导您好， 尊敬的领导：您好！ 您好， 书记您好！ 尊敬的书记： 我是本地居民， 本人 各位领导好！", 16),
    "mailbox": _said("市长您好： 尊敬的市长： 领导您好， 您好！ 市长同志： 各位领导：您好。 尊敬的领导： 我想反映： 写信人是住户，", 8),
    "petition": _said(
        "信访人反映： 我们是住户， 反映人： 本人 现反映如下： 信访人系居民， 我们几户人家联名反映： 申请人称： 我是村民，", 8
    ),
}
_CLOSINGS = {
    "hotline": _said("要求处理。 诉求：尽快解决。 希望核实。 要求答复。 请相关部门查处。 诉求：派人来看。 望尽快处理。", 14),
    "board": _said("恳请领导重视！ 谢谢！ 望回复。 希望有关部门尽快处理，谢谢。 请给个说法。 盼复！", 14),
    "mailbox": _said("此致敬礼。 请给个答复。 盼回复，谢谢。 请督促解决。 麻烦派人来看一看。", 6),
    "petition": _said("请求：依法查处，书面答复。 请求尽快解决。 请求：派人核实。 恳请上级督办。 请求给予书面答复。", 6),
}
_POINTS = "，，，，，，，，，，，。。。；、"
_NUMBERED = _said("号楼 栋 元 年 户 个月 平方米 点 楼 次 米 天 万元 月 个人 单元 路 月份 分钟 号")
_LINKS = ("附近", "门口", "旁边", "的", "", "", "", "", "这里", "里面", "业主反映", "周边", "对面", "一带", "长期", "存在")


@dataclass(slots=True)
class _Matter:
    """What a report is about; a repeat shares it."""

    place: _Place
    problem: _Problem
    what: str
    own: list[str]
    """Words of nobody else's: names of people and firms, dialect, slips."""
    clauses: list[list[str]]


class Stream:
    """All reports of a seed, in any order."""

    def __init__(self, seed: int = 7) -> None:
        self._key = seed.to_bytes(8, "little", signed=True)
        self._tables = _tables()
        self._places = _places(seed)
        self._known = list(accumulate((rank + 1) ** -ZIPF for rank in range(NAMES)))
        self._channels = [CHANNELS[slot] for slot in _slots(CHANNEL_SHARES, 1024, Random(0))]
        self._first_of_campaign: tuple[int, int] = (-1, -1)

    def reports(self, start: int, stop: int) -> Iterator[Synthetic]:
        """Reports from `start` to before `stop`."""
        return map(self.report, range(start, stop))

    def report(self, number: int) -> Synthetic:
        """The report of that number."""
        draws = self._draws(number)
        kind, of = self._relation(number, draws)
        channel, title_length, body_length = self._form(draws, kind)
        dice = self._dice(number, 1)
        if kind == "repeat" and of is not None:
            matter, channel, body_length, kept = self._retold(of, channel, body_length, dice)
        else:
            matter = self._matter(number, body_length, kind, of)
            kept = matter.clauses
        name = self._called(matter.place, kind, dice)
        return Synthetic(
            number=number,
            title=self._title(matter, kept, name, title_length, dice) if channel != "hotline" else "",
            body=self._body(matter, kept, name, channel, body_length, dice),
            channel=channel,
            day=_day(number, draws[7]),
            person=self._person(number, draws, kind, of),
            of=of,
            kind=kind,
        )

    # who and when: these are drawn from a hash, so that they can be asked of any number for a microsecond

    def _draws(self, number: int, purpose: int = 0) -> tuple[int, ...]:
        """Eight numbers below 2**32, the same each time."""
        return unpack("<8I", blake2b(number.to_bytes(8, "little"), key=self._key, digest_size=32, salt=bytes((purpose,))).digest())

    def _dice(self, number: int, purpose: int) -> Random:
        # 64 bits: of five million seeds of 32 bits thousands would be the same
        low, high, *_ = self._draws(number, purpose)
        return Random(high << 32 | low)

    @staticmethod
    def _kind(number: int, draws: tuple[int, ...]) -> Kind:
        share = draws[0] / 2**32
        if number == 0:
            return "new"
        if number % CAMPAIGN >= CAMPAIGN - BURST and draws[6] % 1000 < IN_BURST * 1000:
            return "mass"
        return "repeat" if share < REPEATS else "near_miss" if share < REPEATS + NEAR_MISSES else "new"

    @staticmethod
    def _earlier(number: int, draws: tuple[int, ...]) -> int:
        """An earlier number: half the time about a day back, often some weeks, one time in ten anything."""
        way, share = draws[1] % 100, (draws[2] + 1) / 2**32
        if way >= 10:
            gap = 1 + int(-math.log(share) * (A_DAY if way < 55 else 20 * A_DAY))
            if gap <= number:
                return number - gap
        return int(draws[3] / 2**32 * number)

    def _relation(self, number: int, draws: tuple[int, ...]) -> tuple[Kind, int | None]:
        kind = self._kind(number, draws)
        if kind == "new":
            return kind, None
        if kind == "mass":
            first = self._campaign_start(number // CAMPAIGN)
            return kind, first if first != number else None
        at = self._earlier(number, draws)
        while True:
            draws = self._draws(at)
            found = self._kind(at, draws)
            if found == "new" or (kind == "repeat" and found != "repeat"):
                return kind, at
            at = self._earlier(at, draws) if found != "mass" else at - 1

    def _campaign_start(self, campaign: int) -> int:
        if self._first_of_campaign[0] != campaign:
            at = (campaign + 1) * CAMPAIGN - BURST
            while self._kind(at, self._draws(at)) != "mass":
                at += 1
            self._first_of_campaign = (campaign, at)
        return self._first_of_campaign[1]

    def _person(self, number: int, draws: tuple[int, ...], kind: Kind, of: int | None) -> int | None:
        """The earlier person in half the repeats; else often a new one, sometimes a habitual complainer, or nobody known."""
        if kind == "repeat" and of is not None and draws[4] % 2:
            before = self._draws(of)
            return self._person(of, before, *self._relation(of, before))
        way = draws[5] % 100
        if way < 15:
            return None
        return number if way < 80 else int((draws[4] / 2**32) ** 2 * number)

    def _form(self, draws: tuple[int, ...], kind: Kind) -> tuple[str, int, int]:
        """Channel, and length of title and body."""
        channel = self._channels[draws[6] >> 22] if kind != "mass" else "petition" if draws[6] >> 30 else "mailbox"
        titles, bodies = self._tables.lengths[channel]
        return channel, _at(titles, (draws[7] & 0xFFFF) / 2**16), _at(bodies, (draws[7] >> 16) / 2**16)

    # what

    def _matter(self, number: int, characters: int, kind: Kind, of: int | None) -> _Matter:
        """The matter of a report that is no repeat, with clauses for so many characters (more of the same for more)."""
        dice = self._dice(number, 2)
        if kind == "mass":
            matter = self._invented(self._dice(number // CAMPAIGN, 3), characters)
            matter.place = self._place(dice)
            while not matter.place.estate:
                matter.place = self._place(dice)
            self._reword(matter.clauses, 0.05, dice)
        elif of is not None:
            matter = self._near_miss(of, characters, dice)
        else:
            matter = self._invented(dice, characters)
        return matter

    def _near_miss(self, of: int, characters: int, dice: Random) -> _Matter:
        """Half the time the same problem in nearly the same words at another place, else another problem at the same place."""
        old = self._dice(of, 2)
        if dice.random() < 0.5:
            matter = self._invented(old, characters)
            there = matter.place
            while matter.place is there:
                matter.place = self._place(dice)
            self._reword(matter.clauses, 0.3, dice)
            return matter
        there, problem = self._place(old), self._problem(old)
        return self._invented(dice, characters, there, problem)

    def _retold(self, of: int, channel: str, length: int, dice: Random) -> tuple[_Matter, str, int, list[list[str]]]:
        """The earlier matter, and what is kept of its clauses: nearly all in some repeats, else a few, in other words."""
        before = self._draws(of)
        kind, source = self._relation(of, before)
        old_channel, _, old_length = self._form(before, kind)
        if dice.random() < COPIES:
            matter = self._matter(of, old_length, kind, source)
            kept = [clause for clause in matter.clauses if dice.random() < 0.93]
            self._reword(kept, 0.03, dice)
            return matter, old_channel, max(9, round(old_length * (0.9 + 0.2 * dice.random()))), kept
        # a short repeat of a long letter tells what came first in it
        matter = self._matter(of, min(old_length, max(2 * length, 160)), kind, source)
        share = dice.random() ** 3
        kept = [clause for clause in matter.clauses if dice.random() < share]
        if dice.random() < 0.5:
            dice.shuffle(kept)
        self._reword(kept, 0.35, dice)
        if dice.random() < 0.4:
            matter.what = dice.choice(matter.problem.words)
        return matter, channel, length, kept

    def _place(self, dice: Random) -> _Place:
        return self._places[bisect(self._known, dice.random() * self._known[-1])]

    def _problem(self, dice: Random) -> _Problem:
        return self._tables.problems[self._tables.problem_slots[dice.getrandbits(12)]]

    def _invented(self, dice: Random, characters: int, place: _Place | None = None, refused: _Problem | None = None) -> _Matter:
        """A matter from its dice alone; at that place and of any problem but the refused one, if they are given."""
        # place and problem are drawn first, so that a near miss finds them without the rest; the length is used last,
        # so that a shorter repeat meets the same clauses
        drawn, problem = self._place(dice), self._problem(dice)
        while problem is refused:
            problem = self._problem(dice)
        what = dice.choice(problem.words)
        own = [self._rare(dice) for _ in range(8)]
        matter = _Matter(place or drawn, problem, what, own, [])
        length = 0
        while length < characters:
            # whoever writes much says much twice
            again = dice.getrandbits(7)
            clause = list(matter.clauses[again]) if again < min(50, len(matter.clauses)) else self._clause(matter, dice)
            matter.clauses.append(clause)
            length += sum(map(len, clause)) + 1
        return matter

    def _rare(self, dice: Random) -> str:
        return self._tables.lexicon[int(LEXICON * dice.random() ** 2)]

    def _clause(self, matter: _Matter, dice: Random) -> list[str]:
        """Some steps of the chain, then a fresh start from a common word, a word of the matter, a number or a name, and so on."""
        tables, bits = self._tables, dice.getrandbits
        words, rows, topic = tables.words, tables.rows, matter.problem.topic
        target = tables.clause[bits(8)] - 2
        clause: list[str] = []
        length, at = 0, tables.starts[bits(12)]
        while True:
            for _ in range(_STEPS[bits(3)]):
                word = words[at]
                clause.append(word)
                length += len(word)
                if length >= target:
                    clause.append(words[tables.ends[bits(12)]])
                    return clause
                at = rows[at][bits(8)]
            turn = _TURNS[bits(5)]
            if turn == "common":
                at = tables.common[bits(14)]
            elif turn == "topic":
                at = topic[bits(6)]
            else:
                word = self._inserted(turn, matter, dice)
                clause.append(word)
                length += len(word)
                at = tables.common[bits(14)]

    def _inserted(self, turn: str, matter: _Matter, dice: Random) -> str:
        bits = dice.getrandbits
        if turn == "phrase":
            word = matter.problem.phrases[bits(6)]
        elif turn == "own":
            word = matter.own[bits(3)]
        elif turn == "rare":
            word = self._rare(dice)
        elif turn == "place":
            word = _HERE
        elif turn == "problem":
            word = matter.problem.words[bits(8) % len(matter.problem.words)]
        elif bits(1):
            word = f"20{10 + bits(3)}年" + (f"{1 + bits(4) % 12}月" if bits(1) else "")
        else:
            word = f"{int(1.5 ** (dice.random() * 18))}{_NUMBERED[bits(8) % len(_NUMBERED)]}"
        return word

    def _reword(self, clauses: list[list[str]], share: float, dice: Random) -> None:
        """Exchange that share of the words for others that may stand there."""
        tables, chance, bits = self._tables, dice.random, dice.getrandbits
        for clause in clauses:
            for at, word in enumerate(clause):
                if chance() < share and word != _HERE:
                    before = tables.ids.get(clause[at - 1]) if at else None
                    clause[at] = tables.words[tables.common[bits(14)] if before is None else tables.rows[before][bits(8)]]

    # in which words

    @staticmethod
    def _called(place: _Place, kind: Kind, dice: Random) -> str:
        way = dice.random()
        if kind == "repeat" and way < 0.12:
            return _misspelt(place.name, dice)
        return place.short if way > 0.8 else place.name

    def _title(self, matter: _Matter, kept: list[list[str]], name: str, length: int, dice: Random) -> str:
        """Place and problem, then what the text begins with."""
        title = name + matter.what
        if len(title) + 5 < length and dice.random() < 0.7:
            title = (matter.place.district if dice.random() < 0.5 else _CITY) + title
        if len(title) < length:
            spoken = kept[:2] or [self._clause(matter, dice)]
            title += "".join(map("".join, spoken)).replace(_HERE, "")[: length - len(title)]
        return title

    def _body(self, matter: _Matter, kept: list[list[str]], name: str, channel: str, length: int, dice: Random) -> str:
        bits, tables = dice.getrandbits, self._tables
        opening = _OPENINGS[channel][bits(8) % len(_OPENINGS[channel])] if length > 40 else ""
        closing = _CLOSINGS[channel][bits(8) % len(_CLOSINGS[channel])] if length > 60 else ""
        where = (_CITY if dice.random() < 0.5 else "") + (matter.place.district if dice.random() < 0.6 else "")
        lead = f"{opening}{where}{name}{_LINKS[bits(4)]}{matter.what}{tables.words[tables.starts[bits(12)]]}，"
        parts, reached, wanted = [lead], len(lead), length - len(closing) - 5
        spare = iter(kept)
        while reached < wanted:
            told = next(spare, None)
            text = "".join(told if told is not None else self._clause(matter, dice))
            parts.append(text)
            parts.append(_POINTS[bits(4)])
            reached += len(text) + 1
        return "".join(parts).replace(_HERE, name)[:-1] + "。" + closing


_STEPS = (1, 1, 2, 2, 2, 3, 3, 4)
_TURNS = (
    ("common",) * 7 + ("phrase",) * 8 + ("topic",) * 6 + ("own",) * 4 + ("rare",) * 1 + ("problem",) * 2 + ("number",) * 2 + ("place",) * 2
)


def _day(number: int, draw: int) -> float:
    """Days since the start. The night is quiet: 8 % of a day's reports come before eight, a tenth after eight in the evening."""
    whole, share = divmod((number + draw / 2**32) / A_DAY, 1)
    for (from_share, from_hour), (to_share, to_hour) in pairwise(((0.0, 0), (0.08, 8), (0.5, 12), (0.9, 20), (1.0, 24))):
        if share <= to_share:
            return whole + (from_hour + (share - from_share) / (to_share - from_share) * (to_hour - from_hour)) / 24
    return whole + 1


# --------------------------------------------------------------------------------------------- learning the statistics

_SUFFIX = re.compile("..[路街区县镇乡村湖桥站院苑园城州江山校组]$|大道$|街道$")
_GENERIC = re.compile(
    "小区$|幼儿园|公交|地铁站|收费站|火车站|汽车站|加油站|垃圾站|医院|法院|检察院|院$|高速|安置|居民区|住宅区|马路|道路|修路|水泥路|断头路|"
    "停车|学区|校区|校园|走投|套路|农村|我村|本村|全村|该村|乡村|新农村|全县|该|这|条|过街|天桥|棚户区|工业园|公园$|地区|城区$|片区|社区$"
)
_REAL = re.compile(
    "西地省|胡华衡|.书记$|.市长$|.县长$|.区长$|[星沙楚麓湘]|梅溪|松雅|洋湖|黄兴|黄花|咸嘉|金科|恒大|碧桂|万科|丽发|伊景|魅力之|长沙|湖南|泉塘|榔梨|凉塘|洞井|泰山|广铁|盼盼"
)
"""Pieces that name what exists (anonymised or not): the stream has its own names."""


def _messages(data: Path) -> dict[str, list[tuple[str, str, str]]]:
    """(channel, title, body) by writer, or by case where the writers of one case were one; the same text is taken once."""
    case = {row["id"]: row["case"] for row in _rows(data / "gold" / "cases.jsonl")}
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    seen = set()
    for row in _rows(data / "gold" / "input.jsonl"):
        found[str(case.get(row["source_id"], row["source_id"]))].append((row["channel"], row.get("title", ""), row["body"]))
        seen.add(row["body"])
    for name in ("answered_messages", "categorised_messages"):
        for row in _rows(data / "reference" / f"{name}.jsonl"):
            if row["body"] not in seen:
                seen.add(row["body"])
                found[row.get("author") or row["id"]].append(("", row["subject"], row["body"]))
    return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _runs(texts: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Runs of characters between points, numbers and codes."""
    return (run.strip(_BROKEN) for run in _edged_runs(texts))


def _edged_runs(texts: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """The same; one that begins or ends at a number or a code, and not with a clause, begins or ends with `_BROKEN`."""
    for _, title, body in texts:
        yield from _HAN.findall(_CODES.sub(f"{_BROKEN} {_BROKEN}", f"{title}。{body}"))


def _vocabulary(messages: dict[str, list[tuple[str, str, str]]]) -> dict[str, float]:
    """Cost in nats of each piece of one to three characters: counts, then three rounds of cutting the texts by them and counting anew."""
    writers: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for texts in messages.values():
        pieces = [run[at : at + size] for run in _runs(texts) for at in range(len(run)) for size in _SIZES if at + size <= len(run)]
        counts.update(pieces)
        writers.update(set(pieces))
    counts = Counter({piece: count for piece, count in counts.items() if len(piece) == 1 or writers[piece] >= 8})
    for _ in range(3):
        cost = _costs(counts)
        used = Counter(piece for texts in messages.values() for run in _runs(texts) for piece in _cut(run, cost))
        counts = Counter({piece: max(1, used[piece]) for piece in counts if len(piece) == 1 or used[piece] >= _SEEN_BY})
    return _costs(counts)


def _costs(counts: Counter[str]) -> dict[str, float]:
    total = counts.total()
    return {piece: math.log(total / count) for piece, count in counts.items()}


def _cut(run: str, cost: dict[str, float]) -> list[str]:
    """The cheapest cut of a run of characters into pieces."""
    best, back = [0.0], [0]
    for end in range(1, len(run) + 1):
        price, size = min((best[end - size] + cost.get(run[end - size : end], math.inf), size) for size in _SIZES if size <= end)
        best.append(price)
        back.append(size)
    pieces, end = [], len(run)
    while end:
        pieces.append(run[end - back[end] : end])
        end -= back[end]
    return pieces[::-1]


def _edged(run: str, cut: list[str]) -> list[str]:
    return [*([] if run[0] == _BROKEN else [""]), *cut, *([] if run[-1] == _BROKEN else [_END])]


def _speakable(piece: str) -> bool:
    return not _REAL.search(piece) and (not _SUFFIX.search(piece) or bool(_GENERIC.search(piece)))


def make(data: Path) -> None:
    """Write statistics.json from the data."""
    messages = _messages(data)
    cost = _vocabulary(messages)
    follow: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    words: Counter[str] = Counter()
    writers: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for texts in messages.values():
        runs = list(_edged_runs(texts))
        cuts = [_cut(run.strip(_BROKEN), cost) for run in runs]
        steps = [step for run, cut in zip(runs, cuts, strict=True) for step in pairwise(_edged(run, cut))]
        follow.update(steps)
        seen.update(set(steps))
        words.update(piece for cut in cuts for piece in cut)
        writers.update({piece for cut in cuts for piece in cut})
        characters.update(set("".join(_runs(texts))))
    vocabulary = [piece for piece, _ in words.most_common() if writers[piece] >= _SEEN_BY and _speakable(piece)][:_MOST_WORDS]
    ids = {piece: at for at, piece in enumerate(vocabulary)}
    rows: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for (before, after), count in follow.most_common():
        if seen[before, after] >= _SEEN_BY and after in ids and (before in ids or (not before and after not in _GREETINGS)):
            rows[before].append((ids[after], count))
        elif seen[before, after] >= _SEEN_BY and after == _END and before in ids and before not in _GREETINGS:
            rows[_END].append((ids[before], count))
    kept = {
        "words": " ".join(vocabulary),
        "counts": _packed((at, words[piece]) for piece, at in ids.items()),
        "starts": _packed(rows[""]),
        "ends": _packed(rows[_END]),
        "clauses": sum(count for (before, _), count in follow.items() if not before),
        "characters": "".join(character for character, count in characters.most_common() if count >= _SEEN_BY),
        "clause": _quantiles([len(run) for texts in messages.values() for run in _runs(texts)]),
        "lengths": _lengths(messages),
        "problems": _problems(data, messages, cost, ids),
    }
    room, dropped = _LARGEST - len(_json(kept).encode()) - len(vocabulary) - 20, 0
    rare = sorted((count, before, after) for before, row in rows.items() if before not in {"", _END} for after, count in row)
    while 3 * (len(rare) - dropped) > room:
        dropped += 1
    for _, before, _ in rare[:dropped]:
        rows[before].pop()
    _STATISTICS.write_text(_json(kept | {"next": ",".join(_packed(rows[piece]) for piece in vocabulary)}), encoding="utf-8")
    print(f"{len(vocabulary)} words, {len(rare) - dropped} transitions ({dropped} rare ones dropped), {_STATISTICS.stat().st_size} bytes")


def _json(kept: Mapping[str, object]) -> str:
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"


def _quantiles(values: list[int], parts: int = 40) -> list[int]:
    """41 of them, without the lowest and the highest half percent, so that one odd text is not in them."""
    values = sorted(values)
    return [values[min(len(values) - 1, int((0.005 + 0.99 * part / parts) * len(values)))] for part in range(parts + 1)]


def _lengths(messages: dict[str, list[tuple[str, str, str]]]) -> dict[str, tuple[list[int], list[int]]]:
    found = {}
    for channel in CHANNELS:
        texts = [text for each in messages.values() for text in each if text[0] == channel]
        found[channel] = _quantiles([len(title) for _, title, _ in texts]), _quantiles([len(body) for _, _, body in texts])
    return found


def _problems(
    data: Path, messages: dict[str, list[tuple[str, str, str]]], cost: dict[str, float], ids: dict[str, int]
) -> list[dict[str, object]]:
    """Each problem type with its words, how often it is met, and the thirty filler words that go with it most."""
    types: dict[str, dict[str, list[str]]] = json.loads((data / "reference" / "problem_types.json").read_text(encoding="utf-8"))
    patterns = {name: re.compile("|".join(map(re.escape, each["words"]))) for name, each in types.items()}
    met: Counter[str] = Counter()
    within: dict[str, Counter[str]] = defaultdict(Counter)
    anywhere: Counter[str] = Counter()
    for texts in messages.values():
        text = "。".join(f"{title}。{title}。{body}" for _, title, body in texts[:3])
        name = max(patterns, key=lambda each: len(patterns[each].findall(text)))
        pieces = {piece for run in _runs(texts[:3]) for piece in _cut(run, cost)} & ids.keys()
        met[name] += 1
        within[name].update(pieces)
        anywhere.update(pieces)
    found: list[dict[str, object]] = []
    for name, each in types.items():
        usual = met[name] / met.total()
        lift = {
            piece: count - 3 * usual * anywhere[piece]
            for piece, count in within[name].items()
            if count >= 3 and anywhere[piece] >= _SEEN_BY
        }
        topic = sorted((piece for piece in lift if lift[piece] >= 1), key=lambda piece: (-lift[piece], piece))[:30]
        found.append(
            {"weight": met[name] + 1, "words": " ".join(each["words"]), "topic": _packed((ids[piece], lift[piece]) for piece in topic)}
        )
    return found


# ------------------------------------------------------------------------------------------------------------ comparing


def _bigrams(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


@dataclass(frozen=True, slots=True)
class _Corpus:
    texts: list[tuple[str, str]]
    """Channel; title and body."""
    same: list[tuple[int, int]]
    alike: list[tuple[int, int]]


def _gold(data: Path) -> _Corpus:
    """The gold texts; pairs of one case, pairs of a written look-alike and the message that it was written from."""
    rows = list(_rows(data / "gold" / "input.jsonl"))
    where = {row["source_id"]: at for at, row in enumerate(rows)}
    cases: dict[str, list[int]] = defaultdict(list)
    alike = []
    for row in _rows(data / "gold" / "cases.jsonl"):
        cases[row["case"]].append(where[row["id"]])
        if row.get("relation") == "different" and row.get("written_from") in where:
            alike.append((where[row["written_from"]], where[row["id"]]))
    same = [(members[0], other) for members in cases.values() for other in members[1:]]
    return _Corpus([(row["channel"], row.get("title", "") + "\n" + row["body"]) for row in rows], same, alike)


def _invented(like: _Corpus) -> _Corpus:
    """As many invented reports of each channel, from the start of the stream; pairs from anywhere in its first hundred thousand."""
    stream, wanted = Stream(), Counter(channel for channel, _ in like.texts)
    texts: list[tuple[str, str]] = []
    for report in stream.reports(0, 10**9):
        if wanted[report.channel]:
            wanted[report.channel] -= 1
            texts.append((report.channel, f"{report.title}\n{report.body}"))
            if not wanted.total():
                break
    pairs: dict[Kind, list[tuple[int, int]]] = defaultdict(list)
    for report in stream.reports(60_000, 70_000):
        if report.of is not None:
            old = stream.report(report.of)
            texts += [(old.channel, f"{old.title}\n{old.body}"), (report.channel, f"{report.title}\n{report.body}")]
            pairs[report.kind].append((len(texts) - 2, len(texts) - 1))
    return _Corpus(texts, pairs["repeat"], pairs["near_miss"])


def _spread(values: Iterable[float]) -> str:
    ordered = sorted(values)
    return " / ".join(f"{ordered[int(share * len(ordered))]:6.3g}" for share in (0.1, 0.25, 0.5, 0.75, 0.9)) if ordered else "-"


def _describe(corpus: _Corpus, size: int) -> dict[str, str]:
    """The figures of the first `size` texts, and of the pairs."""
    bags = [_bigrams(text) for _, text in corpus.texts]
    texts = list(zip(corpus.texts[:size], bags, strict=False))
    spread = Counter(bigram for _, bag in texts for bigram in bag)
    figures = {
        "distinct bigrams in all": str(len(spread)),
        "of them in one report only": f"{sum(count == 1 for count in spread.values()) / len(spread):.3f}",
    }
    for low, high in ((0, 0.0005), (0.0005, 0.003), (0.003, 0.03), (0.03, 1)):
        share = fmean(sum(low <= spread[bigram] / size < high for bigram in bag) / len(bag) for _, bag in texts)
        figures[f"share of a report's bigrams in {low:.2%}-{high:.2%} of reports"] = f"{share:.3f}"
    for channel in CHANNELS:
        mine = [(text, bag) for (found, text), bag in texts if found == channel]
        figures[f"{channel}: characters of the title"] = _spread(text.index("\n") for text, _ in mine)
        figures[f"{channel}: characters"] = _spread(len(text) for text, _ in mine)
        figures[f"{channel}: share of bigrams in < 0.3 %"] = _spread(
            sum(spread[b] < 0.003 * size for b in bag) / len(bag) for _, bag in mine
        )
    for low, high in ((40, 100), (100, 200), (200, 400), (400, 800), (800, 3000)):
        each = [len(bag) / len(text) for (_, text), bag in texts if low <= len(text) < high]
        figures[f"distinct bigrams per character, {low}-{high} characters"] = f"{fmean(each):.3f}"
    for name, pairs in (("same matter", corpus.same), ("look-alike", corpus.alike)):
        overlap = [len(bags[a] & bags[b]) / min(len(bags[a]), len(bags[b])) for a, b in pairs]
        figures[f"{name}: bigrams of the shorter that are in the longer"] = _spread(overlap)
    return figures


def check(data: Path) -> None:
    """Print the comparison with the gold texts."""
    gold = _gold(data)
    size = len(gold.texts)
    real, made = _describe(gold, size), _describe(_invented(gold), size)
    print(f"{size} texts each; five figures are the quantiles .1 .25 .5 .75 .9")
    for name, figure in real.items():
        print(f"{name:62} gold {figure}\n{'':57}invented {made[name]}")
    started = time.perf_counter()
    kinds = Counter(report.kind for report in Stream().reports(0, 40_000))
    print(f"{40_000 / (time.perf_counter() - started):.0f} reports/s with the tables' loading; {dict(kinds)}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", type=Path, metavar="DATA_DIR")
    parser.add_argument("--check", type=Path, metavar="DATA_DIR")
    parser.add_argument("--show", type=int, metavar="N")
    asked = parser.parse_args()
    if asked.make:
        make(asked.make)
    if asked.check:
        check(asked.check)
    if asked.show:
        stream = Stream()
        for number in range(88_000, 88_000 + asked.show):
            report = stream.report(number)
            print(report, *([f"    of: {stream.report(report.of)}"] if report.of is not None else []), sep="\n")


if __name__ == "__main__":
    main()
