"""The convolution family against torch, SciPy, ONNX's reference operators, and by hand."""

import numpy as np
import pytest
import scipy.signal
import torch
import torch.nn.functional as F
from oracle import agree, assert_same, fill
from torch import tensor

import convbook as cb

CONV = {1: (cb.conv1d, F.conv1d), 2: (cb.conv2d, F.conv2d), 3: (cb.conv3d, F.conv3d)}
TRANSPOSED = {
    1: (cb.conv_transpose1d, F.conv_transpose1d),
    2: (cb.conv_transpose2d, F.conv_transpose2d),
    3: (cb.conv_transpose3d, F.conv_transpose3d),
}


@pytest.fixture(autouse=True, params=[2**22, 64], ids=["whole", "parts"])
def most(request, monkeypatch):
    """Run every test twice: all laid out at once, and in small blocks, or by phases if possible."""
    monkeypatch.setattr(cb.functional, "MOST_COLUMNS", request.param)
    monkeypatch.setattr(cb.functional, "MOST_STAMPS", request.param - 64)


# By hand


def test_conv1d_by_hand():
    X, K = tensor([[[1.0, 2, 3, 4, 5]]]), tensor([[[1.0, 10]]])
    assert cb.conv1d(X, K).tolist() == [[[21, 32, 43, 54]]]  # 1·1 + 2·10, …
    assert cb.conv1d(X, K, tensor([0.5]), stride=2).tolist() == [[[21.5, 43.5]]]
    assert cb.conv1d(X, K, padding=1, dilation=3).tolist() == [[[30, 41, 52, 3 + 0.0]]]


def test_conv2d_by_hand():
    X = tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    K = tensor([[1.0, 0], [0, -1]])
    assert cb.conv2d(X[None], K[None, None]).tolist() == [[[1 - 5, 2 - 6], [4 - 8, 5 - 9]]]
    assert cb.conv2d(X[None], K[None, None], stride=2, padding=1).tolist() == [[[-1, -3], [-7, -4]]]


def test_conv3d_by_hand():
    X = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert cb.conv3d(X, torch.ones(1, 1, 2, 1, 1)).tolist() == [[[[0 + 4, 1 + 5], [2 + 6, 3 + 7]]]]


def test_groups_by_hand():
    X = tensor([[1.0], [2], [3], [4]])  # 4 channels in 2 groups of 2
    K = tensor([[[1.0], [10]], [[100], [1000]]])
    assert cb.conv1d(X, K, groups=2).tolist() == [[1 + 20], [300 + 4000]]
    K = tensor([[[1.0]], [[10]], [[100]], [[1000]]])
    assert cb.conv_transpose1d(X, K, groups=2).tolist() == [[1 + 20], [300 + 4000]]


def test_conv_transpose_by_hand():
    X, K = tensor([[[1.0, 2]]]), tensor([[[1.0, 10, 100]]])
    assert cb.conv_transpose1d(X, K).tolist() == [[[1, 12, 120, 200]]]
    assert cb.conv_transpose1d(X, K, stride=2).tolist() == [[[1, 10, 102, 20, 200]]]
    assert cb.conv_transpose1d(X, K, stride=2, padding=1).tolist() == [[[10, 102, 20]]]
    # output_padding uncovers what padding cut off at the end: 200 is no zero.
    kwargs = {"stride": 2, "padding": 1, "output_padding": 1}
    assert cb.conv_transpose1d(X, K, **kwargs).tolist() == [[[10, 102, 20, 200]]]
    assert cb.conv_transpose1d(X, K, dilation=2).tolist() == [[[1, 2, 10, 20, 100, 200]]]
    assert cb.conv_transpose1d(X, K, tensor([7.0]), padding=1).tolist() == [[[19, 127]]]


def test_fold_after_unfold_counts_the_windows():
    X = torch.ones(1, 1, 3, 3)
    assert cb.fold(cb.unfold(X, 2), 3, 2).tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


# Against torch

# (input without channels, kernel, parameters), for 2 axes; each case also runs along 1 and 3.
CONV_CASES = {
    "plain": ((5, 6), (3, 2), {}),
    "1x1": ((4, 3), (1, 1), {}),
    "whole input": ((3, 4), (3, 4), {}),
    "stride": ((7, 8), (3, 2), {"stride": 2}),
    "stride leaves rows over": ((8, 8), (3, 3), {"stride": (3, 2)}),
    "stride beyond the input": ((3, 3), (2, 2), {"stride": 9}),
    "stride beyond the kernel": ((7, 7), (1, 2), {"stride": (3, 4)}),
    "padding": ((3, 4), (3, 2), {"padding": 1}),
    "padding beyond the kernel": ((2, 2), (2, 2), {"padding": (3, 2)}),
    "kernel larger than the input": ((2, 1), (3, 3), {"padding": 1}),
    "dilation": ((7, 6), (3, 2), {"dilation": 2}),
    "dilation along one axis": ((5, 9), (2, 3), {"dilation": (1, 4)}),
    "dilation of one": ((5, 5), (1, 1), {"dilation": 9}),
    "everything": ((9, 8), (3, 2), {"stride": (2, 3), "padding": (1, 2), "dilation": (2, 1)}),
    "same": ((5, 6), (3, 3), {"padding": "same"}),
    "same, even": ((5, 6), (2, 4), {"padding": "same"}),
    "same, even and dilated": ((5, 6), (2, 4), {"padding": "same", "dilation": (3, 2)}),
    "valid": ((5, 6), (3, 3), {"padding": "valid", "stride": 2}),
    "lists": ((5, 6), (3, 2), {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2]}),
    "one for all": ((5, 6), (3, 2), {"stride": [2], "padding": (1,), "dilation": (2,)}),
    "torch.Size": ((5, 6), (3, 2), {"stride": torch.Size([2, 1]), "padding": torch.Size([0, 1])}),
    "NumPy integers": ((5, 6), (3, 2), {"stride": np.int64(2), "padding": (np.int32(1), 0)}),
    "integer tensors": ((5, 6), (3, 2), {"stride": tensor(2), "padding": (tensor(1), 0)}),
    "refused: stride 0": ((5, 6), (3, 2), {"stride": 0}),
    "refused: negative stride": ((5, 6), (3, 2), {"stride": (1, -1)}),
    "refused: negative padding": ((5, 6), (3, 2), {"padding": -1}),
    "refused: dilation 0": ((5, 6), (3, 2), {"dilation": 0}),
    "refused: kernel too large": ((2, 6), (3, 2), {}),
    "refused: dilated kernel too large": ((5, 6), (3, 2), {"dilation": 3}),
    "refused: empty kernel": ((5, 6), (0, 2), {}),
    "refused: empty input": ((0, 6), (1, 2), {"padding": 1}),
    "refused: same with stride": ((5, 6), (3, 2), {"padding": "same", "stride": 2}),
    "refused: unknown padding": ((5, 6), (3, 2), {"padding": "full"}),
    "refused: True": ((5, 6), (3, 2), {"stride": True}),
    "refused: float": ((5, 6), (3, 2), {"stride": 1.0}),
    "refused: None": ((5, 6), (3, 2), {"dilation": None}),
    "refused: array": ((5, 6), (3, 2), {"stride": np.array([1, 1])}),
    "refused: range": ((5, 6), (3, 2), {"stride": range(1, 3)}),
    "refused: string": ((5, 6), (3, 2), {"stride": "1"}),
    "refused: four": ((5, 6), (3, 2), {"padding": (1, 1, 1, 1)}),
    "refused: none at all": ((5, 6), (3, 2), {"padding": ()}),
}
TRANSPOSED_CASES = {
    "plain": ((3, 4), (3, 2), {}),
    "1x1": ((3, 4), (1, 1), {}),
    "one pixel": ((1, 1), (4, 3), {}),
    "stride": ((3, 4), (3, 2), {"stride": 2}),
    "stride beyond the kernel": ((3, 4), (2, 1), {"stride": (3, 4)}),
    "padding": ((3, 4), (3, 4), {"padding": (1, 2)}),
    "padding beyond the kernel": ((5, 6), (2, 1), {"padding": 2}),
    "doubling: k2 s2": ((3, 4), (2, 2), {"stride": 2}),
    "doubling: k4 s2 p1": ((3, 4), (4, 4), {"stride": 2, "padding": 1}),
    "doubling: k3 s2 p1 op1": ((3, 4), (3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "output_padding below dilation": ((3, 4), (2, 2), {"dilation": 3, "output_padding": 2}),
    "output_padding beyond the kernel": ((3, 4), (1, 2), {"stride": 5, "output_padding": 4}),
    "output_padding on one axis": ((3, 4), (3, 3), {"stride": (2, 1), "output_padding": (1, 0)}),
    "dilation": ((3, 4), (3, 2), {"dilation": (2, 3)}),
    "everything": (
        (4, 3),
        (3, 4),
        {"stride": (3, 2), "padding": (2, 1), "output_padding": (2, 1), "dilation": (1, 3)},
    ),
    "lists": ((3, 4), (3, 2), {"stride": [2, 3], "output_padding": [1, 2], "padding": [1]}),
    "torch.Size": ((3, 4), (3, 2), {"stride": torch.Size([2, 3])}),
    "NumPy integers": ((3, 4), (3, 2), {"stride": np.int64(2), "output_padding": np.int16(1)}),
    "refused: output_padding as large as stride": (
        (3, 4),
        (3, 2),
        {"stride": 2, "output_padding": 2},
    ),
    "refused: output_padding on one axis": (
        (3, 4),
        (3, 2),
        {"stride": (2, 1), "output_padding": (1, 1)},
    ),
    "refused: negative output_padding": ((3, 4), (3, 2), {"output_padding": -1}),
    "refused: cuts off everything": ((2, 2), (2, 2), {"padding": 2}),
    "refused: negative padding": ((3, 4), (3, 2), {"padding": (0, -1)}),
    "refused: stride 0": ((3, 4), (3, 2), {"stride": 0}),
    "refused: dilation 0": ((3, 4), (3, 2), {"dilation": 0}),
    "refused: empty kernel": ((3, 4), (3, 0), {}),
    "refused: empty input": ((3, 0), (3, 2), {}),
    "refused: same": ((3, 4), (3, 2), {"padding": "same"}),
    "refused: True": ((3, 4), (3, 2), {"stride": True}),
    "refused: four": ((3, 4), (3, 2), {"output_padding": (0, 0, 0, 0)}),
}


def for_axes(case, n):
    """Return a case for 2 axes as one for n: the last axes, or a further axis in front."""

    def fit(value, front):
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            return value
        entries = [value[-1]] if n == 1 else [front] * (n - 2) + list(value)
        return type(value)(entries)

    size, kernel_size, kwargs = case
    front = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    kwargs = {name: fit(value, front[name]) for name, value in kwargs.items()}
    return fit(size, 2), fit(kernel_size, 2), kwargs


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("case", CONV_CASES)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_conv(n, case):
    ours, theirs = CONV[n]
    size, kernel_size, kwargs = for_axes(CONV_CASES[case], n)
    X, K, b = fill((2, 3, *size), seed=1), fill((4, 3, *kernel_size)), fill((4,))
    result = agree(ours, theirs, X, K, b, **kwargs)
    if n == 2:
        assert (result is None) == case.startswith("refused")
    agree(ours, theirs, X[0], K, **kwargs, gradients=False)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("case", TRANSPOSED_CASES)
def test_conv_transpose(n, case):
    ours, theirs = TRANSPOSED[n]
    size, kernel_size, kwargs = for_axes(TRANSPOSED_CASES[case], n)
    X, K, b = fill((2, 3, *size), seed=1), fill((3, 4, *kernel_size)), fill((4,))
    result = agree(ours, theirs, X, K, b, **kwargs)
    if n == 2:
        assert (result is None) == case.startswith("refused")
    agree(ours, theirs, X[0], K, **kwargs, gradients=False)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(
    "groups, c_in, c_out",
    [
        *[(2, 4, 6), (4, 4, 4), (3, 3, 6), (np.int64(2), 4, 6), (2, 3, 6), (2, 4, 3), (5, 4, 6)],
        *[(0, 4, 6), (-1, 4, 6), (True, 4, 6), ((2,), 4, 6), (2.0, 4, 6), (None, 4, 6)],
    ],
)
def test_groups(n, groups, c_in, c_out):
    divisor = int(groups) if isinstance(groups, (int, np.int64)) and groups > 0 else 1
    X, b = fill((2, c_in, *[4] * n)), fill((c_out,))
    K = fill((c_out, max(c_in // divisor, 1), *[2] * n), seed=1)
    agree(*CONV[n], X, K, b, groups=groups, stride=2)
    K = fill((c_in, max(c_out // divisor, 1), *[2] * n), seed=1)
    agree(*TRANSPOSED[n], X, K, b, groups=groups, stride=2)


SHAPES = [
    (2, 3, 4, 4),
    (3, 4, 4),
    (0, 3, 4, 4),
    (1, 3, 1, 1),
    (4, 4),
    (1, 2, 3, 4, 4),
    (2, 2, 4, 4),
]
WEIGHTS = [(3, 3, 2, 2), (3, 2, 2), (2, 3, 2, 2), (0, 3, 2, 2), (3, 2, 2, 2, 2), (3,)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("bias", [None, (3,), (2,), (1,), (), (1, 3)])
def test_shapes(shape, weight, bias):
    X, K = fill(shape), fill(weight)
    b = None if bias is None else fill(bias)
    agree(cb.conv2d, F.conv2d, X, K, b, padding=1, gradients=False)
    agree(cb.conv_transpose2d, F.conv_transpose2d, X, K, b, gradients=False)


FLOATING = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
COMPLEX = [torch.complex32, torch.complex64, torch.complex128]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
OTHERS = [torch.bool, torch.uint16, torch.uint32, torch.float8_e4m3fn]


@pytest.mark.parametrize("dtype", FLOATING + COMPLEX + INTEGERS + OTHERS, ids=str)
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_dtypes(n, dtype):
    X, b = fill((2, 2, *[5] * n), dtype, seed=1), fill((4,), dtype)
    for kwargs in ({}, {"dilation": 2, "padding": 1}, {"stride": 2}):
        agree(*CONV[n], X, fill((4, 2, *[3] * n), dtype), b, **kwargs)
        agree(*TRANSPOSED[n], X, fill((2, 4, *[3] * n), dtype), b, **kwargs)
    agree(*CONV[n], X, fill((2, 1, *[3] * n), dtype), b[:2], groups=2)  # depthwise
    if n == 2:
        agree(cb.unfold, F.unfold, X, kernel_size=2, padding=1)
        agree(cb.fold, F.fold, fill((2, 8, 16), dtype), output_size=5, kernel_size=2)


@pytest.mark.parametrize("other", [torch.float64, torch.int64, torch.complex64], ids=str)
def test_dtypes_are_not_mixed(other):
    X, K, b = (fill(shape, torch.float32) for shape in ((1, 2, 4, 4), (2, 2, 3, 3), (2,)))
    agree(cb.conv2d, F.conv2d, X.to(other), K)
    agree(cb.conv2d, F.conv2d, X, K.to(other))
    agree(cb.conv2d, F.conv2d, X, K, b.to(other))
    agree(cb.conv_transpose2d, F.conv_transpose2d, X.to(other), K)
    agree(cb.conv_transpose2d, F.conv_transpose2d, X, K.to(other))


def test_complex_kernels_are_not_conjugated():
    X, K = tensor([[[1j]]]), tensor([[[1j]]])
    assert cb.conv1d(X, K).tolist() == [[[-1]]]


@pytest.mark.parametrize(
    "arrange",
    [
        lambda X: X.transpose(2, 3),
        lambda X: X[:, :, ::2, 1:],
        lambda X: X.flip(1).transpose(0, 1),
        lambda X: X[:, :1].expand(-1, 4, -1, -1),
        lambda X: X.to(memory_format=torch.channels_last),
    ],
    ids=["transposed", "sliced", "swapped", "expanded", "channels_last"],
)
def test_memory_layouts(arrange):
    X, K = arrange(fill((4, 4, 6, 6))), arrange(fill((4, 4, 6, 6), seed=3))[..., :2, :2]
    for ours, theirs in (CONV[2], TRANSPOSED[2]):
        assert_same(ours(X, K, padding=1), theirs(X, K, padding=1))
    agree(cb.unfold, F.unfold, X, kernel_size=2)
    agree(cb.unfold, F.unfold, X, kernel_size=1)


def test_everything_stays_on_the_device_of_the_input():
    X, K = torch.ones(2, 3, 4, 4, device="meta"), torch.ones(3, 3, 2, 2, device="meta")
    for function in (cb.conv2d, cb.conv_transpose2d):
        assert function(X, K, X[0, :, 0, 0], stride=2).device.type == "meta"
    assert cb.conv2d(X, K[:, :1], groups=3).device.type == "meta"
    assert cb.fold(cb.unfold(X, 2), 4, 2).device.type == "meta"


@pytest.mark.parametrize("shape", [(0, 3, 0, 4), (2, 3, 0, 4), (3, 0, 4), (0, 0, 4)])
def test_an_empty_batch_may_have_empty_samples(shape):
    agree(cb.conv2d, F.conv2d, fill(shape), fill((2, 3, 2, 2)), padding=1)


def test_arguments_are_left_alone():
    X, K, b = fill((1, 2, 4, 4)), fill((2, 2, 1, 1)), fill((2,))
    copies = [X.clone(), K.clone(), b.clone()]
    for function in (cb.conv2d, cb.conv_transpose2d):
        function(X, K, b).zero_()
    cb.unfold(X, 1).zero_()
    cb.fold(cb.unfold(X, 2), 4, 2).zero_()
    assert all(torch.equal(mine, copy) for mine, copy in zip([X, K, b], copies))


@pytest.mark.parametrize("thread_count", [1, 2])
def test_float32_of_a_layer_s_size(thread_count, most, monkeypatch):
    """Large enough that torch takes its fast paths, which differ from those for small inputs."""
    # A handful of parts: with one for each window this test alone would take a minute.
    monkeypatch.setattr(cb.functional, "MOST_COLUMNS", max(cb.functional.MOST_COLUMNS, 2**15))
    before = torch.get_num_threads()
    torch.set_num_threads(thread_count)
    try:
        X, K = fill((16, 8, 14, 14), torch.float32), fill((8, 8, 3, 3), torch.float32)
        agree(cb.conv2d, F.conv2d, X, K, padding=1, gradients=True)
        agree(cb.conv_transpose2d, F.conv_transpose2d, X, K, stride=2, gradients=True)
    finally:
        torch.set_num_threads(before)


# unfold and fold against torch

FOLD_CASES = [
    {"kernel_size": 2},
    {"kernel_size": (1, 3)},
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 2, "stride": (2, 3)},
    {"kernel_size": (2, 3), "dilation": (3, 1)},
    {"kernel_size": 3, "dilation": 2, "padding": (2, 1), "stride": 2},
    {"kernel_size": np.array([2, 3])},
    {"kernel_size": tensor([2, 3]), "stride": range(1, 3)},
    {"kernel_size": [2, np.int64(3)]},
    {"kernel_size": [2]},
    {"kernel_size": (1, 2, 3)},
    {"kernel_size": tensor(2)},
    {"kernel_size": 0},
    {"kernel_size": 7},
    {"kernel_size": 2.0},
    {"kernel_size": True},
    {"kernel_size": "2"},
    {"kernel_size": None},
    {"kernel_size": 2, "stride": 0},
    {"kernel_size": 2, "dilation": 0},
    {"kernel_size": 2, "padding": -1},
    {"kernel_size": 2, "padding": (1,)},
]


@pytest.mark.parametrize("kwargs", FOLD_CASES, ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 6, 5), (3, 6, 5)], ids=str)
def test_unfold_and_fold(kwargs, shape):
    agree(cb.unfold, F.unfold, fill(shape), **kwargs)
    try:
        columns = F.unfold(fill(shape), **kwargs)
    except (RuntimeError, TypeError):
        columns = fill((2, 12, 20))
    agree(cb.fold, F.fold, columns, output_size=(6, 5), **kwargs)


@pytest.mark.parametrize(
    "shape, output_size",
    [
        ((2, 8, 16), 5),
        ((8, 16), (5, 5)),
        ((0, 8, 16), 5),
        ((8, 12), [4, 5]),
        ((2, 8, 16), np.array([5, 5])),
        ((2, 7, 16), 5),
        ((2, 8, 15), 5),
        ((2, 8, 16), 1),
        ((2, 8, 16), 0),
        ((2, 8, 16), (5,)),
        ((2, 8, 16), None),
        ((2, 8, 0), 5),
        ((2, 0, 16), 5),
        ((16,), 5),
        ((1, 2, 8, 16), 5),
    ],
    ids=str,
)
def test_fold_shapes(shape, output_size):
    agree(cb.fold, F.fold, fill(shape), output_size=output_size, kernel_size=2)


@pytest.mark.parametrize(
    "shape", [(0, 3, 4, 4), (2, 0, 4, 4), (2, 3, 0, 4), (4, 4), (1, 1, 1, 4, 4)], ids=str
)
def test_unfold_shapes(shape):
    agree(cb.unfold, F.unfold, fill(shape), kernel_size=2)


def test_unfold_times_weight_is_the_convolution():
    X, K = fill((2, 3, 6, 5)), fill((4, 3, 2, 2))
    product = K.flatten(1) @ cb.unfold(X, 2, stride=2, padding=1)
    assert_same(product.reshape(2, 4, 4, 3), cb.conv2d(X, K, stride=2, padding=1))


# Adjoints: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩

PARAMETERS = [
    {"stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    {"stride": 2, "padding": 1, "dilation": 1, "groups": 2},
    {"stride": 3, "padding": 2, "dilation": 2, "groups": 1},
]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("kwargs", PARAMETERS, ids=str)
def test_conv_and_conv_transpose_are_adjoint(n, kwargs):
    x, K = fill((2, 4, *[7] * n), seed=1), fill((6, 4 // kwargs["groups"], *[2] * n))
    Ax = CONV[n][0](x, K, **kwargs)
    y = fill(Ax.shape, seed=2)
    numbers = [kwargs[name] for name in ("stride", "padding", "dilation")]
    back = cb.output_padding_for(Ax.shape[-1], 7, 2, *numbers)
    ATy = TRANSPOSED[n][0](y, K, output_padding=back, **kwargs)
    assert_same((Ax * y).sum(), (x * ATy).sum(), scale=Ax.numel())
    # and the backward pass of one is the other
    x.requires_grad_()
    assert_same(torch.autograd.grad(CONV[n][0](x, K, **kwargs), x, y)[0], ATy)


@pytest.mark.parametrize("kwargs", FOLD_CASES[:6], ids=str)
def test_unfold_and_fold_are_adjoint(kwargs):
    x = fill((2, 3, 6, 5), seed=1)
    Ax = cb.unfold(x, **kwargs)
    y = fill(Ax.shape, seed=2)
    assert_same((Ax * y).sum(), (x * cb.fold(y, (6, 5), **kwargs)).sum(), scale=Ax.numel())


# Against other libraries


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_scipy_correlates_and_convolves(n, dtype):
    X, K = fill([6] * n, dtype, seed=1), fill([3] * n, dtype)
    correlated = scipy.signal.correlate(X.numpy(), K.numpy().conj(), "valid")  # it conjugates, too
    assert_same(CONV[n][0](X[None], K[None, None])[0], torch.from_numpy(correlated))
    convolved = scipy.signal.convolve(X.numpy(), K.numpy(), "full")
    assert_same(TRANSPOSED[n][0](X[None], K[None, None])[0], torch.from_numpy(convolved))


ONNX_CASES = [
    {},
    {"strides": [2, 3]},
    {"pads": [1, 2, 1, 2]},
    {"dilations": [2, 1]},
    {"strides": [2, 2], "pads": [1, 1, 1, 1], "dilations": [1, 2]},
]


def run_onnx(operator, X, K, b, **attributes):
    """Return what ONNX's reference implementation of an operator computes."""
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node(operator, ["X", "K", "b"], ["Y"], **attributes)
    ins = [value(name, onnx.TensorProto.FLOAT, None) for name in "XKb"]
    outs = [value("Y", onnx.TensorProto.FLOAT, None)]
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", ins, outs))
    (Y,) = ReferenceEvaluator(model).run(None, {"X": X.numpy(), "K": K.numpy(), "b": b.numpy()})
    return torch.from_numpy(Y)


def as_torch(attributes):
    names = {"strides": "stride", "dilations": "dilation", "output_padding": "output_padding"}
    kwargs = {names[name]: value for name, value in attributes.items() if name in names}
    return kwargs | {"padding": attributes.get("pads", [0, 0])[:2]}


@pytest.mark.parametrize("attributes", ONNX_CASES, ids=str)
@pytest.mark.parametrize("groups", [1, 2])
def test_onnx_conv(attributes, groups):
    X, K, b = (fill(shape, torch.float32) for shape in ((2, 4, 7, 8), (6, 4 // groups, 3, 2), (6,)))
    ours = cb.conv2d(X, K, b, groups=groups, **as_torch(attributes))
    assert_same(ours, run_onnx("Conv", X, K, b, group=groups, **attributes))


@pytest.mark.parametrize(
    "attributes", [*ONNX_CASES, {"strides": [2, 3], "output_padding": [1, 2]}], ids=str
)
def test_onnx_conv_transpose(attributes):
    X, K, b = (fill(shape, torch.float32) for shape in ((2, 4, 3, 5), (4, 3, 3, 2), (3,)))
    ours = cb.conv_transpose2d(X, K, b, **as_torch(attributes))
    assert_same(ours, run_onnx("ConvTranspose", X, K, b, **attributes))


# Asymmetric pads, first the zeros before each axis and then those after: here, a padding before or
# a crop after.
ASYMMETRIC = {1: [2, 0], 2: [0, 2, 1, 0], 3: [1, 0, 2, 0, 2, 1]}


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("n", ASYMMETRIC)
def test_onnx_with_asymmetric_pads(n, strides):
    X, K, b = (fill(shape, torch.float32) for shape in ((2, 3, *[6] * n), (3, 3, *[3] * n), (3,)))
    pads = ASYMMETRIC[n]
    attributes = {"pads": pads, "strides": [strides] * n}
    before_and_after = list(zip(pads[:n], pads[n:]))
    padded = F.pad(X, [size for pair in reversed(before_and_after) for size in pair])
    ours = CONV[n][0](padded, K, b, stride=strides)
    assert_same(ours, run_onnx("Conv", X, K, b, **attributes))
    full = TRANSPOSED[n][0](X, K, b, stride=strides)
    for axis, (before, after) in enumerate(before_and_after, start=2):
        full = full.narrow(axis, before, full.shape[axis] - before - after)
    assert_same(full, run_onnx("ConvTranspose", X, K, b, **attributes))
