"""The templates; and typing numbers into a finished workbook and reading what IronCalc makes of it."""

import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck
from lxml import etree

from sheetgen.deliver.build import ask_oracle
from sheetgen.excel import Value, Workbook, read
from sheetgen.excel.a1 import column_letters, place
from sheetgen.judge.engines.calculated import calculated
from sheetgen.judge.engines.iron import Live
from sheetgen.judge.engines.result import Values, formula_cells
from sheetgen.network import program
from sheetgen.spec import Spec
from sheetgen.writer import workbook
from sheetgen.writer.book import writing
from sheetgen.writer.plan import START, Oracle, Run
from sheetgen.writer.sheets import network, training
from sheetgen.writer.sheets.start import Made

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
TEMPLATES = Path(__file__).parents[2] / "templates"
FEW = 10  # steps of the fixture `right`
# Settings of hypothesis: the same examples every time, and no clock, for the machine is shared.
STEADY: dict[str, Any] = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}
# A template that tests change.
GOOD = """
[network]
layers = [2, 2, 2]
[data]
inputs = [1, 2]
targets = [0, 1]
[initial]
seed = 1
[training]
"""
BuildBook = Callable[..., Path]  # what the fixture build_book is


def written(path: Path, spec: Spec, oracle: Oracle | None = None, **made: Any) -> Path:
    """Write a workbook as `sheetgen build` does; `made` are fields of Made."""
    workbook.write(workbook.plan(spec), path, oracle or ask_oracle(spec), Made(calculate=calculated, **made))
    return path


def network_alone(path: Path, spec: Spec, *formulas: str) -> Path:
    """The sheets Network and Training alone, which are soon written and calculated; formulas of a test stand on Start.

    They need column A from row 3 on.
    """
    run = Run(program.build(spec))
    table = training.places(run)
    with writing(path, spec.title, calculated) as book:
        start = book.sheet(START, "", "")
        for row, formula in enumerate(formulas, 3):
            start.live(row, 0, formula)
        network.write(book, run, table.trace)
        training.write(book, run, table)
    return path


def place_of(book: Workbook, name: str) -> tuple[str, str]:
    """The sheet and the address of a defined name, or of 'Sheet!A1'."""
    sheet, _, address = book.names.get(name, name).rpartition("!")
    return sheet.strip("'"), address.replace("$", "")


@lru_cache(maxsize=6)
def _opened(path: Path, _: int) -> tuple[Workbook, Live]:
    """A workbook that stays open in IronCalc; it is opened again when the file has changed since."""
    book = read(path)
    return book, Live(book)


def recalculated(path: Path, **typed: Value | None) -> Values:
    """Every formula's value after typing something into cells, which go by their defined names; None empties one."""
    book, live = _opened(path, path.stat().st_mtime_ns)
    cells = [place_of(book, name) for name in typed]
    for cell, value in zip(cells, typed.values(), strict=True):
        if value is None:
            live.model.clear_cell_contents(live.order[cell[0]], *place(cell[1]))
        else:
            live.put(cell, value)
    formulas = [cell for cell in formula_cells(book.sheets) if cell not in cells]
    values: Values = {sheet: {} for sheet in book.sheets}
    for (sheet, address), value in zip(formulas, live.evaluate(formulas), strict=True):
        assert value is not None, f"{sheet}!{address} was not evaluated"
        values[sheet][address] = value
    for sheet, address in cells:  # as it was, for the next one
        entry = book.sheets[sheet][address]
        live.put((sheet, address), entry.value, entry.formula)
    return values


def panel(book: Workbook) -> dict[str, str]:
    """Name -> address of the numbers of the row shown, on the sheet Network; E goes by its name on Training."""
    cells = book.sheets["Network"]
    found = {}
    for address, entry in cells.items():
        if entry.formula and ("INDEX(Training!" in entry.formula or entry.formula in book.names):
            row, column = place(address)
            name = str(cells[f"{column_letters(column - 1)}{row}"].value)
            found[{"E": "E_total"}.get(name, name)] = address
    return found


def columns(book: Workbook, sheet: str, header_row: int = 15) -> dict[str, str]:
    """Heading -> letter of a table."""
    row = str(header_row)
    return {
        str(entry.value): address.removesuffix(row)
        for address, entry in book.sheets[sheet].items()
        if address.endswith(row) and address.removesuffix(row).isalpha()
    }


def parts_of(archive: zipfile.ZipFile, part: str, kind: str) -> list[str]:
    """The parts of a kind (drawing, chart) that a part of a workbook refers to."""
    folder, _, name = part.rpartition("/")
    root = etree.fromstring(archive.read(f"{folder}/_rels/{name}.rels"))
    found = (e.get("Target") for e in root if e.get("Type").endswith(f"/{kind}"))
    return [target.replace("..", "xl") for target in found]


def drawing_on(archive: zipfile.ZipFile, path: Path, sheet: str) -> str:
    """The part that holds the pictures and charts of a sheet."""
    number = [*read(path).sheets].index(sheet) + 1
    (found,) = parts_of(archive, f"xl/worksheets/sheet{number}.xml", "drawing")
    return found


def charts_on(archive: zipfile.ZipFile, path: Path, sheet: str) -> list[str]:
    """The parts that hold the charts of a sheet."""
    return parts_of(archive, drawing_on(archive, path, sheet), "chart")


def lines(path: Path) -> dict[int, str]:
    """Row -> the alternative text of its picture, `name = mathematics`, on the sheet Steps."""
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read(drawing_on(archive, path, "Steps")))
    return {
        int(anchor.findtext(f"{DRAWING}from/{DRAWING}row")) + 1: anchor.find(f".//{DRAWING}cNvPr").get("descr")
        for anchor in root
    }


def labels(path: Path, values: Values, sheet: str = "Network") -> list[Value]:
    """What stands on the first drawing of a sheet: the names of its series, which are live."""
    cells = _opened(path, path.stat().st_mtime_ns)[0].sheets[sheet]
    places = _label_places(path, path.stat().st_mtime_ns, sheet)
    return [values[sheet][at] if at in values[sheet] else cells[at].value or "" for at in places]


@lru_cache(maxsize=6)
def _label_places(path: Path, _: int, sheet: str) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read(charts_on(archive, path, sheet)[0]))
    return [f.text.rpartition("!")[2].replace("$", "") for tx in root.iter("{*}tx") for f in tx.iter("{*}f")]
