"""Teachers: what a pupil learns from, where they are found, and that none of them tells of held-out images."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from digits import made_up
from mnist_command import TINY

from mnist import data, record, teacher
from mnist.__main__ import main
from mnist.model import Network, sha256
from mnist.notation import Architecture
from mnist.recipe import RECIPES, Distillation
from mnist.record import BadRecord
from mnist.teacher import Teacher, distilled


def test_teachers_speak_with_one_voice() -> None:
    networks = [Network(Architecture(net)) for net in ("v3p", "v2p-v4")]
    taught = Teacher(networks).train(False)
    images = torch.rand(5, 1, 28, 28) * 255
    both = [network(images) for network in networks]
    torch.testing.assert_close(taught(images), (both[0] + both[1]) / 2)
    assert not taught(images.requires_grad_()).requires_grad  # not even to the images
    assert not taught(images).requires_grad and not any(p.requires_grad for p in taught.parameters())
    assert taught.hashes() == tuple(map(sha256, networks))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_gradient_of_what_is_taught(temperature: float) -> None:
    """T (softmax(z / T) - softmax(v / T)) / N: Hinton, Vinyals and Dean's equation 2, times T squared."""
    logits = torch.randn(6, 10, dtype=torch.float64, requires_grad=True)
    taught = torch.randn(6, 10, dtype=torch.float64)
    loss = torch.nn.functional.cross_entropy(logits, torch.arange(6))
    (plain,) = torch.autograd.grad(loss, logits, retain_graph=True)
    (found,) = torch.autograd.grad(distilled(loss, logits, taught, Distillation("", 0, 0.75, temperature)), logits)
    soft = temperature * ((logits / temperature).softmax(1) - (taught / temperature).softmax(1)) / 6
    torch.testing.assert_close(found, 0.25 * plain + 0.75 * soft, rtol=1e-9, atol=0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a tiny teacher and a pupil of it."""
    monkeypatch.chdir(tmp_path)
    small = replace(TINY, architecture=Architecture("v4p-v8p-v8"), epochs=2)
    monkeypatch.setitem(RECIPES, "teacher", replace(small, name="teacher"))
    monkeypatch.setitem(RECIPES, "ours", replace(small, distillation=Distillation("teacher", 2, 0.5, 2.0)))
    monkeypatch.setattr(data, "load", lambda *_: (made_up(320), made_up(100, seed=1)))
    monkeypatch.setattr(record, "RUNS", tmp_path / "shipped")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    """(exit status, standard error) of a training command in this process."""
    done = CliRunner().invoke(main, ["train", "--target", "0", *arguments])
    return done.exit_code, done.stderr


def test_a_pupil_records_who_taught_it(here: Path) -> None:
    status, err = run("--net", "ours")
    assert (status, err) == (
        2, "teacher: nothing is recorded of this teacher: first run: python -m mnist seeds --net teacher --n 2\n",
    )  # fmt: skip
    assert run("--net", "teacher") == (0, "")
    few = Path("out/mnist/runs/teacher")
    assert run("--net", "ours") == (
        2, f"{few}: 1 of 2 teachers are recorded: first run: python -m mnist seeds --net teacher --n 2\n",
    )  # fmt: skip
    for seed in ("1", "2"):
        assert run("--net", "teacher", "--seed", seed) == (0, "")
    assert run("--net", "ours") == (0, "")
    runs = here / "out/mnist/runs"
    hashes = [record.read(runs / f"teacher/seed{k}.json").weights_sha256 for k in (0, 1)]
    pupil = record.read(runs / "ours/seed0.json")
    assert list(pupil.taught_by) == hashes and pupil.recipe.distillation.teachers == 2  # the third is not asked
    assert record.read(runs / "teacher/seed0.json").taught_by == ()
    content = json.loads((runs / "ours/seed0.json").read_text())
    (runs / "ours/seed0.json").write_text(json.dumps(content | {"taught_by": [1]}))
    with pytest.raises(BadRecord, match="no text"):
        record.read(runs / "ours/seed0.json")


def test_what_is_taught_matters(here: Path) -> None:
    assert run("--net", "teacher") == run("--net", "teacher", "--seed", "1") == (0, "")
    logs = []
    for share in (0.0, 0.5):
        RECIPES["ours"] = replace(RECIPES["ours"], distillation=Distillation("teacher", 2, share, 2.0))
        assert run("--net", "ours", "--records", "out/mnist/runs") == (0, "")
        logs.append(record.read(here / "out/mnist/runs/ours/seed0.json").epochs[-1].train_loss)
    assert logs[0] != logs[1]


def test_a_teacher_that_saw_the_held_out_images_is_refused(here: Path) -> None:
    RECIPES["ours"] = replace(RECIPES["ours"], distillation=Distillation("teacher", 1, 0.5, 2.0))
    assert run("--net", "teacher") == (0, "")
    status, err = run("--net", "ours", "--held-out", "100")
    assert status == 2 and "did not keep back the same images as its pupil" in err
    assert "python -m mnist seeds --net teacher --n 1 --held-out 100" in err
    assert run("--net", "teacher", "--held-out", "100") == (0, "")
    assert run("--net", "ours", "--held-out", "100") == (0, "")
    assert run("--net", "ours")[0] == 2


def test_own_teachers_come_before_the_shipped_ones(here: Path) -> None:
    assert run("--net", "teacher", "--records", "shipped") == (0, "")
    shipped = teacher.find(Distillation("teacher", 1), 0, [here / "own", here / "shipped"]).hashes()
    assert run("--net", "teacher", "--records", "own", "--seed", "1") == (0, "")
    own = teacher.find(Distillation("teacher", 1), 0, [here / "own", here / "shipped"]).hashes()
    assert len(shipped) == len(own) == 1 and shipped != own
