"""Changes that may mend a network, the smallest first, ranked by the problems that theory predicts after each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from wi_docs.diagnosis.layers import Layers, evidence
from wi_docs.diagnosis.problems import REACH, SPREAD, Problem, burden, problems
from wi_docs.diagnosis.recipe import Recipe
from wi_docs.diagnosis.spec import STRUCTURED, Spec
from wi_docs.diagnosis.theory import theory
from wi_docs.diagnosis.zeros import without_zeros, zeros
from wi_docs.nn import gains


@dataclass(frozen=True)
class Advice:
    """The change that helps most, and the diagnosis of the network after it.

    Attributes:
        change: the change, in words.
        spec: the network with the change.
        problems: the problems that are left, by theory and by simulation of the changed network.
        outcome: the verdict on the changed network, in a sentence.
        recipe: the change as code; None if a library has no line for it.
    """

    change: str
    spec: Spec
    problems: tuple[Problem, ...]
    outcome: str
    recipe: Recipe | None = None


def promising(spec: Spec, possible: Callable[[Spec], bool] = lambda _: True) -> list[tuple[str, Spec]]:
    """Return the three possible changes after which theory finds the fewest problems, the best first.

    Each is a pair: the change in words, and the changed network.
    """
    ranked = []
    for order, (change, new) in enumerate(_alternatives(spec)):
        if new != spec and new.scheme not in STRUCTURED and possible(new):
            layers = theory(without_zeros(new))
            left = problems(evidence(new, layers))
            # Ties are broken by the margin, then by the order of `_alternatives`, which begins with the smallest
            # changes.
            ranked.append((burden(left), _margin(new, layers), order, change, new))
    return [(change, new) for *_, change, new in sorted(ranked, key=lambda entry: entry[:3])[:3]]


def _margin(spec: Spec, layers: Layers) -> float:
    """Return how near a network is to the limits: the largest of its changes over the depth and its spread.

    Each is a multiple of its limit, rounded to quarters, so that changes of about the same effect stay tied.
    """
    last = max(len(layers.signal) - 2, 0)
    sizes = layers.gradient[0], layers.signal[last] / math.sqrt(spec.input_second_moment)
    # Sizes of 0 and infinity get a finite logarithm.
    far = max(abs(math.log(min(max(float(size), 1e-300), 1e300))) / REACH for size in sizes)
    return round(4 * min(max(far, float(layers.spread[last]) / SPREAD), 100.0)) / 4


def _alternatives(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Yield changes to try, the smallest first, as words and the changed network.

    Layers that start at 0 and leave it within the first steps may be meant, and stay as they are.
    """
    # From changes that leave the network as it is to changes of its structure: inputs and format, weights,
    # normalization, depth.
    if spec.input_second_moment != 1.0:
        yield "scale the inputs to a mean square of 1", dataclasses.replace(spec, input_second_moment=1.0)
    if spec.dtype == "fp16":
        yield "keep the numbers in bf16", dataclasses.replace(spec, dtype="bf16")
    held = zeros(spec)
    if spec.residual and not held:
        factor = _branch_factor(spec)
        yield (
            f"scale each branch by one over the root of the number of blocks, {factor:g}",
            dataclasses.replace(spec, branch=factor),
        )
    # Layers of zeros are kept by giving sigma_w layer by layer, in place of a scheme.
    yield from _other_weights_but(spec, held) if held else _other_weights(spec)
    if spec.normalization == "none" and 1 not in spec.widths[1:-1]:  # one unit has nothing to be normalized over
        places = ("before each branch", "after each addition")
        if not spec.residual:
            places = ("before each activation", "after each activation")
        for normalization, place in zip(("before", "after"), places, strict=True):
            yield (
                f"normalize over the units of a layer, {place}",
                dataclasses.replace(spec, normalization=normalization),
            )
    if not spec.residual and len(spec.widths) > 5 and not held:
        # Every second hidden layer goes. Networks of fewer than four hidden layers are left as deep as they are.
        fewer = spec.widths[:1] + spec.widths[1:-1:2] + spec.widths[-1:]
        start: dict[str, Any] = {"sigma_w": None, "sigma_b": 0.0, "scheme": "lecun_normal"}
        gain = _gains(spec)["its gain"]
        yield (
            "half as many layers, at the activation's gain",
            dataclasses.replace(spec, widths=fewer, gain=gain, **start),
        )


def _branch_factor(spec: Spec) -> float:
    """Return one over the root of the number of blocks, to four digits.

    With that factor the sum of all branches has the variance of a single one.
    """
    # Widths are an input, the stream 2 * blocks + 1 times, and an output.
    blocks = (len(spec.widths) - 3) // 2
    return float(f"{blocks**-0.5:.4g}")


def _gains(spec: Spec) -> dict[str, float]:
    """Return the gains to try, to five digits, by their names in sentences. Of equal gains the first one is kept."""
    # A network of one layer has no activation.
    phi = "linear" if len(spec.widths) == 2 else spec.activation
    tried: dict[str, float] = {}
    for words, gain in (
        ("its gain", gains.gain(phi)),
        ("its backward gain", gains.gain(phi, direction="backward")),
        ("the gain of a linear layer", 1.0),
    ):
        if (rounded := float(f"{gain:.5g}")) not in tried.values():
            tried[words] = rounded
    return tried


NORMAL_LAW, ORTHOGONAL_LAW = "normal weights of variance {:.3g}/n_in", "orthogonal weights times {:.3g}"


def _other_weights_but(spec: Spec, held: tuple[int, ...]) -> Iterator[tuple[str, Spec]]:
    """Yield other weights for all layers but those in `held`, counted from 0, which start at 0 and stay so."""
    for words, gain in _gains(spec).items():
        kept = tuple(0.0 if k in held else gain for k in range(len(spec.widths) - 1))
        yield (
            f"{NORMAL_LAW.format(gain**2)} ({words}) and biases of 0, but for the layers that start at 0",
            dataclasses.replace(spec, scheme=None, gain=1.0, branch=1.0, sigma_w=kept, sigma_b=0.0),
        )


def _other_weights(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Yield other weights for all layers. In a residual network, normal weights are tried with scaled branches too."""
    for scheme, law in (("lecun_normal", NORMAL_LAW), ("orthogonal", ORTHOGONAL_LAW)):
        for words, gain in _gains(spec).items():
            # ReLU's gain on LeCun's scale is He's scheme, and readers know it by that name.
            he = words == "its gain" and len(spec.widths) > 2 and (scheme, spec.activation) == ("lecun_normal", "relu")
            new: dict[str, Any] = {"scheme": "he_normal", "gain": 1.0} if he else {"scheme": scheme, "gain": gain}
            shown = law.format(gain**2 if scheme == "lecun_normal" else gain)
            name = "he_normal" if he else f"{scheme} with gain {gain:g}"
            changed = dataclasses.replace(spec, sigma_w=None, sigma_b=0.0, **new)
            yield f"{name} ({shown}, {words}) and biases of 0", changed
            if spec.residual and scheme == "lecun_normal":
                factor = _branch_factor(spec)
                yield (
                    f"{name} and biases of 0, and each branch scaled by {factor:g}",
                    dataclasses.replace(changed, branch=factor),
                )
