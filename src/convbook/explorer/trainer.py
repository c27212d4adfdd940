"""`practice(...)`: the trainer as a notebook's output.

`conv-trainer.js` is the trainer, and `exercises.js` makes what it asks. A reader without scripts
gets ten of these exercises, which are stored in `fixed.json`; tests hold them to the code and to
torch.
"""

import html
import json
import re
from pathlib import Path
from typing import Any

from ..arguments import as_int
from ..words import _, lang_attribute
from .bundle import script
from .state import WORDS

_FOLDER = Path(__file__).parent
TEXT, FIXED = (
    json.loads((_FOLDER / name).read_text(encoding="utf-8"))
    for name in ("trainer.json", "fixed.json")
)
KINDS = tuple(TEXT["kinds"])


class Trainer:
    """What `practice` returns: a notebook shows it as the trainer, a terminal as text."""

    def __init__(self, **attributes: Any) -> None:
        """Keep the attributes of the element, by name."""
        self._attributes = {name: value for name, value in attributes.items() if value is not None}
        kind = attributes["kind"]
        self._fixed = [one for one in FIXED if kind in (None, one["exercise"]["kind"])]

    def __repr__(self) -> str:
        """Ask the stored exercises as text, and give the answers at the end."""
        lines = []
        for number, one in enumerate(self._fixed, 1):
            lines += [f"{number}. {_question(one).replace('`', '')}", *_given(one)]
        answers = [f"{i}. {one['exercise']['answer']}" for i, one in enumerate(self._fixed, 1)]
        return "\n".join([*lines, _("{name}:").format(name=_("answers")), *answers])

    def _repr_html_(self) -> str:
        attributes = "".join(
            f' {name}="{html.escape(str(value))}"' for name, value in self._attributes.items()
        )
        attributes += ' data-lm-suppress-shortcuts="true"'  # JupyterLab leaves the keys to us
        return (
            f"<conv-trainer{lang_attribute()}{attributes}>{self._paper()}</conv-trainer>\n"
            f"<script>{script()}</script>"
        )

    def _paper(self):
        """Return the stored exercises, each with a folded answer."""
        items = []
        for one in self._fixed:
            question = re.sub(r"`(.*?)`", r"<code>\1</code>", html.escape(_question(one)))
            given = "\n".join(_given(one))
            items.append(
                f"<li><p>{question}</p>{f'<pre>{given}</pre>' if given else ''}"
                f"<details><summary>{_(TEXT['answer'])}</summary>"
                f"<p>{'<br>'.join(_answer(one))}</p></details></li>"
            )
        return f"<ol>{''.join(items)}</ol>"


def _question(one):
    """Return the sentence of a stored exercise, with code in backticks."""
    return _(TEXT["ask"][one["exercise"]["kind"]]).format(**one["asked"])


def _given(one):
    """Return the lines of the grids, or of the layers, of a stored exercise."""
    lines = list(one["asked"].get("layers", []))
    for letter, name in (("X", "input"), ("K", "kernel")):
        rows = [[f"{value}".replace("-", "−") for value in row]
                for row in one["exercise"].get(name, [])]  # fmt: skip
        width = max((len(text) for row in rows for text in row), default=0)
        for start, row in zip([f"{letter} = ", *["    "] * len(rows)], rows):
            lines.append(start + " ".join(text.rjust(width) for text in row))
    return lines


def _answer(one):
    """Return the lines of the answer to a stored exercise, worked out where that is short."""
    kind, worked = one["exercise"]["kind"], one["worked"]
    numbers = [
        text.replace("-", "−") for text in re.findall(r"-?\d+", str(one["exercise"]["answer"]))
    ]
    if not worked:
        return [", ".join(numbers)]
    sums = [f"{steps} = {number}" for steps, number in zip(worked, numbers)]
    if kind not in ("size", "output_padding"):
        return sums
    text = _("{name}: {description}")
    return [text.format(name=_(name), description=one) for name, one in zip(WORDS["axes"], sums)]


def practice(
    kind: str | None = None,
    level: int | None = None,
    seed: int | None = None,
    *,
    chapters: str | None = None,
) -> Trainer:
    """Ask small exercises without end, and mark each number at once, with its arithmetic.

    kind: "size" of an output, "fill" in the output, "output_padding" for a wanted size, "row" of
    the matrix, "shape" of the weight, or receptive "field"; None begins where the reader was.
    level: 1, 2 or 3. seed: a whole number below 2³², which gives the same exercise everywhere; None
    draws one. chapters: the address of the chapters, if links to them are to be shown.
    Returns an object that a notebook shows.
    Raises TypeError or ValueError for another kind, level or seed.

    >>> print(practice("shape"))
    1. What is the shape of nn.Conv2d(12, 20, kernel_size=4, groups=4).weight?
    answers:
    1. [20, 3, 4, 4]
    """
    if kind is not None and not (isinstance(kind, str) and kind in KINDS):
        raise ValueError(f"kind={kind!r} must be one of {', '.join(KINDS)}")
    if level is not None and (level := as_int("level", level)) not in (1, 2, 3):
        raise ValueError(f"level={level} must be 1, 2 or 3")
    if seed is not None and not 0 <= (seed := as_int("seed", seed)) < 2**32:
        raise ValueError(f"seed={seed} must be a whole number from 0 to 2**32 - 1")
    return Trainer(kind=kind, level=level, seed=seed, chapters=chapters)
