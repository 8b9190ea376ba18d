"""What was made, kept by the content of everything that it was made from.

A job is a kind and a name, such as `figures/gradient_decay`. What it depends on is known before it runs
(`scripts/sources.py`), so the digest of all that, with the versions of the tools, names the folder of its results:
`.cache/store/figures/gradient_decay/<digest>/`. Nothing is ever changed in place. A result appears by a rename, so a
build that is killed leaves the store as it was, and two builds at a time can share it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import IO

from scripts import sources

# Windows has none: there two builds at a time make everything twice, and one of the two results is kept.
fcntl = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None

ROOT = sources.ROOT
CACHE = ROOT / ".cache"
EXPERIMENTS = CACHE / "experiments"  # what `wi_docs.experiments.disk_cache` keeps
SECONDS = CACHE / "seconds.json"  # how long each job took when it was last made
STAMP = CACHE / "made"  # touched when there are new results; `mkdocs serve` watches it
KEPT = 3  # results that are kept of a job, so that going back to another branch costs nothing

SOURCES = {
    "claims": Path("wi_docs/pages/claims"),
    "exercises": Path("wi_docs/pages/exercises"),
    "explorers": Path("wi_docs/pages/explorers"),
    "figures": Path("wi_docs/pages/figures"),
    "labs": Path("docs/labs"),
    "tables": Path("wi_docs/pages/tables"),
}
TOOLS = {
    "claims": ("numpy",),
    "exercises": ("numpy",),
    "explorers": ("numpy",),
    "figures": ("numpy", "matplotlib", "scour"),
    "labs": ("numpy", "matplotlib", "mkdocs-jupyter", "nbconvert", "ipykernel"),
    "tables": ("numpy",),
}


@dataclass(frozen=True, order=True)
class Job:
    """Something to make.

    Attributes:
        kind: a key of `SOURCES`.
        name: a module of the kind's folder, or a notebook; for a claim, which is one function of a module, the module
            and the function with a dot between them.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def module(self) -> str:
        """The name of the file that it is made from, without its suffix."""
        return self.name.partition(".")[0]

    @property
    def function(self) -> str:
        """The function of that file that it is made from, empty if it is made from the whole file."""
        return self.name.partition(".")[2]

    @property
    def source(self) -> Path:
        """The file that it is made from, relative to the project."""
        return SOURCES[self.kind] / f"{self.module}.py"


def jobs(kinds: Iterable[str] = tuple(SOURCES)) -> list[Job]:
    """Return every job there is. A file in the right folder is all it takes, or in a file of claims a function.

    Examples:
        >>> [job.name for job in jobs(["labs"])]
        ['break-the-symmetry', 'bring-back-a-gradient', 'tame-a-recurrence']
    """
    found = []
    for kind in kinds:
        for path in sorted((ROOT / SOURCES[kind]).glob("*.py")):
            if not path.name.startswith("_"):
                parts = [f".{name}" for name in claims(path.stem)] if kind == "claims" else [""]
                found += [Job(kind, path.stem + part) for part in parts]
    return found


def claims(module: str) -> dict[str, int]:
    """Return the claims of a module of `wi_docs/pages/claims/`, each with the line that it begins in."""
    return sources.functions(SOURCES["claims"] / f"{module}.py", "claim")


def find(job: Job) -> Path | None:
    """Return the folder that holds the job's results, or None if it has to be made."""
    folder = _home(job) / key(job)
    return folder if folder.is_dir() else None


def files(job: Job) -> list[Path]:
    """Return the files that the job's results are made from, its own first."""
    return [ROOT / job.source, *(ROOT / path for path in sources.of(job.source, job.function) if ": " not in path)]


def why(job: Job) -> str:
    """Say why the job has to be made."""
    made = sorted(_home(job).glob("*/depends.json"), key=lambda path: path.stat().st_mtime)
    if not made:
        return "new"
    before, now = json.loads(made[-1].read_text(encoding="utf-8")), _depends(job)
    changed = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    return f"changed: {', '.join(changed)}" if changed else "made with other tools"


def keep(job: Job, made: Path) -> None:
    """Move the folder `made`, on the store's disk, into the store as the job's results."""
    (made / "depends.json").write_text(json.dumps(_depends(job), indent=1), encoding="utf-8")
    home = _home(job)
    home.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # it is there, from another build: the same content has the same result
        made.rename(home / key(job))
    for old in sorted((p for p in home.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


@cache
def key(job: Job) -> str:
    """Return the digest of all that the job depends on."""
    return _digest({**_depends(job), "tools": _tools(job.kind), "job": str(job)})


def version(module: str, function: str) -> str:
    """Return a digest of all that a function of `wi_docs` computes with, for `wi_docs.experiments.disk_cache`."""
    path = Path(*module.split(".")).with_suffix(".py")
    return _digest({**sources.of(path, function, words=False), "tools": _tools("claims")})


def lock(job: Job) -> IO[str] | None:
    """Return a file that holds the job against other builds until it is closed, or None if another build holds it.

    The system closes the files of a process that is killed, so no lock outlives its build.
    """
    home = _home(job)
    home.mkdir(parents=True, exist_ok=True)
    file = (home / "lock").open("w")
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def seconds() -> dict[str, float]:
    """Return how long each job took when it was last made, as far as that is known."""
    try:
        record: dict[str, float] = json.loads(SECONDS.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return record


def remember_seconds(took: Mapping[str, float]) -> None:
    """Write down how long jobs took, for the order in which the next build makes them."""
    draft = SECONDS.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({**seconds(), **took}, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(draft, SECONDS)


def refresh() -> None:
    """Forget what was read of the project's files: they may have changed since."""
    sources.refresh()
    _depends.cache_clear()
    key.cache_clear()


def _home(job: Job) -> Path:
    return CACHE / "store" / job.kind / job.name


@cache
def _depends(job: Job) -> dict[str, str]:
    """Return what the job depends on: the code that makes it, the file or function that it is, and all they need."""
    return {**sources.of(Path("scripts/render.py"), job.kind), **sources.of(job.source, job.function)}


@cache
def _tools(kind: str) -> str:
    versions = [f"{tool} {metadata.version(tool)}" for tool in TOOLS[kind]]
    return ", ".join([f"python {sys.version_info.major}.{sys.version_info.minor}", *versions])


def _digest(depends: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:24]
