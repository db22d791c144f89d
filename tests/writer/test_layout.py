"""Where Cells stand: one formula per column, each formula of the homework's trace, addresses, and what is too large."""

import re
from dataclasses import replace

import pytest
from books import TEMPLATES
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter

from sheetgen.spec import Spec, load
from sheetgen.writer import workbook
from sheetgen.writer.sheets.network import shown
from sheetgen.writer.trace import (
    FIRST_ROW,
    HEADER_ROW,
    LAST_COLUMN,
    LAST_ROW,
    TooLarge,
    Trace,
    at_row,
    column_range,
    fit_columns,
    last_row,
    letter,
    quoted,
    scalar_name,
)
from sheetgen.writer.workbook import Plan

ROW_16 = {
    "t1": "t_1", "t2": "t_2", "i1": "i_1", "i2": "i_2", "w1": "w_1", "w2": "w_2", "w3": "w_3", "w4": "w_4",
    "h1": "F16*D16+G16*E16", "a_h1": "IF(J16<-700,0,1/(1+EXP(-J16)))",
    "h2": "H16*D16+I16*E16", "a_h2": "IF(L16<-700,0,1/(1+EXP(-L16)))",
    "w5": "w_5", "w6": "w_6", "w7": "w_7", "w8": "w_8",
    "o1": "N16*K16+O16*M16", "a_o1": "IF(R16<-700,0,1/(1+EXP(-R16)))",
    "o2": "P16*K16+Q16*M16", "a_o2": "IF(T16<-700,0,1/(1+EXP(-T16)))",
    "E1": "0.5*(B16-S16)^2", "E2": "0.5*(C16-U16)^2", "E_total": "V16+W16",
    "dE/dw1": "((S16-B16)*S16*(1-S16)*N16+(U16-C16)*U16*(1-U16)*P16)*K16*(1-K16)*D16",
    "dE/dw2": "((S16-B16)*S16*(1-S16)*N16+(U16-C16)*U16*(1-U16)*P16)*K16*(1-K16)*E16",
    "dE/dw3": "((S16-B16)*S16*(1-S16)*O16+(U16-C16)*U16*(1-U16)*Q16)*M16*(1-M16)*D16",
    "dE/dw4": "((S16-B16)*S16*(1-S16)*O16+(U16-C16)*U16*(1-U16)*Q16)*M16*(1-M16)*E16",
    "dE/dw5": "(S16-B16)*S16*(1-S16)*K16", "dE/dw6": "(S16-B16)*S16*(1-S16)*M16",
    "dE/dw7": "(U16-C16)*U16*(1-U16)*K16", "dE/dw8": "(U16-C16)*U16*(1-U16)*M16",
}  # fmt: skip
UPDATES_17 = {
    "w1": "F16-learning_rate*Y16", "w2": "G16-learning_rate*Z16", "w3": "H16-learning_rate*AA16",
    "w4": "I16-learning_rate*AB16", "w5": "N16-learning_rate*AC16", "w6": "O16-learning_rate*AD16",
    "w7": "P16-learning_rate*AE16", "w8": "Q16-learning_rate*AF16",
}  # fmt: skip
RATE_ROW_17 = {  # the first learning rate on its own sheet: no column for h or a gradient, the rate in $A$5
    "E_total": "0.5*(t_1-Z17)^2+0.5*(t_2-AA17)^2",
    "a_h1": "IF(P17*i_1+Q17*i_2<-700,0,1/(1+EXP(-(P17*i_1+Q17*i_2))))",
    "a_o2": "IF(V17*X17+W17*Y17<-700,0,1/(1+EXP(-(V17*X17+W17*Y17))))",
    "w1": "P16-$A$5*((Z16-t_1)*Z16*(1-Z16)*T16+(AA16-t_2)*AA16*(1-AA16)*V16)*X16*(1-X16)*i_1",
    "w4": "S16-$A$5*((Z16-t_1)*Z16*(1-Z16)*U16+(AA16-t_2)*AA16*(1-AA16)*W16)*Y16*(1-Y16)*i_2",
    "w8": "W16-$A$5*(AA16-t_2)*AA16*(1-AA16)*Y16",
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return workbook.plan(load(TEMPLATES / "homework.toml"))


def row_of(trace: Trace, row: int) -> dict[str, str]:
    return {column.name: column.at(row) for column in trace.columns}


def down(formula: str, rows: int) -> str:
    """What Fill Down makes of a formula."""
    return Translator(f"={formula}", "A1").translate_formula(f"A{1 + rows}").removeprefix("=")


def test_the_first_row(plan: Plan) -> None:
    assert row_of(plan.training.trace, 16) == ROW_16


def test_the_second_row(plan: Plan) -> None:
    """Its own row, but for weights, which come from the row above; inputs stay where they are."""
    expected = {name: formula.replace("16", "17") for name, formula in ROW_16.items()} | UPDATES_17
    assert row_of(plan.training.trace, 17) == expected


def test_the_200th_update(plan: Plan) -> None:
    assert plan.run.last == 216
    expected = {name: formula.replace("16", "216") for name, formula in ROW_16.items()}
    expected |= {name: formula.replace("16", "215") for name, formula in UPDATES_17.items()}
    assert row_of(plan.training.trace, 216) == expected


@pytest.mark.parametrize("name", ["homework", "mazur", "xor", "tanh-2-3-2"])
def test_every_column_is_one_formula(name: str) -> None:
    """Below the first row, each column is what Fill Down makes of its second row."""
    plan = workbook.plan(load(TEMPLATES / f"{name}.toml"))
    for trace in (plan.training.trace, *plan.rates.traces):
        second = row_of(trace, FIRST_ROW + 1)
        for row in (FIRST_ROW + 2, FIRST_ROW + 99):
            assert row_of(trace, row) == {k: down(f, row - FIRST_ROW - 1) for k, f in second.items()}


def test_nothing_refers_elsewhere_than_its_row_and_the_row_above(plan: Plan) -> None:
    for trace in (plan.training.trace, *plan.rates.traces):
        for name, formula in row_of(trace, 100).items():
            rows = {int(row) for row in re.findall(r"\b[A-Z]{1,3}([0-9]+)\b", formula)}
            assert rows <= ({99} if name.startswith("w") else {100})


def test_a_learning_rate_of_its_own(plan: Plan) -> None:
    found = row_of(plan.rates.traces[0], 17)
    assert {name: found[name] for name in RATE_ROW_17} == RATE_ROW_17
    assert row_of(plan.rates.traces[0], 16)["w1"] == "w_1"
    yours = row_of(plan.rates.traces[-1], 17)["w8"]
    assert "-$A$11*" in yours and "learning_rate" not in "".join(row_of(plan.rates.traces[-1], 17).values())


def test_staged_gradients_refer_to_deltas(homework_spec: Spec) -> None:
    trace = workbook.plan(replace(homework_spec, formulas="staged")).training.trace
    letters = {column.name: column.letter for column in trace.columns}
    row = row_of(trace, 20)
    assert row["dE/dw1"] == f"{letters['dE/dh1']}20*{letters['i1']}20"
    assert row["dE/dh1"] == "(Y20*N20+Z20*P20)*K20*(1-K20)" and (letters["dE/do1"], letters["dE/do2"]) == ("Y", "Z")


def test_an_unbounded_network_says_that_it_diverged(homework_spec: Spec) -> None:
    """Every formula, and no reference to an input or a first weight, which are numbers."""
    unbounded = row_of(workbook.plan(replace(homework_spec, activations=("identity", "tanh"))).training.trace, 16)
    assert unbounded["h1"] == 'IFERROR(F16*D16+G16*E16,"diverged")' and unbounded["w1"] == "w_1"
    bounded = row_of(workbook.plan(replace(homework_spec, activations=("tanh", "tanh"))).training.trace, 16)
    assert "IFERROR" not in "".join(bounded.values()) and bounded["a_h1"] == "TANH(J16)"


def test_inputs_of_a_batch_go_by_their_names() -> None:
    xor = workbook.plan(load(TEMPLATES / "xor.toml"))
    assert row_of(xor.training.trace, 20)["h1[2]"] == "B20*i_1_2+C20*i_2_2+H20"
    assert row_of(xor.training.trace, 20)["E1[3]"].startswith("0.5*(t_1_3-")


def test_ranges_and_what_the_row_shown_shows(plan: Plan) -> None:
    column = plan.run.program.column
    assert plan.training.trace.range(column("E_total")) == "Training!$X$16:$X$216"
    assert plan.training.trace.range(column("E_total"), absolute=False) == "Training!X$16:X$216"
    wanted = 'IF(ISNUMBER(row_number),INDEX(Training!$X$16:$X$216,row_number+1,1),"–")'
    cells = [column("E_total"), column("i1"), plan.run.program.learning_rate]
    assert [shown(plan.run, plan.training.trace, c) for c in cells] == [wanted, "i_1", "learning_rate"]
    assert plan.rates.reached(0) == "I"


@pytest.mark.parametrize(("column", "letters"), [
    (0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD"),
])  # fmt: skip
def test_letter(column: int, letters: str) -> None:
    assert letter(column) == letters


def test_all_letters_are_openpyxls() -> None:
    assert [letter(k) for k in range(16_384)] == [get_column_letter(k + 1) for k in range(16_384)]


@pytest.mark.parametrize(("name", "defined"), [
    ("w1", "w_1"), ("w12", "w_12"), ("t2", "t_2"), ("i1[2]", "i_1_2"), ("i12[34]", "i_12_34"), ("b3", "b_3"),
    ("learning_rate", "learning_rate"), ("row_shown", "row_shown"), ("E_total", "E_total"), ("x", "x"),
])  # fmt: skip
def test_scalar_name(name: str, defined: str) -> None:
    assert scalar_name(name) == defined


def test_names_are_no_addresses_and_all_differ() -> None:
    names = [*workbook.plan(load(TEMPLATES / "xor.toml")).run.names.values()]
    assert len(set(names)) == len(names) == 26
    assert not [name for name in names if re.fullmatch(r"[A-Za-z]{1,3}\d+|[RrCc]\d*|[Rr]\d*[Cc]\d*", name)]


@pytest.mark.parametrize(("sheet", "text"), [
    ("Training", "Training"), ("Learning rates", "'Learning rates'"), ("Bob's", "'Bob''s'"), ("Q1", "'Q1'"),
    ("2024", "'2024'"), ("R1C1", "'R1C1'"),
])  # fmt: skip
def test_names_of_sheets_in_formulas(sheet: str, text: str) -> None:
    assert quoted(sheet) == text
    assert column_range(sheet, "B", 20) == f"{text}!$B$16:$B$20"


def test_row_numbers_go_into_a_formula() -> None:
    assert at_row("A\x01-$B$5*C\x00", 20) == "A19-$B$5*C20"
    assert (HEADER_ROW, FIRST_ROW) == (15, 16)


def test_the_most_steps_that_fit(homework_spec: Spec) -> None:
    most = 1_048_560
    assert last_row(most) == LAST_ROW == workbook.plan(replace(homework_spec, steps=most)).run.last
    reason = (
        "1,048,561 steps end in row 1,048,577, but a sheet of Excel ends at row 1,048,576: use at most 1,048,560 steps"
    )
    with pytest.raises(TooLarge, match=f"^{re.escape(reason)}$"):
        last_row(most + 1)
    with pytest.raises(TooLarge):
        workbook.plan(replace(homework_spec, steps=most + 1))


def test_the_most_columns_that_fit() -> None:
    fit_columns(LAST_COLUMN, "Training")
    reason = "the sheet Training would need 16,385 columns, but a sheet of Excel has 16,384: use fewer units or samples"
    with pytest.raises(TooLarge, match=f"^{re.escape(reason)}$"):
        fit_columns(16_385, "Training")
