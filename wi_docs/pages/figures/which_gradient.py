"""Two gradients of the same network: with respect to pre-activations, and with respect to weights."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.propagation import propagate
from wi_docs.pages.figures import BLUE, INK, RED, STYLE, Picture, axes, decades, label

DEPTH, WIDTH = 20, 256
# tanh at 0.8 of LeCun's scale, so that what flows back shrinks, as it does through sigmoids.
CASES = (("sigmoid", 1.0, BLUE), ("tanh", 0.8, RED))


@rc_context(STYLE)
def draw() -> Picture:
    """Draw each gradient by layer, relative to the last layer's, a panel a gradient and a line a network."""
    layers = np.arange(1, DEPTH + 1)
    fig, panels = axes(1, 2, height=3.5, sharey=True)
    data: dict[str, Any] = {"layer": layers}
    first: dict[str, float] = {}
    # The same networks in both panels.
    for phi, gain, color in CASES:
        p = propagate(phi, "lecun_normal", depth=DEPTH, width=WIDTH, gain=gain)
        for ax, word, values in (
            (panels[0], "pre-activations", p.gradient_rms),
            (panels[1], "weights", p.weight_gradient_rms),
        ):
            relative = values / values[-1]
            ax.plot(layers, relative, color=color, linestyle="-" if phi == "sigmoid" else (0, (5, 2)))
            label(ax, 6, relative[5], phi, color, xytext=(8, -8) if phi == "sigmoid" else (0, 13))
            data[f"{phi} by {word}"] = relative
            first[f"{phi} by {word}"] = relative[0]
            ax.set_title(f"with respect to\n{word}", color=INK)
            ax.set_xlim(1, DEPTH)
            ax.set_xticks([1, 10, 20])
            ax.set_xlabel("layer")
            decades(ax, -14, 2, 4)
    panels[0].set_ylabel("gradient, over the last")
    return Picture(
        fig,
        f"{DEPTH} layers of {WIDTH} units, each line relative to the last layer; tanh with weights of 0.8/√n, a "
        "little too small on purpose. The signal that flows back shrinks in both networks. The gradient of the weights "
        "shrinks with it in the sigmoid network and stays in the tanh network, because there the activations that it "
        "is multiplied with grow toward the input just as fast.",
        "Two panels by layer on a logarithmic axis, relative to the last layer. In layer 1: "
        + ", ".join(f"{name} {value:.1e}" for name, value in first.items())
        + ".",
        data,
    )
