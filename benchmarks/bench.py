"""Time convbook against torch.nn.functional and the bare matrix product, side by side.

    python benchmarks/bench.py [--threads 1] [--rounds 15] [--clock cpu] [--json FILE]

All that is compared runs in turns in one process, so that whatever else the machine does hits all
alike; printed are medians, and medians of the rounds' ratios: 2 means twice as long. The bare
product is the one that a layer contains, of matrices that are there already: no layer computed in
this way can be faster. Memory is what one call adds to the peak of a process of its own (Linux).
"""

import argparse
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F

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
ALGORITHMS = ("overlap_add", "zero_insertion", "sub_kernels")
CLOCK = {"wall": time.perf_counter, "cpu": time.process_time}


def calls(layer):
    """Return the functions to compare for a layer, by name, each with its arguments."""
    transposed = layer in TRANSPOSED
    size, kernel, kwargs = (TRANSPOSED if transposed else CONVOLUTIONS)[layer]
    torch.manual_seed(0)
    X, K = torch.randn(size), torch.randn(kernel)
    name, groups = "conv_transpose2d" if transposed else "conv2d", kwargs.get("groups", 1)
    rows = K.flatten(1).unflatten(0, (groups, -1))  # (groups, first axis/groups, the others)
    if transposed:
        rows, columns = rows.mT.contiguous(), X.flatten(2)
    else:
        sizes = {key: value for key, value in kwargs.items() if key != "groups"}
        columns = F.unfold(X, K.shape[2:], **sizes)
    columns = columns.unflatten(1, (groups, -1))  # (N, groups, …, pixels or windows)
    functions = {"torch": getattr(F, name), "ours": getattr(cb, name)}
    for algorithm in ALGORITHMS if transposed else ():
        if algorithm != "zero_insertion" or kwargs.get("stride", 1) <= 8:  # else it takes minutes
            functions[algorithm.replace("_", " ")] = getattr(cb, f"{name}_{algorithm}")
    compared = {who: partial(function, X, K, **kwargs) for who, function in functions.items()}
    return compared | {"product": partial(torch.matmul, rows, columns)}


def seconds(call, clock):
    begin = clock()
    call()
    return clock() - begin


def peak(layer, who, threads):
    """Return the MB that one call adds to the peak of a process that does nothing else."""
    if not Path("/proc/self/status").exists():
        return math.nan
    command = [sys.executable, __file__, "--threads", str(threads), "--peak", layer, who]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def high_water():
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def print_peak(layer, who):
    """Print what `peak` wants to know; a small call first loads what libraries load."""
    F.conv2d(torch.ones(1, 8, 9, 9), torch.ones(8, 8, 3, 3))
    torch.ones(9, 9) @ torch.ones(9, 9)
    call = calls(layer)[who]
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak begins anew
    before = high_water()
    call()
    print(high_water() - before)


def measure(layer, rounds, clock, threads):
    """Return a row of the table, after making sure of equal results."""
    compared = calls(layer)
    expected = compared["torch"]()
    for who, call in compared.items():
        if who != "product":
            torch.testing.assert_close(call(), expected, rtol=1e-3, atol=1e-3)
    times = {who: [] for who in compared}
    begin = time.perf_counter()
    while len(times["ours"]) < 3 or (
        len(times["ours"]) < rounds and time.perf_counter() - begin < 40
    ):
        for who, call in compared.items():
            times[who].append(seconds(call, clock))

    def ratio(who, to):
        return statistics.median(mine / its for mine, its in zip(times[who], times[to]))

    return {
        "layer": layer,
        "ms": {who: statistics.median(t) * 1e3 for who, t in times.items()},
        "to_torch": {who: ratio(who, "torch") for who in compared},
        "to_product": ratio("ours", "product"),
        "peak_mb": {who: peak(layer, who, threads) for who in ("torch", "ours", "product")},
    }


def times_faster_than_d2l(rounds, clock):
    """Return how many times faster than the loops of D2L, on 256×256 by 3×3."""
    from convbook.d2l import d2l

    X, K = torch.randn(256, 256), torch.randn(3, 3)
    call = partial(cb.conv2d, X[None], K[None, None])
    torch.testing.assert_close(call()[0], d2l.corr2d(X, K))
    ratios = [
        seconds(partial(d2l.corr2d, X, K), clock) / seconds(call, clock) for _ in range(rounds)
    ]
    return round(statistics.median(ratios))


def table(rows):
    """Return the rows as a Markdown table."""
    lines = [
        "| layer | torch, ms | ours, ms | product, ms | ours / torch | ours / product "
        "| peak MB: torch, ours, product |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        ms, mb = row["ms"], row["peak_mb"]
        lines.append(
            f"| {row['layer']} | {ms['torch']:.2f} | {ms['ours']:.2f} | {ms['product']:.2f} "
            f"| {row['to_torch']['ours']:.2f} | {row['to_product']:.2f} "
            f"| {mb['torch']:.0f}, {mb['ours']:.0f}, {mb['product']:.0f} |"
        )
    return "\n".join(lines)


def geometric_mean(rows):
    ratios = [(row["to_torch"]["ours"], row["to_product"]) for row in rows]
    return [round(statistics.geometric_mean(column), 2) for column in zip(*ratios)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--clock", choices=CLOCK, default="wall", help="cpu: for busy machines")
    parser.add_argument("--json", help="also write the numbers to this file")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.peak:
        return print_peak(*arguments.peak)
    clock, rounds = CLOCK[arguments.clock], arguments.rounds
    machine = f"{os.cpu_count()} cores, {arguments.threads} threads, {arguments.clock} clock"
    print(f"torch {torch.__version__}, Python {platform.python_version()}, {machine}")
    results = {}
    for kind, layers in {"Convolutions": CONVOLUTIONS, "Transposed": TRANSPOSED}.items():
        rows = [measure(layer, rounds, clock, arguments.threads) for layer in layers]
        to_torch, to_product = geometric_mean(rows)
        results[kind] = {"rows": rows, "to torch": to_torch, "to product": to_product}
        print(f"\n{kind}\n\n{table(rows)}")
        print(f"\nGeometric means: {to_torch} times torch, {to_product} times the product")
    print("\nThe three algorithms, times torch:")
    for row in results["Transposed"]["rows"]:
        shown = [f"{who} {r:.1f}" for who, r in row["to_torch"].items()]
        print(f"  {row['layer']}: {', '.join(shown[2:-1])}")
    print(f"\nTimes faster than d2l.corr2d: {times_faster_than_d2l(rounds, clock)}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
