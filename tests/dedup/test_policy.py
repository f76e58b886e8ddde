import json
from typing import Any

import pytest

from dedup.measures import MEASURES, VETOES
from dedup.policy import PolicyError, parse_policy
from tests.dedup.build import PACK, POLICY, changed


def test_committed_pack_is_small_and_complete() -> None:
    assert PACK.stat().st_size <= 400_000
    assert set(POLICY.measures) == set(MEASURES)
    assert set(POLICY.vetoes) == set(VETOES)
    assert POLICY.window == 180 * 86_400
    assert POLICY.fitted_on


def test_digest_is_of_the_content_not_of_the_layout() -> None:
    raw = json.loads(PACK.read_bytes())
    other_layout = json.dumps(dict(reversed(raw.items())), ensure_ascii=True, indent=3).encode()
    assert parse_policy(other_layout).digest == POLICY.digest
    assert parse_policy(changed(lines={"margin": POLICY.lines.margin + 1})).digest != POLICY.digest


def test_common_pairs_of_characters_are_less_rare() -> None:
    frequent, rare = (POLICY.rarity[int.from_bytes(pair.encode("utf-16-le"), "little")] for pair in ("小区", "搅拌"))
    assert 0 < frequent < rare < POLICY.unseen


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "cannot be used, at the pack"),
        (changed(format=2), "at format"),
        (changed(window_days=0), "at window_days"),
        (changed(lines={"join": 1.5}), "at lines.join"),
        (changed(lines={"join": "12"}), "at lines.join"),
        (changed(lines={"review": 10_000}), "lines must rise"),
        (changed(limits={"finalists": 9}), "at limits.finalists"),
        (changed(limits={"postings": None}), "at limits.postings"),
        (changed(measures={"text": {"rows": [5, 5], "points": [[0], [0], [0]]}}), "cuts must rise"),
        (changed(measures={"text": {"rows": [5], "points": [[0]]}}), "one row and one column more"),
        (changed(measures={"smell": {"rows": [], "points": [[0]]}}), "measures that this version does not know: smell"),
        (changed(vetoes=["smell"]), "vetoes that this version does not know: smell"),
        (changed(lexicon={"cuts": ["("]}), "at lexicon.cuts"),
        (changed(rarity={"levels": {"rare": "小区"}}), "at rarity.levels.rare"),
        (changed(surprise={}), "at surprise"),
    ],
)
def test_an_unusable_pack_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence) as caught:
        parse_policy(data)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["lines", "limits", "lexicon", "rarity", "name", "fitted_on", "vetoes"])
def test_a_missing_part_is_named(part: str) -> None:
    raw: dict[str, Any] = json.loads(PACK.read_bytes())
    del raw[part]
    with pytest.raises(PolicyError, match=f"at {part}"):
        parse_policy(json.dumps(raw).encode())
