"""Sentences that stood on pages beyond the first four, and did not hold: each with the counterexample that refutes it.

The counterexamples are numpy and theory alone; nothing of the package computes in them. Each says what the page said,
and a part of what it says now, which the counterexample does not touch.
"""

import itertools
import json
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


def errors(logits, labels):
    """Return the probabilities of the softmax, less 1 at the label: a row for each example."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p


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
    "In the same way a factor on the input stays",
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
    "if their outgoing weights are equal too, and nothing else",
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
    "of 256 units loses about half of the state's mean square at each of the first six steps",
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
    "the layer's scale is large, or its biases or its inputs are.",
)
def biases_and_inputs_saturate_too():
    """At one scale of the weights, biases of deviation 2 or inputs of rms 4 saturate five times as many tanh units."""
    z = np.random.default_rng(0).standard_normal((2, 100_000))
    plain, *more = ((1 - np.tanh(v) ** 2 < 0.1).mean() for v in (z[0], z[0] + 2 * z[1], 4 * z[0]))
    return bool(min(more) > 5 * plain)


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


@refutes("recurrent-networks", "With tanh and a small state nearly the same holds", "and half for $r = 0.1$")
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
            delta = errors(logits, data.train_y[rows]) / 32
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


# Sentences of several pages that named too few conditions


@refutes("optimizers", "This is why a wide network wants a smaller rate under Adam", "that they add up in its sum")
def maximal_update_does_not_keep_the_step_in_proportion():
    """The rate that is divided by n changes the weights by 1/sqrt(n) in proportion: four times less at 16 times n."""
    small, large = (0.01 / (n / 64) * math.sqrt(n) for n in (64, 1024))
    return math.isclose(large, small / 4)


@refutes(
    "vanishing-gradients", "$\\sigma_w^2\\,\\mathbb{E}[\\varphi(z)^2]$, to 1 % or better", "averaged over 8 networks"
)
def one_layer_is_off_by_more_than_a_percent():
    """The mean square behind one ReLU layer of 512 units: in most draws it is more than 1 % from half the sum's."""
    off = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((32, 512))
        after = relu(z) @ (rng.standard_normal((512, 512)) / math.sqrt(512))
        off.append(abs((after**2).mean() / (relu(z) ** 2).mean() - 1))
    return bool(np.median(off) > 0.01)


@refutes("errata", "a unit's weights from two inputs that differ over the data get different", "the errors cancel")
def a_softmax_sends_nothing_through_equal_output_weights():
    """With equal weights behind the units, softmax's errors of one example add up to 0: no weight of a unit moves."""
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((32, 10)), rng.integers(10, size=32)
    return bool(np.abs(errors(logits, labels) @ np.full((10, 5), 0.1)).max() < 1e-15)


@refutes("optimizers", "Adam makes up for a gradient that is too small, down to its", "learn from it by Adam")
def adam_does_not_learn_from_a_quarter_of_the_scale():
    """Ten ReLU layers from a quarter of He's scale: Adam at 0.003 reads little, with a tiny epsilon too."""
    data, read = digits.load(), []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        sizes = [64, *[32] * 10, 10]
        W = [rng.standard_normal(s) * math.sqrt(2 / s[0]) / 4 for s in itertools.pairwise(sizes)]
        b = [np.zeros(n) for n in sizes[1:]]
        parts = [*W, *b]
        first, second = ([np.zeros_like(p) for p in parts] for _ in range(2))

        def forward(x, W=W, b=b):
            inputs = [x]
            for w, c in zip(W[:-1], b[:-1], strict=True):
                inputs.append(relu(inputs[-1] @ w + c))
            return inputs, inputs[-1] @ W[-1] + b[-1]

        for step in range(1, 201):
            rows = rng.integers(len(data.train_x), size=32)
            inputs, logits = forward(data.train_x[rows])
            delta = errors(logits, data.train_y[rows]) / 32
            of_W, of_b = [], []
            for layer in reversed(range(11)):
                of_W.insert(0, inputs[layer].T @ delta)
                of_b.insert(0, delta.sum(axis=0))
                delta = (delta @ W[layer].T) * (inputs[layer] > 0)
            for p, m, v, g in zip(parts, first, second, [*of_W, *of_b], strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= 0.003 * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-16)
        read.append((forward(data.test_x)[1].argmax(axis=1) == data.test_y).mean())
    return bool(np.mean(read) < 0.5)


@refutes(
    "edge-of-chaos",
    "become smaller in each layer, until rounding covers them",
    "Below the edge, with biases, they still",
)
def rounding_does_not_cover_what_shrinks_with_the_signal():
    """A hundred tanh layers at 0.8 of LeCun's scale in single precision: a tiny signal with its angles."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((8, 400)).astype(np.float32)
    for _ in range(100):
        a = np.tanh(a @ (0.8 / 20 * rng.standard_normal((400, 400))).astype(np.float32))
    unit = a / np.linalg.norm(a.astype(float), axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(8, 1)]
    return bool(rms(a.astype(float)) < 1e-8 and np.abs(cosines).mean() < 0.9)


@refutes("edge-of-chaos", "inputs at other angles move apart a little", "move a little towards a right angle")
def obtuse_angles_close():
    """One tanh layer at variance 0.5 takes a correlation of -0.5 to -0.49: nearer together."""
    u, v = np.random.default_rng(0).standard_normal((2, 1_000_000))
    f, g = np.tanh(math.sqrt(0.5) * u), np.tanh(math.sqrt(0.5) * (-0.5 * u + math.sqrt(0.75) * v))
    return bool(-0.495 < (f * g).mean() / math.sqrt((f * f).mean() * (g * g).mean()) < -0.475)


@refutes(
    "ways-to-initialize-weights", "an input that is longer than another stays longer", "a factor on the input stays"
)
def the_longer_of_two_inputs_becomes_the_shorter():
    """Twenty ReLU layers of 256 at He's scale: in some networks, of two inputs the one longer by 5 % ends shorter."""
    turned = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((2, 256))
        a *= np.array([[1.05], [1.0]]) / np.linalg.norm(a, axis=1, keepdims=True)
        for _ in range(20):
            a = relu(a @ (rng.standard_normal((256, 256)) * math.sqrt(2 / 256)))
        turned += np.linalg.norm(a[0]) < np.linalg.norm(a[1])
    return 3 < turned < 17


@refutes(
    "ways-to-initialize-weights", "keep each direction in linear layers; independent", "in linear layers of one width"
)
def orthogonal_weights_lose_size_where_widths_change():
    """Through widths 300, 100, 300, 50, 500 orthogonal weights keep a tenth of the mean square, LeCun's nearly all."""
    kept = []
    for make in (haar, lambda rng, n: rng.standard_normal((n, n)) / math.sqrt(n)):
        rng = np.random.default_rng(0)
        a = rng.standard_normal((64, 300))
        for rows, columns in itertools.pairwise((300, 100, 300, 50, 500)):
            W = make(rng, max(rows, columns))[:rows, :columns]
            # The first columns or rows of an orthogonal matrix; those of a normal one are scaled to their number.
            a = a @ (W if make is haar else W * math.sqrt(max(rows, columns) / rows))
        kept.append(float((a**2).mean()))
    return kept[0] < 0.2 and 0.5 < kept[1] < 2


@refutes(
    "ways-to-initialize-weights", "ten, of uneven widths: the two are about equal", "the orthogonal line with Adam"
)
def the_two_lines_differ_with_adam():
    """In the stored tournament orthogonal weights at the forward gain read 5 points more than He's with Adam."""
    rows = json.loads((ROOT / "wi_docs" / "data" / "tournament.json").read_text(encoding="utf-8"))["rows"]
    best = {}
    for row in rows:
        if (row["activation"], row["depth"], row["shape"], row["optimizer"]) == ("relu", 10, "plain", "adam"):
            found = np.mean(row["valid"]), np.mean(row["test"])
            best[row["scheme"]] = max(best.get(row["scheme"], (0, 0)), found)
    return bool(best["orthogonal, forward gain"][1] - best["he_normal"][1] > 0.05)


@refutes(
    "weight-initialization",
    "For independent weights in wide layers it hardly matters",
    "In wide ReLU layers, independent weights of mean 0",
)
def a_mean_of_the_weights_explodes():
    """Ten ReLU layers with independent weights of He's variance, uniform from 0 to a bound: over ten times a layer."""
    rng = np.random.default_rng(0)
    a = relu(rng.standard_normal((16, 256)))
    sizes = []
    for _ in range(10):
        a = relu(a @ rng.uniform(0, math.sqrt(12 * 2 / 256), (256, 256)))
        sizes.append(rms(a))
    return sizes[-1] / sizes[0] > 10**9


@refutes(
    "weight-initialization",
    "From inputs of variance 1 the function makes",
    "From normal inputs of mean 0 and variance 1",
)
def lecuns_tanh_keeps_inputs_of_one_size():
    """Inputs of 1 and -1 have variance 1, and LeCun's tanh gives them a mean square of 1, and not of 0.75."""
    return math.isclose((1.7159 * math.tanh(2 / 3)) ** 2, 1.0, rel_tol=1e-3)


@refutes("exploding-gradients", "A product of wide random [matrices]", "A product of far fewer than $n$ random")
def a_thousand_matrices_of_64_shrink_a_vector():
    """Of ten products of 1,000 normal matrices of width 64, most leave less than a hundredth of a vector's length."""
    rng, lengths = np.random.default_rng(0), []
    for _ in range(10):
        v = np.ones(64) / 8
        for _ in range(1000):
            v = v @ rng.standard_normal((64, 64)) / 8
        lengths.append(np.linalg.norm(v))
    return bool(np.median(lengths) < 0.01)


@refutes("which-gain", "Random biases do not cure this", "Random biases that keep the gradient too do not cure this")
def larger_biases_bring_the_variance_back():
    """With 0.85 of the weights' variance and biases that make up for it, GELU's variance comes back to 1."""
    u = np.linspace(-10, 10, 40_001)
    density = np.exp(-u * u / 2) / np.exp(-u * u / 2).sum()
    cdf = np.cumsum(density) - density / 2

    def square(q):
        z = math.sqrt(q) * u
        return float(((z * np.interp(z, u, cdf, left=0, right=1)) ** 2 * density).sum())

    weights = 0.85 / square(1.0)
    ends = []
    for q in (0.5, 2.0):
        for _ in range(400):
            q = weights * square(q) + 0.15
        ends.append(q)
    return all(abs(q - 1) < 0.01 for q in ends)


@refutes(
    "weight-initialization",
    "in the gradient that comes back to them. (The row",
    "There is an exception for activations that are odd,",
)
def a_mirrored_unit_stays_mirrored():
    """A tanh unit and its mirror image differ in output and gradient, and are each other's image after 300 steps."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (64, 1))
    y = np.sin(2 * x)
    w, v, b = np.array([[0.5, -0.5]]), np.array([[0.3], [-0.3]]), np.zeros(2)
    for _ in range(300):
        h = np.tanh(x @ w + b)
        error = (h @ v - y) / len(x)
        dz = error @ v.T * (1 - h**2)
        w, v, b = w - 0.2 * x.T @ dz, v - 0.2 * h.T @ error, b - 0.2 * dz.sum(axis=0)
    return bool(abs(w[0, 0]) > 0.6 and abs(w.sum()) + abs(v.sum()) + abs(b.sum()) < 1e-12)


@refutes(
    "weight-initialization",
    "If the inputs of the examples span all directions",
    "each with a 1 appended for the bias, span all directions",
)
def two_inputs_that_span_a_plane_leave_the_bias_free():
    """Two inputs span the plane, and with a bias two sets of weights fit them without an error."""
    x, y = np.eye(2), np.array([1.0, 2.0])
    return all(bool(np.allclose(x @ np.array(w) + b, y)) for w, b in (([0, 1], 1.0), ([-1, 0], 2.0)))


@refutes(
    "ways-to-initialize-weights",
    "with independent weights of mean 0. So, as in the first chapter, $\\mathbb{E}[z_l^2]",
    "with independent weights whose distribution is symmetric about 0",
)
def weights_of_mean_0_without_symmetry_pass_on_more_than_half():
    """With weights that are exponential less 1, ReLU passes on more than half of a narrow layer's mean square."""
    rng = np.random.default_rng(0)
    a = relu(rng.standard_normal((200_000, 1)))
    z = a * (rng.exponential(size=a.shape) - 1)
    return bool((relu(z) ** 2).mean() / (z**2).mean() > 0.6)


@refutes(
    "ways-to-initialize-weights",
    "weights do this in linear layers. With ReLU",
    "weights do this in linear layers of one width",
)
def orthogonal_weights_lose_what_a_narrow_layer_has_no_room_for():
    """Through layers of 30, 10 and 30 units orthogonal weights leave 20 directions nothing."""
    first, second = (np.linalg.qr(np.random.default_rng(k).standard_normal((30, 10)))[0] for k in (0, 1))
    return bool((np.linalg.svd(first @ second.T)[1] < 1e-12).sum() == 20)


@refutes(
    "exploding-gradients",
    "\\left|\\text{eigenvalue}\\right|$.[[claim: recurrences_follow_the_radius]]",
    "unless that is exactly 1",
)
def a_radius_of_one_may_grow():
    """The spectral radius of a matrix is 1, and it stretches a vector 1,000 times in as many steps."""
    power = np.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 1000)
    return bool(np.linalg.norm(power, 2) > 999)


@refutes(
    "diagnose",
    "Without biases, weights of mean 0 saturate half",
    "weights with a distribution that is symmetric about 0",
)
def weights_of_mean_0_without_symmetry_saturate_more_than_half():
    """Of ELU units on 8 inputs of 0 and more, with exponential weights less 1, more than half are saturated."""
    rng = np.random.default_rng(0)
    x = np.abs(rng.standard_normal((2000, 8)))
    z = 1e6 * x @ (rng.exponential(size=(8, 500)) - 1)
    return bool((z < -math.log(10)).mean() > 0.52)


@refutes(
    "edge-of-chaos",
    "Below the edge and with biases, each tanh layer multiplies",
    "once two inputs are nearly alike, each tanh layer multiplies",
)
def the_first_layers_below_the_edge_close_faster():
    """At sigma_w 1.5 and sigma_b 0.5 chi_1 is 0.967, and the first layer leaves 0.8 of one minus the cosine."""
    z = np.linspace(-8, 8, 801)
    p = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    q = 1.0
    for _ in range(3000):
        q = 1.5**2 * float(p @ np.tanh(math.sqrt(q) * z) ** 2) + 0.25
    chi = 1.5**2 * float(p @ (1 - np.tanh(math.sqrt(q) * z) ** 2) ** 2)
    # Unrelated pre-activations share the biases alone, since tanh is odd.
    return bool(chi > 0.95 and 1 - 0.25 / q < 0.87)


@refutes(
    "recurrent-networks",
    "With tanh the slope is $1 - h^2$, and from a state of rms $r$",
    "As a random orthogonal matrix mixes the units",
)
def the_identity_is_orthogonal_and_keeps_more():
    """From a state of rms 0.3 the identity leaves twice of the gradient that the formula says, after 150 steps."""
    h, left = 0.3 * np.random.default_rng(0).standard_normal(10_000), 1.0
    for _ in range(150):
        h = np.tanh(h)
        left = left * (1 - h**2)
    return bool(math.sqrt((left**2).mean()) > 1.8 / math.sqrt(1 + 2 * 0.3**2 * 150))
