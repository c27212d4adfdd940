"""One transposed convolution, computed in three ways.

    overlap-add     every pixel stamps the kernel; stamps add up where they overlap
    zero insertion  spread the pixels, flip the kernel, and convolve as usual
    sub-kernels     split the kernel into stride² small ones, one for each phase of the output

The three take the parameters of `conv_transpose2d` and return what it returns.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated as Num
from typing import ParamSpec, cast

import torch
from torch import Tensor

from .arguments import known_and_finite
from .functional import _conv_transpose, _conv_transpose_layer, _pad, conv2d, conv_transpose2d
from .signatures import Positive, definition

P = ParamSpec("P")


def _as_layer(
    reference: Callable[P, Tensor],
) -> Callable[[Callable[..., Tensor]], Callable[P, Tensor]]:
    """Turn an algorithm into a function like `conv_transpose2d`, the reference: with its arguments.

    The algorithm gets arguments that are checked: input with a batch axis, and a pair for each of
    stride, crop and dilation. crop says for each axis how much to cut off (before, after): the
    padding, but less after by output_padding; a negative number stands for zeros to append. The
    bias is added to what it returns. Half precision is computed in float32.
    What is infinite or NaN goes to `_conv_transpose`, for some algorithms multiply by zeros that
    they put in, and 0·∞ is NaN; so do numbers that are not known, under vmap and while traced.
    """

    def decorate(algorithm: Callable[..., Tensor]) -> Callable[P, Tensor]:
        def if_finite(input, weight, *arguments):
            direct = known_and_finite(input, weight)
            return (algorithm if direct else _conv_transpose)(input, weight, *arguments)

        @functools.wraps(algorithm)
        def layer(
            input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
        ):
            parameters = (stride, padding, output_padding, groups, dilation)
            return _conv_transpose_layer(2, input, weight, bias, *parameters, algorithm=if_finite)

        layer.__signature__ = inspect.signature(reference)  # type: ignore[attr-defined]
        return cast(Callable[P, Tensor], layer)

    return decorate


transposed_layer = _as_layer(conv_transpose2d)


@definition
def flip_and_swap(
    weight: Num[Tensor, "c_in c_out/groups kh kw"],
    groups: Positive = 1,
) -> Num[Tensor, "c_out c_in/groups kh kw"]:
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
    if weight.shape[0] % groups:
        raise ValueError(f"groups={groups} must divide {weight.shape[0]}, the first axis of weight")
    rows, columns = (torch.arange(k, device=weight.device).flip(0) for k in weight.shape[2:])
    flipped = weight[:, :, rows[:, None], columns]  # Tensor.flip does not know complex32
    flipped = flipped.unflatten(0, (groups, -1))  # (groups, c_in/groups, c_out/groups, kh, kw)
    return flipped.transpose(1, 2).flatten(0, 1)


@transposed_layer
def conv_transpose2d_overlap_add(input, weight, stride, crop, dilation, groups):
    """Stamp the kernel at every pixel, times its number; add stamps that overlap.

    Called with the arguments of `conv_transpose2d`. Returns and raises the same.
    There is one multiplication for each pixel, pair of channels and kernel element, and none by
    a zero that was put in.

    >>> X = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> conv_transpose2d_overlap_add(X, X[None], padding=1)
    tensor([[[4.]]])
    """
    (N, c_in, h, w), (_, c_out, kh, kw) = input.shape, weight.shape
    (sh, sw), (dh, dw) = stride, dilation
    pixels = input.reshape(N, groups, c_in // groups, h * w).to(weight.dtype)
    kernels = weight.reshape(groups, c_in // groups, c_out, kh, kw)
    height, width = (h - 1) * sh + dh * (kh - 1) + 1, (w - 1) * sw + dw * (kw - 1) + 1
    canvas = weight.new_zeros(N, groups * c_out, height, width)
    for a in range(kh):
        for b in range(kw):
            stamps = kernels[..., a, b].mT @ pixels  # (N, groups, c_out / groups, h·w)
            rows = slice(a * dh, a * dh + (h - 1) * sh + 1, sh)
            columns = slice(b * dw, b * dw + (w - 1) * sw + 1, sw)
            canvas[:, :, rows, columns] += stamps.reshape(N, groups * c_out, h, w)
    return _pad(canvas, [(-before, -after) for before, after in crop])


@transposed_layer
def conv_transpose2d_zero_insertion(input, weight, stride, crop, dilation, groups):
    """Put stride - 1 zeros between the pixels, and convolve with the flipped kernel.

    Called with the arguments of `conv_transpose2d`. Returns and raises the same.
    Of the multiplications, all but about one in stride² are by a zero that was put in.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 14.

    >>> X = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    >>> conv_transpose2d_zero_insertion(X, X[None], padding=1)
    tensor([[[4.]]])
    """
    N, c_in, h, w = input.shape
    sh, sw = stride
    spread = input.new_zeros(N, c_in, (h - 1) * sh + 1, (w - 1) * sw + 1)
    spread[:, :, ::sh, ::sw] = input
    frame = []  # d(k - 1) zeros around, less what is to be cropped
    for k, d, (before, after) in zip(weight.shape[2:], dilation, crop):
        frame.append((d * (k - 1) - before, d * (k - 1) - after))
    framed = _pad(spread, frame).to(weight.dtype)  # where it is negative, this crops
    return conv2d(framed, flip_and_swap(weight, groups), dilation=dilation, groups=groups)


@transposed_layer
def conv_transpose2d_sub_kernels(input, weight, stride, crop, dilation, groups):
    """Compute every phase, each stride-th output, with a sub-kernel of its own.

    Called with the arguments of `conv_transpose2d`. Returns and raises the same.
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
    (N, _, h, w), (c_in, c_out, kh, kw) = input.shape, weight.shape
    (sh, sw), (dh, dw) = stride, dilation
    kernel = weight.new_zeros(c_in, c_out, dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    kernel[:, :, ::dh, ::dw] = weight
    kh, kw = kernel.shape[2:]
    canvas = weight.new_zeros(N, c_out * groups, (h - 1) * sh + kh, (w - 1) * sw + kw)
    for r in range(min(sh, kh)):  # beyond the kernel, no pixel reaches: zeros
        for c in range(min(sw, kw)):
            sub_kernel = flip_and_swap(kernel[:, :, r::sh, c::sw], groups)
            reach = [k - 1 for k in sub_kernel.shape[2:]]
            pixels = input.to(weight.dtype)
            phase = conv2d(pixels, sub_kernel, padding=reach, groups=groups)
            canvas[:, :, r::sh, c::sw] = phase
    return _pad(canvas, [(-before, -after) for before, after in crop])
