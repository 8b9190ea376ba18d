r"""Experiments on signal and gradient in deep networks at initialization, layer by layer."""

from __future__ import annotations

import copy
import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import Activation
from wi_docs.nn.activations import activation as _activation
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer
from wi_docs.nn.network import MLP


@dataclass(frozen=True)
class Propagation:
    """One forward and one backward pass, layer by layer, first layer first.

    Attributes:
        pre_activations: `z` of each layer, `(depth, batch, width)`.
        forward_rms: root mean square of each layer's activations, `(depth,)`.
        gradient_rms: root mean square of the derivative with respect to each layer's pre-activations, `(depth,)`.
        weight_gradient_rms: root mean square of the derivative with respect to each layer's weights, `(depth,)`.
        gradient_ratio: geometric mean factor by which `gradient_rms` changes per layer, going back. 0 if the gradient
            has died out, 1 for a single layer.
    """

    pre_activations: Array
    forward_rms: Array
    gradient_rms: Array
    weight_gradient_rms: Array
    gradient_ratio: float


def rms(x: Array) -> float:
    """Return the root mean square of all entries of `x`, without underflow or overflow; NaN if an entry is NaN.

    Examples:
        >>> rms(np.array([3e-200, 3e-200]))
        3e-200
    """
    # The fast path: one product of the vector with itself, which may overflow to infinity.
    entries = x.ravel()
    with np.errstate(over="ignore"):
        squares = float(entries @ entries)
    if 1e-200 < squares < 1e300:  # no square that counts is too small for float64, and none too large
        return math.sqrt(squares / x.size)
    # Divided by the largest entry, the squares are at most 1, and those that underflow do not count.
    largest = float(np.max(np.abs(x)))
    return largest * float(np.sqrt(np.mean((x / largest) ** 2))) if 0.0 < largest < math.inf else largest


@conditions.door(
    activation="activation", scheme="init", depth="depth", width="width", batch="batch", seeds="seed", gain="gain"
)
def propagate(
    activation: str | Activation,
    init: str | Initializer,
    *,
    depth: int,
    width: int,
    batch: int = 64,
    seed: int = 0,
    gain: float = 1.0,
    input_gain: float | None = None,
    sigma_b: float = 0.0,
) -> Propagation:
    r"""Send standard normal inputs forward and a standard normal cotangent back through `depth` equal layers.

    Args:
        activation: activation of every layer, the last one included.
        init: scheme that draws each weight matrix, `(width, width)`.
        depth: number of layers, at least 1.
        width: units in the input and in each layer, at least 1.
        batch: number of inputs, at least 1.
        seed: a non-negative integer; everything random follows from it.
        gain: factor on every weight. With `lecun_normal` it is \(\sigma_w\).
        input_gain: factor for the first layer in place of `gain`, since its inputs have passed no activation. With
            `lecun_normal` and 1, its pre-activations have variance 1, which the gains of `gains` are made to keep.
        sigma_b: standard deviation of the biases, at least 0.

    Raises:
        ValueError: for an argument out of range, an unknown name, or a signal or gradient that overflows float64 (the
            message names the layer).
        TypeError: for an argument of the wrong kind.

    Source:
        The experiment of Glorot & Bengio (2010), section 4.2, and Schoenholz et al. (2017), section 3.

    Examples:
        >>> p = propagate("sigmoid", "lecun_normal", depth=30, width=256)
        >>> print(f"{p.gradient_ratio:.2f}")
        0.24
    """
    depth, width, batch = checks.count("depth", depth), checks.count("width", width), checks.count("batch", batch)
    gain, sigma_b = checks.number("gain", gain), checks.number("sigma_b", sigma_b, least=0.0)
    first = gain if input_gain is None else checks.number("input_gain", input_gain)
    widths = (width, *conditions.varied("widths", [width] * depth))
    seed = checks.count("seed", conditions.seed(seed), least=0)
    again = isinstance(init, str) and depth * width**2 <= 2**22  # 32 MiB: another pass may want the same weights
    drawn, after = (_drawn if again else _drawn.__wrapped__)(init, widths, seed)
    rng = copy.deepcopy(after)
    factors, weights = iter([first] + [gain] * (depth - 1)), iter(drawn)
    net = MLP(widths, activation, lambda rng, shape: next(factors) * next(weights), rng, output=activation)
    if sigma_b > 0.0:
        net.b = [sigma_b * rng.standard_normal(len(b)) for b in net.b]
    conditions.network(net, rng)
    run = net.forward(digits.normal_inputs(rng, batch, width))
    grad = net.backward(run, rng.standard_normal((batch, widths[-1])))
    gradient_rms = np.array([rms(dz) for dz in grad.z])
    return Propagation(
        pre_activations=_layers(run.pre_activations),
        forward_rms=np.array([rms(a) for a in run.outputs]),
        gradient_rms=gradient_rms,
        weight_gradient_rms=np.array([_product_rms(a, dz) for a, dz in zip(run.inputs, grad.z, strict=True)]),
        gradient_ratio=_ratio(gradient_rms),
    )


@functools.lru_cache(maxsize=8)
def _drawn(init: str | Initializer, widths: tuple[int, ...], seed: int) -> tuple[list[Array], np.random.Generator]:
    """Draw the weights of all layers; return them, and the generator as it stands after.

    Drawing is half of the work of a pass, and experiments send many activations and gains through the same weights.
    """
    rng = checks.seeded(seed)
    return [initializers.draw(init, rng, shape) for shape in itertools.pairwise(widths)], rng


def _product_rms(a: Array, delta: Array) -> float:
    """Return the rms of the entries of `a.T @ delta`, both `(batch, width)`, by way of the examples if they are few.

    The squares of the product's entries add up to the sum of `(a @ a.T) * (delta @ delta.T)`.
    """
    sizes = rms(a), rms(delta)
    if len(a) >= a.shape[1] or 0.0 in sizes:
        return rms(a.T @ delta)
    a, delta = a / sizes[0], delta / sizes[1]  # so that no square leaves the range of float64
    squares = max(0.0, float(np.vdot(a @ a.T, delta @ delta.T)))
    return sizes[0] * sizes[1] * math.sqrt(squares / (a.shape[1] * delta.shape[1]))


def _layers(values: list[Array]) -> Array:
    """Return the values of all layers as one array; of layers that differ in width, as an array of arrays."""
    if len({z.shape for z in values}) == 1:
        return np.array(values)
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


@conditions.door(activation="activation", gain="gain", depth="depth", width="width", batch="batch", seeds="seed")
def centered_ratio(
    activation: str | Activation, *, gain: float, depth: int = 20, width: int = 512, batch: int = 64, seed: int = 0
) -> float:
    r"""Return the factor a layer on the gradient's rms, for LeCun's weights times `gain` and biases that center units.

    Layer by layer, each bias is set so that the mean of its unit's pre-activation over the batch is 0.

    Examples:
        >>> centered_ratio("sigmoid", gain=4.0) > propagate(
        ...     "sigmoid", "lecun_normal", gain=4.0, depth=20, width=512
        ... ).gradient_ratio
        True
    """
    depth, width, batch = checks.count("depth", depth), checks.count("width", width), checks.count("batch", batch)
    gain, rng = checks.number("gain", gain), checks.seeded(conditions.seed(seed))
    net = MLP([width] * (depth + 1), activation, "lecun_normal", rng, output=activation)
    # Layer by layer, since a bias has to be set before the next layer's inputs are known.
    a = x = digits.normal_inputs(rng, batch, width)
    for layer, phi in enumerate(net.activations):
        net.W[layer] *= gain
        net.b[layer] = -(a @ net.W[layer]).mean(axis=0)
        a = phi.f(a @ net.W[layer] + net.b[layer])
    conditions.say(scheme="lecun_normal", biases="that center each unit")
    grad = net.backward(net.forward(x), rng.standard_normal((batch, width)))
    return _ratio(np.array([rms(dz) for dz in grad.z]))


def _ratio(by_layer: Array) -> float:
    """Return the geometric mean of the factors from a layer back to the one before, 0 if nothing reaches the first."""
    if by_layer[0] == 0.0:
        return 0.0
    return float((by_layer[0] / by_layer[-1]) ** (1.0 / max(1, len(by_layer) - 1)))


@conditions.door(activation="activation", scheme="init", depth="depth", width="width", gain="gain", seeds="seed")
def product_spectrum(
    init: str | Initializer,
    *,
    depth: int,
    width: int,
    activation: str | Activation = "linear",
    gain: float = 1.0,
    seed: int = 0,
) -> Array:
    """Return the singular values of the derivative of `depth` layers at a normal input, largest first, `(width,)`.

    For linear layers that is the product of the weight matrices.

    Args:
        init: scheme that draws each matrix, `(width, width)`.
        depth: number of factors, at least 1.
        width: units of each layer, at least 1.
        activation: activation of every layer.
        gain: factor on every weight.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range, an unknown name, or a product that overflows float64.
        TypeError: for an argument of the wrong kind.

    Source:
        Saxe et al. (2014), section 3; with activations, Pennington et al. (2017).

    Examples:
        >>> print(f"{product_spectrum('orthogonal', depth=50, width=20).min():.6f}")
        1.000000
    """
    depth, width, seed = checks.count("depth", depth), checks.count("width", width), conditions.seed(seed)
    phi, gain, rng = _activation(activation), checks.number("gain", gain), checks.seeded(seed)
    # One input; another stream of random numbers than the weights'.
    product, a = np.eye(width), digits.normal_inputs(np.random.default_rng([seed, 1]), 1, width)[0]
    conditions.say(biases="0")
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(depth):
            W = gain * initializers.draw(init, rng, (width, width))
            z = checks.array("the signal", a @ W)
            # The derivative of phi(a W) with respect to a is W with column j scaled by phi'(z_j). With rows as vectors,
            # factors of later layers stand on the right.
            product, a = product @ (W * phi.df(z)), phi.f(z)
    return np.asarray(np.linalg.svd(checks.array("the product's entries", product), compute_uv=False), np.float64)


@dataclass(frozen=True)
class ProjectionVariance:
    r"""Mean square of \(w \cdot x\) over draws of `w`, for each dimension.

    Attributes:
        dimensions: the dimensions `D`, `(n,)`.
        mean_square: the estimate of \(\mathbb{E}[(w \cdot x)^2]\), `(n,)`.
        standard_error: the standard error of the estimate, `(n,)`.
    """

    dimensions: Array
    mean_square: Array
    standard_error: Array


def projection_variance(
    scale: str, dimensions: tuple[int, ...], *, mean: float = 0.0, draws: int = 4000, seed: int = 0
) -> ProjectionVariance:
    r"""Estimate the mean square of \(w \cdot x\) for random `w` and random `x` of mean square 1.

    Args:
        scale: law of the entries of `w`: `"randn(D)"`, `"0.01 * randn(D)"` or `"randn(D) / sqrt(D)"`.
        dimensions: the dimensions `D` to try, positive.
        mean: mean of the entries of `x`, between -1 and 1; their variance is \(1 - \text{mean}^2\).
        draws: number of pairs of `w` and `x` for each dimension.
        seed: a non-negative integer.

    Raises:
        ValueError: for an unknown scale, a dimension below 1 or a mean outside [-1, 1].
        TypeError: for an argument of the wrong kind.

    Source:
        LeCun et al. (1998), section 4.6.

    Examples:
        >>> v = projection_variance("randn(D) / sqrt(D)", (10, 1000))
        >>> print(np.abs(v.mean_square - 1) < 4 * v.standard_error)
        [ True  True]
    """
    rng, draws = checks.seeded(conditions.seed(seed)), checks.count("draws", draws, least=2)
    conditions.say(scheme=scale, width=dimensions, draws=draws, seeds=seed, data="normal inputs")
    scale = checks.lookup("scale", scale, SCALES)
    mean = checks.number("mean", mean, least=-1.0)
    if mean > 1.0:
        raise ValueError(f"mean must be between -1 and 1, got {mean}")
    sizes = [checks.count("dimension", d) for d in dimensions]
    squares = []
    for d in sizes:
        w = SCALES[scale](d) * rng.standard_normal((draws, d))
        x = mean + np.sqrt(1 - mean**2) * rng.standard_normal((draws, d))
        squares.append(np.einsum("nd,nd->n", w, x) ** 2)
    estimates = np.array(squares)
    return ProjectionVariance(
        np.array(sizes, dtype=np.float64),
        estimates.mean(axis=1),
        estimates.std(axis=1, ddof=1) / np.sqrt(draws),
    )


# The standard deviation of the entries of w, by the code that readers know it by.
SCALES: dict[str, Callable[[int], float]] = {
    "randn(D)": lambda d: 1.0,
    "0.01 * randn(D)": lambda d: 0.01,
    "randn(D) / sqrt(D)": lambda d: d**-0.5,
}
