"""Errors that are one sentence for the user, and the exit statuses of all commands."""

from __future__ import annotations

import importlib
import warnings
from enum import IntEnum
from importlib.util import find_spec
from types import ModuleType

# What each extra of pyproject.toml brings beyond the bare install, by the names it is imported by.
EXTRAS = {
    "build": ("numpy", "matplotlib", "PIL", "lxml", "openpyxl", "formulas", "ironcalc"),
    "torch": ("torch", "torchvision", "numpy", "safetensors"),
    "formulon": ("formulon",),
}


class Status(IntEnum):
    """How a command ends; the worst of several files decides. One that a signal stops ends with 128 and its number."""

    RIGHT = 0  # all is right, or was written
    WRONG = 1  # something is wrong in what was judged; of what was to be written, nothing was
    UNUSABLE = 2  # what was given cannot be used or judged


class UserError(Exception):
    """Something that was given cannot be used; the message is one sentence with the remedy."""


class MissingExtra(UserError):
    """An optional package is not installed; the message names the extra that brings it."""


def require(purpose: str, *extras: str) -> None:
    """Raise MissingExtra unless all packages of some extras are installed, before anything slow is begun.

    It imports none of them. The message names every extra that lacks something: `require("building a workbook",
    "build", "torch")` says "building a workbook needs torch: run pip install 'sheetgen[torch]'.".
    """
    missing = {extra: [name for name in EXTRAS[extra] if find_spec(name) is None] for extra in extras}
    if lacking := [extra for extra, names in missing.items() if names]:
        names = ", ".join(dict.fromkeys(name for extra in lacking for name in missing[extra]))
        raise MissingExtra(f"{purpose} needs {names}: run pip install 'sheetgen[{','.join(lacking)}]'.")


def need(module: str, extra: str, purpose: str, kind: type[MissingExtra] = MissingExtra) -> ModuleType:
    """Import a module of an optional package, as `need("ironcalc", "build", "The engine IronCalc")`.

    Raises MissingExtra, or another kind of it, which says how to install it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library warns of while it loads is not ours to mend
            return importlib.import_module(module)
    except ImportError as error:
        raise kind(f"{purpose} is not installed: run pip install 'sheetgen[{extra}]'.") from error
