"""Claims of the chapter Exploding Gradients: statements 19 to 21 of the notes."""

import math

import numpy as np

from wi_docs.experiments.meanfield import critical_sigma_w, fixed_point
from wi_docs.experiments.products import lyapunov_exponent, random_products
from wi_docs.experiments.propagation import propagate
from wi_docs.experiments.recurrent import clip_by_norm, descend_recurrence, random_recurrence, recur
from wi_docs.experiments.training import ends, sweep
from wi_docs.nn.activations import activation
from wi_docs.nn.gains import gain, second_moment
from wi_docs.nn.initializers import orthogonal
from wi_docs.nn.number_formats import layers_until
from wi_docs.pages.claims import HOLDS, IF, Result, above, also, below, claim, exactly, mean_of, near, require

SEEDS = range(8)


@claim(what="logarithm of the product of 100 factors of 1.1", statement=19, verdict=HOLDS, source="")
def a_power_explodes_above_one() -> Result:
    r"""Multiply $w \cdot w \cdot w \cdots$ with $\left|w\right| > 1$, as linear layers of one unit do, and the product
    grows without bound.
    """
    # A linear recurrence of one unit is a power, and its gradient too.
    run = recur(np.array([[1.1]]), np.array([1.0]), steps=100, activation_name="linear")
    return near(
        math.log(run.gradient_norm[-1]),
        100 * math.log(1.1),
        1e-9,
        "rounding",
        {"it grows by adding": math.log(1 + 100 * 0.1)},
    )


@claim(
    what="growth of the product's logarithm with each factor",
    statement=19,
    verdict=IF + " it is one number",
    source="@furstenberg1960",
)
def half_above_one_vanishes() -> Result:
    """Does the product explode? It vanishes, with probability 1."""
    # At this deviation 50.5 % of the factors are above 1 in size.
    p = random_products(width=1, sigma=1.5, factors=200, draws=200)
    return mean_of(
        p.growth,
        lyapunov_exponent(1, 1.5),
        # sqrt(E w^2) = 1.5, and E|w| = 1.5 sqrt(2 / pi) = 1.2: by both it would explode.
        {"the mean square decides": math.log(1.5), "the mean size decides": math.log(1.5 * math.sqrt(2 / math.pi))},
    )


@claim(
    what="the deviation at which a product neither grows nor falls",
    statement=19,
    verdict=IF + " it is one number",
    source="",
)
def scalar_edge_is_at_1_89() -> Result:
    r"""The product explodes above $\sigma = e^{{0.635}} \approx {measured:.2f}$, and vanishes below it."""
    found = [random_products(width=1, sigma=1.0, factors=400, draws=400, seed=s).growth.mean() for s in SEEDS]
    error = 4 * float(np.std(found, ddof=1)) / math.sqrt(len(found))
    # E ln|w| = ln sigma - (gamma + ln 2) / 2 is 0 there. A factor on sigma adds its logarithm, so that sigma = 1 is
    # enough to run.
    expected = math.exp((np.euler_gamma + math.log(2)) / 2)
    return near(
        math.exp(-np.mean(found)),
        expected,
        # An error of a logarithm is a relative error.
        error * expected,
        "4 standard errors over 8 seeds",
        {
            "where the mean square turns": second_moment("linear") ** -0.5,
            "where the mean size turns": math.sqrt(math.pi / 2),
        },
    )


@claim(
    what="share of the sum of squares that belongs to the largest hundredth of the products",
    statement=19,
    verdict=IF + " it is one number",
    source="",
)
def a_few_products_carry_the_mean() -> Result:
    """Among products of 200 factors a few enormous ones carry the mean square, and nearly all vanish."""
    factors, draws = 200, 20_000
    # Squares of the products' sizes, for they are what the mean square adds up.
    size = np.exp(2 * random_products(width=1, sigma=1.5, factors=factors, draws=draws).log_size[:, -1])
    # The logarithm of one factor has the deviation pi / sqrt(8) about its mean.
    reached = math.sqrt(factors) * lyapunov_exponent(1, 1.5) / (math.pi / math.sqrt(8))
    # The chance of a product above 1, if the sum of the logarithms were normal.
    grown = math.erfc(-reached / math.sqrt(2)) / 2
    noise = 4 * math.sqrt(grown / draws)
    also(
        "nearly all vanish",
        near(
            (size > 1).mean(),
            grown,
            grown / 2 + noise,
            "4 standard errors, and half of the value, for a sum of 200 logarithms is not quite normal",
            {"half of them grow, as half of the factors are above 1": math.erfc(1 / 1.5 / math.sqrt(2))},
        ),
    )
    top = draws // 100
    share = np.sort(size)[-top:].sum() / size.sum()
    return above(
        share,
        0.9,
        "share of the top 1 % of 20,000 products in the sum of squares",
        {"each carries its part": top / draws},
    )


@claim(
    what="growth of the product's logarithm with each factor",
    statement=19,
    verdict=IF + " entries are not what is meant",
    source="@newman1986",
)
def small_entries_explode() -> Result:
    """So what counts is not whether the entries of the matrix are above 1."""
    # Each entry of the image is a sum of 64 terms: 0.2 times the root of 64 is 1.6.
    p = random_products(width=64, sigma=0.2, factors=100, draws=16)
    return mean_of(
        p.growth,
        p.exponent,
        {"the entries decide": math.log(0.2), "as at the scale of 1/8": lyapunov_exponent(64, 1 / 8)},
    )


@claim(
    what="length of the gradient after two steps",
    statement=19,
    verdict=IF + " entries are not what is meant",
    source="",
)
def large_entries_vanish() -> Result:
    """Entries above 1 need not explode either."""
    # Both eigenvalues are 0, and W W = 0, although an entry is 5.
    W = np.array([[0.0, 5.0], [0.0, 0.0]])
    # The recurrence is linear, so that its gradient after two steps is W W from any first state.
    run = recur(W, np.zeros(2), steps=2, activation_name="linear")
    return exactly(run.gradient_norm[-1], 0.0, {"5 times 5": W.max() ** 2})


@claim(
    what="distance of the growth from theory, in its standard errors; the largest of five widths",
    statement=19,
    verdict=IF + " it is one number",
    source="@newman1986",
)
def growth_of_random_matrices() -> Result:
    r"""For independent normal entries of standard deviation $\sigma$ the growth is known exactly."""
    worst, wrong = 0.0, np.inf
    # At sigma = 1/sqrt(n) an infinite width would keep the length: what is measured here is the finite width alone.
    for n in (1, 2, 4, 16, 64):
        p = random_products(width=n, sigma=n**-0.5, factors=100, draws=100)
        # The root of 100 products is 10.
        error = p.growth.std(ddof=1) / 10
        worst = max(worst, abs(p.growth.mean() - p.exponent) / error)
        # The width at which 0 would be hardest to tell from the truth.
        wrong = min(wrong, abs(p.growth.mean() - 0.0) / error)
    return below(
        worst, 4.0, "4 standard errors over 100 products, at widths from 1 to 64", {"0, as for infinite width": wrong}
    )


@claim(
    what="drop of the logarithm in a layer, in units of $1/(2n)$, at width 64",
    statement=19,
    verdict=IF + " it is one number",
    source="@newman1986",
)
def narrow_networks_lose() -> Result:
    """Narrow linear networks typically lose a little from layer to layer even at the right scale: their signal's
    logarithm drops by about $1/(2n)$.
    """
    n = 16
    growth = random_products(width=n, sigma=n**-0.5, factors=200, draws=200).growth
    nothing = math.log(n**-0.5 * math.sqrt(n))  # as for an infinite width
    also("measured", mean_of(growth, lyapunov_exponent(n, n**-0.5), {"1/n": -1 / n, "nothing": nothing}))
    # At width 16 the next term of the series still counts. At 64 the exact exponent is within a percent of 1/(2n).
    wide = 64
    lost = -2 * wide * lyapunov_exponent(wide, wide**-0.5)
    return near(
        lost, 1.0, 0.01, "next term of the series at width 64", {"1/n": 2 * wide / wide, "nothing": 2 * wide * nothing}
    )


@claim(
    what="factor of a step on the gradient's length",
    statement=20,
    verdict=HOLDS,
    source="@bengio1994; @pascanu2013, section 2.1",
)
def recurrences_follow_the_radius() -> Result:
    r"""In a linear recurrence the long run is decided by the spectral radius, the largest
    $\left|\text{{eigenvalue}}\right|$, unless that is exactly 1.
    """
    rates = []
    for seed in SEEDS:
        W = random_recurrence(np.random.default_rng(seed), 64, 1.1)
        g = recur(W, np.zeros(64), steps=400, activation_name="linear").gradient_norm
        # The second half of the run, when the first transient is over.
        rates.append((g[400] / g[200]) ** (1 / 200))
    # In Gaussian matrices of this size the largest singular value is nearly twice the radius.
    sigma = np.linalg.norm(W, 2)
    return mean_of(rates, 1.1, {"the largest singular value": sigma, "one percent off": 1.01 * 1.1})


@claim(
    what="logarithm of the gradient's length after 100 steps, the largest of 8 recurrences",
    statement=20,
    verdict=IF + " the state stays small",
    source="@pascanu2013, section 2.1",
)
def tanh_recurrence_is_tamed() -> Result:
    """In the tanh recurrence of the figure at radius 1.1, slopes of {slope:.1f} on average keep the gradient far below
    the power, though few units saturate.
    """
    logs, slopes = [], []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        W, start = random_recurrence(rng, 64, 1.1), rng.standard_normal(64)
        run = recur(W, start, steps=100)
        logs.append(math.log(run.gradient_norm[-1]))
        # tanh' = 1 - tanh^2.
        slopes.append(1 - run.states[1:] ** 2)
    mean, flat = np.mean(slopes), np.mean(np.array(slopes) < 0.1)
    also("the slopes", near(mean, 1 / 1.1, 0.05, "where they make up for the radius", {"linear": np.max(slopes)}))
    also("few saturate", below(flat, 0.05, "share of slopes under a tenth", {"most": np.mean(np.array(slopes) > 0.1)}))
    return below(
        max(logs),
        # The linear recurrence at this radius would reach 1.1^100. The bound is the logarithm of its root.
        100 * math.log(1.1) / 2,
        "largest of 8 seeds, against half of what the power would give",
        {"as without tanh": 100 * math.log(1.1)},
        slope=mean,
    )


@claim(
    what="largest length of the gradient on the way, over that at the start",
    statement=20,
    verdict=HOLDS,
    source="@trefethen2005",
)
def non_normal_grows_first() -> Result:
    """The gradient may grow before it decays, when the matrix's eigenvectors are far from orthogonal
    [@trefethen2005].
    """
    # A double eigenvalue of 1/2 with a single eigenvector, and a largest singular value above 10.
    g = recur(np.array([[0.5, 10.0], [0.0, 0.5]]), np.zeros(2), steps=30, activation_name="linear").gradient_norm
    # The corner of the k-th power is 10 k / 2^(k - 1): 6e-7 for k = 30.
    require(g[-1] < 1e-5, f"after 30 steps {g[-1]:.1e} of the gradient is left: it does not decay")
    return above(g.max(), 9.9, "the corner's entry of 10", {"it never exceeds the start": g[0]})


@claim(what="spread of the logarithm after 400 steps, over that after 100", statement=20, verdict=HOLDS, source="")
def the_same_matrix_is_worse() -> Result:
    """One 64×64 matrix is a single draw, whose spectral radius is a few percent off as a rule, and this is repeated at
    every step: the spread grows like the number of steps itself, by 4.
    """

    def growth(same, seed):
        """Return the spread of the logarithm after 400 steps over that after 100, both counted from step 100 on."""
        # Before step 100 the first vector still counts, and not the matrix alone.
        log = random_products(width=64, sigma=1 / 8, factors=500, draws=60, same=same, seed=seed).log_size
        return (log[:, 500] - log[:, 100]).std() / (log[:, 200] - log[:, 100]).std()

    found = float(np.mean([growth(True, s) for s in range(8)]))
    # Of fresh matrices the logarithms are independent, and the spread of their sum grows like the root, by 2.
    reason = "5 %, since the largest eigenvalue has not quite taken over at step 100; a mean over 8 seeds"
    return near(found, 400 / 100, 0.05 * 400 / 100, reason, {"by 2, as fresh ones": growth(False, 0)})


@claim(
    what="factor of a step on the gradient",
    statement=20,
    verdict=IF + " it does not saturate",
    source="@pascanu2013, section 2.1",
)
def a_saturated_unit_vanishes() -> Result:
    """Through this tanh unit the gradient *vanishes*."""
    w, start = 2.0, 0.1
    run = recur(np.array([[w]]), np.array([start]), steps=100)
    h = run.states[-1, 0]
    # At the fixed point h = tanh(2 h) each step multiplies by w (1 - h^2), with 1 - h^2 the slope of tanh.
    rate = (run.gradient_norm[50] / run.gradient_norm[10]) ** (1 / 40)
    return near(
        rate,
        w * (1 - h * h),
        1e-9,
        "rounding; 40 steps after the state has settled",
        {"|w| alone": abs(w), "as at the start": w * (1 - math.tanh(w * start) ** 2)},
    )


@claim(what="length of the gradient after 100 steps", statement=20, verdict=HOLDS, source="@pascanu2013, section 2.1")
def large_singular_value_is_not_sufficient() -> Result:
    r"""If it is *above* $1/m$, the gradient may explode, and need not."""
    # Its eigenvalues are 1/2: the entries of the hundredth power are below 2e-27, and tanh only takes away from them.
    W = np.array([[0.5, 10.0], [0.0, 0.5]])
    g = recur(W, np.array([0.1, 0.1]), steps=100, activation_name="tanh").gradient_norm[-1]
    return below(
        g,
        1e-20,
        "after 100 steps, with a singular value of 10 and slopes up to 1",
        {"it explodes like the singular value": float(np.linalg.norm(W, 2)) ** 100},
    )


@claim(
    what="logarithm of the gradient's length less that of the bound, the largest found",
    statement=20,
    verdict=HOLDS,
    source="@pascanu2013, section 2.1",
)
def small_singular_value_is_sufficient() -> Result:
    """If the largest singular value of the recurrent matrix is *below* $1/m$, the gradient must vanish."""
    worst = -math.inf
    for seed in SEEDS:
        W = np.random.default_rng(seed).standard_normal((32, 32))
        W *= 0.95 / np.linalg.norm(W, 2)
        # Divided by the largest slope m, so that the singular value is 0.95/m for both.
        for phi, slope in (("tanh", 1.0), ("sigmoid", 0.25)):
            g = recur(W / slope, np.ones(32), steps=50, activation_name=phi).gradient_norm
            # The logarithm of the gradient over the bound, where it is largest. Above 0 the bound would be broken.
            worst = max(worst, float((np.log(g) - np.arange(51) * math.log(0.95)).max()))
    # A matrix whose radius is 0.5 and whose largest singular value is 10: the same bound from the radius fails.
    g = recur(np.array([[0.5, 10.0], [0.0, 0.5]]), np.zeros(2), steps=50).gradient_norm
    loose = float((np.log(g) - np.arange(51) * math.log(0.5)).max())
    return below(
        worst,
        1e-9,
        "the bound 0.95 to the k, at every step, for 8 matrices, with tanh and with the sigmoid",
        {"the radius would do as a bound": loose},
    )


@claim(
    what="length of the gradient after 150 steps, over that at the start", statement=20, verdict=HOLDS, source="@le2015"
)
def identity_keeps_the_gradient() -> Result:
    """@le2015 start the recurrent matrix of ReLU units at the identity, so that units that are on pass the gradient on
    with a factor of 1 exactly.
    """
    rng = np.random.default_rng(0)
    # All units are on, and under the identity they stay on: ReLU leaves a positive state as it is.
    start = np.abs(rng.standard_normal(64))
    identity = recur(np.eye(64), start, steps=150, activation_name="relu").gradient_norm[-1]
    others = {
        "as from an orthogonal matrix": recur(
            orthogonal(rng, (64, 64)), start, steps=150, activation_name="relu"
        ).gradient_norm[-1],
        "as from weights of 0.01": recur(
            0.01 * rng.standard_normal((64, 64)), start, steps=150, activation_name="relu"
        ).gradient_norm[-1],
    }
    return exactly(identity, 1.0, others)


@claim(
    what="output of the recurrence after 200 steps, which should be one half",
    statement=20,
    verdict=HOLDS,
    source="@pascanu2013, section 3.2",
)
def clipping_brings_it_back() -> Result:
    """Clipped, and at the same rate of 0.005, it walks back down and arrives."""
    d = descend_recurrence(1.2, max_norm=1.0)
    # At 1.2 the gradient is 1.4 million: at this rate one step without clipping goes to -7,000.
    free = descend_recurrence(1.2, steps=1).w[-1] ** 30
    wrong = {"after one step without clipping": free, "it stays where it was": 1.2**30}
    return near(d.w[-1] ** 30, 0.5, 1e-3, "200 steps", wrong)


@claim(
    what="cosine between the gradient and the clipped gradient",
    statement=20,
    verdict=HOLDS,
    source="@pascanu2013, algorithm 1",
)
def clipping_keeps_the_direction() -> Result:
    """Clipping keeps the one and limits the other [@pascanu2013, section 3.2]."""
    g = [np.array([3.0, -4.0]), np.array([[12.0]])]
    c = clip_by_norm(g, 1.0)
    # The norm of (3, -4, 12) is 13.
    cosine = (
        sum(float((a * b).sum()) for a, b in zip(g, c, strict=True))
        / 13
        / math.sqrt(sum(float((a**2).sum()) for a in c))
    )
    # Entry by entry, 3, -4 and 12 become 1, -1 and 1.
    entries = np.clip([3.0, -4.0, 12.0], -1, 1)
    return near(
        cosine,
        1.0,
        1e-12,
        "rounding",
        {"clipping each entry": float(entries @ [3, -4, 12] / 13 / np.linalg.norm(entries))},
    )


@claim(
    what="1 if the infinite gradient is refused where dividing gives NaN, and else 0",
    statement=20,
    verdict=HOLDS,
    source="",
)
def clipping_cannot_mend_infinity() -> Result:
    """It cannot mend what is not a number, and a framework that divides an infinite gradient by its infinite norm gets
    NaN and trains on.
    """
    with np.errstate(invalid="ignore"):
        # infinity / infinity is NaN, and 1e300 / 1e300 is 1.
        naive, finite = (np.isnan(np.array([1.0, large]) / large).any() for large in (np.inf, 1e300))
    try:
        clip_by_norm([np.array([1.0, np.inf])], 1.0)
        refused = 0.0
    except ValueError:
        # Refusing counts only where dividing does give NaN.
        refused = float(naive)
    return exactly(refused, 1.0, {"it is clipped, as what is large and finite": float(finite)})


@claim(what="layer in which half precision overflows", statement=19, verdict=HOLDS, source="IEEE 754")
def where_floats_end() -> Result:
    """With a factor of 10 a layer, half precision overflows in layer {measured:.0f}, single precision and bfloat16 in
    layer {single:.0f}, double precision in layer {double:.0f}.
    """
    with np.errstate(over="ignore"):
        counted = {}
        # numpy has no bfloat16. It has as many bits for the exponent as single precision, and so the same range.
        for name, kind in (("fp16", np.float16), ("fp32", np.float32), ("fp64", np.float64)):
            value, layer = kind(1), 0
            # Multiplied in the format itself, until it overflows.
            while np.isfinite(value):
                value, layer = kind(value * kind(10)), layer + 1
            counted[name] = layer
    predicted = {name: layers_until(name, 10.0) for name in ("fp16", "bf16", "fp32", "fp64")}
    for name, layer in counted.items():
        require(predicted[name] == layer, f"{name} overflows in layer {layer}, predicted in {predicted[name]}")
    require(predicted["bf16"] == predicted["fp32"], f"bfloat16 is predicted to overflow in layer {predicted['bf16']}")
    return exactly(
        counted["fp16"],
        predicted["fp16"],
        {"where powers of two end": layers_until("fp16", 2.0)},
        single=counted["fp32"],
        double=counted["fp64"],
    )


@claim(
    what="factor of a layer on the gradient's rms",
    statement=21,
    verdict=HOLDS,
    source="@schoenholz2017, section 4; @he2015, section 2.2",
)
def relu_edge_is_he() -> Result:
    r"""For ReLU in layers of equal width $\chi_1$ is 1 at $\sigma_w = \sqrt 2$, which is He's scale."""
    found = [propagate("relu", "he_normal", depth=30, width=512, batch=32, seed=s).gradient_ratio for s in SEEDS]
    return mean_of(
        found,
        # sigma_w times the root of E relu'^2 = 1/2, by the package's quadrature.
        math.sqrt(2) * second_moment("relu", direction="backward") ** 0.5,
        {"LeCun's": 2**-0.5, "2 for the standard deviation": 2**0.5},
        width=512,
    )


@claim(
    what=r"$\chi_1$ at LeCun's scale, in layer 400", statement=21, verdict=HOLDS, source="@schoenholz2017, section 3"
)
def tanh_edge_is_lecun() -> Result:
    """For tanh without biases the edge is at 1, which is LeCun's."""
    below_edge, edge, above_edge = (fixed_point("tanh", sigma_w=s, layers=400).chi_1 for s in (0.98, 1.0, 1.1))
    return near(
        edge,
        1.0,
        2 / 400,
        "after 400 layers q is still 1/(2 l), and chi short of 1 by twice that",
        {
            "at 0.98": below_edge,
            "at 1.1": above_edge,
            "at tanh's gain": fixed_point("tanh", sigma_w=gain("tanh")).chi_1,
        },
    )


@claim(what="variance of the weights at the edge", statement=21, verdict=HOLDS, source="@schoenholz2017")
def tanh_edge_with_biases() -> Result:
    """With biases of variance 0.05 tanh's edge moves to a weight variance of {measured:.2f}."""
    measured = critical_sigma_w("tanh", sigma_b=0.05**0.5)
    # The edge is theory. Networks at weights 5 % smaller and larger have to lie on either side of it.
    below_edge, above_edge = (
        np.mean(
            [
                propagate(
                    "tanh", "lecun_normal", depth=40, width=512, gain=measured * f, sigma_b=0.05**0.5, seed=s
                ).gradient_ratio
                for s in range(4)
            ]
        )
        for f in (0.95, 1.05)
    )
    require(
        below_edge < 1 < above_edge, f"on either side of the edge networks have {below_edge:.3f} and {above_edge:.3f}"
    )
    return near(
        measured**2,
        1.76,
        0.005,
        "two decimals of the paper",
        {"without biases": 1 / activation("tanh").df(0.0) ** 2, "as a standard deviation": measured},
    )


@claim(
    what="number of layers in which the gradient's rms shrinks by a factor of $e$",
    statement=21,
    verdict=HOLDS,
    source="@schoenholz2017, section 4",
)
def reach_is_the_depth_scale() -> Result:
    r"""Off tanh's edge a gradient survives for some layers: it shrinks or grows by a factor of $e$ in
    $1/\left|\ln\sqrt{{\chi_1}}\right|$ layers.
    """
    logs = []
    for seed in SEEDS:
        g = propagate("tanh", "lecun_normal", depth=30, width=512, gain=1.2, sigma_b=0.3, seed=seed).gradient_rms
        # The number of layers for a factor of e, from ten layers in the middle.
        logs.append(10 / math.log(g[20] / g[10]))
    chi = fixed_point("tanh", sigma_w=1.2, sigma_b=0.3).chi_1
    # At 1.2 and a bias of 0.3 the network is below the edge, at 2.0 above it.
    grows = []
    for seed in SEEDS:
        g = propagate("tanh", "lecun_normal", depth=30, width=512, gain=2.0, sigma_b=0.3, seed=seed).gradient_rms
        grows.append(math.log(g[10] / g[20]) / 10)
    above_it = fixed_point("tanh", sigma_w=2.0, sigma_b=0.3).chi_1
    also(
        "above the edge",
        # chi is the factor on the square, and half of its logarithm is that on the rms.
        mean_of(grows, math.log(above_it) / 2, {"it falls": -math.log(above_it) / 2}, width=512),
    )
    return mean_of(
        logs,
        2 / -math.log(chi),
        {"without the root": 1 / -math.log(chi), "weights alone": 1 / math.log(1.2)},
        width=512,
    )


@claim(
    what="share of the test digits that the median of 8 networks on the edge reads",
    statement=21,
    verdict=HOLDS,
    source="@schoenholz2017, section 5",
)
def trainable_depth_follows_the_edge() -> Result:
    """After 200 steps of plain gradient descent at a rate of 0.05, eight networks of 40 tanh layers, 64 wide and with
    biases of 0, read {least:.0f} to {most:.0f} % of the digits, and {median:.0f} % in the median, from LeCun's scale,
    which is on the edge; from 0.8 and from 2.5 times that scale, three networks per scale read {beside:ceil} % at most.
    """

    def end(sigma_w, seeds):
        return ends(sweep("tanh", "lecun_normal", depth=40, gains=[sigma_w], steps=200, rates=[0.05], seeds=seeds))

    # On the edge runs end far apart, and a median of eight judges. On either side all fail, and three are enough.
    near_edge, low, high = end(1.0, range(8)), end(0.8, range(3)), end(2.5, range(3))
    median, beside = float(np.median(near_edge)), max(low + high)
    also("beside it", below(beside, 0.3, "the best of 3 seeds on either side", {"as on it": median}))
    return above(
        median,
        0.4,
        "the median of 8 seeds, which are far apart",
        {"as at 0.8 of the scale": max(low), "as at 2.5 times the scale": max(high)},
        least=100 * min(near_edge),
        most=100 * max(near_edge),
        median=100 * median,
        beside=100 * beside,
    )


@claim(
    what="factor of a layer on the gradient's rms",
    statement=21,
    verdict=IF + " one of the two is given up",
    source="@glorot2010, equations 10 to 12",
)
def tanh_cannot_have_both() -> Result:
    """And the condition "variance 1" has to last: with tanh's backward gain the signal settles at a smaller variance,
    where the slopes are steeper, and so the gradient grows.
    """
    g = gain("tanh", direction="backward")
    runs = [
        propagate("tanh", "lecun_normal", depth=30, width=512, batch=32, gain=g, seed=s).gradient_rms for s in SEEDS
    ]
    return mean_of(
        # From layer 28 back to layer 10, where the signal has settled: 18 factors.
        [(size[9] / size[27]) ** (1 / 18) for size in runs],
        fixed_point("tanh", sigma_w=g).chi_1 ** 0.5,
        {
            # That it would do if pre-activations kept their variance of 1: a factor of 1.
            "the gain does what it is for": g * second_moment("tanh", direction="backward") ** 0.5,
            "the forward gain's factor": fixed_point("tanh", sigma_w=gain("tanh")).chi_1 ** 0.5,
        },
        width=512,
    )


@claim(
    what="difference between the forward and the backward gain, the largest of three activations",
    statement=21,
    verdict=IF + " one of the two is given up",
    source="",
)
def relu_can_have_both() -> Result:
    """For linear units, ReLU and leaky ReLU one gain serves both, and for tanh, GELU and the sigmoid it does not."""
    gap = max(abs(gain(phi) - gain(phi, direction="backward")) for phi in ("linear", "relu", "leaky_relu"))
    others = {name: abs(gain(name) - gain(name, direction="backward")) for name in ("tanh", "gelu", "sigmoid")}
    return below(gap, 1e-8, "quadrature", {f"so for {name}": value for name, value in others.items()})


@claim(
    what="deviation of a unit's output over the inputs, in layer 20",
    statement=21,
    verdict=HOLDS,
    source="@poole2016, equation 3",
)
def units_between_say_different_things() -> Result:
    """In layer 20 of 256 tanh units without biases, most units are saturated at four times LeCun's scale, and at half
    of it they die. At 1.2 times it they put out different values for different inputs, and hardly one is saturated.
    """

    def last(g, **options):
        """Return the spread of a unit's output over inputs, and the share of flat units, in layer 20, over 3 seeds."""
        z = np.array(
            [
                propagate("tanh", "lecun_normal", depth=20, width=256, gain=g, seed=s, **options).pre_activations[-1]
                for s in range(3)
            ]
        )
        # z is (seeds, inputs, units): the deviation is over inputs.
        return float(np.tanh(z).std(axis=1).mean()), float((activation("tanh").df(z) < 0.1).mean())

    # Both premises: at 1.2 times LeCun's scale hardly a unit is flat, and at 4 times most are.
    flat = {g: last(g)[1] for g in (1.2, 4.0)}
    require(flat[1.2] < 0.01, f"in between {flat[1.2]:.3f} of the units are flat")
    require(flat[4.0] > 0.5, f"at 4 times the scale {flat[4.0]:.3f} of the units are flat")
    return above(
        last(1.2)[0],
        0.3,
        "deviation of a unit's output over inputs in layer 20, a mean over units and 3 seeds",
        {"as at half of the scale": last(0.5)[0], "where biases have drowned the input": last(0.8, sigma_b=1.0)[0]},
    )
