"""The arguments of the command: the code of a network, its weights, and an example; each slip is one sentence."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import math
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from sheetgen.base.errors import UserError

PICKLED = (".pt", ".pth")
SAFE = ".safetensors"
MAX_NUMBERS = 2_000_000  # of an example
_SHAPE = re.compile(r"[0-9]{1,9}(x[0-9]{1,9})+")


class CannotLoad(UserError):
    """Something that was named on the command line cannot be used; the message is one sentence."""


def network(model: str, weights: Path | None = None) -> nn.Module:
    """The module that `file.py:name` or `package.module:name` is or gives, with its weights. Raises CannotLoad.

    This runs the code that it names, as `python` would.
    """
    code, colon, name = model.rpartition(":")
    if not colon or not name.isidentifier():
        if Path(model).suffix.lower() in (*PICKLED, SAFE):
            raise CannotLoad(
                f"{model}: this holds weights, and the code of the network is needed too: give file.py:name, and "
                f"--weights {model}"
            )
        raise CannotLoad(f"{model}: give the network as file.py:name or package.module:name")
    module = _attribute(model, _from_file(Path(code)) if code.endswith(".py") else _imported(code), name)
    if not isinstance(module, nn.Module):
        if not callable(module):
            raise CannotLoad(f"{model}: this is neither a torch.nn.Module nor a function that gives one")
        module = _guarded(model, module)
        if not isinstance(module, nn.Module):
            raise CannotLoad(f"{model}: it gives {type(module).__name__}, not a torch.nn.Module")
    if weights is not None:
        _fill(module, state(weights), weights)
    return module


def _guarded(what: str, call: Callable[[], Any]) -> Any:
    """Run somebody's code. Raises CannotLoad for whatever it raises."""
    try:
        return call()
    except (Exception, SystemExit) as error:
        raise CannotLoad(f"{what}: its code fails ({type(error).__name__}: {_line(error)})") from error


def _line(error: BaseException) -> str:
    return (str(error).strip() or "no reason given").splitlines()[0]


def _from_file(path: Path) -> Any:
    _ordinary(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # dataclasses and pickles look themselves up there
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)  # it may import what stands beside it, as if it were run
    loader = spec.loader
    try:
        _guarded(str(path), lambda: loader.exec_module(module))
    except CannotLoad:
        if sys.modules.get(path.stem) is module:
            del sys.modules[path.stem]
        raise
    finally:
        sys.path.remove(folder)
    return module


def _imported(name: str) -> Any:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return _guarded(name, lambda: importlib.import_module(name))
    finally:
        sys.path.remove(str(Path.cwd()))


def _attribute(model: str, module: Any, name: str) -> Any:
    if not hasattr(module, name):
        raise CannotLoad(f"{model}: {name} is not defined there")
    return getattr(module, name)


def state(path: Path) -> Mapping[str, Tensor]:
    """The state dict of a file; a pickle is never run. Raises CannotLoad."""
    content = _tensors(path)
    for key in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not content or not all(isinstance(x, Tensor) for x in content.values()):
        raise CannotLoad(f"{path}: this is no state dict: save model.state_dict()")
    return content


def _ordinary(path: Path, otherwise: str = "") -> None:
    """Raises CannotLoad if there is no such file, or if it is a folder, a device or a pipe, which might never end."""
    if not path.is_file():
        why = "it is no ordinary file" if path.exists() else f"there is no such file{otherwise}"
        raise CannotLoad(f"{path}: {why}")


def _tensors(path: Path) -> Any:
    """The content of a .safetensors, .pt or .pth file. Raises CannotLoad."""
    _ordinary(path)
    kind = path.suffix.lower()
    if kind not in (*PICKLED, SAFE):
        raise CannotLoad(f"{path}: weights are read from .safetensors, .pt and .pth files")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old forms of pickles
            return load_file(path) if kind == SAFE else torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CannotLoad(f"{path}: it cannot be read ({error.strerror or _line(error)})") from error
    except Exception as error:  # whatever a damaged or hostile file makes the readers raise
        remedy = "" if kind == SAFE else ", or only by running code of its own, which is never done: save a state dict"
        raise CannotLoad(f"{path}: it cannot be read as tensors ({type(error).__name__}){remedy}") from error


def _fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    wanted = module.state_dict()
    missing, more = [k for k in wanted if k not in tensors], [k for k in tensors if k not in wanted]
    other = [k for k in wanted if k in tensors and tensors[k].shape != wanted[k].shape]
    for keys, what in ((missing, "the file lacks"), (more, "the network has no"), (other, "the shape differs of")):
        if keys:
            rest = f" and {len(keys) - 3:,} more" if len(keys) > 3 else ""
            raise CannotLoad(f"{path}: these weights are another network's: {what} {', '.join(keys[:3])}{rest}")
    _guarded(str(path), lambda: module.load_state_dict(tensors))


def example(text: str) -> tuple[Tensor, list[str] | None]:
    """(samples, their names from a .csv file's header) of a file, or zeros of a shape. Raises CannotLoad."""
    path = Path(text)
    if _SHAPE.fullmatch(text) and not path.exists():
        return _zeros(text), None
    _ordinary(path, ", and it is no shape such as 1x1x28x28")
    kind = path.suffix.lower()
    if kind == ".csv":
        return _csv(path)
    if kind == ".npy":
        return _npy(path), None
    if kind not in (*PICKLED, SAFE):
        raise CannotLoad(f"{path}: an example is a .csv, .npy, .pt or .safetensors file, or a shape such as 1x1x28x28")
    content = _tensors(path)
    if isinstance(content, Mapping) and kind == SAFE:
        if len(content) != 1:
            raise CannotLoad(f"{path}: it holds {len(content):,} tensors: an example is one")
        content = next(iter(content.values()))
    if not isinstance(content, Tensor):
        raise CannotLoad(f"{path}: it holds no tensor: an example is one")
    return content, None


def _zeros(text: str) -> Tensor:
    shape = [int(n) for n in text.split("x")]
    if not 0 < math.prod(shape) <= MAX_NUMBERS:
        raise CannotLoad(f"{text}: an example has 1 to {MAX_NUMBERS:,} numbers")
    return torch.zeros(shape)


def _npy(path: Path) -> Tensor:
    try:
        content = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CannotLoad(f"{path}: it cannot be read as an array ({_line(error)})") from error
    if not isinstance(content, np.ndarray) or content.dtype.kind not in "fiub":
        raise CannotLoad(f"{path}: it holds no array of numbers")
    return torch.from_numpy(content.astype(np.float64))


def _csv(path: Path) -> tuple[Tensor, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [(reader.line_num, row) for reader in [csv.reader(file)] for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CannotLoad(f"{path}: it cannot be read ({_line(error)})") from error
    if len(lines) < 2:
        raise CannotLoad(f"{path}: it needs a header with the names of the features, and rows of numbers below it")
    (_, names), *rows = lines
    if all(_number(name) is not None for name in names):
        raise CannotLoad(f"{path}: its first line holds numbers: begin with the names of the features")
    numbers = []
    for line, row in rows:
        if len(row) != len(names):
            raise CannotLoad(f"{path}: line {line} has {len(row):,} fields, and the header {len(names):,}")
        values = [_number(field) for field in row]
        if None in values:
            k = values.index(None)
            raise CannotLoad(f"{path}: line {line}: {row[k][:40]!r} under {names[k][:40]!r} is no number")
        numbers.append(values)
    return torch.tensor(numbers, dtype=torch.float64), [name.strip() for name in names]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
