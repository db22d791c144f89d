"""Workbooks to differentiate, as people make them: sheet -> address -> a number, a text, or a formula with its '='."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest

from sheetgen.__main__ import main
from sheetgen.excel import Entry, Workbook
from sheetgen.excel.a1 import column_letters
from sheetgen.grad.result import grad
from sheetgen.judge.engines.iron import Live
from sheetgen.reader import Formulas

Cells = dict[str, Any]  # str, float or bool

checked = partial(grad, engine=Live, seconds=math.inf)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of the command."""
    with pytest.raises(SystemExit) as stop:
        main(["grad", *map(str, arguments)], prog_name="sheetgen")
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err and "Traceback" not in out + err
    return int(stop.value.code or 0), out, err


def book(cells: Cells, names: dict[str, str] | None = None, **more: Any) -> Formulas:
    """A workbook in memory: one sheet, or name -> sheet; `more` is of Workbook."""
    sheets = {"Sheet1": cells} if not any(isinstance(c, dict) for c in cells.values()) else cells
    entries = {name: {a: entry(c) for a, c in s.items()} for name, s in sheets.items()}
    return Formulas(Workbook(entries, names or {}, **more))


def entry(content: float | str | Entry) -> Entry:
    """What the reader would find in a cell; a formula that nothing has calculated, unless it is an Entry."""
    if isinstance(content, Entry):
        return content
    if isinstance(content, str) and content.startswith("="):
        return Entry(content[1:], None)
    return Entry(None, content if isinstance(content, str | bool) else float(content))


def write(path: Path, sheets: Mapping[str, Cells], names: dict[str, str] | None = None) -> Path:
    """The same as a file, without cached values."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, cells in sheets.items():
        sheet = made.create_sheet(name)
        for a, content in cells.items():
            sheet[a] = content
    for name, meant in (names or {}).items():
        made.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(name, attr_text=meant)
    made.save(path)
    return path


def loan(months: int = 360) -> Cells:
    """A loan that is paid back in equal monthly payments: C5 the payment, H the balance after each month."""
    cells: Cells = {
        "A1": "Loan", "B1": 250_000, "A2": "Yearly rate", "B2": 0.045, "A3": "Months", "B3": months,
        "A4": "Payment", "B4": "=-PMT(B2/12,B3,B1)", "A5": "Interest in all", "B5": f"=SUM(F3:F{months + 2})",
        "D1": "Month", "E1": "Payment", "F1": "Interest", "G1": "Principal", "H1": "Balance", "D2": 0, "H2": "=B1",
    }  # fmt: skip
    for row in range(3, months + 3):
        above = row - 1
        cells |= {
            f"D{row}": f"=D{above}+1", f"E{row}": "=$B$4", f"F{row}": f"=H{above}*$B$2/12",
            f"G{row}": f"=E{row}-F{row}", f"H{row}": f"=H{above}-G{row}",
        }  # fmt: skip
    return cells


OPTION: Cells = {
    "A1": "Spot", "B1": 42, "A2": "Strike", "B2": 40, "A3": "Rate", "B3": 0.1, "A4": "Volatility", "B4": 0.2,
    "A5": "Years", "B5": 0.5,
    "A6": "d1", "B6": "=(LN(B1/B2)+(B3+B4^2/2)*B5)/(B4*SQRT(B5))", "A7": "d2", "B7": "=B6-B4*SQRT(B5)",
    "A8": "Call", "B8": "=B1*NORM.S.DIST(B6,TRUE)-B2*EXP(-B3*B5)*NORM.S.DIST(B7,TRUE)",
    "A9": "Put", "B9": "=B2*EXP(-B3*B5)*NORMSDIST(-B7)-B1*NORMSDIST(-B6)",
    "A10": "Delta", "B10": "=NORM.S.DIST(B6,TRUE)", "A11": "Vega", "B11": "=B1*NORM.S.DIST(B6,FALSE)*SQRT(B5)",
}  # fmt: skip

# The 2-2-2 network of the homework, a row for each update: i, t, weights, forward pass, error, gradients.
HEADS = [
    "t1", "t2", "i1", "i2", "w1", "w2", "w3", "w4", "h1", "a_h1", "h2", "a_h2", "w5", "w6", "w7", "w8",
    "o1", "a_o1", "o2", "a_o2", "E1", "E2", "E_total", *(f"dE/dw{k}" for k in range(1, 9)),
]  # fmt: skip
AT = {head: column_letters(k) for k, head in enumerate(HEADS, 1)}
STARTS = dict(zip((f"w{k}" for k in range(1, 9)), (0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55), strict=True))
STARTS |= {"t1": 0.01, "t2": 0.99, "i1": 0.05, "i2": 0.1}
FORMULAS = {
    "h1": "=w1*i1+w2*i2", "a_h1": "=1/(1+EXP(-h1))", "h2": "=w3*i1+w4*i2", "a_h2": "=1/(1+EXP(-h2))",
    "o1": "=w5*a_h1+w6*a_h2", "a_o1": "=1/(1+EXP(-o1))", "o2": "=w7*a_h1+w8*a_h2", "a_o2": "=1/(1+EXP(-o2))",
    "E1": "=0.5*(t1-a_o1)^2", "E2": "=0.5*(t2-a_o2)^2", "E_total": "=E1+E2",
    "dE/dw5": "=(a_o1-t1)*a_o1*(1-a_o1)*a_h1", "dE/dw6": "=(a_o1-t1)*a_o1*(1-a_o1)*a_h2",
    "dE/dw7": "=(a_o2-t2)*a_o2*(1-a_o2)*a_h1", "dE/dw8": "=(a_o2-t2)*a_o2*(1-a_o2)*a_h2",
} | {
    f"dE/dw{k}": f"=((a_o1-t1)*a_o1*(1-a_o1)*w{5 + h}+(a_o2-t2)*a_o2*(1-a_o2)*w{7 + h})*a_h{h + 1}*(1-a_h{h + 1})*i{i}"
    for k, h, i in ((1, 0, 1), (2, 0, 2), (3, 1, 1), (4, 1, 2))
}  # fmt: skip


def training(rows: int, rate: float = 0.5) -> Cells:
    """The training: the rate in G1, heads in row 3, the first row of numbers in row 4; made like a person would."""
    cells: Cells = {"F1": "learning rate", "G1": rate} | {f"{AT[head]}3": head for head in HEADS}
    for row in range(4, rows + 4):
        for head in HEADS:
            if head in FORMULAS:
                content: float | str = _placed(FORMULAS[head], row)
            elif row == 4:
                content = STARTS[head]
            else:
                above = f"={AT[head]}{row - 1}"
                content = f"{above}-$G$1*{AT[f'dE/d{head}']}{row - 1}" if head[0] == "w" else above
            cells[f"{AT[head]}{row}"] = content
    return cells


def _placed(formula: str, row: int) -> str:
    return re.sub(r"a_[ho]\d|[a-z]\d|E\d", lambda match: f"{AT[match[0]]}{row}", formula)
