"""Claims of the chapter Recurrent Networks."""

import math

import numpy as np

from wi_docs.experiments.recurrent import lstm_memory, recur
from wi_docs.nn.activations import activation
from wi_docs.nn.initializers import orthogonal
from wi_docs.pages.claims import Result, claim, near, require

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


@claim(source="@saxe2014; @le2015")
def orthogonal_linear_keeps() -> Result:
    """In a linear recurrence an orthogonal matrix keeps the gradient for ever."""
    found = left(lambda rng, n: orthogonal(rng, (n, n)), "linear")
    gaussian = left(lambda rng, n: rng.standard_normal((n, n)) / n**0.5, "linear")
    return near(
        max(found, key=lambda g: abs(g - 1)),
        1.0,
        1e-10,
        "150 steps of rounding",
        {"as LeCun's weights": float(np.median(gaussian))},
    )


@claim(source="@le2015, section 3")
def orthogonal_relu_halves() -> Result:
    """With ReLU an orthogonal matrix loses about half of the mean square at every step."""
    logs = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        W, v = orthogonal(rng, (256, 256)), rng.standard_normal(256)
        after = [v]
        for _ in range(6):
            after.append(np.maximum(after[-1] @ W, 0))
        # Halvings a step: the base-2 logarithm of the squares, over four steps.
        logs.append(math.log2(np.sum(after[1] ** 2) / np.sum(after[5] ** 2)) / 4)
    return near(
        float(np.mean(logs)),
        1.0,
        0.15,
        "halvings a step over steps 2 to 5; after the first step the state is not quite symmetric any more",
        {"it is kept": 0.0, "a quarter is left": 2.0},
    )


@claim(source="@le2015, section 3")
def identity_starts_at_one() -> Result:
    """With the identity and ReLU every unit that is on keeps its gradient exactly, for 150 steps or any number."""
    found = left(lambda rng, n: np.eye(n), "relu")
    return near(
        float(found.max()),
        1.0,
        0.0,
        "exact",
        {
            "as orthogonal": float(left(lambda rng, n: orthogonal(rng, (n, n)), "relu").max()),
            "as 0.01 times normal": 0.0,
        },
    )


@claim(source="")
def identity_is_on_the_edge() -> Result:
    """One percent more or less and after 150 steps it is {more:.1f} or {less:.2f}."""
    more, less = (float(left(lambda rng, n, f=f: f * np.eye(n), "relu").max()) for f in (1.01, 0.99))
    return near(more, 1.01**150, 1e-9, "rounding", {"it does not matter": 1.0, "by adding": 2.5}, more=more, less=less)


@claim(source="@gers2000; @jozefowicz2015, section 2.2")
def a_gate_at_one_half_forgets() -> Result:
    r"""A forget gate that starts at a bias of 0 is half open, and a typical cell keeps less than $2^{{-100}}$ of a
    memory through a hundred steps; at a bias of 1 less than {one:.0e}, and at 2 less than {two:.0e}.
    """
    sigmoid = activation("sigmoid").f
    # The closed form leaves out inputs and state: the gate of the bias alone, a hundred times.
    closed = [float(sigmoid(b)) ** 100 for b in (0.0, 1.0, 2.0)]
    kept = [np.mean([math.log(lstm_memory(b, seed=s)[-1]) for s in SEEDS]) for b in (0.0, 1.0, 2.0)]
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
        {"bias 0": kept[0] / math.log(closed[1]), "bias 2": kept[2] / math.log(closed[1])},
        one=closed[1],
        two=closed[2],
    )


@claim(source="@tallec2018")
def a_bias_for_a_span() -> Result:
    r"""For a memory of $T$ steps the bias should be about $\ln T$: then $1/e$ is left after them."""
    span = np.array([10, 100, 1000])
    kept = activation("sigmoid").f(np.log(span)) ** span
    return near(
        float(kept[-1]),
        math.exp(-1),
        0.001,
        "$(1 + 1/T)^{-T}$ at T = 1,000",
        {"half is left": 0.5, "bias 1": float(activation("sigmoid").f(1.0) ** 1000)},
    )
