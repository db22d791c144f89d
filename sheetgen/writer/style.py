"""How a workbook looks, as data: one palette, one font, number formats and widths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FONT = "Arial"

INK = "#1B2A41"  # text and titles
MUTED = "#5C6B7F"  # explanations
RULE = "#C9D1DB"  # hairlines
PAPER = "#F4F6F9"  # header bands
GRID = "#E1E6ED"  # behind a curve, and before it in programs that draw what is first in front
ACCENT = "#1F6F8B"  # links, the network's own colour
INPUT_FILL, INPUT_INK, INPUT_EDGE = "#FFF6D6", "#1A4FA3", "#D9B84A"  # what a person may type over
PASS_FILL, PASS_INK = "#DDF3E4", "#14663A"
FAIL_FILL, FAIL_INK = "#F9D5D3", "#A3161B"
HEAT = "#F4A582"  # the most of a heat map, on which ink can be read
COLD = "#92C5DE"  # the least of one that has negative numbers
NOTE_FILL, NOTE_INK = "#FDEBCB", "#8A5200"  # neither right nor wrong: inputs changed

# Okabe and Ito's palette, which people with colour blindness can tell apart; yellow is left out on white paper.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#1B2A41", "#8C8C8C")
DASHES = ("solid", "dash", "square_dot", "long_dash")  # a second round of colours is dashed

# Of a picture of E: the curve, its slope, a step. Dark enough for text on white, and each drawn in its own way, too.
CURVE, SLOPE, STEP = "#0072B2", "#B34E00", "#00734F"

BLUE_NODE, GREEN_NODE, ORANGE_NODE, RED_NODE = "#0072B2", "#009E73", "#D55E00", "#A3161B"

# The drawing of a network: what stands in a node is ink, on a tint of its kind; pale until it is computed.
TINTS = {"input": "#D3DAE3", "hidden": "#B5DAF0", "output": "#FBD0AB", "error": "#F3BEBC"}
PALE = "#EEF1F5"
LIT = "#F5C518"  # around the node and along the edges that are spoken of
POSITIVE, NEGATIVE = "#0072B2", "#C04A00"
EDGE_WIDTHS = (0.75, 1.75, 3.25), (1.25, 2.75, 4.75)  # points, by size: of a crowded drawing, of any other
# The groups of a training's columns: the light colours of the drawing's units, and one of their own for gradients.
GROUPS = {
    "data": "#E9EDF2", "hidden": "#D9E9F5", "outputs": "#FBE3D1", "error": "#F4D9DA", "gradients": "#F0E1EC",
    "rates": "#E4EEE6",
}  # fmt: skip
GROUP_EDGE = "#8793A3"  # between two groups
COOLER, COOL = "#E9F3F8", "#C8E1EE"  # of blue, lighter than COLD
TEPID, WARM = "#FDF0E9", "#F8CDB4"  # of red, lighter than HEAT
LEVELS = "#5B9BD0", "#84B8DE", "#ABD0E8", "#D3E7F3", "#FCE8DA", WARM, HEAT, "#E07B4F"  # of a landscape
ROUNDED, CANCELLED = "#FFF3D6", "#FFD08A"  # of a map of digits: rounding, and more, but allowed
ALIKE = range(9, 16)  # digits that may agree, of 16, where two numbers are not equal

# Formats with conditions lose the minus sign in some programs, so a column has one plain format, chosen by its numbers;
# what it cannot show, now or after something is typed, a conditional format shows in scientific form.
NUMBER = "0.000000000"
SMALL = "0.000000000000"  # errors and gradients shrink
SCIENTIFIC = "0.00000000E+00"  # what would not fit, or show no digits
RELATIVE = "0.0E+00;-0.0E+00;0"
BEYOND = "0.00000000E+00;-0.00000000E+00;0"
LEAST = 1e-4  # smaller numbers would show few digits or none
MOST = {"number": 10_000, "small": 10, "wide": 1_000}  # larger ones would not fit; wide is a column for both styles
WHOLE = "#,##0"

COLUMN_WIDTH = 14.5

# Every style is a few of these names, merged from left to right.
STYLES: dict[str, dict[str, Any]] = {
    "base": {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"},
    "title": {"font_size": 18, "bold": True},
    "subtitle": {"font_color": MUTED},
    "section": {"font_size": 12, "bold": True, "font_color": ACCENT, "bottom": 1, "bottom_color": RULE},
    "section line": {"bottom": 1, "bottom_color": RULE},
    "text": {},
    "wrap": {"text_wrap": True, "valign": "top"},
    "shrink": {"shrink": True},
    "middle": {"valign": "vcenter"},
    "broken": {"text_wrap": True},
    "unbroken": {"text_wrap": False},
    "muted": {"font_color": MUTED, "font_size": 9},
    "bold": {"bold": True}, "plain": {"bold": False},
    "head": {"bold": True, "bg_color": PAPER, "bottom": 1, "top": 1, "bottom_color": RULE, "top_color": RULE},
    "center": {"align": "center"},
    "left": {"align": "left"},
    "indent": {"indent": 1},
    "right": {"align": "right"},
    "link": {"font_color": ACCENT, "underline": 1},
    "cell": {"bottom": 4, "bottom_color": RULE},
    "band": {"font_color": MUTED, "font_size": 9, "left": 1, "right": 1, "left_color": RULE, "right_color": RULE},
    "input": {
        "bg_color": INPUT_FILL, "font_color": INPUT_INK, "border": 1, "border_color": INPUT_EDGE, "locked": False,
    },
    "big": {"font_size": 20, "bold": True, "align": "center"},
    "verdict": {"bold": True, "align": "center"},
    "words": {"font_color": MUTED, "align": "left", "indent": 26, "text_wrap": True},  # right of 234 pixels
    "code": {"font_name": "Courier New", "font_size": 9, "text_wrap": True},
    "formula": {"font_name": "Courier New", "font_size": 9, "align": "left"},
    "command": {"font_name": "Courier New", "bold": True},
    "numbers": {"text_wrap": True, "font_color": ACCENT},
    "number": {"num_format": NUMBER},
    "small": {"num_format": SMALL},
    "scientific": {"num_format": SCIENTIFIC},
    "relative": {"num_format": RELATIVE},
    "whole": {"num_format": WHOLE},
    "general": {"num_format": "General"},
    "hundredth": {"num_format": "0.00"},
    "thousandth": {"num_format": "0.000"},
    "ten thousandth": {"num_format": "0.0000"},
    "millionth": {"num_format": "0.000000"},
    "tenth": {"num_format": "#,##0.0"},
    "signed": {"num_format": "+0.00;-0.00;0.00"},
    "share": {"num_format": "0.0%"},
    "count": {"num_format": '#,##0;-#,##0;"·"'},  # of what is nearly all zeros
    "own": {"num_format": '0;-0;"own"'},
    "fine": {"font_size": 8},
    "speech": {"font_size": 13, "text_wrap": True, "bg_color": PAPER, "indent": 1, "left": 5, "left_color": ACCENT},
    "square": {  # a difference: 0, of numbers that are alike in all digits, is shown as 16
        "bg_color": PASS_FILL, "font_color": PASS_INK, "font_size": 9, "align": "center", "border": 1,
        "border_color": "#FFFFFF", "num_format": '0E+00;-0E+00;"16"',
    },
    "upright": {"rotation": 90, "align": "center", "font_size": 9},
    "tile": {
        "font_size": 14, "bold": True, "underline": 0, "font_color": ACCENT, "bg_color": PAPER, "align": "left",
        "indent": 1, "left": 5, "left_color": "#FFFFFF",
    },
    "tile, first": {"font_color": INK, "bg_color": COOL},
    "tile, text": {"font_size": 10, "bold": False, "font_color": INK, "text_wrap": True, "valign": "top"},
    # what to try
    "aside": {"font_size": 11, "text_wrap": True, "bg_color": PAPER, "indent": 1, "left": 5, "left_color": ACCENT},
    "huge": {"font_size": 80, "bold": True, "align": "center", "font_color": ACCENT},
    "plain axis": {"num_format": "0;;0"},  # of what is not there, -1
    "axis": {"font_color": MUTED, "font_size": 7, "align": "center"},
    "window": {"font_size": 11, "num_format": "0.00", "align": "center"},
    "activation": {"font_size": 7, "num_format": "0.00", "align": "center"},
    "padding": {"font_color": MUTED, "bg_color": PAPER, "num_format": "0"},
    "weight": {"font_size": 8, "num_format": "0.0000", "align": "center"},
    "weight, short": {"font_size": 7, "num_format": "0.00", "align": "center"},
    "sign": {"num_format": '"+";"−";"0"', "align": "center"},  # beside a colour, which is never alone
    "probability": {"num_format": '"P("@")"'},  # of what the cell names
    "typed": {"quote_prefix": True},  # a text that stays one when a person edits it, also if it begins with =
    "pixel": {"num_format": ";;;", "font_size": 7, "align": "center"},  # seen by its colour alone
    "paper": {"border": 1, "border_color": RULE, "locked": False},
    "edge": {"border": 4, "border_color": RULE},
    "landscape": {"font_size": 8, "num_format": ";;;@", "align": "center"},  # seen by its colour
    "landscape axis": {"font_size": 9, "num_format": "0.00", "align": "center", "font_color": MUTED, "shrink": True},
    "upwards": {"rotation": 90, "align": "center"},
    **{f"level {k}": {"bg_color": colour} for k, colour in enumerate(LEVELS)},
    "percent": {"num_format": "0.0000%"},
    # the boxes of Ideas
    "chip": {"font_size": 13, "bold": True, "font_color": "#FFFFFF", "bg_color": INK, "align": "center"},
    "chip, curve": {"bg_color": CURVE},
    "chip, slope": {"bg_color": SLOPE},
    "chip, step": {"bg_color": STEP},
    "headline": {"font_size": 11, "bold": True, "bg_color": PAPER, "indent": 1},
    "body": {"font_size": 11},
    "side, left": {"left": 1, "left_color": RULE},
    "side, right": {"right": 1, "right_color": RULE},
    "floor": {"bottom": 1, "bottom_color": RULE},
    "result": {"font_size": 11, "bold": True},
    "picture": {"font_size": 22, "bold": True, "font_color": ACCENT, "align": "left"},  # a number that is one
    "ink, curve": {"font_color": CURVE},
    "ink, slope": {"font_color": SLOPE},
    "ink, step": {"font_color": STEP},
    **{f"group {name}": {"bg_color": colour} for name, colour in GROUPS.items()},
    "group": {"bold": True, "font_size": 9, "top": 1, "top_color": RULE},
    "edge left": {"left": 1, "left_color": GROUP_EDGE},
    "over": {"num_format": '">99.9%"'},  # of a share that is not all, as no other is nothing
    "under": {"num_format": '"<0.1%"'},
    "note fill": {"bg_color": PAPER, "valign": "vcenter"},
    "percent, short": {"num_format": "0%"},
    "thousandths": {"num_format": "0.000%"},
    # conditional formats
    "pass": {"bg_color": PASS_FILL, "font_color": PASS_INK},
    "fail": {"bg_color": FAIL_FILL, "font_color": FAIL_INK, "bold": True},
    "shown": {  # the row shown: of its cells, and of its iteration, which gets a sign, too
        "bg_color": INPUT_FILL, "font_color": INPUT_INK, "top": 1, "bottom": 1, "top_color": INPUT_EDGE,
        "bottom_color": INPUT_EDGE,
    },
    "shown, marked": {
        "bg_color": INPUT_EDGE, "font_color": INK, "bold": True, "num_format": f'"▸ "{WHOLE}', "top": 1, "bottom": 1,
        "top_color": INPUT_EDGE, "bottom_color": INPUT_EDGE,
    },
    "shown, beyond": {
        "bg_color": INPUT_FILL, "font_color": INPUT_INK, "num_format": BEYOND, "top": 1, "bottom": 1,
        "top_color": INPUT_EDGE, "bottom_color": INPUT_EDGE,
    },
    "fastest": {"bg_color": PASS_FILL, "font_color": PASS_INK, "bold": True},
    **{
        f"alike, {k}": {"bg_color": CANCELLED if k < 12 else ROUNDED, "font_color": INK, "num_format": f'"{k}"'}
        for k in ALIKE
    },
    "alike, broken": {"bg_color": FAIL_INK, "font_color": "#FFFFFF", "bold": True, "num_format": '"×";"×";"×";"×"'},
    "alike, unknown": {"bg_color": "#FFFFFF", "font_color": MUTED, "num_format": '"–";"–";"–";"–"'},
    "three digits": {"num_format": "0.00E+00;-0.00E+00;0"},
    **{form: {"num_format": form} for form in ("0.00000", "0.0000", "0.000")},
    "hot": {"bg_color": HEAT},
    "warm": {"bg_color": WARM},
    "tepid": {"bg_color": TEPID},
    "cold": {"bg_color": COLD},
    "cool": {"bg_color": COOL},
    "cooler": {"bg_color": COOLER},
    "inked": {"bg_color": INK, "font_color": "#FFFFFF"},
    "unsaid": {"font_color": "#FFFFFF"},  # an error that one sentence speaks of
    "chosen": {"bg_color": LIT, "bold": True},
    # One cell among many that are seen by their colour; where a colour scale hides the fill, the sign is seen.
    "marked": {"bg_color": INK, "font_color": "#FFFFFF", "num_format": '"×";"×";"×"'},
    "bar": {"bg_color": SERIES[4]},
    "best": {"bg_color": PASS_FILL, "font_color": PASS_INK, "num_format": '+0.00" best";-0.00" best";0" best"'},
    "note": {"bg_color": NOTE_FILL, "font_color": NOTE_INK},
    "beyond": {"num_format": BEYOND},
    "beyond, typed": {"num_format": "0.0#######E+00;-0.0#######E+00;0"},  # with the digits that were typed
    "beyond, short": {"num_format": "0.00E+00;-0.00E+00;0"},
    "beyond, narrow": {"num_format": "0E+00;-0E+00;0"},
    "beyond, axis": {"num_format": "0E+0;-0E+0;0"},
}  # fmt: skip


def series_line(k: int, width: float = 1.75) -> dict[str, Any]:
    """The line of the k-th series of a chart."""
    dash = DASHES[k // len(SERIES) % len(DASHES)]
    return {"color": SERIES[k % len(SERIES)], "width": width, "dash_type": dash}


def series_point(k: int, size: int = 2) -> dict[str, Any]:
    """The marker of the k-th series of a chart: hardly wider than its line, and seen where there is no line."""
    colour = SERIES[k % len(SERIES)]
    return {"type": "circle", "size": size, "fill": {"color": colour}, "border": {"none": True}}


def beyond(first: str, form: str = "") -> dict[str, Any]:
    """The conditional format of numbers that a style shows badly, from the cell `first` on."""
    rule = f"ABS({first})<{LEAST:.4f}"
    return {"type": "formula", "criteria": f"=OR({rule},ABS({first})>={MOST[form]})" if form in MOST else f"={rule}"}


Limits = tuple[float, float] | None  # of an axis


@dataclass(frozen=True)
class Axes:
    """The axes of a chart: their names, and where they begin and end.

    `log`: y is logarithmic, `log_x`: x is; `form` writes the numbers of both. `whole`: x counts.
    `step`: y's ticks, `step_x`: x's.
    """

    x: str
    y: str
    log: bool = False
    across: Limits = None
    up: Limits = None
    whole: bool = False
    log_x: bool = False
    form: str = "[>=1]#,##0;[>=0.001]0.###;0E+0"
    step: float | None = None
    step_x: float | None = None
    decades: int = 1  # from one tick of a logarithmic axis to the next


def label_font(**more: Any) -> dict[str, Any]:
    """The font of what stands on a chart."""
    return {"name": FONT, "size": 9, "color": MUTED, **more}


def series_name(position: str, **font: Any) -> dict[str, Any]:
    """The label of a point that is the name of its series: live, wherever a chart is shown."""
    return {"series_name": True, "value": False, "position": position, "font": label_font(**font)}


def _limits(ends: Limits) -> dict[str, Any]:
    return {} if ends is None else {"min": ends[0], "max": ends[1]}


def dress(chart: Any, title: str, axes: Axes) -> None:
    """Put a chart into the house style."""
    chart.set_title({"name": title, "name_font": label_font(size=11, bold=True, color=INK)})
    rule = {"color": RULE, "width": 0.75}
    axis = {"num_font": label_font(), "name_font": label_font(bold=False), "line": rule}
    tens = {"log_base": 10, "num_format": axes.form}
    count = tens if axes.log_x else {"num_format": WHOLE} if axes.whole else {}
    low = {"major_gridlines": {"visible": False}, "label_position": "low"}
    apart = {"major_unit": axes.step_x} if axes.step_x else {}
    level = {"num_font": label_font(rotation=0)}  # said, or a program tilts them where there is little room
    chart.set_x_axis({**axis, **level, "name": axes.x, **low, **_limits(axes.across), **count, **apart})
    up = {**_limits(axes.up), **({"major_unit": axes.step} if axes.step else {})}
    if axes.log:
        up = {**_limits(axes.up), **tens, "major_unit": 10**axes.decades}
    chart.set_y_axis({**axis, "name": axes.y, "major_gridlines": {"visible": True, "line": rule}, **up})
    chart.set_legend({"position": "right", "font": label_font()})
    chart.set_chartarea({"border": {"color": RULE}, "fill": {"color": "#FFFFFF"}})
    chart.set_plotarea({"fill": {"color": "#FFFFFF"}})
