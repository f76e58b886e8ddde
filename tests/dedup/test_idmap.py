from uuid import UUID, uuid5

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.idmap import IdMap, halves, text_of

SPACE = UUID(int=1)


@given(st.lists(st.tuples(st.sampled_from(("add", "remove")), st.integers(1, 400)), max_size=900))
@settings(max_examples=40, deadline=None)
def test_it_agrees_with_a_dict(steps: list[tuple[str, int]]) -> None:
    ids, found = np.zeros((401, 2), np.uint64), IdMap()
    oracle: dict[str, int] = {}
    names = {row: str(uuid5(SPACE, str(row))) for row in range(1, 401)}
    for row, name in names.items():
        ids[row] = halves(name)
    for step, row in steps:
        if step == "add" and row not in oracle.values():
            found.add(ids, row)
            oracle[names[row]] = row
        elif step == "remove" and names[row] in oracle:
            found.remove(ids, row)
            del oracle[names[row]]
    assert {name: found.get(ids, name) for name in names.values()} == {name: oracle.get(name, 0) for name in names.values()}


def test_many_ids_are_found_after_it_grew() -> None:
    count = 5000
    ids, found = np.zeros((count + 1, 2), np.uint64), IdMap()
    names = [str(uuid5(SPACE, str(row))) for row in range(count + 1)]
    for row in range(1, count + 1):
        ids[row] = halves(names[row])
        found.add(ids, row)
    assert [found.get(ids, name) for name in names] == list(range(count + 1))


def test_halves_and_back() -> None:
    name = str(uuid5(SPACE, "x"))
    assert text_of(*halves(name)) == name
