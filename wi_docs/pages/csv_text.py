"""Comma-separated values: the data of figures and tables as files."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any


def to_csv(columns: Mapping[str, Sequence[Any]]) -> str:
    """Return columns of equal length as comma-separated values with a header; None and NaN become empty cells.

    Examples:
        >>> print(to_csv({"name": ["a", "b"], "value": [1 / 3, None]}), end="")
        name,value
        a,0.333333
        b,
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    # The columns become rows; the header is the dictionary's keys.
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return buffer.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text: strings as they are, numbers to six digits, which are more than a reader can see."""
    if isinstance(value, str):
        return value
    return "" if value is None or math.isnan(value) else f"{value:.6g}"
