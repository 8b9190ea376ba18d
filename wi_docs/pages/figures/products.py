"""Long products: numbers with half their sizes above 1 that vanish, matrices with entries far below 1 that explode."""

import math
from typing import Any

import numpy as np
from matplotlib import rc_context

from wi_docs.experiments.products import random_products
from wi_docs.pages.figures import BLUE, INK, RED, SOFT, STYLE, Picture, axes, label

# Half of the numbers are above 1 in size, and the entries of the matrices far below it.
CASES = (
    ("numbers from N(0, 1.5²)", 1, 1.5, BLUE),
    ("64×64 matrices, entries from N(0, 0.2²)", 64, 0.2, RED),
)
FACTORS, DRAWS = 100, 16


@rc_context(STYLE)
def draw() -> Picture:
    """Draw the size of the product after each factor, a line a draw, with the Lyapunov exponent's line."""
    fig, panels = axes(2, 1, height=5.0, sharex=True)
    k = np.arange(FACTORS + 1)
    data: dict[str, Any] = {"factors": k}
    growth: dict[str, float] = {}
    for ax, (name, width, sigma, color) in zip(panels, CASES, strict=True):
        products = random_products(width=width, sigma=sigma, factors=FACTORS, draws=DRAWS)
        # Natural logarithms become powers of ten.
        powers = products.log_size / math.log(10)
        for line in powers:
            # Every fourth point: the eye sees no difference, and the file is a quarter as large.
            ax.plot(k[::4], line[::4], color=color, linewidth=0.7, alpha=0.55)
        theory = products.exponent * k / math.log(10)
        ax.plot(k, theory, color=INK, linewidth=1.6, linestyle=(0, (5, 2)))
        ax.set_title(name, color=INK)
        ax.set_ylabel("size, as a power of ten")
        ax.axhline(0.0, color=SOFT, linewidth=0.8)
        ax.grid(axis="y")
        data |= {
            f"{name}: median": np.median(powers, axis=0),
            f"{name}: theory": theory,
        }
        # The typical factor at each step, in the long run.
        growth[name] = math.exp(products.exponent)
    label(panels[1], 60, 9.0, "theory (dashed)", INK, xytext=(-4, -9))
    panels[1].set_xlabel("number of factors")
    panels[1].set_xlim(0, FACTORS)
    numbers, matrices = growth.values()
    return Picture(
        fig,
        f"{DRAWS} random products each. Above, each factor costs {-math.log10(numbers):.1f} powers of ten in the long "
        f"run, although half of the numbers are larger than 1 in size and their mean square is {1.5**2}. Below, "
        "entries of about 0.2 explode, because 64 of them add up in every entry of the product. "
        "The dashed line has the slope that theory gives, the Lyapunov exponent.",
        f"Size of a growing product as a power of ten, against the number of factors up to {FACTORS}. Above, products "
        f"of numbers scatter widely and fall; theory says by a factor of {numbers:.2f} each. Below, products of "
        f"matrices rise closely together by a factor of {matrices:.2f} each.",
        data,
    )
