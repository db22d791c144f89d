"""Engines side by side, each in a process of its own, for each keeps one processor busy and shares nothing.

The processes are plain Python programs, not multiprocessing's, which would run the caller's own script a second time.
They end with whoever started them: when he is done, when he is interrupted, and when he is killed.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sheetgen.base.process import processors, python, signal_of, uncollected
from sheetgen.excel import Workbook
from sheetgen.judge.engines.result import EngineFailed, EngineMissing, Recalculated

Outcome = Recalculated | EngineMissing | EngineFailed

# Those that take longest, which are to be started first; the others then fill the gaps.
SLOWEST = ("Formulon", "formulas patterns", "LibreOffice", "formulas")
GRACE = 5.0  # seconds that an engine has to clean up
_PROGRAM = "from sheetgen.judge.engines.beside import work; work({name!r}, {folder!r})"


@contextmanager
def side_by_side(path: str | Path, names: Sequence[str], workbook: Workbook) -> Iterator[Iterator[tuple[str, Outcome]]]:
    """Start engines on a workbook that was read from a path; gives the name and results of each as it finishes.

    As many run at a time as there are processors; one alone runs in this process.
    """
    if len(names) < 2 or not sys.executable:
        yield ((name, outcome(name, path, workbook)) for name in names)
        return
    names = sorted(names, key=lambda name: SLOWEST.index(name) if name in SLOWEST else len(SLOWEST))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(processors()) as pool:
        _write(Path(folder) / "given", (str(Path(path).absolute()), workbook))
        crew = _Crew(Path(folder))
        running = {pool.submit(crew.run, name): name for name in names}
        try:
            yield ((running[future], future.result()) for future in as_completed(running))
        finally:
            for future in running:
                future.cancel()
            crew.stop()


def outcome(name: str, path: str | Path, workbook: Workbook) -> Outcome:
    """The results of an engine, or why there are none."""
    from sheetgen.judge.engines import ENGINES

    try:
        return ENGINES[name](path, workbook)
    except (EngineMissing, EngineFailed) as error:
        return error


class _Crew:
    """The processes that are running; they find what they work on in a folder, and leave their results there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: set[subprocess.Popen[bytes]] = set()
        self.stopped = False
        self.lock = threading.Lock()

    def run(self, name: str) -> Outcome:
        """Have a process run an engine; its results. One that dies is an engine that failed."""
        log = self.folder / f"{name} log"
        with log.open("wb") as errors:
            with self.lock:
                if self.stopped:
                    return EngineFailed(f"{name} was stopped.")
                try:
                    process = self._start(name, errors)
                except OSError as error:
                    return EngineFailed(f"{name} could not be started ({error.strerror or error}).")
                self.processes.add(process)
            process.wait()
        with self.lock:
            self.processes.discard(process)
        assert process.stdin
        process.stdin.close()
        try:
            result: Outcome = pickle.loads((self.folder / name).read_bytes())
        except Exception:  # it died before, or in the middle
            lines = log.read_text("utf-8", "replace").split("\n")
            why = next((line.strip() for line in reversed(lines) if line.strip()), "")
            why = why or signal_of(process.returncode) or f"exit status {process.returncode}"
            return EngineFailed(f"{name} ended without a result ({why[:300]}).")
        return result

    def _start(self, name: str, errors: Any) -> subprocess.Popen[bytes]:
        program = _PROGRAM.format(name=name, folder=str(self.folder))
        # A session of its own, because the terminal's Ctrl-C is ours to handle. Nothing is ever written to its standard
        # input: it ends when we do, and then so does the engine.
        return python(program, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)

    def stop(self) -> None:
        """End all that still run; those that take too long to clean up are killed."""
        with self.lock:
            self.stopped = True
            processes = list(self.processes)
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def work(name: str, folder: str) -> None:
    """Run one engine, in a process of its own, on the workbook in a folder, and leave the results there."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that LibreOffice is stopped, too
    threading.Thread(target=_end_with_the_starter, args=[folder], daemon=True).start()
    with uncollected():
        path, workbook = pickle.loads(Path(folder, "given").read_bytes())
        _write(Path(folder, name), outcome(name, path, workbook))


def _end_with_the_starter(folder: str) -> None:
    """Wait until nobody is left at the other end of our standard input, clean up after him, and end."""
    # By the file's number: whoever is within sys.stdin when Python ends makes it abort.
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os._exit(1)


def _write(path: Path, what: Any) -> None:
    path.write_bytes(pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
