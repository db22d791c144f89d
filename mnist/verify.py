"""Evaluating recorded networks again: the accuracy must be the recorded one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mnist import data, evaluate, record
from mnist.record import Record


def slack(made: Record) -> int:
    """How many images may be judged otherwise: none by the recording processor and PyTorch, else one.

    Others add in another order, and an image may stand on the edge.
    """
    versions, hardware = record.environment("cpu", 1)
    same_torch = versions["torch"] == made.versions.get("torch")
    return 0 if same_torch and hardware["processor"] == made.hardware.get("processor") else 1


def verify_all(folder: Path | None, records: Path | None, say: Callable[[str], object]) -> bool:
    """Whether every record's weights give the recorded accuracy (see `slack`). Raises NoData, BadRecord."""
    _, test = data.load(folder)
    right = True
    for claim in record.claims(records or record.RUNS).values():
        for made in claim.records:
            path = (records or record.RUNS) / claim.name / f"seed{made.seed}.json"
            scores = evaluate.logits(record.load_network(path), test.images)
            found = evaluate.accuracy(scores, test.labels)
            off = round(abs(found - made.accuracy) * len(test.labels) / 100)
            same = made.held_out > 0 or off <= slack(made)
            right = right and same
            verdict = "right" if same else "WRONG"
            say(f"{verdict}: {claim.name} seed {made.seed}: {found:.2f} %, recorded {made.accuracy:.2f} %")
    return right
