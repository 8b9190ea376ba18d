"""How fast a network with saturated or dead units learns the digits, and which share of such units halves the speed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.saturation import saturated
from wi_docs.experiments.training import accuracy, descend
from wi_docs.nn import checks
from wi_docs.nn.gains import gain
from wi_docs.nn.network import MLP, ExplosionError, softmax_cross_entropy

# The values to try for each way of switching units off, in the order of growing harm: a factor on the weights, a bias,
# a share of dead units.
WAYS = {
    "scale": (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0),
    "shift": (0.0, -0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.8, -1.0, -1.25, -1.5, -2.0, -3.0, -5.0),
    "dead": tuple(k / 16 for k in range(16)),
}


@dataclass(frozen=True)
class Speed:
    """The saturation of a network at its start, and the time it takes to learn the digits.

    Attributes:
        saturated: share of pairs of hidden unit and input that are saturated at the start.
        dead: share of hidden units that are saturated for all of 256 inputs.
        steps: number of updates until 80 % of the test part are right; infinite if it takes more than allowed.
    """

    saturated: float
    dead: float
    steps: float


@conditions.door(activation="hidden", seeds="seed")
def learning_speed(
    hidden: str, *, scale: float = 1.0, shift: float = 0.0, dead: float = 0.0, rate: float = 0.1, most: int = 1000,
    seed: int = 0,
) -> Speed:  # fmt: skip
    """Train a network of three hidden layers of 64 units on the digits until 80 % of the test part are right.

    Args:
        hidden: activation of the hidden layers, whose weights start at its gain.
        scale: a further factor on those weights, positive; a large one saturates activations with two flat sides.
        shift: the hidden biases; negative ones saturate activations with one flat side.
        dead: share of the hidden units that get a bias of -100, and so are off for good.
        rate: learning rate.
        most: the largest number of updates.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range.

    Examples:
        >>> speed = learning_speed("tanh")
        >>> bool(speed.saturated < 0.1), bool(speed.steps < 30)
        (True, True)
    """
    data, rng, rate = digits.load(), checks.seeded(conditions.seed(seed)), conditions.rate(rate)
    conditions.say(scheme="lecun_normal", depth=3, width=64, batch=32, biases="0" if shift == dead == 0.0 else "set")
    net = MLP([64, 64, 64, 64, 10], hidden, "lecun_normal", rng)
    for layer in range(3):
        # The first layer's inputs have passed no activation, and need no gain.
        net.W[layer] *= checks.number("scale", scale, above=0.0) * (gain(hidden) if layer else 1.0)
        net.b[layer] += checks.number("shift", shift)
        net.b[layer][rng.permutation(64)[: round(64 * checks.number("dead", dead, least=0.0))]] = -100.0
    # (256, 64) booleans for each hidden layer.
    off = [saturated(hidden, z) for z in net.forward(data.train_x[:256]).pre_activations[:-1]]
    units, steps = float(np.mean([o.all(axis=0).mean() for o in off])), math.inf
    try:
        for step in range(checks.count("most", most)):
            if accuracy(net, data.test_x, data.test_y) >= 0.8:
                steps = float(step)
                break
            # Plain stochastic gradient descent with batches of 32.
            rows = rng.integers(len(data.train_x), size=32)
            run = net.forward(data.train_x[rows])
            descend(net, net.backward(run, softmax_cross_entropy(run.output, data.train_y[rows])[1]), rate)
    except ExplosionError:  # it has not learned, and will not
        pass
    return Speed(float(np.mean(off)), units, steps)


@disk_cached
def half_speed(hidden: str, way: str, *, rate: float = 0.1, seed: int = 0) -> float:
    """Return the share of saturated pairs, or of dead units, at which learning the digits takes twice as long.

    The network is saturated more and more, until learning takes twice as many steps as it did at its fastest. The share
    is interpolated linearly between the last two tries.

    Args:
        hidden: activation of the hidden layers.
        way: the argument of `learning_speed` that is varied: `scale`, `shift` or `dead`.
        rate: learning rate.
        seed: a non-negative integer.

    Raises:
        ValueError: for an unknown way, an argument out of range, or a network that never takes twice as long.

    Examples:
        >>> bool(0.3 < half_speed("tanh", "scale") < 0.6)
        True
    """
    tries = WAYS[checks.lookup("way", way, WAYS)]
    found: list[Speed] = []
    for value in tries:
        # Four times the fastest is enough to see a factor of two, and to interpolate.
        most = 1000 if not found else int(4 * min(s.steps for s in found)) + 4
        options: dict[str, float] = {way: value}
        # The fastest so far, and not the first: some saturation may help a little before more of it harms.
        now = learning_speed(hidden, rate=rate, most=most, seed=seed, **options)
        best = min((s.steps for s in found), default=math.inf)
        if now.steps >= 2 * best:
            before = found[-1]
            steps = min(now.steps, float(most))
            # The place of twice the fastest between the last two tries, from 0 to 1. A run that did not end counts as
            # `most` steps.
            part = (2 * best - before.steps) / (steps - before.steps)
            low, high = (before.dead, now.dead) if way == "dead" else (before.saturated, now.saturated)
            return low + part * (high - low)
        found.append(now)
    raise ValueError(f"{hidden} never takes twice as long, however much {way} there is")
