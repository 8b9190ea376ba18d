"""Make what the site shows: `python -m scripts.make [claims|figures|labs|tables] [NAME…]`.

Only what is stale is made, each in a process of its own, as many at a time as there are cores. The processes are
forked from a server that has imported numpy and matplotlib, and nothing of this project, once.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterable
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from scripts import render, store
from scripts.store import Job


def make(jobs: Iterable[Job]) -> list[str]:
    """Make every job that is stale, tell what happened, and return a message for each that failed."""
    stale = [(job, store.why(job)) for job in jobs if store.find(job) is None]
    if not stale:
        return []
    context: Any = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    if hasattr(os, "fork"):
        context.set_forkserver_preload(["numpy", "matplotlib.figure", "matplotlib.backends.backend_svg"])
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # the processes share the cores already
    scratch = store.CACHE / "scratch" / uuid.uuid4().hex
    scratch.mkdir(parents=True)
    waiting, failures = stale[::-1], []
    running: dict[int, tuple[Job, str, Path, Any, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                job, reason = waiting.pop()
                folder = scratch / f"{job.kind}-{job.name}"
                process = context.Process(target=render.child, args=(job, folder))
                process.start()
                running[process.sentinel] = (job, reason, folder, process, time.perf_counter())
            for sentinel in wait(list(running)):
                assert isinstance(sentinel, int)
                job, reason, folder, process, began = running.pop(sentinel)
                process.join()
                error = _take(job, folder, process.exitcode)
                done = len(stale) - len(waiting) - len(running)
                verdict = "failed" if error else "made"
                print(
                    f"[{done}/{len(stale)}] {job} {verdict} in {time.perf_counter() - began:.1f} s ({reason})",
                    flush=True,
                )
                if error:
                    failures.append(f"{job.source}: {error}")
    finally:
        for *_, process, _ in running.values():
            process.terminate()
        shutil.rmtree(scratch, ignore_errors=True)
    return failures


def _take(job: Job, folder: Path, exitcode: int | None) -> str | None:
    """Store what a child made, or return what went wrong."""
    try:
        report = json.loads(folder.with_suffix(".json").read_text())
    except FileNotFoundError:
        return f"the process ended with code {exitcode} and no word"
    if "error" in report:
        return str(report["error"])
    store.keep(job, folder, report["deps"])
    return None


def main(arguments: list[str] | None = None, kinds: Iterable[str] = tuple(store.SOURCES)) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Make what is stale of the site's claims, figures, labs and tables.")
    kinds = tuple(kinds)
    if len(kinds) > 1:
        parser.add_argument("kind", nargs="?", choices=kinds, help="only these (default: all)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    options = parser.parse_args(arguments)
    chosen = store.jobs([options.kind] if getattr(options, "kind", None) else kinds)
    unknown = set(options.names) - {job.name for job in chosen}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(job.name for job in chosen)}")
    failures = make(job for job in chosen if not options.names or job.name in options.names)
    for failure in failures:
        print(f"\nfailed: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
