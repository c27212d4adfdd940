"""What is too large to lay out at once is laid out in blocks, none of them larger than allowed."""

import inspect
import itertools

import pytest
import torch
import torch.nn.functional as F
from oracle import fill

import convbook as cb
from convbook import functional, transposed


@pytest.mark.parametrize(
    ("most", "sizes", "numbers", "largest"),
    [
        (60, [4, 3, 5], 1, [4, 3, 5]),
        (59, [4, 3, 5], 1, [3, 3, 5]),
        (60, [4, 3, 5], 2, [2, 3, 5]),
        (15, [4, 3, 5], 1, [1, 3, 5]),
        (10, [4, 3, 5], 1, [1, 3, 3]),  # the batch, and then the longest axis
        (10, [1, 5, 3], 1, [1, 3, 3]),
        (9, [1, 6, 3], 2, [1, 1, 3]),
        (9, [2, 3, 5], 100, [1, 1, 1]),  # less is not possible
    ],
)
def test_blocks_cover_everything_once_and_are_as_large_as_allowed(
    monkeypatch, most, sizes, numbers, largest
):
    monkeypatch.setattr(functional, "MOST_COLUMNS", most)
    blocks = functional._blocks(sizes, numbers)
    lengths = [[place.stop - place.start for place in block] for block in blocks]
    assert list(map(max, zip(*lengths))) == largest
    places = [p for b in blocks for p in itertools.product(*(range(s.start, s.stop) for s in b))]
    assert sorted(places) == list(itertools.product(*map(range, sizes)))


@pytest.mark.parametrize("c_in, c_out", [(1, 1), (2, 3), (6, 1), (1, 40)])
@pytest.mark.parametrize("transposed", [False, True])
def test_no_part_is_larger_than_allowed_and_none_much_smaller(monkeypatch, c_in, c_out, transposed):
    most, laid_out, multiply = 360, [], functional._multiply

    def watched(rows, windows, n):
        product = multiply(rows, windows, n)
        laid_out.append(max(windows.numel(), product.numel()))
        return product

    monkeypatch.setattr(functional, "MOST_COLUMNS", most)
    monkeypatch.setattr(functional, "_multiply", watched)
    X = fill((3, c_in, 8, 8))
    if transposed:
        cb.conv_transpose2d(X, fill((c_in, c_out, 3, 3)))
    else:
        cb.conv2d(X, fill((c_out, c_in, 3, 3)), padding=1)
    assert len(laid_out) > 3 and most / 3 < max(laid_out) <= most


@pytest.mark.parametrize(
    ("most", "kernel", "options", "number", "used"),
    [
        (479, 2, {}, 1, True),  # 2 samples of 4·5 pixels, each with 3 stamps of 2·2
        (480, 2, {}, 1, False),
        (479, 2, {"groups": 1, "padding": 1}, 1, True),
        (479, 2, {"dilation": 3}, 1, False),
        (479, 3, {}, 1, False),
        (479, 2, {}, float("inf"), False),
    ],
)
def test_many_stamps_are_computed_by_phases_where_that_is_possible(
    monkeypatch, most, kernel, options, number, used
):
    seen, by_phases = [], functional._by_phases
    monkeypatch.setattr(functional, "MOST_STAMPS", most)
    monkeypatch.setattr(functional, "_by_phases", lambda *a: seen.append(a) or by_phases(*a))
    weight = fill((1, 3, kernel, kernel)) * number
    cb.conv_transpose2d(fill((2, 1, 4, 5)), weight, stride=2, **options)
    assert bool(seen) == used


@pytest.mark.parametrize("most, parts", [(1152, 1), (1151, 2), (576, 2), (575, 4)])
@pytest.mark.parametrize("layer", [cb.conv_transpose2d, cb.conv2d])
def test_two_samples_are_one_part_or_two_or_more(monkeypatch, layer, most, parts):
    seen, multiply = [], functional._multiply
    monkeypatch.setattr(functional, "MOST_COLUMNS", most)
    monkeypatch.setattr(functional, "_multiply", lambda *a: seen.append(a) or multiply(*a))
    layer(fill((2, 1, 8, 8)), fill((1, 1, 3, 3)), padding=1)  # 2·8·8 windows or stamps of 9
    assert len(seen) == parts


def test_an_algorithm_is_given_what_is_finite_and_nothing_else():
    seen = []

    @transposed.transposed_layer
    def algorithm(*arguments):
        seen.append(arguments)
        return functional._conv_transpose(*arguments)

    assert inspect.signature(algorithm) == inspect.signature(cb.conv_transpose2d)
    X, K = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
    torch.testing.assert_close(algorithm(X, K), F.conv_transpose2d(X, K))
    assert len(seen) == 1
    X[0, 0, 1, 1] = float("inf")
    torch.testing.assert_close(algorithm(X, K), F.conv_transpose2d(X, K))
    assert len(seen) == 1
