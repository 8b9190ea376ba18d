"""Training on the digits by stochastic gradient descent or Adam, with a record of what happens to each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wi_docs.experiments import digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.propagation import rms
from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import Activation
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer
from wi_docs.nn.network import MLP, ExplosionError, Gradients, softmax_cross_entropy


@dataclass(frozen=True)
class History:
    """A training run, seen at a few steps. Everything but the accuracies is over the whole training part.

    Attributes:
        steps: number of updates made before each look, `(looks,)`; the first is 0.
        loss: cross-entropy in nats, `(looks,)`; it and the gradients are empty if only the accuracy was asked for.
        accuracy: share of the test part classified correctly, `(looks,)`.
        valid_accuracy: the same for the part to choose by, `(looks,)`.
        gradient_rms: rms of the derivative with respect to each layer's pre-activations, `(looks, layers)`.
        weight_gradient_rms: rms of the derivative with respect to each layer's weights, `(looks, layers)`.
        exploded_at: the step at which a signal or a gradient left float64, and the run ended; None if none did.
    """

    steps: Array
    loss: Array
    accuracy: Array
    valid_accuracy: Array
    gradient_rms: Array
    weight_gradient_rms: Array
    exploded_at: int | None

    def steps_to(self, accuracy: float) -> float:
        """Return the number of updates at the first look with at least this accuracy on the test part, infinity if none."""
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
    """
    _descend(net, grad, _by_layer(rate, net), _by_layer(rate if bias_rate is None else bias_rate, net))


def _descend(net: MLP, grad: Gradients, rates: list[float], bias_rates: list[float]) -> None:
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

    def step(self, gradients: Sequence[Array], rates: Sequence[float]) -> None:
        """Take one step, with a gradient and a learning rate for each of the parameters."""
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


def accuracy(net: MLP, x: Array, y: NDArray[np.int64]) -> float:
    """Return the share of rows of `x` for which the network's largest output is the one that `y` names."""
    return float((net.forward(x).output.argmax(axis=1) == y).mean())


def train(
    net: MLP,
    *,
    steps: int,
    rate: float,
    batch: int = 32,
    looks: int = 20,
    seed: int = 0,
    equalize: bool = False,
    optimizer: str = "sgd",
    accuracy_only: bool = False,
) -> History:
    """Train `net` in place on the digits, and look at it before the first step, after the last, and between.

    Args:
        net: takes 64 inputs and gives 10 outputs, the logits.
        steps: number of updates, at least 1.
        rate: learning rate, positive.
        batch: examples an update, drawn with replacement.
        looks: how often to look, the first and last included; at least 2.
        seed: a non-negative integer that fixes the order of examples.
        equalize: give each layer the rate that makes all weight gradients count alike at the first step: `rate` for the
            last layer, and more for a layer with a smaller gradient, in proportion. With `sgd` only.
        optimizer: `sgd`, plain stochastic gradient descent, or `adam`.
        accuracy_only: leave out the loss and the gradients, whose arrays are empty then. A look costs as much as forty
            steps with them, and as much as six without. The training is the same.

    Raises:
        ValueError: for an argument out of range, an unknown optimizer, if a gradient of 0 cannot be equalized, or if
            rates are to be equalized without gradients.
        ExplosionError: a ValueError, if not even the first look is finite.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> net = MLP([64, 32, 10], "tanh", "glorot_normal", np.random.default_rng(0))
        >>> history = train(net, steps=200, rate=0.1)
        >>> bool(history.accuracy[-1] > 0.8)
        True
    """
    data, rng = digits.load(), checks.seeded(seed)
    steps, batch = checks.count("steps", steps), checks.count("batch", batch)
    when = np.unique(np.linspace(0, steps, checks.count("looks", looks, least=2)).round().astype(int))
    seen: list[tuple[Any, ...]] = []
    exploded_at = None
    rates = _by_layer(rate, net)
    adam = None
    if checks.lookup("optimizer", optimizer, ("sgd", "adam")) == "adam":
        if equalize:
            raise ValueError("equalize goes with the optimizer 'sgd': Adam's steps do not depend on a gradient's size")
        adam = Adam([*net.W, *net.b])
    if equalize and accuracy_only:
        raise ValueError("equalize needs the gradients of the first look: leave accuracy_only out")
    for step in range(steps + 1):
        try:
            if step in when:
                read = accuracy(net, data.test_x, data.test_y), accuracy(net, data.valid_x, data.valid_y)
                if accuracy_only:
                    seen.append(read)
                else:
                    run = net.forward(data.train_x)
                    loss, cotangent = softmax_cross_entropy(run.output, data.train_y)
                    grad = net.backward(run, cotangent)
                    sizes = [rms(dW) for dW in grad.W]
                    seen.append((*read, loss, [rms(dz) for dz in grad.z], sizes))
                    if equalize and step == 0:
                        if min(sizes) == 0.0:
                            raise ValueError("equalize: a layer's weight gradient is 0 at the start")
                        rates = [rate * sizes[-1] / size for size in sizes]
            if step < steps:
                rows = rng.integers(len(data.train_x), size=batch)
                run = net.forward(data.train_x[rows])
                _, cotangent = softmax_cross_entropy(run.output, data.train_y[rows])
                grad = net.backward(run, cotangent)
                if adam is None:
                    _descend(net, grad, rates, rates)
                else:
                    adam.step([*grad.W, *grad.b], [*rates, *rates])
        except ExplosionError:
            if not seen:
                raise
            exploded_at = step
            break
    steps_seen = when[: len(seen)].astype(np.float64)
    test, valid, *rest = (np.array(column) for column in zip(*seen, strict=True))
    losses, gradients, weight_gradients = rest or (np.zeros(0), np.zeros((0, 0)), np.zeros((0, 0)))
    return History(steps_seen, losses, test, valid, gradients, weight_gradients, exploded_at)


@disk_cached
def train_digits(
    hidden: str | Activation,
    init: str | Initializer,
    *,
    depth: int,
    width: int = 64,
    gain: float = 1.0,
    steps: int,
    rate: float,
    batch: int = 32,
    looks: int = 20,
    seed: int = 0,
    equalize: bool = False,
    optimizer: str = "sgd",
    accuracy_only: bool = False,
) -> History:
    """Build a network of `depth` hidden layers of `width` units with linear output, and `train` it.

    Args:
        hidden: activation of the hidden layers.
        init: draws each weight matrix.
        depth: number of hidden layers, at least 1.
        width: units in each, at least 1.
        gain: factor on every weight.
        steps: as for `train`, like the arguments after it.
        rate: learning rate.
        batch: examples an update.
        looks: how often to look.
        seed: fixes the weights and the order of examples.
        equalize: rates by layer.
        optimizer: `sgd` or `adam`.
        accuracy_only: record accuracies and nothing else.

    Examples:
        >>> history = train_digits("relu", "he_normal", depth=2, steps=200, rate=0.1)
        >>> bool(history.loss[-1] < 0.5 < history.loss[0])
        True
    """
    scheme, factor = initializers.get(init), checks.number("gain", gain)
    widths = [64] + [checks.count("width", width)] * checks.count("depth", depth) + [10]
    net = MLP(widths, hidden, lambda rng, shape: factor * scheme(rng, shape), checks.seeded(seed))
    return train(
        net,
        steps=steps,
        rate=rate,
        batch=batch,
        looks=looks,
        seed=seed,
        equalize=equalize,
        optimizer=optimizer,
        accuracy_only=accuracy_only,
    )
