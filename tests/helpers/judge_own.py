"""sheetgen's own training sheet as a `judge_grid.Book`, so that the same defects can be put into it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

from books import TEMPLATES
from judge_grid import Book, Chart, Grid, Rate, Rule, Series
from judge_spelling import Network
from traces import write_trace

from sheetgen.excel import Sheets, read
from sheetgen.excel.a1 import column_letters, column_number, place
from sheetgen.excel.tokens import tokens
from sheetgen.spec import Spec, load
from sheetgen.writer import workbook
from sheetgen.writer.trace import FIRST_ROW

SHEETS = ("Network", "Training")


def own(rng: Random, steps: tuple[int, int], staged: bool | None = None) -> Book:
    """The homework's network with other numbers, as sheetgen writes it; expanded formulas, or staged ones."""
    weights = tuple(k / 100 for k in rng.sample(range(5, 96), 8))
    spec = replace(
        load(TEMPLATES / "homework.toml"),
        steps=rng.randint(*steps) - 1,
        formulas={None: rng.choice(["expanded", "staged"]), True: "staged", False: "expanded"}[staged],
        inputs=((0.05, 0.1),),
        targets=(rng.choice([(0.5, 0.5), (0.01, 0.99), (0.2, 0.8)]),),
        learning_rate=rng.choice([0.1, 0.5, 1.0, 2.0]),
        weights=weights,
    )
    sheets, names, lines = _written(spec)
    cells = sheets["Training"]
    start = dict(zip(("t1", "t2", "i1", "i2"), spec.targets[0] + spec.inputs[0], strict=True))
    start |= {f"w{k}": w for k, w in enumerate(weights, 1)}
    rate = Rate("learning_rate", spec.learning_rate, "Network", names["learning_rate"].split("!")[1].replace("$", ""))
    labels = {name: str(cells[f"{column_letters(k)}{FIRST_ROW - 1}"].value) for name, k in lines.items()}
    count = spec.steps + 1
    grid = Grid("Training", True, FIRST_ROW - 1, FIRST_ROW, count, Network(), rate, start, lines, labels)
    by_column = {k: name for name, k in lines.items()}
    for name, k in lines.items():
        texts = [cells[f"{column_letters(k)}{FIRST_ROW + step}"].formula or "" for step in (0, 1)]
        grid.rules[name] = Rule(*(_named(text, FIRST_ROW + step, by_column) for step, text in enumerate(texts)))
    chart = Chart("Training", "AL2", "E_total", [Series(grid, "E_total", 0, count - 1)])
    made = Book("own", list(SHEETS), [grid], [chart], dict(names))
    for sheet in SHEETS:
        loose = {at: e.value for at, e in cells.items() if place(at)[0] < FIRST_ROW - 1} if sheet == "Training" else {}
        loose |= {at: e.value for at, e in sheets[sheet].items()} if sheet == "Network" else {}
        made.loose |= {(sheet, at): x for at, x in loose.items() if isinstance(x, float | str) and x != ""}
    made.loose |= {("Network", f"A{place(text)[0]}"): name for name, text in _cells_of(names).items()}
    made.know()
    return made


def _cells_of(names: dict[str, str]) -> dict[str, str]:
    return {name: text.split("!")[1].replace("$", "") for name, text in names.items()}


@cache
def _written(spec: Spec) -> tuple[Sheets, dict[str, str], dict[str, int]]:
    """(sheets, defined names, quantity -> column) of sheetgen's file."""
    plan = workbook.plan(spec)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.xlsx"
        write_trace(plan, path)
        book = read(path)
    lines = {"step": 1} | {column.name: column_number(column.letter) for column in plan.training.trace.columns}
    return book.sheets, {k: text for k, text in book.names.items() if "!" not in k}, lines


def _named(formula: str, row: int, by_column: dict[int, str]) -> float | str:
    """A formula of the file with names in braces for its references; '' and 0 are the first iteration's number."""
    if not formula or formula == "0":
        return 0.0
    pieces = []
    for kind, text, _ in tokens(formula):
        if kind == "cell":
            at_row, column = place(text)
            pieces.append(f"{{{by_column[column]}{'-' * (row - at_row)}}}")
        else:
            pieces.append("{eta}" if text == "learning_rate" else text)
    text = "".join(pieces)
    if not text.startswith("(("):
        return text
    depth = list(accumulate((letter == "(") - (letter == ")") for letter in text))
    end = depth.index(0)  # where the first bracket closes: around the sum
    return f"⟦{text[1:end]}⟧{text[end + 1 :]}"
