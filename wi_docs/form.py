"""The form of the page Diagnose: what its fields or a file of weights ask, and the answer as plain values."""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from wi_docs import command_line
from wi_docs.diagnosis.audit import Inventory
from wi_docs.diagnosis.networks import Diagnosis, diagnose
from wi_docs.diagnosis.report import COLUMNS, headline
from wi_docs.diagnosis.spec import Spec

FIELDS = (*command_line.FLAGS, "layers", "order")  # named as the command's flags are
LARGEST = 10_000_000  # weights that a page simulates: Python there multiplies matrices some twenty times slower
SHOWN = 1000  # rows of a table
TENSORS = {
    "shape": "its axes", "deviation": "standard deviation of its values",
    "sigma_w": "rms of the values times the root of the fan-in", "zeros": "share of values that are 0",
    "equal": "rows that repeat another one",
    "fits": "laws that fit the size, and whether the values are uniform or not",
}  # fmt: skip


def answer(fields: dict[str, Any], file: Path | None = None) -> dict[str, Any]:
    """Return the diagnosis of what a form says, for JSON.

    Args:
        fields: values by the names of the command's flags. Widths are text, as on the command line.
        file: a file of weights, which then has no widths and no scheme in `fields`.

    Returns:
        `refused`, a sentence, if there is no diagnosis. Else `ok`, `verdict`, `also`, `meaning`, `notes` and `name`;
        the `cure`, None if there is none; the `table`, its `columns` as pairs of name and meaning; and the `chart`, by
        line and kind, None where nothing was measured.

    Examples:
        >>> found = answer({"widths": "64,256x20,10", "scheme": "pytorch_linear"})
        >>> found["ok"], found["verdict"].partition(".")[0], found["cure"]["fields"]["scheme"]
        (False, 'Bad: vanishing gradient', 'he_normal')
        >>> answer({"widths": "64,0", "scheme": "he_normal"})
        {'refused': 'Widths must be at least 1, got 0.'}
    """
    values = {"layers": "", **{name: fields[name] for name in FIELDS if name in fields}}
    if "sigma_b" in values:
        values["sigma_b"] = str(values["sigma_b"])  # a list in one word, as on the command line
    options = argparse.Namespace(file=file, **(dict.fromkeys(FIELDS) | values))
    try:
        if (alone := command_line.listed(options)) is not None:
            return _of_file(alone)
        spec, weights = command_line.read(options)
        total = sum(a * b for a, b in itertools.pairwise(spec.widths))
        small = total <= LARGEST
        if weights is not None and not small:
            raise ValueError(
                f"a page simulates up to {LARGEST:,} weights, and this file has {total:,}; on the command "
                "line python -m wi_docs diagnose takes more"
            )
        return _of_network(diagnose(spec, weights=weights, simulated=small), small=small)
    except (ValueError, TypeError, OSError) as error:
        words = str(error)
    except MemoryError:
        words = "the page has less memory than this asks for"
    except Exception as error:  # nothing that a person can ask ends in a traceback
        words = command_line.fault(error)
    if not (file and words.startswith(file.name)):
        words = words[:1].upper() + words[1:]
    return {"refused": words if words.endswith(".") else f"{words}."}


def _meaning(found: Diagnosis | Inventory) -> list[tuple[str, str]]:
    """Return what a verdict means for training, as pairs of a word and a clause."""
    means = found.meaning
    return [("Plain descent", means.descent), ("Adam", means.adam), ("How sure", means.sure)] if means else []


def _of_file(found: Inventory) -> dict[str, Any]:
    """Return what the tensors of a file hold, those with a fault first."""
    entries = sorted(found.entries, key=lambda entry: not entry.fault)[:SHOWN]
    cells = [
        [
            entry.name,
            "x".join(map(str, entry.shape)) or "one",
            f"{entry.deviation:.3g}" if entry.looked_at else "not looked at",
            "" if entry.sigma_w is None else f"{entry.sigma_w:.3g}",
            f"{entry.zeros:.0%}" if entry.looked_at else "",
            str(entry.equal) if entry.looked_at else "",
            entry.fault or ", ".join((*entry.laws, *entry.notes)),
        ]
        for entry in entries
    ]
    left = len(found.entries) - len(entries)
    more = [f"The table has {SHOWN:,} of {len(found.entries):,} tensors."] if left else []
    return {
        "ok": found.ok, "verdict": found.verdict, "also": list(found.faults[1:10]), "name": found.file, "cure": None,
        "meaning": _meaning(found), "notes": [f"Why no more: {found.why}.", *more], "chart": None,
        "table": {
            "columns": [("tensor", ""), *TENSORS.items()], "rows": cells,
            "bad": [k for k, entry in enumerate(entries) if entry.fault],
        },
    }  # fmt: skip


def _of_network(found: Diagnosis, *, small: bool) -> dict[str, Any]:
    """Return what signal and gradient do in a network. `small` is whether it was simulated."""
    best, bad = found.best, {problem.row for problem in found.problems}
    notes = list(found.notes)
    if not small:
        notes.append(f"A page simulates up to {LARGEST:,} weights. This network has more: the verdict is theory's.")
    if len(found.rows) > SHOWN:
        notes.append(f"The table has the first {SHOWN:,} of {len(found.rows):,} rows.")
    leaving = [f"{name}: {where}" for name, where in found.formats.items() if where]
    notes += [f"Out of range in {'; in '.join(leaving)}."] if leaving else []
    kinds = {"theory": found.theory, "simulated": found.simulation}
    rows = [] if best is None else [
        [name, *(format(float(getattr(best, column)[k]), form) for column, (*_, form) in COLUMNS.items())]
        for k, name in enumerate(found.rows[:SHOWN])
    ]  # fmt: skip
    return {
        "ok": found.ok,
        "verdict": found.verdict,
        "also": [f"Also: {problem.kind}. {problem.sentence}" for problem in found.problems[1:]],
        "name": headline(found.spec),
        "cure": _cure(found) if found.problems else None,
        "meaning": _meaning(found),
        "notes": notes,
        "chart": {
            line: {kind: _plain(getattr(layers, line)) for kind, layers in kinds.items() if layers}
            for line in ("signal", "gradient")
        } if best else None,
        "table": {
            "columns": [("row", ""), *((name, words) for name, (words, *_) in COLUMNS.items())],
            "rows": rows,
            "bad": [k for k, name in enumerate(found.rows[:SHOWN]) if name in bad],
        },
    }  # fmt: skip


def _plain(values: Iterable[float]) -> list[float | None]:
    """Return numbers as JSON has them, None for infinity and NaN."""
    return [float(value) if math.isfinite(value) else None for value in values]


def _cure(found: Diagnosis) -> dict[str, Any]:
    """Return the change that helps most, what comes of it, the changed fields of the form, and lines of code."""
    if found.advice is None:
        return {"change": "", "outcome": "", "fields": None, "code": {}}
    recipe = found.advice.recipe
    return {
        "change": found.advice.change,
        "outcome": found.advice.outcome,
        "fields": fields(found.advice.spec),
        "code": {"PyTorch": recipe.pytorch, "Keras": recipe.keras, "Flax": recipe.flax} if recipe else {},
    }


def fields(spec: Spec) -> dict[str, str] | None:
    """Return a description as the form's address has it, or None if it has values for single layers.

    Examples:
        >>> fields(Spec((64, *[256] * 20, 10), scheme="he_normal", residual=False, dtype="fp16"))
        {'widths': '64,256x20,10', 'scheme': 'he_normal', 'dtype': 'fp16'}
    """
    if spec.scheme is None or isinstance(spec.sigma_b, tuple):
        return None
    values = {name: getattr(spec, name) for name in command_line.FLAGS}
    standard = vars(Spec(spec.widths, scheme=spec.scheme))
    kept = {name: value for name, value in values.items() if name == "scheme" or value != standard[name]}
    return {"widths": _widths(spec.widths), **{name: _word(value) for name, value in kept.items()}}


def _word(value: str | float) -> str:
    """Return a value as the address has it."""
    return "1" if value is True else value if isinstance(value, str) else repr(value)


def _widths(widths: Sequence[int]) -> str:
    """Return widths as they are typed, with `256x20` for twenty of 256."""
    runs = [(width, len(list(run))) for width, run in itertools.groupby(widths)]
    return ",".join(f"{width}x{n}" if n > 1 else str(width) for width, n in runs)
