"""Gains against closed forms and an independent quadrature; functions of the reader's own, corners anywhere."""

import math

import numpy as np
import pytest

from wi_docs.nn.activations import activation, names
from wi_docs.nn.gains import gain, mean, second_moment


def reference(g):
    """E[g(z)²] by Simpson's rule between the corners, on a grid so fine that its error is far below 1e-9."""
    total = 0.0
    for low, high in ((0.0, 1.0), (1.0, 3.0), (3.0, 14.0)):
        x = np.linspace(low, high, 2**15 + 1)
        weights = np.full(x.size, 2.0)
        weights[1::2] = 4.0
        weights[[0, -1]] = 1.0
        weights *= (high - low) / 2**15 / 3 * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        x[0], x[-1] = np.nextafter(low, high), np.nextafter(high, low)  # on this side of the corners
        total += float(weights @ (g(x) ** 2 + g(-x) ** 2))
    return total


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_against_another_quadrature(name, direction):
    phi = activation(name)
    expected = reference(phi.f if direction == "forward" else phi.df)
    assert second_moment(name, direction=direction) == pytest.approx(expected, rel=1e-9)


def test_closed_forms():
    assert second_moment("linear", 2.5) == pytest.approx(2.5, rel=1e-12)
    assert second_moment("relu", 3.0) == pytest.approx(1.5, rel=1e-12)
    assert second_moment("relu", direction="backward") == pytest.approx(0.5, rel=1e-12)
    assert second_moment("leaky_relu") == pytest.approx((1 + 0.01**2) / 2, rel=1e-12)
    assert second_moment("selu") == pytest.approx(1.0, rel=1e-12)
    # E[erf(z)²] = (2/π) asin(2/3), Williams (1998)
    assert second_moment(lambda x: np.vectorize(math.erf)(x)) == pytest.approx(
        2 / math.pi * math.asin(2 / 3), rel=1e-10
    )


@pytest.mark.parametrize("at", [0.0, 0.3, -1.2345, 2.0])
def test_a_corner_anywhere(at):
    def corner(x):
        return np.maximum(x - at, 0.0)

    # E[(z - a)^2; z > a] = (1 + a^2) Phi(-a) - a phi(a), and E[1; z > a] = Phi(-a).
    tail = 0.5 * math.erfc(at / math.sqrt(2))
    density = math.exp(-at * at / 2) / math.sqrt(2 * math.pi)
    assert second_moment(corner) == pytest.approx((1 + at * at) * tail - at * density, rel=1e-10)
    assert second_moment(corner, direction="backward") == pytest.approx(tail, rel=1e-8)


@pytest.mark.parametrize("name", names())
def test_the_numerical_slope_of_a_function_agrees_with_the_exact_one(name):
    f = activation(name).f
    assert gain(lambda x: f(x), direction="backward") == pytest.approx(gain(name, direction="backward"), rel=1e-9)


def test_q_scales_the_argument():
    assert second_moment("tanh", 4.0) == pytest.approx(second_moment(lambda x: np.tanh(2 * x)), rel=1e-10)


@pytest.mark.parametrize(
    ("function", "direction", "says"),
    [
        (lambda x: 0 * x, "forward", "no gain"),
        (lambda x: np.exp(x * x / 2), "forward", "may be infinite"),
        (lambda x: np.exp(x * x / 4), "forward", "may be infinite"),
        (lambda x: np.exp(1.0 * x * x), "forward", "may be infinite"),
        (lambda x: np.exp(x * x / 3), "backward", "may be infinite"),
        (lambda x: 0 * x + 3, "backward", "no gain"),
        (lambda x: x[:-1], "forward", "elementwise"),
        (lambda x: np.where(x > 0, np.nan, x), "forward", "NaN"),
        (np.sign, "backward", "did not settle"),
        (lambda x: np.where(x < 0, np.exp(np.minimum(x, 0) ** 2 / 2), 1.0), "forward", "may be infinite"),
        (lambda x: np.where(x > 0, np.exp(np.maximum(x, 0) ** 2 / 2), 1.0), "forward", "may be infinite"),
    ],
)
def test_what_has_no_gain(function, direction, says):
    with pytest.raises(ValueError, match=says):
        gain(function, direction=direction)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_factor_on_a_function_is_squared_in_its_moment(factor, direction):
    """The accuracy is relative: small functions get it too, and large ones settle."""

    def corner(x):
        return np.maximum(x - 0.3, 0.0)

    once = second_moment(corner, direction=direction)
    scaled = second_moment(lambda x: factor * corner(x), direction=direction)
    assert scaled == pytest.approx(factor**2 * once, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("q", [1e3, 1e6, 1e12, 1e30])
@pytest.mark.parametrize("function", ["hard_tanh", lambda x: np.clip(x, -1.0, 1.0)])
def test_a_bend_that_is_narrow_at_a_large_variance_is_seen(function, q):
    """The slope is 1 where a normal number of variance q lies between -1 and 1, and its square elsewhere is 1."""
    inside = math.erf(1 / math.sqrt(2 * q))
    assert second_moment(function, q, direction="backward") == pytest.approx(inside, rel=1e-10)
    assert second_moment(function, q) == pytest.approx(1.0, rel=2 * inside)


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("factor", [1e-160, 1e-165, 1e-300])
def test_squares_below_float64_are_refused(factor, direction):
    with pytest.raises(ValueError, match="below float64"):
        second_moment(lambda x: factor * x, direction=direction)


@pytest.mark.parametrize("q", [0.25, 1.0, 9.0])
def test_means_in_closed_form(q):
    at = 0.3  # E max(root z - a, 0) with root z normal of variance q
    ratio = at / math.sqrt(q)
    expected = math.sqrt(q / (2 * math.pi)) * math.exp(-(ratio**2) / 2) - at * 0.5 * math.erfc(ratio / math.sqrt(2))
    assert mean(lambda x: np.maximum(x - at, 0.0), q) == pytest.approx(expected, rel=1e-10)
    assert mean("relu", q) == pytest.approx(math.sqrt(q / (2 * math.pi)), rel=1e-12)


@pytest.mark.parametrize("q", [0.25, 1.0, 9.0])
@pytest.mark.parametrize("odd", [np.sign, lambda x: x * (np.abs(x) > 0.5), lambda x: np.sign(x) * (np.abs(x) > 1.7)])
def test_an_odd_function_has_the_mean_0_with_jumps_too(odd, q):
    assert mean(odd, q) == pytest.approx(0.0, abs=1e-10)
    assert mean(lambda x: 2.0 + odd(x), q) == pytest.approx(2.0, rel=1e-10)


@pytest.mark.parametrize("integral", [mean, second_moment])
@pytest.mark.parametrize("q", [0.0, -1.0])
def test_a_variance_is_positive(integral, q):
    for function in ("relu", np.tanh):
        with pytest.raises(ValueError, match="q must be greater than 0"):
            integral(function, q)


@pytest.mark.parametrize("q", [0.3, 7.0])
def test_where_corners_are_said_to_be_changes_no_moment(q):
    """Not even where nothing is, or far out, where the density is 0."""
    expected = [second_moment("hard_tanh", q, direction=direction) for direction in ("forward", "backward")]
    for corners in ((-1.0, 1.0), (0.123, 1e3)):
        for direction, moment in zip(("forward", "backward"), expected, strict=True):
            assert second_moment("hard_tanh", q, direction=direction, corners=corners) == pytest.approx(
                moment, rel=1e-9
            )


SINGLE = {
    "identity": lambda z: z,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "fast sine": lambda z: np.sin(50 * z),
    "with a jump": lambda z: np.where(z > 0.3, 1.0, z),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_function_of_single_precision_settles_at_its_own_digits(name):
    f, calls = SINGLE[name], []

    def single(z):
        calls.append(z.size)
        return f(z).astype(np.float32)

    assert gain(single) == pytest.approx(gain(f), rel=1e-6)
    if name != "with a jump":
        assert gain(single, direction="backward") == pytest.approx(gain(f, direction="backward"), rel=1e-4)
    assert sum(calls) < 1e6  # 26 panels of 16 nodes, and some halvings; it was 10^9 once


def test_what_is_rounded_in_secret_or_too_coarse_is_refused():
    with pytest.raises(ValueError, match=r"did not settle on 100,000 pieces: .* single precision"):
        gain(lambda z: np.tanh(z.astype(np.float32)).astype(float))
    with pytest.raises(ValueError, match="half precision, too coarse for slopes"):
        gain(lambda z: np.tanh(z).astype(np.float16), direction="backward")
    assert gain(lambda z: np.tanh(z).astype(np.float16)) == pytest.approx(gain("tanh"), rel=1e-4)
