"""The matrix of a convolution: by hand, against torch, and as the product of its moves."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from oracle import assert_same, fill
from torch import tensor

import convbook as cb
from convbook import crop2d, dilate2d, kernel2matrix, move2matrix, pad2d, subsample2d

CASES = list(itertools.product([1, (2, 3)], [0, (1, 2)], [1, (2, 1)]))


def test_the_matrix_of_the_book_s_example():
    W = kernel2matrix(tensor([[1.0, 2], [3, 4]]), (3, 3))
    assert W.tolist() == [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]
    assert (W @ torch.arange(9.0)).tolist() == [27, 37, 57, 67]


def test_padding_drops_the_taps_that_fall_on_zeros():
    W = kernel2matrix(tensor([[1, 2, 3]]), (1, 2), padding=(0, 1))
    assert W.tolist() == [[2, 3], [1, 2]]
    W = kernel2matrix(tensor([[1, 2, 3]]), (1, 3), padding=(0, 2), stride=(1, 2), dilation=(1, 2))
    assert W.tolist() == [[2, 0, 3], [1, 0, 2]]
    assert kernel2matrix(tensor([[5]]), (1, 1), padding=1).tolist() == [[0]] * 4 + [[5]] + [[0]] * 4


@pytest.mark.parametrize("stride, padding, dilation", CASES)
@pytest.mark.parametrize("sparse", [False, True])
def test_it_is_the_convolution_and_its_transpose_the_transposed_one(
    stride, padding, dilation, sparse
):
    X, K = fill((6, 7), seed=1), fill((3, 2))
    W = kernel2matrix(K, X.shape, stride, padding, dilation, sparse=sparse)
    assert W.is_sparse == sparse
    Y = F.conv2d(X[None, None], K[None, None], None, stride, padding, dilation)
    assert_same((W @ X.reshape(-1, 1)).flatten(), Y.flatten())
    back = cb.output_padding_for(Y.shape[2:], X.shape, K.shape, stride, padding, dilation)
    again = F.conv_transpose2d(Y, K[None, None], None, stride, padding, back, 1, dilation)
    assert_same((W.T @ Y.reshape(-1, 1)).flatten(), again.flatten())
    assert_same(W.to_dense(), kernel2matrix(K, [6, 7], stride, padding, dilation))


@pytest.mark.parametrize("stride, padding, dilation", CASES)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_it_is_the_product_of_the_matrices_of_the_moves(stride, padding, dilation, sparse):
    K, shape = fill((3, 2)), (6, 7)
    padded, stretched = pad2d(torch.zeros(shape), padding), dilate2d(K, dilation)
    slid = kernel2matrix(stretched, padded.shape, sparse=sparse)
    full = cb.conv_output_size(padded.shape, stretched.shape)
    product = (
        move2matrix(subsample2d, full, stride, sparse, K.dtype)
        @ slid
        @ move2matrix(pad2d, shape, padding, sparse, K.dtype)
    )
    whole = kernel2matrix(K, shape, stride, padding, dilation, sparse)
    assert_same(product.to_dense(), whole.to_dense())
    # and the kernel's own stretching is a matrix, too
    stretch = move2matrix(dilate2d, K.shape, dilation, dtype=K.dtype)
    assert_same((stretch @ K.flatten()).reshape(stretched.shape), stretched)


@pytest.mark.parametrize(
    "move, adjoint, shape, amount",
    [
        (pad2d, crop2d, (3, 2), 1),
        (pad2d, crop2d, (3, 2), ((1, 0), (2, 1))),
        (dilate2d, subsample2d, (3, 2), (2, 3)),
    ],
)
def test_the_matrix_of_a_move_is_its_adjoint_s_transposed(move, adjoint, shape, amount):
    X = fill(shape)
    M = move2matrix(move, shape, amount, dtype=X.dtype)
    assert_same(M @ X.flatten(), move(X, amount).flatten())
    assert_same(move2matrix(adjoint, move(X, amount).shape, amount, dtype=X.dtype), M.T)


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.complex64], ids=str)
def test_dtype_is_that_of_the_kernel(dtype):
    K = fill((2, 2), dtype)
    assert kernel2matrix(K, (3, 3)).dtype == dtype
    assert torch.equal(kernel2matrix(K, (3, 3), sparse=True).to_dense(), kernel2matrix(K, (3, 3)))


def test_dtype_of_a_move_s_matrix():
    assert move2matrix(pad2d, (2, 2), 1).dtype == torch.get_default_dtype()
    assert move2matrix(pad2d, (2, 2), 1, dtype=torch.int8).dtype == torch.int8


@pytest.mark.parametrize("sparse", [False, True])
def test_gradients_reach_the_kernel(sparse):
    X, K = fill((4, 5), seed=1), fill((2, 3)).requires_grad_()
    Y = kernel2matrix(K, X.shape, 1, 1, sparse=sparse) @ X.reshape(-1, 1)
    G = fill(Y.shape, seed=2)
    (by_matrix,) = torch.autograd.grad(Y, K, G)
    Y = F.conv2d(X[None, None], K[None, None], padding=1)
    assert_same(by_matrix, torch.autograd.grad(Y, K, G.reshape(Y.shape))[0])


def test_sparse_holds_the_taps_only():
    W = kernel2matrix(torch.ones(3, 3), (50, 50), sparse=True)
    assert W.shape == (48 * 48, 2500)
    assert W.is_coalesced()
    assert W._nnz() == 48 * 48 * 9
    assert move2matrix(pad2d, (9, 9), 1, sparse=True).is_sparse
    assert not move2matrix(pad2d, (9, 9), 1).is_sparse


K = torch.ones(2, 2)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: kernel2matrix([[1]], (3, 3)), TypeError, "^K must be a torch.Tensor, not list$"),
        (
            lambda: kernel2matrix(K[0], (3, 3)),
            ValueError,
            r"^K has shape \(2,\); .* 4 axes \(.*\), or the last 2$",
        ),
        (lambda: kernel2matrix(K > 0, (3, 3)), TypeError, "^K has dtype torch.bool; it must hold"),
        (lambda: kernel2matrix(K[:0], (3, 3)), ValueError, "no axis of a kernel may be empty$"),
        (lambda: kernel2matrix(K, (1, 3)), ValueError, "it must fit into input_size=1"),
        (lambda: kernel2matrix(K, (3, 3, 3)), ValueError, r"^input_shape=\(3, 3, 3\) must be one"),
        (lambda: kernel2matrix(K, (0, 3)), ValueError, r"^input_shape\[0\]=0 must be at least 1$"),
        (lambda: kernel2matrix(K, (3, 3), stride=0), ValueError, "^stride=0 must be at least 1$"),
        (lambda: kernel2matrix(K, (3, 3), padding=-1), ValueError, "^padding=-1 must be at least"),
        (lambda: kernel2matrix(K, (3, 3), dilation=0), ValueError, "^dilation=0 must be at least"),
        (lambda: kernel2matrix(K, (3, 3), stride=True), TypeError, "^stride=True must be an int"),
        (lambda: kernel2matrix(K, (3, 3), padding=0.5), TypeError, "^padding=0.5 must be an int"),
        (lambda: kernel2matrix(K, (3, 3), dilation=""), TypeError, "^dilation='' must be an int"),
        (
            lambda: move2matrix(cb.corr2d, (3, 3), 1),
            ValueError,
            "^move=<function corr2d .* must be pad2d, crop2d, dilate2d or subsample2d$",
        ),
        (lambda: move2matrix(crop2d, (3, 3), 2), ValueError, "would crop more than there is"),
    ],
)
def test_refusals_name_argument_value_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_channels_and_groups_are_blocks_of_the_matrix(groups):
    X, K = fill((4, 5, 6)), fill((8, 4 // groups, 3, 2))
    W = kernel2matrix(K, (5, 6), stride=2, padding=1, groups=groups)
    Y = F.conv2d(X[None], K, stride=2, padding=1, groups=groups)[0]
    assert_same((W @ X.flatten()).reshape(Y.shape), Y)
    back = F.conv_transpose2d(Y[None], K, stride=2, padding=1, groups=groups)[0]
    assert_same((W.T @ Y.flatten()).reshape(X.shape)[:, : back.shape[1], : back.shape[2]], back)


def test_groups_must_divide_the_outputs():
    with pytest.raises(ValueError, match="groups=2 must divide 3, the outputs of K"):
        kernel2matrix(torch.ones(3, 2, 1, 1), (2, 2), groups=2)
