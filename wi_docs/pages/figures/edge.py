"""Factor a layer against the scale of the weights, forward and backward, measured and predicted."""

from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.meanfield import fixed_point
from wi_docs.experiments.propagation import propagate
from wi_docs.pages.figures import BLUE, GREEN, INK, RED, SOFT, STYLE, Picture, axes, label

# 1 is LeCun's scale, and 1.41 He's.
SIGMAS = np.array([0.6, 0.8, 1.0, 1.2, 1.41, 1.6, 1.8, 2.0, 2.4, 2.8])
DEPTH, WIDTH, BIAS = 20, 300, 0.3
CASES = (("tanh", RED, "o"), ("relu", GREEN, "^"), ("sigmoid", BLUE, "s"))


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the gradient's factor a layer over sigma_w: dots measured, lines from theory."""
    fig, ax = axes(height=3.9)
    # A dot for each scale is a measurement, and the line through the same scales is theory.
    data: dict[str, Any] = {"sigma_w": SIGMAS}
    for phi, color, marker in CASES:
        measured, theory = [], []
        for sigma_w in SIGMAS:
            # LeCun's scale times sigma_w is a weight's deviation of sigma_w / sqrt(n_in).
            p = propagate(phi, "lecun_normal", depth=DEPTH, width=WIDTH, gain=float(sigma_w), sigma_b=BIAS)
            measured.append(p.gradient_ratio)
            if phi == "relu":  # the slope does not depend on the variance, which has no fixed point from sqrt(2) on
                theory.append(sigma_w / np.sqrt(2))
            else:
                # The root of chi at the fixed point: the factor on the rms.
                theory.append(fixed_point(phi, sigma_w=float(sigma_w), sigma_b=BIAS).chi_1 ** 0.5)
        ax.plot(SIGMAS, theory, color=color, linewidth=1.6)
        ax.plot(SIGMAS, measured, marker, color=color, markersize=5)
        data |= {f"{phi} measured": measured, f"{phi} theory": theory}
        label(ax, SIGMAS[-1], theory[-1], "ReLU" if phi == "relu" else phi, color, xytext=(7, 0))
    ax.axhline(1.0, color=SOFT, linewidth=0.8)
    label(ax, 2.8, 1.0, "explodes above 1", SOFT, xytext=(-4, -11), ha="right")
    ax.set_xlim(0.6, 2.8)
    ax.set_xticks([0.6, 1.0, 1.41, 2.0, 2.8])
    ax.set_ylim(0.0, 2.1)
    ax.set_yticks([0, 0.5, 1, 1.5, 2])
    ax.set_xlabel("standard deviation of the weights × √fan-in")
    ax.set_title("factor on the gradient, per layer", color=INK)
    return Picture(
        fig,
        f"Dots: measured over {DEPTH} layers of {WIDTH} units, biases of standard deviation {BIAS}. Lines: √χ₁, from "
        "the theory of @schoenholz2017. These biases move tanh's crossing from 1 to near 1.4, and leave ReLU's where "
        "it is; that the two are close here is an accident. Left of the crossing a gradient shrinks "
        "geometrically with the depth, right of it it grows. The sigmoid does not get there in this range.",
        "Factor a layer against sigma_w from 0.6 to 2.8. ReLU is a straight line that crosses 1 at 1.41. Tanh bends "
        f"and crosses 1 near {_crossing(data['tanh theory']):.2f}. The sigmoid rises slowly and is at "
        f"{data['sigmoid theory'][-1]:.2f} at 2.8. Dots lie on the lines within {_distance(data):.2f}.",
        data,
    )


def _crossing(theory: list[float]) -> float:
    """Return the sigma_w at which a rising factor is 1, by linear interpolation."""
    return float(np.interp(1.0, theory, SIGMAS))


def _distance(data: dict[str, Any]) -> float:
    """Return the largest distance of a dot from its line."""
    pairs = [(np.array(data[f"{phi} measured"]), np.array(data[f"{phi} theory"])) for phi, *_ in CASES]
    return float(max(np.abs(measured - theory).max() for measured, theory in pairs))
