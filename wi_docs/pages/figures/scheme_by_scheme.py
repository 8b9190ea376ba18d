"""Ten schemes, each on a network that it is for or is used for: the signal forward, the gradient back."""

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.lsuv import sizes_after_lsuv
from wi_docs.experiments.propagation import propagate
from wi_docs.nn.checks import Array
from wi_docs.pages.figures import BLUE, INK, RED, STYLE, Picture, axes, decades, label

DEPTH, WIDTH, SEEDS = 20, 256, range(4)
CASES = (
    ("0.01, ReLU", "relu", "normal"),
    ("PyTorch's, ReLU", "relu", "pytorch_linear"),
    ("Glorot, ReLU", "relu", "glorot_normal"),
    ("He, ReLU", "relu", "he_normal"),
    ("Identity, ReLU", "relu", "identity"),
    ("Truncated LeCun, tanh", "tanh", "flax_dense"),
    ("LeCun, tanh", "tanh", "lecun_normal"),
    ("Orthogonal, tanh", "tanh", "orthogonal"),
    ("Sparse, tanh", "tanh", "sparse"),
    ("LSUV, SiLU", "silu", "lsuv"),
)


def _lines(phi: str, init: str) -> tuple[Array, Array]:
    """Return the rms of activations and of the gradient by layer, `(DEPTH,)` each, as geometric means over seeds."""
    signal: list[Array] = []
    gradient: list[Array] = []
    for seed in SEEDS:
        # LSUV looks at data, and is no scheme that `propagate` could call.
        if init == "lsuv":
            forward, backward = sizes_after_lsuv(phi, depth=DEPTH, width=WIDTH, seed=seed)
        else:
            p = propagate(phi, init, depth=DEPTH, width=WIDTH, seed=seed)
            forward, backward = p.forward_rms, p.gradient_rms
        signal.append(forward)
        gradient.append(backward)
    forward, backward = (np.exp(np.mean(np.log(values), axis=0)) for values in (signal, gradient))
    return forward, backward


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the rms of signal and gradient by layer, a panel for each scheme and its network."""
    lines = {name: _lines(phi, init) for name, phi, init in CASES}
    fig, grid = axes(5, 2, height=9.2, sharex=True, sharey=True)
    layers = np.arange(1, DEPTH + 1)
    for ax, (name, (signal, gradient)) in zip(grid.ravel(), lines.items(), strict=True):
        # What falls below the axis is drawn along its lower end.
        ax.plot(layers, np.maximum(signal, 1e-9), color=BLUE)
        ax.plot(layers, np.maximum(gradient, 1e-9), color=RED, linestyle=(0, (5, 2)))
        decades(ax, -8, 4, 4)
        ax.set_xlim(1, DEPTH)
        ax.set_xticks([1, 10, 20])
        ax.set_title(name, color=INK)
    label(grid[1, 1], 12, 1.0, "signal", BLUE, xytext=(0, -10))
    label(grid[1, 1], 2, 1.0, "gradient", RED, xytext=(0, 12))
    fig.supylabel("rms", color=INK)
    for ax in grid[-1]:
        ax.set_xlabel("layer")
    # A factor of 1 is best in both directions.
    ends = "; ".join(
        f"{name}: signal {signal[-1] / signal[0]:.0e}, gradient {gradient[0] / gradient[-1]:.0e}"
        for name, (signal, gradient) in lines.items()
    )
    return Picture(
        fig,
        f"Ten starts, {DEPTH} layers of {WIDTH} units. The rms of each layer's activations (solid) is to be read from "
        "left to right, that of the gradient (dashed) from right to left. Flat is good. A fixed 0.01 loses both within "
        "a few layers, PyTorch's default weights (with biases of 0) and Glorot's scale lose them more slowly, He keeps "
        "them, "
        "and so does the identity for what is positive. Sparse weights of variance 1 saturate tanh: "
        "the signal stays and the gradient explodes.",
        "Ten panels on one logarithmic scale. Last layer over first for the signal, first over last for the "
        f"gradient. {ends}.",
        {
            "layer": layers,
            **{
                f"{name}, {what}": values[k]
                for name, values in lines.items()
                for k, what in enumerate(("signal", "gradient"))
            },
        },
    )
