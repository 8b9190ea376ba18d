"""Claims of the page Predicted: numbers that other texts printed, and how far they are from what theory gives."""

import itertools
import math

import numpy as np

from wi_docs.activations import activation
from wi_docs.claims import Result, below, claim
from wi_docs.gains import gain, second_moment
from wi_docs.meanfield import fixed_point
from wi_docs.network import MLP, squared_error
from wi_docs.propagation import product_spectrum, propagate


def apart(printed, predictions, wrong: dict[str, float]) -> Result:
    """Judge printed numbers by the spread of the same experiment over seeds: at most three standard deviations."""
    printed, samples = np.atleast_1d(printed), np.asarray(list(predictions))
    theory, sd = samples.mean(axis=0), samples.std(axis=0, ddof=1)
    worst = int(np.argmax(np.abs((printed - theory) / sd).ravel()))
    theory, sd = (np.broadcast_to(v, printed.shape).ravel() for v in (theory, sd))
    z = (printed.ravel() - theory) / sd
    others = {name: float(np.abs((value - theory) / sd).max()) for name, value in wrong.items()}
    return below(
        np.abs(z).max(), 3.0, f"standard deviations of the same experiment over {len(samples)} seeds",
        others, printed=float(printed.ravel()[worst]), theory=float(theory[worst]), sd=float(sd[worst]),
    )  # fmt: skip


@claim(source="@zhang2023, section 5.4")
def product_of_100_matrices() -> Result:
    """Its three versions print products of 100 further 4×4 normal matrices with entries up to 2e23, 2e25 and 5e27; the mean of the three logarithms is {printed:.1f}, and theory says {theory:.1f}, give or take {sd:.1f}."""
    seeds = [math.log(product_spectrum("lecun_normal", depth=101, width=4, gain=2.0, seed=s)[0]) for s in range(300)]
    return apart(
        np.log([2e23, 2e25, 5e27]).mean(),
        np.reshape(seeds, (100, 3)).mean(axis=1),
        {"the mean square, 4 a factor": 101 * math.log(2), "no growth": 0.0},
    )


@claim(source="@howard2020, chapter 17")
def fifty_relu_layers() -> Result:
    r"""Fifty ReLU layers of 100 units at $1/\sqrt n$ leave entries of 1.1e-8 to 4.9e-8; theory expects their rms near $e^{{{theory:.1f}}}$, give or take a factor of $e^{{{sd:.1f}}}$."""
    block = np.array([[1.9689, 4.2820], [1.6701, 4.3501], [1.0976, 3.0411], [1.8457, 4.9469], [1.9949, 4.1643]]) * 1e-8
    printed = math.log(math.sqrt((block**2).sum() / 25))
    samples = []
    for seed in range(100):
        z = np.maximum(
            propagate("relu", "lecun_normal", depth=50, width=100, batch=5, seed=seed).pre_activations[-1][:, :5], 0
        )
        if z.any():
            samples.append(math.log(math.sqrt((z**2).mean())))
    return apart(printed, samples, {"nothing is lost": math.log(0.7), "a half a layer": -50 * math.log(2)})


def _one_layer(scale):
    for seed in range(200):
        rng = np.random.default_rng(seed)
        a = activation("relu").f(rng.standard_normal((200, 100)) @ (scale * rng.standard_normal((100, 50))))
        yield [a.mean(), a.std()]


@claim(source="@howard2020, chapter 17")
def one_relu_layer() -> Result:
    r"""One ReLU layer at $1/\sqrt n$ has a mean of 0.3961 and a deviation of 0.5783."""
    return apart(
        [0.3961, 0.5783], _one_layer(0.1), {"the second moment for the deviation": second_moment("relu") ** 0.5}
    )


@claim(source="@howard2020, chapter 17")
def one_relu_layer_at_he() -> Result:
    r"""With $\sqrt{{2/n}}$ the two become 0.5661 and 0.8339."""
    return apart([0.5661, 0.8339], _one_layer(math.sqrt(2 / 100)), {"a deviation of 1": 1.0})


@claim(source="@nielsen2015, chapter 5")
def gradient_of_a_layer_over_the_next() -> Result:
    """In three networks the gradient of one hidden layer over that of the next is 0.17 to 0.25; theory says {theory:.2f}, give or take {sd:.2f}."""
    norms = ((0.0657, 0.3092), (0.0118, 0.0600, 0.2831), (0.00298, 0.0171, 0.0695, 0.2851))
    printed = [a / b for row in norms for a, b in itertools.pairwise(row)]

    def seeds():
        for seed in range(200):
            rng = np.random.default_rng(seed)
            net = MLP([784, 30, 30, 30, 30, 10], "sigmoid", "lecun_normal", rng, output="sigmoid")
            net.b = [rng.standard_normal(len(b)) for b in net.b]
            run = net.forward(rng.random((100, 784)) * (rng.random((100, 784)) < 0.2))
            target = np.eye(10)[rng.integers(10, size=100)]
            sizes = [np.linalg.norm(b) for b in net.backward(run, squared_error(run.output, target)[1]).b[:4]]
            yield from (a / b for a, b in itertools.pairwise(sizes))

    return apart(
        printed,
        seeds(),
        {"tanh's at this scale": fixed_point("tanh", sigma_w=1.0, sigma_b=1.0).chi_1 ** 0.5, "it is kept": 1.0},
    )


@claim(source="pytorch/pytorch pull request 50664")
def selu_at_three_quarters() -> Result:
    """From layer 31 on its author prints deviations of 0.194 to 0.209; theory puts the fixed point at {theory:.3f}, give or take {sd:.3f}."""
    samples = [
        a
        for s in range(6)
        for a in propagate("selu", "lecun_normal", depth=61, width=1000, batch=16, gain=0.75, seed=s).forward_rms[
            30::10
        ]
    ]
    return apart(
        [0.2062, 0.2056, 0.2044, 0.2005, 0.2042, 0.1944, 0.2085], samples, {"1, as the paper of SELU wants": 1.0}
    )


@claim(source="@glorot2010, section 4.2.2")
def glorot_mean_singular_values() -> Result:
    r"""Glorot and Bengio report a mean singular value of a layer's Jacobian of about 0.8 for their scheme and 0.5 for the standard one; a linear layer would have $8/(3\pi)$ = {linear:.2f}, and {standard:.2f}."""
    linear = np.mean([product_spectrum("glorot_uniform", depth=1, width=500, seed=s).mean() for s in range(3)])
    theory = 8 / (3 * math.pi)
    if abs(linear - theory) > 0.005:
        return below(abs(linear - theory), 0.005, "measured against the quarter-circle law", {"1": 1 - theory})
    worst = max(abs(0.8 - theory), abs(0.5 - theory / math.sqrt(3)))
    return below(
        worst,
        0.05,
        "their one decimal",
        {"a variance, 1 and 1/3": 0.5 - 1 / 3, "a deviation, 1 and 0.58": 0.2},
        linear=theory,
        standard=theory / math.sqrt(3),
    )


@claim(source="pytorch/pytorch issue 24991")
def gains_by_deviation() -> Result:
    r"""The posted gains are one over the *deviation* of $\varphi(z)$: ReLU 1.7068, sigmoid 4.809, tanh 1.5976, SELU 1.0003, ELU 1.2695."""
    names = ("relu", "sigmoid", "tanh", "selu", "elu")

    def seeds():
        for s in range(40):
            x = np.random.default_rng(s).standard_normal(100_000)
            yield [x.std() / activation(name).f(x).std() for name in names]

    return apart(
        [1.7068, 4.8091, 1.5976, 1.0003, 1.2695], seeds(), {"one over the root mean square, for ReLU": gain("relu")}
    )
