"""The rules for a bad start: one set, for a network that is described and for a model that ran.

Theory, a simulation and a probe each fill in `Evidence`. A rule reads it and returns a `Problem`, or None where it
finds nothing or was told nothing. `docs/diagnose.md` says to readers what is too much and why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wi_docs.experiments import saturation
from wi_docs.nn.network import ExplosionError

# The limits, in the units that each docstring names. Those of saturated and dead units are `saturation.limit` and
# `saturation.DEAD`, from networks trained on the digits.
REACH = 4.0
"""Change of the gradient's or the signal's size over the depth, in powers of e. The mean square changes by twice as
many: eight depth scales of Schoenholz et al. (2017). In our map of theirs, deeper networks below the edge did not
train."""
ALIKE = 1e-3
"""One minus the cosine of two unrelated inputs, where the network ends. What tells them apart is then the root of
this, 3 % of the signal. The number is ours."""
SPREAD = 1.0
"""Deviation of the logarithm of the signal's size between one draw of the weights and the next: a factor of e. Ours."""
LOUD = 16.0
"""Rms of the outputs of a network that is described. The squared error then begins at 256 times that of an output of 0,
for targets of size 1, and the cross-entropy of ten classes near 25. Ours."""
FORGOTTEN = 1e-7
"""Gradient of an input, in multiples of the largest over time, that is lost: single precision rounds off what is as
small, where the gradients of all steps are added up. A verdict asks that this is so for more than half of the steps."""
THROWN = 1e4
"""Growth of the gradient over the steps of a recurrent layer, from the last step back to the first. Ours."""
FIRST_LOSS = 4.0
"""First loss, in multiples of that of a model that knows nothing, the logarithm of the number of classes. One draw at
He's scale may have two or three. Ours."""

# The weights of problems that have no size of their own. The others weigh the multiple of their limit.
BEYOND = 100.0  # numbers leave the format that the network runs in, or nothing is left
DEAD_LAYER = 60.0  # all units of a layer are off for every input
STUCK = 50.0  # equal units that stay equal, and layers that never get a gradient
FORMAT = 10.0  # numbers leave the format in which they are to be kept, but not float64

KINDS = (
    "vanishing gradient", "exploding gradient", "vanishing gradient through time", "exploding gradient through time",
    "vanishing signal", "exploding signal", "parameter without a value", "overflow", "equal units", "dead layer",
    "no gradient", "saturated units", "dead units", "inputs alike", "output ignores its input",
    "high variance between draws", "number format", "initial loss too large",
)  # fmt: skip
FOLLOWS = {
    "vanishing gradient": "By plain descent the first layers may hardly learn.",
    "exploding gradient": "By plain descent one rate may not fit both the first layers and the last.",
    "vanishing signal": "What later layers get may be small beside biases of usual size.",
    "exploding signal": "The outputs may be huge numbers.",
}


@dataclass
class Row:
    """Measurements of one layer, or of one call of a module that has parameters of its own.

    A field is None if the quantity was not measured. The fields of type Any hold PyTorch scalars until `watch` turns
    them into floats.

    Attributes:
        name: name of the layer or module, with the number of the call if it is called more than once.
        kind: class of the module; empty for a layer of a description.
        matrix: whether the layer or module has weights of two axes or more.
        axis: the axis of its output that counts units.
        module: the module's name as `named_modules` has it, empty for the model itself; a layer's own name.
        call: number of this call among the calls of the module, counted from 1.
        sigma_w: root mean square of its weights times the root of the fan-in.
        equal: number of its units that have the weights of another unit.
        units: number of its units.
        frozen: whether it has parameters and none of them is trained.
        signal: rms of its output, before the activation that follows.
        gradient: length (Euclidean norm) of the derivative of the loss with respect to its output; for a layer of a
            description, of a cotangent of length 1 at the network's output.
        later: where `gradient` is 0, its value once parameters that are exactly 0 have moved.
        moves: number of moves of those parameters that this took.
        weight_gradient: rms of the loss's derivative with respect to its weights, over the rms of the weights.
        update: length of the change of its weights over the steps, over the length of the weights.
        correlation: mean cosine of two inputs at its output.
        apart: share of its output's mean square that differs between examples; None if only their cosine is known.
        activation: our name for the activation function that follows.
        saturated: share of pairs of unit and input with a slope below a tenth of the largest.
        dead: share of units whose slope is below that at every input and position.
        broken: whether its output has entries that are NaN or infinite.
        parameter: full name of the parameter, if the row is a product with one outside of its module's call.
        normalized: whether what follows normalizes its output, so that the size of its weights does not matter.
        samples: number of examples that were seen; 0 for theory, which has all.
        outputs: number of units behind it whose activation was seen.
        limit: the share of saturated pairs that is too much; None for that of `saturation.limit`.
        like: our name of the activation whose theory of dead units is used; None for `activation`.
        gain: the gain of the activation that follows, as it was measured; None for a layer of a description.
    """

    name: str
    kind: str
    matrix: bool
    axis: int = -1
    module: str = ""
    call: int = 1
    sigma_w: float | None = None
    equal: int = 0
    units: int = 0
    frozen: bool = False
    signal: Any = None
    gradient: Any = None
    later: float | None = None
    moves: int = 0
    weight_gradient: float | None = None
    update: float | None = None
    correlation: Any = None
    apart: Any = None
    activation: str | None = None
    saturated: Any = None
    dead: Any = None
    broken: bool = False
    parameter: str = ""
    normalized: bool = False
    samples: int = 0
    outputs: int = 0
    limit: float | None = None
    like: str | None = None
    gain: float | None = None

    @property
    def reach(self) -> float:
        """The gradient's length, or its later length where the gradient is 0 at first; 0 if neither is known.

        Of an output that is normalized next it is the length after a division by the output's rms: weights of twice the
        size give half of the gradient there, and change nothing else.
        """
        scale = float(self.signal) if self.normalized and self.signal else 1.0
        return float(self.gradient or self.later or 0.0) * scale

    @property
    def saturation_limit(self) -> float:
        """The share of saturated pairs that is too much for the activation behind."""
        if self.limit is not None:
            return self.limit
        return saturation.limit(self.activation) if self.activation else 1.0

    def __str__(self) -> str:
        """Return the name, followed by the module's class in parentheses if there is one."""
        return f"{self.name} ({self.kind})" if self.kind else self.name


@dataclass(frozen=True)
class Exit:
    """A place where the signal or the gradient leaves the range of a format of numbers.

    Attributes:
        what: `signal` or `gradient`.
        overflows: whether it is too large; else it is too small.
        row: the first row on the way where it is so.
    """

    what: str
    overflows: bool
    row: str

    def __str__(self) -> str:
        """Return a clause such as "the signal overflows at layer 3"."""
        return f"the {self.what} {'overflows' if self.overflows else 'underflows'} at {self.row}"


@dataclass(frozen=True)
class Problem:
    """Something about a network's start that may slow its learning or stop it.

    Attributes:
        kind: name of the kind of problem, such as "vanishing gradient".
        row: name of the row where the problem appears first, or is worst.
        sentence: the finding, with its numbers, as one or two sentences.
        weight: severity, as a multiple of the limit: at least 1.
    """

    kind: str
    row: str
    sentence: str
    weight: float


@dataclass(frozen=True)
class Evidence:
    """The facts that the rules judge. A field that is None, an empty tuple or False was not measured.

    Attributes:
        rows: the rows, in the order in which the signal passes them.
        layers: the layers with equal units.
        hidden: the last row before the last weights, if two inputs have a direction there.
        ran: whether a model ran on a batch, with its own loss, and showed which gradients of 0 stay 0.
        output_apart: share of the outputs' mean square that differs between examples.
        loss: the loss before the first step.
        chance: the loss of a model that knows nothing, in nats: the logarithm of the number of classes.
        signal: factor on the signal's rms, from the input to the last hidden row.
        spread: standard deviation of the logarithm of the signal's rms there, over draws of the weights.
        dtype: the number format in which the network is to run.
        exits: the places where signal or gradient leave the range of that format.
        error: the error that ended a simulation because numbers left float64; None if none did.
        began: one minus the cosine of the two inputs of a network that is described.
        rms: rms of the output of a network that is described.
        loud: the multiple of `chance` from which the first loss is too large.
        faults: names of parameters that hold what no start may hold, each with a sentence on it.
        times: for each recurrent layer the length of the loss's gradient with respect to its input at each step.
    """

    rows: tuple[Row, ...] = ()
    layers: tuple[Row, ...] = ()
    hidden: Row | None = None
    ran: bool = False
    output_apart: float | None = None
    loss: float | None = None
    chance: float | None = None
    signal: float | None = None
    spread: float | None = None
    dtype: str = ""
    exits: tuple[Exit, ...] = ()
    error: ExplosionError | None = None
    began: float = 1.0
    rms: float | None = None
    loud: float = FIRST_LOSS
    faults: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, tuple[float, ...]], ...] = ()


def problems(evidence: Evidence) -> tuple[Problem, ...]:
    """Return the problems that the rules find, the worst first.

    Where numbers have left their format, sizes say nothing and are not judged.
    """
    overflow = _overflow(evidence)
    # Equal units are judged by weights alone, and do not suffer from an overflow.
    found = [_simulation_overflow(evidence), _equal_units(evidence), overflow, _not_numbers(evidence)]
    if overflow is None:
        found += [rule(evidence) for rule in RULES]
    return tuple(sorted((problem for problem in found if problem), key=lambda problem: -problem.weight))


def burden(found: Sequence[Problem]) -> tuple[int, float]:
    """Return the number of problems and the sum of their weights. Changes to a network are compared by this pair."""
    return len(found), sum(problem.weight for problem in found)


def ends(rows: Sequence[Row]) -> tuple[Row, Row] | None:
    """Return the first and the last row with weights and a gradient, or None if there are fewer than two.

    Rows whose gradient appeared after another number of moves than the first row's are left out: it was measured on
    other weights, and the two lengths cannot be compared.
    """
    # Norms, biases and gates have gradients of other sizes; layers with matrices compare with each other.
    seen = [row for row in rows if row.matrix and row.gradient is not None]
    seen = [row for row in seen if row.moves == seen[0].moves]
    return (seen[0], seen[-1]) if len(seen) > 1 else None


def small_last(rows: Sequence[Row]) -> float | None:
    """Return the last layer's factor on the gradient if the gradient vanishes through that layer, else None.

    That layer then loses more than the others together, in powers of e, and what they lose is within the limit. Such a
    gradient grows as the last layer does, and that layer learns first: nothing lies between it and the loss.
    """
    # Without the model's own row, whose output is the network's.
    followed = [row for row in rows if row.matrix and row.module and row.gradient is not None]
    seen = [row.reach for row in followed if row.gradient]
    if len(seen) < 2 or followed[0].reach == 0.0:
        return None
    # In logarithms: from the loss back to the first row the gradient shrinks by more than the limit, but from the last
    # hidden row back to the first it does not.
    first, hidden, last = (math.log(reach) for reach in (seen[0], *seen[-2:]))
    small = first - last < -REACH and abs(first - hidden) <= min(REACH, last - hidden)
    return seen[-2] / seen[-1] if small else None


def cosine(apart: float) -> str:
    """Return a cosine near 1 in words, given its distance `apart` from 1.

    Examples:
        >>> cosine(3e-5), cosine(0.0)
        ('1 - 3e-05', '1 to the last digit')
    """
    # 1e-14 is some fifty rounding errors of float64 around 1.
    return f"1 - {apart:.0e}" if apart > 1e-14 else "1 to the last digit"


def size(factor: float, form: str = ".2g") -> str:
    """Return a factor as a short string: in the format `form` between 1e-3 and 1e3, else one digit and a power of ten.

    Examples:
        >>> size(4.04e-17), size(0.0512), size(31.7), size(31.7, ".2f")
        ('4e-17', '0.051', '32', '31.70')
    """
    return format(factor, form) if 1e-3 < factor < 1e3 else f"{factor:.0e}"


# The rules


def _simulation_overflow(evidence: Evidence) -> Problem | None:
    """Report a simulation that ended because numbers left float64."""
    if evidence.error is None:
        return None
    kind = "exploding gradient" if evidence.error.gradient else "exploding signal"
    return Problem(kind, evidence.rows[-1].name, f"In a simulation, {evidence.error}, beyond float64.", BEYOND)


def _overflow(evidence: Evidence) -> Problem | None:
    """Find the first row whose output is NaN or infinite, or a first loss that is."""
    row = next((row for row in evidence.rows if row.broken), None)
    if not evidence.ran:
        words = f"The signal overflows float64 at {row}."
        return Problem("exploding signal", row.name, words, BEYOND) if row else None
    if row is None and (evidence.loss is None or math.isfinite(evidence.loss)):
        return None
    what = f"The output of {row}" if row else "The first loss"
    words = f"{what} is infinite or undefined: numbers leave their format."
    return Problem("overflow", row.name if row else "output", words, BEYOND)


def _not_numbers(evidence: Evidence) -> Problem | None:
    """Report parameters that are NaN, infinite, or memory that nothing was written to."""
    if not evidence.faults:
        return None
    name, words = evidence.faults[0]
    more = f" So have {len(evidence.faults) - 1} more parameters." if len(evidence.faults) > 1 else ""
    return Problem("parameter without a value", name, f"{words}{more}", 2 * BEYOND)


def _through_time(evidence: Evidence) -> Problem | None:
    """Judge how far back in time the loss's gradient reaches through a recurrent layer."""
    for name, lengths in evidence.times:
        largest = max(lengths, default=0.0)
        if len(lengths) < 2 or not 0.0 < largest < math.inf:
            continue
        lost = sum(value < FORGOTTEN * largest for value in lengths)
        if lost > len(lengths) / 2:
            words = (
                f"Of {len(lengths)} steps through {name}, the loss hears only {len(lengths) - lost}: the gradient at "
                f"the others is below {FORGOTTEN:g} times the largest. A first step hears nothing of what stands there."
            )
            return Problem("vanishing gradient through time", name, words, 2 * lost / len(lengths))
        late = lengths[-1]
        if late > 0.0 and largest / late > THROWN and largest == lengths[0]:
            words = f"The gradient grows to {size(largest / late)} times its size over {len(lengths)} steps of {name}."
            return Problem("exploding gradient through time", name, words, math.log(largest / late) / REACH)
    return None


def _equal_units(evidence: Evidence) -> Problem | None:
    """Report the first layer in which units have the same weights."""
    if not evidence.layers:
        return None
    row = evidence.layers[0]
    different = row.units - row.equal
    which = "all are one" if different == 1 else f"only {different} differ"
    name = str(row) if evidence.ran else "The stream" if row.name == "in" else row.name.capitalize()
    words = f"{name} has {row.units} units, and {which}: equal units get equal gradients and stay equal."
    return Problem("equal units", row.name, words, STUCK)


def _no_gradient(evidence: Evidence) -> Problem | None:
    """Find the layer behind which a model gets no gradient for good. For a description, `zeros` answers this."""
    if not evidence.ran:
        return None
    row = next((row for row in evidence.rows if row.dead == 1.0 and row.gradient == 0.0 and not _by_chance(row)), None)
    if row is not None:
        words = f"All units of {row} are off for every input: no signal passes, and no gradient."
        return Problem("dead layer", row.name, words, DEAD_LAYER)
    # A gradient of exactly 0 that comes back once zeros have moved is no fault.
    silent = [row for row in evidence.rows if row.gradient == 0.0 and not row.later]
    if not silent:
        return None
    words = f"No gradient comes back to {silent[-1]}: its weights cannot learn."
    if len(silent) > 1:
        others = "another layer" if len(silent) == 2 else f"{len(silent) - 1} other layers"
        words = f"No gradient comes back to {silent[-1]} and to {others}: their weights cannot learn."
    return Problem("no gradient", silent[-1].name, words, STUCK)


def _changed(what: str, factor: float, way: str, row: Row, steps: int) -> Problem | None:
    """Judge the factor by which the signal or the gradient changes over some rows.

    Args:
        what: `signal` or `gradient`.
        factor: the change of its size, from 0 to infinity.
        way: where it was measured, for the sentence: "from the output back to layer 1".
        row: the row that the problem names.
        steps: the number of rows between, to give a factor a row; 0 if the rows form no chain.
    """
    beyond = factor in (0.0, math.inf)
    weight = BEYOND if beyond else abs(math.log(factor)) / REACH
    if weight <= 1.0:
        return None
    kind = f"{'exploding' if factor > 1.0 else 'vanishing'} {what}"
    if factor == 0.0:
        words = f"The {what} is lost {way}: what is left is 0 in float64."
    elif factor == math.inf:
        words = f"The {what} grows {way} and leaves float64."
    else:
        # The geometric mean of the factors of all rows.
        each = f", {size(factor ** (1 / steps), '.2f')} a row" if steps else ""
        words = f"The {what} {'grows' if factor > 1.0 else 'shrinks'} to {size(factor)} times its size {way}{each}."
    return Problem(kind, row.name, f"{words} {FOLLOWS[kind]}", weight)


def _signal(evidence: Evidence) -> Problem | None:
    """Judge the signal's change from the input to the last hidden row."""
    if evidence.signal is None:
        return None
    *hidden, _ = evidence.rows
    way = f"from the input to {hidden[-1]}"
    return _changed("signal", evidence.signal, way, hidden[-1], len(hidden))


def _gradient(evidence: Evidence) -> Problem | None:
    """Judge the gradient's change from the output back to the first row, unless a small last layer explains it.

    Where the first row is normalized, its weights have no size that matters: a step that is too large makes them
    longer, and the next one smaller. Such networks bear twice the growth, in powers of e.
    """
    pair = ends(evidence.rows)
    if pair is None or small_last(evidence.rows) is not None:
        return None
    first, last = pair
    if not evidence.ran:  # the last row's output is the network's
        return _changed("gradient", first.reach, f"from the output back to {first}", first, len(evidence.rows) - 1)
    if not (0.0 < first.reach < math.inf and 0.0 < last.reach < math.inf):  # another rule is about what is lost
        return None
    factor = first.reach / last.reach
    if first.normalized and 1.0 < factor < math.exp(2 * REACH):
        return None
    return _changed("gradient", factor, f"from {last} back to {first}", first, 0)


def _saturated_units(evidence: Evidence) -> Problem | None:
    """Find the most saturated layer. A dead layer of a model is reported by `_no_gradient`."""
    found = [
        ((row.saturated - _error(row, row.saturation_limit)) / row.saturation_limit, row)
        for row in evidence.rows
        if row.activation is not None and row.saturated is not None and not _dead(evidence, row)
    ]
    if not found:
        return None
    weight, row = max(found, key=lambda pair: pair[0])
    # `found` has no row without an activation; the first test is for the type checker.
    if row.activation is None or weight <= 1.0:
        return None
    limit = row.saturation_limit
    words = (
        f"{100 * row.saturated:.0f} % of {row} is saturated. The limit for {row.activation} is {100 * limit:.0f} %; "
        "the page Diagnose says what was measured."
    )
    return Problem("saturated units", row.name, words, weight)


def _dead(evidence: Evidence, row: Row) -> bool:
    """Return whether a layer of a model that ran gets no gradient through its activation: another rule is about it."""
    return evidence.ran and row.dead == 1.0 and row.gradient == 0.0


def _by_chance(row: Row) -> bool:
    """Return whether all units of a row may well be off for so few examples without any fault."""
    return bool(row.outputs) and _explained(row) ** row.outputs > 1e-3


def _error(row: Row, share: float) -> float:
    """Return two standard errors of a share that was measured over the units of a row; 0 if their number is unknown."""
    return 2 * math.sqrt(share * (1 - share) / row.outputs) if row.outputs else 0.0


def _explained(row: Row) -> float:
    """Return the share of units that theory expects to be off for all examples with this row's correlation."""
    q = row.signal**2 if row.signal else 0.0
    if not 0.0 < q < 1e300:
        return 0.0
    c = row.correlation if row.correlation is not None and math.isfinite(row.correlation) else 0.0
    examples = min(row.samples or 32, 32)
    return saturation.dead_share(row.like or row.activation or "relu", q, min(max(c, 0.0), 1.0), examples)


def _dead_units(evidence: Evidence) -> Problem | None:
    """Find the layer with the most dead units: off for every input, and not only because the inputs are alike."""
    found = [
        (row.dead - (explained := _explained(row)) - _error(row, explained), explained, row)
        for row in evidence.rows
        if row.activation is not None and row.dead is not None and row.dead > saturation.DEAD  # others cannot be beyond
        if not _dead(evidence, row)
    ]
    if not found:
        return None
    beyond, explained, row = max(found, key=lambda entry: entry[0])
    if beyond <= saturation.DEAD:
        return None
    words = (
        f"{100 * row.dead:.0f} % of the units of {row} are off for every input, where alike inputs explain "
        f"{100 * explained:.0f} %. With {100 * saturation.DEAD:.0f} % dead units, ReLU networks of three hidden layers "
        "took twice as many steps of plain descent to learn the digits."
    )
    return Problem("dead units", row.name, words, beyond / saturation.DEAD)


def _inputs_alike(evidence: Evidence) -> Problem | None:
    """Judge how far apart two inputs are at the last hidden row, and at the output, in shares of the mean square.

    Of a model both have to be near 0. Outputs alone may share a bias or a sign, and that is no fault.
    """
    hidden, output = evidence.hidden, evidence.output_apart
    if hidden is None:
        return None
    inside = hidden.apart if hidden.apart is not None else 1 - (hidden.correlation or 0.0)
    if not inside < ALIKE or not (output is None or output < ALIKE):
        return None
    if not inside < evidence.began / 2:  # they were alike already
        return None
    if evidence.ran:
        words = f"A share of {inside:.0e} of the signal at {hidden} differs between inputs"
        words += "." if output is None else f", and a share of {output:.0e} of the output."
    else:
        words = (
            f"Two inputs end with a cosine of {cosine(inside)} at {hidden}: little of what the output gets differs "
            "between them."
        )
    # Of a model the outputs were compared, of a description the last hidden row.
    kind, row = ("output ignores its input", "output") if evidence.ran else ("inputs alike", hidden.name)
    # In powers of the limit: 1e-6 is twice as bad as 1e-3. Below 1e-16 a distance from 1 is rounding.
    shown = inside if output is None else output
    return Problem(kind, row, words, math.log(max(shown, 1e-16)) / math.log(ALIKE))


def _high_variance_between_draws(evidence: Evidence) -> Problem | None:
    """Judge how much the signal's size differs from one draw of the weights to the next."""
    spread = evidence.spread
    if spread is None or spread <= SPREAD:
        return None
    if spread == math.inf:
        words = "At these widths one draw leaves nothing of an input's signal, and another leaves some of it."
    else:
        times = f"{math.exp(spread):.1f}" if spread < math.log(1e3) else f"1e{spread / math.log(10):+03.0f}"
        words = f"At these widths the signal of one draw differs from the next by a factor of {times}, either way."
    return Problem("high variance between draws", evidence.rows[-2].name, words, min(spread / SPREAD, BEYOND))


def _number_format(evidence: Evidence) -> Problem | None:
    """Report where signal and gradient leave the range of the number format."""
    if not evidence.exits:
        return None
    where = " and ".join(map(str, evidence.exits))
    return Problem("number format", evidence.exits[-1].row, f"In {evidence.dtype}, {where}.", FORMAT)


def _initial_loss_too_large(evidence: Evidence) -> Problem | None:
    """Judge the first loss against that of a model that knows nothing."""
    if evidence.rms is not None:
        # An exploding signal makes the outputs large too, and another rule is about it.
        exploding = evidence.signal is not None and evidence.signal > math.exp(REACH)
        return None if exploding else _loud(evidence.rms, evidence.rows[-1])
    if evidence.chance is None or evidence.loss is None or evidence.loss <= evidence.loud * evidence.chance:
        return None
    words = (
        f"The first loss is {evidence.loss:.2f}, where chance is {evidence.chance:.2f}: the output speaks before it "
        "knows anything."
    )
    return Problem("initial loss too large", "output", words, evidence.loss / (evidence.loud * evidence.chance))


def _loud(rms: float, row: Row) -> Problem | None:
    """Judge the size of a described network's outputs."""
    if not LOUD < rms < math.inf:
        return None
    words = (
        f"The outputs have an rms of {size(rms)}: the output speaks before it knows anything, and against classes or "
        "targets of size 1 the first loss is large."
    )
    return Problem("initial loss too large", row.name, words, math.log(rms) / math.log(LOUD))


RULES: tuple[Callable[[Evidence], Problem | None], ...] = (
    _no_gradient,
    _through_time,
    _signal,
    _gradient,
    _saturated_units,
    _dead_units,
    _inputs_alike,
    _high_variance_between_draws,
    _number_format,
    _initial_loss_too_large,
)
