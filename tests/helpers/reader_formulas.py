"""Random formulas for the reader, and cells for them to refer to."""

import random
from collections.abc import Iterator
from typing import Any

from sheetgen.reader.functions import FUNCTIONS

COLUMNS, ROWS = "ABCD", 12
UNARY = ("EXP", "ABS", "SIGN", "SIN", "COS", "TAN", "ATAN", "SINH", "COSH", "TANH", "INT", "ERF", "NORMSDIST")
POSITIVE = ("LN", "LOG10", "SQRT", "LOG")
ROUNDING = ("ROUND", "ROUNDUP", "ROUNDDOWN", "TRUNC")
OVER = ("SUM", "PRODUCT", "SUMSQ", "AVERAGE", "COUNT", "MAX", "MIN", "VAR", "VARP", "STDEV", "STDEVP", "VAR.S", "VAR.P",
        "STDEV.S", "STDEV.P")  # fmt: skip
TYPED = ("SUM", "PRODUCT", "AVERAGE", "COUNT", "MAX", "MIN")  # which take a typed "3" for a number
PAIRS = ("SUMPRODUCT", "SUMXMY2", "SUMX2MY2", "SUMX2PY2")
OPERATORS = ("=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "^")


class RandomFormulas:
    """A stream of formulas from a seed; `used` has the functions that they called."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def number(self) -> str:
        """A number as a person types it, or with all its digits."""
        rng = self.rng
        return repr(rng.choice([round(rng.uniform(-9, 9), rng.randint(0, 3)), rng.uniform(-3, 3), rng.randint(-5, 5)]))

    def positive(self) -> str:
        rng = self.rng
        return repr(rng.choice([round(rng.uniform(0.1, 9), 2), rng.randint(1, 9), rng.uniform(0.01, 2)]))

    def cell(self) -> str:
        return self.rng.choice(["{}{}", "${}{}", "{}${}", "${}${}"]).format(
            self.rng.choice(COLUMNS), self.rng.randint(1, ROWS)
        )

    def range(self) -> str:
        (a, b), (c, d) = sorted(self.rng.choices(range(1, ROWS + 1), k=2)), sorted(self.rng.choices(COLUMNS, k=2))
        return f"{c}{a}:{d}{b}"

    def column(self) -> str:
        letter, row = self.rng.choice(COLUMNS), self.rng.randint(1, ROWS - 3)
        return f"{letter}{row}:{letter}{row + 3}"

    def cells(self, mixed: bool) -> dict[str, Any]:
        """Numbers, and if `mixed` texts, texts that spell numbers, truth values and empty cells between them."""
        rng, found = self.rng, {}
        for letter in COLUMNS:
            for row in range(1, ROWS + 1):
                numbers = [float(self.number())] * 6
                others = [rng.choice(["abc", "x y"]), rng.choice(["7", "1.5"]), rng.random() < 0.5, None]
                if (value := rng.choice(numbers + others if mixed else numbers)) is not None:
                    found[f"{letter}{row}"] = value
        return found

    def of_numbers(self) -> Iterator[str]:
        """One formula for each function that takes single numbers."""
        n, p, c, rng = self.number, self.positive, self.cell, self.rng
        yield from (f"{f}({rng.choice([n(), c()])})" for f in UNARY)
        yield from (f"{f}({rng.choice([n(), p()])})" for f in POSITIVE)
        yield from (f"{f}({rng.uniform(-1000, 1000)!r},{rng.randint(-4, 6)})" for f in ROUNDING)
        yield from (f"{f}({rng.randint(-9999, 9999) / 1000},{rng.randint(0, 3)})" for f in ROUNDING)
        yield from (f"LOG({p()},{p()})", f"POWER({n()},{n()})", f"MOD({n()},{n()})", f"MOD({c()},{n()})")
        yield from ("PI()", "TRUE()")
        yield from (f"NORM.S.DIST({n()},{flag})" for flag in ("TRUE", "FALSE"))
        yield from (f"{f}({n()},{n()},{p()},{flag})" for f in ("NORM.DIST", "NORMDIST") for flag in ("TRUE", "FALSE()"))

    def of_ranges(self) -> Iterator[str]:
        """Formulas for each function that takes ranges."""
        for f in OVER:
            yield f"{f}({self.range()})"
            yield f"{f}({self.cell()},{self.number()})"
            yield f"{f}({self.range()},{self.cell()},{self.number()})"
            yield f"{f}({self.cell()},{self.cell()})"
        yield from (f"{f}({self.column()},{self.column()})" for f in PAIRS)
        yield f"SUMPRODUCT(({self.column()}>0)*{self.column()})"
        yield f"SUM(MMULT({self.column()},A1:C1))"
        yield f"SUMPRODUCT(TRANSPOSE({self.column()}),A1:D1)"

    def of_choices(self) -> Iterator[str]:
        """Formulas that choose or compare."""
        c, n = self.cell, self.number
        yield from (f"IF({c()}>{n()},{n()},{c()})", f"IF({c()}<={n()},{n()})", f"IF({c()}={c()},1,2)", f"NOT({c()})")
        yield from (f"IF({c()}>0,IF({c()}>0,1,2),IF({c()}>0,3,4))", f"AND({c()}>0,{c()}<1)")
        yield f"OR({c()}>0,{c()}<1,FALSE)"
        yield from (f"IFERROR({c()}/{n()},{n()})", f"IFERROR(LN({c()}),{c()})", f'IF({c()}="abc",1,2)', f'{c()}<>""')
        yield f"CHOOSE({self.rng.randint(0, 4)},{n()},{c()},{n()})"
        yield f"INDEX({self.column()},{self.rng.randint(1, 4)})"
        yield f"INDEX(A1:C5,{self.rng.randint(1, 5)},{self.rng.randint(1, 3)})"
        r, col = self.column(), self.rng.randint(1, 3)
        yield from (f"INDEX({r},MOD({self.rng.randint(0, 9)},4)+1)", f"INDEX({r},MIN(4,MAX(1,{c()})))")
        yield from (f"SUM(INDEX(A1:C5,0,{col}))", f"SUM(INDEX(A1:C5,{col},0))")
        yield from (f"MATCH({c()},{r},0)", f"MATCH({n()},{r},0)", f"INDEX({r},MATCH(INDEX({r},{col}),{r},0))")
        yield from (f"ROWS({self.range()})*COLUMNS({self.range()})", f"COUNTA({self.range()},{c()})")
        yield f'IF("a"&{self.rng.randint(0, 9)}&"b"="a3b",1,2)'
        yield from (f'{self.rng.choice(TYPED)}({c()},"{self.rng.randint(0, 99)}")', f"{n()}>{n()}>{n()}")
        yield from (f"{c()}{op}{self.rng.choice([c(), n()])}" for op in OPERATORS)

    def of_money(self) -> Iterator[str]:
        """Loans and depreciation."""
        n, p, rng = self.number, self.positive, self.rng
        rate, periods = repr(round(rng.uniform(0.001, 0.2), 4)), rng.randint(2, 30)
        k, due = rng.randint(0, periods + 1), rng.randint(0, 1)
        for rest in (f"{n()}000,{n()},{due}", n()):
            yield from (f"{f}({rate},{periods},{rest})" for f in ("PMT", "FV", "PV"))
            yield from (f"{f}({rate},{k},{periods},{rest})" for f in ("IPMT", "PPMT"))
        yield from (f"{f}(0,{periods},{n()})" for f in ("PMT", "FV", "PV"))
        yield from (f"NPER({rate},-{p()}0,{p()}0)", f"NPER({rate},-{p()}0,{p()}0,{n()},{due})", f"NPER(0,-2,{p()})")
        yield from (f"NPV({rate},{self.column()})", f"NPV({rate},{n()},{self.cell()},{n()})")
        cost = f"{p()}00,{p()},{periods}"
        yield from (f"SLN({cost})", f"SYD({cost},{k})", f"DDB({cost},{k})", f"DDB({cost},{k},{p()})", f"DB({cost},{k})")
        yield from (f"DB({cost},{k},{rng.randint(1, 12)})", "DB(100,0,3,1)")
        yield from ("DDB(-5,1,3,1)", "DDB(100,10,1,1)", "DDB(100,10,2,2)")

    def of_operators(self) -> Iterator[str]:
        """Long chains of signs, in which precedence decides."""
        for _ in range(12):
            kinds = ("{n}", "{c}", "{c}", "({c}-{c})", "-{c}", "{p}%", "+{c}", "-{p}^2")
            text = "".join(self.rng.choice(kinds) + self.rng.choice("+-*/^+-*") for _ in range(self.rng.randint(1, 6)))
            text += self.rng.choice(kinds)
            while "{" in text:
                for key, make in (("{n}", self.positive), ("{c}", self.cell), ("{p}", self.positive)):
                    text = text.replace(key, make(), 1)
            yield text

    def every(self, times: int = 1) -> list[str]:
        """All of the above, several times."""
        kinds = (self.of_numbers, self.of_ranges, self.of_choices, self.of_money, self.of_operators)
        return [formula for _ in range(times) for kind in kinds for formula in kind()]


def never_called(formulas: list[str]) -> set[str]:
    """The functions that the reader knows, and that none of the formulas calls."""
    return {name for name in FUNCTIONS if not any(f"{name}(" in formula for formula in formulas)}
