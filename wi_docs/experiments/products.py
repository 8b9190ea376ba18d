r"""Long products of random numbers and of random matrices. A gradient in a deep network is such a product."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.nn import checks
from wi_docs.nn.checks import Array


@dataclass(frozen=True)
class LogProducts:
    """Logarithms of the size of growing products.

    Attributes:
        log_size: natural log of the size after 0, 1, 2, … factors, `(draws, factors + 1)`. The size is the absolute
            value for numbers, the length of the image of a fixed vector for matrices.
        exponent: the Lyapunov exponent: the expected change of the log size at each factor, if each is drawn anew.
    """

    log_size: Array
    exponent: float

    @property
    def growth(self) -> Array:
        """The mean change of the log size at each factor, for each product, `(draws,)`."""
        return np.asarray(self.log_size[:, -1] / (self.log_size.shape[1] - 1))


def lyapunov_exponent(width: int, sigma: float) -> float:
    r"""Return the expected change of a vector's log length when a Gaussian `width`×`width` matrix multiplies it.

    \(\ln\sigma + \tfrac12(\ln 2 + \psi(\tfrac n2))\) for entries of standard deviation \(\sigma\), with \(\psi\) the
    digamma function; for `width = 1` it is \(\mathbb{E}\ln|w|\).

    Source:
        Newman (1986). It is half the mean logarithm of a chi-squared variable of `width` degrees of freedom.

    Examples:
        >>> print(f"{lyapunov_exponent(1, 1.0):.4f}")
        -0.6352
        >>> print(f"{lyapunov_exponent(512, 512 ** -0.5):.4f}")
        -0.0010
    """
    n = checks.count("width", width)
    # psi(m + 1) = psi(m) + 1/m, from psi(1/2) for odd n and psi(1) for even n.
    start, value = (0.5, -np.euler_gamma - 2 * math.log(2)) if n % 2 else (1.0, -np.euler_gamma)
    digamma = value + sum(1 / (start + k) for k in range((n - 1) // 2))
    return math.log(checks.number("sigma", sigma, above=0.0)) + (math.log(2) + float(digamma)) / 2


@conditions.door(depth="factors", matrix="width", deviation="sigma", draws="draws", seeds="seed")
@disk_cached
def random_products(
    *, width: int, sigma: float, factors: int = 100, draws: int = 50, same: bool = False, relu: bool = False,
    seed: int = 0,
) -> LogProducts:  # fmt: skip
    r"""Apply products of `factors` Gaussian matrices, or of numbers for `width = 1`, to a vector; `draws` products.

    The vector is rescaled after each factor and the logs are added, so nothing overflows.

    Args:
        width: the matrices are `width`×`width`.
        sigma: standard deviation of the entries, positive.
        factors: number of factors in a product, at least 1.
        draws: number of products, at least 1.
        same: draw one matrix for each product and use it as every factor. `exponent` does not hold then.
        relu: set negative entries to 0 after each matrix, as a layer does. `exponent` does not hold then.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range.
        TypeError: for an argument of the wrong kind.

    Source:
        Furstenberg & Kesten (1960): the growth at each factor converges. Newman (1986): its limit.

    Examples:
        >>> p = random_products(width=1, sigma=1.5)
        >>> print(f"{p.exponent:.3f}", bool(abs(p.growth.mean() - p.exponent) < 0.05))
        -0.230 True
    """
    width, factors, draws = checks.count("width", width), checks.count("factors", factors), checks.count("draws", draws)
    exponent, rng = lyapunov_exponent(width, sigma), checks.seeded(conditions.seed(seed))
    conditions.say(activation="relu" if relu else "linear")
    # The vector of each product, of length 1. Gaussian matrices have no preferred direction, so that any vector will
    # do.
    v = np.ones((draws, width)) / math.sqrt(width)
    log_size = np.zeros((draws, factors + 1))
    for k in range(factors):
        if k == 0 or not same:
            W = sigma * rng.standard_normal((draws, width, width))
        # v = W v, for all draws at once.
        v = np.einsum("dij,dj->di", W, v)
        if relu:
            v = np.maximum(v, 0.0)
        length = np.linalg.norm(v, axis=1)
        if not length.all():
            raise ValueError(f"a product is 0 after {k + 1} factors: no ReLU unit of {width} is on; take more units")
        # Invariant: exp(log_size) times the rescaled v is the product applied to the first vector.
        log_size[:, k + 1] = log_size[:, k] + np.log(length)
        v /= length[:, None]
    return LogProducts(log_size, exponent)
