"""The mean square of w·x against the number of inputs, for three ways to draw w."""

from typing import Any

from matplotlib import rc_context

from wi_docs.experiments.propagation import SCALES, projection_variance
from wi_docs.pages.figures import BLUE, GREEN, RED, STYLE, Picture, axes, decades, label

# Nearly evenly spaced on a logarithmic axis.
DIMENSIONS = (1, 3, 10, 30, 100, 300, 1000)


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the mean square of w·x against the number of inputs, a line for each way to draw w."""
    fig, ax = axes(height=3.3)
    data: dict[str, Any] = {"D": DIMENSIONS}
    for scale, color, marker in zip(SCALES, (RED, BLUE, GREEN), "os^", strict=True):
        v = projection_variance(scale, DIMENSIONS)
        # Two standard errors on both sides hold the true mean in 95 of 100 cases.
        ax.errorbar(v.dimensions, v.mean_square, 2 * v.standard_error, color=color, marker=marker, markersize=5)
        label(
            ax,
            DIMENSIONS[-1],
            v.mean_square[-1],
            scale,
            color,
            # Below the line of 0.01, above the other two.
            xytext=(-6, -36 if scale.startswith("0.01") else 14),
            ha="right",
        )
        data |= {scale: v.mean_square, f"{scale} standard error": v.standard_error}
    ax.set_xscale("log")
    ax.set_xticks(DIMENSIONS[::2], [str(d) for d in DIMENSIONS[::2]])
    ax.minorticks_off()
    ax.set_xlabel("number of inputs D")
    decades(ax, -4, 4, 2)
    ax.set_title("mean square of w · x")
    return Picture(
        fig,
        "Mean square of w·x over 4,000 draws of both, inputs of mean square 1; bars of two standard errors. Plain "
        "`randn(D)` grows like D. A fixed factor of 0.01 moves the line and leaves its slope. Dividing by the root of "
        "D makes it flat: the sum has the same size for 1 input and for 1,000.",
        f"Mean square of w dot x against D from 1 to 1,000 on logarithmic axes. randn(D) rises from "
        f"{data['randn(D)'][0]:.2g} to {data['randn(D)'][-1]:.3g}; 0.01 times randn(D) from "
        f"{data['0.01 * randn(D)'][0]:.2g} to {data['0.01 * randn(D)'][-1]:.2g}; randn(D) over the root of D stays "
        f"at 1, between {data['randn(D) / sqrt(D)'].min():.2f} and {data['randn(D) / sqrt(D)'].max():.2f}.",
        data,
    )
