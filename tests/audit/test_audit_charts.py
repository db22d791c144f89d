"""Charts are read whoever wrote them, and those that hide steps or show others are found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.chart
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import edit

from sheetgen.audit.charts.judge import judge_charts
from sheetgen.audit.table import StepTable
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import Finding
from sheetgen.excel import UnreadableWorkbook
from sheetgen.excel.a1 import Area, area
from sheetgen.excel.charts import Chart, Reference, Series, read_charts

HOMEWORK = Path(__file__).parents[3] / "shared" / "data" / "homework"


def table(sheet: str = "Sheet1", first: int = 33, last: int = 100, across: bool = True) -> StepTable:
    """t1 in A, E1 in U, E2 in V, E_total in W (or in the rows of the same numbers)."""
    lines = {"t1": 1, "E1": 21, "E2": 22, "E_total": 23}
    return StepTable(sheet, across, first - 1, first, last, lines, lines | {"E_total": "E_t"})  # type: ignore[arg-type]


def reference(text: str) -> Reference:
    """'U33:U100' of Sheet1, or of the sheet it names; '' is none."""
    if not text:
        return Reference("", None)
    found = area(text)
    return Reference(text, found if found.sheet else found._replace(sheet="Sheet1"))


def series(values: str, categories: str = "", name: str = "", label: str = "loss") -> Series:
    return Series(label, reference(name), reference(categories), reference(values))


def judge(*plotted: Series | str, tables: tuple[StepTable, ...] = (table(),), sheet: str = "Sheet1") -> list[Finding]:
    """The findings on one chart."""
    chart = Chart(sheet, "Loss at H5", tuple(series(one) if isinstance(one, str) else one for one in plotted))
    return list(judge_charts([chart], tables))


def test_a_series_that_stops_short() -> None:
    (found,) = judge("W33:W80")
    place, plotted = ("Sheet1", "Loss at H5"), "the series loss plots W33:W80"
    why = "the curve hides the last 20 steps"
    assert found == finding("chart", place, plotted, "W33:W100, all 68 rows", why, "warning")


def test_a_series_without_a_name_is_called_as_the_table_calls_it() -> None:
    (found,) = judge(series("W33:W80", label=""))
    assert found.found == "the series E_t plots W33:W80"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ("W33:W99", "the curve hides the last step"),
        ("W43:W100", "the curve hides the first 10 steps"),
        ("W35:W98", "the curve hides the first 2 steps and the last 2 steps"),
        ("W34:W99", "the curve hides the first step and the last step"),
        ("W33:W103", "the curve runs over 3 rows below the table"),
        ("W33:W101", "the curve runs over 1 row below the table"),
        ("W30:W100", "the curve runs over 2 rows above the table"),
    ],
)
def test_a_series_of_other_rows(values: str, why: str) -> None:
    (found,) = judge(values)
    assert (found.expected, found.message) == ("W33:W100, all 68 rows", why)


@pytest.mark.parametrize(
    "values",
    [
        "W33:W100",
        "W32:W100",  # with the label
        "W34:W100",  # without row 0
        "W33",
        "W32",
        "W1:W20",
        "W101:W200",
        "A33:W33",  # all quantities of one step
        "Z33:Z60",  # right of the table
        "W:W",
        "Other!W33:W60",
        "",
    ],
)
def test_a_series_that_is_right_or_none_of_ours(values: str) -> None:
    assert judge(values) == []


def test_any_line_of_the_table_counts_even_one_without_a_label() -> None:
    assert len(judge("J33:J60")) == 1


def test_a_table_that_lies_on_its_side() -> None:
    lying = table(first=2, last=41, across=False)
    assert judge("B23:AO23", "A23:AO23", tables=(lying,))[0].message == "the curves of the chart show different steps"
    assert judge("B23:AO23", tables=(lying,)) == []
    (found,) = judge("B23:AE23", tables=(lying,))
    assert (found.expected, found.message) == ("B23:AO23, all 40 columns", "the curve hides the last 10 steps")
    (found,) = judge("B23:AP23", tables=(lying,))
    assert found.message == "the curve runs over 1 column right of the table"
    assert judge("B2:B40", tables=(lying,)) == []  # all quantities of one step


def test_tables_that_share_their_rows() -> None:
    """One sheet, a training for each learning rate: the label of the line says which is meant."""
    tables = [
        StepTable("Sheet1", True, 32, 33, 100, {"E_total": k + 2, "h1": k + 10, "E1": k + 30}, {}) for k in (0, 1, 2)
    ]
    both = judge(series("C33:C100", "A33:A100", "C32"), series("D33:D100", "A33:A100", "D32"), tables=tuple(tables))
    assert both == []
    (found,) = judge(series("C33:C90", "A33:A90", "C32"), tables=tuple(tables))
    assert found.expected == "C33:C100, all 68 rows"


def test_a_series_that_runs_into_another_table() -> None:
    below = table(first=105, last=172)
    (found,) = judge("W33:W172", tables=(below, table()))
    assert found.expected == "W33:W100, the rows of one table"
    assert found.message == "the curve runs on into the table at A104:W172"


def test_series_of_one_chart_that_start_at_different_steps() -> None:
    (found,) = judge("U33:U100", "V33:V100", "W34:W100")
    assert found.found == "the series loss plots W34:W100"
    assert found.expected == "W33:W100, as the other series do"
    assert judge("U34:U100", "V34:V100", "W34:W100") == []
    assert [f.found for f in judge("U33:U100", "W33:W60", "V33:V60")] == [
        "the series loss plots W33:W60",
        "the series loss plots V33:V60",
    ], "the one that is right is not blamed for the others"


def test_two_tables_may_be_compared_though_one_is_longer() -> None:
    longer = table("Sheet2", last=200)
    assert judge("W33:W100", "Sheet2!W33:W200", tables=(table(), longer)) == []
    (found,) = judge("W33:W100", "Sheet2!W33:W100", tables=(table(), longer))
    assert found.found == "the series loss plots Sheet2!W33:W100"


def test_categories() -> None:
    both = table(), table("Sheet2")
    assert judge(series("W33:W100", "A33:A100"), tables=both) == []
    assert judge(series("W34:W100", "A34:A100"), tables=both) == []
    assert judge(series("W33:W100", "Sheet3!A1:A68"), tables=both) == []
    assert judge(series("W33:W100", "Y200:Y267"), tables=both) == []
    assert judge(series("W33:W100", "A33:B100"), tables=both) == []  # two levels
    assert judge(series("W33:W100", "A33"), tables=both) == []
    (found,) = judge(series("W33:W100", "A33:A80"), tables=both)
    assert found.found == "the series loss plots W33:W100 against A33:A80"
    assert (found.expected, found.message) == ("68 labels, one for each value", "68 values have 48 labels")
    (found,) = judge(series("W34:W100", "A33:A99"), tables=both)
    steps = "the labels of the axis belong to other steps"
    assert (found.expected, found.message) == ("A34:A100, the same rows", steps)
    (found,) = judge(series("W33:W100", "Sheet2!A33:A100"), tables=both)
    assert found.message == "the labels are those of another table, A32:W100"


def test_the_first_series_may_lend_its_categories_and_its_name_to_the_others() -> None:
    both = table(), table("Sheet2")
    lent = [series("W33:W100", "A33:A100", "W32"), series("Sheet2!W33:W100", "A33:A100", "W32")]
    assert judge(*lent, tables=both) == []


def test_a_name_of_another_line_or_table() -> None:
    both = table(), table("Sheet2")
    assert judge(series("W33:W100", name="W32"), tables=both) == []
    assert judge(series("W33:W100", name="W31"), tables=both) == []  # no label of a table
    (found,) = judge(series("W33:W100", name="U32"), tables=both)
    assert (found.expected, found.message) == ("U33:U100, which its name stands for", "its name is that of U32")
    (found,) = judge(series("Sheet2!W33:W100", name="W32"), tables=both)
    assert found.expected == "Sheet1!W33:W100, which its name stands for"


def test_a_chart_that_was_copied_with_its_sheet() -> None:
    tables = [table(name) for name in ("0.1", "0.2", "0.5")]
    charts = [Chart(name, "Loss at H5", (series(f"'{name}'!W33:W100"),)) for name in ("0.1", "0.2", "0.5")]
    assert list(judge_charts(charts, tables)) == []
    charts[1] = charts[1]._replace(series=charts[0].series)
    (found,) = judge_charts(charts, tables)
    assert (found.sheet, found.found) == ("0.2", "the series loss plots '0.1'!W33:W100")
    assert found.message == "it is a copy of the chart on 0.1, and no chart here plots the table on 0.2"
    charts.append(Chart("Compare", "All at A1", (series("'0.2'!W33:W100"),)))
    assert len(list(judge_charts(charts, tables))) == 1
    assert list(judge_charts(charts[1:2], tables)) == []  # nothing says that it is a copy


@settings(deadline=None)
@given(st.integers(33, 100), st.integers(33, 100))
def test_only_a_series_without_steps_left_out_passes(start: int, end: int) -> None:
    start, end = sorted((start, end))
    expected = start < end and (start > 34 or end < 100)
    assert bool(judge(f"W{start}:W{end}")) == expected


# --- reading


def book(path: Path, *charts: dict[str, Any], kind: str = "line", **options: Any) -> Path:
    """A workbook of xlsxwriter with one chart at H5 of 'My sheet', with series as it wants them."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("My sheet")
        sheet.write_column("A1", ["E1", *range(9)])
        workbook.define_name("losses", "='My sheet'!$A$2:$A$10")
        chart = workbook.add_chart({"type": kind})
        for one in charts:
            chart.add_series(one)
        if options:
            chart.set_title(options)
        sheet.insert_chart("H5", chart)
        workbook.add_worksheet("Second")
    return path


COLUMN = Area("My sheet", 2, 1, 10, 1)


def test_what_xlsxwriter_writes(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        {"values": "='My sheet'!$A$2:$A$10", "name": "='My sheet'!$A$1", "categories": "='My sheet'!$B$2:$B$10"},
        {"values": "='My sheet'!losses", "name": "all"},
        {"values": "=('My sheet'!$A$2,'My sheet'!$A$4)"},
        name="The loss",
    )
    (chart,) = read_charts(path)
    assert (chart.sheet, chart.name, chart.problem) == ("My sheet", "The loss at H5", "")
    assert [s.values.area for s in chart.series] == [COLUMN, COLUMN, None]
    assert [s.label for s in chart.series] == ["E1", "all", ""]
    assert chart.series[0].name.area == Area("My sheet", 1, 1, 1, 1)
    assert chart.series[0].categories.area == Area("My sheet", 2, 2, 10, 2)
    assert chart.series[0].values.text == "'My sheet'!$A$2:$A$10"


def test_a_scatter_chart_without_a_title(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        {"values": "='My sheet'!$A$2:$A$10", "categories": "='My sheet'!$B$2:$B$10"},
        kind="scatter",
        none=True,
    )
    (chart,) = read_charts(path)
    assert chart.name == "Chart 1 at H5"
    assert (chart.series[0].values.area, chart.series[0].categories.area) == (
        COLUMN,
        COLUMN._replace(column=2, last_column=2),
    )


def test_a_title_that_is_a_number_names_nothing(tmp_path: Path) -> None:
    (chart,) = read_charts(book(tmp_path / "a.xlsx", {"values": "='My sheet'!$A$2:$A$10"}, name="0.5"))
    assert chart.name == "Chart 1 at H5"


def test_what_openpyxl_writes_on_a_sheet_and_on_a_chart_sheet(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in [["E1", "E2"], [1, 2], [3, 4], [5, 6]]:
        sheet.append(row)
    for place in (sheet, workbook.create_chartsheet("Curve")):
        chart = openpyxl.chart.LineChart()
        chart.add_data(
            openpyxl.chart.Reference(sheet, min_col=1, max_col=2, min_row=1, max_row=4), titles_from_data=True
        )
        chart.title = "Both errors"
        place.add_chart(*[chart, "D2"][: 2 if place is sheet else 1])
    workbook.save(tmp_path / "a.xlsx")
    first, second = read_charts(tmp_path / "a.xlsx")
    assert (first.name, second.name) == ("Both errors at D2", "Both errors")
    assert (first.sheet, second.sheet) == ("Sheet", "Curve")
    for chart in (first, second):
        assert [s.values.area for s in chart.series] == [Area("Sheet", 2, c, 4, c) for c in (1, 2)]
        assert [s.name.area for s in chart.series] == [Area("Sheet", 1, c, 1, c) for c in (1, 2)]


def test_no_chart_and_no_workbook(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as workbook:
        workbook.add_worksheet().insert_textbox("B2", "no chart")
    assert read_charts(tmp_path / "a.xlsx") == []
    (tmp_path / "b.xlsx").write_text("no workbook")
    with pytest.raises(UnreadableWorkbook):
        read_charts(tmp_path / "b.xlsx")


def one_series(path: Path) -> Path:
    return book(path, {"values": "='My sheet'!$A$2:$A$10"}, name="The loss")


def test_a_broken_chart_is_a_line_and_no_crash(tmp_path: Path) -> None:
    broken = edit(one_series(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", "xl/charts/chart1.xml", lambda text: text[:-80])
    (chart,) = read_charts(broken)
    assert (chart.name, chart.series) == ("Chart 1 at H5", ())
    assert "chart1.xml" in chart.problem
    (found,) = judge_charts([chart], [table()])
    assert (found.severity, found.kind, found.found) == ("note", "unread", chart.problem)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/drawings/drawing1.xml", lambda text: text[:-9]),
        ("xl/drawings/_rels/drawing1.xml.rels", lambda text: text[:-9]),
        ("xl/worksheets/_rels/sheet1.xml.rels", lambda text: text.replace("drawing1", "drawing7")),
        ("xl/charts/chart1.xml", lambda text: text.replace("<c:lang", "<c:a>" * 600 + "</c:a>" * 600 + "<c:lang")),
        ("xl/charts/chart1.xml", lambda text: text.replace("<c:lang", "<c:ser/>" * 1001 + "<c:lang")),
        ("xl/charts/chart1.xml", lambda text: "<!DOCTYPE a>" + text),
    ],
)
def test_a_broken_or_hostile_part_is_told(tmp_path: Path, part: str, change: Any) -> None:
    (chart,) = read_charts(edit(one_series(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", part, change))
    assert chart.problem and chart.series == ()


def test_a_chart_without_corner_prefix_or_known_references(tmp_path: Path) -> None:
    """As other programs write it: another namespace prefix, references without $, hidden series, error bars."""

    def change(text: str) -> str:
        text = re.sub(r"(</?)c:", r"\1", text).replace("xmlns:c=", "xmlns=").replace("$", "")
        hidden = "<extLst><ext><ser><val><numRef><f>Z1:Z9</f></numRef></val></ser></ext></extLst>"
        bars = "<errBars><plus><numRef><f>Y1:Y9</f></numRef></plus></errBars>"
        return text.replace("</ser>", f"{bars}{hidden}</ser>").replace("'My sheet'!A2:A10", "A2:A10")

    path = edit(one_series(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", "xl/charts/chart1.xml", change)
    (chart,) = read_charts(path)
    assert [s.values for s in chart.series] == [Reference("A2:A10", COLUMN)]


def test_a_reference_into_another_file_is_not_one_of_ours(tmp_path: Path) -> None:
    path = edit(
        one_series(tmp_path / "a.xlsx"),
        tmp_path / "b.xlsx",
        "xl/charts/chart1.xml",
        lambda text: text.replace("'My sheet'!", "'[1]My sheet'!"),
    )
    (chart,) = read_charts(path)
    assert chart.series[0].values == Reference("'[1]My sheet'!$A$2:$A$10", None)


def test_a_chart_whose_anchor_is_no_cell_keeps_its_name(tmp_path: Path) -> None:
    path = edit(
        one_series(tmp_path / "a.xlsx"),
        tmp_path / "b.xlsx",
        "xl/drawings/drawing1.xml",
        lambda text: text.replace("<xdr:col>7<", "<xdr:col>99999999999999999999<"),
    )
    assert [chart.name for chart in read_charts(path)] == ["The loss"]


@pytest.mark.skipif(not HOMEWORK.is_dir(), reason="the homework's workbooks are not here")
def test_the_charts_of_the_homework() -> None:
    charts = {path.stem: read_charts(path) for path in sorted(HOMEWORK.glob("*.xlsx"))}
    assert {name: len(found) for name, found in charts.items()} == {
        "sheet-01": 1, "sheet-02": 1, "sheet-03": 1, "sheet-04": 1, "sheet-05": 7, "sheet-06": 1, "sheet-07": 1,
        "sheet-08": 2, "sheet-09": 1,
    }  # fmt: skip
    assert all(not chart.problem and chart.series for found in charts.values() for chart in found)
    trained = table("Back Prop", 35, 102)
    assert list(judge_charts(charts["sheet-01"], [trained])) == []
    assert len(list(judge_charts(charts["sheet-01"], [trained._replace(last=110)]))) == 1
