"""Networks that know their few training digits by heart, and the others much later: grokking, by the first scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.training import Adam, accuracy
from wi_docs.nn import checks
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP, cross_entropy, stack

LOOKS = (0, 10, 20, 30, 50, 70, 100, 140, 200, 300, 400, 500, 700, 1000, 1400, 2000)  # of what the site shows


@dataclass(frozen=True)
class Course:
    """How networks from one start get on.

    Attributes:
        steps: number of updates before each look, `(looks,)`.
        train: share of their own training digits that they classify correctly, `(seeds, looks)`.
        test: share of the test part, `(seeds, looks)`.
        norm: the norm of all weights over what it was at the start, `(seeds, looks)`.
    """

    steps: Array
    train: Array
    test: Array
    norm: Array


@conditions.door(activation="activation", depth="depth", width="width", seeds="seeds")
@disk_cached
def courses(
    scales: tuple[float, ...],
    decays: tuple[float, ...],
    *,
    looks: tuple[int, ...],
    activation: str = "relu",
    depth: int = 2,
    width: int = 64,
    examples: int = 200,
    rate: float = 0.001,
    seeds: tuple[int, ...] = (0, 1, 2),
) -> list[Course]:
    """Train networks on a few digits by Adam, all digits in each step, and look at them on the way.

    Args:
        scales: for each course, the multiple of He's scale that its weights begin with, positive. Biases begin at 0.
        decays: for each course, the decoupled weight decay: each step takes away this share of each weight, times the
            rate. Biases keep theirs.
        looks: the numbers of steps after which to look, ascending.
        activation: of the hidden layers.
        depth: number of hidden layers.
        width: their units.
        examples: number of training digits, drawn for each seed without replacement.
        rate: Adam's learning rate, positive.
        seeds: a seed for each network of a course, for its weights and its digits.

    Returns:
        A course for each scale and its decay.

    Raises:
        ValueError: for an argument out of range, or another number of decays than scales.

    Source:
        Liu, Michaud & Tegmark (2023) induce the delay on images by a large first scale; our network and data are
        others.

    Examples:
        >>> (course,) = courses((1.0,), (1.0,), looks=(0, 100), examples=50, seeds=(0,))
        >>> bool(course.train[0, -1] > 0.9 > course.test[0, -1])
        True
    """
    if len(scales) != len(decays):
        raise ValueError(f"each scale wants a decay, got {len(scales)} and {len(decays)}")
    data, eta = digits.load(), conditions.descent("adam", [checks.number("rate", rate, above=0.0)])[1][0]
    widths = [64, *[checks.count("width", width)] * checks.count("depth", depth), 10]
    nets, rows = [], []
    for scale in scales:
        for seed in seeds:  # which fixes the digits and, but for their scale, the weights
            rng = checks.seeded(conditions.seed(seed))
            rows.append(rng.permutation(len(data.train_x))[: checks.count("examples", examples)])
            nets.append(MLP(widths, activation, "he_normal", rng))
            conditions.say(scheme="he_normal", gain=scale)
            conditions.network(nets[-1], rng)
            nets[-1].W = [checks.number("scale", scale, above=0.0) * W for W in nets[-1].W]
    conditions.say(steps=max(looks), data=f"{examples} training digits")
    together, x, y = stack(nets), data.train_x[np.stack(rows)], data.train_y[np.stack(rows)]
    left = 1.0 - eta * np.repeat([checks.number("decay", decay, least=0.0) for decay in decays], len(seeds))
    optimizer, start = Adam([*together.W, *together.b]), _norm(together)
    found: list[list[Array]] = []
    for step in range(max(looks) + 1):
        if step in looks:
            shares = accuracy(together, x, y), accuracy(together, data.test_x, data.test_y)
            found.append([*shares, _norm(together) / start])
        run = together.forward(x)
        gradients = together.backward(run, cross_entropy(run.output, y)[1])
        for W in together.W:
            W *= left[:, None, None]
        optimizer.step([*gradients.W, *gradients.b], [eta] * (2 * len(together.W)))
    # From (looks, quantities, courses, seeds) to (courses, quantities, seeds, looks).
    seen = np.array(found).reshape(len(looks), 3, len(scales), len(seeds)).transpose(2, 1, 3, 0)
    return [Course(np.array(looks), *quantities) for quantities in seen]


def _norm(nets: MLP) -> Array:
    """Return the Euclidean norm of all weights of each network of a stack, without biases."""
    return np.asarray(np.linalg.norm([np.linalg.norm(W, axis=(-2, -1)) for W in nets.W], axis=0))
