"""Run a chapter with ten seeds: which printed lines change, and what stands in them?

    python benchmarks/seeds.py NAME [COUNT]

Every `manual_seed(0)` of the chapter becomes another number: weights, batches and splits differ.
Figures are not drawn, and the exercises are left out.
"""

import contextlib
import io
import sys
from pathlib import Path

import jupytext

ROOT = Path(__file__).resolve().parent.parent


def printed(cells, seed):
    """Run the cells in a namespace of their own; return the lines that they print."""
    namespace, output = {"__name__": "chapter"}, io.StringIO()
    with contextlib.redirect_stdout(output):
        for source in cells:
            exec(source.replace("manual_seed(0)", f"manual_seed({seed})"), namespace)
    return output.getvalue().splitlines()


def main(name, count=10):
    """Print each line that is not the same for all seeds."""
    cells = []
    for cell in jupytext.read(ROOT / "chapters" / f"{name}.md").cells:
        if cell.cell_type == "markdown" and "## Exercises" in cell.source:
            break
        if cell.cell_type == "code" and not any(
            word in cell.source for word in ("show_figure(\n", "find_spec(", "show_timings(")
        ):
            cells.append(cell.source)
    runs = [printed(cells, seed) for seed in range(int(count))]
    for lines in zip(*runs):
        if len(set(lines)) > 1:
            print("\n".join(lines), end="\n\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
