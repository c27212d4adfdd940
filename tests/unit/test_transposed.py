"""The three algorithms: by hand, against torch in every case, and against each other's idea."""

import inspect
import itertools

import pytest
import torch
import torch.nn.functional as F
from oracle import agree, assert_refused, assert_same, fill
from torch import tensor

import convbook as cb

ALGORITHMS = [
    cb.conv_transpose2d_overlap_add,
    cb.conv_transpose2d_zero_insertion,
    cb.conv_transpose2d_sub_kernels,
]
each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda f: f.__name__[18:])


@each_algorithm
def test_by_hand(algorithm):
    X, K = tensor([[[1.0, 2]]]), tensor([[[[1.0, 10, 100]]]])
    assert algorithm(X, K).tolist() == [[[1, 12, 120, 200]]]
    assert algorithm(X, K, stride=(1, 2)).tolist() == [[[1, 10, 102, 20, 200]]]
    kwargs = {"stride": (1, 2), "padding": (0, 1), "output_padding": (0, 1)}
    assert algorithm(X, K, tensor([0.5]), **kwargs).tolist() == [[[10.5, 102.5, 20.5, 200.5]]]
    assert algorithm(X, K, dilation=(1, 2)).tolist() == [[[1, 2, 10, 20, 100, 200]]]


GRID = [
    {"stride": s, "padding": p, "output_padding": op, "dilation": d, "groups": g}
    for s, p, op, d, g in itertools.product(
        [1, 3, (2, 4)], [0, (1, 2)], [0, (1, 0)], [1, (3, 2)], [1, 2]
    )
]


@each_algorithm
@pytest.mark.parametrize("kwargs", GRID, ids=str)
def test_against_torch(algorithm, kwargs):
    X, K = fill((2, 4, 3, 4), seed=1), fill((4, 3, 3, 2))
    agree(algorithm, F.conv_transpose2d, X, K, fill((3 * kwargs["groups"],)), **kwargs)


@each_algorithm
@pytest.mark.parametrize(
    "size, kernel_size, kwargs",
    [
        ((1, 1), (4, 4), {}),
        ((3, 3), (1, 1), {"stride": 4, "output_padding": 3}),
        ((5, 6), (1, 2), {"padding": 2}),
        ((1, 1), (1, 1), {"stride": 3, "padding": 1, "output_padding": 2}),
        ((4, 4), (2, 2), {"dilation": 3, "output_padding": 2, "padding": 3}),
        ((2, 2), (64, 64), {"stride": 32, "padding": 16}),
        ((2, 2), (2, 2), {"padding": 2}),
        ((3, 3), (2, 2), {"output_padding": 1}),
        ((3, 3), (2, 2), {"groups": 2}),
        ((3, 3), (2, 2), {"stride": 0}),
    ],
    ids=str,
)
def test_odd_cases_against_torch(algorithm, size, kernel_size, kwargs):
    X, K = fill((3, *size), seed=1), fill((3, 2, *kernel_size))
    agree(algorithm, F.conv_transpose2d, X, K, **kwargs, gradients=max(kernel_size) < 9)


@each_algorithm
@pytest.mark.parametrize(
    "dtype",
    [
        *[torch.float16, torch.bfloat16, torch.float32, torch.complex32, torch.complex64],
        *[torch.int8, torch.int64, torch.bool],
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_dtypes(algorithm, dtype):
    X, K, b = fill((2, 2, 3, 3), dtype, seed=1), fill((2, 2, 3, 3), dtype), fill((2,), dtype)
    agree(algorithm, F.conv_transpose2d, X, K, b, stride=2, padding=1)


@each_algorithm
def test_batch_of_none(algorithm):
    X, K = torch.ones(0, 2, 3, 3), torch.ones(2, 4, 3, 3)
    assert algorithm(X, K, stride=2).shape == (0, 4, 7, 7)


@each_algorithm
def test_one_signature(algorithm):
    assert inspect.signature(algorithm) == inspect.signature(cb.conv_transpose2d)


@each_algorithm
def test_refusals_are_those_of_conv_transpose2d(algorithm):
    X, K = torch.ones(1, 2, 3, 3), torch.ones(2, 2, 3, 3)
    message = assert_refused(algorithm, X, K, output_padding=2)
    assert message == "output_padding=2 must be smaller than stride=1 or dilation=1"
    message = assert_refused(algorithm, X, K, torch.ones(3))
    assert message == "bias has shape (3,); it must be (2,)"


@each_algorithm
def test_inputs_are_left_alone(algorithm):
    X, K, b = fill((1, 2, 3, 3)), fill((2, 2, 1, 1)), fill((2,))
    copies = [tensor.clone() for tensor in (X, K, b)]
    algorithm(X, K, b).zero_()
    assert all(torch.equal(mine, copy) for mine, copy in zip((X, K, b), copies))


@pytest.mark.parametrize("groups", [1, 2])
def test_flip_and_swap_turns_a_trained_layer_into_upsampling_and_a_convolution(groups):
    X, K = fill((1, 4, 5, 5), seed=1), fill((4, 3, 3, 2))
    swapped = cb.flip_and_swap(K, groups) if groups > 1 else cb.flip_and_swap(K)
    assert swapped.shape == (3 * groups, 4 // groups, 3, 2)
    assert swapped[0, 0].tolist() == K[0, 0].flip(0, 1).tolist()
    full = F.conv2d(X, swapped, padding=(2, 1), groups=groups)
    assert_same(full, F.conv_transpose2d(X, K, groups=groups))


def test_flip_and_swap_refuses_groups_that_do_not_divide_the_channels():
    with pytest.raises(ValueError, match="groups=3 must divide 4, the first axis of weight"):
        cb.flip_and_swap(fill((4, 3, 3, 2)), 3)
    with pytest.raises(ValueError, match="groups=-2 must be at least 1"):
        cb.flip_and_swap(fill((4, 3, 3, 2)), -2)
    with pytest.raises(ValueError, match=r"weight has shape \(4, 3, 3\); it must have 4 axes"):
        cb.flip_and_swap(fill((4, 3, 3)))


def test_without_the_flip_it_is_another_operation():
    """The classic mistake, shown so that the test above is known to notice it."""
    X, K = fill((1, 1, 5, 5), seed=1), fill((1, 1, 3, 3))
    unflipped = F.conv2d(X, K, padding=2)
    assert not torch.allclose(unflipped, F.conv_transpose2d(X, K))


def test_pixel_shuffle_is_the_case_of_a_kernel_as_large_as_the_stride():
    X, K = fill((2, 3, 4, 5), seed=1), fill((3, 2, 2, 2))
    phases = torch.einsum("nihw,ioab->noabhw", X, K).flatten(1, 3)
    assert_same(cb.conv_transpose2d_sub_kernels(X, K, stride=2), F.pixel_shuffle(phases, 2))
