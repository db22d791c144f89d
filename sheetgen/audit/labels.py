"""The meaning of a heading: the spellings that people use in workbooks made by hand, in sheetgen's own spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

LONGEST = 48  # characters; what is longer is a sentence


class Heading(NamedTuple):
    """A quantity, as a heading names it.

    `tag` is what stands behind it in brackets, as in 'w1 (0.1)': there may be several trainings in one table. A
    heading that is not `sure` gives way to a plainer one of the same quantity: 'dw1' to 'dE/dw1', 'E' to 'E_total'.
    """

    quantity: str
    tag: str = ""
    sure: bool = True


def quantity(label: str) -> str | None:
    """The quantity that a heading means, or None.

    One of t1 i1 w1 b1 h1 a_h1 o1 a_o1 E1 E_total dE/dw1 w1_next, of other numbers, eta and iteration.
    """
    meaning = heading(label)
    return meaning.quantity if meaning else None


@lru_cache(1 << 16)
def heading(label: str) -> Heading | None:
    """The quantity of a heading and how it is named, or None for what is no heading, such as an equation."""
    if len(label) > LONGEST or not _sensible(_NUMBER.sub("1", label)):
        return None
    return _read(label)


@lru_cache(1 << 16)
def _sensible(shape: str) -> bool:
    """Whether a label with other numbers is a heading: a million cells 'row 1', 'row 2' are one question."""
    return _read(shape) is not None


def _read(label: str) -> Heading | None:
    text = _plain(label)
    if text in _NO_ERROR or not _KNOWN.fullmatch(text.partition("(")[0]):
        return None
    if found := _named(_joined(text)):
        return found
    tagged = _TAGGED.fullmatch(text)
    inner = _named(_joined(tagged[1])) if tagged else None
    if tagged is None or inner is None:
        return None
    again = _named(_joined(tagged[2]))  # 'LR (η)' says the same thing twice
    same = again is not None and again.quantity == inner.quantity
    return inner if same else inner._replace(tag=tagged[2].strip())


def is_parameter(name: str) -> bool:
    """Whether a quantity is a weight or a bias."""
    return bool(_PARAMETER.fullmatch(name))


def is_weight(name: str) -> bool:
    """Whether a quantity is a weight."""
    return name[:1] == "w" and is_parameter(name)


def is_given(name: str) -> bool:
    """Whether a quantity is an input or a target: i1, t2, or of a single neuron i and t."""
    return bool(_GIVEN.fullmatch(name))


def is_gradient(name: str) -> bool:
    """Whether a quantity is the derivative of something: dE/dw1, but also dE/da_h1 or da_o1/do1."""
    return "/" in name


_BEFORE = str.maketrans(dict.fromkeys("′’‘´`ʹ", "'") | dict.fromkeys("∆Δ𝛥𝚫", " delta ") | dict.fromkeys("Σ∑𝛴", " sum "))
_AFTER = str.maketrans(dict.fromkeys("ðд", "∂") | dict.fromkeys("ŋɳ", "η") | dict.fromkeys("−–—", "-") | {"ς": "σ"})
_DROPPED = str.maketrans(dict.fromkeys("{}$\\", "")) | dict.fromkeys((0x200B, 0x200C, 0x200D, 0xFEFF, 0xAD, 0x2060))
_POWER = re.compile("[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]")  # w1² is not w12
_NUMBER = re.compile(r"[0-9]+")
_SEPARATORS = re.compile(r"(?:->|[\s_,\-·→]|(?<!\d)\.|\.(?!\d))+")
_CAPITAL = re.compile(r"[ELJ](?=$| ?\()")
_TAGGED = re.compile(r"([^()]+?)\s*\(([^()]{1,24})\)")
_GIVEN = re.compile(r"[it](?:\d+(?:_\d+)?(?:\[\d+\])?)?")
_PARAMETER = re.compile(r"[wb](?:\d+(?:_\d+)?|_[a-z]\d+(?:_\d+)?(?:_[ho]\d+)?)?")
_NO_ERROR = ("e", "l", "j")  # a small e is the base of the logarithm, l and j count


# Every word below: to see that a text has another saves the look at every spelling, for sheets full of text.
_WORDS = """activation activated activ actual act after alpha before biases bias cost current delta del derivative
desired epochs epoch errors error err eta expected for gradient grad hat hidden hid initial init inputs input inp in
iterations iteration iter it learning learn logistic loss lr mean mse nabla net new next no number of old out outputs
output overall partial preact predicted prediction pred prime rate relu sigmoid sig size squared sse steps step sum
tanh targets target tgt total tot to true updated update upd value weighted weights weight wrt wt"""
_WORD = "|".join(sorted(_WORDS.split(), key=len, reverse=True))
_LETTER = "[abdefghijklnorstwxyzELJηασφδŷ]"  # a few in a row, as in dEdw1
_KNOWN = re.compile(rf"(?:[\W\d_]|{_WORD}|{_LETTER}{{1,5}}(?![^\W\d_])|{_LETTER}{{1,2}}(?={_WORD}))*+")


def _plain(label: str) -> str:
    """One alphabet for what looks alike, in small letters except for E, L and J alone; '' for a power."""
    text = label if label.isascii() else "" if _POWER.search(label) else label.translate(_BEFORE)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_AFTER)
    text = " ".join(text.translate(_DROPPED).split()).strip(" =:;")
    return text[0] + text[1:].lower() if _CAPITAL.match(text) else text.lower()


def _joined(text: str) -> str:
    """Spaces, underscores, points and hyphens are alike: 'net h1', 'net_h1' and 'net-h1' are one name."""
    return _SEPARATORS.sub("_", text).strip("_")


# Pieces of names. A number has one or two parts (h2_1 is unit 1 of layer 2) and may name a sample, h1[2].
_N = r"(?P<n>\d{1,4}(?:_\d{1,4})?(?:\[\d{1,4}\])?)"
_H = r"(?:h|hid|hidden|hidden_h)"
_O = r"(?:[o0]|output_o)"
_INTO = r"(?:net|z|in|inp|input|sum|net_input|weighted_sum|preact)"
_OUT_OF = r"(?:a|act|activ|activation|activated|out|output|sig|sigmoid|logistic|tanh|relu|σ|f|g|φ)"
_DESIRED = r"(?:t|targets?|tgt|desired|expected|true|target_t|(?:desired|expected|target|true)_(?:output|out|value))"
_ERROR = r"(?:e|err|error|errors|loss|cost|error_e)"

# What it is called here; the spellings; whether they are plain ones.
_UNITS = [
    ("w{n}", rf"(?:w|wt|weights?|weights?_w)_?{_N}", True),
    ("b{n}", rf"(?:b|bias|biases|bias_b)_?{_N}", True),
    ("w_{p}_{q}", r"w(?:eights?)?_?\(?(?P<p>[iho]\d{1,4})_?(?:to_)?(?P<q>[ho]\d{1,4})\)?", True),
    ("b_{p}", r"b(?:ias)?_?(?P<p>[ho]\d{1,4})", True),
    ("i{n}", rf"(?:i|in|inp|inputs?|input_i)_?{_N}", True),
    ("i{n}", rf"(?:x|input_x)_?{_N}", False),
    ("t{n}", rf"{_DESIRED}(?:_?o)?_?{_N}", True),
    ("t{n}", rf"y_?{_N}", False),
    ("h{n}", rf"{_H}_?{_N}", True),
    ("h{n}", rf"{_INTO}_?\(?{_H}_?{_N}\)?", True),
    ("h{n}", rf"{_H}_?{_N}_?\(?{_INTO}\)?", True),
    ("a_h{n}", rf"{_OUT_OF}_?\(?{_H}_?{_N}\)?", True),
    ("a_h{n}", rf"{_H}_?{_N}_?\(?{_OUT_OF}\)?", True),
    ("a_h{n}", rf"hidden_{_OUT_OF}_?{_N}", True),
    ("o{n}", rf"o_?{_N}", True),
    ("o{n}", rf"{_INTO}_?\(?(?:{_O}|out|output)_?{_N}\)?", True),
    ("o{n}", rf"o_?{_N}_?\(?{_INTO}\)?", True),
    ("a_o{n}", rf"{_OUT_OF}_?\(?{_O}_?{_N}\)?", True),
    ("a_o{n}", rf"o_?{_N}_?\(?{_OUT_OF}\)?", True),
    ("a_o{n}", rf"(?:out|outputs?|pred|predicted|prediction|actual_output|ŷ|y_?hat|y_?pred)_?{_N}", False),
    ("h{n}", rf"(?:net|z|sum)_?{_N}", False),
    ("a_h{n}", rf"(?:a|act|activation)_?{_N}", False),
    ("E{n}", rf"{_ERROR}_?{_O}?_?{_N}", True),
    # A single neuron has no numbers.
    ("w", r"w|weight", False),
    ("b", r"b|bias", False),
    ("i", r"x|input", False),
    ("t", r"target|y", False),
    ("h", r"h|z|net", False),
    ("a_h", r"a_?h|a|σ\([hz]\)|sigmoid\([hz]\)", False),
    ("o", r"o", False),
    ("a_o", r"a_?o|out|output|ŷ|y_?hat|y_?pred|prediction", False),
    # Whole words, and the total of the errors.
    ("E_total", r"e_?(?:t|tot|total)|total_?(?:e|err|error|loss|cost)|(?:err|error|loss|cost)_?(?:t|tot|total)", True),
    ("E_total", r"[ELJ]|err|error|errors|loss|cost|total|[ms]se|mean_squared_error|squared_error", False),
    ("E_total", r"(?:sum_?(?:of_?)?|overall_)(?:e|errors?)|e_?sum|e_?\d(?:_?\+_?e_?\d)+", False),
    ("eta", r"η|eta|alpha|α|lr|l_r|learn(?:ing)?_?rate|(?:learning_rate|lr)_(?:η|eta|α|alpha)|(?:η|eta)_lr", True),
    ("eta", r"(?:η|eta|α|alpha)_learning_rate|step_size", True),
    ("iteration", r"#|it|iter|iterations?|epochs?|steps?|s_?no|(?:iter|iteration|epoch|step)_?(?:#|no|number)", True),
]
_ANY_UNIT = re.compile("|".join(re.sub(r"\?P<\w>", "?:", pattern) for _, pattern, _ in _UNITS))
_UNIT = [(name, re.compile(pattern), sure) for name, pattern, sure in _UNITS]

_NEW = r"(?:new|next|updated|update|upd|after)"
_OLD = r"(?:old|current|before|initial|init)"
_MARKS = r"'|\+|prime|\(?[tnki]_?\+_?1\)?"
_NEXT = re.compile(rf"{_NEW}_?(?P<a>.+)|(?P<b>.+?)_?\(?(?:{_NEW}|{_MARKS})\)?|(?P<w>[wb])_?{_NEW}_?(?P<c>\d.*)")
_THIS = re.compile(rf"{_OLD}_?(?P<a>.+)|(?P<b>.+?)_?\(?(?:{_OLD}|\([tnk]\))\)?|(?P<w>[wb])_?{_OLD}_?(?P<c>\d.*)")
_D = re.compile(r"partial|delta|del|[d∂δ]")  # the sign of a derivative
_GRADIENT = re.compile(
    r"(?:gradient|grad|derivative|∇|nabla|g(?=_?[wb]))_?(?:of_|wrt_|for_)?\(?(?P<a>.+?)\)?|(?P<b>.+?)_?(?:gradient|grad)"
)


def _named(key: str) -> Heading | None:
    return _unit(key) or _changed(key) or _derivative(key) or _gradient(key)


@lru_cache(1 << 12)
def _unit(key: str) -> Heading | None:
    """A quantity that is neither a derivative nor an updated weight."""
    for name, pattern, sure in _UNIT if _ANY_UNIT.fullmatch(key) else ():
        if match := pattern.fullmatch(key):
            parts = {k: re.sub(r"\d+", lambda d: str(int(d[0])), v) for k, v in match.groupdict().items() if v}
            return Heading(name.format(**parts), sure=sure)
    return None


def _changed(key: str) -> Heading | None:
    """'new w1', "w1'", 'w1 (old)': a weight after, or before, its update."""
    for pattern, ending in ((_NEXT, "_next"), (_THIS, "")):
        if match := pattern.fullmatch(key):
            unit = _unit(match["a"] or match["b"] or f"{match['w']}{match['c']}")
            if unit and is_parameter(unit.quantity):
                return unit._replace(quantity=unit.quantity + ending)
    return None


def _derivative(key: str) -> Heading | None:
    """∂E/∂w1, dE_dw1, E∂w1, dE/w1; and dw1 alone, which is taken for dE/dw1 (but a delta is the change of a weight)."""
    for sign in reversed(list(_D.finditer(key))):
        below = _operand(key[sign.end() :])
        if below is None or below.quantity in ("E_total", "eta", "iteration"):
            continue
        left = key[: sign.start()].rstrip("_/")
        if not left:
            alone = sign[0] in "d∂" or (sign[0] == "δ" and is_parameter(below.quantity))
            return Heading(f"dE/d{below.quantity}", sure=False) if alone else None
        if above := _operand(left) or _operand(_D.sub("", left, count=1)):
            return _ratio(above, below)
    left, slash, right = key.partition("/")
    above, below = _operand(_D.sub("", left, count=1)), _operand(right)
    return _ratio(above, below) if slash and _D.match(left) and above and below else None


def _ratio(above: Heading, below: Heading) -> Heading | None:
    top = "E" if above.quantity == "E_total" else above.quantity
    fits = top[0] in "Eaho" and top[:3] != "eta" and below.quantity not in ("eta", "iteration", "E_total")
    return Heading(f"d{top}/d{below.quantity}") if fits else None


def _operand(text: str) -> Heading | None:
    text = text.strip("_")
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip("_")
    return _unit("E" if text == "e" else "L" if text == "l" else "J" if text in ("j", "c") else text)


def _gradient(key: str) -> Heading | None:
    """'grad w1', 'gradient of w1', '∇w1', 'w1 grad', 'dE wrt w1'."""
    match = _GRADIENT.fullmatch(key)
    below = _unit(match["a"] or match["b"]) if match else _wrt(key)
    return Heading(f"dE/d{below.quantity}") if below and is_parameter(below.quantity) else None


def _wrt(key: str) -> Heading | None:
    left, word, right = key.partition("_wrt_")
    return _unit(right) if word and _operand(_D.sub("", left, count=1)) else None
