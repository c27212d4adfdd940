"""A convolution as a matrix, and the matrices of the moves it is made of.

All of them are found in one way: number the elements of the input, carry the numbers where the
operation carries the elements, and read off which output depends on which input.
"""

from collections.abc import Callable
from typing import Annotated as Num
from typing import Any

import torch
from torch import Tensor

from .functional import unfold
from .moves import crop2d, dilate2d, pad2d, subsample2d
from .signatures import NotNegatives, Positive, Positives, definition, pair


def _number(channels: int, height: int, width: int) -> Tensor:
    """Return the elements' numbers, from 1 on, as (c, h, w); 0 is left for zeros put in."""
    return torch.arange(1, channels * height * width + 1).reshape(channels, height, width)


def _matrix(sources: Tensor, values: Tensor, columns: int, sparse: bool) -> Tensor:
    """Return the matrix with values[i, j] in row i and the column of element sources[i, j].

    sources: (rows, terms), numbers of input elements, rising along a row, or 0 for a zero.
    values: (rows, terms). columns: how many input elements there are. Returns (rows, columns).
    """
    rows, terms = torch.nonzero(sources, as_tuple=True)
    places, entries = (rows, sources[rows, terms] - 1), values[rows, terms]
    shape = (len(sources), columns)
    if sparse:
        # Asked for in this way because torch 2.11 warns at check_invariants=True.
        with torch.sparse.check_sparse_tensor_invariants():
            return torch.sparse_coo_tensor(torch.stack(places), entries, shape, is_coalesced=True)
    matrix = values.new_zeros(shape)
    matrix[places] = entries
    return matrix


@definition
def kernel2matrix(
    K: Num[Tensor, "[c_out c_in] kh kw"],
    input_shape: Positives,
    stride: Positives = 1,
    padding: NotNegatives = 0,
    dilation: Positives = 1,
    sparse: bool = False,
    groups: Positive = 1,
) -> Tensor:
    """Return the matrix W of a convolution: W @ X.reshape(-1) is its flat output.

    K: (kh, kw) or, as the weight of `conv2d`, (c_out, c_in / groups, kh, kw). input_shape: (h, w),
    that of X without its channels. stride, padding, dilation: an int or (height, width). sparse:
    whether to return a `torch.sparse_coo` tensor. groups: as for `conv2d`.
    Returns (c_out·h_out·w_out, c_in·h·w), where K without channels counts as one: rows in the order
    of the output, columns in that of the input, of the dtype of K and differentiable in it. Each
    pair of channels has a block, of zeros between groups. W.T is the transposed convolution of the
    same parameters.
    Raises TypeError or ValueError if K is no such tensor, a number is out of range, the kernel does
    not fit into the padded input, or groups does not divide c_out.
    Source: Dumoulin and Visin, arXiv:1603.07285, section 4.1.

    >>> kernel2matrix(torch.tensor([[1, 2], [3, 4]]), (3, 3))
    tensor([[1, 2, 0, 3, 4, 0, 0, 0, 0],
            [0, 1, 2, 0, 3, 4, 0, 0, 0],
            [0, 0, 0, 1, 2, 0, 3, 4, 0],
            [0, 0, 0, 0, 1, 2, 0, 3, 4]])
    >>> kernel2matrix(torch.tensor([1, 2, 3, 4]).reshape(2, 2, 1, 1), (1, 2))
    tensor([[1, 0, 2, 0],
            [0, 1, 0, 2],
            [3, 0, 4, 0],
            [0, 3, 0, 4]])
    """
    weight = K if K.ndim == 4 else K[None, None]
    if len(weight) % groups:
        raise ValueError(f"groups={groups} must divide {len(weight)}, the outputs of K")
    c_out, c_in = weight.shape[0], weight.shape[1] * groups
    numbers = _number(c_in, *pair(input_shape))
    windows = unfold(numbers.double(), K.shape[-2:], dilation, padding, stride).long()
    windows = windows.unflatten(0, (groups, -1)).mT  # (groups, h_out·w_out, taps)
    sources = windows.repeat_interleave(c_out // groups, 0)  # (c_out, h_out·w_out, …)
    values = weight.flatten(1)[:, None].expand(sources.shape)  # in each row
    return _matrix(sources.flatten(0, 1), values.flatten(0, 1), numbers.numel(), sparse)


@definition
def move2matrix(
    move: Callable[..., Tensor],
    input_shape: Positives,
    amount: Any,
    sparse: bool = False,
    dtype: torch.dtype | None = None,
    channels: Positive = 1,
) -> Tensor:
    """Return the matrix M of a move: M @ X.reshape(-1) is `move(X, amount)`, flattened.

    move: `pad2d`, `crop2d`, `dilate2d` or `subsample2d`; the matrix of `corr2d` with K is
    `kernel2matrix(K, input_shape)`. input_shape: (h, w), that of X without its channels. amount:
    what the move takes as its second argument. sparse: as for `kernel2matrix`. dtype: that of the
    result, by default torch's default dtype. channels: how many X has; each is moved by itself.
    Returns (channels · number of outputs, channels·h·w), of zeros and ones.
    Raises ValueError if `move` is another function, and what the move raises.

    >>> move2matrix(subsample2d, (1, 5), 2)
    tensor([[1., 0., 0., 0., 0.],
            [0., 0., 1., 0., 0.],
            [0., 0., 0., 0., 1.]])
    >>> torch.equal(move2matrix(dilate2d, (1, 3), 2), move2matrix(subsample2d, (1, 5), 2).T)
    True
    """
    if move not in (pad2d, crop2d, dilate2d, subsample2d):
        raise ValueError(f"move={move!r} must be pad2d, crop2d, dilate2d or subsample2d")
    numbers = _number(channels, *pair(input_shape))
    moved = torch.stack([move(channel, amount) for channel in numbers])
    sources = moved.reshape(-1, 1)  # (outputs, 1): one source each, or 0
    values = torch.ones(sources.shape, dtype=dtype)
    return _matrix(sources, values, numbers.numel(), sparse)
