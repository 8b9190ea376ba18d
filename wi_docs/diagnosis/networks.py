r"""What the start of a network does to its signal and gradient, row by row, in theory and in a simulation.

A row is a layer, or in a residual network a block of two layers: what takes one input of the stream to the next. Theory is that of wide
networks; the simulation draws the network that is described, or takes the weights that are given.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from wi_docs.experiments import saturation
from wi_docs.experiments.meanfield import covariance
from wi_docs.experiments.propagation import rms
from wi_docs.nn import checks, gains, initializers, number_formats
from wi_docs.nn.activations import activation
from wi_docs.nn.checks import Array
from wi_docs.nn.network import MLP, ExplosionError, FlatError

NORMALIZATIONS = ("none", "before", "after")
STRUCTURED = ("zeros", "constant", "identity")  # theory is about independent weights
NODES = 41  # a side, for two inputs: three digits are enough for a verdict
LARGEST = np.finfo(np.float64).max.item()
FAR = 460.0  # of the logarithm of a variance: 1e200 or 1e-200

# What is too much. `docs/diagnose.md` says where each comes from.
REACH = 4.0  # change of a gradient's or a signal's size, in powers of e: eight depth scales of its mean square
ALIKE = 1e-3  # one minus the correlation of two unrelated inputs, where the network ends
SPREAD = 1.0  # deviation of the logarithm of a signal's size, between one draw of the weights and the next

Rows = tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    r"""A network before its first step, in words and numbers.

    Attributes:
        widths: units from input to output, at least two.
        activation: of every layer but the last, one of `activations.names()`.
        scheme: how the weights are drawn, one of `initializers.names()`; or give `sigma_w`.
        gain: factor on every weight that the scheme draws.
        sigma_w: measured in place of a scheme: \(\sqrt{n_\text{in}}\) times the root mean square of the weights, one
            number or one a layer.
        sigma_b: root mean square of the biases, one number or one a layer. None is what the scheme's library does: that
            of `pytorch_linear` draws them, all others start them at 0.
        residual: blocks of two layers are added to a stream of one width. Widths are then an input, the stream's width
            an odd number of times, and an output.
        branch: factor on the last matrix of each block.
        normalization: over a layer's units. `before` the activation or `after` it; in a residual network before each branch
            (inside it) or after each addition. Or `none`.
        dtype: `fp16`, `bf16`, `fp32` or `fp64`: what the numbers are kept in.
        input_second_moment: mean square of the inputs.
        input_correlation: of two inputs, from 0 to 1 (not included).
        seed: a non-negative integer.

    Raises:
        ValueError: for a value out of range, or values that do not go together.
        TypeError: for a value of the wrong kind.

    Examples:
        >>> spec = Spec((784, 256, 256, 10), activation="gelu", scheme="he_normal")
        >>> Spec.from_text(spec.text()) == spec
        True
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    scheme: str | None = None
    gain: float = 1.0
    sigma_w: float | tuple[float, ...] | None = None
    sigma_b: float | tuple[float, ...] | None = None
    residual: bool = False
    branch: float = 1.0
    normalization: str = "none"
    dtype: str = "fp32"
    input_second_moment: float = 1.0
    input_correlation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.widths, Sequence) or isinstance(self.widths, str):
            raise TypeError(f"widths must be integers from input to output, got {self.widths!r}")
        keep = object.__setattr__
        keep(self, "widths", tuple(checks.count("widths", width) for width in self.widths))
        if len(self.widths) < 2:
            raise ValueError(f"widths must be at least an input and an output, got {self.widths}")
        activation(self.activation)
        if (self.scheme is None) == (self.sigma_w is None):
            raise ValueError(
                f"give either scheme, one of {', '.join(initializers.names())}, or sigma_w, "
                f"got scheme {self.scheme!r} and sigma_w {self.sigma_w!r}"
            )
        if self.scheme is not None:
            initializers.get(checks.lookup("scheme", self.scheme, [*initializers.names(), *initializers.ALIASES]))
        keep(self, "gain", checks.number("gain", self.gain, above=0.0))
        for name in ("sigma_w", "sigma_b"):
            keep(self, name, self._one_or_each(name))
        if not isinstance(self.residual, bool):
            raise TypeError(f"residual must be true or false, got {self.residual!r}")
        keep(self, "branch", checks.number("branch", self.branch, least=0.0))
        if self.residual:
            stream = self.widths[1:-1]
            if len(stream) < 3 or len(stream) % 2 == 0 or len(set(stream)) > 1:
                raise ValueError(
                    "widths of a residual network must be an input, one width an odd number of times, at least three, "
                    f"and an output, got {self.widths}"
                )
        elif self.branch != 1.0:
            raise ValueError(f"branch is for residual networks, got {self.branch} and residual false")
        checks.lookup("normalization", self.normalization, NORMALIZATIONS)
        if self.normalization != "none" and 1 in self.widths[1:-1]:
            raise ValueError(
                f"normalization over units needs at least two in each hidden layer, got widths {self.widths}"
            )
        checks.lookup("dtype", self.dtype, number_formats.FORMATS)
        keep(self, "input_second_moment", checks.number("input_second_moment", self.input_second_moment, above=0.0))
        keep(self, "input_correlation", checks.number("input_correlation", self.input_correlation, least=0.0))
        if self.input_correlation >= 1.0:
            raise ValueError(f"input_correlation must be below 1, got {self.input_correlation}")
        keep(self, "seed", checks.count("seed", self.seed, least=0))

    def _one_or_each(self, name: str) -> float | tuple[float, ...] | None:
        value, layers = getattr(self, name), len(self.widths) - 1
        if value is None:
            return None
        if not isinstance(value, tuple | list):
            return checks.number(name, value, least=0.0)
        if len(value) != layers:
            raise ValueError(f"{name} must be one number or {layers}, one a layer, got {len(value)}")
        return tuple(checks.number(name, item, least=0.0) for item in value)

    def deviations(self) -> list[tuple[float, float]]:
        r"""Return \(\sigma_w\) and \(\sigma_b\) of each layer."""
        shapes = list(itertools.pairwise(self.widths))
        if self.scheme is None:
            weights = self.sigma_w if isinstance(self.sigma_w, tuple) else [self.sigma_w or 0.0] * len(shapes)
        else:
            weights = [self.gain * math.sqrt(s[0]) * initializers.deviation(self.scheme, s) for s in shapes]
        if self.sigma_b is None:
            biases = [(3 * n) ** -0.5 if self.scheme == "pytorch_linear" else 0.0 for n, _ in shapes]
        else:
            biases = list(self.sigma_b) if isinstance(self.sigma_b, tuple) else [self.sigma_b] * len(shapes)
        ends = range(2, len(shapes) - 1, 2) if self.residual else ()
        return [
            (w * (self.branch if layer in ends else 1.0), b)
            for layer, (w, b) in enumerate(zip(weights, biases, strict=True))
        ]

    def rows(self) -> list[tuple[Any, ...]]:
        """Return a name for each row, and the layers in it, counted from 0."""
        layers = len(self.widths) - 1
        if not self.residual:
            return [(f"layer {k + 1}", k) for k in range(layers)]
        blocks = [(f"block {k // 2 + 1}", k + 1, k + 2) for k in range(0, layers - 2, 2)]
        return [("in", 0), *blocks, ("out", layers - 1)]

    def text(self) -> str:
        """Return the description as TOML, without what is left at its default."""
        lines = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                words = list(value) if isinstance(value, tuple) else value
                shown = f'"{words}"' if isinstance(words, str) else repr(words)
                lines.append(f"{field.name} = {shown.lower() if isinstance(words, bool) else shown}")
        return "\n".join(lines) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Spec:
        """Return the description that `text`, TOML, holds.

        Raises:
            ValueError: if it is not TOML, has an unknown key, or values that do not go together.
            TypeError: for a value of the wrong kind.
        """
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"the description is not TOML: {error}") from None
        known = [field.name for field in dataclasses.fields(cls)]
        for key in found:
            checks.lookup("key", key, known)
        if "widths" not in found:
            raise ValueError("the description has no widths: units from input to output, such as [784, 256, 10]")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in found.items()
        }
        return cls(**values)


@dataclass(frozen=True)
class Layers:
    r"""What each row does, `(rows,)` each.

    Attributes:
        q: mean square of the pre-activations, as the activation gets them (in a block, the branch's).
        forward: factor on the signal's rms, from the row's input to its output.
        chi: factor on the squared length of the gradient, from the row's output to its input: \(\chi\).
        signal: rms of the row's output.
        gradient: length of the gradient with respect to the row's output, where it is 1 at the network's output.
        correlation: of two inputs, at the row's output: the mean cosine.
        saturated: share of pairs of unit and input with a slope below a tenth of the activation's largest.
        dead: share of units that are so for every input of the batch.
        spread: deviation of the logarithm of the output's length, for one input, from one draw of the weights to the next.
    """

    q: Array
    forward: Array
    chi: Array
    signal: Array
    gradient: Array
    correlation: Array
    saturated: Array
    dead: Array
    spread: Array

    @property
    def backward(self) -> Array:
        r"""Factor on the length of the gradient, \(\sqrt\chi\), `(rows,)`."""
        return np.sqrt(self.chi)


@dataclass(frozen=True)
class Problem:
    """Something that keeps a network from learning as it stands.

    Attributes:
        kind: what sort it is, in a word or two.
        row: the name of the row where it is first, or is worst.
        sentence: what was found.
        weight: how bad it is, in multiples of what is too much: at least 1.
    """

    kind: str
    row: str
    sentence: str
    weight: float


@dataclass(frozen=True)
class Advice:
    """The one change that helps most, and what it was seen to do.

    Attributes:
        change: what to change, in words.
        spec: the network with the change.
        problems: what is left, by theory and by simulation of the changed network.
        outcome: what was found, in a sentence.
    """

    change: str
    spec: Spec
    problems: tuple[Problem, ...]
    outcome: str


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        spec: the network.
        rows: names of the rows.
        theory: of a wide network; None for weights that are not drawn independently.
        simulation: of networks of this width; None if numbers leave float64, or equal units are to be normalized.
        formats: for each format of numbers, where signal or gradient leaves its range first; empty if nowhere.
        problems: what is bad, the worst first.
        advice: what to change; None if there is nothing to, or nothing of what was tried helps.
        notes: what is worth knowing besides.
        zeros: layers, counted from 1, that start with weights of 0 and leave them within the first steps. The verdict
            is about the rest.
        filled: where they are in the way of every signal, the network with weights of sigma_w 1 in their place, which
            the verdict is about; else None.
        last_layer: the last layer's factor on the gradient, where it alone makes the first row's small; else None.
    """

    spec: Spec
    rows: Rows
    theory: Layers | None
    simulation: Layers | None
    formats: dict[str, str]
    problems: tuple[Problem, ...]
    advice: Advice | None
    notes: tuple[str, ...]
    zeros: tuple[int, ...] = ()
    filled: Layers | None = None
    last_layer: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it was looked at and nothing is bad."""
        return not self.problems and not self.undecided

    @property
    def undecided(self) -> bool:
        """Whether there is nothing to judge by: no theory, no simulation, and no equal units."""
        return not self.problems and self.best is None

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        return verdict(self.problems, self.filled or self.best, self.rows)

    @property
    def best(self) -> Layers | None:
        """The simulation if there is one, else theory."""
        return self.simulation or self.theory


# Theory


@cache
def _moments(name: str, q: float) -> tuple[float, float, float, float, float, float]:
    """Return E f^2, E f'^2, E f, kurtosis of f, d ln E f^2 / d ln q, and the trapezoid rule's E f^2 relative to the first."""
    phi = activation(name)
    if name in ("linear", "relu", "leaky_relu") and q != 1.0:  # a larger input gives a larger output, no more
        square, slope, mean, fourth, elasticity, rule = _moments(name, 1.0)
        return square * q, slope, mean * math.sqrt(q), fourth, elasticity, rule
    z = np.linspace(-9.0, 9.0, 240)  # an even number: no point falls on a corner at 0
    weights = np.exp(-0.5 * z * z)
    weights /= weights.sum()
    f, df = phi.f(math.sqrt(q) * z), phi.df(math.sqrt(q) * z)
    rough = float(weights @ f**2)
    square = gains.second_moment(phi, q)
    slope = gains.second_moment(phi, q, direction="backward")
    relative = f / np.abs(f).max()  # the fourth power of f itself may leave float64
    fourth = float(weights @ relative**4) / float(weights @ relative**2) ** 2
    turn = float(weights @ (f * df * z)) * math.sqrt(q)
    own = covariance(phi, 1.0, q, nodes=NODES) / square
    return square, slope, float(weights @ f), max(fourth, 1.0), turn / rough, own


@dataclass
class _Signal:
    """The stream between two rows: log of its rms, correlation of two inputs, variance of the log of its square."""

    size: float
    correlation: float
    variance: float


def _log(x: float) -> float:
    """Return the logarithm of a number that is not negative, and may be 0 or infinite."""
    return math.log(min(x, LARGEST)) if x > 0.0 else -math.inf


def _sum(*sizes: float) -> float:
    """Return the logarithm of the rms of a sum of independent parts, from theirs."""
    return float(np.logaddexp.reduce([2 * size for size in sizes])) / 2


def _share(part: float, whole: float) -> float:
    """Return which share of a square is a part's, from the logarithms of both rms."""
    return math.exp(min(2 * (part - whole), 0.0)) if part > -math.inf else 0.0


def _through(
    spec: Spec, size: float, c: float, variance: float, width: int, last: bool
) -> tuple[_Signal, float, float]:
    """Return what a layer's activation makes of normal pre-activations, the logarithm of its factor on the gradient's
    square, and that of the rms it got.

    Beyond `FAR` from 1 a variance is not integrated: there an activation is a multiple of what it gets, or a constant.
    """
    normalized = spec.normalization if not (last or spec.residual) else "none"
    shrink = size if normalized == "before" else 0.0
    if normalized == "before":
        size, variance = 0.0, 0.0
    name = "linear" if last else spec.activation
    near = min(max(size, -FAR / 2), FAR / 2)
    q = math.exp(2 * near)
    # Seven digits, so that a variance that has settled is not integrated again.
    square, slope, mean, kurtosis, elasticity, rule = _moments(name, float(f"{q:.7g}"))
    together = covariance(name, min(max(c, -1.0), 1.0), q, nodes=NODES) / rule
    variance = variance * elasticity**2 + (kurtosis - 1) / width
    beyond = size - near if round(elasticity) else 0.0
    chi = _log(slope) - 2 * shrink
    if normalized == "after":
        left, c_left = square - mean**2, together - mean**2
        if left < 1e-9 * square:  # a constant and a little of what it got: subtraction would leave rounding
            left, c_left, beyond = slope * q, slope * q * c, size - near
        return _Signal(0.0, c_left / left, 0.0), chi - _log(left) - 2 * beyond, size
    return _Signal(_log(square) / 2 + beyond, together / square, variance), chi, size


def theory(spec: Spec, batch: int = 32) -> Layers:
    r"""Return what theory says of each row.

    The squares follow the length map, the correlation its own map, the gradient \(\chi\). In a residual network a branch
    adds its square to the stream's, forward and back. The spread adds up what each layer of \(n\) units contributes,
    \((\mathbb E\varphi^4/(\mathbb E\varphi^2)^2 - 1)/n\), which is \(5/n\) for ReLU, as far as the following layers
    pass it on. All sizes are kept as logarithms: what is beyond float64 comes out as 0 or infinite, and nothing else
    suffers.

    Raises:
        ValueError: for weights that are not drawn independently.

    Source:
        Poole et al. (2016), equations 3 and 5; Schoenholz et al. (2017), equation 5; Hanin & Rolnick (2018) for the sum
        of \(1/n\) in ReLU networks; what other functions contribute and pass on is ours.

    Examples:
        >>> layers = theory(Spec((64, *[256] * 20, 10), scheme="pytorch_linear", sigma_b=0.0))
        >>> print(f"{6 * layers.chi[5]:.6f} {layers.forward[5] ** 2 * 6:.6f}")
        1.000000 1.000000
    """
    if spec.scheme in STRUCTURED:
        raise ValueError(f"theory is about independent weights, and {spec.scheme} draws none")
    rows, deviations = spec.rows(), spec.deviations()
    s = _Signal(math.log(spec.input_second_moment) / 2, spec.input_correlation, 0.0)
    logs, table = np.full((len(rows), 4), -math.inf), np.zeros((len(rows), 4))
    for index, (_, first, *rest) in enumerate(rows):
        (w, b), last = map(_log, deviations[first]), first == len(deviations) - 1
        before, block = s, bool(rest)
        inside = _Signal(0.0, s.correlation, 0.0) if block and spec.normalization == "before" else s
        size = _sum(w + inside.size, b)
        if size == -math.inf and not block:  # nothing comes through, from here on
            table[index:, 0] = 1.0
            break
        share = _share(w + inside.size, size)
        c = share * inside.correlation + (1 - share)
        wide = spec.widths[first + 1]
        linear = last or (spec.residual and not block)
        a, slope, got = _through(spec, size, c, inside.variance * share**2, wide, linear)
        chi = 2 * w + slope
        off = 0.0, 0.0
        if not linear:
            q = math.exp(min(max(2 * got, -FAR), FAR))
            off = (
                saturation.saturated_share(spec.activation, q),
                saturation.dead_share(spec.activation, q, min(max(c, 0.0), 1.0), batch),
            )
        if block:
            v, bias = map(_log, deviations[rest[0]])
            whole = _sum(before.size, v + a.size, bias)
            kept, new, common = (_share(part, whole) for part in (before.size, v + a.size, bias))
            added = new + common
            chi = float(np.logaddexp(0.0, chi + 2 * v - (2 * before.size if spec.normalization == "before" else 0.0)))
            # What is added is normal, given the stream; its size varies as that of what it is made from.
            passed = kept * math.sqrt(before.variance) + added * math.sqrt(a.variance)
            variance = passed**2 + (2 * added**2 + 4 * kept * added) / wide
            s = _Signal(whole, kept * before.correlation + new * a.correlation + common, variance)
            if spec.normalization == "after":
                chi -= 2 * whole
                s = _Signal(0.0, s.correlation, 0.0)
        else:
            s = a
        logs[index] = 2 * got, s.size - before.size, chi, s.size
        table[index] = min(s.correlation, 1.0), *off, math.sqrt(s.variance) / 2
    gradient = np.r_[np.cumsum(logs[:0:-1, 2])[::-1] / 2, 0.0]
    with np.errstate(over="ignore"):
        q, forward, chi, signal = np.exp(logs.T)
        return Layers(q, forward, chi, signal, np.exp(gradient), *np.ascontiguousarray(table.T))


# Simulation


def build(spec: Spec, seed: int = 0) -> MLP:
    """Return the network that is described.

    Examples:
        >>> net = build(Spec((8, 4, 4, 4, 2), scheme="he_normal", residual=True))
        >>> [phi.name for phi in net.activations], sorted(net.branch_ends)
        (['linear', 'relu', 'linear', 'linear'], [2])
    """
    rng = np.random.default_rng([spec.seed, seed])
    deviations, shapes = spec.deviations(), list(itertools.pairwise(spec.widths))
    net = MLP(spec.widths, spec.activation, spec.scheme or "lecun_normal", rng)
    for layer, ((sigma_w, sigma_b), shape) in enumerate(zip(deviations, shapes, strict=True)):
        drawn = initializers.deviation(spec.scheme or "lecun_normal", shape) * math.sqrt(shape[0])
        with np.errstate(over="ignore", invalid="ignore"):
            net.W[layer] *= sigma_w / drawn if drawn else 0.0
        net.b[layer] = sigma_b * rng.standard_normal(shape[1])
    return arrange(spec, net)


def arrange(spec: Spec, net: MLP) -> MLP:
    """Give `net` the branches and normalizations of `spec`, in place, and return it."""
    hidden = range(len(net.W) - 1)
    if spec.residual:
        starts = frozenset(hidden[1::2])
        net.activations = [activation(spec.activation if k in starts else "linear") for k in range(len(net.W))]
        net.branch_ends = frozenset(hidden[2::2])
        places = {"before": {"input": starts}, "after": {"output": net.branch_ends}}
    else:
        places = {"before": {"sum": frozenset(hidden)}, "after": {"output": frozenset(hidden)}}
    net.normalized = places.get(spec.normalization, {})
    return net


def simulate(spec: Spec, nets: Sequence[MLP], batch: int = 32) -> Layers:
    """Send the same normal inputs through each network, and a normal cotangent back, and average over networks.

    Raises:
        ExplosionError: a ValueError, if numbers leave float64.
        ValueError: if equal units are to be normalized.

    Examples:
        >>> spec = Spec((64, *[256] * 20, 10), scheme="pytorch_linear", sigma_b=0.0)
        >>> layers = simulate(spec, [build(spec)])
        >>> bool(abs(6 * layers.chi[1:-1].mean() - 1) < 0.1)
        True
    """
    rng, n = np.random.default_rng([spec.seed, 1]), spec.widths[0]
    own, common = rng.standard_normal((batch, n)), rng.standard_normal(n)
    c = spec.input_correlation
    x = math.sqrt(spec.input_second_moment) * (math.sqrt(1 - c) * own + math.sqrt(c) * common)
    cotangent = rng.standard_normal((batch, spec.widths[-1]))
    tables, logs = [], []
    with np.errstate(over="ignore", invalid="ignore"):  # squares of what is near the end of float64
        for net in nets:
            run = net.forward(x)
            grad = net.backward(run, cotangent)
            table, lengths, before, da_before = [], [], x, grad.x
            for _, first, *rest in spec.rows():
                end = rest[-1] if rest else first
                z, a, da, phi = run.pre_activations[first], run.outputs[end], grad.outputs[end], net.activations[first]
                off, back = saturation.saturated(phi, z), _over(_length(da_before), _length(da))
                table.append(
                    [
                        rms(z) * rms(z), _over(rms(a), rms(before)), back * back, rms(a),
                        _length(da) / _length(cotangent), alike(a), off.mean(), off.all(axis=0).mean(),
                    ]
                )  # fmt: skip
                lengths.append([_log(_length(row)) for row in a])
                before, da_before = a, da
            tables.append(table)
            logs.append(lengths)
        mean = np.array(tables, dtype=np.float64).mean(axis=0)
    return Layers(*np.ascontiguousarray(np.c_[mean, _spread(np.array(logs))].T))


def _length(x: Array) -> float:
    """Return the length of all entries as a vector, also where their squares leave float64."""
    return rms(x) * math.sqrt(x.size)


def _spread(logs: Array) -> Array:
    """Return the deviation over networks of one input's logarithm, its square averaged over inputs.

    `logs` are `(networks, rows, inputs)`. It is infinite where an input is 0 in one network and not in another.
    """
    if len(logs) < 2:
        return np.zeros(logs.shape[1])
    gone = np.isneginf(logs)
    variance = np.where(gone, 0.0, logs).var(axis=0, ddof=1)
    variance[gone.any(axis=0) & ~gone.all(axis=0)] = math.inf
    return np.asarray(np.sqrt(variance.mean(axis=1)))


def _over(value: Any, by: Any) -> float:
    """Return the ratio of two sizes, 0 where nothing comes of nothing."""
    return float(value / by) if by > 0.0 else 0.0


def alike(a: Array) -> float:
    """Return the mean cosine of two rows of `a`, 1 if all are 0.

    Examples:
        >>> alike(np.array([[1.0, 0.0], [0.0, 2.0]])), alike(np.zeros((2, 2)))
        (0.0, 1.0)
    """
    largest = np.abs(a).max(axis=1, keepdims=True)
    if (largest == 0.0).any():
        return 1.0
    unit = a / largest
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    return float((np.square(unit.sum(axis=0)).sum() - len(a)) / (len(a) * (len(a) - 1)))


# Layers that start at 0


def zeros(spec: Spec) -> tuple[int, ...]:
    """Return the layers, counted from 0, whose weights start at 0 and leave it at the first step; none if any stays.

    A factor of 0 holds up what lies before it for one step. Two of them on one path hold up each other, for ever:
    neither gets a gradient through the other. So does one before an activation without a slope at 0.

    Examples:
        >>> zeros(Spec((8, 8, 8, 2), sigma_w=(1.0, 1.0, 0.0))), zeros(Spec((8, 8, 8, 2), sigma_w=(1.0, 0.0, 0.0)))
        ((2,), ())
    """
    deviations = spec.deviations()
    last = len(deviations) - 1
    found = tuple(k for k, (sigma_w, _) in enumerate(deviations) if sigma_w == 0.0)
    slope = float(activation(spec.activation).df(0.0)) != 0.0
    # What one factor of 0 may hold up: the whole chain, or of a residual network its two ends or a block.
    paths = [(0, last), *((k, k + 1) for k in range(1, last, 2))] if spec.residual else [tuple(range(last + 1))]
    for path in paths:
        held = [k for k in found if k in path]
        before = bool(held) and held[0] < path[-1] and not (spec.residual and path[0] == 0)  # an activation follows
        stuck = spec.normalization != "none" or not (slope or deviations[held[0]][1] > 0.0) if before else False
        if len(held) > 1 or stuck:
            return ()
    return found


def _in_the_way(spec: Spec) -> tuple[int, ...]:
    """Return which of `zeros` leave no way around them: all but those in the branches of a residual network."""
    last = len(spec.widths) - 2
    return tuple(k for k in zeros(spec) if not spec.residual or k in (0, last))


def without_zeros(spec: Spec) -> Spec:
    """Return the network with weights of sigma_w 1 where `zeros` are in the way of every signal."""
    held = _in_the_way(spec)
    if not held:
        return spec
    plain = dataclasses.replace(spec, branch=1.0).deviations()
    return dataclasses.replace(
        spec, scheme=None, gain=1.0, sigma_w=tuple(1.0 if k in held else w for k, (w, _) in enumerate(plain)),
        sigma_b=tuple(b for _, b in plain),
    )  # fmt: skip


def _filled(spec: Spec, net: MLP) -> MLP:
    """Return a copy of `net` with such weights."""
    rng, new = np.random.default_rng([spec.seed, 2]), copy.copy(net)
    new.W = list(net.W)
    for layer in _in_the_way(spec):
        new.W[layer] = rng.standard_normal(net.W[layer].shape) / math.sqrt(len(net.W[layer]))
    return new


# The verdict


def _twins(net: MLP, held: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return the first hidden layer with equal units, counted from 0, how many there are and how many of them differ.

    Zeros that are held up only until the first step part then: what comes back differs from unit to unit.
    """
    for layer, (W, b) in enumerate(zip(net.W[:-1], net.b, strict=False)):
        if layer in held:
            continue
        units = np.r_[W, b[None, :]].T + 0.0  # -0 is 0
        different = len({unit.tobytes() for unit in np.ascontiguousarray(units)})
        if different < len(units):
            return layer, len(units), different
    return None


def cosine(apart: float) -> str:
    """Return a cosine near 1 by what is missing.

    Examples:
        >>> cosine(3e-5), cosine(0.0)
        ('1 - 3e-05', '1 to the last digit')
    """
    return f"1 - {apart:.0e}" if apart > 1e-14 else "1 to the last digit"


def _size(factor: float, form: str = ".2g") -> str:
    """Return a factor in words that are short: 0.05, 3.2, 4e-17. `form` is how it is written where it is near 1.

    Examples:
        >>> _size(4.04e-17), _size(0.0512), _size(31.7), _size(31.7, ".2f")
        ('4e-17', '0.051', '32', '31.70')
    """
    return format(factor, form) if 1e-3 < factor < 1e3 else f"{factor:.0e}"


FOLLOWS = {
    "vanishing gradient": "The first layers hardly learn.",
    "exploding gradient": "One step throws the first layers about, or the rate is so small that the last do not learn.",
    "vanishing signal": "What later layers get is smaller than their own rounding or biases.",
    "exploding signal": "The first outputs are huge, and so is the first loss.",
}


def small_last(layers: Layers) -> float | None:
    """Return the last layer's factor on the gradient if it alone makes the first row's gradient vanish, else None.

    That is over once the last layer has grown, and it is the first to: nothing lies between it and the loss.
    """
    first, last = float(layers.gradient[0]), float(layers.gradient[max(len(layers.gradient) - 2, 0)])
    if first <= 0.0 or math.log(first) >= -REACH or abs(math.log(first / last)) > REACH:
        return None
    return last


def find_problems(spec: Spec, layers: Layers, formats: dict[str, str]) -> tuple[Problem, ...]:
    """Return what is bad in these rows, the worst first."""
    names, found = [name for name, *_ in spec.rows()], []

    def bad(kind: str, row: int, sentence: str, weight: float) -> None:
        found.append(Problem(kind, names[row], sentence, weight))

    if not np.isfinite(layers.signal).all():
        row = int(np.flatnonzero(~np.isfinite(layers.signal))[0])
        bad("exploding signal", row, f"The signal overflows float64 at {names[row]}.", 100.0)
        return tuple(found)
    hidden = len(names) - 1
    if hidden:
        last, depth = hidden - 1, max(hidden, 1)
        signal = _over(layers.signal[last], math.sqrt(spec.input_second_moment))
        for what, row, factor, way in (
            ("signal", last, signal, f"from the input to {names[last]}"),
            ("gradient", 0, float(layers.gradient[0]), f"from the output back to {names[0]}"),
        ):
            far = abs(math.log(factor)) / REACH if 0.0 < factor < math.inf else 100.0
            if far > 1.0 and not (what == "gradient" and small_last(layers) is not None):
                kind = f"{'exploding' if factor > 1.0 else 'vanishing'} {what}"
                if factor == 0.0:
                    said = f"The {what} is lost {way}: what is left is 0 in float64."
                elif factor == math.inf:
                    said = f"The {what} grows {way} and leaves float64."
                else:
                    grows = "grows" if factor > 1.0 else "shrinks"
                    each = f"{_size(factor ** (1 / depth), '.2f')} a row"
                    said = f"The {what} {grows} to {_size(factor)} times its size {way}, {each}."
                bad(kind, row, f"{said} {FOLLOWS[kind]}", far)
        limit = saturation.limit(spec.activation)
        row = int(np.argmax(layers.saturated[:hidden]))
        share = float(layers.saturated[row])
        if share > limit:
            bad(
                "saturated units",
                row,
                f"{100 * share:.0f} % of {names[row]} is saturated. From {100 * limit:.0f} % on, {spec.activation} networks took twice as long to "
                "learn the digits.",
                share / limit,
            )
        explained = np.array(
            [
                saturation.dead_share(spec.activation, q, min(max(c, 0.0), 1.0), 32) if 0.0 < q < 1e300 else 0.0
                for q, c in zip(layers.q[:hidden].tolist(), layers.correlation[:hidden].tolist(), strict=True)
            ]
        )
        row = int(np.argmax(layers.dead[:hidden] - explained))
        if (beyond := float(layers.dead[row] - explained[row])) > saturation.DEAD:
            bad(
                "dead units",
                row,
                f"{100 * layers.dead[row]:.0f} % of the units of {names[row]} are off for every input, where alike inputs explain "
                f"{100 * explained[row]:.0f} %. With {100 * saturation.DEAD:.0f} % dead units, networks took twice as long to learn the digits.",
                beyond / saturation.DEAD,
            )
        apart = 1 - float(layers.correlation[last])
        if apart < ALIKE and spec.widths[-2] > 1:  # one number has a sign, and no direction
            sentence = (
                f"Two inputs end with a cosine of {cosine(apart)} at {names[last]}: the output ignores its input."
            )
            bad("inputs alike", last, sentence, math.log(max(apart, 1e-16)) / math.log(ALIKE))
        if (spread := float(layers.spread[last])) > SPREAD:
            if spread == math.inf:
                sentence = "At these widths one draw leaves nothing of an input's signal, and the next does."
            else:
                times = f"{math.exp(spread):.1f}" if spread < math.log(1e3) else f"1e{spread / math.log(10):+03.0f}"
                sentence = (
                    f"At these widths the signal of one draw differs from the next by a factor of {times}, either way."
                )
            bad("a lottery", last, sentence, min(spread / SPREAD, 100.0))
    if formats[spec.dtype]:
        row = names.index(formats[spec.dtype].rpartition(" at ")[2])
        bad("number format", row, f"In {spec.dtype}, {formats[spec.dtype]}.", 10.0)
    return tuple(sorted(found, key=lambda problem: -problem.weight))


def find_formats(rows: Rows, layers: Layers) -> dict[str, str]:
    """Return, for each format, where the signal's or the gradient's rms leaves its range first, or an empty string.

    The gradient is taken as its length, 1 at the output; the entries of a loss averaged over a batch are smaller.
    """
    result = {}
    for name in number_formats.FORMATS:
        smallest, largest = number_formats.limits(name)
        found = []
        for what, sizes, order in (
            ("signal", np.maximum(layers.signal, np.sqrt(np.minimum(layers.q, LARGEST))), 1),
            ("gradient", layers.gradient, -1),
        ):
            for row, size in list(zip(rows, sizes, strict=True))[::order]:
                if size > largest or size < smallest / 2:
                    found.append(f"the {what} {'overflows' if size > largest else 'underflows'} at {row}")
                    break
        result[name] = " and ".join(found)
    return result


def verdict(problems: tuple[Problem, ...], layers: Layers | None, rows: Rows) -> str:
    """Return the verdict in a sentence or two."""
    if problems:
        return f"Bad: {problems[0].kind}. {problems[0].sentence}"
    if layers is None:
        return "Undecided. There is neither a theory of such weights nor a simulation of this network to judge by."
    signal = layers.signal[max(len(rows) - 2, 0)]
    return (
        f"Good. The gradient reaches the first row at {_size(float(layers.gradient[0]))} times its size at the output, the last hidden "
        f"row's signal has an rms of {_size(float(signal))}, and two inputs end with a cosine of {layers.correlation[max(len(rows) - 2, 0)]:.2f}."
    )


def _alternatives(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Yield changes to try, the smallest first."""
    if spec.input_second_moment != 1.0:
        yield "scale the inputs to a mean square of 1", dataclasses.replace(spec, input_second_moment=1.0)
    if spec.dtype == "fp16":
        yield "keep the numbers in bf16", dataclasses.replace(spec, dtype="bf16")
    held = zeros(spec)
    if spec.residual and not held:
        blocks = (len(spec.widths) - 3) // 2
        factor = float(f"{blocks**-0.5:.4g}")
        yield (
            f"scale each branch by one over the root of the number of blocks, {factor:g}",
            dataclasses.replace(spec, branch=factor),
        )
    phi = "linear" if len(spec.widths) == 2 else spec.activation
    tried: dict[str, float] = {}
    for words, gain in (
        ("its gain", gains.gain(phi)),
        ("its backward gain", gains.gain(phi, direction="backward")),
        ("the gain of a linear layer", 1.0),
    ):
        if all(abs(gain / other - 1) > 1e-6 for other in tried.values()):
            tried[words] = float(f"{gain:.5g}")
    for scheme, law in (
        ("lecun_normal", "normal weights of variance {:.3g}/n_in"),
        ("orthogonal", "orthogonal weights times {:.3g}"),
    ):
        for words, gain in tried.items():
            if held:  # maybe meant: left as they are
                if scheme == "lecun_normal":
                    kept = tuple(0.0 if k in held else gain for k in range(len(spec.widths) - 1))
                    yield (
                        f"{law.format(gain**2)} ({words}) and biases of 0, but for the layers that start at 0",
                        dataclasses.replace(spec, scheme=None, gain=1.0, branch=1.0, sigma_w=kept, sigma_b=0.0),
                    )
                continue
            he = scheme == "lecun_normal" and spec.activation == "relu" and words == "its gain"
            new = {"scheme": "he_normal", "gain": 1.0} if he else {"scheme": scheme, "gain": gain}
            shown = law.format(gain**2 if scheme == "lecun_normal" else gain)
            name = "he_normal" if he else f"{scheme} with gain {gain:g}"
            changed: dict[str, Any] = {"sigma_w": None, "sigma_b": 0.0, **new}
            yield f"{name} ({shown}, {words}) and biases of 0", dataclasses.replace(spec, **changed)
            if spec.residual and scheme == "lecun_normal":
                yield (
                    f"{name} and biases of 0, and each branch scaled by {factor:g}",
                    dataclasses.replace(spec, **changed, branch=factor),
                )
    if spec.normalization == "none":
        places = (
            ("before each branch", "after each addition")
            if spec.residual
            else ("before each activation", "after each activation")
        )
        for normalization, place in zip(("before", "after"), places, strict=True):
            yield (
                f"normalize over the units of a layer, {place}",
                dataclasses.replace(spec, normalization=normalization),
            )
    if not spec.residual and len(spec.widths) > 5 and not held:
        fewer = spec.widths[:1] + spec.widths[1:-1:2] + spec.widths[-1:]
        start: dict[str, Any] = {"sigma_w": None, "sigma_b": 0.0, "scheme": "lecun_normal", "gain": tried["its gain"]}
        yield "half as many layers, at the activation's gain", dataclasses.replace(spec, widths=fewer, **start)


def _margin(spec: Spec, layers: Layers) -> float:
    """Return how near to too much the rows come, in quarters: 1 is too much."""
    last = max(len(layers.signal) - 2, 0)
    sizes = layers.gradient[0], layers.signal[last] / math.sqrt(spec.input_second_moment)
    far = max(abs(math.log(min(max(float(size), 1e-300), 1e300))) / REACH for size in sizes)
    return round(4 * min(max(far, float(layers.spread[last]) / SPREAD), 100.0)) / 4


def _burden(problems: tuple[Problem, ...]) -> tuple[int, float]:
    return len(problems), sum(problem.weight for problem in problems)


def _advise(spec: Spec, now: tuple[Problem, ...], seeds: int) -> Advice | None:
    """Return the change that leaves the least by theory, once it is seen to help in a simulation too."""
    ranked = []
    for order, (change, new) in enumerate(_alternatives(spec)):
        if new != spec and new.scheme not in STRUCTURED:
            layers = theory(without_zeros(new))
            left = find_problems(new, layers, find_formats(tuple(name for name, *_ in new.rows()), layers))
            ranked.append((_burden(left), _margin(new, layers), order, change, new))
    tried = []
    for *_, change, new in sorted(ranked, key=lambda entry: entry[:3])[:3]:
        found = diagnose(new, seeds=seeds, advise=False)
        tried.append(Advice(change, new, found.problems, found.verdict))
        if found.ok:
            break
    best = min(tried, key=lambda advice: _burden(advice.problems), default=None)
    return best if best is not None and _burden(best.problems) < _burden(now) else None


def diagnose(
    spec: Spec,
    *,
    weights: Sequence[tuple[Array, Array]] | None = None,
    seeds: int = 4,
    simulated: bool = True,
    advise: bool = True,
) -> Diagnosis:
    """Return what the network's start does to its signal and gradient, whether that is bad, and what to change.

    Args:
        spec: the network.
        weights: weights `(fan_in, fan_out)` and biases `(fan_out,)` of each layer, to simulate with in place of drawn
            ones. `spec` then holds what was measured of them.
        seeds: how many networks to draw.
        simulated: whether to simulate; if not, the verdict is theory's.
        advise: whether to look for a change.

    Raises:
        ValueError: for weights of other shapes than `spec.widths`, or `seeds` below 1.

    Examples:
        >>> found = diagnose(Spec((64, *[256] * 20, 10), scheme="pytorch_linear"))
        >>> found.ok, found.problems[0].kind, found.advice.change.partition(" ")[0]
        (False, 'vanishing gradient', 'he_normal')
    """
    rows = tuple(name for name, *_ in spec.rows())
    notes: list[str] = []
    by_theory = None if spec.scheme in STRUCTURED else theory(spec)
    if by_theory is None:
        notes.append(f"Theory is about independent weights, and {spec.scheme} draws none.")
    held, in_the_way = zeros(spec), bool(_in_the_way(spec))
    filled = theory(without_zeros(spec)) if in_the_way else None
    by_simulation, twins, extra = None, None, []
    if simulated:
        nets = (
            [_given(spec, weights)]
            if weights is not None
            else [build(spec, seed) for seed in range(checks.count("seeds", seeds))]
        )
        twins = _twins(nets[0], held)
        try:
            by_simulation = simulate(spec, nets)
            filled = simulate(spec, [_filled(spec, net) for net in nets]) if in_the_way else None
        except ExplosionError as error:
            extra.append(Problem("exploding signal", rows[-1], f"In a simulation, {error}, beyond float64.", 100.0))
        except FlatError as error:
            notes.append(f"There is no simulation: {error}.")
    if twins is not None:
        layer, units, different = twins
        extra.append(
            Problem(
                "equal units",
                f"layer {layer + 1}",
                f"Layer {layer + 1} has {units} units, and {'all are one' if different == 1 else f'only {different} differ'}: equal units get "
                "equal gradients and stay equal.",
                50.0,
            )
        )
    best = filled or by_simulation or by_theory
    if held:
        names = (
            f"Layers {', '.join(str(k + 1) for k in held)} start" if len(held) > 1 else f"Layer {held[0] + 1} starts"
        )
        seen = "with normal weights of variance 1/n_in there" if in_the_way else "as it stands"
        notes.append(
            f"{names} with weights of 0. No gradient passes there until a step has changed them. Whether that is meant "
            f"is not known. The verdict is about the rest, {seen}."
        )
    last_layer = small_last(best) if best else None
    if last_layer is not None:
        notes.append(
            f"The last layer multiplies the gradient by {_size(last_layer)}, so that little reaches the rest until it "
            "has grown. Whether that is meant is not known, and the verdict leaves it out."
        )
    formats = find_formats(rows, best) if best else dict.fromkeys(number_formats.FORMATS, "")
    problems = tuple(
        sorted((*extra, *(find_problems(spec, best, formats) if best else ())), key=lambda problem: -problem.weight)
    )
    found = Diagnosis(
        spec,
        rows,
        by_theory,
        by_simulation,
        formats,
        problems,
        None,
        tuple(notes),
        tuple(k + 1 for k in held),
        filled,
        last_layer,
    )
    if problems and advise:
        found = dataclasses.replace(found, advice=_advise(spec, problems, min(seeds, 2)))
    return found


def _given(spec: Spec, weights: Sequence[tuple[Array, Array]]) -> MLP:
    shapes = [W.shape for W, _ in weights]
    if shapes != list(itertools.pairwise(spec.widths)):
        raise ValueError(f"weights must have the shapes of widths {spec.widths}, got {shapes}")
    net = MLP(spec.widths, spec.activation, "zeros", np.random.default_rng(0))
    net.W, net.b = [W for W, _ in weights], [b for _, b in weights]
    return arrange(spec, net)
