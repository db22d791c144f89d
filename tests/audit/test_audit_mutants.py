"""The judge against mutants: right workbooks pass, whatever their layout, and every kind of defect is caught and named.

`python tests/benchmarks/bench_judge.py` does the same for several hundred and prints the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import judge_books
import judge_mutants
import judge_spelling
import pytest
import torch
from judge_books import LAYOUTS
from judge_grid import Book
from judge_mutants import Mutant
from judge_rest import DEFECTS
from judge_spelling import Network

from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import ERROR, NOTE, WARNING, Finding
from sheetgen.excel import Entry, read

FEW = (12, 20)  # steps of the quick tests' tables


@cache
def few(number: int) -> Mutant:
    """One mutant of each kind, made once."""
    return judge_mutants.mutant(7, number, FEW)


@pytest.mark.parametrize("number", range(2 * len(LAYOUTS)))
def test_a_right_workbook_passes(number: int, tmp_path: Path) -> None:
    book = judge_books.book(Random(f"test {number}"), LAYOUTS[number % len(LAYOUTS)], FEW)
    verdict = audit(book.write(tmp_path / "right.xlsx"))
    assert (verdict.word, verdict.findings, verdict.problem) == ("right", [], "")
    assert len(verdict.tables) == len(book.grids)
    assert [t.gradients for t in verdict.tables] >= [g.steps * len(g.network.trained) for g in book.grids]


@pytest.mark.parametrize("number", range(len(DEFECTS)), ids=list(DEFECTS))
def test_every_kind_of_defect_is_caught(number: int, tmp_path: Path) -> None:
    mutant = few(number)
    verdict = audit(mutant.book.write(tmp_path / "mutant.xlsx"))
    assert mutant.caught(verdict), f"{mutant.name}: {mutant.change}"


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(2))
def test_mutants_of_full_length_are_caught_and_nearly_all_named(turn: int, tmp_path: Path) -> None:
    caught, named = [], []
    for number in range(turn * len(DEFECTS), (turn + 1) * len(DEFECTS)):  # each kind once, in another layout each time
        mutant = judge_mutants.mutant(1, number)
        verdict = audit(mutant.book.write(tmp_path / "mutant.xlsx"))
        caught += [mutant.name] * (not mutant.caught(verdict))
        named += [mutant.name] * (not mutant.named(verdict))
    assert not caught
    assert len(named) <= 2, named


# --- the workbooks themselves: nothing above means anything unless these hold


def books() -> Iterator[Book]:
    """Two of each layout."""
    return (judge_books.book(Random(f"proof {k}"), LAYOUTS[k % len(LAYOUTS)], FEW) for k in range(2 * len(LAYOUTS)))


def test_iron_calc_computes_the_results_that_the_right_workbooks_remember() -> None:
    for book in books():
        remembered = dict(book.values)
        book.calculate()
        assert len(book.values) > 100
        for at, value in book.values.items():
            assert value == pytest.approx(remembered[at], rel=1e-9, abs=1e-14), (book.layout, at)


def autograd(net: Network, row: dict[str, float]) -> dict[str, float]:
    """E and its derivatives at one step, by PyTorch."""
    leaf = {x: torch.tensor(row[x], dtype=torch.float64, requires_grad=True) for x in (*net.trained, *net.given)}
    squash = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    known = dict(leaf)
    for unit, pairs in net.incoming.items():
        total = sum((known[w] * known[x] for w, x in pairs), torch.zeros((), dtype=torch.float64))
        total = total + known[net.biases[unit]] if net.bias else total
        known[f"a_{unit}"] = squash[net.activation_of(unit)](total)
    outputs = range(1, net.outputs + 1)
    error = torch.stack([0.5 * (known[f"t{k}"] - known[f"a_o{k}"]) ** 2 for k in outputs]).sum()
    error.backward()
    gradients = {f"dE/d{w}": leaf[w].grad for w in net.trained}
    return {"E_total": error.item()} | {name: g.item() for name, g in gradients.items() if g is not None}


def test_pytorch_gives_the_errors_and_gradients_of_the_right_workbooks() -> None:
    for grid in (grid for book in books() for grid in book.grids):
        assert {"w1", "E_total", "dE/dw1"} <= set(grid.lines)
        for row in judge_spelling.trajectory(grid.network, grid.start, grid.rate.value, 5):
            for name, number in autograd(grid.network, row).items():
                assert row[name] == pytest.approx(number, rel=1e-9, abs=1e-15), (grid.network, name)


def test_a_weight_moves_by_the_learning_rate_times_its_gradient() -> None:
    rows = judge_spelling.trajectory(Network(), dict.fromkeys((*Network().trained, *Network().given), 0.3), 0.5, 3)
    for before, after in pairwise(rows):
        assert all(after[w] == before[w] - 0.5 * before[f"dE/d{w}"] for w in Network().trained)


def test_the_first_row_is_the_homework_s() -> None:
    start = dict(zip(("t1", "t2", "i1", "i2", *Network().trained), HOMEWORK, strict=True))
    rows = judge_spelling.trajectory(Network(), start, 1.0, 3)
    assert [row["E_total"] for row in rows] == pytest.approx([0.014181377938, 0.013377915565, 0.012614906416], rel=1e-9)
    assert rows[0]["dE/dw4"] == pytest.approx(0.0007035526, rel=1e-6)


HOMEWORK = (0.5, 0.5, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55)


def test_the_file_holds_what_the_structure_says(tmp_path: Path) -> None:
    for book in books():
        found, meant = read(book.write(tmp_path / "book.xlsx")), book.entries()
        assert list(found.sheets) == book.sheets
        assert {name: text.replace("$", "") for name, text in found.names.items()} == {
            name: text.replace("$", "") for name, text in book.names.items()
        }
        for sheet, cells in meant.items():
            assert found.sheets[sheet].keys() == cells.keys()
            for at, entry in cells.items():
                read_back = found.sheets[sheet][at]
                assert read_back.formula == entry.formula
                if isinstance(entry.value, str):
                    assert read_back.value == entry.value
                elif book.cached or entry.formula is None:
                    assert read_back.value == pytest.approx(entry.value, rel=1e-15)


def test_the_layouts_are_what_they_say() -> None:
    for book in books():
        grid = book.grids[0]
        assert grid.across or book.layout in ("transposed", "network", "apart")
        assert (len(book.grids) > 1) == (book.layout in ("several", "sheets"))
        assert bool(grid.fixed) == (book.layout == "apart")
        if book.layout == "class":
            assert (grid.head, grid.first, min(grid.lines.values())) == (32, 33, 1)


def test_a_seed_gives_the_same_workbook_and_another_seed_another() -> None:
    first, again, other = (judge_books.book(Random(seed), "shuffled", FEW).entries() for seed in "aab")
    assert first == again != other


# --- the mutants


@pytest.mark.parametrize("number", range(len(DEFECTS)), ids=list(DEFECTS))
def test_a_mutant_differs_from_the_right_workbook_where_it_says(number: int) -> None:
    mutant = few(number)
    right = mutant.right()
    if mutant.kind.startswith("chart"):
        drawn = [[[(s.grid.sheet, *s[1:]) for s in c.series] for c in book.charts] for book in (mutant.book, right)]
        assert drawn[0] != drawn[1]
        return
    said = set(judge_mutants.cells_of(mutant.change))
    old, new = (
        {(s, at): e for s, cells in b.entries().items() for at, e in cells.items()} for b in (right, mutant.book)
    )
    assert any(old[at] != new[at] for at in said)
    for at in {at for at in new if typed(new[at]) != typed(old[at])} - said:  # right by chance, at the first steps
        assert new[at].value == pytest.approx(old[at].value, rel=1e-9)


def typed(entry: Entry) -> object:
    """The content that a person put into a cell."""
    return entry.value if entry.formula is None else entry.formula


def finding(kind: str, sheet: str, cells: str, expected: str, severity: str = ERROR) -> Finding:
    """A finding of a judge."""
    return Finding(kind, sheet, cells, "", severity=severity, expected=expected)


def test_a_mutant_is_named_only_by_kind_cell_and_reference() -> None:
    mutant = few(list(DEFECTS).index("gradient: another weight"))
    sheet, cells = mutant.change.cells[0]
    right = mutant.change.right[0]
    path = Path("x.xlsx")
    good = finding("gradient", sheet, cells, right)
    assert mutant.named(Verdict(path, [good])) and mutant.first(Verdict(path, [good]))
    assert mutant.caught(Verdict(path, [good])) and mutant.others(Verdict(path, [good])) == 0
    for bad in (
        finding("gradient", sheet, cells, "something else"),
        finding("gradient", "Elsewhere", cells, right),
        finding("gradient", sheet, "XFA1:XFA9", right),
        finding("chart", sheet, cells, right),
        finding("gradient", sheet, cells, right, NOTE),
    ):
        assert not mutant.named(Verdict(path, [bad])), bad
    assert not mutant.caught(Verdict(path, [finding("gradient", sheet, cells, right, NOTE)]))
    assert mutant.caught(Verdict(path, [finding("chart", "Elsewhere", "A1", "", WARNING)]))
    assert mutant.others(Verdict(path, [finding("chart", "Elsewhere", "A1", "", WARNING)])) == 1
    last = cells.split(":")[1]
    assert mutant.named(Verdict(path, [finding("gradient", sheet, last, right)]))
    assert not mutant.first(Verdict(path, [finding("gradient", sheet, last, right)]))


def test_every_kind_and_every_layout_has_its_turn() -> None:
    some = [few(number) for number in range(len(DEFECTS))]
    assert [m.kind for m in some] == list(DEFECTS)
    assert {m.book.layout for m in some} == set(LAYOUTS)
    again = next(judge_mutants.mutants(7, 1, FEW))
    assert (again.name, again.change) == (some[0].name, some[0].change)
    assert again.book.entries() == some[0].book.entries()
