"""The mean square along a residual stream: doubled, divided, normalized inside, normalized after."""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.residual import residual_stream
from wi_docs.pages.figures import BLUE, GREEN, INK, PURPLE, RED, STYLE, Picture, axes, decades, label

BLOCKS, SEEDS = 24, range(4)
# Options of `residual_stream`, a color, and a line style.
CASES = {
    "as they are": ({}, RED, "-"),
    "normalized inside": ({"norm": "pre"}, BLUE, (0, (6, 2))),
    "divided by the root of 24": ({"branch": BLOCKS**-0.5}, GREEN, (0, (2, 1.5))),
    "normalized after": ({"norm": "post"}, PURPLE, "-"),
}


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the mean square of the stream by block, and below it that of the gradient."""
    runs = {
        name: [residual_stream(blocks=BLOCKS, seed=s, **options) for s in SEEDS]
        for name, (options, _, _) in CASES.items()
    }
    # Means of squares over seeds, `(blocks + 1,)`; the gradient's are relative to the last block's.
    size = {name: np.mean([r.size**2 for r in streams], axis=0) for name, streams in runs.items()}
    gradient = {
        name: np.mean([(r.gradient / r.gradient[-1]) ** 2 for r in streams], axis=0) for name, streams in runs.items()
    }
    fig, both = axes(2, 1, height=5.4, sharex=True)
    blocks = np.arange(BLOCKS + 1)
    # Both panels have one scale, so that growth there and back compare.
    for ax, values, title in (
        (both[0], size, "mean square of the stream"),
        (both[1], gradient, "mean square of the gradient, over the last"),
    ):
        for name, (_, color, line) in CASES.items():
            ax.plot(blocks, values[name], color=color, linestyle=line)
        # 2^24 is 10^7.2, the end of the stream that doubles.
        decades(ax, -1, 8, 2)
        ax.set_title(title, color=INK)
        ax.set_xlim(0, BLOCKS)
    label(both[0], 15, size["as they are"][15], "as they are", RED, xytext=(-8, 6), ha="right")
    label(both[0], BLOCKS, size["normalized inside"][-1], "normalized inside", BLUE, xytext=(-4, 10), ha="right")
    label(both[0], 18, size["divided by the root of 24"][18], "divided", GREEN, xytext=(0, 7), ha="right")
    label(both[0], BLOCKS, 1.0, "normalized after", PURPLE, xytext=(-4, -9), ha="right")
    label(both[1], 10, gradient["as they are"][10], "as they are", RED, xytext=(6, 6))
    label(both[1], 3, gradient["normalized inside"][3], "normalized inside", BLUE, xytext=(4, 12))
    both[1].set_xlabel("blocks")
    return Picture(
        fig,
        f"Four residual networks of {BLOCKS} blocks with ReLU at initialization. If the branches are left as they "
        "are, the stream doubles at every block, and so does the gradient on its way back. A normalization inside each "
        "branch makes the stream grow by a fixed amount. Dividing each branch by the root of their number, or "
        "normalizing after each addition, keeps both within a factor of e.",
        f"Two logarithmic panels over {BLOCKS} blocks. Above, the stream's mean square ends at "
        f"{size['as they are'][-1]:.0e} with branches as they are, {size['normalized inside'][-1]:.0f} with "
        f"normalization inside, {size['divided by the root of 24'][-1]:.1f} with branches divided, "
        f"and {size['normalized after'][-1]:.1f} with normalization after. Below, the gradient's mean square at the "
        f"first block, over the last: {gradient['as they are'][0]:.0e}, {gradient['normalized inside'][0]:.0f}, "
        f"{gradient['divided by the root of 24'][0]:.1f} and {gradient['normalized after'][0]:.1f}.",
        {
            "block": blocks,
            **{f"stream, {n}": v for n, v in size.items()},
            **{f"gradient, {n}": v for n, v in gradient.items()},
        },
    )
