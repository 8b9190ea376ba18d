"""Layer-sequential unit variance, an initialization that looks at data."""

from __future__ import annotations

import math

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.propagation import rms
from wi_docs.nn import checks, initializers
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP


def lsuv(net: MLP, x: Array, rng: np.random.Generator, *, tolerance: float = 0.1, most: int = 10) -> list[int]:
    """Give `net` orthogonal weights, in place, and rescale them layer by layer to pre-activations of variance 1 on `x`.

    Args:
        net: the network; its biases are left as they are.
        x: inputs to look at, `(batch, fan_in)`.
        rng: the source of randomness.
        tolerance: the largest distance from 1 that the variance of a layer's pre-activations may keep.
        most: the largest number of corrections of a layer.

    Returns:
        The number of corrections of each layer.

    Raises:
        ValueError: if a layer's variance is 0, or that of its biases alone is 1 + `tolerance` or more, which no
            factor on the weights can mend, or an argument is out of range.
        TypeError: for an argument of the wrong kind.

    Source:
        Mishkin & Matas (2016), algorithm 1.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> net = MLP([64, 128, 128, 10], "gelu", "zeros", rng)
        >>> lsuv(net, 3 + 5 * rng.standard_normal((256, 64)), rng)
        [1, 1, 1]
    """
    checks.instance("net", net, MLP)
    tolerance, most = checks.number("tolerance", tolerance, above=0.0), checks.count("most", most)
    conditions.say(scheme="lsuv")
    conditions.network(net, rng)
    corrections, a = [], checks.array("x", x, ndim=2)
    for layer, (W, b, phi) in enumerate(zip(net.W, net.b, net.activations, strict=True)):
        if b.var() >= 1.0 + tolerance:
            raise ValueError(
                f"the biases of layer {layer + 1} have a variance of {b.var():.3g}: no weights can mend that"
            )
        net.W[layer] = initializers.orthogonal(rng, W.shape)
        for count in range(most + 1):
            variance = float((a @ net.W[layer] + b).var())
            if abs(variance - 1.0) < tolerance or count == most:
                break
            if variance == 0.0:
                raise ValueError(f"layer {layer + 1} gives the same output for every input; no factor can mend that")
            # Without biases one division would be exact. A bias adds a variance that the division does not scale, so
            # that some layers take more than one.
            net.W[layer] /= math.sqrt(variance)
        corrections.append(count)
        # The next layer is measured on the activations of the layers before it, as they are now.
        a = phi.f(a @ net.W[layer] + b)
    return corrections


def sizes_after_lsuv(phi: str, *, depth: int, width: int, seed: int) -> tuple[Array, Array]:
    """Return the rms of the activations and of the gradient by layer of a network that `lsuv` has drawn, `(depth,)`.

    Inputs and cotangent are standard normal, as those of `propagate`, and the gradient is that of the pre-activations.
    The network is drawn on the inputs that are sent through it.

    Args:
        phi: name of the activation.
        depth: number of layers, at least 1.
        width: number of units in each, and of inputs, at least 1.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> signal, gradient = sizes_after_lsuv("silu", depth=20, width=256, seed=0)
        >>> print(f"{signal[0]:.2f} {signal[-1]:.2f}")
        0.59 0.65
    """
    depth, width = checks.count("depth", depth), checks.count("width", width)
    rng = checks.seeded(conditions.seed(seed))
    net = MLP([width] * (depth + 1), phi, "zeros", rng, output=phi)
    x = rng.standard_normal((64, width))
    lsuv(net, x, rng)
    run = net.forward(x)
    gradients = net.backward(run, rng.standard_normal((64, width)))
    return np.array([rms(a) for a in run.outputs]), np.array([rms(dz) for dz in gradients.z])
