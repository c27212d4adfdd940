"""Convolutions like those of torch.nn.functional, written with tensor operations alone.

Two pairs of functions do all the work, for any number of axes, and each is the adjoint of its
partner:

    _pad      zeros around                    _pad          by negative numbers: cut off
    _windows  lay out every window, a view    _overlap_add  add overlapping windows, and crop

    convolution             pad, windows, one product with the weight
    transposed convolution  one product with the weight transposed, overlap-add

Three cases are computed otherwise, for the sake of time and memory: a depthwise convolution, as
a sum over its taps; what is too large to lay out at once, in blocks; and a transposed convolution
with many stamps whose stride divides its kernel, as a convolution for each phase of its output.

Parameters, results, dtypes and gradients are those of torch.nn.functional. Where it refuses,
these refuse, with a ValueError or TypeError that names the argument and the rule.
"""

import functools
import itertools
import math
from collections.abc import Iterable
from typing import Annotated as Num

import torch
from torch import Tensor

from .arguments import WIDER, known_and_finite
from .layers import check_conv, check_conv_transpose, check_fold, check_unfold, outside_autocast
from .signatures import Ints, zeros

# How many numbers to lay out at a time: enough for matrix products to be fast, few enough to
# stay near the processor and to bound the memory, however large kernel and input are.
MOST_COLUMNS = 2**21
MOST_STAMPS = 2**19  # for more numbers in all stamps together, phases are faster


def _pad(X, padding):
    """Put zeros around the last axes of `X`; padding: a pair (before, after) for each of them.

    A negative number cuts off.
    """
    if not any(map(any, padding)):
        return X
    last_axis_first = [zeros for pair in reversed(padding) for zeros in pair]
    return torch.nn.functional.pad(X, last_axis_first)


def _windows(X, kernel_size, stride, dilation):
    """Lay out every window: X (N, c, *size) -> view (N, c, *kernel_size, *output_size)."""
    n = len(kernel_size)
    for axis, (k, s, d) in enumerate(zip(kernel_size, stride, dilation), start=2):
        X = X.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
    outputs, taps = range(2, 2 + n), range(2 + n, 2 + 2 * n)
    return X.permute(0, 1, *taps, *outputs)  # (N, c, *output_size, *kernel_size) before


def _overlap_add(windows, crop, stride, dilation):
    """Add windows where they overlap: (N, c, *kernel_size, *size) -> (N, c, *output_size).

    The adjoint of `_windows`, one axis after the other: sum over its taps, each shifted to its
    place. crop: for each axis (before, after), how much of the sum is cut off there; if after is
    negative, so many zeros are appended.
    """
    n = len(crop)
    before_it = (slice(None),) * (1 + n)
    for (before, after), s, d in zip(crop, stride, dilation):
        # The taps of this axis are axis 2, its positions the last of the n axes after them.
        taps = windows.unbind(2)
        shape, k = list(taps[0].shape), len(taps)
        m = shape[1 + n]
        shape[1 + n] = s * (m - 1) + d * (k - 1) + 1 - before - after
        windows = taps[0].new_zeros(shape)
        for a, tap in enumerate(taps):
            first = max(-((a * d - before) // s), 0)  # of the positions that are not cut off
            count = max(m - first + min((d * (k - 1 - a) - after) // s, 0), 0)
            start = a * d + s * first - before
            place = windows[(*before_it, slice(start, start + s * count, s))]
            tap = tap if count == m else tap.narrow(1 + n, min(first, m), count)
            if a < s // math.gcd(s, d):  # the first tap to reach these places
                place.copy_(tap)
            else:
                place += tap
    return windows


def _sum_taps(weight, windows, n):
    """Sum over the taps, every channel by itself: (N, c, *kernel_size, *size) -> (N, c, *size).

    weight: (c, 1, *kernel_size). With one channel a group there are no matrices to multiply.
    """
    windows = windows.movedim([*range(2, 2 + n)], [*range(n)])  # (*kernel_size, N, c, *size)
    factors = weight.movedim([0, 1], [n, n + 1]).unflatten(-1, [1] * n)  # (*kernel_size, c, 1, …)
    first, *others = itertools.product(*map(range, windows.shape[:n]))
    output = windows[first] * factors[first]
    for tap in others:
        output = torch.addcmul(output, windows[tap], factors[tap])
    return output


def _multiply(rows, windows, n):
    """Multiply windows (N, c_in, *kernel_size, *size) by the weight: (N, c_out, *size).

    rows: (groups, c_out/groups, c_in/groups·Πkernel_size). In most cases the windows are copied
    here, overlaps and all, as the columns of a matrix.
    """
    N, size, groups = windows.shape[0], windows.shape[-n:], rows.shape[0]
    columns = windows.reshape(N, groups, rows.shape[2], math.prod(size)).to(rows.dtype)
    product = (rows[0] @ columns[0, 0])[None] if N * groups == 1 else (rows @ columns).flatten(1, 2)
    return product.unflatten(-1, (-1, *size[1:]))  # (N, c_out, Πsize) -> (N, c_out, *size)


def _blocks(sizes, numbers):
    """Cut the axes of `sizes` into blocks: return them as tuples of slices.

    numbers: how many are laid out for each place. The first axis, the batch, is cut first, and
    then the longest. While a graph is traced there is one block, for sizes may be unknown.
    """
    if torch.compiler.is_compiling() or numbers * math.prod(sizes) <= MOST_COLUMNS:
        return [[slice(0, size) for size in sizes]]
    block = list(sizes)
    for axis in [0, *sorted(range(1, len(sizes)), key=sizes.__getitem__, reverse=True)]:
        total = numbers * math.prod(block)
        if total > MOST_COLUMNS:
            block[axis] = max(block[axis] * MOST_COLUMNS // total, 1)
    axes = [
        [slice(i, min(i + step, size)) for i in range(0, size, step)]
        for size, step in zip(sizes, block)
    ]
    return list(itertools.product(*axes))


def _finish(output, bias, dtype):
    """Add the bias, and round to the dtype of the result: not before."""
    if bias is not None:
        output = output + bias.reshape(-1, *[1] * (output.ndim - 2))  # (c_out, 1, …, 1)
    return output.to(dtype)


def _conv(X, weight, bias, stride, padding, dilation, groups):
    """Convolve X (N, c_in, *size): lay out the windows, multiply by the weight.

    stride, padding, dilation: one entry for each of the n axes, pairs for the padding.
    """
    n, c_out, kernel_size = len(stride), weight.shape[0], weight.shape[2:]
    windows = _windows(_pad(X, padding), kernel_size, stride, dilation)
    if groups != 1 and weight.shape[:2] == (groups, 1):
        compute, numbers = functools.partial(_sum_taps, weight), c_out
    else:  # rows: (groups, c_out/groups, c_in/groups·Πkernel_size)
        compute = functools.partial(_multiply, weight.flatten(1).unflatten(0, (groups, -1)))
        numbers = max(X.shape[1] * math.prod(kernel_size), c_out)
    N, size = X.shape[0], windows.shape[-n:]
    blocks = _blocks([N, *size], numbers)
    if len(blocks) == 1:
        return _finish(compute(windows, n), bias, X.dtype)
    output = zeros(N, c_out, *size, like=(X, weight)).to(X.dtype)
    for samples, *places in blocks:
        part = windows[samples, ..., *places]
        output[samples, :, *places] = _finish(compute(part, n), bias, X.dtype)
    return output


def _conv_transpose(X, weight, stride, crop, dilation, groups):
    """Transpose a convolution: multiply X (N, c_in, *size) by the weight transposed, add windows.

    crop: for each axis (before, after), what to cut off; a negative number: zeros to append.
    """
    n, c_out, kernel_size = len(stride), weight.shape[1] * groups, weight.shape[2:]
    N, c_in, *size = X.shape
    stamp = c_out * math.prod(kernel_size)  # numbers that a pixel becomes
    stride_divides = all(k % s == 0 and d == 1 for k, s, d in zip(kernel_size, stride, dilation))
    if stride_divides and not torch.compiler.is_compiling():
        many = N * stamp * math.prod(size) > MOST_STAMPS
        if many and known_and_finite(weight):
            return _by_phases(X, weight, stride, crop, groups)
    rows = weight.flatten(1).unflatten(0, (groups, -1)).mT  # (groups, c_out/groups·Πk, c_in/groups)
    blocks = _blocks([N, *size], max(stamp, c_in))
    if len(blocks) == 1:
        windows = _multiply(rows, X, n).unflatten(1, (c_out, *kernel_size))
        return _overlap_add(windows, crop, stride, dilation)
    axes = list(zip(size, kernel_size, stride, dilation))
    full = [s * (m - 1) + d * (k - 1) + 1 for m, k, s, d in axes]
    output = zeros(N, c_out, *full, like=(X, weight))
    for samples, *places in blocks:
        windows = _multiply(rows, X[samples, :, *places], n).unflatten(1, (c_out, *kernel_size))
        reached = [
            slice(s * place.start, s * (place.stop - 1) + d * (k - 1) + 1)
            for place, (_, k, s, d) in zip(places, axes)
        ]
        output[samples, :, *reached] += _overlap_add(windows, [(0, 0)] * n, stride, dilation)
    return _pad(output, [(-before, -after) for before, after in crop])


def _by_phases(X, weight, stride, crop, groups):
    """Transpose a convolution whose stride divides its kernel, without laying out every stamp.

    X: (N, c_in, *size). The outputs at every s-th place, a phase, are a convolution of stride 1
    with every s-th element of the kernel, flipped. All phases are computed as channels of one
    convolution, as far as they are not cropped, and then interleaved.
    """
    n, kernel_size = len(stride), weight.shape[2:]
    taps = [k // s for k, s in zip(kernel_size, stride)]  # of each phase
    order = torch.arange(math.prod(kernel_size), device=weight.device)
    order = order.reshape([size for q, s in zip(taps, stride) for size in (q, s)])
    for axis in range(0, 2 * n, 2):
        order = order.flip(axis)
    order = order.permute(*range(1, 2 * n, 2), *range(0, 2 * n, 2))  # (*stride, *taps)
    weight = weight.flatten(2)[:, :, order.flatten()]  # (c_in, c_out/groups, Πs·Πq)
    weight = weight.unflatten(0, (groups, -1)).unflatten(-1, (-1, math.prod(taps)))
    weight = weight.permute(0, 2, 3, 1, 4)  # (groups, c_out/groups, Πs, c_in/groups, Πq)
    weight = weight.flatten(0, 2).unflatten(-1, taps)  # (c_out·Πs, c_in/groups, *taps)
    padding, rest = [], []
    for m, q, s, (before, after) in zip(X.shape[2:], taps, stride, crop):
        first, last = before // s, m + q - 2 - after // s  # of the rows that a phase must have
        padding.append((q - 1 - first, last - m + 1))
        rest.append((-(before % s), -(after % s)))
    phases = _conv(X.to(weight.dtype), weight, None, [1] * n, padding, [1] * n, groups)
    size = [m * s for m, s in zip(phases.shape[2:], stride)]
    phases = phases.unflatten(1, (-1, *stride))  # (N, c_out, *stride, *size/stride)
    interleaved = [axis for i in range(2, 2 + n) for axis in (i + n, i)]
    return _pad(phases.permute(0, 1, *interleaved).reshape(*phases.shape[:2], *size), rest)


@outside_autocast
def _conv_layer(n, input, weight, bias, stride, padding, dilation, groups):
    """Convolve over n axes, as torch does: arguments checked, a batch or not, any dtype."""
    arguments = check_conv(n, input, weight, bias, stride, padding, dilation, groups)
    X = input if input.ndim == n + 2 else input.unsqueeze(0)
    if weight.shape[1] == 0:  # torch's rule: no input channels, no output channels
        weight, bias = weight.reshape(0, 1, *weight.shape[2:]), None
        arguments = (*arguments[:3], 0)
    output = _conv(X, weight.to(WIDER.get(X.dtype, X.dtype)), bias, *arguments)
    return output if input.ndim == n + 2 else output.squeeze(0)


@outside_autocast
def _conv_transpose_layer(n, input, weight, bias, *parameters, algorithm=_conv_transpose):
    """Transpose a convolution over n axes, as torch does, by an algorithm for what is checked.

    parameters: stride, padding, output_padding, groups, dilation.
    """
    arguments = check_conv_transpose(n, input, weight, bias, *parameters)
    X = input if input.ndim == n + 2 else input.unsqueeze(0)
    output = algorithm(X, weight.to(WIDER.get(X.dtype, X.dtype)), *arguments)
    output = _finish(output, bias, X.dtype)
    return output if input.ndim == n + 2 else output.squeeze(0)


def conv1d(
    input: Num[Tensor, "[n] c_in w"],
    weight: Num[Tensor, "c_out c_in/groups kw"],
    bias: Num[Tensor, "c_out"] | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Num[Tensor, "[n] c_out w_out"]:
    """Convolve along one axis (without a flip), as `conv2d` does along two.

    input: ([N,] c_in, w). weight: (c_out, c_in / groups, kw). bias: (c_out,) or None.
    stride, padding, dilation, groups: as for `conv2d`, with one int for the one axis.
    Returns ([N,] c_out, w_out) with w_out = `conv_output_size(w, kw, stride, padding, dilation)`.
    Raises TypeError or ValueError as `conv2d`.

    >>> conv1d(torch.ones(1, 2, 8), torch.ones(3, 2, 3), stride=2).shape  # (8 - 3) // 2 + 1
    torch.Size([1, 3, 3])
    """
    return _conv_layer(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Num[Tensor, "[n] c_in h w"],
    weight: Num[Tensor, "c_out c_in/groups kh kw"],
    bias: Num[Tensor, "c_out"] | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Num[Tensor, "[n] c_out h_out w_out"]:
    """Compute what `corr2d_multi_in_out` defines, for a batch and with every parameter, fast.

    input: ([N,] c_in, h, w). weight: (c_out, c_in / groups, kh, kw). bias: (c_out,) or None.
    stride, padding, dilation: an int or (height, width); padding also "same" or "valid".
    groups: the channels are split into so many independent convolutions.
    Returns ([N,] c_out, h_out, w_out), of the sizes that `conv_output_size` gives.
    Raises TypeError if an argument or dtype is not of the kind that torch computes, ValueError
    if a number is out of range or shapes do not fit together.
    Source: the parameters are those of `torch.nn.functional.conv2d`; windows as columns of one
    matrix product are due to Chellapilla, Puri and Simard, High performance convolutional
    neural networks for document processing, 2006.

    >>> X = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(X, torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]))
    tensor([[[[19., 25.],
              [37., 43.]]]])
    >>> conv2d(torch.ones(4, 6, 9, 9), torch.ones(8, 3, 3, 3), stride=2, groups=2).shape
    torch.Size([4, 8, 4, 4])
    """
    return _conv_layer(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Num[Tensor, "[n] c_in d h w"],
    weight: Num[Tensor, "c_out c_in/groups kd kh kw"],
    bias: Num[Tensor, "c_out"] | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Num[Tensor, "[n] c_out d_out h_out w_out"]:
    """Convolve along three axes, as `conv2d` does along two.

    input: ([N,] c_in, depth, h, w). weight: (c_out, c_in / groups, kd, kh, kw).
    bias: (c_out,) or None.
    stride, padding, dilation, groups: as for `conv2d`, in the order (depth, height, width).
    Returns ([N,] c_out, depth_out, h_out, w_out).
    Raises TypeError or ValueError as `conv2d`.

    >>> conv3d(torch.ones(1, 2, 4, 8, 8), torch.ones(3, 2, 2, 3, 3), padding=(0, 1, 1)).shape
    torch.Size([1, 3, 3, 8, 8])
    """
    return _conv_layer(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Num[Tensor, "[n] c_in w"],
    weight: Num[Tensor, "c_in c_out/groups kw"],
    bias: Num[Tensor, "c_out"] | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Num[Tensor, "[n] c_out w_out"]:
    """Transpose `conv1d`: along one axis what `conv_transpose2d` does along two.

    input: ([N,] c_in, w). weight: (c_in, c_out / groups, kw). bias: (c_out,) or None.
    stride and the rest: as for `conv_transpose2d`, with one int for the one axis.
    Returns ([N,] c_out, w_out), of the size that `conv_transpose_output_size` gives.
    Raises TypeError or ValueError as `conv_transpose2d`.

    >>> conv_transpose1d(torch.ones(1, 3, 4), torch.ones(3, 2, 4), stride=2, padding=1).shape
    torch.Size([1, 2, 8])
    """
    return _conv_transpose_layer(
        1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Num[Tensor, "[n] c_in h w"],
    weight: Num[Tensor, "c_in c_out/groups kh kw"],
    bias: Num[Tensor, "c_out"] | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Num[Tensor, "[n] c_out h_out w_out"]:
    """Compute what `trans_conv_multi_in_out` defines, for a batch, with every parameter, fast.

    input: ([N,] c_in, h, w). weight: (c_in, c_out / groups, kh, kw), the same tensor that a
    `conv2d` from c_out to c_in channels has. bias: (c_out,) or None.
    stride, padding, output_padding, dilation: an int or (height, width). The stride spreads the
    input, padding crops the output, output_padding keeps rows and columns at its bottom and
    right, dilation stretches the kernel. groups: as for `conv2d`.
    Returns ([N,] c_out, h_out, w_out), of the sizes that `conv_transpose_output_size` gives.
    Raises TypeError if an argument or dtype is not of the kind that torch computes, ValueError
    if a number is out of range or shapes do not fit together.
    Source: Dumoulin and Visin, arXiv:1603.07285, chapter 4; the parameters are those of
    `torch.nn.functional.conv_transpose2d`.

    >>> X = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> conv_transpose2d(X, X)
    tensor([[[[ 0.,  0.,  1.],
              [ 0.,  4.,  6.],
              [ 4., 12.,  9.]]]])
    >>> conv_transpose2d(X, X, stride=2).shape  # (2 - 1)·2 + (2 - 1) + 1
    torch.Size([1, 1, 4, 4])
    """
    return _conv_transpose_layer(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input: Num[Tensor, "[n] c_in d h w"],
    weight: Num[Tensor, "c_in c_out/groups kd kh kw"],
    bias: Num[Tensor, "c_out"] | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Num[Tensor, "[n] c_out d_out h_out w_out"]:
    """Transpose `conv3d`: along three axes what `conv_transpose2d` does along two.

    input: ([N,] c_in, depth, h, w). weight: (c_in, c_out / groups, kd, kh, kw).
    bias: (c_out,) or None.
    stride and the rest: as for `conv_transpose2d`, in the order (depth, height, width).
    Returns ([N,] c_out, depth_out, h_out, w_out).
    Raises TypeError or ValueError as `conv_transpose2d`.

    >>> conv_transpose3d(torch.ones(1, 3, 2, 4, 4), torch.ones(3, 2, 2, 2, 2), stride=2).shape
    torch.Size([1, 2, 4, 8, 8])
    """
    return _conv_transpose_layer(
        3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def unfold(
    input: Num[Tensor, "[n] c h w"],
    kernel_size: Iterable[int] | int,
    dilation: Iterable[int] | int = 1,
    padding: Iterable[int] | int = 0,
    stride: Iterable[int] | int = 1,
) -> Num[Tensor, "[n] c*kh*kw windows"]:
    """Write every window as a column; the convolution is then one matrix product (im2col).

    input: ([N,] c, h, w). kernel_size and the rest: an int or (height, width).
    Returns ([N,] c·kh·kw, L), one column for each of the L = h_out·w_out windows.
    Raises TypeError if `input` is no such tensor or of a dtype that torch does not unfold,
    ValueError if a number is out of range or the kernel does not fit into the padded input.
    Source: the parameters are those of `torch.nn.functional.unfold`.

    >>> unfold(torch.arange(9.0).reshape(1, 3, 3), 2)
    tensor([[0., 1., 3., 4.],
            [1., 2., 4., 5.],
            [3., 4., 6., 7.],
            [4., 5., 7., 8.]])
    """
    batch, pairs = check_unfold(input, kernel_size, dilation, padding, stride)
    sizes, dilations, paddings, strides = pairs
    X = _pad(batch, [(p, p) for p in paddings])
    windows = _windows(X, sizes, strides, dilations)  # (N, c, kh, kw, h_out, w_out)
    columns = windows.clone(memory_format=torch.contiguous_format)
    columns = columns.flatten(1, 3).flatten(2)  # (N, c·kh·kw, h_out·w_out)
    return columns if input.ndim == 4 else columns.squeeze(0)


def fold(
    input: Num[Tensor, "[n] c*kh*kw windows"],
    output_size: Iterable[int] | int,
    kernel_size: Iterable[int] | int,
    dilation: Iterable[int] | int = 1,
    padding: Iterable[int] | int = 0,
    stride: Iterable[int] | int = 1,
) -> Num[Tensor, "[n] c h w"]:
    """Put columns back as windows and add where they overlap (col2im): the adjoint of `unfold`.

    input: ([N,] c·kh·kw, L), as `unfold` returns it. output_size: (h, w), or an int for both.
    kernel_size and the rest: an int or (height, width). Returns ([N,] c, h, w).
    Raises TypeError or ValueError as `unfold`, and ValueError if the shape of `input` is not
    the one that these arguments give.
    Source: the parameters are those of `torch.nn.functional.fold`.

    >>> fold(unfold(torch.ones(1, 3, 3), 2), 3, 2)  # how many windows cover each pixel
    tensor([[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]])
    """
    checked = check_fold(input, output_size, kernel_size, dilation, padding, stride)
    batch, positions, (size, taps, dilations, paddings, strides) = checked
    windows = batch.unflatten(2, positions).unflatten(1, (-1, *taps))
    crop = []
    for m, k, L, s, p, d in zip(size, taps, positions, strides, paddings, dilations):
        crop.append((p, s * (L - 1) + d * (k - 1) + 1 - p - m))
    output = _overlap_add(windows, crop, strides, dilations)
    return output if input.ndim == 3 else output.squeeze(0)
