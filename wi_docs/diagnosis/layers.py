"""What each row of a described network does, in columns, and as evidence for the rules.

A row is a layer, or in a residual network a block of two layers: what takes one input of the stream to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wi_docs.diagnosis.problems import Evidence, Exit, Row
from wi_docs.diagnosis.spec import Spec
from wi_docs.nn import number_formats
from wi_docs.nn.checks import Array

LARGEST = np.finfo(np.float64).max.item()


@dataclass(frozen=True)
class Layers:
    r"""What each row does, `(rows,)` each.

    Attributes:
        q: mean square of the pre-activations, as the activation gets them (in a block, the branch's).
        forward: factor on the signal's rms, from the row's input to its output.
        chi: factor on the squared length of the gradient, from the row's output to its input: \(\chi\).
        signal: rms of the row's output.
        gradient: length of the gradient with respect to the row's output, where it is 1 at the network's output.
        correlation: of two inputs, at the row's output: the mean cosine.
        saturated: share of pairs of unit and input with a slope below a tenth of the activation's largest.
        dead: share of units that are so for every input of the batch.
        spread: deviation of the logarithm of the output's length, for one input, from one draw of the weights to the
            next.
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

    @property
    def backward(self) -> Array:
        r"""Factor on the length of the gradient, \(\sqrt\chi\), `(rows,)`."""
        return np.sqrt(self.chi)


def over(value: float, by: float) -> float:
    """Return the ratio of two sizes, 0 where `by` is 0."""
    return float(value / by) if by > 0.0 else 0.0


def exits(names: tuple[str, ...], layers: Layers) -> dict[str, tuple[Exit, ...]]:
    """Return for each format where the signal, and where the gradient, first leaves its range on its way.

    The gradient is taken as its length, 1 at the output; the entries of a loss averaged over a batch are smaller.
    """
    ways = (
        ("signal", np.maximum(layers.signal, np.sqrt(np.minimum(layers.q, LARGEST))), 1),
        ("gradient", layers.gradient, -1),
    )
    found = {}
    for name in number_formats.FORMATS:
        smallest, largest = number_formats.limits(name)
        found[name] = tuple(
            Exit(what, bool(sizes[leaving[0]] > largest), names[leaving[0]])
            for what, sizes, step in ways
            # Half of the smallest number still rounds to it.
            if len(leaving := np.flatnonzero((sizes > largest) | (sizes < smallest / 2))[::step])
        )
    return found


def evidence(spec: Spec, layers: Layers | None, *, twins: Row | None = None, error: str = "") -> Evidence:
    """Return a described network as evidence for the rules of `problems`.

    Args:
        spec: the network.
        layers: what its rows do, by theory or as simulated; None if neither is known.
        twins: the first layer with equal units, if any.
        error: what stopped a simulation because numbers left float64.
    """
    names = tuple(name for name, *_ in spec.rows())
    alike_layers = () if twins is None else (twins,)
    if layers is None:
        return Evidence(tuple(Row(name, "", True, module=name) for name in names), alike_layers, error=error)
    last = len(names) - 1
    rows = tuple(
        Row(
            name, "", True, module=name, signal=math.sqrt(layers.q[k]), gradient=float(layers.gradient[k]),
            correlation=float(layers.correlation[k]), activation=spec.activation if k < last else None,
            saturated=float(layers.saturated[k]), dead=float(layers.dead[k]),
            broken=not math.isfinite(layers.signal[k]),
        )
        for k, name in enumerate(names)
    )  # fmt: skip
    return Evidence(
        rows,
        alike_layers,
        hidden=rows[-2] if last and spec.widths[-2] > 1 else None,  # one number has a sign, and no direction
        signal=over(layers.signal[-2], math.sqrt(spec.input_second_moment)) if last else None,
        spread=float(layers.spread[-2]) if last else None,
        dtype=spec.dtype,
        exits=exits(names, layers)[spec.dtype],
        error=error,
    )
