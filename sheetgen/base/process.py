"""Processes that work is handed to: how many at a time, within which bounds, and how one ended."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def python(program: str, **settings: Any) -> subprocess.Popen[bytes]:
    """Start a Python program that imports what this one does; -P keeps the folder we are in off its path."""
    program = f"import sys; sys.path[:] = {sys.path!r}; {program}"
    return subprocess.Popen([sys.executable, "-P", "-c", program], stdin=subprocess.PIPE, **settings)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: a million cells and areas have none, and to look takes a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def bound(memory: int, seconds: float | None = None) -> None:
    """Bound the memory (bytes beyond what Python has taken) and processor time of this process, where a system can."""
    try:
        import resource  # POSIX only

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    limits = {resource.RLIMIT_AS: taken + memory, resource.RLIMIT_CORE: 0}
    if seconds is not None:
        limits[resource.RLIMIT_CPU] = int(seconds)
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def signal_of(status: int | None) -> str:
    """The signal that ended a process, by its exit status; '' if none did."""
    if status is None or status >= 0:
        return ""
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
