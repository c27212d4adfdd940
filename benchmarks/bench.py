"""Time convbook against torch.nn.functional and Dive into Deep Learning, side by side.

    python benchmarks/bench.py [--threads 2] [--rounds 15] [--clock cpu] [--json FILE]

Both sides of every ratio run in turns in one process, so that whatever else the machine does
hits both alike. Printed are the median of the rounds' ratios and their quartiles; a ratio of 2
means twice as long as torch. Memory is what one call allocates at most beyond its arguments.
"""

import argparse
import contextlib
import json
import math
import os
import platform
import statistics
import time
from functools import partial

os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # the profiler is to measure memory in silence

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

import convbook as cb

# Layers of real networks, for one image: input, weight, parameters.
CONVOLUTIONS = {
    "ResNet's first: 7×7 s2": ((1, 3, 224, 224), (64, 3, 7, 7), {"stride": 2, "padding": 3}),
    "VGG's conv3_1: 3×3": ((1, 128, 56, 56), (256, 128, 3, 3), {"padding": 1}),
    "DeepLab: 3×3 d2": ((1, 512, 33, 33), (512, 512, 3, 3), {"padding": 2, "dilation": 2}),
    "MobileNet: depthwise 3×3": ((1, 128, 56, 56), (128, 1, 3, 3), {"padding": 1, "groups": 128}),
    "ResNet: 1×1": ((1, 256, 56, 56), (64, 256, 1, 1), {}),
}
TRANSPOSED = {
    "DCGAN: 4×4 s2 p1": ((1, 256, 16, 16), (256, 128, 4, 4), {"stride": 2, "padding": 1}),
    "U-Net: 2×2 s2": ((1, 128, 56, 56), (128, 64, 2, 2), {"stride": 2}),
    "FCN: 64×64 s32": ((1, 21, 16, 16), (21, 21, 64, 64), {"stride": 32, "padding": 16}),
    "3×3 s1": ((1, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
}


CLOCK = {"wall": time.perf_counter, "cpu": time.process_time}
clock = CLOCK["wall"]


def seconds(call):
    begin = clock()
    call()
    return clock() - begin


def ratios(call, reference, rounds):
    """Return the quartiles of call's time over reference's, in turns, and reference's median."""
    call(), reference()  # warm up
    pairs, begin = [], time.perf_counter()
    while len(pairs) < 3 or (len(pairs) < rounds and time.perf_counter() - begin < 20):
        pairs.append((seconds(call), seconds(reference)))
    low, middle, high = statistics.quantiles([mine / its for mine, its in pairs], n=4)
    return (low, middle, high), statistics.median(its for _, its in pairs)


@contextlib.contextmanager
def without_stderr():
    """Close the error output of C++: torch's profiler logs there that it starts and stops."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def peak_memory(call):
    """Return how many bytes `call` holds at once at most, from torch's record of allocations."""
    call()
    with (
        without_stderr(),
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record,
    ):
        call()
    held = peak = 0
    for event in record.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak


def by_torch_unfold(X, K, stride=1, padding=0, dilation=1, groups=1):
    """Convolve by torch's own im2col and a matrix product: the measure for memory."""
    columns = F.unfold(X, K.shape[2:], dilation, padding, stride).unflatten(1, (groups, -1))
    return K.flatten(1).unflatten(0, (groups, -1)) @ columns


def row(kind, layer, name, spread, reference, memory, reference_memory):
    low, middle, high = spread
    return {
        "kind": kind,
        "layer": layer,
        "what": name,
        "ratio": round(middle, 2),
        "quartiles": [round(low, 2), round(high, 2)],
        "torch_ms": round(reference * 1e3, 2),
        "peak_mb": round(memory / 1e6, 1),
        "reference_peak_mb": round(reference_memory / 1e6, 1),
    }


def compare(kind, layers, functions, reference, memory_reference, rounds):
    """Yield one row for each layer and function, after making sure of equal results."""
    for layer, (input_shape, weight_shape, kwargs) in layers.items():
        X, K = torch.randn(input_shape), torch.randn(weight_shape)
        theirs = partial(reference, X, K, **kwargs)
        limit = peak_memory(partial(memory_reference, X, K, **kwargs))
        for name, function in functions.items():
            if name == "zero insertion" and kwargs.get("stride", 1) > 8:
                continue  # stride² times the work, nearly all of it by zeros: minutes
            call = partial(function, X, K, **kwargs)
            torch.testing.assert_close(call(), theirs(), rtol=1e-3, atol=1e-3)
            spread, torch_time = ratios(call, theirs, rounds)
            yield row(kind, layer, name, spread, torch_time, peak_memory(call), limit)


def compare_with_d2l(rounds):
    """Return how many times faster than the loops of D2L, on 256×256 by 3×3."""
    from convbook.d2l import d2l

    X, K = torch.randn(256, 256), torch.randn(3, 3)
    call = partial(cb.conv2d, X[None], K[None, None])
    torch.testing.assert_close(call()[0], d2l.corr2d(X, K))
    spread, _ = ratios(partial(d2l.corr2d, X, K), call, rounds)
    return {"median": round(spread[1]), "quartiles": [round(spread[0]), round(spread[2])]}


def table(rows):
    """Return the rows as a Markdown table."""
    lines = [
        "| layer | what | time / torch | quartiles | torch, ms | peak, MB | reference peak, MB |",
        "|---|---|---:|:---:|---:|---:|---:|",
    ]
    for r in rows:
        low, high = r["quartiles"]
        lines.append(
            f"| {r['layer']} | {r['what']} | {r['ratio']:.2f} | {low:.2f}–{high:.2f} "
            f"| {r['torch_ms']:.2f} | {r['peak_mb']:.1f} | {r['reference_peak_mb']:.1f} |"
        )
    return "\n".join(lines)


def geometric_mean(rows):
    return math.exp(statistics.fmean(math.log(r["ratio"]) for r in rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--clock", choices=CLOCK, default="wall", help="cpu: for busy machines")
    parser.add_argument("--json", help="also write the numbers to this file")
    arguments = parser.parse_args()
    global clock
    clock = CLOCK[arguments.clock]
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    rounds = arguments.rounds

    conv = list(
        compare("conv", CONVOLUTIONS, {"conv2d": cb.conv2d}, F.conv2d, by_torch_unfold, rounds)
    )
    algorithms = {
        "conv_transpose2d": cb.conv_transpose2d,
        "overlap-add": cb.conv_transpose2d_overlap_add,
        "zero insertion": cb.conv_transpose2d_zero_insertion,
        "sub-kernels": cb.conv_transpose2d_sub_kernels,
    }
    reference = F.conv_transpose2d
    transposed = list(compare("transposed", TRANSPOSED, algorithms, reference, reference, rounds))
    ours = [r for r in transposed if r["what"] == "conv_transpose2d"]
    results = {
        "machine": {
            "cores": os.cpu_count(),
            "threads": arguments.threads,
            "clock": arguments.clock,
        },
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "rounds": rounds,
        "rows": conv + transposed,
        "geometric_mean": {
            "conv2d": round(geometric_mean(conv), 2),
            "conv_transpose2d": round(geometric_mean(ours), 2),
        },
        "times_faster_than_d2l_corr2d": compare_with_d2l(rounds),
    }

    threads = f"{arguments.threads} threads, {arguments.clock} clock"
    print(f"torch {torch.__version__}, {os.cpu_count()} cores, {threads}")
    print("\nConvolutions (reference for memory: torch's unfold and a matrix product)\n")
    print(table(conv))
    print("\nTransposed convolutions (reference for memory: torch)\n")
    print(table(transposed))
    print(f"\nGeometric means, times torch: {results['geometric_mean']}")
    print(f"Times faster than d2l.corr2d: {results['times_faster_than_d2l_corr2d']}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()
