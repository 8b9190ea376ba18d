"""Exercises of Residual Networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from wi_docs.experiments.residual import residual_stream
from wi_docs.nn.checks import count, number
from wi_docs.pages.exercises import Verdict, exercise, not_yet, right


@exercise(
    start="""
    from wi_docs.experiments.residual import residual_stream

    branch = 1.0

    # 50 residual blocks without normalization.
    # The last matrix of each branch is multiplied by `branch`.
    s = residual_stream(blocks=50, branch=branch)
    print(f"the mean square goes from {s.size[0] ** 2:.2g} to {s.size[-1] ** 2:.2g}")
    """,
    hint="""
    Every block multiplies the mean square by $1 + \\text{branch}^2$. Fifty of them should make about $e$.
    """,
    solution="""
    from wi_docs.experiments.residual import residual_stream

    branch = 50**-0.5
    s = residual_stream(blocks=50, branch=branch)
    print(f"the mean square goes from {s.size[0] ** 2:.2g} to {s.size[-1] ** 2:.2g}")
    """,
    # Divided by L and not by its root, one too large, branches that are closed, and a negative factor.
    wrong=("branch = 1 / 50", "branch = 0.5", "branch = 0.0", "branch = -1"),
)
def branches_that_add_up_to_e(branch: Any) -> Verdict:
    """Find the `branch` with which fifty blocks multiply the stream's mean square by $e$, within ten percent."""
    # A branch returns the mean square of its input, so that a block multiplies the stream's by 1 + branch^2.
    grown = (1 + number("branch", branch, least=0) ** 2) ** 50
    if not 0.9 <= grown / np.e <= 1.1:
        return not_yet(f"In theory the mean square is multiplied by {grown:.3g} in all.")
    # Theory judges; the four networks are for the answer to the reader.
    runs = [residual_stream(blocks=50, branch=float(branch), seed=seed) for seed in range(4)]
    measured = np.mean([(run.size[-1] / run.size[0]) ** 2 for run in runs])
    return right(f"Theory says {grown:.2f}, and four networks of width 256 have {measured:.2f}. It is 1/sqrt(50).")


@exercise(
    start="""
    # GPT-2 divides the last matrix of each branch by sqrt(N).
    # This model has 12 blocks, each with attention and an MLP.
    N = 12

    print(f"deviation {0.02 / N**0.5:.4f}")
    """,
    hint="""
    What is counted is how many branches add something to the stream.
    """,
    solution="""
    N = 2 * 12
    print(f"deviation {0.02 / N**0.5:.4f}")
    """,
    # Blocks, their square, four to a block, and no whole number.
    wrong=("N = 12", "N = 144", "N = 48", "N = 24.5"),
)
def how_many_branches(N: Any) -> Verdict:
    r"""What is $N$ in GPT-2's $1/\sqrt{N}$ for this model?"""
    # Attention and MLP: two branches for each of the twelve blocks.
    if count("N", N) != 24:
        return not_yet(
            "N is the number of branches that end in the stream. A block of a transformer has more than one."
        )
    return right("24: two branches for each of the twelve blocks.")
