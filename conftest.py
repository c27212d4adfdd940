"""Settings that every test and every kernel it starts should see."""

import gc
import os
import re
from pathlib import Path

# One thread: the order of a floating sum must not depend on the machine.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
# What a kernel sets, before matplotlib is imported anywhere.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

pytest_plugins = ["cell_report", "forked_kernels"]


def pytest_collection_modifyitems(items):
    """Begin with the site: one worker builds it, the other does meanwhile what needs no site.

    The notebooks come last, the longest first, so that both workers are busy to the end.
    """
    measured = (Path(__file__).parent / "reference" / "seconds.csv").read_text("utf-8")
    seconds = dict(re.findall(r'/(\S+\.ipynb)\)"?,([\d.]+)', measured))

    def place(item):
        file = item.nodeid.partition("::")[0]
        long = float(seconds.get(file.removeprefix("zh/"), 0))
        return file != "tests/site/test_links.py", file.endswith(".ipynb"), -long

    items.sort(key=place)


def pytest_collection_finish():
    """What is there now stays: the garbage collector need not look at it time and again."""
    gc.collect()
    gc.freeze()
