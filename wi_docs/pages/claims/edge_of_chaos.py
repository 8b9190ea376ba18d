"""Claims of the chapter The Edge of Chaos."""

import itertools
import math

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.meanfield import correlation_map, critical_sigma_w, fixed_point, trajectory
from wi_docs.experiments.propagation import propagate, rms
from wi_docs.nn.initializers import lecun_normal
from wi_docs.nn.network import MLP
from wi_docs.pages.claims import Result, also, claim, mean_of, near, require

SEEDS = range(8)


def settled(phi, sigma_w, sigma_b=0.0):
    """Return the correlation at which two different inputs settle by theory: from 1/2 in layer 1, that in layer 401."""
    scales = {"sigma_w": sigma_w, "sigma_b": sigma_b}
    # A correlation of 1 stays 1, even where it is unstable. From a half the path goes to the stable value: at
    # sigma_w = 2 without biases it is there to 3e-4 after 60 layers, and to rounding after 400.
    path = trajectory(phi, q=fixed_point(phi, **scales).q_star, correlation=0.5, **scales)
    return next(itertools.islice(path, 400, None)).correlation


def cosine(z):
    """Return the mean cosine between the rows of `z`."""
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    # Each pair of different rows once: the entries above the diagonal.
    return float((z @ z.T)[np.triu_indices(len(z), 1)].mean())


@claim(
    what="size of the smaller input over that of the larger, after ten layers at twice LeCun's scale",
    source="@poole2016, equation 3",
)
def lengths_settle_in_a_few_layers() -> Result:
    """In a tanh network without biases at twice LeCun's scale, inputs of size 0.1 and inputs of size 10 have the same
    size after ten layers; at LeCun's own scale the one is still {slow:.2f} of the other.
    """

    def ratio(g):
        logs = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            net = MLP([512] * 11, "tanh", lambda rng, shape: lecun_normal(rng, shape, g), rng, output="tanh")
            conditions.network(net, rng)
            conditions.say(data="normal inputs", scheme="lecun_normal", gain=g, seeds=seed)
            x = rng.standard_normal((16, 512))
            # The same inputs and weights; only the size of the inputs differs.
            small, large = (net.forward(size * x).pre_activations[-1] for size in (0.1, 10.0))
            logs.append(np.log(rms(small) / rms(large)))
        return logs

    def theory(g):
        # The first layer multiplies by sigma_w alone, since its inputs have passed no activation; nine maps lead
        # to layer 10.
        small, large = (
            next(itertools.islice(trajectory("tanh", sigma_w=g, q=(g * size) ** 2), 9, None)).q for size in (0.1, 10.0)
        )
        return math.sqrt(small / large)

    slow = np.exp(ratio(1.0))
    # A linear network would leave the inputs a hundred times apart.
    kept = {"they keep their ratio": 0.1 / 10.0}
    also("at LeCun's own scale", mean_of(slow, theory(1.0), kept | {"forgotten": theory(2.0)}, width=512))
    return mean_of(
        np.exp(ratio(2.0)),
        theory(2.0),
        kept | {"as at LeCun's own scale": float(np.mean(slow))},
        width=512,
        slow=float(np.mean(slow)),
    )


@claim(
    what=r"relative difference between the slope and $\chi_1$, the largest of four points",
    source="@poole2016, section 2; @schoenholz2017, equation 5",
)
def slope_of_the_correlation_map_is_chi() -> Result:
    r"""The slope of the map at $c = 1$ is $\chi_1$, the same number that multiplies the gradient."""
    worst, root = 0.0, np.inf
    # At a bias of 0.3 the edge is at 1.396: one point in order, one at the edge, one in chaos. The last one is far in
    # chaos.
    for sigma_w, sigma_b in ((0.9, 0.3), (1.4, 0.3), (2.0, 0.3), (3.0, 0.1)):
        point = fixed_point("tanh", sigma_w=sigma_w, sigma_b=sigma_b)
        up = correlation_map("tanh", 1.0, point.q_star, sigma_w=sigma_w, sigma_b=sigma_b)
        # A one-sided difference, for a correlation cannot exceed 1.
        down = correlation_map("tanh", 1 - 1e-7, point.q_star, sigma_w=sigma_w, sigma_b=sigma_b)
        slope = (up - down) / 1e-7
        worst = max(worst, abs(slope / point.chi_1 - 1))
        root = min(root, abs(slope / point.chi_1**0.5 - 1))
    return near(worst, 0.0, 1e-4, "a difference quotient of step 1e-7, four points", {"its root": root})


@claim(what="cosine of the two inputs after 60 layers", source="@poole2016, section 2")
def chaos_parts_inputs() -> Result:
    """At twice LeCun's scale and with biases of deviation 0.5 two inputs that differ by one degree have a cosine of
    {measured:.1f} after {depth:.0f} layers, where theory has them settle.
    """
    depth, width, found = 60, 600, []
    conditions.say(
        activation="tanh", gain=2.0, biases="set", depth=depth, width=width, data="normal inputs", seeds=SEEDS
    )
    for seed in SEEDS:
        # Drawn by hand and not by `propagate`, so that theory is held against code that it shares nothing with.
        rng = np.random.default_rng([seed, 1])
        a = rng.standard_normal((2, width))
        # Two random vectors are nearly orthogonal and equally long, so that the sum lies one degree from the first.
        a[1] = a[0] + math.tan(math.radians(1)) * a[1]
        for _ in range(depth):
            # sigma_w = 2 and sigma_b = 0.5, written out.
            z = a @ (2.0 * rng.standard_normal((width, width)) / width**0.5) + 0.5 * rng.standard_normal(width)
            a = np.tanh(z)
        found.append(cosine(z))
    return mean_of(
        found,
        settled("tanh", 2.0, 0.5),
        {
            # The two starting points lie on either side: biases give all inputs something in common.
            "they stay together": math.cos(math.radians(1)),
            "they become unrelated, as without biases": settled("tanh", 2.0),
        },
        width=width,
        depth=depth,
    )


@claim(what="factor of a layer on one minus the cosine", source="@poole2016, section 2")
def order_merges_inputs() -> Result:
    r"""Below the edge and with biases, once two inputs are nearly alike, each tanh layer multiplies one minus their
    cosine by about $\chi_1$.
    """
    found = []
    for seed in SEEDS:
        z = propagate(
            "tanh", "lecun_normal", depth=14, width=800, batch=16, gain=0.9, sigma_b=0.5, seed=seed
        ).pre_activations
        apart = [1 - cosine(layer) for layer in z]
        # From layer 5 to layer 13, when the variance has settled and inputs are alike enough for a first order.
        found.append((apart[12] / apart[4]) ** (1 / 8))
    return mean_of(
        found,
        fixed_point("tanh", sigma_w=0.9, sigma_b=0.5).chi_1,
        {
            "by its root": fixed_point("tanh", sigma_w=0.9, sigma_b=0.5).chi_1 ** 0.5,
            "as the weights' square": 0.9**2,
            # Chi is 1 there. It is computed, as the number of each wrong statement has to be.
            "not at all, as at the edge": fixed_point(
                "tanh", sigma_w=critical_sigma_w("tanh", sigma_b=0.5), sigma_b=0.5
            ).chi_1,
        },
        width=800,
    )


@claim(
    what="one minus the cosine in the last layer, over that in the first",
    source="",
    proof="tanh(z)^2 is at most z^2, so that the variance falls by sigma_w^2 a layer or more",
)
def without_biases_angles_are_kept() -> Result:
    """Without biases 60 layers of tanh below the edge, 400 wide, shrink unrelated inputs of size 1 towards 0, and keep
    one minus their cosine, averaged over pairs, to a few percent.
    """
    kept, size = [], []
    for seed in SEEDS:
        z = propagate("tanh", "lecun_normal", depth=60, width=400, batch=16, gain=0.9, seed=seed).pre_activations
        kept.append((1 - cosine(z[-1])) / (1 - cosine(z[0])))
        size.append(rms(z[-1]) / rms(z[0]))
    # Theory gives 0.9^59 at most from the first layer to the last; the exponent of 50 leaves room for the finite
    # width.
    require(max(size) < 0.9**50, f"the signal is still there: {max(size):.1e} of it")
    # The control has the same sigma_w, and biases: with them one minus the cosine is multiplied by chi a layer.
    merged = fixed_point("tanh", sigma_w=0.9, sigma_b=0.5).chi_1
    return mean_of(
        kept, 1.0, {"as with biases of deviation 0.5": merged**59, "by 0.81 a layer": 0.9 ** (2 * 59)}, width=400
    )


@claim(what="reach at a distance of 0.5 % from the edge, over that at 5 %", source="@schoenholz2017, section 3")
def reach_grows_like_one_over_distance() -> Result:
    """Close above tanh's edge with biases of deviation 0.3, a gradient reaches about ten times as far if the weights
    are ten times closer to the edge: 0.5 % above the edge in place of 5 %.
    """
    edge = critical_sigma_w("tanh", sigma_b=0.3)
    # At distances of 5 % and 0.5 % from the edge; more layers are followed, for near the edge the variance settles
    # slowly.
    reach = [
        1 / abs(math.log(fixed_point("tanh", sigma_w=edge * (1 + far), sigma_b=0.3, layers=4000).chi_1))
        for far in (0.05, 0.005)
    ]
    closer = 0.05 / 0.005
    return near(
        reach[1] / reach[0],
        closer,
        2 * 0.05 * closer,
        "the next term of the series, at a distance of five percent: twice that",
        {"like the root": closer**0.5, "like the square": closer**2},
    )


@claim(
    what="growth of the variance in a layer, for biases of deviation 0.3",
    source="@hayou2019",
    proof="at sigma_w^2 = 2 the length map is q + sigma_b^2",
)
def relu_has_a_point() -> Result:
    """ReLU has no edge but a point: with any bias at He's scale its variance grows by the same
    amount at every layer.
    """
    layers = itertools.islice(trajectory("relu", sigma_w=2**0.5, sigma_b=0.3), 21)
    # q' = q + sigma_b^2 at He's scale: steps of 0.09.
    steps = [after.q - before.q for before, after in itertools.pairwise(layers)]
    # The control at the same scale has an edge, and its variance settles.
    settled_tanh = [layer.q for layer in itertools.islice(trajectory("tanh", sigma_w=2**0.5, sigma_b=0.3), 21)]
    worst = max(steps, key=lambda step: abs(step - 0.3**2))
    # A variance that doubles from 1 grows by 2^19 into layer 20.
    wrong = {"it settles, as tanh": settled_tanh[-1] - settled_tanh[-2], "it doubles": 2.0**19}
    return near(worst, 0.3**2, 1e-9, "quadrature; the worst of twenty layers", wrong)
