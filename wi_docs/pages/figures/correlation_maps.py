"""The correlation of two inputs in a layer against that in the layer before: below the edge, at it, and above."""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.meanfield import correlation_map, critical_sigma_w, fixed_point
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label

# With biases the correlation above the edge settles between 0 and 1, so that all three cases show.
SIGMA_B = 0.3
EDGE = critical_sigma_w("tanh", sigma_b=SIGMA_B)
CASES = ((0.8, "below", BLUE), (EDGE, "at the edge", INK), (2.5, "above", RED))


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the correlation in the next layer against that in this layer, a curve a scale."""
    c = np.linspace(0, 1, 81)
    curves = {}
    fig, ax = axes(height=3.6)
    ax.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8)
    for sigma_w, name, color in CASES:
        # The map is drawn at the variance at which deep layers settle.
        q = fixed_point("tanh", sigma_w=sigma_w, sigma_b=SIGMA_B).q_star
        curves[name] = np.array([correlation_map("tanh", v, q, sigma_w=sigma_w, sigma_b=SIGMA_B) for v in c])
        ax.plot(c, curves[name], color=color)
    label(ax, 0.12, curves["below"][10], "below the edge", BLUE, xytext=(-22, 32))
    label(ax, 0.03, 0.4, "at the edge", INK, xytext=(0, 0))
    label(ax, 0.3, curves["above"][24], "above the edge", RED, xytext=(8, -16))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("correlation of two inputs in one layer")
    ax.set_title("correlation of the two in the next layer", color=INK)
    # The stable fixed point: the last correlation that the map still increases. c = 1, a fixed point of every map, is
    # left out.
    crossing = float(c[:-1][(curves["above"] > c)[:-1]].max())
    return Picture(
        fig,
        f"The correlation of two inputs from layer to layer, tanh, biases of deviation {SIGMA_B}. "
        "Above the gray line they become more alike. Below the edge, and at it, every pair ends at 1. "
        f"Above the edge the curve crosses the gray line at {crossing:.2f}: there all pairs end, "
        "and near-twins are torn apart.",
        f"Three rising curves over a diagonal. Below the edge the curve starts at {curves['below'][0]:.2f} and stays "
        f"above the diagonal up to 1. At the edge it starts at {curves['at the edge'][0]:.2f} and touches the "
        f"diagonal at 1. Above it starts at {curves['above'][0]:.2f}, crosses the diagonal at {crossing:.2f}, "
        "and comes to 1 from below.",
        {"correlation": c, **curves},
    )
