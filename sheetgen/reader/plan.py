"""The facts of a formula that its Cells follow from, gathered once for the thousands of cells that share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sheetgen.excel.a1 import Area
from sheetgen.excel.instructions import COMPARISONS, ON_REFERENCES, Array, Call, FormulaError, Operator
from sheetgen.excel.names import MAX_SHOWN
from sheetgen.excel.references import Moving, Open, Resolved
from sheetgen.reader.functions import FUNCTIONS
from sheetgen.reader.kinds import NotUnderstood

WITH_TEXTS = {*COMPARISONS, "&", "MATCH"}  # which ask what text a cell holds


@dataclass
class FormulaPlan:
    """A formula without the corners of its references, and the kinds of facts that it asks of their cells."""

    resolved: Resolved
    typed: bool  # it asks whether a cell holds a number, a text or a truth value
    texts: bool  # it compares texts
    templates: dict[Any, Any] = field(default_factory=dict)  # for the book

    @classmethod
    def of(cls, resolved: Resolved) -> FormulaPlan:
        """Raises NotUnderstood."""
        unknown = next((name for name in resolved.calls if name not in FUNCTIONS), None)
        if unknown is not None:
            raise NotUnderstood(f"{unknown[:MAX_SHOWN]} is not understood")
        if resolved.unknown is not None:
            raise NotUnderstood(resolved.unknown.why)
        names = {item.name for item in resolved.code if isinstance(item, Operator | Call)}
        other = next((name for name in (":", " ") if name in names), None)
        if other is not None:
            raise NotUnderstood(f"{ON_REFERENCES[other]} is not understood")
        array = next((item for item in resolved.code if isinstance(item, Array)), None)
        if array is not None:
            raise unexpected(array.text)
        texts = bool(names & WITH_TEXTS)
        calls = (FUNCTIONS[name] for name in resolved.calls)
        return cls(resolved, texts or any(call.takes != "cells" for call in calls), texts)

    @cached_property
    def single(self) -> list[str | Area] | None:
        """The sheet of each reference ('' for the formula's own) or the cell itself, if none is to a range.

        None if there are ranges, or if it matters what the cells hold.
        """
        single: list[str | Area] = []
        used = 0
        for reference in self.resolved.references:
            if isinstance(reference, Open) and (reference.start, reference.corners) == (used, 1):
                single.append(reference.sheet)
                used += 1
            elif isinstance(reference, Area) and reference.single:
                single.append(reference)
            else:
                return None
        return None if self.typed else single

    @cached_property
    def moves(self) -> bool:
        """Whether it refers to cells that depend on where the formula stands, but for its corners."""
        return any(isinstance(reference, Moving) for reference in self.resolved.references)

    @cached_property
    def key(self) -> Sequence[Any]:
        """Equal for formulas that differ in nothing but spaces, capitals and what they refer to."""
        return tuple(item._replace(spelled="") if isinstance(item, Call) else item for item in self.resolved.code)


def unexpected(text: str) -> NotUnderstood:
    """An error for what cannot stand where it stands."""
    return NotUnderstood(f"the formula has something unexpected at {text[:MAX_SHOWN]}")


def unreadable(text: str, error: FormulaError) -> NotUnderstood:
    """An error for a formula that Excel would not read."""
    rest = text[error.position :]
    word = next((k for k, c in enumerate(rest) if not (c.isalnum() or c in "_.")), len(rest))
    return unexpected(rest[: max(word, len(error.token))] if error.token else "its end")
