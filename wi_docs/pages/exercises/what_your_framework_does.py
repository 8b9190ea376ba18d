"""Exercises of What Your Framework Does."""

from __future__ import annotations

from typing import Any

from wi_docs.experiments.propagation import propagate
from wi_docs.nn.checks import fans, number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs import propagate

    factor = 1.0

    # PyTorch's default weights in a ReLU network, times a factor
    p = propagate("relu", "pytorch_linear", depth=20, width=256, gain=factor)
    print(f"the gradient is multiplied by {p.gradient_ratio:.2f} a layer")
    """,
    hint="""
    The default's variance is $1/(3n)$. He's is $2/n$.
    """,
    solution="""
    from wi_docs import propagate

    factor = 6**0.5
    p = propagate("relu", "pytorch_linear", depth=20, width=256, gain=factor)
    print(f"the gradient is multiplied by {p.gradient_ratio:.2f} a layer")
    """,
    # For the weights alone, for ReLU alone, the factor on the variance, the root of five in PyTorch's code, and
    # nothing.
    wrong=("factor = 3**0.5", "factor = 2**0.5", "factor = 6.0", "factor = 5**0.5", "factor = None"),
)
def mend_the_default(factor: Any) -> Verdict:
    """By which `factor` do you have to multiply the weights of PyTorch's linear layers for a deep ReLU network,
    to two digits?
    """
    # PyTorch's variance is 1/(3n), and a ReLU keeps half of the mean square: together 1/6.
    second = number("factor", factor, above=0) ** 2 / 6
    # Two digits of the factor: 3 % of its square.
    if abs(second - 1) > 0.03:
        return not_yet(f"With this factor a layer multiplies the mean square by {second:.2f}.")
    p = propagate("relu", "pytorch_linear", depth=20, width=512, gain=float(factor))
    return right(
        f"It is the root of six. In a network of 20 layers the gradient is multiplied by {p.gradient_ratio:.2f} a "
        "layer."
    )


@exercise(
    start="""
    # A depthwise convolution of 3 x 3 over 40 channels, each with its own kernel
    fan_in = 3 * 3 * 40

    print(f"He's deviation: {(2 / fan_in) ** 0.5:.3f}")
    """,
    hint="""
    Count what one unit sums.
    """,
    solution="""
    fan_in = 3 * 3
    print(f"He's deviation: {(2 / fan_in) ** 0.5:.3f}")
    """,
    # The channels, Keras's count, one, and a word.
    wrong=("fan_in = 40", "fan_in = 3 * 3 * 40", "fan_in = 1", "fan_in = 'nine'"),
)
def a_depthwise_fan(fan_in: Any) -> Verdict:
    """What is the fan-in of this depthwise convolution? Keras's count stands there to begin with."""
    # A depthwise kernel has one input channel for each output: nine weights.
    true, _ = fans((3, 3, 1, 40))
    if number("fan_in", fan_in, above=0) != true:
        return not_yet("A unit of this layer sees one channel through a window of 3 x 3.")
    return right(f"Keras counts {40 * true}. At He's scale that starts the layer {40**0.5:.1f} times too small.")
