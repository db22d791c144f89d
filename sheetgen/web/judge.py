"""The Python side of the page: what its worker calls. Files come and go as bytes, verdicts as JSON and pickles.

A verdict that the page keeps is a pickle of its own making, which no file can be.
"""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from typing import Any

from sheetgen.audit.judge import audit
from sheetgen.audit.show import machine, table
from sheetgen.audit.show.comments import write_copy
from sheetgen.audit.show.excerpt import Excerpt
from sheetgen.audit.show.text import kind, ordered, summary, where
from sheetgen.audit.verdict import Verdict, cut_short, too_slow
from sheetgen.base.finding import Finding
from sheetgen.base.text import plain
from sheetgen.excel import read
from sheetgen.excel.instructions import FormulaError
from sheetgen.excel.skeleton import cut
from sheetgen.reader import Formulas, values

DESK = Path("/desk")  # the folder of the one file that is being judged
_SAID = re.compile(r": |, | gives ")  # where a formula ends in a finding, and a sentence goes on
SHOWN = 50  # findings of a file that are shown with their numbers; the reports have all


def call(function: str, arguments: Any) -> Any:
    """Call a function of this module with what the worker hands over: texts, numbers, and arrays of JavaScript's."""
    return globals()[function](*arguments.to_py())


def judge(name: str, content: bytes, pointed: str = "") -> list[str | bytes]:
    """The verdict on a file, named as the page names it ("class/ada.xlsx"): what its line shows, and a pickle."""
    with _desk(name, content) as path:
        verdict = audit(path, pointed or None)
    verdict.path = Path(name)
    return _kept(verdict)


def without(name: str, why: str, seconds: float = 0) -> list[str | bytes]:
    """The verdict on a file whose judge was stopped: it is 'slow', it 'ended', or `why` is a sentence of the page."""
    path = Path(name)
    verdict = Verdict(path, problem=why)
    if why == "slow":
        verdict = too_slow(path, seconds)
    elif why == "ended":
        verdict = cut_short(path)
    return _kept(verdict)


def _kept(verdict: Verdict) -> list[str | bytes]:
    line = {"word": verdict.word, "sentence": plain(verdict.sentence()), "first": summary(verdict)[-1]}
    return [json.dumps(line), pickle.dumps(verdict)]


def details(name: str, content: bytes, pickled: bytes) -> str:
    """The findings of a file, each with its strip of numbers, and what was not judged, as JSON.

    Without its content there are no numbers.
    """
    verdict: Verdict = pickle.loads(pickled)
    findings = ordered(verdict)
    first = findings[:SHOWN]
    excerpt = None
    if first and content:
        with _desk(name, content) as path:
            excerpt = _excerpt(path, verdict)
    return json.dumps({
        "findings": [_finding(finding) | {"strip": _strip(excerpt, finding)} for finding in first],
        "more": len(findings) - len(first),
        "unjudged": [plain(text) for text in verdict.unjudged],
        "unread": [plain(text) for text in verdict.unread[:SHOWN]],
        "unread_more": max(0, verdict.unread_cells - SHOWN),
    })  # fmt: skip


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity, "kind": kind(finding), "where": where(finding.sheet, finding.cells),
        "found": _cut(plain(finding.found)), "expected": _cut(plain(finding.expected)),
        "message": plain(finding.message),
    }  # fmt: skip


def _cut(text: str) -> tuple[str, str]:
    """A formula, and what is said of it: '=A1*2: it gives 3' is ('=A1*2', ': it gives 3')."""
    ends = [*(match.start() for match in _SAID.finditer(text)), len(text)] if text.startswith("=") else []
    for end in ends:
        with suppress(FormulaError):
            cut(text[1:end])
            return text[:end], text[end:]
    return "", text


def _strip(excerpt: Excerpt | None, finding: Finding) -> list[dict[str, str]]:
    return [cell._asdict() for cell in excerpt.strip(finding)] if excerpt else []


def _excerpt(path: Path, verdict: Verdict) -> Excerpt:
    """Numbers are calculated where the file remembers none."""
    workbook = read(path)
    entries = (entry for cells in workbook.sheets.values() for entry in cells.values())
    empty = any(entry.formula and entry.value is None for entry in entries)
    return Excerpt(workbook, verdict, values(Formulas(workbook))[0] if empty else {})


def as_json(pickles: Sequence[bytes]) -> bytes:
    """Exactly what `sheetgen audit --json` prints."""
    return machine.document([pickle.loads(x) for x in pickles]).encode()


def as_csv(pickles: Sequence[bytes]) -> bytes:
    """A line for every file."""
    return table.document([pickle.loads(x) for x in pickles]).encode()


def as_report(pickles: Sequence[bytes]) -> bytes:
    """The workbook that `sheetgen audit --report` writes."""
    from sheetgen.deliver.marks import write_report  # XlsxWriter is imported only where a workbook is wanted

    with _desk() as folder, chdir(folder):  # links lead to the files as seen from the report
        write_report([pickle.loads(x) for x in pickles], folder / "report.xlsx")
        return (folder / "report.xlsx").read_bytes()


def as_copy(name: str, content: bytes, pickled: bytes) -> bytes:
    """A copy of a workbook with its findings as comments. Raises UnreadableWorkbook."""
    verdict: Verdict = pickle.loads(pickled)
    with _desk(name, content) as path:
        verdict.path = path
        write_copy(verdict, path.with_name(f"{path.name}.copy"))
        return path.with_name(f"{path.name}.copy").read_bytes()


@contextmanager
def _desk(name: str = "", content: bytes | None = None) -> Iterator[Path]:
    """A folder, or one file in it, which is gone afterwards."""
    shutil.rmtree(DESK, ignore_errors=True)
    path = DESK / Path(name).name
    DESK.mkdir(parents=True)
    try:
        if content is not None:
            path.write_bytes(content)
        yield path
    finally:
        shutil.rmtree(DESK, ignore_errors=True)
