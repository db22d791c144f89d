"""What a stranger may hand in: one clear sentence or a verdict, in bounded time and memory, and nothing raised."""

from __future__ import annotations

import zipfile
from collections.abc import Container, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from judge_hand import FORMULAS, Hand, told
from judge_hand import write as write_hand
from packages import HOSTILE, MAIN, OFFICE, SHEET
from packages import write as write_parts

from sheetgen.audit import processes
from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.excel.a1 import address, place

SECONDS = 100  # wall clock of a busy machine; on an idle one none takes 10 seconds
QUOTE = "'"
Cells = dict[str, float | str]


def part(cells: Cells, formulas: Container[str] | None = None) -> str:
    """A worksheet part with these cells, row by row; `formulas`: only those are formulas, if they begin with '='."""
    rows: dict[int, list[tuple[int, str]]] = {}
    for at, content in cells.items():
        row, column = place(at)
        text = escape(str(content))
        if isinstance(content, float | int):
            made = f'<c r="{at}"><v>{text}</v></c>'
        elif content.startswith("=") and (formulas is None or at in formulas):
            made = f'<c r="{at}"><f>{text[1:]}</f></c>'
        else:
            made = f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'
        rows.setdefault(row, []).append((column, made))
    body = "".join(
        f'<row r="{row}">{"".join(made for _, made in sorted(found))}</row>' for row, found in sorted(rows.items())
    )
    return f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'


def table() -> Cells:
    """A right training."""
    return dict(Hand().cells())


def bounded(folder: Path, cells: Cells) -> Verdict:
    """The verdict on a sheet, by `audit` in a process with little memory and time; one that it got from neither."""
    return limited(write_parts(folder / "book.xlsx", {SHEET: part(cells)}))


def limited(path: Path) -> Verdict:
    """The same for a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "MEMORY", 1 << 30)
        (verdict,) = processes.audit_all([path], 1, task=processes.Assignment(timeout=SECONDS))
    for broken in ("has a fault", "GB of memory", "it was stopped", "made its judge end", "too large"):
        assert broken not in verdict.problem, verdict.problem
    return verdict


# --- files that are no workbook


@pytest.mark.parametrize("name", HOSTILE)
def test_what_the_reader_refuses_is_not_judged(name: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    HOSTILE[name][0](path)
    verdict = audit(path)
    assert (verdict.word, verdict.code, verdict.findings) == ("not judged", 2, [])
    assert HOSTILE[name][1] in verdict.problem and "\n" not in verdict.problem and verdict.problem.endswith(".")


def test_a_workbook_without_cells_or_with_a_chart_sheet_only(tmp_path: Path) -> None:
    verdict = audit(write_parts(tmp_path / "book.xlsx", {SHEET: part({})}))
    assert verdict.problem == (
        "There are no formulas and no network: nothing is labelled as a weight (w1, w2, ...) or as an error (E_total)."
    )


def test_parts_of_charts_that_are_missing_or_broken(tmp_path: Path) -> None:
    """A drawing that is named and not there, or is no XML, takes nothing from the judgement of the cells."""
    named = f'<Relationship Id="rId1" Type="{OFFICE}/drawing" Target="../drawings/d.xml"/>'
    drawing = f'<Relationships xmlns="r">{named}</Relationships>'
    cells = part(table()).replace("</worksheet>", f'<drawing xmlns:r="{OFFICE}" r:id="rId1"/></worksheet>')
    parts = {SHEET: cells, "xl/worksheets/_rels/sheet1.xml.rels": drawing}
    for broken in ("", "<a><b></a>", '<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/passwd">]><w>&e;</w>'):
        verdict = audit(write_parts(tmp_path / "book.xlsx", {**parts, "xl/drawings/d.xml": broken}))
        assert verdict.code in (0, 1, 2) and "passwd" not in repr(verdict)
        assert verdict.problem == "" or verdict.problem.startswith("book.xlsx ")


def test_a_macro_is_neither_run_nor_minded(tmp_path: Path) -> None:
    plain = write_hand(tmp_path / "plain.xlsx", {"Sheet1": table()})
    path = tmp_path / "macro.xlsm"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "[Content_Types].xml":
                usual = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
                assert usual in text
                text = text.replace(usual, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
            new.writestr(name, text)
        new.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b'Sub Auto_Open()\nShell "calc"\nEnd Sub' * 99)
    verdict = audit(path)
    assert (verdict.word, verdict.findings, verdict.tables) == ("right", [], audit(plain).tables)


def test_formulas_that_reach_out_are_but_not_understood(tmp_path: Path) -> None:
    cells = table() | {
        "AG1": '=WEBSERVICE("http://example.invalid/")', "AG2": '=CALL("kernel32","Beep")',
        "AG3": "='[x.xlsx]S'!A1", "AG4": "=cmd|'/C calc'!A0", "AG5": '=INDIRECT("A1")',
    }  # fmt: skip
    verdict = bounded(tmp_path, cells)
    assert [f for f in verdict.findings if place(f.first)[1] < 33] == [] and verdict.tables[0].gradients == 96
    assert {text.split("!")[1].split(":")[0] for text in verdict.unread} >= {"AG1", "AG2", "AG3", "AG4", "AG5"}


# --- shapes that cost much


def everywhere() -> Iterator[tuple[str, Cells, str]]:
    """(name, cells, the word of the verdict, or words)."""
    yield "two cells far apart", {"A1": 1.0, "XFD1048576": "=A1"}, "not judged"
    yield "a table and a cell far away", table() | {"XFD1048576": "=A1", "XFD1": 2.0}, "right"
    nested = "(" * 64 + "{h1}" + ")" * 64
    hand = Hand().with_rules(a_h1=f"=1/(1+EXP(-{nested}))")
    yield "brackets 64 deep", dict(hand.cells()), "right"
    ifs = "{h1}"
    for _ in range(64):
        ifs = f"IF({{h1}}<9,{ifs},0)"
    yield "IF 64 deep", dict(Hand().with_rules(a_h1=f"=1/(1+EXP(-{ifs}))").cells()), "right"
    long = "=0.5*({t1}-{a_o1})^2" + "+0*{i1}" * 1_300
    assert len(str(Hand().with_rules(E1=long).text(long, 0))) > 7_000
    yield "formulas of 8,000 characters", dict(Hand().with_rules(E1=long).cells()), "right"
    long = str(FORMULAS["dE/dw3"]).replace("{a_h2}", "{a_h1}") + "+0*{i1}" * 1_000
    yield "long and wrong formulas", dict(Hand().with_rules(g3=long).cells()), "wrong"
    circle: Cells = {f"AG{k}": f"=AG{k + 1}" for k in range(1, 50_000)} | {"AG50000": "=AG1"}
    yield "a circle of 50,000 cells", table() | circle, "wrong"
    chain: Cells = {f"AG{k}": f"=AG{k + 1}+1" for k in range(1, 100_000)} | {"AG100000": 1.0}
    yield "a chain of 100,000 cells", table() | chain, "right"
    heads: Cells = {address(1 + k // 16_000, 1 + k % 16_000): f"w{k + 1}" for k in range(100_000)}
    yield "100,000 headings", heads | {"A9": "E_total", "B9": "=A10"}, "not judged"
    rows = range(1, 50_001)
    labels: Cells = {f"AH{k}": f"w{k % 8 + 1}" for k in rows} | {f"AI{k}": "E_total" for k in rows}
    yield "100,000 labels beside a table", table() | labels, "right"
    numbers: Cells = {f"AJ{k}": float(k) for k in range(1, 50_001)}
    yield "100,000 labels with numbers", labels | numbers, "not judged"
    texts: Cells = {f"AH{k}": f"dE/dw{k} = (a_o1 - t1)*w{k}" for k in range(1, 20_001)}
    yield "20,000 lines of text", table() | texts, "doubtful"
    yield "16,000 columns", wide(16_000), "right"
    ranges = Hand().with_rules(E1="=0.5*({t1}-{a_o1})^2+0*SUM(AG1:XFD1048576)")
    yield "sums of the whole sheet", dict(ranges.cells()), "right"
    ranges = Hand().with_rules(E1="=0.5*({t1}-{a_o1})^2+0*SUMPRODUCT(AG:AG,AH:AH)")
    yield "sums of whole columns", dict(ranges.cells()) | {f"AG{k}": 1.0 for k in range(1, 20_001)}, "doubtful"
    powers: Cells = {"AG1": "=A33"} | {f"AG{k}": f"=AG{k - 1}*AG{k - 1}+AG{k - 1}" for k in range(2, 2_001)}
    yield "paths without number", table() | powers | {"W33": "=U33+V33+0*AG2000"}, "wrong"


@pytest.mark.parametrize("sheet", ["O'Neil & co", "A1", "=1+1", "w1", "R1C1", "2:2", "TRUE", "''", "dE/dw1 ,;{}"])
def test_sheets_with_names_like_formulas(sheet: str, tmp_path: Path) -> None:
    """The learning rate stands on another sheet, whose name needs quotes, and the update of one weight is wrong."""
    name = f"'{sheet.replace(QUOTE, QUOTE * 2)}'"
    hand = Hand(loose={"AG1": "=", "AG2": "'=A1", "AG3": "=A1+", "AG4": "-@SUM(A1)", "AG5": "{=1}"})
    cells = {at: x if not isinstance(x, str) else x.replace("$G$31", f"{name}!$B$1") for at, x in hand.cells().items()}
    cells["M40"] = f"=M39-{name}!$B$1*AC39"
    worksheet = f'<Relationship Id="rId#" Type="{OFFICE}/worksheet" Target="worksheets/sheet#.xml"/>'
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" r:id="rId1"/>'
        f'<sheet name={quoteattr(sheet)} r:id="rId2"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<R>{worksheet.replace('#', '1')}{worksheet.replace('#', '2')}</R>",
        SHEET: part(cells, set(hand.cells()) - set(hand.loose)),
        "xl/worksheets/sheet2.xml": part({"A1": "eta", "B1": 0.5}),
    }
    verdict = audit(write_parts(tmp_path / "book.xlsx", parts))
    assert told(verdict) == [("update", "M40")] and verdict.unread == []
    assert verdict.findings[0].expected.startswith(f"=M39-{name}!$B$1*AB39")


def wide(columns: int) -> Cells:
    """One unit with very many inputs, each with a weight and a gradient: three steps."""
    count = (columns - 3) // 3
    cells: Cells = {}
    names = [f"i{k}" for k in range(1, count + 1)] + [f"w{k}" for k in range(1, count + 1)]
    names += ["t1", "a_o1", "E_total"] + [f"dE/dw{k}" for k in range(1, count + 1)]
    at = {name: k for k, name in enumerate(names, 1)}
    for name, k in at.items():
        cells[address(1, k)] = name
    for row in (2, 3, 4):
        here = {name: address(row, k) for name, k in at.items()}
        for k in range(1, count + 1):
            w, d = at[f"w{k}"], at[f"dE/dw{k}"]
            cells[here[f"i{k}"]] = 0.5 / k
            cells[here[f"w{k}"]] = 0.1 if row == 2 else f"={address(row - 1, w)}-0.5*{address(row - 1, d)}"
            cells[here[f"dE/dw{k}"]] = f"=({here['a_o1']}-{here['t1']})*{here[f'i{k}']}"
        ends = here["i1"], here[f"i{count}"], here["w1"], here[f"w{count}"]
        cells[here["t1"]] = 1.0
        cells[here["a_o1"]] = "=SUMPRODUCT({}:{},{}:{})".format(*ends)
        cells[here["E_total"]] = f"=0.5*({here['t1']}-{here['a_o1']})^2"
    return cells


SHAPES: dict[str, tuple[Cells, str]] = {name: (cells, word) for name, cells, word in everywhere()}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_that_costs_much(name: str, tmp_path: Path) -> None:
    cells, word = SHAPES[name]
    verdict = bounded(tmp_path, cells)
    assert word in verdict.word, verdict.sentence()
    assert len(verdict.findings) < 100_000
