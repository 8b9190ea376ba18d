"""The running example of the chapters, against numbers of its own."""

import numpy as np
import pytest

from wi_docs.experiments import digits
from wi_docs.experiments.five_numbers import five_numbers

IMAGES, LABELS = digits.load().train_x[:256], digits.load().train_y[:256]


def drawn(*matrices):
    """Return an initializer that gives these matrices, one after the other."""
    left = list(matrices)
    return lambda rng, shape: left.pop(0).copy()


def loss(first, last):
    logits = np.tanh(IMAGES @ first) @ last
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(256), LABELS])


def test_rotations_keep_four_of_the_five():
    numbers = five_numbers("linear", "orthogonal", depth=6)
    lengths = np.sqrt((IMAGES**2).sum(axis=1))
    cosines = [
        IMAGES[i] @ IMAGES[j] / lengths[i] / lengths[j]
        for i in range(256)
        for j in range(256)
        if i != j and LABELS[i] == LABELS[j]
    ]
    assert numbers.signal == pytest.approx(np.sqrt((IMAGES**2).mean()), rel=1e-12)
    assert numbers.cosine == pytest.approx(np.mean(cosines), rel=1e-12)
    assert numbers.gradient == pytest.approx(numbers.gradient[0], rel=1e-12)
    assert numbers.weight_gradient == pytest.approx(numbers.weight_gradient[0], rel=1e-12)


def test_gradients_are_those_of_the_loss():
    rng = np.random.default_rng(3)
    first, last = rng.standard_normal((64, 2)) / 8, rng.standard_normal((2, 10))
    numbers = five_numbers("tanh", drawn(first, last), depth=1, width=2, rate=0.3)
    slopes = np.empty_like(first)
    for at in np.ndindex(first.shape):
        step = np.zeros_like(first)
        step[at] = 1e-5
        slopes[at] = (loss(first + step, last) - loss(first - step, last)) / 2e-5
    assert numbers.weight_gradient[0] == pytest.approx(np.sqrt((slopes**2).mean()), rel=1e-6)
    assert numbers.update[0] == pytest.approx(0.3 * np.sqrt((slopes**2).mean() / (first**2).mean()), rel=1e-6)
    # By hand for each image: its errors, through the last weights and the slope of tanh.
    hidden = np.tanh(IMAGES @ first)
    p = np.exp(hidden @ last)
    errors = p / p.sum(axis=1, keepdims=True) - np.eye(10)[LABELS]
    delta = (errors @ last.T) * (1 - hidden**2)
    assert numbers.gradient[0] == pytest.approx(np.sqrt((delta**2).mean()), rel=1e-12)


def test_the_gain_is_a_factor_on_hidden_weights():
    plain, tripled = (
        five_numbers("linear", "lecun_normal", depth=4),
        five_numbers("linear", "lecun_normal", gain=3.0, depth=4),
    )
    assert tripled.signal / plain.signal == pytest.approx(3.0 ** np.arange(1, 5), rel=1e-12)


def test_a_table_shows_what_is_asked_for():
    numbers = five_numbers("relu", "he_normal", depth=3)
    header, first, third = numbers.table("signal", "update").splitlines()
    assert header.split() == ["layer", "signal", "update"]
    assert [first.split()[0], third.split()[0]] == ["1", "3"]
    assert float(third.split()[2]) == pytest.approx(numbers.update[2], rel=0.06)
    assert numbers.table().splitlines()[0].split()[1:] == ["signal", "gradient", "weight_gradient", "cosine", "update"]
    with pytest.raises(ValueError, match="did you mean 'cosine'"):
        numbers.table("cosin")


def test_a_silent_layer_has_no_angles():
    with pytest.raises(ValueError, match="puts out 0"):
        five_numbers("relu", "zeros")
