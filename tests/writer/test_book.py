"""The file itself: exact numbers, texts that stay texts, whole files or none, the same bytes, flat memory."""

import os
import pickle
import re
import subprocess
import sys
import tempfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import books
import openpyxl
import pytest
from books import BuildBook, panel, recalculated

from sheetgen.excel import Entry, ErrorValue, Sheets, read
from sheetgen.judge.engines.calculated import calculated
from sheetgen.spec import Spec, parse
from sheetgen.writer import workbook
from sheetgen.writer.book import Book, Calculate, Formula, Link, Sheet, Stream, writing
from sheetgen.writer.plan import Oracle
from sheetgen.writer.sheets import template
from sheetgen.writer.style import Axes

EXACT = [0.1 + 0.2, 1 / 3, 1e-9, 5e-324, 1.7976931348623157e308, -2.5, 123456789.12345679, 1e22, 2.0**53 - 1]


@pytest.mark.parametrize("number", EXACT)
def test_numbers_come_back_exactly(number: float, tmp_path: Path) -> None:
    """Typed in, as the cached value of a formula, and in a streamed table."""
    with writing(tmp_path / "b.xlsx", "t") as book:
        sheet, plain = book.sheet("S", "heading", "subtitle"), book.style("general")
        sheet.put(4, 0, number, plain)
        sheet.put(4, 1, Formula("A4", number), plain)
        sheet.stream(5, 5, 0, [Stream(plain, "A4", "A4"), Stream(plain)], lambda: iter([[number, number]]))
    cells = read(tmp_path / "b.xlsx").sheets["S"]
    assert cells["A4"] == Entry(None, number) and cells["B4"] == cells["A5"] == Entry("A4", number)
    assert cells["B5"] == Entry(None, number)
    assert openpyxl.load_workbook(tmp_path / "b.xlsx")["S"]["A4"].value == number
    assert recalculated(tmp_path / "b.xlsx")["S"]["B4"] == number


def test_an_input_is_exactly_the_templates(build_book: BuildBook, homework_spec: Spec) -> None:
    path = build_book(homework_spec, steps=2, inputs=((0.1 + 0.2, 0.1),))
    found = read(path)
    assert found.sheets["Network"][found.names["i_1"].partition("!")[2].replace("$", "")] == Entry(None, 0.1 + 0.2)


def test_texts_that_look_like_formulas_stay_text(build_book: BuildBook, homework_spec: Spec) -> None:
    """As a title, as a file's name, as a line of the template; and U+2028 is within a line, as TOML has it."""
    title = 'title = """\\\n=1+1"""\n# +cmd\u2028=2+2'
    text = homework_spec.text.replace('title = "Backpropagation, 2-2-2"', title)
    spec = replace(parse(text, "=folder/=file.toml"), steps=2)
    cells = read(build_book(spec)).sheets
    assert cells["Start"]["A1"] == Entry(None, "=1+1, in live cells")
    assert cells["Network"]["A1"] == Entry(None, "Network: =1+1")
    assert cells["Template"]["B5"] == Entry(None, "=file.toml")
    template = {int(at[1:]): e for at, e in cells["Template"].items() if at[0] == "B" and int(at[1:]) >= 7}
    assert template == {row: Entry(None, line) for row, line in enumerate(text.removesuffix("\n").split("\n"), 7)}
    assert {Entry(None, '=1+1"""'), Entry(None, "# +cmd\u2028=2+2")} <= set(template.values())


@pytest.mark.parametrize("text", [
    "=1+1", "+cmd|' /C calc'!A0", "-1", "@SUM(1)", "{=1}", "1", "http://x.y", "a\tb", " x ", "_x0041_", "<&>\"'",
    "網路₂",
])  # fmt: skip
def test_any_text_is_written_as_it_is(text: str, tmp_path: Path) -> None:
    with writing(tmp_path / "b.xlsx", "=1+1 & <2>") as book:
        book.sheet("S", text, text).put(5, 0, text, book.style("text"))
    assert read(tmp_path / "b.xlsx").sheets["S"] == {address: Entry(None, text) for address in ("A1", "A2", "A5")}
    assert openpyxl.load_workbook(tmp_path / "b.xlsx").properties.title == "=1+1 & <2>"


def _unknown(book: Book) -> None:
    """Formulas without a value: a number, a text, an error, one of a name; and a column of a table."""
    sheet, plain = book.sheet("S", "heading", "subtitle"), book.style("general")
    sheet.put(4, 0, 2.0, plain)
    book.name("two", "S", "$A$4")
    for column, formula in enumerate(("A4/3", 'A1&"!"', "NA()", "two+C17", "SUM(A16:A17)"), 1):
        sheet.live(4, column, formula, plain)
    sheet.put(4, 6, Formula("A4"), plain)
    columns = [Stream(plain), Stream(plain, "A\x00", "IF(A\x00>5,NA(),B\x01+1)", given=False), Stream(plain, "7", "8")]
    sheet.stream(16, 18, 0, columns, lambda: iter([[1.0, 7.0], [5.0, 8.0], [9.0, 8.0]]))
    chart = book.chart({"type": "scatter"}, "=S!$C$4", Axes("x", "y"))
    chart.add_series({"categories": "=S!$A$16:$A$18", "values": "=S!$B$16:$B$18"})
    sheet.insert_chart(4, 1, chart)


def test_an_engine_calculates_what_formulas_show(tmp_path: Path) -> None:
    """In cells, in the columns of a table, and in what charts remember of both."""
    with writing(tmp_path / "b.xlsx", "t", calculated) as book:
        _unknown(book)
    cells = read(tmp_path / "b.xlsx").sheets["S"]
    assert [cells[f"{c}4"].value for c in "BCDEFG"] == [2 / 3, "heading!", ErrorValue("#N/A"), 10.0, 6.0, 2.0]
    assert isinstance(cells["D4"].value, ErrorValue)
    assert [cells[f"B{row}"].value for row in (16, 17, 18)] == [1.0, 2.0, ErrorValue("#N/A")]
    assert [cells[f"C{row}"] for row in (16, 17)] == [Entry("7", 7.0), Entry("8", 8.0)]
    with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
        drawn = archive.read("xl/charts/chart1.xml").decode()
    assert "<c:v>heading!</c:v>" in drawn
    assert re.findall(r'<c:pt idx="(\d)">', drawn.partition("<c:yVal>")[2]) == ["0", "1"]


@pytest.mark.parametrize("engine", [None, calculated], ids=["no engine", "too large"])
def test_without_a_calculation_formulas_show_nothing(
    engine: Calculate | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Excel and LibreOffice calculate them when the file is opened."""
    monkeypatch.setattr("sheetgen.writer.book.MOST_CALCULATED", 10)
    with writing(tmp_path / "b.xlsx", "t", engine) as book:
        _unknown(book)
    cells = read(tmp_path / "b.xlsx").sheets["S"]
    assert [cells[at].value for at in ("B4", "C4", "G4", "B16", "B18")] == [None] * 5
    assert cells["B4"].formula == "A4/3" and cells["B17"].formula == "IF(A17>5,NA(),B16+1)"
    assert cells["C18"] == Entry("8", 8.0)
    assert recalculated(tmp_path / "b.xlsx")["S"]["F4"] == 6.0


def test_streamed_texts_and_formulas_are_escaped(tmp_path: Path) -> None:
    formula = 'IF("50%<"&A\x01<>"&",A\x01*10%,"")'
    rows: list[list[float | str]] = [["%s <&>", ""], [1.0, "100%"]]
    with writing(tmp_path / "b.xlsx", "t") as book:
        sheet = book.sheet("S", "h", "s")
        plain = book.style("text")
        sheet.stream(16, 17, 0, [Stream(plain), Stream(plain, '"first"', formula)], lambda: iter(rows))
    cells = read(tmp_path / "b.xlsx").sheets["S"]
    assert cells["A16"] == Entry(None, "%s <&>") and cells["B16"] == Entry('"first"', "")
    assert cells["A17"] == Entry(None, 1.0) and cells["B17"] == Entry(formula.replace("\x01", "16"), "100%")


def test_what_has_no_point_is_na_in_its_cell_and_no_point_in_its_chart(tmp_path: Path) -> None:
    rows: list[list[float | str | None]] = [[1.0], [None], ["a & b"], [4.0]]
    with writing(tmp_path / "b.xlsx", "t") as book:
        sheet = book.sheet("S", "h", "s")
        sheet.stream(16, 19, 0, [Stream(book.style("number"), "NA()", "NA()")], lambda: iter(rows))
        chart = book.chart({"type": "scatter"}, "title", Axes("x", "y"))
        chart.add_series({"categories": "=S!$A$1:$A$2", "values": "=S!$A$16:$A$19"})
        sheet.insert_chart(2, 1, chart)
    cells = read(tmp_path / "b.xlsx").sheets["S"]
    assert [cells[f"A{row}"].value for row in range(16, 20)] == [1.0, ErrorValue("#N/A"), "a & b", 4.0]
    assert isinstance(cells["A17"].value, ErrorValue) and cells["A17"].left_out and not cells["A16"].left_out
    with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
        drawn = archive.read("xl/charts/chart1.xml").decode()
    assert re.findall(r'<c:pt idx="(\d)">', drawn.partition("<c:yVal>")[2]) == ["0", "2", "3"]


def _fill(book: Book, rows: int) -> Sheet:
    """A sheet T with a table of 30 columns."""
    sheet = book.sheet("T", "h", "s")
    columns = [Stream(book.style("number"), "1", f"A\x01+{k}") for k in range(30)]
    sheet.stream(16, 15 + rows, 0, columns, lambda: ([float(k)] * 30 for k in range(rows)))
    return sheet


def test_streaming_keeps_no_rows(tmp_path: Path) -> None:
    """Ten times the rows, and no more memory."""
    peaks = []
    for rows in (200, 200, 2_000):  # the first warms up whatever is cached
        tracemalloc.start()
        with writing(tmp_path / "b.xlsx", "t") as book:
            _fill(book, rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.05 * peaks[1]
    assert len(read(tmp_path / "b.xlsx").sheets["T"]) == 2 + 30 * 2_000


@pytest.mark.parametrize("rows", [[[1.0]], [[1.0]] * 3, [[1.0], [1.0, 2.0]]], ids=["too few", "too many", "too wide"])
def test_a_table_holds_the_rows_it_promised(rows: list[list[float]], tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError)), writing(tmp_path / "b.xlsx", "t") as book:
        book.sheet("S", "h", "s").stream(16, 17, 0, [Stream(book.style("number"), "1", "A\x01+1")], lambda: iter(rows))
    assert list(tmp_path.iterdir()) == []


def _twice(book: Book, sheet: Sheet) -> None:
    sheet.put(4, 1, 1, book.style("text"))
    sheet.put(4, 1, 1, book.style("text"))


@pytest.mark.parametrize(("slip", "message"), [
    (_twice, "S, B4: the cell is written twice"),
    (lambda book, sheet: sheet.put(1, 0, "x", book.style("text")), "S, A1: the cell is written twice"),
    (lambda book, sheet: sheet.put(4, 0, "x" * 32_768, book.style("text")), r"S, A4: XlsxWriter refused .*-2"),
    (lambda book, sheet: sheet.put(2_000_000, 0, 1, book.style("text")), "S, A2000000: XlsxWriter refused 1 "),
    (lambda book, sheet: sheet.put(4, 0, Formula("1/0", float("nan")), "text"), "S, A4: no cell can hold nan"),
    (lambda book, sheet: sheet.put(4, 0, float("-inf"), book.style("text")), "S, A4: no cell can hold -inf"),
    (lambda book, sheet: sheet.stream(16, 2_000_000, 0, [], lambda: iter([])), "rows 16 to 2,000,000 do not fit"),
    (lambda book, sheet: book.name("w1", "S", "$A$1"), "Name looks like a cell name"),
    (lambda book, sheet: book.workbook.add_worksheet("x" * 40), "Excel worksheet name .* must be <= 31 chars"),
    (lambda book, sheet: sheet.link(4, 0, Link.to("S" * 3_000, "text", "tip")), "exceeds Excel's limit for URLs"),
    (lambda book, sheet: _fill(book, 5).put(17, 40, 1, "text"), "T: cells of row 17 stand where the table is"),
    (lambda book, sheet: sheet.data_validation(0, 0, 0, 0, {"validate": "none such"}), "none such"),
])  # fmt: skip
def test_what_xlsxwriter_would_leave_out_is_an_error(slip, message: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Also where the caller's filter would hide a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception, match=message), writing(tmp_path / "b.xlsx", "t") as book:
            slip(book, book.sheet("S", "h", "s"))
    assert list(tmp_path.iterdir()) == []


def test_a_style_may_be_written_over() -> None:
    """A blank cell that only has a format, as a merged range leaves them, may be filled."""
    sheet = Book(Path("never written"), "t").sheet("S", "h", "s")
    sheet.put(4, 0, None, "text")
    sheet.put(4, 0, 1.0, "text")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
def test_a_failed_build_touches_nothing(
    homework_spec: Spec, homework_oracle: Oracle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException], late: bool,
) -> None:  # fmt: skip
    """Whether a sheet fails, or XlsxWriter when a part of the file is half written."""

    def fail(*_: object) -> Iterator[list[float]]:
        raise error

    target, scratch = tmp_path / "out" / "b.xlsx", tmp_path / "scratch"
    target.parent.mkdir()
    scratch.mkdir()
    target.write_bytes(b"what was there")
    plan = workbook.plan(homework_spec)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    if late:
        monkeypatch.setattr(Sheet, "_write_sheet_data", fail)
    else:
        monkeypatch.setattr(template, "write", fail)
    with pytest.raises(error):
        workbook.write(plan, target, homework_oracle)
    assert target.read_bytes() == b"what was there"
    assert [p.name for p in (*target.parent.iterdir(), *scratch.iterdir())] == ["b.xlsx"]


def test_a_file_like_any_other(homework_book: Path, tmp_path: Path) -> None:
    """Folders are made, others may read it, and nothing is left beside it."""
    with writing(tmp_path / "new" / "folder" / "b.xlsx", "t") as book:
        book.sheet("S", "h", "s")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "new" / "folder" / "b.xlsx").stat().st_mode & 0o777 == 0o666 & ~mask
    assert [p.name for p in homework_book.parent.iterdir()] == ["homework.xlsx"]
    (tmp_path / "file").touch()
    with pytest.raises(OSError), writing(tmp_path / "file" / "b.xlsx", "t"):
        pass


def test_the_same_options_give_the_same_bytes(
    homework_book: Path, homework_spec: Spec, homework_oracle: Oracle, tmp_path: Path
) -> None:
    """In another process, with other hashes, another folder, another day's time zone."""
    (tmp_path / "build.pickle").write_bytes(pickle.dumps((homework_spec, homework_oracle)))
    code = (
        "import pickle, sys; from pathlib import Path; from books import written\n"
        "spec, oracle = pickle.loads(Path('build.pickle').read_bytes())\n"
        "written(Path('again.xlsx'), spec, oracle)"
    )
    env = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    env["PYTHONPATH"] = os.pathsep.join([str(Path(workbook.__file__).parents[2]), str(Path(books.__file__).parent)])
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True)
    again = tmp_path / "again.xlsx"
    if again.read_bytes() != homework_book.read_bytes():
        with zipfile.ZipFile(again) as a, zipfile.ZipFile(homework_book) as b:
            assert [n for n in a.namelist() if a.read(n) != b.read(n)] == []
    assert again.read_bytes() == homework_book.read_bytes()


def test_charts_of_long_tables_are_drawn_from_the_cells_alone(tmp_path: Path) -> None:
    for rows, points in ((2_000, 2_000), (2_002, 0)):
        with writing(tmp_path / "b.xlsx", "t") as book:
            sheet = _fill(book, rows)
            chart = book.chart({"type": "scatter"}, "title", Axes("x", "y"))
            chart.add_series({"categories": "=T!$A$1:$A$2", "values": f"=T!$B$16:$B${15 + rows}"})
            sheet.insert_chart(2, 1, chart)
        with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
            assert archive.read("xl/charts/chart1.xml").partition(b"<c:yVal>")[2].count(b"<c:pt ") == points


def _unlike(cells: Sheets, values: dict[str, dict[str, float | str | bool]]) -> list[str]:
    """Formulas whose cached value is missing, of another type, or another than the engine's."""
    wrong = []
    for sheet, entries in cells.items():
        for address, entry in entries.items():
            if entry.formula is not None:
                found, cached = values[sheet][address], entry.value
                same = found == (pytest.approx(cached, rel=1e-9, abs=1e-12) if isinstance(cached, float) else cached)
                error = isinstance(found, ErrorValue) and not entry.left_out
                if not same or type(found) is not type(cached) or error:
                    wrong.append(f"{sheet}!{address}: {cached!r}, {found!r}")
    return wrong


@pytest.mark.parametrize("name", ["homework", "mazur", "tanh-2-3-2", "xor"])
def test_every_formula_has_its_cached_value(build_book: BuildBook, name: str) -> None:
    path = build_book(name, steps=8, learning_rates=(0.5, 2.0)) if name != "homework" else build_book(name)
    assert _unlike(read(path).sheets, recalculated(path)) == []


@pytest.mark.parametrize("shape", [
    'layers = [2, 2, 2, 1]\nbias = "trained"', 'layers = [1, 5, 1]\nbias = "trained"', "layers = [1, 1]",
    "layers = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", 'layers = [1, 2, 1]\nactivation = "relu"\nbias = "frozen"',
    pytest.param('layers = [1, 13, 1]\nformulas = "expanded"', marks=pytest.mark.slow),
], ids=["deep", "wide", "one weight", "nine layers", "relu, frozen", "too wide to draw"])  # fmt: skip
def test_networks_of_any_shape_can_be_written(build_book: BuildBook, shape: str) -> None:
    """With few steps, too, where the tables of the learning rates are narrow."""
    units = [int(n) for n in shape.split("[")[1].split("]")[0].split(",")]
    path = build_book(parse(
        f"[network]\n{shape}\n[data]\ninputs = {[0.5] * units[0]}\ntargets = {[0.1] * units[-1]}\n"
        "[initial]\nseed = 1\n[training]\nsteps = 3\nlearning_rates = [0.5]\n", "shape.toml",
    ))  # fmt: skip
    sheets = read(path).sheets
    assert _unlike(sheets, values := recalculated(path)) == []
    assert values["Start"]["A4"] == "PASS"
    many = "six" if len(units) > 2 else "four"  # where no layer is hidden
    assert sheets["Steps"]["A1"].value == f"Backpropagation in {many} steps"


def test_a_network_that_runs_off_says_so(build_book: BuildBook, homework_spec: Spec) -> None:
    path = build_book(homework_spec, activations=("identity", "identity"), learning_rate=100.0)
    found = read(path)
    values = recalculated(path)
    assert _unlike(found.sheets, values) == []
    errors = [found.sheets["Training"][f"X{row}"].value for row in range(16, 47)]
    assert all(isinstance(e, float) for e in errors[:6]) and errors[6:] == ["diverged"] * 25
    assert values["Start"]["A4"] == "PASS"  # PyTorch runs off, too
    last = recalculated(path, row_shown=30.0)
    assert {last["Network"][panel(found)[name]] for name in ("w1", "h2", "a_o1", "E_total", "dE/dw8")} == {"diverged"}
    errors = [(s, at, v) for s, values in last.items() for at, v in values.items() if isinstance(v, ErrorValue)]
    assert all(v == "#N/A" and "NA()" in (found.sheets[s][at].formula or "") for s, at, v in errors)


def test_the_helper_can_fail(homework_book: Path) -> None:
    cells = {"Training": read(homework_book).sheets["Training"]}
    values = recalculated(homework_book)
    for slip in (1.0, "0.5", None, values["Training"]["X20"] * 1.00000001):
        wrong = {"Training": {**cells["Training"], "X20": Entry("V20+W20", slip)}}
        assert len(_unlike(wrong, values)) == 1
