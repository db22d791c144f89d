"""A copy of a workbook without the cached values of its formulas, so that an engine must calculate them."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sheetgen.excel.package import Attributes, Package, local, relations_of

_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")


def blank(source: str | Path, target: str | Path) -> None:
    """Copy an .xlsx without the value and the type of every cell that has an <f>, and without the calculation chain.

    All else is kept byte for byte inside its part. Memory does not grow with the rows. Raises UnreadableWorkbook.
    """
    if Path(target).exists() and Path(target).samefile(source):
        raise ValueError("A workbook cannot be blanked onto itself.")
    with Package(source) as package, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as copy:
        workbook = package.workbook()
        relations = package.relations(workbook).values()
        editors: dict[str, type[_Editor]] = {r.target: _Sheet for r in relations if r.kind == "worksheet"}
        editors[relations_of(workbook)] = editors["[Content_Types].xml"] = _ChainLinks
        chains = {r.target for r in relations if r.kind == "calcChain"}
        for info in package.zip.infolist():
            if info.filename in chains:
                continue
            fresh = ZipInfo(info.filename, info.date_time)
            fresh.compress_type, fresh.external_attr = ZIP_DEFLATED, info.external_attr
            with copy.open(fresh, "w") as out:
                for piece in _edited(package, info.filename, editors.get(info.filename)):
                    out.write(piece)


def _edited(package: Package, part: str, editor: "type[_Editor] | None") -> Iterator[bytes]:
    return editor(package, part).pieces() if editor else package.chunks(part)


class _Editor:
    """Passes a part on as it is, except for the holes that its handlers cut; offsets are bytes of the part."""

    def __init__(self, package: Package, part: str) -> None:
        self.package, self.part = package, part
        self.bytes, self.base = bytearray(), 0  # what is not yet passed on, and the offset of its first byte
        self.safe: int | None = None  # the handlers still need everything from here on
        self.holes: list[tuple[int, int]] = []
        self.parser = package.parser()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end

    def start(self, tag: str, attributes: Attributes) -> None:
        raise NotImplementedError

    def end(self, tag: str) -> None:
        raise NotImplementedError

    @property
    def here(self) -> int:
        """The offset of the tag being handled."""
        return self.parser.CurrentByteIndex

    def tag(self, offset: int) -> tuple[int, bytes]:
        """(offset after the tag, the tag) for the tag that begins at an offset."""
        match = _TAG.match(self.bytes, offset - self.base)
        if match is None:
            self.package.refuse(f"has a tag in {self.part} that does not end")
        return self.base + match.end(), match.group()

    def pieces(self) -> Iterator[bytes]:
        for chunk in self.package.parse(self.part, self.parser):
            yield self._release(self.parser.CurrentByteIndex if self.safe is None else self.safe)
            self.bytes += chunk
        yield self._release(self.base + len(self.bytes))

    def _release(self, until: int) -> bytes:
        kept, position = bytearray(), self.base
        holes, self.holes = self.holes, []
        for begin, end in sorted(holes):
            kept += self.bytes[position - self.base : begin - self.base]
            position = end
        until = max(until, position)
        kept += self.bytes[position - self.base : until - self.base]
        del self.bytes[: until - self.base]
        self.base = until
        return bytes(kept)


class _Sheet(_Editor):
    """Cuts what is in the <v>, and the t=, of every cell with a formula."""

    # An empty <v></v> stays, because IronCalc prints a line for every formula without one.
    values: list[tuple[int, int]]
    formula = False
    value = 0

    def start(self, tag: str, attributes: Attributes) -> None:
        tag = local(tag)
        if tag == "c":
            self.safe, self.formula, self.values = self.here, False, []
        elif tag == "f":
            self.formula = True
        elif tag == "v":
            self.value = self.here

    def end(self, tag: str) -> None:
        tag = local(tag)
        if self.safe is None:
            return
        if tag == "v":
            after, opening = self.tag(self.value)
            self.values += [] if opening.endswith(b"/>") else [(after, self.here)]
        elif tag == "c":
            if self.formula:
                self.holes += self.values + self._type(self.safe)
            self.safe = None

    def _type(self, cell: int) -> list[tuple[int, int]]:
        _, tag = self.tag(cell)
        return [(cell + m.start(), cell + m.end()) for m in _ATTRIBUTE.finditer(tag) if m[1] == b"t"]


class _ChainLinks(_Editor):
    """Cuts what points to the calculation chain: a Relationship, an Override."""

    def start(self, tag: str, attributes: Attributes) -> None:
        kind = attributes.get("Type", "") + attributes.get("ContentType", "")
        if kind.endswith(("/calcChain", "calcChain+xml")):
            self.safe = self.here

    def end(self, tag: str) -> None:
        if self.safe is not None:
            after, opening = self.tag(self.safe)
            self.holes.append((self.safe, after if opening.endswith(b"/>") else self.tag(self.here)[0]))
            self.safe = None
