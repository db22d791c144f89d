"""A workbook of the sheet Training alone, with input cells: small, fast to write, all that a property needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sheetgen.excel import Value
from sheetgen.judge import oracle
from sheetgen.judge.engines import ENGINES
from sheetgen.judge.engines.calculated import calculated
from sheetgen.spec import Spec
from sheetgen.writer import workbook
from sheetgen.writer.book import writing
from sheetgen.writer.sheets import training
from sheetgen.writer.workbook import Plan


def write_trace(plan: Plan, path: Path) -> None:
    """Write the sheet Training as the workbook has it, and its inputs on a plain sheet."""
    with writing(path, "a trace", calculated) as book:
        book.sheet("Start", "", "")
        inputs = book.sheet("Network", "inputs", "")
        values = {**plan.run.program.constants, **plan.run.program.initial}
        for k, (c, name) in enumerate(plan.run.names.items(), 5):
            inputs.put(k, 1, values[c], book.style("input"))
            book.name(name, "Network", f"$B${k}")
        training.write(book, plan.run, plan.training)


def recalculated(spec: Spec, path: Path, engine: str = "IronCalc") -> Iterator[tuple[str, int, Value, oracle.Number]]:
    """(column, step, the engine's value, PyTorch's number) of every cell of a network's trace."""
    plan = workbook.plan(spec)
    write_trace(plan, path)
    result = ENGINES[engine](path)
    assert result.not_evaluated == []
    for step, row in enumerate(oracle.trajectory(spec)):
        for column in plan.training.trace.columns:
            yield column.name, step, result.values["Training"][f"{column.letter}{16 + step}"], row[column.name]
