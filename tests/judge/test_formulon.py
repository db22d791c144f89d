"""Formulon: what it is and is not, and that nothing we write is on its own list of differences from Excel."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from books import TEMPLATES, BuildBook, written
from engine_books import needs, write

from sheetgen.excel import read
from sheetgen.excel.tokens import tokens
from sheetgen.judge.check import check
from sheetgen.judge.engines import ENGINES, EngineFailed, EngineMissing, Recalculated, formulon, result
from sheetgen.spec import load
from sheetgen.writer import plugins
from sheetgen.writer.plan import START
from sheetgen.writer.sheets.start import PROGRAMS, EngineLine

# Functions that Formulon's own list of known differences from Excel names (tests/divergence.yaml in its repository, as
# of version 0.18); a test holds that we write none of them, except where EXCEPT says why it does not matter.
DIVERGES = frozenset(
    {
        "ANCHORARRAY", "AREAS", "ARRAYTOTEXT", "ASC", "BESSELI", "BESSELY", "BYCOL", "COPILOT", "COUNTIF",
        "CUBEKPIMEMBER", "CUBEMEMBER", "CUBEMEMBERPROPERTY", "CUBERANKEDMEMBER", "CUBESET", "CUBESETCOUNT",
        "CUBEVALUE", "DETECTLANGUAGE", "ENCODEURL", "ERF.PRECISE", "ERFC.PRECISE", "FILTERXML", "FORECAST.ETS",
        "FORECAST.ETS.CONFINT", "FORECAST.ETS.SEASONALITY", "FORECAST.ETS.STAT", "FREQUENCY", "GETPIVOTDATA", "GROUPBY",
        "IMAGE", "INDIRECT", "INFO", "ISBLANK", "ISFORMULA", "JIS", "LAMBDA", "LINEST", "LOGEST", "MAP", "NOW",
        "PHONETIC", "PIVOTBY", "PY", "RAND", "RANDARRAY", "RANDBETWEEN", "REGEXEXTRACT", "REGEXREPLACE", "REGEXTEST",
        "ROWS", "RTD", "SCAN", "SEQUENCE", "STOCKHISTORY", "TEXT", "TODAY", "TRANSLATE", "WEBSERVICE", "XLOOKUP",
        "XMATCH",
    }
)  # fmt: skip
EXCEPT = {
    "COUNTIF": 'only for "<>" over cells that hold an empty text: the makers\' own driver cannot write those',
    "ROWS": "only for an array that is written out with rows of unlike lengths, which Excel refuses",
    "TEXT": 'only for a colour in the format, "[Red]0.00", which Excel shows now as text and now as an error',
}


def functions(formulas: Iterable[str]) -> set[str]:
    """The names of all functions that formulas call."""
    calls = {token.text for formula in formulas for token in tokens(formula) if token.kind == "call"}
    return {re.sub(r"_XL(FN|WS)\.", "", call[:-1].upper()) for call in calls}


@pytest.fixture(scope="module")
def formulas(build_book: BuildBook, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All formulas that we write: those of the default workbook, and of every template's."""
    homework = replace(load(TEMPLATES / "homework.toml"), steps=2)
    default = tmp_path_factory.mktemp("formulon") / "default.xlsx"
    written(default, homework, extras=plugins.gather())
    books = [default, *(build_book(template.stem, steps=2) for template in TEMPLATES.glob("*.toml"))]
    return {e.formula for book in books for cells in read(book).sheets.values() for e in cells.values() if e.formula}


def test_nothing_we_write_is_on_its_list_of_differences(formulas: set[str]) -> None:
    used = functions(formulas)
    assert {"SUMPRODUCT", "EXP", "INDEX", "IFERROR"} <= used
    assert used & DIVERGES <= set(EXCEPT)


def test_the_exceptions_hold(formulas: set[str]) -> None:
    """COUNTIF never asks for "<>", TEXT never for a colour, and no array is written out."""
    assert not [f for f in formulas if "COUNTIF(" in f and '"<>"' in f]
    assert not [f for f in formulas if re.search(r"\[(?i:red|blue|green|black|white|cyan|magenta|yellow)", f)]
    assert not [f for f in formulas for token in tokens(f) if token.kind == "array"]


def test_a_list_that_is_scanned_can_be_met() -> None:
    assert functions(["_xlfn.XLOOKUP(1,B1:B2,B1:B2)+now()"]) == {"XLOOKUP", "NOW"} <= DIVERGES


def test_what_it_cannot_load_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("Formulon")
    path = write(tmp_path / "b.xlsx", {"S": {"A1": ("=1+1", 0)}})
    monkeypatch.setattr(result, "blank", lambda _, copy: copy.write_bytes(b"PK no zip file"))
    with pytest.raises(EngineFailed, match=r"^Formulon can make nothing of the workbook: "):
        ENGINES["Formulon"](path)


def test_a_workbook_that_would_take_minutes_is_left_out_and_noted(right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("Formulon")
    few = formulon.recalculate(right, limit=10)
    assert few.values == {} and "formula cells are more than 10" in few.left_out[0]
    monkeypatch.setitem(ENGINES, "Formulon", lambda *_: few)
    report = check(right, ["Formulon"])
    assert [f.kind for f in report.findings] == ["not evaluated"] and report.lines == []
    assert report.notes == [f"Formulon left out {few.left_out[0]}"]


@pytest.mark.parametrize("ci", [False, True])
def test_it_may_be_missing_at_home_and_not_in_ci(right: Path, monkeypatch: pytest.MonkeyPatch, ci: bool) -> None:
    def missing(*_: object) -> Recalculated:
        raise EngineMissing("The engine Formulon is not installed: run pip install 'sheetgen[formulon]'.")

    monkeypatch.setitem(ENGINES, "Formulon", missing)
    monkeypatch.setenv("CI", "true" if ci else "")
    report = check(right, ["Formulon"])
    assert [f.kind for f in report.findings] == (["engine"] if ci else ["not evaluated"])  # for it was asked alone
    assert ["Formulon is not installed" in note for note in report.notes] == [True] * (not ci)


@pytest.mark.parametrize("engine", ["Formulon", "IronCalc"])
def test_the_certificate_says_what_it_is_and_is_not(tmp_path: Path, engine: str) -> None:
    homework = replace(load(TEMPLATES / "homework.toml"), steps=2)
    path = tmp_path / "b.xlsx"
    lines = [EngineLine(engine, "1.0", 10, 1e-15, "Training!A1")]
    written(path, homework, engines=lines)
    texts = {entry.value for entry in read(path).sheets[START].values()}
    assert engine in texts and [name for name, what in PROGRAMS.items() if what in texts] == [engine]
