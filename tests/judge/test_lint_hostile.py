"""What a stranger may put into a file: the reader and the linter share one guard, and neither chokes."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from packages import HOSTILE, MAIN, OFFICE, PARTS, SHEET, sheet, with_cells, write

from sheetgen.base.finding import Finding
from sheetgen.excel import Entry, UnreadableWorkbook, package, read
from sheetgen.excel.a1 import column_letters
from sheetgen.judge.lint import lint
from sheetgen.judge.lint import package as lint_package

RELATIONS = "xl/_rels/workbook.xml.rels"


def found(path: Path, rule: str) -> str:
    """The messages of the problems of one rule."""
    return " ".join(problem.message for problem in lint(path) if problem.kind == rule)


@pytest.fixture
def usual(tmp_path: Path) -> set[Finding]:
    """What is wrong with the small workbook in any case."""
    return set(lint(with_cells(tmp_path / "book.xlsx", "")))


# The linter opens a book that is not there with an OSError, of brackets it counts those of functions, and it does not
# look for a cell within a cell.
@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - {"missing file", "deep", "cell in a cell"}))
def test_what_the_reader_refuses_the_linter_reports(name: str, usual: set[Finding], tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.unlink()
    HOSTILE[name][0](path)
    assert set(lint(path)) - usual


def around(inside: str) -> str:
    return f'<worksheet xmlns="{MAIN}">{inside}</worksheet>'


def rows(count: int, pattern: str = '<row r="{}"/>') -> str:
    return "".join(pattern.format(n) for n in range(1, count + 1))


TREES: dict[str, tuple[str, str]] = {
    "elements without rows": (SHEET, around("<sheetData/>" + "<junk/>" * 20_000)),
    "elements between rows": (SHEET, around(rows(6_000, '<sheetData><row r="{}"/></sheetData>'))),
    "one long row": (SHEET, around(f'<sheetData><row r="1">{"<c/>" * 30_000}</row></sheetData>')),
    "attributes": (SHEET, around(f"<sheetData/><a {' '.join(f'a{n}={chr(34) * 2}' for n in range(20_000))}/>")),
    "styles": ("xl/other.xml", "<a>" + "<xf/>" * 30_000 + "</a>"),
    "the workbook": ("xl/workbook.xml", f"<workbook xmlns='{MAIN}' a='{'x' * 200_000}'/>"),
}


@pytest.mark.parametrize("name", TREES)
def test_what_is_kept_is_bounded(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part, text = TREES[name]
    path = write(tmp_path / "b.xlsx", {SHEET: sheet(""), part: text})
    assert not found(path, "package")
    monkeypatch.setattr(package, "MAX_HELD", 100_000)
    assert "must be read at once" in found(path, "package")
    if part == "xl/workbook.xml":
        with pytest.raises(UnreadableWorkbook, match="must be read at once"):
            read(path)


def test_what_streams_by_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, shared strings and the calculation chain may each be longer than what is kept."""
    formulas = rows(20_000, '<row r="{0}"><c r="A{0}"><f>1</f><v>1</v></c></row>')
    strings = f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    parts = {
        SHEET: around(f"<sheetData>{formulas}</sheetData>"),
        "xl/workbook.xml": PARTS["xl/workbook.xml"].replace("<sheet ", '<sheet sheetId="1" '),
        RELATIONS: PARTS[RELATIONS].replace("<Relationship ", f"{strings}<Relationship ", 1),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="0">{"<si><t>text</t></si>" * 20_000}</sst>',
        "xl/calcChain.xml": f'<calcChain xmlns="{MAIN}">{rows(20_000, """<c r="A{}" i="1"/>""")}</calcChain>',
    }
    monkeypatch.setattr(package, "MAX_HELD", 300_000)  # a few chunks
    assert {problem.kind for problem in lint(write(tmp_path / "b.xlsx", parts))} == {"content-type"}


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path / "b.xlsx", {SHEET: sheet(f"<a/>{' ' * 1_000}" * 40_000)})
    assert "unpacks to too much" in found(path, "package")
    assert len([problem for problem in lint(path) if problem.kind == "package"]) == 1


@pytest.mark.parametrize(("chunk", "most"), [(1, 5_000), (7, 5_000), (2**16, 200_000)])
def test_tags_are_bounded(chunk: int, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "CHUNK", chunk)
    monkeypatch.setattr(package, "MAX_RUN", most)
    path = with_cells(tmp_path / "b.xlsx", f'<c r="A1" a="{"x" * (most - 100)}"><v>1</v></c>')
    assert read(path).sheets["S"] == {"A1": Entry(None, 1.0)} and not found(path, "xml-syntax")
    path = with_cells(tmp_path / "b.xlsx", f'<c r="A1" a="{"x" * (most + chunk)}"><v>1</v></c>')
    with pytest.raises(UnreadableWorkbook, match=f"more than {most:,} bytes"):
        read(path)
    assert f"more than {most:,} bytes" in found(path, "xml-syntax")


LAUGHS = '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ATTLIST c x CDATA "ha">]>'


@pytest.mark.parametrize("chunk", [1, 5, 2**16])
@pytest.mark.parametrize("before", ["", "<?xml version='1.0' encoding='UTF-7'?>", "<!-- - -->\n<?p <!?>"])
def test_no_entity_is_read(before: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "b.xlsx", {SHEET: before + LAUGHS + '<w a="&b;">&b;<c/></w>'})
    monkeypatch.setattr(package, "CHUNK", chunk)
    with pytest.raises(UnreadableWorkbook, match="DOCTYPE"):
        read(path)
    assert "DOCTYPE" in found(path, "xml-syntax")


def test_xml_is_utf_8_whatever_it_says(tmp_path: Path) -> None:
    text = sheet("").replace("?>", ' encoding="UTF-7"?>')
    hidden = text.replace("<worksheet", "+ADw-!DOCTYPE w+AD4-<worksheet")
    assert found(write(tmp_path / "b.xlsx", {SHEET: hidden}), "xml-syntax")
    assert not found(write(tmp_path / "b.xlsx", {SHEET: text}), "xml-syntax")
    mashup = "<?xml version='1.0' encoding='utf-16'?><DataMashup/>".encode("utf-16")
    assert not found(write(tmp_path / "b.xlsx", {SHEET: sheet(""), "customXml/item1.xml": mashup}), "xml-syntax")


def deep(path: Path) -> object:
    return write(path, {SHEET: "<a>" * 100_000 + "</a>" * 100_000})


def nested(path: Path) -> object:
    return with_cells(path, f'<c r="A1"><f>{"ABS(" * 100_000}1{")" * 100_000}</f></c>')


def tall_merges(path: Path) -> object:
    tall = "".join(
        f'<mergeCell ref="{letters}1:{letters}1048576"/>' for letters in map(column_letters, range(1, 8_001))
    )
    small = rows(30_000, '<mergeCell ref="XFC{0}:XFD{0}"/>')
    return write(path, {SHEET: around(f"<sheetData/><mergeCells>{tall}{small}</mergeCells>")})


def many_problems(path: Path) -> object:
    return write(path, {SHEET: around("<sheetData>" + '<row r="0"/>' * 200_000 + "</sheetData>")})


def digits(path: Path) -> object:
    return write(path, {SHEET: around(f'<sheetData><row r="{"9" * 5_000}"/></sheetData>')})


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "deep XML": (deep, "xml-syntax"),
    "nested formula": (nested, "formula-length"),
    "tall merges": (tall_merges, "content-type"),
    "many problems": (many_problems, "package"),
    "digits": (digits, "cell-address"),
    "bracket": (lambda path: with_cells(path, '<c r="[1"><v>1</v></c>'), "cell-address"),
    "accent": (lambda path: with_cells(path, '<c r="É1"><v>1</v></c>'), "cell-address"),
    "Arabic number": (lambda path: with_cells(path, '<c r="A1"><v>٣</v></c>'), "number-value"),
    "beyond the last column": (lambda path: with_cells(path, "<c/>" * 16_385), "cell-address"),
    "long value": (lambda path: with_cells(path, f'<c r="A1"><v>{"x" * 9_000}</v></c>'), "number-value"),
    "long address": (lambda path: with_cells(path, f'<c r="{"A" * 9_000}1"/>'), "cell-address"),
    "root is a row": (lambda path: write(path, {SHEET: "<!-- x --><row/>"}), "content-type"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_files_take_no_time_and_little_room(name: str, tmp_path: Path) -> None:
    make, rule = ODD[name]
    path = tmp_path / "b.xlsx"
    make(path)
    start = time.process_time()
    problems = lint(path)
    assert time.process_time() - start < 5
    assert rule in {problem.kind for problem in problems} and len(problems) <= lint_package.MOST_PROBLEMS + 1
    for problem in problems:
        assert len(problem.sheet + problem.cells + problem.message) < 2_000 and problem.message.endswith(".")


def test_comments_in_a_cell_are_not_its_text(tmp_path: Path) -> None:
    path = with_cells(tmp_path / "b.xlsx", '<c r="A1"><!-- x --><?p x?><f>1+<!-- x -->1</f><v>1<!-- x -->2</v></c>')
    assert read(path).sheets["S"] == {"A1": Entry("1+1", 12.0)}
    assert {problem.kind for problem in lint(path)} == {"content-type"}


@pytest.mark.parametrize("cells", ['<c r="!!"><c><v>1</v></c></c>', '<c r="B1"/>' + "<c/>" * 20_000])
def test_addresses_that_are_none(cells: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableWorkbook, match="address"):
        read(with_cells(tmp_path / "b.xlsx", cells))


def test_numbers_of_sheets_strings_and_rows(tmp_path: Path) -> None:
    strings = f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="shared%53trings.xml"/>'
    names = '</sheets><definedNames><definedName name="n" localSheetId="{}">1</definedName></definedNames>'
    parts: dict[str, str | bytes] = {
        RELATIONS: PARTS[RELATIONS].replace("<Relationship ", f"{strings}<Relationship ", 1),
        "xl/sharedStrings.xml": "<sst><si><t>x</t></si></sst>",
        "xl/workbook.xml": PARTS["xl/workbook.xml"].replace("</sheets>", names.format("9" * 5_000)),
        SHEET: sheet('<c r="A1" t="s"><v>0</v></c>'),
    }
    workbook = read(write(tmp_path / "b.xlsx", parts))
    assert workbook.names == {"n": "1"} and workbook.sheets["S"] == {"A1": Entry(None, "x")}
    for value in ("-1", "9" * 5_000):
        parts[SHEET] = sheet(f'<c r="A1" t="s"><v>{value}</v></c>')
        with pytest.raises(UnreadableWorkbook, match="S!A1"):
            read(write(tmp_path / "b.xlsx", parts))
    parts[SHEET] = around(f'<sheetData><row r="{"9" * 5_000}"><c/></row></sheetData>')
    with pytest.raises(UnreadableWorkbook, match="address"):
        read(write(tmp_path / "b.xlsx", parts))


def directory(path: Path, offset: int, data: bytes) -> None:
    """Write into the record of the sheet in the zip's central directory."""
    book = bytearray(path.read_bytes())
    entry = book.rindex(SHEET.encode()) - 46
    book[entry + offset : entry + offset + len(data)] = data
    path.write_bytes(book)


FORGED = [
    (6, b"\xff"),
    (8, b"\x01"),
    (8, b"\x20"),
    (16, b"1234"),
    (20, b"\x05\0\0\0"),
    (42, b"\xff\xff\xff\x7f"),
    (46, b"y"),
]


@pytest.mark.parametrize(("offset", "data"), FORGED)
def test_a_forged_zip_is_one_sentence(offset: int, data: bytes, tmp_path: Path) -> None:
    path = with_cells(tmp_path / "b.xlsx", '<c r="A1"><v>1</v></c>')
    book = bytearray(path.read_bytes())
    entry = book.rindex(SHEET.encode()) - 46  # its record in the central directory
    book[entry + offset : entry + offset + len(data)] = data
    path.write_bytes(book)
    with pytest.raises(UnreadableWorkbook, match=r"^b\.xlsx [^\n]{1,320}\.$"):
        read(path)
    assert "package" in {problem.kind for problem in lint(path)} or found(path, "relationship")
