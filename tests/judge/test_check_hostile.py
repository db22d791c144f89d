"""What a stranger may write into a file of ours: `check` and `grad` end, with a verdict or one sentence.

Every file is judged in a process of its own, whose processor time is bounded: a busy machine makes no test fail.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from mutants import edit, part
from packages import HOSTILE

from sheetgen.excel import UnreadableWorkbook, read
from sheetgen.excel.a1 import address, column_letters
from sheetgen.grad.result import grad
from sheetgen.grad.reverse import CannotDifferentiate
from sheetgen.grad.where import NoSuchCell
from sheetgen.judge import engines
from sheetgen.judge.check import check
from sheetgen.judge.provenance import NoTemplate
from sheetgen.reader import Formulas
from sheetgen.spec import SpecError

CPU, MEMORY = 60, 4 << 30  # seconds and bytes, PyTorch's included; on an idle machine none takes 10
ENGINES = ("IronCalc",)  # LibreOffice is a process with a time limit of its own
REFUSALS = (NoTemplate, SpecError, UnreadableWorkbook, NoSuchCell, CannotDifferentiate)
Said = tuple[str, str]  # 'verdict' or 'refused', and what was said

DRAWING, CHART, BOOK = "xl/drawings/drawing1.xml", "xl/charts/chart1.xml", "xl/workbook.xml"
NETWORK, TRAINING, TEXTS = part("Network"), part("Training"), "xl/sharedStrings.xml"
HUGE = "9" * 30


def checked(path: Path) -> str:
    """What `check` finds, line by line."""
    return "\n".join(f"{f.kind} {f.sheet}!{f.cells} {f.message}" for f in check(path, ENGINES).findings)


def recalculated(path: Path) -> str:
    """What the engine says that reads every range in Python."""
    return f"{len(engines.ENGINES['formulas patterns'](path).not_evaluated)} not evaluated"


def differentiated(path: Path) -> str:
    """What `grad` says of a cell that most of the workbook leads to."""
    result = grad(Formulas(read(path)), "Training!X26", ["Network!B9:B11"], seconds=1)
    return result.summary()


def _work(pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        judge, path = pipe.recv()
        signal.setitimer(signal.ITIMER_PROF, CPU)  # of processor time; then SIGPROF ends the process
        try:
            answer = "verdict", judge(path)
        except REFUSALS as error:
            answer = "refused", str(error)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(answer)


class Judges:
    """A process that judges one file after the other, and is started again when one has ended it."""

    def __init__(self) -> None:
        self.process: Any = None

    def __call__(self, judge: Callable[[Path], str], path: Path) -> Said:
        """What is said of a file; a judge that does not end, or that fails, says nothing."""
        if self.process is None:
            context = multiprocessing.get_context("forkserver")
            self.pipe, far = context.Pipe()
            self.process = context.Process(target=_work, args=(far,), daemon=True)
            self.process.start()
            far.close()
        self.pipe.send((judge, path))
        try:
            said: Said = self.pipe.recv()
        except EOFError:
            code = self.stop()
            pytest.fail(f"{judge.__name__} gave no answer and ended with {code}")
        return said

    def stop(self) -> int | None:
        """End it, if it has not ended; its exit code."""
        self.process.join(1)
        self.process.kill()
        self.process.join()
        code: int | None = self.process.exitcode
        self.process = None
        return code


@pytest.fixture(scope="module")
def bounded() -> Iterator[Judges]:
    judges = Judges()
    yield judges
    if judges.process is not None:
        judges.stop()


def after(tag: str, text: str) -> Callable[[str], str]:
    """Put a text behind the first of a tag."""
    return lambda xml: xml.replace(tag, tag + text, 1)


def sub(pattern: str, text: str) -> Callable[[str], str]:
    return lambda xml: re.sub(pattern, text, xml, count=1)


def many(pattern: str, count: int = 20_000) -> str:
    return "".join(pattern.format(k=k, c=column_letters(k % 16_384 + 1)) for k in range(1, count + 1))


def merges(pattern: str) -> str:
    return f"<mergeCells>{many(f'<mergeCell ref={chr(34)}{pattern}{chr(34)}/>')}</mergeCells>"


FAR = '<row r="9999999"><c r="A9999999"><v>1</v></c></row>'
NAME = '<definedName name="n{k}_">Network!$B$9+n{k}_</definedName>'
RULE = '<cfRule type="expression" priority="{k}"><formula>SUM($A:$XFD)&gt;{k}</formula></cfRule>'
FORMAT = f'<conditionalFormatting sqref="A{{k}}:XFD1048576">{RULE}</conditionalFormatting>'


def formulas(text: str, count: int = 300) -> Callable[[str], str]:
    """Rows of formulas behind those of the sheet; {k} counts them."""
    row = '<row r="{n}"><c r="A{n}"><f>{text}</f><v>0</v></c></row>'
    rows = [row.format(n=9_000 + k, text=text.format(k=k)) for k in range(count)]
    return lambda xml: xml.replace("</sheetData>", f"{''.join(rows)}</sheetData>")


MUTANTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "a column below 0": (DRAWING, sub(r"<xdr:col>[1-9]\d*<", "<xdr:col>-4<")),
    "a row below 0": (DRAWING, sub(r"<xdr:row>[1-9]\d*<", "<xdr:row>-4<")),
    "both corners below 0": (DRAWING, lambda xml: re.sub("<xdr:(col|row)>", r"<xdr:\1>-9", xml)),
    "a column far away": (DRAWING, sub(r"<xdr:col>[1-9]\d*<", f"<xdr:col>{HUGE}<")),
    "a row far away": (DRAWING, sub(r"<xdr:row>[1-9]\d*<", "<xdr:row>1048577<")),
    "a column that is no number": (DRAWING, sub(r"<xdr:col>[1-9]\d*<", "<xdr:col>1e9<")),
    "many drawings": (DRAWING, lambda xml: re.sub("(<xdr:twoCellAnchor.*</xdr:twoCellAnchor>)", r"\1" * 300, xml)),
    "a chart of all cells": (CHART, lambda xml: re.sub("<c:f>[^<]*<", "<c:f>Training!$A$1:$XFD$1048576<", xml)),
    "a chart that counts on": (CHART, lambda xml: re.sub('<c:ptCount val="[^"]*"', f'<c:ptCount val="{HUGE}"', xml)),
    "columns below 0": (NETWORK, sub('<col min="1"', '<col min="-99999999"')),
    "columns far away": (NETWORK, sub('max="2"', f'max="{HUGE}"')),
    "many columns": (NETWORK, after("<cols>", many('<col min="{k}" max="{k}" width="9"/>', 30_000))),
    "rows far away": (NETWORK, sub('<row r="40"', f'<row r="{HUGE}"')),
    "a row that is below 0": (NETWORK, sub('<row r="40"', '<row r="-90"')),
    "spans of a row": (NETWORK, sub(r'spans="\d+:\d+"', f'spans="-5:{HUGE}"')),
    "the dimension": (NETWORK, sub('<dimension ref="[^"]*"', '<dimension ref="A1:XFD99999999"')),
    "panes": (NETWORK, sub(r'ySplit="\d+"', f'ySplit="{HUGE}" xSplit="-1"')),
    "merges of all": (NETWORK, after("</sheetData>", merges("A1:XFD1048576"))),
    "merges side by side": (NETWORK, after("</sheetData>", merges("{c}{k}:{c}1048576"))),
    "validations of all": (NETWORK, lambda xml: xml.replace('sqref="B4"', f'sqref="{many("A{k}:XFD{k} ", 9_000)}"')),
    "validations of nothing": (NETWORK, lambda xml: xml.replace('sqref="B4"', 'sqref="A0:ZZZ0 -1 A-1"')),
    "formats of all": (NETWORK, after("</sheetData>", many(FORMAT, 5_000))),
    "ignored errors": (TRAINING, sub('ignoredError sqref="[^"]*"', f'ignoredError sqref="{"A1:XFD1048576 " * 5_000}"')),
    "names in a circle": (BOOK, after("<definedNames>", many(NAME, 5_000))),
    "a name of all cells": (BOOK, sub("Network!\\$B\\$10", "Network!$A$1:$XFD$1048576")),
    "a name far away": (BOOK, sub("Network!\\$B\\$10", "Network!$ZZZ$9999999")),
    "a name of a sheet that is not there": (BOOK, sub('localSheetId="5"', f'localSheetId="-{HUGE}"')),
    "a shared formula over all": (TRAINING, sub("<f>0.5", f'<f t="shared" ref="A1:XFD1048576" si="{HUGE}">0.5')),
    "an array formula over all": (TRAINING, sub("<f>0.5\\*", '<f t="array" ref="A1:XFD1048576">0.5*')),
    "array formulas over all": (TRAINING, lambda xml: xml.replace("<f>", '<f t="array" ref="$A$1:$XFD$1048576">')),
    "a data table over all": (TRAINING, sub("<f>0.5[^<]*</f>", f'<f t="dataTable" ref="A1:XFD1048576" r1="A{HUGE}"/>')),
    "sums of columns": (NETWORK, formulas("SUM(A:Z)+{k}", 30)),
    "sums of the sheet": (NETWORK, formulas("SUM(B1:XFD1048576)+{k}", 30)),
    "sums that shrink": (NETWORK, formulas("SUM(A{k}1:Z1048576)")),
    "products of columns": (NETWORK, formulas("SUMPRODUCT(B{k}:C1000000,D{k}:E1000000)", 30)),
    "an index far away": (NETWORK, formulas("INDEX(Training!A1:XFD1048576,9E15,-1E300)", 3)),
    "texts that grow": (NETWORK, formulas("REPT(REPT(&quot;x&quot;,32767),1E9)", 3)),
    "a power of powers": (NETWORK, formulas("9^9^9^9^9", 3)),
    "a circle of all": (NETWORK, formulas("SUM(A9000:A9299)+{k}")),
    "a template of many steps": (TEXTS, sub("--steps 10<", "--steps 1000000000<")),
    "a template of too many steps": (TEXTS, sub("--steps 10<", f"--steps {HUGE * 200}<")),
    "a template with half an option": (TEXTS, sub("--steps 10<", "--steps '10<")),
    "a template of many layers": (TEXTS, sub(r"layers = \[2, 2, 2\]", f"layers = [{', '.join(['64'] * 8_000)}]")),
    "a template of many samples": (TEXTS, sub(r"inputs = \[[^]]*\]", f"inputs = [{'[0.1, 0.2],' * 2_500}]")),
    "a template far away": (part("Template"), after("<sheetData>", FAR)),
}  # fmt: skip


FORMULAS = list(MUTANTS)[list(MUTANTS).index("sums of columns") : list(MUTANTS).index("a template of many steps")]


@pytest.mark.parametrize("name", MUTANTS)
def test_check_and_grad_end(name: str, right: Path, tmp_path: Path, bounded: Judges) -> None:
    changed, change = MUTANTS[name]
    path = edit(right, tmp_path / "book.xlsx", changed, change)
    for judge in (checked, differentiated, *([recalculated] if name in FORMULAS else [])):
        how, said = bounded(judge, path)
        assert how == "verdict" or (said and "\n" not in said), said
        assert len(said) < 1 << 22


def test_the_corner_of_a_drawing_is_told(right: Path, tmp_path: Path, bounded: Judges) -> None:
    for name in ("a column below 0", "a row below 0", "a column far away", "a row far away"):
        path = edit(right, tmp_path / "book.xlsx", *MUTANTS[name])
        if MUTANTS[name][0] == DRAWING:
            assert "A corner of the drawing lies on no cell of the sheet" in bounded(checked, path)[1], name


def test_what_would_take_too_long_is_not_begun_and_said(right: Path, tmp_path: Path, bounded: Judges) -> None:
    for name, said in (
        ("a template of many steps", "PyTorch was not run"),
        ("sums of the sheet", "Network!A9000 refers to 17,178,820,608 cells at once"),
        ("products of columns", "the formulas refer to more than 100,000,000 cells in all"),
        ("a name of all cells", "no engine was asked"),
    ):
        assert said in bounded(checked, edit(right, tmp_path / "book.xlsx", *MUTANTS[name]))[1], name


def test_no_number_has_letters_without_end() -> None:
    assert [column_letters(k) for k in (-4, -1, 0, 1, 16_384)] == ["", "", "", "A", "XFD"]
    assert address(-3, -4) == "-3" and len(column_letters(1 << 62)) < 20


@pytest.mark.parametrize("name", HOSTILE)
def test_what_the_reader_refuses_is_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    HOSTILE[name][0](path)
    for judge in (check, lambda path: grad(Formulas(read(path)), "A1", ["A2"])):
        with pytest.raises(UnreadableWorkbook, match=r"^[^\n]+\.$") as refused:
            judge(path)  # type: ignore[operator]
        assert HOSTILE[name][1] in str(refused.value)
