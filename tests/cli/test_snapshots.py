"""What the commands print and write is, character by character, what is kept in tests/snapshots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grad_books import loan, write
from mutants import formula_of, set_cells
from snapshot import same, steady
from verdicts import class_of

import sheetgen
from sheetgen.__main__ import main
from sheetgen.audit import processes
from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.deliver import build

ROOT = Path(__file__).parents[2]
SUBMISSIONS = "docs/examples/submissions"
FORMS: dict[str, list[str]] = {"txt": [], "md": ["--markdown"], "json": ["--json"]}

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in the folder of the repository: its status, what it printed, and what it complained of."""
    monkeypatch.chdir(ROOT)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as stop:
            main([str(x) for x in arguments], prog_name="sheetgen")
        out, err = capsys.readouterr()
        return f"{out}--- standard error\n{err}--- status {int(stop.value.code or 0)}\n"

    return call


@pytest.fixture(scope="module")
def submissions() -> list[Verdict]:
    return [audit(path) for path in sorted((ROOT / SUBMISSIONS).glob("*.xlsx"))]


@pytest.fixture(params=["class", "submissions"])
def judged(request: pytest.FixtureRequest, submissions: list[Verdict], monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of some verdicts, of which `sheetgen audit` tells."""
    verdicts = class_of(Path("class")) if request.param == "class" else submissions
    for verdict in verdicts if request.param == "submissions" else []:
        verdict.path = Path(SUBMISSIONS, verdict.path.name)
    monkeypatch.setattr(processes, "find_files", lambda *_, **__: [v.path for v in verdicts])
    monkeypatch.setattr(processes, "audit_all", lambda *_, **__: verdicts)
    return str(request.param)


@pytest.mark.parametrize("form", FORMS)
def test_an_audit_is_printed(form: str, judged: str, run: Run) -> None:
    same(f"audit-{judged}.{form}", run("audit", SUBMISSIONS, *FORMS[form]))


def test_an_audit_is_written(judged: str, run: Run, tmp_path: Path) -> None:
    run("audit", SUBMISSIONS, "--junit", tmp_path / "j.xml", "--gradescope", tmp_path / "g.json")
    same(f"audit-{judged}.xml", (tmp_path / "j.xml").read_text(encoding="utf-8"))
    same(f"audit-{judged}-gradescope.json", (tmp_path / "g.json").read_text(encoding="utf-8"))


def test_an_audit_has_colours_on_a_terminal(judged: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "100"), ("TERM", "xterm"), ("COLORTERM", "")):
        monkeypatch.setenv(name, value)
    shown = run("audit", SUBMISSIONS)
    same(f"audit-{judged}-colours.txt", shown.partition("--- standard error")[0].replace("\x1b", "<ESC>"))


@pytest.mark.parametrize("form", ["txt", "json", "csv"])
def test_derivatives_are_printed(form: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = [] if form == "txt" else [f"--{form}"]
    write(tmp_path / "model.xlsx", {"Loan": loan(24)})
    monkeypatch.chdir(tmp_path)
    same(f"grad.{form}", run("grad", "model.xlsx", "b5", "B1:B4", "A1:B1", *options))


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The homework with 8 steps."""
    return sheetgen.build("homework", tmp_path_factory.mktemp("right") / "right.xlsx", steps=8, check=False).path


def test_a_check_is_printed(right: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"AB20": f"=1.001*({formula_of(right, 'Training', 'AB20')})"}
    set_cells(right, right.with_name("broken.xlsx"), "Training", changed)
    monkeypatch.chdir(right.parent)
    same("check.txt", run("check", "right.xlsx", "broken.xlsx", "none.xlsx", "--engine", "IronCalc"))


def test_a_build_is_printed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check: Callable[..., Any] = build.check
    monkeypatch.setattr(build, "check", lambda path, **options: check(path, engines=["IronCalc"], **options))
    monkeypatch.chdir(tmp_path)
    same("build.txt", run("build", "homework", "nothing", "--steps", "3", "-o", "here"))


def test_a_change_is_seen_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHEETGEN_SNAPSHOTS", raising=False)
    with pytest.raises(AssertionError, match=r"snapshots/none\.txt\n\+\+\+ now\n.*\n\+right"):
        same("none.txt", "right\n")


def test_what_varies_is_left_out_and_nothing_else() -> None:
    assert steady('1.5 s, 3e-15, 0.12, time="2.25", 0.1234567890123') == '0.0 s, ~, 0.12, time="0", 0.12345679'
