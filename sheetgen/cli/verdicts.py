"""The report that a student reads: the verdict, then every finding with what is there and what should be."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sheetgen.audit.show.text import SUMMARY, kind, ordered, parts, short, summary, total, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import NOTE, SEVERITIES, Finding
from sheetgen.base.text import plain

MOST = 50  # findings of one severity that are shown of one file
MOST_UNREAD = 5
LONGEST = 600  # characters

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}
VERDICTS = {"right": "green", "doubtful": "yellow", "wrong": "red", "not judged": "magenta"}
NARROWEST = 20  # a text is not broken into shorter lines


def show(verdicts: Sequence[Verdict], out: Console) -> None:
    """Print the verdict on each file; for several, a summary at the end."""
    for verdict in verdicts:
        _file(verdict, out)
    if len(verdicts) > 1:
        out.print(_summary(verdicts))
        out.print()
        _say(out, "", total(list(verdicts)), "bold")


def _file(verdict: Verdict, out: Console) -> None:
    _say(out, "", plain(verdict.path), "bold")
    _say(out, "  ", plain(verdict.sentence()), VERDICTS[verdict.word])
    for severity in SEVERITIES:
        findings = [finding for finding in ordered(verdict) if finding.severity == severity]
        for finding in findings[:MOST]:
            _finding(finding, out)
        if len(findings) > MOST:
            out.print()
            _say(out, "  ", f"and {len(findings) - MOST:,} more {severity}s", STYLES[severity])
    if verdict.unread:
        out.print()
        _say(out, "  ", f"not understood, so not judged: {verdict.unread_cells:,}", "dim")
        for text in verdict.unread[:MOST_UNREAD]:
            _say(out, "      ", plain(text, LONGEST), "dim")
        if len(verdict.unread) > MOST_UNREAD:
            _say(out, "      ", f"and {verdict.unread_cells - MOST_UNREAD:,} more", "dim")
    out.print()


def _finding(finding: Finding, out: Console) -> None:
    style = STYLES[finding.severity]
    out.print()
    place = where(finding.sheet, finding.cells)
    _say(out, f"  {finding.severity:>9}  ", f"{place}  {kind(finding)}" if place else kind(finding), style)
    dim = "dim" if finding.severity == NOTE else ""
    for label, text in parts(finding):
        _say(out, f"  {label:>9}  ", plain(text, LONGEST), dim)


def _say(out: Console, label: str, text: str, style: str) -> None:
    """A text after a label. On a terminal it is broken into lines below each other, and nothing is cut off."""
    body = Text(text, style)
    lines = [body]
    if out.is_terminal:
        lines = list(body.wrap(out, max(out.width - len(label), NARROWEST), overflow="fold"))
    for k, line in enumerate(lines):
        line.rstrip()
        out.print(Text.assemble((label if k == 0 else " " * len(label), "dim"), line), soft_wrap=True)


def _summary(verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in SUMMARY:
        table.add_column(head, justify="right" if head in ("errors", "warnings") else "left", overflow="fold")
    for verdict, name in zip(verdicts, short(verdicts), strict=True):
        table.add_row(name, Text(verdict.word, VERDICTS[verdict.word]), *summary(verdict))
    return table
