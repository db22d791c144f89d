"""`python -m mnist` as people run it: alone, with several seeds, under torchrun, interrupted, and with bad input."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import mnist_gradients
import pytest
import torch
from click.testing import CliRunner
from digits import made_up
from mnist_command import TINY

from mnist import data, record, runner
from mnist.__main__ import main
from mnist.data import Images, NoData
from mnist.recipe import RECIPES
from sheetgen.__main__ import build

TESTS = Path(__file__).parents[1]
COMMAND = [sys.executable, str(TESTS / "helpers" / "mnist_command.py")]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS / 'helpers'}", "OMP_NUM_THREADS": "1"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ROW = re.compile(r" +\d  +0\.\d{6}  +\d\.\d{4}  +\d+\.\d\d  +\d\.\d{4}  +\d+\.\d\d  +\d+\.\d")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with made-up digits for MNIST and the tiny recipe for ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, "ours", TINY)
    monkeypatch.setattr(data, "load", lambda *_: (made_up(640), made_up(200, seed=1)))
    return tmp_path


def command(*arguments: str) -> tuple[int, str, str]:
    """Run in this process: (exit status, standard output, standard error)."""
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.stdout, done.stderr


def log_of(path: Path) -> list[list[float]]:
    """The epochs of a record, without their seconds."""
    return [[v for k, v in row.items() if k != "seconds"] for row in json.loads(path.read_text())["epochs"]]


def test_train_prints_a_line_per_epoch_and_records(here: Path) -> None:
    status, out, err = command("train", "--target", "90")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].startswith("ours: v6p-v12p-v12, ") and "seed 0, 3 epochs" in lines[0]
    assert len([text for text in lines if ROW.fullmatch(text)]) == 3
    made = record.read(here / "out/mnist/runs/ours/seed0.json")
    assert f"{made.accuracy:.2f} % at the last epoch" in lines[-1] and made.tested == 200
    assert made.command.startswith("python -m mnist") and made.wall_seconds >= sum(e.seconds for e in made.epochs)
    assert made.versions["torch"] == torch.__version__ and made.hardware["device"] == made.hardware["device"].lower()


def test_below_the_target_is_not_a_success(here: Path) -> None:
    status, _, err = command("train", "--epochs", "1", "--target", "99.99")
    assert status == 1 and "is below the target of 99.99 %" in err
    assert (here / "out/mnist/runs/ours/seed0.json").is_file()  # what was measured is kept


def test_held_out_images_are_tested_on_instead(here: Path) -> None:
    status, _, _ = command("train", "--held-out", "100", "--target", "0", "--epochs", "1")
    made = record.read(here / "out/mnist/runs/ours/seed0.json")
    assert status == 0 and (made.tested, made.held_out) == (100, 100)


def test_split_holds_out_the_last() -> None:
    kept, held = data.split(made_up(50), 20)
    assert (len(kept.labels), len(held.labels)) == (30, 20)
    assert torch.equal(torch.cat([kept.images, held.images]), made_up(50).images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--net", "huge"), "'huge' is not one of"),
        (("train", "--epochs", "0"), "0 is not in the range"),
        (("train", "--resume"), "checkpoint cannot be read"),
        (("seeds", "--n", "x"), "'x' is not a valid integer"),
        (("report", "--records", "broken"), "the record is broken"),
        (("verify", "--records", "broken"), "the record is broken"),
    ],
)
def test_bad_input_is_one_sentence(here: Path, arguments: tuple[str, ...], message: str) -> None:
    (here / "out/mnist/ours-seed0").mkdir(parents=True)
    (here / "out/mnist/ours-seed0/checkpoint.pt").write_text("nonsense")
    (here / "broken/ours").mkdir(parents=True)
    (here / "broken/ours/seed0.json").write_text("{}")
    status, _, err = command(*arguments)
    assert status == 2 and message in err and "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 or "Usage:" in err


def test_no_data_and_no_net_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz\nand more")

    monkeypatch.setattr("torchvision.datasets.MNIST.download", offline)
    status, _, err = command("train", "--data", str(tmp_path / "none"))
    assert status == 2
    assert err == (
        f"{tmp_path / 'none'}: MNIST is not there and cannot be downloaded (Error downloading "
        "train-images-idx3-ubyte.gz): go online, or name a folder that has it with --data\n"
    )
    with pytest.raises(NoData, match="name its folder with --data or in MNIST_DATA"):
        data.load(tmp_path, download=False)


def idx(tensor: torch.Tensor) -> bytes:
    """A tensor of bytes as the files of MNIST hold it."""
    head = bytes([0, 0, 8, tensor.dim()]) + b"".join(n.to_bytes(4, "big") for n in tensor.shape)
    return head + tensor.to(torch.uint8).numpy().tobytes()


def test_a_damaged_file_is_found_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    digests = {}
    for prefix, made in (("train", made_up(60)), ("t10k", made_up(20, seed=1))):
        for name, content in (("images-idx3", made.images[:, 0]), ("labels-idx1", made.labels)):
            (raw / f"{prefix}-{name}-ubyte").write_bytes(idx(content))
            digests[f"{prefix}-{name}-ubyte"] = hashlib.sha256(idx(content)).hexdigest()
    assert digests.keys() == data.FILES.keys()
    monkeypatch.setattr(data, "FILES", digests)
    training, test = data.load(tmp_path)
    assert torch.equal(training.images, made_up(60).images) and torch.equal(test.labels, made_up(20).labels)
    content = bytearray((raw / "train-images-idx3-ubyte").read_bytes())
    content[1_000] ^= 1
    (raw / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(NoData, match=r"train-images-idx3-ubyte: the file is damaged"):
        data.load(tmp_path)


@pytest.mark.parametrize("named", [".", "MNIST", "MNIST/raw"])
def test_mnist_is_found_by_the_folder_or_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Each of the three is people's folder of MNIST; nothing is put into it a second time."""
    calls: list[str] = []
    monkeypatch.setattr("torchvision.datasets.MNIST", lambda root, download: calls.append(root))
    raw = tmp_path / "MNIST" / "raw"
    assert data.find(tmp_path / named) is None
    with pytest.raises(FileNotFoundError):
        data.load(tmp_path / named)  # what is downloaded there is empty
    assert calls == [str(tmp_path)]
    raw.mkdir(parents=True)
    for name in data.FILES:
        (raw / name).touch()
    assert data.find(tmp_path / named) == tmp_path / named / Path("MNIST/raw").relative_to(named)
    with pytest.raises(NoData, match="damaged"):
        data.load(tmp_path / named)
    assert len(calls) == 1


def test_the_folder_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(data.FOLDER, raising=False)
    assert data.folder_of(Path("x")) == Path("x") and data.folder_of() == Path.home() / ".cache" / "sheetgen"
    (tmp_path / "data" / "MNIST").mkdir(parents=True)
    assert data.folder_of() == Path("data")
    monkeypatch.setenv(data.FOLDER, "elsewhere")
    assert data.folder_of() == Path("elsewhere") and data.folder_of(Path("x")) == Path("x")


def test_verify_compares_with_the_record(here: Path) -> None:
    assert command("train", "--target", "0")[0] == 0
    runs = here / "out/mnist/runs"
    status, out, _ = command("verify", "--records", str(runs))
    assert status == 0 and out.startswith("right: ours seed 0: ")
    path = runs / "ours/seed0.json"
    content = json.loads(path.read_text())
    wrong = 4  # images more than were right
    content["mistakes"] = content["mistakes"] + [
        {"index": k, "true": 0, "predicted": 1, "probability": 0.5} for k in range(wrong)
    ]
    content["confusion"][0][0] -= wrong
    content["confusion"][0][1] += wrong
    content["epochs"][-1]["test_accuracy"] = 100 * (200 - len(content["mistakes"])) / 200
    path.write_text(json.dumps(content))
    status, out, _ = command("verify", "--records", str(runs))
    assert status == 1 and out.startswith("WRONG: ours seed 0: ")


def test_several_seeds_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each seed is a process of its own, gives what it gives alone, and the table tells of all."""
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    started = [*COMMAND, "train"]
    popen = subprocess.Popen
    monkeypatch.setattr(runner.subprocess, "Popen", lambda c, **k: popen([*started, *c[4:]], **k))
    monkeypatch.setitem(RECIPES, "ours", TINY)
    status, out, err = command("seeds", "--n", "2", "--jobs", "2", "--target", "100.1")
    assert status == 1 and err == "below the target, or failed: ours 0, ours 1\n"
    paths = [tmp_path / f"out/mnist/runs/ours/seed{k}.json" for k in (0, 1)]
    assert log_of(paths[0]) != log_of(paths[1])
    assert "[ours 0] " in out and "[ours 1] " in out
    assert re.search(r"ours +v6p-v12p-v12 +[\d,]+ +3 +2 +\d+\.\d{3} ", out)


def test_what_several_runs_complain_of_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that there is no data; what only one complains of is said with its name."""
    script = tmp_path / "run"
    script.write_text("#!/bin/sh\necho line\necho nothing there >&2\n[ $4 != odd ] || echo and more >&2\nexit 2\n")
    script.chmod(0o755)
    monkeypatch.setattr(runner.sys, "executable", str(script))
    said: list[str] = []
    runs = [runner.Job(f"ours {k}", ("odd" if k == 2 else "even",)) for k in range(4)]
    assert runner.run_all(runs, 1, said.append) == runs
    assert said == [
        "[ours 0] line", "[ours 0] nothing there", "[ours 1] line", "[ours 2] line",
        "[ours 2] nothing there\n[ours 2] and more", "[ours 3] line",
    ]  # fmt: skip


@pytest.mark.slow
def test_two_processes_share_every_batch(here: Path) -> None:
    """torchrun with two processes on the CPU gives the numbers of one process, but for rounding."""
    assert command("train", "--target", "0", "--device", "cpu", "--threads", "1", "--records", "r1")[0] == 0
    arguments = ["train", "--target", "0", "--device", "cpu", "--out", "o2", "--records", "r2"]
    done = subprocess.run(
        [*TORCHRUN, *COMMAND[1:], *arguments], cwd=here, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len([text for text in done.stdout.splitlines() if ROW.fullmatch(text)]) == 3  # only one of them prints
    paths = [here / f"r{n}/ours/seed0.json" for n in (1, 2)]
    alone, together = (torch.tensor(log_of(path)) for path in paths)
    torch.testing.assert_close(together[:, :2], alone[:, :2])  # epochs and learning rates
    loss, images = slice(2, 5, 2), slice(3, 6, 2)  # rounding grows with every step
    torch.testing.assert_close(together[0, loss], alone[0, loss], rtol=5e-2, atol=0)
    torch.testing.assert_close(together[0, images], alone[0, images], rtol=0, atol=1.0)
    assert [record.read(path).hardware["threads"] for path in paths] == ["1", "2"]


def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    """To 1e-9 in float64: BatchNorm over both halves of the batch, a kernel used twice, gradients averaged."""
    mnist_gradients.main(str(tmp_path / "alone"))
    script = [sys.executable, str(TESTS / "helpers" / "mnist_gradients.py"), str(tmp_path / "together")]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        group = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(free.getsockname()[1])}
    processes = [subprocess.Popen(script, env=ENVIRONMENT | group | {"RANK": str(rank)}) for rank in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]  # as torchrun starts them, without its own start
    alone, together = (torch.load(tmp_path / name, weights_only=True) for name in ("alone", "together"))
    assert alone.keys() == together.keys() and len(alone) == 3 + 1 + 4 * 2 + 2 * 4 * 3
    for name, expected in alone.items():
        torch.testing.assert_close(together[name], expected, rtol=1e-9, atol=1e-12, msg=name)


def test_an_interrupted_run_goes_on_to_the_same_numbers(here: Path) -> None:
    arguments = ["train", "--target", "0", "--epochs", "4", "--threads", "1", "--records", "r1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=here, env=ENVIRONMENT, **pipes,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (here / "out/mnist/ours-seed0/checkpoint.pt").is_file() and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err == "interrupted: what is checkpointed goes on with --resume\n"
    assert not (here / "r1").exists()
    assert command(*arguments, "--resume")[0] == 0
    assert command(*arguments[:-1], "r2", "--out", "fresh")[0] == 0
    assert log_of(here / "r1/ours/seed0.json") == log_of(here / "r2/ours/seed0.json")


def test_help_needs_no_torch() -> None:
    code = (
        "import runpy, sys\nsys.argv[1:] = ['--help']\n"
        "try: runpy.run_module('mnist', run_name='__main__')\nexcept SystemExit: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=TESTS.parent, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False" and "Train small networks" in done.stdout


def test_images_move_between_devices() -> None:
    assert isinstance(made_up(10).to(torch.device("cpu")), Images)


def test_build_py_trains_first_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--train` runs the seeds before the build, and a failure of theirs ends it."""
    spec = importlib.util.spec_from_file_location("build_py", TESTS.parent / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(build.params)
    try:
        spec.loader.exec_module(module)
        calls: list[list[str]] = []
        monkeypatch.setattr("mnist.__main__.main", lambda arguments, **_: calls.append(arguments) or sys.exit(1))
        done = CliRunner().invoke(build, ["--train", "--steps", "0"])
        assert done.exit_code == 1 and [c[:3] for c in calls] == [["seeds", "--net", "ours"]]
        done = CliRunner().invoke(build, ["--steps", "0"])
        assert len(calls) == 1 and "--steps is 0" in done.stderr
    finally:
        build.params[:] = before
