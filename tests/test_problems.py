"""The rules for a bad start on evidence made by hand: what each finds, where, and how bad that is."""

import math

import pytest

from tests.pages import ROOT
from wi_docs.diagnosis import cure, fit
from wi_docs.diagnosis import problems as limits
from wi_docs.diagnosis.audit import GARBAGE
from wi_docs.diagnosis.probe import MOVES
from wi_docs.diagnosis.problems import Evidence, Exit, Row, burden, ends, problems, small_last
from wi_docs.experiments import saturation
from wi_docs.nn.network import ExplosionError

E4 = math.exp(4.0)  # the change over the depth from which on it is too much
INF, NAN = math.inf, math.nan


def row(name, **seen):
    return Row(name, "", True, module=name, **seen)


def chain(*gradients, **options):
    """Rows a, b, c, … with these gradients."""
    return tuple(row(name, gradient=g, **options) for name, g in zip("abcdefgh", gradients, strict=False))


BROKEN = (row("a", gradient=1e-9), row("b", gradient=1.0, broken=True), row("c", gradient=1.0, broken=True))
TANH = saturation.limit("tanh")
RELU = {"activation": "relu", "signal": 1.0, "correlation": 0.0}

# What is seen, then of each problem, the worst first: its kind, its row, its weight, and words with its numbers.
FOUND = {
    # Sizes: one in e^4 over the depth is the limit, and the weight is in multiples of it.
    "gradient of a model": (
        Evidence(chain(1e-6, 1e-2, 10.0), ran=True),
        [("vanishing gradient", "a", math.log(1e7) / 4, "shrinks to 1e-07 times its size from c back to a.")],
    ),
    "it grows": (
        Evidence(chain(1e3, 1.0, 0.1), ran=True),
        [("exploding gradient", "a", math.log(1e4) / 4, "grows to 1e+04 times its size from c back to a.")],
    ),
    "a little less than too much": (Evidence(chain(1.01 / E4, 1.0, 1.0), ran=True), []),
    "a little more": (Evidence(chain(0.99 / E4, 1.0, 1.0), ran=True), [("vanishing gradient", "a", 1.0025, "")]),
    "the other way": (Evidence(chain(0.99 * E4, 1.0, 1.0), ran=True), []),
    "lost at one end, of which another rule speaks": (Evidence(chain(1e-9, 1.0, INF), ran=True), []),
    "infinite at the other": (Evidence(chain(INF, 1.0, 1.0), ran=True), []),
    "one row": (Evidence(chain(1e-9), ran=True), []),
    "gradient of a description": (  # the cotangent at the output has length 1
        Evidence(chain(1e-6, 1e-4, 1e-2, 1e-2)),
        [("vanishing gradient", "a", math.log(1e6) / 4, "to 1e-06 times its size from the output back to a, 0.01 a")],
    ),
    "gradient of nothing": (
        Evidence(chain(0.0, 0.0, 1.0)),
        [("vanishing gradient", "a", 100.0, "is lost from the output back to a: what is left is 0 in float64")],
    ),
    "signal": (
        Evidence(chain(1.0, 1.0, 1.0), signal=1e-4),
        [("vanishing signal", "b", math.log(1e4) / 4, "shrinks to 1e-04 times its size from the input to b, 0.01 a")],
    ),
    "signal of nothing": (Evidence(chain(1.0, 1.0), signal=0.0), [("vanishing signal", "a", 100.0, "is lost from")]),
    "signal beyond float64": (
        Evidence(chain(1.0, 1.0), signal=INF),
        [("exploding signal", "a", 100.0, "grows from the input to a and leaves float64")],
    ),
    "both, the worse first": (
        Evidence(chain(1e-4, 1.0, 1.0), signal=1e-9),
        [("vanishing signal", "b", math.log(1e9) / 4, ""), ("vanishing gradient", "a", math.log(1e4) / 4, "")],
    ),
    # Numbers that leave their format hide all sizes.
    "a row of a model": (Evidence(BROKEN, ran=True, loss=1.0), [("overflow", "b", 100.0, "The output of b is inf")]),
    "its loss": (Evidence(chain(1e-9, 1.0), ran=True, loss=NAN), [("overflow", "output", 100.0, "The first loss is")]),
    "a row of a description": (
        Evidence(BROKEN, loss=NAN), [("exploding signal", "b", 100.0, "overflows float64 at b.")]
    ),
    "a simulation": (
        Evidence(chain(1.0, 1.0, 1.0), error=ExplosionError("the stream is not finite")),
        [("exploding signal", "c", 100.0, "the stream is not finite, beyond float64")],
    ),
    "a simulation, on the way back": (
        Evidence(chain(1.0, 1.0, 1.0), error=ExplosionError("the gradients are not finite", gradient=True)),
        [("exploding gradient", "c", 100.0, "the gradients are not finite, beyond float64")],
    ),
    "formats": (
        Evidence(chain(1.0, 1.0), dtype="fp16", exits=(Exit("signal", True, "b"), Exit("gradient", False, "a"))),
        [("number format", "a", 10.0, "In fp16, the signal overflows at b and the gradient underflows at a.")],
    ),
    # Units
    "two of three units are equal": (
        Evidence(chain(1.0, 1.0), layers=(row("layer 2", units=3, equal=1), row("layer 3", units=9, equal=8))),
        [("equal units", "layer 2", 50.0, "Layer 2 has 3 units, and only 2 differ:")],
    ),
    "all are": (
        Evidence(chain(1.0, 1.0), layers=(Row("x.y", "Linear", True, units=4, equal=3),), ran=True),
        [("equal units", "x.y", 50.0, "x.y (Linear) has 4 units, and all are one:")],
    ),
    "a dead layer": (
        Evidence(
            (row("a", gradient=0.0), row("b", gradient=0.0, dead=1.0, saturated=1.0, **RELU), row("c", gradient=1.0)),
            ran=True,
        ),
        [("dead layer", "b", 60.0, "All units of b")],
    ),
    "no gradient": (  # c gets one later
        Evidence((*chain(0.0, 0.0), row("c", gradient=0.0, later=1.0), row("d", gradient=1.0)), ran=True),
        [("no gradient", "b", 50.0, "comes back to b")],
    ),
    "saturated": (  # b is worse for its function than a, d than b, and c has none
        Evidence(
            (row("a", activation="relu", saturated=0.7), row("b", activation="tanh", saturated=2 * TANH),
             row("c", saturated=1.0), row("d", activation="tanh", saturated=1.0, dead=0.3)),
        ),
        [("saturated units", "d", 1 / TANH, f"100 % of d is saturated. The limit for tanh is {100 * TANH:.0f} %;")],
    ),
    "saturated as much as is allowed": (Evidence((row("a", activation="tanh", saturated=TANH),)), []),
    "dead units": (  # of independent inputs 2^-32 of the units are off for all 32 by chance
        Evidence((row("a", dead=0.5, **RELU), row("b", dead=0.75, **RELU), row("c", dead=0.9))),
        [("dead units", "b", 0.75 / 0.35, "75 % of the units of b are off for every input, where alike")],
    ),
    "a dead layer of a description": (
        Evidence((row("a", dead=1.0, **RELU),)), [("dead units", "a", 1 / 0.35, "With 35 % dead units")]
    ),
    "dead units that equal inputs explain": (  # half of the units are off for all of them
        Evidence((row("a", dead=0.84, **RELU | {"correlation": 1.0}), row("b", dead=0.36, **RELU))),
        [("dead units", "b", 0.36 / 0.35, "36 % of the units of b are off for every input, where alike")],
    ),
    # Inputs
    "inputs alike": (
        Evidence(chain(1.0, 1.0), hidden=row("a", correlation=1 - 1e-5)),
        [("inputs alike", "a", 5 / 3, "a cosine of 1 - 1e-05 at a")],
    ),
    "inputs alike to the last digit": (
        Evidence(chain(1.0, 1.0), hidden=row("a", correlation=1.0)),
        [("inputs alike", "a", 16 / 3, "a cosine of 1 to the last digit at a")],
    ),
    "hardly alike": (Evidence(chain(1.0, 1.0), hidden=row("a", correlation=1 - 1.1e-3)), []),
    "outputs alike": (
        Evidence(chain(1.0, 1.0), ran=True, hidden=row("a", correlation=1 - 1e-5), output_apart=1e-4),
        [("output ignores its input", "output", 4 / 3, "a share of 1e-04 of the output")],
    ),
    "only the outputs": (
        Evidence(chain(1.0, 1.0), ran=True, hidden=row("a", correlation=0.9), output_apart=0.0), []
    ),
    "only what is hidden": (
        Evidence(chain(1.0, 1.0), ran=True, hidden=row("a", correlation=1.0), output_apart=0.1), []
    ),
    # Draws and the loss
    "draws": (
        Evidence(chain(1.0, 1.0, 1.0), spread=math.log(20.0)),
        [("high variance between draws", "b", math.log(20.0), "by a factor of 20.0, either way")],
    ),
    "draws far apart": (
        Evidence(chain(1.0, 1.0, 1.0), spread=30 * math.log(10.0)),
        [("high variance between draws", "b", 30 * math.log(10.0), "by a factor of 1e+30,")],
    ),
    "draws without a signal": (
        Evidence(chain(1.0, 1.0, 1.0), spread=INF),
        [("high variance between draws", "b", 100.0, "one draw leaves nothing")],
    ),
    "draws a factor of e apart": (Evidence(chain(1.0, 1.0), spread=1.0), []),
    "an initial loss too large": (
        Evidence(chain(1.0, 1.0), ran=True, loss=20.0, chance=2.5),
        [("initial loss too large", "output", 2.0, "The first loss is 20.00, where chance is 2.50:")],
    ),
    "a loss of four times chance": (Evidence(chain(1.0, 1.0), ran=True, loss=8.0, chance=2.0), []),
    "nothing": (Evidence(), []),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_what_is_found(case):
    evidence, expected = FOUND[case]
    found = problems(evidence)
    assert [(problem.kind, problem.row) for problem in found] == [(kind, name) for kind, name, *_ in expected]
    for problem, (_, _, weight, words) in zip(found, expected, strict=True):
        assert problem.weight == pytest.approx(weight, rel=1e-4)
        assert words in problem.sentence
    assert burden(found) == pytest.approx((len(expected), sum(weight for _, _, weight, _ in expected)), rel=1e-4)


def test_rows_are_compared_that_have_weights_and_one_look():
    rows = (
        Row("norm", "", False, module="norm", gradient=1e-9),
        row("unused"),
        *chain(1.0, 2.0, 3.0),
        row("later", gradient=4.0, moves=1),
        Row("bias", "", False, gradient=5.0),
    )
    assert [found.name for found in ends(rows)] == ["a", "c"]
    assert ends(rows[:3]) is None
    assert ends(()) is None


@pytest.mark.parametrize(
    ("gradients", "factor"),
    [
        ((1.0, 1.0, 1e3), 1e-3),  # the last layer alone makes it small
        ((1e-1, 1.0, 1e3), 1e-3),
        ((1.0, 1.0, 0.99 * E4), None),  # not too small
        ((0.99 / E4, 1.0, 1e3), None),  # the rest makes it vanish too
        ((E4 * 1.01, 1.0, 1e9), None),  # or grow
        ((1e3, 1.0, 1.0), None),
        ((0.0, 1.0, 1e3), None),
        ((1e-3, 1.0), 1e-3),  # the first layer lies before the last
        ((1.0,), None),
    ],
)
def test_a_small_last_layer_is_one_that_is_alone(gradients, factor):
    assert small_last(chain(*gradients)) == (None if factor is None else pytest.approx(factor))


def test_of_what_starts_at_0_the_gradient_counts_that_comes_later():
    first = row("a", gradient=0.0, later=1e-9)
    assert first.reach == 1e-9
    (found,) = problems(Evidence((first, row("b", gradient=0.0, later=1.0)), ran=True))
    assert (found.kind, found.row) == ("vanishing gradient", "a")


def test_the_page_names_the_limits_that_the_rules_have():
    text = " ".join((ROOT / "docs" / "diagnose.md").read_text(encoding="utf-8").split())
    in_words = {1e-3: "a thousandth", 4: "four", 5: "five", 20: "twenty"}
    for words in (
        f"$e^{limits.REACH:.0f} = {math.exp(limits.REACH):.0f}$ over the whole depth",
        f"less than {in_words[limits.ALIKE]} differs between inputs",
        f"What tells them apart is then {100 * math.sqrt(limits.ALIKE):.0f} % of the signal",
        f"more than half of the steps is below $10^{{{math.log10(limits.FORGOTTEN):.0f}}}$ times the largest",
        f"from the last step back to the first, by more than a factor of $10^{math.log10(limits.THROWN):.0f}$",
        f"numbers beyond $10^{{{math.log10(GARBAGE):.0f}}}$",
        f"the first loss is more than {in_words[limits.FIRST_LOSS]} times the logarithm of the number of classes",
        f"the outputs have an rms above {limits.LOUD:.0f}",
        f"If {100 * saturation.DEAD:.0f} % of the units are dead",
        f"up to {fit.STEPS} steps on your batch, by plain gradient descent at rates of 0.1, 0.01 and 0.001, and by "
        "Adam at 0.001 and 0.003",
        f"${fit.OPERATIONS / 1e10:.0f} \\cdot 10^{{10}}$ operations at most",
        f"could not take {fit.FEWEST} steps is not trained",
        f"differs from the next by a factor of {'$e$' if limits.SPREAD == 1 else limits.SPREAD}",
        f"up to {in_words[cure.STEPS]} steps of Adam at {cure.RATE} on the batch",
        f"There are {in_words[len(fit.DESCENT + fit.ADAM)]} trainings at most",
        f"it takes up to {in_words[MOVES]} passes more",
    ):
        assert words in text
    assert (fit.DESCENT, fit.ADAM) == ((0.1, 0.01, 0.001), (0.001, 0.003))


@pytest.mark.parametrize(("zeros", "who"), [(1, "b: its weights"), (2, "b and to another layer: their weights")])
def test_what_gets_no_gradient_is_what_cannot_learn(zeros, who):
    """Beside a row there may be a way past it: of rows that get a gradient nothing is said."""
    rows = chain(*([0.0, 0.0] if zeros == 2 else [1.0, 0.0]), 1.0)
    (found,) = [problem for problem in problems(Evidence(rows, ran=True)) if problem.kind == "no gradient"]
    assert found.sentence == f"No gradient comes back to {who} cannot learn."
