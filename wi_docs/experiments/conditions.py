"""The conditions that an experiment ran under, said by the experiment while it runs; and one of them, changed.

A sentence holds where it was tested. So that nobody types where that was, the functions that draw a network, train one
or load data say it themselves, in the field's plain terms: `activation`, `scheme`, `gain`, `biases`, `depth`, `width`,
`batch`, `data`, `optimizer`, `rate`, `steps`, `seeds`. `collect` hears them. The same functions ask for each term that
they could change whether it is to be changed, so that `under` runs any experiment under another condition.

What is kept on disk keeps what was said with it, and has the name of the variation in its key:
`wi_docs/experiments/disk_cache.py`.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:  # the cache imports this module, and needs neither numpy nor networks
    import numpy as np

    from wi_docs.nn.network import MLP

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Said:
    """What was said in one part of a run.

    Attributes:
        claimed: terms that the function around has said for all that it runs; what is said of them inside is not news.
        terms: the values of each term.
        doors: the terms that could have been changed.
    """

    claimed: frozenset[str] = frozenset()
    terms: dict[str, set[Any]] = field(default_factory=dict)
    doors: set[str] = field(default_factory=set)

    @property
    def domain(self) -> dict[str, list[Any]]:
        """The conditions, each with its values in order, as plain values."""
        return {term: sorted(self.terms[term], key=lambda v: (isinstance(v, str), v)) for term in sorted(self.terms)}

    def hear(self, other: Said) -> None:
        """Add what was said in a part of this part."""
        for term in other.terms.keys() - self.claimed:
            self.terms.setdefault(term, set()).update(other.terms[term])
        self.doors |= other.doors


@dataclass(frozen=True)
class Variation:
    """One condition, changed.

    Attributes:
        name: in words, as the card has them: "also with Adam".
        term: the condition.
        change: returns the other value for the one that the experiment asks for.
    """

    name: str
    term: str
    change: Callable[[Any], Any]


def _times(factor: float) -> Callable[[Any], Any]:
    """Return what multiplies a count by `factor`, and leaves at least 1 of it."""
    return lambda count: max(1, int(factor * count))


def _uneven(widths: Sequence[int]) -> list[int]:
    """Make each second layer half as wide, and those between half as wide again."""
    return [max(1, (3 * width if layer % 2 else width) // 2) for layer, width in enumerate(widths)]


VARIATIONS = {
    one.name: one
    for one in (
        Variation("another optimizer", "optimizer", lambda name: "adam" if name == "sgd" else "sgd"),
        Variation("three times the rate", "rate", lambda rate: 3 * rate),
        Variation("a third of the rate", "rate", lambda rate: rate / 3),
        Variation("biases drawn", "biases", lambda name: "drawn"),
        Variation("uneven widths", "widths", _uneven),
        Variation("half the width", "width", _times(0.5)),
        Variation("four times the width", "width", _times(4)),
        Variation("half the depth", "depth", _times(0.5)),
        Variation("twice the depth", "depth", _times(2)),
        Variation("another activation", "activation", lambda name: "relu" if _word(name) == "tanh" else "tanh"),
        Variation("other data", "data", lambda name: "normal inputs" if name == "the digits" else "the digits"),
        Variation("other seeds", "seeds", lambda seed: seed + 1000),
    )
}
RATES = {"adam": 0.001, "sgd": 0.05}  # of an optimizer that takes the other's place
# What a door changes, by the term of its argument: what is known before the network is drawn.
BEFORE = {"activation": "activation", "blocks": "depth", "depth": "depth", "width": "width"}

_said: ContextVar[Said | None] = ContextVar("said", default=None)
_variation: ContextVar[Variation | None] = ContextVar("variation", default=None)


def _word(value: Any) -> Any:
    """Return a plain value for what an argument may be: a number or a word as it is, anything else by its name."""
    if isinstance(value, str | int | float):
        return value
    if value is None:
        return "none"
    if hasattr(value, "item"):  # a number of numpy's
        return value.item()
    name = getattr(value, "name", None) or getattr(value, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else "its own"


def _values(value: Any) -> Iterable[Any]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return itertools.chain.from_iterable(map(_values, value))
    return [_word(value)]


def say(**terms: Any) -> None:
    """Say what an experiment runs under, each term with a value or several.

    Examples:
        >>> with collect() as said:
        ...     say(depth=30, rate=(0.1, 0.02))
        >>> said.domain
        {'depth': [30], 'rate': [0.02, 0.1]}
    """
    hear(Said(terms={term: set(_values(value)) for term, value in terms.items()}))


def hear(said: Said) -> None:
    """Take what was said in an earlier run, whose result is kept, as said now."""
    now = _said.get()
    if now is not None:
        now.hear(said)


def heard() -> Said:
    """Return what was said so far in this part of the run, to be kept with its result."""
    return _said.get() or Said()


def varied(term: str, value: R) -> R:
    """Return `value`, or the one in its place if this condition is changed.

    Examples:
        >>> with under("three times the rate"):
        ...     varied("rate", 0.5), varied("depth", 4)
        (1.5, 4)
    """
    now, changed = _said.get(), _variation.get()
    if now is not None:
        now.doors.add(term)
    result: R = changed.change(value) if changed is not None and changed.term == term else value
    return result


@contextmanager
def collect(*claimed: str) -> Iterator[Said]:
    """Hear what is said until the end, and pass it on to who hears already."""
    inner = Said(frozenset(claimed))
    token = _said.set(inner)
    try:
        yield inner
    finally:
        _said.reset(token)
        outer = _said.get()
        if outer is not None:
            outer.hear(inner)


@contextmanager
def under(name: str) -> Iterator[None]:
    """Run what follows under a variation, by its name.

    Raises:
        KeyError: for an unknown name.
    """
    token = _variation.set(VARIATIONS[name])
    try:
        yield
    finally:
        _variation.reset(token)


def variation() -> str:
    """Return the name of the variation that is in force, empty for none: a result counts for its own only."""
    now = _variation.get()
    return "" if now is None else now.name


def door(**arguments: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function say what its arguments are, by term, before it looks for a result that is kept.

    It is what changes the activation, the depth and the width: they are known before the network is drawn. The others
    are changed where they are used.

    Args:
        arguments: for each term, the name of the argument.

    Examples:
        >>> @door(depth="layers")
        ... def network(*, layers):
        ...     return layers
        >>> with collect() as said, under("twice the depth"):
        ...     network(layers=4)
        8
        >>> said.domain
        {'depth': [8]}
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            asked = signature.bind(*args, **kwargs)
            asked.apply_defaults()
            for term in arguments.keys() & BEFORE.keys():
                asked.arguments[arguments[term]] = varied(BEFORE[term], asked.arguments[arguments[term]])
            say(**{term: asked.arguments[name] for term, name in arguments.items()})
            with collect(*arguments):
                return function(*asked.args, **asked.kwargs)

        return call

    return decorate


def seed(value: Any) -> Any:
    """Say a seed, and return it, or another in its place."""
    say(seeds=value)
    return varied("seeds", value)


def rate(value: R, optimizer: str = "sgd") -> R:
    """Say an optimizer and its learning rate, and return the rate, or another in its place."""
    say(optimizer=optimizer, rate=value)
    return varied("rate", value)


def descent(optimizer: str, rates: Sequence[float]) -> tuple[str, Sequence[float]]:
    """Say an optimizer and its learning rates, and return them, or others in their place.

    Examples:
        >>> with under("another optimizer"):
        ...     descent("sgd", [0.5])
        ('adam', [0.001])
    """
    new = varied("optimizer", optimizer)
    return new, [RATES[new] if new != optimizer else rate(one, optimizer) for one in rates]


def network(net: MLP, rng: np.random.Generator) -> None:
    """Say what a network is that is about to run. If biases are to be drawn where there are none, draw them in place.

    They have PyTorch's law, uniform with a bound of one over the root of the fan-in.
    """
    hidden = {phi.name for phi in net.activations[:-1]}
    sizes = sum(abs(b).sum(axis=-1) for b in net.b).ravel().tolist()  # one number, or one for each network of a stack
    say(
        activation=hidden - {"linear"} or hidden,  # a residual branch ends in a linear layer
        depth=len(net.W) - 1,
        width=[W.shape[-1] for W in net.W[:-1]],
        biases=["set" if size else "0" for size in sizes],
    )
    if not any(sizes) and varied("biases", "0") == "drawn":
        for W, b in zip(net.W, net.b, strict=True):
            b += rng.uniform(-1, 1, b.shape) / W.shape[-2] ** 0.5
