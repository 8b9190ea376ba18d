"""A cache on disk, with which long experiments run once, however many figures and claims ask for them.

It is off until somebody names a folder. What an experiment said of its conditions while it ran is kept with its result,
and said again when the result is read: `wi_docs/experiments/conditions.py`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import inspect
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from wi_docs.experiments import conditions, results_file

# Windows has none, nor has Python in a page: there two processes may compute the same, and one result is kept.
fcntl = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None

P = ParamSpec("P")
R = TypeVar("R")

Version = Callable[[str, str], str]

_folder: Path | None = None
_version: Version


def unversioned(module: str, function: str) -> str:
    """Take the code not to change for as long as the folder is used, such as a temporary one."""
    return ""


def keep_in(folder: Path | None, version: Version) -> None:
    """Keep the results of functions that are `disk_cached` in a folder from now on, or nowhere if it is None.

    Args:
        folder: where the results are kept, as data: `results_file`.
        version: returns a digest of all that a function depends on, from the names of its module and its own. A result
            counts only for the version that made it.
    """
    global _folder, _version
    _folder, _version = folder, version


def disk_cached(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` with a cache: it looks for its result in the folder before it runs, and leaves it there.

    A result counts for the same version of the function and the same plain arguments (numbers, strings, tuples of
    them), defaults included. With other arguments, such as arrays, the function always runs. A result has to be made of
    numbers, strings and arrays: see `results_file.dump`.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        asked = signature.bind(*args, **kwargs)
        asked.apply_defaults()
        path = place(function.__module__, function.__qualname__, tuple(asked.arguments.values()))
        found: R | None = read(path)
        if found is None:
            with ExitStack() as holds:
                hold(holds, path, wait=True)
                found = read(path)
                if found is None:
                    with conditions.collect():
                        found = function(*args, **kwargs)
                        write(path, found)
        return found

    return call


def place(module: str, function: str, arguments: tuple[Any, ...]) -> Path | None:
    """Return the file for the result of a function and plain arguments, or None if there is none.

    There is none without a folder, or with arguments that are not plain. A variation that is in force has its own.
    """
    if _folder is None or not _is_plain(arguments):
        return None
    asked = repr((module, function, arguments, _version(module, function), conditions.variation()))
    return _folder / hashlib.sha256(asked.encode()).hexdigest()[:32]


def read(path: Path | None) -> Any:
    """Return the result in this file, or None without a file or a result, and say what was said when it was made."""
    try:
        found, said = (None, conditions.Said()) if path is None else results_file.load(path.read_bytes())
    except (FileNotFoundError, ValueError):  # none, or a file that a full disk has cut short: it is made anew
        return None
    conditions.hear(said)
    return found


def write(path: Path | None, result: Any) -> None:
    """Write a result to its file, if it has one, with what was said in this part of the run.

    It appears by a rename, so that two processes may write it.
    """
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(results_file.dump((result, conditions.heard())))
    os.replace(draft, path)


def hold(holds: ExitStack, path: Path | None, *, wait: bool) -> bool:
    """Hold the file of a result until `holds` ends, so that no other process computes the same; say whether it is held.

    Args:
        holds: what ends the hold. The system ends that of a process that is killed.
        path: of the result, or None, which nobody else can want.
        wait: for another process that holds the file, until it has let go.
    """
    if path is None or fcntl is None:
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    file = holds.enter_context(path.with_suffix(".lock").open("w"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
