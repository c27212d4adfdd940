"""Diagrams of windows, stamps and matrices: SVG that follows the page, light or dark.

A picture is a row of grids and signs (`draw`); the functions above it put the rows together that
the chapters need: `draw_corr2d`, `draw_trans_conv`, `draw_twins`, `draw_stamps`, `draw_matrix`.

Colors are tints over whatever background there is and text is `currentColor`, so no theme has to
be known. What a color says, a word, a digit or an outline says as well:

    input       blue        zeros put in   dotted outline, grey digit
    kernel      orange      not used       diagonal hatching
    output      green       marked         thick vermilion outline
"""

import itertools
import re
from dataclasses import dataclass, field, replace
from html import escape

import drawsvg as dw
import torch

from .arguments import as_ints, check_tensor
from .moves import corr2d, crop2d, dilate2d, pad2d, subsample2d, trans_conv
from .sizes import output_padding_for

COLORS = {"input": "#0072B2", "kernel": "#E69F00", "output": "#009E73", "marked": "#D55E00"}
CELL = 36  # side of a cell, in units of the picture: CSS pixels, unless it has to shrink
WIDTH = 560  # a row of grids wider than this is broken, so that digits stay legible on a phone
GAP = 14  # between a grid and a sign
TEXT = {"text_anchor": "middle", "dominant_baseline": "central", "fill": "currentColor"}
SECONDS = 1.5  # for each step of an animation

# One keyframe for each number of steps: step i is visible during the i-th part of the cycle.
STYLE = """
.conv-diagram{{margin:1.5rem 0;text-align:center}}
.conv-diagram svg{{max-width:100%;height:auto;font-family:inherit;
font-variant-numeric:tabular-nums}}
.conv-diagram figcaption{{margin-top:.25rem}}
.conv-pause{{display:none}}
@media screen and (prefers-reduced-motion:no-preference){{
.conv-pause{{display:table;margin:0 auto;cursor:pointer}}
.conv-steps-{n} .conv-step{{visibility:hidden;animation:conv-steps-{n} {cycle}s step-end infinite;
animation-delay:calc(var(--step)*{seconds}s)}}
.conv-diagram:has(.conv-pause :checked) .conv-step{{animation-play-state:paused}}
}}
@keyframes conv-steps-{n}{{0%{{visibility:visible}}{part}%{{visibility:hidden}}}}
"""


def number(value):
    """Write a number as the pictures do: no needless zeros, at most two decimals, a real minus.

    >>> number(3.0), number(-0.5), number(1 / 3)
    ('3', '−0.5', '0.33')
    """
    text = f"{round(float(value), 2):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def size(values):
    """Write the shape of a tensor.

    >>> size(torch.ones(3, 4))
    '3 × 4'
    """
    return " × ".join(str(n) for n in values.shape)


@dataclass
class Grid:
    """A matrix as a grid of cells with a number in each.

    values: (h, w). role: "input", "kernel" or "output", which fixes the color. label: words above
    the grid. zeros, unused, blank: masks (h, w) of the cells that are zeros put in, that are not
    used (cropped, never reached), and that hold nothing. marked: the cells (row, column) with a
    thick outline. cell: the side of a cell.
    """

    values: torch.Tensor
    role: str = "input"
    label: str = ""
    zeros: torch.Tensor | None = None
    unused: torch.Tensor | None = None
    blank: torch.Tensor | None = None
    marked: list = field(default_factory=list)
    cell: int = CELL

    def __post_init__(self):
        """Check the values, which come from the reader."""
        check_tensor(self.label or "values", self.values, "h", "w")

    @property
    def width(self):
        """Width in units of the picture, label included."""
        return max(self.values.shape[1] * self.cell, 9 * len(self.label))

    @property
    def height(self):
        """Height in units of the picture, label included."""
        return self.values.shape[0] * self.cell + (40 if self.label else 0)

    def corner(self, x, y):
        """Return where the first cell stands if the grid with its label stands at (x, y)."""
        return x + (self.width - self.values.shape[1] * self.cell) / 2, y + (
            40 if self.label else 0
        )

    def is_in(self, mask, i, j):
        """Tell whether cell (i, j) is in a mask that may be None."""
        return mask is not None and bool(mask[i, j])

    def draw(self, x, y, digits=True):
        """Return the drawing with its upper left corner at (x, y)."""
        group = self._draw_label(x, y)
        left, top = self.corner(x, y)
        # One path for all cells of a kind keeps the picture light.
        stroke, side = {"stroke": COLORS[self.role]}, self.cell
        filled = dw.Path(fill=COLORS[self.role], fill_opacity=0.18, **stroke)
        dotted = dw.Path(fill="none", stroke_dasharray="2 3", **stroke)
        hatched = dw.Path(stroke="currentColor", stroke_opacity=0.4)
        h, w = self.values.shape
        for i, j in itertools.product(range(h), range(w)):
            x, y = left + j * side, top + i * side
            kind = (
                dotted if self.is_in(self.zeros, i, j) or self.is_in(self.blank, i, j) else filled
            )
            kind.M(x, y).h(side).v(side).h(-side).Z()
            if self.is_in(self.unused, i, j):
                for far in (side / 3, 2 * side / 3, side):
                    hatched.M(x, round(y + far, 1)).l(round(far, 1), -round(far, 1))
                for far in (side / 3, 2 * side / 3):
                    hatched.M(round(x + side - far, 1), y + side).l(round(far, 1), -round(far, 1))
        group.extend(path for path in (filled, dotted, hatched) if path.args.get("d"))
        if digits:
            group.append(self.digits(x=left, y=top, values=self.values))
        return group

    def _draw_label(self, x, y):
        group = dw.Group()
        if self.label:
            middle = x + self.width / 2
            group.append(_text(self.label, middle, y + 10, 15, font_weight="bold"))
            group.append(_text(size(self.values), middle, y + 28, 13))
        return group

    def digits(self, x, y, values):
        """Return the numbers of the cells, the first of which stands at (x, y)."""
        group = dw.Group(**TEXT)
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                if self.is_in(self.blank, i, j):
                    continue
                text = number(value)
                fits = min(0.48 * self.cell, 1.5 * self.cell / len(text))
                grey = self.is_in(self.zeros, i, j) or self.is_in(self.unused, i, j)
                place = {"x": x + (j + 0.5) * self.cell, "y": y + (i + 0.5) * self.cell}
                style = {"fill_opacity": 0.7} if grey else {}
                group.append(dw.Text(text, round(fits, 1), **place, **style))
        return group

    def marks(self, x, y, cells):
        """Return thick outlines around cells: one around all where they form a block."""
        group = dw.Group(fill="none", stroke=COLORS["marked"], stroke_width=3)
        if not cells:
            return group
        left, top = self.corner(x, y)
        rows, columns = zip(*cells)
        i, j = min(rows), min(columns)
        h, w = max(rows) - i + 1, max(columns) - j + 1
        blocks = [(i, j, h, w)] if len(set(cells)) == h * w else [(*c, 1, 1) for c in cells]
        for i, j, h, w in blocks:
            side = self.cell
            group.append(dw.Rectangle(left + j * side, top + i * side, w * side, h * side))
        return group

    def __str__(self):
        """Say the same in words: label, size and rows, marked numbers in brackets."""
        texts = [
            ["" if self.is_in(self.blank, i, j) else number(v) for j, v in enumerate(row)]
            for i, row in enumerate(self.values)
        ]
        for i, j in self.marked:
            texts[i][j] = f"[{texts[i][j]}]"
        width = max((len(t) for row in texts for t in row), default=0)
        rows = [" ".join(t.rjust(width) for t in row).rstrip() for row in texts]
        return "\n".join([f"{self.label or self.role} ({size(self.values)})", *rows])


@dataclass
class Step:
    """What one step of a picture adds: marked cells and digits, by grid, and a line of text.

    marked: a dict from the place of a grid among the parts to its cells (row, column). digits: a
    dict from such a place to the values (h, w) to write in the grid. text: the line below.
    """

    marked: dict = field(default_factory=dict)
    digits: dict = field(default_factory=dict)
    text: str = ""


class Diagram:
    """A picture that shows itself: in a page, in Colab, in a terminal.

    parts: grids and signs, in reading order. steps: what changes; the last one is what stands
    still in print and under reduced motion. title: what it is. caption: what to see in it.
    """

    def __init__(self, parts, steps, title, caption=""):
        """Keep the parts; `draw` is the way to make one."""
        self.parts, self.steps, self.title, self.caption = parts, steps, title, caption

    def _layout(self):
        """Return the places of the parts, and the width and height of the whole."""
        rows, widths = [[]], [0]
        for index, part in enumerate(self.parts):
            if part == "\n":
                rows[-1].append((part, 0))
                rows.append([])
                widths.append(0)
                continue
            width = part.width if isinstance(part, Grid) else 28 if "ᵀ" in part else 16
            sign_follows = isinstance(part, str) and index + 1 < len(self.parts)
            needed = width + (GAP + self.parts[index + 1].width if sign_follows else 0)
            follows_sign = index > 0 and isinstance(self.parts[index - 1], str)
            if rows[-1] and not follows_sign and widths[-1] + GAP + needed > WIDTH:
                rows.append([])
                widths.append(0)
            widths[-1] += (GAP if rows[-1] else 0) + width
            rows[-1].append((part, width))
        total = max(*widths, 200) + 4
        places, y = [], 2
        for row, row_width in zip(rows, widths):
            height = max((part.height for part, _ in row if isinstance(part, Grid)), default=CELL)
            x = (total - row_width) / 2
            for part, width in row:
                places.append((x, y + (height - part.height) / 2 if isinstance(part, Grid)
                               else y + 20 + height / 2))  # fmt: skip
                x += width + GAP
            y += height + GAP
        return places, total, y

    def svg(self):
        """Return the picture as an SVG element."""
        places, width, height = self._layout()
        lines = max((len(_wrapped(step.text, width)) for step in self.steps), default=0)
        height += 22 * lines
        n = len(self.steps)
        drawing = dw.Drawing(width, height, role="img", class_=f"conv-steps-{n}")
        drawing.append(_element("title", self.title))
        drawing.append(_element("desc", self._description()))
        digits_change = {index for step in self.steps for index in step.digits}
        for index, (part, (x, y)) in enumerate(zip(self.parts, places)):
            if isinstance(part, Grid):
                drawing.append(part.draw(x, y, digits=index not in digits_change))
                drawing.append(part.marks(x, y, part.marked))
            elif part != "\n":
                drawing.append(_text(part.removesuffix("ᵀ"), x + 8, y, 28))
                if part.endswith("ᵀ"):  # fonts draw the superscript in too many ways
                    drawing.append(_text("T", x + 21, y - 9, 14))
        for index, step in enumerate(self.steps):
            drawing.append(self._draw_step(step, index, places, width, height - 22 * lines))
        return drawing.as_svg(header="")

    def _draw_step(self, step, index, places, width, bottom):
        hidden = {"visibility": "hidden"} if index < len(self.steps) - 1 else {}
        moving = {"class_": "conv-step", "style": f"--step:{index}"} if len(self.steps) > 1 else {}
        group = dw.Group(**moving, **hidden)
        for part, values in step.digits.items():
            grid = self.parts[part]
            group.append(grid.digits(*grid.corner(*places[part]), values))
        for part, cells in step.marked.items():
            group.append(self.parts[part].marks(*places[part], cells))
        for k, line in enumerate(_wrapped(step.text, width)):
            group.append(_text(line, width / 2, bottom + 10 + 22 * k, 16))
        return group

    def _description(self):
        """Return the picture in words: the grids after the last step, the text of each step."""
        shown = []
        for index, part in enumerate(self.parts):
            if isinstance(part, Grid) and len(self.steps) == 1:
                part = replace(part, marked=part.marked + self.steps[0].marked.get(index, []))
            shown.append(str(part))
        return "\n".join([*shown, *(step.text for step in self.steps if step.text)])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "text/plain": str(self)}

    def html(self):
        """Return the picture as a figure with its caption, and a pause button if it moves."""
        n = len(self.steps)
        style = STYLE.format(n=n, cycle=n * SECONDS, seconds=SECONDS, part=round(100 / n, 3))
        if n == 1:
            style = style[: style.index(".conv-pause")]
            pause = ""
        else:
            pause = '<label class="conv-pause"><input type="checkbox"> Pause</label>'
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="conv-diagram"><style>{style.strip()}</style>\n'
            f"{self.svg()}\n{pause}{caption}</figure>"
        )

    def __str__(self):
        """Say what the picture shows, for a terminal and for readers of the bare notebook."""
        return "\n".join(filter(None, [self.title, self._description(), self.caption]))


def _text(text, x, y, size, **style):
    return dw.Text(text, size, x=round(x, 1), y=round(y, 1), **TEXT | style)


def _element(name, text):
    return dw.Raw(f"<{name}>{escape(text)}</{name}>")


def _wrapped(text, width):
    """Break a line before a plus or an equals sign, or after a comma, to fit `width` units."""
    lines, limit = [], int(width / 8.2)
    terms = text.replace(" + ", "\0+ ").replace(" = ", "\0= ")
    for term in re.sub(r"([,;]) (?!\d+\])", "\\1\0", terms).split("\0"):  # not inside [i, j]
        if lines and len(lines[-1]) + 1 + len(term) <= limit:
            lines[-1] += " " + term
        else:
            lines.append(term)
    return lines if text else []


def draw(*parts, title, caption="", steps=None):
    """Draw grids and signs side by side, broken into rows where a phone would need it.

    parts: `Grid` objects, and strings for the signs between them; a line break begins a new row.
    title, caption: what the picture is, and what to see in it. steps: `Step` objects; more than
    one make an animation.
    Returns a Diagram.

    >>> print(draw(Grid(torch.eye(2), label="I"), title="The identity"))
    The identity
    I (2 × 2)
    1 0
    0 1
    """
    return Diagram(parts, steps or [Step()], title, caption)


def _positions(values, at, name):
    """Return the cells (i, j) to show: the one asked for, or all in reading order."""
    h, w = values.shape
    if at is None:
        return [(i, j) for i in range(h) for j in range(w)]
    i, j = as_ints("at", at, 2, at_least=0)
    if i >= h or j >= w:
        raise ValueError(f"at={at!r} must be a cell of {name}, which has shape {(h, w)}")
    return [(i, j)]


def _product(a, b):
    """Write a product, with parentheses around a negative second factor."""
    return f"{number(a)}·{number(b)}" if b >= 0 else f"{number(a)}·({number(b)})"


def draw_corr2d(X, K, at=None, *, stride=1, padding=0, dilation=1):
    """Draw the window of a cross-correlation, with its arithmetic.

    X: (h, w). K: (kh, kw). at: the output cell (i, j) whose window is marked; without it the
    window moves over all of them. stride, padding, dilation: as for the moves.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> print(draw_corr2d(torch.arange(9).reshape(3, 3), K, at=(0, 0)))
    Cross-correlation
    input X (3 × 3)
    [0] [1]   2
    [3] [4]   5
      6   7   8
    ⋆
    kernel K (2 × 2)
    0 1
    2 3
    =
    output Y (2 × 2)
    [19]   25
      37   43
    0·0 + 1·1 + 3·2 + 4·3 = 19
    The window at output row 0, column 0.
    """
    padded, stretched = pad2d(X, padding), dilate2d(K, dilation)
    Y = subsample2d(corr2d(padded, stretched), stride)
    (sh, sw), (dh, dw_) = as_ints("stride", stride, 2), as_ints("dilation", dilation, 2)
    # An input cell is used if the adjoint of all ones reaches it.
    reached = trans_conv(
        dilate2d(torch.ones_like(Y), stride), dilate2d(torch.ones_like(K), dilation)
    )
    missing = [n - m for n, m in zip(padded.shape, reached.shape)]
    unused = pad2d(reached, [(0, n) for n in missing]) == 0
    zeros = pad2d(torch.ones_like(X), padding) == 0
    parts = [
        Grid(padded, "input", "input X", zeros=zeros, unused=unused),
        "⋆",
        Grid(stretched, "kernel", "kernel K", zeros=dilate2d(torch.ones_like(K), dilation) == 0),
        "=",
        Grid(Y, "output", "output Y"),
    ]
    steps = []
    for i, j in _positions(Y, at, "the output"):
        cells = {
            (a, b): (i * sh + a * dh, j * sw + b * dw_)
            for a in range(K.shape[0])
            for b in range(K.shape[1])
        }
        sum_ = " + ".join(_product(padded[cell], K[ab]) for ab, cell in cells.items())
        text = f"{sum_} = {number(Y[i, j])}"
        steps.append(Step({0: list(cells.values()), 4: [(i, j)]}, {}, text))
    if at is None:
        places = "1 place" if len(steps) == 1 else f"{len(steps)} places"
        caption = f"The window visits {places}, one for each number of the output."
    else:
        caption = f"The window at output row {at[0]}, column {at[1]}."
    return Diagram(parts, steps, "Cross-correlation", caption)


def draw_trans_conv(X, K, at=None, *, stride=1, padding=0, output_padding=0, dilation=1):
    """Draw how a transposed convolution stamps the kernel on the output.

    X: (h, w). K: (kh, kw). at: the input cell (i, j) whose stamp is marked; without it the
    stamps are put down one after the other. stride, padding, output_padding, dilation: as for
    `F.conv_transpose2d`; what padding cuts off is drawn hatched, what no stamp reaches dotted.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> print(draw_trans_conv(K, K, at=(1, 0)))
    Transposed convolution
    input X (2 × 2)
      0   1
    [2]   3
    ⋆ᵀ
    kernel K (2 × 2)
    0 1
    2 3
    =
    output Y (3 × 3)
       0    0    1
     [0]  [4]    6
     [4] [12]    9
    X[1, 0] = 2 adds 2·0, 2·1, 2·2, 2·3
    The stamp of input row 1, column 0.
    """
    stretched = dilate2d(K, dilation)
    more = [(0, n) for n in as_ints("output_padding", output_padding, 2, at_least=0)]
    (sh, sw), (dh, dw_) = as_ints("stride", stride, 2), as_ints("dilation", dilation, 2)
    full = pad2d(trans_conv(dilate2d(X, stride), stretched), more)
    kept = crop2d(torch.ones_like(full), padding)
    reached = trans_conv(
        dilate2d(torch.ones_like(X), stride), dilate2d(torch.ones_like(K), dilation)
    )
    zeros = pad2d(reached, more) == 0
    label = "output Y" if kept.shape == full.shape else f"output Y, {size(kept)} kept"
    parts = [
        Grid(X, "input", "input X"),
        "⋆ᵀ",
        Grid(stretched, "kernel", "kernel K", zeros=dilate2d(torch.ones_like(K), dilation) == 0),
        "=",
        Grid(full, "output", label, zeros=zeros, unused=pad2d(kept, padding) == 0),
    ]
    steps, total = [], torch.zeros_like(full)
    for i, j in _positions(X, at, "the input"):
        cells = []
        for a in range(K.shape[0]):
            for b in range(K.shape[1]):
                cell = (i * sh + a * dh, j * sw + b * dw_)
                total[cell] += X[i, j] * K[a, b]
                cells.append(cell)
        products = ", ".join(_product(X[i, j], k) for k in K.flatten())
        text = f"X[{i}, {j}] = {number(X[i, j])} adds {products}"
        digits = {4: total.clone()} if at is None else {}
        steps.append(Step({0: [(i, j)], 4: cells}, digits, text))
    if at is None:
        caption = f"{len(steps)} stamps, one for each number of the input, add up to the output."
    else:
        caption = f"The stamp of input row {at[0]}, column {at[1]}."
    return Diagram(parts, steps, "Transposed convolution", caption)


def draw_twins(X, K, at=None, *, stride=1, padding=0, dilation=1):
    """Draw a cross-correlation and its transpose side by side, step by step in parallel.

    X: (h, w). K: (kh, kw). at: the cell (i, j) of X ⋆ K whose window and stamp are marked;
    without it both move over all cells. stride, padding, dilation: as for the moves.
    The transposed convolution takes the output of the correlation and returns to the shape of X.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> print(draw_twins(torch.arange(6).reshape(2, 3), K, at=(0, 1)))
    Cross-correlation and its transpose
    input X (2 × 3)
      0 [1] [2]
      3 [4] [5]
    →
    output Y (1 × 2)
      19 [25]
    |
    input Y (1 × 2)
      19 [25]
    →
    output Z (2 × 3)
        0  [19]  [25]
       38 [107]  [75]
    Y[0, 1] gathers from X; Y[0, 1] scatters to Z
    A window is gathered into one number; that number stamps on the same cells.
    """
    same = {"stride": stride, "padding": padding, "dilation": dilation}
    gather = draw_corr2d(X, K, at, **same)
    Y = gather.parts[4].values
    more = output_padding_for(tuple(Y.shape), tuple(X.shape), tuple(K.shape), **same)
    scatter = draw_trans_conv(Y, K, at, output_padding=more, **same)
    Z = scatter.parts[4]
    Z = replace(Z, label=Z.label.replace("output Y,", "Z,").replace("Y", "Z"))
    left = [gather.parts[0], "→", gather.parts[4]]
    right = [replace(scatter.parts[0], label="input Y"), "→", Z]
    for cell in range(CELL, CELL - 8, -1):  # a little smaller, if that keeps them side by side
        grids = [replace(grid, cell=cell) for grid in left[::2] + right[::2]]
        if sum(grid.width for grid in grids) + 3 * 16 + 6 * GAP <= WIDTH:
            parts = [grids[0], "→", grids[1], "|", grids[2], "→", grids[3]]
            break
    else:
        parts = [*left, "\n", *right]
    steps = []
    for left, right, (i, j) in zip(gather.steps, scatter.steps, _positions(Y, at, "the output")):
        marked = {0: left.marked[0], 2: left.marked[4]}
        marked |= {4: right.marked[0], 6: right.marked[4]}
        digits = {6: right.digits[4]} if right.digits else {}
        text = f"Y[{i}, {j}] gathers from X; Y[{i}, {j}] scatters to Z"
        steps.append(Step(marked, digits, text))
    caption = "A window is gathered into one number; that number stamps on the same cells."
    return Diagram(parts, steps, "Cross-correlation and its transpose", caption)


def draw_stamps(X, K, *, stride=1):
    """Draw a transposed convolution as the sum of its stamps, side by side.

    X: (h, w). K: (kh, kw). stride: one int or (height, width).
    Returns a Diagram. Raises TypeError or ValueError as the moves do.

    >>> print(draw_stamps(torch.tensor([[1, 2]]), torch.tensor([[1, 3]])))
    Transposed convolution as a sum of stamps
    1 · K (1 × 3)
    1 3
    +
    2 · K (1 × 3)
      2 6
    =
    output Y (1 × 3)
    1 5 6
    Each number of the input puts down the kernel, scaled by it; overlaps add.
    """
    Y = trans_conv(dilate2d(X, stride), K)
    parts = []
    for i, j in _positions(X, None, "the input"):
        one = torch.zeros_like(X)
        one[i, j] = 1
        here = trans_conv(dilate2d(one, stride), torch.ones_like(K))
        stamp = trans_conv(dilate2d(one * X, stride), K)
        parts += [Grid(stamp, "output", f"{number(X[i, j])} · K", blank=here == 0), "+"]
    parts[-1] = "="
    parts.append(Grid(Y, "output", "output Y"))
    caption = "Each number of the input puts down the kernel, scaled by it; overlaps add."
    return draw(*parts, title="Transposed convolution as a sum of stamps", caption=caption)


@dataclass
class Spy(Grid):
    """A matrix too large for digits: a filled cell for each number that is not zero.

    Arguments: as for `Grid`; only values, role, label, marked and cell are drawn.

    >>> print(Spy(torch.eye(3), label="I"))
    I (3 × 3), 3 of 9 numbers are not zero
    """

    def draw(self, x, y, digits=True):
        """Return the drawing with its upper left corner at (x, y)."""
        group = self._draw_label(x, y)
        left, top = self.corner(x, y)
        color, side, (h, w) = COLORS[self.role], self.cell, self.values.shape
        group.append(
            dw.Rectangle(left, top, w * side, h * side, fill=color, fill_opacity=0.08, stroke=color)
        )
        cells = dw.Path(fill=color)
        for i, j in torch.nonzero(self.values).tolist():
            cells.M(left + j * side, top + i * side).h(side).v(side).h(-side).Z()
        group.append(cells)
        return group

    def __str__(self):
        """Say the same in words: label, size and how many numbers are not zero."""
        filled = int(torch.count_nonzero(self.values))
        label = f"{self.label or self.role} ({size(self.values)})"
        return f"{label}, {filled} of {self.values.numel()} numbers are not zero"


def draw_matrix(W, label="matrix W", marked_row=None):
    """Draw a matrix, its zeros pale, one row marked if asked for.

    W: (rows, columns), dense or sparse; one of more than 28 columns is drawn without digits, as
    a `Spy`. label: words above it. marked_row: the row to mark, or None.
    Returns a Diagram. Raises TypeError or ValueError if W is no such tensor.

    >>> print(draw_matrix(torch.eye(2), "identity", marked_row=0))
    identity, 2 × 2
    identity (2 × 2)
    [1] [0]
      0   1
    """
    check_tensor("W", W, "rows", "columns")
    W = W.to_dense()
    cells = [] if marked_row is None else [(marked_row, j) for j in range(W.shape[1])]
    side = min(CELL, max(WIDTH // max(W.shape[1], 1), 1))
    if side >= 20:
        return draw(
            Grid(W, "kernel", label, zeros=W == 0, marked=cells, cell=side),
            title=f"{label}, {size(W)}",
        )
    spy = Spy(W, "kernel", label, marked=cells, cell=side)
    return draw(spy, title=f"{label}, {size(W)}", caption=f"{spy}.")
