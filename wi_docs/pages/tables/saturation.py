"""The share of saturated units at which learning takes twice as long, by activation, and the share at variance 1."""

from wi_docs.experiments.saturation import LIMITS, TWO_SIDED, limit, saturated_share
from wi_docs.pages.tables import Table


def table() -> Table:
    """Return the shares of saturated units by activation.

    Those of `saturation.LIMITS` take long to find and are stored; claims check some of them on new networks.
    """
    return Table(
        "Share of saturated pairs of unit and input: at variance 1; where networks of three hidden layers of 64 units "
        "took twice as many steps to get 80 % of the digits right, a mean over 8 networks at a rate of 0.1; "
        "and from where on the verdict is bad. Saturated by larger weights if the activation has two flat sides, "
        "by negative biases if it has one.",
        {
            "activation": [f"`{name}`" for name in LIMITS],
            # Larger weights saturate no more than half of the units that have one flat side.
            "saturated by": ["weights" if name in TWO_SIDED else "biases" for name in LIMITS],
            "at variance 1": [100 * saturated_share(name, 1.0) for name in LIMITS],
            # The share found by training, and the one that Diagnose judges by: half at least for one flat side.
            "half as fast": [100 * share for share in LIMITS.values()],
            "verdict": [100 * limit(name) for name in LIMITS],
        },
        {"at variance 1": ".0f", "half as fast": ".0f", "verdict": ".0f"},
    )
