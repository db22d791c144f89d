"""Verdicts for the tests of the reports: a small class of students, and texts that mean harm."""

import math
import re
import unicodedata
from pathlib import Path

from sheetgen.audit.verdict import Judged, Verdict
from sheetgen.audit.verdict import finding as finding_at
from sheetgen.base.finding import Finding

HOSTILE = [
    '=HYPERLINK("http://evil.example","click")',
    "[red]markup[/red] :smile: [link=file:///x]y[/link]",
    "\x1b[31mred\x1b]8;;http://evil\x07link\x1b\\ \x9b2J \x00\x08\x7f",
    "line\nline\r\nline\u2028line\ttab",
    "\ud800 lone \udcff halves \ufffe\uffff",
    "right \u202eot tfel\u202c \u200bzero",
    "<b>&amp;</b> `code` | cell | **bold** @everyone www.evil.example # 1",
    "'; DROP -- ]]> <!-- %s {0}",
    "漢字" * 30,
    "x" * 40_000,
]
WHY = "The error passes through a_h2, so its slope belongs here."


def finding(
    severity: str = "error", cells: str = "AA33:AA100", kind: str = "gradient", sheet: str = "Sheet1"
) -> Finding:
    return finding_at(kind, (sheet, cells), "=N33*(1-N33)", "=P33*(1-P33)", WHY, severity)


def judged(sheet: str = "Sheet1", rows: int = 68, gradients: int = 544, worst: float = 3e-15) -> Judged:
    return Judged(sheet, "A32:AE100", rows, gradients, worst, "AB77")


def class_of(folder: Path) -> list[Verdict]:
    """A right, a wrong, a doubtful and an unreadable workbook."""
    mixed = [
        finding("note", "C34:C100", "drift"),
        finding("warning", "Chart 2", "chart"),
        finding("error", "AB33:AB100"),
        finding("error", "AA33:AA100"),
        finding("error", "AA40", "column"),
    ]
    return [
        Verdict(folder / "ann.xlsx", tables=[judged()], seconds=0.25),
        Verdict(folder / "bob" / "Book1.xlsx", mixed, [judged()], ["Sheet1!B4: OFFSET is not understood"] * 9),
        Verdict(folder / "cid" / "Book1.xlsx", [finding("warning", "B4", "text", "Back Prop")], [judged("Back Prop")]),
        Verdict(folder / "dora.xlsx", problem="dora.xlsx is protected with a password."),
    ]


def hostile(folder: Path) -> list[Verdict]:
    """Every hostile text in every place that holds a text."""
    found = []
    for k, one in enumerate(HOSTILE):
        everywhere = finding_at("gradient", (one, "B2:B9"), one, one, one)
        odd = finding_at(one, (one, one), one, one, one, "warning")
        name = re.sub(r"[\x00/]", "_", one)[:100].strip() + f"{k}.xlsx"
        found.append(Verdict(folder / name, [odd, everywhere], [Judged(one, "A1:C9", 8, 16, math.inf, one)], [one] * 3))
        found.append(Verdict(folder / f"x{name}", problem=one))
    return found


def safe(shown: str) -> None:
    """Nothing that a terminal, XML or an editor would act on."""
    bad = {c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")}
    assert bad <= {"\u200b"}  # which Markdown has after an @
