"""The mean-field theory of a described network, row by row: for wide networks, and weights drawn independently."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from wi_docs.diagnosis.layers import BATCH, LARGEST, Layers
from wi_docs.diagnosis.spec import STRUCTURED, Spec
from wi_docs.experiments import saturation
from wi_docs.experiments.meanfield import covariance
from wi_docs.nn import gains
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array

NODES = 41  # nodes a side of the quadrature over two inputs: three digits are enough for a verdict
FAR = 460.0  # the largest logarithm of a variance that is integrated: 1e200, or 1e-200
RESOLVED = 30.0  # the variance up to which the nodes in `_moments` lie close enough for the bend of an activation
CORNERS = {"hard_tanh": (-1.0, 1.0), "hard_swish": (-3.0, 3.0)}  # activations whose slope jumps elsewhere than at 0


class _Moments(NamedTuple):
    r"""Means over a standard normal z of an activation \(\varphi\) at variance q.

    Attributes:
        square: \(\mathbb{E}\varphi(\sqrt q z)^2\).
        slope: \(\mathbb{E}\varphi'(\sqrt q z)^2\).
        mean: \(\mathbb{E}\varphi(\sqrt q z)\).
        kurtosis: \(\mathbb{E}\varphi^4/(\mathbb{E}\varphi^2)^2\).
        elasticity: \(d\ln\mathbb{E}\varphi^2/d\ln q\), which by the chain rule is
            \(\sqrt q\,\mathbb{E}[\varphi\varphi' z]/\mathbb{E}\varphi^2\).
        rule: the result of `covariance` for equal inputs with few nodes, over `square`: an error to be divided out.
    """

    square: float
    slope: float
    mean: float
    kurtosis: float
    elasticity: float
    rule: float


def _second_moment(phi: Activation, q: float, weights: Array, values: Array, direction: gains.Direction) -> float:
    """Return the mean over a standard normal z of the square of an activation or of its slope, at variance `q`.

    Args:
        phi: the activation.
        q: the variance of the pre-activations.
        weights: the normal density at the nodes, scaled to a sum of 1.
        values: the function or its slope at the nodes.
        direction: `forward` if `values` are the function's, `backward` if they are the slope's.

    For a smooth function the trapezoid rule's error falls exponentially as the step shrinks. So if a third of the nodes
    gives seven digits, all of them give three times as many. Otherwise, as at corners, the adaptive quadrature of
    `gains` takes over. (Half of the nodes would be the mirror image of the other half, and agree for every even
    function.)
    """
    squares = weights * values**2
    found = float(squares.sum())
    if q < RESOLVED and abs(3 * float(squares[::3].sum()) - found) <= 1e-7 * found:
        return found
    return gains.second_moment(phi, q, direction=direction, corners=CORNERS.get(phi.name, ()))


@cache
def _moments(name: str, q: float) -> _Moments:
    """Return the means of an activation at variance `q`. They are cached, for a variance settles after some layers."""
    phi = activation(name)
    if name in ("linear", "relu", "leaky_relu") and q != 1.0:  # a larger input gives a larger output, no more
        unit = _moments(name, 1.0)
        return unit._replace(square=unit.square * q, mean=unit.mean * math.sqrt(q))
    z = np.linspace(-9.0, 9.0, 240)  # an even number: no point falls on a corner at 0
    weights = np.exp(-0.5 * z * z)
    weights /= weights.sum()
    f, df = phi.f(math.sqrt(q) * z), phi.df(math.sqrt(q) * z)
    rough = float(weights @ f**2)
    square, slope = _second_moment(phi, q, weights, f, "forward"), _second_moment(phi, q, weights, df, "backward")
    # The kurtosis does not depend on the scale of f.
    relative = f / np.abs(f).max()  # the fourth power of f itself may leave float64
    fourth = float(weights @ relative**4) / float(weights @ relative**2) ** 2
    # The elasticity by the chain rule, see `_Moments`. It is divided by the same rule's second moment, so that the
    # errors of the rule cancel.
    turn = float(weights @ (f * df * z)) * math.sqrt(q)
    own = covariance(phi, 1.0, q, nodes=NODES) / square
    return _Moments(square, slope, float(weights @ f), max(fourth, 1.0), turn / rough, own)


# From here on sizes are kept as logarithms. A size beyond float64 becomes 0 or infinite in the end only, and no other
# size suffers from it on the way.


def _log(x: float) -> float:
    """Return the logarithm of `x`, which is not negative: minus infinity for 0, 709.8 (the largest) for infinity."""
    return math.log(min(x, LARGEST)) if x > 0.0 else -math.inf


def _sum(*sizes: float) -> float:
    """Return the logarithm of the rms of a sum of independent parts, given the logarithms of their rms.

    The squares of independent parts of mean 0 add up. `logaddexp` adds without leaving the logarithms.
    """
    return float(np.logaddexp.reduce([2 * size for size in sizes])) / 2


def _share(part: float, whole: float) -> float:
    """Return the share that a part has in the mean square of a whole, given the logarithms of both rms."""
    return math.exp(min(2 * (part - whole), 0.0)) if part > -math.inf else 0.0


@dataclass
class _Stream:
    """The statistics of the signal between two rows.

    Attributes:
        size: logarithm of the signal's rms.
        correlation: mean cosine of two inputs.
        variance: variance of the logarithm of the signal's mean square, over draws of the weights.
    """

    size: float
    correlation: float
    variance: float


class _Step(NamedTuple):
    """The effect of a layer or a block on the signal and the gradient.

    Attributes:
        out: the statistics of the signal behind it.
        chi: logarithm of its factor on the gradient's mean square, from its output to its input.
        size: logarithm of the rms of its pre-activations.
        correlation: correlation of the pre-activations of two inputs.
    """

    out: _Stream
    chi: float
    size: float
    correlation: float


def _activated(spec: Spec, size: float, c: float, variance: float, width: int, linear: bool) -> _Step:
    """Pass normal pre-activations of log rms `size` and correlation `c` through a layer's activation and normalization.

    `variance` is that of the logarithm of the pre-activations' mean square, over draws of the weights, and `width` the
    number of units. A variance beyond `FAR` is not integrated: there an activation multiplies its input by a constant,
    or is a constant.
    """
    normalized = "none" if linear or spec.residual else spec.normalization
    shrink = 0.0
    if normalized == "before":  # divided by its rms, which takes the spread away; the gradient is divided too
        size, shrink, variance = 0.0, size, 0.0
    name = "linear" if linear else spec.activation
    # `size` is the logarithm of an rms, `FAR` that of a variance: hence the half.
    near = min(max(size, -FAR / 2), FAR / 2)
    q = math.exp(2 * near)
    # Seven digits, so that a variance that has settled is not integrated again.
    at = _moments(name, float(f"{q:.7g}"))
    # E[phi(u) phi(v)]: Poole et al. (2016), equation 5. The rule's own error for equal inputs is divided out.
    together = covariance(name, min(max(c, -1.0), 1.0), q, nodes=NODES) / at.rule
    # Ours: to first order a change of ln q comes through times the elasticity, and a mean of `width` squares varies
    # by the kurtosis less one over the width.
    variance = variance * at.elasticity**2 + (at.kurtosis - 1) / width
    # An elasticity of 1 means that the function is linear out there, so that the rest of the size passes through it;
    # one of 0 that it has saturated.
    beyond = size - near if round(at.elasticity) else 0.0
    # Dividing the pre-activations by their rms divides the gradient by the same number.
    chi = _log(at.slope) - 2 * shrink
    if normalized == "after":  # the mean over units is taken away, and what is left is divided by its rms
        left, c_left = at.square - at.mean**2, together - at.mean**2
        if left < 1e-9 * at.square:  # a constant and a little of what it got: subtraction would leave rounding
            left, c_left, beyond = at.slope * q, at.slope * q * c, size - near
        return _Step(_Stream(0.0, c_left / left, 0.0), chi - _log(left) - 2 * beyond, size, c)
    return _Step(_Stream(_log(at.square) / 2 + beyond, together / at.square, variance), chi, size, c)


def _layer(spec: Spec, layer: int, deviations: tuple[float, float], s: _Stream, *, linear: bool) -> _Step:
    """Pass the signal `s` through the weights and biases of `layer`, counted from 0, then through its activation.

    `deviations` are its sigma_w and sigma_b. A linear layer has no activation and no normalization.
    """
    w, b = map(_log, deviations)
    size = _sum(w + s.size, b)  # q = sigma_w^2 E phi^2 + sigma_b^2: Poole et al. (2016), equation 3
    share = _share(w + s.size, size)
    c = share * s.correlation + (1 - share)  # equation 5 over q: two inputs have the biases in common
    # The biases' part does not vary with what came in: d ln q = share * d ln E phi^2, and a variance has its square.
    step = _activated(spec, size, c, s.variance * share**2, spec.widths[layer + 1], linear=linear)
    return step._replace(chi=2 * w + step.chi)  # chi = sigma_w^2 E phi'^2: Schoenholz et al. (2017), equation 5


def _block(spec: Spec, layer: int, deviations: list[tuple[float, float]], s: _Stream) -> _Step:
    """Pass the stream `s` through a residual branch, whose first layer is `layer`, and add the branch's output to it.

    `deviations` are those of the branch's two layers.
    """
    before = spec.normalization == "before"
    # A normalization before the branch gives it a signal of rms 1, log rms 0, without variance between draws.
    branch = _layer(spec, layer, deviations[0], _Stream(0.0, s.correlation, 0.0) if before else s, linear=False)
    a, (v, bias), width = branch.out, map(_log, deviations[1]), spec.widths[layer + 1]
    # The branch's weights are independent of the stream: squares add up, forward and back.
    whole = _sum(s.size, v + a.size, bias)
    # The shares of the stream, of the branch's second matrix and of its biases in the sum. Two inputs have the biases
    # in common, so that their correlation there is 1.
    kept, new, common = (_share(part, whole) for part in (s.size, v + a.size, bias))
    added = new + common
    correlation = kept * s.correlation + new * a.correlation + common
    # Along the stream the gradient's square passes with a factor of 1, whose logarithm is 0; the branch's square adds
    # to it. A normalization before the branch divides the branch's gradient by the stream's rms.
    chi = float(np.logaddexp(0.0, branch.chi + 2 * v - (2 * s.size if before else 0.0)))
    # Ours: given the stream, what is added is normal. Its size varies as that of what it is made from, and the mean
    # square of a sum over `width` units by 2/width of the added share's square and by 4/width of the mixed product.
    passed = kept * math.sqrt(s.variance) + added * math.sqrt(a.variance)
    out = _Stream(whole, correlation, passed**2 + (2 * added**2 + 4 * kept * added) / width)
    if spec.normalization == "after":
        chi, out = chi - 2 * whole, _Stream(0.0, correlation, 0.0)
    return _Step(out, chi, branch.size, branch.correlation)


def _steps(spec: Spec) -> list[_Step]:
    """Return the step of each row, in order, up to the first layer whose pre-activations are all 0."""
    stream = _Stream(math.log(spec.input_second_moment) / 2, spec.input_correlation, 0.0)
    deviations, found = spec.deviations(), []
    for _, first, *rest in spec.rows():
        if rest:
            step = _block(spec, first, deviations[first : first + 2], stream)
        elif max(_log(deviations[first][0]) + stream.size, _log(deviations[first][1])) == -math.inf:
            break
        else:
            # In a residual network the first and the last layer are linear too; only branches have activations.
            linear = spec.residual or first == len(deviations) - 1
            step = _layer(spec, first, deviations[first], stream, linear=linear)
        found.append(step)
        stream = step.out
    return found


def theory(spec: Spec) -> Layers:
    r"""Compute signal, gradient and correlation of each row for a large width, and the signal's spread at this one.

    The spread is the first order in one over the width, which is too small for the narrowest networks.

    The squares follow the length map, the correlation its own map, the gradient \(\chi\). In a residual network a
    branch adds its square to the stream's, forward and back. The spread is a sum over layers: one of \(n\) units
    contributes \((\mathbb{E}\varphi^4/(\mathbb{E}\varphi^2)^2 - 1)/n\), which is \(5/n\) for ReLU, as far as the
    following layers pass it on. All sizes are kept as logarithms: what is beyond float64 comes out as 0 or infinite,
    and nothing else suffers.

    `meanfield.trajectory` is the same recursion for equal layers without branches, normalization, spread or format. It
    integrates to ten digits, and its variances are plain numbers, which is what claims and figures want; merged, each
    would carry what only the other needs.

    Raises:
        ValueError: for `zeros`, `constant` and `identity`. Orthogonal weights are taken for independent ones.

    Source:
        Poole et al. (2016), equations 3 and 5; Schoenholz et al. (2017), equation 5; Hanin & Rolnick (2018) for the sum
        of \(1/n\) in ReLU networks; what other functions contribute and pass on is ours.

    Examples:
        >>> layers = theory(Spec((64, *[256] * 20, 10), scheme="pytorch_linear", sigma_b=0.0))
        >>> print(f"{6 * layers.chi[5]:.6f} {layers.forward[5] ** 2 * 6:.6f}")
        1.000000 1.000000
    """
    if spec.scheme in STRUCTURED:
        raise ValueError(f"theory is about independent weights, and {spec.scheme} draws none")
    rows, steps = spec.rows(), _steps(spec)
    # Rows that no signal reaches keep these values: sizes of 0, and a correlation of 1.
    logs, table = np.full((len(rows), 4), -math.inf), np.zeros((len(rows), 4))
    table[:, 0] = 1.0
    before = math.log(spec.input_second_moment) / 2
    for index, ((_, first, *rest), step) in enumerate(zip(rows, steps, strict=False)):
        off = 0.0, 0.0
        if rest or not (spec.residual or first == len(spec.widths) - 2):
            near, c = math.exp(min(max(2 * step.size, -FAR), FAR)), min(max(step.correlation, 0.0), 1.0)
            off = (
                saturation.saturated_share(spec.activation, near),
                saturation.dead_share(spec.activation, near, c, BATCH),
            )
        # The logarithms of q, forward, chi and signal, then correlation, saturated, dead and spread. The spread is that
        # of ln(rms), half the logarithm of the mean square.
        logs[index] = 2 * step.size, step.out.size - before, step.chi, step.out.size
        table[index] = min(step.out.correlation, 1.0), *off, math.sqrt(step.out.variance) / 2
        before = step.out.size
    # The gradient at a row's output is the product of the factors of all later rows, here the sum of their logarithms
    # from the end; half, for the length and not its square. At the network's output it is 1.
    gradient = np.r_[np.cumsum(logs[:0:-1, 2])[::-1] / 2, 0.0]
    with np.errstate(over="ignore"):
        q, forward, chi, signal = np.exp(logs.T)
        return Layers(q, forward, chi, signal, np.exp(gradient), *np.ascontiguousarray(table.T))
