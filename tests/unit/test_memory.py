"""Memory is bounded: at most twice what torch takes, and 32 MB, by the peak of a process each."""

import json
import subprocess
import sys

import pytest

LAYERS = {
    "a long kernel": ("conv2d", (1, 2, 1, 100_000), (2, 2, 1, 1024), {}),
    "a long kernel, transposed": ("conv_transpose1d", (1, 1, 50_000), (1, 1, 1001), {"stride": 2}),
    "dilated, transposed": ("conv_transpose1d", (1, 2, 50_000), (2, 2, 501), {"dilation": 3}),
    "half precision": ("conv2d", (8, 16, 256, 256), (16, 16, 3, 3), {"padding": 1}),
}
# One fork for each call: torch is imported once. ru_maxrss of a child begins at its parent's; VmHWM
# is its own.
SCRIPT = """
import json, os, re, sys, torch, torch.nn.functional as F
import convbook as cb
torch.set_num_threads(1)
status = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
for name, shape, weight, kwargs in json.loads(sys.argv[1]):
    for who in F, cb:
        if os.fork():
            assert os.wait()[1] == 0
            continue
        dtype = torch.bfloat16 if weight[0] == 16 else torch.float32
        X, K = torch.ones(shape, dtype=dtype), torch.ones(weight, dtype=dtype)
        getattr(who, name)(X[..., :weight[-1] * 4], K, **kwargs)  # libraries load
        before = status()
        getattr(who, name)(X, K, **kwargs)
        print(status() - before, flush=True)
        os._exit(0)
"""


@pytest.fixture(scope="module")
def peaks():
    """Return the MB that torch's and our calls add to the peak of a process with a small one."""
    command = [sys.executable, "-c", SCRIPT, json.dumps([*LAYERS.values()])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    added = [int(line) / 1024 for line in done.stdout.split()]
    return dict(zip(LAYERS, zip(added[::2], added[1::2]), strict=True))


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
@pytest.mark.parametrize("layer", LAYERS)
def test_at_most_twice_torch_s_memory(peaks, layer):
    torch_s, ours = peaks[layer]
    assert ours <= 2 * torch_s + 32, f"{ours:.0f} MB, torch {torch_s:.0f} MB"
