"""Formulas that are made to cost time or memory: bounded, and what is left out says so in a few words."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from reader_books import Held, book
from work import at_most

from sheetgen.cells.cell import Cell, backward
from sheetgen.excel.a1 import address, column_letters
from sheetgen.reader import cone, kinds, values

TOO_MUCH = "the workbook has more references than are looked at"


def block(rows: int, columns: int) -> dict[str, Held]:
    return {address(r, c): 1 for r in range(1, rows + 1) for c in range(1, columns + 1)}


def product(n: int) -> tuple[dict[str, Held], dict[str, str]]:
    """A matrix times itself, as an array formula to its right."""
    square = f"A1:{column_letters(n)}{n}"
    corner = address(1, n + 2)
    return {**block(n, n), corner: f"=MMULT({square},{square})"}, {corner: f"{corner}:{address(n, 2 * n + 1)}"}


def down(rows: int, **columns: Held) -> dict[str, Held]:
    """Columns of one formula each, in which {k} is the row, {up} the one above and {next} the one below."""
    return {
        f"{letter}{k}": held.format(k=k, up=k - 1, next=k + 1) if isinstance(held, str) else held
        for letter, held in columns.items()
        for k in range(1, rows + 1)
    }


def nested(n: int) -> dict[str, Held]:
    pairs = [("(", ")"), ("SUM(", ")"), ("IF(A1>0,", ",0)"), ("-(", ")")]
    return {"A1": 1, **{f"B{k}": f"={opener * n}A1{closer * n}" for k, (opener, closer) in enumerate(pairs, 1)}}


def long() -> dict[str, Held]:
    chains = {f"B{k}": f"={sign.join(['A1'] * 2700)}" for k, sign in enumerate("+-*/^=", 1)}
    return {"A1": 1, **chains, "C1": "=1" + "%" * 8000}


TOO_MANY = {"it calculates with too many cells"}

# name -> (the workbook and its array formulas, how many values it gives, the problems it tells of)
CASES: dict[str, tuple[Callable[[], tuple[Any, ...]], int, set[str]]] = {
    "brackets 255 deep": (lambda: (nested(255),), 4, set()),
    "8,192 characters": (lambda: (long(),), 7, set()),
    "a small matrix": (lambda: product(12), 144, set()),
    "a large matrix": (lambda: product(80), 0, {"MMULT has too many cells"}),
    "a chain of arrays": (lambda: ({"A1": f"={'+'.join(['C1:C9000'] * 90)}"}, {"A1": "A1:A9000"}), 0, TOO_MANY),
    "a row times a column": (lambda: ({"A1": "=SUM(C1:C9000*D1:XFD1)"}, {"A1": "A1"}), 0, TOO_MANY),
    "an array formula over everything": (
        lambda: ({"A1": "=C1:C9*2"}, {"A1": "A1:B1048576"}), 0, {"the array formula fills too many cells"},
    ),
    "arrays on top of each other": (
        lambda: (down(9, A="=C1:C9000*{k}"), {f"A{k}": f"A{k}:A9000" for k in range(1, 10)}), 9_000, set(),
    ),
    "rows of nothing": (lambda: (down(2_000, B="=SUM(C{k}:XFD{k})"),), 2_000, set()),
    "the rest of a sheet": (
        lambda: ({**down(20_000, B="=SUM(A{k}:A1048576,C{k}:XFD1048576)"), "A1": 1},), 20_000, set(),
    ),
    "circles of two": (lambda: (down(20_000, A="=B{k}+A{next}", B="=A{k}+1"),), 0, set()),
    "cells that refer to themselves": (lambda: (down(20_000, A="=A{k}+A{next}"),), 0, set()),
    "a product of many": (
        lambda: ({**down(5_000, A=1), "B1": "=PRODUCT(A1:A5000)", "B2": "=MAX(A1:A5000)"},), 2, set(),
    ),
    "kinds that nothing is remembered of": (
        lambda: ({**down(5_000, A="=A{up}", B="=SUM(A{k},1)"), "A1": 1},), 9_999, set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_takes_bounded_time(name: str) -> None:
    make, expected, problems = CASES[name]
    cells, *arrays = make()
    made = book(cells, arrays=arrays[0] if arrays else None)
    with at_most(100_000_000):
        found, circles = values(made)
    assert len(found) == expected and set(made.problems.values()) == problems
    assert not problems or not any(map(math.isnan, found.values()))
    assert bool(circles) == name.startswith(("circles", "cells that"))


def test_one_circle_of_50_000_is_told_whole() -> None:
    n = 50_000
    _, (circle,) = values(book({f"A{k}": f"=A{k % n + 1}+1" for k in range(1, n + 1)}))
    assert len(set(circle.places)) == n


def test_the_derivative_of_a_product_of_5_000_is_not_of_25_million_terms() -> None:
    made = book({**down(5_000, A=1), "B1": "=PRODUCT(A1:A5000)", "B2": f"={'*'.join(['A1'] * 2700)}"})
    with at_most(8_000_000):
        for at in ("B1", "B2"):
            graph = cone(made, [("S", at)])
            backward(graph.cells[-1])


@pytest.mark.parametrize(
    "formula", ["SUM(A$1:A{k})", "SUM(A{k}:A$400)", "SUM(A$1:A{k})+SUM(A{k}:B$900)", "MAX(A1:A{k})"]
)
def test_a_workbook_may_refer_to_so_much_and_no_more(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is past the bound says so, and what is not past it is right."""
    whole, _ = values(book(down(400, A=1, C=f"={formula}")))
    monkeypatch.setattr("sheetgen.reader.references.MAX_ROOM", 100_000)
    made = book(down(400, A=1, C=f"={formula}"))
    found, _ = values(made)
    assert set(made.problems.values()) == {TOO_MUCH} and 0 < len(made.problems) < 400
    assert len(found) + len(made.problems) == len(whole) == 400 and found.items() <= whole.items()


CHAINS = {
    "from the left": lambda n: f"({','.join(['A1:A40'] * n)})",
    "from the right": lambda n: f"{'(A1:A40,' * (n - 1)}A1:A40{')' * (n - 1)}",
    "short ones before long ones": lambda n: f"{'((A1:A20,A21:A40),' * (n - 1)}A1:A40{')' * (n - 1)}",
}


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_of_unions_takes_every_cell_once(chain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    def counted(rows: kinds.Rows) -> list[Cell]:
        nonlocal taken
        taken += sum(map(len, rows))
        return kinds.flat(rows)

    monkeypatch.setattr("sheetgen.reader.parse.flat", counted)
    made = book({**down(40, A=1), "B1": f"=SUM({CHAINS[chain](20)})"})
    assert values(made) == ({("S", "B1"): 800}, []) and taken <= 2 * 800


def test_a_chain_of_unions_may_have_so_many_cells_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.reader.parse.MAX_CELLS", 1_000)
    made = book({**down(40, A=1), **{f"B{n}": f"=SUM({CHAINS['from the left'](n)})" for n in (20, 26)}})
    assert values(made)[0] == {("S", "B20"): 800} and list(made.problems) == [("S", "B26")]
    assert set(made.problems.values()) == TOO_MANY


def test_a_workbook_may_take_so_many_steps_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.reader.references.MAX_WORK", 10_000)
    made = book({f"A{k}": "=1" + "+1*2" * 100 for k in range(1, 101)})
    assert 0 < len(values(made)[0]) < 100 and set(made.problems.values()) == {TOO_MUCH}


def test_array_formulas_may_fill_so_many_cells_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheetgen.reader.cell_values.MAX_MEMBERS", 10)
    made = book({"A1": "=D1:D8*2", "B1": "=D1:D8*2"}, arrays={"A1": "A1:A8", "B1": "B1:B8"})
    assert len(values(made)[0]) == 8 and made.problems == {("S", "B1"): "the array formula fills too many cells"}


@pytest.mark.parametrize("text", ["A1:A3", "$A$1:$B$9", "1:1", "A:XFD"])
def test_no_array_is_where_its_range_is_none(text: str) -> None:
    made = book({"A1": "=D1*2"}, arrays={"A1": "nonsense" if text == "1:1" else text})
    values(made)
    assert len(made.problems) == (text in ("1:1", "A:XFD"))
