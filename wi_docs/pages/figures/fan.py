"""Two thousand ReLU networks of one width: the mean of the squared length stays, the median falls, the fan opens."""

import math

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.products import random_products
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, decades, label

# As deep as it is wide, about: the spread grows with depth over width.
WIDTH, DEPTH, DRAWS = 32, 30, 2000


@rc_context(STYLE)
def draw() -> Picture:
    """Draw quantiles, mean and median of the squared length against depth."""
    # He's scale: entries of variance 2/n. Twice the logarithm of the length is that of its square, `(draws, layers)`.
    log = 2 * random_products(width=WIDTH, sigma=math.sqrt(2 / WIDTH), factors=DEPTH, draws=DRAWS, relu=True).log_size
    layers = np.arange(DEPTH + 1)
    # Quantiles of the logarithm are the logarithms of quantiles.
    low, quarter, median, three, high = np.exp(np.quantile(log, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0))
    mean = np.exp(log).mean(axis=0)
    fig, ax = axes(height=3.6)
    ax.fill_between(layers, low, high, color=BLUE, alpha=0.16, linewidth=0)
    ax.fill_between(layers, quarter, three, color=BLUE, alpha=0.22, linewidth=0)
    ax.plot(layers, median, color=BLUE)
    ax.plot(layers, mean, color=RED)
    ax.axhline(1.0, color=SOFT, linewidth=0.8)
    label(ax, 20, median[20], "median", BLUE, xytext=(0, -15))
    label(ax, 20, mean[20], "mean", RED, xytext=(0, 12))
    label(ax, 13, low[13], "nine draws in ten", SOFT, xytext=(-4, -12), ha="right")
    decades(ax, -3, 2, 1)
    ax.set_xlim(0, DEPTH)
    ax.set_xlabel("layers")
    ax.set_title("squared length of the signal", color=INK)
    return Picture(
        fig,
        f"{DRAWS:,} ReLU networks of width {WIDTH} at He's scale, one input each. Half of the networks lie in the "
        "dark band, nine of ten in the light one. The mean stays near 1 because a few networks are very large. "
        "The network you happen to draw is more likely to be small.",
        f"Squared length against layers on a logarithmic axis. After {DEPTH} layers the mean is {mean[-1]:.1f}, "
        f"the median {median[-1]:.2f}, and nine of ten networks lie between {low[-1]:.1g} and {high[-1]:.1g}.",
        {"layers": layers, "mean": mean, "median": median, "5 %": low, "25 %": quarter, "75 %": three, "95 %": high},
    )
