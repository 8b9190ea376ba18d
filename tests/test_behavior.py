"""Activations by what they do: names, intervals, limits and gains against our own table and against closed forms."""

import math

import numpy as np
import pytest

from wi_docs import gain
from wi_docs.diagnosis.behavior import GRID, measured
from wi_docs.experiments import saturation
from wi_docs.nn import activations
from wi_docs.nn.activations import activation

# A straight line is no activation; hard and leaky ones have our names only at our own slopes and limits.
OURS = [name for name in activations.names() if name != "linear"]


def clip(z):
    return np.clip(z, 0.0, 6.0)


@pytest.mark.parametrize("name", OURS)
def test_ours_are_known_under_any_name(name):
    found = measured("something", activation(name).f)
    assert found.name == found.like == name
    assert found.flat == saturation.intervals(name)
    assert found.limit == saturation.limit(name)
    # A sum over a grid without corners between its points has seven digits; a jump costs some.
    assert found.gain == pytest.approx(gain(name), rel=1e-5)


def test_curves_that_differ_by_a_thousandth_are_two():
    relu = activation("relu").f
    assert measured("x", lambda z: relu(z) + 0.0009 * np.sin(z)).name == "relu"
    assert measured("x", lambda z: relu(z) + 0.0011 * np.sin(z)).name == "x"


def test_relu6_has_two_flat_sides_and_relus_theory():
    found = measured("relu6", clip)
    ((a, b), (c, d)) = found.flat
    assert (a, d) == (-math.inf, math.inf)
    assert (b, c) == (pytest.approx(0.0, abs=0.006), pytest.approx(6.0, abs=0.006))
    assert (found.like, found.limit) == ("relu", pytest.approx(0.65, abs=0.002))
    assert found.gain == pytest.approx(math.sqrt(2), rel=1e-4)


def test_the_limit_is_the_share_at_variance_1_and_a_bit():
    # Flat for a share of 0.1587 below -1: less than a quarter, so that a line with limits is its kin.
    low = measured("low", lambda z: np.maximum(z, -1.0))
    assert (low.like, low.limit) == ("hard_tanh", 0.5)
    # Flat below 1, a share of 0.8413.
    high = measured("high", lambda z: np.maximum(z, 1.0))
    assert high.like == "relu"
    assert high.limit == pytest.approx(0.8413 + 0.15, abs=0.002)
    leaky = measured("leaky", lambda z: np.where(z > 0, z, 0.2 * z))
    assert (leaky.flat, leaky.like, leaky.limit) == ((), "linear", 1.0)
    steep = measured("leaky", lambda z: np.where(z > 0, z, 0.05 * z))
    assert steep.flat[0][0] == -math.inf
    assert steep.flat[0][1] == pytest.approx(0.0, abs=0.006)
    assert steep.gain == pytest.approx(math.sqrt(2 / 1.0025), rel=1e-4)


def test_what_is_flat_in_the_middle_has_ends_on_both_sides():
    (middle,) = measured("shrink", lambda z: np.sign(z) * np.maximum(np.abs(z) - 2.0, 0.0)).flat
    assert middle == (pytest.approx(-2.0, abs=0.006), pytest.approx(2.0, abs=0.006))
    whole = measured("sine", np.sin)
    assert len(whole.flat) > 10
    assert all(math.isfinite(low) and high - low == pytest.approx(0.2, abs=0.02) for low, high in whole.flat[1:-1])
    # E sin(z)^2 = (1 - exp(-2)) / 2.
    assert whole.gain == pytest.approx(math.sqrt(2 / (1 - math.exp(-2))), rel=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        lambda z: 2 * z + 1,
        lambda z: np.zeros_like(z),
        lambda z: np.exp(z) / np.exp(z).sum(),  # mixes the numbers
        lambda z: z - z.mean(),
        lambda z: np.random.default_rng().normal(size=z.shape),
        lambda z: z * np.arange(z.size).reshape(z.shape),
        lambda z: z[:, :5],
        lambda z: np.log(z),
        lambda z: 1 / 0,
        lambda z: np.sort(z),
        lambda z: np.tanh(z[:, 2500:5501] if z.shape[1] == GRID.size else z),  # whole for the part alone
        lambda z: np.tanh(np.maximum.accumulate(z, axis=1)),  # the order counts, and only backward it shows
        lambda z: z[0],
        lambda z: np.tanh(z) if z.shape[1] == GRID.size else z,
    ],
)
def test_these_are_no_activations(f):
    with np.errstate(all="ignore"):
        assert measured("f", f) is None


def test_how_straight_a_line_is():
    # Steps of 0.005 that differ by less than a millionth of the slope are those of a line.
    assert measured("f", lambda z: z + 5e-5 * np.sin(z)) is None
    assert measured("f", lambda z: z + 2e-4 * np.sin(z)).name == "linear"
    assert measured("f", lambda z: 1e-3 * np.tanh(z)) is not None
    assert measured("f", lambda z: 1e-10 * np.tanh(z)) is None


def test_numbers_of_single_precision_cost_no_more():
    import time

    began = time.monotonic()
    found = measured("tanh", lambda z: np.tanh(z.astype("f4")))
    assert found.name == "tanh"
    assert measured("half", lambda z: np.maximum(z.astype("f2"), 0.5)).gain == pytest.approx(
        measured("half", lambda z: np.maximum(z, 0.5)).gain, rel=1e-3
    )
    assert time.monotonic() - began < 1.0  # an adaptive quadrature took 13 s
