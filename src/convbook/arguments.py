"""The one place where arguments are normalized and checked.

Every refusal names the argument, the value it was given and the rule:
`ValueError` for a value or shape that cannot work, `TypeError` for a wrong type.
"""

import functools
import math
import operator
from collections.abc import Iterable

import torch

FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
COMPLEX = {torch.complex32, torch.complex64, torch.complex128}
SMALL_INTS = {torch.uint8, torch.int8, torch.int16, torch.int32}
LARGEST = 2**63 - 1  # integer that torch knows
WIDER = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.complex32: torch.complex64,
}
UNFOLDED = FLOATS | {torch.complex64, torch.complex128, torch.bool}  # what torch folds and unfolds


def as_int(name, value, at_least=None):
    """Return `value` as a plain int.

    name: what the message calls it. value: an int, or anything that counts as one, such as
    `numpy.int64` or an integer tensor of one element. at_least: the smallest value allowed,
    or None.
    Raises TypeError if it is no integer (`True` is not), ValueError if it is too small.

    >>> as_int("stride", 2, at_least=1)
    2
    >>> as_int("stride", 0, at_least=1)
    Traceback (most recent call last):
    ValueError: stride=0 must be at least 1
    """
    number = value
    if type(value) not in (int, torch.SymInt):  # an int, or one that a traced graph does not know
        try:
            if isinstance(value, bool) or getattr(value, "dtype", None) == torch.bool:
                raise TypeError
            number = operator.index(value)
        except TypeError:
            raise TypeError(
                f"{name}={value!r} must be an integer, not {type(value).__name__}"
            ) from None
    if at_least is not None and number < at_least:
        raise ValueError(f"{name}={value!r} must be at least {at_least}")
    if number > LARGEST:
        raise ValueError(f"{name}={value!r} must be at most 2**63 - 1")
    return number


def as_ints(name, value, length, at_least=None):
    """Return `value` as a tuple of `length` ints, one for each axis; one int serves all axes.

    name: what the message calls it. value: an int, or a list or tuple of `length` ints or of
    one, in the order (height, width) for two axes. at_least: the smallest value allowed, or
    None.
    Raises TypeError if an entry is no integer, ValueError if the number of entries is neither
    `length` nor 1 or an entry is too small.

    >>> as_ints("stride", 2, 2), as_ints("stride", [2, 3], 2)
    ((2, 2), (2, 3))
    >>> as_ints("stride", (1, 2, 3), 2)
    Traceback (most recent call last):
    ValueError: stride=(1, 2, 3) must be one integer or 2 of them, one for each axis
    """
    if not isinstance(value, (list, tuple)):
        return (as_int(name, value, at_least),) * length
    if len(value) not in (1, length):
        raise ValueError(
            f"{name}={value!r} must be one integer or {length} of them, one for each axis"
        )
    ints = tuple(as_int(f"{name}[{axis}]", entry, at_least) for axis, entry in enumerate(value))
    return ints if len(ints) == length else ints * length


def as_pair(name, value, at_least=None):
    """Return `value` as (height, width), under the rules of torch's `unfold` and `fold`.

    They differ from those of a convolution: any iterable will do, but not one of length 1.
    Raises TypeError or ValueError as `as_ints`.

    >>> as_pair("kernel_size", range(2, 4))
    (2, 3)
    >>> as_pair("kernel_size", [2])
    Traceback (most recent call last):
    ValueError: kernel_size=[2] must be one integer or 2 of them, one for each axis
    """
    if isinstance(value, Iterable):
        if getattr(value, "ndim", 1) == 0:
            kind = type(value).__name__
            raise TypeError(f"{name}={value!r} must be an integer or 2 of them, not a {kind}")
        entries = tuple(value)
        if len(entries) != 2:
            raise ValueError(
                f"{name}={value!r} must be one integer or 2 of them, one for each axis"
            )
        value = entries
    return as_ints(name, value, 2, at_least)


def check_tensor(name, value, *shape):
    """Check that `value` is a numeric tensor with as many axes as `shape` has names.

    name: what the message calls it. shape: the names of the axes, such as "h", "w".
    Raises TypeError if it is no tensor or holds booleans, ValueError if the number of axes
    differs.

    >>> check_tensor("X", torch.ones(3), "h", "w")
    Traceback (most recent call last):
    ValueError: X has shape (3,); it must have 2 axes (h, w)
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(value).__name__}")
    if value.ndim != len(shape):
        axes = f"{len(shape)} axes ({', '.join(shape)})"
        raise ValueError(f"{name} has shape {tuple(value.shape)}; it must have {axes}")
    if value.dtype == torch.bool:
        raise TypeError(f"{name} has dtype torch.bool; it must hold numbers")


def check_alike(**tensors):
    """Check that named tensors share dtype and device, as an operation on all of them needs.

    tensors: the tensors, by the names that the message gives them; None stands for an absent one.
    Raises TypeError if one is no tensor or the dtypes differ, ValueError if the devices do.

    >>> check_alike(X=torch.ones(2), K=torch.ones(2, dtype=torch.int64))
    Traceback (most recent call last):
    TypeError: X has dtype torch.float32 and K has dtype torch.int64; they must be the same
    """
    present = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    for name, tensor in present.items():
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, not {type(tensor).__name__}")
    (first_name, first), *others = present.items()
    for name, tensor in others:
        for attribute, error in (("dtype", TypeError), ("device", ValueError)):
            mine, its = getattr(first, attribute), getattr(tensor, attribute)
            if mine != its:
                raise error(
                    f"{first_name} has {attribute} {mine} and {name} has {attribute} {its}; "
                    "they must be the same"
                )


def round_once(function):
    """Let a function of two tensors compute half precision in float32 and round the result once.

    A sum that is rounded at every step stops growing: 256 + 1 is 256 in bfloat16.

    >>> round_once(lambda X, K: sum(X * K))(torch.ones(1000).half(), torch.ones(1000).half())
    tensor(1000., dtype=torch.float16)
    """

    @functools.wraps(function)
    def rounded_once(X, K):
        dtype = getattr(X, "dtype", None)
        if dtype not in WIDER or getattr(K, "dtype", None) != dtype:
            return function(X, K)
        return function(X.to(WIDER[dtype]), K.to(WIDER[dtype])).to(dtype)

    return rounded_once


def check_kernel(K):
    """Check that the kernel `K`, whose last two axes are height and width, is not empty.

    Raises ValueError if it is.
    """
    if 0 in K.shape:
        raise ValueError(f"K has shape {tuple(K.shape)}; no axis of a kernel may be empty")


def check_dense(name, value):
    """Check that `value` is a tensor, and neither sparse nor in a layout of its own.

    Raises TypeError if it is not.

    >>> check_dense("input", None)
    Traceback (most recent call last):
    TypeError: input must be a torch.Tensor, not NoneType
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(value).__name__}")
    if value.layout != torch.strided:
        raise TypeError(f"{name} has layout {value.layout}; it must be dense: {name}.to_dense()")


def check_dtype(name, tensor, allowed, operation):
    """Check that the dtype of `tensor` is one of `allowed`, the set that torch computes.

    Raises TypeError if it is not.

    >>> check_dtype("input", torch.ones(2, dtype=torch.int8), FLOATS, "unfold")
    Traceback (most recent call last):
    TypeError: input has dtype torch.int8; unfold needs one of bfloat16, float16, float32, float64
    """
    if tensor.dtype not in allowed:
        names = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in allowed))
        raise TypeError(f"{name} has dtype {tensor.dtype}; {operation} needs one of {names}")


def check_batch(name, value, *shape):
    """Return `value` with a batch axis in front: added if it has just the axes in `shape`.

    name: what the message calls it. shape: the names of the axes without the batch.
    Raises TypeError if it is no tensor, ValueError if the number of axes is another or an axis
    other than the batch is empty.

    >>> check_batch("input", torch.ones(3, 5, 5), "c", "h", "w").shape
    torch.Size([1, 3, 5, 5])
    """
    check_dense(name, value)
    if value.ndim not in (len(shape), len(shape) + 1) or 0 in value.shape[-len(shape) :]:
        raise ValueError(
            f"{name} has shape {tuple(value.shape)}; it must have the axes "
            f"([N,] {', '.join(shape)}), and only N may be 0"
        )
    return value if value.ndim > len(shape) else value.unsqueeze(0)


def check_addressable(name, tensor, size):
    """Check that a tensor like `tensor`, with its last axes of another size, is not absurdly large.

    Raises ValueError, which names the argument to blame, if not even 2⁶⁰ numbers would do.
    """
    if max(size) > 2**31 and math.prod([*tensor.shape[: -len(size)], *size]) > 2**60:
        raise ValueError(f"{name} is too large: it would take a tensor with the sizes {[*size]}")


def outside_autocast(layer):
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


def check_layer(n, input, weight, bias, groups, transposed):
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
