"""What the explorer shows, in Python: the valid state nearest to what is asked for.

Limits, presets and words are those of explorer.json, which arithmetic.js reads, too, and the rules
are written in both; a test in a real browser holds the two together. The numbers come from
`convbook.functional`.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..functional import conv2d, conv_transpose2d
from ..words import _

DATA = json.loads(Path(__file__).with_name("explorer.json").read_text(encoding="utf-8"))
WORDS, VIEWS, PRESETS = DATA["words"], DATA["views"], DATA["presets"]
RANGES = DATA["ranges"]  # name: smallest, largest, default
LARGEST_OUTPUT, LARGEST_NUMBER = DATA["largest_output"], DATA["largest_number"]
MODES = list(VIEWS)
# On a tie the earlier one moves: the sizes last, they are what a reader looks at.
MENDING_ORDER = DATA["mending_order"]
PAIRED = [name for name in RANGES if name in MENDING_ORDER]  # what has a height and a width
CHANNELS = [name for name in RANGES if name not in MENDING_ORDER]
CONTROLS = ["mode", *RANGES, "numbers", "view", "matrix", "letters", "rectangles", "solver"]
State = dict[str, Any]  # the parameters by name; a list of two for height and width
Say = Callable[..., None]  # is told the kind of a difference, name, text, rule and what is used
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


def range_of(mode: str, name: str) -> list[int]:
    """Return the smallest, the largest and the default value."""
    return [0, 0, 0] if mode == "conv" and name == "output_padding" else RANGES[name]


def axis_of(state: State, axis: int) -> State:
    """Return the state along an axis, 0 or 1: one number in the place of each pair."""
    return {name: v[axis] if isinstance(v, list) else v for name, v in state.items()}


def size_of(s: State) -> int:
    """Return the output's size along an axis; below 1 if there is no output."""
    reach = s["dilation"] * (s["kernel_size"] - 1) + 1
    if s["mode"] == "conv":
        return (s["input_size"] + 2 * s["padding"] - reach) // s["stride"] + 1
    full = (s["input_size"] - 1) * s["stride"] + reach
    return full - 2 * s["padding"] + s["output_padding"]


def weight_shape(state: State) -> list[int]:
    """Return the shape of the weight, as torch has it."""
    first, second = state["out_channels"], state["in_channels"]
    if state["mode"] == "transposed":
        first, second = second, first
    return [first, second // state["groups"], *state["kernel_size"]]


def _broken(s):
    """Return the rank and the wording of the first rule that an axis breaks, or None."""
    if s["mode"] == "conv":
        reach = s["dilation"] * (s["kernel_size"] - 1) + 1
        width = s["input_size"] + 2 * s["padding"]
        return (1, _(WORDS["fit"]).format(reach=reach, width=width)) if reach > width else None
    if s["output_padding"] >= max(s["stride"], s["dilation"]):
        return 1, _(WORDS["small"])
    size = size_of(s)
    if size < 1:
        return 2, _(WORDS["gone"])
    if size > LARGEST_OUTPUT:
        return 3, _(WORDS["large"]).format(most=LARGEST_OUTPUT, size=size)
    return None


def _mended(s):
    """Yield the changes, (name, value, wording), that make an axis valid: each the smallest.

    Such a change always exists: a kernel of size 1, an output_padding or padding of 0 or an
    input of size 1 mends the rules in turn.
    """
    ranges = {name: range_of(s["mode"], name) for name in PAIRED}
    while broken := _broken(s):
        rank, rule = broken
        candidates = (
            (name, s[name] + step)
            for distance in range(1, LARGEST_OUTPUT)
            for name in MENDING_ORDER
            for step in (-distance, distance)
            if ranges[name][0] <= s[name] + step <= ranges[name][1]
        )
        for name, value in candidates:
            still_broken = _broken({**s, name: value})
            if still_broken is None or still_broken[0] > rank:
                yield name, value, rule
                s = {**s, name: value}
                break


def settle(given: dict[str, str], say: Say) -> State:
    """Return the valid state nearest to the texts `given`; `say` is told every difference."""

    def choose(name, choices):
        text = given.get(name, choices[0])
        if text in choices:
            return text
        say("wrong", name, text, _one_of(choices), choices[0])
        return choices[0]

    state = {"mode": choose("mode", MODES)}
    for name in RANGES:
        low, high, default = range_of(state["mode"], name)
        text, most = given.get(name, str(default)), 2 if name in PAIRED else 1
        words = [word for word in re.split(r"[\s,]+", text) if word]
        asked = [float(word) for word in words if _NUMBER.fullmatch(word)]
        values = [default]
        if 0 < len(words) <= most and len(asked) == len(words):
            values = [math.floor(min(max(value, low), high) + 0.5) for value in asked]
        if values != asked or len(asked) != len(words):
            rule = _(WORDS["pair" if most == 2 else "whole"])
            rule = rule.format(low=low, high=high, mode=state["mode"])
            say("wrong", name, text, rule, listed(values))
        state[name] = [values[0], values[-1]] if most == 2 else values[0]
    square = is_square(state)
    for axis in [0] if square else [0, 1]:
        for name, value, rule in _mended(axis_of(state, axis)):
            label = name if square else f"{name} ({_(WORDS['axes'][axis])})"
            say("clash", label, str(state[name][axis]), rule, value)
            for one in [0, 1] if square else [axis]:
                state[name][one] = value
    groups = state["groups"]
    while state["in_channels"] % groups or state["out_channels"] % groups:
        groups -= 1
    if groups != state["groups"]:
        say("clash", "groups", str(state["groups"]), _(WORDS["divide"]), groups)
    state["groups"] = groups
    choose("view", VIEWS[state["mode"]])
    return state


def is_square(state: State) -> bool:
    """Return whether height and width are alike in everything."""
    return all(len(set(state[name])) == 1 for name in PAIRED)


def has_channels(state: State) -> bool:
    """Return whether there is more than one channel."""
    return max(state["in_channels"], state["out_channels"]) > 1


def listed(value: list) -> str:
    """Return one or two numbers as an attribute has them: a pair of equal ones as one."""
    return " ".join(map(str, value if len(set(value)) > 1 else value[:1]))


def _one_of(names):
    return _(WORDS["one_of"]).format(names=", ".join(names))


def _binomial(n, k):
    return math.comb(n, k) if 0 <= k <= n else 0


def _difference(i, n):
    return _binomial(max(n - 2, 0), i) - _binomial(max(n - 2, 0), i - 1)


def _linear(i, n):
    return 1 - abs(i - (n - 1) / 2) / ((n + 1) // 2)


# The number in row i of h and column j of w, in a channel that `first` begins.
_PRESETS: dict[str, Callable[..., float]] = {
    "counting": lambda i, j, h, w, first: first + i * w + j,
    "ones": lambda i, j, h, w, first: 1,
    "impulse": lambda i, j, h, w, first: int((i, j) == (h // 2, w // 2)),
    "step": lambda i, j, h, w, first: int(2 * j >= w),
    "edge": lambda i, j, h, w, first: _binomial(h - 1, i) * _difference(j, w),
    "blur": lambda i, j, h, w, first: _binomial(h - 1, i) * _binomial(w - 1, j) / 2 ** (h + w - 2),
    "bilinear": lambda i, j, h, w, first: _linear(i, h) * _linear(j, w),
}


def preset(name: str, shape: Sequence[int], *at: int) -> Any:
    """Return the numbers of a preset; the last two of `shape` are height and width.

    "counting" counts row by row, and each channel starts one higher.

    >>> preset("counting", [2, 2, 3])
    [[[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]]]
    >>> preset("edge", [3, 3])
    [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    """
    if len(at) < len(shape):
        return [preset(name, shape, *at, i) for i in range(shape[len(at)])]
    *channels, i, j = at
    return _PRESETS[name](i, j, *shape[-2:], sum(channels))


def numbers(grid: str, text: str, shape: Sequence[int], say: Say) -> list:
    """Return numbers of a shape, from the name of a preset or a list of them in row order."""
    if text in PRESETS[grid]:
        return preset(text, shape)
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    count = math.prod(shape)
    if len(words) == count and all(
        _NUMBER.fullmatch(word) and abs(float(word)) <= LARGEST_NUMBER for word in words
    ):
        values: list = [int(v) if v.is_integer() else v for v in map(float, words)]
        for size in shape[:0:-1]:
            values = [values[i : i + size] for i in range(0, len(values), size)]
        return values
    rule = _(WORDS["list_of_one" if count == 1 else "list"])
    rule = rule.format(count=count, most=LARGEST_NUMBER)
    rule = _(WORDS["or"]).format(one=rule, other=_one_of(PRESETS[grid]))
    say("wrong", grid, text, rule, "counting")
    return preset("counting", shape)


def as_tensors(X: list, K: list) -> list[Tensor]:
    """Return X and K as tensors of one type, of whole numbers if all are."""
    tensors = torch.tensor(X), torch.tensor(K)
    whole = not any(tensor.is_floating_point() for tensor in tensors)
    return [torch.tensor(one, dtype=torch.int64 if whole else torch.float64) for one in (X, K)]


def compute(state: State, X: list, K: list) -> list:
    """Return the output, (out_channels, h, w), as nested lists."""
    input, weight = as_tensors(X, K)
    options = {name: state[name] for name in ("stride", "padding", "dilation", "groups")}
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    if state["mode"] == "conv":
        return conv2d(input[None], weight, **options)[0].tolist()
    extra = tuple(state["output_padding"])
    return conv_transpose2d(input[None], weight, output_padding=extra, **options)[0].tolist()
