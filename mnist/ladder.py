"""The ladder: six recipes that each change one thing, and what that taught, told with the figures of their records."""

from __future__ import annotations

from typing import NamedTuple

from mnist.recipe import FIFTH, FIRST, FOURTH, MOST_PARAMETERS, SECOND, SIXTH, THIRD, Recipe
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
    """One step of the ladder: what is trained, its news, and the lesson of its result, with places for figures."""

    recipe: Recipe
    title: str
    taught: str

    def lesson(self, now: Record, before: Record | None) -> str:
        """The text with the figures of the step's record and of the one before, which is None for the first."""
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
