"""Every function and operator of the reader against engines that share no line with it."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from engine_books import run, write
from reader_books import book
from reader_formulas import RandomFormulas, never_called

from sheetgen.excel import Entry, read
from sheetgen.excel.a1 import address
from sheetgen.judge.engines import iron
from sheetgen.reader import Formulas, values
from sheetgen.reader.functions import FUNCTIONS

SPELLED = ("7", "1.5")
ERRORS = (None, "", "abc", "x y", "#NUM!", "#VALUE!", "#DIV/0!", "#N/A", "#NAME?", "#REF!")


def found(cells: dict[str, Any], formulas: list[str]) -> tuple[Formulas, dict[str, float], dict[str, str]]:
    """(the book, address -> value, address -> formula) of formulas below the cells."""
    where = {address(k, 10): formula for k, formula in enumerate(formulas, 1)}
    made = book({**cells, **{at: f"={formula}" for at, formula in where.items()}})
    return made, {at: number for (_, at), number in values(made)[0].items()}, where


def content(made: Formulas) -> dict[str, Any]:
    """The cells of a book as a file is written from them."""
    cells = made.workbook.sheets["S"]
    return {at: entry.value if entry.formula is None else f"={entry.formula}" for at, entry in cells.items()}


def agree(ours: float, theirs: Any, relative: float, absolute: float) -> bool:
    """One number, or both an error or a text; a text that spells a number is that number."""
    if math.isnan(ours):
        return isinstance(theirs, str) and theirs not in SPELLED
    return theirs not in ERRORS and ours == pytest.approx(float(theirs), rel=relative, abs=absolute)


def calculated(made: Formulas) -> dict[str, Any]:
    return {**iron.recalculate("a book", made.workbook).values["S"]}


@pytest.mark.parametrize("seed", range(6))
def test_numbers_agree_with_ironcalc(seed: int) -> None:
    source = RandomFormulas(seed)
    made, ours, where = found(source.cells(mixed=False), source.every(2))
    theirs = calculated(made)
    wrong = [
        (formula, ours[at], theirs.get(at)) for at, formula in where.items()
        if not agree(ours[at], theirs.get(at), 1e-9, 1e-9 if "NORM" in formula else 1e-12)
    ]  # fmt: skip
    assert wrong == []
    assert sum(map(math.isnan, ours.values())) < len(ours) / 5


@pytest.mark.parametrize("seed", range(6))
def test_texts_blanks_and_truth_values_agree_with_ironcalc(seed: int) -> None:
    """Or they are not understood, which few are."""
    source = RandomFormulas(100 + seed)
    formulas = [*source.of_ranges(), *source.of_choices(), *source.of_operators()]
    made, ours, where = found(source.cells(mixed=True), formulas)
    theirs = calculated(made)
    understood = {at: formula for at, formula in where.items() if ("S", at) not in made.problems}
    wrong = [
        (formula, ours[at], theirs.get(at)) for at, formula in understood.items()
        if not agree(ours[at], theirs.get(at), 1e-9, 1e-12)
    ]  # fmt: skip
    assert wrong == []
    assert len(understood) > 0.8 * len(where)


def test_every_function_is_asked_for() -> None:
    assert never_called(RandomFormulas(0).every()) == set()


@pytest.mark.slow
def test_numbers_agree_with_libreoffice(tmp_path: Path) -> None:
    """It prints 15 digits, knows not all newer names, and sees a truth value in a cell as a number."""
    source = RandomFormulas(7)
    made, ours, where = found(source.cells(mixed=False), source.every(4))
    theirs = run("LibreOffice", write(tmp_path / "a.xlsx", {"S": content(made)})).values["S"]
    known = {at: formula for at, formula in where.items() if theirs.get(at) != "#NAME?"}
    # What it makes of a depreciation beyond the life of a thing, or below 0, is its own. MAX(1,"3") is an error there,
    # and 3 in Excel and in IronCalc; a truth value in 1>2>3 is a number there, and above all numbers in the others.
    own = re.compile(r'\b(DB|DDB|SYD)\(|,"[0-9]+"\)|>.*>')
    wrong = [
        (formula, ours[at], theirs.get(at)) for at, formula in known.items()
        if not agree(ours[at], theirs.get(at), 1e-9, 1e-9) and not own.search(formula)
    ]  # fmt: skip
    assert wrong == [] and len(known) > 0.85 * len(where)


SEVERAL = ("SUM", "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "SUMSQ", "VAR", "VARP", "STDEV", "STDEVP")
AREAS = ("(S!A1:A3,T!B2,S!A1:B4)", "(S!A1,T!B2)", "'S:U v'!A1", "'U v:S'!A1:B4", "S:T!B2,5")


def several() -> Formulas:
    """Unions of ranges, and the same cells of three sheets, in every function that takes them."""
    made = book({f"A{k}": v for k, v in enumerate((1.5, 2.5, 3.5, "abc"), 1)} | {"B1": 3, "B2": 0.5, "B4": "y"})
    sheets = made.workbook.sheets
    sheets["T"] = {at: Entry(None, 2.0 * k + 1) for k, at in enumerate(("A1", "A3", "B2", "B3"))}
    sheets["U v"] = {at: Entry(None, k - 1.5) for k, at in enumerate(("A1", "A2", "B1", "B2"))}
    calls = [f"{name}({area})" for name in (*SEVERAL, "SUMPRODUCT") for area in AREAS] + ["NPV(0.1,(S!A1:A3,T!B2))"]
    sheets["F"] = {f"A{k}": Entry(call, None) for k, call in enumerate([*calls, "AND((S!A1,T!B2))", "OR(S:T!B2)"], 1)}
    return Formulas(made.workbook)


def test_unions_and_references_to_several_sheets_agree_with_engines(tmp_path: Path) -> None:
    """Formulon has both, LibreOffice unions alone; all have an error for SUMPRODUCT, or their own view."""
    made = several()
    ours, _ = values(made)
    sheets = {name: {at: e.value if e.formula is None else f"={e.formula}" for at, e in cells.items()}
              for name, cells in made.workbook.sheets.items()}  # fmt: skip
    path = write(tmp_path / "several.xlsx", sheets)
    assert {e.formula[:11] for (_, at) in made.problems if (e := made.workbook.sheets["F"][at]).formula} == {
        "SUMPRODUCT("
    }
    for engine, understood in (("Formulon", ""), ("LibreOffice", ":U v|v:S|S:T")):
        theirs = run(engine, path).values["F"]
        for (sheet, at), number in ours.items():
            text = made.workbook.sheets[sheet][at].formula or ""
            if not (understood and re.search(understood, text)):
                assert agree(number, theirs.get(at), 1e-12, 0), (engine, text, number, theirs.get(at))


def test_a_wrong_function_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "SUMSQ", FUNCTIONS["SUM"])
    with pytest.raises(AssertionError, match="SUMSQ"):
        test_numbers_agree_with_ironcalc(0)


def test_our_own_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    """The same through a file: numbers keep all their digits, formulas their text."""
    source = RandomFormulas(3)
    made, ours, where = found(source.cells(mixed=True), source.every())
    again = values(Formulas(read(write(tmp_path / "a.xlsx", {"S": content(made)}))))[0]
    assert all(again["S", at] == pytest.approx(number, nan_ok=True) for at, number in ours.items()) and len(where) > 150
