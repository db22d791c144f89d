"""Digits made up for the tests: a font of 5 x 7 dots, four times as large, moved about, with some noise."""

from __future__ import annotations

import torch

from mnist.data import Images

torch.set_num_threads(1)  # for networks this small, a second thread only waits

FONT = """
.###. ..#.. .###. .###. ...#. ##### .###. ##### .###. .###.
#...# .##.. #...# #...# ..##. #.... #.... ....# #...# #...#
#...# ..#.. ....# ....# .#.#. ####. ####. ...#. #...# #...#
#...# ..#.. ...#. ..##. #..#. ....# #...# ..#.. .###. .####
#...# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# ....#
.###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .###.
"""


def made_up(n: int, seed: int = 0) -> Images:
    """`n` digits, the classes in turn: uint8 images and their labels, the same for a seed."""
    rows = [row.split() for row in FONT.split("\n") if row]
    glyphs = torch.tensor([[[dot == "#" for dot in row[k]] for row in rows] for k in range(10)]).float()
    large = glyphs.repeat_interleave(3, 1).repeat_interleave(3, 2) * 220  # 21 x 15
    generator = torch.Generator().manual_seed(seed)
    images, labels = torch.zeros(n, 1, 28, 28), torch.arange(n) % 10
    places = torch.randint(0, 5, (n, 2), generator=generator)
    for image, label, (y, x) in zip(images, labels, places.tolist(), strict=True):
        image[0, 1 + y : 22 + y, 4 + x : 19 + x] = large[label]
    noise = torch.rand(images.shape, generator=generator) * 30
    return Images((images + noise).clamp(0, 255).to(torch.uint8), labels)
