"""What formulas refer to: sheets, names within names, tables, 3-D references; and what is not there."""

import time
from pathlib import Path

import pytest
import xlsxwriter
from engine_books import write

from sheetgen.excel import read
from sheetgen.excel.a1 import Area, range_of
from sheetgen.excel.charts import _reference, read_charts
from sheetgen.excel.instructions import FormulaError, Literal, Operator
from sheetgen.excel.names import Resolver
from sheetgen.excel.references import Slot, Unknown, Unresolved
from sheetgen.excel.tables import Table
from sheetgen.judge.columns import cell_of

NAMES = {
    "eta": "S!$A$1", "T!eta": "T!$B$1", "half": "0.5", "rate": "=eta*half", "both": "S!$A$1:$B$9", "left": "S!XFD1",
    "column": "S!$A:$A", "down": "S!A:A", "loop": "pool+1", "pool": "loop", "union": "S!$A$1,T!$B$2", "bad": "1+",
    "dead": "S!#REF!", "x": "'It''s'!eta", "local": "$C$3",
}  # fmt: skip
TABLE = Table("Tab", Area("S", 2, 2, 9, 4), ("a", "b c", "d"), totals=1)


@pytest.fixture
def resolver() -> Resolver:
    return Resolver(["S", "T", "It's"], NAMES, [TABLE])


def areas(*texts: str) -> list[Area]:
    found = []
    for text in texts:
        sheet, _, cells = text.rpartition("!")
        area = range_of(cells)
        assert area is not None
        found.append(area._replace(sheet=sheet or "T"))
    return found


@pytest.mark.parametrize(("text", "expected"), [
    ("A1+$B$2:C3", ["A1", "B2:C3"]), ("s!A1*'it''S'!B2", ["S!A1", "It's!B2"]), ("A:A+S!2:3", ["A:A", "S!2:3"]),
    ("eta", ["T!B1"]), ("ETA+S!eta", ["T!B1", "S!A1"]), ("rate", ["T!B1"]), ("[0]!half", []), ("x", ["S!A1"]),
    ("SUM(both,column)", ["S!A1:B9", "S!A:A"]), ("left", ["S!C5"]), ("down", ["S!D:D"]), ("union", ["S!A1", "T!B2"]),
    ("local", ["C3"]), ("S!local", ["S!C3"]), ("Tab", ["S!B3:D8"]), ("Tab[]", ["S!B3:D8"]), ("tab[B C]", ["S!C3:C8"]),
    ("Tab[#All]", ["S!B2:D9"]), ("Tab[#Headers]", ["S!B2:D2"]), ("Tab[[#Totals],[a]:[b c]]", ["S!B9:C9"]),
    ("Tab[[#Headers],[#Data],[d]]", ["S!D2:D8"]), ("S:T!A1:B2", ["S!A1:B2", "T!A1:B2"]),
    ("SUM('T:S'!$A$1)", ["S!A1", "T!A1"]), ("S:It's!A1", None), ("'S:It''s'!A:A", ["S!A:A", "T!A:A", "It's!A:A"]),
])  # fmt: skip
def test_references_become_areas(resolver: Resolver, text: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(FormulaError):
            resolver.read(text, "T", (5, 4))
        return
    resolved, found = resolver.read(text, "T", (5, 4))
    assert found == areas(*expected) and resolved.unknown is None
    assert [item.number for item in resolved.code if isinstance(item, Slot)] == list(range(len(found)))
    assert list(resolver.areas(text, "T", (5, 4))) == found


@pytest.mark.parametrize(("text", "error", "why"), [
    ("gone", "#NAME?", "no name gone"), ("XFE1", "#NAME?", "no cell XFE1"), ("Gone!A1", "#REF!", "no sheet Gone"),
    ("S:Gone!A1", "#REF!", "no sheet S:Gone"), ("[1]S!A1", "#REF!", "no sheet [1]S"), ("A0", "#REF!", "no cell A0"),
    ("A:XFE", "#REF!", "no cell A:XFE"), ("loop", "#NAME?", "too many others"), ("bad", "#NAME?", "cannot be read"),
    ("Gone[a]", "#NAME?", "no table Gone"), ("Tab[gone]", "#REF!", "no such rows or columns"),
    ("[a]", "#NAME?", "no table"), ("Gone!eta", "#REF!", "no sheet Gone"),
])  # fmt: skip
def test_what_is_not_there_is_told(resolver: Resolver, text: str, error: str, why: str) -> None:
    resolved, found = resolver.read(f"1+{text}", "T", (5, 4))
    assert isinstance(resolved.unknown, Unknown) and resolved.unknown.error == error and why in resolved.unknown.why
    assert found == [] and resolved.unknown.external == text.startswith("[1]")
    assert list(resolver.areas(f"A1*Gone!A1+{text}", "T")) == (areas("A1") if text != "loop" else [])
    with pytest.raises(Unresolved, match=why.replace("[", r"\[")):
        resolver.area(text, "T")


def test_names_become_what_they_stand_for_without_brackets(resolver: Resolver) -> None:
    resolved, _ = resolver.read("rate^2", "T")
    assert resolved.code == (
        Slot(0), Literal("number", 0.5), Operator("*", 2), Literal("number", 2.0), Operator("^", 2),
    )  # fmt: skip
    assert resolver.read("dead", "S")[0].code == (Literal("error", "#REF!"),)


def test_what_a_formula_means_may_depend_on_its_sheet(resolver: Resolver) -> None:
    assert resolver.read("eta+A1", "S")[1] == areas("S!A1", "S!A1")
    assert resolver.read("eta+A1", "T")[1] == areas("T!B1", "T!A1")
    assert resolver.read("eta", "T")[0].scope == "sheet" and resolver.read("both+B7", "T")[0].scope == ""


def test_a_sheet_may_be_named_like_several_or_like_another_workbook() -> None:
    resolver = Resolver(["S", "T", "S:T", "[1]S", "1:1"], {})
    assert resolver.read("'S:T'!A1+'[1]S'!A1+'1:1'!A1", "S")[1] == areas("S:T!A1", "[1]S!A1", "1:1!A1")


def test_what_moves_needs_the_cell(resolver: Resolver) -> None:
    this_row = "Tab[[#This Row],[a]:[b c]]"
    assert resolver.read(this_row, "S", (4, 9))[1] == areas("S!B4:C4")
    assert resolver.read("[[#This Row],[d]]*2", "S", (5, 3))[1] == areas("S!D5")
    assert resolver.read("[[#This Row],[d]]", "S", (5, 9))[0].unknown
    for text, sheet, at in (
        ("left", "S", None),
        (this_row, "S", None),
        (this_row, "S", (9, 1)),
        (this_row, "T", (4, 1)),
    ):
        with pytest.raises(Unresolved, match=r"moves|row of a table"):
            resolver.read(text, sheet, at)
    assert list(resolver.areas("left+A1", "S")) == areas("S!A1")


def test_a_reference_to_several_sheets_is_one_union(resolver: Resolver) -> None:
    assert resolver.read("'S:It''s'!A1", "S")[0].code == (Slot(0), Slot(1), Slot(2), Operator(",", 3))
    assert resolver.read("'T:T'!A1", "S")[0].code == (Slot(0),)


def test_a_text_that_a_person_types_is_an_area_or_none(resolver: Resolver) -> None:
    assert resolver.area("both", "T") == areas("S!A1:B9")[0] and resolver.area("x", "T") == areas("S!A1")[0]
    for text in ("eta+1", "half", "union", "S:T!A1", "1+", ""):
        with pytest.raises(Unresolved):
            resolver.area(text, "S")
    assert resolver.sheet("IT'S") == "It's" and resolver.sheet("U") is None


def test_names_that_lead_on_and_on_are_bounded() -> None:
    chain = {f"n{k}x": f"n{k + 1}x" for k in range(25)} | {"n25x": "S!$A$1"}
    resolver = Resolver(["S"], chain)
    assert resolver.area("n6x", "S") == areas("S!A1")[0]
    with pytest.raises(Unresolved, match="too many others"):
        resolver.area("n4x", "S")
    double = {f"n{k}x": f"n{k + 1}x+n{k + 1}x" for k in range(19)} | {"n19x": "1", "a": "b+b", "b": "a+a"}
    start = time.process_time()
    for name in ("n0x", "a"):
        resolved, _ = Resolver(["S"], double).read(name, "S")
        assert resolved.unknown and len(resolved.code) == 1
    assert time.process_time() - start < 20


def test_all_formulas_of_a_workbook_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.excel.names.MAX_ALL", 50)
    resolver = Resolver(["S"], {})
    found = [resolver.read(f"A1+{k}", "S")[0].unknown for k in range(20)]
    assert found[0] is None and found[-1] is not None and "too many formulas" in found[-1].why


def test_tables_are_read_from_a_file(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as file:
        sheet = file.add_worksheet("My sheet")
        columns = [{"header": "a"}, {"header": "b c"}]
        sheet.add_table("B3:C8", {"name": "Tab", "columns": columns, "total_row": True})
        sheet.add_table("E3:F8", {"name": "Bare", "header_row": False})
    tables = read(tmp_path / "a.xlsx").tables
    assert tables[0] == Table("Tab", Area("My sheet", 3, 2, 8, 3), ("a", "b c"), 1, 1)
    assert tables[1].headers == 0 and tables[1].data == (3, 8)
    assert read(write(tmp_path / "b.xlsx", {"S": {"A1": 1}})).tables == ()


def test_a_chart_may_name_its_cells_by_a_name_of_one_sheet(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as file:
        sheet = file.add_worksheet("S")
        file.define_name("S!loss", "=S!$B$2:$B$9")
        chart = file.add_chart({"type": "line"})
        chart.add_series({"categories": "=S!$A$2:$A$9", "values": "=S!loss"})
        sheet.insert_chart("D1", chart)
    (series,) = read_charts(tmp_path / "a.xlsx")[0].series
    assert [series.categories.area, series.values.area] == areas("S!A2:A9", "S!B2:B9")


def test_a_moving_name_is_seen_from_a1_where_there_is_no_cell() -> None:
    """As charts and verdicts have it, which stand in no cell."""
    resolver = Resolver(["S"], {"moving": "S!A1:A5", "one": "S!B2"})
    assert _reference("moving", "S", resolver).area == Area("S", 1, 1, 5, 1)
    assert cell_of(resolver, "one") == ("S", "B2")
