"""Three quantities by depth in a ReLU network: the mean square, and the differences of two inputs.

The mean square is kept on average over networks. The difference of directions dies out, and the difference of lengths
grows.
"""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.meanfield import relu_two_inputs
from wi_docs.experiments.propagation import propagate
from wi_docs.pages.figures import BLUE, GREEN, INK, RED, STYLE, Picture, axes, decades, label

DEPTH, WIDTH, BATCH, SEEDS = 100, 256, 32, 8


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the mean square, and the differences of directions and of lengths by layer, with theory for both."""
    by_seed = []
    for seed in range(SEEDS):
        z = propagate("relu", "he_normal", depth=DEPTH, width=WIDTH, batch=BATCH, seed=seed).pre_activations
        length = np.linalg.norm(z, axis=2)
        # For unit vectors u_i the mean of 1 - u_i . u_j over pairs of different inputs is (1 - |mean of u|^2) n / (n -
        # 1).
        mean_direction = (z / length[..., None]).mean(axis=1)
        apart = (1 - (mean_direction**2).sum(axis=1)) * BATCH / (BATCH - 1)
        # He's scale gives the pre-activations a mean square of 2, by which the first is divided.
        by_seed.append(((z**2).mean(axis=(1, 2)) / 2, apart, np.log(length).var(axis=1, ddof=1)))
    # The mean square has a skewed distribution over seeds, and its median is shown; of the others, means.
    (whole, _, _), (_, directions, lengths) = np.median(by_seed, axis=0), np.mean(by_seed, axis=0)
    layers, theory = np.arange(1, DEPTH + 1), relu_two_inputs(DEPTH)
    fig, ax = axes(height=3.6)
    for measured, expected, color in ((directions, theory[0], BLUE), (lengths, theory[1] / WIDTH, RED)):
        ax.plot(layers, measured, color=color)
        ax.plot(layers, expected, color=INK, linewidth=1.2, linestyle=(0, (5, 2)))
    ax.plot(layers, whole, color=GREEN)
    label(ax, 50, whole[49], "mean square", GREEN, xytext=(0, 14))
    label(ax, 50, lengths[49], "lengths apart", RED, xytext=(0, 13))
    label(ax, 50, directions[49], "directions apart", BLUE, xytext=(-2, -15), ha="right")
    decades(ax, -3, 1, 1)
    ax.set_xlim(1, DEPTH)
    ax.set_xticks([1, 25, 50, 75, 100])
    ax.set_xlabel("layer")
    ax.set_title("size, and how far inputs are apart", color=INK)
    return Picture(
        fig,
        f"ReLU networks of width {WIDTH} at He's scale, {SEEDS} seeds. The mean square of the pre-activations is kept "
        f"on average over networks; the median, which is drawn, falls to {whole[-1]:.1f} of its start. One minus the "
        "cosine of two inputs falls like one over the square of the depth (mean). What stays is a difference of "
        "lengths: the variance of the logarithm of the length, within a batch (mean). Dashed: theory, with nothing "
        "fitted.",
        f"Three lines by layer up to {DEPTH} on a logarithmic axis. The mean square ends at {whole[-1]:.1f} of its "
        f"start. One minus the cosine of two inputs falls from {directions[0]:.1f} to {directions[-1]:.4f}; "
        f"theory says {theory[0][-1]:.4f}. The variance of the logarithm of the length rises from {lengths[0]:.4f} to "
        f"{lengths[-1]:.3f}; theory says {theory[1][-1] / WIDTH:.3f}.",
        {"layer": layers, "mean square": whole, "directions apart": directions, "directions, theory": theory[0]}
        | {"lengths apart": lengths, "lengths, theory": theory[1] / WIDTH},
    )
