"""What the MNIST sheets show beside tables: the histogram of Errors, the report's chart and cards, and pages."""

from __future__ import annotations

import re
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from mnist_books import alone, claims
from mutants import set_cells

from mnist import digits
from mnist.record import Claim
from mnist.sheets import charts, compared, confused, errors, full_log, runs
from mnist.sheets.common import ERRORS, FULL, LOG, REPORT
from sheetgen.excel import ErrorValue, Value, read
from sheetgen.excel.a1 import address
from sheetgen.excel.charts import Chart, read_charts
from sheetgen.judge.engines import ENGINES
from sheetgen.writer.trace import letter

ORDER = ["Start", REPORT, "Architecture", LOG, ERRORS, FULL]
PAPER, MARGINS = {"landscape": 11.69, "portrait": 8.27}, 0.8  # inches, A4
WIDER = 1.06  # LibreOffice draws columns wider than Excel
Values = dict[str, dict[str, Value]]


@pytest.fixture(scope="module")
def made() -> dict[str, Claim]:
    return claims(("ours", "ours-1-teacher", "ours-untaught", "reference", "small", "fast", "teacher", "ladder-1"))


@pytest.fixture(scope="module")
def book(made: dict[str, Claim], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheets of MNIST alone."""
    return alone(tmp_path_factory.mktemp("shown") / "book.xlsx", made)


def after(book: Path, folder: Path, edits: dict[str, dict[str, str | float]]) -> Values:
    """All values after some cells of some sheets were typed over, by IronCalc."""
    path = book
    for k, (sheet, cells) in enumerate(edits.items()):
        path = set_cells(path, folder / f"edited{k}.xlsx", sheet, cells, ORDER)
    values = {
        name: {at: e.value for at, e in cells.items() if e.value is not None}
        for name, cells in read(path).sheets.items()
    }
    return {name: cells | ENGINES["IronCalc"](path).values.get(name, {}) for name, cells in values.items()}


def chart_of(book: Path, sheet: str, name: str) -> Chart:
    (found,) = [c for c in read_charts(book) if c.sheet == sheet and c.name.startswith(name)]
    return found


# Errors: how sure it was.


def histogram(found: Values) -> list[float]:
    """The counts of the table, from the least sure to the surest."""
    return [float(found[ERRORS][f"{letter(errors.COUNT)}{row}"] or 0) for row in bins(found)]


def bins(found: Values) -> range:
    """The rows of the counts, below their heading."""
    (head,) = [at for at, value in found[ERRORS].items() if value == "so often"]
    row = int(re.sub(r"\D", "", head))
    return range(row + 1, row + 1 + errors.BINS)


def listed(found: Values, made: dict[str, Claim]) -> list[str]:
    """The cells of the list that hold probabilities."""
    (head,) = [at for at, value in found[ERRORS].items() if value == "how sure"]
    row = int(re.sub(r"\D", "", head))
    return [f"E{k}" for k in range(row + 1, row + 1 + len(made["ours"].records[0].mistakes))]


def test_the_histogram_is_numpys_and_counts_every_mistake(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    found = after(book, tmp_path, {})
    mistakes = made["ours"].records[0].mistakes
    wanted, _ = np.histogram([m.probability for m in mistakes], bins=errors.BINS, range=(0, 1))
    assert histogram(found) == wanted.tolist() and sum(histogram(found)) == len(mistakes)
    assert found[ERRORS][f"{letter(errors.COUNT)}{bins(found).stop}"] == len(mistakes)
    said = str(found[ERRORS][f"A{errors.TOLD}"])
    assert said.startswith(
        f"In {wanted[-1]} of the {len(mistakes)} mistakes that are listed below it was 90 % sure or surer."
    )


def test_the_histogram_follows_the_list(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    cells = listed(after(book, tmp_path, {}), made)
    sure = [m.probability for m in errors.surest_first(made["ours"].records[0])]
    edges: list[float] = [1.0, 0.0, 0.05, 0.85, 0.95]
    found = after(book, tmp_path, {ERRORS: dict(zip(cells, edges, strict=False))})
    wanted, _ = np.histogram([*edges, *sure[len(edges) :]], bins=errors.BINS, range=(0, 1))
    assert histogram(found) == wanted.tolist()
    gone = after(book, tmp_path, {ERRORS: {cells[0]: '="sure"', cells[1]: '=""'}})
    assert sum(histogram(gone)) == len(cells) - 2
    assert not [at for at, value in gone[ERRORS].items() if isinstance(value, ErrorValue)]


def test_the_histograms_chart_draws_the_table(book: Path, tmp_path: Path) -> None:
    (series,) = chart_of(book, ERRORS, "How sure it was").series
    area = series.values.area
    assert area and list(area.addresses()) == [
        address(row, errors.COUNT + 1) for row in bins(after(book, tmp_path, {}))
    ]


# Errors: what is confused most, counted anew from the matrix.


def confusions(matrix: np.ndarray) -> list[tuple[int, int, int]]:
    """(True, taken for, times) of the commonest mistakes, those of a smaller digit first where they are as many."""
    pairs = [(t, p, int(matrix[t, p])) for t in range(10) for p in range(10) if t != p and matrix[t, p] > 0]
    return sorted(pairs, key=lambda x: (-x[2], x[0], x[1]))[: confused.PAIRS]


def told(found: Values) -> list[str]:
    """The sentences below the matrix."""
    return [str(found[ERRORS].get(f"A{errors.TOLD + 1 + k}", "")) for k in range(confused.PAIRS)]


def drawn_digits(book: Path, found: Values) -> list[list[tuple[float, float]]]:
    """The points of each digit of the drawing, in hundredths of a digit, from its own corner, y downward."""
    pens = [s for s in chart_of(book, ERRORS, confused.TITLE).series if s.values.area and s.values.area.size > 1]
    shown = []
    for k, s in enumerate(pens):
        assert s.categories.area and s.values.area
        left, up = (confused.FROM, confused.TO)[k % 2], confused.STEP * (k // 2) + confused.TOP
        x, y = ([float(found[ERRORS][at] or 0) for at in a.addresses()] for a in (s.categories.area, s.values.area))
        shown.append([(a - left, -b - up) for a, b in zip(x, y, strict=True)])
    return shown


EDITS: dict[str, dict[tuple[int, int], str | float]] = {
    "as recorded": {},
    "two that were never confused": {(8, 0): 41.0, (0, 8): 41.0},
    "once": {(t, p): float((t, p) == (3, 1)) for t in range(10) for p in range(10) if t != p},
    "never": {(t, p): 0.0 for t in range(10) for p in range(10) if t != p},
    "texts and nonsense": {(2, 7): '="many"', (3, 5): -4.0, (4, 9): 1e6},
}


@pytest.mark.parametrize("how", EDITS)
def test_the_commonest_confusions_are_those_of_the_matrix(
    book: Path, made: dict[str, Claim], tmp_path: Path, how: str
) -> None:
    matrix = np.array(made["ours"].records[0].confusion)
    for (t, p), value in EDITS[how].items():
        matrix[t, p] = 0 if isinstance(value, str) else value
    typed = {f"{letter(errors.FIRST + p)}{errors.TOP + 1 + t}": value for (t, p), value in EDITS[how].items()}
    found = after(book, tmp_path, {ERRORS: typed} if typed else {})
    pairs = confusions(matrix)
    digit = ("a {}", "an {}")
    for k, said in enumerate(told(found)):
        if k >= len(pairs):
            assert said == ("" if k else confused.NONE)
            continue
        true, taken, times = pairs[k]
        assert said.startswith(f"{true} taken for {taken}, {'once' if times == 1 else f'{times} times'}: ")
        looks = [f"{digit[n == 8].format(n)} is {confused.SHAPES[n]}" for n in (true, taken)]
        assert said.endswith(f": {looks[0]}, {looks[1]}.")
    pens = drawn_digits(book, found)
    for k in range(confused.PAIRS):
        for shown, n in zip(pens[2 * k : 2 * k + 2], pairs[k][:2] if k < len(pairs) else (None, None), strict=True):
            wanted = {(0, 0)} if n is None else set(confused.path(confused.HANDS[n]))
            assert {(round(x), round(y)) for x, y in shown} == wanted
    assert not [at for at, value in found[ERRORS].items() if isinstance(value, ErrorValue)]


def test_a_digit_is_drawn_through_the_points_of_its_sample() -> None:
    for n, name in enumerate(confused.HANDS):
        pen = confused.path(name)
        strokes = [[tuple(map(int, p)) for p in stroke] for stroke in digits.strokes(digits.DRAWN[name][1])]
        assert name.startswith(str(n)) and set(pen) == {p for stroke in strokes for p in stroke}
        wanted = {frozenset(pair) for stroke in strokes for pair in pairwise(stroke)}
        assert {frozenset(pair) for pair in pairwise(pen) if pair[0] != pair[1]} == wanted, "the pen is never lifted"


# Training log: a logarithmic axis, and an axis below what is drawn.


def test_no_line_of_the_training_log_leaves_its_picture_unsaid(
    book: Path, made: dict[str, Claim], tmp_path: Path
) -> None:
    found = after(book, tmp_path, {})
    with zipfile.ZipFile(book) as archive:
        parts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]
    low = charts.floor_of([e.test_accuracy for r in made["ours"].records for e in r.epochs])
    trained = made["ours"].records[0].epochs[0].train_accuracy
    assert trained < low, "or nothing would have to be said"
    assert f"epoch 1: {trained:.1f}".rstrip("0").rstrip(".") + " %, off the chart" in found[LOG].values()
    above = after(book, tmp_path, {FULL: {f"F{runs.places(made)[0].first}": 99.5}})[LOG]
    assert not [v for v in above.values() if "off the chart" in str(v)]
    train = charts.DRAWN + charts.PLOTTED.index(charts.TRAIN) + 1
    for title in ("Accuracy of the seed shown", "Every seed of ours", "Ours, the reference"):
        chart = chart_of(book, LOG, title)
        lowest = [
            float(v)
            for s in chart.series
            if s.values.area and s.values.area.size > 1 and s.values.area.column != train
            for at in s.values.area.addresses()
            if (v := found[s.values.area.sheet or LOG].get(at)) not in (None, "#N/A") and not isinstance(v, str)
        ]
        (part,) = [p for p in parts if title in p and LOG in p]
        (least,) = re.findall(r'<c:max val="100.0"/><c:min val="([\d.]+)"/>', part)
        assert 0 <= min(lowest) - float(least) < 1


def test_what_overfitting_is_follows_the_gap(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    r, last = made["ours"].records[0], runs.places(made)[0].last
    more = r.accuracy - r.last.train_accuracy
    said = str(after(book, tmp_path, {})[LOG][f"A{runs.TOLD + 1}"])
    assert more > 0 and said.startswith(f"It reads {more:.2f}".rstrip("0") + " % more of the test images")
    other = str(after(book, tmp_path, {FULL: {f"F{last}": r.accuracy + 0.25}})[LOG][f"A{runs.TOLD + 1}"])
    assert other.startswith("It reads 0.25 % fewer of the test images") and "by heart" in other
    assert after(book, tmp_path, {FULL: {f"F{last}": '="none"'}})[LOG][f"A{runs.TOLD + 1}"] == " "


def test_small_steps_at_the_end_are_named_only_where_they_are(
    book: Path, made: dict[str, Claim], tmp_path: Path
) -> None:
    rates = [e.learning_rate for e in made["ours"].records[0].epochs]
    told = "Learning rate of the seed shown" + (charts.SETTLING if rates[-1] < max(rates) / 2 else "")
    assert told in after(book, tmp_path, {})[LOG].values()
    last = runs.places(made)[0].last
    for rate, settles in ((max(rates) / 10, charts.SETTLING), (max(rates), "")):
        found = after(book, tmp_path, {FULL: {f"D{last}": rate}})[LOG]
        assert "Learning rate of the seed shown" + settles in found.values()


def test_the_seed_to_try_is_one_that_drops(book: Path, made: dict[str, Claim]) -> None:
    curves = {r.seed: np.array([e.test_accuracy for e in r.epochs]) for r in made["ours"].records}
    drops = {seed: (np.maximum.accumulate(curve) - curve).max() for seed, curve in curves.items()}
    (said,) = [e.value for e in read(book).sheets[LOG].values() if str(e.value).startswith("Try: choose seed ")]
    assert drops[int(str(said).split()[3].rstrip("."))] == max(drops.values())


# Full log: a line for each network.


def test_what_ladder_means_is_said_where_there_is_one(book: Path, tmp_path: Path) -> None:
    without = alone(tmp_path / "x.xlsx", claims(["ours"]))
    for path, there in ((book, True), (without, False)):
        assert (full_log.STEPS in str(read(path).sheets[FULL]["A2"].value)) == there


def test_a_networks_line_is_the_mean_of_its_seeds(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    found = after(book, tmp_path, {})[FULL]
    names = list(dict.fromkeys(run.claim for run in runs.places(made)))
    assert set(names) == set(made)
    for row, name in enumerate(names, runs.FULL_HEAD + 1):
        records = made[name].records
        ends = [r.last for r in records]
        wanted = [np.mean([getattr(e, k) for e in ends]) for k in
                  ("train_loss", "train_accuracy", "test_loss", "test_accuracy")]  # fmt: skip
        seconds = np.mean([e.seconds for r in records for e in r.epochs])
        assert [found[f"{k}{row}"] for k in "ABC"] == [name, "all", len(records[0].epochs)]
        assert [found[f"{k}{row}"] for k in "EFGHI"] == pytest.approx([*wanted, seconds], rel=1e-9)
    sheet = openpyxl.load_workbook(book)[FULL]
    assert sheet.auto_filter.ref == f"A{runs.FULL_HEAD}:J{runs.places(made)[-1].last}"
    (series,) = chart_of(book, FULL, "Which reads best").series
    assert series.values.area and len(list(series.values.area.addresses())) == len(names)
    assert series.categories.area
    called = [str(found[at]) for at in series.categories.area.addresses()]
    assert [text.partition(": ")[0] for text in called] == names and all(": " in text for text in called)


def test_no_page_is_printed_of_lists_that_nobody_reads(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    """Not of every epoch, of every mistake without its picture, or of every seed."""
    found, printed = after(book, tmp_path, {}), openpyxl.load_workbook(book)
    last = {name: int(str(printed[name].print_area).rpartition("$")[2]) for name in (FULL, ERRORS, REPORT)}
    assert last[FULL] == runs.FULL_HEAD + max(len(made), full_log.CHART_ROWS)
    for name, heading in ((ERRORS, "Misclassified test images"), (REPORT, "Every seed")):
        (below,) = [int(at[1:]) for at, v in found[name].items() if at[0] == "A" and str(v).startswith(heading)]
        assert last[name] < below <= last[name] + 3


def test_a_loss_of_zero_has_no_place_on_the_logarithmic_axis(
    book: Path, made: dict[str, Claim], tmp_path: Path
) -> None:
    chart = chart_of(book, LOG, "Loss of the seed shown")
    assert chart.log and len(chart.series) == 3
    first = runs.places(made)[0].first
    found = after(book, tmp_path, {FULL: {f"E{first + 1}": 0.0, f"E{first + 2}": -1.0, f"G{first + 3}": '="none"'}})
    drawn = [[found[LOG][at] for at in s.values.area.addresses()] for s in chart.series[:2] if s.values.area]
    r = made["ours"].records[0]
    losses = [[e.train_loss for e in r.epochs], [e.test_loss for e in r.epochs]]
    gone = [(0, 1), (0, 2), (1, 3)]
    for k, column in enumerate(drawn):
        for n, value in enumerate(column):
            if (k, n) in gone:
                assert value == "#N/A"
            else:
                assert value == pytest.approx(losses[k][n], rel=1e-12)


def test_a_run_without_a_loss_above_zero_says_so(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    run = runs.places(made)[0]
    edits: dict[str, str | float] = {f"{k}{row}": 0.0 for k in "EG" for row in range(run.first, run.last + 1)}
    found = after(book, tmp_path, {FULL: edits})[LOG]
    title, *_ = charts.TITLES[0]
    assert f"{title}: empty, no loss above 0" in found.values()


# The report: what the numbers mean, and the chart.


def test_the_cards_say_how_many_are_wrong(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    found = after(book, tmp_path, {})[REPORT]
    wrong = [len(r.mistakes) for r in made["ours"].records]
    assert found["A6"] == "6 of 6 lines" and found["B6"] == f"{np.mean(wrong):.0f} of 10,000 wrong"
    assert found["D6"] == f"{max(wrong)} wrong, the worst of {len(wrong)}"
    seconds = np.mean([r.wall_seconds for r in made["ours"].records])
    assert found["J6"] == f"about {seconds / 60:.0f} minutes"


def test_what_is_required_stands_apart_from_what_came_beyond(book: Path, tmp_path: Path) -> None:
    column = {
        int(at[1:]): value for at, value in after(book, tmp_path, {})[REPORT].items() if re.fullmatch(r"A\d+", at)
    }
    required = next(row for row, value in column.items() if str(value).startswith("Required"))
    beyond = next(row for row, value in column.items() if str(value).startswith("Beyond"))
    lines = [str(column[row]) for row in range(required + 2, beyond) if row in column]
    assert len(lines) == 6 and "parameters" in lines and not any("beyond" in line for line in lines)
    assert "the goal beyond" in str(column[beyond + 2])
    hashes = next(row for row, value in column.items() if str(value).startswith("SHA-256 of the weights"))
    assert hashes > max(row for row, value in column.items() if value == "versions"), "hashes stand at the end"


def points(book: Path, found: Values) -> dict[str, tuple[Value, Value]]:
    """Name -> (parameters, accuracy) of the networks on the report's chart."""
    chart = chart_of(book, REPORT, compared.TITLE)
    shown = {}
    for s in chart.series:
        assert s.name.area and s.categories.area and s.values.area
        (name,) = s.name.area.addresses()
        x, y = ([found[REPORT][at] for at in area.addresses()] for area in (s.categories.area, s.values.area))
        shown[str(found[REPORT][name])] = (x[0], y[0]) if len(x) == 1 else (x[-1], y[-1])
    return shown


def test_the_reports_chart_shows_parameters_and_means(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    shown = points(book, after(book, tmp_path, {}))
    for name in ("ours", "small", "reference", "fast", "teacher"):
        parameters, mean = shown[name]
        assert parameters == made[name].records[0].parameters
        assert mean == pytest.approx(np.mean(made[name].accuracies), rel=1e-9)
    assert shown["most parameters"][0] == 20_000 and shown["target"][1] == 99.4


def test_a_network_beyond_the_charts_edge_says_so(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    edits: dict[str, str | float] = {f"H{run.last}": 10.0 for run in runs.places(made) if run.claim == "ours"}
    shown = points(book, after(book, tmp_path, {FULL: edits}))
    x, y = shown["ours (beyond the edge)"]
    with zipfile.ZipFile(book) as archive:
        parts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]
    (part,) = [text for text in parts if compared.TITLE in text]
    assert f'<c:min val="{y:g}"/>' in part, "it stands on the lower edge"
    assert x == made["ours"].records[0].parameters
    found = after(book, tmp_path, {LOG: {"H5": '="high"'}})
    assert points(book, found)["target"][1] == "#N/A" and points(book, found)["ours"][1] != "#N/A"


# Pages.


@pytest.mark.parametrize("name", ORDER[1:])
def test_a_page_holds_all_columns_and_is_legible(book: Path, name: str) -> None:
    sheet = openpyxl.load_workbook(book)[name]
    area = re.findall(r"\$([A-Z]+)\$\d+", str(sheet.print_area))
    last = openpyxl.utils.column_index_from_string(area[1])
    widths = dict.fromkeys(range(1, last + 1), 9.14)
    for dimension in sheet.column_dimensions.values():
        widths |= {k: dimension.width for k in range(dimension.min, dimension.max + 1) if k <= last}
    pixels = sum(round(7 * width) for width in widths.values())
    room = 96 * (PAPER[sheet.page_setup.orientation] - MARGINS)
    if sheet.sheet_properties.pageSetUpPr and sheet.sheet_properties.pageSetUpPr.fitToPage:
        scale = min(1.0, room / pixels)
    else:
        scale = float(sheet.page_setup.scale) / 100
        assert pixels * WIDER * scale <= room, "the last columns would stand on pages of their own"
    assert scale >= 0.72, "letters of 10 points are at least 7 on paper"
