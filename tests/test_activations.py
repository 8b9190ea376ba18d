"""Values and slopes against forty digits of mpmath, in the tails too, and silence at the far ends."""

import functools

import mpmath as mp
import numpy as np
import pytest

from wi_docs import MLP
from wi_docs.nn import activations
from wi_docs.nn.activations import SELU_ALPHA, SELU_LAMBDA, Activation, activation, names

mp.mp.dps = 40  # digits


def _lecun(x):
    return mp.mpf("1.7159") * mp.tanh(2 * x / 3)


EXACT = {
    "linear": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "tanh": mp.tanh,
    "lecun_tanh": _lecun,
    "relu": lambda x: max(x, mp.mpf(0)),
    "leaky_relu": lambda x: x if x > 0 else x * mp.mpf(0.01),
    "elu": lambda x: x if x > 0 else mp.expm1(x),
    "selu": lambda x: mp.mpf(SELU_LAMBDA) * (x if x > 0 else mp.mpf(SELU_ALPHA) * mp.expm1(x)),
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))) / 2,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "hard_tanh": lambda x: max(mp.mpf(-1), min(mp.mpf(1), x)),
    "hard_swish": lambda x: x * max(mp.mpf(0), min(mp.mpf(6), x + 3)) / 6,
}
POINTS = np.concatenate([np.linspace(-8, 8, 81)[:-1] + 0.0137, [-300.0, -36.5, -20.25, 20.25, 36.5, 300.0]])
TINY = 1e-290  # below it float64 has fewer digits to be right in


def _relative_error(got, exact):
    """Return the relative error, or the absolute one where the exact value is too small for float64's digits."""
    return float(abs(mp.mpf(float(got)) - exact) / abs(exact)) if abs(exact) > TINY else abs(float(got) - float(exact))


def test_every_activation_has_a_reference():
    lacking = set(names()) - set(EXACT)
    assert not lacking, f"tests/test_activations.py: EXACT has no {lacking}. Every activation is held against mpmath"
    assert set(EXACT) == set(names())


@pytest.mark.parametrize(
    ("given", "field"), [({"paper": None}, "formula"), ({"formula": "$x$"}, "paper")], ids=["formula", "paper"]
)
def test_an_activation_that_does_not_say_what_it_is_is_refused(given, field):
    words = rf"activations.py: the activation nameless has no {field}. Every activation states its function, slope"
    with pytest.raises(ValueError, match=words):
        activations._add("nameless", np.tanh, np.tanh, **given)
    assert "nameless" not in names()


@pytest.mark.parametrize("name", names())
def test_values_and_slopes_are_accurate_to_1e_12(name):
    phi = activation(name)
    for x in POINTS:
        mp.mp.dps = 400 if abs(x) > 30 else 40  # 1 + tanh cancels hundreds of digits in the far tail
        exact, slope = EXACT[name](mp.mpf(x)), mp.diff(EXACT[name], mp.mpf(x), h=mp.mpf(10) ** (-mp.mp.dps // 3))
        assert _relative_error(phi.f(x), exact) < 1e-12, x
        if abs(slope) > 1e-2 or abs(x) > 2:  # relative error means nothing next to a zero of the slope
            assert _relative_error(phi.df(x), slope) < 1e-12, x


@pytest.mark.parametrize("name", names())
def test_the_far_ends_are_finite_and_silent(name):
    far = np.array([-1e308, -1e3, -745.0, -40.0, -5e-324, 0.0, 40.0, 745.0, 1e3, 1e308])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite(activation(name).f(far)).all()
        assert np.isfinite(activation(name).df(far)).all()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4), (0, 5)])
def test_any_shape_comes_back(shape):
    for name in names():
        assert activation(name).f(np.ones(shape)).shape == shape
        assert activation(name).df(np.ones(shape)).dtype == np.float64


def test_the_textbook_slope_of_the_sigmoid_fails_this_test():
    s = activation("sigmoid").f(40.0)
    exact = mp.diff(EXACT["sigmoid"], mp.mpf(40))
    assert _relative_error(s * (1 - s), exact) > 0.5


def test_selu_constants_are_the_published_ones():
    # Klambauer et al. (2017), section "Deriving the Mean and Variance Mapping Function g"
    assert f"{SELU_LAMBDA:.4f} {SELU_ALPHA:.4f}" == "1.0507 1.6733"


CORNERS = {"relu": (0,), "leaky_relu": (0,), "selu": (0,), "hard_tanh": (-1, 1), "hard_swish": (-3, 3)}


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, places in CORNERS.items() for at in places])
def test_the_slope_at_a_corner_is_the_one_on_the_left(name, at):
    h = mp.mpf(10) ** -15
    left = (EXACT[name](mp.mpf(at)) - EXACT[name](at - h)) / h
    assert float(activation(name).df(float(at))) == pytest.approx(float(left), abs=1e-12)


def test_unchecked_leaves_out_the_check_of_our_functions():
    with np.errstate(invalid="ignore"):
        assert np.isnan(activations.unchecked(activation("tanh").f)(np.array(np.nan)))


@pytest.mark.parametrize(
    ("function", "kind", "says"),
    [
        (lambda x: x * np.nan, ValueError, "must be numbers, got 2 NaN"),
        (lambda x: x[:1], ValueError, r"took shape \(2,\) and returned \(1,\)"),
        (lambda x: x > 0, TypeError, "real numbers, got dtype bool"),
        (lambda x: "abc", TypeError, "real numbers, got dtype"),
    ],
)
def test_values_of_a_readers_function_are_looked_at(function, kind, says):
    with pytest.raises(kind, match=says):
        activations.unchecked(function)(np.array([1.0, 2.0]))
    net = MLP([2, 3, 1], "tanh", "glorot_normal", np.random.default_rng(0), output=Activation("mine", np.cos, np.sin))
    net.activations[0] = Activation("mine", lambda x: function(x.ravel()), np.sin)
    with pytest.raises((ValueError, TypeError), match=r"an activation"):
        net.forward(np.ones((1, 2)))


def test_a_readers_function_keeps_its_decorator():
    """`functools.wraps` leaves the bare function in an attribute, which is not what the reader has given."""

    @functools.wraps(np.cos)
    def doubled(x):
        return 2 * np.cos(x)

    assert activations.unchecked(doubled)(np.zeros(1)) == 2.0
