"""`explore(...)`: the explorer as a notebook's output."""

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor

from ..diagrams import draw_corr2d, draw_trans_conv
from ..words import _, lang_attribute
from .bundle import script
from .state import (
    CHANNELS,
    PAIRED,
    RANGES,
    WORDS,
    as_tensors,
    axis_of,
    compute,
    has_channels,
    is_square,
    numbers,
    settle,
    size_of,
    weight_shape,
)

Numbers = int | Sequence[int]  # one for both axes, or (height, width)
Rows = str | Tensor | Iterable  # a preset, or numbers: a tensor, an array, or rows of any of these


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


class Explorer:
    """What `explore` returns: a notebook shows it as the explorer, a terminal as text."""

    def __init__(self, given: dict[str, str], examples: dict | None = None) -> None:
        """Settle on the valid state nearest to `given`, the texts of the attributes by name."""
        self._given, self._examples = given, examples
        reasons: list[str] = []

        def say(kind, name, text, rule, used):
            reasons.append(_(WORDS[kind]).format(name=name, given=text[:20], rule=rule, used=used))

        state = self._state = settle(given, say)
        shapes = {
            "input": [state["in_channels"], *state["input_size"]],
            "kernel": weight_shape(state),
        }
        X, K = (numbers(name, given.get(name, "counting"), shapes[name], say) for name in shapes)
        Y = compute(state, X, K)
        square, channels = is_square(state), has_channels(state)
        self.result = {
            "mode": state["mode"],
            **{_camel(name): state[name][0] if square else state[name] for name in PAIRED},
            **{_camel(name): state[name] for name in CHANNELS if channels},
            "input": X if channels else X[0],
            "kernel": K if channels else K[0][0],
            "output": Y if channels else Y[0],
            "adjusted": bool(reasons),
            "reason": " ".join(reasons),
        }

    def _formula(self, axis):
        s = axis_of(self._state, axis)
        n, k, p = s["input_size"], s["kernel_size"], s["padding"]
        stride, d, extra = s["stride"], s["dilation"], s["output_padding"]
        if s["mode"] == "conv":
            inner = n + 2 * p - d * (k - 1) - 1
            terms = f"⌊({n} + 2·{p} − {d}·({k} − 1) − 1) / {stride}⌋ + 1 = ⌊{inner} / {stride}⌋ + 1"
        else:
            terms = f"({n} − 1)·{stride} − 2·{p} + {d}·({k} − 1) + {extra} + 1"
        what = WORDS["size"] if is_square(self._state) else WORDS["axes"][axis]
        return f"{_(WORDS['output_size']).format(axis=_(what))} = {terms} = {size_of(s)}"

    def _call(self):
        function = "conv2d" if self._state["mode"] == "conv" else "conv_transpose2d"
        options = []
        for name in ("stride", "padding", "output_padding", "dilation", "groups"):
            value = self._state[name]
            if isinstance(value, list):
                value = value[0] if value[0] == value[1] else tuple(value)
            if value != RANGES[name][2]:
                options.append(f", {name}={value}")
        return f"F.{function}(X, K{''.join(options)})"

    def __repr__(self) -> str:
        """Say in words and numbers what the picture shows."""
        title = {"conv": _("Convolution"), "transposed": _("Transposed convolution")}
        about = {"name": title[self._state["mode"]], "description": self._call()}
        lines = [_("{name}: {description}").format(**about)]
        lines += [self._formula(axis) for axis in ([0] if is_square(self._state) else [0, 1])]
        if self.result["adjusted"]:
            lines.append(self.result["reason"])
        for name in ("input", "kernel", "output"):
            for label, grid in _grids(_(name), self.result[name]):
                rows = [[f"{value:.6g}" for value in row] for row in grid]
                width = max(len(text) for row in rows for text in row)
                named = _(", ").join([label, f"{len(rows)} × {len(rows[0])}"])
                lines.append(_("{name}:").format(name=named))
                lines += ["  " + " ".join(text.rjust(width) for text in row) for row in rows]
        return "\n".join(lines)

    def _picture(self):
        """Return what a reader without scripts sees: a picture, and with channels the text."""
        if has_channels(self._state):
            return f"<pre>{html.escape(repr(self))}</pre>"
        X, K = as_tensors(self.result["input"], self.result["kernel"])
        names = ("stride", "padding", "dilation", "output_padding")
        moves = {name: tuple(self._state[name]) for name in names}
        if self._state["mode"] == "conv":
            del moves["output_padding"]
            Y = self.result["output"]
            return draw_corr2d(X, K, (len(Y) // 2, len(Y[0]) // 2), **moves).svg()
        return draw_trans_conv(X, K, (len(X) // 2, len(X[0]) // 2), **moves).svg()

    def _repr_html_(self) -> str:
        attributes = "".join(
            f' {name.replace("_", "-")}="{html.escape(text)}"' for name, text in self._given.items()
        )
        attributes += ' data-lm-suppress-shortcuts="true"'  # JupyterLab leaves the keys to us
        return (
            f"<conv-explorer{lang_attribute()}{attributes}>{self._picture()}{self._menu()}</conv-explorer>\n"
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
                f"{html.escape(_(name))}</option>"
                for name, arguments in states.items()
            )
            groups.append(f'<optgroup label="{html.escape(_(label))}">{options}</optgroup>')
        return (
            f'<select slot="examples" aria-label="{_("examples")}" hidden>'
            f"<option disabled selected>{_('examples')}</option>{''.join(groups)}</select>"
        )


def _grids(label, values):
    """Yield every grid of nested lists, with its label: input[0] is that of the first channel."""
    if isinstance(values[0][0], list):
        for index, inner in enumerate(values):
            yield from _grids(f"{label}[{index}]", inner)
    else:
        yield label.replace("][", ", "), values


def explore(
    mode: str = "conv",
    input_size: Numbers = 5,
    kernel_size: Numbers = 3,
    stride: Numbers = 1,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    output_padding: Numbers = 0,
    *,
    in_channels: int = 1,
    out_channels: int = 1,
    groups: int = 1,
    input: Rows | None = None,
    kernel: Rows | None = None,
    view: str | None = None,
    matrix: bool = False,
    letters: bool = False,
    controls: str | Sequence[str] | None = None,
    examples: dict[str, dict[str, dict]] | None = None,
) -> Explorer:
    """Show a convolution or its transpose, cell by cell, to play with.

    mode: "conv" or "transposed". input_size and kernel_size: one int for a square, or (height,
    width). stride, padding, dilation, output_padding: one int or (height, width), as in `F.conv2d`
    and `F.conv_transpose2d`. in_channels, out_channels, groups: up to four each, as in `nn.Conv2d`.
    input: a preset, one of "counting", "ones", "impulse", "step", or the rows of a matrix, or a
    list of matrices, one a channel: they set input_size and in_channels. kernel: the same for the
    kernel, whose presets are "counting", "ones", "impulse", "edge", "blur", "bilinear", and whose
    own numbers are a matrix or all of the weight. view: "numbers", "counts" (how many windows or
    stamps meet in a cell) or "zeros" (a transposed convolution as a convolution of the input with
    zeros inserted). matrix: whether to draw the matrix of the operation. letters: whether to write
    x₀₁ and k₁₀ in place of numbers.
    controls: the names of what can be changed, in one text; None for all. They are "mode", the
    nine sizes and parameters, "numbers", "view", "matrix", "letters", "rectangles" and "solver".
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
    'output_padding=1: output_padding must be smaller than stride or dilation; 0 is used.'
    """
    given: dict[str, Any] = {"mode": mode, "input_size": input_size}
    given |= {"kernel_size": kernel_size, "stride": stride}
    given |= {"padding": padding, "dilation": dilation, "output_padding": output_padding}
    given |= {"in_channels": in_channels, "out_channels": out_channels, "groups": groups}
    given |= {"input": input, "kernel": kernel, "view": view, "matrix": matrix}
    return Explorer(_texts(**given, letters=letters, controls=controls), examples)


def _texts(*, input: Any = None, kernel: Any = None, **given: Any) -> dict[str, str]:
    """Return the texts of the attributes, by name, for arguments of `explore`."""
    transposed = given.get("mode") == "transposed"
    shape: tuple[int, ...] = ()
    for name, value in (("input", input), ("kernel", kernel)):
        if isinstance(value, str):
            given[name] = value
        elif value is not None:
            rows = _nested(value)
            shape = _shape(rows)
            given[name] = " ".join(map(str, _flat(rows)))
            if len(shape) > 1:
                given[f"{name}_size"] = shape[-2:]
            names = ["in_channels"] if name == "input" else ["out_channels", "in_channels"]
            given |= dict(zip(names[::-1] if transposed else names, shape[:-2]))
    given = {name: _nested(value) for name, value in given.items()}
    groups = given.get("groups", 1)
    if len(shape) == 4 and isinstance(groups, int):  # the weight's second axis is that of a group
        given["out_channels" if transposed else "in_channels"] *= groups
    usual = {name: RANGES[name][2] for name in CHANNELS}
    return {
        name: _text(value)
        for name, value in given.items()
        if value is not None and value is not False and value != usual.get(name)
    }


def _nested(value: Any) -> Any:
    """Return lists of numbers, from a tensor, an array, or rows of any of these.

    What holds none, such as a tensor on the device "meta", is returned as text.
    """
    if hasattr(value, "tolist"):
        try:
            value = (value.to_dense() if hasattr(value, "to_dense") else value).tolist()
        except RuntimeError:
            return " ".join(str(value).split())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_nested(part) for part in value]
    return value


def _shape(rows: Any) -> tuple[int, ...]:
    """Return the shape of nested lists, by their first ones."""
    return (len(rows), *_shape(rows[0])) if isinstance(rows, list) and rows else ()


def _flat(rows):
    """Return the numbers of nested lists."""
    return [number for row in rows for number in _flat(row)] if isinstance(rows, list) else [rows]


def _text(value: Any) -> str:
    if value is True:
        return ""
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value if len(set(map(str, value))) > 1 else value[:1]))
    return str(value).strip()
