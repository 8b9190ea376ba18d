"""Claims of the page Diagnose."""

import math

import numpy as np

from wi_docs.diagnosis.networks import Spec, build, simulate, theory
from wi_docs.diagnosis.problems import LOUD
from wi_docs.experiments import digits
from wi_docs.experiments.learning_speed import WAYS, learning_speed
from wi_docs.experiments.saturation import DEAD, LIMITS
from wi_docs.experiments.training import train
from wi_docs.nn.network import MLP
from wi_docs.pages.claims import Result, above, also, below, claim, near, require

SEEDS = range(8)


def _steps(hidden, networks=16, **options):
    """Return the mean number of steps that networks take to get 80 % of the test digits right."""
    # One network that needs more than 300 steps makes the mean infinite, and the claim fails.
    return float(np.mean([learning_speed(hidden, seed=seed, most=300, **options).steps for seed in range(networks)]))


def _value(hidden, way, share):
    """Return the factor on the weights, or the shift of the biases, at which this share of units is saturated.

    The share is that of pairs of hidden unit and input, a mean over 8 networks.
    """

    def found(value):
        # The share is taken before the first step, so that one step is enough.
        return float(np.mean([learning_speed(hidden, most=1, seed=s, **{way: value}).saturated for s in SEEDS]))

    # Both ways are listed in the order of growing harm: bisection between the first value and the last. Twelve
    # halvings narrow a factor to 0.008 and a shift to 0.001.
    low, high = WAYS[way][0], WAYS[way][-1]
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle) < share else (low, middle)
    require(abs(found(low) - share) < 0.02, f"{100 * found(low):.0f} % are saturated, and not {100 * share:.0f}")
    return low


def _twice(hidden, way, share, others) -> Result:
    """Return the result that networks with this share of saturated or dead units take twice the steps of a good start.

    `others` are shares of wrong statements, by the words for them.
    """
    good = _steps(hidden)

    def slower(share):
        return _steps(hidden, **{way: share if way == "dead" else _value(hidden, way, share)}) / good

    # Divided by itself, a good start gives 1.
    wrong = {name: slower(other) for name, other in others.items()} | {"as a good start": good / good}
    reason = "rounds to two; means of 16 networks"
    return near(slower(share), 2.0, 0.5, reason, wrong, percent=100 * share)


@claim(
    what="steps until 80 % of the test digits are right, over those from a good start",
)
def tanh_halves() -> Result:
    """With three hidden layers of 64 units, by plain descent at a rate of 0.1, a tanh network takes about twice as many
    steps to 80 % of the digits when larger weights saturate {percent:.0f} % of it.
    """
    return _twice("tanh", "scale", LIMITS["tanh"], {"a fifth": 1 / 5, "three fifths": 3 / 5})


@claim(
    what="steps until 80 % of the test digits are right, over those from a good start",
)
def relu_halves() -> Result:
    """On the digits and at a rate of 0.1 a ReLU network takes about twice as many steps when biases turn {percent:.0f}
    % of it off, in place of half.
    """
    return _twice("relu", "shift", LIMITS["relu"], {"three quarters": 3 / 4})


@claim(
    what="steps until 80 % of the test digits are right, over those from a good start",
    proof="a condition, and no promise: units of each hidden layer are switched off",
)
def dead_units_halve() -> Result:
    """If {percent:.0f} % of the units are dead, for good and in each hidden layer, such a ReLU network takes about
    twice as many steps on the digits at a rate of 0.1.
    """
    return _twice("relu", "dead", DEAD, {"a tenth": 1 / 10, "half": 1 / 2})


@claim(
    what="share of the lost steps that larger weights bring back",
)
def half_of_it_is_scale() -> Result:
    """Half of that, or a little more, is the lost scale: with the other weights enlarged to make up for it, the ReLU
    network takes about one and a half times as many steps on the digits at a rate of 0.1.
    """
    # A ratio of two differences of means is noisy: hence 48 networks in place of 16.
    good, lost = _steps("relu", networks=48), _steps("relu", networks=48, dead=DEAD)
    # A sum over inputs of which a share DEAD is 0 has 1 - DEAD of its variance; weights larger by this factor give it
    # back.
    kept = _steps("relu", networks=48, dead=DEAD, scale=(1 - DEAD) ** -0.5)
    require(math.isfinite(lost), "with dead units the networks never get there")
    all_of_it, none_of_it = ((lost - other) / (lost - good) for other in (good, lost))
    reason = "half or a little more of the steps; 0.1 are 4 standard errors over 48 networks"
    wrong = {"all of it": all_of_it, "none of it": none_of_it}
    also("steps", near(kept / good, 1.5, 0.25, "rounds to one and a half", {"as without scale": lost / good}))
    # 0.55 is the middle of "half, or a little more".
    return near((lost - kept) / (lost - good), 0.55, 0.15, reason, wrong)


@claim(
    what="steps until 80 % of the test digits are right, over those with weights of the usual size",
)
def scale_alone_does_not() -> Result:
    """With weights four times as large, {percent:.0f} % of an ELU network is saturated in place of 1 %, and on the
    digits, at a rate of 0.02, it takes {measured:.1f} times as many steps.
    """
    plain = [learning_speed("elu", rate=0.02, seed=seed) for seed in SEEDS]
    large = [learning_speed("elu", rate=0.02, seed=seed, scale=4.0) for seed in SEEDS]
    # As a control: to a tanh network, at its own rate of 0.1, the same factor does harm.
    tanh, four = (np.mean([learning_speed("tanh", seed=s, scale=f).steps for s in SEEDS]) for f in (1.0, 4.0))
    return below(
        np.mean([s.steps for s in large]) / np.mean([s.steps for s in plain]),
        1.0,
        "no more steps than without; means of 8 networks",
        {"as tanh, four times as large": four / tanh},
        percent=100 * np.mean([s.saturated for s in large]),
    )


def _loud(factor, rate, optimizer="sgd"):
    """Train five ReLU layers from He's scale, with the last matrix `factor` times as large, for 300 steps, five times.

    Returns:
        The histories, and the least rms of the outputs before the first step.
    """
    runs, sizes = [], []
    for seed in range(5):
        net = MLP([64, *[64] * 5, 10], "relu", "he_normal", np.random.default_rng(seed))
        net.W[-1] *= factor
        sizes.append(float(np.sqrt(np.mean(net.forward(digits.load().test_x).output ** 2))))
        runs.append(train(net, steps=300, rate=rate, seed=seed, optimizer=optimizer, looks=2, record="accuracy"))
    return runs, min(sizes)


def _read(runs) -> Result:
    """Return the result that networks read more than four fifths of the digits on average."""
    first, last = (float(np.mean([run.accuracy[look] for run in runs])) for look in (0, -1))
    return above(last, 0.8, "the mean of 5 seeds", {"as before the first step": first}, percent=100 * last)


@claim(what="share of the test digits that five networks read on average")
def a_loud_output_wants_a_smaller_rate() -> Result:
    """Of networks of five ReLU layers of 64 units at He's scale, with a last matrix 50 times as large, most leave the
    range of numbers at a rate of 0.1 of plain descent, at which they learn the digits without this factor; at a rate of
    0.01 they read {percent:.0f} % on average after 300 steps.
    """
    fast, size = _loud(50.0, 0.1)
    require(size > LOUD, f"the outputs have an rms of {size:.0f}, and are not too loud")
    left = sum(run.exploded_at is not None for run in fast)
    require(left > 2, f"{left} of five leave the range of numbers")
    also("without the factor", _read(_loud(1.0, 0.1)[0]))
    return _read(_loud(50.0, 0.01)[0])


@claim(what="share of the test digits that five networks read on average")
def adam_learns_from_a_loud_output() -> Result:
    """From five ReLU layers at He's scale, with a last matrix 50 times as large, Adam reads {percent:.0f} % of the
    digits on average after 300 steps at a rate of 0.01.
    """
    runs, size = _loud(50.0, 0.01, "adam")
    require(size > LOUD, f"the outputs have an rms of {size:.0f}, and are not too loud")
    return _read(runs)


@claim(what="logarithm of the factor of a layer on the gradient's length", source="@schoenholz2017, equation 5")
def twenty_default_layers() -> Result:
    r"""Each of twenty ReLU layers as PyTorch starts them divides the gradient's square by {each:.0f},
    which leaves {left:.0e} of its length.
    """
    spec = Spec((64, *[256] * 20, 10), scheme="pytorch_linear")
    found = [
        simulate(new, [build(new)]) for new in (Spec(spec.widths, scheme=spec.scheme, seed=seed) for seed in SEEDS)
    ]
    # A mean of logarithms a layer, since single networks differ by factors. From the twentieth hidden layer back to the
    # first there are 19.
    logs = np.array([math.log(layers.gradient[0] / layers.gradient[19]) for layers in found]) / 19
    by_theory = theory(spec)
    expected = -math.log(6) / 2  # 1/3 by the weights, 1/2 by ReLU
    said = math.log(by_theory.gradient[0] / by_theory.gradient[19]) / 19
    also("theory", near(said, expected, 1e-6, "rounding", {"a third": -math.log(3) / 2}))
    return near(
        logs.mean(),
        expected,
        4 * logs.std(ddof=1) / math.sqrt(len(logs)) + 3 / 256,
        "4 standard errors over 8 networks of the mean logarithm a layer, and 3/256 for the finite width",
        {
            "nothing is lost": math.log(1),
            "a third, as the square of the weights": -math.log(3) / 2,
            "a quarter": -math.log(4) / 2,
        },
        each=math.exp(-2 * expected),
        left=by_theory.gradient[0],
    )
