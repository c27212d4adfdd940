"""The bounds of arguments that no chapter comes near."""

import pytest
import torch
from oracle import fill
from torch.fx.experimental.proxy_tensor import make_fx

import convbook as cb
from convbook import arguments


def test_the_largest_integer_is_torch_s():
    assert arguments.as_int("stride", 2**63 - 1) == 2**63 - 1
    with pytest.raises(ValueError, match=r"^stride=9223372036854775808 must be at most 2\*\*63 - "):
        arguments.as_int("stride", 2**63)


def test_one_number_in_a_list_serves_all_axes():
    assert arguments.as_ints("stride", [2], 2) == (2, 2)


def test_a_size_that_a_traced_graph_does_not_know_stays_unknown():
    zeros = make_fx(lambda X: X.new_zeros(arguments.as_int("n", X.shape[0])), {}, "symbolic")
    assert zeros(torch.ones(3))(torch.ones(5)).shape == (5,)


@pytest.mark.parametrize(
    ("shape", "size", "refused"),
    [
        ((1, 1, 5), [2**31 + 1], False),  # long, and yet addressable
        ((2**29, 1, 5), [2**31], False),  # 2⁶⁰ numbers, and no axis too long
        ((2**30, 1, 5), [2**31], False),  # the sizes of an output are checked elsewhere
        ((2**28, 1, 5), [2**32], False),
        ((2**28, 1, 5), [2**32 + 1], True),
        ((2**31, 1, 5), [2**31 + 1], True),
        ((1, 2**29, 5), [2**32], True),
        ((1, 1, 5, 5), [2**31, 2**31], False),
        ((1, 1, 5, 5), [2**31 + 1, 2**31], True),
        ((1, 1, 5, 5), [2**40, 2**20], False),
        ((1, 1, 2**30, 2**30), [2**31 + 1, 1], False),  # its own last axes do not count
    ],
)
def test_more_than_can_be_addressed_is_refused(shape, size, refused):
    tensor = torch.empty(shape, device="meta")
    if refused:
        with pytest.raises(
            ValueError, match="^padding=1 is too large: it would take a tensor of sizes"
        ):
            arguments.check_addressable("padding", 1, tensor, size)
    else:
        arguments.check_addressable("padding", 1, tensor, size)


def test_a_sparse_bias_is_refused():
    with pytest.raises(TypeError, match=r"^bias has layout torch.sparse_coo; it must be dense"):
        cb.conv2d(fill((1, 1, 3, 3)), fill((2, 1, 2, 2)), fill((2,)).to_sparse())


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_a_nested_tensor_is_refused():
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    with pytest.raises(TypeError, match="^input is nested; it must be one tensor$"):
        arguments.check_dense("input", nested)


def test_groups_must_divide_the_outputs():
    with pytest.raises(ValueError, match="^groups=2 must divide 3, the first axis of weight$"):
        cb.conv2d(fill((1, 4, 3, 3)), fill((3, 2, 2, 2)), groups=2)
    with pytest.raises(ValueError, match="^groups=2 must divide 3, the first axis of weight$"):
        cb.conv_transpose2d(fill((1, 3, 3, 3)), fill((3, 2, 2, 2)), groups=2)


@pytest.mark.parametrize(
    ("dtype", "says"),
    [
        (torch.bool, "^X has dtype torch.bool; it must hold numbers$"),
        (torch.uint16, "^X has dtype torch.uint16; it must hold numbers that torch multiplies and"),
    ],
)
def test_what_torch_does_not_add_is_refused(dtype, says):
    with pytest.raises(TypeError, match=says):
        arguments.check_tensor("X", torch.ones(2, dtype=dtype), "w")


def test_numbers_are_known_and_finite_or_not():
    known = arguments.known_and_finite
    assert known(torch.ones(2), torch.ones(0), torch.ones(1, dtype=torch.complex64)) is True
    for number in (float("inf"), float("nan")):
        assert known(torch.ones(2), torch.tensor([1, number])) is False
    assert known(torch.ones(2, device="meta")) is False
    assert torch.func.vmap(lambda X: X + known(X))(torch.zeros(3)).tolist() == [0, 0, 0]
    compiled = torch.compile(lambda X: X + known(X), backend="eager")
    assert compiled(torch.zeros(3)).tolist() == [0, 0, 0]
