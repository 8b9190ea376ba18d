"""The gain of an activation: what a layer at this gain, or at another, does to signals and gradients of any size."""

import math
from typing import Any

import numpy as np

from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.nn.activations import activation, names
from wi_docs.nn.checks import Array
from wi_docs.nn.gains import gain, second_moment
from wi_docs.pages.explorers import Rounded

DEPTH = 30
GAINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4, 1.7, 2.0)  # multiples of the forward gain
STARTS = (0.1, 1.0, 10.0)  # variances of the pre-activations in the first layer
X = np.round(np.linspace(-3, 3, 121), 2)
# Decimal logarithms of variances, a tenth apart: on the chart of factors, and as far as signals are followed.
SHOWN, FOLLOWED = np.linspace(-2, 2, 41), np.linspace(-6, 3, 91)


def factors(function: Any) -> tuple[Array, Array]:
    r"""Return the logarithms of a layer's factors on the rms, at a gain of 1 and a variance of each of `FOLLOWED`.

    The first is that of the signal, the root of \(\mathbb{E}[\varphi(\sqrt q z)^2] / q\), and the second that of the
    gradient.
    """
    q = 10.0**FOLLOWED
    forward = [second_moment(function, v) / v for v in q]
    backward = [second_moment(function, v, direction="backward") for v in q]
    return np.log10(forward) / 2, np.log10(backward) / 2


def follow(log_factors: Array, log_gain: float, start: float) -> Array:
    """Return the logarithm of the variance by layer, `(DEPTH + 1,)`; NaN from where it leaves the range followed."""
    found = [math.log10(start)]
    for _ in range(DEPTH):
        # Between the variances the factor is a line; a tenth of a decade apart, that is off by less than a pixel.
        step = np.interp(found[-1], FOLLOWED, log_factors, left=np.nan, right=np.nan)
        found.append(found[-1] + 2 * (float(step) + log_gain))
    return np.array(found)


@disk_cached
def data() -> dict[str, Any]:
    """Return the data of the explorer: each function with its slope, its factors, and variances by layer.

    Factors are decimal logarithms at a gain of 1, `(function, variance)`; variances are decimal logarithms too,
    `(function, gain, start, layer)`.
    """
    known: dict[str, Any] = {"sine": np.sin} | {name: activation(name) for name in names()}
    gains = {name: gain(function) for name, function in known.items()}
    both = {name: factors(function) for name, function in known.items()}
    # numpy's sine has no entry among the activations, and its slope is written out.
    values = [np.asarray(known[name].f(X) if name in names() else np.sin(X)) for name in known]
    slopes = [np.asarray(known[name].df(X) if name in names() else np.cos(X)) for name in known]
    paths = [
        [[follow(both[name][0], math.log10(multiple * gains[name]), start) for start in STARTS] for multiple in GAINS]
        for name in known
    ]
    # On the chart of factors every variance is one that was followed.
    at = np.searchsorted(FOLLOWED, SHOWN - 1e-9)
    return {
        "names": list(known),
        "gains": list(GAINS),
        "forward": [float(gains[name]) for name in known],
        "backward": [float(gain(function, direction="backward")) for function in known.values()],
        "starts": list(STARTS),
        "x": [float(x) for x in X],
        "variances": [round(float(v), 1) for v in SHOWN],
        "value": Rounded(np.array(values), 5e-3),
        "slope": Rounded(np.array(slopes), 5e-3),
        "signal": Rounded(np.array([forward[at] for forward, _ in both.values()]), 1e-3),
        "gradient": Rounded(np.array([backward[at] for _, backward in both.values()]), 1e-3),
        "paths": Rounded(np.array(paths), 1e-2),
    }
