"""Histograms of activations by layer: a network that saturates, a healthy one, and one whose signal dies."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.propagation import propagate
from wi_docs.pages.figures import BLUE, INK, STYLE, Picture, axes

DEPTH, WIDTH = 10, 256
SHOWN = (1, 4, 7, 10)
CASES = (("saturating", 3.0), ("healthy", 1.0), ("dying", 0.4))  # with factors on LeCun's scale


@rc_context(STYLE)
def draw() -> Picture:
    """Draw histograms of a tanh network's activations, a column a scale and a row a layer."""
    # 41 bins, so that one of them is centered at 0.
    edges = np.linspace(-1.0, 1.0, 42)
    fig, grid = axes(len(SHOWN), len(CASES), height=4.6, sharex=True, sharey=True)
    data: dict[str, Any] = {"left edge": edges[:-1]}
    spread = {}
    for column, (word, gain) in enumerate(CASES):
        p = propagate("tanh", "lecun_normal", depth=DEPTH, width=WIDTH, gain=gain)
        spread[word] = p.forward_rms
        for row, layer in enumerate(SHOWN):
            share, _ = np.histogram(np.tanh(p.pre_activations[layer - 1]), edges)
            share = share / share.sum()
            data[f"{word} layer {layer}"] = share
            ax = grid[row, column]
            # The root lets small shares show beside large ones; the data keep the shares themselves.
            ax.stairs(np.sqrt(share), edges, fill=True, color=BLUE)
            ax.set_yticks([])
            ax.spines["left"].set_visible(False)
            ax.set_xlim(-1.0, 1.0)
            ax.set_xticks([-1, 0, 1])
            if column == 0:
                ax.set_ylabel(f"layer {layer}", rotation=0, ha="right", va="center")
        grid[0, column].set_title(f"{word}\nσ = {gain:g}/√n", color=INK, loc="center")
    fig.supxlabel("activation; heights: root of the share", color=INK)
    return Picture(
        fig,
        f"Activations of a tanh network of {DEPTH} layers at three scales of its weights; heights are square roots of "
        "shares, so that small ones show. At three times LeCun's scale the units pile up at ±1, where the "
        "slope is nearly 0. At 0.4 times it they all say 0. In between the shape narrows slowly.",
        "Histograms of activations in layers 1, 4, 7 and 10 of a tanh network. At 3 over the root of n they pile up at "
        f"minus 1 and 1; their rms in layer 10 is {spread['saturating'][-1]:.2f}. At 1 over the root of n they stay a "
        f"bell that narrows slowly, rms {spread['healthy'][-1]:.2f} in layer 10. At 0.4 over the root of n they "
        f"collapse onto 0, rms {spread['dying'][-1]:.1e} in layer 10.",
        data,
    )
