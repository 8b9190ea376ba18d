"""The diagnosis of a network that is described, or given by its weights: theory, a simulation, and advice."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from wi_docs.diagnosis.advice import Advice, promising
from wi_docs.diagnosis.layers import BATCH, Layers, evidence, exits
from wi_docs.diagnosis.meaning import Meaning, meaning
from wi_docs.diagnosis.problems import Exit, Problem, burden, problems, size, small_last
from wi_docs.diagnosis.recipe import Recipe, keeps_weights, recipe
from wi_docs.diagnosis.simulate import build, filled, given, simulate, twins
from wi_docs.diagnosis.spec import NORMALIZATIONS, STRUCTURED, Spec
from wi_docs.diagnosis.theory import theory
from wi_docs.diagnosis.zeros import in_the_way, without_zeros, zeros
from wi_docs.nn import checks, number_formats
from wi_docs.nn.checks import Array
from wi_docs.nn.network import ExplosionError, FlatError

# The names of a reader's own code and of the reference; where they are made is no matter of theirs.
__all__ = [
    "NORMALIZATIONS", "Advice", "Diagnosis", "Exit", "Layers", "Meaning", "Problem", "Recipe", "Spec", "build",
    "diagnose", "simulate", "theory", "zeros",
]  # fmt: skip


MEMORY = 2**31  # bytes that a simulation may take


@dataclass(frozen=True)
class Diagnosis:
    """The result of `diagnose`: measurements, problems and advice.

    Attributes:
        spec: the network.
        rows: names of the rows.
        theory: the rows of an infinitely wide network; None for weights that are not drawn independently. Of given
            weights it knows the sizes alone.
        simulation: the rows of networks of this width, averaged over draws; None if numbers leave float64, or equal
            units are to be normalized.
        exits: for each number format, the places where signal and gradient leave its range; empty if nowhere.
        problems: the problems found, the worst first.
        advice: the change that helps most; None if nothing is bad, or none of the changes that were tried helps.
        notes: sentences on facts that are worth knowing and are not judged.
        zeros: layers, counted from 1, that start with weights of 0 and leave them within the first steps. The verdict
            is about the rest.
        filled: if those layers block every signal, the rows of the network with weights of sigma_w 1 in their place,
            which the verdict is about; else None.
        last_layer: the last layer's factor on the gradient, if the gradient vanishes through that layer alone; else
            None.
        advised: whether a change was looked for, if there is a problem.
    """

    spec: Spec
    rows: tuple[str, ...]
    theory: Layers | None
    simulation: Layers | None
    exits: dict[str, tuple[Exit, ...]]
    problems: tuple[Problem, ...]
    advice: Advice | None
    notes: tuple[str, ...]
    zeros: tuple[int, ...] = ()
    filled: Layers | None = None
    last_layer: float | None = None
    advised: bool = True

    @property
    def formats(self) -> dict[str, str]:
        """The exits in words, an empty string for none."""
        return {name: " and ".join(map(str, found)) for name, found in self.exits.items()}

    @property
    def ok(self) -> bool:
        """Whether the network could be judged and has no problem."""
        return not self.problems and not self.undecided

    @property
    def undecided(self) -> bool:
        """Whether the network could not be judged: there is no theory, no simulation, and no equal units."""
        return not self.problems and self.filled is None and self.best is None

    @property
    def best(self) -> Layers | None:
        """The simulation if there is one, else theory."""
        return self.simulation or self.theory

    @property
    def verdict(self) -> str:
        """The verdict in a sentence or two."""
        if self.problems:
            return f"Bad: {self.problems[0].kind}. {self.problems[0].sentence}"
        layers = self.filled or self.best
        if layers is None:
            return "Undecided. There is neither a theory of such weights nor a simulation of this network to judge by."
        # The last hidden row; in a network of one layer, the only row.
        last = max(len(self.rows) - 2, 0)
        which = "the last hidden row's signal" if len(self.rows) > 1 else "the output"
        return (
            f"Good. The gradient reaches the first row at {size(float(layers.gradient[0]))} times its size at the "
            f"output, {which} has an rms of {size(float(layers.signal[last]))}, and two inputs "
            f"end with a cosine of {layers.correlation[last]:z.2f}."
        )

    @property
    def meaning(self) -> Meaning | None:
        """What the verdict means for training; None if there is none."""
        return None if self.undecided else meaning(self.problems)


def diagnose(
    spec: Spec,
    *,
    weights: Sequence[tuple[Array, Array]] | None = None,
    seeds: int = 4,
    simulated: bool = True,
    advise: bool = True,
) -> Diagnosis:
    """Judge the start of a network by its signal and its gradient, and look for the change that helps most.

    Args:
        spec: the network.
        weights: weights `(fan_in, fan_out)` and biases `(fan_out,)` of each layer, which are judged in place of drawn
            ones. Their measured sigma_w and sigma_b take the place of what `spec` says of them.
        seeds: the number of networks to draw, if no weights are given.
        simulated: whether to simulate; if not, the verdict is theory's.
        advise: whether to look for a change.

    Raises:
        ValueError: for weights of other shapes than `spec.widths` or without a value, weights that are not to be
            simulated, or `seeds` below 1.
        TypeError: for anything but a `Spec`, or weights that are no pairs of arrays.

    Examples:
        >>> found = diagnose(Spec((64, *[256] * 20, 10), scheme="pytorch_linear"))
        >>> found.ok, found.problems[0].kind, found.advice.change.partition(" ")[0]
        (False, 'vanishing gradient', 'he_normal')
    """
    checks.instance("spec", spec, Spec)
    seeds = checks.count("seeds", seeds)
    nets = []
    rows, notes = tuple(name for name, *_ in spec.rows()), []
    if weights is not None:
        if not simulated:
            raise ValueError("given weights are judged by simulation: theory would see their sizes alone")
        spec, net = given(spec, weights)
        nets = [net]
        notes.append(
            "Theory is about independent weights of these sizes, and the verdict about the weights themselves."
        )
    by_theory = None if spec.scheme in STRUCTURED else theory(spec)
    if by_theory is None:
        notes.append(f"Theory is about independent weights, and {spec.scheme} draws none.")
    # Where layers of 0 block every signal, nothing could be measured behind them. So the verdict is about the network
    # without such zeros (`without`), while theory and simulation are shown for the network as it stands.
    held, blocked = zeros(spec), bool(in_the_way(spec))
    without = theory(without_zeros(spec)) if blocked else None
    by_simulation, same, error = None, None, None
    # Of each network its weights, and of one at a time about six arrays of a batch for each row.
    needed = 8 * seeds * sum(a * b for a, b in itertools.pairwise(spec.widths)) + 8 * 6 * BATCH * sum(spec.widths)
    if simulated and not nets and needed > MEMORY:
        notes.append(f"There is no simulation: it would take {needed / 2**30:,.1f} GiB. Theory needs none.")
    elif simulated:
        nets = nets or [build(spec, seed) for seed in range(seeds)]
        same = twins(spec, nets[0], held)
        try:
            by_simulation = simulate(spec, nets)
            without = simulate(spec, [filled(spec, net) for net in nets]) if blocked else None
        except ExplosionError as raised:
            error = raised
        except FlatError as raised:
            notes.append(f"There is no simulation: {raised}.")
    # A simulation of this very width is worth more than the theory of wide networks.
    best = without or by_simulation or by_theory
    seen = evidence(spec, best, twins=same, error=error)
    if spec.scheme == "orthogonal":
        notes.append("Theory takes orthogonal weights for independent ones of the same size.")
        if by_simulation is None:  # theory's spread is that of independent weights
            seen = dataclasses.replace(seen, spread=None)
    elif by_theory is not None and weights is None and not blocked and seen.spread is not None:
        # A few draws say little of the spread between draws, and theory knows it.
        known = math.inf if seen.spread == math.inf else float(by_theory.spread[-2])
        seen = dataclasses.replace(seen, spread=known)
    last_layer = small_last(seen.rows)
    found = Diagnosis(
        spec,
        rows,
        by_theory,
        by_simulation,
        exits(rows, best) if best else dict.fromkeys(number_formats.FORMATS, ()),
        problems(seen),
        None,
        (*notes, *_notes(held, blocked=blocked, last_layer=last_layer)),
        tuple(k + 1 for k in held),
        without,
        last_layer,
        advise,
    )
    if found.problems and advise:
        found = dataclasses.replace(found, advice=_advise(found, seeds, weights, simulated=simulated))
    return found


def _notes(held: tuple[int, ...], *, blocked: bool, last_layer: float | None) -> list[str]:
    """Return a note on layers that start at 0, and one on a small last layer: both look broken and may be meant."""
    notes = []
    if held:
        names = f"Layer {held[0] + 1} starts"
        if len(held) > 1:
            names = f"Layers {', '.join(str(k + 1) for k in held)} start"
        judged = "with normal weights of variance 1/n_in there" if blocked else "as it stands"
        notes.append(
            f"{names} with weights of 0. No gradient passes there until a step has changed them. Whether that is meant "
            f"is not known. The verdict is about the rest, {judged}."
        )
    if last_layer is not None:
        notes.append(
            f"The last layer multiplies the gradient by {size(last_layer)}, so that little reaches the rest until it "
            "has grown. Whether that is meant is not known, and the verdict leaves it out."
        )
    return notes


def _advise(
    now: Diagnosis, seeds: int, weights: Sequence[tuple[Array, Array]] | None, *, simulated: bool
) -> Advice | None:
    """Return the change after which the fewest problems are left, or None if none helps.

    The candidates come from theory, the best first. The first one without any problem ends the search. A change that
    leaves the weights as they are is tried on the given ones.
    """
    equal = any(problem.kind == "equal units" for problem in now.problems)

    def possible(new: Spec) -> bool:
        # Equal units stay so under other inputs and normalizations, and a branch's factor is in the given weights.
        return weights is None or not keeps_weights(now.spec, new) or not (equal or new.branch != now.spec.branch)

    tried = []
    for change, new in promising(now.spec, possible):
        kept = weights if keeps_weights(now.spec, new) else None
        found = diagnose(new, weights=kept, seeds=seeds, simulated=simulated, advise=False)
        tried.append(Advice(change, new, found.problems, found.verdict, recipe(now.spec, new)))
        if found.ok:
            break
    best = min(tried, key=lambda advice: burden(advice.problems), default=None)
    return best if best is not None and burden(best.problems) < burden(now.problems) else None
