"""The parts of a workbook as trees, their types and the relationships between them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped,unused-ignore]

from sheetgen.base.finding import Finding
from sheetgen.base.text import plain
from sheetgen.excel.package import Archive, Relation, UnreadableWorkbook, UnsafeXML, local, relations_of

Element = Any  # an lxml element: lxml has no types of its own
TYPES = "[Content_Types].xml"
PARSING = {
    "encoding": "utf-8", "resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True,
    "remove_pis": True,
}  # fmt: skip
MOST_PROBLEMS, LONGEST = 100_000, 500
# XPath, because lxml looks up every attribute that it lists: a million in one tag would take hours.
_REFERENCES = etree.XPath("//@*[contains(namespace-uri(), '/relationships')]")
_IDS = [f"{{http://{namespace}/relationships}}id" for namespace in (
    "schemas.openxmlformats.org/officeDocument/2006", "purl.oclc.org/ooxml/officeDocument",
)]  # fmt: skip
Add = Callable[[str, str, str], None]  # rule, cell, message


def relation_id(element: Element) -> str:
    """Its r:id, of a transitional or a strict file; '' if it has none."""
    return next((value for name in _IDS if (value := element.get(name))), "")


class Findings(list[Finding]):
    """The findings so far."""

    def add(self, rule: str, sheet: str, cell: str, message: str) -> None:
        """Add one; a part that is the package itself is called so."""
        if len(self) == MOST_PROBLEMS:
            raise UnreadableWorkbook(f"there are more than {MOST_PROBLEMS:,} problems.")
        self.append(Finding(rule, plain(sheet, LONGEST) or "package", plain(cell, LONGEST), plain(message, LONGEST)))

    def on(self, sheet: str) -> Add:
        """The same for one sheet."""
        return lambda rule, cell, message: self.add(rule, sheet, cell, message)

    def add_all(self, faults: Iterable[tuple[str, str]], sheet: str, cell: str, before: str = "") -> None:
        """Add (rule, message) of one place each; `before`: a sentence that all messages begin with."""
        for rule, message in faults:
            self.add(rule, sheet, cell, f"{before} {message}".lstrip())


class _Source:
    """An XML part as a file that a parser reads; of what becomes a tree it counts the bytes."""

    def __init__(self, package: Archive, part: str) -> None:
        self.package, self.part, self.chunks = package, part, package.text(part)
        self.held = self.before = self.last = 0
        self.home: Element | None = None

    def read(self, _: int) -> bytes:
        chunk = next(self.chunks, b"")
        self.held, self.last = self.held + len(chunk), len(chunk)
        self.package.check_held(self.part, self.held)
        return chunk

    def forget(self, element: Element) -> None:
        """Empty an element that has ended, and drop what stands before it."""
        parent = element.getparent()
        element.clear(keep_tail=False)
        while parent is not None and element.getprevious() is not None:
            del parent[0]
        if parent is self.home:
            self.held = self.before + self.last  # no more is left since the first one of its siblings
        else:
            self.home, self.before = parent, self.held


class LintPackage(Archive):
    """The parts of one file; each XML part is parsed at most once and its syntax errors are reported."""

    def __init__(self, path: str | Path, report: Findings) -> None:
        super().__init__(path)
        self.report = report
        self.parts = {name for name in self.zip.namelist() if not name.endswith("/")}
        self.checked: set[str] = set()
        self._relations: dict[str, list[Relation]] = {}
        for name in self.twice:
            report.add("zip-duplicate", name, "", "The part is in the zip more than once: write it once.")

    def tree(self, part: str) -> Element | None:
        """The root element, or None for a missing or unreadable part."""
        self.checked.add(part)
        return self.stream(part) if part in self.parts else None

    def stream(self, part: str, tag: str = "", visit: Callable[[Element], object] = lambda _: None) -> Element | None:
        """Visit each element of that name as it ends and forget it; the root without them, None if unreadable."""
        self.checked.add(part)
        source = _Source(self, part)
        events = etree.iterparse(source, events=("end",) if tag else (), tag=f"{{*}}{tag}" if tag else None, **PARSING)
        try:
            for _, element in events:
                visit(element)
                source.forget(element)
        except etree.XMLSyntaxError as error:
            self.syntax(part, error)
        except UnsafeXML as error:
            self.report.add("xml-syntax", part, "", str(error))
        else:
            return events.root
        return None

    def syntax(self, part: str, error: Any) -> None:
        """Report what lxml refused."""
        if error.code == etree.ErrorTypes.ERR_INVALID_CHAR:
            message = f"The part holds a character that XML forbids (line {error.lineno}): remove it from the text."
            self.report.add("xml-character", part, "", message)
        else:
            self.report.add("xml-syntax", part, "", f"The XML is broken: {error.msg}; write it with an XML library.")

    def relations(self, part: str) -> list[Relation]:
        """The relationships that start at a part, '' for the package itself."""
        if part not in self._relations:
            self._relations[part] = list(self._read_relations(part))
        return self._relations[part]

    def _read_relations(self, part: str) -> Iterator[Relation]:
        root = self.tree(relations_of(part))
        seen: set[str] = set()
        for item in root if root is not None else ():
            if local(item.tag) == "Relationship":
                relation = Relation.of(part, item.attrib)
                if relation.id in seen:
                    message = f"Relationship {relation.id} is there twice: number them differently."
                    self.report.add("relationship", part, "", message)
                seen.add(relation.id)
                yield relation

    def related(self, part: str, kind: str) -> list[str]:
        """The existing parts of one kind that a part leads to."""
        return [r.target for r in self.relations(part) if r.kind == kind and not r.external and r.target in self.parts]

    def check_ids(self, part: str, root: Element) -> None:
        """Every r:id, r:embed, ... must be a relationship of the part."""
        known = {relation.id for relation in self.relations(part)}
        for value in _REFERENCES(root):
            if value and value not in known:
                message = f"{local(value.getparent().tag)} uses {value}, which is no relationship of the part: add it."
                self.report.add("relationship", part, "", message)

    def check(self) -> None:
        """The whole package: content types, relationships, orphans, and the XML nobody else has read."""
        reached = {TYPES}
        waiting = [""]
        while waiting:
            part = waiting.pop()
            reached.update({part, relations_of(part)})
            for relation in self.relations(part):
                waiting.extend(() if relation.external or relation.target in reached else [relation.target])
                self._check_target(part, relation)
                reached.update(() if relation.external else {relation.target})
        for part in sorted(self.parts - reached):
            self.report.add("orphan-part", part, "", "No relationship leads to the part: remove it or relate it.")
        for part in sorted(self.parts - set(self.types) - {TYPES}):
            self.report.add("content-type", part, "", "[Content_Types].xml does not name the part: add an Override.")
        for part in sorted(self.parts - self.checked):
            # What other programs keep in customXml is theirs: Power Query writes UTF-16.
            if part.endswith((".xml", ".rels", ".vml")) and not part.startswith("customXml/"):
                self.tree(part)

    def _check_target(self, part: str, relation: Relation) -> None:
        target = relation.target
        if relation.external:
            if relation.kind not in ("hyperlink", "externalLinkPath"):
                message = f"{target} lies outside the file: put it into the package."
                self.report.add("external-link", part, "", message)
        elif target not in self.parts:
            message = f"Relationship {relation.id} leads to {target}, which is not in the file: add or remove it."
            self.report.add("relationship", part, "", message)
        elif target.endswith(".xml") and relation.kind != "customXml" and self.types.get(target) == "application/xml":
            message = f"Its content type is plain XML, so Excel takes it for no {relation.kind}: add an Override."
            self.report.add("content-type", target, "", message)

    @cached_property
    def types(self) -> dict[str, str]:
        """Part -> content type, for the parts that have one; overrides of absent or repeated parts are problems."""
        root = self.tree(TYPES)
        items = [] if root is None else list(root)
        endings = {item.get("Extension", "").lower(): item.get("ContentType", "") for item in items}
        named = [(item.get("PartName", "")[1:], item.get("ContentType", "")) for item in items if item.get("PartName")]
        for part, times in Counter(part for part, _ in named).items():
            if part not in self.parts or times > 1:
                message = "[Content_Types].xml names the part twice, or it is not in the file: keep one entry per part."
                self.report.add("content-type", part, "", message)
        by_ending = {part: endings.get(part.rpartition(".")[2].lower(), "") for part in self.parts}
        return {part: kind for part, kind in (by_ending | dict(named)).items() if kind}
