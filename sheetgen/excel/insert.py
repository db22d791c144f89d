"""A copy of a package with text inserted into some of its parts and with new parts; all else stays byte for byte."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from sheetgen.base.files import CannotWrite, move_into_place, staging
from sheetgen.base.text import plain
from sheetgen.excel.package import MAX_ELEMENTS, Attributes, Package, UnreadableWorkbook

_STARTS = {b"\xff\xfe": "utf-16-le", b"<\0": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\0<": "utf-16-be"}
_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_BREAK = re.compile(rb"(?i)<br>")  # of HTML, which the drawings of Excel hold unclosed
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a copy is the same whenever it is made


class Source(Package):
    """A package to be copied; a part may be in UTF-16, and its name may differ in case or have a slash before it.

    Its parts are given as UTF-8, and offsets count the bytes of that. Raises UnreadableWorkbook.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self.names = {key(name): name for name in self.zip.namelist()}

    def real(self, part: str) -> str | None:
        """What a part is called in the zip, if it is there."""
        return part if part in self.zip.NameToInfo else self.names.get(key(part))

    def stored(self, part: str) -> Iterator[bytes]:
        """The bytes of a part as they are."""
        return super().chunks(self.real(part) or part)

    def encoding(self, part: str) -> str:
        """Whether a part is in UTF-16, in either order of bytes, or in UTF-8, which nothing else is told from."""
        return _STARTS.get(next(self.stored(part), b"")[:2], "utf-8")

    def chunks(self, part: str) -> Iterator[bytes]:
        """The bytes of a part in UTF-8."""
        try:
            yield from _recoded(self.stored(part), self.encoding(part), "utf-8")
        except UnicodeError:
            self.refuse(f"is damaged in {part}: it is no UTF-16")

    def with_inserts(self, part: str, inserts: Sequence[tuple[int, str]]) -> Iterator[bytes]:
        """The bytes of a part, in its own encoding, with texts inserted at offsets."""
        return _recoded(_inserted(self.chunks(part), inserts), "utf-8", self.encoding(part))


@dataclass
class Element:
    """An element of a part, and where it stands: the offsets of its start tag, of its end tag, and of what follows it.

    Of an empty one, <a/>, which is `closed`, the last two are the same. Names are without their namespace.
    """

    tag: str
    space: str
    prefix: str
    attributes: Attributes
    start: int
    end: int = 0
    after: int = 0
    closed: bool = False
    text: str = ""
    children: list[Element] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, attributes: Attributes, start: int) -> Element:
        """From what expat gives: 'namespace}local}prefix'."""
        space, tag, prefix = split(name)
        names = {split(key)[1]: value for key, value in attributes.items() if "}" in key}
        names |= {key: value for key, value in attributes.items() if "}" not in key}
        return cls(tag, space, prefix, names, start)

    def all(self, tag: str) -> list[Element]:
        """The children of one name."""
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> Element | None:
        """The first child of that name."""
        return next(iter(self.all(tag)), None)

    def prefixed(self, xml: str) -> str:
        """XML that is written without a prefix, with that of this element, in which it then stands."""
        return re.sub(r"(</?)(?=\w)", rf"\1{self.prefix}:", xml) if self.prefix else xml


class Edits:
    """What a copy has that its source has not: texts at offsets of parts, and new parts, which are ASCII."""

    def __init__(self) -> None:
        self.inserts: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.parts: dict[str, str] = {}

    def insert(self, part: str, offset: int, text: str) -> None:
        """Insert at an offset, after what was inserted there before."""
        self.inserts[part].append((offset, text))

    def within(self, part: str, element: Element, text: str, before: Iterable[str] = ()) -> None:
        """Insert at the end of an element, or before the first of its children with one of these names.

        An empty one, <a/>, becomes <a>text<!--/>--></a>, for nothing is taken away. Of such a one, call it once.
        """
        later = [child.start for child in element.children if child.tag in before]
        if later:
            self.insert(part, later[0], text)
        elif element.closed:
            self.insert(part, element.end - len("/>"), f">{text}<!--")
            self.insert(part, element.end, f"--></{element.prefix}{':' * bool(element.prefix)}{element.tag}>")
        else:
            self.insert(part, element.end, text)


def tree(book: Source, part: str, html: bool = False) -> tuple[Element, dict[str, str]]:
    """(the root of a part that is read at once, the namespaces of the prefixes that it declares).

    `html`: an unclosed <br> in it is passed over. Raises UnreadableWorkbook.
    """
    data = whole(book, part)
    stack: list[Element] = []
    texts: list[list[str]] = []
    roots: list[Element] = []
    spaces: dict[str, str] = {}
    count = 0

    def start(name: str, attributes: Attributes) -> None:
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS:
            book.refuse(f"has more than {MAX_ELEMENTS:,} elements in {part}")
        element = Element.of(name, attributes, parser.CurrentByteIndex)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)
        texts.append([])

    def end(_: str) -> None:
        element = stack.pop()
        element.text = "".join(texts.pop())
        element.end = element.after = parser.CurrentByteIndex
        element.closed = (tag := _TAG.match(data, element.start)) is not None and tag[0].endswith(b"/>")
        if not element.closed:
            element.after = data.index(b">", element.end) + 1

    def text(characters: str) -> None:
        texts[-1].append(characters)

    def declare(prefix: str | None, uri: str | None) -> None:
        if not roots:
            spaces[prefix or ""] = uri or ""

    parser = reading(book)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartNamespaceDeclHandler = declare
    try:
        parser.Parse(_BREAK.sub(lambda match: b" " * len(match[0]), data) if html else data, True)
    except expat.ExpatError as error:
        raise UnreadableWorkbook(f"{book.path.name} has broken XML in {part}: {error}.") from error
    return roots[0], spaces


def reading(book: Package) -> expat.XMLParserType:
    """A parser whose names are 'namespace}local}prefix', for Element.of."""
    parser = book.parser()
    parser.namespace_prefixes = True
    return parser


def key(part: str) -> str:
    """Equal for names of one part: neither case nor a slash before it counts."""
    return part.lstrip("/").casefold()


def save(book: Source, target: Path, edits: Edits) -> None:
    """Write the copy: the parts in their order, then the new ones. Raises CannotWrite and UnreadableWorkbook."""
    if target.exists() and target.samefile(book.path):
        raise CannotWrite(f"{plain(target)}: the file cannot be written (it is what is copied): choose another name")
    book.unpacked = 0  # what is copied was read before
    with staging(target, CannotWrite, "choose another name") as folder:
        draft = folder / "draft"
        with zipfile.ZipFile(draft, "w") as copy:
            copy.comment = book.zip.comment
            for info in book.zip.infolist():
                name = info.filename
                inserts = edits.inserts.get(name)
                chunks = book.with_inserts(name, inserts) if inserts else book.stored(name)
                with copy.open(_like(info), "w") as part:
                    for chunk in chunks:
                        part.write(chunk)
            for name, text in edits.parts.items():
                copy.writestr(zipfile.ZipInfo(name, _EARLIEST), text.encode("ascii"), zipfile.ZIP_DEFLATED)
        move_into_place(draft, target)


def _like(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The same entry of another zip, which has offsets of its own."""
    new = zipfile.ZipInfo(info.filename, info.date_time)
    for name in ("compress_type", "create_system", "external_attr", "internal_attr", "comment"):
        setattr(new, name, getattr(info, name))
    return new


def whole(book: Source, part: str) -> bytes:
    """A part that is read at once. Raises UnreadableWorkbook."""
    chunks, size = [], 0
    for chunk in book.text(part):
        size += len(chunk)
        book.check_held(part, size)
        chunks.append(chunk)
    return b"".join(chunks)


def split(name: str) -> tuple[str, str, str]:
    """(namespace, local name, prefix) of a name as `reading` has it."""
    space, tag, prefix, *_ = [*name.split("}"), ""] if "}" in name else ["", name, ""]
    return space, tag, prefix


def _recoded(chunks: Iterable[bytes], old: str, new: str) -> Iterator[bytes]:
    if old == new:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(old)()
    for chunk in chunks:
        yield decoder.decode(chunk).encode(new)
    yield decoder.decode(b"", True).encode(new)


def _inserted(chunks: Iterable[bytes], inserts: Sequence[tuple[int, str]]) -> Iterator[bytes]:
    left, at = deque(sorted(inserts, key=lambda insert: insert[0])), 0
    for chunk in chunks:
        begin = 0
        while left and left[0][0] <= at + len(chunk):
            offset, text = left.popleft()
            yield chunk[begin : offset - at]
            yield text.encode()
            begin = offset - at
        yield chunk[begin:]
        at += len(chunk)
