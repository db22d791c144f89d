"""The ladder: six recipes that each change one thing, and what that taught, with places for figures."""

from __future__ import annotations

from typing import NamedTuple

from mnist.recipe import FIFTH, FIRST, FOURTH, MOST_PARAMETERS, SECOND, SIXTH, THIRD, Recipe


class Rung(NamedTuple):
    """One step: what is trained, its news, and the lesson of its result.

    In the lesson `{test}` is how the figure changed since the step before, as "rose from 99.16 to 99.19"; `{test now}`
    is the figure. `{chance}` is said where another seed could have changed the test accuracy as much.
    """

    recipe: Recipe
    title: str
    taught: str


LADDER = (
    Rung(FIRST, "a working model",
         "It reads {train now} % of the images that it learned from, and {test now} % of the test images: it has "
         "learned the former nearly by heart, which is overfitting. {parameters now} parameters; fewer than "
         f"{MOST_PARAMETERS:,} are allowed."),
    Rung(SECOND, "a smaller one",
         "With less room it must find rules. Parameters {parameters}; the gap between training and test {gap}. The "
         "price: test accuracy {test} %{chance}."),
    Rung(THIRD, "with BatchNorm",
         "A plane is the picture that one kernel makes. BatchNorm gives each the mean 0 and the spread 1, so learning "
         "is easier: in as many epochs train loss {loss}. Test accuracy {test} %{chance}."),
    Rung(FOURTH, "with averaging",
         "Each plane hands on its mean, not every cell: no big last layer is needed. Parameters {parameters}; test "
         "accuracy {test} %{chance}: what is left must carry it all."),
    Rung(FIFTH, "with augmentation",
         "Every epoch turns, shifts and bends the training images afresh, so that nothing can be learned by heart. The "
         "gap {gap}: training is now harder than the test. Test accuracy {test} %{chance}."),
    Rung(SIXTH, "two layers more",
         "Two more convolutions at the end, with more channels: planes are small there, a channel is cheap. "
         "Parameters {parameters}; test accuracy {test} %{chance}."),
)  # fmt: skip
