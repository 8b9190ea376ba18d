"""Every activation and its slope, along x, and what is left of a gradient that meets this slope layer after layer."""

import math
from typing import Any

import numpy as np

from wi_docs.nn.activations import activation, names
from wi_docs.nn.checks import Array
from wi_docs.pages.explorers import Rounded

REACH, LAYERS = 6, 50
JUMPS = (-3.0, -1.0, 0.0, 1.0, 3.0)  # of some activation's slope: there x stands twice, once for each side


def places() -> Array:
    """Return x: a hundredth apart, and at a jump two, with the slope on the left and the slope on the right."""
    return np.sort(np.r_[np.round(np.linspace(-REACH, REACH, 200 * REACH + 1), 2), np.nextafter(JUMPS, np.inf)])


def data() -> dict[str, Any]:
    """Return values and slopes `(activation, place)`, and the power of ten of what `LAYERS` such slopes leave."""
    x, known = places(), [activation(name) for name in names()]
    slope = np.array([one.df(x) for one in known])
    size = np.abs(slope)
    with np.errstate(divide="ignore"):
        left = LAYERS * np.log10(size)
    peak = size.max(axis=1)
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
