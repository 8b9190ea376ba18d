"""The description of a network before its first step, which can be written to and read from TOML."""

from __future__ import annotations

import dataclasses
import itertools
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wi_docs.nn import activations, checks, initializers, number_formats

NORMALIZATIONS = ("none", "before", "after")
WIDEST = 10**9  # units of one layer; one with as many inputs has weights of 8 million terabytes
STRUCTURED = ("zeros", "constant", "identity")  # schemes whose weights are not independent: theory is not about them


@dataclass(frozen=True)
class Spec:
    r"""The description of a network before its first step.

    Attributes:
        widths: the numbers of units from input to output, at least two.
        activation: the activation of every layer but the last, one of `activations.names()`.
        scheme: the scheme by which the weights are drawn, one of `initializers.names()`; None if `sigma_w` is given.
        gain: a factor on every weight that the scheme draws.
        sigma_w: in place of a scheme, \(\sqrt{n_\text{in}}\) times the root mean square of the weights, one number or
            one a layer.
        sigma_b: the root mean square of the biases, one number or one a layer. None stands for the default of the
            scheme's library: PyTorch, whose scheme is `pytorch_linear`, draws biases; all others start them at 0.
        residual: whether blocks of two layers are added to a stream of one width. The widths are then an input, the
            stream's width an odd number of times, and an output.
        branch: a factor on the last matrix of each block.
        normalization: the place where a layer's units are normalized: `before` the activation or `after` it; in a
            residual network before each branch (inside it) or after each addition; or `none`.
        dtype: the number format in which the network runs: `fp16`, `bf16`, `fp32` or `fp64`.
        input_second_moment: the mean square of the inputs.
        input_correlation: the correlation of two inputs, from 0 to 1 (not included).
        seed: the seed of everything random, a non-negative integer.

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
        if not isinstance(self.widths, Sequence) or isinstance(self.widths, str | bytes):
            raise TypeError(f"widths must be integers from input to output, got {self.widths!r}")
        # A frozen dataclass refuses plain assignment, also while it checks and converts its own fields.
        keep = object.__setattr__
        keep(self, "widths", tuple(checks.count("widths", width) for width in self.widths))
        if max(self.widths, default=1) > WIDEST:
            raise ValueError(f"widths must be at most {WIDEST:,}")
        if len(self.widths) < 2:
            raise ValueError(f"widths must be at least an input and an output, got {self.widths}")
        checks.lookup("activation", self.activation, activations.names())
        if (self.scheme is None) == (self.sigma_w is None):
            raise ValueError(
                f"give either scheme, one of {', '.join(initializers.names())}, or sigma_w, "
                f"got scheme {self.scheme!r} and sigma_w {self.sigma_w!r}"
            )
        if self.scheme is not None:
            initializers.get(checks.lookup("scheme", self.scheme, [*initializers.names(), *initializers.ALIASES]))
        keep(self, "gain", checks.number("gain", self.gain, above=0.0))
        if self.scheme is None and self.gain != 1.0:
            raise ValueError(f"gain is for the weights of a scheme, got {self.gain} and sigma_w {self.sigma_w}")
        for name in ("sigma_w", "sigma_b"):
            keep(self, name, self._one_or_each(name))
        if not isinstance(self.residual, bool):
            raise TypeError(f"residual must be true or false, got {self.residual!r}")
        keep(self, "branch", checks.number("branch", self.branch, least=0.0))
        # An input, the stream before and after each block of two layers, and an output.
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
        if self.seed >= 2**64:
            raise ValueError("seed must be below 2**64")

    def _one_or_each(self, name: str) -> float | tuple[float, ...] | None:
        """Return the field `name` as one number for all layers, a tuple of one a layer, or None if it was left out."""
        value, layers = getattr(self, name), len(self.widths) - 1
        if value is None:
            return None
        if not isinstance(value, tuple | list):
            return checks.number(name, value, least=0.0)
        if len(value) != layers:
            raise ValueError(f"{name} must be one number or {layers}, one a layer, got {len(value)}")
        return tuple(checks.number(name, item, least=0.0) for item in value)

    def deviations(self) -> list[tuple[float, float]]:
        r"""Return \(\sigma_w\) and \(\sigma_b\) of each layer, the factor on branches included."""
        shapes = list(itertools.pairwise(self.widths))
        if self.scheme is None:
            weights = self.sigma_w if isinstance(self.sigma_w, tuple) else [self.sigma_w or 0.0] * len(shapes)
        else:
            weights = [self.gain * math.sqrt(s[0]) * initializers.deviation(self.scheme, s) for s in shapes]
        if self.sigma_b is None:
            # PyTorch draws biases uniformly within 1 / sqrt(n) on both sides, which has the variance 1 / (3 n).
            biases = [(3 * n) ** -0.5 if self.scheme == "pytorch_linear" else 0.0 for n, _ in shapes]
        else:
            biases = list(self.sigma_b) if isinstance(self.sigma_b, tuple) else [self.sigma_b] * len(shapes)
        # The last layer of each block: see `rows`.
        ends = range(2, len(shapes) - 1, 2) if self.residual else ()
        return [
            (w * (self.branch if layer in ends else 1.0), b)
            for layer, (w, b) in enumerate(zip(weights, biases, strict=True))
        ]

    def rows(self) -> list[tuple[Any, ...]]:
        """Return a tuple for each row: its name, then its layers, counted from 0: one, or the two of a block."""
        layers = len(self.widths) - 1
        if not self.residual:
            return [(f"layer {k + 1}", k) for k in range(layers)]
        blocks = [(f"block {k // 2 + 1}", k + 1, k + 2) for k in range(0, layers - 2, 2)]
        return [("in", 0), *blocks, ("out", layers - 1)]

    def text(self) -> str:
        """Return the description as TOML. Fields that have their default are left out."""
        lines = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                # Python's lists and numbers are written as in TOML. Only strings and booleans need a change.
                words = list(value) if isinstance(value, tuple) else value
                shown = f'"{words}"' if isinstance(words, str) else repr(words)
                lines.append(f"{field.name} = {shown.lower() if isinstance(words, bool) else shown}")
        return "\n".join(lines) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Spec:
        """Return the description that `text` holds as TOML.

        Raises:
            ValueError: if it is not TOML, has an unknown key, or values that do not go together.
            TypeError: for a value of the wrong kind.
        """
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"the description is not TOML: {error}") from None
        except RecursionError:
            raise ValueError("the description is nested too deep") from None
        known = [field.name for field in dataclasses.fields(cls)]
        # A misspelt key would be left out without a word otherwise.
        for key in found:
            checks.lookup("key", key, known)
        if "widths" not in found:
            raise ValueError("the description has no widths: units from input to output, such as [784, 256, 10]")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in found.items()
        }
        return cls(**values)
