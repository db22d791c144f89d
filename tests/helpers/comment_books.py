"""Workbooks with and without comments, of every shape that the format allows, and what is read of their comments."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import strategies as st
from packages import MAIN, OFFICE

STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
TYPES_SPACE = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS_SPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
# Children of a sheet in the order of the schema, with what may stand in them.
BEFORE = ("sheetPr", "sheetFormatPr", "cols", "sheetData", "pageMargins", "drawing")
BEHIND = ("legacyDrawingHF", "picture", "oleObjects", "controls", "tableParts", "extLst")
INSIDE = {
    "sheetData": '<{p}row r="1" ht="30"><{p}c r="A1"><{p}v>1</{p}v></{p}c></{p}row>',
    "cols": '<{p}col min="2" max="3" width="4.5"/><{p}col min="5" max="16384" hidden="1"/>',
    "drawing": "",
}
OLD = {
    "t": "<{p}text><{p}t>old</{p}t></{p}text>",
    "spaced": "<{p}text><{p}t >old</{p}t ></{p}text >",
    "runs": "<{p}text><{p}r><{p}t>o</{p}t></{p}r><{p}r><{p}rPr/><{p}t>ld</{p}t></{p}r></{p}text>",
    "guided": '<{p}text><{p}r><{p}t>old</{p}t></{p}r><{p}rPh sb="0" eb="1"><{p}t>no</{p}t></{p}rPh></{p}text>',
    "empty": "<{p}text/>",
    "empty t": "<{p}text><{p}t/></{p}text>",
    "none": "",
}


@dataclass
class Odd:
    """A workbook with one sheet, written by hand."""

    prefix: str = ""
    strict: bool = False
    encoding: str = "utf-8"  # of the parts that the judge does not read
    bom: bool = False
    children: tuple[str, ...] = ("sheetData",)  # none: the root is empty
    conditional: str = ""  # a child that stands in mc:AlternateContent
    old: tuple[str, ...] = ()  # comments that are there, keys of OLD, in A1, B1, ...
    part: bool = False  # there is a part of comments, be it empty
    lacking: str = ""  # of the part of comments: authors, commentList or both
    closed: bool = False  # what holds nothing is <a/>
    drawing: bool = False
    relations: bool = False
    absolute: bool = False
    vml: str = VML_TYPE  # what is registered for the extension
    sheet: str = "xl/worksheets/sheet1.xml"
    upper: bool = False  # the names of parts that the judge does not read

    def write(self, path: Path) -> Path:
        """Write it."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            for name, data in self.parts().items():
                book.writestr(name, data)
            book.comment = b"of the zip"
        return path

    def parts(self) -> dict[str, bytes]:
        """Name -> bytes of every part."""
        office = STRICT if self.strict else OFFICE
        root = f'<Relationships xmlns="{RELATIONS_SPACE}">'
        relations = self._relations(office)
        named = {
            self._named("[Content_Types].xml"): self._coded(self._types()),
            "_rels/.rels": f'{root}<Relationship Id="a" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
            "xl/": b"",
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{office}"><sheets><sheet name="S" r:id="rId1"/>'
            "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'{root}<Relationship Id="rId1" Type="{office}/worksheet" '
            f'Target="/{self.sheet}"/></Relationships>',
            self.sheet: ("\ufeff" if self.bom else "") + self._sheet(office),
            "xl/media/image1.png": bytes(range(256)),
        }
        if relations is not None:
            folder, name = posixpath.split(self.sheet)
            named[f"{folder}/_rels/{name}.rels"] = relations
        if self.part or self.old:
            named[self._named("xl/comments1.xml")] = self._coded(self._comments())
        if self.drawing:
            named[self._named("xl/drawings/vmlDrawing1.vml")] = self._coded(self._vml())
        return {name: data.encode() if isinstance(data, str) else data for name, data in named.items()}

    def _named(self, part: str) -> str:
        return part.swapcase() if self.upper else part

    def _coded(self, text: str) -> bytes:
        return text.encode(self.encoding)

    def _types(self) -> str:
        default = f'<Default Extension="VML" ContentType="{self.vml}"/>' if self.vml else ""
        return f'<Types xmlns="{TYPES_SPACE}"><Default Extension="xml" ContentType="text/xml"/>{default}</Types>'

    def _relations(self, office: str) -> str | None:
        targets = {}
        base = "/xl" if self.absolute else posixpath.relpath("/xl", "/" + posixpath.dirname(self.sheet))
        if self.part or self.old:
            targets["comments"] = f"{base}/comments1.xml"
        if self.drawing:
            targets["vmlDrawing"] = f"{base}/drawings/vmlDrawing1.vml"
        listed = "".join(
            f'<Relationship Id="RID{k}" Type="{office}/{kind}" Target="{target}"/>'
            for k, (kind, target) in enumerate(targets.items(), 1)
        )
        if not listed and not self.relations:
            return None
        if not listed and self.closed:
            return f'<Relationships xmlns="{RELATIONS_SPACE}"/>'
        return f'<Relationships xmlns="{RELATIONS_SPACE}">{listed}</Relationships>'

    def _sheet(self, office: str) -> str:
        p, space = self._prefix
        declared = f'{space}="{STRICT_MAIN if self.strict else MAIN}" xmlns:q="{office}" xmlns:mc="{MC}"'
        if not self.children and not self.drawing:
            return f"<{p}worksheet {declared} />" if self.closed else f"<{p}worksheet {declared}></{p}worksheet>"
        names = [n for n in (*BEFORE, "legacyDrawing", *BEHIND) if n in self.children]
        if self.drawing:
            names = [*[n for n in names if n in BEFORE], "legacyDrawing", *[n for n in names if n in BEHIND]]
        return f"<{p}worksheet {declared}>{''.join(map(self._child, names))}<!-- end --></{p}worksheet>"

    def _child(self, name: str) -> str:
        p, _ = self._prefix
        if name == "legacyDrawing":
            return f'<{p}legacyDrawing q:id="RID{2 if self.part or self.old else 1}"/>'
        made = f"<{p}{name}>{INSIDE.get(name, '').format(p=p)}</{p}{name}>"
        if name == self.conditional:
            return f'<mc:AlternateContent><mc:Choice Requires="x14">{made}</mc:Choice></mc:AlternateContent>'
        return made

    @property
    def _prefix(self) -> tuple[str, str]:
        return (f"{self.prefix}:", f"xmlns:{self.prefix}") if self.prefix else ("", "xmlns")

    @property
    def there(self) -> dict[str, str]:
        """The comments that are there, by their cells."""
        kinds = () if self.lacking == "both" else self.old
        return {f"{chr(65 + k)}1": "old" * (kind not in ("empty", "none", "empty t")) for k, kind in enumerate(kinds)}

    def _comments(self) -> str:
        p, space = self._prefix
        comments = "".join(
            f'<{p}comment ref="{chr(65 + k)}1" authorId="0">{OLD[kind].format(p=p)}</{p}comment>'
            for k, kind in enumerate(self.old)
        )
        listed = f"<{p}commentList>{comments}</{p}commentList>"
        authors = f"<{p}authors><{p}author>é</{p}author></{p}authors>"
        if not self.old and self.closed:
            listed, authors = f"<{p}commentList/>", f"<{p}authors />"
        authors *= self.lacking not in ("authors", "both")
        listed *= self.lacking != "both" and (bool(self.old) or self.lacking != "commentList")
        inside = f"{authors}{listed}<{p}extLst/>" if authors or listed or not self.closed else ""
        return f'<{p}comments {space}="{STRICT_MAIN if self.strict else MAIN}">{inside}</{p}comments>'

    def _vml(self) -> str:
        boxes = "".join(
            f'<v:shape id="_x0000_s{1025 + k}" type="#_x0000_t202"><v:textbox>a<br>b</v:textbox><x:ClientData '
            f'ObjectType="Note"><x:Row>0</x:Row><x:Column>{k}</x:Column></x:ClientData></v:shape>'
            for k, _ in enumerate(self.there)
        )
        return (
            '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel">'
            f'<v:shapetype id="_x0000_t202"/>{boxes}</xml>'
        )


def odd_books() -> st.SearchStrategy[Odd]:
    """Any of them."""
    names = st.lists(st.sampled_from([*BEFORE, *BEHIND]), unique=True).map(tuple)
    return st.builds(
        Odd, prefix=st.sampled_from(["", "x", "r", "é"]), strict=st.booleans(), bom=st.booleans(),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]), children=names,
        conditional=st.sampled_from(["", "oleObjects", "controls", "drawing"]), part=st.booleans(),
        lacking=st.sampled_from(["", "authors", "commentList", "both"]),
        old=st.lists(st.sampled_from(sorted(OLD)), max_size=4).map(tuple), closed=st.booleans(),
        drawing=st.booleans(), relations=st.booleans(), absolute=st.booleans(), upper=st.booleans(),
        vml=st.sampled_from([VML_TYPE, "", "text/plain"]),
        sheet=st.sampled_from(["xl/worksheets/sheet1.xml", "xl/Blätter/Tab elle.xml", "s.xml", "a/b/c/d.xml"]),
    )  # fmt: skip


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _space(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[0].lstrip("{")


class Notes:
    """The comments of the first sheet of a workbook, as a reader finds them that follows what the package says."""

    def __init__(self, path: Path, sheet: str = "xl/worksheets/sheet1.xml") -> None:
        with zipfile.ZipFile(path) as book:
            self.names = book.namelist()
            self.parts = {name: book.read(name) for name in self.names}
        self.by_name = {name.lstrip("/").casefold(): name for name in self.names}
        self.sheet = self._xml(sheet)
        folder, name = posixpath.split(sheet)
        relations = self._xml(f"{folder}/_rels/{name}.rels".lstrip("/"))
        self.targets = {
            element.get("Id", ""): (
                element.get("Type", ""), posixpath.normpath(posixpath.join("/", folder, element.get("Target", "")))
            )
            for element in relations
        }  # fmt: skip
        assert len(self.targets) == len(relations)
        (self.part,) = (target for type, target in self.targets.values() if type.endswith("/comments"))
        self.comments = self._xml(self.part)
        assert _space(self.comments) == _space(self.sheet)
        for root in (self.sheet, self.comments, relations, self._xml("[Content_Types].xml")):
            assert {_space(element) for element in root.iter()} <= {_space(root), MC}
        assert [_local(e) for e in self.comments if _local(e) != "extLst"] == ["authors", "commentList"]
        assert all(_local(e) != "extLst" for e in self.comments[:-1])
        assert all(_local(e) != "rPh" for text in self.comments.iterfind(".//{*}text") for e in text[:-1])
        self.texts: dict[str, str] = {}
        self.authors: dict[str, str | None] = {}
        names = [element.text for element in self.comments[0]]
        for comment in self.comments[1]:
            at = comment.attrib["ref"]
            assert at not in self.texts
            runs = [t for r in comment.iterfind("{*}text/{*}r/{*}t") for t in [r.text or ""]]
            plain = [t.text or "" for t in comment.iterfind("{*}text/{*}t")]
            assert not (runs and plain)
            self.texts[at] = "".join(runs or plain)
            self.authors[at] = names[int(comment.attrib["authorId"])]

    def _xml(self, part: str) -> ElementTree.Element:
        data = self.parts[self.by_name[part.lstrip("/").casefold()]]
        return ElementTree.fromstring(data.replace(b"<br>", b"").replace("<br>".encode("utf-16-le"), b""))

    def boxes(self) -> set[tuple[int, int]]:
        """Where the boxes of the drawing of comments belong, by row and column from 0."""
        (drawing,) = (element for element in self.sheet if _local(element) == "legacyDrawing")
        (id,) = drawing.attrib.values()
        type, self.drawing = self.targets[id]
        assert type.endswith("/vmlDrawing")
        root = self._xml(self.drawing)
        shapes = [element for element in root if _local(element) == "shape"]
        ids = [element.get("id") for element in root]
        assert len(set(ids)) == len(ids)
        cells = [
            tuple(int(e.text or "") for n in ("Row", "Column") for e in s.iterfind(f".//{{*}}{n}")) for s in shapes
        ]
        assert len(set(cells)) == len(cells)
        return {(row, column) for row, column in cells}

    def order(self) -> list[str]:
        """The children of the sheet, those of AlternateContent for itself."""
        return [_local(e[0][0] if _local(e) == "AlternateContent" else e) for e in self.sheet]

    def type(self, part: str) -> str:
        """The content type of a part."""
        types = self._xml("[Content_Types].xml")
        overrides = [e.get("ContentType", "") for e in types if e.get("PartName", "").lower() == part.lower()]
        extension = part.rpartition(".")[2].lower()
        defaults = [e.get("ContentType", "") for e in types if e.get("Extension", "").lower() == extension]
        assert len(overrides) <= 1 and len(defaults) <= 1
        return [*overrides, *defaults, ""][0]


def inserted_only(old: bytes, new: bytes) -> bool:
    """Whether nothing of the old bytes is gone, and their order is the same."""
    rest = iter(new)
    return all(byte in rest for byte in old)


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def changed(source: Path, target: Path) -> set[str]:
    """The parts that differ; what was there is there still, in its order, and in it bytes were only inserted."""
    old, new = parts(source), parts(target)
    assert list(new)[: len(old)] == list(old)
    assert all(inserted_only(old[name], new[name]) for name in old)
    return {name for name in new if old.get(name) != new[name]}


def stored(path: Path, made: Mapping[str, bytes]) -> Path:
    """A package of these parts."""
    with zipfile.ZipFile(path, "w") as book:
        for name, data in made.items():
            book.writestr(name, data)
    return path
