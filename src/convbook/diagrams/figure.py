"""A picture of parts and steps as a figure: SVG and HTML for a page, words for a terminal."""

import functools
import hashlib
import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

from ..words import _, lang, width_of
from .grid import COLORS, PHONE, Part, element, words

GAP = 14  # between a grid and a sign
EDGE = 2  # around a grid: half of a mark
WIDTH = 720  # of the widest row
SCALE = 0.9  # a grid is never drawn smaller than this; one wider than a phone scrolls

STYLE = """
.conv-diagram{margin:1.5rem 0;text-align:center}
.conv-diagram figcaption{margin-top:.25rem}
.conv-row{display:flex;flex-wrap:wrap;justify-content:center;align-items:flex-start;
gap:14px;max-width:720px;margin:0 auto 14px}
.conv-row svg{flex:none;max-width:100%;height:auto;overflow:visible;
font-variant-numeric:tabular-nums}
.conv-wide{overflow-x:auto}
.conv-wide .conv-row{justify-content:safe center}
.conv-text{display:grid;font-size:1rem;line-height:1.4}
.conv-text p{grid-area:1/1;margin:0}
.conv-text [hidden]{display:block;visibility:hidden}
.conv-buttons{display:flex;justify-content:center;align-items:center;gap:.25rem;margin:.25rem 0}
.conv-buttons button{min-width:2.25rem;min-height:2.25rem;padding:0 .6rem;font:inherit;
line-height:1;color:inherit;background:none;border:1px solid #7f7f7f;border-radius:.25rem;
cursor:pointer}
.conv-buttons [aria-hidden]{min-width:4em;font-variant-numeric:tabular-nums}
.conv-status{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (forced-colors:active){.conv-marks{stroke:Highlight}}
@media print{
.conv-buttons{display:none}
.conv-diagram [data-step]{visibility:hidden!important}
.conv-diagram .conv-last{visibility:visible!important}
}
"""


def script() -> str:
    """Return the script that plays the steps: the same for every picture.

    Comments and indentation are left out, as a page or a notebook may carry it several times.

    >>> script().startswith("(() => {")
    True
    """
    texts = {
        "back": _("Previous step: {title}"),
        "next": _("Next step: {title}"),
        "play": _("Play"),
        "pause": _("Pause"),
        "place": _("{step} of {count}"),
        "step": _("Step {step} of {count}. {line}"),
    }
    return _code().replace("TEXT = {}", f"TEXT = {json.dumps(texts, ensure_ascii=False)}")


@functools.cache
def _code():
    code = Path(__file__).with_name("steps.js").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/\s*|\s*// [^\n]*$|^\s+", "", code, flags=re.DOTALL | re.MULTILINE)


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
    still in print and without scripts. title: what it is. caption: what to see in it.
    """

    def __init__(self, parts, steps, title, caption=""):
        """Keep the parts; `draw` is the way to make one."""
        self.parts, self.steps, self.title, self.caption = parts, steps, title, caption

    def rows(self):
        """Return the rows: lists of a part, its place among the parts, and the sign after it.

        A sign at the beginning of a row moves to the end of the one before it.
        """
        rows = [[]]
        for place, part in enumerate(self.parts):
            if part == "\n":
                rows.append([])
            elif isinstance(part, Part):
                if written := self._written(part, place):
                    longest = (width_of(t) for rows_ in written for row in rows_ for t in row)
                    part = replace(part, longest=max(longest, default=0))
                rows[-1].append([part, place, ""])
            elif filled := [row for row in rows if row]:
                filled[-1][-1][2] += part
            else:
                raise ValueError(f"parts begin with {part!r}; they must begin with a grid")
        return [row for row in rows if row]

    def width(self):
        """Return the width of the widest row, where there is room for it."""
        rows = [[_width(part, sign) for part, _, sign in row] for row in self.rows()]
        return max(sum(row) + GAP * (len(row) - 1) for row in rows)

    def body(self):
        """Return the rows of SVG, labeled with the title."""
        rows, wide = [], None
        for row in self.rows():
            top = max(part.top for part, *_ in row)
            middle = top + min(part.inside[1] for part, *_ in row) / 2
            svgs = [self._svg(*item, top, middle) for item in row]
            if any(float(svg.get("width")) > PHONE / SCALE for svg in svgs):
                wide = "0"
            rows.append(element("div", None, *svgs, class_="conv-row"))
        return element(
            "div", None, *rows,
            class_="conv-wide" if wide else None, role="group", aria_label=self.title,
            tabindex=wide,
        )  # fmt: skip

    def _svg(self, part, place, sign, top, middle):
        """Return one part and the sign after it, which stands `middle` below the top."""
        width, height = _width(part, sign), top + part.inside[1] + 2 * EDGE
        svg = element(
            "svg", None, role="img", width=width, height=height,
            viewBox=f"{-EDGE} {-EDGE} {width:g} {height:g}",
            style=f"min-width:{SCALE * width:.0f}px" if width > PHONE / SCALE else None,
        )  # fmt: skip
        title = _(", ").join(filter(None, [part.name(), sign]))
        marked = self.steps[0].marked.get(place, []) if len(self.steps) == 1 else []
        svg.append(element("title", title))
        svg.append(element("desc", part.description(marked)))
        svg.extend(part.heading())
        x = (part.width - part.inside[0]) / 2
        svg.extend(node for node in part.body(x, top) if node is not None)
        digits = self._changing(part, place, x, top) or part.digits(x, top)
        if digits:
            size = {"font_size": part.em, "fill": "currentColor", "text_anchor": "middle"}
            svg.append(element("g", None, *digits, **size, dominant_baseline="central"))
        if marks := self._marks(part, place, x, top):
            style = {"fill": "none", "stroke": COLORS["marked"], "stroke_width": 3}
            svg.append(element("g", None, *marks, class_="conv-marks", **style))
        if sign:
            x = (part.width + GAP + width) / 2 - EDGE
            plain = sign.removesuffix("ᵀ")
            svg.append(words(plain, x - 4 * (plain != sign), middle, 28))
            if plain != sign:  # fonts draw the superscript in too many ways
                svg.append(words("T", x + 9, middle - 9, 14))
        return svg

    def _during(self, start, end, cycle=None):
        """Return the attributes of what is shown from step `start` until before step `end`.

        cycle: after how many steps it is shown again, or None.
        """
        n = len(self.steps)
        cycle = cycle or n
        if (start, end) == (0, cycle):
            return {}
        last = start <= (n - 1) % cycle < end
        return {
            "data_step": f"{start} {end}",
            "data_of": str(cycle) if cycle < n else None,
            **({"class_": "conv-last"} if last else {"visibility": "hidden"}),
        }

    def _written(self, part, place):
        """Return what each step writes in the cells of a part, or nothing if it stays as it is."""
        if not any(place in step.digits for step in self.steps):
            return []
        h, w = part.values.shape
        written = []
        for step in self.steps:
            rows = replace(part, values=step.digits[place]).texts() if place in step.digits else []
            rows = [row + [""] * (w - len(row)) for row in rows]
            written.append(rows + [[""] * w] * (h - len(rows)))
        return written

    def _changing(self, part, place, x, y):
        """Return the digits that the steps write, each for as long as it stands."""
        written = self._written(part, place)
        nodes = []
        for i, j in part.cells() if written else ():
            texts = [rows[i][j] for rows in written]
            for text, start, end in _runs(texts):
                if text:
                    nodes.append(part.digit(x, y, i, j, text, **self._during(start, end)))
        return nodes

    def _marks(self, part, place, x, y):
        """Return the outlines: those of the part itself, and those of the steps."""
        steps = self.steps[: part.cycle]
        paths = [part.marks(x, y, step.marked.get(place, [])) for step in steps]
        nodes = [
            element("path", d=d, **self._during(i, j, part.cycle)) for d, i, j in _runs(paths) if d
        ]
        if own := part.marks(x, y, part.marked):
            nodes.insert(0, element("path", d=own))
        return nodes

    def _lines(self):
        """Return the line of text below, one for each step, or nothing."""
        texts = [step.text for step in self.steps]
        if not any(texts):
            return None
        lines = []
        for place, text in enumerate(texts):
            during = self._during(place, place + 1)
            hidden = "" if during.pop("visibility", None) else None
            lines.append(element("p", _bound(text), **during, hidden=hidden))
        return element("div", None, *lines, class_="conv-text")

    def svg(self):
        """Return the picture alone, without its steps, as text."""
        return _html(self.body())

    def html(self):
        """Return the picture as a figure with its caption, and its script if it has steps."""
        inside = [self.body(), self._lines()]
        n = len(self.steps)
        if n > 1:
            attributes = {"data_steps": str(n), "data_title": self.title}
            inside = [element("conv-steps", None, *inside, **attributes)]
        named = {"aria_label": self.title}
        if self.caption:
            text = "".join(_html(part) for part in inside if part is not None) + self.caption
            name = f"conv-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
            named = {"aria_labelledby": name}
            inside.append(element("figcaption", self.caption, id=name))
        style = element("style", STYLE.strip())
        figure = element(
            "figure", None, style, *inside, class_="conv-diagram", lang=lang(), **named
        )
        return _html(figure) + (f"\n<script>{script()}</script>" if n > 1 else "")

    def _description(self):
        """Return the picture in words: the grids after the last step, the text of each step."""
        shown = []
        for index, part in enumerate(self.parts):
            marked = self.steps[0].marked.get(index, []) if len(self.steps) == 1 else []
            shown.append(part.plain(marked) if isinstance(part, Part) else part.strip())
        return "\n".join([*shown, *(step.text for step in self.steps if step.text)])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "text/plain": str(self)}

    def __str__(self):
        """Say what the picture shows, for a terminal and for readers of the bare notebook."""
        return "\n".join(filter(None, [self.title, self._description(), self.caption]))


def _width(part, sign):
    """Return the width of a part with its edge and the sign after it."""
    sign = GAP + (26 if "ᵀ" in sign else 18 * len(sign)) if sign else 0
    return part.width + sign + 2 * EDGE


def _html(node):
    return ElementTree.tostring(node, encoding="unicode", method="html")


def _runs(values):
    """Yield each value with the steps from which and until before which it stays the same.

    >>> list(_runs("aab"))
    [('a', 0, 2), ('b', 2, 3)]
    """
    start = 0
    for value, run in itertools.groupby(values):
        end = start + len(list(run))
        yield value, start, end
        start = end


def _bound(text):
    """Bind signs to what stands before them, and indices together, so that no line begins so."""
    text = re.sub(r" (?=[-+=·→×−]\s)", "\u00a0", text)
    return re.sub(r", (?=[\d, ]+\])", ",\u00a0", text)


def draw(
    *parts: Part | str, title: str, caption: str = "", steps: Sequence[Step] | None = None
) -> Diagram:
    """Draw grids and signs side by side where there is room, and else below one another.

    parts: `Grid` objects, and strings for the signs between them; a line break begins a new row.
    title, caption: what the picture is, and what to see in it. steps: `Step` objects; more than
    one make an animation.
    Returns a Diagram.

    >>> import torch
    >>> from convbook.diagrams import Grid
    >>> print(draw(Grid(torch.eye(2), label="I"), title="The identity"))
    The identity
    I (2 × 2)
    1 0
    0 1
    """
    return Diagram(parts, steps or [Step()], title, caption)
