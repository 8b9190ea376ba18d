"""The plane of weight and bias variance for tanh: lines on which a gradient reaches equally far, and the edge."""

from functools import cache

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.meanfield import critical_sigma_w, fixed_point
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label

# From a variance of 0.02 on: without biases the variance settles too slowly at the edge.
WEIGHTS, BIASES = np.linspace(0.5, 4.0, 29), np.linspace(0.02, 0.6, 13)
# In chaos the plane ends before a gradient grows by e within five layers.
ORDER, CHAOS = (5, 20), (20, 12)  # layers over which the gradient changes by a factor of e, for the lines drawn


@cache
def _reach() -> np.ndarray:
    """Return ln(chi_1) / 2, the logarithm of the gradient's factor a layer, `(biases, weights)`."""
    rows = [[np.log(fixed_point("tanh", sigma_w=w**0.5, sigma_b=b**0.5).chi_1) / 2 for w in WEIGHTS] for b in BIASES]
    return np.array(rows)


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the edge, and on both sides of it lines on which a gradient reaches equally far."""
    log = _reach()
    edge = np.array([critical_sigma_w("tanh", sigma_b=b**0.5) ** 2 for b in BIASES])
    fig, ax = axes(height=3.6)
    # A factor of e over n layers is a logarithm of 1/n a layer, below 0 in the ordered phase.
    ax.contour(WEIGHTS, BIASES, log, levels=[-1 / n for n in ORDER], colors=[BLUE], linestyles="solid", linewidths=1.2)
    ax.contour(WEIGHTS, BIASES, log, levels=[1 / n for n in CHAOS], colors=[RED], linestyles="solid", linewidths=1.2)
    ax.plot(edge, BIASES, color=INK)
    ax.set_xlim(WEIGHTS[0], WEIGHTS[-1])
    ax.set_ylim(0, BIASES[-1])
    # Row 9 lies high in the ordered phase, row 4 low in the chaotic one: away from each other and the words.
    for row, levels, color in ((9, [-1 / n for n in ORDER], BLUE), (4, [1 / n for n in CHAOS], RED)):
        for level in levels:
            # The weight variance at which the line of this level crosses the row: there its label goes.
            x = float(np.interp(level, log[row], WEIGHTS))
            label(
                ax,
                x,
                BIASES[row],
                f"{round(abs(1 / level))}{' layers' if level in (-0.2, 1 / 12) else ''}",
                color,
                xytext=(4, 0),
            )
    label(ax, edge[-1], BIASES[-1], "edge", INK, xytext=(7, -8))
    label(ax, 0.56, 0.53, "order:\nvanishes", BLUE, xytext=(0, 0))
    label(ax, 2.9, 0.04, "chaos: explodes", RED, xytext=(0, 0))
    ax.set_xlabel("variance of the weights times fan-in")
    ax.set_title("variance of the biases", color=INK)
    ax.axhline(0, color=SOFT, linewidth=0)
    return Picture(
        fig,
        "For tanh, lines on which a gradient shrinks (on the left, within 5 and 20 layers) or grows (on the right, "
        "within 20 and 12 layers) by a factor of e. Between them lies the edge, where it changes as a power of "
        "the depth at most. The closer to it, the further a gradient reaches.",
        "A plane of weight variance, 0.5 to 4, and bias variance, 0 to 0.6. The edge runs from a weight variance of "
        f"{edge[0]:.2f} at a bias variance of {BIASES[0]:.2f} to {edge[-1]:.2f} at {BIASES[-1]:.1f}. "
        "Lines of equal reach run alongside it, on the left for gradients that vanish and on the right for gradients "
        f"that explode; at a bias variance of {BIASES[4]:.2f} the line of 12 layers in chaos is at "
        f"{float(np.interp(1 / 12, log[4], WEIGHTS)):.1f}.",
        {
            "bias variance": BIASES,
            "edge": edge,
            **{f"weight variance {w:.3g}": log[:, k] for k, w in enumerate(WEIGHTS) if k % 4 == 0},
        },
    )
