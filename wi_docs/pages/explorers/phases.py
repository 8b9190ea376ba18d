"""The plane of weight and bias variance for tanh: a gradient and two inputs through depth, at each place, in theory."""

import itertools
import math
from typing import Any

import numpy as np

from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.meanfield import covariance, critical_sigma_w, fixed_point
from wi_docs.nn.checks import Array
from wi_docs.pages.explorers import Rounded

DEPTH, PAIR = 50, 0.6  # layers; the correlation of two inputs in the first
# The stops of the sliders: sigma_w^2 and sigma_b^2. Without biases the variance settles too slowly at the edge.
WEIGHTS = np.round(np.arange(0.5, 4.01, 0.1), 1)
BIASES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
REACHES = (5, 20)  # layers over which the rms of a gradient changes by a factor of e: the lines beside the edge


def correlations(weights: float, biases: float, q: float) -> Array:
    """Return the correlation of two inputs by layer, `(DEPTH + 1,)`, whose pre-activations have settled at `q`."""
    found = [PAIR]
    for _ in range(DEPTH):
        # The next layer's variance is q again. With few nodes `covariance` is less exact, and more than is shown.
        found.append((weights * covariance("tanh", found[-1], q, nodes=81) + biases) / q)
        if abs(found[-1] - found[-2]) < 1e-4:
            break
    return np.array(found + found[-1:] * (DEPTH + 1 - len(found)))  # it has settled


@disk_cached
def data() -> dict[str, Any]:
    """Return the data of the explorer.

    `rate` is the decimal logarithm of the gradient's factor a layer, `(bias, weight)`, and `correlation` that of two
    inputs, `(bias, weight, layer)`. `edge` and each of `reaches` hold a weight variance for each bias variance.
    """
    places = list(itertools.product(BIASES, WEIGHTS))
    points = [fixed_point("tanh", sigma_w=math.sqrt(w), sigma_b=math.sqrt(b)) for b, w in places]
    rate = np.array([math.log10(point.chi_1) / 2 for point in points]).reshape(len(BIASES), -1)
    pairs = [correlations(w, b, point.q_star) for (b, w), point in zip(places, points, strict=True)]
    # ln(gradient) changes by 1 over `reach` layers; 1/ln 10 of that is a decimal logarithm.
    levels = [sign * math.log10(math.e) / reach for reach in REACHES for sign in (-1, 1)]
    lines = [[float(np.interp(level, row, WEIGHTS, left=np.nan, right=np.nan)) for row in rate] for level in levels]
    return {
        "weights": [float(w) for w in WEIGHTS],
        "biases": [float(b) for b in BIASES],
        "depth": DEPTH,
        "edge": [critical_sigma_w("tanh", sigma_b=math.sqrt(b)) ** 2 for b in BIASES],
        "reaches": [reach for reach in REACHES for _ in range(2)],
        "lines": Rounded(np.array(lines), 1e-3),
        "rate": Rounded(rate, 5e-5),
        "correlation": Rounded(np.array(pairs).reshape(len(BIASES), len(WEIGHTS), -1), 1e-3),
    }
