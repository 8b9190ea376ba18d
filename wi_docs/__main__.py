"""The command line: `python -m wi_docs claims [ID…] [--json]`."""

from __future__ import annotations

import argparse
import collections
import json
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from wi_docs import claims


def run_claims(ids: list[str], *, as_json: bool) -> int:
    """Run the claims, as many at a time as there are cores, and return the exit code: 0 if all hold."""
    chosen = claims.get(ids)
    records: dict[str, dict[str, Any]] = {}
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # the processes share the cores already
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(mp_context=context) as pool:
        waiting = [pool.submit(claims.run_by_id, claim.id, Path(folder)) for claim in chosen]
        for done in as_completed(waiting):
            record = done.result()
            records[record["id"]] = record
            state = "holds" if record["problem"] is None else "FAILS"
            counter = f"[{len(records)}/{len(chosen)}]"
            print(f"{counter:>9} {state} {record['id']} ({record['seconds']:.1f} s)", file=sys.stderr, flush=True)
    ordered = [records[claim.id] for claim in chosen]
    if as_json:
        print(json.dumps(ordered, indent=1))
    else:
        print(table(ordered))
    return 1 if any(record["problem"] is not None for record in ordered) else 0


def table(records: list[dict[str, Any]]) -> str:
    """Return what was measured as lines of text, then each failure in full, then the count by statement of the notes."""
    width = max(len(record["id"]) for record in records)
    lines = [f"{'':4} {'claim':{width}} {'measured':>11} {'expected':>11} {'accepted':>24}"]
    for record in records:
        notes = f"S{record['statement']}" if record["statement"] else ""
        if "measured" in record:
            low, high = (f"{v:.4g}" if v is not None else "" for v in (record["low"], record["high"]))
            values = f"{record['measured']:>11.4g} {record['expected']:>11.4g} {f'{low} … {high}':>24}"
        else:
            values = ""
        failed = "" if record["problem"] is None else "  FAILS"
        lines.append(f"{notes:4} {record['id']:{width}} {values}{failed}")
    for complaint in claims.complaints(records):
        lines += ["", complaint]
    count = collections.Counter(record["statement"] for record in records if record["statement"])
    held = sum(record["problem"] is None for record in records)
    by_statement = ", ".join(f"S{statement} {number}" for statement, number in sorted(count.items()))
    return "\n".join(
        [*lines, "", f"{held} of {len(records)} claims hold.", f"By statement of the notes: {by_statement}."]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m wi_docs", description="The numbers behind the site, run again.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "claims", help="run the claims of the ledger", description="Run claims of the ledger."
    )
    command.add_argument("ids", nargs="*", metavar="ID", help="only these (default: all)")
    command.add_argument("--json", action="store_true", help="print everything, for machines")
    options = parser.parse_args(arguments)
    try:
        return run_claims(options.ids, as_json=options.json)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    raise SystemExit(main())
