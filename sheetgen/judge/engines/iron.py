"""IronCalc: a spreadsheet engine in Rust; exact doubles, the fastest of the engines."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import Any

from sheetgen.base.errors import UserError, need
from sheetgen.excel import Entry, ErrorValue, Place, Value, Workbook
from sheetgen.excel.a1 import place, range_of
from sheetgen.excel.tokens import tokens
from sheetgen.judge.engines.result import Attempt, Engine, EngineFailed, EngineMissing

NAME = "IronCalc"
_DIVERGED = ',"diverged"'
_ARRAY = "Nobody types into a result of an array formula in IronCalc."
MAX_LOOKED_AT = 2_000_000  # cells, for those that array formulas and what-if data tables fill
MAX_FILLED = 500_000  # cells, by all array formulas


def _ironcalc() -> Any:
    return need("ironcalc", "build", "The engine IronCalc", EngineMissing)


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    return metadata.version(_ironcalc().__name__)


def _calculate(attempt: Attempt) -> None:
    """Evaluate a model built from inputs and formulas alone, which therefore holds no cached value.

    Its own reader is not used: it prints, takes three times as long, and panics on charts and links it does not know.
    """
    order = {sheet: number for number, sheet in enumerate(attempt.workbook.sheets)}
    with _no_panic(attempt.path.name):
        model, attempt.refused = _build(attempt.workbook)
        model.evaluate()
        attempt.take(lambda sheet, address: value_of(model, order[sheet], *place(address)))


@contextmanager
def _no_panic(name: str) -> Iterator[None]:
    """Raise EngineFailed for whatever IronCalc raises about a workbook."""
    try:
        yield
    except BaseException as error:  # a panic in Rust arrives as a BaseException of its own
        if isinstance(error, UserError) or not (isinstance(error, Exception) or "Panic" in type(error).__name__):
            raise
        raise EngineFailed(f"IronCalc can make nothing of {name}: {error}.") from error


class Live:
    """A workbook that stays open: cells are typed over, and everything is recalculated.

    Raises EngineMissing, and EngineFailed if IronCalc can make nothing of the workbook.
    """

    name = NAME

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.order = {sheet: number for number, sheet in enumerate(workbook.sheets)}
        with _no_panic("the workbook"):
            self.model, refused = _build(workbook)
            self._error = dict.fromkeys(refused, Entry("NA()", None))  # an empty cell would count as 0
            for at in refused:
                self._put_back(at)

    def put(self, at: Place, value: Value | None, formula: str | None = None) -> None:
        """Type a number or a text, or a formula (without =), into a cell (sheet, address)."""
        put(self.model, self.order[at[0]], *place(at[1]), Entry(formula, value))

    def evaluate(self, wanted: Iterable[Place]) -> list[Value | None]:
        """Recalculate all formulas; what some cells then hold."""
        self.model.evaluate()
        return [value_of(self.model, self.order[sheet], *place(address)) for sheet, address in wanted]

    def recalculate(self, target: Place, changes: Mapping[Place, float]) -> Value | None:
        """The value of a cell while other numbers stand in some, which are put back. Raises EngineFailed."""
        if any(at in self.workbook.arrays for at in changes):
            raise EngineFailed(_ARRAY)
        with _no_panic("the workbook"):
            for at, number in changes.items():
                self.put(at, number)
            value, *typed = self.evaluate([target, *changes])
            for at in changes:
                self._put_back(at)
        if typed != [*changes.values()]:
            raise EngineFailed(_ARRAY)
        return value

    def _put_back(self, at: Place) -> None:
        sheet, address = at
        if entry := self._error.get(at) or self.workbook.sheets[sheet].get(address):
            self.put(at, entry.value, entry.formula)
        else:
            self.model.clear_cell_contents(self.order[sheet], *place(address))


def empty_model(sheets: Iterable[str], names: Mapping[str, str]) -> Any:
    """A model that has sheets and defined names, and nothing in its cells. Raises EngineMissing."""
    ironcalc = _ironcalc()
    model = ironcalc.create("judged", "en", "UTC", "en")
    order = list(sheets)
    for number, sheet in enumerate(order):
        if number == 0:
            model.rename_sheet(0, sheet)
        else:
            model.add_sheet(sheet)
    for name, text in names.items():
        sheet, _, bare = name.rpartition("!")
        with suppress(ironcalc.WorkbookError):  # it takes names of cells only; a formula that needs another is #NAME?
            model.new_defined_name(bare, order.index(sheet) if sheet in order else None, text)
    return model


def _build(workbook: Workbook) -> tuple[Any, dict[Place, str]]:
    """(the model, why a formula was refused)."""
    model, refused = empty_model(workbook.sheets, workbook.names), {}
    if sum(area.size for text in workbook.arrays.values() if (area := range_of(text))) > MAX_FILLED:
        raise EngineFailed("IronCalc is not given array formulas that fill so many cells.")
    members, what_ifs = _filled(workbook, workbook.arrays), _filled(workbook, workbook.what_ifs)
    for number, (sheet, cells) in enumerate(workbook.sheets.items()):
        for address, entry in cells.items():
            at = sheet, address
            try:
                if at in what_ifs:  # it looks like a number and is none
                    put(model, number, *place(address), Entry("NA()", None))
                elif at in workbook.arrays and entry.formula is not None:
                    rows, columns = area.shape if (area := range_of(workbook.arrays[at])) else (1, 1)
                    formula = f"={_checked(entry.formula)}"
                    model.set_user_array_formula(number, *place(address), columns, rows, formula)
                elif at not in members:
                    put(model, number, *place(address), entry)
            except _ironcalc().WorkbookError as error:
                refused[at] = f"IronCalc refused it ({error})"
    return model, refused


def _filled(workbook: Workbook, ranges: Mapping[Place, str]) -> set[Place]:
    """The cells that stand in ranges, each of them told by one of its cells. Raises EngineFailed for too many."""
    places = set(ranges)
    room = MAX_LOOKED_AT
    for (sheet, _), text in ranges.items():
        area, cells = range_of(text), workbook.sheets.get(sheet, {})
        if area is None:
            continue
        room -= 10 + min(area.size, len(cells))
        if room < 0:
            raise EngineFailed("IronCalc is not given so many array formulas and what-if data tables.")
        if area.size <= len(cells):
            places |= {(sheet, address) for address in area.addresses()}
        else:
            places |= {(sheet, address) for address in cells if area.holds(*place(address))}
    return places


def put(model: Any, sheet: int, row: int, column: int, entry: Entry) -> None:
    """Write a cell of a model; rows and columns count from 1."""
    if entry.formula is not None:
        model.update_cell_with_formula(sheet, row, column, f"={_checked(entry.formula)}")
    elif isinstance(entry.value, ErrorValue):
        model.update_cell_with_formula(sheet, row, column, f"={entry.value}")
    elif isinstance(entry.value, bool):
        model.update_cell_with_bool(sheet, row, column, entry.value)
    elif isinstance(entry.value, float):
        model.update_cell_with_number(sheet, row, column, entry.value)
    else:
        model.update_cell_with_text(sheet, row, column, entry.value)


def _checked(formula: str) -> str:
    """IFERROR(x,"diverged"), wherever it stands, as IFERROR((x)^1,"diverged").

    Where Excel has #NUM! as soon as a number overflows, IronCalc goes on with infinity until the cell is done, so that
    IFERROR misses it; but the result of a power it looks at.
    """
    if _DIVERGED not in formula:
        return formula
    opened: list[int] = []  # where the argument of each call begins that is not closed yet
    pieces: list[str] = []
    for kind, text, _ in tokens(formula):
        if kind == "call" or text == "(":
            opened.append(len(pieces) + 1 if text.upper() == "IFERROR(" else 0)
        elif text == ")" and opened and (start := opened.pop()) and "".join(pieces[-2:]) == _DIVERGED:
            pieces[start] = f"({pieces[start]}"
            pieces[-2] = ")^1,"
        pieces.append(text)
    return "".join(pieces)


def value_of(model: Any, sheet: int, row: int, column: int) -> Value | None:
    """The value that a cell of a model shows; rows and columns count from 1."""
    value: Value | None = model.get_cell_value(sheet, row, column)
    if isinstance(value, str) and value.startswith("#"):  # an error, or a text that looks like one
        import ironcalc

        error = model.get_cell_type(sheet, row, column) == ironcalc.CellType.ErrorValue
        return ErrorValue(value) if error else value
    return value


recalculate = Engine(NAME, version, _calculate)
