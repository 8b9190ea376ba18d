"""The sigmoid and the hyperbolic tangent with their slopes, peaks marked."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.nn.activations import activation
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the two functions in one panel, and their slopes in a panel below it."""
    x = np.linspace(-6.0, 6.0, 241)
    fig, (above, below) = axes(2, 1, height=4.6, sharex=True)
    data: dict[str, Any] = {"x": x}
    for name, color, style in (("sigmoid", BLUE, "-"), ("tanh", RED, (0, (5, 2)))):
        phi = activation(name)
        above.plot(x, phi.f(x), color=color, linestyle=style)
        below.plot(x, phi.df(x), color=color, linestyle=style)
        peak = float(phi.df(0.0))
        # Both slopes are largest at 0.
        below.plot([0.0], [peak], "o", color=color, markersize=6)
        # The label of the lower peak stands beside the bell and not in it.
        label(below, 0.0, peak, f"{name}: at most {peak:g}", color, xytext=(8, 3) if peak == 1.0 else (40, 10))
        data |= {name: phi.f(x), f"{name} slope": phi.df(x)}
    label(above, 2.2, 0.86, "sigmoid", BLUE, xytext=(0, -12))
    label(above, -3.6, -0.98, "tanh", RED, xytext=(0, 10))
    for ax in (above, below):
        ax.axhline(0.0, color=SOFT, linewidth=0.8)
        ax.set_xlim(-6.0, 6.0)
        ax.set_xticks([-6, -4, -2, 0, 2, 4, 6])
    above.set_title("value", color=INK)
    above.set_yticks([-1, 0, 0.5, 1], ["−1", "0", "½", "1"])
    below.set_title("slope", color=INK)
    below.set_yticks([0, 0.25, 0.5, 1], ["0", "¼", "½", "1"])
    below.set_xlabel("pre-activation")
    s, t = activation("sigmoid"), activation("tanh")
    return Picture(
        fig,
        "Both functions flatten on either side, and where a function is flat its slope passes nothing back. The "
        "sigmoid's slope is a quarter at its best; tanh's is 1.",
        f"Two panels over pre-activations from -6 to 6. Above: the sigmoid rises from 0 to 1, tanh from -1 to 1. Below "
        f"their slopes, bells with the peak at 0: {s.df(0.0):g} for the sigmoid and {t.df(0.0):g} for tanh. At 4 the "
        f"sigmoid's slope is {s.df(4.0):.3f} and tanh's {t.df(4.0):.4f}.",
        data,
    )
