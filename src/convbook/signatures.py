"""What a signature declares, and the two decorators that enforce it.

    X: Num[Tensor, "c_in h w"]    a dense tensor of numbers with three axes, called by these names
    K: Num[Tensor, "c_in kh kw"]  an axis of the same name is as long; no axis of a K is empty;
                                  "[c_out c_in] kh kw": the axes in brackets may be missing
    stride: Positives             an integer of at least 1, or one for each axis
    padding: Padding              rows and columns on each side, in one of three ways

This is the notation of the package jaxtyping. `Num` is Python's own `typing.Annotated`, which adds
notes to a type: for Python and for type checkers, `Num[Tensor, "h w"]` is a `Tensor`. `@definition`
reads the notes and refuses what contradicts them; `@per_axis` does so where all arguments are
numbers, and lets a formula for one axis serve several.
"""

import functools
import inspect
import math
import operator
from collections.abc import Callable, Sequence
from types import UnionType
from typing import (
    Annotated,
    Any,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    overload,
)

from torch import Tensor

from .arguments import as_int, as_ints, check_alike, check_kernel, check_tensor, round_once

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class AtLeast(NamedTuple):
    """The smallest integer allowed, and for how many axes there may be one each."""

    number: int
    axes: int = 1


Ints = int | Sequence[int]  # one for all axes, or one for each
Positive = Annotated[int, AtLeast(1)]
NotNegative = Annotated[int, AtLeast(0)]
Positives = Annotated[Ints, AtLeast(1, axes=2)]
NotNegatives = Annotated[Ints, AtLeast(0, axes=2)]
Padding = Annotated[Ints | Sequence[Sequence[int]], AtLeast(0, axes=2)]


def pair(value: Ints, name: str = "value", at_least: int | None = None) -> tuple[int, int]:
    """Return (height, width) for two integers, or for one that serves both.

    Raises TypeError or ValueError as `convbook.arguments.as_ints`.

    >>> pair(2), pair((2, 3))
    ((2, 2), (2, 3))
    """
    height, width = as_ints(name, value, 2, at_least)
    return height, width


def sides(padding: Padding, name: str = "padding") -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((top, bottom), (left, right)) for any way to write a padding.

    Raises TypeError or ValueError if it is none, or negative.

    >>> sides(1), sides((1, 2)), sides(((1, 2), (3, 4)))
    (((1, 1), (1, 1)), ((1, 1), (2, 2)), ((1, 2), (3, 4)))
    """
    if isinstance(padding, (list, tuple)) and len(padding) == 2:
        rows, columns = padding
        if isinstance(rows, (list, tuple)) and isinstance(columns, (list, tuple)):
            return pair(rows, f"{name}[0]", 0), pair(columns, f"{name}[1]", 0)
    height, width = pair(cast(int, padding), name, 0)
    return (height, height), (width, width)


def zeros(*size: int, like: Sequence[Tensor]) -> Tensor:
    """Return zeros to add products of these tensors to: of their dtype, device and batch.

    The batch is that of `torch.func.vmap`, which may go over any of the tensors.

    >>> import torch
    >>> zeros(2, 3, like=(torch.ones(4, 4), torch.ones(2, 2)))
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return functools.reduce(operator.mul, (X.new_zeros(()) for X in like)).new_zeros(size)


# What the two numbers of an argument are called in the shape of a result.
ALONG = {"stride": "sh sw", "dilation": "dh dw", "input_shape": "h w"}

LARGE = ("channels", "h", "w", "size", "size")  # and the numbers that say how large an input is


def _notes(annotation: Any) -> tuple:
    """Return what an annotation says beside the type, or beside one of several types."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return tuple(note for part in get_args(annotation) for note in _notes(part))
    return getattr(annotation, "__metadata__", ())


def definition(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse what contradicts the annotations; sum half precision in float32, and round once.

    Tensors have the axes that they declare, share dtype and device, and are equally long where a
    name stands twice. Numbers are integers in their range. The shape of the result, if it is
    declared in these names, exists: "h-kh+1" is at least 1.
    Raises TypeError for a wrong type, ValueError for a wrong shape or number.

    >>> import torch
    >>> @definition
    ... def width(X: Annotated[Tensor, "h w"]) -> int:
    ...     return X.shape[1]
    >>> width(torch.ones(3))
    Traceback (most recent call last):
    ValueError: X has shape (3,); it must have 2 axes (h, w)
    """
    signature = inspect.signature(function)
    names = tuple(signature.parameters)
    axes: dict[str, str] = {}
    bounds: dict[str, AtLeast] = {}
    functions = []
    for name, parameter in signature.parameters.items():
        for note in _notes(parameter.annotation):
            if isinstance(note, AtLeast):
                bounds[name] = note
            else:
                axes[name] = note
        if get_origin(parameter.annotation) is Callable:
            functions.append(name)
    shape = " ".join(_notes(signature.return_annotation)).split()
    result = {axis: _formula(axis) for axis in shape}
    rounded = cast(Callable[P, R], round_once(function)) if len(axes) > 1 else function

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        given: dict[str, Any] = {**dict(zip(names, args)), **kwargs}
        tensors = {name: given[name] for name in axes if name in given}
        numbers = {name: given[name] for name in bounds if name in given}
        for name in functions:
            if name in given and not callable(given[name]):
                raise TypeError(f"{name}={given[name]!r} must be a function")
        sizes = _sizes_of_tensors(tensors, axes)
        for name, value in numbers.items():
            if value is None and signature.parameters[name].default is None:
                continue
            sizes |= _sizes_of_numbers(name, value, bounds[name])
            if bounds[name].axes == 1:
                given[name] = sizes[name]  # an int, whatever counted as one
        _check_result(result, sizes, tensors, numbers)
        positional = [given[name] for name in names[: len(args)]]
        keywords = {name: given[name] for name in kwargs}
        return rounded(*positional, *args[len(names) :], **keywords)  # type: ignore[arg-type]

    return checked


def _formula(axis: str) -> tuple[Callable[..., int], tuple[str, ...]]:
    """Return an axis such as "h-kh+1" as a function, and what it takes."""
    names = compile(axis, "the shape of the result", "eval").co_names
    return eval(f"lambda {', '.join(names)}: {axis}"), names


def _sizes_of_tensors(tensors: dict[str, Tensor], axes: dict[str, str]) -> dict[str, int]:
    """Check tensors against the axes that they declare; return the size of each axis."""
    names = {}
    for name, tensor in tensors.items():
        optional, _, always = axes[name].rpartition("]")
        names[name] = always.split()
        if optional and getattr(tensor, "ndim", 0) != len(names[name]):
            names[name] = [*optional[1:].split(), *names[name]]
            if isinstance(tensor, Tensor) and tensor.ndim != len(names[name]):
                raise ValueError(
                    f"{name} has shape {tuple(tensor.shape)}; it must have {len(names[name])} axes "
                    f"({', '.join(names[name])}), or the last {len(always.split())}"
                )
        check_tensor(name, tensor, *names[name])
    if tensors:
        check_alike(**tensors)
    if "K" in tensors:
        check_kernel(tensors["K"])
    sizes: dict[str, int] = {}
    for name, tensor in tensors.items():
        shape = tuple(tensor.shape)
        for i, (axis, size) in enumerate(zip(names[name], shape)):
            if axis.isdecimal() and size != int(axis):
                raise ValueError(
                    f"{name} has shape {shape}; its axes must be ({', '.join(names[name])})"
                )
            if size != sizes.setdefault(axis, size):
                first = next(other for other in tensors if axis in names[other])
                raise ValueError(
                    f"{name} has shape {shape}; its axis {i} must be the {sizes[axis]} channels "
                    f"of {first}, which has shape {tuple(tensors[first].shape)}"
                )
    return sizes


def _sizes_of_numbers(name: str, value: Any, at_least: AtLeast) -> dict[str, int]:
    """Check an argument that holds numbers; return what each is called in a shape."""
    if name == "padding":
        (top, bottom), (left, right) = sides(value)
        return {"top": top, "bottom": bottom, "left": left, "right": right}
    if at_least.axes == 1:
        return {name: as_int(name, value, at_least.number)}
    both = pair(value, name, at_least.number)
    return dict(zip(ALONG.get(name, name).split(), both))


def _check_result(
    axes: dict[str, tuple[Callable[..., int], tuple[str, ...]]],
    sizes: dict[str, int],
    tensors: dict[str, Tensor],
    numbers: dict[str, Any],
) -> None:
    """Raise ValueError if the result cannot have the shape that is declared for it."""
    if any(name not in sizes for _, names in axes.values() for name in names):
        return  # an axis of the result is called by a name of its own
    shape = tuple(size(*[sizes[name] for name in names]) for size, names in axes.values())
    if any("-k" in axis and size < 1 for axis, size in zip(axes, shape)):
        K, X = (tuple(tensors[name].shape) for name in "KX")
        raise ValueError(f"K has shape {K}; it must fit into X of shape {X}")
    if not axes:  # then the numbers may say how large an input is
        shape = tuple(sizes[axis] for axis in LARGE if axis in sizes)
    if "padding" in numbers and any(size < 0 for size in shape):
        (Y,) = tensors.values()
        rule = f"crop more than there is: Y has shape {tuple(Y.shape)}"
    elif math.prod(shape) >= 2**60:
        rule = f"take a tensor of shape {shape}: too large"
    else:
        return
    given = " and ".join(f"{name}={value!r}" for name, value in numbers.items())
    raise ValueError(f"{given} would {rule}")


class PerAxis(Protocol[R_co]):
    """A formula for one axis that serves several: an int gives one result, a tuple a tuple."""

    @overload
    def __call__(self, size: int, /, *args: int, **kwargs: int) -> R_co: ...
    @overload
    def __call__(
        self, size: Sequence[int], /, *args: int | Sequence[int], **kwargs: int | Sequence[int]
    ) -> tuple[R_co, ...]: ...


def per_axis(*rules: Callable[..., None]) -> Callable[[Callable[..., R]], PerAxis[R]]:
    """Let a formula for one axis serve several; refuse what its annotations or a rule forbid.

    rules: functions that take what they need of the arguments and the `result` by name, and raise
    ValueError if these contradict each other. The first argument decides: an int gives a number, a
    tuple or list gives a tuple, to which each argument contributes an int or one for each axis.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range.

    >>> @per_axis()
    ... def half(size: Positive) -> int:
    ...     return size // 2
    >>> half(4), half((4, 6))
    (2, (2, 3))
    >>> half(0)
    Traceback (most recent call last):
    ValueError: size=0 must be at least 1
    """

    def decorate(along_axis: Callable[..., R]) -> PerAxis[R]:
        parameters = inspect.signature(along_axis).parameters
        bounds = {name: _notes(p.annotation)[0].number for name, p in parameters.items()}
        defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
        needs = [(rule, tuple(inspect.signature(rule).parameters)) for rule in rules]

        def formula(**numbers: Any) -> R:
            for name, at_least in bounds.items():
                as_int(name, numbers[name], at_least)
            numbers["result"] = result = along_axis(**numbers)
            for rule, names in needs:
                rule(**{name: numbers[name] for name in names})
            return result

        @functools.wraps(along_axis)
        def for_each_axis(*args: Any, **kwargs: Any) -> Any:
            placed = dict(zip(bounds, args))
            given = {**defaults, **placed, **kwargs}
            twice = placed.keys() & kwargs.keys()
            if twice or len(args) > len(bounds) or given.keys() != bounds.keys():
                return along_axis(*args, **kwargs)  # which says what is missing or too much
            first = given[next(iter(bounds))]
            if not isinstance(first, (list, tuple)):
                return formula(**{name: as_int(name, given[name]) for name in bounds})
            columns = [as_ints(name, given[name], len(first)) for name in bounds]
            return tuple(formula(**dict(zip(bounds, axis))) for axis in zip(*columns))

        return for_each_axis

    return decorate
