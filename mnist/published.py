"""The published run of the reference network: one seed, 20 epochs, numbers as printed in its log."""

from __future__ import annotations

from typing import NamedTuple

NAME = "published"
EVERY, FACTOR, RATE = 6, 0.1, 0.1  # the learning rate: 0.1 for six epochs, then a tenth of it for six, and so on


class Published(NamedTuple):
    """An epoch as published; accuracies in per cent. The train loss was not published."""

    epoch: int
    learning_rate: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float


TRAIN_ACCURACY = """
89.08 97.65 98.08 98.34 98.52 98.59 98.91 98.91 98.98 99.05 99.02 99.01 99.06 99.07 99.09 99.03 99.09 99.11 99.06 99.03
"""
TEST_LOSS = """
.0628 .0367 .0329 .0373 .0286 .0251 .0195 .0201 .0199 .0200 .0181 .0179 .0179 .0185 .0180 .0178 .0181 .0177 .0178 .0182
"""
TEST_ACCURACY = """
98.02 98.86 98.94 98.73 99.14 99.26 99.42 99.33 99.34 99.34 99.40 99.41 99.39 99.40 99.42 99.44 99.40 99.43 99.43 99.36
"""

RUN = tuple(
    Published(epoch, round(RATE * FACTOR ** ((epoch - 1) // EVERY), 9), *map(float, numbers))
    for epoch, numbers in enumerate(
        zip(TRAIN_ACCURACY.split(), TEST_LOSS.split(), TEST_ACCURACY.split(), strict=True), 1
    )
)
