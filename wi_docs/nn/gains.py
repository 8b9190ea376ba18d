r"""Second moments of an activation under the normal distribution, by quadrature, and the gains that follow from them.

The integrals are \(\mathbb{E}[g(\sqrt{q} z)]\) with \(z\) standard normal. The integrand may have kinks (ReLU) or
jumps (its derivative), where a fixed rule such as Gauss-Hermite is good to three digits only. So the line is cut into
panels, each done by Gauss-Legendre, and a panel is halved until halving it changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.polynomial import legendre

from wi_docs.nn import checks
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array

Direction = Literal["forward", "backward"]

_REACH = 13.0  # the Gaussian's density is 8e-38 there
# Nodes and weights of Gauss-Legendre quadrature on [-1, 1]: 16 nodes are exact for polynomials of degree 31.
_NODES, _WEIGHTS = legendre.leggauss(16)
_TOLERANCE = 1e-12  # of the whole integral, shared out among panels by their width
# Edges of panels are the integers, where the corners of our own activations lie (0, 1, 3), moved by this much.
_OFFSET = 1 / math.pi  # for unknown functions: a jump that falls on an edge of panels would pass unseen
_HALVINGS = 60  # 2^-60 of a panel of width 1 is below the spacing of float64 numbers around 1
_PANELS = 100_000  # open at a time: rounding that is taken for kinks would double them without end
_EPS = float(np.finfo(np.float64).eps)


def _differentiation_matrix(nodes: Array) -> Array:
    """Return the matrix D, `(nodes, nodes)`, that turns a function's values at `nodes` into slopes there.

    D @ f(nodes) is the derivative of the polynomial through the values, in its barycentric form.
    """
    # D[i, j] = (w[j] / w[i]) / (x[i] - x[j]) with the barycentric weights w[j] = 1 / prod_k (x[j] - x[k]). The identity
    # fills the diagonal, which is 0 in the differences, with a 1 that changes no product.
    difference = nodes[:, None] - nodes[None, :] + np.eye(len(nodes))
    weight = 1.0 / difference.prod(axis=1)
    matrix = weight[None, :] / weight[:, None] / difference
    np.fill_diagonal(matrix, 0.0)
    # Each row sums to 0, since the derivative of a constant is 0.
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return np.asarray(matrix)


_DIFFERENTIATE = _differentiation_matrix(_NODES)


def _panels(g: Callable[[Array, Array], Array], left: Array, right: Array) -> Array:
    """Integrate g(z, half_width) times the Gaussian density over each panel [left, right]."""
    # The nodes are mapped from [-1, 1] to every panel at once: z is (panels, nodes).
    half = (right - left) / 2
    z = (left + half)[:, None] + half[:, None] * _NODES
    return (g(z, half) * np.exp(-0.5 * z * z)) @ _WEIGHTS * half / math.sqrt(2 * math.pi)


def _integrate(
    g: Callable[[Array, Array], Array],
    *,
    offset: float = 0.0,
    noise: float = 0.0,
    corners: Sequence[float] | Array = (),
    unit: float = 1.0,
    eps: float = _EPS,
) -> float:
    """Integrate g(z, half_width) times the Gaussian density over the line. Panels end at `corners`.

    Args:
        g: the integrand, called with nodes `(panels, nodes)` and half-widths `(panels,)`, returns values at the nodes.
        offset: the distance by which the edges of the panels are moved from the integers.
        noise: the relative rounding error on a panel of width 1. It grows as panels shrink; a panel whose halves agree
            within it is not halved again.
        unit: the distance from 0 within which that error does not shrink with z.
        corners: points at which `g` or its slope jumps, beside the integers.
        eps: the relative rounding error of the integrand's values, which bounds what can be asked of a panel.

    Raises:
        ValueError: if the integrand does not fall off at both ends of the line, or the halving does not settle.
    """
    # 26 panels of width 1.
    edges = np.linspace(-_REACH, _REACH, 27) + offset
    if len(corners):
        edges = np.union1d(edges, [corner for corner in corners if abs(corner) < _REACH])
    # Invariant of the loop: `total` holds what is settled, and `absolute` the sum of its panels' sizes, which do not
    # cancel; `left`, `right` and `whole` describe the panels that are not settled.
    left, right, total, absolute = edges[:-1], edges[1:], 0.0, 0.0
    narrowest = float((right - left).min())
    whole = _panels(g, left, right)
    if np.abs(whole[[0, -1]]).max() > 1e-12 * np.abs(whole).sum():  # what lies beyond the ends would count
        raise ValueError("the moment may be infinite: it grows as fast as the Gaussian falls")
    for _ in range(_HALVINGS):
        middle = (left + right) / 2
        lower, upper = _panels(g, left, middle), _panels(g, middle, right)
        halves, width = lower + upper, right - left
        # 1e-300 stands in for an integral of 0, by which nothing could be compared.
        size = absolute + float(np.abs(halves).sum()) + 1e-300
        # A panel this narrow that still holds a thousandth of the whole sits on a pole, and would never settle.
        if (np.abs(halves) > 1e-3 * size)[width < 1e-9 * narrowest].any():
            break
        # A panel is settled when its two halves agree with the whole, within its share of the tolerance (narrow panels
        # get at least a thousandth of it) or within the rounding error of the slopes, which grows as 1 / width.
        allowed = _TOLERANCE * size * np.maximum(width / (2 * _REACH), 1e-3)
        if eps > _EPS:  # values of single precision: halves agree within their rounding, and no better
            allowed = np.maximum(allowed, 8 * eps * np.abs(halves) + eps * size * width / (2 * _REACH))
        rounding = np.minimum(0.1, noise * (unit + np.abs(middle)) / width) * np.abs(halves)
        done = np.abs(halves - whole) <= np.maximum(allowed, rounding)
        total += float(halves[done].sum())
        absolute += float(np.abs(halves[done]).sum())
        if done.all():
            return total
        # Go on with both halves of every panel that is not settled.
        left, right = np.r_[left[~done], middle[~done]], np.r_[middle[~done], right[~done]]
        whole = np.r_[lower[~done], upper[~done]]
        if len(left) > _PANELS:
            raise ValueError(
                f"the moment did not settle on {_PANELS:,} pieces: does it jump everywhere, or convert "
                "its numbers to single precision (float32) and back?"
            )
    raise ValueError("the moment did not settle: it may be infinite, as a slope's is at a jump")


def _values(function: Callable[[Any], Any], x: Array) -> Array:
    """Return the values of a reader's function at `x`. They have to be finite, and of the shape of `x`."""
    y = checks.array("the function's values", function(x))
    if y.shape != x.shape:
        raise ValueError(f"the function must be elementwise: it took shape {x.shape} and returned {y.shape}")
    return y


def _squared(values: Array) -> Array:
    """Return the squares of values, which have to be finite too."""
    with np.errstate(over="ignore"):
        squares = values * values
    if not np.isfinite(squares).all():
        raise ValueError("the squares of the function's values are beyond float64")
    return squares


def _rounding(function: Callable[[Any], Any]) -> float:
    """Return the relative rounding error of a function's values, by their type: PyTorch and JAX have float32."""
    kind = str(getattr(function(np.full((1, 1), 0.5)), "dtype", "float64")).rpartition(".")[2]
    return {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}.get(kind, _EPS)


def _slopes(function: Callable[[Any], Any], x: Array, half: Array, eps: float) -> Array:
    """Return the slopes at the nodes `x`, one panel a row. A slope within its panel's rounding error is set to 0."""
    y = _values(function, x)
    # The matrix differentiates on [-1, 1]; a panel is `half` times as wide, and its slopes are 1 / half times as large.
    slopes = y @ _DIFFERENTIATE.T / half[:, None]
    rounding = 1e-13 * (eps / _EPS) * np.abs(y).max(axis=1) / half
    return np.where(np.abs(slopes) > rounding[:, None], slopes, 0.0)


def _bends(root: float) -> Array:
    r"""Return edges of panels at \(x = \sqrt{q} z\) of 1, 10 and so on up to `root`, \(\sqrt{q}\), on both sides.

    At a large variance an activation does what it does at \(x\) of about 1 between two nodes of a panel of width 1.
    """
    if root <= 4.0:
        return np.zeros(0)
    right = 10.0 ** np.arange(math.ceil(math.log10(root)) + 1) / root
    return np.concatenate([-right, right])


def second_moment(
    function: str | Activation | Callable[[Any], Any],
    q: float = 1.0,
    *,
    direction: Direction = "forward",
    corners: Sequence[float] = (),
) -> float:
    r"""Return \(\mathbb{E}[\varphi(\sqrt{q} z)^2]\), or backward \(\mathbb{E}[\varphi'(\sqrt{q} z)^2]\).

    Args:
        function: an activation, its name, or any elementwise function of an array. A function's derivative is taken
            from the polynomial through its values on each panel, so that kinks are found and resolved.
        q: the variance of the pre-activations, positive.
        direction: `forward` for the function itself, `backward` for its slope.
        corners: the points at which an activation's slope jumps. Naming them makes the quadrature several times as
            fast; without them they are found by halving panels.

    Returns:
        The moment, to a relative error of 1e-10 for functions with kinks or jumps. A peak that is narrower than a tenth
        can stand between the points at which the function is tried, and is then not seen.

    Raises:
        ValueError: for an unknown name or direction, `q` not positive, a function that returns another shape, NaN or
            infinite values, values whose squares are beyond float64 or below it, or whose moment does not settle.
        TypeError: for anything that is neither a name nor a function, or returns no real numbers.

    Examples:
        >>> print(f"{second_moment('relu'):.10f} {second_moment('sigmoid', direction='backward'):.6f}")
        0.5000000000 0.044836
    """
    root = math.sqrt(checks.number("q", q, above=0.0))
    bends = _bends(root)
    backward = checks.lookup("direction", direction, ("forward", "backward")) == "backward"
    if callable(function) and not isinstance(function, Activation):
        given, eps = function, _rounding(function)
        if backward and eps > 1e-6:
            raise ValueError("the function's numbers are of half precision, too coarse for slopes: use float64")

        def values(z: Array, half: Array) -> Array:
            return _slopes(given, root * z, root * half, eps) if backward else _values(given, root * z)

        moment = _integrate(
            lambda z, half: _squared(values(z, half)),
            offset=_OFFSET,
            noise=1e-12 * (eps / _EPS) if backward else 0.0,
            corners=bends * (1 + _OFFSET),
            unit=1 / root if len(bends) else 1.0,
            eps=eps,
        )
    else:
        # An activation of ours brings its exact slope, so that nothing has to be differentiated numerically. A corner
        # at x is reached by z = x / sqrt(q).
        phi = activation(function)

        def values(z: Array, half: Array) -> Array:
            return (phi.df if backward else phi.f)(root * z)

        ends = [*(corner / root for corner in corners), *bends]
        moment = _integrate(lambda z, half: _squared(values(z, half)), corners=ends)
    if moment < 1e-300 and values(_NODES[None, :], np.ones(1)).any():  # squares that are 0 or have lost their digits
        raise ValueError("the squares of the function's values are below float64")
    return moment


def mean(function: str | Activation | Callable[[Any], Any], q: float = 1.0) -> float:
    r"""Return \(\mathbb{E}[\varphi(\sqrt{q} z)]\).

    Args:
        function: an activation, its name, or any elementwise function of an array.
        q: the variance of the pre-activations, positive.

    Raises:
        ValueError: as `second_moment`.
        TypeError: as `second_moment`.

    Examples:
        >>> print(f"{mean('relu'):.6f} {1 / math.sqrt(2 * math.pi):.6f} {mean('sigmoid'):.6f}")
        0.398942 0.398942 0.500000
    """
    root = math.sqrt(checks.number("q", q, above=0.0))
    if callable(function) and not isinstance(function, Activation):
        given = function
        return _integrate(
            lambda z, half: _values(given, root * z),
            offset=_OFFSET,
            corners=_bends(root) * (1 + _OFFSET),
            eps=_rounding(function),
        )
    phi = activation(function)
    return _integrate(lambda z, half: phi.f(root * z), corners=_bends(root))


def gain(function: str | Activation | Callable[[Any], Any], *, direction: Direction = "forward") -> float:
    r"""Return the factor on LeCun's scale \(1/\sqrt{n_\text{in}}\) that keeps a signal's second moment at 1.

    Forward, \(1/\sqrt{\mathbb{E}[\varphi(z)^2]}\) keeps the mean square of the activations; backward,
    \(1/\sqrt{\mathbb{E}[\varphi'(z)^2]}\) keeps the mean square of the gradient with respect to the pre-activations,
    when these are standard normal. The two agree for linear and ReLU-like functions, and differ for most others.

    Args:
        function: an activation, its name, or any elementwise function of an array.
        direction: `"forward"` or `"backward"`.

    Raises:
        ValueError: as `second_moment`, and when the moment is 0, so that no gain can restore it.
        TypeError: as `second_moment`.

    Source:
        He et al. (2015), equations 10 and 14, for ReLU; Schoenholz et al. (2017), equations 3 and 5, for any function.

    Examples:
        >>> print(f"{gain('relu')**2:.6f} {gain('tanh'):.4f} {gain('tanh', direction='backward'):.4f}")
        2.000000 1.5925 1.4674
        >>> print(f"{gain(lambda x: x * (x > 0)) ** 2:.6f}")
        2.000000
    """
    moment = second_moment(function, direction=direction)
    if moment == 0.0:
        raise ValueError(f"no gain: the function's {direction} second moment is 0")
    return 1.0 / math.sqrt(moment)
