"""What each experiment computes, against plain numpy or a closed form, on networks small enough for it."""

import inspect
import math

import numpy as np
import pytest

from wi_docs import MLP
from wi_docs.experiments import mup, saturation
from wi_docs.experiments.lsuv import lsuv
from wi_docs.experiments.meanfield import covariance, depth_scale, fixed_point, length_map, relu_correlation_map
from wi_docs.experiments.mup import coordinate_check
from wi_docs.experiments.propagation import SCALES, centered_ratio, projection_variance, propagate
from wi_docs.experiments.recurrent import descend_recurrence, lstm_memory
from wi_docs.experiments.residual import (
    ResidualMLP,
    batch_norm_factor,
    first_step_change,
    residual_stream,
    train_residual,
)
from wi_docs.experiments.symmetry import saddle_task, train_units
from wi_docs.experiments.training import History
from wi_docs.nn import activations
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.initializers import glorot_normal


def generator(seed=0):
    return np.random.default_rng(seed)


# Signals


def test_a_fixed_point_is_as_exact_where_it_is_small():
    q = fixed_point("tanh", sigma_w=0.9, sigma_b=1e-3).q_star
    assert 1e-6 < q < 1e-5
    assert length_map("tanh", q, sigma_w=0.9, sigma_b=1e-3) == pytest.approx(q, rel=1e-11, abs=0.0)


@pytest.mark.parametrize("c", [-1.5, 1.5])
def test_a_correlation_is_between_minus_1_and_1(c):
    for call in (lambda: covariance("tanh", c, 1.0), lambda: relu_correlation_map(c)):
        with pytest.raises(ValueError, match="c must be"):
            call()


def test_one_layer_has_no_factor_and_no_layer_is_refused():
    assert centered_ratio("tanh", gain=1.0, depth=1, width=5) == 1.0
    assert propagate("tanh", "lecun_normal", depth=1, width=5).gradient_ratio == 1.0
    # Of linear layers, biases do nothing: each multiplies the gradient's square by the gain's, but for chance.
    assert centered_ratio("linear", gain=1.7, depth=6, width=300) == pytest.approx(1.7, rel=0.03)


def test_the_standard_error_of_two_draws_is_half_their_distance():
    rng = generator(7)
    w, x = rng.standard_normal((2, 3)), 0.6 + 0.8 * rng.standard_normal((2, 3))
    squares = (w * x).sum(axis=1) ** 2
    found = projection_variance("randn(D)", (3,), mean=0.6, draws=2, seed=7)
    assert found.mean_square[0] == pytest.approx(squares.mean())
    assert found.standard_error[0] == pytest.approx(abs(squares[0] - squares[1]) / 2)


def test_the_three_scales():
    assert [scale(100) for scale in SCALES.values()] == pytest.approx([1.0, 0.01, 0.1])


# Saturation


def flat_ends(name):
    """Whether the slope at minus and at plus 30 is below a tenth of the largest."""
    slopes = np.abs(activation(name).df(np.linspace(-10, 10, 4001)))
    return tuple(abs(float(activation(name).df(end))) < 0.1 * slopes.max() for end in (-30.0, 30.0))


@pytest.mark.parametrize("name", activations.names())
def test_the_limit_is_for_functions_with_a_flat_side(name):
    low, high = flat_ends(name)
    assert (name in saturation.TWO_SIDED) == (low and high)
    assert (name in saturation.LIMITS) == (low or high)
    if not (low or high):
        assert saturation.limit(name) == 1.0
    elif not (low and high):
        assert saturation.limit(name) == max(saturation.LIMITS[name], 0.5)
    assert 0.0 < saturation.LIMITS.get(name, 0.5) < 1.0


@pytest.mark.parametrize(("q", "c", "batch"), [(1.0, 0.0, 3), (4.0, 0.5, 8), (0.25, 0.9, 32)])
@pytest.mark.parametrize("name", ["relu", "tanh", "hard_swish"])
def test_dead_shares_are_those_of_an_integral(name, q, c, batch):
    """Over what the inputs share, on a fine grid, of the chance of being saturated, counted in samples of z."""
    shared = np.linspace(-6, 6, 601)
    density = np.exp(-(shared**2) / 2) / np.exp(-(shared**2) / 2).sum()
    z = math.sqrt(q) * (math.sqrt(c) * shared[:, None] + math.sqrt(1 - c) * shared[None, :])
    chance = saturation.saturated(name, z.ravel()).reshape(z.shape) @ density
    expected = float(density @ chance**batch)
    assert saturation.dead_share(name, q, c, batch) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("q", [1e-20, 1.0, 1e20])
def test_of_equal_inputs_one_counts(q):
    assert saturation.dead_share("relu", q, 1.0, 64) == pytest.approx(0.5, abs=1e-6)
    assert saturation.saturated_share("relu", q) == pytest.approx(0.5)


def test_a_share_has_its_arguments_checked():
    for arguments in ((0.0, 0.5, 2), (1.0, -0.1, 2), (1.0, 1.1, 2), (1.0, 0.5, 0)):
        with pytest.raises(ValueError, match="must be"):
            saturation.dead_share("relu", *arguments)
    with pytest.raises(ValueError, match="q must be greater than 0"):
        saturation.saturated_share("relu", 0.0)


# Starts


def deviations(net):
    return [W.std() * math.sqrt(len(W)) for W in net.W]


@pytest.mark.parametrize(
    ("start", "first", "last", "out"),
    [
        ("standard", 1.0, 2**0.5, 1.0),
        ("scaled", 1.0, 0.5**0.5, 1.0),
        ("zero_last", 1.0, 0.0, 1.0),
        ("fixup", 0.5**0.5, 0.0, 0.0),
    ],
)
def test_how_a_residual_network_starts(start, first, last, out):
    """With four blocks, in deviations times the root of the fan-in."""
    net = ResidualMLP(100, 100, 4, 100, generator(), start=start)
    assert deviations(net) == pytest.approx([1.0, *[first, last] * 4, out], rel=0.04)
    assert [phi.name for phi in net.activations] == ["linear", *["relu", "linear"] * 4, "linear"]
    assert net.branch_ends == {2, 4, 6, 8}


@pytest.mark.parametrize(
    ("options", "factor"),
    [
        ({}, lambda k: 2.0),  # a branch returns the mean square that it was given
        ({"branch": 0.5}, lambda k: 1.25),
        ({"norm": "pre"}, lambda k: (k + 2) / (k + 1)),  # each adds 1
        ({"norm": "post"}, lambda k: 1.0),
    ],
)
def test_the_stream_grows_by_what_is_added(options, factor):
    stream = residual_stream(blocks=5, width=400, batch=50, **options)
    grown = (stream.size[1:] / stream.size[:-1]) ** 2
    assert grown == pytest.approx([factor(k) for k in range(5)], rel=0.1)
    # Back, a branch without normalization does to the gradient what it does to the stream.
    shrunk = (stream.gradient[:-1] / stream.gradient[1:]) ** 2
    if "norm" not in options:
        assert shrunk == pytest.approx(grown, rel=0.1)
    assert stream.gradient[-1] == pytest.approx(1.0, rel=0.05)


def test_batch_normalization_multiplies_the_gradient_by_a_constant():
    expected = math.sqrt(math.pi / (math.pi - 1))  # Yang et al. (2019), of ReLU and a large batch
    assert batch_norm_factor("relu", depth=12, width=200, batch=200) == pytest.approx(expected, rel=0.03)
    assert batch_norm_factor("relu", depth=12, width=200, batch=200, gain=3.0) == pytest.approx(expected, rel=0.03)
    assert math.isfinite(batch_norm_factor("linear", depth=4, width=3, batch=3))
    for wrong in ({"batch": 2}, {"depth": 3}, {"width": 0}):
        with pytest.raises(ValueError, match="must be at least"):
            batch_norm_factor("relu", **wrong)


def test_a_first_step_is_proportional_to_a_small_rate():
    slow, fast = (first_step_change("scaled", blocks=2, width=8, rate=rate) for rate in (1e-5, 2e-5))
    assert fast / slow == pytest.approx(2.0, rel=0.01)
    assert first_step_change("fixup", blocks=2, width=8, rate=1e-5) > 0.0


def test_a_residual_network_is_looked_at_before_and_after():
    first, second = train_residual("fixup", blocks=1, steps=4, width=8, seeds=(0, 1))
    assert first.steps.tolist() == second.steps.tolist() == [0.0, 4.0]
    assert not np.array_equal(first.accuracy, second.accuracy)


def test_lsuv_looks_at_pre_activations_with_their_biases():
    rng = generator()
    net = MLP([20, 30, 40, 10], "tanh", "zeros", rng)
    net.b = [rng.standard_normal(b.shape) * 0.7 for b in net.b]
    x = 4.0 * rng.standard_normal((200, 20))
    counts = lsuv(net, x, rng, tolerance=0.01)
    for z, count in zip(net.forward(x).pre_activations, counts, strict=True):
        assert abs(z.var() - 1.0) < 0.01
        assert 1 <= count <= 10
    assert lsuv(net, x, rng, tolerance=0.01, most=1) == [1, 1, 1]
    with pytest.raises(ValueError, match="tolerance must be greater than 0"):
        lsuv(net, x, rng, tolerance=0.0)


def test_at_width_64_maximal_update_is_the_standard_scaling():
    standard, maximal = (
        coordinate_check(scaling, widths=(64, 256), steps=1, seeds=(0, 1)) for scaling in ("standard", "mup")
    )
    assert maximal[0] == pytest.approx(standard[0], rel=0.15)
    assert maximal[1] == pytest.approx(maximal[0], rel=0.3)  # no layer moves more in a wider network
    assert (standard[1, 1:] > 2.5 * standard[0, 1:]).all()  # by a factor of 4, the width's


def test_maximal_update_divides_two_rates_by_the_width(monkeypatch):
    rates = []

    class Recorded(mup.Adam):
        def step(self, gradients, each):
            rates.append(list(each))
            super().step(gradients, each)

    monkeypatch.setattr(mup, "Adam", Recorded)
    for scaling in ("mup", "standard"):
        inspect.unwrap(mup.coordinate_check)(scaling, widths=(64, 128), steps=1, rate=0.02, seeds=(0,))
    assert rates == [[0.02, 0.02, 0.02], [0.02, 0.01, 0.01], [0.02] * 3, [0.02] * 3]


# Recurrences


def test_a_descent_follows_the_slope_of_its_loss():
    run = descend_recurrence(0.97, length=7, target=0.4, rate=0.05, steps=3)
    assert run.loss == pytest.approx([0.5 * (w**7 - 0.4) ** 2 for w in run.w])
    slope = [((w + 1e-6) ** 7 - 0.4) ** 2 / 4e-6 - ((w - 1e-6) ** 7 - 0.4) ** 2 / 4e-6 for w in run.w[:-1]]
    assert (run.w[:-1] - run.w[1:]) / 0.05 == pytest.approx(slope, rel=1e-6)
    clipped = descend_recurrence(1.5, length=7, target=0.4, rate=0.05, steps=1, max_norm=0.3)
    assert clipped.w[0] - clipped.w[1] == pytest.approx(0.05 * 0.3)


def test_a_memory_cell_is_that_of_the_paper():
    """Gers et al. (2000), a unit at a time."""
    rng, units = generator(3), 4
    W, U = glorot_normal(rng, (units, 4 * units)), glorot_normal(rng, (units, 4 * units))
    h, c, log_kept = [0.0] * units, [0.0] * units, [0.0] * units

    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    found = lstm_memory(1.5, steps=5, units=units, seed=3)
    assert found[0] == 1.0
    for step in range(5):
        x = rng.standard_normal(units)
        sums = [sum(x[j] * W[j, k] + h[j] * U[j, k] for j in range(units)) for k in range(4 * units)]
        for k in range(units):
            forget = sigmoid(sums[units + k] + 1.5)
            c[k] = forget * c[k] + sigmoid(sums[k]) * math.tanh(sums[2 * units + k])
            log_kept[k] += math.log(forget)
            h[k] = sigmoid(sums[3 * units + k]) * math.tanh(c[k])
        assert found[step + 1] == pytest.approx(math.exp(sum(log_kept) / units))


# Training


def test_a_step_with_dropout_is_one_without_the_dropped_units():
    """Which units were left out is seen by their weights, which stand still."""
    x, y = saddle_task()
    rate, share = 0.3, 0.4
    paths = train_units("lecun_normal", "lecun_normal", units=12, steps=1, rate=rate, dropout=share, seed=2)
    W, b, v = paths.W[0], paths.b[0], paths.v[0]
    kept = (paths.W[1] != W).any(axis=0)
    assert 0 < kept.sum() < 12
    hidden = np.tanh(x @ W + b) * kept / (1 - share)
    error = hidden @ v + paths.output_bias[0] - y[:, 0]
    assert paths.output_bias[1] == pytest.approx(paths.output_bias[0] - rate * error.mean())
    assert paths.v[1] == pytest.approx(v - rate * hidden.T @ error / len(x))
    assert paths.prediction[0] == pytest.approx(np.tanh(x @ W + b) @ v + paths.output_bias[0])  # of the whole network
    assert paths.loss[0] == pytest.approx(0.5 * ((paths.prediction[0] - y[:, 0]) ** 2).mean())
    assert train_units("constant", "constant", units=2, steps=1, dropout=0.0).W.shape == (2, 2, 2)
    for wrong in (1.0, -0.1):
        with pytest.raises(ValueError, match="dropout must be"):
            train_units("constant", "constant", units=2, steps=1, dropout=wrong)


def test_the_spread_of_units_is_the_largest_distance_from_their_mean():
    W = np.array([[1.0, 3.0, 2.0], [0.0, 4.0, 2.0]])
    paths = train_units(lambda rng, shape: np.resize(W, shape), "constant", units=3, steps=1)
    assert paths.spread[0] == pytest.approx(5**0.5)


def test_the_saddle_is_a_product_and_half_a_sum():
    x, y = saddle_task(3)
    assert [(*row, value) for row, value in zip(x.tolist(), y[:, 0], strict=True)][:4] == [
        (-1.0, -1.0, 0.0), (-1.0, 0.0, -0.5), (-1.0, 1.0, -1.0), (0.0, -1.0, -0.5),
    ]  # fmt: skip


def test_the_first_look_that_is_good_enough_counts():
    empty = np.zeros(0)
    history = History(np.array([0.0, 10.0, 20.0]), np.array([0.1, 0.5, 0.9]), empty, empty, empty, 0.9, None, None)
    assert [history.steps_to(level) for level in (0.05, 0.5, 0.51, 0.95)] == [0.0, 10.0, 20.0, math.inf]


@pytest.mark.parametrize(("name", "sigma_w", "chi"), [
    ("relu", 0.9, 0.81 / 2), ("relu", 1.2, 1.44 / 2), ("leaky_relu", 0.9, 0.81 * (1 + 0.01**2) / 2),
    ("tanh", 1e-200, None), ("tanh", 0.9, 0.81),
])  # fmt: skip
def test_a_depth_scale_knows_both_slopes_at_a_kink(name, sigma_w, chi):
    log = 2 * math.log(1e-200) if chi is None else math.log(chi)
    assert depth_scale(name, sigma_w=sigma_w) == pytest.approx(1 / abs(log), rel=1e-12)


def test_a_depth_scale_wants_a_slope():
    with pytest.raises(ValueError, match="the slope of square at 0 is 0"):
        depth_scale(Activation("square", np.square, lambda x: 2 * x), sigma_w=0.5)


@pytest.mark.parametrize(("name", "edge"), [("tanh", 1.0), ("linear", 1.0), ("relu", math.sqrt(2))])
def test_at_the_edge_there_is_no_depth_scale(name, edge):
    with pytest.raises(ValueError, match="infinite"):
        depth_scale(name, sigma_w=edge)


def test_near_the_edge_more_layers_are_followed():
    # Above tanh's edge tanh(z)^2 is about z^2 - 2 z^4 / 3, whose mean is q - 2 q^2. So with sigma_w^2 = 1 + s the
    # variance rests at s / 2, and chi, about (1 + s)(1 - 2 q), is near 1 - s^2: of second order in s.
    near, nearer = (depth_scale("tanh", sigma_w=sigma_w) for sigma_w in (1.01, 1.005))
    assert nearer / near == pytest.approx(4, rel=0.1)


def test_a_closed_gate_keeps_nothing_and_a_huge_bias_is_no_warning():
    assert lstm_memory(-1000.0, steps=3, units=4)[-1] == 0.0
    assert lstm_memory(1000.0, steps=3, units=4)[-1] == 1.0


def test_an_activation_of_a_reader_is_judged_by_its_values_and_not_by_its_name():
    fake = Activation("relu", activation("tanh").f, activation("tanh").df)
    mine = Activation("mine", fake.f, fake.df)
    for phi in (fake, mine):
        assert saturation.saturated_share(phi, 1.0) == saturation.saturated_share("tanh", 1.0)
        assert saturation.dead_share(phi, 1.0, 0.5, 4) == saturation.dead_share("tanh", 1.0, 0.5, 4)
        assert covariance(phi, 0.3, 1.0) == covariance("tanh", 0.3, 1.0)
        with pytest.raises(ValueError, match="no limit was measured"):
            saturation.limit(phi)
