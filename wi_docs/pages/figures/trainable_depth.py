"""The depths at which tanh networks train on the digits, by scale of the weights, with the depth scale of theory."""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.meanfield import depth_scale
from wi_docs.experiments.trainability import DEPTHS, SCALES, TRAINABLE, train_grid
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label


@rc_context(STYLE)
def draw() -> Picture:
    """Draw a disc for each network, its area the share of digits learned, and six depth scales as a line."""
    scales, depths = SCALES, DEPTHS
    grid = train_grid("tanh")
    fig, ax = axes(height=3.8)
    # Scales stand at equal distances, though they are not evenly spaced; the line is bent accordingly.
    place = np.arange(len(scales))
    for k, row in enumerate(grid):
        # The accuracy beyond chance, which is one in ten, as a share of what can be learned.
        learned = np.clip((row - 0.1) / 0.9, 0, 1)
        ax.scatter([k] * len(depths), depths, s=24, facecolor="none", edgecolor=SOFT, linewidth=0.6)
        ax.scatter([k] * len(depths), depths, s=260 * learned, color=BLUE, linewidth=0)
    # At a scale of 1 the depth scale is infinite, so that the line has two parts.
    below = np.linspace(0.5, 0.93, 60)
    above = np.linspace(1.3, 3.0, 60)
    for part in (below, above):
        ax.plot(
            np.interp(part, scales, place), [TRAINABLE * depth_scale("tanh", sigma_w=float(s)) for s in part], color=RED
        )
    label(ax, np.interp(1.6, scales, place), 36, "six depth scales", RED, xytext=(12, 0))
    ax.set_xticks(place, [f"{s:g}" for s in scales])
    ax.set_xlabel("scale of the weights, times LeCun's")
    ax.set_ylim(0, 44)
    ax.set_yticks(depths)
    ax.set_title("hidden layers; discs: digits learned", color=INK)
    data = {"hidden layers": np.array(depths)} | {f"scale {s:g}": row for s, row in zip(scales, grid, strict=True)}
    return Picture(
        fig,
        "Tanh networks of 64 units a layer, without biases, after 200 steps of plain descent at a rate of 0.05 on the "
        "digits, two seeds each. "
        "The area of a disc is the share of test digits recognized beyond chance. Depth is possible near the edge, "
        "at 1. The line is six times the depth scale of the gradient: the scale is theory, and the six was found by "
        "training.",
        f"Grid of networks: scale of the weights from {scales[0]:g} to {scales[-1]:g} against depth from {depths[0]} "
        f"to {depths[-1]}. At scale 1 {100 * grid[scales.index(1.0), -1]:.0f} percent of the digits are recognized "
        f"with {depths[-1]} layers; at {scales[0]:g} and {scales[-1]:g} only {100 * grid[0, -1]:.0f} and "
        f"{100 * grid[-1, -1]:.0f}. The line of six depth scales peaks at the same place.",
        data,
    )
