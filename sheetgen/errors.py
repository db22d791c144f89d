"""Errors that are one sentence for the user: a command prints it and ends with an exit status that is not 0."""

from __future__ import annotations

import importlib
from types import ModuleType


class UserError(Exception):
    """Something that was given cannot be used; the message is one sentence with the remedy."""


class MissingExtra(UserError):
    """An optional package is not installed; the message names the extra that brings it."""


def need(module: str, extra: str, purpose: str) -> ModuleType:
    """Import a module of an optional package, as `need("torch", "torch", "PyTorch, which checks the workbook,")`.

    Raises MissingExtra, which says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(f"{purpose} is not installed: run pip install 'sheetgen[{extra}]'.") from error
