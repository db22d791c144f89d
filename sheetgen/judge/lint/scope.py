"""What a formula may refer to in one workbook: its sheets, names and tables."""

import re
from collections.abc import Iterable, Iterator

from sheetgen.excel.read import MAX_FORMULA
from sheetgen.judge.lint.formula import Parsed, parse, too_long
from sheetgen.judge.lint.functions import Fault

# The row numbers of cells, which differ down a column while nothing else does. Rows of seven digits stay: they may
# lie beyond the grid. Names, functions and sheets that end in digits must not match, nor XFE1: that may be a name.
_COLUMNS = ("[A-Z]", "[A-Z]{2}", "[A-W][A-Z]{2}", "X[A-E][A-Z]", "XF[A-D]")
_AFTER = "|".join([rf"(?<=[^\w.\\]{column}\d)" for column in _COLUMNS] + [r"(?<=\$\d)"])
_ROW = re.compile(rf"[1-9](?:{_AFTER})\d{{0,5}}(?![\w.?\\(\[!])")
_QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")


def shape(text: str) -> str:
    """The formula with every row number made 1, so that a filled-down column has one shape."""
    if "[" in text:
        return text
    if '"' not in text and "'" not in text:
        return _ROW.sub("1", f"={text}")[1:]
    parts = _QUOTED.split(f"={text}")
    return "".join(part if i % 2 else _ROW.sub("1", part) for i, part in enumerate(parts))[1:]


class Scope:
    """The names of a workbook, and the faults of a formula in it."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self.sheets = {sheet.casefold() for sheet in sheets}
        self.names: set[tuple[str, str]] = set()
        self.tables: dict[str, set[str]] = {}
        self._memo: dict[tuple[str, str], tuple[Fault, ...]] = {}

    def define(self, name: str, sheet: str = "") -> None:
        """Add a defined name, of one sheet or ('') of the workbook; print areas are known without their prefix too."""
        self.names.update({(sheet.casefold(), name.casefold()), (sheet.casefold(), name.casefold()[len("_xlnm.") :])})

    def define_table(self, name: str, columns: Iterable[str]) -> None:
        """Add a table; its bare name is a range as well."""
        self.tables.setdefault(name.casefold(), {column.casefold() for column in columns})
        self.names.add(("", name.casefold()))

    def faults(self, text: str, sheet: str = "") -> tuple[Fault, ...]:
        """What Excel would say to the formula in a cell of the sheet: (rule, message) each."""
        if len(text) > MAX_FORMULA:
            return (too_long(text),)
        key = sheet, shape(text)
        found = self._memo.get(key)
        if found is None:
            parsed = parse(key[1])
            found = self._memo[key] = (*parsed.faults, *self.unresolved(parsed, sheet))
        return found

    def unresolved(self, parsed: Parsed, sheet: str) -> Iterator[Fault]:
        """What the formula refers to and is not there."""
        for name in sorted(parsed.sheets):
            if name.casefold() not in self.sheets:
                yield "missing-sheet", f"There is no sheet {name}: add it or correct the reference."
        for scope, name, beyond in sorted(parsed.names):
            if not self._defined(name.casefold(), (scope or sheet).casefold()):
                if beyond:
                    message = f"{name} lies beyond XFD1048576, where a sheet ends: correct the reference."
                    yield "reference-range", message
                else:
                    yield "undefined-name", f"The name {name} is not defined: define it, or it shows #NAME?."
        for table, columns in sorted(parsed.tables):
            known = self.tables.get(table.casefold())
            if known is None:
                yield "undefined-name", f"There is no table {table}: add it or refer to cells."
            for column in columns:
                if known is not None and column.casefold() not in known:
                    yield "undefined-name", f"Table {table} has no column {column}: correct the reference."
        for link in sorted(parsed.links):
            yield from self.target_faults(link, sheet, "link-target")

    def _defined(self, name: str, sheet: str) -> bool:
        return bool({("", name), (sheet, name)} & self.names)

    def criteria_faults(self, text: str, sheet: str, rule: str, banned: set[str]) -> Iterator[Fault]:
        """As `faults`, and under `rule` what a validation or a conditional format may not hold."""
        yield from self.faults(text, sheet)
        for kind in sorted(parse(shape(text)).shapes & banned):
            named = {"array": "an array constant", "sheet": "a reference to another sheet"}.get(kind, f"a range {kind}")
            yield rule, f"Excel 2010 does not accept {named} here: calculate in a cell and refer to that."

    def target_faults(self, text: str, sheet: str, rule: str, need_sheet: bool = False) -> Iterator[Fault]:
        """Why the text is no range that exists: links, chart series, print areas; `need_sheet` wants Sheet!A1."""
        parsed = parse(text, top_union=True)
        found = [*parsed.faults, *self.unresolved(parsed, sheet)]
        yield from ((_led_to(name, rule), message) for name, message in found)
        if not found and not parsed.is_range:
            yield rule, f"{text} is not a range: write Sheet!A1:B2 or a name."
        elif not found and need_sheet and "local" in parsed.shapes:
            yield rule, f"{text} does not say on which sheet: write Sheet!{text}."

    def name_faults(self, text: str, sheet: str) -> Iterator[Fault]:
        """What is wrong with a defined name's formula; where it leads nowhere, the rule is name-target."""
        parsed = parse(text, top_union=True)
        for rule, message in (*parsed.faults, *self.unresolved(parsed, sheet)):
            yield ("name-target" if rule == "missing-sheet" else rule), message
        if "local" in parsed.shapes:
            yield "name-target", f"{text} does not say on which sheet: write Sheet!{text}."

    def sheets_in(self, text: str) -> set[str]:
        """The sheets a formula refers to, without regard to case."""
        return {name.casefold() for name in parse(text, top_union=True).sheets}


def _led_to(found: str, rule: str) -> str:
    """The rule to report: Excel opens #REF! without a word wherever it stands, all else is the place's own fault."""
    return found if found == "dead-reference" else rule
