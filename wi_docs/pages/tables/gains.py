"""The gains of every activation, and the factors a layer that a network has at the forward gain."""

from wi_docs.experiments.gain_table import factors, gains
from wi_docs.nn.activations import names
from wi_docs.pages.tables import Table

# As `factors` measures them: nine factors between ten layers.
DEPTH, WIDTH, SEEDS = 10, 512, tuple(range(8))


def table() -> Table:
    """Return the gains of every activation by quadrature, and the factors a layer measured at the forward gain."""
    rows = [(name, gains(name)) for name in names()]
    # At the forward gain the signal's factor has to be 1, and the gradient's is the ratio of the two gains.
    measured = [factors(name, g.forward, depth=DEPTH, width=WIDTH, seeds=SEEDS) for name, g in rows]
    # The sigmoid and softplus have no critical pair at variance 1.
    pairs = [g.critical or (None, None) for _, g in rows]
    return Table(
        f"Gains of {len(rows)} activations, each a factor on the standard deviation $1/\\sqrt{{n_\\text{{in}}}}$. "
        "The critical pair keeps a variance of 1 and has $\\chi_1 = 1$; a dash says that there is none. "
        f"Signal and gradient are measured with the forward gain: factors a layer in {DEPTH} layers of width "
        f"{WIDTH}, over {len(SEEDS)} seeds.",
        {
            "activation": [f"`{name}`" for name, _ in rows],
            "forward": [g.forward for _, g in rows],
            "PyTorch": [g.pytorch for _, g in rows],
            "backward": [g.backward for _, g in rows],
            "by deviation": [g.by_deviation for _, g in rows],
            "critical $\\sigma_w^2$": [weights for weights, _ in pairs],
            "critical $\\sigma_b^2$": [biases for _, biases in pairs],
            "signal": [f.forward for f in measured],
            "gradient": [f.backward for f in measured],
        },
        {"signal": ".2f", "gradient": ".2f"},
    )
