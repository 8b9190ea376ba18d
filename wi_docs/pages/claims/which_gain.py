"""Claims of the chapter Which Gain?"""

import math

import numpy as np

from wi_docs.experiments.gain_table import gains
from wi_docs.experiments.meanfield import fixed_point, length_map
from wi_docs.experiments.propagation import propagate
from wi_docs.nn.activations import names
from wi_docs.nn.gains import gain, second_moment
from wi_docs.pages.claims import Result, above, below, claim, exactly, mean_of, require

SEEDS = range(8)


def runs(phi, sigma_w, sigma_b=0.0, depth=30):
    """Return the passes of eight networks of width 512 at LeCun's scale times `sigma_w`.

    The first layer has another scale, at which its pre-activations have variance 1.
    """
    options = {"depth": depth, "width": 512, "batch": 16, "sigma_b": sigma_b, "input_gain": (1 - sigma_b**2) ** 0.5}
    return [propagate(phi, "lecun_normal", gain=sigma_w, seed=seed, **options) for seed in SEEDS]


def stability(phi, sigma_w, sigma_b=0.0):
    """Return the slope of the length map at variance 1. If it is above 1, a variance that is a little off goes away."""
    up, down = (length_map(phi, q, sigma_w=sigma_w, sigma_b=sigma_b) for q in (1.001, 0.999))
    return (up - down) / 0.002


@claim(source="@schoenholz2017, equations 3 and 5")
def gain_of_your_own_is_exact() -> Result:
    """For a function of your own that grows like a line, the integral is found to nine digits, corners included."""
    x = np.linspace(-14, 14, 2_800_001)  # 0.3 and -2.7 are on the grid
    weight = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    # Gauss-Hermite, the usual rule for this weight, is exact for polynomials and poor at corners.
    nodes, gauss = np.polynomial.hermite_e.hermegauss(40)
    worst, other = 0.0, 0.0
    for mine in (
        lambda x: np.where(x > 0.3, x, 0.3 - 0.2 * (0.3 - x)),
        lambda x: np.maximum(x + 2.7, 0.0),
        lambda x: np.sin(5 * x) + np.abs(x - 0.3),
    ):
        exact = 1 / math.sqrt(np.trapezoid(mine(x) ** 2 * weight, x))
        worst = max(worst, abs(gain(mine) / exact - 1))
        other = max(other, abs(1 / math.sqrt(mine(nodes) ** 2 @ gauss / math.sqrt(2 * math.pi)) / exact - 1))
    return below(
        worst,
        1e-9,
        "the trapezoid rule on a grid with the corners on it; three functions",
        {"Gauss-Hermite with 40 nodes": other},
    )


@claim(source="@schoenholz2017, equations 3 and 5")
def sigmoid_has_an_edge_far_out() -> Result:
    """Far out there is one: without biases, at a gain of {sigma_w:.2f}, the variance settles at {settled:.0f} and the
    gradient is kept.
    """
    # Both conditions on sigma_w^2: q = sigma_w^2 E f^2 keeps the variance, 1 = sigma_w^2 E f'^2 the gradient.
    low, high = 10.0, 100.0
    for _ in range(60):  # where E f^2 = q E f'^2, so that one weight scale meets both conditions
        q = (low + high) / 2
        low, high = (
            (q, high)
            if second_moment("sigmoid", q) > q * second_moment("sigmoid", q, direction="backward")
            else (low, q)
        )
    sigma_w = second_moment("sigmoid", q, direction="backward") ** -0.5
    found = [
        propagate("sigmoid", "lecun_normal", depth=30, width=512, batch=16, gain=sigma_w, seed=s).gradient_ratio
        for s in SEEDS
    ]
    return mean_of(
        found,
        1.0,
        {
            "at four times LeCun's": fixed_point("sigmoid", sigma_w=4.0).chi_1 ** 0.5,
            "at the backward gain": fixed_point("sigmoid", sigma_w=gain("sigmoid", direction="backward")).chi_1 ** 0.5,
        },
        width=128,
        sigma_w=sigma_w,
        settled=q,
    )


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
    # Over twenty layers in the middle: a logarithm a layer of the signal and of the gradient, the worse of the two.
    both = [
        max(
            abs(math.log((p.forward_rms[29] / p.forward_rms[9]) ** 0.05)),
            abs(math.log((p.gradient_rms[9] / p.gradient_rms[29]) ** 0.05)),
        )
        for p in runs("tanh", weights**0.5, biases**0.5)
    ]
    return below(
        float(np.mean(both)),
        0.02,
        "logarithm a layer of the worse of the two, mean of 8 seeds; 3/512 for the width, and the seeds' spread",
        {"as with the forward gain": math.log(fixed_point("tanh", sigma_w=gain("tanh")).chi_1) / 2},
    )


@claim(source="@poole2016, equation 3")
def no_pair_for_two() -> Result:
    """Of the sixteen, two have none at variance 1: the sigmoid and softplus."""
    without = sorted(name for name in names() if gains(name).critical is None)
    require(without == ["sigmoid", "softplus"], f"those without a pair are {', '.join(without)}")
    return exactly(len(without), 2, {"all have one": 0.0, "all but ReLU": 15.0})


@claim(source="")
def gelu_is_unstable_with_biases_too() -> Result:
    """For GELU, SiLU, mish and hard swish it is unstable even so."""
    # At its critical pair, where variance 1 is a fixed point of the map.
    unstable = [
        stability(phi, *(v**0.5 for v in gains(phi).critical or (1, 0)))
        for phi in ("gelu", "silu", "mish", "hard_swish")
    ]
    stable = [
        stability(phi, *(v**0.5 for v in gains(phi).critical or (1, 0))) for phi in ("tanh", "elu", "selu", "softsign")
    ]
    return above(
        min(unstable),
        1.0,
        "least slope of the length map at variance 1",
        {"as tanh, ELU, SELU, softsign": max(stable)},
    )


@claim(source="")
def silu_at_he_dies() -> Result:
    """After thirty layers at He's scale a SiLU network has lost a factor of {lost:,.0f}, and with its own gain it has
    grown by {own:.0f}.
    """
    he, own = (
        float(np.exp(np.mean([np.log(p.forward_rms[-1] / p.forward_rms[0]) for p in runs("silu", g)])))
        for g in (2**0.5, gain("silu"))
    )
    require(3 < own < 100, f"with its own gain it has grown by {own:.1f} after thirty layers")
    relu = float(np.exp(np.mean([np.log(p.forward_rms[-1] / p.forward_rms[0]) for p in runs("relu", 2**0.5)])))
    return above(
        1 / he,
        5000,
        "what is lost, a geometric mean over 8 seeds",
        {"as ReLU": 1 / relu},
        lost=round(1 / he, -3),
        own=own,
    )
