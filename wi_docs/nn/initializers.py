r"""Ways to initialize weights.

Every scheme is called as `init(rng, shape) -> W`, with `rng` a `numpy.random.Generator`. `shape` is the pair
`(fan_in, fan_out)` of a fully connected layer, which computes `x @ W + b`, so that a column of `W` holds the incoming
weights of one unit; or that of a convolution, `(*kernel, inputs, outputs)` as in JAX. The result is float64, or float32
if `dtype` says so. Every scheme raises `TypeError` for an `rng`, a `shape` or a `dtype` of the wrong kind, and
`ValueError` for a size below 1, a shape of one axis, or weights too large for the `dtype`.

The decorator of a scheme is its entry. The tables, the form on Diagnose, the command line and the tests read it there.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from wi_docs.nn import checks
from wi_docs.nn.checks import Array

Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]
Shape = tuple[int, ...]
Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "uniform", "truncated_normal"]
DType = Any  # np.float64 or np.float32

Deviation = Callable[[Shape], float]

CUT = 2.0  # standard deviations at which truncated normals are cut, as in JAX and Keras


def fans(shape: Shape, *, groups: int = 1) -> tuple[int, int]:
    """Return `(fan_in, fan_out)`: the number of inputs that feed one unit, and of units that one input feeds.

    In a convolution, `(*kernel, inputs, outputs)`, both count every position of the kernel. With `groups`, `inputs` are
    those of one group, as the array has them, and an input feeds the units of its own group only. (Stride and edges
    are left out, as everywhere.)

    Raises:
        ValueError: for a shape of fewer than two axes, a size below 1, or outputs that do not divide into `groups`.
        TypeError: for a shape that is not a tuple of integers.

    Examples:
        >>> fans((784, 100)), fans((3, 3, 64, 128)), fans((3, 3, 1, 64), groups=64)
        ((784, 100), (576, 1152), (9, 9))
    """
    fan_in, fan_out = checks.fans(shape)
    if shape[-1] % checks.count("groups", groups):
        raise ValueError(f"{shape[-1]} outputs do not divide into {groups} groups")
    return fan_in, fan_out // groups


@dataclass(frozen=True)
class Scheme:
    r"""The entry of a scheme that needs no more than `rng` and `shape`.

    Attributes:
        name: the function's name.
        draw: the function.
        formula: the variance of a weight, or the form of the matrix, as Markdown.
        use: the networks or layers that the scheme is for.
        paper: key of the paper in `docs/references.bib`, after an at sign; None if there is none.
        deviation: the root of the weights' mean square, as a function of the shape.
        aliases: other names of the scheme, such as PyTorch's.
    """

    name: str
    draw: Initializer
    formula: str
    use: str
    paper: str | None
    deviation: Deviation
    aliases: tuple[str, ...]


SCHEMES: dict[str, Scheme] = {}
ALIASES: dict[str, str] = {}  # names that others use, and ours
_F = TypeVar("_F", bound=Initializer)


def scheme(
    *,
    formula: str = "",
    use: str = "",
    paper: str | None = "",
    deviation: Deviation | None = None,
    aliases: tuple[str, ...] = (),
) -> Callable[[_F], _F]:
    """Register the decorated function as a scheme. The arguments are as for `Scheme`; only `aliases` may be left out.

    Raises:
        ValueError: for a scheme that lacks one of them, or has no documentation; the message names it and the file.
    """

    def register(draw: _F) -> _F:
        name, words = draw.__name__, (draw.__doc__ or "").strip()
        stated = {"formula": formula, "use": use, "paper": paper, "deviation": deviation, "docstring": words}
        for field, value in stated.items():
            if value == "" or (field == "deviation" and value is None):
                raise ValueError(
                    f"{inspect.getsourcefile(draw)}: the scheme {name} has no {field}. Every scheme states its "
                    "formula, use, paper (None if there is none) and deviation in its decorator, "
                    "and itself in a docstring"
                )
        # Checked in the loop above; the assertion is for the type checker.
        assert deviation is not None
        SCHEMES[name] = Scheme(name, draw, formula, use, paper, deviation, aliases)
        ALIASES.update(dict.fromkeys(aliases, name))
        return draw

    return register


def _of_variance(scale: float, mode: Mode) -> Deviation:
    r"""Return the deviation \(\sqrt{\text{scale}/n}\) as a function of the shape, with `n` chosen by `mode`."""
    return lambda shape: math.sqrt(scale / _fan(shape, mode))


def _fan(shape: Shape, mode: str) -> float:
    """Return the number n by which a variance is divided: `fan_in`, `fan_out` or their mean."""
    fan_in, fan_out = checks.fans(shape)
    modes = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    return modes[checks.lookup("mode", mode, modes)]


def truncated_deviation(cut: float = CUT) -> float:
    r"""Return the standard deviation of a standard normal variable that is kept only within `cut` of 0.

    \(\sqrt{1 - 2c\,\varphi(c)/(2\Phi(c) - 1)}\), with density \(\varphi\) and distribution function \(\Phi\).

    Examples:
        >>> print(f"{truncated_deviation():.6f}")
        0.879626
    """
    c = checks.number("cut", cut, above=0.0)
    # 2 Phi(c) - 1 = erf(c / sqrt 2) is the probability within the cut.
    density = math.exp(-c * c / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * c * density / math.erf(c / math.sqrt(2)))


def _fits(size: float, dtype: np.dtype[Any]) -> float:
    """Return `size` if weights of this size are numbers of `dtype`, with room for those that are 100 times as large."""
    if abs(size) > float(np.finfo(dtype).max) / 100:
        raise ValueError(f"weights of size {size:.3g} do not fit into {dtype}")
    return size


def _draw(rng: np.random.Generator, shape: Shape, sigma: float, distribution: str, dtype: Any) -> Array:
    """Return an array of independent entries of mean 0 and standard deviation `sigma`.

    It is scaled in place: a new array for each product would cost more than the product.
    """
    sigma = _fits(sigma, dtype)
    if distribution == "uniform":
        W: Array = rng.random(shape, dtype=dtype)
        W -= 0.5
        # The uniform distribution on an interval of width 1 has variance 1/12.
        W *= math.sqrt(12.0) * sigma
        return W
    W = rng.standard_normal(shape, dtype=dtype)
    if distribution == "truncated_normal":
        # Rejection: 4.6 % of the entries lie outside at first, and the same share of those that are drawn again.
        while (outside := np.abs(W) > CUT).any():
            W[outside] = rng.standard_normal(int(outside.sum()), dtype=dtype)
        # Cutting narrows the distribution to 0.88 of its deviation; this makes up for it.
        sigma /= truncated_deviation()
    W *= sigma
    return W


@scheme(formula="$0$", use="linear models, biases, last layer of a branch", paper=None, deviation=lambda shape: 0.0)
def zeros(rng: np.random.Generator, shape: Shape, *, dtype: DType = np.float64) -> Array:
    """All weights 0. Fine for a linear model; a hidden layer of zeros learns nothing, or one feature.

    Examples:
        >>> zeros(np.random.default_rng(0), (2, 3))
        array([[0., 0., 0.],
               [0., 0., 0.]])
    """
    return constant(rng, shape, 0.0, dtype=dtype)


@scheme(formula="$c$, here 0.1", use="nothing", paper=None, deviation=lambda shape: 0.1)
def constant(rng: np.random.Generator, shape: Shape, value: float = 0.1, *, dtype: DType = np.float64) -> Array:
    """All weights the same `value`, a finite number. Every unit of the layer is then the same unit.

    Examples:
        >>> constant(np.random.default_rng(0), (2, 3), value=0.5)
        array([[0.5, 0.5, 0.5],
               [0.5, 0.5, 0.5]])
    """
    checks.generator(rng)
    checks.fans(shape)
    kind = checks.dtype(dtype)
    return np.full(shape, _fits(checks.number("value", value), kind), dtype=kind)


@scheme(
    formula=r"$\sigma^2$, here $0.01^2$",
    use="shallow networks of the past",
    paper="@krizhevsky2012",
    deviation=lambda shape: 0.01,
)
def normal(rng: np.random.Generator, shape: Shape, sigma: float = 0.01, *, dtype: DType = np.float64) -> Array:
    """Normal weights with standard deviation `sigma > 0`, whatever the fans.

    Source:
        Krizhevsky et al. (2012), section 5: zero-mean Gaussian with standard deviation 0.01.

    Examples:
        >>> print(f"{normal(np.random.default_rng(0), (400, 400)).std():.4f}")
        0.0100
    """
    checks.generator(rng)
    checks.fans(shape)
    return _draw(rng, shape, checks.number("sigma", sigma, above=0.0), "normal", checks.dtype(dtype))


@scheme(
    formula=r"$\text{limit}^2/3$, here $0.05^2/3$",
    use="embeddings in Keras",
    paper=None,
    deviation=lambda shape: 0.05 / math.sqrt(3),
)
def uniform(rng: np.random.Generator, shape: Shape, limit: float = 0.05, *, dtype: DType = np.float64) -> Array:
    r"""Uniform weights on [-`limit`, `limit`], whatever the fans.

    Their standard deviation is \(\text{limit}/\sqrt3\).

    Examples:
        >>> print(f"{uniform(np.random.default_rng(0), (400, 400)).std() * 3**0.5:.3f}")
        0.050
    """
    checks.generator(rng)
    checks.fans(shape)
    sigma = checks.number("limit", limit, above=0.0) / math.sqrt(3)
    return _draw(rng, shape, sigma, "uniform", checks.dtype(dtype))


@scheme(formula=r"$\sigma^2$, here $0.02^2$", use="transformers", paper=None, deviation=lambda shape: 0.02)
def truncated_normal(
    rng: np.random.Generator, shape: Shape, sigma: float = 0.02, *, dtype: DType = np.float64
) -> Array:
    """Normal weights without tails: redrawn beyond two standard deviations, then widened to the deviation `sigma`
    again.

    Source:
        The cut is that of TensorFlow, JAX and Keras, and so is the correction, by `truncated_deviation()`.

    Examples:
        >>> W = truncated_normal(np.random.default_rng(0), (400, 400))
        >>> print(f"{W.std():.3f}", bool(abs(W).max() <= 0.02 * 2 / truncated_deviation()))
        0.020 True
    """
    checks.generator(rng)
    checks.fans(shape)
    return _draw(rng, shape, checks.number("sigma", sigma, above=0.0), "truncated_normal", checks.dtype(dtype))


@scheme(
    formula="15 weights a unit, variance 1",
    use="deep autoencoders of 2010",
    paper="@martens2010",
    deviation=lambda shape: math.sqrt(min(15, checks.fans(shape)[0]) / checks.fans(shape)[0]),
)
def sparse(
    rng: np.random.Generator, shape: Shape, connections: int = 15, sigma: float = 1.0, *, dtype: DType = np.float64
) -> Array:
    """Each unit listens to `connections` inputs only, drawn anew for each, with normal weights of deviation `sigma`.

    A layer of fewer inputs than that is full.

    Raises:
        ValueError: for a shape of more than two axes.

    Source:
        Martens (2010), section 5, sparse initialization: 15 connections, and a deviation of 1 in his code.

    Examples:
        >>> W = sparse(np.random.default_rng(0), (100, 50))
        >>> sorted(set((W != 0).sum(axis=0).tolist()))
        [15]
    """
    checks.generator(rng)
    fan_in, fan_out = checks.matrix(shape)
    kept = min(checks.count("connections", connections), fan_in)
    kind = checks.dtype(dtype)
    W = np.zeros(shape, dtype=kind)
    # For each unit the first `kept` entries of a permutation of its inputs: a draw without repetition. `rows` is
    # (kept, fan_out), and names the nonzero entries of each column of W.
    rows = rng.permuted(np.tile(np.arange(fan_in), (fan_out, 1)), axis=1)[:, :kept].T
    W[rows, np.arange(fan_out)] = _fits(checks.number("sigma", sigma, above=0.0), kind) * rng.standard_normal(
        (kept, fan_out)
    )
    return W


def variance_scaling(
    rng: np.random.Generator,
    shape: Shape,
    *,
    scale: float,
    mode: Mode,
    distribution: Distribution,
    dtype: DType = np.float64,
) -> Array:
    r"""Independent weights of mean 0 and variance `scale / n`, with `n` chosen by `mode`.

    Args:
        rng: the source of randomness.
        shape: `(fan_in, fan_out)`, or `(*kernel, inputs, outputs)`.
        scale: positive; the variance times `n`.
        mode: `n` is `fan_in`, `fan_out`, or their mean `(fan_in + fan_out) / 2`.
        distribution: `normal`; `uniform` on \([-\sqrt{3\,\text{scale}/n}, \sqrt{3\,\text{scale}/n}]\); or
            `truncated_normal`, cut at two deviations and widened to make up for it. All have the same variance.
        dtype: float64 or float32.

    Source:
        The parametrization is that of JAX and Keras. LeCun et al. (1998), equation 16; Glorot & Bengio (2010),
        equation 16; He et al. (2015), equations 10 and 14.

    Examples:
        >>> W = variance_scaling(
        ...     np.random.default_rng(0), (400, 100), scale=2.0, mode="fan_in", distribution="normal"
        ... )
        >>> print(f"{400 * W.var():.1f}")
        2.0
    """
    checks.generator(rng)
    n = _fan(shape, mode)
    sigma = math.sqrt(checks.number("scale", scale, above=0.0) / n)
    known = ("normal", "uniform", "truncated_normal")
    return _draw(rng, shape, sigma, checks.lookup("distribution", distribution, known), checks.dtype(dtype))


def _scale(scale: float, gain: float) -> float:
    # The gain multiplies the weights, and its square multiplies their variance.
    gain = checks.number("gain", gain, above=0.0)
    square = gain * gain
    if not 0.0 < scale * square < math.inf:
        raise ValueError(f"gain must have a square within the range of float64, got {gain}")
    return scale * square


@scheme(
    formula=r"$1/n_\text{in}$",
    use="linear, tanh, SELU",
    paper="@lecun1998",
    deviation=_of_variance(1.0, "fan_in"),
    aliases=("selu",),
)
def lecun_normal(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Normal weights of variance \(\text{gain}^2/n_\text{in}\): keeps the mean square of a linear layer's signal.

    Source:
        LeCun et al. (1998), section 4.6, equation 16.

    Examples:
        >>> print(f"{400 * lecun_normal(np.random.default_rng(0), (400, 100)).var():.1f}")
        1.0
    """
    scale = _scale(1.0, gain)
    return variance_scaling(rng, shape, scale=scale, mode="fan_in", distribution="normal", dtype=dtype)


@scheme(formula=r"$1/n_\text{in}$", use="linear, tanh, SELU", paper="@lecun1998", deviation=_of_variance(1.0, "fan_in"))
def lecun_uniform(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Uniform weights of variance \(\text{gain}^2/n_\text{in}\), the same second moment as `lecun_normal`.

    Source:
        LeCun et al. (1998), section 4.6, equation 16.

    Examples:
        >>> W = lecun_uniform(np.random.default_rng(0), (400, 100))
        >>> bool(abs(W).max() <= (3 / 400) ** 0.5)
        True
    """
    scale = _scale(1.0, gain)
    return variance_scaling(rng, shape, scale=scale, mode="fan_in", distribution="uniform", dtype=dtype)


@scheme(
    formula=r"$2/(n_\text{in} + n_\text{out})$",
    use="tanh, linear",
    paper="@glorot2010",
    deviation=_of_variance(1.0, "fan_avg"),
    aliases=("xavier_normal",),
)
def glorot_normal(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Normal weights of variance \(2\,\text{gain}^2/(n_\text{in}+n_\text{out})\): halfway between the two directions.

    Source:
        Glorot & Bengio (2010), equation 12.

    Examples:
        >>> print(f"{250 * glorot_normal(np.random.default_rng(0), (400, 100)).var():.1f}")
        1.0
    """
    scale = _scale(1.0, gain)
    return variance_scaling(rng, shape, scale=scale, mode="fan_avg", distribution="normal", dtype=dtype)


@scheme(
    formula=r"$2/(n_\text{in} + n_\text{out})$",
    use="tanh, linear",
    paper="@glorot2010",
    deviation=_of_variance(1.0, "fan_avg"),
    aliases=("xavier_uniform",),
)
def glorot_uniform(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Uniform weights of variance \(2\,\text{gain}^2/(n_\text{in}+n_\text{out})\), the "normalized initialization".

    Source:
        Glorot & Bengio (2010), equation 16.

    Examples:
        >>> W = glorot_uniform(np.random.default_rng(0), (400, 100))
        >>> bool(abs(W).max() <= (6 / 500) ** 0.5)
        True
    """
    scale = _scale(1.0, gain)
    return variance_scaling(rng, shape, scale=scale, mode="fan_avg", distribution="uniform", dtype=dtype)


@scheme(
    formula=r"$2/n_\text{in}$",
    use="ReLU",
    paper="@he2015",
    deviation=_of_variance(2.0, "fan_in"),
    aliases=("kaiming_normal",),
)
def he_normal(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Normal weights of variance \(2\,\text{gain}^2/n_\text{in}\): keeps the mean square through a ReLU.

    Source:
        He et al. (2015), equation 10.

    Examples:
        >>> print(f"{400 * he_normal(np.random.default_rng(0), (400, 100)).var():.1f}")
        2.0
    """
    scale = _scale(2.0, gain)
    return variance_scaling(rng, shape, scale=scale, mode="fan_in", distribution="normal", dtype=dtype)


@scheme(
    formula=r"$2/n_\text{in}$",
    use="ReLU",
    paper="@he2015",
    deviation=_of_variance(2.0, "fan_in"),
    aliases=("kaiming_uniform",),
)
def he_uniform(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Uniform weights of variance \(2\,\text{gain}^2/n_\text{in}\), the same second moment as `he_normal`.

    Source:
        He et al. (2015), equation 10, which fixes the variance only.

    Examples:
        >>> W = he_uniform(np.random.default_rng(0), (400, 100))
        >>> bool(abs(W).max() <= (6 / 400) ** 0.5)
        True
    """
    scale = _scale(2.0, gain)
    return variance_scaling(rng, shape, scale=scale, mode="fan_in", distribution="uniform", dtype=dtype)


@scheme(
    formula=r"$W^\top W = I$, or $W W^\top = I$ if $n_\text{out} > n_\text{in}$",
    use="deep and recurrent",
    paper="@saxe2014",
    deviation=lambda shape: max(checks.fans(shape)[0], shape[-1]) ** -0.5,
)
def orthogonal(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""`gain` times a matrix whose shorter side is orthonormal, uniform over all such matrices.

    For `fan_in >= fan_out` the columns are orthonormal, else the rows. The QR decomposition of a Gaussian matrix
    becomes uniform (Haar) once the diagonal of R is made positive. A convolution's kernel counts as the matrix
    `(kernel * inputs, outputs)`.

    Source:
        Saxe et al. (2014), section 3; Mezzadri (2007), section 4, for the signs.

    Examples:
        >>> Q = orthogonal(np.random.default_rng(0), (5, 3))
        >>> bool(np.allclose(Q.T @ Q, np.eye(3)))
        True
    """
    checks.generator(rng)
    # The thin QR decomposition wants the longer side first. A wide matrix is drawn tall and transposed at the end.
    rows, columns = checks.fans(shape)[0], shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    # LAPACK chooses the signs of R's diagonal; without this step Q would not be uniform over all orthonormal matrices.
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    kind = checks.dtype(dtype)
    q *= _fits(checks.number("gain", gain, above=0.0), kind)
    return np.ascontiguousarray(q if rows >= columns else q.T, dtype=kind).reshape(shape)


@scheme(
    formula="$W = I$",
    use="recurrent, with ReLU",
    paper="@le2015",
    deviation=lambda shape: math.sqrt(min(shape[-2:]) / math.prod(shape)),
)
def identity(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    """`gain` times the identity; if the layer is not square, as much of it as fits. A convolution's sits at its center.

    Source:
        Le et al. (2015) for recurrent networks of ReLUs (IRNN); Xiao et al. (2018), section 3, for convolutions.

    Examples:
        >>> identity(np.random.default_rng(0), (2, 3))
        array([[1., 0., 0.],
               [0., 1., 0.]])
    """
    checks.generator(rng)
    checks.fans(shape)
    kind = checks.dtype(dtype)
    W = np.zeros(shape, dtype=kind)
    # The index is the kernel's center; for a matrix it is empty, and all of W is meant.
    W[tuple(size // 2 for size in shape[:-2])] = _fits(checks.number("gain", gain), kind) * np.eye(shape[-2], shape[-1])
    return W


@scheme(formula=r"$1/(3\,n_\text{in})$", use="PyTorch's default", paper=None, deviation=_of_variance(1 / 3, "fan_in"))
def pytorch_linear(rng: np.random.Generator, shape: Shape, *, dtype: DType = np.float64) -> Array:
    r"""What PyTorch's `nn.Linear` and `nn.Conv2d` start from: uniform weights of variance \(1/(3\,n_\text{in})\).

    The bounds are \(\pm1/\sqrt{n_\text{in}}\). In the source it reads `kaiming_uniform_(a=sqrt(5))`.
    The biases are drawn from the same interval.

    Source:
        PyTorch 2.13, `torch/nn/modules/linear.py`, measured in `wi_docs/data/frameworks.json`; the "standard" scheme of
        Glorot & Bengio (2010), equation 1.

    Examples:
        >>> W = pytorch_linear(np.random.default_rng(0), (400, 100))
        >>> print(f"{400 * W.var():.2f}", bool(abs(W).max() <= 400**-0.5))
        0.33 True
    """
    return variance_scaling(rng, shape, scale=1 / 3, mode="fan_in", distribution="uniform", dtype=dtype)


@scheme(
    formula=r"$2/(n_\text{in} + n_\text{out})$",
    use="Keras's default",
    paper=None,
    deviation=_of_variance(1.0, "fan_avg"),
)
def keras_dense(rng: np.random.Generator, shape: Shape, *, dtype: DType = np.float64) -> Array:
    """What Keras's `Dense` and `Conv2D` start from: `glorot_uniform`, with biases of 0.

    Source:
        Keras 3, `keras/src/layers/core/dense.py`, measured in `wi_docs/data/frameworks.json`.

    Examples:
        >>> rng = np.random.default_rng
        >>> bool((keras_dense(rng(0), (4, 3)) == glorot_uniform(rng(0), (4, 3))).all())
        True
    """
    return glorot_uniform(rng, shape, dtype=dtype)


@scheme(formula=r"$1/n_\text{in}$", use="Flax's default", paper=None, deviation=_of_variance(1.0, "fan_in"))
def flax_dense(rng: np.random.Generator, shape: Shape, *, dtype: DType = np.float64) -> Array:
    r"""What Flax's `Dense` and `Conv` start from: LeCun's variance \(1/n_\text{in}\), truncated normal, biases of 0.

    Source:
        Flax, `flax/linen/linear.py`, measured in `wi_docs/data/frameworks.json`.

    Examples:
        >>> print(f"{400 * flax_dense(np.random.default_rng(0), (400, 100)).var():.1f}")
        1.0
    """
    return variance_scaling(rng, shape, scale=1.0, mode="fan_in", distribution="truncated_normal", dtype=dtype)


def gpt2_residual(
    rng: np.random.Generator, shape: Shape, *, layers: int, sigma: float = 0.02, dtype: DType = np.float64
) -> Array:
    r"""Normal weights of deviation \(\sigma/\sqrt{2\,\text{layers}}\), for the last matrix of each residual branch.

    A transformer layer has two branches, attention and feed-forward, so that `layers` layers add up `2 * layers` terms.

    Args:
        rng: the source of randomness.
        shape: as everywhere.
        layers: the number of transformer layers, each of two branches.
        sigma: the deviation of all other weights.
        dtype: float64 or float32.

    Source:
        Radford et al. (2019), section 2.3: scaled by \(1/\sqrt N\) "where N is the number of residual layers".

    Examples:
        >>> W = gpt2_residual(np.random.default_rng(0), (768, 768), layers=12)
        >>> print(f"{W.std() * 24**0.5:.3f}")
        0.020
    """
    deviation = checks.number("sigma", sigma, above=0.0) / math.sqrt(2 * checks.count("layers", layers))
    return normal(rng, shape, deviation, dtype=dtype)


def fixup(rng: np.random.Generator, shape: Shape, *, branches: int, depth: int = 2, dtype: DType = np.float64) -> Array:
    r"""He's weights times \(L^{-1/(2m-2)}\), for all matrices of a residual branch but its last, which starts at 0.

    Args:
        rng: the source of randomness.
        shape: as everywhere.
        branches: \(L\), the number of residual branches in the network.
        depth: \(m\), the number of matrices in a branch, at least 2.
        dtype: float64 or float32.

    Source:
        Zhang et al. (2019), section 4. The exponent is negative; several reference pages leave the sign out.

    Examples:
        >>> W = fixup(np.random.default_rng(0), (400, 100), branches=16)
        >>> print(f"{400 * W.var():.3f}")
        0.125
    """
    # The m - 1 matrices that do not start at 0 scale their branch by L^(-1/2) together, each by an equal factor.
    power = -1 / (2 * checks.count("depth", depth, least=2) - 2)
    return he_normal(rng, shape, checks.count("branches", branches) ** power, dtype=dtype)


@scheme(
    formula=r"$1/n_\text{in}^2$",
    use="output layer under maximal update",
    paper="@yang2022",
    deviation=lambda shape: 1 / checks.fans(shape)[0],
)
def mup_readout(rng: np.random.Generator, shape: Shape, gain: float = 1.0, *, dtype: DType = np.float64) -> Array:
    r"""Normal weights of deviation \(\text{gain}/n_\text{in}\), not its root: the last layer in maximal-update scaling.

    Source:
        Yang & Hu (2021); Yang et al. (2022), table 3: variance \(1/n_\text{in}^2\) for the output weights.

    Examples:
        >>> print(f"{400 * mup_readout(np.random.default_rng(0), (400, 100)).std():.1f}")
        1.0
    """
    fan_in, _ = checks.fans(shape)
    return normal(rng, shape, checks.number("gain", gain, above=0.0) / fan_in, dtype=dtype)


def prior_bias(probability: float) -> float:
    r"""Return the bias at which a sigmoid output unit predicts `probability`: \(-\ln((1 - \pi)/\pi)\).

    Raises:
        ValueError: for a probability that is not between 0 and 1.

    Source:
        Lin et al. (2017), section 4.1, with \(\pi = 0.01\) for rare foreground classes.

    Examples:
        >>> print(f"{prior_bias(0.1):.2f} {prior_bias(0.01):.2f}")
        -2.20 -4.60
    """
    if checks.number("probability", probability, above=0.0) >= 1.0:
        raise ValueError(f"probability must be below 1, got {probability}")
    return math.log(probability) - math.log1p(-probability)


# The names under which PyTorch knows them, for those who import functions.
xavier_normal, xavier_uniform = glorot_normal, glorot_uniform
kaiming_normal, kaiming_uniform = he_normal, he_uniform


def names() -> tuple[str, ...]:
    """Return the names of the schemes that need no more than `rng` and `shape`, in the order of the chapter.

    `get` accepts the aliases in `ALIASES` too, such as PyTorch's names.

    Examples:
        >>> names()[:4], ALIASES["xavier_normal"]
        (('zeros', 'constant', 'normal', 'uniform'), 'glorot_normal')
    """
    return tuple(SCHEMES)


def get(name: str | Initializer) -> Initializer:
    """Return the scheme of that name, called as `init(rng, shape) -> W`. A function is returned as it is.

    Raises:
        ValueError: for an unknown name; the message suggests the nearest.
        TypeError: for anything that is neither a name nor a function.

    Examples:
        >>> get("xavier_normal")(np.random.default_rng(0), (3, 2)).shape
        (3, 2)
    """
    if callable(name):
        return name
    return known(name).draw


def known(name: str) -> Scheme:
    """Return the entry of the scheme of that name, which may be an alias.

    Raises:
        ValueError: for an unknown name; the message suggests the nearest.
        TypeError: for anything but a name.

    Examples:
        >>> known("kaiming_normal").name, known("kaiming_normal").paper
        ('he_normal', '@he2015')
    """
    found = checks.lookup("initializer", name, [*SCHEMES, *ALIASES])
    return SCHEMES[ALIASES.get(found, found)]


def draw(init: str | Initializer, rng: np.random.Generator, shape: Any) -> Array:
    """Draw a weight matrix from a scheme or from a function of the reader's, whose result is checked.

    Raises:
        ValueError: if the function returns another shape, or NaN or infinite weights.

    Examples:
        >>> draw(lambda rng, shape: rng.random(shape), np.random.default_rng(0), (3, 2)).shape
        (3, 2)
    """
    checks.matrix(shape)
    W = get(init)(checks.generator(rng), shape)
    if isinstance(init, str):  # a new array of ours, finite and of the shape that was asked for
        return W
    W = checks.array("the initializer's weights", W)
    if W.shape != tuple(shape):
        raise ValueError(f"the initializer returned shape {W.shape}, expected {tuple(shape)}")
    return W


def deviation(name: str, shape: Shape) -> float:
    """Return the root of the mean square of the weights that a scheme draws for `shape`.

    Raises:
        ValueError: for an unknown name, or a shape that has no fans.
        TypeError: for a shape that is not a tuple of integers.

    Examples:
        >>> print(f"{deviation('he_normal', (50, 10)):.3f} {deviation('glorot_uniform', (150, 50)):.3f}")
        0.200 0.100
    """
    checks.fans(shape)
    return known(name).deviation(shape)


def summary(name: str) -> str:
    """Return the first line of a scheme's documentation, as plain text.

    Examples:
        >>> summary("zeros")
        'All weights 0. Fine for a linear model; a hidden layer of zeros learns nothing, or one feature.'
    """
    return (inspect.getdoc(get(name)) or "").partition("\n")[0]
