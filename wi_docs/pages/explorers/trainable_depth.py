"""Training runs of tanh networks of many depths and scales on the digits, and the depth scale that theory predicts."""

from typing import Any

import numpy as np

from wi_docs.experiments.meanfield import depth_scale
from wi_docs.experiments.trainability import DEPTHS, SCALES, SEEDS, TRAINABLE, train_row
from wi_docs.experiments.training import History
from wi_docs.nn.checks import Array
from wi_docs.pages.explorers import Rounded

BELOW, ABOVE = np.linspace(0.5, 0.93, 30), np.linspace(1.3, 3.0, 30)  # at 1 the depth scale is infinite


def data() -> dict[str, Any]:
    """Return the data of the explorer: accuracy, `(scale, depth, look)`, and the gradient by layer.

    Accuracies are means over seeds; the gradient is that of the first seed. It is given at the first
    look and at the last, `(scale, depth, 2, layer)`.
    """
    runs = {depth: train_row("tanh", depth) for depth in DEPTHS}
    cells = [[[runs[depth][scale, seed] for seed in SEEDS] for depth in DEPTHS] for scale in SCALES]
    steps = cells[0][0][0].steps
    # Loss and gradient of the first seed alone: a mean would change its members where a run explodes.
    first = [[runs[0] for runs in row] for row in cells]
    accuracy = [[np.mean([_whole(run.accuracy, len(steps)) for run in runs], axis=0) for runs in row] for row in cells]
    return {
        "scales": list(SCALES),
        "depths": list(DEPTHS),
        "steps": [int(step) for step in steps],
        "accuracy": Rounded(np.array(accuracy), 1e-3),
        "gradient": Rounded(np.array([[_gradient(run) for run in row] for row in first]), 5e-3),
        "exploded": [[run.exploded_at for run in row] for row in first],
        "curve": [[float(s), TRAINABLE * depth_scale("tanh", sigma_w=float(s))] for s in np.r_[BELOW, ABOVE]],
        # Where the curve is interrupted: behind the points below the edge.
        "gap": len(BELOW),
    }


def _whole(column: Array, looks: int) -> Array:
    """Return a column of a run's history, filled up with NaN to `looks` entries if the run exploded before the end."""
    return np.concatenate([column, np.full(looks - len(column), np.nan)])


def _gradient(run: History) -> Array:
    """Return the decimal logarithm of the gradient's rms at each layer over that at the last layer, `(2, layers)`.

    The rows are the first look and the last. Networks of fewer layers than the deepest are filled up with NaN.
    """
    seen = run.gradient_rms[[0, -1]]
    missing = np.full((2, max(DEPTHS) + 1 - seen.shape[1]), np.nan)
    return np.concatenate([np.log10(seen / seen[:, -1:]), missing], axis=1)
