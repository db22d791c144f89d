"""Templates: an unknown key is named first, with the one that was meant, and no title holds what nobody sees."""

import pytest
from books import GOOD

from sheetgen.spec import SpecError, parse


@pytest.mark.parametrize(("wrong", "right"), [
    ("layer", "layers"), ("Layers", "layers"), ("layesr", "layers"), ("activations", "activation"),
    ("learnin_rate", ""),
])  # fmt: skip
def test_an_unknown_key_is_named_before_a_missing_one(wrong: str, right: str) -> None:
    """With the key that was meant, if one is near."""
    with pytest.raises(SpecError) as caught:
        parse(GOOD.replace("layers =", f"{wrong} ="), "x.toml")
    meant = f" (did you mean {right}?)" if right else ""
    assert str(caught.value) == (
        f"x.toml: network.{wrong} is not a key sheetgen knows{meant}: use one of layers, activation, bias, loss, "
        "formulas, or remove it"
    )


def test_an_unknown_key_of_a_later_table_too() -> None:
    with pytest.raises(SpecError, match=r"training\.step is not a key sheetgen knows \(did you mean steps\?\)"):
        parse(GOOD.replace("layers = [2, 2, 2]", "") + "step = 3\n", "x.toml")


def test_a_key_that_nobody_sees_is_shown() -> None:
    with pytest.raises(SpecError) as caught:
        parse('"\\u200b\\n" = 1\n' + GOOD, "x.toml")
    assert str(caught.value).startswith("x.toml: '\\u200b\\n' is not a key sheetgen knows: ")


UNSEEN = [
    "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u2060", "\ue000", "\U000f0000", "\u3164", "\u2800",
    "\u034f", "\U000e0041", "\u2028", "\u00a0", "\t", "\x7f", "\x1b", "\u0378", "\ufff9",
]  # fmt: skip


@pytest.mark.parametrize("c", UNSEEN, ids=lambda c: f"{ord(c):04X}")
def test_a_title_with_what_nobody_sees_is_refused_by_that_reason(c: str) -> None:
    escaped = f"\\U{ord(c):08x}"
    with pytest.raises(SpecError) as caught:
        parse(f'title = "a{escaped}b"\n' + GOOD, "x.toml")
    assert str(caught.value).startswith(f"x.toml: title holds an invisible character (U+{ord(c):04X}, ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("title", ["Émile’s 網路", "naïve café", "\U0001f600 ❤\ufe0f", "क्षि", "אב", "a\u0301"])
def test_other_titles_are_as_they_are(title: str) -> None:
    assert parse(f'title = "{title}"\n' + GOOD, "x.toml").title == title
