"""Exercises of Vanishing Gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.experiments.propagation import propagate
from wi_docs.nn.checks import number
from wi_docs.nn.network import MLP
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs import propagate

    scale = 1.0

    p = propagate("sigmoid", "lecun_normal", depth=20, width=256, gain=scale)
    print(f"factor a layer: {p.gradient_ratio:.2f}")
    """,
    hint="""
    The chapter found that the factor grows with the scale, slowly, since ever more units are flat.
    Try 5, then halve the distance.
    """,
    solution="""
    from wi_docs import propagate

    low, high = 1.0, 30.0
    for _ in range(12):
        scale = (low + high) / 2
        p = propagate("sigmoid", "lecun_normal", depth=20, width=256, gain=scale)
        low, high = (scale, high) if p.gradient_ratio < 1 else (low, scale)
    print(f"scale {scale:.1f}, factor a layer: {p.gradient_ratio:.2f}")
    """,
    # One over the largest slope, one below and one above the answer, text, and negative weights.
    wrong=("scale = 4.0", "scale = 8.0", "scale = 16.0", "scale = '10'", "scale = -10.0"),
)
def the_scale_of_a_sigmoid(scale: Any) -> Verdict:
    """Find the `scale` at which the gradient of this sigmoid network neither vanishes nor explodes:
    a factor between 0.97 and 1.03.
    """
    # The mean over four seeds, so that the answer is not about one draw.
    factors = [
        propagate(
            "sigmoid", "lecun_normal", depth=20, width=256, gain=number("scale", scale, above=0), seed=s
        ).gradient_ratio
        for s in range(4)
    ]
    factor = float(np.mean(factors))
    if factor < 0.97:
        return not_yet(
            f"Over four seeds the gradient is multiplied by {factor:.2f} a layer: it vanishes. Larger weights?"
        )
    if factor > 1.03:
        return not_yet(
            f"Over four seeds the gradient is multiplied by {factor:.2f} a layer: it explodes. Smaller weights?"
        )
    return right(f"Over four seeds the factor is {factor:.2f}. Most units are saturated there, which is the price.")


@exercise(
    start="""
    import numpy as np

    bias = 0.0

    # A layer of 512 sigmoids at four times LeCun's scale.
    # The layer before it is of sigmoids that all give about one half.
    rng = np.random.default_rng(0)
    W = 4 * rng.standard_normal((512, 512)) / np.sqrt(512)
    a = 1 / (1 + np.exp(-rng.standard_normal((100, 512))))
    z = a @ W + bias
    means = z.mean(axis=0)
    print(f"means of pre-activations: {means.min():.1f} to {means.max():.1f}")
    """,
    hint="""
    Each unit has its own offset: the mean of its inputs times the sum of its weights.
    A bias can be an array with one number for each unit.
    """,
    solution="""
    import numpy as np

    rng = np.random.default_rng(0)
    W = 4 * rng.standard_normal((512, 512)) / np.sqrt(512)
    a = 1 / (1 + np.exp(-rng.standard_normal((100, 512))))
    bias = -(a @ W).mean(axis=0)
    z = a @ W + bias
    means = abs(z.mean(axis=0))
    print(f"means of pre-activations: {means.min():.1f} to {means.max():.1f}")
    """,
    # One number for all units, the mean of the inputs, one bias too few, and a word.
    wrong=("bias = -1.0", "bias = np.full(512, 0.5)", "bias = np.zeros(511)", "bias = 'zero'"),
)
def a_bias_that_centers(W: Any, a: Any, bias: Any) -> Verdict:
    """Find the `bias` that brings every unit to the middle of its S, on average over the inputs."""
    W, a = np.asarray(W, dtype=float), np.asarray(a, dtype=float)
    # (512,): the distance of each unit's mean pre-activation from 0, the middle of the sigmoid.
    offset = np.abs((a @ W + np.asarray(bias, dtype=float)).mean(axis=0))
    if float(offset.max()) > 0.01:
        return not_yet(
            f"The unit farthest out has a mean pre-activation of {offset.max():.1f}; all should be within 0.01 of 0."
        )
    # Only its activation is used.
    net = MLP([512, 512], "sigmoid", "lecun_normal", np.random.default_rng(0), output="sigmoid")
    slope = net.activations[0].df(a @ W + bias).mean()
    # The mean slope before, with biases of 0, and after.
    before = net.activations[0].df(a @ W).mean()
    return right(f"The mean slope of the layer rises from {before:.3f} to {slope:.3f}, and its peak is 0.25.")
