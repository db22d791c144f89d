"""The templates that sheetgen ships."""

from __future__ import annotations

from pathlib import Path

from sheetgen.spec import SpecError


def folder() -> Path:
    """Where the templates are: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).resolve().parent
    return here / "templates" if (here / "templates").is_dir() else here.parent / "templates"


def find(name: str) -> Path:
    """The file of a template: a path, or the name of one that is shipped. Raises SpecError."""
    ours = folder() / f"{name}.toml"
    path = Path(name)
    if path.suffix != ".toml" and not path.exists() and path.name == name:
        if ours.is_file():
            return ours
        known = ", ".join(file.stem for file in shipped())
        raise SpecError(f"{name}: there is no such template: give the path of a .toml file, or one of {known}")
    return path


def shipped() -> list[Path]:
    """The files of the shipped templates, by name."""
    return sorted(folder().glob("*.toml"), key=lambda path: path.stem)
