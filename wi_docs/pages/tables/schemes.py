"""Every scheme: its formula, where it comes from, and its law measured on one layer."""

import numpy as np

from wi_docs.nn import initializers
from wi_docs.pages.tables import Table

SHAPE = (400, 100)  # fan-in and fan-out differ, so that a scheme that takes the wrong one shows

# What draws from the same law in PyTorch, for a weight `w` of a layer. LeCun's scale is Kaiming's with a gain of 1.
# PyTorch's truncated normal is left out: it is cut at fixed bounds of 2, far outside.
CALLS = {
    "zeros": "nn.init.zeros_(w)",
    "normal": "nn.init.normal_(w, std=0.01)",
    "lecun_normal": 'nn.init.kaiming_normal_(w, nonlinearity="linear")',
    "lecun_uniform": 'nn.init.kaiming_uniform_(w, nonlinearity="linear")',
    "glorot_normal": "nn.init.xavier_normal_(w)",
    "glorot_uniform": "nn.init.xavier_uniform_(w)",
    "he_normal": 'nn.init.kaiming_normal_(w, nonlinearity="relu")',
    "he_uniform": 'nn.init.kaiming_uniform_(w, nonlinearity="relu")',
    "orthogonal": "nn.init.orthogonal_(w)",
    "identity": "nn.init.eye_(w)",
}


def table() -> Table:
    """Return the formula of each scheme and the variance that it has, measured on one layer."""
    known = initializers.SCHEMES.values()
    # One draw of 40,000 entries each: the mean square is right to about a percent.
    laws = [scheme.draw(np.random.default_rng(0), SHAPE) for scheme in known]
    return Table(
        "Variance of a weight by scheme, and $n_\\text{in}$ times its mean square as measured on one layer of "
        f"{SHAPE[0]} inputs and {SHAPE[1]} units. `fixup` and `gpt2_residual` need the depth of the network too.",
        {
            "scheme": [f"`{scheme.name}`" for scheme in known],
            "variance or form": [scheme.formula for scheme in known],
            "in PyTorch": [f"`{CALLS[scheme.name]}`" if scheme.name in CALLS else None for scheme in known],
            "for": [scheme.use for scheme in known],
            "measured": [SHAPE[0] * float((W**2).mean()) for W in laws],
            "paper": [scheme.paper or "" for scheme in known],
        },
        {"measured": ".3g"},
    )
