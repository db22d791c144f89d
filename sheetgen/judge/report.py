"""What a judge has to say: findings, one line per engine, and the report that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.finding import Finding
from sheetgen.base.progress import Finished

HEADS = ("engine", "version", "cells", "worst relative error", "seconds", "where")
WRONG, CACHED = "wrong", "cached"  # kinds: the formula gives another number than PyTorch, than what its cell shows
MOST_FINDINGS = 20  # of one kind that are named; the rest is counted


class Line(NamedTuple):
    """What one engine found: how many cells were compared, the worst relative error and where it is."""

    engine: str
    version: str
    cells: int
    worst: float
    where: str
    seconds: float

    def told(self) -> Finished:
        """The same in one line."""
        where = f" at {self.where}" if self.where else ""
        return Finished(
            f"{self.engine} {self.version}: {self.cells:,} cells, worst relative error {self.worst:.1e}{where}, "
            f"{self.seconds:.1f} s"
        )


def table(lines: Sequence[Line]) -> str:
    """Who checked, as a table: a line for each engine."""
    rows = [HEADS]
    rows += [(x.engine, x.version, f"{x.cells:,}", f"{x.worst:.1e}", f"{x.seconds:.1f}", x.where) for x in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = "<<>>><"
    return "\n".join(
        "  ".join(f"{text:{side}{width}}" for text, side, width in zip(row, sides, widths, strict=True)).rstrip()
        for row in rows
    )


@dataclass(frozen=True, repr=False)
class Exported:
    """A workbook that was written, and who checked it: a Line for each engine, and none if nothing was checked.

    It is printed as a sentence and a table.
    """

    path: Path
    lines: tuple[Line, ...] = ()

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines with their versions."""
        return tuple(f"{x.engine} {x.version}" for x in self.lines)

    @property
    def cells(self) -> int:
        """How many results were compared with PyTorch's, those of all engines together."""
        return sum(x.cells for x in self.lines)

    @property
    def worst(self) -> float:
        """The worst relative difference."""
        return max((x.worst for x in self.lines), default=0.0)

    def sentence(self) -> str:
        """What was done, in one line."""
        how = f"{self.cells:,} results compared with PyTorch, all right" if self.lines else "not checked"
        return f"{self.path}: written, {how}"

    def __repr__(self) -> str:
        return "\n".join([*([table(self.lines)] if self.lines else []), self.sentence()])


@dataclass
class Report:
    """The verdict on one workbook. It passes if `findings` is empty; `notes` say what a reader should know."""

    path: Path
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, kind: str, sheet: str, cell: str, message: str, engine: str = "") -> None:
        """Note one finding."""
        self.findings.append(Finding(kind, sheet, cell, message, engine))


def merged(findings: Sequence[Finding]) -> list[Finding]:
    """What is wrong, each thing once: of all engines that see it in one cell, in the words of the first.

    A cell whose formula is wrong differs from its cached value, too, which need not be said again.
    """
    wrong = {(f.sheet, f.cell) for f in findings if f.kind == WRONG}
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for f in findings:
        if f.kind != CACHED or (f.sheet, f.cell) not in wrong:
            groups.setdefault((f.kind, f.sheet, f.cell, "" if f.cell and f.engine else f.message), []).append(f)
    return [f[0]._replace(engine=", ".join(dict.fromkeys(x.engine for x in f if x.engine))) for f in groups.values()]


def summary(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """Findings worth printing: the first few of each kind, the last of them with how many more there are."""
    kinds: dict[str, list[Finding]] = {}
    for finding in merged(findings):
        kinds.setdefault(finding.kind, []).append(finding)
    shown = []
    for group in kinds.values():
        kept = group[:MOST_FINDINGS]
        shown += [(f, 0) for f in kept[:-1]] + [(kept[-1], len(group) - len(kept))]
    return shown
