"""What a person meets in the finished workbook: order, links, panes, print, pictures, charts, names, protection."""

import itertools
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from books import BuildBook, charts_on, columns, written
from lxml import etree
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.worksheet import Worksheet

from sheetgen.excel import Workbook, read
from sheetgen.excel.tokens import tokens
from sheetgen.spec import Spec, parse
from sheetgen.writer import workbook
from sheetgen.writer.plan import Oracle
from sheetgen.writer.sheets.network import input_cells
from sheetgen.writer.sheets.start import EngineLine
from sheetgen.writer.sheets.steps import breaks

SHEETS = [
    "Start", "Ideas", "Network", "Steps", "Training", "Learning rates", "Laboratory", "Autograd check",
    "Recomputation",    "Finite differences", "Template",
]  # fmt: skip
LAST = 46  # the row of the 30th update


@pytest.fixture(scope="module")
def book(homework_book: Path) -> Any:
    return openpyxl.load_workbook(homework_book)


@pytest.fixture(scope="module")
def cells(homework_book: Path) -> Workbook:
    return read(homework_book)


@pytest.fixture(scope="module")
def parts(homework_book: Path) -> dict[str, bytes]:
    """The file, part by part."""
    with zipfile.ZipFile(homework_book) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def elements(parts: dict[str, bytes], where: str, tag: str) -> Iterator[Any]:
    """All elements of a name in the parts whose name matches."""
    for name, data in parts.items():
        if re.fullmatch(where, name):
            yield from etree.fromstring(data).iter("{*}" + tag)


def test_the_order_of_the_sheets(book: Any) -> None:
    assert book.sheetnames == SHEETS and book.active.title == "Start"
    assert {sheet.sheet_state for sheet in book} == {"visible"}


def test_start_leads_to_every_sheet_and_every_sheet_back(book: Any, parts: dict[str, bytes]) -> None:
    for k, name in enumerate(SHEETS, 1):
        links = {e.get("ref"): e for e in elements(parts, rf"xl/worksheets/sheet{k}\.xml", "hyperlink")}
        found = {str(book[name][at].value): e.get("location") for at, e in links.items()}
        found = {re.sub(r"^\d   ", "", text): place for text, place in found.items()}  # the way to go is numbered
        others = {other: f"'{other}'!A1" if " " in other else f"{other}!A1" for other in SHEETS[1:]}
        on = {"Ideas": {"Network →": "Network!A1"}, "Network": {"Steps →": "Steps!A1"}}.get(name, {})
        assert found == (others if name == "Start" else {"← Start": "Start!A1"} | on)
        assert all(e.get("tooltip") for e in links.values())


def test_frozen_panes_keep_headings_in_view(book: Any) -> None:
    assert {sheet.title: sheet.freeze_panes for sheet in book} == {
        "Start": None, "Ideas": None, "Network": "A8", "Steps": "A5", "Training": "B16", "Learning rates": None,
        "Laboratory": None,
        "Autograd check": "B16", "Recomputation": "B16", "Finite differences": "B9", "Template": "A7",
    }  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_paper(book: Any, name: str) -> None:
    """A4, landscape, with a footer; one page wide, or several at a size that can be read."""
    sheet = book[name]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    if name in ("Training", "Steps"):
        fit = sheet.sheet_properties.pageSetUpPr
        assert not (fit and fit.fitToPage) and sheet.page_setup.scale >= 70
    else:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToWidth in (None, 1)
    assert "sheetgen" in sheet.oddFooter.left.text and "&P" in sheet.oddFooter.right.text
    assert not sheet.sheet_view.showGridLines


def test_headings_are_repeated_on_every_page(book: Any) -> None:
    titles = {"Steps": "$4:$4", "Training": "$14:$15", "Autograd check": "$15:$15"}
    titles |= {"Recomputation": "$15:$15", "Finite differences": "$8:$8"}
    assert {s.title: s.print_title_rows for s in book if s.print_title_rows} == titles
    assert {s.title: s.print_title_cols for s in book if s.print_title_cols} == {"Training": "$A:$A"}
    for sheet in (s for s in book if s.print_title_cols):  # there a title would be cut off on every later page
        last = column_index_from_string(sheet.print_title_cols.rpartition("$")[2])
        assert [c.column for c in sheet[1] if c.value] == [last + 1], sheet.title


def test_pages_of_steps_begin_with_a_step(book: Any) -> None:
    """All columns on a page, and no page but the steps' own; each has room for what stands on it."""
    sheet = book["Steps"]
    across = sum(round(sheet.column_dimensions[k].width * 7) for k in "ABCD")
    assert across * sheet.page_setup.scale / 100 < (297 - 0.8 * 25.4) / 25.4 * 96 * 0.95  # LibreOffice's are wider
    ends = [b.id for b in sheet.row_breaks.brk]
    assert len(ends) == 3 and all(str(sheet[f"A{b + 2}"].value).startswith("Step ") for b in ends)
    rows = [round((sheet.row_dimensions[row].height or 15) * 4 / 3) for row in range(1, sheet.max_row + 1)]
    for first, last in itertools.pairwise([0, *ends, len(rows)]):
        assert (sum(rows[first:last]) + 20) * sheet.page_setup.scale / 100 < (210 - 1.1 * 25.4) / 25.4 * 96


@pytest.mark.parametrize("steps", [
    [[40] * 30, [50] * 4], [[20] * 3] * 9, [[48] * 13, [100] * 40], [[200] * 5] * 3,
    [[50] * 20, [52] * 8, [49] * 21, [48] * 20, [49] * 17, [48] * 20],
])  # fmt: skip
def test_a_page_of_steps_holds_what_it_has_room_for_and_more_than_a_line(steps: list[list[int]]) -> None:
    rows = [20] * 4 + [height for heights in steps for height in heights]
    found = breaks(steps)
    pages = [rows[a:b] for a, b in itertools.pairwise([0, *found, len(rows)])]
    assert [row for page in pages for row in page] == rows and all(len(page) > 1 for page in pages)
    assert all((14 if page is pages[0] else 20) + sum(page) <= 890 for page in pages)  # its 4 rows have 94 pixels
    assert len(pages) <= math.ceil(sum(rows) / 800) + 1


def test_what_is_printed_reaches_the_last_row(book: Any) -> None:
    areas = {sheet.title: sheet.print_area for sheet in book}
    assert areas["Training"] == f"'Training'!$A$1:$AF${LAST}"
    assert areas["Learning rates"].endswith("$31")  # one page: the picture of them, and the first of their numbers
    # Of the checks a page of what they found: that every cell agrees need not be printed cell by cell.
    assert areas["Autograd check"] == "'Autograd check'!$A$1:$AM$13"  # no heading of what is not printed
    assert areas["Recomputation"] == "'Recomputation'!$A$1:$J$13"
    assert all(areas[name] for name in SHEETS[:-1])


def test_every_picture_and_chart_tells_what_it_shows(parts: dict[str, bytes]) -> None:
    said = [e.get("descr", "") for e in elements(parts, r"xl/drawings/drawing\d+\.xml", "cNvPr")]
    shown = sum(re.fullmatch(r"xl/(charts/chart|media/image)\d+\.\w+", name) is not None for name in parts)
    assert len(said) >= shown > 6 and all(len(text) >= 8 for text in said)
    charts = [text for text in said if "chart" in text or "Drawing" in text]
    assert len(charts) == sum(name.startswith("xl/charts/chart") for name in parts) == 12
    assert "h1 = w1*i1 + w2*i2" in said and "dE/dw5 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h1" in said


def tables(path: Path) -> list[str]:
    """The charts of the tables, as parts of the file."""
    with zipfile.ZipFile(path) as archive:
        return [chart for sheet in ("Training", "Learning rates") for chart in charts_on(archive, path, sheet)]


def series(parts: dict[str, bytes], charts: list[str], kind: str) -> list[list[str]]:
    """Chart by chart, all references of a kind: tx (names), xVal, yVal."""
    return [[e.findtext(".//{*}f", "") for e in etree.fromstring(parts[n]).iter("{*}" + kind)] for n in charts]


@pytest.mark.parametrize("name", ["homework", "xor"])
def test_charts_cover_every_row(build_book: BuildBook, name: str) -> None:
    path = build_book(name) if name == "homework" else build_book(name, steps=8, learning_rates=(0.5, 2.0))
    last = LAST if name == "homework" else 24
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    charts = tables(path)
    # A chart's last series is what it says, and its title is named, too.
    drawn = [chart[:-1] for chart in series(parts, charts, "yVal")]
    names = [[name for name in chart if name][1:-1] for chart in series(parts, charts, "tx")]
    curves = len(drawn[-1]) // 3  # behind which the labels of their ends come, a line and a point for each
    drawn[-1], names[-1] = drawn[-1][:curves], names[-1][:curves]
    found = read(path)
    where = {label: f"Training!${k}$16:${k}${last}" for label, k in columns(found, "Training").items()}
    gradients = [label for label in where if re.fullmatch(r"dE/d[wb]\d+", label)]
    state = [label.removeprefix("dE/d") for label in gradients]
    wanted = [["E_total"], ["E_total > 0"], state, gradients]
    if name == "xor":
        wanted = [*wanted, [f"a_o1[{s}]" for s in (1, 2, 3, 4)]]
    assert [sorted(chart) for chart in drawn[:-1]] == [sorted(where[label] for label in chart) for chart in wanted]
    heads = columns(found, "Learning rates")
    rates = [k for k in heads if re.fullmatch(r"E \(.*\) > 0", k)]
    assert len(rates) == (7 if name == "homework" else 3)
    assert drawn[-1] == [f"'Learning rates'!${heads[k]}$16:${heads[k]}${last}" for k in rates]
    for sheet, chart in zip(
        ["Training"] * len(wanted) + ["'Learning rates'"], series(parts, charts, "xVal"), strict=True
    ):
        every = chart[:-1] if sheet == "Training" else chart[:curves]
        assert set(every) == {f"{sheet}!$A$16:$A${last}"}
    labels = {f"{s}!${k}": label for s in ("Training", "Learning rates") for label, k in columns(found, s).items()}
    for chart, headings in zip(drawn, names, strict=True):  # a line is named by the heading of what it shows
        assert all(h.endswith("$15") for h in headings)
        plain = [[text.replace("'", "").split("$1")[0] for text in texts] for texts in (chart, headings)]
        assert [labels[k].removesuffix(" > 0") for k in plain[0]] == [labels[k] for k in plain[1]]
    axes = [e.get("val") for chart in charts for e in elements(parts, re.escape(chart), "max")]
    assert axes == [str(last - 16)] * len(wanted) + [str(-(-(last - 16) * 5 // 4))]  # with room for labels


def test_charts_remember_what_they_draw(homework_book: Path, parts: dict[str, bytes], cells: Workbook) -> None:
    """For programs that draw a preview without calculating."""
    chart, _ = elements(parts, re.escape(tables(homework_book)[0]), "yVal")
    remembered = [float(e.text) for e in chart.iter("{*}v")]
    assert remembered == [cells.sheets["Training"][f"X{row}"].value for row in range(16, LAST + 1)]


def test_names_lead_to_the_inputs(cells: Workbook, homework_spec: Spec) -> None:
    numbers = dict(zip((f"w_{k}" for k in range(1, 9)), homework_spec.weights, strict=True))
    numbers |= {"learning_rate": 1.0, "i_1": 0.05, "i_2": 0.1, "t_1": 0.5, "t_2": 0.5, "row_shown": 0.0}
    for name, number in numbers.items():
        sheet, address = cells.names[name].replace("$", "").split("!")
        row = address[1:]
        assert (sheet, address[0]) == ("Network", "B") and cells.sheets[sheet][address] == (None, number)
        label = {"row_shown": "row shown", "learning_rate": "learning_rate"}.get(name, name.replace("_", ""))
        assert cells.sheets[sheet][f"A{row}"].value == label
    others = {"certificate", "verdict", "differences_verdict", "gradients_that_differ", "inputs_changed",
              "worst_difference", "cells_compared",
              "tolerance", "threshold", "my_learning_rate", "recomputation_verdict", "cells_that_differ", "row_number",
              "broken_place", "broken_what", "changed_input", "changed_place", "inputs_no_number", "input_to_mend",
              "pass_shown", "backward", "next_shown", "next_number", "stage_name", "why_none"}  # fmt: skip
    assert {name for name in cells.names if "!" not in name} == set(numbers) | others


def unlocked(sheet: Worksheet) -> set[str]:
    """The cells that look and behave like inputs."""
    return {c.coordinate for row in sheet.iter_rows() for c in row if c.has_style and not c.protection.locked}


@pytest.mark.parametrize(
    ("layers", "bias", "said"),
    [
        ([2, 2, 2], "none", {"initial weight into the hidden layer", "initial weight into the outputs"}),
        ([1, 2, 2, 1], "frozen", {f"{what} into {layer}" for what in ("initial weight", "frozen bias")
                                  for layer in ("hidden layer 1", "hidden layer 2", "the outputs")}),
        ([1, 1, 1], "trained", {f"initial {what} into {layer}" for what in ("weight", "bias")
                                for layer in ("the hidden layer", "the outputs")}),
    ],
)  # fmt: skip
def test_inputs_are_called_what_they_are(layers: list[int], bias: str, said: set[str]) -> None:
    """Not "first weight", for w1 to w4 would all be first."""
    toml = f"[network]\nlayers = {layers}\nactivation = 'sigmoid'\nbias = '{bias}'\n"
    toml += f"[data]\ninputs = [{[0.5] * layers[0]}]\ntargets = [{[0.5] * layers[-1]}]\n[initial]\nseed = 1\n"
    plan = workbook.plan(parse(toml, "x.toml"))
    texts = {text for _, _, text in input_cells(plan.run)}
    assert texts - {"input", "target", "how far each update goes"} == said


@pytest.mark.parametrize(
    ("name", "inputs"), [("Network", 16), ("Learning rates", 2), ("Ideas", 2), ("Finite differences", 2)]
)
def test_every_input_is_validated_and_says_so(book: Any, name: str, inputs: int) -> None:
    rules = book[name].data_validations.dataValidation
    validated = {c for rule in rules for area in rule.sqref.ranges for row in area.rows for c in
                 (f"{openpyxl.utils.get_column_letter(column)}{r}" for r, column in row)}  # fmt: skip
    assert validated == unlocked(book[name]) and len(validated) == inputs
    for rule in rules:
        assert rule.showInputMessage and rule.showErrorMessage and rule.type in ("whole", "decimal", "list")
        assert all(0 < len(text) <= 32 for text in (rule.promptTitle, rule.errorTitle))
        assert all(0 < len(text) <= 255 for text in (rule.prompt, rule.error))


def test_the_row_shown_is_one_that_there_is(book: Any) -> None:
    rules = [r for r in book["Network"].data_validations.dataValidation if r.type != "decimal"]
    assert [(str(r.sqref), r.formula1, r.formula2) for r in rules] == [
        ("B4", "0", "30"), ("B5", '"forward,backward"', None), ("B6", "0", "19"),
    ]  # fmt: skip


def test_what_is_protected_and_what_is_not(book: Any) -> None:
    """Nobody breaks the judge by accident; everybody may break the network on purpose; no password."""
    locked = {sheet.title for sheet in book if sheet.protection.sheet}
    assert locked == {"Start", "Ideas", "Autograd check", "Recomputation", "Finite differences", "Template"}
    assert {sheet.protection.password for sheet in book} == {None}
    assert book.security is None or book.security.workbookPassword is None


def test_document_properties(book: Any) -> None:
    about = book.properties
    assert (about.title, about.creator) == ("Backpropagation, 2-2-2: a neural network in live cells", "sheetgen")
    assert about.created == datetime(2026, 1, 1)
    assert "live formulas" in about.subject and "backpropagation" in about.keywords and "sheetgen" in about.description


def test_no_macros_no_links_outside_nothing_new(parts: dict[str, bytes], cells: Workbook) -> None:
    odd = re.compile(r"vba|macro|activeX|embeddings|externalLink|metadata\.xml|customXml|connections", re.IGNORECASE)
    assert [name for name in parts if odd.search(name)] == []
    assert b"macroEnabled" not in parts["[Content_Types].xml"]
    future = (b"_xlfn", b"_xlws", b'TargetMode="External"')
    assert [name for name, data in parts.items() if any(word in data for word in future)] == []
    assert not any(e.get("t") in ("array", "dataTable") for e in elements(parts, r"xl/worksheets/sheet\d\.xml", "f"))
    assert not any(e.get("cm") for e in elements(parts, r"xl/worksheets/sheet\d\.xml", "c"))
    used = {text[:-1] for sheet in cells.sheets.values() for e in sheet.values() if e.formula
            for kind, text, _ in tokens(e.formula) if kind == "call"}  # fmt: skip
    assert {"IF", "EXP", "INDEX", "SUM"} <= used <= {
        "ABS", "AND", "CHAR", "CHOOSE", "COUNT", "COUNTA", "COUNTIF", "EXP", "HYPERLINK", "IF", "IFERROR", "INDEX",
        "INT", "ISERROR", "ISNA", "ISNUMBER", "ISTEXT", "LEFT", "LN", "LOG10", "MATCH", "MAX", "MIN", "MOD",
        "NA", "NOT", "OR", "ROUND", "SIGN", "SUBSTITUTE", "SUM",
    }  # fmt: skip


def test_colours_tell_right_from_wrong(book: Any) -> None:
    """Conditional formats on both verdicts, on every row of the judge's table and on the checklist."""
    areas = {name: {str(rule.sqref) for rule in book[name].conditional_formatting} for name in SHEETS}
    assert "A4:G4" in areas["Start"] and "E4" in areas["Finite differences"] and "B4" in areas["Autograd check"]
    assert f"C16:AM{LAST}" in areas["Autograd check"] and f"B16:B{LAST}" in areas["Autograd check"]


def test_the_template_is_in_the_workbook(cells: Workbook, homework_spec: Spec) -> None:
    lines = [cells.sheets["Template"][f"B{row}"].value for row in range(7, 7 + len(homework_spec.text.splitlines()))]
    assert "\n".join(map(str, lines)) + "\n" == homework_spec.text
    assert cells.sheets["Template"]["B5"].value == "homework.toml"


def test_the_certificate(homework_spec: Spec, homework_oracle: Oracle, tmp_path: Path) -> None:
    """The engines' findings and the options stand on Start, and the options on Template, too."""
    engines = [EngineLine("IronCalc", "0.9.1", 8_000, 1.5e-15, "Training!X20"), EngineLine("other", "1", 9, 0.0, "")]
    written(tmp_path / "b.xlsx", homework_spec, homework_oracle, options="--steps 30", engines=engines)
    sheets = read(tmp_path / "b.xlsx").sheets
    start = {address: entry.value for address, entry in sheets["Start"].items()}
    (row,) = (int(address[1:]) for address, value in start.items() if value == "IronCalc")
    assert [start[f"{k}{row}"] for k in "ABCDE"] == ["IronCalc", "0.9.1", 8000.0, 1.5e-15, "Training!X20"]
    assert start[f"A{row + 1}"] == "other" and "not recalculated" not in str(start)
    assert {"--steps 30", "2-2-2, sigmoid, 1 sample, biases: none", "homework.toml"} <= set(start.values())
    assert sheets["Template"]["B4"].value == "--steps 30"


def test_training_has_the_class_files_headings(cells: Workbook) -> None:
    headings = [entry.value for address, entry in cells.sheets["Training"].items() if address.endswith("15")]
    assert " ".join(map(str, headings)).startswith("iteration t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1")
    assert cells.sheets["Training"]["A16"] == ("0", 0.0) and cells.sheets["Training"]["A17"] == ("A16+1", 1.0)
    assert cells.sheets["Training"][f"A{LAST}"] == (f"A{LAST - 1}+1", 30.0)


def test_number_formats_fit_their_columns(book: Any) -> None:
    """Small numbers have digits, and large ones do not become ####."""
    training = book["Training"]
    assert {training[f"{k}20"].number_format for k in "BFJKX"} == {"0.000000000", "0.000000000000"}
    assert training["X20"].number_format == training["Y20"].number_format == "0.000000000000"
    group = training.column_dimensions["B"]  # of all columns alike
    assert group.width > 14 and (group.min, group.max) == (2, 32) and not group.hidden


def test_a_network_with_large_numbers_is_written_in_powers_of_ten(build_book: BuildBook, homework_spec: Spec) -> None:
    wild = replace(homework_spec, activations=("identity", "identity"), learning_rate=100.0)
    assert openpyxl.load_workbook(build_book(wild))["Training"]["X20"].number_format == "0.00000000E+00"
