"""1,797 handwritten digits of 8×8 pixels, bundled, so that every experiment on real data runs offline."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wi_docs.experiments import conditions
from wi_docs.nn.checks import Array

SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"  # of data/digits.csv.gz


@dataclass(frozen=True)
class Digits:
    """The digits in three parts: for training, for validation (to choose a learning rate, say), and for the final test.

    Images are rows of 64 pixels, shifted by the training images' mean, pixel by pixel, and divided by one number, so
    that their mean square over the training part is 1. The arrays are read-only.

    Attributes:
        train_x: `(1199, 64)`.
        train_y: `(1199,)`, integers 0 to 9.
        valid_x: `(299, 64)`.
        valid_y: `(299,)`.
        test_x: `(299, 64)`.
        test_y: `(299,)`.
    """

    train_x: Array
    train_y: NDArray[np.int64]
    valid_x: Array
    valid_y: NDArray[np.int64]
    test_x: Array
    test_y: NDArray[np.int64]


def load() -> Digits:
    """Return the digits. Of every six in the file's order, four are for training, one for validation, one for the test.

    Raises:
        ValueError: if the bundled file is not the one that was shipped.

    Source:
        Alpaydin & Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0: their test set.

    Examples:
        >>> digits = load()
        >>> digits.train_x.shape, digits.valid_x.shape, digits.test_x.shape
        ((1199, 64), (299, 64), (299, 64))
        >>> print(f"{(digits.train_x ** 2).mean():.3f}")
        1.000
    """
    conditions.say(data="the digits")
    return _digits() if conditions.varied("data", "the digits") == "the digits" else _clouds()


@cache
def _digits() -> Digits:
    content = (resources.files("wi_docs") / "data" / "digits.csv.gz").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ValueError(f"wi_docs/data/digits.csv.gz is damaged: sha256 {found}, expected {SHA256}")
    rows = np.loadtxt(gzip.decompress(content).decode("ascii").splitlines(), delimiter=",", dtype=np.int64)
    # A row holds 64 pixels, integers from 0 to 16, and the digit.
    x, y, turn = rows[:, :64] / 16.0, rows[:, 64], np.arange(len(rows)) % 6
    # Mean and scale come from the training part alone, so that nothing of the other parts leaks into training.
    mean = x[turn < 4].mean(axis=0)
    x = (x - mean) / np.sqrt(((x[turn < 4] - mean) ** 2).mean())
    parts: list[Any] = []
    for chosen in (turn < 4, turn == 4, turn == 5):
        for part in (x[chosen], y[chosen]):
            # `load` is cached: all experiments share these arrays.
            part.flags.writeable = False
            parts.append(part)
    return Digits(*parts)


@cache
def _clouds() -> Digits:
    """Return ten normal clouds of the digits' number, mean square and labels, for an experiment to run on other data.

    A sixth of the mean square is the distance of a cloud's center from 0, so that, as with the digits, about one in
    twenty is not to be told from another cloud's.
    """
    real, rng = _digits(), np.random.default_rng(0)
    centers = rng.standard_normal((10, 64)) / 6**0.5
    parts: list[Any] = []
    for y in (real.train_y, real.valid_y, real.test_y):
        parts += [centers[y] + (5 / 6) ** 0.5 * rng.standard_normal((len(y), 64)), y]
        parts[-2].flags.writeable = False
    return Digits(*parts)


def normal_inputs(rng: np.random.Generator, batch: int, width: int) -> Array:
    """Return standard normal inputs, `(batch, width)`; or digits, for an experiment to run on other data.

    Of another width than 64, the digits are multiplied by a normal matrix that keeps their mean square on average.

    Examples:
        >>> normal_inputs(np.random.default_rng(0), 4, 100).shape
        (4, 100)
    """
    conditions.say(data="normal inputs")
    if conditions.varied("data", "normal inputs") == "normal inputs":
        return rng.standard_normal((batch, width))
    x = _digits().train_x
    chosen = x[rng.integers(len(x), size=batch)]
    return chosen if width == 64 else chosen @ rng.standard_normal((64, width)) / 8
