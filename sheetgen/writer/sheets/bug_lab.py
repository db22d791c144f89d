"""The bug lab of the sheet Laboratory: a list of slips, what the chosen one changes, and which checks notice it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sheetgen.network import slips
from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.digits import scientific, text_of
from sheetgen.writer.plan import LABORATORY
from sheetgen.writer.sheets.common import (
    Box,
    InputRule,
    colour,
    colour_words,
    curve,
    heads,
    insert,
    limit,
    merge,
)
from sheetgen.writer.sheets.plotted import speak
from sheetgen.writer.sheets.second_run import ABSOLUTE, APART, RELATIVE, TRAINING_E, SecondRun
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

TITLE, NAME, RIGHT, WRONG, ABOUT = range(5)  # columns of the list of slips
COLUMNS = 6
LAST = 5  # the last column of what a person reads
FIRST_SLIP = 1  # what is chosen at first: the commonest
NO_SLIP = "no such slip"
EYE, RELATIVELY, ABSOLUTELY = "eye", "relative", "absolute"
NOTICES, MISSES, NOTHING = "notices it", "misses it", "nothing to notice"
CHART = 622, 200  # pixels
NUMBER_ROW = 3  # of the number of the slip, above the list


class Check(NamedTuple):
    """Somebody who looks: what is compared, how, and the difference that is let pass."""

    text: str
    kind: str
    allowed: float


CHECKS = (
    Check("the eye, at the curves", EYE, 0.01),
    Check("a check of every number, relative", RELATIVELY, 1e-3),
    Check("the same, of plain differences", ABSOLUTELY, 1e-6),
    Check("a finer check, relative", RELATIVELY, 1e-6),
    Check("the check of this workbook", RELATIVELY, 1e-9),
)


def places(column: int) -> tuple[str, str, str]:
    """The addresses of the number of the slip, of the input that one of them types over, and of next to nothing."""
    number, typed, tiny = (f"${letter(column + k)}${NUMBER_ROW}" for k in (1, 3, 5))
    return number, typed, tiny


def write(sheet: Sheet, second: SecondRun, row: int, column: int) -> None:
    """Write the lab from a row on, its list from a column on, and the second training."""
    lab = _Lab(sheet, second, row, column)
    lab.offer()
    lab.choose()
    lab.checks(row + 6)
    lab.lesson(row + 3)
    lab.chart(row + 12)
    second.write(sheet, FIRST_SLIP)


class _Lab:
    def __init__(self, sheet: Sheet, second: SecondRun, row: int, column: int):
        self.sheet, self.second, self.row, self.column = sheet, second, row, column
        self.titles = [slips.RIGHT, *(f"{k}  {slip.title}" for k, slip in enumerate(second.slips, 1))]
        self.chosen = f"$B${row}"
        self.number = places(column)[0]
        self.top = row + 1  # of the list
        self.texts = self.top + len(self.titles) + 3  # pieces of the sentences
        self.rows = second.updates + 1

    def _range(self, k: int) -> str:
        at = letter(self.column + k)
        return f"${at}${self.top}:${at}${self.top + len(self.titles) - 1}"

    def _of_slip(self, k: int) -> str:
        """The formula of a text of the slip that is put in."""
        return f"INDEX({self._range(k)},IF(ISNUMBER({self.number}),{self.number},0)+1,1)"

    def offer(self) -> None:
        """The list of slips, and the number of the chosen one."""
        sheet, at = self.sheet, self.column
        names = ("slip", "first wrong", "right", "with the slip", "what is wrong", "where")
        heads(sheet, self.row, at, names, "l")
        rows = [(self.titles[0], "", "as on the sheet Training", "nothing is changed", "", "")]
        for k, slip in enumerate(self.second.slips):
            of_slip = slip.name, slip.right, slip.wrong, slip.about
            rows.append((self.titles[k + 1], *of_slip, self.second.where(k)))
        for row, texts in enumerate(rows, self.top):
            for k, text in enumerate(texts):
                sheet.put(row, at + k, text, "muted")
        sheet.put(NUMBER_ROW, at, "number of the slip", "muted")
        found = f'IFERROR(MATCH({self.chosen},{self._range(0)},0)-1,"{NO_SLIP}")'
        sheet.live(NUMBER_ROW, at + 1, found, "muted", "general")
        sheet.put(NUMBER_ROW, at + 2, f"{self.second.second.typed.name} of the second training", "muted")
        sheet.live(NUMBER_ROW, at + 3, self.second.typed, "muted", "general")
        sheet.put(NUMBER_ROW, at + 4, "added to divisors", "muted")
        sheet.put(NUMBER_ROW, at + 5, 1e-300, "muted", "relative")

    def choose(self) -> None:
        """The cell for the slip, and the formulas that it is about."""
        sheet, row = self.sheet, self.row
        area = row - 1, 1, row - 1, LAST
        sheet.put(row, 0, "the slip", "bold")
        merge(sheet, area, "input", "bold", "indent")
        sheet.put(row, 1, self.titles[FIRST_SLIP], "input", "bold", "indent")
        hint = "Put a slip in", "Choose one from the list: the second training makes it, in every row."
        complaint = NO_SLIP, "Choose a slip from the list."
        limit(sheet, area, InputRule("list", source=f"={self._range(0)}", hint=hint, complaint=complaint))
        for k, (name, look) in enumerate((("right", "pass"), ("with the slip", "fail")), 1):
            sheet.put(row + k, 0, name, "muted")
            name, text = self._of_slip(NAME), self._of_slip(RIGHT if k == 1 else WRONG)
            text = f'IF(ISNUMBER({self.number}),{name}&IF({self.number}>0," = ","")&{text},"")'
            area = row + k - 1, 1, row + k - 1, LAST
            merge(sheet, area, "formula", "shrink")
            sheet.live(row + k, 1, text, "formula", "shrink")
            colour(sheet, area, f"AND(ISNUMBER({self.number}),{self.number}>0)", look)

    def checks(self, row: int) -> None:
        """Who looks, what they allow, what they find, and whether they notice the slip."""
        sheet = self.sheet
        heads(
            sheet,
            row,
            0,
            ("who looks", None, "allows up to", "largest difference", f"rows, of {self.rows}", "verdict"),
            "llcccc",
        )
        for k, check in enumerate(CHECKS, row + 1):
            sheet.put(k, 0, check.text, "cell")
            sheet.put(k, 1, None, "cell")
            look = ("percent, short", "percent") if check.kind == EYE else ("beyond, narrow", "relative")
            sheet.put(k, 2, check.allowed, "cell", "center", look[0])
            sheet.live(k, 3, self._largest(check), "cell", "center", look[1])
            sheet.live(k, 4, self._noticed(check, f"$C${k}"), "cell", "center", "whole")
            word = f'IF(E{k}>0,"{NOTICES}",IF(COUNT({self.second.errors[1]})=0,"{NOTHING}","{MISSES}"))'
            sheet.live(
                k,
                5,
                f'IF(AND(ISNUMBER({self.number}),inputs_no_number=0),IF({self.number}=0,"{NOTHING}",{word}),"{NOTHING}")',
                "cell",
                "verdict",
            )
        area = row, 5, row + len(CHECKS) - 1, 5
        colour_words(sheet, area, words=((NOTICES, "pass"), (MISSES, "fail")))
        scientific(sheet, (row, 3, row, 3), "percent", look="beyond, short")
        self.first_check = row + 1

    def _differences(self, check: Check) -> str:
        """What is looked at: how far every row is off."""
        return self.second.range({EYE: APART, RELATIVELY: RELATIVE, ABSOLUTELY: ABSOLUTE}[check.kind])

    def _largest(self, check: Check) -> str:
        most = f"MAX({self._differences(check)})"
        if check.kind == EYE:
            return f'IFERROR(IF(SIGN({self._height})>0,{most}/{self._height},0),"–")'
        return most

    @property
    def _height(self) -> str:
        return f"${letter(self.column + 1)}${self.texts + 1}"

    def _noticed(self, check: Check, allowed: str) -> str:
        """How many rows differ by more than is allowed."""
        limit = f"{allowed}*{self._height}" if check.kind == EYE else allowed
        return f'IFERROR(COUNTIF({self._differences(check)},">"&{limit}),0)'

    def _pieces(self) -> dict[str, str]:
        """Cells that the sentences are made of: what they hold, and their addresses."""
        s, c = self.second, self.first_check
        loss = s.run.program.network.loss
        own, right = s.column(loss), s.range(TRAINING_E)
        last = f"${s.letters[loss]}${s.last}", f"${letter(s.measures + TRAINING_E)}${s.last}"
        begin = f"${s.letters[loss]}${s.head + 1}"
        formulas = {
            "height of the chart": f"MAX({own},{right})",
            "wrong by": f'"up to "&{text_of(f"$D${c + 1}*100", 2)}&" %"',  # in the worst row
            "curves apart by": f'{text_of(f"$D${c}*100", 2)}&" %"',
            "all rows": f'IF($E${c + 4}={self.rows},"in every row","in "&$E${c + 4}&" of {self.rows} rows")',
            "in the end": f'IFERROR(IF({last[0]}>{begin}," It even rises.",IF({last[0]}<{last[1]}*0.99,'
            f'" In the end the wrong one is even lower.","")),"")',
            "what": self._of_slip(ABOUT),
        }
        at = {}
        for k, (name, formula) in enumerate(formulas.items(), self.texts + 1):
            self.sheet.put(k, self.column, name, "muted")
            self.sheet.live(k, self.column + 1, f'IFERROR({formula},"")', "muted", "general")
            at[name] = f"${letter(self.column + 1)}${k}"
        return at

    def lesson(self, row: int) -> None:
        """One or two sentences on what is to be learnt."""
        sheet, c = self.sheet, self.first_check
        at = self._pieces()
        what, wrong, apart = at["what"], at["wrong by"], at["curves apart by"]
        missed = [f'$F${c + k}="{MISSES}"' for k in range(len(CHECKS))]
        only = f'"notices it, "&{at["all rows"]}&"."'
        perfect = (
            f'"The loss curve looks perfect, yet "&{what}&" is wrong by "&{wrong}&". A check at 1e-3 lets that pass"'
            f'&IF({missed[2]},". So does a check of plain differences at 1e-6, for the numbers are small",""'
            f')&". Only a check relative to the number, at 1e-6, or better at 1e-9, "&{only}'
        )
        tiny = f'"The loss curve looks perfect, and 1e-6 passes it, too: only 1e-9 "&{only}'
        plain = (
            f'"The loss curve looks right, yet "&{what}&" is wrong by "&{wrong}&". A curve that falls proves nothing: '
            f'compare the numbers."'
        )
        seen = (
            f'"The curves part, by "&{apart}&" of the height."&{at["in the end"]}&" But would you know without the '
            f'right curve beside it? The numbers tell, without a second curve."'
        )
        nothing = '"With these inputs the slip changes nothing that a check at 1e-9 could see."'
        none = (
            f'IF({at["height of the chart"]}*0.000000001>=MAX({self.second.range(APART)}),"Without a slip the second '
            f"training is the sheet Training's, to 1e-9 in every row: what you see with a slip is the slip's doing.\","
            f'"Without a slip the second training should be the sheet Training\'s, and it is not: a cell is broken.")'
        )
        text = f"IF({missed[3]},{tiny},{perfect})"
        text = f"IF({missed[4]},{nothing},IF({missed[0]},IF({missed[1]},{text},{plain}),{seen}))"
        text = f"IF({self.number}=0,{none},{text})"
        choose = '"There is no such slip: choose one from the list. Until then none is put in."'
        loss = self.second.run.program.network.loss
        empty = '"No row of the second training holds a number: all ran off to infinity."'
        text = f"IF(inputs_no_number>0,input_to_mend,IF(COUNT({self.second.column(loss)})=0,{empty},{text}))"
        merge(sheet, (row - 1, 0, row + 1, LAST), "wrap")
        sheet.live(row, 0, f"IF(ISNUMBER({self.number}),{text},{choose})", "wrap")
        colour(sheet, (row - 1, 0, row + 1, LAST), f"ISTEXT({self.number})", "note")

    def chart(self, row: int) -> None:
        """Both loss curves."""
        s, sheet = self.second, self.sheet
        kind = {"type": "scatter", "subtype": "straight"}
        chart: Chart = sheet.book.chart(kind, "", Axes("update", "E_total", across=(0, s.updates), whole=True))
        chart.set_title({"none": True})
        dashed = {"line": {**style.series_line(1, 2.25), "dash_type": "dash"}}
        on = quoted(LABORATORY)
        for k, (name, (x, y)) in enumerate(zip(self._names(), s.curves, strict=True)):
            curve(chart, k, name, f"{on}!{x}", f"{on}!{y}", **(dashed if k else {}))
        self._speak(chart)
        font = style.label_font()
        chart.set_legend({"position": "top", "font": font, "delete_series": [2]})
        chart.show_hidden_data()
        what = "Line chart: E_total of the right training and of the one with the slip, against the update."
        insert(sheet, chart, Box((row - 1, 0), (2, 2), CHART), what)

    def _names(self) -> list[str]:
        """What the curves are called, in cells."""
        row = self.texts + 11
        for k, text in enumerate(("right", "with the slip")):
            self.sheet.put(row, self.column + k, text, "muted")
        return [f"={quoted(LABORATORY)}!${letter(self.column + k)}${row}" for k in (0, 1)]

    def _speak(self, chart: Chart) -> None:
        """What the chart says where no row can be drawn."""
        row = self.texts + 10
        drawn = f"COUNT({','.join(self.second.errors)})"
        values: Sequence[str] = (
            f'IF({drawn}>0," ","no row holds a number")',
            f"{self.second.updates}/2",
            f"IF({drawn}>0,0,0.5)",
        )
        for k, formula in enumerate(values):
            self.sheet.live(row, self.column + k, formula, "muted", "general")
        speak(chart, LABORATORY, row, self.column)
