"""The faults of a formula, whatever workbook it stands in: a walk over its postfix form (`excel.formula`)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.excel.a1 import range_of
from sheetgen.excel.functions import FUNCTIONS, MOST, UNPREFIXED, bare, returns_range, stored
from sheetgen.excel.instructions import Array, Call, Cells, Instruction, Literal, Operator

LEVELS, LITERAL = 64, 255
Fault = tuple[str, str]  # rule, message


class Operand(NamedTuple):
    """A value on the stack; kind: range, value or empty; `text`: its text constants; `alone`: it is one of them."""

    kind: str
    text: str = ""
    alone: bool = False


class Walk:
    """`faults` of a formula, `links` of its HYPERLINKs within the workbook, and whether its result `is_range`."""

    def __init__(self, code: Sequence[Instruction], levels: int) -> None:
        self.faults: list[Fault] = []
        self.links: list[str] = []
        stack: list[Operand] = []
        for item in code:
            first = len(stack) - (item.operands if isinstance(item, Operator | Call) else 0)
            stack[first:] = [self._result(item, stack[first:])]
        self.is_range = stack[-1].kind == "range"
        if levels > LEVELS:
            message = "Functions are nested more than 64 deep, where Excel stops: put a part into a cell of its own."
            self.faults.append(("formula-nesting", message))

    def _result(self, item: Instruction, operands: list[Operand]) -> Operand:
        match item:
            case Literal("text", str(text)):
                return self._text(text)
            case Literal("missing"):
                return Operand("empty")
            case Literal() | Array():
                return Operand("value")
            case Operator(name):
                is_range = name in (":", " ", ",") and all(operand.kind == "range" for operand in operands)
                return Operand("range" if is_range else "value", "".join(operand.text for operand in operands))
            case Call(name, _, spelled):
                if name == "HYPERLINK" and operands and operands[0].alone and operands[0].text[:1] == "#":
                    self.links.append(operands[0].text[1:])
                self.faults += _call_faults(spelled, operands)
                return Operand("range" if returns_range(spelled) else "value")
            case Cells(_, _, "#REF!"):
                self.faults.append(("dead-reference", "The formula refers to #REF!: point it at cells that exist."))
            case Cells(_, _, text) if text and not range_of(text):
                self.faults.append(beyond(text))
        return Operand("range")

    def _text(self, text: str) -> Operand:
        if len(text) > LITERAL:
            message = f"A text in the formula has {len(text)} characters, and Excel stops at 255"
            self.faults.append(("string-literal", f"{message}: join shorter ones by &."))
        return Operand("value", text, alone=True)


def beyond(text: str) -> Fault:
    """The fault of a reference to a cell that no sheet has."""
    return "reference-range", f"{text} lies beyond XFD1048576, where a sheet ends: correct the reference."


def _call_faults(spelled: str, operands: Sequence[Operand]) -> Iterator[Fault]:
    """The faults of calling a function, as it is spelt, with these operands."""
    name, count = bare(spelled), len(operands)
    facts = FUNCTIONS.get(name)
    yield from _spelling_faults(spelled, name)
    yield from _portability_faults(name, operands)
    if count > MOST:
        yield "formula-arguments", f"{name} has {count} arguments, and Excel stops at 255: pass a range."
    elif facts and not facts.takes(count):
        least, most = facts.arguments
        span = f"{least}" if least == most else f"{least} or more" if most == MOST else f"{least} to {most}"
        span += " argument" if most == 1 else " arguments"
        yield "argument-count", f"{name} takes {span} and has {count}: correct the call."
    for position, operand in enumerate(operands):
        if facts and operand.kind != "range" and facts.wants_range(position, count):
            yield "argument-reference", f"{name} wants a range as argument {position + 1}: pass cells, not a value."


def _spelling_faults(spelled: str, name: str) -> Iterator[Fault]:
    """Known? Prefixed when it must be, and only then? Older than 2011?"""
    prefix = spelled[: len(spelled) - len(name)]
    facts = FUNCTIONS.get(name)
    if facts is None:
        yield "unknown-function", f"Excel has no function {spelled}: it would show #NAME?; correct the spelling."
    elif facts.since == 2007:
        if prefix:
            yield "unknown-function", f"{spelled} is as old as the file format: write {name} without the prefix."
    elif prefix.lower() not in (facts.prefix, "_xlfn." if name in UNPREFIXED else facts.prefix):
        message = f"{spelled} would show #NAME? until it is edited: write {stored(name)} in the file."
        yield "future-prefix", message
    elif facts.since > 2010:
        yield "newer-than-2010", f"{name} does not exist in Excel 2010: use functions that all our readers have."


def _portability_faults(name: str, operands: Sequence[Operand]) -> Iterator[Fault]:
    """Calls that programs do not understand alike."""
    if name == "FIXED":
        yield "portability", 'FIXED is not known to every program: write ROUND(x,d)&"".'
    elif name == "INDEX" and len(operands) == 2:
        yield "portability", "Programs take the single index of INDEX for a row, or not: give a row and a column."
    elif name == "TEXT" and len(operands) > 1 and {".", ","} & {*operands[1].text}:
        yield "portability", 'The decimal sign in the format of TEXT depends on the country: write ROUND(x,d)&"".'
