# %% [markdown]
# # Bring back a gradient
#
# A gradient vanishes in twenty layers. We find out what a layer does to it, and choose a scale and biases that nearly
# keep it.
# The theory is in [Vanishing Gradients](../vanishing-gradients.md#what-a-layer-does-to-the-gradient).

# %%
import matplotlib as mpl
import numpy as np

from wi_docs import gain, propagate
from wi_docs.experiments.meanfield import fixed_point
from wi_docs.experiments.training import train_digits
from wi_docs.pages.figures import (
    GREEN,
    INK,
    RED,
    SOFT,
    STYLE,
    Picture,
    axes,
    decades,
    label,
)

mpl.rcParams.update(STYLE)  # draw as the site's figures are drawn

# %% [markdown]
# ## Watch it vanish
#
# Softsign, $x / (1 + \lvert x \rvert)$, is centered like tanh, and flattens more gently. At LeCun's scale:

# %%
before = propagate("softsign", "lecun_normal", depth=20, width=256)
print(
    f"factor a layer {before.gradient_ratio:.2f} on average, "
    f"after 20 layers {before.gradient_rms[0] / before.gradient_rms[-1]:.0e}"
)

# %% [markdown]
# ## What the theory says
#
# The factor on the mean square is $\chi_1 = \sigma_w^2\,\mathbb{E}[\varphi'(z)^2]$. With a small bias the signal
# settles at some variance, and $\chi_1$ can be computed. We look for the $\sigma_w$ at which it is 1.

# %%
SIGMA_B = 0.2
low, high = 1.0, 4.0
for _ in range(40):
    middle = (low + high) / 2
    chi = fixed_point("softsign", sigma_w=middle, sigma_b=SIGMA_B).chi_1
    low, high = (middle, high) if chi < 1 else (low, middle)
critical = (low + high) / 2
print(
    f"critical sigma_w: {critical:.3f}; "
    "the backward gain at variance 1 would be "
    f"{gain('softsign', direction='backward'):.3f}"
)

# %% [markdown]
# The gain at variance 1 is larger: it supposes that the pre-activations stay at variance 1, and they settle below it.
#
# ## Bring it back

# %%
after = propagate(
    "softsign",
    "lecun_normal",
    depth=20,
    width=256,
    gain=critical,
    sigma_b=SIGMA_B,
)
layers = np.arange(1, 21)
fig, ax = axes(height=3.3)
for run, word, color, place in (
    (before, "LeCun's scale", RED, (8, -18)),
    (after, "critical scale", GREEN, (0, 22)),
):
    ax.plot(layers, run.gradient_rms, color=color)
    label(ax, 4, run.gradient_rms[3], word, color, xytext=place)
ax.axhline(1.0, color=SOFT, linewidth=0.8)
decades(ax, -2, 1, 1)
ax.set_xlim(1, 20)
ax.set_xticks([1, 5, 10, 15, 20])
ax.set_xlabel("layer")
ax.set_title("size of the gradient", color=INK)
Picture(
    fig,
    "The gradient of a softsign network with respect to pre-activations, "
    "at LeCun's scale and at the critical one.",
    "Gradient by layer on a logarithmic axis. "
    f"At LeCun's scale it falls to {before.gradient_rms[0]:.0e} in layer 1; at the "
    f"critical scale it is {after.gradient_rms[0]:.1f} there.",
    {
        "layer": layers,
        "LeCun": before.gradient_rms,
        "critical": after.gradient_rms,
    },
)

# %% [markdown]
# ## Does it train better?
#
# The same activation on the digits, in twenty hidden layers of 64 units, from both scales, with four seeds. Training
# starts from biases of 0 here. Without biases the scale found above is larger than the critical one, and in theory
# gradients grow on their way back.

# %%
for scale in (1.0, critical):
    runs = [
        train_digits(
            "softsign",
            "lecun_normal",
            depth=20,
            gain=scale,
            steps=200,
            rate=0.05,
            looks=2,
            record="accuracy",
            seed=seed,
        )
        for seed in range(4)
    ]
    read = [f"{100 * run.accuracy[-1]:.0f} %" for run in runs]
    print(f"scale {scale:.2f} reads", *read)

# %% [markdown]
# From LeCun's scale these networks read about half of the digits after 200 steps at this rate of plain gradient
# descent, and from the larger scale nine in ten. This is no test of the number above, which is for biases of 0.2. A
# better number at the start is a reason to expect better training, and no proof. Look at the run, as here.
#
# ## Try
#
# - Do the same for `gelu`. What is different about where its signal settles?
# - Let the bias be 0. What becomes of the critical scale, and of the gradient at the scale found above?
# - Depth 100?
