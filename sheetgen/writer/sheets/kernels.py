"""One kernel to try, live: chosen by its layer and channel, times a patch that a person paints; and its sisters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sheetgen.excel.a1 import place
from sheetgen.network.torch.graph import Graph, Weight
from sheetgen.writer import heat, style
from sheetgen.writer.book import Formula, Sheet, Value
from sheetgen.writer.digits import Area, scientific
from sheetgen.writer.planes.layout import Layout
from sheetgen.writer.sheets.common import InputRule, across, colour, first_of, limit, line, merge, section
from sheetgen.writer.sheets.kernel_places import ACROSS, FACTS, MOST, WORK, Places, inputs, patches, typed
from sheetgen.writer.trace import letter

COLUMN = 26  # pixels of a column, about as high as a row
LARGEST = 5  # of a kernel's side
CHOICES = ("layer", "reads channel", "kernel")
LEGEND = "orange and +: ink there counts for it; blue and −: against it; the deeper, the more"
TRY = "Try: move the ink of your patch, and see what the kernel answers."
DOWN, ASIDE = ("top", "middle", "bottom"), ("left", "centre", "right")  # of a kernel of three


def tensors(graph: Graph) -> list[Weight]:
    """The kernels that are shown: of all convolutions that have them as large as the first that is small enough."""
    found: dict[str, Weight] = {}
    for op in graph.ops:
        weight = op.weights.get("weight")
        if op.kind == "conv" and weight is not None and all(1 < n <= LARGEST for n in weight.array.shape[2:]):
            found.setdefault(weight.name, weight)
    size = next((w.array.shape[2:] for w in found.values()), None)
    return [w for w in found.values() if w.array.shape[2:] == size]


def write(sheet: Sheet, layout: Layout, at: Places) -> None:
    """Write the choice, the kernel in large, what it answers, and its sisters."""
    known = _workings(sheet, layout, at)
    _choice(sheet, at, known)
    _large(sheet, layout, at)
    if all(_then_relu(layout, weight) for _, _, weight in known):
        sheet.put(at.large + at.scale * at.high // 2 + 1, at.answer, "before ReLU", "muted")
    _patches(sheet, at)
    _told(sheet, at)
    _sisters(sheet, layout, at)


def _then_relu(layout: Layout, weight: Weight) -> bool:
    """Whether a ReLU follows where a kernel is used."""
    blocks = [w.block.ops for w in layout.written]
    uses = [ops for ops in blocks if (used := ops[0].weights.get("weight")) is not None and used.name == weight.name]
    return bool(uses) and all("relu" in [op.kind for op in ops] for ops in uses)


def _facts(layout: Layout, weight: Weight) -> Sequence[int] | None:
    """FACTS: where a tensor's first number stands, and the steps from there; None if it is laid out otherwise."""
    outputs, inner, high, wide = weight.array.shape
    spots = np.array([place(layout.shelf.address(weight.name, k).replace("$", "")) for k in range(weight.array.size)])
    spots = spots.reshape(outputs, inner, high, wide, 2)
    row, column = spots[0, 0, 0, 0].tolist()
    apart = int(spots[0, 0, -1, 0, 0] - row) // max(1, high - 1)
    output = int(spots[-1, 0, 0, 0, 1] - column) // max(1, outputs - 1)
    o, c, i, j = np.indices((outputs, inner, high, wide))
    straight = np.array_equal(spots, np.stack([row + i * apart + c, column + o * output + j], axis=-1))
    return (outputs, inner, row, column, apart, 1, output) if straight else None


def _workings(sheet: Sheet, layout: Layout, at: Places) -> list[tuple[str, Sequence[int], Weight]]:
    """What is known of every tensor, and of the one that is chosen; out of sight, where formulas look it up."""
    known = [(w.name, facts, w) for w in tensors(layout.graph) if (facts := _facts(layout, w)) is not None]
    first = at.facts + 2
    for k, (name, facts, _) in enumerate(known):
        across(sheet, first + k, at.left + WORK, [name, *facts], "axis")
    across(sheet, at.facts - 1, at.left + WORK, ["number", *FACTS], "axis")
    names = f"{at.work(first, 0)}:{at.work(first + len(known) - 1, 0)}"
    number = at.work(at.facts, 0)
    sheet.live(at.facts, at.left + WORK, f"IFERROR(MATCH({typed(at, 0)},{names},0),0)", "axis")
    for k in range(1, 1 + len(FACTS)):
        column = f"{at.work(first, k)}:{at.work(first + len(known) - 1, k)}"
        sheet.live(at.facts, at.left + WORK + k, f"IF({number}=0,0,INDEX({column},MAX(1,{number}),1))", "axis")
    for k, size in ((1, "inner"), (2, "outputs")):
        x = typed(at, k)
        test = f"IF(ISNUMBER({x}),IF(AND({x}>=0,{x}=INT({x}),{x}<{at.chosen(size)}),1,0),0)"
        sheet.live(at.facts + 1, at.left + WORK + k, test, "axis")
    ready = f"IF(AND({at.work(at.facts + 1, 1)}=1,{at.work(at.facts + 1, 2)}=1),1,0)"
    sheet.live(at.facts + 1, at.left + WORK, ready, "axis")
    return known


def _ready(at: Places, formula: str) -> str:
    """A formula of a kernel that there is; else an empty text."""
    return f'IF({at.work(at.facts + 1, 0)}=1,{formula},"")'


def _choice(sheet: Sheet, at: Places, known: list[tuple[str, Sequence[int], Weight]]) -> None:
    name, _, weight = known[0]
    strongest = int(np.abs(weight.array[:, 0]).sum((1, 2)).argmax())
    first = at.facts + 2
    source = f"={at.work(first, 0)}:{at.work(first + len(known) - 1, 0)}"
    rules = [InputRule("list", source=source, hint=("Layer", "Whose kernels are shown."))]
    for k, what in ((1, "channel"), (0, "kernel")):
        most = max(facts[k] for _, facts, _ in known) - 1
        hint = what.capitalize(), f"A number from 0; beside it stands which {what}s there are."
        rules.append(InputRule("integer", (0, most), hint=hint))
    labels = at.left, at.left + 11, at.left + 18
    values: tuple[Value, ...] = name, 0, strongest
    for label, word, (column, last), value, rule in zip(labels, CHOICES, inputs(at), values, rules, strict=True):
        sheet.put(at.choice, label, word, "muted")
        area = (at.choice - 1, column, at.choice - 1, last)
        merge(sheet, area, "input", "bold", "left")
        sheet.put(at.choice, column, value, "input", "bold", "left")
        limit(sheet, area, rule)
        scientific(sheet, area, "general", look="beyond, narrow")
    inner, outputs = (f"{at.chosen(size)}-1" for size in ("inner", "outputs"))
    channels = f'IF({inner}=0,"channel 0 alone","channels 0 to "&({inner}))'
    kernels = f'"kernels 0 to "&({outputs})'
    bad = (
        f'IF({at.work(at.facts + 1, 1)}=0,"no such channel: it reads "&{channels},"no such kernel: it has "&{kernels})'
    )
    usual = f'"it reads "&{channels}&", and has "&{kernels}'
    none = f'IF({at.work(at.facts, 0)}=0,"no such layer: choose from the list",{bad})'
    note = at.left + 23
    sheet.live(at.choice, note, f"IF({at.work(at.facts + 1, 0)}=1,{usual},{none})", "muted")
    colour(sheet, (at.choice - 1, note, at.choice - 1, at.last), f"{at.work(at.facts + 1, 0)}=0", "fail")


def _looked(layout: Layout, at: Places, i: int, j: int, output: str) -> str:
    """A number of a kernel of the tensor that is chosen."""
    sections = layout.shelf.sections
    top, right = sections[0].top, letter(max(s.width for s in sections))
    row = f"{at.chosen('row')}+{i}*{at.chosen('apart')}+{typed(at, 1)}-{top - 1}"
    column = f"{at.chosen('column')}+{output}*{at.chosen('output')}+{j}"
    return f"INDEX($A${top}:${right}${layout.shelf.row},{row},{column})"


def _large(sheet: Sheet, layout: Layout, at: Places) -> None:
    """The kernel, the patch that a person paints, and what the one answers to the other."""
    section(sheet, at.choice + 1, "One kernel, and what it answers to your patch of ink", at.left, at.patches - 2)
    sheet.put(at.large - 1, at.left, "the kernel", "muted", "bold")
    sheet.put(at.large - 1, at.own, "your patch: type 1 (ink) or 0", "muted", "bold")
    first = patches(at.high, at.wide)[0]
    look = ("window", "signed") if at.scale > 1 else ("weight, short",)
    pairs = []
    for (i, j, row, column), (_, _, _, own) in zip(at.cells(at.left), at.cells(at.own), strict=True):
        _spot(sheet, at, (row, column), Formula(_ready(at, _looked(layout, at, i, j, typed(at, 2)))), *look)
        _spot(sheet, at, (row, own), int((i, j) in first.ink), "input", "window", "general")
        pairs.append(f"SUM({letter(column)}{row})*SUM({letter(own)}{row})")  # a text counts as 0
    numbers = _range(at.area(at.left))
    _shades(sheet, at, numbers)
    hint = "A pixel", "0 is paper, 1 is ink."
    scientific(sheet, at.area(at.own), "general", look="beyond, narrow")
    limit(sheet, at.area(at.own), InputRule("decimal", (0, 1), hint=hint, complaint=("Not a shade", "0 to 1.")))
    middle = at.large + at.scale * at.high // 2 - 1
    for column, sign in ((at.own - 1, "×"), (at.answer - 1, "=")):
        sheet.put(middle, column, sign, "big")
    sheet.put(at.large - 1, at.answer, "its answer", "muted", "bold")
    merge(sheet, (middle - 1, at.answer, middle, at.answer + 2), "big", "signed")
    sheet.put(middle, at.answer, Formula(_ready(at, "+".join(pairs))), "big", "signed")


def _shades(sheet: Sheet, at: Places, numbers: str) -> None:
    """Colours of the merged cells, in which programs draw a colour scale as high as the first of them."""
    most = f"MAX(MAX({numbers}),-MIN({numbers}))"
    for sign, looks in (("", ("hot", "warm", "tepid")), ("-", ("cold", "cool", "cooler"))):
        for part, look in zip((2 / 3, 1 / 3, 0), looks, strict=True):
            first = first_of(at.area(at.left))
            colour(sheet, at.area(at.left), f"IF(ISNUMBER({first}),{sign}{first}>{part:.3g}*{most},0)", look, stop=True)
    first = first_of(at.area(at.own))
    colour(sheet, at.area(at.own), f"IF(ISNUMBER({first}),{first}>=0.5,0)", "inked")


def _spot(sheet: Sheet, at: Places, where: tuple[int, int], value: int | Formula, *look: str) -> None:
    row, column = where
    if at.scale > 1:
        merge(sheet, (row - 1, column, row + at.scale - 2, column + at.scale - 1), *look)
    sheet.put(row, column, value, *look)


def _range(area: Area) -> str:
    return f"${letter(area[1])}${area[0] + 1}:${letter(area[3])}${area[2] + 1}"


def _patches(sheet: Sheet, at: Places) -> None:
    """What it answers to some lines of ink."""
    drawn = patches(at.high, at.wide)
    section(sheet, at.choice + 1, "Which of these lines does it like best?", at.patches, at.last)
    kernel = {(i, j): f"{letter(column)}{row}" for i, j, row, column in at.cells(at.left)}
    pixel = sheet.style("pixel", "edge")
    answers = f"{at.work(at.choice, 1)}:{at.work(at.choice + len(drawn) - 1, 1)}"
    for k, patch in enumerate(drawn):
        band, aside = divmod(k, at.aside)
        row, column = at.large + band * (at.high + 2), at.patches + aside * (at.wide + 1)
        across(sheet, at.choice + k, at.left + WORK, [patch.name], "axis", "left")
        ink = ",".join(kernel[spot] for spot in patch.ink)
        sheet.live(at.choice + k, at.left + WORK + 1, f"SUM({ink})", "axis")
        sheet.put(row - 1, column, patch.name, "muted")
        for i, j in np.ndindex(at.high, at.wide):
            sheet.put(row + i, column + j, int((i, j) in patch.ink), pixel)
        here = (row - 1, column, row + at.high - 2, column + at.wide - 1)
        sheet.conditional_format(*here, heat.ink(style.PAPER) | {"max_value": 1})
        below, mine = row + at.high, at.work(at.choice + k, 1)
        merge(sheet, (below - 1, column, below - 1, column + at.wide - 1), "signed", "bold", "left")
        sheet.put(below, column, Formula(_ready(at, mine)), "signed", "bold", "left")
        area = (below - 1, column, below - 1, column + at.wide - 1)
        colour(sheet, area, f"AND({at.work(at.facts + 1, 0)}=1,{mine}=MAX({answers}))", "best")


def _told(sheet: Sheet, at: Places) -> None:
    """The same in words: the best line and the worst, the most that there can be, and the strongest number."""
    count = len(patches(at.high, at.wide))
    names, answers = (f"{at.work(at.choice, k)}:{at.work(at.choice + count - 1, k)}" for k in range(2))
    numbers = _range(at.area(at.left))

    def named(which: str) -> str:
        return f'INDEX({names},MATCH({which}({answers}),{answers},0),1)&" ("&ROUND({which}({answers}),2)&")"'

    most = "+".join(f"MAX(0,{letter(column)}{row})" for _, _, row, column in at.cells(at.left))
    strong = f"IF(MAX({numbers})>=-MIN({numbers}),MAX({numbers}),MIN({numbers}))"
    for row, formula in enumerate((most, strong), at.choice + count):
        sheet.live(row, at.left + WORK + 1, formula, "axis")
    best, strongest = (at.work(at.choice + count + k, 1) for k in range(2))
    text = (
        f'"{TRY} It likes best: "&{named("MAX")}&"; least: "&{named("MIN")}&". The most that ink can get is "'
        f'&ROUND({best},2)&": ink under each orange cell, paper under each blue one. Its strongest number is "'
        f'&ROUND({strongest},2)&", "&{_where(at, strongest)}&": ink there counts most "'
        f'&IF({strongest}>0,"for it.","against it.")'
    )
    area = (at.told - 1, at.left, at.told + 2, at.patches - 2)
    merge(sheet, area, "wrap")
    sheet.put(at.told, at.left, Formula(_ready(at, text)), "wrap")


def _where(at: Places, strongest: str) -> str:
    """The row and column of the strongest number, in words."""
    rows = DOWN if at.high == 3 else [f"row {i + 1}" for i in range(at.high)]
    columns = ASIDE if at.wide == 3 else [f"column {j + 1}" for j in range(at.wide)]
    top, left, bottom, right = at.area(at.left)
    bands = [_range((top + at.scale * i, left, top + at.scale * i, right)) for i in range(at.high)]
    posts = [_range((top, left + at.scale * j, bottom, left + at.scale * j)) for j in range(at.wide)]
    texts = []
    for words, areas in ((rows, bands), (columns, posts)):
        text = f'"{words[-1]}"'
        for word, cells in list(zip(words, areas, strict=True))[-2::-1]:
            text = f'IF(OR(MAX({cells})={strongest},MIN({cells})={strongest}),"{word}",{text})'
        texts.append(text)
    return '&" "&'.join(texts)


def _sisters(sheet: Sheet, layout: Layout, at: Places) -> None:
    """The kernels of the layer beside it, as small pictures: those that read the same channel."""
    title = f'"All its sisters: the kernels in "&{typed(at, 0)}&" that read channel "&{typed(at, 1)}'
    line(sheet, at.sisters, None, at.left, at.last, "section")
    sheet.live(at.sisters, at.left, _ready(at, title), "section")
    form, first = sheet.style("sign"), f"{MOST}*INT({typed(at, 2)}/{MOST})"
    for k in range(MOST):
        band, aside = divmod(k, ACROSS)
        row, column = at.sisters + 1 + band * (at.high + 1), at.left + aside * (at.wide + 1)
        number = f"({first}+{k})"
        there = f'IF({number}<{at.chosen("outputs")},{{}},"")'
        sheet.live(row, column, _ready(at, there.format(f'"kernel "&{number}')), "axis", "left")
        here = (row - 1, column, row - 1, column + at.wide - 1)
        colour(sheet, here, f"AND({at.work(at.facts + 1, 0)}=1,{first}+{k}={typed(at, 2)})", "chosen")
        for i, j in np.ndindex(at.high, at.wide):
            formula = _ready(at, there.format(_looked(layout, at, i, j, number)))
            sheet.live(row + 1 + i, column + j, formula, form)
    bottom = at.sisters + -(-MOST // ACROSS) * (at.high + 1)
    sheet.conditional_format(
        at.sisters, at.left, bottom - 1, at.left + ACROSS * (at.wide + 1) - 2, heat.between(signed=True)
    )
    sheet.put(at.sisters - 1, at.left, LEGEND, "muted")
