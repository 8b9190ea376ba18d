"""Exercises of Recurrent Networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.experiments.recurrent import lstm_memory, recur
from wi_docs.nn.checks import array, number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs.experiments.recurrent import lstm_memory

    bias = 1.0

    kept = lstm_memory(bias, steps=300)
    print(f"{kept[-1]:.2g} of the memory is left after 300 steps")
    """,
    hint="""
    A gate at $f$ keeps $f^{300}$. For $1/e$, the bias is about $\\ln 300$. For a half it has to be larger,
    but by how much?
    """,
    solution="""
    import numpy as np
    from wi_docs.experiments.recurrent import lstm_memory

    f = 0.55 ** (1 / 300)
    bias = np.log(f / (1 - f))
    kept = lstm_memory(bias, steps=300)
    print(f"bias {bias:.2f}: {kept[-1]:.2g} of the memory is left after 300 steps")
    """,
    # The usual 1, one that keeps less than a tenth, one that keeps nearly all, and a word.
    wrong=("bias = 1.0", "bias = 5.0", "bias = 12.0", "bias = 'one'"),
)
def half_a_memory(bias: Any) -> Verdict:
    """Find a `bias` of the forget gate with which between 0.4 and 0.6 of a memory is left after 300 steps."""
    # The mean of three seeds, so that the answer is not about one draw.
    kept = float(np.mean([lstm_memory(number("bias", bias), steps=300, seed=seed)[-1] for seed in range(3)]))
    if not 0.4 <= kept <= 0.6:
        return not_yet(f"Over three seeds {kept:.2g} of the memory is left after 300 steps.")
    return right(f"Over three seeds {kept:.2f} is left.")


@exercise(
    start="""
    import numpy as np
    from wi_docs.experiments.recurrent import recur

    rng = np.random.default_rng(0)
    W = rng.standard_normal((32, 32)) / np.sqrt(32)

    r = recur(W, rng.standard_normal(32), steps=100, activation_name="linear")
    print(f"largest gradient after 100 steps: {r.gradient_norm[-1]:.2g}")
    """,
    hint="""
    If one application of a matrix keeps every vector's length, so does its power.
    `wi_docs.nn.initializers.orthogonal` draws such a matrix.
    """,
    solution="""
    import numpy as np
    from wi_docs.nn.initializers import orthogonal
    from wi_docs.experiments.recurrent import recur

    rng = np.random.default_rng(0)
    W = orthogonal(rng, (32, 32))
    r = recur(W, rng.standard_normal(32), steps=100, activation_name="linear")
    print(f"largest gradient after 100 steps: {r.gradient_norm[-1]:.2g}")
    """,
    # The identity; a spectral radius of 1, which lets vectors grow on the way; a largest singular value of 1, which
    # loses all other directions; one whose square is the identity; a matrix that is not square; and a word.
    wrong=(
        "S = np.eye(32) + 0.1 * W\nW = S @ np.diag([1.0, -1.0] * 16) @ np.linalg.inv(S)",
        "W = np.eye(32)",
        "W = W / np.abs(np.linalg.eigvals(W)).max()",
        "W = W / np.linalg.norm(W, 2)",
        "W = np.zeros((32, 31))",
        "W = 'orthogonal'",
    ),
)
def a_matrix_that_keeps(W: Any) -> Verdict:
    """Find a matrix `W` of 32 x 32, not the identity, that keeps the length of every vector over 100 steps,
    to a millionth.
    """
    matrix = array("W", W, 2)
    if matrix.shape != (32, 32):
        return not_yet(f"Its shape is {matrix.shape}.")
    # A matrix keeps the length of every vector if and only if all of its singular values are 1. Those of its powers are
    # asked, for errors add up over the steps, and an even power may be the identity where the matrix stretches.
    for steps in (1, 100):
        values = np.linalg.svd(np.linalg.matrix_power(matrix, steps), compute_uv=False)
        if np.abs(values - 1).max() > 1e-6:
            after = f"After {steps} step{'s' if steps > 1 else ''}"
            return not_yet(f"{after} a vector's length is multiplied by {values.min():.2g} to {values.max():.2g}.")
    # The identity keeps lengths too, and the question leaves it out.
    if np.allclose(matrix, np.eye(32)):
        return not_yet("That is the identity. It keeps everything, and mixes nothing.")
    longest = float(recur(matrix, np.ones(32), steps=100, activation_name="linear").gradient_norm[-1])
    return right(f"Its singular values are 1, and the largest gradient after 100 steps is {longest:.3f}.")
