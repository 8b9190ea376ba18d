"""A scheme in one line of PyTorch, of Keras and of Flax: the one place that knows what each library calls it.

The table "In a hurry", the table of schemes and the cures of Diagnose take their lines from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wi_docs.nn import checks, initializers


@dataclass(frozen=True)
class Lines:
    """A scheme in the words of three libraries.

    Attributes:
        pytorch: a statement that draws the weight `W` of a layer anew, after `from torch import nn`.
        keras: a value for `kernel_initializer`, with names from `keras.initializers`.
        flax: a value for `kernel_init`, with names from `flax.linen.initializers`, and `jax.numpy` as `jnp`.
    """

    pytorch: str
    keras: str
    flax: str


# The schemes of variance scale / fan, as (scale, fan, distribution). These are the arguments of Keras's VarianceScaling
# and of Flax's variance_scaling.
FAMILY = {
    "lecun_normal": (1.0, "fan_in", "normal"),
    "lecun_uniform": (1.0, "fan_in", "uniform"),
    "he_normal": (2.0, "fan_in", "normal"),
    "he_normal by fan-out": (2.0, "fan_out", "normal"),
    "he_uniform": (2.0, "fan_in", "uniform"),
    "glorot_normal": (1.0, "fan_avg", "normal"),
    "glorot_uniform": (1.0, "fan_avg", "uniform"),
    "pytorch_linear": (1 / 3, "fan_in", "uniform"),
}
# What a scheme is called where no gain multiplies it. LeCun's is PyTorch's Kaiming with the gain of a linear layer.
NAMED = {
    "lecun_normal": Lines('nn.init.kaiming_normal_(W, nonlinearity="linear")', '"lecun_normal"', "lecun_normal()"),
    "lecun_uniform": Lines('nn.init.kaiming_uniform_(W, nonlinearity="linear")', '"lecun_uniform"', "lecun_uniform()"),
    "he_normal": Lines('nn.init.kaiming_normal_(W, nonlinearity="relu")', '"he_normal"', "he_normal()"),
    "he_normal by fan-out": Lines(
        'nn.init.kaiming_normal_(W, mode="fan_out", nonlinearity="relu")',
        'VarianceScaling(2.0, "fan_out")',
        'variance_scaling(2.0, "fan_out", "normal")',
    ),
    "he_uniform": Lines('nn.init.kaiming_uniform_(W, nonlinearity="relu")', '"he_uniform"', "he_uniform()"),
    "glorot_normal": Lines("nn.init.xavier_normal_(W)", '"glorot_normal"', "glorot_normal()"),
    "glorot_uniform": Lines("nn.init.xavier_uniform_(W)", '"glorot_uniform"', "glorot_uniform()"),
    "pytorch_linear": Lines(
        "nn.init.kaiming_uniform_(W, a=5**0.5)",
        'VarianceScaling(1/3, "fan_in", "uniform")',
        'variance_scaling(1/3, "fan_in", "uniform")',
    ),
    "orthogonal": Lines("nn.init.orthogonal_(W)", '"orthogonal"', "orthogonal()"),
    "zeros": Lines("nn.init.zeros_(W)", '"zeros"', "zeros"),
    "normal": Lines("nn.init.normal_(W, std=0.01)", "RandomNormal(stddev=0.01)", "normal(0.01)"),
    "identity": Lines("nn.init.eye_(W)", '"identity"', "lambda key, shape, dtype: jnp.eye(*shape, dtype=dtype)"),
}


def lines(scheme: str, gain: float = 1.0) -> Lines | None:
    """Return a scheme in one line of each library, or None if a scheme has no such line.

    Keras's normal distributions are cut at two deviations and widened to make up for it. So are Flax's if they are
    called by the name of a scheme. The deviation is the same.

    Args:
        scheme: the name of a scheme or an alias of it, or "he_normal by fan-out".
        gain: a factor on every weight.

    Raises:
        ValueError: for an unknown name, or a gain that is not positive.

    Examples:
        >>> lines("he_normal").keras, lines("orthogonal", 1.5925).pytorch
        ('"he_normal"', 'nn.init.orthogonal_(W, gain=1.593)')
        >>> lines("lecun_normal", 2.0).flax, lines("sparse")
        ('variance_scaling(4, "fan_in", "normal")', None)
    """
    gain = checks.number("gain", gain, above=0.0)
    checks.lookup("scheme", scheme, [*initializers.SCHEMES, *initializers.ALIASES, *FAMILY, *NAMED])
    scheme = initializers.ALIASES.get(scheme, scheme)
    if gain == 1.0:
        return NAMED.get(scheme)
    if scheme == "orthogonal":
        shown = f"{gain:.4g}"
        return Lines(f"nn.init.orthogonal_(W, gain={shown})", f"Orthogonal(gain={shown})", f"orthogonal(scale={shown})")
    if scheme not in FAMILY:
        return None
    scale, mode, distribution = FAMILY[scheme]
    variance, uniform = f"{scale * gain**2:.4g}", distribution == "uniform"
    return Lines(
        _pytorch(math.sqrt(scale) * gain, mode, uniform=uniform),
        f'VarianceScaling({variance}, "{mode}", "{"uniform" if uniform else "truncated_normal"}")',
        f'variance_scaling({variance}, "{mode}", "{distribution}")',
    )


def _pytorch(gain: float, mode: str, *, uniform: bool) -> str:
    """Return a statement of PyTorch for weights of deviation gain / sqrt(fan)."""
    if mode == "fan_avg":
        return f"nn.init.xavier_{'uniform' if uniform else 'normal'}_(W, gain={gain:.4g})"
    fan = "W[0].numel()" if mode == "fan_in" else "W[:, 0].numel()"
    if uniform:  # the deviation of numbers between -1 and 1 is one over the root of 3
        return f"W.data.uniform_(-1, 1).mul_({gain * math.sqrt(3):.4g} * {fan}**-0.5)"
    return f"nn.init.normal_(W, std={gain:.4g} * {fan}**-0.5)"
