"""What commands print, held against files in tests/snapshots; SHEETGEN_SNAPSHOTS=write writes them anew."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "snapshots"
# Times, versions, and differences that rounding alone explains, which another machine rounds otherwise.
VARIES: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"\b\d+\.\d s\b", "0.0 s"),
    (r'("seconds"|"execution_time"): [\d.e-]+', r"\1: 0"),
    (r'\btime="[\d.]+"', 'time="0"'),
    (r'"numeric_error": \S+', '"numeric_error": ~,'),
    (r"\b\d(\.\d+)?e-1\d\b", "~"),
    (r"\b\d\.\d{6,}e-0\d\b", "~"),
    (r"\d+\.\d{6,}", lambda number: f"{float(number[0]):.8g}"),
    (r'("version"): "[\d.]+"', r'\1: "0"'),
    (r"(IronCalc|PyTorch) +\d+(\.\d+)+", r"\1 0"),
    (r"(IronCalc 0 .*? \S+)  +[\d.]+  ", r"\1  0.0  "),
    (r"( +~  0\.0  ).*", r"\1somewhere"),
    (r"error ~ at [^,]*,", "error ~ at somewhere,"),
]


def steady(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, instead in VARIES:
        text = re.sub(pattern, instead, text)
    return text


def same(name: str, text: str) -> None:
    """Fail with the lines that differ, if a text is not the one that is kept under a name."""
    path, text = FOLDER / name, steady(text)
    if os.environ.get("SHEETGEN_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    changes = difflib.unified_diff(kept.splitlines(), text.splitlines(), f"snapshots/{name}", "now", lineterm="")
    assert kept == text, "\n".join(changes)
