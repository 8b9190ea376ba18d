"""The same network on the same digits, with only the scale of its weights changed."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.training import sweep
from wi_docs.pages.figures import BLUE, GREEN, INK, PURPLE, RED, STYLE, Picture, axes, label

CASES = ((0.5, BLUE, (0, (2, 2))), (0.75, PURPLE, (0, (6, 2))), (1.0, GREEN, "-"), (1.5, RED, "-"))
# He's scale learns at this rate. At a smaller one the largest scale would survive too.
DEPTH, STEPS, RATE, LOOKS = 10, 300, 0.02, 31


@rc_context(STYLE)
def draw() -> Picture:
    """Draw held-out accuracy over the steps, and where a run leaves the range of numbers."""
    fig, ax = axes(height=3.3)
    steps = np.linspace(0, STEPS, LOOKS)
    data: dict[str, Any] = {"step": steps}
    ends: list[str] = []
    gains = [factor for factor, _, _ in CASES]
    # One stack of networks: each gain multiplies the same first weights.
    runs = sweep("relu", "he_normal", depth=DEPTH, gains=gains, steps=STEPS, rates=[RATE], looks=LOOKS)
    for (_, color, line), ((factor, _, _), history) in zip(CASES, runs.items(), strict=True):
        name, accuracy = f"×{factor:g}", np.full(LOOKS, np.nan)
        # A run that explodes has fewer looks; the rest stays NaN.
        accuracy[: len(history.accuracy)] = history.accuracy
        data[f"times {factor:g}"] = accuracy
        if history.exploded_at is not None:
            ax.plot([history.exploded_at], [100 * history.accuracy[-1]], "X", color=color, markersize=8)
            ends.append(f"{name} explodes at step {history.exploded_at}")
            label(ax, history.exploded_at, 100 * history.accuracy[-1], ends[-1], color, xytext=(48, 42))
        else:
            ax.plot(steps, 100 * accuracy, color=color, linestyle=line)
            label(ax, STEPS, 100 * accuracy[-1], name, color)
            ends.append(f"{name} ends at {100 * accuracy[-1]:.0f} %")
    ax.set_xlim(0, STEPS)
    ax.set_ylim(0, 100)
    ax.set_yticks([0, 10, 50, 100], ["0", "10 %", "50 %", "100 %"])
    ax.grid(axis="y")
    ax.set_xlabel("steps")
    ax.set_title("digits recognized, held-out", color=INK)
    return Picture(
        fig,
        f"A ReLU network of {DEPTH} hidden layers of 64 units, plain gradient descent at a rate of {RATE}, one order "
        "of the data. The scale of the first weights differs, in multiples of He's, and nothing else. One in ten is "
        "what guessing gives.",
        f"Share of held-out digits recognized against steps, up to {STEPS}: {'; '.join(ends)}.",
        data,
    )
