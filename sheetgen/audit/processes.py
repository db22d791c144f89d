"""Judge many files: each in a process of its own, with a time and a memory limit, so that none can stop the rest."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import NamedTuple

from sheetgen.audit.verdict import Verdict, cut_short, faulty, too_slow
from sheetgen.base.process import bound, processors, signal_of
from sheetgen.excel.package import Package, UnreadableWorkbook

Judge = Callable[[Path, str | None], Verdict]  # a function of a module, for its name is what goes to the process

TIMEOUT = 120.0  # seconds for one file
MEMORY = 3 << 30  # bytes that one file may take beyond what Python itself takes
SUFFIXES = {".xlsx", ".xlsm"}
REPORT = ": sheetgen audit --report."  # how the comments of a report's properties end
PRELOADED = ["sheetgen.audit.judge"]  # imported once, not once per file; a program may add what itself imports


def find_files(paths: Iterable[Path], leave_out: Iterable[Path] = ()) -> list[Path]:
    """The files to judge: each path as it is, and of a folder every workbook in it, sorted; none twice.

    Hidden files and folders, Excel's lock files (~$) and what is left out are skipped. A folder without a workbook,
    or a path that does not exist, stays in the list: audit_all says what is wrong with it.
    """
    skipped = {_key(path) for path in leave_out}
    files: dict[str, Path] = {}
    for path in paths:
        inside = [p for p in _workbooks(path) if _key(p) not in skipped] if path.is_dir() else []
        for file in inside or [path]:
            files.setdefault(_key(file), file)
    return list(files.values())


def is_report(path: Path) -> bool:
    """Whether a file is a report of `sheetgen audit`, which another may replace."""
    try:
        with Package(path) as package:
            return any(text.endswith(REPORT) for _, _, text in package.elements("docProps/core.xml"))
    except UnreadableWorkbook:
        return False


def _key(path: Path) -> str:
    return os.path.normcase(os.path.abspath(path))


def _workbooks(folder: Path) -> list[Path]:
    """The workbooks of a folder and of those in it; links to folders are not followed, for they may go round."""
    paths: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(parent, name) for name in files if not name.startswith((".", "~$"))]
    return sorted(path for path in paths if path.suffix.lower() in SUFFIXES)


def _audit(path: Path, table: str | None) -> Verdict:
    """Judge one file; the judge is imported where it works."""
    from sheetgen.audit.judge import audit

    return audit(path, table)


class Assignment(NamedTuple):
    """How each file is judged: the table that a person points at, the seconds that one may take, and by what."""

    table: str | None = None
    timeout: float = TIMEOUT
    judge: Judge = _audit


USUAL = Assignment()


def audit_all(
    paths: Sequence[Path],
    jobs: int | None = None,
    progress: Callable[[Verdict], object] = lambda _: None,
    task: Assignment = USUAL,
) -> list[Verdict]:
    """The verdict on each file, in the order of the paths; `progress` is told each one when it is there.

    `jobs` files are judged at a time, as many as there are processors if it is None. Whatever happens to a file or to
    its process is a verdict with a problem. As always with processes, a script that calls this needs its
    `if __name__ == "__main__":`.
    """
    verdicts: dict[int, Verdict] = {}
    waiting = deque(enumerate(paths))
    running: list[_Job] = []
    try:
        while waiting or running:
            while waiting and len(running) < (jobs or processors()):
                index, path = waiting.popleft()
                if problem := refusal(path):
                    progress(verdicts.setdefault(index, Verdict(path, problem=problem)))
                else:
                    running.append(_Job(index, path, task))
            for job, verdict in list(_finished(running)):
                running.remove(job)
                progress(verdicts.setdefault(job.index, verdict))
    finally:
        for job in running:
            job.stop()
    return [verdicts[k] for k in range(len(paths))]


def refusal(path: Path) -> str:
    """Why a path is no file that could be judged, or ''."""
    if path.is_dir():
        return f"{path.name or path} is a folder without an .xlsx or .xlsm file."
    if not path.exists():
        return f"{path.name} does not exist."
    return "" if path.is_file() else f"{path.name} is no ordinary file."


@cache
def _context() -> BaseContext:
    """How processes are started: forked from a fresh one, where there is fork; a fork of this one may have threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


class _Job:
    """One file that is being judged."""

    def __init__(self, index: int, path: Path, task: Assignment) -> None:
        self.index, self.path, self.task = index, path, task
        self.pipe, far = _context().Pipe(duplex=False)
        arguments = (far, path.absolute(), task, MEMORY)
        self.process = _context().Process(target=_work, args=arguments, daemon=True)  # type: ignore[attr-defined]
        self.process.start()
        far.close()  # so that the pipe ends when the process does
        self.deadline = time.monotonic() + task.timeout

    def verdict(self) -> Verdict:
        """The verdict from the pipe, which has something or has ended."""
        try:
            verdict: Verdict = self.pipe.recv()
        except Exception:  # it ended before or within the verdict
            self.process.join(5)
            return cut_short(self.path, signal_of(self.process.exitcode))
        verdict.path = self.path
        return verdict

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


def _finished(running: Sequence[_Job]) -> Iterator[tuple[_Job, Verdict]]:
    """The jobs that have ended, or are out of time; waits for the first one."""
    if not running:
        return
    ready = wait([job.pipe for job in running], max(0.0, min(job.deadline for job in running) - time.monotonic()))
    now = time.monotonic()
    for job in running:
        if job.pipe in ready:
            verdict = job.verdict()
        elif now >= job.deadline:
            verdict = too_slow(job.path, job.task.timeout)
        else:
            continue
        job.stop()
        yield job, verdict


def _work(pipe: Connection, path: Path, task: Assignment, memory: int) -> None:
    """Judge one file in the process and send the verdict, with a word about what went wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it stops it
    _silence()
    bound(memory, task.timeout + 10)  # in case nobody is left to stop it
    try:
        verdict = task.judge(path, task.table)
    except MemoryError:
        verdict = Verdict(path, problem=f"{path.name} takes more than {memory / 2**30:.2g} GB of memory to judge.")
    except Exception as error:
        verdict = faulty(path, error)
    pipe.send(verdict)


def _silence() -> None:
    """Nothing but the verdict leaves the process: a library's warning would spoil what --json prints."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
