"""One line of mathematics as a picture, typeset by matplotlib's mathtext."""

from __future__ import annotations

import io
from functools import cache
from typing import NamedTuple

DPI = 220
FONT_SIZE = 11.5  # points


class Picture(NamedTuple):
    """A PNG with a transparent ground, and its size on screen in pixels of 1/96 inch."""

    png: bytes
    width: float
    height: float


@cache
def typeset(tex: str, colour: str) -> Picture:
    """Typeset TeX (without dollar signs). Raises ValueError for TeX that mathtext does not know."""
    import matplotlib  # slow to import, and only this function needs it
    import numpy as np
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser
    from PIL import Image, ImageColor

    with matplotlib.rc_context({"mathtext.fontset": "stix"}):
        # math_to_image would parse every line twice; the parser's own raster is all we need.
        raster = MathTextParser("agg").parse(f"${tex}$", dpi=DPI, prop=FontProperties(size=FONT_SIZE))
    alpha = np.asarray(raster.image)
    ink = Image.new("RGB", alpha.shape[::-1], ImageColor.getrgb(colour))
    ink.putalpha(Image.fromarray(alpha))
    file = io.BytesIO()
    ink.save(file, "png", dpi=(DPI, DPI))
    return Picture(file.getvalue(), ink.width * 96 / DPI, ink.height * 96 / DPI)
