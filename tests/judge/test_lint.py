"""The linter: a rich clean workbook passes, and every rule catches a mutant of it and nothing else does."""

import io
from base64 import b64decode
from html import escape
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter  # type: ignore[import-untyped,unused-ignore]

from sheetgen.judge.lint import HOUSE, RULES, lint

TYPES, BOOK, STYLES, STRINGS = "[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"
S1, S2, S3 = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3))
S1_RELS, BOOK_RELS, CORE = "xl/worksheets/_rels/sheet1.xml.rels", "xl/_rels/workbook.xml.rels", "docProps/core.xml"
TABLE1, TABLE2, DRAWING1_RELS = "xl/tables/table1.xml", "xl/tables/table2.xml", "xl/drawings/_rels/drawing1.xml.rels"
DRAWING1, DRAWING2, CHART = (f"xl/{n}.xml" for n in ("drawings/drawing1", "drawings/drawing2", "charts/chart1"))
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FORMULA = "Start!$B$2*2"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
LONG = "x" * 256
EXTENDED = "http://schemas.microsoft.com/office/excel/2006/main"
Edit = tuple[str, str, str]


def write_start(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Texts, links, merges, tables, a picture, printing, protection."""
    number = book.add_format({"num_format": '0.000" s";[Red]-0.0_);"\\";@', "bold": True})
    sheet.write_row("A1", ["a title", 1.5, True, "é≥"])
    sheet.write_rich_string("A2", "w", number, "1", " weight")
    sheet.write_number("B2", 0.5, number)
    sheet.write_url("A4", "internal:'Live network'!B2", string="go", tip="there")
    sheet.write_url("A5", "https://example.org/x#y")
    sheet.write_formula("A6", '=HYPERLINK("#Training!A1","rows")', None, "rows")
    sheet.write_formula("A7", "=NA()", None, "#N/A")
    sheet.merge_range("C4:D5", "merged")
    sheet.merge_range("C7:D7", "again")
    columns = [{"header": "eta"}, {"header": "E total", "formula": "=[@eta]*2"}]
    sheet.add_table("F1:G4", {"name": "Rates", "columns": columns, "data": [[0.1], [0.2], [0.5]]})
    sheet.add_table("I1:J3", {"name": "Other"})
    link = {"description": "a dot", "url": "internal:Training!A1"}
    sheet.insert_image("A10", "dot.png", {"image_data": io.BytesIO(b64decode(DOT))} | link)
    sheet.insert_textbox("C10", "text", {"description": "a box"})
    sheet.write_comment("B1", "note")
    sheet.freeze_panes(1, 1)
    sheet.set_header("&CHead")
    sheet.protect()
    sheet.print_area("A1:G20")
    sheet.repeat_rows(0)
    sheet.set_column("A:A", 20)
    sheet.set_column("C:D", 9, number)
    sheet.set_row(2, 30)


def write_live(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Names, validations, conditional formats, an array formula, a filter."""
    book.define_name("rate", "='Live network'!$B$1")
    book.define_name("Training!local_1", "=Training!$A$1")
    book.define_name("rate_2", "=rate*2")
    sheet.write_row("A1", ["rate", 0.5])
    sheet.write("B2", "tanh")
    texts = {"input_title": "Rate", "input_message": "0 to 2", "error_title": "no", "error_message": "0 to 2"}
    limits = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": "=Start!$B$2*4"}
    sheet.data_validation("B1", limits | texts)
    sheet.data_validation("B2:B3", {"validate": "list", "source": ["sigmoid", "tanh"]})
    good = book.add_format({"bg_color": "#C6EFCE"})
    sheet.conditional_format("C1:C9", {"type": "formula", "criteria": "=$B$1>1", "format": good})
    sheet.conditional_format("C1:C9", {"type": "cell", "criteria": ">", "value": "$B$1", "format": good})
    sheet.conditional_format("D1:D9", {"type": "3_color_scale"})
    sheet.conditional_format("E1:E9", {"type": "data_bar", "data_bar_2010": True})
    sheet.write_array_formula("F1:F2", "{=B1:B2*2}")
    sheet.freeze_panes(2, 0)
    sheet.autofilter("A1:B3")


def write_training(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """A filled-down trace and its chart."""
    for row in range(2, 12):
        sheet.write_formula(row, 0, f"=A{row}-rate*B{row}", None, 0.25)
        sheet.write_formula(row, 1, f"=1/(1+EXP(-A{row}))+'Live network'!$B$1+SUM(Start!$B$2:B$9,local_1)", None, 0.5)
    sheet.write_formula("C1", '=IF(SUM(Rates[eta])>1,"yes","no")', None, "no")
    sheet.write_formula("C2", f"={FORMULA}", None, 1)
    chart = book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
    x, marker = "=Training!$A$3:$A$12", {"type": "circle", "size": 7}
    chart.add_series({"name": "=Training!$C$1", "categories": x, "values": "=Training!$B$3:$B$12", "marker": marker})
    chart.add_series({"categories": x, "values": "='Live network'!$C$1:$C$9"})
    chart.set_title({"name": "E total"})
    chart.set_y_axis({"log_base": 10, "name": "E"})
    sheet.insert_chart("E2", chart, {"description": "loss"})


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook that all mutants are made of."""
    path = tmp_path_factory.mktemp("lint") / "clean.xlsx"
    with xlsxwriter.Workbook(path) as book:
        start, live, training = (book.add_worksheet(name) for name in ("Start", "Live network", "Training"))
        book.add_worksheet("Notes")
        write_start(book, start)
        write_live(book, live)
        write_training(book, training)
    return path


def mutate(path: Path, *edits: Edit) -> Path:
    """A copy with `old` replaced by `new` once in each part; a part that is not there is added when `old` is ''."""
    target = path.with_name("mutant.xlsx")
    with ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    for part, old, new in edits:
        before = parts.get(part, b"")
        parts[part] = new.encode() if not old else before.replace(old.encode(), new.encode(), 1)
        assert parts[part] != before, f"{old!r} is not in {part}"
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as result:
        for name, data in parts.items():
            result.writestr(name, data)
    return target


def chain(cell: str) -> tuple[Edit, Edit, Edit]:
    """A calculation chain that lists one cell of the first sheet."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"
    return (
        ("xl/calcChain.xml", "", f'<calcChain xmlns="{MAIN}"><c r="A6" i="1"/><c r="{cell}"/></calcChain>'),
        (BOOK_RELS, "</Rel", f'<Relationship Id="rId99" Type="{kind}" Target="calcChain.xml"/></Rel'),
        (TYPES, "</Types>", f'<Override PartName="/xl/calcChain.xml" ContentType="{OFFICE}.calcChain+xml"/></Types>'),
    )


def test_a_clean_workbook_has_no_problems(clean: Path) -> None:
    assert lint(clean) == []
    assert lint(mutate(clean, *chain("A7"))) == []
    assert lint(mutate(clean, (S3, ' r="C2"', ""))) == []  # a cell may leave its address out


SIMPLE: list[tuple[str, ...]] = [  # rules, part, old text, and new texts: each makes a mutant
    ("xml-syntax", CORE, "</cp:coreProperties>", ""),
    ("xml-syntax", BOOK, "</workbook>", ""),
    ("xml-syntax", S3, "<worksheet", "<!DOCTYPE worksheet><worksheet"),
    ("xml-character", CORE, "<dc:creator>", "<dc:creator>\x01"),
    ("xml-character", S3, "<v>no</v>", "<v>n&#2;o</v>"),
    ("content-type", TYPES, 'Extension="png"', 'Extension="jpg"'),
    ("content-type", TYPES, "/xl/worksheets/sheet3.xml", "/xl/worksheets/sheet9.xml"),
    ("relationship", S3, '<drawing r:id="rId1"', '<drawing r:id="rId7"'),
    ("relationship orphan-part", S1_RELS, "../comments1.xml", "../comments2.xml"),
    ("relationship", S1_RELS, 'Id="rId6"', 'Id="rId5"'),
    ("orphan-part", "xl/media/image2.png", "", "x"),
    ("sheet-name", BOOK, '"Notes"', '""', '"a/b"', '"\'a"', '"training"', '"History"', f'"{LONG[:32]}"'),
    ("active-tab", BOOK, "<workbookView ", '<workbookView activeTab="4" '),
    ("active-tab", BOOK, 'sheetId="1"', 'sheetId="1" state="hidden"'),
    ("active-tab", S2, "<sheetView ", '<sheetView tabSelected="1" '),
    ("date-system", BOOK, "<workbookPr ", '<workbookPr date1904="1" '),
    ("external-link", BOOK, "</sheets>", "</sheets><externalReferences><externalReference/></externalReferences>"),
    ("external-link orphan-part", DRAWING1_RELS, '"../media/image1.png"', '"file:///a.png" TargetMode="External"'),
    ("name-syntax", BOOK, '"rate_2"', '"w1"', '"R1C1"', '"r"', '"a b"', '"1a"', '"true"', f'"{LONG}"'),
    ("name-duplicate", BOOK, '"rate_2"', '"RATE"', '"other"'),
    ("name-duplicate", TABLE2, 'displayName="Other"', 'displayName="rates"'),
    ("name-target", BOOK, "rate*2", "Gone!$A$1", "$A$1", "Gone!$A$1*rate"),
    ("name-target", BOOK, 'name="rate_2"', 'name="rate_2" localSheetId="9"'),
    ("print-target", BOOK, "Start!$A$1:$G$20", "Gone!$A$1", "Training!$A$1", "$A$1", "1"),
    ("shared-strings", STRINGS, ' count="13"', ' count="14"'),
    ("shared-strings", STRINGS, 'uniqueCount="13"', 'uniqueCount="12"'),
    ("shared-strings", S1, '<c r="A1" t="s"><v>0', '<c r="A1" t="s"><v>13', '<c r="A1" t="s"><v>'),
    ("style-index", S1, '<c r="B2" s="1"', '<c r="B2" s="3"', '<c r="B2" s="-1"'),
    ("style-index", S1, 'style="1"', 'style="3"'),
    ("style-index", S1, '<row r="3"', '<row r="3" s="3"'),
    ("style-index", STYLES, 'fontId="1"', 'fontId="4"'),
    ("style-index", STYLES, '<xf numFmtId="164"', '<xf numFmtId="165"'),
    ("style-index", STYLES, 'name="Hyperlink" xfId="1"', 'name="Hyperlink" xfId="2"'),
    ("number-format", STYLES, ";@", ";@\\", ";@&quot;", ";@_", ";@;", ";@[Red", f";@{LONG}"),
    ("cell-formats", STYLES, "</cellXfs>", "<xf/>" * 65_488 + "</cellXfs>"),
    ("formula-length", S3, FORMULA, "1+" * 4096 + "1"),
    ("newer-than-2010", S3, f"><f>{FORMULA}", f' cm="1"><f>{FORMULA}'),
    ("shared-formula", S3, f"<f>{FORMULA}</f>", '<f t="shared" si="3"/>'),
    ("formula-syntax", S3, f"<f>{FORMULA}</f>", "<f/>"),
    ("cell-address", S3, '<c r="C2"', '<c r="C3"', '<c r="XFE2"', '<c r="2"', '<c r="C"'),
    ("cell-address", S2, 'sqref="D1:D9"', 'sqref="D1:D1048577"', 'sqref="Start!D1"', 'sqref=""'),
    ("cell-address", S1, "</sheetData>", '<row r="1048577"/></sheetData>'),
    ("cell-order", S1, '<c r="B1"><v>1.5', '<c r="E1"><v>1.5'),
    ("cell-order", S2, '<row r="2"', '<row r="9"/><row r="2"'),
    ("cell-duplicate", S1, '<c r="B1"><v>1.5', '<c r="A1"><v>1.5'),
    ("cell-duplicate", S2, '<row r="2"', '<row r="2"/><row r="2"'),
    ("number-value", S1, "<v>1.5<", "<v>NaN<", "<v>inf<", "<v>1E400<", "<v>1_5<", "<v><", "<v>1,5<"),
    ("number-value", S1, 't="b"><v>1', 't="b"><v>2'),
    ("number-value", S3, 't="str"', 't="text"'),
    ("error-value", S1, "<v>#N/A</v>", "<v>#OOPS!</v>"),
    ("string-length", STRINGS, "a title", "x" * 32_768, "\U0001f600" * 16_384),
    ("string-length", S3, "<v>no</v>", f"<v>{'x' * 32_768}</v>"),
    ("string-length", S1, "><v>1.5</v>", f' t="inlineStr"><is><t>{"x" * 32_768}</t></is>'),
    ("merge-overlap", S1, "C7:D7", "C5:D7", "E2:F2"),
    ("table-overlap table-header", TABLE2, 'ref="I1:J3"', 'ref="G1:H3"'),
    ("table-header", TABLE1, 'name="E total"', 'name="E Total"'),
    ("table-header", TABLE2, 'name="Column2"', 'name="column1"'),
    ("table-header", TABLE2, 'ref="I1:J3"', 'ref="I1:K3"', 'ref="here"'),
    ("table-name", TABLE2, 'displayName="Other"', 'displayName="A1"'),
    ("undefined-name", TABLE1, "[[#This Row],eta]*2", "Rates[[#This Row],[beta]]*2"),
    ("validation-text", S2, ' promptTitle="', f' promptTitle="{LONG[:33]}'),
    ("validation-text", S2, ' errorTitle="', f' errorTitle="{LONG[:33]}'),
    ("validation-text", S2, ' prompt="', f' prompt="{LONG}'),
    ("validation-text", S2, ' error="', f' error="{LONG}'),
    ("validation-text", S2, "sigmoid,", LONG),
    ("validation-formula", S2, "Start!$B$2*4", "SUM({1,2})", "SUM((A1,B1))", "A1:B2 B1:C3"),
    ("formula-syntax", S2, "Start!$B$2*4", "Start!$B$2*"),
    ("validation-overlap", S2, 'sqref="B2:B3"', 'sqref="D7 B1:B3"'),
    ("format-priority", S2, 'priority="2"', 'priority="1"'),
    ("format-formula", S2, "<formula>$B$1<", "<formula>Start!$B$1<", "<formula>SUM({1,2})<"),
    ("formula-syntax", S2, "$B$1&gt;1", "IF($B$1;1;0)"),
    ("formula-syntax", S2, "</ext>", f'<xm:f xmlns:xm="{EXTENDED}">A1+</xm:f></ext>'),
    ("formula-syntax", S2, 'type="percentile" val="50"', 'type="formula" val="A1+"'),
    ("format-index", S2, 'dxfId="0"', 'dxfId="1"'),
    ("format-index", TABLE1, '<tableColumn id="1"', '<tableColumn dataDxfId="1" id="1"'),
    ("link-target", S1, "'Live network'!B2", "Gone!B2", "gone", "Live network!B2", "Start!XFE1"),
    ("link-target", S1, "#Training!A1", "#Gone!A1"),
    ("link-target", DRAWING1_RELS, "#Training!A1", "#Gone!A1"),
    ("link-length", S1_RELS, "https://example.org/x", "https://example.org/" + "x" * 2_083),
    ("link-length", S1, ' tooltip="', f' tooltip="{LONG}'),
    ("link-length", S1, ' display="', f' display="{LONG}'),
    ("link-count", S1, "</hyperlinks>", '<hyperlink ref="A1" location="Start!A1"/>' * 65_529 + "</hyperlinks>"),
    ("header-footer", S1, "&amp;CHead", LONG),
    ("column-width", S1, 'width="20.7', 'width="256.7'),
    ("column-width", S1, 'min="3"', 'min="1"', 'min="5"'),
    ("column-width", S1, "<sheetFormatPr", '<sheetFormatPr defaultColWidth="256"'),
    ("row-height", S1, 'ht="30"', 'ht="410"'),
    ("row-height", S1, ' defaultRowHeight="15"', "", ' defaultRowHeight="410"'),
    ("freeze-panes", S1, 'xSplit="1"', 'xSplit="1.5"'),
    ("freeze-panes", S1, 'topLeftCell="B2"', 'topLeftCell="A2"'),
    ("freeze-panes", S2, 'activePane="bottomLeft"', 'activePane="topRight"'),
    ("chart-reference", CHART, "Training!$C$1", "Gone!$C$1", "$C$1", "Notes!$XFE$1", "2"),
    ("chart-series", CHART, "<c:axId", "<c:ser/>" * 254 + "<c:axId"),
    ("chart-marker", CHART, '<c:size val="7"', '<c:size val="73"', '<c:size val="1"'),
    ("chart-title", CHART, "<a:t>E", f"<a:t>{LONG}"),
    ("dead-reference", BOOK, "rate*2", "#REF!", "Training!#REF!"),
    ("dead-reference", BOOK, "Start!$A$1:$G$20", "#REF!"),
    ("dead-reference", CHART, "Training!$C$1", "#REF!"),
    ("alt-text", DRAWING1, ' descr="a dot"', ""),
    ("alt-text", DRAWING2, 'descr="loss"', 'descr=" "'),
    ("anchor", DRAWING2, "<xdr:col>11<", "<xdr:col>1<"),
]
FORMULAS = {  # more of each in test_lint_formula.py
    "formula-syntax": "SUM(A1",
    "formula-equals": "=A1",
    "formula-r1c1": "R[-1]C*2",
    "formula-nesting": "ABS(" * 65 + "1" + ")" * 65,
    "formula-arguments": f"SUM({','.join(['1'] * 256)})",
    "argument-count": "ABS(1,2)",
    "argument-reference": "COUNTIF({1,2},1)",
    "unknown-function": "SIGMOID(A1)",
    "future-prefix": "IFNA(A1,1)",
    "newer-than-2010": "_xlfn.XLOOKUP(1,A1:A2,B1:B2)",
    "portability": "FIXED(A1,2)",
    "implicit-at": "@A1",
    "reference-range": "A1048577",
    "missing-sheet": "Gone!A1",
    "undefined-name": "w_1*2",
    "dead-reference": "SUM(#REF!)",
    "external-link": "[1]Start!A1",
    "string-literal": f'"{"x" * 256}"',
    "link-target": 'HYPERLINK("#Gone!A1")',
}
MUTANTS: list[tuple[str, tuple[Edit, ...]]] = [
    *((rules, ((part, old, new),)) for rules, part, old, *news in SIMPLE for new in news),
    *((rule, ((S3, FORMULA, escape(text)),)) for rule, text in FORMULAS.items()),
    ("calc-chain", chain("A1")),
    ("active-tab", tuple((BOOK, f'sheetId="{i}"', f'sheetId="{i}" state="hidden"') for i in (1, 2, 3, 4))),
]


@pytest.mark.parametrize(("rules", "edits"), MUTANTS, ids=[f"{i}-{rule}" for i, (rule, _) in enumerate(MUTANTS)])
def test_a_mutant_is_caught_by_its_rule_and_no_other(clean: Path, rules: str, edits: tuple[Edit, ...]) -> None:
    problems = lint(mutate(clean, *edits))
    assert {problem.kind for problem in problems} == set(rules.split()), problems
    assert all(problem.sheet and len(problem.message) < 600 and problem.message.endswith(".") for problem in problems)


def test_every_rule_has_a_mutant() -> None:
    assert {rule for rules, _ in MUTANTS for rule in rules.split()} | {"package", "zip-duplicate"} == set(RULES)
    assert set(RULES) >= HOUSE


def test_a_part_stored_twice(clean: Path) -> None:
    path = mutate(clean, (CORE, "<dc:creator>", "<dc:creator>x"))
    with ZipFile(path, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr(CORE, target.read(CORE))
    assert [problem.kind for problem in lint(path)] == ["zip-duplicate"]


def test_no_workbook_at_all(clean: Path, tmp_path: Path) -> None:
    path = tmp_path / "no.xlsx"
    path.write_bytes(clean.read_bytes()[:-100])
    assert [problem.kind for problem in lint(path)] == ["package"]
    assert "package" in {p.kind for p in lint(mutate(clean, ("_rels/.rels", '/officeDocument"', '/nothing"')))}
    with pytest.raises(FileNotFoundError):
        lint(tmp_path / "absent.xlsx")
