"""Claims of the page Questions People Ask."""

import math

import numpy as np

from wi_docs.experiments import conditions, digits
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
    conditions.say(activation="relu", normalization="pre", blocks=branches, width=256, seeds=seed)
    words, labels = rng.integers(1000, size=200), rng.integers(1000, size=200)
    E = deviation * rng.standard_normal((1000, 256))
    s = E[words]
    for _ in range(branches):
        # He's scale in front of ReLU and LeCun's behind it keep the mean square of 1 of the normalized stream.
        branch = np.maximum(normalize(s, 1)[0] @ he_normal(rng, (256, 1024)), 0.0)
        s = s + branch @ lecun_normal(rng, (1024, 256))
    out = E if tied else deviation * rng.standard_normal((1000, 256))
    return softmax_cross_entropy(normalize(s, 1)[0] @ out.T, labels)[0]


@claim(what="first loss where the embedding is the output matrix too", source="pytorch/pytorch issue 3121")
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
    # The label is random and its own logit 0 on average, so that the loss is about the largest logit.
    alone = near(
        np.mean(untied), largest, 0.1 * largest, "what the logarithm of a sum adds", {"ln 1000": math.log(1000)}
    )
    also("an output matrix of its own", alone)
    fewer = near(
        np.mean([first_loss(1.0, tied=True, seed=seed, branches=1) for seed in SEEDS]),
        # After one branch the word's own row is half of the stream's mean square: its logit is 256 over the root of 2.
        256 / 2**0.5,
        0.05 * 256 / 2**0.5,
        "5 %, as below",
        {"as with four branches": float(np.mean(tied))},
    )
    also("one branch", fewer)
    own = 256 / 5**0.5  # the word's own row is one part in five of the stream's mean square
    return near(
        float(np.mean(tied)),
        own,
        0.05 * own,
        "5 %: the branches add a little to the word's own logit or take from it",
        {
            "an output matrix of its own": float(np.mean(untied)),
            "as without branches": 256.0 * 1.0**2,  # a normalized row times itself
            "ln 1000": math.log(1000),
        },
        untied=float(np.mean(untied)),
        even=math.log(1000),
    )


@claim(what="first loss, the larger of the two networks", source="@radford2019")
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


@claim(what="the middle of the numbers that are cut to -2.19", source="@lin2017, section 4.1")
def magic_number_is_a_tenth() -> Result:
    r"""It is $-\ln((1 - \pi)/\pi)$ with $\pi = 0.1$, or {exact:.4f}, cut to two decimals."""
    number, step = -2.19, 0.01  # cut towards 0: the exact value lies between -2.20 and -2.19
    exact = -math.log((1 - 0.1) / 0.1)
    chance = float(activation("sigmoid").f(exact))
    also("the sigmoid there", near(chance, 0.1, 1e-12, "rounding", {"without the minus": 1 - 0.1}))
    also("the package's", near(prior_bias(0.1), exact, 1e-12, "rounding", {"without the minus": -exact}))
    return near(
        number - step / 2,
        exact,
        step / 2,
        "two decimals, cut",
        {"one in a hundred": -math.log(99), "even odds": -math.log(1), "0.11": -math.log(0.89 / 0.11)},
        exact=exact,
    )


@claim(what="loss at the prior's bias", source="@lin2017, section 4.1")
def prior_saves_the_first_steps() -> Result:
    """With one example in a hundred positive, a bias of zero starts at a loss of {zero:.2f} and the prior's bias at
    {measured:.3f}, the least that a constant can reach.
    """
    share = 0.01

    def loss(bias):
        said = float(activation("sigmoid").f(bias))
        return -share * math.log(said) - (1 - share) * math.log(1 - said)

    # The least loss of a constant output is reached where it says the share itself.
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    best = min(loss(b) for b in np.linspace(-8, 2, 1001))
    also("no constant is better", above(best, entropy - 1e-12, "1,001 biases", {"half of it": entropy / 2}))
    return near(
        loss(prior_bias(share)),
        entropy,
        1e-12,
        "the entropy of the labels; rounding",
        {"zero": loss(0.0), "the wrong sign": loss(-prior_bias(share))},
        zero=loss(0.0),
    )


def _off(depth, seed, x=None):
    """Return the share of units that are off for all of the inputs `x`, by layer. `x` is 256 digits if not given."""
    rng = np.random.default_rng(conditions.seed(seed))
    net = MLP([64] + [256] * depth, "relu", "he_normal", rng, output="relu")
    conditions.network(net, rng)
    conditions.say(scheme="he_normal")
    x = digits.load().train_x[:256] if x is None else x
    return [float((z <= 0).all(axis=0).mean()) for z in net.forward(x).pre_activations]


@claim(
    what="share of the units of layer 20 that are off for each of 256 digits",
    source="@lu2020",
    proof="counted: the unit is off for each of the 256",
)
def dead_units_are_born_deep() -> Result:
    """In networks of width 256 at He's scale, {first:.0f} % of the units of the first layer are off for each of 256
    digits, and {percent:.0f} % in layer 20.
    """
    shares = np.array([_off(20, seed) for seed in SEEDS])
    first, late = float(shares[:, 0].mean()), float(shares[:, -1].mean())
    # Layers of one network are compared with each other, so that the error is that of the difference.
    error = 4 * float((shares[:, -1] - shares[:, 0]).std(ddof=1)) / len(shares) ** 0.5
    return above(
        late,
        error,
        "share in layer 20, a mean over 8 networks; it is above 0 by four standard errors of the difference",
        {"depth does not matter": first},
        first=100 * first,
        percent=100 * late,
    )


@claim(
    what="percent of the units of layer 3 that are off for each of 256 digits, pixels not centered",
)
def what_is_off_depends_on_the_inputs() -> Result:
    """In layer 3 it is {centered:.0f} % for digits that are centered and {measured:.0f} % for pixels that are not,
    which are alike to begin with.
    """
    x = digits.load().train_x[:256]
    pixels = x - x.min(axis=0)  # each pixel's least is 0 again
    # Both have a mean square of about 1, so that the scale of the weights fits both.
    centered, raw = (
        [100 * _off(3, seed, inputs)[-1] for seed in SEEDS] for inputs in (x, pixels / np.sqrt((pixels**2).mean()))
    )
    # The squared length of the mean of unit rows is the mean cosine over all pairs, each row with itself included.
    alike, apart = (
        float(np.linalg.norm((rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(axis=0)) ** 2)
        for rows in (pixels, x)
    )
    also(
        "cosine of the pixels",
        above(alike, 0.5, "more alike than not", {"as centered": apart}),
    )
    error = 4 * float(np.subtract(raw, centered).std(ddof=1)) / len(raw) ** 0.5
    return above(
        np.mean(raw),
        np.mean(centered) + error,
        "percent, means of 8 networks of width 256; apart by four standard errors",
        {"as centered": float(np.mean(centered))},
        centered=float(np.mean(centered)),
    )


@claim(what="share of the units that are off for both of two inputs, in layer 10", source="@cho2009")
def they_are_off_because_inputs_are_alike() -> Result:
    r"""If two inputs have correlation $c$ in a layer, a ReLU unit is off for both with a chance of
    $\tfrac12 - \arccos(c)/(2\pi)$, one in four for unrelated inputs and one in two for equal ones.
    """
    found, theory = [], []
    for seed in range(16):
        z = propagate("relu", "he_normal", depth=10, width=1000, batch=2, seed=seed).pre_activations[-1]
        # The cosine of the pre-activations, at which theory is asked network by network.
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
            "one in four in any case": 0.5 * 0.5,
            "one in two, as for equal inputs": 0.5 - math.acos(1) / (2 * math.pi),
            # That is 1/2 - arccos(c) / pi.
            "without the half in front of the angle": 0.5 - 2 * (0.5 - float(np.mean(theory))),
        },
    )


@claim(what="rms behind the layer over that before it", source="Modalities/modalities issue 161")
def variance_for_deviation_dies() -> Result:
    """Passed where a deviation is wanted, He's variance divides the signal by {factor:.0f} in a layer of width 512."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        conditions.say(activation="relu", width=512, data="normal inputs", seeds=seed)
        x, W = rng.standard_normal((64, 512)), he_normal(rng, (512, 512)) * (2 / 512) ** 0.5
        found.append(np.sqrt((np.maximum(x @ W, 0) ** 2).mean() / (x**2).mean()))
    # a layer's mean square is n times the weights' variance, over 2; here that variance is (2/n)^2
    theory = math.sqrt(512 * (2 / 512) ** 2 / 2)
    right = math.sqrt(512 * (2 / 512) / 2)
    return mean_of(found, theory, {"as with the right deviation": right, "by n": 1 / 512}, factor=1 / np.mean(found))
