"""What the network answers: the digit, how sure it is, ten probabilities as bars, and a sentence that says it all."""

from __future__ import annotations

from typing import NamedTuple

from mnist.live import BLANK as BLANK_PAGE
from mnist.live import LAYERS, SEEN, TOP, Live
from mnist.sheets import samples
from mnist.sheets.common import section
from mnist.sheets.screen import PANEL, RIGHT, SIZE, WORK, wide, work
from sheetgen.writer.book import Formula, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import across, colour, colour_words
from sheetgen.writer.trace import letter, quoted

TEN = TOP  # the first row of the ten digits' numbers, in the workings
DIGIT, LOGIT, CHANCE, REST, THEIRS, APART = range(WORK, WORK + 6)
PICK_AT = TEN + 12  # the row of what is chosen: its number in the list, and where its image stands in the gallery
PICK, PICK_ROW, PICK_COLUMN = (work(PICK_AT, k) for k in range(3))
FACTS = TEN + 14  # the first row of the facts about the answer
BARS = TOP + 2  # the first row of the bars, two rows each
COLUMNS = (PANEL + 19, PANEL + 22), (PANEL + 23, PANEL + 29), (PANEL + 59, RIGHT)
BIG = PANEL, PANEL + 16  # the columns of the large digit
LIMIT = "10^-9"
BAR = PANEL + 30, PANEL + 57  # the columns of the bars
SAID = TOP + 17  # the row of the sentence
BLANK = "Nothing is painted, yet it says "
WHY = "Softmax shares out 100 % among ten digits, and no page that it learned from was blank: it must choose."
REASON = " %: a network must answer, and was never shown an empty page."


class Refs(NamedTuple):
    """Ranges of the ten digits' numbers."""

    logits: str
    chances: str
    rest: str
    apart: str


REFS = Refs(*(f"${letter(c)}${TEN}:${letter(c)}${TEN + 9}" for c in (LOGIT, CHANCE, REST, APART)))
READ = f"${letter(SEEN)}${TOP}:${letter(SEEN + SIZE - 1)}${TOP + SIZE - 1}"  # what the network reads
SECOND_SURE = f"MAX({REFS.rest})"
SAME_AT = COLUMNS[2][0]  # the column of what is the same as PyTorch's
SAME = f"${letter(SAME_AT)}${BARS + 20}"
ANSWER, SURE, SECOND, MARGIN = (work(FACTS + k, 0) for k in range(4))


def _chosen(formula: str) -> str:
    """A formula that tells of an image; a dash, if none of the list is chosen."""
    return f'IF({PICK}=0,"–",{formula})'


def write(sheet: Sheet, cnn: Live) -> None:
    """Write the answer, and its workings."""
    _numbers(sheet, cnn)
    section(sheet, TOP - 2, "The answer", PANEL, RIGHT)
    wide(sheet, TOP, BIG, Formula(ANSWER), "huge", rows=13)
    wide(sheet, TOP + 13, BIG, Formula(f'IF(ISNUMBER({SURE}),INT({SURE}*10^5)/10^5,"–")'), "big", "thousandths", rows=3)
    row = SAID
    wide(sheet, row, BIG, Formula(_sentence()), "wrap", rows=TOP + SIZE - row)
    colour(sheet, (row - 1, BIG[0], TOP + SIZE - 2, BIG[1]), f'LEFT(${letter(BIG[0])}${row},7)="{BLANK[:7]}"', "note")
    _bars(sheet)
    _same(sheet)


def _percent(chance: str, digits: int) -> str:
    """A probability as a text in per cent, never rounded up to what it is not."""
    return f"INT({chance}*10^{digits + 2})/10^{digits}"


def _sentence() -> str:
    """What there is to say of the answer. A page without ink gets a sentence of its own."""
    empty = f"AND(MAX({READ})=0,MIN({READ})=0)"
    blank = f'"{BLANK}"&{ANSWER}&" at "&{_percent(SURE, 3)}&"{REASON}"'
    small = f'IF({SECOND_SURE}<10^-5,"below 0.001","at "&{_percent(SECOND_SURE, 3)})'
    second = f'{SECOND}&", "&{small}&" %."'
    usual = f'"It says "&{ANSWER}&" at "&{_percent(SURE, 3)}&" %. Next comes "&{second}'
    return f'IF({PICK}=0,"Choose an image from the list.",IF({empty},{blank},{usual}))'


def _last_logits(cnn: Live) -> int:
    """The operation that gives the logits: the last with ten results and weights."""
    ops = cnn.layout.graph.ops
    return max(k for k, op in enumerate(ops) if "weight" in op.weights and op.out.size == 10)


def _numbers(sheet: Sheet, cnn: Live) -> None:
    """The ten digits' numbers, a row each, and what follows from them."""
    laid = cnn.layout
    ids = laid.graph.ops[_last_logits(cnn)].out.ravel(), laid.graph.outputs.ravel()
    theirs = samples.places(cnn).logits
    names = ["digit", "logit", "probability", "the others", "PyTorch", "apart"]
    across(sheet, TEN - 1, DIGIT, names, "axis")
    form = sheet.style("axis")
    for d in range(10):
        row = TEN + d
        rest = f"IF(${letter(DIGIT)}{row}={ANSWER},0,{letter(CHANCE)}{row})"
        looked = f"INDEX({theirs},{PICK}-1,{samples.WIDE}*$A${TOP + d}-{samples.WIDE - 1})"
        apart = f"ABS({letter(LOGIT)}{row}-{letter(THEIRS)}{row})"
        formulas = (
            *(_chosen(f"{quoted(LAYERS)}!{laid.places.ref(int(x[d]))}") for x in ids),
            rest, f'IF({PICK}<2,"–",{looked})', f"IF({PICK}<2,0,{apart})",
        )  # fmt: skip
        sheet.put(row, DIGIT, d, form)
        for k, formula in enumerate(formulas, LOGIT):
            sheet.live(row, k, formula, form)
    area, rest = REFS.chances, REFS.rest
    facts = (
        ("the answer", f"MATCH(MAX({area}),{area},0)-1"),
        ("how sure it is", f"MAX({area})"),
        ("runner-up", f"MATCH(MAX({rest}),{rest},0)-1"),
        ("margin: how much surer than of the runner-up", f"MAX({area})-MAX({rest})"),
    )
    for k, (label, formula) in enumerate(facts):
        sheet.live(FACTS + k, WORK, _chosen(formula), form)
        sheet.put(FACTS + k, WORK + 1, label, "axis", "left")


def _bars(sheet: Sheet) -> None:
    names = ("digit", "probability", "logit, its score")
    heads = COLUMNS[0], (COLUMNS[1][0], BAR[1]), *COLUMNS[2:]
    for columns, name, side in zip(heads, names, ("center", "indent", "right"), strict=True):
        wide(sheet, TOP, columns, name, "head", side)
    for d in range(10):
        row = BARS + 2 * d
        wide(sheet, row, COLUMNS[0], d, "cell", "center", "bold")
        shown = (CHANCE, ("cell", "share", "right")), (LOGIT, ("cell", "millionth", "right"))
        for columns, (column, look) in zip(COLUMNS[1:], shown, strict=True):
            wide(sheet, row, columns, Formula(f"{letter(column)}{TEN + d}"), *look)
        # A bar of small cells: programs draw a data bar in merged cells as high as the first of them.
        first, last = BAR
        test = f"COLUMN()-{first}<=ROUND({last - first + 1}*${letter(CHANCE)}${TEN + d},0)"
        colour(sheet, (row - 1, first, row, last), f"IF(ISNUMBER(${letter(CHANCE)}${TEN + d}),{test},0)", "bar")
    for column, _ in COLUMNS[2:]:
        scientific(sheet, (BARS - 1, column, BARS + 18, column), "number", look="beyond, short")
    column, _ = COLUMNS[1]
    chance = f"{letter(column)}{BARS}"
    for form, low, high in (("over", "0.9995", "1"), ("under", "0", "0.0005")):
        test = f"IF(ISNUMBER({chance}),AND({chance}>{low},{chance}<{high}),0)"
        colour(sheet, (BARS - 1, column, BARS + 18, column), test, form)


def _same(sheet: Sheet) -> None:
    """Whether the cells give PyTorch's logits, and what to try."""
    (first, _), row = COLUMNS[0], BARS + 20
    wide(
        sheet, row, (first, SAME_AT - 2), "the same as PyTorch’s? Its answers are stored only for the samples.", "muted"
    )
    allowed = f"{LIMIT}*MAX(MAX({REFS.logits}),-MIN({REFS.logits}))"
    formula = f'IF({PICK}<2,"{samples.NOT_KNOWN}",IF(MAX({REFS.apart})<={allowed},"PASS","FAIL"))'
    wide(sheet, row, (SAME_AT, SAME_AT + 7), Formula(formula), "verdict")
    colour_words(sheet, (row - 1, SAME_AT, row, SAME_AT + 7), SAME)
    reads, at = samples.of_blank()
    tried = f'"Try “{BLANK_PAGE}” above: it says "&{reads}&" at "&{_percent(at, 3)}&" %. Why? "&"{WHY}"'
    wide(sheet, row + 2, (first, RIGHT), Formula(tried), "wrap", "note fill", rows=4)
