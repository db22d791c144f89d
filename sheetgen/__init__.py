"""sheetgen: neural networks that train in live spreadsheet cells, proven equal to PyTorch autograd."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`sheetgen.export`, only when it is asked for: it imports torch, which takes seconds."""
    if name == "export":
        # By name, for `check` imports this package too, and must not reach what writes workbooks.
        return import_module(f"{__name__}.exporter.export").export
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
