r"""Fully connected networks with a backward pass written by hand, and the two losses the site uses.

A layer computes `z = a @ W + b` and `a = f(z)`. Rows are examples: `x.shape == (batch, fan_in)`,
`W.shape == (fan_in, fan_out)`. Networks of one shape can be stacked: every array then has a leading axis over them,
`W.shape == (networks, fan_in, fan_out)`, and each line below computes all of them at once.
"""

from __future__ import annotations

import copy
import functools
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import Activation, activation, unchecked
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import Initializer

Network = TypeVar("Network", bound="MLP")


class ExplosionError(ValueError):
    """A signal or a gradient left the range of float64 (about 1e308).

    Attributes:
        networks: the networks of a stack in which this happened, counted from 0; empty for a network alone.
        gradient: whether it was a gradient.
    """

    def __init__(self, message: str, networks: Sequence[int] = (), *, gradient: bool = False) -> None:
        super().__init__(message)
        self.networks, self.gradient = tuple(networks), gradient


class FlatError(ValueError):
    """The values that are to be normalized are equal: their standard deviation is 0, and no divisor."""


@dataclass(frozen=True)
class Pass:
    """The values of a forward pass that the backward pass needs. In a stack, arrays have a leading axis over networks.

    Attributes:
        inputs: the input of each layer, `(batch, fan_in)` each; the first is the network's own input.
        pre_activations: `z` of each layer, `(batch, fan_out)` each.
        outputs: the activations of each layer, with the residual stream added and normalized where the network does
            so, `(batch, fan_out)` each.
        deviations: the standard deviations that normalizations divided by, by place and layer.
    """

    inputs: list[Array]
    pre_activations: list[Array]
    outputs: list[Array]
    deviations: dict[tuple[str, int], Array]

    @property
    def output(self) -> Array:
        """The network's output, `(batch, fan_out)`."""
        return self.outputs[-1]


@dataclass(frozen=True)
class Gradients:
    """Derivatives of a loss, in the order of the layers. In a stack, arrays have a leading axis over networks.

    Those with respect to weights and biases are computed when they are asked for: they are a third of the work, and
    who follows a signal and its gradient through the layers does not look at them.

    Attributes:
        inputs: the input of each layer, `(batch, fan_in)` each: values, as in `Pass`.
        sums: with respect to `a @ W + b`, `(batch, fan_out)` each.
        z: with respect to the pre-activations, which are those sums, or the normalized sums, `(batch, fan_out)` each.
        outputs: with respect to each layer's output, `(batch, fan_out)` each.
        x: with respect to the network's input, `(batch, fan_in)`.
    """

    inputs: list[Array]
    sums: list[Array]
    z: list[Array]
    outputs: list[Array]
    x: Array

    @functools.cached_property
    def W(self) -> list[Array]:
        """With respect to the weights, `(fan_in, fan_out)` each."""
        # With z = a W + b and delta = dL/dz: dL/dW = a^T delta, and dL/db = the sum of delta over rows.
        with np.errstate(over="ignore", invalid="ignore"):  # the next forward pass finds what is not finite
            return [a.mT @ delta for a, delta in zip(self.inputs, self.sums, strict=True)]

    @functools.cached_property
    def b(self) -> list[Array]:
        """With respect to the biases, `(fan_out,)` each."""
        with np.errstate(over="ignore", invalid="ignore"):
            return [delta.sum(axis=-2) for delta in self.sums]


def normalize(x: Array, axis: int) -> tuple[Array, Array]:
    """Return `x` shifted and scaled to mean 0 and variance 1 along `axis`, and the standard deviation that it had.

    Both are arrays; the deviation has length 1 along `axis`. No small constant is added to the variance, unlike in the
    frameworks, so that the result is exact.

    Raises:
        FlatError: a ValueError, if entries along `axis` do not differ by more than their rounding errors.

    Examples:
        >>> y, deviation = normalize(np.array([[1.0, 3.0]]), axis=1)
        >>> print(y, deviation)
        [[-1.  1.]] [[1.]]
    """
    # A power of two as the unit rounds nothing. The largest entry is then between 1/2 and 1, and its square a number.
    exponent = np.frexp(np.abs(x).max(axis=axis, keepdims=True))[1]
    x = np.ldexp(x, -exponent)
    deviation = x.std(axis=axis, keepdims=True)
    size = np.ldexp(deviation, exponent)
    # Equal entries have a deviation of some rounding errors, 1e-16 each, and not always one of exactly 0.
    if (deviation <= 1e-14).any() or not size.all():
        raise FlatError("all units have one value for some input, which leaves nothing to normalize")
    return (x - x.mean(axis=axis, keepdims=True)) / deviation, size


def denormalize(dy: Array, y: Array, deviation: Array, axis: int) -> Array:
    """Return the gradient with respect to the input of `normalize`, from `dy`, the gradient with respect to its output.

    Args:
        dy: the gradient with respect to `y`, of its shape.
        y: the output of `normalize`.
        deviation: the standard deviation that `normalize` returned.
        axis: the axis along which it normalized.

    Examples:
        >>> y, deviation = normalize(np.array([[0.0, 3.0, 6.0]]), axis=1)
        >>> bool(np.abs(denormalize(y, y, deviation, axis=1)).max() < 1e-15)  # a larger x gives the same y
        True
    """
    # Shifting x or stretching it leaves y as it is. So the gradient loses its mean and its component along y.
    along = (dy * y).mean(axis=axis, keepdims=True)
    return np.asarray((dy - dy.mean(axis=axis, keepdims=True) - y * along) / deviation)


class MLP:
    """A fully connected network.

    Args:
        widths: the number of units from input to output, at least two positive integers.
        hidden: the activation of every layer but the last.
        init: draws each weight matrix, a scheme's name or a function `init(rng, shape)`. Biases start at 0.
        rng: the source of randomness.
        output: the activation of the last layer.

    Attributes:
        W: weights by layer, `(fan_in, fan_out)` each.
        b: biases by layer, `(fan_out,)` each.
        activations: activation by layer.
        branch_ends: layers, counted from 0, behind which the input of the layer before them is added: residual branches
            of two layers. None in a plain network.
        normalized: layers, counted from 0, that normalize over their units: their `input` behind the point where a
            branch leaves the stream, their pre-activations (`sum`), or their `output` behind the point where it comes
            back. None by default.

    Raises:
        ValueError: for fewer than two widths, a width below 1, or an unknown name.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> net = MLP([2, 3, 1], "tanh", "glorot_normal", np.random.default_rng(0))
        >>> x = np.array([[0.5, -1.0]])
        >>> run = net.forward(x)
        >>> grad = net.backward(run, np.ones_like(run.output))
        >>> [w.shape for w in grad.W]
        [(2, 3), (3, 1)]
    """

    def __init__(
        self,
        widths: Sequence[int],
        hidden: str | Activation,
        init: str | Initializer,
        rng: np.random.Generator,
        output: str | Activation = "linear",
    ) -> None:
        _keep_freed_memory()
        widths = [checks.count("width", width) for width in widths]
        if len(widths) < 2:
            raise ValueError(f"widths must be at least an input and an output, got {widths}")
        shapes = list(itertools.pairwise(widths))
        self.W = [initializers.draw(init, rng, shape) for shape in shapes]
        self.b = [np.zeros(fan_out) for _, fan_out in shapes]
        # One activation for each layer: `hidden` for all but the last, `output` for the last.
        self.activations = [activation(hidden)] * (len(shapes) - 1) + [activation(output)]
        self.branch_ends: frozenset[int] = frozenset()
        self.normalized: dict[str, frozenset[int]] = {}

    def _normalize(self, place: str, layer: int, x: Array, deviations: dict[tuple[str, int], Array]) -> Array:
        """Return `x` normalized over units, and note its deviation, if the layer normalizes at this place."""
        if layer not in self.normalized.get(place, ()):
            return x
        y, deviations[place, layer] = normalize(x, -1)
        return y

    def _denormalize(self, place: str, layer: int, dy: Array, y: Array, run: Pass) -> Array:
        """Pass a gradient back through the normalization at this place, if the layer has one there."""
        if layer not in self.normalized.get(place, ()):
            return dy
        return denormalize(dy, y, run.deviations[place, layer], -1)

    def forward(self, x: Array) -> Pass:
        """Run the network on `x`, `(batch, fan_in)`, and keep the values that `backward` needs.

        A stack takes inputs for each network, `(networks, batch, fan_in)`, or `(batch, fan_in)` for all of them.

        Raises:
            ValueError: if `x` has another width than the network's input, or equal units are to be normalized.
            ExplosionError: a ValueError, if values overflow float64 on the way. It names the layer.
        """
        stacked = self.W[0].ndim == 3
        # matmul broadcasts (batch, fan_in) against (networks, fan_in, fan_out), so that all networks see the same
        # inputs.
        a = checks.array("x", x, ndim=3 if stacked and np.ndim(x) != 2 else 2)
        if a.shape[-1] != self.W[0].shape[-2]:
            raise ValueError(f"x must have {self.W[0].shape[-2]} columns, got shape {a.shape}")
        if a.ndim == 3 and len(a) != len(self.W[0]):
            raise ValueError(f"x must hold inputs for {len(self.W[0])} networks, got shape {a.shape}")
        # outputs[k] is the input of layer k, and outputs[k + 1] its output. The first one is dropped at the end.
        inputs, pre_activations, outputs = [], [], [a]
        deviations: dict[tuple[str, int], Array] = {}
        with np.errstate(over="ignore", invalid="ignore"):
            for layer, (W, b, phi) in enumerate(zip(self.W, self.b, self.activations, strict=True)):
                a = self._normalize("input", layer, a, deviations)
                z = a @ W
                # In place: the product is a new array, and no second one has to be allocated.
                z += b[..., None, :]
                # Layer by layer, since an activation can hide an overflow: tanh(inf) is 1.
                _explode_unless_finite(
                    z, f"the pre-activations of layer {layer + 1} are not finite: the signal explodes"
                )
                inputs.append(a)
                z = self._normalize("sum", layer, z, deviations)
                pre_activations.append(z)
                a = unchecked(phi.f)(z)  # finite, as seen above
                if layer in self.branch_ends:
                    # Layer k ends a branch of two layers, k - 1 and k, whose input is outputs[k - 1].
                    a = a + outputs[layer - 1]
                    _explode_unless_finite(a, f"the stream is not finite behind layer {layer + 1}: the signal explodes")
                a = self._normalize("output", layer, a, deviations)
                outputs.append(a)
        # The last activation's values meet no further layer.
        _explode_unless_finite(a, "the output is not finite: the signal explodes")
        return Pass(inputs, pre_activations, outputs[1:], deviations)

    def backward(self, run: Pass, cotangent: Array) -> Gradients:
        """Pass `cotangent`, the derivative of a loss with respect to the output, back through the layers.

        Raises:
            ValueError: if `cotangent` has another shape than the output.
            ExplosionError: a ValueError, if gradients overflow float64 on the way. It names the layer.
        """
        da = checks.array("cotangent", cotangent)
        if da.shape != run.output.shape:
            raise ValueError(f"cotangent must have the output's shape {run.output.shape}, got {da.shape}")
        sums, dz, outputs, skipped = [], [], [], da
        with np.errstate(over="ignore", invalid="ignore"):
            # Invariant: `da` is the gradient with respect to the output of this layer, (batch, fan_out).
            for layer in reversed(range(len(self.W))):
                outputs.append(da)
                da = self._denormalize("output", layer, da, run.outputs[layer], run)
                if layer in self.branch_ends:
                    skipped = da  # the addition hands the gradient to the branch and past it
                delta = da * unchecked(self.activations[layer].df)(run.pre_activations[layer])
                dz.append(delta)
                delta = self._denormalize("sum", layer, delta, run.pre_activations[layer], run)
                sums.append(delta)
                da = delta @ self.W[layer].mT  # dL/da, since z = a W + b
                da = self._denormalize("input", layer, da, run.inputs[layer], run)
                # The branch began at this layer's input. What came back through it meets what went past it.
                if layer + 1 in self.branch_ends:
                    da = da + skipped
        # One look at the end is enough: on the way back a value that is not finite is only multiplied and added, and
        # stays so. The layer is looked for when there is something to say.
        if not np.isfinite(da).all():
            for layer, gradient in zip(reversed(range(len(self.W))), [*outputs[1:], da], strict=True):
                _explode_unless_finite(
                    gradient,
                    f"the gradients of layer {layer + 1} are not finite: the gradient explodes",
                    gradient=True,
                )
        return Gradients(run.inputs, sums[::-1], dz[::-1], outputs[::-1], da)


def _keep_freed_memory() -> None:
    """Let the memory of freed arrays stay with the process, where glibc allocates it.

    glibc hands a freed array of more than 128 KiB back to the system, and page faults then take two fifths of a
    training step. Freeing one larger array raises that limit for good (mallopt(3), M_MMAP_THRESHOLD; 32 MiB at most).
    """
    # numpy frees the array at once. glibc takes the size of a freed block as its new limit, which is the whole effect.
    if sys.platform == "linux":
        np.empty(31 * 2**17)  # 31 MiB, which are never touched


def _explode_unless_finite(values: Array, message: str, *, gradient: bool = False) -> None:
    """Raise an ExplosionError if `values` are not finite, which in a stack names the networks."""
    if not np.isfinite(values).all():
        networks = np.flatnonzero(~np.isfinite(values).all(axis=(-2, -1))).tolist() if values.ndim == 3 else ()
        raise ExplosionError(message, networks, gradient=gradient)


def stack(networks: Sequence[Network]) -> Network:
    """Return one network that holds several of one shape: each of its arrays has a leading axis over the networks.

    The forward and the backward pass compute all networks at once. For each of them the result is that of the network
    alone, to rounding.

    Raises:
        ValueError: for no network, or for networks that differ in a shape, an activation, a branch or a normalization.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> both = stack([MLP([2, 3, 1], "tanh", "glorot_normal", rng) for _ in range(2)])
        >>> both.W[0].shape, both.b[0].shape, both.forward(np.ones((4, 2))).output.shape
        ((2, 2, 3), (2, 3), (2, 4, 1))
    """
    if not networks:
        raise ValueError("a stack wants at least one network")

    def structure(net: MLP) -> tuple[object, ...]:
        return [W.shape for W in net.W], net.activations, net.branch_ends, net.normalized

    # The comparison is with the first network, whose attributes the stack takes.
    for number, net in enumerate(networks):
        if structure(net) != structure(networks[0]):
            raise ValueError(f"the networks of a stack must have one structure: number {number} differs from number 0")
    # A shallow copy: it shares the activations and normalizations, and gets arrays of its own.
    stacked = copy.copy(networks[0])
    stacked.W = [np.stack(layer) for layer in zip(*(net.W for net in networks), strict=True)]
    stacked.b = [np.stack(layer) for layer in zip(*(net.b for net in networks), strict=True)]
    return stacked


def softmax_cross_entropy(logits: Array, labels: NDArray[np.int64]) -> tuple[float, Array]:
    r"""Return the mean cross-entropy of softmax(`logits`) against `labels`, and its derivative.

    Args:
        logits: `(batch, classes)`.
        labels: `(batch,)`, integers from 0 to `classes - 1`.

    Returns:
        The loss in nats and its derivative with respect to the logits, \((p - \mathrm{onehot})/\text{batch}\).

    Raises:
        ValueError: for labels out of range or of another length, and for a loss beyond float64.
        TypeError: for labels that are not integers.

    Examples:
        >>> loss, _ = softmax_cross_entropy(np.zeros((4, 10)), np.array([0, 1, 2, 3]))
        >>> print(f"{loss:.4f} {np.log(10):.4f}")
        2.3026 2.3026
    """
    logits, labels = _rows("logits", logits), np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    batch, classes = logits.shape
    if labels.shape != (batch,) or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be {batch} integers from 0 to {classes - 1}, got {labels!r}")
    loss, cotangent = cross_entropy(logits, labels)
    return _finite(float(loss)), cotangent


def _rows(what: str, value: Array) -> Array:
    """Return `value` as an array of two axes with at least one row, over which a loss can be averaged."""
    found = checks.array(what, value, ndim=2)
    if not found.size:
        raise ValueError(f"{what} must have at least one row and one column, got shape {found.shape}")
    return found


def _finite(loss: float) -> float:
    if loss == np.inf:
        raise ValueError("the loss is beyond the range of float64 (about 1e308)")
    return loss


def cross_entropy(logits: Array, labels: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the mean cross-entropy and its derivative as `softmax_cross_entropy` does, for one network or for a stack.

    Nothing is checked: logits have to be finite, and labels in range. A loss beyond float64 is infinite.

    Args:
        logits: `(…, batch, classes)`, finite.
        labels: `(…, batch)`.

    Returns:
        The losses, `(…)`, and the derivative of each, `(…, batch, classes)`.

    Examples:
        >>> loss, _ = cross_entropy(np.zeros((2, 4, 10)), np.zeros((2, 4), dtype=int))
        >>> print(loss.round(4))
        [2.3026 2.3026]
    """
    with np.errstate(over="ignore"):
        shifted = logits - logits.max(axis=-1, keepdims=True)  # the largest becomes 0, so that exp cannot overflow
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    # The labels as indices along the last axis of the logits. A stack may share one set of labels.
    at = np.broadcast_to(labels[..., None], (*logits.shape[:-1], 1))
    chosen = np.take_along_axis(log_p, at, -1)
    # The derivative is (p - onehot) / batch: the probabilities everywhere, less 1 at the label.
    cotangent = np.exp(log_p)
    np.put_along_axis(cotangent, at, np.exp(chosen) - 1.0, -1)
    return -chosen.mean(axis=(-2, -1)), cotangent / logits.shape[-2]


def squared_error(prediction: Array, target: Array) -> tuple[float, Array]:
    """Return half the squared error, summed over outputs and averaged over rows, and its derivative.

    The derivative is with respect to `prediction`, and has its shape.

    Args:
        prediction: `(batch, outputs)`.
        target: the same shape.

    Raises:
        ValueError: if the shapes differ, and for a loss beyond float64.

    Examples:
        >>> loss, cotangent = squared_error(np.array([[3.0]]), np.array([[1.0]]))
        >>> print(loss, cotangent)
        2.0 [[2.]]
    """
    prediction, target = _rows("prediction", prediction), _rows("target", target)
    if prediction.shape != target.shape:
        raise ValueError(f"prediction and target must have one shape, got {prediction.shape} and {target.shape}")
    with np.errstate(over="ignore"):
        error = prediction - target
        loss = float(0.5 * (error**2).sum(axis=1).mean())
    return _finite(loss), error / len(error)
