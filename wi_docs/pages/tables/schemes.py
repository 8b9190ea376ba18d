"""Every scheme: its formula, where it comes from, and its law measured on one layer."""

import numpy as np

from wi_docs.nn import initializers, libraries
from wi_docs.pages.tables import Table

SHAPE = (400, 100)  # fan-in and fan-out differ, so that a scheme that takes the wrong one shows


def table() -> Table:
    """Return the formula of each scheme and the variance that it has, measured on one layer."""
    known = initializers.SCHEMES.values()
    # One draw of 40,000 entries each: the mean square is right to about a percent.
    laws = [scheme.draw(np.random.default_rng(0), SHAPE) for scheme in known]
    return Table(
        "Variance of a weight by scheme. *Measured* is $n_\\text{in}$ times the mean square of its weights, on one "
        f"layer of {SHAPE[0]} inputs and {SHAPE[1]} units. Two schemes need the depth of the network too: "
        "[`fixup`](residual-networks.md#zero-branches-fixup) and "
        "[`gpt2_residual`](residual-networks.md#small-branches). In PyTorch `a` is the slope of a leaky ReLU, and the "
        "variance $2/((1 + a^2)\\,n_\\text{in})$; with $a = \\sqrt5$ this is $1/(3\\,n_\\text{in})$.",
        {
            "scheme": [f"`{scheme.name}`" for scheme in known],
            "variance or form": [scheme.formula for scheme in known],
            "in PyTorch": [
                f"`{found.pytorch}`" if (found := libraries.lines(scheme.name)) else None for scheme in known
            ],
            "for": [scheme.use for scheme in known],
            "measured": [SHAPE[0] * float((W**2).mean()) for W in laws],
            "paper": [scheme.paper or "" for scheme in known],
        },
        {"measured": ".3g"},
    )
