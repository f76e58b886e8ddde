"""Invented reports in any number: one city, a growing list of places, a fifth of them about an earlier matter in other words.

The text is spans of two to four characters out of the demo's month: no sense, but a city's vocabulary with a city's frequencies, so that
two reports share what chance gives them, as in life. Whole clauses or templates would make everything look alike.
"""

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from schemas.contact import Contact

SEED = 7
REPEAT_SHARE = 0.2

_NAMES = "桂云晨枫丽湖江星南北东西文华安宁和平新城景阳春秋金银翠竹松柏兰亭海棠玉泉龙凤福祥康泰明月清风书香紫薇碧水青山石桥柳荷梅鹤雁梧桐"
_KINDS = ("花园", "小区", "家园", "苑", "公馆", "新村", "大道", "路", "街", "小学", "中学", "医院", "菜市场", "广场", "公园")
_CHANNELS = {"hotline": (45, 60), "mailbox": (20, 180), "board": (22, 120), "petition": (13, 150)}
"""Weight, and characters that a report has about."""


def corpus() -> str:
    """The characters of the demo's month."""
    lines = (files("onecase.demo") / "month.jsonl").read_text(encoding="utf-8").splitlines()
    return "".join(re.findall(r"[\u4e00-\u9fff]", "".join(json.loads(line)["text"] for line in lines)))


def _babble(dice: random.Random, text: str, characters: int) -> str:
    spans, length = [], 0
    while length < characters:
        at, size = dice.randrange(len(text) - 4), dice.choice((2, 2, 3, 4))
        spans.append(text[at : at + size])
        length += size
        if dice.random() < 0.12:
            spans.append("，")
    return "".join(spans)


def reports(count: int) -> Iterator[Contact]:
    """`count` contacts, the same each time."""
    dice = random.Random(SEED)
    text = corpus()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    matters: list[tuple[str, str]] = []
    for number in range(count):
        channel = dice.choices(tuple(_CHANNELS), [weight for weight, _ in _CHANNELS.values()])[0]
        length = _CHANNELS[channel][1]
        if matters and dice.random() < REPEAT_SHARE:
            place, core = matters[-1 - min(int(dice.expovariate(1 / 200)), len(matters) - 1)]
        else:
            place = "".join(dice.choice(_NAMES) for _ in range(dice.choice((2, 2, 3)))) + dice.choice(_KINDS)
            core = _babble(dice, text, 16)
            matters.append((place, core))
        yield Contact(
            channel=channel,
            source_id=f"B{number:08d}",
            reported_at=(start + timedelta(minutes=number)).isoformat(),
            title="" if channel == "hotline" else f"{place}{core}",
            body=f"{place}{core}，{_babble(dice, text, length)}。",
            contact_phone=f"199{dice.randrange(10**8):08d}",
            category="投诉",
        )
