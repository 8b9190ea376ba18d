"""Exercises of Ways to Initialize Weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.experiments.propagation import propagate
from wi_docs.nn.checks import number
from wi_docs.nn.initializers import draw
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    import numpy as np

    def init(rng, shape):
        fan_in, fan_out = shape
        return rng.uniform(-1, 1, size=shape)

    W = init(np.random.default_rng(0), (300, 100))
    print(f"fan_in times the mean square: {300 * (W ** 2).mean():.2f}")
    """,
    hint="""
    A uniform number between $-a$ and $a$ has variance $a^2/3$. He's scale asks for $2/n_\\text{in}$.
    """,
    solution="""
    import numpy as np

    def init(rng, shape):
        fan_in, fan_out = shape
        limit = np.sqrt(6 / fan_in)
        return rng.uniform(-limit, limit, size=shape)

    W = init(np.random.default_rng(0), (300, 100))
    print(f"fan_in times the mean square: {300 * (W ** 2).mean():.2f}")
    """,
    # In turn: two values, the deviation taken for the limit, the fan-out, Glorot's scale, a normal law, a mean that is
    # not 0, and the shape turned round.
    wrong=(
        "def init(rng, shape):\n    return np.sqrt(2 / shape[0]) * rng.choice([-1.0, 1.0], size=shape)",
        "def init(rng, shape):\n    a = np.sqrt(2 / shape[0])\n    return rng.uniform(-a, a, size=shape)",
        "def init(rng, shape):\n    a = np.sqrt(6 / shape[1])\n    return rng.uniform(-a, a, size=shape)",
        "def init(rng, shape):\n    a = np.sqrt(6 / sum(shape))\n    return rng.uniform(-a, a, size=shape)",
        "def init(rng, shape):\n    return np.sqrt(2 / shape[0]) * rng.standard_normal(shape)",
        "def init(rng, shape):\n    a = np.sqrt(6 / shape[0])\n    return rng.uniform(0, a, size=shape)",
        "def init(rng, shape):\n    return rng.uniform(-1, 1, size=shape[::-1])",
    ),
)
def he_from_a_uniform(init: Any) -> Verdict:
    """Write He's initialization with uniform weights, from the formula."""
    # Both ways round, so that an answer with the wrong fan fails at one of them.
    for shape in ((300, 100), (100, 300)):
        W = draw(init, np.random.default_rng(1), shape)
        found = shape[0] * float((W**2).mean())
        # Of 30,000 entries the standard error is about 0.01; Glorot's scale and the fan-out miss 2 by 0.5 and more.
        if abs(found - 2) > 0.1:
            return not_yet(f"For the shape {shape}, fan_in times the mean square is {found:.2f}; He's scale gives 2.")
        if abs(float(W.mean())) > 0.1 * float(W.std()):
            return not_yet("The scale is right, but the mean is not 0.")
        # A uniform distribution ends at sqrt 3 = 1.73 deviations.
        if float(np.abs(W).max()) > 1.8 * float(W.std()):
            return not_yet(
                "The scale is right. But a uniform number is never farther out than 1.74 deviations, "
                "and some of these are."
            )
        # The mean fourth power over the squared variance: 9/5 for a uniform law, 1 for two values.
        if abs(float((W**4).mean() / W.var() ** 2) - 1.8) > 0.1:
            return not_yet("The scale is right. But these numbers do not lie evenly between their ends.")
    return right("Mean 0, variance 2/fan_in, and evenly between the ends.")


@exercise(
    start="""
    from wi_docs import propagate

    scheme, gain = "he_normal", 1.0

    p = propagate("elu", scheme, depth=50, width=256, gain=gain)
    print(f"first gradient over the last: {p.gradient_rms[0] / p.gradient_rms[-1]:.2g}")
    """,
    hint="""
    `gain` multiplies the scheme's weights. ELU is the identity on the right and flat far out on the left,
    so it loses less than ReLU: its scale lies between LeCun's and He's. The forward and the backward gain of ELU are a
    start: `wi_docs.gain("elu")`.
    """,
    solution="""
    from wi_docs import propagate

    scheme, gain = "lecun_normal", 1.2
    p = propagate("elu", scheme, depth=50, width=256, gain=gain)
    print(f"first gradient over the last: {p.gradient_rms[0] / p.gradient_rms[-1]:.2g}")
    """,
    # LeCun's scale, which is too small; about He's, which is too large; an activation for a scheme; and no gain.
    wrong=("scheme, gain = 'lecun_normal', 1.0", "scheme, gain = 'lecun_normal', 1.4", "scheme = 'elu'", "gain = 0"),
)
def a_scale_for_fifty_layers(scheme: Any, gain: Any) -> Verdict:
    """Find a `scheme` and a `gain` with which the gradient of an ELU network stays within a factor of 4 over 50
    layers.
    """
    factor = number("gain", gain, above=0)
    runs = [propagate("elu", scheme, depth=50, width=256, gain=factor, seed=seed) for seed in range(4)]
    # A geometric mean: of ratios on both sides of 1, an arithmetic one would be that of the largest.
    left = float(np.exp(np.mean([np.log(p.gradient_rms[0] / p.gradient_rms[-1]) for p in runs])))
    # Within a factor of 4, either way.
    if not 0.25 <= left <= 4.0:
        return not_yet(f"Over four seeds the first layer's gradient is {left:.2g} of the last one's.")
    return right(f"Over four seeds the first layer's gradient is {left:.2g} of the last one's.")
