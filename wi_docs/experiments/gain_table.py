r"""The gains and the critical pair of an activation, and the factors a layer measured in networks of finite width."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wi_docs.experiments import frameworks
from wi_docs.experiments.propagation import propagate
from wi_docs.nn import checks
from wi_docs.nn.activations import Activation
from wi_docs.nn.gains import mean, second_moment


@dataclass(frozen=True)
class Gains:
    r"""Gains of one activation: factors on LeCun's scale \(1/\sqrt{n_\text{in}}\).

    Attributes:
        forward: one over the root of \(\mathbb{E}[\varphi(z)^2]\).
        backward: one over the root of \(\mathbb{E}[\varphi'(z)^2]\).
        by_deviation: one over the standard deviation of \(\varphi(z)\), which is often posted; the wrong target for a
            function whose mean is not 0.
        pytorch: the result of `torch.nn.init.calculate_gain`, None if it refuses the function.
        critical: \((\sigma_w^2, \sigma_b^2)\) for which variance 1 is kept and \(\chi_1\) is 1; None if there is none.
    """

    forward: float
    backward: float
    by_deviation: float
    pytorch: float | None
    critical: tuple[float, float] | None


def gains(function: str | Activation | Callable[[Any], Any]) -> Gains:
    r"""Return the gains of an activation by all definitions, PyTorch's number and the critical pair.

    Raises:
        ValueError: as `wi_docs.nn.gains.gain`.
        TypeError: as `wi_docs.nn.gains.gain`.

    Source:
        The critical pair solves \(\sigma_w^2\,\mathbb{E}[\varphi'^2] = 1\) and \(\sigma_w^2\,\mathbb{E}[\varphi^2] +
        \sigma_b^2 = 1\): Schoenholz et al. (2017), equations 3 and 5, at \(q^* = 1\).

    Examples:
        >>> g = gains("gelu")
        >>> print(f"{g.forward:.4f} {g.backward:.4f} {g.by_deviation:.4f} {g.pytorch}")
        1.5335 1.4811 1.7009 None
    """
    size, slope = second_moment(function), second_moment(function, direction="backward")
    if min(size, slope) == 0.0:
        raise ValueError("no gain: the function or its slope is 0 wherever the Gaussian is")
    variance = size - mean(function) ** 2
    # A number, or the message with which PyTorch refuses the name.
    said = frameworks.load()["torch"]["gains"].get(function) if isinstance(function, str) else None
    # At sigma_w^2 = 1 / E[phi'^2], what is left of a variance of 1 for sigma_b^2. A negative rest means that there is
    # no critical pair; one of a rounding error means a sigma_b of 0.
    left = 1 - size / slope
    return Gains(
        size**-0.5,
        slope**-0.5,
        # A constant function has no deviation, but for rounding.
        math.inf if variance <= 1e-15 * size else variance**-0.5,
        float(said) if isinstance(said, int | float) else None,
        (1 / slope, max(left, 0.0)) if left > -1e-9 else None,
    )


@dataclass(frozen=True)
class Factors:
    """Factors a layer, measured in networks of finite width, with their standard errors over seeds.

    Attributes:
        forward: factor a layer on the rms of the activations, going forward.
        forward_error: its standard error.
        backward: factor a layer on the rms of the gradient with respect to the pre-activations, going back.
        backward_error: its standard error.
    """

    forward: float
    forward_error: float
    backward: float
    backward_error: float


def factors(
    function: str | Activation, gain: float, *, depth: int = 10, width: int = 512, seeds: tuple[int, ...] = (0, 1, 2, 3)
) -> Factors:
    """Measure both factors in networks whose weights have LeCun's scale times `gain`, the first layer's LeCun's scale.

    Raises:
        ValueError: for an argument out of range, fewer than two seeds or layers, or a network in which signal or
            gradient dies out or explodes.

    Examples:
        >>> f = factors("relu", 2**0.5)
        >>> abs(f.forward - 1) < 4 * f.forward_error, abs(f.backward - 1) < 4 * f.backward_error
        (True, True)
    """
    checks.count("depth", depth, least=2)  # a factor leads from one layer to the next
    checks.count("number of seeds", len(seeds), least=2)  # one has no spread, and a standard error needs it
    found = []
    for seed in seeds:
        p = propagate(
            function, "lecun_normal", depth=depth, width=width, batch=32, gain=gain, input_gain=1.0, seed=seed
        )
        # Geometric means over the depth - 1 steps from one layer to the next.
        found.append([(p.forward_rms[-1] / p.forward_rms[0]) ** (1 / (depth - 1)), p.gradient_ratio])
    # (seeds, 2): forward and backward.
    values = np.array(found)
    forward, backward = values.mean(axis=0)
    forward_error, backward_error = values.std(axis=0, ddof=1) / math.sqrt(len(seeds))
    return Factors(float(forward), float(forward_error), float(backward), float(backward_error))
