"""The schemes side by side: rms of activations and gradients by layer, for tanh and ReLU."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.propagation import propagate
from wi_docs.pages.figures import BLUE, GREEN, INK, OCHRE, PURPLE, STYLE, Picture, axes, decades, label

DEPTH, WIDTH = 30, 256
# A scheme, its word on the page, a color, and a line style.
SCHEMES = (
    ("normal", "0.01", OCHRE, (0, (1, 1.5))),
    ("lecun_normal", "LeCun", BLUE, (0, (6, 2))),
    ("he_normal", "He", GREEN, "-"),
    ("orthogonal", "orthogonal", PURPLE, (0, (3, 2))),
)


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the rms of activations by layer, and below it that of gradients, a column an activation."""
    layers = np.arange(1, DEPTH + 1)
    fig, grid = axes(2, 2, height=5.0, sharex=True, sharey=True)
    data: dict[str, Any] = {"layer": layers}
    ends: list[str] = []
    # A column for each activation; the upper row is the signal, the lower one the gradient.
    for column, phi in enumerate(("tanh", "relu")):
        for init, word, color, line in SCHEMES:
            p = propagate(phi, init, depth=DEPTH, width=WIDTH)
            for row, (what, values) in enumerate((("activations", p.forward_rms), ("gradients", p.gradient_rms))):
                grid[row, column].plot(layers, values, color=color, linestyle=line)
                data[f"{phi} {word} {what}"] = values
            ends.append(f"{phi} with {word}: {p.forward_rms[-1]:.0e} and {p.gradient_rms[0]:.0e}")
        grid[0, column].set_title("tanh" if phi == "tanh" else "ReLU", color=INK)
        grid[1, column].set_xlabel("layer")
    for ax in grid.flat:
        decades(ax, -8, 4, 4)
        ax.set_xlim(1, DEPTH)
        ax.set_xticks([1, 10, 20, 30])
    grid[0, 0].set_ylabel("activations")
    grid[1, 0].set_ylabel("gradients")
    label(grid[0, 1], 12, 1.0, "He", GREEN, xytext=(0, 9))
    # Two lines lie on each other there, and share a label.
    label(grid[0, 1], 11, 10**-6.2, "LeCun,\northogonal", BLUE, xytext=(0, 0))
    label(grid[1, 1], 8, 1.0, "He", GREEN, xytext=(0, 9))
    label(grid[1, 1], 2, 10**-6.4, "LeCun,\northogonal", BLUE, xytext=(0, 0))
    label(grid[0, 0], 12, 1.0, "He, LeCun", GREEN, xytext=(0, 9))
    label(grid[0, 0], 8, 1e-6, "0.01", OCHRE, xytext=(0, 0))
    label(grid[1, 0], 6, data["tanh He gradients"][5], "He", GREEN, xytext=(0, 10))
    return Picture(
        fig,
        f"Root mean square by layer in networks of {DEPTH} layers of {WIDTH} units. LeCun's scale and orthogonal "
        "weights suit tanh; there He's are too large and the gradient grows. ReLU throws away half, which He's scale "
        "gives back. Small fixed weights fail both. Glorot's scheme is LeCun's here, since all layers have one width.",
        "Four panels by layer on a logarithmic axis: rms of activations and of gradients, for tanh and for ReLU. "
        "Activations in the last layer and gradient in the first: " + "; ".join(ends) + ".",
        data,
    )
