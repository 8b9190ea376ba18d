"""Make the results that the site shows: `python -m scripts.make [KIND] [NAME…]`, where KIND is one of `store.SOURCES`.

Only stale results are made. Each job runs in a process of its own, with as many at a time as there are cores. The
longest jobs start first, so that no core is left with a long one at the end; under `mkdocs serve` those start first
that a page shows. The processes are forked from a server
that has imported numpy and matplotlib once, and nothing of this project.
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
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any

from scripts import render, store
from scripts.store import Job

FORGOTTEN = 3600.0  # seconds after which a scratch folder is taken for the remains of a killed build
PATIENCE = 1.0  # seconds between two attempts to lock jobs that another build is making
NEWS = 20.0  # seconds between two rebuilds of a served site that shows the results there are


@dataclass(frozen=True)
class _Running:
    """A job that a process is making.

    Attributes:
        job: the job.
        reason: why it is stale, for the log.
        key: its key when the process started; another one at the end means that a source has changed.
        folder: the scratch folder that the process writes to.
        process: the process.
        lock: the open lock file, which keeps other builds from making the same job.
        began: the time of the start, in seconds.
    """

    job: Job
    reason: str
    key: str
    folder: Path
    process: Any
    lock: IO[str]
    began: float


def make(jobs: Iterable[Job], *, pages_first: bool = False, parent: int | None = None) -> list[str]:
    """Make every stale job, print a line for each, and return a message for each that failed.

    Args:
        jobs: the jobs, stale or not.
        pages_first: whether to make claims last and short jobs first, for somebody who reads the pages meanwhile.
        parent: the number of the process that has asked for them, if they are of no use once it has ended.

    Raises:
        SystemExit: if the parent has ended.
    """
    stale = [job for job in jobs if store.find(job) is None]
    if not stale:
        return []
    # A forked process starts in milliseconds, with numpy and matplotlib imported. Forking this process itself would
    # copy its modules as they were when `mkdocs serve` began.
    context: Any = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
    if hasattr(os, "fork"):
        context.set_forkserver_preload(["numpy", "matplotlib.figure", "matplotlib.backends.backend_svg"])
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # the processes share the cores already
    scratch = _scratch()
    waiting, failures, took = by_length(stale), [], {}
    if pages_first:
        waiting.reverse()
        waiting.sort(key=lambda job: job.kind == "claims")
    told = time.monotonic()
    running: dict[int, _Running] = {}
    try:
        # Invariant: a stale job is in `waiting`, in `running`, or done.
        while waiting or running:
            if parent not in {None, os.getppid()}:
                raise SystemExit("what has asked for these results has ended")
            for job in list(waiting):
                if len(running) == (os.cpu_count() or 1):
                    break
                lock = store.lock(job)
                if lock is None:  # another build makes it
                    continue
                waiting.remove(job)
                if store.find(job) is None:  # another build has not made it meanwhile
                    begun = _start(context, job, scratch, lock)
                    running[begun.process.sentinel] = begun
                else:
                    lock.close()
            if not running:
                time.sleep(PATIENCE if waiting else 0)
                continue
            # A process's sentinel becomes ready when the process ends. The parent, and jobs that wait for another
            # build's lock, are looked at again after a second.
            for sentinel in wait(list(running), timeout=PATIENCE):
                assert isinstance(sentinel, int)
                done = running.pop(sentinel)
                done.process.join()
                seconds = time.perf_counter() - done.began
                error, changed = _store_result(done)
                done.lock.close()
                # The result is of a source that has changed meanwhile: make it again.
                if changed:
                    waiting.append(done.job)
                    continue
                count = len(stale) - len(waiting) - len(running)
                verdict = "failed" if error else "made"
                print(f"[{count}/{len(stale)}] {done.job} {verdict} in {seconds:.1f} s ({done.reason})", flush=True)
                if error:
                    failures.append(f"{done.job.source}: {error}")
                else:
                    took[str(done.job)] = round(seconds, 2)
                if time.monotonic() - told > NEWS:
                    store.STAMP.touch()
                    told = time.monotonic()
    finally:
        # Reached with running processes only if something has gone wrong, or on Ctrl-C.
        for one in running.values():
            one.process.terminate()
        shutil.rmtree(scratch, ignore_errors=True)
        store.remember_seconds(took)
        store.STAMP.touch()
    return failures


def by_length(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs in the order of the time that each took when it was last made, the longest first.

    Jobs that were never made come before all others, since they may be long: claims first, then by the file's size.
    """
    took = store.seconds()
    new = {"claims": 1}

    def length(job: Job) -> tuple[float, int, int]:
        known = took.get(str(job))
        size = (store.ROOT / job.source).stat().st_size
        return (float("inf") if known is None else known, new.get(job.kind, 0), size)

    return sorted(jobs, key=length, reverse=True)


def _scratch() -> Path:
    """Return a new scratch folder, and remove the folders of builds that were killed."""
    home = store.CACHE / "scratch"
    for left in home.glob("*"):
        if time.time() - left.stat().st_mtime > FORGOTTEN:
            shutil.rmtree(left, ignore_errors=True)
    scratch = home / uuid.uuid4().hex
    scratch.mkdir(parents=True)
    return scratch


def _start(context: Any, job: Job, scratch: Path, lock: IO[str]) -> _Running:
    """Start a process that makes the job, and return its record."""
    folder = scratch / f"{job.kind}-{job.name.replace('.', '-')}"
    process = context.Process(target=render.child, args=(job, folder))
    began = time.perf_counter()
    process.start()
    return _Running(job, store.why(job), store.key(job), folder, process, lock, began)


def _store_result(done: _Running) -> tuple[str | None, bool]:
    """Store the result of a process that has ended.

    Returns:
        The error of the job, or None; and whether a source has changed during the work, so that the result is stale.
    """
    store.refresh()
    if store.key(done.job) != done.key:
        shutil.rmtree(done.folder, ignore_errors=True)
        return None, True
    try:
        # `render.child` writes null or an error. A process that was killed writes nothing.
        error: str | None = json.loads(done.folder.with_suffix(".json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return f"the process ended with code {done.process.exitcode} and no word", False
    if error is None:
        store.keep(done.job, done.folder)
    return error, False


def main(arguments: list[str] | None = None, kinds: Iterable[str] = tuple(store.SOURCES)) -> int:
    """Run the command line."""
    kinds = tuple(kinds)
    parser = argparse.ArgumentParser(description=f"Make what is stale of the site's {', '.join(kinds)}.")
    if len(kinds) > 1:
        parser.add_argument("kind", nargs="?", choices=kinds, help="only these (default: all)")
    parser.add_argument("--pages-first", action="store_true", help="claims last, and short ones first")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, which calls this one, ends")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only these; a module of claims stands for all of its claims"
    )
    options = parser.parse_args(arguments)
    chosen = store.jobs([options.kind] if getattr(options, "kind", None) else kinds)
    # A claim is known by its own name, and by its module's for all claims of a page.
    known = {name for job in chosen for name in (job.module, job.function or job.module)}
    unknown = set(options.names) - known
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    wanted = set(options.names)
    asked = [job for job in chosen if not wanted or wanted & {job.module, job.function}]
    failures = make(asked, pages_first=options.pages_first, parent=options.parent)
    for failure in failures:
        print(f"\nfailed: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
