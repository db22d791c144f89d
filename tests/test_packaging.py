"""The wheel holds what a user needs and works from any folder; importing sheetgen, and asking for help, stays light."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mnist.__main__ import main as mnist
from sheetgen.__main__ import main

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "torchvision", "matplotlib", "xlsxwriter", "formulas", "scipy", "numpy", "openpyxl")


def python(*arguments: str, folder: Path, path: Path | None = None) -> str:
    """Run this Python in a folder, with a folder of packages before the others; its output."""
    environment = os.environ | {"PYTHONPATH": str(path) if path else "", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def built(kind: str, source: Path, target: Path) -> Path:
    """A 'wheel' or 'sdist' made by the build backend alone: no network, nothing left in the source."""
    code = f"import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
    return target / python("-c", code, str(target), folder=source).split()[-1]


SUBMISSIONS = ROOT / "docs" / "examples" / "submissions"
MOST = 60_000_000  # bytes of the bare install


def contents(wheel: Path) -> set[str]:
    """The names of a wheel's files, without its metadata."""
    with zipfile.ZipFile(wheel) as book:
        return {name for name in book.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sheetgen installed into it from the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    python("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder), str(wheel), folder=folder)
    return folder


def test_the_wheel_holds_the_packages_the_templates_the_records_and_nothing_else(wheel: Path) -> None:
    rooms = (ROOT / "sheetgen", ROOT / "mnist")
    paths = (path for room in rooms for path in room.rglob("*.py") if "site" not in path.parts)
    source = {path.relative_to(ROOT).as_posix() for path in paths}
    templates = {f"sheetgen/templates/{path.name}" for path in (ROOT / "templates").glob("*.toml")}
    records = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mnist" / "runs").glob("*/s*")}
    web = ROOT / "sheetgen" / "web"
    paths = (*web.glob("*.json"), *(web / "page").rglob("*"), *(web / "site").rglob("*"))  # the last where it is built
    page = {path.relative_to(ROOT).as_posix() for path in paths if path.is_file()}
    assert contents(wheel) == source | templates | records | page | {"sheetgen/py.typed"}
    assert len(templates) >= 5


def test_the_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(built("sdist", ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    site = {name for name in contents(wheel) if name.startswith("sheetgen/web/site/")}
    assert contents(built("wheel", source, tmp_path)) == contents(wheel) - site


def test_a_wheel_carries_the_page_if_it_is_built(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    for name in ("site/index.html", "site/pyodide/pyodide.mjs", "node_modules/pyodide/pyodide.mjs"):
        (source / "sheetgen" / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (source / "sheetgen" / "web" / name).write_text("")
    names = {name for name in contents(built("wheel", source, tmp_path)) if "site/" in name or "node_modules" in name}
    assert names == {"sheetgen/web/site/index.html", "sheetgen/web/site/pyodide/pyodide.mjs"}


def test_an_installed_sheetgen_lists_and_builds_templates_in_any_folder(installed: Path, tmp_path: Path) -> None:
    where = python("-c", "import sheetgen; print(sheetgen.__file__)", folder=tmp_path, path=installed)
    assert Path(where.strip()).is_relative_to(installed)
    listed = python("-m", "sheetgen", "templates", folder=tmp_path, path=installed)
    assert all(path.stem in listed for path in (ROOT / "templates").glob("*.toml"))
    command = [str(installed / "bin" / "sheetgen"), "build", "homework", "--steps", "2", "--no-check", "-o", "x.xlsx"]
    python(*command, folder=tmp_path, path=installed)
    assert zipfile.is_zipfile(tmp_path / "x.xlsx")


def loaded(code: str) -> set[str]:
    """Which heavy packages some code loads in a fresh Python."""
    report = f"print('loaded', *set({HEAVY}) & set(sys.modules))"
    show = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n{report}"
    return set(python("-c", show, folder=ROOT, path=ROOT).splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "code",
    [
        "import sheetgen",
        "import runpy; sys.argv = ['build.py', '--help']; runpy.run_path('build.py', run_name='__main__')",
        "import runpy; sys.argv = ['sheetgen', 'check', '-h']; runpy.run_module('sheetgen', run_name='__main__')",
        "import runpy; sys.argv = ['sheetgen', '--version']; runpy.run_module('sheetgen', run_name='__main__')",
    ],
    ids=["import", "build.py --help", "check -h", "--version"],
)
def test_it_starts_light(code: str) -> None:
    assert loaded(code) == set()


def test_a_teacher_s_report_needs_no_extra() -> None:
    assert loaded("import sheetgen.writer.sheets.audit_report, sheetgen.writer.sheets.links") == {"xlsxwriter"}


def test_a_heavy_start_would_be_seen() -> None:
    assert loaded("import sheetgen.writer.book") >= {"xlsxwriter"}
    assert loaded("import sheetgen.judge.oracle") >= {"torch"}
    drawn = "from sheetgen.writer.typeset import typeset; typeset('x', '#000000')"
    assert loaded(drawn) >= {"matplotlib", "numpy"}


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with nothing but the wheel and what it names: no extras."""
    folder = tmp_path_factory.mktemp("bare")
    python("-m", "venv", "--without-pip", str(folder), folder=folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    install = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "-q", str(wheel)]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"nothing can be installed here: {done.stderr}")
    return programs


def of_bare(bare: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of that environment, which sees nothing of this one."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = (str(bare / command[0]), *command[1:])
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_bare_install_is_small(bare: Path) -> None:
    assert sum(path.stat().st_size for path in bare.parent.rglob("*") if path.is_file()) < MOST


@pytest.mark.slow
def test_the_bare_install_audits_and_differentiates(bare: Path, tmp_path: Path) -> None:
    right, wrong = str(SUBMISSIONS / "ada.xlsx"), str(SUBMISSIONS / "ben.xlsx")
    done = of_bare(bare, tmp_path, "sheetgen", "audit", right, wrong, "--report", "marks.xlsx")
    assert done.returncode == 1 and "ben.xlsx" in done.stdout and done.stderr == ""
    assert zipfile.is_zipfile(tmp_path / "marks.xlsx")
    assert of_bare(bare, tmp_path, "sheetgen", "audit", right).returncode == 0
    done = of_bare(bare, tmp_path, "sheetgen", "grad", right, "Sheet1!W80", "G31")
    assert done.returncode == 0 and "G31" in done.stdout, done.stderr


@pytest.mark.slow
def test_the_bare_install_helps(bare: Path, tmp_path: Path) -> None:
    """With every command, also with those that need more."""
    for program, commands in ((["sheetgen"], main.commands), (["python", "-m", "mnist"], mnist.commands)):
        for command in ([], *([name] for name in commands)):
            done = of_bare(bare, tmp_path, *program, *command, "--help")
            assert (done.returncode, done.stderr) == (0, "") and "Usage:" in done.stdout
    assert "homework" in of_bare(bare, tmp_path, "sheetgen", "templates").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "sheetgen build",
        "sheetgen check x.xlsx",
        "sheetgen export m.py:m --example 1x1 -o x.xlsx",
        "python -m mnist train",
    ],
)
def test_the_bare_install_says_what_a_command_lacks(command: str, bare: Path, tmp_path: Path) -> None:
    done = of_bare(bare, tmp_path, *command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"[\w ]+ needs [\w, ]+: run pip install 'sheetgen\[[a-z,]+\]'\.\n", done.stderr)
