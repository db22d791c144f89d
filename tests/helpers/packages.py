"""Small workbooks written part by part, friendly and hostile."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from sheetgen.excel import package
from sheetgen.excel.read import MAX_DEPTH, MAX_FORMULA

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
CHAIN = '<Relationship Id="rId9" Type="' + OFFICE + '/calcChain" Target="calcChain.xml"/>'
CHAIN_TYPE = (
    '<Override PartName="/xl/calcChain.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/>'
)
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="t"><Default Extension="xml" ContentType="text/xml"/>{CHAIN_TYPE}</Types>',
    "_rels/.rels": f'<Relationships xmlns="r"><Relationship Id="a" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" r:id="rId1"/></sheets>'
    "</workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="r">{CHAIN}<Relationship Id="rId1" '
    f'Type="{OFFICE}/worksheet" Target="/xl/worksheets/sheet1.xml"></Relationship></Relationships>',
    "xl/calcChain.xml": "<calcChain/>",
    SHEET: "",
}


def sheet(cells: str) -> str:
    """A worksheet part around some cells of row 1."""
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'


def write(path: Path, parts: dict[str, str | bytes]) -> Path:
    """A small workbook with some of its parts replaced; a part of '' is left out."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in {**PARTS, **parts}.items():
            if text:
                book.writestr(name, text)
    return path


def with_cells(path: Path, cells: str) -> Path:
    return write(path, {SHEET: sheet(cells)})


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing file": (lambda path: None, "cannot be opened"),
    "text": (lambda path: path.write_text("hello"), "no complete zip"),
    "empty": (lambda path: path.write_bytes(b""), "no complete zip"),
    "encrypted": (lambda path: path.write_bytes(package.OLE + bytes(600)), "encrypted"),
    "truncated": (lambda path: path.write_bytes(with_cells(path, "").read_bytes()[:-40]), "no complete zip"),
    "no workbook": (lambda path: write(path, {"xl/workbook.xml": ""}), "lacks the part xl/workbook.xml"),
    "no sheet": (lambda path: write(path, {SHEET: ""}), f"lacks the part {SHEET}"),
    "no target": (lambda path: write(path, {"xl/_rels/workbook.xml.rels": "<R/>"}), "no part for the sheet S"),
    "no office document": (lambda path: write(path, {"_rels/.rels": "<R/>"}), "names no workbook"),
    "broken": (lambda path: write(path, {SHEET: "<a><b></a>"}), "broken XML"),
    "utf-16": (lambda path: write(path, {SHEET: sheet("").encode("utf-16")}), "not in UTF-8"),
    "external entity": (
        lambda path: write(path, {SHEET: '<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/passwd">]><w>&e;</w>'}),
        "DOCTYPE",
    ),
    "billion laughs": (
        lambda path: write(path, {"xl/workbook.xml": '<!DOCTYPE w [<!ENTITY e "h"><!ENTITY f "&e;&e;">]><w a="&f;"/>'}),
        "DOCTYPE",
    ),
    "zip bomb": (lambda path: write(path, {SHEET: sheet(" " * 40_000_000)}), "unpacks to too much"),
    "many elements": (lambda path: write(path, {"xl/workbook.xml": "<w>" + "<a/>" * 100_000 + "</w>"}), "elements"),
    "many parts": (lambda path: write(path, {f"p{n}": "x" for n in range(10_001)}), "more than 10,000"),
    "twice": (lambda path: write(path, {SHEET: sheet(""), SHEET.upper(): sheet("")}), "twice"),
    "same cell": (lambda path: with_cells(path, '<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c>'), "twice"),
    "same cell, empty": (lambda path: with_cells(path, '<c r="A1"><v>1</v></c><c r="A1" s="1"/>'), "twice"),
    "cell in a cell": (lambda path: with_cells(path, '<c r="A1"><c r="A2"><v>1</v></c></c>'), "twice"),
    "two sheets": (
        lambda path: write(path, {"xl/workbook.xml": PARTS["xl/workbook.xml"].replace(
            "</sheets>", f'<sheet name="s" r:id="rId1" xmlns:r="{OFFICE}"/></sheets>')}), "two sheets of one name",
    ),
    "address": (lambda path: with_cells(path, '<c r="1A"><v>1</v></c>'), "address"),
    "nan": (lambda path: with_cells(path, '<c r="B7"><v>NaN</v></c>'), "S!B7 the value 'NaN'"),
    "infinite": (lambda path: with_cells(path, '<c r="B7"><v>1E999</v></c>'), "S!B7"),
    "underscore": (lambda path: with_cells(path, '<c r="B7"><v>1_0</v></c>'), "S!B7"),
    "string": (lambda path: with_cells(path, '<c r="B7" t="s"><v>7</v></c>'), "S!B7"),
    "boolean": (lambda path: with_cells(path, '<c r="B7" t="b"><v>2</v></c>'), "S!B7"),
    "orphan": (lambda path: with_cells(path, '<c r="B7"><f t="shared" si="3"/></c>'), "nowhere written out"),
    "long": (lambda path: with_cells(path, f'<c r="A1"><f>{"1" * (MAX_FORMULA + 1)}</f></c>'), "8,193 characters"),
    "deep": (
        lambda path: with_cells(path, f'<c r="A1"><f>{"(" * (MAX_DEPTH + 1)}1{")" * (MAX_DEPTH + 1)}</f></c>'), "deep"
    ),
}  # fmt: skip
