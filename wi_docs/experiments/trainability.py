"""Which depths train at which scale of the weights."""

from __future__ import annotations

import numpy as np

from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.training import History, train_digits
from wi_docs.nn.checks import Array

SIXFOLD = 6  # depth scales that train, of Schoenholz et al. (2017)
SCALES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0)
DEPTHS = (4, 8, 12, 20, 30, 40)


def train_one(
    hidden: str, *, sigma_w: float, depth: int, steps: int = 200, rate: float = 0.05, seed: int = 0
) -> History:
    """Return the whole run of one place of `train_grid`, looked at six times.

    Examples:
        >>> train_one("tanh", sigma_w=1.0, depth=4).steps
        array([  0.,  40.,  80., 120., 160., 200.])
    """
    return train_digits(hidden, "lecun_normal", depth=depth, gain=sigma_w, steps=steps, rate=rate, looks=6, seed=seed)


@disk_cached
def train_grid(
    hidden: str,
    *,
    sigma_w: tuple[float, ...] = SCALES,
    depths: tuple[int, ...] = DEPTHS,
    steps: int = 200,
    rate: float = 0.05,
    seeds: tuple[int, ...] = (0, 1),
) -> Array:
    r"""Return the accuracy on the digits after `steps` updates, averaged over seeds, `(len(sigma_w), len(depths))`.

    Args:
        hidden: activation of the hidden layers, 64 units each, without biases at the start.
        sigma_w: standard deviations of the weights times \(\sqrt{n_\text{in}}\), positive.
        depths: numbers of hidden layers.
        steps: as for `train_digits`, like `rate`.
        rate: learning rate.
        seeds: at least one.

    Raises:
        ValueError: for an argument out of range.

    Source:
        The experiment of Schoenholz et al. (2017), figure 5, made small.

    Examples:
        >>> grid = train_grid("tanh", sigma_w=(0.1, 1.0), depths=(4,), seeds=(0,))
        >>> print(grid[0] < 0.3, grid[1] > 0.8)
        [ True] [ True]
    """

    def end(scale: float, depth: int, seed: int) -> float:
        return float(train_one(hidden, sigma_w=scale, depth=depth, steps=steps, rate=rate, seed=seed).accuracy[-1])

    return np.array([[np.mean([end(s, d, seed) for seed in seeds]) for d in depths] for s in sigma_w])


def deepest(depths: tuple[int, ...], accuracy: Array, level: float = 0.5) -> float:
    """Return the depth at which `accuracy` falls to `level`, between the depths by straight lines; the last if it never does.

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
