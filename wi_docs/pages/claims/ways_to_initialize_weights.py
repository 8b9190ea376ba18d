"""Claims of the chapter Ways to Initialize Weights: statement 22 of the notes, and what follows from 1 and 21."""

import itertools
import math

import numpy as np

from wi_docs.experiments import conditions, tournament
from wi_docs.experiments.digits import load
from wi_docs.experiments.lsuv import lsuv
from wi_docs.experiments.meanfield import fixed_point, length_map, relu_correlation_map, trajectory
from wi_docs.experiments.products import random_products
from wi_docs.experiments.propagation import product_spectrum, propagate
from wi_docs.nn import initializers
from wi_docs.nn.activations import activation
from wi_docs.nn.gains import gain, second_moment
from wi_docs.nn.network import MLP
from wi_docs.pages.claims import HOLDS, IF, Result, above, also, below, claim, mean_of, near, require

SEEDS = range(8)


def ratio(phi, init, **options):
    """Return the gradient's factor a layer, a number for each seed, in networks of depth 20 and width 256.

    `options` may change depth, width and other arguments of `propagate`.
    """
    return [propagate(phi, init, **({"depth": 20, "width": 256} | options), seed=s).gradient_ratio for s in SEEDS]


@claim(
    what="points by which he_normal is behind the best scheme in twenty plain ReLU layers, where it is behind most",
    source="",
    untouched="its trainings are stored, and compared with new ones by a test",
)
def he_falls_behind_with_depth() -> Result:
    """In the tournament He's scale was up to {five:ceil.1} points behind the best in five plain ReLU layers, up to
    {ten:ceil} in ten layers of uneven widths, and up to {measured:ceil} in twenty; orthogonal weights at the forward
    gain were up to {flat:ceil}, {deeper:ceil} and {deepest:ceil} points behind.
    """
    behind = [
        tournament.standing(*(n for n in tournament.NETWORKS if plain_relu(n, depth))).behind for depth in (5, 10, 20)
    ]
    five, ten, twenty = (100 * one["he_normal"] for one in behind)
    line = [100 * one["orthogonal, forward gain"] for one in behind]
    mirrored = max(100 * one["mirrored orthogonal"] for one in behind)
    also("mirrored weights", below(mirrored, 1.0, "a point, as the page says", {"as He's": five}))
    also("the other line, in twenty layers", below(line[2], twenty - 10, "ten points nearer", {"as He's": twenty}))
    # What counts as noise in the tournament is a few points, far less than the differences here.
    also("ten layers", above(ten, 2 * five, "twice as far", {"as with five layers": five}))
    return above(
        twenty, 2 * ten, "twice as far", {"as with ten layers": ten},
        five=five, ten=ten, flat=line[0], deeper=line[1], deepest=line[2],
    )  # fmt: skip


def plain_relu(network, depth):
    """Return whether a network of the tournament has `depth` plain ReLU layers, of equal widths or not."""
    return (network.activation, network.shape, network.depth) == ("relu", "plain", depth)


@claim(
    what="distance of a mean or a variance from its formula, in its standard errors; the largest",
    statement=22,
    verdict=HOLDS,
    source="",
)
def schemes_have_the_law_they_state() -> Result:
    """LeCun's, Glorot's and He's schemes, normal and uniform, are special cases with mean 0 and the variance of their
    formula.
    """
    shape, worst = (300, 100), 0.0
    variances = {"lecun": 1 / 300, "glorot": 2 / 400, "he": 2 / 300}
    # The kurtosis, fourth moment over squared variance, is 3 for a normal law and 9/5 for a uniform one.
    for (name, variance), (law, kurtosis), g in itertools.product(
        variances.items(), (("normal", 3.0), ("uniform", 1.8)), (1.0, 1.5)
    ):
        scheme = getattr(initializers, f"{name}_{law}")
        conditions.say(scheme=f"{name}_{law}", gain=g, matrix=shape[0], seeds=range(4))
        W = np.array([scheme(np.random.default_rng(s), shape, gain=g) for s in range(4)])
        # The standard error of a variance: sigma^2 sqrt((kurtosis - 1) / n).
        error = g**2 * variance * math.sqrt((kurtosis - 1) / W.size)
        worst = max(worst, abs(W.var() - g**2 * variance) / error, abs(W.mean()) / (g * math.sqrt(variance / W.size)))
    # In standard errors of the normal law, which are the larger ones.
    swapped = abs(1 / 300 - 1 / 100) / (1 / 300 * math.sqrt(2 / 120_000))
    return below(
        worst,
        4.0,
        "standard errors of mean and variance, six schemes with gains of 1 and 1.5, 120,000 entries each",
        {"fans exchanged": swapped, "3 % too small": 0.03 / math.sqrt(2 / 120_000)},
    )


@claim(what="factor of a layer on the signal's rms", statement=22, verdict=HOLDS, source="@krizhevsky2012, section 5")
def small_normal_shrinks() -> Result:
    """At 0.01 the right width for a ReLU layer would be $2/0.01^2$ = 20,000; a narrower one without biases shrinks its
    signal.
    """
    sigma, width = 0.01, 256
    runs = [propagate("relu", "normal", depth=8, width=width, seed=s) for s in SEEDS]
    # A layer multiplies the mean square by n sigma^2, of which ReLU keeps half.
    expected, wrong = sigma * math.sqrt(width / 2), {"independent of the width": sigma}
    wrong["kept, as at the right width"] = sigma * math.sqrt(2 / sigma**2 / 2)
    # Eight layers, seven factors.
    signal = [(p.forward_rms[-1] / p.forward_rms[0]) ** (1 / 7) for p in runs]
    also("the gradient", mean_of([p.gradient_ratio for p in runs], expected, wrong, width=width))
    return mean_of(signal, expected, wrong, width=width)


@claim(what="rms of the pre-activations in layer 60", statement=22, verdict=HOLDS, source="@schoenholz2017, section 3")
def tanh_dies_slowly() -> Result:
    r"""Far from 0 it shrinks: at exactly this scale the signal of a wide tanh network without biases dies out, but
    slowly: as $1/\sqrt{{2\,l}}$ in layer $l$, and not geometrically.
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
            # The first factor on the variance, repeated through 59 layers; half of the exponent for the rms.
            "geometrically, as at first": length_map("tanh", 1.0, sigma_w=1.0) ** (59 / 2),
            "it settles at a variance of 0.25": 0.25**0.5,
        },
        width=512,
    )


@claim(
    what="largest distance of the constants, the mean and the variance from what they should be",
    statement=22,
    verdict=HOLDS,
    source="@klambauer2017, section 2",
)
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
        # SELU's slope is lambda on the right, and lambda times alpha just left of 0.
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


@claim(what="factor of a layer on the gradient's rms", statement=22, verdict=HOLDS, source="@klambauer2017")
def selu_gradient_grows() -> Result:
    """For the gradient there was no constant left, and SELU's grows a little from layer to layer of equal width."""
    return mean_of(
        # The gain is 1, so that the slope's mean square is the factor on the gradient's.
        ratio("selu", "lecun_normal", width=512),
        second_moment("selu", direction="backward") ** 0.5,
        {
            "kept like the signal": second_moment("selu") ** 0.5,
            "the mean square for the size": second_moment("selu", direction="backward"),
        },
        width=512,
    )


@claim(
    what="factor on the mean square on the way forward, less 1",
    statement=22,
    verdict=HOLDS,
    source="@glorot2010, equation 16",
)
def glorot_compromises() -> Result:
    """The compromise takes the average of the two fans, and is off by the same amount in either direction,
    up one way and down the other.
    """
    n_in, n_out = 300, 100
    forward, backward = [], []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        conditions.say(
            activation="linear", scheme="glorot_normal", width=(n_in, n_out), data="normal inputs", seeds=seed
        )
        W = initializers.glorot_normal(rng, (n_in, n_out))
        forward.append(((rng.standard_normal((200, n_in)) @ W) ** 2).mean())
        backward.append(((rng.standard_normal((200, n_out)) @ W.T) ** 2).mean())
    # n_in times the variance 2 / (n_in + n_out), less 1; backward it is the same with the opposite sign.
    off = (n_in - n_out) / (n_in + n_out)
    from_inputs = (1 + n_out / n_in) / 2 - 1  # with the fan-in alone forward is kept, backward is not
    both = np.add(forward, backward) / 2 - 1
    also("the two factors' mean, less 1", mean_of(both, off - off, {"fan-in alone": from_inputs}))
    return mean_of(
        np.subtract(forward, 1),
        off,
        {
            "forward is kept, as with the fan-in": n_in * (1 / n_in) - 1,
            "fans exchanged": -off,
            "by the same factor": (n_in / n_out) ** 0.5 - 1,
        },
    )


@claim(what="factor of the two layers together on the mean square", statement=22, verdict=HOLDS, source="")
def a_bottleneck_loses() -> Result:
    """From 300 units to 100 and back to 300, the mean square is multiplied by 1.5 and then by 0.5."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        conditions.say(activation="linear", scheme="glorot_normal", width=(300, 100), data="normal inputs", seeds=seed)
        x = rng.standard_normal((200, 300))
        y = x @ initializers.glorot_normal(rng, (300, 100)) @ initializers.glorot_normal(rng, (100, 300))
        found.append((y**2).mean())
    first, second = 2 * 300 / (300 + 100), 2 * 100 / (100 + 300)
    also("the first factor, in theory", near(first, 1.5, 1e-12, "rounding", {"the second": second}))
    return mean_of(
        found,
        first * second,
        {
            "kept, as with the fan-in": (300 / 300) * (100 / 100),
            "1.5 both times": first**2,
            "0.5 both times": second**2,
        },
    )


WIDTHS = (300, 100, 300, 50, 500, 100, 200)


def through(scheme, seed):
    """Return the mean squares of a normal signal and of a normal gradient behind linear layers of `WIDTHS`."""
    rng = np.random.default_rng(seed)
    conditions.say(activation="linear", scheme=scheme.__name__, width=WIDTHS, data="normal inputs", seeds=seed)
    y, delta = rng.standard_normal((200, WIDTHS[0])), rng.standard_normal((200, WIDTHS[-1]))
    layers = [scheme(rng, shape) for shape in itertools.pairwise(WIDTHS)]
    for W in layers:
        y = y @ W
    for W in reversed(layers):
        # Linear layers: the gradient passes the transposed matrices in the opposite order.
        delta = delta @ W.T
    return (y**2).mean(), (delta**2).mean()


@claim(
    what="factor of all layers on the gradient's mean square",
    statement=22,
    verdict=HOLDS,
    source="@he2015, section 2.2",
)
def one_direction_is_enough() -> Result:
    """Through linear layers of widths 300, 100, 300, 50, 500, 100 and 200 the signal is kept,
    and the mean square of the gradient is multiplied by 200/300, the last width over the first.
    """
    signal, gradient = np.transpose([through(initializers.lecun_normal, seed) for seed in range(40)])
    # The control is Glorot's scheme, by fewer networks, for it is far off.
    averaged = np.mean([through(initializers.glorot_normal, seed) for seed in range(8)], axis=0)
    kept = math.prod(n * (1 / n) for n in WIDTHS[:-1])  # each layer's inputs times the variance of its weights
    also("the signal", mean_of(signal, kept, {"as with Glorot's": averaged[0], "the last over the first": 200 / 300}))
    return mean_of(
        gradient,
        # Backward a layer multiplies by its outputs over its inputs, and the product telescopes.
        math.prod(b / a for a, b in itertools.pairwise(WIDTHS)),
        {"kept as well": kept, "the first over the last": 300 / 200, "as with Glorot's": averaged[1]},
    )


@claim(
    what="factor of all layers on the gradient's mean square",
    statement=22,
    verdict=HOLDS,
    source="@he2015, section 2.2",
)
def glorot_loses_at_every_change() -> Result:
    r"""Through these linear layers Glorot's scheme leaves {signal:.2f} of the signal's mean square and {measured:.2f}
    of the gradient's: at a change of width from $a$ to $b$ its factor forward times its factor backward is
    $4ab/(a + b)^2$, less than 1.
    """
    signal, gradient = np.transpose([through(initializers.glorot_normal, seed) for seed in range(40)])
    # Glorot's variance 2/(n + m) times the fan-in n forward, and times the fan-out m backward, layer by layer.
    forward, backward = (math.prod(2 * pair[end] / sum(pair) for pair in itertools.pairwise(WIDTHS)) for end in (0, 1))
    kept = math.prod(n * (1 / n) for n in WIDTHS[:-1])  # by the fan-in
    also("the signal", mean_of(signal, forward, {"kept": kept, "as the gradient": backward}))
    return mean_of(
        gradient,
        backward,
        {"kept": kept, "as the signal": forward, "the widths telescope": WIDTHS[-1] / WIDTHS[0]},
        signal=float(signal.mean()),
    )


@claim(
    what="factor of a layer on the gradient's rms",
    statement=22,
    verdict=HOLDS,
    source="@glorot2010, equations 1 and 15",
)
def standard_divides_by_root_three() -> Result:
    r"""The standard scheme's factor is near $1/\sqrt3 = 0.58$, as it should be when tanh is nearly linear."""
    # From layer 20 back to layer 10, where the signal has shrunk so far that tanh is nearly linear.
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


@claim(what="factor of a layer on the signal's mean square", statement=22, verdict=HOLDS, source="@he2015, equation 10")
def he_gives_the_half_back() -> Result:
    """With ReLU half of the squares are gone, and the weights make up for it with a 2."""
    # One ReLU lies between the pre-activations of the two layers.
    p = [propagate("relu", "he_normal", depth=2, width=512, batch=128, seed=s) for s in SEEDS]
    return mean_of(
        [(q.pre_activations[1] ** 2).mean() / (q.pre_activations[0] ** 2).mean() for q in p],
        1.0,
        {"LeCun's": second_moment("relu"), "2 for the standard deviation": 2**2 * second_moment("relu")},
        width=512,
    )


@claim(
    what="share of 2,000 networks whose squared length is below its mean",
    statement=22,
    verdict=HOLDS,
    source="@hanin2018b; @hanin2018",
)
def mean_and_median_part() -> Result:
    """The expected mean square is kept exactly, but in a narrow and deep network single draws scatter widely around it
    [@hanin2018; @hanin2018b], and most of them lie below.
    """
    # Twice the logarithm of a length is that of its square, `(draws, layers + 1)`.
    log = 2 * random_products(width=32, sigma=math.sqrt(2 / 32), factors=30, draws=2000, relu=True).log_size
    by_layer = np.exp(np.diff(log, axis=1)).mean(axis=0)  # layers are independent, so the expectation is a product
    also(
        "a layer's factor on the mean square",
        mean_of(by_layer, 2 * second_moment("relu"), {"LeCun's": second_moment("relu")}),
    )
    below_the_mean = float((log[:, -1] < log[:, 0]).mean())
    return above(
        below_the_mean,
        0.5,
        "share of 2,000 networks whose squared length after 30 ReLU layers of width 32 is below its mean",
        {"as many above as below, without scatter": 1 - below_the_mean},
    )


@claim(what="$n$ times what a layer adds to the ratio", statement=22, verdict=HOLDS, source="@hanin2020; @hanin2018b")
def spread_grows_with_depth_over_width() -> Result:
    r"""In ReLU layers of equal width $n$ at He's scale, $\mathbb{{E}}[\text{{length}}^4]$ is $(1 + 5/n)^l$ times as
    large as $\mathbb{{E}}[\text{{length}}^2]^2$ after $l$ layers.
    """
    width = 50
    log = random_products(width=width, sigma=math.sqrt(2 / width), factors=10, draws=4000, relu=True, seed=1).log_size
    layers = np.exp(2 * np.diff(log, axis=1))  # what each layer does to the squared length
    together = float(np.corrcoef(np.log(layers[:, :-1]).ravel(), np.log(layers[:, 1:]).ravel())[0, 1])
    # Nine pairs of neighbors in 4,000 networks: 36,000 pairs, and 1/sqrt(pairs) is a correlation's standard error.
    error = 4 / 36_000**0.5
    same = float(np.corrcoef(np.log(layers).ravel(), np.log(layers).ravel())[0, 1])
    also("correlation of a layer and the next", near(together, 0.0, error, "4 standard errors", {"one layer": same}))
    parts = layers.T  # ten groups of 4,000 networks
    # E x^2 / (E x)^2 - 1 for one layer, which is 5/n: a product of independent layers multiplies these ratios.
    by_layer = width * ((parts**2).mean(axis=1) / parts.mean(axis=1) ** 2 - 1)
    # a unit adds 2 relu(z)^2 of mean 1, and E relu(z)^4 is half of E z^4 = 3
    fourth, linear = 2**2 * 3 / 2, 3.0
    return mean_of(
        by_layer,
        fourth - 1,
        {
            # The ratio's excess is (fourth moment - 1)/n for a sum over n units.
            "2, as without ReLU": linear - 1,
            "the mean's square not taken off": fourth,
            "$e^{5/n}$ a layer": width * math.expm1((fourth - 1) / width),
        },
    )


@claim(
    what="distance of a singular value from 1, the largest after 1,000 factors",
    statement=22,
    verdict=HOLDS,
    source="@saxe2014, section 3",
    proof="|Wx|^2 is x^T W^T W x, which is |x|^2; a product of orthogonal matrices is orthogonal",
)
def orthogonal_keeps_every_length() -> Result:
    """A square orthogonal matrix keeps every length, and so does a linear network of a thousand of them."""
    s = product_spectrum("orthogonal", depth=1000, width=64)
    # The control stops at 50 factors; after 1,000 its small singular values would be lost in rounding.
    gaussian = product_spectrum("lecun_normal", depth=50, width=64)
    return below(
        np.abs(s - 1).max(),
        1e-11,
        "1,000 steps of rounding",
        {"as Gaussian weights, after 50": float(1 - gaussian.min())},
    )


@claim(
    what="share of the singular values that are below a tenth",
    statement=22,
    verdict=HOLDS,
    source="@saxe2014, section 3",
)
def gaussian_products_lose_directions() -> Result:
    """After fifty linear layers of width 64, on average is not good enough: in four networks a few directions have been
    stretched up to {largest:ceil} times and most have shrunk to less than a tenth.
    """
    gaussian = np.concatenate([product_spectrum("lecun_normal", depth=50, width=64, seed=k) for k in range(4)])
    orthogonal = product_spectrum("orthogonal", depth=50, width=64)
    few = float((gaussian > 2).mean())
    also(
        "share of the stretched", below(few, 0.1, "a few are less than a tenth", {"half": float(np.mean(gaussian < 2))})
    )
    return above(
        (gaussian < 0.1).mean(),
        0.5,
        "share of singular values under 0.1 in products of 50, four of them; most is more than half",
        {"as orthogonal ones": float((orthogonal < 0.1).mean())},
        largest=float(gaussian.max()),
    )


@claim(
    what="logarithm of the gradient's rms in the first layer, over that in the last, at the forward gain",
    statement=22,
    verdict=IF + " the gain is 1",
    source="@schoenholz2017, equation 5; @saxe2014",
)
def orthogonal_tanh_wants_a_gain_of_one() -> Result:
    """On the way back through 100 tanh layers of equal width, of orthogonal weights and without biases, the forward
    gain multiplies the gradient by about {grown:,.0f}, where a gain of 1 leaves {kept:.2f} of it.
    """

    def theory(g):
        # Orthogonal weights times g have sigma_w = g; inputs of mean square 1 give the first layer a variance of g^2.
        layers = itertools.islice(trajectory("tanh", sigma_w=g, q=g * g), 99)
        # Of 100 layers, 99 lie between the first gradient and the last.
        return sum(math.log(layer.chi) / 2 for layer in layers)

    def found(g):
        runs = [propagate("tanh", "orthogonal", depth=100, width=128, batch=16, gain=g, seed=s) for s in range(4)]
        return [math.log(p.gradient_rms[0] / p.gradient_rms[-1]) for p in runs]

    forward = gain("tanh")
    one = mean_of(
        found(1.0), theory(1.0), {"kept": math.log(1.0), "as at the forward gain": theory(forward)}, width=128
    )
    also("at a gain of 1", one)
    return mean_of(
        found(forward),
        theory(forward),
        # If all slopes were 1, each layer would multiply by its gain.
        {"kept": math.log(1.0), "as at a gain of 1": theory(1.0), "by the largest slope": 99 * math.log(forward)},
        width=128,
        grown=round(math.exp(theory(forward)), -2),
        kept=math.exp(one.measured),
    )


@claim(
    what="relative variance of the squared singular values after four layers",
    statement=22,
    verdict=HOLDS,
    source="@pennington2017",
)
def relu_undoes_orthogonality() -> Result:
    """In the matrix of the derivatives of four ReLU layers' outputs with respect to their inputs, the squares of the
    singular values are spread again if the weights are random and orthogonal, half as much as with normal weights
    [@pennington2017].
    """
    width, depth = 256, 4

    def spread(init, phi, gain):
        squares = (
            product_spectrum(init, depth=depth, width=width, activation=phi, gain=gain, seed=k) ** 2 for k in SEEDS
        )
        return [float(v.var() / v.mean() ** 2) for v in squares]

    # L (mu_2 / mu_1^2 - 1 - s_1): mu_2 / mu_1^2 = 1 / (1/2) for ReLU, s_1 = 0 for orthogonal and -1 for Gaussian
    # weights.
    gaussian = spread("lecun_normal", "relu", 2**0.5)
    # The control: without ReLU orthogonal weights have one singular value.
    linear = float(np.mean(spread("orthogonal", "linear", 1.0)))
    also("of normal ones", mean_of(gaussian, depth * (2 - 1 + 1), {"as linear ones": depth * (1 - 1 + 1)}, width=width))
    return mean_of(
        spread("orthogonal", "relu", 2**0.5),
        depth * (2 - 1 - 0),
        {"none, as linear": linear, "as normal weights": float(np.mean(gaussian))},
        width=width,
    )


@claim(
    what="distance of a singular value from 1, the largest",
    source="@balduzzi2017",
    proof="relu(x) - relu(-x) is x, so that the network is linear at the start, with an orthogonal matrix a layer",
)
def mirrored_blocks_keep_every_direction() -> Result:
    """With mirrored blocks $Q, -Q$ over $-Q, Q$ fifty ReLU layers keep every singular value of the map from $h$ to $h$
    at 1, for they begin as a linear network [@balduzzi2017].
    """
    n, depth = 64, 50
    conditions.say(activation="relu", biases="0", depth=depth, width=n, data="normal inputs", seeds=0)
    rng = np.random.default_rng(0)

    def mirrored(rng, shape):
        Q = initializers.orthogonal(rng, (n, n))
        return np.block([[Q, -Q], [-Q, Q]])[: shape[0], : shape[1]]  # the first layer takes n inputs, the last gives n

    def apart(net):
        # n copies of one input with n unit cotangents: the gradients of the inputs are the rows of the Jacobian.
        run = net.forward(np.tile(rng.standard_normal(n), (n, 1)))
        return float(np.abs(np.linalg.svd(net.backward(run, np.eye(n)).x, compute_uv=False) - 1).max())

    # The control: independent orthogonal matrices with the gain that makes up for ReLU's half.
    plain = MLP([n] * (depth + 1), "relu", lambda rng, shape: 2**0.5 * initializers.orthogonal(rng, shape), rng)
    return below(
        apart(MLP([n] + [2 * n] * (depth - 1) + [n], "relu", mirrored, rng)),
        1e-12,
        "50 layers of rounding; the largest distance from 1",
        {"as independent orthogonal matrices at a gain of $\\sqrt2$": apart(plain)},
    )


@claim(what="rms in the first layer over that in the last, at He's scale", statement=22, verdict=HOLDS, source="")
def gelu_is_not_relu() -> Result:
    """But from inputs of rms 1, over thirty GELU layers of width 512 without biases, the rms of a batch falls at He's
    scale by a factor of thousands; at GELU's own gain it stays within a factor of ten.
    """
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
    # A factor and its inverse are equally far from 1; ReLU at He's scale has a factor of 1 a layer.
    off, like_relu = max(own, 1 / own), 2**0.5 * second_moment("relu") ** 0.5
    also("its own gain", below(off, 10, "within ten; median over 8 seeds", {"as at He's scale": 1 / he}))
    return above(
        1 / he, 1000, "median over 8 seeds of what is lost", {"as with its own gain": off, "as ReLU": like_relu**-29}
    )


@claim(
    what="slope of the map from one layer's variance to the next, at variance 1", statement=22, verdict=HOLDS, source=""
)
def gelu_gain_is_unstable() -> Result:
    """For GELU a variance a little above 1 grows further, and one a little below 1 falls further."""

    def slope(phi):
        # The central difference at variance 1, the fixed point of the gain.
        g = gain(phi)
        return (length_map(phi, 1.01, sigma_w=g) - length_map(phi, 0.99, sigma_w=g)) / 0.02

    x = np.linspace(-12, 12, 24_001)
    weight = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    normal = np.array([0.5 * math.erfc(-v / 2**0.5) for v in x])  # GELU is x times this, by its definition
    slope_of_gelu = normal + x * weight
    # d/dq of E gelu(sqrt(q) z)^2 at q = 1 is E gelu(z) gelu'(z) z, over E gelu(z)^2 at the gain
    expected = np.trapezoid(x * normal * slope_of_gelu * x * weight, x) / np.trapezoid((x * normal) ** 2 * weight, x)
    return near(
        slope("gelu"),
        expected,
        1e-4,
        "slope of the length map at its fixed point against the trapezoid rule; a difference of 0.02",
        {"stable, as tanh": slope("tanh"), "neutral, as ReLU": slope("relu")},
    )


@claim(
    what="one minus the cosine of two inputs in layer 20",
    statement=22,
    verdict=IF + " the network is not deep",
    source="@hanin2018; @poole2016",
)
def two_inputs_become_one() -> Result:
    """At He's scale and without biases ReLU keeps the mean square while the angle between two inputs closes: in layer
    20 of wide layers one minus the cosine of two unrelated ones is {measured:.2f}.
    """
    depth, c, after_ten, found, sizes = 20, 0.0, 0.0, [], []
    # Unrelated inputs have a correlation of 0 in layer 1; each ReLU behind it applies the map once.
    for layer in range(depth - 1):
        after_ten = c if layer == 9 else after_ten
        c = relu_correlation_map(c)
    for seed in SEEDS:
        first, *_, z = propagate("relu", "he_normal", depth=depth, width=512, batch=32, seed=seed).pre_activations
        sizes.append((z**2).mean() / (first**2).mean())
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        cosine = z @ z.T
        found.append(1 - cosine[np.triu_indices(32, 1)].mean())
    also("the mean square", mean_of(sizes, 2 * second_moment("relu"), {"closes as well": 1 - c}, width=512))
    # The asymptote 9 pi^2 / (2 l^2), which layer 20 has not reached.
    in_the_end = 9 * math.pi**2 / 2 / depth**2
    wrong = {"a right angle stays": 1 - math.cos(math.pi / 2), "ten layers fewer": 1 - after_ten}
    return mean_of(found, 1 - c, wrong | {"already as in the end": in_the_end}, width=512)


@claim(
    what="distance between two outputs, over their length; the largest of 8 networks",
    statement=22,
    verdict=HOLDS,
    source="",
)
def pytorch_default_forgets_its_input() -> Result:
    """In plain ReLU networks of 20 layers of 256 at PyTorch's default, biases included, the outputs of two unrelated
    inputs of rms 1 differ by less than a millionth of their length.
    """
    width = 256

    def differ(init, g, sigma_b):
        options = {"depth": 20, "width": width, "batch": 2, "gain": g, "sigma_b": sigma_b}
        ends = [propagate("relu", init, seed=seed, **options).pre_activations[-1] for seed in SEEDS]
        return [float(np.linalg.norm(z[0] - z[1]) / np.linalg.norm(z[0])) for z in ends]

    return below(
        # Weights and biases of deviation 1/sqrt(3 n), PyTorch's.
        max(differ("lecun_uniform", 3**-0.5, (3 * width) ** -0.5)),
        1e-6,
        "the worst of 8 networks; the biases are normal here, of the deviation that PyTorch's have",
        {
            "as at He's scale": min(differ("he_normal", 1.0, 0.0)),
            "weights alone": min(differ("pytorch_linear", 1.0, 0.0)),
        },
    )


@claim(
    what="variance in a layer over that in the layer before",
    statement=22,
    verdict=HOLDS,
    source="@poole2016, equation 3",
    proof="2 E[relu(sqrt(q) z)^2] is q, for each q",
)
def he_has_no_fixed_size() -> Result:
    """At He's scale and without biases ReLU keeps any variance; it pulls towards none."""
    net = MLP([64] * 21, "relu", "he_normal", np.random.default_rng(0), output="relu")
    conditions.network(net, np.random.default_rng(0))
    conditions.say(scheme="he_normal", data="normal inputs", seeds=0)
    x = np.random.default_rng(1).standard_normal((8, 64))
    ten = net.forward(10 * x).output.std() / net.forward(x).output.std()
    # A network that pulled half way to one size would leave the root of the factor.
    pulled = 10**0.5
    also("ten times the input after twenty layers", near(ten, 10.0, 1e-9, "rounding", {"pulled half way": pulled}))
    kept = [length_map("relu", q, sigma_w=2**0.5) / q for q in (0.01, 1.0, 100.0)]
    # The control has a fixed point, to which it pulls any variance.
    tanh = fixed_point("tanh", sigma_w=1.5).q_star
    return near(
        max(kept, key=lambda k: abs(k - 1)),
        1.0,
        1e-9,
        "quadrature, at three variances",
        {"as tanh, which pulls 100 to its fixed point": tanh / 100},
    )


@claim(what="logarithm of the factor of a layer from truncated weights, over that from normal ones", source="")
def truncated_is_as_good_as_normal() -> Result:
    """The gradient's factor a layer, in twenty ReLU layers of width 256, is then that of normal weights within one
    percent.
    """
    found = [
        np.log(
            propagate("relu", "flax_dense", depth=20, width=256, gain=2**0.5, seed=s).gradient_ratio
            / propagate("relu", "lecun_normal", depth=20, width=256, gain=2**0.5, seed=100 + s).gradient_ratio
        )
        for s in range(16)
    ]
    # A truncated law that is not divided by its deviation has smaller weights by this factor.
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


@claim(
    what="distance of the variance from 1, the largest of 20 layers with ReLU and tanh",
    source="@mishkin2016, algorithm 1",
)
def one_correction_suffices() -> Result:
    """On digits that it has not seen, the variance of twenty layers is then right to a tenth for ReLU and tanh, and not
    for GELU and SiLU.
    """
    digits = load()
    off, uncorrected = {}, {}
    for phi in ("relu", "tanh", "gelu", "silu"):
        off[phi], uncorrected[phi] = 0.0, 0.0
        for seed in range(2):
            rng = np.random.default_rng(seed)
            net = MLP([64] + [128] * 20 + [10], phi, "orthogonal", rng)
            # Variances before any correction, of plain orthogonal weights.
            before = [float(z.var()) for z in net.forward(digits.train_x).pre_activations]
            most = max(lsuv(net, digits.train_x, rng))
            # On the batch itself one division is exact, since the biases are 0.
            require(most == 1, f"a layer took {most} corrections on the batch itself")
            there = [float(z.var()) for z in net.forward(digits.test_x).pre_activations]
            off[phi] = max(off[phi], *(abs(v - 1) for v in there))
            uncorrected[phi] = max(uncorrected[phi], *(abs(v - 1) for v in before))
    better, worse = max(off["relu"], off["tanh"]), min(off["gelu"], off["silu"])
    reason = "the paper's tolerance; the worst of 20 layers, two networks each"
    also("GELU and SiLU", above(worse, 0.1, reason, {"as ReLU and tanh": better}))
    wrong = {"as GELU and SiLU": worse, "not corrected": min(uncorrected["relu"], uncorrected["tanh"])}
    return below(better, 0.1, reason, wrong)


@claim(what="largest rms of a digit in layer 20", source="")
def lsuv_leaves_single_inputs() -> Result:
    """A single image can be far off: in layer 20 of SiLU digits have an rms from {least:.2f} to {measured:.0f}."""
    x = load().train_x[:256]

    def sizes(phi):
        found = []
        for seed in range(3):
            rng = np.random.default_rng(seed)
            net = MLP([64] + [128] * 20 + [10], phi, "zeros", rng)
            lsuv(net, x, rng)
            # Index 19 is layer 20: the rms over units, for each of 256 digits.
            found.append(np.sqrt((net.forward(x).pre_activations[19] ** 2).mean(axis=1)))
        return float(np.median([s.min() for s in found])), float(np.median([s.max() for s in found]))

    least, largest = sizes("silu")
    tanh_least, tanh_largest = sizes("tanh")
    also("the smallest", below(least, 0.1, "a tenth of the batch's", {"as in tanh": tanh_least}))
    return above(
        largest, 3, "three times the batch's rms; median of 3 networks", {"as in tanh": tanh_largest}, least=least
    )
