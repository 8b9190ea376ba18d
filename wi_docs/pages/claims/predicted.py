"""Claims of the page Predicted: numbers that other texts printed, and how far they are from what theory gives."""

import itertools
import math
from typing import Any

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.meanfield import fixed_point
from wi_docs.experiments.propagation import propagate
from wi_docs.nn.activations import activation
from wi_docs.nn.gains import gain, second_moment
from wi_docs.nn.network import MLP, squared_error
from wi_docs.pages.claims import Result, above, also, below, claim, mean_of, near, require


def apart(printed, predictions, wrong: dict[str, Any]) -> Result:
    """Return the result that printed numbers lie within three standard deviations of our own runs' mean.

    The runs repeat the experiment of the other text.

    Args:
        printed: the numbers that the other text printed.
        predictions: the same numbers from our runs, a row for each seed.
        wrong: the numbers that wrong statements would give, with NaN for those on which a statement says nothing.
    """
    printed, samples = np.atleast_1d(printed), np.asarray(list(predictions))
    # The deviation of single runs and not the error of their mean: the other text printed one run.
    theory, sd = samples.mean(axis=0), samples.std(axis=0, ddof=1)
    # The printed number that is farthest from theory decides, and is the one that the sentence names.
    worst = int(np.argmax(np.abs((printed - theory) / sd).ravel()))
    theory, sd = (np.broadcast_to(v, printed.shape).ravel() for v in (theory, sd))
    z = (printed.ravel() - theory) / sd
    # A wrong statement has to miss one of the numbers by more than three deviations too.
    others = {name: float(np.nanmax(np.abs((np.asarray(value) - theory) / sd))) for name, value in wrong.items()}
    return below(
        np.abs(z).max(), 3.0, f"standard deviations of the same experiment over {len(samples)} seeds",
        others, printed=float(printed.ravel()[worst]), theory=float(theory[worst]), sd=float(sd[worst]),
    )  # fmt: skip


@claim(
    what="distance of what was printed from what is expected, in standard deviations",
    source="@zhang2023, section 5.4",
    untouched="it multiplies its matrices in numpy and uses nothing of the package",
)
def product_of_100_matrices() -> Result:
    """Its three versions print products of 100 further 4×4 normal matrices with entries up to 2e23, 2e25 and 5e27;
    the mean of the three logarithms is {printed:.1f}, and {theory:.1f} is to be expected, give or take {sd:.1f}.
    """
    logs = []
    conditions.say(matrix=4, depth=100, draws=300)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        product = rng.standard_normal((4, 4))
        for _ in range(100):
            product = product @ rng.standard_normal((4, 4))
        # The book prints whole matrices, whose largest entry is read off.
        logs.append(math.log(np.abs(product).max()))
    return apart(
        np.log([2e23, 2e25, 5e27]).mean(),
        # It has three versions. So the mean of three logarithms is compared, and its deviation is that over 100
        # triples.
        np.reshape(logs, (100, 3)).mean(axis=1),
        # A factor of 4 x 4 normal entries multiplies the mean square by 4 and the root by 2; there are 101 of them.
        {"the mean square, 4 a factor": 101 * math.log(2), "no growth": math.log(1)},
    )


# The corner of the activations that the book prints: five inputs, and the two of five units that are not 0.
BLOCK = np.array([[1.9689, 4.2820], [1.6701, 4.3501], [1.0976, 3.0411], [1.8457, 4.9469], [1.9949, 4.1643]]) * 1e-8


@claim(
    what="least cosine between two rows",
    source="@howard2020, chapter 17",
    untouched="it reads off numbers that a book printed",
)
def rows_point_one_way() -> Result:
    """In the two units that are not 0 they point in one direction, with cosines of {cosine:floor.3} or more, and differ
    in length.
    """
    lengths = np.linalg.norm(BLOCK, axis=1)
    unit = BLOCK / lengths[:, None]
    cosine = float((unit @ unit.T).min())
    require(
        lengths.max() / lengths.min() > 1.2, f"the rows hardly differ in length, by {lengths.max() / lengths.min():.2f}"
    )
    rng = np.random.default_rng(0)
    conditions.say(draws=1000)
    # As a control, five rows of two random positive numbers each.
    positive = np.abs(rng.standard_normal((1000, 5, 2)))
    positive /= np.linalg.norm(positive, axis=2, keepdims=True)
    return above(
        cosine,
        0.99,
        "least cosine of two rows, over the two units that are on",
        {
            "two random positive entries, their median": float(
                # The least cosine among the five rows of each draw.
                np.median(np.einsum("nia,nja->nij", positive, positive).min(axis=(1, 2)))
            )
        },
        # Rounded down, so that "or more" stays true.
        cosine=math.floor(1000 * cosine) / 1000,
    )


@claim(
    what="distance of what was printed from what is expected, in standard deviations", source="@howard2020, chapter 17"
)
def fifty_relu_layers() -> Result:
    r"""Fifty ReLU layers of 100 units at $1/\sqrt n$ and without biases leave entries of 1.1e-8 to 4.9e-8; the rms of
    the printed block, zeros included, is to be expected near $e^{{{theory:.1f}}}$, give or take a factor of
    $e^{{{sd:.1f}}}$.
    """
    # Over all 25 printed entries, of which 15 are 0.
    printed = math.log(math.sqrt((BLOCK**2).sum() / 25))
    samples = []
    for seed in range(100):
        # The same corner of each network: five inputs and the first five units.
        z = np.maximum(
            propagate("relu", "lecun_normal", depth=50, width=100, batch=5, seed=seed).pre_activations[-1][:, :5], 0
        )
        # A corner of zeros has no logarithm, and is left out.
        if z.any():
            samples.append(math.log(math.sqrt((z**2).mean())))
    # Nothing lost would leave the rms that ReLU gives at variance 1, the root of 1/2.
    return apart(printed, samples, {"nothing is lost": math.log(0.7), "a half a layer": -50 * math.log(2)})


def _one_layer(scale):
    """Yield the mean and the deviation of a ReLU layer's activations for each of 200 seeds.

    The layer has 100 inputs and 50 units, and its weights have the deviation `scale`.
    """
    for seed in range(200):
        rng = np.random.default_rng(seed)
        conditions.say(activation="relu", width=(100, 50), data="normal inputs", seeds=seed)
        a = activation("relu").f(rng.standard_normal((200, 100)) @ (scale * rng.standard_normal((100, 50))))
        yield [a.mean(), a.std()]


@claim(
    what="distance of what was printed from what is expected, in standard deviations", source="@howard2020, chapter 17"
)
def one_relu_layer() -> Result:
    r"""One ReLU layer at $1/\sqrt n$ has a mean of 0.3961 and a deviation of 0.5783."""
    return apart(
        [0.3961, 0.5783],
        # 1 / sqrt(100).
        _one_layer(0.1),
        {"the second moment for the deviation": [np.nan, second_moment("relu") ** 0.5], "a mean of 0": [0.0, np.nan]},
    )


@claim(
    what="distance of what was printed from what is expected, in standard deviations", source="@howard2020, chapter 17"
)
def one_relu_layer_at_he() -> Result:
    r"""With $\sqrt{{2/n}}$ the two become 0.5661 and 0.8339."""
    return apart([0.5661, 0.8339], _one_layer(math.sqrt(2 / 100)), {"a deviation of 1": [np.nan, 1.0]})


@claim(
    what="distance of what was printed from what is expected, in standard deviations", source="@nielsen2015, chapter 5"
)
def gradient_of_a_layer_over_the_next() -> Result:
    """In three networks the gradient of one hidden layer over that of the next is 0.17 to 0.25;
    {theory:.2f} is to be expected, give or take {sd:.2f}.
    """
    norms = ((0.0657, 0.3092), (0.0118, 0.0600, 0.2831), (0.00298, 0.0171, 0.0695, 0.2851))
    printed = [a / b for row in norms for a, b in itertools.pairwise(row)]

    def seeds():
        for seed in range(200):
            rng = np.random.default_rng(seed)
            net = MLP([784, 30, 30, 30, 30, 10], "sigmoid", "lecun_normal", rng, output="sigmoid")
            # The book's network: biases of deviation 1, and images of which about a fifth of the pixels are not 0.
            net.b = [rng.standard_normal(len(b)) for b in net.b]
            conditions.network(net, rng)
            conditions.say(scheme="lecun_normal", data="sparse inputs", seeds=seed)
            run = net.forward(rng.random((100, 784)) * (rng.random((100, 784)) < 0.2))
            target = np.eye(10)[rng.integers(10, size=100)]
            # The size of a layer's gradient is the norm of its biases' derivatives, in the four hidden layers.
            sizes = [np.linalg.norm(b) for b in net.backward(run, squared_error(run.output, target)[1]).b[:4]]
            yield [a / b for a, b in itertools.pairwise(sizes)]

    samples = np.array(list(seeds()))
    order = [2, 1, 2, 0, 1, 2]  # which pair of layers each printed ratio is of, counted from the first of four
    return apart(
        printed,
        # (200 seeds, 6 ratios).
        samples[:, order],
        {
            "tanh's at this scale": fixed_point("tanh", sigma_w=1.0, sigma_b=1.0).chi_1 ** 0.5,
            "it is kept": printed[0] / printed[0],
        },
    )


@claim(
    what="distance of what was printed from what is expected, in standard deviations",
    source="pytorch/pytorch pull request 50664",
)
def selu_at_three_quarters() -> Result:
    """From SELU's layer 31 on its author prints deviations of 0.194 to 0.209; {theory:.3f} is to be expected, give or
    take {sd:.3f}.
    """
    selu = activation("selu").f
    # Layers 31, 41, 51 and 61 of each network: by then the deviation has settled.
    samples = [
        selu(z).std()
        for s in range(6)
        for z in propagate("selu", "lecun_normal", depth=61, width=1000, batch=16, gain=0.75, seed=s).pre_activations[
            30::10
        ]
    ]
    return apart(
        [0.2062, 0.2056, 0.2044, 0.2005, 0.2042, 0.1944, 0.2085],
        samples,
        {"1, as the paper of SELU wants": second_moment("selu") ** 0.5},
    )


@claim(
    what="mean singular value of the last layer's Jacobian, from Glorot's scheme", source="@glorot2010, section 4.2.2"
)
def glorot_mean_singular_values() -> Result:
    r"""Glorot and Bengio report a mean singular value of a layer's Jacobian of about 0.8 for their scheme and 0.5 for
    the standard one; in our five layers of 300 tanh units it is {measured:.2f} and {standard:.2f} in the last.
    """

    def last(init):
        found = []
        for seed in range(3):
            rng = np.random.default_rng(seed)
            net = MLP([300] * 6, "tanh", init, rng, output="tanh")
            conditions.network(net, rng)
            conditions.say(scheme=init, data="normal inputs", seeds=seed)
            z = net.forward(rng.standard_normal((2, 300))).pre_activations[-1]
            # The Jacobian of the last layer: its weights, each column times the slope of its unit.
            found += [np.linalg.svd(net.W[-1] * activation("tanh").df(row), compute_uv=False).mean() for row in z]
        return float(np.mean(found))

    glorot, standard, kept = (last(init) for init in ("glorot_uniform", "pytorch_linear", "orthogonal"))
    also("the standard scheme", near(standard, 0.5, 0.05, "their one decimal", {"a variance, 1/3": 1 / 3}))
    return near(
        glorot,
        0.8,
        0.05,
        "their one decimal",
        {"1, which orthogonal weights come near": kept, "the standard one's": standard},
        standard=standard,
    )


@claim(
    what="distance of what was printed from what is expected, in standard deviations; the largest of six",
    source="pytorch/pytorch issue 24991",
)
def gains_by_deviation() -> Result:
    r"""The posted gains are one over the *deviation* of $\varphi(z)$: ReLU 1.7068, sigmoid 4.809, tanh 1.5976,
    SELU 1.0003, ELU 1.2695, leaky ReLU 1.5421.
    """
    names = ("relu", "sigmoid", "tanh", "selu", "elu")

    def seeds():
        for s in range(40):
            conditions.say(activation=names, draws=100_000, seeds=s)
            x = np.random.default_rng(s).standard_normal(100_000)
            leaky = np.where(x > 0, x, 0.2 * x)  # their slope
            yield [x.std() / y.std() for y in (*(activation(name).f(x) for name in names), leaky)]

    # The wrong statements are about single activations, and say nothing of the others.
    unsaid = [np.nan] * 5
    return apart(
        [1.7068, 4.8091, 1.5976, 1.0003, 1.2695, 1.5421],
        seeds(),
        {
            "one over the root mean square, for ReLU": [gain("relu"), *unsaid],
            "PyTorch's 5/3 for tanh": [np.nan, np.nan, 5 / 3, *unsaid[:3]],
        },
    )


@claim(what="rms of the activations in layer 60", source="pytorch/pytorch pull request 50664")
def stable_is_not_self_normalizing() -> Result:
    """At gain 3/4 the activations of wide SELU layers settle at {measured:.1f} of the size that SELU was made to
    keep.
    """

    def sizes(g):
        return [
            propagate("selu", "lecun_normal", depth=60, width=512, batch=16, gain=g, seed=s).forward_rms[-1]
            for s in range(4)
        ]

    # Activations, not pre-activations: the second moment of SELU at the variance that settles.
    theory = second_moment("selu", fixed_point("selu", sigma_w=0.75).q_star) ** 0.5
    wrong = {"1, as at gain 1": float(np.mean(sizes(1.0))), "it dies by a quarter a layer": 0.75**60}
    return mean_of(sizes(0.75), theory, wrong, width=512)
