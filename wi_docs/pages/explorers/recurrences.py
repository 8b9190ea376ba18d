"""A linear recurrence of two units with a pair of complex eigenvalues: its state, and the gradient through time.

The matrix rotates the state by an angle and multiplies it by a radius. So the length of the state depends on the radius
alone and its direction on the angle alone, and two small tables hold every trajectory.
"""

import math
from typing import Any

import numpy as np

from wi_docs.experiments.recurrent import Recurrence, clip_by_norm, recur
from wi_docs.nn.checks import Array
from wi_docs.pages.explorers import Rounded

STEPS, LARGEST = 60, 1.0  # steps of a run; the norm at which gradients are clipped
RADII = np.round(np.linspace(0.5, 1.3, 81), 2)
ANGLES = np.arange(0, 181)  # degrees; the other eigenvalue lies at minus the angle
START = np.array([1.0, 0.0])


def run(radius: float, angle: float) -> Recurrence:
    """Return a run of the recurrence whose eigenvalues have the size `radius`, at plus and minus `angle` degrees."""
    # Angle 0 and radius r give r times the identity, with which the length is r^t.
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return recur(radius * np.array([[c, s], [-s, c]]), START, steps=STEPS, activation_name="linear")


def data() -> dict[str, Any]:
    """Return the data of the explorer: lengths and directions of the state, and sizes of the gradient.

    Lengths and sizes are decimal logarithms, `(radius, step)`; directions are in degrees, `(angle, step)`.
    """
    by_radius = [run(float(radius), 0.0) for radius in RADII]
    sizes = np.array([one.gradient_norm for one in by_radius])
    # Each size is clipped by itself: the norm of a gradient with one entry.
    clipped = np.array([[clip_by_norm([np.array([size])], LARGEST)[0][0] for size in row] for row in sizes])
    lengths = np.array([np.linalg.norm(one.states, axis=1) for one in by_radius])
    return {
        "radii": list(RADII),
        "angles": [int(angle) for angle in ANGLES],
        "steps": STEPS,
        "largest": LARGEST,
        "length": Rounded(np.log10(lengths), 5e-4),
        "direction": Rounded(np.array([_direction(run(1.0, float(angle))) for angle in ANGLES]), 0.05),
        "gradient": Rounded(np.log10(sizes), 5e-4),
        "clipped": Rounded(np.log10(clipped), 5e-4),
    }


def _direction(one: Recurrence) -> Array:
    """Return the direction of the state at each step, in degrees from 0 to 360."""
    return np.degrees(np.arctan2(one.states[:, 1], one.states[:, 0])) % 360
