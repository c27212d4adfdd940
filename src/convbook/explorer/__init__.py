"""The interactive explorer: `explore(...)` and the state that it shows.

`conv-explorer.js` is the explorer itself. This file holds what a reader without scripts gets,
and the same rules in Python: what a valid state is, which one is nearest to an invalid one, and
the numbers, which come from `convbook.moves`. A test in a real browser holds the two together.
"""

import html
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path

import torch

from ..diagrams import draw_corr2d, draw_trans_conv
from ..moves import corr2d, crop2d, dilate2d, pad2d, subsample2d, trans_conv
from .examples import EXAMPLES
from .trainer import practice

__all__ = ["EXAMPLES", "explore", "practice", "script"]

# name: (smallest, largest, default)
RANGES = {
    "input_size": (1, 18, 5),
    "kernel_size": (1, 8, 3),
    "stride": (1, 6, 1),
    "padding": (0, 9, 0),
    "dilation": (1, 6, 1),
    "output_padding": (0, 5, 0),
}
LARGEST_OUTPUT = 64
LARGEST_NUMBER = 999
MODES = ("conv", "transposed")
VIEWS = {"conv": ("numbers", "counts"), "transposed": ("numbers", "counts", "zeros")}
# On a tie the earlier one moves: the sizes last, they are what a reader looks at.
_MENDING_ORDER = (
    "output_padding", "padding", "dilation", "kernel_size", "stride", "input_size",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


def _counting(base):
    """Return a preset that counts 0, 1, 2, … row by row in digits below `base`.

    Each round starts one higher, so that no size makes all rows alike.
    """

    def value(i, j, n):
        return (i * n + j + (i * n + j) // base) % base

    return value


def _ones(i, j, n):
    return 1


def _impulse(i, j, n):
    return int(i == j == n // 2)


def _step(i, j, n):
    return int(2 * j >= n)


def _binomial(n, k):
    return math.comb(n, k) if 0 <= k <= n else 0


def _edge(i, j, n):
    """Smooth down the columns, difference along the rows: Sobel's kernel for n = 3."""
    m = max(n - 2, 0)
    return _binomial(n - 1, i) * (_binomial(m, j) - _binomial(m, j - 1))


def _blur(i, j, n):
    return _binomial(n - 1, i) * _binomial(n - 1, j) / 4 ** (n - 1)


def _bilinear(i, j, n):
    factor = (n + 1) // 2
    return (1 - abs(i - (n - 1) / 2) / factor) * (1 - abs(j - (n - 1) / 2) / factor)


INPUTS = {"counting": _counting(10), "ones": _ones, "impulse": _impulse, "step": _step}
KERNELS = {
    "counting": _counting(4),
    "ones": _ones,
    "impulse": _impulse,
    "edge": _edge,
    "blur": _blur,
    "bilinear": _bilinear,
}


def _range_of(mode, name):
    return (0, 0, 0) if mode == "conv" and name == "output_padding" else RANGES[name]


def _output_size(state):
    reach = state["dilation"] * (state["kernel_size"] - 1) + 1
    if state["mode"] == "conv":
        return (state["input_size"] + 2 * state["padding"] - reach) // state["stride"] + 1
    full = (state["input_size"] - 1) * state["stride"] + reach
    return full - 2 * state["padding"] + state["output_padding"]


def _broken(state):
    """Return the rank and the wording of the first rule that `state` breaks, or None."""
    if state["mode"] == "conv":
        reach = state["dilation"] * (state["kernel_size"] - 1) + 1
        width = state["input_size"] + 2 * state["padding"]
        if reach > width:
            return 1, f"the kernel spans {reach} cells, the padded input only {width}"
        return None
    if state["output_padding"] >= max(state["stride"], state["dilation"]):
        return 1, "output_padding is not smaller than stride or dilation"
    size = _output_size(state)
    if size < 1:
        return 2, "padding crops the whole output away"
    if size > LARGEST_OUTPUT:
        return 3, f"the output has {size} rows, and {LARGEST_OUTPUT} is the most drawn"
    return None


def _mend(state, say):
    """Move `state` to the nearest valid one: each broken rule by the smallest change of one value.

    Such a change always exists: a kernel of size 1, an output_padding or padding of 0 or an
    input of size 1 mends the rules in turn.
    """
    ranges = {name: _range_of(state["mode"], name) for name in RANGES}
    while broken := _broken(state):
        rank, why = broken
        candidates = (
            (name, state[name] + step)
            for distance in range(1, LARGEST_OUTPUT)
            for name in _MENDING_ORDER
            for step in (-distance, distance)
            if ranges[name][0] <= state[name] + step <= ranges[name][1]
        )
        for name, value in candidates:
            still_broken = _broken({**state, name: value})
            if still_broken is None or still_broken[0] > rank:
                say("clash", name, str(state[name]), why, value)
                state[name] = value
                break


def _settle(given, say):
    """Return the valid state nearest to the texts `given`; `say` is told every difference."""

    def choose(name, choices):
        text = given.get(name, choices[0])
        if text in choices:
            return text
        say("wrong", name, text, _one_of(choices), choices[0])
        return choices[0]

    state = {"mode": choose("mode", MODES)}
    for name in RANGES:
        low, high, default = _range_of(state["mode"], name)
        text = given.get(name, str(default))
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        state[name] = default if math.isnan(value) else math.floor(min(max(value, low), high) + 0.5)
        if value != state[name]:
            rule = f"a whole number from {low} to {high} in mode {state['mode']}"
            say("wrong", name, text, rule, state[name])
    _mend(state, say)
    choose("view", VIEWS[state["mode"]])
    return state


def _count(numbers):
    return "a number" if numbers == 1 else f"{numbers} numbers"


def _one_of(names):
    return f"one of {', '.join(names)}"


def _numbers(name, text, size, presets, say):
    """Return size × size numbers, from the name of a preset or a list of them in row order."""
    if text not in presets:
        words = [word for word in re.split(r"[\s,;]+", text) if word]
        if len(words) == size * size and all(
            _NUMBER.fullmatch(word) and abs(float(word)) <= LARGEST_NUMBER for word in words
        ):
            values = [int(v) if v.is_integer() else v for v in map(float, words)]
            return [values[i * size : (i + 1) * size] for i in range(size)]
        rule = f"{_count(size * size)} of at most {LARGEST_NUMBER} or {_one_of(presets)}"
        say("wrong", name, text, rule, "counting")
        text = "counting"
    return [[presets[text](i, j, size) for j in range(size)] for i in range(size)]


def _as_tensors(X, K):
    numbers = [value for row in X + K for value in row]
    dtype = torch.int64 if all(isinstance(v, int) for v in numbers) else torch.float64
    return torch.tensor(X, dtype=dtype), torch.tensor(K, dtype=dtype)


def _compute(state, X, K):
    """Return the output as nested lists, by the moves that define it."""
    X, K = _as_tensors(X, K)
    stride, padding, extra = state["stride"], state["padding"], state["output_padding"]
    K = dilate2d(K, state["dilation"])
    if state["mode"] == "conv":
        Y = subsample2d(corr2d(pad2d(X, padding), K), stride)
    else:
        Y = pad2d(trans_conv(dilate2d(X, stride), K), ((0, extra), (0, extra)))
        Y = crop2d(Y, padding)
    return Y.tolist()


def _camel(name):
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


class Explorer:
    """What `explore` returns: a notebook shows it as the explorer, a terminal as text."""

    def __init__(self, given, examples=None):
        """Settle on the valid state nearest to `given`, the texts of the attributes by name."""
        self._given, self._examples = given, examples
        reasons = []

        def say(kind, name, text, rule, used):
            verb = " must be" if kind == "wrong" else ":"
            reasons.append(f"{name}={text[:20]}{verb} {rule}; {used} is used.")

        state = _settle(given, say)
        read = {"input": (state["input_size"], INPUTS), "kernel": (state["kernel_size"], KERNELS)}
        X, K = (
            _numbers(name, given.get(name, "counting"), size, presets, say)
            for name, (size, presets) in read.items()
        )
        self._state = state
        self.result = {
            **{_camel(name): value for name, value in state.items()},
            "input": X,
            "kernel": K,
            "output": _compute(state, X, K),
            "adjusted": bool(reasons),
            "reason": " ".join(reasons),
        }

    def _formula(self):
        _, n, k, s, p, d, extra = self._state.values()
        if self._state["mode"] == "conv":
            inner = n + 2 * p - d * (k - 1) - 1
            terms = f"⌊({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = ⌊{inner} / {s}⌋ + 1"
        else:
            terms = f"({n} − 1)·{s} − 2·{p} + {d}·({k} − 1) + {extra} + 1"
        return f"output size = {terms} = {_output_size(self._state)}"

    def _call(self):
        mode = self._state["mode"]
        function = "conv2d" if mode == "conv" else "conv_transpose2d"
        names = ["stride", "padding", "output_padding", "dilation"]
        options = [
            f", {name}={self._state[name]}"
            for name in names
            if self._state[name] != RANGES[name][2]
        ]
        return f"F.{function}(X, K{''.join(options)})"

    def __repr__(self):
        """Say in words and numbers what the picture shows."""
        title = {"conv": "Convolution", "transposed": "Transposed convolution"}
        lines = [f"{title[self._state['mode']]}: {self._call()}", self._formula()]
        if self.result["adjusted"]:
            lines.append(self.result["reason"])
        for name in ("input", "kernel", "output"):
            rows = [[f"{value:.6g}" for value in row] for row in self.result[name]]
            width = max(len(text) for row in rows for text in row)
            lines.append(f"{name}, {len(rows)} × {len(rows)}:")
            lines += ["  " + " ".join(text.rjust(width) for text in row) for row in rows]
        return "\n".join(lines)

    def _picture(self):
        """Return the static picture, for readers without scripts."""
        X, K = _as_tensors(self.result["input"], self.result["kernel"])
        stride, padding, dilation, extra = list(self._state.values())[3:]
        moves = {"stride": stride, "padding": padding, "dilation": dilation}
        if self._state["mode"] == "conv":
            middle = len(self.result["output"]) // 2
            return draw_corr2d(X, K, (middle, middle), **moves)
        middle = len(X) // 2
        return draw_trans_conv(X, K, (middle, middle), output_padding=extra, **moves)

    def _repr_html_(self):
        attributes = "".join(
            f' {name.replace("_", "-")}="{html.escape(text)}"' for name, text in self._given.items()
        )
        attributes += ' data-lm-suppress-shortcuts="true"'  # JupyterLab leaves the keys to us
        return (
            f"<conv-explorer{attributes}>{self._picture().svg()}{self._menu()}</conv-explorer>\n"
            f"<script>{script()}</script>"
        )

    def _menu(self):
        """Return the examples as a list to choose from, hidden where there are no scripts."""
        if not self._examples:
            return ""
        groups = []
        for label, states in self._examples.items():
            options = "".join(
                f"<option value='{html.escape(json.dumps(_texts(**arguments)))}'>"
                f"{html.escape(name)}</option>"
                for name, arguments in states.items()
            )
            groups.append(f'<optgroup label="{html.escape(label)}">{options}</optgroup>')
        return (
            '<select slot="examples" aria-label="examples" hidden>'
            f"<option disabled selected>examples</option>{''.join(groups)}</select>"
        )


def script():
    """Return the script of the explorer, with its style sheet: the same for every explorer.

    Comments and indentation are left out, as a page or a notebook may carry it several times.

    >>> script().startswith("(() => {")
    True
    """
    code, style = (
        Path(__file__).with_name(f"conv-explorer.{kind}").read_text(encoding="utf-8")
        for kind in ("js", "css")
    )
    code = code.replace("/* conv-explorer.css */", style)
    return re.sub(r"/\*.*?\*/\s*|^ *//[^\n]*\n|^\s+", "", code, flags=re.DOTALL | re.MULTILINE)


def explore(
    mode="conv",
    input_size=5,
    kernel_size=3,
    stride=1,
    padding=0,
    dilation=1,
    output_padding=0,
    *,
    input=None,
    kernel=None,
    view=None,
    matrix=False,
    examples=None,
):
    """Show a convolution or its transpose, cell by cell, to play with.

    mode: "conv" or "transposed". input_size and kernel_size: the side of the square input and
    kernel. stride, padding, dilation, output_padding: one int each, as in `F.conv2d` and
    `F.conv_transpose2d`. input: a preset, one of "counting", "ones", "impulse", "step", or the
    rows of a square matrix, which set input_size. kernel: the same for the kernel, whose presets
    are "counting", "ones", "impulse", "edge", "blur", "bilinear". view: "numbers", "counts" (how
    many windows or stamps meet in a cell) or "zeros" (a transposed convolution as a convolution
    of the input with zeros inserted). matrix: whether to draw the matrix of the operation.
    examples: groups of named states to choose from, each a dict of these arguments; EXAMPLES has
    those of the literature.
    Returns an object that a notebook shows; its `result` says what is shown, as a dict.
    Raises nothing for parameters that cannot be: the nearest valid ones are taken, and `result`
    says why.

    >>> explore(input_size=3, kernel_size=2)
    Convolution: F.conv2d(X, K)
    output size = ⌊(3 + 2·0 − 1·(2 − 1) − 1) / 1⌋ + 1 = ⌊1 / 1⌋ + 1 = 2
    input, 3 × 3:
      0 1 2
      3 4 5
      6 7 8
    kernel, 2 × 2:
      0 1
      2 3
    output, 2 × 2:
      19 25
      37 43
    >>> explore(mode="transposed", output_padding=1).result["reason"]
    'output_padding=1: output_padding is not smaller than stride or dilation; 0 is used.'
    """
    given = _texts(
        mode=mode,
        input_size=input_size,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        output_padding=output_padding,
        input=input,
        kernel=kernel,
        view=view,
        matrix=matrix,
    )
    return Explorer(given, examples)


def _texts(*, input=None, kernel=None, view=None, matrix=False, **given):
    """Return the texts of the attributes, by name, for arguments of `explore`."""
    for name, value in (("input", input), ("kernel", kernel)):
        if isinstance(value, str):
            given[name] = value
        elif value is not None:
            numbers = [*_flat(value)]
            given[name] = " ".join(numbers)
            given[f"{name}_size"] = math.ceil(math.sqrt(len(numbers)))
    if view is not None:
        given["view"] = view
    if matrix:
        given["matrix"] = ""
    return {name: str(value).strip() for name, value in given.items()}


def _flat(value):
    """Yield the texts of the numbers in a tensor, an array, or rows of any of these."""
    if hasattr(value, "tolist"):
        value = (value.to_dense() if hasattr(value, "to_dense") else value).tolist()
    if isinstance(value, Iterable) and not isinstance(value, str):
        for part in value:
            yield from _flat(part)
    else:
        yield str(value)
