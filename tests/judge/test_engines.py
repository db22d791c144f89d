"""Every engine corrects planted values, reports errors as errors, and says what it could not calculate."""

import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from engine_books import COLUMNS, needs_libreoffice, run, same, trace, trace_book, write

from sheetgen.excel import ErrorValue, Value, blank, read
from sheetgen.excel.a1 import address
from sheetgen.judge.engines import ENGINES, Engine, EngineFailed, EngineMissing, available, libreoffice, result, version

pytestmark = pytest.mark.filterwarnings("error")


def test_the_trace_is_the_published_network() -> None:
    cells = trace(2)
    assert cells[address(2, 1 + COLUMNS.index("E"))][1] == pytest.approx(0.242519857348, abs=1e-12)
    assert cells[address(2, 1 + COLUMNS.index("d5"))][1] == pytest.approx(0.0721570729, abs=1e-10)


@pytest.mark.parametrize(
    ("engine", "rows"), [("IronCalc", 30), ("formulas", 16), ("LibreOffice", 30), ("Formulon", 30)]
)
def test_planted_values_are_corrected(engine: str, rows: int, tmp_path: Path) -> None:
    right = trace(rows)
    planted = trace_book(tmp_path / "b.xlsx", {where: (formula, 999.0) for where, (formula, _) in right.items()})
    assert all(entry.value == 999 for entry in read(planted).sheets["Trace"].values() if entry.formula)
    found = run(engine, planted)
    assert found.not_evaluated == []
    assert found.values == {"Trace": pytest.approx({where: value for where, (_, value) in right.items()}, rel=1e-12)}


def test_libreoffice_believes_cached_values_unless_told_not_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either precaution alone is enough; without both the planted value comes back."""
    needs_libreoffice()
    path = write(tmp_path / "b.xlsx", {"S": {"A1": 2, "A2": ("=A1*2", 999.0)}})
    seen = []
    for setting, copy in [(libreoffice._SETTINGS, shutil.copy), ([], blank), ([], shutil.copy)]:
        monkeypatch.setattr(libreoffice, "_SETTINGS", setting)
        monkeypatch.setattr(result, "blank", copy)
        seen.append(libreoffice.recalculate(path).values["S"]["A2"])
    assert seen == [4.0, 4.0, 999.0]


DIALECT: dict[str, Value] = {
    "=A1+A2*A3-A1/A2": 0.5 + 3 * -2.0 - 0.5 / 3,
    "=-A3^2": 4.0,
    "=2^-1": 0.5,
    "=A2&\" and \"&A4": "3 and text",
    "=A1<>A2": True,
    "=EXP(A1)": math.exp(0.5),
    "=LN(A2)": math.log(3),
    "=SUM(A1:A3)": 1.5,
    "=SUMPRODUCT(A1:A3,'O''Neil & co'!B1:B3)": 0.5 * 2 + 3 * 3 - 2 * 4,
    "=SUMSQ(A1:A3)": 0.25 + 9 + 4,
    "=MAX(0,A3)": 0.0,
    "=MIN(A1:A3)": -2.0,
    "=ABS(A3)": 2.0,
    "=SQRT(A2)": math.sqrt(3),
    "=TANH(A1)": math.tanh(0.5),
    '=IF(A3<0,"neg","pos")': "neg",
    "=IF(A3*50000<-700,0,1/(1+EXP(-A3*50000)))": 0.0,  # the branch not taken overflows
    "=IFERROR(1/A6,7)": 7.0,
    "=ISNUMBER(A4)": False,
    "=COUNT(A1:A4)": 3.0,
    "=COUNTA(A1:A6)": 5.0,
    '=COUNTIF(A1:A3,">0")': 2.0,
    "=AND(A1>0,A2>0)": True,
    "=OR(A1<0,A3>0)": False,
    "=NOT(A1>0)": False,
    "=INDEX(A1:A3,2,1)": 3.0,
    "=MATCH(A2,A1:A3,0)": 2.0,
    "=ROUND(A1/3,4)": 0.1667,
    '=ROUND(A1/3,4)&""': "0.1667",
    "=INDEX(A1:A4,4,1)": "text",
    "=CHAR(65)": "A",
    '=REPT("ab",3)': "ababab",
    "=A6+1": 1.0,
    "=A6": 0.0,
    "=rate*A2": 0.6,
    "='O''Neil & co'!B1+1": 3.0,
    "=A5": "=A1+1",  # a text that looks like a formula
    "=1E-9*A2+1E9": 3e-9 + 1e9,
    "=A2*10%": 0.3,
}  # fmt: skip


def dialect_book(path: Path) -> tuple[Path, dict[str, str]]:
    """The workbook, and address -> formula of its cells."""
    data = {"A1": 0.5, "A2": 3, "A3": -2, "A4": "text", "A5": "=A1+1"}
    formulas = {f"C{row}": formula for row, formula in enumerate(DIALECT, 1)}
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        page, other = book.add_worksheet("The sheet"), book.add_worksheet("O'Neil & co")
        book.define_name("rate", "='O''Neil & co'!$C$9")
        for where, value in data.items():
            page.write(where, value)
        other.write_column("B1", [2, 3, 4])
        other.write("C9", 0.2)
        for where, formula in formulas.items():
            page.write_formula(where, formula, None, DIALECT[formula])
    return path, formulas


@pytest.mark.parametrize("engine", ENGINES)
def test_the_dialect_is_understood(engine: str, tmp_path: Path) -> None:
    path, formulas = dialect_book(tmp_path / "b.xlsx")
    found = run(engine, path)
    assert found.not_evaluated == []
    assert set(found.values) == {"The sheet", "O'Neil & co"} and found.values["O'Neil & co"] == {}
    values = found.values["The sheet"]
    wrong = {formulas[where]: value for where, value in values.items() if not same(value, DIALECT[formulas[where]])}
    assert wrong == {} and set(values) == set(formulas)


@pytest.mark.parametrize("engine", ENGINES)
def test_errors_are_errors(engine: str, tmp_path: Path) -> None:
    cells = {"A1": ("=1/0", "#DIV/0!"), "A2": ("=A1+1", "#DIV/0!"), "A3": ("=nobody+1", "#NAME?"),
             "A4": '="#DIV/0!"', "A5": ("=LN(-1)", "#NUM!"), "A6": ("=Gone!A1", "#REF!")}  # fmt: skip
    found = run(engine, write(tmp_path / "b.xlsx", {"S": {**cells, "A4": ('="#DIV/0!"', "#DIV/0!x")}}))
    values = found.values["S"]
    assert values["A1"] == values["A2"] == values["A4"] == "#DIV/0!" and values["A3"] == "#NAME?"
    assert isinstance(values["A1"], ErrorValue) and isinstance(values["A2"], ErrorValue)
    assert not isinstance(values["A4"], ErrorValue)
    assert isinstance(values["A5"], ErrorValue)  # LibreOffice writes #VALUE! where the others say #NUM!
    assert isinstance(values["A6"], ErrorValue)


def test_ironcalc_and_libreoffice_show_unknown_functions_as_errors(tmp_path: Path) -> None:
    path = write(tmp_path / "b.xlsx", {"S": {"A1": ("=FOO(1)", 5), "A2": ("=A1*2", 10)}})
    for engine in ("IronCalc", "LibreOffice"):
        assert run(engine, path).values["S"] == {"A1": "#NAME?", "A2": "#NAME?"}


def test_two_libreoffices_at_once(tmp_path: Path) -> None:
    needs_libreoffice()
    found: dict[int, Value] = {}

    def work(number: int) -> None:
        path = write(tmp_path / f"{number}.xlsx", {"S": {"A1": number, "A2": "=A1*2"}})
        found[number] = libreoffice.recalculate(path).values["S"]["A2"]

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1: 2.0, 2: 4.0}


def test_libreoffice_is_stopped_in_time(tmp_path: Path) -> None:
    needs_libreoffice()
    path = write(tmp_path / "b.xlsx", {"S": {"A1": "=1"}})
    with pytest.raises(EngineFailed, match=r"stopped after 0\.05 seconds"):
        libreoffice.recalculate(path, timeout=0.05)


def test_what_ironcalc_cannot_load_is_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "b.xlsx", {"S": {"A1": "=1"}})
    sheets = read(path)._replace(sheets={"a/b": {}})
    with pytest.raises(EngineFailed, match=r"IronCalc can make nothing of b\.xlsx: Invalid name"):
        ENGINES["IronCalc"](path, sheets)


MISSING = r"^The engine \w+ is not installed: run (pip install 'sheetgen\[\w+\]'|apt install [\w-]+)\.$"


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in ("ironcalc", "formulas", "formulon"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("PATH", "")
    libreoffice.version.cache_clear()
    yield


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_engine_says_how_to_get_it(engine: str, nothing_installed: None, tmp_path: Path) -> None:
    assert not available(engine)
    path = write(tmp_path / "b.xlsx", {"S": {"A1": "=1"}})
    for call in (lambda: ENGINES[engine](path), lambda: version(engine)):
        with pytest.raises(EngineMissing, match=MISSING):
            call()


def test_a_test_needs_an_engine_skips_at_home_and_fails_in_ci(
    nothing_installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception):
        needs_libreoffice()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        needs_libreoffice()


def test_versions_are_known() -> None:
    for engine in ENGINES:
        if available(engine):
            assert version(engine)[0].isdigit()


def test_the_judge_imports_nothing_of_the_generator() -> None:
    code = "import sheetgen.judge.engines, sys; print(*sys.modules)"
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    heavy = {"torch", "formulas", "formulon", "ironcalc", "xlsxwriter"}
    writing = {"sheetgen.cells", "sheetgen.network", "sheetgen.writer", "sheetgen.deliver"}
    assert "sheetgen.judge.engines.iron" in said.split() and not set(said.split()) & (heavy | writing)


def test_an_engine_needs_no_quicker_way_to_see_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise EngineMissing("It is not installed.")

    def asleep() -> str:
        raise AssertionError("asked for its version")

    made = {"Here": Engine("Here", lambda: "1", print), "Gone": Engine("Gone", missing, print)}
    made["Slow"] = Engine("Slow", asleep, print, present=lambda: None)
    monkeypatch.setattr("sheetgen.judge.engines._KNOWN", made)
    assert [name for name in made if available(name)] == ["Here", "Slow"]
