"""Diagnoses against PyTorch's autograd and against simulations, verdicts whose answer is known, and what is refused."""

import json
import math
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wi_docs import command_line
from wi_docs.__main__ import main
from wi_docs.diagnosis import networks
from wi_docs.diagnosis.meaning import MEANINGS
from wi_docs.diagnosis.networks import NORMALIZATIONS, Spec, build, diagnose, simulate, theory, zeros
from wi_docs.diagnosis.problems import REACH, Evidence, problems
from wi_docs.diagnosis.report import plain, text
from wi_docs.experiments import frameworks, saturation
from wi_docs.nn import activations, initializers, number_formats
from wi_docs.nn.activations import activation
from wi_docs.pages.figures.diagnosis import picture

REFERENCE = frameworks.load("diagnosis")  # measured by `make reference`, with PyTorch's own modules and autograd
DEEP = (64, *[256] * 20, 10)
STREAM = (64, *[256] * 13, 10)


# Theory and simulation


def alone(spec, seeds):
    """Return simulations of one network each, with inputs of its own, so that they are independent draws."""
    return [simulate(new, [build(new)]) for new in (replace(spec, seed=seed) for seed in range(seeds))]


@pytest.mark.parametrize("name", REFERENCE["networks"])
def test_both_agree_with_pytorch(name):
    """The simulation within four standard errors of PyTorch's mean; theory within those and a finite width's shift."""
    said = REFERENCE["networks"][name]
    spec = Spec.from_text(said["spec"])
    runs = alone(spec, 8)
    wide = theory(spec)
    for key in ("signal", "gradient", "correlation"):
        mean, error = np.array(said[key]["mean"]), np.array(said[key]["error"])
        ours = np.array([getattr(run, key) for run in runs])
        own = ours.std(axis=0, ddof=1) / math.sqrt(len(runs))
        digits = 2e-5 * np.abs(mean)  # five were kept, and PyTorch adds 1e-5 to a variance that it divides by
        assert (np.abs(ours.mean(axis=0) - mean) < 4.5 * np.hypot(error, own) + digits).all(), (key, "simulation")
        depth = np.arange(1, len(mean) + 1)
        # Theory is of infinite width; corrections are of the order of depth over width.
        shift = 3 * depth / 256 * np.abs(mean) + (3 / 256 if key == "correlation" else 0.0)
        assert (np.abs(getattr(wide, key) - mean) < 4.5 * error + shift + digits).all(), (key, "theory")


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "softplus"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_theory_is_what_is_simulated(activation, residual, normalization):
    """Biases, other input lengths and correlated inputs too."""
    spec = Spec(
        (128, *[512] * 7, 512), activation=activation, scheme="lecun_normal", gain=1.3, sigma_b=0.2, residual=residual,
        branch=0.7 if residual else 1.0, normalization=normalization, input_second_moment=2.0, input_correlation=0.4,
    )  # fmt: skip
    wide, runs = theory(spec), alone(spec, 6)
    for key in ("q", "forward", "chi", "signal", "gradient", "correlation", "saturated"):
        ours = np.array([getattr(run, key) for run in runs])
        error = ours.std(axis=0, ddof=1) / math.sqrt(len(runs))
        reach = 5 * error + 0.03 * np.abs(getattr(wide, key)) + (0.02 if key in ("correlation", "saturated") else 1e-9)
        assert (np.abs(ours.mean(axis=0) - getattr(wide, key)) < reach).all(), key


@pytest.mark.parametrize(
    "spec",
    [
        Spec((64, *[64] * 10, 64), scheme="he_normal"),
        Spec((64, *[64] * 10, 64), activation="tanh", scheme="lecun_normal", gain=1.5, sigma_b=0.3),
        Spec((64, *[64] * 11, 64), scheme="he_normal", residual=True, branch=0.6),
        Spec((64, *[256] * 16, 64), activation="gelu_tanh", scheme="he_normal"),
    ],
)
def test_the_spread_is_what_networks_of_that_width_show(spec):
    found = simulate(spec, [build(spec, seed) for seed in range(60)]).spread
    # A deviation of 60 numbers has a relative error of 1/sqrt(118), and inputs share their networks.
    assert np.allclose(found, theory(spec).spread, rtol=5 / math.sqrt(118), atol=0.01)


def test_dead_units_are_those_of_a_simulation():
    spec = Spec(DEEP, scheme="he_normal")
    found = np.array([run.dead for run in alone(spec, 6)])
    error = found.std(axis=0, ddof=1) / math.sqrt(6)
    assert (np.abs(found.mean(axis=0) - theory(spec).dead) < 5 * error + 0.03).all()


@pytest.mark.parametrize("name", initializers.names())
def test_a_scheme_draws_the_deviation_that_is_said(name):
    for shape in ((300, 200), (200, 300)):
        W = np.stack([initializers.get(name)(np.random.default_rng(seed), shape) for seed in range(8)])
        # The standard error of a mean square over independent entries.
        error = math.sqrt(max((W**4).mean() - (W**2).mean() ** 2, 0.0) / W.size)
        assert abs((W**2).mean() - initializers.deviation(name, shape) ** 2) <= 4 * error + 1e-12


@pytest.mark.parametrize("name", activations.names())
def test_saturated_shares_are_those_of_samples(name):
    # The standard error of a share of 100,000 is at most 0.0016; 0.007 is more than four of them.
    z = 1.7 * np.random.default_rng(0).standard_normal(100_000)
    assert saturation.saturated_share(name, 1.7**2) == pytest.approx(saturation.saturated(name, z).mean(), abs=0.007)


def test_a_hundred_layers_take_less_than_a_tenth_of_a_second():
    for name in activations.names():
        times = []
        for turn in range(5):
            began = time.process_time()
            theory(Spec((784, *[256] * 99, 10), activation=name, scheme="lecun_normal", gain=1.1 + 0.01 * turn))
            # Processor time, the least of five, since other tests run at the same time. The gain differs, so that no
            # cache helps.
            times.append(time.process_time() - began)
        assert min(times) < 0.1, name


# Far beyond float64


def test_a_gradient_beyond_float64_is_not_called_a_signal():
    """Any warning is an error here. The signal begins at 1e-150, and the gradient at 1."""
    spec = Spec((64, *[64] * 10, 10), activation="linear", sigma_w=1e31, input_second_moment=1e-300)
    found = diagnose(spec, advise=False)
    assert found.problems[0].kind == "exploding gradient"
    assert "the gradients of layer" in found.problems[0].sentence


HARSH = [
    ("normal", 1.0),
    ("uniform", 1.0),
    *((scheme, gain) for scheme in ("he_normal", "pytorch_linear") for gain in (0.01, 0.1, 10.0, 20.0)),
]
NAMED = [  # each ended in an error of its own
    Spec((64, *[64] * 100, 10), activation="tanh", scheme="normal"),
    Spec((64, *[16] * 200, 10), scheme="uniform"),
    Spec((64, *[64] * 200, 10), activation="gelu", scheme="he_normal", gain=10.0),
    Spec((8, *[4] * 41, 2), sigma_w=1e5),
    Spec((64, 64, 10), scheme="he_normal", gain=1e154),
    Spec((64, 64, 10), activation="tanh", scheme="he_normal", gain=1e300),
    Spec((64, 64, 64, 10), sigma_w=1e-170),
    Spec((64, 64, 64, 10), activation="sigmoid", sigma_w=1e-9, normalization="after"),
]


def log_sizes(spec):
    """Return the logarithms of signal and gradient over the depth, by code that shares nothing with the package's.

    Moments are sums over points. Where a variance is too far from 1 for that, a moment is taken for a power of it, with
    the exponent measured at the edge.
    """
    phi, z = activation(spec.activation), np.linspace(-10.0, 10.0, 2000)
    weights = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()

    def moments(log_q):
        root = math.exp(min(max(log_q, -46.0), 46.0) / 2)
        square, other = (float(weights @ phi.f(factor * z) ** 2) for factor in (root, root * 1.01))
        power = round(math.log(other / square) / (2 * math.log(1.01))) if abs(log_q) > 46.0 else 0
        return math.log(square) + power * (log_q - 2 * math.log(root)), float(weights @ phi.df(root * z) ** 2)

    log_square = gradient = 0.0
    for layer, (sigma_w, sigma_b) in enumerate(spec.deviations()[:-1]):
        log_q = np.logaddexp(2 * math.log(sigma_w) + log_square, 2 * math.log(sigma_b) if sigma_b else -math.inf)
        log_square, slope = moments(float(log_q))
        gradient += math.log(sigma_w) + math.log(slope) / 2 if layer else 0.0
    return log_square / 2, gradient + math.log(spec.deviations()[-1][0])


@pytest.mark.parametrize("name", activations.names())
def test_deep_and_harsh_descriptions_get_the_verdict_that_their_logarithms_have(name):
    """Any warning is an error here. Of each activation ten of the 90 descriptions, with every depth and width."""
    for turn, (scheme, gain) in enumerate(HARSH):
        width, depth = (4, 16, 64)[turn % 3], (200, 100, 200, 50)[turn % 4]
        spec = Spec((64, *[width] * depth, 10), activation=name, scheme=scheme, gain=gain)
        kinds = {problem.kind for problem in diagnose(spec, simulated=False, advise=False).problems}
        for what, size in zip(("signal", "gradient"), log_sizes(spec), strict=True):
            if abs(abs(size) - REACH) < 0.5:  # the sum over points is not that exact
                continue
            expected = f"{'exploding' if size > 0 else 'vanishing'} {what}" if abs(size) > REACH else None
            beyond = (
                expected == "exploding signal" or "exploding signal" in kinds
            )  # beyond float64 nothing else is said
            assert expected in kinds or (expected is None and not any(what in kind for kind in kinds)) or beyond, (
                spec,
                kinds,
            )
            assert kinds or expected is None


@pytest.mark.parametrize("spec", NAMED, ids=lambda spec: spec.text().replace("\n", " ")[:60])
def test_what_leaves_float64_is_bad_and_no_error(spec):
    for simulated in (True, False):
        found = diagnose(spec, simulated=simulated, seeds=2)
        assert text(found)
        json.dumps(plain(found), allow_nan=False)
        if spec.normalization == "none":
            assert {problem.kind.partition(" ")[0] for problem in found.problems} & {"vanishing", "exploding"}


def test_theory_is_exact_where_squares_leave_float64():
    layers = theory(Spec((8, *[8] * 60, 8), activation="tanh", sigma_w=1e-3))
    assert layers.gradient[0] == pytest.approx(1e-180, rel=1e-9)
    assert layers.signal[-1] == pytest.approx(1e-183, rel=1e-3)  # the first layer's tanh is not quite linear
    assert layers.q[-1] == 0.0
    large = theory(Spec((8, *[8] * 50, 8), scheme="he_normal", gain=1e5))
    assert large.signal[-2] == pytest.approx(1e250, rel=50 * 5e-7)  # theory keeps seven digits of each variance
    assert large.chi[3] == pytest.approx(1e10)
    # sigmoid(0) = 1/2, and 1e-170 times that in the output.
    still = theory(Spec((8, 8, 8, 8), activation="sigmoid", sigma_w=1e-170))  # a half, whatever little it gets
    assert still.signal[:2] == pytest.approx([0.5, 0.5])
    assert still.signal[2] == pytest.approx(0.5e-170)
    faint = theory(replace(NAMED[-1], input_correlation=0.5))  # a half, and so little beside it that it is linear
    assert faint.chi[1] == pytest.approx(1.0)
    assert faint.correlation[1] == pytest.approx(0.5)


def test_a_draw_that_dies_is_high_variance_between_draws_in_words_that_end():
    # ReLU layers of width 4 die in some draws: all four units are off for an input.
    found = diagnose(Spec((8, *[4] * 40, 2), sigma_w=1.0), advise=False)
    said = {problem.kind: problem.sentence for problem in found.problems}["high variance between draws"]
    assert said == "At these widths one draw leaves nothing of an input's signal, and another leaves some of it."
    gone = diagnose(Spec((8, 4, 4, 2), scheme="zeros"), advise=False).simulation
    assert (gone.spread == 0.0).all()  # all draws are alike
    wild = {p.kind: p for p in diagnose(Spec((8, *[1] * 3000, 2), sigma_w=1.4), simulated=False, advise=False).problems}
    assert "by a factor of 1e+" in wild["high variance between draws"].sentence
    assert max(len(problem.sentence) for problem in wild.values()) < 250


def test_a_first_loss_of_four_times_chance_is_too_large():
    ln_10 = 2.302585  # the loss of a model that gives each of ten classes the same probability
    assert problems(Evidence(ran=True, loss=3.99 * ln_10, chance=ln_10)) == ()
    (found,) = problems(Evidence(ran=True, loss=8.0 * ln_10, chance=ln_10))
    assert (found.kind, found.row) == ("initial loss too large", "output")
    assert found.weight == pytest.approx(2.0)
    assert problems(Evidence(ran=True, loss=8.0 * ln_10)) == ()  # a squared error has no chance to compare with


# Factors of 0, and small last layers


def trained(spec, steps=6):
    """Return whether every matrix of the network has moved after some steps of gradient descent on a squared error."""
    net, rng = build(spec), np.random.default_rng(1)
    x, y = rng.standard_normal((16, spec.widths[0])), rng.standard_normal((16, spec.widths[-1]))
    start = [W.copy() for W in net.W]
    for _ in range(steps):
        run = net.forward(x)
        grad = net.backward(run, (run.output - y) / 16)
        for W, b, dW, db in zip(net.W, net.b, grad.W, grad.b, strict=True):
            W -= 0.1 * dW
            b -= 0.1 * db
    return all((W != W0).any() for W, W0 in zip(net.W, start, strict=True))


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize(
    "sigma_w",
    [(1, 1, 1, 0), (1, 1, 0, 1), (0, 1, 1, 1), (1, 0, 0, 1), (1, 1, 0, 0), (0, 0, 0, 0)],
)
@pytest.mark.parametrize("residual", [False, True])
def test_one_factor_of_0_is_over_after_a_step_and_two_are_for_ever(activation, sigma_w, residual):
    """What is called bad is what does not move in training."""
    spec = Spec((8, 8, 8, 8, 8), activation=activation, sigma_w=sigma_w, residual=residual)
    found = diagnose(spec, advise=False)
    moves = trained(spec)
    # `trained` is the judge: the diagnosis has to foresee what training does.
    assert bool(zeros(spec)) == moves
    assert found.ok == moves, found.verdict
    assert found.zeros == (tuple(k + 1 for k, w in enumerate(sigma_w) if w == 0.0) if moves else ())
    assert any("with weights of 0" in note for note in found.notes) == moves
    if not residual:
        assert diagnose(spec, simulated=False, advise=False).ok == moves


def test_zeros_of_branches_and_of_a_head_may_go_together():
    spec = Spec((64, *[32] * 5, 10), scheme="he_normal", residual=True, branch=0.0)
    found = diagnose(spec)
    assert found.ok
    assert found.zeros == (3, 5)
    both = Spec((64, *[32] * 5, 10), sigma_w=(1.0, 1.4, 0.0, 1.4, 0.0, 0.0), residual=True)
    assert diagnose(both).ok
    assert trained(both)
    assert not diagnose(Spec((64, *[32] * 5, 10), scheme="zeros", residual=True), advise=False).ok


def test_zeros_hide_no_other_fault_and_no_advice_overwrites_them():
    spec = Spec((64, *[64] * 30, 6), activation="tanh", sigma_w=(*[0.5] * 30, 0.0))
    found = diagnose(spec)
    assert found.problems[0].kind == "vanishing signal"
    assert found.advice is not None
    assert found.advice.spec.deviations()[-1][0] == 0.0
    assert not found.advice.problems
    branches = diagnose(Spec((64, *[64] * 9, 6), scheme="pytorch_linear", gain=100.0, residual=True, branch=0.0))
    assert branches.advice is not None
    assert [branches.advice.spec.deviations()[layer - 1][0] for layer in branches.zeros] == [0.0] * 4


def test_a_small_last_layer_is_a_note():
    # The usual start of a policy in reinforcement learning: the last layer at a hundredth.
    policy = Spec((17, 64, 64, 6), activation="tanh", sigma_w=(1.41, 1.41, 0.01))
    for simulated in (True, False):
        found = diagnose(policy, simulated=simulated)
        assert found.ok
        assert found.last_layer == pytest.approx(0.01, rel=0.3)
        assert "The last layer multiplies the gradient by 0.01" in found.notes[-1]
    deep = diagnose(Spec((64, *[256] * 20, 10), sigma_w=(*[0.6] * 20, 0.01)), advise=False)
    assert deep.problems[0].kind == "vanishing gradient"
    assert deep.last_layer is None


def test_one_number_has_no_direction():
    for widths in ((30, 64, 64, 1), (30, 64, 1, 4)):
        kinds = [p.kind for p in diagnose(Spec(widths, scheme="he_normal"), advise=False).problems]
        assert "inputs alike" not in kinds


# Verdicts

BAD = [
    (Spec(DEEP, scheme="pytorch_linear"), "vanishing gradient"),
    (Spec(DEEP, scheme="pytorch_linear"), "inputs alike"),
    (Spec(DEEP, activation="sigmoid", scheme="glorot_normal"), "vanishing gradient"),
    (Spec(DEEP, scheme="he_normal", gain=2.0), "exploding gradient"),
    (Spec(DEEP, scheme="he_normal", gain=2.0), "exploding signal"),
    (Spec(DEEP, activation="tanh", scheme="lecun_normal", gain=4.0), "saturated units"),
    (Spec((64, *[256] * 4, 10), scheme="constant"), "equal units"),
    (Spec((64, *[256] * 4, 10), scheme="zeros"), "equal units"),
    (Spec((64, *[16] * 40, 10), scheme="he_normal"), "high variance between draws"),
    (Spec((64, *[256] * 41, 10), scheme="he_normal", residual=True), "exploding signal"),
    (Spec((64, *[256] * 8, 10), scheme="he_normal", gain=6.0, dtype="fp16"), "number format"),
    (Spec((64, *[256] * 12, 10), scheme="pytorch_linear", gain=0.5, dtype="fp16"), "number format"),
    (Spec((64, *[256] * 300, 10), scheme="he_normal", gain=100.0), "exploding signal"),
    (Spec((64, *[64] * 4, 10), scheme="constant", normalization="before"), "equal units"),
]
GOOD = [
    Spec(DEEP, scheme="he_normal"),
    Spec(DEEP, scheme="orthogonal", gain=2**0.5, input_second_moment=2.0),
    Spec(DEEP, activation="tanh", scheme="glorot_normal"),
    Spec((784, 256, 256, 10), activation="gelu", scheme="he_normal"),
    Spec((64, 32, 10), scheme="pytorch_linear"),
    Spec((64, *[256] * 41, 10), scheme="he_normal", residual=True, normalization="before"),
    Spec((64, *[256] * 41, 10), scheme="he_normal", residual=True, normalization="after"),
    Spec((64, *[256] * 41, 10), scheme="he_normal", residual=True, branch=20**-0.5),
    Spec((5, 1), activation="linear", scheme="lecun_normal"),
]


@pytest.mark.parametrize(("spec", "kind"), BAD)
def test_a_bad_start_is_named(spec, kind):
    found = diagnose(spec, advise=False)
    assert not found.ok
    assert kind in [problem.kind for problem in found.problems]
    assert found.verdict.startswith(f"Bad: {found.problems[0].kind}. ")
    json.dumps(plain(found), allow_nan=False)
    assert found.verdict in text(found)


def test_where_numbers_leave_their_format_is_said_in_fields():
    found = diagnose(BAD[10][0], simulated=False, advise=False)
    # sqrt(2) * 6 is what a layer does to the first signal and to the last gradient, and 6 what each other one does:
    # sqrt(72) * 6**5 is the first beyond 65504, at the sixth layer, and five layers before the eighth.
    assert [(at.what, at.overflows, at.row) for at in found.exits["fp16"]] == [
        ("signal", True, "layer 6"), ("gradient", True, "layer 3"),
    ]  # fmt: skip
    assert found.formats["fp16"] == "the signal overflows at layer 6 and the gradient overflows at layer 3"
    assert found.exits["fp64"] == ()
    problem = {problem.kind: problem for problem in found.problems}["number format"]
    assert (problem.row, problem.sentence) == ("layer 3", f"In fp16, {found.formats['fp16']}.")
    assert plain(found)["formats"] == found.formats


def test_entries_leave_a_format_before_their_rms_does():
    # In half precision 65504 is the largest number. Of 4,096 normal numbers the largest is 3.7 deviations on average.
    sizes = 2.8e4 * np.random.default_rng(0).standard_normal((100, 32 * 128))
    assert (np.abs(sizes).max(axis=1) > 65504).all()
    spec = Spec((64, *[128] * 4, 10), sigma_w=(*[math.sqrt(2)] * 4, 1e-4), dtype="fp16", input_second_moment=4e8)
    found = diagnose(spec, advise=False)
    assert float(np.sqrt(found.best.q).max()) < 65504
    assert [problem.kind for problem in found.problems] == ["number format"]


def test_the_rows_of_problems_are_red():
    found = diagnose(BAD[0][0], advise=False)
    red = [line for line in text(found, color=True).splitlines() if line.startswith("\033[31mlayer")]
    assert {line.removeprefix("\033[31m").partition("  ")[0] for line in red} == {p.row for p in found.problems}


@pytest.mark.parametrize("spec", GOOD)
def test_a_good_start_is_good(spec):
    found = diagnose(spec)
    assert found.ok, found.problems
    assert found.advice is None
    assert found.verdict.startswith("Good. ")


@pytest.mark.parametrize("spec", [spec for spec, _ in BAD[::2]])
def test_what_is_advised_helps_and_was_run(spec):
    advice = diagnose(spec, seeds=2).advice
    assert advice is not None
    again = diagnose(advice.spec, seeds=2, advise=False)
    assert (again.problems, again.verdict) == (advice.problems, advice.outcome)
    # The advice was simulated, so that the same seeds have to give the same verdict.
    assert again.ok or len(spec.widths) > 100, again.problems  # no one change is enough for 300 layers
    assert len(again.problems) < len(diagnose(spec, seeds=2, advise=False).problems)


def test_the_same_call_gives_the_same_diagnosis():
    spec = BAD[0][0]
    first = plain(diagnose(spec))
    assert json.dumps(first) == json.dumps(plain(diagnose(spec)))
    assert plain(diagnose(replace(spec, seed=1), advise=False))["simulation"] != first["simulation"]


def test_models_that_pytorch_was_asked_about():
    kinds = {name: model["kinds"] for name, model in REFERENCE["models"].items()}
    assert kinds["he"] == kinds["resnet"] == kinds["transformer"] == []
    assert {"vanishing gradient", "output ignores its input"} == set(kinds["plain"])
    assert kinds["constant"][0] == "equal units"
    assert kinds["dead"][0] == "dead layer"
    assert kinds["half"] == ["overflow"]


# Descriptions

SPECS = st.builds(
    Spec,
    st.lists(st.integers(2, 50), min_size=2, max_size=5).map(tuple),
    activation=st.sampled_from(activations.names()),
    scheme=st.sampled_from(initializers.names()),
    gain=st.floats(1e-3, 1e3),
    sigma_b=st.none() | st.floats(0, 10),
    normalization=st.sampled_from(NORMALIZATIONS),
    dtype=st.sampled_from(tuple(number_formats.FORMATS)),
    input_second_moment=st.floats(1e-6, 1e6),
    input_correlation=st.floats(0, 0.99),
    seed=st.integers(0, 2**31),
)


@settings(deadline=None)  # the machine may be busy
@given(SPECS)
def test_a_description_comes_back_from_its_text(spec):
    assert Spec.from_text(spec.text()) == spec


@settings(deadline=None)  # the machine may be busy
@given(SPECS)
@example(Spec((1, 1, 1), activation="tanh", scheme="normal", gain=597.0, input_second_moment=1612.0))
def test_any_description_is_diagnosed_by_theory(spec):
    found = diagnose(spec, simulated=False, advise=False)
    record = json.dumps(plain(found), allow_nan=False)
    assert "NaN" not in record
    for value in vars(found.theory).values() if found.theory else ():
        assert value is None or not np.isnan(value).any()


@settings(deadline=None, max_examples=30)
@given(SPECS)
def test_any_description_is_simulated_and_advised(spec):
    assert text(diagnose(spec, seeds=1))


REFUSED = [
    ({"widths": b"ab"}, TypeError, "widths must be integers"),
    ({"activation": activation("relu")}, TypeError, "activation must be a name"),
    ({"widths": (3,)}, ValueError, "widths must be at least an input and an output"),
    ({"widths": (3, 0)}, ValueError, "widths must be at least 1"),
    ({"widths": "3,4"}, TypeError, "widths must be integers"),
    ({"widths": (3, 2.5)}, TypeError, "widths must be an integer"),
    ({"activation": "gleu"}, ValueError, r"did you mean 'gelu'"),
    ({"scheme": "he_norml"}, ValueError, r"unknown scheme 'he_norml' \(did you mean 'he_normal'\?\)"),
    ({"scheme": None}, ValueError, "give either scheme, .* or sigma_w"),
    ({"sigma_w": 1.0}, ValueError, "give either scheme, .* or sigma_w"),
    ({"scheme": None, "sigma_w": (1.0,)}, ValueError, "sigma_w must be one number or 2, one a layer, got 1"),
    ({"sigma_b": -1.0}, ValueError, "sigma_b must be at least 0"),
    ({"gain": 0}, ValueError, "gain must be greater than 0"),
    ({"gain": float("nan")}, ValueError, "gain must be finite"),
    ({"residual": 1}, TypeError, "residual must be true or false"),
    ({"residual": True}, ValueError, "one width an odd number of times"),
    ({"branch": 0.5}, ValueError, "branch is for residual networks"),
    ({"normalization": "pre"}, ValueError, "unknown normalization 'pre'"),
    ({"widths": (3, 1, 2), "normalization": "after"}, ValueError, "normalization over units needs at least two"),
    ({"dtype": "float16"}, ValueError, r"unknown dtype 'float16' \(did you mean 'fp16'\?\)"),
    ({"input_second_moment": 0.0}, ValueError, "input_second_moment must be greater than 0"),
    ({"input_correlation": 1.0}, ValueError, "input_correlation must be below 1"),
    ({"seed": -1}, ValueError, "seed must be at least 0"),
]


@pytest.mark.parametrize(("changes", "kind", "says"), REFUSED)
def test_refusal(changes, kind, says):
    with pytest.raises(kind, match=says):
        Spec(**({"widths": (3, 4, 2), "scheme": "he_normal"} | changes))


def test_weights_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"must have the shapes of widths \(3, 2\)"):
        diagnose(Spec((3, 2), sigma_w=1.0), weights=[(np.ones((2, 3)), np.ones(3))])
    with pytest.raises(ValueError, match="seeds must be at least 1"):
        diagnose(Spec((3, 2), sigma_w=1.0), seeds=0)


@pytest.mark.parametrize(
    ("layer", "kind", "says"),
    [
        (
            (np.array([[1.0, 2.0], [np.nan, 1.0], [0.0, 1.0]]), np.zeros(2)),
            ValueError,
            "weights of layer 1 must be finite",
        ),
        ((np.ones((3, 2)), np.array([0.0, np.inf])), ValueError, "biases of layer 1 must be finite"),
        ((np.ones((3, 2)), np.zeros(1)), ValueError, r"got \[\(\(3, 2\), \(1,\)\)\]"),
        ((np.full((3, 2), "a"), np.zeros(2)), TypeError, "array of real numbers"),
        ((np.ones((3, 2)), None), TypeError, "array of real numbers"),
        (np.ones((3, 2)), TypeError, "a pair of weights and biases"),
    ],
)
def test_weights_that_are_none_are_refused(layer, kind, says):
    with pytest.raises(kind, match=says):
        diagnose(Spec((3, 2), sigma_w=1.0), weights=[layer])


def test_weights_are_measured_whatever_the_description_says_of_them():
    """Theory and simulation are about one network: lists of numbers of rms 0.5 have a sigma_w of 1 at a fan-in of 4."""
    layer = [[0.5, -0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]] * 2, [0.25] * 4
    found = diagnose(Spec((4, 4, 4), scheme="he_normal", gain=3.0), weights=[layer, layer])
    assert found.spec.sigma_w == pytest.approx((1.0, 1.0))
    assert found.spec.sigma_b == pytest.approx((0.25, 0.25))
    assert diagnose(Spec((4, 4, 4), "tanh", scheme="zeros"), weights=[layer, layer]).ok


@pytest.mark.parametrize("spec", ["relu", None, [64, 10], {"widths": (3, 2)}])
def test_what_is_no_description_is_refused(spec):
    with pytest.raises(TypeError, match="spec must be of the class Spec"):
        diagnose(spec)


# The command line


def run(capsys, *arguments):
    code = main(["diagnose", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_flags(capsys):
    code, out, _ = run(capsys, "--widths", "784,256x2,10", "--activation", "gelu", "--scheme", "he_normal")
    assert code == 0
    assert out.startswith("784-256-256-10, gelu, he_normal\n")
    assert "\033" not in out
    code, out, _ = run(capsys, "--widths", "64,256x20,10", "--scheme", "pytorch_linear")
    assert code == 1
    assert "What helps most: he_normal" in out


def test_a_file_and_flags_before_it(capsys, tmp_path):
    path = tmp_path / "net.toml"
    path.write_text(BAD[0][0].text())
    assert run(capsys, path)[0] == 1
    assert run(capsys, path, "--scheme", "he_normal")[0] == 0
    assert run(capsys, path, "--sigma-w", "1.4142")[0] == 0


def test_json(capsys):
    code, out, _ = run(capsys, "--widths", "64,64,10", "--scheme", "he_normal", "--json")
    record = json.loads(out)
    assert code == 0
    assert record["ok"] is True
    assert record["spec"]["widths"] == [64, 64, 10]
    assert set(record["theory"]) == set(record["simulation"])


def test_theory_only(capsys):
    code, out, _ = run(capsys, "--widths", "64,64,10", "--scheme", "he_normal", "--theory-only", "--json")
    assert json.loads(out)["simulation"] is None
    assert code == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("widths = [3, 4", "is not TOML"),
        ("width = [3, 4]", r"unknown key 'width' (did you mean 'widths'?)"),
        ('scheme = "he_normal"', "has no widths"),
        ('widths = [3, 4]\nscheme = "he_norml"', "did you mean 'he_normal'"),
        ("widths = [3, true]\nsigma_w = 1.0", "widths must be an integer"),
        ("widths = [3, 4]\nsigma_w = inf", "sigma_w must be finite"),
    ],
)
def test_a_description_that_cannot_be_used(capsys, tmp_path, content, says):
    path = tmp_path / "net.toml"
    path.write_text(content)
    code, out, err = run(capsys, path)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_errors_are_a_sentence_and_a_traceback_if_asked_for(capsys, tmp_path):
    code, _, err = run(capsys, tmp_path / "none.toml")
    assert code == 2
    assert "none.toml" in err
    assert "Traceback" not in err
    code, _, err = run(capsys, tmp_path / "none.toml", "--traceback")
    assert code == 2
    assert "Traceback" in err
    for arguments, says in (
        ((), "say which network"),
        (("--widths", "3,four"), "numbers with commas"),
        (("--widths", "3,4"), "give either scheme"),
        ((tmp_path / "net.yaml",), "must be a .npz or a .safetensors file, got .yaml"),
        (("--torch", "nothing:f"), ""),
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert says in err


def in_a_terminal(**environment):
    """What the command prints on a terminal."""
    # A pseudo-terminal: the command sees a terminal at its end, and the test reads what is printed at the other.
    ours, theirs = pty.openpty()
    env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    command = [sys.executable, "-m", "wi_docs", "diagnose", "--widths", "8,8,2", "--scheme", "he_normal"]
    subprocess.run(
        command, cwd=Path(__file__).parent.parent, stdout=theirs, env=env | {"TERM": "xterm"} | environment, check=True
    )
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 65536):
            said += chunk
    except OSError:  # Linux says so where a terminal ends
        pass
    os.close(ours)
    return said.decode()


def test_colors_on_a_terminal_that_has_them_only():
    assert "\033[32mGood." in in_a_terminal()
    assert "\033" not in in_a_terminal(NO_COLOR="1")
    assert "\033" not in in_a_terminal(TERM="dumb")


@pytest.mark.parametrize("scheme", ["zeros", "constant", "identity"])
def test_nothing_to_judge_by_is_no_verdict(capsys, tmp_path, scheme):
    words = ("--widths", "8,4,2", "--scheme", scheme, "--theory-only")
    code, out, _ = run(capsys, *words, "--json")
    assert (code, json.loads(out)["ok"], json.loads(out)["undecided"]) == (2, False, True)
    assert "Undecided. There is neither" in run(capsys, *words)[1]
    code, _, err = run(capsys, *words, "--figure", tmp_path / "x.svg")
    assert code == 2
    assert "there is nothing to draw" in err


@pytest.mark.parametrize(
    "widths",
    [
        "256x-5,3,2", "256x0,3", "1_0,2", "+8,2", "8,4x 3,2", "8,4 x3,2", "٣,٤", "8,,2", "8,4x99999,2", "8,0x4,2",
        "8,2.0", "",
    ],
)  # fmt: skip
def test_widths_are_digits(capsys, widths):
    code, out, err = run(capsys, "--widths", widths, "--scheme", "he_normal")
    assert (code, out) == (2, "")
    assert "numbers with commas" in err or "must be at least 1" in err


def test_numbers_of_other_kinds():
    assert command_line.numbers("widths", " 8, 4x2 ,2", int) == (8, 4, 4, 2)
    assert command_line.numbers("sigma_w", "1.4x2,.5,1e-3,-2", float) == (1.4, 1.4, 0.5, 0.001, -2.0)
    for wrong in ("1_0", "nan", "inf", "1e", "0xa", "1.4 x2"):
        with pytest.raises(ValueError, match="numbers with commas"):
            command_line.numbers("sigma_w", wrong, float)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ZeroDivisionError("division by zero"), "fault of wi_docs, and no verdict: ZeroDivisionError: division by"),
        (ZeroDivisionError("division by zero"), "Please report it, with what --traceback prints"),
        (KeyError("signal"), "a fault of wi_docs, and no verdict: KeyError: 'signal'"),
        (RecursionError("deep"), "a fault of wi_docs"),
        (MemoryError("Unable to allocate 7 TiB"), "there is not enough memory for it (Unable to allocate 7 TiB)"),
    ],
)  # fmt: skip
def test_what_nobody_foresaw_is_no_verdict(capsys, monkeypatch, error, says):
    def fails(*_, **__):
        raise error

    words = ("--widths", "8,4,2", "--scheme", "he_normal")
    for place in ("diagnose", "show"):
        with monkeypatch.context() as patched:
            patched.setattr(command_line, place, fails)
            code, _, err = run(capsys, *words)
            assert code == 2
            assert says in err
            assert "Traceback" not in err
            assert "Traceback" in run(capsys, *words, "--traceback")[2]


def test_an_integer_beyond_float64_is_refused(capsys, tmp_path):
    (tmp_path / "net.toml").write_text(f"widths = [3, 4]\nscheme = 'he_normal'\ngain = {10**400}")
    code, _, err = run(capsys, tmp_path / "net.toml")
    assert code == 2
    assert "gain must be within the range of float64" in err


def test_a_figure(capsys, tmp_path):
    path = tmp_path / "out.svg"
    assert run(capsys, "--widths", "64,64x5,10", "--scheme", "he_normal", "--figure", path)[0] == 0
    svg = path.read_text()
    assert svg.startswith("<svg")
    assert ">signal<" in svg
    assert ">gradient<" in svg
    assert "var(--wi-blue" in svg
    # Numbers out of a format, out of float64, all 0, and a network of one layer: all of them can be drawn.
    for bad in (BAD[10][0], BAD[12][0], BAD[7][0], Spec((3, 2), activation="linear", sigma_w=0.0)):
        picture(diagnose(bad, advise=False)).svg("bad")
    code, _, err = run(capsys, "--widths", "8,8", "--scheme", "he_normal", "--figure", tmp_path / "out.png")
    assert code == 2
    assert "ends in .svg" in err


def test_a_figure_without_matplotlib_says_what_is_missing():
    code = (
        "import sys; sys.modules['matplotlib'] = None; from wi_docs.__main__ import main; "
        "sys.exit(main(['diagnose', '--widths', '8,8', '--scheme', 'he_normal', '--figure', 'out.svg']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "python -m wi_docs diagnose: error: --figure needs matplotlib: pip install matplotlib\n"


def test_a_gradient_that_vanishes_evenly_is_no_small_last_layer():
    """Five hidden layers of PyTorch's default: each multiplies by 0.41, and the last by 0.58."""
    found = diagnose(Spec((64, *[256] * 5, 10), scheme="pytorch_linear"), seeds=1)
    assert [problem.kind for problem in found.problems] == ["vanishing gradient"]
    assert found.last_layer is None


def test_outputs_that_an_exploding_signal_makes_large_are_no_problem_of_their_own():
    found = diagnose(Spec((64, *[64] * 20, 10), scheme="he_normal", gain=2.0), seeds=1)
    assert "initial loss too large" not in [problem.kind for problem in found.problems]
    assert "exploding" in found.problems[0].kind
    loud = diagnose(Spec((64, *[64] * 3, 10), sigma_w=(1, 1.4, 1.4, 70)), seeds=1)
    assert "initial loss too large" in [problem.kind for problem in loud.problems]


def test_beyond_float64_no_training_is_quoted():
    found = diagnose(Spec((64, *[64] * 20, 10), scheme="he_normal", gain=1e20))
    assert found.meaning == MEANINGS["overflow"]
    large = diagnose(Spec((64, *[64] * 10, 10), "linear", sigma_w=1e20), seeds=1)  # 1e200 times, within float64
    assert large.problems[0].weight > 100
    assert large.meaning == MEANINGS[large.problems[0].kind]


def test_the_spread_between_draws_is_judged_by_theory():
    """Four draws say little of it: of thirty seeds ten gave another verdict. Theory: the root of 50 * 5/64 / 4."""
    spec = Spec((64, *[64] * 50, 10), scheme="he_normal")
    verdicts = [diagnose(replace(spec, seed=k), advise=False).problems for k in range(6)]
    assert verdicts == [()] * 6
    narrow = diagnose(Spec((64, *[8] * 60, 10), scheme="he_normal"), seeds=1, advise=False)
    assert "high variance between draws" in [problem.kind for problem in narrow.problems]


def test_without_a_simulation_none_is_made_for_the_advice(monkeypatch):
    monkeypatch.setattr(networks, "simulate", None)
    found = diagnose(Spec((64, *[256] * 20, 10), scheme="pytorch_linear"), simulated=False)
    assert found.advice is not None


def test_a_gain_goes_with_a_scheme():
    with pytest.raises(ValueError, match=r"gain is for the weights of a scheme, got 5.0 and sigma_w 1.0"):
        Spec((64, 64, 10), sigma_w=1.0, gain=5.0)


def test_a_network_of_one_layer_has_an_output_and_no_hidden_row():
    assert "the output has an rms of" in diagnose(Spec((64, 10), scheme="he_normal")).verdict
    assert "-0.00" not in diagnose(Spec((64, 10), scheme="he_normal")).verdict


def test_inputs_that_came_alike_are_not_laid_to_the_network():
    """Four linear layers keep each angle but for the luck of a draw."""
    spec = Spec((64, *[64] * 4, 10), "linear", sigma_w=1.0, input_correlation=0.9995)
    assert diagnose(spec, seeds=1).ok
    closing = Spec((64, *[256] * 10, 10), "tanh", sigma_w=0.5, sigma_b=0.5, input_correlation=0.99)
    assert "inputs alike" in [problem.kind for problem in diagnose(closing, simulated=False, advise=False).problems]


def test_orthogonal_weights_that_keep_every_length_do_not_differ_between_draws():
    spec = Spec((64, *[16] * 200, 10), "linear", scheme="orthogonal")
    for found in (diagnose(spec, simulated=False), diagnose(spec, seeds=1)):
        assert found.ok
        assert any("orthogonal weights for independent ones" in note for note in found.notes)
