"""What a verdict means for training: by plain gradient descent, by Adam, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wi_docs.diagnosis.problems import BEYOND, Problem

OPEN = "not measured"


@dataclass(frozen=True)
class Meaning:
    """What a start means for training.

    Attributes:
        descent: what plain gradient descent makes of it, as a clause.
        adam: what Adam makes of it, as a clause.
        sure: how that is known, as a clause.
        claims: the claims of the ledger that measured it; each number in the clauses stands in their sentences.
    """

    descent: str = OPEN
    adam: str = OPEN
    sure: str = "the limit is ours, and no training was made from such a start"
    claims: tuple[str, ...] = ()


GOOD = Meaning(
    "nothing that is looked for here stands in its way",
    "nothing that is looked for here stands in its way",
    "a start is looked at, and no rate and no data; how often this is right stands in a table of the page Diagnose",
)
_TWENTY = (
    "measured on the digits, with layers of 64 units without biases, at two scales each; nothing was trained between "
    "the factors of 20 and 400"
)
_DESCENT = (
    "twelve networks of twenty layers of tanh or ReLU, whose gradient changed by more than a factor of 400, read 52 % "
    "of the digits at most after 600 steps"
)
_UNDEFINED = "as soon as a batch reaches it, the loss and its gradients are undefined, or far too large for a step"
_UNMOVED = "no step moves it: its gradient is exactly 0"
MEANINGS = {
    "vanishing gradient": Meaning(
        _DESCENT,
        "in the median of eight networks such layers read 74 % with tanh and 90 % with ReLU at a rate of 0.001, since "
        "Adam divides the size of a gradient out; at a rate of 0.003 three networks of tanh read 24 % at most",
        _TWENTY,
        (
            "within_twenty_it_trains",
            "beyond_four_hundred_it_does_not",
            "adam_bears_what_is_too_small",
            "three_times_adams_rate_turns_it_round",
        ),
    ),
    "exploding gradient": Meaning(
        _DESCENT,
        "three such networks of each activation read 42 % at most at a rate of 0.001; at a rate of 0.003 three of ReLU "
        "layers read 56 % or more",
        _TWENTY,
        (
            "within_twenty_it_trains",
            "beyond_four_hundred_it_does_not",
            "adam_bears_what_is_too_small",
            "three_times_adams_rate_turns_it_round",
        ),
    ),
    "vanishing signal": Meaning(
        "ten ReLU layers from half the right scale still guess after 300 steps at a rate of 0.02",
        "ten ReLU layers from half the right scale read 89 % or more of the digits after 300 steps at a rate of 0.001",
        "measured on the digits, where signal and gradient shrink together to a thousandth; no training was made from "
        "a smaller signal",
        ("the_right_scale_learns", "half_the_scale_does_not_learn", "adam_learns_from_half_the_scale"),
    ),
    "exploding signal": Meaning(
        "networks of ten ReLU layers of 64 units from 1.5 times the right scale are gone after a handful of steps at a "
        "rate of 0.02, 40 of 40, and five of them read 60 to 71 % of the digits after 300 steps at 0.003",
        "five networks of ten ReLU layers from 1.5 times the right scale read 79 % of the digits on average after 300 "
        "steps at a rate of 0.003",
        "measured on the digits, where signal and gradient grow together to some sixty times; no training was made "
        "from a larger signal",
        (
            "the_right_scale_learns",
            "too_large_a_scale_is_gone",
            "a_smaller_rate_bears_a_larger_scale",
            "adam_bears_a_larger_scale",
        ),
    ),
    "initial loss too large": Meaning(
        "most networks of five ReLU layers with a last matrix 50 times as large are gone at a rate of 0.1, and at 0.01 "
        "they read 86 % of the digits on average after 300 steps",
        "networks with a last matrix 50 times as large read 92 % on average at a rate of 0.01",
        "measured on the digits, with layers of 64 units; the limit itself is ours",
        ("a_loud_output_wants_a_smaller_rate", "adam_learns_from_a_loud_output"),
    ),
    "inputs alike": Meaning(
        "measured on sigmoid networks alone: those of five and of ten layers still guess after 400 steps at a rate of "
        "0.5",
        "measured on sigmoid networks alone: three of five layers read 90 % or more of the digits in 400 steps at a "
        "rate of 0.01, and three of ten layers 20 % at most in 600",
        "in these sigmoid networks the gradient vanishes too; networks of other activations may do better",
        ("deep_sigmoid_is_stuck", "adam_frees_five_sigmoid_layers"),
    ),
    "equal units": Meaning(
        "equal units get equal gradients: they stay one unit",
        "the same: equal gradients make equal steps",
        "proved, and measured; dropout and rounding part them in time",
        ("equal_units_stay_equal",),
    ),
    "saturated units": Meaning(
        "three hidden layers of 64 units take about twice as many steps to 80 % of the digits at a rate of 0.1, if "
        "larger weights saturate 37 % of a tanh network, or biases turn 65 % of a ReLU network off",
        OPEN,
        "measured on the digits: the claims are for tanh and ReLU, and a table has the limits of the others; where one "
        "side is flat, the limit is a half at least, which is ours",
        ("tanh_halves", "relu_halves"),
    ),
    "dead units": Meaning(
        "with 35 % dead units in each hidden layer a ReLU network takes about twice as many steps on the digits at a "
        "rate of 0.1",
        OPEN,
        "measured for ReLU, on small networks",
        ("dead_units_halve",),
    ),
    "dead layer": Meaning(_UNMOVED, f"the same: {_UNMOVED}", "by arithmetic, for this batch and without weight decay"),
    "no gradient": Meaning(_UNMOVED, f"the same: {_UNMOVED}", "by arithmetic, for this batch and without weight decay"),
    "parameter without a value": Meaning(_UNDEFINED, "the same", "by arithmetic"),
    "overflow": Meaning("no step can be taken", "no step can be taken", "by arithmetic, in the format that it ran in"),
    "number format": Meaning(
        sure="the range of the format is exact, and the largest entry a guess from the rms; no training was made in it"
    ),
    "vanishing gradient through time": Meaning(
        sure="single precision rounds such a part off, by arithmetic; no training was made from such a start"
    ),
}
MEANINGS["output ignores its input"] = MEANINGS["inputs alike"]


# Adam makes up for the size of a gradient, and not for inputs that have become alike: where both are found, the second
# decides.
_SIZES, _ALIKE = ("vanishing gradient", "vanishing signal"), ("inputs alike", "output ignores its input")
# What was trained from an exploding signal was some sixty times as large. Where numbers leave float64, no step is left.
_EXPLODING = ("exploding signal", "exploding gradient")


def meaning(problems: Sequence[Problem]) -> Meaning:
    """Return what some problems, the worst first, mean for training; `GOOD` if there are none.

    Examples:
        >>> meaning(()).adam
        'nothing that is looked for here stands in its way'
        >>> meaning((Problem("high variance between draws", "output", "", 2.0),)).adam
        'not measured'
    """
    kinds = [problem.kind for problem in problems]
    if not kinds:
        return GOOD
    if kinds[0] in _EXPLODING and problems[0].weight == BEYOND:  # no size has just this weight
        return MEANINGS["overflow"]
    alike = [kind for kind in kinds if kind in _ALIKE]
    return MEANINGS.get(alike[0] if alike and kinds[0] in _SIZES else kinds[0], Meaning())
