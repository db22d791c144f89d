"""The faults of a formula in one workbook, with its sheets, names and tables."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.excel.instructions import Array, Cells, FormulaError, Instruction, Name, Operator, TableReference
from sheetgen.excel.names import Resolver
from sheetgen.excel.read import MAX_FORMULA
from sheetgen.excel.references import owners_of
from sheetgen.excel.skeleton import Skeleton, cut
from sheetgen.judge.lint.formula import Fault, Walk, beyond

UNION, INTERSECTION, ARRAY = "a range union", "a range intersection", "an array constant"
ANOTHER_SHEET = "a reference to another sheet"


class Judgement(NamedTuple):
    """The faults of a formula, what it is made of, and whether its result is a range."""

    faults: tuple[Fault, ...]
    code: Sequence[Instruction] = ()
    is_range: bool = False

    @property
    def local(self) -> bool:
        """Whether a range in it does not say on which sheet; what follows a ':' is on that of what stands before it."""
        after = [*self.code[1:], None]
        return any(
            isinstance(item, Cells) and not item.prefix and item.text != "#REF!" and then != Operator(":", 2)
            for item, then in zip(self.code, after, strict=False)
        )


class Scope:
    """The faults of a formula in one workbook, whose sheets, names and tables `resolver` knows."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._memo: dict[tuple[str, Skeleton], Judgement] = {}

    def judge(self, text: str, sheet: str, top_union: bool = False) -> Judgement:
        """A formula looked at, once for all that differ in the corners of their references alone.

        `top_union` allows A1,B2 outside brackets, as defined names do.
        """
        if len(text) > MAX_FORMULA:
            message = f"The formula has {len(text)} characters, and Excel stops at 8,192: split it over cells."
            return Judgement((("formula-length", message),))
        try:
            formula, _ = cut(text, top_union)
        except FormulaError as error:
            return Judgement(((error.rule, error.message),))
        judgement = self._memo.get((sheet, formula))
        if judgement is None:
            walk = Walk(formula.code, formula.levels)
            faults = [*walk.faults, *self._unresolved(formula.code, sheet)]
            for link in walk.links:
                faults += self.target_faults(link, sheet, "link-target")
            judgement = Judgement(tuple(dict.fromkeys(faults)), formula.code, walk.is_range)
            self._memo[sheet, formula] = judgement
        return judgement

    def _unresolved(self, code: Sequence[Instruction], sheet: str) -> Iterator[Fault]:
        """A fault for each reference to what is not there."""
        for item in code:
            if isinstance(item, Cells):
                yield from self._prefix_faults(item.prefix)
            elif isinstance(item, Name):
                yield from self._prefix_faults(item.prefix)
                yield from self._name_faults(item, sheet)
            elif isinstance(item, TableReference) and item.table:  # without one it is the table around the formula
                yield from self._table_faults(item)

    def _prefix_faults(self, prefix: str) -> Iterator[Fault]:
        book, sheets = owners_of(prefix)
        if book:
            yield "external-link", "The formula refers to another workbook: copy the values into this one."
        for sheet in () if book else sheets:
            if self.resolver.sheet(sheet) is None:
                yield "missing-sheet", f"There is no sheet {sheet}: add it or correct the reference."

    def _name_faults(self, item: Name, sheet: str) -> Iterator[Fault]:
        book, sheets = owners_of(item.prefix)
        if book or item.name.lower().startswith("_xlpm."):  # a parameter of LET or LAMBDA
            return
        if not self.resolver.defines(item.name, ":".join(sheets) or sheet):
            message = f"The name {item.name} is not defined: define it, or it shows #NAME?."
            yield beyond(item.name) if item.beyond else ("undefined-name", message)

    def _table_faults(self, item: TableReference) -> Iterator[Fault]:
        table = self.resolver.tables.get(item.table.casefold())
        if table is None:
            yield "undefined-name", f"There is no table {item.table}: add it or refer to cells."
            return
        known = {column.casefold() for column in table.columns}
        for column in item.columns:
            if column.casefold() not in known:
                yield "undefined-name", f"Table {item.table} has no column {column}: correct the reference."

    def criteria_faults(self, text: str, sheet: str, rule: str, banned: Sequence[str]) -> Iterator[Fault]:
        """The faults of a formula, and under `rule` what a validation or a conditional format may not hold."""
        judgement = self.judge(text, sheet)
        yield from judgement.faults
        for construct in dict.fromkeys(map(_construct, judgement.code)):
            if construct in banned:
                yield rule, f"Excel 2010 does not accept {construct} here: calculate in a cell and refer to that."

    def target_faults(self, text: str, sheet: str, rule: str, need_sheet: bool = False) -> Iterator[Fault]:
        """Why the text is no range that exists: links, chart series, print areas; `need_sheet` wants Sheet!A1.

        Excel opens #REF! without a word wherever it stands; all else is the place's own fault, and so is its rule.
        """
        judgement = self.judge(text, sheet, top_union=True)
        yield from ((name if name == "dead-reference" else rule, message) for name, message in judgement.faults)
        if not judgement.faults and not judgement.is_range:
            yield rule, f"{text} is not a range: write Sheet!A1:B2 or a name."
        elif not judgement.faults and need_sheet and judgement.local:
            yield rule, f"{text} does not say on which sheet: write Sheet!{text}."

    def name_faults(self, text: str, sheet: str) -> Iterator[Fault]:
        """The faults of a defined name's formula; where it leads nowhere, the rule is name-target."""
        judgement = self.judge(text, sheet, top_union=True)
        for rule, message in judgement.faults:
            yield ("name-target" if rule == "missing-sheet" else rule), message
        if judgement.local:
            yield "name-target", f"{text} does not say on which sheet: write Sheet!{text}."

    def print_faults(self, text: str, sheet: str) -> Iterator[Fault]:
        """Why the text is no print area, titles or filter of the sheet."""
        faults = list(self.target_faults(text, sheet, "print-target", need_sheet=True))
        yield from faults
        code = self.judge(text, sheet, top_union=True).code
        prefixes = [item.prefix for item in code if isinstance(item, Cells | Name)]
        owners = {owner.casefold() for prefix in prefixes for owner in owners_of(prefix)[1]}
        if not faults and sheet and owners != {sheet.casefold()}:
            yield "print-target", f"{text} is not on the sheet {sheet}: correct it."


def _construct(item: Instruction) -> str:
    """Of an instruction, the construct that some places do not accept; '' for all others."""
    if isinstance(item, Array):
        return ARRAY
    if isinstance(item, Cells | Name):
        return ANOTHER_SHEET if item.prefix else ""
    return {",": UNION, " ": INTERSECTION}.get(item.name, "") if isinstance(item, Operator) else ""
