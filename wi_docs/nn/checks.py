"""Checks of arguments. A message names the argument, the value that it had, and the values that are accepted."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = TypeVar("Kind")


def lookup(what: str, name: object, known: Iterable[str]) -> str:
    """Return `name` if it is one of the `known` names of a kind of thing, such as "activation", which `what` says.

    Raises:
        ValueError: for another name; the message lists the known ones and suggests the nearest.
        TypeError: for anything but a string.
    """
    known = tuple(known)
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a name (str), got {name!r}; known: {', '.join(known)}")
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"unknown {what} {name!r}{hint}; known: {', '.join(known)}")
    return name


def count(what: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int if it is an integer of at least `least`. `what` names the argument in messages."""
    # bool is a subclass of int in Python, and True would pass for 1.
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{what} must be an integer of at least {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{what} must be at least {least}, got {value}")
    return int(value)


def number(what: str, value: Any, *, least: float = -math.inf, above: float = -math.inf) -> float:
    """Return `value` as a float if it is one finite real number, `>= least` and `> above`."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{what} must be a real number, got {value!r}")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer beyond float64
        raise ValueError(f"{what} must be within the range of float64, got an integer beyond it") from None
    if not finite:
        raise ValueError(f"{what} must be finite, got {value}")
    if value < least:
        raise ValueError(f"{what} must be at least {least:g}, got {value}")
    if value <= above:
        raise ValueError(f"{what} must be greater than {above:g}, got {value}")
    return float(value)


def array(what: str, value: Any, ndim: int | None = None) -> Array:
    """Return `value` as a float64 array of finite real numbers, with `ndim` axes if that is given."""
    try:
        raw = np.asarray(value)
    except ValueError as error:  # a ragged list
        raise ValueError(f"{what} must be an array of numbers: {error}") from None
    # Floating point, signed and unsigned integers: no booleans, complex numbers, strings or objects.
    if raw.dtype.kind not in "fiu":
        raise TypeError(f"{what} must be an array of real numbers, got dtype {raw.dtype}")
    # A new array, so that callers may change it.
    result = raw.astype(np.float64)
    if not np.isfinite(result).all():
        raise ValueError(f"{what} must be finite, got {np.sum(~np.isfinite(result))} NaN or infinite value(s)")
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{what} must have {ndim} axes, got shape {result.shape}")
    return result


def instance(what: str, value: Any, kind: type[Kind]) -> Kind:
    """Return `value` if it is an object of the class `kind`.

    Raises:
        TypeError: for another object.
    """
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be of the class {kind.__name__}, got {value!r}")
    return value


def generator(value: Any) -> np.random.Generator:
    """Return `value` if it is a `numpy.random.Generator`."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator such as numpy.random.default_rng(0), got {value!r}")
    return value


def seeded(seed: Any) -> np.random.Generator:
    """Return a generator started from `seed`, a non-negative integer."""
    return np.random.default_rng(count("seed", seed, least=0))


def dtype(value: Any) -> np.dtype[Any]:
    """Return `value` as a numpy dtype if it is float32 or float64."""
    try:
        result: np.dtype[Any] = np.dtype(value)
    except TypeError:
        raise TypeError(f"dtype must be float32 or float64, got {value!r}") from None
    if result not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {result}")
    return result


def fans(shape: Any) -> tuple[int, int]:
    """Return `(fan_in, fan_out)` of a matrix's shape, or of a convolution's `(*kernel, inputs, outputs)`."""
    if not isinstance(shape, tuple | list):
        raise TypeError(f"shape must be a tuple (fan_in, fan_out) or (*kernel, inputs, outputs), got {shape!r}")
    if len(shape) < 2:
        raise ValueError(
            f"shape must be (fan_in, fan_out) or (*kernel, inputs, outputs), got {tuple(shape)}; "
            "a bias has no fans: start it at 0"
        )
    # A matrix has no kernel axes, and the empty product is 1.
    kernel = math.prod(count("kernel size", size) for size in shape[:-2])
    return kernel * count("fan_in", shape[-2]), kernel * count("fan_out", shape[-1])


def matrix(shape: Any) -> tuple[int, int]:
    """Return `(fan_in, fan_out)` of a weight matrix's `shape`, two positive integers."""
    result = fans(shape)
    if len(shape) != 2:
        raise ValueError(f"shape must be two positive integers (fan_in, fan_out), got {tuple(shape)}")
    return result
