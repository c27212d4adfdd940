"""The definitions: by hand, against each other as adjoints, and against the fast versions."""

import pytest
import torch
from oracle import assert_same, fill
from torch import tensor

import convbook as cb
from convbook import corr2d, crop2d, dilate2d, pad2d, subsample2d, trans_conv


def test_corr2d_by_hand():
    X = tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    K = tensor([[0, 1], [2, 3]])
    expected = [
        [0 * 0 + 1 * 1 + 3 * 2 + 4 * 3, 1 * 0 + 2 * 1 + 4 * 2 + 5 * 3],
        [3 * 0 + 4 * 1 + 6 * 2 + 7 * 3, 4 * 0 + 5 * 1 + 7 * 2 + 8 * 3],
    ]
    assert corr2d(X, K).tolist() == expected == [[19, 25], [37, 43]]


def test_trans_conv_by_hand():
    X, K = tensor([[1, 2]]), tensor([[3, 4], [5, 6]])
    expected = [[1 * 3, 1 * 4 + 2 * 3, 2 * 4], [1 * 5, 1 * 6 + 2 * 5, 2 * 6]]
    assert trans_conv(X, K).tolist() == expected == [[3, 10, 8], [5, 16, 12]]


def test_pad2d_on_each_side():
    X = tensor([[7]])
    assert pad2d(X, (1, 0)).tolist() == [[0], [7], [0]]
    assert pad2d(X, ((0, 1), (2, 0))).tolist() == [[0, 0, 7], [0, 0, 0]]
    assert pad2d(X, [[0, 0], [0, 1]]).tolist() == [[7, 0]]


def test_crop2d_on_each_side():
    Y = torch.arange(12).reshape(3, 4)
    assert crop2d(Y, (1, 0)).tolist() == [[4, 5, 6, 7]]
    assert crop2d(Y, ((0, 2), (1, 2))).tolist() == [[1]]
    assert crop2d(Y, (0, 2)).shape == (3, 0)
    assert crop2d(Y[:2], (1, 0)).shape == (0, 4)


def test_dilate2d_and_subsample2d_along_each_axis():
    X = tensor([[1, 2], [3, 4]])
    assert dilate2d(X, (1, 3)).tolist() == [[1, 0, 0, 2], [3, 0, 0, 4]]
    assert dilate2d(X, (2, 1)).tolist() == [[1, 2], [0, 0], [3, 4]]
    assert dilate2d(X[:0], 2).shape == (0, 3)
    assert dilate2d(X[:, :0], 2).shape == (3, 0)
    assert subsample2d(torch.arange(6).reshape(2, 3), (1, 2)).tolist() == [[0, 2], [3, 5]]
    assert subsample2d(torch.arange(6).reshape(2, 3), (2, 1)).tolist() == [[0, 1, 2]]


def test_channels_by_hand():
    X = tensor([[[1, 2]], [[3, 4]]])
    K = tensor([[[10]], [[100]]])
    assert cb.corr2d_multi_in(X, K).tolist() == [[10 + 300, 20 + 400]]
    both = torch.stack([K, K + 1])
    expected = [[[310, 420]], [[11 + 303, 22 + 404]]]
    assert cb.corr2d_multi_in_out(X, both).tolist() == expected
    assert cb.corr2d_multi_in_out_1x1(X, both).tolist() == expected
    # Transposed: axis 0 of K counts the input channels.
    expected = [[[1 * 10 + 3 * 11, 2 * 10 + 4 * 11]], [[1 * 100 + 3 * 101, 2 * 100 + 4 * 101]]]
    assert cb.trans_conv_multi_in_out(X, both).tolist() == expected


@pytest.mark.parametrize(
    "move, adjoint, shape",
    [
        (lambda X: pad2d(X, 2), lambda Y: crop2d(Y, 2), (3, 4)),
        (
            lambda X: pad2d(X, ((1, 2), (0, 3))),
            lambda Y: crop2d(Y, ((1, 2), (0, 3))),
            (2, 3),
        ),
        (lambda X: dilate2d(X, (2, 3)), lambda Y: subsample2d(Y, (2, 3)), (3, 4)),
        (lambda X: corr2d(X, fill((2, 3))), lambda Y: trans_conv(Y, fill((2, 3))), (4, 5)),
        (
            lambda X: cb.corr2d_multi_in_out(X, fill((3, 2, 2, 2))),
            lambda Y: cb.trans_conv_multi_in_out(Y, fill((3, 2, 2, 2))),
            (2, 4, 3),
        ),
    ],
    ids=["pad-crop", "pad-crop-each-side", "dilate-subsample", "corr-trans", "channels"],
)
def test_adjoint_identity(move, adjoint, shape):
    """⟨A x, y⟩ = ⟨x, Aᵀ y⟩, both ways."""
    x = fill(shape, seed=1)
    y = fill(move(x).shape, seed=2)
    assert_same((move(x) * y).sum(), (x * adjoint(y)).sum())


CASES = [(s, p, d) for s in (1, 2, (3, 2)) for p in (0, 1, (2, 0)) for d in (1, 2, (1, 3))]


@pytest.mark.parametrize("stride, padding, dilation", CASES)
def test_the_moves_make_conv2d_and_its_transpose(stride, padding, dilation):
    X, K = fill((7, 9), seed=1), fill((2, 3))
    forward = subsample2d(corr2d(pad2d(X, padding), dilate2d(K, dilation)), stride)
    fast = cb.conv2d(X[None], K[None, None], None, stride, padding, dilation)[0]
    assert_same(forward, fast)

    Y = fill(forward.shape, seed=3)
    backward = crop2d(trans_conv(dilate2d(Y, stride), dilate2d(K, dilation)), padding)
    fast = cb.conv_transpose2d(Y[None], K[None, None], None, stride, padding, 0, 1, dilation)[0]
    assert_same(backward, fast)


def test_the_loops_over_channels_agree_with_the_fast_versions():
    X, K = fill((3, 6, 5), seed=1), fill((4, 3, 3, 2))
    assert_same(cb.corr2d_multi_in_out(X, K), cb.conv2d(X, K))
    assert_same(cb.corr2d_multi_in(X, K[0]), cb.conv2d(X, K[:1])[0])
    assert_same(cb.corr2d_multi_in_out_1x1(X, K[:, :, :1, :1]), cb.conv2d(X, K[:, :, :1, :1]))
    Y = fill((4, 2, 3), seed=2)
    assert_same(cb.trans_conv_multi_in_out(Y, K), cb.conv_transpose2d(Y, K))


X, K = torch.ones(4, 4), torch.ones(2, 2)
X3, K4 = torch.ones(2, 4, 4), torch.ones(3, 2, 2, 2)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: corr2d([[1]], K), TypeError, "X must be a torch.Tensor, not list"),
        (lambda: corr2d(X[0], K), ValueError, r"X has shape \(4,\); it must have 2 axes \(h, w\)"),
        (lambda: corr2d(X > 0, K > 0), TypeError, "X has dtype torch.bool; it must hold numbers"),
        (lambda: corr2d(X, K.int()), TypeError, "X has dtype torch.float32 and K has dtype"),
        (lambda: corr2d(X, K.to("meta")), ValueError, "X has device cpu and K has device meta"),
        (lambda: corr2d(X, K[:0]), ValueError, r"K has shape \(0, 2\); no axis of a kernel may"),
        (lambda: corr2d(K, X), ValueError, r"K has shape \(4, 4\); it must fit into X of shape"),
        (lambda: corr2d(X[:1], K), ValueError, "it must fit into X"),
        (lambda: corr2d(X[:, :1], K), ValueError, "it must fit into X"),
        (lambda: trans_conv(X, K[0]), ValueError, r"K has shape \(2,\); it must have 2 axes"),
        (lambda: trans_conv(X[None], K), ValueError, "X has shape"),
        (lambda: trans_conv(X, K.double()), TypeError, "they must be the same"),
        (lambda: trans_conv(X, K[:, :0]), ValueError, "no axis of a kernel may be empty"),
        (lambda: pad2d(X, -1), ValueError, r"padding=-1 must be at least 0"),
        (lambda: pad2d(X, (0, -1)), ValueError, r"padding\[1\]=-1 must be at least 0"),
        (lambda: pad2d(X, ((0, 0), (0, -1))), ValueError, r"padding\[1\]\[1\]=-1 must be at least"),
        (lambda: pad2d(X, (1, 1, 1)), ValueError, r"padding=\(1, 1, 1\) must be one integer or 2"),
        (lambda: pad2d(X, True), TypeError, "padding=True must be an integer, not bool"),
        (lambda: pad2d(X, 1.0), TypeError, "padding=1.0 must be an integer, not float"),
        (lambda: pad2d(X[0], 1), ValueError, "X has shape"),
        (lambda: crop2d(X, -1), ValueError, "padding=-1 must be at least 0"),
        (lambda: crop2d(X, (3, 0)), ValueError, r"padding=\(3, 0\) would crop more than there is"),
        (lambda: crop2d(X, (0, 3)), ValueError, r"Y has shape \(4, 4\)"),
        (lambda: crop2d(X[0], 1), ValueError, "Y has shape"),
        (lambda: dilate2d(X, 0), ValueError, "dilation=0 must be at least 1"),
        (lambda: dilate2d(X[0], 1), ValueError, "X has shape"),
        (lambda: subsample2d(X, (1, 0)), ValueError, r"stride\[1\]=0 must be at least 1"),
        (lambda: subsample2d(X[0], 1), ValueError, "X has shape"),
        (
            lambda: cb.corr2d_multi_in(X3, K4[0, :1]),
            ValueError,
            "its axis 0 must be the 2 channels",
        ),
        (lambda: cb.corr2d_multi_in(X, K4[0]), ValueError, r"3 axes \(c_in, h, w\)"),
        (lambda: cb.corr2d_multi_in(X3, K), ValueError, r"3 axes \(c_in, kh, kw\)"),
        (lambda: cb.corr2d_multi_in(X3[:0], K4[0, :0]), ValueError, "no axis of a kernel may"),
        (lambda: cb.corr2d_multi_in_out(X, K4), ValueError, r"3 axes \(c_in, h, w\)"),
        (lambda: cb.corr2d_multi_in_out(X3, K), ValueError, r"4 axes \(c_out, c_in, kh, kw\)"),
        (lambda: cb.corr2d_multi_in_out(X3, K4[:, :1]), ValueError, "its axis 1 must be the 2"),
        (lambda: cb.corr2d_multi_in_out(X3, K4[:0]), ValueError, "no axis of a kernel may"),
        (
            lambda: cb.corr2d_multi_in_out_1x1(X3, K4),
            ValueError,
            r"axes must be \(c_out, c_in, 1, 1\)",
        ),
        (lambda: cb.corr2d_multi_in_out_1x1(X, K4), ValueError, r"3 axes \(c_in, h, w\)"),
        (lambda: cb.corr2d_multi_in_out_1x1(X3, K), ValueError, "4 axes"),
        (
            lambda: cb.corr2d_multi_in_out_1x1(X3, K4[:, :1, :1, :1]),
            ValueError,
            "its axis 1 must be the 2 channels",
        ),
        (lambda: cb.corr2d_multi_in_out_1x1(X3.int(), K4), TypeError, "they must be the same"),
        (lambda: cb.corr2d_multi_in_out_1x1(X3, K4[:0]), ValueError, "no axis of a kernel may"),
        (lambda: cb.trans_conv_multi_in_out(X3, K4), ValueError, "its axis 0 must be the 2"),
        (lambda: cb.trans_conv_multi_in_out(X, K4), ValueError, r"3 axes \(c_in, h, w\)"),
        (lambda: cb.trans_conv_multi_in_out(X3, K), ValueError, r"4 axes \(c_in, c_out, kh, kw\)"),
        (lambda: cb.trans_conv_multi_in_out(X3, K4[:2, :0]), ValueError, "no axis of a kernel may"),
    ],
)
def test_refusals_name_argument_value_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
