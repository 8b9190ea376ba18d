"""Networks as they are described, drawn and run: the second opinion beside theory."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence

import numpy as np

from wi_docs.diagnosis.layers import Layers, over
from wi_docs.diagnosis.problems import Row
from wi_docs.diagnosis.spec import Spec
from wi_docs.diagnosis.zeros import in_the_way
from wi_docs.experiments import conditions, saturation
from wi_docs.experiments.propagation import rms
from wi_docs.nn import initializers
from wi_docs.nn.activations import activation
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP


def build(spec: Spec, seed: int = 0) -> MLP:
    """Return the network that is described.

    Examples:
        >>> net = build(Spec((8, 4, 4, 4, 2), scheme="he_normal", residual=True))
        >>> [phi.name for phi in net.activations], sorted(net.branch_ends)
        (['linear', 'relu', 'linear', 'linear'], [2])
    """
    rng = np.random.default_rng([conditions.seed(spec.seed), seed])
    deviations, shapes = spec.deviations(), list(itertools.pairwise(spec.widths))
    net = MLP(spec.widths, spec.activation, spec.scheme or "lecun_normal", rng)
    for layer, ((sigma_w, sigma_b), shape) in enumerate(zip(deviations, shapes, strict=True)):
        drawn = initializers.deviation(spec.scheme or "lecun_normal", shape) * math.sqrt(shape[0])
        with np.errstate(over="ignore", invalid="ignore"):
            net.W[layer] *= sigma_w / drawn if drawn else 0.0
        net.b[layer] = sigma_b * rng.standard_normal(shape[1])
    conditions.say(scheme=spec.scheme or "lecun_normal", data="normal inputs")
    conditions.network(net, rng)
    return arrange(spec, net)


def arrange(spec: Spec, net: MLP) -> MLP:
    """Give `net` the branches and normalizations of `spec`, in place, and return it."""
    hidden = range(len(net.W) - 1)
    if spec.residual:
        starts = frozenset(hidden[1::2])
        net.activations = [activation(spec.activation if k in starts else "linear") for k in range(len(net.W))]
        net.branch_ends = frozenset(hidden[2::2])
        places = {"before": {"input": starts}, "after": {"output": net.branch_ends}}
    else:
        places = {"before": {"sum": frozenset(hidden)}, "after": {"output": frozenset(hidden)}}
    net.normalized = places.get(spec.normalization, {})
    return net


def simulate(spec: Spec, nets: Sequence[MLP], batch: int = 32) -> Layers:
    """Send the same normal inputs through each network, and a normal cotangent back, and average over networks.

    Raises:
        ExplosionError: a ValueError, if numbers leave float64.
        ValueError: if equal units are to be normalized.

    Examples:
        >>> spec = Spec((64, *[256] * 20, 10), scheme="pytorch_linear", sigma_b=0.0)
        >>> layers = simulate(spec, [build(spec)])
        >>> bool(abs(6 * layers.chi[1:-1].mean() - 1) < 0.1)
        True
    """
    rng, n = np.random.default_rng([spec.seed, 1]), spec.widths[0]
    own, common = rng.standard_normal((batch, n)), rng.standard_normal(n)
    c = spec.input_correlation
    x = math.sqrt(spec.input_second_moment) * (math.sqrt(1 - c) * own + math.sqrt(c) * common)
    cotangent = rng.standard_normal((batch, spec.widths[-1]))
    with np.errstate(over="ignore", invalid="ignore"):  # squares of what is near the end of float64
        measured = [_measure(spec, net, x, cotangent) for net in nets]
        mean = np.array([table for table, _ in measured], dtype=np.float64).mean(axis=0)
    spread = _spread(np.array([logs for _, logs in measured]))
    return Layers(*np.ascontiguousarray(np.c_[mean, spread].T))


def _measure(spec: Spec, net: MLP, x: Array, cotangent: Array) -> tuple[list[list[float]], list[Array]]:
    """Return the columns of `Layers` but the spread, a list for each row, and the logarithms of the outputs' lengths.

    The logarithms are `(inputs,)` for each row.
    """
    run = net.forward(x)
    grad = net.backward(run, cotangent)
    table, logs, before, da_before = [], [], x, grad.x
    for _, first, *rest in spec.rows():
        end = rest[-1] if rest else first
        z, a, da = run.pre_activations[first], run.outputs[end], grad.outputs[end]
        off, length = saturation.saturated(net.activations[first], z), _length(da)
        back, size, sum_size = over(_length(da_before), length), rms(a), rms(z)
        table.append(
            [
                sum_size * sum_size, over(size, rms(before)), back * back, size, length / _length(cotangent), alike(a),
                float(off.mean()), float(off.all(axis=0).mean()),
            ]
        )  # fmt: skip
        logs.append(_log_lengths(a))
        before, da_before = a, da
    return table, logs


def _length(x: Array) -> float:
    """Return the length of all entries as a vector, also where their squares leave float64."""
    return rms(x) * math.sqrt(x.size)


def _log_lengths(a: Array) -> Array:
    """Return the logarithm of each example's length, `(batch,)`, also where squares leave float64.

    It is minus infinity for an example of zeros.
    """
    largest = np.abs(a).max(axis=1, keepdims=True)
    unit = a / np.where(largest > 0.0, largest, 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(largest[:, 0] * np.sqrt((unit**2).mean(axis=1)) * math.sqrt(a.shape[1])))


def _spread(logs: Array) -> Array:
    """Return the deviation over networks of one input's logarithm, its square averaged over inputs, `(rows,)`.

    `logs` are `(networks, rows, inputs)`. It is infinite where an input is 0 in one network and not in another.
    """
    if len(logs) < 2:
        return np.zeros(logs.shape[1])
    gone = np.isneginf(logs)
    variance = np.where(gone, 0.0, logs).var(axis=0, ddof=1)
    variance[gone.any(axis=0) & ~gone.all(axis=0)] = math.inf
    return np.asarray(np.sqrt(variance.mean(axis=1)))


def alike(a: Array) -> float:
    """Return the mean cosine of two rows of `a`, 1 if all are 0.

    Examples:
        >>> alike(np.array([[1.0, 0.0], [0.0, 2.0]])), alike(np.zeros((2, 2)))
        (0.0, 1.0)
    """
    largest = np.abs(a).max(axis=1, keepdims=True)
    if (largest == 0.0).any():
        return 1.0
    unit = a / largest
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    return float((np.square(unit.sum(axis=0)).sum() - len(a)) / (len(a) * (len(a) - 1)))


def filled(spec: Spec, net: MLP) -> MLP:
    """Return a copy of `net` with weights of sigma_w 1 where `zeros` are in the way of every signal."""
    rng, new = np.random.default_rng([spec.seed, 2]), copy.copy(net)
    new.W = list(net.W)
    for layer in in_the_way(spec):
        new.W[layer] = rng.standard_normal(net.W[layer].shape) / math.sqrt(len(net.W[layer]))
    return new


def twins(net: MLP, held: tuple[int, ...]) -> Row | None:
    """Return the first hidden layer with equal units, but for the layers `held`, which are counted from 0.

    Zeros that are held up only until the first step part then: what comes back differs from unit to unit.
    """
    for layer, (W, b) in enumerate(zip(net.W[:-1], net.b, strict=False)):
        if layer in held:
            continue
        if len(np.unique(W[0])) == W.shape[1]:  # their first weights differ already
            continue
        units = np.ascontiguousarray(np.r_[W, b[None, :]].T + 0.0)  # -0 is 0
        different = len({unit.tobytes() for unit in units})
        if different < len(units):
            return Row(f"layer {layer + 1}", "", True, units=len(units), equal=len(units) - different)
    return None


def given(spec: Spec, weights: Sequence[tuple[Array, Array]]) -> MLP:
    """Return the network that is described, with these weights and biases in place of drawn ones.

    Raises:
        ValueError: for weights of other shapes than `spec.widths`.
    """
    shapes = [W.shape for W, _ in weights]
    if shapes != list(itertools.pairwise(spec.widths)):
        raise ValueError(f"weights must have the shapes of widths {spec.widths}, got {shapes}")
    net = MLP(spec.widths, spec.activation, "zeros", np.random.default_rng(0))
    net.W, net.b = [W for W, _ in weights], [b for _, b in weights]
    return arrange(spec, net)
