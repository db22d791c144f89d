"""Heat maps: the conditional formats that colour cells by their numbers."""

from __future__ import annotations

from typing import Any

from sheetgen.writer import style


def between(signed: bool = False) -> dict[str, Any]:
    """The conditional format of a heat map: from white, or `signed` from one colour over white to another."""
    scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": style.HEAT}
    if not signed:
        return scale
    middle = {"mid_type": "num", "mid_value": 0, "mid_color": "#FFFFFF", "min_color": style.COLD}
    return {**scale, **middle, "type": "3_color_scale"}


def around(area: str) -> dict[str, Any]:
    """A signed heat map of cells that may all have one sign: as deep on either side of 0, which is white."""
    most = f"MAX(10^-9,MAX({area}),-MIN({area}))"
    return within(f"-{most}", most)


def within(least: str, most: str, deep: bool = False) -> dict[str, Any]:
    """A signed heat map whose ends are two cells: the same size has the same depth on either side of 0.

    `deep`: in the full colours, on which no number could be read.
    """
    ends = {"min_type": "formula", "min_value": f"={least}", "max_type": "formula", "max_value": f"={most}"}
    full = {"min_color": style.BLUE_NODE, "max_color": style.ORANGE_NODE} if deep else {}
    return {**between(signed=True), **ends, **full}


def ink(paper: str = "#FFFFFF") -> dict[str, Any]:
    """The conditional format of a picture's grey values, 0 for paper to 255 for ink."""
    return {
        "type": "2_color_scale", "min_color": paper, "max_color": style.INK, "min_type": "num", "min_value": 0,
        "max_type": "num", "max_value": 255,
    }  # fmt: skip
