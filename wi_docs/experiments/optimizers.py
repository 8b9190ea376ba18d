r"""Training by SGD, momentum, Adam and Muon, with warm-up, clipping and weight decay; and the map of scale and rate.

Many networks of one shape are trained at once. Nothing is recorded on the way: what counts is what they can do in the
end. `wi_docs/experiments/training.py` records the way of plain gradient descent and Adam.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from wi_docs.experiments import conditions, digits, stored
from wi_docs.experiments.propagation import rms
from wi_docs.experiments.training import Adam, accuracy
from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP, ExplosionError, cross_entropy, stack


class Momentum:
    """Gradient descent with a velocity: the sum of the gradients so far, each older one counted for a share of it.

    Args:
        parameters: arrays that `step` changes in place.
        share: what is left of the velocity in each step; 0 is plain gradient descent.

    Source:
        The form is that of PyTorch's `SGD`, where the rate multiplies the velocity.

    Examples:
        >>> w = np.array([1.0])
        >>> heavy = Momentum([w], 0.9)
        >>> for _ in range(2):
        ...     heavy.step([np.array([1.0])], [0.1])
        >>> print(w.round(2))  # a step of 0.1, and one of 0.19
        [0.71]
    """

    def __init__(self, parameters: Sequence[Array], share: float) -> None:
        self.parameters = list(parameters)
        self.velocity = [np.zeros_like(p) for p in self.parameters]
        self.share = checks.number("share", share, least=0.0)

    def step(self, gradients: Sequence[Array], rates: Sequence[float | Array]) -> None:
        """Take one step, with a gradient and a learning rate, or an array of rates, for each of the parameters."""
        for p, v, g, rate in zip(self.parameters, self.velocity, gradients, rates, strict=True):
            v *= self.share
            v += g
            p -= rate * v


def orthogonalized(matrices: Array) -> Array:
    """Return the matrices with all their singular values near 1, and the same singular vectors, `(…, rows, columns)`.

    "Near" is between 0.68 and 1.13 for singular values that were at least 0.01 of the norm of their matrix; smaller
    ones stay smaller. A matrix is first divided by its norm plus 1e-7, so that one of a far smaller norm stays small.

    Source:
        Five steps of the Newton-Schulz iteration of Jordan et al. (2024), function `zeropower_via_newtonschulz5`, in
        the precision of the argument and not in bfloat16.

    Examples:
        >>> np.linalg.svd(orthogonalized(np.diag([5.0, 1.0, 0.2])), compute_uv=False).round(1)
        array([1. , 0.8, 0.7])
    """
    X = matrices / (np.sqrt((matrices**2).sum(axis=(-2, -1), keepdims=True)) + 1e-7)
    for _ in range(5):
        A = X @ X.mT
        X = 3.4445 * X + (2.0315 * A @ A - 4.7750 * A) @ X
    return np.asarray(X)


class Muon(Adam):
    """The optimizer Muon for the matrices between hidden layers, with its authors' momentum of 0.95; Adam for the rest.

    Args:
        parameters: arrays that `step` changes in place.
        hidden: the places of the matrices that Muon trains, `(…, fan_in, fan_out)`.
        beside: the learning rate of Adam, which trains the others.

    Source:
        Jordan et al. (2024), function `muon_update`. It is for hidden matrices only, as they say.

    Examples:
        >>> W = np.zeros((2, 2))
        >>> Muon([W], [0], beside=0.003).step([np.diag([1e-3, 2e-3])], [0.1])  # both directions move alike
        >>> print(W.round(1))
        [[-0.1  0. ]
         [ 0.  -0.1]]
    """

    def __init__(self, parameters: Sequence[Array], hidden: Sequence[int], *, beside: float) -> None:
        super().__init__(parameters)
        self.velocity = [np.zeros_like(p) for p in self.parameters]
        self.hidden, self.beside = tuple(hidden), beside

    def step(self, gradients: Sequence[Array], rates: Sequence[float | Array]) -> None:
        """Take one step, with a gradient and a learning rate, or an array of rates, for each of the parameters."""
        others = list(gradients)
        for k in self.hidden:
            v, g = self.velocity[k], gradients[k]
            v += 0.05 * (g - v)
            rows, columns = g.shape[-2:]
            self.parameters[k] -= rates[k] * max(1.0, columns / rows) ** 0.5 * orthogonalized(0.05 * g + 0.95 * v)
            others[k] = np.zeros_like(g)  # Adam leaves a weight whose gradients are all 0 as it is
        super().step(others, [self.beside] * len(others))


OPTIMIZERS = ("sgd", "momentum", "adam", "muon")
BESIDE_MUON = 0.003  # Adam's rate for the first matrix, the last, and the biases


def _optimizer(name: str, parameters: Sequence[Array], layers: int) -> Momentum | Adam:
    if checks.lookup("optimizer", name, OPTIMIZERS) == "muon":
        return Muon(parameters, range(1, layers - 1), beside=BESIDE_MUON)
    if name == "adam":
        return Adam(parameters)
    return Momentum(parameters, 0.9 if name == "momentum" else 0.0)


@dataclass(frozen=True)
class Finish:
    """What a network can do after its last step; a network that exploded on the way guesses.

    Attributes:
        test: share of the test part that is classified correctly.
        valid: share of the part to choose by.
        exploded: whether a signal or a gradient left float64.
    """

    test: float
    valid: float
    exploded: bool


GUESS = Finish(0.1, 0.1, True)


def train_by(
    nets: MLP,
    *,
    optimizer: str,
    rates: Sequence[float],
    seeds: Sequence[int],
    steps: int,
    batch: int = 32,
    warmup: int = 0,
    clip: float = math.inf,
    decay: float = 0.0,
    times: float = 1.0,
) -> list[Finish]:
    """Train the networks of a stack on the digits, in place, and say what each can do in the end.

    A network that explodes is taken out of the stack, so that it holds the others only.

    Args:
        nets: the stack.
        optimizer: `sgd`; `momentum`, with a share of 0.9; `adam`; or `muon`, where Adam trains the first matrix, the
            last, and the biases at a rate of 0.003.
        rates: a learning rate for each network, positive.
        seeds: a seed for each network, which fixes its order of examples.
        steps: number of updates, at least 1.
        batch: examples an update, drawn with replacement.
        warmup: number of updates over which the rate grows in proportion to its full size.
        clip: the largest norm of a network's whole gradient; a longer one is shortened.
        decay: the share of each weight, times the rate, that an update takes away beside the gradient's step
            (Loshchilov & Hutter, 2019). Biases keep theirs.
        times: a factor on the gradient. With Adam a factor of 10^8 is an epsilon of 1e-16 in place of 1e-8.

    Raises:
        ValueError: for an argument out of range, or another number of rates or seeds than networks.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> nets = stack([MLP([64, 32, 10], "tanh", "glorot_normal", np.random.default_rng(0)) for _ in range(2)])
        >>> slow, fast = train_by(nets, optimizer="momentum", steps=100, rates=[1e-4, 0.01], seeds=[0, 0])
        >>> slow.test < 0.5 < fast.test
        True
    """
    data, count = digits.load(), len(checks.instance("nets", nets, MLP).W[0])
    if not len(rates) == len(seeds) == count:
        raise ValueError(f"a stack of {count} wants as many rates and seeds, got {len(rates)} and {len(seeds)}")
    optimizer, rates = conditions.descent(optimizer, rates)
    orders = [checks.seeded(conditions.seed(seed)) for seed in seeds]
    rows = np.stack([rng.integers(len(data.train_x), size=(steps, batch)) for rng in orders])
    conditions.say(steps=checks.count("steps", steps), batch=batch)
    conditions.network(nets, orders[0])
    alive, eta = np.arange(count), np.array([checks.number("rate", rate, above=0.0) for rate in rates])
    layers, state = len(nets.W), _optimizer(optimizer, [*nets.W, *nets.b], len(nets.W))

    def update() -> None:
        drawn = rows[alive, step]
        run = nets.forward(data.train_x[drawn])
        grad = nets.backward(run, cross_entropy(run.output, data.train_y[drawn])[1])
        gradients = [*grad.W, *grad.b]
        share = np.full(len(alive), times)
        if clip < math.inf:
            norms = np.sqrt(sum((g * g).reshape(len(alive), -1).sum(axis=1) for g in gradients))
            share = times * np.minimum(1.0, clip / np.maximum(norms, 1e-300))
        now = eta[alive] * min(1.0, (step + 1) / max(warmup, 1))
        if times != 1.0 or clip < math.inf:
            gradients = [g * share.reshape(-1, *[1] * (g.ndim - 1)) for g in gradients]
        if decay:
            for W in nets.W:
                W -= decay * now[:, None, None] * W
        state.step(gradients, [now[:, None, None]] * layers + [now[:, None]] * layers)

    def drop(networks: Sequence[int]) -> None:
        nonlocal alive
        kept = np.setdiff1d(np.arange(len(alive)), networks)
        alive = alive[kept]
        for name, value in vars(state).items():  # the parameters, and what the optimizer remembers of each
            if isinstance(value, list):
                setattr(state, name, [array[kept] for array in value])
        nets.W, nets.b = state.parameters[:layers], state.parameters[layers:]

    step = 0
    while step < steps and len(alive):
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # the next forward pass finds what is not finite
                update()
            step += 1
        except ExplosionError as error:  # the step is taken again, without the networks that exploded
            drop(error.networks)
    found = [GUESS] * count
    while len(alive):
        try:
            test, valid = accuracy(nets, data.test_x, data.test_y), accuracy(nets, data.valid_x, data.valid_y)
            for k, network in enumerate(alive):
                found[network] = Finish(float(test[k]), float(valid[k]), False)
            break
        except ExplosionError as error:
            drop(error.networks)
    return found


def relative_updates(net: MLP, *, optimizer: str, rate: float, seed: int = 0) -> Array:
    """Return for each layer the rms of its first update over the rms of its weights, `(layers,)`. `net` stays.

    Examples:
        >>> net = MLP([64, 32, 10], "relu", "he_normal", np.random.default_rng(0))
        >>> relative_updates(net, optimizer="sgd", rate=0.1).shape
        (2,)
    """
    checks.instance("net", net, MLP)
    both = stack([net, net])
    train_by(both, optimizer=optimizer, rates=[rate] * 2, seeds=[seed] * 2, steps=1)
    return np.array([rms(after[0] - W) / rms(W) for after, W in zip(both.W, net.W, strict=True)])


# The map: multiples of LeCun's scale, and for each optimizer learning rates.
ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu")
DEPTHS = (5, 10, 20, 30)
SCALES = (0.25, 0.5, 1.0, 1.41, 2.0, 4.0, 8.0)
RATES = {
    "sgd": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "momentum": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),  # with a momentum of 0.9, a tenth of those above
    "adam": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03),
    "muon": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
}
WIDTH, STEPS, SEEDS, TOGETHER = 32, 200, (0, 1), 20


TABLE = np.linspace(-8, 8, 2**14 + 1)  # with linear interpolation between them, GELU is 1.2e-7 off


@cache
def quick(name: str) -> Activation:
    """Return an activation; GELU by a table of its values and slopes, in a tenth of the time that the exact one takes.

    Examples:
        >>> x = np.linspace(-10, 10, 1001)
        >>> bool(np.abs(quick("gelu").f(x) - activation("gelu").f(x)).max() < 2e-7)
        True
    """
    exact = activation(name)
    if name != "gelu":
        return exact

    def looked_up(values: Array) -> Callable[[Any], Array]:
        steps = np.append(np.diff(values), 0.0)

        def look(x: Any) -> Array:
            place = np.clip((x + 8.0) * (len(TABLE) - 1) / 16, 0, len(TABLE) - 1)
            cell = place.astype(np.int64)
            return np.asarray(values[cell] + (place - cell) * steps[cell])

        return look

    # GELU is less than 1e-14 from ReLU beyond 8, where the table ends; what is looked up is the difference.
    beyond, slope = looked_up(exact.f(TABLE) - np.maximum(TABLE, 0)), looked_up(exact.df(TABLE))
    return Activation(name, lambda x: beyond(x) + np.maximum(x, 0), slope)


def scaled(phi: str, depth: int, scale: float, seed: int, width: int = WIDTH) -> MLP:
    """Return a network of `depth` hidden layers whose weights have `scale` times LeCun's deviation, biases 0.

    Examples:
        >>> len(scaled("relu", 5, 1.41, seed=0).W)
        6
    """
    conditions.say(scheme="lecun_normal", gain=scale)
    return MLP(
        [64, *[width] * depth, 10],
        quick(phi),
        lambda rng, shape: initializers.lecun_normal(rng, shape, scale),
        checks.seeded(conditions.seed(seed)),
    )


@conditions.door(activation="phi", depth="depth", width="width", seeds="seeds")
def train_scaled(
    phi: str, depth: int, scale: float, *, optimizer: str = "sgd", rate: float, seeds: Sequence[int] = range(5),
    width: int = WIDTH, steps: int = STEPS, **options: Any,
) -> Array:  # fmt: skip
    """Train one network of `scaled` for each seed, and return what they read of the test part, `(seeds,)`.

    `options` are those of `train_by`.

    Examples:
        >>> bool(train_scaled("relu", 5, 1.41, rate=0.1, steps=100).min() > 0.7)
        True
    """
    nets = stack([scaled(phi, depth, scale, seed, width) for seed in seeds])
    runs = train_by(
        nets, optimizer=optimizer, rates=[rate] * len(seeds), seeds=list(seeds), steps=steps, **options
    )  # fmt: skip
    return np.array([run.test for run in runs])


@dataclass(frozen=True)
class Moved:
    """How far training took networks from their start, one number a seed.

    Attributes:
        train: share of the training part that is classified correctly in the end.
        test: share of the test part.
        weights: the norm of the change of all weights over their norm at the start.
        kept: how alike the last hidden layer's features are before and after. It is the cosine between the two matrices
            of inner products of 299 digits; 1 if training only turned the features, or changed their size.
    """

    train: Array
    test: Array
    weights: Array
    kept: Array


@conditions.door(activation="phi", depth="depth", seeds="seeds")
def moved(
    phi: str, depth: int, scale: float, *, optimizer: str = "adam", rate: float, steps: int = 400,
    seeds: Sequence[int] = range(5),
) -> Moved:  # fmt: skip
    """Train one network of `scaled` for each seed, and compare it with its start.

    Source:
        Chizat, Oyallon & Bach (2019): training that hardly moves the weights is called lazy.

    Examples:
        >>> near, far = (moved("relu", 2, scale, rate=0.01, steps=100) for scale in (8.0, 1.0))
        >>> bool(near.weights.max() < far.weights.min())
        True
    """
    data = digits.load()
    nets = stack([scaled(phi, depth, scale, seed) for seed in seeds])
    start = [W.copy() for W in nets.W]

    def products() -> Array:
        features = nets.forward(data.test_x).outputs[-2]
        features = features - features.mean(axis=-2, keepdims=True)
        return np.asarray(features @ features.mT)

    before = products()
    ends = train_by(nets, optimizer=optimizer, rates=[rate] * len(seeds), seeds=list(seeds), steps=steps)
    if any(end.exploded for end in ends):
        raise ValueError("a network exploded: there is no end to compare with the start")
    after = products()
    norms = [np.sqrt((matrix**2).sum(axis=(1, 2))) for matrix in (before, after)]
    change = np.sqrt(sum(((W - W0) ** 2).sum(axis=(1, 2)) for W, W0 in zip(nets.W, start, strict=True)))
    return Moved(
        accuracy(nets, data.train_x, data.train_y),
        np.array([end.test for end in ends]),
        change / np.sqrt(sum((W0**2).sum(axis=(1, 2)) for W0 in start)),
        (before * after).sum(axis=(1, 2)) / (norms[0] * norms[1]),
    )


def map_cells(phi: str, depth: int, optimizer: str) -> list[tuple[float, float, list[Finish]]]:
    """Return scale, rate, and one `Finish` a seed, for each cell of one map."""
    cells = list(itertools.product(SCALES, RATES[optimizer]))
    found: list[tuple[float, float, list[Finish]]] = []
    for first in range(0, len(cells), TOGETHER // len(SEEDS)):
        part = cells[first : first + TOGETHER // len(SEEDS)]
        runs = [(scale, rate, seed) for scale, rate in part for seed in SEEDS]
        ends = train_by(
            stack([scaled(phi, depth, scale, seed) for scale, _, seed in runs]),
            optimizer=optimizer,
            rates=[rate for _, rate, _ in runs],
            seeds=[seed for *_, seed in runs],
            steps=STEPS,
        )
        for k, (scale, rate) in enumerate(part):
            found.append((scale, rate, ends[k * len(SEEDS) : (k + 1) * len(SEEDS)]))
    return found


def stored_map(phi: str, depth: int, optimizer: str) -> tuple[Array, tuple[float, ...]]:
    """Return what the networks of one map read of the test part, `(scales, rates, seeds)`, and the rates, as stored.

    Source:
        `wi_docs/data/optimizers.json`, made by `make tournament` from `map_cells`.

    Examples:
        >>> stored_map("relu", 5, "adam")[0].shape
        (7, 6, 2)
    """
    (row,) = [r for r in stored.load("optimizers")["rows"] if (r["activation"], r["depth"], r["optimizer"])
              == (phi, depth, optimizer)]  # fmt: skip
    return np.array(row["test"]), tuple(row["rates"])
