"""A small content store: what was made, kept by the content of everything it was made from.

A job is a kind and a name, such as `figures/gradient_decay`. Under `.cache/store/figures/gradient_decay/`,
`deps.json` lists the project files that its last run read, as a compiler's depfile does. The digest of their contents
and of the tools' versions names a folder beside it that holds the results. Nothing is ever changed in place: a result
appears by a rename, so a build that is cut off leaves the store as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
EXPERIMENTS = CACHE / "experiments"  # what `wi_docs.experiments.memory` keeps
KEPT = 3  # results a job keeps, so that going back to another branch is free

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
    """Something to make: one module of `wi_docs/pages/claims/`, `exercises/`, `explorers/`, `figures/` or `tables/`, or one notebook of `docs/labs/`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def source(self) -> Path:
        """The file that it is made from, relative to the project."""
        return SOURCES[self.kind] / f"{self.name}.py"


def jobs(kinds: Iterable[str] = tuple(SOURCES)) -> list[Job]:
    """Return every job there is: a file in the right folder is all it takes."""
    return [
        Job(kind, path.stem)
        for kind in kinds
        for path in sorted((ROOT / SOURCES[kind]).glob("*.py"))
        if not path.name.startswith("_")
    ]


def find(job: Job) -> Path | None:
    """Return the folder that holds the job's results, or None if it has to be made."""
    try:
        deps = json.loads((_home(job) / "deps.json").read_text())
        folder = _home(job) / _key(job, deps)
    except FileNotFoundError:  # never made, or a file that it read is gone
        return None
    return folder if folder.is_dir() else None


def sources(job: Job) -> list[Path]:
    """Return the files that the job's results were made from, its own first."""
    record = json.loads((_home(job) / "deps.json").read_text())
    return [ROOT / job.source, *(ROOT / path for path in record)]


def why(job: Job) -> str:
    """Say why the job has to be made."""
    if not (_home(job) / "deps.json").exists():
        return "new"
    record = json.loads((_home(job) / "deps.json").read_text())
    changed = [path for path, digest in record.items() if not (ROOT / path).exists() or _digest(path) != digest]
    return f"changed: {', '.join(changed)}" if changed else "made with other tools"


def keep(job: Job, made: Path, deps: Iterable[str]) -> Path:
    """Move the folder `made` into the store as the job's results, with the project files it depends on."""
    home = _home(job)
    home.mkdir(parents=True, exist_ok=True)
    _digest.cache_clear()
    record = {path: _digest(path) for path in sorted(deps)}
    folder = home / _key(job, record)
    if folder.exists():
        shutil.rmtree(folder)
    made.rename(folder)
    draft = made.with_suffix(".deps")
    draft.write_text(json.dumps(record, indent=1))
    os.replace(draft, home / "deps.json")
    for old in sorted((p for p in home.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)
    return folder


def refresh() -> None:
    """Forget what was read of the project's files; they may have changed since."""
    _digest.cache_clear()


def _home(job: Job) -> Path:
    return CACHE / "store" / job.kind / job.name


@cache
def _digest(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


@cache
def _tools(kind: str) -> str:
    versions = [f"{tool} {metadata.version(tool)}" for tool in TOOLS[kind]]
    return ", ".join([f"python {sys.version_info.major}.{sys.version_info.minor}", *versions])


def _key(job: Job, deps: Iterable[str]) -> str:
    content = [_tools(job.kind), str(job), *(f"{path} {_digest(path)}" for path in sorted(deps))]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()[:24]
