"""Hidden units while they learn, from equal weights and from random ones."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.symmetry import train_units
from wi_docs.pages.figures import BLUE, GREEN, GRID, INK, OCHRE, PURPLE, RED, SOFT, STYLE, Picture, axes, label

UNITS, STEPS = 5, 2000


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the path of each unit's two incoming weights."""
    fig, panels = axes(1, 2, height=2.8, sharex=True, sharey=True)
    data: dict[str, Any] = {"step": np.arange(0, STEPS + 1, 20)}
    losses: dict[str, float] = {}
    for ax, word, init in zip(panels, ("all equal", "random"), ("constant", "lecun_normal"), strict=True):
        # The same scheme draws the weights into the units and out of them.
        paths = train_units(init, init, units=UNITS, steps=STEPS)
        losses[word] = paths.loss[-1]
        for unit, color in enumerate((BLUE, RED, GREEN, PURPLE, OCHRE)):
            # `paths.W` is (steps + 1, inputs, units).
            w1, w2 = paths.W[:, 0, unit], paths.W[:, 1, unit]
            ax.plot(w1, w2, color=color, linewidth=1.6)
            # A ring at the start of the path, a dot at its end.
            ax.plot(w1[:1], w2[:1], "o", color=color, markersize=5, fillstyle="none")
            ax.plot(w1[-1:], w2[-1:], "o", color=color, markersize=6)
            data |= {f"{word} unit {unit + 1} w1": w1[::20], f"{word} unit {unit + 1} w2": w2[::20]}
        ax.set_title(f"{word}: loss {paths.loss[-1]:.3f}", color=INK)
        ax.set_xlabel("weight from input 1")
        ax.axhline(0.0, color=GRID, linewidth=0.8, zorder=0)
        ax.axvline(0.0, color=GRID, linewidth=0.8, zorder=0)
        ax.set_aspect("equal")
    panels[0].set_ylabel("weight from input 2")
    # Where the five lines end, for the label.
    equal = train_units("constant", "constant", units=UNITS, steps=STEPS).W[-1, :, 0]
    label(panels[0], equal[0], equal[1], "five units", SOFT, xytext=(-8, 0), ha="right")
    return Picture(
        fig,
        f"Each line is one hidden unit's pair of incoming weights over {STEPS} steps, from the ring to the dot. From "
        "equal weights the five units are one unit: five lines lie on each other, on the diagonal, and the task that "
        "needs two different units is not solved. From random weights they go their own ways.",
        f"Two panels with the paths of {UNITS} hidden units in the plane of their two incoming weights. From equal "
        f"weights all paths coincide and the loss ends at {losses['all equal']:.3f}. From random weights the paths "
        f"part and the loss ends at {losses['random']:.3f}.",
        data,
    )
