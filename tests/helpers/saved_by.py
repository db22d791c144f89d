"""Make tests/data/saved_by: one workbook with one wrong gradient, saved by five programs. Run it to make them again:

python tests/saved_by.py FOLDER_WITH_NODE_MODULES_OF_SHEETJS (it needs soffice, ssconvert and node, too)
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
from judge_grid import Book
from judge_mutants import Mutant, mutant
from packages import MAIN, OFFICE

FOLDER = Path(__file__).parents[1] / "data" / "saved_by"
PROGRAMS = ("LibreOffice", "Gnumeric", "openpyxl", "SheetJS", "inline strings")
JS = 'const x=require("xlsx");x.writeFile(x.readFile(process.argv[1],{cellFormula:true}),process.argv[2]);'


def original() -> Mutant:
    """One table with a chart, a defined name and text; a_h1*(1-a_h1) stands for a_h2*(1-a_h2) in one gradient."""
    made = mutant(2, 1134, (8, 8))
    made.book.calculate()
    return made


def path(program: str) -> Path:
    """The file that a program saved."""
    return FOLDER / f"{program.lower().replace(' ', '-')}.xlsx"


def inline(book: Book) -> Iterator[tuple[str, str]]:
    """The parts of a workbook as web services write it: no table of strings, no styles, no dimensions."""
    sheets = "".join(f'<sheet name="{escape(s)}" sheetId="{n}" r:id="r{n}"/>' for n, s in enumerate(book.sheets, 1))
    names = "".join(f'<definedName name="{name}">{escape(text)}</definedName>' for name, text in book.names.items())
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(book.sheets) + 1)
    )
    relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    yield (
        "[Content_Types].xml",
        (
            f'<Types xmlns="{types}"><Default Extension="xml" ContentType="{spreadsheet}.worksheet+xml"/><Default '
            'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            f'PartName="/xl/workbook.xml" ContentType="{spreadsheet}.sheet.main+xml"/></Types>'
        ),
    )
    yield (
        "_rels/.rels",
        (
            f'<Relationships xmlns="{relationships}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'
        ),
    )
    yield "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{relationships}">{links}</Relationships>'
    yield (
        "xl/workbook.xml",
        (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets>'
            f"{f'<definedNames>{names}</definedNames>' if names else ''}</workbook>"
        ),
    )
    for number, cells in enumerate(book.entries().values(), 1):
        rows: dict[int, list[str]] = {}
        for at, (formula, value) in cells.items():
            text = "" if formula is None else f"<f>{escape(formula)}</f>"
            typed = isinstance(value, str)
            held = f"<is><t>{escape(str(value))}</t></is>" if typed and not text else f"{text}<v>{value!r}</v>"
            row = int("".join(c for c in at if c.isdigit()))
            rows.setdefault(row, []).append(f"""<c r="{at}"{' t="inlineStr"' if typed else ""}>{held}</c>""")
        data = "".join(f'<row r="{row}">{"".join(texts)}</row>' for row, texts in sorted(rows.items()))
        yield f"xl/worksheets/sheet{number}.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'


def main(modules: str) -> None:
    """Write all five."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    book = original().book
    with tempfile.TemporaryDirectory() as folder:
        first = book.write(Path(folder) / "first.xlsx")
        convert = ["soffice", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", f"{folder}/out"]
        subprocess.run([*convert, str(first)], check=True, capture_output=True)
        (Path(folder) / "out" / "first.xlsx").replace(path("LibreOffice"))
        subprocess.run(["ssconvert", str(first), str(path("Gnumeric"))], check=True, capture_output=True)
        openpyxl.load_workbook(first).save(path("openpyxl"))
        subprocess.run(["node", "-e", JS, str(first), str(path("SheetJS"))], check=True, cwd=modules)
        with zipfile.ZipFile(path("inline strings"), "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in inline(book):
                file.writestr(name, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
