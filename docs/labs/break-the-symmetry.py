# %% [markdown]
# # Break the symmetry
#
# A layer of equal units, with equal weights out of them, is one unit. In this lab we start there, and look for the
# least that makes the units part.
# The theory is in [Initializing to 0 (or constant)](../weight-initialization.md#initializing-to-0-or-constant).

# %%
import matplotlib as mpl
import numpy as np

from wi_docs.experiments.symmetry import train_units
from wi_docs.pages.figures import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    RED,
    STYLE,
    Picture,
    axes,
    decades,
    label,
)

mpl.rcParams.update(STYLE)  # draw as the site's figures are drawn

# %% [markdown]
# The task has two inputs, and its target is their product plus half their sum. One tanh unit can fit the sum. The
# product needs at least two units that differ.
#
# First, equal weights. The *spread* is the largest distance of a unit's weights from the mean of all units.

# %%
equal = train_units("constant", "constant", units=4, steps=500)
print(f"loss: {equal.loss[0]:.3f} -> {equal.loss[-1]:.3f}")
print("units are equal, to rounding:", equal.spread.max() < 1e-12)

# %% [markdown]
# Now with a little noise on the same constant.

# %%
NOISES = ((1e-1, GREEN), (1e-2, BLUE), (1e-3, PURPLE), (1e-4, RED))


def noisy(noise):
    def init(rng, shape):
        return 0.3 + noise * rng.standard_normal(shape)

    return train_units(init, init, units=4, steps=6000)


runs = {noise: noisy(noise) for noise, _ in NOISES}
for noise, run in runs.items():
    print(
        f"noise {noise:6}: spread {run.spread[0]:.0e} at the start, "
        f"{run.spread[-1]:.0e} at the end"
    )

# %%
step = np.arange(6001)[::20]
fig, ax = axes(height=3.3)
# Where each name stands beside its line.
places = ((100, 0.82), (650, 0.2), (950, 0.045), (1100, 0.003))
for (noise, color), (x, y) in zip(NOISES, places, strict=True):
    ax.plot(step, runs[noise].spread[::20], color=color)
    label(ax, x, y, f"noise {noise:g}", color, xytext=(0, 0))
decades(ax, -4, 0, 1)
ax.set_xlim(0, 6000)
ax.set_xlabel("steps")
ax.set_title("spread of the units", color=INK)
Picture(
    fig,
    "How far the units are apart, for four sizes of noise. "
    "While the difference is small, the lines have nearly the same "
    "shape: it is multiplied, and by how much does not depend on its size. "
    "The multiplication slows down as the units "
    "finish what they can do as one. "
    "So with a tenth of the noise the units part much later.",
    "Spread of the hidden units against steps on a logarithmic axis. "
    + " ".join(
        f"From noise {n:g} it reaches 0.1 after {int((run.spread > 0.1).argmax())} "
        "steps."
        for n, run in runs.items()
    ),
    {"step": step}
    | {f"noise {noise:g}": run.spread[::20] for noise, run in runs.items()},
)

# %% [markdown]
# ## Try
#
# - Give the units different *output* weights and equal input weights. Is that enough? Why?
# - Give them different input weights and output weights of zero. Which layer moves first?
# - Replace tanh by the sigmoid (`hidden="sigmoid"`). Does it part sooner or later?
