"""What `sheetgen export` is given in tests: the code of networks, and every bad input with the sentence for it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

CODE = """
import torch
from torch import nn
from beside import WIDTH

class Table(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Linear(2, WIDTH), nn.Linear(WIDTH, 3)

    def forward(self, x):
        return self.two(torch.relu(self.one(x)))

def image():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(3 * 4 * 4, 4))

def sequence():
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))

class Branches(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x

ready, number = Table(), 7

def needs(argument): ...
def fails(): raise ValueError("one line\\nand another")
def leaves(): raise SystemExit(3)
def gives_text(): return "text"
"""


def table(seed: int = 0) -> nn.Module:
    """The same as Table of the file, as a Sequential with its names."""
    torch.manual_seed(seed)
    made = nn.Module()
    made.one, made.two = nn.Linear(2, 4), nn.Linear(4, 3)
    return made.double()


BAD = [
    (["nothere.py:Table"], r"nothere\.py: there is no such file"),
    (["net.py:Nothing"], r"net\.py:Nothing: Nothing is not defined there"),
    (["net.py"], r"net\.py: give the network as file\.py:name or package\.module:name"),
    (["net.py:a b"], r"net\.py:a b: give the network as .*"),
    (["weights.pt"], r"weights\.pt: this holds weights, and the code of the network is needed too: .*"),
    (["weights.safetensors"], r"weights\.safetensors: .*--weights weights\.safetensors"),
    (["broken.py:x"], r"broken\.py: its code fails \(SyntaxError: .*\)"),
    (["no.such.package:x"], r"no\.such\.package: its code fails \(ModuleNotFoundError: No module named 'no'\)"),
    (["net.py:number"], r"net\.py:number: this is neither a torch\.nn\.Module nor a function that gives one"),
    (["net.py:needs"], r"net\.py:needs: its code fails \(TypeError: .*\)"),
    (["net.py:fails"], r"net\.py:fails: its code fails \(ValueError: one line\)"),
    (["net.py:leaves"], r"net\.py:leaves: its code fails \(SystemExit: 3\)"),
    (["net.py:gives_text"], r"net\.py:gives_text: it gives str, not a torch\.nn\.Module"),
    (["net.py:Branches"], r"the module cannot be traced, .*"),
    (["net.py:Table", "-o", "x.txt"], r"x\.txt: the workbook's name must end with \.xlsx"),
    (["net.py:Table", "-o", "net.py/x.xlsx"], r"net\.py/x\.xlsx: the file cannot be written \(.*\): .*"),
    (["net.py:Table", "--rows", "0"], r"rows is 0: .*"),
    (["net.py:Table", "--rows", "9000000"], r"9,000,000 rows of .* formulas are too many for one sheet: .*"),
    (["net.py:Table", "--features", "a"], r"there are 1 names for 2 features: .*"),
    (["net.py:Table", "--features", ""], r"there are 1 names for 2 features: .*"),
    (["net.py:Table", "--outputs", "a,,c"], r"the name of output 2 is empty: .*"),
    (["net.py:image", "--example", "1x2x8x8", "--features", "a"], r"features are the columns of a table, .*"),
    (["net.py:Table", "--example", "1x3"], r"one: it does not run on the example \(.*\)"),
    (["net.py:Table", "--example", "0x2"], r"0x2: an example has 1 to 2,000,000 numbers"),
    (["net.py:Table", "--example", "99999x99999x9999"], r"99999x99999x9999: an example has 1 to 2,000,000 numbers"),
    (["net.py:Table", "--example", "gone.csv"], r"gone\.csv: there is no such file, and it is no shape such as .*"),
    (["net.py:Table", "--example", "net.py"], r"net\.py: an example is a \.csv, .*"),
    (["net.py:Table", "--example", "bad.npy"], r"bad\.npy: it cannot be read as an array \(.*\)"),
    (["net.py:Table", "--example", "bad.pt"], r"bad\.pt: it cannot be read as tensors \(.*\), or only by running .*"),
    (["net.py:Table", "--example", "bad.safetensors"], r"bad\.safetensors: it cannot be read as tensors \(.*\)"),
    (["net.py:Table", "--example", "two.safetensors"], r"two\.safetensors: it holds 2 tensors: an example is one"),
    (["net.py:Table", "--example", "state.pt"], r"state\.pt: it holds no tensor: an example is one"),
    (["net.py:Table", "--example", "text.npy"], r"text\.npy: it holds no array of numbers"),
    (["net.py:Table", "--example", "empty.csv"], r"empty\.csv: it needs a header .*"),
    (["net.py:Table", "--example", "bare.csv"], r"bare\.csv: its first line holds numbers: .*"),
    (["net.py:Table", "--example", "ragged.csv"], r"ragged\.csv: line 4 has 1 fields, and the header 2"),
    (["net.py:Table", "--example", "words.csv"], r"words\.csv: line 2: 'two' under 'b' is no number"),
    (["net.py:Table", "--example", "nan.csv"], r"the example holds a number that is .*"),
    (["net.py:Table", "--example", "twice.csv"], r"two features are called 'a': .*"),
    (["net.py:Table", "--example", "latin.csv"], r"latin\.csv: it cannot be read \(.*\)"),
    (["net.py:Table", "--weights", "gone.pt"], r"gone\.pt: there is no such file"),
    (["net.py:Table", "--weights", "net.py"], r"net\.py: weights are read from .*"),
    (["net.py:Table", "--weights", "bad.pt"], r"bad\.pt: it cannot be read as tensors \(.*\), or only by running .*"),
    (["net.py:Table", "--weights", "list.pt"], r"list\.pt: this is no state dict: .*"),
    (["net.py:Table", "--weights", "lacks.pt"], r"lacks\.pt: .*: the file lacks one\.bias, two\.weight, two\.bias"),
    (["net.py:Table", "--weights", "more.pt"], r"more\.pt: .*another network's: the network has no a, b, c and 1 more"),
    (["net.py:Table", "--weights", "shape.pt"], r"shape\.pt: .*another network's: the shape differs of one\.bias"),
]  # fmt: skip


def bad_files(folder: Path) -> None:
    """Everything that BAD names."""
    state: Any = table().state_dict()
    for name, text in {
        "empty.csv": "a,b\n", "bare.csv": "1,2\n3,4\n", "ragged.csv": "a,b\n1,2\n\n3\n", "words.csv": "a,b\n1,two\n",
        "nan.csv": "a,b\n1,nan\n", "twice.csv": "a,a\n1,2\n", "bad.npy": "no", "bad.pt": "no", "bad.safetensors": "no",
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    (folder / "latin.csv").write_bytes(b"gr\xfc\xdfe,b\n1,2\n")
    save_file({"a": torch.zeros(1, 2), "b": torch.zeros(1, 2)}, folder / "two.safetensors")
    np.save(folder / "text.npy", np.array([["a", "b"]]))
    torch.save(state, folder / "state.pt")
    torch.save([1, 2], folder / "list.pt")
    torch.save({"one.weight": state["one.weight"]}, folder / "lacks.pt")
    torch.save(state | dict.fromkeys("abcd", torch.zeros(1)), folder / "more.pt")
    torch.save(state | {"one.bias": torch.zeros(5)}, folder / "shape.pt")
