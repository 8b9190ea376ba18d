"""Claims of the chapter Vanishing Gradients: statements 9 to 18 of the notes."""

import itertools
import math
from typing import Literal

import numpy as np

from wi_docs.diagnosis.networks import Spec, theory
from wi_docs.experiments import conditions, digits
from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.meanfield import fixed_point, trajectory
from wi_docs.experiments.pretraining import compare_starts
from wi_docs.experiments.propagation import centered_ratio, propagate
from wi_docs.experiments.symmetry import linear_pieces, tent_map
from wi_docs.experiments.training import ends, sweep, train
from wi_docs.nn.activations import Activation, activation, names
from wi_docs.nn.gains import second_moment
from wi_docs.nn.network import MLP, softmax_cross_entropy, squared_error
from wi_docs.pages.claims import HOLDS, IF, NOT, Result, above, also, below, claim, exactly, mean_of, near, require

SEEDS = range(5)


def ratios(phi, init, seeds=8, **options):
    """Return the gradient's factor a layer, a number for each seed, in networks of depth 30 and width 512.

    `options` may change depth, width and other arguments of `propagate`.
    """
    shape = {"depth": 30, "width": 512, "batch": 32} | options
    return [propagate(phi, init, seed=seed, **shape).gradient_ratio for seed in range(seeds)]


@claim(
    what="distance between the base-2 logarithm of the number of pieces and the number of compositions",
    statement=9,
    verdict=IF + " it can be trained",
    source="@telgarsky2016",
    proof="each piece of a composition runs over [0, 1], where the tent map has two",
)
def folding_doubles_the_pieces() -> Result:
    """Every composition doubles the number of pieces, since each of them is folded once more."""
    # The base-2 logarithm of the number of pieces has to be the number of compositions, exactly.
    pieces = [linear_pieces(tent_map(k)) for k in range(1, 13)]
    # As a wrong statement: if each layer added two pieces, twelve layers would have 24.
    return exactly(
        np.max(np.abs(np.log2(pieces) - np.arange(1, 13))), 0.0, {"each layer adds two": abs(np.log2(2 * 12) - 12)}
    )


@claim(
    what="most pieces that a layer of 20 units made",
    statement=10,
    verdict=IF + " it can be trained",
    source="@telgarsky2016; @montufar2014",
)
def one_layer_has_n_plus_one() -> Result:
    """Each of its ReLU units adds one kink, so $n$ units make at most $n + 1$ pieces."""
    units, most = 20, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        net = MLP([1, units, 1], "relu", "he_normal", rng)
        # Whole numbers, with kinks at multiples of 1/64: `linear_pieces` counts exactly.
        net.W[0][:] = rng.choice([-8, -3, -1, 1, 3, 8], (1, units))
        # Kinks on the grid: half of the networks have them apart, and in the other half some may meet or lie outside.
        kinks = rng.permutation(np.arange(1, 64))[:units] if seed % 2 else rng.integers(-8, 72, units)
        net.b[0] = -net.W[0][0] * kinks / 64
        net.W[1] = rng.integers(-9, 9, (units, 1)).astype(float)
        conditions.network(net, rng)
        conditions.say(seeds=seed)
        most = max(most, linear_pieces(net))
    # The tent map has two units a layer.
    deep = linear_pieces(tent_map(units // 2))
    return exactly(most, units + 1, {"as the same units in ten layers": deep, "two kinks a unit": 2 * units + 1})


@claim(what="largest relative error of a slope", statement=11, verdict=HOLDS, source="@lecun1998, section 4.4")
def slopes_from_the_output() -> Result:
    """The derivatives of the sigmoid and of tanh can be had from the output alone, without looking at the input
    again.
    """
    x, worst, wrong = np.linspace(-5, 5, 101), 0.0, np.inf
    for name, f, slope in (
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z)), lambda o: o * (1 - o)),
        ("tanh", np.tanh, lambda o: 1 - o * o),
    ):
        # The complex step: f(x + ih) = f(x) + ih f'(x) + O(h^2), without a difference that could cancel.
        exact = f(x + 1e-30j).imag / 1e-30
        for found in (slope(activation(name).f(x)), activation(name).df(x)):
            worst = max(worst, float(np.abs(found / exact - 1).max()))
        # A formula that is right for neither: one minus the output.
        wrong = min(wrong, float(np.abs((1 - activation(name).f(x)) / exact - 1).max()))
    return below(worst, 1e-10, "the complex step is exact; what is left is rounding", {"1 - o for both": wrong})


@claim(what="slope at 40 over $e^{-40}$", statement=11, verdict=HOLDS, source="")
def slope_underflows_from_the_output() -> Result:
    """At $x = 40$ the sigmoid is 1 in floating point, and $1 - 1$ is 0."""
    s = activation("sigmoid")
    # The slope is e^-x / (1 + e^-x)^2: at 40, e^-40 but for a relative 2 e^-40.
    return near(
        s.df(40.0) / np.exp(-40.0),
        1.0,
        1e-12,
        "exp(-40) but for the square of itself",
        {"from the output": s.f(40.0) * (1 - s.f(40.0))},
    )


@claim(what="largest difference between a slope and a difference quotient", source="")
def slopes_are_derivatives() -> Result:
    """The slope that this site uses for each of its activations is the derivative, wherever there is one."""
    h = 1e-5
    x = np.linspace(-7.995, 7.995, 1600)  # beside the corners, which are at whole numbers
    worst, flattest = 0.0, np.inf
    for name in names():
        phi = activation(name)
        worst = max(worst, float(np.abs(phi.df(x) - (phi.f(x + h) - phi.f(x - h)) / (2 * h)).max()))
        flattest = min(flattest, float(phi.df(x).max()))
    return below(
        worst,
        1e-9,
        "a difference quotient over 2e-5: the third derivative times 2e-11, and rounding over the step, 5e-11",
        # 1 % of an activation's largest slope, for the one where that is least.
        {"one of them is 1 % off": 0.01 * flattest},
    )


@claim(what="number of pre-activations that are exactly 0", statement=12, verdict=NOT, source="@glorot2011")
def a_corner_is_almost_never_met() -> Result:
    r"""If weights come from a distribution with a density, as the normal one, biases are 0 and inputs are not all 0, a
    pre-activation is almost never exactly 0.
    """
    z = propagate("relu", "he_normal", depth=10, width=256, batch=256).pre_activations
    # With weights of 0 every pre-activation is 0, so that the count would notice them.
    zeros = propagate("relu", "zeros", depth=10, width=256, batch=256).pre_activations
    return exactly((z == 0).sum(), 0, {"as with zero weights": float((zeros == 0).sum())})


STEP = Activation("step", lambda x: (np.asarray(x) > 0).astype(float), lambda x: np.zeros_like(x, dtype=float))


@claim(
    what="how far the farthest weight in front of a step has moved",
    statement=12,
    verdict=NOT,
    source="",
    proof="the slope of a step is 0 where it has one, and the chain rule multiplies by it",
)
def steps_do_not_learn() -> Result:
    r"""Where the activation is a step function, 0 below 0 and 1 above, backpropagation sees slopes of 0 only, and moves
    no weight in front of it.
    """

    def moved(phi):
        net = MLP([64, 32, 32, 10], phi, "he_normal", np.random.default_rng(0))
        # The last matrix is left out: no step function lies between it and the loss.
        before = [W.copy() for W in net.W]
        train(net, steps=200, rate=0.1, looks=2)
        return max(float(np.abs(W - old).max()) for W, old in zip(net.W[:-1], before[:-1], strict=True))

    return exactly(moved(STEP), 0.0, {"as with ReLU": moved("relu")})


@claim(
    what="share of the test digits that the worst of 5 networks reads", statement=12, verdict=NOT, source="@glorot2011"
)
def relu_trains_without_being_smooth() -> Result:
    """ReLU has a corner at 0, and networks of ReLUs learn."""
    runs = sweep("relu", "he_normal", depth=2, steps=400, rates=[0.1], seeds=SEEDS)
    # Before the first step the networks guess.
    before = max(run.accuracy[0] for run in runs.values())
    return above(min(ends(runs)), 0.85, "the worst of 5 seeds", {"as before the first step": before})


@claim(
    what="largest relative difference between the product of matrices and backpropagation",
    statement=13,
    verdict=IF + " the factors are matrices",
    source="",
)
def backpropagation_is_the_product() -> Result:
    """To multiply the matrices with each other first, and then the row with their product, gives the same result."""
    rng = np.random.default_rng(0)
    net = MLP([6, 6, 6, 6], "tanh", "lecun_normal", rng, output="tanh")
    conditions.network(net, rng)
    conditions.say(data="normal inputs", seeds=0)
    # One input, so that the slopes of a layer are one diagonal matrix.
    run, cotangent = net.forward(rng.standard_normal((1, 6))), rng.standard_normal((1, 6))
    # From the loss back, each layer multiplies by its slopes and then by the transposed weights; `turned` does the two
    # in the other order, which would not matter for numbers.
    product, turned = cotangent, cotangent
    for W, z, phi in reversed(list(zip(net.W, run.pre_activations, net.activations, strict=True))):
        product, turned = product @ np.diag(phi.df(z)[0]) @ W.T, turned @ W.T @ np.diag(phi.df(z)[0])
    found = net.backward(run, cotangent).x
    return below(
        np.abs(product / found - 1).max(),
        1e-11,
        "rounding",
        {"numbers, whose order would not matter": np.abs(turned / found - 1).max()},
    )


@claim(
    what="largest difference between a derivative and the change of the loss, over the step",
    statement=13,
    verdict=HOLDS,
    source="@rumelhart1986",
)
def nudging_a_weight_agrees() -> Result:
    """And nudging a single weight changes the loss by what its gradient says."""
    rng, h, worst, smallest = np.random.default_rng(0), 1e-5, 0.0, np.inf
    x, labels, targets = rng.standard_normal((5, 4)), rng.integers(3, size=5), rng.standard_normal((5, 3))
    net = MLP([4, 6, 3], "tanh", "lecun_normal", rng)
    conditions.network(net, rng)
    conditions.say(data="normal inputs", seeds=0)
    for loss in (
        lambda output: softmax_cross_entropy(output, labels),
        lambda output: squared_error(output, targets),
    ):
        run = net.forward(x)
        grad = net.backward(run, loss(run.output)[1])
        for parameter, derivative in [*zip(net.W, grad.W, strict=True), *zip(net.b, grad.b, strict=True)]:
            for place in np.ndindex(parameter.shape):
                # A central difference; the last line puts the weight back.
                parameter[place] += h
                up = loss(net.forward(x).output)[0]
                parameter[place] -= 2 * h
                down = loss(net.forward(x).output)[0]
                parameter[place] += h
                worst = max(worst, float(abs((up - down) / (2 * h) - derivative[place])))
            # The largest derivative of each array, and the least of these: half of that would be the smallest mistake.
            smallest = min(smallest, float(np.abs(derivative).max()))
    return below(
        worst,
        1e-9,
        "a difference quotient over 2e-5: the third derivative times 2e-11, and rounding over the step, 5e-11",
        {"any of the matrices or biases has half of it": smallest / 2},
    )


@claim(what="largest slope found", statement=14, verdict=HOLDS, source="")
def slope_is_at_most_a_quarter() -> Result:
    """The sigmoid's slope is at most 0.25."""
    x = np.linspace(-30, 30, 60_001)
    steepest = activation("sigmoid").df(x).max()
    wrong = {"tanh's": activation("tanh").df(x).max(), "1 % off": 1.01 * steepest}
    return near(steepest, 0.25, 1e-12, "rounding", wrong)


@claim(
    what="factor of a layer on the gradient's rms, the least of 8 networks",
    statement=14,
    verdict=IF + " it is said of slopes",
    source="@schoenholz2017, section 4",
)
def a_quarter_to_the_n_is_no_bound() -> Result:
    """So $0.25^n$ is no bound on the gradient."""
    # Large weights make up for small slopes: the factor a layer is far above 1/4.
    found = ratios("sigmoid", "lecun_normal", depth=20, gain=4.0)
    # Any factor above 1/4 would do; a half is far from it.
    return above(
        min(found),
        0.5,
        "least of 8 seeds, weights four times LeCun's",
        {"the bound of the notes": activation("sigmoid").df(0.0)},
    )


@claim(
    what="factor of a layer on the gradient's rms",
    statement=14,
    verdict=IF + " the weights are of LeCun's scale",
    source="@schoenholz2017, section 4",
)
def sigmoid_lecun_factor() -> Result:
    """So at LeCun's scale, in wide layers of equal width without biases, a sigmoid layer passes on {expected:.2f} of
    the gradient.
    """
    theory = fixed_point("sigmoid", sigma_w=1.0).chi_1 ** 0.5
    return mean_of(
        ratios("sigmoid", "lecun_normal"), theory, {"the largest slope": activation("sigmoid").df(0.0)}, width=512
    )


def way_back(hidden, variance):
    """Return the factor of nineteen layers on the gradient's length by theory, for weights of `variance` / fan_in."""
    spec = Spec((64, *[64] * 20, 10), activation=hidden, sigma_w=math.sqrt(variance), sigma_b=0.0)
    # From the last hidden layer's output back to the first's: the factors of layers 2 to 20.
    return float(theory(spec).backward[1:-1].prod())


def learned(hidden, variance, rates, optimizer="sgd", seeds=range(3)):
    """Train twenty layers from weights of `variance` / fan_in for 600 steps, and return the digits that they read.

    The result is a share of the test part for each seed. Each seed has the rate of `rates` with which it reads most of
    the digits that are set aside to choose by.
    """
    runs = sweep(
        hidden, "lecun_normal", depth=20, gains=[math.sqrt(variance)], rates=rates, seeds=seeds, steps=600,
        optimizer=optimizer,
    )  # fmt: skip
    # A run's key is its gain, rate and seed.
    best = {}
    for seed in seeds:
        tried = {run: history for run, history in runs.items() if run[2] == seed}
        chosen = max(tried, key=lambda run: tried[run].valid_accuracy)
        best[chosen] = tried[chosen]
    return ends(best)


# Of the explorer's variances, the outermost within a factor of 20, and some beyond one of 400:
# too small, and too large.
WITHIN = (("tanh", 0.9), ("tanh", 4.0), ("relu", 1.6), ("relu", 2.5))
SMALL, LARGE = (("tanh", 0.5), ("relu", 1.0)), (("tanh", 16.0), ("relu", 4.0))
# Where the gradient vanishes or explodes a wider range is tried, so that the failure is not that of a rate.
NEAR_RATES, FAR_RATES = (0.005, 0.02), (0.001, 0.01, 0.1)


@claim(
    what="share of the test digits that the worst network reads",
    source="@schoenholz2017, section 5, for tanh and theory",
)
def within_twenty_it_trains() -> Result:
    """By plain gradient descent, twelve networks of twenty layers of tanh or ReLU, 64 wide and without biases at the
    start, read {percent:floor} % of the digits or more after 600 steps, at the better of the rates 0.005 and 0.02:
    three from each of the two scales of each activation at which the gradient in theory changes by less than a factor
    of 20 on the way back.
    """
    # The sentence says what theory gives at these scales, and so theory is asked first.
    off = max(abs(math.log(way_back(*case))) for case in WITHIN)
    require(off < math.log(20), f"in theory a gradient changes by a factor of {math.exp(off):.0f}")
    found = min(min(learned(*case, NEAR_RATES)) for case in WITHIN)
    beyond = max(max(learned(*case, FAR_RATES)) for case in SMALL + LARGE)
    return above(
        found,
        0.6,
        "the worst of four scales and three seeds; three fifths part these from those that change by more",
        {"as those that change by more than a factor of 400": beyond},
        percent=100 * found,
    )


@claim(
    what="share of the test digits that the best network reads",
    source="@schoenholz2017, section 5, for tanh and theory",
)
def beyond_four_hundred_it_does_not() -> Result:
    """From the two other scales of each activation, a small one and a large one, at which the gradient changes by more
    than a factor of 400, twelve such networks of twenty layers, 64 wide, read {percent:ceil} % of the digits at most by
    plain descent, at the best of the rates 0.001, 0.01 and 0.1.
    """
    off = min(abs(math.log(way_back(*case))) for case in SMALL + LARGE)
    require(off > math.log(400), f"in theory a gradient changes by a factor of {math.exp(off):.0f} only")
    found = max(max(learned(*case, FAR_RATES)) for case in SMALL + LARGE)
    within = min(min(learned(*case, NEAR_RATES)) for case in WITHIN)
    return below(
        found,
        0.6,
        "the best of four scales and three seeds; three fifths part these from those that change by less",
        {"as those that change by less than a factor of 20": within},
        percent=100 * found,
    )


@claim(
    what="share of the test digits that networks with a vanishing gradient read, a median of 8; the lower of two",
    source="@kingma2015, algorithm 1",
)
def adam_bears_what_is_too_small() -> Result:
    """After 600 steps of Adam at a rate of 0.001, from the small scale, at which the gradient vanishes, the median of
    eight such networks of twenty tanh layers, 64 wide and without biases at the start, reads {tanh:.0f} % of the
    digits, that of eight ReLU networks {relu:.0f} %, and the worst of these sixteen {worst:.0f} %; from the large
    scale, at which it explodes, three networks of each activation read {large:ceil} % at most.
    """
    # Single networks from tanh's small scale end far apart, and a median of eight judges.
    tanh, relu = (learned(*case, (0.001,), "adam", seeds=range(8)) for case in SMALL)
    large = max(end for case in LARGE for end in learned(*case, (0.001,), "adam"))
    plain = max(max(learned(*case, FAR_RATES)) for case in SMALL)
    return above(
        min(np.median(tanh), np.median(relu)),
        0.6,
        "the lower of two medians of eight seeds, against the same three fifths",
        {"as from scales that are too large": large, "as by plain descent": plain},
        tanh=100 * np.median(tanh),
        relu=100 * np.median(relu),
        worst=100 * min(tanh + relu),
        large=100 * large,
    )


@claim(
    what="share of the test digits that the best of 3 tanh networks reads, from the small scale",
    source="@kingma2015, algorithm 1",
)
def three_times_adams_rate_turns_it_round() -> Result:
    """After 600 steps of Adam at a rate of 0.003, three times as large, three networks of twenty such tanh layers, 64
    wide and without biases at the start, read {percent:ceil} % of the digits at most from the small scale of tanh, and
    three such ReLU networks read {relu:floor} % or more from the large scale of ReLU.
    """
    (tanh, relu), rate = (SMALL[0], LARGE[1]), 3 * 0.001
    small, large = (learned(*case, (rate,), "adam") for case in (tanh, relu))
    slower = min(learned(*tanh, (0.001,), "adam"))
    also(
        "ReLU",
        above(
            min(large), 0.5, "half of the digits; the worst of three seeds",
            {"as at a rate of 0.001": max(learned(*relu, (0.001,), "adam"))},
        ),
    )  # fmt: skip
    return below(
        max(small),
        0.5,
        "half of the digits; the best of three seeds",
        {"as at a rate of 0.001": slower},
        percent=100 * max(small),
        relu=100 * min(large),
    )


@claim(
    what="share of the test digits that the networks read on average",
)
def sigmoid_learns_less_than_its_gradient() -> Result:
    """Twenty sigmoid layers, 64 wide, at eight and ten times LeCun's scale, which in theory pass the gradient on to
    within a factor of ten, read {percent:.0f} % of the digits on average after 600 steps of plain gradient descent, at
    the better of the rates 0.03 and 0.1.
    """
    # Variances of 64 and 100 are eight and ten times LeCun's deviation.
    off = max(abs(math.log(way_back("sigmoid", variance))) for variance in (64.0, 100.0))
    require(off < math.log(10), f"in theory a gradient changes by a factor of {math.exp(off):.0f}")
    # Single networks differ much: with other seeds one of six reads 61 %.
    found = float(np.mean([learned("sigmoid", variance, (0.03, 0.1)) for variance in (64.0, 100.0)]))
    return below(
        found,
        0.6,
        "the mean of two scales and three seeds, against the same three fifths",
        {"as tanh and ReLU with such a gradient": min(min(learned(*case, NEAR_RATES)) for case in WITHIN)},
        percent=100 * found,
    )


@claim(
    what="scale of the weights, in LeCun's, at which the factor of a layer is 1",
    statement=14,
    verdict=IF + " it is said of slopes",
    source="@schoenholz2017, section 4",
)
def sigmoid_factor_reaches_one_near_ten() -> Result:
    """So in wide layers of equal width the sigmoid's factor does reach 1, at weights of about ten times
    LeCun's.
    """
    steepest = activation("sigmoid").df(0.0)

    def crossing(low, high):
        """Return where a straight line through both factors reaches 1, on logarithmic axes."""
        return 8 * (14 / 8) ** (-np.log(low) / np.log(high / low))

    # Theory's factors go through the same straight line, so that its error counts on neither side.
    lows, highs = (ratios("sigmoid", "lecun_normal", depth=20, gain=g) for g in (8.0, 14.0))
    return mean_of(
        map(crossing, lows, highs),
        crossing(*(predicted("sigmoid", g, 20, "backward") for g in (8.0, 14.0))),
        {"one over the largest slope": 1 / steepest, "twice that": 2 / steepest},
        width=512,
    )


@claim(
    what="share of the units whose slope is below a tenth of the largest",
    statement=14,
    verdict=IF + " it is said of slopes",
    source="",
)
def most_units_are_switches_then() -> Result:
    """By then more than half of the sigmoid units are switches, which stand near an end."""

    def share(g):
        # Layers 11 to 20, behind which the variance has settled.
        z = propagate("sigmoid", "lecun_normal", depth=20, width=512, gain=g).pre_activations[10:]
        return float((activation("sigmoid").df(z) < 0.025).mean())

    return above(
        share(10.0),
        0.5,
        "share of units with less than a tenth of the peak's slope",
        # The threshold of 0.025 is a tenth of the largest slope, 1/4.
        {"as at LeCun's scale": share(1.0)},
    )


@claim(
    what="factor of a layer on the gradient's rms, over 60 layers",
    statement=14,
    verdict=IF + " the units are centered",
    source="@schoenholz2017, section 4",
)
def centered_units_need_less() -> Result:
    """So a centered sigmoid layer at four times LeCun's scale is a tanh layer at LeCun's scale, whose factor
    approaches 1 slowly: {short:.2f} over 20 layers and {measured:.2f} over 60.
    """

    def theory(depth):
        # The length map of a centered sigmoid: biases take the mean of 1/2 out of every activation, whose square is
        # 1/4.
        q, logs = 16.0, []
        for _ in range(depth - 1):
            logs.append(np.log(16 * second_moment("sigmoid", q, direction="backward")) / 2)
            q = 16 * (second_moment("sigmoid", q) - 0.25)  # the mean of 1/2 is taken out
        return float(np.exp(np.mean(logs)))

    short, deep = ([centered_ratio("sigmoid", gain=4.0, depth=d, seed=s) for s in range(3)] for d in (20, 60))
    also("over 20 layers", mean_of(short, theory(20), {"as over 60 layers": theory(60)}, width=512))
    return mean_of(
        deep,
        theory(60),
        {
            "as over 20 layers": theory(20),
            # The factor if all units stood in the middle of the S.
            "1 at once, four times the largest slope": 4 * activation("sigmoid").df(0.0),
            "not centered": float(np.mean(ratios("sigmoid", "lecun_normal", seeds=2, depth=60, gain=4.0))),
        },
        width=512,
        short=float(np.mean(short)),
    )


@claim(what="the $z$ at which the slope is largest", statement=15, verdict=HOLDS, source="")
def the_peak_is_at_zero() -> Result:
    """The derivative peaks where the curve crosses its middle, at 0."""
    x = np.linspace(-6, 6, 1201)
    return near(
        x[np.argmax(activation("sigmoid").df(x))],
        0.0,
        0.005,
        "half a step of the grid",
        {"at the knee, where the curvature peaks": np.log(2 + 3**0.5)},
    )


# Every activation of the site at LeCun's scale, and the scales that the chapters use beside it.
SCALES = [(name, 1.0) for name in names()]
SCALES += [("tanh", 0.5), ("tanh", 2.0), ("relu", 2**0.5), ("leaky_relu", 2**0.5), ("gelu", 1.5), ("sigmoid", 4.0)]


def predicted(phi, sigma_w, depth, direction):
    """Return the factor of a layer on the rms in theory, averaged over the same layers as `propagate` averages."""
    # Inputs of mean square 1 give the first layer's pre-activations a variance of sigma_w^2.
    layers = list(itertools.islice(trajectory(phi, sigma_w=sigma_w, q=sigma_w**2), depth))
    # `propagate` takes geometric means over the depth - 1 steps between layers; a mean of logarithms here.
    if direction == "backward":
        return float(np.exp(np.mean([np.log(layer.chi) / 2 for layer in layers[:-1]])))
    return float((layers[-1].q / layers[0].q) ** (0.5 / (depth - 1)))


@disk_cached
def measured_factors():
    """Return the factors a layer, forward and back, for each pair of activation and scale and each seed.

    Both claims below share them.
    """
    found = []
    for phi, sigma_w in SCALES:
        runs = [propagate(phi, "lecun_normal", depth=12, width=512, batch=32, gain=sigma_w, seed=s) for s in range(8)]
        sizes = [np.sqrt((run.pre_activations**2).mean(axis=(1, 2))) for run in runs]
        # Twelve layers, eleven factors.
        found.append(([(size[-1] / size[0]) ** (1 / 11) for size in sizes], [run.gradient_ratio for run in runs]))
    return found


def against_theory(direction: Literal["forward", "backward"]) -> Result:
    """Return the result that theory predicts the factor of a layer for every pair of activation and scale.

    The distance of a pair is divided by its tolerance, and the largest quotient is measured. Two wrong theories are
    judged alike.
    """
    off: dict[str, float] = dict.fromkeys(("theory", "without", "plain", "relative"), 0.0)
    for (phi, sigma_w), both in zip(SCALES, measured_factors(), strict=True):
        found = np.array(both[direction == "backward"])
        theory = predicted(phi, sigma_w, 12, direction)
        # Noise of 8 seeds, and a correction of the order of 1/512 for the finite width.
        allowed = 4 * found.std(ddof=1) / math.sqrt(len(found)) + 3 / 512 * theory
        # What the factor would be if all pre-activations had variance 1.
        plain = sigma_w * second_moment(phi, 1.0, direction=direction) ** 0.5
        for name, value in (("theory", theory), ("without", theory / sigma_w), ("plain", plain)):
            off[name] = max(off[name], abs(found.mean() - value) / allowed)
        off["relative"] = max(off["relative"], abs(found.mean() / theory - 1))
    return below(
        off["theory"],
        1.0,
        "the worst pair's distance, over 4 standard errors of 8 seeds and 3/512 of the value for the finite width",
        {"the weights do not count": off["without"], "pre-activations stay at variance 1": off["plain"]},
        percent=np.ceil(100 * off["relative"]),
        pairs=len(SCALES),
    )


@claim(
    what="distance from theory of the worst of 22 pairs, over the error that is allowed",
    statement=14,
    verdict=IF + " it is said of slopes",
    source="@schoenholz2017, section 4",
)
def backward_factor_is_chi() -> Result:
    r"""Over 12 layers of 512 units without biases, averaged over 8 networks, the factor is $\sqrt\chi$ to
    {percent:.0f} % or better for {pairs:.0f} pairs of activation and scale.
    """
    return against_theory("backward")


@claim(
    what="distance from theory of the worst of 22 pairs, over the error that is allowed",
    statement=21,
    verdict=HOLDS,
    source="@poole2016, equation 3",
)
def forward_factor_is_the_length_map() -> Result:
    r"""Without biases the mean square of the next layer's pre-activations is $\sigma_w^2\,\mathbb{{E}}[\varphi(z)^2]$
    on average; over 12 layers of 512 units, averaged over 8 networks, the factor of a layer on the rms is what this
    rule gives, to {percent:.0f} % or better for these pairs.
    """
    return against_theory("forward")


@claim(
    what=(
        "largest difference between an entry of the gradient and $c^{L-1}$ times the entry before, "
        "relative to the largest"
    ),
    statement=14,
    verdict=IF + " it is said of slopes",
    source="",
    proof="relu(c z) = c relu(z) for c > 0, and the slopes do not change",
)
def a_factor_leaves_the_direction() -> Result:
    """In a ReLU network without biases, and for the same gradient at its output, a positive factor $c$ on all $L$
    weight matrices multiplies the gradient at the first layer by $c^{{L-1}}$ and does not change its direction.
    """
    depth, width = 50, 64

    def gradients(sigma_b, seed):
        rng = np.random.default_rng(seed)
        net = MLP([width] * (depth + 1), "relu", "he_normal", rng, output="relu")
        net.b = [sigma_b * rng.standard_normal(width) for _ in net.b]
        conditions.network(net, rng)
        conditions.say(data="normal inputs", scheme="he_normal", seeds=seed)
        x, cotangent, he = rng.standard_normal((16, width)), rng.standard_normal((16, width)), net.W
        for c in (1.0, 0.5, 0.8, 1.25, 2.0):
            # All matrices times c: ReLU lets the factor pass, as long as no bias stays behind.
            net.W = [c * W for W in he]
            yield c, net.backward(net.forward(x), cotangent).z[0]

    def apart(sigma_b, power):
        worst = 0.0
        for seed in range(3):
            # Divided by the power of c, every entry of the gradient at the first layer has to be the one at c = 1.
            (_, one), *others = gradients(sigma_b, seed)
            worst = max(worst, *(np.abs(g / c**power - one).max() / np.abs(one).max() for c, g in others))
        return worst

    # L = 50 matrices, and the gradient at the first layer's pre-activations passes 49 of them.
    return below(
        apart(0.0, depth - 1),
        1e-10,
        "rounding over 50 layers, for factors of 0.5 to 2 and 3 seeds, in every entry of the gradient",
        {"$c^L$": apart(0.0, depth), "with biases that are not multiplied": apart(0.1, depth - 1)},
    )


@claim(what="distance of the loss from ln 10, the largest of 6 networks", statement=16, verdict=HOLDS, source="")
def deep_sigmoid_is_stuck() -> Result:
    """The sigmoid networks of five and of ten layers are still there after 400 steps of plain gradient descent at a
    rate of 0.5.
    """
    # Depth 2 learns under the same conditions, and is the control.
    found = {
        depth: [
            abs(float(run.loss[-1]) - math.log(10))
            for run in sweep(
                "sigmoid", "lecun_normal", depth=depth, steps=400, rates=[0.5], seeds=SEEDS[:3], record="loss"
            ).values()
        ]
        for depth in (2, 5, 10)
    }
    # A network that says one in ten to everything has a loss of ln 10.
    return below(
        max(found[5] + found[10]),
        0.05,
        "the farthest from ln 10 of 3 seeds at depth 5 and 10; the last bias wanders with the batches",
        {"they learn like depth 2": min(found[2])},
    )


@claim(
    what="share of the test digits that the worst of 3 networks of five layers reads",
    statement=16,
    verdict=IF + " the descent is plain",
    source="@kingma2015, algorithm 1",
)
def adam_frees_five_sigmoid_layers() -> Result:
    """With Adam, at a rate of 0.01, three networks of five sigmoid layers of 64 units read {five:floor} % or more in
    400 steps; three networks of ten such layers read {ten:ceil} % at most in 600, at this rate or a tenth of it.
    """
    # Ten layers get more steps and a second rate, and still do not learn.
    five, ten = (
        ends(sweep("sigmoid", "lecun_normal", depth=depth, steps=steps, rates=rates, seeds=range(3), optimizer="adam"))
        for depth, steps, rates in ((5, 400, [0.01]), (10, 600, [0.01, 0.001]))
    )
    return above(
        min(five),
        0.5,
        "the worst of 3 seeds",
        {"as ten layers": max(ten)},
        five=100 * min(five),
        ten=100 * max(ten),
    )


@claim(
    what="logarithm of a weight gradient's rms, over that ten layers later",
    statement=16,
    verdict=HOLDS,
    source="@glorot2010, figures 7 and 8",
)
def sigmoid_weight_gradients_shrink() -> Result:
    """At LeCun's scale what flows back through sigmoids shrinks, so the weight gradients shrink too."""
    found = [
        p.weight_gradient_rms[4] / p.weight_gradient_rms[14]
        for p in (propagate("sigmoid", "lecun_normal", depth=20, width=256, seed=s) for s in range(8))
    ]
    # Over ten layers: chi is the factor on the square, and the size shrinks by its root ten times.
    theory = fixed_point("sigmoid", sigma_w=1.0).chi_1 ** 5
    # tanh at 0.8 of LeCun's scale also shrinks what flows back, and not the gradients of its weights.
    tanh = propagate("tanh", "lecun_normal", depth=20, width=256, gain=0.8).weight_gradient_rms
    return mean_of(
        np.log(found),
        np.log(theory),
        {"they do not, as tanh's": np.log(tanh[4] / tanh[14]), "twice as many layers": 2 * np.log(theory)},
        width=256,
    )


@claim(
    what="logarithm of the factor of a layer on the weight gradient's rms, the larger of tanh and ReLU",
    statement=16,
    verdict=NOT + " for tanh and ReLU",
    source="@glorot2010, equation 14 and figure 8",
)
def tanh_and_relu_weight_gradients_do_not() -> Result:
    """For tanh layers of equal width without biases, a scale that shrinks the gradient on its way back shrinks the
    activations on their way forward just as much, and the product is nearly the same in each layer.
    """
    by_activation, back, farthest = [], [], 0.0
    for phi in ("tanh", "relu"):
        logs = []
        for seed in range(8):
            # 0.577 is the root of 1/3: the standard scheme of Glorot and Bengio, a variance of 1/(3 n).
            p = propagate(phi, "lecun_normal", depth=20, width=256, gain=0.577, seed=seed)
            logs.append(np.log(p.weight_gradient_rms / p.weight_gradient_rms[-1]))
            back.append(np.log(p.gradient_ratio))
        by_activation.append(np.mean([(log[4] - log[14]) / 10 for log in logs]))
        farthest = max(farthest, float(np.abs(np.mean(logs, axis=0)).max()))
    # There are 19 factors from the last layer to the first.
    flows_back = {"they shrink as what flows back does": 19 * float(np.mean(back))}
    also(
        "layer by layer", near(farthest, 0.0, 0.2, "logarithms over the last layer's, means of 8 networks", flows_back)
    )
    return near(
        max(by_activation, key=abs),
        0.0,
        0.03,
        "the worse of the two; 4 standard errors over 8 networks, and the early layers of tanh",
        {"they shrink as what flows back does": float(np.mean(back))},
    )


@claim(
    what="share of the test digits that the worst of 3 networks reads",
    statement=16,
    verdict=IF + " the signal survives",
    source="",
)
def rates_rescue_depth_five() -> Result:
    """With a rate for each layer that makes the first steps equal, and 0.1 for the last layer, five sigmoid layers of
    width 64 learn in 600 steps.
    """
    with_rates, without = (
        ends(sweep("sigmoid", "lecun_normal", depth=5, steps=600, rates=[0.1], seeds=range(3), equalize=equalize))
        for equalize in (True, False)
    )
    return above(min(with_rates), 0.5, "the worst of 3 seeds", {"as without": max(without)})


@claim(
    what="share of the test digits that the best network reads",
    statement=16,
    verdict=NOT + " as a matter of rates alone",
    source="",
)
def rates_do_not_rescue_depth_ten() -> Result:
    """Ten sigmoid layers do not learn from equal first steps: in 600 steps three networks of width 64 do not with a
    rate of 0.1 for the last layer, nor does one network with 0.01 or one with 1.
    """
    found = []
    for rates, seeds in (([0.1], range(3)), ([0.01, 1.0], range(1))):
        found += ends(sweep("sigmoid", "lecun_normal", depth=10, steps=600, rates=rates, seeds=seeds, equalize=True))
    # The control: five layers learn with rates by layer.
    five = ends(sweep("sigmoid", "lecun_normal", depth=5, steps=600, rates=[0.1], seeds=range(3), equalize=True))
    return below(
        max(found), 0.3, "the best of 3 seeds at 0.1 and of one at each of the others", {"as at depth 5": min(five)}
    )


@claim(
    what="factor of a layer on the difference between inputs",
    statement=16,
    verdict=NOT + " as a matter of rates alone",
    source="@schoenholz2017, section 3",
)
def differences_shrink_forward_too() -> Result:
    r"""In sigmoid layers the factor $\chi$ that shrinks the gradient going back also shrinks small *differences*
    between inputs going forward, since both are sums over the same slopes and weights.
    """
    factors = []
    for seed in range(6):
        p = propagate("sigmoid", "lecun_normal", depth=10, width=256, seed=seed)
        # The deviation over the inputs is what differs between them; from layer 4 to layer 10 it passes six layers.
        size = np.sqrt((p.pre_activations.std(axis=1) ** 2).mean(axis=1))
        factors.append((size[9] / size[3]) ** (1 / 6))
    return mean_of(
        factors,
        fixed_point("sigmoid", sigma_w=1.0).chi_1 ** 0.5,
        {
            # Most of a sigmoid's output is the half that all inputs share, and it stays.
            "as what inputs have in common": (p.forward_rms[9] / p.forward_rms[3]) ** (1 / 6),
            "by the largest slope": activation("sigmoid").df(0.0),
        },
        width=256,
    )


def readout(features, data):
    """Fit a linear readout to features of the training digits by least squares, and return its share of test digits.

    `features` is a function that turns images, `(n, 64)`, into features, `(n, k)`.
    """
    train_a, test_a = features(data.train_x), features(data.test_x)
    # Standardized, since activations of layer 10 vary by a tiny part of their mean; pixels that never vary stay 0.
    mean, size = train_a.mean(axis=0), train_a.std(axis=0)
    size[size == 0] = 1.0
    train_a, test_a = (np.c_[(a - mean) / size, np.ones(len(a))] for a in (train_a, test_a))
    fitted = np.linalg.lstsq(train_a, np.eye(10)[data.train_y], rcond=None)[0]
    return float(((test_a @ fitted).argmax(axis=1) == data.test_y).mean())


@claim(
    what="share of the test digits that the worst of 5 readouts reads",
    statement=16,
    verdict=NOT + " as a matter of what is lost",
    source="",
)
def a_readout_finds_the_digits_in_layer_ten() -> Result:
    """Fitted by least squares to the activations of layer 10, a linear readout reads {percent:floor} % of the test
    digits or more, about as many as one fitted to the pixels.
    """
    data, found, single = digits.load(), [], []
    for seed in SEEDS:
        net = MLP([64] * 11, "sigmoid", "lecun_normal", np.random.default_rng(seed), output="sigmoid")
        found.append(readout(lambda x, net=net: net.forward(x).output, data))
        single.append(readout(lambda x, net=net: net.forward(x).output.astype(np.float32).astype(float), data))
    # Activations of layer 10 differ so little from digit to digit that single precision costs a point or more.
    also(
        "single precision", below(np.mean(single), np.mean(found) - 0.01, "means of 5 seeds", {"as double": min(found)})
    )
    pixels = readout(lambda x: x, data)
    require(abs(np.mean(found) - pixels) < 0.04, f"{np.mean(found):.3f} on average, and {pixels:.3f} from the pixels")
    # Trained by plain descent such a network does not learn, though its activations hold what a readout needs.
    (trained,) = ends(sweep("sigmoid", "lecun_normal", depth=10, steps=600, rates=[0.5]))
    return above(
        min(found),
        0.85,
        "the worst of 5 seeds",
        {"as trained": trained},
        percent=100 * min(found),
    )


@claim(
    what="share of the test digits that the worst of 3 networks reads",
    statement=16,
    verdict=NOT + " at every scale",
    source="",
)
def a_larger_scale_rescues_depth_ten() -> Result:
    """From five times LeCun's scale three networks of ten sigmoid layers of width 64 read {percent:floor} % of the
    digits or more after 600 steps at a rate of 0.5.
    """
    found = ends(sweep("sigmoid", "lecun_normal", depth=10, gains=[5.0], steps=600, rates=[0.5], seeds=range(3)))
    # The control is LeCun's scale at the same rate, with the same seed as the first of the three.
    (plain,) = ends(sweep("sigmoid", "lecun_normal", depth=10, steps=600, rates=[0.5]))
    return above(min(found), 0.6, "the worst of 3 seeds", {"as from LeCun's scale": plain}, percent=100 * min(found))


@claim(
    what="share of the test digits that the worst of 3 networks reads after 100 steps",
    statement=17,
    verdict=HOLDS,
    source="@bengio2007; @hinton2006; @erhan2010",
)
def pretraining_revives_depth_five() -> Result:
    """From random weights a sigmoid network of five layers is stuck at one in ten by plain descent at a rate of 0.5;
    pre-trained at a rate of 0.05, it learns at once.
    """
    starts = compare_starts()
    # A quarter of the run: 100 of 400 steps.
    early = len(starts.steps) // 4
    return above(
        starts.accuracy["pre-trained"][:, early].min(),
        0.8,
        "the worst of 3 seeds, after 100 of the 400 steps",
        {
            "as from random weights": float(starts.accuracy["random"][:, -1].max()),
            "as soon as from shuffled ones": float(starts.accuracy["shuffled"][:, early].max()),
        },
    )


@claim(
    what="share of the test digits that the worst of 3 networks with shuffled weights reads",
    statement=17,
    verdict=HOLDS,
    source="",
)
def shuffled_weights_still_learn() -> Result:
    """By plain descent at a rate of 0.5 a network of five sigmoid layers still learns from the shuffled weights, more
    slowly.
    """
    starts = compare_starts()
    shuffled, trained = (starts.accuracy[name] for name in ("shuffled", "pre-trained"))
    # At a quarter of the run the shuffled networks have to be behind, for the sentence says "more slowly".
    early = len(starts.steps) // 4
    slower = (shuffled[:, early] < trained[:, early]).sum()
    require(
        slower == len(shuffled), f"at a quarter of the run {slower} of {len(shuffled)} shuffled networks are behind"
    )
    return above(
        shuffled[:, -1].min(),
        0.5,
        "the worst of 3 seeds; slower at a quarter of the run in all",
        {"as from random weights": float(starts.accuracy["random"][:, -1].max())},
    )


@claim(
    what="deviation of the weights after pre-training, over that before, the least of four layers",
    statement=17,
    verdict=HOLDS,
    source="",
)
def pretraining_finds_larger_weights() -> Result:
    """Pre-training had, among other things, found larger weights."""
    scale = compare_starts().scale
    return above(
        # Without the first layer, whose inputs are images and no activations.
        (scale["pre-trained"] / scale["random"])[1:].min(),
        1.5,
        "least of layers 2 to 5, averaged over 3 seeds",
        # Without pre-training the layers differ a little by chance.
        {"no more than layers differ without it": (scale["random"] / scale["random"][0]).max()},
    )


@claim(
    what="share of the test digits that the worst of 3 networks with larger weights reads",
    statement=17,
    verdict=IF + " the scale is not larger from the start",
    source="",
)
def larger_weights_do_as_much() -> Result:
    """Three networks with plain weights, three times as large as Glorot's in the hidden layers of 64 units, read
    {percent:floor} % of the digits or more after 400 steps of plain descent at a rate of 0.5, where three pre-trained
    ones read {trained:floor} % or more; after 100 steps the plain ones read {early:ceil} % at most, and the pre-trained
    ones {soon:floor} % or more.
    """
    starts = compare_starts()
    random, trained, larger = (starts.accuracy[name] for name in ("random", "pre-trained", "larger"))
    early = len(starts.steps) // 4
    sooner, later = float(trained[:, early].min()), float(larger[:, early].max())
    # Slower: after 100 steps the best of them is behind the worst pre-trained one by a tenth or more.
    also("it is slower", below(later, sooner - 0.1, "a tenth of the digits", {"as soon as pre-trained": sooner}))
    return above(
        larger[:, -1].min(),
        trained[:, -1].min() - 0.03,
        "the worst of 3 seeds against the worst pre-trained, and two standard errors of a share of 299 digits",
        {"as from Glorot's scale": float(random[:, -1].max())},
        percent=100 * larger[:, -1].min(),
        trained=100 * trained[:, -1].min(),
        early=100 * later,
        soon=100 * sooner,
    )


@claim(
    what="relative distance of the worst factor of a layer from theory",
    statement=18,
    verdict=IF + " the scale is He's",
    source="@he2015, section 2.2",
)
def relu_factors_by_scale() -> Result:
    r"""In layers of equal width and without biases the sizes of both are multiplied by $1/\sqrt 2$ a layer at LeCun's
    scale, and with weights of variance $1/(3n)$, those of PyTorch's linear layer, by $1/\sqrt 6$.
    """
    found, expected = [], []
    # A ReLU halves the mean square: variances of 1/n and 1/(3n) leave factors of 1/2 and 1/6, and their roots.
    for init, g, factor in (("lecun_normal", 1.0, 2**-0.5), ("lecun_uniform", 3**-0.5, 6**-0.5)):
        networks = [propagate("relu", init, depth=30, width=512, batch=32, gain=g, seed=seed) for seed in range(8)]
        signal = [(p.forward_rms[-1] / p.forward_rms[0]) ** (1 / 29) for p in networks]
        found += [np.mean(signal), np.mean([p.gradient_ratio for p in networks])]
        expected += [factor, factor]
    worst = np.abs(np.divide(found, expected) - 1).max()
    return below(
        worst,
        0.02,
        "relative, of signal and gradient at both scales; finite width of 512 over 30 layers and 8 seeds",
        {"1/sqrt(3), the weights alone": 2**0.5 - 1, "1/2 a layer for LeCun": 1 - 0.5 * 2**0.5},
    )


@claim(what="rms of the pre-activations in the last layer", statement=18, verdict=IF + " the scale is He's", source="")
def biases_hold_up_the_signal() -> Result:
    r"""At PyTorch's default the size of a ReLU network's pre-activations falls until little but the biases is left of
    it, and stays at an rms of {expected:.3f} in layers of equal width 512, while the gradient is still multiplied by
    $1/\sqrt 6$ a layer.
    """
    n = 512
    networks = [
        # PyTorch's law: weights and biases uniform within 1/sqrt(n) of 0, of deviation 1/sqrt(3 n). The biases here
        # are normal.
        propagate("relu", "lecun_uniform", depth=30, width=n, batch=32, gain=3**-0.5, sigma_b=(3 * n) ** -0.5, seed=s)
        for s in range(8)
    ]
    also(
        "the gradient",
        mean_of([p.gradient_ratio for p in networks], 6**-0.5, {"by the weights alone": 3**-0.5}, width=n),
    )
    sizes = [float(np.sqrt((p.pre_activations[-1] ** 2).mean())) for p in networks]
    # q = q / 6 + 1 / (3 n): of the weights' variance 1/(3 n), ReLU leaves half.
    return mean_of(
        sizes, math.sqrt(2 / (5 * n)), {"as without biases": 6 ** (-29 / 2) * 3**-0.5, "1/sqrt(n)": n**-0.5}, width=n
    )


@claim(
    what="logarithm of the factor of a layer on the gradient's rms, from Flax's default",
    statement=18,
    verdict=IF + " the scale is He's",
    source="@glorot2010, equation 16",
)
def keras_and_flax_defaults_lose_half() -> Result:
    """Keras starts a dense layer at Glorot's uniform scale and Flax at LeCun's, and in layers of equal width both lose
    half of the mean square to ReLU.
    """
    # The control keeps the gradient: a logarithm of about 0.
    he = float(np.log(np.mean(ratios("relu", "he_normal", seeds=2))))
    wrong = {"PyTorch's": -np.log(6) / 2, "nothing is lost, as at He's scale": he}
    keras, flax = (
        mean_of(np.log(ratios("relu", init)), -np.log(2) / 2, wrong, width=512)
        for init in ("keras_dense", "flax_dense")
    )
    also("Keras", keras)
    return flax


@claim(
    what="steps to half of the digits from LeCun's scale, over those from He's",
    statement=18,
    verdict=IF + " the scale is He's",
    source="",
)
def relu_at_depth_ten_by_scale() -> Result:
    """On the digits, in ten ReLU layers of 64 units, in 600 steps of plain gradient descent at a rate of 0.03 and from
    biases of 0, the three scales are the difference between learning at once, learning late, and not learning.
    """
    steps = {}
    for name, init, g in (
        ("He", "he_normal", 1.0),
        ("LeCun", "lecun_normal", 1.0),
        ("1/(3n)", "lecun_uniform", 3**-0.5),
    ):
        # A look every 20 steps.
        runs = sweep("relu", init, depth=10, gains=[g], steps=600, rates=[0.03], seeds=SEEDS, looks=31)
        steps[name] = [run.steps_to(0.5) for run in runs.values()]
    require(min(steps["1/(3n)"]) > 600, f"at 1/(3n) one gets there after {min(steps['1/(3n)']):.0f} steps")
    return above(
        min(steps["LeCun"]) / max(steps["He"]),
        2.0,
        "steps to half of the digits: the soonest of 5 seeds at LeCun's scale over the latest at He's; at 1/(3n) none",
        # The factor between networks that differ in the seed alone.
        {"as between He's own": max(steps["He"]) / np.median(steps["He"])},
    )


@claim(
    what="share of the test digits that the worst of 3 networks from He's scale reads",
    statement=18,
    verdict=IF + " the scale is He's",
    source="@he2015, figure 3",
)
def thirty_layers_train_from_he() -> Result:
    """In 800 steps of plain gradient descent, at the best of the rates 0.003, 0.01 and 0.03 by held-out digits, thirty
    ReLU layers of 64 units do train from He's scale, and from Glorot's they do not leave chance.
    """

    def best(gain):
        """Return for each seed the share of test digits at the rate that is best on the validation digits."""
        rates, seeds = (0.003, 0.01, 0.03), range(3)
        # Looked at as often as in the claim `escape_time_against_depth`, whose runs at 0.01 these are.
        runs = sweep("relu", "he_normal", depth=30, gains=[gain], steps=800, rates=rates, seeds=seeds, looks=33)
        return [
            max((runs[gain, rate, seed] for rate in rates), key=lambda run: run.valid_accuracy).accuracy[-1]
            for seed in seeds
        ]

    # In layers of equal width Glorot's scale is He's over the root of 2.
    he, glorot = best(1.0), best(2**-0.5)
    require(max(glorot) < 0.2, f"from Glorot's scale one reads {100 * max(glorot):.0f} %")
    return above(min(he), 0.6, "worst of 3 seeds", {"as from Glorot's": max(glorot)})
