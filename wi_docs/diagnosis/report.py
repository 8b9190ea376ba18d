"""A diagnosis as a table for a terminal, and as plain values for JSON."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from wi_docs.diagnosis import cure
from wi_docs.diagnosis.audit import Entry, Inventory
from wi_docs.diagnosis.networks import Diagnosis
from wi_docs.diagnosis.probe import Probe
from wi_docs.diagnosis.recipe import Recipe
from wi_docs.diagnosis.spec import Spec

SCHEMA = 1  # the version of what `plain` returns; it counts up when a key goes or changes its meaning
SUBJECTS: dict[type, str] = {Diagnosis: "network", Probe: "model", Inventory: "tensors"}
CELLS = 6  # the width of a bar: a cell stands for a power of ten
SHOWN = 8  # the most rows that a table shows, besides those that a problem names
RED, GREEN, BOLD, PLAIN = "\033[31m", "\033[32m", "\033[1m", "\033[0m"  # ANSI escape codes (ECMA-48, SGR)
COLUMNS = {  # for each field of `Layers`: its meaning, the width of a number, and its format
    "signal": ("rms of the row's output", 7, ".2g"),
    "gradient": ("length of the gradient there, where it is 1 at the network's output", 7, ".2g"),
    "forward": ("factor of the row on the signal's rms", 5, ".2f"),
    "backward": ("factor of the row on the gradient's length, the root of chi", 5, ".2f"),
    "correlation": ("cosine of two inputs", 5, "z.3f"),
    "saturated": ("share of pairs of unit and input with a slope below a tenth of the largest", 4, ".0%"),
    "dead": ("share of units that are so for every input", 4, ".0%"),
    "spread": ("deviation of ln(rms) between one draw of the weights and the next", 4, ".2f"),
}


def bar(value: float, largest: float) -> str:
    """Return a bar that is full for the largest value, and one cell shorter for every power of ten below.

    Examples:
        >>> bar(1.0, 1.0), bar(0.01, 1.0), bar(0.0, 1.0)
        ('██████', '████  ', '      ')
    """
    if not 0.0 < value <= largest or math.isinf(largest):
        return " " * CELLS
    # Unicode has blocks of one to seven eighths of a cell, so that a bar resolves an eighth of a power of ten.
    eighths = max(0, round(8 * (CELLS + math.log10(value / largest))))
    return ("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]).rstrip().ljust(CELLS)


def chosen(rows: int) -> tuple[list[int], int]:
    """Return the indices of the rows to show, and the step between them. The last row is always shown.

    Examples:
        >>> len(chosen(8)[0]), chosen(100)[0][-3:], chosen(100)[1]
        (8, [78, 91, 99], 13)
    """
    step = math.ceil(rows / SHOWN)
    return sorted({*range(0, rows, step), rows - 1}), step


def text(found: Diagnosis | Probe | Inventory, *, color: bool = False, everything: bool = False) -> str:
    """Return the diagnosis as lines of text, with escape codes for a terminal's colors if asked for.

    Args:
        found: the diagnosis.
        color: whether to use colors.
        everything: whether to print all rows, and what each parameter of a model holds.

    Examples:
        >>> from wi_docs import diagnose
        >>> print(text(diagnose(Spec((64, 64, 10), scheme="he_normal"))).splitlines()[0])
        64-64-10, relu, he_normal
    """

    def paint(code: str, words: str) -> str:
        return f"{code}{words}{PLAIN}" if color else words

    if isinstance(found, Inventory):
        lines = [paint(GREEN if found.ok else RED, found.verdict), *_meaning(found), f"Why no more: {found.why}", ""]
        return "\n".join([*lines, *_entries(found.entries, everything=everything)])
    if isinstance(found, Probe):
        return _probe_text(found, paint, everything=everything)
    lines = [paint(BOLD, headline(found.spec)), "", *_judged(found, paint)]
    if found.advice is not None:
        lines += ["", paint(BOLD, f"What helps most: {found.advice.change}."), f"Then: {found.advice.outcome}"]
        lines += _recipe(found.advice.recipe)
    elif found.problems and found.advised:
        lines += ["", "None of the changes that were tried helps."]
    lines += ["", *found.notes] if found.notes else []
    # All formats, and not only the network's own: a reader may think of another one.
    leaving = [f"{name}: {where}" for name, where in found.formats.items() if where]
    lines += ["", f"Out of range in {'; '.join(leaving)}."] if leaving else []
    if found.best is not None:
        bad = {problem.row for problem in found.problems}
        header, body, more = table(found, everything=everything)
        lines += ["", header, *(paint(RED, line) if row in bad else line for row, line in body), *more, ""]
        if found.theory and found.simulation:
            lines.append("Each number by theory, then as simulated. A bar loses a cell for every power of ten.")
        lines += [f"  {name:11} {words}" for name, (words, *_) in COLUMNS.items()]
    return "\n".join(lines)


def _judged(found: Diagnosis | Probe, paint: Callable[[str, str], str]) -> list[str]:
    """Return the verdict as lines of text, with the other problems, and what it means for training."""
    lines = [paint(GREEN if found.ok else RED, found.verdict)]
    return [*lines, *(f"Also: {problem.kind}. {problem.sentence}" for problem in found.problems[1:]), *_meaning(found)]


def _meaning(found: Diagnosis | Probe | Inventory) -> list[str]:
    """Return lines on what a verdict means for training, or none if there is no verdict."""
    means = found.meaning
    if means is None:
        return []
    return [f"Plain descent: {means.descent}.", f"Adam: {means.adam}.", f"How sure: {means.sure}."]


def _recipe(recipe: Recipe | None) -> list[str]:
    """Return a change as lines of code: the patch of a description, then what each library calls it."""
    if recipe is None:
        return []
    parts = {
        "In the description": recipe.patch, "PyTorch": recipe.pytorch, "Keras": recipe.keras, "Flax": recipe.flax,
    }  # fmt: skip
    return ["", *(line for name, code in parts.items() for line in (f"{name}:", *_indented(code)))]


def _indented(code: str) -> list[str]:
    """Return lines of code with four spaces before each."""
    return [f"    {line}".rstrip() for line in code.splitlines()]


PROBE_COLUMNS = {  # for each field of `Row`: its meaning, and the width and format of a number
    "sigma_w": ("rms of the weights times the root of the fan-in", "6.2g"),
    "signal": ("rms of the output", "7.2g"),
    "gradient": ("length of the loss's gradient with respect to the output", "7.2g"),
    "weight_gradient": ("rms of the weights' gradient over that of the weights", "7.2g"),
    "correlation": ("mean cosine of two examples", "z5.3f"),
    "saturated": (
        "share of pairs of unit and input with a slope below a tenth of the largest, in the activation that follows",
        "4.0%",
    ),
    "dead": ("share of units that are so for every input", "4.0%"),
    "update": ("how far the weights have moved, over their length", "7.2g"),
}


def _probe_text(found: Probe, paint: Callable[[str, str], str], *, everything: bool) -> str:
    """Return the diagnosis of a PyTorch model as lines of text. `paint` puts a color around words."""
    bad = {problem.row for problem in found.problems}
    lines = [paint(BOLD, f"{found.model}: {len(found.rows)} modules with parameters"), "", *_judged(found, paint)]
    if found.cure is not None:
        before, after = found.cure.before, found.cure.after
        lines += ["", f"What helps most: {found.advice}"]
        if not math.isnan(after[1]):
            lines.append(
                f"Loss over {found.cure.steps} steps of Adam at {cure.RATE:g} on this batch: {before[0]:.3g} to "
                f"{before[1]:.3g} as it is, {after[0]:.3g} to {after[1]:.3g} with the change."
            )
        lines += ["", *_indented(found.cure.code)]
    elif found.advice:
        lines += ["", f"What helps most: {found.advice}"]
    elif found.problems and found.advised:
        lines += ["", "None of the changes that were tried helps."]
    lines += ["", *found.notes] if found.notes else []
    lines.append("")
    shown = {name: words for name, (words, _) in PROBE_COLUMNS.items() if name != "update" or found.after}
    # Rows before the first step and, if steps were taken, after them: a table each, of which the second alone has a
    # column for the update of the weights.
    for rows, title in (
        (found.rows, "before the first step"),
        (found.after, f"after {found.steps} steps at a rate of {found.rate:g}"),
    ):
        if rows is None:
            continue
        wide = max(len(str(row)) for row in rows)
        columns = [name for name in shown if name != "update" or rows is found.after]
        lines.append(f"{title:{wide}}" + "".join(f"  {name:>{_probe_width(name)}}" for name in columns))
        largest = max((row.gradient or 0.0 for row in rows), default=0.0)
        kept, step = (list(range(len(rows))), 1) if everything else chosen(len(rows))
        for k, row in enumerate(rows):
            if k not in kept and row.name not in bad:
                continue
            line = f"{row!s:{max(wide, len(title))}}"
            for name in columns:
                value, form = getattr(row, name), PROBE_COLUMNS[name][1]
                cell = "" if value is None else format(value, form)
                cell += f" {bar(row.gradient or 0.0, largest)}" if name == "gradient" else ""
                line += f"  {cell:>{_probe_width(name)}}"
            lines.append(paint(RED, line.rstrip()) if row.name in bad else line.rstrip())
        lines += [f"(One row in {step}; --all has all.)"] if step > 1 else []
        lines.append("")
    lines += [f"  {name:15} {words}" for name, words in shown.items()]
    chance = f" (chance: {found.chance:.3f})" if found.chance is not None else ""
    after_steps = f", after the steps {found.loss_after:.4g}" if found.loss_after is not None else ""
    lines += ["", f"Loss {found.loss:.4g}{chance}{after_steps}{f': {found.what}' if found.what else ''}."]
    if everything:
        lines += ["", *_entries(found.parameters, everything=True)]
    return "\n".join(lines)


def _entries(entries: tuple[Entry, ...], *, everything: bool) -> list[str]:
    """Return lines that say what each tensor holds: all of them, or at most `SHOWN` and those with a fault."""
    if not entries:
        return []
    kept, step = (list(range(len(entries))), 1) if everything else chosen(len(entries))
    wide = max(len(entry.name) for entry in entries)
    lines = [f"{'tensor':{wide}}  {'shape':>16}  {'deviation':>9}  {'sigma_w':>8}  {'zeros':>5}  {'equal':>5}  fits"]
    for k, entry in enumerate(entries):
        if k not in kept and not entry.fault:
            continue
        shape = "x".join(map(str, entry.shape)) or "one"
        sigma = "" if entry.sigma_w is None else f"{entry.sigma_w:.3g}"
        words = entry.fault.removeprefix(f"{entry.name} ") or ", ".join((*entry.laws, *entry.notes))
        numbers = f"{entry.deviation:>9.3g}  {sigma:>8}  {entry.zeros:>5.0%}  {entry.equal:>5}"
        if not entry.looked_at:
            numbers, words = f"{'not looked at':31}", ", ".join(entry.notes)
        lines.append(f"{entry.name:{wide}}  {shape:>16}  {numbers}  {words}".rstrip())
    lines += [f"(One tensor in {step}; --all has all.)"] if step > 1 else []
    return [
        *lines,
        "",
        "  sigma_w  rms of the values times the root of the fan-in",
        "  equal    rows that repeat another one",
        "  fits     the laws that fit the size, and whether the values are uniform or not",
    ]


def _probe_width(name: str) -> int:
    """Return the width of a column of the probe's table. The gradient's holds a bar beside the number."""
    return max(len(name), 14) if name == "gradient" else max(len(name), 7)


def headline(spec: Spec) -> str:
    """Return a description of the network that fits in one line. What is left at its default is not named.

    Examples:
        >>> headline(Spec((784, *[256] * 20, 10), "gelu", sigma_w=1.0, dtype="fp16"))
        '784-256 (20 times)-10, gelu, weights by sigma_w, fp16'
    """
    # Runs of equal widths: 784-256 (20 times)-10.
    groups = [(width, len(list(run))) for width, run in itertools.groupby(spec.widths)]
    widths = "-".join(f"{width} ({n} times)" if n > 3 else "-".join([str(width)] * n) for width, n in groups)
    words = [widths, spec.activation, spec.scheme or "weights by sigma_w"]
    words += [f"gain {spec.gain:g}"] if spec.gain != 1.0 else []
    words += ["residual"] if spec.residual else []
    words += [f"branches times {spec.branch:g}"] if spec.branch != 1.0 else []
    words += [f"normalized {spec.normalization}"] if spec.normalization != "none" else []
    return ", ".join([*words, spec.dtype] if spec.dtype != "fp32" else words)


def table(found: Diagnosis, *, everything: bool = False) -> tuple[str, list[tuple[str, str]], list[str]]:
    """Return the header of the table, the shown rows as pairs of name and line, and a note if rows are left out.

    Where there are both theory and simulation, a column holds two numbers, in this order. Rows that a problem names are
    always shown.
    """
    sides = [side for side in (found.theory, found.simulation) if side is not None]
    name_width = max(len(name) for name in (*found.rows, "row"))
    header = f"{'row':{name_width}}"
    shown, step = (list(range(len(found.rows))), 1) if everything else chosen(len(found.rows))
    bad = {problem.row for problem in found.problems}
    shown = [k for k, name in enumerate(found.rows) if k in shown or name in bad]
    lines = [f"{found.rows[k]:{name_width}}" for k in shown]
    for name, (_, digits, form) in COLUMNS.items():
        bars = name in ("signal", "gradient")
        columns = [getattr(side, name) for side in sides]
        wide = max(len(name), (digits + 1) * len(sides) - 1)
        header += f"  {name:>{wide}}" + (" " * (CELLS + 1) if bars else "")
        # Bars show the simulation where there is one.
        largest = float(np.max(columns[-1]))
        for place, k in enumerate(shown):
            lines[place] += f"  {' '.join(format(float(column[k]), form).rjust(digits) for column in columns):>{wide}}"
            lines[place] += f" {bar(float(columns[-1][k]), largest)}" if bars else ""
    body = [(found.rows[k], line) for k, line in zip(shown, lines, strict=True)]
    return header, body, [f"(One row in {step}; --all has all.)"] if step > 1 else []


def plain(found: Diagnosis | Probe | Inventory) -> dict[str, Any]:
    """Return the diagnosis as dictionaries, lists, numbers and strings. Infinite and undefined numbers become None.

    JSON has neither infinity nor NaN.

    Examples:
        >>> from wi_docs import diagnose
        >>> record = plain(diagnose(Spec((64, 64, 10), scheme="he_normal")))
        >>> record["ok"], record["spec"]["widths"], len(record["theory"]["chi"])
        (True, [64, 64, 10], 2)
    """
    record: dict[str, Any] = dict(_plain(found))
    undecided = isinstance(found, Diagnosis) and found.undecided
    if isinstance(found, Diagnosis):
        record["formats"] = found.formats
    return record | {
        "schema": SCHEMA, "subject": SUBJECTS[type(found)], "ok": found.ok, "undecided": undecided,
        "verdict": found.verdict, "meaning": _plain(found.meaning), "problems": _plain(found.problems),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: dataclasses as dictionaries, arrays as lists, and None for infinity and NaN."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
