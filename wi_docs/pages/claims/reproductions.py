"""Claims of the page Reproductions that no chapter makes."""

import math

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.digits import load
from wi_docs.experiments.meanfield import relu_correlation_map, relu_two_inputs
from wi_docs.experiments.propagation import product_spectrum, propagate
from wi_docs.experiments.trainability import DEPTHS, SCALES, TRAINABLE, deepest, train_grid
from wi_docs.experiments.training import sweep
from wi_docs.nn.activations import activation
from wi_docs.nn.network import MLP, softmax_cross_entropy
from wi_docs.pages.claims import Result, above, also, below, claim, mean_of, near, require


@claim(
    what="deepest network that trains, in depth scales; the least of the scales of weights",
    source="@schoenholz2017, section 5",
)
def trainable_depth_over_depth_scale() -> Result:
    """Below the edge, the deepest tanh network of 64 units a layer that reads half of the digits after 200 steps of
    plain descent at a rate of 0.05 is {least:.0f} to {most:.0f} times the depth scale.
    """
    # xi = 1 / |ln chi_1|, and chi_1 = sigma_w^2 where the signal has died
    ratios = [
        deepest(DEPTHS, row) * -2 * math.log(scale)
        for scale, row in zip(SCALES, train_grid("tanh"), strict=True)
        if scale < 1
    ]
    # Back to layers: at the largest scale below the edge, the answer must not be the end of our grid of depths.
    # SCALES ascends, so that those below 1 come first and belong to the ratios.
    lengths = [r / (-2 * math.log(s)) for r, s in zip(ratios, SCALES, strict=False)]
    require(lengths[-1] <= 0.9 * DEPTHS[-1], f"the deepest network tried still trains, of {lengths[-1]:.0f} layers")
    step = (DEPTHS[-1] / DEPTHS[0]) ** (1 / (len(DEPTHS) - 1))  # of our grid of depths, on average
    reach = 1 / 0.5  # in depth scales: within one the mean square changes by e, its root within two
    wrong = {"as many layers, whatever the scale": DEPTHS[-1] / DEPTHS[0]}
    also("the largest", below(max(ratios), TRAINABLE * step, "their factor, and one step of the grid", wrong))
    return above(
        min(ratios),
        TRAINABLE / step,
        "their factor of six, less one step of the grid",
        {"one depth scale": reach / 2, "the reach of the gradient's rms": reach},
        least=min(ratios),
        most=max(ratios),
    )


@claim(
    what="steps to half of the digits from Glorot's scale in 10 layers, over those from He's in 30",
    source="@he2015, figures 2 and 3",
)
def escape_time_against_depth() -> Result:
    """With 10, 20 and 30 ReLU layers, each 64 wide, plain descent at a rate of 0.01 reads half of the digits from He's
    scale after {he10:.0f}, {he20:.0f} and {he30:.0f} steps; from Glorot's it takes {glorot10:.0f} with 10 layers, and
    in 800 steps 20 or 30 layers do not get there.
    """

    def escape(depth, g, steps=800):
        # A look every 25 steps: the numbers of steps are multiples of that.
        looks = 1 + steps // 25
        runs = sweep(
            "relu", "he_normal", depth=depth, gains=[g], steps=steps, rates=[0.01], seeds=range(3), looks=looks
        )
        return float(np.median([run.steps_to(0.5) for run in runs.values()]))

    he = [escape(depth, 1.0) for depth in (10, 20, 30)]
    # In hidden layers of equal width Glorot's scale is He's over the root of 2. Its ten layers get twice the time, for
    # the sentence says when they arrive.
    glorot10, *deeper = escape(10, 2**-0.5, steps=1600), escape(20, 2**-0.5), escape(30, 2**-0.5)
    require(
        not any(map(math.isfinite, deeper)), f"from Glorot's scale 20 or 30 layers train, after {min(deeper):.0f} steps"
    )
    require(math.isfinite(glorot10), "from Glorot's scale 10 layers do not train")
    require(he[0] < he[1] < he[2], f"from He's scale 10, 20 and 30 layers train after {he} steps")
    return above(
        glorot10 / he[2],
        2.0,
        "median of 3 seeds, width 64, rate 0.01; Glorot's 10 layers over He's 30",
        {"no difference, but for the depth": 10 / 30, "as much as He's 10 over 30": he[0] / he[2]},
        he10=he[0],
        he20=he[1],
        he30=he[2],
        glorot10=glorot10,
    )


@claim(what="variance of the ratio of two lengths, times the width", source="@cho2009")
def what_is_left_is_length() -> Result:
    r"""After 100 ReLU layers of width 256 without biases what is left of an input is mostly how loud it was: two
    independent normal inputs differ by {degrees:.0f} degrees, or {direction:.0f} %, in direction and vary by
    {percent:.0f} % in length.
    """
    width, depth, spreads, cosines = 256, 100, [], []
    for seed in range(24):
        z = propagate("relu", "he_normal", depth=depth, width=width, batch=32, seed=seed).pre_activations[-1]
        length = np.linalg.norm(z, axis=1)
        spreads.append(np.log(length).var(ddof=1) * width)
        # The mean of the unit vectors of a batch, `(width,)`.
        cosines.append((length[:, None] ** -1 * z).mean(axis=0))
    directions, lengths = relu_two_inputs(depth)
    # The squared length of that mean counts each of 32 inputs with itself too; 32/31 takes this out of 1 - cos.
    apart = [float((1 - (mean**2).sum()) * 32 / 31) for mean in cosines]
    found = float(np.mean(apart))
    # width 256 is not infinite: to first order a hundred layers add 100/256 of the value
    error = 4 * float(np.std(apart, ddof=1)) / len(apart) ** 0.5 + depth / width * directions[-1]
    in_the_end = {"as after ten layers": directions[9], "right angles": 1 - math.cos(math.pi / 2)}
    also("direction", near(found, directions[-1], error, "4 standard errors, and 100/256 for the width", in_the_end))
    angle = math.acos(1 - found)
    return mean_of(
        spreads,
        lengths[-1],
        {
            "the lengths agree too, as the directions": width * found,
            # The second moment of relu^2 less the square of its mean, 3/2 - 1/4, is what independent inputs would add
            # a layer.
            "independent inputs at every layer": 1 + 1.25 * (depth - 1),
            "it stops after ten layers": relu_two_inputs(10)[1][-1],
        },
        width=width,
        degrees=math.degrees(angle),
        direction=100 * angle,
        percent=100 * math.sqrt(np.mean(spreads) / width),
    )


@claim(what="$l^2$ times one minus the correlation, in layer 20,000", source="@hayou2019")
def correlation_closes_like_one_over_l_squared() -> Result:
    r"""Under ReLU at He's scale two inputs grow alike, and one minus their correlation falls like $9\pi^2/(2\,l^2)$ in
    the end [@cho2009; @hayou2019].
    """
    c, layers = 0.0, 20_000
    for _ in range(layers - 1):
        c = relu_correlation_map(c)
    # c' = c + (2 sqrt 2 / (3 pi)) (1 - c)^(3/2) near 1, whose solution falls like 9 pi^2 / (2 l^2).
    limit = 9 * math.pi**2 / 2
    return near(
        layers**2 * (1 - c),
        limit,
        0.005 * limit,
        "the next term of the series at layer 20,000, and rounding in 1 - c",
        {"half": limit / 2, "$\\pi^2/2$": math.pi**2 / 2},
    )


@claim(what="relative variance of the squared singular values that a factor adds", source="@pennington2017")
def spectrum_spreads_with_depth() -> Result:
    """The squared singular values of a linear network of $L$ wide Gaussian layers have a relative variance of $L$, and
    those of orthogonal ones of 0.
    """
    depths, found = (1, 2, 4, 8), []
    for depth in depths:
        # (8, 256) squared singular values.
        s = np.array([product_spectrum("lecun_normal", depth=depth, width=256, seed=seed) ** 2 for seed in range(8)])
        found.append((s.var(axis=1) / s.mean(axis=1) ** 2).mean())
    orthogonal = product_spectrum("orthogonal", depth=8, width=256) ** 2
    require(orthogonal.var() < 1e-20, f"orthogonal matrices have a variance of {orthogonal.var():.1e}")
    power = float(np.polyfit(np.log(depths), np.log(found), 1)[0])
    reason = "a tenth; the power of L over 1 to 8, 8 products of width 256"
    also(
        "the power of L", near(power, 1.0, 0.1, reason, {"it multiplies, L squared": 2 * power, "it stays": 0 * power})
    )
    # Marchenko and Pastur: the squared singular values of one matrix have mean 1 and mean square 2
    one = 2 - 1
    return near(
        np.mean(np.divide(found, depths)),
        one,
        0.1,
        "a tenth; what a factor adds, over 1 to 8 factors and 8 products of width 256",
        {"as orthogonal ones": float(orthogonal.var()), "the mean square": one + 1, "all of it at once": found[-1]},
    )


@claim(
    what=r"the $\left|w\right|$ at which the interval is widest",
    source="@nielsen2015, chapter 5",
    proof="the slope is at most 1/4",
)
def gradient_window_of_the_sigmoid() -> Result:
    r"""The inputs for which $|w\,\sigma'(wx + b)| \ge 1$ form an interval at most {width:ceil.2} wide,
    at $|w|$ = {measured:.1f}; below $|w|$ = 4 there are none.
    """

    def width(w):
        """Return twice the input at which the gradient falls to 1, by bisection."""
        # The gradient falls with the distance from the middle, so that bisection finds where it is 1.
        low, high = 0.0, 3.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if w * float(activation("sigmoid").df(w * middle)) >= 1 else (low, middle)
        return 2 * low

    def closed_form(w):
        # Where w s (1 - s) = 1: a quadratic equation for s = sigmoid(w x), solved and turned into an input.
        root = np.sqrt(1 - 4 / w)
        return 2 / w * np.log((1 + root) / (1 - root))

    # At a weight of 4 the gradient is 1 in the middle alone, and the interval begins.
    weights, fine = np.arange(4.005, 12, 0.005), np.arange(4.005, 12, 1e-5)
    widths = np.array([width(w) for w in weights])
    exact = closed_form(weights)
    below_four = 3.999 * float(activation("sigmoid").df(0.0))
    require(below_four < 1, f"below a weight of 4 the factor is {below_four:.4f}")
    require(np.abs(widths - exact).max() < 1e-9, f"the closed form is off by {np.abs(widths - exact).max():.1e}")
    return near(
        weights[widths.argmax()],
        fine[closed_form(fine).argmax()],
        0.006,
        "a step of the grid, against the closed form on a finer one",
        {
            "where it starts, at one over the largest slope": 1 / float(activation("sigmoid").df(0.0)),
            "twice the start": 2 / float(activation("sigmoid").df(0.0)),
            "a tenth of a unit less": weights[widths.argmax()] - 0.1,
        },
        width=float(widths.max()),
    )


@claim(what="first loss from a small last layer, the farthest from ln 10 of 32 networks", source="")
def loss_at_the_start() -> Result:
    """With a last layer of a hundredth of He's scale the first loss of a network of one hidden ReLU layer of 256 is
    ln 10 = {expected:.3f}; at He's own scale it is {large:.1f}, give or take {spread:.1f} from one draw to the next.
    """
    data = load()

    def first(scale, seed):
        net = MLP([64, 256, 10], "relu", "he_normal", np.random.default_rng(seed))
        net.W[-1] *= scale
        conditions.network(net, np.random.default_rng(seed))
        conditions.say(scheme="he_normal", seeds=seed)
        return softmax_cross_entropy(net.forward(data.train_x).output, data.train_y)[0]

    small, large = ([first(scale, seed) for seed in range(32)] for scale in (0.01, 1.0))
    # ten independent normal logits of variance 2: the mean of ln(sum of e^z) by 100,000 draws
    z = math.sqrt(2) * np.random.default_rng(0).standard_normal((100_000, 10))
    even, twice = (float(np.mean(np.log(np.exp(factor * z).sum(axis=1)))) for factor in (1, 2))
    also("at He's scale", mean_of(large, even, {"ln 10": math.log(10), "logits twice as large": twice}, width=256))
    return near(
        max(small, key=lambda loss: abs(loss - math.log(10))),
        math.log(10),
        0.01,
        "what a hundredth of the logits adds, half its square and its chance; the worst of 32 networks",
        {"at He's own scale": float(np.mean(large)), "ln 9": math.log(9)},
        large=float(np.mean(large)),
        spread=float(np.std(large, ddof=1)),
    )
