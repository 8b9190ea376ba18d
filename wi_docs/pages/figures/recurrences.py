"""The gradient through time in recurrences with spectral radius 0.9, 1.0 and 1.1, linear and tanh."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.recurrent import random_recurrence, recur
from wi_docs.pages.figures import BLUE, INK, PURPLE, RED, STYLE, Picture, axes, decades, label

SIZE, STEPS = 64, 100
RADII = ((1.1, RED, "-"), (1.0, PURPLE, (0, (6, 2))), (0.9, BLUE, (0, (2, 2))))


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the size of the gradient k steps back against k, a panel an activation and a line a radius."""
    fig, panels = axes(1, 2, height=3.5, sharey=True)
    k = np.arange(STEPS + 1)
    data: dict[str, Any] = {"steps back": k}
    last: dict[str, float] = {}
    for ax, phi in zip(panels, ("linear", "tanh"), strict=True):
        for radius, color, style in RADII:
            # The same seed for all radii: the same matrix, rescaled.
            rng = np.random.default_rng(0)
            W = random_recurrence(rng, SIZE, radius)
            run = recur(W, rng.standard_normal(SIZE), steps=STEPS, activation_name=phi)
            ax.plot(k, run.gradient_norm, color=color, linestyle=style)
            label(ax, STEPS, run.gradient_norm[-1], f"{radius:.1f}", color)
            data[f"{phi} {radius}"] = run.gradient_norm
            last[f"{phi} {radius}"] = run.gradient_norm[-1]
        ax.set_title(f"{phi}, by radius", color=INK)
        ax.set_xlim(0, STEPS)
        ax.set_xticks([0, 50, 100])
        ax.set_xlabel("steps back in time")
        # 1.1^100 is 14,000, and 0.9^100 is 3e-5.
        decades(ax, -6, 6, 2)
    panels[0].set_ylabel("size of the gradient")
    return Picture(
        fig,
        "The gradient of the last state with respect to the state k steps before it, "
        f"as the largest singular value; {SIZE} units, the same random matrix rescaled to spectral radius 0.9, "
        "1.0 and 1.1. The linear recurrence grows by 1.1 a step, decays by 0.9, or stays. In the tanh recurrence "
        "slopes below 1 hold the growth down.",
        f"Size of the gradient against steps back, up to {STEPS}, on a logarithmic axis. After {STEPS} steps: "
        + ", ".join(f"{name} {value:.1e}" for name, value in last.items())
        + ".",
        data,
    )
