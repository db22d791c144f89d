"""Training on made-up digits: it learns, repeats itself, resumes to the same numbers, and records what happened."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from digits import made_up

from mnist import evaluate, record
from mnist.model import Network, sha256
from mnist.notation import Architecture
from mnist.recipe import DIGITS, OURS, REFERENCE, SGD, AdamW, Distillation, MuonAdamW, Recipe, Stairs, Warp
from mnist.record import BadRecord, Claim, Record
from mnist.train import CannotResume, Run, train

CPU = torch.device("cpu")
TINY = Recipe(
    "tiny", Architecture("v6p-v12p-v12"), epochs=4, batch_size=32, optimizer=AdamW(0.02),
    warp=replace(DIGITS, rotation=5, shift=1),
)  # fmt: skip
TRAINING, TEST = made_up(640), made_up(200, seed=1)


def trained(recipe: Recipe = TINY, seed: int = 0, folder: Path | None = None) -> Run:
    """A finished run."""
    run = Run(recipe, seed, CPU)
    for _ in train(run, TRAINING, TEST, folder):
        pass
    return run


def numbers(run: Run) -> list[tuple[float, ...]]:
    """The log without its seconds."""
    return [tuple(v for k, v in asdict(e).items() if k != "seconds") for e in run.log]


@pytest.fixture(scope="module")
def tiny() -> Run:
    """The tiny network, trained once."""
    return trained()


def test_a_tiny_run_learns(tiny: Run) -> None:
    assert [e.epoch for e in tiny.log] == [1, 2, 3, 4]
    assert tiny.log[-1].test_accuracy > 95 > 50 > tiny.log[0].train_accuracy
    assert tiny.log[-1].train_loss < tiny.log[0].train_loss / 3


def test_the_same_seed_trains_alike_and_another_does_not(tiny: Run) -> None:
    assert numbers(trained()) == numbers(tiny)
    assert sha256(trained(seed=1).model) != sha256(tiny.model)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"architecture": replace(TINY.architecture, dropout=0.2), "optimizer": SGD(0.02), "schedule": Stairs(1)},
        {"precision": "bfloat16"},
        {"optimizer": MuonAdamW(0.02), "settle": True},
    ],
    ids=["adamw", "sgd", "bfloat16", "muon"],
)
def test_a_resumed_run_ends_with_the_same_numbers(change: dict[str, object], tmp_path: Path) -> None:
    recipe = replace(TINY, epochs=3, **change)  # type: ignore[arg-type]
    whole = trained(recipe)
    broken = Run(recipe, 0, CPU)
    epochs = train(broken, TRAINING, TEST, tmp_path)
    next(epochs)
    epochs.close()  # killed after the first epoch was checkpointed
    again = Run(recipe, 0, CPU)
    again.resume(tmp_path)
    assert len(again.log) == 1
    for _ in train(again, TRAINING, TEST, tmp_path):
        pass
    assert numbers(again) == numbers(whole) and sha256(again.model) == sha256(whole.model)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.pt"]


def test_what_cannot_be_resumed_says_so(tmp_path: Path) -> None:
    run = trained(replace(TINY, epochs=1), folder=tmp_path)
    with pytest.raises(CannotResume, match="another recipe or seed"):
        Run(replace(TINY, epochs=1), 1, CPU).resume(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes()[:500])
    with pytest.raises(CannotResume, match=r"checkpoint\.pt: the checkpoint cannot be read"):
        Run(run.recipe, 0, CPU).resume(tmp_path)


def test_a_checkpoint_is_never_unpickled_into_code(tmp_path: Path) -> None:
    """A file that would run a command when unpickled is refused, and runs nothing."""
    torch.save({"recipe": Trap(tmp_path / "sprung")}, tmp_path / "checkpoint.pt")
    with pytest.raises(CannotResume):
        Run(TINY, 0, CPU).resume(tmp_path)
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_the_learning_rates_are_those_of_the_recipes() -> None:
    classic = [REFERENCE.rate((e - 1) * 117, 117) for e in (1, 6, 7, 12, 13, 18, 19)]
    assert classic == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.0001])
    steps = 468 * OURS.epochs
    ours = [OURS.rate(k, 468) for k in range(steps)]
    top = ours.index(max(ours))
    assert max(ours) == pytest.approx(0.01, rel=1e-3) and top == pytest.approx(0.15 * steps, abs=2)
    assert 0 < ours[-1] < 1e-5 and ours[0] < 1e-5
    assert all((a < b) == (k < top) for k, (a, b) in enumerate(itertools.pairwise(ours)))


def test_distillation_leans_on_the_teacher(tiny: Run) -> None:
    """With the teacher's word alone, and a teacher that is always wrong by one, the pupil learns to be wrong."""

    class Wrong(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return 20 * tiny.model(images).softmax(1).roll(1, 1)

    pupil = Run(replace(TINY, distillation=Distillation(distill=1.0)), 3, CPU)
    for _ in train(pupil, TRAINING, TEST, teacher=Wrong()):
        pass
    scores = evaluate.logits(pupil.model, TEST.images)
    assert evaluate.accuracy(scores, TEST.labels) < 10
    assert evaluate.accuracy(scores, (TEST.labels + 1) % 10) > 90


def test_counting_by_hand() -> None:
    scores = torch.tensor([[2.0, 1, 0], [0, 3, 0], [0, 4, 0], [1, 0, 0]]) @ torch.eye(3, 10)
    labels = torch.tensor([0, 1, 0, 2])
    assert evaluate.accuracy(scores, labels) == 50
    matrix = evaluate.confusion(scores, labels)
    assert [matrix[0][:3], matrix[1][:3], matrix[2][:3]] == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    wrong = evaluate.mistakes(scores, labels)
    assert [(m.index, m.true, m.predicted) for m in wrong] == [(2, 0, 1), (3, 2, 0)]  # the surest first
    assert wrong[1].probability == pytest.approx(float(scores[3].softmax(0)[0]))


def test_nine_views_are_shifts_by_a_pixel() -> None:
    seen: list[torch.Tensor] = []

    class Camera(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(images)
            return torch.zeros(len(images), 10)

    image = torch.arange(784, dtype=torch.float32).remainder(251).to(torch.uint8).view(1, 1, 28, 28)
    assert evaluate.views(Camera(), image).allclose(torch.full((1, 10), 0.1))
    centres = {float(v[0, 0, 10, 10]) for v in seen}
    assert centres == {float(image[0, 0, 10 - dy, 10 - dx]) for dy in (-1, 0, 1) for dx in (-1, 0, 1)}
    assert len(seen) == 9


# Records


def recorded(run: Run) -> Record:
    """What is kept of a run."""
    scores = evaluate.logits(run.model, TEST.images)
    return Record(
        run.recipe, run.seed, 1, len(TEST.labels), 0, tuple(run.log), 99.0, 1.0,
        tuple(map(tuple, evaluate.confusion(scores, TEST.labels))), tuple(evaluate.mistakes(scores, TEST.labels)),
        sha256(run.model), {"torch": "1"}, {"device": "cpu"}, "python -m mnist train",
    )  # fmt: skip


@pytest.fixture
def written(tiny: Run, tmp_path: Path) -> Path:
    """A record with its weights."""
    return record.write(recorded(tiny), tiny.model, tmp_path / "tiny")


def test_a_record_comes_back_as_it_was(tiny: Run, written: Path) -> None:
    assert record.read(written) == recorded(tiny)
    assert sorted(p.name for p in written.parent.iterdir()) == ["seed0.json", "seed0.safetensors"]
    model = record.load_network(written)
    torch.testing.assert_close(evaluate.logits(model, TEST.images), evaluate.logits(tiny.model, TEST.images))
    assert max(map(len, written.read_text().splitlines())) < 800  # a diff can be read


def changed(path: Path, **changes: object) -> None:
    """Put something else into a record."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


BROKEN = {
    "no JSON": (lambda p: p.write_text("{"), "the record is broken"),
    "a list": (lambda p: p.write_text("[]"), "the record is broken"),
    "a format of tomorrow": (lambda p: changed(p, format=2), "another format"),
    "an unknown key": (lambda p: changed(p, extra=1), "the record is broken"),
    "an unknown recipe": (lambda p: changed(p, recipe={"name": "x"}), "the record is broken"),
    "a short log": (lambda p: changed(p, epochs=json.loads(p.read_text())["epochs"][:2]), "not of the epochs 1 to 4"),
    "another accuracy": (
        lambda p: changed(p, epochs=[e | {"test_accuracy": 100.5} for e in json.loads(p.read_text())["epochs"]]),
        "its last accuracy is not that of its confusion matrix",
    ),
    "a mistake too few": (lambda p: changed(p, mistakes=[]), "do not count alike"),
    "another count": (lambda p: changed(p, tested=201), "does not count 201 images"),
    "a small matrix": (lambda p: changed(p, confusion=[[1]]), "not 10 by 10"),
    "NaN": (
        lambda p: changed(p, epochs=[e | {"train_loss": float("nan")} for e in json.loads(p.read_text())["epochs"]]),
        "no number",
    ),
    "no images": (lambda p: changed(p, tested=0, confusion=[[0] * 10] * 10, mistakes=[]), "it tested no images"),
    "a number for a text": (lambda p: changed(p, command=1), "no text"),
    "a text for a number": (lambda p: changed(p, wall_seconds="long"), "no number"),
    "gone": (lambda p: p.unlink(), "cannot be read"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_record_is_one_sentence(written: Path, how: str) -> None:
    harm, message = BROKEN[how]
    harm(written)
    with pytest.raises(BadRecord) as caught:
        record.read(written)
    assert message in str(caught.value) and str(written) in str(caught.value) and "\n" not in str(caught.value)


def test_wrong_weights_are_named(tiny: Run, written: Path) -> None:
    weights = record.weights_path(written)
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-4] + b"\0\0\0\1")
    with pytest.raises(BadRecord, match=r"seed0\.safetensors: these are not the weights .*SHA-256"):
        record.load_network(written)
    weights.write_bytes(whole[:50])
    with pytest.raises(BadRecord, match="cannot be read, or are another network's"):
        record.load_network(written)
    weights.unlink()
    with pytest.raises(BadRecord, match="cannot be read"):
        record.load_network(written)
    record.write(recorded(tiny), Network(Architecture("c3")), written.parent)
    with pytest.raises(BadRecord, match="another network's"):
        record.load_network(written)


def test_claims_are_seeds_of_one_recipe(tiny: Run, written: Path) -> None:
    assert record.claims(written.parent / "nowhere") == {}
    written.with_name("seed7.json").write_text(written.read_text())
    with pytest.raises(BadRecord, match=r"seed7\.json: the record is of seed 0"):
        record.claims(written.parents[1])
    written.with_name("seed7.json").unlink()
    record.write(replace(recorded(tiny), seed=10), tiny.model, written.parent)
    record.write(replace(recorded(tiny), seed=2), tiny.model, written.parent)
    claim = record.claims(written.parents[1])["tiny"]
    assert [r.seed for r in claim.records] == [0, 2, 10] and claim.mean == claim.accuracies[0]
    other = replace(recorded(tiny), seed=3, recipe=replace(TINY, warp=Warp()))
    record.write(other, tiny.model, written.parent)
    with pytest.raises(BadRecord, match="different recipes"):
        record.claims(written.parents[1])
    assert record.claims(written.parents[1], "other") == {}  # what nobody asks for is not read


def test_mean_and_deviation() -> None:
    logs = [(replace(e, test_accuracy=a),) for a, e in zip((99.5, 99.6, 99.7), [EPOCH] * 3, strict=True)]
    claim = Claim("x", tuple(replace(recorded_blank(), epochs=log) for log in logs))
    assert claim.mean == pytest.approx(99.6) and claim.deviation == pytest.approx(0.1)
    assert Claim("x", claim.records[:1]).deviation == 0


EPOCH = record.Epoch(1, 0.1, 1, 90, 1, 99, 1)


def recorded_blank() -> Record:
    """A record of nothing."""
    return Record(TINY, 0, 1, 1, 0, (EPOCH,), 0, 0, (), (), "", {}, {}, "")


def test_a_shipped_recipe_builds_with_its_own_input_scale() -> None:
    images = torch.rand(2, 1, 28, 28) * 255
    model = Network(replace(TINY.architecture, mean=0.5, std=0.25)).eval()
    plain = Network(TINY.architecture).eval()
    plain.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(images), plain(((images / 255) - 0.5) / 0.25 * 255))
