"""Augmentation: every image is turned, scaled, sheared, shifted and bent a little, each by amounts of its own.

A warp is linear in a few numbers per image: six of an affine map, and two for each of the control points of a smooth
field. So the places from which all pixels of a batch are taken are one matrix product, and one call samples them.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from mnist.notation import SIZE
from mnist.recipe import Warp


@lru_cache(maxsize=8)
def basis(points: int, device: torch.device) -> Tensor:
    """(28 * 28, 3 + points^2): x, y, 1 and the weight of every control point, for each pixel; x and y in pixels.

    Control points stand evenly from edge to edge; their displacements are spread by cubic convolution (Keys 1981).
    """
    line = torch.arange(SIZE, dtype=torch.float32) - (SIZE - 1) / 2
    y, x = torch.meshgrid(line, line, indexing="ij")
    unit = torch.eye(points * points).view(-1, 1, points, points)
    bumps = functional.interpolate(unit, (SIZE, SIZE), mode="bicubic", align_corners=True)
    columns = [x.reshape(-1), y.reshape(-1), torch.ones(SIZE * SIZE), *bumps.flatten(1)]
    return torch.stack(columns, 1).to(device)


def draw(warp: Warp, n: int, generator: torch.Generator) -> Tensor:
    """(n, 3 + points^2, 2): the numbers of n random warps, to be multiplied with the `basis`."""
    device = generator.device

    def uniform(limit: float, count: int = 1) -> Tensor:
        return (torch.rand(n, count, generator=generator, device=device) * 2 - 1) * limit

    angle, shear = (math.pi / 180 * uniform(limit)[:, 0] for limit in (warp.rotation, warp.shear))
    scale, shift = 1 + uniform(warp.scale, 2), uniform(warp.shift, 2)
    cos, sin = angle.cos(), angle.sin()
    # Output to input, rotation after shear after scale: a pixel's colour comes from R S diag(scale) (x, y) + shift.
    affine = torch.stack([cos, sin, shear.tan() * cos - sin, shear.tan() * sin + cos], 1).view(n, 2, 2)
    affine = affine * scale[:, :, None]
    bend = torch.randn(n, warp.points**2, 2, generator=generator, device=device) * warp.elastic
    return torch.cat([affine, shift[:, None], bend], 1)


def apply(images: Tensor, numbers: Tensor) -> Tensor:
    """(N, 1, 28, 28) float images warped by the numbers that `draw` gives; what comes from outside is 0, the paper."""
    points = math.isqrt(numbers.shape[1] - 3)
    places = torch.matmul(basis(points, images.device), numbers)  # (N, 784, 2), pixels from the centre
    grid = (places * (2 / SIZE)).view(-1, SIZE, SIZE, 2)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
