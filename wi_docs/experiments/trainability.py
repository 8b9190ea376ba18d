"""Which depths train at which scale of the weights."""

from __future__ import annotations

import numpy as np

from wi_docs.experiments.training import History, sweep
from wi_docs.nn.checks import Array

TRAINABLE = 6  # depth scales that a network may be deep and still train: Schoenholz et al. (2017), section 5
SCALES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0)
DEPTHS = (4, 8, 12, 20, 30, 40)
SEEDS = (0, 1)
STEPS, RATE, LOOKS = 200, 0.05, 6


def train_row(hidden: str, depth: int, scales: tuple[float, ...] = SCALES) -> dict[tuple[float, int], History]:
    """Train networks of one depth at these scales; return their records by scale and seed.

    The records of the first seed have the gradients too, at the first look and the last.

    Examples:
        >>> train_row("tanh", 4)[1.0, 0].steps
        array([  0.,  40.,  80., 120., 160., 200.])
    """
    records: dict[tuple[float, int], History] = {}
    for seeds, record in ((SEEDS[:1], "gradients"), (SEEDS[1:], "accuracy")):
        runs = sweep(
            hidden, "lecun_normal", depth=depth, gains=scales, rates=[RATE], seeds=seeds, steps=STEPS, looks=LOOKS,
            record=record,
        )  # fmt: skip
        records |= {(scale, seed): run for (scale, _, seed), run in runs.items()}
    return records


def train_grid(hidden: str, *, sigma_w: tuple[float, ...] = SCALES, depths: tuple[int, ...] = DEPTHS) -> Array:
    r"""Return the accuracy on the digits after 200 steps, averaged over two seeds, `(len(sigma_w), len(depths))`.

    Args:
        hidden: activation of the hidden layers, 64 units each, without biases at the start.
        sigma_w: standard deviations of the weights times \(\sqrt{n_\text{in}}\), positive.
        depths: numbers of hidden layers.

    Raises:
        ValueError: for an argument out of range.

    Source:
        The experiment of Schoenholz et al. (2017), figure 5, made small.

    Examples:
        >>> grid = train_grid("tanh", sigma_w=(0.1, 1.0), depths=(4,))
        >>> print(grid[0] < 0.3, grid[1] > 0.8)
        [ True] [ True]
    """
    grid = np.zeros((len(sigma_w), len(depths)))
    for column, depth in enumerate(depths):
        for (scale, _), run in train_row(hidden, depth, sigma_w).items():
            grid[sigma_w.index(scale), column] += run.accuracy[-1] / len(SEEDS)
    return grid


def deepest(depths: tuple[int, ...], accuracy: Array, level: float = 0.5) -> float:
    """Return the depth at which `accuracy` falls to `level`, interpolated linearly; the last if it never does.

    Raises:
        ValueError: if already the first is below `level`.

    Examples:
        >>> deepest((4, 8, 12), np.array([0.9, 0.7, 0.3]))
        10.0
    """
    low = np.flatnonzero(accuracy < level)
    if len(low) == 0:
        return float(depths[-1])
    if low[0] == 0:
        raise ValueError(f"already at depth {depths[0]} the accuracy is below {level}")
    k = low[0]
    part = (accuracy[k - 1] - level) / (accuracy[k - 1] - accuracy[k])
    return float(depths[k - 1] + part * (depths[k] - depths[k - 1]))
