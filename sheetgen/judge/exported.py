"""Judge a workbook of `sheetgen export` from the file alone: recalculated, and compared with PyTorch's outputs in it.

The file carries an example and PyTorch's outputs for it. Where the inputs are still the example's, every engine is held
against these outputs; where somebody typed others, the example is typed into a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sheetgen.base.finding import Finding
from sheetgen.excel import Place, Value, Workbook
from sheetgen.excel.a1 import column_letters, place
from sheetgen.excel.names import Resolver
from sheetgen.judge.columns import TraceTable, cell_of, odd_cells, value_at
from sheetgen.judge.compare import FLOOR, PATTERNS_UP_TO, RELATIVE, Comparison, Judge, allowance, off
from sheetgen.judge.engines import EngineFailed, EngineMissing
from sheetgen.judge.engines.iron import NAME as IRON
from sheetgen.judge.engines.iron import Live
from sheetgen.judge.engines.patterns import NAME as PATTERNS
from sheetgen.judge.engines.result import formula_cells
from sheetgen.judge.report import WRONG, Report
from sheetgen.spec import HEADS, PYTORCH

KINDS = ({"Predict", "Weights"}, {"Model", "Layers", "Weights"})  # the sheets of an older file, without an example


def is_one(workbook: Workbook) -> bool:
    """Whether a workbook is one that `sheetgen export` wrote."""
    names = set(workbook.sheets)
    return "Template" not in names and (_head(workbook) > 0 or any(kind <= names for kind in KINDS))


def _head(workbook: Workbook) -> int:
    """The row of the headings on the sheet of the example; 0 if there is none."""
    cells = workbook.sheets.get(PYTORCH, {})
    rows = (place(at)[0] for at, entry in cells.items() if entry.value == HEADS[0] and place(at)[1] == 1)
    row = next(rows, 0)
    return row if [value_at(cells, f"{letter}{row}") for letter in "BC"] == list(HEADS[1:]) else 0


def _claims(workbook: Workbook) -> tuple[dict[Value | None, dict[Place, float]], list[str]]:
    """The numbers of the example by 'input' and 'output' and their cells, and the rows that cannot be read."""
    cells, head = workbook.sheets.get(PYTORCH, {}), _head(workbook)
    numbers: dict[Value | None, dict[Place, float]] = {"input": {}, "output": {}}
    bad, resolver = [], Resolver.of(workbook)
    rows = sorted(row for at in cells if place(at)[1] == 1 and (row := place(at)[0]) > head > 0)
    for row in rows:
        kind, where, number = (value_at(cells, f"{letter}{row}") for letter in "ABC")
        at = cell_of(resolver, where) if isinstance(where, str) else None
        if kind in numbers and isinstance(number, float) and at:
            numbers[kind][at] = number
        else:
            bad.append(f"A{row}")
    return numbers, bad


def asked(workbook: Workbook, names: Sequence[str], report: Report) -> list[str]:
    """The engines to ask, without the one that would take minutes."""
    count = len(formula_cells(workbook.sheets))
    if PATTERNS in names and count > PATTERNS_UP_TO:
        report.notes.append(f"{PATTERNS} was not asked: {count:,} formula cells are more than {PATTERNS_UP_TO:,}")
        return [name for name in names if name != PATTERNS]
    return list(names)


class Example:
    """The example that a file carries: `inputs` by their cells, PyTorch's `outputs`; rows that are `bad`.

    `typed` are the inputs that are no longer those of the example.
    """

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        numbers, self.bad = _claims(workbook)
        self.inputs, self.outputs = numbers["input"], numbers["output"]
        self.typed = [at for at, number in self.inputs.items() if (e := workbook.sheets[at[0]].get(at[1])) is None
                      or e.formula is not None or e.value != number]  # fmt: skip

    def odd(self) -> Iterator[Finding]:
        """Cells of a table of samples that break their column's one formula, as Fill Down would make it."""
        homes = {sheet for sheet, _ in self.outputs} & {sheet for sheet, _ in self.inputs} or {"Predict"}
        for sheet in homes & set(self.workbook.sheets):
            cells = self.workbook.sheets[sheet]
            formulas = [place(at) for at, entry in cells.items() if entry.formula is not None]
            rows = {row for row, _ in formulas}
            inside = rows & {place(at)[0] for home, at in self.outputs if home == sheet}
            first = last = min(inside, default=0)
            while last + 1 in rows:
                last += 1
            letters = sorted({column_letters(column) for row, column in formulas if row in inside})
            if first > 1:
                yield from odd_cells(TraceTable(sheet, {x: x for x in letters}, first - 1, last), cells)

    def judge(self) -> Judge:
        """Compare a value with the cached one, and with PyTorch's where the example stands in its cells."""
        outputs = {} if self.typed else self.outputs
        floors = {
            sheet: FLOOR * max(abs(e.value) if e.formula and isinstance(e.value, float) else 0 for e in cells.values())
            for sheet, cells in self.workbook.sheets.items()
            if cells
        }

        def judge(at: Place, value: Value, cached: Value | None) -> Comparison:
            floor, right = floors[at[0]], outputs.get(at)
            error = 0.0 if cached is None else off(value, cached, allowance(cached, floor))
            wrong = right is not None and off(value, right, allowance(right, floor)) > RELATIVE
            return Comparison(f"PyTorch {right!r}" if wrong else "", error <= RELATIVE, error)

        return judge

    def conclude(self, report: Report) -> None:
        """Type the example into a copy where other inputs stand, and note what was compared and what was not."""
        if self.bad:
            message = f"{len(self.bad):,} rows of the example, from here on, cannot be read: export it again"
            report.add("example", PYTORCH, self.bad[0], message)
        if not report.lines:  # nothing was recalculated, or should be; why, the report says already
            return
        if not self.outputs:
            report.notes.append("the file carries no outputs of PyTorch: its formulas were recalculated, and no more")
            return
        by = "by every engine that recalculated them"
        if self.typed:
            report.findings += self._retyped()
            count = len(self.typed)
            by = f"by {IRON}, with the example typed into a copy, for other inputs stand in {count:,} cells"
        report.notes.append(
            f"compared with PyTorch: {len(self.outputs):,} outputs for the example that the file carries "
            f"({by}); hidden units and other rows were recalculated and compared with their cached values; the network "
            "itself was not run"
        )

    def _retyped(self) -> Iterator[Finding]:
        try:
            live = Live(self.workbook)
            for at, number in self.inputs.items():
                live.put(at, number)
            values = live.evaluate(self.outputs)
        except (EngineMissing, EngineFailed) as error:
            yield Finding("engine", "", "", str(error), IRON)
            return
        floor = FLOOR * max(map(abs, self.outputs.values()))
        for (at, wanted), value in zip(self.outputs.items(), values, strict=True):
            if off(value, wanted, allowance(wanted, floor)) > RELATIVE:
                message = f"the formula gives {value!r} for the example, PyTorch {wanted!r}"
                yield Finding(WRONG, *at, message, IRON)
