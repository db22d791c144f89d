"""The verdicts as Markdown, for the summary of a CI job or a comment."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

from sheetgen.audit.show.text import SUMMARY, kind, ordered, summary, total, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.text import plain

MOST = 100  # findings of one file, for GitHub shows no summary over a megabyte
MOST_UNREAD = 20
LONGEST = 500  # characters of one text
CUT = "\n**The summary ends here, for it may be no longer.** The other reports, such as `--report`, have everything.\n"

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$^]|:(?=//)|(?<=www)\.)")
_BULLET = re.compile(r"^(\s*\d*)([-+=.)])")  # what would begin a list


def escaped(text: object, most: int = LONGEST) -> str:
    """A text that Markdown shows as it is: no markup, no HTML, no link, no mention of anybody."""
    safe = _SPECIAL.sub(r"\\\1", html.escape(plain(text, most), quote=False))
    # GitHub looks for @name only after it has read the Markdown, so a backslash would not stop it.
    return _BULLET.sub(r"\1\\\2", safe).replace("@", "@\u200b")


def document(verdicts: Sequence[Verdict]) -> str:
    """A table of all files if there are several, then a section for each."""
    parts = [f"# {escaped(total(list(verdicts)))}"]
    if len(verdicts) > 1:
        parts.append(_table(SUMMARY, map(_row, verdicts)))
    parts += [_file(verdict) for verdict in verdicts]
    return "\n\n".join(parts) + "\n"


def shortened(text: str, most: int) -> str:
    """As many whole lines of a document as `most` bytes of UTF-8 hold, with a sentence that says where it was cut.

    A line is a row of a table, an item of a list or a paragraph, so that what is left is whole. Without room for the
    sentence it is ''.
    """
    if len(text.encode("utf-8")) <= most:
        return text
    room = most - len(CUT.encode("utf-8"))
    lines = text.splitlines(keepends=True)
    sizes = accumulate(len(line.encode("utf-8")) for line in lines)
    return "".join(lines[: sum(size <= room for size in sizes)]) + CUT if room >= 0 else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(verdict: Verdict) -> list[str]:
    *numbers, first = summary(verdict)
    return [escaped(verdict.path), verdict.word, *numbers, escaped(first)]


def _file(verdict: Verdict) -> str:
    rest = escaped(verdict.sentence().removeprefix(verdict.word))
    parts = [f"## {escaped(verdict.path)}", f"**{verdict.word}**{rest}"]
    findings = ordered(verdict)
    if findings:
        rows = [
            (f.severity, *map(escaped, (where(f.sheet, f.cells), kind(f), f.found, f.expected, f.message)))
            for f in findings[:MOST]
        ]
        parts.append(_table(("", "where", "what", "what is there", "what it should be", "why it matters"), rows))
    if len(findings) > MOST:
        parts.append(f"and {len(findings) - MOST:,} more")
    if verdict.unread:
        lines = [f"- {escaped(text)}" for text in verdict.unread[:MOST_UNREAD]]
        if len(verdict.unread) > MOST_UNREAD:
            lines.append(f"- and {verdict.unread_cells - MOST_UNREAD:,} more")
        parts += [f"Not understood, so not judged: {verdict.unread_cells:,}", "\n".join(lines)]
    return "\n\n".join(parts)
