r"""Activation functions with their exact derivatives.

Each is written in the form that keeps its relative precision in the tails, where the textbook form subtracts two
nearly equal numbers. `sigmoid(x) * (1 - sigmoid(x))`, for one, is 0 from x = 37 on; the slope there is not.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wi_docs.nn import checks
from wi_docs.nn.checks import Array

# Every function below is written for float64 arrays of any shape, and does not check its input: `_Checked` does that
# once, for the functions that users call.
Elementwise = Callable[[Any], Array]

_erfc = np.frompyfunc(math.erfc, 1, 1)  # numpy has no error function; the standard library's is exact to an ulp or two
SQRT2 = math.sqrt(2.0)  # Phi(x) = erfc(-x / sqrt 2) / 2, the normal distribution function
LEAKY_SLOPE = 0.01  # PyTorch's default, and Maas et al. (2013)


@dataclass(frozen=True)
class Activation:
    """An activation function and its derivative, both elementwise on arrays of any shape.

    Attributes:
        name: the name that `activation` knows it by.
        f: the function. It takes an array of any shape and returns a float64 array of that shape.
        df: its derivative, with the same shapes. At a kink it is the slope on the left.
        formula: the function of x, as Markdown.
        paper: key of the paper in `docs/references.bib`, after an at sign, and the place in it; None if there is none.
    """

    name: str
    f: Elementwise
    df: Elementwise
    formula: str = ""
    paper: str | None = None


def _linear(x: Array) -> Array:
    return x


def _one(x: Array) -> Array:
    return np.ones_like(x)


def _sigmoid(x: Array) -> Array:
    # The exponent is never positive, so that exp cannot overflow: 1 / (1 + e^-x) for x >= 0, e^x / (1 + e^x) below.
    e = np.exp(-np.abs(x))
    return np.exp(np.minimum(x, 0.0)) / (1.0 + e)  # e or 1 above; np.where would take longer than the exponential


def _sigmoid_slope(x: Array) -> Array:
    # The slope is even in x: e^-x / (1 + e^-x)^2 on both sides, which keeps its digits where s (1 - s) cancels.
    e = np.exp(-np.abs(x))
    return e / (1.0 + e) ** 2


def _tanh_slope(x: Array) -> Array:
    with np.errstate(over="ignore"):  # infinity has the slope 0 too
        return 4.0 * _sigmoid_slope(2.0 * x)  # tanh(x) = 2 sigmoid(2x) - 1


# LeCun et al. (1998), section 4.4: f(1) = 1 and |f''| largest at 1.
LECUN_SCALE, LECUN_STRETCH = 1.7159, 2.0 / 3.0


def _lecun_tanh(x: Array) -> Array:
    return LECUN_SCALE * np.tanh(LECUN_STRETCH * x)


def _lecun_tanh_slope(x: Array) -> Array:
    return LECUN_SCALE * LECUN_STRETCH * _tanh_slope(LECUN_STRETCH * x)


def _relu(x: Array) -> Array:
    return np.maximum(x, 0.0)


def _step(x: Array) -> Array:
    return (x > 0).astype(np.float64)


def _leaky_relu(x: Array) -> Array:
    return np.maximum(x, LEAKY_SLOPE * x)


def _leaky_relu_slope(x: Array) -> Array:
    return np.where(x > 0, 1.0, LEAKY_SLOPE)


def _elu(x: Array) -> Array:
    return np.maximum(x, 0.0) + np.expm1(np.minimum(x, 0.0))  # one of the two is 0


def _elu_slope(x: Array) -> Array:
    return np.exp(np.minimum(x, 0.0))


def _selu_constants() -> tuple[float, float]:
    """(lambda, alpha) that map mean 0, variance 1 to itself: Klambauer et al. (2017), equation 14 and appendix."""
    # With z standard normal, E[e^z; z < 0] = e^(1/2) Phi(-1) = c1 / 2 and E[e^(2z); z < 0] = e^2 Phi(-2) = c2 / 2.
    c1 = math.erfc(1 / SQRT2) * math.exp(0.5)
    c2 = math.erfc(SQRT2) * math.exp(2.0)
    alpha = math.sqrt(2 / math.pi) / (1 - c1)
    # E[selu] = 0 gives alpha; E[selu^2] = lambda^2 (1/2 + alpha^2 (c2 - 2 c1 + 1) / 2) = 1 gives lambda.
    return 1 / math.sqrt(0.5 + alpha**2 * (c2 - 2 * c1 + 1) / 2), alpha


SELU_LAMBDA, SELU_ALPHA = _selu_constants()


def _selu(x: Array) -> Array:
    return SELU_LAMBDA * (np.maximum(x, 0.0) + SELU_ALPHA * np.expm1(np.minimum(x, 0.0)))


def _selu_slope(x: Array) -> Array:
    return SELU_LAMBDA * np.where(x > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(x, 0.0)))


def _normal_cdf(x: Array) -> Array:
    return np.asarray(0.5 * _erfc(-x / SQRT2), dtype=np.float64)


def _gelu(x: Array) -> Array:
    # d/dx x Phi(x) = Phi(x) + x phi(x), with the normal density phi.
    return x * _normal_cdf(x)


def _gelu_slope(x: Array) -> Array:
    z = np.clip(x, -40.0, 40.0)  # the density is 0 in float64 well before; x * x could overflow
    return _normal_cdf(x) + z * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


_GELU_CUBIC = 0.044715  # Hendrycks & Gimpel (2016), section 2


def _gelu_tanh_gate(x: Array) -> tuple[Array, Array]:
    """2u and 2u' with u = sqrt(2/pi) (x + 0.044715 x^3); beyond |x| = 100 the gate is 0 or 1 whatever u is."""
    z = np.clip(x, -100.0, 100.0)
    c = 2.0 * math.sqrt(2 / math.pi)
    return c * (z + _GELU_CUBIC * z**3), c * (1.0 + 3.0 * _GELU_CUBIC * z**2)


def _gelu_tanh(x: Array) -> Array:
    return x * _sigmoid(_gelu_tanh_gate(x)[0])  # (1 + tanh u) / 2 = sigmoid(2u), without the cancellation


def _gelu_tanh_slope(x: Array) -> Array:
    two_u, two_du = _gelu_tanh_gate(x)
    return _sigmoid(two_u) + x * _sigmoid_slope(two_u) * two_du


def _silu(x: Array) -> Array:
    return x * _sigmoid(x)


def _silu_slope(x: Array) -> Array:
    return _sigmoid(x) + x * _sigmoid_slope(x)


def _softplus(x: Array) -> Array:
    # ln(e^0 + e^x), without overflow for large x and without the loss of e^x beside 1 for small x.
    return np.logaddexp(0.0, x)


def _softsign(x: Array) -> Array:
    return x / (1.0 + np.abs(x))


def _softsign_slope(x: Array) -> Array:
    return (1.0 / (1.0 + np.abs(x))) ** 2


def _mish(x: Array) -> Array:
    return x * np.tanh(_softplus(x))


def _mish_slope(x: Array) -> Array:
    z = np.maximum(x, -700.0)  # below it both terms are 0 in float64
    soft = _softplus(z)
    # d/dx x tanh(s(x)) with softplus s, whose slope is the sigmoid.
    return np.tanh(soft) + z * _tanh_slope(soft) * _sigmoid(z)


def _hard_tanh(x: Array) -> Array:
    return np.clip(x, -1.0, 1.0)


def _hard_tanh_slope(x: Array) -> Array:
    # At each corner the slope is the one on the left, as everywhere: open at -1, closed at 1.
    return ((x > -1.0) & (x <= 1.0)).astype(np.float64)


def _hard_swish(x: Array) -> Array:
    return x * np.clip(x / 6.0 + 0.5, 0.0, 1.0)


def _hard_swish_slope(x: Array) -> Array:
    # Between the corners, d/dx x (x + 3) / 6 = x / 3 + 1/2. The clip only keeps the unused side from overflowing.
    return np.where(x <= -3.0, 0.0, np.where(x > 3.0, 1.0, np.clip(x, -3.0, 3.0) / 3.0 + 0.5))


class _Checked:
    """A function with a check of its argument, which has to be an array of finite real numbers."""

    def __init__(self, function: Elementwise) -> None:
        self.unchecked = function
        functools.update_wrapper(self, function)

    def __call__(self, x: Any) -> Array:
        return self.unchecked(checks.array("x", x))


def unchecked(function: Elementwise) -> Elementwise:
    """Return `f` or `df` of one of our activations without the check of its argument, which inner loops can save.

    The caller has to make sure that the argument is a finite float64 array. A function that is not one of ours has no
    check to leave out, and gets one of its values: they have to be numbers, in the argument's shape.

    Examples:
        >>> print(unchecked(activation("relu").f)(np.array([-1.0, 2.0])))
        [0. 2.]
        >>> unchecked(np.log)(np.array([-1.0, 2.0]))
        Traceback (most recent call last):
            ...
        ValueError: an activation's values must be numbers, got 1 NaN
    """
    return function.unchecked if isinstance(function, _Checked) else functools.partial(_with_checked_values, function)


def _with_checked_values(function: Elementwise, x: Array) -> Array:
    """Return the values of a reader's function. Infinite ones pass: a signal that explodes has its own error."""
    with np.errstate(all="ignore"):
        y = np.asarray(function(x))
    if y.dtype.kind not in "fiu":
        raise TypeError(f"an activation's values must be real numbers, got dtype {y.dtype}")
    if y.shape != x.shape:
        raise ValueError(f"an activation must be elementwise: it took shape {x.shape} and returned {y.shape}")
    if np.isnan(y).any():
        raise ValueError(f"an activation's values must be numbers, got {np.isnan(y).sum()} NaN")
    return y.astype(np.float64, copy=False)


_ACTIVATIONS: dict[str, Activation] = {}


def _add(name: str, f: Elementwise, df: Elementwise, *, formula: str = "", paper: str | None = "") -> None:
    """Register an activation of ours. The arguments are as for `Activation`; all of them have to be given.

    Raises:
        ValueError: for an activation without a formula or a paper; the message names it and the file.
    """
    for field, value in {"formula": formula, "paper": paper}.items():
        if value == "":
            raise ValueError(
                f"{__file__}: the activation {name} has no {field}. Every activation states its function, slope, "
                "formula and paper (None if there is none) where it is added"
            )
    _ACTIVATIONS[name] = Activation(name, _Checked(f), _Checked(df), formula, paper)


_add("linear", _linear, _one, formula="$x$", paper=None)
_add("sigmoid", _sigmoid, _sigmoid_slope, formula="$1/(1 + e^{-x})$", paper="@lecun1998, section 4.4")
_add("tanh", np.tanh, _tanh_slope, formula=r"$\tanh x$", paper="@lecun1998, section 4.4")
_add(
    "lecun_tanh", _lecun_tanh, _lecun_tanh_slope,
    formula=r"$1.7159\,\tanh(2x/3)$", paper="@lecun1998, section 4.4",
)  # fmt: skip
_add("relu", _relu, _step, formula=r"$\max(x, 0)$", paper="@nair2010")
_add("leaky_relu", _leaky_relu, _leaky_relu_slope, formula=r"$\max(x, 0.01\,x)$", paper="@maas2013")
_add("elu", _elu, _elu_slope, formula="$x$ if $x > 0$, else $e^x - 1$", paper="@clevert2016, equation 15")
_add(
    "selu", _selu, _selu_slope,
    formula=r"$\lambda x$ if $x > 0$, else $\lambda\alpha(e^x - 1)$", paper="@klambauer2017, equation 2",
)  # fmt: skip
_add("gelu", _gelu, _gelu_slope, formula=r"$x\,\Phi(x)$", paper="@hendrycks2016, section 2")
_add(
    "gelu_tanh", _gelu_tanh, _gelu_tanh_slope,
    formula=r"$x\,(1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3)))/2$", paper="@hendrycks2016, section 2",
)  # fmt: skip
_add("silu", _silu, _silu_slope, formula="$x/(1 + e^{-x})$", paper="@elfwing2018")
_add("softplus", _softplus, _sigmoid, formula=r"$\ln(1 + e^x)$", paper="@dugas2001")
_add("softsign", _softsign, _softsign_slope, formula=r"$x/(1 + \lvert x \rvert)$", paper="@bergstra2009")
_add("mish", _mish, _mish_slope, formula=r"$x\,\tanh(\ln(1 + e^x))$", paper="@misra2019")
_add("hard_tanh", _hard_tanh, _hard_tanh_slope, formula=r"$\max(-1, \min(x, 1))$", paper=None)
_add(
    "hard_swish", _hard_swish, _hard_swish_slope,
    formula=r"$x\,\max(0, \min(x + 3, 6))/6$", paper="@howard2019, section 5.2",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """Return the names that `activation` knows.

    Examples:
        >>> names()[:5]
        ('linear', 'sigmoid', 'tanh', 'lecun_tanh', 'relu')
    """
    return tuple(_ACTIVATIONS)


def activation(name: str | Activation) -> Activation:
    r"""Return the activation function of that name, with its exact derivative.

    Values and derivatives are float64, accurate to \(10^{-12}\) relative away from their zeros, and neither
    overflow nor warn. An `Activation` is returned as it is.

    Args:
        name: one of `names()`.

    Raises:
        ValueError: for an unknown name (the message suggests the nearest), and, when `f` or `df` is called, for
            input that is NaN or infinite.
        TypeError: for anything but a name or an `Activation`, and for input that is not real numbers.

    Source:
        The field `paper` of each.

    Examples:
        >>> sigmoid = activation("sigmoid")
        >>> print(sigmoid.f(0.0), sigmoid.df(0.0))
        0.5 0.25
        >>> print(f"{sigmoid.df(40.0):.3g}")
        4.25e-18
    """
    if isinstance(name, Activation):
        return name
    return _ACTIVATIONS[checks.lookup("activation", name, _ACTIVATIONS)]
