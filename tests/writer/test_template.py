"""The sheet Template: every key that a template may have, told as the reader of templates knows it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from books import GOOD, TEMPLATES, BuildBook

from sheetgen.excel import read
from sheetgen.judge import provenance
from sheetgen.spec import KEYS, Spec, SpecError, load, parse
from sheetgen.writer.plan import TEMPLATE
from sheetgen.writer.sheets import template

OWN = {"source", "text"}  # fields of a Spec that no key gives
NAMES = {"activations": "activation"}  # fields that are called otherwise than their keys
TABLES = ("network", "data", "initial", "training")


@pytest.fixture(scope="module")
def rows(homework_book: Path) -> dict[str, list[str]]:
    """Key -> what it means, what may stand there, and what holds without it, as the sheet tells."""
    cells = read(homework_book).sheets[TEMPLATE]
    lines = [[str(cells[f"{k}{row}"].value) if f"{k}{row}" in cells else "" for k in "DEFG"] for row in range(7, 26)]
    return {key: rest for key, *rest in lines if rest[0]}


def test_every_field_of_a_spec_has_its_key(rows: dict[str, list[str]]) -> None:
    given = {NAMES.get(field.name, field.name) for field in fields(Spec)} - OWN
    assert set(rows) == given | {"loss", "seed"} == {key for table in KEYS.values() for key in table} - set(TABLES)
    assert all(text for told in rows.values() for text in told)


def test_what_holds_without_a_key_is_what_is_told(rows: dict[str, list[str]]) -> None:
    """The template is read without each key in turn, and with what the sheet tells in its place."""
    told = {key: rest[2] for key, rest in rows.items()}
    defaults = {
        key: json.loads(text) for key, text in told.items() if text[0] in '"[0123456789' and " " not in text[:2]
    }
    assert set(defaults) == {"activation", "bias", "loss", "learning_rate", "steps", "learning_rates"}
    bare = parse(GOOD, "x.toml")
    for table in ("network", "training"):
        own = {key: defaults[key] for key in KEYS[table] if key in defaults}
        text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in own.items())
        spec = parse(GOOD.replace(f"[{table}]\n", f"[{table}]\n{text}\n"), "x.toml")
        assert [getattr(spec, f.name) for f in fields(Spec) if f.name != "text"] == [
            getattr(bare, f.name) for f in fields(Spec) if f.name != "text"
        ]
    for key in (key for key, text in told.items() if text == "it must be there"):
        lines = [line for line in GOOD.splitlines() if not line.startswith(f"{key} =")]
        with pytest.raises(SpecError, match=rf"\.{key} is missing"):
            parse("\n".join(lines), "x.toml")
    assert parse(GOOD, "folder/mine.toml").title == "mine" and told["title"] == "the file's name"


def test_what_may_stand_there_is_taken(rows: dict[str, list[str]]) -> None:
    for key in ("activation", "bias", "loss", "formulas"):
        texts = [json.loads(part) for part in rows[key][1].removesuffix(", or a list").split(", ")]
        assert len(texts) == len(set(texts)) >= 1
        for text in texts:
            parse(GOOD.replace("[network]\n", f'[network]\n{key} = "{text}"\n'), "x.toml")
    with pytest.raises(SpecError, match="use one of sigmoid, tanh, relu, identity"):
        parse(GOOD.replace("[network]\n", '[network]\nactivation = "swish"\n'), "x.toml")


@pytest.mark.parametrize("name", ["homework", "mazur", "xor"])
def test_the_lines_beside_the_keys_are_the_template(build_book: BuildBook, name: str) -> None:
    """Fewer lines than keys or more: the judge reads the same network."""
    path = build_book(name, steps=8, learning_rates=(0.5,))
    found = provenance.template(read(path), path)
    wanted = load(TEMPLATES / f"{name}.toml")
    assert tomllib.loads(found.text) == tomllib.loads(wanted.text) and found.weights == wanted.weights


def test_the_command_that_builds_is_there(homework_book: Path) -> None:
    cells = read(homework_book).sheets[TEMPLATE]
    assert "sheetgen build my.toml -o my.xlsx" in {e.value for e in cells.values()}
    assert cells["B6"].value == "template" and [a for a, e in cells.items() if e.value == "template"] == ["B6"]


@pytest.mark.parametrize("name", ["homework", "mazur", "xor", "tanh-2-3-2"])
def test_the_other_example_can_be_copied_and_built(build_book: BuildBook, name: str) -> None:
    cells = read(build_book(name, steps=8, learning_rates=(0.5,))).sheets[TEMPLATE]
    (head,) = (
        int(at[1:]) for at, e in cells.items() if at[0] == "A" and str(e.value).startswith("Another one to copy")
    )
    lines = [str(cells[f"A{row}"].value) for row in range(head + 1, head + 30) if f"A{row}" in cells]
    other, own = parse("\n".join(lines), "my.toml"), load(TEMPLATES / f"{name}.toml")
    assert other.layers != own.layers and (other.samples > 1) != (own.samples > 1)


@pytest.mark.parametrize("name", ["homework", "homework-eta-0.5", "mazur", "xor", "tanh-2-3-2"])
def test_what_is_to_be_tried_can_be_built(name: str) -> None:
    """Each line put in place of the template's own: it is read, and changes what its key says."""
    spec = load(TEMPLATES / f"{name}.toml")
    layers, seed, activation, rate = (text for _, text, _ in template.changes(spec))
    assert sum(json.loads(layers.split(" = ")[1])) == sum(spec.layers) + 1
    for lines in ([layers, seed], [seed], [activation], [rate]):
        changed = parse(put(spec.text, lines), "my.toml")
        assert changed.layers == (tuple(json.loads(layers.split(" = ")[1])) if layers in lines else spec.layers)
        assert (changed.activations != spec.activations) == (activation in lines)
        assert changed.learning_rate == spec.learning_rate * (10 if rate in lines else 1)
        assert (changed.weights != spec.weights) == (seed in lines)


def put(text: str, lines: list[str]) -> str:
    """A template with lines in place of those of the same key, or below the heading of its table; a seed replaces
    what it draws."""
    table = {"layers": "network", "activation": "network", "seed": "initial", "learning_rate": "training"}
    for new in lines:
        key = new.split(" = ")[0]
        gone = (key, "weights", "biases") if key == "seed" else (key,)
        kept = [old for old in text.splitlines() if old.split(" = ")[0] not in gone]
        at = kept.index(f"[{table[key]}]")
        text = "\n".join([*kept[: at + 1], new, *kept[at + 1 :]])
    return text
