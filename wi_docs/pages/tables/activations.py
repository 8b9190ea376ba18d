"""Every activation with its formula and its paper."""

from wi_docs.nn import activations
from wi_docs.pages.tables import Table


def table() -> Table:
    """Return the formula and the paper of every activation, from its entry."""
    known = [activations.activation(name) for name in activations.names()]
    return Table(
        "The activations, as functions of $x$, and who brought them into networks. $\\Phi$ is the normal "
        "distribution's function; $\\lambda = 1.0507$ and $\\alpha = 1.6733$.",
        {
            "activation": [f"`{one.name}`" for one in known],
            "formula": [one.formula for one in known],
            "paper": [one.paper or "" for one in known],
        },
    )
