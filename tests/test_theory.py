"""Theory against its own recursion written out for ReLU in closed form, and against `meanfield` for other functions."""

import itertools
import math

import numpy as np
import pytest

from wi_docs.diagnosis.networks import NORMALIZATIONS, Spec, theory
from wi_docs.diagnosis.zeros import in_the_way, without_zeros, zeros
from wi_docs.experiments import saturation
from wi_docs.experiments.meanfield import trajectory

FIELDS = ("q", "forward", "chi", "signal", "correlation", "spread", "saturated", "dead")


def cosine_behind(c):
    """Of two inputs behind a ReLU: Cho & Saul (2009)."""
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


def layer(size, c, v, w, b, width, *, relu, normalization="none"):
    """What a layer of ReLU or linear units does to mean square, cosine and variance; then chi, and what the units get.

    E relu(z)^2 = q/2, E relu'(z)^2 = 1/2, E relu(z) = root(q / 2 pi), E relu(z)^4 = 3/2 q^2.
    """
    q = w * w * size + b * b
    share = w * w * size / q
    c, v = share * c + 1 - share, v * share**2
    if not relu:
        return (q, c, v + 2 / width), w * w, q, c
    given, chi = q, w * w / 2
    if normalization == "before":
        given, chi, v = 1.0, chi / q, 0.0
    if normalization != "after":
        return (given / 2, cosine_behind(c), v + 5 / width), chi, given, c
    left = given / 2 - given / (2 * math.pi)
    return (1.0, (given / 2 * cosine_behind(c) - given / (2 * math.pi)) / left, 0.0), chi / left, given, c


def block(size, c, v, first, second, width, normalization):
    """What a block does to the stream."""
    before = normalization == "before"
    inner, chi, q, between = layer(1.0 if before else size, c, 0.0 if before else v, *first, width, relu=True)
    added, bias = second[0] ** 2 * inner[0], second[1] ** 2
    whole = size + added + bias
    c = (size * c + added * inner[1] + bias) / whole
    kept, new = size / whole, (added + bias) / whole
    v = (kept * math.sqrt(v) + new * math.sqrt(inner[2])) ** 2 + (2 * new**2 + 4 * kept * new) / width
    chi = 1 + chi * second[0] ** 2 / (size if before else 1.0)
    return ((1.0, c, 0.0), chi / whole, q, between) if normalization == "after" else ((whole, c, v), chi, q, between)


def written_out(spec):
    """The columns of `Layers` by row."""
    stream, weights, found = (spec.input_second_moment, spec.input_correlation, 0.0), spec.deviations(), []
    for _, first, *rest in spec.rows():
        width, before = spec.widths[first + 1], stream[0]
        relu = bool(rest) or not (spec.residual or first == len(weights) - 1)
        if rest:
            stream, chi, q, c = block(*stream, weights[first], weights[rest[0]], width, spec.normalization)
        else:
            stream, chi, q, c = layer(*stream, *weights[first], width, relu=relu, normalization=spec.normalization)
        off = (0.5, saturation.dead_share("relu", q, c, 32)) if relu else (0.0, 0.0)
        size = stream[0]
        found.append([q, (size / before) ** 0.5, chi, size**0.5, stream[1], stream[2] ** 0.5 / 2, *off])
    return dict(zip(FIELDS, np.array(found).T, strict=True))


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("sigma_b", [0.0, 0.4])
def test_each_row_is_the_recursion_of_the_papers(residual, normalization, sigma_b):
    widths = (20, 30, 30, 30, 30, 30, 5) if residual else (20, 30, 40, 10, 50, 60, 5)
    spec = Spec(
        widths, sigma_w=(1.3, 1.5, 0.9, 1.1, 1.2, 0.7), sigma_b=sigma_b, residual=residual,
        branch=0.8 if residual else 1.0, normalization=normalization, input_second_moment=3.0, input_correlation=0.3,
    )  # fmt: skip
    found, expected = theory(spec), written_out(spec)
    digits = 1e-3 if normalization == "after" else 1e-6  # a mean comes from a coarse rule, which a corner disturbs
    for field in FIELDS:
        assert np.allclose(getattr(found, field), expected[field], rtol=digits, atol=digits), field
    for row in range(len(found.chi)):
        assert found.gradient[row] == pytest.approx(math.sqrt(math.prod(expected["chi"][row + 1 :])), rel=2 * digits)


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b"), [("tanh", 1.5, 0.3), ("gelu", 1.4, 0.0), ("sigmoid", 3.0, 0.5), ("selu", 1.0, 0.1)]
)
def test_without_branches_it_is_the_trajectory_of_mean_field(name, sigma_w, sigma_b):
    layers = theory(Spec((50, *[60] * 8, 10), activation=name, sigma_w=sigma_w, sigma_b=sigma_b, input_correlation=0.6))
    first = sigma_w**2 + sigma_b**2
    path = trajectory(
        name, sigma_w=sigma_w, sigma_b=sigma_b, q=first, correlation=(sigma_w**2 * 0.6 + sigma_b**2) / first
    )
    wide = list(itertools.islice(path, 9))
    assert layers.q == pytest.approx([at.q for at in wide], rel=1e-5)
    assert layers.chi[:-1] == pytest.approx([at.chi for at in wide[:-1]], rel=1e-5)
    kept = [(at.correlation * at.q - sigma_b**2) / (at.q - sigma_b**2) for at in wide[1:]]
    assert layers.correlation[:-1] == pytest.approx(kept, abs=2e-3)  # theory takes few nodes for two inputs


def test_what_is_cut_off_is_0_from_there_on():
    layers = theory(Spec((8, 8, 8, 8, 8), sigma_w=(1.0, 0.0, 1.0, 1.0)))
    assert layers.signal.tolist() == pytest.approx([0.5**0.5, 0.0, 0.0, 0.0])
    assert layers.correlation[1:].tolist() == [1.0, 1.0, 1.0]
    assert layers.chi[1:].tolist() == [0.0, 0.0, 0.0]
    assert theory(Spec((8, 8, 8, 8), sigma_w=(1.0, 0.0, 1.0), sigma_b=0.5)).signal[1] == pytest.approx(0.125**0.5)


# Layers that start at 0


def test_a_network_without_its_zeros_keeps_the_rest():
    spec = Spec((8, 8, 8, 8, 2), sigma_w=(1.2, 1.3, 1.4, 0.0), sigma_b=(0.1, 0.2, 0.3, 0.4), residual=True, branch=0.5)
    assert in_the_way(spec) == zeros(spec) == (3,)
    assert without_zeros(spec).deviations() == [(1.2, 0.1), (1.3, 0.2), (1.4 * 0.5, 0.3), (1.0, 0.4)]
    both_ends = Spec((8, 8, 8, 8, 2), sigma_w=(0.0, 1.3, 1.4, 0.0), residual=True)
    assert (zeros(both_ends), without_zeros(both_ends)) == ((), both_ends)  # each waits for the other
    plain = Spec((8, 8, 8, 2), scheme="he_normal", gain=0.5)
    assert without_zeros(plain) == plain
    branches = Spec((8, 8, 8, 8, 2), scheme="he_normal", residual=True, branch=0.0)
    assert (zeros(branches), in_the_way(branches), without_zeros(branches)) == ((2,), (), branches)
