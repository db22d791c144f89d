"""Runs from the command line: data, training with progress, and the record at the end; several side by side.

Side by side each is a process with a core of its own: more images a second than all cores on one run.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from mnist import data, evaluate, parallel, record, teacher
from mnist.data import Images
from mnist.model import parameter_count, sha256
from mnist.recipe import Recipe
from mnist.record import Epoch, Record
from mnist.tables import bars
from mnist.teacher import Teacher
from mnist.train import Run, train

HEADS = "epoch  learning rate  train loss  train acc.  test loss  test acc.  seconds"


def line(e: Epoch) -> str:
    """A row of the log as it is printed; accuracies in per cent."""
    return (
        f"{e.epoch:5d}  {e.learning_rate:13.6f}  {e.train_loss:10.4f}  {e.train_accuracy:10.2f}  "
        f"{e.test_loss:9.4f}  {e.test_accuracy:9.2f}  {e.seconds:7.1f}"
    )


@dataclass(frozen=True)
class Options:
    """How a network is trained: on which device, from which images, and where checkpoints and records go."""

    out: Path
    records: Path
    device: str = "auto"
    resume: bool = False
    held_out: int = 0
    data: Path | None = None


def run(recipe: Recipe, seed: int, options: Options, started: float) -> Record:
    """Train one network, printing a line per epoch, and write its record and weights.

    `started` is the time at which the process did. Raises NoData, CannotResume, BadNetwork, BadRecord (of the teacher).
    """
    held_out, records = options.held_out, options.records
    folder = options.out / f"{recipe.name}-seed{seed}"
    where = parallel.device_of(options.device)
    with parallel.together(where):
        training, test = (part.to(where) for part in _images(options.data, held_out))
        taught_by = _teacher(recipe, held_out, records, where)
        this = Run(recipe, seed, where)
        if options.resume:
            this.resume(folder)
        leader = parallel.rank() == 0
        if leader:
            _announce(this)
        before = sum(e.seconds for e in this.log)
        with _progress(recipe, len(training.labels), leader) as (step_done, say):
            for epoch in train(this, training, test, folder, step_done, taught_by):
                say(line(epoch))
        result = _record(this, test, held_out, before + time.time() - started, where, taught_by)
        if leader:
            path = record.write(result, this.model, records / recipe.name)
            best = f"{result.accuracy:.2f} % at the last epoch, {result.best:.2f} % at the best"
            print(f"{path}: written; {best}", flush=True)
    return result


def _images(folder: Path | None, held_out: int) -> tuple[Images, Images]:
    training, test = data.load(folder)
    return data.split(training, held_out) if held_out else (training, test)


def _teacher(recipe: Recipe, held_out: int, records: Path, device: torch.device) -> Teacher | None:
    """The networks to learn from: those beside the run's own record, else the shipped ones."""
    if not recipe.distillation.teacher:
        return None
    network = teacher.find(recipe.distillation, held_out, (records, record.RUNS))
    network.to(device, memory_format=torch.channels_last)
    return network


def _announce(this: Run) -> None:
    r = this.recipe
    count = parameter_count(this.model)
    print(f"{r.name}: {r.architecture.net}, {count:,} parameters, seed {this.seed}, {r.epochs} epochs on {this.device}")
    print(f"{r}\n{HEADS}")
    for epoch in this.log:
        print(line(epoch))
    sys.stdout.flush()


@contextmanager
def _progress(
    recipe: Recipe, images: int, leader: bool
) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """(called after each step, prints a line): a bar on a terminal, lines alone elsewhere."""
    with bars(leader) as bar:
        task = bar.add_task("training", total=max(1, images // recipe.batch_size))

        def step_done(step: int) -> None:
            bar.update(task, completed=step + 1)

        def say(text: str) -> None:
            if leader:
                print(text, flush=True)

        yield step_done, say


def _record(
    this: Run, test: Images, held_out: int, seconds: float, device: torch.device, taught_by: Teacher | None
) -> Record:
    scores = evaluate.logits(this.model, test.images)
    versions, hardware = evaluate.environment(str(device), torch.get_num_threads() * parallel.world())
    return Record(
        recipe=this.recipe,
        seed=this.seed,
        parameters=parameter_count(this.model),
        tested=len(test.labels),
        held_out=held_out,
        epochs=tuple(this.log),
        views_accuracy=evaluate.accuracy(evaluate.views(this.model, test.images), test.labels),
        wall_seconds=seconds,
        confusion=tuple(map(tuple, evaluate.confusion(scores, test.labels))),
        mistakes=tuple(evaluate.mistakes(scores, test.labels)),
        weights_sha256=sha256(this.model),
        taught_by=taught_by.hashes() if taught_by else (),
        versions=versions,
        hardware=hardware,
        command="python -m mnist " + shlex.join(sys.argv[1:]),
    )


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

    def run_one(job: Job) -> int:
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
        return [job for job, status in zip(jobs, pool.map(run_one, jobs), strict=True) if status]
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
        pool.shutdown(cancel_futures=True)
