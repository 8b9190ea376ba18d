"""Greedy pre-training brings a deep sigmoid network to life, and so does a larger scale."""

from typing import Any

from matplotlib import rc_context

from wi_docs.experiments.pretraining import compare_starts
from wi_docs.pages.figures import BLUE, GREEN, INK, PURPLE, RED, STYLE, Picture, axes, label

# A color and a line style for each start.
LOOKS = {
    "random": (BLUE, (0, (2, 2))),
    "pre-trained": (GREEN, "-"),
    "shuffled": (PURPLE, (0, (6, 2))),
    "larger": (RED, (0, (4, 1, 1, 1))),
}
DEPTH = 5


@rc_context(STYLE)
def draw() -> Picture:
    """Draw held-out accuracy while fine-tuning, a line a seed."""
    starts = compare_starts(depth=DEPTH)
    fig, ax = axes(height=3.5)
    data: dict[str, Any] = {"step": starts.steps}
    ends: list[str] = []
    for name, (color, line) in LOOKS.items():
        # A line for each seed shows how much of a difference is chance.
        for seed, run in enumerate(starts.accuracy[name]):
            ax.plot(starts.steps, 100 * run, color=color, linestyle=line, linewidth=1.5)
            data[f"{name} seed {seed}"] = run
        last = 100 * starts.accuracy[name][:, -1]
        ends.append(f"{name} {last.min():.0f} to {last.max():.0f} %")
    label(ax, 20, 100, "pre-trained", GREEN, xytext=(0, 6))
    label(ax, 235, 42, "pre-trained,\nthen shuffled", PURPLE, xytext=(0, 0))
    label(ax, 250, 10, "Glorot's weights", BLUE, xytext=(0, 14))
    label(ax, 62, 66, "× 3", RED, xytext=(0, 0))
    ax.set_xlim(0, starts.steps[-1])
    ax.set_ylim(0, 105)
    ax.set_yticks([0, 10, 50, 100], ["0", "10 %", "50 %", "100 %"])
    ax.grid(axis="y")
    ax.set_xlabel("steps of supervised training")
    ax.set_title("digits recognized, held-out", color=INK)
    # The first layer is left out: its inputs are images, and no activations of a sigmoid layer.
    before, after = starts.scale["random"].mean(), starts.scale["pre-trained"][1:].mean()
    return Picture(
        fig,
        f"Sigmoid networks with {DEPTH} hidden layers of 64 units, three seeds each, plain gradient descent at a rate "
        "of 0.5. From Glorot's weights they are still at one in ten when the picture ends. Pre-trained layer by layer "
        "without labels, they learn at once. Shuffled, these weights keep their distribution and nothing else, and "
        f"still learn. Their scale is {after:.1f}/√n in place of {before:.1f}/√n. From 3/√n networks learn without any "
        "pre-training.",
        f"Share of held-out digits recognized against steps, three seeds each. At the end: {'; '.join(ends)}.",
        data,
    )
