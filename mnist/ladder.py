"""The strategy ladder: six networks trained alike, each of which changes one thing, and what that taught."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from mnist.recipe import (
    DIGITS,
    FAST,
    MOST_PARAMETERS,
    ONE_TEACHER,
    OURS,
    REFERENCE,
    SMALL,
    TEACHER,
    TINY,
    UNTAUGHT,
    Recipe,
)
from mnist.record import Record


class Change(NamedTuple):
    """A figure of two steps; written in a format, it says which way it went."""

    before: float
    now: float

    def __format__(self, form: str) -> str:
        old, new = format(self.before, form), format(self.now, form)
        if old == new:
            return f"stayed at {new}"
        return f"{'rose' if self.now > self.before else 'fell'} from {old} to {new}"


class Rung(NamedTuple):
    """One step: what is trained, what is new in it, and what its result taught, with places for the figures."""

    recipe: Recipe
    title: str
    taught: str

    def told(self, now: Record, before: Record | None) -> str:
        """What it taught, with the figures of its record and of the step before; that is None for the first."""
        if before is None and self is not LADDER[0]:
            return "The step before it is not recorded."
        old = before or now
        return self.taught.format(
            now=now,
            most=MOST_PARAMETERS,
            parameters=Change(old.parameters, now.parameters),
            share=now.parameters / old.parameters,
            test=Change(old.accuracy, now.accuracy),
            train=Change(old.last.train_accuracy, now.last.train_accuracy),
            loss=Change(old.last.train_loss, now.last.train_loss),
            gap=Change(old.gap, now.gap),
            seconds=Change(old.wall_seconds, now.wall_seconds),
        )


# Alike: eight epochs, one learning rate that the networks without BatchNorm bear too, and one seed.
FIRST = Recipe(
    "ladder-1", "v16-v32p-v32-v64p", epochs=8, learning_rate=0.003, batch_norm=False, head="full",
    precision="bfloat16",
)  # fmt: skip
SECOND = replace(FIRST, name="ladder-2", net="v8-v16p-v16-v16p")
THIRD = replace(SECOND, name="ladder-3", batch_norm=True)
FOURTH = replace(THIRD, name="ladder-4", head="pooled")
FIFTH = replace(FOURTH, name="ladder-5", warp=DIGITS)
SIXTH = replace(FIFTH, name="ladder-6", net="v8-v16p-v16-v16-c16p-c32")

LADDER = (
    Rung(FIRST, "a working model",
         "It works, and learns the training images nearly by heart: it reads {now.last.train_accuracy:.2f} % of them, "
         "and {now.accuracy:.2f} % of the test's. It has {now.parameters:,} parameters, where fewer than {most:,} are "
         "allowed."),
    Rung(SECOND, "smaller, so that it does not overfit",
         "Parameters {parameters:,}: {share:.0%} of them are left. Test accuracy {test:.2f} %, and the gap to the "
         "training images {gap:+.2f}."),
    Rung(THIRD, "BatchNorm everywhere",
         "In as many epochs train loss {loss:.4f} and train accuracy {train:.2f} %: it fits the training images more "
         "closely. Test accuracy {test:.2f} %; the gap must be closed otherwise. It costs time: the seconds of the run "
         "{seconds:.0f}."),
    Rung(FOURTH, "global average pooling, fully convolutional",
         "Without the dense ending parameters {parameters:,}, and test accuracy {test:.2f} %: what is left must carry "
         "it all."),
    Rung(FIFTH, "augmentation",
         "The gap to the training images {gap:+.2f}: it turns round, for warped images are harder than the "
         "test's. Test accuracy {test:.2f} %: now the network is too small."),
    Rung(SIXTH, "capacity back where it pays, in the last layers",
         "Parameters {parameters:,}, and test accuracy {test:.2f} %, the largest step up: what averaging saved is "
         "worth most in the last layers, where the planes are small and a channel costs least work."),
)  # fmt: skip

NETWORKS = (OURS, ONE_TEACHER, UNTAUGHT, SMALL, TINY, REFERENCE, FAST, TEACHER)
RECIPES = {r.name: r for r in (*NETWORKS, *(rung.recipe for rung in LADDER))}


def place(claim: str) -> tuple[int, str]:
    """Where a claim is listed, to sort by: as its recipe stands in RECIPES, and what has no recipe behind them."""
    names = list(RECIPES)
    return names.index(claim) if claim in names else len(names), claim
