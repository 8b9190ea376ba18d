"""The backward pass against differences of the forward pass."""

import numpy as np
import pytest

from wi_docs import MLP
from wi_docs.experiments.residual import ResidualMLP
from wi_docs.nn.activations import Activation, names
from wi_docs.nn.network import (
    ExplosionError,
    FlatError,
    normalize,
    softmax_cross_entropy,
    squared_error,
    stack,
)

# Activations whose slope is continuous: at a kink a difference is no derivative.
SMOOTH = [name for name in names() if name not in ("relu", "leaky_relu", "elu", "selu")]


def example(hidden, seed=0):
    rng = np.random.default_rng(seed)
    net = MLP([4, 5, 3, 6], hidden, "lecun_normal", rng)
    net.b = [rng.standard_normal(b.shape) for b in net.b]
    return net, rng.standard_normal((7, 4)), rng.integers(6, size=7)


def loss(net, x, labels):
    return softmax_cross_entropy(net.forward(x).output, labels)[0]


def slope(f, array, index, h=1e-5):
    """Return the central difference of f() with respect to one entry of `array`, which f reads; it is put back."""
    kept = array[index]
    array[index] = kept + h
    above = f()
    array[index] = kept - h
    below = f()
    array[index] = kept
    return (above - below) / (2 * h)


@pytest.mark.parametrize("hidden", [*SMOOTH, "relu", "elu"])
def test_gradients_are_the_slopes_of_the_loss(hidden):
    net, x, labels = example(hidden)
    run = net.forward(x)
    grad = net.backward(run, softmax_cross_entropy(run.output, labels)[1])
    for layer in range(3):
        for parameters, gradient in ((net.W[layer], grad.W[layer]), (net.b[layer], grad.b[layer])):
            # The first and the last entry of each array.
            for index in ((0,) * parameters.ndim, (-1,) * parameters.ndim):
                numeric = slope(lambda: loss(net, x, labels), parameters, index)
                assert gradient[index] == pytest.approx(numeric, rel=1e-6, abs=1e-9)
    assert grad.x[2, 1] == pytest.approx(slope(lambda: loss(net, x, labels), x, (2, 1)), rel=1e-6, abs=1e-9)


def test_a_backward_pass_without_the_slope_fails_that_test():
    net, x, labels = example("tanh")
    run = net.forward(x)
    delta = softmax_cross_entropy(run.output, labels)[1] @ net.W[2].T  # × df(z) forgotten
    wrong = run.inputs[1].T @ delta
    numeric = slope(lambda: loss(net, x, labels), net.W[1], (0, 0))
    assert abs(wrong[0, 0] - numeric) > 0.01 * abs(numeric)


def test_squared_error_is_half_and_averaged_over_rows():
    prediction, target = np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2))
    value, cotangent = squared_error(prediction, target)
    assert value == pytest.approx(0.5 * (1 + 4 + 9 + 16) / 2)
    assert np.allclose(cotangent, prediction / 2)


def test_large_logits_do_not_overflow():
    value, cotangent = softmax_cross_entropy(np.array([[1e4, 0.0], [0.0, 1e4]]), np.array([0, 0]))
    assert value == pytest.approx(5e3)
    assert np.isfinite(cotangent).all()


@pytest.mark.parametrize("loss", [lambda x: squared_error(x, x), lambda x: softmax_cross_entropy(x, np.zeros(0, int))])
def test_a_mean_over_no_rows_is_refused(loss):
    with pytest.raises(ValueError, match="at least one row"):
        loss(np.zeros((0, 3)))


def test_an_output_that_is_not_finite_explodes():
    """The values of the last activation meet no further layer that would notice."""
    cubed = Activation("cubed", lambda x: x**3, lambda x: 3 * x**2)
    net = MLP([1, 1], "linear", "constant", np.random.default_rng(0), output=cubed)
    with pytest.raises(ExplosionError, match="the output is not finite"):
        net.forward(np.array([[1e150]]))


def test_explosions_name_their_layer():
    # Each layer multiplies by 3e100, and 1e308 is passed at the fourth.
    net = MLP([3] * 6, "linear", lambda rng, shape: np.full(shape, 1e100), np.random.default_rng(0))
    with pytest.raises(ExplosionError, match="the pre-activations of layer 4") as raised:
        net.forward(np.ones((1, 3)))
    assert not raised.value.gradient
    run = net.forward(np.full((1, 3), 1e-300))
    with pytest.raises(ExplosionError, match="the gradients of layer 2") as raised:
        net.backward(run, np.ones((1, 3)))
    assert raised.value.gradient


def test_the_gradient_of_a_residual_network_is_its_derivative():
    rng = np.random.default_rng(0)
    net = ResidualMLP(5, 7, 3, 2, rng)
    x, y = rng.standard_normal((4, 5)), rng.standard_normal((4, 2))
    run = net.forward(x)
    grad = net.backward(run, squared_error(run.output, y)[1])
    for parameters, gradient in [*zip(net.W, grad.W, strict=True), *zip(net.b, grad.b, strict=True)]:
        for index in np.ndindex(parameters.shape):
            numeric = slope(lambda: squared_error(net.forward(x).output, y)[0], parameters, index)
            assert gradient[index] == pytest.approx(numeric, rel=1e-6, abs=1e-8)
    # The same network without its additions computes something else.
    net.branch_ends = frozenset()
    assert np.abs(net.forward(x).output - run.output).max() > 0.01  # the stream counts


def members(seeds, hidden="tanh"):
    nets = [MLP([4, 6, 5, 3], hidden, "lecun_normal", np.random.default_rng(seed)) for seed in seeds]
    for net, seed in zip(nets, seeds, strict=True):
        net.b = [np.random.default_rng(seed).standard_normal(b.shape) for b in net.b]
    return nets


def test_a_stack_computes_what_each_network_alone_computes():
    rng = np.random.default_rng(0)
    nets = members(range(5))
    residual = [ResidualMLP(4, 6, 2, 3, np.random.default_rng(seed)) for seed in range(5)]
    # One normalization at each of the three places.
    for net in nets:
        net.normalized = {"sum": frozenset({0}), "output": frozenset({1}), "input": frozenset({2})}
    for alone in (nets, residual):
        x, cotangent = rng.standard_normal((5, 7, 4)), rng.standard_normal((5, 7, 3))
        both = stack(alone)
        run = both.forward(x)
        grad = both.backward(run, cotangent)
        for n, net in enumerate(alone):
            single = net.forward(x[n])
            expected = net.backward(single, cotangent[n])
            assert np.allclose(run.output[n], single.output, rtol=1e-12, atol=0)
            assert np.allclose(grad.x[n], expected.x, rtol=1e-10, atol=1e-14)
            for name in ("W", "b", "z", "outputs"):
                for got, want in zip(getattr(grad, name), getattr(expected, name), strict=True):
                    assert np.allclose(got[n], want, rtol=1e-10, atol=1e-14), name
    shared = stack(nets).forward(x[0]).output
    assert np.allclose(shared[3], nets[3].forward(x[0]).output, rtol=1e-12)


def test_a_stack_is_of_one_shape():
    other = MLP([4, 6, 5, 3], "relu", "lecun_normal", np.random.default_rng(0))
    with pytest.raises(ValueError, match="number 2 differs from number 0"):
        stack([*members([0, 1]), other])
    with pytest.raises(ValueError, match="at least one"):
        stack([])
    with pytest.raises(ValueError, match="inputs for 2 networks"):
        stack(members([0, 1])).forward(np.ones((3, 7, 4)))


def test_an_explosion_names_the_networks_of_a_stack():
    nets = members(range(4), "linear")
    for n in (1, 3):
        nets[n].W[1][:] = 1e200
    both = stack(nets)
    with pytest.raises(ExplosionError, match="layer 2") as caught:
        both.forward(np.full((7, 4), 1e200))
    assert caught.value.networks == (1, 3)
    both.W[1][[1, 3]] = np.array([1e-200, 1e200])[:, None, None]  # the signal stays, and one gradient does not
    run = both.forward(np.zeros((7, 4)))
    with pytest.raises(ExplosionError, match="gradients of layer 2") as caught:
        both.backward(run, np.full(run.output.shape, 1e200))
    assert caught.value.networks == (3,)


@pytest.mark.parametrize("place", ["input", "sum", "output"])
def test_gradients_through_a_normalization_are_slopes_too(place):
    """In a network with a branch, normalized at one place in each of its hidden layers."""
    rng = np.random.default_rng(0)
    net = ResidualMLP(4, 5, 2, 3, rng)
    net.b = [rng.standard_normal(b.shape) for b in net.b]
    net.normalized = {place: frozenset(range(1, len(net.W) - 1))}
    x, y = rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    run = net.forward(x)
    grad = net.backward(run, squared_error(run.output, y)[1])
    plain = ResidualMLP(4, 5, 2, 3, np.random.default_rng(0))
    plain.b = net.b
    assert np.abs(plain.forward(x).output - run.output).max() > 0.01  # it counts
    for parameters, gradient in [*zip(net.W, grad.W, strict=True), *zip(net.b, grad.b, strict=True), (x, grad.x)]:
        for index in np.ndindex(parameters.shape):
            numeric = slope(lambda: squared_error(net.forward(x).output, y)[0], parameters, index)
            assert gradient[index] == pytest.approx(numeric, rel=1e-6, abs=1e-8)


def test_a_network_of_a_stack_is_normalized_by_its_own_size():
    x = np.random.default_rng(0).standard_normal((4, 6))
    both, _ = normalize(np.stack([1e-20 * x, x]), -1)
    assert np.allclose(both[0], both[1], rtol=1e-9)
    assert np.allclose(both.mean(axis=-1), 0.0, atol=1e-12)
    assert np.allclose(both.var(axis=-1), 1.0)
    with pytest.raises(FlatError, match="one value"):
        normalize(np.stack([np.ones((4, 6)), x]), -1)


@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_normalized_may_have_any_size_of_float64(axis):
    """Also beside entries of another size: a square would leave float64, or be lost beside those of the others."""
    sizes = np.array([1e-300, 1e-16, 1.0, 1e200])
    x = np.array([[1.0, 3.0]]).repeat(4, axis=0) * sizes[:, None]
    y, deviation = normalize(x if axis else x.T, axis)
    assert np.allclose(np.ravel(deviation), sizes, rtol=1e-15, atol=0)
    assert np.allclose(y if axis else y.T, [[-1.0, 1.0]] * 4, rtol=0, atol=1e-15)


@pytest.mark.parametrize("size", [1e-300, 0.1, 1e300])
def test_equal_values_are_not_normalized_of_any_size(size):
    with pytest.raises(FlatError, match="one value"):
        normalize(np.full((1, 7), size), 1)
    with pytest.raises(FlatError, match="one value"):  # of 0 and the smallest number, whose deviation is none
        normalize(np.array([[5e-324, 0.0]]), 1)
