"""Exercises of Weight Initialization."""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.experiments.symmetry import train_units
from wi_docs.nn.checks import array, number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    import numpy as np

    sigma = 1.0

    # Inputs of 300 pixels between 0 and 1, as they come from a file: not centered
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, size=(2000, 300))
    w = sigma * rng.standard_normal((300, 2000))
    print(f"mean square of w . x: {np.mean((x * w.T).sum(axis=1) ** 2):.2f}")
    """,
    hint="""
    The sum has 300 terms, each of mean square $\\sigma^2\\,\\mathbb{E}[x^2]$.
    For a uniform number between 0 and 1, $\\mathbb{E}[x^2]$ is not its variance.
    """,
    solution="""
    import numpy as np

    sigma = 1 / np.sqrt(300 / 3)  # E[x^2] = 1/3

    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, size=(2000, 300))
    w = sigma * rng.standard_normal((300, 2000))
    print(f"mean square of w . x: {np.mean((x * w.T).sum(axis=1) ** 2):.2f}")
    """,
    # As if E[x^2] were 1, as if it were the variance of 1/12, a fixed number, and 1/D for 1/sqrt(D).
    wrong=("sigma = 1 / np.sqrt(300)", "sigma = 1 / np.sqrt(300 / 12)", "sigma = 0.01", "sigma = 1 / 300"),
)
def a_sum_of_mean_square_one(sigma: Any) -> Verdict:
    r"""Choose `sigma` so that $w \cdot x$ has mean square 1. The inputs are not centered."""
    # 300 terms, each of mean square sigma^2 E[x^2], with E[x^2] = 1/3 for a uniform number between 0 and 1.
    mean_square = 300 * number("sigma", sigma, above=0) ** 2 / 3
    if abs(mean_square - 1) > 0.02:
        return not_yet(f"In theory the mean square of w · x is {mean_square:.2f} with this sigma.")
    return right(
        "The mean square of an input counts, not its variance: 1/3 and not 1/12. Centered inputs could have larger "
        "weights."
    )


@exercise(
    start="""
    import numpy as np

    def init(rng, shape):
        return np.full(shape, 0.3)

    print(init(np.random.default_rng(0), (2, 4)))
    """,
    hint="""
    Units are equal as long as nothing tells them apart. Something has to be different for each column.
    How large does the difference have to be, if there are only a thousand steps?
    """,
    solution="""
    import numpy as np

    def init(rng, shape):
        return rng.standard_normal(shape) / np.sqrt(shape[0])

    print(init(np.random.default_rng(0), (2, 4)).round(2))
    """,
    # Zeros, another constant, a difference too small for 1,000 steps, and no function.
    wrong=(
        "def init(rng, shape):\n    return np.zeros(shape)",
        "def init(rng, shape):\n    return np.full(shape, -1.0)",
        "def init(rng, shape):\n    return 0.3 + 1e-4 * rng.standard_normal(shape)",
        "init = 0.3",
    ),
)
def units_that_part(init: Any) -> Verdict:
    """Write an `init(rng, shape)` from which the four hidden units of a small network part, and its loss falls under
    0.03 in 1,000 steps.
    """
    if not callable(init):
        return not_yet("`init` has to be a function of `rng` and `shape`.")
    W = array("what init returns", init(np.random.default_rng(0), (2, 4)))
    if W.shape != (2, 4):
        return not_yet(f"For the shape (2, 4) it returns {W.shape}.")
    # The same scheme draws both layers, `(2, 4)` and `(4, 1)`.
    runs = [train_units(init, init, units=4, steps=1000, rate=0.2, seed=seed) for seed in range(5)]
    apart = [float(run.spread[-1]) for run in runs]
    if max(apart) < 1e-9:
        return not_yet("After 1,000 steps the four units are still one and the same.")
    # Three of five seeds, for a good start may still meet a bad draw.
    good = sum(float(run.loss[-1]) < 0.03 for run in runs)
    if good < 3:
        return not_yet(
            f"The units differ in the end, but the loss falls under 0.03 in {good} of 5 seeds only. "
            "A larger difference at the start?"
        )
    return right(f"The loss falls under 0.03 in {good} of 5 seeds.")
