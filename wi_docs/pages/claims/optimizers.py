"""Claims of the chapter on optimizers. What takes longer than a second reads stored trainings."""

import itertools
import math

import numpy as np

from wi_docs.experiments import conditions, digits, tournament
from wi_docs.experiments.grokking import LOOKS, courses
from wi_docs.experiments.optimizers import (
    ACTIVATIONS,
    DEPTHS,
    SCALES,
    moved,
    relative_updates,
    scaled,
    stored_map,
    train_by,
    train_scaled,
)
from wi_docs.experiments.training import Adam
from wi_docs.nn.network import MLP, stack
from wi_docs.pages.claims import Result, above, also, below, claim, exactly, mean_of, near, require

HE = math.sqrt(2)
STORED = "it reads stored trainings, and a test trains a part of them anew"


def degrees(net, c, rng):
    """Multiply all weights of `net` by `c`, and return what this does to the output and to the gradients.

    Returns:
        The power of `c` by which the output grows, the power for each matrix's gradient, and the least cosine of a
        gradient with the one before.
    """
    conditions.network(net, rng)
    # The cotangent stands for the loss's derivative at the output, which the sentence takes to be the same for both.
    x, cotangent = rng.standard_normal((50, 64)), rng.standard_normal((50, 10))
    runs = []
    for factor in (1.0, c):
        net.W = [factor * W for W in net.W]
        run = net.forward(x)
        runs.append((run.output, net.backward(run, cotangent).W))
    (output, gradients), (output_c, gradients_c) = runs
    sizes = [(np.linalg.norm(g), np.linalg.norm(h)) for g, h in zip(gradients, gradients_c, strict=True)]
    # Logarithms to base c are powers of c.
    of_output = math.log(np.linalg.norm(output_c) / np.linalg.norm(output), c)
    of_gradient = [math.log(after / before, c) for before, after in sizes]
    cosines = [
        float((g * h).sum() / (a * b)) for g, h, (a, b) in zip(gradients, gradients_c, sizes, strict=True)
    ]  # fmt: skip
    return of_output, of_gradient, min(cosines)


def he(depth, seed=0, activation="relu"):
    """Return a network with `depth` hidden layers of 32 units at He's scale, and the generator that drew it."""
    rng = np.random.default_rng(conditions.seed(seed))
    return MLP([64, *[32] * depth, 10], activation, "he_normal", rng), rng


@claim(
    what="power of the factor by which the output was multiplied",
    source="",
    proof="max(0, c z) = c max(0, z) for c > 0, layer by layer",
)
def homogeneous_of_degree_l() -> Result:
    """In a ReLU network without biases a positive factor $c$ on all $L$ weight matrices multiplies the output by $c^L$,
    and each gradient of an output with respect to a matrix by $c^{{L-1}}$ without turning it.
    """
    # L = 7 matrices: six hidden layers and the output. GELU, which is not homogeneous, is the control.
    depth, c = 6, 0.5
    output, gradients, cosine = degrees(*_with(he(depth), c))
    _, gelu, turned = degrees(*_with(he(depth, activation="gelu"), c))
    also(
        "the gradients",
        near(max(gradients), depth, 1e-9, "rounding", {"as the output": output, "with GELU": max(gelu)}),
    )
    also("their direction", above(cosine, 1 - 1e-12, "rounding", {"with GELU": turned}))
    return near(output, depth + 1, 1e-9, "rounding", {"as the gradients": min(gradients)})


def _with(drawn, c):
    net, rng = drawn
    return net, c, rng


@claim(what="largest difference of a weight after the step, at the first weights' scale", source="")
def one_step_in_proportion() -> Result:
    r"""Take a ReLU network without biases and a copy of it with $c$ times its weights. If the loss has the same
    derivative at both outputs, one step of plain gradient descent at the rate $\eta$ for the network and at
    $c^{{2-L}}\eta$ for the copy leaves the copy's weights $c$ times as large.
    """
    # L = 7 matrices, as above.
    depth, c, eta = 6, 0.5, 0.02

    def distance(power, activation="relu"):
        ends = []
        for factor, rate in ((1.0, eta), (c, eta * c**power)):
            # The same seed draws the same weights both times.
            net, rng = he(depth, activation=activation)
            conditions.network(net, rng)
            conditions.rate(rate)
            net.W = [factor * W for W in net.W]
            x, cotangent = rng.standard_normal((50, 64)), rng.standard_normal((50, 10))
            gradients = net.backward(net.forward(x), cotangent).W
            # Divided by the factor, so that steps in proportion end at the same weights.
            ends.append([(W - rate * g) / factor for W, g in zip(net.W, gradients, strict=True)])
        return max(float(np.abs(a - b).max()) for a, b in zip(*ends, strict=True))

    # A gradient is c^(L - 1) times as large, and the weights should move c times as far: so the rate takes c^(2 - L).
    return below(
        distance(2 - (depth + 1)),
        1e-12,
        "rounding; the largest difference of a weight",
        {"at the same rate": distance(0), "at $c^{1-L}$": distance(-depth), "with GELU": distance(1 - depth, "gelu")},
    )


@claim(what="percent of the test digits, a mean over 5 networks, at the rate 0.24", source="")
def one_rate_serves_five_layers() -> Result:
    """Five ReLU layers of 32 units read {measured:.0f} % of the digits from half He's scale, and {he:.0f} % from He's
    scale, on average after 200 steps of plain gradient descent at a rate of 0.24.
    """
    # He's scale is served by 0.015. With c = 1/2 and L = 6 matrices a step in proportion takes c^(2 - L) = 16 times
    # that.
    at = {rate: 100 * train_scaled("relu", 5, HE / 2, rate=rate).mean() for rate in (0.24, 0.015)}
    he = 100 * train_scaled("relu", 5, HE, rate=0.24).mean()
    also("from He's scale", above(he, 60, "the mean of 5 networks", {"from half of it at 0.015": at[0.015]}))
    return above(at[0.24], 60, "the mean of 5 networks", {"at the rate 0.015": at[0.015]}, he=he)


@claim(what="percent of the test digits that the best of 5 networks reads, at the best rate", source="")
def no_rate_serves_ten_layers() -> Result:
    """Five networks of ten ReLU layers of 32 units from half He's scale read {measured:ceil} % at most after 200 steps
    of plain gradient descent, at the best of the rates 0.03, 0.1, 0.3, 1, 3 and 10.
    """
    best = max(100 * train_scaled("relu", 10, HE / 2, rate=rate).max() for rate in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0))
    # Both controls are judged by their worst network, and the sentence by its best.
    he_scale = 100 * train_scaled("relu", 10, HE, rate=0.03).min()
    adam = 100 * train_scaled("relu", 10, HE / 2, optimizer="adam", rate=0.003).min()
    return below(best, 20, "the best of 5 networks at 6 rates", {"from He's scale": he_scale, "with Adam": adam})


@claim(what="percent of the test digits after 3,000 steps, the median of 5 networks", source="")
def patience_serves_ten_layers() -> Result:
    """At the smaller ones, such as 0.1, they hardly move at first, and patience helps: after 3,000 steps the same five
    networks of ten layers read {measured:.0f} % of the digits in the median at a rate of 0.1.
    """
    late, soon = (100 * np.median(train_scaled("relu", 10, HE / 2, rate=0.1, steps=steps)) for steps in (15 * 200, 200))
    return above(late, 80, "the median of 5 networks", {"as after 200 steps": soon})


@claim(what="percent of the test digits from He's scale, a mean over 5 networks", source="")
def adam_serves_ten_layers() -> Result:
    """With Adam at a rate of 0.003 ten ReLU layers of 32 units from half He's scale read {half:.0f} % of the digits
    on average after 200 steps, and {measured:.0f} % from He's.
    """
    half, full = (100 * train_scaled("relu", 10, HE * c, optimizer="adam", rate=0.003) for c in (0.5, 1.0))
    quarter = 100 * train_scaled("relu", 10, HE / 4, optimizer="adam", rate=0.003).mean()
    also("from half", above(half.mean(), 60, "five networks", {"from a quarter": quarter}))
    return above(full.mean(), half.mean() + 5, "five points more", {"from half": half.mean()}, half=half.mean())


@claim(what="step of a weight with a gradient of 1e-10, in units of the rate", source="@kingma2015, algorithm 1")
def epsilon_counts_below_1e_8() -> Result:
    r"""In Adam's first step with $\epsilon = 10^{{-8}}$ a gradient of $10^{{-8}}$ moves a weight by half of the
    learning rate, and one of $10^{{-10}}$ by a hundredth of it.
    """

    def step(gradient):
        # From 0, the weight after one step of rate 1 is minus the step's size.
        w = np.zeros(1)
        Adam([w]).step([np.array([gradient])], [1.0])
        return float(-w[0])

    # In the first step both running means, corrected for their start at 0, are the gradient and its square.
    def theory(gradient):
        return gradient / (gradient + 1e-8)

    conditions.rate(1.0, "adam")
    also("at 1e-8", near(step(1e-8), theory(1e-8), 1e-9, "rounding", {"no epsilon": theory(1.0)}))
    return near(step(1e-10), theory(1e-10), 1e-9, "rounding", {"no epsilon": theory(1.0), "SGD": 1e-10 * 1.0})


@claim(what="percent of the test digits that the best of 5 networks reads", source="")
def epsilon_is_not_what_stops_ten_sigmoids() -> Result:
    r"""Ten sigmoid layers of 32 units at LeCun's scale read {measured:ceil} % of the digits at most after 200 steps of
    Adam at a rate of 0.003, and {small:ceil} % at most with an $\epsilon$ of $10^{{-16}}$ in place of $10^{{-8}}$.
    """
    # A gradient 1e8 times as large beside an epsilon of 1e-8 takes the same step as the gradient itself beside 1e-16.
    usual, small = (
        100 * train_scaled("sigmoid", 10, 1.0, optimizer="adam", rate=0.003, times=times).max() for times in (1.0, 1e8)
    )
    larger = 100 * train_scaled("sigmoid", 10, 4.0, optimizer="adam", rate=0.003).min()
    also("with the small epsilon", below(small, 30, "the best of 5 networks", {"at four times the scale": larger}))
    return below(usual, 30, "the best of 5 networks", {"at four times the scale": larger}, small=small)


@claim(what="percent of the test digits, a mean over 5 networks", source="")
def four_times_the_scale_frees_ten_sigmoids() -> Result:
    """At four times LeCun's scale ten sigmoid layers of 32 units read {measured:.0f} % of the digits on average after
    200 steps of Adam at a rate of 0.003.
    """
    runs = {scale: 100 * train_scaled("sigmoid", 10, scale, optimizer="adam", rate=0.003) for scale in (1.0, 2.0, 4.0)}
    wrong = {f"at {scale:g} times": runs[scale].mean() for scale in (1.0, 2.0)}
    return above(runs[4.0].mean(), 45, "the mean of 5 networks", wrong)


def best(phi, depth, optimizer):
    """Return the percentage of test digits that networks of a stored map read at their best rate, by scale.

    Each is a mean over two seeds.
    """
    # `tests` is (scales, rates, seeds).
    tests, _ = stored_map(phi, depth, optimizer)
    return dict(zip(SCALES, 100 * tests.mean(axis=2).max(axis=1), strict=True))


@claim(
    what="percent of the test digits from four times LeCun's scale, a mean over 2 networks", source="", untouched=STORED
)
def adam_does_not_mend_chaos() -> Result:
    """Twenty tanh layers at four times LeCun's scale read {measured:.0f} % after 200 steps of Adam, at the best of six
    rates, and {edge:.0f} % from LeCun's scale.
    """
    adam = best("tanh", 20, "adam")
    also("from LeCun's scale", above(adam[1.0], 70, "two networks", {"from four times": adam[4.0]}))
    return below(adam[4.0], 25, "two networks", {"from LeCun's scale": adam[1.0]}, edge=adam[1.0])


@claim(what="median singular value of an update over its largest, with Muon", source="@jordan2024, muon.py")
def muon_evens_out_directions() -> Result:
    """In the first step of ten ReLU layers of 32 units at He's scale, the median singular value of a hidden matrix's
    update is {sgd:.3f} of the largest with plain gradient descent, {adam:.2f} with Adam, and {measured:.2f} with Muon
    (medians of 20 networks).
    """

    def evenness(optimizer):
        """Return the median over the nine hidden matrices of twenty networks."""
        # Not the mean: in some networks all digits of a batch are alike to the last layers, or their units are silent.
        nets = stack([scaled("relu", 10, HE, seed) for seed in range(20)])
        before = [W.copy() for W in nets.W[1:-1]]
        train_by(nets, optimizer=optimizer, rates=[0.003] * 20, seeds=range(20), steps=1)
        s = np.linalg.svd(np.array(nets.W[1:-1]) - before, compute_uv=False)
        return float(np.median(np.median(s, axis=-1) / s[..., 0]))

    sgd, adam = evenness("sgd"), evenness("adam")
    # An iteration that had converged would give 1; five of its steps leave singular values between 0.68 and 1.13.
    return above(
        evenness("muon"), 0.4, "small ones stay smaller", {"as with Adam": adam, "as with plain descent": sgd},
        sgd=sgd, adam=adam,
    )  # fmt: skip


@claim(what="percent of the test digits with Muon, a mean over 2 networks", source="", untouched=STORED)
def muon_goes_deeper() -> Result:
    """Thirty ReLU layers from He's scale read {measured:.0f} % after 200 steps of Muon at the best of six rates,
    {adam:.0f} % with Adam, and {sgd:.0f} % with plain gradient descent.
    """
    muon, adam, sgd = (best("relu", 30, optimizer)[1.41] for optimizer in ("muon", "adam", "sgd"))
    return above(
        muon, adam + 10, "ten points", {"as with Adam": adam, "as with plain descent": sgd}, adam=adam, sgd=sgd
    )


@claim(what="percent of the test digits with Muon, a mean over 2 networks", source="", untouched=STORED)
def muon_frees_ten_sigmoids() -> Result:
    """Ten sigmoid layers from LeCun's scale read {measured:.0f} % after 200 steps of Muon at the best of six rates,
    where they read {adam:.0f} % with Adam; twenty read {twenty:.0f} % with Muon.
    """
    (muon, adam), twenty = (best("sigmoid", 10, name)[1.0] for name in ("muon", "adam")), best("sigmoid", 20, "muon")
    return above(
        muon, 60, "two networks", {"as with Adam": adam, "as twenty layers": twenty[1.0]},
        adam=adam, twenty=twenty[1.0],
    )  # fmt: skip


@claim(
    what="percent of the test digits from four times LeCun's scale, a mean over 2 networks", source="", untouched=STORED
)
def muon_does_not_mend_chaos() -> Result:
    """Twenty tanh layers at four times LeCun's scale read {measured:.0f} % after 200 steps of Muon at the best of six
    rates, and {edge:.0f} % from LeCun's scale.
    """
    muon = best("tanh", 20, "muon")
    return below(muon[4.0], 25, "two networks", {"from LeCun's scale": muon[1.0]}, edge=muon[1.0])


@claim(what="number of pairs of depth and optimizer for which He's scale is the best", source="", untouched=STORED)
def he_is_best_for_both() -> Result:
    """With ReLU at depths of 10, 20 and 30 He's scale is the best of seven scales for plain gradient descent and for
    Adam, each at the best of six rates and as a mean over two networks.
    """

    def first(phi, scale):
        # Three depths and two optimizers: six maps.
        maps = [best(phi, depth, optimizer) for depth in (10, 20, 30) for optimizer in ("sgd", "adam")]
        return sum(max(one, key=one.get) == scale for one in maps)

    return exactly(
        first("relu", 1.41), 3 * 2, {"LeCun's scale": first("relu", 1.0), "with the sigmoid": first("sigmoid", 1.41)}
    )


@claim(what="number of scales at which twenty layers read more than half of the digits", source="", untouched=STORED)
def adams_region_narrows_with_depth() -> Result:
    """Of seven scales from 0.25 to 8 times LeCun's, ten ReLU layers read more than half of the digits from {ten:.0f}
    scales with Adam, and from {sgd:.0f} with plain gradient descent; twenty ReLU layers do so from {measured:.0f} scale
    with Adam, and from {twenty:.0f} with plain gradient descent.
    """

    def scales(depth, optimizer):
        return sum(share > 50 for share in best("relu", depth, optimizer).values())

    ten, sgd = scales(10, "adam"), scales(10, "sgd")
    # One scale fewer at the least.
    also("plain descent", below(sgd, ten - 1, "a count", {"as Adam": ten}))
    return exactly(
        scales(20, "adam"), 1, {"as ten layers": ten, "as five": scales(5, "adam")},
        ten=ten, sgd=sgd, twenty=scales(20, "sgd"),
    )  # fmt: skip


@claim(
    what="percent of the test digits at eight times LeCun's scale, a mean over 2 networks", source="", untouched=STORED
)
def ten_sigmoids_by_plain_descent() -> Result:
    """By plain gradient descent ten sigmoid layers read {four:.0f} % at four times LeCun's scale and {measured:.0f} %
    at eight times, after 200 steps at the best of six rates up to 1; with Adam they read {adam:.0f} % at eight.
    """
    plain, adam = best("sigmoid", 10, "sgd"), best("sigmoid", 10, "adam")[8.0]
    also("at four times", below(plain[4.0], 25, "two networks", {"with Adam": best("sigmoid", 10, "adam")[4.0]}))
    return below(plain[8.0], 60, "two networks", {"with Adam": adam}, four=plain[4.0], adam=adam)


@claim(what="difference in points, a mean over 5 seeds", source="")
def momentum_is_ten_times_the_rate() -> Result:
    """With a momentum of 0.9 and a rate of 0.003, five tanh layers at LeCun's scale read as many digits after 200 steps
    as plain gradient descent does at 0.03, within {difference:.0f} points on average over five seeds.
    """
    # Under a gradient that stays the same, steps add up to 1 / (1 - 0.9) = 10 times the rate.
    heavy, ten, same = (
        100 * train_scaled("tanh", 5, 1.0, optimizer=name, rate=rate)
        for name, rate in (("momentum", 0.003), ("sgd", 0.03), ("sgd", 0.003))
    )
    difference = abs(heavy - ten).mean()
    return below(
        difference, 5, "a point and a spread of two", {"at the same rate": abs(heavy - same).mean()},
        difference=math.ceil(difference),
    )  # fmt: skip


@claim(what="cells of scale and rate that read within ten points of plain descent", source="", untouched=STORED)
def momentum_moves_the_map() -> Result:
    """On the maps of four activations and four depths, a momentum of 0.9 at a tenth of the rate reads within 10 points
    of plain gradient descent in {measured:.0f} of the {cells:.0f} cells in which one of the two reads more than 20 % of
    the digits after 200 steps, and at the same rate in {same:.0f} of {others:.0f}.
    """

    def alike(shift):
        """Return the number of cells that agree, and of all, where momentum's rates are `shift` places further on."""
        agree, cells = 0, 0
        for phi, depth in itertools.product(ACTIVATIONS, DEPTHS):
            plain, heavy = (stored_map(phi, depth, name)[0].mean(axis=2) for name in ("sgd", "momentum"))
            # The k-th rate of momentum is a tenth of the k-th of plain descent; two places further on it is the same.
            plain, heavy = plain[:, : plain.shape[1] - shift], heavy[:, shift:]
            seen = np.maximum(plain, heavy) > 0.2
            agree, cells = agree + int((np.abs(plain - heavy) < 0.1)[seen].sum()), cells + int(seen.sum())
        return agree, cells

    (found, cells), (same, others) = alike(0), alike(2)
    return above(
        found, 0.8 * cells, "four of five", {"at the same rate": same * cells / others},
        cells=cells, same=same, others=others,
    )  # fmt: skip


@claim(what="percent of the test digits with clipping, a mean over 10 networks", source="@pascanu2013, section 3.2")
def clipping_survives_a_scale() -> Result:
    """At twice He's scale and a rate of 0.03, {lost:.0f} of 10 networks of ten ReLU layers of 32 units overflow in 200
    steps of plain gradient descent. Clipped at a norm of 1 they survive, and read {measured:.0f} % of the digits on
    average. From He's scale, without clipping, they read {he:.0f} %.
    """

    # The three differ in scale and clipping alone: same seeds, same rate, same batches.
    def runs(scale, clip):
        nets = stack([scaled("relu", 10, scale, seed) for seed in range(10)])
        return train_by(nets, optimizer="sgd", rates=[0.03] * 10, seeds=range(10), steps=200, clip=clip)

    bare, clipped, right = runs(2 * HE, math.inf), runs(2 * HE, 1.0), runs(HE, math.inf)
    lost = sum(run.exploded for run in bare)
    require(lost >= 8, f"only {lost} of ten networks overflow without clipping")
    require(not any(run.exploded for run in clipped), "a clipped network exploded")
    mean, he_scale = (100 * float(np.mean([run.test for run in part])) for part in (clipped, right))
    return below(mean, 50, "ten networks", {"as from He's scale": he_scale}, he=he_scale, lost=lost)


@claim(what="distance of the mean difference from 0, in standard errors", source="")
def warm_up_changes_little_here() -> Result:
    """In twenty ReLU layers of 32 units at He's scale with Adam at a rate of 0.003, a warm-up over the first 50 of
    200 steps raises the mean over five seeds by {points:.0f} points, with a standard error of {error:.0f} points.
    """
    with_it, without = (
        100 * train_scaled("relu", 20, HE, optimizer="adam", rate=0.003, warmup=steps) for steps in (50, 0)
    )
    low = 100 * train_scaled("relu", 20, HE, optimizer="adam", rate=0.003 / 50)  # as if it never warmed up
    gain = with_it - without
    return mean_of(
        gain, 0.0, {"as at a fiftieth of the rate": (low - without).mean()},
        points=float(gain.mean()), error=float(gain.std(ddof=1)) / math.sqrt(len(gain)),
    )  # fmt: skip


@claim(what="share of the weight that is left", source="@loshchilov2019, abstract")
def decay_hardly_touches_a_start() -> Result:
    r"""With Adam, a rate of 0.001 and a decoupled weight decay of 0.01, a weight that no gradient reaches keeps
    {measured:.3f} of its first value after 200 steps, which is $(1 - 10^{{-5}})^{{200}}$.
    """
    net = scaled("tanh", 1, 1.0, 0)
    both = stack([net, net])
    pixel = int(
        np.flatnonzero(np.ptp(digits.load().train_x, axis=0) == 0)[0]
    )  # it never changes, so its weights do not learn
    train_by(both, optimizer="adam", rates=[0.001] * 2, seeds=[0, 1], steps=200, decay=0.01)
    kept = float((both.W[0][0, pixel] / net.W[0][pixel]).mean())
    return near(
        # Decoupled decay multiplies a weight by one minus rate times decay at each step.
        kept, (1 - 0.001 * 0.01) ** 200, 1e-9, "rounding",
        {"by the decay alone": (1 - 0.01) ** 200, "not at all": (1 - 0.0) ** 200},
    )  # fmt: skip


@claim(what="relative update of the first matrix over that of the last, with Adam", source="")
def adam_evens_out_the_updates() -> Result:
    """In the first step of five sigmoid layers at LeCun's scale, the relative change of the first matrix is {sgd:.0e}
    times that of the last one with plain gradient descent, and {measured:.1f} times with Adam, on average over five
    networks.
    """

    def first_over_last(optimizer, activation="sigmoid"):
        nets = [scaled(activation, 5, 1.0, seed) for seed in range(5)]
        parts = [relative_updates(net, optimizer=optimizer, rate=0.01, seed=seed) for seed, net in enumerate(nets)]
        # A geometric mean over five networks, for the ratios are of several orders of magnitude.
        return float(np.exp(np.mean([np.log(part[0] / part[-1]) for part in parts])))

    sgd = first_over_last("sgd")
    also("plain descent", below(sgd, 1e-2, "two decades", {"with tanh": first_over_last("sgd", "tanh")}))
    # A weight of deviation 1/sqrt(n) moves by the rate: in proportion to sqrt(n), of 64 inputs and of 32.
    return near(
        first_over_last("adam"), math.sqrt(64 / 32), 0.15,
        "a tenth of the weights behind pixels that are the same in the batch", {"with plain descent": sgd}, sgd=sgd,
    )  # fmt: skip


@claim(
    what="percent of the test digits from the large start, a mean over the networks", source="@chizat2019, introduction"
)
def a_large_start_generalizes_worse() -> Result:
    """Two ReLU layers from 0.5 and from 4 times LeCun's scale both read {train:floor} % of the training digits or more
    after 400 steps of Adam at a rate of 0.01; of the test digits they read {small:.0f} % and {measured:.0f} %.
    """
    small, large = (moved("relu", 2, scale, rate=0.01) for scale in (0.5, 4.0))
    # Only if both fit the training digits is the difference one of generalization.
    train = 100 * min(small.train.min(), large.train.min())
    require(train > 98, f"one of them reads only {train:.0f} % of the training digits")
    test = [100 * float(one.test.mean()) for one in (small, large)]
    return below(
        test[1], test[0] - 4, "four points below", {"as from the small start": test[0]},
        train=math.floor(train), small=test[0],
    )  # fmt: skip


@claim(what="change of the weights from the large start, in units of their norm", source="@chizat2019, introduction")
def a_large_start_moves_less() -> Result:
    """From 0.5 times LeCun's scale, 400 steps of Adam at 0.01 change the weights of two ReLU layers by {small:.1f}
    times their norm, and the table of inner products has a cosine of {rich:.2f} with its start; from 4 times LeCun's
    scale they change by {measured:.1f} of their norm, and the cosine is {lazy:.2f}.
    """
    small, large = (moved("relu", 2, scale, rate=0.01) for scale in (0.5, 4.0))
    rich, lazy = float(small.kept.mean()), float(large.kept.mean())
    also("the features", above(lazy, rich + 0.1, "a tenth more", {"as from the small start": rich}))
    return below(
        large.weights.mean(), 1.0, "less than their own norm", {"from the small start": small.weights.mean()},
        small=small.weights.mean(), rich=rich, lazy=lazy,
    )  # fmt: skip


def grokked():
    """Return what networks read on the way from He's scale with decay, from 4 times it without and with decay."""
    found = courses((1.0, 4.0, 4.0), (1.0, 0.0, 1.0), looks=LOOKS)

    def seen(course, step):
        """Return the percentages of training and of test digits after a number of steps, means over the seeds."""
        at = LOOKS.index(step)
        return 100 * float(course.train[:, at].mean()), 100 * float(course.test[:, at].mean())

    return *found, seen


@claim(what="percent of the test digits, a mean over three seeds", source="@liu2023, abstract")
def a_large_start_generalizes_late() -> Result:
    """From 4 times He's scale, two ReLU layers of 64 units that Adam trains on 200 digits at a rate of 0.001, with a
    weight decay of 1, read 100 % of these after 500 steps and {early:.0f} % of the test digits. After 2000 steps they
    read {measured:.0f} % of the test digits, and the norm of their weights is {norm:.1f} of the first.
    """
    *_, decayed, seen = grokked()
    known, early = seen(decayed, 500)
    also(
        "their own digits after 500 steps",
        near(known, 100, 0.5, "one digit of 200", {"after 100": seen(decayed, 100)[0]}),
    )
    _, late = seen(decayed, 2000)
    return above(
        late, early + 20, "20 points", {"after 500 steps": early}, early=early, norm=float(decayed.norm[:, -1].mean())
    )


@claim(what="percent of the test digits, a mean over three seeds", source="")
def without_decay_it_stays_so() -> Result:
    """Without weight decay two ReLU layers of 64 units from 4 times He's scale read 100 % of their 200 training digits
    and {measured:.0f} % of the test digits after 2000 steps of Adam at a rate of 0.001.
    """
    _, bare, decayed, seen = grokked()
    known, late = seen(bare, 2000)
    also("their own digits", near(known, 100, 0.5, "one digit of 200", {"after 100 steps": seen(bare, 100)[0]}))
    return below(late, 70, "three seeds", {"with decay": seen(decayed, 2000)[1]})


@claim(what="percent of the test digits, a mean over three seeds", source="")
def from_hes_scale_it_is_early() -> Result:
    """From He's scale two ReLU layers of 64 units that Adam trains on 200 digits at a rate of 0.001, with a weight
    decay of 1, read {measured:.0f} % of the test digits after 100 steps, and {late:.0f} % after 2000.
    """
    he, _, decayed, seen = grokked()
    return above(
        seen(he, 100)[1], 85, "three seeds", {"from 4 times the scale": seen(decayed, 100)[1]}, late=seen(he, 2000)[1]
    )


def competed(network, optimizer):
    """Return mean and standard deviation over the five networks of each scheme in the tournament, by scheme.

    Both are of the percentage of test digits that a network reads.
    """
    rows = tournament.kinds()[network, optimizer]
    return {
        row["scheme"]: (100 * float(np.mean(row["test"])), 100 * float(np.std(row["test"], ddof=1))) for row in rows
    }


def ahead(network: tournament.Network, first: str, second: str) -> Result:
    """Return the result that a scheme is ahead of another by two standard errors, with both optimizers.

    The sentence gets four percentages of digits: `sgd` and `adam` of the first scheme, and `sgd_second` and
    `adam_second` of the second.
    """
    leads: list[float] = []
    numbers: dict[str, float] = {}
    for optimizer in ("sgd", "adam"):
        (one, spread), (other, other_spread) = (competed(network, optimizer)[scheme] for scheme in (first, second))
        numbers |= {optimizer: one, f"{optimizer}_second": other}
        # Standard error of a difference of two means over five networks; the result is the smaller of the two leads.
        leads.append((one - other) / (math.hypot(spread, other_spread) / len(tournament.COUNTING) ** 0.5))
    return above(min(leads), 2, "in standard errors", {"the other way round": -max(leads)}, **numbers)


def alone(network: tournament.Network, scheme: str) -> Result:
    """Return the result that a scheme reads most digits, and all others less than two thirds of them.

    The sentence gets `sgd` and `adam`, what the scheme reads in percent, and `others`, the number of the others.
    """
    found = {optimizer: competed(network, optimizer) for optimizer in ("sgd", "adam")}
    first = {optimizer: schemes.pop(scheme)[0] for optimizer, schemes in found.items()}
    rest = max(mean for schemes in found.values() for mean, _ in schemes.values())
    return below(
        rest, min(first.values()) * 2 / 3, "two thirds", {"the scheme itself": min(first.values())},
        others=len(found["sgd"]), **first,
    )  # fmt: skip


@claim(
    what="lead over the second scheme in standard errors, with the optimizer where it is smaller",
    source="",
    untouched=STORED,
)
def centered_sigmoids_train() -> Result:
    """From four times LeCun's scale, with the bias that centers each unit, ten sigmoid layers read {sgd:.0f} % after
    200 steps of plain gradient descent, and {adam:.0f} % with Adam; from independent weights at the backward gain, the
    next best scheme, {sgd_second:.0f} % and {adam_second:.0f} %.
    """
    return ahead(tournament.Network("sigmoid", 10), "4 lecun_normal, centered", "lecun_normal, backward gain")


@claim(
    what="lead over the second scheme in standard errors, with the optimizer where it is smaller",
    source="@balduzzi2017",
    untouched=STORED,
)
def mirrored_weights_win() -> Result:
    """Twenty ReLU layers from mirrored orthogonal weights read {sgd:.0f} % after 200 steps of plain gradient descent
    and {adam:.0f} % with Adam, from `he_normal` {sgd_second:.0f} % and {adam_second:.0f} %.
    """
    return ahead(tournament.Network("relu", 20), "mirrored orthogonal", "he_normal")


@claim(what="percent of the test digits from the other schemes, the best mean", source="", untouched=STORED)
def fifty_relu_layers_want_mirrored_weights() -> Result:
    """Fifty ReLU layers from mirrored orthogonal weights read {sgd:.0f} % after 200 steps of plain gradient descent and
    {adam:.0f} % with Adam, and from the {others:.0f} other schemes of the tournament {measured:ceil} % at most.
    """
    return alone(tournament.Network("relu", 50), "mirrored orthogonal")


@claim(what="percent of the test digits from the other schemes, the best mean", source="", untouched=STORED)
def fifty_tanh_layers_want_orthogonal_weights() -> Result:
    """Fifty tanh layers from `orthogonal` weights at gain 1 read {sgd:.0f} % after 200 steps of plain gradient descent
    and {adam:.0f} % with Adam, and from the {others:.0f} other schemes of the tournament {measured:ceil} % at most.
    """
    return alone(tournament.Network("tanh", 50), "orthogonal")


@claim(what="percent of the test digits from the worst scheme", source="", untouched=STORED)
def gelu_branches_learn_from_any_of_seven() -> Result:
    """Twenty GELU layers of 32 units in normalized branches read {measured:floor} % or more after 200 steps from each
    of {schemes:.0f} schemes, with plain gradient descent and with Adam.
    """
    network = tournament.Network("gelu", 20, shape="residual normalized")
    found = [competed(network, optimizer) for optimizer in ("sgd", "adam")]
    least = min(mean for schemes in found for mean, _ in schemes.values())
    plain = min(mean for mean, _ in competed(tournament.Network("gelu", 20), "adam").values())
    return above(least, 90, "nine of ten", {"without branches": plain}, schemes=len(found[0]))


@claim(what="percent of the test digits from the best scheme", source="", untouched=STORED)
def fifty_gelu_layers_learn_from_nothing() -> Result:
    """Fifty plain GELU layers of 32 units read {measured:ceil} % after 200 steps at most, from the best of
    {schemes:.0f} schemes, with plain gradient descent or with Adam.
    """
    network = tournament.Network("gelu", 50)
    found = {optimizer: competed(network, optimizer) for optimizer in ("sgd", "adam")}
    most = max(mean for schemes in found.values() for mean, _ in schemes.values())
    deep = max(mean for mean, _ in competed(tournament.Network("gelu", 20), "adam").values())
    return below(most, 50, "half of the digits", {"twenty layers": deep}, schemes=len(found["sgd"]))


@claim(
    what="lead over the second scheme in standard errors, with the optimizer where it is smaller",
    source="",
    untouched=STORED,
)
def selu_wants_orthogonal() -> Result:
    """Twenty SELU layers from `orthogonal` weights read {sgd:.0f} % after 200 steps of plain gradient descent and
    {adam:.0f} % with Adam, from `lecun_normal` {sgd_second:.0f} % and {adam_second:.0f} %.
    """
    return ahead(tournament.Network("selu", 20), "orthogonal", "lecun_normal")


@claim(
    what="lead over the second scheme in standard errors, with the optimizer where it is smaller",
    source="",
    untouched=STORED,
)
def the_critical_pair_loses() -> Result:
    """Twenty tanh layers from `orthogonal` weights at gain 1 read {sgd:.0f} % after 200 steps of plain gradient descent
    and {adam:.0f} % with Adam, from the critical pair {sgd_second:.0f} % and {adam_second:.0f} %.
    """
    return ahead(tournament.Network("tanh", 20), "orthogonal", "critical pair")
