"""The homework as a person types it, in the class layout, with whatever the person does otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from grad_books import write

from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import NOTE, Finding
from sheetgen.excel.a1 import address

Content = float | str
HEAD, FIRST = 32, 33
STARTS = {"t1": 0.01, "t2": 0.99, "i1": 0.05, "i2": 0.1}
STARTS |= dict(zip((f"w{k}" for k in range(1, 9)), (0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55), strict=True))
D1, D2 = "({a_o1}-{t1})*{a_o1}*(1-{a_o1})", "({a_o2}-{t2})*{a_o2}*(1-{a_o2})"
TO_H1, TO_H2 = f"({D1}*{{w5}}+{D2}*{{w7}})", f"({D1}*{{w6}}+{D2}*{{w8}})"
# {w1} is this step's cell, {<w1} the one before, {0w1} that of step 0, {$w1} has a $; columns in this order, from A on.
FORMULAS = {
    **{name: STARTS[name] for name in ("t1", "t2", "i1", "i2")},
    **{f"w{k}": f"={{<w{k}}}-$G$31*{{<dE/dw{k}}}" for k in range(1, 5)},
    "h1": "={w1}*{i1}+{w2}*{i2}", "a_h1": "=1/(1+EXP(-{h1}))",
    "h2": "={w3}*{i1}+{w4}*{i2}", "a_h2": "=1/(1+EXP(-{h2}))",
    **{f"w{k}": f"={{<w{k}}}-$G$31*{{<dE/dw{k}}}" for k in range(5, 9)},
    "o1": "={w5}*{a_h1}+{w6}*{a_h2}", "a_o1": "=1/(1+EXP(-{o1}))",
    "o2": "={w7}*{a_h1}+{w8}*{a_h2}", "a_o2": "=1/(1+EXP(-{o2}))",
    "E1": "=0.5*({t1}-{a_o1})^2", "E2": "=0.5*({t2}-{a_o2})^2", "E_total": "={E1}+{E2}",
    "dE/dw1": f"={TO_H1}*{{a_h1}}*(1-{{a_h1}})*{{i1}}", "dE/dw2": f"={TO_H1}*{{a_h1}}*(1-{{a_h1}})*{{i2}}",
    "dE/dw3": f"={TO_H2}*{{a_h2}}*(1-{{a_h2}})*{{i1}}", "dE/dw4": f"={TO_H2}*{{a_h2}}*(1-{{a_h2}})*{{i2}}",
    "dE/dw5": f"={D1}*{{a_h1}}", "dE/dw6": f"={D1}*{{a_h2}}", "dE/dw7": f"={D2}*{{a_h1}}", "dE/dw8": f"={D2}*{{a_h2}}",
}  # fmt: skip
WEIGHTS = [f"w{k}" for k in range(1, 9)]
GRADIENTS = [f"dE/d{w}" for w in WEIGHTS]


class _Addresses(dict[str, str]):
    """What the names in a formula stand for at a step."""

    def __init__(self, hand: Hand, step: int) -> None:
        super().__init__()
        self.hand, self.step = hand, step

    def __missing__(self, name: str) -> str:
        marks, step, quantity = re.fullmatch(r"(\$?<*)(\d+)?(.*)", name).groups()  # type: ignore[union-attr]
        at = self.hand.at(quantity, self.step - marks.count("<") if step is None else int(step))
        return "$" + at if "$" in marks else at


def without(*quantities: str) -> dict[str, Content]:
    """The usual formulas, without the columns of some quantities."""
    return {name: rule for name, rule in FORMULAS.items() if name not in quantities}


@dataclass
class Hand:
    """One table: what every step has, what the first one has, what single steps have, and other cells."""

    rules: dict[str, Content] = field(default_factory=lambda: dict(FORMULAS))
    starts: dict[str, Content] = field(default_factory=lambda: dict(STARTS))
    odd: dict[tuple[str, int], Content] = field(default_factory=dict)
    loose: dict[str, Content] = field(default_factory=lambda: {"F31": "eta =", "G31": 0.5})
    labels: dict[str, str] = field(default_factory=dict)
    steps: int = 12
    sheet: str = "Sheet1"

    def with_rules(self, **rules: Content) -> Hand:
        """The same with other formulas; a gradient goes by g1 .. g8."""
        named = {f"dE/dw{name[1:]}" if name[0] == "g" else name: text for name, text in rules.items()}
        self.rules |= named
        return self

    def swapped(self, quantity: str, old: str, new: str) -> Hand:
        """The same with one piece of a formula for another, and the piece must be there."""
        text = str(self.rules[quantity])
        assert old in text
        self.rules[quantity] = text.replace(old, new)
        return self

    def at(self, quantity: str, step: int) -> str:
        """The cell of a quantity at a step."""
        return address(FIRST + step, list(self.rules).index(quantity) + 1)

    def area(self, quantity: str, first: int = 0, last: int = -1) -> str:
        """The cells of a quantity from step to step."""
        return f"{self.at(quantity, first)}:{self.at(quantity, last % self.steps)}"

    def text(self, rule: Content, step: int) -> Content:
        """What a person types at a step."""
        return rule.format_map(_Addresses(self, step)) if isinstance(rule, str) else rule

    def cells(self) -> dict[str, Content]:
        """Everything on the sheet."""
        found = dict(self.loose)
        for k, (name, rule) in enumerate(self.rules.items(), 1):
            found[address(HEAD, k)] = self.labels.get(name, name)
            for step in range(self.steps):
                usual = self.starts.get(name, rule) if step == 0 else rule
                found[self.at(name, step)] = self.text(self.odd.get((name, step), usual), step)
        return {at: content for at, content in found.items() if content != ""}


def judged(folder: Path, *hands: Hand) -> Verdict:
    """The verdict on a workbook with a sheet for each."""
    return audit(write(folder / "book.xlsx", {hand.sheet: hand.cells() for hand in hands}))


def told(verdict: Verdict) -> list[tuple[str, str]]:
    """(kind, cells) of what is wrong; the notes left out."""
    return [(f.kind, f.cells) for f in verdict.findings if f.severity != NOTE]


def only(verdict: Verdict) -> Finding:
    """The one finding there is."""
    assert len(verdict.findings) == 1, verdict.findings
    return verdict.findings[0]
