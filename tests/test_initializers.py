"""The law of each scheme: moments within their standard errors, where the neighboring law is far outside."""

import inspect
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wi_docs.nn import initializers
from wi_docs.nn.initializers import SCHEMES, get, names

SHAPE = (300, 120)


def weights(name, shape=SHAPE, seed=0):
    return get(name)(np.random.default_rng(seed), shape)


def z_score(W, variance):
    """Return the distance of the mean square of W from `variance`, in standard errors."""
    squares = W.ravel() ** 2
    return (squares.mean() - variance) / (squares.std(ddof=1) / len(squares) ** 0.5)


def assert_deviation(name, W, deviation):
    apart = abs(z_score(W, deviation**2))
    assert apart < 4, (
        f"wi_docs/nn/initializers.py: {name} draws a deviation of {np.sqrt((W**2).mean()):.4g}, and its entry states "
        f"{deviation:.4g}, {apart:.0f} standard errors away; at most 4 are chance"
    )


@pytest.mark.parametrize("name", names())
def test_mean_and_variance_are_those_that_the_entry_states(name):
    W, deviation = weights(name), SCHEMES[name].deviation(SHAPE)
    assert W.shape == SHAPE
    if np.array_equal(W, weights(name, seed=1)):  # nothing is drawn
        assert np.sqrt((W**2).mean()) == pytest.approx(deviation)
        return
    assert abs(W.mean()) < 4 * W.std() / W.size**0.5
    assert_deviation(name, W, deviation)


@pytest.mark.parametrize("field", ["formula", "use", "paper", "deviation", "docstring"])
def test_a_scheme_that_does_not_say_what_it_is_is_refused(field):
    def nameless(rng, shape):
        return np.zeros(shape)

    nameless.__doc__ = "All weights 0."
    given = {"formula": "$0$", "use": "nothing", "paper": None, "deviation": lambda shape: 0.0}
    given.pop(field, None)
    if field == "docstring":
        nameless.__doc__ = None
    words = f"test_initializers.py: the scheme nameless has no {field}. Every scheme states its formula, use, paper"
    with pytest.raises(ValueError, match=re.escape(words)):
        initializers.scheme(**given)(nameless)
    assert "nameless" not in SCHEMES


@pytest.mark.parametrize(
    ("name", "neighbor"),
    [
        ("lecun_normal", 1 / 120),  # fan_out in place of fan_in
        ("lecun_uniform", 1 / 900),  # a bound of 1/sqrt(n) in place of a standard deviation
        ("glorot_normal", 1 / 420),  # the sum of the fans in place of their mean
        ("glorot_uniform", 1 / 300),
        ("he_normal", 1 / 300),
        ("he_normal", 2 / 300 * 0.774),  # truncated at two deviations and not corrected
        ("he_uniform", 2 / 120),
    ],
)
def test_the_neighboring_law_is_refused(name, neighbor):
    assert abs(z_score(weights(name), neighbor)) > 10


@pytest.mark.parametrize("name", ["lecun", "glorot", "he"])
def test_the_shape_of_the_distribution(name):
    normal, uniform = weights(f"{name}_normal").ravel(), weights(f"{name}_uniform").ravel()
    kurtosis = [(w**4).mean() / (w**2).mean() ** 2 for w in (normal, uniform)]
    # The kurtosis of a normal distribution is 3, that of a uniform one 9/5.
    assert kurtosis == pytest.approx([3.0, 1.8], abs=0.1)


@pytest.mark.parametrize(
    ("name", "variance"), [("he_normal", 2 / 360), ("glorot_uniform", 2 / 540), ("flax_dense", 1 / 360)]
)
def test_a_convolution_counts_its_kernel(name, variance):
    W = weights(name, (3, 3, 40, 20))
    assert W.shape == (3, 3, 40, 20)
    assert abs(z_score(W, variance)) < 4
    assert abs(z_score(W, variance * 9)) > 10  # the kernel forgotten


def test_a_convolution_can_be_orthogonal_or_the_identity():
    W = initializers.orthogonal(np.random.default_rng(0), (3, 3, 4, 5)).reshape(36, 5)
    assert np.allclose(W.T @ W, np.eye(5))
    rng = np.random.default_rng(0)
    delta, image = initializers.identity(rng, (3, 3, 2, 2)), rng.standard_normal((5, 5, 2))
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    # A convolution of 3x3 written out: the identity has to give the image back.
    out = sum(padded[i : i + 5, j : j + 5] @ delta[i, j] for i in range(3) for j in range(3))
    assert np.array_equal(out, image)


@pytest.mark.parametrize("name", names())
def test_single_precision(name):
    W = get(name)(np.random.default_rng(0), (300, 120), dtype=np.float32)
    assert W.dtype == np.float32
    assert W.flags.c_contiguous
    if not np.array_equal(W, get(name)(np.random.default_rng(1), (300, 120), dtype=np.float32)):
        assert_deviation(name, W.astype(float), SCHEMES[name].deviation(SHAPE))


def test_a_truncated_normal_has_no_tails_and_keeps_its_deviation():
    W = initializers.truncated_normal(np.random.default_rng(0), (1000, 1000), sigma=1.0)
    edge = 2 / initializers.truncated_deviation()
    # Among a million entries some are near the cut.
    assert 0.999 * edge < np.abs(W).max() <= edge
    assert abs(z_score(W, 1.0)) < 4
    assert abs(z_score(W, initializers.truncated_deviation() ** 2)) > 10  # not corrected
    shape = (W**4).mean()
    assert shape == pytest.approx(2.37, abs=0.02)  # a normal's is 3


def test_sparse_units_listen_to_fifteen_inputs_each_its_own():
    W = initializers.sparse(np.random.default_rng(0), (300, 120))
    assert set((W != 0).sum(axis=0)) == {15}
    assert len({tuple(np.flatnonzero(column)) for column in W.T}) == 120
    assert (initializers.sparse(np.random.default_rng(0), (7, 3)) != 0).all()


def test_residual_schemes():
    rng = np.random.default_rng(0)
    gpt2 = initializers.gpt2_residual(rng, SHAPE, layers=12)
    assert abs(z_score(gpt2, 0.02**2 / 24)) < 4
    assert abs(z_score(gpt2, 0.02**2 / 12)) > 10  # layers, not branches
    fixup = initializers.fixup(rng, SHAPE, branches=50, depth=3)
    assert abs(z_score(fixup, 2 / 300 * 50**-0.5)) < 4
    assert abs(z_score(fixup, 2 / 300 * 50**0.5)) > 10  # the minus sign forgotten


@pytest.mark.parametrize("shape", [(40, 40), (60, 20), (20, 60), (1, 1), (1, 7)])
def test_orthogonal(shape):
    W = initializers.orthogonal(np.random.default_rng(1), shape, gain=2.0)
    short = W.T @ W if shape[0] >= shape[1] else W @ W.T
    assert np.allclose(short, 4.0 * np.eye(min(shape)), atol=1e-12)


def test_orthogonal_is_uniform_and_qr_alone_is_not():
    rng = np.random.default_rng(0)
    ours = np.array([initializers.orthogonal(rng, (3, 3))[0, 0] for _ in range(1500)])
    bare = np.array([np.linalg.qr(rng.standard_normal((3, 3)))[0][0, 0] for _ in range(1500)])
    # Uniform on the orthogonal group: an entry has mean 0 and variance 1/n.
    assert abs(ours.mean()) < 4 * (1 / 3 / 1500) ** 0.5
    assert abs(bare.mean()) > 20 * (1 / 3 / 1500) ** 0.5


@pytest.mark.parametrize("name", [name for name in names() if "gain" in inspect.signature(get(name)).parameters])
def test_gain_is_a_factor(name):
    plain, scaled = get(name)(np.random.default_rng(3), (8, 5)), get(name)(np.random.default_rng(3), (8, 5), gain=3.0)
    assert np.allclose(scaled, 3.0 * plain)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(names()), st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32))
def test_same_seed_same_weights(name, fan_in, fan_out, seed):
    first, second = (weights(name, (fan_in, fan_out), seed) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == (fan_in, fan_out)
    assert first.dtype == np.float64


@pytest.mark.parametrize("name", names())
def test_every_scheme_refuses_what_is_no_generator_no_shape_and_no_dtype(name):
    rng = np.random.default_rng(0)
    for wrong, shape, options, kind, says in (
        (0, (2, 2), {}, TypeError, "rng must be"),
        (rng, (2,), {}, ValueError, "a bias has no fans"),
        (rng, (2, 0), {}, ValueError, "fan_out must be at least 1"),
        (rng, (2, 2), {"dtype": np.int64}, ValueError, "float32 or float64"),
    ):
        with pytest.raises(kind, match=says):
            get(name)(wrong, shape, **options)


def test_an_entry_holds_what_its_decorator_states(monkeypatch):
    monkeypatch.setattr(initializers, "SCHEMES", {})
    monkeypatch.setattr(initializers, "ALIASES", {})

    def halves(rng, shape):
        """All weights 1/2."""
        return np.full(shape, 0.5)

    stated = {"formula": "$1/2$", "use": "tests", "paper": "@nobody", "deviation": lambda shape: 0.5}
    assert initializers.scheme(**stated, aliases=("a_half",))(halves) is halves
    entry = initializers.Scheme("halves", halves, **stated, aliases=("a_half",))
    assert entry == initializers.known("a_half") == initializers.known("halves")


def test_the_bias_for_a_rare_class_is_the_logarithm_of_its_odds():
    """A probability below 1e-308 has an inverse beyond float64, and its logarithm is a small number."""
    assert initializers.prior_bias(1e-310) == pytest.approx(-310 * math.log(10), rel=1e-12)
    assert initializers.prior_bias(0.2) == pytest.approx(-math.log(4), rel=1e-15)
    assert initializers.prior_bias(0.5) == 0.0
