"""What a public function cannot use it refuses, with the argument, its value and what would do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wi_docs
from wi_docs import MLP, Activation, activation, gain, propagate
from wi_docs.experiments.gain_table import factors, gains
from wi_docs.experiments.lsuv import lsuv
from wi_docs.experiments.meanfield import fixed_point, length_map, trajectory
from wi_docs.experiments.mup import coordinate_check
from wi_docs.experiments.optimizers import relative_updates, train_by
from wi_docs.experiments.pretraining import pretrain
from wi_docs.experiments.products import random_products
from wi_docs.experiments.propagation import product_spectrum, projection_variance
from wi_docs.experiments.recurrent import clip_by_norm, lstm_memory, random_recurrence, recur
from wi_docs.experiments.residual import ResidualMLP, batch_norm_factor, residual_stream
from wi_docs.experiments.symmetry import linear_pieces, tent_map, train_units
from wi_docs.experiments.training import accuracy, descend, train, train_digits, train_stack
from wi_docs.nn import checks, initializers
from wi_docs.nn.network import softmax_cross_entropy, squared_error, stack

RNG = np.random.default_rng(0)
NET = MLP([2, 2], "linear", "zeros", RNG)


def net(**changes):
    return propagate(**({"activation": "tanh", "init": "lecun_normal", "depth": 2, "width": 3} | changes))


def loud_biases():
    loud = MLP([3, 3, 2], "relu", "zeros", RNG)
    loud.b[0] = np.array([-6.0, 0.0, 6.0])
    return loud


CASES = [
    (lambda: activation("relus"), ValueError, r"'relus' \(did you mean 'relu'\?\)"),
    (lambda: activation("zzz"), ValueError, r"'zzz'; known: linear, "),
    (lambda: activation(3), TypeError, "activation must be a name"),
    (lambda: activation("tanh").f([1.0, float("nan")]), ValueError, "x must be finite"),
    (lambda: activation("tanh").df(float("inf")), ValueError, "x must be finite"),
    (lambda: activation("tanh").f("1"), TypeError, "real numbers"),
    (lambda: activation("tanh").f([[1.0], [1.0, 2.0]]), ValueError, "array of numbers"),
    (lambda: activation("tanh").f(1j), TypeError, "real numbers"),
    (
        lambda: initializers.get("xavier_norml"),
        ValueError,
        r"unknown initializer .* \(did you mean 'xavier_normal'\?\)",
    ),
    (lambda: initializers.get(None), TypeError, "initializer must be a name"),
    (lambda: initializers.he_normal(0, (2, 2)), TypeError, "rng must be a numpy.random.Generator"),
    (lambda: initializers.he_normal(np.random.RandomState(0), (2, 2)), TypeError, "rng must be"),
    (lambda: initializers.he_normal(RNG, (2, 0)), ValueError, "fan_out must be at least 1, got 0"),
    (lambda: initializers.he_normal(RNG, (-1, 2)), ValueError, "fan_in must be at least 1, got -1"),
    (lambda: initializers.he_normal(RNG, (2,)), ValueError, r"got \(2,\); a bias has no fans: start it at 0"),
    (lambda: initializers.he_normal(RNG, (0, 3, 4)), ValueError, "kernel size must be at least 1"),
    (lambda: initializers.he_normal(RNG, (2, 3), dtype=np.int64), ValueError, "float32 or float64, got int64"),
    (lambda: initializers.he_normal(RNG, (2, 3), dtype="half a float"), TypeError, "dtype must be float32 or float64"),
    (lambda: initializers.sparse(RNG, (3, 3, 4, 5)), ValueError, r"two positive integers .* got \(3, 3, 4, 5\)"),
    (lambda: MLP([2, 2], "tanh", lambda rng, shape: np.zeros((2, 2, 2)), RNG), ValueError, r"shape \(2, 2, 2\)"),
    (lambda: initializers.fans((3, 3, 4, 6), groups=4), ValueError, "6 outputs do not divide into 4 groups"),
    (lambda: initializers.fixup(RNG, (2, 2), branches=4, depth=1), ValueError, "depth must be at least 2"),
    (lambda: initializers.gpt2_residual(RNG, (2, 2), layers=0), ValueError, "layers must be at least 1"),
    (lambda: initializers.prior_bias(1.0), ValueError, "probability must be below 1"),
    (lambda: initializers.he_normal(RNG, (2, 2), 1e-200), ValueError, "gain must have a square within .*, got 1e-200"),
    (lambda: initializers.he_normal(RNG, (2, 2), 1e200), ValueError, r"gain must have a square within .*, got 1e\+200"),
    (lambda: softmax_cross_entropy([[1e308, -1e308]], [1]), ValueError, "the loss is beyond the range of float64"),
    (lambda: squared_error([[1e200]], [[0.0]]), ValueError, "the loss is beyond the range of float64"),
    (lambda: squared_error([[1e308]], [[-1e308]]), ValueError, "the loss is beyond the range of float64"),
    (lambda: trajectory("tanh", sigma_w=1.0, q=-1.0), ValueError, "q must be greater than 0"),
    (lambda: trajectory("tanh", sigma_w=1.0, correlation=5.0), ValueError, "correlation must be between -1 and 1"),
    (lambda: lsuv(loud_biases(), np.eye(3), RNG), ValueError, "the biases of layer 1 have a variance of 24"),
    (lambda: residual_stream(blocks=0), ValueError, "blocks must be at least 1"),
    (lambda: residual_stream(blocks=4, norm="batch"), ValueError, "unknown norm 'batch'"),
    (lambda: residual_stream(blocks=4000, width=8), ValueError, "the signal explodes"),
    (lambda: ResidualMLP(2, 2, 2, 2, RNG, start="fixed"), ValueError, "did you mean 'fixup'"),
    (lambda: lsuv(MLP([2, 3, 2], "relu", "zeros", RNG), np.zeros((4, 2)), RNG), ValueError, "same output for every"),
    (lambda: coordinate_check("mu"), ValueError, "did you mean 'mup'"),
    (lambda: lstm_memory(float("nan")), ValueError, "forget_bias must be finite"),
    (lambda: gains(lambda x: 0 * x), ValueError, "no gain"),
    (lambda: initializers.he_normal(RNG, 5), TypeError, "shape must be a tuple"),
    (lambda: initializers.he_normal(RNG, (2.0, 2)), TypeError, "fan_in must be an integer"),
    (lambda: initializers.he_normal(RNG, (True, 2)), TypeError, "fan_in must be an integer"),
    (lambda: initializers.he_normal(RNG, (2, 2), gain=0.0), ValueError, "gain must be greater than 0"),
    (lambda: initializers.constant(RNG, (2, 2), float("nan")), ValueError, "value must be finite"),
    (lambda: initializers.normal(RNG, (2, 2), sigma=-1.0), ValueError, "sigma must be greater than 0"),
    (
        lambda: initializers.variance_scaling(RNG, (2, 2), scale=1, mode="fan", distribution="normal"),
        ValueError,
        "unknown mode 'fan'",
    ),
    (
        lambda: initializers.variance_scaling(RNG, (2, 2), scale=1, mode="fan_in", distribution="cauchy"),
        ValueError,
        "unknown distribution",
    ),
    (lambda: initializers.draw(lambda rng, shape: np.ones(3), RNG, (2, 2)), ValueError, r"returned shape \(3,\)"),
    (lambda: initializers.draw(lambda rng, shape: np.full(shape, np.nan), RNG, (2, 2)), ValueError, "must be finite"),
    (lambda: gain("reluu"), ValueError, "did you mean 'relu'"),
    (lambda: gain("relu", direction="sideways"), ValueError, "unknown direction 'sideways'"),
    (lambda: gain(7), TypeError, "activation must be a name"),
    (lambda: MLP([3], "tanh", "zeros", RNG), ValueError, "at least an input and an output"),
    (lambda: MLP([3, 0], "tanh", "zeros", RNG), ValueError, "width must be at least 1"),
    (lambda: NET.forward(np.ones((1, 3))), ValueError, "x must have 2 columns"),
    (lambda: NET.forward(np.ones(2)), ValueError, "2 axes"),
    (lambda: NET.backward(NET.forward(np.ones((1, 2))), np.ones((2, 2))), ValueError, "cotangent must have"),
    (lambda: softmax_cross_entropy(np.ones((2, 3)), np.array([0, 3])), ValueError, "from 0 to 2"),
    (lambda: softmax_cross_entropy(np.ones((2, 3)), np.array([0.0, 1.0])), TypeError, "labels must be integers"),
    (lambda: squared_error(np.ones((2, 1)), np.ones((2, 2))), ValueError, "one shape"),
    (lambda: net(depth=0), ValueError, "depth must be at least 1, got 0"),
    (lambda: net(width=0), ValueError, "width must be at least 1"),
    (lambda: net(depth=2.5), TypeError, "depth must be an integer"),
    (lambda: net(batch=-1), ValueError, "batch must be at least 1"),
    (lambda: net(seed=-1), ValueError, "seed must be at least 0"),
    (lambda: net(seed=None), TypeError, "seed must be an integer"),
    (lambda: net(gain="2"), TypeError, "gain must be a real number"),
    (lambda: net(gain=float("inf")), ValueError, "gain must be finite"),
    (lambda: net(sigma_b=-0.1), ValueError, "sigma_b must be at least 0"),
    (lambda: net(activation="linear", depth=400, gain=100.0), ValueError, "layer .* explodes"),
    (lambda: projection_variance("randn", (3,)), ValueError, "unknown scale"),
    (lambda: projection_variance("randn(D)", (0,)), ValueError, "dimension must be at least 1"),
    (lambda: projection_variance("randn(D)", (1,), mean=2.0), ValueError, "mean must be between"),
    (lambda: product_spectrum("he_normal", depth=5000, width=4), ValueError, "signal must be finite"),
    (lambda: random_products(width=2, sigma=0.0), ValueError, "sigma must be greater than 0"),
    (lambda: random_products(width=2, sigma=1.0, relu=True), ValueError, "no ReLU unit of 2 is on"),
    (lambda: factors("relu", 1.0, seeds=(3,)), ValueError, "number of seeds must be at least 2"),
    (lambda: factors("relu", 1.0, depth=1), ValueError, "depth must be at least 2"),
    (lambda: batch_norm_factor("hard_tanh", depth=4, width=30, batch=2), ValueError, "batch must be at least 3"),
    (lambda: batch_norm_factor(Activation("sign", np.sign, np.zeros_like)), ValueError, "the gradient is 0"),
    (lambda: initializers.normal(RNG, (9, 9), sigma=1e308), ValueError, r"size 1e\+308 do not fit into float64"),
    (lambda: initializers.he_normal(RNG, (3, 3), 1e308), ValueError, r"gain must have a square .*, got 1e\+308"),
    (lambda: initializers.he_normal(RNG, (3, 3), 1e39, dtype=np.float32), ValueError, "do not fit into float32"),
    (lambda: initializers.constant(RNG, (3, 3), -1e39, dtype=np.float32), ValueError, "do not fit into float32"),
    (lambda: initializers.identity(RNG, (3, 3), 1e39, dtype=np.float32), ValueError, "do not fit into float32"),
    (lambda: initializers.orthogonal(RNG, (3, 3), 1e39, dtype=np.float32), ValueError, "do not fit into float32"),
    (lambda: initializers.sparse(RNG, (3, 3), sigma=1e39, dtype=np.float32), ValueError, "do not fit into float32"),
    (lambda: gain(lambda x: 1e200 * x), ValueError, "squares of the function's values are beyond float64"),
    (lambda: length_map("elu", 1e308, sigma_w=0.5), ValueError, "squares of the function's values are beyond float64"),
    (lambda: fixed_point("relu", sigma_w=1e200), ValueError, "the variance is inf after 1 layers"),
    *[
        (lambda call=call: call("a network"), TypeError, "must be of the class MLP, got 'a network'")
        for call in (
            lambda net: train(net, steps=1, rate=0.1),
            lambda net: train_stack(net, rates=[0.1], seeds=[0], steps=1),
            lambda net: train_by(net, optimizer="sgd", rates=[0.1], seeds=[0], steps=1),
            lambda net: relative_updates(net, optimizer="sgd", rate=0.1),
            lambda net: descend(net, None, 0.1),
            lambda net: accuracy(net, np.ones((1, 2)), np.zeros(1, int)),
            lambda net: pretrain(net, steps=1, rate=0.1),
            lambda net: lsuv(net, np.ones((2, 2)), RNG),
            linear_pieces,
        )
    ],
    (lambda: recur(np.ones((2, 3)), np.ones(2), steps=1), ValueError, "W must be square"),
    (lambda: recur(np.eye(2) * 1e200, np.ones(2), steps=3, activation_name="linear"), ValueError, "overflows"),
    (lambda: random_recurrence(RNG, 0, 1.0), ValueError, "n must be at least 1"),
    (lambda: clip_by_norm([np.array([np.nan])], 1.0), ValueError, "gradients must be finite"),
    (lambda: clip_by_norm([np.ones(1)], 0.0), ValueError, "max_norm must be greater than 0"),
    (lambda: fixed_point("relu", sigma_w=3.0), ValueError, "no fixed point"),
    (lambda: fixed_point("tanh", sigma_w=0.0), ValueError, "sigma_w must be greater than 0"),
    (lambda: train_digits("relu", "he_normal", depth=1, steps=0, rate=0.1), ValueError, "steps must be at least 1"),
    (lambda: train_digits("relu", "he_normal", depth=1, steps=1, rate=0.0), ValueError, "rate must be greater than 0"),
    (
        lambda: train_digits("relu", "zeros", depth=1, steps=1, rate=0.1, equalize=True),
        ValueError,
        "weight gradient is 0",
    ),
    (lambda: train(NET, steps=1, rate=0.1, optimizer="adams"), ValueError, "did you mean 'adam'"),
    (
        lambda: train(NET, steps=1, rate=0.1, optimizer="adam", equalize=True),
        ValueError,
        "goes with the optimizer 'sgd'",
    ),
    (lambda: train(NET, steps=1, rate=0.1, record="all"), ValueError, "unknown record 'all'"),
    (lambda: train_stack(stack([NET]), steps=1, rates=[0.1, 0.2], seeds=[0]), ValueError, "a stack of 1 wants as many"),
    (lambda: train_units("constant", "constant", units=0), ValueError, "width must be at least 1"),
    (lambda: tent_map(0), ValueError, "times must be at least 1"),
    (lambda: linear_pieces(NET), ValueError, "x must have 2 columns"),
    (lambda: wi_docs.nothing, AttributeError, "nothing"),
]


@pytest.mark.parametrize(("call", "kind", "says"), CASES)
def test_refusal(call, kind, says):
    with pytest.raises(kind, match=says):
        call()


@given(st.one_of(st.none(), st.text(), st.floats(), st.lists(st.integers(-3, 3)), st.booleans()))
def test_no_shape_but_positive_integers_passes(shape):
    if isinstance(shape, list) and len(shape) >= 2 and min(shape) >= 1:
        kernel = math.prod(shape[:-2])
        assert checks.fans(shape) == (kernel * shape[-2], kernel * shape[-1])
    else:
        with pytest.raises((TypeError, ValueError), match=r"shape|fan_|kernel"):
            checks.fans(shape)
