"""The zip and the XML of a stranger's workbook, read without trusting either."""

import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn, Self
from urllib.parse import unquote
from xml.parsers import expat

from sheetgen.base.errors import UserError
from sheetgen.base.text import plain

MAX_BYTES = 2**31 - 1  # all parts together, unpacked
MAX_RATIO = 200  # a part of more than RATIO_FROM bytes may unpack to this many times its packed size
RATIO_FROM = 16 * 2**20
MAX_PARTS = 10_000
MAX_ELEMENTS = 100_000  # in a part that is read as a list: the workbook, relationships
MAX_HELD = 2**25  # bytes of XML that are kept as a list or a tree, which takes up to 50 times as many
MAX_RUN = 2**24  # bytes from one < to the next: expat holds a whole tag, and reads it again with every chunk
MAX_WHY = 300  # characters
CHUNK = 2**16
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of encrypted .xlsx files and of the old .xls
FOREIGN = frozenset((".csv", ".tsv", ".ods", ".fods", ".numbers", ".xlsb", ".gsheet"))  # of other programs and formats
DOCTYPE = b"<!DOCTYPE"

Attributes = dict[str, str]


class UnreadableWorkbook(UserError):
    """The file is no workbook that can be read safely; the message is one sentence for a person."""


class UnsafeXML(UnreadableWorkbook):
    """It is one part, whose XML is of a kind that no workbook needs."""


class Relation(NamedTuple):
    """A relationship; `kind` is the last word of its type, `target` a part, or a URL or #place if `external`."""

    id: str
    kind: str
    target: str
    external: bool

    @classmethod
    def of(cls, part: str, attributes: Mapping[str, str]) -> Self:
        """Read the attributes of a <Relationship> of a part."""
        target = attributes.get("Target", "")
        external = attributes.get("TargetMode") == "External" or target.startswith("#")
        if not external:
            target = posixpath.normpath(posixpath.join("/", posixpath.dirname(part), unquote(target))).lstrip("/")
        return cls(attributes.get("Id", ""), attributes.get("Type", "").rpartition("/")[2], target, external)


class Archive:
    """The parts of a zip, unpacked in chunks under a budget of bytes that were really seen.

    Raises OSError if there is no such file, and else UnreadableWorkbook alone.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.unpacked = 0
        if not (self.path.is_file() or self.path.is_dir()) and self.path.exists():  # a device or a pipe may never end
            self.refuse("is no ordinary file")
        with self.path.open("rb") as file:
            if self.path.suffix.lower() in FOREIGN:
                self.refuse("is not an .xlsx: open it in a spreadsheet program, and save it as one")
            if file.read(len(OLE)) == OLE:
                self.refuse("is encrypted or in the old .xls format: save it as an .xlsx without a password")
        try:
            self.zip = zipfile.ZipFile(self.path)
        except Exception as error:  # a directory of rubbish raises whatever struct, codecs and zipfile think of
            raise UnreadableWorkbook(f"{self.path.name} is not an .xlsx: it is no complete zip file.") from error
        try:
            self._check_directory()
        except UnreadableWorkbook:
            self.zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def refuse(self, why: str, kind: type[UnreadableWorkbook] = UnreadableWorkbook) -> NoReturn:
        """Raise UnreadableWorkbook, 'book.xlsx <why>.'"""
        raise kind(f"{self.path.name} {plain(why, MAX_WHY)}.")

    def _check_directory(self) -> None:
        infos = self.zip.infolist()
        if len(infos) > MAX_PARTS:
            self.refuse(f"has {len(infos):,} parts, more than {MAX_PARTS:,}")
        if (declared := sum(info.file_size for info in infos)) > MAX_BYTES:
            self.refuse(f"would unpack to {declared:,} bytes, more than {MAX_BYTES:,}")
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
            self.refuse("is compressed in a way that no .xlsx is")
        self.twice = [name for name, n in Counter(info.filename.casefold() for info in infos).items() if n > 1]

    def chunks(self, part: str) -> Iterator[bytes]:
        """The unpacked bytes of one part; the sizes that the file declares are not believed."""
        info = self.zip.NameToInfo.get(part)
        if info is None:
            self.refuse(f"lacks the part {part}")
        packed, seen = info.compress_size, 0
        try:
            with self.zip.open(part) as stream:
                while chunk := stream.read(CHUNK):
                    seen += len(chunk)
                    self.unpacked += len(chunk)
                    if self.unpacked > MAX_BYTES or (seen > RATIO_FROM and seen > MAX_RATIO * packed):
                        self.refuse(f"unpacks to too much: {part} reached {seen:,} bytes from {packed:,}")
                    yield chunk
        except UnreadableWorkbook:
            raise
        except Exception as error:  # here too, and zlib
            self.refuse(f"is damaged in {part}: {str(error).rstrip('.') or 'it ends too early'}")

    def text(self, part: str) -> Iterator[bytes]:
        """The chunks of one XML part, for a parser that takes it to be UTF-8 whatever it says of itself."""
        run, before = 0, b""
        for chunk in self.chunks(part):
            if b"\0" in chunk:  # so would be every other byte of UTF-16, which the format allows and nobody writes
                self.refuse(f"is not in UTF-8 in {part}", UnsafeXML)
            if DOCTYPE in (seen := before + chunk):  # and with it every entity
                self.refuse(f"has a DOCTYPE in {part}, which no workbook needs", UnsafeXML)
            before = seen[1 - len(DOCTYPE) :]
            first, last = chunk.find(b"<"), chunk.rfind(b"<")
            run += len(chunk) if first < 0 else first
            if run > MAX_RUN:
                self.refuse(f"has a tag or a text of more than {MAX_RUN:,} bytes in {part}", UnsafeXML)
            run = run if first < 0 else len(chunk) - last
            yield chunk

    def check_held(self, part: str, size: int) -> None:
        """Refuse to keep more bytes of one part than MAX_HELD."""
        if size > MAX_HELD:
            self.refuse(f"has more than {MAX_HELD:,} bytes in {part} that must be read at once")


class Package(Archive):
    """The parts of an .xlsx for expat. Raises UnreadableWorkbook."""

    def __init__(self, path: str | Path) -> None:
        try:
            super().__init__(path)
        except OSError as error:
            raise UnreadableWorkbook(f"{Path(path).name} cannot be opened: {error.strerror or error}.") from error

    def _check_directory(self) -> None:
        super()._check_directory()
        # Two readers may choose different ones of two parts with one name; then the judge and Excel see two books.
        if self.twice:
            self.refuse(f"holds the part {self.twice[0]} twice")

    def parser(self) -> expat.XMLParserType:
        """An expat parser, names as 'namespace}local'."""
        parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        return parser

    def parse(self, part: str, parser: expat.XMLParserType) -> Iterator[bytes]:
        """Feed a part to its parser, yielding each chunk just before the parser sees it."""
        try:
            for chunk in self.text(part):
                yield chunk
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableWorkbook(f"{self.path.name} has broken XML in {part}: {error}.") from error

    def parse_whole(self, part: str, parser: expat.XMLParserType) -> None:
        """Feed a part of which much is kept, and which may be no larger than MAX_HELD, to its parser."""
        size = 0
        for chunk in self.parse(part, parser):
            size += len(chunk)
            self.check_held(part, size)

    def elements(self, part: str) -> list[tuple[str, Attributes, str]]:
        """(local name, attributes, text up to the first child) of every element, for small parts."""
        elements: list[tuple[str, Attributes, list[str]]] = []

        def start(tag: str, attributes: Attributes) -> None:
            if len(elements) == MAX_ELEMENTS:
                self.refuse(f"has more than {MAX_ELEMENTS:,} elements in {part}")
            elements.append((local(tag), attributes, []))

        parser = self.parser()
        parser.StartElementHandler = start
        parser.CharacterDataHandler = lambda text: elements[-1][2].append(text)
        self.parse_whole(part, parser)
        return [(tag, attributes, "".join(text)) for tag, attributes, text in elements]

    def relations(self, part: str, required: bool = True) -> dict[str, Relation]:
        """The relationships that start at a part ('' is the package) and end in the file, by their ids.

        Unless `required`, a part may have none.
        """
        if not required and relations_of(part) not in self.zip.NameToInfo:
            return {}
        tags = [attributes for tag, attributes, _ in self.elements(relations_of(part)) if tag == "Relationship"]
        relations = [Relation.of(part, attributes) for attributes in tags]
        return {relation.id: relation for relation in relations if not relation.external}

    def workbook(self) -> str:
        """The name of the workbook part."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument":
                return relation.target
        self.refuse("names no workbook part")


def local(name: str) -> str:
    """A name without its namespace: transitional and strict files differ in nothing else here."""
    return name.rpartition("}")[2]


def relations_of(part: str) -> str:
    """xl/workbook.xml -> xl/_rels/workbook.xml.rels"""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")
