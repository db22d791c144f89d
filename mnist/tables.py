"""Records as tables on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from mnist.recipe import RECIPES
from mnist.record import Claim, seconds_of_teachers
from sheetgen.cli.console import console


def ordered(claims: Iterable[Claim]) -> list[Claim]:
    """As people read them: ours first, the ladder last."""
    order = {name: k for k, name in enumerate(RECIPES)}  # what has no recipe comes last
    return sorted(claims, key=lambda c: (order.get(c.name, len(order)), c.name))


def seconds(claim: Claim, claims: Iterable[Claim]) -> tuple[str, str]:
    """(of a run on average, the same with its teachers' training); a dash where a teacher is not recorded."""
    teachers = seconds_of_teachers(claim.records[0], [r for c in claims for r in c.records])
    return f"{claim.seconds:,.0f}", "–" if teachers is None else f"{claim.seconds + teachers:,.0f}"


def table(claims: Sequence[Claim]) -> None:
    """A line per claim: accuracies are per cent, at the last epoch unless the head says otherwise."""
    shown = Table("claim", "network", box=None)
    heads = ("parameters", "epochs", "seeds", "mean", "deviation", "least", "best epoch", "9 views", "train-test", "s",
             "s with teachers")  # fmt: skip
    for head in heads:
        shown.add_column(head, justify="right")
    for c in ordered(claims):
        shown.add_row(
            c.name,
            c.recipe.architecture.net,
            f"{c.records[0].parameters:,}",
            str(c.recipe.epochs),
            str(len(c.records)),
            f"{c.mean:.3f}",
            f"{c.deviation:.3f}",
            f"{min(c.accuracies):.2f}",
            f"{c.best:.2f}",
            f"{c.views:.3f}",
            f"{c.gap:+.2f}",
            *seconds(c, claims),
        )
    console().print(shown)


def markdown(claims: Sequence[Claim]) -> str:
    """The same in Markdown, as docs/mnist.md shows it."""
    lines = [
        "| network | parameters | epochs | seeds | last epoch, mean ± deviation | least | nine views | seconds a run "
        "| with its teachers |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for c in ordered(claims):
        lines.append(
            f"| {c.name} | {c.records[0].parameters:,} | {c.recipe.epochs} | {len(c.records)} "
            f"| {c.score} | {min(c.accuracies):.2f} % | {c.views:.2f} % | {' | '.join(seconds(c, claims))} |"
        )
    return "\n".join(lines)


def bars(shown: bool = True) -> Progress:
    """Progress bars on a terminal, which go when all is done; nothing elsewhere, or if they are not to be shown."""
    out = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=out, transient=True, disable=not (shown and out.is_terminal))


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for every kind of work on a terminal, a line for each that is done elsewhere; call it (what, done, of)."""
    tasks: dict[str, TaskID] = {}
    began = time.perf_counter()
    with bars() as bar:

        def say(what: str, done: int, of: int) -> None:
            nonlocal began
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done)
            if done == of:
                if not bar.console.is_terminal:
                    seconds = time.perf_counter() - began
                    print(f"{what}: {of:,} images, {seconds:.1f} s", file=sys.stderr, flush=True)
                began = time.perf_counter()

        yield say
