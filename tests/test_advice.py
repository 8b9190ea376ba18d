"""Which changes are tried for a bad start, in which order they come by theory, and what a diagnosis says besides."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from wi_docs.diagnosis.advice import _alternatives, _margin, promising
from wi_docs.diagnosis.layers import evidence
from wi_docs.diagnosis.networks import Spec, diagnose, theory
from wi_docs.diagnosis.problems import Row, burden, problems
from wi_docs.diagnosis.recipe import recipe
from wi_docs.diagnosis.zeros import without_zeros
from wi_docs.nn.network import ExplosionError

PLAIN = Spec(
    (10, *range(21, 27), 3), activation="tanh", scheme="pytorch_linear", gain=0.7, dtype="fp16", input_second_moment=4.0
)
RESIDUAL = Spec((10, *[20] * 9, 3), scheme="he_normal", residual=True)
HELD = Spec((8, *[8] * 6, 2), activation="tanh", sigma_w=(0.2,) * 6 + (0.0,), sigma_b=0.1)


def changed(spec, *changes):
    return [replace(spec, **change) for change in changes]


def other(scheme, gain, **more):
    return {"scheme": scheme, "gain": gain, "sigma_w": None, "sigma_b": 0.0, **more}


NORMALIZED = {"normalization": "before"}, {"normalization": "after"}
TRIED = {
    # Of tanh, the gain is 1.5925, the backward gain 1.4674, and that of a linear layer is 1.
    "plain": (PLAIN, changed(
        PLAIN, {"input_second_moment": 1.0}, {"dtype": "bf16"},
        *(other(scheme, gain) for scheme in ("lecun_normal", "orthogonal") for gain in (1.5925, 1.4674, 1.0)),
        *NORMALIZED, other("lecun_normal", 1.5925, widths=(10, 21, 23, 25, 3)),
    )),
    # ReLU has one gain for both directions, the root of 2. There are four blocks.
    "residual": (RESIDUAL, changed(
        RESIDUAL, {"branch": 0.5}, other("he_normal", 1.0), other("he_normal", 1.0, branch=0.5),
        other("lecun_normal", 1.0), other("lecun_normal", 1.0, branch=0.5), other("orthogonal", 1.4142),
        other("orthogonal", 1.0), *NORMALIZED,
    )),
    # A layer that starts at 0 is left there, and so are depth and branches.
    "held": (HELD, changed(
        HELD, *({"sigma_w": (gain,) * 6 + (0.0,), "sigma_b": 0.0} for gain in (1.5925, 1.4674, 1.0)), *NORMALIZED
    )),
    "normalized, of five widths": (
        normalized := Spec((4, 4, 4, 4, 4), activation="linear", scheme="lecun_normal", normalization="after"),
        changed(normalized, other("lecun_normal", 1.0), other("orthogonal", 1.0)),
    ),
    "one hidden layer": (
        short := Spec((4, 4, 2), scheme="uniform", normalization="after"),
        changed(short, other("he_normal", 1.0), other("lecun_normal", 1.0), other("orthogonal", 1.4142),
                other("orthogonal", 1.0)),
    ),
    "a linear model": (
        line := Spec((4, 2), scheme="he_normal", normalization="after"),
        changed(line, other("lecun_normal", 1.0), other("orthogonal", 1.0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TRIED)
def test_these_changes_are_tried(case):
    spec, expected = TRIED[case]
    assert [new for _, new in _alternatives(spec)] == expected


def test_a_change_is_said_with_its_law():
    said = [change for change, _ in _alternatives(PLAIN)]
    assert said[2] == "lecun_normal with gain 1.5925 (normal weights of variance 2.54/n_in, its gain) and biases of 0"
    assert said[6] == "orthogonal with gain 1.4674 (orthogonal weights times 1.47, its backward gain) and biases of 0"
    held = next(change for change, _ in _alternatives(HELD))
    assert held.startswith("normal weights of variance 2.54/n_in (its gain) and biases of 0, but for the layers")


@pytest.mark.parametrize("case", TRIED)
def test_the_three_that_leave_the_least_are_promising(case):
    spec, tried = TRIED[case]
    left = sorted(burden(problems(evidence(new, theory(without_zeros(new))))) for new in tried if new != spec)
    best = [new for _, new in promising(spec)]
    assert [burden(problems(evidence(new, theory(without_zeros(new))))) for new in best] == left[:3]
    assert all(new != spec for new in best)


@pytest.mark.parametrize(
    ("sigma_w", "second_moment", "width", "margin"),
    [
        ((1.0, 1.0, 1.0), 1.0, 10**6, 0.0),
        ((1.0, math.exp(3.0), 1.0), 1.0, 10**6, 0.75),  # in multiples of four powers of e
        ((1.0, math.exp(-3.0), 1.0), 1.0, 10**6, 0.75),
        ((math.exp(6.0), 1.0, 1.0), 1.0, 10**6, 1.5),  # of the signal alone
        ((1.0, 1.0, math.exp(6.0)), 1.0, 10**6, 1.5),  # of the gradient alone
        ((1.0, 1.0, 1.0), math.exp(12.0), 10**6, 0.0),  # larger inputs are no change over the depth
        ((1.0, 1.0, 1.0), 1.0, 1, 1.0),  # the variance of two layers is 2 each, the spread half its root
        ((1e300, 1e300, 1.0), 1.0, 10**6, 100.0),
    ],
)
def test_the_margin_is_the_largest_change(sigma_w, second_moment, width, margin):
    spec = Spec((width,) * 4, activation="linear", sigma_w=sigma_w, input_second_moment=second_moment)
    assert _margin(spec, theory(spec)) == margin


def test_of_two_changes_that_leave_nothing_the_one_with_more_margin_comes_first():
    spec = Spec((64, *[256] * 12, 10), scheme="pytorch_linear")
    found = promising(spec)
    assert all(burden(problems(evidence(new, theory(new)))) == (0, 0) for _, new in found)
    margins = [_margin(new, theory(new)) for _, new in found]
    assert margins == sorted(margins)


def test_the_evidence_of_a_simulation_that_overflowed():
    spec = Spec((3, 3, 3, 2), scheme="constant")
    (found,) = problems(evidence(spec, None, error=ExplosionError("the signal explodes")))
    assert (found.kind, found.row) == ("exploding signal", "layer 3")
    (equal,) = problems(evidence(spec, None, twins=Row("layer 1", "", True, units=3, equal=2)))
    assert (equal.kind, equal.row) == ("equal units", "layer 1")


def test_a_simulation_that_overflows_is_bad_although_there_is_no_theory():
    found = diagnose(Spec((8, 8, 8, 2), scheme="constant", gain=1e200), seeds=1, advise=False)
    assert (found.theory, found.simulation) == (None, None)
    assert [(problem.kind, problem.row) for problem in found.problems] == [
        ("exploding signal", "layer 3"), ("equal units", "layer 1"),
    ]  # fmt: skip


def test_the_evidence_of_theory_has_each_row_and_both_factors():
    spec = Spec((20, *[30] * 3, 5), activation="tanh", sigma_w=1.3, input_second_moment=9.0, dtype="fp16")
    layers = theory(spec)
    seen = evidence(spec, layers)
    assert [row.name for row in seen.rows] == [row.module for row in seen.rows] == [f"layer {k}" for k in (1, 2, 3, 4)]
    assert [row.gradient for row in seen.rows] == layers.gradient.tolist()
    assert [row.signal for row in seen.rows] == pytest.approx([q**0.5 for q in layers.q])
    assert [row.saturated for row in seen.rows] == layers.saturated.tolist()
    assert [row.dead for row in seen.rows] == layers.dead.tolist()
    assert [row.correlation for row in seen.rows] == layers.correlation.tolist()
    assert [row.activation for row in seen.rows] == ["tanh", "tanh", "tanh", None]
    assert seen.hidden is seen.rows[2]
    assert seen.signal == pytest.approx(layers.signal[2] / 3.0)
    assert seen.spread == layers.spread[2] > 0.0
    assert (seen.dtype, seen.exits, seen.error, seen.layers) == ("fp16", (), None, ())
    line, narrow = Spec((3, 2), sigma_w=1.0), Spec((3, 1, 2), sigma_w=1.0)
    short = evidence(line, theory(line))
    assert (short.hidden, short.signal, short.spread) == (None, None, None)
    assert evidence(narrow, theory(narrow)).hidden is None


def test_notes_say_which_layers_start_at_0_and_what_is_judged():
    one = diagnose(HELD, simulated=False, advise=False)
    assert one.zeros == (7,)
    assert "Layer 7 starts with weights of 0." in one.notes[0]
    assert "with normal weights of variance 1/n_in there" in one.notes[0]
    two = diagnose(replace(RESIDUAL, branch=0.0), simulated=False, advise=False)
    assert two.zeros == (3, 5, 7, 9)
    assert "Layers 3, 5, 7, 9 start with weights of 0." in two.notes[0]
    assert "as it stands" in two.notes[0]
    assert diagnose(PLAIN, simulated=False, advise=False).notes == ()


def test_a_change_that_keeps_given_weights_is_tried_on_them():
    rng = np.random.default_rng(0)
    widths = (16, 16, 16, 4)
    spec = Spec(widths, sigma_w=1.0, input_second_moment=400.0)
    constant = [(np.full(shape, 0.1), np.zeros(shape[1])) for shape in itertools.pairwise(widths)]
    # Units that are equal stay so at any scale of the inputs, and behind a normalization. New weights part them.
    found = diagnose(spec, weights=constant)
    assert found.problems[0].kind == "equal units"
    assert found.advice.spec.scheme is not None
    # Three such changes come first here by theory, and new weights are tried all the same.
    deep = (16, *[16] * 5, 4)
    stream = Spec(deep, sigma_w=1.0, input_second_moment=2.0, dtype="fp16", residual=True)
    assert all(new.scheme is None for _, new in promising(stream))
    found = diagnose(stream, weights=[(np.full(shape, 0.25), np.zeros(shape[1])) for shape in itertools.pairwise(deep)])
    assert found.problems[0].kind == "equal units"
    assert found.advice.spec.scheme is not None
    # From inputs of rms 1 the outputs of these linear layers are of that size too, and from those of 200 they are loud.
    drawn = [(rng.standard_normal(shape) / shape[0] ** 0.5, np.zeros(shape[1])) for shape in itertools.pairwise(widths)]
    found = diagnose(replace(spec, activation="linear", input_second_moment=4e4), weights=drawn)
    assert found.advice.change == "scale the inputs to a mean square of 1"
    assert diagnose(found.advice.spec, weights=drawn).verdict == found.advice.outcome
    assert any("the verdict about the weights themselves" in note for note in found.notes)


def test_given_weights_are_not_judged_by_their_sizes():
    with pytest.raises(ValueError, match="judged by simulation"):
        diagnose(Spec((2, 2), sigma_w=1.0), weights=[(np.eye(2), np.zeros(2))], simulated=False)


def test_one_unit_is_not_normalized():
    # A normalization over one unit cannot be tried.
    found = diagnose(Spec((64, 1, 10), scheme="he_normal"))
    assert found.problems[0].kind == "high variance between draws"


def test_a_scaled_branch_is_code_for_a_description_by_sigma_w():
    spec = Spec((16, *[64] * 51, 10), sigma_w=1.4, residual=True)
    found = recipe(spec, replace(spec, branch=0.2))
    assert {found.pytorch, found.keras, found.flax} == {"x = x + 0.2 * branch(x)"}


def test_what_is_said_of_a_change_is_what_its_own_diagnosis_says():
    spec = Spec((16, *[8] * 5, 10), activation="softplus", scheme="he_normal", sigma_b=5.0, input_second_moment=1e4)
    found = diagnose(spec)
    assert diagnose(found.advice.spec).verdict == found.advice.outcome
