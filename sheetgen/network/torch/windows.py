"""Which elements each result of a pooling looks at: rows of element numbers, -1 where a window has fewer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sheetgen.network.torch.graph import Array

NONE = -1

Pair = tuple[int, int]


def sliding(ids: Array, out: Sequence[int], size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """(C * H_out * W_out, kernel height * width) for ids of (C, H, W); what lies in the padding is NONE."""
    (rows, inside_rows), (columns, inside_columns) = (
        _along(n, m, *parts) for n, m, parts in zip(
            ids.shape[-2:], out, zip(size, stride, padding, dilation, strict=True), strict=True
        )
    )  # fmt: skip
    elements = ids[..., rows[:, None, :, None], columns[None, :, None, :]]
    inside = inside_rows[:, None, :, None] & inside_columns[None, :, None, :]
    return np.where(inside, elements, NONE).reshape(-1, size[0] * size[1])


def _along(n: int, results: int, size: int, stride: int, padding: int, dilation: int) -> tuple[Array, Array]:
    """(index, whether it is inside) along one dimension, for each result and each place of the kernel."""
    at = np.arange(results)[:, None] * stride - padding + np.arange(size) * dilation
    return at.clip(0, n - 1), (at >= 0) & (at < n)


def adaptive(ids: Array, out: Pair) -> Array:
    """Windows from floor(k n / m) to ceil((k + 1) n / m), as PyTorch's adaptive pooling has them."""
    spans = [[(k * n // m, -(-(k + 1) * n // m)) for k in range(m)] for n, m in zip(ids.shape[-2:], out, strict=True)]
    rows = [plane[a:b, c:d].ravel() for plane in ids.reshape(-1, *ids.shape[-2:]) for a, b in spans[0]
            for c, d in spans[1]]  # fmt: skip
    windows = np.full((len(rows), max(map(len, rows))), NONE)
    for k, row in enumerate(rows):
        windows[k, : len(row)] = row
    return windows


def padded_counts(shape: Sequence[int], out: Sequence[int], size: Pair, stride: Pair, padding: Pair) -> Array:
    """The divisors of means that count the padding: cells of each window that lie in the image or its padding."""
    spans = []
    for n, m, k, s, p in zip(shape[-2:], out[-2:], size, stride, padding, strict=True):
        start = np.arange(m) * s - p
        spans.append(np.minimum(start + k, n + p) - start)
    return np.broadcast_to(spans[0][:, None] * spans[1], tuple(out)).ravel()


def constant(out: Sequence[int], number: int) -> Array:
    """The same divisor for all."""
    return np.full(int(np.prod(out)), number)
