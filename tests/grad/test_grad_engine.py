"""The check of a derivative by an engine: a fault of reader or calculus differs, and unasked nothing agrees."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from grad_books import Cells, book, checked, run, write

from sheetgen.base.errors import MissingExtra, UserError
from sheetgen.cells.cell import Cell
from sheetgen.cells.ops import OPS, Op
from sheetgen.excel import Entry, ErrorValue, Value
from sheetgen.grad import numeric
from sheetgen.grad.engine import AGREES, CANNOT, DIFFERS, UNCHECKED, VAGUE, Check
from sheetgen.grad.result import Result, Row, grad
from sheetgen.judge.engines import apart
from sheetgen.reader import Place
from sheetgen.reader.functions import FUNCTIONS, Function

TANH: Cells = {"A1": 0.5, "B1": "=TANH(A1)", "C1": 2.26, "D1": "=ROUND(C1,1)*A1"}


def tanh(value: Any = math.tanh, factor: float = 1.0) -> Op:
    """The operator tanh, with another value, or with an adjoint that is off by a factor."""
    right = OPS["tanh"]
    return right._replace(value=value, adjoint=lambda y, g, a: right.adjoint(y, g * factor, a))


# A fault in the calculus or the reader.


@pytest.mark.parametrize("remembered", [None, math.tanh(0.5)])
def test_a_wrong_value_of_an_operator_differs(remembered: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = TANH | {"B1": Entry("TANH(A1)", remembered)}
    assert checked(book(cells), "B1", ["A1"]).rows[0].check == AGREES
    monkeypatch.setitem(OPS, "tanh", tanh(lambda a: 1.001 * math.tanh(a)))
    found = checked(book(cells), "B1", ["A1"])
    assert found.rows[0].check == DIFFERS and not found.right
    assert found.notes[-1].startswith("for Sheet1!B1 IronCalc gives 0.46211715726, the file remembers ")
    assert found.notes[-1].endswith("and the formulas as they are read here give 0.462579274417")
    assert found.summary() == "the derivative differs from IronCalc"


def test_a_wrong_operator_that_is_right_at_this_number_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Value and adjoint fit each other: only an engine sees it."""
    monkeypatch.setitem(OPS, "tanh", OPS["tanh"]._replace(value=lambda a: 1.5 * a, adjoint=lambda y, g, a: (1.5 * g,)))
    found = checked(book(TANH | {"A1": 0}), "B1", ["A1"])
    (row,) = found.rows
    assert (row.check, row.derivative) == (DIFFERS, 1.5) and row.numeric == pytest.approx(1, rel=1e-9)


def test_a_wrong_adjoint_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPS, "tanh", tanh(factor=1.0001))
    (row,) = checked(book(TANH), "B1", ["A1"]).rows
    assert row.check == DIFFERS and row.difference == pytest.approx(1e-4, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "misread", "cell"),
    [
        ("TANH", Function(lambda a: Cell("sin", (a,)), "cells"), "B1"),
        ("ROUND", Function(lambda a, digits: Cell("rounddown", (a, digits)), "cells"), "D1"),
        ("ROUND", Function(lambda a, digits: a, "cells"), "D1"),
    ],
)
def test_a_function_that_is_misread_differs(
    name: str, misread: Function, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(book(TANH), cell, ["A1"]).rows[0].check == AGREES
    monkeypatch.setitem(FUNCTIONS, name, misread)
    assert checked(book(TANH), cell, ["A1"]).rows[0].check == DIFFERS


def test_a_dependence_that_was_not_seen_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative 0 of a cell that the target does not depend on is checked, too."""
    cells: Cells = {"A1": 2, "A2": 3, "B1": "=A1*MAX(A2,0)"}
    assert [row.check for row in checked(book(cells | {"B1": "=A1"}), "B1", ["A1:A2"]).rows] == [AGREES, AGREES]
    monkeypatch.setitem(FUNCTIONS, "MAX", Function(lambda *x: Cell("constant", (), None, 3.0)))
    rows = checked(book(cells), "B1", ["A1:A2"]).rows
    assert [(row.derivative, row.check) for row in rows] == [(3, AGREES), (0, DIFFERS)]


# An engine that is of no use.


class Fake:
    """An engine that gives what it is told to: a value for the target, or an error."""

    name = "Fake"

    def __init__(self, value: Value | UserError | None) -> None:
        self.value = value

    def recalculate(self, target: Place, changes: Mapping[Place, float]) -> Value | None:
        if isinstance(self.value, UserError):
            raise self.value
        return self.value


NUM = ErrorValue("#NUM!")


@pytest.mark.parametrize(
    ("engine", "file", "verdict"),
    [
        (6.0, 6.0, ""),
        (6.0, 5.0, ""),  # the file is stale
        (6.0, None, ""),
        (6.0, NUM, ""),
        (5.0, 6.0, CANNOT),
        (NUM, 6.0, CANNOT),
        (None, 6.0, CANNOT),
        ("6", 6.0, CANNOT),
        (NUM, None, CANNOT),
        (NUM, 5.0, CANNOT),
        (5.0, 5.0, DIFFERS),
        (5.0, None, DIFFERS),
        (5.0, 4.0, DIFFERS),
        (NUM, NUM, DIFFERS),
        (UserError("It broke."), 6.0, CANNOT),
        (MissingExtra("It is not there."), 6.0, UNCHECKED),
    ],
)
def test_the_number_of_the_target_is_compared_first(
    engine: Value | UserError | None, file: Value | None, verdict: str
) -> None:
    cells: Cells = {"A1": 3.0, "B1": Entry("A1*2", file)}
    found = grad(book(cells), "B1", ["A1"], lambda workbook: Fake(engine))
    assert found.check.verdict == verdict
    if verdict:
        assert found.rows[0].check == verdict and found.rows[0].numeric is None
        assert found.right == (verdict != DIFFERS) and not found.proven
        assert "agree" not in found.summary() + "".join(found.notes)


def test_what_the_engine_cannot_calculate_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "NOSUCH", FUNCTIONS["EXP"])
    found = checked(book({"A1": 0, "B1": Entry("NOSUCH(A1)", 1.0)}), "B1", ["A1"])
    assert found.rows[0].check == CANNOT and found.right
    assert found.notes == [
        "for Sheet1!B1 IronCalc gives #NAME?, the file remembers 1, and the formulas as they are read here give 1"
    ]
    assert found.summary() == "the derivative was not checked: IronCalc cannot calculate it"


def test_errors_beside_the_number_are_no_agreement() -> None:
    found = checked(book({"A1": 2, "A2": 2, "B1": "=IF(A1=A2,A1,LN(-1))"}), "B1", ["A1"])
    assert found.rows[0].check == CANNOT
    assert found.notes[-1] == "with other numbers in Sheet1!A1 IronCalc gives errors"


@pytest.mark.parametrize("text", ["[1]Rates!$B$2", "NOSUCH(A9)", "RAND()", "NOW()", "TODAY()"])
def test_what_counts_with_the_number_that_it_remembers_does_so_in_the_engine(text: str) -> None:
    found = checked(book({"A1": 2, "A2": Entry(text, 5.5), "B1": Entry("A1^2*A2", 22.0)}), "B1", ["A1"])
    assert (found.rows[0].check, found.rows[0].derivative) == (AGREES, 22)
    assert len(found.notes) == 1 and found.notes[0].endswith("it counts with the number that it remembers")


def test_a_function_that_the_reader_lacks_is_the_engines_own() -> None:
    found = checked(book({"A1": 2, "A9": 5, "A2": Entry("MEDIAN(A9)", 4.0), "B1": "=A1*A2"}), "B1", ["A1"])
    assert found.check.typed and found.check.value == 8
    right = checked(book({"A1": 2, "A9": 5, "A2": Entry("MEDIAN(A9)", 5.0), "B1": "=A1*A2"}), "B1", ["A1"])
    assert not right.check.typed and right.check.value == 10


# What is printed.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "t.xlsx", {"S": TANH})


Printed = tuple[list[int], str, dict[str, Any], str]


def printed(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> Printed:
    """(the exit statuses, the table, the JSON, the row of the CSV and what is said below it)."""
    arguments = (path, "B1", "A1", *options)
    table, form, text = (run(capsys, *arguments, *more) for more in ((), ("--json",), ("--csv",)))
    (row,) = csv.DictReader(io.StringIO(text[1]))
    return [table[0], form[0], text[0]], table[1], json.loads(form[1]), f"{row['check']}|{text[2]}"


def test_agreement_is_printed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statuses, table, form, text = printed(capsys, path)
    assert statuses == [0, 0, 0]
    assert "the derivative agrees with IronCalc (relative difference " in table
    assert (form["right"], form["engine"], form["derivatives"][0]["check"]) == (True, "IronCalc", AGREES)
    assert form["engine_value"] == pytest.approx(math.tanh(0.5))
    assert text.startswith("agrees|the derivative agrees with IronCalc")


@pytest.mark.parametrize("missing", ["numpy", "ironcalc"])
def test_without_an_engine_nothing_agrees(
    missing: str, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "ironcalc":
        program = f"sys.modules['ironcalc'] = None; {apart._PROGRAM}"
        monkeypatch.setattr(apart, "_PROGRAM", program)
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    statuses, table, form, text = printed(capsys, path)
    sentence = "the derivative was not checked: needs sheetgen[build]"
    assert statuses == [0, 0, 0]
    assert sentence in table and "0.786447" in table
    assert form["summary"] == sentence and form["right"] is None and form["engine"] is None
    assert form["derivatives"][0]["check"] == UNCHECKED and form["derivatives"][0]["numeric"] is None
    assert text == f"not checked|{sentence}\n"
    assert "agree" not in table + json.dumps(form) + text


def test_what_cannot_be_calculated_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """IronCalc knows no name of a number."""
    path = write(tmp_path / "n.xlsx", {"S": {"A1": 3, "B1": "=A1*Rate"}}, {"Rate": "0.05"})
    statuses, table, form, text = printed(capsys, path)
    sentence = "the derivative was not checked: IronCalc cannot calculate it"
    assert statuses == [0, 0, 0]
    assert f"- {CANNOT}" in table and sentence in table and "IronCalc gives #NAME?" in table
    assert form["summary"] == sentence and form["right"] is None and form["engine_value"] == "#NAME?"
    assert form["derivatives"][0]["check"] == CANNOT
    assert text.startswith(f"{CANNOT}|note: for S!B1 IronCalc gives #NAME?") and text.endswith(f"{sentence}\n")
    assert "agree" not in table + json.dumps(form) + text


def test_a_difference_is_an_exit_status_of_1(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPS, "tanh", tanh(factor=1.001))
    statuses, table, form, text = printed(capsys, path)
    assert statuses == [1, 1, 1]
    assert "0.001 differs" in table and "the derivative differs from IronCalc" in table
    assert form["right"] is False and form["derivatives"][0]["check"] == DIFFERS
    assert text == "differs|the derivative differs from IronCalc\n"


def test_without_a_check_it_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statuses, table, form, _ = printed(capsys, path, "--no-numeric")
    assert statuses == [0, 0, 0] and "the derivative was not checked: no engine was asked" in table
    assert form["derivatives"][0]["numeric"] is None and form["right"] is None


def test_the_time_for_the_check_is_limited_unless_all_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells: Cells = {f"A{k}": k for k in range(1, 49)} | {"B1": "=SUMSQ(A1:A48)"}
    path = write(tmp_path / "l.xlsx", {"S": cells})
    clock = iter(range(100_000))
    monkeypatch.setattr(numeric.time, "monotonic", lambda: 0.1 * next(clock))  # each look costs 0.1 s
    _, out, _ = run(capsys, path, "B1", "A1:A48", "--json")
    checks = [row["check"] for row in json.loads(out)["derivatives"]]
    assert 5 < checks.count(AGREES) < len(checks) and checks[-1] == UNCHECKED
    assert "were not checked: there was no time left" in out
    status, out, _ = run(capsys, path, "B1", "A1:A48", "--json", "--all")
    assert status == 0 and {row["check"] for row in json.loads(out)["derivatives"]} == {AGREES}


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ([AGREES], "the derivative agrees with Fake (relative difference 1e-12)"),
        ([DIFFERS], "the derivative differs from Fake"),
        ([VAGUE], "the derivative was checked too imprecisely by Fake"),
        ([AGREES] * 2, "all 2 derivatives agree with Fake (worst relative difference 1e-12)"),
        ([UNCHECKED] * 2, "all 2 derivatives were not checked: it is no finite number"),
        (
            [AGREES, DIFFERS],
            "1 of 2 derivatives agrees with Fake (worst relative difference 1e-12), 1 differs from Fake",
        ),
        (
            [AGREES, AGREES, DIFFERS, DIFFERS, VAGUE, CANNOT, CANNOT, UNCHECKED],
            "2 of 8 derivatives agree with Fake (worst relative difference 1e-12), 2 differ from Fake, 1 was checked "
            "too imprecisely by Fake, 2 were not checked: Fake cannot calculate it, 1 was not checked: it is no finite "
            "number",
        ),
    ],
)
def test_the_sentence_is_right_for_one_and_for_many(verdicts: list[str], sentence: str) -> None:
    at = ("S", "A1")
    rows = [Row(at, "", 1.0, 1.0, 1.0, 1.0, 0.0, 1e-12, verdict) for verdict in verdicts]
    assert Result(at, "", "", 1.0, rows, Check(at, "Fake")).summary() == sentence
