"""The gradient by layer for sigmoid, tanh and ReLU, at the scale that fits each and at one that does not."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.propagation import propagate
from wi_docs.nn.activations import activation
from wi_docs.pages.figures import BLUE, GREEN, RED, SOFT, STYLE, Picture, axes, decades, label

DEPTH, WIDTH = 30, 256
# Solid: the scale that fits the activation. Dashed: one that does not.
CASES = (
    ("sigmoid", "lecun_normal", "sigmoid, LeCun", BLUE, "-"),
    ("sigmoid", "normal", "sigmoid, 0.01", BLUE, (0, (2, 2))),
    ("tanh", "lecun_normal", "tanh, LeCun", RED, "-"),
    ("relu", "he_normal", "ReLU, He", GREEN, "-"),
    ("relu", "lecun_normal", "ReLU, LeCun", GREEN, (0, (5, 2))),
)


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the gradient's rms relative to the last layer's, on a logarithmic axis."""
    layers = np.arange(1, DEPTH + 1)
    fig, ax = axes(height=4.6)
    data: dict[str, Any] = {"layer": layers}
    ratios: dict[str, float] = {}
    for phi, init, text, color, style in CASES:
        p = propagate(phi, init, depth=DEPTH, width=WIDTH, seed=0)
        # Relative to the last layer, so that only the way back shows.
        relative = p.gradient_rms / p.gradient_rms[-1]
        ax.plot(layers, relative, color=color, linestyle=style)
        data[text] = relative
        ratios[text] = p.gradient_ratio
    # 0.25 for each layer between this one and the last.
    bound = float(activation("sigmoid").df(0.0)) ** (DEPTH - layers)
    ax.plot(layers, bound, color=SOFT, linewidth=1.0)
    data["0.25^n"] = bound
    # 32 decades below 1, for the sigmoid network with weights of 0.01.
    decades(ax, -32, 2, 4)
    ax.set_xlim(1, DEPTH)
    ax.set_xticks([1, 10, 20, 30])
    ax.set_xlabel("layer (the loss is on the right)")
    ax.set_title("gradient with respect to pre-activations,\nrelative to layer 30")
    label(ax, 16.0, 1.0, "tanh, LeCun and ReLU, He", GREEN, xytext=(0, 9), ha="center")
    label(ax, 6.0, data["ReLU, LeCun"][5], "ReLU, LeCun", GREEN, xytext=(0, -13))
    label(ax, 4.0, data["sigmoid, LeCun"][3], "sigmoid, LeCun", BLUE, xytext=(6, -8))
    label(ax, 8.0, bound[7], "0.25ⁿ", SOFT, xytext=(-10, 12), ha="right")
    label(ax, 17.0, data["sigmoid, 0.01"][16], "sigmoid, weights of 0.01", BLUE, xytext=(10, -2))
    return Picture(
        fig,
        f"In the still picture, one backward pass through {DEPTH} layers of {WIDTH} units. "
        "On this axis the same factor in each layer makes a straight line. The sigmoid at LeCun's scale loses more "
        "than a factor of four a layer; tanh at the same scale and ReLU at He's lose little. The thin line is 0.25ⁿ, "
        "the product of the steepest slopes alone.",
        "Gradient by layer on a logarithmic axis: lines that run from layer 30 to layer 1, most of them straight and "
        "down. Factor a layer: "
        + ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())
        + ". The line of 0.25 to the "
        "power n lies just above the sigmoid at LeCun's scale.",
        data,
    )
