"""Claims of the chapter Which Gain?"""

import math

import numpy as np

from wi_docs.experiments.gain_table import gains
from wi_docs.experiments.meanfield import fixed_point, length_map
from wi_docs.experiments.propagation import propagate
from wi_docs.nn.activations import activation, names
from wi_docs.nn.gains import gain, second_moment
from wi_docs.pages.claims import Result, above, also, below, claim, exactly, mean_of, require

SEEDS = range(8)


def runs(phi, sigma_w, sigma_b=0.0, depth=30):
    """Return the passes of eight networks of width 512 at LeCun's scale times `sigma_w`.

    The first layer has another scale, at which its pre-activations have variance 1.
    """
    # With LeCun's scale times the root of 1 - sigma_b^2 the weights and the biases of the first layer add up to 1.
    options = {"depth": depth, "width": 512, "batch": 16, "sigma_b": sigma_b, "input_gain": (1 - sigma_b**2) ** 0.5}
    return [propagate(phi, "lecun_normal", gain=sigma_w, seed=seed, **options) for seed in SEEDS]


def stability(phi, sigma_w, sigma_b=0.0):
    """Return the slope of the length map at variance 1. Above 1, a variance near 1 moves away from it."""
    up, down = (length_map(phi, q, sigma_w=sigma_w, sigma_b=sigma_b) for q in (1.001, 0.999))
    return (up - down) / 0.002


@claim(what="largest relative error of a gain", source="@schoenholz2017, equations 3 and 5")
def gain_of_your_own_is_exact() -> Result:
    """For three functions of our own, with corners and waves, the integral is found to nine digits."""
    x = np.linspace(-14, 14, 2_800_001)  # 0.3 and -2.7 are on the grid
    # The normal density, by which the sums below are integrals.
    weight = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    # Gauss-Hermite, the usual rule for this weight, is exact for polynomials and poor at corners.
    nodes, gauss = np.polynomial.hermite_e.hermegauss(40)
    worst, other = 0.0, 0.0
    for mine in (
        lambda x: np.where(x > 0.3, x, 0.3 - 0.2 * (0.3 - x)),
        lambda x: np.maximum(x + 2.7, 0.0),
        lambda x: np.sin(5 * x) + np.abs(x - 0.3),
    ):
        exact = 1 / math.sqrt(np.trapezoid(mine(x) ** 2 * weight, x))
        worst = max(worst, abs(gain(mine) / exact - 1))
        other = max(other, abs(1 / math.sqrt(mine(nodes) ** 2 @ gauss / math.sqrt(2 * math.pi)) / exact - 1))
    return below(
        worst,
        1e-9,
        "the trapezoid rule on a grid with the corners on it; three functions",
        {"Gauss-Hermite with 40 nodes": other},
    )


@claim(what="factor of a layer on the gradient's rms", source="@schoenholz2017, equations 3 and 5")
def sigmoid_has_an_edge_far_out() -> Result:
    """Thirty sigmoid layers without biases keep signal and gradient at a gain of {sigma_w:.2f}, where the variance
    settles at {settled:.0f}, and {saturated:.0f} % of the units are saturated.
    """
    # Both conditions on sigma_w^2: q = sigma_w^2 E f^2 keeps the variance, 1 = sigma_w^2 E f'^2 the gradient.
    low, high = 10.0, 100.0
    for _ in range(60):  # where E f^2 = q E f'^2, so that one weight scale meets both conditions
        q = (low + high) / 2
        low, high = (
            (q, high)
            if second_moment("sigmoid", q) > q * second_moment("sigmoid", q, direction="backward")
            else (low, q)
        )
    sigma_w = second_moment("sigmoid", q, direction="backward") ** -0.5
    found = [propagate("sigmoid", "lecun_normal", depth=30, width=512, batch=16, gain=sigma_w, seed=s) for s in SEEDS]
    last = [float((p.pre_activations[-1] ** 2).mean()) for p in found]
    four = fixed_point("sigmoid", sigma_w=4.0).q_star
    also(
        "the variance",
        mean_of(last, q, {"at four times LeCun's": four, "variance 1": second_moment("linear")}, width=512),
    )
    # slope a(1 - a) below a tenth of 1/4
    far = math.log((1 + 0.9**0.5) / (1 - 0.9**0.5))
    saturated = [float((np.abs(p.pre_activations[-1]) > far).mean()) for p in found]
    chance, usual = math.erfc(far / math.sqrt(2 * q)), math.erfc(far / math.sqrt(2))
    # Pre-activations are normal of variance q: the share beyond `far` on both sides.
    also("saturated units", mean_of(saturated, chance, {"at variance 1": usual, "none": usual - usual}, width=512))
    return mean_of(
        [p.gradient_ratio for p in found],
        1.0,
        {
            "at four times LeCun's": fixed_point("sigmoid", sigma_w=4.0).chi_1 ** 0.5,
            "at the backward gain": fixed_point("sigmoid", sigma_w=gain("sigmoid", direction="backward")).chi_1 ** 0.5,
        },
        width=512,
        sigma_w=sigma_w,
        settled=q,
        saturated=100 * chance,
    )


@claim(what="factor of a layer on the signal's rms", source="pytorch/pytorch issue 24991")
def deviation_is_the_wrong_target() -> Result:
    """At the gain by deviation a ReLU network's signal grows by {percent:.0f} % a layer."""
    g = gains("relu")
    # Thirty layers, 29 factors. The first layer's scale is its own.
    found = [(p.forward_rms[-1] / p.forward_rms[0]) ** (1 / 29) for p in runs("relu", g.by_deviation)]
    expected = g.by_deviation / g.forward
    kept = g.forward / g.forward
    return mean_of(found, expected, {"it is kept": kept}, width=512, percent=100 * (expected - 1))


@claim(what="rms of the activations in the last layer", source="discuss.pytorch.org/t/20854")
def five_thirds_has_a_fixed_point() -> Result:
    """At a gain of 5/3 the activations of a deep and wide tanh network settle at an rms of {expected:.3f}."""
    theory = second_moment("tanh", fixed_point("tanh", sigma_w=5 / 3).q_star) ** 0.5
    # At its own gain, 1.59, pre-activations keep a variance of 1.
    own = second_moment("tanh") ** 0.5
    wrong = {"at its own gain": own, "1, as the pre-activations at their gain": own * gain("tanh")}
    return mean_of([p.forward_rms[-1] for p in runs("tanh", 5 / 3)], theory, wrong, width=512)


@claim(what="factor of a layer on the gradient's rms", source="@schoenholz2017, equation 5")
def five_thirds_explodes_backward() -> Result:
    """At a gain of 5/3, once tanh's signal has settled, the gradient grows by {percent:.0f} % a layer."""
    # From layer 28 back to layer 10: 18 factors, of layers whose signal has settled.
    found = [(p.gradient_rms[9] / p.gradient_rms[27]) ** (1 / 18) for p in runs("tanh", 5 / 3)]
    theory = fixed_point("tanh", sigma_w=5 / 3).chi_1 ** 0.5
    kept = (5 / 3) / (5 / 3)
    return mean_of(
        found, theory, {"it is kept": kept, "like the weights": 5 / 3}, width=512, percent=100 * (theory - 1)
    )


@claim(
    what="logarithm of the factor of a layer on signal or gradient, the worst found",
    source="@schoenholz2017, equations 3 and 5",
)
def pair_keeps_both() -> Result:
    """With the critical pair tanh layers of width 512 keep signal and gradient to two percent a layer, over twenty
    layers in the middle of thirty.
    """
    weights, biases = gains("tanh").critical or (1.0, 0.0)
    # Over twenty layers in the middle: a logarithm a layer of the signal and of the gradient, the worse of the two.
    both = [
        max(
            abs(math.log((p.forward_rms[29] / p.forward_rms[9]) ** 0.05)),
            abs(math.log((p.gradient_rms[9] / p.gradient_rms[29]) ** 0.05)),
        )
        for p in runs("tanh", weights**0.5, biases**0.5)
    ]
    return below(
        max(both),
        0.02,
        "logarithm a layer of the worse of the two, the worst of 8 networks of width 512",
        # At the forward gain the gradient is not kept: half of ln chi a layer.
        {"as with the forward gain": math.log(fixed_point("tanh", sigma_w=gain("tanh")).chi_1) / 2},
    )


@claim(
    what="number of activations without a pair",
    source="@poole2016, equation 3",
    proof="each of the sixteen is computed",
)
def no_pair_for_two() -> Result:
    """Of the sixteen activations of the table, two have no critical pair at variance 1: the sigmoid and softplus."""
    without = sorted(name for name in names() if gains(name).critical is None)
    require(without == ["sigmoid", "softplus"], f"those without a pair are {', '.join(without)}")
    return exactly(len(without), 2, {"all have one": len(without[:0]), "all but ReLU": len(names()) - 1})


@claim(what="least gain by deviation over backward gain, of the fifteen", source="")
def deviation_is_not_below_the_slope() -> Result:
    """For the linear unit the two are equal, and for the other fifteen activations of the table the gain by deviation
    is larger, by {percent:floor.1} % or more.
    """
    table = {name: gains(name) for name in names()}
    # Var phi(z) <= E phi'(z)^2 for a standard normal z, with equality for a straight line. A gain is one over a root,
    # so that the order turns.
    ratios = {name: one.by_deviation / one.backward for name, one in table.items() if name != "linear"}
    require(abs(table["linear"].by_deviation / table["linear"].backward - 1) < 1e-9, "the linear unit's are not equal")
    require(len(ratios) == 15, f"the table has {len(table)} activations")
    least = min(ratios.values())
    return above(
        least,
        1,
        "Poincaré's inequality for the standard normal law",
        # With the mean left in, the second moment may exceed E phi'^2.
        {"with the mean, at worst": min(one.forward / one.backward for one in table.values())},
        percent=100 * (least - 1),
    )


@claim(what="factor of a layer on a small distance from variance 1, the least of four activations", source="")
def gelu_is_unstable_with_biases_too() -> Result:
    """At the critical pair of GELU, SiLU, mish and hard swish a small distance of the variance from 1 grows by
    {least:.0f} to {most:.0f} % in each layer.
    """

    def at_the_pair(*phis):
        return np.array([stability(phi, *(v**0.5 for v in gains(phi).critical or (1, 0))) for phi in phis])

    x = np.linspace(-12, 12, 24_001)
    weight = np.exp(-x * x / 2)

    def by_hand(phi):
        """Return the slope from its formula, E f f' z over E f'^2, by sums on a grid."""
        f, slope = activation(phi).f(x), activation(phi).df(x)
        return float((f * slope * x * weight).sum() / (slope**2 * weight).sum())

    # The four controls are at their own critical pairs too.
    four = ("gelu", "silu", "mish", "hard_swish")
    unstable, stable = at_the_pair(*four), at_the_pair("tanh", "elu", "selu", "softsign")
    worst = float(np.abs(unstable - [by_hand(phi) for phi in four]).max())
    also("against the formula", below(worst, 1e-4, "a grid of a thousandth", {"as tanh": by_hand("gelu") - stable[0]}))
    return above(
        unstable.min(),
        1.0,
        "slope of the length map at variance 1; above 1 a distance grows",
        {"as tanh, ELU, SELU, softsign": stable.max()},
        least=100 * (unstable.min() - 1),
        most=100 * (unstable.max() - 1),
    )


@claim(what="logarithm of the rms in the first layer over that in the last, at He's scale", source="")
def silu_at_he_dies() -> Result:
    """After thirty layers of width 512 at He's scale the rms of a batch in a SiLU network without biases is
    {lost:,.0f} times smaller than in the first layer, and at SiLU's own gain {own:.0f} times larger.
    """

    def grown(phi, g):
        return np.array([math.log(p.forward_rms[-1] / p.forward_rms[0]) for p in runs(phi, g)])

    he, own, relu = grown("silu", 2**0.5), grown("silu", gain("silu")), grown("relu", 2**0.5)
    # Networks differ widely, so that the mean is judged by its own spread.
    error = 4 * own.std(ddof=1) / len(own) ** 0.5
    reason = "the logarithm of a geometric mean over 8 networks is above 0 by four standard errors"
    also("with its own gain", above(own.mean() - error, 0.0, reason, {"as ReLU": relu.mean() - error}))
    return above(
        -he.mean(),
        math.log(5000),
        "logarithm of what is lost, a mean over 8 networks",
        {"as ReLU": -relu.mean(), "as with its own gain": -own.mean()},
        lost=round(math.exp(-he.mean()), -3),
        own=math.exp(own.mean()),
    )


@claim(what="size of the input that grew most, in the last layer over the first", source="")
def silu_inputs_run_apart() -> Result:
    """Of 16 inputs of thirty SiLU layers of width 256 at SiLU's own gain and without biases, the one that shrank most
    has {least:.2f} of its size, and the one that grew most has {measured:.0f} times its size (medians of forty
    networks).
    """

    def factors(phi):
        f, found = activation(phi).f, []
        for seed in range(40):  # medians of eight differ by a factor of two
            p = propagate(phi, "lecun_normal", depth=30, width=256, batch=16, gain=gain(phi), input_gain=1.0, seed=seed)
            # The rms of each input over the units: activations of the first layer and of the last, `(batch,)`.
            first, last = ((f(p.pre_activations[k]) ** 2).mean(axis=1) ** 0.5 for k in (0, -1))
            found.append([(last / first).min(), (last / first).max()])
        return np.median(found, axis=0)

    (least, most), (tanh_least, tanh_most) = factors("silu"), factors("tanh")
    also("the one that shrinks most", below(least, 0.1, "a tenth; median of 40 networks", {"as tanh": tanh_least}))
    return above(most, 10, "median of 40 networks of the largest of 16 inputs", {"as tanh": tanh_most}, least=least)
