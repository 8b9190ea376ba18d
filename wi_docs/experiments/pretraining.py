"""Greedy layer-wise pre-training with stacked autoencoders, the cure of 2006."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.training import descend, train_stack
from wi_docs.nn import checks
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP, squared_error, stack


def pretrain(net: MLP, *, steps: int, rate: float, batch: int = 32, seed: int = 0) -> list[float]:
    """Train each hidden layer of `net` as an autoencoder, in place and from the first to the last.

    A layer learns to let a linear decoder rebuild the layer's input from its output. Then the decoder is thrown away.
    Labels are not used.

    Args:
        net: takes 64 inputs; its hidden layers start from the weights that they have.
        steps: updates for each hidden layer, at least 1.
        rate: learning rate, positive.
        batch: images an update, drawn with replacement.
        seed: a non-negative integer.

    Returns:
        For each hidden layer, the share of its input's variance that the decoder could not rebuild.

    Raises:
        ValueError: for an argument out of range, or training that diverges.
        TypeError: for an argument of the wrong kind.

    Source:
        Bengio et al. (2007), section 3.2 for autoencoders in place of the Boltzmann machines of Hinton et al. (2006).

    Examples:
        >>> net = MLP([64, 32, 10], "sigmoid", "glorot_normal", np.random.default_rng(0))
        >>> lost = pretrain(net, steps=300, rate=0.05)
        >>> bool(lost[0] < 0.5)
        True
    """
    checks.instance("net", net, MLP)
    rng, x, unexplained = checks.seeded(conditions.seed(seed)), digits.load().train_x, []
    rate = conditions.rate(rate)
    conditions.say(steps=steps, batch=batch)
    steps, batch = checks.count("steps", steps), checks.count("batch", batch)
    for layer in range(len(net.W) - 1):
        fan_in, fan_out = net.W[layer].shape
        coder = MLP([fan_in, fan_out, fan_in], net.activations[layer], "glorot_normal", rng)
        # Shared arrays: training the coder in place trains the layer.
        coder.W[0], coder.b[0] = net.W[layer], net.b[layer]
        # Rebuild the standardized input: deep sigmoid layers vary so little that the plain error would teach nothing.
        target = (x - x.mean(axis=0)) / x.std()
        for _ in range(steps):
            rows = rng.integers(len(x), size=batch)
            run = coder.forward(x[rows])
            _, cotangent = squared_error(run.output, target[rows])
            descend(coder, coder.backward(run, cotangent), rate)
        error = coder.forward(x).output - target
        unexplained.append(float((error**2).sum() / (target**2).sum()))
        x = net.activations[layer].f(x @ net.W[layer] + net.b[layer])
    return unexplained


@dataclass(frozen=True)
class Comparison:
    """Fine-tuning from four starts, once for each seed.

    Attributes:
        steps: number of updates made before each look, `(looks,)`.
        accuracy: by name of the start, the share of test digits recognized, `(seeds, looks)`.
        scale: by name of the start, the standard deviation of each hidden layer's weights times the root of its
            fan-in, averaged over seeds, `(depth,)`.
    """

    steps: Array
    accuracy: dict[str, Array]
    scale: dict[str, Array]


@conditions.door(depth="depth", width="width")
@disk_cached
def compare_starts(
    *,
    depth: int = 5,
    width: int = 64,
    pretraining_steps: int = 800,
    steps: int = 400,
    seeds: tuple[int, ...] = (0, 1, 2),
) -> Comparison:
    """Train sigmoid networks from Glorot's weights, from pre-trained ones, from these shuffled, and from larger ones.

    Shuffling permutes the entries of each hidden weight matrix and sets the biases to 0. Of all that pre-training
    did, it keeps the distribution of the weights, and so their scale, and nothing else. The larger weights are
    Glorot's, those of the hidden layers times 3: a scale without any pre-training.

    Raises:
        ValueError: for an argument out of range.
        TypeError: for an argument of the wrong kind.

    Examples:
        >>> starts = compare_starts(depth=2, pretraining_steps=50, steps=20, seeds=(0,))
        >>> list(starts.accuracy)
        ['random', 'pre-trained', 'shuffled', 'larger']
    """
    widths = [64] + [checks.count("width", width)] * checks.count("depth", depth) + [10]
    accuracy: dict[str, list[Array]] = {"random": [], "pre-trained": [], "shuffled": [], "larger": []}
    scale: dict[str, list[list[float]]] = {name: [] for name in accuracy}
    when = np.zeros(0)
    for seed in seeds:
        # All four start from the same weights; the output layer keeps them.
        nets = [MLP(widths, "sigmoid", "glorot_normal", checks.seeded(conditions.seed(seed))) for _ in accuracy]
        conditions.say(scheme="glorot_normal")
        _, pretrained, shuffled, larger = nets
        pretrain(pretrained, steps=pretraining_steps, rate=0.05, seed=seed)
        rng = checks.seeded(seed)
        # A random permutation of all entries, as different in direction as can be, of the same mean and variance.
        shuffled.W = [rng.permutation(W.ravel()).reshape(W.shape) for W in pretrained.W[:-1]] + shuffled.W[-1:]
        larger.W = [3 * W for W in larger.W[:-1]] + larger.W[-1:]
        for name, net in zip(accuracy, nets, strict=True):
            scale[name].append([float(W.std() * np.sqrt(len(W))) for W in net.W[:-1]])
        histories = train_stack(
            stack(nets), steps=steps, rates=[0.5] * 4, seeds=[seed] * 4, looks=21, record="accuracy"
        )
        for name, history in zip(accuracy, histories, strict=True):
            accuracy[name].append(history.accuracy)
            when = history.steps
    return Comparison(
        when,
        {name: np.array(runs) for name, runs in accuracy.items()},
        {name: np.mean(runs, axis=0) for name, runs in scale.items()},
    )
