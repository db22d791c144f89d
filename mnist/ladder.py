"""The strategy ladder: six networks trained alike, each of which changes one thing, and what that taught."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from mnist.recipe import DIGITS, FAST, OURS, REFERENCE, SMALL, TEACHER, TINY, Recipe


class Rung(NamedTuple):
    """One step: what is trained, what is new in it, and what its result taught."""

    recipe: Recipe
    title: str
    taught: str


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
         "It works, and learns the training images nearly by heart: more parameters than the limit allows, "
         "most of them memory."),
    Rung(SECOND, "smaller, so that it does not overfit",
         "A fifth of the parameters costs little accuracy, and the gap to the training images narrows: most "
         "were not needed."),
    Rung(THIRD, "BatchNorm everywhere",
         "It trains faster and gains a little, and fits the training images still more closely: the gap must "
         "be closed otherwise."),
    Rung(FOURTH, "global average pooling, fully convolutional",
         "Without the dense ending a quarter of the parameters is gone, and some accuracy with them: what is "
         "left must carry it all."),
    Rung(FIFTH, "augmentation",
         "The gap turns round, for warped images are harder than the test's. Little is gained yet: now the "
         "network is too small."),
    Rung(SIXTH, "capacity back where it pays, in the last layers",
         "The largest step up, and no gap: what averaging saved is worth most in the last layers, where it "
         "costs least work."),
)  # fmt: skip

RECIPES = {r.name: r for r in (OURS, SMALL, TINY, REFERENCE, FAST, TEACHER, *(rung.recipe for rung in LADDER))}


def place(claim: str) -> tuple[int, str]:
    """Where a claim is listed, to sort by: as its recipe stands in RECIPES, and what has no recipe behind them."""
    names = list(RECIPES)
    return names.index(claim) if claim in names else len(names), claim
