"""The command line: exit statuses, one clear sentence for every bad input, and nothing lost or left behind."""

import errno
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest
from books import TEMPLATES
from mutants import formula_of, set_cells
from progress import parted

from sheetgen import spec as specs
from sheetgen.__main__ import main
from sheetgen.base.finding import Finding
from sheetgen.cli import console
from sheetgen.cli.console import KEPT
from sheetgen.deliver import build
from sheetgen.excel import read
from sheetgen.judge import check as judge
from sheetgen.judge.check import check
from sheetgen.judge.engines import ENGINES, EngineMissing
from sheetgen.judge.report import Report
from sheetgen.writer import workbook

Run = tuple[int, str, str]  # exit status, standard output, standard error
Sheetgen = Callable[..., Run]

NETWORK = (TEMPLATES / "homework.toml").read_text(encoding="utf-8")


@pytest.fixture
def sheetgen(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sheetgen:
    """Run the command line in an empty folder; what is not a terminal gets no colours. Finished stages are left out."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Run:
        with pytest.raises(SystemExit) as stop:
            main([str(x) for x in arguments], prog_name="sheetgen")
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        assert "Traceback" not in out + err
        return int(stop.value.code or 0), out, parted(err)[1]

    return run


def left_in(folder: Path) -> set[str]:
    """Everything under a folder, hidden or not."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.fixture
def computing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is refused at once: before PyTorch is asked, or anything written."""

    def refuse(*_: object) -> None:
        raise AssertionError("this should have been refused before anything was computed")

    monkeypatch.setattr(build, "ask_oracle", refuse)
    monkeypatch.setattr(workbook, "write", refuse)


@pytest.mark.usefixtures("computing_is_an_error")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("nothere", r"nothere: there is no such template: .* one of homework, .*xor"),
        ("nothere.toml", r"nothere\.toml: .*No such file or directory.*"),
        ("folder", r"folder: .*directory.*"),
        ("bad.toml", r"bad\.toml: network\.layer is not a key .*layers.*"),
        ("text.xlsx", r"text\.xlsx: this is not TOML .*"),
        ("-o x.txt", r"x\.txt: .*must end with \.xlsx"),
        ("-o x", r"x: .*must end with \.xlsx"),
        ("-o book.xlsx", r"book\.xlsx: the file cannot be written \(it is a folder\): .*"),
        ("-o file/x.xlsx", r"file/x\.xlsx: the file cannot be written \(file is no folder\): .*"),
        ("-o file/deep/x.xlsx", r"file/deep/x\.xlsx: the file cannot be written \(file is no folder\): .*"),
        ("--steps 0", r"command line: --steps is 0: .* from 1 on"),
        ("--steps -3", r"command line: --steps is -3: .* from 1 on"),
        ("--steps 2000000", r"homework: 2,000,000 steps .*a sheet of Excel ends at row 1,048,576: .*"),
        ("--steps 1048561 --no-check", r"homework: .*use at most 1,048,560 steps"),
        ("--steps 1000000", r"homework: 1,000,000 steps .*use fewer steps.*"),
        ("--learning-rate nan", r"command line: --learning-rate holds nan.*between -1e6 and 1e6"),
        ("--learning-rate inf", r"command line: --learning-rate holds inf.*between -1e6 and 1e6"),
        ("--learning-rate 1e9", r"command line: --learning-rate holds 1000000000\.0.*between -1e6 and 1e6"),
        ("homework mazur -o one.xlsx", r"one\.xlsx: this is the name of one workbook for 2 templates: .*"),
    ],
)
def test_bad_input_is_one_sentence(arguments: str, sentence: str, sheetgen: Sheetgen, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "text.xlsx").write_text("not a template either")
    (tmp_path / "bad.toml").write_text(NETWORK.replace("layers =", "layer = 1\nlayers ="))
    (tmp_path / "folder").mkdir()
    (tmp_path / "book.xlsx").mkdir()
    before = left_in(tmp_path)
    status, out, err = sheetgen("build", *arguments.split())
    lines = set(err.splitlines())  # of two templates, each is refused in the same words
    assert (status, out, len(lines)) == (2, "", 1)
    assert re.fullmatch(sentence, lines.pop())
    assert left_in(tmp_path) == before


@pytest.mark.parametrize(
    "arguments",
    ["build --steps many", "build --learning-rate fast", "build --nonsense", "check", "nonsense"],
)
def test_a_command_that_is_none_shows_its_usage(arguments: str, sheetgen: Sheetgen) -> None:
    status, out, err = sheetgen(*arguments.split())
    assert (status, out) == (2, "")
    assert err.startswith("Usage: sheetgen")
    assert err.splitlines()[-1].startswith("Error: ")


def test_templates_are_listed(sheetgen: Sheetgen) -> None:
    status, out, err = sheetgen("templates")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:]] == sorted(path.stem for path in TEMPLATES.glob("*.toml"))


def test_several_templates_go_into_a_folder(sheetgen: Sheetgen, tmp_path: Path) -> None:
    (tmp_path / "xor.toml").write_text(NETWORK)
    status, out, err = sheetgen("build", "mazur", "nothere", "xor", "xor.toml", "-o", "a/b", "--steps", 2, "--no-check")
    assert status == 2
    assert out.splitlines() == [f"a/b/{name}.xlsx: written, not checked" for name in ("mazur", "xor")]
    assert "nothere: there is no such template" in err.splitlines()[0]
    assert err.splitlines()[1].startswith("xor.toml: a/b/xor.xlsx is written by another template")
    assert left_in(tmp_path / "a") == {"b", "b/mazur.xlsx", "b/xor.xlsx"}


@pytest.fixture
def quick_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge, with its fastest engine alone."""

    def quick(path: Path, engines: object = None, *options: Any, **more: Any) -> Report:
        return check(path, ["IronCalc"], *options, **more)

    monkeypatch.setattr(build, "check", quick)
    monkeypatch.setattr(judge, "check", quick)  # which the command takes from there


@pytest.mark.usefixtures("quick_judge")
def test_a_checked_build_replaces_the_old_file_and_leaves_nothing_else(sheetgen: Sheetgen, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_text("old")
    status, out, err = sheetgen("build", "-o", "x.xlsx", "--steps", 2)
    assert (status, err) == (0, "")
    assert out.splitlines()[-1].startswith("x.xlsx: written, ") and out.endswith("all right\n")
    assert left_in(tmp_path) == {"x.xlsx"}
    assert (tmp_path / "x.xlsx").stat().st_mode & 0o777 == 0o666 & ~umask()
    status, out, err = sheetgen("check", "x.xlsx")
    assert (status, out.splitlines()[-1], err) == (0, "x.xlsx: right", "")


def umask() -> int:
    """This process's umask, which can only be read by setting it."""
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "draft")


def not_allowed(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "draft")


def no_engine(*_: object, **__: object) -> None:
    raise EngineMissing("the engine that calculates is missing: install it")


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def found_wrong(path: Path, **_: object) -> Report:
    return Report(path, findings=[Finding("wrong", "Training", "N17", "the formula is not what it should be")])


@pytest.mark.parametrize("options", [[], ["--no-check"]], ids=["check", "no-check"])
@pytest.mark.parametrize(
    ("where", "what", "fails", "status", "sentence"),
    [
        (build, "check", found_wrong, 1, "x.xlsx: not written, for the draft failed its checks"),
        (build, "check", interrupted, 130, f"interrupted: {KEPT}"),
        (build, "check", no_space, 2, "x.xlsx: the file cannot be written (No space left on device): choose"),
        (workbook, "write", no_space, 2, "x.xlsx: the file cannot be written (No space left on device): choose"),
        (workbook, "write", interrupted, 130, f"interrupted: {KEPT}"),
        (build, "calculated", no_engine, 2, "the engine that calculates is missing: install it"),
        (tempfile, "mkdtemp", not_allowed, 2, "x.xlsx: the file cannot be written (Permission denied): choose"),
    ],
)
def test_a_failed_build_leaves_everything_as_it_was(
    where: object,
    what: str,
    fails: Callable[..., object],
    status: int,
    sentence: str,
    options: list[str],
    sheetgen: Sheetgen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if options and what == "check":
        return  # nothing is checked then
    (tmp_path / "x.xlsx").write_text("old")
    monkeypatch.setattr(where, what, fails)
    found, out, err = sheetgen("build", "homework", "-o", "x.xlsx", "--steps", 2, *options)
    assert found == status
    assert sentence in err and len(err.strip().splitlines()) == 1
    assert ("Training!N17" in out) == (fails is found_wrong)
    assert left_in(tmp_path) == {"x.xlsx"} and (tmp_path / "x.xlsx").read_text() == "old"


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The homework with 8 steps, as the command line writes it."""
    folder = tmp_path_factory.mktemp("right")
    build.build("homework", folder / "right.xlsx", build.BuildOptions(steps=8, check=False))
    return folder / "right.xlsx"


@pytest.fixture(scope="module")
def broken(right: Path) -> Path:
    """The same with one wrong formula in it."""
    formula = formula_of(right, "Training", "AB20")
    return set_cells(right, right.with_name("broken.xlsx"), "Training", {"AB20": f"=1.001*({formula})"})


def test_a_broken_formula_is_named(broken: Path, sheetgen: Sheetgen) -> None:
    status, out, err = sheetgen("check", broken, "--engine", "IronCalc")
    assert status == 1
    assert re.search(r"^wrong: Training!AB20: .* PyTorch", out, re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(str(broken))}: [\d,]+ findings\n", err)


def test_a_bad_file_does_not_hide_the_others(broken: Path, right: Path, sheetgen: Sheetgen, tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "plain.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    (tmp_path / "folder.xlsx").mkdir()
    bad = ["missing.xlsx", "text.xlsx", "folder.xlsx", "plain.xlsx"]
    status, out, err = sheetgen("check", *bad, broken, right, "--engine", "IronCalc")
    assert status == 2
    said = err.splitlines()
    assert all(re.match(rf"{name}\b.*\w+ \w+", line) for name, line in zip(bad, said, strict=False))
    assert said[-1].startswith(f"{broken}: ") and len(said) == len(bad) + 1
    assert "sheetgen build" in said[3]
    assert out.splitlines()[-1] == f"{right}: right"


@pytest.mark.parametrize(("files", "status"), [("rr", 0), ("rb", 1), ("br", 1), ("bm", 2), ("mb", 2), ("mr", 2)])
def test_the_worst_file_decides(
    files: str, status: int, broken: Path, right: Path, sheetgen: Sheetgen, quick_judge: None
) -> None:
    names = {"r": right, "b": broken, "m": Path("missing.xlsx")}
    assert sheetgen("check", *(names[x] for x in files))[0] == status


def test_a_name_is_printed_as_it_is(sheetgen: Sheetgen) -> None:
    """To rich, [red] is markup and :x: an emoji."""
    name = "a[red] and a rather long name, so that the line is over eighty characters wide and must not break :x:.xlsx"
    _, _, err = sheetgen("check", name)
    assert err.startswith(f"{name} ") and err.count("\n") == 1


def test_an_unknown_engine_is_one_sentence(sheetgen: Sheetgen) -> None:
    status, out, err = sheetgen("check", "x.xlsx", "--engine", "abacus")
    assert (status, out) == (2, "")
    assert err.startswith("abacus: there is no such engine: use one of IronCalc, ") and err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in TEMPLATES.glob("*.toml")))
def test_every_template_builds_and_passes_every_engine(name: str, sheetgen: Sheetgen, tmp_path: Path) -> None:
    """With few rows, for each is the one above filled down; test_properties.py trains each as long as it is shipped."""
    status, out, err = sheetgen("build", name, "--steps", 12)
    assert (status, err) == (0, "")
    assert all(engine in out for engine in ENGINES)
    assert left_in(tmp_path) == {"out", f"out/{name}.xlsx"}


@pytest.mark.usefixtures("quick_judge")
def test_a_long_build_says_so_first(
    sheetgen: Sheetgen, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything slow is done, with the count of formulas; a short one says nothing."""
    said: list[str] = []
    monkeypatch.setattr(console, "warn", said.append)
    monkeypatch.setattr(build, "ask_oracle", interrupted)
    plan = workbook.plan(specs.with_options(specs.load(TEMPLATES / "xor.toml"), 2_000))
    assert sheetgen("build", "xor", "--steps", 2_000, "-o", "x.xlsx")[0] == 130
    assert said == [
        f"x.xlsx: about {plan.formulas:,} formulas to write, and to check with every engine: this takes minutes"
    ]
    for few in (["--steps", 20], ["--steps", 2_000, "--no-check"]):
        assert sheetgen("build", "xor", "-o", "x.xlsx", *few)[0] == 130
    assert len(said) == 1


@pytest.mark.parametrize("name", ["homework", "xor"])
def test_the_count_of_formulas_is_about_right(name: str, tmp_path: Path) -> None:
    spec = specs.with_options(specs.load(TEMPLATES / f"{name}.toml"), 60)
    plan = workbook.plan(spec)
    workbook.write(plan, tmp_path / "x.xlsx", build.ask_oracle(spec))
    found = sum(bool(e.formula) for cells in read(tmp_path / "x.xlsx").sheets.values() for e in cells.values())
    assert 0.85 * found < plan.formulas < 1.05 * found


def test_what_is_wrong_is_printed_once(sheetgen: Sheetgen, tmp_path: Path) -> None:
    """The same options are wrong in the same way for every template, and the same file in the same way every time."""
    assert sheetgen("build", "homework", "mazur", "xor", "--steps", 0)[2].count("--steps is 0") == 1
    assert sheetgen("check", "gone.xlsx", "gone.xlsx")[2].count("gone.xlsx") == 1
    assert sheetgen("build", "gone", "away")[2].count("there is no such template") == 2


def test_a_link_as_output_is_followed(sheetgen: Sheetgen, tmp_path: Path) -> None:
    (tmp_path / "real.xlsx").write_text("old")
    (tmp_path / "real.xlsx").chmod(0o640)
    (tmp_path / "link.xlsx").symlink_to("real.xlsx")
    assert sheetgen("build", "homework", "-o", "link.xlsx", "--steps", 2, "--no-check")[0] == 0
    assert (tmp_path / "link.xlsx").readlink() == Path("real.xlsx")
    assert read(tmp_path / "real.xlsx").sheets and (tmp_path / "real.xlsx").stat().st_mode & 0o777 == 0o640


def test_a_stage_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], right: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check", str(right), "--engine", "IronCalc"])
    assert stop.value.code == 0
    lines = capsys.readouterr().err.splitlines()
    heads = ["reading: ", "linting: ", "PyTorch autograd: ", "IronCalc "]
    assert len(lines) == len(heads) and all(map(str.startswith, lines, heads))
    figures = r"IronCalc [\d.]+: [\d,]+ cells, worst relative error \d\.\de-\d\d at .+!\w+, \d+\.\d s"
    assert re.fullmatch(figures, lines[3])


def test_what_excel_would_not_take_is_not_written_even_unchecked(
    sheetgen: Sheetgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Finding("formula-nesting", "Training", "A9", "Functions are nested more than 64 deep.")] * 2
    monkeypatch.setattr("sheetgen.judge.check.lint", lambda _: found)
    status, out, _ = sheetgen("build", "homework", "--steps", "3", "--no-check", "-o", tmp_path / "book.xlsx")
    assert status == 1 and not (tmp_path / "book.xlsx").exists()
    assert out.count("lint: Training!A9: Functions are nested more than 64 deep. [formula-nesting]") >= 1
