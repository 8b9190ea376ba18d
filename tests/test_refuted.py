"""Sentences of the first chapters that did not hold: the counterexample runs, and the page now excludes it.

The experiments are written out here in numpy, apart from the package, so that a mistake of the package cannot agree
with itself. Of `wi_docs` only the digits are taken.
"""

import itertools
import re

import numpy as np
import pytest

from tests.faults import ROOT
from wi_docs.experiments import digits

DATA = digits.load()
FUNCTIONS = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
    "step": (lambda z: (z > 0).astype(float), lambda z, a: np.zeros_like(z)),
    "step, ramp's slope": (lambda z: (z > 0).astype(float), lambda z, a: (np.abs(z) < 1).astype(float)),
}


def says(page, now, was):
    """Hold the page against the sentence that it has now and the one that was refuted, line breaks aside."""
    text = " ".join(re.sub(r"\[\[claim: \w+\]\]", "", (ROOT / page).read_text(encoding="utf-8")).split())
    assert now in text
    assert was not in text


def network(widths, deviation, seed):
    """Draw normal weights of this deviation times the root of 1/fan-in, and biases of 0."""
    rng = np.random.default_rng(1000 + seed)
    W = [deviation * rng.standard_normal((m, n)) / np.sqrt(m) for m, n in itertools.pairwise(widths)]
    return W, [np.zeros(n) for n in widths[1:]]


def forward(W, b, phi, x):
    """Return pre-activations and activations, the input first; the last layer is linear."""
    z, a = [], [x]
    for layer, (weights, biases) in enumerate(zip(W, b, strict=True)):
        z.append(a[-1] @ weights + biases)
        a.append(z[-1] if layer == len(W) - 1 else FUNCTIONS[phi][0](z[-1]))
    return z, a


def backward(W, phi, z, a, cotangent):
    """Return the derivatives by pre-activations, first layer first, for this derivative by the output."""
    by_z = [cotangent]
    for layer in range(len(W) - 1, 0, -1):
        by_z.insert(0, (by_z[0] @ W[layer].T) * FUNCTIONS[phi][1](z[layer - 1], a[layer]))
    return by_z


def trained(W, b, phi, steps, rate, seed, adam=False):
    """Train on batches of 32 digits; return the share of test digits read, or None if it overflows."""
    rng, parameters = np.random.default_rng(seed), [*W, *b]
    mean, square = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            rows = rng.integers(len(DATA.train_x), size=32)
            z, a = forward(W, b, phi, DATA.train_x[rows])
            if not np.isfinite(a[-1]).all():
                return None
            e = np.exp(a[-1] - a[-1].max(axis=1, keepdims=True))
            cotangent = (e / e.sum(axis=1, keepdims=True) - np.eye(10)[DATA.train_y[rows]]) / 32
            by_z = backward(W, phi, z, a, cotangent)
            gradients = [x.T @ dz for x, dz in zip(a, by_z, strict=False)] + [dz.sum(axis=0) for dz in by_z]
            for p, m, v, g in zip(parameters, mean, square, gradients, strict=True):
                if adam:
                    m += 0.1 * (g - m)
                    v += 0.001 * (g * g - v)
                    p -= rate * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                else:
                    p -= rate * g
        return float((forward(W, b, phi, DATA.test_x)[1][-1].argmax(axis=1) == DATA.test_y).mean())


def units(n, v, rates, steps, *, adam=False, decay=0.0):
    """Train n equal tanh units on a sum and a product, full batch; return the predictions. Biases of units stay 0."""
    axis = np.linspace(-1, 1, 7)
    x = np.array([(p, q) for p in axis for q in axis])
    y = x[:, :1] * x[:, 1:] + 0.5 * (x[:, :1] + x[:, 1:])
    W, u = np.full((2, n), 0.3), np.full((n, 1), v)
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in (W, u)]
    for step in range(1, steps + 1):
        h = np.tanh(x @ W)
        d = (h @ u - y) / len(x)
        gradients = (x.T @ ((d @ u.T) * (1 - h * h)) + decay * W, h.T @ d + decay * u)
        for p, g, rate, (m, s) in zip((W, u), gradients, rates, moments, strict=True):
            m += 0.1 * (g - m)
            s += 0.001 * (g * g - s)
            way = m / (1 - 0.9**step) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8) if adam else g
            p -= rate * way
    return np.tanh(x @ W) @ u


def test_a_small_signal_is_not_lost():
    W, _ = network([64] * 11, 1.0, 0)
    parts = []
    for a in (DATA.train_x, DATA.test_x):
        for weights in W:
            a = FUNCTIONS["sigmoid"][0](a @ weights)
        parts.append(a)
    assert parts[0].std(axis=0).mean() < 1e-6
    mean, size = parts[0].mean(axis=0), parts[0].std(axis=0)
    train, test = (np.c_[(a - mean) / size, np.ones(len(a))] for a in parts)
    readout = np.linalg.lstsq(train, np.eye(10)[DATA.train_y], rcond=None)[0]
    assert ((test @ readout).argmax(axis=1) == DATA.test_y).mean() > 0.85
    says(
        "docs/vanishing-gradients.md",
        "The differences are small, but they are still there:",
        "A rate cannot bring back what the signal has lost",
    )


def test_half_of_the_scale_is_decided_by_the_optimizer_too():
    widths, half = [64] * 11 + [10], 0.5 * np.sqrt(2)
    assert trained(*network(widths, half, 0), "relu", 300, 0.02, 0) < 0.3
    assert trained(*network(widths, half, 0), "relu", 300, 0.001, 0, adam=True) > 0.8
    says(
        "docs/weight-initialization.md",
        "With this optimizer and this rate, the scale decides in these networks, before the first step,",
        "training. Both were decided before the first step.",
    )


def test_half_again_too_large_is_gone_at_one_rate_and_not_at_another():
    widths, large = [64] * 11 + [10], 1.5 * np.sqrt(2)
    assert trained(*network(widths, large, 0), "relu", 300, 0.02, 0) is None
    assert trained(*network(widths, large, 0), "relu", 300, 0.003, 0) > 0.4
    says(
        "docs/weight-initialization.md",
        "by this descent at this rate, 40 of 40 networks with ten ReLU layers of 64 units are gone",
        "Half again too large and it is gone",
    )


def test_within_a_factor_of_twenty_a_rate_can_still_be_too_large():
    """Of ReLU networks of variance 2.5 some overflow at both rates that were tried first, 0.02 and 0.1."""
    widths = [64] * 21 + [10]
    ended = [
        [trained(*network(widths, np.sqrt(2.5), s), "relu", 40, rate, s) for rate in (0.005, 0.02, 0.1)]
        for s in range(6)
    ]
    assert any(fast is None and faster is None for _, fast, faster in ended)
    assert all(slow is not None for slow, _, _ in ended)
    says(
        "docs/vanishing-gradients.md",
        "at the better of the rates 0.005 and 0.02",
        "after 600 steps at the better of two rates",
    )


def test_adam_takes_five_sigmoid_layers_away_from_chance():
    assert trained(*network([64] * 6 + [10], 1.0, 0), "sigmoid", 400, 0.5, 0) < 0.2
    assert trained(*network([64] * 6 + [10], 1.0, 0), "sigmoid", 400, 0.01, 0, adam=True) > 0.8
    says(
        "docs/vanishing-gradients.md",
        "Adam frees the five layers in 400 steps, and not the ten, not even in 600.",
        "where the deeper sigmoid networks stay",
    )


def test_plain_larger_weights_do_what_pre_training_does():
    ended = [trained(*network([64] * 6 + [10], 3.0, s), "sigmoid", 400, 0.5, s) for s in range(3)]
    assert min(ended) > 0.9
    says(
        "docs/vanishing-gradients.md",
        "Here the scale alone is a cure. What the pre-trained weights know beyond their scale makes it a quick one.",
        "A good part of what it gave to these networks could have been had from a better first scale.",
    )


def test_more_examples_than_weights_do_not_make_one_lowest_point():
    x = DATA.train_x
    assert len(x) > x.shape[1] > np.linalg.matrix_rank(x) == 60
    lowest = np.linalg.lstsq(x, np.eye(10)[DATA.train_y], rcond=None)[0]
    other = lowest + np.linalg.svd(x)[2][-1][:, None]  # a direction that no example has
    assert np.abs(x @ other - x @ lowest).max() < 1e-9
    says(
        "docs/weight-initialization.md",
        "span all directions, least squares has one lowest *point* too, a single set of weights and biases",
        "With more examples than weights there is one lowest",
    )


def test_a_pixel_that_is_the_same_in_training_need_not_be_so_in_all_images():
    parts = (DATA.train_x, DATA.valid_x, DATA.test_x)
    assert (np.ptp(DATA.train_x, axis=0) == 0).sum() == 4
    assert (np.ptp(np.concatenate(parts), axis=0) == 0).sum() == 3
    says(
        "docs/weight-initialization.md",
        "Four of their 64 pixels are the same in the whole training part",
        "Four of their 64 pixels are the same in all images",
    )


def test_softmax_regression_has_no_lowest_point_where_the_classes_can_be_told_apart():
    x, wanted, W = np.c_[DATA.train_x, np.ones(len(DATA.train_x))], np.eye(10)[DATA.train_y], np.zeros((65, 10))

    def descent(W):
        z = x @ W
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return -np.log((p * wanted).sum(axis=1)).mean(), x.T @ (p - wanted) / len(x)

    for _ in range(1500):
        W -= 1.0 * descent(W)[1]
    assert ((x @ W).argmax(axis=1) == DATA.train_y).all()
    losses = [descent(k * W)[0] for k in (1, 2, 4, 8)]
    assert losses == sorted(losses, reverse=True)
    says(
        "docs/weight-initialization.md",
        "the loss falls towards 0 and does not reach it",
        "and gradient descent gets there",
    )


def test_equal_weights_into_a_layer_are_not_enough_for_equal_gradients():
    rng = np.random.default_rng(0)
    W, b = [np.full((64, 5), 0.05), rng.standard_normal((5, 10))], [np.zeros(5), np.zeros(10)]
    z, a = forward(W, b, "tanh", DATA.train_x)
    by_z = backward(W, "tanh", z, a, rng.standard_normal(a[-1].shape))
    assert np.ptp(DATA.train_x.T @ by_z[0], axis=1).max() > 1
    equal = [W[0], np.tile(W[1][:1], (5, 1))]
    z, a = forward(equal, b, "tanh", DATA.train_x)
    by_z = backward(equal, "tanh", z, a, rng.standard_normal(a[-1].shape))
    assert np.ptp(DATA.train_x.T @ by_z[0], axis=1).max() < 1e-9
    says(
        "docs/weight-initialization.md",
        "If their biases, and the weights that lead out of them, are equal from unit to unit as well, the units",
        "Since they are alike, each also gets the same gradient",
    )


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda z: (z > 0).astype(float), np.zeros_like),
        (lambda z: z - np.floor(z), np.ones_like),
    ],
    ids=["a step", "a saw"],
)
def test_a_derivative_almost_everywhere_is_not_enough(f, slope):
    ends, middles = np.array([-0.5, 1.5]), np.linspace(-0.5, 1.5, 2001)[:-1] + 5e-4
    by_difference = (f(middles + 1e-6) - f(middles - 1e-6)) / 2e-6
    assert (np.abs(by_difference - slope(middles)) < 1e-6).mean() > 0.99  # the derivative, but for a jump or two
    assert abs(np.diff(f(ends))[0] - 2 * slope(middles).mean()) > 0.9  # and the function is not its integral
    says(
        "docs/vanishing-gradients.md",
        r"A slope tells how the function changes if the area under the slope gives the function back: "
        r"$\varphi(b) - \varphi(a) = \int_a^b \varphi'$",
        "a derivative almost everywhere that says truthfully which way is down",
    )


def test_a_slope_that_is_made_up_trains_too():
    """Steps read more with the slope of a ramp, of which they are no integral, than with their own, which is 0."""
    for seed in range(3):
        with_ramp, with_own = (
            trained(*network([64, 32, 32, 10], 1.0, seed), phi, 400, 0.1, seed)
            for phi in ("step, ramp's slope", "step")
        )
        assert with_ramp > with_own + 0.1
    says(
        "docs/vanishing-gradients.md",
        "uses nothing but slopes",
        "the function has to be the integral of its slope",
    )


def test_a_corner_is_met_where_an_image_is_black():
    rng = np.random.default_rng(0)
    black = np.zeros((50, 28, 28))
    black[:, 10:18, 10:18] = rng.uniform(0.1, 1, (50, 8, 8))
    kernel = rng.standard_normal((3, 3))
    z = sum(kernel[i, j] * black[:, i : i + 26, j : j + 26] for i in range(3) for j in range(3))
    assert (z == 0).mean() > 0.8
    assert not (black.reshape(50, -1) @ rng.standard_normal((784, 100)) == 0).any()
    says(
        "docs/vanishing-gradients.md",
        "inputs are not all 0, a pre-activation is almost never exactly 0",
        "A pre-activation that is a sum of real numbers hits exactly 0 almost never.",
    )


def test_with_its_biases_pytorchs_default_keeps_a_signal_and_not_the_gradient():
    n, rng = 512, np.random.default_rng(0)
    x, bound = rng.standard_normal((32, n)), n**-0.5
    a, z, W = [x], [], [rng.uniform(-bound, bound, (n, n)) for _ in range(30)]
    for weights in W:
        z.append(a[-1] @ weights + rng.uniform(-bound, bound, n))
        a.append(np.maximum(z[-1], 0))
    size = [np.sqrt((v**2).mean()) for v in z]
    assert 0.9 < size[29] / size[9] < 1.1
    by_z = backward([*W, np.eye(n)], "relu", z, [*a], rng.standard_normal((32, n)))[:30]
    by_size = [np.sqrt((v**2).mean()) for v in by_z]
    assert (by_size[9] / by_size[29]) ** (1 / 20) == pytest.approx(6**-0.5, rel=0.05)
    says(
        "docs/vanishing-gradients.md",
        "Such biases do not save the gradient, and they hide how much of the signal is lost:",
        "and at the default of PyTorch's linear layer",
    )


def test_equal_units_are_one_unit_for_plain_descent_and_for_adam_with_other_rates():
    n, rate = 8, 0.05
    many = units(n, 0.2, (rate, rate), 300)
    assert np.abs(many - units(1, n * 0.2, (rate / n, rate * n), 300)).max() < 1e-9
    decayed = units(n, 0.2, (rate, rate), 300, decay=0.01)
    assert np.abs(decayed - units(1, n * 0.2, (rate / n, rate * n), 300, decay=0.01)).max() > 0.01
    adam = units(n, 0.2, (rate, rate), 30, adam=True)
    assert np.abs(adam - units(1, n * 0.2, (rate / n, rate * n), 30, adam=True)).max() > 0.01
    assert np.abs(adam - units(1, n * 0.2, (rate, rate * n), 30, adam=True)).max() < 1e-4
    says(
        "docs/weight-initialization.md",
        "along the whole way of plain gradient descent without weight decay",
        "along the whole way of plain gradient descent, if the one unit",
    )


def test_a_sum_grows_like_the_root_and_its_mean_square_like_the_number_of_inputs():
    rng, numbers = np.random.default_rng(0), (10, 1000)
    small, large = (
        ((rng.standard_normal((4000, d)) * rng.standard_normal((4000, d))).sum(1) ** 2).mean() for d in numbers
    )
    assert large / small == pytest.approx(100, rel=0.2)
    assert np.sqrt(large / small) == pytest.approx(10, rel=0.1)
    says(
        "docs/weight-initialization.md",
        "the mean square grows in proportion to the number of inputs",
        "the sum grows with the number of inputs",
    )


def test_two_more_layers_of_zeros_are_flat_to_second_order():
    """At zero the loss of two matrices bends, and that of three does not."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 3))

    def bend(layers):
        steps = [rng.standard_normal((3, 3)) for _ in range(layers)]

        def loss(t):
            out = x
            for step in steps:
                out = out @ (t * step)
            return ((out - y) ** 2).mean()

        return abs(loss(1e-3) - 2 * loss(0.0) + loss(-1e-3)) / 1e-6

    assert bend(2) > 0.1
    assert bend(3) < 1e-3
    says(
        "docs/weight-initialization.md",
        "So the loss is flat at zero to second order too",
        "and zero is a saddle of it [@baldi1989].",
    )


def test_a_tamed_tanh_recurrence_is_not_saturated():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        W, h, gradient, slopes = rng.standard_normal((64, 64)), rng.standard_normal(64), np.eye(64), []
        W *= 1.1 / np.abs(np.linalg.eigvals(W)).max()
        for _ in range(100):
            h = np.tanh(h @ W)
            gradient, slopes = gradient @ (W * (1 - h * h)), [*slopes, 1 - h * h]
        assert np.log(np.linalg.norm(gradient, 2)) < 50 * np.log(1.1)
        assert np.mean(slopes) == pytest.approx(0.9, abs=0.05)
        assert (np.array(slopes) < 0.1).mean() < 0.05
    says("docs/exploding-gradients.md", "though few units saturate", "units that saturate keep the gradient far below")


def test_above_the_edge_a_gradient_grows_by_e():
    n, rng, scale = 256, np.random.default_rng(0), 2.0
    W = [scale * rng.standard_normal((n, n)) / np.sqrt(n) for _ in range(30)]
    z, a = forward([*W, np.eye(n)], [np.zeros(n)] * 31, "tanh", rng.standard_normal((32, n)))
    by_z = backward([*W, np.eye(n)], "tanh", z, a, rng.standard_normal((32, n)))
    assert np.sqrt((by_z[9] ** 2).mean() / (by_z[28] ** 2).mean()) > np.e
    says("docs/exploding-gradients.md", "it shrinks or grows by a factor of $e$ in", "it falls to a $1/e$ after")


def test_leaky_relu_has_one_gain_for_both_directions_too():
    z = np.random.default_rng(0).standard_normal(1_000_000)
    leaky, slope = np.where(z > 0, z, 0.01 * z), np.where(z > 0, 1.0, 0.01)
    assert (leaky**2).mean() == pytest.approx((slope**2).mean(), rel=0.01)
    assert (np.tanh(z) ** 2).mean() != pytest.approx(((1 - np.tanh(z) ** 2) ** 2).mean(), rel=0.1)
    says("docs/exploding-gradients.md", "For linear units, ReLU and leaky ReLU one gain", "For the others it does not.")


def test_singular_values_say_nothing_of_powers():
    W = np.array([[0.0, 5.0], [0.0, 0.0]])
    assert np.linalg.norm(W, 2) == 5
    assert not (W @ W).any()
    says(
        "docs/exploding-gradients.md",
        "**Eigenvalues**, for many steps with the same matrix.",
        "and the answer is its singular values.",
    )


def test_a_factor_on_relu_weights_leaves_no_noise_in_the_gradient():
    rng = np.random.default_rng(0)
    W, b = network([64] * 51, np.sqrt(2), 0)
    x, cotangent = rng.standard_normal((8, 64)), rng.standard_normal((8, 64))
    one, half = (
        backward(scaled, "relu", *forward(scaled, b, "relu", x), cotangent)[0] for scaled in (W, [0.5 * w for w in W])
    )
    assert (one * half).sum() / np.linalg.norm(one) / np.linalg.norm(half) == pytest.approx(1, abs=1e-12)
    assert np.linalg.norm(half) / np.linalg.norm(one) == pytest.approx(0.5**49)
    says("docs/index.md", "does not change its direction", "hears nothing, or noise")


def test_a_quarter_more_explodes_from_hes_scale_and_not_from_lecuns():
    rng = np.random.default_rng(0)
    x, cotangent = rng.standard_normal((8, 128)), rng.standard_normal((8, 128))

    def left(scale):
        W, b = network([128] * 51, scale, 0)
        return np.sqrt((backward(W, "relu", *forward(W, b, "relu", x), cotangent)[0] ** 2).mean())

    assert left(1.25 * np.sqrt(2)) > 1000
    assert left(1.25) < 0.1
    says("README.md", "At the scale of He and others a ReLU network", "Multiply the weights of a ReLU network of fifty")


def test_weights_of_one_variance_differ_if_they_are_not_independent():
    rng, n = np.random.default_rng(0), 64
    free, turned = np.eye(n), np.eye(n)
    for _ in range(50):
        free = free @ (rng.standard_normal((n, n)) / np.sqrt(n))
        turned = turned @ np.linalg.qr(rng.standard_normal((n, n)))[0]
    assert np.linalg.svd(free, compute_uv=False)[n // 2] < 1e-3
    assert np.linalg.svd(turned, compute_uv=False)[n // 2] == pytest.approx(1)
    says(
        "docs/weight-initialization.md",
        "In wide ReLU layers, independent weights of mean 0 give the same factor whether they are normal or uniform",
        "Which distribution hardly matters: normal and uniform",
    )
