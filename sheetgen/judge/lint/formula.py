"""Would Excel accept the text of one formula, and what does it refer to?

The tokens are those of `excel`; one automaton with a stack accepts them. Operator precedence does not matter for
acceptance; what matters is which operands are ranges.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from sheetgen.excel.a1 import range_of
from sheetgen.excel.functions import bare, returns_range
from sheetgen.excel.read import MAX_FORMULA
from sheetgen.excel.tokens import LIKE_CELL, NAME_BEYOND, UNEXPECTED, is_array, tokens
from sheetgen.judge.lint.functions import Fault, function_faults

LEVELS, LITERAL = 64, 255
COLUMN_ITEM = re.compile(r"\[((?:[^\[\]']|'.)*)\]")
BOOK = re.compile(r"'?(?:\[([^\]]*)\])?(.*?)'?", re.S)  # of a sheet prefix: the other workbook, the sheet


class Parsed(NamedTuple):
    """What one formula text is made of.

    `shapes` holds 'union', 'intersection', 'array', 'sheet' or 'local' (a range without a sheet) where they occur;
    `names` are (sheet or '', name, is it shaped like a cell beyond the grid); `tables` are (table, columns).
    """

    faults: tuple[Fault, ...]
    sheets: frozenset[str] = frozenset()
    names: frozenset[tuple[str, str, bool]] = frozenset()
    tables: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    links: frozenset[str] = frozenset()
    shapes: frozenset[str] = frozenset()
    is_range: bool = False


class Refused(Exception):
    """Excel would not read on: (rule, message)."""


@lru_cache(maxsize=1 << 16)
def parse(text: str, top_union: bool = False) -> Parsed:
    """Read a formula without its leading =; `top_union` allows `A1,B2` outside brackets (defined names)."""
    if len(text) > MAX_FORMULA:
        return Parsed((too_long(text),))
    reader = _Reader(text, top_union)
    try:
        reader.read()
    except Refused as refusal:
        return Parsed(((refusal.args[0], refusal.args[1]),))
    return reader.parsed()


def too_long(text: str) -> Fault:
    """What is wrong with a formula that nobody reads to its end."""
    return "formula-length", f"The formula has {len(text)} characters, and Excel stops at 8,192: split it over cells."


def _bad(message: str) -> Refused:
    return Refused("formula-syntax", f"Excel cannot read the formula: {message}.")


class _Frame:
    """One open bracket: its function ('' for a bare one) and the argument being read; keeps the state outside."""

    def __init__(self, name: str, outside: tuple[bool, bool, bool, bool]) -> None:
        self.name, self.outside = name, outside
        self.arguments: list[str] = []
        self.literals: list[str] = []  # of each argument
        self.start()

    def start(self) -> None:
        """Begin an argument: so far it may be a range, and `tokens` counts what it is made of."""
        self.is_range, self.tokens, self.literal = True, 0, ""


class _Reader:
    """The automaton: either an operand is wanted, or one has just been read and is a range or not."""

    def __init__(self, text: str, top_union: bool) -> None:
        self.text, self.top_union = text, top_union
        self.faults: list[Fault] = []
        self.sheets: set[str] = set()
        self.names: set[tuple[str, str, bool]] = set()
        self.tables: set[tuple[str, tuple[str, ...]]] = set()
        self.links: set[str] = set()
        self.shapes: set[str] = set()
        self.stack = [_Frame("", (True, False, False, False))]
        self.wanted, self.is_range, self.colon, self.spaced = True, False, False, False
        self.operator, self.sheet = "", ""

    def parsed(self) -> Parsed:
        return Parsed(
            tuple(dict.fromkeys(self.faults)),
            frozenset(self.sheets),
            frozenset(self.names),
            frozenset(self.tables),
            frozenset(self.links),
            frozenset(self.shapes),
            not self.faults and self.is_range and self.stack[0].is_range,
        )

    def read(self) -> None:
        if self.text.lstrip().startswith("="):
            raise Refused("formula-equals", "The formula begins with =, which the file leaves out: remove it.")
        for kind, token, _ in tokens(self.text):
            if self.sheet and kind not in ("cell", "columns", "rows", "name", "error", "call"):
                raise _bad(f"nothing to refer to follows {self.sheet}!: write a cell, a range or a name after it")
            if kind == "space":
                self.spaced = True
                continue
            self.stack[-1].tokens += 1
            getattr(self, f"_{kind}")(token)
            self.spaced &= kind == "sheet"
        if self.sheet:
            raise _bad("it ends in a sheet name: write a cell after the !")
        if len(self.stack) > 1:
            raise _bad(f"brackets are left open: add {')' * (len(self.stack) - 1)}")
        if self.wanted:
            raise _bad(f"an operand is missing after {self.operator}" if self.operator else "it is empty: write one")

    # operands

    def _operand(self, is_range: bool) -> None:
        if not self.wanted:
            self._check_neighbours(is_range)
            self.shapes.add("intersection")
        elif self.colon and not is_range:
            raise _bad("the range operator : has no range on its right: write two cells")
        self.wanted, self.colon, self.operator, self.is_range = False, False, "", is_range
        self.stack[-1].is_range &= is_range

    def _check_neighbours(self, is_range: bool = True) -> None:
        if not (self.spaced and self.is_range and is_range):
            raise _bad("two operands stand side by side: write an operator or a comma between them")

    def _text(self, token: str) -> None:
        length = len(token[1:-1].replace('""', '"'))
        if length > LITERAL:
            message = f"A text in the formula has {length} characters, and Excel stops at 255: join shorter ones by &."
            self.faults.append(("string-literal", message))
        self._operand(False)
        self.stack[-1].literal += token[1:-1]

    def _error(self, token: str) -> None:
        if token == "#REF!":
            self.faults.append(("dead-reference", "The formula refers to #REF!: point it at cells that exist."))
        self.sheet = ""
        self._operand(token == "#REF!")

    def _array(self, token: str) -> None:
        if token.startswith("{="):
            raise _bad(UNEXPECTED["}"])
        if not is_array(token):
            raise _bad("an array constant holds constants only, in rows of equal length: write {1,2;3,4}")
        self.shapes.add("array")
        self._operand(False)

    def _number(self, token: str) -> None:
        if float(token) == float("inf"):
            raise _bad(f"the number {token} is beyond 1E308: write a smaller one")
        self._operand(False)

    def _sheet(self, token: str) -> None:
        if not self.wanted:
            self._check_neighbours()
        plain = token[:-1]
        match = BOOK.fullmatch(plain)
        book, name = match.groups("") if match else ("", "")
        if book not in ("", "0"):
            message = "The formula refers to another workbook: copy the values into this one."
            self.faults.append(("external-link", message))
        elif name:
            self.sheets.update(part.replace("''", "'") for part in name.split(":"))
        if plain[0] != "'" and any(LIKE_CELL.fullmatch(part) for part in name.split(":")):
            raise _bad(f"the sheet name {name} looks like a cell: quote it")
        self.shapes.add("sheet")
        self.sheet = f"[{book}]" if book else name.replace("''", "'")

    def _cell(self, token: str) -> None:
        if not range_of(token):
            if NAME_BEYOND.fullmatch(token):
                self._name(token, True)
                return
            message = f"{token} lies beyond XFD1048576, where a sheet ends: correct the reference."
            self.faults.append(("reference-range", message))
        if not self.sheet and not self.colon:
            self.shapes.add("local")
        self.sheet = ""
        self._operand(True)

    _columns = _rows = _cell

    def _r1c1(self, token: str) -> None:
        raise Refused("formula-r1c1", f"{token} is an R1C1 reference and the file holds A1 references: translate it.")

    def _name(self, token: str, beyond: bool = False) -> None:
        if token.upper() in ("TRUE", "FALSE") and not self.sheet:
            self._operand(False)
            return
        parameter = token.lower().startswith("_xlpm.")  # of LET and LAMBDA
        if not parameter and (self.sheet[:1] != "[" or self.sheet == "[0]"):
            self.names.add((self.sheet.replace("[0]", ""), token, beyond))
        self.sheet = ""
        self._operand(True)

    def _table(self, token: str) -> None:
        table, inner = token[:-1].split("[", 1)
        nested = COLUMN_ITEM.findall(inner) if "[" in inner else []
        items = [*nested, COLUMN_ITEM.sub("", inner).strip(" ,:")]  # columns may stand without brackets of their own
        if any(item.startswith("@") for item in (inner, *items)):
            raise Refused("implicit-at", "The file has no @ in table references: write Table[[#This Row],[column]].")
        columns = tuple(re.sub(r"'(.)", r"\1", item) for item in items if item and not item.startswith("#"))
        if table:  # without one it is the table around the formula
            self.tables.add((table, columns))
        self._operand(True)

    # operators and brackets

    def _infix(self, token: str) -> None:
        if self.wanted and token not in "+-":
            raise _bad(f"the operator {token} has no operand on its left")
        if self.colon:
            raise _bad("the range operator : has no range on its right: write two cells")
        self.wanted, self.operator, self.is_range = True, token, False
        self.stack[-1].is_range = False

    def _call(self, token: str) -> None:
        if self.sheet:
            raise _bad(f"{self.sheet}! stands before a function: remove it")
        self._open(token[:-1])
        levels = sum(bool(frame.name) for frame in self.stack)
        if levels == LEVELS + 1:
            message = "Functions are nested more than 64 deep, where Excel stops: put a part into a cell of its own."
            self.faults.append(("formula-nesting", message))

    def _open(self, name: str) -> None:
        if not self.wanted:
            self._check_neighbours()
        self.stack.append(_Frame(name, (self.wanted, self.is_range, self.colon, self.spaced)))
        self.wanted, self.is_range, self.colon, self.operator = True, False, False, ""

    def _mark(self, token: str) -> None:
        if token == "@":
            raise Refused("implicit-at", "The file has no @ operator: remove it, or write _xlfn.SINGLE().")
        action = {"(": self._bracket, ")": self._close, ",": self._comma, "%": self._percent, ":": self._colon}
        if token not in action:
            raise _bad(UNEXPECTED.get(token, f"the character {token!r} is out of place: remove it"))
        action[token]()

    def _bracket(self) -> None:
        self._open("")

    def _percent(self) -> None:
        if self.wanted:
            raise _bad("a % has no operand on its left")
        self.is_range = self.stack[-1].is_range = False

    def _colon(self) -> None:
        if self.wanted or not self.is_range:
            raise _bad("the range operator : has no range on its left: write two cells")
        self.wanted, self.colon, self.operator = True, True, ":"

    def _end_argument(self) -> None:
        """Note what the argument was; an operator must not dangle at its end."""
        frame = self.stack[-1]
        if self.wanted and self.operator:
            raise _bad(f"an operand is missing after {self.operator}")
        frame.arguments.append("empty" if self.wanted else "range" if frame.is_range else "value")
        frame.literals.append(frame.literal)
        if bare(frame.name) == "HYPERLINK" and len(frame.arguments) == 1 and frame.literal[:1] == "#":
            self.links.update({frame.literal[1:]} if frame.tokens == 2 else ())  # the text, and the , or ) after it

    def _comma(self) -> None:
        frame = self.stack[-1]
        if not frame.name:
            if self.wanted or not (self.is_range and frame.is_range) or (len(self.stack) == 1 and not self.top_union):
                raise _bad("a comma outside a function joins ranges, in brackets: write (A1,B2), or remove it")
            self.shapes.add("union")
            self.wanted, self.operator = True, ","
            return
        self._end_argument()
        frame.start()
        self.wanted, self.is_range = True, False

    def _close(self) -> None:
        frame = self.stack[-1]
        if len(self.stack) == 1:
            raise _bad("a ) has no (: remove it")
        if frame.name:
            if frame.arguments or frame.tokens > 1 or not self.wanted:
                self._end_argument()
            self.faults.extend(function_faults(frame.name, frame.arguments, frame.literals))
        elif self.wanted:
            raise _bad("a pair of brackets ends without an operand: fill or remove it")
        inner = returns_range(frame.name) if frame.name else self.is_range and frame.is_range
        self.stack.pop()
        self.wanted, self.is_range, self.colon, self.spaced = frame.outside
        self._operand(inner)
