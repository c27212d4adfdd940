"""Settings that every test and every kernel it starts should see."""

import os

# One thread: the order of a floating sum must not depend on the machine.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
# What a kernel sets, before matplotlib is imported anywhere.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

pytest_plugins = ["cell_report", "forked_kernels"]


def pytest_collection_modifyitems(items):
    """Begin with the site: one worker builds it, the other does meanwhile what needs no site."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/site/test_links.py"))
