"""The measurements of a described network's rows, as arrays, and as evidence for the rules.

A row is a layer, or in a residual network a block of two layers, with the addition that ends it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wi_docs.diagnosis.problems import Evidence, Exit, Row
from wi_docs.diagnosis.spec import Spec
from wi_docs.nn import number_formats
from wi_docs.nn.checks import Array
from wi_docs.nn.network import ExplosionError

BATCH = 32  # the number of inputs of a simulation
LARGEST = np.finfo(np.float64).max.item()  # the largest finite float64, about 1.8e308


@dataclass(frozen=True)
class Layers:
    r"""Measurements of all rows of a network. Every attribute is an array, `(rows,)`.

    Attributes:
        q: mean square of the pre-activations, the input of the activation (in a block, of the branch's activation).
        forward: factor on the signal's rms, from the row's input to its output.
        chi: factor on the squared length of the gradient, from the row's output to its input: \(\chi\).
        signal: rms of the row's output.
        gradient: length of the gradient with respect to the row's output, where it is 1 at the network's output.
        correlation: mean cosine of two inputs at the row's output.
        saturated: share of pairs of unit and input with a slope below a tenth of the activation's largest.
        dead: share of units whose slope is below that for every input of the batch.
        spread: standard deviation, over draws of the weights, of the logarithm of the output's length for one input.
        apart: share of the output's mean square that differs between inputs; None in theory, where inputs have one
            length and it is one minus the correlation.
    """

    q: Array
    forward: Array
    chi: Array
    signal: Array
    gradient: Array
    correlation: Array
    saturated: Array
    dead: Array
    spread: Array
    apart: Array | None = None

    @property
    def backward(self) -> Array:
        r"""Factor on the length of the gradient, \(\sqrt\chi\), `(rows,)`."""
        return np.sqrt(self.chi)


def over(value: float, by: float) -> float:
    """Return `value / by`, or 0 if `by` is 0. Both are sizes, and not negative. Beyond float64 it is infinite."""
    with np.errstate(over="ignore"):
        return float(value / by) if by > 0.0 else 0.0


def exits(names: tuple[str, ...], layers: Layers) -> dict[str, tuple[Exit, ...]]:
    """Return for each number format the rows where the signal, and where the gradient, first leave its range.

    The signal is followed from the input, the gradient from the output. A signal's largest entry counts as four times
    its rms, which one normal number in 16,000 exceeds. The gradient is judged by its length, which is 1 at the output;
    the entries of the gradient of a loss that is averaged over a batch are smaller.
    """
    ways = (
        # Of a row's output and its pre-activations, whichever is larger. `step` is the direction in which rows are
        # passed.
        ("signal", np.maximum(layers.signal, np.sqrt(np.minimum(layers.q, LARGEST))), 4.0, 1),
        ("gradient", layers.gradient, 1.0, -1),
    )
    found = {}
    for name in number_formats.FORMATS:
        smallest, largest = number_formats.limits(name)
        found[name] = tuple(
            Exit(what, bool(sizes[leaving[0]] > largest / factor), names[leaving[0]])
            for what, sizes, factor, step in ways
            # Half of the smallest number rounds to 0.
            if len(leaving := np.flatnonzero((sizes > largest / factor) | (sizes <= smallest / 2))[::step])
        )
    return found


def evidence(
    spec: Spec, layers: Layers | None, *, twins: Row | None = None, error: ExplosionError | None = None
) -> Evidence:
    """Return a described network as evidence for the rules of `problems`.

    Args:
        spec: the network.
        layers: the measurements of its rows, by theory or by simulation; None if there is neither.
        twins: the first layer with equal units, if any.
        error: the error that ended a simulation because numbers left float64; None if none did.
    """
    names = tuple(name for name, *_ in spec.rows())
    alike_layers = () if twins is None else (twins,)
    # Without measurements the rows have names alone, and only the rule on equal units can find something.
    if layers is None:
        return Evidence(tuple(Row(name, "", True, module=name) for name in names), alike_layers, error=error)
    last = len(names) - 1
    units = [spec.widths[first + 1] for _, first, *_ in spec.rows()]
    rows = tuple(
        Row(
            name, "", True, module=name, signal=math.sqrt(layers.q[k]), gradient=float(layers.gradient[k]),
            # No activation follows the last row, so that its units are not judged for saturation.
            correlation=float(layers.correlation[k]), activation=spec.activation if k < last else None,
            saturated=float(layers.saturated[k]), dead=float(layers.dead[k]),
            broken=not math.isfinite(layers.signal[k]), apart=None if layers.apart is None else float(layers.apart[k]),
            samples=0 if layers.apart is None else BATCH, outputs=0 if layers.apart is None else units[k],
        )
        for k, name in enumerate(names)
    )  # fmt: skip
    return Evidence(
        rows,
        alike_layers,
        hidden=rows[-2] if last and spec.widths[-2] > 1 else None,  # one number has a sign, and no direction
        signal=over(layers.signal[-2], math.sqrt(spec.input_second_moment)) if last else None,
        spread=float(layers.spread[-2]) if last else None,
        began=1 - spec.input_correlation,
        rms=float(layers.signal[-1]),
        dtype=spec.dtype,
        exits=exits(names, layers)[spec.dtype],
        error=error,
    )
