"""The command line: `python -m wi_docs claims [ID…] [--json] [--vary]`, `gain NAME…`, `schemes`, `diagnose …`."""

from __future__ import annotations

import argparse
import collections
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from wi_docs import command_line
from wi_docs.nn import activations, initializers

# What only one command needs is imported by its function: processes and claims take as long as a diagnosis.


def run_all(asked: list[tuple[str, str]], folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Run claims, each by its id and under a variation or none, as many at a time as there are cores.

    Returns:
        The records, by what was asked, in its order. Experiments that several need are kept in `folder`.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed

    from wi_docs.pages import claims

    records: dict[tuple[str, str], dict[str, Any]] = {}
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # the processes share the cores already
    # Started anew and not forked: numpy's linear algebra library has threads, which a fork does not copy.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {
            pool.submit(claims.run_by_id, name, folder, variation): (name, variation) for name, variation in asked
        }
        for done in as_completed(waiting):
            name, variation = waiting[done]
            record, seconds = done.result()
            records[name, variation] = record
            state = "holds" if record["problem"] is None else "breaks" if variation else "FAILS"
            counter, where = f"[{len(records)}/{len(asked)}]", f", {variation}" if variation else ""
            print(f"{counter:>9} {state} {name}{where} ({seconds:.1f} s)", file=sys.stderr, flush=True)
    return {one: records[one] for one in asked}


def run_claims(ids: list[str], *, as_json: bool) -> int:
    """Run the claims, and return the exit code: 0 if all hold."""
    import tempfile

    from wi_docs.pages import claims

    with tempfile.TemporaryDirectory() as folder:
        ordered = list(run_all([(claim.id, "") for claim in claims.get(ids)], Path(folder)).values())
    if as_json:
        print(json.dumps(ordered, indent=1))
    else:
        print(table(ordered))
    return 1 if any(record["problem"] is not None for record in ordered) else 0


def run_variations(ids: list[str], *, as_json: bool) -> int:
    """Run claims with one condition changed at a time, and print under which each sentence still holds.

    Returns:
        The exit code: 0 if all hold under the conditions that they ask for.
    """
    import tempfile

    from wi_docs.pages import claims

    with tempfile.TemporaryDirectory() as folder:
        home = run_all([(claim.id, "") for claim in claims.get(ids)], Path(folder))
        asked = [(name, other) for (name, _), r in home.items() if not r["problem"] for other in claims.applicable(r)]
        varied = run_all(asked, Path(folder))
    found: dict[str, dict[str, Any]] = {name: {} for name, other in asked}
    for (name, other), record in varied.items():
        found[name][other] = claims.verdict_under(other, home[name, ""], record)
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        for name, others in found.items():
            print(f"\n{name}")
            for other, one in others.items():
                print(f"  {one['verdict']:14} {one['words']} ({other})")
        print("\n".join(["", *claims.complaints(home.values())]), end="")
    return 1 if any(record["problem"] for record in home.values()) else 0


def table(records: list[dict[str, Any]]) -> str:
    """Return the claims as lines of text: a table of measurements, each failure in full, and a count by statement."""
    from wi_docs.pages import claims

    width = max(len(record["id"]) for record in records)
    lines = [f"{'':4} {'claim':{width}} {'measured':>11} {'expected':>11} {'accepted':>24}"]
    for record in records:
        notes = f"S{record['statement']}" if record["statement"] else ""
        # A claim that raised an error has no measurement. One side of an interval may be open.
        if "measured" in record:
            low, high = (f"{v:.4g}" if v is not None else "" for v in (record["low"], record["high"]))
            values = f"{record['measured']:>11.4g} {record['expected']:>11.4g} {f'{low} … {high}':>24}"
        else:
            values = ""
        failed = "" if record["problem"] is None else "  FAILS"
        lines.append(f"{notes:4} {record['id']:{width}} {values}{failed}")
    for complaint in claims.complaints(records):
        lines += ["", complaint]
    # How many claims answer each statement of the notes.
    count = collections.Counter(record["statement"] for record in records if record["statement"])
    held = sum(record["problem"] is None for record in records)
    by_statement = ", ".join(f"S{statement} {number}" for statement, number in sorted(count.items()))
    return "\n".join(
        [*lines, "", f"{held} of {len(records)} claims hold.", f"By statement of the notes: {by_statement}."]
    )


def gain_report(names: list[str]) -> str:
    """Return the gains of activations, PyTorch's and their critical pair as lines of text."""
    from wi_docs.experiments.gain_table import gains

    lines = []
    for name in names:
        g = gains(name)
        pytorch = "refuses it" if g.pytorch is None else f"{g.pytorch:.4f}"
        pair = "there is none" if g.critical is None else f"{g.critical[0]:.4f} and {g.critical[1]:.4f}"
        lines += [
            f"{name}",
            f"  forward       {g.forward:.6f}   1/sqrt(E f(z)^2): keeps the signal's mean square",
            f"  backward      {g.backward:.6f}   1/sqrt(E f'(z)^2): keeps the gradient's",
            f"  by deviation  {g.by_deviation:.6f}   1/std f(z): the wrong target if f(z) has a mean",
            f"  PyTorch       {pytorch}",
            f"  critical      sigma_w^2 and sigma_b^2 that keep both at variance 1: {pair}",
        ]
    return "\n".join(lines)


def schemes_report() -> str:
    """Return every scheme with its measured law on a layer of 400 by 100, as lines of text."""
    lines = [f"{'scheme':16} {'n_in E[w^2]':>11}  what it is"]
    for name in initializers.names():
        mean_square = 400 * float((initializers.get(name)(np.random.default_rng(0), (400, 100)) ** 2).mean())
        # The summary is Markdown with formulas; a terminal shows them without the marks of LaTeX.
        words = re.sub(r"\\[(),]|\\text|[{}]", "", initializers.summary(name))
        lines.append(f"{name:16} {mean_square:>11.4g}  {words}")
    also = ", ".join(f"{alias} is {name}" for alias, name in initializers.ALIASES.items())
    return "\n".join([*lines, f"Also known: {also}."])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, and return the exit code of the command. A pipe that is closed early ends it quietly."""
    parser = argparse.ArgumentParser(prog="python -m wi_docs", description="The numbers behind the site, run again.")
    commands = parser.add_subparsers(dest="command", required=True)
    line = commands.add_parser("claims", help="run the claims of the ledger", description="Run claims of the ledger.")
    line.add_argument("ids", nargs="*", metavar="ID", help="only these (default: all)")
    line.add_argument("--json", action="store_true", help="print everything, for machines")
    line.add_argument("--vary", action="store_true", help="run them with one condition changed at a time")
    line = commands.add_parser("gain", help="print the gains of activations")
    line.add_argument("names", nargs="+", metavar="NAME", help=f"one of {', '.join(activations.names())}")
    commands.add_parser("schemes", help="print every scheme, with n_in times its mean square on a layer of 400 by 100")
    line = commands.add_parser("diagnose", help="say whether a network starts well, and what to change")
    command_line.add_arguments(line)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not all terminals and pipes take each character of a report
    options = parser.parse_args(arguments)
    try:
        status = run(options, parser)
        sys.stdout.flush()  # so that a closed pipe is noticed here, and not when Python ends
    except BrokenPipeError:
        # Whoever read the output has stopped, as `head` does. This is the idiom of Python's documentation on SIGPIPE:
        # what is still in the buffer goes to the null device, or the flush at the end of Python would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13  # what a shell reports of a program that SIGPIPE, number 13, has ended; 1 would be a verdict
    return status


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Run the command that was parsed, and return its exit code."""
    if options.command == "diagnose":
        return command_line.run(options)
    try:
        if options.command == "gain":
            print(gain_report(options.names))
        elif options.command == "schemes":
            print(schemes_report())
        else:
            return (run_variations if options.vary else run_claims)(options.ids, as_json=options.json)
    except ValueError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
