"""Claims of the page Errata in the Wild: statements of good texts that do not hold as put, each run."""

import math

import numpy as np

from wi_docs import initializers
from wi_docs.claims import Result, above, claim, exactly, mean_of, near
from wi_docs.gains import second_moment
from wi_docs.meanfield import fixed_point
from wi_docs.network import MLP, squared_error
from wi_docs.propagation import propagate
from wi_docs.symmetry import saddle_task, train_units

SEEDS = range(8)


@claim(source="@zhang2023, section 5.4")
def gradients_differ_between_inputs() -> Result:
    """The gradients are identical for all *units*. They differ between inputs, and the weights of one unit part at the first step."""
    x, y = saddle_task()
    net = MLP([2, 2, 1], "tanh", "constant", np.random.default_rng(0))
    run = net.forward(x + np.array([0.0, 0.5]))
    grad = net.backward(run, squared_error(run.output, y)[1]).W[0]
    between_units = np.abs(grad[:, 0] - grad[:, 1]).max()
    return above(
        np.abs(grad[0] - grad[1]).min() / np.abs(grad).max(),
        0.01,
        "difference between the two inputs' gradients, over the larger",
        {"identical for all": 0.0, "as between units": between_units},
    )


@claim(source="@zhang2023, section 5.4")
def random_outputs_part_constant_layers() -> Result:
    """If the layer after it is random, a layer of equal units parts at the first step without any help."""
    paths = train_units(lambda rng, shape: np.full(shape, 0.3), "lecun_normal", units=2, steps=1, seed=0)
    return above(paths.spread[1], 1e-3, "distance of the two units after one step", {"never": float(paths.spread[0])})


@claim(source="@zhang2023, section 5.4")
def dropout_needs_something_to_silence() -> Result:
    """Dropout does break the symmetry of equal units. It does not from zeros with tanh, where there is nothing to silence."""
    zeros = np.abs(train_units("zeros", "zeros", units=4, steps=200, dropout=0.5).W).max()
    constant = train_units(lambda rng, shape: np.full(shape, 0.3), "constant", units=4, steps=200, dropout=0.5).spread[
        -1
    ]
    return exactly(zeros, 0.0, {"as from other constants": constant})


@claim(source="@zhang2023, section 5.4")
def xavier_depends_on_the_fans() -> Result:
    """At Xavier's scale a layer with 400 inputs and 100 outputs multiplies the variance by {measured:.1f}; it is 1 only if the two are equal."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        found.append(((rng.standard_normal((300, 400)) @ initializers.glorot_normal(rng, (400, 100))) ** 2).mean())
    return mean_of(found, 2 * 400 / (400 + 100), {"not affected by the number of inputs": 1.0})


@claim(source="@lippe2022, tutorial 4")
def tanh_does_not_stabilize_at_a_quarter() -> Result:
    """It does not stabilize: at layer 100 the variance of the activations is {measured:.3f}, and it keeps falling like 1/(2l)."""
    found = [
        propagate("tanh", "glorot_normal", depth=100, width=300, batch=16, seed=s).forward_rms[-1] ** 2 for s in SEEDS
    ]
    return near(
        np.mean(found),
        1 / 200,
        0.001 + 4 * np.std(found, ddof=1) / 8**0.5,
        "the next term of the series, and 4 standard errors over 8 seeds",
        {"0.25": 0.25, "1/l": 0.01 + 0.01},
    )


@claim(source="@karpathy2015, Neural Networks Part 2")
def small_bias_does_not_make_all_fire() -> Result:
    """With a bias of 0.01, {percent:.1f} % of the units fire at the start, and not all of them."""
    share = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((200, 256)) @ initializers.he_normal(rng, (256, 256)) + 0.01
        share.append((z > 0).mean())
    expected = (1 + math.erf(0.01 / 2)) / 2  # P(z > -0.01) for a standard deviation of sqrt(2)
    return near(
        np.mean(share),
        expected,
        4 * 0.5 / math.sqrt(8 * 256),
        "4 standard errors, by units",
        {"all": 1.0, "nine of ten": 0.9},
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
    r"""For its layer of 100 inputs and 50 outputs, Glorot's standard deviation is {expected:.4f} and $1/\sqrt n$ is 0.1."""
    found = np.mean([initializers.glorot_normal(np.random.default_rng(s), (100, 50)).std() for s in SEEDS])
    expected = math.sqrt(2 / 150)
    return near(
        found,
        expected,
        4 * expected / math.sqrt(2 * 8 * 5000),
        "4 standard errors over 40,000 entries",
        {"one over the root of the inputs": 0.1},
    )


@claim(source="pytorch/pytorch pull request 50664")
def stable_is_not_self_normalizing() -> Result:
    """At gain 3/4 SELU's activations settle at {measured:.1f} of the size that SELU was made to keep."""

    def sizes(g):
        return [
            propagate("selu", "lecun_normal", depth=60, width=512, batch=16, gain=g, seed=s).forward_rms[-1]
            for s in range(4)
        ]

    theory = second_moment("selu", fixed_point("selu", sigma_w=0.75).q_star) ** 0.5
    return mean_of(sizes(0.75), theory, {"1, as at gain 1": float(np.mean(sizes(1.0))), "dead": 0.0}, width=64)
