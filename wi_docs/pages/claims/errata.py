"""Claims of the page Errata in the Wild: statements of good texts that do not hold as put, each run."""

import itertools
import math

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.meanfield import trajectory
from wi_docs.experiments.propagation import propagate
from wi_docs.experiments.symmetry import saddle_task, train_units
from wi_docs.experiments.training import descend
from wi_docs.nn import initializers
from wi_docs.nn.network import MLP, squared_error
from wi_docs.pages.claims import Result, above, also, claim, mean_of, near

SEEDS = range(8)


@claim(
    what="distance between two weights of a unit after one step, over the longer of their moves",
    source="@zhang2023, section 5.4",
    proof="units with the same weights in front and behind compute the same, and the chain rule gives them the same",
)
def gradients_differ_between_inputs() -> Result:
    """The gradients are identical for all *units*, if their biases and their outgoing weights are. But if $c$ is not 0,
    with one output and the squared error, a tanh unit's weights from two inputs that differ over the data get different
    gradients, and part at the first step.
    """
    x, y = saddle_task()

    def parted(x):
        # The scheme gives 0.1 to all weights, in front of the units and behind them.
        net = MLP([2, 2, 1], "tanh", "constant", np.random.default_rng(0))
        conditions.network(net, np.random.default_rng(0))
        conditions.say(optimizer="sgd", rate=0.1, steps=1, data="a product of two inputs")
        run = net.forward(x)
        descend(net, net.backward(run, squared_error(run.output, y)[1]), 0.1)
        # W[0] is (inputs, units): its rows belong to the inputs, its columns to the units.
        moved = float(np.abs(net.W[0] - 0.1).max())
        return float(np.abs(net.W[0][0] - net.W[0][1]).min()) / moved, float(np.ptp(net.W[0], axis=1).max()) / moved

    # The second input is shifted, and no longer interchangeable with the first.
    between_inputs, between_units = parted(x + np.array([0.0, 0.5]))
    # Without the shift, exchanging the inputs leaves the data as they are: then a unit has equal weights too.
    return above(
        between_inputs,
        0.01,
        "distance of one unit's two weights after one step, over the longer of the two moves",
        {"as between units": between_units, "inputs that are alike over the data": parted(x)[0]},
    )


@claim(
    what="distance between the two units after one step",
    source="@zhang2023, section 5.4",
    proof="nothing else is random in the experiment",
)
def random_outputs_part_constant_layers() -> Result:
    """If the layer after it is random, equal units of a tanh layer whose weights are not 0 part at the first step."""
    # Equal incoming weights of 0.3, random outgoing ones. Row 0 of `spread` is before the first step, row 1 after it.
    paths = train_units(lambda rng, shape: np.full(shape, 0.3), "lecun_normal", units=2, steps=1, seed=0)
    return above(paths.spread[1], 1e-3, "distance of the two units after one step", {"never": float(paths.spread[0])})


@claim(
    what="factor of the layer on the variance",
    source="@zhang2023, section 5.4",
    proof="2 n_in / (n_in + n_out) is 1 just if the two are equal",
)
def xavier_depends_on_the_fans() -> Result:
    """At Xavier's scale a linear layer with 400 inputs and 100 outputs multiplies the variance by {measured:.1f};
    it is kept only if the two are equal.
    """

    def factors(n_in, n_out):
        found = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            conditions.say(
                activation="linear", scheme="glorot_normal", width=(n_in, n_out), data="normal inputs", seeds=seed
            )
            W = initializers.glorot_normal(rng, (n_in, n_out))
            # The inputs have mean square 1, so that the mean square of the outputs is the factor.
            found.append(float(((rng.standard_normal((300, n_in)) @ W) ** 2).mean()))
        return found

    square, wide = factors(200, 200), factors(400, 100)
    also("a square layer", mean_of(square, 2 * 200 / (200 + 200), {"as from 400 to 100": float(np.mean(wide))}))
    return mean_of(wide, 2 * 400 / (400 + 100), {"not affected by the number of inputs": float(np.mean(square))})


@claim(what="variance in layer 25 over that in layer 100", source="@lippe2022, tutorial 4")
def tanh_does_not_stabilize_at_a_quarter() -> Result:
    r"""It does not stabilize, though it falls ever more slowly: in wide layers of equal width and without biases the
    variance of the activations is near {hundred:.3f} at layer 100, and it keeps falling like $1/(2\,l)$.
    """
    sizes = np.array(
        [propagate("tanh", "glorot_normal", depth=100, width=256, batch=16, seed=s).forward_rms ** 2 for s in range(16)]
    )
    # In layers of equal width Glorot's variance 2/(n + n) is LeCun's 1/n, a sigma_w of 1.
    theory = [layer.second_moment for layer in itertools.islice(trajectory("tanh", sigma_w=1.0), 100)]
    # Layers 25 and 100: under 1/(2 l) the ratio tends to 4.
    ratio = sizes[:, 24] / sizes[:, 99]
    also("layer 100", mean_of(sizes[:, 99], theory[99], {"a quarter": 0.5**2, "as in layer 25": theory[24]}, width=256))
    return mean_of(
        ratio,
        theory[24] / theory[99],
        {"it has settled": (100 / 25) ** 0, "like the root": (100 / 25) ** 0.5, "like the square": (100 / 25) ** 2},
        width=256,
        hundred=theory[99],
    )


@claim(
    what="share of the units that fire with the bias and not without it", source="@karpathy2015, Neural Networks Part 2"
)
def small_bias_does_not_make_all_fire() -> Result:
    """At He's scale, on a given input of mean square 1, half of the units fire, and a bias of 0.01 adds {percent:.2f} %
    of the units.
    """
    gained, fire = [], []
    for seed in range(32):
        rng = np.random.default_rng(seed)
        conditions.say(activation="relu", scheme="he_normal", biases="set", width=256, data="normal inputs", seeds=seed)
        # z has variance 2. The same z with and without the bias, so that the difference is no noise of the draw.
        z = rng.standard_normal((200, 256)) @ initializers.he_normal(rng, (256, 256))
        gained.append((z + 0.01 > 0).mean() - (z > 0).mean())
        fire.append((z > 0).mean())
    also("half of them", mean_of(fire, 0.5, {"as with a bias of two deviations": math.erfc(-2 / 2**0.5) / 2}))
    expected = math.erf(0.01 / 2) / 2  # P(-0.01 < z < 0) for a standard deviation of sqrt(2)
    return mean_of(
        gained,
        expected,
        {
            "all that did not": 1 - float(np.mean(fire)),
            "none": math.erf(0.0),
            "at a deviation of 1": math.erf(0.01 / 2**0.5) / 2,
        },
        percent=100 * expected,
    )


@claim(
    what="variance of a unit's sum over 1,024 inputs",
    source="@karpathy2015, Neural Networks Part 2",
    proof="n terms of variance 2/n add up to 2",
)
def two_over_n_is_of_weights() -> Result:
    """For inputs of mean square 1 the variance of a unit's sum is then 2, for 64 inputs as for 1,024."""

    def variances(n):
        found = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            conditions.say(scheme="he_normal", width=n, data="normal inputs", seeds=seed)
            # (200, 64): inputs and units.
            z = rng.standard_normal((200, n)) @ initializers.he_normal(rng, (n, 64))
            found.append(float(z.var()))
        return found

    also("64 inputs", mean_of(variances(64), 64 * (2 / 64), {"2/n": 2 / 64, "LeCun's": 64 * (1 / 64)}))
    return mean_of(variances(1024), 1024 * (2 / 1024), {"2/n": 2 / 1024, "LeCun's": 1024 * (1 / 1024)})


@claim(what="deviation of the weights that were drawn", source="@howard2020, chapter 17; @glorot2010, equation 16")
def one_over_root_n_is_not_glorot() -> Result:
    r"""For its layer of 100 inputs and 50 outputs, Glorot's standard deviation is {expected:.4f} and $1/\sqrt n$ is
    0.1.
    """
    conditions.say(scheme="glorot_normal", width=(100, 50), seeds=SEEDS)
    found = np.mean([initializers.glorot_normal(np.random.default_rng(s), (100, 50)).std() for s in SEEDS])
    expected = math.sqrt(2 / 150)
    return near(
        found,
        expected,
        # The standard error of a deviation from N normal numbers is sigma / sqrt(2 N), here of 8 seeds with 5,000
        # entries.
        4 * expected / math.sqrt(2 * 8 * 5000),
        "4 standard errors over 40,000 entries",
        {"one over the root of the inputs": 1 / 100**0.5},
    )
