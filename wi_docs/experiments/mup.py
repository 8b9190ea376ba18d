r"""The coordinate check: how much a layer changes in Adam's first steps as the width grows, for two scalings."""

from __future__ import annotations

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.propagation import rms
from wi_docs.experiments.training import Adam
from wi_docs.nn import checks, initializers
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP, softmax_cross_entropy


@conditions.door(scheme="scaling", seeds="seeds", steps="steps")
@disk_cached
def coordinate_check(
    scaling: str, *, widths: tuple[int, ...] = (64, 128, 256, 512, 1024), steps: int = 3, rate: float = 0.01,
    seeds: tuple[int, ...] = (0, 1, 2),
) -> Array:  # fmt: skip
    r"""Return the rms change of each layer's pre-activations after a few steps of Adam, `(len(widths), 3)`.

    The network reads digits: 64 inputs, two hidden ReLU layers of one width \(n\), 10 outputs. `standard` scaling draws
    each layer at LeCun's scale and gives all of them one rate. `mup` draws the output layer with a standard deviation
    of \(1/n\) and divides the rates of the second and third layer by \(n/64\).

    Args:
        scaling: `standard` or `mup`.
        widths: the hidden widths to try, at least 1 each.
        steps: number of Adam's steps, each on all training digits.
        rate: Adam's learning rate, at width 64.
        seeds: the seeds to average over.

    Raises:
        ValueError: for an unknown scaling or an argument out of range.

    Source:
        Yang & Hu (2021); Yang et al. (2022), table 3 and the coordinate check of its appendix D.1.

    Examples:
        >>> change = coordinate_check("mup", widths=(64, 256), steps=1, seeds=(0,))
        >>> bool((change[1] < 2 * change[0]).all())
        True
    """
    mup = checks.lookup("scaling", scaling, ("standard", "mup")) == "mup"
    data, rate = digits.load(), conditions.rate(rate, "adam")
    result = np.zeros((len(widths), 3))
    for row, width in enumerate(widths):
        for seed in seeds:
            rng = checks.seeded(conditions.seed(seed))
            net = MLP([64, checks.count("width", width), width, 10], "relu", "lecun_normal", rng)
            if mup:
                net.W[-1] = initializers.mup_readout(
                    rng, (width, 10), gain=8.0
                )  # as at the standard scale for width 64
            conditions.network(net, rng)
            before = net.forward(data.train_x).pre_activations
            # Adam moves every weight by about its rate. A layer of fan-in n adds up n such moves of one sign, so that
            # its rate has to shrink like 1/n. The first layer's fan-in stays at 64.
            rates = [rate, rate * 64 / width, rate * 64 / width] if mup else [rate] * 3
            adam = Adam(net.W)
            for _ in range(checks.count("steps", steps)):
                run = net.forward(data.train_x)
                adam.step(net.backward(run, softmax_cross_entropy(run.output, data.train_y)[1]).W, rates)
            after = net.forward(data.train_x).pre_activations
            result[row] += [rms(b - a) / len(seeds) for a, b in zip(before, after, strict=True)]
    return result
