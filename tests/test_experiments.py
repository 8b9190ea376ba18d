"""The experiments against theory, with the standard error over seeds as the measure."""

import math
from dataclasses import replace

import numpy as np
import pytest

from wi_docs import MLP, propagate
from wi_docs.experiments import digits
from wi_docs.experiments.meanfield import fixed_point, length_map
from wi_docs.experiments.products import lyapunov_exponent, random_products
from wi_docs.experiments.propagation import SCALES, centered_ratio, product_spectrum, projection_variance, rms
from wi_docs.experiments.recurrent import clip_by_norm, descend_recurrence, recur
from wi_docs.experiments.symmetry import linear_pieces, tent_map, train_units
from wi_docs.experiments.training import Adam, descend, sweep, train, train_digits
from wi_docs.nn.activations import names
from wi_docs.nn.gains import second_moment
from wi_docs.nn.network import ExplosionError, softmax_cross_entropy


@pytest.mark.parametrize("name", names())
def test_one_layer_has_the_factors_of_theory(name):
    """Pre-activations of variance 1, so second_moment at q = 1 is what both passes must show."""
    runs = [propagate(name, "lecun_normal", depth=1, width=400, batch=100, seed=s) for s in range(6)]
    # Squares, since theory is about mean squares, and the mean of roots is another number.
    forward = np.array([r.forward_rms[0] ** 2 for r in runs])
    backward = np.array([r.gradient_rms[0] ** 2 for r in runs])
    for measured, theory in (
        (forward, second_moment(name)),
        (backward, second_moment(name, direction="backward")),
    ):
        error = measured.std(ddof=1) / len(measured) ** 0.5
        assert abs(measured.mean() - theory) < 5 * error + 1e-12
        assert error < 0.02 * theory  # so that a wrong theory would show


@pytest.mark.parametrize(("name", "sigma_w"), [("tanh", 1.5), ("sigmoid", 1.0), ("sigmoid", 4.0), ("softsign", 2.0)])
def test_the_gradient_changes_by_root_chi(name, sigma_w):
    chi = fixed_point(name, sigma_w=sigma_w, sigma_b=0.2).chi_1
    ratios = []
    for seed in range(6):
        p = propagate(name, "lecun_normal", depth=25, width=400, gain=sigma_w, sigma_b=0.2, seed=seed)
        ratios.append((p.gradient_rms[5] / p.gradient_rms[20]) ** (1 / 15))  # away from both ends
    assert np.mean(ratios) == pytest.approx(chi**0.5, rel=0.01)


def test_swapping_the_fans_would_show():
    # A deviation of 1/n in place of 1/sqrt(n).
    wrong = propagate("relu", lambda rng, shape: rng.standard_normal(shape) / shape[1], depth=3, width=100)
    assert wrong.gradient_ratio < 0.2


def test_relu_length_map_is_linear_and_the_fixed_point_is_one():
    assert length_map("relu", 7.0, sigma_w=math.sqrt(2)) == pytest.approx(7.0)
    q = fixed_point("tanh", sigma_w=1.5, sigma_b=0.1).q_star
    assert length_map("tanh", q, sigma_w=1.5, sigma_b=0.1) == pytest.approx(q, rel=1e-9)


def test_propagate_is_deterministic_and_seeds_differ():
    a, b, c = (propagate("tanh", "lecun_normal", depth=3, width=8, seed=s) for s in (0, 0, 1))
    assert np.array_equal(a.gradient_rms, b.gradient_rms)
    assert not np.array_equal(a.gradient_rms, c.gradient_rms)


def test_a_dead_network_has_ratio_zero_and_no_nan():
    p = propagate("relu", "zeros", depth=4, width=8)
    assert p.gradient_ratio == 0.0
    assert not np.isnan(p.weight_gradient_rms).any()


def test_rms_does_not_underflow():
    assert rms(np.full(10, 1e-200)) == pytest.approx(1e-200)
    assert rms(np.zeros(3)) == 0.0


def test_rms_hides_no_nan():
    assert math.isnan(rms(np.array([math.nan, 1.0])))
    assert rms(np.array([math.inf, 1.0])) == math.inf


@pytest.mark.parametrize("scale", SCALES)
def test_projection_variance(scale):
    dimensions = (1, 30, 300)
    v = projection_variance(scale, dimensions, seed=5)
    theory = np.array([d * SCALES[scale](d) ** 2 for d in dimensions])
    assert (np.abs(v.mean_square - theory) < 4 * v.standard_error).all()
    assert (v.standard_error < 0.06 * theory).all()


def test_centering_helps_the_sigmoid():
    plain = propagate("sigmoid", "lecun_normal", depth=20, width=300, gain=4.0).gradient_ratio
    assert plain + 0.15 < centered_ratio("sigmoid", gain=4.0, width=300) < 1.0


def test_orthogonal_products_keep_every_direction_and_gaussian_ones_do_not():
    assert np.allclose(product_spectrum("orthogonal", depth=50, width=30), 1.0)
    gaussian = product_spectrum("lecun_normal", depth=50, width=30)
    assert gaussian[-1] < 1e-6 * gaussian[0]


@pytest.mark.parametrize("width", [1, 2, 3, 10, 33])
def test_random_products_grow_at_the_lyapunov_exponent(width):
    p = random_products(width=width, sigma=0.7, factors=300, draws=200, seed=3)
    error = p.growth.std(ddof=1) / 200**0.5
    assert abs(p.growth.mean() - p.exponent) < 4 * error
    assert error < 0.01


def test_the_exponent_of_one_number():
    assert lyapunov_exponent(1, 1.0) == pytest.approx(-(np.euler_gamma + math.log(2)) / 2)
    # psi(1) = -gamma, psi(3/2) = psi(1/2) + 2
    assert lyapunov_exponent(2, 1.0) == pytest.approx((math.log(2) - np.euler_gamma) / 2)
    assert lyapunov_exponent(3, 1.0) - lyapunov_exponent(1, 1.0) == pytest.approx(1.0)


def test_the_same_matrix_grows_by_its_spectral_radius():
    p = random_products(width=5, sigma=0.5, factors=4000, draws=1, same=True, seed=2)
    # The matrix that the experiment draws from the same seed. Powers of one matrix grow by its spectral radius.
    W = 0.5 * np.random.default_rng(2).standard_normal((1, 5, 5))[0]
    assert math.exp(p.growth[0]) == pytest.approx(abs(np.linalg.eigvals(W)).max(), rel=2e-3)


def test_recurrence_against_the_explicit_jacobian():
    rng = np.random.default_rng(0)
    W, h0 = rng.standard_normal((4, 4)), rng.standard_normal(4)
    run = recur(W, h0, steps=6)
    # Central differences of the last state: column by column the derivative with respect to the first.
    h = 1e-6
    columns = [(recur(W, h0 + h * e, steps=6).states[-1] - recur(W, h0 - h * e, steps=6).states[-1]) for e in np.eye(4)]
    assert run.gradient_norm[-1] == pytest.approx(np.linalg.norm(np.array(columns) / (2 * h), 2), rel=1e-5)
    assert run.gradient_norm[0] == 1.0


def test_clipping_keeps_the_direction_and_only_shrinks():
    gradients = [np.array([3.0, 0.0]), np.array([[4.0]])]
    clipped = clip_by_norm(gradients, 2.5)
    assert math.hypot(*np.concatenate([c.ravel() for c in clipped])) == pytest.approx(2.5)
    assert all(np.allclose(c, 0.5 * g) for c, g in zip(clipped, gradients, strict=True))
    assert np.array_equal(clip_by_norm(gradients, 10.0)[0], gradients[0])
    assert np.isfinite(clip_by_norm([np.array([1e300, 1e300])], 1.0)[0]).all()


def test_gradients_whose_norm_is_beyond_float64_are_clipped():
    (clipped,) = clip_by_norm([np.full(4, 1e308)], 1.0)
    assert clipped == pytest.approx(np.full(4, 0.5))


def test_a_gradient_that_overflows_as_a_product_is_refused():
    """The power is finite, and the product with the length is not: Python's floats raise an error for powers alone."""
    with pytest.raises(ValueError, match="the gradient overflows float64 at step 0"):
        descend_recurrence(1.00354, length=100_000, steps=5)


def test_clipped_descent_arrives_from_where_plain_descent_explodes():
    with pytest.raises(ValueError, match="step 2"):
        descend_recurrence(1.2)
    assert descend_recurrence(1.2, max_norm=1.0).w[-1] ** 30 == pytest.approx(0.5)


def _full(value):
    return lambda rng, shape: np.full(shape, value)


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "softplus"])
@pytest.mark.parametrize("n", [2, 5])
def test_n_equal_units_are_one_unit(hidden, n):
    rate = 0.05
    many = train_units(_full(0.3), _full(0.2), units=n, hidden=hidden, steps=100, rate=rate)
    # n equal units act as one with n times the outgoing weight. Its gradients are those of each unit, or n times as
    # large.
    right = (rate / n, rate * n, rate)
    one = train_units(_full(0.3), _full(0.2 * n), units=1, hidden=hidden, steps=100, rates=right)
    assert np.abs(many.prediction - one.prediction).max() < 1e-9
    for wrong in ((rate, rate * n, rate), (rate / n, rate, rate), (rate / n, rate * n, rate * n)):
        other = train_units(_full(0.3), _full(0.2 * n), units=1, hidden=hidden, steps=100, rates=wrong)
        assert np.abs(many.prediction - other.prediction).max() > 1e-3


def test_tent_maps_fold():
    for times in range(1, 10):
        assert linear_pieces(tent_map(times)) == 2**times
    x = np.linspace(0, 1, 101)[:, None]
    assert np.allclose(tent_map(1).forward(x).output, 1 - np.abs(2 * x - 1))


def test_a_shallow_network_has_at_most_one_piece_more_than_units():
    rng = np.random.default_rng(0)
    for units in (1, 4, 9):
        net = MLP([1, units, 1], "relu", "he_normal", rng)
        net.W[0][:] = 1.0
        # With incoming weights of 1 the kink of a unit lies at minus its bias.
        net.b[0] = -rng.integers(1, 2**14, units) / 2**14  # kinks on the grid
        net.W[1] = rng.integers(1, 9, (units, 1)).astype(float)
        assert linear_pieces(net) == units + 1


def test_digits():
    data = digits.load()
    total = len(data.train_y) + len(data.valid_y) + len(data.test_y)
    assert total == 1797
    assert np.bincount(np.concatenate([data.train_y, data.valid_y, data.test_y])).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]  # fmt: skip
    assert (data.train_x**2).mean() == pytest.approx(1.0)
    assert np.abs(data.train_x.mean(axis=0)).max() < 1e-12
    with pytest.raises(ValueError, match="read-only"):
        data.train_x[0, 0] = 0.0


def test_training_learns_and_records():
    h = train_digits("relu", "he_normal", depth=2, steps=300, rate=0.1, looks=4)
    assert h.steps.tolist() == [0, 100, 200, 300]
    assert h.loss[0] > 2.0 > 0.4 > h.loss[-1]
    assert h.accuracy[-1] > 0.85
    assert h.gradient_rms.shape == h.weight_gradient_rms.shape == (2, 3)
    assert h.exploded_at is None


def test_what_is_recorded_does_not_change_the_training():
    whole, short = (
        train_digits("relu", "he_normal", depth=3, steps=60, rate=0.1, looks=4, record=record)
        for record in ("gradients", "accuracy")
    )
    assert np.array_equal(whole.accuracy, short.accuracy)
    assert whole.valid_accuracy == short.valid_accuracy
    assert len(whole.loss) == len(whole.gradient_rms) == 2
    assert short.loss.size == short.gradient_rms.size == short.weight_gradient_rms.size == 0


def test_an_explosion_ends_the_run_and_is_told():
    h = train_digits("relu", "he_normal", depth=10, gain=2.0, steps=50, rate=0.05, looks=51, record="loss")
    assert h.exploded_at is not None
    assert np.isfinite(h.loss).all()
    assert len(h.steps) == len(h.loss) <= h.exploded_at + 1


RUNS = {"gains": (1.0, 2.0), "rates": (0.02, 0.05), "seeds": (0, 3)}


@pytest.mark.parametrize(("optimizer", "equalize"), [("sgd", False), ("sgd", True), ("adam", False)])
def test_a_network_of_a_stack_trains_as_it_trains_alone(optimizer, equalize):
    """Of eight networks some explode: they end at the step at which each ends alone, and the others go on."""
    options = {"depth": 10, "width": 20, "steps": 40, "looks": 5, "record": "gradients", "optimizer": optimizer}
    together = sweep("relu", "he_normal", **RUNS, **options, equalize=equalize)
    for (gain, rate, seed), run in together.items():
        net = ten_layers(gain, seed)
        alone = train(
            net, rate=rate, seed=seed, equalize=equalize, **{k: options[k] for k in ("steps", "looks", "optimizer")}
        )
        assert (run.exploded_at, run.explosion) == (alone.exploded_at, alone.explosion)
        assert np.array_equal(run.steps, alone.steps)
        assert np.allclose(run.loss, alone.loss, rtol=1e-6)
        assert np.allclose(run.weight_gradient_rms, alone.weight_gradient_rms, rtol=1e-5)
        assert np.abs(run.accuracy - alone.accuracy).max() < 0.01
    exploded = [run.exploded_at is not None for run in together.values()]
    assert any(exploded) == (optimizer == "sgd")
    assert not all(exploded)


def ten_layers(gain, seed):
    net = MLP([64] + [20] * 10 + [10], "relu", "he_normal", np.random.default_rng(seed))
    net.W = [gain * W for W in net.W]
    return net


def test_training_is_gradient_descent_written_out():
    """A loop over one network without a stack, and with the digits drawn step by step."""
    data, rng, net, trained = digits.load(), np.random.default_rng(3), ten_layers(1.0, 3), ten_layers(1.0, 3)
    for _ in range(30):
        rows = rng.integers(len(data.train_x), size=32)
        run = net.forward(data.train_x[rows])
        grad = net.backward(run, softmax_cross_entropy(run.output, data.train_y[rows])[1])
        for layer in range(len(net.W)):
            net.W[layer] = net.W[layer] - 0.02 * grad.W[layer]
            net.b[layer] = net.b[layer] - 0.02 * grad.b[layer]
    history = train(trained, steps=30, rate=0.02, seed=3, looks=2)
    for one, other in zip([*net.W, *net.b], [*trained.W, *trained.b], strict=True):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-12)
    run = net.forward(data.train_x)
    loss, cotangent = softmax_cross_entropy(run.output, data.train_y)
    grad = net.backward(run, cotangent)
    assert history.loss[-1] == pytest.approx(loss, rel=1e-9)
    assert history.gradient_rms[-1] == pytest.approx([rms(dz) for dz in grad.z], rel=1e-8)
    assert history.weight_gradient_rms[-1] == pytest.approx([rms(dW) for dW in grad.W], rel=1e-8)
    assert history.accuracy[-1] == (net.forward(data.test_x).output.argmax(axis=1) == data.test_y).mean()
    assert history.valid_accuracy == (net.forward(data.valid_x).output.argmax(axis=1) == data.valid_y).mean()


def test_a_run_explodes_at_the_step_at_which_a_loop_over_one_network_does():
    data, rng, net = digits.load(), np.random.default_rng(0), ten_layers(3.0, 0)
    taken, words = 0, None
    while words is None:
        rows = rng.integers(len(data.train_x), size=32)
        try:
            run = net.forward(data.train_x[rows])
            descend(net, net.backward(run, softmax_cross_entropy(run.output, data.train_y[rows])[1]), 0.05)
            taken += 1
        except ExplosionError as error:
            words = str(error)
    history = train(ten_layers(3.0, 0), steps=50, rate=0.05, looks=2)
    assert (history.exploded_at, history.explosion) == (taken, words)
    assert 0 < taken < 49


def test_a_run_that_overflows_on_the_digits_to_choose_by_has_exploded(monkeypatch):
    data = digits.load()
    monkeypatch.setattr(digits, "load", lambda: replace(data, valid_x=1e307 * data.valid_x))
    history = train(ten_layers(2.0, 0), steps=2, rate=1e-6, looks=2)
    assert (history.exploded_at, history.valid_accuracy) == (2, 0.0)


def test_the_loss_of_a_network_that_says_nothing_is_ln_10():
    assert train_digits("tanh", "zeros", depth=1, steps=1, rate=0.1).loss[0] == pytest.approx(math.log(10))


def test_descend_takes_a_rate_for_each_layer():
    net = MLP([2, 2, 1], "tanh", "constant", np.random.default_rng(0))
    before = [W.copy() for W in net.W]
    run = net.forward(np.ones((1, 2)))
    grad = net.backward(run, np.ones((1, 1)))
    descend(net, grad, (0.1, 0.2), bias_rate=0.5)
    for layer, rate in enumerate((0.1, 0.2)):
        assert np.allclose(before[layer] - net.W[layer], rate * grad.W[layer])
        assert np.allclose(-net.b[layer], 0.5 * grad.b[layer])


def test_equalized_rates_move_every_layer_alike():
    def moved(equalize):
        net = MLP([64, 16, 16, 16, 10], "sigmoid", "lecun_normal", np.random.default_rng(0))
        before = [W.copy() for W in net.W]
        train(net, steps=1, rate=0.1, equalize=equalize)
        return [rms(W - B) for W, B in zip(net.W, before, strict=True)]

    plain, equal = moved(False), moved(True)
    assert max(plain) > 20 * min(plain)
    assert max(equal) < 3 * min(equal)  # the rates are from the whole set, the step from a batch


def test_adam_takes_the_steps_of_its_paper():
    """Against algorithm 1 written as sums over all gradients so far, of sizes from 1e-12 to 1e3."""
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((5, 4)) * [1e-12, 1e-3, 1.0, 1e3]
    w = np.zeros(4)
    adam = Adam([w])
    expected = np.zeros(4)
    for t in range(1, 6):
        adam.step([gradients[t - 1]], [0.01])
        past, ages = gradients[:t], t - np.arange(1, t + 1)
        mean = 0.1 * (0.9 ** ages[:, None] * past).sum(axis=0) / (1 - 0.9**t)
        square = 0.001 * (0.999 ** ages[:, None] * past**2).sum(axis=0) / (1 - 0.999**t)
        expected -= 0.01 * mean / (np.sqrt(square) + 1e-8)
    assert np.allclose(w, expected, rtol=1e-12, atol=0)
    # Adam's epsilon is 1e-8: the first column of gradients is 1e-12, far below it.
    assert abs(w[0]) < 1e-4 < 1e-3 < abs(w[1]), (
        "a gradient under epsilon hardly moves, and above it size does not count"
    )


def test_the_input_layer_may_have_a_gain_of_its_own():
    common, own = (
        propagate("relu", "lecun_normal", depth=2, width=512, gain=3.0, input_gain=g).pre_activations.std(axis=(1, 2))
        for g in (None, 1.0)
    )
    # LeCun's scale gives the first pre-activations a deviation of 1. A ReLU halves the mean square, and each gain is a
    # factor.
    assert common == pytest.approx([3.0, 3.0 * 3.0 / 2**0.5], rel=0.1)
    assert own == pytest.approx([1.0, 3.0 / 2**0.5], rel=0.1)
