"""The data of the explorers, which are interactive figures. One module each, with the name of the still figure.

The function `data()` of a module runs experiments and returns the data that `docs/assets/js/explorers/NAME.js` draws:
plain values as they are, and large arrays as `Rounded`. JavaScript selects and draws, and computes nothing of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wi_docs.nn import checks
from wi_docs.nn.checks import Array


@dataclass(frozen=True)
class Rounded:
    """An array that the browser gets in rounded form, with an error too small to be seen in the picture.

    Attributes:
        values: an array of any shape; NaN stands for a missing number.
        error: the largest absolute error of rounding, positive.
    """

    values: Array
    error: float


def pack(data: Mapping[str, Any]) -> str:
    """Return the data as JSON, with an object in place of each `Rounded`.

    The object has the array's `shape`, a `step` of twice the error, and its `differences`, all in one list. A number is
    `step` times the sum of the differences in its row, which is along the last axis, up to its own. The difference of a
    missing number is null, and the sum leaves it out. Differences are small integers, so that they compress well: the
    seven explorers weigh 87 kB as a server sends them; decimals of six digits would weigh 222 kB.

    Raises:
        ValueError: for values that are infinite, or an error that is not positive.

    Examples:
        >>> pack({"names": ["a"], "x": Rounded(np.array([0.0, 0.52, np.nan, 0.5]), error=0.01)})
        '{"names":["a"],"x":{"step":0.02,"shape":[4],"differences":[0,26,null,-1]}}'
    """
    # Neither NaN nor infinity is JSON.
    plain = {name: _differences(name, value) if isinstance(value, Rounded) else value for name, value in data.items()}
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)


def _differences(name: str, rounded: Rounded) -> dict[str, Any]:
    """Return the object that stands for an array, as `pack` describes it. `name` is for messages."""
    values, step = rounded.values, 2 * checks.number("error", rounded.error, above=0.0)
    if np.isinf(values).any():
        raise ValueError(f"{name} must be finite or missing, got infinite values")
    differences: list[int | None] = []
    # Levels are integers times `step`, so that rounding is off by half a step at most. Each row starts anew from 0.
    for row in np.round(values / step).reshape(-1, values.shape[-1]).tolist():
        before = 0.0
        for level in row:
            differences.append(None if np.isnan(level) else int(level - before))
            before = before if np.isnan(level) else level
    return {"step": step, "shape": values.shape, "differences": differences}
