"""Exercises of Exploding Gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.experiments.products import lyapunov_exponent, random_products
from wi_docs.experiments.recurrent import descend_recurrence
from wi_docs.nn.checks import number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs.experiments.products import random_products

    sigma = 1.0

    # The logarithm of a vector's length, after each of 100 random matrices
    p = random_products(width=3, sigma=sigma, factors=100, draws=50)
    print(f"log of the length grows by {p.growth.mean():.3f} a matrix")
    """,
    hint="""
    For wide matrices it would be $1/\\sqrt{n}$, here 0.577. That keeps the mean square.
    The typical product of small matrices is smaller than its root mean square, so you need more.
    If the growth at `sigma = 1` is $G$, it is $G + \\ln s$ at `sigma = s`. Choose $s$ so that this is 0.
    """,
    solution="""
    import numpy as np
    from wi_docs.experiments.products import lyapunov_exponent

    sigma = np.exp(-lyapunov_exponent(3, 1.0))
    print(f"sigma {sigma:.3f}, growth {lyapunov_exponent(3, sigma):.3f}")
    """,
    # The rule for wide matrices, the start, 1/n for 1/sqrt(n), and no matrix at all.
    wrong=("sigma = 3**-0.5", "sigma = 1.0", "sigma = 1 / 3", "sigma = 0"),
)
def small_matrices_kept(sigma: Any) -> Verdict:
    r"""Entries of deviation $1/\sqrt{n}$ keep a product of wide matrices. Which `sigma` keeps the typical product of 3
    x 3 matrices?
    """
    # Another seed than in the reader's code, and more draws: the answer has to hold beyond one sample. The mean's
    # standard error is then about 0.001.
    growth = random_products(width=3, sigma=number("sigma", sigma, above=0), factors=400, draws=400, seed=1).growth
    mean = float(growth.mean())
    # 0.02 a matrix is 2 % of the length, and well beyond the noise.
    if abs(mean) > 0.02:
        direction = "shrinks" if mean < 0 else "grows"
        return not_yet(f"The typical product {direction}: its logarithm changes by {mean:+.3f} with every matrix.")
    wide = lyapunov_exponent(3, 3**-0.5)
    return right(f"Its logarithm changes by {mean:+.3f} a matrix. With the wide rule it changes by {wide:+.2f}.")


@exercise(
    start="""
    from wi_docs.experiments.recurrent import descend_recurrence

    max_norm = 100.0

    # From 1.2, down the cliff of a recurrence of 30 steps
    d = descend_recurrence(1.2, max_norm=max_norm)
    print(f"w^30 = {d.w[-1] ** 30:.3f}, wanted 0.5")
    """,
    hint="""
    With a rate of 0.005 a step goes at most 0.005 times `max_norm`. The flat valley lies between 0 and 1.
    How far may one step go?
    """,
    solution="""
    from wi_docs.experiments.recurrent import descend_recurrence

    max_norm = 1.0
    d = descend_recurrence(1.2, max_norm=max_norm)
    print(f"w^30 = {d.w[-1] ** 30:.3f}, wanted 0.5")
    """,
    # Two that clip too little, one with which 200 steps do not arrive, and a norm that may not be.
    wrong=("max_norm = 1e6", "max_norm = 500.0", "max_norm = 1e-6", "max_norm = 0"),
)
def a_norm_to_clip_to(max_norm: Any) -> Verdict:
    """Find a `max_norm` with which gradient descent arrives at one half, within 0.01, from 1.15,
    from 1.2 and from 1.3.
    """
    # On the cliff, where the gradient is 30 w^29 times the error: 10^5 at the first start, 10^8 at the last.
    for start in (1.15, 1.2, 1.3):
        # w^30 after 200 steps, which should be one half.
        end = float(descend_recurrence(start, max_norm=number("max_norm", max_norm, above=0)).w[-1] ** 30)
        if not np.isclose(end, 0.5, atol=0.01):
            return not_yet(
                f"From {start} it ends where w^30 is {end:.3g}. A step too long lands in the flat, "
                "or on the cliff behind it; too short does not arrive in 200 steps."
            )
    return right(
        "It arrives from all three. Between too much and too little there is a wide range; clipping is forgiving."
    )
