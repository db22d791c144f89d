"""The report's provenance: who can make these numbers again, with what, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mnist.recipe import SGD, AdamW, Distillation, Linear, MuonAdamW, Recipe, Stairs
from mnist.record import Claim, Record
from mnist.sheets.common import LADDER, TELLING, distinct, paragraph, section
from mnist.sheets.results import LAST_COLUMN
from mnist.sheets.runs import RunRows
from mnist.spreadsheet import Measured
from sheetgen.writer.book import Sheet
from sheetgen.writer.sheets.common import line

FIT = 180  # characters in a line

Line = tuple[str, str, bool | None]  # label, text, and whether it is a command; None for a heading


def write(sheet: Sheet, row: int, claims: Mapping[str, Claim], measured: Measured | None = None) -> int:
    """Write a block for every claim of the report, and one for the ladder; returns the row below them."""
    section(sheet, row, "Provenance: how to make these numbers again", 0, LAST_COLUMN)
    row += 1
    lines: list[Line] = [("measure them again", "python -m mnist verify", True)]
    for name in TELLING:
        if name in claims:
            lines += _of(claims[name])
    lines += _ladder([claim for name, claim in claims.items() if name.startswith(LADDER)])
    lines += _cells(measured) if measured else []
    for label, text, code in lines:
        sheet.put(row, 0, label, "cell", "wrap", "bold" if code is None else "muted")
        paragraph(sheet, row, (1, LAST_COLUMN), text, FIT, "cell", "code" if code else "text")
        row += 1
    return row


def weights(sheet: Sheet, row: int, runs: Sequence[RunRows]) -> int:
    """The SHA-256 of every seed's weights; returns the row below them."""
    section(sheet, row, "SHA-256 of the weights of every seed", 0, LAST_COLUMN)
    for k, run in enumerate(runs, row + 1):
        sheet.put(k, 0, f"{run.claim}, seed {run.record.seed}", "cell", "muted")
        line(sheet, k, run.record.weights_sha256[:64], 1, LAST_COLUMN, "cell", "code", "unbroken")
    return row + 1 + len(runs)


def _cells(m: Measured) -> list[Line]:
    """How the accuracy of the formulas was measured."""
    return [
        ("the network in cells", f"{m.net}, seed {m.seed}; SHA-256 of the weights {m.weights_sha256}", None),
        ("measured", f"All {m.images:,} test images went through the {m.formulas:,} formulas from drawing to logits, "
         f"as these stand in the cells: {m.right:,} right, {m.accuracy:.2f} %; PyTorch in float64 reads {m.agreed:,} "
         f"of them alike, its logits differ by at most {m.worst:.0e} of the largest of an image. IronCalc recalculated "
         f"{m.ironcalc:,} of them: at most {m.ironcalc_worst:.0e}.", False),
        ("command", "python -m mnist spreadsheet", True),
    ]  # fmt: skip


def _ladder(steps: Sequence[Claim]) -> list[Line]:
    """The recipe of each step; what they have in common once."""
    if not steps:
        return []
    records = [r for claim in steps for r in claim.records]
    return [
        ("the ladder", f"{len(steps)} steps, trained alike", None),
        ("to reproduce", "python -m mnist ladder", True),
        *((f"recipe of {claim.name}", recipe_text(claim.recipe), False) for claim in steps),
        *_made_with(records),
    ]


def _made_with(records: Sequence[Record]) -> list[Line]:
    return [
        ("versions", distinct([_pairs(r.versions) for r in records]), False),
        ("hardware", distinct([_hardware(r) for r in records]), False),
    ]


def _name_then(claim: Claim) -> str:
    """The name of a claim when it was recorded, if it was another."""
    named = re.search(r"--net (\S+)", claim.records[0].command)
    return f"; called {named[1][:30]} when it was recorded" if named and named[1] != claim.name else ""


def _of(claim: Claim) -> list[Line]:
    records = claim.records
    seeds = ", ".join(str(r.seed) for r in records)
    held_out = [f"{r.held_out:,} training images kept back" if r.held_out else "all training images" for r in records]
    alone = " --jobs 1" if records[0].hardware.get("threads") != "1" else ""  # a run that had all cores
    again = f"python -m mnist seeds --net {claim.name} --n {len(records)}{alone}"
    taught = distinct([", ".join(r.taught_by) for r in records])
    teachers: list[Line] = [("SHA-256 of the teachers", taught, True)] if taught else []
    return [
        (TELLING[claim.name], f"seeds {seeds}; trained on {distinct(held_out)}{_name_then(claim)}", None),
        ("to reproduce", again, True),
        ("first seed recorded by", distinct([records[0].command]), True),
        ("recipe", recipe_text(claim.recipe), False),
        *teachers,
        *_made_with(records),
    ]


def _optimizer(o: SGD | AdamW | MuonAdamW) -> str:
    if not isinstance(o, AdamW):
        return f"sgd, momentum {o.momentum:g}"
    turn = f"muon, kernels turning by up to {o.turn:.0%} a step, and for the rest " if isinstance(o, MuonAdamW) else ""
    return f"{turn}adamw, betas {o.momentum:g} and {o.beta2:g}"


def _teachers(d: Distillation) -> str:
    seeds = "seed" if d.teachers == 1 else f"{d.teachers} seeds"
    return f"taught by the first {seeds} of {d.teacher} ({d.distill:.0%} of the loss, temperature {d.temperature:g})"


def _pairs(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in pairs.items())


def _hardware(record: Record) -> str:
    return ", ".join(f"{name}: {value}" for name, value in record.hardware.items())


def recipe_text(r: Recipe) -> str:
    """All of a recipe, in one line."""
    a, w, schedule = r.architecture, r.warp, r.schedule
    warps = (
        (w.rotation, f"turned by {w.rotation:g}°"), (w.scale, f"scaled by {w.scale:.0%}"),
        (w.shear, f"sheared by {w.shear:g}°"), (w.shift, f"shifted by {w.shift:g} px"),
        (w.elastic, f"bent by {w.elastic:g} px at {w.points} × {w.points} points"),
    )  # fmt: skip
    images = ", ".join(text for size, text in warps if size) or "as they are"
    parts = (
        f"{a.net}{'' if a.batch_norm else ' without BatchNorm'}, {a.head} ending: {_optimizer(r.optimizer)}, "
        f"learning rate {r.optimizer.learning_rate:g} ({'linear' if isinstance(schedule, Linear) else 'step'})",
        f"batch {r.batch_size}, {r.epochs} epochs, weight decay {r.optimizer.weight_decay:g}, {r.precision}",
        f"warmed up over {schedule.warmup:.0%} of the steps" if isinstance(schedule, Linear) else "",
        f"times {schedule.factor:g} every {schedule.every} epochs" if isinstance(schedule, Stairs) else "",
        f"dropout {a.dropout:g}" if a.dropout else "",
        f"label smoothing {r.label_smoothing:g}" if r.label_smoothing else "",
        f"images {images}",
        f"pixels less {a.mean:g}, divided by {a.std:g}" if (a.mean, a.std) != (0, 1) else "",
        _teachers(r.distillation) if r.distillation.teacher else "",
        "at the end, BatchNorm's statistics are measured anew, on the training images as they are" if r.settle else "",
    )  # fmt: skip
    return "; ".join(part for part in parts if part)
