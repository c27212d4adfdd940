"""Other people's code that the book compares itself with.

`d2l` is the package of Dive into Deep Learning. Its module imports torchvision, which its metadata
does not declare, which has no build for every torch and which `corr2d` does not need: where
torchvision is missing or does not load, a placeholder stands in while d2l is imported.
"""

import sys
from types import ModuleType


def _import_d2l() -> ModuleType:
    """Return `d2l.torch`, with or without torchvision."""
    names = ["torchvision", "torchvision.transforms"]
    try:
        import torchvision  # noqa: F401
    except Exception:  # a build for another torch raises RuntimeError or OSError
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules.update({name: ModuleType(name) for name in names})
        placeholder = True
    else:
        placeholder = False
    try:
        from d2l import torch as d2l
    finally:
        if placeholder:  # nobody else shall take it for the real one
            for name in names:
                sys.modules.pop(name, None)
    return d2l


d2l = _import_d2l()
