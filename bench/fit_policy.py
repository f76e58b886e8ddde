"""Fits the policy pack dedup/packs/first-1.json on data/gold, and says how good it is on the half that it has not seen.

    python bench/fit_policy.py ../shared/data ../shared/tools/score_cases.py [--write]

Deterministic: the halves are split by a digest of the gold case, there is no chance anywhere. Points come from a small additive model
(bins, Newton steps), lines from streaming the fitted half. Needs opencc for the rough normalisation; numpy and the like are not used.
"""

import argparse
import json
import math
import tracemalloc
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from time import process_time
from types import ModuleType

from bench.gold import Gold, Report, Row, figures, normalise, rows, scorer_at, stream
from dedup.features import features_of
from dedup.matcher import Matcher
from dedup.measures import MEASURES, Probe
from dedup.policy import Policy, parse_policy
from dedup.text import segments
from schemas.ids import case_id

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT / "dedup" / "packs" / "first-1.json"
LEXICON = ROOT / "bench" / "lexicon.json"
PRECISION = 0.92
ROUNDS, L2, SHRINK, SCALE = 30, 8.0, 0.5, 10 / math.log(2)  # 10 points double the odds

LIMITS = {
    "characters": 1500,
    "lead": 160,
    "head": 80,
    "key_rarity": 30,
    "known_keys": 20,
    "new_keys": 8,
    "postings": 48,
    "entries": 300,
    "candidates": 8,
    "finalists": 8,
    "finalists_a_case": 3,
    "finalist_floor": 40,
}
OPEN_LINES = {"join": 0, "review": 0, "nearest": 0, "quoted": 0, "margin": 0, "text_floor": 0}


# --- rarity ---------------------------------------------------------------------------------------------------------------------------


def rarity_of(gold: Gold, data: Path) -> Row:
    """How many texts have a pair of characters -> the rarity part of the pack. Pairs in fewer than three texts count as unseen."""
    texts = [f"{row.get('title', '')} {row['body']}" for row in gold.lines]
    for name in ("answered_messages", "categorised_messages"):
        texts += [f"{row['subject']} {row['body']}" for row in rows(data / "reference" / f"{name}.jsonl")]
    frequency: Counter[str] = Counter()
    for text in texts:
        plain = "".join(segments(normalise(text)))[:1500]
        frequency.update({plain[at : at + 2] for at in range(len(plain) - 1)})
    levels: dict[int, dict[str, str]] = defaultdict(dict)
    for pair, count in sorted(frequency.items()):
        if count > 2 and len(pair.encode("utf-16-le")) == 4:
            level = max(2, 2 * round(4 * math.log(len(texts) / count)))
            levels[level][pair[0]] = levels[level].get(pair[0], "") + pair[1]
    groups = {
        str(level): " ".join(first + seconds for first, seconds in sorted(firsts.items())) for level, firsts in sorted(levels.items())
    }
    return {"unseen": 2 * round(4 * math.log(len(texts) / 1.5)), "levels": groups}


# --- points ---------------------------------------------------------------------------------------------------------------------------

Example = tuple[bool, float, bool, dict[str, tuple[int, int]]]  # same case, weight, held out, values by measure


def examples(gold: Gold, policy: Policy) -> list[Example]:
    """Each report against the candidates that the index finds among the earlier ones, placed as gold says."""
    torn = {frozenset(map(str, pair)) for pair in gold.torn}
    matcher, out = Matcher(policy), []
    for report in gold.reports:
        features, case = features_of(report, policy), gold.case[report.source_id]
        found, probe = [], Probe(features)
        for slot in dict.fromkeys(matcher._candidates(features, frozenset())):  # noqa: SLF001 - the real candidates are wanted
            old = matcher._features[slot]  # noqa: SLF001
            pair = probe.beside(old)
            if pair.cosine >= policy.limits.finalist_floor and frozenset((features.source_id, old.source_id)) not in torn:
                found.append((gold.case[old.source_id] == case, old, {name: measure(pair) for name, measure in MEASURES.items()}))
        mates = sum(same for same, _, _ in found)
        for same, old, values in found:
            weight = 3 / mates**0.75 if same else 1.0
            out.append((same, weight, gold.held_out(report.source_id) or gold.held_out(old.source_id), values))
        matcher.place(report, case)
    return out


def cuts(values: list[tuple[int, bool]], positive: int, negative: int) -> list[int]:
    """Boundaries at quantiles of both kinds of pairs; -1 (cannot be said) has a bin of its own."""
    found = {0} if any(value < 0 for value, _ in values) else set()
    for kind, number in ((True, positive), (False, negative)):
        ordered = sorted(value for value, same in values if same is kind and value >= 0)
        found |= {ordered[len(ordered) * step // (number + 1)] for step in range(1, number + 1)} if ordered else set()
    return sorted(found - {min(value for value, _ in values)})


CARD = {  # measure: bins of the first value (positive, negative quantiles), and of the second
    "text": ((6, 2), (3, 0)),
    "containment": ((5, 2), (3, 0)),
    "subject": ((4, 1), (3, 1)),
    "named": ((3, 1), (4, 1)),
    "names": ((3, 1), (3, 1)),
    "order": ((5, 2), (0, 0)),
    "numbers": ((1, 1), (0, 0)),
    "person": ((0, 0), (0, 0)),
    "gap": ((5, 2), (0, 0)),
    "wishes": ((0, 0), (0, 0)),
}
FIXED = {"person": [0, 1, 2], "numbers": [1, 2], "wishes": [1], "gap": [1, 4, 8, 15, 31, 61, 121]}
FIXED_COLUMNS = {"numbers": [1]}
RISING = {"text": 1, "containment": 1, "subject": 1, "named": 1, "names": 1, "order": 1, "numbers": 1, "gap": -1, "wishes": -1}
"""More of it never speaks against a common case (1), or never for one (-1)."""
NEUTRAL = {"numbers": 0, "person": 0, "wishes": 0}
"""Cells that say nothing get no points; the lines make up for it."""


def shape(name: str, pairs: list[Example]) -> tuple[list[int], list[int]]:
    """Row and column cuts of a measure."""
    first, second = CARD[name]
    of = [[(values[name][at], same) for same, _, _, values in pairs] for at in (0, 1)]
    return FIXED.get(name) or cuts(of[0], *first), FIXED_COLUMNS.get(name) or (cuts(of[1], *second) if any(second) else [])


def fit(pairs: list[Example]) -> tuple[dict[str, Row], int]:
    """Tables of points by measure, and the base: the points that stand for how rare a pair of the same case is among all pairs."""
    shapes = {name: shape(name, pairs) for name in CARD}
    places, tables = {}, {}
    for name, (by_row, by_column) in shapes.items():
        width = len(by_column) + 1
        places[name] = [bisect_right(by_row, v[name][0]) * width + bisect_right(by_column, v[name][1]) for _, _, _, v in pairs]
        tables[name] = [0.0] * ((len(by_row) + 1) * width)
    same, weights = [float(pair[0]) for pair in pairs], [pair[1] for pair in pairs]
    positive = sum(weight for weight, one in zip(weights, same, strict=True) if one)
    base = math.log(positive / (sum(weights) - positive))
    scores = [base] * len(pairs)
    for _ in range(ROUNDS):
        for name, table in tables.items():
            newton(table, places[name], scores, same, weights, rising=RISING.get(name, 0), width=len(shapes[name][1]) + 1)
    out = {}
    for name, (by_row, by_column) in shapes.items():
        width = len(by_column) + 1
        neutral = tables[name][NEUTRAL[name]] if name in NEUTRAL else 0.0
        flat = [round((value - neutral) * SCALE) for value in tables[name]]
        out[name] = {"rows": by_row, "columns": by_column, "points": [flat[at : at + width] for at in range(0, len(flat), width)]}
    return out, round(base * SCALE)


def newton(
    table: list[float], place: list[int], scores: list[float], same: list[float], weights: list[float], *, rising: int, width: int
) -> None:
    """One shrunken Newton step for every cell of one table, kept rising (or falling) along its rows."""
    slope, curve = [0.0] * len(table), [0.0] * len(table)
    for at, cell in enumerate(place):
        chance = 1 / (1 + math.exp(-scores[at]))
        slope[cell] += weights[at] * (same[at] - chance)
        curve[cell] += weights[at] * chance * (1 - chance)
    aims = [value + SHRINK * (s - L2 * value) / (c + L2) for s, c, value in zip(slope, curve, table, strict=True)]
    for column in range(width if rising else 0):
        cells = range(column, len(table), width)
        for cell, value in zip(cells, pooled([rising * aims[c] for c in cells], [curve[c] + 1 for c in cells]), strict=True):
            aims[cell] = rising * value
    steps = [aim - value for aim, value in zip(aims, table, strict=True)]
    table[:] = aims
    for at, cell in enumerate(place):
        scores[at] += steps[cell]


def pooled(values: list[float], weights: list[float]) -> list[float]:
    """The nearest rising sequence: neighbours in the wrong order are pooled."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, mass, count = blocks.pop()
            block = ((mean * mass + block[0] * block[1]) / (mass + block[1]), mass + block[1], count + block[2])
        blocks.append(block)
    return [value for value, _, count in blocks for _ in range(count)]


# --- the pack -------------------------------------------------------------------------------------------------------------------------


def pack_of(rarity: Row, measures: dict[str, Row], lines: Row, fitted_on: str) -> bytes:
    pack = {
        "format": 1,
        "name": "first-1",
        "fitted_on": fitted_on,
        "window_days": 180,
        "lines": lines,
        "limits": LIMITS,
        "measures": measures,
        "vetoes": ["names", "topic", "numbers", "wishes"],
        "lexicon": json.loads(LEXICON.read_text(encoding="utf-8")),
        "rarity": rarity,
    }
    return json.dumps(pack, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def lines_at(join: int) -> Row:
    """The other lines stand at fixed distances below the joining line (10 points: half the odds)."""
    return {"join": join, "review": join - 19, "nearest": join - 39, "quoted": join - 12, "margin": 6, "text_floor": 50}


def choose(gold: Gold, scorer: ModuleType, pack: Callable[[Row], bytes]) -> Row:
    """The lowest joining line with a precision of .91 on the fitted half: over-merging is the worse failure."""
    lines: Row = {}
    for join in range(-30, 40):
        lines = lines_at(join)
        found = figures(gold, stream(gold.reports, parse_policy(pack(lines))), scorer)["fitted half"]
        if found["ordinary_precision"] >= PRECISION:
            break
    return lines


def timed(reports: list[Report], policy: Policy) -> str:
    """Microseconds a report for each step, and bytes a report that stay in memory."""
    spent = dict.fromkeys(("features", "match", "place"), 0.0)
    matcher = Matcher(policy)
    for report in reports:
        began = process_time()
        features_of(report, policy)
        spent["features"] += process_time() - began
        matcher._features_of(report)  # noqa: SLF001 - so that features are not counted as matching
        began = process_time()
        match = matcher.match(report)
        spent["match"] += process_time() - began
        case = match.evidence.case_id if match.action == "join" and match.evidence else case_id(report.report_id)
        began = process_time()
        matcher.place(report, case)
        spent["place"] += process_time() - began
    tracemalloc.start()
    kept = Matcher(policy)
    for report in reports:
        kept.place(report, case_id(report.report_id))
    size = tracemalloc.get_traced_memory()[0] // len(reports)
    tracemalloc.stop()
    steps = ", ".join(f"{name} {seconds / len(reports) * 1e6:.0f}" for name, seconds in spent.items())
    return f"{len(reports)} reports: {sum(spent.values()) / len(reports) * 1e6:.0f} us a report ({steps}); {size} bytes a report"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--write", action="store_true", help="fit anew and write the pack; otherwise the committed one is measured")
    options = parser.parse_args()
    gold, scorer = Gold(options.data), scorer_at(options.scorer)
    if options.write:
        rarity = rarity_of(gold, options.data)
        pairs = [example for example in examples(gold, parse_policy(pack_of(rarity, {}, OPEN_LINES, ""))) if not example[2]]
        tables, _ = fit(pairs)
        lines = choose(gold, scorer, lambda lines: pack_of(rarity, tables, lines, ""))
        held = figures(gold, stream(gold.reports, parse_policy(pack_of(rarity, tables, lines, ""))), scorer)["held-out half"]
        seen = ", ".join(f"{key} {held[key]}" for key in ("ordinary_precision", "ordinary_recall", "ordinary_f1"))
        note = f"{len(pairs)} pairs of one half of data/gold, split by case; rarity from all its texts and reference. Other half: {seen}"
        PACK.write_bytes(pack_of(rarity, tables, lines, note))
    policy = parse_policy(PACK.read_bytes())
    print(policy.name, policy.digest[:12], PACK.stat().st_size, "bytes", policy.lines)
    for part, found in figures(gold, stream(gold.reports, policy), scorer).items():
        print(f"{part:14}", json.dumps(found))
    short = [report for report in gold.reports if 80 <= len(report.title + report.body) <= 200]
    print("gold mix,", timed(gold.reports, policy))
    print("80-200 characters,", timed(short, policy))


if __name__ == "__main__":
    main()
