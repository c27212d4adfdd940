"""The one place where arguments are normalized and checked.

Every refusal names the argument, the value it was given and the rule:
`ValueError` for a value or shape that cannot work, `TypeError` for a wrong type.
"""

import cmath
import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

import torch
from torch import Tensor

FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
COMPLEX = {torch.complex32, torch.complex64, torch.complex128}
SMALL_INTS = {torch.uint8, torch.int8, torch.int16, torch.int32}
NUMBERS = FLOATS | COMPLEX | SMALL_INTS | {torch.int64}  # what torch multiplies and adds
LARGEST = 2**63 - 1  # integer that torch knows
WIDER = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.complex32: torch.complex64,
}


def as_int(name: str, value: Any, at_least: int | None = None) -> int:
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
        except (TypeError, RuntimeError):  # a tensor on the device "meta" raises the second
            raise TypeError(
                f"{name}={value!r} must be an integer, not {type(value).__name__}"
            ) from None
    if at_least is not None and number < at_least:
        raise ValueError(f"{name}={value!r} must be at least {at_least}")
    if number > LARGEST:
        raise ValueError(f"{name}={value!r} must be at most 2**63 - 1")
    return number


def as_ints(name: str, value: Any, length: int, at_least: int | None = None) -> tuple[int, ...]:
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


def as_pair(name: str, value: Any, at_least: int | None = None) -> tuple[int, ...]:
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


def check_tensor(name: str, value: Any, *shape: str) -> None:
    """Check that `value` is a dense tensor of numbers with as many axes as `shape` has names.

    name: what the message calls it. shape: the names of the axes, such as "h", "w".
    Raises TypeError if it is no such tensor or holds no numbers to compute with, ValueError if the
    number of axes differs.

    >>> check_tensor("X", torch.ones(3), "h", "w")
    Traceback (most recent call last):
    ValueError: X has shape (3,); it must have 2 axes (h, w)
    """
    check_dense(name, value)
    if value.ndim != len(shape):
        axes = f"{len(shape)} axes ({', '.join(shape)})"
        raise ValueError(f"{name} has shape {tuple(value.shape)}; it must have {axes}")
    if value.dtype not in NUMBERS:
        rule = "" if value.dtype == torch.bool else " that torch multiplies and adds"
        raise TypeError(f"{name} has dtype {value.dtype}; it must hold numbers{rule}")


def check_alike(**tensors: Any) -> None:
    """Check that named tensors share dtype and device, as an operation on all of them needs.

    tensors: by the names that the message gives them; None stands for an absent one, not the first.
    Raises TypeError if the dtypes differ, ValueError if the devices do.

    >>> check_alike(X=torch.ones(2), K=torch.ones(2, dtype=torch.int64))
    Traceback (most recent call last):
    TypeError: X has dtype torch.float32 and K has dtype torch.int64; they must be the same
    """
    (first_name, first), *others = tensors.items()
    for name, tensor in others:
        if tensor is None or (tensor.dtype == first.dtype and tensor.device == first.device):
            continue
        attribute, error = (
            ("dtype", TypeError) if tensor.dtype != first.dtype else ("device", ValueError)
        )
        mine, its = getattr(first, attribute), getattr(tensor, attribute)
        raise error(
            f"{first_name} has {attribute} {mine} and {name} has {attribute} {its}; "
            "they must be the same"
        )


def round_once(function: Callable[..., Any]) -> Callable[..., Any]:
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


def check_kernel(K: Tensor) -> None:
    """Check that the kernel `K`, whose last two axes are height and width, is not empty.

    Raises ValueError if it is.
    """
    if 0 in K.shape:
        raise ValueError(f"K has shape {tuple(K.shape)}; no axis of a kernel may be empty")


def check_dense(name: str, value: Any) -> None:
    """Check that `value` is one tensor, and neither sparse nor in a layout of its own.

    Raises TypeError if it is not.

    >>> check_dense("input", None)
    Traceback (most recent call last):
    TypeError: input must be a torch.Tensor, not NoneType
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(value).__name__}")
    if value.layout != torch.strided or value.is_nested:
        kind = "is nested" if value.is_nested else f"has layout {value.layout}"
        rule = "one tensor" if value.is_nested else f"dense: {name}.to_dense()"
        raise TypeError(f"{name} {kind}; it must be {rule}")


def check_dtype(name: str, tensor: Tensor, allowed: Set[torch.dtype], operation: str) -> None:
    """Check that the dtype of `tensor` is one of `allowed`, the set that torch computes.

    Raises TypeError if it is not.

    >>> check_dtype("input", torch.ones(2, dtype=torch.int8), FLOATS, "unfold")
    Traceback (most recent call last):
    TypeError: input has dtype torch.int8; unfold needs one of bfloat16, float16, float32, float64
    """
    if tensor.dtype not in allowed:
        names = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in allowed))
        raise TypeError(f"{name} has dtype {tensor.dtype}; {operation} needs one of {names}")


def check_batch(name: str, value: Any, *shape: str) -> Tensor:
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


def check_addressable(name: str, value: object, tensor: Tensor, size: Sequence[int]) -> None:
    """Check that a tensor like `tensor`, with its last axes of another size, is not absurdly large.

    Raises ValueError, which names the argument to blame, if not even 2⁶⁰ numbers would do.
    """
    if max(size) > 2**31 and math.prod([*tensor.shape[: -len(size)], *size]) > 2**60:
        raise ValueError(
            f"{name}={value!r} is too large: it would take a tensor of sizes {[*size]}"
        )


def known_and_finite(*tensors: Tensor) -> bool:
    """Say whether the numbers of `tensors` are known, and neither infinite nor NaN.

    A way that multiplies by zeros of its own is open to finite numbers only: 0·∞ is NaN. Under
    vmap, on the device "meta" and while a graph is traced, numbers are not known.
    """
    if torch.compiler.is_compiling():
        return False
    try:
        return all(cmath.isfinite(tensor.detach().sum().item()) for tensor in tensors)
    except RuntimeError:
        return False
