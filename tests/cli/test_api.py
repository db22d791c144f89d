"""sheetgen from Python: docs/api.md works as it is printed, errors are UserErrors, and nothing is loaded in vain."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from shown import DOCS, ROOT, in_folder
from test_arrows import modules

import mnist
import sheetgen
from sheetgen.base.errors import UserError
from sheetgen.base.progress import silent
from sheetgen.grad import result

PAGE = DOCS["api.md"]
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


def test_every_example_prints_what_stands_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, for `check` reads what `build` wrote; each imports all that it uses."""
    monkeypatch.chdir(in_folder(tmp_path))
    assert PAGE.count("```python") == len(EXAMPLES)
    for code, output in EXAMPLES:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            exec(compile(code, "api.md", "exec"), {})
        assert printed.getvalue() == output


def test_every_function_is_shown_in_a_few_lines_and_documented() -> None:
    functions = [name for name in sheetgen.__all__ if inspect.isfunction(getattr(sheetgen, name))]
    assert {"audit", "build", "check", "export", "grad"} <= {*functions}
    for name in functions:
        assert f"sheetgen.{name}" in PAGE
        assert (getattr(sheetgen, name).__doc__ or "").strip() and "return" in getattr(sheetgen, name).__annotations__
    assert all(len(code.strip().splitlines()) <= 7 for code, _ in EXAMPLES)


BAD = [
    lambda: sheetgen.build("nothing"),
    lambda: sheetgen.build("homework", "x.txt"),
    lambda: sheetgen.build("homework", "x.xlsx", steps=0),
    lambda: sheetgen.check("none.xlsx"),
    lambda: sheetgen.check("none.xlsx", ["abacus"]),
    lambda: sheetgen.grad("none.xlsx", "A1", "B1"),
    lambda: sheetgen.grad(ROOT / "docs/examples/submissions/ada.xlsx", "Sheet9!A1", "B1"),
    lambda: sheetgen.export(torch.nn.Linear(2, 1), torch.rand(1, 2), "x.txt"),
]


@pytest.mark.parametrize("call", BAD, ids=range(len(BAD)))
def test_what_cannot_be_used_is_one_sentence(
    call: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) and "\n" not in str(caught.value)
    assert capsys.readouterr() == ("", "") and list(tmp_path.iterdir()) == []


def test_what_cannot_be_audited_is_a_verdict() -> None:
    assert sheetgen.audit("none.xlsx").problem.startswith("none.xlsx")


def test_a_room_never_takes_the_name_of_a_function() -> None:
    """Python names a package in its parent when it is first imported."""
    for name in ("grad", "audit"):
        importlib.import_module(f"sheetgen.{name}.show" if name == "grad" else "sheetgen.audit.judge")
        assert inspect.isfunction(getattr(sheetgen, name))
        # So that to name the room, as `import sheetgen` does, loads nothing of it.
        text = (Path(sheetgen.__file__).parent / name / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)) and len(ast.parse(text).body) == 1
    assert result.grad is not sheetgen.grad


@pytest.mark.parametrize(
    ("call", "never"),
    [
        ("audit('docs/examples/submissions/ada.xlsx')", "torch matplotlib xlsxwriter click rich"),
        ("grad('docs/examples/submissions/ada.xlsx', 'W80', 'G31')", "torch matplotlib xlsxwriter click rich"),
        ("build('homework', sys.argv[1], steps=1, check=False)", "click rich"),
    ],
)
def test_a_function_loads_no_more_than_it_needs(call: str, never: str, tmp_path: Path) -> None:
    code = f"import sys, sheetgen; sheetgen.{call}; print(set('{never}'.split()) & set(sys.modules))"
    command = [sys.executable, "-c", code, str(tmp_path / "x.xlsx")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_nothing_is_told_unless_it_is_asked_for() -> None:
    """All that take long tell of their progress in the same way."""
    for name in ("build", "check", "grad"):
        assert inspect.signature(getattr(sheetgen, name)).parameters["progress"].default is silent


# What is caught and dealt with where it is raised, and what is a fault of sheetgen's own.
INTERNAL = {
    "BookError", "Circular", "FormulaError", "NoSample", "NotDifferentiable", "NotEvaluated", "NotUnderstood",
    "Stopped", "TooLarge", "Unreadable", "Unresolved", "UserError", "_TooMuch",
}  # fmt: skip


def test_every_error_for_the_user_is_a_user_error() -> None:
    """What derives from Python's own exceptions is known, and is none."""
    texts = [*modules().values(), *modules(Path(mnist.__file__).parent).values()]
    classes = [node for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    builtin = re.compile(r"(Base)?Exception|\w+Error")
    own = {
        node.name for node in classes
        for base in node.bases if isinstance(base, ast.Name) and builtin.fullmatch(base.id) and base.id != "UserError"
    }  # fmt: skip
    assert own == INTERNAL
    assert {"SpecError", "CannotExport", "BadRecord"} <= {node.name for node in classes} - own
