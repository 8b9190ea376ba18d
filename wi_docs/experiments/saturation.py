r"""Saturated and dead units: their shares by theory, and the shares that are too many.

A unit is saturated for an input if its slope there is below a tenth of the activation's largest. For ReLU that is a
unit that is off. It is dead if it is saturated for every input of a batch.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from wi_docs.nn import activations, checks
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array

TWO_SIDED = ("sigmoid", "tanh", "lecun_tanh", "softsign", "hard_tanh")  # activations that are flat on both sides
# The shares of saturated pairs at which learning the digits takes twice as long, by `learning_speed.half_speed`: means
# over seeds 100 to 107. `docs/diagnose.md` has them as a table.
LIMITS = {
    "sigmoid": 0.62, "tanh": 0.37, "lecun_tanh": 0.32, "softsign": 0.55, "hard_tanh": 0.56,
    "relu": 0.65, "leaky_relu": 0.65, "elu": 0.03, "selu": 0.08, "gelu": 0.28, "gelu_tanh": 0.27, "silu": 0.23,
    "softplus": 0.03, "mish": 0.22, "hard_swish": 0.16,
}  # fmt: skip
DEAD = 0.35  # likewise, the share of dead units in a ReLU network
_SHARED = np.array([NormalDist().inv_cdf((k + 0.5) / 64) for k in range(64)])  # quantiles, the middles of 64 slices
_erfc = np.frompyfunc(math.erfc, 1, 1)


def limit(function: str | Activation) -> float:
    """Return the share of saturated pairs above which one of our activations is judged to be saturated too much.

    It is 1 for activations that do not saturate. For those with one flat side it is at least a half: if pre-activations
    have a distribution that is symmetric about 0, no scale of the weights saturates more than half of the pairs, and up
    to a half none was seen to slow learning down. The smaller numbers of `LIMITS` hold for biases that shift all units
    to the flat side.

    Raises:
        ValueError: for an activation that is not one of ours, of which nothing was measured.

    Examples:
        >>> limit("tanh"), limit("gelu"), limit("linear")
        (0.37, 0.5, 1.0)
    """
    phi = activation(function)
    name = phi.name
    if name not in activations.names() or phi is not activation(name):
        raise ValueError(f"no limit was measured for an activation of yours, {name!r}")
    found = LIMITS.get(name, 1.0)
    return found if name in TWO_SIDED else max(found, 0.5)


@cache
def _largest_slope(phi: Activation) -> float:
    """Return the largest absolute slope of an activation, taken on a grid of step 0.01 on [-10, 10]."""
    return float(np.abs(phi.df(np.linspace(-10.0, 10.0, 2001))).max())


def saturated(function: str | Activation, z: Array) -> NDArray[np.bool_]:
    """Return whether the slope at each entry of `z` is below a tenth of the activation's largest, in the shape of `z`.

    Examples:
        >>> saturated("tanh", np.array([0.0, 1.0, 2.0])), saturated("relu", np.array([-1.0, 1.0]))
        (array([False, False,  True]), array([ True, False]))
    """
    phi = activation(function)
    return np.asarray(np.abs(phi.df(z)) < 0.1 * _largest_slope(phi))


@cache
def intervals(function: str | Activation) -> tuple[tuple[float, float], ...]:
    """Return the intervals of pre-activations in which an activation is saturated, to a thousandth.

    Beyond a distance of 40 from 0 the function is taken to be saturated if it is so at 40.

    Examples:
        >>> intervals("relu"), intervals("linear")
        (((-inf, 0.0),), ())
    """
    phi = activation(function)
    x = np.linspace(-40.0, 40.0, 80_001)
    inside = saturated(phi, x)
    # An interval starts at a point inside whose left neighbor is not, and ends likewise. At an end of the grid it has
    # no end.
    starts = np.flatnonzero(inside & ~np.r_[False, inside[:-1]])
    ends = np.flatnonzero(inside & ~np.r_[inside[1:], False])
    low, high = np.where(starts == 0, -np.inf, x[starts]), np.where(ends == len(x) - 1, np.inf, x[ends])
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def saturated_share(function: str | Activation, q: float) -> float:
    r"""Return the probability that a unit is saturated if its pre-activation is normal with mean 0 and variance `q`.

    Raises:
        ValueError: if `q` is not positive.

    Examples:
        >>> for name, q in (("relu", 3.0), ("tanh", 1.0), ("tanh", 4.0)):
        ...     print(f"{saturated_share(name, q):.3f}")
        0.500
        0.069
        0.363
    """
    root = math.sqrt(checks.number("q", q, above=0.0))
    return float(_chance(activation(function), np.zeros(1), root)[0])


def _chance(phi: Activation, mean: Array, deviation: float) -> Array:
    """Return the probability, for each entry of `mean`, that a normal pre-activation saturates the activation.

    The pre-activation has that mean and the standard deviation `deviation`. The result has the shape of `mean`.
    """
    found = np.zeros(len(mean))
    for low, high in intervals(phi):
        # Phi((end - mean) / deviation) at both ends of the interval, with the normal distribution function Phi.
        below_low, below_high = (
            0.5 * np.asarray(_erfc((mean - end) / (deviation * math.sqrt(2))), np.float64) for end in (low, high)
        )
        found += below_high - below_low
    return found


def dead_share(function: str | Activation, q: float, c: float, batch: int) -> float:
    r"""Return the probability that a unit is saturated for all of `batch` inputs, if any two have correlation `c`.

    Pre-activations of variance `q` and correlation `c` are the sum of a part that all inputs share, \(\sqrt{qc}\,u\)
    with \(u\) standard normal, and of independent parts of variance \(q(1 - c)\). Given \(u\) they are independent, so
    that the probability is a power. It is averaged over 64 values of \(u\).

    Raises:
        ValueError: if `q` is not positive, `c` not between 0 and 1, or `batch` below 1.

    Examples:
        >>> print(f"{dead_share('relu', 1.0, 0.0, 2):.3f} {dead_share('relu', 1.0, 1.0, 64):.3f}")
        0.250 0.500
    """
    root, batch = math.sqrt(checks.number("q", q, above=0.0)), checks.count("batch", batch)
    if checks.number("c", c, least=0.0) > 1.0:
        raise ValueError(f"c must be between 0 and 1, got {c}")
    # Equal inputs have no part of their own; a tiny one keeps the division by the deviation defined.
    own = max(root * math.sqrt(1 - c), 1e-9 * root)
    chances = _chance(activation(function), root * math.sqrt(c) * _SHARED, own)
    return float(np.mean(chances**batch))
