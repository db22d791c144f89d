"""Headings that stand in one row (or column), and which of them belong to one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sheetgen.audit.find.survey import View
from sheetgen.audit.labels import is_parameter, is_weight

APART = 2  # headings with more than one empty line between them are not neighbours

_TITLES = [
    ("dE/d{}", re.compile(r"grad|deriv|∂|\bd[EJL]\b", re.IGNORECASE)),
    ("{}_next", re.compile(r"\bnew|updat|\bnext|\bafter", re.IGNORECASE)),
]


class TableLine(NamedTuple):
    """A labelled column of a table (or row, where the steps go to the right)."""

    line: int
    text: str
    quantity: str
    tag: str = ""
    sure: bool = True


def has_weight(lines: Iterable[TableLine]) -> bool:
    """Whether there is a weight among them."""
    return any(is_weight(x.quantity) for x in lines)


def error_of(lines: Sequence[TableLine]) -> str | None:
    """The quantity that is the error to differentiate: the total, or the only error there is."""
    if any(x.quantity == "E_total" for x in lines):
        return "E_total"
    errors = {x.quantity for x in lines if re.fullmatch(r"E\d.*", x.quantity)}
    return errors.pop() if len(errors) == 1 else None


def whole(lines: Sequence[TableLine]) -> bool:
    """Whether they could be the headings of a training."""
    return has_weight(lines) and error_of(lines) is not None


def plainest(lines: list[TableLine]) -> list[TableLine]:
    """Without the headings that give way to plainer ones of the same quantity, in order."""
    sure = {x.quantity for x in lines if x.sure}
    return sorted(x for x in lines if x.sure or x.quantity not in sure)


def groups(view: View, head: int, lines: Sequence[TableLine]) -> Iterator[list[TableLine]]:
    """The headings of each table of one row: tables side by side, or told apart by tags as in 'w1 (0.1)'."""
    tags = dict.fromkeys(x.tag for x in lines if x.tag)
    tagged = {tag: [x for x in lines if x.tag == tag] for tag in tags}
    tagged = {tag: own for tag, own in tagged.items() if whole(own)}
    rest = [x for x in lines if x.tag not in tagged]
    if whole(rest):
        yield from _side_by_side(view, head, rest)
        rest = []
    for own in tagged.values():  # what the others have in common, such as the iteration, each of them has
        names = {x.quantity for x in own}
        yield plainest([*own, *(x for x in rest if x.quantity not in names)])


def _side_by_side(view: View, head: int, lines: list[TableLine]) -> Iterator[list[TableLine]]:
    """Cut where a quantity comes a second time; neighbours stay together, and what is left over joins a whole one."""
    joined: list[list[TableLine]] = []
    for part in _titled(view, head, _neighbours(lines)):
        if joined and not {x.quantity for x in joined[-1]} & {x.quantity for x in part}:
            joined[-1] += part
        else:
            joined.append(list(part))
    hosts = [k for k, own in enumerate(joined) if whole(own)]
    if not hosts:  # which of two is meant is then asked of the formulas
        yield plainest(lines)
        return
    for k, part in enumerate(joined):
        if k not in hosts:
            host = joined[max((h for h in hosts if h < k), default=hosts[0])]
            surely = {x.quantity: x.sure for x in host}
            host += [x for x in part if x.quantity not in surely or (x.sure and not surely[x.quantity])]
    yield from (plainest(joined[k]) for k in hosts)


def _neighbours(lines: list[TableLine]) -> list[list[TableLine]]:
    parts: list[list[TableLine]] = []
    names: set[str] = set()
    for x in lines:
        if not parts or x.line - parts[-1][-1].line > APART or x.quantity in names:
            parts.append([])
            names = set()
        parts[-1].append(x)
        names.add(x.quantity)
    return parts


def _titled(view: View, head: int, parts: list[list[TableLine]]) -> Iterator[list[TableLine]]:
    """A second w1 w2 ... under the title 'Gradients' or 'New weights' is called what the title says."""
    names: set[str] = set()
    for part in parts:
        again = all(is_parameter(x.quantity) and x.quantity in names for x in part)
        title = (view.text(part[0].line, head - 1) or view.text(part[0].line, head - 2)) if again else ""
        spelt = next((spelt for spelt, pattern in _TITLES if pattern.search(title)), "{}")
        named = [x._replace(quantity=spelt.format(x.quantity)) for x in part]
        names |= {x.quantity for x in named}
        yield named
