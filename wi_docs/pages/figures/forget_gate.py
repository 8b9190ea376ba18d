"""The share of a memory cell that is left, step by step, for four biases of the forget gate."""

import math

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.recurrent import lstm_memory
from wi_docs.nn.activations import activation
from wi_docs.pages.figures import BLUE, GREEN, INK, PURPLE, RED, STYLE, Picture, axes, decades, label

STEPS, SEEDS = 100, range(4)
# A bias of ln T gives a gate of T / (T + 1), which keeps about 1/e over T steps.
BIASES = ((0.0, "0", RED), (1.0, "1", PURPLE), (2.0, "2", GREEN), (math.log(STEPS), "ln 100", BLUE))


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the share of a memory that is left by step, for each bias a run and its closed form."""
    steps = np.arange(STEPS + 1)
    # Geometric means over seeds, since each run is a product.
    kept = {
        name: np.exp(np.mean([np.log(lstm_memory(bias, seed=s)) for s in SEEDS], axis=0)) for bias, name, _ in BIASES
    }
    # A gate without inputs and states multiplies by sigmoid(bias) at every step.
    closed = {name: float(activation("sigmoid").f(bias)) ** steps for bias, name, _ in BIASES}
    fig, ax = axes(height=3.4)
    for _, name, color in BIASES:
        ax.plot(steps, closed[name], color=color, linewidth=1.2, dashes=(3, 2))
        ax.plot(steps, kept[name], color=color)
    # The run with bias 0 leaves the axis early, and its label stands further left.
    for name, at, color in (("0", 52, RED), ("1", 84, PURPLE), ("2", 84, GREEN), ("ln 100", 84, BLUE)):
        label(ax, at, closed[name][at], f"bias {name}", color, xytext=(4, 10))
    decades(ax, -20, 0, 4)
    ax.set_xlim(0, STEPS)
    ax.set_xlabel("steps")
    ax.set_title("what is left of a memory", color=INK)
    return Picture(
        fig,
        "What the forget gates of an LSTM of 64 cells leave of a memory, with random inputs and weights at Glorot's "
        "scale. Solid: runs. Dashed: gates that stay where their bias alone puts them. A run keeps less, "
        "because its gates move up and down and a product suffers more from the low ones.",
        f"Four pairs of falling lines on a logarithmic axis over {STEPS} steps. At the end the runs have kept "
        f"{kept['0'][-1]:.0e} with bias 0, {kept['1'][-1]:.0e} with bias 1, {kept['2'][-1]:.0e} with bias 2 and "
        f"{kept['ln 100'][-1]:.2f} with the logarithm of 100; the closed forms are {closed['0'][-1]:.0e}, "
        f"{closed['1'][-1]:.0e}, {closed['2'][-1]:.0e} and {closed['ln 100'][-1]:.2f}.",
        {
            "step": steps,
            **{f"run, bias {n}": v for n, v in kept.items()},
            **{f"closed form, bias {n}": v for n, v in closed.items()},
        },
    )
