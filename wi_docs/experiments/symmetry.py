r"""Symmetry between hidden units: training from equal units, ways to break the symmetry, and networks with kinks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.training import descend
from wi_docs.nn import checks
from wi_docs.nn.activations import Activation
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer
from wi_docs.nn.network import MLP, squared_error


@dataclass(frozen=True)
class UnitPaths:
    """Full-batch gradient descent of a network with one hidden layer, step by step.

    Attributes:
        W: incoming weights of the hidden units, `(steps + 1, 2, units)`.
        b: biases of the hidden units, `(steps + 1, units)`.
        v: outgoing weights of the hidden units, `(steps + 1, units)`.
        output_bias: the output's bias, `(steps + 1,)`.
        loss: half the mean squared error, `(steps + 1,)`.
        prediction: the network's output on the training inputs, `(steps + 1, examples)`.
    """

    W: Array
    b: Array
    v: Array
    output_bias: Array
    loss: Array
    prediction: Array

    @property
    def spread(self) -> Array:
        """Largest distance of a unit's incoming weights from the units' mean, `(steps + 1,)`.

        The mean itself is rounded, so equal units may show 1e-16 or so.
        """
        # (steps + 1, 2, units): the distance of each unit from the mean of all, then the largest at each step.
        apart = self.W - self.W.mean(axis=2, keepdims=True)
        return np.asarray(np.linalg.norm(apart, axis=1).max(axis=1))


def saddle_task(points: int = 7) -> tuple[Array, Array]:
    """Return inputs on a grid over [-1, 1]², and as targets the product of both inputs plus half their sum.

    A single tanh unit can fit the sum but not the product: to fit both, units must differ.

    Returns:
        Inputs `(points², 2)` and targets `(points², 1)`.

    Examples:
        >>> x, y = saddle_task()
        >>> x.shape, y.shape
        ((49, 2), (49, 1))
    """
    axis = np.linspace(-1.0, 1.0, checks.count("points", points, least=2))
    x = np.array([(p, r) for p in axis for r in axis])
    return x, (x[:, :1] * x[:, 1:] + 0.5 * (x[:, :1] + x[:, 1:]))


@conditions.door(activation="hidden", width="units", steps="steps", seeds="seed")
@disk_cached
def train_units(
    hidden_init: str | Initializer,
    output_init: str | Initializer,
    *,
    units: int,
    hidden: str | Activation = "tanh",
    steps: int = 400,
    rate: float = 0.2,
    rates: tuple[float, float, float] | None = None,
    dropout: float = 0.0,
    seed: int = 0,
) -> UnitPaths:
    r"""Train a network of `units` hidden units on `saddle_task`, and record its weights at every step.

    Args:
        hidden_init: draws the weights into the hidden units, shape `(2, units)`.
        output_init: draws the weights out of them, shape `(units, 1)`.
        units: number of hidden units, at least 1.
        hidden: activation of the hidden units.
        steps: number of updates, at least 1.
        rate: learning rate.
        rates: instead of `rate`, three rates: for the hidden units' incoming weights and biases, for their outgoing
            weights, and for the output's bias.
        dropout: chance that a hidden unit is left out of a step, at least 0 and below 1. The outputs of the others are
            divided by 1 - `dropout`.
        seed: a non-negative integer that fixes the weights and the units that are left out.

    Raises:
        ValueError: for an argument out of range, an unknown name, or training that diverges.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> paths = train_units("constant", "constant", units=5, steps=50)
        >>> bool(paths.spread.max() < 1e-9)
        True
    """
    x, y = saddle_task()
    rng = checks.seeded(conditions.seed(seed))
    conditions.say(data="a product of two inputs", batch=len(x))
    net = MLP([2, units, 1], hidden, hidden_init, rng)
    net.W[1] = MLP([units, 1], "linear", output_init, rng).W[0]
    conditions.network(net, rng)
    into, out, bias = rates or (rate, rate, rate)
    into, out, bias = map(conditions.rate, (into, out, bias))
    if checks.number("dropout", dropout, least=0.0) >= 1.0:
        raise ValueError(f"dropout must be below 1, got {dropout}")
    # The rates of the two weight matrices, and of the two vectors of biases.
    into_and_out, biases = (into, out), (into, bias)
    seen = []
    for _ in range(checks.count("steps", steps) + 1):
        run = net.forward(x)
        loss, cotangent = squared_error(run.output, y)
        output_bias = float(net.b[1][0])
        seen.append((net.W[0].copy(), net.b[0].copy(), net.W[1][:, 0].copy(), output_bias, loss, run.output[:, 0]))
        if dropout > 0.0:  # a unit is left out by an outgoing weight of 0
            # The factor on each unit's outgoing weight: 0, or 1 / (1 - dropout), whose mean is 1. The gradient with
            # respect to the whole weight has the same factor, by the chain rule.
            kept = (rng.random((units, 1)) >= dropout) / (1 - dropout)
            whole, net.W[1] = net.W[1], net.W[1] * kept
            run = net.forward(x)
            grad = net.backward(run, squared_error(run.output, y)[1])
            net.W[1], grad.W[1][:] = whole, grad.W[1] * kept
        else:
            grad = net.backward(run, cotangent)
        descend(net, grad, into_and_out, biases)
    return UnitPaths(*(np.array(column) for column in zip(*seen, strict=True)))


def tent_map(times: int) -> MLP:
    r"""Return the tent map composed with itself `times` times, as a ReLU network with two units a layer.

    The tent map is \(2x\) up to 1/2 and \(2 - 2x\) after it, on [0, 1]: \(2\,\mathrm{relu}(x) -
    4\,\mathrm{relu}(x - \tfrac12)\).

    Source:
        Telgarsky (2016), section 1, the mirror map.

    Examples:
        >>> net = tent_map(3)
        >>> print(net.forward(np.array([[0.0], [0.125], [0.25]])).output[:, 0])
        [0. 1. 0.]
    """
    times = checks.count("times", times)
    conditions.say(activation="relu", depth=times, width=2)
    net = MLP([1] + [2] * times + [1], "relu", "zeros", np.random.default_rng(0))
    # One tent is relu(x) and relu(x - 1/2), weighted by 2 and -4. Between two tents these outgoing weights and the next
    # layer's incoming ones, both 1, multiply to one 2x2 matrix.
    out = np.array([[2.0], [-4.0]])
    net.W[0][:] = 1.0
    for layer in range(1, times):
        net.W[layer] = out @ np.ones((1, 2))
    net.W[times] = out
    for layer in range(times):
        net.b[layer] = np.array([0.0, -0.5])
    return net


def linear_pieces(net: MLP, cells: int = 2**14) -> int:
    r"""Count the linear pieces on [0, 1] of a one-input, one-output network whose kinks lie on a grid.

    Args:
        net: the network.
        cells: the grid has kinks at multiples of 1 / `cells` only; a power of 2 keeps the arithmetic exact.

    Raises:
        ValueError: for a number of cells below 1.
        TypeError: for anything but a network, or an integer.

    Examples:
        >>> [linear_pieces(tent_map(k)) for k in (1, 2, 3)]
        [2, 4, 8]
    """
    # Points one cell apart: between two of them the function is a straight line.
    x = np.arange(checks.count("cells", cells) + 1)[:, None] / cells
    checks.instance("net", net, MLP)
    # Exact in float64, as kinks lie on the grid and all numbers are multiples of a power of 2: so differences that are
    # not 0 are kinks, and none is a rounding error.
    slopes = np.diff(net.forward(x).output[:, 0])
    return 1 + int((np.diff(slopes) != 0).sum())
