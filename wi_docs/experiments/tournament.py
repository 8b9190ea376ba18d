r"""Which scheme trains which network best: every sensible scheme against the others, each at its own best rate.

A network here is an activation, a depth, widths, and an architecture. For each optimizer a scheme gets the learning
rate at which two networks read most of the digits of the part to choose by. Then five other networks are trained at
this rate, and their reading of the test part counts. The result is `wi_docs/data/tournament.json`, made by
`make tournament`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from wi_docs.experiments import conditions, digits, stored
from wi_docs.experiments.gain_table import gains
from wi_docs.experiments.lsuv import lsuv
from wi_docs.experiments.optimizers import Finish, quick, train_by
from wi_docs.nn import initializers
from wi_docs.nn.activations import activation
from wi_docs.nn.checks import Array
from wi_docs.nn.gains import gain
from wi_docs.nn.network import MLP, stack

STEPS, WIDTH, TOGETHER = 200, 32, 20
CHOOSING, COUNTING = (0, 1), (2, 3, 4, 5, 6)  # seeds: to choose a rate by, and of the networks that count
RATES = {"sgd": (0.003, 0.01, 0.03, 0.1, 0.3), "adam": (0.001, 0.003, 0.01)}
POINT = 0.01  # three of the 299 digits of the test part: less is no difference


@dataclass(frozen=True)
class Network:
    """A kind of network.

    Attributes:
        activation: of the hidden layers.
        depth: number of hidden layers; in a residual network of two layers for each branch.
        widths: `even`, 32 units in each hidden layer, or `uneven`, 48 and 16 in turn.
        shape: `plain`; `normalized`, with layer normalization of each hidden layer's sums; `residual`; or
            `residual normalized`, with layer normalization of each branch's input.
    """

    activation: str
    depth: int
    widths: str = "even"
    shape: str = "plain"

    @property
    def name(self) -> str:
        """The kind in words."""
        return f"{self.activation} {self.depth} {self.widths} {self.shape}"


NETWORKS = (
    *(Network(phi, 20) for phi in ("relu", "tanh", "gelu", "selu")),
    *(Network("sigmoid", depth) for depth in (5, 10)),
    *(Network(phi, 10, "uneven") for phi in ("relu", "tanh", "gelu")),
    Network("relu", 20, "even", "residual"),
    Network("relu", 20, "even", "residual normalized"),
    Network("relu", 20, "even", "normalized"),
    *(Network(phi, 5) for phi in ("relu", "tanh", "gelu", "selu")),
    *(Network(phi, 50) for phi in ("relu", "tanh", "gelu")),
    Network("gelu", 20, "even", "residual normalized"),
)

Start = Callable[[MLP, np.random.Generator, Network], None]


def _by(draw: Callable[[np.random.Generator, tuple[int, int], str], Array]) -> Start:
    """Return a start that draws every weight matrix alike."""

    def start(net: MLP, rng: np.random.Generator, network: Network) -> None:
        net.W = [draw(rng, (W.shape[0], W.shape[1]), network.activation) for W in net.W]

    return start


def _named(name: str) -> Start:
    return _by(lambda rng, shape, _: initializers.get(name)(rng, shape))


_gain, _gains = cache(gain), cache(gains)  # integrals, asked for again by each matrix


def _critical(net: MLP, rng: np.random.Generator, network: Network) -> None:
    pair = _gains(network.activation).critical
    assert pair is not None
    _by(lambda rng, shape, _: initializers.lecun_normal(rng, shape, pair[0] ** 0.5))(net, rng, network)
    for b in net.b:
        b += pair[1] ** 0.5 * rng.standard_normal(b.shape)


def _pytorch(net: MLP, rng: np.random.Generator, network: Network) -> None:
    _named("pytorch_linear")(net, rng, network)
    for W, b in zip(net.W, net.b, strict=True):
        b += rng.uniform(-1, 1, b.shape) / len(W) ** 0.5


def _centered(net: MLP, rng: np.random.Generator, network: Network) -> None:
    """Give sigmoids four times LeCun's scale, and the bias that takes away the mean of one half of their inputs."""
    _by(lambda rng, shape, _: initializers.lecun_normal(rng, shape, 4.0))(net, rng, network)
    for W, b in zip(net.W[1:], net.b[1:], strict=True):
        b -= W.sum(axis=0) / 2


def _mirrored(net: MLP, rng: np.random.Generator, network: Network) -> None:
    """Make ReLU layers begin as linear ones: each unit has a twin with the opposite sum (Balduzzi et al., 2017)."""
    last = len(net.W) - 1
    for layer, W in enumerate(net.W):
        fan_in, fan_out = W.shape
        half = initializers.orthogonal(
            rng, (fan_in if layer == 0 else fan_in // 2, fan_out if layer == last else fan_out // 2)
        )
        beside = half if layer == last else np.concatenate([half, -half], axis=1)
        net.W[layer] = beside if layer == 0 else np.concatenate([beside, -beside])


def _lsuv(net: MLP, rng: np.random.Generator, network: Network) -> None:
    lsuv(net, digits.load().train_x[:256], rng)


def _branches(factors: Callable[[int], tuple[float, float, float]]) -> Start:
    """Return a start of residual networks: LeCun's scale times three factors, which depend on the number of branches.

    They are for the first and for the last matrix of each branch, and for the output.
    """

    def start(net: MLP, rng: np.random.Generator, network: Network) -> None:
        branches = len(net.branch_ends)
        first, last, out = factors(branches)
        _named("lecun_normal")(net, rng, network)
        for W, factor in zip(net.W, [1.0, *[first, last] * branches, out], strict=True):
            W *= factor

    return start


HE = math.sqrt(2)
SCHEMES: dict[str, Start] = {
    "lecun_normal": _named("lecun_normal"),
    "glorot_normal": _named("glorot_normal"),
    "he_normal": _named("he_normal"),
    "he_normal by fan-out": _by(
        lambda rng, shape, _: initializers.variance_scaling(
            rng, shape, scale=2.0, mode="fan_out", distribution="normal"
        )
    ),
    "lecun_normal, forward gain": _by(lambda rng, shape, phi: initializers.lecun_normal(rng, shape, _gain(phi))),
    "lecun_normal, backward gain": _by(
        lambda rng, shape, phi: initializers.lecun_normal(rng, shape, _gain(phi, direction="backward"))
    ),
    "orthogonal": _named("orthogonal"),
    "orthogonal, forward gain": _by(lambda rng, shape, phi: initializers.orthogonal(rng, shape, _gain(phi))),
    "critical pair": _critical,
    "lsuv": _lsuv,
    "mirrored orthogonal": _mirrored,
    "4 lecun_normal, centered": _centered,
    "PyTorch's default": _pytorch,
    "normal, 0.01": _named("normal"),
    "he_normal, branches scaled": _branches(lambda branches: (HE, branches**-0.5, 1.0)),
    "he_normal, last of a branch 0": _branches(lambda branches: (HE, 0.0, 1.0)),
    "fixup": _branches(lambda branches: (HE * branches**-0.5, 0.0, 0.0)),
}
ALL = ("lecun_normal", "he_normal", "orthogonal", "PyTorch's default")
GAINED = ("orthogonal, forward gain", "lsuv")
OF_ACTIVATION = {
    "relu": (*ALL, *GAINED, "mirrored orthogonal"),
    "tanh": (*ALL, *GAINED, "lecun_normal, forward gain", "critical pair"),
    "sigmoid": (*ALL, *GAINED, "lecun_normal, backward gain", "4 lecun_normal, centered"),
    "gelu": (*ALL, *GAINED, "lecun_normal, forward gain", "critical pair"),
    "selu": (*ALL, "lsuv"),  # its forward gain is 1
}
UNEVEN = ("glorot_normal", "he_normal by fan-out")  # in layers of one width these are others' schemes
RESIDUAL = (*ALL, "he_normal, branches scaled", "he_normal, last of a branch 0", "fixup")


def candidates(network: Network) -> tuple[str, ...]:
    """Return the schemes that are tried for a network.

    Examples:
        >>> candidates(Network("selu", 5))
        ('lecun_normal', 'he_normal', 'orthogonal', "PyTorch's default", 'lsuv')
    """
    if network.shape.startswith("residual"):
        return RESIDUAL
    if network.shape == "normalized":
        return (*ALL, "lsuv", "normal, 0.01")
    return OF_ACTIVATION[network.activation] + (UNEVEN if network.widths == "uneven" else ())


def start(network: Network, scheme: str, seed: int) -> MLP:
    """Return a network before its first step.

    Examples:
        >>> len(start(Network("relu", 20, shape="residual"), "fixup", 0).W)
        22
    """
    rng = np.random.default_rng(seed)
    depth = network.depth + network.shape.startswith("residual")  # a matrix leads into the stream
    widths = [WIDTH] * depth if network.widths == "even" else [48, 16] * (depth // 2) + [48] * (depth % 2)
    net = MLP([64, *widths, 10], quick(network.activation), "zeros", rng)
    if network.shape == "normalized":
        net.normalized = {"sum": frozenset(range(network.depth))}
    if network.shape.startswith("residual"):
        linear = activation("linear")
        net.activations = [linear] + [net.activations[0], linear] * (network.depth // 2) + [linear]
        net.branch_ends = frozenset(range(2, depth, 2))
        if network.shape == "residual normalized":
            net.normalized = {"input": frozenset([*range(1, depth, 2), depth])}
    conditions.say(scheme=scheme)
    SCHEMES[scheme](net, rng, network)
    return net


def finishes(network: Network, optimizer: str, runs: list[tuple[str, float, int]]) -> list[Finish]:
    """Train networks of one kind, one for each scheme, rate and seed, and return what they can do in the end."""
    ends: list[Finish] = []
    for first in range(0, len(runs), TOGETHER):
        part = runs[first : first + TOGETHER]
        nets = stack([start(network, scheme, seed) for scheme, _, seed in part])
        rates, seeds = [rate for _, rate, _ in part], [seed for *_, seed in part]
        ends += train_by(nets, optimizer=optimizer, rates=rates, seeds=seeds, steps=STEPS)
    return ends


def compete(network: Network, optimizer: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each scheme: its rate, what it reads of the part to choose by at each rate, and the five ends."""
    schemes, rates = candidates(network), RATES[optimizer]
    choosing = list(itertools.product(schemes, rates, CHOOSING))
    valid = np.reshape(
        [end.valid for end in finishes(network, optimizer, choosing)], (len(schemes), len(rates), len(CHOOSING))
    ).mean(axis=2)
    best = [rates[k] for k in valid.argmax(axis=1)]
    counting = [(scheme, rate, seed) for scheme, rate in zip(schemes, best, strict=True) for seed in COUNTING]
    ends = np.reshape([end.test for end in finishes(network, optimizer, counting)], (len(schemes), len(COUNTING)))
    for scheme, rate, by_rate, tests in zip(schemes, best, valid, ends, strict=True):
        yield {
            "activation": network.activation,
            "depth": network.depth,
            "widths": network.widths,
            "shape": network.shape,
            "optimizer": optimizer,
            "scheme": scheme,
            "rate": rate,
            "valid": [round(float(share), 4) for share in by_rate],
            "test": [round(float(share), 4) for share in tests],
        }


def unbeaten(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows of one network and optimizer that nothing beats by more than the noise, the best first.

    The noise of a difference between two means over five networks is two of its standard errors, and at least a point.

    Examples:
        >>> rows = [{"test": [0.9] * 5}, {"test": [0.895] * 5}, {"test": [0.8] * 5}]
        >>> len(unbeaten(rows))
        2
    """
    ranked = sorted(rows, key=lambda row: -float(np.mean(row["test"])))
    best = ranked[0]

    def behind(row: Mapping[str, Any]) -> bool:
        error = math.hypot(*(np.std(r["test"], ddof=1) / len(r["test"]) ** 0.5 for r in (best, row)))
        return bool(np.mean(best["test"]) - np.mean(row["test"]) > max(2 * error, POINT))

    return [row for row in ranked if not behind(row)]


LEARNED = 0.2  # a network that reads less has hardly begun: among such networks there is no winner


def kinds() -> dict[tuple[Network, str], list[Mapping[str, Any]]]:
    """Return the stored rows by network and optimizer.

    Examples:
        >>> len(kinds()) == len(NETWORKS) * len(RATES)
        True
    """
    rows = stored.load("tournament")["rows"]
    return {
        (network, optimizer): [
            row
            for row in rows
            if (row["activation"], row["depth"], row["widths"], row["shape"], row["optimizer"])
            == (network.activation, network.depth, network.widths, network.shape, optimizer)
        ]
        for network, optimizer in itertools.product(NETWORKS, RATES)
    }


@dataclass(frozen=True)
class Standing:
    """How a group of networks, each with both optimizers, came out.

    Attributes:
        trained: how many of them learned from some scheme.
        untrained: how many did not.
        unbeaten: for each scheme, in how many of those that learned nothing beat it by more than the noise; the most
            frequent first.
        behind: for each scheme, the most that it is behind the best in one of them, as a share of the digits.
        everywhere: the schemes that competed in all of them.
    """

    trained: int
    untrained: int
    unbeaten: dict[str, int]
    behind: dict[str, float]
    everywhere: frozenset[str]

    @property
    def winners(self) -> list[str]:
        """The schemes that are unbeaten most often."""
        most = max(self.unbeaten.values(), default=0)
        return [scheme for scheme, count in self.unbeaten.items() if count == most]


def standing(*networks: Network) -> Standing:
    """Count over a group of networks which schemes nothing beats.

    Examples:
        >>> standing(Network("relu", 5)).trained
        2
    """
    counts: dict[str, int] = {}
    behind: dict[str, float] = {}
    everywhere = set(SCHEMES)
    trained = untrained = 0
    for (network, _), rows in kinds().items():
        if network not in networks:
            continue
        best = max(float(np.mean(row["test"])) for row in rows)
        if best < LEARNED:
            untrained += 1
            continue
        trained += 1
        ahead = {row["scheme"] for row in unbeaten(rows)}
        everywhere &= {row["scheme"] for row in rows}
        for row in rows:
            scheme = row["scheme"]
            counts[scheme] = counts.get(scheme, 0) + (scheme in ahead)
            behind[scheme] = max(behind.get(scheme, 0.0), best - float(np.mean(row["test"])))
    ranked = sorted(counts, key=lambda scheme: (-counts[scheme], behind[scheme]))
    return Standing(trained, untrained, {scheme: counts[scheme] for scheme in ranked}, behind, frozenset(everywhere))
