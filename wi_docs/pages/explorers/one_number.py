"""The gradient on its way back through one deep ReLU network, by the factor on all its weights."""

from typing import Any

import numpy as np

from wi_docs.experiments.propagation import propagate
from wi_docs.pages.explorers import Rounded

DEPTH, WIDTH = 50, 256
FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.7, 2.0)  # of the still picture
# The stops of the slider: these factors, and those between, in steps that look alike on its axis.
STOPS = tuple(sorted({*FACTORS, *(round(0.5 * 2 ** (step / 16), 2) for step in range(33))}))


def data() -> dict[str, Any]:
    """Return the data of the explorer: decimal logarithms of the gradient's rms, `(factor, layer)`.

    In the last layer it is the same at each factor: there is no weight matrix between it and the output's gradient.
    """
    runs = [propagate("relu", "he_normal", depth=DEPTH, width=WIDTH, gain=factor) for factor in STOPS]
    return {
        "factors": list(STOPS),
        "shown": list(FACTORS),
        "layers": list(range(1, DEPTH + 1)),
        "gradient": Rounded(np.log10([run.gradient_rms for run in runs]), 1e-3),
    }
