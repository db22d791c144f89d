"""The styles part: formats that exist, and number formats that Excel can read."""

import re
from collections.abc import Iterator

from sheetgen.excel.read import whole
from sheetgen.judge.lint.package import Element, Findings, LintPackage

MOST_FORMATS, LONGEST_CODE, SECTIONS, FIRST_CUSTOM = 65_490, 255, 4, 164
_CODE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.|(?P<end>;)|(?P<open>["\[\\_*])|.', re.S)


def code_fault(code: str) -> str:
    """Why Excel would refuse a number format; '' if it would not."""
    if not code or len(code) > LONGEST_CODE:
        return f"has {len(code)} characters: write 1 to 255"
    kinds = [match.lastgroup for match in _CODE.finditer(code)]
    if "open" in kinds:
        return "has a quote, a bracket or an escape that is not closed: close it"
    if kinds.count("end") >= SECTIONS:
        return "has more than four sections: positive;negative;zero;text is all there is"
    return ""


class Styles:
    """The number of cell formats and of differential formats, for those who refer to them."""

    def __init__(self, package: LintPackage, book: str, report: Findings) -> None:
        self.cell_formats = self.differential = 0
        self.report = report
        for part in package.related(book, "styles"):
            root = package.tree(part)
            if root is not None:
                self._read(part, root)
        self.allowed: set[str | None] = {None, *map(str, range(max(self.cell_formats, 1)))}

    def _read(self, part: str, root: Element) -> None:
        sizes = {name: len(root.findall(f"{{*}}{name}s/{{*}}{name}")) for name in ("font", "fill", "border")}
        codes: set[int] = set()
        for item in root.iterfind("{*}numFmts/{*}numFmt"):
            fault = code_fault(item.get("formatCode", ""))
            if fault:
                self.report.add("number-format", part, item.get("numFmtId", ""), f"The number format {fault}.")
            codes.add(whole(item.get("numFmtId")))
        bases = root.findall("{*}cellStyleXfs/{*}xf")
        formats = root.findall("{*}cellXfs/{*}xf")
        self.cell_formats, self.differential = len(formats), len(root.findall("{*}dxfs/{*}dxf"))
        if self.cell_formats > MOST_FORMATS:
            message = f"There are {self.cell_formats} cell formats, and Excel stops at 65,490: share equal ones."
            self.report.add("cell-formats", part, "", message)
        for index, item in enumerate((*bases, *formats)):
            for message in _missing(item, sizes | {"xf": len(bases)}, codes):
                self.report.add("style-index", part, str(index), message)
        for item in root.iterfind("{*}cellStyles/{*}cellStyle"):
            if whole(item.get("xfId")) >= len(bases):
                message = f"The cell style {item.get('name')} refers to a format that is not there: add it."
                self.report.add("style-index", part, item.get("name", ""), message)

    def differential_fault(self, index: str | None) -> str:
        """Why a dxfId is wrong; '' if it is right or absent."""
        if whole(index, -1) < self.differential:
            return ""
        return f"It uses differential format {index} and there are {self.differential}: add the format."


def _missing(item: Element, sizes: dict[str, int], codes: set[int]) -> Iterator[str]:
    """A message for each part of a cell format that is not there."""
    for name, size in sizes.items():
        if whole(item.get(f"{name}Id")) >= max(size, 1):
            yield f"The cell format uses {name} {item.get(f'{name}Id')} and there are {size}: add it."
    code = whole(item.get("numFmtId"))
    if code >= FIRST_CUSTOM and code not in codes:
        yield f"The cell format uses number format {code}, which is not defined: add it to numFmts."
