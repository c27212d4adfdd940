"""Diagrams of windows, stamps, matrices and layers: SVG that follows the page, light or dark.

A picture is a row of grids and signs (`draw`). Functions put the rows together that the chapters
need: of one operation (`operations.py`) and of the places of a layer or a stack (`layers.py`).

Colors are tints over whatever background there is and text is `currentColor`, so no theme has to
be known: each line is at least three times as light or as dark as its own tint, on white and on
near black. What a color says, a word, a digit or an outline says as well:

    input       blue        zeros put in   dotted outline, grey digit
    kernel      orange      not used       diagonal hatching
    output      green       marked         thick vermilion outline

Each grid is an SVG of its own, at most as wide as a phone, with the sign that follows it. The
page puts them side by side where there is room and else below one another, so one picture serves
a desktop, a phone, paper and GitHub's preview, nothing is sent twice, and no row begins with a
sign.

A picture of several steps shows the last one where there are no scripts. With them `steps.js`
adds ‹ play ›, and plays it while it is in view. A page stops all pictures at once, and lets them
go on, by the attribute `data-motion="none"` of its `html` element.
"""

from .figure import Diagram, Step, draw
from .grid import COLORS, Grid, Spy, number, size
from .layers import Case, Dots, Wires, draw_cases, draw_connections, draw_stack
from .operations import (
    draw_corr2d,
    draw_gather,
    draw_matrix,
    draw_phases,
    draw_product,
    draw_stamps,
    draw_symbols,
    draw_tied,
    draw_trans_conv,
    draw_twins,
)

__all__ = [
    "COLORS",
    "Case",
    "Diagram",
    "Dots",
    "Grid",
    "Spy",
    "Step",
    "Wires",
    "draw",
    "draw_cases",
    "draw_connections",
    "draw_corr2d",
    "draw_gather",
    "draw_matrix",
    "draw_phases",
    "draw_product",
    "draw_stack",
    "draw_stamps",
    "draw_symbols",
    "draw_tied",
    "draw_trans_conv",
    "draw_twins",
    "number",
    "size",
]
