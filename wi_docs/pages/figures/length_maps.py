"""The variance after a layer against the variance before it, for five activations at their own gains.

Where a curve falls through 1, variances come back to 1; where it rises, they run away.
"""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.meanfield import length_map
from wi_docs.nn.gains import gain
from wi_docs.pages.figures import BLUE, GREEN, INK, PURPLE, RED, SOFT, STYLE, Picture, axes, label

STYLES = {
    "relu": ("ReLU", INK),
    "tanh": ("tanh", BLUE),
    "selu": ("SELU", GREEN),
    "gelu": ("GELU", RED),
    "silu": ("SiLU", PURPLE),
}


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the quotient of the next layer's variance and this one's against this one's, a curve an activation."""
    # Ten times smaller and ten times larger than the variance that a gain is made for.
    q = np.geomspace(0.1, 10, 61)
    # A ratio of 1 keeps the variance. All curves have it at variance 1, for which a gain is made.
    ratios = {name: np.array([length_map(name, v, sigma_w=gain(name)) / v for v in q]) for name in STYLES}
    fig, ax = axes(height=3.4)
    ax.axhline(1.0, color=SOFT, linewidth=0.8)
    ax.axvline(1.0, color=SOFT, linewidth=0.8)
    places = {"relu": -14, "tanh": 0, "selu": 0, "gelu": 2, "silu": 6}
    for name, (text, color) in STYLES.items():
        ax.plot(q, ratios[name], color=color)
        label(ax, q[-1], ratios[name][-1], text, color, xytext=(5, places[name]))
    ax.set_xscale("log")
    ax.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.minorticks_off()
    ax.set_xlim(0.1, 10)
    ax.set_ylim(0, 2)
    ax.grid(axis="y")
    ax.set_xlabel("variance of the pre-activations in a layer")
    ax.set_title("the next layer's variance, over this one's", color=INK)
    ax.margins(x=0)
    # The words follow the curves: those that end below 1 at ten times the variance, and those that end above.
    # ReLU's ratio is 1 and between the bounds.
    falling = ", ".join(STYLES[name][0] for name in STYLES if ratios[name][-1] < 0.99)
    rising = ", ".join(STYLES[name][0] for name in STYLES if ratios[name][-1] > 1.01)
    return Picture(
        fig,
        "Each activation has its own gain, so each curve passes through 1 at variance 1. "
        "Where it falls from left to right, what is too large shrinks and what is too small grows: "
        f"{falling} come back. Where it rises, what is off goes further off: {rising} run away. "
        "ReLU keeps whatever it gets.",
        "Five curves of the ratio of variances against the variance, which all cross 1 at variance 1. "
        f"{falling} fall: at ten times the variance they are at {ratios['tanh'][-1]:.2f} and "
        f"{ratios['selu'][-1]:.2f}. ReLU is flat. {rising} rise, to {ratios['gelu'][-1]:.2f} and "
        f"{ratios['silu'][-1]:.2f}.",
        {"variance": q, **ratios},
    )
