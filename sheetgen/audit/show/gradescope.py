"""The verdicts as the results.json of a Gradescope autograder.

How the score is made: every file can earn the same share of the points. A right workbook earns all of its share, and
so does a doubtful one, for warnings cost nothing. Of a wrong one, every column with an error takes its part of the
columns of gradients that were compared (of eight columns, each costs an eighth), never below 0. A column that is wrong
in several ways costs once; an error that is in no column costs as much as one. A file that could not be judged earns 0.
Updates of weights that could not be judged are columns of their own, of which none is earned, and any other part that
could not be judged is one: what nobody looked at earns nothing until a person has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sheetgen.audit.show.machine import dump
from sheetgen.audit.show.text import kind, lines, ordered, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import ERROR, Finding
from sheetgen.base.text import plain
from sheetgen.excel.a1 import column_letters, range_of

MOST = 100  # findings of one file that are shown

Line = tuple[str, str]  # a sheet, and a column of it (a row where the table lies across)


def document(verdicts: Sequence[Verdict], points: float = 100.0) -> str:
    """The whole results.json: the score out of `points`, and a test for all that is right and for every finding."""
    share = points / len(verdicts) if verdicts else 0.0
    tests = [test for verdict in verdicts for test in _tests(verdict, share, len(verdicts) > 1)]
    return dump(
        {
            "score": _rounded(sum(test["score"] for test in tests)),
            "max_score": _rounded(points),
            "execution_time": round(sum(verdict.seconds for verdict in verdicts)),
            "output": "\n".join(f"{plain(verdict.path.name)}: {plain(verdict.sentence())}" for verdict in verdicts),
            "output_format": "text",
            "test_output_format": "text",
            "test_name_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "tests": [{**test, "score": _rounded(test["score"])} for test in tests],
        }
    )


def wrong_lines(finding: Finding) -> set[Line]:
    """The columns that a finding is in. A range along one row belongs to that row."""
    area = range_of(finding.cells)
    if area is None:
        return {(finding.sheet, finding.cells)}
    if area.row == area.last_row and area.column < area.last_column:
        return {(finding.sheet, str(area.row))}
    return {(finding.sheet, column_letters(k)) for k in range(area.column, area.last_column + 1)}


def _rounded(score: float) -> float:
    return round(score, 4)


def _tests(verdict: Verdict, points: float, named: bool) -> list[dict[str, Any]]:
    start = f"{plain(verdict.path)}: " if named else ""
    if verdict.problem:
        return [_test(f"{start}can be judged", 0.0, points, plain(verdict.sentence()), False)]
    compared = round(sum(table.gradients / max(table.rows, 1) for table in verdict.tables))
    errors = [finding for finding in verdict.findings if finding.severity == ERROR]
    wrong = {line for finding in errors for line in wrong_lines(finding)}
    left = max(sum(table.unjudged for table in verdict.tables), len(verdict.unjudged))
    part = points / max(compared + left, len(wrong) + left, 1)
    earned = points - part * (len(wrong) + left)
    tests = [_test(f"{start}what is right", earned, earned, plain(verdict.sentence()), True)]
    if verdict.unjudged:
        tests.append(_test(f"{start}all of it can be judged", 0.0, part * left, plain(verdict.rest), False))
    seen: set[Line] = set()
    findings = ordered(verdict)
    for k, finding in enumerate(findings):
        new = wrong_lines(finding) - seen if finding.severity == ERROR else set()
        seen |= new
        if k < MOST:
            name = f"{start}{kind(finding)} {where(finding.sheet, finding.cells)}"
            output = "\n".join([finding.severity, *lines(finding, "why it matters")])
            tests.append(_test(name, 0.0, part * len(new), output, finding.severity != ERROR))
        elif new:
            tests[-1]["max_score"] += part * len(new)  # the last one shown stands for the rest
    if len(findings) > MOST:
        tests[-1]["name"] += f", and {len(findings) - MOST:,} more"
    for test in tests:
        test["max_score"] = _rounded(test["max_score"])
    return tests


def _test(name: str, score: float, most: float, output: str, passed: bool) -> dict[str, Any]:
    status = "passed" if passed else "failed"
    return {"name": name, "score": score, "max_score": most, "status": status, "output": output}
