"""What a package lists: the types of its parts, and the relationships of one; for those that a copy adds."""

from __future__ import annotations

import posixpath
from itertools import count
from xml.sax.saxutils import quoteattr

from sheetgen.excel.insert import Edits, Element, Source, key, tree
from sheetgen.excel.package import Relation, relations_of

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = "[Content_Types].xml"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"


class Types:
    """What type each part has, and the names of parts that are free."""

    def __init__(self, book: Source) -> None:
        self.part = book.real(TYPES) or TYPES
        self.root, _ = tree(book, self.part)
        defaults = [element.attributes for element in self.root.all("Default")]
        overrides = [element.attributes for element in self.root.all("Override")]
        self.defaults = {a.get("Extension", "").lower(): a.get("ContentType", "") for a in defaults}
        self.overrides = {key(a.get("PartName", "")) for a in overrides}
        self.taken = {*book.names, *self.overrides}
        self.added = ""

    def new(self, pattern: str, type: str) -> str:
        """A name for a new part of a type, by a pattern such as xl/comments{}.xml."""
        part = next(name for k in count(1) if key(name := pattern.format(k)) not in self.taken)
        self.taken.add(key(part))
        self.add(part, type)
        return part

    def add(self, part: str, type: str) -> None:
        """A new part has a type."""
        extension = part.rpartition(".")[2].lower()
        if extension not in self.defaults and extension != "xml":
            self.defaults[extension] = type
            self.added += f'<Default Extension="{extension}" ContentType="{type}"/>'
        elif self.defaults.get(extension) != type and key(part) not in self.overrides:
            name = quoteattr("/" + part.lstrip("/"))
            self.added += (
                f'<Override PartName={name.encode("ascii", "xmlcharrefreplace").decode()} ContentType="{type}"/>'
            )

    def write(self, edits: Edits) -> None:
        """Insert what was added."""
        if self.added:
            edits.within(self.part, self.root, self.root.prefixed(self.added))


class Relations:
    """The relationships of a part, which may have none yet."""

    def __init__(self, book: Source, part: str) -> None:
        self.part, self.name = part, relations_of(part)
        self.root: Element | None = None
        self.all: list[Relation] = []
        if real := book.real(self.name):
            self.name, self.root = real, tree(book, real)[0]
            self.all = [Relation.of(part, element.attributes) for element in self.root.all("Relationship")]
        self.ids = {relation.id.casefold() for relation in self.all}
        self.added = ""

    def first(self, kind: str) -> Relation | None:
        """The first one of a kind that ends in the file."""
        return next((relation for relation in self.all if relation.kind == kind and not relation.external), None)

    def add(self, type: str, part: str) -> str:
        """Add one, and give its id."""
        id = next(id for k in count(1) if (id := f"rId{k}").casefold() not in self.ids)
        self.ids.add(id.casefold())
        target = posixpath.relpath(f"/{part}", posixpath.join("/", posixpath.dirname(self.part)))
        self.added += f'<Relationship Id="{id}" Type="{type}" Target="{target}"/>'
        return id

    def write(self, edits: Edits, types: Types) -> None:
        """Insert what was added."""
        if self.added and self.root:
            edits.within(self.name, self.root, self.root.prefixed(self.added))
        elif self.added:
            edits.parts[self.name] = f'{XML}<Relationships xmlns="{RELATIONS}">{self.added}</Relationships>'
            types.add(self.name, RELATIONS_TYPE)
