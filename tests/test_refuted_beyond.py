"""Sentences that stood on pages beyond the first four, and did not hold: each with the counterexample that refutes it.

The counterexamples are numpy and theory alone; nothing of the package computes in them. Each says what the page said,
and a part of what it says now, which the counterexample does not touch.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from tests.pages import ROOT
from wi_docs.experiments import digits, frameworks


@dataclass(frozen=True)
class Refuted:
    """A sentence that does not hold.

    Attributes:
        counterexample: returns whether what the sentence excludes is the case.
        place: the file where it stood, below the project's root.
        said: the words that stood there.
        says: words that stand there now.
    """

    counterexample: Callable[[], bool]
    place: str
    said: str
    says: str


CASES: list[Refuted] = []


def refutes(page, said, says):
    """Keep a function as the counterexample to what a page said."""
    place = page if "/" in page else f"docs/{page}.md"

    def keep(function):
        CASES.append(Refuted(function, place, said, says))
        return function

    return keep


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.counterexample.__name__)
def test_a_refuted_sentence_is_gone_and_its_counterexample_runs(case):
    text = " ".join((ROOT / case.place).read_text(encoding="utf-8").split())
    assert case.said not in text
    assert case.says in text
    assert case.counterexample(), f"{case.counterexample.__name__} does not refute {case.said!r}"


def relu(x):
    return np.maximum(x, 0.0)


def silu(x):
    return x / (1 + np.exp(-x))


def rms(x, axis=None):
    return np.sqrt((x**2).mean(axis=axis))


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def haar(rng, n):
    Q, R = np.linalg.qr(rng.standard_normal((n, n)))
    return Q * np.sign(np.diag(R))


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / math.sqrt(2 * math.pi)


def tanh_length(q, sigma_w, sigma_b=0.0):
    return sigma_w**2 * float(np.tanh(math.sqrt(q) * NODES) ** 2 @ WEIGHTS) + sigma_b**2


def tanh_chi(q, sigma_w):
    return sigma_w**2 * float((1 - np.tanh(math.sqrt(q) * NODES) ** 2) ** 2 @ WEIGHTS)


# Ways to Initialize Weights


@refutes(
    "ways-to-initialize-weights",
    "Unless the layer is square, no variance does both.",
    "A network as a whole does not need the compromise.",
)
def fans_telescope():
    """With the fan-in the signal is kept, and the gradient up to the ratio of the ends."""
    layers = list(itertools.pairwise((300, 100, 300, 50, 500, 100, 300)))
    signal = math.prod(Fraction(n_in, n_in) for n_in, _ in layers)
    gradient = math.prod(Fraction(n_out, n_in) for n_in, n_out in layers)
    glorot = math.prod(Fraction(2 * n_in, n_in + n_out) for n_in, n_out in layers)
    return signal == gradient == 1 and glorot < Fraction(1, 5)


@refutes("ways-to-initialize-weights", "with the activation's gain", "[`orthogonal`](#orthogonal) at gain 1")
def orthogonal_tanh_explodes_at_its_gain():
    """A hundred tanh layers: the gradient grows by hundreds at the forward gain, and shrinks at a gain of 1."""

    def first_over_last(gain):
        rng, layers = np.random.default_rng(0), []
        a = rng.standard_normal((16, 64))
        for _ in range(100):
            W = gain * haar(rng, 64)
            z = a @ W
            a = np.tanh(z)
            layers.append((W, 1 - a**2))
        delta = rng.standard_normal((16, 64)) * layers[-1][1]
        last = rms(delta)
        for (W, _), (_, slope) in zip(reversed(layers[1:]), reversed(layers[:-1]), strict=True):
            delta = (delta @ W.T) * slope
        return rms(delta) / last

    return bool(first_over_last(1.5925) > 100 and first_over_last(1.0) < 1)


@refutes("ways-to-initialize-weights", "whatever the matrices were", "With mirrored blocks $Q, -Q$ over $-Q, Q$")
def mirrored_blocks_keep_directions():
    """Fifty ReLU layers of mirrored orthogonal blocks have all singular values at 1."""
    rng, n = np.random.default_rng(0), 32
    product, a = np.eye(n), rng.standard_normal(n)
    blocks = [np.block([[Q, -Q], [-Q, Q]]) for Q in (haar(rng, n) for _ in range(50))]
    for W in (blocks[0][:n], *blocks[1:-1]):
        z = a @ W
        product, a = (product @ W) * (z > 0), relu(z)
    product = product @ blocks[-1][:, :n]
    return bool(np.abs(np.linalg.svd(product, compute_uv=False) - 1).max() < 1e-12)


@refutes("ways-to-initialize-weights", "and not as a power", "in layer $l$, and not geometrically.")
def tanh_dies_as_a_power():
    """The rms of tanh at LeCun's scale falls with the power -1/2 of the layer."""
    q, sizes = 1.0, {}
    for layer in range(1, 4001):
        q = tanh_length(q, 1.0)
        sizes[layer] = math.sqrt(q)
    return abs(math.log(sizes[4000] / sizes[1000]) / math.log(4) + 0.5) < 0.01


@refutes(
    "ways-to-initialize-weights",
    "the part that tells two inputs apart dies",
    "In the same way an input that is longer than another stays longer",
)
def lengths_survive_relu():
    """Fifty ReLU layers without biases keep the factor 2 between an input and its double."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal(64)
    b = 2 * a
    for _ in range(50):
        W = rng.standard_normal((64, 64)) * math.sqrt(2 / 64)
        a, b = relu(a @ W), relu(b @ W)
    return bool(np.allclose(b, 2 * a, rtol=1e-12))


@refutes("ways-to-initialize-weights", "a size that does not run away", "A single image can be far off")
def lsuv_keeps_the_batch_and_not_the_input():
    """Twenty SiLU layers divided by their deviation: inputs lie a factor of a hundred apart."""
    rng = np.random.default_rng(0)
    a = digits.load().train_x[:256]
    for _ in range(20):
        z = a @ (rng.standard_normal((a.shape[1], 128)) / math.sqrt(a.shape[1]))
        z = z / z.std()
        a = silu(z)
    size = rms(z, axis=1)
    return bool(abs(z.std() - 1) < 1e-12 and size.max() / size.min() > 100)


@refutes(
    "ways-to-initialize-weights",
    "All units of a layer are the same unit, now and for ever",
    "if the weights behind them are equal too, and nothing else",
)
def random_outputs_part_equal_units():
    """Equal incoming weights and random outgoing ones: the gradient differs from unit to unit."""
    rng = np.random.default_rng(0)
    x, out = rng.standard_normal((8, 3)), rng.standard_normal((4, 1))
    hidden = np.tanh(x @ np.full((3, 4), 0.3))
    gradient = x.T @ (((hidden @ out) @ out.T) * (1 - hidden**2))
    return bool(np.ptp(gradient, axis=1).max() > 0.1)


# Which Gain?


@refutes("which-gain", "For hardly any other function do they.", "such as leaky ReLU and $|x|$")
def other_functions_agree():
    """The two gains of |x| and of leaky ReLU are equal."""
    slopes = ((1.0, -1.0), (1.0, 0.01), (1.0, 0.2))  # right and left of 0
    return all(
        math.isclose(
            float(np.where(NODES > 0, right * NODES, left * NODES) ** 2 @ WEIGHTS),
            float(np.where(NODES > 0, right, left) ** 2 @ WEIGHTS),
        )
        for right, left in slopes
    )


@refutes("which-gain", "grown by 16.[[claim: silu_at_he_dies]] ```pycon", "the largest input decides it")
def a_silu_batch_is_no_input():
    """At SiLU's own gain some inputs shrink and some grow, within one network."""
    rng = np.random.default_rng(0)
    gain = float(silu(NODES) ** 2 @ WEIGHTS) ** -0.5
    a, factors = rng.standard_normal((16, 256)), []
    for layer in range(30):
        a = silu(a @ (rng.standard_normal((256, 256)) / 16 * (gain if layer else 1.0)))
        factors.append(rms(a, axis=1))
    grown = factors[-1] / factors[0]
    return bool(grown.min() < 0.2 and grown.max() > 5)


@refutes("which-gain", "both directions stayed stable over a hundred layers", "fall at first, and then stay")
def selu_at_three_quarters_falls_first():
    """The deviation of SELU's activations falls by a factor of three and more before it settles."""
    rng = np.random.default_rng(0)
    a, seen = rng.standard_normal((32, 256)), []
    for _ in range(41):
        z = 0.75 * a @ rng.standard_normal((256, 256)) / 16
        a = 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))
        seen.append(a.std())
    return bool(seen[30] < 0.4 * seen[0] and 0.7 < seen[40] / seen[30] < 1.4)


# The Edge of Chaos


@refutes(
    "edge-of-chaos",
    "signals and gradients pass through any number of layers",
    "do not fade geometrically; without biases the mean square of the signal falls",
)
def on_the_edge_it_fades():
    """At LeCun's scale without biases, a point of tanh's edge, the gradient falls like a power of the depth."""
    q, size, sizes = 1.0, 1.0, {}
    for layer in range(1, 81):
        size *= math.sqrt(tanh_chi(q, 1.0))
        q = tanh_length(q, 1.0)
        sizes[layer] = size
    return sizes[80] < 0.55 * sizes[20] < 0.2


@refutes("edge-of-chaos", "All inputs end at the same point. -", "averaged over pairs, to a few percent")
def order_without_biases_keeps_angles():
    """Below the edge and without biases, sixty tanh layers hardly change the angle of two inputs."""
    kept = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        a, cosines = rng.standard_normal((2, 300)), []
        for _ in range(60):
            z = a @ (0.9 * rng.standard_normal((300, 300)) / math.sqrt(300))
            a = np.tanh(z)
            cosines.append(cosine(*z))
        kept.append((1 - cosines[-1]) / (1 - cosines[0]))
    return bool(np.mean(kept) > 0.8)  # where one minus the cosine would be 1e-5 of what it was, if inputs merged


@refutes(
    "edge-of-chaos", "Whatever size an input had, the network has forgotten it.", "the one is still 0.36 of the other"
)
def at_lecuns_scale_size_is_remembered():
    """Ten tanh layers at LeCun's scale still tell inputs of size 0.1 from inputs of size 10."""
    small, large = 0.1**2, 10.0**2
    for _ in range(9):
        small, large = tanh_length(small, 1.0), tanh_length(large, 1.0)
    return math.sqrt(small / large) < 0.4


# Residual Networks


@refutes(
    "residual-networks",
    "Who counts layers where branches are meant ends at $e^2$",
    "ends at three times the mean square.",
)
def normalized_branches_add():
    """Forty-eight normalized branches, each divided by the root of 24, add up to three."""
    ends = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        s = rng.standard_normal((32, 128))
        start = rms(s)
        for _ in range(48):
            u = (s - s.mean(axis=1, keepdims=True)) / s.std(axis=1, keepdims=True)
            hidden = relu(u @ rng.standard_normal((128, 128)) / math.sqrt(128))
            s = s + hidden @ rng.standard_normal((128, 128)) * math.sqrt(2 / 128 / 24)
        ends.append((rms(s) / start) ** 2)
    return bool(abs(np.mean(ends) - 3) < 0.25)  # e squared is 7.4


@refutes("residual-networks", "the gradient by a balance of two halves", "With tanh branches, at their forward gain")
def post_norm_keeps_no_tanh_gradient():
    """Twenty-four tanh branches with the normalization after the addition: the gradient more than doubles."""
    rng, n, layers = np.random.default_rng(0), 128, []
    gain = float(np.tanh(NODES) ** 2 @ WEIGHTS) ** -0.5
    s = rng.standard_normal((32, n))
    for _ in range(24):
        A, B = rng.standard_normal((n, n)) / math.sqrt(n), gain * rng.standard_normal((n, n)) / math.sqrt(n)
        hidden = np.tanh(s @ A)
        y = s + hidden @ B
        deviation = y.std(axis=1, keepdims=True)
        s = (y - y.mean(axis=1, keepdims=True)) / deviation
        layers.append((A, B, hidden, s, deviation))
    delta = rng.standard_normal((32, n))
    last = rms(delta)
    for A, B, hidden, out, deviation in reversed(layers):
        centered = delta - delta.mean(axis=1, keepdims=True)
        delta = (centered - out * (delta * out).mean(axis=1, keepdims=True)) / deviation
        delta = delta + ((delta @ B.T) * (1 - hidden**2)) @ A.T
    return bool(rms(delta) > 2 * last)


# Recurrent Networks


@refutes(
    "recurrent-networks",
    "loses about half of the mean square at every step",
    "loses about half of the state's mean square at each of the first steps",
)
def one_orthogonal_matrix_loses_less_later():
    """The state of a ReLU recurrence turns towards what the matrix keeps, and loses less than half later on."""
    halvings = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        W, state, sizes = haar(rng, 64), rng.standard_normal(64), []
        for _ in range(80):
            state = relu(state @ W)
            sizes.append(float(state @ state))
        halvings.append(math.log2(sizes[39] / sizes[79]) / 40)
    return float(np.mean(halvings)) < 0.85


# What Your Framework Does


@refutes(
    "wi_docs/pages/tables/frameworks.py",
    "Biases that are not listed start at 0.",
    "PyTorch draws those of convolutions",
)
def pytorch_draws_biases():
    """Biases of PyTorch's convolutions and recurrent layers are not 0."""
    laws = frameworks.load()["torch"]["layers"]
    names = ("Conv2d(40, 20, 3) bias", "ConvTranspose2d(40, 20, 3) bias", "LSTM(64, 100) bias_hh_l0")
    return all(laws[name]["largest"] > 0 for name in names)


@refutes(
    "what-your-framework-does",
    "where a unit sums a quarter as many terms",
    "in two dimensions a unit sums a quarter of the terms",
)
def in_one_dimension_it_is_half():
    """The inputs that reach an output of a transposed convolution of stride 2 in one dimension, counted."""

    def terms(stride, kernel=4, length=64):
        reached = np.zeros(stride * length + kernel)
        for position in range(length):
            reached[stride * position : stride * position + kernel] += 1
        return reached[2 * kernel : -2 * kernel].mean()

    return bool(terms(1) / terms(2) == 2)


# Questions


@refutes(
    "questions",
    "as output matrix, the first loss is 52",
    "starts at a loss of 115 if the embedding is the output matrix",
)
def a_tied_output_bets_on_its_input():
    """Where the stream still holds the word's row, the output matrix finds it: the loss is far above 52."""
    rng = np.random.default_rng(0)
    words, labels = rng.integers(1000, size=200), rng.integers(1000, size=200)
    E = rng.standard_normal((1000, 256))
    s = E[words] + 2 * rng.standard_normal((200, 256))  # four branches of mean square 1
    logits = (s / rms(s, axis=1)[:, None]) @ E.T
    logits -= logits.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(200), labels]).mean()
    return bool(loss > 90)


@refutes("questions", "layer 20: rms 3e-08", "as PyTorch builds it, with its random biases")
def pytorchs_biases_hold_up_the_signal():
    """Twenty ReLU layers with PyTorch's own biases have an rms of a few hundredths, and no 3e-08."""
    rng, a = np.random.default_rng(0), digits.load().train_x[:256]
    for _ in range(20):
        bound = 1 / math.sqrt(a.shape[1])
        z = a @ rng.uniform(-bound, bound, (a.shape[1], 256)) + rng.uniform(-bound, bound, 256)
        a = relu(z)
    return bool(0.01 < rms(z) < 0.1)


@refutes("questions", "a tenth in layer 3 is a bug", "8 % for pixels that are not")
def pixels_turn_units_off():
    """In layer 3 of a correct network some 8 % of the units are off for 256 digits as they are stored."""
    x = digits.load().train_x[:256]
    x = x - x.min(axis=0)
    shares = []
    for seed in range(4):
        rng, a = np.random.default_rng(seed), x
        for _ in range(3):
            z = a @ rng.standard_normal((a.shape[1], 256)) * math.sqrt(2 / a.shape[1])
            a = relu(z)
        shares.append((z <= 0).all(axis=0).mean())
    return bool(np.mean(shares) > 0.05)


@refutes(
    "questions",
    "Much more than that in any layer means that the layer's scale is too large",
    "means that the layer's scale is too large, or its biases are.",
)
def biases_saturate_too():
    """At the same scale of the weights, biases of deviation 2 saturate five times as many tanh units."""
    z = np.random.default_rng(0).standard_normal((2, 100_000))
    plain, shifted = ((1 - np.tanh(v) ** 2 < 0.1).mean() for v in (z[0], z[0] + 2 * z[1]))
    return bool(shifted > 5 * plain)


# Reproductions, Predicted, Errata


@refutes("reproductions", "at He's own scale it is 3.27", "give or take 0.3 from one draw to the next")
def the_first_loss_is_one_draw():
    """The first loss at He's scale scatters by a quarter around 3.1."""
    data, losses = digits.load(), []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        hidden = relu(data.train_x @ rng.standard_normal((64, 256)) * math.sqrt(2 / 64))
        logits = hidden @ rng.standard_normal((256, 10)) * math.sqrt(2 / 256)
        right = logits[np.arange(len(logits)), data.train_y]
        losses.append((np.log(np.exp(logits).sum(axis=1)) - right).mean())
    return bool(2.9 < np.mean(losses) < 3.25 and np.std(losses) > 0.15)


@refutes("predicted", "one in thirty or so would be", "the worst of six is so with a chance of $1 - 0.99^6 = 0.06$")
def the_worst_of_six():
    """The chance that one of six normal numbers lies 2.57 deviations out."""
    alone = math.erfc(2.5654 / math.sqrt(2))
    return 1 / 18 < 1 - (1 - alone) ** 6 < 1 / 15


@refutes("errata", "makes that 0.28 % more of them", "adds 0.28 % of the units")
def half_of_all_units_is_the_base():
    """A bias of 0.01 on pre-activations of variance 2 adds 0.28 points, which is 0.56 % of the units that fire."""
    points = math.erf(0.01 / 2) / 2
    return abs(100 * points - 0.28) < 0.005 and abs(100 * points / 0.5 - 0.56) < 0.01


@refutes("recurrent-networks", "With tanh and a small state nearly the same holds", "and half for $s = 0.1$")
def a_small_state_does_not_keep_the_gradient():
    """A tanh recurrence from a state of rms 0.1 leaves half of the gradient after 150 steps, from 0.01 nearly all."""
    left = []
    for size in (0.1, 0.01):
        rng = np.random.default_rng(0)
        W = np.linalg.qr(rng.standard_normal((64, 64)))[0]
        h, gradient = size * rng.standard_normal(64), np.eye(64)
        for _ in range(150):
            h = np.tanh(h @ W)
            gradient = gradient @ (W * (1 - h * h))
        left.append(rms(gradient) * 8)
    return 0.4 < left[0] < 0.6 < 0.95 < left[1]


# Diagnose


@refutes(
    "diagnose",
    "a ReLU network takes twice as many steps.[[claim: dead_units_halve]] In a deep",
    "Half of that, or a little more, is the lost scale",
)
@refutes("diagnose", "Most of that is the lost scale", "Half of that, or a little more, is the lost scale")
def dead_units_with_their_scale_made_up_for():
    """Steps to 80 % of the digits: of what 35 % dead units cost, larger weights bring back half or a little more."""
    data = digits.load()

    def steps(share, factor, seed):
        rng, widths = np.random.default_rng(seed), [64, 64, 64, 64, 10]
        gains = (1.0, factor * math.sqrt(2), factor * math.sqrt(2), factor)
        W = [
            g * rng.standard_normal(s) / math.sqrt(s[0]) for g, s in zip(gains, itertools.pairwise(widths), strict=True)
        ]
        alive = [np.where(rng.permutation(64) < round(64 * share), 0.0, 1.0) for _ in range(3)] + [np.ones(10)]

        def forward(x):
            inputs = [x]
            for w, on in zip(W[:-1], alive, strict=False):
                inputs.append(relu(inputs[-1] @ w) * on)
            return inputs, inputs[-1] @ W[-1]

        for step in range(200):
            if (forward(data.test_x)[1].argmax(axis=1) == data.test_y).mean() >= 0.8:
                return step
            rows = rng.integers(len(data.train_x), size=32)
            inputs, logits = forward(data.train_x[rows])
            delta = np.exp(logits - logits.max(axis=1, keepdims=True))
            delta /= delta.sum(axis=1, keepdims=True)
            delta[np.arange(32), data.train_y[rows]] -= 1
            delta /= 32
            for layer in reversed(range(4)):
                gradient = inputs[layer].T @ delta
                delta = (delta @ W[layer].T) * (inputs[layer] > 0)
                W[layer] -= 0.1 * gradient
        return 200

    none, dead, restored = (
        np.mean([steps(share, factor, seed) for seed in range(32)])
        for share, factor in ((0.0, 1.0), (0.35, 1.0), (0.35, 0.65**-0.5))
    )
    return bool(dead > 1.5 * none and 0.4 < (dead - restored) / (dead - none) < 0.7)
