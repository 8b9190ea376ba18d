"""Simulation of described networks: weights are drawn and inputs are sent through, to check what theory predicts."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
import sys
from collections.abc import Sequence

import numpy as np

from wi_docs.diagnosis.layers import BATCH, Layers, over
from wi_docs.diagnosis.problems import Row
from wi_docs.diagnosis.spec import Spec
from wi_docs.diagnosis.zeros import in_the_way
from wi_docs.experiments import conditions, saturation
from wi_docs.experiments.propagation import rms
from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import activation
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP


def build(spec: Spec, seed: int = 0) -> MLP:
    """Return the network that `spec` describes, with weights and biases drawn from the seeds `spec.seed` and `seed`.

    Examples:
        >>> net = build(Spec((8, 4, 4, 4, 2), scheme="he_normal", residual=True))
        >>> [phi.name for phi in net.activations], sorted(net.branch_ends)
        (['linear', 'relu', 'linear', 'linear'], [2])
    """
    rng = np.random.default_rng([conditions.seed(spec.seed), seed])
    deviations, shapes = spec.deviations(), list(itertools.pairwise(spec.widths))
    net = MLP(spec.widths, spec.activation, spec.scheme or "lecun_normal", rng)
    for layer, ((sigma_w, sigma_b), shape) in enumerate(zip(deviations, shapes, strict=True)):
        # Weights are drawn by the scheme, and then scaled from its own sigma_w to the one described. Without a scheme
        # they are drawn by LeCun's, whose sigma_w is 1.
        drawn = initializers.deviation(spec.scheme or "lecun_normal", shape) * math.sqrt(shape[0])
        with np.errstate(over="ignore", invalid="ignore"):
            net.W[layer] *= sigma_w / drawn if drawn else 0.0
        net.b[layer] = sigma_b * rng.standard_normal(shape[1])
    conditions.say(scheme=spec.scheme or "lecun_normal", data="normal inputs")
    conditions.network(net, rng)
    return arrange(spec, net)


def arrange(spec: Spec, net: MLP) -> MLP:
    """Add the residual branches and normalizations of `spec` to `net`, in place, and return it."""
    hidden = range(len(net.W) - 1)
    if spec.residual:
        # Layer 0 leads into the stream and the last layer out of it. Between them, each branch is a layer with the
        # activation and a linear one: layers 1 and 2, 3 and 4, and so on.
        starts = frozenset(hidden[1::2])
        net.activations = [activation(spec.activation if k in starts else "linear") for k in range(len(net.W))]
        net.branch_ends = frozenset(hidden[2::2])
        places = {"before": {"input": starts}, "after": {"output": net.branch_ends}}
    else:
        places = {"before": {"sum": frozenset(hidden)}, "after": {"output": frozenset(hidden)}}
    net.normalized = places.get(spec.normalization, {})
    return net


def simulate(spec: Spec, nets: Sequence[MLP]) -> Layers:
    """Send the same normal inputs through each network, and a normal cotangent back, and average over networks.

    Raises:
        ExplosionError: a ValueError, if numbers leave float64.
        ValueError: if equal units are to be normalized, or there are no networks.

    Examples:
        >>> spec = Spec((64, *[256] * 20, 10), scheme="pytorch_linear", sigma_b=0.0)
        >>> layers = simulate(spec, [build(spec)])
        >>> bool(abs(6 * layers.chi[1:-1].mean() - 1) < 0.1)
        True
    """
    if not nets:
        raise ValueError("nets must hold at least one network")
    # All networks get the same inputs. The seed differs from that of every draw of weights.
    rng, n = np.random.default_rng([spec.seed, 1]), spec.widths[0]
    own, common = rng.standard_normal((BATCH, n)), rng.standard_normal(n)
    c = spec.input_correlation
    # A part of its own and a part in common give every pair of inputs the correlation c.
    x = math.sqrt(spec.input_second_moment) * (math.sqrt(1 - c) * own + math.sqrt(c) * common)
    cotangent = rng.standard_normal((BATCH, spec.widths[-1]))
    with np.errstate(over="ignore", invalid="ignore"):  # squares of what is near the end of float64
        measured = [_measure(spec, net, x, cotangent) for net in nets]
        # (networks, rows, quantities), averaged over networks.
        mean = np.array([table for table, *_ in measured], dtype=np.float64).mean(axis=0)
    spread = _spread(np.array([logs for _, logs, _ in measured]))
    shares = np.array([apart for *_, apart in measured]).mean(axis=0)
    return Layers(*np.ascontiguousarray(np.c_[mean, spread, shares].T))


def _measure(spec: Spec, net: MLP, x: Array, cotangent: Array) -> tuple[list[list[float]], list[Array], list[float]]:
    """Return the measurements of one network: a list for each row, and the logarithms of its outputs' lengths.

    The list has the fields of `Layers` in their order, without the last two. The logarithms are `(inputs,)` for each
    row. Third comes the share of each output's mean square that differs between inputs.
    """
    run = net.forward(x)
    grad = net.backward(run, cotangent)
    table, logs, shares, before, da_before = [], [], [], x, grad.x
    for _, first, *rest in spec.rows():
        # A block's activation is in its first layer, and its output behind its last.
        end = rest[-1] if rest else first
        z, a, da = run.pre_activations[first], run.outputs[end], grad.outputs[end]
        off, length = saturation.saturated(net.activations[first], z), _length(da)
        # The ratio of two lengths and not of their squares, which could leave float64.
        back, size, sum_size = over(_length(da_before), length), rms(a), rms(z)
        table.append(
            [
                sum_size * sum_size, over(size, rms(before)), back * back, size, length / _length(cotangent), alike(a),
                float(off.mean()), float(off.all(axis=0).mean()),
            ]
        )  # fmt: skip
        logs.append(_log_lengths(a))
        shares.append(apart(a))
        before, da_before = a, da
    return table, logs, shares


def _length(x: Array) -> float:
    """Return the Euclidean norm of all entries of `x`. It is correct even where their squares leave float64."""
    return rms(x) * math.sqrt(x.size)


def _log_lengths(a: Array) -> Array:
    """Return the logarithm of each example's Euclidean norm, `(batch,)`; minus infinity for an example of zeros.

    Each example is divided by its largest entry first, so that no square leaves float64.
    """
    largest = np.abs(a).max(axis=1, keepdims=True)
    unit = a / np.where(largest > 0.0, largest, 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(largest[:, 0] * np.sqrt((unit**2).mean(axis=1)) * math.sqrt(a.shape[1])))


def _spread(logs: Array) -> Array:
    """Return the standard deviation over networks of the logarithm of an input's length, `(rows,)`.

    `logs` are `(networks, rows, inputs)`. The variance is averaged over inputs. The result is infinite if the signal of
    an input is 0 in one network and not in another.
    """
    if len(logs) < 2:
        return np.zeros(logs.shape[1])
    gone = np.isneginf(logs)
    variance = np.where(gone, 0.0, logs).var(axis=0, ddof=1)
    variance[gone.any(axis=0) & ~gone.all(axis=0)] = math.inf
    return np.asarray(np.sqrt(variance.mean(axis=1)))


def alike(a: Array) -> float:
    """Return the mean cosine over all pairs of different rows of `a`, or 1 if a row is 0.

    Examples:
        >>> alike(np.array([[1.0, 0.0], [0.0, 2.0]])), alike(np.zeros((2, 2)))
        (0.0, 1.0)
    """
    largest = np.abs(a).max(axis=1, keepdims=True)
    if (largest == 0.0).any():
        return 1.0
    unit = a / largest
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    # With unit vectors u_i, |sum u_i|^2 = n + the sum of u_i . u_j over the n (n - 1) ordered pairs of different ones.
    # So no matrix of all pairs is needed.
    return float((np.square(unit.sum(axis=0)).sum() - len(a)) / (len(a) * (len(a) - 1)))


def apart(a: Array) -> float:
    """Return the share of the mean square of the rows of `a` that differs between them: 0 if all rows are equal.

    For rows of one length it is one minus their mean cosine.

    Examples:
        >>> apart(np.array([[1.0, 0.0], [0.0, 1.0]])), apart(np.ones((2, 2))), apart(np.array([[1.0], [3.0]]))
        (1.0, 0.0, 0.4)
    """
    largest = np.abs(a).max()
    if not 0.0 < largest < math.inf:
        return 0.0
    unit = a / largest
    return float(np.square(unit - unit.mean(axis=0)).sum() / np.square(unit).sum() * len(a) / (len(a) - 1))


def filled(spec: Spec, net: MLP) -> MLP:
    """Return a copy of `net` with normal weights of sigma_w 1 in the layers of zeros that block every signal."""
    rng, new = np.random.default_rng([spec.seed, 2]), copy.copy(net)
    new.W = list(net.W)
    for layer in in_the_way(spec):
        new.W[layer] = rng.standard_normal(net.W[layer].shape) / math.sqrt(len(net.W[layer]))
    return new


def twins(spec: Spec, net: MLP, held: tuple[int, ...]) -> Row | None:
    """Return the first row with hidden units that are equal and stay so, or None.

    Such units have the same incoming weights, the same bias and the same outgoing weights: with other outgoing weights
    they get other gradients and part at the first step. A unit of a residual stream has the incoming weights of all
    layers that add to it, and the outgoing ones of all that read it. Units into which one of the layers `held`, counted
    from 0, leads are left out. These layers start at 0 and leave it at the first step, where each of their units gets
    another gradient.
    """
    layers = range(len(net.W))
    # By the name of a row, the layers that lead into its units and those that lead out of them.
    ways = {name: ([first], [first + 1]) for name, first, *_ in spec.rows()[:-1]}
    if spec.residual:
        ways["in"] = ([0, *layers[2:-1:2]], [*layers[1:-1:2], layers[-1]])
    for name, (into, out) in ways.items():
        n = net.W[into[0]].shape[1]
        if set(into) & set(held):
            continue
        if len(set(net.W[into[0]][0].tolist())) == n:  # their first weights differ already
            continue
        # A row for each unit: its incoming weights, its biases, and its outgoing weights. Rows are compared byte by
        # byte, in which -0 and 0 differ.
        columns = [*(net.W[k] for k in into), *(net.b[k][None, :] for k in into), *(net.W[k].T for k in out)]
        units = np.ascontiguousarray(np.concatenate(columns).T + 0.0)  # -0 becomes 0
        different = len({unit.tobytes() for unit in units})
        if different < n:
            return Row(name, "", True, units=n, equal=n - different)
    return None


def given(spec: Spec, weights: Sequence[tuple[Array, Array]]) -> tuple[Spec, MLP]:
    """Return a network of given weights and biases, and `spec` with their measured sigma_w and sigma_b.

    Raises:
        ValueError: for other shapes than `spec.widths` asks for, and for NaN and infinite values.
        TypeError: for anything but a pair of arrays of real numbers for each layer.
    """
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in weights):
        raise TypeError("weights must be a pair of weights and biases for each layer")
    # Weights of 0 are replaced at once, and nothing is drawn.
    net = MLP(spec.widths, spec.activation, "zeros", np.random.default_rng(0))
    net.W = [checks.array(f"the weights of layer {k}", W, ndim=2) for k, (W, _) in enumerate(weights, 1)]
    net.b = [checks.array(f"the biases of layer {k}", b, ndim=1) for k, (_, b) in enumerate(weights, 1)]
    shapes = [(*W.shape, *b.shape) for W, b in zip(net.W, net.b, strict=True)]
    if shapes != [(fan_in, fan_out, fan_out) for fan_in, fan_out in itertools.pairwise(spec.widths)]:
        raise ValueError(
            f"weights and biases must have the shapes of widths {spec.widths}, got "
            f"{[(W.shape, b.shape) for W, b in zip(net.W, net.b, strict=True)]}"
        )
    measured = dataclasses.replace(
        spec,
        scheme=None,
        gain=1.0,
        # Of weights near the end of float64 the product would be infinite, which is no sigma_w.
        sigma_w=tuple(min(math.sqrt(len(W)) * rms(W), sys.float_info.max) for W in net.W),
        sigma_b=tuple(rms(b) for b in net.b),
    )
    return measured, arrange(measured, net)
