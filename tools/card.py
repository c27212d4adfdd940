"""Draw the picture that a link to the book shows: a window and its transpose.

    python tools/card.py

writes _ext/static/card.png. Run it when the title of the book changes.
"""

from functools import partial
from io import BytesIO
from pathlib import Path

import matplotlib.style
import numpy as np
import torch
import yaml
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convbook import corr2d, trans_conv

ROOT = Path(__file__).resolve().parent.parent
CARD = ROOT / "_ext" / "static" / "card.png"
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#495057"
WIDTH, HEIGHT, GAP, SIDE = 19.355, 10.161, 2.15, 1.452  # in cells of 62 pixels


def draw():
    """Return the card: a matrix, a kernel and their correlation; and the way back."""
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    X, K = torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2)
    Y = corr2d(X, K)
    figure = Figure(figsize=(12, 6.3), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.set_axis_off()
    write = partial(axes.text, ha="center", va="center", color=GREY)
    write(WIDTH / 2, 1.53, title, fontsize=42, color="#212529")
    write(WIDTH / 2, 9.19, "A book that runs, in Python and PyTorch", fontsize=24)
    left, middle = SIDE, HEIGHT / 2
    for A, color, marked, name, sign in [
        (X, BLUE, 2, "input", "∗"),
        (K, ORANGE, 2, "kernel", "="),
        (Y, GREEN, 1, "output", "→"),
        (trans_conv(Y, K), BLUE, 2, "and back: the transpose", ""),
    ]:
        rows, columns = A.shape
        top = middle - rows / 2
        for (i, j), number in np.ndenumerate(A):
            face = (color, 0.25) if max(i, j) < marked else "white"
            axes.add_patch(Rectangle((left + j, top + i), 1, 1, fc=face, ec=GREY, lw=1.2))
            write(left + j + 0.5, top + i + 0.5, f"{number:g}", fontsize=19, color="#212529")
        axes.add_patch(Rectangle((left, top), marked, marked, fill=False, ec=color, lw=5))
        write(left + columns / 2, middle + 2.016, name, fontsize=18)
        left += columns + GAP
        write(left - GAP / 2, middle, sign, fontsize=32)
    return figure


def png():
    """Return the card as the bytes of a PNG, whatever style the caller has set."""
    with matplotlib.style.context("default"), BytesIO() as file:
        draw().savefig(file, metadata={"Software": None}, pil_kwargs={"optimize": True})
        return file.getvalue()


if __name__ == "__main__":
    CARD.write_bytes(png())
