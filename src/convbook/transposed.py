"""One transposed convolution, computed in three ways.

    overlap-add     every pixel stamps the kernel; stamps add up where they overlap
    zero insertion  spread the pixels, flip the kernel, and convolve as usual
    sub-kernels     split the kernel into stride² small ones, one for each phase of the output

The three take the parameters of `conv_transpose2d` and return what it returns.
"""

import torch

from .arguments import as_int, check_tensor
from .functional import _check_conv_transpose, _crop, _finish, _matmul, conv2d


def flip_and_swap(weight, groups=1):
    """Turn the weight of a transposed convolution into that of the convolution it equals.

    weight: (c_in, c_out / groups, kh, kw). Returns (c_out, c_in / groups, kh, kw): rows and
    columns reversed, and within each group the channel axes exchanged.
    Raises TypeError or ValueError if weight is no such tensor or groups does not divide c_in.

    >>> flip_and_swap(torch.tensor([[[[1, 2], [3, 4]]]]))
    tensor([[[[4, 3],
              [2, 1]]]])
    >>> flip_and_swap(torch.ones(6, 2, 3, 3), groups=2).shape
    torch.Size([4, 3, 3, 3])
    """
    check_tensor("weight", weight, "c_in", "c_out / groups", "kh", "kw")
    groups = as_int("groups", groups, at_least=1)
    if weight.shape[0] % groups:
        raise ValueError(f"groups={groups} must divide {weight.shape[0]}, the first axis of weight")
    rows, columns = (torch.arange(k).flip(0) for k in weight.shape[2:])
    flipped = weight[:, :, rows[:, None], columns]  # Tensor.flip does not know complex32
    flipped = flipped.unflatten(0, (groups, -1))  # (groups, c_in/groups, c_out/groups, kh, kw)
    return flipped.transpose(1, 2).flatten(0, 1)


def conv_transpose2d_overlap_add(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Stamp the kernel at every pixel, scaled by it, and add the stamps where they overlap.

    Arguments: as for `conv_transpose2d`. Returns and raises the same.
    There is one multiplication for each pixel, pair of channels and kernel element, and none by
    a zero that was put in.

    >>> X = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> conv_transpose2d_overlap_add(X, X[None], padding=1)
    tensor([[[4.]]])
    """
    (sh, sw), padding, groups, (dh, dw), (h_out, w_out) = _check_conv_transpose(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    X = input if input.ndim == 4 else input.unsqueeze(0)
    (h, w), (kh, kw) = X.shape[2:], weight.shape[2:]
    pixels = X.flatten(2).unflatten(1, (groups, -1))  # (N, groups, c_in/groups, h·w)
    kernels = weight.flatten(1).unflatten(0, (groups, -1)).mT  # (groups, c_out/groups·kh·kw, …)
    stamps = _matmul(kernels, pixels)  # (N, groups, c_out/groups·kh·kw, h·w)
    c_out = weight.shape[1] * groups
    stamps = stamps.reshape(len(X), c_out, kh, kw, h, w)

    canvas = stamps.new_zeros(len(X), c_out, h_out + 2 * padding[0], w_out + 2 * padding[1])
    for a in range(kh):
        for b in range(kw):
            rows = slice(a * dh, a * dh + (h - 1) * sh + 1, sh)
            columns = slice(b * dw, b * dw + (w - 1) * sw + 1, sw)
            canvas[:, :, rows, columns] += stamps[:, :, a, b]
    return _finish(_crop(canvas, padding).contiguous(), bias, 2, input)


def conv_transpose2d_zero_insertion(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Put stride - 1 zeros between the pixels, and convolve with the flipped kernel.

    Arguments: as for `conv_transpose2d`. Returns and raises the same.
    Of the multiplications, all but about one in stride² are by a zero that was put in.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 14.

    >>> X = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> conv_transpose2d_zero_insertion(X, X[None], padding=1)
    tensor([[[4.]]])
    """
    stride, padding, groups, dilation, output_size = _check_conv_transpose(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    X = input if input.ndim == 4 else input.unsqueeze(0)
    (h, w), (sh, sw) = X.shape[2:], stride
    spread = X.new_zeros(*X.shape[:2], (h - 1) * sh + 1, (w - 1) * sw + 1)
    spread[:, :, ::sh, ::sw] = X

    sides = []  # d(k - 1) - p zeros before; as many after, and output_padding more
    for m, size, k, p, d in zip(spread.shape[2:], output_size, weight.shape[2:], padding, dilation):
        reach = d * (k - 1)
        sides.append((reach - p, size + p - m))
    (top, bottom), (left, right) = sides
    framed = torch.nn.functional.pad(spread, (left, right, top, bottom))  # a negative one crops
    output = conv2d(framed, flip_and_swap(weight, groups), bias, dilation=dilation, groups=groups)
    return output if input.ndim == 4 else output.squeeze(0)


def conv_transpose2d_sub_kernels(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Compute the outputs of each phase, every stride-th row and column, with its own sub-kernel.

    Arguments: as for `conv_transpose2d`. Returns and raises the same.
    Before the crop, the outputs at rows r, r + s, r + 2s, … see only the rows r, r + s, … of the
    kernel: a small convolution of the input with stride 1, stride² of them, and no
    multiplication by a zero that was put in between pixels.
    If the kernel is as large as the stride, each sub-kernel is one number for a pair of
    channels: that is PixelShuffle after a 1×1 convolution.
    Source: Shi et al., arXiv:1609.05158, section 2.2 and its supplement arXiv:1609.07009.

    >>> X = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> conv_transpose2d_sub_kernels(X, X[None], padding=1)
    tensor([[[4.]]])
    """
    (sh, sw), padding, groups, (dh, dw), (h_out, w_out) = _check_conv_transpose(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    X = input if input.ndim == 4 else input.unsqueeze(0)
    kh, kw = weight.shape[2:]
    kernel = weight.new_zeros(*weight.shape[:2], dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    kernel[:, :, ::dh, ::dw] = weight

    canvas = X.new_zeros(
        len(X), weight.shape[1] * groups, h_out + 2 * padding[0], w_out + 2 * padding[1]
    )
    for r in range(min(sh, kernel.shape[2])):  # beyond the kernel, no pixel reaches: zeros
        for c in range(min(sw, kernel.shape[3])):
            sub_kernel = flip_and_swap(kernel[:, :, r::sh, c::sw], groups)
            reach = [k - 1 for k in sub_kernel.shape[2:]]
            phase = conv2d(X, sub_kernel, padding=reach, groups=groups)
            h, w = phase.shape[2:]
            canvas[:, :, r::sh, c::sw][:, :, :h, :w] = phase  # the rest is output_padding
    return _finish(_crop(canvas, padding).contiguous(), bias, 2, input)
