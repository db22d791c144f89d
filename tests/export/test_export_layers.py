"""Every supported layer as formulas equals PyTorch in float64: all cells in IronCalc, and a few networks elsewhere."""

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import torch
from books import STEADY
from export_layer_books import LAYERS, WEIGHTS, Exported, export, other_weights, wrong, wrong_outputs
from export_random import Call, Case, Normalised, Twice, cases, randomised
from hypothesis import given, settings
from torch import nn
from torch.nn import functional

from sheetgen.excel import read
from sheetgen.network.torch import layers


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


def test_a_function_of_torch_nn_functional_may_be_one_of_the_elementwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no function of torch itself is, as with most activations."""
    monkeypatch.setitem(layers.UNARY, "hardswish", ("identity", "Hardswish"))
    assert callable(layers.unary("hardswish"))


@given(cases(planes=True))
@settings(max_examples=60, **STEADY)
def test_random_networks_on_planes(folder: Path, case: Case) -> None:
    book = export(case.module, case.example, folder / "planes.xlsx")
    assert wrong(book) == [] and other_weights(book, case.module) == []


@given(cases(planes=False))
@settings(max_examples=60, **STEADY)
def test_random_networks_on_vectors(folder: Path, case: Case) -> None:
    book = export(case.module, case.example, folder / "line.xlsx")
    assert wrong(book) == [] and other_weights(book, case.module) == []


class Both(nn.Module):
    """A plane that feeds a convolution with padding, which needs zeros around it, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 2, 3), nn.Conv2d(2, 3, 3, padding=2)
        self.classify = nn.Linear(2 * 3 * 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        return self.classify(x.flatten(1)) + self.second(x).mean((2, 3))


class Tied(nn.Module):
    """One matrix that two layers read, and that scales a vector as well."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 3, bias=False)
        self.two.weight = self.one.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(torch.tanh(self.one(x))) * self.one.weight[0].clone() + self.one.bias


def convolutional() -> nn.Module:
    """Borders matter: a BatchNorm stands between every zero of padding and the image."""
    return nn.Sequential(
        Normalised(1, 3), nn.Conv2d(1, 3, 3, padding=1), nn.LeakyReLU(0.2), nn.BatchNorm2d(3),
        nn.Conv2d(3, 4, 3, padding=1, stride=2), nn.BatchNorm2d(4), nn.GELU(approximate="tanh"),
        nn.MaxPool2d(2, padding=1), nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip


NETWORKS: dict[str, Callable[[], tuple[nn.Module, tuple[int, ...]]]] = {
    "convolutional": lambda: (convolutional(), (1, 5, 6)),
    "mobile": lambda: (
        nn.Sequential(
            nn.Conv2d(2, 4, (2, 3), dilation=(1, 2), groups=2), nn.ReLU(), nn.BatchNorm2d(4),
            nn.Conv2d(4, 4, 3, padding="same", groups=4), nn.Sigmoid(), nn.AvgPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(2),
            nn.Flatten(), nn.Softmax(1),
        ),
        (2, 7, 8),
    ),
    "joined": lambda: (
        nn.Sequential(
            Call(lambda x, a, b: torch.cat([a, x, b], 1), nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 1, 1)),
            nn.Conv2d(5, 2, 3, padding=1), Twice(2), Call(lambda x, a: 1 - x * a, nn.Conv2d(2, 2, 1)), nn.LogSoftmax(1),
        ),
        (2, 4, 3),
    ),
    "both": lambda: (Both(), (2, 5, 6)),
    "tied": lambda: (nn.Sequential(nn.BatchNorm1d(3), Tied(), nn.ReLU(), nn.Linear(3, 4), nn.LogSoftmax(1)), (3,)),
    "reshaped": lambda: (
        nn.Sequential(
            Call(lambda x, a: a.view(x.shape[0], 4, 2, 6), nn.Conv2d(1, 2, 1)), nn.Conv2d(4, 2, 3, padding=1),
            Call(lambda x, a: a.view(x.shape[0], 1, 4, 6), nn.Conv2d(2, 2, 1)), nn.Flatten(2), nn.Linear(24, 2),
        ),
        (1, 4, 6),
    ),
    "rows": lambda: (nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2), nn.Softmax(-1)), (5, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_engines_agree(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, shape = NETWORKS[name]()
    book = export(randomised(module), torch.randn(2, *shape), tmp_path / "b.xlsx")
    assert other_weights(book, module) == []
    for engine in ("IronCalc", "formulas patterns", "LibreOffice"):
        assert wrong(book, engine) == [], engine


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_what_is_said_of_kernels_and_pools_is_so(bias: bool, relu: bool, tmp_path: Path) -> None:
    conv, behind = nn.Conv2d(1, 2, 3, bias=bias), [nn.ReLU()] * relu
    pools = nn.MaxPool2d((2, 1)), nn.AdaptiveAvgPool2d(2)
    path = export(nn.Sequential(conv, *behind, *pools), torch.randn(1, 1, 8, 8), tmp_path / "b.xlsx").path
    texts = {name: " | ".join(str(e.value) for e in cells.values()) for name, cells in read(path).sheets.items()}
    assert ("the kernels have no bias" in texts[WEIGHTS]) == ("this kernel has no bias" in texts[LAYERS]) == (not bias)
    assert ("before ReLU" in texts[WEIGHTS]) == relu
    assert " | 2 × 1 max-pooling: the largest of its window" in texts[LAYERS]
    assert "the mean of its window (AdaptiveAvgPool2d 2)" in texts[LAYERS]


class Row(nn.Module):
    """One row of numbers, as a kernel and as a factor, in either order."""

    def __init__(self, factor_first: bool):
        super().__init__()
        self.row, self.factor_first = nn.Parameter(torch.randn(1, 3)), factor_first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.factor_first:
            return functional.linear(x * self.row, self.row)
        return functional.linear(x, self.row) + x * self.row


@pytest.mark.parametrize("module", [Tied(), Row(True), Row(False)])
def test_one_tensor_stands_once(module: nn.Module, tmp_path: Path) -> None:
    book = export(module, torch.randn(1, 3, generator=torch.Generator().manual_seed(0)), tmp_path / "b.xlsx")
    assert len([s for s in book.layout.shelf.sections if s.trained]) == len(list(module.parameters()))
    assert wrong(book) == [] and other_weights(book, module) == []


def test_more_numbers_than_stand_in_a_row(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = randomised(nn.Sequential(nn.Linear(1, 300), nn.BatchNorm1d(300), nn.Linear(300, 1)))
    book = export(module, torch.randn(1, 1), tmp_path / "b.xlsx")
    assert wrong(book) == [] and other_weights(book, module) == []


EXTREMES: dict[str, tuple[nn.Module, list[list[float]]]] = {
    "sigmoid": (nn.Sigmoid(), [[-800, -700, -40, 0, 1e-300, 40, 800], [-1e300] * 7]),
    "tanh": (nn.Tanh(), [[-800, -1e-9, 0, 20, 1e300]]),
    "gelu": (nn.GELU(approximate="tanh"), [[-1e50, -40, 0, 1e-200, 1e50]]),
    "leaky": (nn.LeakyReLU(), [[-1e300, -0.0, 0, 1e300]]),
    "softmax": (nn.Softmax(1), [[1000, 1001, -1000], [0, 0, 0], [-5000, -5001, -5000]]),
    "log softmax": (nn.LogSoftmax(1), [[1000, 1001, -1000], [0, 0, 0], [1e15, -1e15, 0]]),
    "scalars": (Call(lambda x: (x * 1e-20 + 1e20) / 1e-3 - 0.30000000000000004), [[1e40, 0, -1e40]]),
}


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("engine", ["IronCalc", "formulas patterns"])
def test_extremes(name: str, engine: str, tmp_path: Path) -> None:
    module, example = EXTREMES[name]
    assert wrong(export(module, torch.tensor(example, dtype=torch.float64), tmp_path / "b.xlsx"), engine) == []


def test_a_formula_has_no_number_of_more_digits_than_excel_reads(tmp_path: Path) -> None:
    book = export(Call(lambda x: x * (0.1 + 0.2) + 0.125), torch.ones(1, 1), tmp_path / "b.xlsx")
    assert wrong(book) == [] and "0000" not in book.layout.written[0].formulas[0]


def test_any_elements_are_few_ranges_and_no_others(tmp_path: Path) -> None:
    parts = [slice(None, None, 4), slice(None, 5), slice(1, None), slice(2, 7), slice(None)]
    f = lambda x: torch.cat([(x * 2).flatten(1)[:, part].sum(1, keepdim=True) for part in parts], 1)  # noqa: E731
    assert wrong(export(Call(f), torch.arange(9.0).reshape(1, 1, 3, 3), tmp_path / "b.xlsx")) == []


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (2, 3)])
def test_padding_is_no_zero_to_a_maximum_and_none_to_a_mean(size: tuple[int, int], tmp_path: Path) -> None:
    for pool in (
        nn.MaxPool2d(size, 1, 1), nn.MaxPool2d(size, 2, 1, ceil_mode=True), nn.AvgPool2d(size, 2, 1, True),
        nn.AvgPool2d(size, 2, 1, False, count_include_pad=False), nn.AvgPool2d(size, 2, 1, divisor_override=5),
    ):  # fmt: skip
        example = -torch.arange(1.0, 41).reshape(1, 2, 4, 5)
        assert wrong(export(pool, example, tmp_path / "b.xlsx")) == [], pool


EXPRESSIONS: list[Callable[[torch.Tensor], torch.Tensor]] = [
    lambda y: 1 - (y + 2), lambda y: 1 - (y - 2), lambda y: 3 - (1 - (2 - y)), lambda y: (y - -3) / -4,
    lambda y: 2 / (3 * y), lambda y: 2 / (y / 3), lambda y: 2 / (3 / y), lambda y: 1 / (1 / (y * 2)),
    lambda y: 3 * (1 - y) * -2, lambda y: -(y + 1), lambda y: -2 * (-3 * y), lambda y: 5 - (-2 * y),
    lambda y: -5 + (-2 * y), lambda y: 7 / (-2 / y), lambda y: 2 / torch.sigmoid(-y),
    lambda y: 1 - torch.sigmoid(y) / 3, lambda y: torch.exp(-(y - 1)) * 2 - 1,
    lambda y: 1 / torch.tanh(torch.relu(y + 3) + 1),
]  # fmt: skip


class Expressions(nn.Module):
    """Each expression of the input, of a sum, of a product of ranges, and with a BatchNorm around it."""

    def __init__(self) -> None:
        super().__init__()
        self.sums = nn.ModuleList(nn.Linear(2, 2) for _ in EXPRESSIONS)
        self.products = nn.ModuleList(nn.Linear(2, 2, bias=False) for _ in EXPRESSIONS)
        self.inner = nn.ModuleList(nn.Linear(2, 2) for _ in EXPRESSIONS)
        self.norms = nn.ModuleList(nn.BatchNorm1d(2) for _ in EXPRESSIONS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = []
        for k, f in enumerate(EXPRESSIONS):
            found += [f(x), f(self.sums[k](x)), f(self.products[k](x)), self.norms[k](f(self.inner[k](x)))]
        return torch.cat(found, 1) * 2


@pytest.mark.parametrize("engine", ["IronCalc", "LibreOffice"])
def test_brackets(engine: str, tmp_path: Path) -> None:
    """What is written around a formula binds as it does in PyTorch, whether that is a sum, a product or a cell."""
    torch.manual_seed(0)
    book = export(randomised(Expressions()), torch.randn(1, 2), tmp_path / "b.xlsx")
    assert wrong(book, engine) == []
    assert [f for w in book.layout.written for f in w.formulas if re.search(r"[-+*/]-", f)] == []


def test_a_function_instead_of_a_layer(tmp_path: Path) -> None:
    torch.manual_seed(0)

    def f(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.relu(x), 2) + functional.avg_pool2d(x, 2)
        x = functional.adaptive_avg_pool2d(x, 2) - 0.5
        x = functional.dropout(x, 0.5, training=False).flatten(1)
        return functional.log_softmax(functional.leaky_relu(x), dim=1) + y.mean((1, 2, 3))[:, None]

    book = export(Call(f, nn.Conv2d(1, 1, 1)), torch.randn(1, 1, 6, 6), tmp_path / "b.xlsx")
    assert wrong(book) == []


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda x, y: y.squeeze(1), (3,)), (lambda x, y: 2 * y.squeeze(1) - x.sum(1), (3,)),
        (lambda x, y: x.sum((1, 2)) * 2 + y.amax((1, 2)), (2, 3)), (lambda x, y: (x * y).mean((1, 2, 3)), (2, 2, 3)),
    ],
)  # fmt: skip
def test_one_number_for_each_sample(f: Callable[..., torch.Tensor], shape: tuple[int, ...], tmp_path: Path) -> None:
    torch.manual_seed(0)
    assert wrong(export(Call(f, nn.Linear(3, 1)), torch.randn(2, *shape), tmp_path / "b.xlsx")) == []


def cell(book: Exported, block: int, element: int) -> str:
    """The address of an element of a block."""
    return book.cell(int(book.layout.written[block].block.out.ravel()[element]))[1]


def a_weight(book: Exported, sheets: openpyxl.Workbook) -> None:
    section = next(s for s in book.layout.shelf.sections if s.name == "1.weight")
    where = sheets[WEIGHTS].cell(section.top + 3, 3)
    assert isinstance(where.value, float) and abs(where.value) > 0.05
    where.value *= 1 + 1e-6


def a_window(book: Exported, sheets: openpyxl.Workbook) -> None:
    where = sheets[LAYERS][cell(book, 1, 0)]
    first, last = re.findall(r"[(:]([A-Z]+)\d+", where.value)[:2]
    before = where.value
    for column in (last, first):  # from the right, so that no column is moved twice
        where.value = re.sub(rf"(?<=[(:]){column}(?=\d)", chr(ord(column) + 1), where.value)
    assert where.value != before


def a_padding_zero(book: Exported, sheets: openpyxl.Workbook) -> None:
    written = book.layout.written[2]  # read by the second convolution
    assert written.plane is not None and written.block.margin == (1, 1)
    where = sheets[LAYERS].cell(written.plane.top + 1, 3)
    assert where.value == 0
    where.value = 1


def a_kernel(book: Exported, sheets: openpyxl.Workbook) -> None:
    size = book.layout.written[1].block.out[0].size
    kernel = re.compile(r"'The weights'!(\$[A-Z]+\$\d+:\$[A-Z]+\$\d+)")
    one, other = (sheets[LAYERS][cell(book, 1, k)] for k in (7, 7 + size))
    theirs = kernel.search(other.value)
    assert theirs is not None and theirs[0] not in one.value
    one.value = kernel.sub(lambda _: theirs[0], one.value, count=1)


def a_scale(book: Exported, sheets: openpyxl.Workbook) -> None:
    section = next(s for s in book.layout.shelf.sections if "scale" in s.name)
    where = sheets[WEIGHTS].cell(section.top + 1, 2)
    assert "SQRT" in where.value
    where.value = where.value.replace("SQRT", "")


@pytest.fixture(scope="session")
def small(folder: Path) -> Exported:
    torch.manual_seed(3)
    return export(randomised(convolutional()), torch.randn(1, 1, 5, 6), folder / "small.xlsx")


@pytest.mark.parametrize("slip", [a_weight, a_window, a_padding_zero, a_kernel, a_scale])
def test_a_slip_is_found(small: Exported, slip: Callable[[Exported, openpyxl.Workbook], None], tmp_path: Path) -> None:
    sheets = openpyxl.load_workbook(small.path)
    sheets.save(tmp_path / "same.xlsx")
    slip(small, sheets)
    sheets.save(tmp_path / "slip.xlsx")
    assert wrong_outputs(small, tmp_path / "same.xlsx") == []
    assert wrong_outputs(small, tmp_path / "slip.xlsx") != []


def test_relu_of_a_cell_is_written_as_in_a_training_workbook(tmp_path: Path) -> None:
    """The cell may hold a text, which MAX would take for 0; what is calculated within the formula is a number."""
    net = nn.Sequential(nn.ReLU(), nn.Linear(2, 2), nn.ReLU()).double()
    book = read(export(net, torch.tensor([[0.5, -0.25]]), tmp_path / "relu.xlsx").path)
    formulas = [entry.formula for entry in book.sheets[LAYERS].values() if entry.formula]
    assert sorted(f[:4] for f in formulas) == ["IF($", "IF($", "MAX(", "MAX("]
