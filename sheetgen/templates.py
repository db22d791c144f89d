"""The templates that sheetgen ships."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from sheetgen import spec as specs
from sheetgen.console import console
from sheetgen.spec import SpecError


def folder() -> Path:
    """Where the templates are: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).resolve().parent
    return here / "templates" if (here / "templates").is_dir() else here.parent / "templates"


def find(name: str) -> Path:
    """The file of a template: a path, or the name of one that is shipped. Raises SpecError."""
    shipped = folder() / f"{name}.toml"
    path = Path(name)
    if path.suffix != ".toml" and not path.exists() and path.name == name:
        if shipped.is_file():
            return shipped
        known = ", ".join(sorted(p.stem for p in folder().glob("*.toml")))
        raise SpecError(f"{name}: there is no such template: give the path of a .toml file, or one of {known}")
    return path


def show() -> None:
    """Print the shipped templates with their titles."""
    shown = Table("template", "network", "title", box=None)
    for path in sorted(folder().glob("*.toml"), key=lambda path: path.stem):
        spec = specs.load(path)
        shown.add_row(path.stem, "-".join(map(str, spec.layers)), spec.title)
    console().print(shown)
