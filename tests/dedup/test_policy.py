import json
from typing import Any

import pytest

from dedup.candidates import SIGNS
from dedup.measures import FEATURES
from dedup.policy import PolicyError, parse_policy
from tests.dedup.build import PACK, POLICY, changed


def leaf(**lists: list[int]) -> dict[str, list[int]]:
    return {"feature": [-1], "threshold": [0], "left": [0], "right": [0], "value": [5]} | lists


def test_the_committed_pack_is_complete_and_says_what_it_was_fitted_on() -> None:
    assert PACK.stat().st_size <= 6_000_000
    assert set(POLICY.model.features) <= set(FEATURES)
    assert len(POLICY.proposal) == len(SIGNS)
    assert POLICY.window == 365 * 86_400
    assert "out of fold" in POLICY.fitted_on
    assert POLICY.lexicon_version == 2
    assert POLICY.lines.review < POLICY.lines.join


def test_digest_is_of_the_content_not_of_the_layout() -> None:
    raw = json.loads(PACK.read_bytes())
    other_layout = json.dumps(dict(reversed(raw.items())), ensure_ascii=True, indent=3).encode()
    assert parse_policy(other_layout).digest == POLICY.digest
    assert parse_policy(changed(lines={"margin": POLICY.lines.margin + 1})).digest != POLICY.digest


def test_common_pairs_of_characters_are_less_rare() -> None:
    frequent, rare = (POLICY.rarity[int.from_bytes(pair.encode("utf-16-le"), "little")] for pair in ("小区", "搅拌"))
    assert 0 < frequent < rare < POLICY.rarity.unseen


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "cannot be used, at the pack"),
        (changed(format="2"), "at format"),
        (changed(window_days=0), "at window_days"),
        (changed(lines={"join": 1.5}), "at lines.join"),
        (changed(lines={"join": "12"}), "at lines.join"),
        (changed(lines={"review": 10_000}), "lines must rise"),
        (changed(format=1), "fit it anew with `onecase policy fit`"),
        (changed(limits={"finalists": 99}), "at limits.finalists"),
        (changed(limits={"slots_max": None}), "at limits.slots_max"),
        (changed(model={"features": ["smell"], "trees": []}), "features that this version does not know: smell"),
        (
            changed(
                model={
                    "features": [],
                    "trees": [leaf(feature=[3, -1, -1], threshold=[0, 0, 0], left=[1, 1, 2], right=[2, 1, 2], value=[0, 1, 2])],
                }
            ),
            "asks for a feature beyond the list",
        ),
        (changed(model={"features": [], "trees": [leaf(left=[1])]}), "point forward, and leaves to themselves"),
        (changed(model={"features": [], "trees": [leaf(value=[])]}), "equally long and not empty"),
        (changed(proposal={"smell": 1}), "signs that this version does not know: smell"),
        (changed(words={"vectors": "x"}), "vectors are not base64"),
        (changed(words={"vectors": "AAAA"}), "`dimensions` bytes for each word"),
        (changed(vetoes=["smell"]), "vetoes that this version does not know: smell"),
        (changed(lexicon={"cuts": [7]}), "at lexicon.cuts"),
        (changed(rarity={"levels": {"rare": "小区"}}), "at rarity.levels.rare"),
        (changed(surprise={}), "at surprise"),
    ],
)
def test_an_unusable_pack_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence) as caught:
        parse_policy(data)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["lines", "limits", "lexicon", "rarity", "sounds", "words", "model", "name", "fitted_on", "vetoes"])
def test_a_missing_part_is_named(part: str) -> None:
    raw: dict[str, Any] = json.loads(PACK.read_bytes())
    del raw[part]
    with pytest.raises(PolicyError, match=f"at {part}"):
        parse_policy(json.dumps(raw).encode())
