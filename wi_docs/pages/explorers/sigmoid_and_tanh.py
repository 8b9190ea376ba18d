"""Every activation and its slope along x, and the factor on a gradient that meets this slope in each of many layers."""

import math
from typing import Any

import numpy as np

from wi_docs.nn.activations import activation, names
from wi_docs.nn.checks import Array
from wi_docs.pages.explorers import Rounded

REACH, LAYERS = 6, 50  # x runs from -REACH to REACH; the gradient passes LAYERS layers
JUMPS = (-3.0, -1.0, 0.0, 1.0, 3.0)  # points at which the slope of some activation jumps


def places() -> Array:
    """Return the points x: a hundredth apart, and two at a jump, for the slopes on its left and on its right."""
    return np.sort(np.r_[np.round(np.linspace(-REACH, REACH, 200 * REACH + 1), 2), np.nextafter(JUMPS, np.inf)])


def data() -> dict[str, Any]:
    """Return the data of the explorer: values and slopes, and the decimal logarithm of slope to the power `LAYERS`.

    The arrays are `(activation, place)`.
    """
    x, known = places(), [activation(name) for name in names()]
    slope = np.array([one.df(x) for one in known])
    size = np.abs(slope)
    with np.errstate(divide="ignore"):
        left = LAYERS * np.log10(size)
    peak = size.max(axis=1)
    # The places of the largest slope: a point for most activations, an interval for those with straight parts.
    tops = [x[row > top - 1e-9] for row, top in zip(size, peak, strict=True)]
    return {
        "names": [one.name for one in known],
        "x": [float(v) for v in np.round(x, 2)],
        "value": Rounded(np.array([one.f(x) for one in known]), 1e-4),
        "slope": Rounded(slope, 5e-5),
        "left": Rounded(np.where(size > 0, left, np.nan), 1e-2),
        "peak": [float(top) for top in peak],
        "steepest": [LAYERS * math.log10(top) for top in peak],
        "where": [[round(float(part.min()), 2), round(float(part.max()), 2)] for part in tops],
        "layers": LAYERS,
    }
