"""Errors that are one sentence for the user, and the exit statuses of all commands."""

from __future__ import annotations

import importlib
from enum import IntEnum
from types import ModuleType


class Status(IntEnum):
    """How a command ends; the worst of several files decides. One that a signal stops ends with 128 and its number."""

    RIGHT = 0  # all is right, or was written
    WRONG = 1  # something is wrong in what was judged; of what was to be written, nothing was
    UNUSABLE = 2  # what was given cannot be used or judged


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
