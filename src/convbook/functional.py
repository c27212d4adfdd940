"""Convolutions like those of torch.nn.functional, written with tensor operations alone.

Two pairs of functions do all the work, for any number of axes, and each is the adjoint of its
partner:

    _pad      zeros around                    _crop         cut them off
    _windows  lay out every window, a view    _overlap_add  add overlapping windows

    convolution             pad, windows, one product with the weight
    transposed convolution  one product with the weight transposed, overlap-add, crop

Three cases are computed otherwise, for the sake of time and memory: a depthwise convolution, as
a sum over its taps; windows too many to lay out at once, in parts; and a transposed convolution
whose stamps would be too many, as convolutions of its phases.

Parameters, results, dtypes and gradients are those of torch.nn.functional. Where it refuses,
these refuse, with a ValueError or TypeError that names the argument and the rule.
"""

import itertools
import math

import torch

from .arguments import (
    COMPLEX,
    FLOATS,
    SMALL_INTS,
    UNFOLDED,
    as_ints,
    as_pair,
    check_batch,
    check_dtype,
    check_layer,
)
from .sizes import conv_output_size, conv_transpose_output_size, same_padding

# How many numbers to lay out at a time: enough for matrix products to be fast, few enough to
# stay near the processor and to bound the memory, however large kernel and input are.
MOST_COLUMNS = 2**21


def _pad(X, padding):
    """Put zeros around the last axes of `X`; padding: a pair (before, after) for each of them."""
    if not any(map(any, padding)):
        return X
    last_axis_first = [zeros for pair in reversed(padding) for zeros in pair]
    return torch.nn.functional.pad(X, last_axis_first)


def _crop(Y, padding):
    """Cut `padding` off both sides of the last axes of `Y`."""
    for axis, cut in enumerate(padding, start=-len(padding)):
        Y = Y.narrow(axis, cut, Y.shape[axis] - 2 * cut)
    return Y


def _windows(X, kernel_size, stride, dilation):
    """Lay out every window: X (N, c, *size) -> view (N, c, *kernel_size, *output_size)."""
    n = len(kernel_size)
    for axis, (k, s, d) in enumerate(zip(kernel_size, stride, dilation), start=2):
        X = X.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
    outputs, taps = range(2, 2 + n), range(2 + n, 2 + 2 * n)
    return X.permute(0, 1, *taps, *outputs)  # (N, c, *output_size, *kernel_size) before


def _overlap_add(windows, output_size, stride, dilation):
    """Add windows where they overlap: (N, c, *kernel_size, *size) -> (N, c, *output_size).

    The adjoint of `_windows`, one axis after the other: sum over its taps, each shifted to its
    place.
    """
    n = len(output_size)
    for length, s, d in zip(output_size, stride, dilation):
        # The taps of this axis are axis 2, its positions the last of the n axes after them.
        taps = windows.unbind(2)
        before, positions = taps[0].shape[: 1 + n], taps[0].shape[1 + n]
        windows = taps[0].new_zeros(*before, length, *taps[0].shape[2 + n :])
        for a, tap in enumerate(taps):
            reached = slice(a * d, a * d + s * (positions - 1) + 1, s)
            place = windows[(slice(None),) * (1 + n) + (reached,)]
            place += tap
    return windows


def _matmul(A, B):
    """Return A @ B; torch has no such product of complex32."""
    if A.dtype != torch.complex32:
        return A @ B
    return (A.to(torch.complex64) @ B.to(torch.complex64)).to(torch.complex32)


def _sum_taps(windows, weight, n):
    """Sum over the taps, every channel by itself: (N, c, *kernel_size, *size) -> (N, c, *size).

    weight: (c, 1, *kernel_size). With one channel a group there are no matrices to multiply.
    """
    windows = windows.movedim([*range(2, 2 + n)], [*range(n)])  # (*kernel_size, N, c, *size)
    factors = weight.movedim([0, 1], [n, n + 1]).unflatten(-1, [1] * n)  # (*kernel_size, c, 1, …)
    output = windows.new_zeros(windows.shape[n:])
    for tap in itertools.product(*map(range, windows.shape[:n])):
        output.addcmul_(windows[tap], factors[tap])
    return output


def _multiply(rows, windows, n):
    """Multiply windows (N, c_in, *kernel_size, *size) by the weight: (N, c_out, *size).

    rows: (groups, c_out/groups, c_in/groups·Πkernel_size). In most cases the windows are copied
    here, overlaps and all, as the columns of a matrix.
    """
    N, size = windows.shape[0], windows.shape[2 + n :]
    windows = windows.flatten(1, 1 + n).flatten(2)  # (N, c_in·Πkernel_size, Πsize)
    windows = windows.unflatten(1, (rows.shape[0], -1))  # (N, groups, c_in/groups·Πk, Πsize)
    product = _matmul(rows, windows)  # (N, groups, c_out/groups, Πsize)
    return product.reshape(N, rows.shape[0] * rows.shape[1], *size)


def _check_conv(n, input, weight, bias, stride, padding, dilation, groups):
    """Check the arguments of a convolution over n axes.

    Returns (stride, padding, dilation, groups, output_size), padding as pairs (before, after).
    """
    groups = check_layer(n, input, weight, bias, groups, transposed=False)
    stride = as_ints("stride", stride, n, at_least=1)
    dilation = as_ints("dilation", dilation, n, at_least=1)
    dilated = any(d > 1 for d in dilation)
    dtypes = FLOATS | COMPLEX | {torch.int64} | (set() if dilated else SMALL_INTS)
    check_dtype("input", input, dtypes, "a dilated convolution" if dilated else "a convolution")
    kernel_size, size = weight.shape[2:], input.shape[-n:]
    if padding == "same":
        if any(s > 1 for s in stride):
            raise ValueError(f"padding='same' needs stride=1, not stride={stride}")
        return stride, same_padding(kernel_size, dilation), dilation, groups, size
    if isinstance(padding, str) and padding != "valid":
        raise ValueError(f"padding={padding!r} must be 'same', 'valid' or integers")
    padding = as_ints("padding", 0 if padding == "valid" else padding, n, at_least=0)
    output_size = conv_output_size(size, kernel_size, stride, padding, dilation)
    return stride, [(p, p) for p in padding], dilation, groups, output_size


def _check_conv_transpose(
    n, input, weight, bias, stride, padding, output_padding, groups, dilation
):
    """Check the arguments of a transposed convolution over n axes.

    Returns (stride, padding, groups, dilation, output_size), tuples but for groups.
    """
    groups = check_layer(n, input, weight, bias, groups, transposed=True)
    check_dtype("input", input, FLOATS | COMPLEX | {torch.int64}, "a transposed convolution")
    stride = as_ints("stride", stride, n, at_least=1)
    padding = as_ints("padding", padding, n, at_least=0)
    output_padding = as_ints("output_padding", output_padding, n, at_least=0)
    dilation = as_ints("dilation", dilation, n, at_least=1)
    output_size = conv_transpose_output_size(
        input.shape[-n:], weight.shape[2:], stride, padding, output_padding, dilation
    )
    return stride, padding, groups, dilation, output_size


def _conv(n, input, weight, bias, stride, padding, dilation, groups):
    """Convolve over n axes: lay out the windows, multiply by the weight."""
    stride, padding, dilation, groups, output_size = _check_conv(
        n, input, weight, bias, stride, padding, dilation, groups
    )
    X = input if input.ndim == n + 2 else input.unsqueeze(0)
    windows = _windows(_pad(X, padding), weight.shape[2:], stride, dilation)
    if weight.shape[:2] == (groups, 1):
        return _finish(_sum_taps(windows, weight, n), bias, n, input)
    rows = weight.flatten(1).unflatten(0, (groups, -1))  # (groups, c_out/groups, c_in/groups·Πk)
    numbers = X.shape[0] * X.shape[1] * math.prod([*weight.shape[2:], *output_size])
    step = max(MOST_COLUMNS * output_size[0] // max(numbers, 1), 1)
    parts = list(windows.split(step, dim=2 + n))
    del windows  # with the last part popped, the padded input is free before it is multiplied
    outputs = [_multiply(rows, parts.pop(0), n) for _ in range(len(parts))]
    return _finish(torch.cat(outputs, dim=2) if len(outputs) > 1 else outputs[0], bias, n, input)


def _conv_transpose(n, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """Convolve transposed over n axes: multiply by the weight transposed, add the windows."""
    stride, padding, groups, dilation, output_size = _check_conv_transpose(
        n, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    X = input if input.ndim == n + 2 else input.unsqueeze(0)
    c_out, kernel_size, size = weight.shape[1] * groups, weight.shape[2:], X.shape[2:]
    uncropped = [m + 2 * p for m, p in zip(output_size, padding)]
    stride_divides = all(k % s == 0 and d == 1 for k, s, d in zip(kernel_size, stride, dilation))
    if stride_divides and X.shape[0] * c_out * math.prod([*kernel_size, *size]) > MOST_COLUMNS:
        output = _by_phases(X, weight, stride, groups)
        output = _pad(output, [(0, m - full) for m, full in zip(uncropped, output.shape[2:])])
    else:
        pixels = X.flatten(2).unflatten(1, (groups, -1))  # (N, groups, c_in/groups, Πsize)
        rows = weight.flatten(1).unflatten(0, (groups, -1))  # (groups, c_in/groups, …·Πk)
        columns = _matmul(rows.mT, pixels)  # (N, groups, c_out/groups·Πk, Πsize)
        windows = columns.reshape(X.shape[0], c_out, *kernel_size, *size)
        output = _overlap_add(windows, uncropped, stride, dilation)
    return _finish(_crop(output, padding).contiguous(), bias, n, input)


def _by_phases(X, weight, stride, groups):
    """Transpose a convolution whose stride divides its kernel, without laying out every stamp.

    X: (N, c_in, *size). Returns (N, c_out, *uncropped). The outputs at every s-th place, a
    phase, are a convolution of stride 1 with every s-th element of the kernel, flipped. All
    phases are computed as channels of one convolution, and then interleaved.
    """
    n = len(stride)
    taps = [k // s for k, s in zip(weight.shape[2:], stride)]  # of each phase
    for axis, (q, s) in zip(itertools.count(2, 2), zip(taps, stride)):
        backwards = torch.arange(q, device=weight.device).flip(0)
        weight = weight.unflatten(axis, (q, s)).index_select(axis, backwards)
    weight = weight.unflatten(0, (groups, -1))  # (groups, c_in/groups, c_out/groups, q, s, q, s, …)
    weight = weight.permute(0, 2, *range(4, 4 + 2 * n, 2), 1, *range(3, 3 + 2 * n, 2))
    weight = weight.flatten(0, 1 + n)  # (c_out·Πs, c_in/groups, *taps)
    phases = _conv(n, X, weight, None, 1, [q - 1 for q in taps], 1, groups)
    size = [m * s for m, s in zip(phases.shape[2:], stride)]
    phases = phases.unflatten(1, (-1, *stride))  # (N, c_out, *stride, *size/stride)
    interleaved = [axis for i in range(2, 2 + n) for axis in (i + n, i)]
    return phases.permute(0, 1, *interleaved).reshape(*phases.shape[:2], *size)


def _finish(output, bias, n, input):
    """Add the bias and take the batch axis away again if the input has none."""
    if bias is not None:
        output += bias.reshape(-1, *[1] * n)  # (c_out, 1, …, 1)
    return output if input.ndim == n + 2 else output.squeeze(0)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve along one axis (no flip: a cross-correlation), as `conv2d` does along two.

    input: ([N,] c_in, w). weight: (c_out, c_in / groups, kw). bias: (c_out,) or None.
    stride, padding, dilation, groups: as for `conv2d`, with one int for the one axis.
    Returns ([N,] c_out, w_out) with w_out = `conv_output_size(w, kw, stride, padding, dilation)`.
    Raises TypeError or ValueError as `conv2d`.

    >>> conv1d(torch.ones(1, 2, 8), torch.ones(3, 2, 3), stride=2).shape  # (8 - 3) // 2 + 1
    torch.Size([1, 3, 3])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
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
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve along three axes, as `conv2d` does along two.

    input: ([N,] c_in, depth, h, w). weight: (c_out, c_in / groups, kd, kh, kw).
    bias: (c_out,) or None.
    stride, padding, dilation, groups: as for `conv2d`, in the order (depth, height, width).
    Returns ([N,] c_out, depth_out, h_out, w_out).
    Raises TypeError or ValueError as `conv2d`.

    >>> conv3d(torch.ones(1, 2, 4, 8, 8), torch.ones(3, 2, 2, 3, 3), padding=(0, 1, 1)).shape
    torch.Size([1, 3, 3, 8, 8])
    """
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Transpose `conv1d`: along one axis what `conv_transpose2d` does along two.

    input: ([N,] c_in, w). weight: (c_in, c_out / groups, kw). bias: (c_out,) or None.
    stride and the rest: as for `conv_transpose2d`, with one int for the one axis.
    Returns ([N,] c_out, w_out), of the size that `conv_transpose_output_size` gives.
    Raises TypeError or ValueError as `conv_transpose2d`.

    >>> conv_transpose1d(torch.ones(1, 3, 4), torch.ones(3, 2, 4), stride=2, padding=1).shape
    torch.Size([1, 2, 8])
    """
    return _conv_transpose(
        1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
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
    return _conv_transpose(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Transpose `conv3d`: along three axes what `conv_transpose2d` does along two.

    input: ([N,] c_in, depth, h, w). weight: (c_in, c_out / groups, kd, kh, kw).
    bias: (c_out,) or None.
    stride and the rest: as for `conv_transpose2d`, in the order (depth, height, width).
    Returns ([N,] c_out, depth_out, h_out, w_out).
    Raises TypeError or ValueError as `conv_transpose2d`.

    >>> conv_transpose3d(torch.ones(1, 3, 2, 4, 4), torch.ones(3, 2, 2, 2, 2), stride=2).shape
    torch.Size([1, 2, 4, 8, 8])
    """
    return _conv_transpose(
        3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _pairs(kernel_size, dilation, padding, stride):
    """Return the four arguments that `unfold` and `fold` share, each as (height, width)."""
    names = ("kernel_size", "dilation", "padding", "stride")
    values = (kernel_size, dilation, padding, stride)
    return [as_pair(name, value) for name, value in zip(names, values)]


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
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
    kernel_size, dilation, padding, stride = _pairs(kernel_size, dilation, padding, stride)
    batch = check_batch("input", input, "c", "h", "w")
    check_dtype("input", input, UNFOLDED, "unfold")
    conv_output_size(input.shape[-2:], kernel_size, stride, padding, dilation)
    X = _pad(batch, [(p, p) for p in padding])
    windows = _windows(X, kernel_size, stride, dilation)  # (N, c, kh, kw, h_out, w_out)
    columns = windows.clone(memory_format=torch.contiguous_format)
    columns = columns.flatten(1, 3).flatten(2)  # (N, c·kh·kw, h_out·w_out)
    return columns if input.ndim == 4 else columns.squeeze(0)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
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
    kernel_size, dilation, padding, stride = _pairs(kernel_size, dilation, padding, stride)
    output_size = as_pair("output_size", output_size, at_least=1)
    batch = check_batch("input", input, "c·kh·kw", "L")
    check_dtype("input", input, UNFOLDED, "fold")
    positions = conv_output_size(output_size, kernel_size, stride, padding, dilation)
    taps = kernel_size[0] * kernel_size[1]
    if batch.shape[1] % taps or batch.shape[2] != positions[0] * positions[1]:
        raise ValueError(
            f"input has shape {tuple(input.shape)}; its last two axes must be a multiple of "
            f"kh·kw = {taps} and the number of windows, {positions[0]}·{positions[1]}"
        )
    windows = batch.reshape(len(batch), batch.shape[1] // taps, *kernel_size, *positions)
    padded = [m + 2 * p for m, p in zip(output_size, padding)]
    output = _crop(_overlap_add(windows, padded, stride, dilation), padding).contiguous()
    return output if input.ndim == 3 else output.squeeze(0)
