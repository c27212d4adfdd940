"""What only a notebook needs: its figures, the source it shows, its exercises."""

import ast
import contextlib
import copy
import hashlib
import inspect
import io
import re
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import IO, TYPE_CHECKING, Any, cast

import numpy
import torch
from IPython.display import display
from torch import Tensor

from .words import _, lang_attribute, latin, ljust, width_of, wrap

if TYPE_CHECKING:  # a chapter without figures does without matplotlib
    from matplotlib.figure import Figure

# Text stays text, so that it follows the page's font and can be read aloud; the metrics are those
# of the font that comes with matplotlib, so that every machine draws the same.
STYLE = {
    "font.family": "DejaVu Sans",
    "svg.fonttype": "none",
    "svg.hashsalt": "convbook",
    "figure.constrained_layout.use": True,
    "savefig.transparent": True,
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": "cycler('color', ['#0072B2', '#D55E00', '#009E73', '#E69F00'])",
    "legend.frameon": False,
    "image.cmap": "gray",
    "image.interpolation": "none",
}


# On a phone a figure is 340 pixels wide: there, text of 2.35 points an inch is 11 pixels high.
# Elsewhere a point of the figure is 1.2 pixels wide, or less, so that text is at most 16 high.
POINTS_AN_INCH, PIXELS_A_POINT, LARGEST_TEXT = 2.35, 1.2, 16


def _bundle(html: str, plain: str) -> None:
    display({"text/html": html, "text/plain": plain}, raw=True)


def photograph(height: int = 120, color: bool = False) -> Tensor:
    """Load the book's photograph: Grace Hopper, from the sample data of matplotlib.

    height: rows of the picture. color: red, green and blue instead of gray. Returns a float tensor
    of shape (h, w), or (3, h, w) in color, with whole numbers from 0 (black) to 255 (white).

    >>> photograph().shape, photograph(height=75, color=True).shape
    (torch.Size([120, 102]), torch.Size([3, 75, 64]))
    """
    from matplotlib import cbook
    from PIL import Image

    with cast(IO[bytes], cbook.get_sample_data("grace_hopper.jpg")) as file:
        image = Image.open(file).convert("RGB" if color else "L")
    width = round(height * image.width / image.height)
    image = image.resize((width, height), Image.Resampling.BOX)
    pixels = torch.from_numpy(numpy.array(image)).float()
    return pixels.permute(2, 0, 1) if color else pixels  # (h, w, 3) -> (3, h, w)


def show_source(*functions: Any) -> None:
    """Show the source of functions, each docstring cut to its first sentence.

    functions: functions or classes written in Python. Displays Markdown, so that the page, Colab
    and the tests all see the code that runs. Raises TypeError if there is no source.
    """
    for function in functions:
        source = textwrap.dedent(inspect.getsource(function))
        display({"text/markdown": f"```python\n{_shorten(source)}```",
                 "text/plain": _shorten(source)}, raw=True)  # fmt: skip


def _shorten(source: str) -> str:
    """Cut the docstring of a function or class to its first line."""
    definition: Any = ast.parse(source).body[0]
    docstring = ast.get_docstring(definition)
    if docstring is None:
        return source
    node, lines = definition.body[0], source.splitlines(keepends=True)
    summary = " ".join(docstring.split("\n\n")[0].split())
    indent = " " * node.col_offset
    lines[node.lineno - 1 : node.end_lineno] = [f'{indent}"""{summary}"""\n']
    return "".join(lines)


def subplots(*args: Any, **kwargs: Any) -> tuple["Figure", Any]:
    """Make a figure and its axes in the style of the book: `matplotlib.pyplot.subplots`.

    Takes and returns what `matplotlib.pyplot.subplots` does; hand the figure to `show_figure`.
    """
    import matplotlib.pyplot as plt

    width, _height = kwargs.get("figsize", plt.rcParamsDefault["figure.figsize"])
    plt.rcParams.update(cast(Any, STYLE | {"font.size": _smallest(width)}))
    figure, axes = plt.subplots(*args, **kwargs)
    plt.close(figure)  # shown by show_figure, not a second time by the notebook
    return figure, axes


def show_figure(figure: "Figure", description: str, caption: str = "") -> None:
    """Show a matplotlib figure as SVG that follows the page, with a description in words.

    figure: from `subplots`. description: what a reader who does not see it should know.
    caption: what to look for. The same figure gives the same bytes every time.
    """
    file, unknown = io.StringIO(), dict.fromkeys(["Date", "Creator", "Format", "Type"])
    with _measured_as_latin():
        _make_legible(figure)
        figure.draw_without_rendering()  # the layout settles with the first drawing
        figure.savefig(file, format="svg", metadata=unknown)
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    svg = _inline(file.getvalue(), figure.get_size_inches(), description)
    _bundle(
        f'<figure class="conv-figure"{lang_attribute()}>\n{svg}{below}</figure>',
        "\n".join(filter(None, [description, caption])),
    )


@contextlib.contextmanager
def _measured_as_latin() -> Iterator[None]:
    """Let matplotlib measure a W for each Chinese character, which its font does not have."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.backends.backend_svg import RendererSVG

    def measuring(measure):
        return lambda self, text, *rest: measure(self, latin(text), *rest)

    name = "get_text_width_height_descent"
    own = {renderer: getattr(renderer, name) for renderer in (RendererAgg, RendererSVG)}
    try:
        for renderer, measure in own.items():
            setattr(renderer, name, measuring(measure))
        yield
    finally:
        for renderer, measure in own.items():
            setattr(renderer, name, measure)


def _smallest(width: float) -> float:
    """Return the size of the smallest text, in points, in a figure of `width` inches."""
    return max(POINTS_AN_INCH * width, 10)


def _make_legible(figure: Any) -> None:
    """Enlarge text that would be too small on a phone, and break titles wider than their axes."""
    from matplotlib.text import Text

    smallest = _smallest(figure.get_figwidth())
    for text in figure.findobj(Text):
        text.set_fontsize(max(text.get_fontsize(), smallest))
    figure.draw_without_rendering()
    for axes in figure.axes:
        across = axes.get_window_extent().width
        for title in (axes.title, axes._left_title):
            text, share = title.get_text(), title.get_window_extent().width / across
            if share > 1.1 and "\n" not in text:
                wide = width_of(text)
                title.set_text("\n".join(wrap(text, max(int(wide / share), wide // 2))))


def _inline(svg: str, size: Any, description: str) -> str:
    """Turn matplotlib's SVG file into an element of the page around it, without what is unused."""
    svg = re.sub(r">\s+<", "><", svg[svg.index("<svg") :])
    svg = re.sub(r"-?\d+\.\d{3,}", lambda match: f"{round(float(match[0]), 1):.8g}", svg)
    svg = re.sub(r'(?<= d=")[^"]*', lambda match: _close(match[0]), svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*"| xmlns(:\w+)?="[^"]*"| version="1.1"', "", svg)
    # Black is the color of text and axes, and DejaVu only measured them: both become the page's.
    svg = svg.replace("#000000", "currentColor").replace("font-family: 'DejaVu Sans'; ", "")
    # Names and rules of one picture must not reach another on the same page.
    svg = svg.replace("*{stroke", ".conv-figure *{stroke")
    svg = re.sub(r' id="([a-z]+[\w.]*_\d+)"|(?<=<image) id="[^"]*"', "", svg)
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    for place, name in enumerate(dict.fromkeys(re.findall(r' id="([^"]*)"', svg))):
        svg = re.sub(rf'( id="|href="#|url\(#){name}\b', rf"\g<1>{prefix}-{place}", svg)
    opening, rest = svg.split(">", 1)
    scale = min(PIXELS_A_POINT, LARGEST_TEXT / _smallest(size[0]))
    width, height = (round(72 * scale * inches) for inches in size)
    (box,) = re.findall(r'viewBox="[^"]*"', opening)
    return (
        f'<svg role="img" {box} width="{width}" height="{height}" fill="currentColor" '
        f'style="max-width:100%;height:auto"><title>{escape(description)}</title>{rest.strip()}'
    )


def _close(path: str) -> str:
    """Write a path without the spaces that it does not need.

    >>> _close("M 0 144 \\nL 396 144 \\nz")
    'M0 144L396 144z'
    """
    return re.sub(r"\s*([a-zA-Z])\s*", r"\1", " ".join(path.split()))


def show_timings(
    functions: dict[str, Callable], arguments: Sequence[object] = (), repeat: int = 15
) -> None:
    """Time functions side by side and show each as a multiple of the first.

    functions: a dict from name to function. arguments: what each is called with. repeat: how often;
    the functions take turns, so that what slows the machine down slows all of them. Displays a
    table of the median time of each, the ratio to the first, and the quartiles of that ratio.
    No two runs give the same numbers: this is the one kind of output that no test compares.
    """
    import platform

    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function(*arguments)  # the first call pays for what later ones reuse
    for _turn in range(repeat):
        for name, function in functions.items():
            start = time.perf_counter()
            function(*arguments)
            seconds[name].append(time.perf_counter() - start)
    measured = {name: torch.tensor(times) for name, times in seconds.items()}
    first = next(iter(measured.values()))
    rows = []
    for name, times in measured.items():
        low, middle, high = torch.quantile(times / first, torch.tensor([0.25, 0.5, 0.75])).tolist()
        quartiles = _("{low} to {high}").format(low=f"{low:.2f}", high=f"{high:.2f}")
        rows.append((name, f"{times.median() * 1000:.3g} ms", f"{middle:.2f}", quartiles))
    threads = torch.get_num_threads()
    note = _(
        "Measured once, with torch {version} on {threads} threads, {machine}. "
        "Your numbers will differ; the tests do not compare these."
    )
    if threads == 1:
        note = _(
            "Measured once, with torch {version} on 1 thread, {machine}. "
            "Your numbers will differ; the tests do not compare these."
        )
    machine = {"machine": platform.machine(), "threads": threads}
    note = note.format(version=torch.__version__, **machine)
    heads = ("", _("median time"), _("ratio to the first"), _("its quartiles"))
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{c}</td>" for c in rest)
        + "</tr>"
        for name, *rest in rows
    )
    table = (
        f"<table{lang_attribute()}><caption>{note}</caption><thead><tr><td></td>"
        + "".join(f'<th scope="col">{head}</th>' for head in heads[1:])
        + f"</tr></thead><tbody>{cells}</tbody></table>"
    )
    plain = "\n".join("  ".join(ljust(c, 20) for c in row).rstrip() for row in (heads, *rows))
    _bundle(table, f"{plain}\n{note}")


def check(attempt: object, expected: object, on: Iterable[Sequence[object]] | None = None) -> None:
    """Say whether an exercise is solved: not attempted, not yet (and what differs), or correct.

    attempt: the reader's value, or `...` where there is none yet. expected: the value it should
    have; floats may differ by rounding. on: if given, attempt and expected are functions, and are
    compared on each of these tuples of arguments. Each call gets a copy of them, and what is
    expected is known before the attempt runs: it may change what it is given.
    Raises TypeError or ValueError if `on` holds no tuples or `expected` no numbers.

    >>> check(..., 4)
    not attempted
    >>> check(3, 4)
    not yet: 3 is too small
    >>> check(torch.tensor([1, 2]), torch.tensor([1, 3]))
    not yet: 1 of 2 numbers differs; the first, at [1], is 2, which is too small
    >>> check(lambda x: x + x, lambda x: x * x, on=[(2,), (3,)])
    not yet: for argument 3: 6 is too small
    >>> check(2 + 2, 4)
    correct
    """
    if attempt is ...:
        print(_verdict(None))
        return
    if on is None:
        print(_verdict(_fault(attempt, _fixed(expected))))
        return
    cases = list(on)
    if not cases or not all(isinstance(arguments, (tuple, list)) for arguments in cases):
        raise ValueError(f"on={cases} must hold at least one tuple of arguments, and only such")
    ours, reference = cast(Callable, attempt), cast(Callable, expected)
    wanted = [_fixed(reference(*_copy(arguments))) for arguments in cases]
    faults = ((_fault_on(given, ours, value), given) for given, value in zip(cases, wanted))
    print(_verdict(*next((fault for fault in faults if fault[0] != ""), ("",))))


def _copy(value: Any) -> Any:
    """Return a copy that shares no memory with `value`, as far as there is one."""
    try:
        return copy.deepcopy(value)
    except Exception:  # a tensor with a history of gradients, or one inside
        if isinstance(value, torch.Tensor):
            return value.detach().clone().requires_grad_()
        return type(value)(map(_copy, value)) if type(value) in (tuple, list) else value


def _fixed(expected: Any) -> Any:
    """Return what is expected in a form that nobody else holds: text, truth or an array."""
    return expected if isinstance(expected, (str, bool)) else _numbers(expected)


def _numbers(value: Any) -> numpy.ndarray:
    """Return a copy of a number, a tensor or array of any kind, or lists of these, as an array.

    It holds integers, float64 or complex128. Raises TypeError, ValueError or RuntimeError if there
    are no numbers, or not as many in each row.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, (list, tuple, range)) or getattr(value, "is_nested", False):
            return [plain(part) for part in value]
        if not isinstance(value, torch.Tensor):
            return value
        floating = torch.float64 if value.is_floating_point() else value.dtype
        value = value.detach().to_dense().to(torch.complex128 if value.is_complex() else floating)
        return value.cpu().resolve_conj().resolve_neg().numpy()

    array = numpy.asarray(plain(value))
    if array.dtype.kind == "O" and not all(isinstance(number, int) for number in array.flat):
        numbers = [complex(number) for number in array.flat]  # fractions, and those of SymPy
        array = numpy.array(numbers).reshape(array.shape)
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real
    if array.dtype.kind not in "biufcO":
        raise TypeError(f"{value!r} must hold numbers")
    return array.astype({"b": int, "f": float, "c": complex}.get(array.dtype.kind, array.dtype))


def _verdict(fault: str | None, arguments: Sequence[object] = ()) -> str:
    """Say the verdict on what is wrong: None if there is no attempt, no text if it is right."""
    if not fault:
        return _("not attempted") if fault is None else _("correct")
    text = _("not yet: {fault}")
    if arguments:
        one, more = (
            _("not yet: for argument {given}: {fault}"),
            _("not yet: for arguments {given}: {fault}"),
        )
        text = one if len(arguments) == 1 else more
    shape = _("a tensor of shape {shape}")
    given = _(", ").join(
        shape.format(shape=tuple(a.shape)) if isinstance(a, torch.Tensor) else repr(a)
        for a in arguments
    )
    return text.format(given=given, fault=fault)


def _fault_on(arguments: Sequence[object], attempt: Callable, wanted: Any) -> str | None:
    """Return what is wrong with the result of a function, as `_fault` does."""
    try:
        value = attempt(*_copy(arguments))
    except Exception as error:
        return _("it raises {error}").format(error=f"{type(error).__name__}: {error}")
    return _fault(value, wanted)


def _fault(attempt: Any, wanted: Any) -> str | None:
    """Compare a value with what `_fixed` returned: return what is wrong, for `_verdict`."""
    if attempt is ... or attempt is None:
        return None
    if isinstance(wanted, (str, bool)):
        if getattr(attempt, "ndim", None) == 0:  # NumPy's and PyTorch's truth values
            attempt = attempt.item()
        same = type(attempt) is type(wanted) and attempt == wanted
        return "" if same else _("{value} is not it").format(value=repr(attempt))
    try:
        got = _numbers(attempt)
    except (TypeError, ValueError, RuntimeError):
        return _("{value} should hold numbers").format(value=repr(attempt))
    if got.shape != wanted.shape:
        if wanted.ndim == 0:
            return _("it should be one number")
        shapes = {"shape": got.shape, "expected": wanted.shape}
        return _("the shape is {shape}, expected {expected}").format(**shapes)
    wrong = got != wanted
    if {got.dtype.kind, wanted.dtype.kind} & {"f", "c"}:
        pair = got.astype(complex), wanted.astype(complex)
        whole = wanted.dtype.kind not in "fc"  # what is half a number off was not rounded
        rtol, atol = (1e-7, 1e-4) if whole else (1e-4, 1e-6)
        wrong = ~numpy.isclose(*pair, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return ""
    first = tuple(numpy.argwhere(wrong)[0].tolist())
    both = [numpy.asarray(array[first]).item() for array in (got, wanted)]
    if got.ndim == 0:
        return _difference(*both, alone=True)
    count = int(wrong.sum())
    text = _("{count} of {all} numbers differ; the first, at {place}, is {difference}")
    if count == 1:
        text = _("{count} of {all} numbers differs; the first, at {place}, is {difference}")
    where = {"all": wrong.size, "place": list(first)}
    return text.format(count=count, **where, difference=_difference(*both))


def _difference(value: Any, wanted: Any, *, alone: bool = False) -> str:
    """Say what is wrong with a number, alone or among others, without telling the right one."""
    if value != value:
        return _("not a number")
    shown = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else f"{value:g}"
    if isinstance(value, int):
        shown = str(value)
    off = value - wanted
    small, large = _("{value}, which is too small"), _("{value}, which is too large")
    if alone:
        small, large = _("{value} is too small"), _("{value} is too large")
    if isinstance(off, complex):
        real = abs(off.real) >= abs(off.imag)
        off = off.real if real else off.imag
        small = _("{value}, whose imaginary part is too small")
        large = _("{value}, whose imaginary part is too large")
        if real:
            small = _("{value}, whose real part is too small")
            large = _("{value}, whose real part is too large")
    text = small if off < 0 else large
    if wanted != wanted:
        text = _("{value}, which should not be a number")
        if alone:
            text = _("{value} should not be a number")
    return text.format(value=shown)
