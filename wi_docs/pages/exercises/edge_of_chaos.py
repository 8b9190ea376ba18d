"""Exercises of The Edge of Chaos."""

from __future__ import annotations

import math
from typing import Any

from wi_docs.experiments.meanfield import fixed_point
from wi_docs.nn.checks import number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs.experiments.meanfield import fixed_point

    sigma_w = 1.2

    point = fixed_point("tanh", sigma_w=sigma_w, sigma_b=0.4)
    print(f"q* = {point.q_star:.2f}, chi_1 = {point.chi_1:.3f}")
    """,
    hint="""
    With $\\sigma_b = 0.3$ the chapter finds the edge at 1.396, with 0.5 at 1.550.
    Halve intervals, or call `critical_sigma_w`.
    """,
    solution="""
    from wi_docs.experiments.meanfield import critical_sigma_w

    sigma_w = critical_sigma_w("tanh", sigma_b=0.4)
    print(f"{sigma_w:.3f}")
    """,
    # The edge without biases, the two of the hint, and a negative deviation.
    wrong=("sigma_w = 1.0", "sigma_w = 1.396", "sigma_w = 1.550", "sigma_w = -1.5"),
)
def a_point_on_the_edge(sigma_w: Any) -> Verdict:
    r"""Find the `sigma_w` at which a tanh network with biases of deviation 0.4 is on the edge,
    so closely that $\chi_1$ is between 0.995 and 1.005.
    """
    point = fixed_point("tanh", sigma_w=number("sigma_w", sigma_w, above=0), sigma_b=0.4)
    if abs(point.chi_1 - 1) > 0.005:
        phase = "order: inputs become alike" if point.chi_1 < 1 else "chaos: inputs part"
        return not_yet(f"chi_1 is {point.chi_1:.3f}. This is {phase}.")
    # The reach is infinite on the edge itself: 1e-9 keeps the division defined.
    return right(
        f"chi_1 is {point.chi_1:.3f}. A gradient reaches {1 / max(abs(math.log(point.chi_1)), 1e-9):,.0f} layers and "
        "more before it changes by a factor of e."
    )


@exercise(
    start="""
    import numpy as np
    from wi_docs.experiments.meanfield import fixed_point

    depth = 10

    chi = fixed_point("tanh", sigma_w=0.9, sigma_b=0.2).chi_1
    print(f"chi_1 = {chi:.3f}")
    """,
    hint="""
    The depth scale is $\\xi = 1/\\left|\\ln\\chi_1\\right|$.
    """,
    solution="""
    import numpy as np
    from wi_docs.experiments.meanfield import fixed_point

    depth = 6 / abs(np.log(fixed_point("tanh", sigma_w=0.9, sigma_b=0.2).chi_1))
    print(f"{depth:.0f} layers")
    """,
    # No depth scale, its first order near the edge, the scale of the rms in place of the mean square, and a word.
    wrong=("depth = 6", "depth = 6 / (1 - chi)", "depth = 12 / abs(np.log(chi))", "depth = 'deep'"),
)
def how_deep_below_the_edge(depth: Any) -> Verdict:
    """How deep may a tanh network at `sigma_w` = 0.9 and `sigma_b` = 0.2 be, if six depth scales can be trained?
    Give `depth` to half a layer.
    """
    # The depth scale of Schoenholz et al. (2017), equation 9, times six.
    expected = 6 / abs(math.log(fixed_point("tanh", sigma_w=0.9, sigma_b=0.2).chi_1))
    if abs(number("depth", depth, above=0) - expected) > 0.5:
        return not_yet("Six times the depth scale, which is one over the logarithm of chi_1, without its sign.")
    nearer = 6 / abs(math.log(fixed_point("tanh", sigma_w=1.2, sigma_b=0.2).chi_1))
    return right(f"{expected:.0f} layers. At sigma_w = 1.2, near the edge, it would be {nearer:.0f}.")
