"""A convolution as a matrix, and the matrices of the moves it is made of.

All of them are found in one way: number the elements of the input, carry the numbers where the
operation carries the elements, and read off which output depends on which input.
"""

import torch

from .arguments import as_ints, check_kernel, check_tensor
from .functional import _windows
from .moves import crop2d, dilate2d, pad2d, subsample2d
from .sizes import conv_output_size


def _number(input_shape):
    """Return the elements' numbers, 1 to h·w, as an (h, w) tensor; 0 is left for put-in zeros."""
    h, w = as_ints("input_shape", input_shape, 2, at_least=1)
    return torch.arange(1, h * w + 1).reshape(h, w)


def _matrix(sources, values, columns, sparse):
    """Return the matrix with values[i, j] in row i and the column of element sources[i, j].

    sources: (rows, terms), numbers of input elements or 0 for a zero. values: (rows, terms).
    columns: how many input elements there are. Returns (rows, columns).
    """
    rows, terms = torch.nonzero(sources, as_tuple=True)
    places, entries = (rows, sources[rows, terms] - 1), values[rows, terms]
    shape = (len(sources), columns)
    if sparse:
        places = torch.stack(places)
        return torch.sparse_coo_tensor(places, entries, shape, check_invariants=True).coalesce()
    matrix = values.new_zeros(shape)
    matrix[places] = entries
    return matrix


def kernel2matrix(K, input_shape, stride=1, padding=0, dilation=1, sparse=False):
    """Return the matrix W of a convolution: W @ X.reshape(-1) is its output, flattened.

    K: (kh, kw). input_shape: (h, w), the shape of X. stride, padding, dilation: an int or
    (height, width). sparse: whether to return a `torch.sparse_coo` tensor.
    Returns (h_out·w_out, h·w), rows in the order of the output, of the dtype of K and
    differentiable in it. W.T is the transposed convolution of the same parameters.
    Raises TypeError or ValueError if K is no such tensor, a number is out of range or the
    kernel does not fit into the padded input.
    Source: Dumoulin and Visin, arXiv:1603.07285, section 4.1.

    >>> kernel2matrix(torch.tensor([[1, 2], [3, 4]]), (3, 3))
    tensor([[1, 2, 0, 3, 4, 0, 0, 0, 0],
            [0, 1, 2, 0, 3, 4, 0, 0, 0],
            [0, 0, 0, 1, 2, 0, 3, 4, 0],
            [0, 0, 0, 0, 1, 2, 0, 3, 4]])
    """
    check_tensor("K", K, "kh", "kw")
    check_kernel(K)
    numbers = _number(input_shape)
    stride = as_ints("stride", stride, 2)
    padding = as_ints("padding", padding, 2)
    dilation = as_ints("dilation", dilation, 2)
    h_out, w_out = conv_output_size(numbers.shape, K.shape, stride, padding, dilation)

    windows = _windows(pad2d(numbers, padding)[None, None], K.shape, stride, dilation)
    sources = windows.reshape(K.numel(), h_out * w_out).T  # (h_out·w_out, kh·kw)
    values = K.flatten().expand(sources.shape)  # (h_out·w_out, kh·kw): K in every row
    return _matrix(sources, values, numbers.numel(), sparse)


def move2matrix(move, input_shape, amount, sparse=False, dtype=None):
    """Return the matrix M of a move: M @ X.reshape(-1) is `move(X, amount)`, flattened.

    move: `pad2d`, `crop2d`, `dilate2d` or `subsample2d`; the matrix of `corr2d` with K is
    `kernel2matrix(K, input_shape)`. input_shape: (h, w), the shape of X. amount: what the move
    takes as its second argument. sparse: as for `kernel2matrix`. dtype: that of the result,
    by default torch's default dtype. Returns (number of outputs, h·w), of zeros and ones.
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
    numbers = _number(input_shape)
    sources = move(numbers, amount).reshape(-1, 1)  # (outputs, 1): one source each, or 0
    values = torch.ones(sources.shape, dtype=dtype)
    return _matrix(sources, values, numbers.numel(), sparse)
