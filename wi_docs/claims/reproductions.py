"""Claims of the page Reproductions that no chapter makes."""

import math

import numpy as np

from wi_docs.activations import activation
from wi_docs.claims import Result, above, claim, mean_of, near
from wi_docs.digits import load
from wi_docs.meanfield import relu_two_inputs
from wi_docs.network import MLP, softmax_cross_entropy
from wi_docs.propagation import product_spectrum, propagate
from wi_docs.trainability import DEPTHS, SCALES, deepest, train_grid
from wi_docs.training import train_digits


@claim(source="@schoenholz2017, section 5")
def trainable_depth_over_depth_scale() -> Result:
    """Below the edge, the deepest network that trains in 200 steps is {least:.0f} to {most:.0f} times the depth scale."""
    grid, ratios, lengths = train_grid("tanh"), [], []
    for scale, row in list(zip(SCALES, grid, strict=True))[1:4]:
        lengths.append(deepest(DEPTHS, row))
        ratios.append(lengths[-1] * -2 * math.log(scale))  # xi = 1 / |ln chi_1|, and chi_1 = sigma_w^2 at q = 0
    growth = math.log(lengths[-1] / lengths[0])
    expected = math.log(math.log(0.6) / math.log(0.8))
    return near(
        growth,
        expected,
        0.35,
        "log of the growth from 0.6 to 0.8; one step of the grid of depths is about 0.4",
        {"the depth does not depend on it": 0.0, "on the square": 2 * expected},
        least=min(ratios),
        most=max(ratios),
    )


@claim(source="@he2015, figures 2 and 3")
def escape_time_against_depth() -> Result:
    """With 10, 20 and 30 layers a network from He's scale reaches half of the digits after {he10:.0f}, {he20:.0f} and {he30:.0f} steps; from Glorot's it takes {glorot10:.0f} with 10, and has not got there in 800 with 20 or 30."""

    def escape(depth, g):
        return float(
            np.median(
                [
                    train_digits(
                        "relu", "he_normal", depth=depth, gain=g, steps=800, rate=0.01, looks=33, seed=s
                    ).steps_to(0.5)
                    for s in range(3)
                ]
            )
        )

    he = {d: escape(d, 1.0) for d in (10, 20, 30)}
    glorot = {d: escape(d, 2**-0.5) for d in (10, 20, 30)}
    late = min(glorot[20], glorot[30])
    if math.isfinite(late):
        return near(late, math.inf, 0.0, "Glorot's scale with 20 and 30 layers", {"it gets there": late})
    return above(
        glorot[10] / max(he.values()),
        1.5,
        "median of 3 seeds, width 64, rate 0.01; Glorot's 10 layers over He's slowest",
        {"no difference": 1.0},
        he10=he[10],
        he20=he[20],
        he30=he[30],
        glorot10=glorot[10],
    )


@claim(source="@cho2009")
def what_is_left_is_length() -> Result:
    r"""After 100 layers of width 256 what is left of an input is how loud it was: the directions of two inputs differ by {directions:.3f}, while their lengths still vary by {percent:.0f} %."""
    width, depth, spreads, cosines = 256, 100, [], []
    for seed in range(24):
        z = propagate("relu", "he_normal", depth=depth, width=width, batch=32, seed=seed).pre_activations[-1]
        length = np.linalg.norm(z, axis=1)
        spreads.append(np.log(length).var(ddof=1) * width)
        cosines.append((length[:, None] ** -1 * z).mean(axis=0))
    lengths = relu_two_inputs(depth)[1]
    return mean_of(
        spreads,
        lengths[-1],
        {
            "the lengths agree too": 0.0,
            "independent inputs at every layer": 1 + 1.25 * (depth - 1),
            "it stops after ten layers": relu_two_inputs(10)[1][-1],
        },
        width=width,
        directions=np.mean([(1 - (mean**2).sum()) * 32 / 31 for mean in cosines]),
        percent=100 * math.sqrt(np.mean(spreads) / width),
    )


@claim(source="@pennington2017")
def spectrum_spreads_with_depth() -> Result:
    """The squared singular values of a product of $L$ Gaussian matrices have a relative variance of $L$, and those of orthogonal ones of 0."""
    found = []
    for seed in range(8):
        s = product_spectrum("lecun_normal", depth=4, width=256, seed=seed) ** 2
        found.append(s.var() / s.mean() ** 2)
    orthogonal = product_spectrum("orthogonal", depth=4, width=256) ** 2
    if orthogonal.var() > 1e-20:
        return near(orthogonal.var(), 0.0, 1e-20, "rounding", {"as Gaussian": 4.0})
    return near(
        np.mean(found),
        4.0,
        4 * np.std(found, ddof=1) / 8**0.5 + 0.1,
        "4 standard errors over 8 products, and the width of 256",
        {"it does not add up": 1.0, "2 a layer": 8.0},
    )


@claim(source="@nielsen2015, chapter 5")
def gradient_window_of_the_sigmoid() -> Result:
    r"""The inputs for which $|w\,\sigma'(wx + b)| \ge 1$ form an interval at most {measured:.2f} wide, near $|w|$ = {weight:.1f}; below $|w|$ = 4 there are none."""
    x = np.linspace(-3, 3, 60_001)
    weights = np.linspace(3.9, 12, 82)
    widths = np.array([(np.abs(w * activation("sigmoid").df(w * x)) >= 1).mean() * 6 for w in weights])
    root = np.sqrt(np.maximum(1 - 4 / weights, 0))
    exact = 2 / weights * np.log((1 + root) / (1 - root))
    if widths[weights < 4].any():
        return near(widths[0], 0.0, 0.0, "no input below |w| = 4", {"some": 1.0})
    return near(
        widths.max(),
        exact.max(),
        3e-4,
        "three steps of the grid",
        {"as wide as at |w| = 12": exact[-1], "twice that": 2 * exact.max()},
        weight=float(weights[widths.argmax()]),
    )


@claim(source="")
def loss_at_the_start() -> Result:
    """With a last layer of a hundredth of He's scale the first loss is ln 10 = {expected:.3f}; at He's own scale it is {large:.2f}."""

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
