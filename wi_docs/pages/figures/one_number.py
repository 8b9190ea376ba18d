"""The landing page's picture: one network, its weights multiplied by one number."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.propagation import propagate
from wi_docs.pages.explorers.one_number import DEPTH, FACTORS, WIDTH
from wi_docs.pages.figures import BLUE, GREEN, INK, RED, STYLE, Picture, axes, decades, label


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the gradient by layer of a ReLU network whose He weights are multiplied by each factor."""
    layers = np.arange(1, DEPTH + 1)
    fig, ax = axes(height=4.4)
    data: dict[str, Any] = {"layer": layers}
    for factor in FACTORS:
        # The seed is the same for all factors, so that the weights differ by the factor alone.
        p = propagate("relu", "he_normal", depth=DEPTH, width=WIDTH, gain=factor)
        color = GREEN if factor == 1.0 else BLUE if factor < 1.0 else RED
        ax.plot(layers, p.gradient_rms, color=color, linewidth=3.0 if factor == 1.0 else 1.3)
        label(ax, 1.0, p.gradient_rms[0], f"×{factor:g}", color, xytext=(-5, 0), ha="right")
        data[f"times {factor:g}"] = p.gradient_rms
    # 2^50 is 10^15, and so is the range on either side.
    decades(ax, -16, 16, 4)
    ax.set_xlim(1, DEPTH)
    ax.set_xticks([10, 20, 30, 40, 50])
    # The gradient starts on the right, and its axis stands there.
    ax.yaxis.tick_right()
    ax.spines["left"].set_visible(False)
    ax.spines["right"].set_visible(True)
    ax.set_xlabel("layer (the loss is on the right, the input on the left)")
    ax.set_title("size of the gradient on its way back", color=INK)
    label(ax, 28.0, 1e12, "explodes", RED, fontsize=14)
    label(ax, 28.0, 1e-12, "vanishes", BLUE, fontsize=14)
    low, high = data["times 0.5"][0], data["times 2"][0]
    one = data["times 1"][0]
    # How many times smaller, or larger, the gradient in the first layer is than at He's scale.
    less, more = one / data["times 0.8"][0], data["times 1.25"][0] / one
    return Picture(
        fig,
        f"One ReLU network of {DEPTH} layers without biases, drawn once. Each line is the way back of one and the same "
        "gradient at the output, after all weights have been multiplied by one number. At ×1, the scale of @he2015, it "
        "arrives in the first layer with about the size that it had in the last. At ×0.8 one part in "
        f"{less:,.0f} of that arrives, and at ×1.25 {more:,.0f} times as "
        "much. Only the size differs: the direction is the same in all eleven networks.",
        f"Eleven lines fan out from layer {DEPTH} to layer 1 on a logarithmic axis. With the weights times 0.5 the "
        f"gradient falls to {low:.0e} at layer 1; times 1 it stays near 1; times 2 it grows to {high:.0e}.",
        data,
    )
