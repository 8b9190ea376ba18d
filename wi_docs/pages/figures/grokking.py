"""What networks read of digits that they were not shown, while they train, from two scales, with and without decay."""

from typing import Any

from matplotlib import rc_context

from wi_docs.experiments.grokking import LOOKS, courses
from wi_docs.pages.figures import BLUE, GREEN, RED, SOFT, STYLE, Picture, axes, label

NAMES = ("He's scale, decay", "4 times, no decay", "4 times, decay")
COLORS = (GREEN, BLUE, RED)


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the share of test digits over the steps, a line a start, and that of the training digits for the last."""
    fig, ax = axes(height=3.6)
    data: dict[str, Any] = {"step": LOOKS[1:]}
    found = courses((1.0, 4.0, 4.0), (1.0, 0.0, 1.0), looks=LOOKS)
    for name, color, course in zip(NAMES, COLORS, found, strict=True):
        # The first look is before the first step, which a logarithmic axis does not have.
        own, others = (100 * share.mean(axis=0)[1:] for share in (course.train, course.test))
        ax.plot(LOOKS[1:], others, color=color)
        data |= {f"{name}: test digits": others, f"{name}: training digits": own}
    own = data[f"{NAMES[-1]}: training digits"]
    ax.plot(LOOKS[1:], own, color=SOFT, linestyle=(0, (5, 2)))
    ax.set_xscale("log")
    ax.set_xlim(10, LOOKS[-1])
    ax.set_xticks([10, 100, 1000], ["10", "100", "1000"])
    ax.set_xlabel("steps")
    ax.set_ylim(0, 104)
    ax.set_ylabel("digits recognized, in percent")
    ax.grid(axis="y")
    # Three lines end close to one another: their names keep apart.
    for name, color, up in (("4 times, decay: training", SOFT, 102), (NAMES[0], GREEN, 94), (NAMES[2], RED, 86)):
        label(ax, LOOKS[-1], up, name, color)
    label(ax, LOOKS[-1], data[f"{NAMES[1]}: test digits"][-1], NAMES[1], BLUE)
    ends = ", ".join(f"{name} {data[f'{name}: test digits'][-1]:.0f} %" for name in NAMES)
    return Picture(
        fig,
        "Two ReLU layers of 64 units, trained by Adam at 0.001 on 200 digits, all of them in each step; means over "
        "three seeds. Solid lines: what they read of the test digits. Dashed: the share of the 200 training digits "
        "that those from 4 times He's scale with a weight decay of 1 read, long before they read others.",
        "Digits recognized against steps, on a logarithmic axis. Test digits at the end: "
        f"{ends}. A dashed line, the training digits of the last, is at {own[LOOKS.index(200) - 1]:.0f} % after 200 "
        "steps.",
        data,
    )
