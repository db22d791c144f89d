"""The verdicts as CSV: a line for every file, for a class list."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sheetgen.audit.show.text import SUMMARY, summary
from sheetgen.audit.verdict import Verdict
from sheetgen.base.text import inert, plain

BOM = "\ufeff"  # without which Excel takes the file for another alphabet's
COLUMNS = (*SUMMARY, "sentence")


def document(verdicts: Sequence[Verdict]) -> str:
    """The file, its verdict, errors, warnings, first wrong cell, and the verdict's sentence."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for verdict in verdicts:
        texts = (plain(verdict.path), verdict.word, *summary(verdict), plain(verdict.sentence()))
        writer.writerow(map(inert, texts))
    return BOM + text.getvalue()
