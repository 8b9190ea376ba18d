"""Which start to take: the schemes that nothing beat in the tournament, with the line of code for three frameworks."""

from wi_docs.experiments import tournament
from wi_docs.experiments.tournament import Network
from wi_docs.nn.gains import gain
from wi_docs.pages.tables import Table


def of(activation: str, *widths: str) -> list[Network]:
    """Return the plain networks of the tournament with this activation and these widths."""
    return [n for n in tournament.NETWORKS if (n.activation, n.shape) == (activation, "plain") and n.widths in widths]


def shaped(shape: str) -> list[Network]:
    """Return the networks of the tournament of this shape."""
    return [n for n in tournament.NETWORKS if n.shape == shape]


# The words for a row, and the networks that it speaks of.
ROWS = (
    ("ReLU", of("relu", "even", "uneven")),
    ("tanh, equal widths", of("tanh", "even")),
    ("tanh, uneven widths", of("tanh", "uneven")),
    ("GELU", of("gelu", "even", "uneven")),
    ("SELU", of("selu", "even")),
    ("sigmoid", of("sigmoid", "even")),
    ("ReLU, layer normalization", shaped("normalized")),
    ("ReLU in branches", shaped("residual")),
    ("ReLU in branches, layer normalization inside", shaped("residual normalized")),
)
# A line for a weight W of PyTorch, and an initializer of Keras and of flax.linen. `{gain}` is the activation's forward
# gain, `{variance}` its square. Schemes that need more than a line have a link.
LINES = {
    "lecun_normal": ("nn.init.normal_(W, std=W.shape[1]**-0.5)", '"lecun_normal"', "lecun_normal()"),
    "he_normal": ('nn.init.kaiming_normal_(W, nonlinearity="relu")', '"he_normal"', "he_normal()"),
    "he_normal by fan-out": (
        'nn.init.kaiming_normal_(W, mode="fan_out", nonlinearity="relu")',
        'VarianceScaling(2.0, "fan_out")',
        'variance_scaling(2.0, "fan_out", "normal")',
    ),
    "glorot_normal": ("nn.init.xavier_normal_(W)", '"glorot_normal"', "glorot_normal()"),
    "orthogonal": ("nn.init.orthogonal_(W)", '"orthogonal"', "orthogonal()"),
    "orthogonal, forward gain": (
        "nn.init.orthogonal_(W, gain={gain:.3f})",
        "Orthogonal(gain={gain:.3f})",
        "orthogonal(scale={gain:.3f})",
    ),
    "lecun_normal, backward gain": (
        "nn.init.normal_(W, std={back:.3f} * W.shape[1]**-0.5)",
        'VarianceScaling({back_variance:.3f}, "fan_in")',
        'variance_scaling({back_variance:.3f}, "fan_in", "normal")',
    ),
    "lecun_normal, forward gain": (
        "nn.init.normal_(W, std={gain:.3f} * W.shape[1]**-0.5)",
        'VarianceScaling({variance:.3f}, "fan_in")',
        'variance_scaling({variance:.3f}, "fan_in", "normal")',
    ),
    "PyTorch's default": (
        "nn.Linear(n, m)",
        'VarianceScaling(1/3, "fan_in", "uniform")',
        'variance_scaling(1/3, "fan_in", "uniform")',
    ),
}
LINKS = {
    "lsuv": "[`lsuv`](#lsuv)",
    "critical pair": "[critical pair](which-gain.md#both-at-once-the-critical-pair)",
    "mirrored orthogonal": "[mirrored orthogonal](optimizers.md#mirrored-weights)",
    "4 lecun_normal, centered": (
        "[4 `lecun_normal`, centered](vanishing-gradients.md#can-larger-weights-save-the-sigmoid)"
    ),
    "he_normal, branches scaled": "[`he_normal`, branches scaled](residual-networks.md#small-branches)",
    "he_normal, last of a branch 0": "[`he_normal`, last of a branch 0](residual-networks.md#zero-branches-fixup)",
    "fixup": "[`fixup`](residual-networks.md#zero-branches-fixup)",
}


def lines(scheme: str, phi: str) -> tuple[str, ...]:
    """Return the lines of code of a scheme for PyTorch, Keras and Flax, with the gains of an activation."""
    own, back = gain(phi), gain(phi, direction="backward")
    numbers = {"gain": own, "variance": own**2, "back": back, "back_variance": back**2}
    return tuple(text.format_map(numbers) for text in LINES[scheme])


def table() -> Table:
    """Return for each kind of network the schemes that are unbeaten most often, from the stored tournament."""
    columns: dict[str, list[object]] = {"your layers": [], "take": [], "unbeaten in": [], "in one line": []}
    for words, networks in ROWS:
        found = tournament.standing(*networks)
        # Schemes that are unbeaten most often have the same count; the first stands for all.
        count = found.unbeaten[found.winners[0]]
        names = [LINKS.get(scheme, f"`{scheme}`" if "_" in scheme else scheme) for scheme in found.winners]
        # Unbeaten in each network that learned from anything: then any of them will do.
        which = "any of these: " if count == found.trained else "one of these: "
        columns["your layers"].append(words)
        columns["take"].append((which if len(names) > 1 else "") + "; ".join(names))
        columns["unbeaten in"].append(f"{count} of {found.trained}")
        # Of what is one line in all three, the one that was never far behind.
        simple = min((s for s in found.behind if s in LINES and s in found.everywhere), key=found.behind.__getitem__)
        # In points, hundredths of the digits.
        behind = round(100 * found.behind[simple])
        said = "" if simple in found.winners else f"{simple}, up to {behind} points behind:<br>"
        code = "<br>".join(f"`{one}`" for one in lines(simple, networks[0].activation))
        columns["in one line"].append(said + code)
    depths = sorted({network.depth for network in tournament.NETWORKS})
    return Table(
        "What nothing beat by more than the noise in a [tournament](optimizers.md#a-tournament) of networks of "
        f"{depths[0]} to {depths[-1]} hidden layers, with plain descent and with Adam, each scheme at its best rate. "
        "Each network counts twice. *Any of these* is said where none was ever beaten. *In one line*: for a weight `W` "
        "of PyTorch, for Keras, and for Flax; where this is another scheme, by how much it was behind at worst.",
        columns,
    )
