"""The figure of a diagnosis: signal and gradient row by row, by theory and as measured."""

import math

import numpy as np
from matplotlib import rc_context
from matplotlib.ticker import MaxNLocator

from wi_docs.diagnosis.networks import Diagnosis, Spec, diagnose
from wi_docs.diagnosis.probe import Probe
from wi_docs.diagnosis.report import headline
from wi_docs.nn.checks import Array
from wi_docs.pages.figures import BLUE, INK, RED, STYLE, Picture, axes, decades, label

EXAMPLE = Spec((64, *[256] * 20, 10), scheme="pytorch_linear")
COLORS = {"signal": BLUE, "gradient": RED}


def draw() -> Picture:
    """Draw the diagnosis of twenty ReLU layers with PyTorch's default weights."""
    return picture(diagnose(EXAMPLE, advise=False))


@rc_context(STYLE)
def picture(found: Diagnosis | Probe) -> Picture:
    """Draw signal and gradient against the rows: lines for theory, dots for a simulation or a model.

    Raises:
        ValueError: if there is neither.
    """
    if isinstance(found, Probe):
        # Rows of normalizations and other vectors are left out: their gradients do not compare with those of layers.
        rows = [row for row in found.rows if row.matrix]
        names, title = [row.name for row in rows], found.model
        lines: dict[str, Array] = {}
        dots = {
            key: np.array([math.nan if getattr(row, key) is None else getattr(row, key) for row in rows])
            for key in COLORS
        }
    else:
        if found.best is None:
            raise ValueError(
                "there is nothing to draw: neither a theory of such weights nor a simulation of this network"
            )
        names, title = list(found.rows), headline(found.spec)
        lines = {key: getattr(found.theory, key) for key in COLORS} if found.theory else {}
        dots = {key: getattr(found.simulation, key) for key in COLORS} if found.simulation else {}
    # The axis reaches from the decade below the smallest to that above the largest.
    seen = _drawn(np.concatenate([*lines.values(), *dots.values()] or [np.ones(1)]))
    sizes = np.log10(seen[np.isfinite(seen)]) if np.isfinite(seen).any() else np.zeros(1)
    low, high = math.floor(sizes.min() - 0.4), math.ceil(sizes.max() + 0.4)
    # `at` are the rows along the axis, `place` is where the labels stand.
    at, place = np.arange(1, len(names) + 1), len(names) // 4
    fig, ax = axes(height=3.4)
    shown = {key: _drawn((dots or lines)[key]) for key in COLORS}
    # A quarter of the way along, the label of the upper line goes above it, that of the lower one below.
    upper = max(shown, key=lambda key: np.nan_to_num(shown[key][place]))
    for key, color in COLORS.items():
        if key in lines:
            ax.plot(at, _drawn(lines[key]), color=color, linewidth=1.5)
        if key in dots:
            ax.plot(at, _drawn(dots[key]), color=color, marker="o", markersize=4, linestyle="" if lines else "-")
        if np.isfinite(shown[key][place]):
            label(ax, at[place], shown[key][place], key, color, xytext=(6, 11 if key == upper else -13))
    decades(ax, low, high, max(1, math.ceil((high - low) / 8)))
    ax.set_xlim(0.5, len(names) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.set_xlabel("layer" if names and names[0].startswith("layer") else "row, from the input to the output")
    ax.set_ylabel("rms")
    ax.set_title(title, color=INK)
    what = "lines are theory, dots a simulation" if lines and dots else "one pass of the model" if dots else "by theory"
    return Picture(
        fig,
        f"Rms of each row's output, and length of the gradient there, scaled to be 1 at the network's output; {what}. "
        f"{found.verdict}"
        if isinstance(found, Diagnosis)
        else f"Rms of each layer's output, and length of the loss's gradient there; {what}. {found.verdict}",
        f"Signal and gradient against the layers on a logarithmic axis. {found.verdict}",
        {
            "row": names,
            **{f"{key}, theory": value for key, value in lines.items()},
            **{f"{key}, found": value for key, value in dots.items()},
        },
    )


def _drawn(values: Array) -> Array:
    """Return values for a logarithmic axis, NaN in place of those that are 0, infinite or near the end of float64."""
    return np.where((values > 1e-250) & (values < 1e250), values, math.nan)
