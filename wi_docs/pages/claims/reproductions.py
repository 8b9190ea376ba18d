"""Claims of the page Reproductions that no chapter makes."""

import math

import numpy as np

from wi_docs.experiments.digits import load
from wi_docs.experiments.meanfield import relu_correlation_map, relu_two_inputs
from wi_docs.experiments.propagation import product_spectrum, propagate
from wi_docs.experiments.trainability import DEPTHS, SCALES, deepest, train_grid
from wi_docs.experiments.training import sweep
from wi_docs.nn.activations import activation
from wi_docs.nn.network import MLP, softmax_cross_entropy
from wi_docs.pages.claims import Result, above, claim, mean_of, near, require


@claim(source="@schoenholz2017, section 5")
def trainable_depth_over_depth_scale() -> Result:
    """Below the edge, the deepest network that trains in 200 steps is {least:.0f} to {most:.0f} times the
    depth scale.
    """
    # xi = 1 / |ln chi_1|, and chi_1 = sigma_w^2 where the signal has died
    ratios = [
        deepest(DEPTHS, row) * -2 * math.log(scale)
        for scale, row in zip(SCALES, train_grid("tanh"), strict=True)
        if scale < 1
    ]
    # Back to layers: at the largest scale below the edge, the answer must not be the end of our grid of depths.
    lengths = [r / (-2 * math.log(s)) for r, s in zip(ratios, SCALES, strict=False)]
    require(lengths[-1] <= 0.9 * DEPTHS[-1], f"the deepest network tried still trains, of {lengths[-1]:.0f} layers")
    middle = float(np.exp(np.mean(np.log(ratios))))
    return near(
        middle,
        6.0,
        2.5,
        "their factor; one step of our grid of depths is a factor of 1.5",
        {"one depth scale": 1.0, "the gradient's own reach, 2": 2.0, "ten": 10.0},
        least=min(ratios),
        most=max(ratios),
    )


@claim(source="@he2015, figures 2 and 3")
def escape_time_against_depth() -> Result:
    """With 10, 20 and 30 layers a network from He's scale reaches half of the digits after {he10:.0f},
    {he20:.0f} and {he30:.0f} steps; from Glorot's it takes {glorot10:.0f} with 10 layers, and in 800 steps 20 or 30
    layers do not get there.
    """

    def escape(depth, g, steps=800):
        looks = 1 + steps // 25
        runs = sweep(
            "relu", "he_normal", depth=depth, gains=[g], steps=steps, rates=[0.01], seeds=range(3), looks=looks
        )
        return float(np.median([run.steps_to(0.5) for run in runs.values()]))

    he = [escape(depth, 1.0) for depth in (10, 20, 30)]
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
        {"no difference": 1.0, "as much as He's 10 over 30": he[0] / he[2]},
        he10=he[0],
        he20=he[1],
        he30=he[2],
        glorot10=glorot10,
    )


@claim(source="@cho2009")
def what_is_left_is_length() -> Result:
    r"""After 100 layers of width 256 what is left of an input is mostly how loud it was:
    two inputs differ by {degrees:.0f} degrees, or {direction:.0f} %, in direction and vary by {percent:.0f} % in
    length.
    """
    width, depth, spreads, cosines = 256, 100, [], []
    for seed in range(24):
        z = propagate("relu", "he_normal", depth=depth, width=width, batch=32, seed=seed).pre_activations[-1]
        length = np.linalg.norm(z, axis=1)
        spreads.append(np.log(length).var(ddof=1) * width)
        cosines.append((length[:, None] ** -1 * z).mean(axis=0))
    directions, lengths = relu_two_inputs(depth)
    # The mean of one minus the cosine over pairs of different inputs, from the mean direction of 32.
    found = float(np.mean([(1 - (mean**2).sum()) * 32 / 31 for mean in cosines]))
    if abs(found / directions[-1] - 1) > 0.3:  # width 256 is not infinite: 100 layers add up to a fifth
        return near(found, directions[-1], 0.3 * directions[-1], "24 seeds", {"twice that": 2 * directions[-1]})
    angle = math.acos(1 - found)
    return mean_of(
        spreads,
        lengths[-1],
        {
            "the lengths agree too": 0.0,
            "independent inputs at every layer": 1 + 1.25 * (depth - 1),
            "it stops after ten layers": relu_two_inputs(10)[1][-1],
        },
        width=width,
        degrees=math.degrees(angle),
        direction=100 * angle,
        percent=100 * math.sqrt(np.mean(spreads) / width),
    )


@claim(source="@hayou2019")
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


@claim(source="@pennington2017")
def spectrum_spreads_with_depth() -> Result:
    """The squared singular values of a product of $L$ Gaussian matrices have a relative variance of $L$,
    and those of orthogonal ones of 0.
    """
    depths, found = (1, 2, 4, 8), []
    for depth in depths:
        s = np.array([product_spectrum("lecun_normal", depth=depth, width=256, seed=seed) ** 2 for seed in range(8)])
        found.append((s.var(axis=1) / s.mean(axis=1) ** 2).mean())
    orthogonal = product_spectrum("orthogonal", depth=8, width=256) ** 2
    require(orthogonal.var() < 1e-20, f"orthogonal matrices have a variance of {orthogonal.var():.1e}")
    return near(
        np.polyfit(np.log(depths), np.log(found), 1)[0] + found[0] - 1,
        1.0,
        0.1,
        "power of L over 1 to 8, and distance from 1 at L = 1; 8 seeds of width 256",
        {"it does not add up": 0.0, "it multiplies, L squared": 2.0},
    )


@claim(source="@nielsen2015, chapter 5")
def gradient_window_of_the_sigmoid() -> Result:
    r"""The inputs for which $|w\,\sigma'(wx + b)| \ge 1$ form an interval at most {width:.2f} wide,
    at $|w|$ = {measured:.1f}; below $|w|$ = 4 there are none.
    """

    def width(w):
        """Return twice the input at which the gradient falls to 1, by bisection."""
        low, high = 0.0, 3.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if w * float(activation("sigmoid").df(w * middle)) >= 1 else (low, middle)
        return 2 * low

    def closed_form(w):
        # Where w s (1 - s) = 1: a quadratic equation for s = sigmoid(w x), solved and turned into an input.
        root = np.sqrt(1 - 4 / w)
        return 2 / w * np.log((1 + root) / (1 - root))

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
        {"where it starts": 4.0, "6.8": 6.8, "twice the start": 8.0},
        width=float(widths.max()),
    )


@claim(source="")
def loss_at_the_start() -> Result:
    """With a last layer of a hundredth of He's scale the first loss is ln 10 = {expected:.3f};
    at He's own scale it is {large:.2f}.
    """

    def first(scale):
        net = MLP([64, 256, 10], "relu", "he_normal", np.random.default_rng(0))
        net.W[-1] *= scale
        data = load()
        return softmax_cross_entropy(net.forward(data.train_x).output, data.train_y)[0]

    large = first(1.0)
    return near(
        first(0.01),
        math.log(10),
        0.005,
        "what a hundredth of the logits adds",
        {"at He's own scale": large, "ln 9": math.log(9)},
        large=large,
    )
