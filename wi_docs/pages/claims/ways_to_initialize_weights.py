"""Claims of the chapter Ways to Initialize Weights: statement 22 of the notes, and what follows from 1 and 21."""

import itertools
import math

import numpy as np

from wi_docs.experiments.digits import load
from wi_docs.experiments.lsuv import lsuv
from wi_docs.experiments.meanfield import fixed_point, length_map, relu_correlation_map, trajectory
from wi_docs.experiments.products import random_products
from wi_docs.experiments.propagation import product_spectrum, propagate
from wi_docs.nn import initializers
from wi_docs.nn.activations import activation
from wi_docs.nn.gains import gain, second_moment
from wi_docs.nn.network import MLP
from wi_docs.pages.claims import HOLDS, IF, Result, above, also, below, claim, exactly, mean_of, near, require

SEEDS = range(8)


def ratio(phi, init, **options):
    """Return the gradient's factor a layer, a number for each seed, in networks of depth 20 and width 256.

    `options` may change depth, width and other arguments of `propagate`.
    """
    return [propagate(phi, init, **({"depth": 20, "width": 256} | options), seed=s).gradient_ratio for s in SEEDS]


@claim(statement=22, verdict=HOLDS, source="")
def schemes_have_the_law_they_state() -> Result:
    """In code it is one function with special cases."""
    shape, worst = (300, 100), 0.0
    variances = {"lecun": 1 / 300, "glorot": 2 / 400, "he": 2 / 300}
    for (name, variance), (law, kurtosis), g in itertools.product(
        variances.items(), (("normal", 3.0), ("uniform", 1.8)), (1.0, 1.5)
    ):
        scheme = getattr(initializers, f"{name}_{law}")
        W = np.array([scheme(np.random.default_rng(s), shape, gain=g) for s in range(4)])
        # The standard error of a variance: sigma^2 sqrt((kurtosis - 1) / n).
        error = g**2 * variance * math.sqrt((kurtosis - 1) / W.size)
        worst = max(worst, abs(W.var() - g**2 * variance) / error, abs(W.mean()) / (g * math.sqrt(variance / W.size)))
    swapped = abs(1 / 300 - 1 / 100) / (1 / 300 * math.sqrt(2 / 120_000))
    return below(
        worst,
        4.0,
        "standard errors of mean and variance, six schemes with gains of 1 and 1.5, 120,000 entries each",
        {"fans exchanged": swapped, "3 % too small": 0.03 / math.sqrt(2 / 120_000)},
    )


@claim(statement=22, verdict=HOLDS, source="@krizhevsky2012, section 5")
def small_normal_shrinks() -> Result:
    """At 0.01 the right width for a ReLU layer would be $2/0.01^2$ = 20,000; a narrower one shrinks its signal."""
    return mean_of(
        ratio("relu", "normal", depth=8),
        0.01 * math.sqrt(256 / 2),
        {"independent of the width": 0.01, "kept": 1.0},
        width=64,
    )


@claim(statement=22, verdict=HOLDS, source="@schoenholz2017, section 3")
def tanh_dies_slowly() -> Result:
    r"""Far from 0 it shrinks: at exactly this scale a wide tanh network's signal dies out, but slowly:
    as $1/\sqrt{{2\,l}}$ in layer $l$, and not geometrically.
    """
    sizes = [
        np.sqrt(
            (propagate("tanh", "lecun_normal", depth=60, width=512, batch=16, seed=s).pre_activations[-1] ** 2).mean()
        )
        for s in SEEDS
    ]
    last = next(itertools.islice(trajectory("tanh", sigma_w=1.0), 59, None))
    return mean_of(
        sizes,
        math.sqrt(last.q),
        {
            "1/l": 1 / 60,
            "1/sqrt(l)": 60**-0.5,
            "geometrically, as at first": length_map("tanh", 1.0, sigma_w=1.0) ** (59 / 2),
            "it settles at a variance of 0.25": 0.5,
        },
        width=64,
    )


@claim(statement=22, verdict=HOLDS, source="@klambauer2017, section 2")
def selu_keeps_mean_and_variance() -> Result:
    """Take this scale as given, and choose the activation's two constants so that mean 0 and variance 1 are kept."""
    x = np.linspace(-12, 12, 400_001)
    weight = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    # alpha from E[selu] = 0, in closed form; lambda from E[selu^2] = 1, by another quadrature than the package's.
    alpha = math.sqrt(2 / math.pi) / (1 - math.erfc(math.sqrt(0.5)) * math.exp(0.5))
    shape = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    scale = np.trapezoid(shape**2 * weight, x) ** -0.5
    selu = activation("selu")
    apart = max(
        float(np.abs(selu.df(1.0) - scale)),
        float(np.abs(selu.df(-1e-9) - scale * alpha)),
        float(np.abs(np.trapezoid(selu.f(x) * weight, x))),
        abs(second_moment("selu") - 1),
    )
    return below(
        apart,
        1e-7,
        "the trapezoid rule on a grid of 400,001 points",
        {"ELU's constants": 1 - second_moment("elu"), "constants rounded to 1.05 and 1.67": 1.0507 - 1.05},
    )


@claim(statement=22, verdict=HOLDS, source="@klambauer2017")
def selu_gradient_grows() -> Result:
    """For the gradient there was no constant left, and it grows a little at every layer."""
    return mean_of(
        ratio("selu", "lecun_normal", width=512),
        second_moment("selu", direction="backward") ** 0.5,
        {"kept like the signal": 1.0, "the mean square for the size": second_moment("selu", direction="backward")},
        width=512,
    )


@claim(statement=22, verdict=HOLDS, source="@glorot2010, equation 16")
def glorot_compromises() -> Result:
    """The compromise takes the average of the two fans, and is off by the same amount in either direction,
    up one way and down the other.
    """
    forward, backward = [], []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        W = initializers.glorot_normal(rng, (300, 100))
        forward.append(((rng.standard_normal((200, 300)) @ W) ** 2).mean())
        backward.append(((rng.standard_normal((200, 100)) @ W.T) ** 2).mean())
    # Forward 300 * 2/400 = 1.5, backward 100 * 2/400 = 0.5: the mean of both is 1.
    both = (np.mean(forward) + np.mean(backward)) / 2
    also("the two factors' mean", near(both, 1.0, 0.03, "4 standard errors over 8 matrices", {"fan-in alone": 2 / 3}))
    return near(
        np.mean(forward) - 1,
        0.5,
        0.03,
        "4 standard errors over 8 matrices of 300 by 100",
        {"forward is kept": 0.0, "fans exchanged": -0.5, "by the same factor": 3**0.5 - 1},
    )


@claim(statement=22, verdict=HOLDS, source="")
def a_bottleneck_loses() -> Result:
    """From 300 units to 100 and back to 300, the mean square is multiplied by 1.5 and then by 0.5."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((200, 300))
        y = x @ initializers.glorot_normal(rng, (300, 100)) @ initializers.glorot_normal(rng, (100, 300))
        found.append((y**2).mean())
    return mean_of(found, 0.75, {"kept, as with the fan-in": 1.0, "1.5 both times": 2.25})


WIDTHS = (300, 100, 300, 50, 500, 100, 200)


def through(scheme, seed):
    """Return the mean squares of a normal signal and of a normal gradient behind linear layers of `WIDTHS`."""
    rng = np.random.default_rng(seed)
    y, delta = rng.standard_normal((200, WIDTHS[0])), rng.standard_normal((200, WIDTHS[-1]))
    layers = [scheme(rng, shape) for shape in itertools.pairwise(WIDTHS)]
    for W in layers:
        y = y @ W
    for W in reversed(layers):
        delta = delta @ W.T
    return (y**2).mean(), (delta**2).mean()


@claim(statement=22, verdict=HOLDS, source="@he2015, section 2.2")
def one_direction_is_enough() -> Result:
    """Through linear layers of widths 300, 100, 300, 50, 500, 100 and 200 the signal is kept,
    and the mean square of the gradient is multiplied by 200/300, the last width over the first.
    """
    signal, gradient = np.transpose([through(initializers.lecun_normal, seed) for seed in range(40)])
    also("the signal", mean_of(signal, 1.0, {"lost as with Glorot's": 0.26}))
    averaged = np.mean([through(initializers.glorot_normal, seed)[1] for seed in range(8)])
    return mean_of(
        gradient, 200 / 300, {"kept as well": 1.0, "the first over the last": 1.5, "as with Glorot's": averaged}
    )


@claim(statement=22, verdict=HOLDS, source="@he2015, section 2.2")
def glorot_loses_at_every_change() -> Result:
    """It loses a little at every change of width, and leaves {signal:.2f} of the signal's mean square and
    {measured:.2f} of the gradient's.
    """
    signal, gradient = np.transpose([through(initializers.glorot_normal, seed) for seed in range(40)])
    # Glorot's variance 2/(n + m) times the fan-in n forward, and times the fan-out m backward, layer by layer.
    forward, backward = (math.prod(2 * pair[end] / sum(pair) for pair in itertools.pairwise(WIDTHS)) for end in (0, 1))
    also("the signal", mean_of(signal, forward, {"kept": 1.0, "as the gradient": backward}))
    return mean_of(
        gradient,
        backward,
        {"kept": 1.0, "as the signal": forward, "the widths telescope": 200 / 300},
        signal=float(signal.mean()),
    )


@claim(statement=22, verdict=HOLDS, source="@glorot2010, equations 1 and 15")
def standard_divides_by_root_three() -> Result:
    r"""The standard scheme's factor is near $1/\sqrt3 = 0.58$, as it should be when tanh is nearly linear."""
    found = [
        (size[9] / size[19]) ** 0.1
        for size in (
            propagate("tanh", "lecun_uniform", depth=20, width=256, gain=3**-0.5, seed=s).gradient_rms for s in SEEDS
        )
    ]
    return mean_of(
        found,
        3**-0.5,
        {"1/3, the variance": 1 / 3, "Glorot's": float(np.mean(ratio("tanh", "glorot_uniform")))},
        width=256,
    )


@claim(statement=22, verdict=HOLDS, source="@he2015, equation 10")
def he_gives_the_half_back() -> Result:
    """Half of the squares are gone, and the weights make up for it with a 2."""
    p = [propagate("relu", "he_normal", depth=2, width=512, batch=128, seed=s) for s in SEEDS]
    return mean_of(
        [(q.pre_activations[1] ** 2).mean() / (q.pre_activations[0] ** 2).mean() for q in p],
        1.0,
        {"LeCun's": 0.5, "2 for the standard deviation": 2.0},
        width=512,
    )


@claim(statement=22, verdict=HOLDS, source="@hanin2018b; @hanin2018")
def mean_and_median_part() -> Result:
    """The expected mean square is kept exactly, but in a narrow and deep network single draws scatter widely around it
    [@hanin2018; @hanin2018b], and most of them lie below.
    """
    size = np.exp(
        2 * random_products(width=32, sigma=math.sqrt(2 / 32), factors=30, draws=2000, relu=True).log_size[:, -1]
    )
    return below(
        np.median(size),
        0.5,
        "median squared length after 30 ReLU layers of width 32, over 2,000 networks",
        {"the mean": float(size.mean()), "the start": 1.0},
    )


@claim(statement=22, verdict=HOLDS, source="@hanin2020; @hanin2018b")
def spread_grows_with_depth_over_width() -> Result:
    """How wide they scatter is governed by the sum of $1/n$ over the layers: the mean of the fourth power over the
    square of the mean square is $(1 + 5/n)^l$ in layer $l$.
    """
    width = 50
    log = random_products(width=width, sigma=math.sqrt(2 / width), factors=10, draws=4000, relu=True, seed=1).log_size
    layers = np.exp(2 * np.diff(log, axis=1))  # what each layer does to the squared length
    together = float(np.corrcoef(np.log(layers[:, :-1]).ravel(), np.log(layers[:, 1:]).ravel())[0, 1])
    error = 4 / 36_000**0.5
    also("correlation of a layer and the next", near(together, 0.0, error, "4 standard errors", {"they depend": 1.0}))
    parts = layers.T  # ten groups of 4,000 networks
    # E x^2 / (E x)^2 - 1 for one layer, which is 5/n: a product of independent layers multiplies these ratios.
    by_layer = width * ((parts**2).mean(axis=1) / parts.mean(axis=1) ** 2 - 1)
    return mean_of(
        by_layer,
        5.0,
        {"2, as without ReLU": 2.0, "4": 4.0, "6": 6.0, "$e^{5/n}$ a layer": width * math.expm1(5 / width)},
    )


@claim(statement=22, verdict=HOLDS, source="@saxe2014, section 3")
def orthogonal_keeps_every_length() -> Result:
    """An orthogonal matrix keeps every length, and so does a product of a thousand of them."""
    s = product_spectrum("orthogonal", depth=1000, width=64)
    gaussian = product_spectrum("lecun_normal", depth=50, width=64)
    return below(
        np.abs(s - 1).max(),
        1e-11,
        "1,000 steps of rounding",
        {"as Gaussian weights, after 50": float(1 - gaussian.min())},
    )


@claim(statement=22, verdict=HOLDS, source="@saxe2014, section 3")
def gaussian_products_lose_directions() -> Result:
    """After fifty layers, on average is not good enough: a few directions have been stretched a lot and most have been
    lost.
    """
    s = np.concatenate([product_spectrum("lecun_normal", depth=50, width=64, seed=k) for k in range(4)])
    return above(
        (s < 0.1).mean(),
        0.5,
        "share of singular values under 0.1 in products of 50, four of them",
        {"as orthogonal ones": 0.0},
        largest=float(s.max()),
    )


@claim(statement=22, verdict=IF + " the gain is 1", source="@schoenholz2017, equation 5; @saxe2014")
def orthogonal_tanh_wants_a_gain_of_one() -> Result:
    """On the way back through 100 tanh layers of orthogonal weights the forward gain multiplies the gradient by about
    {grown:,.0f}, where a gain of 1 leaves {kept:.2f} of it.
    """

    def theory(g):
        # Orthogonal weights times g have sigma_w = g; inputs of mean square 1 give the first layer a variance of g^2.
        layers = itertools.islice(trajectory("tanh", sigma_w=g, q=g * g), 99)
        return sum(math.log(layer.chi) / 2 for layer in layers)

    def found(g):
        runs = [propagate("tanh", "orthogonal", depth=100, width=128, batch=16, gain=g, seed=s) for s in range(4)]
        return [math.log(p.gradient_rms[0] / p.gradient_rms[-1]) for p in runs]

    forward = gain("tanh")
    one = mean_of(found(1.0), theory(1.0), {"kept": 0.0, "as at the forward gain": theory(forward)}, width=128)
    also("at a gain of 1", one)
    return mean_of(
        found(forward),
        theory(forward),
        {"kept": 0.0, "as at a gain of 1": theory(1.0), "by the largest slope": 99 * math.log(forward)},
        width=128,
        grown=round(math.exp(theory(forward)), -2),
        kept=math.exp(one.measured),
    )


@claim(statement=22, verdict=HOLDS, source="@pennington2017")
def relu_undoes_orthogonality() -> Result:
    """Even so, ReLU undoes the advantage: cutting half of the coordinates makes the singular values of a product of
    random orthogonal matrices spread again, half as much as those of normal ones [@pennington2017].
    """
    width, depth = 256, 4
    s = [
        product_spectrum("orthogonal", depth=depth, width=width, activation="relu", gain=2**0.5, seed=k) ** 2
        for k in SEEDS
    ]
    # L (mu_2 / mu_1^2 - 1 - s_1): mu_2 / mu_1^2 = 1 / (1/2) for ReLU, s_1 = 0 for orthogonal and -1 for Gaussian
    # weights.
    return mean_of(
        [v.var() / v.mean() ** 2 for v in s],
        depth * (2 - 1 - 0),
        {"none, as linear": 0.0, "as Gaussian weights": depth * (2 - 1 + 1)},
        width=64,
    )


@claim(statement=22, verdict=HOLDS, source="")
def gelu_is_not_relu() -> Result:
    """Thirty layers deep it loses a factor of thousands; its own gain is within ten."""
    he, own = (
        float(
            np.median(
                [
                    propagate(
                        "gelu", "lecun_normal", depth=30, width=512, gain=g, input_gain=1.0, batch=16, seed=s
                    ).forward_rms[-1]
                    for s in SEEDS
                ]
            )
        )
        for g in (2**0.5, gain("gelu"))
    )
    return above(
        1 / he,
        1000,
        "median over 8 seeds of what is lost",
        {"as with its own gain": max(own, 1 / own), "as ReLU": 1.0},
        own=own,
    )


@claim(statement=22, verdict=HOLDS, source="")
def gelu_gain_is_unstable() -> Result:
    """For GELU a variance a little above 1 grows further, a variance below 1 falls further, and a network of finite
    width is always a little off.
    """

    def slope(phi):
        g = gain(phi)
        return (length_map(phi, 1.01, sigma_w=g) - length_map(phi, 0.99, sigma_w=g)) / 0.02

    return above(
        slope("gelu"),
        1.05,
        "slope of the length map at its fixed point",
        {"stable, as tanh": slope("tanh"), "neutral, as ReLU": slope("relu")},
    )


@claim(statement=22, verdict=IF + " the network is not deep", source="@hanin2018; @poole2016")
def two_inputs_become_one() -> Result:
    """At He's scale the total mean square is kept while the part that tells two inputs apart dies."""
    depth, c, after_ten, found = 20, 0.0, 0.0, []
    # From uncorrelated inputs, layer by layer through ReLU's correlation map.
    for layer in range(depth - 1):
        after_ten = c if layer == 9 else after_ten
        c = relu_correlation_map(c)
    for seed in SEEDS:
        z = propagate("relu", "he_normal", depth=depth, width=512, batch=32, seed=seed).pre_activations[-1]
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        cosine = z @ z.T
        found.append(1 - cosine[np.triu_indices(32, 1)].mean())
    return mean_of(found, 1 - c, {"they stay apart": 1.0, "ten layers fewer": 1 - after_ten}, width=64)


@claim(statement=22, verdict=HOLDS, source="")
def pytorch_default_forgets_its_input() -> Result:
    """A plain ReLU network of 20 layers at PyTorch's default, biases included, gives nearly the same output for every
    input.
    """
    width = 256

    def cosine(init, g, sigma_b):
        z = propagate("relu", init, depth=20, width=width, batch=2, gain=g, sigma_b=sigma_b).pre_activations[-1]
        return float(z[0] @ z[1] / np.linalg.norm(z[0]) / np.linalg.norm(z[1]))

    return below(
        1 - cosine("lecun_uniform", 3**-0.5, (3 * width) ** -0.5),
        1e-6,
        "one minus the cosine of the outputs of two unrelated inputs",
        {"as at He's scale": 1 - cosine("he_normal", 1.0, 0.0)},
    )


@claim(statement=22, verdict=HOLDS, source="@poole2016, equation 3")
def he_has_no_fixed_size() -> Result:
    """At He's scale ReLU keeps any variance; it pulls towards none."""
    kept = [length_map("relu", q, sigma_w=2**0.5) / q for q in (0.01, 1.0, 100.0)]
    tanh = fixed_point("tanh", sigma_w=1.5).q_star
    return near(
        max(kept, key=lambda k: abs(k - 1)),
        1.0,
        1e-9,
        "quadrature, at three variances",
        {"as tanh, which pulls 100 to its fixed point": tanh / 100},
    )


@claim(source="")
def truncated_is_as_good_as_normal() -> Result:
    """Divide by 0.8796 and the variance is back; no wide layer can then tell the two apart."""
    found = [
        np.log(
            propagate("relu", init, depth=20, width=256, gain=2**0.5, seed=s).gradient_ratio
            / propagate("relu", "lecun_normal", depth=20, width=256, gain=2**0.5, seed=100 + s).gradient_ratio
        )
        for s in range(16)
        for init in ("flax_dense",)
    ]
    cut = math.log(initializers.truncated_deviation())
    # Four standard errors; the root of 16 seeds is 4 too.
    error = 4 * float(np.std(found, ddof=1)) / 4
    return near(
        np.mean(found),
        0.0,
        error,
        "logarithm of the factors' ratio, a layer; 4 standard errors over 16 pairs",
        {"not divided": cut},
    )


@claim(source="@mishkin2016, algorithm 1")
def one_correction_suffices() -> Result:
    """One correction a layer suffices, in twenty layers of ReLU, tanh, GELU or SiLU."""
    x, most, off = load().train_x, 0, 0.0
    for phi in ("relu", "tanh", "gelu", "silu"):
        for seed in range(2):
            rng = np.random.default_rng(seed)
            net = MLP([64] + [128] * 20 + [10], phi, "zeros", rng)
            most = max(most, *lsuv(net, x, rng))
            # Looked at once more after the last correction, in all layers.
            off = max([off, *(abs(float(z.var()) - 1) for z in net.forward(x).pre_activations)])
    require(off < 0.1, f"after the corrections a variance is off by {off:.2f}, the paper's tolerance is a tenth")
    return exactly(most, 1, {"two": 2, "none is needed": 0})
