# %% [markdown]
# # Tame a recurrence
#
# The same matrix at every step: we drive it over the edge, and bring it back in three ways.
# The theory is in [In recurrent neural networks](../exploding-gradients.md#in-recurrent-neural-networks).

# %%
import matplotlib as mpl
import numpy as np

from wi_docs import initializers
from wi_docs.experiments.recurrent import (
    clip_by_norm,
    descend_recurrence,
    random_recurrence,
    recur,
)
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

rng = np.random.default_rng(0)
start = rng.standard_normal(64)

# %% [markdown]
# ## Over the edge
#
# A random matrix rescaled to spectral radius 1.2, in a linear recurrence of 60 steps:

# %%
W = random_recurrence(rng, 64, 1.2)
wild = recur(W, start, steps=60, activation_name="linear")
print(f"gradient over 60 steps: {wild.gradient_norm[-1]:.0e}")

# %% [markdown]
# ## Three ways to tame it
#
# Rescale it, squash it, or choose it orthogonal.

# %%
ways = {
    "as it is": (wild, RED),
    "rescaled to 1": (
        recur(W / 1.2, start, steps=60, activation_name="linear"),
        BLUE,
    ),
    "squashed by tanh": (recur(W, start, steps=60), PURPLE),
    "orthogonal": (
        recur(
            initializers.orthogonal(rng, (64, 64)),
            start,
            steps=60,
            activation_name="linear",
        ),
        GREEN,
    ),
}
steps = np.arange(61)
fig, ax = axes(height=3.6)
for word, (run, color) in ways.items():
    ax.plot(steps, run.gradient_norm, color=color)
    print(f"{word:17} {run.gradient_norm[-1]:.0e}")
label(
    ax, 40, wild.gradient_norm[40], "as it is", RED, xytext=(-8, 10), ha="right"
)
label(
    ax,
    30,
    ways["squashed by tanh"][0].gradient_norm[30],
    "squashed by tanh",
    PURPLE,
    xytext=(0, 14),
)
label(
    ax,
    12,
    ways["rescaled to 1"][0].gradient_norm[12],
    "rescaled to 1",
    BLUE,
    xytext=(0, 10),
)
label(ax, 45, 1.0, "orthogonal", GREEN, xytext=(0, -10))
decades(ax, -2, 6, 2)
ax.set_xlim(0, 60)
ax.set_xlabel("steps back in time")
ax.set_title("size of the gradient", color=INK)
Picture(
    fig,
    "Gradient through time in four recurrences of 64 units. "
    "Rescaled to radius 1, the gradient stops growing after its first steps. "
    "With tanh, slopes below 1 hold the growth down. "
    "In a linear recurrence an orthogonal matrix keeps the gradient at 1.",
    "Largest singular value of the gradient against steps back on a logarithmic "
    "axis. After 60 steps: "
    + ", ".join(
        f"{word} {run.gradient_norm[-1]:.1e}" for word, (run, _) in ways.items()
    )
    + ".",
    {"steps back": steps}
    | {word: run.gradient_norm for word, (run, _) in ways.items()},
)

# %% [markdown]
# ## Learn on the edge
#
# To *learn* the weight of a recurrence is to walk along a cliff. From 1.1, a plain step leaves the range of numbers:

# %%
try:
    descend_recurrence(1.1)
except ValueError as error:
    print(error)

# %% [markdown]
# With the gradient clipped, the same start arrives:

# %%
for max_norm in (0.1, 1.0):
    run = descend_recurrence(1.1, max_norm=max_norm, steps=400)
    arrived = np.abs(run.w**30 - 0.5) < 1e-3
    print(
        f"clipped at {max_norm}: arrives: {bool(arrived.any())}, "
        f"after {int(arrived.argmax())} steps"
    )

# %% [markdown]
# Clipping is about *joint* length: all gradients of a step shrink by one factor, so their direction stays.

# %%
clipped = clip_by_norm([np.array([3.0, 0.0]), np.array([[4.0]])], max_norm=1.0)
print(*clipped)

# %% [markdown]
# ## Try
#
# - What if `max_norm` is too small for the number of steps?
# - An orthogonal matrix and tanh, over 1,000 steps: does the gradient survive?
