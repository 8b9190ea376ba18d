"""Claims of the chapter Recurrent Networks."""

import math

import numpy as np

from wi_docs.experiments import conditions
from wi_docs.experiments.recurrent import lstm_memory, recur
from wi_docs.nn.activations import activation
from wi_docs.nn.initializers import orthogonal
from wi_docs.nn.network import MLP
from wi_docs.pages.claims import Result, also, claim, exactly, near, require

SEEDS = range(8)


def left(make, phi, steps=150, units=64):
    """Return the norm of the gradient after `steps` steps back in time, a number for each seed, `(seeds,)`.

    `make(rng, units)` draws the recurrent matrix, and `phi` names the activation.
    """
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        W, start = make(rng, units), rng.standard_normal(units)
        found.append(recur(W, start, steps=steps, activation_name=phi).gradient_norm[-1])
    return np.array(found)


@claim(
    what="length of the gradient after 150 steps, over that at the start; the farthest from 1",
    source="@saxe2014; @le2015",
    proof="the transpose of an orthogonal matrix keeps lengths, and so does a product of them",
)
def orthogonal_linear_keeps() -> Result:
    """In a linear recurrence an orthogonal matrix keeps the gradient for any number of steps."""
    found = left(lambda rng, n: orthogonal(rng, (n, n)), "linear")
    # The control keeps lengths on average over draws, and not through 150 steps with one draw.
    gaussian = left(lambda rng, n: rng.standard_normal((n, n)) / n**0.5, "linear")
    return near(
        max(found, key=lambda g: abs(g - 1)),
        1.0,
        1e-10,
        "150 steps of rounding",
        {"as LeCun's weights": float(np.median(gaussian))},
    )


@claim(what="number of times that the state's mean square is halved at a step", source="@le2015, section 3")
def orthogonal_relu_halves() -> Result:
    """With ReLU a random orthogonal matrix of 256 units loses about half of the state's mean square at each of the
    first six steps.
    """

    def halvings(make):
        found = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            conditions.say(activation="relu", recurrence=256, steps=6, seeds=seed)
            W, after = make(rng), [rng.standard_normal(256)]
            for _ in range(6):
                after.append(np.maximum(after[-1] @ W, 0))
            squares = np.array([np.sum(state**2) for state in after])
            found.append(np.log2(squares[:-1] / squares[1:]))
        return np.mean(found, axis=0)

    # The identity loses the negative half of the state at its first step, and nothing later.
    by_step, kept = halvings(lambda rng: orthogonal(rng, (256, 256))), halvings(lambda rng: np.eye(256))[1:]
    reason = "halvings; by theory for a state that is independent of the matrix, which it is only at the first step"
    wrong = {"as the identity, from its second step": float(kept.mean()), "a quarter is left": -math.log2(1 / 4)}
    also(
        "each of the first six steps",
        near(max(by_step, key=lambda h: abs(h - 1)), -math.log2(1 / 2), 0.3, reason, wrong),
    )
    # The mean of the six steps gets half of the tolerance of a single one.
    return near(by_step.mean(), -math.log2(1 / 2), 0.15, reason, wrong)


@claim(
    what="factor on the gradient of a unit that is on, the least found",
    source="@le2015, section 3",
    proof="a unit that is on has the slope 1, and the matrix is 1",
)
def identity_starts_at_one() -> Result:
    """With the identity, ReLU and no inputs every unit that is on keeps its gradient exactly, for 150 steps or any
    number.
    """
    steps, units, kept, on = 150, 64, [], []
    for seed in SEEDS:
        start = np.random.default_rng(seed).standard_normal(units)
        # A recurrence without inputs is a deep network with one matrix in all layers, here the identity.
        net = MLP([units] * (steps + 1), "relu", "identity", np.random.default_rng(seed), output="relu")
        run = net.forward(start[None])
        # With a cotangent of 1 for each unit, what arrives is the factor.
        kept += list(net.backward(run, np.ones((1, units))).x[0][start > 0])
        on.append(int((run.output > 0).sum() == (start > 0).sum()))
    require(min(on) == 1, "a unit that is on goes off")
    found = left(lambda rng, n: np.eye(n), "relu")
    orthogonal_ones = left(lambda rng, n: orthogonal(rng, (n, n)), "relu")
    wrong = {"as orthogonal": float(orthogonal_ones.max())}
    also("the largest singular value", exactly(found.max(), 1.0, wrong))
    return exactly(min(kept), 1.0, wrong | {"as the identity times 0.99": 0.99**steps})


@claim(what="factor on the gradient after 150 steps, at one percent more", source="")
def identity_is_on_the_edge() -> Result:
    """With ReLU and 1.01 or 0.99 times the identity, after 150 steps a unit that is on has {more:.1f} or {less:.2f}
    times its gradient.
    """
    # The largest singular value, which is that of a unit that is on.
    more, less = (float(left(lambda rng, n, f=f: f * np.eye(n), "relu").max()) for f in (1.01, 0.99))
    also("one percent less", near(less, 0.99**150, 1e-9, "rounding", {"by subtracting": 1 - 150 * 0.01}))
    wrong = {"it does not matter": 1.0**150, "by adding": 1 + 150 * 0.01}
    return near(more, 1.01**150, 1e-9, "rounding", wrong, more=more, less=less)


@claim(
    what="logarithm of what is kept at a bias of 1, over that of the closed form",
    source="@gers2000; @jozefowicz2015, section 2.2",
)
def a_gate_at_one_half_forgets() -> Result:
    r"""With weights at Glorot's scale, whose fan-out counts the units of the four gates together, and normal inputs of
    size 1, the geometric mean over cells of what is kept through a hundred steps is {zero:.0e}; at a bias of 1 it is
    {one:.0e}, and at 2 it is {two:.0e}.
    """
    sigmoid = activation("sigmoid").f
    # The closed form leaves out inputs and state: the gate of the bias alone, a hundred times.
    closed = [float(sigmoid(b)) ** 100 for b in (0.0, 1.0, 2.0)]
    kept = [np.mean([math.log(lstm_memory(b, seed=s)[-1]) for s in SEEDS]) for b in (0.0, 1.0, 2.0)]
    # The logarithm of a sigmoid is concave. So a gate that moves about its bias keeps less on average than one that
    # stands still there.
    for k, c in zip(kept, closed, strict=True):
        require(
            k <= math.log(c), f"a run keeps more than the closed form: the logarithms are {k:.3f} and {math.log(c):.3f}"
        )
    return near(
        kept[1] / math.log(closed[1]),
        1.0,
        0.2,
        "logarithm of what a run of 64 cells keeps over that of the closed form, bias 1; the gates move, "
        "and the logarithm is concave",
        # The logarithms at the other two biases, by the same yardstick.
        {"bias 0": kept[0] / math.log(closed[1]), "bias 2": kept[2] / math.log(closed[1])},
        zero=math.exp(kept[0]),
        one=math.exp(kept[1]),
        two=math.exp(kept[2]),
    )


@claim(what="share of the memory that is left after 1,000 steps if the gate stands still", source="@tallec2018")
def a_bias_for_a_span() -> Result:
    r"""For a memory of $T$ steps the bias should be about $\ln T$: then $1/e$ is left after $T$ steps if the gate
    stands still, and three tenths in runs with random inputs and Glorot's weights, counted over the four gates
    together.
    """
    span = np.array([10, 100, 1000])
    # A bias of ln T gives a gate of T / (T + 1).
    kept = activation("sigmoid").f(np.log(span)) ** span
    runs = [float(np.mean([lstm_memory(math.log(t), steps=t, seed=s)[-1] for s in SEEDS])) for t in (10, 100)]
    reason = "one decimal, at spans of 10 and 100; means of 8 networks of 64 cells"
    also(
        "runs", near(max(runs, key=lambda r: abs(r - 0.3)), 0.3, 0.05, reason, {"as if the gate stood still": kept[-1]})
    )
    return near(
        float(kept[-1]),
        math.exp(-1),
        0.001,
        "$(1 + 1/T)^{-T}$ at T = 1,000",
        {
            "as after ten steps": float(kept[0]),
            "bias 1": float(activation("sigmoid").f(1.0) ** 1000),
        },
    )
