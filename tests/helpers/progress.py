"""Standard error of a command that is not on a terminal: finished stages, and what it complains of."""

from __future__ import annotations

import re

STAGE = re.compile(r"[^\n]+[:,] \d+\.\d s|[^\n]+: not run")


def parted(err: str) -> tuple[list[str], str]:
    """(the lines of finished stages, everything else)."""
    lines = err.splitlines(keepends=True)
    stages = [line.rstrip("\n") for line in lines if STAGE.fullmatch(line.rstrip("\n"))]
    return stages, "".join(line for line in lines if not STAGE.fullmatch(line.rstrip("\n")))
