"""Layers whose weights start at 0: those that leave it in the first steps, and the network without them."""

from __future__ import annotations

import dataclasses

from wi_docs.diagnosis.spec import Spec
from wi_docs.nn.activations import activation


def zeros(spec: Spec) -> tuple[int, ...]:
    """Return the layers, counted from 0, whose weights start at 0 and leave it at the first step.

    The result is empty if any layer of zeros would stay at 0. One such layer blocks the gradient of the layers before
    it for one step. Two on one path block each other for ever: neither gets a gradient through the other. One alone
    stays at 0 too if an activation follows that has no slope at 0.

    Examples:
        >>> zeros(Spec((8, 8, 8, 2), sigma_w=(1.0, 1.0, 0.0))), zeros(Spec((8, 8, 8, 2), sigma_w=(1.0, 0.0, 0.0)))
        ((2,), ())
    """
    deviations = spec.deviations()
    last = len(deviations) - 1
    found = tuple(k for k, (sigma_w, _) in enumerate(deviations) if sigma_w == 0.0)
    slope = float(activation(spec.activation).df(0.0)) != 0.0
    # The sets of layers on one path: the whole chain, or in a residual network the two ends, and each block.
    # Branches lie beside the stream: a branch of zeros blocks nothing but its own other layer.
    paths = [(0, last), *((k, k + 1) for k in range(1, last, 2))] if spec.residual else [tuple(range(last + 1))]
    for path in paths:
        held = [k for k in found if k in path]
        before = bool(held) and held[0] < path[-1] and not (spec.residual and path[0] == 0)  # an activation follows
        stuck = spec.normalization != "none" or not (slope or deviations[held[0]][1] > 0.0) if before else False
        if len(held) > 1 or stuck:
            return ()
    return found


def in_the_way(spec: Spec) -> tuple[int, ...]:
    """Return the layers of `zeros` that block every signal: all but those in residual branches."""
    last = len(spec.widths) - 2
    return tuple(k for k in zeros(spec) if not spec.residual or k in (0, last))


def without_zeros(spec: Spec) -> Spec:
    """Return the network with weights of sigma_w 1 in the layers of zeros that block every signal."""
    held = in_the_way(spec)
    if not held:
        return spec
    # The new description keeps its factor on branches, which `deviations` would multiply in a second time.
    plain = dataclasses.replace(spec, branch=1.0).deviations()
    return dataclasses.replace(
        spec, scheme=None, gain=1.0, sigma_w=tuple(1.0 if k in held else w for k, (w, _) in enumerate(plain)),
        sigma_b=tuple(b for _, b in plain),
    )  # fmt: skip
