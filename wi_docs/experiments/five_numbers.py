"""Five numbers for each layer of a network at its start: the running example of the chapters."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.propagation import rms
from wi_docs.nn import checks
from wi_docs.nn.activations import Activation
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer
from wi_docs.nn.network import MLP, softmax_cross_entropy


@dataclass(frozen=True)
class FiveNumbers:
    """Five numbers for each hidden layer of a network, from the first to the last, `(depth,)` each.

    Attributes:
        signal: rms of the activations.
        gradient: rms of the gradient of the loss of an image with respect to the pre-activations.
        weight_gradient: rms of the gradient of the mean loss with respect to the weights.
        cosine: mean cosine between the activations of two images of the same digit.
        update: share of a weight that one step of plain gradient descent changes: rate times rms of the gradient over
            rms of the weights.
    """

    signal: Array
    gradient: Array
    weight_gradient: Array
    cosine: Array
    update: Array

    def table(self, *names: str) -> str:
        """Return a line for each second layer with the numbers of these names; without a name, with all of them.

        Raises:
            ValueError: for a name that is none of the five.
        """
        known = [field.name for field in fields(self)]
        shown = [checks.lookup("number", name, known) for name in names] or known
        lines = ["layer" + "".join(f"{name:>{len(name) + 2}}" for name in shown)]
        for layer in range(0, len(self.signal), 2):
            values = (f"{getattr(self, name)[layer]:{len(name) + 2}.2g}" for name in shown)
            lines.append(f"{layer + 1:5}" + "".join(values))
        return "\n".join(lines)


@conditions.door(activation="activation", depth="depth", width="width")
def five_numbers(
    activation: str | Activation,
    init: str | Initializer,
    *,
    gain: float = 1.0,
    depth: int = 11,
    width: int = 64,
    rate: float = 0.1,
    seed: int = 0,
) -> FiveNumbers:
    """Look at a network for the digits before its first step, and return five numbers for each hidden layer.

    The biases are 0, and the loss is the cross-entropy of 256 training images.

    Args:
        activation: of the hidden layers.
        init: draws the weights.
        gain: factor on the drawn weights of the hidden layers.
        depth: number of hidden layers, at least 1.
        width: number of units of each hidden layer.
        rate: learning rate of the step that `update` is about.
        seed: a non-negative integer that fixes the weights.

    Raises:
        ValueError: for an argument out of range, an unknown name, or values that overflow on the way.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> print(five_numbers("relu", "he_normal", depth=3).table("signal", "cosine"))
        layer  signal  cosine
            1       1    0.63
            3     1.2    0.78
    """
    gain, rate = checks.number("gain", gain), checks.number("rate", rate, above=0.0)
    depth, rng = checks.count("depth", depth), checks.seeded(conditions.seed(seed))
    net = MLP([64, *[width] * depth, 10], activation, init, rng)
    for W in net.W[:-1]:
        W *= gain
    conditions.network(net, rng)
    data = digits.load()
    images, labels = data.train_x[:256], data.train_y[:256]
    run = net.forward(images)
    gradients = net.backward(run, softmax_cross_entropy(run.output, labels)[1])
    weight_gradient = np.array([rms(dW) for dW in gradients.W[:-1]])
    return FiveNumbers(
        np.array([rms(a) for a in run.outputs[:-1]]),
        # The cotangent is that of the mean loss. Times the number of images it is that of the loss of one.
        len(images) * np.array([rms(dz) for dz in gradients.z[:-1]]),
        weight_gradient,
        np.array([_mean_cosine(a, labels) for a in run.outputs[:-1]]),
        rate * weight_gradient / np.array([rms(W) for W in net.W[:-1]]),
    )


def _mean_cosine(rows: Array, labels: NDArray[np.int64]) -> float:
    """Return the mean cosine of two different rows that have the same label."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError("a layer puts out 0 in all units for some image, which has no angle with another then")
    unit = rows / lengths
    pairs = (labels[:, None] == labels) & ~np.eye(len(labels), dtype=bool)
    return float((unit @ unit.T)[pairs].mean())
