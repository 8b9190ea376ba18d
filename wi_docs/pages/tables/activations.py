"""Every activation: its formula, and where it comes from."""

from wi_docs.nn import activations
from wi_docs.pages.tables import Table


def table() -> Table:
    """Return what each activation's entry states."""
    known = [activations.activation(name) for name in activations.names()]
    return Table(
        "The activations, as functions of $x$, and who brought them into networks. $\\Phi$ is the normal "
        "distribution's function; $\\lambda = 1.0507$ and $\\alpha = 1.6733$.",
        {
            "activation": [f"`{phi.name}`" for phi in known],
            "formula": [phi.formula for phi in known],
            "paper": [phi.paper or "" for phi in known],
        },
    )
