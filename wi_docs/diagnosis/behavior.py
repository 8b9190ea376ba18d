"""Activations of PyTorch by what they do: a function is measured on a grid, whatever its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from wi_docs.experiments import saturation
from wi_docs.nn import activations
from wi_docs.nn.activations import activation
from wi_docs.nn.checks import Array

GRID = np.linspace(-20.0, 20.0, 8001)  # pre-activations at which a function is measured, in steps of 0.005
SAME = 1e-3  # two curves that differ by less than this are taken for one
# Functions of PyTorch that may be activations. What they do is measured: a name only says where to look.
FUNCTIONS = frozenset((
    "relu", "relu6", "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "celu", "softplus", "softsign", "mish",
    "hardtanh", "hardswish", "hardsigmoid", "leaky_relu", "prelu", "rrelu", "threshold", "logsigmoid", "tanhshrink",
    "hardshrink", "softshrink", "clamp", "clamp_min", "sin", "cos", "erf",
))  # fmt: skip


@dataclass(frozen=True)
class Behavior:
    """What an activation does to one number.

    Attributes:
        name: our name for the function, or the given one if none of ours has its curve.
        flat: intervals of pre-activations in which the slope is below a tenth of the largest on the grid.
        like: our function whose theory of dead units is used.
        limit: the share of saturated pairs above which it is judged to be saturated too much.
        gain: the gain that keeps the signal's mean square, summed over the grid.
    """

    name: str
    flat: tuple[tuple[float, float], ...]
    like: str
    limit: float
    gain: float


def measured(name: str, f: Callable[[Array], Array]) -> Behavior | None:
    """Return what the function `f` does to one number, or None if it is no activation.

    No activation are functions that fail on a grid, mix its numbers, draw at random, or are straight lines.

    Args:
        name: its name, for the case that it is none of ours.
        f: a function of an array of float64, `(1, numbers)`.

    Examples:
        >>> six = measured("relu6", lambda z: np.clip(z, 0.0, 6.0))
        >>> six.name, [(round(low, 2), round(high, 2)) for low, high in six.flat], round(six.gain, 4)
        ('relu6', [(-inf, 0.0), (6.0, inf)], 1.4142)
        >>> measured("swish", lambda z: z / (1 + np.exp(-z))).name
        'silu'
        >>> measured("softmax", lambda z: np.exp(z) / np.exp(z).sum()) is None
        True
    """
    try:
        values, backward = (np.asarray(f(x[None])) for x in (GRID, GRID[::-1]))
        part = np.asarray(f(GRID[None, ::3]))
    except Exception:  # of a reader's own code: what fails on a grid is no function of one number
        return None
    if values.shape != (1, len(GRID)) or part.shape != (1, len(GRID[::3])) or not np.isfinite(values).all():
        return None
    values = values[0]
    if np.abs(values - backward[0, ::-1]).max() > 1e-6 or np.abs(values[::3] - part[0]).max() > 1e-6:
        return None
    slopes = np.abs(np.diff(values)) / np.diff(GRID)
    if np.ptp(np.diff(values)) < 1e-6 * max(slopes.max(), 1e-12) or slopes.max() < 1e-9:
        return None
    apart, ours = min((float(np.abs(values - curve).max()), name) for name, curve in _curves().items())
    if apart < SAME:
        return Behavior(ours, saturation.intervals(ours), ours, saturation.limit(ours), _gain(_curves()[ours]))
    off = slopes < 0.1 * slopes.max()
    starts = np.flatnonzero(off & ~np.r_[False, off[:-1]])
    ends = np.flatnonzero(off & ~np.r_[off[1:], False]) + 1
    flat = tuple(
        (-math.inf if a == 0 else float(GRID[a]), math.inf if b == len(GRID) - 1 else float(GRID[b]))
        for a, b in zip(starts, ends, strict=True)
    )
    # Half of all pairs of a ReLU are off and learn well, which is why its limit lies above: so it is for its kin.
    centers = (GRID[1:] + GRID[:-1]) / 2
    weight = np.exp(-(centers**2) / 2)
    share = float((weight * off).sum() / weight.sum())
    like = "relu" if share > 0.25 else "hard_tanh" if flat else "linear"
    return Behavior(name, flat, like, max(0.5, share + 0.15) if flat else 1.0, _gain(values))


def _gain(values: Array) -> float:
    """Return 1 / sqrt(E f(z)^2) for values of f on the grid.

    A sum over equal steps is exact to some seven digits, also for the numbers of single precision that a function of
    PyTorch may give: an adaptive quadrature would look for more digits than they have.
    """
    density = np.exp(-(GRID**2) / 2)
    return float(math.sqrt(density.sum() / (density * values**2).sum()))


@cache
def _curves() -> dict[str, Array]:
    """Return the values of our own activations on the grid, by name."""
    return {name: np.asarray(activation(name).f(GRID)) for name in activations.names()}
