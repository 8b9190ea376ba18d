"""Measurements kept as data, each file with a digest; and two of them, long trainings: a tournament and a map."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

from wi_docs.experiments import conditions


def digest(record: dict[str, Any]) -> str:
    """Return the sha256 of what a file holds beside its digest, which tells whether somebody has changed it by hand.

    Examples:
        >>> digest({"rows": []}) == digest({"rows": [], "digest": "any"})
        True
    """
    held = {key: value for key, value in record.items() if key != "digest"}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


@cache
def read(name: str) -> dict[str, Any]:
    """Return what a file of `wi_docs/data` holds.

    Raises:
        ValueError: if that is not what was stored.
    """
    record: dict[str, Any] = json.loads((resources.files("wi_docs") / "data" / f"{name}.json").read_text("utf-8"))
    if digest(record) != record["digest"]:
        raise ValueError(f"wi_docs/data/{name}.json is not what was stored: its digest is another one")
    return record


def load(name: str) -> dict[str, Any]:
    """Return what one file holds: `source`, `versions`, `seconds` of one core, `digest` and `rows`.

    The file named for the tournament has rows as `tournament.compete` yields them; that named for the optimizers has a
    row for each of their maps. The callers have the names as strings, from which the build knows who reads what.

    Raises:
        ValueError: if that is not what was stored.
    """
    conditions.say(data=f"stored trainings of {name}")
    return read(name)
