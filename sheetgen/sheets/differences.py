"""Finite differences: a second opinion on every gradient of the row shown, right for any input the reader types."""

from __future__ import annotations

from collections.abc import Mapping

from sheetgen.book import Book, Sheet
from sheetgen.cell import Cell, Evaluator, add, forward_order, mul
from sheetgen.cells.ops import ACTIVATIONS, OPS
from sheetgen.digits import scientific
from sheetgen.formula import show
from sheetgen.layout import guarded, letter
from sheetgen.plan import DIFFERENCES, START, Plan, of_row, value
from sheetgen.sheets.moved import RELATIVE
from sheetgen.sheets.network import Panel
from sheetgen.sheets.recomputation import Places, Scale

HEAD = 8  # the row of the table's headings
EPSILON_ROW = 5
VERDICT = "$E$4"
TOO_SMALL = "too small"  # less than the difference may be off: nothing is measured
UNDECIDED = "–"  # a moved weight makes E run off to infinity, or it has: there is nothing to compare
MOST = 64  # weights that are moved: the workings are two rows and a column for each
KINK = "kink"  # a ReLU unit switches between the two passes: E has no derivative there, and nothing to compare

SUBTITLE = (
    "E is computed live twice for every weight, once with the weight a little larger and once a little smaller: "
    "(E₊ − E₋) / 2ε must agree with the gradient that backpropagation gives. It holds for any inputs you type."
)


def write(book: Book, plan: Plan, panel: Panel, places: Places) -> None:
    """Write the sheet Finite differences, and define `differences_verdict`."""
    sheet = book.sheet(DIFFERENCES, "Finite differences: the gradients, numerically", SUBTITLE)
    book.link(sheet, 3, 0, START, "← Start", "Back to the index")
    parameters = spread(list(plan.program.next))
    top = HEAD + len(parameters) + 5  # of the workings
    sheet.set_column(0, 0, 13)
    sheet.set_column(1, 41 + len(parameters), 14)
    _top(book, sheet, plan, places.step)
    workings = _Workings(plan, panel, parameters, places, top)
    workings.write(book, sheet)
    _table(book, sheet, plan, panel, workings)
    right = 2 + len(workings.cells)
    sheet.print_area(0, 0, top + 2 * len(parameters), right)
    sheet.freeze_panes(HEAD, 1)
    sheet.protect("", {"select_locked_cells": True, "select_unlocked_cells": True, "format_columns": True})


def spread(parameters: list[Cell], most: int = MOST) -> list[Cell]:
    """All of a small network's parameters; of a large one as many as the sheet has room for, from first to last."""
    n = len(parameters)
    return parameters if n <= most else [parameters[k * (n - 1) // (most - 1)] for k in range(most)]


def _shown(scale: Scale) -> str:
    """The formula of a number of the row shown."""
    return of_row(f"INDEX({scale.range},row_number+1,1)")


def _top(book: Book, sheet: Sheet, plan: Plan, step: Scale) -> None:
    sheet.put(4, 0, "row shown", book.style("bold"))
    sheet.put(4, 1, 0, book.style("bold", "left", "whole"), "row_number")
    sheet.put(EPSILON_ROW, 0, "step ε", book.style("bold"))
    sheet.put(EPSILON_ROW, 1, step.first, book.style("bold", "left", "relative"), _shown(step))
    notes = []
    if (n := len(plan.program.next)) > MOST:
        notes.append(f"{MOST} of the {n:,} weights and biases are compared, evenly spread.")
    if plan.program.spec.kinked:
        notes.append(f"“{KINK}”: a ReLU unit switches within ±ε, where E has no derivative.")
    if notes:
        sheet.put(EPSILON_ROW + 1, 0, " ".join(notes), book.style("muted"))


class _Workings:
    """Two forward passes per weight: a row each, in which one weight is moved by ε."""

    def __init__(self, plan: Plan, panel: Panel, parameters: list[Cell], places: Places, top: int):
        self.plan, self.panel, self.parameters, self.places, self.top = plan, panel, parameters, places, top
        self.step = float(places.step.first)  # that of row 0, where nothing has run off yet
        net = plan.program.network
        known = {id(c) for c in (*plan.program.next, *plan.program.constants)}
        reached = forward_order(net.loss)
        kept = {id(c) for c in reached} - known
        self.cells = [*parameters, *(c for c in plan.program.columns if id(c) in kept)]
        # Which ReLU units are on, as one number that differs where any of them switches.
        kinked = [c for c in reached if c.op in ACTIVATIONS and OPS[c.op].at_zero]
        on = [mul(k, c.apply("step")) for k, c in enumerate(kinked, 1)]
        self.on = add(*on).named("units on") if on else None
        self.cells += [self.on] if self.on else []
        self.letters = {id(c): letter(2 + k) for k, c in enumerate(self.cells)}
        columns = plan.program.columns
        first = dict(zip(columns, next(iter(plan.rows(columns))), strict=True))
        self.now: Mapping[Cell, float] = {**plan.program.constants, **{p: first[p] for p in plan.program.next}}
        self.error: dict[tuple[int, int], float] = {}  # (weight, sign) -> E
        self.switched: dict[tuple[int, int], float] = {}  # (weight, sign) -> which units are on

    def row(self, k: int, sign: int) -> int:
        """The row in which the k-th weight is moved up or down."""
        return self.top + 2 + 2 * k + (0 if sign > 0 else 1)

    def write(self, book: Book, sheet: Sheet) -> None:
        """The block of forward passes below the table."""
        sheet.put(self.top, 0, "Workings: a forward pass for every weight, moved up and down", book.style("section"))
        heads = ["weight", "moved by", *(c.name or "" for c in self.cells)]
        for k, name in enumerate(heads):
            sheet.put(self.top + 1, k, name, book.style("head", "center"))
        forms = [self.plan.style(c.name or "") for c in self.cells]
        last = self.row(len(self.parameters), 1) - 1
        scientific(book, sheet, (self.top + 1, 2, last - 1, 1 + len(self.cells)), *forms)
        evaluate = Evaluator(self.cells)
        step = self.step
        for k, p in enumerate(self.parameters):
            for sign in (1, -1):
                row = self.row(k, sign)
                sheet.put(row, 0, p.name, book.style("cell", "center"))
                sheet.put(
                    row, 1, sign * step, book.style("cell", "relative"), of_row(f"{sign}*$B${EPSILON_ROW}")
                )
                numbers = evaluate({**self.now, p: self.now[p] + sign * step})
                for column, (c, x, form) in enumerate(zip(self.cells, numbers, forms, strict=True), 2):
                    sheet.put(row, column, value(x), book.style("cell", form), self._formula(c, row))
                by_cell = dict(zip(self.cells, numbers, strict=True))
                self.error[k, sign] = by_cell[self.plan.program.network.loss]
                self.switched[k, sign] = by_cell[self.on] if self.on else 0

    def _formula(self, c: Cell, row: int) -> str:
        head = f"{self.letters[id(c)]}${self.top + 1}"
        if c in self.now:
            text = f"{self.panel.number[c.name or '']}+IF($A{row}={head},$B{row},0)"
        else:
            places = {k: f"{column}{row}" for k, column in self.letters.items() if k != id(c)}
            still = {id(p): self.panel.number[p.name or ""] for p in self.plan.program.next}
            text = show(c, lambda x: places.get(id(x)) or still.get(id(x)) or self.plan.names.get(x))
        return of_row(guarded(text, self.plan.program.spec.bounded))


def _table(book: Book, sheet: Sheet, plan: Plan, panel: Panel, workings: _Workings) -> None:
    heads = ("weight", "numeric", "analytic", "difference", "allowed", "verdict")
    for k, name in enumerate(heads):
        sheet.put(HEAD, k, name, book.style("head", "center"))
    loss = plan.program.network.loss
    gradients = dict(
        zip([g.name for g in plan.program.columns], next(iter(plan.rows(plan.program.columns))), strict=True)
    )
    column, eps = workings.letters[id(loss)], f"$B${EPSILON_ROW}"
    step, rounding = workings.step, float(workings.places.rounding.first)
    verdicts: list[str] = []
    for k, g in enumerate(spread(list(plan.program.gradients))):
        row = HEAD + 1 + k
        up, down = workings.row(k, 1), workings.row(k, -1)
        numeric = (workings.error[k, 1] - workings.error[k, -1]) / (2 * step)
        analytic = gradients[g.name]
        allowed = value(RELATIVE * max(abs(numeric), abs(analytic)) + rounding, "–")
        difference = 0.0 if value(numeric) == value(analytic) else value(abs(numeric - analytic), "–")
        passed = isinstance(difference, float) and (isinstance(allowed, str) or difference <= allowed)
        kink = workings.switched[k, 1] != workings.switched[k, -1]
        vague = passed and difference != 0 and isinstance(allowed, float) and allowed > max(abs(numeric), abs(analytic))
        verdicts.append(KINK if kink else TOO_SMALL if vague else "PASS" if passed else "FAIL")
        sheet.put(row, 0, workings.parameters[k].name, book.style("cell", "center"))
        guarded = of_row(f'IFERROR(({column}{up}-{column}{down})/(2*{eps}),"diverged")')
        form = book.style("cell", plan.style(g.name or ""))
        sheet.put(row, 1, value(numeric), form, guarded)
        sheet.put(row, 2, value(analytic), form, panel.number[g.name or ""])
        apart = f'IFERROR(IF(B{row}=C{row},0,ABS(B{row}-C{row})),"–")'
        sheet.put(row, 3, difference, book.style("cell", "relative"), apart)
        limit = f"0.000001*MAX(ABS(B{row}),ABS(C{row}))+{_shown(workings.places.rounding)}"
        sheet.put(row, 4, allowed, book.style("cell", "relative"), f'IFERROR({limit},"–")')
        undecided = f'IF(OR(ISNUMBER(B{row}),ISERROR(C{row})),"FAIL","{UNDECIDED}")'
        small = f"AND(D{row}<>0,E{row}>MAX(ABS(B{row}),ABS(C{row})))"
        passes = f'IF(IFERROR({small},FALSE),"{TOO_SMALL}","PASS")'
        verdict = f'IF(ISNUMBER(D{row}),IF(D{row}<=E{row},{passes},"FAIL"),{undecided})'
        if workings.on:
            on = workings.letters[id(workings.on)]
            verdict = f'IF({on}{up}<>{on}{down},"{KINK}",{verdict})'
        sheet.put(row, 5, verdicts[-1], book.style("cell", "center"), of_row(verdict))
    scientific(book, sheet, (HEAD, 1, HEAD + len(verdicts) - 1, 2), "small")
    excused = [TOO_SMALL, *([KINK] if workings.on else []), *([] if plan.program.spec.bounded else [UNDECIDED])]
    _verdict(book, sheet, verdicts, excused)


def _verdict(book: Book, sheet: Sheet, verdicts: list[str], excused: list[str]) -> None:
    n = len(verdicts)
    whole = "FAIL" if "FAIL" in verdicts else TOO_SMALL if set(verdicts) == {TOO_SMALL} else "PASS"
    block = f"$F${HEAD + 1}:$F${HEAD + n}"
    sheet.put(4, 3, "verdict", book.style("muted", "right"))
    excuses = "".join(f'+COUNTIF({block},"{word}")' for word in excused)
    passes = f'IF(COUNTIF({block},"{TOO_SMALL}")={n},"{TOO_SMALL}","PASS")'
    verdict = of_row(f'IF(COUNTIF({block},"PASS"){excuses}={n},{passes},"FAIL")')
    sheet.put(4, 4, whole, book.style("verdict"), verdict)
    book.name("differences_verdict", DIFFERENCES, VERDICT)
    for area in ((3, 4, 3, 4), (HEAD, 5, HEAD + n - 1, 5)):
        first = f"{letter(area[1])}{area[0] + 1}"
        for word, look in (("PASS", "pass"), ("FAIL", "fail")):
            rule = {"type": "formula", "criteria": f'={first}="{word}"', "format": book.conditional(look)}
            sheet.conditional_format(*area, rule)
