"""Training: deterministic for a seed on one device, a checkpoint every epoch, resumed to the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnist import evaluate, parallel
from mnist.data import Images
from mnist.model import Network, decayed, recalibrate
from mnist.muon import Muon
from mnist.recipe import AdamW, MuonAdamW, Recipe
from mnist.record import Epoch
from mnist.teacher import distilled
from mnist.warp import apply, draw
from sheetgen.base import files
from sheetgen.base.errors import UserError

CHECKPOINT = "checkpoint.pt"


class CannotResume(UserError):
    """A checkpoint that does not belong to this run, or cannot be read; the message is one sentence."""


@dataclass
class Run:
    """A network being trained: everything that the next epoch depends on."""

    recipe: Recipe
    seed: int
    device: torch.device
    model: Network = field(init=False)
    optimizers: list[torch.optim.Optimizer] = field(init=False)
    log: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.model = Network(self.recipe.architecture).to(self.device, memory_format=torch.channels_last)
        self.optimizers = _optimizers(self.recipe, self.model)

    def save(self, folder: Path) -> None:
        """Write the checkpoint beside its place and move it there."""
        state = {"recipe": self.recipe.as_dict(), "seed": self.seed, "log": [astuple(e) for e in self.log]}
        state |= {"model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers]}
        path = folder / CHECKPOINT
        with files.staging(path) as folder:
            torch.save(state, folder / CHECKPOINT)
            files.move_into_place(folder / CHECKPOINT, path)

    def resume(self, folder: Path) -> None:
        """Go on where the checkpoint stopped. Raises CannotResume; without a checkpoint, starts anew."""
        path = folder / CHECKPOINT
        if not path.is_file():
            return
        try:
            state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
            same = (state["recipe"], state["seed"]) == (self.recipe.as_dict(), self.seed)
            if same:
                self.model.load_state_dict(state["model"])
                for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                    optimizer.load_state_dict(saved)
                self.log = [Epoch(*row) for row in state["log"]]
        except Exception as error:  # a torn or foreign file fails in torch in many ways
            raise CannotResume(f"{path}: the checkpoint cannot be read: delete it, or leave --resume out") from error
        if not same:
            raise CannotResume(f"{path}: the checkpoint is of another recipe or seed: delete it, or leave --resume out")


def _optimizers(recipe: Recipe, model: Network) -> list[torch.optim.Optimizer]:
    """The optimizers of all parameters; every group of parameters knows the learning rate that it has at the peak."""
    o, (kernels, others) = recipe.optimizer, decayed(model)
    optimizers: list[torch.optim.Optimizer] = []
    if isinstance(o, MuonAdamW):  # the last layer is no kernel but a matrix of classes, and is left to AdamW
        optimizers.append(Muon([p for p in kernels if p is not model.classify.weight], o.turn, o.momentum))
        kernels = [model.classify.weight]
    groups = [{"params": kernels, "weight_decay": o.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if isinstance(o, AdamW):
        optimizers.append(torch.optim.AdamW(groups, lr=o.learning_rate, betas=(o.momentum, o.beta2)))
    else:
        optimizers.append(torch.optim.SGD(groups, lr=o.learning_rate, momentum=o.momentum))
    for group in (g for optimizer in optimizers for g in optimizer.param_groups):
        group["peak"] = group["lr"]
    return optimizers


def train(
    run: Run,
    training: Images,
    test: Images,
    folder: Path | None = None,
    step_done: Callable[[int], object] = lambda _: None,
    teacher: nn.Module | None = None,
) -> Iterator[Epoch]:
    """Train to the recipe's last epoch, yielding each as it is done (and checkpointed, if there is a folder)."""
    model, recipe = parallel.wrap(run.model), run.recipe
    for epoch in range(len(run.log) + 1, recipe.epochs + 1):
        start = time.perf_counter()
        rate, loss, right = _one_epoch(run, model, epoch, training, step_done, teacher)
        if recipe.settle and epoch == recipe.epochs:
            recalibrate(run.model, training.images)
        test_loss, test_accuracy = evaluate.loss_and_accuracy(evaluate.logits(run.model, test.images), test.labels)
        run.log.append(Epoch(epoch, rate, loss, right, test_loss, test_accuracy, time.perf_counter() - start))
        if folder is not None and parallel.rank() == 0:
            run.save(folder)
        yield run.log[-1]


def _one_epoch(
    run: Run, model: nn.Module, epoch: int, training: Images, step_done: Callable[[int], object],
    teacher: nn.Module | None,
) -> tuple[float, float, float]:  # fmt: skip
    """One pass over the training images: (last learning rate, mean loss, accuracy in per cent)."""
    recipe, device, size = run.recipe, run.device, run.recipe.batch_size
    # All randomness of an epoch comes from its own seed, so that a resumed run draws what an unbroken one would.
    generator = torch.Generator(device).manual_seed(1_000_003 * run.seed + epoch)
    torch.manual_seed(1_000_003 * run.seed + 1_009 * epoch + parallel.rank())  # dropout's
    order = torch.randperm(len(training.labels), generator=generator, device=device)
    steps = max(1, len(order) // size)  # what is left over is drawn again another time
    totals = torch.zeros(3, device=device)  # loss, right, seen
    model.train()
    for step in range(steps):
        rate = recipe.rate((epoch - 1) * steps + step, steps)
        for group in (g for o in run.optimizers for g in o.param_groups):
            group["lr"] = group["peak"] * rate / recipe.optimizer.learning_rate
        picked = order[step * size : (step + 1) * size]
        images = training.images[parallel.share(picked)].float()
        if recipe.warp:
            images = apply(images, parallel.share(draw(recipe.warp, len(picked), generator)))
        images, labels = _channels_last(images), training.labels[parallel.share(picked)]
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            scores = model(images).float()
            taught = None if teacher is None else teacher(images)
        loss = functional.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
        objective = loss if taught is None else distilled(loss, scores, taught, recipe.distillation)
        model.zero_grad()
        objective.backward()
        for optimizer in run.optimizers:
            optimizer.step()
        with torch.no_grad():
            right = (scores.argmax(1) == labels).sum()
            totals += torch.stack([loss * len(labels), right, torch.full_like(loss, len(labels))])
        step_done(step)
    total, hits, seen = parallel.summed(totals).tolist()
    return rate, total / seen, 100 * hits / seen


def _channels_last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)
