"""Formulas compiled and formulas read as Cells: two meanings of one language, which agree wherever both have one."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from reader_books import book
from reader_formulas import RandomFormulas

from sheetgen.excel.a1 import address
from sheetgen.excel.functions import FUNCTIONS as FACTS
from sheetgen.excel.skeleton import cut
from sheetgen.judge.compiled import CannotCompile, compile_workbook
from sheetgen.judge.compiled.functions import FUNCTIONS
from sheetgen.reader import values
from sheetgen.reader.functions import FUNCTIONS as READ

BOTH = FUNCTIONS.keys() & READ.keys()
COLUMN = 10  # of the formulas


def streams(seed: int, mixed: bool) -> tuple[dict[str, Any], list[str]]:
    """Cells, and random formulas of functions that both know."""
    source = RandomFormulas(seed)
    cells = source.cells(mixed)
    formulas = ["IF(FALSE(),A1,B2)", *source.every(3)]
    return cells, [f for f in formulas if BOTH.issuperset(cut(f)[0].calls)]


def number_of(workbook: Any, at: str, inputs: dict[str, float]) -> float | None:
    """The compiled formula's number, NaN for an error; None if it is not understood."""
    try:
        function = compile_workbook(workbook, [("S", a) for a in inputs], [("S", at)])
    except CannotCompile as error:
        return math.nan if "is an error whatever" in str(error) else None
    return float(function([[*inputs.values()]]).item())


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("varying", [False, True])
def test_they_agree_on_every_function_that_both_know(mixed: bool, varying: bool) -> None:
    called: Counter[str] = Counter()
    for seed in range(3):
        cells, formulas = streams(seed, mixed)
        places = {address(k, COLUMN): formula for k, formula in enumerate(formulas, 1)}
        made = book({**cells, **{at: f"={formula}" for at, formula in places.items()}, "Z99": 0.0})
        read = {at: number for (_, at), number in values(made)[0].items()}
        inputs = {a: x for a, x in cells.items() if isinstance(x, float)} if varying else {"Z99": 0.0}
        for at, formula in places.items():
            ours = number_of(made.workbook, at, inputs)
            if at in read and ours is not None:
                assert ours == pytest.approx(read[at], rel=1e-9, abs=1e-9, nan_ok=True), (formula, cells)
                called.update(cut(formula)[0].calls)
    assert mixed or called.keys() >= {name for name in BOTH if name.isupper()}


def test_what_they_know_the_facts_name() -> None:
    words = {name for name in FUNCTIONS.keys() | READ.keys() if name.isupper() or "." in name}
    assert words <= FACTS.keys()
