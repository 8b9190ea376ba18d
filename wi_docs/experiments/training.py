"""Training on the digits by stochastic gradient descent or Adam, with a record of accuracy, loss and gradients."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Required, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from wi_docs.experiments import conditions, digits, disk_cache
from wi_docs.experiments.propagation import rms
from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import Activation
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer
from wi_docs.nn.network import MLP, ExplosionError, Gradients, cross_entropy, stack

RECORDS = ("accuracy", "loss", "gradients")


@dataclass(frozen=True)
class History:
    """The record of a training run at a few of its steps. The loss and the gradients are over the whole training part.

    Attributes:
        steps: number of updates made before each look, `(looks,)`; the first is 0.
        accuracy: share of the test part classified correctly, `(looks,)`.
        loss: cross-entropy in nats, `(looks,)` if the loss was recorded; at the first look and at the last, `(2,)`, if
            gradients were, and the first only for a run that exploded; else empty.
        gradient_rms: rms of the derivative with respect to each layer's pre-activations, at the first look and at the
            last, `(2, layers)`; a run that exploded has the first row only. Empty unless gradients were recorded.
        weight_gradient_rms: rms of the derivative with respect to each layer's weights, likewise.
        valid_accuracy: share of the part to choose by that is classified correctly after the last update; 0 for a run
            that exploded.
        exploded_at: the step at which a signal or a gradient left float64, and the run ended; None if none did.
        explosion: where it did, in words that name the layer; None if nothing did.
    """

    steps: Array
    accuracy: Array
    loss: Array
    gradient_rms: Array
    weight_gradient_rms: Array
    valid_accuracy: float
    exploded_at: int | None
    explosion: str | None

    def steps_to(self, accuracy: float) -> float:
        """Return the number of updates at the first look with this accuracy on the test part or more, else infinity."""
        reached = np.flatnonzero(self.accuracy >= accuracy)
        return float(self.steps[reached[0]]) if len(reached) else float("inf")


Rate = float | Sequence[float]


def descend(net: MLP, grad: Gradients, rate: Rate, bias_rate: Rate | None = None) -> None:
    """Take one step of gradient descent in place.

    Args:
        net: the network.
        grad: from its `backward`.
        rate: learning rate, positive: one number, or one for each layer.
        bias_rate: another rate for the biases, likewise.

    Raises:
        ValueError: for a rate that is not positive, or another number of rates than layers.
        TypeError: for anything but a network, or a rate that is no number.
    """
    checks.instance("net", net, MLP)
    _descend(net, grad, _by_layer(rate, net), _by_layer(rate if bias_rate is None else bias_rate, net))


def _descend(net: MLP, grad: Gradients, rates: Sequence[float | Array], bias_rates: Sequence[float | Array]) -> None:
    for layer, (eta, eta_b) in enumerate(zip(rates, bias_rates, strict=True)):
        net.W[layer] -= eta * grad.W[layer]
        net.b[layer] -= eta_b * grad.b[layer]


class Adam:
    """The optimizer Adam, with the constants of its authors: decay rates of 0.9 and 0.999, and an epsilon of 1e-8.

    Args:
        parameters: arrays that `step` changes in place.

    Source:
        Kingma & Ba (2015), algorithm 1.

    Examples:
        >>> w = np.array([1.0, 1.0])
        >>> Adam([w]).step([np.array([1e-3, -10.0])], [0.1])  # the first step has the size of the rate
        >>> print(w.round(3))
        [0.9 1.1]
    """

    def __init__(self, parameters: Sequence[Array]) -> None:
        self.parameters = list(parameters)
        self.first = [np.zeros_like(p) for p in self.parameters]
        self.second = [np.zeros_like(p) for p in self.parameters]
        self.steps = 0

    def step(self, gradients: Sequence[Array], rates: Sequence[float | Array]) -> None:
        """Take one step, with a gradient and a learning rate, or an array of rates, for each of the parameters."""
        self.steps += 1
        for p, m, v, g, rate in zip(self.parameters, self.first, self.second, gradients, rates, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            mean, square = m / (1 - 0.9**self.steps), v / (1 - 0.999**self.steps)
            p -= rate * mean / (np.sqrt(square) + 1e-8)


def _by_layer(rate: Rate, net: MLP) -> list[float]:
    rates = list(rate) if isinstance(rate, Sequence) else [rate] * len(net.W)
    if len(rates) != len(net.W):
        raise ValueError(f"rate must be one number or {len(net.W)}, one a layer, got {len(rates)}")
    return [checks.number("rate", r, above=0.0) for r in rates]


def accuracy(net: MLP, x: Array, y: NDArray[np.int64]) -> Array:
    """Return the share of rows of `x` whose largest output is the one that `y` names; of a stack, for each network."""
    checks.instance("net", net, MLP)
    return np.asarray((net.forward(x).output.argmax(axis=-1) == y).mean(axis=-1))


class Plan(TypedDict, total=False):
    """Arguments that `train`, `train_stack`, `sweep` and `train_digits` share.

    Attributes:
        steps: number of updates, at least 1. The only one without a default.
        batch: examples an update, drawn with replacement; 32.
        looks: how often to look, the first and last included, at least 2; 20, in a `sweep` 2.
        equalize: give each layer the rate that makes all weight gradients count alike at the first step: `rate` for the
            last layer, and more for a layer with a smaller gradient, in proportion. With `sgd` only; False.
        optimizer: `sgd`, plain stochastic gradient descent, or `adam`; `sgd`.
        record: what the looks record: `accuracy`; `loss`, and the accuracy; or `gradients`, and the loss, at the first
            look and the last, and the accuracy at all. The training is the same. Counted in rows of digits that run
            through the network, a look at the accuracy is worth 3 steps with batches of 32, one at the loss 16, and one
            at the gradients 40. `gradients`, in a `sweep` `accuracy`.
    """

    steps: Required[int]
    batch: int
    looks: int
    equalize: bool
    optimizer: str
    record: str


def train(net: MLP, *, rate: float, seed: int = 0, **plan: Unpack[Plan]) -> History:
    """Train `net` in place on the digits, and look at it before the first step, after the last, and between.

    Args:
        net: a network that takes 64 inputs and gives 10 outputs, the logits.
        rate: learning rate, positive.
        seed: a non-negative integer that fixes the order of examples.
        plan: the arguments of `Plan`: `steps`, `batch`, `looks`, `equalize`, `optimizer`, `record`.

    Raises:
        ValueError: for an argument out of range, an unknown optimizer or record, or if a gradient of 0 cannot be
            equalized.
        ExplosionError: a ValueError, if already the first look finds no finite signal or gradient.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> net = MLP([64, 32, 10], "tanh", "glorot_normal", np.random.default_rng(0))
        >>> history = train(net, steps=200, rate=0.1)
        >>> bool(history.accuracy[-1] > 0.8)
        True
    """
    alone = copy.copy(checks.instance("net", net, MLP))
    alone.W, alone.b = [W[None] for W in net.W], [b[None] for b in net.b]  # views, so that `net` itself is trained
    (history,) = train_stack(alone, rates=[rate], seeds=[seed], **plan)
    return _started(history)


def train_stack(
    nets: MLP,
    *,
    rates: Sequence[float],
    seeds: Sequence[int],
    steps: int,
    batch: int = 32,
    looks: int = 20,
    equalize: bool = False,
    optimizer: str = "sgd",
    record: str = "gradients",
) -> list[History]:
    """Train the networks of a stack in place, all at once, each as `train` would train it alone, to rounding.

    A network that explodes ends there: its record stops, its weights become 0, and the others go on.

    Args:
        nets: the stack.
        rates: a learning rate for each network.
        seeds: a seed for each network, which fixes its order of examples.
        steps: see `Plan`, as for the arguments after it.
        batch: examples an update.
        looks: how often to look.
        equalize: rates by layer.
        optimizer: `sgd` or `adam`.
        record: what the looks record.

    Raises:
        ValueError: as `train`, and for another number of rates or seeds than networks. A network that explodes before
            the first look raises nothing: its record is empty.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> nets = stack([MLP([64, 32, 10], "tanh", "glorot_normal", np.random.default_rng(0)) for _ in range(2)])
        >>> slow, fast = train_stack(nets, steps=200, rates=[0.001, 0.1], seeds=[0, 0])
        >>> bool(slow.loss[-1] > fast.loss[-1])
        True
    """
    data, count = digits.load(), len(checks.instance("nets", nets, MLP).W[0])
    if not len(rates) == len(seeds) == count:
        raise ValueError(f"a stack of {count} wants as many rates and seeds, got {len(rates)} and {len(seeds)}")
    steps, batch = checks.count("steps", steps), checks.count("batch", batch)
    when = np.unique(np.linspace(0, steps, checks.count("looks", looks, least=2)).round().astype(int))
    checks.lookup("record", record, RECORDS)
    optimizer, rates = conditions.descent(optimizer, rates)
    eta = np.array([[[checks.number("rate", rate, above=0.0)]] for rate in rates])  # beside W, (networks, 1, 1)
    layer_rates = [eta.copy() for _ in nets.W]
    adam = None
    if checks.lookup("optimizer", optimizer, ("sgd", "adam")) == "adam":
        if equalize:
            raise ValueError("equalize goes with the optimizer 'sgd': Adam's steps do not depend on a gradient's size")
        adam = Adam([*nets.W, *nets.b])
    orders = [checks.seeded(conditions.seed(seed)) for seed in seeds]
    rows = np.stack([rng.integers(len(data.train_x), size=(steps, batch)) for rng in orders])
    conditions.say(steps=steps, batch=batch, rates="by layer" if equalize else "one for all layers")
    conditions.network(nets, orders[0])
    seen: list[list[_Look]] = [[] for _ in range(count)]
    valid = [0.0] * count
    ended: dict[int, tuple[int, str]] = {}  # by network, the step at which it exploded, and the error's words

    def update() -> None:
        drawn = rows[:, step]
        run = nets.forward(data.train_x[drawn])
        grad = nets.backward(run, cross_entropy(run.output, data.train_y[drawn])[1])
        bias_rates = [rates[:, 0] for rates in layer_rates]
        if adam is None:
            _descend(nets, grad, layer_rates, bias_rates)
        else:
            adam.step([*grad.W, *grad.b], [*layer_rates, *bias_rates])

    def end(network: int, error: ExplosionError) -> None:
        ended[network] = step, str(error)
        if len(ended) < count:  # nobody looks at this network again, and weights of 0 stay finite
            for array in (*nets.W, *nets.b):
                array[network] = 0.0

    for step in range(steps + 1):
        for network in range(count):
            if step in when and network not in ended:
                try:
                    seen[network].append(_look(_member(nets, network), record, ends=step in (0, steps)))
                    if step == steps:
                        alone = _member(nets, network)
                        valid[network] = float(accuracy(alone, data.valid_x, data.valid_y))
                    if equalize and step == 0:
                        for eta_of_layer, factor in zip(layer_rates, _equalizing(_member(nets, network)), strict=True):
                            eta_of_layer[network] *= factor
                except ExplosionError as error:
                    end(network, error)
        while step < steps and len(ended) < count:
            try:
                update()
                break
            except ExplosionError as error:  # the step is taken again, without the networks that exploded
                for network in error.networks:
                    end(network, error)
    return [_history(when, looks_seen, valid[n], ended.get(n)) for n, looks_seen in enumerate(seen)]


@dataclass(frozen=True)
class _Look:
    """One row of a `History`. A quantity that is not recorded is empty."""

    accuracy: float
    loss: tuple[float, ...] = ()
    gradient_rms: tuple[float, ...] = ()
    weight_gradient_rms: tuple[float, ...] = ()


def _look(net: MLP, record: str, *, ends: bool) -> _Look:
    data = digits.load()
    right = float(accuracy(net, data.test_x, data.test_y))
    if record == "accuracy" or (record == "gradients" and not ends):
        return _Look(right)
    run = net.forward(data.train_x)
    loss, cotangent = cross_entropy(run.output, data.train_y)
    if record == "loss":
        return _Look(right, (float(loss),))
    grad = net.backward(run, cotangent)
    return _Look(right, (float(loss),), tuple(rms(dz) for dz in grad.z), tuple(rms(dW) for dW in grad.W))


def _equalizing(net: MLP) -> list[float]:
    """Return for each layer the rms of the last layer's weight gradient over its own, on the whole training part."""
    sizes = _look(net, "gradients", ends=True).weight_gradient_rms
    if min(sizes) == 0.0:
        raise ValueError("equalize: a layer's weight gradient is 0 at the start")
    return [sizes[-1] / size for size in sizes]


def _history(when: NDArray[np.int64], looks: list[_Look], valid: float, ended: tuple[int, str] | None) -> History:
    exploded_at, explosion = ended or (None, None)
    return History(
        steps=when[: len(looks)].astype(np.float64),
        accuracy=np.array([look.accuracy for look in looks]),
        loss=np.array([loss for look in looks for loss in look.loss]),
        gradient_rms=np.array([look.gradient_rms for look in looks if look.gradient_rms]),
        weight_gradient_rms=np.array([look.weight_gradient_rms for look in looks if look.weight_gradient_rms]),
        valid_accuracy=valid,
        exploded_at=exploded_at,
        explosion=explosion,
    )


def _member(nets: MLP, network: int) -> MLP:
    """Return one network of a stack, alone. Its arrays are views."""
    alone = copy.copy(nets)
    alone.W, alone.b = [W[network] for W in nets.W], [b[network] for b in nets.b]
    return alone


STACK = 4  # networks trained at once; more of them leave the processor's caches


@conditions.door(
    activation="hidden", scheme="init", gain="gains", depth="depth", width="width", rate="rates", seeds="seeds"
)
def sweep(
    hidden: str | Activation,
    init: str | Initializer,
    *,
    depth: int,
    width: int = 64,
    gains: Sequence[float] = (1.0,),
    rates: Sequence[float],
    seeds: Sequence[int] = (0,),
    **plan: Unpack[Plan],
) -> dict[tuple[float, float, int], History]:
    """Train networks of `depth` hidden layers of `width` units, one for each gain, rate and seed, by the stack.

    Args:
        hidden: activation of the hidden layers. The output is linear.
        init: draws each weight matrix.
        depth: number of hidden layers, at least 1.
        width: units in each, at least 1.
        gains: factors on every weight.
        rates: learning rates.
        seeds: each fixes the weights and the order of examples.
        plan: the arguments of `Plan`.

    Returns:
        The record of each run, by gain, rate and seed. It is empty if the run explodes before the first look.

    Examples:
        >>> runs = sweep("relu", "he_normal", depth=2, rates=(0.01, 0.1), steps=200)
        >>> bool(runs[1.0, 0.01, 0].accuracy[-1] < runs[1.0, 0.1, 0].accuracy[-1])
        True
    """
    plan = {"looks": 2, "record": "accuracy", **plan}
    scheme = initializers.get(init)
    hidden_widths = [checks.count("width", width)] * checks.count("depth", depth)
    widths = [64, *conditions.varied("widths", hidden_widths), 10]

    def start(gain: float, seed: int) -> MLP:
        factor = checks.number("gain", gain)
        return MLP(widths, hidden, lambda rng, shape: factor * scheme(rng, shape), checks.seeded(conditions.seed(seed)))

    def place(run: tuple[float, float, int]) -> Path | None:
        return disk_cache.place(__name__, "sweep", (hidden, init, depth, width, run, *sorted(plan.items())))

    def train_together(part: list[tuple[float, float, int]]) -> None:
        nets = stack([start(gain, seed) for gain, _, seed in part])
        histories = train_stack(nets, rates=[rate for _, rate, _ in part], seeds=[seed for *_, seed in part], **plan)
        for run, history in zip(part, histories, strict=True):
            disk_cache.write(place(run), history)
            found[run] = history

    runs = list(itertools.product(gains, rates, seeds))
    found: dict[tuple[float, float, int], History] = {}

    def missing() -> list[tuple[float, float, int]]:
        found.update((run, history) for run in runs if (history := disk_cache.read(place(run))) is not None)
        return [run for run in runs if run not in found]

    # Runs that another process is at are left to it while there are others: two that want the same share the work.
    while left := missing():
        with ExitStack() as holds:
            held: list[tuple[float, float, int]] = []
            for run in left:
                if len(held) < STACK and disk_cache.hold(holds, place(run), wait=False):
                    held.append(run)
            part = [run for run in held if disk_cache.read(place(run)) is None]  # else it was done a moment ago
            if part:
                train_together(part)
            elif not held:  # what is held here cannot be waited for
                disk_cache.hold(holds, place(left[0]), wait=True)
    return {run: found[run] for run in runs}


def ends(runs: Mapping[tuple[float, float, int], History]) -> list[float]:
    """Return the accuracy at the last look of each run of a `sweep`, and 0.1, a guess, for a run without a look.

    Examples:
        >>> ends(sweep("tanh", "zeros", depth=1, rates=(0.1,), steps=1))[0] < 0.2
        True
    """
    return [float(run.accuracy[-1]) if len(run.accuracy) else 0.1 for run in runs.values()]


def train_digits(
    hidden: str | Activation,
    init: str | Initializer,
    *,
    depth: int,
    width: int = 64,
    gain: float = 1.0,
    rate: float,
    seed: int = 0,
    **plan: Unpack[Plan],
) -> History:
    """Train one network of a `sweep`, of one gain, rate and seed. It looks 20 times and records gradients, as `train`.

    Raises:
        ExplosionError: a ValueError, if it explodes before the first look.

    Examples:
        >>> history = train_digits("relu", "he_normal", depth=2, steps=200, rate=0.1)
        >>> bool(history.loss[-1] < 0.5 < history.loss[0])
        True
    """
    plan = {"looks": 20, "record": "gradients", **plan}
    runs = sweep(hidden, init, depth=depth, width=width, gains=(gain,), rates=(rate,), seeds=(seed,), **plan)
    (history,) = runs.values()
    return _started(history)


def _started(history: History) -> History:
    if len(history.steps) == 0:
        raise ExplosionError(str(history.explosion))
    return history
