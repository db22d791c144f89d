"""Workbooks as other programs save them: read alike, judged alike, differentiated alike."""

import json
from pathlib import Path

import pytest
import saved_by
from click.testing import CliRunner
from judge_mutants import Mutant

from sheetgen.__main__ import main
from sheetgen.audit.judge import audit
from sheetgen.excel import read


@pytest.fixture(scope="module")
def original() -> Mutant:
    return saved_by.original()


@pytest.mark.parametrize("program", saved_by.PROGRAMS)
def test_every_cell_is_read(original: Mutant, program: str) -> None:
    workbook = read(saved_by.path(program))
    for sheet, cells in original.book.entries().items():
        for at, (formula, value) in cells.items():
            entry = workbook.sheets[sheet][at]
            assert entry.formula == formula, at
            if program == "openpyxl" and formula:
                assert entry.value is None, "it keeps no results"
            else:
                assert entry.value == (pytest.approx(value, rel=1e-14) if isinstance(value, float) else value), at
    assert original.book.names.items() <= workbook.names.items()


@pytest.mark.parametrize("program", saved_by.PROGRAMS)
def test_the_wrong_cell_is_named(original: Mutant, program: str) -> None:
    verdict = audit(saved_by.path(program))
    assert original.first(verdict) and not original.others(verdict)


@pytest.mark.parametrize("program", saved_by.PROGRAMS)
def test_derivatives_go_through_the_name(original: Mutant, program: str) -> None:
    (grid,) = original.book.grids
    error = f"{grid.sheet}!{grid.at('E_total', 4)}"

    def derivative(path: Path) -> float:
        shown = CliRunner().invoke(main, ["grad", str(path), error, "learning_rate", "--json", "--no-numeric"])
        assert shown.exit_code == 0, shown.output
        return float(json.loads(shown.stdout)["derivatives"][0]["derivative"])

    assert derivative(saved_by.path(program)) == pytest.approx(derivative(saved_by.path("inline strings")), rel=1e-12)
