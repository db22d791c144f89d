"""A copy of a workbook with comments in its cells; bytes are inserted where they must be, and nothing else changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from sheetgen.excel import notes
from sheetgen.excel.a1 import address, range_of
from sheetgen.excel.insert import Edits, Element, Source, save, tree, whole
from sheetgen.excel.layout import Layout
from sheetgen.excel.listed import XML, Relations, Types
from sheetgen.excel.package import Package, Relation, UnreadableWorkbook, local
from sheetgen.excel.threads import reply

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
MARK = "<!-- a copy by sheetgen audit -->"  # which goes when another program saves the file


def write(source: str | Path, target: str | Path, comments: Mapping[str, Mapping[str, str]]) -> None:
    """Copy a workbook with comments: sheet -> "B3" -> text. A comment that is there has the text appended to it.

    A text is plain, of up to 32,767 UTF-16 units with what was there, and what XML forbids in it is replaced. Every
    part without a comment stays byte for byte. Raises UnreadableWorkbook; CannotWrite; ValueError for no sheet or cell.
    """
    with Source(source) as book:
        parts, types, edits = _worksheets(book), Types(book), Edits()
        texts: dict[str, dict[str, str]] = defaultdict(dict)
        for sheet, cells in comments.items():
            if sheet not in parts:
                raise ValueError(f"{sheet!r} is no worksheet.")
            for cell, text in cells.items():
                here, at = texts[parts[sheet]], _corner(cell)
                here[at] = notes.legal("\n\n".join(filter(None, (here.get(at), text))))
        for part, of_part in texts.items():
            if of_part:
                _Sheet(book, edits, types, part).add(of_part)
        types.write(edits)
        save(book, Path(target), edits)


def worksheets(path: str | Path) -> list[str]:
    """The names of the sheets that have cells. Raises UnreadableWorkbook."""
    with Source(path) as book:
        return list(_worksheets(book))


def is_copy(path: str | Path) -> bool:
    """Whether a file is a copy by `write`, which no other program has saved since."""
    try:
        with Source(path) as book:
            for part in _worksheets(book).values():
                comments = Relations(book, book.real(part) or part).first("comments")
                if comments and MARK.encode() in whole(book, comments.target):
                    return True
    except UnreadableWorkbook:
        pass
    return False


def _worksheets(book: Package) -> dict[str, str]:
    """Name -> part of every sheet that has cells, in the workbook's order."""
    part = book.workbook()
    relations = book.relations(part)
    parts: dict[str, str] = {}
    for attributes in [attributes for tag, attributes, _ in book.elements(part) if tag == "sheet"]:
        ids = [value for name, value in attributes.items() if local(name) == "id" and value in relations]
        if ids and relations[ids[0]].kind == "worksheet":
            parts.setdefault(attributes.get("name", ""), relations[ids[0]].target)
    return parts


def _corner(cells: str) -> str:
    """'$b$3' -> 'B3'. Raises ValueError."""
    area = range_of(cells)
    if area is None or not area.single:
        raise ValueError(f"{cells!r} is no cell.")
    return address(area.row, area.column)


class _Sheet:
    """One sheet that gets comments."""

    def __init__(self, book: Source, edits: Edits, types: Types, part: str) -> None:
        self.book, self.edits, self.types, self.part = book, edits, types, book.real(part) or part
        self.relations = Relations(book, self.part)

    def add(self, texts: Mapping[str, str]) -> None:
        """Add legal texts to the comments of cells."""
        self.layout = Layout(self.book, self.part, texts)
        strict = self.layout.root.space == STRICT_MAIN
        self.main, self.office = (STRICT_MAIN, STRICT) if strict else (MAIN, OFFICE)
        bounded = {cell: notes.bounded(text, notes.MOST) for cell, text in texts.items()}
        if (there := self.relations.first("comments")) is None:
            part = self.types.new("xl/comments{}.xml", COMMENTS_TYPE)
            self.edits.parts[part] = f'{XML}<comments xmlns="{self.main}">{_listed(bounded)}</comments>'
            self.relations.add(f"{self.office}/comments", part)
            old, new = dict[str, str](), bounded
        else:
            old, new = self._extend(self._own(there), bounded)
        if self.layout.drawing is None:
            self._draw(old | new)
        elif new:
            self._extend_drawing(new, self.layout.drawing)
        self.relations.write(self.edits, self.types)

    def _own(self, relation: Relation) -> str:
        """A part that belongs to this sheet, which no other one may have."""
        part = self.book.real(relation.target) or relation.target
        if part in self.edits.inserts:
            self.book.refuse(f"has one part for two things, {part}, so that no comment can be added")
        return part

    def _extend(self, part: str, texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Add to comments that are there; (the texts of these, the texts that have become comments of their own)."""
        root, _ = tree(self.book, part)
        authors, listed = root.first("authors"), root.first("commentList")
        elements = {_ref(element): element for element in reversed(listed.all("comment") if listed else [])}
        new = {cell: text for cell, text in texts.items() if cell not in elements}
        more = {cell: text for cell, text in texts.items() if cell in elements}
        for cell, text in more.items():
            self._append(part, elements[cell], text)
        reply(self.book, self.edits, self.relations, more)
        index = len(authors.all("author")) if authors else 0
        head, body = _authors(), "".join(notes.note(cell, index, text) for cell, text in new.items())
        lacking = (not authors) * f"<authors>{head}</authors>" + (not listed) * f"<commentList>{body}</commentList>"
        if authors:  # first, for where an empty one ends another may begin
            self.edits.within(part, authors, root.prefixed(head))
        if lacking:
            self.edits.within(part, root, root.prefixed(lacking), before=("commentList", "extLst"))
        if listed and body:
            self.edits.within(part, listed, root.prefixed(body))
        return {cell: _content(element) for cell, element in elements.items() if range_of(cell)}, new

    def _append(self, part: str, comment: Element, text: str) -> None:
        """Add a text to a comment that is there, as far as there is room."""
        old = notes.units(_content(comment))
        gap = "\n\n" * bool(old)
        text = notes.bounded(text, notes.MOST - old - len(gap))
        body = comment.first("text")
        if not text:
            return
        xml = notes.run(gap + text)
        if body is None:
            after = ("commentPr", "AlternateContent", "extLst")
            self.edits.within(part, comment, comment.prefixed(f"<text>{xml}</text>"), after)
        elif (plain := body.first("t")) is not None:  # it is to become a run, too, for readers want one or the other
            self.edits.insert(part, plain.start, body.prefixed("<r>"))
            self.edits.insert(part, plain.after, body.prefixed(f"</r>{xml}"))
        else:
            self.edits.within(part, body, body.prefixed(xml), before=("rPh", "phoneticPr"))

    def _draw(self, texts: Mapping[str, str]) -> None:
        """Name a new drawing with the boxes of all comments."""
        boxes = notes.shapes(texts, self.layout.grid, notes.free_ids([]))
        part = self.types.new("xl/drawings/vmlDrawing{}.vml", DRAWING_TYPE)
        self.edits.parts[part] = notes.drawing(boxes, -(-len(texts) // (notes.BLOCK - 1)))
        id, root = self.relations.add(f"{self.office}/vmlDrawing", part), self.layout.root
        r = "r" if root.prefix != "r" else "rel"
        tag = root.prefixed(f'<legacyDrawing xmlns:{r}="{self.office}" {r}:id="{id}"/>')
        if self.layout.at is None:
            self.edits.within(self.part, root, tag)
        else:
            self.edits.insert(self.part, self.layout.at, tag)

    def _extend_drawing(self, texts: Mapping[str, str], id: str) -> None:
        """Add boxes to the drawing that is there, of form controls, too."""
        relation = next((x for x in self.relations.all if x.id == id and not x.external), None)
        if relation is None:
            self.book.refuse(f"names in {self.part} a drawing of comments that is not there")
        part = self._own(relation)
        root, known = tree(self.book, part, html=True)
        elements = list(notes.walk(root))
        spaces = notes.declared({prefix: uri for prefix, uri in notes.VML.items() if known.get(prefix) != uri})
        typed = any(element.attributes.get("id") == "_x0000_t202" for element in elements)
        shapes = notes.shapes(texts, self.layout.grid, notes.free_ids(elements), spaces)
        self.edits.within(part, root, (not typed) * notes.SHAPE_TYPE.format(spaces=spaces) + shapes)


def _authors() -> str:
    return f"<author>{notes.AUTHOR}</author>{MARK}"


def _listed(texts: Mapping[str, str]) -> str:
    """The authors and the comments of a new part."""
    comments = "".join(notes.note(cell, 0, text) for cell, text in texts.items())
    return f"<authors>{_authors()}</authors><commentList>{comments}</commentList>"


def _ref(comment: Element) -> str:
    """The cell of a comment."""
    return comment.attributes.get("ref", "").partition(":")[0].replace("$", "").upper()


def _content(comment: Element) -> str:
    """The text of a comment, without phonetic guides."""
    body = comment.first("text")
    texts = [*body.all("t"), *(t for run in body.all("r") for t in run.all("t"))] if body else []
    return "".join(element.text for element in texts)
