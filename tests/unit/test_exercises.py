"""The exercises of the trainer, made by node: right by torch, never trivial, the same for ever."""

import collections
import functools
import itertools
import json
import os

import nodejs
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convbook.explorer.trainer import FIXED, KINDS, TEXT

node = functools.partial(nodejs.node, "exercises.js")
LEVELS = (1, 2, 3)
SEEDS = int(os.environ.get("SEEDS", 40))  # of each kind and level; 3,334 make 10,000 a kind
FIXED_ONES = [[one["exercise"][name] for name in ("kind", "level", "seed")] for one in FIXED]


@functools.cache
def exercises(kind):
    cases = [[kind, level, seed] for seed in range(SEEDS) for level in LEVELS]
    return node("(one) => A.publicOf(A.exerciseOf(...one))", cases)


def options(e, *but):
    names = {"stride": "stride", "padding": "padding", "dilation": "dilation"}
    if e["mode"] == "transposed" and "outputPadding" in e:
        names["output_padding"] = "outputPadding"
    return {name: e[key] for name, key in names.items() if name not in but}


def convolve(e, X, K, **changes):
    """Compute with the layer of an exercise; its parameters in `changes` are others."""
    function = F.conv2d if e["mode"] == "conv" else F.conv_transpose2d
    X, K = (torch.as_tensor(value, dtype=torch.float64)[None, None] for value in (X, K))
    return function(X, K, **{**options(e), **changes})[0, 0]


def size_by_torch(e, **changes):
    function = F.conv2d if e["mode"] == "conv" else F.conv_transpose2d
    X, K = (torch.empty(1, 1, *e[name], device="meta") for name in ("inputSize", "kernelSize"))
    return list(function(X, K, **{**options(e), **changes}).shape[2:])


def matrix_by_torch(e, K=None, **changes):
    """Return W, a column for each input."""
    height, width = e["inputSize"]
    basis = torch.eye(height * width).double().reshape(-1, 1, height, width)
    K = torch.as_tensor(e["kernel"] if K is None else K, dtype=torch.float64)[None, None]
    W = F.conv2d(basis, K, **{**options(e), **changes}).flatten(1).T
    return W if e["matrix"] == "W" else W.T


def field_by_torch(layers):
    x = torch.zeros(1, 1, 200, requires_grad=True)
    y = x
    for kernel, stride, dilation in layers:
        y = F.conv1d(y, torch.ones(1, 1, kernel), stride=stride, dilation=dilation)
    y[0, 0, 0].backward()
    touched = x.grad[0, 0].nonzero()
    return int(touched.max() - touched.min()) + 1


def tried(function, *args, **changes):
    """Return what a function gives; None where torch refuses, as there is no such output."""
    try:
        return function(*args, **changes)
    except RuntimeError:
        return None


def weight(e):
    module = getattr(nn, e["layer"])
    made = module(
        e["inChannels"], e["outChannels"], e["kernelSize"], groups=e["groups"], device="meta"
    )
    return list(made.weight.shape)


BY_TORCH = {
    "size": size_by_torch,
    "fill": lambda e: convolve(e, e["input"], e["kernel"]).tolist(),
    "row": lambda e: matrix_by_torch(e)[e["row"]].tolist(),
    "shape": weight,
    "field": lambda e: field_by_torch(e["layers"]),
}


@pytest.mark.parametrize("kind", BY_TORCH)
def test_answers_are_those_of_torch(kind):
    for e in exercises(kind):
        assert e["answer"] == BY_TORCH[kind](e), e


def test_output_padding_gives_the_size_that_is_wanted():
    """And no other would: a row more or less for each."""
    for e in exercises("output_padding"):
        assert size_by_torch(e, output_padding=e["answer"]) == e["wanted"], e
        assert "outputPadding" not in e


def test_the_stored_exercises_are_those_that_are_made_and_right():
    assert node("(one) => A.storedOf(...one)", FIXED_ONES) == FIXED
    assert len(FIXED) == 10 and {one["exercise"]["kind"] for one in FIXED} == set(KINDS)
    for e in (one["exercise"] for one in FIXED):
        if e["kind"] == "output_padding":
            assert size_by_torch(e, output_padding=e["answer"]) == e["wanted"]
        else:
            assert BY_TORCH[e["kind"]](e) == e["answer"], e


def test_a_seed_gives_the_same_exercise_for_ever():
    """Addresses are shared: whoever changes an exercise changes what they lead to."""
    cases = [[kind, level, seed] for kind in KINDS for level in LEVELS for seed in (0, 2**32 - 1)]
    made = node("(one) => A.exerciseOf(...one).answer", cases)
    assert [json.dumps(answer).replace(" ", "") for answer in made] == PINNED


PINNED = [
    "[4,2]", "[4,3]",
    "[2,4]", "[7,13]",
    "[1,1]", "[8,10]",
    "[[4,21],[19,15]]", "[[26,15,14],[19,14,20]]",
    "[[22,52],[38,31]]", "[[6,20,6],[19,-1,-6],[-7,-7,0]]",
    "[[-32,-36],[-11,-18]]", "[[21,34,32,18,12],[24,46,36,46,14],[21,26,25,12,6]]",
    "[1,0]", "[1,0]",
    "[1,0]", "[1,1]",
    "[0,1]", "[0,1]",
    "[0,0,0,0,8,2,0,3,5]", "[1,8,0,7,5,0]",
    "[0,5,2,0,0,0,0,0,0]", "[0,7,0,1,0,0]",
    "[0,0,0,0,0,5,9,0,0,-1,8,0,0,0,0,0]", "[5,0,-3,0,0,0,8,0,4]",
    "[3,11,1,1]", "[7,11,5,5]",
    "[8,5,6,6]", "[5,6,1,1]",
    "[15,1,6,6]", "[8,2,1,4]",
    "5", "9",
    "10", "9",
    "32", "36",
]  # fmt: skip


def test_nothing_is_trivial():
    for e in exercises("fill"):
        numbers = [*itertools.chain(*e["answer"])]
        assert len(set(numbers)) > 2 and len(numbers) <= (6, 9, 16)[e["level"] - 1], e
        assert max(map(abs, numbers)) < 100, e
        flipped = convolve(e, e["input"], torch.tensor(e["kernel"]).flip(0, 1)).flatten().tolist()
        assert sum(a != b for a, b in zip(numbers, flipped)) * 2 >= len(numbers), e
    for e in exercises("row"):
        assert sum(map(bool, e["answer"])) > 1 and 4 <= len(e["answer"]) <= 16, e
        assert (
            matrix_by_torch(e, torch.tensor(e["kernel"]).flip(0, 1))[e["row"]].tolist()
            != (e["answer"])
        ), e
    for e in exercises("output_padding"):
        assert any(e["answer"]), e
    for e in exercises("shape"):
        assert e["inChannels"] != e["outChannels"] and e["answer"][0] != e["answer"][1], e
    for name, none in (("stride", 1), ("padding", 0), ("dilation", 1)):
        # A parameter that is there matters.
        for e in filter(has(name), exercises("size")):
            assert tried(size_by_torch, e, **{name: none}) != e["answer"], (name, e)
        for e in filter(has(name), exercises("fill")):
            assert tried(fill_with(**{name: none}), e) != e["answer"], (name, e)


def test_levels_rise():
    """Level 1 has one parameter and no negative number, level 3 has pairs."""
    for e in exercises("size"):
        if e["level"] == 1:
            assert e["mode"] == "conv" and e["dilation"] == [1, 1]
            assert (e["stride"] == [1, 1]) != (e["padding"] == [0, 0])
    assert any(e["stride"][0] != e["stride"][1] for e in exercises("size"))
    assert {e["mode"] for e in exercises("fill")} == {"conv", "transposed"}
    assert min(min(map(min, e["answer"])) for e in exercises("fill") if e["level"] == 1) >= 0
    for name in ("stride", "padding", "dilation", "outputPadding"):
        assert len({str(e[name]) for e in exercises("fill")}) > 1, name
    assert {e["matrix"] for e in exercises("row")} == {"W", "WT"}
    assert {(e["layer"], e["groups"] > 1) for e in exercises("shape")} == {
        (layer, grouped) for layer in ("Conv2d", "ConvTranspose2d") for grouped in (False, True)
    }


# ---- Mistakes, computed by torch ----


def along(e, value, *names):
    """Return what a formula gives along each axis."""
    return [value(*(e[name][axis] for name in names)) for axis in (0, 1)]


def at_places(grid, e):
    """Return as much of a grid as the answer has; None elsewhere."""
    return [
        [grid[i][j] if i < len(grid) and j < len(grid[i]) else None for j, _ in enumerate(row)]
        for i, row in enumerate(e["answer"])
    ]


def fill_with(**changes):
    return lambda e: at_places(convolve(e, e["input"], e["kernel"], **changes).tolist(), e)


def neighbor(e):
    """Return the windows one further to the right, in the padded input."""
    X = torch.tensor(e["input"], dtype=torch.float64)
    return convolve(e, F.pad(X, (-1, 1)), e["kernel"]).tolist()


def last_stamp(e):
    """Return a transposed convolution whose stamps overwrite one another."""
    (h, w), (k, _), (s, _) = e["inputSize"], e["kernelSize"], e["stride"]
    X, K = torch.tensor(e["input"]), torch.tensor(e["kernel"])
    Y = torch.zeros((h - 1) * s + k + 2, (w - 1) * s + k + 2, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            Y[i * s : i * s + k, j * s : j * s + k] = X[i, j] * K
    (p, q), (rows, columns) = e["padding"], (len(e["answer"]), len(e["answer"][0]))
    return Y[p : p + rows, q : q + columns].tolist()


def stack(change):
    return lambda e: field_by_torch([change(*layer) for layer in e["layers"]])


def weight_like(*order):
    return lambda e: [e["answer"][axis] for axis in order]


def other_layer(e):
    other = {"Conv2d": "ConvTranspose2d", "ConvTranspose2d": "Conv2d"}[e["layer"]]
    return weight({**e, "layer": other})


def undivided(e):
    return weight({**e, "groups": 1})


def first_divided(e):
    first, second, *size = undivided(e)
    return [first // e["groups"], second, *size]


def row_with(K=None, **changes):
    """Return the row that stands for the same output, in the W of another kernel or layer."""

    def row(e):
        columns, others = size_by_torch(e)[1], size_by_torch(e, **changes)[1]
        i, j = divmod(e["row"], columns)
        return matrix_by_torch(e, K and K(torch.tensor(e["kernel"])), **changes)[
            i * others + j if e["matrix"] == "W" else e["row"]
        ].tolist()

    return row


def other_matrix(e):
    """Return the row that the other of W and Wᵀ has for the same place, where it is wide enough."""
    sizes = {"W": size_by_torch(e), "WT": e["inputSize"]}
    other = "WT" if e["matrix"] == "W" else "W"
    i, j = divmod(e["row"], sizes[e["matrix"]][1])
    if i >= sizes[other][0] or j >= sizes[other][1]:
        return None
    row = matrix_by_torch({**e, "matrix": other})[i * sizes[other][1] + j]
    rows, columns = sizes[other]
    lines = row.reshape(sizes[e["matrix"]]).tolist()
    return [
        lines[r][c] if r < len(lines) and c < len(lines[0]) else None
        for r in range(rows)
        for c in range(columns)
    ]


def other_operation(e):
    mode = "conv" if is_transposed(e) else "transposed"
    return size_by_torch({**e, "mode": mode, "outputPadding": [0, 0]})


def without_extra(e):
    """Return an output whose rows and columns of output_padding are left at zero."""
    (down, right), Y = e["outputPadding"], torch.tensor(e["answer"])
    Y[Y.shape[0] - down :] = 0
    Y[:, Y.shape[1] - right :] = 0
    return Y.tolist()


def without_a_weight(e):
    K = torch.tensor(e["kernel"])
    K[-1, -1] = 0
    return convolve(e, e["input"], K).tolist()


def own_stride(e):
    """Count the stride of a layer for itself: as if it came a layer earlier."""
    kernels, strides, dilations = zip(*e["layers"])
    return field_by_torch(
        [(1, strides[0], 1), *zip(kernels, [*strides[1:], 1], dilations, strict=True)]
    )


def is_conv(e):
    return e["mode"] == "conv"


def is_transposed(e):
    return e["mode"] == "transposed"


def has(name):
    none = {"stride": 1, "padding": 0, "dilation": 1, "outputPadding": 0}[name]
    return lambda e: e[name] != [none, none]


# kind, name, when it can happen, the answer that it gives
MISTAKES = [
    ("size", "total", lambda e: is_conv(e) and has("padding")(e), lambda e: along(
        e, lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,
        "inputSize", "kernelSize", "stride", "padding", "dilation")),
    ("size", "total", lambda e: is_transposed(e) and has("padding")(e), lambda e: along(
        e, lambda m, p: m + p, "answer", "padding")),
    ("size", "added", lambda e: is_transposed(e) and has("padding")(e), lambda e: along(
        e, lambda m, p: m + 4 * p, "answer", "padding")),
    ("size", "crop", lambda e: is_transposed(e) and has("padding")(e),
     lambda e: size_by_torch(e, padding=0)),
    ("size", "padding", lambda e: is_conv(e) and has("padding")(e),
     lambda e: size_by_torch(e, padding=0)),
    ("size", "stride", has("stride"), lambda e: size_by_torch(e, stride=1)),
    ("size", "dilation", has("dilation"), lambda e: size_by_torch(e, dilation=1)),
    ("size", "output_padding", lambda e: is_transposed(e) and has("outputPadding")(e),
     lambda e: size_by_torch(e, output_padding=0)),
    ("size", "twice", lambda e: is_transposed(e) and has("outputPadding")(e), lambda e: along(
        e, lambda m, o: m + o, "answer", "outputPadding")),
    ("size", "between", lambda e: is_transposed(e) and has("stride")(e), lambda e: along(
        e, lambda n, k, s, p, d, o: n * s - 2 * p + d * (k - 1) + o,
        "inputSize", "kernelSize", "stride", "padding", "dilation", "outputPadding")),
    ("size", "floor", is_conv, lambda e: along(
        e, lambda n, k, s, p, d: -((n + 2 * p - d * (k - 1) - 1) // -s) + 1,
        "inputSize", "kernelSize", "stride", "padding", "dilation")),
    ("size", "one", lambda e: True, lambda e: [n - 1 for n in e["answer"]]),
    ("size", "more", is_conv, lambda e: [n + 1 for n in e["answer"]]),
    ("size", "swapped", lambda e: True, lambda e: e["answer"][::-1]),
    ("size", "other", lambda e: True, other_operation),
    ("fill", "flipped", lambda e: True, lambda e: convolve(
        e, e["input"], torch.tensor(e["kernel"]).flip(0, 1)).tolist()),
    ("fill", "stride", has("stride"), fill_with(stride=1)),
    ("fill", "dilation", has("dilation"), fill_with(dilation=1)),
    ("fill", "padding", lambda e: is_conv(e) and has("padding")(e), fill_with(padding=0)),
    ("fill", "crop", lambda e: is_transposed(e) and has("padding")(e), fill_with(padding=0)),
    ("fill", "shifted", lambda e: is_conv(e) and not any(e["padding"]), neighbor),
    ("fill", "overlap", is_transposed, last_stamp),
    ("fill", "sign", lambda e: True, lambda e: [[-y for y in row] for row in e["answer"]]),
    ("fill", "extra", lambda e: is_transposed(e) and has("outputPadding")(e), without_extra),
    ("fill", "missing", lambda e: is_conv(e) and e["kernel"][-1][-1], without_a_weight),
    ("output_padding", "halved", lambda e: not any(o % 2 for o in e["answer"]), lambda e: [
        o // 2 for o in e["answer"]]),
    ("output_padding", "total", has("padding"), lambda e: along(
        e, lambda o, p: o - p, "answer", "padding")),
    ("output_padding", "crop", has("padding"), lambda e: along(
        e, lambda o, p: o - 2 * p, "answer", "padding")),
    ("output_padding", "one", lambda e: True, lambda e: [o + 1 for o in e["answer"]]),
    ("output_padding", "swapped", lambda e: True, lambda e: e["answer"][::-1]),
    ("row", "flipped", lambda e: True, row_with(lambda K: K.flip(0, 1))),
    ("row", "dilation", lambda e: e["matrix"] == "W" and has("dilation")(e), row_with(dilation=1)),
    ("row", "turned", lambda e: e["kernelSize"][0] == e["kernelSize"][1], row_with(lambda K: K.T)),
    ("row", "matrix", lambda e: True, other_matrix),
    ("shape", "axes", lambda e: True, weight_like(1, 0, 2, 3)),
    ("shape", "layout", lambda e: e["groups"] > 1, other_layer),
    ("shape", "groups", lambda e: e["groups"] > 1, undivided),
    ("shape", "divided", lambda e: e["groups"] > 1, first_divided),
    ("shape", "swapped", lambda e: True, weight_like(0, 1, 3, 2)),
    ("shape", "last", lambda e: True, weight_like(2, 3, 1, 0)),
    ("field", "stride", lambda e: True, stack(lambda k, s, d: (k, 1, d))),
    ("field", "dilation", lambda e: True, stack(lambda k, s, d: (k, s, 1))),
    ("field", "own", lambda e: True, own_stride),
    ("field", "kernels", lambda e: True, lambda e: sum(k for k, _, _ in e["layers"])),
    ("field", "reversed", lambda e: True, lambda e: field_by_torch(e["layers"][::-1])),
    ("field", "one", lambda e: True, lambda e: e["answer"] - 1),
]  # fmt: skip

RECOGNIZE = """({ kind, level, seed, name, wrong }) => {
    const e = A.exerciseOf(kind, level, seed);
    const look = (grid, at) => at.reduce((inner, i) => inner?.[i], grid);
    const entered = e.places.map((at) => look(wrong, at) ?? undefined);
    return [
      A.mistakesOf(e).some(([one, grid]) => one === name &&
        e.places.every((at, i) => (look(grid, at) ?? undefined) === entered[i])),
      e.places.flatMap((at, i) => entered[i] === undefined || entered[i] === look(e.answer, at)
        ? [] : [A.recognize(e, i, entered) ?? "nothing"]),
    ];
}"""


@pytest.mark.parametrize(
    "kind, name, happens, wrong", MISTAKES, ids=[f"{m[0]}-{m[1]}" for m in MISTAKES]
)
def test_mistakes_are_recognized(kind, name, happens, wrong):
    """Whoever makes one throughout is told so, unless another leads to the same numbers."""
    cases = []
    for e in exercises(kind)[:240]:
        if happens(e) and (answer := tried(wrong, e)) not in (None, e["answer"]):
            place = {key: e[key] for key in ("kind", "level", "seed")}
            cases.append({**place, "name": name, "wrong": answer})
    found = node(RECOGNIZE, cases)
    assert len(cases) >= 5
    for case, (is_known, _) in zip(cases, found):
        assert is_known, case
    names = collections.Counter(one for _, names in found for one in names)
    assert "nothing" not in names and names[name] >= 0.6 * sum(names.values()), names
    assert name in TEXT["mistakes"]


def test_every_word_about_a_mistake_is_used():
    cases = [[kind, level, seed] for kind in KINDS for level in LEVELS for seed in range(SEEDS)]
    function = "(one) => A.mistakesOf(A.exerciseOf(...one)).map(([name]) => name)"
    assert {*itertools.chain(*node(function, cases))} == set(TEXT["mistakes"])


def test_every_mistake_is_reproduced():
    assert {name for _, name, *_ in MISTAKES} == set(TEXT["mistakes"])


@pytest.mark.parametrize("name, kind", [("swapped", "size"), ("last", "shape"), ("axes", "shape")])
def test_a_right_number_speaks_against_what_is_made_throughout(name, kind):
    """Whoever has the height right has not swapped height and width."""
    (wrong,) = (one[3] for one in MISTAKES if one[:2] == (kind, name))
    cases = [{**e, "name": name, "wrong": [e["answer"][0], *wrong(e)[1:]]} for e in exercises(kind)]
    cases = [case for case in cases if case["wrong"] != case["answer"]]
    names = [name for _, names in node(RECOGNIZE, cases) for name in names]
    assert len(names) > 20 and name not in names
    cases = [{**case, "wrong": wrong(case)} for case in cases]
    assert name in [name for _, names in node(RECOGNIZE, cases) for name in names]
