"""`sheetgen export`: what it writes, exit statuses, a sentence for every bad input, and no code of a pickle is run."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest
import torch
from books import recalculated
from export_inputs import BAD, CODE, bad_files, table
from progress import parted
from safetensors.torch import save_file

from sheetgen.__main__ import main
from sheetgen.excel import read
from sheetgen.judge.lint import lint
from sheetgen.writer.planes import layout
from sheetgen.writer.sheets.weights import total_cell

Run = tuple[int, str, str]  # exit status, standard output, standard error
Sheetgen = Callable[..., Run]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the code of some networks, which is where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(CODE)
    (tmp_path / "beside.py").write_text("WIDTH = 4\n")
    (tmp_path / "broken.py").write_text("x = (\n")
    (tmp_path / "data.csv").write_text("height,weight in kg\n1.5,-2\n0.25,3e0\n")
    yield tmp_path
    for name in ("net", "beside"):  # the next test has files of its own
        sys.modules.pop(name, None)


@pytest.fixture
def sheetgen(capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sheetgen:
    """Run `sheetgen export`; what is not a terminal gets no colours. Finished stages are left out."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Run:
        with pytest.raises(SystemExit) as stop:
            main(["export", *map(str, arguments)], prog_name="sheetgen")
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err and "Traceback" not in out + err
        return int(stop.value.code or 0), out, parted(err)[1]

    return run


def forward(made: Any, x: object) -> Any:
    with torch.no_grad():
        return made.two(torch.relu(made.one(torch.as_tensor(x, dtype=torch.float64)))).numpy()


def numbers(path: Path, sheet: str, addresses: str) -> list[Any]:
    cells = read(path).sheets[sheet]
    return [cells[at].value for at in addresses.split()]


def test_a_table_from_a_csv_file(sheetgen: Sheetgen, folder: Path) -> None:
    status, out, err = sheetgen("net.py:Table", "--example", "data.csv", "-o", "new/out.xlsx", "--outputs", 'a,"b,c",d')
    assert (status, err) == (0, "")
    assert re.search(r"^IronCalc +[\d.]+ +\d+ +\d\.\de[-+]\d\d ", out, re.MULTILINE)
    assert re.search(r"^new/out\.xlsx: written, [\d,]+ results compared with PyTorch, all right$", out, re.MULTILINE)
    path = folder / "new" / "out.xlsx"
    assert numbers(path, "Predict", "B7 C7 D7 E7 F7") == ["height", "weight in kg", "a", "b,c", "d"]
    assert numbers(path, "Predict", "B8 C8 B9 C9") == [1.5, -2.0, 0.25, 3.0]
    expected = forward(table(), [[1.5, -2], [0.25, 3]]).ravel()
    np.testing.assert_allclose(numbers(path, "Predict", "D8 E8 F8 D9 E9 F9"), expected, 1e-9)
    assert [p.name for p in path.parent.iterdir()] == ["out.xlsx"]


def test_options(sheetgen: Sheetgen, folder: Path) -> None:
    status, out, _ = sheetgen(
        "net:ready", "--example", "data.csv", "-o", "out.xlsx", "--features", "p, q", "--softmax", "--rows", 3,
        "--title", "Mine", "--no-check",
    )  # fmt: skip
    assert (status, out) == (0, "out.xlsx: written, not checked\n")
    path = folder / "out.xlsx"
    assert numbers(path, "Predict", "A1 B7 C7 D7 G7 D10") == ["Mine", "p", "q", "class 0", "prediction", ""]
    assert "D11" not in read(path).sheets["Predict"]


@pytest.mark.filterwarnings("ignore:.* extension is not supported")  # openpyxl drops data bars
def test_an_image_from_a_shape(sheetgen: Sheetgen, folder: Path) -> None:
    options = ["--softmax", "--outputs", "a,b,c,d"]
    status, _, err = sheetgen("net.py:image", "--example", "1x2x8x8", "-o", "x.xlsx", *options)
    assert (status, err) == (0, "")
    path = folder / "x.xlsx"
    sheets = openpyxl.load_workbook(path)
    assert sheets.sheetnames == ["Model", "Layers", "Weights", "PyTorch"]
    model = sheets["Model"]
    assert model.protection.sheet and not model["E7"].protection.locked and model["B7"].protection.locked
    assert [model[at].value for at in ("D6", "D15", "A7", "A10")] == ["input, channel 0", "input, channel 1", "a", "d"]
    assert list(lint(path)) == []
    picture = torch.rand(1, 2, 8, 8, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    typed = {
        f"Model!{'EFGHIJKL'[x]}{7 + 9 * c + y}": float(picture[0, c, y, x])
        for c in range(2) for y in range(8) for x in range(8)
    }  # fmt: skip
    found = recalculated(path, **typed)["Model"]
    names: dict[str, Any] = {}
    exec(CODE.replace("from beside import WIDTH", "WIDTH = 4"), names)
    with torch.no_grad():
        expected = names["image"]().double().eval()(picture).softmax(1)[0].numpy()
    np.testing.assert_allclose([float(found[f"B{7 + k}"]) for k in range(4)], expected, 1e-9)
    assert (
        found["B4"] == "abcd"[int(expected.argmax())]
        and found["B5"] == read(path).sheets["Weights"][total_cell().replace("$", "")].value
    )


def test_a_sequence_lists_every_output(sheetgen: Sheetgen, folder: Path) -> None:
    np.save(folder / "x.npy", np.arange(6, dtype=np.int32).reshape(1, 2, 3))
    assert sheetgen("net.py:sequence", "--example", "x.npy", "-o", "x.xlsx")[0] == 0
    found = numbers(folder / "x.xlsx", "Model", "A7 A8 A9 A10 E7 G8")
    assert found == ["y[0, 0]", "y[0, 1]", "y[1, 0]", "y[1, 1]", 0.0, 5.0]


def test_examples_of_every_kind_are_the_same(sheetgen: Sheetgen, folder: Path) -> None:
    x = torch.tensor([[1.5, -2.0], [0.25, 3.0]])
    np.save(folder / "x.npy", x.numpy())
    torch.save(x, folder / "x.pt")
    save_file({"x": x}, folder / "x.safetensors")
    for name in ("x.npy", "x.pt", "x.safetensors"):
        assert sheetgen("net.py:Table", "--example", name, "-o", "x.xlsx", "--no-check")[0] == 0
        assert numbers(folder / "x.xlsx", "Predict", "B7 B8 C8 B9 C9") == ["x1", 1.5, -2.0, 0.25, 3.0]


@pytest.mark.parametrize("kind", ["w.safetensors", "w.pt", "w.pth", "nested state_dict", "nested model"])
def test_weights_of_every_kind(kind: str, sheetgen: Sheetgen, folder: Path) -> None:
    made = table(seed=9)
    state: Any = made.state_dict()
    path = folder / (kind if "." in kind else "w.pt")
    if kind.endswith("safetensors"):
        save_file(state, path)
    else:
        torch.save({kind.split()[1]: state, "epoch": 3} if " " in kind else state, path)
    assert sheetgen("net.py:Table", "--weights", path, "--example", "data.csv", "-o", "x.xlsx", "--no-check")[0] == 0
    found = numbers(folder / "x.xlsx", "Predict", "D8 E8 F8")
    np.testing.assert_allclose(found, forward(made, [[1.5, -2.0]])[0], 1e-6)  # the module itself is in float32


class Bomb:
    """A pickle that runs code when somebody loads it."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("exploded"),)


def bomb_of(kind: str, folder: Path) -> Path:
    path = folder / f"bomb.{kind}"
    stream = io.BytesIO()
    torch.save({"one.weight": Bomb()}, stream) if kind != "npy" else np.save(stream, np.array([Bomb()], object))
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize(
    ("option", "kind"), [("--weights", "pt"), ("--weights", "pth"), ("--example", "pt"), ("--example", "npy")]
)
def test_a_pickle_is_never_run(option: str, kind: str, sheetgen: Sheetgen, folder: Path) -> None:
    bomb = bomb_of(kind, folder)
    given = ["--example", "data.csv"] if option == "--weights" else []
    status, out, err = sheetgen("net.py:Table", option, bomb, *given, "-o", "x.xlsx")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert not (folder / "exploded").exists() and not (folder / "x.xlsx").exists()
    with contextlib.suppress(Exception):  # it would have gone off for anybody who runs pickles
        np.load(bomb, allow_pickle=True) if kind == "npy" else torch.load(bomb, weights_only=False)
    assert (folder / "exploded").exists()


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_bad_input_is_one_sentence(arguments: list[str], sentence: str, sheetgen: Sheetgen, folder: Path) -> None:
    bad_files(folder)
    given = [] if "--example" in arguments else ["--example", "data.csv"]
    to = [] if "-o" in arguments else ["-o", "x.xlsx"]
    (folder / "x.xlsx").write_bytes(b"an older workbook")
    before = {path.name for path in folder.iterdir()} | {"__pycache__"}
    status, out, err = sheetgen(*arguments, *given, *to)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert re.fullmatch(sentence, err.removesuffix("\n"))
    assert (folder / "x.xlsx").read_bytes() == b"an older workbook"
    assert {path.name for path in folder.iterdir()} <= before


def test_what_a_spreadsheet_disagrees_with_is_not_written(
    sheetgen: Sheetgen, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = layout.line

    def wrong(*arguments: Any) -> layout.Layout:
        made = real(*arguments)
        made.numbers[0, made.graph.outputs[0]] += 1e-6
        return made

    monkeypatch.setattr(layout, "line", wrong)
    status, out, err = sheetgen("net.py:Table", "--example", "data.csv", "-o", "x.xlsx")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert re.match(r"x\.xlsx: not written, for it failed its checks: Predict!D8: IronCalc calculates .* where ", err)
    assert not (folder / "x.xlsx").exists()


def test_usage_is_told(sheetgen: Sheetgen) -> None:
    status, out, _ = sheetgen("--help")
    assert status == 0 and "name only code that you trust" in " ".join(out.split())
    status, _, err = sheetgen("net.py:Table")
    assert status == 2 and err.splitlines()[-1].startswith("Error: Missing option '--example'")
