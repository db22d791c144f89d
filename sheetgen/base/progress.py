"""How long work tells of its progress: the caller hands in a Progress and shows what it is told."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], object]  # called with the name of each stage as it begins, a Finished or a Notice


class Finished(str):
    """The figures of a stage that is finished."""


class Notice(str):
    """Something that a person should know before the work goes on, such as how long it will take."""


def silent(_: str) -> None:
    """Show nothing."""
