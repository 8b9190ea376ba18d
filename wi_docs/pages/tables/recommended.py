"""Which start to take: the schemes that nothing beat in the tournament, with the line of code for three frameworks."""

import math

from wi_docs.experiments import tournament
from wi_docs.experiments.tournament import Network
from wi_docs.nn import libraries
from wi_docs.nn.gains import Direction, gain
from wi_docs.pages.tables import Table


def of(activation: str, *widths: str) -> list[Network]:
    """Return the plain networks of the tournament with this activation and these widths, the shallow ones first."""
    plain = [n for n in tournament.NETWORKS if (n.activation, n.shape) == (activation, "plain") and n.widths in widths]
    return sorted(plain, key=lambda network: network.depth)


def each(words: str, networks: list[Network]) -> list[tuple[str, list[Network]]]:
    """Return a row for each of some networks, where it depends on the depth what to take."""
    uneven = {"even": "", "uneven": ", uneven widths"}
    return [(f"{words}, {network.depth} layers{uneven[network.widths]}", [network]) for network in networks]


def shaped(activation: str, shape: str) -> list[Network]:
    """Return the networks of the tournament with this activation and of this shape."""
    return [n for n in tournament.NETWORKS if (n.activation, n.shape) == (activation, shape)]


# The words for a row, and the networks that it speaks of.
ROWS = (
    *each("ReLU", of("relu", "even", "uneven")),
    ("tanh, equal widths", of("tanh", "even")),
    ("tanh, uneven widths", of("tanh", "uneven")),
    ("GELU", of("gelu", "even", "uneven")),
    ("SELU", of("selu", "even")),
    *each("sigmoid", of("sigmoid", "even")),
    ("ReLU, layer normalization", shaped("relu", "normalized")),
    ("ReLU in branches", shaped("relu", "residual")),
    ("ReLU in branches, layer normalization inside", shaped("relu", "residual normalized")),
    ("GELU in branches, layer normalization inside", shaped("gelu", "residual normalized")),
)
# Of the tournament's schemes those that are one line in all three libraries: the scheme, and whether the activation's
# forward or backward gain multiplies it. The others have a link.
LINES: dict[str, tuple[str, Direction | None]] = {
    "lecun_normal": ("lecun_normal", None),
    "he_normal": ("he_normal", None),
    "he_normal by fan-out": ("he_normal by fan-out", None),
    "glorot_normal": ("glorot_normal", None),
    "orthogonal": ("orthogonal", None),
    "orthogonal, forward gain": ("orthogonal", "forward"),
    "lecun_normal, backward gain": ("lecun_normal", "backward"),
    "lecun_normal, forward gain": ("lecun_normal", "forward"),
    "PyTorch's default": ("pytorch_linear", None),
}
LINKS = {
    "lsuv": "[`lsuv`](#lsuv)",
    "critical pair": "[critical pair](which-gain.md#both-at-once-the-critical-pair)",
    "mirrored orthogonal": "[mirrored orthogonal](optimizers.md#mirrored-weights)",
    "4 lecun_normal, centered": "[4 × `lecun_normal`, centered](optimizers.md#what-it-overturned)",
    "he_normal, branches scaled": "[`he_normal`, branches scaled](residual-networks.md#small-branches)",
    "he_normal, last of a branch 0": "[`he_normal`, last of a branch 0](residual-networks.md#zero-branches-fixup)",
    "fixup": "[`fixup`](residual-networks.md#zero-branches-fixup)",
}


def linked(scheme: str) -> str:
    """Return the name of a scheme as Markdown, with a link where it is no line of code in all three libraries."""
    name, comma, rest = scheme.partition(", ")
    return LINKS.get(scheme, f"`{name}`{comma}{rest}" if "_" in name else scheme)


def lines(scheme: str, phi: str) -> tuple[str, ...]:
    """Return the lines of code of a scheme for PyTorch, Keras and Flax, with the gain of an activation."""
    name, direction = LINES[scheme]
    found = libraries.lines(name, 1.0 if direction is None else gain(phi, direction=direction))
    assert found is not None  # all of `LINES` have one
    return found.pytorch, found.keras, found.flax


def table() -> Table:
    """Return for each kind of network the schemes that are unbeaten most often, from the stored tournament."""
    columns: dict[str, list[object]] = {"your layers": [], "take": [], "unbeaten in": []}
    for words, networks in ROWS:
        found = tournament.standing(*networks)
        # Schemes that are unbeaten most often have the same count; the first stands for all.
        count = found.unbeaten[found.winners[0]]
        names = [linked(scheme) for scheme in found.winners]
        # Unbeaten in each network that learned from anything: then any of them will do.
        which = "any of these: " if count == found.trained else "one of these: "
        columns["your layers"].append(words)
        take = (which if len(names) > 1 else "") + "; ".join(names)
        columns["unbeaten in"].append(f"{count} of {found.trained}")
        # Of what is one line in all three, the one that was never far behind.
        simple = min((s for s in found.behind if s in LINES and s in found.everywhere), key=found.behind.__getitem__)
        # In points, hundredths of the digits.
        behind = math.ceil(100 * found.behind[simple] - 1e-9)
        said = linked(simple) + ("" if simple in found.winners else f", up to {behind} points behind")
        named = zip(("PyTorch", "Keras", "Flax"), lines(simple, networks[0].activation), strict=True)
        code = "<br>".join(f"{library} `{line}`" for library, line in named)
        # Where it alone is what to take, its name stands there already.
        columns["take"].append(f"{take}<br>{code}" if names == [said] else f"{take}<br>In one line: {said}<br>{code}")
    depths = sorted({network.depth for network in tournament.NETWORKS})
    meanings = {"any of these: ": "was beaten in no training", "one of these: ": "was unbeaten as often as the others"}
    used = "".join(
        f"*{start.rstrip(': ').capitalize()}* {meaning}. "
        for start, meaning in meanings.items()
        if any(str(cell).startswith(start) for cell in columns["take"])
    )
    return Table(
        "Each network of the [tournament](optimizers.md#a-tournament), of "
        f"{depths[0]} to {depths[-1]} hidden layers, was trained from each scheme, with plain descent and with Adam, "
        "at the scheme's best rate. A scheme is *unbeaten* in a training if none was better by more than the noise. So "
        "one whose networks differ much can be unbeaten and some points behind. *2 of 2* means in both trainings. "
        f"{used}*In one line*: of the schemes that are one line in all three libraries, the one that was least behind "
        "in its worst training; `W` is a weight of PyTorch. If it is another than the one to take, the number of "
        "points stands beside it.",
        columns,
    )
