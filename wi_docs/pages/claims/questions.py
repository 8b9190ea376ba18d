"""Claims of the page Questions People Ask."""

import math

import numpy as np

from wi_docs.experiments import digits
from wi_docs.experiments.propagation import propagate
from wi_docs.nn.activations import activation
from wi_docs.nn.initializers import he_normal, lecun_normal, prior_bias
from wi_docs.nn.network import MLP, normalize, softmax_cross_entropy
from wi_docs.pages.claims import Result, above, also, claim, mean_of, near

SEEDS = range(8)


def first_loss(deviation, *, tied, seed, branches=4):
    """Return the first loss of a model of 1,000 words and 256 features, with random words and labels.

    An embedding of the given deviation starts the stream, and each normalized branch adds a mean square of about 1 to
    it. The logits are the normalized stream times the output matrix, which is the embedding if `tied`.
    """
    rng = np.random.default_rng(seed)
    words, labels = rng.integers(1000, size=200), rng.integers(1000, size=200)
    E = deviation * rng.standard_normal((1000, 256))
    s = E[words]
    for _ in range(branches):
        branch = np.maximum(normalize(s, 1)[0] @ he_normal(rng, (256, 1024)), 0.0)
        s = s + branch @ lecun_normal(rng, (1024, 256))
    out = E if tied else deviation * rng.standard_normal((1000, 256))
    return softmax_cross_entropy(normalize(s, 1)[0] @ out.T, labels)[0]


@claim(source="pytorch/pytorch issue 3121")
def tied_embeddings_start_loud() -> Result:
    """With 1,000 words, 256 features and PyTorch's embedding of deviation 1, a normalized stream of four branches
    starts at a loss of {measured:.0f} if the embedding is the output matrix too, and at {untied:.0f} from an output
    matrix of its own of that deviation, where ln 1000 = {even:.1f} would be even-handed.
    """
    tied, untied = ([first_loss(1.0, tied=both, seed=seed) for seed in SEEDS] for both in (True, False))
    # Apart, the logits are normal with a deviation of 16, and the largest of a thousand stands where this integral
    # says.
    x = np.linspace(-8, 8, 4001)
    chance = np.array([0.5 * math.erfc(-v / 2**0.5) for v in x]) ** 1000
    largest = 16 * float(np.trapezoid(x * np.gradient(chance, x), x))
    alone = near(
        np.mean(untied), largest, 0.1 * largest, "what the logarithm of a sum adds", {"ln 1000": math.log(1000)}
    )
    also("an output matrix of its own", alone)
    own = 256 / 5**0.5  # the word's own row is one part in five of the stream's mean square
    return near(
        float(np.mean(tied)),
        own,
        0.05 * own,
        "5 %: the branches add a little to the word's own logit or take from it",
        {
            "an output matrix of its own": float(np.mean(untied)),
            "as without branches": 256.0,
            "ln 1000": math.log(1000),
        },
        untied=float(np.mean(untied)),
        even=math.log(1000),
    )


@claim(source="@radford2019")
def small_embeddings_start_even() -> Result:
    """A deviation of 0.02, as in GPT-2, starts at {measured:.1f} either way."""
    tied, untied = ([first_loss(0.02, tied=both, seed=seed) for seed in SEEDS] for both in (True, False))
    # ln E e^z = s^2 / 2 for normal logits of deviation s.
    expected = math.log(1000) + 0.02**2 * 256 / 2  # normal logits of deviation 0.32
    return near(
        max(np.mean(tied), np.mean(untied)),
        expected,
        0.05,
        "4 standard errors over 1,600 labels",
        {
            "as from a deviation of 1": first_loss(1.0, tied=False, seed=0),
            "0.2 in place of 0.02": math.log(1000) + 0.2**2 * 256 / 2,
        },
    )


@claim(source="@lin2017, section 4.1")
def magic_number_is_a_tenth() -> Result:
    r"""It is $-\ln((1 - \pi)/\pi)$ with $\pi = 0.1$, or {exact:.4f}, cut to two decimals."""
    said = float(activation("sigmoid").f(-2.19))
    return near(
        said,
        0.1,
        0.001,
        "two decimals",
        {"one in a hundred": 0.01, "even odds": 0.5, "one over e squared": math.exp(-2.19)},
        exact=prior_bias(0.1),
    )


@claim(source="@lin2017, section 4.1")
def prior_saves_the_first_steps() -> Result:
    """With one example in a hundred positive, a bias of zero starts at a loss of {zero:.2f} and the prior's bias at
    {measured:.3f}, the least that a constant can reach.
    """
    share = 0.01

    def loss(bias):
        said = float(activation("sigmoid").f(bias))
        return -share * math.log(said) - (1 - share) * math.log(1 - said)

    best = min(loss(b) for b in np.linspace(-8, 2, 1001))
    return near(
        loss(prior_bias(share)),
        best,
        1e-5,
        "a grid of biases with step 0.01",
        {"zero": loss(0.0), "the wrong sign": loss(-prior_bias(share))},
        zero=loss(0.0),
    )


def _off(depth, seed):
    """Return the share of units of each layer that are off for all of 256 digits."""
    net = MLP([64] + [256] * depth, "relu", "he_normal", np.random.default_rng(seed), output="relu")
    return [float((z <= 0).all(axis=0).mean()) for z in net.forward(digits.load().train_x[:256]).pre_activations]


@claim(source="@lu2020")
def dead_units_are_born_deep() -> Result:
    """In networks of width 256 at He's scale, {first:.0f} % of the units of the first layer are off for all of 256
    digits, and {percent:.0f} % in layer 20.
    """
    shares = np.array([_off(20, seed) for seed in SEEDS])
    late = float(shares[:, -1].mean())
    return above(
        late - float(shares[:, 0].mean()),
        0.1,
        "difference of the shares, a mean over 8 networks of width 256",
        {"depth does not matter": 0.0},
        first=100 * float(shares[:, 0].mean()),
        percent=100 * late,
    )


@claim(source="@cho2009")
def they_are_off_because_inputs_are_alike() -> Result:
    r"""If two inputs have correlation $c$ in a layer, a unit is off for both with a chance of
    $\tfrac12 - \arccos(c)/(2\pi)$, one in four for unrelated inputs and one in two for equal ones.
    """
    found, theory = [], []
    for seed in range(16):
        z = propagate("relu", "he_normal", depth=10, width=1000, batch=2, seed=seed).pre_activations[-1]
        c = z[0] @ z[1] / np.linalg.norm(z[0]) / np.linalg.norm(z[1])
        found.append(float((z <= 0).all(axis=0).mean()))
        theory.append(0.5 - math.acos(c) / (2 * math.pi))
    # The root of 16 seeds is 4.
    error = float(np.std(np.subtract(found, theory), ddof=1)) / 4
    return near(
        np.mean(found),
        np.mean(theory),
        4 * error,
        "4 standard errors over 16 networks, in layer 10",
        {
            "one in four in any case": 0.25,
            "one in two": 0.5,
            "without the half in front of the angle": 0.5 - 2 * (0.5 - float(np.mean(theory))),
        },
    )


@claim(source="Modalities/modalities issue 161")
def variance_for_deviation_dies() -> Result:
    """Passed where a deviation is wanted, He's variance divides the signal by {factor:.0f} at every layer of width
    512.
    """
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, W = rng.standard_normal((64, 512)), he_normal(rng, (512, 512)) * (2 / 512) ** 0.5
        found.append(np.sqrt((np.maximum(x @ W, 0) ** 2).mean() / (x**2).mean()))
    # sqrt(2/512) = 1/16: a deviation of 2/n in place of the root of 2/n.
    return mean_of(found, 1 / 16, {"nothing happens": 1.0, "by n": 1 / 512}, factor=1 / np.mean(found))
