"""The bare install judges; what writes workbooks is an extra, and a command that lacks one says so."""

import re
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from shown import ROOT
from test_arrows import libraries, modules

from mnist.__main__ import main as mnist
from sheetgen.__main__ import main
from sheetgen.base import errors
from sheetgen.base.errors import EXTRAS, MissingExtra, need, require

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BARE = {"click", "rich", "xlsxwriter"}
CALLED = {"pillow": "PIL"}  # packages that are imported by another name
WITH = {"schedula"}  # what comes with a package that is named
UNASKED = {"openpyxl"}  # what formulas imports when it reads a workbook, and does not ask for

Lacking = Callable[..., None]


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Lacking:
    """`lacking("torch")`: go on as if some packages were not installed."""

    def remove(*packages: str) -> None:
        for name in packages:
            monkeypatch.setitem(sys.modules, name, None)

    return remove


def named(packages: list[str]) -> set[str]:
    """What packages of pyproject.toml are imported by."""
    names = {re.split(r"[<>=\[]", package)[0] for package in packages}
    return {CALLED.get(name, name) for name in names}


def test_the_extras_are_those_of_the_package() -> None:
    extras = PROJECT["optional-dependencies"]
    assert named(PROJECT["dependencies"]) == BARE
    assert {name: named(extras[name]) for name in EXTRAS} == {name: set(names) for name, names in EXTRAS.items()}
    assert extras["all"] == [f"sheetgen[{','.join(EXTRAS)}]"] and "sheetgen[all]" in extras["test"]


def test_what_is_imported_is_installed_and_the_other_way_round() -> None:
    imported = set().union(*(names for house in ("sheetgen", "mnist") for names in outside(ROOT / house)))
    assert imported - WITH | UNASKED == BARE | set().union(*EXTRAS.values())


def test_what_formulas_does_not_ask_for_it_imports() -> None:
    package = metadata.distribution("formulas")
    sources = [file.locate() for file in package.files or () if file.suffix == ".py"]
    imports = "\n".join(Path(str(source)).read_text(encoding="utf-8") for source in sources)
    asked = {re.split(r"[^\w.-]", line)[0] for line in package.requires or () if "extra ==" not in line}
    assert {name for name in UNASKED if re.search(rf"^ *(from|import) {name}\b", imports, re.M)} - asked == UNASKED


def outside(house: Path) -> list[set[str]]:
    """The libraries that each room of a package imports."""
    return [names - {"mnist"} for names in libraries(modules(house)).values()]


@pytest.mark.parametrize(
    ("command", "packages", "sentence"),
    [
        ("build", ["lxml"], "sheetgen build needs lxml: run pip install 'sheetgen[build]'."),
        ("build --no-check", ["torch"], "sheetgen build needs torch: run pip install 'sheetgen[torch]'."),
        ("build", ["PIL", "torch"], "sheetgen build needs PIL, torch: run pip install 'sheetgen[build,torch]'."),
        ("check x.xlsx", ["ironcalc"], "sheetgen check needs ironcalc: run pip install 'sheetgen[build]'."),
        (
            "export m.py:m --example 1x1 -o x.xlsx",
            ["safetensors"],
            "sheetgen export needs safetensors: run pip install 'sheetgen[torch]'.",
        ),
        ("mnist train", ["torchvision"], "training needs torchvision: run pip install 'sheetgen[torch]'."),
        ("mnist ladder", ["torch"], "training needs torch: run pip install 'sheetgen[torch]'."),
        ("mnist verify", ["torch"], "evaluating a network needs torch: run pip install 'sheetgen[torch]'."),
        (
            "mnist spreadsheet",
            ["numpy"],
            "comparing the formulas with PyTorch needs numpy: run pip install 'sheetgen[build,torch]'.",
        ),
    ],
)
def test_a_command_that_lacks_an_extra_says_which(
    command: str, packages: list[str], sentence: str, lacking: Lacking, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    lacking(*packages)
    words = command.split()
    with pytest.raises(SystemExit) as stop:
        mnist(words[1:]) if words[0] == "mnist" else main(words)
    assert (stop.value.code, *capsys.readouterr()) == (2, "", sentence + "\n")
    assert list(tmp_path.iterdir()) == []


def test_only_what_trains_asks_for_pytorch(
    right: Path, lacking: Lacking, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "sheetgen.judge.oracle", raising=False)
    lacking("torch")
    with pytest.raises(SystemExit) as stop:
        main(["check", str(right), "--engine", "IronCalc"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith(
        "checking a workbook that trains needs torch: run pip install 'sheetgen[torch]'.\n"
    )


def test_what_is_installed_is_asked_for_nothing() -> None:
    require("everything", *EXTRAS)
    assert need("torch", "torch", "PyTorch") is sys.modules["torch"]


def test_a_package_that_cannot_be_imported_is_one_sentence(lacking: Lacking) -> None:
    lacking("ironcalc")
    with pytest.raises(MissingExtra, match=r"^IronCalc is not installed: run pip install 'sheetgen\[build\]'\.$"):
        need("ironcalc", "build", "IronCalc")
    with pytest.raises(errors.UserError):
        require("this", "build")
