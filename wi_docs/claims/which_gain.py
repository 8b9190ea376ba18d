"""Claims of the chapter Which Gain?"""

import math

import numpy as np

from wi_docs.activations import names
from wi_docs.catalog import gains
from wi_docs.claims import Result, above, below, claim, exactly, mean_of, near
from wi_docs.gains import gain, second_moment
from wi_docs.meanfield import fixed_point, length_map
from wi_docs.propagation import propagate

SEEDS = range(8)


def runs(phi, sigma_w, sigma_b=0.0, depth=30):
    """Return eight networks of width 512 whose weights have LeCun's scale times `sigma_w`."""
    return [
        propagate(phi, "lecun_normal", depth=depth, width=512, batch=16, gain=sigma_w, sigma_b=sigma_b, seed=seed)
        for seed in SEEDS
    ]


def stability(phi, sigma_w, sigma_b=0.0):
    """Return the slope of the length map at variance 1: above 1 what is off grows."""
    up, down = (length_map(phi, q, sigma_w=sigma_w, sigma_b=sigma_b) for q in (1.001, 0.999))
    return (up - down) / 0.002


@claim(source="@schoenholz2017, equations 3 and 5")
def gain_of_your_own_is_exact() -> Result:
    """For a function of your own the integral is found to nine digits, corners included."""
    mine = lambda x: np.where(x > 0.3, x, 0.3 - 0.2 * (0.3 - x))  # noqa: E731
    x = np.linspace(-14, 14, 2_800_001)
    exact = 1 / math.sqrt(np.trapezoid(mine(x) ** 2 * np.exp(-x * x / 2), x) / math.sqrt(2 * math.pi))
    return below(
        abs(gain(mine) / exact - 1), 1e-9, "the trapezoid rule on a grid with the corner on it", {"ReLU's": abs(2**0.5 / exact - 1)}
    )  # fmt: skip


@claim(source="pytorch/pytorch issue 24991")
def deviation_is_the_wrong_target() -> Result:
    """At the gain by deviation a ReLU network's signal grows by {percent:.0f} % a layer."""
    g = gains("relu")
    found = [(p.forward_rms[-1] / p.forward_rms[0]) ** (1 / 29) for p in runs("relu", g.by_deviation)]
    expected = g.by_deviation / g.forward
    return mean_of(found, expected, {"it is kept": 1.0}, width=512, percent=100 * (expected - 1))


@claim(source="discuss.pytorch.org/t/20854")
def five_thirds_has_a_fixed_point() -> Result:
    """At a gain of 5/3 the activations of a deep tanh network settle at an rms of {expected:.3f}."""
    theory = second_moment("tanh", fixed_point("tanh", sigma_w=5 / 3).q_star) ** 0.5
    own = second_moment("tanh") ** 0.5
    return mean_of(
        [p.forward_rms[-1] for p in runs("tanh", 5 / 3)], theory, {"at its own gain": own, "1": 1.0}, width=512
    )


@claim(source="@schoenholz2017, equation 5")
def five_thirds_explodes_backward() -> Result:
    """The gradient grows by {percent:.0f} % at every layer."""
    found = [(p.gradient_rms[9] / p.gradient_rms[27]) ** (1 / 18) for p in runs("tanh", 5 / 3)]
    theory = fixed_point("tanh", sigma_w=5 / 3).chi_1 ** 0.5
    return mean_of(found, theory, {"it is kept": 1.0, "like the weights": 5 / 3}, width=512, percent=100 * (theory - 1))


@claim(source="@schoenholz2017, equations 3 and 5")
def pair_keeps_both() -> Result:
    """With the critical pair tanh keeps its signal and its gradient."""
    weights, biases = gains("tanh").critical or (1.0, 0.0)
    both = [
        max(abs(math.log((p.forward_rms[29] / p.forward_rms[9]) ** 0.05)), abs(math.log((p.gradient_rms[9] / p.gradient_rms[29]) ** 0.05)))
        for p in runs("tanh", weights**0.5, biases**0.5)
    ]  # fmt: skip
    return below(
        float(np.mean(both)), 0.02, "logarithm a layer of the worse of the two, mean of 8 seeds; 3/512 for the width, and the seeds' spread",
        {"as with the forward gain": math.log(fixed_point("tanh", sigma_w=gain("tanh")).chi_1) / 2},
    )  # fmt: skip


@claim(source="@poole2016, equation 3")
def no_pair_for_two() -> Result:
    """Of the sixteen, two have none: the sigmoid and softplus."""
    without = sorted(name for name in names() if gains(name).critical is None)
    if without != ["sigmoid", "softplus"]:
        return exactly(-1, 2, {"others": -1.0})
    return exactly(len(without), 2, {"all have one": 0.0, "all but ReLU": 15.0})


@claim(source="")
def gelu_is_unstable_with_biases_too() -> Result:
    """For GELU, SiLU, mish and hard swish it is unstable even so."""
    unstable = [stability(phi, *(v**0.5 for v in gains(phi).critical or (1, 0))) for phi in ("gelu", "silu", "mish", "hard_swish")]  # fmt: skip
    stable = [stability(phi, *(v**0.5 for v in gains(phi).critical or (1, 0))) for phi in ("tanh", "elu", "selu", "softsign")]  # fmt: skip
    return above(
        min(unstable),
        1.0,
        "least slope of the length map at variance 1",
        {"as tanh, ELU, SELU, softsign": max(stable)},
    )


@claim(source="")
def silu_at_he_dies() -> Result:
    """After thirty layers at He's scale a SiLU network has lost a factor of thousands, and its own gain overshoots by a hundred."""
    he, own = (
        float(np.exp(np.mean([np.log(p.forward_rms[-1] / p.forward_rms[0]) for p in runs("silu", g)])))
        for g in (2**0.5, gain("silu"))
    )
    if not 30 < own < 300:
        return near(own, 100.0, 0.0, "its own gain, after thirty layers", {"kept": 1.0})
    return above(1 / he, 1000, "what is lost, a mean over 8 seeds", {"as ReLU": 1.0, "as GELU": 250.0})
