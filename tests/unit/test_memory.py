"""Memory is bounded: at most twice what torch takes, and 32 MB, by the peak of fresh processes."""

import subprocess
import sys

import pytest

LAYERS = {
    "a long kernel": ("conv2d", (1, 2, 1, 100_000), (2, 2, 1, 1024), {}),
    "a long kernel, transposed": ("conv_transpose1d", (1, 1, 50_000), (1, 1, 1001), {"stride": 2}),
    "dilated, transposed": ("conv_transpose1d", (1, 2, 50_000), (2, 2, 501), {"dilation": 3}),
    "half precision": ("conv2d", (8, 16, 256, 256), (16, 16, 3, 3), {"padding": 1}),
}
# ru_maxrss of a child begins at its parent's; VmHWM is its own.
SCRIPT = """
import re, sys, torch, torch.nn.functional as F
import convbook as cb
torch.set_num_threads(1)
who, name, shape, weight, kwargs = eval(sys.argv[1])
dtype = torch.bfloat16 if weight[0] == 16 else torch.float32
X, K = torch.ones(shape, dtype=dtype), torch.ones(weight, dtype=dtype)
status = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
getattr(who == "ours" and cb or F, name)(X[..., :weight[-1] * 4], K, **kwargs)  # libraries load
before = status()
getattr(who == "ours" and cb or F, name)(X, K, **kwargs)
print(status() - before)
"""


def peak(*call):
    """Return the MB that a call adds to the peak of a process that has made a small one."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, repr(call)], capture_output=True, text=True, check=True
    )
    return int(run.stdout) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
@pytest.mark.parametrize("layer", LAYERS)
def test_at_most_twice_torch_s_memory(layer):
    torch_s, ours = peak("torch", *LAYERS[layer]), peak("ours", *LAYERS[layer])
    assert ours <= 2 * torch_s + 32, f"{ours:.0f} MB, torch {torch_s:.0f} MB"
