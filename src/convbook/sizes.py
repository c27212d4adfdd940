"""How large everything gets: output sizes, what output_padding must be, what a stack sees.

Every size is counted along one axis, and each function takes either ints, for one axis, or
tuples, for several at once. The formulas hold for each axis by itself.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from .arguments import as_int
from .signatures import NotNegative, Positive, definition, per_axis


def kernel_fits(
    result: int, input_size: int, kernel_size: int, padding: int, dilation: int
) -> None:
    """Raise ValueError if a kernel does not fit into the padded input."""
    if result < 1:
        raise ValueError(
            f"kernel_size={kernel_size} with dilation={dilation} reaches over "
            f"{dilation * (kernel_size - 1) + 1}; it must fit into input_size={input_size} "
            f"with padding={padding}, which is {input_size + 2 * padding}"
        )


def output_padding_is_small(output_padding: int, stride: int, dilation: int) -> None:
    """Raise ValueError if output_padding is smaller than neither stride nor dilation."""
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding={output_padding} must be smaller than stride={stride} "
            f"or dilation={dilation}"
        )


def something_is_left(result: int, input_size: int, padding: int) -> None:
    """Raise ValueError if padding cuts off all that a transposed convolution gives."""
    if result < 1:
        raise ValueError(
            f"padding={padding} cuts off too much: the output of input_size={input_size} would "
            f"have the size {result}"
        )


def output_padding_exists(result: int, output_size: int, stride: int, dilation: int) -> None:
    """Raise ValueError if no output_padding gives `output_size`."""
    smallest, largest = output_size - result, output_size - result + max(stride, dilation) - 1
    if not smallest <= output_size <= largest:
        raise ValueError(
            f"output_size={output_size} must be at least {smallest} and at most {largest}"
        )


@per_axis(kernel_fits)
def conv_output_size(
    input_size: NotNegative,
    kernel_size: Positive,
    stride: Positive = 1,
    padding: NotNegative = 0,
    dilation: Positive = 1,
) -> int:
    """Return the size of a convolution's output: ⌊(n + 2p - d(k - 1) - 1) / s⌋ + 1.

    All arguments: ints (one axis), or a tuple for `input_size` and ints or tuples for the rest
    (several axes). padding counts per side. Returns an int or a tuple alike.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range or the
    dilated kernel does not fit into the padded input.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 15.

    >>> conv_output_size(5, 3, stride=2, padding=1)  # (5 + 2 - 2 - 1) // 2 + 1
    3
    >>> conv_output_size((5, 9), 3, dilation=(1, 4))
    (3, 1)
    """
    reach = dilation * (kernel_size - 1) + 1  # from the first to the last tap
    return (input_size + 2 * padding - reach) // stride + 1


@per_axis(output_padding_is_small, something_is_left)
def conv_transpose_output_size(
    input_size: Positive,
    kernel_size: Positive,
    stride: Positive = 1,
    padding: NotNegative = 0,
    output_padding: NotNegative = 0,
    dilation: Positive = 1,
) -> int:
    """Return a transposed convolution's size: (n-1)s - 2p + d(k-1) + op + 1.

    All arguments: as for `conv_output_size`. padding counts per side and is cut off.
    Returns an int or a tuple alike.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range,
    nothing is left, or output_padding is smaller than neither stride nor dilation.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 14 with dilation, and the
    documentation of `torch.nn.ConvTranspose2d`.

    >>> conv_transpose_output_size(4, 3, stride=2, padding=1, output_padding=1)  # 6 - 2 + 2 + 1 + 1
    8
    >>> conv_transpose_output_size(4, 3, output_padding=2)
    Traceback (most recent call last):
    ValueError: output_padding=2 must be smaller than stride=1 or dilation=1
    """
    reach = dilation * (kernel_size - 1) + 1  # from the first to the last tap
    return (input_size - 1) * stride + reach - 2 * padding + output_padding


@per_axis(output_padding_exists)
def output_padding_for(
    input_size: Positive,
    output_size: Positive,
    kernel_size: Positive,
    stride: Positive = 1,
    padding: NotNegative = 0,
    dilation: Positive = 1,
) -> int:
    """Return the output_padding that gives a transposed convolution `output_size`.

    All arguments: as for `conv_output_size`; input_size and output_size are those of the
    transposed convolution. Returns an int or a tuple alike.
    Up to s sizes collapse to one under a convolution of stride s; output_padding says which of
    them to go back to.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range or no
    output_padding gives that size.

    >>> conv_output_size((7, 8), 3, stride=2, padding=1)
    (4, 4)
    >>> output_padding_for((4, 4), (7, 8), 3, stride=2, padding=1)
    (0, 1)
    """
    reach = dilation * (kernel_size - 1) + 1  # from the first to the last tap
    return output_size - ((input_size - 1) * stride + reach - 2 * padding)


@per_axis()
def same_padding(kernel_size: Positive, dilation: Positive = 1) -> tuple[int, int]:
    """Return the zeros (before, after) that keep the size at stride 1.

    All arguments: as for `conv_output_size`. Returns (before, after), or a tuple of such pairs,
    as `pad2d` takes it. d(k - 1) zeros are needed; the odd one goes after, as under
    `padding="same"` in torch.
    Raises TypeError if an argument holds no integers, ValueError if one is smaller than 1.

    >>> same_padding(3), same_padding(4)
    ((1, 1), (1, 2))
    >>> same_padding((3, 2), dilation=2)
    ((2, 2), (1, 1))
    """
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


class Layer(NamedTuple):
    """What a layer means for a receptive field, along one axis; pooling counts like a convolution.

    kernel_size, stride, dilation, padding: ints. transposed: whether it is a transposed
    convolution.

    >>> Layer(3, stride=2)
    Layer(kernel_size=3, stride=2, dilation=1, padding=0, transposed=False)
    """

    kernel_size: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    transposed: bool = False


class ReceptiveField(NamedTuple):
    """Which elements of the input the outputs of a stack depend on, along one axis.

    size: how many neighbors, at most. start: the first of them for output 0; before 0 lies padding.
    center: where output 0 stands between the inputs, a fraction where there is none at that place.
    jump: how far the fields of neighboring outputs are apart.

    >>> receptive_field([Layer(3, stride=2, padding=1)])
    ReceptiveField(size=3, start=-1, center=0.0, jump=2.0)
    """

    size: int
    start: int
    center: float
    jump: float


def as_layers(layers: Iterable[int | Sequence[int] | Layer]) -> list[Layer]:
    """Return a stack as a list of `Layer`, from any way to write it.

    Raises TypeError or ValueError as `receptive_field`.

    >>> as_layers([3, (2, 2)])[1]
    Layer(kernel_size=2, stride=2, dilation=1, padding=0, transposed=False)
    """
    if not isinstance(layers, Iterable) or isinstance(layers, str) or hasattr(layers, "item"):
        raise TypeError(f"layers={layers!r} must be a list of layers")
    stack = []
    for i, layer in enumerate(layers):
        numbers = layer if isinstance(layer, (list, tuple)) else (layer,)
        if not 1 <= len(numbers) <= len(Layer._fields):
            raise ValueError(
                f"layers[{i}]={layer!r} must be ({', '.join(Layer._fields)}) or its beginning"
            )
        name, given = f"layers[{i}]", Layer(*cast(tuple[int], numbers))
        kernel_size, stride, dilation = (
            as_int(f"{name}.{part}", getattr(given, part), at_least=1) for part in Layer._fields[:3]
        )
        padding = as_int(f"{name}.padding", given.padding, at_least=0)
        if given.transposed not in (True, False):
            raise TypeError(f"{name}.transposed={given.transposed!r} must be True or False")
        if given.transposed and (kernel_size < stride or dilation > 1):
            raise ValueError(
                f"{name}={layer!r} leaves outputs without input; a transposed layer must have "
                "kernel_size of at least stride, and dilation 1"
            )
        stack.append(Layer(kernel_size, stride, dilation, padding, bool(given.transposed)))
    return stack


def receptive_field(layers: Iterable[int | Sequence[int] | Layer]) -> ReceptiveField:
    """Return which neighboring input elements one output element of a stack depends on.

    layers: for each layer, from the input on, its kernel size, or a `Layer` or tuple (kernel size,
    stride, dilation, padding, transposed) or its beginning, along one axis. A pooling layer counts
    like a convolution. Returns a `ReceptiveField`. Of convolutions alone, its size is
    1 + Σ d(k - 1)·(product of the strides before), and its jump the product of all strides; a
    transposed layer of stride s makes the jump smaller, and some outputs see one input less.
    Raises TypeError if a layer holds no integers, ValueError if a number is out of range, a layer
    has none or more than five, or a transposed one has a dilation or gaps between its stamps.
    Source: Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks,
    Distill 2019, sections 2 and 3.

    >>> receptive_field([3, 3]).size  # two 3×3 layers see what one 5×5 layer sees
    5
    >>> receptive_field([(7, 2), (3, 2), (3, 1, 2)]).size  # 1 + 6 + 2·2 + 4·4
    27
    >>> receptive_field([Layer(4, stride=2, padding=1, transposed=True)])
    ReceptiveField(size=2, start=-1, center=-0.25, jump=0.5)
    """
    size, start, center, jump = 1, 0, 0.0, 1.0
    for kernel_size, stride, dilation, padding, transposed in reversed(as_layers(layers)):
        reach = dilation * (kernel_size - 1)
        if transposed:
            size = (size - 1 + reach) // stride + 1
            start = -((reach - padding - start) // stride)  # rounded up
            center = (center + padding - reach / 2) / stride
            jump = jump / stride
        else:
            size = (size - 1) * stride + reach + 1
            start = start * stride - padding
            center = center * stride - padding + reach / 2
            jump = jump * stride
    return ReceptiveField(size, start, center, jump)


class ConvParameters(NamedTuple):
    """The parameters of a convolution along one axis, named as those of `torch.nn.Conv2d`.

    >>> conv_parameters_for(4, 1, max_kernel_size=4, max_stride=1, max_padding=0)
    [ConvParameters(kernel_size=4, stride=1, padding=0, dilation=1)]
    """

    kernel_size: int
    stride: int
    padding: int
    dilation: int


class TransposedParameters(NamedTuple):
    """The parameters of a transposed convolution, named as those of `torch.nn.ConvTranspose2d`.

    >>> transposed_parameters_for(1, 4, max_stride=1, max_padding=0)[0]._asdict()
    {'kernel_size': 4, 'stride': 1, 'padding': 0, 'output_padding': 0, 'dilation': 1}
    """

    kernel_size: int
    stride: int
    padding: int
    output_padding: int
    dilation: int


@definition
def conv_parameters_for(
    input_size: NotNegative,
    output_size: Positive,
    max_kernel_size: Positive = 8,
    max_stride: Positive = 5,
    max_padding: NotNegative = 4,
    max_dilation: Positive = 1,
) -> list[ConvParameters]:
    """List every convolution from `input_size` to `output_size`, within bounds, along one axis.

    All arguments: ints. Returns a list of `ConvParameters`, in rising order; `_asdict()` turns
    one into keyword arguments.
    Raises TypeError if an argument is no integer, ValueError if one is out of range.

    >>> for parameters in conv_parameters_for(8, 4, 3, max_stride=2):
    ...     print(*parameters)
    1 2 0 1
    2 2 0 1
    3 2 1 1
    """
    return [
        ConvParameters(k, s, p, d)
        for k in range(1, max_kernel_size + 1)
        for s in range(1, max_stride + 1)
        for p in range(max_padding + 1)
        for d in range(1, max_dilation + 1)
        if (input_size + 2 * p - d * (k - 1) - 1) // s + 1 == output_size
    ]


@definition
def transposed_parameters_for(
    input_size: Positive,
    output_size: Positive,
    max_kernel_size: Positive = 8,
    max_stride: Positive = 5,
    max_padding: NotNegative = 4,
    max_dilation: Positive = 1,
) -> list[TransposedParameters]:
    """List every transposed convolution from `input_size` to `output_size`, within bounds.

    All arguments: ints, along one axis. output_padding has the bound that torch gives it, the
    larger of stride and dilation. Returns a list of `TransposedParameters`, in rising order;
    `_asdict()` turns one into keyword arguments.
    Raises TypeError if an argument is no integer, ValueError if one is out of range.

    >>> for parameters in transposed_parameters_for(4, 8, 4, max_stride=2):
    ...     print(*parameters)
    1 2 0 1 1
    2 2 0 0 1
    3 2 1 1 1
    4 2 1 0 1
    >>> len(transposed_parameters_for(7, 28))
    26
    """
    return [
        TransposedParameters(k, s, p, op, d)
        for k in range(1, max_kernel_size + 1)
        for s in range(1, max_stride + 1)
        for p in range(max_padding + 1)
        for d in range(1, max_dilation + 1)
        for op in [output_size - ((input_size - 1) * s + d * (k - 1) + 1 - 2 * p)]
        if 0 <= op < max(s, d)
    ]
