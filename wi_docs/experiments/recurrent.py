r"""Recurrent networks: one matrix is applied again and again, forward to the state and backward to the gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.nn import checks
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array
from wi_docs.nn.initializers import glorot_normal


@dataclass(frozen=True)
class Recurrence:
    r"""A run of \(h_{t+1} = \varphi(h_t W)\), and the size of the gradient on the way back.

    Attributes:
        states: \(h_0, \dots, h_T\), `(steps + 1, n)`.
        gradient_norm: largest singular value of \(\partial h_T / \partial h_{T-k}\) for k = 0, …, T, `(steps + 1,)`.
    """

    states: Array
    gradient_norm: Array


@conditions.door(activation="activation_name", steps="steps")
def recur(W: Array, start: Array, *, steps: int, activation_name: str | Activation = "tanh") -> Recurrence:
    r"""Run \(h_{t+1} = \varphi(h_t W)\) from `start` and follow the gradient back from the last state.

    Args:
        W: the recurrent matrix, `(n, n)`.
        start: the first state, `(n,)`.
        steps: number of steps, at least 1.
        activation_name: an activation or its name.

    Raises:
        ValueError: for shapes that do not fit, or values that overflow float64.
        TypeError: for arguments of the wrong kind.

    Source:
        Bengio et al. (1994); Pascanu et al. (2013), section 2.

    Examples:
        >>> run = recur(np.array([[2.0]]), np.array([0.5]), steps=50)
        >>> print(f"{run.states[-1, 0]:.3f} {run.gradient_norm[-1]:.0e}")
        0.958 1e-38
    """
    W, h = checks.array("W", W, ndim=2), checks.array("start", start, ndim=1)
    if W.shape != (len(h), len(h)):
        raise ValueError(f"W must be square, with the size of start ({len(h)}), got shape {W.shape}")
    steps, phi = checks.count("steps", steps), activation(activation_name)
    conditions.say(recurrence=len(h), biases="0")
    states, slopes = [h], []
    for _ in range(steps):
        with np.errstate(over="ignore", invalid="ignore"):
            z = states[-1] @ W
        if not np.isfinite(z).all():
            raise ValueError(f"the state overflows float64 at step {len(states)}: fewer steps, or a smaller W")
        slopes.append(phi.df(z))
        states.append(phi.f(z))
    # Invariant: `jacobian` is dh_T / dh_(T-k) after k passes of the loop, as the matrix that multiplies a column from
    # the left; entry (i, j) is the derivative of unit j of h_T with respect to unit i.
    jacobian, norms = np.eye(len(h)), [1.0]
    for slope in reversed(slopes):
        with np.errstate(over="ignore", invalid="ignore"):
            jacobian = (W * slope) @ jacobian
        if not np.isfinite(jacobian).all():
            raise ValueError(f"the gradient overflows float64 {len(norms)} steps back: fewer steps, or a smaller W")
        norms.append(float(np.linalg.norm(jacobian, 2)))
    return Recurrence(np.array(states), np.array(norms))


def random_recurrence(rng: np.random.Generator, n: int, spectral_radius: float) -> Array:
    r"""Return a Gaussian `n`×`n` matrix rescaled so that its largest \(|\text{eigenvalue}|\) is `spectral_radius`.

    Examples:
        >>> W = random_recurrence(np.random.default_rng(0), 50, 1.1)
        >>> print(f"{abs(np.linalg.eigvals(W)).max():.3f}")
        1.100
    """
    n = checks.count("n", n)
    W = checks.generator(rng).standard_normal((n, n))
    return np.asarray(
        W * checks.number("spectral_radius", spectral_radius, above=0.0) / np.abs(np.linalg.eigvals(W)).max()
    )


def clip_by_norm(gradients: Sequence[Array], max_norm: float) -> list[Array]:
    r"""Return the gradients, shrunk together so that their joint Euclidean norm is at most `max_norm`.

    Raises:
        ValueError: if a gradient is NaN or infinite, which no factor can mend, or `max_norm` is not positive.

    Source:
        Pascanu et al. (2013), algorithm 1.

    Examples:
        >>> print(clip_by_norm([np.array([3.0, 4.0])], 1.0)[0])
        [0.6 0.8]
    """
    grads = [checks.array("gradients", g) for g in gradients]
    largest = checks.number("max_norm", max_norm, above=0.0)
    # Divided by the largest entry, no square can overflow.
    peak = max((float(np.abs(g).max(initial=0.0)) for g in grads), default=0.0)
    if peak == 0.0:
        return grads
    root = math.sqrt(sum(float(((g / peak) ** 2).sum()) for g in grads))
    # The norm itself may be beyond float64.
    factor = largest / (peak * root) if math.isfinite(peak * root) else largest / peak / root
    return [g * min(1.0, factor) for g in grads]


@dataclass(frozen=True)
class Descent:
    """Gradient descent on one number.

    Attributes:
        w: the number after each step, `(steps + 1,)`.
        loss: the loss at each step, `(steps + 1,)`.
    """

    w: Array
    loss: Array


def descend_recurrence(
    start: float, *, length: int = 30, target: float = 0.5, rate: float = 0.005, max_norm: float | None = None,
    steps: int = 200,
) -> Descent:  # fmt: skip
    r"""Learn by gradient descent the weight of a linear recurrence that has to take 1 to `target` in `length` steps.

    The loss is \(\tfrac12(w^{\text{length}} - \text{target})^2\): flat below 1, a cliff above it.

    Args:
        start: the weight before the first update.
        length: number of steps of the recurrence, at least 1.
        target: the state that the last step should reach.
        rate: learning rate, positive.
        max_norm: largest size of the gradient, to which it is clipped; `None` for no clipping.
        steps: number of updates. A run whose loss leaves float64 is refused.

    Raises:
        ValueError: when the loss overflows (the message names the step), or an argument is out of range.

    Source:
        Pascanu et al. (2013), section 2.3: the walls of high curvature.

    Examples:
        >>> tame = descend_recurrence(1.08, max_norm=1.0)
        >>> print(f"{tame.w[-1] ** 30:.3f}")
        0.500
    """
    w, rate = checks.number("start", start), conditions.rate(rate)
    conditions.say(recurrence=1, activation="linear", steps=steps)
    length, target = checks.count("length", length), checks.number("target", target)
    ws, losses = [], []
    for step in range(checks.count("steps", steps) + 1):
        # A Python float raises an error where numpy would return infinity.
        try:
            error = w**length - target
            # d/dw (w^length - target)^2 / 2.
            loss, gradient = 0.5 * error**2, error * length * w ** (length - 1)
        except OverflowError:
            raise ValueError(f"the loss overflows float64 at step {step}, from w = {w:.3g}") from None
        if not math.isfinite(gradient):  # a product of floats overflows without an error, unlike a power
            raise ValueError(f"the gradient overflows float64 at step {step}, from w = {w:.3g}")
        ws.append(w)
        losses.append(loss)
        if max_norm is not None:
            gradient = float(clip_by_norm([np.array([gradient])], max_norm)[0][0])
        w -= checks.number("rate", rate, above=0.0) * gradient
    return Descent(np.array(ws), np.array(losses))


@conditions.door(steps="steps", recurrence="units", seeds="seed")
def lstm_memory(forget_bias: float, *, steps: int = 100, units: int = 64, seed: int = 0) -> Array:
    r"""Return the share of a memory cell's content left after 0, 1, 2, … steps, averaged over units, `(steps + 1,)`.

    At each step an LSTM multiplies the content of a cell by the cell's forget gate, so that the share that is left is
    the product of the gates. It is averaged geometrically over units. The weights have Glorot's scale, which
    counts the outputs of the four gates together, the inputs are standard normal, and all biases but the forget gates'
    are 0.

    Args:
        forget_bias: bias of all forget gates.
        steps: number of steps, at least 1.
        units: number of cells, and of inputs, at least 1.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range.
        TypeError: for an argument of the wrong kind.

    Source:
        Gers et al. (2000) for the gate; Jozefowicz et al. (2015), section 2.2, for its bias.

    Examples:
        >>> for bias in (0.0, 1.0, 2.0):
        ...     alone = float(activation("sigmoid").f(bias))
        ...     print(f"a gate of {alone:.2f} keeps less than its power:", bool(lstm_memory(bias)[-1] < alone**100))
        a gate of 0.50 keeps less than its power: True
        a gate of 0.73 keeps less than its power: True
        a gate of 0.88 keeps less than its power: True
    """
    bias, steps = checks.number("forget_bias", forget_bias), checks.count("steps", steps)
    rng, units = checks.seeded(conditions.seed(seed)), checks.count("units", units)
    conditions.say(activation="LSTM", scheme="glorot_normal", data="normal inputs")
    sigmoid = activation("sigmoid").f
    # Weights of the inputs and of the last state, for the input, forget, cell and output gate side by side.
    W, U = (glorot_normal(rng, (units, 4 * units)) for _ in range(2))
    h, c, kept = np.zeros(units), np.zeros(units), [0.0]
    for _ in range(steps):
        i, f, g, o = np.split(rng.standard_normal(units) @ W + h @ U, 4)
        f += bias
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        # The logarithm of the geometric mean of the products so far.
        kept.append(kept[-1] - float(np.logaddexp(0.0, -f).mean()))  # the logarithm of a sigmoid
    return np.exp(kept)
