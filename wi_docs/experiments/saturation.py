r"""Saturated and dead units: how many there are, and how many it takes to halve the speed of learning.

A unit is saturated for an input if its slope there is below a tenth of the activation's largest. For ReLU that is a
unit that is off. It is dead if it is saturated for every input of a batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from wi_docs.experiments import digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.training import accuracy, descend
from wi_docs.nn import checks
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array
from wi_docs.nn.gains import gain
from wi_docs.nn.network import MLP, ExplosionError, softmax_cross_entropy

TWO_SIDED = ("sigmoid", "tanh", "lecun_tanh", "softsign", "hard_tanh")
WAYS = {
    "scale": (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0),
    "shift": (0.0, -0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.8, -1.0, -1.25, -1.5, -2.0, -3.0, -5.0),
    "dead": tuple(k / 16 for k in range(16)),
}
# Where learning takes twice as long, by `half_speed`: a mean over seeds 100 to 107. `docs/diagnose.md` has them as a table.
LIMITS = {
    "sigmoid": 0.62, "tanh": 0.37, "lecun_tanh": 0.32, "softsign": 0.55, "hard_tanh": 0.56,
    "relu": 0.65, "leaky_relu": 0.65, "elu": 0.03, "selu": 0.08, "gelu": 0.28, "gelu_tanh": 0.27, "silu": 0.23,
    "softplus": 0.03, "mish": 0.22, "hard_swish": 0.16,
}  # fmt: skip
DEAD = 0.35  # likewise, of dead units in a ReLU network
NORMAL = NormalDist()
_SHARED = np.array([NORMAL.inv_cdf((k + 0.5) / 64) for k in range(64)])  # 64 equally likely values of a standard normal


def limit(function: str | Activation) -> float:
    """Return the share of saturated pairs that is too much, 1 where none is.

    For an activation with one flat side it is at least a half: with pre-activations of mean 0 no scale saturates more, and
    up to that none was seen to slow learning down. Below it, what `LIMITS` has comes of biases that drag all units down.

    Examples:
        >>> limit("tanh"), limit("gelu"), limit("linear")
        (0.37, 0.5, 1.0)
    """
    name = activation(function).name
    found = LIMITS.get(name, 1.0)
    return found if name in TWO_SIDED else max(found, 0.5)


@cache
def _largest_slope(phi: Activation) -> float:
    return float(np.abs(phi.df(np.linspace(-10.0, 10.0, 2001))).max())


def saturated(function: str | Activation, z: Array) -> NDArray[np.bool_]:
    """Return where the activation's slope at `z` is below a tenth of its largest, an array of the shape of `z`.

    Examples:
        >>> saturated("tanh", np.array([0.0, 1.0, 2.0])), saturated("relu", np.array([-1.0, 1.0]))
        (array([False, False,  True]), array([ True, False]))
    """
    phi = activation(function)
    return np.asarray(np.abs(phi.df(z)) < 0.1 * _largest_slope(phi))


@cache
def intervals(name: str) -> tuple[tuple[float, float], ...]:
    """Return the intervals of the line in which an activation is saturated, to a thousandth, within 40 of 0; beyond as at 40.

    Examples:
        >>> intervals("relu"), intervals("linear")
        (((-inf, 0.0),), ())
    """
    phi = activation(name)
    x = np.linspace(-40.0, 40.0, 80_001)
    inside = saturated(phi, x)
    starts = np.flatnonzero(inside & ~np.r_[False, inside[:-1]])
    ends = np.flatnonzero(inside & ~np.r_[inside[1:], False])
    low, high = np.where(starts == 0, -np.inf, x[starts]), np.where(ends == len(x) - 1, np.inf, x[ends])
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def saturated_share(function: str | Activation, q: float) -> float:
    r"""Return the chance that a unit is saturated whose pre-activation is normal with mean 0 and variance `q`.

    Raises:
        ValueError: if `q` is not positive.

    Examples:
        >>> print(f"{saturated_share('relu', 3.0):.3f} {saturated_share('tanh', 1.0):.3f} {saturated_share('tanh', 4.0):.3f}")
        0.500 0.069 0.363
    """
    root = math.sqrt(checks.number("q", q, above=0.0))
    return sum(NORMAL.cdf(high / root) - NORMAL.cdf(low / root) for low, high in intervals(activation(function).name))


def dead_share(function: str | Activation, q: float, c: float, batch: int) -> float:
    r"""Return the chance that a unit is saturated for each of `batch` inputs of correlation `c` with one another.

    Given what the inputs share, \(\sqrt{qc}\,u\) with \(u\) standard normal, they are independent.

    Raises:
        ValueError: if `q` is not positive, `c` not between 0 and 1, or `batch` below 1.

    Examples:
        >>> print(f"{dead_share('relu', 1.0, 0.0, 2):.3f} {dead_share('relu', 1.0, 1.0, 64):.3f}")
        0.250 0.500
    """
    root, batch = math.sqrt(checks.number("q", q, above=0.0)), checks.count("batch", batch)
    if checks.number("c", c, least=0.0) > 1.0:
        raise ValueError(f"c must be between 0 and 1, got {c}")
    own = max(root * math.sqrt(1 - c), 1e-9 * root)
    chances = [
        sum(
            NORMAL.cdf((high - root * math.sqrt(c) * u) / own) - NORMAL.cdf((low - root * math.sqrt(c) * u) / own)
            for low, high in intervals(activation(function).name)
        )
        for u in _SHARED.tolist()
    ]
    return float(np.mean(np.array(chances) ** batch))


@dataclass(frozen=True)
class Speed:
    """How fast a network learns the digits.

    Attributes:
        saturated: share of pairs of hidden unit and input at the start.
        dead: share of hidden units that are so for all of 256 inputs.
        steps: updates until 80 % of the test part are right; infinite where it takes more than allowed.
    """

    saturated: float
    dead: float
    steps: float


def learning_speed(
    hidden: str, *, scale: float = 1.0, shift: float = 0.0, dead: float = 0.0, rate: float = 0.1, most: int = 1000,
    seed: int = 0,
) -> Speed:  # fmt: skip
    """Train a network of three hidden layers of 64 units on the digits until 80 % of the test part are right.

    Args:
        hidden: activation of the hidden layers, which start at its gain.
        scale: further factor on their weights, positive: what saturates an activation with two flat sides.
        shift: their biases: a negative one saturates an activation with one flat side.
        dead: share of the hidden units that get a bias of -100, and so are off for good.
        rate: learning rate.
        most: updates to make at most.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range.

    Examples:
        >>> speed = learning_speed("tanh")
        >>> bool(speed.saturated < 0.1), bool(speed.steps < 30)
        (True, True)
    """
    data, rng = digits.load(), checks.seeded(seed)
    net = MLP([64, 64, 64, 64, 10], hidden, "lecun_normal", rng)
    for layer in range(3):
        net.W[layer] *= checks.number("scale", scale, above=0.0) * (gain(hidden) if layer else 1.0)
        net.b[layer] += checks.number("shift", shift)
        net.b[layer][rng.permutation(64)[: round(64 * checks.number("dead", dead, least=0.0))]] = -100.0
    off = [saturated(hidden, z) for z in net.forward(data.train_x[:256]).pre_activations[:-1]]
    units, steps = float(np.mean([o.all(axis=0).mean() for o in off])), math.inf
    try:
        for step in range(checks.count("most", most)):
            if accuracy(net, data.test_x, data.test_y) >= 0.8:
                steps = float(step)
                break
            rows = rng.integers(len(data.train_x), size=32)
            run = net.forward(data.train_x[rows])
            descend(net, net.backward(run, softmax_cross_entropy(run.output, data.train_y[rows])[1]), rate)
    except ExplosionError:  # it has not learned, and will not
        pass
    return Speed(float(np.mean(off)), units, steps)


@disk_cached
def half_speed(hidden: str, way: str, *, rate: float = 0.1, seed: int = 0) -> float:
    """Return the share of saturated pairs, or of dead units, at which a network takes twice as long to learn the digits.

    It is saturated more and more, until it takes twice as long as it did at its fastest. Between two tries the share is
    taken from a straight line.

    Args:
        hidden: activation of the hidden layers.
        way: `scale`, `shift` or `dead`, as for `learning_speed`.
        rate: learning rate.
        seed: a non-negative integer.

    Raises:
        ValueError: for an unknown way, an argument out of range, or a network that never takes twice as long.

    Examples:
        >>> bool(0.3 < half_speed("tanh", "scale") < 0.6)
        True
    """
    tries = WAYS[checks.lookup("way", way, WAYS)]
    found: list[Speed] = []
    for value in tries:
        most = 1000 if not found else int(4 * min(s.steps for s in found)) + 4
        options: dict[str, float] = {way: value}
        now = learning_speed(hidden, rate=rate, most=most, seed=seed, **options)
        best = min((s.steps for s in found), default=math.inf)
        if now.steps >= 2 * best:
            before = found[-1]
            steps = min(now.steps, float(most))
            part = (2 * best - before.steps) / (steps - before.steps)
            low, high = (before.dead, now.dead) if way == "dead" else (before.saturated, now.saturated)
            return low + part * (high - low)
        found.append(now)
    raise ValueError(f"{hidden} never takes twice as long, however much {way} there is")
