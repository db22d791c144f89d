"""The two engines made of `formulas`: what they take on, what they decline, and that columns equal cells."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xlsxwriter
from engine_books import trace, trace_book, write

from sheetgen.engines import ENGINES, patterns, whole
from sheetgen.engines.dialect import plain_value
from sheetgen.xlsx import ErrorValue, Value, read
from sheetgen.xlsx.a1 import Area

pytestmark = pytest.mark.filterwarnings("error")


def test_patterns_agree_with_right_values_and_with_no_others(tmp_path: Path) -> None:
    right = trace(30)
    found = patterns.recalculate(trace_book(tmp_path / "a.xlsx", right))
    assert found.not_evaluated == []
    assert found.values["Trace"] == pytest.approx({where: value for where, (_, value) in right.items()}, rel=1e-12)
    formula, value = right["P17"]
    nudged = trace_book(tmp_path / "b.xlsx", {**right, "P17": (formula, value * (1 + 1e-7))})
    again = patterns.recalculate(nudged).values["Trace"]
    assert again["P17"] == pytest.approx(value, rel=1e-12)
    changed = {where for where in right if again[where] != pytest.approx(right[where][1], rel=1e-9)}
    assert changed and all(where.endswith("17") for where in changed)  # what reads P17 reads the nudged value
    everywhere = trace_book(tmp_path / "c.xlsx", {where: (formula, 999.0) for where, (formula, _) in right.items()})
    assert all(value != 999 for where, value in patterns.recalculate(everywhere).values["Trace"].items()
               if right[where][0].count("*"))  # fmt: skip


@pytest.mark.parametrize("engine", ["formulas", "formulas patterns"])
def test_what_formulas_does_not_know_is_listed(engine: str, tmp_path: Path) -> None:
    cells = {"A1": ("=FOO(1)", 5), "A2": ("=A1*2", 10), "A3": ("=ROW(A1)", 1), "A4": ("=SUM({1,2})", 3),
             "A5": ("=HYPERLINK(\"#S!A1\",\"x\")", "x"), "A6": ("=SUM(A1:A2 A2:A3)", 10), "A7": ("=size+1", 3),
             "A8": ('=INDIRECT("A1")', 5)}  # fmt: skip
    found = ENGINES[engine](write(tmp_path / "b.xlsx", {"S": cells}, {"size": "=S!$A$1+S!$A$2"}))
    assert found.values == {"S": {"A2": 10.0}}  # from the cached value of what was not evaluated
    assert found.not_evaluated == [
        "S!A1: the function FOO is unknown to formulas",
        "S!A3: the function ROW looks at addresses, not at values",
        "S!A4: '{' is not in the dialect",
        "S!A5: the function HYPERLINK is unknown to formulas",
        "S!A6: an intersection of ranges is not in the dialect",
        "S!A7: the name size stands for a formula",
        "S!A8: the function INDIRECT looks at addresses, not at values",
    ]


def test_a_formula_without_a_cached_value_supports_nothing(tmp_path: Path) -> None:
    cells = {"A1": 1, "A2": ("=A1+1", ""), "A3": ("=A2+1", 3), "A4": ("=MAX(A1:A3)", 3), "A5": ("=A1+1", 2)}
    found = patterns.recalculate(write(tmp_path / "b.xlsx", {"S": cells}))
    assert found.values["S"] == {"A2": 2.0, "A5": 2.0}
    assert found.not_evaluated == [
        "S!A3: it needs S!A2, which has no cached value",
        "S!A4: it needs S!A2, which has no cached value",
    ]


TRICKY = ["={a}+{b}", "={a}^{b}", "={a}*{b}-{b}/{a}", "={a}&{b}", "={a}<{b}", "={a}={b}", "=-{a}^2", "={a}%",
          "=IF({a}<-700,0,1/(1+EXP(-{a})))", "=IF({a}>0,{b},LN({a}))", "=IF({a},{b},1)", "=IFERROR({a}^{b},0)+{b}",
          "=IFERROR(1/{a},{b})", "=ISNUMBER({a})", "=NOT({a})", "=ABS({a})+SQRT({b})", "=TANH({a})*ROUND({b},2)",
          "=FIXED({a},3,TRUE)&TEXT({b},\"0.00\")", "=REPT(\"x\",{b})", "=EXP({a})-EXP({b})", "=INT({a})+SIGN({b})",
          "=MOD({a},{b})", "=POWER({a},{b})", "=CHAR({a})", "={a}", "=ISERROR({a}/{b})", "=ISTEXT({a})"]  # fmt: skip
ODD = [0, -0.0, 1, -1e5, 1e5, 1e200, -8, 1 / 3, 0.5, 2.5, 700, "text", "", "3", True, False, None, "#DIV/0!", "#N/A"]


def tricky_book(path: Path) -> Path:
    pairs = [(a, b) for a in ODD for b in ODD]
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("S")
        for row, pair in enumerate(pairs, 1):
            for column, value in zip("AB", pair, strict=True):
                if isinstance(value, str) and value.startswith("#"):
                    page.write_formula(f"{column}{row}", f"={value}", None, value)
                elif value is not None:
                    (page.write_string if isinstance(value, str) else page.write)(f"{column}{row}", value)
            for n, formula in enumerate(TRICKY):
                page.write_formula(row - 1, 3 + n, formula.format(a=f"A{row}", b=f"B{row}"), None, 1)
    return path


def exact(values: dict[str, Value]) -> dict[str, tuple[str, str]]:
    return {where: (type(value).__name__, repr(value)) for where, value in values.items()}


def test_by_column_is_by_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tricky_book(tmp_path / "b.xlsx")
    together = patterns.recalculate(path)
    grouped = patterns.group

    def no_columns(workbook: Any) -> Any:
        groups, unknown = grouped(workbook)
        assert all(columns for _, columns in groups)
        return {(pattern, False): tasks for (pattern, _), tasks in groups.items()}, unknown

    monkeypatch.setattr(patterns, "group", no_columns)
    singly = patterns.recalculate(path)
    assert exact(together.values["S"]) == exact(singly.values["S"])
    assert together.not_evaluated == singly.not_evaluated == []
    monkeypatch.undo()
    monkeypatch.setattr(patterns, "careful", lambda function: function)  # and without the care it is not
    assert exact(patterns.recalculate(path).values["S"]) != exact(singly.values["S"])


def test_reducing_functions_are_not_vectorised(tmp_path: Path) -> None:
    cells: dict[str, Any] = {f"A{row}": row - 3 for row in range(1, 6)}
    cells |= {f"B{row}": (f"=MAX(0,A{row})", 0) for row in range(1, 6)}
    cells |= {f"C{row}": (f"=AND(A{row}>0,A{row}<2)", 0) for row in range(1, 6)}
    values = patterns.recalculate(write(tmp_path / "b.xlsx", {"S": cells})).values["S"]
    assert [values[f"B{row}"] for row in range(1, 6)] == [0, 0, 0, 1, 2]
    assert [values[f"C{row}"] for row in range(1, 6)] == [False, False, False, True, False]


def test_a_range_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells: dict[str, Any] = {f"A{row}": row * row for row in range(1, 1001)}
    cells |= {f"B{row}": (f"=INDEX(A$1:A$1000,{5 * row},1)", 0) for row in range(1, 201)}
    reads = []
    cell = patterns.Precedents.cell

    def counted(self: patterns.Precedents, sheet: str, where: str) -> Any:
        reads.append(where)
        return cell(self, sheet, where)

    monkeypatch.setattr(patterns.Precedents, "cell", counted)
    values = patterns.recalculate(write(tmp_path / "b.xlsx", {"S": cells})).values["S"]
    assert values == {f"B{row}": 25.0 * row * row for row in range(1, 201)}
    assert len(reads) == 1000


@pytest.mark.parametrize("engine", ["formulas", "formulas patterns"])
def test_names_of_one_sheet_and_of_all(engine: str, tmp_path: Path) -> None:
    names = {"k": "='O''Neil'!$A$1", "O'Neil!k": "='O''Neil'!$A$2", "half": "=0.5"}
    cells = {"B1": ("=k", 0), "B2": ("='O''Neil'!k*half", 0), "B3": ("=S!K", 0)}
    path = write(tmp_path / "b.xlsx", {"O'Neil": {"A1": 3, "A2": 4, "B1": ("=k+1", 0)}, "S": cells}, names)
    assert ENGINES[engine](path).values == {"O'Neil": {"B1": 5.0}, "S": {"B1": 3.0, "B2": 2.0, "B3": 3.0}}


def test_ranges_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "b.xlsx", {"S": {"A1": 1, "B1": ("=SUM(A:A)", 1), "B2": ("=SUM(A1:A2)", 1)}})
    found = patterns.recalculate(path)
    assert found.not_evaluated == ["S!B1: a range of 1,048,576 cells is too large"]
    assert found.values["S"] == {"B2": 1.0}
    whole_line = "S: its formulas refer to 1,048,578 cells, over 60,000; see 'formulas patterns'"
    in_full = whole.recalculate(path)
    assert in_full.left_out == (whole_line,) and in_full.not_evaluated == [] and in_full.values == {"S": {}}
    precedents = patterns.Precedents(read(path))
    monkeypatch.setattr(patterns, "MAX_CACHED", 3)
    for row in (1, 3, 5):
        precedents(Area("S", row, 1, row + 1, 1))
    assert len(precedents.ranges) == 1


def test_formulas_in_full_takes_small_sheets_and_other_sheets_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "b.xlsx", {
        "Small": {"A1": 2, "A2": ("=A1+Big!A1", 0), "A3": ("=A2*SUM(A1:A2,B1:B3)", 0), "A4": ("=A4+1", 0)},
        "Big": {"A1": ("=1+1", 5), "A2": ("=A1+1", 0)},
    })  # fmt: skip
    found = whole.recalculate(path, limit=4)
    assert found.values == {"Small": {"A2": 7.0, "A3": 63.0}, "Big": {"A1": 2.0, "A2": 3.0}}
    assert found.not_evaluated == ["Small!A4: formulas gave no value"] and found.left_out == ()
    found = whole.recalculate(path, limit=1)
    assert found.values == {"Small": {}, "Big": {}}
    assert found.not_evaluated == []
    assert found.left_out == (
        "Small: 3 formula cells are more than 1; see 'formulas patterns'",
        "Big: 2 formula cells are more than 1; see 'formulas patterns'",
    )


@pytest.mark.parametrize(("value", "plain"), [
    (np.float64(2), 2.0), (3, 3.0), (np.True_, True), (np.str_("x"), "x"), (math.nan, ErrorValue("#NUM!")),
    (1j, ErrorValue("#NUM!")), (np.int64(7), 7.0),
])  # fmt: skip
def test_plain_values(value: Any, plain: Value) -> None:
    assert plain_value(value) == plain and type(plain_value(value)) is type(plain)
