"""Singular values of a product of fifty layers: Gaussian weights and orthogonal ones."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.propagation import product_spectrum
from wi_docs.pages.figures import GREEN, INK, PURPLE, STYLE, Picture, axes, decades, label

WIDTH, DEPTH = 100, 50
ROUNDING = 1e-13  # smaller singular values of a float64 matrix are noise


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the sorted singular values of both products."""
    rank = np.arange(1, WIDTH + 1)
    fig, ax = axes(height=3.5)
    data: dict[str, Any] = {"rank": rank}
    for init, word, color in (("orthogonal", "orthogonal", GREEN), ("lecun_normal", "Gaussian", PURPLE)):
        values = product_spectrum(init, depth=DEPTH, width=WIDTH)
        # Lost in rounding: they would be drawn as noise.
        values[values < ROUNDING * values[0]] = np.nan
        ax.plot(rank, values, color=color)
        label(ax, 30, values[29], word, color, xytext=(6, 10))
        data[word] = values
    decades(ax, -14, 4, 2)
    ax.set_xlim(1, WIDTH)
    ax.set_xticks([1, 25, 50, 75, 100])
    ax.set_xlabel("singular value, from the largest")
    ax.set_title(f"singular values of a product of {DEPTH} matrices", color=INK)
    # NaN is not below a thousandth: what is lost in rounding is counted apart.
    small, lost = int((data["Gaussian"] < 1e-3).sum()), int(np.isnan(data["Gaussian"]).sum())
    return Picture(
        fig,
        f"{DEPTH} random {WIDTH}×{WIDTH} matrices multiplied. Gaussian entries of variance 1/n keep the mean square of "
        "a vector on average, but only because a few directions are stretched while nearly all are lost. Orthogonal "
        f"matrices keep every direction. The line ends where rounding is larger than the values: {lost} more are not "
        "drawn.",
        f"Sorted singular values on a logarithmic axis. Orthogonal: all equal to 1. Gaussian: the largest is "
        f"{data['Gaussian'][0]:.0f}, and {small + lost} of {WIDTH} are below a thousandth.",
        data,
    )
