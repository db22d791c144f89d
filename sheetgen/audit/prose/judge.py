"""Lines of text that spell formulas of the network, and contradict it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from sheetgen.audit import labels
from sheetgen.audit.prose.meaning import Meaning, Numbers
from sheetgen.audit.prose.parse import Expression, readings
from sheetgen.audit.prose.repair import respelt, siblings
from sheetgen.audit.prose.tokens import Piece, quantity, tokens, typed
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import WARNING, Finding
from sheetgen.cells.cell import Evaluator
from sheetgen.excel import Entry, ErrorValue, Workbook
from sheetgen.excel.a1 import MAX_COLUMN, address, place

RELATIVE, ABSOLUTE = 1e-9, 1e-12
LONGEST = 500  # characters of a text that is looked at
MAX_PIECES, MAX_REPAIRS = 200_000, 60_000  # pieces of lines read in one workbook, and of those, to look for slips
WORDS = 4  # in the name of a quantity
REACH = 8  # columns right of 'dE/dw5 =' in which its other side may stand

_JOINED = re.compile(r"\s*[\r\n]+\s*(?=[-−+*×·/=])|(?<=[-−+*×·/=])[ \t]*[\r\n]+\s*")
_STATEMENTS = re.compile(r"[\r\n;]+|,(?![0-9])")
_NUMBERED = re.compile(r"^\s*(?:\(?[0-9]{1,2}[.):]\)?|[-•*])\s+(?=\S)")
_REFERRED = re.compile(r"\s\([0-9]{1,2}\)\s*$|[.\s]+$")  # an equation's number, a full stop
_OPERATORS = re.compile(r"[-−+*×·/^²(]")
_MARK = re.compile(r"\+|\((?:new|next|updated|[tnk]\+1)\)")  # of a weight after its update
_ADJACENT = re.compile(r"[\w)\]²]\s+[\w∂]")
_GENERAL = ("1", "2", "3", "4", "0.5")  # numbers that a general formula may hold; others are somebody's inputs

Pieces = tuple[Piece, ...]


class Side(NamedTuple):
    """One side of an equation, and the cell it stands in."""

    address: str
    pieces: Pieces


class Equation(NamedTuple):
    """a = b = c. One that is not `sure` is a label beside a formula, without a sign between them."""

    sides: list[Side]
    sure: bool = True


class Reading(NamedTuple):
    """One way to read a side, and its numbers; None where the network has no such quantity."""

    expression: Expression
    numbers: Numbers | None


def judge_lines(book: Workbook, truth: Meaning) -> Iterator[Finding]:
    """A finding for every text that says something else of a quantity than the network does.

    A line is held to be wrong only if all of it can be read and both its sides differ at every point; all else is left
    alone: prose, numbers put in, names of another network.
    """
    judge = _Judge(truth)
    for sheet, cells in book.sheets.items():
        first: dict[str, Finding] = {}  # of each cell
        for equation in _equations(cells):
            if problem := judge.finding(sheet, equation):
                first.setdefault(problem.cells, problem)
        yield from first.values()


def _equations(cells: Mapping[str, Entry]) -> Iterator[Equation]:
    for at, entry in cells.items():
        text = _text(entry)
        if "=" in text:
            for statement in _STATEMENTS.split(_JOINED.sub(" ", text.replace(":=", "="))):
                yield from _equation(cells, at, statement)
        elif text and labels.quantity(text) and (beside := _beside(cells, at, 1)):
            formula = beside[1]
            if _OPERATORS.search(formula) and "=" not in formula and not labels.quantity(formula):
                yield Equation([Side(at, tuple(tokens(text))), Side(beside[0], tuple(tokens(formula)))], sure=False)


def _equation(cells: Mapping[str, Entry], at: str, statement: str) -> Iterator[Equation]:
    """The equation of one statement of a cell; its last side may stand in a cell to the right."""
    statement = _REFERRED.sub("", _NUMBERED.sub("", statement, count=1).rpartition(":")[2])
    sides = [_side(at, side) for side in statement.split("=")]
    if len(sides) < 2:
        return
    if not sides[-1].pieces and (beside := _beside(cells, at, REACH)):
        if labels.quantity(beside[1]) or beside[1].rstrip().endswith("="):
            return  # a row of labels
        sides[-1:] = [_side(beside[0], side) for side in beside[1].split("=")]
    last, pieces = sides[-1]
    if pieces and not _goes_on(cells, last):
        sides[-1] = Side(last, pieces[:-1] if pieces[-1].text == "+" else pieces)
        yield Equation(sides)


def _side(at: str, text: str) -> Side:
    """One side of an equation; a name of several words, such as 'total error', is one piece."""
    pieces = tokens(text)
    words = 1 < len(pieces) <= WORDS and all(piece.kind == "name" for piece in pieces)
    marked = pieces[:1] and pieces[0].kind == "name" and _MARK.fullmatch("".join(p.typed for p in pieces[1:]))
    if (words or marked) and (name := quantity(typed(pieces))):
        pieces = [Piece("name", name, typed(pieces), pieces[0].gap)]
    return Side(at, tuple(pieces))


def _beside(cells: Mapping[str, Entry], at: str, reach: int) -> tuple[str, str] | None:
    """The address and the text of the next cell to the right, if it holds a text."""
    row, column = place(at)
    for right in range(column + 1, min(column + reach, MAX_COLUMN) + 1):
        if entry := cells.get(address(row, right)):
            text = _text(entry)
            return (address(row, right), text) if text else None
    return None


def _goes_on(cells: Mapping[str, Entry], at: str) -> bool:
    """Whether the formula of a cell is continued in the cell right of it or below."""
    row, column = place(at)
    unfinished = tokens(_text(cells[at]))[-1].text in ("+", "-", "*", "/", "(")
    texts = [_text(cells.get(near)).strip() for near in (address(row, column + 1), address(row + 1, column))]
    return any(text and "=" not in text and (text[0] in "+-−*×·/" or unfinished) for text in texts)


def _text(entry: Entry | None) -> str:
    """The text that a person typed; '' for a number, a formula, and a text that is too long to be a line."""
    value = entry.value if entry and entry.formula is None else None
    typed_in = isinstance(value, str) and not isinstance(value, ErrorValue) and len(value) <= LONGEST
    return str(value) if typed_in else ""


class _Judge:
    """Reads each text once, and holds it against the truth."""

    def __init__(self, truth: Meaning) -> None:
        self.truth = truth
        self.room, self.tries = MAX_PIECES, MAX_REPAIRS
        self.read, self.repair = cache(self._read), cache(self._repair)

    def _read(self, pieces: Pieces, last: bool) -> list[Reading]:
        """Every reading of a side with its numbers; none if it cannot be read."""
        self.room -= len(pieces)
        expressions = readings(pieces, last) if pieces and self.room > 0 else []
        return [Reading(expression, self.numbers(expression)) for expression in expressions]

    def numbers(self, expression: Expression) -> Numbers | None:
        """Its value at each point; None if it has no variable, or one that the network has not."""
        values = [self.truth.value(name) for name in expression.leaves]
        known = [numbers for numbers in values if numbers]
        if not known or len(known) < len(values):
            return None
        evaluate, leaves = Evaluator([expression.root]), expression.leaves.values()
        return tuple(evaluate(dict(zip(leaves, point, strict=True)))[0] for point in zip(*known, strict=True))

    def finding(self, sheet: str, equation: Equation) -> Finding | None:
        """The first side that contradicts what the equation is about, as a finding."""
        for (about, first), *rest in self.chains(equation.sides):
            for side, read in rest if all(reading.expression.single for reading in first) else ():
                numbers = self.contradicted(about, first, side, read)
                if numbers and (equation.sure or not self.another(first, read)):
                    left, text, root = typed(about.pieces), typed(side.pieces), first[0].expression.root
                    repaired, change = self.repair(side.pieces, numbers)
                    right = repaired or (self.truth.text(root.name or "") if root.op == "variable" else "")
                    expected = f"{left} = {right}" if right else f"a formula that is equal to {left}"
                    why = f"it is not {left}" + (f": with {change} it is" if change else "")
                    return finding("text", (sheet, side.address), f"{left} = {text}", expected, why, WARNING)
        return None

    def chains(self, sides: list[Side]) -> Iterator[list[tuple[Side, list[Reading]]]]:
        """Runs of sides that belong together; words between them end a run, a bracket too many leaves out a side."""
        chain: list[tuple[Side, list[Reading]]] = []
        for k, side in enumerate(sides):
            if read := self.read(side.pieces, k == len(sides) - 1):
                chain.append((side, read))
            elif chain and not _unbalanced(side.pieces):
                yield chain
                chain = []
        if chain:
            yield chain

    def contradicted(self, about: Side, first: list[Reading], side: Side, read: list[Reading]) -> Numbers | None:
        """The numbers that a side should be equal to, if it is not in any reading."""
        name = quantity(about.pieces[0].text) if len(about.pieces) == 1 else None
        truths = [self.target(name, side, read)] if name else [reading.numbers for reading in first]
        expected = [numbers for numbers in truths if numbers]
        actual = [reading.numbers for reading in read if reading.numbers]
        if not expected or len(actual) < len(read) or not _general(side.pieces):
            return None
        return expected[0] if all(_differ(a, b) for a in expected for b in actual) else None

    def target(self, name: str, side: Side, read: list[Reading]) -> Numbers | None:
        """The numbers that a formula of a quantity must give; w5 = w5 - eta*g speaks of the next w5."""
        leaves = {leaf for reading in read for leaf in reading.expression.leaves}
        if name in leaves and name[0] in "wb" and "eta" in leaves:
            return self.truth.value(f"{name}_next")
        changes = name.endswith("_next") and "eta" not in leaves
        if name in leaves or changes or len(side.pieces) == 1 or self.truth.given(name):
            return None  # an assignment, a rate put in as a number, another name, or something that is just given
        return self.truth.value(name)

    def another(self, first: list[Reading], read: list[Reading]) -> bool:
        """Whether a formula beside a label is right for another quantity: then it may not belong to the label."""
        names = [other for name in first[0].expression.leaves if "/" not in name for other in siblings(name)]
        others = [numbers for name in names if (numbers := self.truth.value(name))]
        return any(r.numbers and not _differ(numbers, r.numbers) for numbers in others for r in read)

    def _repair(self, pieces: Pieces, numbers: Numbers) -> tuple[str, str]:
        """The line with one small change that gives it these numbers, and the change; '' if there is none."""

        def fits(edited: Sequence[Piece]) -> bool:
            self.tries -= len(edited)
            expressions = readings(edited) if self.tries > 0 else []
            actual = self.numbers(expressions[0]) if expressions else None
            return actual is not None and all(map(_close, actual, numbers))

        return respelt(pieces, fits) or ("", "")


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + ABSOLUTE


def _differ(a: Numbers, b: Numbers) -> bool:
    """At every point; where one is no number, nothing is said."""
    return all(x == x and y == y and not _close(x, y) for x, y in zip(a, b, strict=True))


def _unbalanced(pieces: Pieces) -> bool:
    """Whether a bracket too many or too few is all that is wrong with a side."""
    texts = [piece.text for piece in pieces]
    adjacent = any(b.gap and _ADJACENT.search(f"{a.typed} {b.typed}") for a, b in pairwise(pieces))
    sound = all(p.kind != "other" and (p.kind != "name" or quantity(p.text) or p.text in "dδeσ") for p in pieces)
    return sound and not adjacent and texts.count("(") != texts.count(")")


def _general(pieces: Pieces) -> bool:
    """Whether its numbers are those of a general formula, and not the inputs of one example."""
    for k, piece in enumerate(pieces):
        if piece.kind != "number":
            continue
        before, after = (pieces[j].text if 0 <= j < len(pieces) else "" for j in (k - 1, k + 1))
        term = before in ("", "(", "+", "-") and after in ("", ")", "+", "-")
        alone = piece.text == "1" and "*" in (before, after) and before != "-" and after != "/"
        alone &= typed(pieces[k - 2 : k - 1]) != typed(pieces[k + 2 : k + 3])  # but a*1-a lacks its brackets
        if piece.text not in _GENERAL or alone or (term and piece.text != "1" and before != "-"):
            return False
    return True
