"""Judge what `sheetgen export` wrote, from the file alone: recalculated, and compared with what PyTorch said of it.

The file carries an example and PyTorch's outputs for it. Where the inputs are still the example's, every engine is held
against these outputs; where somebody typed others, the example is typed into a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sheetgen.engines import EngineFailed, EngineMissing, Recalculated
from sheetgen.engines.iron import NAME as IRON
from sheetgen.engines.iron import Live
from sheetgen.engines.patterns import NAME as PATTERNS
from sheetgen.engines.result import formula_cells
from sheetgen.report import Finding, Line, Report
from sheetgen.tables import Table, odd_cells
from sheetgen.xlsx import ErrorValue, Value, Workbook
from sheetgen.xlsx.a1 import area, column_letters, place, range_of

PYTORCH = "PyTorch"  # the sheet that carries the example
HEADS = ("what", "cell", "number")
KINDS = ({"Predict", "Weights"}, {"Model", "Layers", "Weights"})  # the sheets of an older file, without an example
RELATIVE, FLOOR = 1e-9, 1e-12  # of a number, and of the largest on its sheet: sums of both signs cancel
PATTERNS_UP_TO = 30_000  # formula cells; beyond, it takes minutes

Place = tuple[str, str]  # sheet, address


class Claims(NamedTuple):
    """What the file says of its example: inputs by their cells, and PyTorch's outputs; rows that say neither."""

    inputs: Mapping[Place, float]
    outputs: Mapping[Place, float]
    bad: Sequence[str]


def is_one(workbook: Workbook) -> bool:
    """Whether a workbook is one that `sheetgen export` wrote."""
    names = set(workbook.sheets)
    return "Template" not in names and (_head(workbook) > 0 or any(kind <= names for kind in KINDS))


def _head(workbook: Workbook) -> int:
    """The row of the headings on the sheet of the example; 0 if there is none."""
    cells = workbook.sheets.get(PYTORCH, {})
    for at, entry in cells.items():
        row, column = place(at)
        if column == 1 and entry.value == HEADS[0]:
            found = [cells[a].value if (a := f"{column_letters(k)}{row}") in cells else None for k in (2, 3)]
            return row if found == list(HEADS[1:]) else 0
    return 0


def claims(workbook: Workbook) -> Claims:
    """What the file carries of its example."""
    cells, head = workbook.sheets.get(PYTORCH, {}), _head(workbook)
    found: dict[str, dict[Place, float]] = {"input": {}, "output": {}}
    bad = []
    rows = sorted(row for at in cells if place(at)[1] == 1 and (row := place(at)[0]) > head > 0)
    for row in rows:
        what, where, number = (cells[a].value if (a := f"{c}{row}") in cells else None for c in "ABC")
        one = area(where) if isinstance(where, str) and range_of(where.rpartition("!")[2]) else None
        if what in found and isinstance(number, float) and one and one.single and one.sheet in workbook.sheets:
            found[str(what)][one.sheet, where.rpartition("!")[2].replace("$", "")] = number  # type: ignore[union-attr]
        else:
            bad.append(f"A{row}")
    return Claims(found["input"], found["output"], bad)


def changed(workbook: Workbook, said: Claims) -> list[Place]:
    """The inputs that are no longer those of the example."""
    return [at for at, number in said.inputs.items() if (e := workbook.sheets[at[0]].get(at[1])) is None
            or e.formula is not None or e.value != number]  # fmt: skip


def asked(workbook: Workbook, names: Sequence[str], report: Report) -> list[str]:
    """The engines to ask, without the one that would take minutes."""
    count = len(formula_cells(workbook.sheets))
    if PATTERNS in names and count > PATTERNS_UP_TO:
        report.notes.append(f"{PATTERNS} was not asked: {count:,} formula cells are more than {PATTERNS_UP_TO:,}")
        return [name for name in names if name != PATTERNS]
    return list(names)


def odd(workbook: Workbook) -> Iterator[Finding]:
    """Cells of a table of samples that break their column's one formula, as Fill Down would make it."""
    said = claims(workbook)
    homes = {sheet for sheet, _ in said.outputs} & {sheet for sheet, _ in said.inputs} or {"Predict"}
    for sheet in homes & set(workbook.sheets):
        cells = workbook.sheets[sheet]
        rows = {place(at)[0] for at, entry in cells.items() if entry.formula is not None}
        inside = rows & {place(at)[0] for home, at in said.outputs if home == sheet}
        first = min(inside, default=0)
        last = first
        while last + 1 in rows:
            last += 1
        columns = {column_letters(place(at)[1]) for at, e in cells.items() if e.formula and place(at)[0] in inside}
        table = Table(sheet, {letters: letters for letters in sorted(columns)}, first - 1, last)
        for o in odd_cells(table, cells) if first > 1 else ():
            yield Finding("formula", o.sheet, o.address, f"{o.found} stands where its column has {o.expected}")


def compare(result: Recalculated, workbook: Workbook, report: Report) -> Line:
    """Compare one engine's values with the cached ones, and with PyTorch's where the example stands in its cells."""
    said = claims(workbook)
    outputs = said.outputs if not changed(workbook, said) else {}
    scale = _scales(workbook)
    cells, worst, where = 0, 0.0, ""
    for text in result.not_evaluated:
        report.findings.append(Finding("not evaluated", "", "", text, result.engine))
    for sheet, values in result.values.items():
        for address, value in values.items():
            cells += 1
            cached, wanted = workbook.sheets[sheet][address].value, outputs.get((sheet, address))
            if isinstance(value, ErrorValue):
                report.findings.append(Finding("error", sheet, address, f"the formula gives {value}", result.engine))
                continue
            if wanted is not None and off(value, wanted, scale[sheet]) > RELATIVE:
                message = f"the formula gives {value!r}, PyTorch {wanted!r}"
                report.findings.append(Finding("wrong", sheet, address, message, result.engine))
            error = 0.0 if cached is None else off(value, cached, scale[sheet])
            if error > RELATIVE:
                message = f"the formula gives {value!r}, the cached value is {cached!r}"
                report.findings.append(Finding("cached", sheet, address, message, result.engine))
            if error > worst:
                worst, where = error, f"{sheet}!{address}"
    return Line(result.engine, result.version, cells, worst, where, result.seconds)


def _scales(workbook: Workbook) -> dict[str, float]:
    """The largest number that a formula of each sheet has."""
    return {
        sheet: max((abs(e.value) for e in cells.values() if e.formula and isinstance(e.value, float)), default=0.0)
        for sheet, cells in workbook.sheets.items()
    }


def off(found: Value, wanted: Value | None, scale: float) -> float:
    """The relative error of a number, on the scale on which it is judged; infinite for anything else that differs."""
    if not (isinstance(found, float) and isinstance(wanted, float)):
        return 0.0 if found == wanted and not isinstance(found, ErrorValue) else float("inf")
    difference = abs(found - wanted)
    allowed = RELATIVE * abs(wanted) + FLOOR * scale
    if not difference:
        return 0.0
    return difference * RELATIVE / allowed if allowed else float("inf")


def say(workbook: Workbook, report: Report) -> None:
    """Type the example into a copy where other inputs stand, and tell what was compared and what was not."""
    said = claims(workbook)
    if said.bad:
        message = f"{len(said.bad):,} rows of the example, from here on, cannot be read: export it again"
        report.findings.append(Finding("example", PYTORCH, said.bad[0], message))
    if not report.lines:  # nothing was recalculated, or should be; why, the report says already
        return
    if not said.outputs:
        report.notes.append("the file carries no outputs of PyTorch: its formulas were recalculated, and no more")
        return
    typed = changed(workbook, said)
    if typed:
        _retyped(workbook, said, report)
    by = "by every engine that recalculated them"
    if typed:
        by = f"by {IRON}, with the example typed into a copy, for other inputs stand in {len(typed):,} cells"
    report.notes.append(
        f"compared with PyTorch: {len(said.outputs):,} outputs for the example that the file carries "
        f"({by}); hidden units and other rows were recalculated and compared with their cached values; the network "
        "itself was not run"
    )


def _retyped(workbook: Workbook, said: Claims, report: Report) -> None:
    try:
        live = Live(workbook)
        for at, number in said.inputs.items():
            live.put(at, number)
        found = live.evaluate(said.outputs)
    except (EngineMissing, EngineFailed) as error:
        report.findings.append(Finding("engine", "", "", str(error), IRON))
        return
    scale = max(map(abs, said.outputs.values()))
    for (sheet, address), value in zip(said.outputs, found, strict=True):
        wanted = said.outputs[sheet, address]
        if value is None or off(value, wanted, scale) > RELATIVE:
            message = f"the formula gives {value!r} for the example, PyTorch {wanted!r}"
            report.findings.append(Finding("wrong", sheet, address, message, IRON))
