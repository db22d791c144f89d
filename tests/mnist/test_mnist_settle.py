"""Settling: BatchNorm's statistics become those of plain images, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import torch
from digits import made_up
from mnist_command import TINY

from mnist import evaluate
from mnist.model import Network, recalibrate
from mnist.notation import Architecture
from mnist.train import Run, train

CPU = torch.device("cpu")
TRAINING, TEST = made_up(320), made_up(100, seed=1)


def test_statistics_are_the_means_over_the_batches() -> None:
    """By hand: in every layer, the mean of the batches' means and unbiased variances, of what the layer is given."""
    torch.manual_seed(0)
    model = Network(Architecture("v3p-c3-c3=1", dropout=0.5))
    images = made_up(1_000).images
    parameters = {name: p.clone() for name, p in model.named_parameters()}
    given: list[list[torch.Tensor]] = [[] for _ in model.norms]
    hooks = [
        norm.register_forward_pre_hook(lambda _, inputs, k=k: given[k].append(inputs[0].clone()))
        for k, norm in enumerate(model.norms)
    ]
    recalibrate(model, images)
    for hook in hooks:
        hook.remove()
    for norm, batches in zip(model.norms, given, strict=True):
        assert len(batches) == 2 and not norm.training and norm.momentum == 0.1
        means = torch.stack([x.mean((0, 2, 3)) for x in batches]).mean(0)
        variances = torch.stack([x.transpose(0, 1).flatten(1).var(1) for x in batches]).mean(0)
        torch.testing.assert_close(norm.running_mean, means, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(norm.running_var, variances, rtol=1e-4, atol=1e-5)
    assert all(p.equal(parameters[name]) for name, p in model.named_parameters())
    assert not model.dropout.training


def test_a_run_settles_in_its_last_epoch_alone() -> None:
    """What settles is logged settled, and the epochs before, and the weights, are those of a run that does not."""
    plain, settled = (Run(replace(TINY, settle=s), 0, CPU) for s in (False, True))
    for run in (plain, settled):
        for _ in train(run, TRAINING, TEST):
            pass
    assert [e.test_loss for e in plain.log[:-1]] == [e.test_loss for e in settled.log[:-1]]
    assert plain.log[-1].test_loss != settled.log[-1].test_loss
    assert all(p.equal(q) for p, q in zip(plain.model.parameters(), settled.model.parameters(), strict=True))
    recalibrate(plain.model, TRAINING.images)
    loss, accuracy = evaluate.loss_and_accuracy(evaluate.logits(plain.model, TEST.images), TEST.labels)
    assert (loss, accuracy) == (settled.log[-1].test_loss, settled.log[-1].test_accuracy)
