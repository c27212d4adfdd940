"""d2l can be imported with torchvision, without it, and with one that does not load."""

import subprocess
import sys

# What only the three import is forgotten after each; the rest is imported once.
USE = """
import sys
import torch
for path in sys.argv[1:]:
    sys.path.insert(0, path)
    from convbook.d2l import d2l
    made = d2l.corr2d(torch.ones(3, 3), torch.ones(2, 2)).tolist()
    print(made, "torchvision" in sys.modules)
    sys.path.remove(path)
    for name in list(sys.modules):
        if name.split(".")[0] in ("d2l", "torchvision") or name == "convbook.d2l":
            del sys.modules[name]
"""
KINDS = {
    "missing": ("raise ImportError('there is none')", False),
    "broken": ("raise RuntimeError('operator torchvision::nms does not exist')", False),
    "working": ("import torchvision.transforms", True),
}


def test_d2l_is_importable(tmp_path):
    for kind, (torchvision, _) in KINDS.items():
        package = tmp_path / kind / "torchvision"
        package.mkdir(parents=True)
        (package / "transforms.py").write_text("")
        (package / "__init__.py").write_text(torchvision)
    command = [sys.executable, "-c", USE, *(tmp_path / kind for kind in KINDS)]
    done = subprocess.run(command, capture_output=True, text=True)
    expected = [f"[[4.0, 4.0], [4.0, 4.0]] {kept}" for _, kept in KINDS.values()]
    assert done.stdout.splitlines() == expected, done.stderr
