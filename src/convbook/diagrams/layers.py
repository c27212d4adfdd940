"""Pictures of layers as rows of dots: which number reads which, in one layer and in a stack."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from ..arguments import as_int, as_ints, check_tensor
from ..moves import corr2d, dilate2d, pad2d, subsample2d
from ..sizes import conv_output_size, conv_transpose_output_size
from ..words import _, width_of
from .figure import Diagram, Step, draw
from .grid import COLORS, LABEL, PHASES, PHONE, Part, element, number, rectangle, subscript, words

RISE = 64  # from one row of dots to the next
DASHES = [None, "7 3", "2 3", "9 3 2 3", "4 4", "1 4"]  # a line differs by more than its color


def _pairs(n, kernel_size, stride=1, padding=0, dilation=1, output_padding=0, transposed=False):
    """Return how many outputs a layer makes of n inputs, and its connections.

    A connection (i, j, a) leads from input i to output j by weight a. That of a convolution reads
    the input j·s − p + a·d, that of its transpose writes to the output i·s − p + a·d.
    """
    layer = {"stride": stride, "padding": padding, "dilation": dilation}
    if transposed:
        size = conv_transpose_output_size(n, kernel_size, output_padding=output_padding, **layer)
    else:
        size = conv_output_size(n, kernel_size, **layer)
    found = []
    for one, a in itertools.product(range(n if transposed else size), range(kernel_size)):
        other = one * stride - padding + a * dilation
        if 0 <= other < (size if transposed else n):
            found.append((one, other, a) if transposed else (other, one, a))
    return size, found


@dataclass
class Dots(Part):
    """Rows of dots, the first of them below, and lines from each row to the next one above it.

    rows_: one dict a row: "at", the places of its dots, one unit apart; "role"; "name", words
    beside it. lines: one list for each pair of rows, of (i, j) from dot i below to dot j above.
    """

    rows_: list
    lines: list
    label: str = ""
    step: float = 20
    marked: list = field(default_factory=list)

    @property
    def margin(self):
        """Width of the words beside the rows."""
        return 7.2 * max(width_of(row["name"]) for row in self.rows_) + 12

    @property
    def span(self):
        """The first and the last place of a dot."""
        places = [x for row in self.rows_ for x in row["at"]]
        return min(places), max(places)

    @property
    def inside(self):
        """Width and height."""
        first, last = self.span
        return math.ceil(self.margin + (last - first + 1) * self.step), RISE * len(self.rows_) - 24

    def dot(self, x, y, row, j):
        """Return the center of dot j of a row."""
        x += self.margin + (self.rows_[row]["at"][j] - self.span[0] + 0.5) * self.step
        return round(x, 1), y + (len(self.rows_) - 1 - row) * RISE + 20

    def line(self, x, y, row, i, j):
        """Return the path from dot i of a row to dot j of the row above."""
        (x0, y0), (x1, y1) = self.dot(x, y, row, i), self.dot(x, y, row + 1, j)
        return f"M{x0:g} {y0:g}L{x1:g} {y1:g}"

    def body(self, x, y):
        """Return lines, dots and words, with the upper left corner at (x, y)."""
        nodes = []
        faint = "".join(
            self.line(x, y, row, i, j) for row, lines in enumerate(self.lines) for i, j in lines
        )
        nodes.append(element("path", d=faint, stroke="currentColor", stroke_opacity="0.25"))
        for row, about in enumerate(self.rows_):
            circles = "".join(_circle(*self.dot(x, y, row, j), 5) for j in range(len(about["at"])))
            color = COLORS[about["role"]]
            nodes.append(element("path", d=circles, fill=color, stroke=color))
            middle = self.dot(x, y, row, 0)[1] if about["at"] else 0
            nodes.append(words(about["name"], x, middle, 13, text_anchor="start"))
        return nodes

    def digits(self, x, y):
        """Return nothing: a dot holds no number."""
        return []

    def marks(self, x, y, cells):
        """Return a path of the dots (row, j), and of the lines from each to those below it."""
        lit = set(cells)
        paths = [
            self.line(x, y, row, i, j)
            for row, lines in enumerate(self.lines)
            for i, j in lines
            if (row + 1, j) in lit and (row, i) in lit
        ]
        return "".join([*paths, *(_circle(*self.dot(x, y, *cell), 7) for cell in sorted(lit))])

    def measure(self):
        """Return how many dots each row has."""
        return " → ".join(str(len(row["at"])) for row in self.rows_)

    def name(self):
        """Return what is drawn."""
        return _("Rows of dots from below to above: {sizes}").format(sizes=self.measure())

    def description(self, marked=()):
        """Return the rows in words, and in each what is marked."""
        return _("; ").join(self._said(marked))

    def _said(self, marked):
        marked = [*self.marked, *marked]
        for row, about in enumerate(self.rows_):
            lit = sorted(j for r, j in marked if r == row)
            text = _("{name}: {n} dots, marked {places}") if lit else _("{name}: {n} dots")
            places = ", ".join(map(str, lit))
            yield text.format(name=about["name"], n=len(about["at"]), places=places)

    def plain(self, marked=()):
        """Return the same, for a terminal, one row a line."""
        return "\n".join(self._said(marked))

    def __str__(self):
        """Say the same in words."""
        return self.plain()


def _circle(x, y, r):
    return f"M{round(x - r, 1):g} {y:g}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0"


def draw_stack(layers: Sequence[dict[str, Any]], input_size: int, at: int | None = None) -> Diagram:
    """Draw a stack of layers along one axis as rows of dots, and what one output depends on.

    layers: one dict a layer, of kernel_size, stride, padding, dilation, output_padding as for
    `nn.Conv1d`, and transposed, True for `nn.ConvTranspose1d`. input_size: dots of the lowest
    row. at: the output whose receptive field is marked; without it, all of them in turn.
    Each dot stands above the middle of the inputs that it can depend on.
    Returns a Diagram. Raises TypeError or ValueError if a layer cannot be, or `at` is no output.

    >>> print(draw_stack([dict(kernel_size=2, dilation=d) for d in (1, 2, 4)], 8, at=0))
    A stack of 3 layers, 8 → 7 → 5 → 1
    input: 8 dots, marked 0, 1, 2, 3, 4, 5, 6, 7
    k 2: 7 dots, marked 0, 2, 4, 6
    k 2, d 2: 5 dots, marked 0, 4
    k 2, d 4: 1 dots, marked 0
    Output 0 depends on the inputs 0 to 7: 8 of 8.
    """
    n = as_int("input_size", input_size, at_least=1)
    rows = [{"at": [float(i) for i in range(n)], "role": "input", "name": _("input")}]
    jump, start, lines = 1.0, 0.0, []
    for layer in layers:
        n, found = _pairs(n, **layer)
        s, d, p = layer.get("stride", 1), layer.get("dilation", 1), layer.get("padding", 0)
        middle = d * (layer["kernel_size"] - 1) / 2 - p
        if layer.get("transposed"):
            jump /= s
            start -= middle * jump
        else:
            start += middle * jump
            jump *= s
        lines.append([(i, j) for i, j, _a in found])
        places = [start + j * jump for j in range(n)]
        rows.append({"at": places, "role": "kernel", "name": _layer_name(layer)})
    rows[-1]["role"] = "output"
    dots = Dots(rows, lines)
    first, last = dots.span
    dots.step = max(min(24, (PHONE - 5 - dots.margin) / (last - first + 1)), 10)
    if at is not None and not 0 <= as_int("at", at) < n:
        raise ValueError(f"at={at!r} must be one of the {n} outputs")

    steps, text = [], _("Output {j} depends on the inputs {first} to {last}: {n} of {reach}.")
    for j in range(n) if at is None else [at]:
        lit = {(len(lines), j)}
        for row in reversed(range(len(lines))):
            lit |= {(row, i) for i, above in lines[row] if (row + 1, above) in lit}
        used = sorted(i for row, i in lit if row == 0)
        said = _("Output {j} depends on no input.").format(j=j)
        if used:
            reach = used[-1] - used[0] + 1
            said = text.format(j=j, first=used[0], last=used[-1], n=len(used), reach=reach)
        steps.append(Step({0: sorted(lit)}, {}, said))
    title = _("A stack of {n} layers, {sizes}").format(n=len(layers), sizes=dots.measure())
    return Diagram([dots], steps, title)


def _layer_name(layer):
    """Write what a layer is in a few letters: k 3, s 2."""
    letters = {"kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d"}
    letters["output_padding"] = "o"
    default = {"stride": 1, "dilation": 1, "padding": 0, "output_padding": 0}
    said = [
        f"{letter} {layer[name]}"
        for name, letter in letters.items()
        if name in layer and layer[name] != default.get(name)
    ]
    return ", ".join(said) + ("ᵀ" if layer.get("transposed") else "")


@dataclass
class Wires(Part):
    """Two rows of numbers, and an arrow for each weight between them.

    upper, lower: (n,) numbers. arrows: (i, j, a), from number i below to number j above by weight
    a; down: whether they lead down instead. weights: (k,), each with a color and a line of its
    own. roles: of the upper and the lower row.
    """

    upper: torch.Tensor
    lower: torch.Tensor
    arrows: list
    weights: torch.Tensor
    down: bool = False
    roles: tuple = ("output", "input")
    label: str = ""
    letters: tuple = ("y", "x")
    marked: list = field(default_factory=list)

    STEP, HEIGHT, RADIUS = 56, 120, 17

    @property
    def inside(self):
        """Width and height."""
        legend = 92 * len(self.weights)
        across = self.STEP * max(len(self.upper), len(self.lower))
        return max(legend, across), self.HEIGHT + 2 * self.RADIUS + 34

    def center(self, x, y, up, j):
        """Return the center of number j of a row."""
        n = len(self.upper if up else self.lower)
        x += self.inside[0] / 2 + (j - (n - 1) / 2) * self.STEP
        return x, y + self.RADIUS + (0 if up else self.HEIGHT)

    def body(self, x, y):
        """Return circles, arrows and the weights, with the upper left corner at (x, y)."""
        nodes = []
        for a in range(len(self.weights)):
            ends = [(i, j) for i, j, weight in self.arrows if weight == a]
            lines = [self._arrow(x, y, i, j) for i, j in ends]
            nodes += self._line("".join(line for line, _ in lines), a)
            heads = "".join(head for _, head in lines)
            nodes.append(element("path", d=heads, fill=PHASES[a % len(PHASES)]))
        for up, role in zip((True, False), self.roles):
            n = len(self.upper if up else self.lower)
            circles = (_circle(*self.center(x, y, up, j), self.RADIUS) for j in range(n))
            style = {"fill": COLORS[role], "fill_opacity": "0.18", "stroke": COLORS[role]}
            nodes.append(element("path", d="".join(circles), **style))
        left = x + (self.inside[0] - 92 * len(self.weights)) / 2
        for a, weight in enumerate(self.weights.tolist()):
            here, below = left + 92 * a, y + self.inside[1] - 10
            nodes += self._line(f"M{here:g} {below:g}h30", a)
            text = f"{subscript('k', a)} = {number(weight)}"
            nodes.append(words(text, here + 36, below, 13, text_anchor="start"))
        return nodes

    def _line(self, path, a):
        color = PHASES[a % len(PHASES)]
        style = {"fill": "none", "stroke": color, "stroke_width": 2.5}
        return [element("path", d=path, stroke_dasharray=DASHES[a % len(DASHES)], **style)]

    def _arrow(self, x, y, i, j):
        """Return the line of an arrow and its head."""
        start, end = self.center(x, y, False, i), self.center(x, y, True, j)
        if self.down:
            start, end = end, start
        length = math.dist(start, end)
        ux, uy = ((b - a) / length for a, b in zip(start, end))
        r = self.RADIUS
        (x0, y0), (x1, y1) = (start[0] + r * ux, start[1] + r * uy), (
            end[0] - (r + 1) * ux, end[1] - (r + 1) * uy,
        )  # fmt: skip
        bx, by = x1 - 9 * ux, y1 - 9 * uy
        head = f"M{x1:.1f} {y1:.1f}L{bx - 4 * uy:.1f} {by + 4 * ux:.1f}L"
        head += f"{bx + 4 * uy:.1f} {by - 4 * ux:.1f}z"
        return f"M{x0:.1f} {y0:.1f}L{bx:.1f} {by:.1f}", head

    @property
    def em(self):
        """Size of the numbers."""
        return 15

    def digits(self, x, y):
        """Return the numbers in the circles."""
        nodes = []
        for up, row in ((True, self.upper), (False, self.lower)):
            for j, value in enumerate(row.tolist()):
                cx, cy = self.center(x, y, up, j)
                nodes.append(element("text", number(value), x=cx, y=cy))
        return nodes

    def marks(self, x, y, cells):
        """Return circles around numbers (1 for the upper row or 0, j)."""
        return "".join(_circle(*self.center(x, y, *cell), self.RADIUS) for cell in cells)

    def measure(self):
        """Return how many numbers lead to how many."""
        sizes = [len(self.lower), len(self.upper)]
        return " → ".join(str(n) for n in (sizes[::-1] if self.down else sizes))

    def name(self):
        """Return label and sizes."""
        return _(", ").join([self.label, self.measure()])

    def description(self, marked=()):
        """Return each result as a sum of products."""
        return _("; ").join(self._sums())

    def _sums(self):
        into = {}
        for i, j, a in self.arrows:
            source, target = (j, i) if self.down else (i, j)
            into.setdefault(target, []).append((source, a))
        to, of = self.letters[::-1] if self.down else self.letters
        values = (self.lower if self.down else self.upper).tolist()
        sums = (
            " + ".join(
                f"{subscript('k', a)}·{subscript(of, source)}" for source, a in into.get(t, [])
            )
            or "0"
            for t in range(len(values))
        )
        sums = (f"{subscript(to, t)} = {text}" for t, text in enumerate(sums))
        return [f"{text} = {number(v)}" for text, v in zip(sums, values)]

    def plain(self, marked=()):
        """Return the same, for a terminal."""
        return "\n".join([self.name(), *self._sums()])

    def __str__(self):
        """Say the same in words."""
        return self.plain()


def draw_connections(
    x: Tensor, k: Tensor, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Diagram:
    """Draw each weight of a one-dimensional convolution as an arrow; in its transpose, reversed.

    x: (n,) numbers, the input of the convolution. k: (m,) the weights. stride, padding, dilation:
    one int each. The transpose takes the output y and returns to as many numbers as x has.
    Returns a Diagram. Raises TypeError or ValueError as the moves do.

    >>> print(draw_connections(torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2])))
    The connections of a convolution and of its transpose
    y = x ⋆ k, 4 → 3
    y₀ = k₀·x₀ + k₁·x₁ = 5
    y₁ = k₀·x₁ + k₁·x₂ = 8
    y₂ = k₀·x₂ + k₁·x₃ = 11
    z = y ⋆ᵀ k, 3 → 4
    z₀ = k₀·y₀ = 5
    z₁ = k₁·y₀ + k₀·y₁ = 18
    z₂ = k₁·y₁ + k₀·y₂ = 27
    z₃ = k₁·y₂ = 22
    The same connections with the same weights; the arrows are reversed.
    """
    check_tensor("x", x, "n")
    check_tensor("k", k, "m")
    p = as_int("padding", padding, at_least=0)
    wide = corr2d(pad2d(x[None], ((0, 0), (p, p))), dilate2d(k[None], (1, dilation)))
    y = subsample2d(wide, (1, stride))[0]
    _n, arrows = _pairs(len(x), len(k), stride, p, dilation)
    z = torch.zeros_like(x)
    for i, j, a in arrows:
        z[i] += k[a] * y[j]
    forward = Wires(y, x, arrows, k, label="y = x ⋆ k")
    back = Wires(y, z, sorted(arrows, key=lambda arrow: arrow[1]), k, True, label="z = y ⋆ᵀ k")
    back.letters = ("y", "z")
    title = _("The connections of a convolution and of its transpose")
    caption = _("The same connections with the same weights; the arrows are reversed.")
    return draw(forward, back, title=title, caption=caption)


@dataclass
class Case(Part):
    """A small picture of a convolution or of its transpose: output above input, without numbers.

    shape: (h, w) of the input of the convolution. kernel_size, stride, padding, dilation: pairs.
    Of its transpose, the input and the output change places. label: its name, above all.
    """

    shape: tuple
    kernel_size: tuple
    stride: tuple = (1, 1)
    padding: tuple = (0, 0)
    dilation: tuple = (1, 1)
    transposed: bool = False
    label: str = ""
    cell: int = 14
    marked: list = field(default_factory=list)

    @property
    def small(self):
        """Shape of the output of the convolution."""
        layer = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}
        return conv_output_size(self.shape, self.kernel_size, **layer)

    @property
    def framed(self):
        """Shape of the input with its padding."""
        return tuple(n + 2 * p for n, p in zip(self.shape, self.padding))

    @property
    def cycle(self):
        """Number of places of the window."""
        return math.prod(self.small)

    @property
    def top(self):
        """Height of the words."""
        return 58 if self.label else LABEL

    @property
    def width(self):
        """Width of the cells and of the words."""
        return max(self.inside[0], 150)

    @property
    def inside(self):
        """Width and height."""
        (h, w), (H, W) = self.small, self.framed
        return max(w, W) * self.cell, (h + H) * self.cell + 12

    def places(self, x, y):
        """Return the upper left corners of the small and of the large grid."""
        n, (h, w), (H, W) = self.cell, self.small, self.framed
        middle = x + self.inside[0] / 2
        if self.transposed:
            return (middle - w * n / 2, y + H * n + 12), (middle - W * n / 2, y)
        return (middle - w * n / 2, y), (middle - W * n / 2, y + h * n + 12)

    def heading(self):
        """Return parameters and sizes."""
        letters = zip("ksp", (self.kernel_size, self.stride, self.padding))
        said = ", ".join(f"{letter} = {_short(pair)}" for letter, pair in letters)
        first, *more = filter(None, [self.label, said, self.measure()])
        middle = self.width / 2
        return [
            words(first, middle, 10, 14, font_weight="bold"),
            *(words(text, middle, 28 + 18 * line, 13) for line, text in enumerate(more)),
        ]

    def measure(self):
        """Return the sizes of input and output."""
        sizes = [" × ".join(map(str, shape)) for shape in (self.shape, self.small)]
        return " → ".join(sizes[::-1] if self.transposed else sizes)

    def body(self, x, y):
        """Return both grids, with the upper left corner at (x, y)."""
        n, (p, q), (h, w) = self.cell, self.padding, self.shape
        small, large = self.places(x, y)
        inner, outer = [], []
        for i, j in itertools.product(*map(range, self.framed)):
            inside = p <= i < p + h and q <= j < q + w
            cell = rectangle(large[0] + j * n, large[1] + i * n, n, n)
            (inner if inside else outer).append(cell)
        cells = "".join(
            rectangle(small[0] + j * n, small[1] + i * n, n, n)
            for i, j in itertools.product(*map(range, self.small))
        )
        colors = (COLORS["input"], COLORS["output"])
        of_large, of_small = colors[::-1] if self.transposed else colors
        dotted = {"fill": "none", "stroke": of_large, "stroke_dasharray": "2 3"}
        return [
            element("path", d="".join(outer), **dotted) if outer else None,
            element("path", d="".join(inner), fill=of_large, fill_opacity="0.18", stroke=of_large),
            element("path", d=cells, fill=of_small, fill_opacity="0.18", stroke=of_small),
        ]

    def digits(self, x, y):
        """Return nothing: there is no room."""
        return []

    def marks(self, x, y, cells):
        """Return the outlines of places of the small grid and of their windows in the large one."""
        n, (small, large) = self.cell, self.places(x, y)
        paths = []
        for i, j in cells:
            paths.append(rectangle(small[0] + j * n, small[1] + i * n, n, n))
            (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.stride, self.dilation
            top, left = large[1] + i * sh * n, large[0] + j * sw * n
            if (dh, dw) == (1, 1):
                paths.append(rectangle(left, top, kw * n, kh * n))
                continue
            for a, b in itertools.product(range(kh), range(kw)):
                paths.append(rectangle(left + b * dw * n, top + a * dh * n, n, n))
        return "".join(paths)

    def name(self):
        """Return what it is."""
        kind = _("transposed convolution") if self.transposed else _("convolution")
        return _(", ").join(filter(None, [self.label, kind, self.measure()]))

    def description(self, marked=()):
        """Return the parameters in words."""
        text = _("kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}")
        values = (self.kernel_size, self.stride, self.padding, self.dilation)
        names = ("kernel", "stride", "padding", "dilation")
        return text.format(**{name: _short(pair) for name, pair in zip(names, values)})

    def plain(self, marked=()):
        """Return the same, for a terminal."""
        about = {"name": self.name(), "description": self.description()}
        return _("{name}: {description}").format(**about)

    def __str__(self):
        """Say the same in words."""
        return self.plain()


def _short(pair):
    return str(pair[0]) if len(set(pair)) == 1 else f"{pair[0]} × {pair[1]}"


# The six cases of Dumoulin and Visin's guide, in their order and by their names.
CASES: list[dict[str, Any]] = [
    {"label": "no padding", "input_size": 4, "kernel_size": 3},
    {"label": "arbitrary padding", "input_size": 5, "kernel_size": 4, "padding": 2},
    {"label": "half padding", "input_size": 5, "kernel_size": 3, "padding": 1},
    {"label": "full padding", "input_size": 5, "kernel_size": 3, "padding": 2},
    {"label": "stride", "input_size": 5, "kernel_size": 3, "stride": 2},
    {"label": "padding and stride", "input_size": 5, "kernel_size": 3, "stride": 2, "padding": 1},
]


def draw_cases(
    cases: Sequence[dict[str, Any]] | None = None, *, transposed: bool = False
) -> Diagram:
    """Draw small moving pictures side by side: where the windows of each case stand.

    cases: one dict a picture, of input_size, kernel_size, stride, padding and dilation, each one
    int or (height, width), and of label, its name; without it, the six of Dumoulin and Visin's
    guide. transposed: draw the transpose of each, from the output back to the input.
    Source of the cases: https://arxiv.org/abs/1603.07285, chapters 2 and 4.
    Returns a Diagram. Raises TypeError or ValueError if a case cannot be.

    >>> print(draw_cases([dict(input_size=5, kernel_size=3, stride=2)]))
    1 convolution, case by case
    convolution, 5 × 5 → 2 × 2: kernel 3, stride 2, padding 0, dilation 1
    In each picture the output is above and the input below; dotted cells are padding.
    """
    parts = []
    for case in CASES if cases is None else cases:
        sizes: dict[str, Any] = {
            name: as_ints(name, n, 2) for name, n in case.items() if name != "label"
        }
        part = Case(sizes.pop("input_size"), transposed=transposed, **sizes)
        parts.append(replace(part, label=_(case.get("label", ""))))
    count = max((part.cycle for part in parts), default=1)
    windows = [list(itertools.product(*map(range, part.small))) for part in parts]
    steps = [
        Step({place: [cells[step % len(cells)]] for place, cells in enumerate(windows)})
        for step in range(count)
    ]
    one, many = _("{n} convolution, case by case"), _("{n} convolutions, case by case")
    caption = _(
        "In each picture the output is above and the input below; dotted cells are padding."
    )
    if transposed:
        one = _("{n} transposed convolution, case by case")
        many = _("{n} transposed convolutions, case by case")
        caption = _(
            "In each picture the output is above and the input below; "
            "dotted cells are cropped away."
        )
    title = (one if len(parts) == 1 else many).format(n=len(parts))
    return draw(*parts, title=title, caption=caption, steps=steps)
