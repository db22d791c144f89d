"""The console of all commands: how they print, tell of progress, end with a UserError, and are stopped by a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import click
from rich import console as rich_console
from rich.text import Text

from sheetgen.base.errors import Status, UserError
from sheetgen.base.progress import Finished, Notice, Progress

KEPT = "nothing half-written is left, and a file that was there is untouched"
GRACE = 2.0  # seconds in which further signals do not disturb the cleaning up: a closed terminal sends several
WIDEST = 5_000  # where no terminal says how wide it is, nobody folds lines, and a line can be searched
PIPE = getattr(signal, "SIGPIPE", 13)
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
T = TypeVar("T")


class Stopped(BaseException):
    """A signal asked the process to end; whoever holds something cleans up, and nobody else catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Console(rich_console.Console):
    """Prints names, formulas and paths as they are."""

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: not rich's exit status 1, which means that something was found."""
        raise Stopped(PIPE)


def console(stderr: bool = False) -> Console:
    """A console that prints texts as they are; colours are for terminals only."""
    out = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not out.is_terminal:
        out.width = WIDEST
    return out


def succeed(text: str) -> None:
    """Print good news."""
    console().print(text, style="green", soft_wrap=True)


def warn(text: str) -> None:
    """Print what a person should know before it is done, on standard error."""
    console(stderr=True).print(text, style="yellow", soft_wrap=True)


def complain(text: str) -> None:
    """Print one sentence about what is wrong, on standard error."""
    console(stderr=True).print(text, style="red", soft_wrap=True)


def worst(items: Iterable[T], work: Callable[[T], Status]) -> Status:
    """Do the work on each item, whatever becomes of the others; an error that several have is printed once."""
    status, printed = Status.RIGHT, set()
    for item in items:
        try:
            status = max(status, work(item))
        except UserError as error:
            if str(error) not in printed:
                complain(str(error))
            printed.add(str(error))
            status = Status.UNUSABLE
    return status


@contextmanager
def stages(first: str) -> Iterator[Progress]:
    """Tell what is being done: a line that changes on a terminal, elsewhere a line for each stage that is finished."""
    _go_on()
    out = console(stderr=True)
    if out.is_terminal:
        with out.status(Text(first)) as status:

            def show(text: str) -> None:
                _go_on()
                if isinstance(text, Notice):
                    warn(text)
                else:
                    status.update(Text(text))

            yield show
    else:
        log = _Log(first)
        yield log
        log("")


class _Log:
    """A line for each finished stage: its own figures, or how long it took."""

    def __init__(self, first: str) -> None:
        self.stage, self.began = first, time.perf_counter()

    def __call__(self, text: str) -> None:
        _go_on()
        if isinstance(text, Notice):
            warn(text)
            return
        if text == self.stage:
            return
        line = text if isinstance(text, Finished) else self.stage and f"{self.stage}: {self.seconds:.1f} s"
        if line:
            with suppress(OSError):  # that nobody reads it stops no work
                print(f"{line}\n", end="", file=sys.stderr, flush=True)  # in one piece, wherever a signal comes
        self.stage, self.began = "" if isinstance(text, Finished) else text, time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began


_received: list[int] = []  # the signals that this process got
_helpers: list[Callable[[], object]] = []


@contextmanager
def ended_with_us(stop: Callable[[], object]) -> Iterator[None]:
    """Have something called at once when a signal stops us, such as what ends other programs that we wait for."""
    _helpers.append(stop)
    try:
        yield
    finally:
        _helpers.remove(stop)


def _go_on() -> None:
    """Raises Stopped again, if Python dropped it: what is raised within a finaliser is lost."""
    if _received:
        raise Stopped(_received[0])


@contextmanager
def stoppable(sentence: str) -> Iterator[None]:
    """Within it SIGINT, SIGTERM and SIGHUP raise Stopped; it ends with one sentence and 128 and the signal's number.

    A signal that is ignored, as under nohup, stays ignored.
    """
    changed = _listen()
    try:
        yield
    except BaseException as error:
        number = error.number if isinstance(error, Stopped) else next(iter(_received), 0)
        if not number or (isinstance(error, SystemExit) and not error.code):
            raise
        _last_words(number, sentence)
        sys.exit(128 + number)
    finally:
        for number, before in changed.items():
            signal.signal(number, before)
        if changed:
            _received.clear()


def _listen() -> dict[int, Any]:
    """Raise Stopped for each signal that would end us; what was done for each before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    ours, last = os.getpid(), -GRACE

    def stop(number: int, _: object) -> None:
        nonlocal last
        if os.getpid() != ours:  # a fork of ours, which nobody waits for
            os._exit(128 + number)
        if time.monotonic() - last < GRACE:
            return
        last = time.monotonic()
        _received.append(number)
        for call in _helpers:
            call()
        raise Stopped(number)

    usual = (signal.SIG_DFL, signal.default_int_handler)
    return {n: signal.signal(n, stop) for n in _SIGNALS if signal.getsignal(n) in usual}


def _last_words(number: int, sentence: str) -> None:
    """Say what happened, if there is still somebody to hear it, and let no stream fail after it."""
    out = console(stderr=True)
    how = "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
    with suppress(OSError, Stopped):
        if out.is_terminal:
            out.print()  # below the ^C
        if number != PIPE:
            out.print(f"{how}: {sentence}", style="red", soft_wrap=True)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Command(click.Command):
    """A command that cleans up when a signal stops it, and then says one sentence."""

    kept = KEPT

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run it as a program does."""
        with stoppable(self.kept):
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, and end with its status; what click has for an interruption is an exit status of 1."""
        try:
            result = super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped(signal.SIGINT) from None
        except BrokenPipeError:
            raise Stopped(PIPE) from None
        except (UserError, OSError) as error:
            complain(str(error))
            sys.exit(Status.UNUSABLE)
        if isinstance(result, Status):
            sys.exit(result)
        return result


class CommandGroup(Command, click.Group):
    """A group of such commands."""

    command_class = Command


class FilePath(click.Path):
    """The path of a file or folder. An empty one, as of a variable that is not set, is not the folder we are in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if not str(value).strip():
            self.fail("the name is empty: give the path of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


PATH, NAME = FilePath(path_type=Path), FilePath()  # of a file; of a file, or of something that has a name
