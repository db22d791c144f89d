"""The network that a workbook says it holds: its template, the options it was built with, its inputs as they are."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from sheetgen.base.errors import UserError
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import place
from sheetgen.excel.names import Resolver
from sheetgen.judge.columns import cell_of
from sheetgen.judge.report import Report
from sheetgen.spec import Spec, SpecError, parse, with_options

MOST_LINES = 10_000  # of a template


class NoTemplate(UserError):
    """A workbook that does not tell which network it holds."""


def template(workbook: Workbook, path: Path) -> Spec:
    """The network that a workbook says it holds. Raises NoTemplate or SpecError."""
    cells = workbook.sheets.get("Template", {})
    text = {a: e.value for a, e in cells.items() if isinstance(e.value, str)}
    heads = [a for a, v in text.items() if v == "template"]
    if not heads:
        raise NoTemplate(
            f"{path}: there is no sheet Template in this workbook, so nothing tells which network it holds: "
            "check a file that sheetgen built or exported, or build one with: sheetgen build"
        )
    head, _ = place(heads[0])
    last = min(max((place(a)[0] for a in cells), default=head), head + MOST_LINES)
    lines = [str(text.get(f"B{row}", "")) for row in range(head + 1, last + 1)]
    network = parse("\n".join(lines) + "\n", f"{path}, sheet Template")
    return _with_options(network, str(text.get("B4", "")), path)


def _with_options(network: Spec, options: str, path: Path) -> Spec:
    try:
        words = shlex.split(options)
        values = dict(zip(words[::2], words[1::2], strict=False))
        steps, rate = values.get("--steps"), values.get("--learning-rate")
        return with_options(network, int(steps) if steps else None, float(rate) if rate else None)
    except (ValueError, SpecError):
        raise NoTemplate(
            f"{path}: the options {options!r} on its sheet Template cannot be read: build it again"
        ) from None


def with_inputs(network: Spec, workbook: Workbook, report: Report) -> Spec:
    """The network with the numbers that the input cells hold now; what differs from the template is noted."""
    changed: list[str] = []
    resolver = Resolver.of(workbook)

    def now(name: str, old: float) -> float:
        """The number of an input cell, which its name leads to; the template's where there is none."""
        sheet, address = cell_of(resolver, name) or ("", "")
        entry = workbook.sheets.get(sheet, {}).get(address)
        if entry is None:
            report.add("name", sheet, address, f"no cell has the name {name}: it is an input's name")
        elif not isinstance(entry.value, float) or entry.formula:
            report.add("input", sheet, address, f"{name} is not a plain number: type the number {old}")
        else:
            if entry.value != old:
                changed.append(f"{name} is {entry.value:g}, not {old:g}")
            return entry.value
        return old

    def data(letter: str, rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
        many = len(rows) > 1
        return tuple(
            tuple(now(f"{letter}_{k + 1}" + (f"_{s + 1}" if many else ""), x) for k, x in enumerate(row))
            for s, row in enumerate(rows)
        )

    live = replace(
        network,
        learning_rate=now("learning_rate", network.learning_rate),
        inputs=data("i", network.inputs),
        targets=data("t", network.targets),
        weights=tuple(now(f"w_{k + 1}", w) for k, w in enumerate(network.weights)),
        biases=tuple(now(f"b_{k + 1}", b) for k, b in enumerate(network.biases)),
    )
    if changed:
        report.notes.append(f"inputs changed, PyTorch was run with them: {'; '.join(changed)}")
    return live
