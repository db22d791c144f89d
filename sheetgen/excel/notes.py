"""The XML of comments in cells, as Excel calls notes: their texts, and the boxes that show them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, place
from sheetgen.excel.insert import Element

AUTHOR = "sheetgen"
MOST = 32_767  # UTF-16 units of a cell's comment, as of its text
VML = {"v": "urn:schemas-microsoft-com:vml", "o": "urn:schemas-microsoft-com:office:office",
       "x": "urn:schemas-microsoft-com:office:excel"}  # fmt: skip
SHAPE_TYPE = (
    '<v:shapetype{spaces} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
SHAPE = (
    '<v:shape{spaces} id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;margin-left:0;margin-top:0;'
    'width:{width}pt;height:{height}pt;z-index:{z};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
    '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
FONT = '<rPr><sz val="9"/><color indexed="81"/><rFont val="Tahoma"/><family val="2"/></rPr>'
COLUMN, ROW = 64, 20  # pixels, where a sheet does not say
LETTER, LINE, MARGIN = 6, 15, 14  # pixels of Tahoma at 9 points; of the edges of a box
NARROW, WIDE, LONG, TALLEST = 320, 480, 600, 640  # the widths of boxes, from LONG letters on the second; their height
BLOCK = 1024  # ids of shapes are given away so many at a time
_ID = re.compile(r"_x0000_s([0-9]{1,9})")
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # what the format would read as a character


def legal(text: str) -> str:
    """The text with what XML forbids as a replacement character, and with one sort of line break."""
    return _ILLEGAL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def units(text: str) -> int:
    """How many UTF-16 units a text has, which is what Excel counts."""
    return len(text) + sum(c > "\uffff" for c in text)


def bounded(text: str, most: int) -> str:
    """As much of a legal text as Excel holds."""
    if units(text) <= most:
        return text
    kept = text.encode("utf-16-le")[: 2 * (most - 1)] if most > 0 else b""
    return kept.decode("utf-16-le", "ignore") + "…" * (most > 0)


def escaped(text: str) -> str:
    """A legal text as ASCII between two tags: never markup, and never one of the format's _x000D_."""
    return html.escape(_ESCAPE.sub("_x005F_", text), quote=False).encode("ascii", "xmlcharrefreplace").decode()


def run(text: str) -> str:
    """A run of rich text."""
    return f'<r>{FONT}<t xml:space="preserve">{escaped(text)}</t></r>'


def note(cell: str, author: int, text: str) -> str:
    """The comment of a cell."""
    return f'<comment ref="{cell}" authorId="{author}"><text>{run(text)}</text></comment>'


class Grid:
    """The pixels of a sheet's columns and rows, by their numbers from 0; those not named have the usual size."""

    def __init__(self) -> None:
        self.columns: dict[int, int] = {}
        self.rows: dict[int, int] = {}
        self.column, self.row = COLUMN, ROW

    def anchor(self, cell: str, width: int, height: int) -> str:
        """Where the box of a cell stands: right of it, within the sheet, as VML has it: from and to, column and row."""
        row, column = place(cell)  # from 1, so that `column` is the next one
        left, right = _span(column, width, MAX_COLUMN - 1, self.columns, self.column)
        top, bottom = _span(max(row - 2, 0), height, MAX_ROW - 1, self.rows, self.row)
        return ", ".join(str(x) for x in (*left, *top, *right, *bottom))


def _span(first: int, size: int, last: int, sizes: Mapping[int, int], usual: int) -> tuple[tuple[int, int], ...]:
    """((a line, an offset in it), the same where it ends) of so many pixels from a line on, or before the last one."""
    first = min(first, max(last - size // max(usual, 1) - 1, 0))
    offset = min(10, sizes.get(first, usual) // 2)
    line, rest = first, offset + size
    while line < last and rest > (pixels := max(sizes.get(line, usual), 1)):
        rest -= pixels
        line += 1
    return (first, offset), (line, min(rest, sizes.get(line, usual)))


def box(text: str) -> tuple[int, int]:
    """The width and the height of a box that shows a text, in pixels."""
    letters = [sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in text.split("\n")]
    width = WIDE if sum(letters) > LONG else NARROW
    room = (width - MARGIN) // LETTER - 4  # words are not broken
    lines = sum(max(1, -(-n // room)) for n in letters)
    return width, min(TALLEST, lines * LINE + MARGIN)


def shapes(texts: Mapping[str, str], grid: Grid, ids: Iterator[int], spaces: str = "") -> str:
    """The boxes of comments, which are hidden until the mouse is over their cell; `spaces` declares prefixes."""
    boxes = []
    for z, (cell, text) in enumerate(texts.items(), 1):
        (row, column), (width, height) = place(cell), box(text)
        boxes.append(SHAPE.format(
            spaces=spaces, id=next(ids), width=width * 0.75, height=height * 0.75, z=z,
            anchor=grid.anchor(cell, width, height), row=row - 1, column=column - 1,
        ))  # fmt: skip
    return "".join(boxes)


def drawing(boxes: str, blocks: int) -> str:
    """A new drawing that holds boxes, whose ids take so many blocks."""
    spaces = declared(VML)
    data = ",".join(str(k + 1) for k in range(blocks))
    layout = f'<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{data}"/></o:shapelayout>'
    return f"<xml{spaces}>{layout}{SHAPE_TYPE.format(spaces='')}{boxes}</xml>"


def declared(spaces: Mapping[str, str]) -> str:
    """The attributes that declare prefixes."""
    return "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())


def walk(root: Element) -> Iterator[Element]:
    """An element and all within it."""
    stack = [root]
    while stack:
        element = stack.pop()
        yield element
        stack += element.children


def free_ids(elements: Iterable[Element]) -> Iterator[int]:
    """Ids for shapes that none of a drawing's elements has: from the blocks that are its own, then from later ones."""
    used, blocks = {0}, set[int]()
    for element in elements:
        used |= {int(m[1]) for value in element.attributes.values() if (m := _ID.fullmatch(value))}
        if element.tag == "idmap":
            data = element.attributes.get("data", "").split(",")
            blocks |= {int(n) for n in data if re.fullmatch(r"\s*[0-9]{1,6}\s*", n)}
    blocks = blocks or {1}
    for block in sorted(blocks):
        yield from (n for n in range(block * BLOCK + 1, (block + 1) * BLOCK) if n not in used)
    yield from count(max(*used, (max(blocks) + 1) * BLOCK) + 1)
