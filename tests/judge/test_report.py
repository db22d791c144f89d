"""Findings: each thing once, whoever saw it, and engines as a table."""

from sheetgen.base.finding import Finding
from sheetgen.judge.report import MOST_FINDINGS, EngineResult, merged, summary, table

LINES = [
    EngineResult("IronCalc", "0.9.1", 72_278, 2.5e-16, "Training!A3", 7.04),
    EngineResult("formulas", "1.3.4", 5, 0.0, "", 20),
]


def test_what_several_engines_see_in_a_cell_is_said_once() -> None:
    seen = [
        Finding("formula", "T", "A1", "stands out"),
        Finding("wrong", "T", "A1", "gives 1.0000000000000002", "IronCalc"),
        Finding("cached", "T", "A1", "gives 1.0000000000000002, the cached value is 2", "IronCalc"),
        Finding("cached", "T", "B1", "gives 3, the cached value is 4", "IronCalc"),
        Finding("wrong", "T", "A1", "gives 1", "LibreOffice"),
        Finding("cached", "T", "B1", "gives 3, the cached value is 4", "LibreOffice"),
        Finding("wrong", "U", "A1", "gives 1", "LibreOffice"),
        Finding("engine", "", "", "is missing", "formulas"),
        Finding("engine", "", "", "is broken", "IronCalc"),
    ]
    assert merged(seen) == [
        seen[0], seen[1]._replace(engine="IronCalc, LibreOffice"), seen[3]._replace(engine="IronCalc, LibreOffice"),
        *seen[6:],
    ]  # fmt: skip


def test_nothing_that_differs_is_merged() -> None:
    seen = [Finding(kind, sheet, cell, "x", "e") for kind in ("a", "b") for sheet in "ST" for cell in ("A1", "A2")]
    seen += [Finding("missing", "", "", f"no column {k}") for k in range(3)]
    assert merged(seen) == seen


def test_the_first_of_each_kind_are_named() -> None:
    seen = [Finding("wrong", "T", f"A{k}", "x", engine) for k in range(1, 51) for engine in ("e", "f")]
    shown = summary(seen)
    assert len(shown) == MOST_FINDINGS and [more for _, more in shown] == [0] * (MOST_FINDINGS - 1) + [30]
    assert {finding.engine for finding, _ in shown} == {"e, f"}


def test_the_table_of_engines() -> None:
    assert table(LINES) == (
        "engine    version   cells  worst relative error  seconds  where\n"
        "IronCalc  0.9.1    72,278               2.5e-16      7.0  Training!A3\n"
        "formulas  1.3.4         5               0.0e+00     20.0"
    )
    assert LINES[0].finished() == "IronCalc 0.9.1: 72,278 cells, worst relative error 2.5e-16 at Training!A3, 7.0 s"
    assert LINES[1].finished() == "formulas 1.3.4: 5 cells, worst relative error 0.0e+00, 20.0 s"
