"""The change of three layers in three steps of Adam, against width: standard scaling and maximal update."""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.mup import coordinate_check
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label

WIDTHS = (64, 128, 256, 512, 1024)
LAYERS = ("first layer", "second layer", "output")


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the change of a layer against the width, a panel a layer and a line a scaling."""
    # (widths, layers) for each scaling.
    change = {scaling: coordinate_check(scaling, widths=WIDTHS) for scaling in ("standard", "mup")}
    fig, panels = axes(1, 3, height=2.9, sharey=True)
    for layer, (ax, name) in enumerate(zip(panels, LAYERS, strict=True)):
        ax.plot(WIDTHS, change["standard"][:, layer], color=RED, marker="o", markersize=4)
        ax.plot(WIDTHS, change["mup"][:, layer], color=BLUE, marker="o", markersize=4)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_ylim(0.2, 20)
        ax.set_xticks([64, 256, 1024], ["64", "256", "1024"])
        ax.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
        ax.minorticks_off()
        ax.grid(axis="y")
        ax.set_title(name, color=INK)
        # An invisible line keeps the axis of all three panels around 1.
        ax.axhline(1.0, color=SOFT, linewidth=0)
    panels[1].set_xlabel("width")
    panels[0].set_ylabel("change in three steps")
    label(panels[1], WIDTHS[0], 7.0, "standard", RED, xytext=(1, 0))
    label(panels[1], WIDTHS[0], 0.34, "maximal\nupdate", BLUE, xytext=(1, -2))
    # Of the widest network, `(layers,)`.
    ends = {scaling: values[-1] for scaling, values in change.items()}
    return Picture(
        fig,
        "How far each layer's pre-activations move in three steps of Adam at a rate of 0.01, each on all digits. "
        "Under the standard scaling a wider network moves further, in all layers but the first. "
        "Under maximal update the move hardly depends on width.",
        "Three logarithmic panels of the rms change against widths 64 to 1024. At width 1024 the standard scaling "
        f"moves the layers by {ends['standard'][0]:.2f}, {ends['standard'][1]:.1f} and {ends['standard'][2]:.0f}; "
        f"maximal update by {ends['mup'][0]:.2f}, {ends['mup'][1]:.2f} and {ends['mup'][2]:.2f}, "
        "nearly as at width 64.",
        {"width": np.array(WIDTHS), **{f"{s}, {n}": change[s][:, k] for s in change for k, n in enumerate(LAYERS)}},
    )
