"""What `explore` reads from its arguments, in Python alone."""

import numpy
import pytest
import torch

from convbook.explorer import explore

ROWS = [[1, 2], [3, 0.5]]


@pytest.mark.parametrize(
    "rows",
    [
        torch.tensor(ROWS),
        list(torch.tensor(ROWS)),
        [[*row] for row in torch.tensor(ROWS)],
        numpy.array(ROWS),
        list(numpy.array(ROWS)),
        [[*row] for row in numpy.array(ROWS, dtype=numpy.float32)],
        tuple(map(tuple, ROWS)),
        torch.tensor(ROWS, requires_grad=True),
        torch.tensor(ROWS).to_sparse(),
        torch.tensor(ROWS).bfloat16(),
        "1 2\n3 .5",
    ],
    ids=lambda rows: type(rows).__name__,
)
@pytest.mark.parametrize("name", ["input", "kernel"])
def test_rows_may_be_tensors_arrays_and_numbers_of_any_kind(name, rows):
    result = explore(**{"input_size": 2, "kernel_size": 2, name: rows}).result
    assert (result[name], result["adjusted"]) == (ROWS, False)


def test_what_holds_no_numbers_is_said():
    for kernel in ([[True]], [[None]], [[1j]], [["x"]], numpy.array([["x"]])):
        assert "must be a number" in explore(kernel=kernel).result["reason"]
