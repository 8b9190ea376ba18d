"""Every tensor by itself: its size, its zeros and equal rows, what is not finite, and which law it may come from."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from wi_docs.diagnosis.meaning import Meaning, meaning
from wi_docs.diagnosis.problems import Problem
from wi_docs.nn import initializers

SAMPLE = 1_000_003  # the most values that moments are taken of, in even steps; a prime falls in step with no width
GARBAGE = 1e10  # no scheme draws weights as large; memory that was never written often holds such numbers
Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Entry:
    """What one tensor of a model or of a file holds.

    Attributes:
        name: its full name.
        shape: its shape.
        mean: mean of its finite values.
        deviation: standard deviation of its finite values.
        sigma_w: root mean square times the root of the fan-in; None for tensors of fewer than two axes.
        zeros: share of values that are 0.
        equal: number of rows that repeat another one, so that of three equal ones two do; a row holds what belongs to
            one entry of the first axis.
        nan: number of values that are NaN.
        infinite: number of values that are infinite.
        place: index of the first value that is NaN, infinite or absurd; empty if there is none.
        largest: largest absolute finite value.
        laws: names of the laws that fit its size, and whether its values are uniform or not.
        notes: what else is known: frozen, unused, tied.
        looked_at: whether the values were looked at: those of integers and of complex numbers are not.
    """

    name: str
    shape: tuple[int, ...]
    mean: float = 0.0
    deviation: float = 0.0
    sigma_w: float | None = None
    zeros: float = 0.0
    equal: int = 0
    nan: int = 0
    infinite: int = 0
    place: tuple[int, ...] = ()
    largest: float = 0.0
    laws: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    looked_at: bool = True

    @property
    def fault(self) -> str:
        """What no start may hold, as a sentence; empty if it holds nothing of the kind."""
        counts = " and ".join(f"{n:,} {what}" for n, what in ((self.nan, "NaN"), (self.infinite, "infinite")) if n)
        where = f", the first at {list(self.place)}" if self.place else ""
        size = math.prod(self.shape)
        if counts:
            return f"{self.name} has {counts} of {size:,} values{where}."
        if self.largest > GARBAGE:
            return f"{self.name} has a value of {self.largest:.0e}{where}: memory that nothing was written to?"
        return ""


@dataclass(frozen=True)
class Inventory:
    """The tensors of a file, each looked at by itself: the file does not say how they are connected.

    Attributes:
        file: name of the file.
        entries: what each tensor holds.
        why: the reason why there is no more, as a sentence.
    """

    file: str
    entries: tuple[Entry, ...]
    why: str

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The tensors that hold what no start may hold, as problems."""
        return tuple(
            Problem("parameter without a value", entry.name, entry.fault, 1.0) for entry in self.entries if entry.fault
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """What no start may hold, a sentence for each tensor that holds it."""
        return tuple(entry.fault for entry in self.entries if entry.fault)

    @property
    def ok(self) -> bool:
        """Whether no tensor holds what no start may hold."""
        return not self.faults

    @property
    def verdict(self) -> str:
        """The verdict as a sentence or two."""
        if self.faults:
            more = f" So have {len(self.faults) - 1} more." if len(self.faults) > 1 else ""
            return f"Bad: parameter without a value. {self.faults[0]}{more}"
        unseen = sum(not entry.looked_at for entry in self.entries)
        but = f", but for {unseen:,} of integers or complex numbers" if unseen else ""
        return (
            f"No fault in {len(self.entries):,} tensors, each looked at by itself{but}. How signal and gradient pass "
            "through them is not in the file: --torch looks at the model."
        )

    @property
    def meaning(self) -> Meaning | None:
        """What the verdict means for training; None where only tensors were looked at and nothing was found."""
        return meaning(self.problems) if self.faults else None


def inventory(file: str, tensors: dict[str, Numbers], why: str) -> Inventory:
    """Return what the tensors of a file hold.

    Examples:
        >>> inventory("w.npz", {"a": np.array([np.inf])}, "").verdict
        'Bad: parameter without a value. a has 1 infinite of 1 values, the first at [0].'
    """
    entries = (
        audit(printable(name), values, rows_first=not re.search(r"kernel(:0)?$", name))
        for name, values in tensors.items()
    )
    return Inventory(file, tuple(entries), why)


def printable(name: str) -> str:
    r"""Return a name from a file without characters that a terminal would obey.

    Examples:
        >>> printable("a\x1b[31mb")
        'a\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def audit(name: str, values: Numbers, *, rows_first: bool = True, notes: tuple[str, ...] = ()) -> Entry:
    """Return what a tensor holds.

    Args:
        name: its name.
        values: numbers of any shape. Those that are no floating-point numbers are not looked at.
        rows_first: whether the first axis counts outputs, as in PyTorch; else the last one does, as in Keras.
        notes: what is known of it besides its values.

    Examples:
        >>> entry = audit("w", np.random.default_rng(0).normal(0, (2 / 64) ** 0.5, (256, 64)))
        >>> entry.laws, round(entry.sigma_w, 1), entry.fault
        (('he_normal',), 1.4, '')
        >>> audit("b", np.array([0.0, np.nan])).fault
        'b has 1 NaN of 2 values, the first at [1].'
    """
    values = np.asarray(values)
    if values.dtype.kind != "f" or not values.size:
        return Entry(name, values.shape, notes=notes, looked_at=values.dtype.kind == "f")
    with np.errstate(all="ignore"):
        # A sum is finite only if all terms are; one that overflows is looked at again.
        finite = None if math.isfinite(float(values.sum(dtype=np.float64))) else np.isfinite(values)
        whole = finite is None or bool(finite.all())
        kept = values.ravel() if finite is None or whole else values[finite]
        largest = max(-float(kept.min()), float(kept.max())) if kept.size else 0.0
        nan = 0 if whole else int(np.isnan(values).sum())
        infinite = 0 if whole or finite is None else int(values.size - finite.sum()) - nan
        bad = None
        if finite is not None and not whole:
            bad = ~finite
        elif largest > GARBAGE:
            bad = np.abs(values) > GARBAGE
        place = () if bad is None else tuple(int(k) for k in np.unravel_index(int(bad.argmax()), values.shape))
        zeros = 1 - np.count_nonzero(values) / values.size
        kept = kept[:: -(-kept.size // SAMPLE)] if kept.size else kept  # moments of a million are those of all
        kept = kept.astype(np.float64)
        unit = kept / largest if largest else kept  # squares of what is near the end of float64 stay finite
        mean, root = (float(unit.mean()), math.sqrt(float((unit**2).mean()))) if kept.size else (0.0, 0.0)
        deviation = float(unit.std()) * largest if kept.size else 0.0
    fans = _fans(values.shape, rows_first)
    sigma = min(root * largest * math.sqrt(fans[0]), 1.8e308) if fans else None
    return Entry(
        name, values.shape, mean * largest, deviation, sigma, zeros,
        _equal(values if rows_first else np.moveaxis(values, -1, 0)) if values.ndim > 1 and largest else 0,
        nan, infinite, place, largest, _laws(kept, fans), notes,
    )  # fmt: skip


def _fans(shape: tuple[int, ...], rows_first: bool) -> tuple[int, int] | None:
    """Return the fan-in and the fan-out of weights of a shape, or None for fewer than two axes."""
    if len(shape) < 2:
        return None
    if rows_first:
        return math.prod(shape[1:]), shape[0] * math.prod(shape[2:])
    return math.prod(shape[:-1]), math.prod(shape[:-2]) * shape[-1]


def _equal(rows: Numbers) -> int:
    """Return the number of rows that repeat another row: of three equal ones two do."""
    flat = np.ascontiguousarray(rows.reshape(len(rows), -1)) + 0.0  # -0 becomes 0
    if len(flat) < 2 or not flat.shape[1] or len(set(flat[:, 0].tolist())) == len(flat):
        return 0
    return len(flat) - len({row.tobytes() for row in flat})


def _laws(values: Numbers, fans: tuple[int, int] | None) -> tuple[str, ...]:
    """Return the names of the laws that fit the size and the form of some values.

    A size fits within four standard errors of a sample of that many. Uniform values end at the root of 3 times their
    root mean square; normal ones go beyond.
    """
    if not values.size:
        return ()
    low, high = float(values.min()), float(values.max())
    if low == high:
        return ({0.0: "zeros", 1.0: "ones"}.get(low, f"constant {low:g}"),)
    if fans is None or values.size < 64:
        return ()
    with np.errstate(over="ignore"):
        root = math.sqrt(float((values**2).mean()))
    if not 0.0 < root < math.inf:
        return ()
    uniform = _ends(low, high, root)
    # The relative variance of a mean square is (kurtosis - 1) / n: 2 / n for normal values, 0.8 / n for uniform ones.
    reach = 4 * math.sqrt((0.8 if uniform else 2.0) / values.size) / 2
    found = []
    for scheme in initializers.names():
        if scheme in ("zeros", "constant", "identity", "orthogonal"):
            continue
        expected = initializers.deviation(scheme, fans)
        if _uniform(scheme) == uniform and abs(root / expected - 1) < reach:
            found.append(scheme)
    if not uniform and abs(root / 0.02 - 1) < reach:
        found.append("normal of deviation 0.02")
    if not uniform and abs(root - 1) < reach:
        found.append("normal of deviation 1")
    return tuple(found)


def _ends(low: float, high: float, root: float) -> bool:
    """Return whether values of these ends and this root mean square are uniform: their ends are its root of 3."""
    return max(-low, high) < 1.75 * root


@cache
def _uniform(scheme: str) -> bool:
    """Return whether a scheme draws uniform weights."""
    W = initializers.get(scheme)(np.random.default_rng(0), (64, 64))
    return _ends(float(W.min()), float(W.max()), math.sqrt(float((W**2).mean())))
