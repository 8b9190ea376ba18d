"""Claims of the page Errata in the Wild: statements of good texts that do not hold as put, each run."""

import itertools
import math

import numpy as np

from wi_docs.experiments.meanfield import trajectory
from wi_docs.experiments.propagation import propagate
from wi_docs.experiments.symmetry import saddle_task, train_units
from wi_docs.experiments.training import descend
from wi_docs.nn import initializers
from wi_docs.nn.network import MLP, squared_error
from wi_docs.pages.claims import Result, above, claim, mean_of, near

SEEDS = range(8)


@claim(source="@zhang2023, section 5.4")
def gradients_differ_between_inputs() -> Result:
    """The gradients are identical for all *units*, if the weights behind them are.
    A unit's weights from different inputs get different gradients, unless the inputs are interchangeable,
    and part at the first step.
    """
    x, y = saddle_task()

    def parted(x):
        net = MLP([2, 2, 1], "tanh", "constant", np.random.default_rng(0))
        run = net.forward(x)
        descend(net, net.backward(run, squared_error(run.output, y)[1]), 0.1)
        moved = float(np.abs(net.W[0] - 0.1).max())
        return float(np.abs(net.W[0][0] - net.W[0][1]).min()) / moved, float(np.ptp(net.W[0], axis=1).max()) / moved

    # The second input is shifted, and no longer interchangeable with the first.
    between_inputs, between_units = parted(x + np.array([0.0, 0.5]))
    return above(
        between_inputs,
        0.01,
        "distance of one unit's two weights after one step, over the longer of the two moves",
        {"all elements stay equal": 0.0, "as between units": between_units, "interchangeable inputs": parted(x)[0]},
    )


@claim(source="@zhang2023, section 5.4")
def random_outputs_part_constant_layers() -> Result:
    """If the layer after it is random, a layer of equal units parts at the first step without any help."""
    paths = train_units(lambda rng, shape: np.full(shape, 0.3), "lecun_normal", units=2, steps=1, seed=0)
    return above(paths.spread[1], 1e-3, "distance of the two units after one step", {"never": float(paths.spread[0])})


@claim(source="@zhang2023, section 5.4")
def xavier_depends_on_the_fans() -> Result:
    """At Xavier's scale a layer with 400 inputs and 100 outputs multiplies the variance by {measured:.1f};
    it is 1 only if the two are equal.
    """
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        found.append(((rng.standard_normal((300, 400)) @ initializers.glorot_normal(rng, (400, 100))) ** 2).mean())
    return mean_of(found, 2 * 400 / (400 + 100), {"not affected by the number of inputs": 1.0})


@claim(source="@lippe2022, tutorial 4")
def tanh_does_not_stabilize_at_a_quarter() -> Result:
    r"""It does not stabilize: at layer 100 the variance of the activations is near {hundred:.3f},
    and it keeps falling like $1/(2\,l)$.
    """
    sizes = np.array(
        [propagate("tanh", "glorot_normal", depth=100, width=1000, batch=16, seed=s).forward_rms ** 2 for s in range(4)]
    )
    theory = [layer.second_moment for layer in itertools.islice(trajectory("tanh", sigma_w=1.0), 100)]
    ratio = sizes[:, 24] / sizes[:, 99]
    return mean_of(
        ratio,
        theory[24] / theory[99],
        {"it has settled": 1.0, "like the root": 2.0, "like the square": 16.0},
        width=64,
        hundred=theory[99],
    )


@claim(source="@karpathy2015, Neural Networks Part 2")
def small_bias_does_not_make_all_fire() -> Result:
    """On a given input half of the units fire, and a bias of 0.01 makes that {percent:.2f} % more of them."""
    gained = []
    for seed in range(32):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((200, 256)) @ initializers.he_normal(rng, (256, 256))
        gained.append((z + 0.01 > 0).mean() - (z > 0).mean())
    expected = math.erf(0.01 / 2) / 2  # P(-0.01 < z < 0) for a standard deviation of sqrt(2)
    return mean_of(
        gained,
        expected,
        {"all": 0.5, "none": 0.0, "at a deviation of 1": math.erf(0.01 / 2**0.5) / 2},
        percent=100 * expected,
    )


@claim(source="@karpathy2015, Neural Networks Part 2")
def two_over_n_is_of_weights() -> Result:
    """The 2/n is the variance of a *weight*. The variance of a unit's input is then 2, whatever n."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        found.append(((rng.standard_normal((200, 256)) @ initializers.he_normal(rng, (256, 256))) ** 2).mean())
    return mean_of(found, 2.0, {"2/n": 2 / 256, "1": 1.0}, width=256)


@claim(source="@howard2020, chapter 17; @glorot2010, equation 16")
def one_over_root_n_is_not_glorot() -> Result:
    r"""For its layer of 100 inputs and 50 outputs, Glorot's standard deviation is {expected:.4f} and $1/\sqrt n$ is
    0.1.
    """
    found = np.mean([initializers.glorot_normal(np.random.default_rng(s), (100, 50)).std() for s in SEEDS])
    expected = math.sqrt(2 / 150)
    return near(
        found,
        expected,
        4 * expected / math.sqrt(2 * 8 * 5000),
        "4 standard errors over 40,000 entries",
        {"one over the root of the inputs": 0.1},
    )
