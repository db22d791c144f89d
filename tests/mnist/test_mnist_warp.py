"""Augmentation does what it claims: angles, sizes, shears, shifts, and nothing comes in from the other side."""

from __future__ import annotations

import math

import pytest
import torch

from mnist.recipe import DIGITS, Warp
from mnist.warp import apply, basis, draw

GENERATOR = torch.Generator()


def affine(a: float = 1, b: float = 0, c: float = 0, d: float = 1, dx: float = 0, dy: float = 0) -> torch.Tensor:
    """The numbers of one warp: output (x, y) takes its colour from input (ax + cy + dx, bx + dy + dy)."""
    numbers = torch.zeros(1, 3 + 25, 2)
    numbers[0, :3] = torch.tensor([[a, b], [c, d], [dx, dy]])
    return numbers


def blob(y: float, x: float) -> torch.Tensor:
    """An image with a soft dot whose centre of mass is (y, x)."""
    line = torch.arange(28.0)
    return torch.exp(-((line[:, None] - y) ** 2 + (line - x) ** 2) / 4)[None, None]


def centre(image: torch.Tensor) -> tuple[float, float]:
    """The centre of mass of an image, (y, x) in pixels from its middle."""
    line = torch.arange(28.0) - 13.5
    total = image.sum()
    return float((image.sum((0, 1, 3)) * line).sum() / total), float((image.sum((0, 1, 2)) * line).sum() / total)


def test_no_warp_is_the_image_itself() -> None:
    image = torch.rand(1, 1, 28, 28)
    torch.testing.assert_close(apply(image, affine()), image, atol=1e-5, rtol=0)


def test_a_shift_moves_by_whole_pixels_and_does_not_wrap() -> None:
    image = torch.rand(1, 1, 28, 28)
    moved = apply(image, affine(dx=-2, dy=3))  # taken from 2 to the left and 3 below: it moves right and up
    torch.testing.assert_close(moved[..., :25, 2:], image[..., 3:, :26], atol=1e-4, rtol=0)
    assert moved[..., 25:, :].abs().max() < 1e-4 and moved[..., :, :2].abs().max() < 1e-4


@pytest.mark.parametrize("degrees", [-30, 10, 90])
def test_a_rotation_turns_by_its_angle(degrees: float) -> None:
    a = math.radians(degrees)
    turned = apply(blob(13.5, 20.5), affine(math.cos(a), math.sin(a), -math.sin(a), math.cos(a)))
    y, x = centre(turned)
    assert math.hypot(y, x) == pytest.approx(7, abs=0.02)
    assert math.degrees(math.atan2(-y, x)) == pytest.approx(degrees, abs=0.2)


def test_a_scale_shrinks_along_its_axis_only() -> None:
    y, x = centre(apply(blob(17.5, 19.5), affine(a=1.25)))
    assert (y, x) == pytest.approx((4, 6 / 1.25), abs=0.02)


@pytest.mark.parametrize("what", ["rotation", "scale", "shear", "shift", "elastic"])
def test_each_limit_is_kept_and_used(what: str) -> None:
    """10,000 draws stay within the limit, come near it on both sides, and touch nothing else."""
    limit = {"rotation": 10.0, "scale": 0.1, "shear": 10.0, "shift": 2.0, "elastic": 0.5}[what]
    numbers = draw(Warp(**{what: limit}), 10_000, GENERATOR.manual_seed(0))
    (a, b), (c, d), shift, bend = *numbers[:, :2].permute(1, 2, 0), numbers[:, 2], numbers[:, 3:]
    rotation = torch.rad2deg(torch.atan2(b, a))
    size = torch.hypot(a, b) - 1
    shear = torch.rad2deg(torch.atan2(a * c + b * d, a * d - b * c))
    found = {"rotation": rotation, "scale": size, "shear": shear, "shift": shift[:, 0], "elastic": bend}
    for name, values in found.items():
        if name != what:
            assert values.abs().max() < 1e-3, name
        elif name == "elastic":
            assert values.std() == pytest.approx(limit, rel=0.01) and abs(values.mean()) < 0.01
        else:
            assert limit * 0.99 < values.max() <= limit * 1.0001 and -limit * 1.0001 <= values.min() < -limit * 0.99
            assert values.std() == pytest.approx(limit / math.sqrt(3), rel=0.02)  # uniform


def test_every_image_is_warped_by_its_own_amounts() -> None:
    images = torch.rand(1, 1, 28, 28).expand(6, -1, -1, -1).contiguous()
    warped = apply(images, draw(DIGITS, 6, GENERATOR.manual_seed(0)))
    apart = [(warped[j] - warped[k]).abs().max() for j in range(6) for k in range(j)]
    assert min(apart) > 0.05


def test_the_elastic_field_is_smooth_and_follows_its_control_points() -> None:
    weights = basis(5, torch.device("cpu"))[:, 3:]
    torch.testing.assert_close(weights.sum(1), torch.ones(784), atol=1e-5, rtol=0)  # all points moved alike: a shift
    corners = weights[[0, 27, 756, 783]]
    torch.testing.assert_close(corners[:, [0, 4, 20, 24]], torch.eye(4), atol=1e-5, rtol=0)
    points = torch.randn(25, 1, generator=GENERATOR.manual_seed(0))
    field, lattice = (weights @ points).view(28, 28), points.view(5, 5)
    steepest = max(float(lattice.diff(dim=k).abs().max()) for k in (0, 1)) / (27 / 4)  # from point to point
    assert max(float(field.diff(dim=k).abs().max()) for k in (0, 1)) < 2 * steepest


def test_the_same_seed_warps_alike_and_another_does_not() -> None:
    one, two, three = (draw(DIGITS, 4, GENERATOR.manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(one, two) and not torch.equal(one, three)
    assert not Warp() and Warp(shift=1)
