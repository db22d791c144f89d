"""What is wrong with how a formula calls a function."""

from collections.abc import Iterator, Sequence

from sheetgen.excel.functions import FUNCTIONS, MOST, UNPREFIXED, bare

Fault = tuple[str, str]  # rule, message


def function_faults(name: str, arguments: Sequence[str], literals: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with calling `name` so; each argument is 'range', 'value' or 'empty', with the text in it."""
    base = bare(name)
    yield from _spelling(name, base)
    yield from _portability(base, literals)
    facts = FUNCTIONS.get(base)
    count = len(arguments)
    if count > MOST:
        yield "formula-arguments", f"{base} has {count} arguments, and Excel stops at 255: pass a range."
    elif facts and not facts.takes(count):
        least, most = facts.arguments
        span = f"{least}" if least == most else f"{least} or more" if most == MOST else f"{least} to {most}"
        span += " argument" if most == 1 else " arguments"
        yield "argument-count", f"{base} takes {span} and has {count}: correct the call."
    for position, kind in enumerate(arguments):
        if facts and kind != "range" and facts.wants_range(position, count):
            yield "argument-reference", f"{base} wants a range as argument {position + 1}: pass cells, not a value."


def _portability(base: str, literals: Sequence[str]) -> Iterator[Fault]:
    """What programs do not do alike."""
    if base == "FIXED":
        yield "portability", 'FIXED is not known to every program: write ROUND(x,d)&"".'
    elif base == "INDEX" and len(literals) == 2:
        yield "portability", "Programs take the single index of INDEX for a row, or not: give a row and a column."
    elif base == "TEXT" and len(literals) > 1 and {".", ","} & {*literals[1]}:
        yield "portability", 'The decimal sign in the format of TEXT depends on the country: write ROUND(x,d)&"".'


def _spelling(name: str, base: str) -> Iterator[Fault]:
    """Known? Prefixed when it must be, and only then? Older than 2011?"""
    prefix = name[: len(name) - len(base)]
    facts = FUNCTIONS.get(base)
    if facts is None:
        yield "unknown-function", f"Excel has no function {name}: it would show #NAME?; correct the spelling."
    elif facts.since == 2007:
        if prefix:
            yield "unknown-function", f"{name} is as old as the file format: write {base} without the prefix."
    elif prefix.lower() != (facts.prefix or "_xlfn.") and not (base in UNPREFIXED and not prefix):
        full = (facts.prefix or "_xlfn.") + base
        yield "future-prefix", f"{name} would show #NAME? until it is edited: write {full} in the file."
    elif facts.since > 2010:
        yield "newer-than-2010", f"{base} does not exist in Excel 2010: use functions that all our readers have."
