"""The decorators, applied here, so that a mistake in how they read a signature shows."""

from collections.abc import Callable
from typing import Annotated, Optional

import pytest
import torch
from torch import Tensor

from convbook.signatures import (
    NotNegative,
    Padding,
    Positive,
    Positives,
    definition,
    per_axis,
    sides,
    zeros,
)


def test_a_bound_is_read_through_a_union_and_none_is_allowed_where_it_is_the_default():
    @definition
    def either(old: Optional[Positive] = None, new: Positives | None = None):  # noqa: UP045
        return old, new

    assert either() == either(None, None) == (None, None)
    assert either(2, (3, 4)) == (2, (3, 4))
    for wrong in ({"old": 0}, {"new": 0}, {"new": (1, 0)}):
        with pytest.raises(ValueError, match="must be at least 1"):
            either(**wrong)

    @definition
    def required(number: Positives):
        return number

    with pytest.raises(TypeError, match="^number=None must be an integer"):
        required(None)

    @definition
    def two(number: Positive = 2):
        return number

    with pytest.raises(TypeError, match="^number=None must be an integer"):
        two(None)
    with pytest.raises(TypeError, match=r"^number=\(1, 2\) must be an integer"):
        two((1, 2))  # for one axis


def test_what_is_no_function_is_refused():
    @definition
    def apply(layer: Callable[[int], int], number: Positive):
        return layer(number)

    assert apply(abs, 2) == 2
    with pytest.raises(TypeError, match="^layer=3 must be a function$"):
        apply(3, 2)


def test_what_is_missing_is_said_by_python():
    @definition
    def both(X: Annotated[Tensor, "h w"], K: Annotated[Tensor, "kh kw"]):
        return X

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'K'"):
        both(torch.ones(2, 2))


def test_half_precision_of_two_tensors_is_rounded_once_and_of_one_left_alone():
    seen = []

    @definition
    def both(X: Annotated[Tensor, "h w"], K: Annotated[Tensor, "kh kw"]):
        seen.append(X.dtype)
        return X + K

    @definition
    def one(X: Annotated[Tensor, "h w"], factor: Positive = 1):
        seen.append(X.dtype)
        return X

    half = torch.ones(2, 2).half()
    assert both(half, half).dtype == one(half).dtype == torch.float16
    assert seen == [torch.float32, torch.float16]


@pytest.mark.parametrize(
    ("X", "K", "says"),
    [
        ((2, 3), (2, 2, 2), r"^X has shape \(2, 3\); it must have 3 axes \(c, h, w\)"),
        ((3, 4, 4), (2, 2, 2), r"its axis 0 must be the 3 channels of X, which has shape \(3, 4"),
        (
            (2, 4, 4),
            (2, 5, 2),
            r"^K has shape \(2, 5, 2\); it must fit into X of shape \(2, 4, 4\)",
        ),
        (
            (2, 4, 4),
            (2, 2, 5),
            r"^K has shape \(2, 2, 5\); it must fit into X of shape \(2, 4, 4\)",
        ),
        ((2, 4, 4), (2, 0, 2), "no axis of a kernel may be empty"),
    ],
)
def test_axes_of_a_name_are_equally_long_and_the_result_exists(X, K, says):
    @definition
    def valid(
        X: Annotated[Tensor, "c h w"], K: Annotated[Tensor, "c kh kw"]
    ) -> Annotated[Tensor, "h-kh+1 w-kw+1"]:
        return X

    assert valid(torch.ones(2, 4, 4), torch.ones(2, 4, 4)).shape == (2, 4, 4)
    with pytest.raises(ValueError, match=says):
        valid(torch.ones(X), torch.ones(K))


def test_the_tensor_that_has_the_axis_is_named():
    @definition
    def three(X: Annotated[Tensor, "h w"], a: Annotated[Tensor, "k"], b: Annotated[Tensor, "k"]):
        return X

    with pytest.raises(ValueError, match=r"must be the 2 channels of a, which has shape \(2,\)$"):
        three(torch.ones(4, 4), torch.ones(2), torch.ones(3))


def test_axes_in_brackets_may_be_missing_and_a_number_is_a_size():
    @definition
    def plain(X: Annotated[Tensor, "[n c] h w"], K: Annotated[Tensor, "[n c] 1 2"]):
        return X.ndim

    assert plain(torch.ones(4, 4), torch.ones(1, 2)) == 2
    assert plain(torch.ones(3, 2, 4, 4), torch.ones(3, 2, 1, 2)) == 4
    says = r"^X has shape \(2, 4, 4\); it must have 4 axes \(n, c, h, w\), or the last 2$"
    with pytest.raises(ValueError, match=says):
        plain(torch.ones(2, 4, 4), torch.ones(1, 2))
    with pytest.raises(ValueError, match=r"^K has shape \(2, 2\); its axes must be \(1, 2\)$"):
        plain(torch.ones(4, 4), torch.ones(2, 2))
    with pytest.raises(ValueError, match="its axis 1 must be the 2 channels of X, which has"):
        plain(torch.ones(3, 2, 4, 4), torch.ones(3, 3, 1, 2))


def test_a_result_that_no_memory_holds_is_refused():
    @definition
    def tall(X: Annotated[Tensor, "h w"], stride: Positives) -> Annotated[Tensor, "sh*h sw*w"]:
        return "computed"

    assert tall(torch.ones(1, 1), (2**30, 2**30 - 1)) == "computed"
    says = rf"^stride=\({2**30}, {2**30}\) would take a tensor of shape \({2**30}, {2**30}\): too"
    with pytest.raises(ValueError, match=says):
        tall(torch.ones(1, 1), (2**30, 2**30))


def test_more_than_there_is_cannot_be_cropped():
    @definition
    def crop(
        Y: Annotated[Tensor, "h w"], padding: Padding
    ) -> Annotated[Tensor, "h-top-bottom w-left-right"]:
        return "cropped"

    assert crop(torch.ones(2, 4), (1, 2)) == "cropped"
    for wrong in ((2, 0), ((1, 2), (0, 0)), ((0, 0), (1, 4))):
        with pytest.raises(ValueError, match="would crop more than there is: Y has shape"):
            crop(torch.ones(2, 4), wrong)


@pytest.mark.parametrize("padding", [((1, 2), 3), (3, (1, 2)), [(1, 2), 3]])
def test_a_padding_is_pairs_on_both_axes_or_on_none(padding):
    with pytest.raises(TypeError, match=r"^padding\[\d\]=\(1, 2\) must be an integer"):
        sides(padding)


def test_zeros_have_the_dtype_and_the_batch():
    like = (torch.ones(1, dtype=torch.int8), torch.ones(3, dtype=torch.float64))
    assert zeros(2, like=like).dtype == torch.float64
    assert zeros(2, 2, like=(torch.ones(3), torch.ones(4))).tolist() == [[0, 0], [0, 0]]


def test_a_formula_for_one_axis_serves_several():
    def order(low, result):
        if result < low:
            raise ValueError("too low")

    @per_axis(order)
    def difference(high: NotNegative, low: NotNegative = 1) -> int:
        return high - low

    assert difference(5) == 4 and difference(5, 2) == 3 and difference(high=5, low=2) == 3
    assert difference((5, 6)) == (4, 5) and difference([5, 6], (1, 2)) == (4, 4)
    with pytest.raises(ValueError, match="too low"):
        difference(5, 3)
    with pytest.raises(ValueError, match=r"^low=-1 must be at least 0"):
        difference((5, 6), (2, -1))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'high'"):
        difference(low=1)
    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments but 3 were given"):
        difference(5, 1, 1)
    with pytest.raises(TypeError, match="got multiple values for argument 'high'"):
        difference(5, high=5)
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'middle'"):
        difference(5, middle=1)
