"""IronCalc with a stranger's workbook open, in a process of its own: it is ended when a question takes too long.

While IronCalc calculates, nothing else in its process does; and a formula can ask for all cells of a sheet, or for more
memory than there is.
"""

import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Timer
from typing import Any
from weakref import finalize

from sheetgen.base.errors import UserError
from sheetgen.base.process import bound, python
from sheetgen.excel import Value, Workbook
from sheetgen.judge.engines.iron import NAME, Live
from sheetgen.judge.engines.result import EngineFailed

SECONDS = 60.0  # for one question
MEMORY = 6 << 30  # bytes
_PROGRAM = "from sheetgen.judge.engines.apart import serve; serve()"


class Apart:
    """Like iron.Live, within bounds. Raises EngineMissing, EngineFailed."""

    name = NAME

    def __init__(self, workbook: Workbook) -> None:
        self.process = python(_PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._end = finalize(self, _ended, self.process)
        self._ask(workbook)

    def recalculate(self, target: tuple[str, str], changes: Mapping[tuple[str, str], float]) -> Value | None:
        """The value of a cell while other numbers stand in some."""
        value: Value | None = self._ask((target, dict(changes)))
        return value

    def _ask(self, question: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        timer = Timer(SECONDS, self.process.kill)
        timer.start()
        try:
            pickle.dump(question, self.process.stdin, pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()
            answer = pickle.load(self.process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self._end()
            raise EngineFailed(f"IronCalc had to be ended, or took longer than {SECONDS:g} seconds.") from error
        finally:
            timer.cancel()
        if isinstance(answer, UserError):
            raise answer
        return answer


def _ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            assert stream
            stream.close()
    process.wait()


def serve() -> None:
    """Read a workbook and questions from standard input until it ends, and answer each, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # for while IronCalc calculates, Python does not look at signals
    bound(MEMORY)
    live: Live | None = None
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        value: Value | UserError | None = None
        try:
            if live is None:
                live = Live(question)
            else:
                value = live.recalculate(*question)
        except UserError as error:
            value = error
        pickle.dump(value, sys.stdout.buffer)
        sys.stdout.flush()
