import pytest

from onecase import owners
from onecase.owners import OURS, refuse_two_owners, two_owners

ALONE = {name: ["onecase"] for name in OURS}


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ({}, []),  # an editable install
        (ALONE, []),
        (ALONE | {"schemas": ["onecase", "onecase"]}, []),  # one entry for each file
        (ALONE | {"schema": ["onecase", "schema"], "yaml": ["a", "b"]}, []),  # not ours
        (ALONE | {"schemas": ["schemas", "onecase"]}, ["schemas"]),
        (ALONE | {"schemas": ["schemas", "onecase"], "dedup": ["onecase", "dedup", "dedup"]}, ["schemas", "dedup"]),
    ],
)
def test_two_owners(found: dict[str, list[str]], named: list[str]) -> None:
    assert [sentence.split()[2] for sentence in two_owners(found)] == named


def test_the_sentence_says_who_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "packages_distributions", lambda: ALONE | {"schemas": ["other-app", "onecase"]})
    with pytest.raises(RuntimeError) as refused:
        refuse_two_owners()
    assert str(refused.value) == (
        "The package schemas belongs to onecase and other-app: one has overwritten the other. "
        "Install onecase into an environment of its own."
    )


def test_here_each_has_one_owner() -> None:
    refuse_two_owners()
