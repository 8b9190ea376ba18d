"""Experiments that train, cut short: their bookkeeping against loops written out, and fake runs for the long ones."""

import math

import numpy as np
import pytest

from wi_docs import MLP, propagate
from wi_docs.experiments import digits, learning_speed, pretraining, trainability
from wi_docs.experiments.gain_table import factors, gains
from wi_docs.experiments.grokking import courses
from wi_docs.experiments.learning_speed import WAYS, Speed
from wi_docs.experiments.saturation import saturated_share
from wi_docs.experiments.trainability import deepest, train_grid, train_row
from wi_docs.experiments.training import History, train
from wi_docs.nn.network import squared_error


def test_factors_are_means_over_seeds_with_their_errors():
    found = factors("tanh", 1.2, depth=4, width=30, seeds=(0, 1, 2))
    runs = [
        propagate("tanh", "lecun_normal", depth=4, width=30, batch=32, gain=1.2, input_gain=1.0, seed=seed)
        for seed in (0, 1, 2)
    ]
    forward = [(run.forward_rms[3] / run.forward_rms[0]) ** (1 / 3) for run in runs]
    backward = [(run.gradient_rms[0] / run.gradient_rms[3]) ** (1 / 3) for run in runs]
    for values, mean, error in ((forward, found.forward, found.forward_error),
                                (backward, found.backward, found.backward_error)):  # fmt: skip
        middle = sum(values) / 3
        assert mean == pytest.approx(middle)
        assert error == pytest.approx(math.sqrt(sum((v - middle) ** 2 for v in values) / 2 / 3))


def test_gains_in_closed_form():
    relu = gains("relu")  # E relu^2 = E relu'^2 = 1/2, and the mean is 1 over the root of 2 pi
    assert (relu.forward, relu.backward, relu.pytorch) == pytest.approx((2**0.5, 2**0.5, 2**0.5))
    assert relu.by_deviation == pytest.approx((0.5 - 1 / (2 * math.pi)) ** -0.5)
    assert relu.critical == pytest.approx((2.0, 0.0), abs=1e-9)
    cubic = gains(lambda x: x**3)  # E z^6 = 15, and E (3 z^2)^2 = 27
    assert (cubic.forward, cubic.backward, cubic.pytorch) == (pytest.approx(15**-0.5), pytest.approx(27**-0.5), None)
    assert cubic.critical == pytest.approx((1 / 27, 1 - 15 / 27))
    square = gains(lambda x: x**2)  # E z^4 = 3, of which the square of the mean is 1; E (2 z)^2 = 4
    assert (square.by_deviation, square.critical) == (pytest.approx(2**-0.5), pytest.approx((0.25, 0.25)))
    assert gains(lambda x: x**2 + 1).critical is None  # E (z^2 + 1)^2 = 6, more than 4
    assert gains(lambda x: 1.0 + 1e-9 * x).by_deviation == math.inf


# Learning speed


def test_what_a_network_starts_with_is_scaled_shifted_and_killed():
    plain = learning_speed.learning_speed("tanh", most=1)
    assert plain.steps == math.inf
    scaled = learning_speed.learning_speed("tanh", scale=40.0, most=1)
    assert scaled.saturated > 0.85 > 0.2 > plain.saturated
    shifted = learning_speed.learning_speed("relu", shift=-100.0, most=1)
    assert (shifted.saturated, shifted.dead) == (1.0, 1.0)
    half = learning_speed.learning_speed("relu", dead=0.5, most=1)
    whole = learning_speed.learning_speed("relu", most=1)
    assert half.dead == pytest.approx(0.5, abs=whole.dead + 0.02)
    assert half.saturated == pytest.approx(0.75, abs=0.06)  # those, and half of the rest
    # Layers of LeCun's scale times the gain: variances of 1, of which this share is saturated.
    assert plain.saturated == pytest.approx(saturated_share("tanh", 1.0), abs=0.05)
    for wrong in ({"scale": 0.0}, {"dead": -0.1}, {"most": 0}):
        with pytest.raises(ValueError, match="must be"):
            learning_speed.learning_speed("tanh", **wrong)


def test_steps_are_counted_until_four_fifths_are_right():
    found = learning_speed.learning_speed("relu")
    assert 5 < found.steps < 60
    assert learning_speed.learning_speed("relu", most=int(found.steps)).steps == math.inf
    assert learning_speed.learning_speed("relu", most=int(found.steps) + 1).steps == found.steps


half_speed = learning_speed.half_speed.__wrapped__  # what is faked is not to be kept on disk


def fake_speed(steps, seen):
    def run(hidden, *, rate, most, seed, **way):
        ((name, value),) = way.items()
        seen.append((name, value, most))
        return Speed(saturated=abs(value) / 10, dead=value / 2, steps=steps(value))

    return run


@pytest.mark.parametrize(
    ("way", "steps", "share"),
    [
        # 10 steps at 1, 15.625 at 1.25 and 22.5 at 1.5: 20 are passed at 7/11 of the way.
        ("scale", lambda v: 10 * v * v, 0.125 + 0.025 * 7 / 11),
        # The fastest, 6 steps, comes fourth, at -0.3; 5 + 100 (v + 0.2)^2 is 9 at -0.4 and 14 at -0.5.
        ("shift", lambda v: 5 + 100 * (v + 0.2) ** 2 if v < -0.2 else 9 + 10 * v, 0.04 + 0.01 * 3 / 5),
        # 10 steps up to 4/16, then no end: four times the fastest, and 4, stand for that.
        ("dead", lambda v: 10.0 if v <= 0.25 else math.inf, (4 + 10 / 34) / 32),
    ],
)
def test_twice_the_steps_are_found_on_a_line_between_two_tries(monkeypatch, way, steps, share):
    seen = []
    monkeypatch.setattr(learning_speed, "learning_speed", fake_speed(steps, seen))
    assert half_speed("tanh", way) == pytest.approx(share)
    fastest = math.inf
    for (name, value, most), tried in zip(seen, WAYS[way], strict=False):
        assert (name, value) == (way, tried)
        assert most == (1000 if fastest == math.inf else int(4 * fastest) + 4)
        fastest = min(fastest, steps(value))


def test_what_never_takes_twice_as_long_is_refused(monkeypatch):
    monkeypatch.setattr(learning_speed, "learning_speed", fake_speed(lambda v: 10.0, []))
    for way in WAYS:
        with pytest.raises(ValueError, match="tanh never takes twice as long"):
            half_speed("tanh", way)


def test_each_way_gets_worse_from_nothing_on():
    scale, shift, dead = (np.array(WAYS[way]) for way in ("scale", "shift", "dead"))
    assert (scale[0], shift[0], dead[0]) == (1.0, 0.0, 0.0)
    assert all((np.diff(tries) > 0).all() for tries in (scale, -shift, dead))
    assert dead[-1] < 1.0


# Which depths train


def history(*accuracy):
    empty = np.zeros(0)
    return History(np.arange(len(accuracy)), np.array(accuracy), empty, empty, empty, 0.0, None, None)


def test_a_grid_has_the_last_accuracies_averaged(monkeypatch):
    def row(hidden, depth, scales):
        return {(scale, seed): history(0.5, scale / 10 + depth / 100 + seed / 5) for scale in scales for seed in (0, 1)}

    monkeypatch.setattr(trainability, "train_row", row)
    found = train_grid("tanh", sigma_w=(1.0, 2.0), depths=(4, 8, 12))
    assert found == pytest.approx(np.array([[0.24, 0.28, 0.32], [0.34, 0.38, 0.42]]))


def test_a_row_records_the_gradients_of_its_first_seed(monkeypatch):
    monkeypatch.setattr(trainability, "STEPS", 5)
    found = train_row("tanh", 2, (0.5, 1.5))
    assert list(found) == [(0.5, 0), (1.5, 0), (0.5, 1), (1.5, 1)]
    assert [run.gradient_rms.shape for run in found.values()] == [(2, 3), (2, 3), (0,), (0,)]
    assert found[1.5, 0].steps.tolist() == [0, 1, 2, 3, 4, 5]
    net = MLP([64, 64, 64, 10], "tanh", "lecun_normal", np.random.default_rng(1))
    net.W = [1.5 * W for W in net.W]
    alone = train(net, steps=5, rate=0.05, seed=1, looks=6)
    assert found[1.5, 1].accuracy == pytest.approx(alone.accuracy, abs=0.01)


def test_the_deepest_is_where_the_accuracy_falls_through_the_level():
    assert deepest((4, 8, 12), np.array([0.9, 0.6, 0.4])) == 10.0
    assert deepest((4, 8, 12), np.array([0.9, 0.8, 0.4]), level=0.5) == 11.0
    assert deepest((4, 8, 12), np.array([0.9, 0.3, 0.9])) == pytest.approx(4 + 4 * 4 / 6)
    assert deepest((4, 8, 12), np.array([0.9, 0.8, 0.5])) == 12.0
    with pytest.raises(ValueError, match="already at depth 4"):
        deepest((4, 8), np.array([0.49, 0.9]))


# Pre-training


def test_a_layer_is_trained_to_rebuild_its_standardized_input(monkeypatch):
    coders = []

    net = MLP([64, 20, 12, 10], "sigmoid", "glorot_normal", np.random.default_rng(0))
    made = MLP.__init__

    def kept(self, *arguments):
        made(self, *arguments)
        coders.append(self)

    monkeypatch.setattr(MLP, "__init__", kept)
    start = [W.copy() for W in net.W]
    unexplained = pretraining.pretrain(net, steps=40, rate=0.05, batch=16, seed=3)
    x = digits.load().train_x
    for layer, (coder, share) in enumerate(zip(coders, unexplained, strict=True)):
        assert coder.W[0] is net.W[layer]
        assert [W.shape for W in coder.W] == [start[layer].shape, start[layer].shape[::-1]]
        assert [phi.name for phi in coder.activations] == ["sigmoid", "linear"]
        target = (x - x.mean(axis=0)) / x.std()
        hidden = 1 / (1 + np.exp(-(x @ net.W[layer] + net.b[layer])))
        error = hidden @ coder.W[1] + coder.b[1] - target
        assert share == pytest.approx((error**2).sum() / (target**2).sum())
        assert share < 1.0
        assert (net.W[layer] != start[layer]).any()
        x = hidden
    assert np.array_equal(net.W[2], start[2])  # the output layer is not


def test_its_first_step_is_one_of_gradient_descent():
    net, again = (MLP([64, 6, 10], "tanh", "glorot_normal", np.random.default_rng(0)) for _ in range(2))
    pretraining.pretrain(net, steps=1, rate=0.1, batch=5, seed=2)
    rng, x = np.random.default_rng(2), digits.load().train_x
    coder = MLP([64, 6, 64], "tanh", "glorot_normal", rng)
    coder.W[0], coder.b[0] = again.W[0], again.b[0]
    rows = rng.integers(len(x), size=5)
    run = coder.forward(x[rows])
    grad = coder.backward(run, squared_error(run.output, ((x - x.mean(axis=0)) / x.std())[rows])[1])
    assert net.W[0] == pytest.approx(again.W[0] - 0.1 * grad.W[0])
    assert net.b[0] == pytest.approx(again.b[0] - 0.1 * grad.b[0])


def test_three_starts_are_compared_that_differ_in_one_thing_each():
    found = pretraining.compare_starts(depth=2, width=8, pretraining_steps=30, steps=40, seeds=(0, 1))
    assert found.steps.tolist() == [*range(0, 41, 2)]
    assert {name: runs.shape for name, runs in found.accuracy.items()} == dict.fromkeys(found.accuracy, (2, 21))
    scales = {"random": [], "pre-trained": []}
    for seed in (0, 1):
        for name in scales:
            net = MLP([64, 8, 8, 10], "sigmoid", "glorot_normal", np.random.default_rng(seed))
            if name == "pre-trained":
                pretraining.pretrain(net, steps=30, rate=0.05, seed=seed)
            scales[name].append([W.std() * len(W) ** 0.5 for W in net.W[:2]])
            alone = train(net, steps=40, rate=0.5, seed=seed, looks=21, record="accuracy")
            assert found.accuracy[name][seed] == pytest.approx(alone.accuracy, abs=0.01)
    for name, values in scales.items():
        assert found.scale[name] == pytest.approx(np.mean(values, axis=0))
    assert found.scale["shuffled"] == pytest.approx(found.scale["pre-trained"])  # the same weights, elsewhere
    assert not np.allclose(found.accuracy["shuffled"], found.accuracy["pre-trained"])
    assert not np.allclose(found.accuracy["shuffled"], found.accuracy["random"])


def test_a_course_in_company_is_the_course_alone():
    options = {"looks": (0, 5, 20), "examples": 30, "width": 8, "seeds": (0, 1)}
    both = courses((1.0, 4.0), (0.0, 1.0), **options)
    (alone,) = courses((4.0,), (1.0,), **options)
    for name in ("steps", "train", "test", "norm"):
        assert getattr(both[1], name) == pytest.approx(getattr(alone, name), rel=1e-9)
    assert both[0].norm[:, 0] == pytest.approx(1.0)
    assert not np.allclose(both[0].norm[:, -1], both[1].norm[:, -1], atol=1e-3)


def test_the_decay_alone_shrinks_weights_that_get_no_gradient():
    """The only digit is known for sure: the loss is 0 to the last digit, and so is its gradient."""
    looks, rate, decay = (0, 100), 0.01, 0.5
    (course,) = courses((30.0,), (decay,), looks=looks, examples=1, rate=rate, width=16, seeds=(0,))
    assert course.train[0, -1] == 1.0
    assert course.norm[0, -1] == pytest.approx((1 - rate * decay) ** looks[-1], rel=0.05)


@pytest.mark.parametrize(
    ("scales", "decays", "options", "words"),
    [
        ((1.0,), (), {}, "each scale wants a decay, got 1 and 0"),
        ((0.0,), (1.0,), {}, "scale must be"),
        ((1.0,), (-1.0,), {}, "decay must be"),
        ((1.0,), (1.0,), {"examples": 0}, "examples must be"),
        ((1.0,), (1.0,), {"rate": 0.0}, "rate must be"),
    ],
)
def test_a_course_refuses_what_it_cannot_use(scales, decays, options, words):
    with pytest.raises(ValueError, match=words):
        courses(scales, decays, looks=(0, 1), seeds=(0,), **options)
