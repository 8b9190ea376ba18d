"""An activation of the reader's own: the function, its slope and gains, and a layer's factors at the forward gain."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.gains import gain, second_moment
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label


@rc_context(STYLE)
def draw(function: str | Activation | Callable[[Any], Any] = np.sin) -> Picture:
    """Draw the function with its slope, and both factors of a layer over the variance at its forward gain."""
    forward, backward = gain(function), gain(function, direction="backward")
    # 241 points, so that x[120] is 0.
    x = np.linspace(-3, 3, 241)
    y = np.asarray(function(x) if callable(function) else activation(function).f(x), dtype=float)
    # Differences on the grid are enough for a picture; gains take the exact slope, or that of a polynomial.
    slope = np.gradient(y, x)
    q = np.geomspace(0.1, 10, 41)
    # Factors on the rms: sqrt(g^2 E[phi(sqrt(q) z)^2] / q) forward, g sqrt(E[phi'(sqrt(q) z)^2]) backward.
    signal = np.sqrt([forward**2 * second_moment(function, v) / v for v in q])
    gradient = forward * np.sqrt([second_moment(function, v, direction="backward") for v in q])
    fig, (left, right) = axes(1, 2, height=3.2)
    left.axhline(0, color=SOFT, linewidth=0.8)
    left.plot(x, y, color=BLUE)
    left.plot(x, slope, color=RED, linestyle=(0, (5, 2)))
    left.set_xlim(-3, 3)
    left.set_title("the function, and\nits slope (dashed)", color=INK)
    left.set_xlabel("pre-activation")
    right.axhline(1, color=SOFT, linewidth=0.8)
    right.plot(q, signal, color=BLUE)
    right.plot(q, gradient, color=RED, linestyle=(0, (5, 2)))
    right.set_xscale("log")
    right.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    right.minorticks_off()
    right.set_xlim(0.1, 10)
    right.margins(y=0.2)
    right.set_title(f"factors at gain\n{forward:.3f}", color=INK)
    right.set_xlabel("variance")
    # The label of the upper line goes above it.
    higher = signal[-1] > gradient[-1]
    label(right, 10, signal[-1], "signal", BLUE, xytext=(-4, 11 if higher else -12), ha="right")
    label(right, 10, gradient[-1], "gradient", RED, xytext=(-4, -12 if higher else 11), ha="right")
    # At a variance of 1, in the middle of the axis: a factor that falls with the variance brings it back to 1.
    trend = np.diff(np.log(signal))[len(q) // 2 - 1]
    if abs(trend) < 1e-6:
        kept = "a signal of any size"
    else:
        kept = f"a signal of variance 1; what is a little off {'comes back' if trend < 0 else 'goes further off'}"
    words = (
        f"Forward gain {forward:.4f}, backward gain {backward:.4f}. At the forward gain a layer keeps {kept}. "
        f"It multiplies the gradient by {forward / backward:.3f}. At a variance of 1, a layer of LeCun's scale "
        f"multiplies the signal by {1 / forward:.3f} and the gradient by {1 / backward:.3f}, and one of He's scale "
        f"by {2**0.5 / forward:.3f} and {2**0.5 / backward:.3f}."
    )
    return Picture(
        fig,
        words,
        f"Left: the function goes from {y[0]:.2f} at -3 through {y[120]:.2f} at 0 to {y[-1]:.2f} at 3; "
        f"its slope at 0 is {slope[120]:.2f}. Right: the factor on the signal goes from {signal[0]:.2f} at a variance "
        f"of 0.1 to {signal[-1]:.2f} at 10, that on the gradient from {gradient[0]:.2f} to {gradient[-1]:.2f}. {words}",
        {"variance": q, "signal": signal, "gradient": gradient},
    )
