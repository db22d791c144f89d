"""Reading and blanking workbooks, friendly and hostile; every fixture is written here."""

import re
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.formula.translate import Translator
from packages import CHAIN, CHAIN_TYPE, HOSTILE, MAIN, PARTS, SHEET, sheet, with_cells, write

from sheetgen.excel import Entry, ErrorValue, UnreadableWorkbook, blank, package, read
from sheetgen.excel.a1 import area
from sheetgen.excel.read import MAX_DEPTH, MAX_FORMULA
from sheetgen.excel.tokens import depth, mover

pytestmark = pytest.mark.filterwarnings("error")


def part(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as book:
        return book.read(name)


def test_every_kind_of_cell(tmp_path: Path) -> None:
    path = tmp_path / "kinds.xlsx"
    with xlsxwriter.Workbook(path) as book:
        first, second = book.add_worksheet("O'Neil & co"), book.add_worksheet("A")
        book.define_name("eta", "='O''Neil & co'!$B$1")
        book.define_name("A!local", "=A!$C$1")
        first.write_row("A1", ["text", 0.5, True, -3])
        first.write_rich_string("E1", "a", book.add_format({"bold": True}), "b")
        first.write_formula("A2", "=eta*2", None, 1.0)
        first.write_formula("B2", '=""', None, "")
        first.write_formula("C2", "=B1=1", None, False)
        first.write_formula("D2", "=1/0", None, "#DIV/0!")
        first.write_formula("E2", '="<&"', None, "<&")
        first.write_blank("F2", None, book.add_format({"bold": True}))
        second.write_string("A1", "bell\a")
    workbook = read(path)
    assert list(workbook.sheets) == ["O'Neil & co", "A"]
    # XlsxWriter cannot cache an empty text, so B2 has no value.
    assert workbook.sheets["O'Neil & co"] == {
        "A1": Entry(None, "text"), "B1": Entry(None, 0.5), "C1": Entry(None, True), "D1": Entry(None, -3.0),
        "E1": Entry(None, "ab"), "A2": Entry("eta*2", 1.0), "B2": Entry('""', None), "C2": Entry("B1=1", False),
        "D2": Entry("1/0", "#DIV/0!"), "E2": Entry('"<&"', "<&"),
    }  # fmt: skip
    assert workbook.sheets["A"] == {"A1": Entry(None, "bell\a")}
    assert workbook.names == {"eta": "'O''Neil & co'!$B$1", "A!local": "A!$C$1"}
    assert isinstance(workbook.sheets["O'Neil & co"]["D2"].value, ErrorValue)
    assert isinstance(workbook.sheets["O'Neil & co"]["D1"].value, float)
    assert not isinstance(workbook.sheets["O'Neil & co"]["A1"].value, ErrorValue)


def test_inline_strings_and_openpyxl(tmp_path: Path) -> None:
    inline, other = tmp_path / "inline.xlsx", tmp_path / "openpyxl.xlsx"
    with xlsxwriter.Workbook(inline, {"constant_memory": True}) as book:
        book.add_worksheet("S").write_row(0, 0, ["a < b", 2])
    assert read(inline).sheets["S"] == {"A1": Entry(None, "a < b"), "B1": Entry(None, 2.0)}
    made = openpyxl.Workbook()
    made.active.append([1, "=A1+1", "x"])
    made.save(other)
    assert read(other).sheets["Sheet"] == {"A1": Entry(None, 1.0), "B1": Entry("A1+1", None), "C1": Entry(None, "x")}


def test_cells_without_addresses_and_with_a_prefix(tmp_path: Path) -> None:
    text = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c><x:v>1</x:v></x:c><x:c r="D1"><x:v>2</x:v></x:c>'
        '<x:c t="inlineStr"><x:is><x:r><x:t>p</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh><x:r><x:t>q</x:t></x:r></x:is>'
        "</x:c></x:row><x:row><x:c><x:f>A1</x:f><x:v>3</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    cells = read(write(tmp_path / "b.xlsx", {SHEET: text})).sheets["S"]
    assert cells == {
        "A1": Entry(None, 1.0), "D1": Entry(None, 2.0), "E1": Entry(None, "pq"), "A2": Entry("A1", 3.0),
    }  # fmt: skip


def test_a_cell_with_a_format_alone_is_not_there_and_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    full = ('s="1"><f>A1</f><v>1</v>', 't="str">', "><f>A1</f>", 't="inlineStr"><is><t>x</t></is>', 't="str"><v>y</v>')
    cells = "".join(f'<c r="A{k}" s="1"/><c r="B{k}" {more}</c><c r="C{k}"></c>' for k, more in enumerate(full, 1))
    assert read(with_cells(tmp_path / "b.xlsx", cells)).sheets["S"] == {
        "B1": Entry("A1", 1.0), "B2": Entry(None, ""), "B3": Entry("A1", None), "B4": Entry(None, "x"),
        "B5": Entry(None, "y"),
    }  # fmt: skip


def test_shared_formulas_are_written_out(tmp_path: Path) -> None:
    formula = "$A1*B$1+SUM($C$1:D2)&amp;\"A1\"&amp;'O''N A1'!A1+LOG10(A:A)+1E5*x.A1"
    cells = f'<c r="B2"><f t="shared" si="0" ref="B2:C9">{formula}</f><v>1</v></c>'
    cells += '<c r="D7"><f t="shared" si="0"/><v>2</v></c>'
    found = read(with_cells(tmp_path / "b.xlsx", cells)).sheets["S"]
    plain = formula.replace("&amp;", "&")
    assert found["B2"] == Entry(plain, 1.0)
    assert found["D7"].formula == "$A6*D$1+SUM($C$1:F7)&\"A1\"&'O''N A1'!C6+LOG10(C:C)+1E5*x.A1"
    assert "=" + str(found["D7"].formula) == Translator("=" + plain, "B2").translate_formula("D7")


@pytest.mark.parametrize(
    ("formula", "rows", "columns", "moved"),
    [
        ("A1", -1, 0, "#REF!"), ("$A1", 1, 5, "$A2"), ("Z9:AB10", 0, 1, "AA9:AC10"), ("S!XFD1", 0, 1, "S!#REF!"),
        ("3:$4", 2, 9, "5:$4"), ("A1048576", 1, 0, "#REF!"), ("SIN(A1)", 1, 1, "SIN(B2)"), ("w1x+A1B", 1, 1, "w1x+A1B"),
    ],
)  # fmt: skip
def test_moved_references(formula: str, rows: int, columns: int, moved: str) -> None:
    assert mover(formula)(rows, columns) == moved


def test_areas_and_depths() -> None:
    assert area("'O''Neil'!B2:$A$1") == ("O'Neil", 1, 1, 2, 2)
    assert depth('((SIN(1)))+(")))(((")') == 3


@pytest.mark.parametrize("name", ["marks.csv", "Marks.ODS", "marks.numbers", "marks.xlsb"])
def test_files_of_other_programs_are_sent_back_with_what_to_do(tmp_path: Path, name: str) -> None:
    path = with_cells(tmp_path / name, "")  # a zip file, as most of them are
    with pytest.raises(UnreadableWorkbook, match=f"^{name} is not an .xlsx: open it in a spreadsheet program"):
        read(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    path = tmp_path / "book.xlsx"
    make(path)
    with pytest.raises(UnreadableWorkbook) as caught:
        read(path)
    message = str(caught.value)
    assert words in message and message.startswith("book.xlsx ") and message.endswith(".") and "\n" not in message


def test_the_limits_let_honest_files_pass(tmp_path: Path) -> None:
    inside = "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH
    cells = f'<c r="A1"><f>{inside}</f><v>1</v></c><c r="B1"><f>{"1" * MAX_FORMULA}</f></c>'
    path = write(tmp_path / "b.xlsx", {SHEET: sheet(cells + " " * 8_000_000)})
    assert read(path).sheets["S"]["A1"] == Entry(inside, 1.0)


@pytest.mark.parametrize("size", [10, 2**31])
def test_the_declared_size_is_not_believed(size: int, tmp_path: Path) -> None:
    path = with_cells(tmp_path / "b.xlsx", "<c r='A1'><v>1</v></c>")
    data, name = bytearray(path.read_bytes()), SHEET.encode()
    entry = data.rindex(name) - 46  # its record in the central directory; the size stands at byte 24
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(UnreadableWorkbook, match="would unpack to" if size > 2**30 else "damaged"):
        read(path)


def test_other_compressions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as book:
        book.writestr("x", "y" * 100)
    with pytest.raises(UnreadableWorkbook, match="compressed"):
        read(path)


TANGLED = (
    '<c r="A1"><v>1</v></c>'
    '<c r="B1" s="2" t="str" cm="1"><f>A1&gt;0</f><v xml:space="preserve">a &lt; <!-- v -->b</v></c>'
    "<c\n\tt = 'n' r='C1'><f ca='1>0'><![CDATA[</c><v>]]></f ><v >5</v ></c >"
    '<c r="D1" t="s"><v>0</v></c><c r="E1"><v>7</v><f>A1</f></c><c r="F1"><f>A1</f><v/></c><c r="G1" s="1"/>'
    '<c r="H1" note=" t=&quot;x&quot;"><f>A1</f></c><c r="I1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    '<c r="J1" t="b"><v>1</v></c>'
)
BLANKED = (
    '<c r="A1"><v>1</v></c>'
    '<c r="B1" s="2" cm="1"><f>A1&gt;0</f><v xml:space="preserve"></v></c>'
    "<c r='C1'><f ca='1>0'><![CDATA[</c><v>]]></f ><v ></v ></c >"
    '<c r="D1" t="s"><v>0</v></c><c r="E1"><v></v><f>A1</f></c><c r="F1"><f>A1</f><v/></c><c r="G1" s="1"/>'
    '<c r="H1" note=" t=&quot;x&quot;"><f>A1</f></c><c r="I1"><f>1/0</f><v></v></c>'
    '<c r="J1" t="b"><v>1</v></c>'
)


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 2**16])
def test_blank_cuts_results_and_nothing_else(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "CHUNK", chunk)
    source = write(tmp_path / "a.xlsx", {SHEET: sheet(TANGLED), "xl/media/x.bin": bytes(range(256))})
    target = tmp_path / "b.xlsx"
    blank(source, target)
    assert part(target, SHEET).decode() == sheet(BLANKED)
    assert part(target, "xl/_rels/workbook.xml.rels").decode() == PARTS["xl/_rels/workbook.xml.rels"].replace(CHAIN, "")
    assert part(target, "[Content_Types].xml").decode() == PARTS["[Content_Types].xml"].replace(CHAIN_TYPE, "")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target) as new:
        assert set(old.namelist()) - set(new.namelist()) == {"xl/calcChain.xml"}
        for name in ("xl/workbook.xml", "_rels/.rels", "xl/media/x.bin"):
            assert old.read(name) == new.read(name)


def test_blank_leaves_a_workbook_that_others_read(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(source) as book:
        page = book.add_worksheet("S")
        page.write("A1", 2)
        page.write_formula("A2", "=A1*2", None, 999)
    blank(source, target)
    assert read(source).sheets["S"]["A2"] == Entry("A1*2", 999.0)
    assert read(target).sheets["S"] == {"A1": Entry(None, 2.0), "A2": Entry("A1*2", None)}
    assert openpyxl.load_workbook(target)["S"]["A2"].value == "=A1*2"
    assert openpyxl.load_workbook(target, data_only=True)["S"]["A2"].value is None


def test_blank_keeps_memory_flat(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><f>B{n}*{n}</f><v>{n}</v></c></row>' for n in range(1, 40_001))
    body = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    source = write(tmp_path / "a.xlsx", {SHEET: body})
    tracemalloc.start()
    try:
        blank(source, tmp_path / "b.xlsx")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_500_000 < len(body)
    assert part(tmp_path / "b.xlsx", SHEET).decode() == re.sub(r"<v>\d+</v>", "<v></v>", body)


def test_blank_onto_itself_is_refused(tmp_path: Path) -> None:
    path = with_cells(tmp_path / "b.xlsx", "")
    with pytest.raises(ValueError, match="itself"):
        blank(path, path)
