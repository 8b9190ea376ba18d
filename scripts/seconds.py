"""How long the snippets take in a browser: measured by `make seconds`, kept by their code, and said beside *Run*."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

KEPT = Path(__file__).with_name("seconds.json")
LEAST = 3.0  # seconds; of what takes less nothing is said


def digest(source: str) -> str:
    """Return the name under which a snippet's time is kept: it changes with the code."""
    return hashlib.sha256(source.encode()).hexdigest()[:8]


@cache
def kept() -> dict[str, float]:
    """Return the seconds of each snippet that was measured, by digest."""
    found: dict[str, float] = json.loads(KEPT.read_text(encoding="utf-8"))["seconds"]
    return found


def about(sources: Sequence[str], seconds: dict[str, float]) -> str:
    """Return the time that snippets take together, in words; empty for a short one, or if one was not measured.

    Examples:
        >>> seconds = {digest("a = 1"): 2.0, digest("b = 2"): 9.4}
        >>> about(["a = 1", "b = 2"], seconds), about(["a = 1"], seconds), about(["b = 2", "c = 3"], seconds)
        ('about 11 s', '', '')
    """
    found = [seconds.get(digest(source)) for source in sources]
    measured = [time for time in found if time is not None]
    if len(measured) < len(found) or sum(measured) < LEAST:
        return ""
    step = 1 if sum(measured) < 20 else 5
    return f"about {step * round(sum(measured) / step)} s"
