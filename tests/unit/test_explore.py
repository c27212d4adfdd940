"""What `explore` reads from its arguments, in Python alone."""

import re

import numpy
import pytest
import torch

from convbook.explorer import explore, practice

ROWS = [[1, 2], [3, 0.5]]


@pytest.mark.parametrize(
    "rows",
    [
        torch.tensor(ROWS),
        list(torch.tensor(ROWS)),
        [[*row] for row in torch.tensor(ROWS)],
        numpy.array(ROWS),
        list(numpy.array(ROWS)),
        [[*row] for row in numpy.array(ROWS, dtype=numpy.float32)],
        tuple(map(tuple, ROWS)),
        torch.tensor(ROWS, requires_grad=True),
        torch.tensor(ROWS).to_sparse(),
        torch.tensor(ROWS).bfloat16(),
        "1 2\n3 .5",
    ],
    ids=lambda rows: type(rows).__name__,
)
@pytest.mark.parametrize("name", ["input", "kernel"])
def test_rows_may_be_tensors_arrays_and_numbers_of_any_kind(name, rows):
    result = explore(**{"input_size": 2, "kernel_size": 2, name: rows}).result
    assert (result[name], result["adjusted"]) == (ROWS, False)


@pytest.mark.parametrize(
    "stride",
    [
        numpy.int64(2),
        numpy.float32(2),
        torch.tensor(2),
        torch.tensor([2, 2]),
        numpy.array([2, 2]),
        [torch.tensor(2)],
        (numpy.int8(2), 2.0),
        "2",
    ],
    ids=repr,
)
def test_sizes_may_be_numbers_of_any_kind(stride):
    result = explore(stride=stride).result
    assert (result["stride"], result["adjusted"]) == (2, False)


def test_groups_of_any_kind_count_the_channels_of_a_weight():
    for groups in (2, numpy.int64(2), torch.tensor(2)):
        result = explore(kernel=torch.ones(4, 2, 1, 1), groups=groups).result
        assert (result["inChannels"], result["groups"], result["adjusted"]) == (4, 2, False)
    for groups in (None, "a", numpy.array([1, 2])):
        assert explore(kernel=torch.ones(2, 2, 1, 1), groups=groups).result["inChannels"] == 2


def test_what_holds_no_numbers_is_said():
    for kernel in ([[True]], [[None]], [[1j]], [["x"]], numpy.array([["x"]])):
        assert "must be a number" in explore(kernel=kernel).result["reason"]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("name", ["input", "kernel"])
def test_another_picture_is_shown_with_a_reason(name):
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    for rows in (3, [], [[]], torch.ones(2, 2, device="meta"), nested, [[1], [1, 2]], object()):
        explorer = explore(**{name: rows})
        reason = explorer.result["reason"]
        assert re.search(rf"\b{name}=.* must be (a number|\d+ numbers) of at most", reason)
        assert explorer._repr_html_()


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"kind": "sizes"}, ValueError, "^kind='sizes' must be one of size, fill,"),
        ({"kind": numpy.array(["size"])}, ValueError, "^kind=array.* must be one of size,"),
        ({"level": 4}, ValueError, "^level=4 must be 1, 2 or 3$"),
        ({"level": True}, TypeError, "^level=True must be an integer, not bool$"),
        ({"level": numpy.array([1, 2])}, TypeError, "^level=array.* must be an integer"),
        ({"seed": -1}, ValueError, r"^seed=-1 must be a whole number from 0 to 2\*\*32 - 1$"),
        ({"seed": 2**32}, ValueError, "^seed=4294967296 must be a whole number from 0"),
        ({"seed": 1.5}, TypeError, "^seed=1.5 must be an integer, not float$"),
        ({"seed": torch.ones(2)}, TypeError, "^seed=tensor.* must be an integer, not Tensor$"),
    ],
)
def test_practice_refuses_what_it_cannot_ask(arguments, error, message):
    with pytest.raises(error, match=message):
        practice(**arguments)
    assert ' level="2" seed="7" ' in practice("size", numpy.int64(2), torch.tensor(7))._repr_html_()
