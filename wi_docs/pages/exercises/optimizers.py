"""Exercises of the chapter on optimizers."""

from __future__ import annotations

from typing import Any

from wi_docs.experiments.optimizers import train_scaled
from wi_docs.nn.checks import number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs.experiments.optimizers import train_scaled

    rate = 0.015  # at He's scale this rate serves

    shares = train_scaled("relu", 5, 2**0.5 / 2, rate=rate, seeds=range(2))
    print("digits read:", shares.round(2))
    """,
    hint="""
    There are $L = 6$ matrices, and the weights are half of He's.
    The chapter says which rate keeps a step in proportion.
    """,
    solution="""
    from wi_docs.experiments.optimizers import train_scaled

    rate = 0.015 * 0.5 ** (2 - 6)
    shares = train_scaled("relu", 5, 2**0.5 / 2, rate=rate, seeds=range(2))
    print("digits read:", shares.round(2))
    """,
    # He's own rate, one too small, one too large, the exponent with the wrong sign, and a negative rate.
    wrong=("rate = 0.015", "rate = 0.03", "rate = 3.0", "rate = 0.015 * 0.5 ** (6 - 2)", "rate = -1"),
)
def a_rate_for_half_the_weights(rate: Any) -> Verdict:
    """Find a `rate` of plain gradient descent at which five ReLU layers from half He's scale read 70 % of the digits
    after 200 steps.
    """
    rate = number("rate", rate, above=0.0)
    # The worse of two networks, so that a lucky draw is no answer.
    least = float(train_scaled("relu", 5, 2**0.5 / 2, rate=rate, seeds=range(2)).min())
    if least < 0.7:
        return not_yet(f"The worse of two networks reads {100 * least:.0f} % of the digits at this rate.")
    return right(
        f"The worse of two networks reads {100 * least:.0f} %. The rate is {rate / 0.015:.0f} times 0.015; one step in "
        "proportion takes 16 times."
    )


@exercise(
    start="""
    import numpy as np

    def step(gradient, rate, epsilon=1e-8):
        # the size of Adam's first step of one weight
        return rate
    """,
    hint="""
    In the first step both running means, corrected, are the gradient and its square.
    """,
    solution="""
    import numpy as np

    def step(gradient, rate, epsilon=1e-8):
        return rate * abs(gradient) / (np.sqrt(gradient**2) + epsilon)
    """,
    # Without epsilon, with one of its own, plain descent, epsilon under the root, and a number.
    wrong=(
        "def step(gradient, rate, epsilon=1e-8):\n    return rate",
        "def step(gradient, rate, epsilon=1e-8):\n    return rate * abs(gradient) / (abs(gradient) + 1e-8)",
        "def step(gradient, rate, epsilon=1e-8):\n    return rate * abs(gradient)",
        "def step(gradient, rate, epsilon=1e-8):\n    return rate * gradient / (gradient**2 + epsilon) ** 0.5",
        "step = 1",
    ),
)
def the_first_step_of_adam(step: Any) -> Verdict:
    """Write `step(gradient, rate, epsilon)`: the size of Adam's first step of one weight."""
    if not callable(step):
        return not_yet("`step` has to be a function.")
    # Far above epsilon, one negative gradient, and two at epsilon and below it.
    for gradient in (1.0, -1e-3, 1e-8, 1e-10):
        for epsilon in (1e-8, 1e-3):
            size, expected = float(step(gradient, 0.1, epsilon)), 0.1 * abs(gradient) / (abs(gradient) + epsilon)
            if abs(size - expected) > 1e-6 * expected:
                return not_yet(
                    f"For a gradient of {gradient:g}, a rate of 0.1 and an epsilon of {epsilon:g} it says {size:.3g}."
                )
    return right("At gradients of 1e-7 the step is nine tenths of the rate; below 1e-8 it shrinks with the gradient.")
