"""Claims of the chapter Weight Initialization: statements 1 to 8 of the notes."""

import numpy as np

from wi_docs.experiments import conditions, digits
from wi_docs.experiments.propagation import projection_variance, propagate
from wi_docs.experiments.symmetry import train_units
from wi_docs.experiments.training import ends, sweep, train, train_digits
from wi_docs.nn.activations import activation
from wi_docs.nn.gains import second_moment
from wi_docs.nn.network import MLP, softmax_cross_entropy
from wi_docs.pages.claims import HOLDS, IF, NOT, Result, above, also, below, claim, exactly, mean_of, near, require

SEEDS = range(5)
DIMENSIONS = (10, 100, 1000)


def all_equal(value):
    """Return a scheme that gives every weight the same value."""
    return lambda rng, shape: np.full(shape, value)


@claim(
    what=(
        r"distance of the mean square of $w \cdot x$ from 1, in its standard errors; the largest of "
        r"three numbers of inputs"
    ),
    statement=1,
    verdict=HOLDS,
    source="@lecun1998, section 4.6",
    proof="the mean square of the sum is sigma^2 times D times that of the inputs, and D / D is 1",
)
def root_d_keeps_the_size() -> Result:
    r"""With $\sigma = 1/\sqrt D$ the two cancel: what comes out has the size of what went in, whatever $D$ is."""
    v = projection_variance("randn(D) / sqrt(D)", DIMENSIONS, draws=20_000)
    worst = np.abs(v.mean_square - 1) / v.standard_error
    return below(
        worst.max(),
        4.0,
        "4 standard errors over 20,000 draws, at each of three D",
        {
            # At the smallest D, where these two are hardest to exclude.
            "the sum grows like D": abs(DIMENSIONS[0] - 1) / v.standard_error[0],
            "it shrinks like 1/sqrt(D)": abs(DIMENSIONS[0] ** -0.5 - 1) / v.standard_error[0],
        },
    )


@claim(
    what="slope of the mean square over the number of inputs, both as logarithms",
    statement=1,
    verdict=HOLDS,
    source="@lecun1998, section 4.6",
)
def plain_normal_grows_with_d() -> Result:
    r"""With $\sigma = 1$ the mean square grows in proportion to the number of inputs."""
    v, divided = (projection_variance(scale, DIMENSIONS, draws=20_000) for scale in ("randn(D)", "randn(D) / sqrt(D)"))
    slope, flat = (np.polyfit(np.log(found.dimensions), np.log(found.mean_square), 1)[0] for found in (v, divided))
    # Relative errors of the means, over ln(1000 / 10), the distance of the ends on the axis.
    error = 4 * (v.standard_error / v.mean_square).max() / np.log(100)
    return near(
        slope,
        1.0,
        error,
        "slope on logarithmic axes; 4 standard errors of the ends",
        {"not at all, as with 1/sqrt(D)": flat, "like the root of D, as the sum's size": slope / 2},
    )


@claim(
    what=r"mean square of $w \cdot x$, for inputs with a mean square of 1 and a variance of 0.1",
    statement=1,
    verdict=HOLDS,
    source="",
)
def it_is_the_mean_square_not_the_variance() -> Result:
    """It is the mean *square* of the inputs, not their variance."""
    # A mean of 0.95 and a variance of 1 - 0.95^2 = 0.0975 make a mean square of 1.
    v = projection_variance("randn(D) / sqrt(D)", (100,), mean=0.95, draws=20_000)
    return near(
        v.mean_square[0],
        1.0,
        4 * v.standard_error[0],
        "4 standard errors over 20,000 draws",
        {"the variance of the inputs": 1 - 0.95**2},
    )


@claim(what="value of the function at 1", statement=2, verdict=HOLDS, source="@lecun1998, section 4.4")
def lecun_constants_hit_the_targets() -> Result:
    r"""The two constants make $f(\pm1) = \pm1$, so that targets of $\pm1$ lie on the curve and not at its end."""
    f = activation("lecun_tanh")
    # f(x) = 1.7159 tanh(2x/3) is odd, so that 1 stands for both targets.
    return near(
        f.f(1.0),
        1.0,
        1e-4,
        "the constants are printed with four decimals",
        {"tanh(1)": np.tanh(1.0), "its end": f.f(100.0)},
    )


@claim(
    what="the $x$ at which the curvature is largest",
    statement=2,
    verdict=IF + " 0.99 counts as 1",
    source="@lecun1998, section 4.4",
)
def lecun_curvature_peaks_beside_one() -> Result:
    """The paper says at 1; it is at {measured:.2f}."""
    f = activation("lecun_tanh")
    x = np.linspace(0.5, 1.5, 100_001)
    # The curvature is largest in size where the slope falls most steeply.
    peak = x[np.argmin(np.gradient(f.df(x), x))]
    exact = 1.5 * np.arctanh(3**-0.5)  # tanh'' is extreme where tanh² = 1/3
    # The place at which 1.7159 tanh(2x/3) is 1: beside 1 by the constants' rounding.
    where_f_is_1 = 1.5 * np.arctanh(1 / 1.7159)
    return near(
        peak,
        exact,
        2e-5,
        "two steps of the grid",
        {"at 1, where the targets are": where_f_is_1, "tanh's own peak": np.arctanh(3**-0.5)},
    )


@claim(
    what="mean square of the outputs",
    statement=2,
    verdict=IF + " variance 1 is not asked for",
    source="@lecun1998, section 4.4",
)
def lecun_tanh_settles_below_one() -> Result:
    """From normal inputs of mean 0 and variance 1 the function makes outputs of mean square {measured:.2f}: near 1, and
    not 1.
    """
    x = np.linspace(-12, 12, 200_001)
    # By the trapezoid rule, which shares nothing with the package's quadrature.
    integral = np.trapezoid((1.7159 * np.tanh(2 / 3 * x)) ** 2 * np.exp(-x * x / 2), x) / np.sqrt(2 * np.pi)
    return near(
        second_moment("lecun_tanh"),
        integral,
        1e-9,
        "two ways to integrate",
        {"exactly 1, as a linear unit's": second_moment("linear"), "tanh's": second_moment("tanh")},
    )


@claim(what="share of the test digits that the best of 5 networks reads", statement=3, verdict=HOLDS, source="")
def half_the_scale_does_not_learn() -> Result:
    """From half the right scale five such networks of ten ReLU layers still guess after 300 steps of this descent at
    this rate.
    """
    runs = sweep("relu", "he_normal", depth=10, gains=[0.5], steps=300, rates=[0.02], seeds=SEEDS, looks=7)
    # The best look of each run, so that none has learned in between either.
    best = [run.accuracy.max() for run in runs.values()]
    right = min(ends(sweep("relu", "he_normal", depth=10, steps=300, rates=[0.02], seeds=SEEDS)))
    return below(
        max(best),
        0.2,
        "the best of 5 seeds at 7 looks; guessing reads 10 %",
        {"it learns as at the right scale": right},
    )


@claim(what="share of the test digits that the worst of 5 networks reads", statement=3, verdict=HOLDS, source="")
def the_right_scale_learns() -> Result:
    """At the right scale, and at a rate of 0.02, each of five networks of ten ReLU layers reads {percent:floor} % of
    the test digits or more after 300 steps of plain descent.
    """
    found = ends(sweep("relu", "he_normal", depth=10, steps=300, rates=[0.02], seeds=SEEDS))
    half = ends(sweep("relu", "he_normal", depth=10, gains=[0.5], steps=300, rates=[0.02], seeds=SEEDS, looks=7))
    return above(
        min(found), 0.8, "the worst of 5 seeds", {"as from half the scale": max(half)}, percent=100 * min(found)
    )


@claim(what="how many of 40 networks overflow within 20 steps", statement=3, verdict=HOLDS, source="")
def too_large_a_scale_is_gone() -> Result:
    """From 1.5 times the right scale, by this descent at this rate, {measured:.0f} of 40 networks with ten ReLU layers
    of 64 units are gone after a handful of steps: the loss leaves the range of numbers that a computer has.
    """

    def gone(gain, seeds):
        runs = sweep("relu", "he_normal", depth=10, gains=[gain], steps=300, rates=[0.02], seeds=seeds)
        return 40 * np.mean([run.exploded_at is not None and run.exploded_at < 20 for run in runs.values()])

    return above(gone(1.5, range(40)), 36, "nine of ten", {"they survive as 5 at the right scale": gone(1.0, SEEDS)})


@claim(what="how many of 40 networks end without an overflow", source="")
def narrow_layers_survive() -> Result:
    """From 1.5 times the right scale, {measured:.0f} of 40 networks with ten ReLU layers of 16 units survive 300 steps
    of plain descent at this rate of 0.02.
    """
    narrow, wide = (
        sum(
            run.exploded_at is None
            for run in sweep(
                "relu", "he_normal", depth=10, width=width, gains=[1.5], steps=300, rates=[0.02], seeds=range(40)
            ).values()
        )
        for width in (16, 64)
    )
    # If one in two survived, it would be 20 of 40 on average, with a standard deviation of 3.2.
    return above(narrow, 20 + 6.4, "more than half, by two standard errors of 40 draws", {"as with 64 units": wide})


@claim(
    what="share of the test digits that the worst of 5 networks reads",
    statement=3,
    verdict=IF + " rate and optimizer are kept",
    source="",
)
def a_smaller_rate_bears_a_larger_scale() -> Result:
    """At a rate of 0.003 of plain descent five networks of ten ReLU layers of width 64 that start from 1.5 times the
    right scale survive, and read {least:.0f} to {most:.0f} % of the digits after 300 steps.
    """
    slow, fast = (
        sweep("relu", "he_normal", depth=10, gains=[1.5], steps=300, rates=[rate], seeds=SEEDS)
        for rate in (0.003, 0.02)
    )
    require(all(run.exploded_at is None for run in slow.values()), "one of them explodes")
    reached = ends(slow)
    return above(
        min(reached),
        0.5,
        "the worst of 5 seeds",
        {"gone, as at 0.02": max(ends(fast))},
        least=100 * min(reached),
        most=100 * max(reached),
    )


@claim(
    what="share of the test digits that the worst of 5 networks reads",
    statement=3,
    verdict=IF + " rate and optimizer are kept",
    source="@kingma2015, algorithm 1",
)
def adam_learns_from_half_the_scale() -> Result:
    """With Adam at a rate of 0.001, each of five networks of these ten layers of 64 units reads {percent:floor} % of
    the digits or more after 300 steps from half the scale.
    """
    adam, plain = (
        ends(
            sweep("relu", "he_normal", depth=10, gains=[0.5], steps=300, rates=[rate], seeds=SEEDS, optimizer=optimizer)
        )
        for optimizer, rate in (("adam", 0.001), ("sgd", 0.02))
    )
    return above(
        min(adam),
        0.8,
        "the worst of 5 seeds",
        {"as by plain descent": max(plain)},
        percent=100 * min(adam),
    )


@claim(
    what="share of the test digits that 5 networks read on average",
    statement=3,
    verdict=IF + " rate and optimizer are kept",
    source="",
)
def adam_bears_a_larger_scale() -> Result:
    """From 1.5 times the scale five networks of these ten ReLU layers read {percent:.0f} % of the digits on average
    after 300 steps of Adam at a rate of 0.003.
    """
    adam, plain = (
        ends(sweep("relu", "he_normal", depth=10, gains=[1.5], steps=300, rates=[rate], seeds=SEEDS, optimizer=name))
        for name, rate in (("adam", 0.003), ("sgd", 0.02))
    )
    return above(
        np.mean(adam),
        0.6,
        "the mean of 5 seeds",
        {"gone, as by plain descent at 0.02": np.mean(plain)},
        percent=100 * np.mean(adam),
    )


def _least_squares(start, steps):
    """Fit the digits by least squares, with gradient descent on all of them, from the weights `start`, `(65, 10)`.

    Returns:
        The loss over the lowest possible loss, and the weights.
    """
    data = digits.load()
    x, y = np.c_[data.train_x, np.ones(len(data.train_x))], np.eye(10)[data.train_y]
    # The gradient of |x w - y|^2 / 2 is x^T x w - x^T y; the two products are taken once.
    gram, target, w = x.T @ x, x.T @ y, start.copy()
    rate = 1 / np.linalg.norm(gram, 2)  # half of the rate from which on descent on this loss would grow
    for _ in range(steps):
        w -= rate * (gram @ w - target)
    lowest = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(((x @ w - y) ** 2).mean() / ((x @ lowest - y) ** 2).mean()), w


@claim(
    what="loss at the end, over the lowest loss that there is",
    statement=4,
    verdict=HOLDS,
    source="",
    untouched="it descends in numpy alone, on digits that the package only reads",
)
def convex_from_anywhere() -> Result:
    """Fitted to the digits by least squares, where the loss is the sum of squared errors, a linear model comes down
    to the lowest loss there is, from zeros and from weights of deviation 3 alike, to within 1 % after 200,000
    small steps.
    """
    # (65, 10): 64 pixels and a bias for each of ten digits, of deviation 3.
    far = 3 * np.random.default_rng(0).standard_normal((65, 10))
    found = [_least_squares(start, 200_000)[0] for start in (np.zeros((65, 10)), far)]
    return near(
        max(found),
        1.0,
        0.01,
        "the worse of two starts, over the loss of the solution by singular values",
        {
            "the far start after 5,000 steps": _least_squares(far, 5000)[0],
            "before the first": _least_squares(far, 0)[0],
        },
    )


@claim(
    what="number of directions that the inputs span, their rank",
    statement=4,
    verdict=IF + " the inputs span all directions",
    source="",
    untouched="it descends in numpy alone, on digits that the package only reads",
    proof="counted; a weight's gradient is its input times an error, and such a pixel is 0 once it is centered",
)
def four_pixels_never_change() -> Result:
    """Four of their 64 pixels are the same in the whole training part, so its inputs span {measured:.0f} directions,
    and a weight from such a pixel stays where it was drawn.
    """
    data = digits.load()
    constant = np.ptp(data.train_x, axis=0) == 0
    # From zeros a weight that did not move could not be told from one whose best value is 0.
    start = np.random.default_rng(0).standard_normal((65, 10))
    _, end = _least_squares(start, 100)
    # Without the last row, which is the bias's.
    behind = np.abs(end - start)[:-1].max(axis=1) == 0
    require(constant.sum() == 4, f"{constant.sum()} pixels are the same in the training part")
    require((behind == constant).all(), f"{behind.sum()} pixels hold weights that never move")
    with_ones = np.c_[data.train_x, np.ones(len(data.train_x))]
    return exactly(
        np.linalg.matrix_rank(data.train_x),
        60,
        {"all of them": data.train_x.shape[1], "with the bias's ones": np.linalg.matrix_rank(with_ones)},
    )


@claim(
    what="norm of the weights at the end, over that of the smallest solution",
    statement=4,
    verdict=HOLDS,
    source="",
    untouched="it runs on numpy alone; the package has no least squares to be wrong in",
    proof="a gradient is a sum of examples times errors, and the solution in their span has the smallest norm",
)
def zeros_find_the_smallest_solution() -> Result:
    """From zeros, gradient descent on the squared error finds the one with the smallest norm, because every step is a
    combination of the examples and nothing else is ever added.
    """
    ratio: list[float] = []
    other: list[float] = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        conditions.say(data="normal inputs", optimizer="sgd", rate=0.02, steps=3000, seeds=seed)
        X, y, start = rng.standard_normal((5, 20)), rng.standard_normal(5), rng.standard_normal(20)
        # Five equations in twenty unknowns have many solutions; the pseudoinverse gives the one with the smallest norm.
        smallest = np.linalg.norm(np.linalg.pinv(X) @ y)
        for w, norms in ((np.zeros(20), ratio), (start, other)):
            for _ in range(3000):
                w = w - 0.02 * X.T @ (X @ w - y)
            norms.append(float(np.linalg.norm(w) / smallest))
    return near(max(ratio), 1.0, 1e-9, "rounding, in the worst of 5 problems", {"any start gives it": min(other)})


@claim(
    what="size of the largest gradient of a weight",
    statement=4,
    verdict=NOT,
    source="@baldi1989",
    proof="by the product rule the gradient of one matrix is a product that has the other matrices as factors",
)
def deep_linear_stays_at_zero() -> Result:
    """The weights of a *deep* linear network, whose biases are zero too, cannot leave zero either: every weight's
    gradient has some other layer's zeros as a factor.
    """
    # Two hidden layers: each of the three matrices has a factor of 0 in its gradient.
    h = train_digits("linear", "zeros", depth=2, steps=100, rate=0.5, looks=3)
    return exactly(
        np.abs(h.weight_gradient_rms).max(),
        0.0,
        {
            "it leaves like a shallow one": train_digits(
                "linear", "lecun_normal", depth=2, steps=100, rate=0.5, looks=3
            ).weight_gradient_rms.max()
        },
    )


@claim(
    what="how far the farthest weight has moved",
    statement=4,
    verdict=NOT,
    source="",
    proof="by the chain rule, as the sentences before it say: each other gradient has a factor of 0",
)
def zeros_stop_tanh_and_relu() -> Result:
    """Only the biases of the last layer can move, and all they can learn is how frequent each digit is."""
    moved = [
        np.abs(train_digits(phi, "zeros", depth=1, steps=300, rate=0.5, looks=3).weight_gradient_rms).max()
        for phi in ("tanh", "relu")
    ]
    # The control: sigmoid(0) is 1/2, and the matrix behind the sigmoids does move.
    sigmoid = train_digits("sigmoid", "zeros", depth=1, steps=300, rate=0.5, looks=3).weight_gradient_rms[-1].min()
    net = MLP([64, 64, 10], "tanh", "zeros", np.random.default_rng(0))
    # Large batches, for the bias follows the frequencies in the last ones.
    train(net, steps=300, rate=0.5, batch=1000, looks=2)
    require(not net.b[0].any(), "a hidden bias has moved")
    # The softmax of the last bias is what the network says for every image.
    said = np.exp(net.b[1]) / np.exp(net.b[1]).sum()
    frequent = np.bincount(digits.load().train_y) / len(digits.load().train_y)
    also(
        "what the last bias has learned",
        below(
            np.abs(said - frequent).max(),
            0.005,
            "batches of 1,000 digits, whose own frequencies vary by 0.01",
            {"one in ten for every digit": np.abs(1 / len(frequent) - frequent).max()},
        ),
    )
    return exactly(max(moved), 0.0, {"some weight moves, as with the sigmoid": sigmoid})


@claim(what="largest distance between two units", statement=6, verdict=HOLDS, source="")
def sigmoid_leaves_zero_as_one_unit() -> Result:
    """If its biases start at zero too, the network learns a little at a rate of 0.5, and its units stay equal."""
    net = MLP([64, 20, 10], "sigmoid", "zeros", np.random.default_rng(0))
    loss = train(net, steps=150, rate=0.5, looks=2, record="loss").loss
    stuck = train(MLP([64, 20, 10], "tanh", "zeros", np.random.default_rng(0)), steps=150, rate=0.5, looks=2).loss
    also("it learns", below(loss[-1], loss[0] - 0.1, "a tenth of a nat in 150 steps", {"as tanh": stuck[-1]}))
    # W[0] is (inputs, units): the spread of the units for one input, and of the inputs for one unit.
    apart, across = np.ptp(net.W[0], axis=1).max(), np.ptp(net.W[0], axis=0).max()
    return below(
        apart, 1e-9, "150 steps of rounding in the spread of 20 units", {"zero is left by each unit on its own": across}
    )


@claim(what="largest distance between two units", statement=5, verdict=HOLDS, source="@rumelhart1986")
def equal_units_stay_equal() -> Result:
    """If their biases, and the weights that lead out of them, are equal from unit to unit as well, the units put out
    the same number and get the same gradient, and so they stay alike.
    """
    spread = train_units(all_equal(0.3), all_equal(0.2), units=5, steps=50).spread
    random = train_units("lecun_normal", "lecun_normal", units=5, steps=50).spread
    # Equal weights in front and random ones behind: these units part.
    one_sided = train_units(all_equal(0.3), "lecun_normal", units=5, steps=50).spread
    return below(
        spread.max(),
        1e-9,
        "50 steps of rounding",
        {
            "they part as random ones do": random.min(),
            "equal weights into the layer are enough": one_sided[-1],
        },
    )


@claim(
    what="largest distance between the outputs of the $n$ units and of the one", statement=6, verdict=HOLDS, source=""
)
def n_units_are_one() -> Result:
    r"""A hidden layer of $n$ units with equal weights and biases, and outgoing weights $v$, *is* a layer of one unit
    with the outgoing weight $n\,v$.
    """
    n, rate = 8, 0.05
    # The one unit's outgoing weight is n v. So its incoming weights get n times the gradient and take 1/n of the rate,
    # and its outgoing weight has to move as far as the n weights v together: n times the rate.
    many = train_units(all_equal(0.3), all_equal(0.2), units=n, steps=300, rate=rate)

    def apart(rates):
        one = train_units(all_equal(0.3), all_equal(n * 0.2), units=1, steps=300, rates=rates)
        return float(np.abs(many.prediction - one.prediction).max())

    return below(
        apart((rate / n, rate * n, rate)),
        1e-9,
        "300 steps of rounding",
        {
            "with one rate for both": apart((rate, rate, rate)),
            "with the rates exchanged": apart((rate * n, rate / n, rate)),
        },
    )


@claim(what="largest difference of the loss between 1, 2 and 4 equal units", statement=6, verdict=HOLDS, source="")
def more_equal_units_add_nothing() -> Result:
    """So adding units with equal weights and biases adds nothing."""
    losses = [
        # n units that act as one: the outgoing weights add up to 1.6, and the rates are those of one unit.
        train_units(all_equal(0.3), all_equal(1.6 / n), units=n, steps=3000, rates=(0.05 * n, 0.05 / n, 0.05)).loss[-1]
        for n in (1, 2, 4)
    ]
    # The control is the smallest of these losses, of networks of four random units.
    rates = [train_units("lecun_normal", "lecun_normal", units=4, steps=3000, seed=s).loss[-1] for s in SEEDS]
    return below(
        max(losses) - min(losses),
        1e-3,
        "loss after 3,000 steps with 1, 2 and 4 equal units, the rates made even",
        {"four units do what four random ones do": losses[0] - min(rates)},
    )


@claim(
    what="largest distance between two weights of a unit, after one step",
    statement=5,
    verdict=IF + " it is said of units",
    source="",
)
def rows_part_at_the_first_step() -> Result:
    """Units with equal weights and biases make a layer's columns equal, not its rows."""
    net = MLP([64, 5, 10], "tanh", all_equal(0.05), np.random.default_rng(0))
    # The same outgoing weights for all units, but different ones for the ten outputs: with a softmax, equal ones would
    # cancel.
    net.W[1][:] = np.linspace(-1, 1, 10)
    # Before the step all weights are equal: 0.
    before = np.ptp(net.W[0])
    train(net, steps=1, rate=0.05, looks=2)
    across, apart = np.ptp(net.W[0], axis=0).max(), np.ptp(net.W[0], axis=1).max()
    return above(
        across,
        1e-3,
        "difference between inputs after one step; between units it is rounding",
        {"all elements stay equal": before, "inputs stay equal as units do": apart},
    )


def _first_hidden_gradient(output) -> float:
    """Return the largest entry of the hidden weights' gradient at the start, for output weights `output`, `(5, 10)`."""
    data = digits.load()
    net = MLP([64, 5, 10], "tanh", "constant", np.random.default_rng(0))
    net.W[1] = output
    conditions.network(net, np.random.default_rng(0))
    run = net.forward(data.train_x)
    # With equal output weights each unit's error is their value times the sum of softmax less target, which is 0.
    return float(np.abs(net.backward(run, softmax_cross_entropy(run.output, data.train_y)[1]).W[0]).max())


@claim(what="size of the hidden layer's gradient", statement=5, verdict=HOLDS, source="")
def constant_output_weights_cancel_the_errors() -> Result:
    """If the output weights are constant too and a softmax follows, the hidden layer does not move in the first
    step.
    """
    constant, random = (
        _first_hidden_gradient(v) for v in (np.full((5, 10), 0.1), np.random.default_rng(1).normal(0, 0.1, (5, 10)))
    )
    return below(constant, 1e-12, "rounding", {"it moves as with random output weights": random})


@claim(what="largest loss of 5 networks of four random units", statement=7, verdict=HOLDS, source="@rumelhart1986b")
def random_weights_break_it() -> Result:
    """Random weights break it, and in 4,000 steps of the same task four random units fit what four equal ones do
    not.
    """
    found = [train_units("lecun_normal", "lecun_normal", units=4, steps=4000, seed=s).loss[-1] for s in SEEDS]
    # Four equal units are this one, and it has no rounding that could part them in so many steps.
    equal = train_units(all_equal(0.3), all_equal(4 * 0.2), units=1, steps=4000, rates=(0.2 / 4, 0.2 * 4, 0.2)).loss[-1]
    return below(
        max(found),
        equal / 4,
        "the largest loss of 5 seeds, against a quarter of what equal units reach",
        {"no better than equal units": equal},
    )


@claim(
    what="distance between two units after 50 steps",
    statement=7,
    verdict=IF + " it does not say only",
    source="",
    proof="other ways are run, and each suffices",
)
def other_ways_to_break_it() -> Result:
    """Random weights are not the only way."""

    def spread(hidden, output, biases):
        rng = np.random.default_rng(1)
        net = MLP([64, 5, 10], "tanh", hidden, rng)
        # A scheme of its own for the matrix behind the units.
        net.W[1] = MLP([5, 10], "linear", output, rng).W[0]
        net.b[0] = biases.copy()
        train(net, steps=50, rate=0.1, looks=2)
        return float(np.ptp(net.W[0], axis=1).max())

    zeros = np.zeros(5)
    # Either random output weights or unequal biases; the incoming weights are equal in both.
    least = min(spread("constant", "lecun_normal", zeros), spread("constant", "constant", np.arange(5.0)))
    return above(
        least,
        1e-3,
        "distance of two units after 50 steps, from random output weights and from unequal biases",
        {"only random incoming weights do": spread("constant", "constant", zeros)},
    )


@claim(
    what="distance between two units after 100 steps, the least of 5 networks",
    statement=7,
    verdict=IF + " it does not say only",
    source="@srivastava2014",
)
def dropout_breaks_it() -> Result:
    """Dropout breaks it too, where weights and biases are equal from unit to unit, since it silences units at random
    [@srivastava2014].
    """
    apart = [
        train_units(all_equal(0.3), all_equal(0.2), units=4, steps=100, dropout=0.5, seed=s).spread[-1] for s in SEEDS
    ]
    return above(
        min(apart),
        1e-2,
        "least spread of 5 seeds after 100 steps",
        # The same run without dropout.
        {"equal units stay equal": train_units(all_equal(0.3), all_equal(0.2), units=4, steps=100).spread[-1]},
    )


@claim(
    what="distance between two units after 200 steps, the least of 5 networks",
    statement=7,
    verdict=IF + " it does not say only",
    source="",
)
def dropout_parts_even_zeros() -> Result:
    """In a tanh layer whose weights and biases are zero, dropout makes even these units different, as long as a
    gradient comes back to them: in our case from a single output, through equal weights that are not zero.
    """

    def apart(output, phi="tanh", seed=0):
        return float(train_units("zeros", output, units=4, steps=200, dropout=0.5, hidden=phi, seed=seed).spread[-1])

    return above(
        min(apart("constant", seed=s) for s in SEEDS),
        0.01,
        "least distance of the units after 200 steps, over 5 seeds",
        # Controls: nothing flows with zeros behind, and ReLU's slope at 0 is taken to be 0.
        {"both at zero": apart("zeros"), "a ReLU layer": apart("constant", "relu")},
    )


@claim(
    what="size of the largest weight after 100 steps",
    statement=7,
    verdict=IF + " it does not say only",
    source="",
    proof="f(0) is 0 and so are the output weights; dropout multiplies both by a number",
)
def dropout_does_not_help_from_zeros() -> Result:
    """It does not help if all weights and biases are zero, with tanh or ReLU: nothing flows either way."""
    apart = [
        np.abs(train_units("zeros", "zeros", units=4, steps=100, hidden=phi, dropout=0.5).W).max()
        for phi in ("tanh", "relu")
    ]
    # The control: from equal weights that are not 0 dropout parts the units.
    constant = train_units(all_equal(0.3), all_equal(0.2), units=4, steps=100, dropout=0.5).spread[-1]
    return exactly(max(apart), 0.0, {"it helps as it does from constants": constant})


@claim(
    what="steps until the units part from a tenth of the noise, over those from the whole noise",
    statement=7,
    verdict=HOLDS,
    source="",
)
def a_little_noise_costs_steps() -> Result:
    """But a small difference costs steps: with noise of deviation 0.001 in place of 0.01, four tanh units whose
    weights are nearly equal, and whose biases start at 0, take more than twice as many to part.
    """

    def waits(noise, seed):
        def init(rng, shape):
            return 0.3 + noise * rng.standard_normal(shape)

        # argmax finds the first step at which the units are apart. A run in which they never are counts as 4,000 steps.
        reached = train_units(init, init, units=4, steps=4000, seed=seed).spread > 0.1
        return float(reached.argmax()) if reached.any() else 4000.0

    whole, tenth = ([waits(noise, s) for s in SEEDS] for noise in (1e-2, 1e-3))
    return above(
        min(np.divide(tenth, whole)),
        2.0,
        "least of 5 seeds: steps to part, a tenth of the noise over the whole",
        {
            "no more than seeds differ": max(whole) / min(whole),
            "as the logarithm of the noise": np.log(1e-3) / np.log(1e-2),
        },
    )


@claim(what="difference of the factors of a layer, uniform less normal", statement=8, verdict=HOLDS, source="")
def only_the_second_moment_counts() -> Result:
    """In wide ReLU layers, independent weights of mean 0 give the same factor whether they are normal or uniform, if
    their variance is equal.
    """
    factors = {
        init: [propagate("relu", init, depth=20, width=256, seed=s).gradient_ratio for s in range(8)]
        for init in ("he_normal", "he_uniform")
    }
    normal, uniform = (np.array(v) for v in factors.values())
    lecun = propagate("relu", "lecun_uniform", depth=20, width=256).gradient_ratio
    return mean_of(
        uniform - normal,
        0.0,
        {
            # LeCun's uniform weights times 1/sqrt(3) have this bound.
            "uniform weights between ±1/sqrt(n), as PyTorch's": 3**-0.5 * lecun - normal.mean(),
            "two thirds of the variance": (2 / 3) ** 0.5 - 1,
        },
    )
