"""The verdicts as JSON, with everything in them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from sheetgen.audit.show.text import counts, ordered, tally
from sheetgen.audit.verdict import Verdict
from sheetgen.base.errors import Status
from sheetgen.base.finding import Finding
from sheetgen.base.text import plain
from sheetgen.base.version import __version__


def document(verdicts: Sequence[Verdict]) -> str:
    """One JSON document, in ASCII: {"version", "code", "counts": {verdict: files}, "files": [...]}."""
    everything = {
        "version": __version__,
        "code": max((verdict.code for verdict in verdicts), default=Status.UNUSABLE),
        "counts": {"files": len(verdicts), **tally(verdicts)},
        "files": [_file(verdict) for verdict in verdicts],
    }
    return dump(everything)


def dump(x: object) -> str:
    """JSON that every reader takes: in ASCII, without NaN, and with no half of a character."""
    return json.dumps(_clean(x), indent=2, allow_nan=False) + "\n"


def _file(verdict: Verdict) -> dict[str, Any]:
    return {
        "path": plain(verdict.path, 100_000),
        "verdict": verdict.word,
        "code": verdict.code,
        "sentence": verdict.sentence(),
        "problem": verdict.problem,
        "unjudged": list(verdict.unjudged),
        "seconds": verdict.seconds,
        "counts": {**counts(verdict), "unread": verdict.unread_cells},
        "tables": [judged._asdict() for judged in verdict.tables],
        "findings": [_finding(finding) for finding in ordered(verdict)],
        "unread": list(verdict.unread),
    }


def _finding(finding: Finding) -> dict[str, str]:
    fields = ("severity", "kind", "sheet", "cells", "found", "expected")
    return {**{name: getattr(finding, name) for name in fields}, "why": finding.message, "first": finding.first}


def _clean(x: object) -> object:
    if isinstance(x, dict):
        return {key: _clean(value) for key, value in x.items()}
    if isinstance(x, list):
        return [_clean(value) for value in x]
    if isinstance(x, float):
        return x if math.isfinite(x) else None
    return x.encode("utf-8", "replace").decode() if isinstance(x, str) else x
