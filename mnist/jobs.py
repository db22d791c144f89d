"""Several runs side by side, one process and one core each: more images a second than all cores on one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple


class Job(NamedTuple):
    """A run to be started: its name in the log, and its arguments for `python -m mnist train`."""

    name: str
    arguments: tuple[str, ...]


def run_all(jobs: Sequence[Job], at_once: int, say: Callable[[str], object]) -> list[Job]:
    """Run every job, `at_once` at a time, passing on each line with the job's name; returns the jobs that failed.

    What several complain of is passed on once. Interrupted, it stops the runs too: each has its checkpoint, and
    `--resume` goes on from there.
    """
    threads = max(1, (os.cpu_count() or 1) // at_once)
    running: list[subprocess.Popen[str]] = []
    complaints: set[str] = set()

    def one(job: Job) -> int:
        command = [sys.executable, "-m", "mnist", "train", *job.arguments, "--threads", str(threads)]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
            running.append(process)
            assert process.stdout is not None
            with process.stdout:
                for text in process.stdout:
                    say(f"[{job.name}] {text.rstrip()}")
            status = process.wait()
            errors.seek(0)
            complaint = errors.read().rstrip()
            if complaint and complaint not in complaints and status >= 0:
                say("\n".join(f"[{job.name}] {line}" for line in complaint.splitlines()))
            complaints.add(complaint)
        return status

    pool = ThreadPoolExecutor(at_once)
    try:
        return [job for job, status in zip(jobs, pool.map(one, jobs), strict=True) if status]
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
        pool.shutdown(cancel_futures=True)
