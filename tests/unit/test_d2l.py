"""d2l can be imported with torchvision, without it, and with one that does not load."""

import subprocess
import sys

import pytest

USE = """
import sys
sys.path[:0] = {path!r}
from convbook.d2l import d2l
import torch
print(d2l.corr2d(torch.ones(3, 3), torch.ones(2, 2)).tolist(), "torchvision" in sys.modules)
"""
RESULT = "[[4.0, 4.0], [4.0, 4.0]]"


@pytest.mark.parametrize(
    "torchvision, kept",
    [
        ("raise ImportError('there is none')", False),
        ("raise RuntimeError('operator torchvision::nms does not exist')", False),
        ("import torchvision.transforms", True),
    ],
    ids=["missing", "broken", "working"],
)
def test_d2l_is_importable(torchvision, kept, tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "transforms.py").write_text("")
    (package / "__init__.py").write_text(torchvision)
    code = USE.format(path=[str(tmp_path)])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == f"{RESULT} {kept}", done.stderr
