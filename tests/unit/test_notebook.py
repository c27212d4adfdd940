"""What notebooks show: exercises, source, figures, the photograph."""

import inspect
import re
from fractions import Fraction

import numpy
import pytest
import torch
from matplotlib import pyplot

from convbook import corr2d, notebook
from convbook.notebook import (
    check,
    photograph,
    show_figure,
    show_source,
    show_timings,
    subplots,
)


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed."""
    bundles = []
    monkeypatch.setattr(notebook, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.mark.parametrize(
    "attempt, expected, said",
    [
        (..., 3, "not attempted"),
        (None, 3, "not attempted"),
        (3, 3, "correct"),
        (3.00001, 3, "correct"),
        (1e-7, 0.0, "correct"),
        (2, 3, "not yet: 2 is too small"),
        (4.5, 3, "not yet: 4.5 is too large"),
        (14450689, 14450688, "not yet: 14450689 is too large"),
        (1e7 + 0.5, 10**7, "correct"),
        (float("inf"), 3, "not yet: inf is too large"),
        (float("nan"), 3, "not yet: not a number"),
        ((1, 2), (1, 2), "correct"),
        ([1, 2], (1, 2), "correct"),
        ((1, 2, 3), (1, 2), "not yet: the shape is (3,), expected (2,)"),
        ((1, 2), 3, "not yet: it should be one number"),
        ("two", 2, "not yet: 'two' should hold numbers"),
        ("yes", "no", "not yet: 'yes' is not it"),
        ("no", "no", "correct"),
        (1, True, "not yet: 1 is not it"),
        (True, True, "correct"),
        (numpy.True_, True, "correct"),
        (torch.tensor(False), True, "not yet: False is not it"),
        (
            torch.tensor([[1, 2], [3, 4]]),
            torch.tensor([[1, 5], [3, 3]]),
            "not yet: 2 of 4 numbers differ; the first, at [0, 1], is 2, which is too small",
        ),
        (torch.ones(2, requires_grad=True), torch.ones(2), "correct"),
        (
            torch.tensor([1.0, float("nan")]),
            torch.ones(2),
            "not yet: 1 of 2 numbers differs; the first, at [1], is not a number",
        ),
    ],
)
def test_check_compares_values(attempt, expected, said, capsys):
    check(attempt, expected)
    assert capsys.readouterr().out == said + "\n"


W = torch.arange(6.0).reshape(2, 3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "attempt",
    [
        W.numpy(),
        numpy.flip(W.flip(0, 1).numpy()),  # its strides are negative
        W.numpy().astype(">f8"),
        W.numpy().astype(numpy.longdouble),
        numpy.broadcast_to(W.numpy(), (2, 3)),  # not writable
        list(W),
        tuple(W.clone().requires_grad_()),
        list(W.numpy()),
        [list(row) for row in W],
        [W[0], W[1].tolist()],
        W.half(),
        W.bfloat16(),
        W.to(torch.uint16),
        W.to_sparse(),
        W.to_sparse().requires_grad_(),
        W.clone().requires_grad_() * 1,
        (W + 1j).conj().real,
        W.to(torch.complex64).conj(),
        numpy.array([[Fraction(n) for n in row] for row in W.int().tolist()]),
    ],
    ids=repr,
)
def test_check_takes_numbers_in_every_form(attempt, capsys):
    check(attempt, W)
    check(W, attempt)
    check(attempt, W + 1e-3)
    right, its, wrong = capsys.readouterr().out.splitlines()
    assert (right, its) == ("correct", "correct")
    assert wrong == (
        "not yet: 6 of 6 numbers differ; the first, at [0, 0], is 0, which is too small"
    )


@pytest.mark.parametrize(
    "attempt, expected, said",
    [
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j]), "correct"),
        (1 + 2j, 1 + 2.00001j, "correct"),
        (1.0, 1 + 0j, "correct"),
        (1 + 2j, 1 + 3j, "not yet: 1+2j, whose imaginary part is too small"),
        (1 + 2j, 1, "not yet: 1+2j, whose imaginary part is too large"),
        (2, 1 + 0.5j, "not yet: 2, whose real part is too large"),
        (
            torch.tensor([1j, 2j]),
            torch.tensor([1j, 1j]),
            "not yet: 1 of 2 numbers differs; the first, at [1], is 0+2j, whose imaginary part is "
            "too large",
        ),
        (18560.5, 18560, "not yet: 18560.5 is too large"),
        (18560.00001, 18560, "correct"),
        (torch.tensor([0.1] * 30).sum(), 3, "correct"),
        (2**62 + 1, 2**62, f"not yet: {2**62 + 1} is too large"),
        (torch.tensor(2**62 + 1), 2**62, f"not yet: {2**62 + 1} is too large"),
        (2**70, 2**70, "correct"),
        (2**70, 3, f"not yet: {2**70} is too large"),
        (Fraction(1, 2), 0.5, "correct"),
        (float("nan"), float("nan"), "correct"),
        (0.5, float("nan"), "not yet: 0.5 should not be a number"),
        (W.to("meta"), W, f"not yet: {W.to('meta')!r} should hold numbers"),
        ([[1], [1, 2]], W, "not yet: [[1], [1, 2]] should hold numbers"),
        ([None], [1], "not yet: [None] should hold numbers"),
        ({1}, 1, "not yet: {1} should hold numbers"),
    ],
)
def test_check_compares_whole_and_complex_numbers_exactly(attempt, expected, said, capsys):
    check(attempt, expected)
    assert capsys.readouterr().out == said + "\n"


def add_one(numbers):
    numbers += 1
    return numbers


def spoil(numbers):
    return numbers.zero_().sum()


def test_check_gives_each_call_arguments_of_its_own(capsys):
    ones = torch.ones(2)
    history = torch.ones(2, requires_grad=True) * 1
    for X in (ones, history.detach(), numpy.ones(2)):
        check(add_one, lambda X: X + 1, on=[(X,), (X,)])
        check(lambda X: X + 1, add_one, on=[(X,), (X,)])
    check(lambda X: X * 2, lambda X: X + 1, on=[(history,), ([history],)][:1])
    check(lambda numbers: (numbers.append(3), numbers)[1], lambda n: [*n, 3], on=[([1, 2],)])
    check(lambda pair: pair[0].add(1), lambda pair: pair[0] + 1, on=[([history],)])
    assert capsys.readouterr().out.splitlines() == ["correct"] * 9
    assert ones.tolist() == [1, 1]


def test_check_is_not_deceived_by_what_an_attempt_spoils(capsys):
    X = torch.ones(2).double()
    check(spoil, lambda X: X.sum(), on=[(X,)])
    check(lambda numbers: numbers.mul_(0), lambda numbers: numbers, on=[(X,)])
    check(lambda: spoil(X), lambda: X.sum(), on=[()])
    X.fill_(1)
    check(lambda: X.zero_(), lambda: X, on=[()])
    where = "for argument a tensor of shape (2,): "
    both = "2 of 2 numbers differ; the first, at [0], is 0, which is too small"
    assert capsys.readouterr().out.splitlines() == [
        f"not yet: {where}0 is too small",
        f"not yet: {where}{both}",
        "not yet: 0 is too small",
        f"not yet: {both}",
    ]


@pytest.mark.parametrize("on", [[], (), [1, 2], ["ab"], [(1,), 2]])
def test_check_needs_arguments(on):
    with pytest.raises(ValueError, match=r"^on=\[.*\] must hold at least one tuple of arguments"):
        check(abs, abs, on=on)
    with pytest.raises(TypeError):
        check(3, None)


def test_check_compares_functions(capsys):
    X, K = torch.ones(3, 3), torch.ones(2, 2)
    check(lambda X, K: ..., corr2d, on=[(X, K)])
    check(corr2d, corr2d, on=[(X, K), (K, K)])
    check(lambda X, K: corr2d(X, K) + 1, corr2d, on=[(X, K)])
    check(lambda X, K: corr2d(K, X), corr2d, on=[(X, K)])
    check(lambda n: n + (n > 2), lambda n: n, on=[(1,), (2,), (3,), (4,)])
    check(lambda n: ... if n == 1 else n, lambda n: n, on=[(1,), (2,)])
    shapes = "for arguments a tensor of shape (3, 3), a tensor of shape (2, 2)"
    assert capsys.readouterr().out.splitlines() == [
        "not attempted",
        "correct",
        f"not yet: {shapes}: 4 of 4 numbers differ; the first, at [0, 0], is 5, which is too large",
        f"not yet: {shapes}: it raises ValueError: K has shape (3, 3); it must fit into X of shape "
        "(2, 2)",
        "not yet: for argument 3: 4 is too large",
        "not attempted",
    ]


def test_show_source_shows_the_code_that_runs(shown):
    show_source(corr2d)
    (bundle,) = shown
    assert bundle["text/markdown"] == f"```python\n{bundle['text/plain']}```"
    assert "Y[i, j] = (X[i : i + kh, j : j + kw] * K).sum()" in bundle["text/plain"]
    assert '    """Slide `K` over `X`; at each place' in bundle["text/plain"]
    assert ">>>" not in bundle["text/plain"], "the docstring is cut to its first sentence"
    # Cut or not, it is the same function.
    names = {}
    exec(bundle["text/plain"], inspect.unwrap(corr2d).__globals__, names)
    X, K = torch.rand(4, 5), torch.rand(2, 3)
    assert torch.equal(names["corr2d"](X, K), corr2d(X, K))


def test_show_source_of_a_function_without_docstring(shown):
    show_source(figure)
    assert shown[0]["text/plain"].startswith("def figure():\n    drawing, axes = subplots(1, 2")


def test_show_source_of_something_without_source():
    with pytest.raises(TypeError):
        show_source(len)


def figure():
    drawing, axes = subplots(1, 2, figsize=(4, 2))
    axes[0].plot([1, 2, 3], [1, 4, 9], label="squares")
    axes[0].legend()
    axes[1].imshow(torch.arange(6).reshape(2, 3).numpy())
    return drawing


def test_figures_are_the_same_every_time_and_follow_the_page(shown):
    same = figure()
    for drawing in (same, same, figure()):
        show_figure(drawing, "Squares < cubes", caption="What to see")
    assert shown[0] == shown[1] == shown[2]
    html = shown[0]["text/html"]
    assert "<title>Squares &lt; cubes</title>" in html and 'role="img"' in html
    assert "currentColor" in html and "#000000" not in html
    assert "<figcaption>What to see</figcaption>" in html
    assert shown[0]["text/plain"] == "Squares < cubes\nWhat to see"
    assert html.count("<title>") == 1 and not pyplot.get_fignums(), "shown once, by show_figure"
    show_figure(same, "Squares")
    assert "figcaption" not in shown[-1]["text/html"]
    names = [part.split('"')[0] for part in html.split(' id="')[1:]]
    used = html.count("#f")
    assert len(names) == len(set(names)) and used >= len(names) > 0


def test_text_of_a_figure_is_legible_on_a_phone_and_nothing_is_unused(shown):
    for width, scale in ((2, 1.2), (4, 1.2), (5.5, 1.2), (7.2, 16 / 16.92)):
        drawing, axis = subplots(figsize=(width, 2))
        axis.plot([1, 2, 3], label="label")
        axis.set_title("title", fontsize=8)
        axis.legend()
        show_figure(drawing, "three numbers")
        html = shown[-1]["text/html"]
        _, _, across, _ = map(float, re.search(r'viewBox="([^"]*)"', html)[1].split())
        assert int(re.search(r' width="(\d+)"', html)[1]) == round(scale * across)
        sizes = [float(px) for px in re.findall(r"font-size: ([\d.]+)px", html)]
        assert len(sizes) > 5 and min(sizes) * min(340 / across, scale) >= 10.99
        assert not re.search(r"\d\.\d\d\d|xmlns|rotate\(-0|>\s+<g", html)


def test_titles_wider_than_their_axes_are_broken(shown):
    drawing, axes = subplots(1, 4, figsize=(5.5, 2))
    axes[0].set_title("stride 2, then a blur")
    axes[1].set_title("short")
    show_figure(drawing, "four")
    texts = re.findall(r"<text[^>]*>([^<]*)", shown[0]["text/html"])
    assert "short" in texts and "stride 2, then a blur" not in texts
    assert " ".join(t for t in texts if t in "stride 2, then a blur").startswith("stride 2, then")


def test_two_figures_share_no_names(shown):
    other, axis = subplots(figsize=(4, 2))
    axis.plot([3, 1, 2])
    show_figure(figure(), "one")
    show_figure(other, "other")
    names = [
        {part.split('"')[0] for part in bundle["text/html"].split(' id="')[1:]} for bundle in shown
    ]
    assert names[0] and names[1] and not names[0] & names[1]


def test_photograph_holds_whole_numbers():
    gray, color = photograph(), photograph(height=60, color=True)
    assert gray.shape == (120, 102) and color.shape == (3, 60, 51)
    for picture in (gray, color):
        assert picture.dtype == torch.float32 and torch.equal(picture, picture.round())
        assert picture.min() >= 0 and 200 < picture.max() <= 255
    assert torch.equal(photograph(), gray)


def test_timings_are_ratios_to_the_first(shown):
    called = []
    names = {"a < b": lambda n: called.append(n), "sum": lambda n: sum(range(n * 1000))}
    show_timings(names, arguments=(20,), repeat=3)
    assert called == [20] * 4
    (bundle,) = shown
    assert "a &lt; b" in bundle["text/html"] and 'scope="row"' in bundle["text/html"]
    lines = bundle["text/plain"].splitlines()
    assert lines[1].split()[-4:] == ["1.00", "1.00", "to", "1.00"]
    assert float(lines[2].split()[-4]) > 1
    assert 0 < float(lines[1].split()[-6]) < 100, "milliseconds"
    assert bundle["text/html"].count('<th scope="col">') == 3
    assert "do not compare" in lines[-1]


@pytest.mark.parametrize("count, words", [(1, " on 1 thread, "), (2, " on 2 threads, ")])
def test_timings_say_on_how_many_threads(shown, monkeypatch, count, words):
    monkeypatch.setattr(torch, "get_num_threads", lambda: count)
    show_timings({"nothing": int}, repeat=1)
    assert words in shown[0]["text/html"] and words in shown[0]["text/plain"]
