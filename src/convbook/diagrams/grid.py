"""What stands in a picture: matrices as grids of cells, with digits (`Grid`) or without (`Spy`)."""

import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

import torch
from torch import Tensor

from ..arguments import check_tensor
from ..words import _, rjust, width_of

# One color for both themes: lines are 3:1 against the page and against their own tint, on each.
COLORS = {"input": "#1A7FBB", "kernel": "#A86F00", "output": "#008A62", "marked": "#C95400"}
TINT = "0.18"
CELL = 36  # side of a cell, in CSS pixels
EM = 16  # size of a digit
DIGIT = 0.63  # width of a digit, in sizes: that of a wide font
SMALLEST = 12.3  # the smallest size of a digit: 11 px after the smallest scale, 0.9
PHONE = 340  # what fits on a phone
LABEL = 40  # height of a label with the size below it
# What the cells of `Grid.phases` are tinted with; a letter in each cell says the same.
PHASES = ["#C95400", "#1A7FBB", "#008A62", "#A86F00", "#AD5CA5", "#7A7A7A"]


def number(value: float | Tensor) -> str:
    """Write a number as the pictures do: no needless zeros, at most two decimals, a real minus.

    >>> number(3.0), number(-0.5), number(1 / 3)
    ('3', '−0.5', '0.33')
    """
    text = f"{round(float(value), 2):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def size(values: Tensor) -> str:
    """Write the shape of a tensor.

    >>> size(torch.ones(3, 4))
    '3 × 4'
    """
    return " × ".join(str(n) for n in values.shape)


def subscript(letter: str, *indices: int) -> str:
    """Write indices below a letter.

    >>> subscript("w", 0, 1)
    'w₀₁'
    """
    return letter + "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for i in indices for digit in str(i))


def element(
    name: str, text: str | None = None, *children: Any, **attributes: Any
) -> ElementTree.Element:
    """Return an element: numbers to a tenth, `text_anchor` as text-anchor, without what is None.

    >>> ElementTree.tostring(element("text", "a < b", x=1 / 3, font_size=16.0))
    b'<text x="0.3" font-size="16">a &lt; b</text>'
    """
    node = ElementTree.Element(
        name,
        {
            key.rstrip("_").replace("_", "-"): f"{round(value, 1):g}"
            if isinstance(value, (int, float))
            else value
            for key, value in attributes.items()
            if value is not None
        },
    )
    node.text = text
    node.extend(child for child in children if child is not None)
    return node


def words(text: str, x: float, y: float, size: float, **style: Any) -> ElementTree.Element:
    """Return text in a picture, centered at (x, y)."""
    style = {"text_anchor": "middle", "dominant_baseline": "central"} | style
    return element("text", text, x=x, y=y, font_size=size, fill="currentColor", **style)


def rectangle(x: float, y: float, w: float, h: float) -> str:
    """Return the path around a rectangle."""
    return "M{:g} {:g}h{:g}v{:g}h{:g}z".format(*(round(n, 1) for n in (x, y, w, h, -w)))


@dataclass
class Part:
    """What `draw` puts in a row: a label above, and below it what `body` draws.

    A subclass has `inside`, the width and height of what it draws; `body(x, y)`, the elements with
    their upper left corner at (x, y); `marks(cells)`, the path around cells; `rows()`, in words.
    """

    label = ""
    cycle = None  # after how many steps what it shows begins anew, if not after all

    @property
    def top(self):
        """Height of the label."""
        return LABEL if self.label else 0

    @property
    def width(self):
        """Width in CSS pixels, label included."""
        return max(self.inside[0], 9 * width_of(self.label))

    def heading(self):
        """Return the label and, below it, the size."""
        if not self.label:
            return []
        middle = self.width / 2
        label = words(self.label, middle, 10, 15, font_weight="bold")
        return [label, words(self.measure(), middle, 28, 13)]

    def measure(self):
        """Return the size, in words."""
        return size(self.values)

    def name(self):
        """Return label and size, in words."""
        return _(", ").join([self.label or _(self.role), self.measure()])


@dataclass
class Grid(Part):
    """A matrix as a grid of cells with a number in each.

    values: (h, w). role: "input", "kernel" or "output", which fixes the color. label: words above
    the grid. zeros, unused, blank: masks (h, w) of the cells that are zeros put in, that are not
    used (cropped, never reached), and that hold nothing. marked: the cells (row, column) with a
    thick outline. cell: the side of a cell, which grows where the longest number needs it.
    labels: what to write in place of the numbers, as rows of strings. phases: (h, w) whole
    numbers; cells with the same one have the same tint and letter (0 is a), those below 0 have
    none.
    Raises TypeError or ValueError if values is no tensor of two axes, or labels or phases have
    another shape.

    >>> print(Grid(torch.eye(2), "kernel", "W", labels=[["w₀", "0"], ["0", "w₀"]]))
    W (2 × 2)
    w₀  0
     0 w₀
    """

    values: torch.Tensor
    role: str = "input"
    label: str = ""
    zeros: torch.Tensor | None = None
    unused: torch.Tensor | None = None
    blank: torch.Tensor | None = None
    marked: list = field(default_factory=list)
    cell: int = CELL
    labels: list | None = None
    phases: torch.Tensor | None = None
    longest: int = 0  # characters that a cell must hold, if another step has longer numbers

    def __post_init__(self):
        """Check the values, which come from the reader."""
        check_tensor(self.label or "values", self.values, "h", "w")
        shape = tuple(self.values.shape)
        for name in ("labels", "phases"):
            given = getattr(self, name)
            if given is not None and (h_w := (len(given), *{len(row) for row in given})) != shape:
                raise ValueError(f"{name} has shape {h_w}; it must be that of values, {shape}")

    def texts(self):
        """Return what stands in the cells, as rows of strings."""
        return [
            [
                "" if self.is_in(self.blank, i, j)
                else self.labels[i][j] if self.labels is not None
                else number(value)
                for j, value in enumerate(row)
            ]
            for i, row in enumerate(self.values)
        ]  # fmt: skip

    def letter(self, i, j):
        """Return the letter of the phase of cell (i, j), or nothing."""
        phase = -1 if self.phases is None else int(self.phases[i][j])
        return chr(ord("a") + phase) if phase >= 0 else ""

    def lettered(self):
        """Return what stands in the cells, the letters of the phases included."""
        return [
            [text + self.letter(i, j) for j, text in enumerate(row)]
            for i, row in enumerate(self.texts())
        ]

    @cached_property
    def fit(self):
        """Size of all digits, and side of a cell: 12 px more than its longest number is wide.

        A grid too wide for a phone gets smaller cells and digits, as long as they can be read.
        """
        columns = max(self.values.shape[1], 1)
        letter = 0 if self.phases is None else 1  # beside the number
        longest = max(self.longest, 1, *(width_of(t) for row in self.texts() for t in row)) + letter
        needed = math.ceil(DIGIT * EM * longest + 12)
        side = self.cell if self.cell < CELL else max(self.cell, needed)
        side = min(side, PHONE // columns)
        em = min(EM, max(SMALLEST, (side - 12) / (DIGIT * longest)))
        return em, max(side, math.ceil(DIGIT * em * longest + 12))

    @property
    def em(self):
        """Size of all digits of the grid."""
        return self.fit[0]

    @property
    def side(self):
        """Side of a cell."""
        return self.fit[1]

    @property
    def inside(self):
        """Width and height of the cells."""
        h, w = self.values.shape
        return w * self.side, h * self.side

    def is_in(self, mask, i, j):
        """Tell whether cell (i, j) is in a mask that may be None."""
        return mask is not None and bool(mask[i, j])

    def cells(self):
        """Return all cells (row, column), in reading order."""
        return itertools.product(*map(range, self.values.shape))

    def body(self, x, y):
        """Return the cells, the first of them at (x, y): one path for all of a kind."""
        color, side = COLORS[self.role], self.side
        kinds = {}
        for i, j in self.cells():
            here = x + j * side, y + i * side
            put_in = self.is_in(self.zeros, i, j) or self.is_in(self.blank, i, j)
            phase = -1 if self.phases is None else int(self.phases[i][j])
            other = color if self.phases is None else "bare"
            kind = "dotted" if put_in else PHASES[phase % len(PHASES)] if phase >= 0 else other
            kinds.setdefault(kind, []).append(rectangle(*here, side, side))
            if self.is_in(self.unused, i, j):
                kinds.setdefault("hatched", []).extend(self._hatching(*here))
        styles = {
            "dotted": {"fill": "none", "stroke": color, "stroke_dasharray": "2 3"},
            "bare": {"fill": "none", "stroke": color},
            "hatched": {"stroke": "currentColor", "stroke_opacity": "0.4"},
        }
        return [
            element(
                "path",
                d="".join(kinds[kind]),
                **styles.get(kind, {"fill": kind, "fill_opacity": TINT, "stroke": kind}),
            )
            for kind in sorted(kinds, key="hatched".__eq__)
        ]

    def _hatching(self, x, y):
        n, third, two = (round(self.side * part / 3, 1) for part in (3, 1, 2))
        for far in (third, two, n):
            yield f"M{x:g} {y + far:g}l{far:g} {-far:g}"
        for far in (third, two):
            yield f"M{round(x + n - far, 1):g} {y + n:g}l{far:g} {-far:g}"

    def digit(self, x, y, i, j, text, **attributes):
        """Return the text of cell (i, j) if the first cell stands at (x, y)."""
        grey = self.is_in(self.zeros, i, j) or self.is_in(self.unused, i, j)
        x, y, letter = x + (j + 0.5) * self.side, y + (i + 0.5) * self.side, None
        if phase := self.letter(i, j):
            letter = element("tspan", phase, dx="2", dy="5", font_size=SMALLEST)
        opacity = "0.7" if grey else None
        return element("text", text, letter, x=x, y=y, fill_opacity=opacity, **attributes)

    def digits(self, x, y):
        """Return the numbers of all cells, the first of which stands at (x, y)."""
        return [
            self.digit(x, y, i, j, text)
            for i, row in enumerate(self.texts())
            for j, text in enumerate(row)
            if text
        ]

    def marks(self, x, y, cells):
        """Return a path around cells: one around all where they form a block."""
        if not cells:
            return ""
        rows, columns = zip(*cells)
        i, j = min(rows), min(columns)
        h, w = max(rows) - i + 1, max(columns) - j + 1
        blocks = [(i, j, h, w)] if len(set(cells)) == h * w else [(*c, 1, 1) for c in cells]
        n = self.side
        return "".join(rectangle(x + j * n, y + i * n, w * n, h * n) for i, j, h, w in blocks)

    def description(self, marked=()):
        """Return the numbers in words, row by row; an empty cell is a dash."""
        texts = self.lettered()
        for i, j in [*self.marked, *marked]:
            texts[i][j] = _("{number} marked").format(number=texts[i][j])
        rows = (", ".join(text or "–" for text in row) for row in texts)
        row = _("row {index}: {numbers}")
        return _("; ").join(row.format(index=i, numbers=text) for i, text in enumerate(rows))

    def plain(self, marked=()):
        """Return label, size and rows for a terminal, marked numbers in brackets."""
        texts = self.lettered()
        for i, j in [*self.marked, *marked]:
            texts[i][j] = f"[{texts[i][j]}]"
        width = max((width_of(t) for row in texts for t in row), default=0)
        rows = [" ".join(rjust(t, width) for t in row).rstrip() for row in texts]
        return "\n".join([self.named(), *rows])

    def named(self):
        """Return label and size, for a terminal."""
        label = self.label or _(self.role)
        return _("{label} ({size})").format(label=label, size=size(self.values))

    def __str__(self):
        """Say the same in words."""
        return self.plain()


@dataclass
class Spy(Grid):
    """A matrix too large for digits: a filled cell for each number that is not zero.

    Arguments: as for `Grid`; only values, role, label, marked and cell are drawn.

    >>> print(Spy(torch.eye(3), label="I"))
    I (3 × 3), 3 of 9 numbers are not zero
    """

    @property
    def fit(self):
        """Size of a digit, of which there are none, and side of a cell."""
        return EM, self.cell

    def body(self, x, y):
        """Return the frame and the filled cells, with the upper left corner at (x, y)."""
        color, n = COLORS[self.role], self.side
        cells = torch.nonzero(self.values).tolist()
        filled = "".join(rectangle(x + j * n, y + i * n, n, n) for i, j in cells)
        frame = rectangle(x, y, *self.inside)
        return [
            element("path", d=frame, fill=color, fill_opacity="0.08", stroke=color),
            element("path", d=filled, fill=color) if filled else None,
        ]

    def digits(self, x, y):
        """Return nothing: there is no room."""
        return []

    def description(self, marked=()):
        """Return how many numbers are not zero."""
        filled = int(torch.count_nonzero(self.values))
        text = _("{filled} of {all} numbers are not zero")
        return text.format(filled=filled, all=self.values.numel())

    def plain(self, marked=()):
        """Say the same in words: label, size and how many numbers are not zero."""
        return _(", ").join([self.named(), self.description()])
