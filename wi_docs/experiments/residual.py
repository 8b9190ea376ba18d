r"""Residual networks: signal and gradient in the stream, the effect of normalization, and ways to start the branches.

A branch computes \(f(s) = \mathrm{relu}(s W_1)\,W_2\) and is added to the stream \(s\). \(W_1\) has LeCun's scale and
\(W_2\) He's, so that the output of a branch has the mean square of its input.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.propagation import rms
from wi_docs.experiments.training import History, descend, train_stack
from wi_docs.nn import checks, initializers
from wi_docs.nn.activations import Activation, activation
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP, denormalize, normalize, softmax_cross_entropy, stack

NORMS = ("none", "pre", "post")
STARTS = ("standard", "scaled", "zero_last", "fixup")


@dataclass(frozen=True)
class Stream:
    """The sizes of signal and gradient along the residual stream, from its start to its end.

    Attributes:
        size: root mean square of the stream after 0, 1, 2, … blocks, `(blocks + 1,)`.
        gradient: root mean square of the derivative with respect to it, for a standard normal cotangent at the end,
            `(blocks + 1,)`.
    """

    size: Array
    gradient: Array


@conditions.door(blocks="blocks", width="width", batch="batch", normalization="norm", seeds="seed")
def residual_stream(
    *, blocks: int, width: int = 256, batch: int = 64, branch: float = 1.0, norm: str = "none", seed: int = 0
) -> Stream:
    """Send standard normal inputs through residual blocks, and a standard normal cotangent back.

    Args:
        blocks: number of branches that are added, at least 1.
        width: number of units of the stream and of the branches.
        batch: number of inputs.
        branch: factor on each branch, at least 0.
        norm: `none`; `pre` normalizes each branch's input over its units, `post` the stream after each addition.
        seed: a non-negative integer.

    Raises:
        ValueError: for an argument out of range or an unknown norm, or if the stream leaves float64.
        TypeError: for an argument of the wrong kind.

    Source:
        He et al. (2016); where to normalize, Xiong et al. (2020).

    Examples:
        >>> stream = residual_stream(blocks=10)
        >>> print(f"the mean square grows by {(stream.size[-1] / stream.size[0]) ** (2 / 10):.1f} a block")
        the mean square grows by 2.0 a block
    """
    blocks, width, batch = checks.count("blocks", blocks), checks.count("width", width), checks.count("batch", batch)
    branch, norm = checks.number("branch", branch, least=0.0), checks.lookup("norm", norm, NORMS)
    rng = checks.seeded(conditions.seed(seed))
    s = digits.normal_inputs(rng, batch, width)
    gains = itertools.cycle((1.0, math.sqrt(2) * branch))  # LeCun's scale, then He's
    net = MLP(
        [width] * (2 * blocks + 1), "relu", lambda rng, shape: next(gains) * initializers.lecun_normal(rng, shape), rng
    )
    # The network has nothing but branches: layers 0 and 1 are the first, 2 and 3 the second, and so on.
    net.activations = [activation("relu"), activation("linear")] * blocks
    net.branch_ends = frozenset(range(1, 2 * blocks, 2))
    net.normalized = {"input": frozenset(range(0, 2 * blocks, 2))} if norm == "pre" else {}
    if norm == "post":
        net.normalized = {"output": net.branch_ends}
    conditions.network(net, rng)
    run = net.forward(s)
    grad = net.backward(run, rng.standard_normal((batch, width)))
    return Stream(
        # The stream is the output of every second layer, behind the addition.
        np.array([rms(s)] + [rms(a) for a in run.outputs[1::2]]),
        np.array([rms(grad.x)] + [rms(da) for da in grad.outputs[1::2]]),
    )


@conditions.door(activation="activation_name", depth="depth", width="width", batch="batch", gain="gain", seeds="seed")
def batch_norm_factor(
    activation_name: str | Activation, *, depth: int = 20, width: int = 256, batch: int = 256, gain: float = 1.0,
    seed: int = 0,
) -> float:  # fmt: skip
    r"""Return the factor a layer on the gradient's rms, going back, for layers \(\varphi(\mathrm{BN}(a W))\).

    BN normalizes each unit over the batch. The factor is the geometric mean over the middle half of the layers. The
    weights have LeCun's scale times `gain`, a factor that the normalization cancels.

    Raises:
        ValueError: for an argument out of range, or a gradient that dies out.

    Source:
        Yang et al. (2019): for ReLU, \(\sqrt{\pi/(\pi - 1)}\) in the limit of a large batch.

    Examples:
        >>> print(f"{batch_norm_factor('relu'):.1f}")
        1.2
    """
    depth, width = checks.count("depth", depth, least=4), checks.count("width", width)
    rng, phi = checks.seeded(conditions.seed(seed)), activation(activation_name)
    # Two rows become 1 and -1, whatever they were, and no gradient passes.
    a = digits.normal_inputs(rng, checks.count("batch", batch, least=3), width)
    conditions.say(scheme="lecun_normal", normalization="batch", biases="0")
    layers = []
    for _ in range(depth):
        W = initializers.lecun_normal(rng, (width, width), gain)
        y, deviation = normalize(a @ W, 0)
        layers.append((W, y, deviation))
        a = phi.f(y)
    da, sizes = rng.standard_normal(a.shape), []
    for W, y, deviation in reversed(layers):
        dy = da * phi.df(y)
        sizes.append(rms(dy))
        da = denormalize(dy, y, deviation, 0) @ W.T
    # The quarters at both ends are left out: there the signal has not settled, or the cotangent is still random.
    low, high = depth // 4, 3 * depth // 4
    if sizes[high] == 0.0:
        raise ValueError("the gradient is 0: where the units of a layer stand, the activation is flat")
    return float((sizes[high] / sizes[low]) ** (1 / (high - low)))


class ResidualMLP(MLP):
    """A residual network without normalization: a matrix in, `blocks` branches of two matrices, a matrix out.

    Args:
        inputs: units of the input.
        width: units of the stream and of the branches.
        blocks: number of branches.
        outputs: units of the output.
        rng: the source of randomness.
        start: `standard`; `scaled`, each branch divided by the root of `blocks`; `zero_last`, the last matrix of each
            branch at 0; or `fixup`, which also shrinks the first and starts the output at 0.

    Attributes:
        W: the matrices from input to output, two for each branch.
        b: a bias for each.

    Source:
        Zhang et al. (2019), section 4, for `fixup`, of which we leave out the scalar multipliers.

    Examples:
        >>> net = ResidualMLP(64, 32, 100, 10, np.random.default_rng(0), start="fixup")
        >>> len(net.W), bool((net.forward(np.ones((1, 64))).output == 0).all())
        (202, True)
    """

    def __init__(
        self, inputs: int, width: int, blocks: int, outputs: int, rng: np.random.Generator, *, start: str = "standard"
    ) -> None:
        start, blocks = checks.lookup("start", start, STARTS), checks.count("blocks", blocks)
        super().__init__([inputs] + [width] * (2 * blocks + 1) + [outputs], "relu", "lecun_normal", rng)
        self.activations = [activation("linear")] + [activation("relu"), activation("linear")] * blocks
        self.activations.append(activation("linear"))
        self.branch_ends = frozenset(range(2, 2 * blocks + 1, 2))
        for first in range(1, 2 * blocks, 2):
            if start == "fixup":  # He's scale, LeCun's times the root of 2, times L^(-1/(2m - 2)) with m = 2
                self.W[first] *= math.sqrt(2 / blocks)
            factor = {"standard": math.sqrt(2), "scaled": math.sqrt(2 / blocks)}.get(start, 0.0)
            self.W[first + 1] *= factor
        if start == "fixup":
            self.W[-1] *= 0.0


@conditions.door(scheme="start", blocks="blocks", width="width", seeds="seed")
def first_step_change(start: str, *, blocks: int, width: int = 64, rate: float = 0.1, seed: int = 0) -> float:
    """Return the rms change of a residual network's logits on the digits after one full step of gradient descent.

    Raises:
        ValueError: for an argument out of range or an unknown start.

    Source:
        Zhang et al. (2019), section 3: it should not depend on the number of branches.

    Examples:
        >>> bool(0.75 < first_step_change("fixup", blocks=64) / first_step_change("fixup", blocks=4) < 1.25)
        True
    """
    data, rng, rate = digits.load(), checks.seeded(conditions.seed(seed)), conditions.rate(rate)
    net = ResidualMLP(64, width, blocks, 10, rng, start=start)
    conditions.network(net, rng)
    conditions.say(steps=1)
    if start == "fixup":
        net.W[-1] = MLP([width, 10], "linear", "lecun_normal", checks.seeded(conditions.seed(seed))).W[
            0
        ]  # else only it would move
    run = net.forward(data.train_x)
    descend(net, net.backward(run, softmax_cross_entropy(run.output, data.train_y)[1]), rate)
    return rms(net.forward(data.train_x).output - run.output)


@conditions.door(scheme="start", blocks="blocks", width="width")
@disk_cached
def train_residual(
    start: str, *, blocks: int, steps: int = 300, rate: float = 0.05, width: int = 64, seeds: tuple[int, ...] = (0,)
) -> list[History]:
    """Train residual networks without normalization on the digits, one for each seed. A run that explodes ends there.

    Raises:
        ValueError: for an argument out of range or an unknown start.

    Examples:
        >>> (history,) = train_residual("fixup", blocks=4, steps=100)
        >>> bool(history.accuracy[-1] > 0.5)
        True
    """
    nets = [ResidualMLP(64, width, blocks, 10, checks.seeded(conditions.seed(seed)), start=start) for seed in seeds]
    return train_stack(stack(nets), steps=steps, rates=[rate] * len(nets), seeds=seeds, looks=2, record="accuracy")
