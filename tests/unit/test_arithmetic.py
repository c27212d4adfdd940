"""The arithmetic that explorer and trainer share, run by node, against torch."""

import functools
import random

import nodejs
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convbook import kernel2matrix

node = functools.partial(nodejs.node, "arithmetic.js")
# The rows of the matrix W: the weights in each output; or its columns, those of each input.
LINES = """
    const lines = (layer, side) => A.build(side === "output"
        ? [layer.out_channels, ...A.sizesOf(layer)] : [layer.in_channels, ...layer.input_size],
      (...at) => A.weightsAt(layer, K, side, at).flat(2)).flat(2);
"""
PAIRED = ["input_size", "kernel_size", "stride", "padding", "dilation", "output_padding"]


def layers(count, seed):
    """Return valid layers with channels, groups and sizes that differ along the axes, X and K."""
    rng = random.Random(seed)
    found = []
    while len(found) < count:
        groups = rng.choice([1, 1, 2, 3])
        layer = {
            "mode": rng.choice(["conv", "transposed"]),
            "input_size": [rng.randint(1, 7), rng.randint(1, 7)],
            "kernel_size": [rng.randint(1, 4), rng.randint(1, 4)],
            "stride": [rng.randint(1, 3), rng.randint(1, 3)],
            "padding": [rng.randint(0, 3), rng.randint(0, 3)],
            "dilation": [rng.randint(1, 3), rng.randint(1, 3)],
            "output_padding": [0, 0],
            "in_channels": groups * rng.randint(1, 2),
            "out_channels": groups * rng.randint(1, 2),
            "groups": groups,
        }
        if layer["mode"] == "transposed":
            layer["output_padding"] = [
                rng.randrange(max(s, d)) for s, d in zip(layer["stride"], layer["dilation"])
            ]
        X, K = (torch.randint(-9, 10, shape).double() for shape in shapes(layer))
        try:
            by_torch(layer, X, K)
        except RuntimeError:
            continue
        found.append({"layer": layer, "X": X.tolist(), "K": K.tolist()})
    return found


def shapes(layer):
    channels = layer["in_channels"], layer["out_channels"]
    first, second = channels if layer["mode"] == "transposed" else channels[::-1]
    return (
        (channels[0], *layer["input_size"]),
        (first, second // layer["groups"], *layer["kernel_size"]),
    )


def by_torch(layer, X, K):
    options = {name: layer[name] for name in ("stride", "padding", "dilation", "groups")}
    if layer["mode"] == "conv":
        return F.conv2d(X[None], K, **options)[0]
    extra = layer["output_padding"]
    return F.conv_transpose2d(X[None], K, output_padding=extra, **options)[0]


def test_sizes_weights_and_outputs_are_those_of_torch():
    cases = layers(600, seed=0)
    function = (
        "({layer, X, K}) => [A.sizesOf(layer), A.weightShape(layer), A.convolve(layer, X, K)]"
    )
    for case, (size, weight, Y) in zip(cases, node(function, cases), strict=True):
        layer, X, K = case["layer"], torch.tensor(case["X"]), torch.tensor(case["K"])
        expected = by_torch(layer, X, K)
        assert expected.tolist() == Y, layer
        assert size == list(expected.shape[1:]), layer
        module = nn.Conv2d if layer["mode"] == "conv" else nn.ConvTranspose2d
        names = ("in_channels", "out_channels", "kernel_size", "groups")
        assert weight == list(module(**{name: layer[name] for name in names}).weight.shape)


def test_windows_and_stamps_are_the_gradients_of_torch():
    """An output's window holds the weights that it has for each input, and a stamp the same."""
    cases = layers(60, seed=1)
    rng = random.Random(1)
    for case in cases:
        Y = by_torch(case["layer"], torch.tensor(case["X"]), torch.tensor(case["K"]))
        case["at"] = [rng.randrange(n) for n in Y.shape]
        case["from"] = [rng.randrange(n) for n in torch.tensor(case["X"]).shape]
    function = "({layer, at, from}) => [A.windowOf(layer, at), A.stampOf(layer, from)]"
    for case, (window, stamp) in zip(cases, node(function, cases), strict=True):
        layer = case["layer"]
        X, K = (torch.tensor(case[name], requires_grad=True) for name in ("X", "K"))
        Y = by_torch(layer, X, K)
        seen = torch.zeros(X.shape, dtype=X.dtype)
        for one in window:
            assert one["output"] == case["at"]
            if all(0 <= i < n for i, n in zip(one["input"], X.shape)):
                seen[tuple(one["input"])] += K[tuple(one["kernel"])].item()
        (expected,) = torch.autograd.grad(Y[tuple(case["at"])], X, retain_graph=True)
        assert torch.equal(seen, expected), layer
        one_hot = torch.zeros_like(X)
        one_hot[tuple(case["from"])] = 1
        seen = torch.zeros_like(Y)
        for one in stamp:
            assert one["input"] == case["from"]
            if all(0 <= i < n for i, n in zip(one["output"], Y.shape)):
                seen[tuple(one["output"])] += K[tuple(one["kernel"])].item()
        assert torch.equal(seen, by_torch(layer, one_hot, K)), layer


def test_rows_of_the_matrix():
    """Of a convolution W, and of its twin the transpose of it."""
    cases = [case for case in layers(120, seed=2) if case["layer"]["mode"] == "conv"][:40]
    body = """
        const input_size = A.sizesOf(layer), twin = { ...layer, mode: "transposed", input_size,
          in_channels: layer.out_channels, out_channels: layer.in_channels };
        twin.output_padding = [0, 1].map((axis) =>
          A.outputPaddingFor(A.axisOf(twin, axis), layer.input_size[axis]));
        return [lines(layer, "output"), lines(layer, "input"), lines(twin, "output"),
          lines(twin, "input"), A.sizesOf(twin)];
    }"""
    found = node("({layer, K}) => {" + LINES + body, cases)
    for case, (*matrices, size) in zip(cases, found, strict=True):
        layer, X, K = case["layer"], torch.tensor(case["X"]), torch.tensor(case["K"])
        W, columns, Wt, twin_columns = (torch.tensor(one).float() for one in matrices)
        assert torch.equal(W @ X.flatten(), by_torch(layer, X, K).flatten()), layer
        assert torch.equal(Wt, W.T) and size == layer["input_size"], layer
        assert torch.equal(columns, W.T) and torch.equal(twin_columns, W), layer


def test_the_matrix_is_that_of_the_book():
    case = {"layer": layers(1, seed=3)[0]["layer"], "K": [[[[1, 2], [3, 4]]]]}
    case["layer"] |= {"mode": "conv", "groups": 1, "in_channels": 1, "out_channels": 1}
    case["layer"] |= {name: [1, 1] for name in ("stride", "dilation")}
    case["layer"] |= {"input_size": [3, 4], "kernel_size": [2, 2], "padding": [0, 0]}
    [W] = node("({layer, K}) => {" + LINES + "return lines(layer, 'output'); }", [case])
    assert kernel2matrix(torch.tensor(case["K"][0][0]), (3, 4)).tolist() == W


@pytest.mark.parametrize(
    "stack", [[], [[3, 1, 1]], [[3, 2, 1], [3, 1, 2]], [[7, 2, 1], [2, 2, 1], [3, 1, 4], [1, 3, 2]]]
)
def test_receptive_field_is_that_of_the_gradient(stack):
    """The inputs from the first to the last one that an output far from the border depends on."""
    x = torch.zeros(1, 1, 400, requires_grad=True)
    y = x
    for kernel, stride, dilation in stack:
        y = F.conv1d(y, torch.ones(1, 1, kernel), stride=stride, dilation=dilation)
    y[0, 0, 3].backward()
    touched = x.grad[0, 0].nonzero()
    [field] = node("A.receptiveField", [stack])
    assert field == touched.max() - touched.min() + 1


@pytest.mark.parametrize("mode", ["conv", "transposed"])
def test_the_solver_finds_all_and_nothing_else(mode):
    axis = {"mode": mode, "input_size": 7, "kernel_size": 3, "stride": 1, "padding": 0}
    axis |= {"dilation": 2, "output_padding": 0}
    wanted = 4 if mode == "conv" else 28
    [found] = node(f"(s) => A.solve(s, {wanted})", [axis])
    convolution = F.conv1d if mode == "conv" else F.conv_transpose1d
    expected = []
    for k in range(1, 9):
        for s in range(1, 7):
            for p in range(min(10, 2 * (k - 1) + 1)):
                for extra in [0] if mode == "conv" else range(max(s, 2)):
                    options = {"stride": s, "padding": p, "dilation": 2}
                    options |= {"output_padding": extra} if extra else {}
                    try:
                        y = convolution(torch.ones(1, 1, 7), torch.ones(1, 1, k), **options)
                    except RuntimeError:
                        continue
                    if y.shape[-1] == wanted:
                        expected.append((k, s, p, extra))
    names = ("kernel_size", "stride", "padding", "output_padding")
    assert [tuple(one[name] for name in names) for one in found] == expected
    assert len(expected) > 10
