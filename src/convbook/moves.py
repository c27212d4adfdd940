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

from typing import Annotated as Num

import torch
from torch import Tensor

from .signatures import Padding, Positives, definition, pair, sides, zeros


@definition
def pad2d(
    X: Num[Tensor, "h w"],
    padding: Padding,
) -> Num[Tensor, "top+h+bottom left+w+right"]:
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
    (top, bottom), (left, right) = sides(padding)
    h, w = X.shape
    Y = X.new_zeros(top + h + bottom, left + w + right)
    Y[top : top + h, left : left + w] = X
    return Y


@definition
def crop2d(
    Y: Num[Tensor, "h w"],
    padding: Padding,
) -> Num[Tensor, "h-top-bottom w-left-right"]:
    """Cut rows and columns off each side of `Y`: the adjoint of `pad2d`.

    Y: (h, w). padding: what to cut off, written as for `pad2d`.
    Returns (h - top - bottom, w - left - right), a view.
    Raises TypeError or ValueError if Y is no such tensor, a padding is negative or more is to
    be cut off than there is.

    >>> crop2d(torch.arange(16).reshape(4, 4), 1)
    tensor([[ 5,  6],
            [ 9, 10]])
    """
    (top, bottom), (left, right) = sides(padding)
    h, w = Y.shape
    return Y[top : h - bottom, left : w - right]


@definition
def dilate2d(
    X: Num[Tensor, "h w"],
    dilation: Positives,
) -> Num[Tensor, "(h-1)*dh+1 (w-1)*dw+1"]:
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
    dh, dw = pair(dilation)
    h, w = X.shape
    Y = X.new_zeros(max((h - 1) * dh + 1, 0), max((w - 1) * dw + 1, 0))
    Y[::dh, ::dw] = X
    return Y


@definition
def subsample2d(
    X: Num[Tensor, "h w"],
    stride: Positives,
) -> Num[Tensor, "(h-1)//sh+1 (w-1)//sw+1"]:
    """Keep every `stride`-th row and column: the adjoint of `dilate2d`.

    X: (h, w). stride: one int or (height, width). Returns (⌈h/s⌉, ⌈w/s⌉), a view.
    Up to s - 1 rows and columns at the end are lost; the adjoint has to be told how many, and
    that is all `output_padding` is.
    Raises TypeError or ValueError if X is no such tensor or stride < 1.

    >>> subsample2d(torch.arange(9).reshape(3, 3), 2)
    tensor([[0, 2],
            [6, 8]])
    """
    sh, sw = pair(stride)
    return X[::sh, ::sw]


@definition
def corr2d(
    X: Num[Tensor, "h w"],
    K: Num[Tensor, "kh kw"],
) -> Num[Tensor, "h-kh+1 w-kw+1"]:
    """Slide `K` over `X`; at each place multiply pair by pair and add up.

    X: (h, w). K: (kh, kw), no larger than X, of the same dtype and device.
    Returns (h - kh + 1, w - kw + 1), the two-dimensional cross-correlation
    Y[i, j] = Σ_a Σ_b X[i + a, j + b]·K[a, b] (Dive into Deep Learning, section 7.2.1).
    The adjoint of `trans_conv`.
    Raises TypeError or ValueError if X or K is no such tensor.

    >>> corr2d(torch.arange(9).reshape(3, 3), torch.tensor([[0, 1], [2, 3]]))
    tensor([[19, 25],
            [37, 43]])
    """
    h, w = X.shape
    kh, kw = K.shape
    Y = zeros(h - kh + 1, w - kw + 1, like=(X, K))
    for i in range(h - kh + 1):
        for j in range(w - kw + 1):
            Y[i, j] = (X[i : i + kh, j : j + kw] * K).sum()
    return Y


@definition
def trans_conv(
    X: Num[Tensor, "h w"],
    K: Num[Tensor, "kh kw"],
) -> Num[Tensor, "h+kh-1 w+kw-1"]:
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
    h, w = X.shape
    kh, kw = K.shape
    Y = zeros(h + kh - 1, w + kw - 1, like=(X, K))
    for i in range(h):
        for j in range(w):
            Y[i : i + kh, j : j + kw] += X[i, j] * K
    return Y


@definition
def corr2d_multi_in(
    X: Num[Tensor, "c_in h w"],
    K: Num[Tensor, "c_in kh kw"],
) -> Num[Tensor, "h-kh+1 w-kw+1"]:
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
    return sum(corr2d(x, k) for x, k in zip(X, K))


@definition
def corr2d_multi_in_out(
    X: Num[Tensor, "c_in h w"],
    K: Num[Tensor, "c_out c_in kh kw"],
) -> Num[Tensor, "c_out h-kh+1 w-kw+1"]:
    """Compute one output channel for each kernel of `K`, from all input channels.

    X: (c_in, h, w). K: (c_out, c_in, kh, kw). Returns (c_out, h - kh + 1, w - kw + 1)
    (Dive into Deep Learning, section 7.4.2).
    Raises TypeError or ValueError as `corr2d_multi_in`.

    >>> X = torch.arange(18).reshape(2, 3, 3)
    >>> corr2d_multi_in_out(X, torch.ones(5, 2, 2, 2, dtype=torch.int64)).shape  # 3 - 2 + 1
    torch.Size([5, 2, 2])
    """
    return torch.stack([corr2d_multi_in(X, k) for k in K])


@definition
def corr2d_multi_in_out_1x1(
    X: Num[Tensor, "c_in h w"],
    K: Num[Tensor, "c_out c_in 1 1"],
) -> Num[Tensor, "c_out h w"]:
    """Compute `corr2d_multi_in_out` for 1×1 kernels, as one matrix product.

    X: (c_in, h, w). K: (c_out, c_in, 1, 1). Returns (c_out, h, w)
    (Dive into Deep Learning, section 7.4.3).
    Raises TypeError or ValueError as `corr2d_multi_in_out`, or if a kernel is not 1×1.

    >>> X = torch.arange(8).reshape(2, 2, 2)
    >>> corr2d_multi_in_out_1x1(X, torch.tensor([1, 10]).reshape(1, 2, 1, 1))
    tensor([[[40, 51],
             [62, 73]]])
    """
    c_in, h, w = X.shape
    c_out = K.shape[0]
    pixels = X.reshape(c_in, h * w)  # (c_in, h·w): one column for each pixel
    weight = K.reshape(c_out, c_in)  # (c_out, c_in)
    return (weight @ pixels).reshape(c_out, h, w)  # (c_out, h·w) -> (c_out, h, w)


@definition
def trans_conv_multi_in_out(
    X: Num[Tensor, "c_in h w"],
    K: Num[Tensor, "c_in c_out kh kw"],
) -> Num[Tensor, "c_out h+kh-1 w+kw-1"]:
    """Stamp inputs on outputs, channel by channel: adjoint of `corr2d_multi_in_out`.

    X: (c_in, h, w). K: (c_in, c_out, kh, kw); the channel axes stand the other way round than
    for `corr2d_multi_in_out`, so one and the same K serves a correlation and its adjoint.
    Returns (c_out, h + kh - 1, w + kw - 1).
    Raises TypeError or ValueError as `trans_conv`, or if the numbers of channels differ.

    >>> X = torch.ones(2, 3, 3)
    >>> trans_conv_multi_in_out(X, torch.ones(2, 5, 2, 2)).shape  # 3 + 2 - 1
    torch.Size([5, 4, 4])
    """
    outputs = zip(*[[trans_conv(x, k) for k in kernels] for x, kernels in zip(X, K)])
    return torch.stack([sum(stamped) for stamped in outputs])
