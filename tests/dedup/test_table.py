from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.keys import keys_of
from dedup.reading import scan, source_of
from dedup.table import Table
from schemas.ids import case_id
from tests.dedup.build import POLICY, report

TEXTS = ("路灯坏了", "水管爆裂🚰停水两天", "物業亂收費 ＡＢＣ", "", "x" * 5000, "第一行\n第二行")


def put(table: Table, row: int, number: int, case: str, after: int | None = None) -> None:
    source = source_of(report(str(number), TEXTS[number % len(TEXTS)], "标题" * (number % 3), phone=f"1390000{number:04}", quoted="77"))
    table.put(row, source, keys_of(scan(source, POLICY), POLICY), case, after)


def test_a_report_comes_back_as_it_was_put() -> None:
    table = Table(64, POLICY.dictionary)
    for number, text in enumerate(TEXTS):
        source = source_of(report(str(number), text, "标题", phone="13900000001", quoted="7", address="湘春路5号"))
        seen = keys_of(scan(source, POLICY), POLICY)
        table.put(number + 1, source, seen, case_id(source.report_id))
        assert table.source(number + 1) == source
        assert table.sketch(number + 1) == seen.prints.astype("<u2").tobytes()


steps = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=60)


@given(steps)
@settings(max_examples=40, deadline=None)
def test_cases_keep_their_members_in_order(drawn: list[tuple[int, int]]) -> None:
    table = Table(64, POLICY.dictionary)
    oracle: dict[int, list[int]] = {}
    cases = [case_id(report(f"case{number}", "").report_id) for number in range(6)]
    for row, case in drawn:
        home = next((found for found, members in oracle.items() if row in members), None)
        if home is None:
            put(table, row, row, cases[case])
            oracle.setdefault(case, []).append(row)
        else:
            table.drop(row)
            oracle[home].remove(row)
    for case, members in oracle.items():
        held = table.case_row(cases[case])
        assert (list(table.members(held)) if held else []) == members
        assert not members or table.case_id(held) == cases[case]
    assert table.count == sum(map(len, oracle.values()))


def test_a_member_can_be_put_back_where_it_stood() -> None:
    table, case = Table(64, POLICY.dictionary), case_id(report("1", "").report_id)
    for row in (1, 2, 3):
        put(table, row, row, case)
    before = table.drop(2)
    put(table, 9, 2, case, before)
    assert list(table.members(table.case_row(case))) == [1, 9, 3]
    before = table.drop(1)
    put(table, 1, 1, case, before)
    assert list(table.members(table.case_row(case))) == [1, 9, 3]
