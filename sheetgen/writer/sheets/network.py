"""Network: the input cells, the network drawn with live numbers, a walk through it, every number of the row shown."""

from __future__ import annotations

from sheetgen.cells.cell import Cell
from sheetgen.excel.a1 import column_number
from sheetgen.writer.book import Book, Formula, Link, Sheet
from sheetgen.writer.digits import bare, spoken, text_of
from sheetgen.writer.plan import NETWORK, STEPS, TRAINING, Run
from sheetgen.writer.sheets import choosers, drawing, inputs, picture
from sheetgen.writer.sheets import shown as numbers
from sheetgen.writer.sheets.choosers import Chooser
from sheetgen.writer.sheets.common import colour, line, merge, opened
from sheetgen.writer.sheets.inputs import ACROSS, HEAD, LEFT, Layout
from sheetgen.writer.sheets.inputs import SHOWN_ROW as SHOWN_ROW
from sheetgen.writer.sheets.inputs import input_cells as input_cells
from sheetgen.writer.sheets.picture import Picture
from sheetgen.writer.sheets.points import Scene
from sheetgen.writer.sheets.shown import ASIDE, FIRST, Quantities, Shown
from sheetgen.writer.sheets.shown import Panel as Panel
from sheetgen.writer.sheets.shown import shown as shown
from sheetgen.writer.sheets.walk import Walk, plain, shown_as
from sheetgen.writer.trace import FIRST_ROW, Trace, letter

SENTENCES = FIRST + 3  # of the walk: name, sentence; the drawing's points stand right of them
WIDTHS = 13, 12, 26, 2, *(14.43,) * ACROSS

TYPE = "Type over any yellow cell: everything follows. “row shown” moves to that iteration, 0 rewinds"
TRIES_BELOW = 18  # inputs, at the most, that leave room on a screen for what to try
WALK = "; “pass” shows the numbers or their gradients; “next” walks through them, one at a time"
TOO_LARGE = (
    f"Of more than {picture.MOST_LAYERS} layers, or {picture.MOST_NODES} units in one, a network is not drawn: its "
    "labels could not be read. All its numbers stand below."
)
INSIDE = " In a unit: its sum, and below what leaves it. “next” writes weights on the edges."


def layout(run: Run) -> Layout:
    """Where on the sheet everything stands."""
    return Layout(run, numbers.heights(run))


def input_size(run: Run) -> str:
    """The formula of the largest of 1 and of the sizes of the numbers that stand beside the weights."""
    return inputs.input_size(layout(run))


def place_of(run: Run, k: str) -> str:
    """The formula of where the k-th of `input_cells` stands, such as Network!B9."""
    return inputs.place_of(layout(run), k)


def address(run: Run, c: Cell) -> str:
    """Where an input cell stands, such as Network!B9."""
    row, column = next(place for cell, place in layout(run).addresses() if cell is c)
    return f"{NETWORK}!{letter(column)}{row}"


def write(book: Book, run: Run, training: Trace) -> Panel:
    """Write the sheet Network, define the names of its input cells, and tell where the numbers of the row shown are."""
    spec = run.program.spec
    subtitle = f"{TYPE}{WALK * picture.drawn(spec)}."
    sheet = opened(book, NETWORK, f"Network: {spec.title}", subtitle, WIDTHS)
    place, walk = layout(run), Walk(run)
    count = len(input_cells(run))
    rows = Chooser("row", 0, spec.steps, "0 is before training", (count, place.every_input()))
    choosers.number(sheet, SHOWN_ROW, ASIDE, rows)
    row = SHOWN_ROW + 1
    if spec.samples > 1:
        choosers.number(sheet, row, ASIDE, Chooser("sample", 1, spec.samples, "in the drawing"))
        row += 1
    inputs.write(sheet, place, training)
    sheet.live(SHOWN_ROW - 1, ASIDE, _why_none(spec.steps), "muted")
    sheet.define(why_none=f"${letter(ASIDE)}${SHOWN_ROW - 1}", stage_name=f"${letter(SENTENCES)}${SHOWN_ROW}")
    panel, own = numbers.write(sheet, Quantities(run, training, place, walk), place)
    last = SENTENCES
    if picture.drawn(spec):
        scene = Scene(run, Picture(spec, run.program.network), walk, own)
        choosers.direction(sheet, row, ASIDE)
        choosers.step(sheet, row + 1, ASIDE, (len(walk.forward), len(walk.backward)))
        _sentence(sheet, run, walk, own)
        last = drawing.insert(sheet, scene, (HEAD - 1, LEFT), SENTENCES + 2)
        _legend(sheet, scene, place)
    else:
        sheet.live(HEAD, LEFT, f'IF(ISTEXT(row_number),why_none,"{TOO_LARGE}")', "muted")
    if spec.samples == 1 and len(place.listed) <= TRIES_BELOW and picture.drawn(spec):
        _tries(sheet, run, HEAD + len(place.listed) + 2, training)
    _finish(sheet, run, place, last)
    return panel


def _tries(sheet: Sheet, run: Run, row: int, training: Trace) -> None:
    """What to try, below the inputs, where a screen has room for it."""
    net = run.program.network
    a, t, x = (c.item(0, 0) for c in (net.layers[-1].a, net.targets, net.inputs))
    zero = f'IF({run.names[x]}=0,"2  Type 1 as {x.name}. Which weights learn now?","2  Type 0 as {x.name}. '
    first = f"{TRAINING}!${training.letters[id(a)]}${FIRST_ROW}"  # for a new target makes another training of it
    answer = f'"4  Type "&{text_of(first, brackets=False)}&" as {t.name}, 0 as “row shown”. Which gradients vanish?"'
    tries = (
        '"1  Choose backward, then type 1, 2, … into “next”."',
        f'{zero}Which weights stop learning?")',
        f'"3  Type "&{run.program.spec.steps}&" as “row shown”. What has training changed?"',
        f'IF(ISNUMBER({first}),{answer}," ")',
    )
    line(sheet, row, "Try this", 0, 2, "section")
    sheet.link(row, 2, Link.to(STEPS, f"{STEPS} →", "On to the derivation"), "right")
    for k, text in enumerate(tries, row + 1):
        line(sheet, k, Formula(text), 0, 2, "text")


def _finish(sheet: Sheet, run: Run, place: Layout, last: int) -> None:
    """What is printed, what stays in view, and what only formulas read out of sight."""
    hidden = sheet.style("muted")
    sheet.set_column(ASIDE, last, 9, hidden, {"level": 1, "hidden": True})
    sheet.set_column(last + 1, last + 1, 9, None, {"collapsed": True})
    tables = [place.panel + numbers.heights(run)]
    tables += [band.head + place.samples for band in place.bands]
    bottom = max(*tables, HEAD + len(place.listed))
    sheet.print_area(0, 0, bottom, LEFT + ACROSS - 1)
    sheet.fit_to_pages(1, 1 if bottom < 70 else 0)
    sheet.freeze_panes(HEAD - 1, 0)


def _why_none(steps: int) -> str:
    """The formula of a sentence that says why there are no numbers."""
    none = f'row_number&": type a whole number from 0 to {steps:,} into “row shown” on {NETWORK}"'
    return f'IF(row_number="{choosers.MISSING}",input_to_mend,{none}&".")'


def _sentence(sheet: Sheet, run: Run, walk: Walk, own: Shown) -> None:
    """The large sentence of the step that the walk has come to; all sentences stand aside."""
    stages = [*walk.forward, *walk.backward]
    for row, stage in enumerate(stages, HEAD + 1):
        sheet.put(row, SENTENCES, shown_as(stage.name), "muted")
        sheet.live(row, SENTENCES + 1, spoken(stage.sentence, own.text), "muted")
    names, column = letter(SENTENCES), letter(SENTENCES + 1)
    every, told = (f"${k}${HEAD + 1}:${k}${HEAD + len(stages)}" for k in (column, names))
    errors = [plain(e.name) for e in run.program.network.errors[0]]
    added = "E1" if len(errors) == 1 else f"{' + '.join(errors) if len(errors) < 4 else f'E1 + … + {errors[-1]}'}"
    added += f", added up over {run.program.spec.samples} samples" if walk.many else ""
    overview = (
        f"Forward: every number flows along the edges to the error, E = {{E_total}} ({added}; Training calls it "
        "E_total). Type 1 into “next” to walk through it, or choose backward.",
        "Backward: slopes flow back from the error, E = {E_total}. Each dE/d… says by how much E grows when that "
        "number grows by a little, per unit. Type 1 into “next” to walk through it.",
    )
    for row, text in enumerate(overview, SHOWN_ROW):
        sheet.live(row, SENTENCES + 1, spoken(text, own.text), "muted")
    n = f"IF(backward=1,{len(walk.backward)},{len(walk.forward)})"
    now = f"INDEX({every},{walk.now},1)"
    sheet.live(SHOWN_ROW, SENTENCES, f'IF(next_number=0," ",INDEX({told},{walk.now},1))', "muted")
    first, second = (f"${column}${SHOWN_ROW + k}" for k in (0, 1))
    step = f'"Step "&next_number&" of "&{n}&": "&{now}'
    text = f"IF(next_number=0,IF(backward=1,{second},{first}),{step})"
    complaints = [("ISTEXT(row_number)", "why_none")]
    if walk.many:
        complaints.append(("ISTEXT(sample_number)", 'sample_number&": mend the red cell"'))
    complaints.append((choosers.WRONG_PASS, f'"{choosers.NO_PASS}: choose forward or backward in the red cell"'))
    complaints.append((choosers.WRONG_STEP, f'"{choosers.NO_STEP}: type a whole number from 0 to "&{n}&" into “next”"'))
    for test, complaint in reversed(complaints):
        text = f"IF({test},{complaint},{text})"
    area = 2, LEFT, HEAD - 2, LEFT + ACROSS - 1
    merge(sheet, area, "speech")
    sheet.live(3, LEFT, text, "speech")
    colour(sheet, area, " + ".join(f"IF({test},1,0)" for test, _ in complaints) + ">0", "fail")


def _legend(sheet: Sheet, scene: Scene, place: Layout) -> None:
    """What the lines mean, in words, and how large the largest is."""
    weights = [c.name or "" for c in scene.run.program.next if (c.name or "").startswith("w")]
    largest = []
    for names, size in ((weights, scene.shown.sizes[0]), ([f"dE/d{w}" for w in weights], scene.shown.sizes[1])):
        numbers, texts = (f"{where[names[0]]}:{where[names[-1]]}" for where in (scene.shown.number, scene.shown.text))
        row = f"IFERROR(MATCH({size},{numbers},0),MATCH(-{size},{numbers},0))"
        column, first = numbers.split("$")[1], numbers.split("$")[2].rstrip(":")
        left = letter(column_number(column) - 2)
        title = f"${left}${first}:${left}${numbers.split('$')[-1]}"
        largest.append(f'IFERROR(INDEX({title},{row},1)&" = "&{bare(f"INDEX({texts},{row},1)")},"none")')
    what = f'IF(backward=1,"gradients dE/dw; the largest is "&{largest[1]},"weights; the largest is "&{largest[0]})'
    inside = INSIDE if scene.picture.level.inside else ""
    text = f'"Edges are "&{what}&". Thicker is larger, dashed is negative.{inside}"'
    walking = "An edge gets its width once its number is computed. Yellow is what the sentence is about."
    text = f'IF(ISTEXT(row_number)," ",IF(next_number>0,"{walking}",{text}))'
    sheet.live(place.legend, LEFT, text, "muted")
