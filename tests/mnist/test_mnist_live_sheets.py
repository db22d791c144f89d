"""The four live sheets as a person meets them: what may be typed where, counts, short formulas of one pattern each."""

from __future__ import annotations

import re
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from live_books import ORDER, Typed, cells_of, network, planes, theirs, write
from lxml import etree

from mnist import digits, live
from mnist.live import Live
from mnist.sheets import answer, painting, samples, screen, strip, viewer
from sheetgen.excel import Entry, Workbook, read
from sheetgen.excel.a1 import address, area, place
from sheetgen.excel.tokens import pieces
from sheetgen.judge.lint import lint
from sheetgen.writer.sheets import kernel_places, weights
from sheetgen.writer.trace import letter

MAIN = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
LONGEST, LONGEST_OF_LAYERS = 800, 150  # characters of a formula
ANCHORED = re.compile(r"(?:'CNN weights'!\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)? )*")
COUNT = f"{letter(weights.COUNT)}{weights.TABLE + 1}"
PLACES = kernel_places.Places((3, 3), weights.TABLE, weights.GROUP + 1)


def xml(path: Path, part: str) -> Any:
    with zipfile.ZipFile(path) as file:
        return etree.fromstring(file.read(part))


def sheet_of(path: Path, name: str) -> Any:
    return xml(path, f"xl/worksheets/sheet{ORDER.index(name) + 1}.xml")


def unlocked(path: Path, name: str) -> set[str]:
    """The cells of a sheet that may be typed into while it is protected."""
    forms = xml(path, "xl/styles.xml").findall("m:cellXfs/m:xf", MAIN)
    open_ = {str(k) for k, form in enumerate(forms) if form.find("m:protection[@locked='0']", MAIN) is not None}
    return {cell.get("r") for cell in sheet_of(path, name).iterfind(".//m:c", MAIN) if cell.get("s") in open_}


def choosers() -> list[str]:
    """The merged cells of the five lists: the image, the layer, the channel, the row, the column."""
    lines = [(painting.AT, screen.CHOICE, 14, 1), (strip.AT, strip.LAYER, 23, 1)]
    lines += [(viewer.AT, row, 5, 2) for row in (viewer.CHANNEL, viewer.ROW, viewer.COLUMN)]
    return [f"{letter(at)}{row}:{letter(at + wide - 1)}{row + high - 1}" for at, row, wide, high in lines]


@pytest.mark.parametrize("name", live.SHEETS)
def test_every_sheet_is_protected_and_only_inputs_are_open(live_book: Path, live_cells: Workbook, name: str) -> None:
    protection = sheet_of(live_book, name).find("m:sheetProtection", MAIN)
    assert protection is not None and protection.get("sheet") == "1" and protection.get("password") is None
    inputs = [*cells_of(live_cells, "cnn_drawing"), *(at for text in choosers() for at in area(text).addresses())]
    tried = kernels_inputs() if name == live.WEIGHTS else set()
    assert unlocked(live_book, name) == (set(inputs) if name == live.LIVE else tried)


def kernels_inputs() -> set[str]:
    """The cells of CNN weights that may be typed into: three choices, and the patch."""
    at = PLACES
    areas = [
        f"{kernel_places.typed(at, k)}:{letter(last)}{at.choice}"
        for k, (_, last) in enumerate(kernel_places.inputs(at))
    ]
    top, left, bottom, right = at.area(at.own)
    areas.append(f"{letter(left)}{top + 1}:{letter(right)}{bottom + 1}")
    return {where for text in areas for where in area(text.replace("$", "")).addresses()}


def test_what_may_be_typed(live_book: Path, live_cells: Workbook) -> None:
    rules = {rule.get("sqref"): rule for rule in sheet_of(live_book, live.LIVE).iterfind(".//m:dataValidation", MAIN)}
    drawing = "B6:AC33"
    assert list(area(drawing).addresses()) == cells_of(live_cells, "cnn_drawing") and area(drawing).size == 784
    assert sorted(rules) == sorted([drawing, *choosers()])
    pixel = rules[drawing]
    limits = [pixel.findtext(f"m:formula{k}", None, MAIN) for k in (1, 2)]
    assert (pixel.get("type"), pixel.get("operator", "between"), limits) == ("whole", "between", ["0", "255"])
    lists = [rules[text].findtext("m:formula1", None, MAIN) for text in choosers()]
    assert {rules[text].get("type") for text in choosers()} == {"list"}
    assert all(rules[text].get("showErrorMessage") == "1" for text in rules)
    images, layers = (listed(live_cells, text) for text in lists[:2])
    assert images == [live.OWN, live.BLANK, *digits.names()] and len(images) == 22
    assert layers == [plane.name for plane in planes(live_cells)]
    most = max(plane.shape[0] for plane in planes(live_cells))
    for text, count in zip(lists[2:], (most, 28, 28), strict=True):
        assert text == '"' + ",".join(map(str, range(count))) + '"' and len(text) <= 257


def listed(book: Workbook, reference: str) -> list[str]:
    """The texts in a range."""
    at = area(reference)
    return [str(book.sheets[at.sheet][where].value) for where in at.addresses()]


def test_parameters_are_counted_live(live_cells: Workbook) -> None:
    """19,184, tensor by tensor as PyTorch has them; a number that is deleted is one fewer."""
    cells, wanted = live_cells.sheets[live.WEIGHTS], dict(network().named_parameters())
    first = weights.TABLE + 2
    rows = range(first, first + len(wanted))
    assert sorted(str(cells[f"A{row}"].value) for row in rows) == sorted(wanted)
    wanted = {str(cells[f"A{row}"].value): wanted[str(cells[f"A{row}"].value)] for row in rows}
    counts = [f"{letter(weights.COUNT)}{row}" for row in rows]
    typed = Typed(live_cells)
    found = typed.read([COUNT, *counts], live.WEIGHTS)
    assert found == [19_184, *(p.numel() for p in wanted.values())]
    shapes = [str(cells[f"B{row}"].value).split(" × ") for row in rows]
    assert [tuple(map(int, shape)) for shape in shapes] == [tuple(p.shape) for p in wanted.values()]
    row = place(next(at for at, entry in cells.items() if entry.value == "row 0, in 0"))[0]
    typed.put(f"B{row}", "gone", live.WEIGHTS)
    assert typed.read([COUNT, counts[0]], live.WEIGHTS) == [19_183, found[1] - 1]


def test_weights_are_those_of_the_record(live_cells: Workbook) -> None:
    """The numbers on the sheet, taken together, are the state's; what else stands there are formulas and counts."""
    cells = live_cells.sheets[live.WEIGHTS]
    first = min(place(at)[0] for at, entry in cells.items() if str(entry.value).startswith("kernels.0.weight   "))
    shown = [e.value for at, e in cells.items() if place(at)[0] > first and e.formula is None]
    state = {k: v for k, v in network().state_dict().items() if v.dim()}
    wanted = [x for tensor in state.values() for x in tensor.reshape(-1).tolist()]
    assert sorted(x for x in shown if isinstance(x, float)) == sorted(wanted)


@pytest.mark.parametrize(("name", "home"), [(name, ["Start", live.LIVE]) for name in (live.LAYERS, live.WEIGHTS)])
def test_every_sheet_leads_back_and_keeps_its_title(live_book: Path, name: str, home: list[str]) -> None:
    root = sheet_of(live_book, name)
    pane = root.find(".//m:pane", MAIN)
    assert pane is not None and pane.get("state") == "frozen" and pane.get("ySplit") == "3"
    places = [link.get("location").partition("!")[0].strip("'") for link in root.iterfind(".//m:hyperlink", MAIN)]
    assert places[:2] == home and set(places[2:]) <= {name}


def test_the_worked_cell_of_layers_is_the_cell(live_cells: Workbook) -> None:
    """It follows the planes, and says if it does not."""
    cells = live_cells.sheets[live.LAYERS]
    told = next(at for at, entry in cells.items() if re.fullmatch(r"the cell \w+ holds", str(entry.value)))
    row, column = place(told)
    result, verdict = (address(row, column + 10), address(row, column + 11))
    typed = Typed(live_cells)
    number = float(str(cells[result].value))
    assert typed.read([result, verdict], live.LAYERS) == [pytest.approx(number, rel=1e-12), "PASS"]
    plane = planes(live_cells)[1]
    assert number == pytest.approx(max(float(str(cells[at].value)) for at in plane.addresses()), rel=1e-12)
    typed.put(str(cells[result].formula), 1e3, live.LAYERS)
    assert typed.read([result, verdict], live.LAYERS) == [1e3, "FAIL"]


def test_the_words_of_the_sheets_are_so_of_this_network(live_cells: Workbook) -> None:
    """Of its kernels, of what pools, and of the sample to try, which reads otherwise once its loop is rubbed out."""
    net, texts = network(), {name: {str(e.value) for e in live_cells.sheets[name].values()} for name in live.SHEETS}
    assert all(m.bias is None for m in net.modules() if isinstance(m, torch.nn.Conv2d))
    assert any(text.endswith("; the kernels have no bias") for text in texts[live.WEIGHTS])
    assert "all products, added up: this kernel has no bias" in texts[live.LAYERS]
    assert "2 × 2 max-pooling: the largest of its window" in texts[live.LAYERS] and "before ReLU" in texts[live.WEIGHTS]
    assert "5 × 5 mean-pooling: the mean of its window" in texts[live.LAYERS]
    assert samples.TRY.format(samples.TRIED) in texts[live.SAMPLES]
    drawing = digits.image(samples.TRIED).astype(float)
    before = theirs(net, drawing[None])[0].argmax()
    for y, x in ((13, 10), (14, 10), (13, 11), (14, 11)):
        assert drawing[y, x] > 0
        drawing[y, x] = 0
    assert before == digits.true_class(samples.TRIED) != theirs(net, drawing[None])[0].argmax()


def references(formula: str) -> tuple[str, str, list[tuple[int, int, int, int]]]:
    """(the formula's text without its references, those to weights, the corners of all others)."""
    text, kernels, others = "", "", []
    for kind, piece, _ in pieces(formula):
        if kind == "reference" and live.WEIGHTS in piece:
            kernels += piece + " "
        elif kind == "reference":
            assert "$" not in piece
            others.append(area(piece)[1:])
        text += "#" if kind == "reference" else piece
    return text, kernels, others


def test_every_plane_has_one_pattern(live_cells: Workbook) -> None:
    """As (channel, y, x) goes on by one, every reference moves on by the same rows and columns; kernels by channel."""
    cells = live_cells.sheets[live.LAYERS]
    found = planes(live_cells)
    first = min(plane.row for plane in found)  # above it stands the worked cell
    assert sum(p.count for p in found) == sum(e.formula is not None for at, e in cells.items() if place(at)[0] >= first)
    for plane in found:
        parts = [references(cells[at].formula or "") for at in plane.addresses()]
        assert len(parts) == plane.count == prod(plane.shape) and len({text for text, _, _ in parts}) == 1, plane.name
        corners = np.array([others for _, _, others in parts]).reshape(*plane.shape, -1)
        for axis in range(3):
            steps = np.diff(corners, axis=axis)
            assert steps.size == 0 or np.ptp(steps, axis=(0, 1, 2)).max() == 0, plane.name
        kernels = np.array([kernel for _, kernel, _ in parts]).reshape(plane.shape[0], -1)
        assert all(len({*row}) == 1 for row in kernels)
        assert len({*kernels[:, 0]}) == (
            plane.shape[0] if "added up" in plane.what and "powers" not in plane.what else 1
        )
        assert all(ANCHORED.fullmatch(kernel) for kernel in kernels[:, 0])


def test_convolutions_of_equal_size_are_one_formula_filled_down_and_right(live_cells: Workbook) -> None:
    """In R1C1, where as many channels come in as go out, a channel is one formula."""
    cells = live_cells.sheets[live.LAYERS]
    filled = [
        p for p in planes(live_cells) if p.what.startswith("a 3 × 3 window of all 16 channels") and p.shape[0] == 16
    ]
    assert len(filled) == 6
    for plane in filled:
        for channel in range(plane.shape[0]):
            relative = set()
            for y, x in np.ndindex(*plane.shape[1:]):
                at = plane.at(channel, y, x)
                text, kernels, ((top, left, bottom, right),) = references(cells[at].formula or "")
                row, column = place(at)
                relative.add((text, kernels, top - row, left - column, bottom - row, right - column))
            assert len(relative) == 1


def test_formulas_are_short_and_the_file_is_small(live_book: Path, live_cells: Workbook) -> None:
    formulas = [e.formula for name in live.SHEETS for e in live_cells.sheets[name].values() if e.formula]
    assert 30_000 < len(formulas) < 34_000 and max(map(len, formulas)) <= LONGEST
    assert max(len(e.formula or "") for e in live_cells.sheets[live.LAYERS].values()) <= LONGEST_OF_LAYERS
    assert all(e.value is not None for name in live.SHEETS for e in live_cells.sheets[name].values() if e.formula)
    assert live_book.stat().st_size < 4 << 20


def test_the_subtitle_counts_the_formulas(live_cells: Workbook) -> None:
    told = str(live_cells.sheets[live.LIVE]["A2"].value)
    assert re.findall(r"\d+,\d+", told) == [f"{sum(plane.count for plane in planes(live_cells)):,}"]


def test_the_linter_finds_nothing(live_book: Path) -> None:
    assert lint(live_book) == []


def test_samples_whose_names_look_like_formulas_stay_texts(live_network: Live, tmp_path: Path) -> None:
    names = ["=1+1", "+1", "@SUM(A1)", "-1", "{=A1}", "https://example.org", "_x0041_", " 3 "]
    images = dict.fromkeys(names, live_network.images[live.BLANK]) | {live.FIRST: live_network.images[live.FIRST]}
    named = live_network._replace(images=images, logits=dict.fromkeys(names, np.arange(10.0)))
    path = write(tmp_path / "samples.xlsx", named)
    cells = read(path).sheets[live.SAMPLES]
    assert [cells[address(samples.LIST + k, 1)] for k in range(1, 9)] == [Entry(None, name) for name in names]
    assert not [at for at, entry in cells.items() if at[0] == "A" and at[1:].isdigit() and entry.formula is not None]
    assert lint(path) == []


def test_the_gallery_tells_what_pytorch_reads(live_cells: Workbook) -> None:
    """Below each digit: what PyTorch reads, whether that is right, what comes next and how far behind; the hardest."""
    typed, net, names = Typed(live_cells), network(), digits.names()
    typed.choose("4 closed")
    logits = theirs(net, np.stack([digits.image(name) for name in names]))
    order, sizes = np.argsort(-logits, 1), -np.sort(-logits, 1)
    behind = sizes[:, 0] - sizes[:, 1]
    hardest = int(behind.argmin())
    spots = [(samples.GALLERY + k % 2 * samples.DOWN, samples.LEFT + k // 2 * samples.ACROSS) for k in range(20)]
    cells = live_cells.sheets[live.SAMPLES]
    assert [cells[f"{letter(c)}{r - 1}"].value for r, c in spots] == names
    lines = [f"{letter(c)}{r + 28 + k}" for r, c in spots for k in range(2)]
    told = typed.read(lines, live.SAMPLES)
    for k, name in enumerate(names):
        assert order[k, 0] == digits.true_class(name)
        end = "hardest" if k == hardest else "right"
        assert told[2 * k] == f"✓ reads {order[k, 0]}, {end}"
        assert re.fullmatch(rf"next {order[k, 1]}, ([\d.]+) behind", told[2 * k + 1])
        assert abs(float(told[2 * k + 1].split()[2]) - behind[k]) <= 0.05
    columns = (samples.NEXT, samples.BEHIND, samples.AT)
    rows = range(samples.LIST + 2, samples.LIST + 22)
    listed = typed.read([f"{letter(samples.LEFT + samples.WIDE * c)}{r}" for c in columns for r in rows], live.SAMPLES)
    assert listed[:20] == order[:, 1].tolist() and listed[20:40] == pytest.approx(behind.tolist(), rel=1e-9)
    sure = torch.softmax(torch.tensor(logits), 1).max(1).values.numpy()
    assert listed[40:] == pytest.approx((np.floor(sure * 1e5) / 1e5).tolist(), abs=1e-12)  # never rounded up
    summary = f"{letter(samples.LEFT + samples.ACROSS)}3"
    now = " Live CNN reads “4 closed” now, and its cells"
    first = f"PyTorch reads 20 of 20 right. The hardest is “{names[hardest]}”: {order[hardest, 1]} comes next."
    assert cells[summary].value == first  # of a drawing there is nothing to agree with
    assert typed.read([summary], live.SAMPLES) == [f"{first}{now} agree with PyTorch."]
    k = names.index("4 closed")
    typed.put(f"{letter(samples.LEFT + 4 * samples.WIDE)}{samples.LIST + 2 + k}", -99.0, live.SAMPLES)
    wrong, said = typed.read([lines[2 * k], summary], live.SAMPLES)
    assert wrong == f"✗ reads {order[k, 1]}, wrong" and said.startswith("PyTorch reads 19 of 20 right. The hardest is")
    assert said.endswith(f"{now} differ from PyTorch.")
    typed.choose(live.OWN)
    assert "Live CNN" not in typed.read([summary], live.SAMPLES)[0]


def test_a_share_is_never_shown_as_all_or_nothing_where_it_is_not(live_book: Path) -> None:
    """99.999 % is over 99.9 %, not 100.0 %, and 0.001 % is under 0.1 %."""
    forms = [d.find("m:numFmt", MAIN) for d in xml(live_book, "xl/styles.xml").iterfind("m:dxfs/m:dxf", MAIN)]
    at = f"{letter(answer.COLUMNS[1][0])}{answer.BARS}"
    rules = {
        forms[int(rule.get("dxfId"))].get("formatCode"): rule.findtext("m:formula", None, MAIN)
        for rules in sheet_of(live_book, live.LIVE).iterfind("m:conditionalFormatting", MAIN)
        if rules.get("sqref", "").startswith(f"{at}:")
        for rule in rules
    }
    told = {'">99.9%"': (0.9995, 1), '"<0.1%"': (0, 0.0005)}  # from where 0.0 % would round, up to what is exact
    assert rules == {k: f"IF(ISNUMBER({at}),AND({at}>{low},{at}<{high}),0)" for k, (low, high) in told.items()}


def test_every_sheet_stays_on_a_screen(live_book: Path) -> None:
    """The gallery, and on Live CNN the answer and the first maps, within 1,320 x 530 pixels at 100 %."""
    shown = f"{letter(screen.RIGHT)}{screen.MAPS + screen.MAP - 1}"
    for name, last in ((live.SAMPLES, "KD67"), (live.LIVE, shown)):
        root = sheet_of(live_book, name)
        row, column = place(last)
        widths = {k: float(c.get("width")) for c in root.iterfind(".//m:col", MAIN)
                  for k in range(int(c.get("min")), int(c.get("max")) + 1)}  # fmt: skip
        heights = {int(r.get("r")): float(r.get("ht", 15)) for r in root.iterfind(".//m:row", MAIN)}
        across = sum(widths[k] * 7 for k in range(1, column + 1))  # in characters of 7 pixels
        down = sum(heights.get(k, 15) for k in range(1, row + 1)) * 4 / 3
        assert across <= 1_320 and down <= 530, name
