"""The trained network in cells, without the rest of the workbook: written, typed into, and beside PyTorch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from mutants import set_cells

from mnist import digits, live, record
from mnist.sheets import answer, painting, samples, strip, viewer, worked
from sheetgen.excel import Entry, Value, Workbook
from sheetgen.excel.a1 import address, area, place
from sheetgen.judge.engines import iron
from sheetgen.judge.engines.calculated import calculated
from sheetgen.writer.book import writing
from sheetgen.writer.sheets import layers, weights
from sheetgen.writer.trace import letter

torch.set_num_threads(1)  # for networks this small, a second thread only waits

Array = npt.NDArray[np.float64]
ORDER = ("Start", *live.SHEETS)
SAMPLE = live.FIRST  # in which every defect shows
RECORD = record.RUNS / live.NET / f"seed{live.SEED}.json"
LOGITS, CHANCES = ([f"{letter(c)}{answer.TEN + d}" for d in range(10)] for c in (answer.LOGIT, answer.CHANCE))


def write(path: Path, found: live.Live) -> Path:
    """A workbook of the live sheets alone, as the default workbook has them."""
    with writing(path, "live", calculated) as book:
        book.sheet("Start", "", "")
        painting.write(book, found)
        home = "Start", live.LIVE
        layers.write(book, found.layout, live.LAYERS, home, live.HINT)
        weights.write(book, found.layout, live.WEIGHTS, home)
        samples.write(book, found)
    return path


def network() -> Any:
    """The recorded network in float64."""
    return record.load_network(RECORD).double()


def theirs(net: Any, images: npt.ArrayLike) -> Array:
    """(N, 10): PyTorch's logits of (N, 28, 28) grey values."""
    with torch.no_grad():
        found: Array = net(torch.tensor(np.asarray(images, float)).view(-1, 1, 28, 28)).numpy()
    return found


def drawings(count: int, seed: int = 0) -> list[Array]:
    """Whole grey values at random, some of them all over the page and some on a few pixels."""
    rng = np.random.default_rng(seed)
    ink = [rng.random((28, 28)) < (k + 1) / count for k in range(count)]
    return [np.where(where, rng.integers(0, 256, (28, 28)), 0).astype(np.float64) for where in ink]


def apart(found: npt.ArrayLike, right: Array) -> float:
    """The worst difference, relative to the largest logit."""
    return float(np.abs(np.asarray(found, float) - right).max() / np.abs(right).max())


def cells_of(book: Workbook, name: str) -> list[str]:
    """The addresses that a defined name of Live CNN has."""
    at = area(book.names[name].lstrip("="))
    assert at.sheet == live.LIVE
    return list(at.addresses())


def beside(cells: Mapping[str, Entry], label: str, right: int) -> str:
    """The address so many columns to the right of a text that stands once on a sheet."""
    found = [at for at, entry in cells.items() if entry.value == label and entry.formula is None]
    assert len(found) == 1, f"{label!r} stands {len(found)} times"
    row, column = place(found[0])
    return address(row, column + right)


class Typed:
    """The live sheets in IronCalc, typed into as a person does."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.model = iron.Live(book._replace(sheets={name: book.sheets[name] for name in live.SHEETS}))
        self.drawing, self.choice = cells_of(book, "cnn_drawing"), cells_of(book, "cnn_choice")[0]

    def choose(self, name: str) -> None:
        self.put(self.choice, name)

    def put(self, where: str, value: Value, sheet: str = live.LIVE) -> None:
        self.model.put((sheet, where), value)

    def draw(self, image: Array) -> None:
        for where, value in zip(self.drawing, image.ravel().tolist(), strict=True):
            self.put(where, value)

    def read(self, cells: Iterable[str], sheet: str = live.LIVE) -> list[Any]:
        """What cells hold after everything is recalculated."""
        return self.model.evaluate([(sheet, where) for where in cells])

    def labelled(self) -> dict[str, str]:
        """Where the results stand, by their labels."""
        cells = self.book.sheets[live.LIVE]
        lines = ("how sure it is", "runner-up", "margin: how much surer than of the runner-up")
        found = {name: beside(cells, line, -1) for name, line in zip(("sure", "second", "margin"), lines, strict=True)}
        digit, sentence = (f"{letter(answer.BIG[0])}{row}" for row in (live.TOP, answer.SAID))
        return found | {"digit": digit, "same": answer.SAME.replace("$", ""), "sentence": sentence}


def changed(source: Path, target: Path, sheet: str, cells: Mapping[str, str | float]) -> Path:
    """A copy with other formulas (=...) or numbers in some cells."""
    return set_cells(source, target, sheet, cells, ORDER)


def heading(cells: Mapping[str, Entry]) -> int:
    """The row of the heading of the table on CNN layers."""
    return next(place(at)[0] for at, entry in cells.items() if entry.value == "each of its cells is")


class Plane:
    """A block of CNN layers, found by a row of the table on that sheet."""

    def __init__(self, cells: Mapping[str, Entry], row: int) -> None:
        name, self.what, count, first = (
            cells[f"{letter(k)}{row}"].value for k in (layers.NAME, layers.WHAT, layers.COUNT, layers.LAST)
        )
        self.name, self.count = str(name), int(float(str(count)))
        self.shape = tuple(map(int, self.name.rpartition("(")[2].rstrip(")").split(" × ")))
        self.row, self.column = place(str(first))

    def at(self, channel: int, y: int, x: int) -> str:
        """The address of an activation: channels are interleaved down the rows."""
        return address(self.row + y * self.shape[0] + channel, self.column + x)

    def addresses(self) -> Sequence[str]:
        """All, in the order of (channel, y, x)."""
        return [self.at(*where) for where in np.ndindex(*self.shape)]


def planes(book: Workbook) -> list[Plane]:
    """Every block of CNN layers."""
    cells = book.sheets[live.LAYERS]
    row, found = heading(cells) + 1, []
    while f"{letter(layers.LAST)}{row}" in cells:
        found.append(Plane(cells, row))
        row += 1
    return found


# Looking inside.


def look(typed: Typed, book: Workbook, number: int | None, channel: Any, y: Any = 0.0, x: Any = 0.0) -> Any:
    """Choose a layer, a channel and a cell; the plane. No number: a layer that there is not."""
    typed.put(strip.CHOSEN.replace("$", ""), "99" if number is None else planes(book)[number].name)
    for row, value in ((viewer.CHANNEL, channel), (viewer.ROW, y), (viewer.COLUMN, x)):
        typed.put(viewer.cell(row).replace("$", ""), float(value) if isinstance(value, int) else value)
    return None if number is None else planes(book)[number]


# The steps of the worked cell: what each is called, its number, its result; and whether the result is the cell's.
STEPS = [[f"{letter(column)}{worked.TABLE + 2 * k}" for k in range(1, 6)] for column, _ in worked.STEPS[:3]]
VERDICT = f"{letter(worked.STEPS[3][0])}{worked.TABLE + 10}"


def formulas(book: Workbook) -> list[str]:
    """Every formula of the sheet."""
    return [at for at, e in book.sheets[live.LIVE].items() if e.formula]


def image_of(name: str) -> Any:
    return np.zeros((28, 28)) if name == live.BLANK else digits.image(name).astype(float)


# Defects: the sheet, and what some of its cells hold instead.

Defect = Callable[[Workbook], tuple[str, dict[str, str | float]]]


def one_weight(book: Workbook) -> tuple[str, dict[str, str | float]]:
    """The largest of the first kernel, by a hundred-thousandth of itself."""
    cells = book.sheets[live.WEIGHTS]
    row = place(next(at for at, entry in cells.items() if entry.value == "row 0, in 0"))[0]
    kernel = {at: entry.value for at in (f"{c}{row}" for c in "BCD") if (entry := cells[at]).formula is None}
    at, value = max(((a, x) for a, x in kernel.items() if isinstance(x, float)), key=lambda pair: abs(pair[1]))
    return live.WEIGHTS, {at: value * (1 + 1e-5)}


def one_window(book: Workbook) -> tuple[str, dict[str, str | float]]:
    """A window of the second convolution, a column to the right, in the middle of the plane."""
    plane = planes(book)[3]
    at, beside_it = plane.at(2, 5, 5), plane.at(2, 5, 6)
    cells = book.sheets[live.LAYERS]
    window = re.compile(r"SUMPRODUCT\(([A-Z]+\d+:[A-Z]+\d+),")
    ours, theirs = (window.search(cells[a].formula or "") for a in (at, beside_it))
    assert ours and theirs and ours[1] != theirs[1]
    return live.LAYERS, {at: "=" + (cells[at].formula or "").replace(ours[1], theirs[1])}


def one_zero(book: Workbook) -> tuple[str, dict[str, str | float]]:
    """A padding zero beside the plane of the second convolution, which the third reads with a margin."""
    plane = planes(book)[3]
    at = plane.at(4, 6, -1)
    assert book.sheets[live.LAYERS][at] == (None, 0.0)
    return live.LAYERS, {at: 1.0}


def one_scale(book: Workbook) -> tuple[str, dict[str, str | float]]:
    """BatchNorm's epsilon is forgotten in one channel."""
    cells = book.sheets[live.WEIGHTS]
    at = next(a for a, entry in cells.items() if entry.formula and entry.formula.endswith("+0.00001)"))
    return live.WEIGHTS, {at: "=" + (cells[at].formula or "").replace("+0.00001", "")}


def one_error(book: Workbook) -> tuple[str, dict[str, str | float]]:
    """A logit that is an error whenever the drawing's last pixel is paper."""
    at, last = LOGITS[int(SAMPLE[0])], cells_of(book, "cnn_drawing")[-1]
    return live.LIVE, {at: f"={book.sheets[live.LIVE][at].formula}+0/{last}"}


DEFECTS: tuple[Defect, ...] = (one_weight, one_window, one_zero, one_scale)
