"""What leads through the tables: groups of columns, the row shown, labels of curves, the overview of the check."""

import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any

import openpyxl
import pytest
from books import GOOD, TEMPLATES, BuildBook, columns, place_of, recalculated
from mutants import formula_of, set_cells
from openpyxl import load_workbook
from slip_training import train

from mnist.sheets import common as mnist_lines
from sheetgen.cells.cell import Evaluator, forward_order
from sheetgen.deliver.build import ask_oracle
from sheetgen.excel import Value, Workbook, read
from sheetgen.excel.a1 import column_letters, column_number
from sheetgen.judge.engines import ENGINES
from sheetgen.network import program
from sheetgen.network.derivation import MOST, Line, derive
from sheetgen.network.slips import RIGHT
from sheetgen.network.words import STEEP, in_words
from sheetgen.spec import Spec, load, parse
from sheetgen.writer.book import writing
from sheetgen.writer.plan import Oracle, Run, ticks
from sheetgen.writer.sheets import groups, overview, start, steps
from sheetgen.writer.sheets.plotted import tick
from sheetgen.writer.sheets.rates import RatePlaces, _shape
from sheetgen.writer.sheets.rates_told import (
    ABOVE,
    ALREADY,
    FALLS,
    FASTEST,
    JUMPS,
    RISES,
    RUNS_OFF,
    STILL,
    Told,
    goal,
    suggested,
    too_long,
    typed_at_first,
)
from sheetgen.writer.style import CANCELLED, GROUPS, ROUNDED

DEEP = """
[network]
layers = [3, 2, 4, 1]
activation = ["relu", "tanh", "identity"]
bias = "trained"
formulas = "staged"
[data]
inputs = [[0.5, -1, 0], [1, 0.25, 0.5]]
targets = [[1], [-1]]
[initial]
seed = 5
[training]
learning_rate = 0.01
steps = 6
learning_rates = [0.1]
"""
PARTS = (  # of a column's name, for any network
    (r"[ti]\d+", "data"), (r"E.*", "error"), (r"dE/d.*", "gradients"), (r"(a_)?o\d+.*", "outputs"),
    (r"(a_)?h\d+.*", "hidden"),
)  # fmt: skip


def spec_of(name: str) -> Spec:
    return parse(DEEP, "deep.toml") if name == "deep" else load(TEMPLATES / f"{name}.toml")


@pytest.fixture(scope="module")
def book(homework_book: Path) -> Any:
    return openpyxl.load_workbook(homework_book)


# --- groups


@pytest.mark.parametrize("name", ["homework", "mazur", "xor", "tanh-2-3-2", "deep"])
def test_every_column_is_in_its_group(name: str) -> None:
    spec = spec_of(name)
    built = program.build(spec)
    found = groups.of_program(built)
    looks = [look.removeprefix("group ") for look, _ in groups.looks(found)]
    assert len(looks) == len(built.columns) and sum(g.width for g in found) == len(looks)
    for column, look in zip(built.columns, looks, strict=True):
        wanted = next((part for pattern, part in PARTS if re.fullmatch(pattern, column.name or "")), None)
        into = "outputs" if column in {*built.network.layers[-1].weights.flat, *built.network.layers[-1].biases} else ""
        assert look == (wanted or into or "hidden"), column.name
    hidden = [g.name for g in found if g.look == "hidden"]
    layers = len(spec.layers) - 2
    assert hidden == [f"forward → hidden layer{f' {k}' if layers > 1 else ''}" for k in range(1, layers + 1)]


@pytest.mark.parametrize("name", ["homework", "xor", "deep"])
@pytest.mark.parametrize("most", [3, 8, 12])
def test_a_page_holds_so_many_columns_and_begins_with_a_group(name: str, most: int) -> None:
    found = groups.of_program(program.build(spec_of(name)))
    total = found[-1].first + found[-1].width
    edges = [0, *groups.pages(found, most), total]
    assert all(0 < b - a <= most for a, b in pairwise(edges))
    firsts = {g.first for g in found}
    wide = [g for g in found if g.width > most]
    assert all(at in firsts or any(g.first < at < g.first + g.width for g in wide) for at in edges[:-1])


def test_the_band_names_each_group_above_its_first_column(book: Any, homework_spec: Spec) -> None:
    """In its colour, down to the headings, with a line at its left through all rows."""
    sheet = book["Training"]
    for group in groups.of_program(program.build(homework_spec)):
        for k in range(group.width):
            at = column_letters(2 + group.first + k)
            fills = {sheet[f"{at}{row}"].fill.fgColor.rgb[2:] for row in (14, 15)}
            assert fills == {GROUPS[group.look].removeprefix("#")}
            assert (sheet[f"{at}14"].value == group.name) == (k == 0)
            assert {bool(sheet[f"{at}{row}"].border.left.style) for row in (15, 16, 46)} == {k == 0}
    assert len({*GROUPS.values()}) == len(GROUPS)


def test_pages_of_training_break_at_groups(book: Any) -> None:
    assert [b.id for b in book["Training"].col_breaks.brk] == [13, 24]
    assert book["Training"]["N15"].value == "w5" and book["Training"]["Y15"].value == "dE/dw1"  # the 14th, the 25th


def rules(sheet: Any, area: str) -> list[Any]:
    return [rule for found in sheet.conditional_formatting if str(found.sqref) == area for rule in found.rules]


def test_the_row_shown_is_marked_by_a_sign_and_a_colour(book: Any) -> None:
    sheet = book["Training"]
    (mark,) = rules(sheet, "A16:A46")
    assert mark.formula == ["$A16=row_number"] and "▸" in mark.dxf.numFmt.formatCode and mark.dxf.fill
    (row,) = (rule for rule in rules(sheet, "B16:AF46") if rule.formula == ["$A16=row_number"])
    assert row.dxf.fill and row.dxf.border.top.style


@pytest.mark.parametrize("rate", [1.0, 40.0])
def test_training_tells_what_to_look_at(homework_book: Path, homework_spec: Spec, rate: float) -> None:
    """The error before, after an update and at the end, and how a weight moves: as PyTorch has them."""
    columns = ask_oracle(replace(homework_spec, learning_rate=rate, learning_rates=(1.0,))).columns
    e, w, g = columns["E_total"], columns["w5"], columns["dE/dw5"]
    told = str(recalculated(homework_book, learning_rate=rate)["Training"]["B2"])
    numbers = [float(x) for x in re.findall(r"(?<![\w.])\d[\d.]*(?:E-\d+)?(?![\w])", told.replace(". ", " "))]
    change = 100 * abs(e[1] / e[0] - 1)
    wanted = [e[0], e[1], change, 30, e[30], w[0], rate, abs(g[0]), abs(w[1])]
    assert numbers == pytest.approx(wanted, rel=1e-2)
    assert (" % down;" in told) == (e[1] < e[0]) and ("up: the step is too long" in told) == (e[1] > e[0])
    assert e[1] != e[0] and told.endswith("every weight moves against its gradient.")


def test_errors_of_a_text_are_not_seen(book: Any) -> None:
    """Where a wall of #VALUE! stood, a sentence says which input is missing."""
    rules = [r for area in book["Training"].conditional_formatting for r in area.rules if "ISERROR" in str(r.formula)]
    assert [(r.formula, r.stopIfTrue, r.dxf.font.color.rgb) for r in rules] == [(["ISERROR(A16)"], True, "FFFFFFFF")]


@pytest.mark.parametrize(("typed", "told"), [(0.0, 0.0), (7.0, 7.0), (900.0, "none"), ("x", "none")])
def test_training_tells_the_row_that_is_shown(homework_book: Path, typed: Value, told: Value) -> None:
    assert recalculated(homework_book, row_shown=typed)["Training"]["A6"] == told


# --- what is folded away


def test_workings_are_folded_away_and_nothing_else(book: Any) -> None:
    for name, first in {"Training": "AG", "Learning rates": "I", "Steps": "E"}.items():
        dimensions = book[name].column_dimensions
        hidden = [d for d in dimensions.values() if d.hidden]
        assert {d.outlineLevel for d in hidden} == {1}, name
        assert min(d.min for d in hidden) == column_number(first), name
        after = max(d.max for d in hidden) + 1
        assert dimensions[column_letters(after)].collapsed, name
    for name in ("Autograd check", "Recomputation"):  # locked, so nothing could be unfolded
        assert not any(d.hidden for d in book[name].column_dimensions.values())


# --- learning rates


def digits(sheet: Any, area: str, number: float) -> str:
    """The number as the first of the area's rules that hold shows it, as a program would."""
    for rule in rules(sheet, area):
        low, high = (float(x) for x in re.findall(r"[<>]=?([\d.]+)", rule.formula[0]))
        if low <= number < high:
            places = rule.dxf.numFmt.formatCode.partition(".")[2].count("0")
            return f"{number:.{places}f}"
    return f"{number:.2E}"


@pytest.mark.parametrize("number", [0.001, 0.00999, 0.009996, 0.0134, 0.0999, 0.09996, 0.5, 0.9996, 5.98, 9.996, 42.42,
                                    99.96, 123.4, 999.4, 1234.5, 0.000999, 3.17e-8, 0.0009996])  # fmt: skip
@pytest.mark.parametrize(("name", "area"), [("Learning rates", "B5:C11"), ("Laboratory", "B41:F48")])
def test_numbers_are_shown_with_three_digits(book: Any, name: str, area: str, number: float) -> None:
    assert all(rule.formula[0].count("ABS(") == 2 for rule in rules(book[name], area))  # a negative one, too
    shown = digits(book[name], area, number)
    assert len(re.sub(r"E.*|\.|^0[.0]*", "", shown)) == 3 and ("E" in shown) == (not 0.0009995 <= number < 999.5), shown
    assert math.isclose(float(shown), number, rel_tol=5.1e-3)


def ends(book: Workbook) -> dict[str, list[str]]:
    """Heading -> addresses, of the labels of the curves of Learning rates."""
    heads = columns(book, "Learning rates", 4)
    count = sum(re.fullmatch(r"E \(.*\)", h) is not None for h in columns(book, "Learning rates"))
    names = ("label", "x of the end", "x of the label", "y of the end", "y of the label", "low", "apart")
    return {name: [f"{heads[name]}{row}" for row in range(5, 5 + count)] for name in names}


@pytest.mark.parametrize("typed", [{}, {"my_learning_rate": 10.0}, {"my_learning_rate": 0.5, "threshold": 0.01},
                                   {"my_learning_rate": "x"}, {"threshold": 1e-30}, {"i_1": 1e6},
                                   {"w_5": 0.0, "w_6": 0.0, "w_7": 0.0, "w_8": 0.0}], ids=str)  # fmt: skip
def test_every_curve_is_labelled_at_its_end(build_book: BuildBook, typed: dict[str, Value]) -> None:
    """Apart from one another, in the order of the curves, and the fastest says so."""
    path = build_book("homework", steps=110)
    book = read(path)
    values = recalculated(path, **typed)["Learning rates"]
    at, heads = ends(book), columns(book, "Learning rates")
    names = [h.removesuffix(" > 0") for h in heads if re.fullmatch(r"E \(.*\) > 0", h)]
    drawn = [heads[f"{h} > 0"] for h in names]
    assert len(drawn) == 7
    found: list[tuple[float, float, float]] = []
    for k, letters in enumerate(drawn):
        curve = [values[f"{letters}{row}"] for row in range(16, 127)]
        numbers = [x for x in curve if isinstance(x, float)]
        label, x, to_x, y, to_y, *_ = (values[at[name][k]] for name in at)
        assert all(isinstance(z, float) for z in (x, to_x, y, to_y))
        if not numbers:
            assert label == " " and (x, y) == (to_x, to_y)
            continue
        errors = [values[f"{heads[names[k]]}{row}"] for row in range(16, 127)]
        settled = any(isinstance(z, float) and z < 1e-22 for z in errors)  # what is left is rounding
        assert (x, y) == ((110, max(1e-30, float(errors[-1]))) if settled else (len(numbers) - 1, numbers[-1]))
        fastest = str(values.get(f"G{5 + k}")).startswith(FASTEST)
        rate = ("0.1", "0.2", "0.5", "0.8", "1", "2", f"yours: {float(typed.get('my_learning_rate', 100)):g}"
                if typed.get("my_learning_rate") != "x" else "")[k]  # fmt: skip
        assert label == rate + f" {FASTEST}" * fastest and to_x == pytest.approx(float(x) + 4.4)
        if x < 110:
            assert to_y == y
        else:
            found.append((1e-22 if settled else float(y), float(to_y), -k))
    found.sort(reverse=True)
    logs = [math.log10(to_y) for _, to_y, _ in found]
    gaps = [a - b for a, b in pairwise(logs)]
    assert not gaps or min(gaps) >= 1.0 / 6.01
    if len(found) == 7:  # a label is beside its end, or pushed down by those above, but never below the lowest
        low, apart = (float(values[at[name][0]]) for name in ("low", "apart"))
        pushed: list[float] = []
        for end, _, _ in found:
            pushed.append(min(math.log10(end), pushed[-1] - apart) if pushed else math.log10(end))
        wanted = [max(y, low + (6 - k) * apart) for k, y in enumerate(pushed)]
        assert logs == pytest.approx(wanted, abs=0.1 if found[-1][0] < 1e-10 else 1e-5)
    counts = [values[f"F{row}"] for row in range(5, 12)]
    there = [x for x in counts if isinstance(x, float)]
    marked = [str(values[f"G{row}"]).startswith(FASTEST) for row in range(5, 12)]
    first = counts.index(min(there)) if there and min(there) > 0 else None
    assert marked == [k == first for k in range(7)]


MARKED: list[tuple[dict[str, Value], Value, int | None, str]] = [  # typed, the fastest, its place, what yours does
    ({"my_learning_rate": 2.0}, 2.0, 5, FALLS),  # two are equally fast
    ({"my_learning_rate": 5.0}, 5.0, 6, FALLS),
    ({"threshold": 1.0}, ALREADY, None, FALLS),
    ({"my_learning_rate": 1e6}, 2.0, 5, JUMPS),  # its units are saturated, and E is 0 by luck
    ({"i_1": 0.0, "i_2": 0.0, "t_1": 0.01, "t_2": 0.01, "my_learning_rate": 1e6}, "none", None, JUMPS),
    ({"my_learning_rate": 0.0}, 2.0, 5, STILL),
    ({"my_learning_rate": 1000.0}, 2.0, 5, JUMPS),  # up to 0.25
    ({"my_learning_rate": 100.0}, 2.0, 5, RISES),  # not there in 30 updates, but on its way
    ({"my_learning_rate": 700.0}, 2.0, 5, ABOVE),
]


def does(errors: list[float], threshold: float) -> str:
    """What E does, in words, from its numbers."""
    first, *later = errors
    if max(later) <= 1.000001 * min(later):
        return STILL if abs(later[-1] - first) <= 1e-6 * first else JUMPS
    ups = sum(y > threshold and y > x * (1 + 1e-9) for x, y in pairwise(errors))
    once = f"{RISES} once" if ups == 1 else f"{RISES} {ups} times"
    return ABOVE if later[-1] > first else once if ups else FALLS


@pytest.mark.parametrize(("typed", "fastest", "place", "said"), MARKED, ids=str)
def test_one_rate_is_the_fastest(
    homework_book: Path, typed: dict[str, Value], fastest: Value, place: int | None, said: str
) -> None:
    """The first to walk to the goal; who jumps there once, and stands still, is not. And it says what E does."""
    values = recalculated(homework_book, **typed)["Learning rates"]
    heads, threshold = columns(read(homework_book), "Learning rates"), float(typed.get("threshold", 0.001))
    names = [h for h in heads if re.fullmatch(r"E \(.*\)", h)]
    words = [does([float(values[f"{heads[h]}{r}"]) for r in range(16, 47)], threshold) for h in names]
    crown = [f"{FASTEST}, " if k == place else "yours: " if k == 6 else "" for k in range(7)]
    assert [values[f"E{row}"] for row in range(5, 12)] == [a + b for a, b in zip(crown, words, strict=True)]
    assert said in words[6] and values["K6"] == fastest
    labels = [str(values[at]) for at in ends(read(homework_book))["label"]]
    assert [label.endswith(f" {FASTEST}") for label in labels] == [k == place for k in range(7)]
    answer = str(values["A2"])
    own = float(typed.get("my_learning_rate", 100))
    assert answer.endswith(f" Yours, {f'{own:.6f}'.rstrip('0').rstrip('.')}, {words[6]}.")
    if place is not None:
        count = int(float(values[f"D{5 + place}"]))
        assert answer.startswith(f"Of these, {float(fastest):g} is fastest: E is down to ")
        assert f" after {count} updates. " in answer
        slow = values["D5"]
        assert "0.1 is only at 0.0" in answer if slow == "not reached" else f"0.1 takes {int(float(slow))}." in answer


@pytest.mark.parametrize(("activation", "own", "said"), [("identity", 50.0, RUNS_OFF), ("relu", 50.0, "")])
def test_a_rate_at_which_e_runs_off_says_so(build_book: BuildBook, activation: str, own: float, said: str) -> None:
    text = f"""
[network]
layers = [2, 2, 1]
activation = "{activation}"
[data]
inputs = [0.5, 1.0]
targets = [0.9]
[initial]
seed = 5
[training]
learning_rates = [0.05, 0.1]
steps = 12
"""
    path = build_book(parse(text, "off.toml"))
    values = recalculated(path, my_learning_rate=own)["Learning rates"]
    assert said in str(values["E7"]) and "#" not in "".join(str(values[f"{k}7"]) for k in "BCDE")
    with_helpers = read(path).sheets["Learning rates"]
    assert with_helpers["E4"].value == "what E does"  # the table is in sight though there are few rates
    sheet = load_workbook(path)["Learning rates"]
    assert not any(sheet.column_dimensions[k].hidden for k in "ABCDEFG")


@pytest.mark.parametrize("rates", range(1, 9))
def test_any_number_of_rates_fills_the_screen_above_the_numbers(rates: int, tmp_path: Path) -> None:
    with writing(tmp_path / "rows.xlsx", "rows") as book:
        _shape(book.sheet("Learning rates", "", ""), 40, rates + 1)
    heights = load_workbook(tmp_path / "rows.xlsx")["Learning rates"].row_dimensions
    assert [round(heights[k].height / 0.75) for k in range(5, 6 + rates)] == [24] * (rates + 1)
    assert 430 <= sum(heights[k].height / 0.75 for k in range(4, 15)) <= 441


@pytest.mark.parametrize(
    ("name", "faster", "giant"),
    [
        ("homework", 10, 1e3),
        ("homework-eta-0.5", 10, 1e6),
        ("mazur", 10, 1e6),
        ("xor", 5, 10),
        ("tanh-2-3-2", 0, 10),
    ],
)
def test_what_is_worth_a_try(name: str, faster: float, giant: float) -> None:
    """At the tiny rate E hardly falls; the faster one wins; at the giant one E never comes down to the goal."""
    spec = load(TEMPLATES / f"{name}.toml")
    run = Run(program.build(spec))
    tried, aim = suggested(run), goal(run)
    assert (tried.faster or 0, tried.giant) == (faster, giant)
    rates = [rate for rate in (*tried, *spec.learning_rates) if rate]
    E = {x: [r.E for r in train(replace(spec, learning_rate=x), RIGHT, spec.steps)] for x in rates}
    updates = {x: next((n for n, e in enumerate(errors) if e <= aim), math.inf) for x, errors in E.items()}
    assert tried.tiny < min(spec.learning_rates) and E[tried.tiny][-1] > 0.95 * E[tried.tiny][0]
    assert updates[giant] == math.inf and does(E[giant], 0.0) != FALLS
    assert not faster or updates[faster] < min(updates[x] for x in spec.learning_rates)
    assert not faster or does(E[faster], 0.0).startswith((FALLS, RISES))
    least = min(E[rate][-1] for rate in spec.learning_rates)
    assert least <= aim and (aim == 0.001 or least > aim / 2.001)
    told = Told(RatePlaces(run), tried).tries
    assert f"does E get in {spec.steps} updates?" in told
    assert ("Can you find a rate" in told) == (not faster)
    assert all(f'"• "&{x:g}&" is a ' in told for x in tried if x and x < 1e6)


@pytest.mark.parametrize(("name", "long", "typed"), [
    ("homework", 100, 100), ("homework-eta-0.5", None, 1.5), ("mazur", None, 1.5), ("xor", 10, 1.5),
    ("tanh-2-3-2", None, 1.5),
])  # fmt: skip
def test_a_rate_that_is_too_long_stands_there_at_first(name: str, long: float | None, typed: float) -> None:
    """Where there is one, and E comes down all the same: where it jumps on and on, engines soon differ."""
    spec = load(TEMPLATES / f"{name}.toml")
    run = Run(program.build(spec))
    assert (too_long(run), typed_at_first(run)) == (long, typed) and RatePlaces(run).numbers[-1] == typed
    E = {x: [r.E for r in train(replace(spec, learning_rate=x), RIGHT, spec.steps)] for x in (long or 1e6,)}
    for rate, errors in E.items():
        assert (errors[1] > errors[0]) == (rate == long)
        rises = sum(b > a for a, b in pairwise(errors))
        assert rate != long or (rises <= 3 and errors[-1] < errors[0]) == (typed == long)


def test_one_update_is_one() -> None:
    run = Run(program.build(replace(load(TEMPLATES / "homework.toml"), steps=1)))
    told = Told(RatePlaces(run), suggested(run))
    assert "does E get in 1 update?" in told.tries and "in 1 update: " in told.answer


@pytest.mark.parametrize("steps", [4, 5, 8, 30, 31, 110, 200, 997, 100_000])
def test_no_tick_is_beyond_the_last_update(steps: int) -> None:
    """And one is beyond 0: the axis has room for the labels of the curves."""
    end = math.ceil(1.25 * steps)
    for last in (end, steps):  # of Learning rates, of Training
        ticks_shown = range(0, last + 1, tick(steps, last))
        assert 2 <= len(ticks_shown) <= 6 and ticks_shown[-1] <= steps


@pytest.mark.parametrize(("typed", "told"), [(None, "0.001"), (0.05, "0.05"), (1e-7, "1E-7"), ("x", "…")])
def test_updates_says_to_what(homework_book: Path, typed: Value | None, told: str) -> None:
    values = recalculated(homework_book, **({} if typed is None else {"threshold": typed}))
    assert values["Learning rates"]["D4"] == f"updates\nto E ≤ {told}"


@pytest.mark.parametrize(("low", "high", "every"), [(1.0, 1.0, 1), (1e-3, 1.0, 1), (1e-7, 1.0, 2), (1e-14, 1e-2, 3),
                                                    (0.0, 1.0, 1), (1.0, math.inf, 1)])  # fmt: skip
def test_a_logarithmic_axis_has_few_ticks(low: float, high: float, every: int) -> None:
    assert ticks(low, high) == every


# --- the overview of Autograd check


def test_the_overview_is_the_worst_of_each_column_and_block(
    build_book: BuildBook, homework_spec: Spec, homework_oracle: Oracle
) -> None:
    """Of the difference that the cells of the network have from PyTorch's numbers, computed here."""
    path = build_book(homework_spec)
    book = read(path)
    cached = {sheet: {at: e.value for at, e in cells.items()} for sheet, cells in book.sheets.items()}
    training, rates = columns(book, "Training"), columns(book, "Learning rates")
    blocks = overview.blocks(31)
    assert blocks == [(0, 6), (7, 13), (14, 20), (21, 27), (28, 30)]
    checked = {name: at for name, at in columns(book, "Autograd check").items() if name in homework_oracle.columns}
    assert len(checked) == 37 and next(iter(checked.values())) == "C"
    for name, at in checked.items():
        sheet, column = ("Learning rates", rates[name]) if name.startswith("E (") else ("Training", training[name])
        for row, (first, last) in enumerate(blocks, 6):
            worst = 0.0
            for n in range(first, last + 1):
                live, expected = cached[sheet][f"{column}{16 + n}"], homework_oracle.columns[name][n]
                scale = max(abs(expected), homework_oracle.scales[name])
                worst = max(worst, abs(float(str(live)) - expected) / scale if live != expected else 0.0)
            assert cached["Autograd check"][f"{at}{row}"] == pytest.approx(worst, rel=1e-9, abs=1e-30), (name, row)
            assert cached["Autograd check"][f"B{row}"] == "PASS"


def test_the_overview_shows_where_a_formula_is_broken(homework_book: Path, tmp_path: Path) -> None:
    """In its column and its block, and in what follows from it; what stands before stays right."""
    book = read(homework_book)
    cell = f"{columns(book, 'Training')['dE/dw6']}33"  # iteration 17, in the third block
    formula = formula_of(homework_book, "Training", cell)
    broken = set_cells(homework_book, tmp_path / "b.xlsx", "Training", {cell: f"=({formula})*1.001"})
    values = ENGINES["IronCalc"](broken).values["Autograd check"]
    assert [values[f"B{row}"] for row in range(6, 11)] == ["PASS", "PASS", "FAIL", "FAIL", "FAIL"]
    at = columns(book, "Autograd check")
    worst = {name: float(str(values[f"{at[name]}8"])) for name in ("t1", "w6", "a_o1", "dE/dw6", "E (0.5)")}
    assert worst["t1"] == 0.0 and worst["E (0.5)"] < 1e-9 and worst["dE/dw6"] > 9e-4
    assert worst["w6"] > 1e-9 and worst["a_o1"] > 1e-9  # in the next iterations
    assert float(str(values[f"{at['dE/dw6']}7"])) < 1e-9
    assert str(values["C4"]).endswith("cells differ") or str(values["C4"]).endswith("1 cell differs")


def test_the_overview_says_nothing_of_other_inputs(homework_book: Path) -> None:
    values = recalculated(homework_book, i_1=0.3)["Autograd check"]
    assert {values[f"{k}{row}"] for k in "BCDEFGH" for row in range(6, 11)} == {"–"}
    assert str(values["C4"]).startswith("i1 is 0.3, the template has 0.05. PyTorch's numbers are for the template")


@pytest.mark.parametrize("widths", [(4, 8, 8, 3, 8, 6), (1, 1, 1, 1), (140, 205, 126, 61, 43, 7), (3, 2_000)], ids=str)
def test_squares_cover_every_column_and_fit_a_screen(widths: tuple[int, ...]) -> None:
    looks = list(overview.NAMES)
    at = [sum(widths[:k]) for k in range(len(widths))]
    parts = overview.parts([groups.Group("", looks[k], at[k], n) for k, n in enumerate(widths)])
    assert [part.look for part in parts] == looks[: len(widths)]
    squares = [square for part in parts for square in part.squares]
    assert [n for first, last in squares for n in range(first, last + 1)] == list(range(sum(widths)))
    assert len(squares) <= overview.MOST
    assert (len(squares) == sum(widths)) == (sum(widths) <= overview.MOST)


@pytest.mark.parametrize("height", [1, 2, 4, 5, 6, 31, 201, 100_001])
def test_blocks_cover_every_iteration(height: int) -> None:
    blocks = overview.blocks(height)
    assert [n for first, last in blocks for n in (first, last + 1)] == sorted(
        [0, *(last + 1 for _, last in blocks[:-1]), *(first for first, _ in blocks[1:]), height]
    )
    assert len(blocks) <= overview.BLOCKS


@pytest.mark.parametrize("area", ["C6:AM10", "C12:AM12", "C16:AM46"])
def test_squares_show_how_many_digits_agree(book: Any, area: str) -> None:
    """The first rule that holds gives a difference its colour and its number of digits; none holds for 0."""
    first = area.partition(":")[0]
    unknown, broken, *sizes = sorted(rules(book["Autograd check"], area), key=lambda rule: rule.priority)
    assert unknown.formula == ["inputs_changed>0"] and broken.formula == [f"OR(ISERROR({first}),{first}>tolerance)"]
    assert all(rule.stopIfTrue for rule in (unknown, broken, *sizes))

    def shown(difference: float) -> tuple[str, str]:
        for rule in sizes:
            least = float(rule.formula[0].removeprefix(f"{first}*1E+100>"))
            if difference * 1e100 > least:
                return rule.dxf.numFmt.formatCode.strip('"'), "#" + rule.dxf.fill.bgColor.rgb[2:]
        return "16", ""

    for difference in (0.0, 1.1e-16, 9e-16, 3e-15, 5.1e-12, 1e-12, 9.9e-13, 2e-10, 1e-9):
        digits = min(15, int(-math.log10(difference) + 1e-9)) if difference else 16
        colour = "" if digits == 16 else CANCELLED if digits < 12 else ROUNDED
        assert shown(difference) == (str(digits), colour), difference


# --- Start, and the words of Steps


def test_start_leads_along_a_way_and_lists_every_sheet_once(build_book: BuildBook, homework_spec: Spec) -> None:
    cells = read(build_book(homework_spec)).sheets["Start"]
    left = {int(at[1:]): str(e.value) for at, e in cells.items() if at[0] == "A" and 8 <= int(at[1:]) < 30}
    told = [text for _, text in sorted(left.items())]
    about, way = dict(start.INDEX), start.PATH
    assert told[0] == start.BEGIN  # then tiles, from left to right
    tiles = [(cells[f"{k}9"].value, cells[f"{k}10"].value) for k in "ACEGI"]
    assert tiles == [(f"{k}   {name}", about[name]) for k, name in enumerate(way, 1)]
    for group, names in ((start.LOOK, set(about) - {*start.PATH, *start.CHECKS}), (start.CHECK, {*start.CHECKS})):
        at = told.index(group) + 1
        assert set(told[at : at + len(names)]) == names, group
    assert {name for name in about if name in told} | {*way} == set(about)


LETTER = 6.2  # pixels of one at 10 points


@pytest.mark.parametrize(("columns", "lines"), [
    (start.LEFT_END, start.INDEX), (start.LAST_COLUMN - start.RIGHT, mnist_lines.INDEX),
    (start.LAST_COLUMN - start.RIGHT, mnist_lines.LIVE_INDEX + mnist_lines.LAST_INDEX),
])  # fmt: skip
def test_every_line_of_the_index_fits_its_cells(columns: int, lines: tuple[tuple[str, str], ...]) -> None:
    room = columns * start.COLUMN
    for name, text in lines:
        longest = text + mnist_lines.PICTURED.format(count=999) if name == mnist_lines.ERRORS else text
        assert len(longest) * LETTER <= room, longest


@pytest.mark.parametrize("broken", [0.0, 1.0])
def test_start_counts_the_gradients_that_differ(homework_book: Path, tmp_path: Path, broken: float) -> None:
    cell = f"{columns(read(homework_book), 'Training')['dE/dw6']}16"
    formula = formula_of(homework_book, "Training", cell)
    path = set_cells(homework_book, tmp_path / "b.xlsx", "Training", {cell: f"=({formula})+{broken:g}"})
    values = ENGINES["IronCalc"](path).values
    told = read(path).sheets["Start"].items()
    (row,) = (at[1:] for at, e in told if e.value == "gradients agree numerically")
    assert values["Start"][f"D{row}"] == values["Finite differences"]["E5"] == broken
    assert values["Start"][f"C{row}"] == ("FAIL" if broken else "PASS")


def lines_of(spec: Spec) -> dict[str, Line]:
    return {line.name: line for step in derive(spec) for line in step.lines}


@pytest.mark.parametrize("name", ["homework", "mazur", "xor", "tanh-2-3-2", "deep", "wide"])
def test_every_gradient_that_flows_back_has_its_line_and_is_autograds(name: str) -> None:
    """Each line from the numbers of those above it; of a batch, for its first sample."""
    import torch

    spec = parse(GOOD.replace("[2, 2, 2]", "[2, 13, 13, 2]"), "wide.toml") if name == "wide" else spec_of(name)
    built = program.build(spec)
    known = {(c.name or "").removesuffix("[1]"): x for c, x in [*built.constants.items(), *built.initial.items()]}
    for line in (line for step in derive(spec) for line in step.lines if not line.name.endswith("_next")):
        leaves = {c: known[c.name or ""] for c in forward_order(line.cell) if c.op == "variable"}
        (known[line.name],) = Evaluator([line.cell])(leaves)

    kept: dict[str, Any] = {}
    exact: dict[str, Any] = {"dtype": torch.float64}

    def keep(name: str, x: Any) -> Any:
        x.retain_grad()
        return kept.setdefault(name, x)

    weights, biases = (iter(torch.tensor(x, **exact, requires_grad=True)) for x in (spec.weights, spec.biases))
    a = list(torch.tensor(spec.inputs[0], **exact))
    f = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda x: x * 1}
    for k, units in enumerate(spec.layers[1:]):
        letters = "o" if k == len(spec.layers) - 2 else "h" if len(spec.layers) == 3 else f"h{k + 1}_"
        sums = [sum(next(weights) * x for x in a) + next(biases, 0) for _ in range(units)]
        h = [keep(f"{letters}{j}", x) for j, x in enumerate(sums, 1)]
        a = [keep(f"a_{letters}{j}", f[spec.activations[k]](x)) for j, x in enumerate(h, 1)]
    errors = [keep(f"E{k}", (t - x) ** 2 / 2) for k, (t, x) in enumerate(zip(spec.targets[0], a, strict=True), 1)]
    sum(errors).backward()  # type: ignore[union-attr]
    whole = "E" if spec.samples == 1 else "E[1]"
    few = [
        name for name in kept if int(re.split(r"\D+", name)[-1]) <= MOST and not re.fullmatch(r"h1_([7-9]|1.)", name)
    ]
    assert len(few) == len(kept) - (4 + 6) * (name == "wide")  # units of which no line is written
    for name in few:
        assert known[f"d{whole}/d{name}"] == pytest.approx(kept[name].grad.item(), rel=1e-9, abs=1e-18), name


@pytest.mark.parametrize(("name", "words"), [
    ("h1", "what comes in times its weights, added up"), ("a_o2", "the sigmoid: o2 squashed to between 0 and 1"),
    ("E2", "half the squared distance of a_o2 from its target"),
    ("E", "the error: those of all outputs added up; E_total on Training"),
    ("dE/dE1", "E follows E1 one to one: it is a sum"), 
    ("dE1/da_o1", "how far a_o1 is above its target: the half and the 2 cancel, and the inner −1 turns t − a round"),
    ("da_o1/do1", "how steep the sigmoid is, with u = e^−o1:\n1. u has the slope −u, and 1/x has −1/x^2\n"
                  "2. so a = 1/(1+u) has the slope u/(1+u)^2\n3. u/(1+u) = 1−a, so this slope is a(1−a)"),
    ("do1/dw5", "what w5 is multiplied by"),
    ("dE/da_o1", "how E changes with a_o1: the two factors above, multiplied"),
    ("dE/do1", "dE/da_o1 times how steep a_o1 is: once, for all weights into o1"),
    ("dE/dh2", "dE/da_h2 times how steep a_h2 is: once, for all weights into h2"),
    ("dE2/da_h1", "the way over o2: dE/do2 times w7"),
    ("dE/da_h1", "how E changes with a_h1: all ways, summed"),
    ("dE/dw4", "how E changes with w4, written out"), ("dh1/dw1", "what w1 is multiplied by"),
    ("w3_next", "a step downhill: the weight minus learning rate times slope"),
])  # fmt: skip
def test_a_line_in_words(homework_spec: Spec, name: str, words: str) -> None:
    assert in_words(lines_of(homework_spec)[name], homework_spec.activations, product=False) == words


def test_words_follow_the_network() -> None:
    spec = parse(DEEP, "deep.toml")
    lines = lines_of(spec)
    told = {name: in_words(lines[name], spec.activations, product=False) for name in lines}
    assert told["a_h1_1"] == "the ReLU: h1_1, or 0 where that is negative"
    assert told["a_h2_3"] == "the tanh: h2_3 squashed to between −1 and 1" and told["a_o1"] == "o1 as it is"
    assert told["da_o1/do1"] == "1: the output is o1 as it is"
    assert told["E[1]"] == "the error: those of all outputs added up"


@pytest.mark.parametrize("x", [-3.0, -0.2, 0.5, 2.0])
def test_the_slopes_that_words_tell_are_right(x: float) -> None:
    """Both sides of what is said of the sigmoid and of tanh, and the slope itself by a small difference."""
    told: dict[str, list[tuple[str, str]]] = {  # what has a slope, and the slope as it is said, step by step
        "sigmoid": [("u", "-u"), ("1/x", "-1/x**2"), ("1/(1+u)", "u/(1+u)**2"), ("1/(1+u)", "a*(1-a)")],
        "tanh": [("sinh", "cosh"), ("cosh", "sinh"), ("sinh/cosh", "(cosh**2-sinh**2)/cosh**2"),
                 ("sinh/cosh", "1-a**2")],
    }  # fmt: skip
    assert STEEP["sigmoid"].format("h").replace("−", "-").replace("^", "**").replace("a(", "a*(").splitlines() == [
        "how steep the sigmoid is, with u = e**-h:", "1. u has the slope -u, and 1/x has -1/x**2",
        "2. so a = 1/(1+u) has the slope u/(1+u)**2", "3. u/(1+u) = 1-a, so this slope is a*(1-a)",
    ]  # fmt: skip
    assert STEEP["tanh"].format("h").replace("−", "-").replace("^", "**").splitlines() == [
        "how steep tanh is at h: a = sinh/cosh", "1. sinh has the slope cosh, cosh has sinh",
        "2. so a has (cosh**2-sinh**2)/cosh**2", "3. divided out, this slope is 1-a**2",
    ]  # fmt: skip

    def at(text: str, h: float, a: float) -> float:
        worth = {"u": math.exp(-h), "x": h, "a": a, "sinh": math.sinh(h), "cosh": math.cosh(h)}
        return float(eval(text, worth))

    small = 1e-6
    for name, f in (("sigmoid", lambda x: 1 / (1 + math.exp(-x))), ("tanh", math.tanh)):
        for what, slope in told[name]:
            found = (at(what, x + small, 0) - at(what, x - small, 0)) / (2 * small)
            assert at(slope, x, f(x)) == pytest.approx(found, rel=1e-6), (name, what)
    assert at("u/(1+u)", x, 0) == pytest.approx(1 - 1 / (1 + math.exp(-x)))


def test_words_of_steps_have_room_in_their_rows(homework_book: Path, book: Any) -> None:
    """They are broken into lines, as many as the row is high for."""
    sheet = book["Steps"]
    broken = [c for (c,) in sheet.iter_rows(7, max_col=1) if c.alignment.wrap_text and c.value]
    assert len(broken) > 30
    for c in broken:
        lines = sum(len(wrap(part, steps.WORDS_WRAP)) for part in str(c.value).splitlines())
        assert sheet.row_dimensions[c.row].height * 4 / 3 >= 16 * lines, c.value


def test_steps_tells_its_lines_in_words(homework_book: Path) -> None:
    cells = read(homework_book).sheets["Steps"]
    told = [str(e.value) for at, e in cells.items() if re.fullmatch(r"A\d+", at) and int(at[1:]) > 6]
    assert told.count("the chain rule; the first three make dE/do1") == 1
    assert sum(text.startswith("dE/dh1, times what ") for text in told) == 2
    assert len(told) > 35 and place_of(read(homework_book), "row_shown")[0] == "Network"
