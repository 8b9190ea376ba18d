"""The ranges of floating-point formats, and the depth at which a signal leaves them if each layer multiplies it."""

from __future__ import annotations

import math

from wi_docs.nn import checks

FORMATS = {"fp16": (5, 10), "bf16": (8, 7), "fp32": (8, 23), "fp64": (11, 52)}  # bits of exponent, of fraction


def names() -> tuple[str, ...]:
    """Return the names of the known formats.

    Examples:
        >>> names()
        ('fp16', 'bf16', 'fp32', 'fp64')
    """
    return tuple(FORMATS)


def limits(name: str) -> tuple[float, float]:
    """Return the smallest positive number of a format, subnormal ones included, and the largest finite one.

    Raises:
        ValueError: for an unknown format; the known ones are fp16, bf16, fp32 and fp64.

    Source:
        IEEE 754 for three of them; bf16 is fp32 with 16 bits of fraction cut off.

    Examples:
        >>> limits("fp16")
        (5.960464477539063e-08, 65504.0)
    """
    exponent, fraction = FORMATS[checks.lookup("format", name, FORMATS)]
    # IEEE 754: the exponent is stored with this bias added. The largest exponent is kept for infinity and NaN, the
    # smallest for subnormal numbers, whose fraction has no leading 1.
    bias = 2 ** (exponent - 1) - 1
    return 2.0 ** (1 - bias - fraction), (2 - 2.0**-fraction) * 2.0**bias


def layers_until(name: str, factor: float) -> int:
    """Return the first layer at which 1, multiplied by `factor` at each layer, is infinite or 0 in a format.

    Args:
        name: name of the format.
        factor: the factor of each layer, positive and not 1.

    Raises:
        ValueError: for an unknown format, or a factor that never gets there.

    Examples:
        >>> layers_until("fp16", 10.0), layers_until("fp16", 0.1)
        (5, 8)
    """
    smallest, _ = limits(name)
    exponent, fraction = FORMATS[name]
    # In logarithms to base 2: factor^n overflows float64 long before n is large, and n log2(factor) never does.
    rate = math.log2(checks.number("factor", factor, above=0.0))
    if rate == 0.0:
        raise ValueError("a factor of 1 leaves the range of no format")
    # To the even neighbor, half of the smallest number rounds to 0, and what is half a unit in the last place past the
    # largest to infinity. An edge that is met exactly is left.
    if rate > 0.0:
        return math.ceil((2.0 ** (exponent - 1) - 1 + math.log2(2 - 2.0 ** (-fraction - 1))) / rate)
    return math.ceil((math.log2(smallest) - 1.0) / rate)
