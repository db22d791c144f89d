"""The two engines made of `formulas`: what they take on, what they decline, and that columns equal cells."""

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xlsxwriter
from engine_books import trace, trace_book, write

from sheetgen.excel import ErrorValue, Value, read
from sheetgen.excel.a1 import Area
from sheetgen.judge.engines import ENGINES, Recalculated, patterns, whole
from sheetgen.judge.engines import together as together_module
from sheetgen.judge.engines.dialect import plain_value
from sheetgen.judge.engines.together import compile_pattern

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
             "A5": ("=WEBSERVICE(\"x\")", "x"), "A6": ("=SUM(A1:A2 A2:A3)", 10), "A7": ("=size+1", 3),
             "A8": ('=INDIRECT("A1")', 5)}  # fmt: skip
    found = ENGINES[engine](write(tmp_path / "b.xlsx", {"S": cells}, {"size": "=S!$A$1+S!$A$2"}))
    assert found.values == {"S": {"A2": 10.0}}  # from the cached value of what was not evaluated
    assert found.not_evaluated == [
        "S!A1: the function FOO is unknown to formulas",
        "S!A3: the function ROW looks at addresses, not at values",
        "S!A4: '{' is not in the dialect",
        "S!A5: the function WEBSERVICE is unknown to formulas",
        "S!A6: an intersection of ranges is not in the dialect",
        "S!A7: the name size stands for a formula",
        "S!A8: the function INDIRECT looks at addresses, not at values",
    ]


@pytest.mark.parametrize("engine", ["formulas", "formulas patterns"])
def test_a_name_that_is_half_unknown_is_not_taken_for_its_other_half(engine: str, tmp_path: Path) -> None:
    cells: dict[str, Any] = {"A1": 100} | {f"B{k}": k for k in range(1, 7)}
    cells |= {f"C{k}": (f"=IFERROR(x,B{k})", k) for k in range(1, 7)}
    cells |= {f"D{k}": (f"=IFERROR(nosuch,B{k})", k) for k in range(1, 7)}
    result = ENGINES[engine](write(tmp_path / "b.xlsx", {"S": cells}, {"x": "=S!$A$1+nosuch"}))
    assert result.values == {"S": {f"D{k}": float(k) for k in range(1, 7)}}
    assert result.not_evaluated == [f"S!C{k}: the name x stands for a formula" for k in range(1, 7)]


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


def one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> Recalculated:
    """What the library alone makes of every cell."""
    with monkeypatch.context() as patch:
        patch.setattr(patterns, "FEW", 10**9)
        patch.setattr(patterns, "compile_pattern", lambda pattern, _: compile_pattern(pattern, False))
        return patterns.recalculate(path)


def unchecked(path: Path, monkeypatch: pytest.MonkeyPatch) -> Recalculated:
    """What is made of all cells together, where it can be, without comparing some of them with the library alone."""

    def no_single(self: patterns.Calculator, shared: patterns.Group, tasks: list[patterns.Task]) -> Any:
        assert not shared.together
        return singly(self, shared, tasks)

    singly = patterns.Calculator._singly
    with monkeypatch.context() as patch:
        patch.setattr(patterns, "FEW", 0)
        patch.setattr(patterns, "same", lambda *_: True)
        patch.setattr(patterns.Calculator, "_singly", lambda self, shared, tasks: []
                      if len(tasks) == 3 and shared.together else no_single(self, shared, tasks))  # fmt: skip
        return patterns.recalculate(path)


def test_together_is_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tricky_book(tmp_path / "b.xlsx")
    together, singly = unchecked(path, monkeypatch), one_by_one(path, monkeypatch)
    assert exact(together.values["S"]) == exact(singly.values["S"])
    assert together.not_evaluated == singly.not_evaluated == []
    monkeypatch.setattr("sheetgen.judge.engines.together.careful", lambda function: function)
    assert exact(unchecked(path, monkeypatch).values["S"]) != exact(singly.values["S"])  # without the care it is not
    assert exact(patterns.recalculate(path).values["S"]) == exact(singly.values["S"])  # and then it is noticed


WINDOWS = ["=SUM({r})", "=MAX({r})", "=MIN({r},{a})", "=MAX(0,{a})", "=MIN({a},{b})", "=SUM({r},{a},1)", "=SUMSQ({r})",
           "=SUMPRODUCT({r},{q})", "=SUMPRODUCT({r},{t})", "=MAX(0,SUMPRODUCT({r},{q}))*{a}+{b}", "=COUNT({r})+{a}",
           "=AVERAGE({r})", "=COUNTA({r})", "=COUNTIF({r},\">0\")", "=INDEX({r},{n},2)", "=INDEX({r},2,{n})*2",
           "=MATCH({a},{c},0)", "=AND({a}>0,{b}<2)", "=OR({a}>0,{r})", "=IF(MAX({r})<=1,\"small\",{a})",
           "=IF(OR({a}>1,{b}>1),\"\",INDEX({r},1,1))", "=IFERROR(SUM({r}),{a})", "=SUM({r}*{q})", "=COUNT(({r}))",
           "=SUBSTITUTE({a},\"t\",\"T\")", "=LEN({a})", "=LEFT({a},2)", "=INDEX({r},{n},1)&\"!\"",
           "=SUM(({a}))"]  # fmt: skip


def window_book(path: Path, odd: bool) -> Path:
    """Windows of 2 x 3 cells of plain numbers; or with texts, blanks, truths and errors among them."""
    rng = random.Random(3)
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("S")
        for row in range(61):
            for column in range(5):
                value = rng.choice(ODD) if odd and rng.random() < 0.3 else rng.choice([-0.0, 0, 1, rng.gauss(0, 1)])
                if isinstance(value, str) and value.startswith("#"):
                    page.write_formula(row, column, f"={value}", None, value)
                elif value is not None:
                    (page.write_string if isinstance(value, str) else page.write)(row, column, value)
            page.write(row, 5, 1 + row % 3)
        for row in range(1, 60):
            names = {"r": f"A{row}:C{row + 1}", "q": f"$B${row}:D{row + 1}", "t": f"A{row}:B{row + 2}", "a": f"D{row}",
                     "b": f"E{row}", "n": f"F{row}", "c": f"$D{row}:$D{row + 1}"}  # fmt: skip
            for n, formula in enumerate(WINDOWS):
                page.write_formula(row - 1, 7 + n, formula.format(**names), None, 1)
    return path


@pytest.mark.parametrize("odd", [False, True])
def test_windows_together_are_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: bool) -> None:
    path = window_book(tmp_path / "b.xlsx", odd)
    groups, _ = patterns.group(read(path))
    apart = {shared.pattern for shared in groups if not shared.together}
    assert "SUM(B1*B2)" in apart and len(apart) < 6  # what only the library itself can know
    together, singly = unchecked(path, monkeypatch), one_by_one(path, monkeypatch)
    assert exact(together.values["S"]) == exact(singly.values["S"])
    assert together.not_evaluated == singly.not_evaluated


def test_a_group_that_is_not_the_librarys_is_calculated_by_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of it may round another way: then ours is not believed."""
    path = window_book(tmp_path / "b.xlsx", odd=False)
    right = exact(patterns.recalculate(path).values["S"])
    at_once = together_module._at_once

    def wrong(name: str, count: int, arguments: tuple[Any, ...]) -> Any:
        found = at_once(name, count, arguments)
        return found and [math.nextafter(value, 9) for value in found]

    monkeypatch.setattr(together_module, "_at_once", wrong)
    assert exact(patterns.recalculate(path).values["S"]) == right
    monkeypatch.setattr(patterns, "same", lambda *_: True)
    assert exact(patterns.recalculate(path).values["S"]) != right


def test_words_like_references_are_none(tmp_path: Path) -> None:
    """In texts, in names, in the names of sheets and of functions, in numbers."""
    names = {"x_A1": "='A1 and B2'!$A$1", "'A1 and B2'!k": "='A1 and B2'!$A$2"}
    cells = {f"B{row}": (f"=A{row}&\"A1\"&x_A1&LOG10(A{row})&1E5&'A1 and B2'!k&'A1 and B2'!A{row}", 0)
             for row in range(1, 9)}  # fmt: skip
    cells |= {f"A{row}": (10**row) for row in range(1, 9)}
    other = {f"A{row}": row for row in range(1, 9)}
    found = patterns.recalculate(write(tmp_path / "b.xlsx", {"S": cells, "A1 and B2": other}, names)).values["S"]
    assert found == {f"B{row}": f"{10**row}A11{row}1000002{row}" for row in range(1, 9)}


def test_a_range_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells: dict[str, Any] = {f"A{row}": row * row for row in range(1, 1001)}
    cells |= {f"B{row}": (f"=INDEX(A$1:A$1000,{5 * row},1)", 0) for row in range(1, 201)}
    reads = []
    cell = patterns.CachedValues.cell

    def counted(self: patterns.CachedValues, sheet: str, where: str) -> Any:
        reads.append(where)
        return cell(self, sheet, where)

    monkeypatch.setattr(patterns.CachedValues, "cell", counted)
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
    precedents = patterns.CachedValues(read(path))
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
