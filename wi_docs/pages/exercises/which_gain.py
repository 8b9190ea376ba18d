"""Exercises of Which Gain?"""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.nn.checks import number
from wi_docs.nn.gains import gain, second_moment
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    import numpy as np
    from wi_docs.pages.figures.your_activation import draw

    def f(x):
        return np.sin(x)

    draw(f)
    """,
    hint="""
    If $f$ is homogeneous, $f(cx) = c\\,f(x)$ for $c > 0$, then $f(x) = x\\,f'(x)$, and the two mean squares are equal:
    ReLU and its kin. Are there others?
    """,
    solution="""
    import numpy as np
    from wi_docs.pages.figures.your_activation import draw

    def f(x):
        return np.abs(x)

    draw(f)
    """,
    # Two with different gains, a straight line, a function whose slope is a jump, and a number.
    wrong=(
        "def f(x):\n    return np.cos(x)",
        "def f(x):\n    return np.tanh(x)",
        "def f(x):\n    return 3 * x",
        "def f(x):\n    return np.sign(x)",
        "f = 1.0",
    ),
)
def your_own_activation(f: Any) -> Verdict:
    """Write any activation, and get its gain, a layer's factors, and its picture.
    Can you find one, not linear, that keeps the signal and the gradient at one and the same gain, to half a percent?
    """
    forward, backward = gain(f), gain(f, direction="backward")
    # At the forward gain the gradient's rms is multiplied by this ratio.
    ratio = forward / backward
    if abs(ratio - 1) > 0.005:
        return not_yet(f"At its forward gain of {forward:.4f} it multiplies the gradient by {ratio:.3f} a layer.")
    # Second differences of a straight line are 0.
    x = np.linspace(-3, 3, 61)
    if np.allclose(np.diff(np.asarray(f(x), dtype=float), 2), 0, atol=1e-9):
        return not_yet("It keeps both, and is a straight line. Layers of straight lines make one straight line.")
    return right(f"At a gain of {forward:.4f} it keeps both.")


@exercise(
    start="""
    import numpy as np

    g = 1.0

    # A ReLU with a leak of 0.2, by samples
    z = np.random.default_rng(0).standard_normal(100_000)
    a = np.where(z > 0, z, 0.2 * z)
    print(f"mean square {np.mean((g * a) ** 2):.3f}")
    """,
    hint="""
    Half of the normal numbers pass as they are, half at a fifth. $\\mathbb{E}[\\varphi(z)^2]$ is the average of two
    mean squares.
    """,
    solution="""
    g = (2 / (1 + 0.2**2)) ** 0.5
    print(f"{g:.4f}")
    """,
    # ReLU's gain, none, the square of the answer, and the gain by deviation.
    wrong=("g = 2**0.5", "g = 1.0", "g = 2 / 1.04", "g = 1 / np.std(a)"),
)
def a_leaky_gain(g: Any) -> Verdict:
    """Find the gain `g` of a leaky ReLU with slope 0.2 on the left, to three digits."""
    # Exactly (1 + 0.2^2) / 2.
    moment = second_moment(lambda x: (x > 0) * x + (x <= 0) * 0.2 * x)
    kept = number("g", g, above=0) ** 2 * moment
    # Three digits of the gain: 2e-3 of its square.
    if abs(kept - 1) > 2e-3:
        return not_yet(f"With weights of this gain a layer multiplies the mean square by {kept:.3f}.")
    return right("It is sqrt(2 / (1 + 0.2²)), as He's formula has it, and the same backward.")


@exercise(
    start="""
    import numpy as np
    from wi_docs import gain

    sigma_w, sigma_b = gain("softsign"), 0.0

    backward = gain("softsign", direction="backward")
    print(f"forward {gain('softsign'):.3f}, backward {backward:.3f}")
    """,
    hint="""
    Two conditions for two numbers. The backward one has only `sigma_w` in it.
    `second_moment("softsign")` in `wi_docs.nn.gains` is the mean square at variance 1.
    """,
    solution="""
    from wi_docs import gain
    from wi_docs.nn.gains import second_moment

    sigma_w = gain("softsign", direction="backward")
    sigma_b = (1 - sigma_w**2 * second_moment("softsign")) ** 0.5
    print(f"{sigma_w:.3f}, {sigma_b:.3f}")
    """,
    # The right weights without biases, neither of the two, biases beside the forward gain, and a word.
    wrong=(
        "sigma_w = gain('softsign', direction='backward')",
        "sigma_w, sigma_b = 1.0, 0.0",
        "sigma_b = 0.3",
        "sigma_w = 'gain'",
    ),
)
def the_critical_pair_of_softsign(sigma_w: Any, sigma_b: Any) -> Verdict:
    """Find the critical pair of softsign: `sigma_w` and `sigma_b` that keep a variance of 1 and the gradient,
    both to one percent.
    """
    # The two conditions at variance 1: sigma_w^2 E[phi^2] + sigma_b^2 = 1 and sigma_w^2 E[phi'^2] = 1.
    w, b = number("sigma_w", sigma_w, above=0), number("sigma_b", sigma_b, least=0)
    variance = w**2 * second_moment("softsign") + b**2
    factor = w**2 * second_moment("softsign", direction="backward")
    if abs(factor - 1) > 0.01:
        return not_yet(
            f"The gradient's mean square is multiplied by {factor:.3f} a layer. Begin there: sigma_b does not enter."
        )
    if abs(variance - 1) > 0.01:
        return not_yet(f"The gradient is kept. A variance of 1 becomes {variance:.3f} in the next layer.")
    return right(
        f"sigma_w is the backward gain, {gain('softsign', direction='backward'):.3f}, and the biases add what the "
        "weights lose."
    )
