"""What is no tensor, no number or absurdly large is refused everywhere, in words of our own."""

import functools
import re
import traceback

import numpy
import pytest
import torch

import convbook as cb

X, K = torch.ones(2, 4, 4), torch.ones(2, 2, 2, 2)


def layer(n, function, **more):
    tensors = {"input": torch.ones(1, 2, *[4] * n), "weight": torch.ones(2, 2, *[2] * n)}
    numbers = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    return function, {**tensors, "bias": torch.ones(2), **numbers, **more}


WINDOWS = {"kernel_size": 2, "dilation": 1, "padding": 0, "stride": 1}
SIZES = {"input_size": 5, "kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1}
BOUNDS = {"max_kernel_size": 3, "max_stride": 3, "max_padding": 2, "max_dilation": 1}
CALLS = [  # a function, and arguments that it takes; each is then replaced
    *[layer(n, getattr(cb, f"conv{n}d")) for n in (1, 2, 3)],
    *[layer(n, getattr(cb, f"conv_transpose{n}d"), output_padding=0) for n in (1, 2, 3)],
    layer(2, cb.conv_transpose2d_overlap_add, output_padding=0),
    layer(2, cb.conv_transpose2d_zero_insertion, output_padding=0),
    layer(2, cb.conv_transpose2d_sub_kernels, output_padding=0),
    (cb.unfold, {"input": X, **WINDOWS}),
    (cb.fold, {"input": torch.ones(8, 9), "output_size": 4, **WINDOWS}),
    (cb.flip_and_swap, {"weight": K, "groups": 1}),
    (cb.corr2d, {"X": X[0], "K": K[0, 0]}),
    (cb.trans_conv, {"X": X[0], "K": K[0, 0]}),
    (cb.pad2d, {"X": X[0], "padding": 1}),
    (cb.crop2d, {"Y": X[0], "padding": 1}),
    (cb.dilate2d, {"X": X[0], "dilation": 2}),
    (cb.subsample2d, {"X": X[0], "stride": 2}),
    (cb.corr2d_multi_in, {"X": X, "K": K[0]}),
    (cb.corr2d_multi_in_out, {"X": X, "K": K}),
    (cb.corr2d_multi_in_out_1x1, {"X": X, "K": K[..., :1, :1]}),
    (cb.trans_conv_multi_in_out, {"X": X, "K": K}),
    (
        cb.kernel2matrix,
        {"K": K, "input_shape": 4, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    ),
    (cb.move2matrix, {"move": cb.pad2d, "input_shape": 4, "amount": 1, "channels": 1}),
    (cb.conv_output_size, SIZES),
    (cb.conv_transpose_output_size, {**SIZES, "output_padding": 0}),
    (cb.output_padding_for, {"output_size": 7, **SIZES}),
    (cb.same_padding, {"kernel_size": 3, "dilation": 1}),
    (cb.conv_parameters_for, {"input_size": 5, "output_size": 3, **BOUNDS}),
    (cb.transposed_parameters_for, {"input_size": 5, "output_size": 7, **BOUNDS}),
    (cb.receptive_field, {"layers": [3, 3]}),
    (cb.checkerboard, {"layer": torch.nn.Conv2d(1, 1, 3), "channels": 1, "size": 8, "period": 1}),
]
TENSORS = {  # what is given in the place of a tensor
    "None": lambda good: None,
    "a number": lambda good: 3,
    "a list": lambda good: good.tolist(),
    "an array": lambda good: good.numpy(),
    "sparse": lambda good: good.to_sparse(),
    "compressed": lambda good: good.reshape(-1, 1).to_sparse_csr(),
    "for MKLDNN": lambda good: good.to_mkldnn(),
    "nested": lambda good: torch.nested.nested_tensor([*good]),
    "jagged": lambda good: torch.nested.nested_tensor(
        [torch.ones(2), torch.ones(3)], layout=torch.jagged
    ),
    "quantized": lambda good: torch.quantize_per_tensor(good, 0.1, 0, torch.quint8),
    "eight bits": lambda good: good.to(torch.float8_e4m3fn),
    "unsigned": lambda good: good.to(torch.uint16),
    "0-d": lambda good: good.flatten()[0],
}
NUMBERS = {  # and of an integer
    "None": None,
    "True": True,
    "1.5": 1.5,
    "nan": float("nan"),
    "'1'": "1",
    "1j": 1j,
    "an array": numpy.array([1, 1, 1, 1]),
    "a tensor": torch.tensor([1, 1, 1, 1]),
    "tensor(True)": torch.tensor(True),
    "tensor(1.)": torch.tensor(1.0),
    "on meta": torch.tensor(1, device="meta"),
    "-1": -1,
    "2**63": 2**63,
    "2**64": 2**64,
    "()": (),
    "four": (1, 1, 1, 1),
    "(None, 1)": (None, 1),
    "(1, 2**64)": (1, 2**64),
    "a set": {1},
    "a dict": {},
}


# The first argument of these may be a tuple, of any length.
PER_AXIS = {
    (cb.conv_output_size, "input_size"),
    (cb.conv_transpose_output_size, "input_size"),
    (cb.output_padding_for, "input_size"),
    (cb.same_padding, "kernel_size"),
}


def has_a_meaning(function, name, bad):
    if bad in ("()", "four"):
        return (function, name) in PER_AXIS
    return (name, bad) in {("period", "None"), ("bias", "None")}


def each(kind, replacements):
    """Yield a function, its arguments, the name of each of a kind, and what replaces it."""
    for function, arguments in CALLS:
        for name in arguments:
            for bad in replacements if type(arguments[name]) is kind else ():
                if not has_a_meaning(function, name, bad):
                    label = f"{function.__name__}-{name}-{bad}"
                    yield pytest.param(function, arguments, name, bad, id=label)


def assert_refused_here(function, arguments, name):
    """Assert a ValueError or TypeError that a line of convbook raises and that names `name`."""
    with pytest.raises((ValueError, TypeError)) as caught:
        function(**arguments)
    *_, last = traceback.extract_tb(caught.tb)
    assert "convbook" in last.filename, caught.value
    assert re.search(rf"\b{name}(\[|=| has | must | is )", str(caught.value)), caught.value


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function, arguments, name, bad", [*each(torch.Tensor, TENSORS)])
def test_what_is_no_dense_tensor_of_numbers(function, arguments, name, bad):
    assert_refused_here(function, {**arguments, name: TENSORS[bad](arguments[name])}, name)


@pytest.mark.parametrize("function, arguments, name, bad", [*each(int, NUMBERS)])
def test_what_is_no_number(function, arguments, name, bad):
    said = "padding" if name == "amount" else name  # the move calls it so
    assert_refused_here(function, {**arguments, name: NUMBERS[bad]}, said)


@pytest.mark.parametrize(
    "function, arguments, name",
    [
        *[
            (functools.partial(getattr(cb, f"{kind}{n}d"), torch.ones(1, 2, *[4] * n), k), {}, name)
            for n in (1, 2, 3)
            for k in [torch.ones(2, 2, *[2] * n)]
            for kind, name in [
                ("conv", "padding"),
                ("conv", "dilation"),
                ("conv_transpose", "padding"),
                ("conv_transpose", "stride"),
                ("conv_transpose", "dilation"),
                ("conv_transpose", "output_padding"),
            ]
        ],
        (cb.unfold, {"input": X, "kernel_size": 2}, "padding"),
        (cb.unfold, {"input": X}, "kernel_size"),
        (cb.pad2d, {"X": X[0]}, "padding"),
        (cb.crop2d, {"Y": X[0]}, "padding"),
        (cb.dilate2d, {"X": X[0]}, "dilation"),
        (cb.kernel2matrix, {"K": K}, "input_shape"),
        (cb.kernel2matrix, {"K": K, "input_shape": 4}, "padding"),
        (cb.move2matrix, {"move": cb.pad2d, "amount": 1}, "input_shape"),
        (cb.move2matrix, {"move": cb.pad2d, "amount": 1, "input_shape": 4}, "channels"),
        (cb.checkerboard, {"layer": torch.zeros_like}, "channels"),
        (cb.checkerboard, {"layer": torch.zeros_like}, "size"),
    ],
)
def test_what_no_computer_holds(function, arguments, name):
    assert_refused_here(function, {**arguments, name: 2**62}, name)


@pytest.mark.parametrize("function, name", [(cb.move2matrix, "move"), (cb.checkerboard, "layer")])
@pytest.mark.parametrize("bad", [None, 3, "pad2d", numpy.ones(2), torch.ones(2)], ids=repr)
def test_what_is_no_function(function, name, bad):
    arguments = next(arguments for one, arguments in CALLS if one is function)
    assert_refused_here(function, {**arguments, name: bad}, name)


@pytest.mark.parametrize("bad", [None, 3, torch.tensor(3), numpy.int64(3), "33"], ids=repr)
def test_what_is_no_list_of_layers(bad):
    assert_refused_here(cb.receptive_field, {"layers": bad}, "layers")


def test_numbers_of_every_kind_are_taken_and_integers_returned():
    for five in (numpy.int8(5), torch.tensor(5), torch.tensor([5])):
        for find in (cb.conv_parameters_for, cb.transposed_parameters_for):
            (first, *_) = find(five, 5, max_dilation=five)
            assert first == find(5, 5, max_dilation=5)[0]
            assert {type(number) for number in first} == {int}
