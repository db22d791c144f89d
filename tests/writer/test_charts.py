"""No chart goes blank: every number has its point, nothing else has one, and what is empty says why."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from books import BuildBook, place_of, recalculated, written
from lxml import etree
from mutants import edit, part, set_cells

from sheetgen.audit.judge import audit
from sheetgen.excel import ErrorValue, Value, Workbook, blank, read
from sheetgen.excel.a1 import Area, address
from sheetgen.excel.charts import Chart, Series, read_charts
from sheetgen.judge.check import check
from sheetgen.judge.engines import ENGINES, available
from sheetgen.judge.engines.result import Values
from sheetgen.spec import parse
from sheetgen.writer.sheets import training
from sheetgen.writer.trace import FIRST_ROW

TABLES = ("Training", "Learning rates")
NAMES = ("homework", "homework-eta-0.5", "mazur", "tanh-2-3-2", "xor")
RATES = (1e-3, 1.0, 10.0, 100.0, 1e4)
UNBOUNDED = """[network]
layers = [1, 2, 1]
activation = ["{activation}", "identity"]
bias = "trained"
[data]
inputs = [[0.3], [0.9]]
targets = [[0.1], [0.4]]
[initial]
seed = 3
[training]
learning_rate = {rate}
steps = {steps}
learning_rates = [5.0]
"""


class Line(NamedTuple):
    """A curve: its column's numbers, and the points from which it is drawn."""

    held: list[Value | None]
    drawn: list[Value | None]


class Seen(NamedTuple):
    """A chart as it is after something was typed: what its title says, what it says itself, and its curves."""

    name: str
    log: bool
    title: Value
    said: Value
    lines: dict[str, Line]


class Files:
    """What a workbook holds and what its charts refer to."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, read(path)
        self.charts = [c for c in read_charts(path) if c.sheet in TABLES]
        with zipfile.ZipFile(path) as archive:
            parts = [n for n in archive.namelist() if n.startswith("xl/charts/chart")]
            roots = [etree.fromstring(archive.read(n)) for n in sorted(parts, key=lambda n: (len(n), n))]
        # Start's small picture of a curve, too, draws from Training, but its title is no cell's.
        drawn = [r for r in roots if any(f.text.startswith(("Training!", "'Learn")) for f in r.iter("{*}f"))]
        self.roots = [r for r in drawn if r.findtext("{*}chart/{*}title//{*}f")]
        self.titles = [r.findtext("{*}chart/{*}title//{*}f") for r in self.roots]
        assert len(self.roots) == len(self.charts) == len(drawn) - 1

    def seen(self, **typed: Value) -> list[Seen]:
        """Every chart after numbers were typed into cells, as IronCalc calculates."""
        values = recalculated(self.path, **typed)
        return [_seen(self.book, values, c, str(t)) for c, t in zip(self.charts, self.titles, strict=True)]


def _curves(chart: Chart) -> list[Series]:
    """The curves, and last what a chart says; but for the labels of the curves' ends."""
    *drawn, message = chart.series
    return [*(s for s in drawn if s.values.area and s.values.area.row >= FIRST_ROW), message]


def _seen(book: Workbook, values: Values, chart: Chart, title: str) -> Seen:
    *curves, message = _curves(chart)
    lines = dict(_line(book, values, series) for series in curves)
    sheet, at = place_of(book, title)
    said = message.name.area
    assert said is not None
    return Seen(chart.name, chart.log, _value(book, values, sheet, at), _cells(book, values, said)[0], lines)


def _line(book: Workbook, values: Values, series: Series) -> tuple[str, Line]:
    """A curve, which shows the column that its name heads."""
    name, drawn = series.name.area, series.values.area
    assert name and drawn and drawn.row == name.row + 1
    (label,) = _cells(book, values, name)
    held = drawn._replace(column=name.column, last_column=name.column)
    return str(label), Line(_cells(book, values, held), _cells(book, values, drawn))


def _cells(book: Workbook, values: Values, area: Area) -> list[Value | None]:
    rows = range(area.row, area.last_row + 1)
    return [_value(book, values, area.sheet, address(row, area.column)) for row in rows]


def _value(book: Workbook, values: Values, sheet: str, at: str) -> Value:
    found = values[sheet].get(at, book.sheets[sheet][at].value)
    assert found is not None
    return found


def _right(chart: Seen) -> None:
    """Every number that its axis can hold has a point, nothing else has, and a title tells of what is missing."""
    missing = 0
    for label, line in chart.lines.items():
        for held, drawn in zip(line.held, line.drawn, strict=True):
            if isinstance(held, float) and math.isfinite(held) and (held > 0 or not chart.log):
                assert drawn == held and isinstance(drawn, float), (chart.name, label, held, drawn)
            else:
                assert (drawn, type(drawn)) == ("#N/A", ErrorValue), (chart.name, label, held, drawn)
                missing += 1
    total = sum(len(line.drawn) for line in chart.lines.values())
    assert ("empty, " in str(chart.title)) == (missing == total)
    assert (chart.said != " ") == (missing == total) and str(chart.said).strip() in str(chart.title)
    assert str(chart.title).startswith(chart.name.split(" at ")[0].split(", where")[0].split(", until")[0])
    assert (", where" in str(chart.title) or ", until" in str(chart.title)) == (0 < missing < total)


def inputs(book: Workbook, letter: str, number: float) -> dict[str, Value]:
    """All inputs (i), targets (t) or weights (w), set to a number."""
    return {name: number for name in book.names if re.fullmatch(rf"{letter}_[\d_]+", name)}


@pytest.fixture(scope="module")
def files(build_book: BuildBook) -> Mapping[str, Files]:
    return {name: Files(build_book(name, steps=12, learning_rates=(0.5,))) for name in NAMES}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", NAMES)
def test_every_positive_number_has_its_point_at_any_rate(files: Mapping[str, Files], name: str, rate: float) -> None:
    charts = files[name].seen(learning_rate=rate, my_learning_rate=rate)
    assert len(charts) >= 5 and sum(chart.log for chart in charts) == 2
    for chart in charts:
        _right(chart)
        assert "empty" not in str(chart.title)  # the first row has its number at least


@pytest.mark.parametrize(("letter", "number"), [("i", 0.0), ("t", 0.0), ("t", 1.0), ("w", 0.0), ("i", 1e6)])
@pytest.mark.parametrize("name", NAMES)
def test_every_positive_number_has_its_point_with_any_inputs(
    files: Mapping[str, Files], name: str, letter: str, number: float
) -> None:
    for chart in files[name].seen(**inputs(files[name].book, letter, number), learning_rate=1e4, my_learning_rate=10.0):
        _right(chart)


def test_an_error_that_reaches_zero_is_seen_at_all(files: Mapping[str, Files], build_book: BuildBook) -> None:
    """So the tests above are not passed by curves that never meet what they are about; and 1E-17 is not 0."""
    long = Files(build_book("homework", steps=120, learning_rates=(0.5,)))
    _, chart, *_ = long.seen(learning_rate=10.0)
    _right(chart)
    (line,) = chart.lines.values()
    numbers = [x for x in line.drawn if isinstance(x, float)]
    assert 50 < len(numbers) < 100 and 0 < min(numbers) < 1e-25 and line.held[-1] == 0
    assert chart.title == "E_total, logarithmic axis, where it is above 0"


def test_a_network_that_is_right_at_once_says_why_its_charts_are_empty(files: Mapping[str, Files]) -> None:
    charts = files["homework"].seen(w_5=0.0, w_6=0.0, w_7=0.0, w_8=0.0)
    for chart in charts:
        _right(chart)
    why = ": empty, E is nowhere above 0"
    titles = [chart.title for chart in charts]
    assert titles == ["E_total", f"E_total, logarithmic axis{why}", "Weights", "Gradients dE/dw",
                      f"E_total at every learning rate, logarithmic axis{why}"]  # fmt: skip


def test_what_is_no_number_in_any_row_is_said_too(files: Mapping[str, Files]) -> None:
    charts = files["mazur"].seen(i_1="what?")
    assert all("empty, no row holds a number" in str(chart.title) for chart in charts if "Weights" not in chart.name)
    assert all(chart.said == "no row holds a number" for chart in charts if "Weights" not in chart.name)


def _unbounded(build_book: BuildBook, activation: str, rate: float = 0.1) -> Files:
    steps = 45 if activation == "relu" else 14  # its hidden units die, and what is left runs off slowly
    text = UNBOUNDED.format(activation=activation, rate=rate, steps=steps)
    return Files(build_book(parse(text, f"{activation}.toml")))


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_a_network_that_runs_off_is_drawn_until_then(build_book: BuildBook, activation: str) -> None:
    off = 0
    found = _unbounded(build_book, activation)
    for rate in RATES:
        for chart in found.seen(learning_rate=rate, my_learning_rate=rate):
            _right(chart)
            off += str(chart.title).endswith(("until it diverged", "where it is a number above 0"))
    assert off >= 3
    titles = [str(c.title) for c in found.seen(i_1_1=1e200, i_1_2=1e200, my_learning_rate=1e4)]
    errors = [t for t in titles if t.startswith("E_total")]
    assert len(errors) == 3 and all(t.endswith(": empty, every row diverged") for t in errors)


def test_a_line_of_one_point_is_seen_and_a_hidden_column_too(build_book: BuildBook, files: Mapping[str, Files]) -> None:
    for found in (files["homework"], _unbounded(build_book, "relu")):
        for root, chart in zip(found.roots, found.charts, strict=True):
            *drawn, message = root.iter("{*}ser")
            curves = drawn[: len(_curves(chart)) - 1]
            marks = [s.find("{*}marker/{*}symbol").get("val") for s in curves]
            apart = [s.values.area.column != s.name.area.column for s in _curves(chart)[:-1]]  # type: ignore[union-attr]
            assert marks == ["circle" if own else "none" for own in apart]
            assert message.find("{*}marker/{*}symbol").get("val") == "none"
            assert message.find("{*}dLbls/{*}showSerName").get("val") == "1"
            assert root.find(".//{*}plotVisOnly") is None or root.find(".//{*}plotVisOnly").get("val") == "0"
            legend = root.find("{*}chart/{*}legend")
            if legend is not None:  # what a chart says is no curve
                entry = legend.find("{*}legendEntry")
                assert entry.find("{*}idx").get("val") == str(len(curves)) and entry.find("{*}delete").get("val") == "1"
            # A long one would leave no room for the curves; and where their ends are labelled, none is needed.
            # Gradients have the colours of the weights beside them.
            named = len(drawn) == len(curves) and not chart.name.startswith("Gradients")
            assert (legend is not None) == (1 < len(curves) <= 9 and named)
            assert len(drawn) == len(curves) * (3 if chart.sheet == "Learning rates" else 1)


# --- the judge


@pytest.fixture(scope="module")
def off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook whose own numbers run off, so that its charts leave rows out as it was built."""
    path = tmp_path_factory.mktemp("off") / "off.xlsx"
    spec = parse(UNBOUNDED.format(activation="identity", rate=8.0, steps=14), "off.toml")
    return written(path, spec)


def _column(path: Path, heading: str, sheet: str = "Training") -> str:
    cells = read(path).sheets[sheet]
    return next(at.removesuffix("15") for at, entry in cells.items() if entry.value == heading)


def _found(path: Path, engine: str = "IronCalc") -> list[tuple[str, str, str]]:
    return [(f.kind, f.sheet, f.cells) for f in check(path, [engine]).findings]


@pytest.mark.slow
def test_na_is_fine_where_charts_leave_rows_out(off: Path) -> None:
    cells = read(off).sheets["Training"]
    absent = [at for at, entry in cells.items() if entry.value == "#N/A"]
    assert len(absent) > 50 and {cells[at].left_out for at in absent} == {True}
    report = check(off, house=True)
    assert report.findings == []
    assert {line.engine for line in report.lines} == {name for name in ENGINES if available(name)}


@pytest.mark.parametrize("heading", ["w1", "E_total", "dE/dw2"])
def test_na_is_an_error_anywhere_else(off: Path, tmp_path: Path, heading: str) -> None:
    at = f"{_column(off, heading)}20"
    broken = set_cells(off, tmp_path / "b.xlsx", "Training", {at: "=NA()"})
    found = [(f.kind, f.sheet, f.cells, f.engine) for f in check(broken, ["IronCalc", "formulas patterns"]).findings]
    assert {("error", "Training", at, "IronCalc"), ("error", "Training", at, "formulas patterns")} <= set(found)
    cached = edit(broken, tmp_path / "c.xlsx", part("Training"), lambda t: re.sub(
        rf'(<c r="{at}"[^>]*)>(<f>NA\(\)</f>)<v>.*?</v>', r'\1 t="e">\2<v>#N/A</v>', t))  # fmt: skip
    assert ("error", "Training", at) in _found(cached)


@pytest.mark.parametrize("heading", ["E_total > 0", "E_total plotted", "w3 plotted", "dE/db1 plotted"])
def test_a_wrong_point_is_found(off: Path, tmp_path: Path, heading: str) -> None:
    """Cells that are left out, that are numbers, or that are another column's."""
    mine, other = _column(off, heading), _column(off, "w1")
    wrong = {16: "=NA()", 17: f"={other}17", 18: 0.125, 30: 0.0, 29: "=0"}
    found = _found(set_cells(off, tmp_path / "b.xlsx", "Training", {f"{mine}{row}": x for row, x in wrong.items()}))
    assert {cell for kind, _, cell in found if kind == "chart"} == {f"{mine}{row}" for row in wrong}
    assert {cell for kind, _, cell in found if kind == "formula"} == {f"{mine}{row}" for row in wrong if row > 16}


def test_a_column_that_repeats_another_one_is_found(off: Path, tmp_path: Path) -> None:
    mine, other = _column(off, "w1 plotted"), _column(off, "w2")
    formula = "=IF(ISNUMBER(@),IF(ABS(@)<1E+307,@,NA()),NA())"
    rows = {f"{mine}{row}": formula.replace("@", f"{other}{row}") for row in range(16, 31)}
    found = _found(set_cells(off, tmp_path / "b.xlsx", "Training", rows))
    assert ("chart", "Training", f"{mine}16") in found and ("formula", "Training", f"{mine}17") not in found


def _chart(path: Path, words: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return next(n for n in archive.namelist() if n.startswith("xl/charts/") and words in archive.read(n).decode())


def test_a_chart_that_plots_something_else_is_found(off: Path, tmp_path: Path) -> None:
    part = _chart(off, "E_total, logarithmic axis")
    helper, raw = _column(off, "E_total > 0"), _column(off, "E_total")
    target, drawn = tmp_path / "b.xlsx", f"${helper}$16:${helper}$30"
    changes = {
        "a logarithmic axis, which cannot hold 0, plots E_total itself": (drawn, f"${raw}$16:${raw}$30"),
        "not one column from row 16 to row 30": (drawn, f"${helper}$16:${helper}$29"),
        "the curve named by Training!$F$15 plots E_total": (f"Training!${raw}$15", "Training!$F$15"),
    }
    for words, (old, new) in changes.items():
        report = check(edit(off, target, part, lambda t, old=old, new=new: t.replace(old, new)), ["IronCalc"])  # type: ignore[misc]
        assert [f.message for f in report.findings if f.kind == "chart" and words in f.message], words
    # A column that no chart is drawn from is none of those that may hold #N/A.
    found = _found(edit(off, target, part, lambda t: t.replace(f"${helper}$", f"${raw}$")))
    assert ("error", "Training", f"{helper}30") in found


def test_audit_does_not_blame_what_a_chart_leaves_out(build_book: BuildBook, tmp_path: Path) -> None:
    text = "[network]\nlayers = [2, 2, 2]\n[data]\ninputs = [0.05, 0.1]\ntargets = [0.5, 0.5]\n[initial]\nweights = "
    text += "[0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55]\n[training]\nlearning_rate = 10\nsteps = 110\n"
    path = build_book(parse(text + "learning_rates = [0.5]\n", "ten.toml"))
    absent = [at for at, entry in read(path).sheets["Training"].items() if entry.left_out]
    verdict = audit(path)
    assert (verdict.word, [f for f in verdict.findings if f.kind == "value"]) == ("right", [])
    # The same error of a formula that does not mean it is blamed.
    missed = set_cells(path, tmp_path / "b.xlsx", "Training", {absent[0]: "=MATCH(5,X16:X17,0)"})
    assert [(f.kind, f.cells) for f in audit(missed).findings if f.kind == "value"] == [("value", absent[0])]


# --- LibreOffice, which draws a chart as its cells are


def _points(path: Path, folder: Path) -> Iterator[tuple[str, list[Value | None]]]:
    blank(path, folder / "blank.xlsx")
    values = ENGINES["LibreOffice"](folder / "blank.xlsx").values
    book = read(path)
    for chart in read_charts(path):
        for series in chart.series[:-1] if chart.log else ():
            assert series.values.area is not None
            yield chart.name, _cells(book, values, series.values.area)


@pytest.mark.slow
@pytest.mark.skipif(not available("LibreOffice"), reason="LibreOffice is not installed")
def test_libreoffice_leaves_the_same_rows_out(build_book: BuildBook, tmp_path: Path) -> None:
    source = build_book("homework-eta-0.5")
    sheet, at = place_of(read(source), "learning_rate")
    typed = set_cells(source, tmp_path / "typed.xlsx", sheet, {at: 1e4})
    drawn = dict(_points(typed, tmp_path))
    assert len(drawn) == 2
    for points in drawn.values():
        numbers = [x for x in points if isinstance(x, float)]
        assert numbers and all(x > 0 for x in numbers)
        assert all(x == "#N/A" for x in points if not isinstance(x, float))


@pytest.mark.parametrize("edges", [[], [424], [1272], [424, 1696], [400, 500, 1300]])
def test_no_chart_of_training_stands_across_the_edge_of_a_page(edges: list[int]) -> None:
    places = training._spread(5, training.WIDE, edges)
    for left in places[:-1]:
        assert not any(left < edge < left + training.WIDE for edge in edges)
    assert all(left + training.WIDE < right for left, right in pairwise(places))
    assert edges or places[training.SEEN] <= training.SCREEN  # four are seen at once
