"""Draw the picture that a link to the book shows: a window and its transpose.

    python tools/card.py

writes _ext/static/card.png. Run it when the title of the book changes.
"""

from io import BytesIO
from pathlib import Path

import matplotlib.style
import torch
import yaml
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convbook import corr2d, trans_conv

ROOT = Path(__file__).resolve().parent.parent
CARD = ROOT / "_ext" / "static" / "card.png"
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#495057"
CELL = 62


def draw_matrix(axes, A, left, top, color, marked):
    """Draw a matrix, its upper left corner of `marked` rows and columns filled with `color`."""
    for (i, j), number in zip(torch.cartesian_prod(*map(torch.arange, A.shape)), A.flatten()):
        inside = i < marked and j < marked
        corner = (left + CELL * int(j), top + CELL * int(i))
        face = (color, 0.25) if inside else "white"
        axes.add_patch(Rectangle(corner, CELL, CELL, facecolor=face, edgecolor=GREY, lw=1.2))
        x, y = corner[0] + CELL / 2, corner[1] + CELL / 2
        axes.text(x, y, f"{number:g}", ha="center", va="center", fontsize=19, color="#212529")
    outline = Rectangle((left, top), CELL * marked, CELL * marked, fill=False, ec=color, lw=5)
    axes.add_patch(outline)


def draw():
    """Return the card: a matrix, a kernel and their correlation; and the way back."""
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    X, K = torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2)
    Y = corr2d(X, K)
    figure = Figure(figsize=(12, 6.3), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(630, 0))
    axes.set_axis_off()
    axes.text(600, 95, title, ha="center", va="center", fontsize=42, color="#212529")
    words = "A book that runs, in Python and PyTorch"
    axes.text(600, 570, words, ha="center", va="center", fontsize=24, color=GREY)

    matrices = [
        (X, BLUE, 2, "input"),
        (K, ORANGE, 2, "kernel"),
        (Y, GREEN, 1, "output"),
        (trans_conv(Y, K), BLUE, 2, "and back: the transpose"),
    ]
    gap = (1200 - 2 * 90 - CELL * sum(A.shape[1] for A, *_ in matrices)) / (len(matrices) - 1)
    left, middle = 90, 315
    for (A, color, marked, name), sign in zip(matrices, ["∗", "=", "→", ""]):
        draw_matrix(axes, A, left, middle - CELL * A.shape[0] / 2, color, marked)
        center = left + CELL * A.shape[1] / 2
        axes.text(center, middle + 125, name, ha="center", va="center", fontsize=18, color=GREY)
        left += CELL * A.shape[1] + gap
        axes.text(left - gap / 2, middle, sign, ha="center", va="center", fontsize=32, color=GREY)
    return figure


def png():
    """Return the card as the bytes of a PNG, whatever style the caller has set."""
    with matplotlib.style.context("default"), BytesIO() as file:
        draw().savefig(file, metadata={"Software": None}, pil_kwargs={"optimize": True})
        return file.getvalue()


if __name__ == "__main__":
    CARD.write_bytes(png())
