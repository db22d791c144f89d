"""python mnist_command.py ...: the command line of `mnist`, with made-up digits in place of MNIST and a tiny recipe."""

import sys

from digits import made_up

from mnist import data
from mnist.notation import Architecture
from mnist.recipe import RECIPES, AdamW, Recipe

TINY = Recipe("ours", Architecture("v6p-v12p-v12"), epochs=3, batch_size=32, optimizer=AdamW(0.02))


def main() -> None:
    """Run the command with this process's arguments."""
    RECIPES["ours"] = TINY
    data.load = lambda folder=None, download=True: (made_up(640), made_up(200, seed=1))  # type: ignore[assignment]
    from mnist.__main__ import main as command

    command(prog_name="python -m mnist")


if __name__ == "__main__":
    sys.exit(main())
