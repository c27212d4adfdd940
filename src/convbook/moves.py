"""The definitions: four moves, their adjoints, and the sums over channels.

Every convolution is made of four moves, and the transposed convolution of their adjoints, in
reverse order:

    move                                      adjoint
    pad2d(X, padding)       zeros around      crop2d(Y, padding)
    corr2d(X, K)            slide and sum     trans_conv(Y, K)       scatter and add
    subsample2d(X, stride)  every s-th        dilate2d(Y, stride)    zeros between
    dilate2d(K, dilation)   stretch a kernel

    F.conv2d            subsample2d(corr2d(pad2d(X, p), dilate2d(K, d)), s)
    F.conv_transpose2d  crop2d(trans_conv(dilate2d(X, s), dilate2d(K, d)), p)

These are loops and slices, written to be read; `convbook.functional` computes the same, fast.
"""

import torch

from .arguments import as_ints, check_alike, check_kernel, check_tensor, round_once


def _sides(padding):
    """Return ((top, bottom), (left, right)) for any way to write a padding."""
    both_axes = isinstance(padding, (list, tuple)) and len(padding) == 2
    if both_axes and all(isinstance(sides, (list, tuple)) for sides in padding):
        return tuple(
            as_ints(f"padding[{axis}]", sides, 2, at_least=0) for axis, sides in enumerate(padding)
        )
    height, width = as_ints("padding", padding, 2, at_least=0)
    return (height, height), (width, width)


def pad2d(X, padding):
    """Put zeros around `X`: the adjoint of `crop2d`.

    X: (h, w). padding: rows and columns on each side, as one int, (height, width) or
    ((top, bottom), (left, right)). Returns (top + h + bottom, left + w + right).
    Raises TypeError or ValueError if X is no such tensor or a padding is negative.

    >>> pad2d(torch.tensor([[1, 2], [3, 4]]), 1)
    tensor([[0, 0, 0, 0],
            [0, 1, 2, 0],
            [0, 3, 4, 0],
            [0, 0, 0, 0]])
    """
    check_tensor("X", X, "h", "w")
    (top, bottom), (left, right) = _sides(padding)
    h, w = X.shape
    Y = X.new_zeros(top + h + bottom, left + w + right)
    Y[top : top + h, left : left + w] = X
    return Y


def crop2d(Y, padding):
    """Cut rows and columns off each side of `Y`: the adjoint of `pad2d`.

    Y: (h, w). padding: what to cut off, written as for `pad2d`.
    Returns (h - top - bottom, w - left - right), a view.
    Raises TypeError or ValueError if Y is no such tensor, a padding is negative or more is to
    be cut off than there is.

    >>> crop2d(torch.arange(16).reshape(4, 4), 1)
    tensor([[ 5,  6],
            [ 9, 10]])
    """
    check_tensor("Y", Y, "h", "w")
    (top, bottom), (left, right) = _sides(padding)
    h, w = Y.shape
    if top + bottom > h or left + right > w:
        raise ValueError(
            f"padding={padding!r} would crop more than there is: Y has shape {tuple(Y.shape)}"
        )
    return Y[top : h - bottom, left : w - right]


def dilate2d(X, dilation):
    """Put `dilation` - 1 zeros between neighbors: the adjoint of `subsample2d`.

    X: (h, w). dilation: distance of former neighbors, one int or (height, width).
    Returns ((h - 1)·d + 1, (w - 1)·d + 1). A kernel is stretched so; a transposed convolution
    spreads its input so.
    Raises TypeError or ValueError if X is no such tensor or dilation < 1.

    >>> dilate2d(torch.tensor([[1, 2], [3, 4]]), 2)
    tensor([[1, 0, 2],
            [0, 0, 0],
            [3, 0, 4]])
    """
    check_tensor("X", X, "h", "w")
    dh, dw = as_ints("dilation", dilation, 2, at_least=1)
    h, w = X.shape
    Y = X.new_zeros(max((h - 1) * dh + 1, 0), max((w - 1) * dw + 1, 0))
    Y[::dh, ::dw] = X
    return Y


def subsample2d(X, stride):
    """Keep every `stride`-th row and column: the adjoint of `dilate2d`.

    X: (h, w). stride: one int or (height, width). Returns (⌈h/s⌉, ⌈w/s⌉), a view.
    Up to s - 1 rows and columns at the end are lost; the adjoint has to be told how many, and
    that is all `output_padding` is.
    Raises TypeError or ValueError if X is no such tensor or stride < 1.

    >>> subsample2d(torch.arange(9).reshape(3, 3), 2)
    tensor([[0, 2],
            [6, 8]])
    """
    check_tensor("X", X, "h", "w")
    sh, sw = as_ints("stride", stride, 2, at_least=1)
    return X[::sh, ::sw]


def _check_matrices(X, K):
    """Raise TypeError or ValueError unless X and K are matrices alike and K is not empty."""
    check_tensor("X", X, "h", "w")
    check_tensor("K", K, "kh", "kw")
    check_alike(X=X, K=K)
    check_kernel(K)


@round_once
def corr2d(X, K):
    """Slide `K` over `X` and sum the products: the adjoint of `trans_conv`.

    X: (h, w). K: (kh, kw), no larger than X, of the same dtype and device.
    Returns (h - kh + 1, w - kw + 1), the two-dimensional cross-correlation
    Y[i, j] = Σ_a Σ_b X[i + a, j + b]·K[a, b] (Dive into Deep Learning, section 7.2.1).
    Raises TypeError or ValueError if X or K is no such tensor.

    >>> corr2d(torch.arange(9).reshape(3, 3), torch.tensor([[0, 1], [2, 3]]))
    tensor([[19, 25],
            [37, 43]])
    """
    _check_matrices(X, K)
    kh, kw = K.shape
    h, w = X.shape[0] - kh + 1, X.shape[1] - kw + 1
    if h < 1 or w < 1:
        raise ValueError(
            f"K has shape {tuple(K.shape)}; it must fit into X of shape {tuple(X.shape)}"
        )
    Y = (X[:1, :1] * K[:1, :1]).new_zeros(h, w)  # of both, for vmap may go over either
    for i in range(h):
        for j in range(w):
            Y[i, j] = (X[i : i + kh, j : j + kw] * K).sum()
    return Y


@round_once
def trans_conv(X, K):
    """Stamp `K`, scaled by each element of `X`, and add: adjoint of `corr2d`.

    X: (h, w). K: (kh, kw), of the same dtype and device. Returns (h + kh - 1, w + kw - 1), the
    transposed convolution with stride 1 (Dive into Deep Learning, section 14.10.1).
    Raises TypeError or ValueError if X or K is no such tensor.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> trans_conv(K, K)
    tensor([[ 0,  0,  1],
            [ 0,  4,  6],
            [ 4, 12,  9]])
    """
    _check_matrices(X, K)
    h, w = X.shape
    kh, kw = K.shape
    Y = (X[:1, :1] * K[:1, :1]).new_zeros(h + kh - 1, w + kw - 1)  # of both, as in corr2d
    for i in range(h):
        for j in range(w):
            Y[i : i + kh, j : j + kw] += X[i, j] * K
    return Y


def _check_channels(X, K, axis):
    """Raise ValueError unless `axis` of K counts as many input channels as X has."""
    if K.shape[axis] != X.shape[0]:
        raise ValueError(
            f"K has shape {tuple(K.shape)}; its axis {axis} must be the {X.shape[0]} channels "
            f"of X, which has shape {tuple(X.shape)}"
        )


@round_once
def corr2d_multi_in(X, K):
    """Correlate each input channel with a kernel of its own and add up.

    X: (c_in, h, w). K: (c_in, kh, kw). Returns (h - kh + 1, w - kw + 1)
    (Dive into Deep Learning, section 7.4.1).
    Raises TypeError or ValueError as `corr2d`, or if the numbers of channels differ.

    >>> X = torch.arange(18).reshape(2, 3, 3)
    >>> K = torch.tensor([[[0, 1], [2, 3]], [[1, 2], [3, 4]]])
    >>> corr2d_multi_in(X, K)
    tensor([[136, 152],
            [184, 200]])
    """
    check_tensor("X", X, "c_in", "h", "w")
    check_tensor("K", K, "c_in", "kh", "kw")
    check_kernel(K)
    _check_channels(X, K, axis=0)
    return sum(corr2d(x, k) for x, k in zip(X, K))


@round_once
def corr2d_multi_in_out(X, K):
    """Compute one output channel for each kernel of `K`, from all input channels.

    X: (c_in, h, w). K: (c_out, c_in, kh, kw). Returns (c_out, h - kh + 1, w - kw + 1)
    (Dive into Deep Learning, section 7.4.2).
    Raises TypeError or ValueError as `corr2d_multi_in`.

    >>> X = torch.arange(18).reshape(2, 3, 3)
    >>> corr2d_multi_in_out(X, torch.ones(5, 2, 2, 2, dtype=torch.int64)).shape  # 3 - 2 + 1
    torch.Size([5, 2, 2])
    """
    check_tensor("X", X, "c_in", "h", "w")
    check_tensor("K", K, "c_out", "c_in", "kh", "kw")
    check_kernel(K)
    _check_channels(X, K, axis=1)
    return torch.stack([corr2d_multi_in(X, k) for k in K])


@round_once
def corr2d_multi_in_out_1x1(X, K):
    """Compute `corr2d_multi_in_out` for 1×1 kernels, as one matrix product over the channels.

    X: (c_in, h, w). K: (c_out, c_in, 1, 1). Returns (c_out, h, w)
    (Dive into Deep Learning, section 7.4.3).
    Raises TypeError or ValueError as `corr2d_multi_in_out`, or if a kernel is not 1×1.

    >>> X = torch.arange(8).reshape(2, 2, 2)
    >>> corr2d_multi_in_out_1x1(X, torch.tensor([1, 10]).reshape(1, 2, 1, 1))
    tensor([[[40, 51],
             [62, 73]]])
    """
    check_tensor("X", X, "c_in", "h", "w")
    check_tensor("K", K, "c_out", "c_in", "kh", "kw")
    check_alike(X=X, K=K)
    check_kernel(K)
    _check_channels(X, K, axis=1)
    if K.shape[2:] != (1, 1):
        raise ValueError(f"K has shape {tuple(K.shape)}; its last two axes must be 1 and 1")
    c_in, h, w = X.shape
    c_out = K.shape[0]
    pixels = X.reshape(c_in, h * w)  # (c_in, h·w): one column for each pixel
    weight = K.reshape(c_out, c_in)  # (c_out, c_in)
    return (weight @ pixels).reshape(c_out, h, w)  # (c_out, h·w) -> (c_out, h, w)


@round_once
def trans_conv_multi_in_out(X, K):
    """Stamp each input channel on each output channel: adjoint of `corr2d_multi_in_out`.

    X: (c_in, h, w). K: (c_in, c_out, kh, kw); the channel axes stand the other way round than
    for `corr2d_multi_in_out`, so one and the same K serves a correlation and its adjoint.
    Returns (c_out, h + kh - 1, w + kw - 1).
    Raises TypeError or ValueError as `trans_conv`, or if the numbers of channels differ.

    >>> X = torch.ones(2, 3, 3)
    >>> trans_conv_multi_in_out(X, torch.ones(2, 5, 2, 2)).shape  # 3 + 2 - 1
    torch.Size([5, 4, 4])
    """
    check_tensor("X", X, "c_in", "h", "w")
    check_tensor("K", K, "c_in", "c_out", "kh", "kw")
    check_kernel(K)
    _check_channels(X, K, axis=0)
    outputs = zip(*[[trans_conv(x, k) for k in kernels] for x, kernels in zip(X, K)])
    return torch.stack([sum(stamped) for stamped in outputs])
