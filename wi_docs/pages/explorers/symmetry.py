"""The paths of hidden units while they learn: from equal, nearly equal and random weights, and with two equal units."""

from typing import Any

import numpy as np

from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.symmetry import train_units
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer, Shape, constant, lecun_normal
from wi_docs.pages.explorers import Rounded

UNITS, STEPS, EVERY = 5, 2000, 20  # every 20th step is kept
# The stops of the slider: the size of the random part of the weights, in multiples of LeCun's scale.
NOISES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0)


def nearly_constant(noise: float, *, twins: bool) -> Initializer:
    """Return a scheme: a constant plus `noise` times LeCun's weights. With `twins`, unit 2 is a copy of unit 1."""

    def scheme(rng: np.random.Generator, shape: Shape) -> Array:
        W = constant(rng, shape) + noise * lecun_normal(rng, shape)
        # Both layers: a unit is a column of the first matrix and a row of the second.
        units = W if shape[1] == UNITS else W.T
        if twins:
            units[:, 1] = units[:, 0]
        return W

    return scheme


@disk_cached
def data() -> dict[str, Any]:
    """Return the data of the explorer: the units' incoming weights, `(twins, noise, weight, look)`, spread and loss.

    Spread and loss are `(twins, noise, look)`.
    """
    schemes = [[nearly_constant(noise, twins=twins) for noise in NOISES] for twins in (False, True)]
    runs = [[train_units(scheme, scheme, units=UNITS, steps=STEPS) for scheme in row] for row in schemes]
    spread = np.array([[run.spread[::EVERY] for run in row] for row in runs])
    weights = np.array([[run.W[::EVERY].reshape(-1, 2 * UNITS).T for run in row] for row in runs])
    return {
        "noises": list(NOISES),
        "steps": list(range(0, STEPS + 1, EVERY)),
        "units": UNITS,
        "weights": Rounded(weights, 2e-3),  # by input, then unit
        "spread": Rounded(np.log10(np.maximum(spread, 1e-16)), 5e-3),  # below, it is rounding
        "loss": Rounded(np.array([[run.loss[::EVERY] for run in row] for row in runs]), 2e-4),
    }
