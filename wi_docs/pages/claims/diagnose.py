"""Claims of the page Diagnose."""

import math

import numpy as np

from wi_docs.diagnosis.networks import Spec, build, simulate, theory
from wi_docs.experiments.learning_speed import half_speed, learning_speed
from wi_docs.experiments.saturation import DEAD, LIMITS
from wi_docs.pages.claims import Result, below, claim, near

SEEDS = range(8)


def _half(hidden, way, stored, wrong) -> Result:
    """Compare the mean share of eight networks with the stored share, which is the mean of eight others."""
    found = np.array([half_speed(hidden, way, seed=seed) for seed in SEEDS])
    # Both means have the same standard error; the root of 2 is for their difference. 0.005 is for the rounding of what
    # is stored.
    error = math.sqrt(2) * float(found.std(ddof=1)) / math.sqrt(len(found))
    reason = "4 standard errors of the difference between 8 networks and the 8 others that the stored share is from"
    return near(found.mean(), stored, 4 * error + 0.005, reason, wrong, percent=100 * stored)


@claim()
def tanh_halves() -> Result:
    """A tanh network takes twice as many steps when {percent:.0f} % of it is saturated."""
    return _half("tanh", "scale", LIMITS["tanh"], {"a tenth": 0.1, "as at a good start": 0.07, "nine tenths": 0.9})


@claim()
def relu_halves() -> Result:
    """A ReLU network takes twice as many steps when biases turn {percent:.0f} % of it off, in place of half."""
    return _half("relu", "shift", LIMITS["relu"], {"half": 0.5, "nine tenths": 0.9})


@claim()
def dead_units_halve() -> Result:
    """If {percent:.0f} % of the units are dead, for good and in every hidden layer, a ReLU network takes twice as many
    steps.
    """
    return _half("relu", "dead", DEAD, {"a tenth": 0.1, "seven tenths": 0.7})


@claim()
def scale_alone_does_not() -> Result:
    """With weights four times as large, {percent:.0f} % of an ELU network is saturated in place of 1 %,
    and at a rate of 0.02 it takes {measured:.1f} times as many steps.
    """
    plain = [learning_speed("elu", rate=0.02, seed=seed) for seed in SEEDS]
    large = [learning_speed("elu", rate=0.02, seed=seed, scale=4.0) for seed in SEEDS]
    return below(
        np.mean([s.steps for s in large]) / np.mean([s.steps for s in plain]),
        1.5,
        "a bound well below two; a mean over 8 networks",
        {"twice as many": 2.0},
        percent=100 * np.mean([s.saturated for s in large]),
    )


@claim(source="@schoenholz2017, equation 5")
def twenty_default_layers() -> Result:
    r"""Each of twenty ReLU layers as PyTorch starts them divides the gradient's square by {each:.0f},
    which leaves {left:.0e} of its length.
    """
    spec = Spec((64, *[256] * 20, 10), scheme="pytorch_linear")
    found = [
        simulate(new, [build(new)]) for new in (Spec(spec.widths, scheme=spec.scheme, seed=seed) for seed in SEEDS)
    ]
    # A mean of logarithms a layer, since single networks differ by factors.
    logs = np.array([math.log(layers.gradient[0] / layers.gradient[19]) for layers in found]) / 19
    by_theory = theory(spec)
    expected = math.log(by_theory.gradient[0] / by_theory.gradient[19]) / 19
    return near(
        logs.mean(),
        expected,
        4 * logs.std(ddof=1) / math.sqrt(len(logs)) + 3 / 256,
        "4 standard errors over 8 networks of the mean logarithm a layer, and 3/256 for the finite width",
        {
            "nothing is lost": 0.0,
            "a third, as the square of the weights": -math.log(3) / 2,
            "a quarter": -math.log(4) / 2,
        },
        each=math.exp(-2 * expected),
        left=by_theory.gradient[0],
    )
