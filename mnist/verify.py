"""Evaluating recorded networks again: the accuracy must be the recorded one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mnist import data, evaluate, record

SLACK = 1  # images: another processor adds in another order, and one image may stand on the edge


def verify_all(folder: Path | None, records: Path | None, say: Callable[[str], object]) -> bool:
    """Whether every record's weights give the recorded accuracy, within one image. Raises NoData, BadRecord."""
    _, test = data.load(folder)
    right = True
    for claim in record.claims(records or record.RUNS).values():
        for made in claim.records:
            path = (records or record.RUNS) / claim.name / f"seed{made.seed}.json"
            scores = evaluate.logits(record.load_network(path), test.images)
            found = evaluate.accuracy(scores, test.labels)
            off = round(abs(found - made.accuracy) * len(test.labels) / 100)
            same = made.held_out > 0 or off <= SLACK
            right = right and same
            verdict = "right" if same else "WRONG"
            say(f"{verdict}: {claim.name} seed {made.seed}: {found:.2f} %, recorded {made.accuracy:.2f} %")
    return right
