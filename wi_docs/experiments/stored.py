"""Long trainings, kept as data: the tournament of schemes, and the map of scale and rate."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

from wi_docs.experiments import conditions


def digest(rows: list[dict[str, Any]]) -> str:
    """Return the sha256 of rows of results, which tells whether somebody has changed them by hand.

    Examples:
        >>> digest([])[:8]
        '4f53cda1'
    """
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


@cache
def _read(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((resources.files("wi_docs") / "data" / f"{name}.json").read_text("utf-8"))
    if digest(record["rows"]) != record["digest"]:
        raise ValueError(f"wi_docs/data/{name}.json is not what `make tournament` wrote: its digest is another one")
    return record


def load(name: str) -> dict[str, Any]:
    """Return what one file holds: `source`, `versions`, `seconds` of one core, `digest` and `rows`.

    The file named for the tournament has rows as `tournament.compete` yields them; that named for the optimizers has a
    row for each of their maps. The callers have the names as strings, from which the build knows who reads what.

    Raises:
        ValueError: if the rows are not those that were stored.
    """
    conditions.say(data=f"stored trainings of {name}")
    return _read(name)
