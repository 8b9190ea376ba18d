"""Loss while training on the digits, for sigmoid and ReLU networks of growing depth."""

from typing import Any

from matplotlib import rc_context

from wi_docs.experiments.training import train_digits
from wi_docs.pages.figures import BLUE, GREEN, INK, STYLE, Picture, axes, decades, label

DEPTHS = (2, 5, 10, 20)
STEPS = 500
# Activation, scheme, a learning rate that suits it, and a color.
CASES = (("sigmoid", "lecun_normal", 0.5, BLUE), ("relu", "he_normal", 0.03, GREEN))
LINES = ("-", (0, (6, 2)), (0, (3, 2)), (0, (1, 1.5)))


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the loss over the steps, a panel an activation and a line a depth."""
    fig, panels = axes(1, 2, height=3.5, sharey=True)
    data: dict[str, Any] = {}
    last: dict[str, float] = {}
    for ax, (phi, init, rate, color) in zip(panels, CASES, strict=True):
        for depth, line in zip(DEPTHS, LINES, strict=True):
            # The same batches in the same order for all, from one seed.
            history = train_digits(phi, init, depth=depth, steps=STEPS, rate=rate, record="loss")
            ax.plot(history.steps, history.loss, color=color, linestyle=line)
            data["step"] = history.steps
            data[f"{phi} depth {depth}"] = history.loss
            last[f"{phi} depth {depth}"] = history.accuracy[-1]
        ax.set_title("sigmoid, LeCun" if phi == "sigmoid" else "ReLU, He", color=INK)
        ax.set_xlim(0, STEPS)
        ax.set_xticks([0, 250, 500])
        ax.set_xlabel("steps")
        decades(ax, -3, 1, 1)
    panels[0].set_ylabel("training loss")
    label(panels[0], STEPS, data["sigmoid depth 2"][-1], "depth 2", BLUE, xytext=(-6, -14), ha="right")
    label(panels[0], STEPS, data["sigmoid depth 5"][-1], "5, 10 and 20", BLUE, xytext=(-2, 12), ha="right")
    # Depths 2 and 20 end at the same loss.
    for depth, up in zip(DEPTHS, (-8, 0, 0, 8), strict=True):
        label(panels[1], STEPS, data[f"relu depth {depth}"][-1], f"depth {depth}", GREEN, xytext=(4, up))
    return Picture(
        fig,
        f"Training loss on the digits, 64 units a layer, one seed, {STEPS} steps of plain gradient descent with 32 "
        "images each, at a rate of 0.5 for the sigmoid and 0.03 for ReLU. A sigmoid network of two hidden layers "
        "learns; with five it is at ln 10 ≈ 2.30 to the end, the loss of a network that says one in ten to everything. "
        "The ReLU networks, from He's scale, learn at all four depths.",
        "Training loss against steps on a logarithmic axis. Test accuracy at the end: "
        + ", ".join(f"{name} {100 * value:.0f} %" for name, value in last.items())
        + ".",
        data,
    )
