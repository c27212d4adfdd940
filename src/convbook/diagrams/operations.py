"""Pictures of one operation: cross-correlation, transposed convolution, their matrices."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..arguments import as_ints, check_tensor
from ..matrix import kernel2matrix
from ..moves import corr2d, crop2d, dilate2d, pad2d, subsample2d, trans_conv
from ..signatures import Ints
from ..sizes import output_padding_for
from ..words import _
from .figure import SCALE, WIDTH, Diagram, Step, draw
from .grid import CELL, PHONE, Grid, Spy, number, size, subscript

Cell = tuple[int, int]


def _positions(values, at, name):
    """Return the cells (i, j) to show: the one asked for, or all in reading order."""
    h, w = values.shape
    if at is None:
        return [(i, j) for i in range(h) for j in range(w)]
    i, j = as_ints("at", at, 2, at_least=0)
    if i >= h or j >= w:
        raise ValueError(f"at={at!r} must be a cell of {name}, which has shape {(h, w)}")
    return [(i, j)]


def _product(a, b):
    """Write a product, with parentheses around a negative second factor."""
    return f"{number(a)}·{number(b)}" if b >= 0 else f"{number(a)}·({number(b)})"


def _title(words, X, K, **parameters):
    """Return a title with the sizes of input and kernel, and the parameters that say something."""
    said = [words.format(input=size(X), kernel=size(K))]
    texts = {
        "stride": _("stride {value}"),
        "padding": _("padding {value}"),
        "output_padding": _("output_padding {value}"),
        "dilation": _("dilation {value}"),
    }
    for name, value in parameters.items():
        numbers = torch.as_tensor(value).unique().tolist()
        if numbers != [1 if name in ("stride", "dilation") else 0]:
            said.append(texts[name].format(value=numbers[0] if len(numbers) == 1 else value))
    return _(", ").join(said)


def _kernel(K, dilation):
    """Return the grid of a kernel, stretched by `dilation`."""
    zeros = dilate2d(torch.ones_like(K), dilation) == 0
    return Grid(dilate2d(K, dilation), "kernel", _("kernel K"), zeros=zeros)


def draw_corr2d(
    X: Tensor,
    K: Tensor,
    at: Cell | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
) -> Diagram:
    """Draw the window of a cross-correlation, with its arithmetic.

    X: (h, w). K: (kh, kw). at: the output cell (i, j) whose window is marked; without it the
    window moves over all of them. stride, padding, dilation: as for the moves.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> print(draw_corr2d(torch.arange(9).reshape(3, 3), K, at=(0, 0)))
    Cross-correlation of a 3 × 3 input and a 2 × 2 kernel
    input X (3 × 3)
    [0] [1]   2
    [3] [4]   5
      6   7   8
    ⋆
    kernel K (2 × 2)
    0 1
    2 3
    =
    output Y (2 × 2)
    [19]   25
      37   43
    0·0 + 1·1 + 3·2 + 4·3 = 19
    The window at output row 0, column 0.
    """
    padded, stretched = pad2d(X, padding), dilate2d(K, dilation)
    Y = subsample2d(corr2d(padded, stretched), stride)
    (sh, sw), (dh, dw_) = as_ints("stride", stride, 2), as_ints("dilation", dilation, 2)
    # An input cell is used if the adjoint of all ones reaches it.
    reached = trans_conv(
        dilate2d(torch.ones_like(Y), stride), dilate2d(torch.ones_like(K), dilation)
    )
    missing = [n - m for n, m in zip(padded.shape, reached.shape)]
    unused = pad2d(reached, [(0, n) for n in missing]) == 0
    zeros = pad2d(torch.ones_like(X), padding) == 0
    parts = [
        Grid(padded, "input", _("input X"), zeros=zeros, unused=unused),
        "⋆",
        _kernel(K, dilation),
        "=",
        Grid(Y, "output", _("output Y")),
    ]
    steps = []
    for i, j in _positions(Y, at, "the output"):
        cells = {
            (a, b): (i * sh + a * dh, j * sw + b * dw_)
            for a in range(K.shape[0])
            for b in range(K.shape[1])
        }
        sum_ = " + ".join(_product(padded[cell], K[ab]) for ab, cell in cells.items())
        text = f"{sum_} = {number(Y[i, j])}"
        steps.append(Step({0: list(cells.values()), 4: [(i, j)]}, {}, text))
    if at is not None:
        caption = _("The window at output row {row}, column {column}.")
        caption = caption.format(row=at[0], column=at[1])
    elif len(steps) == 1:
        caption = _("The window visits 1 place, one for each number of the output.")
    else:
        caption = _("The window visits {n} places, one for each number of the output.")
        caption = caption.format(n=len(steps))
    title = _("Cross-correlation of a {input} input and a {kernel} kernel")
    title = _title(title, X, K, stride=stride, padding=padding, dilation=dilation)
    return Diagram(parts, steps, title, caption)


def draw_trans_conv(
    X: Tensor,
    K: Tensor,
    at: Cell | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    dilation: Ints = 1,
) -> Diagram:
    """Draw how a transposed convolution stamps the kernel on the output.

    X: (h, w). K: (kh, kw). at: the input cell (i, j) whose stamp is marked; without it the
    stamps are put down one after the other. stride, padding, output_padding, dilation: as for
    `F.conv_transpose2d`; what padding cuts off is drawn hatched, what no stamp reaches dotted.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> print(draw_trans_conv(K, K, at=(1, 0)))
    Transposed convolution of a 2 × 2 input and a 2 × 2 kernel
    input X (2 × 2)
      0   1
    [2]   3
    ⋆ᵀ
    kernel K (2 × 2)
    0 1
    2 3
    =
    output Y (3 × 3)
       0    0    1
     [0]  [4]    6
     [4] [12]    9
    X[1, 0] = 2 adds 2·0, 2·1, 2·2, 2·3
    The stamp of input row 1, column 0.
    """
    stretched = dilate2d(K, dilation)
    end = [(0, n) for n in as_ints("output_padding", output_padding, 2, at_least=0)]
    (sh, sw), (dh, dw_) = as_ints("stride", stride, 2), as_ints("dilation", dilation, 2)
    full = pad2d(trans_conv(dilate2d(X, stride), stretched), end)
    kept = crop2d(torch.ones_like(full), padding)
    reached = trans_conv(
        dilate2d(torch.ones_like(X), stride), dilate2d(torch.ones_like(K), dilation)
    )
    zeros = pad2d(reached, end) == 0
    label = _("output Y")
    if kept.shape != full.shape:
        label = _("output Y, {size} kept").format(size=size(kept))
    parts = [
        Grid(X, "input", _("input X")),
        "⋆ᵀ",
        _kernel(K, dilation),
        "=",
        Grid(full, "output", label, zeros=zeros, unused=pad2d(kept, padding) == 0),
    ]
    steps, total = [], torch.zeros_like(full)
    for i, j in _positions(X, at, "the input"):
        cells = []
        for a in range(K.shape[0]):
            for b in range(K.shape[1]):
                cell = (i * sh + a * dh, j * sw + b * dw_)
                total[cell] += X[i, j] * K[a, b]
                cells.append(cell)
        products = ", ".join(_product(X[i, j], k) for k in K.flatten())
        text = _("X[{i}, {j}] = {value} adds {products}")
        text = text.format(i=i, j=j, value=number(X[i, j]), products=products)
        digits = {4: total.clone()} if at is None else {}
        steps.append(Step({0: [(i, j)], 4: cells}, digits, text))
    if at is None:
        caption = _("{n} stamps, one for each number of the input, add up to the output.")
        caption = caption.format(n=len(steps))
    else:
        caption = _("The stamp of input row {row}, column {column}.")
        caption = caption.format(row=at[0], column=at[1])
    title = _("Transposed convolution of a {input} input and a {kernel} kernel")
    more = {"padding": padding, "output_padding": output_padding}
    title = _title(title, X, K, stride=stride, **more, dilation=dilation)
    return Diagram(parts, steps, title, caption)


def draw_twins(
    X: Tensor,
    K: Tensor,
    at: Cell | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
) -> Diagram:
    """Draw a cross-correlation and its transpose, step by step in parallel: X → Y → Z.

    X: (h, w). K: (kh, kw). at: the cell (i, j) of X ⋆ K whose window and stamp are marked;
    without it both move over all cells. stride, padding, dilation: as for the moves.
    The transposed convolution takes the output Y of the correlation and returns to the shape of
    X. The kernel of both stands beneath.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[0, 1], [2, 3]])
    >>> print(draw_twins(torch.arange(6).reshape(2, 3), K, at=(0, 1)))
    Cross-correlation of a 2 × 3 input and a 2 × 2 kernel, and its transpose
    input X (2 × 3)
      0 [1] [2]
      3 [4] [5]
    →
    Y = X ⋆ K (1 × 2)
      19 [25]
    →
    Z = Y ⋆ᵀ K (2 × 3)
        0  [19]  [25]
       38 [107]  [75]
    <BLANKLINE>
    kernel K (2 × 2)
    0 1
    2 3
    Y[0, 1] is gathered from X and scattered to Z
    A window is gathered into one number; that number stamps on the same cells.
    """
    same = {"stride": stride, "padding": padding, "dilation": dilation}
    gather = draw_corr2d(X, K, at, **same)
    Y = gather.parts[4].values
    more = output_padding_for(tuple(Y.shape), tuple(X.shape), tuple(K.shape), **same)
    scatter = draw_trans_conv(Y, K, at, output_padding=more, **same)
    middle = replace(gather.parts[4], label="Y = X ⋆ K")
    Z = scatter.parts[4]
    label = "Z = Y ⋆ᵀ K"
    if Z.values.shape != X.shape:
        label = _("{name}, {size} kept").format(name=label, size=size(X))
    Z = replace(Z, role="input", label=label)
    steps = []
    for left, right, (i, j) in zip(gather.steps, scatter.steps, _positions(Y, at, "the output")):
        marked = {0: left.marked[0], 2: left.marked[4], 4: right.marked[4]}
        digits = {4: right.digits[4]} if right.digits else {}
        text = _("Y[{i}, {j}] is gathered from X and scattered to Z").format(i=i, j=j)
        steps.append(Step(marked, digits, text))
    caption = _("A window is gathered into one number; that number stamps on the same cells.")
    title = _("{title}, and its transpose").format(title=gather.title)
    for cell in range(CELL, CELL // 2, -4):  # smaller, if that keeps them side by side
        grids = (replace(grid, cell=cell) for grid in (gather.parts[0], middle, Z))
        row = [part for grid in grids for part in (grid, "→")][:-1]
        diagram = Diagram([*row, "\n", gather.parts[2]], steps, title, caption)
        if diagram.width() <= WIDTH:
            break
    return diagram


def draw_stamps(X: Tensor, K: Tensor, *, stride: Ints = 1) -> Diagram:
    """Draw a transposed convolution as the sum of its stamps, side by side.

    X: (h, w). K: (kh, kw). stride: one int or (height, width).
    Returns a Diagram. Raises TypeError or ValueError as the moves do.

    >>> print(draw_stamps(torch.tensor([[1, 2]]), torch.tensor([[1, 3]])))
    Transposed convolution of a 1 × 2 input and a 1 × 2 kernel, as a sum of stamps
    1 · K (1 × 3)
    1 3
    +
    2 · K (1 × 3)
      2 6
    =
    output Y (1 × 3)
    1 5 6
    Each number of the input puts down the kernel, scaled by it; overlaps add.
    """
    Y = trans_conv(dilate2d(X, stride), K)
    parts: list[Grid | str] = []
    for i, j in _positions(X, None, "the input"):
        one = torch.zeros_like(X)
        one[i, j] = 1
        here = trans_conv(dilate2d(one, stride), torch.ones_like(K))
        stamp = trans_conv(dilate2d(one * X, stride), K)
        parts += [Grid(stamp, "output", f"{number(X[i, j])} · K", blank=here == 0), "+"]
    parts[-1] = "="
    parts.append(Grid(Y, "output", _("output Y")))
    caption = _("Each number of the input puts down the kernel, scaled by it; overlaps add.")
    title = _("Transposed convolution of a {input} input and a {kernel} kernel")
    title = _("{title}, as a sum of stamps").format(title=_title(title, X, K, stride=stride))
    return draw(*parts, title=title, caption=caption)


def draw_matrix(W: Tensor, label: str = "matrix W", marked_row: int | None = None) -> Diagram:
    """Draw a matrix, its zeros pale, one row marked if asked for.

    W: (rows, columns), dense or sparse; one whose digits do not fit on a phone is drawn without
    them, as a `Spy`. label: words above it. marked_row: the row to mark, or None.
    Returns a Diagram. Raises TypeError or ValueError if W is no such tensor.

    >>> print(draw_matrix(torch.eye(2), "identity", marked_row=0))
    identity, 2 × 2
    identity (2 × 2)
    [1] [0]
      0   1
    """
    W = W.to_dense() if isinstance(W, Tensor) else W
    check_tensor("W", W, "rows", "columns")
    cells = [] if marked_row is None else [(marked_row, j) for j in range(W.shape[1])]
    label = _(label)
    title = _(", ").join([label, size(W)])
    grid = Grid(W, "kernel", label, zeros=W == 0, marked=cells)
    if grid.inside[0] <= PHONE / SCALE:
        return draw(grid, title=title)
    side = max(PHONE // W.shape[1], 1)
    spy = Spy(W, "kernel", label, marked=cells, cell=side)
    return draw(spy, title=title, caption=_("{sentence}.").format(sentence=spy))


def draw_gather(
    X: Tensor,
    K: Tensor,
    at: Cell | None = None,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    dilation: Ints = 1,
    stamps: bool = False,
) -> Diagram:
    """Draw a transposed convolution as a convolution: zeros between the inputs, the kernel flipped.

    X: (h, w). K: (kh, kw). at: the output cell (i, j) whose window is marked; without it the
    window moves over all of them. stride, padding, output_padding, dilation: as for
    `F.conv_transpose2d`. Between two inputs stand stride − 1 zeros, around them
    dilation·(kernel size − 1) − padding, and output_padding more at the end. stamps: draw the
    stamps above as well, and mark there which inputs and weights meet in the output of a window.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 14.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> K = torch.tensor([[1, 2]])
    >>> print(draw_gather(torch.tensor([[3, 4]]), K, at=(0, 2), stride=2))
    Transposed convolution of a 1 × 2 input and a 1 × 2 kernel, stride 2, as a convolution
    X, zeros put in (1 × 5)
      0   3 [0] [4]   0
    ⋆
    K, flipped (1 × 2)
    2 1
    =
    output Y (1 × 4)
      3   6 [4]   8
    4·1 = 4
    Zeros between the inputs: 1; around them: 0 × 1.
    """
    (s, d, p, o), k = (
        (
            as_ints(name, value, 2)
            for name, value in (
                ("stride", stride),
                ("dilation", dilation),
                ("padding", padding),
                ("output_padding", output_padding),
            )
        ),
        K.shape,
    )
    rim = [d[axis] * (k[axis] - 1) - p[axis] for axis in (0, 1)]
    sides = [(n, n + more) for n, more in zip(rim, o)]

    def frame(A):
        more = [tuple(max(n, 0) for n in pair) for pair in sides]
        less = [tuple(max(-n, 0) for n in pair) for pair in sides]
        return crop2d(pad2d(dilate2d(A, stride), more), less)

    framed, zeros = frame(X), frame(torch.ones_like(X)) == 0
    flipped = K.flip(0, 1)
    gathered = draw_corr2d(framed, flipped, at, dilation=dilation)
    spread, star, kernel, equals, output = gathered.parts
    spread = replace(spread, label=_("X, zeros put in"), zeros=zeros)
    kernel = replace(kernel, label=_("K, flipped"))
    for step in gathered.steps:
        ((i, j),) = step.marked[4]
        products = [
            _product(framed[cell], weight)
            for cell, weight in zip(step.marked[0], flipped.flatten())
            if not zeros[cell]
        ]
        step.text = f"{' + '.join(products) or '0'} = {number(output.values[i, j])}"
    title = _("Transposed convolution of a {input} input and a {kernel} kernel")
    more: dict[str, Any] = {"padding": padding, "output_padding": output_padding}
    more["dilation"] = dilation
    title = _("{title}, as a convolution").format(title=_title(title, X, K, stride=stride, **more))
    caption = _("Zeros between the inputs: {between}; around them: {around}.")
    between, around = (
        str(a) if a == b else f"{a} × {b}" for a, b in ((s[0] - 1, s[1] - 1), tuple(rim))
    )
    caption = caption.format(between=between, around=around)
    parts = [spread, star, kernel, equals, output]
    if not stamps:
        return Diagram(parts, gathered.steps, title, caption)
    scatter = draw_trans_conv(X, K, stride=stride, **more)
    met: dict[
        tuple, list
    ] = {}  # output: the inputs that reach it, each with the place of the weight by which
    for step in scatter.steps:
        ((i, j),) = step.marked[0]
        for row, column in step.marked[4]:
            place = row - i * s[0], column - j * s[1]
            met.setdefault((row - p[0], column - p[1]), []).append(((i, j), place))
    below = len(scatter.parts) + 1
    for step in gathered.steps:
        ((i, j),) = step.marked[4]
        inputs, weights = zip(*met.get((i, j), [])) if (i, j) in met else ((), ())
        step.marked = {below + place: cells for place, cells in step.marked.items()}
        step.marked |= {0: [*inputs], 2: [*weights], 4: [(i + p[0], j + p[1])]}
    return Diagram([*scatter.parts, "\n", *parts], gathered.steps, title, caption)


def draw_phases(X: Tensor, K: Tensor, *, stride: Ints, padding: Ints = 0) -> Diagram:
    """Draw a transposed convolution with kernel and output colored and lettered by phase.

    X: (h, w). K: (kh, kw). stride, padding: one int or (height, width). Weights and outputs of
    one phase, whose places before the crop leave the same remainders by the stride, have the same
    letter: the outputs of a phase are computed by its weights alone, a convolution of its own.
    Returns a Diagram. Raises TypeError or ValueError as the moves do.

    >>> print(draw_phases(torch.tensor([[3, 4]]), torch.tensor([[1, 2, 5]]), stride=(1, 2)))
    Transposed convolution of a 1 × 2 input and a 1 × 3 kernel, stride (1, 2), by phase
    input X (1 × 2)
    3 4
    ⋆ᵀ
    kernel K (1 × 3)
    1a 2b 5a
    =
    output Y (1 × 5)
     3a  6b 19a  8b 20a
    Weights of one letter reach the outputs of that letter, and no others.
    """
    (sh, sw), (top, left) = as_ints("stride", stride, 2), as_ints("padding", padding, 2)
    Y = crop2d(trans_conv(dilate2d(X, stride), K), padding)

    def phases(shape, first):
        rows, columns = ((torch.arange(n) + start) for n, start in zip(shape, first))
        return rows[:, None] % sh * sw + columns % sw  # (h, w)

    parts: list[Grid | str] = [
        Grid(X, "input", _("input X")),
        "⋆ᵀ",
        Grid(K, "kernel", _("kernel K"), phases=phases(K.shape, (0, 0))),
        "=",
        Grid(Y, "output", _("output Y"), phases=phases(Y.shape, (top, left))),
    ]
    title = _("Transposed convolution of a {input} input and a {kernel} kernel")
    title = _title(title, X, K, stride=stride, padding=padding)
    caption = _("Weights of one letter reach the outputs of that letter, and no others.")
    return draw(*parts, title=_("{title}, by phase").format(title=title), caption=caption)


def draw_symbols(
    kernel_size: Ints,
    input_size: Ints,
    *,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    transposed: bool = False,
) -> Diagram:
    """Draw the matrix of a convolution, or its transpose, with the names of the weights.

    kernel_size, input_size, stride, padding, dilation: one int or (height, width). A kernel of one
    row has weights k₀, k₁, …; another one k₀₀, k₀₁, …. transposed: draw Wᵀ instead of W.
    Returns a Diagram. Raises TypeError or ValueError as `kernel2matrix` does.

    >>> print(draw_symbols((1, 2), (1, 3)))
    The matrix of a 1 × 2 kernel on a 1 × 3 input
    matrix W (2 × 3)
    k₀ k₁  0
     0 k₀ k₁
    """
    k, n = as_ints("kernel_size", kernel_size, 2), as_ints("input_size", input_size, 2)
    count = torch.arange(1, k[0] * k[1] + 1).reshape(k)
    W = kernel2matrix(count, n, stride=stride, padding=padding, dilation=dilation)
    W = W.T if transposed else W
    names = [subscript("k", *place[k[0] == 1 :]) for place in itertools.product(*map(range, k))]
    labels = [["0", *names][index] for index in W.flatten().tolist()]
    rows, columns = W.shape
    labels = [labels[row * columns : (row + 1) * columns] for row in range(rows)]
    label = _("matrix Wᵀ") if transposed else _("matrix W")
    title = _("The matrix of a {kernel} kernel on a {input} input")
    title = _title(title, torch.empty(n), count, stride=stride, padding=padding, dilation=dilation)
    title = _("{title}, transposed").format(title=title) if transposed else title
    return draw(Grid(W, "kernel", label, zeros=W == 0, labels=labels), title=title)


def draw_product(
    X: Tensor,
    K: Tensor,
    at: Cell | None = None,
    *,
    transposed: bool = False,
    names: tuple[str, str] = ("X", "Y"),
) -> Diagram:
    """Draw a convolution and, beneath it, the same as its matrix times a column.

    X: (h, w). K: (kh, kw). at: the cell (i, j) whose window (or stamp) is marked; without it all
    of them, one after the other. transposed: a transposed convolution and its matrix instead.
    names: of the input and the output; the columns are named by the small letters.
    Returns a Diagram. Raises TypeError or ValueError as the moves do, or if `at` is outside.

    >>> print(draw_product(torch.tensor([[3, 4, 5]]), torch.tensor([[1, 2]]), at=(0, 1)))
    Cross-correlation of a 1 × 3 input and a 1 × 2 kernel, and the same as a matrix times a column
    input X (1 × 3)
      3 [4] [5]
    ⋆
    kernel K (1 × 2)
    1 2
    =
    output Y (1 × 2)
      11 [14]
    <BLANKLINE>
    matrix W (2 × 3)
      1   2   0
    [0] [1] [2]
    ·
    x (3 × 1)
      3
    [4]
    [5]
    =
    y (2 × 1)
      11
    [14]
    row 1: 4·1 + 5·2 = 14
    A window is a row of W: the kernel, with zeros where the window is not.
    """
    operation = (draw_trans_conv if transposed else draw_corr2d)(X, K, at)
    given, _star, _kernel, _equals, result = operation.parts
    small, large = (given, result) if transposed else (result, given)
    of_small, of_large = (0, 4) if transposed else (4, 0)
    W = kernel2matrix(K, tuple(large.values.shape))
    label, W = (_("matrix Wᵀ"), W.T) if transposed else (_("matrix W"), W)
    plain = {"zeros": None, "unused": None}
    given = replace(given, label=_("input {name}").format(name=names[0]), **plain)
    result = replace(result, label=_("output {name}").format(name=names[1]), **plain)
    x, y = (
        replace(grid, values=grid.values.reshape(-1, 1), label=name.lower(), cell=30)
        for grid, name in zip((given, result), names)
    )
    matrix = Grid(W, "kernel", label, zeros=W == 0, cell=30)
    parts = [given, *operation.parts[1:4], result, "\n", matrix, "·", x, "=", y]
    column = {0: 8, 4: 10}  # the place of the column of each
    steps = []
    for step in operation.steps:
        ((i, j),) = step.marked[of_small]
        index = i * small.values.shape[1] + j
        places = [(u * large.values.shape[1] + v, 0) for u, v in step.marked[of_large]]
        line = [(place, index) if transposed else (index, place) for place in range(max(W.shape))]
        marked = step.marked | {column[of_small]: [(index, 0)], column[of_large]: places, 6: line}
        digits = {4: step.digits[4], 10: step.digits[4].reshape(-1, 1)} if step.digits else {}
        if transposed:
            products = ", ".join(_product(given.values[i, j], k) for k in K.flatten())
            text = _("column {index} adds {products}").format(index=index, products=products)
        else:
            text = _("row {index}: {sum}").format(index=index, sum=step.text)
        steps.append(Step(marked, digits, text))
    caption = _("A window is a row of W: the kernel, with zeros where the window is not.")
    if transposed:
        caption = _("A stamp is a column of Wᵀ: the kernel, with zeros where the stamp is not.")
    title = _("{title}, and the same as a matrix times a column").format(title=operation.title)
    return Diagram(parts, steps, title, caption)


def draw_tied(layers: dict[str, tuple[Callable, int]], input_size: int) -> Diagram:
    """Draw the matrices of layers side by side, with the names of the weights in each cell.

    layers: a dict from the words above a matrix to (layer, count): a function of a row of
    `input_size` numbers and of `count` weights that returns a row, linear in both. A number of
    the matrix that is a sum of weights shows them all: layers with such numbers have tied weights.
    Source: Odena, Dumoulin and Olah, Deconvolution and checkerboard artifacts, Distill 2016.
    Returns a Diagram. Raises ValueError if a number is no sum of weights, each of them once.

    >>> def repeat(x, w):
    ...     return (x * w.sum()).repeat_interleave(2)
    >>> print(draw_tied({"twice": (repeat, 2)}, 2))
    The matrices of layers on a row of 2 numbers
    twice (4 × 2)
    k₀+k₁     0
    k₀+k₁     0
        0 k₀+k₁
        0 k₀+k₁
    """
    grids = []
    for label, (layer, count) in layers.items():
        inputs, weights = torch.eye(input_size), torch.eye(count)
        uses = torch.stack([torch.stack([layer(x, w) for x in inputs], 1) for w in weights])
        x, w = torch.arange(2.0, input_size + 2), torch.arange(2.0, count + 2)
        # uses: (count, rows, input_size), 1 where a number of the matrix has the weight
        linear = torch.allclose(torch.einsum("crn,c,n->r", uses, w, x), layer(x, w))
        if not linear or not set(uses.unique().tolist()) <= {0, 1}:
            raise ValueError(
                f"layer {label!r} must be linear, its matrix made of sums of its weights"
            )
        labels = [
            ["+".join(subscript("k", c) for c in cell.nonzero().flatten().tolist()) or "0"
             for cell in row]
            for row in uses.permute(1, 2, 0)  # (rows, input_size, count)
        ]  # fmt: skip
        W = uses.sum(0)
        grids.append(Grid(W, "kernel", label, zeros=W == 0, labels=labels))
    longest = max((len(t) for grid in grids for row in grid.labels or () for t in row), default=0)
    title = _("The matrices of layers on a row of {n} numbers").format(n=input_size)
    for cell in (CELL, CELL - 1):  # with smaller digits, if that keeps them side by side
        diagram = draw(*(replace(g, longest=longest, cell=cell) for g in grids), title=title)
        if diagram.width() <= WIDTH:
            break
    return diagram
