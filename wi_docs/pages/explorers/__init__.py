"""Explorers, figures that answer to the hand. One module each, named as the figure that it brings to life.

A module has `data()`, which runs experiments and returns what `docs/assets/js/explorers/NAME.js` draws: plain
values as they are, and large arrays as `Rounded`. JavaScript selects and draws, and computes nothing of its own.
"""

from __future__ import annotations

import gzip
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wi_docs.nn import checks
from wi_docs.nn.checks import Array


@dataclass(frozen=True)
class Rounded:
    """Numbers to be kept to within `error`: closer than the eye can tell in the picture.

    Attributes:
        values: any shape; NaN is kept as missing.
        error: largest absolute error, positive.
    """

    values: Array
    error: float


def pack(data: Mapping[str, Any]) -> bytes:
    """Return the data as one compressed file.

    Unzipped: the length of the header (4 bytes, little-endian), the header as JSON, the arrays. The header has the plain
    values under `plain`, and for each array under `arrays` its `bytes` per number (1 or 2), its `shape`, `offset` and
    `step`. A number is `offset + step * n`, to within half a step; the largest `n` there is stands for a missing one. An
    array holds the differences of successive `n` along its last axis, modulo 256 or 65536: first their low bytes, then,
    if there are two, their high bytes.

    Raises:
        ValueError: for an error that is not positive, values that are infinite, all missing, or more than two bytes can tell apart.

    Examples:
        >>> len(pack({"names": ["a"], "x": Rounded(np.linspace(0, 1, 1000), error=0.01)}))
        118
    """
    plain: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    body = b""
    for name, value in data.items():
        if not isinstance(value, Rounded):
            plain[name] = value
            continue
        known = np.isfinite(value.values)
        if np.isinf(value.values).any():
            raise ValueError(f"{name} must be finite or missing, got infinite values")
        if not known.any():
            raise ValueError(f"{name} has no number in it")
        step = 2 * checks.number("error", value.error, above=0.0)
        offset = step * math.floor(value.values[known].min() / step)  # so that 0 is 0
        levels = np.round((np.where(known, value.values, offset) - offset) / step)
        size = 1 if levels.max() < 255 else 2
        if levels.max() >= 65535:
            raise ValueError(
                f"{name}: two bytes hold 65535 steps, and an error of {value.error} needs {levels.max():g}"
            )
        kind = np.dtype("<u1" if size == 1 else "<u2")
        whole = np.where(known, levels, np.iinfo(kind).max).astype(kind)
        steps = np.diff(whole, axis=-1, prepend=np.zeros_like(whole[..., :1])).ravel()
        arrays[name] = {"bytes": size, "shape": whole.shape, "offset": offset, "step": step}
        body += steps.view(np.uint8).reshape(-1, size).T.tobytes()
    header = json.dumps({"plain": plain, "arrays": arrays}, separators=(",", ":"), allow_nan=False).encode()
    return gzip.compress(struct.pack("<I", len(header)) + header + body, mtime=0)
