"""The map of scale and rate for four activations, four depths, and plain gradient descent, momentum or Adam."""

from typing import Any

import numpy as np

from wi_docs.experiments import optimizers
from wi_docs.experiments.optimizers import ACTIVATIONS, DEPTHS, RATES, SCALES, SEEDS, STEPS, WIDTH
from wi_docs.pages.explorers import Rounded


def data() -> dict[str, Any]:
    """Return the data of the explorer: accuracy, `(activation, depth, optimizer, scale, seed, rate)`."""
    # `stored_map` is (scales, rates, seeds); in the file the rate comes last, since differences are taken along it.
    maps = [[[optimizers.stored_map(phi, depth, o)[0] for o in RATES] for depth in DEPTHS] for phi in ACTIVATIONS]
    return {
        "activations": list(ACTIVATIONS),
        "depths": list(DEPTHS),
        "rates": {optimizer: list(rates) for optimizer, rates in RATES.items()},
        "scales": list(SCALES),
        "width": WIDTH,
        "steps": STEPS,
        "seeds": len(SEEDS),
        "accuracy": Rounded(np.moveaxis(np.array(maps), -1, -2), 2e-3),
    }
