"""What the layers of `convbook.functional` ask of their arguments: torch's rules."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .arguments import (
    FLOATS,
    NUMBERS,
    SMALL_INTS,
    as_int,
    as_ints,
    as_pair,
    check_addressable,
    check_alike,
    check_batch,
    check_dense,
    check_dtype,
)
from .sizes import conv_output_size, conv_transpose_output_size, same_padding

DILATED = NUMBERS - SMALL_INTS  # what torch convolves with a dilation, and transposed
UNFOLDED = FLOATS | {torch.complex64, torch.complex128, torch.bool}


def outside_autocast(layer: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let a layer take autocast as torch's convolutions do: cast its tensors, compute without it.

    layer: called with (n, input, weight, bias, *parameters).
    """

    @functools.wraps(layer)
    def cast_first(n, input, weight, bias, *parameters, **options):
        kind = input.device.type if isinstance(input, torch.Tensor) else "cpu"
        if kind == "meta" or not torch.is_autocast_enabled(kind):
            return layer(n, input, weight, bias, *parameters, **options)

        def cast(tensor):
            floating = isinstance(tensor, torch.Tensor) and tensor.dtype in FLOATS
            if not floating or tensor.dtype == torch.float64 or tensor.device.type != kind:
                return tensor
            return tensor.to(torch.get_autocast_dtype(kind))

        with torch.autocast(kind, enabled=False):
            return layer(n, *map(cast, (input, weight, bias)), *parameters, **options)

    return cast_first


def check_layer(n: int, input: Any, weight: Any, bias: Any, groups: Any, transposed: bool) -> int:
    """Check what an n-dimensional convolution and its transpose ask of their tensors alike.

    input: ([N,] c_in, *size). weight: (c_out, c_in / groups, *kernel_size), or transposed
    (c_in, c_out / groups, *kernel_size). bias: (c_out,) or None. Returns `groups` as an int.
    Raises TypeError for a wrong type or dtype, ValueError for a shape that does not fit.
    """
    groups = as_int("groups", groups, at_least=1)
    check_dense("input", input)
    check_dense("weight", weight)
    if bias is not None:
        check_dense("bias", bias)
    check_alike(input=input, weight=weight, bias=bias)
    shape, kernel = input.shape, weight.shape
    if len(shape) not in (n + 1, n + 2):
        sizes = ", ".join(f"size{axis}" for axis in range(n))
        raise ValueError(
            f"input has shape {tuple(shape)}; it must have the axes ([N,] c_in, {sizes})"
        )
    if 0 in shape[-n:] and not (len(shape) == n + 2 and shape[0] == 0):
        raise ValueError(
            f"input has shape {tuple(shape)}; only the batch and its samples may be empty"
        )
    may_be_empty = 1 if not transposed else None  # torch computes with no input channels
    if len(kernel) != n + 2 or any(k == 0 for i, k in enumerate(kernel) if i != may_be_empty):
        raise ValueError(f"weight has shape {tuple(kernel)}; it must have {n + 2} axes, none empty")
    if kernel[0] % groups:
        raise ValueError(f"groups={groups} must divide {kernel[0]}, the first axis of weight")
    c_in = kernel[0] if transposed else kernel[1] * groups
    c_out = kernel[1] * groups if transposed else kernel[0]
    if shape[-n - 1] != c_in:
        raise ValueError(
            f"input has shape {tuple(shape)}, so {shape[-n - 1]} channels; weight of "
            f"shape {tuple(kernel)} with groups={groups} needs {c_in}"
        )
    if bias is not None and bias.shape != (c_out,):
        raise ValueError(f"bias has shape {tuple(bias.shape)}; it must be ({c_out},)")
    return groups


def check_conv(
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> tuple[tuple[int, ...], Sequence[Sequence[int]], tuple[int, ...], int]:
    """Check the arguments of a convolution over n axes.

    Returns (stride, padding, dilation, groups), one entry for each axis, pairs for the padding.
    """
    groups = check_layer(n, input, weight, bias, groups, transposed=False)
    stride = as_ints("stride", stride, n, at_least=1)
    dilation = as_ints("dilation", dilation, n, at_least=1)
    dilated = any(d > 1 for d in dilation)
    dtypes = DILATED if dilated else NUMBERS
    check_dtype("input", input, dtypes, "a dilated convolution" if dilated else "a convolution")
    kernel_size, size = weight.shape[2:], input.shape[-n:]
    if not isinstance(padding, str):
        zeros: Sequence = [(p, p) for p in as_ints("padding", padding, n, at_least=0)]
    elif padding not in ("same", "valid"):
        raise ValueError(f"padding={padding!r} must be 'same', 'valid' or integers")
    elif padding == "same" and any(s > 1 for s in stride):
        raise ValueError(f"padding='same' needs stride=1, not stride={stride}")
    else:
        zeros = same_padding(kernel_size, dilation) if padding == "same" else [(0, 0)] * n
    for m, k, s, (before, after), d in zip(size, kernel_size, stride, zeros, dilation):
        if m + before + after < d * (k - 1) + 1:
            conv_output_size(m, k, s, before, d)  # says what does not fit
    check_addressable("padding", padding, input, [m + sum(pair) for m, pair in zip(size, zeros)])
    return stride, zeros, dilation, groups


def check_conv_transpose(
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> tuple[tuple[int, ...], Sequence[Sequence[int]], tuple[int, ...], int]:
    """Check the arguments of a transposed convolution over n axes.

    Returns (stride, crop, dilation, groups); crop: (before, after) for each axis, where
    output_padding leaves so much more at the end.
    """
    groups = check_layer(n, input, weight, bias, groups, transposed=True)
    check_dtype("input", input, DILATED, "a transposed convolution")
    stride = as_ints("stride", stride, n, at_least=1)
    padding = as_ints("padding", padding, n, at_least=0)
    output_padding = as_ints("output_padding", output_padding, n, at_least=0)
    dilation = as_ints("dilation", dilation, n, at_least=1)
    numbers = zip(input.shape[-n:], weight.shape[2:], stride, padding, output_padding, dilation)
    output_size = []
    for m, k, s, p, extra, d in numbers:
        output_size.append((m - 1) * s + d * (k - 1) + 1 - 2 * p + extra)
        if m < 1 or output_size[-1] < 1 or extra >= max(s, d):
            conv_transpose_output_size(m, k, s, p, extra, d)  # says what is wrong
    largest = ("stride", stride) if max(stride) > max(dilation) else ("dilation", dilation)
    check_addressable(*largest, input, output_size)
    crop = [(p, p - extra) for p, extra in zip(padding, output_padding)]
    return stride, crop, dilation, groups


def _pairs(**values: Any) -> list[tuple[int, ...]]:
    """Return arguments that `unfold` and `fold` share, each as (height, width)."""
    return [as_pair(name, value) for name, value in values.items()]


def check_unfold(
    input: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[Tensor, list[tuple[int, ...]]]:
    """Check the arguments of `unfold`; return `input` as a batch, and the others as pairs."""
    pairs = _pairs(kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    kernel_size, dilation, zeros, stride = pairs
    batch, size = check_batch("input", input, "c", "h", "w"), input.shape[-2:]
    check_dtype("input", input, UNFOLDED, "unfold")
    conv_output_size(size, kernel_size, stride, zeros, dilation)
    check_addressable("padding", padding, input, [m + 2 * p for m, p in zip(size, zeros)])
    return batch, pairs


def check_fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[Tensor, tuple[int, ...], list[tuple[int, ...]]]:
    """Check the arguments of `fold`; return `input` as a batch, how many windows, and the pairs."""
    pairs = _pairs(kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    kernel_size, dilation, padding, stride = pairs
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
    return batch, positions, [output_size, *pairs]
