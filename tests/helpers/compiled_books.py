"""Workbooks that the tests of the compiled formulas write, and what IronCalc makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from books import recalculated
from engine_books import write
from hypothesis import strategies as st

from sheetgen.excel import ErrorValue, Value, read
from sheetgen.excel.a1 import address
from sheetgen.judge.compiled import CannotCompile, Place, compile_workbook

Array = npt.NDArray[np.float64]
Cells = dict[str, Any]
NONSENSE = 999.0  # what each file remembers of its formulas' values; nobody may believe it


def written(path: Path, sheets: dict[str, Cells], names: dict[str, str] | None = None) -> Path:
    """A workbook whose cached values are all wrong."""

    def cell(content: Any) -> Any:
        return (content, NONSENSE) if isinstance(content, str) and content.startswith("=") else content

    return write(path, {s: {a: cell(c) for a, c in cells.items()} for s, cells in sheets.items()}, names)


def by_ironcalc(path: Path, inputs: Sequence[Place], rows: Array, outputs: Sequence[Place]) -> Array:
    """The same as the compiled formulas should give; an error is NaN."""
    found = []
    for row in rows:
        typed = {f"{sheet}!{a}": float(x) for (sheet, a), x in zip(inputs, row, strict=True)}
        values = recalculated(path, **typed)
        found.append([as_number(values[sheet][a]) for sheet, a in outputs])
    return np.array(found)


def as_number(value: Value) -> float:
    """An engine's value as the compiled formulas have it."""
    assert isinstance(value, ErrorValue) or not isinstance(value, str), value
    return float("nan") if isinstance(value, ErrorValue) else float(value)


def by_formulas(
    path: Path, inputs: Sequence[Place], rows: Array, outputs: Sequence[Place], fixed: dict[Place, Value]
) -> Array:
    """The outputs, one by one: a column of NaN for what is an error whatever the inputs are."""
    columns = []
    for place in outputs:
        try:
            columns.append(compile_workbook(path, inputs, [place], fixed)(rows)[:, 0])
        except CannotCompile as error:
            assert "is an error whatever the inputs are" in str(error), error
            columns.append(np.full(len(rows), np.nan))
    return np.array(columns).T


def compare(
    path: Path, inputs: Sequence[Place], rows: Array, outputs: Sequence[Place], constant: Sequence[int] = ()
) -> None:
    """The outputs against IronCalc; the inputs numbered in `constant` are not inputs, but given, row by row."""
    right = by_ironcalc(path, inputs, rows, outputs)
    moving = [n for n in range(len(inputs)) if n not in constant]
    chosen = [inputs[n] for n in moving]
    parts = [rows[[k]] for k in range(len(rows))] if constant else [rows]
    fixed = [{inputs[n]: float(part[0, n]) for n in constant} for part in parts]
    pairs = zip(parts, fixed, strict=True)
    found = np.concatenate([by_formulas(path, chosen, part[:, moving], outputs, held) for part, held in pairs])
    book = read(path)
    wrong = ~np.isclose(found, right, rtol=1e-12, atol=1e-13, equal_nan=True)
    texts = [book.sheets[sheet][a].formula for sheet, a in outputs]
    lines = [f"{texts[n]} is {right[k, n]}, not {found[k, n]}" for k, n in np.argwhere(wrong)]
    assert not lines, "\n".join(lines)


# Formulas beside cells of all kinds ----------------------------------------------------------------------------------

DRAWN = np.random.default_rng(7)
# A1:A6 are inputs.
AROUND: Cells = {
    "B1": 5, "B2": -2.5, "B3": "text", "B4": True, "B6": "zz", "B7": 0.5, "B8": "5",  # B5 and B9 are empty
    "C1": "=A1*2", "C2": "x", "C3": 3, "C4": "=A2+1", "C6": "=A3>0", "C7": "=1/A4", "D1": "=B1*2", "D2": '="t"&"t"',
    "D3": "=C1+C4", "D4": "=D3*2-A6", "D5": "=D4*0+7", "C8": "=1/A6>0", "C9": "=NOT(A3>0)", "C10": '=A1<"a"',
    "E1": "=B1/0",
}  # fmt: skip
ARITHMETIC = """
    =A1+A2 =A1-A2-A3 =A1*A2 =A1/A2/A3 =A1^2 =-A1^2 =2^-A1 =-2^A6 =2^A6^2 =(A1+A2)*A3 =A1% =50%%*A1 =-A1%^2 =A1*-A2
    =--A1 =+A1 =A1+B5 =A1*B4 =A1+B8 =A1+B3 =ABS(A1) =EXP(A1) =LN(A1) =SQRT(A1) =POWER(A1,A2) =POWER(A6,2) =A6^0 =A6^-1
    =POWER(A1,1/3) =TANH(A1) =ROUND(A1,0) =ROUND(A1*100,-1) =ROUND(A1,1) =ROUND(A5,A6) =ROUND(-A5,0.9) =INT(A1)
    =SIGN(A1) =MOD(A1,A2) =MOD(A6,2) =MOD(A6,-3) =1E2*A1+.5-3.*A2 =$A$1+A$2+$A3 =S!A1+'S'!$A2 =S!a1 =C1+C4+C6 =D1+A1
    =A1+A2*A3^A6-A4/A5 =-2^2 =2^3^2 =1-2-3 =8/4/2 =2*-3 =50%% =2^-1 =1/3 =0^0 =0^A6 =ROUND(2.675,2) =ROUND(-1.005,2)
    =(-8)^(1/3) =MOD(-5.3,2) =E1 =E1*A1 =A1+1/0 =#N/A =A1+#DIV/0! =LOG10(A1) =LOG(A1) =LOG(A1,3) =LOG(A6,A1) =SIN(A1)
    =COS(A1) =TAN(A1) =ATAN(A1) =SINH(A1) =COSH(A1) =ROUNDUP(A1,1) =ROUNDDOWN(A1,1) =ROUNDUP(-A5,A6)
    =ROUNDDOWN(1.15*A5,2) =TRUNC(A1*10) =TRUNC(A1,2) =PI()*A1
"""
LOGIC = """
    =A1<A2 =A1<=A1 =A6=2 =A6<>2 =A1>=0 =A1>A2=TRUE =A1<"a" ="a">A1 =A1=B3 =A1<B4 =A6=B5 =B5="" =B5=0 =B5=FALSE
    ="a"<"B" ="TEXT"=B3 =B3<>"TEXT" =B4>"z" =B4=A1>-99 =C6=FALSE =C6>A1 =0.1+0.2=0.3 =A1+0.1+0.2=A1+0.3 =(A1>0)+(A2>0)
    =1&2="12" =A1&""="" =IF(A1>0,A1,A2) =IF(A1>0,A1) =IF(A1,1,2) =IF(A1>0,,3) =IF(B4,A1,1/0) =IF(B5,1/0,A1)
    =IF(B3,A1,2) =IF(A1>0,A1,1/0) =IF(1/A6,A1,2) =IF(A1>0,IF(A2>0,1,2),IF(A3>0,3,A4)) =IF(A1>0,A2>0,A3>0)
    =SUM(1,IF(A1>0,A2>0,A3>0)) =1+IF(A1>0,5) =IF("TRUE",A1,2) =IF(E1,A1,2) =AND(A1>0,A2>0) =OR(A1>0,A2>0) =AND(A1:A3)
    =OR(A6,FALSE) =AND(B3,A1>0) =AND(B2:B6,A6) =AND(B5) =OR(C1:C6) =NOT(A1>0) =NOT(A6) =NOT(B5) =AND(A1>0,1/A6>0)
    =AND("TRUE",A6) =NOT("text") =IF(AND(A1>0,NOT(A2>0)),A1*A2,-A1) =AND(TRUE(),A6) =OR(FALSE(),A6) =IFERROR(A1,2)
    =CHOOSE(2,A1,A2) =CHOOSE(A6,A1,A2,A3) =CHOOSE(1.9+A6,A1,A2>0,A3) =CHOOSE(A6,A1) =CHOOSE(0,A1) =CHOOSE(1/A6,A1,A2)
    =IFERROR(1/A6,A1) =IFERROR(LN(A1),-1)+1 =IFERROR(E1,A1) =IFERROR(B1,1/0) =IFERROR(LN(A1),1/A6) =IFERROR(E1,E1)
"""
RANGES = """
    =SUM(A1:A6) =SUM(A1:C4) =SUM(A1,A2,3) =SUM(B1:B9) =SUM(B1:B9,A1) =SUM(B3,A1) =SUM(C1:C6) =SUM(B4,A1) =SUM(A1>0,A2)
    =SUM("3",A1) =SUM(A1:C1,A2:C2) =SUM(C7,A1:A2) =SUM(C1:C7) =SUM(B5) =SUM(E1,A1) =SUM(D1:E1) =MAX(A1:A6) =MAX(0,A1)
    =MAX(A1:A2,A4:A5) =MAX(B1:C3) =MAX(B5:B6) =MAX(B3,A1) =MAX(A1>0,A2) =MAX(,A1) =MAX(C1:C7) =MIN(A1:A6,-1) =MIN(B5)
    =MIN(B1:C4) =AVERAGE(A1:A6) =AVERAGE(A1:B4) =AVERAGE(C1:C6) =AVERAGE(A1,A2,B4:B9) =AVERAGE(B5:B6)
    =AVERAGE(B8:B9,A1) =AVERAGE(A1:C1,A3:C3) =COUNT(A1:A6) =COUNT(B1:C7) =COUNT(A1,"3",A1>0,"a") =COUNT(C7)
    =COUNT(1/A6,A1) =COUNT(B4) =COUNT(B5) =COUNTA(A1:C9) =COUNTA(B5:B6,A1) =COUNTA(B9) =SUMPRODUCT(A1:A6)
    =SUMPRODUCT(A1:A6,A1:A6) =SUMPRODUCT(A1:A3,B1:B3) =SUMPRODUCT(B1:B3,A1:A3) =SUMPRODUCT(A1:B4,A2:B5,B1:C4)
    =SUMPRODUCT(B1:B9,B1:B9) =SUMPRODUCT(A1:C6) =SUMPRODUCT(A1:C6,B4:D9) =SUMPRODUCT(C1:C7,B1:B7) =SUMPRODUCT(A1,B1)
    =SUMPRODUCT(A1:A2,B1:B2,B6:B7) =SUMPRODUCT(B4:B4,A1:A1) =SUMPRODUCT(B3) =SUMPRODUCT(A1:B1,D1:E1)
    =MAX(0,SUMPRODUCT(A1:B3,$B$1:$C$3))*$B$7+$B$1 =SUM(INDEX(A1:B6,0,1)) =SUM(INDEX(A1:C6,2,0)) =INDEX(A1:A6,2)
    =INDEX(A1:B6,2,1) =INDEX(A1:C1,1) =INDEX(A1:A6,MAX(1,A6)) =INDEX(A1:C1,MAX(1,A6)) =INDEX(A1:B4,MAX(1,A6),1)
    =INDEX(A1:C4,1,MAX(1,A6)) =INDEX(A1:C6,MAX(1,A6),MAX(1,A6)) =INDEX(B1:B2,MAX(1,A6))+1 =INDEX(A1:A6,2.7)
    =INDEX(A1:A6,MAX(1,A6)+0.7) =INDEX(A1:A6,7) =INDEX(A1:A6,A6+5) =INDEX(B1:B9,9) =INDEX(B1:B9,3)="TEXT"
    =INDEX(A1:A6,1/(A6-A6)) =INDEX(B1:B7,4+MOD(A6,2)*0)+0 =INDEX(A1:C6,MAX(1,A6),3)+0 =MATCH(A2,A1:A6,0)
    =MATCH(A6,B1:B9,0) =MATCH(A6,A1:A6,0) =MATCH(MAX(A1:A6),A1:A6,0) =MATCH(MAX(A1:C1),A1:C1,0)-1
    =MATCH("TEXT",B1:B9,0) =MATCH(5,B1:B9,0) =MATCH(0,B1:B9,0) =MATCH(TRUE,B1:B9,0) =MATCH(A1>0,B1:B9,0)
    =MATCH(B3,C1:C6,0) =MATCH("x",C1:C6,0) =MATCH(3,C1:C7,FALSE) =MATCH(1/A6,A1:A6,0) =MATCH(TRUE,C1:C6,0)
    =MATCH(E1,A1:A6,0) =INDEX(B1:B2,MATCH(A6,A6:A6,0)) =ROWS(A1:C9)+A1 =COLUMNS(A1:C9) =ROW()+A1 =COLUMN() =ROW(B7)
    =COLUMN(B7) =SUM((A1:A3)) =A1+tax*2 =SUM(block)
    =SUMSQ(A1:A6) =SUMSQ(B1:B9,A1) =SUMSQ(A1:C4,-2) =SUMSQ(C1:C7) =SUMSQ(B5) =SUMSQ(C8,A1) =PRODUCT(A1:A6)
    =PRODUCT(B1:B9,A1) =PRODUCT(B5:B6) =PRODUCT(C7,A1) =SUMXMY2(A1:A4,A2:A5) =SUMX2MY2(A1:A2,B1:B2)
    =SUMX2PY2(B1:B2,C3:C4) =SUMXMY2(B1:B2,B1:B2)+A1 =SUMX2PY2(A1:A2,C3:C4) =SUMXMY2(A1:A1,B1:B1)
    =SUM(CHOOSE(2,A1,A2:A3)) =SUMXMY2(C7:C7,A1:A1)
    =SUMPRODUCT(A1:D4) =SUM(A1:D4) =INDEX(A3:D4,2,MAX(1,A6)+1) =MATCH(D4,A4:D4,0) =A1+XFD1048576
    =INDEX(A1:C4,1,MAX(1,A6)+1) =MATCH(7,A5:D5,0) =SUM(C8,A1) =MAX(C8:C8,1) =AVERAGE(C8,A1) =COUNT(C8,A1)
    =SUMPRODUCT(C8:C8,A1:A1) =(1/A6)^0 =1^(1/A6) =SUM(C9,A1) =SUM(C10,A1) ="12"=1&2
"""
NAMES = {"tax": "=S!$B$7", "block": "=S!$A$1:$B$2", "rate": "=-0.25", "word": '="q"', "S!own": "=S!$B$1"}
INPUTS: list[Place] = [("S", f"A{n}") for n in range(1, 7)]
ROWS = np.array(
    [
        [*DRAWN.normal(size=5), 2],
        [*DRAWN.normal(size=5), 1],
        [*DRAWN.normal(size=5), 0],
        [-0.5, 2.5, -1.5, 0.25, 1.005, 3],
        [3, -3, 3, 1, 2.5, -1],
    ]
)


def around(path: Path, formulas: list[str]) -> Path:
    """A workbook with these formulas in column G, beside cells of all kinds."""
    cells = {**{a: 0 for _, a in INPUTS}, **AROUND, **{f"G{n}": f for n, f in enumerate(formulas, 1)}}
    return written(path, {"S": cells}, NAMES)


# Random workbooks -----------------------------------------------------------------------------------------------------

WIDTH = 4
FIXED = {"A2": 1.5, "B2": "text", "C2": -0.75, "A3": True, "B3": 2, "C3": 0, "D3": 0.125}  # D2 is empty
FIRST = 4  # the row of the first formulas


@st.composite
def reference(draw: st.DrawFn, row: int, numeric: bool = True) -> str:
    """A cell above a row: A1, $A1, Grid!A$1, ... that holds a number or nothing, unless `numeric` is False."""
    cells = [(r, c) for r in range(1, row) for c in range(1, WIDTH + 1)]
    found = draw(st.sampled_from([rc for rc in cells if not (numeric and address(*rc) == "B2")]))
    return draw(st.sampled_from(["", "Grid!", "'Grid'!"])) + locked(draw, address(*found))


def locked(draw: st.DrawFn, a: str) -> str:
    """The same cell, with $ here and there."""
    return draw(st.sampled_from([a, f"${a}", f"{a[0]}${a[1:]}", f"${a[0]}${a[1:]}"]))


@st.composite
def area(draw: st.DrawFn, row: int, height: int = 0, width: int = 0) -> str:
    """A range above a row, of any size or of one."""
    height = height or draw(st.integers(1, min(row - 1, 4)))
    width = width or draw(st.integers(1, WIDTH))
    top, left = draw(st.integers(1, row - height)), draw(st.integers(1, WIDTH - width + 1))
    return f"{locked(draw, address(top, left))}:{locked(draw, address(top + height - 1, left + width - 1))}"


@st.composite
def numbers(draw: st.DrawFn, row: int, depth: int = 3) -> str:
    """An expression that is a number."""
    kinds = ["reference", "literal"] + ["one", "two", "over", "product", "choice", "find"] * (depth > 0)
    kind = draw(st.sampled_from(kinds))
    inner = numbers(row, depth - 1)
    if kind == "reference":
        return draw(reference(row))
    if kind == "literal":
        return draw(st.sampled_from(["2", "0.5", "3.25E-1", "50%", "1", ".3"]))
    if kind == "one":
        shapes = ["-{}", "+{}", "{}%", "({})", "ABS({})", "TANH({})", "INT({})", "SIGN({})", "SQRT({})", "LN({})",
                  "EXP(-ABS({}))", "ROUND({},1)", "-TANH({})^2", "NOT({})+0", "TANH({})^0.5"]  # fmt: skip
        return draw(st.sampled_from(shapes)).format(f"({draw(inner)})")
    if kind == "two":
        shapes = ["{}+{}", "{}-{}", "({}*{})", "{}/({})", "POWER(ABS({})%,TANH({}))", "MOD({},{})", "SUM({},{})"]
        return "(" + draw(st.sampled_from(shapes)).format(f"({draw(inner)})", f"({draw(inner)})") + ")"
    if kind == "over":
        name = draw(st.sampled_from(["SUM", "MAX", "MIN", "AVERAGE", "COUNT", "COUNTA"]))
        arguments = draw(st.lists(st.one_of(area(row), area(row), inner), min_size=1, max_size=3))
        return f"{name}({','.join(arguments)})"
    if kind == "product":
        height, width = draw(st.integers(1, min(row - 1, 3))), draw(st.integers(1, WIDTH))
        return f"SUMPRODUCT({','.join(draw(st.lists(area(row, height, width), min_size=1, max_size=3)))})"
    if kind == "find":
        line = f"INDEX({draw(area(2))},1+ABS({draw(inner)}))"
        found = f"MATCH({draw(inner)}+0,{draw(area(row, width=1))},0)"
        return draw(st.sampled_from([f"IFERROR({line},{draw(inner)}+0)", f"IFERROR({found},-1)", found]))
    return f"IF({draw(truths(row, depth - 1))},{draw(inner)}+0,{draw(inner)}+0)"


@st.composite
def truths(draw: st.DrawFn, row: int, depth: int = 2) -> str:
    """An expression that is TRUE or FALSE."""
    if depth > 0 and draw(st.booleans()):
        name = draw(st.sampled_from(["AND", "OR"]))
        sure = draw(area(FIRST))  # no error, for IronCalc does not look at the rest once it knows the result
        return f"{name}({draw(truths(row, depth - 1))},{sure})"
    sign = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]))
    return f"({draw(numbers(row, depth - 1))}{sign}{draw(reference(row, numeric=False))})"


@st.composite
def grids(draw: st.DrawFn) -> tuple[Cells, int]:
    """(cells, how many rows): inputs in the first, constants in the next two, then formulas of all that is above."""
    cells: Cells = {address(1, c): 0.0 for c in range(1, WIDTH + 1)} | FIXED
    last = draw(st.integers(FIRST, FIRST + 4))
    for row in range(FIRST, last + 1):
        for column in range(1, WIDTH + 1):
            kind = draw(st.sampled_from([numbers(row), numbers(row), numbers(row), truths(row)]))
            cells[address(row, column)] = f"={draw(kind)}"
    return cells, last


# A small convolutional network ----------------------------------------------------------------------------------------

CHANNELS = 4  # of each layer; row y*C + c of a sheet holds channel c of line y
NETWORK_SHAPES = {"first": (CHANNELS, 3, 3, 1), "second": (CHANNELS, 3, 3, CHANNELS), "last": (3, CHANNELS)}
Weights = dict[str, Array]  # of a layer: output, line, column, input


def network_book(path: Path, weights: Weights) -> tuple[Path, list[Place], list[Place]]:
    """(a workbook of a 12 x 12 image, two convolutions, a maximum, an average and three outputs; inputs; outputs)."""
    image = [address(y, x) for y in range(1, 13) for x in range(1, 13)]
    held: Cells = {}
    for name, left in (("first", 1), ("second", 4)):
        for (c, y, x, k), value in np.ndenumerate(weights[name]):
            held[address(c * 12 + y * weights[name].shape[-1] + k + 1, left + x)] = value
    held |= {address(c + 1, 7 + k): value for (c, k), value in np.ndenumerate(weights["last"])}
    most, mean = {}, {}
    for y, x, c in np.ndindex(5, 5, CHANNELS):
        halves = (f"Second!{address(r, 2 * x + 1)}:{address(r, 2 * x + 2)}" for r in (8 * y + c + 1, 8 * y + c + 5))
        most[address(y * CHANNELS + c + 1, x + 1)] = f"=MAX({','.join(halves)})"
    for c in range(CHANNELS):
        lines = (f"Most!A{y * CHANNELS + c + 1}:E{y * CHANNELS + c + 1}" for y in range(5))
        mean[address(1, c + 1)] = f"=AVERAGE({','.join(lines)})"
    mean |= {f"A{n + 2}": f"=SUMPRODUCT($A$1:$D$1,'The weights'!$G{n + 1}:$J{n + 1})" for n in range(3)}
    sheets = {
        "Image": dict.fromkeys(image, 0.0),
        "First": _convolution("Image", 1, "A", "C", margin=1),
        "Second": _convolution("First", CHANNELS, "D", "F", margin=0),
        "Most": most,
        "Mean": {**mean, "A5": "=MATCH(MAX(A2:A4),A2:A4,0)-1"},
        "The weights": held,
    }
    return written(path, sheets), [("Image", a) for a in image], [("Mean", f"A{n}") for n in range(2, 6)]


def _convolution(source: str, inputs: int, left: str, right: str, margin: int) -> Cells:
    """10 x 10 windows with a margin around them, some of it zeros, the rest empty."""
    cells: Cells = {}
    for y, x, c in np.ndindex(10 + 2 * margin, 10 + 2 * margin, CHANNELS):
        row, column = y - margin, x - margin
        if 0 <= row < 10 and 0 <= column < 10:
            window = f"{address(row * inputs + 1, column + 1)}:{address((row + 3) * inputs, column + 3)}"
            kernel = f"'The weights'!${left}${c * 12 + 1}:${right}${c * 12 + 3 * inputs}"
            cells[address(y * CHANNELS + c + 1, x + 1)] = f"=MAX(0,SUMPRODUCT({source}!{window},{kernel}))*1.5-0.25"
        elif y:
            cells[address(y * CHANNELS + c + 1, x + 1)] = 0
    return cells


def network(weights: Weights, images: Array) -> Array:
    """The same by numpy: (N, 144) -> (N, 4)."""
    x = images.reshape(-1, 12, 12, 1)
    for name, margin in (("first", 1), ("second", 0)):
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        x = np.maximum(0, np.einsum("nyxcij,kijc->nyxk", windows, weights[name])) * 1.5 - 0.25
        x = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    logits = x.reshape(-1, 5, 2, 5, 2, CHANNELS).max((2, 4)).mean((1, 2)) @ weights["last"].T
    return np.concatenate([logits, logits.argmax(1)[:, None]], axis=1)
