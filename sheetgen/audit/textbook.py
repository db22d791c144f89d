"""The homework's network as Cells: 2-2-2, sigmoid, E_total = E1 + E2 with half squared errors."""

from __future__ import annotations

from sheetgen.cells.cell import Cell, add, half_squared_error, mul, sigmoid, variable

UNITS = {"h1": "i", "h2": "i", "o1": "a_h", "o2": "a_h"}  # and the numbers that each adds up
BIASES = {0: (), 2: ("b1", "b1", "b2", "b2"), 4: ("b1", "b2", "b3", "b4")}  # of the units
BY_SOURCE = {2: 3, 3: 2, 6: 7, 7: 6}  # some number the weights by the unit that they leave, not by the one they reach


def network_222(biases: int = 0, by_source: bool = False, apart: bool = False) -> dict[str, Cell]:
    """The quantities of the network by name, from its inputs to E_total.

    `biases`: none, 2 (b1 of both hidden units, b2 of both outputs) or 4 (one a unit). `by_source`: w2 and w3 have
    changed places, and so have w6 and w7. `apart`: each is made of variables, not of the Cells before.
    """
    given = ("t1", "t2", "i1", "i2", *(f"w{k}" for k in range(1, 9)), *sorted(set(BIASES[biases])))
    leaves = {name: variable(name) for name in given}
    cells: dict[str, Cell] = {}

    def use(name: str) -> Cell:
        return leaves.setdefault(name, variable(name)) if apart or name not in cells else cells[name]

    for k, (unit, below) in enumerate(UNITS.items()):
        numbers = [2 * k + 1, 2 * k + 2]
        weights = [use(f"w{BY_SOURCE.get(n, n) if by_source else n}") for n in numbers]
        terms = [mul(w, use(f"{below}{j}")) for j, w in enumerate(weights, 1)]
        cells[unit] = add(*terms, *map(use, BIASES[biases][k : k + 1]))
        cells[f"a_{unit}"] = sigmoid(use(unit))
    for n in (1, 2):
        cells[f"E{n}"] = half_squared_error(use(f"t{n}"), use(f"a_o{n}"))
    cells["E_total"] = add(use("E1"), use("E2"))
    return leaves | cells
