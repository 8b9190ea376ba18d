"""Which scale and which learning rate train: plain gradient descent beside Adam, for two activations at depth 10."""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments import optimizers
from wi_docs.experiments.optimizers import SCALES
from wi_docs.pages.figures import BLUE, INK, SOFT, STYLE, Picture, axes

SHOWN = (("relu", "ReLU"), ("sigmoid", "sigmoid"))
DEPTH = 10


@rc_context(STYLE)
def draw() -> Picture:
    """Draw a disc for each cell of a map, its area the share of digits learned beyond chance."""
    fig, grid = axes(2, 2, height=5.4)
    data: dict[str, np.ndarray] = {"scale": np.array(SCALES)}
    reached: dict[tuple[str, str], int] = {}
    for row, (phi, title) in zip(grid, SHOWN, strict=True):
        for ax, (optimizer, name) in zip(row, (("sgd", "plain descent"), ("adam", "Adam")), strict=True):
            tests, rates = optimizers.stored_map(phi, DEPTH, optimizer)
            # `tests` is (scales, rates, seeds).
            mean = tests.mean(axis=2)
            # The number of scales at which some rate reads more than half of the digits.
            reached[phi, optimizer] = int((mean.max(axis=1) > 0.5).sum())
            across, up = np.meshgrid(range(len(SCALES)), range(len(rates)), indexing="ij")
            ax.scatter(across, up, s=18, facecolor="none", edgecolor=SOFT, linewidth=0.6)
            # Chance is one in ten, and the share beyond it is the disc's area: `s` is in square points.
            ax.scatter(across, up, s=170 * np.clip((mean - 0.1) / 0.9, 0, 1), color=BLUE, linewidth=0)
            # Every third has its number: side by side all seven would lie on one another.
            names = ["" if k % 3 else f"{s:g}" for k, s in enumerate(SCALES)]
            ax.set_xticks(range(len(SCALES)), names)
            ax.set_yticks(range(len(rates)), [f"{r:g}" for r in rates])
            ax.set_xlim(-0.6, len(SCALES) - 0.4)
            ax.set_ylim(-0.6, len(rates) - 0.4)
            ax.set_title(f"{title}, {name}", color=INK)
            data |= {f"{phi} {optimizer} rate {rate:g}": mean[:, k] for k, rate in enumerate(rates)}
    fig.supxlabel("scale of the weights, times LeCun's", color=SOFT)
    fig.supylabel("learning rate", color=SOFT)
    counts = {key: f"{count} of {len(SCALES)}" for key, count in reached.items()}
    return Picture(
        fig,
        f"Networks of {DEPTH} hidden layers of {optimizers.WIDTH} units after {optimizers.STEPS} steps; two seeds a "
        "disc. Its area is the share of test digits recognized beyond chance. From left to right: the scale of the "
        "first weights; upwards: the learning rate. For ReLU plain descent needs both right: the larger the scale, the "
        "smaller the rate. Adam's region is wider, and has ends too. Each optimizer has rates of its own.",
        f"Four grids of discs, scale of the weights against learning rate, {DEPTH} layers. Some rate reads more than "
        f"half of the digits at {counts['relu', 'sgd']} scales for ReLU with plain descent and "
        f"{counts['relu', 'adam']} with Adam; for the sigmoid at {counts['sigmoid', 'sgd']} with plain "
        f"descent and {counts['sigmoid', 'adam']} with Adam.",
        data,
    )
