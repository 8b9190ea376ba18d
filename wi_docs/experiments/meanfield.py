r"""Mean-field theory: signal, gradient and correlation in networks of infinite width, and the edge of chaos."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from wi_docs.nn import checks
from wi_docs.nn.activations import Activation
from wi_docs.nn.activations import activation as _activation
from wi_docs.nn.checks import Array
from wi_docs.nn.gains import second_moment


@dataclass(frozen=True)
class FixedPoint:
    r"""The variance at which the pre-activations settle with depth, and the gradient's factor a layer there.

    Attributes:
        q_star: the variance, at least 0.
        chi_1: \(\chi_1 = \sigma_w^2\,\mathbb{E}[\varphi'(\sqrt{q^*}z)^2]\), the factor a layer on the mean square of
            the gradient, going back.
    """

    q_star: float
    chi_1: float


@dataclass(frozen=True)
class WideLayer:
    r"""A layer of infinite width, whose weights are independent and have mean 0.

    The moments are integrated when they are first asked for.

    Attributes:
        activation: the activation of this layer.
        q: the variance of its pre-activations.
        sigma_w: standard deviation of the next layer's weights times \(\sqrt{n_\text{in}}\), positive.
        sigma_b: standard deviation of the next layer's biases, at least 0.
        correlation: the correlation of the pre-activations of two inputs; None if it is not followed.
    """

    activation: Activation
    q: float
    sigma_w: float
    sigma_b: float
    correlation: float | None = None

    @cached_property
    def second_moment(self) -> float:
        r"""The mean square of the activations, \(\mathbb{E}[\varphi(\sqrt q z)^2]\)."""
        return second_moment(self.activation, self.q)

    @cached_property
    def chi(self) -> float:
        r"""The factor on the mean square of the gradient, from the next layer back to this one.

        \(\chi = \sigma_w^2\,\mathbb{E}[\varphi'(\sqrt q z)^2]\), Schoenholz et al. (2017), equation 5.
        """
        return self.sigma_w * self.sigma_w * second_moment(self.activation, self.q, direction="backward")

    @property
    def next_q(self) -> float:
        """The variance of the next layer's pre-activations, Poole et al. (2016), equation 3."""
        # Products, which overflow to infinity, where `**` raises an OverflowError: the next layer refuses infinity.
        return self.sigma_w * self.sigma_w * self.second_moment + self.sigma_b * self.sigma_b


def trajectory(
    activation: str | Activation,
    *,
    sigma_w: float,
    sigma_b: float = 0.0,
    q: float = 1.0,
    correlation: float | None = None,
) -> Iterator[WideLayer]:
    r"""Return an iterator over the layers of a wide network, one after the other, without end.

    Args:
        activation: an activation or its name.
        sigma_w: standard deviation of the weights times \(\sqrt{n_\text{in}}\), positive.
        sigma_b: standard deviation of the biases, at least 0.
        q: the variance of the first layer's pre-activations, positive.
        correlation: correlation of the first layer's pre-activations for two inputs, from -1 to 1; None if it is not
            to be followed.

    Raises:
        ValueError: for an argument out of range; and where a layer's moments are asked for whose variance is no
            positive number of float64 any more.

    Source:
        Poole et al. (2016), equations 3 to 5; Schoenholz et al. (2017), equation 5.

    Examples:
        >>> path = trajectory("tanh", sigma_w=1.5, correlation=0.5)
        >>> for layer in (next(path) for _ in range(3)):
        ...     print(f"{layer.q:.4f} {layer.chi:.4f} {layer.correlation:.4f}")
        1.0000 1.0449 0.5000
        0.8872 1.0934 0.4726
        0.8384 1.1165 0.4485
    """
    if correlation is not None and checks.number("correlation", correlation, least=-1.0) > 1.0:
        raise ValueError(f"correlation must be between -1 and 1, got {correlation}")
    sigma_w, sigma_b = checks.number("sigma_w", sigma_w, above=0.0), checks.number("sigma_b", sigma_b, least=0.0)
    first = WideLayer(_activation(activation), checks.number("q", q, above=0.0), sigma_w, sigma_b, correlation)
    return _layers(first)


def _layers(layer: WideLayer) -> Iterator[WideLayer]:
    """Yield `layer` and those after it. (A generator would check its arguments only when its first item is taken.)"""
    while True:
        yield layer
        correlation = layer.correlation
        if correlation is not None:  # its map needs the variance of the layer before
            correlation = correlation_map(
                layer.activation, correlation, layer.q, sigma_w=layer.sigma_w, sigma_b=layer.sigma_b
            )
        layer = replace(layer, q=layer.next_q, correlation=correlation)


def length_map(activation: str | Activation, q: float, *, sigma_w: float, sigma_b: float = 0.0) -> float:
    r"""Return the next layer's variance, \(\sigma_w^2\,\mathbb{E}[\varphi(\sqrt q z)^2] + \sigma_b^2\).

    Source:
        Poole et al. (2016), equation 3.

    Examples:
        >>> print(f"{length_map('relu', 3.0, sigma_w=2 ** 0.5):.6f}")
        3.000000
    """
    return next(trajectory(activation, sigma_w=sigma_w, sigma_b=sigma_b, q=q)).next_q


def fixed_point(activation: str | Activation, *, sigma_w: float, sigma_b: float = 0.0, layers: int = 400) -> FixedPoint:
    r"""Follow the variance of the pre-activations from 1 through at most `layers` layers, and return the fixed point.

    Convergence is geometric but at criticality, where it is slow: tanh with \(\sigma_w = 1\) and no bias approaches
    0 like 1 over twice the depth. If the variance still moves after `layers` layers, that of the last one is returned.

    Args:
        activation: an activation or its name.
        sigma_w: standard deviation of the weights times \(\sqrt{n_\text{in}}\), positive.
        sigma_b: standard deviation of the biases, at least 0.
        layers: the largest number of layers to follow.

    Raises:
        ValueError: for an argument out of range, or a variance that grows past \(10^{12}\) or dies below \(10^{-12}\).

    Source:
        Schoenholz et al. (2017), equations 3 to 5.

    Examples:
        >>> point = fixed_point("sigmoid", sigma_w=1.0)
        >>> print(f"{point.q_star:.4f} {point.chi_1 ** 0.5:.4f}")
        0.2647 0.2361
    """
    path = trajectory(activation, sigma_w=sigma_w, sigma_b=sigma_b)
    now = next(path)
    for layer in range(checks.count("layers", layers)):
        before, now = now, next(path)
        if not 1e-12 < now.q < 1e12:
            raise ValueError(f"no fixed point: the variance is {now.q:.3g} after {layer + 1} layers")
        # Some hundreds of rounding errors: the variance does not move any more.
        if abs(now.q - before.q) < 1e-13 * now.q:
            break
    return FixedPoint(now.q, now.chi)


def covariance(activation: str | Activation, c: float, q: float, *, nodes: int = 241) -> float:
    r"""Return \(\mathbb{E}[\varphi(\sqrt q u)\,\varphi(\sqrt q v)]\) for standard normal u and v of correlation c.

    The integral is taken with the trapezoid rule on `nodes` by `nodes` points. It is exact to ten digits for smooth
    functions unless `q` is above 10 or so, to five for softsign at a `q` of 1 and four at 9, since its slope has a
    corner, and to two for functions with corners. For ReLU there is a closed form.

    Args:
        activation: an activation or its name.
        c: from -1 to 1.
        q: the variance in both, positive.
        nodes: an odd number of points, 241 or fewer for speed.

    Raises:
        ValueError: for an argument out of range.

    Source:
        Poole et al. (2016), equation 5; Cho & Saul (2009) for ReLU.

    Examples:
        >>> print(f"{covariance('linear', 0.3, 2.0):.6f} {covariance('relu', 0.0, 1.0):.6f} {1 / (2 * math.pi):.6f}")
        0.600000 0.159155 0.159155
    """
    if checks.number("c", c, least=-1.0) > 1.0:
        raise ValueError(f"c must be between -1 and 1, got {c}")
    # ReLU's covariance has a closed form, and its corner would cost the trapezoid rule its digits.
    phi, root = _activation(activation), math.sqrt(checks.number("q", q, above=0.0))
    if phi is _activation("relu"):
        return q / 2 * relu_correlation_map(c)
    # The trapezoid rule: for a smooth function times a Gaussian its error falls exponentially with the step.
    z = np.linspace(-9.0, 9.0, checks.count("nodes", nodes, least=3))
    weights = (z[1] - z[0]) * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    if abs(c) == 1.0:
        return float(weights @ (phi.f(root * z) * phi.f(c * root * z)))
    # v = c u + sqrt(1 - c^2) w has variance 1 and correlation c with u, for independent standard normal u (rows) and w
    # (columns).
    other = c * z[:, None] + math.sqrt(1 - c * c) * z[None, :]
    return float(weights @ (phi.f(root * z)[:, None] * phi.f(root * other)) @ weights)


def depth_scale(activation: str | Activation, *, sigma_w: float, sigma_b: float = 0.0, layers: int = 4000) -> float:
    r"""Return \(\xi = 1/|\ln\chi_1|\): over so many layers the mean square of the gradient changes by a factor of e.

    Without biases and below the edge, the signal of a function through 0 dies out. Then \(\chi_1\) is
    \(\sigma_w^2\) times the square of the function's slope at 0, or the mean of both squares if it has a kink there.

    Args:
        activation: an activation or its name.
        sigma_w: standard deviation of the weights times \(\sqrt{n_\text{in}}\), positive.
        sigma_b: standard deviation of the biases, at least 0.
        layers: the largest number of layers through which `fixed_point` follows the variance. Nearer to the edge than
            about one over their number it still moves behind the last.

    Raises:
        ValueError: as `fixed_point`, at the edge, where the scale is infinite, and if the signal dies out and the slope
            at 0 is 0.

    Source:
        Schoenholz et al. (2017), equations 9 and 12.

    Examples:
        >>> print(f"{depth_scale('tanh', sigma_w=0.9):.2f} {depth_scale('tanh', sigma_w=1.5):.2f}")
        4.75 7.67
    """
    phi = _activation(activation)
    # Near 0 a function through 0 is linear on each side of it, and half of the pre-activations lie on each: the mean
    # square of the signal is multiplied by chi, and dies if that is below 1. A slope at 0 is the one on the left.
    left, right = float(phi.df(0.0)), float(phi.df(np.nextafter(0.0, 1.0)))
    sigma_w, square = checks.number("sigma_w", sigma_w, above=0.0), (left**2 + right**2) / 2
    # Within rounding a layer at the edge keeps the mean square.
    if sigma_b == 0.0 and float(phi.f(0.0)) == 0.0 and sigma_w**2 * square < 1.0 + 1e-12:
        if square == 0.0:
            raise ValueError(f"no depth scale: the signal dies out, and the slope of {phi.name} at 0 is 0")
        log_chi = 2 * math.log(sigma_w) + math.log(square)  # of the product, which may underflow
    else:
        log_chi = math.log(fixed_point(phi, sigma_w=sigma_w, sigma_b=sigma_b, layers=layers).chi_1)
    if abs(log_chi) < 2e-12:
        raise ValueError(f"the depth scale is infinite at sigma_w = {sigma_w}: chi_1 is 1")
    return 1 / abs(log_chi)


def correlation_map(activation: str | Activation, c: float, q: float, *, sigma_w: float, sigma_b: float = 0.0) -> float:
    r"""Return the next layer's correlation of two inputs whose pre-activations have variance `q` and correlation `c`.

    It is as exact as `covariance`. For ReLU the map does not depend on the variance: see `relu_correlation_map`.

    Args:
        activation: an activation or its name.
        c: from -1 to 1.
        q: the variance in both, positive; the next layer's follows from it.
        sigma_w: standard deviation of the weights times \(\sqrt{n_\text{in}}\), positive.
        sigma_b: standard deviation of the biases, at least 0.

    Raises:
        ValueError: for an argument out of range.

    Source:
        Poole et al. (2016), equations 4 and 5.

    Examples:
        >>> for c in (0.5, 1.0):
        ...     print(f"{correlation_map('tanh', c, 1.0, sigma_w=1.5):.4f}")
        0.4726
        1.0000
    """
    together = covariance(activation, c, q)
    sigma_b = checks.number("sigma_b", sigma_b, least=0.0)
    following = length_map(activation, q, sigma_w=sigma_w, sigma_b=sigma_b)
    return float(sigma_w**2 * together + sigma_b**2) / following


def relu_correlation_map(c: float) -> float:
    r"""Return the next layer's correlation of two inputs under ReLU, whatever the scale of the weights.

    \((\sqrt{1 - c^2} + c\,(\pi - \arccos c)) / \pi\), for pre-activations and without biases.

    Args:
        c: correlation of the two pre-activations, from -1 to 1.

    Raises:
        ValueError: for a correlation out of range.

    Source:
        Cho & Saul (2009), the arc-cosine kernel of degree 1.

    Examples:
        >>> print(f"{relu_correlation_map(0.0):.4f} {relu_correlation_map(1.0):.4f}")
        0.3183 1.0000
    """
    if checks.number("c", c, least=-1.0) > 1.0:
        raise ValueError(f"c must be between -1 and 1, got {c}")
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


def relu_two_inputs(depth: int) -> tuple[Array, Array]:
    r"""Return how two inputs differ in direction and in length, at each layer of a ReLU network at He's scale.

    The first array is one minus the correlation of their pre-activations. The second is the variance, within a batch,
    of the logarithm of the pre-activations' length, times the width. Both are `(depth,)`. The inputs are independent
    normal vectors, and the layers are wide and equally wide.

    Each layer multiplies the squared lengths of two inputs by averages of \(2\,\mathrm{relu}^2\), which share their
    fluctuations as far as the inputs are correlated. So the second grows by \(3/2 - J\) at every ReLU, where
    \(J = \mathbb{E}[\mathrm{relu}(u)^2\,\mathrm{relu}(v)^2]\) runs from 1/4 for independent inputs to 3/2 for equal
    ones.

    Raises:
        ValueError: if `depth` is below 1.

    Source:
        Cho & Saul (2009), the arc-cosine kernels of degrees 1 and 2. The sum over layers, to first order in one over
        the width, is derived here; laws of two inputs beyond it are in Li, Nica & Roy (2022) and Jakub & Nica (2023).

    Examples:
        >>> directions, lengths = relu_two_inputs(100)
        >>> print(f"{directions[-1]:.4f} {lengths[-1]:.1f}")
        0.0036 10.8
    """
    correlation, spread = [0.0], [1.0]  # the inputs' own lengths give one half, the first layer the other
    for _ in range(checks.count("depth", depth) - 1):
        # Cho & Saul (2009), the kernel of degree 2: J = (3 sin a cos a + (pi - a) (1 + 2 cos^2 a)) / (2 pi), at the
        # angle a between the pre-activations.
        angle = math.acos(correlation[-1])
        both = 3 * math.sin(angle) * math.cos(angle) + (math.pi - angle) * (1 + 2 * math.cos(angle) ** 2)
        spread.append(spread[-1] + 1.5 - both / (2 * math.pi))
        correlation.append(relu_correlation_map(correlation[-1]))
    return 1 - np.array(correlation), np.array(spread)


def critical_sigma_w(activation: str | Activation, *, sigma_b: float) -> float:
    r"""Return the \(\sigma_w\) at which \(\chi_1\) is 1 for this \(\sigma_b\): a point of the edge of chaos.

    Args:
        activation: an activation or its name.
        sigma_b: standard deviation of the biases, at least 0.

    Raises:
        ValueError: if \(\chi_1\) does not cross 1 between a \(\sigma_w\) of 0.5 and one of 4, or the variance has no
            fixed point at one of the two, as without biases.

    Source:
        Poole et al. (2016), section 2; Schoenholz et al. (2017), section 3.

    Examples:
        >>> print(f"{critical_sigma_w('tanh', sigma_b=0.3):.3f}")
        1.396
    """

    def excess(sigma_w: float) -> float:
        return fixed_point(activation, sigma_w=sigma_w, sigma_b=sigma_b).chi_1 - 1.0

    low, high = 0.5, 4.0
    if not excess(low) < 0.0 < excess(high):
        raise ValueError(f"chi_1 does not cross 1 between sigma_w = {low} and {high}")
    # Bisection: chi_1 is below 1 at `low` and above it at `high` all the time.
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0.0 else (low, middle)
    return (low + high) / 2
