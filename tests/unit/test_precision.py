"""The numbers themselves: half precision, whole numbers, and numbers that are not finite."""

import math

import pytest
import torch
import torch.nn.functional as F
from oracle import assert_same, fill

import convbook as cb

KINDS = ("conv", "conv_transpose")

HALF = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_definitions_round_half_precision_once(dtype):
    """At 64·64, one more is less than half of what the next number is away."""
    row = torch.tensor([[64.0] + [1.0] * 64], dtype=dtype)
    right = torch.tensor(64.0 * 64 + 64, dtype=dtype)
    assert cb.corr2d(row, row).dtype == dtype
    assert cb.corr2d(row, row) == right
    assert cb.trans_conv(row, row.flip(1)).max() == right
    channels = row.reshape(65, 1, 1)
    assert cb.corr2d_multi_in(channels, channels) == right
    assert cb.corr2d_multi_in_out(channels, channels[None]) == right
    assert cb.corr2d_multi_in_out_1x1(channels, channels[None]) == right
    assert cb.trans_conv_multi_in_out(channels, channels[:, None]) == right


# n: ours and torch's convolution and transposed convolution over n axes
LAYERS = {
    n: [(getattr(cb, f"{kind}{n}d"), getattr(F, f"{kind}{n}d")) for kind in KINDS]
    for n in (1, 2, 3)
}
ALGORITHMS = [
    cb.conv_transpose2d_overlap_add,
    cb.conv_transpose2d_zero_insertion,
    cb.conv_transpose2d_sub_kernels,
]
TRANSPOSED = [cb.conv_transpose2d, *ALGORITHMS]


def rounded(function, *tensors, **kwargs):
    """Return what a function computes in float64, rounded to the dtype of the tensors."""
    return function(*[tensor.double() for tensor in tensors], **kwargs).to(tensors[0].dtype)


def assert_rounded_once(function, reference, *tensors, **kwargs):
    """Assert that no number is further from the exact result than one rounding, and float32's."""
    ours, exact = function(*tensors, **kwargs), rounded(reference, *tensors, **kwargs)
    assert ours.dtype == tensors[0].dtype
    step = torch.finfo(ours.dtype).eps * exact.double().abs().clamp(min=1e-2)
    assert ((ours.double() - exact.double()).abs() <= step).all()


@pytest.mark.parametrize("blocks", [2**21, 10_000])
@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_half_precision_with_large_kernels(n, dtype, blocks, monkeypatch):
    monkeypatch.setattr(cb.functional, "MOST_COLUMNS", blocks)
    k = {1: 151, 2: 9, 3: 5}[n]
    X, b = fill((1, 2, *[k + 2] * n), dtype).abs(), fill((2,), dtype)
    dense, depthwise = (fill(shape, dtype).abs() for shape in ((2, 2, *[k] * n), (2, 1, *[k] * n)))
    for ours, theirs in LAYERS[n]:
        assert_rounded_once(ours, theirs, X, dense, b)
        assert_rounded_once(ours, theirs, X, depthwise, b, groups=2)
    ours, theirs = LAYERS[n][1]
    assert_rounded_once(ours, theirs, X[..., :2], dense, b, dilation=2)


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_the_three_algorithms_round_half_precision_once(dtype):
    X, K, b = fill((1, 9, 7, 7), dtype).abs(), fill((9, 2, 13, 13), dtype).abs(), fill((2,), dtype)
    for stride in (1, 2):
        for algorithm in TRANSPOSED:
            assert_rounded_once(algorithm, F.conv_transpose2d, X, K, b, stride=stride)


def test_sums_that_stop_growing_when_rounded_at_every_step():
    """The reports: 64, 256 and 2,048 instead of these."""
    X, K = torch.full((1, 1, 40, 40), 200.0), torch.full((1, 1, 31, 31), 1 / 961)
    assert cb.conv2d(X.bfloat16(), K.bfloat16()).unique().tolist() == [199]
    for count, dtype in ((1000, torch.bfloat16), (3000, torch.float16)):
        ones = torch.ones(1, 1, count, dtype=dtype)
        assert cb.conv1d(ones, ones) == count
        assert cb.conv_transpose1d(ones, ones).max() == count
        channels = ones.reshape(1, count, 1)
        assert cb.conv1d(channels, channels) == count
        assert cb.conv_transpose1d(channels, channels.reshape(count, 1, 1)) == count


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64], ids=str)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_whole_numbers_are_computed_exactly(n, dtype):
    """Sums below 2²⁴ leave nothing to round, in whatever order they are taken."""
    X = torch.randint(-99, 100, (2, 4, *[6] * n)).to(dtype)
    K = torch.randint(-99, 100, (4, 2, *[4] * n)).to(dtype)
    for ours, theirs in LAYERS[n]:
        for kwargs in ({"stride": 2, "padding": 1}, {"padding": 3}):
            exact = theirs(X.long(), K.long(), groups=2, **kwargs)
            assert torch.equal(ours(X, K, groups=2, **kwargs).long(), exact)
    if n == 2:
        for algorithm in ALGORITHMS:
            exact = F.conv_transpose2d(X.long(), K.long(), groups=2, stride=2)
            assert torch.equal(algorithm(X, K, groups=2, stride=2).long(), exact)


def test_one_large_number_spoils_none_of_its_neighbors():
    """No detour through sums of neighbors, which would lose ones beside 1e8."""
    X = torch.ones(1, 64, 16, 16)
    X[0, 0, 8, 8] = 1e8
    K = torch.ones(64, 64, 4, 4)
    far = [slice(None), slice(None), slice(0, 4)]
    assert (cb.conv2d(X, K)[tuple(far)] == 64 * 16).all()
    for function in TRANSPOSED:
        assert (function(X, K, stride=2, padding=1)[..., 1:14, 1:14] == 64 * 4).all()


@pytest.mark.parametrize("bad", [math.inf, math.nan])
@pytest.mark.parametrize("where", ["input", "weight"])
@pytest.mark.parametrize("most", [0, 2**40], ids=["many", "few"])
@pytest.mark.parametrize("kwargs", [(4, 2, 1, 1), (2, 2, 0, 1), (3, 1, 1, 1), (3, 2, 1, 2)])
def test_numbers_that_are_not_finite_spread_as_defined(bad, where, most, kwargs, monkeypatch):
    """As torch's, and whatever the size: no zero that an algorithm puts in meets infinity."""
    k, stride, padding, dilation = kwargs
    monkeypatch.setattr(cb.functional, "MOST_STAMPS", most)
    monkeypatch.setattr(cb.functional, "MOST_COLUMNS", most + 400)
    X, K = torch.ones(1, 2, 6, 6), torch.ones(2, 2, k, k)
    (X if where == "input" else K)[0, 0, 0, 1] = bad
    kwargs = {"stride": stride, "padding": padding, "dilation": dilation}
    expected = F.conv_transpose2d(X.double(), K.double(), **kwargs).float()
    for function in TRANSPOSED:
        torch.testing.assert_close(function(X, K, **kwargs), expected, equal_nan=True)
    for kernel in (K, K[:, :1]):
        groups = 2 // kernel.shape[1]
        expected = F.conv2d(X.double(), kernel.double(), **kwargs, groups=groups).float()
        ours = cb.conv2d(X, kernel, **kwargs, groups=groups)
        torch.testing.assert_close(ours, expected, equal_nan=True)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_torch_without_mkldnn_as_a_second_oracle(n):
    """Its own loops in C++: another program than the one that torch runs by default."""
    X, b = fill((2, 4, *[7] * n), torch.float32), fill((4,), torch.float32)
    K = fill((4, 2, *[3] * n), torch.float32)
    kwargs = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    torch.backends.mkldnn.set_flags(False)
    try:
        for ours, theirs in LAYERS[n]:
            assert_same(ours(X, K, b, **kwargs), theirs(X, K, b, **kwargs))
    finally:
        torch.backends.mkldnn.set_flags(True)


REAL_LAYERS = {  # input, weight, parameters; the channels of real networks, divided by 8
    "AlexNet 1": ((3, 63, 63), (8, 3, 11, 11), {"stride": 4, "padding": 2}),
    "Inception 1×7": ((16, 17, 17), (24, 16, 1, 7), {"padding": (0, 3)}),
    "ResNeXt": ((16, 14, 14), (16, 4, 3, 3), {"padding": 1, "groups": 4}),
    "MobileNet, stride 2": ((12, 28, 28), (12, 1, 3, 3), {"stride": 2, "groups": 12}),
    "ConvNeXt": ((12, 14, 14), (12, 1, 7, 7), {"padding": 3, "groups": 12}),
    "DeepLab, atrous": ((64, 9, 9), (32, 64, 3, 3), {"padding": 6, "dilation": 6}),
    "ViT patches": ((3, 64, 64), (96, 3, 16, 16), {"stride": 16}),
    "WaveNet": ((16, 400), (32, 16, 2), {"dilation": 256}),
    "C3D": ((3, 4, 14, 14), (8, 3, 3, 3, 3), {"padding": 1}),
    "DCGAN 1, transposed": ((100, 1, 1), (100, 64, 4, 4), {}),
    "U-Net, transposed": ((16, 14, 14), (16, 8, 2, 2), {"stride": 2}),
    "FCN-8s, transposed": ((21, 5, 5), (21, 21, 16, 16), {"stride": 8}),
    "HiFi-GAN, transposed": ((64, 32), (64, 32, 16), {"stride": 8, "padding": 4}),
}


@pytest.mark.parametrize("layer", REAL_LAYERS)
def test_layers_of_real_networks(layer):
    size, kernel, kwargs = REAL_LAYERS[layer]
    ours, theirs = LAYERS[len(size) - 1]["transposed" in layer]
    X, K = fill((2, *size), torch.float32), fill(kernel, torch.float32)
    assert_same(ours(X, K, **kwargs), theirs(X.double(), K.double(), **kwargs).float())


@pytest.mark.skipif(not torch.accelerator.is_available(), reason="there is no other device")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_on_another_device(n):
    device = torch.accelerator.current_accelerator()
    X, K = fill((2, 4, *[6] * n), torch.float32), fill((4, 4, *[4] * n), torch.float32)
    for ours, theirs in LAYERS[n]:
        result = ours(X.to(device), K.to(device), stride=2, padding=1)
        assert result.device.type == device.type
        assert_same(result.cpu(), theirs(X, K, stride=2, padding=1))
